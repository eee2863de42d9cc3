//! What happens after a cut.

use std::time::Duration;

use longhall_client::{Action, Event, LogoutReason, Session, State};
use longhall_packet::{CloseReason, DenyCode, PROTOCOL_VERSION};

use crate::support::{PASSWORD, Rig, hello};

/// Logged in, cut, connected again and asking to resume; and the request's id.
fn resuming() -> (Rig, u32) {
    let mut rig = Rig::logged_in();
    rig.cut();
    rig.wait_for_open();
    rig.come_up();
    let id = rig.expect_resume(1);
    rig.events();
    (rig, id)
}

#[test]
fn a_player_who_is_cut_off_is_logged_in_again_without_a_password() {
    let mut rig = Rig::logged_in();
    rig.cut();
    rig.expect([
        "state Reconnecting",
        "disconnected: connection_lost, will retry",
        "try 1",
    ]);
    assert_eq!(rig.session.username(), Some("ada"));
    rig.wait_for_open();
    rig.expect([]);
    rig.come_up();
    rig.expect(["state Connected", "connected"]);
    let id = rig.expect_resume(1);
    rig.receive_logged_in(id, 2);
    rig.expect(["state LoggedIn", "logged in ada"]);

    // The next cut is answered with the next token.
    rig.cut();
    rig.wait_for_open();
    rig.come_up();
    rig.expect_resume(2);
}

#[test]
fn a_visitor_who_is_cut_off_is_connected_again() {
    let mut rig = Rig::connected();
    rig.cut();
    rig.wait_for_open();
    rig.come_up();
    rig.expect_idle();
    rig.expect_state(State::Connected);
}

#[test]
fn the_try_comes_when_it_was_announced() {
    for _ in 0..20 {
        let mut rig = Rig::connected();
        rig.cut();
        let delay = rig.events().iter().find_map(|event| match event {
            Event::Reconnecting { delay, .. } => Some(*delay),
            _ => None,
        });
        let took = rig.wait_for_open();
        let delay = delay.unwrap();
        assert!(took >= delay && took < delay + Duration::from_millis(20));
    }
}

#[test]
fn the_first_try_is_quick_and_later_ones_are_not() {
    let mut rig = Rig::connected();
    rig.cut();
    assert!(rig.wait_for_open() <= Duration::from_millis(510));
    let mut longest = Duration::ZERO;
    for _ in 0..50 {
        rig.cut();
        longest = longest.max(rig.wait_for_open());
    }
    assert!(longest > Duration::from_secs(20), "{longest:?}");
    assert!(longest <= Duration::from_secs(31), "{longest:?}");
}

#[test]
fn a_thousand_clients_of_a_restarting_server_come_back_one_by_one() {
    let mut tenths = [0; 40];
    for seed in 0..1000 {
        let mut rig = Rig::new();
        rig.session = Session::new(rig.session.config().clone(), seed);
        let mut rig = rig.connect();
        rig.close(CloseReason::Restarting);
        let took = rig.wait_for_open().as_millis() as usize;
        tenths[(took / 100).min(39)] += 1;
    }
    assert!(tenths.iter().all(|n| *n < 60), "{tenths:?}");
    assert!(
        tenths.iter().filter(|n| **n > 0).count() >= 38,
        "{tenths:?}"
    );
}

#[test]
fn clients_that_were_too_much_come_back_over_a_longer_time() {
    for reason in [
        CloseReason::Flooding,
        CloseReason::TooManyConnections,
        CloseReason::TooSlow,
    ] {
        let longest = (0..100).map(|seed| {
            let mut rig = Rig::new();
            rig.session = Session::new(rig.session.config().clone(), seed);
            let mut rig = rig.connect();
            rig.close(reason);
            rig.wait_for_open()
        });
        let longest = longest.max().unwrap();
        assert!(longest > Duration::from_secs(9), "{reason}: {longest:?}");
    }
}

/// The number of the try announced after a cut.
fn attempt_after_cut(rig: &mut Rig) -> u32 {
    rig.events();
    rig.cut();
    let announced = rig.events().iter().find_map(|event| match event {
        Event::Reconnecting { attempt, .. } => Some(*attempt),
        _ => None,
    });
    announced.expect("a try")
}

#[test]
fn tries_are_counted_on_until_a_connection_has_proved_sound() {
    let mut rig = Rig::connected();
    for attempt in 1..5 {
        assert_eq!(attempt_after_cut(&mut rig), attempt);
        rig.wait_for_open();
        rig.come_up();
    }
    rig.pass_quietly(9.0);
    assert_eq!(attempt_after_cut(&mut rig), 5);
    rig.wait_for_open();
    rig.come_up();
    rig.pass_quietly(10.5);
    assert_eq!(attempt_after_cut(&mut rig), 1);
}

