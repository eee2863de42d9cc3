//! When the next batch goes to the store.

use tokio::time::{Duration, Instant};

/// A batch begins so many times as late after the one before it as that one took.
const PACE: u32 = 4;
/// It need not be later, though: the disk may have stalled.
const SLOWEST_PACE: Duration = Duration::from_millis(4);
/// No rest is shorter: timers are no finer, and a flush is cheap where it is so fast.
const SHORTEST_REST: Duration = Duration::from_millis(1);
/// So many entries are worth a flush at any time.
const WORTH_A_FLUSH: usize = 64;

/// The rest after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pace {
    rested: Instant,
}

impl Pace {
    /// Before the first batch there is no rest.
    pub(super) fn start(now: Instant) -> Self {
        Self { rested: now }
    }

    /// After a batch that took the store so long.
    pub(super) fn after(began: Instant, took: Duration) -> Self {
        Self {
            rested: began + took + rest_after(took),
        }
    }

    /// When the rest is over.
    pub(super) fn rested(self) -> Instant {
        self.rested
    }

    /// Whether a batch may begin while so many entries wait.
    pub(super) fn may_begin(self, now: Instant, waiting: usize) -> bool {
        now >= self.rested || is_worth_a_flush(waiting)
    }
}

/// Whether so many entries go at once, rest or not.
pub(super) fn is_worth_a_flush(entries: usize) -> bool {
    entries >= WORTH_A_FLUSH
}

/// How long to rest after a batch that took the store so long.
fn rest_after(took: Duration) -> Duration {
    let rest = (took * PACE).min(SLOWEST_PACE).saturating_sub(took);
    if rest < SHORTEST_REST {
        return Duration::ZERO;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_rests_by_what_the_disk_takes() {
        let rests = [
            (100, 0),
            (500, 1500),
            (900, 2700),
            (2000, 2000),
            (20_000, 0),
        ];
        let began = Instant::now();
        for (took, rest) in rests {
            let took = Duration::from_micros(took);
            let rested = began + took + Duration::from_micros(rest);
            assert_eq!(Pace::after(began, took).rested(), rested);
        }
    }

    #[test]
    fn a_batch_waits_for_the_end_of_the_rest_or_for_enough_entries() {
        let began = Instant::now();
        let pace = Pace::after(began, Duration::from_millis(1));
        let early = pace.rested() - Duration::from_micros(1);
        assert!(!pace.may_begin(early, WORTH_A_FLUSH - 1));
        assert!(pace.may_begin(early, WORTH_A_FLUSH));
        assert!(pace.may_begin(pace.rested(), 1));
        assert!(Pace::start(began).may_begin(began, 1));
    }
}
