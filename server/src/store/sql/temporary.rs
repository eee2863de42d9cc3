//! Channels for a match or a party.

use longhall_packet::{Access, ChannelCode, ChannelName, Role};

use super::channels::{self, channel, channel_columns};
use super::{Db, Engine, Lock, NotUnderstood, count, members, named, number, operating};
use crate::store::{Channel, ChannelId, Created, MemberRow, NewTemporary, TemporaryMember, UserId};

pub(in crate::store) fn insert<D: Engine>(
    db: &mut D,
    new: &NewTemporary,
) -> Result<Created, D::Error> {
    db.lock(Lock::ChannelNames)?;
    let temporary = &new.temporary;
    if channels::by_name(db, &new.name)?.is_some() || by_code(db, &temporary.code)?.is_some() {
        return Ok(Created::Taken);
    }
    let mut wanted: Vec<UserId> = new.owner.iter().chain(&new.members).copied().collect();
    wanted.sort_unstable();
    wanted.dedup();
    for user in wanted {
        db.lock(Lock::Account(user))?;
    }
    let at_most = count(new.channels_per_account);
    if let Some(owner) = new.owner
        && members::channels_of(db, owner)? >= at_most
    {
        return Ok(Created::TooManyChannels);
    }
    let id = channels::create(db, &new.name, &new.topic, Access::Invite, None, new.now_ms)?;
    db.execute(
        "UPDATE channels SET code = ?2, max_members = ?3, ends_at_ms = ?4 WHERE id = ?1",
        &[
            id.0.into(),
            temporary.code.expose().into(),
            i64::from(temporary.max_members).into(),
            number(temporary.ends_at_ms).into(),
        ],
    )?;
    if let Some(owner) = new.owner {
        members::join(db, id, owner, Role::Owner, new.now_ms)?;
    }
    for user in &new.members {
        let is_in = members::is_member(db, id, *user)?;
        let is_full = members::members_of(db, id)? >= i64::from(temporary.max_members);
        if !is_in && !is_full && members::channels_of(db, *user)? < at_most {
            members::join(db, id, *user, Role::Member, new.now_ms)?;
        }
    }
    Ok(Created::Channel(channels::by_id(db, id)?))
}

pub(in crate::store) fn by_code<D: Db>(
    db: &mut D,
    code: &ChannelCode,
) -> Result<Option<Channel>, D::Error> {
    db.optional(
        concat!(
            "SELECT ",
            channel_columns!(),
            " FROM channel_states WHERE code = ?1"
        ),
        &[code.expose().into()],
        channel,
    )
}

pub(in crate::store) fn ended<D: Db>(
    db: &mut D,
    ended_by_ms: i64,
    limit: usize,
) -> Result<Vec<Channel>, D::Error> {
    db.all(
        concat!(
            "SELECT ",
            channel_columns!(),
            " FROM channel_states WHERE ends_at_ms <= ?1 ORDER BY id LIMIT ?2"
        ),
        &[ended_by_ms.into(), count(limit).into()],
        channel,
    )
}

pub(in crate::store) fn members<D: Db>(
    db: &mut D,
    limit: usize,
) -> Result<Vec<TemporaryMember>, D::Error> {
    db.all(
        "SELECT channels.id, logs.channel_name, users.id, users.username, memberships.role
         FROM channels
         JOIN logs ON logs.id = channels.log_id
         JOIN memberships ON memberships.channel_id = channels.id
         JOIN users ON users.id = memberships.user_id
         WHERE channels.ends_at_ms IS NOT NULL
         ORDER BY memberships.id LIMIT ?1",
        &[count(limit).into()],
        |row| {
            let name = row.text(1)?;
            Ok(TemporaryMember {
                channel: ChannelId(row.int(0)?),
                name: ChannelName::parse(&name)
                    .map_err(|_| NotUnderstood::new(format!("{name:?} is no name of a channel")))?,
                user: UserId(row.int(2)?),
                username: row.text(3)?,
                role: named(row, 4, Role::from_name)?,
            })
        },
    )
}

pub(in crate::store) fn end<D: Engine>(
    db: &mut D,
    channel: ChannelId,
) -> Result<Option<Vec<MemberRow>>, D::Error> {
    db.lock(Lock::Channel(channel))?;
    let is_temporary = db.exists(
        "SELECT 1 FROM channels WHERE id = ?1 AND ends_at_ms IS NOT NULL",
        &[channel.0.into()],
    )?;
    match is_temporary {
        true => operating::delete_channel(db, channel),
        false => Ok(None),
    }
}
