//! Lines that several servers write.

use std::collections::BTreeMap;

use super::servers::Servers;
use super::*;
use crate::chat_log::{ChatLog, Submission};
use crate::frames::encode;
use crate::hub::Answer;
use crate::store::{LogAction, LogEntry, MemoryStore, NewUser, Page, Store};
use tokio_util::sync::CancellationToken;

const DEN: ChannelId = ChannelId(2);

/// The chat log of a server has written lines that somebody said in one go.
fn write(hub: &Hub, who: &Newcomer, numbers: impl IntoIterator<Item = Seq>) {
    let said: Vec<PublishedLine> = numbers
        .into_iter()
        .map(|seq| said(who.user.0, seq))
        .collect();
    let last = said.last().unwrap().line.seq;
    who.outbox.expect_answer();
    let answer = Answer {
        outbox: Arc::clone(&who.outbox),
        frames: encode(&ServerPacket::Ok {
            id: u32::try_from(last).unwrap(),
        }),
        count: 1,
    };
    let mut unflushed = Unflushed::default();
    let name = "den".into();
    hub.publish_in_turn(DEN, &name, &said, vec![(last, answer)], &mut unflushed);
}

fn page(numbers: impl IntoIterator<Item = Seq>, last_seq: Seq) -> Page {
    let lines = numbers.into_iter().map(|seq| said(1, seq));
    Page {
        first_seq: 1,
        last_seq,
        lines: lines.map(|said| (said.sender, said.line)).collect(),
        more: false,
    }
}

/// The numbers that somebody heard, and of their own lines the answers; each answer is
/// to come behind its line.
fn heard(who: &Newcomer) -> (Vec<Seq>, Vec<Seq>) {
    let (mut lines, mut answers) = (Vec::new(), Vec::new());
    for packet in waiting(who) {
        match packet {
            ServerPacket::Chat { line, .. } => lines.push(line.seq),
            ServerPacket::Ok { id } => {
                let id = Seq::from(id);
                assert!(lines.contains(&id), "answer {id} behind {lines:?}");
                answers.push(id);
            }
            _ => {}
        }
    }
    (lines, answers)
}

#[test]
fn lines_of_two_servers_reach_everybody_once_and_in_order_however_they_arrive() {
    for seed in 0..100 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut servers = Servers::start(3);
        let players = [1, 2, 3].map(newcomer);
        let hubs = servers.hubs.clone();
        let places = hubs.iter().zip(&players);
        let _places: Vec<HubEntry> = places.map(|(hub, who)| enter(hub, who)).collect();
        servers.settle();
        let mut asked: BTreeMap<usize, Vec<Seq>> = BTreeMap::new();
        // What the store has numbered for a server, which has yet to publish it.
        let mut written: [Vec<Vec<Seq>>; 2] = Default::default();
        let mut next = 1;
        while next <= 40 || written.iter().any(|written| !written.is_empty()) {
            let server = random.usize(..2);
            match random.u8(..3) {
                0 if next <= 40 => {
                    let count = random.u64(1..4);
                    written[server].push((next..next + count).collect());
                    next += count;
                }
                1 if !written[server].is_empty() => {
                    let batch = written[server].remove(0);
                    asked
                        .entry(server)
                        .or_default()
                        .push(*batch.last().unwrap());
                    write(&hubs[server], &players[server], batch);
                }
                _ => {
                    servers.arrive(random.usize(..2), random.usize(..3));
                }
            }
        }
        servers.settle();
        for (server, who) in players.iter().enumerate() {
            let (lines, answers) = heard(who);
            assert_eq!(lines, (1..next).collect::<Vec<_>>(), "seed {seed}");
            assert_eq!(answers, asked.remove(&server).unwrap_or_default());
            assert!(!who.outbox.expects_answers());
            assert!(hubs[server].holes(Duration::ZERO).is_empty());
        }
    }
}

