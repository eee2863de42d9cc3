//! Channels, whispers and history, over real sockets and a real database.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

use std::time::Duration;

use longhall_packet::{CloseReason, DenyCode, LineKind, ServerPacket};
use support::{PATIENCE, TestPlayer, TestServer};
use tokio::time::timeout;

#[tokio::test]
async fn members_of_a_channel_talk_and_come_back_to_it_after_a_restart() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    let token = ada.enter("ada").await;
    bob.enter("bob").await;
    ada.enter_channel(
        "create",
        r#""channel":"den","topic":"cake","access":"open""#,
    )
    .await;
    ada.say_in("den", "is anybody there?").await;
    let den = bob.enter_channel("join", r#""channel":"den""#).await;
    assert_eq!(
        (den.topic.as_str(), den.last_seq, den.members),
        ("cake", 1, 2)
    );
    bob.say_in("den", "I am").await;
    ada.expect_chat("bob", "I am").await;

    let server = server.restart().await;
    let mut ada = server.player().await;
    let welcome = ada.resume(&token).await;
    let den = &welcome.channels[1];
    assert_eq!(
        (den.channel.as_str(), den.last_seq, den.unread),
        ("den", 2, 1)
    );
    assert_eq!(ada.lines_after("den", 0).await.len(), 2);
    assert_eq!(ada.say_in("den", "still here").await, 3);
}

#[tokio::test]
async fn a_channel_by_password_opens_for_who_knows_it() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.enter("ada").await;
    bob.enter("bob").await;
    let key = r#""channel":"den","access":"password","channel_password":"sesame""#;
    ada.enter_channel("create", key).await;
    let wrong = r#""channel":"den","channel_password":"open""#;
    bob.request("join", wrong).await;
    bob.expect_deny(DenyCode::WrongChannelPassword).await;
    let right = r#""channel":"den","channel_password":"sesame""#;
    assert_eq!(bob.enter_channel("join", right).await.members, 2);
}

#[tokio::test]
async fn whispers_reach_a_player_who_is_away_across_a_restart() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.enter("ada").await;
    bob.register("bob").await;
    ada.say_in("@bob", "one").await;
    ada.say_in("@bob", "two").await;
    let server = server.restart().await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.log_in("ada", "").await;
    let inbox = bob.log_in("bob", "").await.inbox;
    assert_eq!((inbox.last_seq, inbox.conversations[0].unread), (2, 2));
    assert_eq!(inbox.conversations[0].username, "ada");
    let waiting = bob.lines_after("@", 0).await;
    let texts: Vec<&str> = waiting.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["one", "two"]);
    bob.say_in("@ada", "three").await;
    ada.expect_chat("bob", "three").await;
}

#[tokio::test]
async fn history_comes_page_by_page_and_survives_a_restart() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    ada.say_often(1200, "a line like many others").await;
    let server = server.restart().await;
    let mut ada = server.player().await;
    ada.log_in("ada", "").await;
    let all = ada.lines_after("lobby", 0).await;
    let numbers: Vec<_> = all.iter().map(|line| line.seq).collect();
    assert_eq!(numbers, Vec::from_iter(1..=1200));
    let mut before = 1201;
    let mut back = Vec::new();
    loop {
        let fields = format!(r#""channel":"lobby","before":{before},"limit":100"#);
        let (page, more) = ada.history(&fields).await;
        before = page[0].seq;
        back.splice(0..0, page);
        if !more {
            break;
        }
    }
    assert_eq!(back, all);
}

