//! Who gets an account: invites, approval, guests.

use super::{Db, Engine, Lock, NotUnderstood, count, operating, own_data, small, users};
use crate::store::{
    AccountKind, Invite, InviteHash, NewInvite, NewUser, Registered, Terms, UserId,
};

pub(in crate::store) fn register<D: Engine>(
    db: &mut D,
    user: &NewUser,
    terms: &Terms,
    now_ms: i64,
) -> Result<Registered, D::Error> {
    // Until the end no other account takes the name, or the last place or use.
    db.lock(Lock::UserNames)?;
    if users::is_name_taken(db, &user.keys)? {
        return Ok(Registered::NameTaken);
    }
    if is_full(db, terms)? {
        return Ok(Registered::Full);
    }
    if !use_invite(db, terms)? {
        return Ok(Registered::InviteNeeded);
    }
    // An invite that is used by now is given back with the transaction.
    let id = users::insert(db, user, now_ms)?
        .ok_or_else(|| NotUnderstood::new("a name that was free is taken"))?;
    set_kind(db, id, terms.kind)?;
    Ok(Registered::Done(id))
}

pub(in crate::store) fn upgrade<D: Engine>(
    db: &mut D,
    guest: UserId,
    user: &NewUser,
    terms: &Terms,
) -> Result<Registered, D::Error> {
    db.lock(Lock::UserNames)?;
    if kind(db, guest)? != Some(AccountKind::Guest) {
        return Ok(Registered::NotAGuest);
    }
    let is_taken = db.exists(
        "SELECT 1 FROM users
         WHERE id != ?1 AND (name_key = ?2 OR look_key = ?3 OR capitals_key = ?4)",
        &[
            guest.0.into(),
            (&user.keys.name).into(),
            (&user.keys.look).into(),
            (&user.keys.capitals).into(),
        ],
    )?;
    if is_taken || own_data::is_kept(db, &user.keys, guest)? {
        return Ok(Registered::NameTaken);
    }
    if is_full(db, terms)? {
        return Ok(Registered::Full);
    }
    if !use_invite(db, terms)? {
        return Ok(Registered::InviteNeeded);
    }
    db.lock(Lock::Account(guest))?;
    db.execute(
        "UPDATE users SET username = ?2, name_key = ?3, look_key = ?4, capitals_key = ?5,
                          password_hash = ?6, account_kind = ?7
         WHERE id = ?1",
        &[
            guest.0.into(),
            (&user.username).into(),
            (&user.keys.name).into(),
            (&user.keys.look).into(),
            (&user.keys.capitals).into(),
            (&user.password_hash).into(),
            terms.kind.number().into(),
        ],
    )?;
    Ok(Registered::Done(guest))
}

fn is_full<D: Db>(db: &mut D, terms: &Terms) -> Result<bool, D::Error> {
    let Some(at_most) = terms.at_most else {
        return Ok(false);
    };
    let alike = db.one(
        "SELECT count(*) FROM users WHERE account_kind = ?1 AND account_kind != 0",
        &[terms.kind.number().into()],
        |row| row.int(0),
    )?;
    Ok(alike >= count(at_most))
}

/// Whether the terms ask for no invite, or it was good for one more.
fn use_invite<D: Db>(db: &mut D, terms: &Terms) -> Result<bool, D::Error> {
    let Some(code) = terms.invite else {
        return Ok(true);
    };
    let used = db.execute(
        "UPDATE invites SET uses_left = uses_left - 1
         WHERE code_hash = ?1 AND uses_left > 0 AND (until_ms IS NULL OR until_ms > ?2)",
        &[(&code.0).into(), terms.now_ms.into()],
    )?;
    Ok(used > 0)
}

fn set_kind<D: Db>(db: &mut D, user: UserId, kind: AccountKind) -> Result<(), D::Error> {
    if kind != AccountKind::Full {
        db.execute(
            "UPDATE users SET account_kind = ?2 WHERE id = ?1",
            &[user.0.into(), kind.number().into()],
        )?;
    }
    Ok(())
}

