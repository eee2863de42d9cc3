//! Nothing grows without end, whatever a script or a server does.

use longhall_client::{Event, MAX_EVENTS, State};

use crate::support::{PASSWORD, Rig};

#[test]
fn a_script_in_an_endless_loop_cannot_eat_the_memory() {
    let mut rig = Rig::new();
    for _ in 0..10_000 {
        rig.session.send_chat(rig.now, "hi");
        rig.session.login(rig.now, "ada", PASSWORD);
        rig.session.connect(rig.now);
        rig.session.disconnect(rig.now);
    }
    rig.expect_idle();
    let events = rig.events();
    assert_eq!(events.len(), MAX_EVENTS + 1);
    let Event::Warning(warning) = &events[0] else {
        panic!("{:?}", events[0])
    };
    // Five events a round, and the state goes there and back.
    let lost = 10_000 * 5 - MAX_EVENTS;
    assert_eq!(
        *warning,
        format!("{lost} events were lost because more than 4096 waited")
    );
    // The newest are kept: they say where the session stands.
    assert!(matches!(events.last(), Some(Event::Disconnected { .. })));
    rig.expect([]);
}

#[test]
fn a_driver_that_never_sends_holds_a_bounded_number_of_packets() {
    let mut rig = Rig::logged_in();
    rig.session.config_mut().heartbeat_interval = std::time::Duration::ZERO;
    for _ in 0..20 {
        for _ in 0..100 {
            rig.session.send_chat(rig.now, "hi");
        }
        rig.pass(15.1);
    }
    let waiting = rig.sent().len();
    assert_eq!(waiting, 256);
    rig.events();
    rig.session.send_chat(rig.now, "hi");
    rig.expect_sent("chat");
}

#[test]
fn changing_the_transport_in_a_loop_leaves_one_change_to_do() {
    let mut rig = Rig::logged_in();
    for _ in 0..1000 {
        rig.session.disconnect(rig.now);
        rig.session.connect(rig.now);
    }
    assert_eq!(rig.actions().len(), 2);
    rig.expect_state(State::Connecting);
}

#[test]
fn more_events_than_may_wait_push_out_the_oldest_lines() {
    let mut rig = Rig::logged_in();
    for number in 0..MAX_EVENTS + 10 {
        rig.receive_chat(&number.to_string());
    }
    let events = rig.events();
    assert!(matches!(&events[0], Event::Warning(text) if text.starts_with("10 events")));
    assert!(matches!(&events[1], Event::ChatReceived { text, .. } if text == "10"));
}
