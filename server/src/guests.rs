//! Guests who were away for long are forgotten, and so are those who log out.

use std::sync::Arc;
use std::time::Duration;

use longhall_packet::NameKeys;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::admin::{ActError, Ground, bury};
use crate::handlers::HandlerError;
use crate::server::Server;
use crate::store::{AccountKind, StoreError, UserId};

/// Between two looks for guests who are away.
const PERIOD: Duration = Duration::from_secs(60);
/// Guests looked at in one step.
const STEP: usize = 100;

/// Forgets them, again and again.
pub(crate) async fn run(server: Arc<Server>) {
    loop {
        sleep(PERIOD).await;
        if let Err(cause) = forget_those_away(&server).await {
            warn!(%cause, "guests who are away are kept for now");
        }
    }
}

/// Forgets the guests who were away for too long.
///
/// # Errors
/// See [`StoreError`].
pub(crate) async fn forget_those_away(server: &Arc<Server>) -> Result<(), StoreError> {
    let guest_time = i64::try_from(server.settings().gates.guest_time.as_millis());
    let now_ms = server.clock.now_ms();
    let seen_by_ms = now_ms.saturating_sub(guest_time.unwrap_or(i64::MAX));
    loop {
        let away = server.store.guests_away(seen_by_ms, STEP).await?;
        let is_all = away.len() < STEP;
        for (user, username) in away {
            if server.hub.player(&NameKeys::name_of(&username)).is_some() {
                // Connected all the time, here or elsewhere: seen now.
                for session in server.hub.sessions(user) {
                    server.store.touch_session(session, now_ms).await?;
                }
            } else {
                forget(server, user, &username, seen_by_ms)
                    .await
                    .map_err(|_| StoreError::Unavailable)?;
            }
        }
        if is_all {
            return Ok(());
        }
    }
}

/// Forgets a guest that was not seen after that: the name is free, the inbox is gone, the
/// lines stay under another name.
///
/// # Errors
/// `unavailable`.
pub(crate) async fn forget(
    server: &Arc<Server>,
    user: UserId,
    username: &str,
    seen_by_ms: i64,
) -> Result<(), HandlerError> {
    let ground = Ground::running(Arc::clone(server));
    let tombstone = format!("(guest {user})");
    let buried = bury(
        &ground,
        (user, username),
        tombstone,
        AccountKind::Guest,
        seen_by_ms,
    );
    match buried.await {
        Ok(true) => info!(user = user.0, username, "the guest is forgotten"),
        // Upgraded, or back, meanwhile.
        Ok(false) => {}
        Err(cause @ (ActError::NotFound(_) | ActError::Refused(_) | ActError::Failed(_))) => {
            warn!(user = user.0, %cause, "the guest is not forgotten in all places");
            return Err(StoreError::Unavailable.into());
        }
    }
    Ok(())
}
