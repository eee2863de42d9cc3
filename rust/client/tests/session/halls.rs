//! Halls of the lobby: which one the player is in, and how it becomes another.

use longhall_client::{Answer, CallError, CallErrorCode};
use longhall_packet::{
    ChannelState, ClientPacket, DenyCode, Hall, LeaveReason, RequestId, Seq, ServerPacket,
};

use crate::support::{PASSWORD, Rig, channel, line, logged_in, token};

fn hall(number: u32) -> ChannelState {
    let name = match number {
        1 => "lobby".to_owned(),
        _ => format!("lobby-{number}"),
    };
    ChannelState {
        hall: Some(number),
        ..channel(&name)
    }
}

/// In this hall and in `trade`.
fn logged_in_to(id: RequestId, number: u32) -> ServerPacket {
    let mut packet = logged_in(id, "ada", 1);
    if let ServerPacket::LoggedIn { channels, .. } = &mut packet {
        *channels = vec![hall(number), channel("trade")];
    }
    packet
}

/// Logged in, with nothing left to poll.
fn in_hall(number: u32) -> Rig {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("login");
    rig.receive(&logged_in_to(id, number));
    rig.events();
    rig.session.poll_outcome();
    rig
}

fn joined(id: Option<RequestId>, number: u32) -> ServerPacket {
    let channel = hall(number);
    ServerPacket::Joined { id, channel }
}

fn left(number: u32) -> ServerPacket {
    ServerPacket::Left {
        channel: hall(number).channel,
        reason: LeaveReason::Left,
        by: None,
    }
}

/// The channel of the one line or request that is to be sent.
#[track_caller]
fn sent_to(rig: &mut Rig) -> (RequestId, String) {
    match &rig.sent()[..] {
        [ClientPacket::Chat { id, channel, .. } | ClientPacket::History { id, channel, .. }] => {
            (*id, channel.to_string())
        }
        [
            ClientPacket::Members { id, channel, .. }
            | ClientPacket::Join { id, channel, .. }
            | ClientPacket::ChangeHall { id, channel },
        ] => (*id, channel.to_string()),
        other => panic!("{other:?} instead of one packet about a channel"),
    }
}

fn names(rig: &Rig) -> Vec<String> {
    let channels = rig.session.channels().into_iter();
    channels.map(|one| one.channel).collect()
}

#[test]
fn the_halls_are_listed_with_the_one_that_the_player_is_in() {
    let mut rig = in_hall(2);
    assert_eq!(rig.session.hall(), Some(2));
    rig.session.list_halls(rig.now);
    let id = rig.expect_sent("halls");
    let listed = |number: u32, online| Hall {
        channel: hall(number).channel,
        hall: number,
        online,
    };
    let halls = vec![listed(1, 498), listed(2, 500)];
    rig.receive(&ServerPacket::Halls {
        id,
        halls: halls.clone(),
        hall_size: 500,
    });
    let (_, answer) = rig.session.poll_outcome().unwrap();
    let here = "lobby-2".to_owned();
    let hall_size = 500;
    let expected = Answer::Halls {
        halls,
        hall_size,
        here,
    };
    assert_eq!(answer, Ok(expected));
}

#[test]
fn a_lobby_without_halls_has_no_number() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.session.hall(), None);
    rig.session.change_hall(rig.now, "0");
    rig.session.change_hall(rig.now, "two words");
    assert_eq!(rig.outcomes(), ["unknown_channel", "forbidden_character"]);
    rig.expect_idle();
    assert_eq!(Rig::new().session.hall(), None);
}

