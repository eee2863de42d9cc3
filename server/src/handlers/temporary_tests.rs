//! Temporary channels: whom they keep out, other servers, and clocks that are wrong.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use longhall_packet::{
    ChannelCode, ChannelName, ChannelState, ClientPacket, DenyCode, LeaveReason, ServerPacket,
    Temporary, Topic,
};
use tokio::time::Instant;

use super::test_requests::{
    ID, ban, create_temporary, end_channel, join_by_code, logout, set_topic,
};
use super::test_session::TestSession;
use crate::bus::loopback::Loopback;
use crate::clock::now_ms;
use crate::config::Config;
use crate::store::{Created, MemoryStore, NewTemporary, Seen, Store, Temporaries, UserId};
use crate::temporary::{self, Away};

const HOUR: Duration = Duration::from_secs(3600);
const WEEK_MS: i64 = 7 * 24 * 3600 * 1000;

async fn made(player: &mut TestSession, name: Option<&str>) -> ChannelState {
    player
        .ask(create_temporary(name, Some(8), Some(3600)))
        .await;
    player.expect_joined(Some(ID))
}

fn code(channel: &ChannelState) -> String {
    channel.temporary.as_ref().unwrap().code.expose().to_owned()
}

async fn look(player: &TestSession, away: &mut Away, now: Instant) {
    temporary::look(player.server(), away, now).await.unwrap();
}

async fn is_member(player: &TestSession, name: &str, channel: &str) -> bool {
    let store = player.store();
    let user = store.user_by_name(name).await.unwrap().unwrap().id;
    let all = store.memberships(user).await.unwrap();
    all.iter().any(|one| one.channel.name.as_str() == channel)
}

#[tokio::test]
async fn its_name_and_topic_obey_the_rules_of_other_channels() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words");
    std::fs::write(&file, "spam\n").unwrap();
    let set = |config: &mut Config| config.names.blocked_words = Some(file);
    let [mut ada] = TestSession::players_with(set, ["ada"]).await;
    for name in ["lobby", "l0bby", "IobbY", "spam"] {
        ada.refused(
            create_temporary(Some(name), None, None),
            DenyCode::ChannelTaken,
        )
        .await;
    }
    ada.ask(ClientPacket::CreateTemporary {
        id: ID,
        channel: None,
        topic: Topic::parse("spam or ham").unwrap(),
        max_members: None,
        lasts_s: None,
    })
    .await;
    let party = ada.expect_joined(Some(ID));
    assert_eq!(party.topic, "**** or ham");
    ada.done(set_topic(&party.channel, "ham")).await;
}

#[tokio::test]
async fn who_creates_one_after_the_other_has_to_wait() {
    let set = |config: &mut Config| config.rates.creations_per_hour = 1;
    let [mut ada] = TestSession::players_with(set, ["ada"]).await;
    made(&mut ada, None).await;
    ada.refused(create_temporary(None, None, None), DenyCode::RateLimited)
        .await;
}

#[tokio::test]
async fn guessing_codes_with_many_accounts_from_one_place_has_to_wait() {
    let set = |config: &mut Config| {
        config.rates.channel_passwords_per_minute = 2;
        config.rates.registrations_per_hour = 1000;
    };
    let server = TestSession::with(set);
    let mut told = Vec::new();
    for number in 0..100 {
        let mut guesser = server.another_at([192, 0, 2, 1]);
        guesser
            .register_and_login(&format!("guesser-{number}"))
            .await;
        guesser.ask(join_by_code("0000-0000")).await;
        let ServerPacket::Deny { code, .. } = guesser.next() else {
            panic!("not refused")
        };
        told.push(code);
        if code == DenyCode::RateLimited {
            break;
        }
    }
    assert_eq!(told.first(), Some(&DenyCode::UnknownCode));
    assert_eq!(told.last(), Some(&DenyCode::RateLimited), "{told:?}");
    // From elsewhere it is another matter.
    let mut bob = server.another_at([198, 51, 100, 1]);
    bob.register_and_login("bob").await;
    bob.refused(join_by_code("0000-0000"), DenyCode::UnknownCode)
        .await;
}

#[tokio::test]
async fn who_is_banned_from_it_does_not_come_back_by_the_code() {
    let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
    let party = made(&mut ada, Some("finals")).await;
    bob.ask(join_by_code(&code(&party))).await;
    bob.expect_joined(Some(ID));
    ada.ask(ban("bob", Some("finals"), None, "unfair")).await;
    while bob.next() != left(&party, LeaveReason::Removed, Some("ada")) {}
    bob.forget_waiting();
    bob.refused(join_by_code(&code(&party)), DenyCode::Banned)
        .await;
}

