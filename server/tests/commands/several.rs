//! Two servers on one PostgreSQL: what the operator of one does is felt on the other.

use std::process::Child;

use longhall_engines::Postgres;
use longhall_packet::{CloseReason, DenyCode};
use tokio::time::timeout;

use crate::support::{PATIENCE, Program, TestPlayer, credentials};
use crate::{NOT_FOUND, Operator, texts};

/// Starts a server with a socket of its own; it has no bus, so the database alone is what
/// they have in common.
fn start(url: &str, socket: &str) -> Program {
    let mut command = Program::command();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    command
        .env("LONGHALL_STORE", url)
        .args(["--listen", &address.to_string(), "--admin-socket", socket])
        .args([
            "--logins-per-minute",
            "1000",
            "--logins-per-minute-per-name",
            "1000",
        ])
        .stderr(std::process::Stdio::null());
    let child: Child = command.spawn().unwrap();
    Program::wait_for(child, address)
}

#[tokio::test]
async fn bans_and_mutes_of_one_server_hold_on_the_other() {
    let postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    let url = postgres.url("hall");
    let folder = tempfile::tempdir().unwrap();
    let sockets = ["one", "two"].map(|name| folder.path().join(name));
    let sockets = sockets.map(|path| path.to_str().unwrap().to_owned());
    let servers = sockets.each_ref().map(|socket| start(&url, socket));
    let mut mallory = TestPlayer::connect(servers[1].address).await;
    mallory.enter("Mallory").await;
    let mut ada = TestPlayer::connect(servers[1].address).await;
    ada.enter("Ada").await;
    let one = Operator::on(&["--admin-socket", &sockets[0]]);
    one.does(&["ban", "Mallory"]);
    mallory.expect_closed(CloseReason::Banned).await;
    one.does(&["mute", "Ada"]);
    let is_muted = async {
        loop {
            ada.request("set_presence", r#""state":"online","text":"la""#)
                .await;
            match ada.next().await {
                longhall_packet::ServerPacket::Deny { code, .. } => return code,
                _ => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
            }
        }
    };
    assert_eq!(timeout(PATIENCE, is_muted).await.unwrap(), DenyCode::Muted);
    let two = Operator::on(&["--admin-socket", &sockets[1]]);
    let shown = two.does(&["users", "show", "Mallory"]);
    assert_eq!(texts(&shown["sanctions"], "kind"), ["ban"]);
    two.does(&["unban", "Mallory"]);
    let mut back = TestPlayer::connect(servers[1].address).await;
    back.login("Mallory").await;
    assert_eq!(two.audit().len(), 4);
    for server in servers {
        assert_eq!(server.terminate().code(), Some(0));
    }
}

#[tokio::test]
async fn a_database_whose_servers_are_stopped_is_worked_on_by_itself() {
    let postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    let url = postgres.url("hall");
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let server = start(&url, socket.to_str().unwrap());
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("Ada").await;
    ada.say("mine").await;
    assert_eq!(server.terminate().code(), Some(0));
    let operator = Operator::on(&["--store", &url]);
    operator.does(&["users", "rename", "Ada", "Grace"]);
    operator.does(&["lines", "delete", "lobby", "1"]);
    operator.does(&["announce", "We are back."]);
    let export = operator.does(&["users", "export", "Grace"]);
    assert_eq!(texts(&export["lines"], "text"), [""]);
    let output = operator.output(&["users", "erase", "Grace", "--yes"]);
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(note.contains("servers elsewhere"), "{note}");
    operator.is_told(NOT_FOUND, &["users", "show", "Grace"]);
    let server = start(&url, socket.to_str().unwrap());
    let mut bob = TestPlayer::connect(server.address).await;
    bob.enter("bob").await;
    let lines = bob.lines_after("lobby", 0).await;
    assert!(lines[0].sender.starts_with("(erased"), "{lines:?}");
    assert_eq!(lines.last().unwrap().text, "We are back.");
    bob.request("login", &credentials("Grace")).await;
    server.kill();
}
