//! Peers that are slow, silent, greedy or malicious.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use longhall_packet::{CloseReason, DenyCode, SUBPROTOCOL, ServerPacket};
use longhall_server::config::HashCost;
use support::{PATIENCE, TestPlayer, TestServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// A small generator: the seed in a failing test is enough to repeat it.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % limit
    }
}

async fn expect_hung_up(mut stream: TcpStream) {
    let mut rest = Vec::new();
    // Closed or reset, as long as it ends.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .expect("still connected");
}

#[tokio::test]
async fn who_never_finishes_the_handshake_is_hung_up() {
    let server =
        TestServer::with(|config| config.timeouts.handshake = Duration::from_millis(200)).await;
    let silent = TcpStream::connect(server.address).await.unwrap();
    let mut halfway = TcpStream::connect(server.address).await.unwrap();
    halfway
        .write_all(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n")
        .await
        .unwrap();
    expect_hung_up(silent).await;
    expect_hung_up(halfway).await;
}

/// Sends bytes and returns all that comes back.
async fn answer_to(server: &TestServer, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("still connected")
        .unwrap();
    String::from_utf8(answer).unwrap()
}

/// The head of a handshake with one line of it replaced.
fn handshake_but(line: &str, other: &str) -> String {
    let head = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    );
    assert!(head.contains(line), "{line}");
    head.replace(line, other)
}

