mod cluster;
mod comparing;
mod lines;
mod random;
mod servers;

use longhall_packet::{
    Access, Change, CloseReason, Line, LineKind, Presence, PresenceText, Role, codec,
};

use super::*;
use crate::outbox::{Next, Unflushed};

const GRACE: Duration = Duration::from_secs(30);

fn channel(id: i64, name: &str) -> Channel {
    Channel {
        temporary: None,
        id: ChannelId(id),
        name: ChannelName::parse(name).unwrap(),
        topic: String::new(),
        access: Access::Open,
        speech: longhall_packet::Speech::default(),
        password_hash: None,
        hall: (name == "lobby").then_some(1),
        first_seq: 1,
        last_seq: 0,
    }
}

fn member_of(channel: Channel) -> Membership {
    Membership {
        channel,
        role: Role::Member,
        read_seq: 0,
        unread: 0,
        members: 1,
    }
}

fn lobby() -> Membership {
    member_of(channel(1, "lobby"))
}

fn den() -> Membership {
    member_of(channel(2, "den"))
}

/// A hub that has been running for long.
fn hub() -> Hub {
    let mut hub = Hub::new(&lobby().channel, GRACE);
    Arc::get_mut(&mut hub.shared).unwrap().restarted_until = Instant::now();
    hub
}

/// A session of account `user`, in the lobby and `den`.
fn newcomer(user: i64) -> Newcomer {
    Newcomer {
        user: UserId(user),
        username: format!("player-{user}"),
        name_key: format!("player-{user:05}"),
        session: SessionId(user),
        connection: 1,
        outbox: Arc::new(Outbox::new(1_000_000, None)),
        memberships: vec![lobby(), den()],
        blocked: Vec::new(),
        last_whisper: 0,
        resumed: false,
        is_guest: false,
    }
}

fn welcome(channels: Vec<ChannelState>, last_whisper: Seq) -> ServerPacket {
    ServerPacket::LoggedIn {
        profile: longhall_packet::Profile::default(),
        profile_version: 0,
        id: 1,
        username: String::new(),
        resume_token: longhall_packet::ResumeToken::from_bytes(&[0; 32]),
        session: 1,
        guest: false,
        epoch: String::new(),
        channels,
        inbox: longhall_packet::InboxState {
            last_seq: last_whisper,
            ..longhall_packet::InboxState::default()
        },
        invitations: Vec::new(),
        server_role: ServerRole::Player,
        second_factor: false,
        recovery_codes_left: 0,
        last_login: None,
        deleted_at_ms: None,
        sanctions: Vec::new(),
    }
}

fn enter(hub: &Hub, who: &Newcomer) -> HubEntry {
    hub.enter(&hub.arrive(), who, welcome).unwrap()
}

fn waiting(who: &Newcomer) -> Vec<ServerPacket> {
    let mut packets = Vec::new();
    while let Some(frames) = who.outbox.take() {
        let texts = frames.texts().into_iter();
        packets.extend(texts.map(|text| codec::decode_server_packet(text.as_bytes()).unwrap()));
    }
    packets
}

fn said(sender: i64, seq: Seq) -> PublishedLine {
    PublishedLine {
        sender: UserId(sender),
        line: Line {
            seq,
            sender: format!("player-{sender}"),
            recipient: None,
            text: "hi".to_owned(),
            sent_at_ms: 1,
            kind: LineKind::Said,
            edited_at_ms: None,
            of: None,
        },
    }
}

fn say(hub: &Hub, membership: &Membership, sender: i64, seq: Seq) {
    let said = [said(sender, seq)];
    let name = membership.channel.name.as_str().into();
    let mut unflushed = Unflushed::default();
    hub.publish(membership.channel.id, &name, &said, &mut unflushed);
}

fn numbers(who: &Newcomer) -> Vec<Seq> {
    let packets = waiting(who).into_iter();
    let lines = packets.filter_map(|packet| match packet {
        ServerPacket::Chat { line, .. } => Some(line.seq),
        _ => None,
    });
    lines.collect()
}

/// The names in the news that wait, by what happened.
fn news(who: &Newcomer) -> Vec<(String, Vec<Presence>, bool)> {
    let packets = waiting(who).into_iter();
    let news = packets.filter_map(|packet| match packet {
        ServerPacket::Presence {
            channel,
            changes,
            partial,
            ..
        } => Some((channel, changes, partial)),
        _ => None,
    });
    news.collect()
}

#[test]
fn a_line_reaches_those_in_the_channel_and_nobody_else() {
    let hub = hub();
    let (ada, bob, mut eve) = (newcomer(1), newcomer(2), newcomer(3));
    eve.memberships = vec![lobby()];
    let _places = (enter(&hub, &ada), enter(&hub, &bob), enter(&hub, &eve));
    say(&hub, &den(), 1, 1);
    say(&hub, &den(), 2, 2);
    assert_eq!(numbers(&ada), [1, 2]);
    assert_eq!(numbers(&bob), [1, 2]);
    assert!(numbers(&eve).is_empty());
}

