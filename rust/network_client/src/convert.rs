//! Rust values to Godot values.

use std::time::Duration;

use godot::classes::Time;
use godot::obj::Singleton;
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

/// The engine's clock: works on the web too, and stands for "now" everywhere.
pub(crate) fn now() -> Duration {
    Duration::from_micros(Time::singleton().get_ticks_usec())
}

/// Seconds of an Inspector field; nonsense (negative, not a number) is zero.
pub(crate) fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value).unwrap_or_default()
}
