//! Limits: tries per address and per name, lines per account, packets per
//! connection. What one player spends is not what another needs.

mod limiter;
mod repeats;
mod steady;
#[cfg(test)]
mod tests;
mod tried;

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::Quota;
use governor::clock::DefaultClock;
use longhall_packet::{Denial, DenyCode};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::config::Config;
use crate::store::{Place, UserId};
pub(crate) use limiter::Limiter;
use repeats::{RepeatLimit, Repeats, SaidLine};
pub(crate) use steady::{Pace, SteadyLimit};
pub(crate) use tried::Tried;
use tried::Tries;

/// Whispers to people who have not answered that are not slowed down.
const WHISPERS_AT_ONCE: u32 = 30;
/// Players whose answers to whispers are remembered; of others they are looked up.
const MAX_ANSWERS: usize = 64;

/// In how many seconds an account says a line while all are slowed down.
const SECONDS_OF_A_SLOW_LINE: u32 = 3;
/// Lines that an account that is new may say at once.
const NEW_LINES_AT_ONCE: u32 = 3;

/// Lines a guest may say, averaged over four seconds.
const GUEST_LINES_PER_SECOND: u32 = 1;

/// Sanctions that an account sets and lifts, which keeps order in a channel alone.
const SANCTIONS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).expect("30 is not zero");

/// Changes of a profile: each is news to everybody.
const PROFILES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero");

/// Denials to one address that the log tells of.
const DENIAL_LINES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("60 is not zero");

/// The reads a second that any client may need: packets come in pieces.
pub(crate) const MIN_READS_PER_SECOND: u32 = 200;

/// The limits that all connections of this server share. They may change while it runs.
pub(crate) struct RateLimits {
    connections: Limiter<IpAddr>,
    denial_lines: Limiter<IpAddr>,
    tries: Tries,
    unanswered_whispers: Limiter<i64>,
    speakers: Mutex<HashMap<UserId, Shared>>,
    creations: Limiter<i64>,
    invitations: Limiter<i64>,
    reports: Limiter<i64>,
    sanctions: Limiter<i64>,
    profiles: Limiter<i64>,
    /// Lines of one account.
    lines: Pace,
    /// Lines of one guest.
    guest_lines: Pace,
    lines_per_second: AtomicU32,
    /// Lines of an account that is new.
    new_lines: Pace,
    /// How long an account counts as new.
    new_for: Mutex<Duration>,
    repeats: Arc<Mutex<RepeatLimit>>,
    /// Everybody is to speak slowly.
    is_slowed: AtomicBool,
    /// Packets, pages of history and reads of one connection.
    packets: Pace,
    history: Pace,
    pub(crate) reads: Pace,
    clock: DefaultClock,
}

impl RateLimits {
    pub(crate) fn new(config: &Config) -> Self {
        let limits = Self {
            connections: Limiter::default(),
            denial_lines: Limiter::new(Quota::per_minute(DENIAL_LINES_PER_MINUTE)),
            tries: Tries::default(),
            unanswered_whispers: Limiter::default(),
            speakers: Mutex::default(),
            creations: Limiter::default(),
            invitations: Limiter::default(),
            reports: Limiter::default(),
            sanctions: Limiter::new(Quota::per_minute(SANCTIONS_PER_MINUTE)),
            profiles: Limiter::new(Quota::per_minute(PROFILES_PER_MINUTE)),
            lines: Pace::default(),
            guest_lines: Pace::default(),
            lines_per_second: AtomicU32::new(1),
            new_lines: Pace::default(),
            new_for: Mutex::default(),
            repeats: Arc::default(),
            is_slowed: AtomicBool::new(false),
            packets: Pace::default(),
            history: Pace::default(),
            reads: Pace::default(),
            clock: DefaultClock::default(),
        };
        limits.set(config);
        limits
    }

    /// Takes the limits as they are to be from now on. Who is kept waiting by one that changes
    /// is let through; the others are not touched.
    pub(crate) fn set(&self, config: &Config) {
        let rates = &config.rates;
        let connections =
            u32::try_from(config.capacity.max_connections_per_address).unwrap_or(u32::MAX);
        self.connections.set(
            Quota::per_second(at_least_one(connections / 4))
                .allow_burst(at_least_one(connections.saturating_mul(2))),
        );
        self.tries.set(rates);
        let whispers = at_least_one(rates.unanswered_whispers_per_minute);
        let at_once = at_least_one(whispers.get().min(WHISPERS_AT_ONCE));
        self.unanswered_whispers
            .set(Quota::per_minute(whispers).allow_burst(at_once));
        let creations = at_least_one(rates.creations_per_hour);
        self.creations.set(Quota::per_hour(creations));
        let invitations = at_least_one(rates.invitations_per_minute);
        self.invitations.set(Quota::per_minute(invitations));
        let reports = at_least_one(rates.reports_per_hour);
        self.reports.set(Quota::per_hour(reports));
        let (packets, history) = (rates.packets_per_second, rates.history_per_second);
        let lines = rates.lines_per_second.unwrap_or(packets);
        self.lines_per_second.store(lines, Ordering::Relaxed);
        self.set_lines();
        let interval = u32::try_from(rates.new_account_line_interval.as_secs()).unwrap_or(1);
        self.new_lines.set_slow(interval);
        *locked(&self.new_for) = rates.new_account_time;
        *locked(&self.repeats) = RepeatLimit {
            most: rates.max_repeats,
            window: rates.repeat_window,
        };
        self.packets.set(packets);
        self.history.set(history);
        let reads = packets.saturating_add(history).saturating_mul(4);
        self.reads.set(reads.max(MIN_READS_PER_SECOND));
    }

