//! Channels, who is in them and who is asked to come.

use longhall_packet::{Access, ChannelName, Role};
use rusqlite::{Connection, OptionalExtension, Result, Row, named_params};

use super::keys::{MAX_SEQ, line_key, seq_of};
use super::{count, named, number, seq};
use crate::store::{
    Added, Channel, ChannelId, Created, MemberLimits, MemberRow, Membership, NewChannel, Removed,
    UNREAD_COUNTED, UNREAD_SEEN, UserId,
};

/// What [`channel`] reads, from `channels JOIN logs`.
macro_rules! channel_columns {
    () => {
        concat!(
            "channels.id, logs.channel_name, channels.topic, channels.access,
             channels.password_hash, channels.is_lobby, ",
            last_seq!(),
            ", (SELECT min(lines.id) FROM lines WHERE lines.id",
            of_log!("logs.id"),
            ")"
        )
    };
}

/// `channels` with what is in its log.
macro_rules! from_channels {
    () => {
        " FROM logs JOIN channels ON channels.log_id = logs.id "
    };
}

pub(super) fn open_lobby(db: &Connection, name: &ChannelName, now_ms: i64) -> Result<Channel> {
    let found = by_name(db, name)?;
    if let Some(lobby) = found.as_ref().filter(|channel| channel.is_lobby) {
        return Ok(lobby.clone());
    }
    db.execute("UPDATE channels SET is_lobby = 0 WHERE is_lobby = 1", [])?;
    let id = match found {
        Some(channel) => {
            if channel.access != Access::Open {
                forget_lines(db, channel.id)?;
            }
            for table in ["memberships", "invitations"] {
                db.execute(
                    &format!("DELETE FROM {table} WHERE channel_id = ?1"),
                    [channel.id.0],
                )?;
            }
            channel.id
        }
        None => create(db, name, "", Access::Open, None, now_ms)?,
    };
    db.execute(
        "UPDATE channels SET is_lobby = 1, access = ?2, password_hash = NULL WHERE id = ?1",
        (id.0, Access::Open.name()),
    )?;
    by_id(db, id)
}

pub(super) fn insert(db: &Connection, new: &NewChannel) -> Result<Created> {
    if by_name(db, &new.name)?.is_some() {
        return Ok(Created::Taken);
    }
    if channels_of(db, new.owner)? >= count(new.channels_per_account) {
        return Ok(Created::TooManyChannels);
    }
    let hash = new.password_hash.as_deref();
    let id = create(db, &new.name, &new.topic, new.access, hash, new.now_ms)?;
    join(db, id, new.owner, Role::Owner, new.now_ms)?;
    Ok(Created::Channel(by_id(db, id)?))
}

/// A channel with nobody in it, counting on where one of its name ended.
fn create(
    db: &Connection,
    name: &ChannelName,
    topic: &str,
    access: Access,
    password_hash: Option<&str>,
    now_ms: i64,
) -> Result<ChannelId> {
    db.prepare_cached("INSERT INTO logs (channel_name) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([name.as_str()])?;
    db.prepare_cached(
        "INSERT INTO channels (log_id, topic, access, password_hash, created_at_ms)
         SELECT id, ?2, ?3, ?4, ?5 FROM logs WHERE channel_name = ?1
         RETURNING id",
    )?
    .query_row(
        (name.as_str(), topic, access.name(), password_hash, now_ms),
        |row| row.get(0).map(ChannelId),
    )
}

fn join(db: &Connection, channel: ChannelId, user: UserId, role: Role, now_ms: i64) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO memberships (channel_id, user_id, role, joined_at_ms)
         VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((channel.0, user.0, role.name(), now_ms))?;
    // Lines from before somebody came are not news to them.
    db.prepare_cached(concat!(
        "INSERT INTO channel_reads (user_id, channel_id, read_seq)
         SELECT ?2, channels.id, ",
        last_seq!(),
        " FROM channels JOIN logs ON logs.id = channels.log_id WHERE channels.id = ?1
         ON CONFLICT DO UPDATE SET read_seq = max(read_seq, excluded.read_seq)"
    ))?
    .execute((channel.0, user.0))?;
    Ok(())
}

