//! The clock that the node and its connection go by.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The time since a moment of no importance: stands for "now" everywhere.
///
/// Not the engine's clock, because asking the engine costs ten times as much,
/// and we ask for each packet.
pub(crate) fn now() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
