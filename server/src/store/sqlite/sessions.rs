//! Logins that may be resumed.

use rusqlite::{Connection, OptionalExtension, Result, Row, named_params};

use crate::store::{NewSession, Rotation, SessionId, SessionRow, TokenHash, User, UserId};

pub(super) fn insert(db: &Connection, session: &NewSession) -> Result<(SessionId, Vec<SessionId>)> {
    let user = session.user.0;
    db.prepare_cached("DELETE FROM sessions WHERE user_id = ?1 AND expires_at_ms <= ?2")?
        .execute((user, session.ended_by_ms))?;
    for connected in &session.connected {
        touch(db, *connected, session.now_ms)?;
    }
    // One place is for the new session.
    let others = i64::try_from(session.at_most.saturating_sub(1)).unwrap_or(i64::MAX);
    let ended = ids(
        db,
        "DELETE FROM sessions WHERE id IN
             (SELECT id FROM sessions WHERE user_id = ?1
              ORDER BY last_seen_at_ms DESC, id DESC LIMIT -1 OFFSET ?2)
         RETURNING id",
        (user, others),
    )?;
    let id = db
        .prepare_cached(
            "INSERT INTO sessions
                 (user_id, token_hash, device, created_at_ms, last_seen_at_ms, expires_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?4, ?5)
             RETURNING id",
        )?
        .query_row(
            (
                user,
                session.token.0,
                &session.device,
                session.now_ms,
                session.expires_at_ms,
            ),
            |row| row.get(0).map(SessionId),
        )?;
    if let Some(place) = session.place {
        super::places::note(db, session.user, place, session.now_ms)?;
    }
    Ok((id, ended))
}

pub(super) fn rotate(db: &Connection, rotation: &Rotation) -> Result<Option<(User, SessionId)>> {
    let TokenHash(presented) = rotation.presented;
    let TokenHash(next) = rotation.next;
    let found: Option<(i64, i64)> = db
        .prepare_cached(
            "UPDATE sessions
             SET token_hash = :next, previous_token_hash = :presented,
                 expires_at_ms = :expires_at_ms,
                 last_seen_at_ms = max(last_seen_at_ms, :now_ms)
             WHERE (token_hash = :presented OR previous_token_hash = :presented)
               AND expires_at_ms > :ended_by_ms
             RETURNING user_id, id",
        )?
        .query_row(
            named_params! {
                ":presented": presented,
                ":next": next,
                ":now_ms": rotation.now_ms,
                ":expires_at_ms": rotation.expires_at_ms,
                ":ended_by_ms": rotation.ended_by_ms,
            },
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((user, session)) = found else {
        return Ok(None);
    };
    if let Some(place) = rotation.place {
        super::places::note(db, UserId(user), place, rotation.now_ms)?;
    }
    let user = super::users::by_id(db, UserId(user))?;
    Ok(user.map(|user| (user, SessionId(session))))
}

pub(super) fn touch(db: &Connection, session: SessionId, now_ms: i64) -> Result<()> {
    db.prepare_cached(
        "UPDATE sessions SET last_seen_at_ms = ?2 WHERE id = ?1 AND last_seen_at_ms < ?2",
    )?
    .execute((session.0, now_ms))?;
    Ok(())
}

pub(super) fn list(db: &Connection, user: UserId, now_ms: i64) -> Result<Vec<SessionRow>> {
    db.prepare_cached(
        "SELECT id, device, created_at_ms, last_seen_at_ms FROM sessions
         WHERE user_id = ?1 AND expires_at_ms > ?2
         ORDER BY last_seen_at_ms DESC, id DESC",
    )?
    .query_map((user.0, now_ms), |row| {
        Ok(SessionRow {
            id: SessionId(row.get(0)?),
            device: row.get(1)?,
            created_at_ms: row.get(2)?,
            last_seen_at_ms: row.get(3)?,
        })
    })?
    .collect()
}

pub(super) fn delete(
    db: &Connection,
    user: UserId,
    session: Option<SessionId>,
    keep: SessionId,
) -> Result<Vec<SessionId>> {
    ids(
        db,
        "DELETE FROM sessions
         WHERE user_id = ?1 AND id != ?2 AND (?3 IS NULL OR id = ?3)
         RETURNING id",
        (user.0, keep.0, session.map(|session| session.0)),
    )
}

pub(super) fn delete_by_token(db: &Connection, token: TokenHash) -> Result<()> {
    db.prepare_cached("DELETE FROM sessions WHERE token_hash = ?1")?
        .execute([token.0])?;
    Ok(())
}

/// The sessions a statement returns, the oldest first.
fn ids(db: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<Vec<SessionId>> {
    let id = |row: &Row<'_>| row.get(0).map(SessionId);
    let mut ids = db
        .prepare_cached(sql)?
        .query_map(params, id)?
        .collect::<Result<Vec<_>>>()?;
    ids.sort_unstable_by_key(|id| id.0);
    Ok(ids)
}
