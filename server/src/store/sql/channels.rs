//! Channels.

use longhall_packet::{Access, ChannelCode, ChannelName, Filter, Role, Speech, Temporary};

use super::{
    Db, Engine, Lock, NotUnderstood, Row, count, halls, holding, members, named, seq, small,
};
use crate::store::{Channel, ChannelId, Created, FIRST_HALL, NewChannel, UserId};

/// What [`channel`] reads, from the view `channel_states`.
macro_rules! channel_columns {
    () => {
        "channel_states.id, channel_states.name, channel_states.topic, channel_states.access,
         channel_states.password_hash,
         CASE WHEN channel_states.is_lobby = 1 THEN 1 ELSE coalesce(channel_states.hall, 0) END,
         channel_states.last_seq,
         channel_states.first_seq, channel_states.slow_mode_s, channel_states.filter,
         channel_states.code, coalesce(channel_states.max_members, 0),
         coalesce(channel_states.ends_at_ms, 0)"
    };
}
pub(super) use channel_columns;

pub(in crate::store) fn open_lobby<D: Engine>(
    db: &mut D,
    name: &ChannelName,
    now_ms: i64,
) -> Result<Channel, D::Error> {
    db.lock(Lock::ChannelNames)?;
    let found = by_name(db, name)?;
    if let Some(lobby) = found
        .as_ref()
        .filter(|found| found.hall == Some(FIRST_HALL))
    {
        return Ok(lobby.clone());
    }
    if let Some(channel) = &found {
        db.lock(Lock::Channel(channel.id))?;
    }
    db.execute("UPDATE channels SET is_lobby = 0 WHERE is_lobby = 1", &[])?;
    halls::close_all(db)?;
    let id = match found {
        Some(channel) => {
            if channel.access != Access::Open {
                forget_lines(db, channel.id)?;
            }
            let id = channel.id.0.into();
            db.execute("DELETE FROM memberships WHERE channel_id = ?1", &[id])?;
            db.execute("DELETE FROM invitations WHERE channel_id = ?1", &[id])?;
            channel.id
        }
        None => create(db, name, "", Access::Open, None, now_ms)?,
    };
    db.execute(
        "UPDATE channels SET is_lobby = 1, access = ?2, password_hash = NULL, code = NULL,
                             max_members = NULL, ends_at_ms = NULL
         WHERE id = ?1",
        &[id.0.into(), Access::Open.name().into()],
    )?;
    by_id(db, id)
}

pub(in crate::store) fn insert<D: Engine>(
    db: &mut D,
    new: &NewChannel,
) -> Result<Created, D::Error> {
    db.lock(Lock::ChannelNames)?;
    db.lock(Lock::Account(new.owner))?;
    if by_name(db, &new.name)?.is_some() {
        return Ok(Created::Taken);
    }
    if members::channels_of(db, new.owner)? >= count(new.channels_per_account) {
        return Ok(Created::TooManyChannels);
    }
    let hash = new.password_hash.as_deref();
    let id = create(db, &new.name, &new.topic, new.access, hash, new.now_ms)?;
    members::join(db, id, new.owner, Role::Owner, new.now_ms)?;
    Ok(Created::Channel(by_id(db, id)?))
}

/// A channel with nobody in it, counting on where one of its name ended.
pub(super) fn create<D: Db>(
    db: &mut D,
    name: &ChannelName,
    topic: &str,
    access: Access,
    password_hash: Option<&str>,
    now_ms: i64,
) -> Result<ChannelId, D::Error> {
    db.execute(
        "INSERT INTO logs (channel_name) VALUES (?1) ON CONFLICT DO NOTHING",
        &[name.as_str().into()],
    )?;
    db.one(
        "INSERT INTO channels (log_id, topic, access, password_hash, created_at_ms)
         SELECT id, ?2, ?3, ?4, ?5 FROM logs WHERE channel_name = ?1
         RETURNING id",
        &[
            name.as_str().into(),
            topic.into(),
            access.name().into(),
            password_hash.into(),
            now_ms.into(),
        ],
        |row| row.int(0).map(ChannelId),
    )
}

pub(in crate::store) fn by_name<D: Db>(
    db: &mut D,
    name: &ChannelName,
) -> Result<Option<Channel>, D::Error> {
    db.optional(
        concat!(
            "SELECT ",
            channel_columns!(),
            " FROM channel_states WHERE name = ?1"
        ),
        &[name.as_str().into()],
        channel,
    )
}

pub(super) fn by_id<D: Db>(db: &mut D, id: ChannelId) -> Result<Channel, D::Error> {
    db.one(
        concat!(
            "SELECT ",
            channel_columns!(),
            " FROM channel_states WHERE id = ?1"
        ),
        &[id.0.into()],
        channel,
    )
}

pub(in crate::store) fn list<D: Db>(
    db: &mut D,
    user: UserId,
    after: Option<&ChannelName>,
    limit: usize,
) -> Result<Vec<(Channel, u32)>, D::Error> {
    db.all(
        concat!(
            "SELECT ",
            channel_columns!(),
            ", (SELECT count(*) FROM memberships
                WHERE memberships.channel_id = channel_states.id)
             FROM channel_states
             WHERE name > ?2
               AND hall IS NULL
               AND (access != 'invite'
                    OR EXISTS (SELECT 1 FROM memberships
                               WHERE user_id = ?1 AND channel_id = channel_states.id)
                    OR EXISTS (SELECT 1 FROM invitations
                               WHERE user_id = ?1 AND channel_id = channel_states.id))
             ORDER BY name LIMIT ?3"
        ),
        &[
            user.0.into(),
            // No name is empty, so that all are behind it.
            after.map_or("", ChannelName::as_str).into(),
            count(limit).into(),
        ],
        |row| Ok((channel(row)?, small(row.int(13)?)?)),
    )
}

