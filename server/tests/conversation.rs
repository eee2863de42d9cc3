//! Players on real sockets: accounts, chat, replacement, restarts.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

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
async fn requests_sent_in_one_go_are_answered_in_order() {
    let server = TestServer::start().await;
    let mut ada = server.player().await;
    let register = ada.request("register", &credentials("ada")).await;
    ada.request("login", &credentials("ada")).await;
    let chat = ada.request("chat", r#""text":"quick""#).await;
    let ping = ada.request("ping", "").await;
    ada.expect_ok(register).await;
    ada.expect_logged_in("ada").await;
    ada.expect_chat("ada", "quick").await;
    ada.expect_ok(chat).await;
    ada.expect_ok(ping).await;
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
                    player
                        .request("chat", &format!(r#""text":"line {number}""#))
                        .await;
                }
                let mut heard = Vec::new();
                while heard.len() < 400 {
                    if let ServerPacket::Chat { sender, text, .. } = player.next().await {
                        heard.push(format!("{sender} {text}"));
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
}

#[tokio::test]
async fn a_second_login_replaces_the_first_which_is_told_why() {
    let server = TestServer::start().await;
    let (mut first, mut second) = (server.player().await, server.player().await);
    first.enter("ada").await;
    second.login("ada").await;
    first.expect_closed(CloseReason::LoggedInElsewhere).await;
    second.say("still me").await;
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
                let fields = r#""text":"la la la""#;
                let id = player.request("chat", fields).await;
                loop {
                    match player.try_next().await {
                        Some(Ok(message)) if message.is_text() => {
                            if message.to_text().unwrap() == format!(r#"{{"type":"ok","id":{id}}}"#)
                            {
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
async fn a_client_of_another_protocol_version_is_told_to_update() {
    let server = TestServer::start().await;
    let mut old = TestPlayer::handshake(server.address, "longhall.v0")
        .await
        .unwrap();
    old.expect_closed(CloseReason::UpdateRequired).await;
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
