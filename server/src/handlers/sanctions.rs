//! Somebody keeps order: mutes, kicks, bans, and deletes what was said.
//!
//! What is done is an operator's act, done by a player: it has the same effects, and the audit
//! log has it.

use std::sync::Arc;

use longhall_packet::limits::MAX_DELETED_LINES;
use longhall_packet::{
    ChannelName, DenyCode, Reason, RequestId, Sanction, SanctionKind, ServerPacket, ServerRole,
    Username,
};
use longhall_world::rules;
use tracing::warn;

use super::lookup::{membership, other_user};
use super::outcome::{HandlerError, Outcome};
use crate::admin::{self, Act, ActError, Actor, Ground, Order, Report};
use crate::session::Session;
use crate::store::UserId;

/// By which way moderators act.
const GAME: &str = "game";
/// Longest time that is one; longer is for good.
const LONGEST_S: u64 = 100 * 365 * 24 * 60 * 60;
/// Most sanctions that are told of.
pub(super) const MAX_TOLD: usize = 50;

/// Answers `sanction` with `sanction_set`.
pub(crate) async fn sanction(
    session: &Session,
    id: RequestId,
    username: &Username,
    kind: SanctionKind,
    channel: Option<&ChannelName>,
    for_s: Option<u64>,
    reason: &Reason,
) -> Outcome {
    check_pace(session)?;
    let name = subordinate(session, username, channel).await?;
    let next_step = for_s.is_none();
    let for_s = for_s.filter(|seconds| (1..=LONGEST_S).contains(seconds));
    let channel = channel.map(ToString::to_string);
    let act = match kind {
        SanctionKind::Mute => Act::Mute {
            name: name.clone(),
            for_s,
            next_step,
            channel,
        },
        SanctionKind::Ban => Act::Ban {
            whom: name.clone(),
            for_s,
            next_step,
            channel,
        },
        SanctionKind::Kick => Act::Kick {
            name: name.clone(),
            channel,
        },
    };
    let sanction = match act_as(session, act, Some(reason)).await? {
        Report::Sanctioned(row) => Sanction {
            sanction: kind,
            channel: row.channel,
            until_ms: row
                .until_ms
                .and_then(|until_ms| u64::try_from(until_ms).ok()),
            reason: row.reason,
        },
        Report::Kicked { channel, .. } => Sanction {
            sanction: kind,
            channel,
            until_ms: None,
            reason: reason.as_str().to_owned(),
        },
        _ => return Err(DenyCode::Unavailable.into()),
    };
    session.reply(&ServerPacket::SanctionSet {
        id,
        username: name,
        sanction,
    });
    Ok(())
}