fn left(channel: &ChannelState, reason: LeaveReason, by: Option<&str>) -> ServerPacket {
    ServerPacket::Left {
        channel: channel.channel.clone(),
        reason,
        by: by.map(str::to_owned),
    }
}

#[tokio::test]
async fn to_be_away_twice_for_half_the_time_is_not_to_be_away_for_too_long() {
    let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
    let party = made(&mut ada, None).await;
    bob.ask(join_by_code(&code(&party))).await;
    bob.expect_joined(Some(ID));
    let (mut away, start) = (Away::default(), Instant::now());
    let at = |seconds| start + Duration::from_secs(seconds);
    bob.done(logout()).await;
    look(&ada, &mut away, at(0)).await;
    let mut back = bob.another();
    back.try_login("bob", "correct horse").await;
    look(&ada, &mut away, at(30)).await;
    back.forget_waiting();
    back.done(logout()).await;
    for seconds in [40, 99] {
        look(&ada, &mut away, at(seconds)).await;
        assert!(is_member(&ada, "bob", &party.channel).await, "{seconds}");
    }
    look(&ada, &mut away, at(100)).await;
    assert!(!is_member(&ada, "bob", &party.channel).await);
}

#[tokio::test]
async fn who_comes_back_at_the_last_moment_stays() {
    let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
    let party = made(&mut ada, Some("finals")).await;
    bob.ask(join_by_code(&code(&party))).await;
    bob.expect_joined(Some(ID));
    bob.done(logout()).await;
    let (mut away, start) = (Away::default(), Instant::now());
    look(&ada, &mut away, start).await;
    let finals = ChannelName::parse("finals").unwrap();
    let other_change = ada.store().lock_channel(&finals).await.unwrap();
    {
        let late = start + Duration::from_secs(60);
        let mut looking = pin!(look(&ada, &mut away, late));
        assert!(
            looking.as_mut().now_or_never().is_none(),
            "bob is taken out"
        );
        let mut back = bob.another();
        back.try_login("bob", "correct horse").await;
        drop(other_change);
        looking.await;
        back.cut();
    }
    assert!(is_member(&ada, "bob", "finals").await);
}

#[tokio::test]
async fn its_end_waits_for_changes_that_other_servers_make() {
    let [mut ada, _bob] = TestSession::players(["ada", "bob"]).await;
    made(&mut ada, Some("finals")).await;
    let finals = ChannelName::parse("finals").unwrap();
    let other_change = ada.store().lock_channel(&finals).await.unwrap();
    {
        let mut ending = pin!(ada.ask(end_channel("finals")));
        assert!(ending.as_mut().now_or_never().is_none());
        drop(other_change);
        ending.await;
    }
    assert!(matches!(ada.next(), ServerPacket::Left { .. }));
    ada.expect_ok(ID);
}

/// A code of its own for each number.
fn numbered(number: u8) -> ChannelCode {
    let mut bytes = [0; ChannelCode::CHARS];
    bytes[..2].copy_from_slice(&[number % 16, number / 16]);
    ChannelCode::from_bytes(&bytes)
}

/// A store with an account's channels, as many, which end at some time.
async fn with_channels(count: u8, ends_at_ms: i64) -> (Arc<MemoryStore>, UserId) {
    let store = Arc::<MemoryStore>::default();
    let mut ada = TestSession::over(store.clone(), |_| {}).await;
    ada.register_and_login("ada").await;
    ada.done(logout()).await;
    let owner = store.user_by_name("ada").await.unwrap().unwrap().id;
    for number in 0..count {
        let new = NewTemporary {
            name: ChannelName::parse(&format!("match-{number}")).unwrap(),
            topic: String::new(),
            temporary: Temporary {
                code: numbered(number),
                max_members: 8,
                ends_at_ms: ends_at_ms.unsigned_abs(),
            },
            owner: Some(owner),
            members: Vec::new(),
            channels_per_account: 1000,
            now_ms: 1,
        };
        let made = store.insert_temporary(new).await.unwrap();
        assert!(matches!(made, Created::Channel(_)), "{made:?}");
    }
    (store, owner)
}

#[tokio::test]
async fn however_many_are_over_one_look_ends_them() {
    let (store, owner) = with_channels(250, 1).await;
    let visitor = TestSession::over(store.clone(), |_| {}).await;
    // The lobby is one of them, and is left.
    assert_eq!(store.memberships(owner).await.unwrap().len(), 251);
    look(&visitor, &mut Away::default(), Instant::now()).await;
    assert_eq!(store.memberships(owner).await.unwrap().len(), 1);
}

