//! The last hour in figures, for the charts: looked at every few seconds, whether somebody
//! watches or not, so that a chart is full at once.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use crate::metrics::accepted;
use crate::server::Server;

/// Between two looks.
const BETWEEN: Duration = Duration::from_secs(5);
/// Looks in an hour.
const KEPT: usize = 720;
/// What is told of each look, in this order.
const NAMES: [&str; 7] = [
    "connections",
    "players",
    "lines_per_s",
    "deliveries_per_s",
    "denials_per_s",
    "flush_p99_ms",
    "hash_queue",
];

/// What there was at one time, the time in milliseconds since 1970 first.
type Look = [f64; NAMES.len() + 1];

/// The looks that are kept.
#[derive(Default)]
pub(super) struct Figures(Mutex<VecDeque<Look>>);

/// As a page gets them.
#[derive(Serialize)]
pub(super) struct Told {
    interval_ms: u128,
    names: [&'static str; NAMES.len()],
    samples: VecDeque<Look>,
}

/// What is counted from the start of the server on.
pub(super) struct Totals {
    at: Instant,
    lines: u64,
    deliveries: u64,
    denials: u64,
    /// Flushes within each bound, in seconds.
    flushes: Vec<(f64, u64)>,
    all_flushes: u64,
}

/// When to look.
pub(super) fn interval() -> Interval {
    let mut looks = tokio::time::interval_at(Instant::now() + BETWEEN, BETWEEN);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}

impl Totals {
    pub(super) fn of(server: &Server) -> Self {
        let metrics = &server.metrics;
        let said = [accepted::LINE, accepted::WHISPER];
        let lines = metrics
            .entries
            .iter()
            .filter(|(name, _)| said.contains(name));
        let flushes = metrics.flush_time.counted();
        Self {
            at: Instant::now(),
            lines: lines.map(|(_, count)| count).sum(),
            deliveries: server.hub.counts().delivered,
            denials: metrics.denials.iter().map(|(_, count)| count).sum(),
            flushes: flushes.within,
            all_flushes: flushes.count,
        }
    }
}

impl Figures {
    /// Looks once more; returns what is counted by now.
    pub(super) fn look(&self, server: &Server, before: &Totals) -> Totals {
        let now = Totals::of(server);
        let seconds = now.at.duration_since(before.at).as_secs_f64().max(0.001);
        let per_second = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        let look = [
            server.clock.now_ms() as f64,
            server.connections.len() as f64,
            server.hub.len() as f64,
            per_second(now.lines, before.lines),
            per_second(now.deliveries, before.deliveries),
            per_second(now.denials, before.denials),
            flush_p99_ms(&now, before),
            server.passwords.load() as f64,
        ];
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= KEPT {
            looks.pop_front();
        }
        looks.push_back(look);
        now
    }

    pub(super) fn told(&self) -> Told {
        let looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Told {
            interval_ms: BETWEEN.as_millis(),
            names: NAMES,
            samples: looks.clone(),
        }
    }
}

/// What 99 of 100 flushes since then took at most, in milliseconds, as far as the bounds
/// tell; 0 when there was none.
fn flush_p99_ms(now: &Totals, before: &Totals) -> f64 {
    let all = now.all_flushes.saturating_sub(before.all_flushes);
    if all == 0 {
        return 0.0;
    }
    let within = now.flushes.iter().zip(&before.flushes);
    let enough = within
        .map(|((bound, now), (_, before))| (*bound, now.saturating_sub(*before)))
        .find(|(_, count)| *count as f64 >= all as f64 * 0.99);
    let longest = now.flushes.last().map_or(0.0, |(bound, _)| *bound);
    enough.map_or(longest, |(bound, _)| bound) * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(flushes: &[u64], all: u64) -> Totals {
        let bounds = [0.001, 0.01, 0.1];
        Totals {
            at: Instant::now(),
            lines: 0,
            deliveries: 0,
            denials: 0,
            flushes: bounds.into_iter().zip(flushes.iter().copied()).collect(),
            all_flushes: all,
        }
    }

    #[test]
    fn the_time_of_a_flush_is_of_those_since_the_last_look() {
        let before = totals(&[50, 50, 50], 50);
        let p99 = |flushes: [u64; 3], all| flush_p99_ms(&totals(&flushes, all), &before);
        assert_eq!(p99([50, 50, 50], 50), 0.0);
        assert_eq!(p99([149, 150, 150], 150), 1.0);
        assert_eq!(p99([148, 150, 150], 150), 10.0);
        assert_eq!(p99([50, 50, 149], 150), 100.0);
        assert_eq!(p99([50, 50, 50], 60), 100.0);
    }
}
