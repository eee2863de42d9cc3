//! Registering, logging in and out.

use std::time::Duration;

use longhall_client::{Action, CallErrorCode, Event, State};
use longhall_packet::{ClientPacket, DenyCode, Field, ServerPacket};

use crate::support::{PASSWORD, Rig, logged_in};

#[test]
fn registering_does_not_log_in() {
    let mut rig = Rig::connected();
    rig.session.register(rig.now, "ada", PASSWORD);
    let sent = rig.sent();
    let [
        ClientPacket::Register {
            id,
            username,
            password,
            recovery: false,
            invite: None,
            proof: None,
        },
    ] = &sent[..]
    else {
        panic!("{sent:?}")
    };
    assert_eq!((username.as_str(), password.expose()), ("ada", PASSWORD));
    rig.ok(*id);
    rig.expect(["registered ada"]);
    rig.expect_state(State::Connected);
}

#[test]
fn logging_in_takes_the_name_as_it_was_registered() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ADA", PASSWORD);
    let sent = rig.sent();
    let [
        ClientPacket::Login {
            id,
            username,
            password,
            device,
            code: None,
        },
    ] = &sent[..]
    else {
        panic!("{sent:?}")
    };
    assert_eq!((username.as_str(), password.expose()), ("ADA", PASSWORD));
    assert_eq!(device, "");
    assert_eq!(rig.session.username(), None);
    rig.receive_logged_in(*id, 1);
    rig.expect(["state LoggedIn", "logged in ada", "joined lobby"]);
    assert_eq!(rig.session.username(), Some("ada"));
}

#[test]
fn a_name_is_sent_without_what_nobody_sees_at_its_ends() {
    for typed in [
        " Ada_99",
        "Ada_99\t",
        "\u{feff}Ada_99\u{a0}\u{3000}",
        "\u{2068}Ada_99\u{2069}",
        "Ａｄａ＿９９\u{200b}",
    ] {
        let mut rig = Rig::connected();
        rig.session.login(rig.now, typed, PASSWORD);
        let sent = rig.sent();
        let [ClientPacket::Login { username, .. }] = &sent[..] else {
            panic!("{typed:?}: {sent:?}")
        };
        assert_eq!(username.as_str(), "Ada_99", "{typed:?}");
    }
}

#[test]
fn a_servers_refusal_is_passed_on_whole() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("login");
    rig.receive(&ServerPacket::Deny {
        sanction: None,
        id: Some(id),
        code: DenyCode::RateLimited,
        reason: "Gemach".to_owned(),
        field: Some(Field::Username),
        limit: Some(3),
        retry_after_ms: Some(700),
    });
    let events = rig.events();
    let [Event::LoginDenied(error)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(error.code, CallErrorCode::Server(DenyCode::RateLimited));
    assert_eq!(error.reason, "Gemach");
    assert_eq!(error.field, Some(Field::Username));
    assert_eq!((error.limit, error.retry_after_ms), (Some(3), Some(700)));
    // And the next try is free.
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.expect_sent("login");
}

#[test]
fn texts_that_break_a_rule_are_refused_without_asking_the_server() {
    let long_name = "a".repeat(21);
    let long_password = "a".repeat(100);
    for (username, password, code) in [
        ("ab", PASSWORD, "too_short"),
        (long_name.as_str(), PASSWORD, "too_long"),
        ("a b", PASSWORD, "forbidden_character"),
        ("ada", "1234567", "too_short"),
        ("ada", long_password.as_str(), "too_long"),
    ] {
        let mut rig = Rig::connected();
        rig.session.register(rig.now, username, password);
        rig.session.login(rig.now, username, password);
        rig.expect([
            format!("register denied: {code}").as_str(),
            format!("login denied: {code}").as_str(),
        ]);
        rig.expect_idle();
    }
}

#[test]
fn a_local_refusal_reads_like_the_servers() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ab", PASSWORD);
    let events = rig.events();
    let [Event::LoginDenied(error)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(error.reason, "The username must have at least 3 characters");
    assert_eq!((error.field, error.limit), (Some(Field::Username), Some(3)));
}

#[test]
fn a_second_login_or_registration_waits_for_the_first() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.session.register(rig.now, "bob", PASSWORD);
    let sent = rig.sent();
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.session.register(rig.now, "bob", PASSWORD);
    rig.expect([
        "login denied: already_pending",
        "register denied: already_pending",
    ]);
    rig.expect_idle();
    rig.deny(sent[0].id(), DenyCode::BadCredentials);
    rig.deny(sent[1].id(), DenyCode::UsernameTaken);
    rig.expect([
        "login denied: bad_credentials",
        "register denied: username_taken",
    ]);
}