#[test]
fn a_login_proves_a_connection_sound_but_a_resume_does_not() {
    let mut rig = Rig::connected();
    assert_eq!(attempt_after_cut(&mut rig), 1);
    rig.wait_for_open();
    rig.come_up();
    assert_eq!(attempt_after_cut(&mut rig), 2);
    rig.wait_for_open();
    rig.come_up();
    let mut rig = rig.log_in();
    assert_eq!(attempt_after_cut(&mut rig), 1);

    // A server that drops everyone it takes up again would be hammered.
    for attempt in 2..5 {
        rig.wait_for_open();
        rig.come_up();
        let id = rig.expect_resume(1);
        rig.receive_logged_in(id, 1);
        assert_eq!(attempt_after_cut(&mut rig), attempt);
    }
}

#[test]
fn a_server_that_restarts_in_good_order_is_tried_again_soon() {
    let mut rig = Rig::connected();
    for _ in 0..8 {
        rig.cut();
        rig.wait_for_open();
    }
    rig.come_up();
    rig.close(CloseReason::Restarting);
    assert!(rig.wait_for_open() <= Duration::from_millis(4010));
    // One that does not even greet is not in good order yet.
    rig.close(CloseReason::Restarting);
    rig.wait_for_open();
    rig.come_up();
    assert_eq!(attempt_after_cut(&mut rig), 3);
}

#[test]
fn every_connection_that_was_up_is_told_lost_once() {
    let mut rig = Rig::logged_in();
    rig.cut();
    rig.events();
    for _ in 0..3 {
        rig.wait_for_open();
        rig.come_up();
        rig.actions();
        rig.events();
        rig.cut();
        let events = rig.events();
        let told = |event: &&Event| matches!(event, Event::Disconnected { .. });
        assert_eq!(events.iter().filter(told).count(), 1, "{events:?}");
    }
}

#[test]
fn a_session_that_expired_leaves_the_player_connected_and_logged_out() {
    for code in [
        DenyCode::SessionExpired,
        DenyCode::BadCredentials,
        DenyCode::Unknown,
    ] {
        let (mut rig, id) = resuming();
        rig.deny(id, code);
        rig.expect(["logged out: session_expired"]);
        rig.expect_state(State::Connected);
        assert_eq!(rig.session.username(), None);
        rig.session.login(rig.now, "ada", PASSWORD);
        rig.expect_sent("login");
    }
}

#[test]
fn a_resume_refused_for_now_is_asked_again() {
    for code in [
        DenyCode::RateLimited,
        DenyCode::Busy,
        DenyCode::Unavailable,
        DenyCode::Restarting,
    ] {
        let (mut rig, id) = resuming();
        rig.deny_for(id, code, 3);
        rig.pass(2.9);
        rig.expect_idle();
        rig.pass(0.7);
        let id = rig.expect_resume(1);
        // Without a time, the session takes its own.
        rig.deny(id, code);
        rig.expect_idle();
        rig.pass(1.1);
        let id = rig.expect_resume(1);
        rig.receive_logged_in(id, 2);
        rig.expect(["state LoggedIn", "logged in ada"]);
        rig.pass_quietly(60.0);
        rig.expect([]);
    }
}

#[test]
fn a_refusal_with_a_time_is_for_now_whatever_its_code() {
    let (mut rig, id) = resuming();
    rig.deny_for(id, DenyCode::Unknown, 1);
    rig.expect([]);
    rig.pass(1.6);
    rig.expect_resume(1);
}

#[test]
fn no_server_makes_a_resume_wait_for_ever() {
    let (mut rig, id) = resuming();
    rig.deny_for(id, DenyCode::Busy, 4_000_000);
    rig.pass_quietly(290.0);
    rig.expect([]);
    rig.receive_chat("news");
    rig.pass(11.0);
    rig.expect_resume(1);
}

#[test]
fn a_resume_without_an_answer_is_tried_on_a_new_connection() {
    let (mut rig, _) = resuming();
    rig.pass_quietly(14.9);
    rig.expect([]);
    rig.pass(0.2);
    rig.expect([
        "state Reconnecting",
        "disconnected: connection_lost, will retry",
        "try 1",
    ]);
    rig.expect_close(3008);
    rig.wait_for_open();
    rig.come_up();
    rig.expect_resume(1);
}

#[test]
fn a_login_by_hand_waits_while_the_session_is_taken_up_again() {
    let (mut rig, id) = resuming();
    rig.session.login(rig.now, "bob", PASSWORD);
    rig.expect(["login denied: already_pending"]);
    rig.deny_for(id, DenyCode::Busy, 60);
    rig.session.login(rig.now, "bob", PASSWORD);
    rig.expect(["login denied: already_pending"]);
    rig.session.logout(rig.now);
    rig.session.login(rig.now, "bob", PASSWORD);
    rig.expect(["logged out: logout"]);
    rig.expect_sent("login");
    // The resume that was put off is off.
    rig.pass_quietly(5.0);
    rig.expect([]);
}

#[test]
fn logging_out_during_a_cut_holds() {
    let mut rig = Rig::logged_in();
    rig.cut();
    rig.events();
    rig.session.logout(rig.now);
    rig.expect(["logged out: logout"]);
    rig.expect_state(State::Reconnecting);
    rig.wait_for_open();
    rig.come_up();
    rig.expect_idle();
}

