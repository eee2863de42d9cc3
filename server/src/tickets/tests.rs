//! Tickets of a server that runs, and what becomes of its keys in time.

use std::sync::Arc;
use std::time::Duration;

use longhall_packet::{DenyCode, ServerPacket, ServerRole};
use longhall_ticket::{Claims, Fault, Keys, check};

use super::keys::{self, AHEAD_MS};
use super::seconds;
use crate::handlers::test_requests::{ID, guest, request_ticket};
use crate::handlers::test_session::TestSession;
use crate::store::{MemoryStore, Store, Tickets as _};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const HOUR_MS: i64 = AHEAD_MS;

/// A ticket for the arena, and when it ends.
async fn ticket(player: &mut TestSession) -> (String, u64) {
    player.ask(request_ticket("arena")).await;
    match player.next() {
        ServerPacket::Ticket {
            id: ID,
            ticket,
            expires_at_ms,
        } => (ticket.expose().to_owned(), expires_at_ms),
        other => panic!("no ticket: {other:?}"),
    }
}

/// What a game's server makes of it, which has the keys of that moment.
async fn checked(at: &TestSession, ticket: &str) -> Result<Claims, Fault> {
    let server = at.server();
    let keys = Keys::parse(&server.tickets.jwks().await.unwrap()).unwrap();
    check(ticket, &keys, "arena", seconds(server.clock.now_ms()))
}

async fn redeemed(at: &TestSession, ticket: &str) -> Result<Claims, Fault> {
    at.server().tickets.redeem(ticket, "arena").await.unwrap()
}

#[tokio::test]
async fn a_ticket_says_who_asked_and_for_whom() {
    let mut ada = TestSession::player("Ada").await;
    let (first, expires_at_ms) = ticket(&mut ada).await;
    let claims = checked(&ada, &first).await.unwrap();
    assert_eq!(
        (claims.name.as_str(), claims.role.as_str()),
        ("Ada", "player")
    );
    assert_eq!((claims.aud.as_str(), claims.guest), ("arena", false));
    assert_eq!(claims.iss, ada.store().epoch());
    assert_eq!(claims.exp, claims.iat + 60);
    assert_eq!(expires_at_ms, claims.exp * 1000);
    // 128 bits, not the same twice; the account is the same.
    assert_eq!(claims.jti.len(), 22);
    ada.appoint("ada", ServerRole::Moderator).await;
    ada.forget_waiting();
    let (second, _) = ticket(&mut ada).await;
    let again = checked(&ada, &second).await.unwrap();
    assert_eq!(
        (&again.sub, again.role.as_str()),
        (&claims.sub, "moderator")
    );
    assert_ne!(again.jti, claims.jti);
}

#[tokio::test]
async fn a_guest_gets_a_ticket_that_says_so_and_who_is_logged_out_none() {
    let mut zoe = TestSession::with(|config| config.gates.guests = true);
    zoe.refused(request_ticket("arena"), DenyCode::NotLoggedIn)
        .await;
    zoe.ask(guest("zoe")).await;
    assert!(matches!(
        zoe.next(),
        ServerPacket::LoggedIn { guest: true, .. }
    ));
    let (ticket, _) = ticket(&mut zoe).await;
    assert!(checked(&zoe, &ticket).await.unwrap().guest);
}

#[tokio::test]
async fn the_operator_says_how_long_a_ticket_is_good() {
    let change = |config: &mut crate::Config| {
        config.tickets.ticket_lifetime = Duration::from_secs(10);
    };
    let [mut ada] = TestSession::players_with(change, ["ada"]).await;
    let (ticket, _) = ticket(&mut ada).await;
    let claims = checked(&ada, &ticket).await.unwrap();
    assert_eq!(claims.exp, claims.iat + 10);
    // And ten seconds for clocks that differ.
    ada.step_clock(Duration::from_secs(19));
    assert!(checked(&ada, &ticket).await.is_ok());
    ada.step_clock(Duration::from_secs(2));
    assert_eq!(checked(&ada, &ticket).await, Err(Fault::Expired));
    assert_eq!(redeemed(&ada, &ticket).await, Err(Fault::Expired));
}

