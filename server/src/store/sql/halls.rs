//! Halls of the lobby: the first is the lobby itself, the others are channels with a number,
//! and with a member row for each account that is there.

use longhall_packet::{Access, ChannelName, Role};

use super::channels::{self, channel, channel_columns};
use super::{Db, Engine, Lock, members};
use crate::store::{Channel, ChannelId, FIRST_HALL, UserId};

/// Those but the first one, in the order of their numbers.
pub(in crate::store) fn all<D: Db>(db: &mut D) -> Result<Vec<Channel>, D::Error> {
    db.all(
        concat!(
            "SELECT ",
            channel_columns!(),
            " FROM channel_states WHERE hall IS NOT NULL ORDER BY hall"
        ),
        &[],
        channel,
    )
}

pub(in crate::store) fn open<D: Engine>(
    db: &mut D,
    hall: u32,
    name: &ChannelName,
    now_ms: i64,
) -> Result<Option<Channel>, D::Error> {
    db.lock(Lock::ChannelNames)?;
    let lobby = lobby(db)?;
    if hall <= FIRST_HALL {
        return Ok(lobby);
    }
    let Some(lobby) = lobby else {
        return Ok(None);
    };
    if let Some(found) = by_number(db, hall)? {
        return Ok(Some(found));
    }
    let id = match channels::by_name(db, name)? {
        None => channels::create(db, name, "", Access::Open, None, now_ms)?,
        Some(found) => {
            db.lock(Lock::Channel(found.id))?;
            let is_free = found.hall.is_none()
                && found.temporary.is_none()
                && found.access == Access::Open
                && members::members_of(db, found.id)? == 0;
            if !is_free {
                return Ok(None);
            }
            let id = found.id.0.into();
            db.execute("DELETE FROM invitations WHERE channel_id = ?1", &[id])?;
            found.id
        }
    };
    db.execute(
        "UPDATE channels SET hall = ?2 WHERE id = ?1",
        &[id.0.into(), i64::from(hall).into()],
    )?;
    channels::set_topic(db, id, &lobby.topic)?;
    channels::set_speech(db, id, lobby.speech)?;
    Ok(Some(channels::by_id(db, id)?))
}

pub(in crate::store) fn set<D: Engine>(
    db: &mut D,
    user: UserId,
    channel: ChannelId,
    now_ms: i64,
) -> Result<bool, D::Error> {
    db.lock(Lock::Account(user))?;
    let Some(Some(hall)) = channels::hall(db, channel)? else {
        return Ok(false);
    };
    if members::is_member(db, channel, user)? {
        return Ok(true);
    }
    leave(db, user)?;
    if hall > FIRST_HALL {
        members::join(db, channel, user, Role::Member, now_ms)?;
    } else {
        members::mark_newest(db, channel, user)?;
    }
    Ok(true)
}

/// Takes an account to the first hall.
pub(super) fn leave<D: Db>(db: &mut D, user: UserId) -> Result<(), D::Error> {
    for sql in [
        "DELETE FROM channel_reads WHERE user_id = ?1
             AND channel_id IN (SELECT id FROM channels WHERE hall IS NOT NULL)",
        "DELETE FROM memberships WHERE user_id = ?1
             AND channel_id IN (SELECT id FROM channels WHERE hall IS NOT NULL)",
    ] {
        db.execute(sql, &[user.0.into()])?;
    }
    Ok(())
}

/// Closes all but the first one: they are channels that nobody is in.
pub(super) fn close_all<D: Db>(db: &mut D) -> Result<(), D::Error> {
    for sql in [
        "DELETE FROM channel_reads
             WHERE channel_id IN (SELECT id FROM channels WHERE hall IS NOT NULL)",
        "DELETE FROM memberships
             WHERE channel_id IN (SELECT id FROM channels WHERE hall IS NOT NULL)",
        "UPDATE channels SET hall = NULL WHERE hall IS NOT NULL",
    ] {
        db.execute(sql, &[])?;
    }
    Ok(())
}

/// Whether an account is in another hall than the first one.
pub(super) fn has_row<D: Db>(db: &mut D, user: UserId) -> Result<bool, D::Error> {
    db.exists(
        "SELECT 1 FROM memberships JOIN channels ON channels.id = memberships.channel_id
         WHERE memberships.user_id = ?1 AND channels.hall IS NOT NULL",
        &[user.0.into()],
    )
}

fn lobby<D: Db>(db: &mut D) -> Result<Option<Channel>, D::Error> {
    db.optional(
        concat!(
            "SELECT ",
            channel_columns!(),
            " FROM channel_states WHERE is_lobby = 1"
        ),
        &[],
        channel,
    )
}

fn by_number<D: Db>(db: &mut D, hall: u32) -> Result<Option<Channel>, D::Error> {
    db.optional(
        concat!(
            "SELECT ",
            channel_columns!(),
            " FROM channel_states WHERE hall = ?1"
        ),
        &[i64::from(hall).into()],
        channel,
    )
}
