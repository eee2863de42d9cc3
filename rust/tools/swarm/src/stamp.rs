//! The time at which a line was sent, in its text.

use std::time::{Duration, Instant};

/// Bytes of a text that the stamp takes; the rest is filled up.
pub const STAMP_BYTES: usize = 32;

const FILLER: &[u8] = b"shall we meet at the old bridge or do you go ahead ";

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
    /// was sent at `now`.
    pub(crate) fn stamp(&self, now: Duration, bytes: usize) -> String {
        let nanos = now.as_nanos() as u64;
        let mut text = format!("swarm-{:08x}-{nanos:016x}-", self.run);
        let missing = bytes.saturating_sub(text.len());
        text.extend(FILLER.iter().cycle().take(missing).map(|&b| char::from(b)));
        if text.ends_with(' ') {
            // The server trims.
            text.pop();
            text.push('.');
        }
        text
    }

    /// When a line of this run was sent.
    pub(crate) fn read(&self, text: &[u8]) -> Option<Duration> {
        let text = text.strip_prefix(b"swarm-")?;
        let (run, text) = text.split_at_checked(8)?;
        let nanos = text.strip_prefix(b"-")?.get(..16)?;
        if hex(run)? != u64::from(self.run) {
            return None;
        }
        Some(Duration::from_nanos(hex(nanos)?))
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
        for bytes in [STAMP_BYTES, 64, 83, 500] {
            let sent = Duration::from_nanos(987_654_321_012);
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
        let text = other.stamp(Duration::from_secs(1), 64);
        for text in [text.as_str(), "hello", "swarm-", "swarm-zzzzzzzz-0"] {
            assert_eq!(clock.read(text.as_bytes()), None);
        }
    }
}
