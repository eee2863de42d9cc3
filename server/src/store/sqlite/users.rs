//! Accounts.

use longhall_packet::NameKeys;
use rusqlite::{Connection, OptionalExtension, Result, Row, named_params};

use crate::store::{NewUser, SessionId, User, UserId};

pub(super) fn insert(db: &Connection, user: &NewUser, now_ms: i64) -> Result<Option<UserId>> {
    let id = db
        .prepare_cached(
            "INSERT INTO users
                 (username, name_key, look_key, capitals_key, password_hash, created_at_ms)
             SELECT :username, :name_key, :look_key, :capitals_key, :password_hash, :now_ms
             WHERE NOT EXISTS
                 (SELECT 1 FROM users WHERE look_key = :look_key OR capitals_key = :capitals_key)
             ON CONFLICT DO NOTHING
             RETURNING id",
        )?
        .query_row(
            named_params! {
                ":username": user.username,
                ":name_key": user.keys.name,
                ":look_key": user.keys.look,
                ":capitals_key": user.keys.capitals,
                ":password_hash": user.password_hash,
                ":now_ms": now_ms,
            },
            |row| row.get::<_, i64>(0),
        )
        .optional()?;
    if let Some(id) = id {
        // Lines of the lobby from before somebody came are not news to them.
        db.prepare_cached(concat!(
            "INSERT INTO channel_reads (user_id, channel_id, read_seq)
             SELECT ?1, channels.id, ",
            last_seq!(),
            " AS last_seq
             FROM channels JOIN logs ON logs.id = channels.log_id
             WHERE channels.is_lobby = 1 AND last_seq > 0"
        ))?
        .execute([id])?;
    }
    Ok(id.map(UserId))
}

pub(super) fn by_name(db: &Connection, name_key: &str) -> Result<Option<User>> {
    db.prepare_cached("SELECT id, username, password_hash FROM users WHERE name_key = ?1")?
        .query_row([name_key], user)
        .optional()
}

pub(super) fn by_id(db: &Connection, id: UserId) -> Result<Option<User>> {
    db.prepare_cached("SELECT id, username, password_hash FROM users WHERE id = ?1")?
        .query_row([id.0], user)
        .optional()
}

pub(super) fn is_name_taken(db: &Connection, keys: &NameKeys) -> Result<bool> {
    db.prepare_cached(
        "SELECT 1 FROM users WHERE name_key = ?1 OR look_key = ?2 OR capitals_key = ?3",
    )?
    .exists([&keys.name, &keys.look, &keys.capitals])
}

pub(super) fn set_password_hash(
    db: &Connection,
    user: UserId,
    known: &str,
    hash: &str,
) -> Result<bool> {
    let changed = db
        .prepare_cached("UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2")?
        .execute((user.0, known, hash))?;
    Ok(changed > 0)
}

pub(super) fn change_password(
    db: &Connection,
    user: UserId,
    known: &str,
    hash: &str,
    keep: SessionId,
) -> Result<Option<Vec<SessionId>>> {
    if !set_password_hash(db, user, known, hash)? {
        return Ok(None);
    }
    super::sessions::delete(db, user, None, keep).map(Some)
}

fn user(row: &Row<'_>) -> Result<User> {
    Ok(User {
        id: UserId(row.get(0)?),
        username: row.get(1)?,
        password_hash: row.get(2)?,
    })
}
