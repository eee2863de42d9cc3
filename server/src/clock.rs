//! How far the system's clock is believed.
//!
//! Lines are stamped as the system says. But a clock that is a year ahead for a second
//! must not have everything forgotten, nor one that was behind have what was said then
//! forgotten when it is right again. So what ends by the clock ends by [`Clock`]: it
//! goes on from where the clock was seen last, a little faster than time passes, until
//! it has reached what the system says.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;
use tracing::{info, warn};

use crate::store::{Doubt, Seen};

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 24 * 60 * 60 * SECOND_MS;
/// Before the release of this program: a clock that says so is wrong for certain.
const FLOOR_MS: i64 = 1_735_689_600_000;
/// How much later than that it may be: ten years.
const UNKNOWN_MS: i64 = 3650 * DAY_MS;
/// Once the server has run for a while, the clock may be so far ahead of what was seen
/// last: the server was not running for a night.
const OFF_MS: i64 = DAY_MS;
/// The believed time goes on so many times as fast as time passes, when the clock is
/// ahead or behind.
const PACE: i64 = 2;
/// A clock that is so far behind what was believed is doubted.
const BEHIND_MS: i64 = DAY_MS;
/// A step of the clock that is worth a line.
const STEP_MS: i64 = 10 * 60 * SECOND_MS;

/// Milliseconds since 1970-01-01 00:00 UTC, by the system's clock.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The system's clock, and how far it is believed.
pub(crate) struct Clock {
    started: Instant,
    belief: Mutex<Belief>,
    /// How far a test has stepped it.
    #[cfg(test)]
    stepped: Mutex<Duration>,
}

impl Clock {
    /// Goes on from what an earlier run has seen. Nothing is old by it before `wait` is
    /// over: a clock that is wrong at the start is mostly put right within minutes.
    pub(crate) fn start(seen: Seen, wait: Duration) -> Self {
        Self {
            started: Instant::now(),
            belief: Mutex::new(Belief::start(seen, now_ms(), wait)),
            #[cfg(test)]
            stepped: Mutex::default(),
        }
    }

    /// What the system's clock says, in milliseconds since 1970: by it lines are stamped.
    pub(crate) fn now_ms(&self) -> i64 {
        now_ms() + ms(self.stepped())
    }

    /// The moment, for what counts time that passes.
    pub(crate) fn now(&self) -> Instant {
        Instant::now() + self.stepped()
    }

    /// Has time pass for everybody who asks this clock.
    #[cfg(test)]
    pub(crate) fn step(&self, by: Duration) {
        *self.stepped.lock().unwrap() += by;
    }

    #[cfg(test)]
    fn stepped(&self) -> Duration {
        *self.stepped.lock().unwrap()
    }

    #[cfg(not(test))]
    const fn stepped(&self) -> Duration {
        Duration::ZERO
    }

    fn uptime(&self) -> Duration {
        self.now() - self.started
    }

    /// Looks at the clock, tells the operator when it is not credible, and says what is
    /// to be kept of it. To be called every minute or so.
    pub(crate) fn look(&self) -> Seen {
        let told = self.belief().look(self.now_ms(), self.uptime());
        for news in told {
            news.tell();
        }
        self.belief().seen
    }

    /// Whether it was told last that the clock is ahead or behind.
    pub(crate) fn is_doubted(&self) -> bool {
        self.belief().told != News::Right
    }

    /// By when a session that expired has ended, in milliseconds since 1970: never later
    /// than the clock says, and not yet what only a clock that is ahead would end.
    pub(crate) fn ended_by_ms(&self) -> i64 {
        let wall = self.now_ms();
        self.belief().reached(wall, self.uptime()).min(wall)
    }

    /// From when on something lasts, in milliseconds since 1970, so that a clock that is
    /// behind now does not end it too early.
    pub(crate) fn lasting_from_ms(&self) -> i64 {
        self.belief().lasting_from(self.now_ms())
    }

    /// By when lines are old, in milliseconds since 1970; `None` as long as nothing may
    /// be forgotten by its age.
    pub(crate) fn old_by_ms(&self) -> Option<i64> {
        let belief = self.belief();
        if self.uptime() < belief.wait {
            return None;
        }
        belief.seen.believed_ms?;
        drop(belief);
        Some(self.ended_by_ms())
    }

    fn belief(&self) -> MutexGuard<'_, Belief> {
        self.belief.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an operator is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    Ahead { days: i64 },
    Behind { days: i64 },
    Right,
    Stepped { seconds: i64 },
}