#[test]
fn an_answer_waits_with_its_line_for_the_line_before_it() {
    let mut servers = Servers::start(2);
    let (ada, bob) = (newcomer(1), newcomer(2));
    let _ada = enter(&servers.hubs[0], &ada);
    let _bob = enter(&servers.hubs[1], &bob);
    servers.settle();
    write(&servers.hubs[1], &bob, [1]);
    write(&servers.hubs[0], &ada, [2]);
    assert_eq!(heard(&ada), (vec![], vec![]));
    assert!(ada.outbox.expects_answers());
    servers.settle();
    assert_eq!(heard(&ada), (vec![1, 2], vec![2]));
    assert_eq!(heard(&bob), (vec![1, 2], vec![1]));
}

#[test]
fn a_line_said_again_is_answered_when_it_was_heard() {
    let servers = Servers::start(1);
    let hub = &servers.hubs[0];
    let ada = newcomer(1);
    let _ada = enter(hub, &ada);
    write(hub, &ada, [2]);
    let again = Answer {
        outbox: Arc::clone(&ada.outbox),
        frames: encode(&ServerPacket::Ok { id: 2 }),
        count: 1,
    };
    ada.outbox.expect_answer();
    hub.answer_in_turn(DEN, 2, again, &mut Unflushed::default());
    assert_eq!(heard(&ada), (vec![], vec![]));
    hub.publish_found(DEN, page([1], 2));
    assert_eq!(heard(&ada), (vec![1, 2], vec![2, 2]));
}

#[test]
fn a_hole_is_asked_for_when_it_is_old_and_filled_from_the_store() {
    let servers = Servers::start(1);
    let hub = &servers.hubs[0];
    let ada = newcomer(1);
    let _ada = enter(hub, &ada);
    write(hub, &ada, [3]);
    assert!(hub.holes(Duration::from_secs(60)).is_empty());
    assert_eq!(hub.holes(Duration::ZERO), [(DEN, 0)]);
    // It is being asked for.
    assert!(hub.holes(Duration::from_secs(60)).is_empty());
    hub.publish_found(DEN, page([1, 2], 3));
    assert_eq!(heard(&ada), (vec![1, 2, 3], vec![3]));
    assert!(hub.holes(Duration::ZERO).is_empty());
    // A peer is late with them.
    let name = "den".into();
    hub.hear_lines(DEN, &name, &[said(2, 1), said(2, 2)]);
    hub.publish_found(DEN, page([1, 2, 3], 3));
    assert_eq!(heard(&ada), (vec![], vec![]));
    assert!(hub.heard_channels().contains(&(DEN, 3)));
}

#[test]
fn lines_that_the_store_has_forgotten_are_not_waited_for() {
    let servers = Servers::start(1);
    let hub = &servers.hubs[0];
    let ada = newcomer(1);
    let _ada = enter(hub, &ada);
    write(hub, &ada, [9]);
    hub.publish_found(DEN, page([7, 8], 8));
    assert_eq!(heard(&ada), (vec![7, 8, 9], vec![9]));
    write(hub, &ada, [12]);
    hub.publish_found(DEN, page([], 12));
    // Gone before anybody heard it; the answer comes all the same.
    let texts = waiting(&ada);
    assert_eq!(texts, [ServerPacket::Ok { id: 12 }]);
    assert!(hub.holes(Duration::ZERO).is_empty());
}

#[test]
fn lines_far_ahead_take_no_more_than_so_much_room_and_are_asked_for_at_once() {
    let servers = Servers::start(1);
    let hub = &servers.hubs[0];
    let ada = newcomer(1);
    let _ada = enter(hub, &ada);
    for seq in 2..=3000 {
        write(hub, &ada, [seq]);
    }
    let hour = Duration::from_secs(3600);
    assert_eq!(hub.holes(hour), [(DEN, 0)]);
    // A page at a time.
    for first in (1..=3000).step_by(500) {
        let more = first + 500 <= 3000;
        let found = page(first..first + 500, 3000);
        hub.publish_found(DEN, Page { more, ..found });
    }
    let (lines, answers) = heard(&ada);
    assert_eq!(lines, (1..=3000).collect::<Vec<_>>());
    assert_eq!(answers.len(), 2999);
    assert!(!ada.outbox.expects_answers());
}