    /// Has everybody speak slowly, or as the operator's settings say.
    pub(crate) fn slow_down(&self, is_slowed: bool) {
        if self.is_slowed.swap(is_slowed, Ordering::Relaxed) != is_slowed {
            self.set_lines();
        }
    }

    fn set_lines(&self) {
        match self.is_slowed.load(Ordering::Relaxed) {
            true => {
                self.lines.set_slow(SECONDS_OF_A_SLOW_LINE);
                self.guest_lines.set_slow(SECONDS_OF_A_SLOW_LINE);
            }
            false => {
                let lines = self.lines_per_second.load(Ordering::Relaxed);
                self.lines.set(lines);
                self.guest_lines.set(lines.min(GUEST_LINES_PER_SECOND));
            }
        }
    }

    /// Counts a connection from `address`: twice as many at once as may be there at
    /// a time, and a quarter of that each second. A game that comes back after a
    /// restart of the server is far below, a program that does nothing else is not.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_connection(&self, address: IpAddr) -> Result<(), Denial> {
        self.check(&self.connections, &network(address))
    }

    /// Whether the log tells the operator of one more denial to `address`: they come as
    /// often as a peer likes.
    pub(crate) fn may_log_denial(&self, address: IpAddr) -> bool {
        self.check(&self.denial_lines, &network(address)).is_ok()
    }

    /// Counts a whisper of an account to somebody who has not whispered back.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_unanswered_whisper(&self, sender: UserId) -> Result<(), Denial> {
        self.check(&self.unanswered_whispers, &sender.0)
    }

    /// The account as one that says something, shared by its sessions. `age` is how long ago
    /// it registered.
    pub(crate) fn speaker(&self, user: UserId, age: Duration, is_guest: bool) -> Arc<Speaker> {
        let new = || Shared {
            speaker: Arc::new(self.new_speaker(age, is_guest)),
            is_guest,
            was_unused: false,
        };
        let mut speakers = self.speakers();
        let shared = speakers.entry(user).or_insert_with(new);
        if shared.is_guest != is_guest {
            *shared = new();
        }
        shared.was_unused = false;
        Arc::clone(&shared.speaker)
    }

    fn new_speaker(&self, age: Duration, is_guest: bool) -> Speaker {
        let left = locked(&self.new_for).saturating_sub(age);
        let pace = match is_guest {
            true => &self.guest_lines,
            false => &self.lines,
        };
        Speaker {
            lines: SteadyLimit::at(pace),
            new: (!left.is_zero()).then(|| NewAccount {
                until: Instant::now() + left,
                lines: SteadyLimit::at(&self.new_lines),
            }),
            repeat_limit: Arc::clone(&self.repeats),
            repeats: Mutex::default(),
            answered_by: Mutex::default(),
        }
    }

    /// Counts a channel that an account creates.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_creation(&self, user: UserId) -> Result<(), Denial> {
        self.check(&self.creations, &user.0)
    }

    /// Counts an invitation by an account: each is news to somebody.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_invitation(&self, user: UserId) -> Result<(), Denial> {
        self.check(&self.invitations, &user.0)
    }

    /// Counts a report by an account: each is work for somebody.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_report(&self, user: UserId) -> Result<(), Denial> {
        self.check(&self.reports, &user.0)
    }

    /// Counts a sanction that an account sets or lifts in a channel of its own: each is kept,
    /// and has every server look at all of them.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_sanction(&self, user: UserId) -> Result<(), Denial> {
        self.check(&self.sanctions, &user.0)
    }

    /// Counts a change of an account's profile by its player.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_profile(&self, user: UserId) -> Result<(), Denial> {
        self.check(&self.profiles, &user.0)
    }

    /// Forgets addresses and names that are back to their full allowance.
    pub(crate) fn drop_idle(&self) {
        self.connections.drop_idle();
        self.denial_lines.drop_idle();
        self.tries.drop_idle();
        self.unanswered_whispers.drop_idle();
        self.creations.drop_idle();
        self.invitations.drop_idle();
        self.reports.drop_idle();
        self.sanctions.drop_idle();
        self.profiles.drop_idle();
        // Not at once: an account that logs in again has no more lines than before.
        self.speakers().retain(|_, shared| {
            let is_unused = Arc::strong_count(&shared.speaker) == 1;
            !(std::mem::replace(&mut shared.was_unused, is_unused) && is_unused)
        });
    }

    fn speakers(&self) -> MutexGuard<'_, HashMap<UserId, Shared>> {
        // Whole at any time.
        let speakers = self.speakers.lock();
        speakers.unwrap_or_else(PoisonError::into_inner)
    }

    fn check<K: Hash + Eq + Clone>(&self, limiter: &Limiter<K>, key: &K) -> Result<(), Denial> {
        let checked = limiter.check(key, &self.clock);
        checked.map_err(|wait| Denial::for_now(DenyCode::RateLimited, wait))
    }
}