#[tokio::test]
async fn plain_http_is_told_what_this_is() {
    let server = TestServer::start().await;
    let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let old = "GET / HTTP/1.0\r\n\r\n";
    let post = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    let other = handshake_but("Upgrade: websocket", "Upgrade: h2c");
    for request in [get, old, post, &other] {
        let answer = answer_to(&server, request.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 426 "), "{request}: {head}");
        for line in ["\r\nUpgrade: websocket", "\r\nSec-WebSocket-Version: 13"] {
            assert!(head.contains(line), "{line} is not in {head}");
        }
        assert!(head.contains(&format!("Content-Length: {}", body.len())));
        assert!(body.contains("Longhall server"), "{body}");
        assert_eq!(body.lines().count(), 1);
    }
    let head = answer_to(&server, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(
        head.starts_with("HTTP/1.1 426 ") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn another_version_of_websocket_is_told_ours() {
    let server = TestServer::start().await;
    let line = "Sec-WebSocket-Version: 13";
    for version in [
        "Sec-WebSocket-Version: 8",
        "Sec-WebSocket-Version: 14",
        "X-None: 1",
    ] {
        let answer = answer_to(&server, handshake_but(line, version).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 426 "), "{version}: {answer}");
        assert!(
            answer.contains("\r\nSec-WebSocket-Version: 13\r\n"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_refused_at_once() {
    let server = TestServer::with(|config| config.timeouts.handshake = 10 * PATIENCE).await;
    let key = handshake_but("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=");
    let cookies = handshake_but("Host: x", &format!("Cookie: {}", "x".repeat(9000)));
    let headers = handshake_but("Host: x", &"A: b\r\n".repeat(200));
    let subprotocol = handshake_but(SUBPROTOCOL, "mqtt");
    let early = format!("{}early", handshake_but("Host: x", "Host: y"));
    for (request, status) in [
        ("SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "400 "),
        // The beginning of TLS.
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "400 "),
        (&key, "400 "),
        (&subprotocol, "400 "),
        (&early, "400 "),
        (&cookies, "431 "),
        (&headers, "431 "),
    ] {
        let answer = answer_to(&server, request.as_bytes()).await;
        let begin = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&begin), "{request}: {answer}");
        assert!(
            !answer.split("\r\n\r\n").nth(1).unwrap().is_empty(),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_handshake_may_come_byte_by_byte() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in handshake_but("Host: x", "Host: y").bytes() {
        stream.write_all(&[byte]).await.unwrap();
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
}

#[tokio::test]
async fn pings_on_and_on_are_a_flood_though_they_are_read() {
    let server = TestServer::with(|config| {
        config.rates.packets_per_second = 10;
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

/// How much abuse to deal out; raise it with LONGHALL_ABUSE.
fn scaled(count: usize) -> usize {
    let factor = std::env::var("LONGHALL_ABUSE")
        .ok()
        .and_then(|text| text.parse().ok());
    count * factor.unwrap_or(1)
}

#[tokio::test(flavor = "multi_thread")]
async fn random_frames_and_broken_handshakes_disturb_nobody() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.enter("ada").await;
    bob.enter("bob").await;
    let address = server.address;
    let abuse = tokio::spawn(async move {
        let frames = throw_frames(address, scaled(5_000));
        let handshakes = break_handshakes(address, scaled(50));
        tokio::join!(frames, handshakes)
    });
    let mut round = 0;
    while !abuse.is_finished() {
        let line = format!("line {round}");
        ada.say(&line).await;
        bob.expect_chat("ada", &line).await;
        round += 1;
    }
    abuse.await.unwrap();
    assert!(round > 0);
    ada.say("are you there?").await;
    bob.expect_chat("ada", "are you there?").await;
}

async fn throw_frames(address: SocketAddr, count: usize) {
    let seeds: Vec<String> = [
        r#"{"type":"hello","id":1,"protocol":2,"client":"x"}"#,
        r#"{"type":"register","id":2,"username":"mallory","password":"correct horse"}"#,
        r#"{"type":"login","id":3,"username":"mallory","password":"correct horse"}"#,
        r#"{"type":"resume","id":4,"token":"00"}"#,
        r#"{"type":"chat","id":5,"channel":"lobby","line_id":5,"text":"\ud83d\ude00"}"#,
        r#"{"type":"chat","id":5,"channel":"@mallory","line_id":5,"text":"x"}"#,
        r#"{"type":"history","id":5,"channel":"lobby","after":0,"limit":5}"#,
        r#"{"type":"create","id":5,"channel":"den","access":"open"}"#,
        r#"{"type":"members","id":5,"channel":"den","after":"abc"}"#,
        r#"{"type":"logout","id":6}"#,
        r#"{"type":"ping","id":7}"#,
    ]
    .map(str::to_owned)
    .into();
    let mut random = Random(0x1009_4a11);
    let mut sent = 0;
    while sent < count {
        let Ok(mut mallory) = TestPlayer::handshake(address, SUBPROTOCOL).await else {
            continue;
        };
        // Until the server has had enough of it.
        while sent < count {
            sent += 1;
            let mut bytes = seeds[random.below(seeds.len())].clone().into_bytes();
            for _ in 0..random.below(4) {
                let at = random.below(bytes.len());
                match random.below(4) {
                    0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
                    1 => bytes.truncate(at.max(1)),
                    2 => bytes.insert(at, b"{}[]\",:0\\\0"[random.below(10)]),
                    _ => bytes.extend_from_within(at..),
                }
            }
            let message = match String::from_utf8(bytes) {
                Ok(text) => Message::text(text),
                Err(error) => Message::Binary(error.into_bytes().into()),
            };
            if mallory.try_send(message).await.is_err() {
                break;
            }
        }
    }
}

async fn break_handshakes(address: SocketAddr, count: usize) {
    let mut random = Random(0xbad_5eed);
    for number in 0..count {
        let Ok(mut stream) = TcpStream::connect(address).await else {
            continue;
        };
        let request = match number % 5 {
            0 => (0..random.below(2000)).map(|_| u8::try_from(random.below(256)).unwrap()).collect(),
            1 => b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            2 => b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n".to_vec(),
            3 => [b"GET / HTTP/1.1\r\n".to_vec(), b"X-Long: y\r\n".repeat(random.below(5000))].concat(),
            _ => format!(
                "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n\u{81}\u{7f}",
                "A".repeat(random.below(60)),
            )
            .into_bytes(),
        };
        // The server may hang up before it has read all of it.
        let _ = stream.write_all(&request).await;
        if random.below(2) == 0 {
            let _ = stream.shutdown().await;
        }
    }
}

/// A frame as clients send it, with a mask that changes nothing.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126);
    let mut bytes = vec![0x80 | opcode, 0x80 | length, 0, 0, 0, 0];
    bytes.extend_from_slice(payload);
    bytes
}

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Reads to the end what a server sends: kinds and contents of the frames.
async fn read_frames(mut stream: TcpStream) -> Vec<(u8, Vec<u8>)> {
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .expect("still connected")
        .unwrap();
    let mut frames = Vec::new();
    let mut rest = bytes.as_slice();
    while let [opcode, length, more @ ..] = rest {
        let (length, more) = match length {
            127 => panic!("a frame of more than 64 KiB"),
            126 => (usize::from(more[0]) << 8 | usize::from(more[1]), &more[2..]),
            length => (usize::from(*length), more),
        };
        frames.push((opcode & 15, more[..length].to_vec()));
        rest = &more[length..];
    }
    frames
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_follows_the_answer_to_a_close_frame() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    let mut stream = ada.into_stream();
    let said = br#"{"type":"chat","id":9,"channel":"lobby","line_id":1,"text":"bye"}"#;
    // Its `posted` comes from the disk when the close frame is answered already.
    let bytes = [frame(TEXT, said), frame(CLOSE, &[3, 232])].concat();
    stream.write_all(&bytes).await.unwrap();
    let frames = read_frames(stream).await;
    assert_eq!(frames.last(), Some(&(CLOSE, vec![3, 232])));
}

#[tokio::test]
async fn a_close_frame_is_answered_also_when_the_server_is_about_to_close() {
    let server = TestServer::start().await;
    let mut stream = server.player().await.into_stream();
    let hello = br#"{"type":"hello","id":1,"protocol":1,"client":"old"}"#;
    let bytes = [frame(TEXT, hello), frame(CLOSE, &[3, 232])].concat();
    stream.write_all(&bytes).await.unwrap();
    let frames = read_frames(stream).await;
    assert_eq!(frames.last().map(|last| last.0), Some(CLOSE));
}

#[tokio::test]
async fn a_ping_is_answered_while_a_password_is_hashed() {
    let server = TestServer::with(|config| {
        config.hashing.cost = HashCost {
            memory_kib: 64 * 1024,
            passes: 8,
            lanes: 1,
        }
    })
    .await;
    let mut stream = server.player().await.into_stream();
    let register = br#"{"type":"register","id":1,"username":"ada","password":"correct horse"}"#;
    let (ping, bye) = (frame(PING, b"?"), frame(CLOSE, &[3, 232]));
    let bytes = [frame(TEXT, register), ping, bye].concat();
    stream.write_all(&bytes).await.unwrap();
    let frames = read_frames(stream).await;
    assert_eq!(frames.first(), Some(&(PONG, b"?".to_vec())));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_much_before_reading_gets_all_of_it() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    ada.say_often(100, &"x".repeat(500)).await;
    // Far more than the systems buffer on the way, and the outbox.
    let mut ids = Vec::new();
    for _ in 0..400 {
        let fields = r#""channel":"lobby","after":0,"limit":100"#;
        ids.push(ada.request("history", fields).await);
    }
    for expected in ids {
        match ada.next().await {
            ServerPacket::History { id, .. } => assert_eq!(id, expected),
            other => panic!("expected a page, got {other:?}"),
        }
    }
}

#[tokio::test]
async fn frames_that_break_the_rules_end_the_connection_with_a_reason() {
    let server = TestServer::start().await;
    let mut huge = vec![0x81, 0xff];
    huge.extend_from_slice(&u64::MAX.to_be_bytes());
    let long_ping = [&[0x89, 0xfe, 0, 126, 0, 0, 0, 0][..], &[0; 126]].concat();
    let begun = [0x01, 0x81, 0, 0, 0, 0, b'x'];
    for bytes in [
        vec![0x81, 1, b'x'],
        vec![0xc1, 0x81, 0, 0, 0, 0, b'x'],
        frame(3, b"x"),
        frame(11, b"x"),
        frame(0, b"continued, but what?"),
        [&begun[..], &frame(TEXT, b"x")].concat(),
        vec![0x09, 0x80, 0, 0, 0, 0],
        frame(CLOSE, b"x"),
        frame(TEXT, &[0xff]),
        long_ping,
        huge,
    ] {
        let mut stream = server.player().await.into_stream();
        stream.write_all(&bytes).await.unwrap();
        // Whatever follows, the reason arrives.
        stream.write_all(&frame(TEXT, b"and more")).await.unwrap();
        stream.shutdown().await.unwrap();
        let frames = read_frames(stream).await;
        let code = CloseReason::ProtocolError.code().to_be_bytes();
        let [(CLOSE, reason)] = frames.as_slice() else {
            panic!("{bytes:?}: {frames:?}")
        };
        assert_eq!(&reason[..2], code, "{bytes:?}");
    }
    // A close frame with a code nobody may send is answered.
    let mut stream = server.player().await.into_stream();
    stream.write_all(&frame(CLOSE, &[3, 237])).await.unwrap();
    assert_eq!(read_frames(stream).await[0].0, CLOSE);
}

#[tokio::test]
async fn a_packet_in_pieces_is_one_and_pings_go_between() {
    let server = TestServer::start().await;
    let mut stream = server.player().await.into_stream();
    let packet = br#"{"type":"ping","id":7}"#;
    let mut bytes = Vec::new();
    for (at, byte) in packet.iter().enumerate() {
        let opcode = if at == 0 { TEXT } else { 0 };
        let mut piece = frame(opcode, &[*byte]);
        if at + 1 < packet.len() {
            piece[0] &= 0x7f;
        }
        bytes.extend(piece);
        bytes.extend(frame(PING, &[*byte]));
        bytes.extend([0, 0x80, 0, 0, 0, 0].repeat(usize::from(at + 1 < packet.len())));
    }
    bytes.extend(frame(CLOSE, &[3, 232]));
    for byte in bytes {
        stream.write_all(&[byte]).await.unwrap();
    }
    let frames = read_frames(stream).await;
    let pongs = frames.iter().filter(|(opcode, _)| *opcode == PONG);
    let pongs: Vec<u8> = pongs.map(|(_, payload)| payload[0]).collect();
    assert_eq!(pongs, packet);
    let texts: Vec<_> = frames.iter().filter(|frame| frame.0 == TEXT).collect();
    assert_eq!(texts.len(), 1, "{frames:?}");
}