#[test]
fn the_answer_to_a_login_knows_each_line_that_does_not_arrive_by_itself() {
    let hub = hub();
    let (ada, bob) = (newcomer(1), newcomer(2));
    let _ada = enter(&hub, &ada);
    // Asked the store before the lines were written, enters after.
    let arrival = hub.arrive();
    say(&hub, &den(), 1, 1);
    say(&hub, &den(), 1, 2);
    let _bob = hub.enter(&arrival, &bob, welcome).unwrap();
    say(&hub, &den(), 1, 3);
    let packets = waiting(&bob);
    let ServerPacket::LoggedIn { channels, .. } = &packets[0] else {
        panic!("{packets:?}")
    };
    assert_eq!(channels[1].last_seq, 2);
    assert!(matches!(&packets[1..], [ServerPacket::Chat { line, .. }] if line.seq == 3));
}

#[test]
fn what_changed_while_it_was_read_is_read_again() {
    let hub = hub();
    let ada = newcomer(1);
    let left = || ServerPacket::Ok { id: 0 };
    let changes: [&dyn Fn(); 7] = [
        // Said by somebody who has gone since.
        &|| say(&hub, &den(), 7, 1),
        &|| hub.leave(UserId(1), "player-1", Role::Member, ChannelId(2), &left()),
        &|| hub.announce(ChannelId(2), &left()),
        &|| hub.end_sessions(UserId(1), &[SessionId(1)], CloseReason::SessionEnded),
        &|| hub.block(UserId(1), UserId(2)),
        &|| hub.note_profile(UserId(1), &crate::store::KeptProfile::default()),
        &|| drop(enter(&hub, &newcomer(9))),
    ];
    for (number, change) in changes.iter().enumerate() {
        let arrival = hub.arrive();
        change();
        let entered = hub.enter(&arrival, &ada, welcome);
        // The last one is no change of anything that was read.
        assert_eq!(entered.is_err(), number < 6, "change {number}");
        drop(entered);
        let again = hub.enter(&hub.arrive(), &ada, welcome).unwrap();
        again.leave_at_once();
        waiting(&ada);
    }
    let state = hub.lock();
    assert!(state.arrivals.is_forgotten());
}

#[test]
fn who_has_blocked_the_sender_gets_the_number_without_the_words() {
    let hub = hub();
    let (ada, mut bob, eve) = (newcomer(1), newcomer(2), newcomer(3));
    bob.blocked = vec![UserId(1)];
    let _places = (enter(&hub, &ada), enter(&hub, &bob), enter(&hub, &eve));
    say(&hub, &den(), 1, 1);
    let heard = waiting(&bob);
    let Some(ServerPacket::Chat { line, .. }) = heard.last() else {
        panic!("{heard:?}")
    };
    assert_eq!((line.seq, line.kind), (1, LineKind::Hidden));
    assert_eq!((line.sender.as_str(), line.text.as_str()), ("", ""));
    let heard = waiting(&eve);
    assert!(matches!(heard.last(), Some(ServerPacket::Chat { line, .. }) if line.text == "hi"));
}

#[test]
fn a_thousand_who_arrive_at_once_cost_each_other_a_packet_a_channel_and_not_a_thousand() {
    let hub = hub();
    let players: Vec<Newcomer> = (0..1000).map(newcomer).collect();
    let _places: Vec<HubEntry> = players.iter().map(|who| enter(&hub, who)).collect();
    hub.tell_news(Instant::now());
    hub.tell_news(Instant::now());
    let mut packets = 0;
    for who in &players {
        for (_, changes, partial) in news(who) {
            assert!(changes.is_empty() && partial);
            packets += 1;
        }
    }
    // One in the lobby and one in the den.
    assert_eq!(packets, 2 * 1000);
}

#[test]
fn a_few_who_come_and_go_are_named() {
    let hub = hub();
    let (ada, bob) = (newcomer(1), newcomer(2));
    let _ada = enter(&hub, &ada);
    hub.tell_news(Instant::now());
    waiting(&ada);
    let place = enter(&hub, &bob);
    hub.tell_news(Instant::now());
    let told = news(&ada);
    let changes: Vec<_> = told
        .iter()
        .map(|(name, c, _)| (name.as_str(), c[0].change))
        .collect();
    // In the lobby are those who are online; elsewhere members stay members.
    let expected = [("lobby", Change::Joined), ("den", Change::State)];
    assert_eq!(changes, expected);
    assert_eq!(told[1].1[0].member.state, PresenceState::Online);
    place.leave_at_once();
    hub.tell_news(Instant::now());
    let told = news(&ada);
    let change_in = |channel: &str| {
        let found = told.iter().find(|(name, _, _)| name == channel);
        found.map(|(_, changes, _)| (changes[0].change, changes[0].member.state))
    };
    let offline = PresenceState::Offline;
    assert_eq!(change_in("lobby"), Some((Change::Left, offline)));
    assert_eq!(change_in("den"), Some((Change::State, offline)));
}

