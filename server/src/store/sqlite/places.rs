//! From where accounts were logged in to.

use rusqlite::{Connection, OptionalExtension, Result};

use crate::store::{PLACES_KEPT, Place, UserId};

/// How often a place that is known is noted anew: what is seen every day stays.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Notes that an account was logged in to from a place; of too many, the one seen
/// least lately is forgotten.
pub(super) fn note(db: &Connection, user: UserId, place: Place, now_ms: i64) -> Result<()> {
    let seen: Option<i64> = db
        .prepare_cached("SELECT seen_at_ms FROM places WHERE user_id = ?1 AND place = ?2")?
        .query_row((user.0, place.0), |row| row.get(0))
        .optional()?;
    if seen.is_some_and(|seen| seen > now_ms.saturating_sub(DAY_MS)) {
        return Ok(());
    }
    db.prepare_cached(
        "INSERT INTO places (user_id, place, seen_at_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET seen_at_ms = excluded.seen_at_ms",
    )?
    .execute((user.0, place.0, now_ms))?;
    db.prepare_cached(
        "DELETE FROM places WHERE user_id = ?1 AND place IN
             (SELECT place FROM places WHERE user_id = ?1
              ORDER BY place = ?2 DESC, seen_at_ms DESC LIMIT -1 OFFSET ?3)",
    )?
    .execute((user.0, place.0, PLACES_KEPT))?;
    Ok(())
}

pub(super) fn is_known(db: &Connection, name_key: &str, place: Place) -> Result<bool> {
    db.prepare_cached(
        "SELECT 1 FROM users JOIN places ON places.user_id = users.id
         WHERE users.name_key = ?1 AND places.place = ?2",
    )?
    .exists((name_key, place.0))
}
