//! Is the server still there?

use std::time::Duration;

/// The least time the server gets to answer.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// Asks when the server has been silent, and despairs when it stays so.
#[derive(Debug)]
pub(crate) enum Heartbeat {
    /// Something was received at this time.
    Heard(Duration),
    /// Ask at the next opportunity.
    AskNow,
    /// Asked at this time, and nothing received since.
    Asked(Duration),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pulse {
    Fine,
    /// Send a ping.
    Ask,
    /// Nothing came in spite of asking.
    Lost,
}

impl Heartbeat {
    /// What to do at `now`; an interval of `None` asks nothing and notices
    /// nothing.
    pub(crate) fn check(&mut self, now: Duration, interval: Option<Duration>) -> Pulse {
        if self
            .deadline(interval)
            .is_none_or(|deadline| now < deadline)
        {
            return Pulse::Fine;
        }
        match self {
            Self::Heard(_) | Self::AskNow => {
                *self = Self::Asked(now);
                Pulse::Ask
            }
            Self::Asked(_) => Pulse::Lost,
        }
    }

    /// How long the server has to answer.
    pub(crate) fn patience(interval: Duration) -> Duration {
        interval.mul_f64(2.0 / 3.0).max(LEAST_PATIENCE)
    }

    /// When [`check`](Self::check) has something to do.
    pub(crate) fn deadline(&self, interval: Option<Duration>) -> Option<Duration> {
        let interval = interval?;
        Some(match self {
            Self::Heard(at) => at.saturating_add(interval),
            Self::AskNow => Duration::ZERO,
            Self::Asked(at) => at.saturating_add(Self::patience(interval)),
        })
    }
}
