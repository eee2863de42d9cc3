//! Several servers in one process, on one store and over a bus that does as it is told.

use std::time::Duration;

use longhall_packet::{Access, ChannelName, DenyCode, ServerPacket, ServerRole, Topic};
use tokio::time::{sleep, timeout};

use super::*;
use crate::bus::loopback::Loopback;
use crate::handlers::test_requests;
use crate::handlers::test_session::TestSession;
use crate::store::{LogAction, LogEntry, MemoryStore, UserId};

const PATIENCE: Duration = Duration::from_secs(20);

/// What the servers have in common.
#[derive(Default)]
struct Hall {
    bus: Loopback,
    store: Arc<MemoryStore>,
}

impl Hall {
    /// A visitor of another server. The first one has the number 0 on the bus.
    async fn server(&self) -> TestSession {
        let store = Arc::clone(&self.store);
        TestSession::in_cluster(store, self.bus.join(), |_| {}).await
    }

    /// Ada on one server and Bob on another, who hear each other.
    async fn ada_and_bob(&self) -> [TestSession; 2] {
        let (mut ada, mut bob) = (self.server().await, self.server().await);
        ada.register_and_login("ada").await;
        bob.register_and_login("bob").await;
        until(|| ada.hub().len() == 2 && bob.hub().len() == 2).await;
        [ada, bob]
    }
}

/// Waits for what the servers bring about by themselves.
async fn until(is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("it comes about");
}

/// The texts of the next lines, passing over all else.
async fn hears<const COUNT: usize>(player: &mut TestSession) -> [String; COUNT] {
    let mut heard = Vec::new();
    while heard.len() < COUNT {
        if let ServerPacket::Chat { line, .. } = player.await_next().await {
            heard.push(line.text);
        }
    }
    heard.try_into().unwrap()
}

#[tokio::test]
async fn lines_and_whispers_reach_players_of_other_servers() {
    let hall = Hall::default();
    let [mut ada, mut bob] = hall.ada_and_bob().await;
    ada.chat("lobby", "hello").await;
    assert_eq!(hears(&mut bob).await, ["hello"]);
    bob.chat("lobby", "hello yourself").await;
    assert_eq!(hears(&mut ada).await, ["hello yourself"]);
    ada.say("@bob", "psst").await;
    assert_eq!(hears(&mut bob).await, ["psst"]);
}

#[tokio::test]
async fn slow_mode_holds_on_whichever_server() {
    let hall = Hall::default();
    let [mut ada, mut bob] = hall.ada_and_bob().await;
    ada.appoint("ada", ServerRole::Moderator).await;
    ada.ask(test_requests::set_slow_mode("lobby", 3600)).await;
    while !matches!(bob.await_next().await, ServerPacket::ChannelChanged { .. }) {}
    bob.chat("lobby", "one").await;
    assert_eq!(hears(&mut ada).await, ["one"]);
    let mut there = ada.another_device("bob").await;
    there.say("lobby", "two").await;
    there.expect_deny(Some(6), DenyCode::SlowMode);
}

#[tokio::test]
async fn a_line_that_the_bus_has_lost_comes_before_the_next_one() {
    let hall = Hall::default();
    let [mut ada, mut bob] = hall.ada_and_bob().await;
    hall.bus.lose_lines(1);
    ada.chat("lobby", "lost").await;
    assert_eq!(hall.bus.left_to_lose(), 0);
    ada.chat("lobby", "found").await;
    assert_eq!(hears(&mut bob).await, ["lost", "found"]);
    // The server that has the hole speaks before it is closed.
    hall.bus.lose_lines(1);
    ada.chat("lobby", "lost too").await;
    bob.say("lobby", "mine").await;
    assert_eq!(hears(&mut bob).await, ["lost too", "mine"]);
}

#[tokio::test]
async fn lines_that_overtake_each_other_are_heard_in_their_order() {
    let hall = Hall::default();
    let [mut ada, mut bob] = hall.ada_and_bob().await;
    hall.bus.hold_lines();
    for text in ["one", "two", "three"] {
        ada.chat("lobby", text).await;
    }
    hall.bus.release_lines_backwards();
    assert_eq!(hears(&mut bob).await, ["one", "two", "three"]);
}

#[tokio::test]
async fn a_lost_last_line_is_found_after_a_doubt() {
    let hall = Hall::default();
    let [mut ada, mut bob] = hall.ada_and_bob().await;
    hall.bus.lose_lines(1);
    ada.chat("lobby", "is anybody there?").await;
    hall.bus.raise_doubt(1);
    assert_eq!(hears(&mut bob).await, ["is anybody there?"]);
}

