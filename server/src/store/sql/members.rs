//! Who is in which channel, and what they may do there.

use longhall_packet::Role;

use super::channels::{self, channel, channel_columns};
use super::{Db, Engine, Lock, count, halls, invitations, named, seq, small};
use crate::store::{
    Added, ChannelId, FIRST_HALL, MemberLimits, MemberRow, Membership, Removed, UserId,
};

pub(in crate::store) fn insert<D: Engine>(
    db: &mut D,
    channel: ChannelId,
    user: UserId,
    limits: MemberLimits,
    now_ms: i64,
) -> Result<Added, D::Error> {
    db.lock(Lock::Channel(channel))?;
    db.lock(Lock::Account(user))?;
    let Some(is_lobby) = channels::is_lobby(db, channel)? else {
        return Ok(Added::NoChannel);
    };
    let added = if is_lobby || role(db, channel, user)?.is_some() {
        Added::Already
    } else if members_of(db, channel)? >= members_at_most(db, channel, limits)? {
        return Ok(Added::ChannelFull);
    } else if channels_of(db, user)? >= count(limits.channels_per_account) {
        return Ok(Added::TooManyChannels);
    } else {
        join(db, channel, user, Role::Member, now_ms)?;
        Added::Member
    };
    invitations::delete(db, channel, user)?;
    Ok(added)
}

pub(super) fn join<D: Db>(
    db: &mut D,
    channel: ChannelId,
    user: UserId,
    role: Role,
    now_ms: i64,
) -> Result<(), D::Error> {
    db.execute(
        "INSERT INTO memberships (channel_id, user_id, role, joined_at_ms)
         VALUES (?1, ?2, ?3, ?4)",
        &[
            channel.0.into(),
            user.0.into(),
            role.name().into(),
            now_ms.into(),
        ],
    )?;
    mark_newest(db, channel, user)
}

/// Lines from before somebody came are not news to them.
pub(super) fn mark_newest<D: Db>(
    db: &mut D,
    channel: ChannelId,
    user: UserId,
) -> Result<(), D::Error> {
    db.execute(
        "INSERT INTO channel_reads (user_id, channel_id, read_seq)
         SELECT ?2, id, last_seq FROM channel_states WHERE id = ?1
         ON CONFLICT (user_id, channel_id) DO UPDATE SET read_seq = excluded.read_seq
             WHERE excluded.read_seq > channel_reads.read_seq",
        &[channel.0.into(), user.0.into()],
    )?;
    Ok(())
}

/// In how many channels an account is, its hall of the lobby not counted.
pub(super) fn channels_of<D: Db>(db: &mut D, user: UserId) -> Result<i64, D::Error> {
    db.one(
        "SELECT count(*) FROM memberships JOIN channels ON channels.id = memberships.channel_id
         WHERE memberships.user_id = ?1 AND channels.hall IS NULL",
        &[user.0.into()],
        |row| row.int(0),
    )
}

/// Members a channel may have: fewer, if it was made for fewer.
fn members_at_most<D: Db>(
    db: &mut D,
    channel: ChannelId,
    limits: MemberLimits,
) -> Result<i64, D::Error> {
    let at_most = count(limits.members_per_channel);
    db.one(
        "SELECT coalesce(max_members, ?2) FROM channels WHERE id = ?1",
        &[channel.0.into(), at_most.into()],
        |row| Ok(row.int(0)?.min(at_most)),
    )
}

pub(super) fn members_of<D: Db>(db: &mut D, channel: ChannelId) -> Result<i64, D::Error> {
    db.one(
        "SELECT count(*) FROM memberships WHERE channel_id = ?1",
        &[channel.0.into()],
        |row| row.int(0),
    )
}

fn role<D: Db>(db: &mut D, channel: ChannelId, user: UserId) -> Result<Option<Role>, D::Error> {
    db.optional(
        "SELECT role FROM memberships WHERE channel_id = ?1 AND user_id = ?2",
        &[channel.0.into(), user.0.into()],
        |row| named(row, 0, Role::from_name),
    )
}

/// Whether an account may read and speak in a channel.
pub(in crate::store) fn is_member<D: Db>(
    db: &mut D,
    channel: ChannelId,
    user: UserId,
) -> Result<bool, D::Error> {
    Ok(match channels::hall(db, channel)? {
        None => false,
        Some(Some(FIRST_HALL)) => !halls::has_row(db, user)?,
        Some(Some(_) | None) => role(db, channel, user)?.is_some(),
    })
}

/// What [`membership`] reads, for the account `?1`.
macro_rules! select_memberships {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            channel_columns!(),
            ", coalesce(memberships.role, 'member'), coalesce(channel_reads.read_seq, 0),
               CASE WHEN channel_states.hall IS NULL
                    THEN (SELECT count(*) FROM memberships AS all_of_them
                          WHERE all_of_them.channel_id = channel_states.id)
                    ELSE 0 END,
               channel_states.log_id
             FROM channel_states
             LEFT JOIN memberships
                 ON memberships.channel_id = channel_states.id AND memberships.user_id = ?1
             LEFT JOIN channel_reads
                 ON channel_reads.channel_id = channel_states.id AND channel_reads.user_id = ?1
             WHERE ",
            $condition
        )
    };
}

