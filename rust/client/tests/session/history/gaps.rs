//! The client asks for missed lines, once and in order.

use super::*;

#[test]
fn after_a_cut_exactly_the_gap_is_asked_for() {
    let mut rig = in_a_lobby_of(10);
    rig.receive_chat("11");
    rig.expect(["bob: 11"]);
    cut_and_resume(&mut rig, 14);
    let id = expect_page(&mut rig, "lobby", Some(11), None, 500);
    rig.lobby_seq = 14;
    rig.receive_chat("15");
    rig.expect([]);
    rig.page(id, "lobby", lines(12..=13), true);
    rig.expect(["bob: 12", "bob: 13"]);
    let id = expect_page(&mut rig, "lobby", Some(13), None, 500);
    // Made after 15 was said.
    rig.page(id, "lobby", lines(14..=15), false);
    rig.expect(["bob: 14", "bob: 15"]);
    rig.receive_chat("16");
    rig.expect(["bob: 16"]);
    rig.expect_idle();
}

#[test]
fn without_a_gap_nothing_is_asked_for() {
    let mut rig = in_a_lobby_of(10);
    cut_and_resume(&mut rig, 10);
    rig.expect_idle();
}

#[test]
fn holes_gaps_and_doubles_heal() {
    let mut rig = in_a_lobby_of(0);
    rig.receive_line("lobby", line(1, "bob", "1"));
    rig.receive_line("lobby", line(1, "bob", "1"));
    rig.expect(["bob: 1"]);
    rig.receive_line("lobby", line(4, "bob", "4"));
    let id = expect_page(&mut rig, "lobby", Some(1), None, 500);
    rig.expect([]);
    rig.page(id, "lobby", lines(2..=3), false);
    rig.expect(["bob: 2", "bob: 3", "bob: 4"]);
    rig.expect_idle();
    rig.receive(&ServerPacket::Gap {
        channel: "lobby".to_owned(),
        last_seq: 6,
    });
    let id = expect_page(&mut rig, "lobby", Some(4), None, 500);
    rig.page(id, "lobby", lines(5..=6), false);
    rig.expect(["bob: 5", "bob: 6"]);
    rig.receive(&ServerPacket::Gap {
        channel: "lobby".to_owned(),
        last_seq: 6,
    });
    rig.expect_idle();
}

#[test]
fn more_lines_than_are_held_while_a_gap_is_filled_are_asked_for_as_well() {
    let mut rig = in_a_lobby_of(0);
    let newest = 600;
    for seq in 2..=newest {
        rig.receive_line("lobby", line(seq, "bob", &seq.to_string()));
    }
    let id = expect_page(&mut rig, "lobby", Some(0), None, 500);
    rig.page(id, "lobby", lines(1..=1), false);
    let held = rig.events();
    let shown = held
        .iter()
        .filter(|event| matches!(event, Event::ChatReceived { .. }))
        .count() as Seq;
    assert!((100..newest).contains(&shown), "{shown}");
    let id = expect_page(&mut rig, "lobby", Some(shown), None, 500);
    rig.page(id, "lobby", lines(shown + 1..=newest), false);
    rig.expect_idle();
    let rest = rig.events();
    assert!(
        matches!(&rest[rest.len() - 2], Event::ChatReceived { line, .. } if line.seq == newest)
    );
}

#[test]
fn a_cut_while_a_gap_is_filled_starts_where_it_was() {
    let mut rig = in_a_lobby_of(0);
    cut_and_resume(&mut rig, 600);
    let id = expect_page(&mut rig, "lobby", Some(0), None, 500);
    rig.page(id, "lobby", lines(1..=500), true);
    let late = expect_page(&mut rig, "lobby", Some(500), None, 500);
    rig.events();
    cut_and_resume(&mut rig, 601);
    let id = expect_page(&mut rig, "lobby", Some(500), None, 500);
    // Nothing of the old connection counts.
    rig.page(late, "lobby", lines(501..=600), false);
    rig.expect([]);
    rig.page(id, "lobby", lines(501..=601), false);
    assert_eq!(rig.events().len(), 102);
}