#[test]
fn logging_out_while_resuming_undoes_the_resume() {
    let (mut rig, id) = resuming();
    rig.session.logout(rig.now);
    rig.expect(["logged out: logout"]);
    rig.expect_idle();
    rig.receive_logged_in(id, 2);
    rig.expect([]);
    rig.expect_sent("logout");
    rig.expect_state(State::Connected);
}

#[test]
fn a_put_off_resume_dies_with_its_connection_and_lives_on_the_next() {
    let (mut rig, id) = resuming();
    rig.deny_for(id, DenyCode::Busy, 2);
    rig.cut();
    rig.wait_for_open();
    rig.come_up();
    rig.expect_resume(1);
    rig.pass(3.0);
    rig.expect_idle();
}

#[test]
fn reasons_only_a_person_can_help_with_end_it_all() {
    for reason in [
        CloseReason::LoggedInElsewhere,
        CloseReason::UpdateRequired,
        CloseReason::ProtocolError,
    ] {
        let mut rig = Rig::logged_in();
        rig.close(reason);
        rig.expect([
            "state Offline",
            format!("logged out: {reason}").as_str(),
            format!("disconnected: {reason}, for good").as_str(),
        ]);
        rig.pass(300.0);
        rig.session.reconnect_now(rig.now);
        rig.expect_idle();
        assert_eq!(rig.session.username(), None);
    }
}

#[test]
fn giving_up_while_trying_again_is_told_although_the_cut_was_told_before() {
    let mut rig = Rig::logged_in();
    rig.cut();
    rig.wait_for_open();
    rig.events();
    rig.close(CloseReason::UpdateRequired);
    rig.expect([
        "state Offline",
        "logged out: update_required",
        "disconnected: update_required, for good",
    ]);
}

#[test]
fn without_reconnecting_a_cut_logs_out() {
    let mut rig = Rig::with(|config| config.reconnect = false)
        .connect()
        .log_in();
    rig.cut();
    let events = rig.events();
    assert!(
        matches!(
            events[1],
            Event::LoggedOut {
                reason: LogoutReason::Disconnected(_)
            }
        ),
        "{events:?}"
    );
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.come_up();
    rig.expect_idle();
}

#[test]
fn turning_reconnecting_off_ends_the_waiting() {
    let mut rig = Rig::logged_in();
    rig.cut();
    rig.events();
    rig.session.config_mut().reconnect = false;
    assert_eq!(rig.session.next_deadline(), Some(rig.now));
    rig.pass(0.05);
    rig.expect([
        "state Offline",
        "logged out: connection_lost",
        "disconnected: connection_lost, for good",
    ]);
    rig.pass(60.0);
    rig.expect_idle();
}

#[test]
fn a_player_or_the_system_may_cut_the_waiting_short() {
    let ways: [fn(&mut Session, Duration); 2] = [Session::reconnect_now, |session, now| {
        session.connect(now);
    }];
    for way in ways {
        let mut rig = Rig::connected();
        for _ in 0..8 {
            rig.cut();
            rig.wait_for_open();
        }
        rig.cut();
        way(&mut rig.session, rig.now);
        rig.expect_open();
        // Nothing changes for one that is not waiting.
        way(&mut rig.session, rig.now);
        rig.come_up();
        way(&mut rig.session, rig.now);
        rig.expect_idle();
    }
    let mut rig = Rig::new();
    rig.session.reconnect_now(rig.now);
    rig.expect_idle();
}

#[test]
fn what_was_to_be_sent_on_a_dead_connection_is_not_sent_on_the_next() {
    let mut rig = Rig::logged_in();
    rig.session.send_chat(rig.now, "", "lost");
    rig.cut();
    let open = rig.wait_for_open();
    assert!(open > Duration::ZERO);
    rig.expect_idle();
    rig.receive(&hello(PROTOCOL_VERSION));
    rig.expect_hello();
    rig.expect_sent("resume");

    // And not on one that is given up, either.
    let (mut rig, _) = resuming();
    rig.pass_quietly(14.9);
    rig.session.register(rig.now, "bob", PASSWORD);
    rig.pass(0.2);
    let actions = rig.actions();
    assert!(matches!(actions[..], [Action::Close { .. }]), "{actions:?}");
}

#[test]
fn the_time_to_the_next_try_can_be_asked_for() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.session.retry_in(rig.now), None);
    rig.close(CloseReason::Restarting);
    let events = rig.events();
    let announced = events.iter().find_map(|event| match event {
        Event::Reconnecting { delay, .. } => Some(*delay),
        _ => None,
    });
    let delay = announced.unwrap();
    assert_eq!(rig.session.retry_in(rig.now), Some(delay));
    let later = rig.now + delay + Duration::from_secs(1);
    assert_eq!(rig.session.retry_in(later), Some(Duration::ZERO));
    rig.wait_for_open();
    assert_eq!(rig.session.retry_in(rig.now), None);
}

#[test]
fn a_player_who_was_banned_meanwhile_is_told_so_and_not_tried_again() {
    let (mut rig, id) = resuming();
    rig.events();
    rig.deny(id, DenyCode::Banned);
    rig.expect([
        "state Offline",
        "logged out: banned",
        "disconnected: banned, for good",
    ]);
    rig.expect_close(CloseReason::Banned.code());
}
