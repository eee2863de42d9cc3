//! Whoever called is told how it ended: once, and always.

use longhall_client::{Answer, State};
use longhall_packet::{CloseReason, DenyCode};

use crate::support::{PASSWORD, Rig};

/// Fails unless exactly these outcomes came, in this order: `ok` or a code.
#[track_caller]
fn expect_outcomes<const N: usize>(rig: &mut Rig, expected: [&str; N]) {
    let outcomes = std::iter::from_fn(|| rig.session.poll_outcome());
    let names: Vec<&str> = outcomes
        .map(|(_, outcome)| outcome.map_or_else(|refusal| refusal.code.name(), |_| "ok"))
        .collect();
    assert_eq!(names, expected);
}

#[test]
fn each_call_ends_with_its_own_name() {
    let mut rig = Rig::connected();
    let register = rig.session.register(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("register");
    let login = rig.session.login(rig.now, "ada", PASSWORD);
    let login_id = rig.expect_sent("login");
    assert_ne!(register, login);
    rig.deny_for(login_id, DenyCode::Busy, 3);
    rig.ok(id);
    let (call, outcome) = rig.session.poll_outcome().unwrap();
    assert_eq!(call, login);
    assert_eq!(outcome.unwrap_err().retry_after_ms, Some(3000));
    assert_eq!(
        rig.session.poll_outcome(),
        Some((register, Ok(Answer::Done)))
    );
    assert_eq!(rig.session.poll_outcome(), None);
}

#[test]
fn what_is_refused_here_ends_as_well() {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "x", PASSWORD);
    rig.session.register(rig.now, "ada", "short");
    rig.session.send_chat(rig.now, "", "hi");
    rig.session.logout(rig.now);
    expect_outcomes(
        &mut rig,
        ["too_short", "too_short", "not_logged_in", "not_logged_in"],
    );
}

#[test]
fn a_cut_ends_whatever_was_asked() {
    let mut rig = Rig::connected();
    rig.session.register(rig.now, "ada", PASSWORD);
    rig.session.login(rig.now, "bob", PASSWORD);
    rig.cut();
    expect_outcomes(&mut rig, ["connection_lost", "connection_lost"]);
}

#[test]
fn no_answer_in_time_ends_it() {
    let mut rig = Rig::logged_in();
    rig.session.send_chat(rig.now, "", "hi");
    rig.session.send_chat(rig.now, "", "there");
    rig.pass_quietly(41.0);
    expect_outcomes(&mut rig, ["timed_out", "timed_out"]);
}

#[test]
fn logging_out_ends_well_whatever_the_server_says() {
    for deny in [false, true] {
        let mut rig = Rig::logged_in();
        rig.session.logout(rig.now);
        let id = rig.expect_sent("logout");
        rig.session.logout(rig.now);
        expect_outcomes(&mut rig, ["already_pending"]);
        if deny {
            rig.deny(id, DenyCode::Unavailable);
        } else {
            rig.ok(id);
        }
        expect_outcomes(&mut rig, ["ok"]);
    }
    let mut rig = Rig::logged_in();
    rig.close(CloseReason::Restarting);
    rig.session.logout(rig.now);
    expect_outcomes(&mut rig, ["ok"]);
    let mut rig = Rig::logged_in();
    rig.session.logout(rig.now);
    rig.cut();
    expect_outcomes(&mut rig, ["ok"]);
}

#[test]
fn no_outcome_is_lost_however_many_wait() {
    let mut rig = Rig::new();
    for _ in 0..10_000 {
        rig.session.send_chat(rig.now, "", "hi");
    }
    let outcomes = std::iter::from_fn(|| rig.session.poll_outcome());
    assert_eq!(outcomes.count(), 10_000);
}

#[test]
fn a_ticket_brings_the_player_back_in_a_new_session() {
    let rig = Rig::logged_in();
    let (name, token) = rig.session.ticket().unwrap();
    let mut again = Rig::new();
    again.session.restore(name, token.clone());
    assert!(again.session.is_resuming());
    assert_eq!(again.session.username(), Some("ada"));
    again.session.connect(again.now);
    again.expect_open();
    again.come_up();
    let id = again.expect_resume(1);
    again.receive_logged_in(id, 2);
    again.expect_state(State::LoggedIn);
    assert!(!again.session.is_resuming());
    let (_, token) = again.session.ticket().unwrap();
    assert_eq!(*token, crate::support::token(2));
}

#[test]
fn a_ticket_that_is_no_longer_good_leads_to_the_login() {
    let mut rig = Rig::new();
    rig.session.restore("ada", crate::support::token(9));
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.come_up();
    let id = rig.expect_resume(9);
    rig.events();
    rig.deny(id, DenyCode::SessionExpired);
    rig.expect(["logged out: session_expired"]);
    assert_eq!(rig.session.ticket(), None);
    rig.session.login(rig.now, "ada", PASSWORD);
    rig.expect_sent("login");
}

#[test]
fn a_ticket_replaces_nobody() {
    let mut rig = Rig::logged_in();
    rig.session.restore("eve", crate::support::token(9));
    assert_eq!(rig.session.username(), Some("ada"));
    let mut rig = Rig::connected();
    rig.session.restore("eve", crate::support::token(9));
    assert_eq!(rig.session.ticket(), None);
}

#[test]
fn connecting_ends_with_the_greeting_or_the_first_failure() {
    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.session.connect(rig.now);
    rig.expect_open();
    expect_outcomes(&mut rig, []);
    rig.come_up();
    expect_outcomes(&mut rig, ["ok", "ok"]);
    rig.session.connect(rig.now);
    expect_outcomes(&mut rig, ["ok"]);

    let mut rig = Rig::new();
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.cut();
    expect_outcomes(&mut rig, ["server_unreachable"]);
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.session.disconnect(rig.now);
    expect_outcomes(&mut rig, ["closed_by_client"]);
}
