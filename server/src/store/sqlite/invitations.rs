//! Invitations and blocks: who is asked into which channel, and who wants
//! nothing of whom.

use longhall_packet::Invitation;
use rusqlite::{Connection, Result};

use super::{channels, count};
use crate::store::{ChannelId, UserId};

pub(super) fn insert(
    db: &Connection,
    channel: ChannelId,
    user: UserId,
    by: UserId,
    at_most: usize,
    now_ms: i64,
) -> Result<bool> {
    let is_gone = channels::is_lobby(db, channel)?.is_none();
    if is_gone || channels::is_member(db, channel, user)? || is_blocked(db, user, by)? {
        return Ok(false);
    }
    // Taken away first, so that it becomes the latest.
    db.prepare_cached("DELETE FROM invitations WHERE user_id = ?1 AND channel_id = ?2")?
        .execute((user.0, channel.0))?;
    db.prepare_cached(
        "INSERT INTO invitations (user_id, channel_id, by_user_id, created_at_ms)
         VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((user.0, channel.0, by.0, now_ms))?;
    db.prepare_cached(
        "DELETE FROM invitations WHERE id IN
             (SELECT id FROM invitations WHERE user_id = ?1
              ORDER BY id DESC LIMIT -1 OFFSET ?2)",
    )?
    .execute((user.0, count(at_most)))?;
    Ok(true)
}

pub(super) fn is_invited(db: &Connection, channel: ChannelId, user: UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM invitations WHERE user_id = ?1 AND channel_id = ?2")?
        .exists((user.0, channel.0))
}

pub(super) fn list(db: &Connection, user: UserId) -> Result<Vec<Invitation>> {
    db.prepare_cached(
        "SELECT logs.channel_name, users.username
         FROM invitations
         JOIN channels ON channels.id = invitations.channel_id
         JOIN logs ON logs.id = channels.log_id
         JOIN users ON users.id = invitations.by_user_id
         WHERE invitations.user_id = ?1
         ORDER BY invitations.id DESC",
    )?
    .query_map([user.0], |row| {
        Ok(Invitation {
            channel: row.get(0)?,
            by: row.get(1)?,
        })
    })?
    .collect()
}

/// Whether `user` has blocked `other`.
pub(super) fn is_blocked(db: &Connection, user: UserId, other: UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM blocks WHERE user_id = ?1 AND blocked_id = ?2")?
        .exists((user.0, other.0))
}

pub(super) fn insert_block(
    db: &Connection,
    user: UserId,
    blocked: UserId,
    at_most: usize,
) -> Result<bool> {
    if is_blocked(db, user, blocked)? {
        return Ok(true);
    }
    let have: i64 = db
        .prepare_cached("SELECT count(*) FROM blocks WHERE user_id = ?1")?
        .query_row([user.0], |row| row.get(0))?;
    if have >= count(at_most) {
        return Ok(false);
    }
    db.prepare_cached("INSERT INTO blocks (user_id, blocked_id) VALUES (?1, ?2)")?
        .execute((user.0, blocked.0))?;
    Ok(true)
}

pub(super) fn blocks(db: &Connection, user: UserId) -> Result<Vec<(UserId, String)>> {
    db.prepare_cached(
        "SELECT users.id, users.username
         FROM blocks JOIN users ON users.id = blocks.blocked_id
         WHERE blocks.user_id = ?1 ORDER BY users.name_key",
    )?
    .query_map([user.0], |row| Ok((UserId(row.get(0)?), row.get(1)?)))?
    .collect()
}

pub(super) fn delete_block(db: &Connection, user: UserId, blocked: UserId) -> Result<()> {
    db.prepare_cached("DELETE FROM blocks WHERE user_id = ?1 AND blocked_id = ?2")?
        .execute((user.0, blocked.0))?;
    Ok(())
}
