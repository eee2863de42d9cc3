//! Who has to wait: tries per address and per name, packets per connection.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use longhall_packet::{Denial, DenyCode};

use crate::config::Config;
use crate::store::UserId;

/// Denials to one address that the log tells of.
const DENIAL_LINES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("60 is not zero");

type Keyed<K> = RateLimiter<K, HashMapStateStore<K>, DefaultClock>;

/// The limits all connections share. Tries count before any work is done for
/// them, whether they succeed or not.
pub(crate) struct RateLimits {
    connections: Keyed<IpAddr>,
    denial_lines: Keyed<IpAddr>,
    registrations: Keyed<IpAddr>,
    logins_of_address: Keyed<IpAddr>,
    logins_of_name: Keyed<String>,
    channel_passwords: Keyed<i64>,
    creations: Keyed<i64>,
    invitations: Keyed<i64>,
    clock: DefaultClock,
}

impl RateLimits {
    pub(crate) fn new(config: &Config) -> Self {
        let connections = u32::try_from(config.max_connections_per_address).unwrap_or(u32::MAX);
        Self {
            connections: RateLimiter::hashmap(
                Quota::per_second(at_least_one(connections / 4))
                    .allow_burst(at_least_one(connections.saturating_mul(2))),
            ),
            denial_lines: RateLimiter::hashmap(Quota::per_minute(DENIAL_LINES_PER_MINUTE)),
            registrations: RateLimiter::hashmap(Quota::per_hour(at_least_one(
                config.registrations_per_hour,
            ))),
            logins_of_address: RateLimiter::hashmap(Quota::per_minute(at_least_one(
                config.logins_per_minute,
            ))),
            logins_of_name: RateLimiter::hashmap(Quota::per_minute(at_least_one(
                config.logins_per_minute_per_name,
            ))),
            channel_passwords: RateLimiter::hashmap(Quota::per_minute(at_least_one(
                config.channel_passwords_per_minute,
            ))),
            creations: RateLimiter::hashmap(Quota::per_hour(at_least_one(
                config.creations_per_hour,
            ))),
            invitations: RateLimiter::hashmap(Quota::per_minute(at_least_one(
                config.invitations_per_minute,
            ))),
            clock: DefaultClock::default(),
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

    /// Counts a registration from `address`.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_registration(&self, address: IpAddr) -> Result<(), Denial> {
        self.check(&self.registrations, &network(address))
    }

    /// Counts a login try from `address` for the name with key `name`.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_login(&self, address: IpAddr, name: &str) -> Result<(), Denial> {
        self.check(&self.logins_of_address, &network(address))?;
        self.check(&self.logins_of_name, &name.to_owned())
    }

    /// Counts a try to resume from `address`.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_resume(&self, address: IpAddr) -> Result<(), Denial> {
        self.check(&self.logins_of_address, &network(address))
    }

    /// Counts a try of an account at the password of a channel.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_channel_password(&self, user: UserId) -> Result<(), Denial> {
        self.check(&self.channel_passwords, &user.0)
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

    /// Forgets addresses and names that are back to their full allowance.
    pub(crate) fn forget_the_patient(&self) {
        self.connections.retain_recent();
        self.denial_lines.retain_recent();
        self.registrations.retain_recent();
        self.logins_of_address.retain_recent();
        self.logins_of_name.retain_recent();
        self.channel_passwords.retain_recent();
        self.creations.retain_recent();
        self.invitations.retain_recent();
    }

    fn check<K: Hash + Eq + Clone>(&self, limiter: &Keyed<K>, key: &K) -> Result<(), Denial> {
        limiter.check_key(key).map_err(|until| {
            Denial::for_now(
                DenyCode::RateLimited,
                until.wait_time_from(self.clock.now()),
            )
        })
    }
}

/// The limits on packets of one connection.
pub(crate) struct PacketLimit {
    packets: ConnectionLimit,
    /// Apart: who comes back after a while asks for page after page.
    history: ConnectionLimit,
}

impl PacketLimit {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            packets: ConnectionLimit::per_second(config.packets_per_second),
            history: ConnectionLimit::per_second(config.history_per_second),
        }
    }

    /// Counts one packet.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check(&self, is_history: bool) -> Result<(), Denial> {
        let limit = if is_history {
            &self.history
        } else {
            &self.packets
        };
        limit
            .check()
            .map_err(|wait| Denial::for_now(DenyCode::RateLimited, wait))
    }
}

/// A limit on what one connection does.
pub(crate) struct ConnectionLimit {
    limiter: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
    clock: DefaultClock,
}

impl ConnectionLimit {
    /// So many a second, averaged over four.
    pub(crate) fn per_second(count: u32) -> Self {
        let burst = at_least_one(count.saturating_mul(4));
        let quota = Quota::per_second(at_least_one(count)).allow_burst(burst);
        Self {
            limiter: RateLimiter::direct(quota),
            clock: DefaultClock::default(),
        }
    }

    /// Counts one.
    ///
    /// # Errors
    /// How long to wait for the next.
    pub(crate) fn check(&self) -> Result<(), Duration> {
        let allowed = self.limiter.check();
        allowed.map_err(|until| until.wait_time_from(self.clock.now()))
    }

    /// Counts several at once.
    ///
    /// # Errors
    /// How long to wait until there are so many again; `None` when there never are.
    /// None is counted then.
    pub(crate) fn check_many(&self, count: NonZeroU32) -> Result<(), Option<Duration>> {
        let allowed = self.limiter.check_n(count).map_err(|_| None)?;
        allowed.map_err(|until| Some(until.wait_time_from(self.clock.now())))
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

fn at_least_one(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> RateLimits {
        RateLimits::new(&Config {
            registrations_per_hour: 2,
            logins_per_minute: 3,
            logins_per_minute_per_name: 2,
            ..Config::default()
        })
    }

    #[test]
    fn each_address_has_its_own_allowance() {
        let limits = limits();
        let (one, two) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        assert!(limits.check_registration(one).is_ok());
        assert!(limits.check_registration(one).is_ok());
        let denial = limits.check_registration(one).unwrap_err();
        assert_eq!(denial.code, DenyCode::RateLimited);
        let wait = denial.retry_after_ms.unwrap();
        assert!((1..=30 * 60 * 1000).contains(&wait), "{wait}");
        assert!(limits.check_registration(two).is_ok());
    }

    #[test]
    fn guessing_one_name_from_many_addresses_is_limited() {
        let limits = limits();
        assert!(limits.check_login([192, 0, 2, 1].into(), "ada").is_ok());
        assert!(limits.check_login([192, 0, 2, 2].into(), "ada").is_ok());
        assert!(limits.check_login([192, 0, 2, 3].into(), "ada").is_err());
        assert!(limits.check_login([192, 0, 2, 3].into(), "bo").is_ok());
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let a: IpAddr = "2001:db8:1:2::1".parse().unwrap();
        let b: IpAddr = "2001:db8:1:2:ffff::9".parse().unwrap();
        let c: IpAddr = "2001:db8:1:3::1".parse().unwrap();
        let v4: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        assert_eq!(network(a), network(b));
        assert_ne!(network(a), network(c));
        assert_eq!(network(v4), IpAddr::from([192, 0, 2, 1]));
    }
}
