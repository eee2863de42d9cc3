//! A change was made, and whoever asked for it does not know.

use std::time::Duration;

use futures_util::FutureExt;
use longhall_packet::{Access, CloseReason, DenyCode, ServerPacket};

use super::line::Line;
use super::*;
use crate::bus::loopback::Loopback;
use crate::handlers::test_requests::{ID, close_session, remove};
use crate::handlers::test_session::TestSession;
use crate::store::Store;

/// Longest to wait for what is to come about.
const PATIENCE: Duration = Duration::from_secs(20);

async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("it comes about");
}

/// Ada and Bob on a server that is alone.
async fn ada_and_bob() -> (Line, [TestSession; 2]) {
    let line = Line::start();
    let store = PostgresStore::open(&line.to(&database())).unwrap();
    let mut ada = TestSession::over(Arc::new(store), |_| {}).await;
    let mut bob = ada.another();
    ada.register_and_login("ada").await;
    bob.register_and_login("bob").await;
    (line, [ada, bob])
}

#[tokio::test]
async fn a_line_that_was_taken_without_a_word_is_heard_before_anybody_speaks() {
    let (line, [mut ada, mut bob]) = ada_and_bob().await;
    ada.forget_waiting();
    line.break_at_commit();
    ada.say("lobby", "can you hear me?").await;
    ada.expect_deny(Some(6), DenyCode::Unavailable);
    let ServerPacket::Chat { line: heard, .. } = bob.await_next().await else {
        panic!("not a line");
    };
    assert_eq!(heard.text, "can you hear me?");
}

#[tokio::test]
async fn a_change_that_was_made_without_a_word_is_told_to_whom_it_concerns() {
    let (line, [mut ada, mut bob]) = ada_and_bob().await;
    ada.create("den", Access::Open).await;
    bob.join("den").await;
    line.break_at_commit();
    ada.refused(remove("den", "bob"), DenyCode::Unavailable)
        .await;
    let told = bob.await_next().await;
    assert!(matches!(told, ServerPacket::Left { .. }), "{told:?}");

    let tablet = bob.another_device("bob").await;
    line.break_at_commit();
    bob.refused(close_session(None), DenyCode::Unavailable)
        .await;
    until(|| tablet.closed() == Some(CloseReason::SessionEnded)).await;
    assert!(!bob.is_closed());
}

#[tokio::test]
async fn a_change_that_was_made_without_a_word_is_told_by_other_servers() {
    let (line, bus, url) = (Line::start(), Loopback::default(), database());
    let server = async |url: &str| {
        let store = Arc::new(PostgresStore::open(url).unwrap());
        TestSession::in_cluster(store, bus.join(), |_| {}).await
    };
    let (mut ada, mut bob) = (server(&line.to(&url)).await, server(&url).await);
    ada.register_and_login("ada").await;
    bob.register_and_login("bob").await;
    ada.create("den", Access::Open).await;
    bob.join("den").await;
    until(|| ada.hub().len() == 2).await;
    ada.forget_waiting();
    line.break_at_commit();
    ada.ask(remove("den", "bob")).await;
    while !matches!(
        ada.await_next().await,
        ServerPacket::Deny { id: Some(ID), .. }
    ) {}
    while !matches!(bob.await_next().await, ServerPacket::Left { .. }) {}
}

#[tokio::test]
async fn a_connection_that_the_database_ends_at_a_commit_leaves_it_in_doubt() {
    let url = database();
    let (store, address) = (
        PostgresStore::open(&url).unwrap(),
        Address::parse(&url).unwrap(),
    );
    let unknown = store.unknown_outcomes().unwrap();
    let mut tries = 0;
    let changed = store.write(move |db| {
        tries += 1;
        assert_eq!(tries, 1, "it may have been made");
        let own = db.first("SELECT pg_backend_pid()", &[])?.unwrap();
        let own: i32 = own.get(0);
        let mut other = address.connect().unwrap();
        other
            .query("SELECT pg_terminate_backend($1, 10000)", &[&own])
            .unwrap();
        Ok(())
    });
    let changed = changed.await.unwrap_err();
    assert!(matches!(changed, StoreError::Unavailable), "{changed}");
    assert!(unknown.notified().now_or_never().is_some());
    // What only asks is asked again, and nothing is in doubt.
    assert!(store.user_by_name("ada").await.unwrap().is_none());
    assert!(unknown.notified().now_or_never().is_none());
}

#[tokio::test]
async fn a_change_that_is_made_when_nobody_waits_for_it_any_more_is_in_doubt() {
    let store = store();
    let unknown = store.unknown_outcomes().unwrap();
    let (begin, begun) = oneshot::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let mut begin = Some(begin);
    let changing = store.write(move |_| {
        begin.take().unwrap().send(()).unwrap();
        released.recv().unwrap();
        Ok(())
    });
    tokio::select! {
        _ = changing => panic!("it was not released"),
        begun = begun => begun.unwrap(),
    }
    assert!(unknown.notified().now_or_never().is_none());
    release.send(()).unwrap();
    timeout(PATIENCE, unknown.notified()).await.unwrap();
}
