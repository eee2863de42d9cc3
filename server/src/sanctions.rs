//! Accounts and networks that the operator has banned, and accounts that are muted, as the
//! store says.
//!
//! A server keeps them in memory, as every packet asks. It reads them at the start, after
//! each act of its own, and every few seconds, as other servers of the store and commands
//! change them as well.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ipnet::IpNet;
use longhall_packet::{ClientPacket, CloseReason};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::hub::Hub;
use crate::rate_limit::RateLimits;
use crate::server::Server;
use crate::store::{Sanction, SanctionKind, SanctionOn, Store, StoreError, UserId};

/// Who is banned and muted.
#[derive(Default)]
pub(crate) struct Sanctions {
    /// Whether anybody is muted, or any network banned: mostly nobody is, and then no
    /// packet waits for the lock.
    has_mutes: AtomicBool,
    has_networks: AtomicBool,
    /// Until when nobody registers, in milliseconds since 1970.
    closed_until_ms: AtomicI64,
    known: RwLock<Known>,
}

/// Each with the time until which it holds, in milliseconds since 1970.
#[derive(Default)]
struct Known {
    banned: HashMap<UserId, i64>,
    muted: HashMap<UserId, i64>,
    networks: Vec<(IpNet, i64)>,
}

impl Sanctions {
    /// Whether an account may not come in.
    pub(crate) fn is_banned(&self, user: UserId, now_ms: i64) -> bool {
        holds(self.known().banned.get(&user), now_ms)
    }

    /// Whether an account may not speak.
    pub(crate) fn is_muted(&self, user: UserId, now_ms: impl FnOnce() -> i64) -> bool {
        self.has_mutes.load(Ordering::Relaxed) && holds(self.known().muted.get(&user), now_ms())
    }

    /// Whether nobody may come in from an address.
    pub(crate) fn is_shut_out(&self, address: IpAddr, now_ms: impl FnOnce() -> i64) -> bool {
        if !self.has_networks.load(Ordering::Relaxed) {
            return false;
        }
        let (address, now_ms) = (address.to_canonical(), now_ms());
        let known = self.known();
        let mut networks = known.networks.iter();
        networks.any(|(network, until_ms)| *until_ms > now_ms && network.contains(&address))
    }

    /// For how long nobody registers, if the hall is locked down.
    pub(crate) fn closed_for(&self, now_ms: impl FnOnce() -> i64) -> Option<Duration> {
        let until_ms = self.closed_until_ms.load(Ordering::Relaxed);
        if until_ms == 0 {
            return None;
        }
        let left_ms = u64::try_from(until_ms.saturating_sub(now_ms())).unwrap_or(0);
        (left_ms > 0).then(|| Duration::from_millis(left_ms))
    }

    /// Goes by these from now on. Returns the accounts that are newly banned.
    fn replace(&self, all: Vec<Sanction>) -> Vec<UserId> {
        let mut next = Known::default();
        for sanction in all {
            let until_ms = sanction.until_ms.unwrap_or(i64::MAX);
            match (sanction.kind, sanction.on) {
                (SanctionKind::Ban, SanctionOn::Account(user)) => {
                    next.banned.insert(user, until_ms);
                }
                (SanctionKind::Mute, SanctionOn::Account(user)) => {
                    next.muted.insert(user, until_ms);
                }
                (_, SanctionOn::Network(network)) => match network.parse() {
                    Ok(network) => next.networks.push((network, until_ms)),
                    Err(_) => warn!(network, "no network, so not banned"),
                },
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = |user: &&UserId| !known.banned.contains_key(user);
        let added = next.banned.keys().filter(is_new).copied().collect();
        self.has_mutes
            .store(!next.muted.is_empty(), Ordering::Relaxed);
        self.has_networks
            .store(!next.networks.is_empty(), Ordering::Relaxed);
        *known = next;
        added
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        // Whole at any time: it is replaced in one step.
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn holds(until_ms: Option<&i64>, now_ms: i64) -> bool {
    until_ms.is_some_and(|until_ms| *until_ms > now_ms)
}

/// Whether a packet brings others something to read: what a muted account may not.
pub(crate) fn is_speech(packet: &ClientPacket) -> bool {
    match packet {
        ClientPacket::Chat { .. }
        | ClientPacket::Edit { .. }
        | ClientPacket::Create { .. }
        | ClientPacket::SetTopic { .. }
        | ClientPacket::Invite { .. }
        | ClientPacket::Rename { .. } => true,
        ClientPacket::SetPresence { text, .. } => !text.is_empty(),
        _ => false,
    }
}

/// Reads what the store says, closes the accounts that are newly banned, and slows everybody
/// down or no longer.
///
/// # Errors
/// See [`StoreError`]; then all stays as it was.
pub(crate) async fn read(
    sanctions: &Sanctions,
    store: &dyn Store,
    clock: &Clock,
    hub: &Hub,
    limits: &RateLimits,
) -> Result<(), StoreError> {
    let all = store.sanctions(clock.now_ms()).await?;
    let staff = store.staff().await?;
    let roles = staff.iter().map(|one| (one.user, one.role));
    hub.set_staff(roles.collect());
    let lockdown = store.lockdown(clock.now_ms()).await?;
    let until_ms = lockdown.map_or(0, |lockdown| lockdown.until_ms);
    let was_ms = sanctions.closed_until_ms.swap(until_ms, Ordering::Relaxed);
    limits.slow_down(until_ms > 0);
    match (was_ms, until_ms) {
        (0, 1..) => info!("locked down: nobody registers, and everybody speaks slowly"),
        (1.., 0) => info!("the lockdown is over"),
        _ => {}
    }
    for user in sanctions.replace(all) {
        hub.close(user, CloseReason::Banned);
    }
    Ok(())
}

/// Reads them now and then.
pub(crate) async fn watch(server: Arc<Server>) {
    let mut was_readable = true;
    loop {
        let period = server.settings().names.ban_interval;
        sleep(period).await;
        match server.read_sanctions().await {
            Ok(()) => was_readable = true,
            // Said once for everybody, when it went away.
            Err(StoreError::Unavailable) => {}
            Err(cause) => {
                if was_readable {
                    warn!(%cause, "bans and mutes stay as they were");
                }
                was_readable = false;
            }
        }
    }
}
