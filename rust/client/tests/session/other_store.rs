//! Another store behind the server, or an older state of it: what was known of the
//! lines is void.

use longhall_client::Config;
use longhall_packet::{
    ClientPacket, Conversation, DenyCode, RequestId, ResumeToken, Seq, ServerPacket, Target,
};

use crate::support::{PASSWORD, Rig, channel, line, logged_in, token};

/// A login to the store `epoch`, whose lobby ends at `last_seq`.
fn packet(id: RequestId, username: &str, epoch: &str, last_seq: Seq) -> ServerPacket {
    let mut packet = logged_in(id, username, 9);
    if let ServerPacket::LoggedIn {
        epoch: field,
        channels,
        ..
    } = &mut packet
    {
        epoch.clone_into(field);
        channels[0].last_seq = last_seq;
    }
    packet
}

/// Ada is in a lobby without lines, in the store `epoch`.
fn logged_in_to(epoch: &str) -> Rig {
    logged_in_with(epoch, |_| {})
}

fn logged_in_with(epoch: &str, set: impl FnOnce(&mut Config)) -> Rig {
    let mut rig = Rig::with(set).connect();
    log_in(&mut rig, "ada", epoch, 0);
    rig.events();
    rig.outcomes();
    rig
}

fn log_in(rig: &mut Rig, username: &str, epoch: &str, last_seq: Seq) {
    rig.session.login(rig.now, username, PASSWORD);
    let id = rig.expect_sent("login");
    rig.receive(&packet(id, username, epoch, last_seq));
    rig.lobby_seq = last_seq;
}

fn log_out(rig: &mut Rig) {
    rig.session.logout(rig.now);
    let id = rig.expect_sent("logout");
    rig.ok(id);
}

/// A cut, and the session is taken up again; nothing of it is polled.
fn cut_and_resume(rig: &mut Rig, epoch: &str, last_seq: Seq) {
    let id = rig.cut_and_come_back();
    rig.receive(&packet(id, "ada", epoch, last_seq));
    rig.lobby_seq = last_seq;
}

/// Fails unless everything began anew with this login, and nothing else happened.
#[track_caller]
fn expect_all_anew(rig: &mut Rig, name: &str) {
    rig.expect([
        "warning",
        "history reset",
        "state LoggedIn",
        &format!("logged in {name}"),
        "joined lobby",
    ]);
}

/// The page of the lobby that was asked for: behind which number, and its id.
#[track_caller]
fn asked_page(sent: &[ClientPacket]) -> (Option<Seq>, RequestId) {
    let page = sent.iter().find_map(|packet| match packet {
        ClientPacket::History { id, after, .. } => Some((*after, *id)),
        _ => None,
    });
    page.unwrap_or_else(|| panic!("no page in {sent:?}"))
}

fn sent_lines(sent: &[ClientPacket]) -> Vec<(RequestId, String)> {
    let lines = sent.iter().filter_map(|packet| match packet {
        ClientPacket::Chat { id, text, .. } => Some((*id, text.as_str().to_owned())),
        _ => None,
    });
    lines.collect()
}

#[test]
fn another_epoch_after_a_cut_makes_all_lines_void_before_new_ones_come() {
    let mut rig = logged_in_to("one");
    rig.receive_chat("old 1");
    rig.receive_chat("old 2");
    rig.expect(["bob: old 1", "bob: old 2"]);
    // The new log is longer, so nothing but the epoch tells.
    cut_and_resume(&mut rig, "two", 5);
    expect_all_anew(&mut rig, "ada");
    let (after, id) = asked_page(&rig.sent());
    assert_eq!(after, None, "as on the first time");
    rig.receive_chat("six");
    rig.expect([]);
    rig.page(id, "lobby", vec![line(5, "bob", "five")], true);
    rig.expect(["lobby before: ...five", "bob: six"]);
}

#[test]
fn the_store_is_known_beyond_a_log_out_and_for_another_account() {
    for name in ["ada", "bob"] {
        let mut rig = logged_in_to("one");
        log_out(&mut rig);
        rig.events();
        log_in(&mut rig, name, "two", 0);
        expect_all_anew(&mut rig, name);
    }
}

#[test]
fn a_fresh_database_is_noticed_though_it_knows_no_session() {
    let mut rig = logged_in_to("one");
    rig.receive_chat("old");
    let id = rig.cut_and_come_back();
    rig.deny(id, DenyCode::SessionExpired);
    rig.events();
    log_in(&mut rig, "ada", "two", 0);
    expect_all_anew(&mut rig, "ada");
    rig.receive_chat("new");
    rig.expect(["bob: new"]);
}

