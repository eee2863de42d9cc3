//! The way up, and the ways it can fail.

use longhall_client::{Action, DisconnectReason, Event, State};
use longhall_packet::{
    ClientPacket, CloseReason, DenyCode, Limits, PROTOCOL_VERSION, ServerPacket,
};

use crate::support::{PASSWORD, Rig, hello, line};

/// Opening, with nothing left to poll.
fn opened() -> Rig {
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.events();
    rig
}

#[test]
fn connected_is_announced_once_the_server_has_greeted() {
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.expect(["state Connecting"]);
    rig.expect_open();
    rig.expect([]);
    rig.receive(&hello(PROTOCOL_VERSION));
    let events = rig.events();
    assert_eq!(
        events,
        [
            Event::StateChanged(State::Connected),
            Event::Connected {
                message_of_the_day: "Well met!".to_owned(),
                limits: Limits::default(),
            },
        ]
    );
}

#[test]
fn the_clients_greeting_names_protocol_and_program() {
    let mut rig = Rig::with(|config| "game/1.2".clone_into(&mut config.client_name));
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.expect_idle();
    rig.receive(&hello(PROTOCOL_VERSION));
    let sent = rig.sent();
    assert!(
        matches!(&sent[..], [ClientPacket::Hello { protocol: PROTOCOL_VERSION, client, .. }]
            if client == "game/1.2"),
        "{sent:?}"
    );
}

#[test]
fn connecting_twice_is_connecting_once() {
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.session.connect(rig.now);
    rig.come_up();
    rig.session.connect(rig.now);
    rig.expect_idle();
    rig.expect(["state Connecting", "state Connected", "connected"]);
}

#[test]
fn a_server_that_never_greets_is_given_up_in_time() {
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.pass(9.9);
    rig.expect(["state Connecting"]);
    rig.pass(0.2);
    rig.expect([
        "state Reconnecting",
        "disconnected: server_unreachable, will retry",
        "try 1",
    ]);
    rig.expect_close(3008);
}

#[test]
fn an_address_that_is_none_is_not_tried_again() {
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.events();
    rig.session.unusable(rig.now);
    rig.expect(["state Offline", "disconnected: invalid_address, for good"]);
    rig.pass(120.0);
    rig.expect_idle();
}

#[test]
fn what_greets_otherwise_is_no_server_of_ours() {
    let deny = ServerPacket::deny(None, DenyCode::Busy.into());
    let chat = ServerPacket::Chat {
        channel: "lobby".to_owned(),
        line: line(1, "bob", "hi"),
    };
    let as_bytes = |packet: &ServerPacket| longhall_packet::codec::encode(packet).into_bytes();
    for first in [
        as_bytes(&deny),
        as_bytes(&chat),
        b"{\"type\":\"welcome\"}".to_vec(),
        b"220 smtp.example.org ESMTP".to_vec(),
        vec![0xff; 70_000],
        Vec::new(),
    ] {
        let mut rig = opened();
        rig.session.received(rig.now, &first);
        rig.expect([
            "state Reconnecting",
            "disconnected: wrong_server, will retry",
            "try 1",
        ]);
        rig.expect_close(CloseReason::ProtocolError.code());
    }
}

#[test]
fn a_driver_that_knows_why_it_cannot_connect_says_so() {
    use longhall_client::DisconnectReason::{NotSecure, UnknownHost, WrongServer};
    for reason in [UnknownHost, NotSecure, WrongServer] {
        let mut rig = Rig::new();
        let first = rig.session.connect(rig.now);
        rig.expect_open();
        rig.events();
        rig.session.failed(rig.now, reason, "the cause");
        assert_eq!(
            rig.session.poll_outcome().map(|(call, _)| call),
            Some(first)
        );
        let told = format!("disconnected: {}, will retry", reason.name());
        rig.expect(["warning", "state Reconnecting", &told, "try 1"]);
        // Nobody asked for the next try, so nobody is told why it fails, either.
        rig.wait_for_open();
        rig.session.failed(rig.now, reason, "the cause");
        rig.expect(["try 2"]);
        // But for this one somebody does.
        rig.session.connect(rig.now);
        rig.expect_open();
        rig.session.failed(rig.now, reason, "the cause");
        rig.expect(["warning", "try 3"]);
        assert_eq!(rig.outcomes(), [reason.name()]);
    }
}

#[test]
fn a_player_who_meets_a_log_in_page_of_a_network_stays_logged_in() {
    let mut rig = Rig::logged_in();
    rig.cut();
    rig.wait_for_open();
    let reason = DisconnectReason::WrongServer;
    rig.session.failed(rig.now, reason, "");
    assert_eq!(rig.session.username(), Some("ada"));
    rig.wait_for_open();
    rig.come_up();
    rig.expect_resume(1);
}