/// An account as one that says something, shared by its sessions: its limit on lines,
/// and the players who have whispered back to it.
pub(crate) struct Speaker {
    lines: SteadyLimit,
    /// While it is new.
    new: Option<NewAccount>,
    repeat_limit: Arc<Mutex<RepeatLimit>>,
    repeats: Mutex<Repeats>,
    /// The latest found last.
    answered_by: Mutex<VecDeque<UserId>>,
}

/// What holds for an account until it is no longer new.
struct NewAccount {
    until: Instant,
    lines: SteadyLimit,
}

/// An account's [`Speaker`], as long as a session has it and for a while after.
struct Shared {
    speaker: Arc<Speaker>,
    is_guest: bool,
    /// When it was looked at last.
    was_unused: bool,
}

impl Speaker {
    /// Counts one line, edit or deletion.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_line(&self, now: Instant) -> Result<(), Denial> {
        let limited = |wait| Denial::for_now(DenyCode::RateLimited, wait);
        if let Some(new) = self.new.as_ref().filter(|new| now < new.until) {
            new.lines
                .check_saved(NEW_LINES_AT_ONCE, now)
                .map_err(limited)?;
        }
        self.lines.check(now).map_err(limited)
    }

    /// Counts what a line says, wherever it is said; `line` is what a client says it again by
    /// after a cut, and is counted once. True when it was counted now.
    ///
    /// # Errors
    /// `repeated` with the time until the same may be said again.
    pub(crate) fn check_repeat(
        &self,
        line: SaidLine,
        text: &str,
        now: Instant,
    ) -> Result<bool, Denial> {
        let limit = *locked(&self.repeat_limit);
        if limit.most == 0 {
            return Ok(false);
        }
        locked(&self.repeats)
            .check(line, text, limit, now)
            .map_err(|wait| Denial::for_now(DenyCode::Repeated, wait))
    }

    /// Counts it no longer: the line was refused.
    pub(crate) fn take_back(&self, line: SaidLine) {
        locked(&self.repeats).take_back(line);
    }

    /// Whether a player is known to have whispered back.
    pub(crate) fn is_answered_by(&self, other: UserId) -> bool {
        self.answers().contains(&other)
    }

    /// Notes that a player has whispered back.
    pub(crate) fn note_answer_of(&self, other: UserId) {
        let mut answers = self.answers();
        if answers.len() >= MAX_ANSWERS {
            answers.pop_front();
        }
        answers.push_back(other);
    }

    fn answers(&self) -> MutexGuard<'_, VecDeque<UserId>> {
        // Whole at any time.
        let answers = self.answered_by.lock();
        answers.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The limits on packets of one connection.
pub(crate) struct PacketLimit {
    packets: SteadyLimit,
    /// Apart: a player who comes back after a while asks for page after page.
    history: SteadyLimit,
}

impl PacketLimit {
    pub(crate) fn new(limits: &RateLimits) -> Self {
        Self {
            packets: SteadyLimit::at(&limits.packets),
            history: SteadyLimit::at(&limits.history),
        }
    }

    /// Counts one packet.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check(&self, is_history: bool, now: Instant) -> Result<(), Denial> {
        let limit = if is_history {
            &self.history
        } else {
            &self.packets
        };
        limit
            .check(now)
            .map_err(|wait| Denial::for_now(DenyCode::RateLimited, wait))
    }
}

/// What counts as one address: an IPv6 host owns at least a /64 network, so
/// counting single addresses would not limit it at all.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// What is kept of an address, to know later that an account was logged in to from
/// there.
pub(crate) fn place(address: IpAddr) -> Place {
    let digest = match network(address) {
        IpAddr::V4(v4) => Sha256::digest(v4.octets()),
        IpAddr::V6(v6) => Sha256::digest(v6.octets()),
    };
    Place(u32::from_be_bytes([0, digest[0], digest[1], digest[2]]))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whole at any time.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}
