//! What the limits that guard accounts count. They hold for all servers of a store
//! together.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;
use longhall_packet::Denial;

use super::{Limiter, RateLimits, at_least_one, network};
use crate::config::Rates;
use crate::store::{SessionId, SharedLimit, UserId};

/// Codes of an app at one place. Three of a million are right at a time: who knows the
/// password finds one in four years so.
const CODES_PER_HOUR: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero");
/// Halls that somebody may look into one after the other, and how soon the next.
const HALL_CHANGES_AT_ONCE: NonZeroU32 = NonZeroU32::new(5).expect("5 is not zero");
const BETWEEN_HALL_CHANGES: Duration = Duration::from_secs(3);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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
    /// The password once more on a device that is logged in, to change it and the like.
    PasswordChange(SessionId),
    /// To replace a password by a recovery code, under whatever name. Not for a name: there are
    /// too many codes to find one, and who has one is to come in from anywhere.
    Recovery(IpAddr),
    /// The code of an app, with the right password, from where the account with this key was
    /// logged in to before.
    CodeAtName(IpAddr, &'a str),
    /// The same from elsewhere: all of those together.
    StrangersCode(&'a str),
    /// The code of an app on a device that is logged in.
    CodeOnDevice(SessionId),
    /// To resume with a token that is worth nothing. There are too many tokens to find
    /// one, and others keep nobody waiting who has one.
    FailedResume(IpAddr),
    /// At the password of a channel.
    ChannelPassword(UserId),
    /// At the code of a temporary channel, by an account.
    ChannelCode(UserId),
    /// The same from an address, by whatever account.
    ChannelCodeFrom(IpAddr),
    /// To change to another hall of the lobby: two channels are told of it.
    HallChange(UserId),
    /// To be given all that the server knows of an account.
    Export(UserId),
}

/// How often each may be tried, and how often it was on this server.
#[derive(Default)]
pub(super) struct Tries {
    registrations: Limiter<IpAddr>,
    logins: Limiter<IpAddr>,
    logins_at_name: Limiter<(IpAddr, String)>,
    logins_of_strangers: Limiter<String>,
    password_changes: Limiter<SessionId>,
    recoveries: Limiter<IpAddr>,
    codes_at_name: Limiter<(IpAddr, String)>,
    codes_of_strangers: Limiter<String>,
    codes_on_device: Limiter<SessionId>,
    failed_resumes: Limiter<IpAddr>,
    channel_passwords: Limiter<UserId>,
    channel_codes: Limiter<UserId>,
    channel_codes_from: Limiter<IpAddr>,
    hall_changes: Limiter<UserId>,
    exports: Limiter<UserId>,
}

impl Tries {
    pub(super) fn set(&self, rates: &Rates) {
        let per_minute = |count| Quota::per_minute(at_least_one(count));
        let at_name = rates.logins_per_minute_per_name;
        let registrations = at_least_one(rates.registrations_per_hour);
        self.registrations.set(Quota::per_hour(registrations));
        self.logins.set(per_minute(rates.logins_per_minute));
        self.logins_at_name.set(per_minute(at_name));
        let of_strangers = per_minute(at_name.saturating_mul(2));
        self.logins_of_strangers.set(of_strangers);
        self.password_changes.set(per_minute(at_name));
        self.recoveries.set(per_minute(at_name));
        let codes = Quota::per_hour(CODES_PER_HOUR);
        self.codes_at_name.set(codes);
        self.codes_of_strangers.set(codes);
        self.codes_on_device.set(codes);
        let failed_resumes = per_minute(rates.failed_resumes_per_minute);
        self.failed_resumes.set(failed_resumes);
        let passwords = per_minute(rates.channel_passwords_per_minute);
        self.channel_passwords.set(passwords);
        self.channel_codes.set(passwords);
        // More players may be behind an address.
        let from = rates.channel_passwords_per_minute.saturating_mul(10);
        self.channel_codes_from.set(per_minute(from));
        if let Some(quota) = Quota::with_period(BETWEEN_HALL_CHANGES) {
            self.hall_changes
                .set(quota.allow_burst(HALL_CHANGES_AT_ONCE));
        }
        let exports = at_least_one(rates.exports_per_day);
        if let Some(quota) = Quota::with_period(DAY / exports.get()) {
            self.exports.set(quota.allow_burst(exports));
        }
    }

    /// Forgets who is back to the full allowance.
    pub(super) fn drop_idle(&self) {
        self.registrations.drop_idle();
        self.logins.drop_idle();
        self.logins_at_name.drop_idle();
        self.logins_of_strangers.drop_idle();
        self.password_changes.drop_idle();
        self.recoveries.drop_idle();
        self.codes_at_name.drop_idle();
        self.codes_of_strangers.drop_idle();
        self.codes_on_device.drop_idle();
        self.failed_resumes.drop_idle();
        self.channel_passwords.drop_idle();
        self.channel_codes.drop_idle();
        self.channel_codes_from.drop_idle();
        self.hall_changes.drop_idle();
        self.exports.drop_idle();
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
            Tried::Registration(address) => self.check(&tries.registrations, &network(address)),
            Tried::Login(address) => self.check(&tries.logins, &network(address)),
            Tried::LoginAtName(address, name) => {
                let key = (network(address), name.to_owned());
                self.check(&tries.logins_at_name, &key)
            }
            Tried::StrangersLogin(name) => self.check(&tries.logins_of_strangers, &name.to_owned()),
            Tried::PasswordChange(session) => self.check(&tries.password_changes, &session),
            Tried::Recovery(address) => self.check(&tries.recoveries, &network(address)),
            Tried::CodeAtName(address, name) => {
                let key = (network(address), name.to_owned());
                self.check(&tries.codes_at_name, &key)
            }
            Tried::StrangersCode(name) => self.check(&tries.codes_of_strangers, &name.to_owned()),
            Tried::CodeOnDevice(session) => self.check(&tries.codes_on_device, &session),
            Tried::FailedResume(address) => self.check(&tries.failed_resumes, &network(address)),
            Tried::ChannelPassword(user) => self.check(&tries.channel_passwords, &user),
            Tried::ChannelCode(user) => self.check(&tries.channel_codes, &user),
            Tried::ChannelCodeFrom(address) => {
                self.check(&tries.channel_codes_from, &network(address))
            }
            Tried::HallChange(user) => self.check(&tries.hall_changes, &user),
            Tried::Export(user) => self.check(&tries.exports, &user),
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
            Tried::Recovery(from) => tries.recoveries.everywhere("recovery", &[&octets(from)]),
            Tried::CodeAtName(from, name) => {
                let whose: [&[u8]; 2] = [&octets(from), name.as_bytes()];
                tries.codes_at_name.everywhere("code at name", &whose)
            }
            Tried::StrangersCode(name) => {
                let whose = [name.as_bytes()];
                tries
                    .codes_of_strangers
                    .everywhere("code of strangers", &whose)
            }
            Tried::CodeOnDevice(session) => {
                let whose: [&[u8]; 1] = [&session.0.to_be_bytes()];
                tries.codes_on_device.everywhere("code on device", &whose)
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
            Tried::ChannelCode(user) => {
                let whose: [&[u8]; 1] = [&user.0.to_be_bytes()];
                tries.channel_codes.everywhere("channel code", &whose)
            }
            Tried::ChannelCodeFrom(from) => tries
                .channel_codes_from
                .everywhere("channel code from", &[&octets(from)]),
            Tried::HallChange(user) => {
                let whose: [&[u8]; 1] = [&user.0.to_be_bytes()];
                tries.hall_changes.everywhere("hall change", &whose)
            }
            Tried::Export(user) => {
                let whose: [&[u8]; 1] = [&user.0.to_be_bytes()];
                tries.exports.everywhere("export", &whose)
            }
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
