//! The operator bans by a text file, while the server runs.

mod support;

use std::path::Path;
use std::time::Duration;

use longhall_packet::{CloseReason, DenyCode, ServerPacket};
use support::{PATIENCE, TestServer, credentials};
use tokio::time::timeout;

/// A server that looks at `file` often.
async fn server_with(file: &Path) -> TestServer {
    TestServer::with(|config| {
        config.names.banned_names = Some(file.to_owned());
        config.names.ban_interval = Duration::from_millis(20);
    })
    .await
}

#[tokio::test]
async fn whoever_is_added_is_logged_out_and_cannot_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("banned.txt");
    std::fs::write(&file, "# nobody yet\n").unwrap();
    let server = server_with(&file).await;
    let (mut mallory, mut ada) = (server.player().await, server.player().await);
    let token = mallory.enter("Mallory").await;
    ada.enter("ada").await;

    std::fs::write(&file, "mallory # spams\n").unwrap();
    mallory.expect_closed(CloseReason::Banned).await;
    ada.say("peace at last").await;

    let mut again = server.player().await;
    again.request("login", &credentials("MALLORY")).await;
    again.expect_deny(DenyCode::Banned).await;
    let mut again = server.player().await;
    again
        .request("resume", &format!(r#""token":"{token}""#))
        .await;
    again.expect_deny(DenyCode::Banned).await;
    again.expect_closed(CloseReason::Banned).await;

    // A stranger without the password learns nothing of the ban.
    let mut stranger = server.player().await;
    let guess = r#""username":"mallory","password":"battery staple""#;
    stranger.request("login", guess).await;
    stranger.expect_deny(DenyCode::BadCredentials).await;
}

#[tokio::test]
async fn whoever_is_removed_may_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("banned.txt");
    std::fs::write(&file, "mallory\n").unwrap();
    let server = server_with(&file).await;
    let mut mallory = server.player().await;
    mallory.register("mallory").await;
    mallory.request("login", &credentials("mallory")).await;
    mallory.expect_deny(DenyCode::Banned).await;

    std::fs::write(&file, "# all is forgiven\n").unwrap();
    let comes_back = async {
        loop {
            mallory.request("login", &credentials("mallory")).await;
            match mallory.next().await {
                ServerPacket::LoggedIn { .. } => return,
                ServerPacket::Deny { code, .. } => assert_eq!(code, DenyCode::Banned),
                other => panic!("{other:?}"),
            }
        }
    };
    timeout(PATIENCE, comes_back).await.unwrap();
}

#[tokio::test]
async fn blocked_words_are_masked_where_many_read_and_refused_in_names_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words.txt");
    std::fs::write(&file, "").unwrap();
    let server = TestServer::with(|config| {
        config.names.blocked_words = Some(file.clone());
        config.names.ban_interval = Duration::from_millis(20);
    })
    .await;
    let (mut ada, mut bob) = (server.player().await, server.player().await);
    ada.enter("ada").await;
    bob.enter("bob").await;
    ada.say("buy spam").await;
    assert_eq!(bob.hears().await, "buy spam");
    std::fs::write(&file, "spam # the mail, not the meat\n").unwrap();
    let is_masked = async {
        loop {
            ada.say("buy S.P.A.M now").await;
            if bob.hears().await == "buy ******* now" {
                return;
            }
        }
    };
    timeout(PATIENCE, is_masked).await.unwrap();
    let seq = ada.say("what?").await;
    assert_eq!(bob.hears().await, "what?");
    let edit = format!(r#""channel":"lobby","seq":{seq},"text":"spam?""#);
    ada.request("edit", &edit).await;
    assert_eq!(bob.hears().await, "****?");
    // Nobody else reads a whisper.
    let whisper = r#""channel":"@bob","line_id":77,"text":"spam""#;
    ada.request("chat", whisper).await;
    assert_eq!(bob.hears().await, "spam");
    let mut other = server.player().await;
    other.request("register", &credentials("xXSp4mXx")).await;
    other.expect_deny(DenyCode::UsernameTaken).await;
    ada.request("create", r#""channel":"spam-den","access":"open""#)
        .await;
    let is_denied = async {
        loop {
            if let ServerPacket::Deny { code, .. } = ada.next().await {
                return code;
            }
        }
    };
    let code = timeout(PATIENCE, is_denied).await.unwrap();
    assert_eq!(code, DenyCode::ChannelTaken);
}
