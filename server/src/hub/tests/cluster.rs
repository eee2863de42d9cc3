//! Players on several servers.

use super::servers::{Servers, id, shown};
use super::*;
use crate::news::{News, Received, ServerId};
use crate::store::{Standing, Standings};

/// A connection of account `user`'s session, by the store's number of it.
fn connection(user: i64, number: i64) -> Newcomer {
    Newcomer {
        connection: number,
        ..newcomer(user)
    }
}

fn closed(who: &Newcomer) -> Option<CloseReason> {
    waiting(who);
    match who.outbox.next() {
        Next::Close(reason) => Some(reason),
        Next::Nothing | Next::AwaitRoom | Next::Lost => None,
    }
}

/// What somebody was told of others: name, and whether they were named as there.
fn told(who: &Newcomer) -> Vec<(String, Change, String)> {
    let changes = news(who).into_iter();
    let changes = changes.flat_map(|(channel, changes, _)| {
        let name = |change: Presence| (channel.clone(), change.change, change.member.username);
        changes.into_iter().map(name).collect::<Vec<_>>()
    });
    changes.collect()
}

fn all_agree(servers: &Servers) {
    let [first, others @ ..] = &servers.hubs[..] else {
        panic!("no servers")
    };
    for other in others {
        assert_eq!(shown(first), shown(other));
    }
}

#[test]
fn players_on_all_servers_are_in_one_roster() {
    let mut servers = Servers::start(2);
    let (ada, bob) = (newcomer(1), newcomer(2));
    let _ada = enter(&servers.hubs[0], &ada);
    servers.settle();
    servers.tell_news(Instant::now());
    waiting(&ada);
    let bobs = enter(&servers.hubs[1], &bob);
    let away = PresenceText::parse("tea").unwrap();
    servers.settle();
    servers.tell_news(Instant::now());
    let expected = [
        ("lobby".to_owned(), Change::Joined, "player-2".to_owned()),
        ("den".to_owned(), Change::State, "player-2".to_owned()),
    ];
    assert_eq!(told(&ada), expected);
    servers.hubs[1].set_presence(bob.user, bob.session, PresenceState::Away, &away);
    servers.settle();
    all_agree(&servers);
    let roster = servers.hubs[0].online(lobby().channel.id, ada.user, None, 10);
    let texts: Vec<&str> = roster.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(texts, ["", "tea"]);
    assert_eq!(servers.hubs[0].sessions(bob.user), [bob.session]);
    bobs.leave_at_once();
    servers.settle();
    all_agree(&servers);
    assert_eq!(servers.hubs[0].len(), 1);
}

#[test]
fn of_two_servers_that_claim_a_session_at_once_the_later_connection_keeps_it() {
    // Who hears of the other first, and which claim the third server hears first.
    for order in 0..4 {
        let mut servers = Servers::start(3);
        let (early, late) = (connection(1, 5), connection(1, 6));
        let early_entry = enter(&servers.hubs[0], &early);
        let _late_entry = enter(&servers.hubs[1], &late);
        let (first, second) = if order % 2 == 0 { (0, 1) } else { (1, 0) };
        servers.arrive_all(first, second);
        let (first, second) = if order < 2 { (0, 1) } else { (1, 0) };
        servers.arrive_all(first, 2);
        servers.arrive_all(second, 2);
        servers.settle();
        assert_eq!(closed(&early), Some(CloseReason::LoggedInElsewhere));
        assert_eq!(closed(&late), None);
        // Its task ends later; that is no news.
        drop(early_entry);
        servers.settle();
        all_agree(&servers);
        let state = servers.hubs[2].lock();
        let device = &state.players[&UserId(1)].devices[0];
        assert!(device.connection == 6 && device.place.is_on(id(1)));
        assert_eq!(state.players[&UserId(1)].devices.len(), 1);
    }
}

