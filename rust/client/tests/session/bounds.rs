//! Nothing grows without end, whatever a script or a server does.

use longhall_client::{Event, MAX_CALLS_IN_FLIGHT, MAX_CHATS_IN_FLIGHT, MAX_EVENTS, State};

use longhall_packet::ClientPacket;

use crate::support::{PASSWORD, Rig, line};

#[test]
fn a_script_in_an_endless_loop_cannot_eat_the_memory() {
    let mut rig = Rig::new();
    for _ in 0..10_000 {
        rig.session.send_chat(rig.now, "", "hi");
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
            rig.session.send_chat(rig.now, "", "hi");
        }
        rig.pass(15.1);
    }
    // Four times as many lines as may wait for an answer; then they wait unsent.
    assert_eq!(rig.sent().len(), 4 * MAX_CHATS_IN_FLIGHT);
    for _ in 0..1000 {
        rig.session.list_blocks(rig.now);
    }
    assert_eq!(rig.sent().len(), MAX_CALLS_IN_FLIGHT);
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
fn lines_that_nobody_takes_are_asked_for_again_instead_of_lost() {
    let mut rig = Rig::logged_in();
    for number in 1..=MAX_EVENTS {
        rig.receive_chat(&number.to_string());
    }
    rig.expect_idle();
    let last = |event: &Event| match event {
        Event::ChatReceived { line, .. } => line.seq,
        other => panic!("{other:?}"),
    };
    let is_line = |event: &Event| matches!(event, Event::ChatReceived { .. });
    let mut shown: Vec<Event> = rig.events().into_iter().filter(is_line).collect();
    rig.session.tick(rig.now);
    // First what was held, then what was not.
    shown.extend(rig.events().into_iter().filter(is_line));
    while shown.len() < MAX_EVENTS {
        let sent = rig.sent();
        let [ClientPacket::History { id, after, .. }] = &sent[..] else {
            panic!("{sent:?}")
        };
        let first = shown.len() as u64 + 1;
        assert_eq!(*after, Some(first - 1));
        let seqs = (first..=MAX_EVENTS as u64).take(500);
        let lines = seqs.map(|seq| line(seq, "bob", &seq.to_string())).collect();
        rig.page(*id, "lobby", lines, true);
        shown.extend(rig.events().into_iter().filter(is_line));
    }
    let seqs: Vec<u64> = shown.iter().map(last).collect();
    let expected: Vec<u64> = (1..=(MAX_EVENTS) as u64).collect();
    assert_eq!(seqs, expected);
}
