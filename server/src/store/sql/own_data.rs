//! Accounts that are deleted, kept and renamed by whom they belong to.

use longhall_packet::NameKeys;

use super::{Db, Engine, Lock, looks, sessions};
use crate::store::{Deletion, DeletionClaim, Kept, NameChanged, NewName, SessionId, UserId};

pub(in crate::store) fn mark<D: Engine>(
    db: &mut D,
    user: UserId,
    known: &str,
    asked_at_ms: i64,
    due_at_ms: i64,
) -> Result<bool, D::Error> {
    // A login that comes now has its session before or after that: it is not missed.
    db.lock(Lock::Account(user))?;
    if !is_password(db, user, known)? {
        return Ok(false);
    }
    db.execute(
        "INSERT INTO deletions (user_id, asked_at_ms, due_at_ms, claimed_until_ms)
         VALUES (?1, ?2, ?3, 0) ON CONFLICT (user_id) DO NOTHING",
        &[user.0.into(), asked_at_ms.into(), due_at_ms.into()],
    )?;
    // No session has the number 0.
    sessions::delete(db, user, None, SessionId(0))?;
    Ok(true)
}

fn is_password<D: Db>(db: &mut D, user: UserId, known: &str) -> Result<bool, D::Error> {
    db.exists(
        "SELECT 1 FROM users WHERE id = ?1 AND password_hash = ?2",
        &[user.0.into(), known.into()],
    )
}

pub(in crate::store) fn keep<D: Db>(
    db: &mut D,
    user: UserId,
    now_ms: i64,
) -> Result<Kept, D::Error> {
    let kept = db.execute(
        "DELETE FROM deletions
         WHERE user_id = ?1 AND due_at_ms > ?2 AND claimed_until_ms = 0",
        &[user.0.into(), now_ms.into()],
    )?;
    if kept > 0 {
        return Ok(Kept::Kept);
    }
    let is_marked = db.exists(
        "SELECT 1 FROM deletions WHERE user_id = ?1",
        &[user.0.into()],
    )?;
    Ok(match is_marked {
        true => Kept::TooLate,
        false => Kept::NotMarked,
    })
}

/// The account that could be claimed.
pub(in crate::store) fn first<D: Db>(
    db: &mut D,
    claim: DeletionClaim,
) -> Result<Option<Deletion>, D::Error> {
    db.optional(
        "SELECT deletions.user_id, users.username, users.name_key, deletions.asked_at_ms,
                deletions.due_at_ms
         FROM deletions JOIN users ON users.id = deletions.user_id
         WHERE deletions.due_at_ms <= ?1 AND deletions.claimed_until_ms <= ?2
         ORDER BY deletions.due_at_ms, deletions.user_id LIMIT 1",
        &[claim.due_by_ms.into(), claim.over_by_ms.into()],
        |row| {
            Ok(Deletion {
                user: UserId(row.int(0)?),
                username: row.text(1)?,
                name_key: row.text(2)?,
                asked_at_ms: row.int(3)?,
                due_at_ms: row.int(4)?,
            })
        },
    )
}

pub(in crate::store) fn claim<D: Db>(
    db: &mut D,
    claim: DeletionClaim,
) -> Result<Option<Deletion>, D::Error> {
    let Some(first) = first(db, claim)? else {
        return Ok(None);
    };
    // Another server may have claimed it meanwhile: then that one has it.
    let claimed = db.execute(
        "UPDATE deletions SET claimed_until_ms = ?3
         WHERE user_id = ?1 AND claimed_until_ms <= ?2",
        &[
            first.user.0.into(),
            claim.over_by_ms.into(),
            claim.until_ms.into(),
        ],
    )?;
    Ok((claimed > 0).then_some(first))
}

pub(in crate::store) fn hold<D: Db>(
    db: &mut D,
    user: UserId,
    until_ms: i64,
) -> Result<(), D::Error> {
    db.execute(
        "UPDATE deletions SET claimed_until_ms = ?2 WHERE user_id = ?1",
        &[user.0.into(), until_ms.into()],
    )?;
    Ok(())
}