#[test]
fn a_connection_given_up_does_not_take_the_place_of_a_later_one_on_another_server() {
    let mut servers = Servers::start(2);
    let (early, late) = (connection(1, 5), connection(1, 6));
    let arrival = servers.hubs[0].arrive();
    let _late_entry = enter(&servers.hubs[1], &late);
    servers.settle();
    assert!(servers.hubs[0].enter(&arrival, &early, welcome).is_err());
    servers.settle();
    assert_eq!(closed(&late), None);
}

#[test]
fn a_claim_that_got_lost_is_repeated_to_who_contradicts_it() {
    let mut servers = Servers::start(2);
    let (early, late) = (connection(1, 5), connection(1, 6));
    let _late_entry = enter(&servers.hubs[1], &late);
    servers.lose();
    let _early_entry = enter(&servers.hubs[0], &early);
    servers.settle();
    assert_eq!(closed(&early), Some(CloseReason::LoggedInElsewhere));
    assert_eq!(closed(&late), None);
    all_agree(&servers);
}

#[test]
fn who_is_cut_on_one_server_and_back_on_another_was_never_offline() {
    let mut servers = Servers::start(3);
    let (ada, cem) = (newcomer(1), newcomer(3));
    let (here, back) = (connection(2, 5), connection(2, 6));
    let _ada = enter(&servers.hubs[0], &ada);
    let _cem = enter(&servers.hubs[2], &cem);
    let place = enter(&servers.hubs[0], &here);
    let away = PresenceText::parse("tea").unwrap();
    servers.hubs[0].set_presence(here.user, here.session, PresenceState::Away, &away);
    servers.settle();
    servers.tell_news(Instant::now());
    waiting(&ada);
    waiting(&cem);
    drop(place);
    servers.settle();
    // Nobody is there to take a whisper, wherever it is asked.
    assert!(servers.hubs[2].sessions(UserId(2)).is_empty());
    servers.tell_news(Instant::now());
    let _back = enter(&servers.hubs[1], &back);
    // The third server hears the old one's word before the new one's.
    servers.arrive_all(1, 0);
    servers.arrive_all(0, 2);
    servers.tell_news(Instant::now());
    servers.settle();
    servers.tell_news(Instant::now());
    // When the grace would be over.
    servers.tell_news(Instant::now() + 2 * GRACE);
    assert_eq!((told(&ada), told(&cem)), (vec![], vec![]));
    all_agree(&servers);
    // What they had said of themselves came along.
    let (presence, text) = servers.hubs[1].shown_to(UserId(9), UserId(2));
    assert_eq!((presence, text.as_str()), (PresenceState::Away, "tea"));
}

#[test]
fn the_players_of_a_silent_server_go_offline_after_their_grace() {
    let mut servers = Servers::start(2);
    let (ada, bob) = (newcomer(1), newcomer(2));
    let _ada = enter(&servers.hubs[0], &ada);
    let _bob = enter(&servers.hubs[1], &bob);
    servers.settle();
    servers.tell_news(Instant::now());
    waiting(&ada);
    servers.hubs[0].lose_server(id(1));
    assert!(servers.hubs[0].sessions(bob.user).is_empty());
    servers.hubs[0].tell_news(Instant::now() + GRACE / 2);
    assert_eq!((servers.hubs[0].len(), told(&ada)), (2, vec![]));
    servers.hubs[0].tell_news(Instant::now() + 2 * GRACE);
    assert_eq!((servers.hubs[0].len(), told(&ada).len()), (1, 2));
    // It was none of their doing, so the server itself is not told that its player is
    // gone.
    servers.settle();
    assert_eq!(servers.hubs[1].len(), 2);
    // It was there all the time.
    servers.ask();
    all_agree(&servers);
    assert_eq!(servers.hubs[0].len(), 2);
}