#[test]
fn an_answer_does_not_wait_where_nobody_listens() {
    let servers = Servers::start(1);
    let hub = &servers.hubs[0];
    let ada = newcomer(1);
    let place = enter(hub, &ada);
    write(hub, &ada, [2]);
    drop(place);
    assert!(hub.holes(Duration::from_secs(60)).is_empty());
    assert!(!ada.outbox.expects_answers());
    write(hub, &ada, [4]);
    assert!(!ada.outbox.expects_answers());
}

#[test]
fn the_first_listener_is_told_of_all_that_will_not_arrive() {
    let mut servers = Servers::start(2);
    let (ada, mut bob) = (newcomer(1), newcomer(2));
    let _ada = enter(&servers.hubs[0], &ada);
    servers.settle();
    write(&servers.hubs[0], &ada, 1..=5);
    // Nobody listens on the other server, so it was not told.
    servers.lose();
    bob.memberships[1].channel.last_seq = 5;
    let _bob = enter(&servers.hubs[1], &bob);
    let packets = waiting(&bob);
    let ServerPacket::LoggedIn { channels, .. } = &packets[0] else {
        panic!("{packets:?}")
    };
    assert_eq!(channels[1].last_seq, 5);
    write(&servers.hubs[0], &ada, [6]);
    servers.settle();
    assert_eq!(numbers(&bob), [6]);
}

#[test]
fn who_has_blocked_the_sender_on_another_server_gets_the_number_without_the_words() {
    let mut servers = Servers::start(2);
    let (ada, mut bob, eve) = (newcomer(1), newcomer(2), newcomer(3));
    bob.blocked = vec![UserId(1)];
    let _ada = enter(&servers.hubs[0], &ada);
    let _others = [enter(&servers.hubs[1], &bob), enter(&servers.hubs[1], &eve)];
    servers.settle();
    write(&servers.hubs[0], &ada, [1]);
    servers.settle();
    let kind = |who| match waiting(who).pop() {
        Some(ServerPacket::Chat { line, .. }) => line.kind,
        other => panic!("{other:?}"),
    };
    assert_eq!((kind(&bob), kind(&eve)), (LineKind::Hidden, LineKind::Said));
}

fn whisper(sender: i64, recipient: i64, seq: Seq) -> Line {
    Line {
        recipient: Some(format!("player-{recipient}")),
        ..said(sender, seq).line
    }
}

fn whispered(who: &Newcomer) -> Vec<(Seq, LineKind)> {
    let packets = waiting(who).into_iter();
    let lines = packets.filter_map(|packet| match packet {
        ServerPacket::Chat { channel, line } if channel == longhall_packet::INBOX => {
            Some((line.seq, line.kind))
        }
        _ => None,
    });
    lines.collect()
}

#[test]
fn a_whisper_reaches_the_devices_of_both_sides_on_all_servers_once() {
    let mut servers = Servers::start(3);
    let (ada, mut phone, mut bob) = (newcomer(1), newcomer(1), newcomer(2));
    (phone.session, bob.last_whisper) = (SessionId(7), 3);
    let _ada = enter(&servers.hubs[0], &ada);
    let _bob = enter(&servers.hubs[1], &bob);
    let _phone = enter(&servers.hubs[2], &phone);
    servers.settle();
    let whisper_to = |hub: &Hub, sent, received| {
        let (sent, received) = (whisper(1, 2, sent), whisper(1, 2, received));
        let mut unflushed = Unflushed::default();
        hub.whisper(UserId(1), &sent, UserId(2), &received, &mut unflushed);
    };
    whisper_to(&servers.hubs[0], 1, 4);
    servers.settle();
    assert_eq!(whispered(&ada), [(1, LineKind::Said)]);
    assert_eq!(whispered(&phone), [(1, LineKind::Said)]);
    assert_eq!(whispered(&bob), [(4, LineKind::Said)]);

    // The next one gets lost, and is found in the store.
    whisper_to(&servers.hubs[0], 2, 5);
    servers.lose();
    assert_eq!(servers.hubs[1].inboxes(), [(UserId(2), 4)]);
    servers.hubs[1].block(UserId(2), UserId(1));
    let found = Page {
        lines: vec![(UserId(1), whisper(1, 2, 4)), (UserId(1), whisper(1, 2, 5))],
        ..page([], 5)
    };
    servers.hubs[1].whispers_found(UserId(2), found);
    assert_eq!(whispered(&bob), [(5, LineKind::Hidden)]);
    assert_eq!(servers.hubs[1].inboxes(), [(UserId(2), 5)]);
    assert_eq!(servers.hubs[0].inboxes(), [(UserId(1), 2)]);
}

