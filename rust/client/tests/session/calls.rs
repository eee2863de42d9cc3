//! A caller is told how its call ended: once, and always.

use std::time::Duration;

use longhall_client::{Answer, Command, Session, State};
use longhall_packet::{ClientPacket, CloseReason, DenyCode, Role, Target, Username};

use crate::support::{PASSWORD, Rig};

/// Fails unless exactly these outcomes came, in this order: `ok` or a code.
#[track_caller]
fn expect_outcomes<const N: usize>(rig: &mut Rig, expected: [&str; N]) {
    let outcomes = std::iter::from_fn(|| rig.session.poll_outcome());
    let names: Vec<&str> = outcomes
        .map(|(_, outcome)| outcome.map_or_else(|error| error.code.name(), |_| "ok"))
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

/// However a name is typed, wherever it is: what the packets make of it is sent, or
/// nothing is.
#[test]
fn a_name_is_read_by_one_rule_wherever_it_is_typed() {
    let typed = [
        "Ada_99",
        " Ada_99",
        "Ada_99\u{a0}",
        "\u{3000}Ada_99",
        "\u{feff}Ada_99\u{200b}",
        "\u{2068}Ada_99\u{2069}",
        "Ａｄａ＿９９",
        "Ada 99",
    ];
    for name in typed {
        let rule = Username::parse(name).ok();
        let marked = Target::parse(&format!("\u{2068}@{name}\u{2069}")).ok();
        let marked = marked.and_then(|target| match target {
            Target::Whispers(username) => Some(username),
            Target::Channel(_) | Target::Inbox => None,
        });
        for (name, rule) in [
            (name.to_owned(), &rule),
            (format!("@{name}"), &rule),
            (format!("\u{2068}@{name}\u{2069}"), &marked),
        ] {
            let sent = |ask: &dyn Fn(&mut Session, Duration)| {
                let mut rig = Rig::logged_in();
                ask(&mut rig.session, rig.now);
                rig.sent().into_iter().find_map(username_in)
            };
            let block = sent(&|session, now| {
                session.block(now, &name);
            });
            assert_eq!(&block, rule, "block {name:?}");
            let invite = sent(&|session, now| {
                session.invite(now, "", &name);
            });
            assert_eq!(&invite, rule, "invite {name:?}");
            let role = sent(&|session, now| {
                session.set_role(now, "", &name, Role::Operator);
            });
            assert_eq!(&role, rule, "set_role {name:?}");
        }
        let whisper = |channel: String| {
            let mut rig = Rig::logged_in();
            rig.session.send_chat(rig.now, &channel, "psst");
            rig.sent().into_iter().find_map(username_in)
        };
        assert_eq!(whisper(format!("@{name}")), rule, "whisper to {name:?}");
        assert_eq!(
            whisper(format!("\u{2068}@{name}\u{2069}")),
            marked,
            "{name:?}"
        );
        if name.contains(char::is_whitespace) {
            continue; // A command ends its words there.
        }
        for (input, rule) in [
            (format!("/w {name} psst"), &rule),
            (format!("/w @{name} psst"), &rule),
            (format!("/w \u{2068}@{name}\u{2069} psst"), &marked),
            (format!("/block \u{2068}@{name}\u{2069}"), &marked),
        ] {
            let command = Command::parse(&input, "lobby", None).expect("a command");
            let mut rig = Rig::logged_in();
            rig.session.execute(rig.now, &command);
            let sent = rig.sent().into_iter().find_map(username_in);
            assert_eq!(&sent, rule, "{input:?}");
        }
    }
}

fn username_in(packet: ClientPacket) -> Option<Username> {
    match packet {
        ClientPacket::Block { username, .. }
        | ClientPacket::Invite { username, .. }
        | ClientPacket::SetRole { username, .. }
        | ClientPacket::Chat {
            channel: Target::Whispers(username),
            ..
        } => Some(username),
        _ => None,
    }
}
