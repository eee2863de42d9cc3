//! Saying and hearing lines.

use std::time::Duration;

use longhall_client::{Event, MAX_CHATS_IN_FLIGHT, RefusalCode};
use longhall_packet::{ClientPacket, DenyCode};

use crate::support::{Rig, tell};

/// Sends these lines; their ids.
fn say(rig: &mut Rig, lines: &[&str]) -> Vec<u32> {
    for line in lines {
        rig.session.send_chat(rig.now, line);
    }
    rig.sent().iter().map(ClientPacket::id).collect()
}

#[test]
fn a_line_is_sent_once_and_its_answer_told_once() {
    let mut rig = Rig::logged_in();
    rig.session.send_chat(rig.now, "  hello  ");
    let sent = rig.sent();
    assert!(
        matches!(&sent[..], [ClientPacket::Chat { text, .. }] if text.as_str() == "hello"),
        "{sent:?}"
    );
    rig.ok(sent[0].id());
    rig.ok(sent[0].id());
    rig.deny(sent[0].id(), DenyCode::RateLimited);
    rig.expect(["chat accepted"]);
}

#[test]
fn lines_that_break_a_rule_are_refused_without_asking_the_server() {
    for (line, code) in [
        ("", "too_short"),
        ("   ", "too_short"),
        ("a\nb", "forbidden_character"),
        (&"x".repeat(501), "too_long"),
    ] {
        let mut rig = Rig::logged_in();
        rig.session.send_chat(rig.now, line);
        rig.expect([format!("chat denied: {code}").as_str()]);
        rig.expect_idle();
    }
}

#[test]
fn outcomes_are_told_in_the_order_sent_even_if_answers_come_in_another() {
    let mut rig = Rig::logged_in();
    let ids = say(&mut rig, &["a", "b", "c", "d"]);
    rig.ok(ids[2]);
    rig.deny(ids[1], DenyCode::RateLimited);
    rig.expect([]);
    rig.ok(ids[0]);
    rig.expect([
        "chat accepted",
        "chat denied: rate_limited",
        "chat accepted",
    ]);
    rig.ok(ids[3]);
    rig.expect(["chat accepted"]);
}

#[test]
fn a_line_refused_at_once_still_waits_its_turn() {
    let mut rig = Rig::logged_in();
    let ids = say(&mut rig, &["a", "", "b"]);
    rig.ok(ids[1]);
    rig.expect([]);
    rig.ok(ids[0]);
    rig.expect(["chat accepted", "chat denied: too_short", "chat accepted"]);
    rig.session.send_chat(rig.now, "");
    rig.expect(["chat denied: too_short"]);
}

#[test]
fn refusals_that_wait_are_bounded_too() {
    let mut rig = Rig::logged_in();
    let ids = say(&mut rig, &["a"]);
    for _ in 0..5000 {
        rig.session.send_chat(rig.now, "");
    }
    assert_eq!(rig.events().len(), 5000 - 4095);
    rig.ok(ids[0]);
    assert_eq!(rig.events().len(), 4096);
}

#[test]
fn a_line_without_answer_times_out_and_lets_later_ones_through() {
    let mut rig = Rig::logged_in();
    let ids = say(&mut rig, &["a", "b"]);
    rig.ok(ids[1]);
    rig.pass_quietly(14.9);
    rig.expect([]);
    rig.pass_quietly(0.2);
    rig.expect(["chat denied: timed_out", "chat accepted"]);
    rig.ok(ids[0]);
    rig.expect([]);
}

#[test]
fn a_shorter_time_out_does_not_let_later_lines_overtake() {
    let mut rig = Rig::logged_in();
    say(&mut rig, &["a"]);
    rig.session.config_mut().request_timeout = Duration::from_secs(2);
    let ids = say(&mut rig, &["b"]);
    rig.pass_quietly(3.0);
    rig.expect([]);
    rig.ok(ids[0]);
    rig.pass_quietly(12.1);
    rig.expect(["chat denied: timed_out", "chat denied: timed_out"]);
}

#[test]
fn lines_under_way_end_with_their_connection_in_order() {
    let mut rig = Rig::logged_in();
    let ids = say(&mut rig, &["a", "b", "c"]);
    rig.ok(ids[1]);
    rig.cut();
    rig.expect([
        "chat denied: connection_lost",
        "chat accepted",
        "chat denied: connection_lost",
        "state Reconnecting",
        "disconnected: connection_lost, will retry",
        "try 1",
    ]);
}

#[test]
fn too_many_lines_at_once_are_refused_until_answers_come() {
    let mut rig = Rig::logged_in();
    let ids = say(&mut rig, &vec!["x"; MAX_CHATS_IN_FLIGHT + 2]);
    assert_eq!(ids.len(), MAX_CHATS_IN_FLIGHT);
    rig.expect([]);
    rig.ok(ids[0]);
    rig.expect(["chat accepted"]);
    assert_eq!(say(&mut rig, &["y", "z"]).len(), 1);
    for id in &ids[1..] {
        rig.ok(*id);
    }
    let told: Vec<String> = rig.events().iter().map(tell).collect();
    assert_eq!(told[..63], vec!["chat accepted"; 63]);
    assert_eq!(told[63..], ["chat denied: too_many_pending"; 2]);
}

#[test]
fn everybodys_lines_are_heard_while_logged_in() {
    let mut rig = Rig::logged_in();
    rig.receive_chat("[b]hi[/b]");
    assert_eq!(
        rig.events(),
        [Event::ChatReceived {
            sender: "bob".to_owned(),
            text: "[b]hi[/b]".to_owned(),
            sent_at_ms: 1_700_000_000_000,
        }]
    );
    let mut out = Rig::connected();
    out.receive_chat("psst");
    out.expect([]);
}

#[test]
fn while_the_session_is_taken_up_again_chat_counts_as_not_connected() {
    let mut rig = Rig::logged_in();
    rig.cut();
    rig.wait_for_open();
    rig.come_up();
    rig.events();
    rig.session.send_chat(rig.now, "hi");
    let events = rig.events();
    assert!(
        matches!(&events[..], [Event::ChatDenied(r)] if r.code == RefusalCode::NotConnected),
        "{events:?}"
    );
}
