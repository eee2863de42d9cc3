//! Bans and mutes, who may set them, and the log of what operators did.

use std::cmp::Reverse;

use longhall_packet::ServerRole;

use super::{Db, Value, count, named};
use crate::store::{
    AuditRow, ChannelId, Lockdown, NewAuditRow, PastSanction, Place, Sanction, SanctionKind,
    SanctionOn, Staff, UserId,
};

/// Most rows of each kind that are read at a time: servers keep them in memory.
const MOST: usize = 1_000_000;

pub(in crate::store) fn set<D: Db>(
    db: &mut D,
    sanction: &Sanction,
    barred_until_ms: Option<i64>,
) -> Result<(), D::Error> {
    // Those that are over are nobody's business any more.
    let now: &[Value<'_>] = &[sanction.created_at_ms.into()];
    db.execute("DELETE FROM sanctions WHERE until_ms <= ?1", now)?;
    db.execute("DELETE FROM channel_sanctions WHERE until_ms <= ?1", now)?;
    db.execute("DELETE FROM barred_places WHERE until_ms <= ?1", now)?;
    lift(db, sanction.kind, &sanction.on)?;
    if sanction.kind != SanctionKind::Kick {
        insert(db, sanction)?;
    }
    if let SanctionOn::Account(user) = sanction.on
        && let Some(until_ms) = barred_until_ms
    {
        db.execute(
            "INSERT INTO barred_places (place, user_id, until_ms)
             SELECT place, user_id, ?2 FROM places WHERE user_id = ?1",
            &[user.0.into(), until_ms.into()],
        )?;
    }
    note(db, sanction)
}

fn insert<D: Db>(db: &mut D, sanction: &Sanction) -> Result<(), D::Error> {
    let (kind, until_ms) = (sanction.kind.name(), sanction.until_ms);
    let (since_ms, by) = (sanction.created_at_ms, &sanction.made_by);
    let reason = &sanction.reason;
    match &sanction.on {
        SanctionOn::Member(user, channel) => db.execute(
            "INSERT INTO channel_sanctions
                 (kind, user_id, channel_id, until_ms, created_at_ms, made_by, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            &[
                kind.into(),
                user.0.into(),
                channel.0.into(),
                until_ms.into(),
                since_ms.into(),
                by.into(),
                reason.into(),
            ],
        )?,
        on @ (SanctionOn::Account(_) | SanctionOn::Network(_)) => {
            let (user, network) = parts(on);
            db.execute(
                "INSERT INTO sanctions
                     (kind, user_id, network, until_ms, created_at_ms, made_by, reason)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                &[
                    kind.into(),
                    user,
                    network,
                    until_ms.into(),
                    since_ms.into(),
                    by.into(),
                    reason.into(),
                ],
            )?
        }
    };
    Ok(())
}

/// Adds to the history of the account, if it is on one.
fn note<D: Db>(db: &mut D, sanction: &Sanction) -> Result<(), D::Error> {
    let Some(user) = sanction.on.user() else {
        return Ok(());
    };
    let channel = sanction.on.channel().map_or(0, |channel| channel.0);
    db.execute(
        "INSERT INTO past_sanctions
             (user_id, kind, channel_id, channel, until_ms, created_at_ms, made_by, reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            user.0.into(),
            sanction.kind.name().into(),
            channel.into(),
            sanction.channel.as_deref().unwrap_or_default().into(),
            sanction.until_ms.into(),
            sanction.created_at_ms.into(),
            (&sanction.made_by).into(),
            (&sanction.reason).into(),
        ],
    )?;
    Ok(())
}

/// The account or the network as parameters.
fn parts(on: &SanctionOn) -> (Value<'_>, Value<'_>) {
    match on {
        SanctionOn::Account(user) | SanctionOn::Member(user, _) => {
            (user.0.into(), Value::Text(None))
        }
        SanctionOn::Network(network) => (Value::Int(None), network.into()),
    }
}

pub(in crate::store) fn lift<D: Db>(
    db: &mut D,
    kind: SanctionKind,
    on: &SanctionOn,
) -> Result<bool, D::Error> {
    if let Some(user) = on.user() {
        let channel = on.channel().map_or(0, |channel| channel.0);
        db.execute(
            "UPDATE past_sanctions SET is_lifted = 1
             WHERE user_id = ?1 AND channel_id = ?2 AND kind = ?3",
            &[user.0.into(), channel.into(), kind.name().into()],
        )?;
    }
    if let SanctionOn::Account(user) = on
        && kind == SanctionKind::Ban
    {
        db.execute(
            "DELETE FROM barred_places WHERE user_id = ?1",
            &[user.0.into()],
        )?;
    }
    let lifted = match on {
        SanctionOn::Member(user, channel) => db.execute(
            "DELETE FROM channel_sanctions
             WHERE kind = ?1 AND user_id = ?2 AND channel_id = ?3",
            &[kind.name().into(), user.0.into(), channel.0.into()],
        )?,
        SanctionOn::Account(_) | SanctionOn::Network(_) => {
            let (user, network) = parts(on);
            db.execute(
                "DELETE FROM sanctions WHERE kind = ?1 AND (user_id = ?2 OR network = ?3)",
                &[kind.name().into(), user, network],
            )?
        }
    };
    Ok(lifted > 0)
}

pub(in crate::store) fn list<D: Db>(db: &mut D, now_ms: i64) -> Result<Vec<Sanction>, D::Error> {
    let mut all = db.all(
        "SELECT sanctions.kind, coalesce(sanctions.user_id, 0), sanctions.network,
                users.username, coalesce(sanctions.until_ms, 0), sanctions.created_at_ms,
                sanctions.made_by, sanctions.reason
         FROM sanctions LEFT JOIN users ON users.id = sanctions.user_id
         WHERE sanctions.until_ms IS NULL OR sanctions.until_ms > ?1
         ORDER BY sanctions.id LIMIT ?2",
        &[now_ms.into(), count(MOST).into()],
        |row| {
            Ok(Sanction {
                kind: named(row, 0, SanctionKind::from_name)?,
                on: match row.maybe_text(2)? {
                    Some(network) => SanctionOn::Network(network),
                    None => SanctionOn::Account(UserId(row.int(1)?)),
                },
                username: row.maybe_text(3)?,
                channel: None,
                until_ms: until(row.int(4)?),
                created_at_ms: row.int(5)?,
                made_by: row.text(6)?,
                reason: row.text(7)?,
            })
        },
    )?;
    all.extend(db.all(
        "SELECT held.kind, held.user_id, held.channel_id, users.username, logs.channel_name,
                coalesce(held.until_ms, 0), held.created_at_ms, held.made_by, held.reason
         FROM channel_sanctions AS held
         JOIN users ON users.id = held.user_id
         JOIN channels ON channels.id = held.channel_id
         JOIN logs ON logs.id = channels.log_id
         WHERE held.until_ms IS NULL OR held.until_ms > ?1
         ORDER BY held.id LIMIT ?2",
        &[now_ms.into(), count(MOST).into()],
        |row| {
            Ok(Sanction {
                kind: named(row, 0, SanctionKind::from_name)?,
                on: SanctionOn::Member(UserId(row.int(1)?), ChannelId(row.int(2)?)),
                username: row.maybe_text(3)?,
                channel: row.maybe_text(4)?,
                until_ms: until(row.int(5)?),
                created_at_ms: row.int(6)?,
                made_by: row.text(7)?,
                reason: row.text(8)?,
            })
        },
    )?);
    Ok(all)
}

/// A time of which 0 is none.
fn until(until_ms: i64) -> Option<i64> {
    (until_ms > 0).then_some(until_ms)
}

pub(in crate::store) fn past<D: Db>(
    db: &mut D,
    user: UserId,
    since_ms: i64,
    limit: usize,
) -> Result<Vec<PastSanction>, D::Error> {
    // What anybody sets in a channel of theirs does not push out what was set everywhere.
    let mut found = db.all(
        "SELECT past.kind, past.channel_id, past.channel, users.username,
                coalesce(past.until_ms, 0), past.created_at_ms, past.made_by, past.reason,
                past.is_lifted, past.id
         FROM past_sanctions AS past JOIN users ON users.id = past.user_id
         WHERE past.user_id = ?1 AND past.created_at_ms >= ?2
         ORDER BY CASE past.channel_id WHEN 0 THEN 0 ELSE 1 END, past.id DESC LIMIT ?3",
        &[user.0.into(), since_ms.into(), count(limit).into()],
        |row| {
            let channel = row.int(1)?;
            let past = PastSanction {
                sanction: Sanction {
                    kind: named(row, 0, SanctionKind::from_name)?,
                    on: match channel {
                        0 => SanctionOn::Account(user),
                        channel => SanctionOn::Member(user, ChannelId(channel)),
                    },
                    channel: row.maybe_text(2)?.filter(|_| channel != 0),
                    username: row.maybe_text(3)?,
                    until_ms: until(row.int(4)?),
                    created_at_ms: row.int(5)?,
                    made_by: row.text(6)?,
                    reason: row.text(7)?,
                },
                is_lifted: row.int(8)? != 0,
            };
            Ok((row.int(9)?, past))
        },
    )?;
    found.sort_by_key(|(number, _)| Reverse(*number));
    Ok(found.into_iter().map(|(_, past)| past).collect())
}

pub(in crate::store) fn count_past<D: Db>(
    db: &mut D,
    kind: SanctionKind,
    on: &SanctionOn,
    since_ms: i64,
) -> Result<usize, D::Error> {
    let Some(user) = on.user() else {
        return Ok(0);
    };
    let channel = on.channel().map_or(0, |channel| channel.0);
    db.one(
        "SELECT count(*) FROM past_sanctions
         WHERE user_id = ?1 AND created_at_ms >= ?2 AND channel_id = ?3 AND kind = ?4",
        &[
            user.0.into(),
            since_ms.into(),
            channel.into(),
            kind.name().into(),
        ],
        |row| Ok(usize::try_from(row.int(0)?).unwrap_or(usize::MAX)),
    )
}

pub(in crate::store) fn barred_places<D: Db>(
    db: &mut D,
    now_ms: i64,
) -> Result<Vec<(Place, i64)>, D::Error> {
    db.all(
        "SELECT place, max(until_ms) FROM barred_places WHERE until_ms > ?1
         GROUP BY place ORDER BY place LIMIT ?2",
        &[now_ms.into(), count(MOST).into()],
        |row| {
            let place = u32::try_from(row.int(0)?).unwrap_or_default();
            Ok((Place(place), row.int(1)?))
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
