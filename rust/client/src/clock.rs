//! The time as the driver tells it, and how long the driver was away.

use std::time::Duration;

/// A driver that was away longer than this may have left answers unread.
const STALL: Duration = Duration::from_secs(2);

/// The time left until every deadline, at least, after a stall.
const GRACE: Duration = Duration::from_secs(1);

/// Notices how long the driver was away.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last_call: Duration,
    /// The driver sleeps until then with good reason.
    asleep_until: Duration,
}

/// A time in which nobody listened to the server: every deadline moves by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stall {
    away: Duration,
    /// No deadline is earlier.
    earliest: Duration,
}

impl Stall {
    pub(crate) fn postpone(self, deadline: &mut Duration) {
        *deadline = deadline.saturating_add(self.away).max(self.earliest);
    }
}

impl Clock {
    /// The driver calls: what time it is, and the stall that ends with this call. A
    /// clock that goes back stands still.
    pub(crate) fn begin_call(&mut self, now: Duration) -> (Duration, Option<Stall>) {
        let now = now.max(self.last_call);
        let away = now.saturating_sub(self.last_call.max(self.asleep_until));
        self.last_call = now;
        let earliest = now.saturating_add(GRACE);
        (now, (away > STALL).then_some(Stall { away, earliest }))
    }

    /// When the driver called last.
    pub(crate) fn last_call(&self) -> Duration {
        self.last_call
    }

    /// The driver was told to call again at this time.
    pub(crate) fn sleep_until(&mut self, deadline: Duration) {
        self.asleep_until = deadline;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn a_driver_is_away_after_two_seconds_without_a_call_that_was_due() {
        let mut clock = Clock::default();
        assert_eq!(clock.begin_call(S(2)), (S(2), None));
        clock.sleep_until(S(10));
        assert_eq!(clock.begin_call(S(12)), (S(12), None), "slept as told");
        let (now, stall) = clock.begin_call(S(17));
        let stall = stall.unwrap();
        assert_eq!(now, S(17));
        for (deadline, moved) in [(S(20), S(25)), (S(5), S(18))] {
            let mut deadline = deadline;
            stall.postpone(&mut deadline);
            assert_eq!(deadline, moved);
        }
        assert_eq!(clock.begin_call(S(3)), (S(17), None), "time stands still");
    }
}
