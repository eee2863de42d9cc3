//! Channels: listed, shown, slowed down, filtered, deleted, given to another owner.

use longhall_packet::limits::MAX_SLOW_MODE_S;
use longhall_packet::{ChannelName, Filter, LeaveReason, Role, ServerPacket, Speech};

use super::ground::Ground;
use super::hall::SPEAKER;
use super::report::{ActError, ChannelDetails, ChannelRow, Report};
use super::run::MAX_LIMIT;
use crate::store::{Channel, FIRST_HALL, MemberRow};
use crate::temporary;

/// A channel's word filter when it is as everywhere on the server.
const AS_EVERYWHERE: &str = "default";
/// Members without a role that are named.
const NAMED: usize = 100;
/// Members read at a time.
const PAGE: usize = 500;

pub(super) async fn list(
    ground: &Ground,
    search: Option<&str>,
    after: Option<&str>,
    limit: usize,
) -> Result<Report, ActError> {
    let after = after
        .map(ChannelName::parse)
        .transpose()
        .map_err(|denial| ActError::Refused(denial.reason()))?;
    let limit = limit.clamp(1, MAX_LIMIT);
    // Names of channels are in small letters.
    let part = search.unwrap_or_default().to_lowercase();
    let found = ground
        .store
        .all_channels(&part, after.as_ref(), limit)
        .await?;
    let is_full = found.len() == limit;
    let last = found.last().map(|(channel, _)| channel.name.to_string());
    Ok(Report::Channels {
        after: last.filter(|_| is_full),
        channels: found
            .iter()
            .map(|(channel, members)| row(channel, *members))
            .collect(),
    })
}

fn row(channel: &Channel, members: u32) -> ChannelRow {
    ChannelRow {
        channel: channel.name.to_string(),
        access: channel.access.name().to_owned(),
        topic: channel.topic.clone(),
        members,
        lobby: channel.is_lobby(),
        slow_mode_s: channel.speech.slow_mode_s,
        filter: channel
            .speech
            .filter
            .map_or_else(String::new, |filter| filter.name().to_owned()),
        first_seq: channel.first_seq,
        last_seq: channel.last_seq,
    }
}

