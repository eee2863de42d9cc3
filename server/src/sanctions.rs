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
use longhall_packet::{CloseReason, Denial, DenyCode, ServerPacket};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::hub::Hub;
use crate::rate_limit::RateLimits;
use crate::server::Server;
use crate::store::{
    ChannelId, Place, Sanction, SanctionKind, SanctionOn, Store, StoreError, UserId,
};

/// Who is banned and muted.
#[derive(Default)]
pub(crate) struct Sanctions {
    /// Whether anybody is muted, any network banned, or anybody muted or banned in a channel:
    /// mostly nobody is, and then no packet waits for the lock.
    has_mutes: AtomicBool,
    has_networks: AtomicBool,
    has_channel_mutes: AtomicBool,
    /// Until when nobody registers, in milliseconds since 1970.
    closed_until_ms: AtomicI64,
    known: RwLock<Known>,
    /// Held by who reads the store, one after the other: what was read before does not take
    /// the place of what was read after.
    reading: tokio::sync::Mutex<()>,
}

/// What is kept from whom.
#[derive(Default)]
struct Known {
    banned: HashMap<UserId, Sanction>,
    muted: HashMap<UserId, Sanction>,
    /// By account and channel.
    banned_in: HashMap<(UserId, ChannelId), Sanction>,
    muted_in: HashMap<(UserId, ChannelId), Sanction>,
    /// Each with the time until which it holds, in milliseconds since 1970.
    networks: Vec<(IpNet, i64)>,
    /// As the networks; from there nobody registers.
    barred: HashMap<u32, i64>,
}

/// What is different from what was known before.
struct Difference {
    /// Bans of accounts.
    banned: Vec<Sanction>,
    /// Mutes.
    muted: Vec<Sanction>,
    /// Mutes, and bans in channels, that ended before their time.
    lifted: Vec<Sanction>,
}

impl Sanctions {
    /// Why an account may not come in, if it is banned.
    pub(crate) fn ban(&self, user: UserId, now_ms: i64) -> Option<Denial> {
        denial(self.known().banned.get(&user), DenyCode::Banned, now_ms)
    }

    /// Why an account may not speak, if it is muted.
    pub(crate) fn mute(&self, user: UserId, now_ms: impl FnOnce() -> i64) -> Option<Denial> {
        if !self.has_mutes.load(Ordering::Relaxed) {
            return None;
        }
        denial(self.known().muted.get(&user), DenyCode::Muted, now_ms())
    }

    /// Whether anybody is muted in a channel.
    pub(crate) fn has_channel_mutes(&self) -> bool {
        self.has_channel_mutes.load(Ordering::Relaxed)
    }

    /// Why an account may not speak in a channel, if it is muted there.
    pub(crate) fn mute_in(&self, user: UserId, channel: ChannelId, now_ms: i64) -> Option<Denial> {
        let known = self.known();
        denial(
            known.muted_in.get(&(user, channel)),
            DenyCode::Muted,
            now_ms,
        )
    }

    /// Why an account may not come into a channel, if it is banned from it.
    pub(crate) fn ban_in(&self, user: UserId, channel: ChannelId, now_ms: i64) -> Option<Denial> {
        let known = self.known();
        denial(
            known.banned_in.get(&(user, channel)),
            DenyCode::Banned,
            now_ms,
        )
    }

