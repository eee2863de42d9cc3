//! Halls of the lobby, as players come in, look around and change.

use std::collections::BTreeMap;
use std::sync::Arc;

use longhall_packet::{
    Access, Change, DenyCode, Hall, LeaveReason, Role, ServerPacket, ServerRole,
};
use tokio::task::JoinSet;

use crate::admin::{self, Act, Actor, Ground, Order};
use crate::bus::loopback::Loopback;
use crate::config::Config;
use crate::handlers::test_requests::{
    ID, change_hall, chat, create, halls, history, join, leave, members, mute, rename, set_profile,
};
use crate::handlers::test_session::TestSession;
use crate::store::{Cursor, MemoryStore, SqliteStore, Store};

#[path = "halls_change_tests.rs"]
mod changing;

/// A server whose halls take in so many.
fn server(size: u32) -> TestSession {
    TestSession::with(|config| set(config, size))
}

fn set(config: &mut Config, size: u32) {
    config.lobby.size = size;
    config.rates.registrations_per_hour = 1000;
    config.rates.logins_per_minute = 1000;
    config.rates.logins_per_minute_per_name = 1000;
    config.presence.grace = std::time::Duration::ZERO;
}

impl TestSession {
    /// Logs in, and returns the hall.
    async fn enter(&mut self, name: &str) -> (String, Option<u32>) {
        self.try_login(name, "correct horse").await;
        self.expect_hall()
    }

    #[track_caller]
    fn expect_hall(&mut self) -> (String, Option<u32>) {
        match self.next() {
            ServerPacket::LoggedIn { channels, .. } => {
                let is_hall = |channel: &&longhall_packet::ChannelState| channel.hall.is_some();
                assert!(channels.iter().filter(is_hall).count() <= 1, "{channels:?}");
                (channels[0].channel.clone(), channels[0].hall)
            }
            other => panic!("expected to be logged in, got {other:?}"),
        }
    }

    /// A player on the same server who is known there, and their hall.
    async fn again(&self, name: &str) -> (Self, u32) {
        let mut player = self.another();
        let hall = player.enter(name).await.1.unwrap();
        (player, hall)
    }

    /// A new player on the same server, and their hall.
    async fn newcomer(&self, name: &str) -> (Self, u32) {
        let mut player = self.another();
        player.register(name).await;
        let hall = player.enter(name).await.1.unwrap();
        (player, hall)
    }

    /// The numbers of the halls, and who is there.
    async fn halls(&mut self) -> Vec<(u32, u32)> {
        self.forget_waiting();
        self.ask(halls()).await;
        match self.next() {
            ServerPacket::Halls { halls, .. } => {
                let named = |hall: &Hall| match hall.hall {
                    1 => "lobby".to_owned(),
                    hall => format!("lobby-{hall}"),
                };
                assert!(halls.iter().all(|hall| hall.channel == named(hall)));
                halls.iter().map(|hall| (hall.hall, hall.online)).collect()
            }
            other => panic!("expected halls, got {other:?}"),
        }
    }

    #[track_caller]
    fn expect_left(&mut self, hall: &str) {
        match self.next() {
            ServerPacket::Left {
                channel,
                reason: LeaveReason::Left,
                by: None,
            } if channel == hall => {}
            other => panic!("expected to have left {hall}, got {other:?}"),
        }
    }

    /// The texts of the lines that wait, passing over all else.
    fn lines_waiting(&mut self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        while !self.is_silent() {
            if let ServerPacket::Chat { channel, line } = self.next() {
                lines.push((channel, line.text));
            }
        }
        lines
    }
}

/// Players of a server whose halls take in two, in the order of coming.
async fn crowd<const COUNT: usize>(names: [&str; COUNT]) -> [TestSession; COUNT] {
    let server = server(2);
    let mut players = Vec::new();
    for (at, name) in names.into_iter().enumerate() {
        let (player, hall) = server.newcomer(name).await;
        assert_eq!(hall as usize, at / 2 + 1, "{name}");
        players.push(player);
    }
    for player in &mut players {
        player.tell_news();
        player.forget_waiting();
    }
    players.try_into().ok().unwrap()
}

