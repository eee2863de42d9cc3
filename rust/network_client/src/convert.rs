//! Rust values to Godot values.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use longhall_client::State;

/// The `State` constant of the node for a session's state.
pub(crate) fn state_constant(state: State) -> i64 {
    match state {
        State::Offline => 0,
        State::Connecting => 1,
        State::Reconnecting => 2,
        State::Connected => 3,
        State::LoggedIn => 4,
    }
}

/// The time since a moment of no importance: stands for "now" everywhere.
///
/// Not the engine's clock, because asking the engine costs ten times as much,
/// and we ask for each packet.
pub(crate) fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Seconds of an Inspector field. Nonsense (negative, not a number) is zero, and
/// what is too long to count, such as `INF`, a year.
pub(crate) fn seconds(value: f64) -> Duration {
    const YEAR: f64 = 365.0 * 24.0 * 60.0 * 60.0;
    Duration::try_from_secs_f64(value.min(YEAR)).unwrap_or_default()
}
