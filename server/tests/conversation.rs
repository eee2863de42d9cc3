//! Players on real sockets: accounts, chat, replacement, restarts.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

use std::path::Path;

use longhall_packet::{CloseReason, DenyCode, ServerPacket};
use support::{Program, TestPlayer, TestServer, credentials, database};

#[tokio::test]
async fn two_players_register_log_in_and_talk() {
    let server = TestServer::start().await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.enter("ada").await;
    bob.enter("bob").await;
    ada.say("hello bob").await;
    bob.expect_chat("ada", "hello bob").await;
    bob.say("[b]hello[/b] ada").await;
    ada.expect_chat("bob", "[b]hello[/b] ada").await;
}

#[tokio::test]
async fn requests_sent_in_one_go_are_answered_in_order_but_lines_when_they_are_kept() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    let register = ada.request("register", &credentials("ada")).await;
    ada.request("login", &credentials("ada")).await;
    let first = ada.try_say("lobby", "quick").await;
    let second = ada.try_say("lobby", "quicker").await;
    let ping = ada.request("ping", "").await;
    ada.expect_ok(register).await;
    ada.expect_logged_in("ada").await;
    let mut answers = Vec::new();
    let mut heard = Vec::new();
    while answers.len() < 3 {
        match ada.next().await {
            ServerPacket::Ok { id } => answers.push(id),
            ServerPacket::Posted { id, .. } => answers.push(id),
            ServerPacket::Chat { line, .. } => heard.push(line.text),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(heard, ["quick", "quicker"]);
    answers.retain(|id| *id != ping);
    assert_eq!(answers, [first, second]);
}

#[tokio::test]
async fn everyone_hears_all_lines_in_the_same_order() {
    let server = TestServer::start().await;
    let mut players = Vec::new();
    for name in ["ada", "bob", "cleo", "dan"] {
        let mut player = server.player().await;
        player.enter(name).await;
        players.push(player);
    }
    let talking: Vec<_> = players
        .into_iter()
        .map(|mut player| {
            tokio::spawn(async move {
                for number in 0..100 {
                    player.try_say("lobby", &format!("line {number}")).await;
                }
                let mut heard = Vec::new();
                while heard.len() < 400 {
                    if let ServerPacket::Chat { line, .. } = player.next().await {
                        heard.push((line.seq, line.sender, line.text));
                    }
                }
                heard
            })
        })
        .collect();
    let mut heard = Vec::new();
    for task in talking {
        heard.push(task.await.unwrap());
    }
    assert!(heard.iter().all(|lines| *lines == heard[0]));
    let numbers = heard[0].iter().map(|(seq, _, _)| *seq);
    assert_eq!(Vec::from_iter(numbers), Vec::from_iter(1..=400));
}

#[tokio::test]
async fn stopping_tells_players_and_accounts_and_sessions_outlive_it() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    let token = ada.enter("ada").await;
    let (server, ()) = tokio::join!(server.restart(), ada.expect_closed(CloseReason::Restarting));
    let mut ada = server.player().await;
    ada.request("resume", &format!(r#""token":"{token}""#))
        .await;
    ada.expect_logged_in("ada").await;
    ada.say("back again").await;
    let mut other = server.player().await;
    other.request("register", &credentials("ADA")).await;
    other.expect_deny(DenyCode::UsernameTaken).await;
}

#[tokio::test]
async fn stopping_under_load_loses_no_answer() {
    let server = TestServer::start().await;
    let mut players = Vec::new();
    for number in 0..20 {
        let mut player = server.player().await;
        player.enter(&format!("player-{number}")).await;
        players.push(player);
    }
    let mut talking = Vec::new();
    for mut player in players {
        talking.push(tokio::spawn(async move {
            // Talks until the server says good-bye.
            loop {
                let id = player.try_say("lobby", "la la la").await;
                loop {
                    match player.try_next().await {
                        Some(Ok(message)) if message.is_text() => {
                            let packet = message.to_text().unwrap();
                            let posted = format!(r#"{{"type":"posted","id":{id},"#);
                            if packet.starts_with(&posted) {
                                break;
                            }
                        }
                        Some(Ok(tokio_tungstenite::tungstenite::Message::Close(Some(frame)))) => {
                            return u16::from(frame.code);
                        }
                        other => panic!("lost without a word: {other:?}"),
                    }
                }
            }
        }));
    }
    server.stop().await;
    for player in talking {
        assert_eq!(player.await.unwrap(), CloseReason::Restarting.code());
    }
}

#[tokio::test]
async fn stopping_acknowledges_each_line_that_is_kept() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    ada.enter("ada").await;
    for _ in 0..20 {
        for _ in 0..50 {
            ada.try_say("lobby", "la la la").await;
        }
        ada.next().await;
    }
    // In the midst of it.
    let stopping = tokio::spawn(server.restart());
    let mut acknowledged = 0;
    loop {
        match ada.try_next().await {
            Some(Ok(message)) if message.is_text() => {
                let packet = message.to_text().unwrap();
                acknowledged += u64::from(packet.starts_with(r#"{"type":"posted""#));
            }
            Some(Ok(message)) if message.is_close() => break,
            other => panic!("lost without a word: {other:?}"),
        }
    }
    let server = stopping.await.unwrap();
    let mut ada = server.player().await;
    let welcome = ada.log_in("ada", "").await;
    // Some of those that were heard before were acknowledged then.
    let kept = welcome.channels[0].last_seq;
    assert!(
        acknowledged <= kept && kept <= acknowledged + 20,
        "{acknowledged} of {kept}"
    );
}

#[tokio::test]
async fn without_a_version_in_common_a_client_is_told_which_side_is_too_old() {
    let server = TestServer::start().await;
    for (offered, reason) in [
        ("longhall.v1", CloseReason::UpdateRequired),
        ("longhall.v99", CloseReason::ServerOutdated),
        ("longhall.v99, longhall.v98", CloseReason::ServerOutdated),
    ] {
        let mut other = TestPlayer::handshake(server.address, offered)
            .await
            .unwrap();
        other.expect_closed(reason).await;
    }
}

#[tokio::test]
async fn a_client_that_speaks_newer_versions_too_is_answered_in_ours() {
    let server = TestServer::start().await;
    let offered = "longhall.v99, longhall.v2, longhall.v1";
    let mut newer = TestPlayer::handshake(server.address, offered)
        .await
        .unwrap();
    let hello = newer.next().await;
    assert!(
        matches!(hello, ServerPacket::Hello { protocol: 2, .. }),
        "{hello:?}"
    );
}

#[tokio::test]
async fn a_client_of_something_else_is_refused_in_the_handshake() {
    let server = TestServer::start().await;
    assert!(TestPlayer::handshake(server.address, "mqtt").await.is_err());
    server.player().await.enter("ada").await;
}

#[tokio::test]
async fn accounts_survive_kill_9() {
    let (_folder, path) = database();
    let mut tokens: Vec<(String, String)> = Vec::new();
    for round in 0..5 {
        let server = Program::start(&path);
        // What earlier rounds were told is done is still there.
        for (name, token) in &mut tokens {
            let mut player = TestPlayer::connect(server.address).await;
            player
                .request("resume", &format!(r#""token":"{token}""#))
                .await;
            *token = player.expect_logged_in(name).await;
        }
        let name = format!("player-{round}");
        let mut player = TestPlayer::connect(server.address).await;
        let token = player.enter(&name).await;
        tokens.push((name, token));
        server.kill();
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let (_folder, path) = database();
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let server = Program::start(&path);
        let mut ada = TestPlayer::connect(server.address).await;
        if round == 0 {
            ada.register("ada").await;
        }
        ada.login("ada").await;
        for number in 0..20 {
            let text = format!("line {number} of round {round}");
            acknowledged.push((ada.say(&text).await, text));
        }
        server.kill();
    }
    let server = Program::start(&path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.login("ada").await;
    let lines = ada.lines_after("lobby", 0).await.into_iter();
    let kept: Vec<_> = lines.map(|line| (line.seq, line.text)).collect();
    assert_eq!(kept, acknowledged);
    server.kill();
}

#[tokio::test]
async fn no_line_is_lost_to_an_equal_id_nor_doubled_by_a_kill() {
    let (_folder, path) = database();
    let server = Program::start(&path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.register("bob").await;
    ada.enter("ada").await;
    // All of them under one id.
    let lines = [("lobby", "hello"), ("lobby", "hello!"), ("@bob", "hello")];
    let mut numbers = Vec::new();
    for (channel, text) in lines {
        numbers.push(ada.say_under(7, channel, text).await);
    }
    assert_eq!(numbers, [1, 2, 1]);
    server.kill();

    let server = Program::start(&path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.login("ada").await;
    for ((channel, text), number) in lines.into_iter().zip(numbers) {
        assert_eq!(ada.say_under(7, channel, text).await, number);
    }
    let lobby = ada.lines_after("lobby", 0).await.into_iter();
    let texts: Vec<_> = lobby.map(|line| line.text).collect();
    assert_eq!(texts, ["hello", "hello!"]);
    server.kill();
}

#[tokio::test]
async fn a_file_of_the_previous_version_is_served_with_everything_in_it() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1.db");
    let server = TestServer::of_file(&file).await;
    let mut ada = server.player().await;
    let welcome = ada.resume(&"0123456789abcdef".repeat(4)).await;
    assert_eq!(welcome.channels[0].channel, "lobby");
    ada.say("still me").await;
    assert_ne!(welcome.token, "0123456789abcdef".repeat(4));
}
