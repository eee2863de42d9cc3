//! TLS in the server, spoken by players who check whom they speak to.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

use std::time::Duration;

use longhall_packet::CloseReason;
use support::{PATIENCE, Pair, TestPlayer, TestServer, Validity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A server with a certificate, which it looks at often.
async fn with_tls() -> (tempfile::TempDir, Pair, TestServer) {
    with_tls_looked_at_every(Duration::from_millis(20)).await
}

async fn with_tls_looked_at_every(interval: Duration) -> (tempfile::TempDir, Pair, TestServer) {
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::write(folder.path(), Validity::Year);
    let server = TestServer::with(|config| {
        config.tls.certificate = Some(pair.certificate.clone());
        config.tls.key = Some(pair.key.clone());
        config.tls.interval = interval;
        config.timeouts.write = Duration::from_millis(500);
    })
    .await;
    (folder, pair, server)
}

async fn player(
    pair: &Pair,
    server: &TestServer,
) -> TestPlayer<tokio_rustls::client::TlsStream<TcpStream>> {
    let stream = pair.connect(server.address).await.unwrap();
    TestPlayer::on(stream, &[]).await.unwrap()
}

#[tokio::test]
async fn players_talk_over_tls_in_lines_short_and_many() {
    let (_folder, pair, server) = with_tls().await;
    let (mut ada, mut ben) = (player(&pair, &server).await, player(&pair, &server).await);
    ada.enter("ada").await;
    ben.enter("ben").await;
    ada.say("Is anybody there?").await;
    ben.expect_chat("ada", "Is anybody there?").await;
    // Far more than the sockets hold at a time, and in one answer.
    let long = "x".repeat(500);
    ada.say_often(1_000, &long).await;
    let lines = ben.lines_after_all().await;
    assert!(lines.iter().skip(1).all(|line| line.text == long));
    assert_eq!(lines.len(), 1_001);
    server.stop().await;
    ada.expect_closed(CloseReason::Restarting).await;
}

impl TestPlayer<tokio_rustls::client::TlsStream<TcpStream>> {
    /// All lines of the lobby, past those that come meanwhile.
    async fn lines_after_all(&mut self) -> Vec<longhall_packet::Line> {
        let mut lines = Vec::new();
        while lines.len() < 1_001 {
            let after = lines
                .last()
                .map_or(0, |line: &longhall_packet::Line| line.seq);
            let fields = format!(r#""channel":"lobby","after":{after},"limit":500"#);
            let id = self.request("history", &fields).await;
            loop {
                match self.next().await {
                    longhall_packet::ServerPacket::History {
                        id: got,
                        lines: page,
                        ..
                    } => {
                        assert_eq!(got, id);
                        lines.extend(page);
                        break;
                    }
                    longhall_packet::ServerPacket::Chat { .. }
                    | longhall_packet::ServerPacket::Gap { .. } => {}
                    other => panic!("expected lines, got {other:?}"),
                }
            }
        }
        lines
    }
}

#[tokio::test]
async fn who_reads_nothing_over_tls_is_closed_and_the_others_chat_on() {
    let (_folder, pair, server) = with_tls().await;
    let (mut slow, mut ada) = (player(&pair, &server).await, player(&pair, &server).await);
    slow.enter("slow").await;
    ada.enter("ada").await;
    let line = "x".repeat(500);
    ada.say_often(20_000, &line).await;
    let end = async {
        loop {
            match slow.try_next().await {
                Some(Ok(tokio_tungstenite::tungstenite::Message::Close(_)) | Err(_)) | None => {
                    return;
                }
                Some(Ok(_)) => {}
            }
        }
    };
    timeout(PATIENCE, end).await.expect("still connected");
    ada.say("where is everybody?").await;
}

#[tokio::test]
async fn a_new_certificate_is_taken_and_nobody_is_dropped() {
    let (folder, old, server) = with_tls().await;
    let mut ada = player(&old, &server).await;
    ada.enter("ada").await;
    let new = Pair::write(folder.path(), Validity::Year);
    while new.connect(server.address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(
        old.connect(server.address).await.is_err(),
        "the old one is shown still"
    );
    let mut ben = player(&new, &server).await;
    ben.enter("ben").await;
    ada.say("Still here").await;
    ben.expect_chat("ada", "Still here").await;
}

#[tokio::test]
async fn a_new_certificate_is_taken_at_once_with_new_settings() {
    let (folder, old, server) = with_tls_looked_at_every(Duration::from_secs(3600)).await;
    old.connect(server.address).await.unwrap();
    let new = Pair::write(folder.path(), Validity::Year);
    assert!(new.connect(server.address).await.is_err());
    let settings = server.settings.now().as_ref().clone();
    server.settings.set(settings);
    let taken = async {
        while new.connect(server.address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, taken).await.expect("it is taken");
}

/// Sends bytes to the port of TLS and returns all that comes back.
async fn answer_to(server: &TestServer, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // Closed or reset, as long as it ends.
    let _ = read.expect("still connected");
    answer
}

#[tokio::test]
async fn who_speaks_plainly_is_told_that_this_is_tls() {
    let (_folder, _pair, server) = with_tls().await;
    for plain in [
        "GET /ready HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
        "hello?\n",
    ] {
        let answer = String::from_utf8(answer_to(&server, plain.as_bytes()).await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("wss://"), "{answer}");
        // A game finds out by this what is wrong with its url.
        let found = longhall_client::diagnosis::look(answer.as_bytes(), true);
        assert_eq!(found, Some(longhall_client::diagnosis::Answerer::Tls));
    }
    let answer = answer_to(&server, longhall_client::diagnosis::TLS_QUESTION).await;
    let found = longhall_client::diagnosis::look(&answer, true);
    assert_eq!(found, Some(longhall_client::diagnosis::Answerer::Tls));
}

#[tokio::test]
async fn who_stalls_in_the_handshake_of_tls_is_hung_up_on() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::write(folder.path(), Validity::Year);
    let server = TestServer::with(|config| {
        config.tls.certificate = Some(pair.certificate.clone());
        config.tls.key = Some(pair.key.clone());
        config.timeouts.handshake = Duration::from_millis(200);
    })
    .await;
    let half = &longhall_client::diagnosis::TLS_QUESTION[..20];
    for said in [&[][..], &half[..1], half, b"\x16\x03\x01\xff\xff"] {
        answer_to(&server, said).await;
    }
    // One who is through with TLS, and no further.
    let mut stream = pair.connect(server.address).await.unwrap();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut Vec::new()))
        .await
        .unwrap();
}

#[tokio::test]
async fn health_is_told_over_tls() {
    let (_folder, pair, server) = with_tls().await;
    let mut stream = pair.connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /ready HTTP/1.0\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    // The end is told as well: nobody has cut it.
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n\r\nready\n"), "{answer}");
}
