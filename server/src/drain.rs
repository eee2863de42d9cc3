//! A server that takes no new connections, and ends after a while.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use longhall_packet::CloseReason;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::server::Server;

/// Whether the server is to end.
#[derive(Default)]
pub(crate) struct Drain {
    under_way: Mutex<Option<UnderWay>>,
}

struct UnderWay {
    until_ms: i64,
    cancelled: CancellationToken,
}

impl Drain {
    /// Why a new connection is refused now, if it is.
    pub(crate) fn refusal(&self) -> Option<CloseReason> {
        self.lock().as_ref().map(|_| CloseReason::Restarting)
    }

    /// When the server ends, in milliseconds since 1970.
    pub(crate) fn stops_at_ms(&self) -> Option<i64> {
        self.lock().as_ref().map(|under_way| under_way.until_ms)
    }

    /// Goes on. False when nothing was under way.
    pub(crate) fn cancel(&self) -> bool {
        let under_way = self.lock().take();
        if let Some(under_way) = &under_way {
            under_way.cancelled.cancel();
            info!("the server takes connections again");
        }
        under_way.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<UnderWay>> {
        // Nothing panics while holding it.
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Takes no new connections from now on, and ends the server after so long. A drain
    /// that is under way ends with this one.
    pub(crate) fn drain(&self, after: Duration, until_ms: i64) {
        let cancelled = CancellationToken::new();
        let next = UnderWay {
            until_ms,
            cancelled: cancelled.clone(),
        };
        if let Some(before) = self.drain.lock().replace(next) {
            before.cancelled.cancel();
        }
        info!(
            seconds = after.as_secs(),
            "draining: no new connections, then the end"
        );
        let stopping = self.stopping.clone();
        tokio::spawn(cancelled.run_until_cancelled_owned(async move {
            sleep(after).await;
            stopping.cancel();
        }));
    }
}
