//! Saying lines: each once, in order, through cuts and restarts.

use std::time::Duration;

use longhall_client::{Event, MAX_CHATS_IN_FLIGHT};
use longhall_packet::{ClientPacket, CloseReason, DenyCode, LineId, RequestId};

use crate::support::{Rig, channel, line, logged_in, tell, token};

/// Fails unless exactly one line is to be sent; its ids.
#[track_caller]
fn expect_line(rig: &mut Rig, target: &str, said: &str) -> (RequestId, LineId) {
    match &rig.sent()[..] {
        [
            ClientPacket::Chat {
                id,
                channel,
                line_id,
                text,
            },
        ] => {
            assert_eq!(
                (channel.to_string().as_str(), text.as_str()),
                (target, said)
            );
            (*id, *line_id)
        }
        other => panic!("{other:?} instead of {said}"),
    }
}

/// Fails unless exactly these are to be sent to the lobby, in this order; their
/// ids.
#[track_caller]
fn expect_lines<const N: usize>(rig: &mut Rig, said: [&str; N]) -> [(RequestId, LineId); N] {
    let sent = rig.sent();
    let chats = sent.iter().map(|packet| match packet {
        ClientPacket::Chat {
            id, line_id, text, ..
        } => (text.as_str(), (*id, *line_id)),
        other => panic!("{other:?} instead of a line"),
    });
    let (texts, ids): (Vec<&str>, Vec<_>) = chats.unzip();
    assert_eq!(texts, said);
    ids.try_into().expect("as many as texts")
}

fn say(rig: &mut Rig, lines: &[&str]) {
    for line in lines {
        rig.session.send_chat(rig.now, "", line);
    }
}

#[test]
fn a_line_is_sent_once_and_its_answer_told_once() {
    let mut rig = Rig::logged_in();
    let call = rig.session.send_chat(rig.now, "", "  hello  ");
    let (id, _) = expect_line(&mut rig, "lobby", "hello");
    rig.post(id, "hello");
    rig.posted(id, "lobby", 2);
    rig.deny(id, DenyCode::RateLimited);
    let events = rig.events();
    assert_eq!(tell(&events[0]), "ada: hello");
    assert_eq!(
        events[1..],
        [Event::ChatAccepted {
            call,
            channel: "lobby".to_owned(),
            seq: 1
        }]
    );
    assert_eq!(rig.outcomes(), [r#"Posted { channel: "lobby", seq: 1 }"#]);
}

#[test]
fn lines_that_break_a_rule_are_refused_without_asking_the_server() {
    for (to, said, code) in [
        ("", "", "too_short"),
        ("", "   ", "too_short"),
        ("", "a\nb", "forbidden_character"),
        ("", &"x".repeat(501), "too_long"),
        ("two words", "hi", "forbidden_character"),
        ("@x", "hi", "too_short"),
        ("@", "hi", "unknown_user"),
    ] {
        let mut rig = Rig::logged_in();
        rig.session.send_chat(rig.now, to, said);
        rig.expect([format!("chat denied: {code}").as_str()]);
        rig.expect_idle();
    }
}

#[test]
fn lines_follow_each_other_without_waiting_for_answers() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a", "b", "c"]);
    let [(a, first), (b, second), (c, _)] = expect_lines(&mut rig, ["a", "b", "c"]);
    assert_ne!(first, second);
    assert!(first < 1 << 53 && second < 1 << 53);
    rig.post(a, "a");
    // It is over and is not said again: the one behind it did not overtake it.
    rig.deny(b, DenyCode::RateLimited);
    rig.post(c, "c");
    rig.pass(20.0);
    assert!(!rig.sent().iter().any(|packet| packet.name() == "chat"));
    rig.expect([
        "ada: a",
        "chat accepted",
        "chat denied: rate_limited",
        "ada: c",
        "chat accepted",
    ]);
}

#[test]
fn outcomes_are_told_in_the_order_of_the_lines() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a", "b"]);
    let [(a, _), (b, _)] = expect_lines(&mut rig, ["a", "b"]);
    rig.deny(b, DenyCode::RateLimited);
    rig.expect([]);
    rig.post(a, "a");
    rig.expect(["ada: a", "chat accepted", "chat denied: rate_limited"]);
}

