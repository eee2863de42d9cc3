//! From where accounts were logged in to.

use super::Db;
use crate::store::{PLACES_KEPT, Place, UserId};

/// How often a place that is known is noted anew: what is seen every day stays.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Notes that an account was logged in to from a place; of too many, the one seen
/// least lately is forgotten.
pub(super) fn note<D: Db>(
    db: &mut D,
    user: UserId,
    place: Place,
    now_ms: i64,
) -> Result<(), D::Error> {
    let (user, place) = (user.0, i64::from(place.0));
    let seen = db.optional(
        "SELECT seen_at_ms FROM places WHERE user_id = ?1 AND place = ?2",
        &[user.into(), place.into()],
        |row| row.int(0),
    )?;
    if seen.is_some_and(|seen| seen > now_ms.saturating_sub(DAY_MS)) {
        return Ok(());
    }
    db.execute(
        "INSERT INTO places (user_id, place, seen_at_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (user_id, place) DO UPDATE SET seen_at_ms = excluded.seen_at_ms",
        &[user.into(), place.into(), now_ms.into()],
    )?;
    db.execute(
        "DELETE FROM places WHERE user_id = ?1 AND place IN
             (SELECT place FROM places WHERE user_id = ?1
              ORDER BY place = ?2 DESC, seen_at_ms DESC LIMIT 9223372036854775807 OFFSET ?3)",
        &[user.into(), place.into(), i64::from(PLACES_KEPT).into()],
    )?;
    Ok(())
}

pub(in crate::store) fn is_known<D: Db>(
    db: &mut D,
    name_key: &str,
    place: Place,
) -> Result<bool, D::Error> {
    db.exists(
        "SELECT 1 FROM users JOIN places ON places.user_id = users.id
         WHERE users.name_key = ?1 AND places.place = ?2",
        &[name_key.into(), i64::from(place.0).into()],
    )
}
