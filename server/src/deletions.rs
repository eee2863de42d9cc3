//! Accounts whose players have deleted them are erased when their time has come.
//!
//! Of several servers on one store one claims an account, and holds the claim while it is at
//! it. Erasing can be done again from the beginning, so whoever finds a claim that is over
//! goes on where a server was killed.

use std::sync::Arc;
use std::time::Duration;

use longhall_packet::CloseReason;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};

use crate::admin::{ActError, Ground, erase_account};
use crate::server::Server;
use crate::store::{Deletion, DeletionClaim, NewAuditRow, StoreError};

/// How often it is looked whose time has come.
const PERIOD: Duration = Duration::from_secs(5);
/// How long a claim holds; held anew after a third of it.
const CLAIM: Duration = Duration::from_secs(60);

/// Why an account is not erased for now.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Act(#[from] ActError),
}

/// Erases them, again and again.
pub(crate) async fn run(server: Arc<Server>) {
    loop {
        match erase_due(&server).await {
            // Said once for everybody, when it went away.
            Ok(()) | Err(Failed::Store(StoreError::Unavailable)) => {}
            Err(cause) => warn!(%cause, "an account is not erased yet"),
        }
        let _ = timeout(PERIOD, server.due_deletions.notified()).await;
    }
}

async fn erase_due(server: &Arc<Server>) -> Result<(), Failed> {
    loop {
        let now_ms = server.clock.now_ms();
        let claim = DeletionClaim {
            // What only a clock that is ahead would end is not over.
            due_by_ms: server.clock.ended_by_ms(),
            // A server alone has nobody to wait for: it was itself that was killed.
            over_by_ms: match server.cluster {
                Some(_) => now_ms,
                None => i64::MAX,
            },
            until_ms: until_ms(server),
        };
        let Some(deletion) = server.store.claim_deletion(claim).await? else {
            return Ok(());
        };
        tokio::select! {
            erased = erase(server, &deletion) => erased?,
            () = hold(server, &deletion) => {}
        }
    }
}

async fn erase(server: &Arc<Server>, deletion: &Deletion) -> Result<(), Failed> {
    let ground = Ground::running(Arc::clone(server));
    let account = server.store.account(&deletion.name_key, 0).await?;
    let Some(account) = account.filter(|account| account.user == deletion.user) else {
        // It has another name since: it is looked for again.
        return Ok(());
    };
    let erased = erase_account(&ground, &account, CloseReason::AccountDeleted).await?;
    // Its name is not to be found anywhere any more.
    let row = NewAuditRow {
        at_ms: server.clock.now_ms(),
        actor: "player".to_owned(),
        via: "game".to_owned(),
        verb: "delete_account".to_owned(),
        subject: erased.shown_as.clone(),
        act: "{}".to_owned(),
        reason: String::new(),
        outcome: "done".to_owned(),
    };
    server.store.insert_audit(row).await?;
    server.store.forget_deletion(deletion.user).await?;
    let (lines, channels) = (erased.lines, erased.channels);
    info!(
        user = deletion.user.0,
        lines, channels, "an account is erased, as its player asked"
    );
    Ok(())
}

/// Holds the claim as long as it is polled.
async fn hold(server: &Server, deletion: &Deletion) {
    loop {
        sleep(CLAIM / 3).await;
        let held = server.store.hold_deletion(deletion.user, until_ms(server));
        if let Err(cause) = held.await {
            warn!(%cause, "the claim on an account that is erased could not be held");
        }
    }
}

fn until_ms(server: &Server) -> i64 {
    let claim_ms = i64::try_from(CLAIM.as_millis()).unwrap_or(i64::MAX);
    server.clock.now_ms().saturating_add(claim_ms)
}
