//! The database goes away, and comes back.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use longhall_packet::{ChannelName, Username};

use super::*;
use crate::store::{ChannelId, Cursor, Log, LogAction, LogEntry, NewUser, Store, UserId};

/// Longest that the database takes to come back.
const BACK: Duration = Duration::from_secs(60);

async fn lobby(store: &PostgresStore) -> ChannelId {
    let name = ChannelName::parse("lobby").unwrap();
    store.open_lobby(&name, 0).await.unwrap().id
}

fn new_user(name: &str) -> NewUser {
    NewUser {
        username: name.to_owned(),
        keys: Username::parse(name).unwrap().keys(),
        password_hash: "hash".to_owned(),
        recovery_codes: Vec::new(),
    }
}

fn say(sender: UserId, channel: ChannelId, line_id: u64) -> LogEntry {
    LogEntry {
        sender,
        sender_name: "Ada".to_owned(),
        what: LogAction::Say {
            channel,
            line_id,
            text: format!("line {line_id}"),
        },
        now_ms: 1000,
    }
}

#[tokio::test]
async fn what_was_taken_before_a_crash_is_there_and_calls_fail_until_it_is_over() {
    let mut server = Postgres::start().unwrap();
    server.create_database("hall").unwrap();
    let store = PostgresStore::open(&server.url("hall")).unwrap();
    let ada = store.insert_user(new_user("Ada")).await.unwrap().unwrap();
    let lobby = lobby(&store).await;
    let mut taken = Vec::new();
    let mut next = 0;
    for _ in 0..2 {
        for _ in 0..20 {
            next += 1;
            store.append(vec![say(ada, lobby, next)]).await.unwrap();
            taken.push(format!("line {next}"));
        }
        server.stop_immediately().unwrap();
        let refused = store.append(vec![say(ada, lobby, 0)]).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable), "{refused}");
        let refused = store.user_by_name("ada").await.map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable), "{refused}");
        assert!(store.reach.is_away());
        server.start_again().unwrap();
        let began = Instant::now();
        while store.user_by_name("ada").await.is_err() {
            assert!(began.elapsed() < BACK, "it does not come back");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let page = store.lines(Log::Channel(lobby), Cursor::After(0), 1000, usize::MAX);
    let lines = page.await.unwrap().lines;
    let texts: Vec<_> = lines.into_iter().map(|(_, line)| line.text).collect();
    assert_eq!(texts, taken);
}

#[tokio::test]
async fn a_database_that_is_started_anew_between_two_calls_is_not_noticed() {
    let mut server = Postgres::start().unwrap();
    server.create_database("hall").unwrap();
    let store = PostgresStore::open(&server.url("hall")).unwrap();
    let ada = store.insert_user(new_user("Ada")).await.unwrap();
    server.stop_immediately().unwrap();
    server.start_again().unwrap();
    let found = store.user_by_name("ada").await.unwrap();
    assert_eq!(found.map(|user| user.id), ada);
}

#[tokio::test]
async fn who_gets_no_answer_gives_up_and_comes_back_later() {
    let url = database();
    let other = PostgresStore::open(&url).unwrap();
    let mut store = PostgresStore::open(&url).unwrap();
    store.patience = Duration::from_millis(300);
    let ada = store.insert_user(new_user("Ada")).await.unwrap();
    let (held, is_held) = oneshot::channel();
    let mut held = Some(held);
    let (release, released) = std::sync::mpsc::channel::<()>();
    let holding = other.write(move |db| {
        db.run("LOCK TABLE users")?;
        held.take().unwrap().send(()).unwrap();
        released.recv().unwrap();
        Ok(())
    });
    let giving_up = async {
        is_held.await.unwrap();
        let refused = store.user_by_name("ada").await.map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable), "{refused}");
        release.send(()).unwrap();
    };
    let (held, ()) = tokio::join!(holding, giving_up);
    held.unwrap();
    let until = Instant::now() + BACK;
    let found = loop {
        match store.user_by_name("ada").await {
            Ok(found) => break found,
            Err(cause) => assert!(Instant::now() < until, "{cause}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(found.map(|user| user.id), ada);
}

#[tokio::test]
async fn a_transaction_that_meets_another_is_tried_again_as_a_whole() {
    let store = store();
    let (ada, bob) = (
        store.insert_user(new_user("Ada")).await.unwrap().unwrap(),
        store.insert_user(new_user("Bob")).await.unwrap().unwrap(),
    );
    // Two changes that lock the same in another order, and wait for each other inside.
    let barrier = Arc::new(Barrier::new(2));
    let change = |first: UserId, second: UserId| {
        let barrier = Arc::clone(&barrier);
        let mut tries = 0;
        store.write(move |db| {
            tries += 1;
            let add = "UPDATE users SET password_hash = password_hash || '+' WHERE id = $1";
            db.change(add, &[&first.0])?;
            if tries == 1 {
                barrier.wait();
            }
            db.change(add, &[&second.0])?;
            Ok(tries)
        })
    };
    let (one, other) = tokio::join!(change(ada, bob), change(bob, ada));
    // One of them at least was turned away and came back; on a busy machine both may be.
    assert!(one.unwrap() + other.unwrap() >= 3);
    for name in ["ada", "bob"] {
        let user = store.user_by_name(name).await.unwrap().unwrap();
        assert_eq!(user.password_hash, "hash++");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_fewer_connections_than_wanted_everything_is_done_on_those_there_are() {
    let server = Postgres::quick().unwrap();
    server.create_database("hall").unwrap();
    let store = Arc::new(PostgresStore::open(&server.url("hall")).unwrap());
    store.insert_user(new_user("Ada")).await.unwrap().unwrap();
    // The one that there is already.
    let limit = "ALTER DATABASE hall CONNECTION LIMIT 1";
    server.query("hall", limit).unwrap();
    let asking = (0..200).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.user_by_name("ada").await })
    });
    let asking: Vec<_> = asking.collect();
    for asked in asking {
        assert!(asked.await.unwrap().unwrap().is_some());
    }
    assert!(!store.reach.is_away());
}
