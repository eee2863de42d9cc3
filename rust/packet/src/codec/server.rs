//! Reads what servers say, and writes the line that goes to everybody.

use serde::Serialize;

use super::client::{MAX_PROGRAM_CHARS, label};
use super::errors::{DecodeError, check_frame, explain};
use super::{chat_line, encode_to};
use crate::limits::MAX_SERVER_PACKET_BYTES;
use crate::{Line, ServerPacket};

/// Reads one packet from a server. Fields it does not know are passed over, so
/// that a newer server may say more.
///
/// # Errors
/// [`DecodeError`]; `unknown_packet` means a newer server announced something
/// this build cannot show, which is no reason to hang up.
pub fn decode_server_packet(bytes: &[u8]) -> Result<ServerPacket, DecodeError> {
    check_frame(bytes, MAX_SERVER_PACKET_BYTES)?;
    if let Some((channel, line)) = decode_chat(bytes) {
        let channel = channel.to_owned();
        return Ok(ServerPacket::Chat { channel, line });
    }
    let mut packet = serde_json::from_slice(bytes)
        .map_err(|error| explain(bytes, &error, ServerPacket::NAMES))?;
    if let ServerPacket::Hello { server, .. } = &mut packet {
        *server = label(server, MAX_PROGRAM_CHARS);
    }
    Ok(packet)
}

/// Reads a `chat` packet that tells of a line somebody said, by far the most of all
/// packets: its channel and the line.
///
/// `None` is no verdict, [`decode_server_packet`] gives it: such a packet may be
/// written in another way, which this does not take.
///
/// ```
/// use longhall_packet::codec::decode_chat;
///
/// let bytes = br#"{"type":"chat","channel":"lobby","seq":7,"sender":"ada","text":"Hello!","sent_at_ms":1}"#;
/// let (channel, line) = decode_chat(bytes).unwrap();
/// assert_eq!((channel, line.seq, line.text.as_str()), ("lobby", 7, "Hello!"));
/// ```
pub fn decode_chat(bytes: &[u8]) -> Option<(&str, Line)> {
    if bytes.len() > MAX_SERVER_PACKET_BYTES {
        return None;
    }
    chat_line::read(str::from_utf8(bytes).ok()?)
}

/// Appends the `chat` packet of a line, as [`encode`](super::encode) writes it, without a copy
/// of the line.
pub fn encode_line(channel: &str, line: &Line, json: &mut Vec<u8>) {
    #[derive(Serialize)]
    struct Chat<'a> {
        r#type: &'a str,
        channel: &'a str,
        #[serde(flatten)]
        line: &'a Line,
    }
    let packet = Chat {
        r#type: "chat",
        channel,
        line,
    };
    encode_to(&packet, json);
}
