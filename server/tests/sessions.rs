//! Devices, cuts and presence, over real sockets and a real database.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

use std::time::Duration;

use longhall_packet::{Change, CloseReason, DenyCode, PresenceState, ServerPacket};
use longhall_server::Config;
use support::{PATIENCE, TestPlayer, TestServer, credentials};
use tokio::time::timeout;

/// A server that tells the news of presence often.
fn lively(config: &mut Config) {
    config.presence.interval = Duration::from_millis(50);
}

#[tokio::test]
async fn after_a_cut_exactly_the_gap_is_there_to_fetch() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    let token = ada.enter("ada").await;
    bob.enter("bob").await;
    bob.say("heard live").await;
    assert_eq!(ada.expect_line().await.seq, 1);
    drop(ada);
    bob.say("missed").await;
    bob.say("missed, too").await;
    let mut ada = server.player().await;
    let welcome = ada.resume(&token).await;
    assert_eq!(welcome.channels[0].last_seq, 3);
    bob.say("live again").await;
    assert_eq!(ada.expect_line().await.seq, 4);
    let missed = ada.lines_after("lobby", 1).await;
    let numbers: Vec<_> = missed.iter().map(|line| line.seq).collect();
    assert_eq!(numbers, [2, 3, 4]);
}

#[tokio::test]
async fn whoever_logs_in_while_others_talk_misses_no_line() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    let token = ada.enter("ada").await;
    let mut bob = server.player().await;
    bob.enter("bob").await;
    let talking = tokio::spawn(async move {
        bob.say_often(3000, "la la la").await;
        bob.say("the end").await
    });
    let mut token = token;
    loop {
        let mut ada = server.player().await;
        let welcome = ada.resume(&token).await;
        token = welcome.token;
        let mut last = welcome.channels[0].last_seq;
        if last == 3001 {
            break;
        }
        // Each line behind the answer arrives, beginning with the next.
        for _ in 0..20 {
            let line = ada.expect_line().await;
            assert!(line.seq <= last + 1, "{} never came", last + 1);
            last = last.max(line.seq);
            if last == 3001 {
                break;
            }
        }
    }
    talking.await.unwrap();
}

