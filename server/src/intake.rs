//! Counts the frames that a peer makes us read, and holds it back where they are too many.
//!
//! The session counts packets. A peer can send much that is none: pings, pongs,
//! empty pieces of a packet that never ends, single bytes. Each costs little and
//! comes as often as the peer likes, so that all of it is counted here, before
//! anything is made of it.

use std::io::Cursor;
use std::num::NonZeroU32;

use tokio::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::rate_limit::{RateLimits, SteadyLimit};

/// The longest header of a frame from a client (RFC 6455, section 5.2).
const MAX_HEADER_BYTES: usize = 14;
/// A frame that is no packet counts as so many reads: most ask for an answer.
const READS_PER_FRAME: u32 = 5;

/// How much one connection may make us read.
pub(crate) struct Intake {
    meter: FrameMeter,
    reads: SteadyLimit,
}

/// How to go on with bytes that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Go on.
    Fine,
    /// Go on with these, and read no more for so long.
    Rest(Duration),
    /// There are more frames in it than the whole allowance: close.
    Flood,
}

impl Intake {
    pub(crate) fn new(limits: &RateLimits) -> Self {
        Self {
            meter: FrameMeter::default(),
            reads: SteadyLimit::at(&limits.reads),
        }
    }

    /// Counts one read with what it brought. The session counts the packets.
    pub(crate) fn count(&mut self, bytes: &[u8], now: Instant) -> Verdict {
        let frames = self.meter.count(bytes).saturating_mul(READS_PER_FRAME);
        let count = NonZeroU32::MIN.saturating_add(frames);
        match self.reads.check_many(count, now) {
            Ok(()) => Verdict::Fine,
            Err(Some(wait)) => Verdict::Rest(wait),
            Err(None) => Verdict::Flood,
        }
    }
}

/// Finds the frames in what a peer sends, wherever it is cut, without taking
/// anything apart.
#[derive(Default)]
struct FrameMeter {
    /// Bytes still to come of the frame under way. One that is too long for this
    /// ends the connection before it is over.
    payload: u32,
    /// The beginning of a header whose rest is still to come.
    header: [u8; MAX_HEADER_BYTES],
    header_bytes: u8,
}

impl FrameMeter {
    /// How many frames begin in these bytes that are not the beginning of a packet:
    /// those the session counts.
    fn count(&mut self, mut bytes: &[u8]) -> u32 {
        let mut count = 0;
        loop {
            let passed = bytes
                .len()
                .min(usize::try_from(self.payload).unwrap_or(usize::MAX));
            self.payload -= u32::try_from(passed).unwrap_or(self.payload);
            bytes = &bytes[passed..];
            if bytes.is_empty() {
                return count;
            }
            // Headers are rarely cut: mostly they are looked at where they are.
            let known = usize::from(self.header_bytes);
            let taken = bytes.len().min(MAX_HEADER_BYTES - known);
            let header = if known == 0 {
                &bytes[..taken]
            } else {
                self.header[known..known + taken].copy_from_slice(&bytes[..taken]);
                &self.header[..known + taken]
            };
            let mut cursor = Cursor::new(header);
            match FrameHeader::parse(&mut cursor) {
                Ok(Some((header, payload))) => {
                    if !matches!(header.opcode, OpCode::Data(Data::Text | Data::Binary)) {
                        count += 1;
                    }
                    let length = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
                    bytes = &bytes[length.saturating_sub(known).min(bytes.len())..];
                    self.header_bytes = 0;
                    self.payload = u32::try_from(payload).unwrap_or(u32::MAX);
                }
                Ok(None) => {
                    if known == 0 {
                        self.header[..taken].copy_from_slice(bytes);
                    }
                    self.header_bytes = u8::try_from(known + taken).unwrap_or(0);
                    return count;
                }
                // No WebSocket frame. The connection ends as soon as this is read on.
                Err(_) => {
                    self.header_bytes = 0;
                    self.payload = u32::MAX;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::rate_limit::MIN_READS_PER_SECOND;

    /// A frame as a client sends it: masked, with a mask of zeros.
    fn frame(first: u8, payload: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match payload {
            0..126 => frame.push(0x80 | payload as u8),
            126..65536 => {
                frame.push(0x80 | 126);
                frame.extend((payload as u16).to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 127);
                frame.extend((payload as u64).to_be_bytes());
            }
        }
        frame.resize(frame.len() + 4 + payload, 0);
        frame
    }

    #[test]
    fn frames_that_are_no_packets_are_found_however_they_are_cut() {
        let text = [
            frame(0x81, 5),      // a packet
            frame(0x89, 0),      // a ping
            frame(0x01, 300),    // the first piece of a packet
            frame(0x8a, 125),    // a pong in between
            frame(0x00, 0),      // an empty piece
            frame(0x80, 70_000), // the last piece
            frame(0x88, 2),      // a close
        ]
        .concat();
        for size in [1, 2, 3, 5, 7, 11, 13, 64, 1000, text.len()] {
            let mut meter = FrameMeter::default();
            let count: u32 = text.chunks(size).map(|part| meter.count(part)).sum();
            assert_eq!(count, 5, "in parts of {size}");
        }
    }

    #[test]
    fn what_is_no_frame_ends_the_counting() {
        let mut meter = FrameMeter::default();
        assert_eq!(meter.count(&[0x83; 100]), 0);
        assert_eq!(meter.count(&frame(0x89, 0).repeat(1000)), 0);
    }

    #[test]
    fn pings_beyond_any_need_are_a_flood() {
        let mut intake = Intake::new(&RateLimits::new(&Config::default()));
        let now = Instant::now();
        let ping = frame(0x89, 0);
        assert_eq!(intake.count(&ping.repeat(100), now), Verdict::Fine);
        assert_eq!(intake.count(&ping.repeat(1300), now), Verdict::Flood);
        let rest = (0..10_000).find(|_| intake.count(&ping, now) != Verdict::Fine);
        assert!(rest.is_some(), "one by one they are none");
    }

    #[test]
    fn after_many_reads_there_is_a_rest() {
        let mut intake = Intake::new(&RateLimits::new(&Config::default()));
        let now = Instant::now();
        let rest = (0..100_000).find(|_| intake.count(b"", now) != Verdict::Fine);
        let least = 4 * MIN_READS_PER_SECOND;
        assert!(rest.is_some_and(|rest| rest >= least), "{rest:?}");
    }
}
