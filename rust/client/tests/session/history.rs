//! Each line once, in order: as they are said, and in pages.

use std::time::Duration;

use longhall_client::Event;
use longhall_packet::{
    ClientPacket, Conversation, DenyCode, InboxState, Line, LineKind, RequestId, Seq, ServerPacket,
};

use crate::support::{PASSWORD, Rig, channel, line, logged_in, whisper};

/// Logs in with what `set` makes of the packet.
fn logged_in_with(rig: &mut Rig, set: impl FnOnce(&mut ServerPacket)) {
    rig.session.login(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("login");
    let mut packet = logged_in(id, "ada", 1);
    set(&mut packet);
    rig.receive(&packet);
    assert_eq!(rig.outcomes(), ["Done"]);
}

/// Logs in to a lobby with so many lines, of which the newest are not shown.
fn in_a_lobby_of(last_seq: Seq) -> Rig {
    let mut rig = Rig::with(|config| config.history_lines = 0).connect();
    logged_in_with(&mut rig, |packet| lobby(packet).last_seq = last_seq);
    rig.lobby_seq = last_seq;
    rig.expect(["state LoggedIn", "logged in ada", "joined lobby"]);
    rig.expect_idle();
    rig
}

fn lobby(packet: &mut ServerPacket) -> &mut longhall_packet::ChannelState {
    match packet {
        ServerPacket::LoggedIn { channels, .. } => &mut channels[0],
        other => panic!("{other:?}"),
    }
}

/// The connection is cut and comes back, and the lobby ends here now.
fn cut_and_resume(rig: &mut Rig, last_seq: Seq) {
    rig.cut();
    rig.wait_for_open();
    rig.come_up();
    let id = rig.expect_sent("resume");
    rig.events();
    let mut packet = logged_in(id, "ada", 2);
    lobby(&mut packet).last_seq = last_seq;
    rig.receive(&packet);
    rig.expect(["state LoggedIn", "logged in ada"]);
}

/// Fails unless exactly this page was asked for; the request's id.
#[track_caller]
fn expect_page(
    rig: &mut Rig,
    of: &str,
    from: Option<Seq>,
    to: Option<Seq>,
    most: u32,
) -> RequestId {
    match &rig.sent()[..] {
        [
            ClientPacket::History {
                id,
                channel,
                after,
                before,
                limit,
            },
        ] => {
            assert_eq!(
                (channel.to_string().as_str(), *after, *before, *limit),
                (of, from, to, most)
            );
            *id
        }
        other => panic!("{other:?} instead of a page of {of}"),
    }
}

fn lines(seqs: std::ops::RangeInclusive<Seq>) -> Vec<Line> {
    let text = |seq: Seq| seq.to_string();
    seqs.map(|seq| line(seq, "bob", &text(seq))).collect()
}

fn entry(seq: Seq, kind: LineKind, of: Seq, text: &str) -> Line {
    Line {
        kind,
        of: Some(of),
        ..line(seq, "bob", text)
    }
}

#[test]
fn coming_in_shows_the_newest_page_and_then_what_was_said_meanwhile() {
    let mut rig = Rig::new().connect();
    logged_in_with(&mut rig, |packet| lobby(packet).last_seq = 200);
    rig.expect(["state LoggedIn", "logged in ada", "joined lobby"]);
    let id = expect_page(&mut rig, "lobby", None, None, 50);
    rig.lobby_seq = 200;
    rig.receive_chat("201");
    rig.receive_chat("202");
    rig.expect([]);
    rig.page(id, "lobby", lines(199..=201), true);
    rig.expect(["lobby before: ...199 200 201", "bob: 202"]);
    rig.expect_idle();
}

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

#[test]
fn older_pages_go_above_what_is_shown() {
    let mut rig = in_a_lobby_of(100);
    let first = rig.session.load_history(rig.now, "");
    rig.session.load_history(rig.now, "lobby");
    assert_eq!(rig.outcomes(), ["already_pending"]);
    let id = expect_page(&mut rig, "lobby", None, Some(101), 50);
    rig.page(id, "lobby", lines(99..=100), true);
    rig.expect(["lobby before: ...99 100"]);
    let (call, answer) = rig.session.poll_outcome().unwrap();
    assert_eq!(call, first);
    assert_eq!(
        answer.unwrap(),
        longhall_client::Answer::History {
            channel: "lobby".to_owned(),
            lines: lines(99..=100),
            more: true
        }
    );
    rig.session.load_history(rig.now, "lobby");
    let id = expect_page(&mut rig, "lobby", None, Some(99), 50);
    rig.deny(id, DenyCode::Unavailable);
    rig.pass(0.6);
    let id = expect_page(&mut rig, "lobby", None, Some(99), 50);
    rig.page(id, "lobby", vec![], false);
    rig.expect(["lobby before: "]);
    assert_eq!(rig.outcomes().len(), 1);
}

#[test]
fn a_page_for_a_second_view_tells_nobody_else_and_moves_nothing() {
    let mut rig = in_a_lobby_of(100);
    let call = rig.session.read_history(rig.now, "lobby", 61);
    let id = expect_page(&mut rig, "lobby", None, Some(61), 50);
    rig.page(id, "lobby", vec![entry(60, LineKind::Edit, 3, "x")], true);
    let id = expect_page(&mut rig, "lobby", None, Some(60), 50);
    rig.page(id, "lobby", lines(58..=59), true);
    rig.expect([]);
    let (ended, answer) = rig.session.poll_outcome().unwrap();
    assert_eq!(ended, call);
    assert_eq!(
        answer.unwrap(),
        longhall_client::Answer::History {
            channel: "lobby".to_owned(),
            lines: lines(58..=59),
            more: true
        }
    );
    rig.session.load_history(rig.now, "lobby");
    expect_page(&mut rig, "lobby", None, Some(101), 50);
    rig.session.read_history(rig.now, "nowhere", 61);
    assert_eq!(rig.outcomes(), ["not_a_member"]);
}

#[test]
fn nothing_is_above_the_first_line() {
    let mut rig = in_a_lobby_of(0);
    rig.session.load_history(rig.now, "");
    rig.expect(["lobby before: "]);
    rig.expect_idle();
    assert_eq!(rig.outcomes().len(), 1);
}

#[test]
fn a_page_of_nothing_but_traces_leads_to_the_next() {
    let mut rig = in_a_lobby_of(100);
    rig.session.load_history(rig.now, "");
    let id = expect_page(&mut rig, "lobby", None, Some(101), 50);
    let traces = vec![
        entry(99, LineKind::Edit, 3, "x"),
        entry(100, LineKind::Deletion, 3, ""),
    ];
    rig.page(id, "lobby", traces, true);
    rig.expect([]);
    let id = expect_page(&mut rig, "lobby", None, Some(99), 50);
    rig.page(id, "lobby", lines(98..=98), true);
    rig.expect(["lobby before: ...98"]);
}

#[test]
fn older_pages_end_with_the_connection_and_with_the_channel() {
    let mut rig = in_a_lobby_of(100);
    rig.session.load_history(rig.now, "");
    rig.session.load_history(rig.now, "@bob");
    rig.session.load_history(rig.now, "elsewhere");
    rig.session.load_history(rig.now, "@");
    assert_eq!(rig.outcomes(), ["not_a_member", "unknown_user"]);
    rig.cut();
    assert_eq!(rig.outcomes(), ["connection_lost", "connection_lost"]);
    rig.session.load_history(rig.now, "");
    assert_eq!(rig.outcomes(), ["not_connected"]);
}

#[test]
fn edits_and_deletions_change_what_is_shown_and_hidden_lines_are_not() {
    let mut rig = in_a_lobby_of(10);
    rig.receive_chat("11");
    rig.receive_line("lobby", entry(12, LineKind::Edit, 11, "eleven"));
    rig.receive_line("lobby", entry(13, LineKind::Hidden, 11, ""));
    rig.receive_line("lobby", entry(14, LineKind::Unknown, 11, ""));
    rig.receive_line("lobby", entry(15, LineKind::Edit, 3, "not shown"));
    rig.receive_line("lobby", entry(16, LineKind::Deletion, 11, ""));
    rig.expect(["bob: 11", "lobby 11 now: eleven", "lobby 11 deleted"]);
    rig.expect_idle();
}

#[test]
fn a_line_deleted_while_one_was_away_comes_as_a_tombstone() {
    let mut rig = in_a_lobby_of(0);
    cut_and_resume(&mut rig, 3);
    let id = expect_page(&mut rig, "lobby", Some(0), None, 500);
    let gap = vec![
        Line {
            kind: LineKind::Deleted,
            ..line(1, "bob", "")
        },
        line(2, "eve", "two"),
        entry(3, LineKind::Deletion, 1, ""),
    ];
    rig.page(id, "lobby", gap, false);
    rig.expect(["bob: (deleted)", "eve: two", "lobby 1 deleted"]);
}

#[test]
fn an_older_page_made_before_an_edit_shows_the_edit() {
    let mut rig = in_a_lobby_of(10);
    rig.session.load_history(rig.now, "");
    let id = expect_page(&mut rig, "lobby", None, Some(11), 50);
    rig.receive_line("lobby", entry(11, LineKind::Edit, 9, "new"));
    rig.receive_line("lobby", entry(12, LineKind::Edit, 9, "newer"));
    rig.receive_line("lobby", entry(13, LineKind::Deletion, 10, ""));
    rig.expect([]);
    rig.page(id, "lobby", lines(8..=10), true);
    rig.expect(["lobby before: ...8 newer "]);
}

#[test]
fn whispers_are_told_by_the_other_side() {
    let mut rig = in_a_lobby_of(0);
    rig.receive_line("@", whisper(1, "bob", "ada", "psst"));
    rig.receive_line("@", whisper(2, "ada", "bob", "yes?"));
    rig.receive_line("@", whisper(3, "ada", "eve", "hi"));
    rig.receive_line("@", whisper(4, "ada", "ada", "note"));
    rig.expect([
        "@bob bob: psst",
        "@bob ada: yes?",
        "@eve ada: hi",
        "@ada ada: note",
    ]);
    let names: Vec<String> = rig
        .session
        .conversations()
        .into_iter()
        .map(|with| with.username)
        .collect();
    assert_eq!(names, ["ada", "eve", "bob"]);
    assert_eq!(rig.session.last_whisper_from(), Some("bob"));
}

#[test]
fn the_inbox_is_one_log_and_its_pages_fall_to_conversations() {
    let mut rig = Rig::new().connect();
    logged_in_with(&mut rig, |packet| {
        if let ServerPacket::LoggedIn { inbox, .. } = packet {
            *inbox = InboxState {
                first_seq: 1,
                last_seq: 40,
                conversations: vec![Conversation {
                    username: "bob".to_owned(),
                    last_seq: 40,
                    read_seq: 38,
                    unread: 1,
                }],
            };
        }
    });
    let id = expect_page(&mut rig, "@", None, None, 50);
    rig.events();
    let page = vec![
        whisper(38, "bob", "ada", "a"),
        whisper(39, "ada", "eve", "b"),
        whisper(40, "bob", "ada", "c"),
    ];
    rig.page(id, "@", page, true);
    rig.expect(["@bob before: ...a c", "@eve before: ...b"]);

    // Scrolling up in one conversation does not move the others.
    rig.session.load_history(rig.now, "@BOB");
    let id = expect_page(&mut rig, "@BOB", None, Some(38), 50);
    rig.page(id, "@BOB", vec![whisper(20, "bob", "ada", "old")], true);
    rig.expect(["@bob before: ...old"]);
    rig.session.load_history(rig.now, "@bob");
    let id = expect_page(&mut rig, "@bob", None, Some(20), 50);
    rig.page(id, "@bob", vec![], false);
    rig.expect(["@bob before: "]);
    rig.session.load_history(rig.now, "@eve");
    expect_page(&mut rig, "@eve", None, Some(38), 50);
}

#[test]
fn a_channel_left_and_joined_again_begins_anew() {
    let mut rig = Rig::logged_in();
    let join = |rig: &mut Rig| {
        let mut state = channel("trade");
        state.last_seq = 5;
        rig.receive(&ServerPacket::Joined {
            id: None,
            channel: state,
        });
    };
    let leave = |rig: &mut Rig| {
        rig.receive(&ServerPacket::Left {
            channel: "trade".to_owned(),
            reason: longhall_packet::LeaveReason::Left,
            by: None,
        });
    };
    join(&mut rig);
    let old = expect_page(&mut rig, "trade", None, None, 50);
    leave(&mut rig);
    join(&mut rig);
    rig.page(old, "trade", lines(4..=5), true);
    rig.expect(["joined trade", "left trade: left ", "joined trade"]);
    let id = expect_page(&mut rig, "trade", None, None, 50);
    rig.page(id, "trade", lines(4..=5), true);
    rig.expect(["trade before: ...4 5"]);
    leave(&mut rig);
    rig.receive_line("trade", line(6, "bob", "behind your back"));
    rig.expect(["left trade: left "]);
}

#[test]
fn what_is_not_read_is_counted() {
    let mut rig = Rig::new().connect();
    logged_in_with(&mut rig, |packet| {
        let lobby = lobby(packet);
        lobby.last_seq = 10;
        lobby.read_seq = 3;
        lobby.unread = 6;
    });
    let unread = |rig: &Rig| {
        let lobby = rig.session.channel("").unwrap();
        (lobby.unread, lobby.read_seq)
    };
    assert_eq!(unread(&rig), (6, 3));
    let id = expect_page(&mut rig, "lobby", None, None, 50);
    let mut page = lines(8..=10);
    page[1].sender = "ada".to_owned();
    rig.page(id, "lobby", page, true);
    assert_eq!(unread(&rig), (6, 3));
    rig.lobby_seq = 10;
    rig.receive_chat("11");
    rig.receive_line("lobby", line(12, "ada", "mine"));
    assert_eq!(unread(&rig), (7, 3));
    rig.receive_line("lobby", entry(13, LineKind::Deletion, 11, ""));
    assert_eq!(unread(&rig), (6, 3));
    rig.events();

    rig.session.mark_read(rig.now, "", 9);
    assert_eq!(unread(&rig), (1, 9));
    let news = rig.events();
    assert_eq!(
        news,
        [Event::UnreadChanged {
            channel: "lobby".to_owned(),
            unread: 1,
            read_seq: 9
        }]
    );
    let first = rig.sent();
    assert!(matches!(first[..], [ClientPacket::Read { seq: 9, .. }]));
    // While that is under way, only the latest waits.
    rig.session.mark_read(rig.now, "", 8);
    rig.session.mark_read(rig.now, "", 10);
    rig.session.mark_read(rig.now, "", 99);
    rig.expect_idle();
    assert_eq!(unread(&rig), (0, 13));
    rig.ok(first[0].id());
    let second = rig.sent();
    assert!(matches!(second[..], [ClientPacket::Read { seq: 13, .. }]));
    rig.deny(second[0].id(), DenyCode::Busy);
    rig.pass(2.1);
    let third = rig.expect_sent("read");
    rig.ok(third);
    rig.pass(10.0);
    rig.expect_idle();
    assert_eq!(rig.outcomes(), ["Done"; 4]);
}

#[test]
fn the_count_of_unread_lines_is_told_once_for_many_of_them() {
    let mut rig = Rig::logged_in();
    let told =
        |rig: &mut Rig| -> Vec<String> { rig.events().iter().map(crate::support::tell).collect() };
    rig.receive_chat("1");
    rig.receive_chat("2");
    assert_eq!(told(&mut rig), ["bob: 1", "bob: 2"]);
    assert_eq!(rig.session.channel("").unwrap().unread, 2);
    assert_eq!(rig.session.next_deadline(), Some(rig.now));
    rig.session.tick(rig.now);
    assert_eq!(told(&mut rig), ["lobby unread 2 after 0"]);
    assert_ne!(rig.session.next_deadline(), Some(rig.now));

    rig.receive_chat("3");
    rig.session.tell_counts();
    rig.session.tell_counts();
    rig.session.tick(rig.now);
    assert_eq!(told(&mut rig), ["bob: 3", "lobby unread 3 after 0"]);
}

#[test]
fn reading_on_another_device_counts_here() {
    let mut rig = Rig::logged_in();
    for text in ["1", "2", "3"] {
        rig.receive_chat(text);
    }
    rig.receive_line("@", whisper(1, "bob", "ada", "psst"));
    rig.session.tick(rig.now);
    rig.events();
    for (place, seq, unread) in [("lobby", 2, 1), ("@bob", 1, 0), ("lobby", 1, 2)] {
        rig.receive(&ServerPacket::Read {
            channel: place.to_owned(),
            seq,
            unread,
        });
    }
    let told: Vec<String> = rig.events().iter().map(crate::support::tell).collect();
    assert_eq!(told, ["lobby unread 1 after 2", "@bob unread 0 after 1"]);
}

#[test]
fn markers_set_during_a_cut_or_under_way_reach_the_server_after_it() {
    let mut rig = Rig::logged_in();
    rig.receive_chat("1");
    rig.receive_chat("2");
    rig.session.mark_read(rig.now, "lobby", 1);
    rig.expect_sent("read");
    cut_and_resume(&mut rig, 2);
    let sent = rig.sent();
    assert!(matches!(sent[..], [ClientPacket::Read { seq: 1, .. }]));
    rig.cut();
    rig.session.mark_read(rig.now, "lobby", 2);
    rig.wait_for_open();
    rig.come_up();
    let id = rig.expect_sent("resume");
    let mut packet = logged_in(id, "ada", 2);
    let state = lobby(&mut packet);
    (state.last_seq, state.read_seq, state.unread) = (2, 1, 1);
    rig.receive(&packet);
    let sent = rig.sent();
    assert!(matches!(sent[..], [ClientPacket::Read { seq: 2, .. }]));
    let lobby = rig.session.channel("").unwrap();
    assert_eq!((lobby.unread, lobby.read_seq), (0, 2));
    assert_eq!(rig.outcomes(), ["Done", "Done"]);
    let mut out = Rig::connected();
    out.session.mark_read(out.now, "lobby", 1);
    assert_eq!(out.outcomes(), ["not_logged_in"]);
}

#[test]
fn the_gap_counts_as_unread_once() {
    let mut rig = in_a_lobby_of(0);
    rig.receive_chat("1");
    rig.cut();
    rig.wait_for_open();
    rig.come_up();
    let id = rig.expect_sent("resume");
    let mut packet = logged_in(id, "ada", 2);
    lobby(&mut packet).last_seq = 4;
    lobby(&mut packet).unread = 4;
    rig.receive(&packet);
    assert_eq!(rig.session.channel("").unwrap().unread, 4);
    let id = expect_page(&mut rig, "lobby", Some(1), None, 500);
    rig.page(id, "lobby", lines(2..=4), false);
    assert_eq!(rig.session.channel("").unwrap().unread, 4);
    rig.lobby_seq = 4;
    rig.receive_chat("5");
    assert_eq!(rig.session.channel("").unwrap().unread, 5);
}

#[test]
fn older_lines_asked_for_from_a_silent_server_end_with_a_time_out() {
    // Whether the first page never comes, or the older one.
    for first_page_comes in [false, true] {
        let mut rig = Rig::with(|config| config.heartbeat_interval = Duration::ZERO).connect();
        rig.session.login(rig.now, "ada", PASSWORD);
        let id = rig.expect_sent("login");
        let mut packet = logged_in(id, "ada", 1);
        lobby(&mut packet).last_seq = 9;
        rig.receive(&packet);
        let id = expect_page(&mut rig, "lobby", None, None, 50);
        if first_page_comes {
            rig.page(id, "lobby", lines(8..=9), true);
        }
        rig.outcomes();
        rig.session.load_history(rig.now, "lobby");
        rig.pass(15.1);
        assert_eq!(rig.outcomes(), ["timed_out"]);
    }
}