#[tokio::test]
async fn halls_fill_one_after_the_other_and_gaps_first() {
    let [mut ada, bob, eve, _dan, zoe] = crowd(["ada", "bob", "eve", "dan", "zoe"]).await;
    assert_eq!(ada.halls().await, [(1, 2), (2, 2), (3, 1)]);
    bob.cut();
    eve.cut();
    // The first hall before the fuller one.
    assert_eq!(ada.newcomer("fay").await.1, 1);
    zoe.cut();
    assert_eq!(ada.halls().await, [(1, 1), (2, 1)]);
}

#[tokio::test]
async fn who_comes_back_gets_the_hall_of_before_while_somebody_is_there() {
    let [ada, bob, eve, dan] = crowd(["ada", "bob", "eve", "dan"]).await;
    dan.cut();
    // The first one has room as well.
    bob.cut();
    let (dan, hall) = ada.again("dan").await;
    assert_eq!(hall, 2);
    // Nobody is left there.
    dan.cut();
    eve.cut();
    assert_eq!(ada.again("dan").await.1, 1);
}

#[tokio::test]
async fn who_finds_the_hall_of_before_full_gets_another() {
    let [ada, bob, eve, dan] = crowd(["ada", "bob", "eve", "dan"]).await;
    dan.cut();
    let (_fay, hall) = ada.newcomer("fay").await;
    assert_eq!(hall, 2);
    bob.cut();
    let (_dan, hall) = eve.again("dan").await;
    assert_eq!(hall, 1);
    // All full: the smallest number that is free.
    assert_eq!(eve.again("bob").await.1, 3);
}

#[tokio::test]
async fn a_second_device_is_where_the_first_one_is() {
    let [ada, mut bob, _eve] = crowd(["ada", "bob", "eve"]).await;
    // Full, and no place is taken twice.
    assert_eq!(
        ada.another().enter("ada").await,
        ("lobby".to_owned(), Some(1))
    );
    assert_eq!(bob.halls().await, [(1, 2), (2, 1)]);
}

#[tokio::test]
async fn friends_get_a_hall_together() {
    let names = ["ada", "bob", "eve", "dan", "zoe", "fay"];
    let [ada, bob, eve, _dan, mut zoe, fay] = crowd(names).await;
    zoe.create("den", Access::Open).await;
    bob.cut();
    let (mut gus, hall) = ada.newcomer("gus").await;
    assert_eq!(hall, 1);
    gus.join("den").await;
    gus.cut();
    // The first is full, and the others have a place each.
    let (_bob, hall) = ada.again("bob").await;
    assert_eq!(hall, 1);
    eve.cut();
    fay.cut();
    let (_gus, hall) = ada.again("gus").await;
    assert_eq!(hall, 3, "where zoe is");
    assert_eq!(ada.newcomer("hal").await.1, 2, "a stranger");
}

#[tokio::test]
async fn lines_presence_and_rosters_stay_in_a_hall() {
    let [mut ada, mut bob, mut eve] = crowd(["ada", "bob", "eve"]).await;
    ada.chat("lobby", "in one").await;
    eve.chat("lobby-2", "in two").await;
    assert_eq!(
        bob.lines_waiting(),
        [("lobby".to_owned(), "in one".to_owned())]
    );
    eve.forget_waiting();
    for (player, other) in [(&mut ada, "lobby-2"), (&mut eve, "lobby")] {
        player
            .refused(history(other, Cursor::After(0), 9), DenyCode::NotAMember)
            .await;
        player
            .refused(members(other, None), DenyCode::NotAMember)
            .await;
        player.refused(leave(other), DenyCode::NotAMember).await;
    }
    eve.refused(leave("lobby-2"), DenyCode::NotAllowed).await;
    eve.ask(members("lobby-2", None)).await;
    match eve.next() {
        ServerPacket::Members { members, more, .. } => {
            assert!(!more && members.len() == 1 && members[0].username == "eve");
        }
        other => panic!("{other:?}"),
    }
    let (dan, _) = ada.newcomer("dan").await;
    ada.tell_news();
    let came = vec![(Change::Joined, "dan".to_owned())];
    assert_eq!(eve.expect_presence(), ("lobby-2".to_owned(), 2, 2, came));
    assert!(ada.is_silent());
    dan.cut();
    ada.tell_news();
    let went = vec![(Change::Left, "dan".to_owned())];
    assert_eq!(eve.expect_presence(), ("lobby-2".to_owned(), 1, 1, went));
    assert!(ada.is_silent());
}

