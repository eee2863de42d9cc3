//! Recovery codes, second factors, and when somebody logged in last.

use super::{Db, Engine, Lock, count, places, sessions, small};
use crate::store::{
    CodeHash, LoginRow, NewSession, Recovered, Recovery, Safety, SessionId, UserId,
};

pub(in crate::store) fn safety<D: Db>(db: &mut D, user: UserId) -> Result<Safety, D::Error> {
    db.one(
        "SELECT (SELECT secret FROM second_factors WHERE user_id = ?1 AND is_confirmed = 1),
                (SELECT count(*) FROM recovery_codes WHERE user_id = ?1 AND number > 0),
                coalesce((SELECT at_ms FROM last_logins WHERE user_id = ?1), 0),
                (SELECT device FROM last_logins WHERE user_id = ?1),
                (SELECT network FROM last_logins WHERE user_id = ?1)",
        &[user.0.into()],
        |row| {
            let at_ms = row.int(2)?;
            let (device, network) = (row.maybe_text(3)?, row.maybe_text(4)?);
            Ok(Safety {
                second_factor: row.maybe_text(0)?,
                recovery_codes_left: small(row.int(1)?)?,
                last_login: device.zip(network).map(|(device, network)| LoginRow {
                    at_ms,
                    device,
                    network,
                }),
            })
        },
    )
}

/// Gives an account these codes, in place of all it had.
pub(super) fn set_codes<D: Db>(
    db: &mut D,
    user: UserId,
    codes: &[CodeHash],
) -> Result<(), D::Error> {
    forget_codes(db, user)?;
    for (number, code) in (1..).zip(codes) {
        db.execute(
            "INSERT INTO recovery_codes (user_id, number, code_hash) VALUES (?1, ?2, ?3)",
            &[user.0.into(), count(number).into(), (&code.0).into()],
        )?;
    }
    Ok(())
}

/// Makes all codes of an account void.
pub(super) fn forget_codes<D: Db>(db: &mut D, user: UserId) -> Result<(), D::Error> {
    db.execute(
        "DELETE FROM recovery_codes WHERE user_id = ?1",
        &[user.0.into()],
    )?;
    Ok(())
}

pub(in crate::store) fn renew_codes<D: Engine>(
    db: &mut D,
    user: UserId,
    known: &str,
    codes: &[CodeHash],
) -> Result<bool, D::Error> {
    db.lock(Lock::Account(user))?;
    let is_known = db.exists(
        "SELECT 1 FROM users WHERE id = ?1 AND password_hash = ?2",
        &[user.0.into(), known.into()],
    )?;
    if is_known {
        set_codes(db, user, codes)?;
    }
    Ok(is_known)
}

pub(in crate::store) fn give_code<D: Db>(
    db: &mut D,
    user: UserId,
    code: CodeHash,
    until_ms: i64,
) -> Result<(), D::Error> {
    db.execute(
        "INSERT INTO recovery_codes (user_id, number, code_hash, expires_at_ms)
         VALUES (?1, 0, ?2, ?3)
         ON CONFLICT (user_id, number) DO UPDATE
         SET code_hash = excluded.code_hash, expires_at_ms = excluded.expires_at_ms",
        &[user.0.into(), (&code.0).into(), until_ms.into()],
    )?;
    Ok(())
}

pub(in crate::store) fn recover<D: Engine>(
    db: &mut D,
    recovery: &Recovery,
) -> Result<Option<Recovered>, D::Error> {
    // One question, whether the name or the code is wrong.
    let found = db.optional(
        "SELECT users.id, recovery_codes.number
         FROM users JOIN recovery_codes ON recovery_codes.user_id = users.id
         WHERE users.name_key = ?1 AND recovery_codes.code_hash = ?2
           AND (recovery_codes.expires_at_ms IS NULL OR recovery_codes.expires_at_ms > ?3)",
        &[
            (&recovery.name_key).into(),
            (&recovery.code.0).into(),
            recovery.now_ms.into(),
        ],
        |row| Ok((UserId(row.int(0)?), row.int(1)?)),
    )?;
    let Some((user, number)) = found else {
        return Ok(None);
    };
    // A login that comes now has its session before or after that: it is not missed.
    db.lock(Lock::Account(user))?;
    // Of two who show the same code at once, one has it.
    let used = db.execute(
        "DELETE FROM recovery_codes WHERE user_id = ?1 AND number = ?2 AND code_hash = ?3",
        &[user.0.into(), number.into(), (&recovery.code.0).into()],
    )?;
    if used == 0 {
        return Ok(None);
    }
    db.execute(
        "UPDATE users SET password_hash = ?2 WHERE id = ?1",
        &[user.0.into(), (&recovery.password_hash).into()],
    )?;
    if number == 0 {
        db.execute(
            "DELETE FROM second_factors WHERE user_id = ?1",
            &[user.0.into()],
        )?;
    }
    if let Some(place) = recovery.place {
        places::note(db, user, place, recovery.now_ms)?;
    }
    // No session has the number 0.
    let ended = sessions::delete(db, user, None, SessionId(0))?;
    Ok(Some(Recovered { user, ended }))
}