impl News {
    fn tell(self) {
        match self {
            Self::Ahead { days } => warn!(
                days,
                "the clock is ahead of when this server ran last: if it is right, lines that are old by it are forgotten little by little; if not, set it"
            ),
            Self::Behind { days } => warn!(
                days,
                "the clock is behind when this server ran last: lines are stamped by it, but none is forgotten for that; set it if it is wrong"
            ),
            Self::Right => info!("the clock is believed again"),
            Self::Stepped { seconds } => warn!(seconds, "the clock was set while the server runs"),
        }
    }
}

/// The reckoning, without a clock of its own.
struct Belief {
    seen: Seen,
    /// What the clock said last, and how long the server had run then.
    wall_ms: i64,
    uptime: Duration,
    wait: Duration,
    /// The time the server may not have run is granted once.
    is_granted: bool,
    told: News,
}

impl Belief {
    fn start(mut seen: Seen, wall_ms: i64, wait: Duration) -> Self {
        // A file of old whose newest line is no better than the clock.
        seen.believed_ms = seen.believed_ms.filter(|believed| *believed >= FLOOR_MS);
        Self {
            seen,
            wall_ms,
            uptime: Duration::ZERO,
            wait,
            is_granted: false,
            told: News::Right,
        }
    }

    /// How far the clock may be believed by now.
    fn reached(&self, wall_ms: i64, uptime: Duration) -> i64 {
        let Some(believed) = self.seen.believed_ms else {
            // Nothing speaks against it yet.
            return wall_ms;
        };
        let passed = ms(uptime.saturating_sub(self.uptime));
        let granted = if uptime >= self.wait && !self.is_granted {
            OFF_MS
        } else {
            0
        };
        wall_ms.clamp(believed - PACE * passed, believed + PACE * passed + granted)
    }

    fn lasting_from(&self, wall_ms: i64) -> i64 {
        let least = match self.seen.believed_ms {
            Some(believed) => believed,
            // Nobody knows how late it is: it is set right when the session is resumed.
            None if wall_ms < FLOOR_MS => FLOOR_MS + UNKNOWN_MS,
            None => wall_ms,
        };
        least.max(wall_ms)
    }

    fn look(&mut self, wall_ms: i64, uptime: Duration) -> Vec<News> {
        let passed = ms(uptime.saturating_sub(self.uptime));
        let mut news = Vec::new();
        let step = wall_ms - self.wall_ms - passed;
        if step.abs() >= STEP_MS {
            let seconds = step / SECOND_MS;
            news.push(News::Stepped { seconds });
        }
        if self.seen.believed_ms.is_some() {
            self.seen.believed_ms = Some(self.reached(wall_ms, uptime));
        } else if uptime >= self.wait && wall_ms >= FLOOR_MS {
            self.seen.believed_ms = Some(wall_ms);
        }
        self.is_granted |= uptime >= self.wait;
        let believed = self.seen.believed_ms;
        let behind = believed.unwrap_or(FLOOR_MS) - wall_ms;
        let limit = if believed.is_some() { BEHIND_MS } else { 1 };
        if behind >= limit {
            self.doubt(wall_ms - passed, wall_ms);
        }
        if let (Some(doubt), Some(believed)) = (&mut self.seen.doubt, believed) {
            // One from before anything was believed.
            doubt.said_ms = doubt.said_ms.min(believed);
        }
        let now = if behind >= limit {
            News::Behind {
                days: behind / DAY_MS,
            }
        } else if behind <= -OFF_MS && believed.is_some() {
            News::Ahead {
                days: -behind / DAY_MS,
            }
        } else {
            News::Right
        };
        if std::mem::discriminant(&now) != std::mem::discriminant(&self.told) {
            self.told = now;
            news.push(now);
        }
        self.wall_ms = wall_ms;
        self.uptime = uptime;
        news
    }

    /// Lines may have been stamped between these times by a clock that was behind.
    fn doubt(&mut self, from_ms: i64, to_ms: i64) {
        let said_ms = self.seen.believed_ms.unwrap_or(i64::MAX);
        let doubt = self.seen.doubt.get_or_insert(Doubt {
            from_ms,
            to_ms,
            said_ms,
        });
        doubt.from_ms = doubt.from_ms.min(from_ms);
        doubt.to_ms = doubt.to_ms.max(to_ms);
        doubt.said_ms = said_ms;
    }
}