/// The server believes what it saw last, and time that passes, rather than such a clock.
fn believes(believed_ms: i64) -> Seen {
    Seen {
        believed_ms: Some(believed_ms),
        doubt: None,
    }
}

/// As with a clock that is a week ahead since the last start, and as with a backup of a week ago
/// that is put back: the server cannot tell one from the other.
#[tokio::test]
async fn a_clock_that_is_ahead_ends_none_at_once_nor_keeps_one_for_good() {
    let a_week_ago = now_ms() - WEEK_MS;
    let hour_ms = i64::try_from(HOUR.as_millis()).unwrap();
    let (store, _) = with_channels(1, a_week_ago + hour_ms).await;
    store.set_seen(believes(a_week_ago)).await.unwrap();
    let set = |config: &mut Config| config.history.clock_wait = 10 * HOUR;
    let mut ada = TestSession::over(store.clone(), set).await;
    ada.try_login("ada", "correct horse").await;
    ada.next();
    let mut bob = ada.another();
    bob.register_and_login("bob").await;
    bob.ask(join_by_code(numbered(0).expose())).await;
    bob.expect_joined(Some(ID));
    let mut away = Away::default();
    // The believed time goes on twice as fast as time passes.
    ada.step_clock(HOUR * 2 / 5);
    look(&ada, &mut away, Instant::now()).await;
    assert!(is_member(&ada, "bob", "match-0").await);
    ada.step_clock(HOUR / 5);
    look(&ada, &mut away, Instant::now()).await;
    assert!(!is_member(&ada, "bob", "match-0").await);
}

/// What a backup has brought back is no party any more: nobody of it is there.
#[tokio::test]
async fn what_a_backup_brings_back_is_gone_when_nobody_comes_back_to_it() {
    let a_week_ago = now_ms() - WEEK_MS;
    let hour_ms = i64::try_from(HOUR.as_millis()).unwrap();
    let (store, owner) = with_channels(3, a_week_ago + hour_ms).await;
    store.set_seen(believes(a_week_ago)).await.unwrap();
    let visitor = TestSession::over(store.clone(), |_| {}).await;
    let (mut away, start) = (Away::default(), Instant::now());
    for (seconds, left) in [(0, 4), (59, 4), (60, 1)] {
        look(&visitor, &mut away, start + Duration::from_secs(seconds)).await;
        let channels = store.memberships(owner).await.unwrap();
        assert_eq!(channels.len(), left, "after {seconds} s");
    }
    assert!(store.temporary_members(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_that_is_made_while_the_clock_is_behind_lasts_as_long_as_it_should() {
    let store = Arc::<MemoryStore>::default();
    store.set_seen(believes(now_ms() + WEEK_MS)).await.unwrap();
    let mut ada = TestSession::over(store, |_| {}).await;
    ada.register_and_login("ada").await;
    let party = made(&mut ada, None).await;
    let mut away = Away::default();
    look(&ada, &mut away, Instant::now()).await;
    ada.expect_nothing();
    // As if it were set right: it says now what was believed, and half an hour more.
    let week = Duration::from_millis(WEEK_MS.unsigned_abs());
    ada.step_clock(week + HOUR / 2);
    look(&ada, &mut away, Instant::now()).await;
    assert!(is_member(&ada, "ada", &party.channel).await);
    ada.step_clock(HOUR);
    look(&ada, &mut away, Instant::now()).await;
    assert!(!is_member(&ada, "ada", &party.channel).await);
}

/// Who comes to another server in the meantime is not heard of here.
#[tokio::test]
async fn while_the_bus_is_away_nobody_of_another_server_is_away() {
    let (store, bus) = (Arc::<MemoryStore>::default(), Loopback::default());
    let mut ada = TestSession::in_cluster(store.clone(), bus.join(), |_| {}).await;
    let mut bob = TestSession::in_cluster(store.clone(), bus.join(), |_| {}).await;
    ada.register_and_login("ada").await;
    let party = made(&mut ada, None).await;
    bus.set_up(false);
    bob.register_and_login("bob").await;
    bob.ask(join_by_code(&code(&party))).await;
    while !matches!(bob.await_next().await, ServerPacket::Joined { .. }) {}
    let user = store.user_by_name("bob").await.unwrap().unwrap().id;
    let looks_absent = ada.hub().absent(std::iter::once(user));
    assert!(looks_absent.contains(&user));
    let (mut away, start) = (Away::default(), Instant::now());
    for seconds in [0, 600] {
        look(&ada, &mut away, start + Duration::from_secs(seconds)).await;
        assert!(is_member(&ada, "bob", &party.channel).await, "{seconds}");
    }
}
