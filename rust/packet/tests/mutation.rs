//! A hundred thousand packets that are nearly right. Decoding never panics, and
//! whatever is taken for a packet means the same after another trip.

mod support;

use fastrand::Rng;
use longhall_packet::codec::{
    DecodeError, decode_chat, decode_client_packet, decode_server_packet, encode,
};
use longhall_packet::{Line, LineKind, ServerPacket};
use support::{client_samples, server_samples};

/// Pieces that a parser may stumble over.
const PIECES: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "1.0",
    "1e400",
    "4294967296",
    "\"\"",
    "[",
    "]",
    "{",
    "}",
    "[]",
    "{}",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\\u0301",
    "e\u{301}",
    "İ",
    "ϲ",
    "Ｌ",
    "\u{958}",
    "\u{202e}",
    "\u{200d}",
    "\u{feff}",
    "\0",
    "\n",
    " ",
    "\"id\":1,",
    "\"type\":\"ping\",",
    "\"text\":\"x\",",
    "\"channel\":\"@\",",
    "\"channel\":\"@ada\",",
    "\"after\":1,",
    "\"after\":\"ada\",",
    "\"seq\":9007199254740992,",
    "\"kind\":\"edit\",",
    "\"of\":null,",
    "\"access\":\"starlit\",",
    "\"code\":\"busy\",",
    "\"field\":null,",
];

fn mutate(packet: &mut Vec<u8>, samples: &[&str], rng: &mut Rng) {
    let at = rng.usize(..=packet.len());
    let end = (at + rng.usize(1..=8)).min(packet.len());
    match rng.u8(..6) {
        0 if at < packet.len() => packet[at] ^= 1 << rng.u8(..8),
        1 => packet.insert(at, rng.u8(..)),
        2 => drop(packet.drain(at..end)),
        3 => packet.extend_from_within(at..end),
        4 => {
            let other = samples[rng.usize(..samples.len())].as_bytes();
            packet.truncate(at);
            packet.extend_from_slice(&other[rng.usize(..other.len())..]);
        }
        _ => {
            let piece = PIECES[rng.usize(..PIECES.len())];
            let commas = (0..packet.len()).filter(|&at| b"{,".contains(&packet[at]));
            match rng.choice(commas.collect::<Vec<_>>()) {
                // A whole field goes where a field may begin.
                Some(comma) if piece.ends_with(',') => {
                    packet.splice(comma + 1..comma + 1, piece.bytes());
                }
                _ => {
                    packet.splice(at..if rng.bool() { at } else { end }, piece.bytes());
                }
            }
        }
    }
}

#[test]
fn whatever_decodes_means_the_same_after_another_trip() {
    let (clients, servers) = (client_samples(), server_samples());
    let samples: Vec<&str> = clients
        .iter()
        .map(|sample| sample.text)
        .chain(servers.iter().map(|sample| sample.text))
        .collect();
    let mut rng = Rng::with_seed(0x6c6f_6e67_6861_6c6c);
    let mut decoded = 0;
    for round in 0..100_000 {
        let mut bytes = samples[round % samples.len()].as_bytes().to_vec();
        for _ in 0..rng.u8(1..=3) {
            mutate(&mut bytes, &samples, &mut rng);
        }
        if let Ok(packet) = decode_client_packet(&bytes) {
            decoded += 1;
            let again = encode(&packet);
            assert_eq!(
                decode_client_packet(again.as_bytes()),
                Ok(packet),
                "{again}"
            );
        }
        if let Ok(packet) = decode_server_packet(&bytes) {
            decoded += 1;
            let again = encode(&packet);
            assert_eq!(
                decode_server_packet(again.as_bytes()),
                Ok(packet),
                "{again}"
            );
        }
    }
    // Otherwise the mutations are too wild to test anything but the parser.
    assert!(decoded > 5_000, "{decoded}");
}

