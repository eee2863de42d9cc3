//! Which lines go together, and which way they go.

use super::*;
use crate::config::Config;
use crate::hub::Newcomer;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::store::{Channel, MemoryStore, NewUser, SessionId};
use longhall_packet::ServerPacket;

async fn lobby_with_ada() -> (Arc<dyn Store>, Channel, UserId) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let config = Config::default();
    let lobby = store.open_lobby(&config.lobby.name, 0).await.unwrap();
    let ada = NewUser {
        username: "ada".to_owned(),
        keys: longhall_packet::Username::parse("ada").unwrap().keys(),
        password_hash: String::new(),
        recovery_codes: Vec::new(),
    };
    let ada = store.insert_user(ada).await.unwrap().unwrap();
    (store, lobby, ada)
}

#[tokio::test]
async fn a_line_said_twice_at_once_is_heard_before_either_is_acknowledged() {
    let (store, lobby, ada) = lobby_with_ada().await;
    let hub = Hub::new(&lobby, Config::default().presence.grace);
    let log = ChatLog::start(&store, &hub, &Arc::default(), &CancellationToken::new());
    let outbox = Arc::new(Outbox::new(10_000, None));
    let who = Newcomer {
        user: ada,
        username: "ada".to_owned(),
        name_key: "ada".to_owned(),
        session: SessionId(1),
        connection: 1,
        outbox: Arc::clone(&outbox),
        memberships: store.memberships(ada).await.unwrap(),
        blocked: Vec::new(),
        last_whisper: 0,
        resumed: false,
        is_guest: false,
    };
    let welcome = |_, _| ServerPacket::Ok { id: 7 };
    let _place = hub.enter(&hub.arrive(), &who, welcome).unwrap();
    // As after a cut: what the connection before it said is on its way yet.
    for connection in [0, 1] {
        let submission = Submission {
            heard: None,
            id: 1,
            connection,
            outbox: Arc::clone(&outbox),
            channel: "lobby".into(),
            entry: LogEntry {
                sender: ada,
                sender_name: "ada".to_owned(),
                what: LogAction::Say {
                    channel: lobby.id,
                    line_id: 1,
                    text: "hello?".to_owned(),
                },
                now_ms: 0,
            },
        };
        assert!(log.write_now(submission));
    }
    while outbox.expects_answers() {
        tokio::task::yield_now().await;
    }
    let mut heard = Vec::new();
    while let Some(frames) = outbox.take() {
        heard.extend(frames.texts());
    }
    let begins = |(heard, kind): (&String, &str)| heard.contains(kind);
    let kinds = [r#""ok""#, r#""chat""#, r#""posted""#, r#""posted""#];
    assert!(heard.iter().zip(kinds).all(begins), "{heard:?}");
    assert_eq!(heard.len(), kinds.len());
    assert!(log.stop().await);
}

fn submission(line_id: u64) -> Submission {
    Submission {
        heard: None,
        id: 1,
        connection: 1,
        outbox: Arc::new(Outbox::new(1000, None)),
        channel: "lobby".into(),
        entry: LogEntry {
            sender: UserId(1),
            sender_name: "ada".to_owned(),
            what: LogAction::Say {
                channel: ChannelId(1),
                line_id,
                text: "hello?".to_owned(),
            },
            now_ms: 0,
        },
    }
}

#[tokio::test]
async fn a_line_goes_at_once_unless_the_log_rests() {
    let (_requests, mut waiting) = channel(MAX_WAITING);
    let mut batch = vec![submission(1)];
    gather(&mut batch, &mut waiting, Instant::now()).await;
    assert_eq!(batch.len(), 1);
}

#[tokio::test]
async fn lines_said_while_the_log_rests_go_together_until_they_are_enough() {
    let (submissions, mut waiting) = channel(MAX_WAITING);
    let far_away = Instant::now() + Duration::from_secs(3600);
    let mut batch = vec![submission(0)];
    let talk = async {
        for line_id in 1..100 {
            submissions.send(submission(line_id)).await.ok();
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(gather(&mut batch, &mut waiting, far_away), talk);
    // Those that came while it was woken go with them.
    assert!(is_worth_a_flush(batch.len()) && batch.len() < 100);
}

#[tokio::test]
async fn every_line_said_in_one_go_is_answered() {
    let (store, lobby, ada) = lobby_with_ada().await;
    let hub = Hub::new(&lobby, Config::default().presence.grace);
    let log = ChatLog::start(&store, &hub, &Arc::default(), &CancellationToken::new());
    let outbox = Arc::new(Outbox::new(10_000, None));
    for id in 1..=3 {
        let mut submission = submission(u64::from(id));
        submission.id = id;
        submission.outbox = Arc::clone(&outbox);
        submission.entry.sender = ada;
        assert!(log.write_now(submission));
    }
    assert!(log.stop().await);
    assert!(!outbox.expects_answers());
    let mut answers = Vec::new();
    while let Some(frames) = outbox.take() {
        answers.extend(frames.texts());
    }
    let posted =
        |id: usize| format!(r#"{{"type":"posted","id":{id},"channel":"lobby","seq":{id},"#);
    assert_eq!(answers.len(), 3);
    for (answer, id) in answers.iter().zip(1..) {
        assert!(answer.starts_with(&posted(id)), "{answer}");
    }
}

#[tokio::test]
async fn what_is_said_in_a_channel_goes_one_way_and_whispers_go_one_way() {
    let lanes = NonZeroUsize::new(2).unwrap();
    let (note, mut noted) = channel(MAX_WAITING);
    let lane_ids = std::sync::atomic::AtomicUsize::new(0);
    let log = ChatLog::start_with(lanes, &CancellationToken::new(), |mut waiting, stop| {
        let lane = lane_ids.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let note = note.clone();
        async move {
            while let Some(Some(submission)) = stop.run_until_cancelled(waiting.recv()).await {
                note.send((lane, submission.entry.what)).await.ok();
            }
        }
    });
    let channels = [
        Some(ChannelId(1)),
        Some(ChannelId(2)),
        Some(ChannelId(4)),
        None,
    ];
    for change in [false, true] {
        for channel in channels {
            let mut one = submission(1);
            one.entry.what = match (channel, change) {
                (Some(channel), false) => LogAction::Say {
                    channel,
                    line_id: 1,
                    text: String::new(),
                },
                (None, false) => LogAction::Whisper {
                    recipient: UserId(7),
                    recipient_name: String::new(),
                    line_id: 1,
                    text: String::new(),
                    kept_at_most: None,
                },
                (channel, true) => LogAction::Delete {
                    channel,
                    of: 1,
                    not_before_ms: 0,
                },
            };
            log.write(one).await.unwrap();
        }
    }
    let mut lanes_of: HashMap<_, BTreeSet<_>> = HashMap::new();
    for _ in 0..2 * channels.len() {
        let (lane, what) = noted.recv().await.unwrap();
        lanes_of.entry(channel_of(&what)).or_default().insert(lane);
    }
    assert!(
        lanes_of.values().all(|lanes| lanes.len() == 1),
        "{lanes_of:?}"
    );
    assert_ne!(lanes_of[&channels[0]], lanes_of[&channels[1]]);
    assert!(log.stop().await);
}

#[tokio::test]
async fn a_server_whose_chat_log_panics_stops_rather_than_go_on_in_silence() {
    let server = CancellationToken::new();
    let log = ChatLog::start_with(NonZeroUsize::MIN, &server, |mut waiting, _| async move {
        waiting.recv().await;
        panic!("on purpose");
    });
    log.write(submission(1)).await.unwrap();
    server.cancelled().await;
    assert!(!log.stop().await);
}