pub(super) fn by_name(db: &Connection, name: &ChannelName) -> Result<Option<Channel>> {
    db.prepare_cached(concat!(
        "SELECT ",
        channel_columns!(),
        from_channels!(),
        "WHERE logs.channel_name = ?1"
    ))?
    .query_row([name.as_str()], channel)
    .optional()
}

fn by_id(db: &Connection, id: ChannelId) -> Result<Channel> {
    db.prepare_cached(concat!(
        "SELECT ",
        channel_columns!(),
        from_channels!(),
        "WHERE channels.id = ?1"
    ))?
    .query_row([id.0], channel)
}

pub(super) fn list(
    db: &Connection,
    user: UserId,
    after: Option<&ChannelName>,
    limit: usize,
) -> Result<Vec<(Channel, u32)>> {
    db.prepare_cached(concat!(
        "SELECT ",
        channel_columns!(),
        ", (SELECT count(*) FROM memberships WHERE channel_id = channels.id)",
        from_channels!(),
        "WHERE logs.channel_name > :after
           AND (channels.access != 'invite'
                OR EXISTS (SELECT 1 FROM memberships
                           WHERE user_id = :user AND channel_id = channels.id)
                OR EXISTS (SELECT 1 FROM invitations
                           WHERE user_id = :user AND channel_id = channels.id))
         ORDER BY logs.channel_name LIMIT :limit"
    ))?
    .query_map(
        named_params! {
            // No name is empty, so that all are behind it.
            ":after": after.map_or("", ChannelName::as_str),
            ":user": user.0,
            ":limit": count(limit),
        },
        |row| Ok((channel(row)?, row.get(8)?)),
    )?
    .collect()
}

pub(super) fn set_topic(db: &Connection, channel: ChannelId, topic: &str) -> Result<()> {
    db.prepare_cached("UPDATE channels SET topic = ?2 WHERE id = ?1")?
        .execute((channel.0, topic))?;
    Ok(())
}

pub(super) fn set_access(
    db: &Connection,
    channel: ChannelId,
    access: Access,
    password_hash: Option<&str>,
) -> Result<()> {
    db.prepare_cached("UPDATE channels SET access = ?2, password_hash = ?3 WHERE id = ?1")?
        .execute((channel.0, access.name(), password_hash))?;
    Ok(())
}

/// The log of a channel there is.
pub(super) fn log(db: &Connection, channel: ChannelId) -> Result<Option<i64>> {
    db.prepare_cached("SELECT log_id FROM channels WHERE id = ?1")?
        .query_row([channel.0], |row| row.get(0))
        .optional()
}

/// Whether a channel there is is the lobby.
pub(super) fn is_lobby(db: &Connection, channel: ChannelId) -> Result<Option<bool>> {
    db.prepare_cached("SELECT is_lobby FROM channels WHERE id = ?1")?
        .query_row([channel.0], |row| row.get(0))
        .optional()
}

pub(super) fn role(db: &Connection, channel: ChannelId, user: UserId) -> Result<Option<Role>> {
    db.prepare_cached("SELECT role FROM memberships WHERE channel_id = ?1 AND user_id = ?2")?
        .query_row((channel.0, user.0), |row| named(row, 0, Role::from_name))
        .optional()
}

/// Whether an account may read and speak in a channel.
pub(super) fn is_member(db: &Connection, channel: ChannelId, user: UserId) -> Result<bool> {
    Ok(match is_lobby(db, channel)? {
        None => false,
        Some(true) => true,
        Some(false) => role(db, channel, user)?.is_some(),
    })
}

fn members_of(db: &Connection, channel: ChannelId) -> Result<i64> {
    db.prepare_cached("SELECT count(*) FROM memberships WHERE channel_id = ?1")?
        .query_row([channel.0], |row| row.get(0))
}

fn channels_of(db: &Connection, user: UserId) -> Result<i64> {
    db.prepare_cached("SELECT count(*) FROM memberships WHERE user_id = ?1")?
        .query_row([user.0], |row| row.get(0))
}