#[tokio::test]
async fn while_the_bus_is_down_lines_come_from_the_store_and_afterwards_once() {
    let hall = Hall::default();
    let [mut ada, mut bob] = hall.ada_and_bob().await;
    hall.bus.set_up(false);
    ada.chat("lobby", "without").await;
    ada.say("@bob", "psst").await;
    ada.forget_waiting();
    let mut heard: [String; 2] = hears(&mut bob).await;
    heard.sort();
    assert_eq!(heard, ["psst", "without"]);
    // Again and again, not only once it was told to be down.
    ada.chat("lobby", "still without").await;
    assert_eq!(hears(&mut bob).await, ["still without"]);
    // Somebody who comes now is not kept waiting for the bus.
    let mut eve = hall.server().await;
    eve.register_and_login("eve").await;
    hall.bus.set_up(true);
    until(|| bob.hub().len() == 3).await;
    bob.forget_waiting();
    ada.chat("lobby", "with").await;
    assert_eq!(hears(&mut bob).await, ["with"]);
    assert_eq!(hears(&mut eve).await, ["with"]);
}

#[tokio::test]
async fn a_line_whose_fate_the_store_did_not_tell_is_heard_on_all_servers() {
    let hall = Hall::default();
    let [mut ada, mut bob] = hall.ada_and_bob().await;
    let lobby = hall.store.memberships(UserId(1)).await.unwrap();
    let taken = LogEntry {
        sender: UserId(1),
        sender_name: "ada".to_owned(),
        what: LogAction::Say {
            channel: lobby[0].channel.id,
            line_id: 99,
            text: "did it get through?".to_owned(),
        },
        now_ms: 0,
    };
    hall.store.append(vec![taken]).await.unwrap();
    let cluster = ada.server().cluster.as_ref().unwrap();
    cluster.shared.doubts.note_unknown_outcome();
    assert_eq!(hears(&mut ada).await, ["did it get through?"]);
    assert_eq!(hears(&mut bob).await, ["did it get through?"]);
}

#[tokio::test]
async fn a_player_hears_a_channel_joined_on_another_server() {
    let hall = Hall::default();
    let [mut ada, bob] = hall.ada_and_bob().await;
    let mut tablet = bob.another_device("ada").await;
    ada.create("trade", Access::Open).await;
    until(|| !tablet.is_silent()).await;
    until(|| hall.bus.channels(1) == 2).await;
    ada.chat("trade", "buy low").await;
    assert_eq!(hears(&mut tablet).await, ["buy low"]);
}

#[tokio::test]
async fn who_was_taken_out_of_a_channel_unheard_hears_no_more_of_it_after_a_doubt() {
    let hall = Hall::default();
    let [mut ada, mut bob] = hall.ada_and_bob().await;
    ada.create("trade", Access::Open).await;
    bob.join("trade").await;
    hall.bus.cut_off(1, true);
    let remove = test_requests::remove("trade", "bob");
    ada.done(remove).await;
    until(|| hall.bus.has_lost("\"left\"")).await;
    hall.bus.cut_off(1, false);
    bob.forget_waiting();
    hall.bus.raise_doubt(1);
    let told = bob.await_next().await;
    assert!(matches!(told, ServerPacket::Left { .. }), "{told:?}");
}

#[tokio::test]
async fn a_kick_that_the_bus_has_lost_is_noticed_by_the_next_word_of_its_server() {
    let hall = Hall::default();
    let [mut ada, mut bob] = hall.ada_and_bob().await;
    ada.create("trade", Access::Open).await;
    bob.join("trade").await;
    hall.bus.lose_news("{\"left\"");
    ada.done(test_requests::remove("trade", "bob")).await;
    until(|| hall.bus.has_lost("{\"left\"")).await;
    while !matches!(bob.await_next().await, ServerPacket::Left { .. }) {}
}

#[tokio::test]
async fn a_session_whose_end_the_bus_has_lost_ends_by_the_next_word_of_its_server() {
    let hall = Hall::default();
    let [mut ada, bob] = hall.ada_and_bob().await;
    let tablet = bob.another_device("ada").await;
    until(|| ada.hub().sessions(UserId(1)).len() == 2).await;
    hall.bus.lose_news("{\"ended\"");
    let change = test_requests::change_password("correct horse", "battery staple");
    ada.done(change).await;
    until(|| hall.bus.has_lost("{\"ended\"")).await;
    until(|| tablet.is_closed()).await;
}

