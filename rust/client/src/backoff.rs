//! When to try again.

use std::time::Duration;

use fastrand::Rng;

/// The window of the first try.
const FIRST_WINDOW: Duration = Duration::from_millis(500);
/// No try follows another one faster than this.
const SHORTEST_DELAY: Duration = Duration::from_millis(50);

/// Waits that grow and are spread at random.
///
/// Each delay is drawn from the whole of a window that doubles with every try
/// ("full jitter"): a thousand clients that lost the same server come back one
/// by one, instead of in step.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    /// Tries since the last reset.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// Counts a try and draws the wait before it, from a window of at least
    /// `least_window` and at most `cap`.
    pub(crate) fn next_delay(
        &mut self,
        rng: &mut Rng,
        least_window: Duration,
        cap: Duration,
    ) -> Duration {
        let doubled = FIRST_WINDOW.saturating_mul(1 << self.attempts.min(20));
        self.attempts = self.attempts.saturating_add(1);
        let window = doubled.max(least_window).min(cap.max(FIRST_WINDOW));
        window.mul_f64(rng.f64()).max(SHORTEST_DELAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest_of_many(attempts: u32, least_window: Duration, cap: Duration) -> Duration {
        let mut rng = Rng::with_seed(7);
        let draw = |_| Backoff { attempts }.next_delay(&mut rng, least_window, cap);
        (0..2_000).map(draw).max().unwrap()
    }

    #[track_caller]
    fn check_window(attempts: u32, least_window: Duration, cap: Duration, window: Duration) {
        let longest = longest_of_many(attempts, least_window, cap);
        assert!(longest <= window, "{longest:?} is beyond {window:?}");
        assert!(
            longest >= window.mul_f64(0.98),
            "{longest:?} is short of {window:?}"
        );
    }

    #[test]
    fn the_window_doubles_up_to_the_cap() {
        let s = Duration::from_secs_f64;
        for (attempts, window) in [
            (0, 0.5),
            (1, 1.0),
            (2, 2.0),
            (5, 16.0),
            (6, 30.0),
            (4_000_000_000, 30.0),
        ] {
            check_window(attempts, Duration::ZERO, s(30.0), s(window));
        }
    }

    #[test]
    fn a_crowd_gets_a_wider_window_but_never_beyond_the_cap() {
        let s = Duration::from_secs;
        check_window(0, s(4), s(30), s(4));
        check_window(0, s(4), s(2), s(2));
        check_window(5, s(4), s(30), s(16));
    }

    #[test]
    fn even_absurd_settings_leave_a_pause_and_do_not_overflow() {
        let mut backoff = Backoff::default();
        let mut rng = Rng::with_seed(1);
        for cap in [Duration::ZERO, Duration::MAX] {
            for _ in 0..100 {
                let delay = backoff.next_delay(&mut rng, Duration::ZERO, cap);
                assert!(delay >= SHORTEST_DELAY);
            }
        }
    }

    #[test]
    fn delays_are_spread_over_the_whole_window() {
        let mut rng = Rng::with_seed(3);
        let mut tenths = [0; 10];
        for _ in 0..10_000 {
            let mut backoff = Backoff { attempts: 3 };
            let delay = backoff.next_delay(&mut rng, Duration::ZERO, Duration::from_secs(30));
            tenths[(delay.as_secs_f64() / 0.4) as usize % 10] += 1;
        }
        assert!(
            tenths.iter().all(|&n| (850..1150).contains(&n)),
            "{tenths:?}"
        );
    }
}