pub(in crate::store) fn forget<D: Db>(db: &mut D, user: UserId) -> Result<(), D::Error> {
    db.execute("DELETE FROM deletions WHERE user_id = ?1", &[user.0.into()])?;
    Ok(())
}

pub(in crate::store) fn change_name<D: Engine>(
    db: &mut D,
    new: &NewName,
) -> Result<NameChanged, D::Error> {
    db.lock(Lock::UserNames)?;
    db.lock(Lock::Account(new.user))?;
    let user = new.user.0;
    looks::check_rule(db)?;
    let was = db.optional(
        "SELECT username FROM users WHERE id = ?1 AND password_hash = ?2",
        &[user.into(), (&new.known).into()],
        |row| row.text(0),
    )?;
    let Some(was) = was else {
        return Ok(NameChanged::OtherPassword);
    };
    let last = db.optional(
        "SELECT renamed_at_ms FROM renames WHERE user_id = ?1 AND renamed_at_ms > ?2",
        &[user.into(), new.not_since_ms.into()],
        |row| row.int(0),
    )?;
    if let Some(last) = last {
        return Ok(NameChanged::TooSoon(last));
    }
    let keys = &new.keys;
    let is_taken = db.exists(
        "SELECT 1 FROM users
         WHERE id != ?1 AND (name_key = ?2 OR look_key = ?3 OR capitals_key = ?4)",
        &[
            user.into(),
            (&keys.name).into(),
            (&keys.look).into(),
            (&keys.capitals).into(),
        ],
    )?;
    if is_taken || is_kept(db, keys, new.user)? {
        return Ok(NameChanged::Taken);
    }
    db.execute(
        "DELETE FROM old_names
         WHERE user_id = ?1 AND (name_key = ?2 OR look_key = ?3 OR capitals_key = ?4)",
        &[
            user.into(),
            (&keys.name).into(),
            (&keys.look).into(),
            (&keys.capitals).into(),
        ],
    )?;
    // Another way to write the same name leaves none behind.
    db.execute(
        "INSERT INTO old_names
             (user_id, username, name_key, look_key, capitals_key, kept_until_ms)
         SELECT id, username, name_key, look_key, capitals_key, ?3
         FROM users WHERE id = ?1 AND name_key != ?2",
        &[user.into(), (&keys.name).into(), new.kept_until_ms.into()],
    )?;
    db.execute(
        "INSERT INTO renames (user_id, renamed_at_ms) VALUES (?1, ?2)
         ON CONFLICT (user_id) DO UPDATE SET renamed_at_ms = excluded.renamed_at_ms",
        &[user.into(), new.now_ms.into()],
    )?;
    db.execute(
        "UPDATE users SET username = ?2, name_key = ?3, look_key = ?4, capitals_key = ?5
         WHERE id = ?1",
        &[
            user.into(),
            (&new.username).into(),
            (&keys.name).into(),
            (&keys.look).into(),
            (&keys.capitals).into(),
        ],
    )?;
    Ok(NameChanged::From(was))
}

/// Whether a name, or one that looks like it, is kept for another account than `user`.
pub(super) fn is_kept<D: Db>(db: &mut D, keys: &NameKeys, user: UserId) -> Result<bool, D::Error> {
    db.exists(
        "SELECT 1 FROM old_names
         WHERE (name_key = ?2 OR look_key = ?3 OR capitals_key = ?4) AND user_id != ?1",
        &[
            user.0.into(),
            (&keys.name).into(),
            (&keys.look).into(),
            (&keys.capitals).into(),
        ],
    )
}

/// Whether the time of an old name is over.
pub(in crate::store) fn is_old_name_over<D: Db>(db: &mut D, now_ms: i64) -> Result<bool, D::Error> {
    db.exists(
        "SELECT 1 FROM old_names WHERE kept_until_ms <= ?1",
        &[now_ms.into()],
    )
}

pub(in crate::store) fn free_old_names<D: Db>(db: &mut D, now_ms: i64) -> Result<(), D::Error> {
    db.execute(
        "DELETE FROM old_names WHERE kept_until_ms <= ?1",
        &[now_ms.into()],
    )?;
    Ok(())
}
