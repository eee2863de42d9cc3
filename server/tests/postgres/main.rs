//! The program on PostgreSQL, as an operator runs it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod refused;
mod trouble;
mod tls;
mod layout;
#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use longhall_engines::Postgres;
use longhall_packet::{DenyCode, ServerPacket};
use support::{PATIENCE, Program, TestPlayer};

/// A server whose log is kept, ended with the test.
struct Server {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Server {
    fn start(url: &str) -> Self {
        let mut command = Program::command();
        command.env("LONGHALL_STORE", url);
        Self::run(&mut command)
    }

    fn run(command: &mut Command) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0"])
            .args(["--logins-per-minute", "1000"])
            .args(["--logins-per-minute-per-name", "1000"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log: Arc<Mutex<String>> = Arc::default();
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            log,
        };
        server.wait_until(|log| log.contains("listening address="));
        let log = server.log();
        let (_, rest) = log.split_once("listening address=").unwrap();
        server.address = rest.split_whitespace().next().unwrap().parse().unwrap();
        server
    }

    /// What it tells a load balancer: the status and the last word.
    fn readiness(&self) -> (String, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"GET /ready HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().to_owned();
        (status, answer.lines().last().unwrap_or_default().to_owned())
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    fn wait_until(&mut self, is_there: impl Fn(&str) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_there(&self.log()) {
            assert_eq!(self.child.try_wait().unwrap(), None, "{}", self.log());
            assert!(Instant::now() < until, "{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Takes a denial that says when to come back.
async fn expect_unavailable(player: &mut TestPlayer) {
    match player.next().await {
        ServerPacket::Deny {
            code: DenyCode::Unavailable,
            retry_after_ms: Some(1..),
            ..
        } => {}
        other => panic!("expected to be told to come back, got {other:?}"),
    }
}

#[tokio::test]
async fn players_are_denied_while_the_database_is_down_and_nothing_they_were_told_is_lost() {
    let mut postgres = Postgres::start().unwrap();
    postgres.create_database("hall").unwrap();
    let mut server = Server::start(&postgres.url("hall"));
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("Ada").await;
    let mut said = vec![ada.say("before the crash").await];

    postgres.stop_immediately().unwrap();
    ada.try_say("lobby", "during it").await;
    expect_unavailable(&mut ada).await;
    let mut bob = TestPlayer::connect(server.address).await;
    for kind in ["login", "register"] {
        let fields = r#""username":"Bob","password":"correct horse""#;
        bob.request(kind, fields).await;
        expect_unavailable(&mut bob).await;
    }
    postgres.start_again().unwrap();
    server.wait_until(|log| log.contains("the database is back"));

    said.push(ada.say("after it").await);
    bob.enter("Bob").await;
    let lines = bob.lines_after("lobby", 0).await;
    let lines: Vec<_> = lines.iter().map(|line| (line.seq, &*line.text)).collect();
    assert_eq!(
        lines,
        [(said[0], "before the crash"), (said[1], "after it")]
    );
    assert_eq!(said, [1, 2]);
    let log = server.log();
    assert_eq!(log.matches("the database is away").count(), 1, "{log}");
    assert_eq!(log.matches("the database is back").count(), 1, "{log}");
    assert!(!log.contains(password_of(&postgres.url("hall"))), "{log}");
}

#[tokio::test]
async fn two_servers_started_at_once_on_an_empty_database_both_serve_it() {
    let postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    let url = postgres.url("hall");
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| Server::start(&url));
        (Server::start(&url), other.join().unwrap())
    });
    let mut ada = TestPlayer::connect(one.address).await;
    ada.enter("Ada").await;
    ada.say("is anybody there?").await;
    let mut ada = TestPlayer::connect(other.address).await;
    ada.login("Ada").await;
    assert_eq!(ada.lines_after("lobby", 0).await.len(), 1);
}

/// The one line that a start ends with.
#[track_caller]
fn refusal(command: &mut Command) -> String {
    let output = Program::output(command.args(["--listen", "127.0.0.1:0"]));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

fn password_of(url: &str) -> &str {
    url.split([':', '@']).nth(2).unwrap()
}

#[tokio::test]
async fn the_address_may_be_in_a_file() {
    let postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{}", postgres.url("hall")).unwrap();
    let server = Server::run(Program::command().arg("--store-file").arg(file.path()));
    TestPlayer::connect(server.address).await.enter("Ada").await;
    assert!(!server.log().contains(password_of(&postgres.url("hall"))));

    let both = Program::output(
        Program::command()
            .args(["--database", "longhall.db", "--store-file"])
            .arg(file.path()),
    );
    assert!(!both.status.success());
    let said = String::from_utf8(both.stderr).unwrap();
    assert!(said.contains("--store-file"), "{said}");
}

/// Runs the program to its end and returns what it says on both ways.
fn run_program(arguments: &[&str], store: &str) -> (bool, String) {
    let mut command = Program::command();
    let output = command
        .args(arguments)
        .env("LONGHALL_STORE", store)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn a_backup_is_made_while_servers_write_and_comes_back_anywhere() {
    let postgres = Postgres::quick().unwrap();
    for name in ["hall", "again"] {
        postgres.create_database(name).unwrap();
    }
    let url = postgres.url("hall");
    let server = Server::start(&url);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.register("Ada").await;
    let before = ada.log_in("Ada", "").await;
    ada.say("before the backup").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    let file = file.to_str().unwrap();
    let (is_made, said) = run_program(&["backup", file], &url);
    assert!(
        is_made && said.contains("1 accounts, 1 channels, 1 lines"),
        "{said}"
    );
    ada.say("after the backup").await;
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");

    let again = postgres.url("again");
    let (is_done, said) = run_program(&["restore", file], &again);
    assert!(is_done && said.contains("restored"), "{said}");
    let (is_done, said) = run_program(&["restore", file], &again);
    assert!(!is_done && said.contains("is not empty"), "{said}");
    assert!(!said.contains(password_of(&again)), "{said}");
    let restored = Server::start(&again);
    let mut ada = TestPlayer::connect(restored.address).await;
    let after = ada.log_in("Ada", "").await;
    assert_ne!(after.epoch, before.epoch, "games read the history anew");
    let lines = ada.lines_after("lobby", 0).await;
    assert_eq!(lines.len(), 1);
    ada.say("and on").await;

    // Nor does it need a PostgreSQL.
    let database = folder.path().join("longhall.db");
    let restored = Program::command()
        .args(["restore", file, "--database"])
        .arg(&database)
        .output()
        .unwrap();
    assert!(restored.status.success(), "{restored:?}");
    let alone = Program::start(&database);
    let mut ada = TestPlayer::connect(alone.address).await;
    ada.login("Ada").await;
    assert_eq!(ada.lines_after("lobby", 0).await.len(), 1);
    alone.kill();
}

#[test]
fn the_doctor_asks_postgres_and_finds_settings_that_lose_lines() {
    let postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    let url = postgres.url("hall");
    // It was started to be quick.
    let (is_well, said) = run_program(&["doctor"], &url);
    assert!(
        !is_well && said.contains("FAIL durability: fsync"),
        "{said}"
    );
    assert!(said.contains("ok   postgres: 127.0.0.1"), "{said}");
    let (is_well, said) = run_program(&["doctor"], &url.replace('@', "x@"));
    assert!(!is_well && said.contains("FAIL postgres: "), "{said}");
    assert!(!said.contains(password_of(&url)), "{said}");
}