#[test]
fn a_server_that_wants_a_newer_client_says_so_in_many_ways() {
    let deny = |id| ServerPacket::deny(id, DenyCode::UpdateRequired.into());
    let for_good = ["state Offline", "disconnected: update_required, for good"];

    let mut rig = opened();
    rig.receive(&hello(PROTOCOL_VERSION + 1));
    rig.expect(for_good);
    rig.expect_close(CloseReason::UpdateRequired.code());

    let mut rig = opened();
    rig.receive(&deny(None));
    rig.expect(for_good);

    let mut rig = opened();
    rig.close(CloseReason::UpdateRequired);
    rig.expect(for_good);
    rig.expect_idle();

    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.receive(&hello(PROTOCOL_VERSION));
    let id = rig.expect_sent("hello");
    rig.events();
    rig.receive(&deny(Some(id)));
    rig.expect(for_good);
    rig.expect_close(CloseReason::UpdateRequired.code());
    rig.pass(120.0);
    rig.expect_idle();
}

#[test]
fn a_server_that_is_too_old_is_called_so_and_may_be_updated_soon() {
    let told = [
        "state Reconnecting",
        "disconnected: server_outdated, will retry",
        "try 1",
    ];
    let mut rig = opened();
    rig.receive(&hello(PROTOCOL_VERSION - 1));
    rig.expect(told);
    rig.expect_close(CloseReason::ServerOutdated.code());

    let mut rig = opened();
    rig.close(CloseReason::ServerOutdated);
    rig.expect(told);
    rig.wait_for_open();
    rig.come_up();
    rig.expect_state(State::Connected);
}

#[test]
fn the_program_of_the_server_is_known_while_there_is_a_connection() {
    let mut rig = opened();
    assert_eq!(rig.session.server(), None);
    rig.receive(&hello(PROTOCOL_VERSION));
    assert_eq!(rig.session.server(), Some("test/1.2"));
    assert_eq!(rig.session.server_version(), "1.2");
    rig.cut();
    assert_eq!(rig.session.server(), None);
    assert_eq!(rig.session.server_version(), "");
}

#[test]
fn a_greeting_refused_for_another_reason_is_no_reason_to_leave() {
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.receive(&hello(PROTOCOL_VERSION));
    let id = rig.expect_sent("hello");
    rig.events();
    rig.deny(id, DenyCode::Busy);
    rig.expect(["warning"]);
    rig.expect_state(State::Connected);
}

#[test]
fn a_first_try_that_fails_is_repeated_and_told_once() {
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.session.closed(rig.now, None, "");
    rig.expect([
        "state Connecting",
        "state Reconnecting",
        "disconnected: server_unreachable, will retry",
        "try 1",
    ]);
    for attempt in 2..6 {
        rig.wait_for_open();
        rig.cut();
        rig.expect([format!("try {attempt}").as_str()]);
    }
    rig.wait_for_open();
    rig.come_up();
    rig.expect(["state Connected", "connected"]);
}

#[test]
fn the_cause_of_a_failed_first_try_reaches_the_console_without_control_characters() {
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.session.closed(rig.now, None, "no such host\u{1b}[2J");
    let warning = rig.events().into_iter().find_map(|event| match event {
        Event::Warning(text) => Some(text),
        _ => None,
    });
    let warning = warning.unwrap();
    assert!(warning.contains("no such host"), "{warning}");
    assert!(!warning.contains('\u{1b}'), "{warning}");
}

#[test]
fn a_reason_given_while_connecting_is_passed_on() {
    let mut rig = opened();
    rig.close(CloseReason::TooManyConnections);
    rig.expect([
        "state Reconnecting",
        "disconnected: too_many_connections, will retry",
        "try 1",
    ]);
}

#[test]
fn without_reconnecting_a_failed_try_is_the_last() {
    let mut rig = Rig::with(|config| config.reconnect = false);
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.session.closed(rig.now, None, "");
    rig.expect([
        "state Connecting",
        "state Offline",
        "disconnected: server_unreachable, for good",
    ]);
    rig.pass(120.0);
    rig.expect_idle();
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.expect(["state Connecting"]);
}

