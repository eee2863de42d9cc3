//! PostgreSQL is there and of no use: it stands still, or takes no changes.

use std::time::Duration;

use longhall_engines::Postgres;
use longhall_packet::CloseReason;

use crate::support::{Program, TestPlayer};
use crate::{Server, expect_unavailable, refusal};

/// Longer than the server looks twice whether the database is back.
const A_WHILE: Duration = Duration::from_secs(1);

const DURING: &str = r#""channel":"lobby","line_id":7,"text":"during it""#;

/// Who is there says a line, and who is not logs in.
async fn check_denied(server: &Server, ada: &mut TestPlayer) {
    ada.request("chat", DURING).await;
    expect_unavailable(ada).await;
    let mut bob = TestPlayer::connect(server.address).await;
    let fields = r#""username":"Bob","password":"correct horse""#;
    bob.request("login", fields).await;
    expect_unavailable(&mut bob).await;
    assert_eq!(server.readiness().0, "503");
}

/// The line that was denied is said again, as a game does, and stands there once.
async fn check_all_is_there(server: &mut Server, ada: &mut TestPlayer) {
    server.wait_until(|log| log.contains("the database is back"));
    ada.say_under(7, "lobby", "during it").await;
    ada.say("after it").await;
    let lines = ada.lines_after("lobby", 0).await;
    let lines: Vec<_> = lines.iter().map(|line| (line.seq, &*line.text)).collect();
    let expected = [(1, "before it"), (2, "during it"), (3, "after it")];
    assert_eq!(lines, expected);
    let log = server.log();
    assert_eq!(log.matches("the database is away").count(), 1, "{log}");
    assert_eq!(log.matches("the database is back").count(), 1, "{log}");
}

#[tokio::test]
async fn players_are_denied_while_the_database_stands_still_and_nothing_is_lost() {
    let mut postgres = Postgres::start().unwrap();
    postgres.create_database("hall").unwrap();
    let mut server = Server::start(&postgres.url("hall"));
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("Ada").await;
    ada.say("before it").await;
    postgres.pause().unwrap();
    check_denied(&server, &mut ada).await;
    postgres.go_on().unwrap();
    check_all_is_there(&mut server, &mut ada).await;
}

#[tokio::test]
async fn a_standby_is_refused_at_the_start_and_players_wait_until_it_takes_changes() {
    let mut postgres = Postgres::start().unwrap();
    postgres.create_database("hall").unwrap();
    let url = postgres.url("hall");
    let mut server = Server::start(&url);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("Ada").await;
    ada.say("before it").await;
    postgres.become_standby().unwrap();
    check_denied(&server, &mut ada).await;
    let said = refusal(Program::command().env("LONGHALL_STORE", &url));
    assert!(
        said.contains("is a standby, which takes no changes"),
        "{said}"
    );
    postgres.promote().unwrap();
    check_all_is_there(&mut server, &mut ada).await;
}

#[tokio::test]
async fn a_database_that_is_made_read_only_is_away_until_it_takes_changes() {
    let postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    let mut server = Server::start(&postgres.url("hall"));
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("Ada").await;
    ada.say("before it").await;
    let set = |value| {
        // It holds for connections made from now on.
        let sql = format!(
            "ALTER DATABASE hall SET default_transaction_read_only = {value};
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'hall'"
        );
        postgres.query("postgres", &sql).unwrap();
    };
    set("on");
    check_denied(&server, &mut ada).await;
    tokio::time::sleep(A_WHILE).await;
    let log = server.log();
    assert!(!log.contains("the database is back"), "{log}");
    set("off");
    check_all_is_there(&mut server, &mut ada).await;
}

#[tokio::test]
async fn a_database_that_is_set_back_ends_the_server_for_another_start() {
    let postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    let mut server = Server::start(&postgres.url("hall"));
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("Ada").await;
    ada.say("before it").await;
    let sql = "UPDATE state SET epoch = left(md5(random()::text), 16)";
    postgres.query("hall", sql).unwrap();
    ada.expect_closed(CloseReason::Restarting).await;
    let status = server.child.wait().unwrap();
    assert_eq!(status.code(), Some(1), "so that systemd starts another one");
    let log = server.log();
    assert!(log.contains("set back to an older state while"), "{log}");
    let again = Server::start(&postgres.url("hall"));
    let mut ada = TestPlayer::connect(again.address).await;
    ada.login("Ada").await;
}
