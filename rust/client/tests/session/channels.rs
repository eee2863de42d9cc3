//! Where the account is, who else is there, and what it may do.

use longhall_client::{Answer, CallErrorCode, Event, MAX_LISTED};
use longhall_packet::{
    Access, ClientPacket, DenyCode, Field, Invitation, LeaveReason, ListedChannel, Member,
    PresenceState, Role, ServerPacket, ServerRole,
};

use crate::support::{PASSWORD, Rig, channel, logged_in};

#[test]
fn a_channel_is_joined_by_asking_and_known_from_then_on() {
    let mut rig = Rig::logged_in();
    rig.session.join_channel(rig.now, "Trade", Some("sesame"));
    let sent = rig.sent();
    let [
        ClientPacket::Join {
            id, channel: name, ..
        },
    ] = &sent[..]
    else {
        panic!("{sent:?}")
    };
    assert_eq!(name.as_str(), "trade");
    let state = channel("trade");
    rig.receive(&ServerPacket::Joined {
        id: Some(*id),
        channel: state.clone(),
    });
    rig.expect(["joined trade"]);
    let (_, answer) = rig.session.poll_outcome().unwrap();
    assert_eq!(answer, Ok(Answer::Joined(state)));
    let names: Vec<String> = rig
        .session
        .channels()
        .into_iter()
        .map(|one| one.channel)
        .collect();
    assert_eq!(names, ["lobby", "trade"]);
    assert_eq!(rig.session.lobby(), Some("lobby"));
    assert_eq!(rig.session.channel("").unwrap().channel, "lobby");
    assert_eq!(rig.session.channel("elsewhere"), None);

    rig.session.leave_channel(rig.now, "trade");
    let id = rig.expect_sent("leave");
    rig.receive(&ServerPacket::Left {
        channel: "trade".to_owned(),
        reason: LeaveReason::Left,
        by: None,
    });
    rig.ok(id);
    rig.expect(["left trade: left "]);
    assert_eq!(rig.outcomes(), ["Done"]);
    assert_eq!(rig.session.channels().len(), 1);
}

#[test]
fn what_changes_in_a_channel_is_told_and_known() {
    let mut rig = Rig::logged_in();
    rig.receive(&ServerPacket::ChannelChanged {
        channel: "lobby".to_owned(),
        topic: "hats".to_owned(),
        access: Access::Invite,
        speech: longhall_packet::Speech {
            slow_mode_s: 30,
            filter: None,
        },
        by: "bob".to_owned(),
    });
    let role = |username: &str, role, by: &str| ServerPacket::RoleChanged {
        channel: "lobby".to_owned(),
        username: username.to_owned(),
        role,
        by: by.to_owned(),
    };
    rig.receive(&role("bob", Role::Operator, "eve"));
    rig.receive(&role("ada", Role::Owner, "eve"));
    rig.receive(&role("bob", Role::Owner, "ada"));
    rig.receive(&ServerPacket::Presence {
        channel: "lobby".to_owned(),
        members: 9,
        online: 4,
        changes: Vec::new(),
        partial: true,
    });
    rig.receive(&ServerPacket::Presence {
        channel: "elsewhere".to_owned(),
        members: 9,
        online: 4,
        changes: Vec::new(),
        partial: true,
    });
    rig.expect([
        "lobby changed",
        "lobby: eve made bob operator",
        "lobby: eve made ada owner",
        "lobby changed",
        "lobby: ada made bob owner",
        "lobby changed",
        "lobby: 4 of 9 online",
    ]);
    let lobby = rig.session.channel("").unwrap();
    assert_eq!(
        (lobby.topic.as_str(), lobby.access),
        ("hats", Access::Invite)
    );
    assert_eq!(lobby.speech.slow_mode_s, 30);
    assert_eq!((lobby.members, lobby.online), (9, 4));
    assert_eq!(lobby.role, Role::Operator);
}

#[test]
fn invitations_are_kept_until_they_are_taken_up() {
    let mut rig = Rig::logged_in();
    for by in ["bob", "eve"] {
        rig.receive(&ServerPacket::Invited {
            channel: "trade".to_owned(),
            by: by.to_owned(),
        });
    }
    rig.expect(["invited to trade by bob", "invited to trade by eve"]);
    let invitation = Invitation {
        channel: "trade".to_owned(),
        by: "eve".to_owned(),
    };
    assert_eq!(rig.session.invitations(), [invitation]);
    rig.receive(&ServerPacket::Joined {
        id: None,
        channel: channel("trade"),
    });
    assert_eq!(rig.session.invitations(), []);
}

