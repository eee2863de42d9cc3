//! A limit that all servers of a store keep together.

use std::num::NonZeroU32;
use std::time::Duration;

use sha2::{Digest, Sha256};

/// What a try counts against: so many at once, and one more with each interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SharedLimit {
    /// Whose tries at what.
    pub key: LimitKey,
    /// After how long one more may be made.
    pub interval: Duration,
    /// How many may be made at once.
    pub burst: NonZeroU32,
}

/// Whose tries at what are counted, as a hash: neither names nor addresses are to be
/// read in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LimitKey(pub [u8; 16]);

impl LimitKey {
    /// The key of one of the limits for who is described by these parts.
    pub fn new(limit: &str, whose: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in [limit.as_bytes()].iter().chain(whose) {
            // Each with its length: no two lists of parts read the same.
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        let mut key = Self([0; 16]);
        key.0.copy_from_slice(&hash.finalize()[..16]);
        key
    }
}

impl SharedLimit {
    /// Counts a try of a key that is back to its full allowance at `full_at`, and says
    /// when it will be then.
    ///
    /// # Errors
    /// How long to wait for the next try. This one is not counted.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn count(self, full_at: Duration, now: Duration) -> Result<Duration, Duration> {
        let next = full_at.max(now) + self.interval;
        let latest = now + self.interval * self.burst.get();
        match next.checked_sub(latest) {
            None | Some(Duration::ZERO) => Ok(next),
            Some(wait) => Err(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::{Clock, FakeRelativeClock};
    use governor::{Quota, RateLimiter};

    use super::*;

    #[test]
    fn what_is_counted_for_all_servers_is_counted_as_on_one() {
        let random = &mut fastrand::Rng::with_seed(1);
        for quota in [
            Quota::per_hour(NonZeroU32::new(30).unwrap()),
            Quota::per_minute(NonZeroU32::new(7).unwrap()),
            Quota::per_minute(NonZeroU32::MIN),
        ] {
            let clock = FakeRelativeClock::default();
            let alone = RateLimiter::direct_with_clock(quota, clock.clone());
            let shared = SharedLimit {
                key: LimitKey::new("", &[]),
                interval: quota.replenish_interval(),
                burst: quota.burst_size(),
            };
            let (mut now, mut full_at, mut denied) = (Duration::ZERO, Duration::ZERO, 0);
            for _ in 0..1000 {
                let step = shared.interval.mul_f64(random.f64() * 1.8);
                clock.advance(step);
                now += step;
                let here = alone
                    .check()
                    .map_err(|until| until.wait_time_from(clock.now()));
                let there = shared.count(full_at, now).map(|next| full_at = next);
                assert_eq!(there, here);
                denied += u32::from(here.is_err());
            }
            assert!((10..990).contains(&denied), "{denied}");
        }
    }

    #[test]
    fn keys_of_other_limits_and_other_parts_differ() {
        let keys = [
            LimitKey::new("a", &[b"bc"]),
            LimitKey::new("ab", &[b"c"]),
            LimitKey::new("a", &[b"b", b"c"]),
            LimitKey::new("a", &[b"bc", b""]),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key));
        }
        assert_eq!(keys[0], LimitKey::new("a", &[b"bc"]));
    }
}