#[tokio::test]
async fn nobody_is_missed_whom_the_bus_has_lost_of_a_snapshot_which_is_asked_for_again() {
    let hall = Hall::default();
    let [ada, mut bob] = hall.ada_and_bob().await;
    // All that was told at the start has come.
    until(|| hall.bus.passed("\"snapshot_end\"") >= 2).await;
    ada.tell_news();
    bob.tell_news();
    bob.forget_waiting();
    let told = hall.bus.passed("\"snapshot_end\"");
    hall.bus.lose_news("\"again\":true");
    ada.server()
        .cluster
        .as_ref()
        .unwrap()
        .shared
        .doubts
        .note_asked();
    until(|| hall.bus.has_lost("\"again\":true")).await;
    until(|| hall.bus.passed("\"snapshot_end\"") >= told + 2).await;
    assert_eq!(bob.hub().len(), 2);
    // Nor was there a moment in which she was not there.
    bob.tell_news();
    bob.expect_nothing();
}

#[tokio::test]
async fn a_bus_that_says_everything_twice_is_no_reason_to_ask_again() {
    let hall = Hall::default();
    let [mut ada, mut bob] = hall.ada_and_bob().await;
    hall.bus.double();
    let alive = hall.bus.passed("\"alive\"");
    ada.create("trade", Access::Open).await;
    bob.join("trade").await;
    until(|| hall.bus.passed("\"alive\"") > alive + 4).await;
    assert_eq!(hall.bus.passed("\"ask_these\""), 0);
    ada.chat("trade", "once").await;
    ada.chat("trade", "more").await;
    assert_eq!(hears(&mut bob).await, ["once", "more"]);
}

#[tokio::test]
async fn the_players_of_a_silent_server_are_cut_and_back_when_it_is_heard_again() {
    let hall = Hall::default();
    let [ada, bob] = hall.ada_and_bob().await;
    let is_there = |who: &TestSession, name| who.hub().player(name).is_some_and(|found| found.2);
    hall.bus.cut_off(0, true);
    until(|| !is_there(&bob, "ada") && !is_there(&ada, "bob")).await;
    hall.bus.cut_off(0, false);
    until(|| is_there(&bob, "ada") && is_there(&ada, "bob")).await;
}

