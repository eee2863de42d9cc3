//! How many lines wait to be read, and how far the player has read.

use super::*;

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