#[test]
fn the_same_store_is_nothing_new() {
    // An older server tells no epoch, and one that is updated begins to.
    for epochs in [
        ["one", "one", "one"],
        ["", "one", "one"],
        ["one", "", "one"],
    ] {
        let mut rig = logged_in_to(epochs[0]);
        rig.receive_chat("1");
        rig.events();
        for (epoch, last_seq) in [(epochs[1], 1), (epochs[2], 2)] {
            cut_and_resume(&mut rig, epoch, last_seq);
            rig.expect(["state LoggedIn", "logged in ada"]);
        }
        let (after, _) = asked_page(&rig.sent());
        assert_eq!(after, Some(1));
        // A log-out in between does not change that.
        log_out(&mut rig);
        rig.events();
        log_in(&mut rig, "ada", epochs[2], 2);
        rig.expect(["state LoggedIn", "logged in ada", "joined lobby"]);
    }
}

#[test]
fn an_epoch_is_remembered_past_a_server_that_tells_none() {
    let mut rig = logged_in_to("one");
    cut_and_resume(&mut rig, "", 0);
    rig.expect(["state LoggedIn", "logged in ada"]);
    cut_and_resume(&mut rig, "two", 0);
    let events = rig.events();
    assert!(events.contains(&longhall_client::Event::HistoryReset));
}

#[test]
fn a_log_that_ends_before_lines_that_are_known_is_another_one() {
    for epoch in ["", "one"] {
        let mut rig = logged_in_to(epoch);
        rig.receive_chat("1");
        rig.receive_chat("2");
        rig.events();
        cut_and_resume(&mut rig, epoch, 1);
        expect_all_anew(&mut rig, "ada");
        let (after, _) = asked_page(&rig.sent());
        assert_eq!(after, None);
        // The same by what was known before a log-out; another account's say nothing.
        log_out(&mut rig);
        rig.events();
        log_in(&mut rig, "bob", epoch, 0);
        rig.expect(["state LoggedIn", "logged in bob", "joined lobby"]);
    }
    let mut rig = logged_in_to("one");
    rig.receive_chat("1");
    log_out(&mut rig);
    rig.events();
    log_in(&mut rig, "ada", "one", 0);
    expect_all_anew(&mut rig, "ada");
}

#[test]
fn a_shorter_inbox_is_another_one_too() {
    let mut rig = logged_in_to("");
    rig.receive_line("@", line(1, "bob", "psst"));
    rig.events();
    cut_and_resume(&mut rig, "", 0);
    let events = rig.events();
    assert!(events.contains(&longhall_client::Event::HistoryReset));
    assert_eq!(rig.session.conversations(), []);
    assert_eq!(rig.session.last_whisper_from(), None);
}

#[test]
fn lines_that_wait_are_said_to_the_new_store_in_order() {
    let mut rig = logged_in_to("one");
    rig.session.send_chat(rig.now, "", "first");
    rig.session.send_chat(rig.now, "", "second");
    rig.sent();
    rig.cut();
    rig.session.send_chat(rig.now, "", "third");
    let id = rig.come_back();
    rig.receive(&packet(id, "ada", "two", 0));
    rig.events();
    for (number, text) in ["first", "second", "third"].into_iter().enumerate() {
        let sent = rig.sent();
        let lines = sent_lines(&sent);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(lines[0].1, text);
        let seq = number as Seq + 1;
        rig.receive_line("lobby", line(seq, "ada", text));
        rig.posted(lines[0].0, "lobby", seq);
    }
    rig.expect([
        "ada: first",
        "chat accepted",
        "ada: second",
        "chat accepted",
        "ada: third",
        "chat accepted",
    ]);
}

#[test]
fn a_line_taken_by_the_old_store_behind_one_without_answer_is_said_again() {
    let mut rig = logged_in_to("one");
    rig.session.send_chat(rig.now, "", "first");
    rig.session.send_chat(rig.now, "", "second");
    let before = sent_lines(&rig.sent());
    // Its outcome waits for that of the first.
    rig.posted(before[1].0, "lobby", 7);
    rig.expect([]);
    cut_and_resume(&mut rig, "two", 0);
    rig.events();
    let first = sent_lines(&rig.sent());
    assert_eq!(first[0].1, "first");
    rig.post(first[0].0, "first");
    let second = sent_lines(&rig.sent());
    assert_eq!(second[0].1, "second");
    rig.post(second[0].0, "second");
    let outcomes = rig.outcomes();
    assert!(
        outcomes[0].contains("seq: 1") && outcomes[1].contains("seq: 2"),
        "{outcomes:?}"
    );
}