#[test]
fn a_cut_that_is_over_before_the_grace_is_no_news() {
    let hub = hub();
    let (ada, bob) = (newcomer(1), newcomer(2));
    let _ada = enter(&hub, &ada);
    let place = enter(&hub, &bob);
    hub.tell_news(Instant::now());
    waiting(&ada);
    drop(place);
    assert_eq!(hub.len(), 2);
    hub.tell_news(Instant::now() + GRACE / 2);
    let back = enter(&hub, &bob);
    hub.tell_news(Instant::now() + 2 * GRACE);
    assert_eq!(news(&ada), []);
    say(&hub, &den(), 1, 1);
    assert_eq!(numbers(&bob), [1]);
    drop(back);
    hub.tell_news(Instant::now() + 2 * GRACE);
    assert_eq!(news(&ada).len(), 2);
    assert_eq!(hub.len(), 1);
}

#[test]
fn who_was_cut_twice_has_the_whole_grace_after_the_second_cut() {
    let hub = hub();
    let bob = newcomer(2);
    drop(enter(&hub, &bob));
    let start = Instant::now();
    let again = enter(&hub, &bob);
    {
        // As if the second cut came much later.
        let state = &mut *hub.lock();
        state.graces[0].until = start;
    }
    drop(again);
    hub.tell_news(start + GRACE / 2);
    assert_eq!(hub.len(), 1);
}

#[test]
fn those_who_come_back_after_a_restart_are_counted_and_not_named() {
    let hub = Hub::new(&lobby().channel, GRACE);
    let (mut ada, mut bob) = (newcomer(1), newcomer(2));
    (ada.resumed, bob.resumed) = (true, true);
    let _places = (enter(&hub, &ada), enter(&hub, &bob));
    hub.tell_news(Instant::now());
    for (_, changes, partial) in news(&ada) {
        assert!(changes.is_empty() && partial);
    }
}

#[test]
fn a_later_connection_of_a_session_takes_its_place() {
    let hub = hub();
    let (first, second) = (newcomer(1), newcomer(1));
    let old = enter(&hub, &first);
    let new = enter(&hub, &second);
    waiting(&first);
    assert_eq!(
        first.outbox.next(),
        Next::Close(CloseReason::LoggedInElsewhere)
    );
    drop(old);
    say(&hub, &den(), 7, 1);
    assert_eq!(numbers(&second), [1]);
    new.leave_at_once();
    assert_eq!(hub.len(), 0);
}

#[test]
fn channels_without_anybody_are_forgotten_and_the_lobby_stays() {
    let hub = hub();
    let ada = newcomer(1);
    let place = enter(&hub, &ada);
    assert_eq!(hub.lock().channels.len(), 2);
    let left = ServerPacket::Ok { id: 0 };
    hub.leave(ada.user, "player-1", Role::Member, ChannelId(2), &left);
    assert_eq!(hub.lock().channels.len(), 1);
    place.leave_at_once();
    let again = enter(&hub, &ada);
    assert_eq!(hub.lock().channels.len(), 2);
    again.leave_at_once();
    let state = hub.lock();
    assert_eq!(state.channels.len(), 1);
    assert_eq!(state.channel_ids.len(), 1);
    assert!(state.names.is_empty() && state.blockers.is_empty());
}

#[test]
fn a_connection_that_was_given_up_does_not_take_the_place_of_a_later_one() {
    let hub = hub();
    let (mut given_up, mut next) = (newcomer(1), newcomer(1));
    (given_up.connection, next.connection) = (5, 6);
    // Both showed a token; the later one was faster from there on.
    let arrival = hub.arrive();
    let _place = enter(&hub, &next);
    assert!(hub.enter(&arrival, &given_up, welcome).is_err());
    waiting(&next);
    assert_eq!(next.outbox.take(), None);
}

