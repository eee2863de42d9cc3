//! Invitations and blocks: who is asked into which channel, and who wants
//! nothing of whom.

use longhall_packet::Invitation;

use super::{Db, Engine, Lock, channels, count, members};
use crate::store::{ChannelId, UserId};

pub(in crate::store) fn insert<D: Engine>(
    db: &mut D,
    channel: ChannelId,
    user: UserId,
    by: UserId,
    at_most: usize,
    now_ms: i64,
) -> Result<bool, D::Error> {
    db.lock(Lock::Channel(channel))?;
    db.lock(Lock::Account(user))?;
    let is_gone = channels::is_lobby(db, channel)?.is_none();
    if is_gone || members::is_member(db, channel, user)? || is_blocked(db, user, by)? {
        return Ok(false);
    }
    // Taken away first, so that it becomes the latest.
    delete(db, channel, user)?;
    db.execute(
        "INSERT INTO invitations (user_id, channel_id, by_user_id, created_at_ms)
         VALUES (?1, ?2, ?3, ?4)",
        &[user.0.into(), channel.0.into(), by.0.into(), now_ms.into()],
    )?;
    db.execute(
        "DELETE FROM invitations WHERE id IN
             (SELECT id FROM invitations WHERE user_id = ?1
              ORDER BY id DESC LIMIT 9223372036854775807 OFFSET ?2)",
        &[user.0.into(), count(at_most).into()],
    )?;
    Ok(true)
}

/// Forgets an invitation that was taken up, or is replaced.
pub(super) fn delete<D: Db>(db: &mut D, channel: ChannelId, user: UserId) -> Result<(), D::Error> {
    db.execute(
        "DELETE FROM invitations WHERE user_id = ?1 AND channel_id = ?2",
        &[user.0.into(), channel.0.into()],
    )?;
    Ok(())
}

pub(in crate::store) fn is_invited<D: Db>(
    db: &mut D,
    channel: ChannelId,
    user: UserId,
) -> Result<bool, D::Error> {
    db.exists(
        "SELECT 1 FROM invitations WHERE user_id = ?1 AND channel_id = ?2",
        &[user.0.into(), channel.0.into()],
    )
}

pub(in crate::store) fn list<D: Db>(db: &mut D, user: UserId) -> Result<Vec<Invitation>, D::Error> {
    db.all(
        "SELECT logs.channel_name, users.username
         FROM invitations
         JOIN channels ON channels.id = invitations.channel_id
         JOIN logs ON logs.id = channels.log_id
         JOIN users ON users.id = invitations.by_user_id
         WHERE invitations.user_id = ?1
         ORDER BY invitations.id DESC",
        &[user.0.into()],
        |row| {
            Ok(Invitation {
                channel: row.text(0)?,
                by: row.text(1)?,
            })
        },
    )
}

/// Whether `user` has blocked `other`.
pub(in crate::store) fn is_blocked<D: Db>(
    db: &mut D,
    user: UserId,
    other: UserId,
) -> Result<bool, D::Error> {
    db.exists(
        "SELECT 1 FROM blocks WHERE user_id = ?1 AND blocked_id = ?2",
        &[user.0.into(), other.0.into()],
    )
}

pub(in crate::store) fn insert_block<D: Engine>(
    db: &mut D,
    user: UserId,
    blocked: UserId,
    at_most: usize,
) -> Result<bool, D::Error> {
    db.lock(Lock::Account(user))?;
    if is_blocked(db, user, blocked)? {
        return Ok(true);
    }
    let have = db.one(
        "SELECT count(*) FROM blocks WHERE user_id = ?1",
        &[user.0.into()],
        |row| row.int(0),
    )?;
    if have >= count(at_most) {
        return Ok(false);
    }
    db.execute(
        "INSERT INTO blocks (user_id, blocked_id) VALUES (?1, ?2)",
        &[user.0.into(), blocked.0.into()],
    )?;
    Ok(true)
}

pub(in crate::store) fn blocks<D: Db>(
    db: &mut D,
    user: UserId,
) -> Result<Vec<(UserId, String)>, D::Error> {
    db.all(
        "SELECT users.id, users.username
         FROM blocks JOIN users ON users.id = blocks.blocked_id
         WHERE blocks.user_id = ?1 ORDER BY users.name_key",
        &[user.0.into()],
        |row| Ok((UserId(row.int(0)?), row.text(1)?)),
    )
}

pub(in crate::store) fn delete_block<D: Db>(
    db: &mut D,
    user: UserId,
    blocked: UserId,
) -> Result<(), D::Error> {
    db.execute(
        "DELETE FROM blocks WHERE user_id = ?1 AND blocked_id = ?2",
        &[user.0.into(), blocked.0.into()],
    )?;
    Ok(())
}