#[test]
fn the_hall_that_is_changed_to_is_the_lobby() {
    let mut rig = in_hall(2);
    rig.session.change_hall(rig.now, "3");
    let (id, name) = sent_to(&mut rig);
    assert_eq!(name, "lobby-3");
    rig.receive(&joined(Some(id), 3));
    rig.expect(["joined lobby-3", "hall lobby-2 to lobby-3"]);
    let (_, answer) = rig.session.poll_outcome().unwrap();
    assert_eq!(answer, Ok(Answer::Joined(hall(3))));
    assert_eq!(rig.session.lobby(), Some("lobby-3"));
    assert_eq!(rig.session.hall(), Some(3));
    rig.receive(&left(2));
    rig.expect(["left lobby-2: left "]);
    assert_eq!(names(&rig), ["lobby-3", "trade"]);

    rig.session.send_chat(rig.now, "", "hi");
    assert_eq!(sent_to(&mut rig).1, "lobby-3");
}

#[test]
fn a_hall_is_named_by_its_number_or_its_name() {
    for (mine, asked, name) in [
        (1, "2", "lobby-2"),
        (3, "1", "lobby"),
        (3, "4", "lobby-4"),
        (3, " 2 ", "lobby-2"),
        // Not the player's own, as everywhere else.
        (3, "lobby", "lobby"),
        (1, "Lobby-2", "lobby-2"),
    ] {
        let mut rig = in_hall(mine);
        rig.session.change_hall(rig.now, asked);
        assert_eq!(sent_to(&mut rig).1, name, "{asked} from {mine}");
    }
}

#[test]
fn a_change_on_another_device_and_one_that_is_none_are_told_as_such() {
    let mut rig = in_hall(1);
    rig.receive(&joined(None, 2));
    rig.receive(&left(1));
    rig.expect([
        "joined lobby-2",
        "hall lobby to lobby-2",
        "left lobby: left ",
    ]);
    rig.receive(&joined(None, 2));
    rig.expect(["lobby-2 changed"]);
    // There and back again, ahead of what is left.
    rig.receive(&joined(None, 3));
    rig.receive(&joined(None, 2));
    rig.receive(&left(3));
    rig.expect([
        "joined lobby-3",
        "hall lobby-2 to lobby-3",
        "lobby-2 changed",
        "hall lobby-3 to lobby-2",
        "left lobby-3: left ",
    ]);
    assert_eq!(names(&rig), ["lobby-2", "trade"]);
}

#[test]
fn a_change_that_is_refused_leaves_everything_as_it_is() {
    let mut rig = in_hall(1);
    rig.session.change_hall(rig.now, "2");
    let (id, _) = sent_to(&mut rig);
    rig.deny(id, DenyCode::ChannelFull);
    let (_, outcome) = rig.session.poll_outcome().unwrap();
    let code = outcome.map_err(|CallError { code, .. }| code);
    assert_eq!(code, Err(CallErrorCode::Server(DenyCode::ChannelFull)));
    rig.expect([]);
    assert_eq!(rig.session.lobby(), Some("lobby"));
}

#[test]
fn the_plain_name_of_the_lobby_means_the_own_hall() {
    for (mine, said, expected) in [
        (3, "lobby", "lobby-3"),
        (3, "Lobby", "lobby-3"),
        (3, "lobby-3", "lobby-3"),
        (3, "lobby-2", "lobby-2"),
        (1, "lobby", "lobby"),
        (1, "lobby-2", "lobby-2"),
    ] {
        let mut rig = in_hall(mine);
        rig.session.send_chat(rig.now, said, "hi");
        assert_eq!(sent_to(&mut rig).1, expected, "{said} in {mine}");
        rig.session.list_members(rig.now, said);
        assert_eq!(sent_to(&mut rig).1, expected, "{said} in {mine}");
        rig.session.join_channel(rig.now, said, None);
        assert_eq!(sent_to(&mut rig).1, expected, "{said} in {mine}");
    }
    let mut rig = in_hall(3);
    assert_eq!(rig.session.channel("lobby").unwrap().channel, "lobby-3");
    rig.receive_line("lobby-3", line(1, "bob", "hi"));
    rig.session.read_history(rig.now, "lobby", 1);
    assert_eq!(sent_to(&mut rig).1, "lobby-3");
}

