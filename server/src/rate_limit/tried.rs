//! What the limits that guard accounts count. They hold for all servers of a store
//! together.

use std::hash::Hash;
use std::net::IpAddr;

use governor::{Quota, RateLimiter};
use longhall_packet::Denial;

use super::{Keyed, RateLimits, at_least_one, network};
use crate::config::Rates;
use crate::store::{LimitKey, SessionId, SharedLimit, UserId};

/// A try, and whose it is. It counts before any work is done for it, whether it
/// succeeds or not.
#[derive(Clone, Copy)]
pub(crate) enum Tried<'a> {
    /// To register.
    Registration(IpAddr),
    /// To log in, under whatever name.
    Login(IpAddr),
    /// To log in under the name with this key.
    LoginAtName(IpAddr, &'a str),
    /// To log in under the name with this key, from where its account was never logged
    /// in to: all of those together must not guess for long. One place alone cannot use
    /// it up.
    StrangersLogin(&'a str),
    /// To change the password on a device that is logged in.
    PasswordChange(SessionId),
    /// To resume with a token that is worth nothing. There are too many tokens to find
    /// one, and others keep nobody waiting who has one.
    FailedResume(IpAddr),
    /// At the password of a channel.
    ChannelPassword(UserId),
}

/// How often each may be tried, and how often it was on this server.
pub(super) struct Tries {
    registrations: Guard<IpAddr>,
    logins: Guard<IpAddr>,
    logins_at_name: Guard<(IpAddr, String)>,
    logins_of_strangers: Guard<String>,
    password_changes: Guard<SessionId>,
    failed_resumes: Guard<IpAddr>,
    channel_passwords: Guard<UserId>,
}

impl Tries {
    pub(super) fn new(rates: &Rates) -> Self {
        let per_minute = |count| Quota::per_minute(at_least_one(count));
        let at_name = rates.logins_per_minute_per_name;
        Self {
            registrations: Guard::new(Quota::per_hour(at_least_one(rates.registrations_per_hour))),
            logins: Guard::new(per_minute(rates.logins_per_minute)),
            logins_at_name: Guard::new(per_minute(at_name)),
            logins_of_strangers: Guard::new(per_minute(at_name.saturating_mul(2))),
            password_changes: Guard::new(per_minute(at_name)),
            failed_resumes: Guard::new(per_minute(rates.failed_resumes_per_minute)),
            channel_passwords: Guard::new(per_minute(rates.channel_passwords_per_minute)),
        }
    }

    /// Forgets who is back to the full allowance.
    pub(super) fn drop_idle(&self) {
        self.registrations.here.retain_recent();
        self.logins.here.retain_recent();
        self.logins_at_name.here.retain_recent();
        self.logins_of_strangers.here.retain_recent();
        self.password_changes.here.retain_recent();
        self.failed_resumes.here.retain_recent();
        self.channel_passwords.here.retain_recent();
    }
}

impl RateLimits {
    /// Counts a try on this server.
    ///
    /// # Errors
    /// `rate_limited` with the time until the next may come.
    pub(crate) fn check_try(&self, tried: Tried<'_>) -> Result<(), Denial> {
        let tries = &self.tries;
        match tried {
            Tried::Registration(address) => {
                self.check(&tries.registrations.here, &network(address))
            }
            Tried::Login(address) => self.check(&tries.logins.here, &network(address)),
            Tried::LoginAtName(address, name) => {
                let key = (network(address), name.to_owned());
                self.check(&tries.logins_at_name.here, &key)
            }
            Tried::StrangersLogin(name) => {
                self.check(&tries.logins_of_strangers.here, &name.to_owned())
            }
            Tried::PasswordChange(session) => self.check(&tries.password_changes.here, &session),
            Tried::FailedResume(address) => {
                self.check(&tries.failed_resumes.here, &network(address))
            }
            Tried::ChannelPassword(user) => self.check(&tries.channel_passwords.here, &user),
        }
    }

    /// What the same try counts against on all servers together.
    pub(crate) fn shared(&self, tried: Tried<'_>) -> SharedLimit {
        let tries = &self.tries;
        match tried {
            Tried::Registration(from) => tries
                .registrations
                .everywhere("registration", &[&octets(from)]),
            Tried::Login(from) => tries.logins.everywhere("login", &[&octets(from)]),
            Tried::LoginAtName(from, name) => {
                let whose: [&[u8]; 2] = [&octets(from), name.as_bytes()];
                tries.logins_at_name.everywhere("login at name", &whose)
            }
            Tried::StrangersLogin(name) => {
                let whose = [name.as_bytes()];
                tries
                    .logins_of_strangers
                    .everywhere("login of strangers", &whose)
            }
            Tried::PasswordChange(session) => {
                let whose: [&[u8]; 1] = [&session.0.to_be_bytes()];
                tries.password_changes.everywhere("password change", &whose)
            }
            Tried::FailedResume(from) => tries
                .failed_resumes
                .everywhere("failed resume", &[&octets(from)]),
            Tried::ChannelPassword(user) => {
                let whose: [&[u8]; 1] = [&user.0.to_be_bytes()];
                tries
                    .channel_passwords
                    .everywhere("channel password", &whose)
            }
        }
    }
}

/// One of the limits.
struct Guard<K: Hash + Eq + Clone> {
    quota: Quota,
    here: Keyed<K>,
}

impl<K: Hash + Eq + Clone> Guard<K> {
    fn new(quota: Quota) -> Self {
        let here = RateLimiter::hashmap(quota);
        Self { quota, here }
    }

    fn everywhere(&self, limit: &str, whose: &[&[u8]]) -> SharedLimit {
        SharedLimit {
            key: LimitKey::new(limit, whose),
            interval: self.quota.replenish_interval(),
            burst: self.quota.burst_size(),
        }
    }
}

/// The network of an address, as part of a key.
fn octets(address: IpAddr) -> Vec<u8> {
    match network(address) {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}