#[test]
fn every_close_reason_of_a_server_is_told_and_obeyed() {
    for &reason in CloseReason::ALL {
        let mut rig = Rig::connected();
        rig.close(reason);
        let told = rig.events();
        let is_told = |event: &Event| {
            matches!(event, Event::Disconnected { reason: told, retry_in }
                if *told == DisconnectReason::Server(reason)
                    && retry_in.is_some() == reason.may_retry())
        };
        assert!(told.iter().any(is_told), "{told:?}");
        // What a kick or a ban says comes ahead of the end.
        let is_sanction = matches!(reason, CloseReason::Kicked | CloseReason::Banned);
        let says_why = matches!(told[0], Event::Sanctioned { .. });
        assert_eq!(says_why, is_sanction, "{told:?}");
        if reason.may_retry() {
            rig.wait_for_open();
        } else {
            rig.pass(60.0);
            rig.expect_idle();
        }
    }
}

#[test]
fn codes_of_the_websocket_itself_mean_a_lost_connection() {
    for code in [1000, 1001, 1006, 1009, 1011, 3000, 3999, 4999] {
        let mut rig = Rig::connected();
        rig.session.closed(rig.now, Some(code), "");
        rig.expect([
            "state Reconnecting",
            "disconnected: connection_lost, will retry",
            "try 1",
        ]);
    }
}

#[test]
fn disconnecting_says_goodbye_and_stays_away() {
    let mut rig = Rig::logged_in();
    rig.session.send_chat(rig.now, "", "bye");
    rig.session.disconnect(rig.now);
    rig.expect([
        "state Offline",
        "chat denied: connection_lost",
        "logged out: closed_by_client",
        "disconnected: closed_by_client, for good",
    ]);
    let actions = rig.actions();
    assert!(
        matches!(
            &actions[..],
            [
                Action::Send(_),
                Action::Close {
                    code: 1000,
                    reason: "closed_by_client"
                }
            ]
        ),
        "what was said before goes out before: {actions:?}"
    );
    rig.pass(120.0);
    rig.session.disconnect(rig.now);
    rig.expect_idle();
    rig.expect([]);

    // Nobody is logged in again by a later connection.
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.come_up();
    rig.expect_idle();
}

#[test]
fn disconnecting_works_at_every_stage_of_connecting() {
    let for_good = ["state Offline", "disconnected: closed_by_client, for good"];

    // The driver has not even begun.
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.session.disconnect(rig.now);
    rig.expect_idle();
    rig.expect(["state Connecting", for_good[0], for_good[1]]);

    let mut rig = opened();
    rig.session.disconnect(rig.now);
    rig.expect_close(1000);
    rig.expect(for_good);

    let mut rig = Rig::connected();
    rig.cut();
    rig.events();
    rig.session.disconnect(rig.now);
    rig.expect(for_good);
    rig.pass(120.0);
    rig.expect_idle();
}

#[test]
fn disconnecting_and_connecting_at_once_changes_the_transport() {
    let mut rig = Rig::logged_in();
    rig.session.disconnect(rig.now);
    rig.session.connect(rig.now);
    let actions = rig.actions();
    assert!(
        matches!(
            &actions[..],
            [Action::Close { code: 1000, .. }, Action::Open]
        ),
        "{actions:?}"
    );
}

#[test]
fn news_of_a_transport_that_was_closed_are_ignored() {
    let mut rig = Rig::logged_in();
    rig.session.disconnect(rig.now);
    rig.session.connect(rig.now);
    rig.events();
    // The driver has not taken the actions yet, and still reads the old socket.
    rig.receive_chat("late");
    rig.cut();
    rig.expect([]);
    rig.expect_state(State::Connecting);
}

#[test]
fn nothing_can_be_asked_for_without_a_connection() {
    let mut waiting = Rig::connected();
    waiting.cut();
    waiting.events();
    for mut rig in [Rig::new(), opened(), waiting] {
        rig.session.register(rig.now, "ada", PASSWORD);
        rig.session.login(rig.now, "ada", PASSWORD);
        rig.session.send_chat(rig.now, "", "hi");
        rig.session.logout(rig.now);
        rig.expect([
            "register denied: not_connected",
            "login denied: not_connected",
            "chat denied: not_connected",
        ]);
        rig.expect_idle();
    }
}

#[test]
fn unknown_packets_are_passed_over_and_broken_ones_warned_about_ever_more_rarely() {
    let mut rig = Rig::connected();
    rig.session
        .received(rig.now, br#"{"type":"whisper","text":"psst"}"#);
    rig.expect([]);
    for _ in 0..1000 {
        rig.session.received(rig.now, b"}{");
    }
    assert_eq!(rig.session.ignored_packets(), 1000);
    assert_eq!(rig.events().len(), 10, "1, 2, 4 ... 512");
    rig.receive(&hello(PROTOCOL_VERSION));
    rig.receive(&ServerPacket::deny(None, DenyCode::MalformedPacket.into()));
    assert_eq!(rig.session.ignored_packets(), 1002);
    rig.expect_state(State::Connected);
    rig.expect_idle();
}