#[test]
fn a_gap_too_wide_to_fill_is_skipped_to_the_newest_page() {
    let mut rig = Rig::new().connect().log_in();
    rig.receive_chat("1");
    rig.expect(["bob: 1"]);
    cut_and_resume(&mut rig, 10_002);
    let id = expect_page(&mut rig, "lobby", None, None, 50);
    rig.page(id, "lobby", lines(9_953..=10_002), true);
    let events = rig.events();
    assert_eq!(
        events[0],
        Event::HistorySkipped {
            channel: "lobby".to_owned(),
            first_seq: 2,
            last_seq: 9_952
        }
    );
    assert!(
        matches!(&events[1], Event::HistoryLoaded { lines, more: true, .. } if lines.len() == 50)
    );
    rig.session.load_history(rig.now, "");
    expect_page(&mut rig, "lobby", None, Some(9_953), 50);

    // One line fewer is filled.
    let mut rig = Rig::new().connect().log_in();
    rig.receive_chat("1");
    rig.events();
    cut_and_resume(&mut rig, 10_001);
    expect_page(&mut rig, "lobby", Some(1), None, 500);
}

#[test]
fn lines_that_the_server_no_longer_keeps_are_told_of() {
    for (kept, skipped_to) in [(vec![], 14), (lines(13..=14), 12)] {
        let mut rig = Rig::new().connect().log_in();
        for text in ["1", "2"] {
            rig.receive_chat(text);
        }
        rig.events();
        cut_and_resume(&mut rig, 14);
        let id = expect_page(&mut rig, "lobby", Some(2), None, 500);
        let page = |id| ServerPacket::History {
            id,
            channel: "lobby".to_owned(),
            first_seq: 13,
            last_seq: 14,
            lines: kept.clone(),
            more: false,
        };
        rig.receive(&page(id));
        let id = expect_page(&mut rig, "lobby", None, None, 50);
        rig.receive(&page(id));
        let events = rig.events();
        assert_eq!(
            events[0],
            Event::HistorySkipped {
                channel: "lobby".to_owned(),
                first_seq: 3,
                last_seq: skipped_to
            }
        );
        rig.lobby_seq = 14;
        rig.receive_chat("15");
        rig.expect(["bob: 15"]);
        rig.expect_idle();
    }
}

#[test]
fn a_server_that_lost_lines_is_followed_from_where_it_is() {
    let mut rig = in_a_lobby_of(10);
    rig.cut();
    rig.wait_for_open();
    rig.come_up();
    let id = rig.expect_sent("resume");
    rig.events();
    let mut packet = logged_in(id, "ada", 2);
    lobby(&mut packet).last_seq = 7;
    rig.receive(&packet);
    rig.expect([
        "warning",
        "history reset",
        "state LoggedIn",
        "logged in ada",
        "joined lobby",
    ]);
    rig.lobby_seq = 7;
    rig.receive_chat("8");
    rig.expect(["bob: 8"]);
    rig.expect_idle();
}

#[test]
fn a_page_refused_for_now_is_asked_for_again_and_the_rest_goes_on() {
    let mut rig = in_a_lobby_of(0);
    cut_and_resume(&mut rig, 3);
    let id = expect_page(&mut rig, "lobby", Some(0), None, 500);
    rig.deny_for(id, DenyCode::RateLimited, 3);
    rig.lobby_seq = 3;
    rig.receive_chat("4");
    rig.expect([]);
    rig.pass(2.9);
    rig.expect_idle();
    rig.pass(0.7);
    let id = expect_page(&mut rig, "lobby", Some(0), None, 500);
    rig.page(id, "lobby", lines(1..=3), true);
    rig.expect(["bob: 1", "bob: 2", "bob: 3", "bob: 4"]);
}

#[test]
fn a_page_without_answer_is_asked_for_again() {
    let mut rig = in_a_lobby_of(0);
    cut_and_resume(&mut rig, 1);
    expect_page(&mut rig, "lobby", Some(0), None, 500);
    rig.pass_quietly(15.0);
    rig.pass(0.6);
    let id = expect_page(&mut rig, "lobby", Some(0), None, 500);
    rig.page(id, "lobby", lines(1..=1), false);
    rig.expect(["bob: 1"]);
}

#[test]
fn a_page_refused_for_good_holds_nothing_up() {
    let mut rig = in_a_lobby_of(0);
    cut_and_resume(&mut rig, 3);
    let id = expect_page(&mut rig, "lobby", Some(0), None, 500);
    rig.lobby_seq = 3;
    rig.receive_chat("4");
    rig.deny(id, DenyCode::NotAllowed);
    rig.expect(["lobby without 1 to 4"]);
    rig.receive_chat("5");
    rig.expect(["bob: 5"]);
    rig.expect_idle();
}