/// As [`list`], with those that only their members may know of.
pub(in crate::store) fn all<D: Db>(
    db: &mut D,
    part: &str,
    after: Option<&ChannelName>,
    limit: usize,
) -> Result<Vec<(Channel, u32)>, D::Error> {
    let part = holding(part);
    db.all(
        concat!(
            "SELECT ",
            channel_columns!(),
            ", (SELECT count(*) FROM memberships
                WHERE memberships.channel_id = channel_states.id)
             FROM channel_states WHERE name > ?1 AND name LIKE ?2 ESCAPE '!'
             ORDER BY name LIMIT ?3"
        ),
        &[
            after.map_or("", ChannelName::as_str).into(),
            (&part).into(),
            count(limit).into(),
        ],
        |row| Ok((channel(row)?, small(row.int(13)?)?)),
    )
}

pub(in crate::store) fn set_topic<D: Db>(
    db: &mut D,
    channel: ChannelId,
    topic: &str,
) -> Result<(), D::Error> {
    db.execute(
        "UPDATE channels SET topic = ?2 WHERE id = ?1",
        &[channel.0.into(), topic.into()],
    )?;
    Ok(())
}

pub(in crate::store) fn set_access<D: Db>(
    db: &mut D,
    channel: ChannelId,
    access: Access,
    password_hash: Option<&str>,
) -> Result<(), D::Error> {
    db.execute(
        "UPDATE channels SET access = ?2, password_hash = ?3 WHERE id = ?1",
        &[channel.0.into(), access.name().into(), password_hash.into()],
    )?;
    Ok(())
}

pub(in crate::store) fn set_speech<D: Db>(
    db: &mut D,
    channel: ChannelId,
    speech: Speech,
) -> Result<(), D::Error> {
    db.execute(
        "UPDATE channels SET slow_mode_s = ?2, filter = ?3 WHERE id = ?1",
        &[
            channel.0.into(),
            i64::from(speech.slow_mode_s).into(),
            speech.filter.map(Filter::name).into(),
        ],
    )?;
    Ok(())
}

/// The log of a channel there is.
pub(in crate::store) fn log<D: Db>(
    db: &mut D,
    channel: ChannelId,
) -> Result<Option<i64>, D::Error> {
    db.optional(
        "SELECT log_id FROM channels WHERE id = ?1",
        &[channel.0.into()],
        |row| row.int(0),
    )
}

/// Whether a channel there is is the lobby, in any of its halls.
pub(super) fn is_lobby<D: Db>(db: &mut D, channel: ChannelId) -> Result<Option<bool>, D::Error> {
    let hall = hall(db, channel)?;
    Ok(hall.map(|hall| hall.is_some()))
}

/// Which of the lobby's halls a channel there is is.
pub(super) fn hall<D: Db>(db: &mut D, channel: ChannelId) -> Result<Option<Option<u32>>, D::Error> {
    db.optional(
        "SELECT CASE WHEN is_lobby = 1 THEN 1 ELSE coalesce(hall, 0) END
         FROM channels WHERE id = ?1",
        &[channel.0.into()],
        |row| hall_at(row, 0),
    )
}

fn hall_at<E: From<NotUnderstood>>(row: &dyn Row<E>, column: usize) -> Result<Option<u32>, E> {
    let hall: u32 = small(row.int(column)?)?;
    Ok((hall > 0).then_some(hall))
}

/// Forgets a channel and what was said in it. Its log stays, for the numbers.
pub(super) fn delete<D: Engine>(db: &mut D, channel: ChannelId) -> Result<(), D::Error> {
    forget_lines(db, channel)?;
    db.execute("DELETE FROM channels WHERE id = ?1", &[channel.0.into()])?;
    Ok(())
}

fn forget_lines<D: Engine>(db: &mut D, channel: ChannelId) -> Result<(), D::Error> {
    match log(db, channel)? {
        Some(log) => db.forget_lines(log),
        None => Ok(()),
    }
}

/// A channel from the [`channel_columns`].
pub(super) fn channel<E: From<NotUnderstood>>(row: &dyn Row<E>) -> Result<Channel, E> {
    let name = row.text(1)?;
    Ok(Channel {
        id: ChannelId(row.int(0)?),
        name: ChannelName::parse(&name)
            .map_err(|_| NotUnderstood::new(format!("{name:?} is no name of a channel")))?,
        topic: row.text(2)?,
        access: named(row, 3, Access::from_name)?,
        speech: Speech {
            slow_mode_s: small(row.int(8)?)?,
            filter: match row.maybe_text(9)? {
                Some(_) => Some(named(row, 9, Filter::from_name)?),
                None => None,
            },
        },
        password_hash: row.maybe_text(4)?,
        hall: hall_at(row, 5)?,
        temporary: match row.maybe_text(10)? {
            Some(code) => Some(Temporary {
                code: ChannelCode::parse(code)
                    .map_err(|_| NotUnderstood::new("a channel has a code that is none"))?,
                max_members: small(row.int(11)?)?,
                ends_at_ms: seq(row.int(12)?),
            }),
            None => None,
        },
        first_seq: seq(row.int(7)?),
        last_seq: seq(row.int(6)?),
    })
}