fn kind<D: Db>(db: &mut D, user: UserId) -> Result<Option<AccountKind>, D::Error> {
    let user = users::by_id(db, user)?;
    Ok(user.map(|user| user.kind))
}

pub(in crate::store) fn is_invite_good<D: Db>(
    db: &mut D,
    code: InviteHash,
    now_ms: i64,
) -> Result<bool, D::Error> {
    db.exists(
        "SELECT 1 FROM invites
         WHERE code_hash = ?1 AND uses_left > 0 AND (until_ms IS NULL OR until_ms > ?2)",
        &[(&code.0).into(), now_ms.into()],
    )
}

pub(in crate::store) fn insert_invite<D: Db>(db: &mut D, new: &NewInvite) -> Result<i64, D::Error> {
    db.execute(
        "DELETE FROM invites WHERE until_ms <= ?1",
        &[new.created_at_ms.into()],
    )?;
    db.one(
        "INSERT INTO invites (code_hash, uses_left, uses, until_ms, created_at_ms, made_by, note)
         VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6)
         RETURNING id",
        &[
            (&new.code.0).into(),
            i64::from(new.uses).into(),
            new.until_ms.into(),
            new.created_at_ms.into(),
            (&new.made_by).into(),
            (&new.note).into(),
        ],
        |row| row.int(0),
    )
}

pub(in crate::store) fn invites<D: Db>(db: &mut D) -> Result<Vec<Invite>, D::Error> {
    db.all(
        // No time is negative.
        "SELECT id, uses_left, uses, coalesce(until_ms, -1), created_at_ms, made_by, note
         FROM invites ORDER BY id",
        &[],
        |row| {
            let until_ms = row.int(3)?;
            Ok(Invite {
                id: row.int(0)?,
                uses_left: small(row.int(1)?)?,
                uses: small(row.int(2)?)?,
                until_ms: (until_ms >= 0).then_some(until_ms),
                created_at_ms: row.int(4)?,
                made_by: row.text(5)?,
                note: row.text(6)?,
            })
        },
    )
}

pub(in crate::store) fn delete_invite<D: Db>(db: &mut D, id: i64) -> Result<bool, D::Error> {
    let deleted = db.execute("DELETE FROM invites WHERE id = ?1", &[id.into()])?;
    Ok(deleted > 0)
}

pub(in crate::store) fn approve<D: Db>(db: &mut D, user: UserId) -> Result<bool, D::Error> {
    let changed = db.execute(
        "UPDATE users SET account_kind = 0 WHERE id = ?1 AND account_kind = ?2",
        &[user.0.into(), AccountKind::Waiting.number().into()],
    )?;
    Ok(changed > 0)
}

pub(in crate::store) fn guests_away<D: Db>(
    db: &mut D,
    seen_by_ms: i64,
    limit: usize,
) -> Result<Vec<(UserId, String)>, D::Error> {
    db.all(
        "SELECT id, username FROM users
         WHERE account_kind = ?2 AND account_kind != 0 AND created_at_ms <= ?1
           AND NOT EXISTS (SELECT 1 FROM sessions
                           WHERE sessions.user_id = users.id AND last_seen_at_ms > ?1)
         ORDER BY id LIMIT ?3",
        &[
            seen_by_ms.into(),
            AccountKind::Guest.number().into(),
            count(limit).into(),
        ],
        |row| Ok((UserId(row.int(0)?), row.text(1)?)),
    )
}

pub(in crate::store) fn bury_if<D: Engine>(
    db: &mut D,
    user: UserId,
    username: &str,
    kind: AccountKind,
    seen_by_ms: i64,
) -> Result<bool, D::Error> {
    db.lock(Lock::UserNames)?;
    db.lock(Lock::Account(user))?;
    if self::kind(db, user)? != Some(kind) {
        return Ok(false);
    }
    let is_seen = db.exists(
        "SELECT 1 FROM sessions WHERE user_id = ?1 AND last_seen_at_ms > ?2",
        &[user.0.into(), seen_by_ms.into()],
    )?;
    if !is_seen {
        operating::bury(db, user, username)?;
    }
    Ok(!is_seen)
}
