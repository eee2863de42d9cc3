//! Bans, mutes and kicks.

use std::net::IpAddr;

use ipnet::IpNet;
use longhall_packet::{CloseReason, ServerPacket};

use super::act::Actor;
use super::ground::Ground;
use super::report::{ActError, PastSanctionRow, Report, SanctionRow};
use super::run::{MAX_LIMIT, millis};
use super::sessions::NONE;
use crate::config::moderation::next_step;
use crate::handlers;
use crate::store::{Channel, Lockdown, Sanction, SanctionKind, SanctionOn, UserId};

/// The widest ranges that may be banned: a slip of the pen must not keep everybody out.
const WIDEST_V4: u8 = 8;
const WIDEST_V6: u8 = 16;

/// Longest that somebody is banned or muted, but for good: a hundred years.
const LONGEST_S: u64 = 100 * 365 * 24 * 60 * 60;
/// Longest that nobody registers: whoever forgets it has lost a week of new players.
const LONGEST_LOCKDOWN_S: u64 = 7 * 24 * 60 * 60;

/// An address or a range as it is stored.
///
/// # Errors
/// Refused when it is too wide. `None` if it is neither.
fn network(text: &str) -> Result<Option<IpNet>, ActError> {
    let parsed = match text.parse::<IpAddr>() {
        Ok(address) => Some(IpNet::from(address.to_canonical())),
        Err(_) => text.parse::<IpNet>().ok(),
    };
    let Some(network) = parsed else {
        return Ok(None);
    };
    let widest = match network {
        IpNet::V4(_) => WIDEST_V4,
        IpNet::V6(_) => WIDEST_V6,
    };
    if network.prefix_len() < widest {
        let text = format!("{text} is too much of the world: /{widest} at most");
        return Err(ActError::Refused(text));
    }
    Ok(Some(network.trunc()))
}

/// How long a sanction is to last.
#[derive(Clone, Copy)]
pub(super) struct Term {
    /// For so many seconds; for good without.
    pub(super) for_s: Option<u64>,
    /// For the next step of the ladder instead.
    pub(super) next_step: bool,
}

/// Who it is about, and what they and the channel are called.
struct Whom {
    on: SanctionOn,
    name: String,
    channel: Option<Channel>,
}

async fn account(ground: &Ground, name: &str, channel: Option<&str>) -> Result<Whom, ActError> {
    let account = ground.account(name).await?;
    let channel = match channel {
        // One for all halls of the lobby.
        Some(channel) => Some(match ground.channel(channel).await? {
            hall if hall.is_lobby() => ground.lobby().await?,
            channel => channel,
        }),
        None => None,
    };
    Ok(Whom {
        on: match &channel {
            Some(channel) => SanctionOn::Member(account.user, channel.id),
            None => SanctionOn::Account(account.user),
        },
        name: account.username,
        channel,
    })
}

async fn whom(ground: &Ground, text: &str, channel: Option<&str>) -> Result<Whom, ActError> {
    let Some(network) = network(text)? else {
        return account(ground, text, channel).await;
    };
    if channel.is_some() {
        let text = "an address or a range is banned from the whole server".to_owned();
        return Err(ActError::Refused(text));
    }
    let network = network.to_string();
    Ok(Whom {
        on: SanctionOn::Network(network.clone()),
        name: network,
        channel: None,
    })
}

pub(super) async fn list(ground: &Ground) -> Result<Report, ActError> {
    let sanctions = ground.store.sanctions(ground.now_ms()).await?;
    Ok(Report::Sanctions {
        sanctions: sanctions.iter().map(row_of).collect(),
    })
}

/// What was ever set on an account.
pub(super) async fn history(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    let now_ms = ground.now_ms();
    let past = ground.store.past_sanctions(account.user, 0, MAX_LIMIT);
    let sanctions = past.await?;
    let rows = sanctions.iter().map(|past| PastSanctionRow {
        sanction: row_of(&past.sanction),
        holds: past.told(now_ms).holds,
    });
    Ok(Report::PastSanctions {
        username: account.username,
        sanctions: rows.collect(),
    })
}

pub(super) async fn ban(
    ground: &Ground,
    actor: &Actor,
    reason: &str,
    text: &str,
    channel: Option<&str>,
    term: Term,
) -> Result<Report, ActError> {
    let whom = whom(ground, text, channel).await?;
    refuse_lobby(&whom)?;
    // Before they are taken out: there is no way back in between.
    let sanction = set(ground, actor, reason, SanctionKind::Ban, &whom, term).await?;
    if let (Some(user), Some(channel)) = (sanction.on.user(), &whom.channel) {
        take_out(ground, actor, user, &whom.name, channel, &sanction).await?;
    }
    if let SanctionOn::Account(user) = sanction.on {
        ground.close_saying(user, CloseReason::Banned, &sanction.told());
    }
    Ok(Report::Sanctioned(row_of(&sanction)))
}

