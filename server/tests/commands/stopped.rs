//! The same verbs on the file of a server that is stopped.

use longhall_packet::{CloseReason, DenyCode, LineKind};

use crate::support::{Program, TestPlayer, credentials, database};
use crate::{Hall, NOT_FOUND, Operator, REFUSED, texts};

#[tokio::test]
async fn what_is_done_while_the_server_is_stopped_holds_when_it_runs() {
    let hall = Hall::start();
    let mut ada = hall.visitor().await;
    let token = ada.enter("Ada").await;
    ada.say("mine").await;
    for name in ["Mallory", "mute_me", "bob", "kick_me"] {
        hall.visitor().await.register(name).await;
    }
    let mut bob = hall.visitor().await;
    bob.login("bob").await;
    bob.enter_channel("create", r#""channel":"den","access":"open""#)
        .await;
    ada.enter_channel("join", r#""channel":"den""#).await;
    bob.say("his").await;
    let mut kicked = hall.visitor().await;
    let kicked = kicked.login("kick_me").await;
    let (operator, folder) = hall.stop();

    operator.does(&["users", "rename", "Ada", "Grace"]);
    operator.does(&["ban", "Mallory", "--reason", "spam"]);
    operator.does(&["mute", "mute_me"]);
    operator.does(&["kick", "kick_me"]);
    operator.does(&["channels", "give", "den", "Grace"]);
    operator.does(&["lines", "delete", "lobby", "2"]);
    operator.does(&["announce", "We are back."]);
    let report = operator.does(&["users", "reset-password", "bob"]);
    let password = report["password"].as_str().unwrap().to_owned();
    operator.is_told(REFUSED, &["drain", "--in", "5m"]);
    operator.is_told(NOT_FOUND, &["users", "show", "nobody"]);
    assert_eq!(operator.audit().len(), 10);
    let listed = operator.does(&["users", "list"]);
    assert!(texts(&listed["users"], "username").contains(&"Grace".to_owned()));

    let server = Program::start(&folder.path().join("longhall.db"));
    let connect = || TestPlayer::connect(server.address);
    let mut grace = connect().await;
    grace
        .request("resume", &format!(r#""token":"{token}""#))
        .await;
    grace.expect_logged_in("Grace").await;
    let lines = grace.lines_after("lobby", 0).await;
    let seen: Vec<_> = lines.iter().map(|line| (line.kind, &*line.text)).collect();
    assert_eq!(
        seen,
        [
            (LineKind::Said, "mine"),
            (LineKind::Deleted, ""),
            (LineKind::Deletion, ""),
            (LineKind::System, "We are back."),
        ]
    );
    let mut visitor = connect().await;
    visitor.request("login", &credentials("Mallory")).await;
    visitor.expect_deny(DenyCode::Banned).await;
    visitor
        .request("resume", &format!(r#""token":"{kicked}""#))
        .await;
    visitor.expect_deny(DenyCode::SessionExpired).await;
    let fields = format!(r#""username":"bob","password":"{password}""#);
    visitor.request("login", &fields).await;
    visitor.expect_logged_in("bob").await;
    let mut muted = connect().await;
    muted.login("mute_me").await;
    muted.try_say("lobby", "hello?").await;
    muted.expect_deny(DenyCode::Muted).await;
    let shown = operator.does(&["channels", "show", "den"]);
    assert_eq!(shown["owner"], "Grace");
    operator.does(&["kick", "Grace"]);
    grace.expect_closed(CloseReason::Kicked).await;
    server.kill();
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let (_folder, path) = database();
    let operator = Operator::on(&["--database", path.to_str().unwrap()]);
    let told = operator.is_told(1, &["users", "list"]);
    assert!(told.contains("there is no database"), "{told}");
    assert!(!path.exists());
}

#[test]
fn a_server_without_a_socket_is_not_worked_past() {
    let (_folder, path) = database();
    let server = Program::start(&path);
    std::fs::remove_file(path.with_file_name("longhall.db.sock")).unwrap();
    let operator = Operator::on(&["--database", path.to_str().unwrap()]);
    let told = operator.is_told(1, &["users", "list"]);
    assert!(told.contains("in use by another longhall-server"), "{told}");
    server.kill();
}