#[test]
fn conversations_do_not_wait_for_each_other() {
    let mut rig = Rig::logged_in();
    rig.session.send_chat(rig.now, "trade", "a");
    rig.session.send_chat(rig.now, "trade", "");
    rig.session.send_chat(rig.now, "@Bob", "b");
    rig.session.send_chat(rig.now, "@bob", "c");
    expect_lines(&mut rig, ["a", "b", "c"]);
    // A line said again goes alone in each of them.
    let resume = rig.cut_and_come_back();
    rig.receive_logged_in(resume, 2);
    let [(a, _), (b, _)] = expect_lines(&mut rig, ["a", "b"]);
    rig.events();
    rig.deny(b, DenyCode::Blocked);
    rig.expect(["chat denied: blocked"]);
    expect_line(&mut rig, "@bob", "c");
    rig.deny(a, DenyCode::NotAMember);
    rig.expect(["chat denied: not_a_member", "chat denied: too_short"]);
}

#[test]
fn refusals_that_wait_are_bounded_too() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a"]);
    let (id, _) = expect_line(&mut rig, "lobby", "a");
    for _ in 0..5000 {
        rig.session.send_chat(rig.now, "", "");
    }
    assert_eq!(rig.events().len(), 5000 - 4095);
    rig.posted(id, "lobby", 0);
    assert_eq!(rig.events().len(), 4096);
}

#[test]
fn a_line_without_answer_times_out_with_those_behind_it() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a", "b"]);
    let [(late, _), _] = expect_lines(&mut rig, ["a", "b"]);
    rig.session.send_chat(rig.now, "trade", "c");
    rig.pass_quietly(39.9);
    rig.expect([]);
    // Sent, but said in the belief that the others were heard.
    rig.session.send_chat(rig.now, "trade", "d");
    rig.pass_quietly(0.2);
    rig.expect(["chat denied: timed_out"; 4]);
    rig.posted(late, "lobby", 0);
    rig.expect([]);
    say(&mut rig, &["e"]);
    expect_line(&mut rig, "lobby", "e");
}

#[test]
fn a_dead_connection_is_noticed_before_a_line_times_out() {
    let mut rig = Rig::logged_in();
    rig.pass(0.1);
    say(&mut rig, &["a"]);
    rig.pass(26.0);
    rig.expect([
        "state Reconnecting",
        "disconnected: connection_lost, will retry",
        "try 1",
    ]);
}

#[test]
fn a_line_under_way_is_sent_again_after_a_cut_before_anything_is_asked() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a", "b"]);
    let [(_, line_id), (_, second)] = expect_lines(&mut rig, ["a", "b"]);
    for round in 2..5 {
        let resume = rig.cut_and_come_back();
        rig.lobby_seq = 1;
        rig.receive_logged_in(resume, round);
        let sent = rig.sent();
        let names: Vec<&str> = sent.iter().map(ClientPacket::name).collect();
        assert!(
            matches!(names[..], ["chat", "history"] | ["chat"]),
            "{names:?}"
        );
        assert!(matches!(&sent[0], ClientPacket::Chat { line_id: again, .. } if *again == line_id));
        if round == 4 {
            // It had been taken the first time.
            rig.posted(sent[0].id(), "lobby", 1);
            rig.page(sent[1].id(), "lobby", vec![line(1, "ada", "a")], false);
        }
    }
    rig.expect(["state LoggedIn", "logged in ada", "chat accepted", "ada: a"]);
    let (_, again) = expect_line(&mut rig, "lobby", "b");
    assert_eq!(second, again);
}