pub(super) async fn mute(
    ground: &Ground,
    actor: &Actor,
    reason: &str,
    name: &str,
    channel: Option<&str>,
    term: Term,
) -> Result<Report, ActError> {
    let whom = account(ground, name, channel).await?;
    let sanction = set(ground, actor, reason, SanctionKind::Mute, &whom, term).await?;
    Ok(Report::Sanctioned(row_of(&sanction)))
}

/// Ends all sessions of an account, or takes it out of a channel; the player reads why.
pub(super) async fn kick(
    ground: &Ground,
    actor: &Actor,
    reason: &str,
    name: &str,
    channel: Option<&str>,
) -> Result<Report, ActError> {
    let whom = account(ground, name, channel).await?;
    refuse_lobby(&whom)?;
    let term = Term {
        for_s: None,
        next_step: false,
    };
    let sanction = set(ground, actor, reason, SanctionKind::Kick, &whom, term).await?;
    let mut sessions_ended = 0;
    match (&sanction.on, &whom.channel) {
        (SanctionOn::Member(user, _), Some(channel)) => {
            take_out(ground, actor, *user, &whom.name, channel, &sanction).await?;
        }
        (on, _) => {
            if let Some(user) = on.user() {
                let ended = ground.store.delete_sessions(user, None, NONE).await?;
                sessions_ended = ended.len();
                ground.close_saying(user, CloseReason::Kicked, &sanction.told());
            }
        }
    }
    Ok(Report::Kicked {
        channel: sanction.channel,
        username: whom.name,
        sessions_ended,
    })
}

/// # Errors
/// Refused in the lobby, where everybody is who is in the game.
fn refuse_lobby(whom: &Whom) -> Result<(), ActError> {
    if whom.channel.as_ref().is_some_and(Channel::is_lobby) {
        let text = "everybody is in the lobby: mute there, or kick or ban from the whole server";
        return Err(ActError::Refused(text.to_owned()));
    }
    Ok(())
}

/// Out of the channel, and they are told why. Nothing happens to who is not in it.
async fn take_out(
    ground: &Ground,
    actor: &Actor,
    user: UserId,
    username: &str,
    channel: &Channel,
    sanction: &Sanction,
) -> Result<(), ActError> {
    let server = ground.server()?;
    let _change = server.change_channel(&channel.name).await?;
    if let Some(theirs) = server.store.membership(channel.id, user).await? {
        let member = (user, username, theirs.role);
        let out = handlers::take_out(server, channel.id, &channel.name, member, Some(&actor.name));
        out.await
            .map_err(|_| ActError::Failed("the store refused".to_owned()))?;
    }
    let sanction = sanction.told();
    server
        .hub
        .tell(user, None, &ServerPacket::Sanctioned { sanction });
    Ok(())
}

async fn set(
    ground: &Ground,
    actor: &Actor,
    reason: &str,
    kind: SanctionKind,
    whom: &Whom,
    term: Term,
) -> Result<Sanction, ActError> {
    let Term { for_s, next_step } = term;
    if for_s.is_some_and(|seconds| seconds > LONGEST_S) {
        let text = "for so long is for good: leave the time out".to_owned();
        return Err(ActError::Refused(text));
    }
    let now_ms = ground.now_ms();
    let until_ms = match (next_step, whom.on.user()) {
        (true, Some(_)) => next_end(ground, kind, &whom.on).await?,
        (true, None) | (false, _) => for_s.map(|s| now_ms.saturating_add(millis(s))),
    };
    let sanction = Sanction {
        kind,
        on: whom.on.clone(),
        username: Some(whom.name.clone()),
        channel: whom
            .channel
            .as_ref()
            .map(|channel| channel.name.to_string()),
        until_ms: until_ms.filter(|_| kind != SanctionKind::Kick),
        created_at_ms: now_ms,
        made_by: actor.name.clone(),
        reason: reason.to_owned(),
    };
    let is_ban = kind == SanctionKind::Ban && whom.channel.is_none();
    let barred = ground.settings().moderation.ban_bars_registration;
    let barred_until_ms = now_ms.saturating_add(millis(barred.as_secs()));
    let barred_until_ms = barred_until_ms.min(until_ms.unwrap_or(i64::MAX));
    let is_barred = is_ban && barred_until_ms > now_ms;
    let set = ground
        .store
        .set_sanction(sanction.clone(), is_barred.then_some(barred_until_ms));
    set.await?;
    refresh(ground).await?;
    Ok(sanction)
}

