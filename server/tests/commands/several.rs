//! Two servers on one PostgreSQL: what the operator of one does is felt on the other.

use std::net::SocketAddr;
use std::process::{Child, Command};

use longhall_engines::{Nats, Postgres};
use longhall_packet::{CloseReason, DenyCode, ServerPacket};
use tokio::time::timeout;

use crate::support::{PATIENCE, Program, TestPlayer, credentials};
use crate::{NOT_FOUND, Operator, texts};

/// Starts a server with a socket of its own; it has no bus, so the database alone is what
/// they have in common.
fn start(url: &str, socket: &str) -> Program {
    start_on(Program::command(), url, socket)
}

fn start_on(mut command: Command, url: &str, socket: &str) -> Program {
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
                ServerPacket::Deny { code, .. } => return code,
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

const PASSWORD: &str = "correct horse";

/// The names of the lobby's roster.
async fn roster(player: &mut TestPlayer) -> Vec<String> {
    player.request("members", r#""channel":"lobby""#).await;
    loop {
        if let ServerPacket::Members { members, .. } = player.next().await {
            let mut names: Vec<_> = members.into_iter().map(|member| member.username).collect();
            names.sort();
            return names;
        }
    }
}

async fn is_renamed(player: &mut TestPlayer, was: &str, is: &str) {
    loop {
        if let ServerPacket::Renamed {
            username,
            new_username,
        } = player.next().await
        {
            assert_eq!((&*username, &*new_username), (was, is));
            return;
        }
    }
}

/// What a visitor is denied.
async fn denied(address: SocketAddr, kind: &str, name: &str) -> DenyCode {
    let mut visitor = TestPlayer::connect(address).await;
    visitor.request(kind, &credentials(name)).await;
    match visitor.next().await {
        ServerPacket::Deny { code, .. } => code,
        other => panic!("{kind} {name}: {other:?}"),
    }
}

#[tokio::test]
async fn another_name_is_seen_on_the_other_server_and_the_old_one_is_kept_there_too() {
    let (postgres, nats) = (Postgres::quick().unwrap(), Nats::start().unwrap());
    postgres.create_database("hall").unwrap();
    let url = postgres.url("hall");
    let folder = tempfile::tempdir().unwrap();
    let servers = ["one", "two"].map(|name| {
        let mut command = Program::command();
        command.env("LONGHALL_BUS", nats.url());
        let socket = folder.path().join(name);
        start_on(command, &url, socket.to_str().unwrap())
    });
    let [here, there] = servers.each_ref().map(|server| server.address);
    let mut ada = TestPlayer::connect(here).await;
    ada.enter("Ada").await;
    let mut tablet = TestPlayer::connect(there).await;
    tablet.login("Ada").await;
    let mut bob = TestPlayer::connect(there).await;
    bob.enter("Bob").await;
    let both = async { while roster(&mut ada).await != ["Ada", "Bob"] {} };
    timeout(PATIENCE, both).await.unwrap();

    let rename = format!(r#""password":"{PASSWORD}","username":"Grace""#);
    ada.done("rename", &rename).await;
    for player in [&mut bob, &mut tablet] {
        is_renamed(player, "Ada", "Grace").await;
    }
    assert_eq!(roster(&mut bob).await, ["Bob", "Grace"]);
    // All her devices speak under it, and are spoken to.
    tablet.say("still me").await;
    assert_eq!(bob.expect_line().await.sender, "Grace");
    bob.request("chat", r#""channel":"@grace","line_id":70,"text":"psst""#)
        .await;
    while tablet.hears().await != "psst" {}

    let mut back = TestPlayer::connect(there).await;
    back.login("Grace").await;
    assert_eq!(
        denied(there, "login", "Ada").await,
        DenyCode::BadCredentials
    );
    assert_eq!(
        denied(there, "register", "Ada").await,
        DenyCode::UsernameTaken
    );
    let taken = format!(r#""password":"{PASSWORD}","username":"Ada""#);
    bob.request("rename", &taken).await;
    loop {
        if let ServerPacket::Deny { code, .. } = bob.next().await {
            assert_eq!(code, DenyCode::UsernameTaken);
            break;
        }
    }
    for server in servers {
        assert_eq!(server.terminate().code(), Some(0));
    }
}
