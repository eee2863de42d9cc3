//! For tests: two servers on one store, and what counts on both.

use std::pin::pin;

use futures_util::FutureExt;
use longhall_packet::{Access, ChannelName, DenyCode, Role, ServerPacket};

use super::test_requests::{
    change_password, create, invite, join, leave, remove, set_access, set_role, set_topic,
};
use super::test_session::TestSession;
use crate::config::{Config, Rates};
use crate::resume_token;

const HOME: [u8; 4] = [192, 0, 2, 1];
const ELSEWHERE: [u8; 4] = [192, 0, 2, 2];

/// What may be tried four times: all the limits that guard accounts.
#[derive(Clone, Copy, Debug)]
enum Limit {
    Registrations,
    Logins,
    LoginsAtName,
    LoginsOfStrangers,
    PasswordChanges,
    FailedResumes,
    ChannelPasswords,
}

/// Each, with how many tries bob has left when he is there.
const LIMITS: [(Limit, u32); 7] = [
    (Limit::Registrations, 3),
    (Limit::Logins, 3),
    (Limit::LoginsAtName, 3),
    (Limit::LoginsOfStrangers, 3),
    (Limit::PasswordChanges, 4),
    (Limit::FailedResumes, 4),
    (Limit::ChannelPasswords, 4),
];

fn set(limit: Limit, config: &mut Config) {
    let rates = &mut config.rates;
    *rates = Rates {
        registrations_per_hour: 1000,
        logins_per_minute: 1000,
        logins_per_minute_per_name: 1000,
        failed_resumes_per_minute: 1000,
        channel_passwords_per_minute: 1000,
        ..rates.clone()
    };
    match limit {
        Limit::Registrations => rates.registrations_per_hour = 4,
        Limit::Logins => rates.logins_per_minute = 4,
        Limit::LoginsAtName | Limit::PasswordChanges => rates.logins_per_minute_per_name = 4,
        // Who is a stranger has twice as many.
        Limit::LoginsOfStrangers => rates.logins_per_minute_per_name = 2,
        Limit::FailedResumes => rates.failed_resumes_per_minute = 4,
        Limit::ChannelPasswords => rates.channel_passwords_per_minute = 4,
    }
}

/// Bob at home, on each of two servers, which have a channel with a password.
async fn bob_on_two_servers(limit: Limit) -> [TestSession; 2] {
    let server = TestSession::with(|config| set(limit, config));
    let mut ada = server.another_at(ELSEWHERE);
    ada.register_and_login("ada").await;
    ada.create("den", Access::Password).await;
    let mut here = server.another_at(HOME);
    let token = here.register_and_login("bob").await;
    let mut there = here.on_another_server().await.another_at(HOME);
    there.try_resume(&token).await;
    there.expect_logged_in(3);
    [here, there]
}

/// Tries, and returns why it came to nothing, and when to try again.
async fn attempt(limit: Limit, bob: &mut TestSession, number: u8) -> (DenyCode, Option<u32>) {
    let mut visitor = bob.another_at(HOME);
    let answer = match limit {
        Limit::Registrations => {
            // Taken: it counts all the same.
            visitor.try_register("ada").await;
            visitor.next()
        }
        Limit::Logins => {
            visitor
                .try_login(&format!("nobody{number}"), "battery staple")
                .await;
            visitor.next()
        }
        Limit::LoginsAtName => {
            visitor.try_login("bob", "battery staple").await;
            visitor.next()
        }
        Limit::LoginsOfStrangers => {
            let mut stranger = bob.another_at([203, 0, 113, number]);
            stranger.try_login("bob", "battery staple").await;
            stranger.next()
        }
        Limit::PasswordChanges => {
            bob.ask(change_password("battery staple", "another horse"))
                .await;
            bob.next()
        }
        Limit::FailedResumes => {
            let token = resume_token::new_token().unwrap();
            visitor.try_resume(token.expose()).await;
            visitor.next()
        }
        Limit::ChannelPasswords => {
            bob.ask(join("den", Some("battery staple"))).await;
            bob.next()
        }
    };
    match answer {
        ServerPacket::Deny {
            code,
            retry_after_ms,
            ..
        } => (code, retry_after_ms),
        other => panic!("{limit:?}: expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn what_is_tried_on_one_server_counts_on_the_others_of_its_store() {
    for (limit, left) in LIMITS {
        let mut bob = bob_on_two_servers(limit).await;
        let mut number = 0;
        for _ in 0..left {
            let (code, _) = attempt(limit, &mut bob[usize::from(number % 2)], number).await;
            assert_ne!(code, DenyCode::RateLimited, "{limit:?}, try {number}");
            number += 1;
        }
        for server in [0, 1, 0, 1] {
            number += 1;
            let (code, wait_ms) = attempt(limit, &mut bob[server], number).await;
            assert_eq!(code, DenyCode::RateLimited, "{limit:?} on server {server}");
            // No longer than one try of four takes to come back.
            let at_most = 60 * 60 * 1000 / 4;
            assert!(
                (1..=at_most).contains(&wait_ms.unwrap()),
                "{limit:?}: {wait_ms:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_change_of_a_channel_waits_for_those_of_other_servers_and_lines_do_not() {
    let [mut ada, mut bob, _eve] = TestSession::players(["ada", "bob", "eve"]).await;
    let mut there = ada.on_another_server().await;
    there.try_login("ada", "correct horse").await;
    there.expect_logged_in(2);
    let den = ChannelName::parse("den").unwrap();
    // By ada, but for what only bob can do.
    let changes = [
        (false, create("den", Access::Open, None)),
        (true, join("den", None)),
        (false, set_topic("den", "new")),
        (false, set_role("den", "bob", Role::Operator)),
        (true, leave("den")),
        (false, invite("den", "eve")),
        (true, join("den", None)),
        (false, remove("den", "bob")),
        (false, set_access("den", Access::Invite, None)),
    ];
    for (is_bobs, change) in changes {
        let name = change.name();
        let other_server = there.store().lock_channel(&den).await.unwrap();
        ada.forget_waiting();
        bob.forget_waiting();
        let (player, other) = if is_bobs {
            (&mut bob, &mut ada)
        } else {
            (&mut ada, &mut bob)
        };
        {
            let mut asking = pin!(player.ask(&change));
            assert!(asking.as_mut().now_or_never().is_none(), "{name}");
            other.chat("lobby", "hi").await;
            drop(other_server);
            asking.await;
        }
        assert_eq!(player.expect_line().text, "hi");
        let answer = player.next();
        assert!(
            !matches!(answer, ServerPacket::Deny { .. }),
            "{name}: {answer:?}"
        );
    }
}