async fn members(ground: &Ground, channel: &Channel) -> Result<Vec<MemberRow>, ActError> {
    let mut all: Vec<MemberRow> = Vec::new();
    if channel.is_lobby() {
        return Ok(all);
    }
    loop {
        let last = all.last().map(|member| &member.username);
        let after = last.map(|name| longhall_packet::NameKeys::name_of(name));
        let page = ground
            .store
            .members(channel.id, after.as_deref(), PAGE)
            .await?;
        let is_last = page.len() < PAGE;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

pub(super) async fn show(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let channel = ground.channel(name).await?;
    let members = members(ground, &channel).await?;
    let named = |role| {
        let with_role = members.iter().filter(move |member| member.role == role);
        with_role.map(|member| member.username.clone())
    };
    let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
    Ok(Report::Channel(ChannelDetails {
        row: row(&channel, count),
        owner: named(Role::Owner).next(),
        operators: named(Role::Operator).collect(),
        members_named: named(Role::Member).take(NAMED).collect(),
    }))
}

pub(super) async fn delete(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let channel = ground.channel(name).await?;
    if channel.is_lobby() {
        let text = "the lobby stays: delete lines in it, or start the server with another --lobby";
        return Err(ActError::Refused(text.to_owned()));
    }
    let _change = ground.hold(&channel.name).await?;
    let gone = ground.store.delete_channel(channel.id).await?;
    let members = gone.ok_or_else(|| ActError::NotFound(format!("{name:?} is gone already")))?;
    if let Some(server) = &ground.server {
        let left = match channel.temporary {
            // It is over, whoever has ended it: nobody was thrown out.
            Some(_) => temporary::ended(&channel.name),
            None => ServerPacket::Left {
                channel: channel.name.to_string(),
                reason: LeaveReason::Removed,
                by: Some(SPEAKER.to_owned()),
            },
        };
        for member in &members {
            let MemberRow {
                user,
                username,
                role,
                guest: _,
            } = member;
            server.hub.leave(*user, username, *role, channel.id, &left);
        }
    }
    Ok(Report::ChannelDeleted {
        channel: channel.name.to_string(),
        members: members.len(),
    })
}

pub(super) async fn slow(ground: &Ground, name: &str, seconds: u32) -> Result<Report, ActError> {
    if seconds > MAX_SLOW_MODE_S {
        let text = format!("slow mode is {seconds} seconds, at most are {MAX_SLOW_MODE_S}");
        return Err(ActError::Refused(text));
    }
    let channel = set_speech(ground, name, |speech| Speech {
        slow_mode_s: seconds,
        ..speech
    });
    Ok(Report::Slowed {
        channel: channel.await?,
        seconds,
    })
}

pub(super) async fn filter(ground: &Ground, name: &str, mode: &str) -> Result<Report, ActError> {
    let filter = match mode {
        AS_EVERYWHERE => None,
        mode => Some(Filter::from_name(mode).ok_or_else(|| {
            ActError::Refused("a word filter is mask, refuse, flag, off or default".to_owned())
        })?),
    };
    let channel = set_speech(ground, name, |speech| Speech { filter, ..speech });
    Ok(Report::Filtered {
        channel: channel.await?,
        mode: mode.to_owned(),
    })
}

/// Has lines of a channel, or of all halls of the lobby, held in check in another way, and
/// tells its members. Returns its name.
async fn set_speech(
    ground: &Ground,
    name: &str,
    next: impl Fn(Speech) -> Speech,
) -> Result<String, ActError> {
    let found = ground.channel(name).await?;
    let _change = ground.hold(&found.name).await?;
    // As it is now that nobody else changes it.
    let channel = ground.channel(name).await?;
    let speech = next(channel.speech);
    let halls = match channel.hall {
        // What holds in the lobby holds in all its halls.
        Some(FIRST_HALL) => ground.store.halls().await?,
        Some(_) | None => Vec::new(),
    };
    let name = channel.name.to_string();
    for channel in std::iter::once(channel).chain(halls) {
        ground.store.set_speech(channel.id, speech).await?;
        if let Some(server) = &ground.server {
            let changed = ServerPacket::ChannelChanged {
                channel: channel.name.to_string(),
                topic: channel.topic,
                access: channel.access,
                speech,
                by: SPEAKER.to_owned(),
            };
            server.hub.announce(channel.id, &changed);
        }
    }
    Ok(name)
}

pub(super) async fn give(ground: &Ground, name: &str, to: &str) -> Result<Report, ActError> {
    let channel = ground.channel(name).await?;
    let heir = ground.account(to).await?;
    if channel.is_lobby() {
        return Err(ActError::Refused("the lobby has no owner".to_owned()));
    }
    let _change = ground.hold(&channel.name).await?;
    let members = members(ground, &channel).await?;
    if !ground
        .store
        .set_role(channel.id, heir.user, Role::Owner)
        .await?
    {
        let text = format!("{} is not in {}", heir.username, channel.name);
        return Err(ActError::NotFound(text));
    }
    if let Some(server) = &ground.server {
        let before = members
            .into_iter()
            .filter(|member| member.role == Role::Owner && member.user != heir.user)
            .map(|member| (member.user, member.username, Role::Operator));
        let now = (heir.user, heir.username.clone(), Role::Owner);
        for (user, username, role) in std::iter::once(now).chain(before) {
            let changed = ServerPacket::RoleChanged {
                channel: channel.name.to_string(),
                username,
                role,
                by: SPEAKER.to_owned(),
            };
            server.hub.set_role(channel.id, user, role, &changed);
        }
    }
    Ok(Report::Given {
        channel: channel.name.to_string(),
        owner: heir.username,
    })
}