/// A line of chat has a short cut in the decoder. It must lead to the same place:
/// a space in front makes the packet go the long way.
#[test]
fn the_short_cut_for_chat_takes_nothing_that_the_long_way_refuses() {
    let servers = server_samples();
    let samples: Vec<&str> = servers.iter().map(|sample| sample.text).collect();
    let chats: Vec<&str> = samples
        .iter()
        .copied()
        .filter(|text| text.starts_with(r#"{"type":"chat","#))
        .collect();
    assert!(!chats.is_empty());
    let mut rng = Rng::with_seed(0x6361_7473);
    let (mut decoded, mut cut_short) = (0, 0);
    for round in 0..100_000 {
        let mut bytes = chats[round % chats.len()].as_bytes().to_vec();
        for _ in 0..rng.u8(..3) {
            mutate(&mut bytes, &samples, &mut rng);
        }
        let long_way = [b" ".as_slice(), &bytes].concat();
        let (short, long) = (
            decode_server_packet(&bytes),
            decode_server_packet(&long_way),
        );
        assert_eq!(short.is_ok(), long.is_ok(), "round {round}");
        cut_short += usize::from(decode_chat(&bytes).is_some());
        if let (Ok(short), Ok(long)) = (short, long) {
            assert!(short == long, "round {round}");
            decoded += 1;
        }
    }
    assert!(decoded > 10_000, "{decoded}");
    assert!(cut_short > 5_000, "{cut_short}");
}

/// What a client says has a short cut of its own, which nobody sees but by the clock.
#[test]
fn the_short_cut_for_what_is_said_leads_where_the_long_way_does() {
    let clients = client_samples();
    let mut samples: Vec<&str> = clients.iter().map(|sample| sample.text).collect();
    let plain = [
        r#"{"type":"chat","id":4294967295,"channel":"Lobby","line_id":9007199254740991,"text":" hi "}"#,
        r#"{"type":"chat","id":0,"channel":"@Ada","line_id":0,"text":"Жанна 🐻"}"#,
        r#"{"type":"chat","id":1,"channel":"@","line_id":7,"text":"a"}"#,
    ];
    samples.extend(plain);
    let is_chat = |text: &&str| text.starts_with(r#"{"type":"chat","#);
    let chats: Vec<&str> = samples.iter().copied().filter(is_chat).collect();
    let mut rng = Rng::with_seed(0x7361_6964);
    let mut decoded = 0;
    for round in 0..100_000 {
        let mut bytes = chats[round % chats.len()].as_bytes().to_vec();
        for _ in 0..rng.u8(..3) {
            mutate(&mut bytes, &samples, &mut rng);
        }
        let long_way = [b" ".as_slice(), &bytes].concat();
        let (short, long) = (
            decode_client_packet(&bytes),
            decode_client_packet(&long_way),
        );
        decoded += usize::from(short.is_ok());
        let answer = |result: Result<_, DecodeError>| result.map_err(|e| (e.id, e.denial));
        assert_eq!(answer(short), answer(long), "round {round}");
    }
    assert!(decoded > 10_000, "{decoded}");
}

#[test]
fn lines_as_servers_write_them_take_the_short_cut() {
    let line = |text: &str, recipient: Option<&str>| Line {
        seq: 1 << 53,
        sender: "Жанна".to_owned(),
        recipient: recipient.map(str::to_owned),
        text: text.to_owned(),
        sent_at_ms: 0,
        kind: LineKind::Said,
        edited_at_ms: None,
        of: None,
    };
    let said = [
        ("lobby", line("Well met! 🐻", None)),
        ("@", line("psst", Some("ada"))),
    ];
    for (channel, line) in said {
        let text = encode(&ServerPacket::Chat {
            channel: channel.to_owned(),
            line: line.clone(),
        });
        assert_eq!(decode_chat(text.as_bytes()), Some((channel, line)));
    }
    // What has to be put together, or tells of more than a line, does not.
    let quoted = encode(&ServerPacket::Chat {
        channel: "lobby".to_owned(),
        line: line("\"mead\"", None),
    });
    assert_eq!(decode_chat(quoted.as_bytes()), None);
    let deleted = encode(&ServerPacket::Chat {
        channel: "lobby".to_owned(),
        line: Line {
            kind: LineKind::Deleted,
            ..line("", None)
        },
    });
    assert_eq!(decode_chat(deleted.as_bytes()), None);
}