#[test]
fn what_a_cut_left_open_is_said_again_one_by_one_and_before_anything_new() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a", "b"]);
    let before = expect_lines(&mut rig, ["a", "b"]);
    let resume = rig.cut_and_come_back();
    say(&mut rig, &["c", "d"]);
    rig.receive_logged_in(resume, 2);
    rig.events();
    let (a, first) = expect_line(&mut rig, "lobby", "a");
    rig.post(a, "a");
    let (b, second) = expect_line(&mut rig, "lobby", "b");
    assert_eq!(before.map(|(_, line_id)| line_id), [first, second]);
    rig.post(b, "b");
    expect_lines(&mut rig, ["c", "d"]);
    say(&mut rig, &["e"]);
    expect_line(&mut rig, "lobby", "e");
}

#[test]
fn lines_said_during_a_cut_are_kept_in_order() {
    let mut rig = Rig::logged_in();
    rig.cut();
    say(&mut rig, &["a"]);
    rig.wait_for_open();
    rig.come_up();
    let resume = rig.expect_sent("resume");
    say(&mut rig, &["b", ""]);
    rig.expect_idle();
    rig.receive_logged_in(resume, 2);
    let [(a, _), (b, _)] = expect_lines(&mut rig, ["a", "b"]);
    rig.events();
    rig.post(a, "a");
    rig.post(b, "b");
    rig.expect([
        "ada: a",
        "chat accepted",
        "ada: b",
        "chat accepted",
        "chat denied: too_short",
    ]);
}

#[test]
fn a_line_said_before_a_ticket_is_honoured_goes_to_the_lobby() {
    let mut rig = Rig::new();
    rig.session.restore("ada", token(9));
    rig.session.send_chat(rig.now, "", "early");
    rig.session.connect(rig.now);
    rig.expect_open();
    rig.come_up();
    let id = rig.expect_resume(9);
    let mut packet = logged_in(id, "ada", 2);
    if let longhall_packet::ServerPacket::LoggedIn { channels, .. } = &mut packet {
        channels[0] = channel("tavern");
    }
    rig.receive(&packet);
    expect_line(&mut rig, "tavern", "early");
    rig.session.send_chat(rig.now, "tavern", "later");
    expect_line(&mut rig, "tavern", "later");
    // It is one conversation by now.
    let resume = rig.cut_and_come_back();
    let mut packet = logged_in(resume, "ada", 3);
    if let longhall_packet::ServerPacket::LoggedIn { channels, .. } = &mut packet {
        channels[0] = channel("tavern");
    }
    rig.receive(&packet);
    expect_line(&mut rig, "tavern", "early");
}

#[test]
fn a_restarting_server_is_told_the_lines_again() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a", "b"]);
    let before = expect_lines(&mut rig, ["a", "b"]);
    for (id, _) in before {
        rig.deny(id, DenyCode::Restarting);
    }
    rig.expect([]);
    rig.expect_idle();
    // Nothing overtakes them.
    say(&mut rig, &["c"]);
    rig.expect_idle();
    rig.close(CloseReason::Restarting);
    let resume = rig.come_back();
    rig.receive_logged_in(resume, 2);
    let (a, first) = expect_line(&mut rig, "lobby", "a");
    rig.events();
    rig.post(a, "a");
    let (b, second) = expect_line(&mut rig, "lobby", "b");
    assert_eq!(before.map(|(_, line_id)| line_id), [first, second]);
    rig.post(b, "b");
    expect_line(&mut rig, "lobby", "c");

    // One that is still there after a while is asked again, too.
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a"]);
    let (id, _) = expect_line(&mut rig, "lobby", "a");
    rig.deny(id, DenyCode::Restarting);
    let due = rig.session.next_deadline();
    assert_eq!(due, Some(rig.now + Duration::from_secs(5)));
    rig.pass(4.9);
    rig.expect_idle();
    rig.pass(0.2);
    expect_line(&mut rig, "lobby", "a");
}

#[test]
fn a_line_said_again_waits_for_those_that_are_still_on_their_way() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a", "b"]);
    let [(a, _), (b, _)] = expect_lines(&mut rig, ["a", "b"]);
    rig.deny(b, DenyCode::Restarting);
    rig.pass(5.1);
    rig.expect_idle();
    rig.post(a, "a");
    expect_line(&mut rig, "lobby", "b");
}

