//! What holds lines back: slow mode, the same said again, new accounts, blocked words.

use std::time::Duration;

use longhall_packet::{
    Access, ChatText, ClientPacket, DenyCode, Filter, LineId, Role, ServerPacket, ServerRole,
    Target,
};

use super::test_requests::{chat, edit, join, set_filter, set_role, set_slow_mode, set_topic};
use super::test_session::TestSession;

/// As long as nobody waits.
const LONG: u32 = 3600;

fn line(to: &str, line_id: LineId, text: &str) -> ClientPacket {
    ClientPacket::Chat {
        id: 5,
        channel: Target::parse(to).unwrap(),
        line_id,
        text: ChatText::parse(text).unwrap(),
    }
}

/// The time that the player is told to wait.
async fn wait_for(player: &mut TestSession, packet: ClientPacket, code: DenyCode) -> u32 {
    player.forget_waiting();
    player.ask(packet).await;
    player.expect_deny(Some(5), code).unwrap()
}

#[tokio::test]
async fn slow_mode_holds_for_members_on_all_their_devices_and_not_for_operators() {
    let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
    ada.create("den", Access::Open).await;
    bob.join("den").await;
    bob.refused(set_slow_mode("den", LONG), DenyCode::NotAllowed)
        .await;
    ada.done(set_slow_mode("den", LONG)).await;
    let told = bob.next();
    let ServerPacket::ChannelChanged { speech, by, .. } = told else {
        panic!("not told: {told:?}")
    };
    assert_eq!((speech.slow_mode_s, by.as_str()), (LONG, "ada"));
    assert_eq!(bob.join("den").await.speech.slow_mode_s, LONG);

    bob.chat("den", "one").await;
    let wait = wait_for(&mut bob, line("den", 50, "two"), DenyCode::SlowMode).await;
    assert!((3_590_000..=3_600_000).contains(&wait), "{wait}");
    let mut tablet = bob.another_device("bob").await;
    wait_for(&mut tablet, line("den", 51, "two"), DenyCode::SlowMode).await;
    // Nowhere else, and for nobody else.
    bob.forget_waiting();
    bob.chat("lobby", "two").await;
    ada.forget_waiting();
    for text in ["a", "b", "c"] {
        ada.chat("den", text).await;
    }
    // An operator is free of it.
    ada.done(set_role("den", "bob", Role::Operator)).await;
    bob.forget_waiting();
    bob.chat("den", "two").await;
    bob.chat("den", "three").await;
    ada.done(set_role("den", "bob", Role::Member)).await;
    // Another pace holds at once, and none at all.
    ada.done(set_slow_mode("den", 2 * LONG)).await;
    let wait = wait_for(&mut bob, line("den", 52, "four"), DenyCode::SlowMode).await;
    assert!(wait > 7_000_000, "{wait}");
    ada.done(set_slow_mode("den", 0)).await;
    bob.forget_waiting();
    bob.chat("den", "four").await;
    bob.chat("den", "five").await;
}

#[tokio::test]
async fn slow_mode_of_the_lobby_is_for_moderators_to_set() {
    let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
    ada.refused(set_slow_mode("lobby", LONG), DenyCode::NotAllowed)
        .await;
    ada.appoint("ada", ServerRole::Moderator).await;
    ada.forget_waiting();
    ada.done(set_slow_mode("lobby", LONG)).await;
    bob.forget_waiting();
    bob.chat("lobby", "one").await;
    wait_for(&mut bob, line("lobby", 50, "two"), DenyCode::SlowMode).await;
    ada.forget_waiting();
    ada.chat("lobby", "one").await;
    ada.chat("lobby", "two").await;
}

#[tokio::test]
async fn a_line_said_again_after_a_cut_has_had_its_turn() {
    let [mut ada, mut bob] =
        TestSession::players_with(|config| config.rates.max_repeats = 1, ["ada", "bob"]).await;
    ada.create("den", Access::Open).await;
    ada.done(set_slow_mode("den", LONG)).await;
    bob.join("den").await;
    bob.ask(line("den", 50, "one")).await;
    bob.expect_line();
    let posted = bob.next();
    assert!(matches!(posted, ServerPacket::Posted { seq: 1, .. }));
    for _ in 0..3 {
        bob.ask(line("den", 50, "one")).await;
        assert_eq!(bob.next(), posted);
    }
    // Another line is none that is said again, whatever its id.
    wait_for(&mut bob, line("den", 50, "two"), DenyCode::SlowMode).await;
    wait_for(&mut bob, line("den", 51, "one"), DenyCode::Repeated).await;
}

#[tokio::test]
async fn the_same_said_too_often_is_denied_wherever_it_is_said() {
    let [mut ada, mut bob] =
        TestSession::players_with(|config| config.rates.max_repeats = 3, ["ada", "bob"]).await;
    ada.create("den", Access::Open).await;
    ada.chat("lobby", "buy gold").await;
    ada.chat("den", "BUY GOLD!").await;
    let mut tablet = ada.another_device("ada").await;
    tablet.chat("@bob", "b u y g0ld").await;
    for (to, text) in [
        ("lobby", "buy gold"),
        ("den", "Buy gоld"),
        ("@bob", "buy gold"),
    ] {
        let wait = wait_for(&mut ada, line(to, 60, text), DenyCode::Repeated).await;
        assert!((1..=30_000).contains(&wait), "{wait}");
    }
    // Something else is welcome, and from somebody else the same.
    ada.forget_waiting();
    ada.chat("lobby", "sorry").await;
    bob.forget_waiting();
    bob.chat("lobby", "buy gold").await;
}