pub(in crate::store) fn use_code<D: Db>(
    db: &mut D,
    user: UserId,
    code: CodeHash,
) -> Result<bool, D::Error> {
    let used = db.execute(
        "DELETE FROM recovery_codes WHERE user_id = ?1 AND code_hash = ?2 AND number > 0",
        &[user.0.into(), (&code.0).into()],
    )?;
    Ok(used > 0)
}

pub(in crate::store) fn begin_factor<D: Db>(
    db: &mut D,
    user: UserId,
    secret: &str,
) -> Result<bool, D::Error> {
    let begun = db.execute(
        "INSERT INTO second_factors (user_id, secret, is_confirmed, used_step)
         VALUES (?1, ?2, 0, 0)
         ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret
         WHERE second_factors.is_confirmed = 0",
        &[user.0.into(), secret.into()],
    )?;
    Ok(begun > 0)
}

pub(in crate::store) fn begun_factor<D: Db>(
    db: &mut D,
    user: UserId,
) -> Result<Option<String>, D::Error> {
    db.optional(
        "SELECT secret FROM second_factors WHERE user_id = ?1 AND is_confirmed = 0",
        &[user.0.into()],
        |row| row.text(0),
    )
}

pub(in crate::store) fn confirm_factor<D: Engine>(
    db: &mut D,
    user: UserId,
    secret: &str,
    step: i64,
    keep: SessionId,
) -> Result<Option<Vec<SessionId>>, D::Error> {
    db.lock(Lock::Account(user))?;
    let confirmed = db.execute(
        "UPDATE second_factors SET is_confirmed = 1, used_step = ?3
         WHERE user_id = ?1 AND secret = ?2 AND is_confirmed = 0",
        &[user.0.into(), secret.into(), step.into()],
    )?;
    if confirmed == 0 {
        return Ok(None);
    }
    sessions::delete(db, user, None, keep).map(Some)
}

pub(in crate::store) fn use_step<D: Db>(
    db: &mut D,
    user: UserId,
    secret: &str,
    step: i64,
) -> Result<bool, D::Error> {
    let used = db.execute(
        "UPDATE second_factors SET used_step = ?3
         WHERE user_id = ?1 AND secret = ?2 AND is_confirmed = 1 AND used_step < ?3",
        &[user.0.into(), secret.into(), step.into()],
    )?;
    Ok(used > 0)
}

pub(in crate::store) fn end_factor<D: Db>(
    db: &mut D,
    user: UserId,
    secret: &str,
) -> Result<bool, D::Error> {
    let ended = db.execute(
        "DELETE FROM second_factors WHERE user_id = ?1 AND secret = ?2 AND is_confirmed = 1",
        &[user.0.into(), secret.into()],
    )?;
    Ok(ended > 0)
}

/// Notes a login in place of the one before.
pub(super) fn note_login<D: Db>(
    db: &mut D,
    session: &NewSession,
    network: &str,
) -> Result<(), D::Error> {
    db.execute(
        "INSERT INTO last_logins (user_id, at_ms, device, network) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (user_id) DO UPDATE
         SET at_ms = excluded.at_ms, device = excluded.device, network = excluded.network",
        &[
            session.user.0.into(),
            session.now_ms.into(),
            (&session.device).into(),
            network.into(),
        ],
    )?;
    Ok(())
}
