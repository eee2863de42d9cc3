//! Bans and mutes.

use std::net::IpAddr;

use ipnet::IpNet;
use longhall_packet::CloseReason;

use super::act::Actor;
use super::ground::Ground;
use super::report::{ActError, Report, SanctionRow};
use super::run::millis;
use crate::store::{Lockdown, Sanction, SanctionKind, SanctionOn};

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

/// Who it is about, and what they are called.
async fn whom(ground: &Ground, text: &str) -> Result<(SanctionOn, String), ActError> {
    if let Some(network) = network(text)? {
        let network = network.to_string();
        return Ok((SanctionOn::Network(network.clone()), network));
    }
    let account = ground.account(text).await?;
    Ok((SanctionOn::Account(account.user), account.username))
}

pub(super) async fn list(ground: &Ground) -> Result<Report, ActError> {
    let sanctions = ground.store.sanctions(ground.now_ms()).await?;
    Ok(Report::Sanctions {
        sanctions: sanctions.iter().map(row_of).collect(),
    })
}

pub(super) async fn ban(
    ground: &Ground,
    actor: &Actor,
    reason: &str,
    text: &str,
    for_s: Option<u64>,
) -> Result<Report, ActError> {
    let (on, name) = whom(ground, text).await?;
    let sanction = set(ground, actor, reason, SanctionKind::Ban, on, name, for_s).await?;
    if let SanctionOn::Account(user) = sanction.on {
        ground.close(user, CloseReason::Banned);
    }
    Ok(Report::Sanctioned(row_of(&sanction)))
}

pub(super) async fn mute(
    ground: &Ground,
    actor: &Actor,
    reason: &str,
    name: &str,
    for_s: Option<u64>,
) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    let (on, name) = (SanctionOn::Account(account.user), account.username);
    let sanction = set(ground, actor, reason, SanctionKind::Mute, on, name, for_s).await?;
    Ok(Report::Sanctioned(row_of(&sanction)))
}

async fn set(
    ground: &Ground,
    actor: &Actor,
    reason: &str,
    kind: SanctionKind,
    on: SanctionOn,
    name: String,
    for_s: Option<u64>,
) -> Result<Sanction, ActError> {
    if for_s.is_some_and(|seconds| seconds > LONGEST_S) {
        let text = "for so long is for good: leave the time out".to_owned();
        return Err(ActError::Refused(text));
    }
    let now_ms = ground.now_ms();
    let sanction = Sanction {
        kind,
        on,
        username: Some(name),
        until_ms: for_s.map(|seconds| now_ms.saturating_add(millis(seconds))),
        created_at_ms: now_ms,
        made_by: actor.name.clone(),
        reason: reason.to_owned(),
    };
    ground.store.set_sanction(sanction.clone()).await?;
    refresh(ground).await?;
    Ok(sanction)
}

pub(super) async fn unban(ground: &Ground, text: &str) -> Result<Report, ActError> {
    let (on, whom) = whom(ground, text).await?;
    lift(ground, SanctionKind::Ban, on, whom).await
}

pub(super) async fn unmute(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    let on = SanctionOn::Account(account.user);
    lift(ground, SanctionKind::Mute, on, account.username).await
}

async fn lift(
    ground: &Ground,
    kind: SanctionKind,
    on: SanctionOn,
    whom: String,
) -> Result<Report, ActError> {
    if !ground.store.lift_sanction(kind, on).await? {
        let text = format!("there is no {} of {whom}", kind.name());
        return Err(ActError::NotFound(text));
    }
    refresh(ground).await?;
    Ok(Report::Lifted {
        kind: kind.name().to_owned(),
        whom,
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
            SanctionOn::Account(user) => sanction
                .username
                .clone()
                .unwrap_or_else(|| format!("account {user}")),
        },
        until_ms: sanction.until_ms,
        since_ms: sanction.created_at_ms,
        by: sanction.made_by.clone(),
        reason: sanction.reason.clone(),
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
