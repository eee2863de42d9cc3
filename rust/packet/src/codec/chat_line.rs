//! Reads the packet that comes by the thousand: a line that somebody said.
//!
//! Servers write it in one way, and so do our clients: these fields, in this order, without
//! a space between them. So it is read by comparing it with that, at a third of what a
//! parser takes that must be ready for anything. What looks different in the
//! least, be it an escape in a text, is `None` and left to the parser, which is the
//! only judge of what is right.

use crate::channel::MAX_NUMBER;
use crate::{ChatText, ClientPacket, Line, LineKind, RequestId, Seq, Target};

/// A client's `chat` packet that breaks no rule.
pub(super) fn read_from_client(packet: &str) -> Option<ClientPacket> {
    let (id, rest) = number(packet.strip_prefix(r#"{"type":"chat","id":"#)?)?;
    let (channel, rest) = plain_text(rest.strip_prefix(r#","channel":""#)?)?;
    let (line_id, rest) = number(rest.strip_prefix(r#","line_id":"#)?)?;
    let (text, rest) = plain_text(rest.strip_prefix(r#","text":""#)?)?;
    if rest != "}" || line_id > MAX_NUMBER {
        return None;
    }
    Some(ClientPacket::Chat {
        id: RequestId::try_from(id).ok()?,
        channel: Target::parse(channel).ok()?,
        line_id,
        text: ChatText::parse(text).ok()?,
    })
}

/// The channel and the line of a `chat` packet.
pub(super) fn read(packet: &str) -> Option<(&str, Line)> {
    let rest = packet.strip_prefix(r#"{"type":"chat","channel":""#)?;
    let (channel, rest) = plain_text(rest)?;
    let (seq, rest): (Seq, _) = number(rest.strip_prefix(r#","seq":"#)?)?;
    let (sender, rest) = plain_text(rest.strip_prefix(r#","sender":""#)?)?;
    let (recipient, rest) = match rest.strip_prefix(r#","recipient":""#) {
        Some(rest) => plain_text(rest).map(|(name, rest)| (Some(name.to_owned()), rest))?,
        None => (None, rest),
    };
    let (text, rest) = plain_text(rest.strip_prefix(r#","text":""#)?)?;
    let (sent_at_ms, rest) = number(rest.strip_prefix(r#","sent_at_ms":"#)?)?;
    let line = |()| Line {
        seq,
        sender: sender.to_owned(),
        recipient,
        text: text.to_owned(),
        sent_at_ms,
        kind: LineKind::Said,
        edited_at_ms: None,
        of: None,
    };
    let line = (rest == "}").then_some(()).map(line)?;
    Some((channel, line))
}

/// A text up to its closing quote, if it stands there as it reads.
fn plain_text(text: &str) -> Option<(&str, &str)> {
    let (text, rest) = text.split_once('"')?;
    let is_odd = |byte: u8| byte == b'\\' || byte.is_ascii_control();
    // To the end in any case: that way it takes many bytes at a time.
    let odd = text.bytes().fold(false, |odd, byte| odd | is_odd(byte));
    (!odd).then_some((text, rest))
}

/// A number without a sign, a fraction or zeros in front.
fn number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, rest) = text.split_at(end);
    if digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some((digits.parse().ok()?, rest))
}
