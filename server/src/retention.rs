//! Forgets what is older or more than the operator wants to keep.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::warn;

use crate::Server;
use crate::handlers::now_ms;
use crate::store::Retention;

/// Between two steps of one round, so that players' lines go first.
const PAUSE: Duration = Duration::from_millis(20);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Forgets at the start and then regularly, in steps that keep nobody waiting.
/// Ends with the server.
pub(crate) async fn forget_the_old(server: Arc<Server>) {
    let mut rounds = interval(server.config.prune_interval);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let work = async {
        loop {
            rounds.tick().await;
            loop {
                match server.store.prune(retention(&server)).await {
                    Ok(true) => sleep(PAUSE).await,
                    Ok(false) => break,
                    Err(cause) => {
                        warn!(%cause, "cannot forget old lines for now");
                        break;
                    }
                }
            }
        }
    };
    tokio::select! {
        () = work => {}
        () = server.stopping.cancelled() => {}
    }
}

fn retention(server: &Server) -> Retention {
    let config = &server.config;
    let now_ms = now_ms() as i64;
    let days = i64::from(config.history_days);
    Retention {
        not_before_ms: now_ms.saturating_sub(days.saturating_mul(DAY_MS)),
        lines_per_channel: config.history_lines,
        whispers_per_inbox: config.whispers_kept,
        now_ms,
    }
}