#[test]
fn after_a_cut_what_changed_meanwhile_is_told() {
    let mut rig = Rig::logged_in();
    rig.receive(&ServerPacket::Joined {
        id: None,
        channel: channel("trade"),
    });
    let id = rig.cut_and_come_back();
    let mut packet = logged_in(id, "ada", 2);
    if let ServerPacket::LoggedIn { channels, .. } = &mut packet {
        channels[0].topic = "hats".to_owned();
        channels.push(channel("crafts"));
    }
    rig.receive(&packet);
    rig.expect([
        "state LoggedIn",
        "logged in ada",
        "left trade: left ",
        "joined crafts",
        "lobby changed",
    ]);
}

#[test]
fn nothing_of_an_account_outlives_its_session() {
    let mut rig = Rig::logged_in();
    rig.receive_chat("hi");
    rig.session.set_presence(rig.now, PresenceState::Away, "");
    rig.session.list_blocks(rig.now);
    rig.session.load_history(rig.now, "");
    rig.session.logout(rig.now);
    let sent = rig.sent();
    rig.ok(sent.last().unwrap().id());
    assert_eq!(rig.session.channels(), []);
    assert_eq!(rig.session.lobby(), None);
    let outcomes = rig.outcomes();
    assert_eq!(
        outcomes
            .iter()
            .filter(|one| *one == "connection_lost")
            .count(),
        2
    );
    assert_eq!(outcomes.len(), 4);
    rig.session.login(rig.now, "bob", PASSWORD);
    let id = rig.expect_sent("login");
    rig.receive(&logged_in(id, "bob", 3));
    rig.expect_idle();
}

#[test]
fn lists_are_read_to_their_end_and_no_further_than_is_sensible() {
    let mut rig = Rig::logged_in();
    let listed = |name: String| ListedChannel {
        channel: name,
        topic: String::new(),
        access: Access::Open,
        members: 1,
    };
    rig.session.list_channels(rig.now);
    let id = rig.expect_sent("channels");
    let page = |id, names: &[&str], more| ServerPacket::Channels {
        id,
        channels: names
            .iter()
            .map(|name| listed((*name).to_owned()))
            .collect(),
        more,
    };
    rig.receive(&page(id, &["a", "b"], true));
    let sent = rig.sent();
    assert!(
        matches!(&sent[..], [ClientPacket::Channels { after: Some(b), .. }] if b.as_str() == "b")
    );
    rig.receive(&page(sent[0].id(), &["c"], false));
    let (_, answer) = rig.session.poll_outcome().unwrap();
    assert!(matches!(answer, Ok(Answer::Channels(all)) if all.len() == 3));

    // A server that goes round in circles, and one that never ends.
    rig.session.list_channels(rig.now);
    let id = rig.expect_sent("channels");
    rig.receive(&page(id, &["a"], true));
    let id = rig.expect_sent("channels");
    rig.receive(&page(id, &["a"], true));
    rig.expect_idle();
    assert_eq!(rig.outcomes().len(), 1);
    rig.session.list_members(rig.now, "");
    let mut pages = 0;
    while let [ClientPacket::Members { id, .. }] = rig.sent()[..] {
        pages += 1;
        let member = |number: u32| Member {
            username: format!("player{pages}-{number}"),
            role: Role::Member,
            state: PresenceState::Online,
            text: String::new(),
            server_role: ServerRole::Player,
            guest: false,
            profile: longhall_packet::Profile::default(),
            profile_version: 0,
        };
        rig.receive(&ServerPacket::Members {
            id,
            channel: "lobby".to_owned(),
            members: (0..300).map(member).collect(),
            more: true,
        });
    }
    let (_, answer) = rig.session.poll_outcome().unwrap();
    assert!(matches!(answer, Ok(Answer::Members(all)) if all.len() == MAX_LISTED));
}

