//! Accounts.

use longhall_packet::NameKeys;

use super::{Db, Engine, Lock, NotUnderstood, Row, looks, own_data};
use crate::store::{NewUser, SessionId, User, UserId};

pub(in crate::store) fn insert<D: Engine>(
    db: &mut D,
    user: &NewUser,
    now_ms: i64,
) -> Result<Option<UserId>, D::Error> {
    db.lock(Lock::UserNames)?;
    looks::check_rule(db)?;
    // No account has the number 0.
    if own_data::is_kept(db, &user.keys, UserId(0))? {
        return Ok(None);
    }
    let id = db.optional(
        "INSERT INTO users
             (username, name_key, look_key, capitals_key, password_hash, created_at_ms)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6
         WHERE NOT EXISTS (SELECT 1 FROM users WHERE look_key = ?3 OR capitals_key = ?4)
         ON CONFLICT DO NOTHING
         RETURNING id",
        &[
            (&user.username).into(),
            (&user.keys.name).into(),
            (&user.keys.look).into(),
            (&user.keys.capitals).into(),
            (&user.password_hash).into(),
            now_ms.into(),
        ],
        |row| row.int(0),
    )?;
    if let Some(id) = id {
        // Lines of the lobby from before somebody came are not news to them.
        db.execute(
            "INSERT INTO channel_reads (user_id, channel_id, read_seq)
             SELECT ?1, id, last_seq FROM channel_states WHERE is_lobby = 1 AND last_seq > 0",
            &[id.into()],
        )?;
        if !user.recovery_codes.is_empty() {
            super::recovery::set_codes(db, UserId(id), &user.recovery_codes)?;
        }
    }
    Ok(id.map(UserId))
}

pub(in crate::store) fn by_name<D: Db>(
    db: &mut D,
    name_key: &str,
) -> Result<Option<User>, D::Error> {
    db.optional(
        "SELECT id, username, password_hash,
                coalesce((SELECT due_at_ms FROM deletions WHERE user_id = users.id), 0),
                created_at_ms, account_kind
         FROM users WHERE name_key = ?1",
        &[name_key.into()],
        user,
    )
}

pub(in crate::store) fn by_id<D: Db>(db: &mut D, id: UserId) -> Result<Option<User>, D::Error> {
    db.optional(
        "SELECT id, username, password_hash,
                coalesce((SELECT due_at_ms FROM deletions WHERE user_id = users.id), 0),
                created_at_ms, account_kind
         FROM users WHERE id = ?1",
        &[id.0.into()],
        user,
    )
}

pub(in crate::store) fn is_name_taken<D: Db>(
    db: &mut D,
    keys: &NameKeys,
) -> Result<bool, D::Error> {
    let is_taken = db.exists(
        "SELECT 1 FROM users WHERE name_key = ?1 OR look_key = ?2 OR capitals_key = ?3",
        &[
            (&keys.name).into(),
            (&keys.look).into(),
            (&keys.capitals).into(),
        ],
    )?;
    Ok(is_taken || own_data::is_kept(db, keys, UserId(0))?)
}

pub(in crate::store) fn set_password_hash<D: Db>(
    db: &mut D,
    user: UserId,
    known: &str,
    hash: &str,
) -> Result<bool, D::Error> {
    let changed = db.execute(
        "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2",
        &[user.0.into(), known.into(), hash.into()],
    )?;
    Ok(changed > 0)
}

pub(in crate::store) fn change_password<D: Engine>(
    db: &mut D,
    user: UserId,
    known: &str,
    hash: &str,
    keep: SessionId,
) -> Result<Option<Vec<SessionId>>, D::Error> {
    // A login that comes now has its session before or after that: it is not missed.
    db.lock(Lock::Account(user))?;
    if !set_password_hash(db, user, known, hash)? {
        return Ok(None);
    }
    super::sessions::delete(db, user, None, keep).map(Some)
}

fn user<E: From<NotUnderstood>>(row: &dyn Row<E>) -> Result<User, E> {
    let deleted_at_ms = row.int(3)?;
    Ok(User {
        id: UserId(row.int(0)?),
        username: row.text(1)?,
        password_hash: row.text(2)?,
        deleted_at_ms: (deleted_at_ms > 0).then_some(deleted_at_ms),
        created_at_ms: row.int(4)?,
        kind: super::account_kind(row, 5)?,
    })
}
