use super::*;

/// An account that is not new.
const OLD: Duration = Duration::from_secs(86_400);

fn limits() -> RateLimits {
    RateLimits::new(&Config::with(|config| {
        config.rates.registrations_per_hour = 2;
        config.rates.logins_per_minute = 3;
        config.rates.logins_per_minute_per_name = 2;
    }))
}

/// As a login does.
fn check_login(limits: &RateLimits, address: IpAddr, name: &str) -> Result<(), Denial> {
    limits.check_try(Tried::Login(address))?;
    limits.check_try(Tried::LoginAtName(address, name))
}

#[test]
fn each_address_has_its_own_allowance() {
    let limits = limits();
    let (one, two) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
    assert!(limits.check_try(Tried::Registration(one)).is_ok());
    assert!(limits.check_try(Tried::Registration(one)).is_ok());
    let denial = limits.check_try(Tried::Registration(one)).unwrap_err();
    assert_eq!(denial.code, DenyCode::RateLimited);
    let wait = denial.retry_after_ms.unwrap();
    assert!((1..=30 * 60 * 1000).contains(&wait), "{wait}");
    assert!(limits.check_try(Tried::Registration(two)).is_ok());
}

#[test]
fn guessing_one_name_from_many_addresses_is_limited() {
    let limits = limits();
    for host in 1..=4 {
        assert!(check_login(&limits, [192, 0, 2, host].into(), "ada").is_ok());
        assert!(limits.check_try(Tried::StrangersLogin("ada")).is_ok());
    }
    assert!(check_login(&limits, [192, 0, 2, 5].into(), "ada").is_ok());
    assert!(limits.check_try(Tried::StrangersLogin("ada")).is_err());
    assert!(limits.check_try(Tried::StrangersLogin("bo")).is_ok());
}

#[test]
fn guessing_one_name_from_one_address_leaves_tries_to_other_addresses() {
    let limits = limits();
    let guesser = IpAddr::from([192, 0, 2, 1]);
    for _ in 0..2 {
        assert!(check_login(&limits, guesser, "ada").is_ok());
        assert!(limits.check_try(Tried::StrangersLogin("ada")).is_ok());
    }
    assert!(check_login(&limits, guesser, "ada").is_err());
    assert!(check_login(&limits, [192, 0, 2, 2].into(), "ada").is_ok());
    assert!(limits.check_try(Tried::StrangersLogin("ada")).is_ok());
}

#[test]
fn the_lines_of_an_account_are_counted_until_nobody_has_used_them_for_a_while() {
    let limits = RateLimits::new(&Config::with(|config| {
        config.rates.lines_per_second = Some(1);
    }));
    let now = Instant::now();
    let speaker = limits.speaker(UserId(1), OLD, false);
    for _ in 0..4 {
        assert!(speaker.check_line(now).is_ok());
    }
    assert!(
        limits
            .speaker(UserId(1), OLD, false)
            .check_line(now)
            .is_err()
    );
    assert!(
        limits
            .speaker(UserId(2), OLD, false)
            .check_line(now)
            .is_ok()
    );
    limits.drop_idle();
    limits.drop_idle();
    drop(speaker);
    limits.drop_idle();
    // As when a player logs in again: nothing is forgotten.
    assert!(
        limits
            .speaker(UserId(1), OLD, false)
            .check_line(now)
            .is_err()
    );
    limits.drop_idle();
    limits.drop_idle();
    assert!(limits.speakers().is_empty());
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
    assert_eq!(place(a), place(b));
    assert_ne!(place(a), place(c));
    assert_eq!(place(v4), place([192, 0, 2, 1].into()));
    assert!(place(v4).0 < 1 << 24);
}