#[test]
fn who_is_back_on_another_server_after_theirs_died_was_never_offline() {
    let mut servers = Servers::start(3);
    let (ada, bob) = (newcomer(1), connection(2, 5));
    let mut back = connection(2, 6);
    back.resumed = true;
    let _ada = enter(&servers.hubs[0], &ada);
    let _bob = enter(&servers.hubs[1], &bob);
    servers.settle();
    servers.tell_news(Instant::now());
    waiting(&ada);
    for survivor in [0, 2] {
        servers.hubs[survivor].lose_server(id(1));
    }
    let _back = enter(&servers.hubs[2], &back);
    servers.arrive_all(2, 0);
    servers.tell_news(Instant::now() + 2 * GRACE);
    assert_eq!((told(&ada), servers.hubs[0].len()), (vec![], 2));
}

#[test]
fn a_server_that_just_started_names_nobody_who_was_there_before() {
    let mut servers = Servers::start(2);
    let (ada, mut bob, cem) = (newcomer(1), newcomer(2), newcomer(3));
    let _ada = enter(&servers.hubs[0], &ada);
    servers.lose();
    // As after a start.
    let restarted = &mut servers.hubs[1].shared;
    Arc::get_mut(restarted).unwrap().restarted_until = Instant::now() + GRACE;
    let _cem = enter(&servers.hubs[1], &cem);
    servers.tell_news(Instant::now());
    waiting(&cem);
    servers.ask();
    bob.resumed = true;
    let _bob = enter(&servers.hubs[0], &bob);
    servers.settle();
    servers.hubs[1].tell_news(Instant::now());
    let packets = news(&cem);
    assert!(!packets.is_empty());
    for (_, changes, partial) in packets {
        assert!(changes.is_empty() && partial);
    }
}

#[test]
fn what_got_lost_is_the_same_everywhere_after_all_have_told_again() {
    let mut servers = Servers::start(3);
    let (ada, bob, mut eve) = (newcomer(1), newcomer(2), newcomer(3));
    let bobs = enter(&servers.hubs[1], &bob);
    let _ada = enter(&servers.hubs[0], &ada);
    servers.settle();
    let left = ServerPacket::Ok { id: 0 };
    let away = PresenceText::parse("tea").unwrap();
    servers.hubs[0].set_presence(ada.user, ada.session, PresenceState::Away, &away);
    servers.hubs[0].leave(ada.user, "player-1", Role::Member, ChannelId(2), &left);
    bobs.leave_at_once();
    eve.memberships = vec![lobby()];
    let _eve = enter(&servers.hubs[2], &eve);
    servers.lose();
    assert_ne!(shown(&servers.hubs[0]), shown(&servers.hubs[1]));
    servers.ask();
    all_agree(&servers);
    assert_eq!(servers.hubs[1].len(), 2);
}

#[test]
fn nobody_is_gone_by_a_snapshot_of_which_something_is_missing() {
    let servers = Servers::start(2);
    let (there, bob) = (&servers.hubs[1], newcomer(2));
    let mut told = Servers::start(2);
    let _bob = enter(&told.hubs[0], &bob);
    told.each_told(|bytes| {
        let received = News::decode(&bytes).unwrap();
        there.hear(id(0), received.news.unwrap());
    });
    assert_eq!(there.len(), 1);
    there.hear(id(0), News::SnapshotBegin);
    there.drop_snapshot(id(0));
    there.hear(id(0), News::SnapshotEnd);
    assert_eq!(there.len(), 1);
    there.hear(id(0), News::SnapshotBegin);
    there.hear(id(0), News::SnapshotEnd);
    assert_eq!(there.len(), 0);
}

#[test]
fn sessions_that_end_anywhere_end_everywhere() {
    let mut servers = Servers::start(2);
    let [desk, mut phone, banned] = [1, 1, 2].map(newcomer);
    phone.session = SessionId(7);
    let _desk = enter(&servers.hubs[0], &desk);
    let _phone = enter(&servers.hubs[1], &phone);
    let _banned = enter(&servers.hubs[1], &banned);
    servers.settle();
    assert_eq!(servers.hubs[0].sessions(UserId(1)).len(), 2);
    servers.hubs[0].end_sessions(UserId(1), &[SessionId(7)], CloseReason::SessionEnded);
    servers.hubs[0].close(UserId(2), CloseReason::Banned);
    servers.settle();
    assert_eq!(closed(&phone), Some(CloseReason::SessionEnded));
    assert_eq!(closed(&banned), Some(CloseReason::Banned));
    assert_eq!(closed(&desk), None);
    all_agree(&servers);
    assert_eq!(servers.hubs[1].len(), 1);
}

