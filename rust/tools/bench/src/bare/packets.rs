//! Longhall's packets, as little of them as a reference needs.

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Error, Result};
use longhall_packet::{Access, ChannelState, Role, ServerPacket, codec};
use longhall_swarm::frame::{Frame, TEXT, apply_mask};

/// As long as the names of a swarm's accounts.
const SENDER: &str = "swarm-00000000-00000";

/// What a connection asks for.
pub(crate) enum Request<'a> {
    Join { channel: &'a str },
    Chat { id: &'a str, text: &'a [u8] },
}

/// The first frame of `bytes`, unmasked where it lies, and where the next one
/// begins. `None` when it has not wholly arrived.
///
/// # Errors
/// When it is no frame of a client.
pub(crate) fn unmask(bytes: &mut [u8]) -> Result<Option<(Range<usize>, usize)>> {
    let Some(frame) = Frame::parse(bytes).map_err(Error::msg)? else {
        return Ok(None);
    };
    let mask = frame.mask.context("a frame without a mask")?;
    let Some(payload) = bytes.get_mut(frame.from..frame.to) else {
        return Ok(None);
    };
    apply_mask(payload, mask);
    Ok(Some((frame.from..frame.to, frame.to)))
}

/// Reads a packet as the swarm writes it.
///
/// # Errors
/// When it is another.
pub(crate) fn request(packet: &[u8]) -> Result<Request<'_>> {
    if packet.starts_with(br#"{"type":"chat","#) {
        let id = between(packet, br#""id":"#, b',').context("a line without an id")?;
        let text = between(packet, br#""text":""#, b'"').context("a line without a text")?;
        let id = std::str::from_utf8(id).context("an id that is no number")?;
        return Ok(Request::Chat { id, text });
    }
    let channel = between(packet, br#""channel":""#, b'"').context("an unknown packet")?;
    let channel = std::str::from_utf8(channel).context("a name that is no text")?;
    Ok(Request::Join { channel })
}

fn between<'a>(packet: &'a [u8], before: &[u8], end: u8) -> Option<&'a [u8]> {
    let at = packet
        .windows(before.len())
        .position(|part| part == before)?;
    let rest = &packet[at + before.len()..];
    let end = rest.iter().position(|&byte| byte == end)?;
    Some(&rest[..end])
}

/// Appends the frame that every member gets.
pub(crate) fn push_line(out: &mut Vec<u8>, channel: &str, seq: u64, text: &[u8]) {
    // On one's own, because a reference has nothing in the way.
    let now = now_ms();
    push_frame(out, |out| {
        out.extend_from_slice(br#"{"type":"chat","channel":""#);
        out.extend_from_slice(channel.as_bytes());
        out.extend_from_slice(br#"","seq":"#);
        push_number(out, seq);
        out.extend_from_slice(br#","sender":""#);
        out.extend_from_slice(SENDER.as_bytes());
        out.extend_from_slice(br#"","text":""#);
        out.extend_from_slice(text);
        out.extend_from_slice(br#"","sent_at_ms":"#);
        push_number(out, now);
        out.push(b'}');
    });
}

/// Appends the answer that the sender gets.
pub(crate) fn push_posted(out: &mut Vec<u8>, id: &str, channel: &str, seq: u64) {
    let now = now_ms();
    push_frame(out, |out| {
        out.extend_from_slice(br#"{"type":"posted","id":"#);
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(br#","channel":""#);
        out.extend_from_slice(channel.as_bytes());
        out.extend_from_slice(br#"","seq":"#);
        push_number(out, seq);
        out.extend_from_slice(br#","sent_at_ms":"#);
        push_number(out, now);
        out.push(b'}');
    });
}

/// Appends the answer to `join`.
pub(crate) fn push_joined(out: &mut Vec<u8>, channel: &str, last_seq: u64) {
    let packet = codec::encode(&ServerPacket::Joined {
        id: Some(1),
        channel: ChannelState {
            hall: None,
            temporary: None,
            channel: channel.to_owned(),
            topic: String::new(),
            access: Access::Open,
            speech: longhall_packet::Speech::default(),
            role: Role::Member,
            first_seq: 1,
            last_seq,
            read_seq: 0,
            unread: 0,
            members: 0,
            online: 0,
        },
    });
    push_frame(out, |out| out.extend_from_slice(packet.as_bytes()));
}

/// Appends a server's frame with what `write` puts into it.
fn push_frame(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    Frame::push_with(out, TEXT, None, write);
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use longhall_packet::{ChannelName, ChatText, ClientPacket, Line, LineKind, Target};

    use super::*;

    fn frame(packet: &str) -> Vec<u8> {
        let mut frame = Vec::new();
        push_frame(&mut frame, |out| out.extend_from_slice(packet.as_bytes()));
        frame
    }

    #[test]
    fn lines_and_answers_are_the_bytes_that_the_server_sends() {
        let mut out = Vec::new();
        push_line(&mut out, "swarm-1", 1_234_567, b"shall we meet?");
        let payload = std::str::from_utf8(&out[4..]).unwrap();
        let Ok(ServerPacket::Chat { channel, line }) =
            codec::decode_server_packet(payload.as_bytes())
        else {
            panic!("not a line: {payload}");
        };
        let expected = ServerPacket::Chat {
            channel,
            line: Line {
                seq: 1_234_567,
                sender: SENDER.to_owned(),
                recipient: None,
                text: "shall we meet?".to_owned(),
                sent_at_ms: line.sent_at_ms,
                kind: LineKind::Said,
                edited_at_ms: None,
                of: None,
            },
        };
        assert_eq!(out, frame(&codec::encode(&expected)));

        let mut out = Vec::new();
        push_posted(&mut out, "77", "swarm-1", 9);
        let Ok(ServerPacket::Posted { sent_at_ms, .. }) = codec::decode_server_packet(&out[2..])
        else {
            panic!("no answer");
        };
        let expected = ServerPacket::Posted {
            id: 77,
            channel: "swarm-1".to_owned(),
            seq: 9,
            sent_at_ms,
        };
        assert_eq!(out, frame(&codec::encode(&expected)));
    }

    #[test]
    fn requests_of_a_swarm_are_read_wherever_the_network_cuts_them() {
        let packet = codec::encode(&ClientPacket::Chat {
            id: 77,
            channel: Target::Channel(ChannelName::parse("swarm-1").unwrap()),
            line_id: 5,
            text: ChatText::parse("shall we meet?").unwrap(),
        });
        let mut bytes = Vec::new();
        Frame::push(&mut bytes, TEXT, Some([1, 2, 3, 4]), packet.as_bytes());
        for end in 0..bytes.len() {
            assert!(unmask(&mut bytes.clone()[..end]).unwrap().is_none());
        }
        let (payload, next) = unmask(&mut bytes).unwrap().unwrap();
        assert_eq!(next, bytes.len());
        let Ok(Request::Chat { id, text }) = request(&bytes[payload]) else {
            panic!("no line");
        };
        assert_eq!((id, text), ("77", &b"shall we meet?"[..]));
    }
}