pub(super) fn insert_member(
    db: &Connection,
    channel: ChannelId,
    user: UserId,
    limits: MemberLimits,
    now_ms: i64,
) -> Result<Added> {
    let Some(is_lobby) = is_lobby(db, channel)? else {
        return Ok(Added::NoChannel);
    };
    let added = if is_lobby || role(db, channel, user)?.is_some() {
        Added::Already
    } else if members_of(db, channel)? >= count(limits.members_per_channel) {
        return Ok(Added::ChannelFull);
    } else if channels_of(db, user)? >= count(limits.channels_per_account) {
        return Ok(Added::TooManyChannels);
    } else {
        join(db, channel, user, Role::Member, now_ms)?;
        Added::Member
    };
    db.prepare_cached("DELETE FROM invitations WHERE user_id = ?1 AND channel_id = ?2")?
        .execute((user.0, channel.0))?;
    Ok(added)
}

/// What [`membership`] reads, for the account `:user`.
macro_rules! select_memberships {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            channel_columns!(),
            ", coalesce(memberships.role, 'member'), coalesce(channel_reads.read_seq, 0),
               (SELECT count(*) FROM memberships AS all_of_them
                WHERE all_of_them.channel_id = channels.id),
               logs.id
             FROM channels
             JOIN logs ON logs.id = channels.log_id
             LEFT JOIN memberships
                 ON memberships.channel_id = channels.id AND memberships.user_id = :user
             LEFT JOIN channel_reads
                 ON channel_reads.channel_id = channels.id AND channel_reads.user_id = :user
             WHERE ",
            $condition
        )
    };
}

pub(super) fn membership(
    db: &Connection,
    channel: ChannelId,
    user: UserId,
) -> Result<Option<Membership>> {
    db.prepare_cached(select_memberships!(
        "channels.id = :channel AND (channels.is_lobby = 1 OR memberships.role IS NOT NULL)"
    ))?
    .query_row(
        named_params! { ":user": user.0, ":channel": channel.0 },
        |row| membership_row(db, user, row),
    )
    .optional()
}

pub(super) fn memberships(db: &Connection, user: UserId) -> Result<Vec<Membership>> {
    db.prepare_cached(select_memberships!(
        "channels.id IN (SELECT channel_id FROM memberships WHERE user_id = :user
                         UNION ALL SELECT id FROM channels WHERE is_lobby = 1)
         ORDER BY channels.is_lobby DESC, logs.channel_name"
    ))?
    .query_map(named_params! { ":user": user.0 }, |row| {
        membership_row(db, user, row)
    })?
    .collect()
}

fn membership_row(db: &Connection, user: UserId, row: &Row<'_>) -> Result<Membership> {
    let read_seq = row.get(9)?;
    Ok(Membership {
        channel: channel(row)?,
        role: named(row, 8, Role::from_name)?,
        read_seq: seq(read_seq),
        unread: unread(db, row.get(11)?, user, read_seq)?,
        members: row.get(10)?,
    })
}

