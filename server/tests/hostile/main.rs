//! Peers that are slow, silent, greedy or malicious.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod frames;
mod handshake;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use longhall_packet::{CloseReason, DenyCode, SUBPROTOCOL, ServerPacket};
use support::{PATIENCE, TestPlayer, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

async fn expect_hung_up(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // Closed or reset, as long as it ends.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .expect("still connected");
}

#[tokio::test]
async fn pings_on_and_on_are_a_flood_though_they_are_read() {
    let server = TestServer::with(|config| {
        config.rates.packets_per_second = 10;
        config.rates.max_repeats = 0;
        config.rates.new_account_time = Duration::ZERO;
        config.rates.history_per_second = 10;
    })
    .await;
    let mallory = server.player().await;
    let (mut reading, mut writing) = mallory.into_stream().into_split();
    let flooding = tokio::spawn(async move {
        let pings = [0x89, 0x80, 0, 0, 0, 0].repeat(10_000);
        while writing.write_all(&pings).await.is_ok() {}
    });
    let mut heard = Vec::new();
    // Closed or reset.
    let _ = timeout(PATIENCE, reading.read_to_end(&mut heard))
        .await
        .expect("pinging goes on and on");
    timeout(PATIENCE, flooding).await.unwrap().unwrap();
    // A pong takes two bytes.
    assert!(heard.len() < 100_000, "{}", heard.len());
}

#[tokio::test]
async fn one_address_cannot_come_back_on_and_on() {
    let server = TestServer::with(|config| config.capacity.max_connections_per_address = 8).await;
    let mut refusal = None;
    for count in 0..1000 {
        let mut visitor = TestPlayer::handshake(server.address, SUBPROTOCOL)
            .await
            .unwrap();
        match visitor.try_next().await {
            Some(Ok(Message::Text(_))) => {}
            Some(Ok(Message::Close(Some(frame)))) => {
                refusal = Some((count, frame));
                break;
            }
            other => panic!("{other:?}"),
        }
        // Never more than one at a time.
        expect_hung_up_after_close(visitor).await;
    }
    let (count, frame) = refusal.expect("a thousand connections, one after the other");
    assert!(count >= 16, "{count}");
    assert_eq!(
        u16::from(frame.code),
        CloseReason::TooManyConnections.code()
    );
}

async fn expect_hung_up_after_close(mut player: TestPlayer) {
    player.try_send(Message::Close(None)).await.unwrap();
    expect_hung_up(player.into_stream()).await;
}

#[tokio::test]
async fn who_never_logs_in_is_closed() {
    let server =
        TestServer::with(|config| config.timeouts.login = Duration::from_millis(200)).await;
    server
        .player()
        .await
        .expect_closed(CloseReason::LoginTimeout)
        .await;
}

#[tokio::test]
async fn who_says_nothing_at_all_is_closed_but_who_listens_stays() {
    let server = TestServer::with(|config| config.timeouts.idle = Duration::from_secs(1)).await;
    let (mut silent, mut listener) = (server.player().await, server.player().await);
    silent.enter("silent").await;
    listener.enter("listener").await;
    // Reads, as its library answers pings; the other one does not even do that.
    let listening = tokio::spawn(async move {
        let packet = listener.next().await;
        (listener, packet)
    });
    expect_hung_up(silent.into_stream()).await;
    // Ada comes after several times the idle timeout of a player who was silent.
    let mut ada = server.player().await;
    ada.enter("ada").await;
    for _ in 0..3 {
        expect_hung_up(server.player().await.into_stream()).await;
    }
    let mut ada = server.player().await;
    ada.login("ada").await;
    ada.say("anyone?").await;
    let (mut listener, heard) = listening.await.unwrap();
    assert!(matches!(heard, ServerPacket::Chat { .. }));
    listener.say("always").await;
}

#[tokio::test]
async fn who_pings_without_reading_is_closed() {
    let server =
        TestServer::with(|config| config.timeouts.write = Duration::from_millis(500)).await;
    let mut mallory = server.player().await;
    let flood = async {
        let ping = Message::Ping(vec![0; 125].into());
        while mallory.try_send(ping.clone()).await.is_ok() {}
    };
    timeout(PATIENCE, flood)
        .await
        .expect("pinging went on and on");
}

#[tokio::test]
async fn who_leaves_politely_is_answered_politely() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    ada.try_send(Message::Close(None)).await.unwrap();
    assert!(matches!(ada.try_next().await, Some(Ok(Message::Close(_)))));
}