#[test]
fn a_name_that_only_looks_like_that_of_a_hall_is_whole() {
    let mut rig = in_hall_called(1, "area-51");
    rig.session.change_hall(rig.now, "2");
    assert_eq!(sent_to(&mut rig).1, "area-51-2");
    rig.session.send_chat(rig.now, "area", "hi");
    assert_eq!(sent_to(&mut rig).1, "area");
}

/// Logged in, in this hall of a lobby with a name of its own.
fn in_hall_called(number: u32, name: &str) -> Rig {
    let mut rig = Rig::connected();
    rig.session.login(rig.now, "ada", PASSWORD);
    let id = rig.expect_sent("login");
    let mut packet = logged_in(id, "ada", 1);
    if let ServerPacket::LoggedIn { channels, .. } = &mut packet {
        *channels = vec![ChannelState {
            hall: Some(number),
            ..channel(name)
        }];
    }
    rig.receive(&packet);
    rig
}

#[test]
fn a_name_that_is_too_long_for_a_number_is_shortened() {
    let plain = "a-lobby-of-24-characters";
    let mut rig = in_hall_called(2, "a-lobby-of-24-characte-2");
    rig.session.send_chat(rig.now, plain, "hi");
    assert_eq!(sent_to(&mut rig).1, "a-lobby-of-24-characte-2");
    rig.session.change_hall(rig.now, "12");
    assert_eq!(sent_to(&mut rig).1, "a-lobby-of-24-charact-12");
    // What was cut off is known from the list only.
    rig.session.list_halls(rig.now);
    let id = rig.expect_sent("halls");
    let listed = |name: &str, hall| Hall {
        channel: name.to_owned(),
        hall,
        online: 1,
    };
    rig.receive(&ServerPacket::Halls {
        id,
        halls: vec![listed(plain, 1), listed("a-lobby-of-24-characte-2", 2)],
        hall_size: 1,
    });
    rig.session.change_hall(rig.now, "1");
    assert_eq!(sent_to(&mut rig).1, plain);
}

#[test]
fn a_line_that_waits_for_its_answer_stays_with_its_hall() {
    let mut rig = in_hall(1);
    rig.session.send_chat(rig.now, "", "hi");
    let (id, _) = sent_to(&mut rig);
    rig.receive(&joined(None, 2));
    rig.receive(&left(1));
    rig.posted(id, "lobby", 7);
    let posted: (&str, Seq) = ("lobby", 7);
    let (channel, seq) = posted;
    assert_eq!(
        rig.outcomes(),
        [format!("Posted {{ channel: {channel:?}, seq: {seq} }}")]
    );
}

#[test]
fn who_comes_back_to_another_hall_is_told_as_one_who_changes() {
    let mut rig = in_hall(1);
    let id = rig.cut_and_come_back();
    rig.receive(&logged_in_to(id, 3));
    rig.expect([
        "state LoggedIn",
        "logged in ada",
        "joined lobby-3",
        "hall lobby to lobby-3",
        "left lobby: left ",
    ]);
    assert_eq!(names(&rig), ["lobby-3", "trade"]);
    let id = rig.cut_and_come_back();
    rig.receive(&logged_in_to(id, 3));
    rig.expect(["state LoggedIn", "logged in ada"]);
}

#[test]
fn a_line_from_before_the_first_login_is_said_in_the_hall_that_it_leads_to() {
    for named in ["", "lobby", "Lobby"] {
        let mut rig = Rig::new();
        rig.session.restore("ada", token(1));
        rig.session.connect(rig.now);
        rig.expect_open();
        rig.session.send_chat(rig.now, named, "hi");
        rig.come_up();
        let id = rig.expect_resume(1);
        rig.receive(&logged_in_to(id, 3));
        let sent = rig.sent();
        let target = sent.iter().find_map(|packet| match packet {
            ClientPacket::Chat { channel, .. } => Some(channel.to_string()),
            _ => None,
        });
        assert_eq!(target.as_deref(), Some("lobby-3"), "{named}");
    }
}