pub(in crate::store) fn membership<D: Engine>(
    db: &mut D,
    channel: ChannelId,
    user: UserId,
) -> Result<Option<Membership>, D::Error> {
    let all = select(
        db,
        user,
        select_memberships!(
            "channel_states.id = ?2
             AND (memberships.role IS NOT NULL
                  OR channel_states.is_lobby = 1 AND NOT EXISTS
                      (SELECT 1 FROM memberships AS theirs
                       JOIN channels ON channels.id = theirs.channel_id
                       WHERE theirs.user_id = ?1 AND channels.hall IS NOT NULL))"
        ),
        Some(channel),
    )?;
    Ok(all.into_iter().next())
}

pub(in crate::store) fn memberships<D: Engine>(
    db: &mut D,
    user: UserId,
) -> Result<Vec<Membership>, D::Error> {
    select(
        db,
        user,
        select_memberships!(
            "channel_states.id IN (SELECT channel_id FROM memberships WHERE user_id = ?1
                                   UNION ALL SELECT id FROM channels WHERE is_lobby = 1)
             AND (channel_states.is_lobby = 0 OR NOT EXISTS
                      (SELECT 1 FROM memberships AS theirs
                       JOIN channels ON channels.id = theirs.channel_id
                       WHERE theirs.user_id = ?1 AND channels.hall IS NOT NULL))
             ORDER BY (channel_states.is_lobby = 1 OR channel_states.hall IS NOT NULL) DESC,
                      channel_states.name"
        ),
        None,
    )
}

fn select<D: Engine>(
    db: &mut D,
    user: UserId,
    sql: &'static str,
    channel_of: Option<ChannelId>,
) -> Result<Vec<Membership>, D::Error> {
    let values = [user.0.into(), channel_of.map(|id| id.0).into()];
    let values = &values[..1 + usize::from(channel_of.is_some())];
    let mut all = db.all(sql, values, |row| {
        let membership = Membership {
            channel: channel(row)?,
            role: named(row, 13, Role::from_name)?,
            read_seq: seq(row.int(14)?),
            unread: 0,
            members: small(row.int(15)?)?,
        };
        Ok((membership, row.int(14)?, row.int(16)?))
    })?;
    for (membership, read_seq, log) in &mut all {
        membership.unread = db.unread(*log, user, *read_seq)?;
    }
    Ok(all.into_iter().map(|(membership, ..)| membership).collect())
}

pub(in crate::store) fn list<D: Db>(
    db: &mut D,
    channel: ChannelId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<MemberRow>, D::Error> {
    db.all(
        "SELECT users.id, users.username, memberships.role, users.account_kind
         FROM memberships JOIN users ON users.id = memberships.user_id
         WHERE memberships.channel_id = ?1 AND users.name_key > ?2
         ORDER BY users.name_key LIMIT ?3",
        &[
            channel.0.into(),
            after.unwrap_or("").into(),
            count(limit).into(),
        ],
        |row| {
            Ok(MemberRow {
                user: UserId(row.int(0)?),
                username: row.text(1)?,
                role: named(row, 2, Role::from_name)?,
                guest: super::account_kind(row, 3)?.is_limited(),
            })
        },
    )
}

pub(in crate::store) fn set_role<D: Engine>(
    db: &mut D,
    channel: ChannelId,
    user: UserId,
    new: Role,
) -> Result<bool, D::Error> {
    db.lock(Lock::Channel(channel))?;
    if role(db, channel, user)?.is_none() {
        return Ok(false);
    }
    if new == Role::Owner {
        db.execute(
            "UPDATE memberships SET role = 'operator'
             WHERE channel_id = ?1 AND role = 'owner'",
            &[channel.0.into()],
        )?;
    }
    db.execute(
        "UPDATE memberships SET role = ?3 WHERE channel_id = ?1 AND user_id = ?2",
        &[channel.0.into(), user.0.into(), new.name().into()],
    )?;
    Ok(true)
}

pub(in crate::store) fn delete<D: Engine>(
    db: &mut D,
    channel: ChannelId,
    user: UserId,
) -> Result<Removed, D::Error> {
    db.lock(Lock::Channel(channel))?;
    if channels::is_lobby(db, channel)? == Some(true) {
        return Ok(Removed::NotAMember);
    }
    let Some(had) = role(db, channel, user)? else {
        return Ok(Removed::NotAMember);
    };
    let whom = [channel.0.into(), user.0.into()];
    db.execute(
        "DELETE FROM memberships WHERE channel_id = ?1 AND user_id = ?2",
        &whom,
    )?;
    db.execute(
        "DELETE FROM channel_reads WHERE channel_id = ?1 AND user_id = ?2",
        &whom,
    )?;
    if members_of(db, channel)? == 0 {
        channels::delete(db, channel)?;
        return Ok(Removed::ChannelGone);
    }
    if had != Role::Owner {
        return Ok(Removed::Out { heir: None });
    }
    let heir = db.one(
        "SELECT users.id, users.username
         FROM memberships JOIN users ON users.id = memberships.user_id
         WHERE memberships.channel_id = ?1
         ORDER BY memberships.role = 'operator' DESC, memberships.id LIMIT 1",
        &[channel.0.into()],
        |row| Ok((UserId(row.int(0)?), row.text(1)?)),
    )?;
    set_role(db, channel, heir.0, Role::Owner)?;
    Ok(Removed::Out { heir: Some(heir) })
}