#[test]
fn what_the_stage_forbids_is_refused_without_asking_the_server() {
    let mut rig = Rig::logged_in();
    rig.session.register(rig.now, "bob", PASSWORD);
    rig.session.login(rig.now, "bob", PASSWORD);
    rig.expect([
        "register denied: already_logged_in",
        "login denied: already_logged_in",
    ]);
    let mut out = Rig::connected();
    out.session.send_chat(out.now, "", "hi");
    out.session.logout(out.now);
    out.expect(["chat denied: not_logged_in"]);
    rig.expect_idle();
    out.expect_idle();
}

#[test]
fn requests_time_out_one_by_one() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.pass_quietly(2.0);
    rig.session.register(rig.now, "bob", PASSWORD);
    rig.pass_quietly(12.9);
    rig.expect([]);
    rig.pass_quietly(0.2);
    rig.expect(["login denied: timed_out"]);
    rig.pass_quietly(2.0);
    rig.expect(["register denied: timed_out"]);
    rig.expect_state(State::Connected);
}

#[test]
fn answers_to_nothing_are_ignored() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("login");
    for stray in [id.wrapping_add(1), 0, u32::MAX] {
        rig.ok(stray);
        rig.deny(stray, DenyCode::BadCredentials);
        rig.receive_logged_in(stray, 9);
    }
    rig.expect([]);
    rig.receive_logged_in(id, 1);
    rig.receive_logged_in(id, 2);
    rig.deny(id, DenyCode::BadCredentials);
    rig.ok(id);
    rig.expect(["state LoggedIn", "logged in ada", "joined lobby"]);
    rig.expect_idle();
}

#[test]
fn an_answer_of_the_wrong_kind_is_none() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.session.register(rig.now, "bob", PASSWORD);
    let sent = rig.sent();
    rig.ok(sent[0].id());
    rig.receive_logged_in(sent[1].id(), 1);
    rig.expect([]);
    rig.pass_quietly(15.1);
    assert_eq!(rig.events().len(), 2);
}

#[test]
fn a_login_that_succeeds_too_late_is_undone() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let late = rig.expect_sent("login");
    rig.pass_quietly(15.1);
    rig.expect(["login denied: timed_out"]);
    rig.receive_logged_in(late, 1);
    let undo = rig.expect_sent("logout");
    rig.receive_chat("not for us");
    rig.expect([]);
    rig.expect_state(State::Connected);
    // Once is enough.
    rig.receive_logged_in(late, 1);
    rig.expect_idle();
    rig.ok(undo);
    rig.expect([]);
    // And a connection lost then has nobody to log in again.
    rig.cut();
    rig.wait_for_open();
    rig.come_up();
    rig.expect_idle();
}

#[test]
fn several_logins_that_succeed_too_late_are_all_undone() {
    let mut rig = Rig::connected();
    let mut late = Vec::new();
    for _ in 0..16 {
        rig.session.login(rig.now, "ada", PASSWORD);
        late.push(rig.expect_sent("login"));
        rig.pass_quietly(15.1);
    }
    rig.events();
    for id in late {
        rig.receive_logged_in(id, 1);
        let undo = rig.expect_sent("logout");
        rig.ok(undo);
    }
    rig.expect([]);
}

#[test]
fn a_login_that_cannot_be_undone_ends_the_connection_and_its_consequences() {
    let lost = [
        "state Reconnecting",
        "disconnected: connection_lost, will retry",
        "try 1",
    ];
    let fates: [fn(&mut Rig, u32); 2] = [
        |rig, id| rig.deny_for(id, DenyCode::RateLimited, 1),
        |rig, _| {
            rig.pass_quietly(14.9);
            rig.pass(0.2);
        },
    ];
    for fate in fates {
        let mut rig = Rig::connected();
        rig.session.login(rig.now, "ada", PASSWORD);
        let late = rig.expect_sent("login");
        rig.pass_quietly(15.1);
        rig.receive_logged_in(late, 1);
        let undo = rig.expect_sent("logout");
        rig.events();
        fate(&mut rig, undo);
        rig.expect(lost);
        rig.expect_close(3008);
    }
    // Unless there is nothing to undo.
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let late = rig.expect_sent("login");
    rig.pass_quietly(15.1);
    rig.receive_logged_in(late, 1);
    let undo = rig.expect_sent("logout");
    let mut rig = rig.log_in();
    rig.deny(undo, DenyCode::NotLoggedIn);
    rig.expect([]);
    rig.expect_state(State::LoggedIn);
}

#[test]
fn a_login_given_up_does_not_disturb_the_one_that_worked() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let late = rig.expect_sent("login");
    rig.pass_quietly(15.1);
    let mut rig = rig.log_in();
    rig.receive(&logged_in(late, "ada", 2));
    rig.expect_idle();
    rig.expect_state(State::LoggedIn);
}