#[tokio::test]
async fn filling_a_gap_does_not_count_as_a_flood() {
    let server = TestServer::with(|config| config.rates.packets_per_second = 1).await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    for _ in 0..100 {
        let (lines, _) = ada
            .history(r#""channel":"lobby","after":0,"limit":1"#)
            .await;
        assert!(lines.is_empty());
    }
}

#[tokio::test]
async fn a_page_flood_is_told_to_wait() {
    let server = TestServer::with(|config| config.rates.history_per_second = 1).await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    for _ in 0..100 {
        ada.request("history", r#""channel":"lobby","limit":1"#)
            .await;
        if matches!(
            ada.next().await,
            ServerPacket::Deny {
                code: DenyCode::RateLimited,
                ..
            }
        ) {
            return;
        }
    }
    panic!("nobody was told to wait");
}

#[tokio::test]
async fn edits_and_deletions_reach_everybody_and_stay() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.enter("ada").await;
    bob.enter("bob").await;
    ada.say("helo").await;
    ada.say("a secret").await;
    ada.done("edit", r#""channel":"lobby","seq":1,"text":"hello""#)
        .await;
    ada.done("delete", r#""channel":"lobby","seq":2"#).await;
    let heard: Vec<_> = [
        bob.expect_line().await,
        bob.expect_line().await,
        bob.expect_line().await,
        bob.expect_line().await,
    ]
    .map(|line| (line.seq, line.kind, line.of, line.text))
    .into();
    assert_eq!(heard[2], (3, LineKind::Edit, Some(1), "hello".to_owned()));
    assert_eq!(heard[3], (4, LineKind::Deletion, Some(2), String::new()));
    let server = server.restart().await;
    let mut bob = server.player().await;
    bob.log_in("bob", "").await;
    let lines = bob.lines_after("lobby", 0).await;
    assert_eq!(
        (lines[0].kind, lines[0].text.as_str()),
        (LineKind::Said, "hello")
    );
    assert_eq!(
        (lines[1].kind, lines[1].text.as_str()),
        (LineKind::Deleted, "")
    );
}

#[tokio::test]
async fn blocks_hold_across_a_restart() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.enter("ada").await;
    bob.enter("bob").await;
    bob.done("block", r#""username":"ada""#).await;
    let server = server.restart().await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.log_in("ada", "").await;
    bob.log_in("bob", "").await;
    ada.say("rubbish").await;
    let line = bob.expect_line().await;
    assert_eq!(
        (line.kind, line.text.as_str(), line.seq),
        (LineKind::Hidden, "", 1)
    );
    ada.try_say("@bob", "rubbish").await;
    ada.expect_deny(DenyCode::Blocked).await;
    let (lines, _) = bob.history(r#""channel":"lobby","limit":9"#).await;
    assert_eq!(lines, [line]);
}

#[tokio::test]
async fn old_lines_are_forgotten_and_the_numbers_go_on() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    ada.say_often(500, "soon forgotten").await;
    let server = server
        .restart_with(|config| {
            config.history.lines = 100;
            config.history.prune_interval = Duration::from_millis(50);
        })
        .await;
    let mut ada = server.player().await;
    ada.log_in("ada", "").await;
    let forgotten = async {
        loop {
            let (lines, _) = ada
                .history(r#""channel":"lobby","after":0,"limit":1"#)
                .await;
            if lines[0].seq == 401 {
                return;
            }
        }
    };
    timeout(PATIENCE, forgotten).await.unwrap();
    assert_eq!(ada.say("a new one").await, 501);
}

#[tokio::test]
async fn the_lobby_has_the_operators_name_and_welcome() {
    let tavern = |welcome| {
        move |config: &mut longhall_server::Config| {
            config.lobby.name = longhall_packet::ChannelName::parse("tavern").unwrap();
            config.lobby.welcome = longhall_packet::Topic::parse(welcome).unwrap();
        }
    };
    let server = TestServer::with(tavern("Mind the step")).await;
    let mut ada = server.player().await;
    ada.register("ada").await;
    let lobby = &ada.log_in("ada", "").await.channels[0];
    assert_eq!(
        (lobby.channel.as_str(), lobby.topic.as_str()),
        ("tavern", "Mind the step")
    );
    let server = server.restart_with(tavern("The step is mended")).await;
    let mut ada = server.player().await;
    assert_eq!(
        ada.log_in("ada", "").await.channels[0].topic,
        "The step is mended"
    );
    ada.say_in("tavern", "cheers").await;
}

#[tokio::test]
async fn who_reads_slowly_is_told_of_a_gap_and_finds_the_lines_in_the_history() {
    let server = TestServer::with(|config| {
        config.capacity.outbox_max_bytes = 64 * 1024;
        config.timeouts.write = Duration::from_secs(60);
    })
    .await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    let mut slow = TestPlayer::connect_narrow(server.address).await;
    slow.register("slow").await;
    slow.log_in("slow", "").await;
    // Enough to fill what the system buffers on the way, and the outbox.
    let last = {
        ada.say_often(8_000, &"x".repeat(500)).await;
        ada.say("done").await
    };
    let (mut missing, mut gaps) = (Vec::new(), 0);
    let mut newest = 0;
    while newest < last {
        match slow.next().await {
            ServerPacket::Chat { line, .. } => {
                assert_eq!(line.seq, newest + 1, "left out without a word");
                newest = line.seq;
            }
            ServerPacket::Gap { channel, last_seq } => {
                assert_eq!(channel, "lobby");
                missing.extend(newest + 1..=last_seq);
                newest = last_seq;
                gaps += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(
        gaps > 0 && missing.len() > 1000,
        "{gaps} gaps of {}",
        missing.len()
    );
    let kept = slow.lines_after("lobby", 0).await;
    let numbers: Vec<_> = kept.iter().map(|line| line.seq).collect();
    assert_eq!(numbers, Vec::from_iter(1..=last));
    ada.say("and live again").await;
    slow.expect_chat("ada", "and live again").await;
}

#[tokio::test]
async fn leaving_and_being_removed_end_what_is_heard() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.enter("ada").await;
    bob.enter("bob").await;
    ada.enter_channel("create", r#""channel":"den","access":"open""#)
        .await;
    bob.enter_channel("join", r#""channel":"den""#).await;
    ada.done("remove", r#""channel":"den","username":"bob""#)
        .await;
    assert!(matches!(bob.next().await, ServerPacket::Left { by: Some(by), .. } if by == "ada"));
    ada.say_in("den", "alone at last").await;
    bob.try_say("den", "hey").await;
    bob.expect_deny(DenyCode::NotAMember).await;
}

#[tokio::test]
async fn a_banned_player_is_logged_out_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("banned.txt");
    std::fs::write(&file, "").unwrap();
    let server = TestServer::with(|config| {
        config.names.banned_names = Some(file.clone());
        config.names.ban_interval = Duration::from_millis(20);
    })
    .await;
    let (mut deck, mut phone) = (server.player().await, server.player().await);
    deck.enter("mallory").await;
    phone.log_in("mallory", "phone").await;
    std::fs::write(&file, "mallory\n").unwrap();
    deck.expect_closed(CloseReason::Banned).await;
    phone.expect_closed(CloseReason::Banned).await;
}
