//! Where many accounts stand, in four questions for all of them.

use std::collections::HashMap;

use longhall_packet::{Access, Filter, Role, Speech};

use super::error::Error;
use super::transaction::Transaction;
use crate::store::sql::NotUnderstood;
use crate::store::{ChannelId, ChannelStanding, SessionId, Standing, Standings, UserId};

pub(super) fn standings(
    db: &mut Transaction<'_>,
    users: &[UserId],
    ended_by_ms: i64,
) -> Result<Standings, Error> {
    let ids: Vec<i64> = users.iter().map(|user| user.0).collect();
    let mut found: HashMap<i64, Standing> = HashMap::with_capacity(ids.len());
    for row in db.rows(
        "SELECT user_id, channel_id, role FROM memberships WHERE user_id = ANY($1)",
        &[&ids],
    )? {
        let role = named(row.try_get(2)?, Role::from_name)?;
        let roles = &mut found.entry(row.try_get(0)?).or_default().roles;
        roles.push((ChannelId(row.try_get(1)?), role));
    }
    for row in db.rows(
        "SELECT user_id, blocked_id FROM blocks WHERE user_id = ANY($1)",
        &[&ids],
    )? {
        let standing = found.entry(row.try_get(0)?).or_default();
        standing.blocked.push(UserId(row.try_get(1)?));
    }
    for row in db.rows(
        "SELECT user_id, id FROM sessions WHERE user_id = ANY($1) AND expires_at_ms > $2",
        &[&ids, &ended_by_ms],
    )? {
        let standing = found.entry(row.try_get(0)?).or_default();
        standing.sessions.push(SessionId(row.try_get(1)?));
    }
    let mut channels = Vec::new();
    for row in db.rows(
        "SELECT id, topic, access, slow_mode_s, filter,
             CASE WHEN hall IS NULL
                  THEN (SELECT count(*) FROM memberships WHERE channel_id = channels.id)
                  ELSE 0 END
         FROM channels
         WHERE id IN (SELECT channel_id FROM memberships WHERE user_id = ANY($1))",
        &[&ids],
    )? {
        channels.push(ChannelStanding {
            channel: ChannelId(row.try_get(0)?),
            topic: row.try_get(1)?,
            access: named(row.try_get(2)?, Access::from_name)?,
            speech: Speech {
                slow_mode_s: u32::try_from(row.try_get::<_, i64>(3)?).unwrap_or(0),
                filter: match row.try_get(4)? {
                    Some(name) => Some(named(name, Filter::from_name)?),
                    None => None,
                },
            },
            members: u32::try_from(row.try_get::<_, i64>(5)?).unwrap_or(u32::MAX),
        });
    }
    let standing = |user: &UserId| (*user, found.remove(&user.0).unwrap_or_default());
    Ok(Standings {
        accounts: users.iter().map(standing).collect(),
        channels,
    })
}

fn named<T>(name: &str, from_name: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
    let unknown = || NotUnderstood::new(format!("{name:?} is no value known here"));
    Ok(from_name(name).ok_or_else(unknown)?)
}
