//! Packets as they travel: whole WebSocket frames, made once for however many
//! receive them.
//!
//! Frames of a server carry no mask (RFC 6455, section 5.1), so that header and
//! text are the same bytes for everybody.

use std::borrow::{Borrow, Cow};

use bytes::Bytes;
use longhall_packet::limits::MAX_SERVER_PACKET_BYTES;
use longhall_packet::{Line, Seq, ServerPacket, codec};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// One frame, or several in a row. Cloning shares the bytes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Frames(Bytes);

impl Frames {
    /// Frames that are made already.
    pub(crate) fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Encodes a packet once, for however many receive it.
pub(crate) fn encode(packet: &ServerPacket) -> Frames {
    encode_all([packet])
}

/// Encodes packets that go together.
pub(crate) fn encode_all(packets: impl IntoIterator<Item: Borrow<ServerPacket>>) -> Frames {
    let (mut bytes, mut text) = (Vec::new(), Vec::new());
    for packet in packets {
        let packet = packet.borrow();
        text.clear();
        codec::encode_to(packet, &mut text);
        // Lists and pages are bounded so that clients read every packet.
        debug_assert!(text.len() <= MAX_SERVER_PACKET_BYTES, "{}", packet.name());
        append(&mut bytes, OpCode::Data(Data::Text), &text);
    }
    Frames::new(bytes)
}

/// A packet's text, for servers that pass it on.
pub(crate) fn json(packet: &ServerPacket) -> String {
    let mut text = Vec::new();
    codec::encode_to(packet, &mut text);
    // JSON is UTF-8.
    String::from_utf8(text).unwrap_or_default()
}

/// The text of a packet that another server made.
pub(crate) fn frame(text: &str) -> Frames {
    let mut bytes = Vec::new();
    append(&mut bytes, OpCode::Data(Data::Text), text.as_bytes());
    Frames::new(bytes)
}

/// An empty ping, which most WebSocket libraries answer by themselves.
pub(crate) fn ping() -> Frames {
    let mut bytes = Vec::new();
    append(&mut bytes, OpCode::Control(Control::Ping), &[]);
    Frames::new(bytes)
}

/// The `chat` packets of lines that follow each other in one channel.
#[derive(Clone)]
pub(crate) struct Lines {
    pub(crate) frames: Frames,
    /// The number of the last of them.
    pub(crate) last_seq: Seq,
    /// How many there are.
    pub(crate) count: u64,
}

/// Encodes lines of one channel, in the order of their numbers, for however many
/// receive them.
pub(crate) fn encode_lines<'a>(channel: &str, lines: impl Iterator<Item = Cow<'a, Line>>) -> Lines {
    let (mut bytes, mut text) = (Vec::new(), Vec::new());
    let (mut last_seq, mut count) = (0, 0);
    for line in lines {
        text.clear();
        codec::encode_line(channel, &line, &mut text);
        debug_assert!(text.len() <= MAX_SERVER_PACKET_BYTES);
        append(&mut bytes, OpCode::Data(Data::Text), &text);
        last_seq = line.seq;
        count += 1;
    }
    let frames = Frames::new(bytes);
    Lines {
        frames,
        last_seq,
        count,
    }
}

/// Appends one frame.
fn append(bytes: &mut Vec<u8>, opcode: OpCode, payload: &[u8]) {
    let header = FrameHeader {
        opcode,
        ..FrameHeader::default()
    };
    let length = payload.len() as u64;
    bytes.reserve(header.len(length) + payload.len());
    // Writing to memory does not fail.
    let written = header.format(length, bytes);
    debug_assert!(written.is_ok());
    bytes.extend_from_slice(payload);
}

#[cfg(test)]
impl Frames {
    /// The texts of the packets in it.
    pub(crate) fn texts(&self) -> Vec<String> {
        let mut bytes = std::io::Cursor::new(self.as_bytes());
        let mut texts = Vec::new();
        while let Some((_, length)) = FrameHeader::parse(&mut bytes).unwrap() {
            let begin = usize::try_from(bytes.position()).unwrap();
            let end = begin + usize::try_from(length).unwrap();
            texts.push(String::from_utf8(self.as_bytes()[begin..end].to_vec()).unwrap());
            bytes.set_position(end as u64);
        }
        texts
    }
}

#[cfg(test)]
impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frames({} bytes)", self.len())
    }
}