#[tokio::test]
async fn what_a_slow_reader_leaves_unread_does_not_pile_up_in_the_system() {
    let server = TestServer::start().await;
    let mut slow = TestPlayer::connect_narrow(server.address).await;
    let mut ada = server.player().await;
    slow.enter("slow").await;
    ada.enter("ada").await;
    // Two megabytes, which the system alone would keep without a word.
    let line = "\u{1f600}".repeat(500);
    ada.say_often(1000, &line).await;
    let mut lines = 0;
    let gap = loop {
        match slow.next().await {
            ServerPacket::Chat { .. } => lines += 1,
            ServerPacket::Gap { last_seq, .. } => break last_seq,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(gap, 1000);
    // Half of the outbox, and what the system may keep on both sides.
    assert!(lines < 250, "{lines} lines of 2 KB");
}

#[tokio::test]
async fn who_reads_nothing_is_closed_and_the_others_chat_on() {
    let server =
        TestServer::with(|config| config.timeouts.write = Duration::from_millis(500)).await;
    let (mut slow, mut ada) = (server.player().await, server.player().await);
    slow.enter("slow").await;
    ada.enter("ada").await;
    // Enough to fill what the systems buffer on the way, and the outbox.
    let line = "x".repeat(500);
    ada.say_often(20_000, &line).await;
    slow.expect_closed_or_lost().await;
    ada.say("where is everybody?").await;
}

impl TestPlayer {
    /// A peer that did not read may find the close frame or just the end.
    async fn expect_closed_or_lost(&mut self) {
        loop {
            match self.try_next().await {
                None | Some(Err(_)) => return,
                Some(Ok(Message::Close(frame))) => {
                    if let Some(frame) = frame {
                        assert_eq!(u16::from(frame.code), CloseReason::TooSlow.code());
                    }
                    return;
                }
                Some(Ok(_)) => {}
            }
        }
    }
}

#[tokio::test]
async fn one_address_gets_so_many_connections_and_no_more() {
    let server = TestServer::with(|config| config.capacity.max_connections_per_address = 3).await;
    let first = server.player().await;
    let _others = (server.player().await, server.player().await);
    let mut fourth = TestPlayer::handshake(server.address, SUBPROTOCOL)
        .await
        .unwrap();
    fourth.expect_closed(CloseReason::TooManyConnections).await;
    drop(first);
    // The place is free once the server has noticed.
    for _ in 0..200 {
        let mut again = TestPlayer::handshake(server.address, SUBPROTOCOL)
            .await
            .unwrap();
        if matches!(again.try_next().await, Some(Ok(Message::Text(_)))) {
            return;
        }
    }
    panic!("the place was not given back");
}

#[tokio::test]
async fn a_packet_too_large_is_denied_and_a_huge_one_ends_the_connection() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    ada.send_raw(&format!(
        r#"{{"type":"chat","id":9,"channel":"lobby","line_id":1,"text":"{}"}}"#,
        "x".repeat(9_000)
    ))
    .await;
    ada.expect_deny(DenyCode::PacketTooLarge).await;
    ada.say("sorry").await;
    ada.send_raw(&"x".repeat(1_000_000)).await;
    ada.expect_closed(CloseReason::ProtocolError).await;
}

#[tokio::test]
async fn binary_frames_are_not_packets() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    ada.try_send(Message::Binary(b"\0\xff".to_vec().into()))
        .await
        .unwrap();
    ada.expect_deny(DenyCode::MalformedPacket).await;
    ada.enter("ada").await;
}
