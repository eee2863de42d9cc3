//! Logins that may be resumed.

use super::{Db, Engine, Lock, Value, count};
use crate::store::{NewSession, Rotation, SessionId, SessionRow, TokenHash, User, UserId};

pub(in crate::store) fn insert<D: Engine>(
    db: &mut D,
    session: &NewSession,
) -> Result<(SessionId, Vec<SessionId>), D::Error> {
    let user = session.user.0;
    db.lock(Lock::Account(session.user))?;
    db.execute(
        "DELETE FROM sessions WHERE user_id = ?1 AND expires_at_ms <= ?2",
        &[user.into(), session.ended_by_ms.into()],
    )?;
    for connected in &session.connected {
        touch(db, *connected, session.now_ms)?;
    }
    // One place is for the new session.
    let others = count(session.at_most.saturating_sub(1));
    let ended = ids(
        db,
        "DELETE FROM sessions WHERE id IN
             (SELECT id FROM sessions WHERE user_id = ?1
              ORDER BY last_seen_at_ms DESC, id DESC LIMIT 9223372036854775807 OFFSET ?2)
         RETURNING id",
        &[user.into(), others.into()],
    )?;
    let id = db.one(
        "INSERT INTO sessions
             (user_id, token_hash, device, created_at_ms, last_seen_at_ms, expires_at_ms)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5)
         RETURNING id",
        &[
            user.into(),
            (&session.token.0).into(),
            (&session.device).into(),
            session.now_ms.into(),
            session.expires_at_ms.into(),
        ],
        |row| row.int(0).map(SessionId),
    )?;
    if let Some(place) = session.place {
        super::places::note(db, session.user, place, session.now_ms)?;
    }
    if let Some(network) = &session.network {
        super::recovery::note_login(db, session, network)?;
    }
    Ok((id, ended))
}

pub(in crate::store) fn rotate<D: Db>(
    db: &mut D,
    rotation: &Rotation,
) -> Result<Option<(User, SessionId)>, D::Error> {
    let found = db.optional(
        "UPDATE sessions
         SET token_hash = ?2, previous_token_hash = ?1, expires_at_ms = ?4,
             last_seen_at_ms = CASE WHEN last_seen_at_ms < ?3 THEN ?3 ELSE last_seen_at_ms END
         WHERE (token_hash = ?1 OR previous_token_hash = ?1) AND expires_at_ms > ?5
         RETURNING user_id, id",
        &[
            (&rotation.presented.0).into(),
            (&rotation.next.0).into(),
            rotation.now_ms.into(),
            rotation.expires_at_ms.into(),
            rotation.ended_by_ms.into(),
        ],
        |row| Ok((UserId(row.int(0)?), SessionId(row.int(1)?))),
    )?;
    let Some((user, session)) = found else {
        return Ok(None);
    };
    if let Some(place) = rotation.place {
        super::places::note(db, user, place, rotation.now_ms)?;
    }
    let user = super::users::by_id(db, user)?;
    Ok(user.map(|user| (user, session)))
}

pub(in crate::store) fn touch<D: Db>(
    db: &mut D,
    session: SessionId,
    now_ms: i64,
) -> Result<(), D::Error> {
    db.execute(
        "UPDATE sessions SET last_seen_at_ms = ?2 WHERE id = ?1 AND last_seen_at_ms < ?2",
        &[session.0.into(), now_ms.into()],
    )?;
    Ok(())
}

pub(in crate::store) fn list<D: Db>(
    db: &mut D,
    user: UserId,
    now_ms: i64,
) -> Result<Vec<SessionRow>, D::Error> {
    db.all(
        "SELECT id, device, created_at_ms, last_seen_at_ms FROM sessions
         WHERE user_id = ?1 AND expires_at_ms > ?2
         ORDER BY last_seen_at_ms DESC, id DESC",
        &[user.0.into(), now_ms.into()],
        |row| {
            Ok(SessionRow {
                id: SessionId(row.int(0)?),
                device: row.text(1)?,
                created_at_ms: row.int(2)?,
                last_seen_at_ms: row.int(3)?,
            })
        },
    )
}

pub(in crate::store) fn delete<D: Db>(
    db: &mut D,
    user: UserId,
    session: Option<SessionId>,
    keep: SessionId,
) -> Result<Vec<SessionId>, D::Error> {
    match session {
        Some(session) => ids(
            db,
            "DELETE FROM sessions WHERE user_id = ?1 AND id = ?3 AND id != ?2 RETURNING id",
            &[user.0.into(), keep.0.into(), session.0.into()],
        ),
        None => ids(
            db,
            "DELETE FROM sessions WHERE user_id = ?1 AND id != ?2 RETURNING id",
            &[user.0.into(), keep.0.into()],
        ),
    }
}

pub(in crate::store) fn delete_by_token<D: Db>(
    db: &mut D,
    token: TokenHash,
) -> Result<(), D::Error> {
    db.execute(
        "DELETE FROM sessions WHERE token_hash = ?1",
        &[(&token.0).into()],
    )?;
    Ok(())
}

/// The sessions a statement returns, the oldest first.
fn ids<D: Db>(
    db: &mut D,
    sql: &'static str,
    values: &[Value<'_>],
) -> Result<Vec<SessionId>, D::Error> {
    let mut ids = db.all(sql, values, |row| row.int(0).map(SessionId))?;
    ids.sort_unstable_by_key(|id| id.0);
    Ok(ids)
}