/// When the next sanction of a kind ends, by the steps of the ladder; `None` for good.
async fn next_end(
    ground: &Ground,
    kind: SanctionKind,
    on: &SanctionOn,
) -> Result<Option<i64>, ActError> {
    let settings = ground.settings();
    let moderation = &settings.moderation;
    let now_ms = ground.now_ms();
    let since_ms = now_ms.saturating_sub(millis(moderation.sanction_memory.as_secs()));
    let counted = ground.store.count_sanctions(kind, on.clone(), since_ms);
    let before = counted.await?;
    let steps = match kind {
        SanctionKind::Ban => &moderation.ban_steps,
        SanctionKind::Mute | SanctionKind::Kick => &moderation.mute_steps,
    };
    let step = next_step(steps, before);
    Ok(step.map(|step| now_ms.saturating_add(millis(step.as_secs()))))
}

pub(super) async fn unban(
    ground: &Ground,
    text: &str,
    channel: Option<&str>,
) -> Result<Report, ActError> {
    let whom = whom(ground, text, channel).await?;
    lift(ground, SanctionKind::Ban, whom).await
}

pub(super) async fn unmute(
    ground: &Ground,
    name: &str,
    channel: Option<&str>,
) -> Result<Report, ActError> {
    let whom = account(ground, name, channel).await?;
    lift(ground, SanctionKind::Mute, whom).await
}

async fn lift(ground: &Ground, kind: SanctionKind, whom: Whom) -> Result<Report, ActError> {
    if !ground.store.lift_sanction(kind, whom.on).await? {
        let text = format!("there is no {} of {}", kind.name(), whom.name);
        return Err(ActError::NotFound(text));
    }
    refresh(ground).await?;
    Ok(Report::Lifted {
        kind: kind.name().to_owned(),
        whom: whom.name,
    })
}

pub(super) async fn lock_down(
    ground: &Ground,
    actor: &Actor,
    reason: &str,
    for_s: u64,
) -> Result<Report, ActError> {
    if for_s == 0 || for_s > LONGEST_LOCKDOWN_S {
        let text = "a lockdown is for seven days at most, and for a second at least".to_owned();
        return Err(ActError::Refused(text));
    }
    let now_ms = ground.now_ms();
    let until_ms = now_ms.saturating_add(millis(for_s));
    let lockdown = Lockdown {
        until_ms,
        created_at_ms: now_ms,
        made_by: actor.name.clone(),
        reason: reason.to_owned(),
    };
    ground.store.set_lockdown(Some(lockdown), now_ms).await?;
    refresh(ground).await?;
    Ok(Report::LockedDown { until_ms })
}

pub(super) async fn end_lockdown(ground: &Ground) -> Result<Report, ActError> {
    if !ground.store.set_lockdown(None, ground.now_ms()).await? {
        let text = "the hall is not locked down".to_owned();
        return Err(ActError::NotFound(text));
    }
    refresh(ground).await?;
    Ok(Report::LockdownEnded)
}

/// Has the server here go by what the store says now; others look every few seconds.
async fn refresh(ground: &Ground) -> Result<(), ActError> {
    if let Some(server) = &ground.server {
        server.read_sanctions().await?;
    }
    Ok(())
}

pub(super) fn row_of(sanction: &Sanction) -> SanctionRow {
    SanctionRow {
        kind: sanction.kind.name().to_owned(),
        whom: match &sanction.on {
            SanctionOn::Network(network) => network.clone(),
            SanctionOn::Account(user) | SanctionOn::Member(user, _) => sanction
                .username
                .clone()
                .unwrap_or_else(|| format!("account {user}")),
        },
        until_ms: sanction.until_ms,
        since_ms: sanction.created_at_ms,
        by: sanction.made_by.clone(),
        reason: sanction.reason.clone(),
        channel: sanction.channel.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ranges_are_stored_in_one_way() {
        let stored = |text: &str| network(text).unwrap().map(|network| network.to_string());
        for (text, expected) in [
            ("203.0.113.7", Some("203.0.113.7/32")),
            ("::ffff:203.0.113.7", Some("203.0.113.7/32")),
            ("203.0.113.7/24", Some("203.0.113.0/24")),
            ("2001:db8::1/64", Some("2001:db8::/64")),
            ("mallory", None),
        ] {
            assert_eq!(stored(text).as_deref(), expected, "{text}");
        }
        for text in ["0.0.0.0/0", "::/0", "10.0.0.0/7"] {
            assert!(matches!(network(text), Err(ActError::Refused(_))), "{text}");
        }
    }
}