#[test]
fn what_happens_in_a_channel_is_told_to_its_members_on_all_servers() {
    let mut servers = Servers::start(2);
    let (ada, bob, mut phone) = (newcomer(1), newcomer(2), newcomer(2));
    phone.session = SessionId(7);
    let mut cave = member_of(channel(3, "cave"));
    cave.members = 2;
    let _ada = enter(&servers.hubs[0], &ada);
    let _bob = enter(&servers.hubs[0], &bob);
    let _phone = enter(&servers.hubs[1], &phone);
    servers.settle();
    waiting(&phone);

    let hub = &servers.hubs[0];
    hub.join(&hub.arrive(), UserId(2), &cave, &bob.outbox, 9)
        .unwrap();
    servers.settle();
    let packets = waiting(&phone);
    assert!(
        matches!(&packets[..], [ServerPacket::Joined { id: None, channel }] if channel.channel == "cave"),
        "{packets:?}"
    );
    assert!(
        servers.hubs[1]
            .heard_channels()
            .contains(&(ChannelId(3), 0))
    );
    all_agree(&servers);

    let packet = |id| ServerPacket::Ok { id };
    let hub = &servers.hubs[0];
    hub.set_role(ChannelId(3), UserId(2), Role::Operator, &packet(1));
    hub.announce(ChannelId(3), &packet(2));
    hub.tell(UserId(2), Some(&bob.outbox), &packet(3));
    hub.invite(UserId(2), &packet(4));
    hub.leave(
        UserId(2),
        "player-2",
        Role::Operator,
        ChannelId(3),
        &packet(5),
    );
    servers.settle();
    assert_eq!(waiting(&phone), [1, 2, 3, 4, 5].map(packet));
    all_agree(&servers);
}

#[test]
fn a_block_holds_wherever_the_player_is() {
    let mut servers = Servers::start(2);
    let (ada, bob, mut phone) = (newcomer(1), newcomer(2), newcomer(2));
    phone.session = SessionId(7);
    let _ada = enter(&servers.hubs[0], &ada);
    let desk = enter(&servers.hubs[0], &bob);
    let _phone = enter(&servers.hubs[1], &phone);
    servers.settle();
    servers.hubs[0].block(UserId(2), UserId(1));
    servers.settle();
    for hub in &servers.hubs {
        assert_eq!(hub.shown_to(UserId(2), UserId(1)).0, PresenceState::Offline);
    }
    // With the last device goes the knowledge of it.
    desk.leave_at_once();
    assert!(servers.hubs[0].lock().blockers.is_empty());
    servers.hubs[0].unblock(UserId(2), UserId(1));
    servers.settle();
    let shown = servers.hubs[1].shown_to(UserId(2), UserId(1));
    assert_eq!(shown.0, PresenceState::Online);
}

#[test]
fn what_a_peer_tells_makes_those_on_their_way_in_ask_again() {
    let left = || ServerPacket::Ok { id: 0 };
    let ada = newcomer(1);
    let changes: [&dyn Fn(&Hub); 6] = [
        &|hub| hub.leave(UserId(1), "player-1", Role::Member, ChannelId(2), &left()),
        &|hub| hub.announce(ChannelId(2), &left()),
        &|hub| hub.end_sessions(UserId(1), &[SessionId(1)], CloseReason::SessionEnded),
        &|hub| hub.block(UserId(1), UserId(2)),
        &|hub| hub.tell(UserId(1), None, &left()),
        &|hub| hub.invite(UserId(1), &left()),
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut servers = Servers::start(2);
        let arrival = servers.hubs[1].arrive();
        change(&servers.hubs[0]);
        servers.settle();
        let entered = servers.hubs[1].enter(&arrival, &ada, welcome);
        // An invitation comes along behind the answer.
        assert_eq!(entered.is_err(), number < 5, "change {number}");
        waiting(&ada);
    }
}