#[tokio::test]
async fn forty_who_come_at_once_overfill_no_hall() {
    let folder = tempfile::tempdir().unwrap();
    // One that takes its time, so that they meet on the way.
    let store = SqliteStore::open(&folder.path().join("longhall.db")).unwrap();
    let server = TestSession::over(Arc::new(store), |config| set(config, 10)).await;
    let mut coming = JoinSet::new();
    for number in 0..40 {
        let mut player = server.another();
        coming.spawn(async move {
            let name = format!("player{number}");
            player.register(&name).await;
            player.enter(&name).await;
            player
        });
    }
    let mut players = coming.join_all().await;
    let mut halls: BTreeMap<u32, u32> = BTreeMap::new();
    halls.extend(players[0].halls().await);
    assert_eq!(halls.values().sum::<u32>(), 40);
    assert!(halls.values().all(|online| *online <= 10), "{halls:?}");
}

#[tokio::test]
async fn a_restart_keeps_halls_and_a_lobby_of_one_hall_ends_them() {
    let store = Arc::new(MemoryStore::default());
    let first = TestSession::over(store.clone(), |config| set(config, 1)).await;
    let mut tokens = Vec::new();
    let mut players = Vec::new();
    for (name, hall) in [("ada", "lobby"), ("bob", "lobby-2"), ("eve", "lobby-3")] {
        let mut player = first.another();
        player.register(name).await;
        player.try_login(name, "correct horse").await;
        match player.next() {
            ServerPacket::LoggedIn {
                channels,
                resume_token,
                ..
            } => {
                assert_eq!(channels[0].channel, hall);
                tokens.push(resume_token.expose().to_owned());
            }
            other => panic!("{other:?}"),
        }
        players.push(player);
    }
    drop(players);
    let again = TestSession::over(store.clone(), |config| set(config, 1)).await;
    let mut players = Vec::new();
    // The last first: nobody else is there yet.
    for (token, hall) in tokens.iter().zip([1, 2, 3]).rev() {
        let mut player = again.another();
        player.try_resume(token).await;
        assert_eq!(player.expect_hall().1, Some(hall));
        players.push(player);
    }
    let one = TestSession::over(store.clone(), |config| set(config, 0)).await;
    for name in ["ada", "bob", "eve"] {
        let mut player = one.another();
        assert_eq!(player.enter(name).await, ("lobby".to_owned(), None));
        players.push(player);
        let user = store.user_by_name(name).await.unwrap().unwrap().id;
        let mine = store.memberships(user).await.unwrap();
        assert_eq!(mine[0].channel.hall, Some(1), "{name}");
    }
}

#[tokio::test]
async fn a_channel_of_players_with_the_name_of_a_hall_is_passed_over() {
    let store = Arc::new(MemoryStore::default());
    let server = TestSession::over(store.clone(), |config| set(config, 1)).await;
    let (mut ada, _) = server.newcomer("ada").await;
    for name in ["lobby-2", "lobby-77", "l0bby-2"] {
        ada.refused(create(name, Access::Open, None), DenyCode::ChannelTaken)
            .await;
    }
    ada.create("lobby-x", Access::Open).await;
    // From before there were halls.
    let me = store.user_by_name("ada").await.unwrap().unwrap().id;
    let theirs = crate::store::NewChannel {
        name: longhall_packet::ChannelName::parse("lobby-2").unwrap(),
        topic: String::new(),
        access: Access::Open,
        password_hash: None,
        owner: me,
        channels_per_account: 9,
        now_ms: 1,
    };
    store.insert_channel(theirs).await.unwrap();
    assert_eq!(server.newcomer("bob").await.1, 3);
    ada.refused(change_hall("lobby-2"), DenyCode::UnknownChannel)
        .await;
    let mine = store.memberships(me).await.unwrap();
    assert!(mine.iter().any(|mine| mine.role == Role::Owner));
}

/// Waits for what the servers bring about by themselves.
async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(20), waiting).await;
    waited.expect("it comes about");
}