#[tokio::test]
async fn lines_that_slow_mode_denied_are_no_repeats() {
    let [mut ada, mut bob] =
        TestSession::players_with(|config| config.rates.max_repeats = 1, ["ada", "bob"]).await;
    ada.create("den", Access::Open).await;
    ada.done(set_slow_mode("den", LONG)).await;
    bob.join("den").await;
    bob.chat("den", "one").await;
    for line_id in 50..55 {
        wait_for(&mut bob, line("den", line_id, "two"), DenyCode::SlowMode).await;
    }
    ada.done(set_slow_mode("den", 0)).await;
    bob.forget_waiting();
    bob.chat("den", "two").await;
}

#[tokio::test]
async fn an_account_speaks_slowly_while_it_is_new() {
    let [mut ada] = TestSession::players_with(
        |config| config.rates.new_account_time = Duration::from_secs(600),
        ["ada"],
    )
    .await;
    for text in ["one", "two", "three"] {
        ada.chat("lobby", text).await;
    }
    let wait = wait_for(&mut ada, chat("lobby", 50, "four"), DenyCode::RateLimited).await;
    assert!((1..=2000).contains(&wait), "{wait}");
    // A device more is no allowance more.
    let mut tablet = ada.another_device("ada").await;
    wait_for(
        &mut tablet,
        chat("lobby", 51, "four"),
        DenyCode::RateLimited,
    )
    .await;
    // Who has been there for a while is as fast as ever.
    let mut bob = ada.another();
    bob.register("bob").await;
    bob.step_clock(Duration::from_secs(601));
    bob.try_login("bob", "correct horse").await;
    bob.expect_logged_in(2);
    for number in 0..20 {
        bob.chat("lobby", &format!("line {number}")).await;
    }
}

#[tokio::test]
async fn a_channel_treats_blocked_words_in_its_own_way() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words");
    std::fs::write(&file, "spam\n").unwrap();
    let [mut ada, mut bob] = TestSession::players_with(
        |config| config.names.blocked_words = Some(file),
        ["ada", "bob"],
    )
    .await;
    ada.create("den", Access::Open).await;
    bob.join("den").await;
    bob.say("den", "no spam").await;
    assert_eq!(ada.expect_line().text, "no ****");
    // The owner may be stricter than the server, not looser.
    bob.forget_waiting();
    bob.refused(
        set_filter("den", Some(Filter::Refuse)),
        DenyCode::NotAllowed,
    )
    .await;
    for looser in [Filter::Flag, Filter::Off] {
        ada.refused(set_filter("den", Some(looser)), DenyCode::NotAllowed)
            .await;
    }
    ada.done(set_filter("den", Some(Filter::Refuse))).await;
    bob.forget_waiting();
    bob.refused(line("den", 50, "$p4m"), DenyCode::BlockedWords)
        .await;
    bob.refused(edit("den", 1, "s p a m"), DenyCode::BlockedWords)
        .await;
    ada.refused(set_topic("den", "spam"), DenyCode::BlockedWords)
        .await;
    bob.say("lobby", "spam").await;
    assert_eq!(ada.expect_line().text, "****");
    // Those who keep order may be either.
    ada.appoint("ada", ServerRole::Moderator).await;
    ada.forget_waiting();
    for (filter, heard, flagged) in [
        (Some(Filter::Off), "spam", 0),
        (Some(Filter::Flag), "spam", 1),
        (None, "****", 1),
    ] {
        ada.done(set_filter("den", filter)).await;
        bob.forget_waiting();
        ada.forget_waiting();
        bob.say("den", "spam").await;
        assert_eq!(ada.expect_line().text, heard);
        assert_eq!(ada.server().metrics.flagged.get(), flagged);
    }
    let mut eve = ada.another();
    eve.register_and_login("eve").await;
    eve.ask(join("den", None)).await;
    assert_eq!(eve.expect_joined(Some(5)).speech.filter, None);
}

#[tokio::test]
async fn a_server_may_refuse_blocked_words_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words");
    std::fs::write(&file, "spam\n").unwrap();
    let [mut ada] = TestSession::players_with(
        |config| {
            config.names.blocked_words = Some(file);
            config.names.blocked_words_default = Filter::Refuse;
        },
        ["ada"],
    )
    .await;
    ada.refused(line("lobby", 50, "spam"), DenyCode::BlockedWords)
        .await;
    ada.create("den", Access::Open).await;
    ada.refused(set_filter("den", Some(Filter::Mask)), DenyCode::NotAllowed)
        .await;
    ada.done(set_filter("den", Some(Filter::Refuse))).await;
}