#[tokio::test]
async fn a_server_whose_cluster_task_panics_stops_rather_than_go_on_deaf() {
    let server = CancellationToken::new();
    assert!(!guard(async { panic!("on purpose") }, server.clone()).await);
    assert!(server.is_cancelled());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn servers_hear_each_other_over_a_nats_that_dies_and_comes_back() {
    use crate::bus::{BusUrl, NatsBus};
    let mut nats = longhall_engines::Nats::start().unwrap();
    let url = BusUrl::parse(&nats.url()).unwrap();
    let store = Arc::<MemoryStore>::default();
    let server = async || {
        let link = NatsBus::connect(&url, store.epoch()).await.unwrap();
        TestSession::in_cluster(Arc::clone(&store) as _, link, |_| {}).await
    };
    let (mut ada, mut bob) = (server().await, server().await);
    ada.register_and_login("ada").await;
    bob.register_and_login("bob").await;
    until(|| ada.hub().len() == 2 && bob.hub().len() == 2).await;
    ada.create("trade", Access::Open).await;
    bob.join("trade").await;
    over_the_bus(&mut ada, &mut bob, 1).await;
    let is_up = |player: &TestSession| player.server().cluster.as_ref().unwrap().is_bus_up();
    nats.kill().unwrap();
    // It starts in less time than they may take to notice.
    until(|| !is_up(&ada) && !is_up(&bob)).await;
    ada.chat("lobby", "past it").await;
    assert_eq!(hears(&mut bob).await, ["past it"]);
    nats.start_again().unwrap();
    until(|| is_up(&ada) && is_up(&bob)).await;
    over_the_bus(&mut bob, &mut ada, 2).await;
}

/// Has one server tell another of a line of `trade`, and of something else, which both are
/// in no store: they come over the bus, or not at all.
#[cfg(unix)]
async fn over_the_bus(from: &mut TestSession, to: &mut TestSession, number: u64) {
    use longhall_packet::{ChannelName, Line, LineKind};

    use crate::hub::PublishedLine;
    use crate::outbox::Unflushed;
    let name = ChannelName::parse("trade").unwrap();
    let trade = from.store().channel_by_name(&name).await.unwrap().unwrap();
    let line = PublishedLine {
        sender: UserId(1),
        line: Line {
            seq: number,
            sender: "ada".to_owned(),
            recipient: None,
            text: format!("line {number}"),
            sent_at_ms: 0,
            kind: LineKind::Said,
            edited_at_ms: None,
            of: None,
        },
    };
    let mut unflushed = Unflushed::default();
    let hub = from.hub();
    hub.publish_in_turn(
        trade.id,
        &"trade".into(),
        &[line],
        Vec::new(),
        &mut unflushed,
    );
    unflushed.flush();
    assert_eq!(hears(to).await, [format!("line {number}")]);
    let told = ServerPacket::Ok { id: 99 };
    hub.announce(trade.id, &told);
    while to.await_next().await != told {}
    // Who said it hears it, too.
    from.forget_waiting();
}

#[tokio::test]
async fn what_happened_last_is_told_before_a_server_ends() {
    let hall = Hall::default();
    let [ada, mut bob] = hall.ada_and_bob().await;
    bob.forget_waiting();
    let lobby = hall.store.memberships(UserId(1)).await.unwrap()[0]
        .channel
        .id;
    let last = ServerPacket::Ok { id: 99 };
    // The task has no time to tell of it before it is to end.
    ada.hub().announce(lobby, &last);
    assert!(ada.server().cluster.as_ref().unwrap().stop().await);
    assert_eq!(bob.await_next().await, last);
}

#[tokio::test]
async fn a_server_that_only_the_bus_has_left_is_heard_through_the_store() {
    let hall = Hall::default();
    let [ada, mut bob] = hall.ada_and_bob().await;
    hall.bus.cut_off(0, true);
    // Ada's server does not know where Bob is: few whispers may wait for him.
    for number in 0..4 {
        let whisper = LogEntry {
            sender: UserId(1),
            sender_name: "ada".to_owned(),
            what: LogAction::Whisper {
                recipient: UserId(2),
                recipient_name: "bob".to_owned(),
                line_id: number,
                text: format!("whisper {number}"),
                kept_at_most: Some(2),
            },
            now_ms: 0,
        };
        let taken = hall.store.append(vec![whisper]).await.unwrap();
        assert!(
            matches!(taken[0], crate::store::Appended::Whisper { .. }),
            "whisper {number} of those that are delivered: {:?}",
            taken[0]
        );
        assert_eq!(hears(&mut bob).await, [format!("whisper {number}")]);
    }
    drop(ada);
}

#[tokio::test]
async fn a_channel_is_changed_elsewhere_when_the_bus_has_the_news_of_the_change_before() {
    let hall = Hall::default();
    let [mut ada, _bob] = hall.ada_and_bob().await;
    let den = ChannelName::parse("den").unwrap();
    hall.bus.stall(true);
    ada.create("den", Access::Open).await;
    let mut changing = hall.store.lock_channel(&den);
    assert!(changing.as_mut().now_or_never().is_none());
    until(|| hall.bus.flushing() == 1).await;
    assert!(changing.as_mut().now_or_never().is_none());
    hall.bus.stall(false);
    drop(timeout(PATIENCE, changing).await.unwrap().unwrap());
}

#[tokio::test]
async fn players_of_all_servers_are_told_of_the_lobbys_new_topic_once() {
    let hall = Hall::default();
    let [mut ada, mut bob] = hall.ada_and_bob().await;
    for player in [&ada, &bob] {
        let server = player.server();
        server.spawn(crate::settings::follow(Arc::clone(server)));
    }
    // As operators do, one after the other.
    eat_cake(&ada);
    for player in [&mut ada, &mut bob] {
        let news = loop {
            if let ServerPacket::ChannelChanged { topic, by, .. } = player.await_next().await {
                break (topic, by);
            }
        };
        assert_eq!(news, ("cake".to_owned(), "server".to_owned()));
    }
    eat_cake(&bob);
    ada.say("lobby", "hello").await;
    for player in [&mut ada, &mut bob] {
        loop {
            match player.await_next().await {
                ServerPacket::Chat { .. } | ServerPacket::Posted { .. } => break,
                packet => assert!(
                    !matches!(packet, ServerPacket::ChannelChanged { .. }),
                    "told again: {packet:?}"
                ),
            }
        }
    }
}

/// Gives the lobby that topic, by the settings of a player's server.
fn eat_cake(player: &TestSession) {
    let mut config = player.server().config.clone();
    config.lobby.welcome = Topic::parse("cake").unwrap();
    player.server().settings.set(config);
}
