//! Several servers that write at once into the same logs.

use std::collections::HashMap;
use std::sync::Arc;

use longhall_packet::{ChannelName, Username};

use super::*;
use crate::store::{Appended, ChannelId, Cursor, Log, LogAction, LogEntry, NewUser, Store, UserId};

const SERVERS: u64 = 4;
const USERS: u64 = 5;

/// What anybody says under a number: the same, whoever says it.
fn line(number: u64, lobby: ChannelId) -> LogEntry {
    let user = |number: u64| UserId(1 + i64::try_from(number % USERS).unwrap());
    let text = "hello".to_owned();
    let what = if number.is_multiple_of(4) {
        LogAction::Whisper {
            recipient: user(number / 4),
            recipient_name: String::new(),
            line_id: number,
            text,
            kept_at_most: None,
        }
    } else {
        LogAction::Say {
            channel: lobby,
            line_id: number,
            text,
        }
    };
    LogEntry {
        sender: user(number),
        sender_name: String::new(),
        what,
        now_ms: 1000,
    }
}

/// A lobby with players.
async fn hall(server: &PostgresStore) -> ChannelId {
    for number in 1..=USERS {
        let username = Username::parse(&format!("user{number}")).unwrap();
        let user = NewUser {
            username: username.as_str().to_owned(),
            keys: username.keys(),
            password_hash: String::new(),
            recovery_codes: Vec::new(),
        };
        server.insert_user(user).await.unwrap().unwrap();
    }
    let name = ChannelName::parse("lobby").unwrap();
    server.open_lobby(&name, 1000).await.unwrap().id
}

/// Says lines in batches, each line twice or more and in no order. Returns what was
/// answered for each.
async fn talk(server: Arc<PostgresStore>, lobby: ChannelId, seed: u64) -> Vec<(u64, Appended)> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut answers = Vec::new();
    for round in 0..25 {
        let many = random.usize(1..40);
        let numbers: Vec<u64> = (0..many).map(|_| round * 20 + random.u64(..30)).collect();
        let lines = numbers.iter().map(|number| line(*number, lobby));
        let done = server.append(lines.collect()).await.unwrap();
        answers.extend(numbers.into_iter().zip(done));
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_write_at_once_leave_no_hole_and_take_each_line_once() {
    let url = database();
    let servers: Vec<_> = (0..SERVERS)
        .map(|_| Arc::new(PostgresStore::open(&url).unwrap()))
        .collect();
    let lobby = hall(&servers[0]).await;
    let talking: Vec<_> = (0..)
        .zip(&servers)
        .map(|(seed, server)| tokio::spawn(talk(Arc::clone(server), lobby, seed)))
        .collect();
    let mut answers: HashMap<u64, Vec<(bool, u64)>> = HashMap::new();
    for server in talking {
        for (number, done) in server.await.unwrap() {
            let answer = match done {
                Appended::Line { line } | Appended::Whisper { sent: line, .. } => (true, line.seq),
                Appended::Before { seq, .. } => (false, seq),
                other => panic!("{other:?}"),
            };
            answers.entry(number).or_default().push(answer);
        }
    }
    assert!(answers.values().any(|answers| answers.len() > 3));
    for (number, answers) in &answers {
        let taken = answers.iter().filter(|(is_taken, _)| *is_taken).count();
        assert_eq!(taken, 1, "{number}: {answers:?}");
        let seq = answers[0].1;
        assert!(
            answers.iter().all(|(_, other)| *other == seq),
            "{answers:?}"
        );
    }
    let inboxes = (1..=USERS).map(|user| Log::Inbox(UserId(i64::try_from(user).unwrap())));
    for log in inboxes.chain([Log::Channel(lobby)]) {
        let page = servers[1].lines(log, Cursor::After(0), 10_000, usize::MAX);
        let page = page.await.unwrap();
        let seqs: Vec<u64> = page.lines.iter().map(|(_, line)| line.seq).collect();
        assert_eq!(seqs, (1..=page.last_seq).collect::<Vec<_>>());
        let hidden = page.lines.iter().filter(|(user, _)| user.0 == 0).count();
        assert_eq!((page.first_seq, hidden), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_waits_for_who_writes_into_its_channel_and_takes_the_number_behind() {
    let url = database();
    let database = url.rsplit('/').next().unwrap().to_owned();
    let store = Arc::new(PostgresStore::open(&url).unwrap());
    let lobby = hall(&store).await;
    let say = async |number| store.append(vec![line(number, lobby)]).await.unwrap();
    assert!(matches!(&say(1).await[..], [Appended::Line { line }] if line.seq == 1));
    // Another server, which is about to write and has taken numbers. Its lines are already
    // pruned when ours is written, so no key of theirs is in the way.
    let other = tokio::task::spawn_blocking(move || {
        let mut other = client(&url);
        other
            .batch_execute(
                "BEGIN; UPDATE logs SET last_seq = 8
                 WHERE id = (SELECT log_id FROM channels WHERE is_lobby = 1)",
            )
            .unwrap();
        other
    });
    let mut other = other.await.unwrap();
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.append(vec![line(2, lobby)]).await.unwrap() }
    });
    let committed = tokio::task::spawn_blocking(move || {
        while !is_anybody_waiting(&database) {}
        other.batch_execute("COMMIT").unwrap();
        drop(other);
    });
    committed.await.unwrap();
    let taken = waiting.await.unwrap();
    assert!(
        matches!(&taken[..], [Appended::Line { line }] if line.seq == 9),
        "{taken:?}"
    );
}