#[test]
fn a_session_that_enters_is_not_ended_by_what_the_store_said_before() {
    let servers = Servers::start(2);
    let (ada, mut phone) = (newcomer(1), newcomer(1));
    phone.session = SessionId(7);
    let hub = &servers.hubs[0];
    let _place = enter(hub, &ada);
    let arrival = hub.arrive();
    let before = Known {
        memberships: ada.memberships.clone(),
        blocked: Vec::new(),
        sessions: vec![ada.session],
    };
    let _other = enter(hub, &phone);
    assert!(hub.set_right(&arrival, ada.user, before).is_err());
    assert_eq!(closed(&phone), None);
}

#[test]
fn a_player_of_whom_news_got_lost_is_set_right_by_the_store() {
    let mut servers = Servers::start(2);
    let (mut ada, mut phone, bob) = (newcomer(1), newcomer(1), newcomer(2));
    phone.session = SessionId(7);
    ada.blocked = vec![UserId(8)];
    let _places = [&ada, &phone, &bob].map(|who| enter(&servers.hubs[0], who));
    servers.settle();
    let hub = &servers.hubs[0];
    hub.tell_news(Instant::now());
    [&ada, &phone, &bob]
        .into_iter()
        .for_each(|who| drop(waiting(who)));
    let mut cave = member_of(channel(3, "cave"));
    (cave.members, cave.role) = (7, Role::Operator);
    let known = || Known {
        memberships: vec![lobby(), cave.clone()],
        blocked: vec![UserId(2)],
        sessions: vec![ada.session],
    };
    assert_eq!(hub.players_here().len(), 2);
    let arrival = hub.arrive();
    hub.tell(ada.user, None, &ServerPacket::Ok { id: 0 });
    assert!(hub.set_right(&arrival, ada.user, known()).is_err());
    waiting(&ada);
    hub.set_right(&hub.arrive(), ada.user, known()).unwrap();
    let packets = waiting(&ada);
    assert!(
        matches!(&packets[..], [ServerPacket::Left { channel: left, .. }, ServerPacket::Joined { id: None, channel }]
            if left == "den" && (channel.channel.as_str(), channel.members) == ("cave", 7)),
        "{packets:?}"
    );
    assert_eq!(closed(&phone), Some(CloseReason::SessionEnded));
    assert_eq!(hub.blocked(ada.user).as_ref(), &HashSet::from([UserId(2)]));
    say(hub, &den(), 2, 1);
    assert!(numbers(&ada).is_empty());
    hub.tell_news(Instant::now());
    // The others see the count of the den anew.
    let told = news(&bob);
    assert!(
        told.iter()
            .any(|(channel, _, partial)| channel == "den" && *partial),
        "{told:?}"
    );
    // All is well now: nothing to tell.
    hub.tell_news(Instant::now());
    waiting(&ada);
    hub.set_right(&hub.arrive(), ada.user, known()).unwrap();
    hub.tell_news(Instant::now());
    assert!(waiting(&ada).is_empty());
}

/// The second hall of the lobby.
fn hall() -> Membership {
    let mut hall = member_of(channel(9, "lobby-2"));
    hall.channel.hall = Some(2);
    hall
}

