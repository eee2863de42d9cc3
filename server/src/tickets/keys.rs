//! Which key signs tickets when: each is known to everybody for an hour before it signs, and for
//! an hour after.
//!
//! So a game's server that reads the keys once an hour knows the one that signs.

use std::time::Duration;

use longhall_ticket::SigningKey;
use tracing::info;
use zeroize::Zeroizing;

use crate::store::{Store, StoreError, TicketKey};

/// How long a key is known to everybody before it signs: an hour.
pub(crate) const AHEAD_MS: i64 = 60 * 60 * 1000;
/// How long it is known after the next one has begun to: no ticket is good for as long.
const BEHIND_MS: i64 = 60 * 60 * 1000;

/// The key that signs at that time.
pub(crate) fn signing(keys: &[TicketKey], now_ms: i64) -> Option<&TicketKey> {
    let by_now = keys.iter().rev().find(|key| key.signs_from_ms <= now_ms);
    // None, when the clock went back.
    by_now.or(keys.first())
}

/// The keys that everybody is to know at that time. The first is made when there is none, the
/// next one an hour before it is to sign.
///
/// # Errors
/// See [`StoreError`]; also when the system gives no random numbers.
pub(crate) async fn current(
    store: &dyn Store,
    lifetime: Duration,
    now_ms: i64,
) -> Result<Vec<TicketKey>, StoreError> {
    let keys = store.ticket_keys().await?;
    let lifetime_ms = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
    let signs_from_ms = match keys.last() {
        None => Some(now_ms),
        Some(newest) => {
            let due_ms = newest.signs_from_ms.saturating_add(lifetime_ms);
            (due_ms <= now_ms.saturating_add(AHEAD_MS)).then_some(now_ms.saturating_add(AHEAD_MS))
        }
    };
    let Some(signs_from_ms) = signs_from_ms else {
        return known(store, keys, now_ms).await;
    };
    let behind = keys.last().map(|newest| newest.key.id().to_owned());
    // Where another server was faster, its key is as good.
    store
        .insert_ticket_key(new(now_ms, signs_from_ms)?, behind)
        .await?;
    info!(signs_from_ms, "a new key for tickets");
    let keys = store.ticket_keys().await?;
    known(store, keys, now_ms).await
}

/// Without the keys whose time is over, which are forgotten.
async fn known(
    store: &dyn Store,
    mut keys: Vec<TicketKey>,
    now_ms: i64,
) -> Result<Vec<TicketKey>, StoreError> {
    let by_ms = now_ms.saturating_sub(BEHIND_MS);
    let later = keys.iter().rposition(|key| key.signs_from_ms <= by_ms);
    if let Some(over @ 1..) = later {
        store.forget_ticket_keys(by_ms).await?;
        keys.drain(..over);
    }
    Ok(keys)
}

/// Has a new key sign in an hour, as if the time of the present one were over; returns from when
/// on.
///
/// # Errors
/// See [`StoreError`].
pub(crate) async fn rotate(store: &dyn Store, now_ms: i64) -> Result<i64, StoreError> {
    let keys = store.ticket_keys().await?;
    let signs_from_ms = match keys.last() {
        None => now_ms,
        // Behind one that is about to sign, so that it comes last.
        Some(newest) => now_ms
            .saturating_add(AHEAD_MS)
            .max(newest.signs_from_ms + 1),
    };
    let behind = keys.last().map(|newest| newest.key.id().to_owned());
    store
        .insert_ticket_key(new(now_ms, signs_from_ms)?, behind)
        .await?;
    Ok(signs_from_ms)
}

/// Has a new key sign at once, and makes all others void, with all that they signed.
///
/// # Errors
/// See [`StoreError`].
pub(crate) async fn rotate_now(store: &dyn Store, now_ms: i64) -> Result<(), StoreError> {
    store.replace_ticket_keys(new(now_ms, now_ms)?).await
}

fn new(made_at_ms: i64, signs_from_ms: i64) -> Result<TicketKey, StoreError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|cause| StoreError::Failed(cause.to_string()))?;
    Ok(TicketKey {
        key: SigningKey::from_seed(&seed),
        made_at_ms,
        signs_from_ms,
    })
}
