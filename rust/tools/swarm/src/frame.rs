//! Frames of a WebSocket, looked at where `read` put them (RFC 6455, section 5.2).
//!
//! For the load generator's end, and for the references of the bench at the other.
//! tungstenite's `FrameHeader::parse` reads the same, which a test holds it to, but with
//! it a frame that the generator looks at costs 227 instructions in place of 35.

/// What a text frame is marked with.
pub const TEXT: u8 = 1;
/// What the last frame of a connection is marked with.
pub const CLOSE: u8 = 8;
/// What a frame that wants a [`PONG`] is marked with.
pub const PING: u8 = 9;
/// What the answer to a [`PING`] is marked with.
pub const PONG: u8 = 10;

/// What a header says of its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What the payload is.
    pub opcode: u8,
    /// What the payload is masked with: by clients, always.
    pub mask: Option<[u8; 4]>,
    /// Where the payload begins, counted from the frame's beginning.
    pub from: usize,
    /// Where it ends, and the next frame begins. That may not have arrived yet.
    pub to: usize,
}

impl Frame {
    /// The frame that begins with `bytes`, when its header has wholly arrived.
    ///
    /// # Errors
    /// For what neither end sends: pieces of a message, extensions, 64 KiB or more.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, &'static str> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        let (mut from, length) = match (second & 0x7f, rest) {
            (126, [high, low, ..]) => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            (126, _) => return Ok(None),
            (127, _) => return Err("a frame of 64 KiB or more"),
            (short, _) => (2, usize::from(short)),
        };
        if first & 0xf0 != 0x80 {
            return Err("a frame in fragments");
        }
        let mut mask = None;
        if second & 0x80 != 0 {
            let Some(&bytes) = bytes[from..].first_chunk() else {
                return Ok(None);
            };
            mask = Some(bytes);
            from += bytes.len();
        }
        Ok(Some(Self {
            opcode: first & 0x0f,
            mask,
            from,
            to: from + length,
        }))
    }

    /// Appends a frame. With a mask it is a client's.
    ///
    /// # Panics
    /// When the payload has 64 KiB or more.
    pub fn push(out: &mut Vec<u8>, opcode: u8, mask: Option<[u8; 4]>, payload: &[u8]) {
        Self::push_with(out, opcode, mask, |out| out.extend_from_slice(payload));
    }

    /// Appends a frame with the payload that `write` appends.
    ///
    /// # Panics
    /// When the payload has 64 KiB or more.
    pub fn push_with(
        out: &mut Vec<u8>,
        opcode: u8,
        mask: Option<[u8; 4]>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let at = out.len();
        let masked = if mask.is_some() { 0x80 } else { 0 };
        out.extend_from_slice(&[0x80 | opcode, masked | 126, 0, 0]);
        out.extend_from_slice(mask.as_ref().map_or(&[], |mask| &mask[..]));
        let from = out.len();
        write(out);
        let length = out.len() - from;
        if let Some(mask) = mask {
            apply_mask(&mut out[from..], mask);
        }
        if let short @ 0..126 = length {
            out[at + 1] = masked | short as u8;
            out.drain(at + 2..at + 4);
        } else {
            let length = u16::try_from(length).expect("no packet has 64 KiB");
            out[at + 2..at + 4].copy_from_slice(&length.to_be_bytes());
        }
    }
}

/// Masks a payload, or takes the mask away.
pub fn apply_mask(payload: &mut [u8], mask: [u8; 4]) {
    for four in payload.chunks_mut(4) {
        for (byte, mask) in four.iter_mut().zip(mask) {
            *byte ^= mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;

    use super::*;

    const MASK: [u8; 4] = [1, 2, 3, 4];

    #[test]
    fn a_header_is_read_when_it_is_whole() {
        for (mask, header) in [(None, 4), (Some(MASK), 8)] {
            let mut whole = Vec::new();
            Frame::push(&mut whole, TEXT, mask, &[b'x'; 300]);
            for end in 0..header {
                assert_eq!(Frame::parse(&whole[..end]).unwrap(), None);
            }
            let frame = Frame::parse(&whole[..header]).unwrap().unwrap();
            assert_eq!((frame.opcode, frame.mask), (TEXT, mask));
            assert_eq!((frame.from, frame.to), (header, header + 300));
        }
        // A fragment, an extension, more than anybody sends.
        for bad in [[0x01, 5], [0xc1, 5], [0x81, 127]] {
            assert!(Frame::parse(&bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn headers_are_those_that_tungstenite_reads() {
        for opcode in [TEXT, CLOSE, PING, PONG] {
            for mask in [None, Some(MASK)] {
                for length in [0, 5, 125, 126, 65_535] {
                    let mut bytes = Vec::new();
                    Frame::push(&mut bytes, opcode, mask, &vec![b'x'; length]);
                    let mut cursor = Cursor::new(&bytes);
                    let (header, payload) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
                    let frame = Frame::parse(&bytes).unwrap().unwrap();
                    assert_eq!(frame.opcode, u8::from(header.opcode));
                    assert_eq!((frame.mask, header.mask), (mask, mask));
                    assert_eq!(frame.from, cursor.position() as usize);
                    assert_eq!((frame.to - frame.from) as u64, payload);
                    assert_eq!(frame.to, bytes.len());
                }
            }
        }
    }

    #[test]
    fn a_client_frame_unmasks_to_what_was_queued() {
        for length in [0, 5, 125, 126, 5000] {
            let text = "a".repeat(length);
            let mut out = Vec::new();
            Frame::push(&mut out, TEXT, Some(MASK), text.as_bytes());
            let frame = Frame::parse(&out).unwrap().unwrap();
            let payload = &mut out[frame.from..frame.to];
            assert!(length == 0 || payload != text.as_bytes());
            apply_mask(payload, MASK);
            assert_eq!(payload, text.as_bytes());
        }
    }
}