#[test]
fn strangers_keep_nobody_out_by_whispers_and_invitations() {
    let hub = hub();
    let (ada, bob) = (newcomer(1), newcomer(2));
    let _ada = enter(&hub, &ada);
    let arrival = hub.arrive();
    let whisper = |seq| Line {
        seq,
        sender: "player-1".to_owned(),
        recipient: Some("player-2".to_owned()),
        text: "psst".to_owned(),
        sent_at_ms: 1,
        kind: LineKind::Said,
        edited_at_ms: None,
        of: None,
    };
    hub.whisper(
        UserId(1),
        &whisper(1),
        UserId(2),
        &whisper(7),
        &mut Unflushed::default(),
    );
    let invited = ServerPacket::Invited {
        channel: "cave".to_owned(),
        by: "player-1".to_owned(),
    };
    hub.invite(UserId(2), &invited);
    let _bob = hub.enter(&arrival, &bob, welcome).unwrap();
    let packets = waiting(&bob);
    // Neither is missed.
    let ServerPacket::LoggedIn { inbox, .. } = &packets[0] else {
        panic!("{packets:?}")
    };
    assert_eq!(inbox.last_seq, 7);
    assert_eq!(packets[1..], [invited]);
    drop(arrival);
    assert!(hub.lock().arrivals.is_forgotten());
}

#[test]
fn what_the_blocked_say_is_made_up_once_for_all_who_have_blocked_them() {
    let hub = hub();
    let (ada, mut bob, mut eve) = (newcomer(1), newcomer(2), newcomer(3));
    (bob.blocked, eve.blocked) = (vec![UserId(1)], vec![UserId(1)]);
    let _places = (enter(&hub, &ada), enter(&hub, &bob), enter(&hub, &eve));
    hub.tell_news(Instant::now());
    waiting(&bob);
    waiting(&eve);
    say(&hub, &den(), 1, 1);
    let [one, other] = [&bob, &eve].map(|who| who.outbox.take().unwrap());
    assert!(std::ptr::eq(one.as_bytes(), other.as_bytes()));

    // The same holds for the news.
    let mut cem = newcomer(4);
    cem.memberships = vec![lobby()];
    let _cem = enter(&hub, &cem);
    let away = PresenceText::parse("tea").unwrap();
    hub.set_presence(UserId(1), SessionId(1), PresenceState::Away, &away);
    hub.tell_news(Instant::now());
    let [one, other] = [&bob, &eve].map(|who| who.outbox.take().unwrap());
    let text = &one.texts()[0];
    assert!(text.contains("player-4") && !text.contains("player-1"));
    assert!(std::ptr::eq(one.as_bytes(), other.as_bytes()));
}

#[test]
fn long_news_of_many_channels_close_no_connection() {
    let hub = hub();
    let channels: Vec<Membership> = (2..30)
        .map(|id| member_of(channel(id, &format!("room-{id}"))))
        .collect();
    let in_all = |user| Newcomer {
        memberships: std::iter::once(lobby()).chain(channels.clone()).collect(),
        ..newcomer(user)
    };
    let mut ada = in_all(1);
    ada.outbox = Arc::new(Outbox::new(
        crate::Config::default().capacity.outbox_max_bytes,
        None,
    ));
    let _ada = enter(&hub, &ada);
    let others: Vec<Newcomer> = (2..50).map(in_all).collect();
    let _places: Vec<HubEntry> = others.iter().map(|who| enter(&hub, who)).collect();
    hub.tell_news(Instant::now());
    waiting(&ada);
    let text = PresenceText::parse(&"\u{1f600}".repeat(60)).unwrap();
    for who in &others {
        hub.set_presence(who.user, who.session, PresenceState::Away, &text);
    }
    hub.tell_news(Instant::now());
    // Some with names, the rest with the counts alone.
    let told = news(&ada);
    assert_eq!(told.len(), 29);
    assert!(
        told.iter()
            .any(|(_, changes, is_partial)| changes.len() == 48 && !is_partial)
    );
    assert!(
        told.iter()
            .any(|(_, changes, is_partial)| changes.is_empty() && *is_partial)
    );
    assert_eq!(ada.outbox.take(), None);
}

/// What it takes to deliver ten lines to so many members, the first time being
/// past.
fn allocations(members: i64) -> u64 {
    let hub = hub();
    let listeners: Vec<Newcomer> = (1..=members).map(newcomer).collect();
    let _places: Vec<HubEntry> = listeners.iter().map(|who| enter(&hub, who)).collect();
    let mut unflushed = Unflushed::default();
    let mut publish = |seq| {
        let said: Vec<PublishedLine> = (seq..seq + 10).map(|seq| said(1, seq)).collect();
        let name = "den".into();
        let counted = allocation_counter::measure(|| {
            hub.publish(ChannelId(2), &name, &said, &mut unflushed);
            unflushed.flush();
        });
        listeners.iter().for_each(|who| drop(waiting(who)));
        counted.count_total
    };
    // The first finds what was to be said to the newcomers, the second makes room.
    publish(1);
    publish(11);
    publish(21)
}

#[test]
fn delivering_a_line_to_one_more_member_allocates_nothing() {
    let few = allocations(10);
    assert_eq!(few, allocations(500));
    // The buffers that the lines are encoded into, as they grow.
    assert!(few <= 20, "{few}");
}
