//! Bans and mutes, who may set them, and the log of what operators did.

use longhall_packet::ServerRole;

use super::{Db, Value, count, named};
use crate::store::{
    AuditRow, Lockdown, NewAuditRow, Sanction, SanctionKind, SanctionOn, Staff, UserId,
};

/// The account or the network as parameters.
fn parts(on: &SanctionOn) -> (Value<'_>, Value<'_>) {
    match on {
        SanctionOn::Account(user) => (user.0.into(), Value::Text(None)),
        SanctionOn::Network(network) => (Value::Int(None), network.into()),
    }
}

pub(in crate::store) fn set<D: Db>(db: &mut D, sanction: &Sanction) -> Result<(), D::Error> {
    // Those that are over are nobody's business any more.
    db.execute(
        "DELETE FROM sanctions WHERE until_ms <= ?1",
        &[sanction.created_at_ms.into()],
    )?;
    lift(db, sanction.kind, &sanction.on)?;
    let (user, network) = parts(&sanction.on);
    db.execute(
        "INSERT INTO sanctions
             (kind, user_id, network, until_ms, created_at_ms, made_by, reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            sanction.kind.name().into(),
            user,
            network,
            sanction.until_ms.into(),
            sanction.created_at_ms.into(),
            (&sanction.made_by).into(),
            (&sanction.reason).into(),
        ],
    )?;
    Ok(())
}

pub(in crate::store) fn lift<D: Db>(
    db: &mut D,
    kind: SanctionKind,
    on: &SanctionOn,
) -> Result<bool, D::Error> {
    let (user, network) = parts(on);
    let lifted = db.execute(
        "DELETE FROM sanctions WHERE kind = ?1 AND (user_id = ?2 OR network = ?3)",
        &[kind.name().into(), user, network],
    )?;
    Ok(lifted > 0)
}

pub(in crate::store) fn list<D: Db>(db: &mut D, now_ms: i64) -> Result<Vec<Sanction>, D::Error> {
    db.all(
        "SELECT sanctions.kind, coalesce(sanctions.user_id, 0), sanctions.network,
                users.username, coalesce(sanctions.until_ms, 0), sanctions.created_at_ms,
                sanctions.made_by, sanctions.reason
         FROM sanctions LEFT JOIN users ON users.id = sanctions.user_id
         WHERE sanctions.until_ms IS NULL OR sanctions.until_ms > ?1
         ORDER BY sanctions.id",
        &[now_ms.into()],
        |row| {
            let until_ms = row.int(4)?;
            Ok(Sanction {
                kind: named(row, 0, SanctionKind::from_name)?,
                on: match row.maybe_text(2)? {
                    Some(network) => SanctionOn::Network(network),
                    None => SanctionOn::Account(UserId(row.int(1)?)),
                },
                username: row.maybe_text(3)?,
                until_ms: (until_ms > 0).then_some(until_ms),
                created_at_ms: row.int(5)?,
                made_by: row.text(6)?,
                reason: row.text(7)?,
            })
        },
    )
}

pub(in crate::store) fn set_server_role<D: Db>(
    db: &mut D,
    user: UserId,
    role: ServerRole,
) -> Result<(), D::Error> {
    db.execute("DELETE FROM staff WHERE user_id = ?1", &[user.0.into()])?;
    if role.is_player() {
        return Ok(());
    }
    db.execute(
        "INSERT INTO staff (user_id, role) VALUES (?1, ?2)",
        &[user.0.into(), role.name().into()],
    )?;
    Ok(())
}

pub(in crate::store) fn staff<D: Db>(db: &mut D) -> Result<Vec<Staff>, D::Error> {
    db.all(
        "SELECT staff.user_id, users.username, staff.role
         FROM staff JOIN users ON users.id = staff.user_id ORDER BY users.name_key",
        &[],
        |row| {
            Ok(Staff {
                user: UserId(row.int(0)?),
                username: row.text(1)?,
                role: named(row, 2, ServerRole::from_name)?,
            })
        },
    )
}

pub(in crate::store) fn set_lockdown<D: Db>(
    db: &mut D,
    lockdown: Option<&Lockdown>,
    now_ms: i64,
) -> Result<bool, D::Error> {
    let held = self::lockdown(db, now_ms)?.is_some();
    db.execute("DELETE FROM lockdown", &[])?;
    if let Some(lockdown) = lockdown {
        db.execute(
            "INSERT INTO lockdown (id, until_ms, created_at_ms, made_by, reason)
             VALUES (1, ?1, ?2, ?3, ?4)",
            &[
                lockdown.until_ms.into(),
                lockdown.created_at_ms.into(),
                (&lockdown.made_by).into(),
                (&lockdown.reason).into(),
            ],
        )?;
    }
    Ok(held)
}

pub(in crate::store) fn lockdown<D: Db>(
    db: &mut D,
    now_ms: i64,
) -> Result<Option<Lockdown>, D::Error> {
    db.optional(
        "SELECT until_ms, created_at_ms, made_by, reason FROM lockdown WHERE until_ms > ?1",
        &[now_ms.into()],
        |row| {
            Ok(Lockdown {
                until_ms: row.int(0)?,
                created_at_ms: row.int(1)?,
                made_by: row.text(2)?,
                reason: row.text(3)?,
            })
        },
    )
}

pub(in crate::store) fn insert_audit<D: Db>(db: &mut D, row: &NewAuditRow) -> Result<(), D::Error> {
    db.execute(
        "INSERT INTO audit (at_ms, actor, via, verb, subject, act, reason, outcome)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            row.at_ms.into(),
            (&row.actor).into(),
            (&row.via).into(),
            (&row.verb).into(),
            (&row.subject).into(),
            (&row.act).into(),
            (&row.reason).into(),
            (&row.outcome).into(),
        ],
    )?;
    Ok(())
}

pub(in crate::store) fn audit<D: Db>(
    db: &mut D,
    since_ms: i64,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<AuditRow>, D::Error> {
    let mut rows = db.all(
        "SELECT id, at_ms, actor, via, verb, subject, act, reason, outcome
         FROM audit WHERE at_ms >= ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        &[
            since_ms.into(),
            before.unwrap_or(i64::MAX).into(),
            count(limit).into(),
        ],
        |row| {
            Ok(AuditRow {
                id: row.int(0)?,
                row: NewAuditRow {
                    at_ms: row.int(1)?,
                    actor: row.text(2)?,
                    via: row.text(3)?,
                    verb: row.text(4)?,
                    subject: row.text(5)?,
                    act: row.text(6)?,
                    reason: row.text(7)?,
                    outcome: row.text(8)?,
                },
            })
        },
    )?;
    rows.reverse();
    Ok(rows)
}