#[tokio::test]
async fn two_devices_hear_the_same_and_share_what_is_read() {
    let server = TestServer::start().await;
    let (mut deck, mut phone) = (server.player().await, server.player().await);
    let mut bob = server.player().await;
    deck.enter("ada").await;
    phone.log_in("ada", "phone").await;
    bob.enter("bob").await;
    bob.say("hello you two").await;
    for device in [&mut deck, &mut phone] {
        device.expect_chat("bob", "hello you two").await;
    }
    deck.say("from the deck").await;
    phone.expect_chat("ada", "from the deck").await;
    deck.done("read", r#""channel":"lobby","seq":1"#).await;
    let read = phone.next().await;
    assert!(
        matches!(
            read,
            ServerPacket::Read {
                seq: 1,
                unread: 0,
                ..
            }
        ),
        "{read:?}"
    );
}

#[tokio::test]
async fn a_device_is_logged_out_from_another() {
    let server = TestServer::start().await;
    let (mut deck, mut phone) = (server.player().await, server.player().await);
    deck.enter("ada").await;
    let there = phone.log_in("ada", "phone").await;
    deck.done("close_session", &format!(r#""session":{}"#, there.session))
        .await;
    phone.expect_closed(CloseReason::SessionEnded).await;
    let mut back = server.player().await;
    let token = format!(r#""token":"{}""#, there.token);
    back.request("resume", &token).await;
    back.expect_deny(DenyCode::SessionExpired).await;
}

#[tokio::test]
async fn a_resume_closes_the_older_connection_of_the_session_alone() {
    let server = TestServer::start().await;
    let (mut deck, mut phone) = (server.player().await, server.player().await);
    let token = deck.enter("ada").await;
    phone.log_in("ada", "phone").await;
    let mut again = server.player().await;
    again.resume(&token).await;
    deck.expect_closed(CloseReason::LoggedInElsewhere).await;
    again.say("still here").await;
    phone.expect_chat("ada", "still here").await;
}

#[tokio::test]
async fn a_new_password_logs_the_other_devices_out() {
    let server = TestServer::start().await;
    let (mut deck, mut phone) = (server.player().await, server.player().await);
    deck.enter("ada").await;
    phone.log_in("ada", "phone").await;
    deck.done(
        "change_password",
        r#""password":"correct horse","new_password":"battery staple""#,
    )
    .await;
    phone.expect_closed(CloseReason::SessionEnded).await;
    deck.say("still here").await;
    let mut old = server.player().await;
    old.request("login", &credentials("ada")).await;
    old.expect_deny(DenyCode::BadCredentials).await;
}

#[tokio::test]
async fn comings_and_goings_are_told_by_name() {
    let server = TestServer::with(lively).await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    expect_change(&mut ada, "ada", Change::Joined).await;
    let mut bob = server.player().await;
    bob.enter("bob").await;
    expect_change(&mut ada, "bob", Change::Joined).await;
    bob.done("set_presence", r#""state":"away","text":"tea""#)
        .await;
    expect_change(&mut ada, "bob", Change::State).await;
    bob.done("logout", "").await;
    expect_change(&mut ada, "bob", Change::Left).await;
}

/// Passes over packets until this news.
async fn expect_change(player: &mut TestPlayer, name: &str, change: Change) {
    loop {
        let (channel, changes, _) = player.expect_presence().await;
        assert_eq!(channel, "lobby");
        let found = changes.iter().find(|news| news.member.username == name);
        if let Some(news) = found {
            assert_eq!(news.change, change);
            return;
        }
    }
}

#[tokio::test]
async fn a_cut_shorter_than_the_grace_is_not_told_and_a_longer_one_is() {
    let server = TestServer::with(|config| {
        lively(config);
        config.presence.grace = Duration::from_secs(2);
    })
    .await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.enter("ada").await;
    let token = bob.enter("bob").await;
    expect_change(&mut ada, "bob", Change::Joined).await;
    drop(bob);
    let mut bob = server.player().await;
    bob.resume(&token).await;
    // The next thing told of anybody is this.
    bob.done("set_presence", r#""state":"away""#).await;
    let (_, changes, _) = ada.expect_presence().await;
    assert_eq!(changes[0].change, Change::State);
    assert_eq!(changes[0].member.state, PresenceState::Away);
    drop(bob);
    expect_change(&mut ada, "bob", Change::Left).await;
}

#[tokio::test]
async fn players_who_come_back_after_a_restart_are_no_news_by_name() {
    let server = TestServer::with(lively).await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    let (for_ada, for_bob) = (ada.enter("ada").await, bob.enter("bob").await);
    let server = server.restart_with(lively).await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.resume(&for_ada).await;
    bob.resume(&for_bob).await;
    bob.done("set_presence", r#""state":"away""#).await;
    let told = async {
        loop {
            let (_, changes, partial) = ada.expect_presence().await;
            for news in &changes {
                assert_eq!(news.change, Change::State);
            }
            if partial {
                return;
            }
        }
    };
    timeout(PATIENCE, told).await.unwrap();
}

#[tokio::test]
async fn many_who_come_at_once_are_told_in_few_packets() {
    let server =
        TestServer::with(|config| config.presence.interval = Duration::from_millis(500)).await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    let mut others = Vec::new();
    for number in 0..60 {
        let mut other = server.player().await;
        other.register(&format!("player-{number}")).await;
        others.push(other);
    }
    // Nobody is away for long enough to be told twice.
    let arriving = others.into_iter().enumerate().map(|(number, mut other)| {
        tokio::spawn(async move {
            other.login(&format!("player-{number}")).await;
            other
        })
    });
    let arriving: Vec<_> = arriving.collect();
    let mut others = Vec::new();
    for other in arriving {
        others.push(other.await.unwrap());
    }
    let mut packets = 0;
    loop {
        if let ServerPacket::Presence { online, .. } = ada.next_of_all().await {
            packets += 1;
            if online == 61 {
                break;
            }
        }
    }
    assert!(packets < 30, "{packets} packets for 60 players");
}

#[tokio::test]
async fn the_store_has_a_name_that_a_restart_keeps_and_a_restored_copy_does_not() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    ada.register("ada").await;
    let first = ada.log_in("ada", "").await;
    assert!(!first.epoch.is_empty());
    let server = server.restart().await;
    let mut ada = server.player().await;
    assert_eq!(ada.resume(&first.token).await.epoch, first.epoch);
    let folder = server.stop().await;
    let restored = TestServer::of_file(&folder.path().join("longhall.db")).await;
    let mut ada = restored.player().await;
    assert_ne!(ada.log_in("ada", "").await.epoch, first.epoch);
}
