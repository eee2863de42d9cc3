//! Who signs in to the console.

use super::{Db, Engine, Lock, Row, named};
use crate::store::{NewOperator, Operator, OperatorChange, OperatorId, OperatorRole};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, role, password_hash, must_change, totp_secret, version,
                    created_at_ms, last_seen_at_ms
             FROM operators ",
            $rest
        )
    };
}

fn operator<E: From<super::NotUnderstood>>(row: &dyn Row<E>) -> Result<Operator, E> {
    Ok(Operator {
        id: OperatorId(row.int(0)?),
        name: row.text(1)?,
        role: named(row, 2, OperatorRole::from_name)?,
        password_hash: row.text(3)?,
        must_change: row.int(4)? != 0,
        totp_secret: row.maybe_text(5)?,
        version: row.int(6)?,
        created_at_ms: row.int(7)?,
        last_seen_at_ms: row.int(8)?,
    })
}

pub(in crate::store) fn insert<D: Db>(db: &mut D, new: &NewOperator) -> Result<bool, D::Error> {
    let added = db.execute(
        "INSERT INTO operators
             (name, name_key, role, password_hash, must_change, totp_step, version,
              created_at_ms, last_seen_at_ms)
         VALUES (?1, ?2, ?3, ?4, 1, 0, 1, ?5, 0)
         ON CONFLICT (name_key) DO NOTHING",
        &[
            (&new.name).into(),
            (&new.name_key).into(),
            new.role.name().into(),
            (&new.password_hash).into(),
            new.created_at_ms.into(),
        ],
    )?;
    Ok(added > 0)
}

pub(in crate::store) fn by_name<D: Db>(
    db: &mut D,
    name_key: &str,
) -> Result<Option<Operator>, D::Error> {
    db.optional(select!("WHERE name_key = ?1"), &[name_key.into()], operator)
}

pub(in crate::store) fn list<D: Db>(db: &mut D) -> Result<Vec<Operator>, D::Error> {
    db.all(select!("ORDER BY name_key"), &[], operator)
}

pub(in crate::store) fn change<D: Engine>(
    db: &mut D,
    operator: OperatorId,
    change: &OperatorChange,
) -> Result<bool, D::Error> {
    let id = operator.0.into();
    let changed = match change {
        OperatorChange::Role { role, keeps_admin } => {
            if *role != OperatorRole::Admin && *keeps_admin && !has_other_admin(db, operator)? {
                return Ok(false);
            }
            db.execute(
                "UPDATE operators SET role = ?2 WHERE id = ?1",
                &[id, role.name().into()],
            )?
        }
        OperatorChange::Gone { keeps_admin } => {
            if *keeps_admin && !has_other_admin(db, operator)? {
                return Ok(false);
            }
            db.execute("DELETE FROM operators WHERE id = ?1", &[id])?
        }
        OperatorChange::Password { was, hash } => db.execute(
            "UPDATE operators SET password_hash = ?2, must_change = 0, version = version + 1
             WHERE id = ?1 AND password_hash = ?3",
            &[id, hash.into(), was.into()],
        )?,
        OperatorChange::Reset { hash } => db.execute(
            "UPDATE operators
             SET password_hash = ?2, must_change = 1, totp_secret = NULL, version = version + 1
             WHERE id = ?1",
            &[id, hash.into()],
        )?,
        OperatorChange::Totp(secret) => db.execute(
            "UPDATE operators SET totp_secret = ?2, version = version + 1 WHERE id = ?1",
            &[id, secret.as_deref().into()],
        )?,
        OperatorChange::SignedOut => db.execute(
            "UPDATE operators SET version = version + 1 WHERE id = ?1",
            &[id],
        )?,
        OperatorChange::UsedStep(step) => db.execute(
            "UPDATE operators SET totp_step = ?2 WHERE id = ?1 AND totp_step < ?2",
            &[id, (*step).into()],
        )?,
        OperatorChange::SignsIn {
            now_ms,
            was,
            rehashed,
        } => db.execute(
            "UPDATE operators
             SET last_seen_at_ms = ?2,
                 password_hash = CASE WHEN password_hash = ?3 THEN ?4 ELSE password_hash END
             WHERE id = ?1",
            &[
                id,
                (*now_ms).into(),
                was.into(),
                rehashed.as_ref().unwrap_or(was).into(),
            ],
        )?,
    };
    Ok(changed > 0)
}

/// Whether there is an admin beside one, who may not be one. Two who take each other's role
/// away at the same time take turns.
fn has_other_admin<D: Engine>(db: &mut D, operator: OperatorId) -> Result<bool, D::Error> {
    db.lock(Lock::Operators)?;
    let id = operator.0.into();
    let is_admin = db.exists(
        "SELECT 1 FROM operators WHERE id = ?1 AND role = 'admin'",
        &[id],
    )?;
    Ok(!is_admin
        || db.exists(
            "SELECT 1 FROM operators WHERE id != ?1 AND role = 'admin'",
            &[id],
        )?)
}