#[test]
fn arguments_that_break_a_rule_are_refused_without_asking_the_server() {
    let mut rig = Rig::logged_in();
    let now = rig.now;
    let session = &mut rig.session;
    session.create_channel(now, "two words", "", Access::Open, None);
    session.create_channel(now, "trade", &"x".repeat(121), Access::Open, None);
    session.join_channel(now, "trade", Some(""));
    session.list_members(now, "@bob");
    session.invite(now, "", "x");
    session.set_presence(now, PresenceState::Offline, "");
    session.set_presence(now, PresenceState::Away, &"x".repeat(61));
    session.edit_line(now, "", 3, "");
    session.block(now, "@x");
    assert_eq!(
        rig.outcomes(),
        [
            "forbidden_character",
            "too_long",
            "too_short",
            "forbidden_character",
            "too_short",
            "not_allowed",
            "too_long",
            "too_short",
            "too_short",
        ]
    );
    rig.session.change_password(rig.now, PASSWORD, "short");
    let (_, outcome) = rig.session.poll_outcome().unwrap();
    assert_eq!(outcome.unwrap_err().field, Some(Field::NewPassword));
    rig.expect_idle();
}

#[test]
fn each_answer_ends_the_call_it_belongs_to() {
    let mut rig = Rig::logged_in();
    let blocks = rig.session.list_blocks(rig.now);
    let id = rig.expect_sent("blocks");
    let topic = rig.session.set_topic(rig.now, "", "hats");
    let topic_id = rig.expect_sent("set_topic");
    // Not what was asked for.
    rig.ok(id);
    rig.receive(&ServerPacket::Sessions {
        id,
        sessions: Vec::new(),
    });
    assert_eq!(rig.session.poll_outcome(), None);
    rig.deny(topic_id, DenyCode::NotAllowed);
    let (call, outcome) = rig.session.poll_outcome().unwrap();
    assert_eq!(call, topic);
    assert_eq!(
        outcome.unwrap_err().code,
        CallErrorCode::Server(DenyCode::NotAllowed)
    );
    rig.receive(&ServerPacket::Blocks {
        id,
        usernames: vec!["eve".to_owned()],
    });
    let answer = Answer::Blocks(vec!["eve".to_owned()]);
    assert_eq!(rig.session.poll_outcome(), Some((blocks, Ok(answer))));
    rig.session.list_sessions(rig.now);
    rig.pass_quietly(15.1);
    assert_eq!(rig.outcomes(), ["timed_out"]);
    rig.session.close_session(rig.now, None);
    rig.cut();
    assert_eq!(rig.outcomes(), ["connection_lost"]);
    rig.session.list_blocks(rig.now);
    assert_eq!(rig.outcomes(), ["not_connected"]);
}

#[test]
fn who_is_away_stays_away_through_a_cut() {
    let mut rig = Rig::logged_in();
    let resume = |rig: &mut Rig| {
        let id = rig.cut_and_come_back();
        rig.receive_logged_in(id, 2);
    };
    rig.session
        .set_presence(rig.now, PresenceState::Away, "tea");
    let id = rig.expect_sent("set_presence");
    rig.ok(id);
    resume(&mut rig);
    let sent = rig.sent();
    assert!(
        matches!(&sent[..], [ClientPacket::SetPresence { state: PresenceState::Away, text, .. }]
            if text.as_str() == "tea")
    );
    rig.session.set_presence(rig.now, PresenceState::Online, "");
    rig.expect_sent("set_presence");
    resume(&mut rig);
    rig.expect_idle();
}

#[test]
fn a_session_ended_from_another_device_is_over() {
    let mut rig = Rig::logged_in();
    rig.close(longhall_packet::CloseReason::SessionEnded);
    rig.expect([
        "state Offline",
        "logged out: session_ended",
        "disconnected: session_ended, for good",
    ]);
    assert_eq!(rig.session.ticket(), None);
}

#[test]
fn the_device_names_itself_with_the_login() {
    let mut rig = Rig::with(|config| "Steam Deck".clone_into(&mut config.device_name)).connect();
    rig.session.login(rig.now, "ada", PASSWORD);
    let sent = rig.sent();
    assert!(matches!(&sent[..], [ClientPacket::Login { device, .. }] if device == "Steam Deck"));
}

#[test]
fn news_before_the_login_are_nobodys() {
    let mut rig = Rig::connected();
    rig.receive(&ServerPacket::Joined {
        id: None,
        channel: channel("trade"),
    });
    rig.receive(&ServerPacket::Invited {
        channel: "trade".to_owned(),
        by: "bob".to_owned(),
    });
    assert_eq!(rig.events(), [] as [Event; 0]);
    assert_eq!(rig.session.channels(), []);
}
