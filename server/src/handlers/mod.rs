//! One file per packet. Each reads as the story of its request.

mod chat;
mod hello;
mod login;
mod logout;
mod register;
mod resume;

pub(crate) use chat::chat;
pub(crate) use hello::hello;
pub(crate) use login::login;
pub(crate) use logout::logout;
pub(crate) use register::register;
pub(crate) use resume::resume;

use std::time::{SystemTime, UNIX_EPOCH};

#[cfg(test)]
pub(crate) mod test_session;

/// Milliseconds since 1970-01-01 00:00 UTC, by the system's clock.
fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
