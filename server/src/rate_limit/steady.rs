//! A limit on what one connection or account does, by a clock that the caller reads.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

const NANOS_PER_SECOND: u64 = 1_000_000_000;
/// Seconds over which it averages: so many times a second's allowance may come at once.
const BURST_SECONDS: u64 = 4;

/// What one takes of the time, in nanoseconds, for all that are counted by it. It may change
/// meanwhile.
#[derive(Clone)]
pub(crate) struct Pace(Arc<AtomicU64>);

impl Pace {
    /// Lets so many a second count from now on; at least one.
    pub(super) fn set(&self, count: u32) {
        let share = NANOS_PER_SECOND / u64::from(count.max(1));
        self.0.store(share.max(1), Ordering::Relaxed);
    }

    /// Lets one in so many seconds count from now on, and none of them be saved up.
    pub(super) fn set_slow(&self, seconds: u32) {
        let share = NANOS_PER_SECOND * u64::from(seconds.max(1));
        self.0.store(share, Ordering::Relaxed);
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(NANOS_PER_SECOND)))
    }
}

/// So many a second, averaged over four.
///
/// Each one counted moves a mark on by its share of a second; the mark may be four
/// seconds ahead of the time, and never falls behind it. Several threads may count at once.
pub(crate) struct SteadyLimit {
    /// Time is counted from here.
    start: Instant,
    pace: Pace,
    /// The mark, in nanoseconds since the start.
    mark: AtomicU64,
}

impl SteadyLimit {
    /// With the whole allowance.
    pub(crate) fn at(pace: &Pace) -> Self {
        Self {
            start: Instant::now(),
            pace: pace.clone(),
            mark: AtomicU64::new(0),
        }
    }

    #[cfg(test)]
    fn per_second(count: u32) -> Self {
        let pace = Pace::default();
        pace.set(count);
        Self::at(&pace)
    }

    /// What one takes, and how far ahead of the time the mark may be, in nanoseconds.
    fn share_and_burst(&self) -> (u64, u64) {
        let share = self.pace.0.load(Ordering::Relaxed);
        match NANOS_PER_SECOND / share {
            0 => (share, share),
            count => (share, share * count * BURST_SECONDS),
        }
    }

    /// Counts one.
    ///
    /// # Errors
    /// How long to wait for the next.
    pub(crate) fn check(&self, now: Instant) -> Result<(), Duration> {
        let (share, burst) = self.share_and_burst();
        self.advance(share, burst, now)
    }

    /// Counts one, of which so many may be saved up.
    ///
    /// # Errors
    /// How long to wait for the next.
    pub(crate) fn check_saved(&self, at_once: u32, now: Instant) -> Result<(), Duration> {
        let share = self.pace.0.load(Ordering::Relaxed);
        self.advance(share, share.saturating_mul(at_once.into()), now)
    }

    /// Counts several at once.
    ///
    /// # Errors
    /// How long to wait until there are so many again; `None` when there never are.
    /// None is counted then.
    pub(crate) fn check_many(
        &self,
        count: NonZeroU32,
        now: Instant,
    ) -> Result<(), Option<Duration>> {
        let (share, burst) = self.share_and_burst();
        let cost = share.saturating_mul(count.get().into());
        if cost > burst {
            return Err(None);
        }
        self.advance(cost, burst, now).map_err(Some)
    }

    fn advance(&self, cost: u64, burst: u64, now: Instant) -> Result<(), Duration> {
        let passed = now.saturating_duration_since(self.start);
        let now = passed.as_secs() * NANOS_PER_SECOND + u64::from(passed.subsec_nanos());
        let limit = now + burst;
        let next = |mark: u64| mark.max(now) + cost;
        let counted = self
            .mark
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |mark| {
                Some(next(mark)).filter(|next| *next <= limit)
            });
        counted
            .map(drop)
            .map_err(|mark| Duration::from_nanos(next(mark) - limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many may come at once at that moment.
    fn count_at_once(limit: &SteadyLimit, now: Instant) -> u32 {
        (0..).find(|_| limit.check(now).is_err()).unwrap()
    }

    #[test]
    fn what_is_not_used_is_saved_up_for_four_seconds_and_no_longer() {
        let second = Duration::from_secs(1);
        for count in [1, 3, 20, 1000] {
            let limit = SteadyLimit::per_second(count);
            let mut now = limit.start;
            assert_eq!(count_at_once(&limit, now), 4 * count);
            now += second;
            assert_eq!(count_at_once(&limit, now), count);
            now += 1000 * second;
            assert_eq!(count_at_once(&limit, now), 4 * count);
        }
    }

    #[test]
    fn one_that_waits_as_long_as_told_is_let_through_and_no_earlier() {
        let limit = SteadyLimit::per_second(20);
        let mut now = limit.start + Duration::from_secs(7);
        for _ in 0..100 {
            if let Err(wait) = limit.check(now) {
                let moment = Duration::from_nanos(1);
                assert!(limit.check(now + wait - moment).is_err());
                now += wait;
                assert_eq!(limit.check(now), Ok(()));
            }
        }
        assert!(now > limit.start + Duration::from_secs(7));
    }

    #[test]
    fn more_than_there_ever_are_are_never_let_through_and_not_counted() {
        let limit = SteadyLimit::per_second(20);
        let now = limit.start;
        assert_eq!(
            limit.check_many(NonZeroU32::new(81).unwrap(), now),
            Err(None)
        );
        assert_eq!(limit.check_many(NonZeroU32::new(80).unwrap(), now), Ok(()));
        let wait = limit.check_many(NonZeroU32::new(2).unwrap(), now);
        assert_eq!(wait, Err(Some(Duration::from_millis(100))));
    }

    #[test]
    fn a_moment_before_the_last_one_gives_nothing_twice() {
        let limit = SteadyLimit::per_second(20);
        let later = limit.start + Duration::from_secs(10);
        assert_eq!(count_at_once(&limit, later), 80);
        assert_eq!(count_at_once(&limit, limit.start), 0);
        assert_eq!(count_at_once(&limit, later), 0);
    }

    #[test]
    fn another_pace_holds_at_once_for_what_counts_already() {
        let pace = Pace::default();
        pace.set(20);
        let limit = SteadyLimit::at(&pace);
        let now = limit.start;
        assert_eq!(count_at_once(&limit, now), 80);
        pace.set(1);
        assert_eq!(count_at_once(&limit, now + Duration::from_secs(4)), 4);
        pace.set(100);
        assert_eq!(count_at_once(&limit, now + Duration::from_secs(9)), 400);
    }

    #[test]
    fn a_slow_pace_saves_nothing_up() {
        let pace = Pace::default();
        pace.set(20);
        let limit = SteadyLimit::at(&pace);
        let now = limit.start + Duration::from_secs(60);
        pace.set_slow(3);
        assert_eq!(count_at_once(&limit, now), 1);
        assert_eq!(limit.check(now), Err(Duration::from_secs(3)));
        assert_eq!(limit.check(now + Duration::from_secs(3)), Ok(()));
        pace.set(20);
        assert_eq!(count_at_once(&limit, now + Duration::from_secs(10)), 80);
    }

    #[test]
    fn any_allowance_can_be_set() {
        for count in [0, u32::MAX] {
            let limit = SteadyLimit::per_second(count);
            assert_eq!(limit.check(limit.start), Ok(()));
        }
    }
}