fn ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(900);
    const NOW: i64 = FLOOR_MS + 700 * DAY_MS;
    const MINUTE: Duration = Duration::from_secs(60);

    fn seen(believed_ms: i64) -> Seen {
        Seen {
            believed_ms: Some(believed_ms),
            doubt: None,
        }
    }

    /// Looks every minute for so long at a clock that is so far off, beginning after
    /// another while. Says what was told.
    fn run(belief: &mut Belief, from: Duration, minutes: u32, off_ms: i64) -> Vec<News> {
        (0..=minutes)
            .flat_map(|minute| {
                let uptime = from + MINUTE * minute;
                belief.look(NOW + ms(uptime) + off_ms, uptime)
            })
            .collect()
    }

    fn lead(belief: &Belief, uptime: Duration) -> i64 {
        belief.seen.believed_ms.unwrap() - NOW - ms(uptime)
    }

    #[test]
    fn a_clock_that_is_right_is_followed() {
        let mut belief = Belief::start(seen(NOW - 8 * 3600 * SECOND_MS), NOW, WAIT);
        assert_eq!(run(&mut belief, Duration::ZERO, 60, 0), []);
        assert_eq!(lead(&belief, MINUTE * 60), 0);
        assert_eq!(belief.seen.doubt, None);
    }

    #[test]
    fn a_clock_that_is_ahead_moves_little_and_is_told_once() {
        for days in [2, 365, 36_500] {
            let mut belief = Belief::start(seen(NOW), NOW + days * DAY_MS, WAIT);
            let told = run(&mut belief, Duration::ZERO, 10, days * DAY_MS);
            assert_eq!(told, [News::Ahead { days }]);
            assert!(lead(&belief, MINUTE * 10) <= ms(MINUTE * 10));
            // In half a day it gains that, and the time the server might have been off.
            let told = run(&mut belief, MINUTE * 11, 709, days * DAY_MS);
            assert!(told.is_empty() || days == 2, "{told:?}");
            assert!(lead(&belief, MINUTE * 720) <= DAY_MS * 3 / 2);
        }
    }

    #[test]
    fn a_clock_set_forward_while_the_server_runs_moves_little() {
        let mut belief = Belief::start(seen(NOW), NOW, WAIT);
        run(&mut belief, Duration::ZERO, 60 * 24, 0);
        let day = MINUTE * 60 * 24;
        let told = run(&mut belief, day + MINUTE, 30, 365 * DAY_MS);
        let seconds = 365 * DAY_MS / SECOND_MS;
        assert_eq!(told, [News::Stepped { seconds }, News::Ahead { days: 364 }]);
        assert!(lead(&belief, day + MINUTE * 31) <= ms(MINUTE * 31));
        let told = run(&mut belief, day + MINUTE * 32, 60, 0);
        assert_eq!(told.last(), Some(&News::Right));
        assert_eq!(lead(&belief, day + MINUTE * 92), 0);
    }

    #[test]
    fn lines_said_while_the_clock_was_behind_are_remembered_as_doubtful() {
        let mut belief = Belief::start(seen(NOW), NOW - 400 * DAY_MS, WAIT);
        let told = run(&mut belief, Duration::ZERO, 10, -400 * DAY_MS);
        assert_eq!(told, [News::Behind { days: 400 }]);
        let doubt = belief.seen.doubt.unwrap();
        let from_ms = NOW - 400 * DAY_MS;
        assert_eq!(
            (doubt.from_ms, doubt.to_ms),
            (from_ms, from_ms + ms(MINUTE * 10))
        );
        // The next run finds the clock right.
        let mut belief = Belief::start(belief.seen, NOW, WAIT);
        assert_eq!(run(&mut belief, Duration::ZERO, 30, 0), []);
        assert_eq!(belief.seen.doubt, Some(doubt));
        assert!((NOW - DAY_MS..=NOW).contains(&doubt.said_ms), "{doubt:?}");
    }

    #[test]
    fn a_first_start_in_1970_is_not_believed_but_remembered() {
        let mut belief = Belief::start(Seen::default(), 5000, WAIT);
        assert!(belief.lasting_from(5000) > NOW);
        let told = belief.look(5000, Duration::ZERO);
        assert!(matches!(told[..], [News::Behind { .. }]));
        let told = run(&mut belief, MINUTE, 20, 0);
        assert!(
            matches!(told[..], [News::Stepped { .. }, News::Right]),
            "{told:?}"
        );
        assert_eq!(lead(&belief, MINUTE * 21), 0);
        let doubt = belief.seen.doubt.unwrap();
        assert_eq!((doubt.from_ms, doubt.to_ms), (5000, 5000));
        assert!(doubt.said_ms <= NOW + ms(MINUTE * 21));
    }

    #[test]
    fn a_first_start_with_a_clock_ahead_is_not_believed_at_once() {
        let mut belief = Belief::start(Seen::default(), NOW + 365 * DAY_MS, WAIT);
        run(&mut belief, Duration::ZERO, 10, 365 * DAY_MS);
        assert_eq!(belief.seen.believed_ms, None);
    }
}
