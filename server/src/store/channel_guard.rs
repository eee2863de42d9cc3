//! What holds off changes of a channel on other servers of a store.

use std::fmt;

/// Holds off what other servers would change in a channel, until it is dropped. It may
/// be dropped on any thread.
#[must_use = "dropped at once it holds nothing off"]
pub struct ChannelGuard {
    /// Lets go when it is dropped.
    _held: Option<Box<dyn Send>>,
}

impl ChannelGuard {
    /// For a store that has one server: there is nobody to hold off.
    pub const fn of_one_server() -> Self {
        Self { _held: None }
    }

    /// Holds others off as long as this is not dropped.
    pub fn holding(held: impl Send + 'static) -> Self {
        let held = Some(Box::new(held) as _);
        Self { _held: held }
    }
}

impl fmt::Debug for ChannelGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelGuard").finish_non_exhaustive()
    }
}