    /// The mutes of an account that hold, as it is told of them.
    pub(crate) fn mutes_of(&self, user: UserId, now_ms: i64) -> Vec<longhall_packet::Sanction> {
        let known = self.known();
        let in_channels = known.muted_in.iter().filter(|((of, _), _)| *of == user);
        let all = known.muted.get(&user).into_iter();
        let all = all.chain(in_channels.map(|(_, sanction)| sanction));
        let mut held: Vec<_> = all.filter(|one| !one.is_over(now_ms)).collect();
        held.sort_by_key(|one| one.created_at_ms);
        let latest = held.iter().rev().take(MAX_MUTES_TOLD);
        latest.map(|one| one.told()).collect()
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

    /// For how long nobody registers from a place, as somebody who is banned came from there.
    pub(crate) fn barred_for(&self, place: Place, now_ms: i64) -> Option<Duration> {
        let until_ms = *self.known().barred.get(&place.0)?;
        left(until_ms, now_ms)
    }

    /// For how long nobody registers, if the hall is locked down.
    pub(crate) fn closed_for(&self, now_ms: impl FnOnce() -> i64) -> Option<Duration> {
        let until_ms = self.closed_until_ms.load(Ordering::Relaxed);
        if until_ms == 0 {
            return None;
        }
        left(until_ms, now_ms())
    }

    /// Goes by these from now on. Returns what is different.
    fn replace(&self, all: Vec<Sanction>, barred: Vec<(Place, i64)>, now_ms: i64) -> Difference {
        let mut next = Known {
            barred: barred
                .into_iter()
                .map(|(place, until_ms)| (place.0, until_ms))
                .collect(),
            ..Known::default()
        };
        for sanction in all {
            match (sanction.kind, &sanction.on) {
                (SanctionKind::Ban, SanctionOn::Account(user)) => {
                    next.banned.insert(*user, sanction);
                }
                (SanctionKind::Ban, SanctionOn::Member(user, channel)) => {
                    next.banned_in.insert((*user, *channel), sanction);
                }
                (SanctionKind::Mute, SanctionOn::Account(user)) => {
                    next.muted.insert(*user, sanction);
                }
                (SanctionKind::Mute, SanctionOn::Member(user, channel)) => {
                    next.muted_in.insert((*user, *channel), sanction);
                }
                (_, SanctionOn::Network(network)) => match network.parse() {
                    Ok(network) => {
                        let until_ms = sanction.until_ms.unwrap_or(i64::MAX);
                        next.networks.push((network, until_ms));
                    }
                    Err(_) => warn!(network, "no network, so not banned"),
                },
                (SanctionKind::Kick, _) => {}
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mutes =
            news_of(&known.muted, &next.muted).chain(news_of(&known.muted_in, &next.muted_in));
        let lifted = gone_from(&known.muted, &next.muted, now_ms)
            .chain(gone_from(&known.muted_in, &next.muted_in, now_ms))
            .chain(gone_from(&known.banned_in, &next.banned_in, now_ms));
        let is_new = |sanction: &&Sanction| {
            let before = sanction
                .on
                .user()
                .map(|user| known.banned.contains_key(&user));
            before != Some(true)
        };
        let difference = Difference {
            banned: next.banned.values().filter(is_new).cloned().collect(),
            muted: mutes.cloned().collect(),
            lifted: lifted.cloned().collect(),
        };
        self.has_mutes
            .store(!next.muted.is_empty(), Ordering::Relaxed);
        self.has_channel_mutes
            .store(!next.muted_in.is_empty(), Ordering::Relaxed);
        self.has_networks
            .store(!next.networks.is_empty(), Ordering::Relaxed);
        *known = next;
        difference
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        // Whole at any time: it is replaced in one step.
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those that were not there before, or were set anew.
fn news_of<'a, K: Eq + std::hash::Hash>(
    before: &'a HashMap<K, Sanction>,
    next: &'a HashMap<K, Sanction>,
) -> impl Iterator<Item = &'a Sanction> {
    let all = next.iter();
    all.filter(|(key, sanction)| before.get(key) != Some(sanction))
        .map(|(_, sanction)| sanction)
}

/// Those that are no more, and would not be over by themselves.
fn gone_from<'a, K: Eq + std::hash::Hash>(
    before: &'a HashMap<K, Sanction>,
    next: &'a HashMap<K, Sanction>,
    now_ms: i64,
) -> impl Iterator<Item = &'a Sanction> {
    let all = before.iter();
    all.filter(move |(key, sanction)| !next.contains_key(key) && !sanction.is_over(now_ms))
        .map(|(_, sanction)| sanction)
}

fn denial(sanction: Option<&Sanction>, code: DenyCode, now_ms: i64) -> Option<Denial> {
    let sanction = sanction.filter(|sanction| !sanction.is_over(now_ms))?;
    Some(Denial::of_sanction(
        code,
        sanction.told(),
        now_ms.unsigned_abs(),
    ))
}

fn left(until_ms: i64, now_ms: i64) -> Option<Duration> {
    let left_ms = u64::try_from(until_ms.saturating_sub(now_ms)).unwrap_or(0);
    (left_ms > 0).then(|| Duration::from_millis(left_ms))
}

/// Most mutes that an account is told of at a login.
pub(crate) const MAX_MUTES_TOLD: usize = 10;

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
    let _turn = sanctions.reading.lock().await;
    let now_ms = clock.now_ms();
    let all = store.sanctions(now_ms).await?;
    let barred = store.barred_places(now_ms).await?;
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
    let Difference {
        banned,
        muted,
        lifted,
    } = sanctions.replace(all, barred, now_ms);
    for ban in banned {
        if let Some(user) = ban.on.user() {
            hub.close_saying(user, CloseReason::Banned, &ban.told());
        }
    }
    // Each server tells those who are with it.
    for mute in muted {
        if let Some(user) = mute.on.user() {
            let sanction = mute.told();
            hub.tell_here(user, &ServerPacket::Sanctioned { sanction });
        }
    }
    for sanction in lifted {
        if let Some(user) = sanction.on.user() {
            let (sanction, channel) = (sanction.kind, sanction.channel);
            hub.tell_here(user, &ServerPacket::SanctionLifted { sanction, channel });
        }
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