#[test]
fn logging_out_keeps_the_connection_and_forgets_the_token() {
    let mut rig = Rig::logged_in();
    rig.session.logout(rig.now);
    rig.session.logout(rig.now);
    let id = rig.expect_sent("logout");
    rig.expect([]);
    rig.ok(id);
    rig.expect(["state Connected", "logged out: logout"]);
    assert_eq!(rig.session.username(), None);
    rig.receive_chat("behind your back");
    rig.expect([]);
    rig.cut();
    rig.wait_for_open();
    rig.come_up();
    rig.expect_idle();
}

#[test]
fn a_server_that_has_nobody_logged_in_agrees_to_a_logout() {
    let mut rig = Rig::logged_in();
    rig.session.logout(rig.now);
    let id = rig.expect_sent("logout");
    rig.deny(id, DenyCode::NotLoggedIn);
    rig.expect(["state Connected", "logged out: logout"]);
}

#[test]
fn who_asked_to_be_out_is_out_whatever_becomes_of_the_request() {
    let lost = [
        "state Reconnecting",
        "logged out: logout",
        "disconnected: connection_lost, will retry",
        "try 1",
    ];
    let refuse = |rig: &mut Rig, id| rig.deny(id, DenyCode::Unavailable);
    let ignore = |rig: &mut Rig, _| {
        rig.pass_quietly(14.9);
        rig.pass(0.2);
    };
    let cut = |rig: &mut Rig, _| rig.cut();
    let fates: [fn(&mut Rig, u32); 3] = [refuse, ignore, cut];
    for fate in fates {
        let mut rig = Rig::logged_in();
        rig.session.logout(rig.now);
        let id = rig.expect_sent("logout");
        fate(&mut rig, id);
        rig.expect(lost);
        rig.actions();
        rig.wait_for_open();
        rig.come_up();
        rig.expect_idle();
        assert_eq!(rig.session.username(), None);
    }
}

#[test]
fn after_asking_to_be_out_the_player_may_log_in_but_not_chat() {
    let mut rig = Rig::logged_in();
    rig.session.logout(rig.now);
    rig.session.send_chat(rig.now, "", "one more");
    rig.session.login(rig.now, "bob", PASSWORD);
    rig.expect(["chat denied: not_logged_in"]);
    let sent = rig.sent();
    rig.ok(sent[0].id());
    rig.receive(&logged_in(sent[1].id(), "bob", 5));
    rig.expect([
        "state Connected",
        "logged out: logout",
        "state LoggedIn",
        "logged in bob",
        "joined lobby",
    ]);
    rig.cut();
    rig.wait_for_open();
    rig.come_up();
    rig.expect_resume(5);
}

#[test]
fn a_login_answered_before_the_logout_still_takes_turns() {
    let mut rig = Rig::logged_in();
    rig.session.logout(rig.now);
    rig.session.login(rig.now, "bob", PASSWORD);
    let sent = rig.sent();
    rig.receive(&logged_in(sent[1].id(), "bob", 5));
    rig.ok(sent[0].id());
    rig.expect([
        "state Connected",
        "logged out: logout",
        "state LoggedIn",
        "logged in bob",
        "joined lobby",
    ]);
}

#[test]
fn a_login_under_way_ends_with_its_connection() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.session.register(rig.now, "bob", PASSWORD);
    rig.sent();
    rig.cut();
    rig.expect([
        "login denied: connection_lost",
        "register denied: connection_lost",
        "state Reconnecting",
        "disconnected: connection_lost, will retry",
        "try 1",
    ]);
}

#[test]
fn settings_changed_on_the_way_hold_from_the_next_request() {
    let mut rig = Rig::connected();
    rig.session.config_mut().request_timeout = Duration::from_secs(3);
    assert_eq!(rig.session.config().request_timeout, Duration::from_secs(3));
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.pass_quietly(3.1);
    rig.expect(["login denied: timed_out"]);
    // Zero would time out before the request is sent.
    rig.session.config_mut().request_timeout = Duration::ZERO;
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.pass(0.9);
    rig.expect([]);
}

#[test]
fn nothing_shows_a_secret() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let shown = format!("{:?}", rig.session);
    assert!(!shown.contains(PASSWORD), "{shown}");
    let action = rig.session.poll_action().unwrap();
    assert!(matches!(&action, Action::Send(text) if text.contains(PASSWORD)));
    assert_eq!(format!("{action:?}"), "Send(*** 67 bytes)");

    let rig = Rig::logged_in();
    let shown = format!("{:?}", rig.session);
    assert!(!shown.contains("0101"), "{shown}");
}
