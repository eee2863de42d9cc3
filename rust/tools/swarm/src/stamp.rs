//! The time at which a line was sent, and from which server, in its text.

use std::time::{Duration, Instant};

/// Bytes of a text that the stamp takes; the rest is filled up.
pub const STAMP_BYTES: usize = 32;

/// The stamp's number: nanoseconds below, which last three days, the server above.
const SERVER_SHIFT: u32 = 48;

const FILLER: &[u8] = b"shall we meet at the old bridge or do you go ahead ";

/// What the stamp of a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) at: Duration,
    /// The server that its sender was on.
    pub(crate) home: u8,
}

/// The clock of one run: both ends of each line are on this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    /// Tells this run's lines from everybody else's.
    run: u32,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
            run: fastrand::u32(..),
        }
    }

    pub(crate) fn beginning(&self) -> Instant {
        self.start
    }

    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// A line of `bytes` characters, or a little more when the stamp needs it, that
    /// was sent.
    pub(crate) fn stamp(&self, sent: Sent, bytes: usize) -> String {
        let stamp = u64::from(sent.home) << SERVER_SHIFT | sent.at.as_nanos() as u64;
        let mut text = format!("swarm-{:08x}-{stamp:016x}-", self.run);
        let missing = bytes.saturating_sub(text.len());
        text.extend(FILLER.iter().cycle().take(missing).map(|&b| char::from(b)));
        if text.ends_with(' ') {
            // The server trims.
            text.pop();
            text.push('.');
        }
        text
    }

    /// When and where a line of this run was sent.
    pub(crate) fn read(&self, text: &[u8]) -> Option<Sent> {
        let text = text.strip_prefix(b"swarm-")?;
        let (run, text) = text.split_at_checked(8)?;
        let stamp = text.strip_prefix(b"-")?.get(..16)?;
        if hex(run)? != u64::from(self.run) {
            return None;
        }
        let stamp = hex(stamp)?;
        Some(Sent {
            at: Duration::from_nanos(stamp & ((1 << SERVER_SHIFT) - 1)),
            home: (stamp >> SERVER_SHIFT) as u8,
        })
    }
}

fn hex(digits: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_as_it_was_written_and_the_line_has_its_length() {
        let clock = Clock::start();
        for (bytes, home) in [(STAMP_BYTES, 0), (64, 2), (83, 255), (500, 1)] {
            let at = Duration::from_nanos(98_765_432_101_234);
            let sent = Sent { at, home };
            let text = clock.stamp(sent, bytes);
            assert_eq!(text.len(), bytes);
            assert_eq!(text.trim(), text);
            assert_eq!(clock.read(text.as_bytes()), Some(sent));
        }
    }

    #[test]
    fn lines_of_others_have_no_stamp() {
        let clock = Clock::start();
        let other = Clock {
            run: clock.run ^ 1,
            ..clock
        };
        let at = Duration::from_secs(1);
        let text = other.stamp(Sent { at, home: 0 }, 64);
        for text in [text.as_str(), "hello", "swarm-", "swarm-zzzzzzzz-0"] {
            assert_eq!(clock.read(text.as_bytes()), None);
        }
    }
}