/// Lines of others behind a number of a log, among its newest entries. What the
/// blocked say is not there to be read.
pub(super) fn unread(db: &Connection, log: i64, user: UserId, read_seq: i64) -> Result<u32> {
    db.prepare_cached(concat!(
        "SELECT count(*) FROM
             (SELECT 1 FROM lines
              WHERE id > max(?2, (SELECT max(id) FROM lines WHERE id",
        of_log!("?1"),
        ") - ?5)
                AND id <",
        end_of_log!("?1"),
        "AND kind = 0 AND sender_id != ?3
                AND sender_id NOT IN (SELECT blocked_id FROM blocks WHERE user_id = ?3)
              LIMIT ?4)"
    ))?
    .query_row(
        (
            log,
            line_key(log, read_seq.min(MAX_SEQ))?,
            user.0,
            UNREAD_COUNTED,
            number(UNREAD_SEEN),
        ),
        |row| row.get(0),
    )
}

pub(super) fn members(
    db: &Connection,
    channel: ChannelId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<MemberRow>> {
    db.prepare_cached(
        "SELECT users.id, users.username, memberships.role
         FROM memberships JOIN users ON users.id = memberships.user_id
         WHERE memberships.channel_id = ?1 AND users.name_key > ?2
         ORDER BY users.name_key LIMIT ?3",
    )?
    .query_map((channel.0, after.unwrap_or(""), count(limit)), |row| {
        Ok(MemberRow {
            user: UserId(row.get(0)?),
            username: row.get(1)?,
            role: named(row, 2, Role::from_name)?,
        })
    })?
    .collect()
}

pub(super) fn set_role(
    db: &Connection,
    channel: ChannelId,
    user: UserId,
    new: Role,
) -> Result<bool> {
    if role(db, channel, user)?.is_none() {
        return Ok(false);
    }
    if new == Role::Owner {
        db.prepare_cached(
            "UPDATE memberships SET role = 'operator'
             WHERE channel_id = ?1 AND role = 'owner'",
        )?
        .execute([channel.0])?;
    }
    db.prepare_cached("UPDATE memberships SET role = ?3 WHERE channel_id = ?1 AND user_id = ?2")?
        .execute((channel.0, user.0, new.name()))?;
    Ok(true)
}

pub(super) fn delete_member(db: &Connection, channel: ChannelId, user: UserId) -> Result<Removed> {
    let Some(had) = role(db, channel, user)? else {
        return Ok(Removed::NotAMember);
    };
    for table in ["memberships", "channel_reads"] {
        db.prepare_cached(&format!(
            "DELETE FROM {table} WHERE channel_id = ?1 AND user_id = ?2"
        ))?
        .execute((channel.0, user.0))?;
    }
    if members_of(db, channel)? == 0 {
        delete(db, channel)?;
        return Ok(Removed::ChannelGone);
    }
    if had != Role::Owner {
        return Ok(Removed::Out { heir: None });
    }
    let heir = db
        .prepare_cached(
            "SELECT users.id, users.username
             FROM memberships JOIN users ON users.id = memberships.user_id
             WHERE memberships.channel_id = ?1
             ORDER BY memberships.role = 'operator' DESC, memberships.id LIMIT 1",
        )?
        .query_row([channel.0], |row| Ok((UserId(row.get(0)?), row.get(1)?)))?;
    set_role(db, channel, heir.0, Role::Owner)?;
    Ok(Removed::Out { heir: Some(heir) })
}

/// Forgets a channel and what was said in it. Its log stays, for the numbers.
fn delete(db: &Connection, channel: ChannelId) -> Result<()> {
    forget_lines(db, channel)?;
    db.execute("DELETE FROM channels WHERE id = ?1", [channel.0])?;
    Ok(())
}

fn forget_lines(db: &Connection, channel: ChannelId) -> Result<()> {
    db.execute(
        concat!(
            "UPDATE logs SET settled_seq = ",
            last_seq!(),
            " WHERE id = (SELECT log_id FROM channels WHERE id = ?1)"
        ),
        [channel.0],
    )?;
    let Some(log) = log(db, channel)? else {
        return Ok(());
    };
    db.execute(concat!("DELETE FROM lines WHERE id", of_log!("?1")), [log])?;
    Ok(())
}

fn channel(row: &Row<'_>) -> Result<Channel> {
    let last_seq = row.get(6)?;
    let first_key: Option<i64> = row.get(7)?;
    let name: String = row.get(1)?;
    Ok(Channel {
        id: ChannelId(row.get(0)?),
        name: ChannelName::parse(&name).map_err(|_| {
            rusqlite::Error::InvalidColumnType(1, name, rusqlite::types::Type::Text)
        })?,
        topic: row.get(2)?,
        access: named(row, 3, Access::from_name)?,
        password_hash: row.get(4)?,
        is_lobby: row.get(5)?,
        first_seq: seq(first_key.map_or(last_seq + 1, seq_of)),
        last_seq: seq(last_seq),
    })
}
