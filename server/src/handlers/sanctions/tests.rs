use std::time::Duration;

use longhall_packet::{
    Access, CloseReason, DenyCode, LineKind, Role, SanctionKind, ServerPacket, ServerRole,
};

use crate::handlers::test_requests::{
    ban, delete_lines, edit, join, kick, lift, mute, sanctions, set_presence, set_role, set_topic,
};
use crate::handlers::test_session::TestSession;
use crate::store::Cursor;

/// Ada, a moderator, and Bob, who is none.
async fn ada_and_bob() -> [TestSession; 2] {
    let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
    ada.appoint("ada", ServerRole::Moderator).await;
    ada.forget_waiting();
    bob.forget_waiting();
    [ada, bob]
}

/// The next packet tells of a sanction; its time in seconds from now, rounded.
fn expect_sanctioned(player: &mut TestSession, kind: SanctionKind) -> Option<u64> {
    match player.next() {
        ServerPacket::Sanctioned { sanction } => {
            assert_eq!(sanction.sanction, kind);
            sanction
                .until_ms
                .map(|until_ms| seconds_left(player, until_ms))
        }
        other => panic!("{other:?}"),
    }
}

fn seconds_left(player: &TestSession, until_ms: u64) -> u64 {
    let now_ms = player.server().clock.now_ms().unsigned_abs();
    (until_ms - now_ms).div_ceil(1000)
}