/// Answers `lift_sanction` with `ok`, also when there was none.
pub(crate) async fn lift_sanction(
    session: &Session,
    id: RequestId,
    username: &Username,
    kind: SanctionKind,
    channel: Option<&ChannelName>,
) -> Outcome {
    check_pace(session)?;
    let name = subordinate(session, username, channel).await?;
    let channel = channel.map(ToString::to_string);
    let act = match kind {
        SanctionKind::Mute | SanctionKind::Kick => Act::Unmute { name, channel },
        SanctionKind::Ban => Act::Unban {
            whom: name,
            channel,
        },
    };
    match act_as(session, act, None).await {
        // There is none to lift.
        Err(HandlerError::Deny(denial)) if denial.code == DenyCode::UnknownUser => {}
        other => drop(other?),
    }
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Answers `sanctions` with those that were set on a player.
pub(crate) async fn sanctions(session: &Session, id: RequestId, username: &Username) -> Outcome {
    if session.server_role() < ServerRole::Moderator {
        return Err(DenyCode::NotAllowed.into());
    }
    let store = &session.server.store;
    let user = store.user_by_name(&username.name_key()).await?;
    let user = user.ok_or(DenyCode::UnknownUser)?;
    let past = store.past_sanctions(user.id, 0, MAX_TOLD).await?;
    let now_ms = session.server.clock.now_ms();
    session.reply(&ServerPacket::Sanctions {
        id,
        username: user.username,
        sanctions: past.iter().map(|one| one.told(now_ms)).collect(),
    });
    Ok(())
}

/// Answers `delete_lines` with `lines_deleted`, once everybody has been told.
pub(crate) async fn delete_lines(
    session: &Session,
    id: RequestId,
    channel: Option<&ChannelName>,
    username: &Username,
    since_s: Option<u64>,
) -> Outcome {
    let name = subordinate(session, username, channel).await?;
    let act = Act::LinesDeleteBy {
        channel: channel.map(ToString::to_string),
        name,
        since_s,
        at_most: Some(MAX_DELETED_LINES),
    };
    let Report::LinesDeleted { count, more, .. } = act_as(session, act, None).await? else {
        return Err(DenyCode::Unavailable.into());
    };
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    session.reply(&ServerPacket::LinesDeleted { id, count, more });
    Ok(())
}

/// Counts what is set or lifted by somebody whom no operator has appointed.
///
/// # Errors
/// `rate_limited`.
fn check_pace(session: &Session) -> Outcome {
    if session.server_role() < ServerRole::Moderator {
        let me = session.me()?.user.id;
        session.server.limits.check_sanction(me)?;
    }
    Ok(())
}

/// The registered name of another player, whom this one may sanction, there or everywhere.
///
/// # Errors
/// `not_allowed`, `unknown_user`, `not_yourself`, `unknown_channel`, `not_a_member`.
async fn subordinate(
    session: &Session,
    username: &Username,
    channel: Option<&ChannelName>,
) -> Result<String, HandlerError> {
    let mine = session.server_role();
    let Some(channel) = channel else {
        if mine < ServerRole::Moderator {
            // Whether there is such a player is not told for it.
            return Err(DenyCode::NotAllowed.into());
        }
        let (user, name) = other_user(session, username).await?;
        rules::check_sanction(mine, role_of(session, user))?;
        return Ok(name);
    };
    // Who keeps order everywhere need not be in a channel for it.
    let membership = match membership(session, channel).await {
        Ok(membership) => Some(membership),
        Err(HandlerError::Deny(_)) if mine >= ServerRole::Moderator => None,
        Err(error) => return Err(error),
    };
    let (user, name) = other_user(session, username).await?;
    let theirs = role_of(session, user);
    let Some(membership) = membership else {
        rules::check_sanction(mine, theirs)?;
        return Ok(name);
    };
    let store = &session.server.store;
    let member = store.membership(membership.channel.id, user).await?;
    let member = member.map(|member| member.role);
    rules::check_sanction_in(&membership, member, mine, theirs)?;
    Ok(name)
}

fn role_of(session: &Session, user: UserId) -> ServerRole {
    session.server.hub.server_role(user)
}

/// Does it as the player.
///
/// # Errors
/// As a player is told: `unknown_user`, `not_allowed` or `unavailable`.
pub(super) async fn act_as(
    session: &Session,
    act: Act,
    reason: Option<&Reason>,
) -> Result<Report, HandlerError> {
    let actor = Actor {
        name: session.me()?.user.username(),
        via: GAME.to_owned(),
    };
    let reason = reason.filter(|reason| !reason.is_empty());
    let order = Order {
        act,
        reason: reason.map(|reason| reason.as_str().to_owned()),
    };
    let ground = Ground::running(Arc::clone(&session.server));
    match admin::run(&ground, &actor, order).await {
        Ok(answer) => Ok(answer.report),
        Err(ActError::NotFound(_)) => Err(DenyCode::UnknownUser.into()),
        Err(ActError::Refused(_)) => Err(DenyCode::NotAllowed.into()),
        Err(ActError::Failed(cause)) => {
            warn!(
                connection = session.connection,
                cause, "a moderator's act failed"
            );
            Err(DenyCode::Unavailable.into())
        }
    }
}

#[cfg(test)]
mod tests;
