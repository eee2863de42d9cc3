//! Each line once, in order: as they are said, and in pages.

mod gaps;
mod older;
mod unread;

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
    let id = rig.cut_and_come_back();
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
