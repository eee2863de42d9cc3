//! A real PostgreSQL starts, crashes, comes back, and leaves nothing behind.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

use longhall_engines::Postgres;

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
fn only_a_quick_one_does_not_wait_for_the_disk() {
    let fsync = |postgres: Postgres| postgres.query("postgres", "SHOW fsync").unwrap();
    assert_eq!(fsync(Postgres::start().unwrap()), "on");
    assert_eq!(fsync(Postgres::quick().unwrap()), "off");
}