#[test]
fn a_line_that_may_have_been_taken_is_not_given_back_because_of_a_busy_server() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a", "b"]);
    let [(_, line_id), _] = expect_lines(&mut rig, ["a", "b"]);
    let resume = rig.cut_and_come_back();
    rig.receive_logged_in(resume, 2);
    let (id, _) = expect_line(&mut rig, "lobby", "a");
    rig.events();
    rig.deny_for(id, DenyCode::RateLimited, 7);
    rig.expect([]);
    say(&mut rig, &["c"]);
    rig.pass(6.9);
    rig.expect_idle();
    rig.pass(0.2);
    let (id, again) = expect_line(&mut rig, "lobby", "a");
    assert_eq!(line_id, again);
    // Whether it may be said at all is another matter.
    rig.deny(id, DenyCode::NotAMember);
    rig.expect(["chat denied: not_a_member"]);
    let (b, _) = expect_line(&mut rig, "lobby", "b");
    rig.post(b, "b");
    expect_line(&mut rig, "lobby", "c");
}

#[test]
fn lines_end_with_their_session_and_say_whether_they_may_have_been_heard() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a", "b"]);
    expect_lines(&mut rig, ["a", "b"]);
    let resume = rig.cut_and_come_back();
    say(&mut rig, &["c"]);
    rig.deny(resume, DenyCode::SessionExpired);
    rig.expect([
        "chat denied: connection_lost",
        "chat denied: connection_lost",
        "chat denied: not_connected",
        "logged out: session_expired",
    ]);
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a", "b"]);
    let resume = rig.cut_and_come_back();
    say(&mut rig, &["c"]);
    rig.receive_logged_in(resume, 2);
    rig.events();
    expect_line(&mut rig, "lobby", "a");
    rig.session.logout(rig.now);
    let id = rig.expect_sent("logout");
    rig.ok(id);
    rig.expect([
        "chat denied: connection_lost",
        "chat denied: connection_lost",
        "chat denied: not_connected",
        "state Connected",
        "logged out: logout",
    ]);
    rig.expect_idle();
}

#[test]
fn too_many_lines_at_once_are_refused_until_answers_come() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &vec!["x"; MAX_CHATS_IN_FLIGHT + 2]);
    let sent = expect_lines(&mut rig, ["x"; MAX_CHATS_IN_FLIGHT]);
    let (last, rest) = sent.split_last().unwrap();
    for (id, _) in rest {
        rig.posted(*id, "lobby", 0);
    }
    // One place for each answer.
    say(&mut rig, &vec!["y"; MAX_CHATS_IN_FLIGHT]);
    expect_lines(&mut rig, ["y"; MAX_CHATS_IN_FLIGHT - 1]);
    rig.posted(last.0, "lobby", 0);
    let told: Vec<String> = rig.events().iter().map(tell).collect();
    assert_eq!(told[..64], vec!["chat accepted"; 64]);
    assert_eq!(told[64..], ["chat denied: too_many_pending"; 2]);
    say(&mut rig, &["z"]);
    expect_line(&mut rig, "lobby", "z");
}

#[test]
fn an_acknowledged_line_that_did_not_come_back_is_asked_for() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a"]);
    let (id, _) = expect_line(&mut rig, "lobby", "a");
    rig.posted(id, "lobby", 1);
    rig.expect(["chat accepted"]);
    let id = rig.expect_sent("history");
    rig.page(id, "lobby", vec![line(1, "ada", "a")], false);
    rig.expect(["ada: a"]);
}

#[test]
fn everybodys_lines_are_heard_while_logged_in() {
    let mut rig = Rig::logged_in();
    rig.receive_chat("[b]hi[/b]");
    assert_eq!(
        rig.events()[0],
        Event::ChatReceived {
            channel: "lobby".to_owned(),
            line: line(1, "bob", "[b]hi[/b]"),
        }
    );
    let mut out = Rig::connected();
    out.receive_chat("psst");
    out.expect([]);
}