/// What a moderator is answered: the time in seconds from now, rounded.
fn expect_set(moderator: &mut TestSession) -> Option<u64> {
    match moderator.next() {
        ServerPacket::SanctionSet { sanction, .. } => {
            let until_ms = sanction.until_ms;
            until_ms.map(|until_ms| seconds_left(moderator, until_ms))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_muted_player_reads_on_and_is_told_until_when_and_why() {
    let [mut ada, mut bob] = ada_and_bob().await;
    ada.ask(mute("bob", None, Some(600), "spam")).await;
    assert_eq!(expect_set(&mut ada), Some(600));
    assert_eq!(expect_sanctioned(&mut bob, SanctionKind::Mute), Some(600));
    bob.say("lobby", "hey").await;
    match bob.next() {
        ServerPacket::Deny {
            code,
            retry_after_ms,
            sanction: Some(sanction),
            ..
        } => {
            assert_eq!(code, DenyCode::Muted);
            assert_eq!(sanction.reason, "spam");
            assert!(retry_after_ms.is_some_and(|ms| (1..=600_000).contains(&ms)));
        }
        other => panic!("{other:?}"),
    }
    bob.refused(edit("lobby", 1, "x"), DenyCode::Muted).await;
    ada.chat("lobby", "listen").await;
    assert_eq!(bob.expect_line().text, "listen");
    ada.step_clock(Duration::from_secs(601));
    bob.chat("lobby", "I am back").await;
}

#[tokio::test]
async fn a_mute_in_a_channel_holds_there_alone() {
    let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
    ada.create("den", Access::Open).await;
    bob.join("den").await;
    ada.forget_waiting();
    ada.ask(mute("bob", Some("den"), Some(0), "")).await;
    assert_eq!(expect_set(&mut ada), None);
    assert_eq!(expect_sanctioned(&mut bob, SanctionKind::Mute), None);
    bob.say("den", "hey").await;
    bob.expect_deny(Some(6), DenyCode::Muted);
    bob.refused(set_topic("den", "mine"), DenyCode::Muted).await;
    bob.chat("lobby", "hey").await;
    ada.forget_waiting();
    ada.done(lift("bob", SanctionKind::Mute, Some("den"))).await;
    assert!(matches!(bob.next(), ServerPacket::SanctionLifted { .. }));
    bob.chat("den", "thanks").await;
}

#[tokio::test]
async fn each_mute_without_a_time_is_longer_than_the_one_before() {
    let [mut ada, _bob] = ada_and_bob().await;
    for seconds in [600, 3600, 86_400] {
        ada.ask(mute("bob", None, None, "")).await;
        assert_eq!(expect_set(&mut ada), Some(seconds));
    }
    // What was long ago counts no more.
    ada.step_clock(Duration::from_secs(91 * 24 * 60 * 60));
    ada.ask(mute("bob", None, None, "")).await;
    assert_eq!(expect_set(&mut ada), Some(600));
}

#[tokio::test]
async fn a_banned_player_is_closed_with_the_reason_and_does_not_come_back() {
    let [mut ada, bob] = ada_and_bob().await;
    ada.ask(ban("bob", None, Some(3600), "cheating")).await;
    assert_eq!(expect_set(&mut ada), Some(3600));
    bob.expect_closed(CloseReason::Banned);
    let told = CloseReason::Banned
        .sanction_in(&bob.closing_text())
        .unwrap();
    assert_eq!(told.reason, "cheating");
    assert!(told.until_ms.is_some());
    let mut again = bob.another();
    again.try_login("bob", "correct horse").await;
    match again.next() {
        ServerPacket::Deny {
            code,
            sanction: Some(sanction),
            ..
        } => assert_eq!(
            (code, sanction.reason.as_str()),
            (DenyCode::Banned, "cheating")
        ),
        other => panic!("{other:?}"),
    }
    ada.done(lift("bob", SanctionKind::Ban, None)).await;
    again.try_login("bob", "correct horse").await;
    assert!(matches!(again.next(), ServerPacket::LoggedIn { .. }));
}

#[tokio::test]
async fn nobody_registers_for_a_while_from_where_a_banned_player_came() {
    let [mut ada, _] = ada_and_bob().await;
    let mut mallory = ada.another_at([203, 0, 113, 7]);
    mallory.register_and_login("mallory").await;
    ada.forget_waiting();
    ada.ask(ban("mallory", None, Some(0), "")).await;
    expect_set(&mut ada);
    mallory.expect_closed(CloseReason::Banned);
    let mut next_account = ada.another_at([203, 0, 113, 7]);
    next_account.try_register("mallory2").await;
    let wait_ms = next_account.expect_deny(Some(1), DenyCode::Banned);
    assert!(wait_ms.is_some_and(|ms| ms <= 86_400_000), "{wait_ms:?}");
    ada.another_at([203, 0, 113, 8]).register("elsewhere").await;
    ada.step_clock(Duration::from_secs(86_401));
    next_account.register("mallory2").await;
}

#[tokio::test]
async fn a_ban_from_a_channel_takes_out_and_keeps_out() {
    let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
    ada.create("den", Access::Open).await;
    bob.join("den").await;
    ada.forget_waiting();
    ada.ask(ban("bob", Some("den"), Some(0), "rude")).await;
    assert!(matches!(bob.next(), ServerPacket::Left { .. }));
    assert_eq!(expect_sanctioned(&mut bob, SanctionKind::Ban), None);
    bob.refused(join("den", None), DenyCode::Banned).await;
    expect_set(&mut ada);
    ada.done(lift("bob", SanctionKind::Ban, Some("den"))).await;
    assert!(matches!(bob.next(), ServerPacket::SanctionLifted { .. }));
    bob.join("den").await;
}

#[tokio::test]
async fn a_kick_ends_all_sessions_and_says_why() {
    let [mut ada, mut bob] = ada_and_bob().await;
    let tablet = bob.another_device("bob").await;
    bob.forget_waiting();
    ada.ask(kick("bob", None, "cool down")).await;
    expect_set(&mut ada);
    for device in [&bob, &tablet] {
        device.expect_closed(CloseReason::Kicked);
        assert_eq!(device.closing_text(), "kicked: cool down");
    }
}

#[tokio::test]
async fn players_sanction_nobody_and_moderators_nobody_above_them() {
    let [mut ada, mut bob] = ada_and_bob().await;
    bob.refused(mute("ada", None, None, ""), DenyCode::NotAllowed)
        .await;
    bob.refused(kick("nobody", None, ""), DenyCode::NotAllowed)
        .await;
    bob.refused(sanctions("ada"), DenyCode::NotAllowed).await;
    bob.refused(delete_lines(None, "ada", None), DenyCode::NotAllowed)
        .await;
    bob.refused(mute("ada", Some("lobby"), None, ""), DenyCode::NotAllowed)
        .await;
    ada.refused(mute("ada", None, None, ""), DenyCode::NotYourself)
        .await;
    ada.refused(mute("nobody", None, None, ""), DenyCode::UnknownUser)
        .await;
    ada.refused(kick("bob", Some("lobby"), ""), DenyCode::NotAllowed)
        .await;
    ada.appoint("bob", ServerRole::Admin).await;
    bob.forget_waiting();
    ada.refused(ban("bob", None, None, ""), DenyCode::NotAllowed)
        .await;
    bob.ask(kick("ada", None, "")).await;
    ada.expect_closed(CloseReason::Kicked);
}

#[tokio::test]
async fn an_operator_of_a_channel_mutes_members_below() {
    let [mut ada, mut bob, mut eve] = TestSession::players(["ada", "bob", "eve"]).await;
    ada.create("den", Access::Open).await;
    for player in [&mut bob, &mut eve] {
        player.join("den").await;
    }
    ada.done(set_role("den", "bob", Role::Operator)).await;
    bob.forget_waiting();
    bob.refused(mute("ada", Some("den"), None, ""), DenyCode::NotAllowed)
        .await;
    bob.refused(mute("eve", None, None, ""), DenyCode::NotAllowed)
        .await;
    bob.ask(mute("eve", Some("den"), None, "")).await;
    assert_eq!(expect_set(&mut bob), Some(600));
    eve.forget_waiting();
    eve.refused(mute("bob", Some("den"), None, ""), DenyCode::NotAllowed)
        .await;
}

#[tokio::test]
async fn all_that_a_player_said_since_a_time_is_deleted_everywhere() {
    let [mut ada, mut bob] = ada_and_bob().await;
    bob.create("den", Access::Open).await;
    bob.chat("lobby", "long ago").await;
    ada.step_clock(Duration::from_secs(7200));
    for channel in ["lobby", "den"] {
        bob.chat(channel, "spam").await;
    }
    ada.forget_waiting();
    ada.ask(delete_lines(None, "bob", Some(3600))).await;
    ada.tell_news();
    let count = std::iter::from_fn(|| Some(ada.next())).find_map(|packet| match packet {
        ServerPacket::LinesDeleted { count, more, .. } => Some((count, more)),
        _ => None,
    });
    assert_eq!(count, Some((2, false)));
    bob.forget_waiting();
    let kinds = |lines: Vec<longhall_packet::Line>| -> Vec<_> {
        lines.into_iter().map(|line| line.kind).collect()
    };
    let (lines, _) = bob.history("lobby", Cursor::Newest, 10).await;
    assert_eq!(
        kinds(lines),
        [LineKind::Said, LineKind::Deleted, LineKind::Deletion]
    );
    let (lines, _) = bob.history("den", Cursor::Newest, 10).await;
    assert_eq!(kinds(lines), [LineKind::Deleted, LineKind::Deletion]);
}

#[tokio::test]
async fn a_moderator_reads_what_was_ever_set_on_a_player() {
    let [mut ada, mut bob] = ada_and_bob().await;
    ada.ask(mute("bob", None, Some(60), "first")).await;
    expect_set(&mut ada);
    ada.done(lift("bob", SanctionKind::Mute, None)).await;
    ada.ask(mute("bob", None, Some(60), "second")).await;
    expect_set(&mut ada);
    ada.ask(sanctions("Bob")).await;
    match ada.next() {
        ServerPacket::Sanctions {
            sanctions,
            username,
            ..
        } => {
            assert_eq!(username, "bob");
            let told: Vec<_> = sanctions
                .iter()
                .map(|one| (one.sanction.reason.as_str(), one.by.as_str(), one.holds))
                .collect();
            assert_eq!(told, [("second", "ada", true), ("first", "ada", false)]);
        }
        other => panic!("{other:?}"),
    }
    bob.forget_waiting();
    let away = set_presence(longhall_packet::PresenceState::Away, "");
    bob.done(away).await;
    let tablet = bob.another();
    let mut tablet = tablet;
    tablet.try_login("bob", "correct horse").await;
    match tablet.next() {
        ServerPacket::LoggedIn { sanctions, .. } => assert_eq!(sanctions[0].reason, "second"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_friend_with_a_channel_does_not_make_the_next_mute_shorter() {
    let [mut ada, mut bob] = ada_and_bob().await;
    ada.ask(mute("bob", None, None, "first")).await;
    assert_eq!(expect_set(&mut ada), Some(600));
    bob.forget_waiting();
    let mut eve = ada.another();
    eve.register_and_login("eve").await;
    eve.create("den", Access::Open).await;
    eve.ask(mute("bob", Some("den"), Some(1), "")).await;
    expect_set(&mut eve);
    let store = ada.store();
    let bob = store.user_by_name("bob").await.unwrap().unwrap().id;
    let of_eve = store.past_sanctions(bob, 0, 1000).await.unwrap();
    let of_eve = of_eve[0].sanction.clone();
    assert!(of_eve.on.channel().is_some());
    for _ in 0..1000 {
        store.set_sanction(of_eve.clone(), None).await.unwrap();
    }
    ada.forget_waiting();
    ada.ask(mute("bob", None, None, "second")).await;
    assert_eq!(expect_set(&mut ada), Some(3600));
    ada.ask(sanctions("bob")).await;
    let ServerPacket::Sanctions { sanctions, .. } = ada.next() else {
        panic!("no sanctions");
    };
    assert_eq!(sanctions.len(), 50);
    let reasons = sanctions.iter().map(|one| one.sanction.reason.as_str());
    let told: Vec<_> = reasons.filter(|reason| !reason.is_empty()).collect();
    assert_eq!(told, ["second", "first"]);
}

#[tokio::test]
async fn who_keeps_order_in_a_channel_alone_does_so_some_times_a_minute() {
    let [mut ada, mut bob] = ada_and_bob().await;
    bob.create("den", Access::Open).await;
    let mut eve = bob.another();
    eve.register_and_login("eve").await;
    for _ in 0..15 {
        bob.ask(mute("eve", Some("den"), Some(60), "")).await;
        bob.done(lift("eve", SanctionKind::Mute, Some("den"))).await;
    }
    let again = mute("eve", Some("den"), Some(60), "");
    bob.refused(again, DenyCode::RateLimited).await;
    bob.refused(
        lift("eve", SanctionKind::Mute, Some("den")),
        DenyCode::RateLimited,
    )
    .await;
    // A moderator has all the server to look after.
    ada.forget_waiting();
    for _ in 0..31 {
        ada.done(lift("eve", SanctionKind::Mute, Some("den"))).await;
    }
}