#[test]
fn a_player_whose_change_of_halls_got_lost_is_in_the_one_that_the_store_says() {
    let mut servers = Servers::start(2);
    let (ada, bob) = (newcomer(1), newcomer(2));
    let _places = [&ada, &bob].map(|who| enter(&servers.hubs[0], who));
    servers.settle();
    let hub = &servers.hubs[0];
    hub.tell_news(Instant::now());
    drop((waiting(&ada), waiting(&bob)));
    let standing = |roles: Vec<(ChannelId, Role)>| Standings {
        accounts: vec![(
            ada.user,
            Standing {
                roles,
                blocked: Vec::new(),
                sessions: vec![ada.session],
            },
        )],
        channels: Vec::new(),
    };
    let den = (den().channel.id, Role::Member);
    let in_hall = vec![(hall().channel.id, Role::Member), den];
    assert!(hub.compare(&hub.arrive(), standing(vec![den])).is_empty());
    assert_eq!(
        hub.compare(&hub.arrive(), standing(in_hall.clone())),
        [ada.user]
    );
    let known = |lobby| Known {
        memberships: vec![lobby, self::den()],
        blocked: Vec::new(),
        sessions: vec![ada.session],
    };
    hub.set_right(&hub.arrive(), ada.user, known(hall()))
        .unwrap();
    let packets = waiting(&ada);
    assert!(
        matches!(&packets[..], [ServerPacket::Joined { id: None, channel }, ServerPacket::Left { channel: left, .. }]
            if left == "lobby" && (channel.channel.as_str(), channel.members) == ("lobby-2", 1)),
        "{packets:?}"
    );
    assert!(hub.compare(&hub.arrive(), standing(in_hall)).is_empty());
    assert_eq!(hub.compare(&hub.arrive(), standing(vec![den])), [ada.user]);
    hub.set_right(&hub.arrive(), ada.user, known(lobby()))
        .unwrap();
    let (halls, _) = hub.halls();
    assert_eq!(halls.len(), 1, "{halls:?}");
    assert_eq!(halls[0].online, 2);
}

#[test]
fn news_that_find_no_room_are_owned_up_to() {
    let (news, _told) = tokio::sync::mpsc::channel(1);
    let hub = Hub::in_cluster(&lobby().channel, GRACE, news);
    hub.block(UserId(1), UserId(2));
    assert!(!hub.take_missed());
    hub.block(UserId(1), UserId(3));
    assert!(hub.take_missed());
    assert!(!hub.take_missed());
}

#[test]
fn news_from_strange_versions_and_broken_ones_do_no_harm() {
    let from = ServerId(7);
    let decoded = |bytes: &[u8]| News::decode(bytes).unwrap();
    // Left out, and not missing.
    let unknown = decoded(br#"{"server":7,"number":3,"news":{"party":{"at":8}}}"#);
    let left_out = Received {
        from,
        number: Some(3),
        news: None,
    };
    assert_eq!(unknown, left_out);
    let newer =
        br#"{"server":7,"news":{"blocked":{"user":1,"other":2,"is_blocked":true,"why":""}}}"#;
    assert!(matches!(decoded(newer).news, Some(News::Blocked { .. })));
    let long = News::Announced {
        channel: ChannelId(1),
        packet: "x".repeat(100_000),
    };
    assert_eq!(decoded(&long.encode(from, Some(3))), left_out);
    assert!(News::decode(br#"{"news":"alive"}"#).is_none());
    assert!(News::decode(&[b' '; 2_000_000]).is_none());

    let mut servers = Servers::start(2);
    let places = [1, 2, 3].map(|user| enter(&servers.hubs[0], &newcomer(user)));
    say(&servers.hubs[0], &den(), 1, 1);
    drop(places);
    let mut sample = Vec::new();
    servers.each_told(|bytes| sample.push(bytes));
    let (hub, mut random) = (&servers.hubs[1], fastrand::Rng::with_seed(15));
    let mut understood = 0;
    for _ in 0..20_000 {
        let mut bytes = sample[random.usize(..sample.len())].to_vec();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(b' '..=b'~');
        }
        if let Some(Received {
            from,
            news: Some(news),
            ..
        }) = News::decode(&bytes)
        {
            hub.hear(from, news);
            understood += 1;
        }
    }
    assert!(understood > 300, "{understood}");
    hub.tell_news(Instant::now() + 2 * GRACE);
}