#[test]
fn edits_and_deletions_of_old_lines_never_reach_the_new_store() {
    let mut rig = logged_in_to("one");
    rig.receive_line("lobby", line(1, "ada", "old"));
    rig.events();
    rig.session.edit_line(rig.now, "lobby", 1, "new");
    rig.session.delete_line(rig.now, "lobby", 1);
    rig.cut();
    assert_eq!(rig.outcomes(), ["connection_lost", "connection_lost"]);
    // Nor does one that is asked for while the connection is away.
    rig.session.delete_line(rig.now, "lobby", 1);
    assert_eq!(rig.outcomes(), ["not_connected"]);
    let id = rig.come_back();
    rig.receive(&packet(id, "ada", "two", 1));
    rig.pass_quietly(1.0);
    let is_change = |packet: &ClientPacket| {
        matches!(
            packet,
            ClientPacket::Edit { .. } | ClientPacket::Delete { .. }
        )
    };
    assert!(!rig.sent().iter().any(is_change));
}

#[test]
fn read_markers_and_counts_begin_anew() {
    let mut rig = logged_in_to("one");
    for text in ["1", "2", "3"] {
        rig.receive_chat(text);
    }
    rig.pass(0.1);
    rig.cut();
    // Waits for the connection.
    rig.session.mark_read(rig.now, "lobby", 2);
    let id = rig.come_back();
    rig.receive(&packet(id, "ada", "two", 3));
    let sent = rig.sent();
    let is_marker = |packet: &ClientPacket| matches!(packet, ClientPacket::Read { .. });
    assert!(!sent.iter().any(is_marker), "{sent:?}");
    let lobby = rig.session.channel("").expect("the lobby");
    assert_eq!((lobby.read_seq, lobby.unread, lobby.last_seq), (0, 0, 3));
}

#[test]
fn channels_that_are_no_more_are_left_and_the_others_joined_anew() {
    let mut rig = Rig::new().connect();
    rig.session.login(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("login");
    let mut before = packet(id, "ada", "one", 0);
    if let ServerPacket::LoggedIn { channels, .. } = &mut before {
        channels.push(channel("trade"));
    }
    rig.receive(&before);
    rig.expect([
        "state LoggedIn",
        "logged in ada",
        "joined lobby",
        "joined trade",
    ]);
    cut_and_resume(&mut rig, "two", 0);
    rig.expect([
        "warning",
        "history reset",
        "state LoggedIn",
        "logged in ada",
        "left trade: left ",
        "joined lobby",
    ]);
}

#[test]
fn a_page_asked_for_before_is_not_shown_in_the_new_store() {
    let mut rig = logged_in_with("one", |config| config.history_lines = 0);
    let id = rig.cut_and_come_back();
    rig.receive(&packet(id, "ada", "one", 3));
    let (after, old_page) = asked_page(&rig.sent());
    assert_eq!(after, Some(0));
    cut_and_resume(&mut rig, "two", 0);
    rig.events();
    rig.page(old_page, "lobby", vec![line(1, "bob", "old")], false);
    rig.expect([]);
}

#[test]
fn counts_of_whispers_come_from_the_new_store() {
    let mut rig = logged_in_to("one");
    let id = rig.cut_and_come_back();
    let mut fresh = packet(id, "ada", "two", 0);
    if let ServerPacket::LoggedIn {
        inbox,
        resume_token,
        ..
    } = &mut fresh
    {
        *resume_token = ResumeToken::clone(&token(3));
        inbox.last_seq = 4;
        inbox.conversations = vec![Conversation {
            username: "bob".to_owned(),
            last_seq: 4,
            read_seq: 1,
            unread: 2,
        }];
    }
    rig.receive(&fresh);
    let whispers = rig.session.conversations();
    assert_eq!(whispers.len(), 1);
    assert_eq!((whispers[0].read_seq, whispers[0].unread), (1, 2));
    let sent = rig.sent();
    let asks_inbox = |packet: &ClientPacket| {
        matches!(
            packet,
            ClientPacket::History {
                channel: Target::Inbox,
                after: None,
                ..
            }
        )
    };
    assert!(sent.iter().any(asks_inbox), "{sent:?}");
}
