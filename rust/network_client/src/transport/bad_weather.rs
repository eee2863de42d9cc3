//! A connection that is bad on purpose, for trying out a game.
//!
//! Only in the library that the editor and debug builds load.

use std::collections::VecDeque;
use std::time::Duration;

use godot::global::randf;

use super::news::News;
use crate::clock::now;
use crate::convert::seconds;

/// How bad it is to be.
#[derive(Clone, Copy, Default)]
pub(crate) struct Forecast {
    /// How late everything arrives, each way.
    pub(crate) latency: Duration,
    /// By how much more at most, drawn anew for each packet.
    pub(crate) jitter: Duration,
    /// The mean time between two losses of the connection; zero for none.
    pub(crate) loss_interval: Duration,
}

/// The packets that are delayed. Order is kept: it is one connection.
#[derive(Default)]
pub(crate) struct BadWeather {
    pub(crate) forecast: Forecast,
    inbound: VecDeque<(Duration, News)>,
    outbound: VecDeque<(Duration, String)>,
    looked_at: Duration,
}

impl BadWeather {
    /// A new connection: nothing of the last one arrives any more.
    pub(crate) fn begin(&mut self) {
        self.inbound.clear();
        self.outbound.clear();
        self.looked_at = now();
    }

    /// Whether nothing is delayed, now or still.
    pub(crate) fn is_fine(&self) -> bool {
        let Forecast {
            latency, jitter, ..
        } = self.forecast;
        latency.is_zero() && jitter.is_zero() && self.inbound.is_empty()
    }

    /// Whether the connection is lost at this moment.
    pub(crate) fn strikes(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.looked_at);
        self.looked_at = now;
        let mean = self.forecast.loss_interval.as_secs_f64();
        mean > 0.0 && randf() < 1.0 - (-passed.as_secs_f64() / mean).exp()
    }

    /// Whether a packet is kept for later.
    pub(crate) fn delays_outbound(&mut self, text: &str) -> bool {
        if self.is_fine() && self.outbound.is_empty() {
            return false;
        }
        let at = self.arrival();
        self.outbound.push_back((at, text.to_owned()));
        true
    }

    pub(crate) fn delay_inbound(&mut self, news: News) {
        let at = self.arrival();
        self.inbound.push_back((at, news));
    }

    pub(crate) fn take_outbound(&mut self) -> Option<String> {
        take_due(&mut self.outbound)
    }

    pub(crate) fn take_inbound(&mut self) -> Option<News> {
        take_due(&mut self.inbound)
    }

    fn arrival(&self) -> Duration {
        let jitter = seconds(self.forecast.jitter.as_secs_f64() * randf());
        now()
            .saturating_add(self.forecast.latency)
            .saturating_add(jitter)
    }
}

fn take_due<T>(queue: &mut VecDeque<(Duration, T)>) -> Option<T> {
    let (at, _) = queue.front()?;
    if *at > now() {
        return None;
    }
    queue.pop_front().map(|(_, item)| item)
}
