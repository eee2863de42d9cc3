//! A limit for each address, name or account that may change while it counts.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::store::{LimitKey, SharedLimit};

type Keyed<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock>;

/// How often each of them may do something.
pub(crate) struct Limiter<K: Hash + Eq + Clone>(ArcSwap<Counting<K>>);

struct Counting<K: Hash + Eq + Clone> {
    quota: Quota,
    here: Keyed<K>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    pub(crate) fn new(quota: Quota) -> Self {
        Self(ArcSwap::from_pointee(Counting {
            quota,
            here: RateLimiter::hashmap(quota),
        }))
    }

    /// Lets another quota count. Everybody has the whole of it then; where it is the one
    /// that counts already, nothing is forgotten.
    pub(super) fn set(&self, quota: Quota) {
        if self.0.load().quota != quota {
            self.0.store(Self::new(quota).0.into_inner());
        }
    }

    /// Counts one.
    ///
    /// # Errors
    /// How long to wait for the next.
    pub(crate) fn check(&self, key: &K, clock: &DefaultClock) -> Result<(), Duration> {
        let checked = self.0.load().here.check_key(key);
        checked.map_err(|until| until.wait_time_from(clock.now()))
    }

    /// Forgets who is back to the full allowance.
    pub(crate) fn drop_idle(&self) {
        self.0.load().here.retain_recent();
    }

    /// The same limit for all servers of a store together.
    pub(super) fn everywhere(&self, limit: &str, whose: &[&[u8]]) -> SharedLimit {
        let quota = self.0.load().quota;
        SharedLimit {
            key: LimitKey::new(limit, whose),
            interval: quota.replenish_interval(),
            burst: quota.burst_size(),
        }
    }
}

/// Until it is set to what the operator wants.
impl<K: Hash + Eq + Clone> Default for Limiter<K> {
    fn default() -> Self {
        Self::new(Quota::per_second(NonZeroU32::MIN))
    }
}