#[test]
fn a_whisper_on_its_way_reaches_a_device_though_another_one_knows_of_it_already() {
    let servers = Servers::start(2);
    let (bob, mut phone) = (newcomer(2), newcomer(2));
    let hub = &servers.hubs[1];
    let _place = enter(hub, &bob);
    phone.session = SessionId(7);
    phone.last_whisper = 1;
    let _other = enter(hub, &phone);
    let found = Page {
        lines: vec![(UserId(1), whisper(1, 2, 1))],
        ..page([], 1)
    };
    hub.whispers_found(UserId(2), found);
    assert_eq!(whispered(&bob), [(1, LineKind::Said)]);
}

#[tokio::test]
async fn two_chat_logs_of_one_store_keep_one_order() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let name = ChannelName::parse("lobby").unwrap();
    let lobby = store.open_lobby(&name, 0).await.unwrap();
    let mut servers = Servers::start(2);
    let (mut players, mut logs, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (hub, name) in servers.hubs.iter().zip(["ada", "bob"]) {
        let new = NewUser {
            username: name.to_owned(),
            keys: longhall_packet::Username::parse(name).unwrap().keys(),
            password_hash: String::new(),
            recovery_codes: Vec::new(),
        };
        let user = store.insert_user(new).await.unwrap().unwrap();
        let who = Newcomer {
            user,
            memberships: store.memberships(user).await.unwrap(),
            ..newcomer(user.0)
        };
        places.push(enter(hub, &who));
        let stopping = CancellationToken::new();
        logs.push(ChatLog::start(&store, hub, &Arc::default(), &stopping));
        players.push(who);
    }
    servers.settle();
    for id in 1..=50 {
        for (log, who) in logs.iter().zip(&players) {
            let submission = Submission {
                heard: None,
                id,
                connection: 1,
                outbox: Arc::clone(&who.outbox),
                channel: "lobby".into(),
                entry: LogEntry {
                    sender: who.user,
                    sender_name: who.username.clone(),
                    what: LogAction::Say {
                        channel: lobby.id,
                        // Each is said again at once.
                        line_id: Seq::from(id).div_ceil(2),
                        text: "hi".to_owned(),
                    },
                    now_ms: 0,
                },
            };
            assert!(log.write_now(submission));
        }
        tokio::task::yield_now().await;
        servers.arrive(usize::from(id % 3 == 0), usize::from(id % 3 != 0));
    }
    while players.iter().any(|who| who.outbox.expects_answers()) {
        tokio::task::yield_now().await;
        servers.settle();
    }
    for who in &players {
        let (mut lines, mut answers) = (Vec::new(), 0);
        for packet in waiting(who) {
            match packet {
                ServerPacket::Chat { line, .. } => lines.push(line.seq),
                ServerPacket::Posted { seq, .. } => {
                    assert!(lines.contains(&seq), "answer {seq} behind {lines:?}");
                    answers += 1;
                }
                _ => {}
            }
        }
        assert_eq!((lines, answers), ((1..=50).collect(), 50));
    }
}
