//! Noticing that the server is gone.

use std::time::Duration;

use longhall_client::State;
use longhall_packet::ClientPacket;

use crate::support::Rig;

const LOST: [&str; 3] = [
    "state Reconnecting",
    "disconnected: connection_lost, will retry",
    "try 1",
];

#[test]
fn a_silent_server_is_asked_once_and_then_given_up() {
    let mut rig = Rig::logged_in();
    rig.pass(14.9);
    rig.expect_idle();
    rig.pass(0.1);
    rig.expect_sent("ping");
    rig.pass(9.9);
    rig.expect_idle();
    rig.expect([]);
    rig.pass(0.2);
    rig.expect(LOST);
    rig.expect_close(3008);
}

#[test]
fn whatever_is_received_counts_as_a_sign_of_life() {
    let answers: [fn(&mut Rig, u32); 4] = [
        |rig, id| rig.ok(id),
        |rig, _| rig.receive_chat("hi"),
        |rig, _| rig.session.received(rig.now, b"}{"),
        |rig, _| rig.session.received(rig.now, br#"{"type":"news"}"#),
    ];
    for answer in answers {
        let mut rig = Rig::connected();
        rig.pass(15.0);
        let id = rig.expect_sent("ping");
        rig.pass(9.0);
        answer(&mut rig, id);
        rig.events();
        rig.pass(14.9);
        rig.expect_idle();
        rig.pass(0.2);
        rig.expect_sent("ping");
        rig.expect([]);
    }
}

#[test]
fn a_server_that_talks_is_not_asked() {
    let mut rig = Rig::logged_in();
    for _ in 0..20 {
        rig.pass(10.0);
        rig.receive_chat("still here");
        rig.expect_idle();
    }
}

#[test]
fn a_ping_is_no_request_of_the_players_and_tells_nothing() {
    let mut rig = Rig::connected();
    rig.pass_quietly(300.0);
    rig.expect([]);
    rig.expect_state(State::Connected);
}

/// Seconds from the last sign of life to the ping, and from the ping to the end.
fn patience_at(interval: f64) -> (f64, f64) {
    let interval = Duration::from_secs_f64(interval);
    let mut rig = Rig::with(|config| config.heartbeat_interval = interval).connect();
    let start = rig.now;
    let mut asked = None;
    while rig.session.state() == State::Connected {
        assert!(rig.now < start + Duration::from_secs(300), "never noticed");
        rig.pass(0.05);
        for action in rig.actions() {
            if asked.is_none() {
                assert!(format!("{action:?}").starts_with("Send"));
                asked = Some(rig.now);
            }
        }
    }
    let asked = asked.expect("a ping");
    (
        (asked - start).as_secs_f64(),
        (rig.now - asked).as_secs_f64(),
    )
}

#[test]
fn patience_grows_with_the_interval_and_has_a_floor() {
    for (interval, ping, end) in [
        (30.0, 30.0, 20.0),
        (9.0, 9.0, 6.0),
        (3.0, 3.0, 5.0),
        (0.001, 1.0, 5.0),
    ] {
        let (asked, lost) = patience_at(interval);
        assert!(
            (asked - ping).abs() < 0.11,
            "{interval}: asked after {asked}"
        );
        assert!((lost - end).abs() < 0.11, "{interval}: lost after {lost}");
    }
}

#[test]
fn an_interval_of_zero_turns_the_heartbeat_off() {
    let mut rig = Rig::with(|config| config.heartbeat_interval = Duration::ZERO).connect();
    rig.pass(3600.0);
    rig.expect_idle();
    rig.expect([]);
    assert_eq!(rig.session.next_deadline(), None);
}

#[test]
fn turning_the_heartbeat_off_calls_off_the_verdict() {
    let mut rig = Rig::connected();
    rig.pass(15.0);
    rig.expect_sent("ping");
    rig.session.config_mut().heartbeat_interval = Duration::ZERO;
    rig.pass(60.0);
    rig.expect([]);
}

#[test]
fn a_driver_that_sleeps_until_each_deadline_notices_the_same() {
    let mut rig = Rig::connected();
    let start = rig.now;
    let mut packets: Vec<ClientPacket> = Vec::new();
    while rig.session.state() == State::Connected {
        rig.now = rig.session.next_deadline().unwrap();
        rig.session.tick(rig.now);
        if rig.session.state() == State::Connected {
            packets.extend(rig.sent());
        }
    }
    assert_eq!(packets.len(), 1);
    assert_eq!(rig.now - start, Duration::from_secs(25));
    rig.expect(LOST);
}
