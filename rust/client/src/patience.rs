//! How long to wait when the server has no time.

use std::time::Duration;

use crate::CallError;

/// After a denial for now, the same is asked again: as late as the server says, within
/// these bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    pub(crate) least: Duration,
    pub(crate) most: Duration,
}

impl Patience {
    /// The wait before asking again.
    pub(crate) fn wait(self, error: &CallError) -> Duration {
        let asked = Duration::from_millis(error.retry_after_ms.unwrap_or(0).into());
        asked.clamp(self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Denial, DenyCode};

    use super::*;
    use crate::CallErrorCode;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn busy_for(seconds: u64) -> CallError {
        Denial::for_now(DenyCode::Busy, S(seconds)).into()
    }

    #[test]
    fn the_wait_is_the_servers_within_bounds() {
        let patience = Patience {
            least: S(5),
            most: S(60),
        };
        for (asked, wait) in [(1, 5), (7, 7), (100, 60)] {
            assert_eq!(patience.wait(&busy_for(asked)), S(wait));
        }
        let silent = CallError::from(CallErrorCode::TimedOut);
        assert_eq!(patience.wait(&silent), S(5));
    }
}
