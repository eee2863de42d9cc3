//! Frames at random, in pieces, and around a close frame (RFC 6455).

use std::net::SocketAddr;

use longhall_packet::{CloseReason, SUBPROTOCOL, ServerPacket};
use longhall_server::config::HashCost;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{PATIENCE, TestPlayer, TestServer};

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