#[tokio::test]
async fn a_ticket_is_redeemed_once_on_whatever_server() {
    let mut ada = TestSession::player("ada").await;
    let elsewhere = ada.on_another_server().await;
    let (first, _) = ticket(&mut ada).await;
    let wrong = ada.server().tickets.redeem(&first, "aren").await.unwrap();
    assert_eq!(wrong, Err(Fault::WrongAudience));
    // Another server of the store checks by the same keys, and knows that it is used.
    assert_eq!(redeemed(&elsewhere, &first).await.unwrap().name, "ada");
    assert_eq!(redeemed(&ada, &first).await, Err(Fault::Used));
    assert_eq!(redeemed(&elsewhere, &first).await, Err(Fault::Used));
    let (second, _) = ticket(&mut ada).await;
    let both = tokio::join!(redeemed(&ada, &second), redeemed(&elsewhere, &second));
    assert!(both.0.is_ok() != both.1.is_ok(), "{both:?}");
}

#[tokio::test]
async fn who_made_keys_void_makes_void_what_they_signed() {
    let mut ada = TestSession::player("ada").await;
    let (before, _) = ticket(&mut ada).await;
    let now_ms = ada.server().clock.now_ms();
    keys::rotate_now(&*ada.store(), now_ms).await.unwrap();
    ada.server().tickets.forget().await;
    assert_eq!(redeemed(&ada, &before).await, Err(Fault::UnknownKey));
    let (after, _) = ticket(&mut ada).await;
    assert!(redeemed(&ada, &after).await.is_ok());
}

/// The keys that a server with this clock tells, and which of them signs.
async fn told(store: &dyn Store, now_ms: i64) -> (Vec<String>, String) {
    let known = keys::current(store, 30 * DAY, now_ms).await.unwrap();
    let signs = keys::signing(&known, now_ms).unwrap().key.id().to_owned();
    let names = known.iter().map(|one| one.key.id().to_owned()).collect();
    (names, signs)
}

/// At no time does a key sign that was not told an hour before, or is one not told that has
/// signed within the hour.
#[tokio::test]
async fn a_game_server_with_the_keys_of_an_hour_ago_knows_the_one_that_signs() {
    let store = Arc::new(MemoryStore::default());
    let minutes = |count: i64| count * 60 * 1000;
    let (mut signed, mut log) = (Vec::new(), Vec::new());
    let start = 1_700_000_000_000;
    for minute in (0..100 * 24 * 60).step_by(7) {
        let now_ms = start + minutes(minute);
        let (names, signs) = told(&*store, now_ms).await;
        assert!(names.len() <= 2, "{names:?}");
        log.push((now_ms, names.clone()));
        let hour_ago = log
            .iter()
            .rev()
            .find(|(at, _)| *at <= now_ms - HOUR_MS + minutes(7));
        if let Some((_, then)) = hour_ago {
            assert!(then.contains(&signs), "day {}", minute / 24 / 60);
        }
        let lately = log.len().saturating_sub(7);
        signed.push(signs);
        for one in &signed[lately..] {
            assert!(names.contains(one), "day {}", minute / 24 / 60);
        }
    }
    signed.dedup();
    assert_eq!(signed.len(), 4, "a hundred days, by thirty");
}

#[tokio::test]
async fn a_rotation_that_is_asked_for_takes_an_hour_too() {
    let store = MemoryStore::default();
    let now_ms = 1_700_000_000_000;
    let (_, first) = told(&store, now_ms).await;
    let from_ms = keys::rotate(&store, now_ms).await.unwrap();
    assert_eq!(from_ms, now_ms + HOUR_MS);
    let (names, signs) = told(&store, now_ms).await;
    assert_eq!((names.len(), &signs), (2, &first));
    let (_, signs) = told(&store, from_ms).await;
    assert_ne!(signs, first);
    let (names, _) = told(&store, from_ms + HOUR_MS).await;
    assert_eq!(names, [signs]);
    assert_eq!(store.ticket_keys().await.unwrap().len(), 1);
    // A second one before the first has begun comes behind it.
    keys::rotate(&store, from_ms + DAY_MS).await.unwrap();
    let second = keys::rotate(&store, from_ms + DAY_MS).await.unwrap();
    assert_eq!(second, from_ms + DAY_MS + HOUR_MS + 1);
}

#[tokio::test]
async fn servers_of_one_store_agree_on_a_first_key() {
    let mut ada = TestSession::player("ada").await;
    let elsewhere = ada.on_another_server().await;
    let (one, other) = tokio::join!(
        ada.server().tickets.jwks(),
        elsewhere.server().tickets.jwks()
    );
    assert_eq!(one.unwrap(), other.unwrap());
    let (ticket, _) = ticket(&mut ada).await;
    assert!(checked(&elsewhere, &ticket).await.is_ok());
}
