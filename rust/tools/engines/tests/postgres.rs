//! A real PostgreSQL starts, crashes, comes back, and leaves nothing behind.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use longhall_engines::Postgres;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it is listened for an answer that shall not come.
const A_WHILE: Duration = Duration::from_millis(300);

#[test]
fn what_was_committed_is_there_after_a_crash() {
    let mut postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    let (url, port) = (postgres.url("hall"), postgres.port());
    postgres
        .query(
            "hall",
            "CREATE TABLE lines (text TEXT); INSERT INTO lines VALUES ('hé');",
        )
        .unwrap();
    for _ in 0..2 {
        postgres.stop_immediately().unwrap();
        assert!(postgres.query("hall", "SELECT 1").is_err());
        postgres.start_again().unwrap();
    }
    assert_eq!((postgres.url("hall"), postgres.port()), (url, port));
    let found = postgres.query("hall", "SELECT text, length(text) FROM lines");
    assert_eq!(found.unwrap(), "hé|2");
}

#[test]
fn databases_know_nothing_of_each_other() {
    let postgres = Postgres::start().unwrap();
    postgres.create_database("one").unwrap();
    postgres.create_database("two").unwrap();
    assert!(postgres.create_database("two").is_err(), "it is there");
    postgres.query("one", "CREATE TABLE own ()").unwrap();
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename = 'own'";
    assert_eq!(postgres.query("one", tables).unwrap(), "1");
    assert_eq!(postgres.query("two", tables).unwrap(), "0");
}

#[test]
fn the_role_is_no_superuser_and_has_a_password_that_no_error_tells() {
    let postgres = Postgres::quick().unwrap();
    let (_, rest) = postgres
        .url("postgres")
        .split_once("longhall:")
        .map(own)
        .unwrap();
    let (password, _) = rest.split_once('@').map(own).unwrap();
    assert!(password.len() > 16);
    let is_super = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
    assert_eq!(postgres.query("postgres", is_super).unwrap(), "f");
    let error = postgres.query("postgres", "SELECT nothing").unwrap_err();
    assert!(!format!("{error:?}").contains(&password));
}

fn own((before, after): (&str, &str)) -> (String, String) {
    (before.to_owned(), after.to_owned())
}

#[test]
fn one_that_stands_still_answers_when_it_goes_on() {
    let mut postgres = Postgres::quick().unwrap();
    postgres.pause().unwrap();
    let (asking, postgres) = std::thread::scope(|scope| {
        let url = postgres.url("postgres");
        let asking = scope.spawn(move || ask(&url));
        std::thread::sleep(A_WHILE);
        assert!(!asking.is_finished(), "it stands still");
        postgres.go_on().unwrap();
        (asking.join().unwrap(), postgres)
    });
    assert_eq!(asking, b"N");
    assert_eq!(postgres.query("postgres", "SELECT 1").unwrap(), "1");
}

/// What it says to one who asks for TLS, the first thing that a client says.
fn ask(url: &str) -> Vec<u8> {
    let address = url.split(['@', '/']).nth(3).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
        .write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])
        .unwrap();
    let mut answer = vec![0];
    stream.read_exact(&mut answer).unwrap();
    answer
}

#[test]
fn one_with_tls_says_so_and_has_an_authority_to_trust() {
    let postgres = Postgres::with_tls().unwrap();
    assert_eq!(ask(&postgres.url("postgres")), b"S");
    let authority = std::fs::read_to_string(postgres.authority().unwrap()).unwrap();
    assert!(authority.starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn a_standby_takes_no_changes_until_it_is_promoted() {
    let mut postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    postgres.become_standby().unwrap();
    assert!(postgres.query("hall", "CREATE TABLE lines ()").is_err());
    assert_eq!(postgres.query("hall", "SELECT 1").unwrap(), "1");
    postgres.promote().unwrap();
    postgres.query("hall", "CREATE TABLE lines ()").unwrap();
}

#[test]
fn a_database_that_is_closed_keeps_everybody_out() {
    let mut postgres = Postgres::quick().unwrap();
    postgres.create_database("hall").unwrap();
    postgres.close_database("hall").unwrap();
    postgres.stop_immediately().unwrap();
    postgres.start_again().unwrap();
    let refused = postgres.query("hall", "SELECT 1").unwrap_err();
    assert!(refused.to_string().contains("pg_hba.conf"), "{refused}");
}

#[test]
fn only_a_quick_one_does_not_wait_for_the_disk() {
    let fsync = |postgres: Postgres| postgres.query("postgres", "SHOW fsync").unwrap();
    assert_eq!(fsync(Postgres::start().unwrap()), "on");
    assert_eq!(fsync(Postgres::quick().unwrap()), "off");
}
