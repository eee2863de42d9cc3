//! Which databases are opened, and what is said of others.

use super::super::layout::{STEPS, Step};
use super::*;
use crate::store::Store;

fn refused(url: &str) -> PostgresError {
    match PostgresStore::open(url) {
        Ok(_) => panic!("it was opened"),
        Err(cause) => cause,
    }
}

/// The text is one line, without the password.
fn check(cause: &PostgresError, url: &str, names: &str) {
    let text = cause.to_string();
    assert!(text.contains(names), "{text}");
    assert!(!text.contains('\n'), "{text}");
    let password = url.split([':', '@']).nth(2).unwrap();
    assert!(!text.contains(password), "{text}");
    assert!(!format!("{cause:?}").contains(password), "{cause:?}");
}

#[test]
fn what_keeps_a_database_from_being_opened_is_named_without_the_password() {
    let url = database();
    let port = SERVER.port().to_string();

    let wrong = url.replace('@', "x@");
    let cause = refused(&wrong);
    assert!(matches!(cause, PostgresError::NotLetIn { .. }), "{cause}");
    check(&cause, &wrong, "\"longhall\"");

    let nowhere = url.replace("/test_", "/nowhere_");
    let cause = refused(&nowhere);
    assert!(matches!(cause, PostgresError::NoDatabase { .. }), "{cause}");
    check(&cause, &nowhere, "nowhere_");

    // Nobody listens on the port for finding out which service is at which port.
    let away = url.replace(&port, "1");
    let cause = refused(&away);
    assert!(
        matches!(cause, PostgresError::NotReachable { .. }),
        "{cause}"
    );
    check(&cause, &away, "127.0.0.1:1");

    let cause = refused("postgres://ada:s3cret@127.0.0.1/hall?sslmode=maybe");
    check(&cause, "postgres://ada:s3cret@", "sslmode");

    let plain = format!("{url}?sslmode=require");
    let cause = refused(&plain);
    assert!(matches!(cause, PostgresError::NoTls { .. }), "{cause}");
    check(&cause, &plain, "sslmode=disable");
}

#[test]
fn a_database_that_cannot_hold_every_text_is_refused() {
    let name = "test_latin1";
    let sql = format!("CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    SERVER.query("postgres", &sql).unwrap();
    let cause = refused(&SERVER.url(name));
    assert!(matches!(cause, PostgresError::NotUtf8 { .. }), "{cause}");
    check(&cause, &SERVER.url(name), "LATIN1");
}

#[test]
fn tables_of_another_program_are_left_alone() {
    let url = database();
    let name = url.rsplit('/').next().unwrap();
    SERVER.query(name, "CREATE TABLE users (id int)").unwrap();
    let cause = refused(&url);
    assert!(matches!(cause, PostgresError::Foreign { .. }), "{cause}");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(SERVER.query(name, tables).unwrap().trim(), "1");
}

#[test]
fn servers_that_start_at_once_on_an_empty_database_share_it() {
    let url = database();
    let opened = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| PostgresStore::open(&url).unwrap()))
            .collect();
        let opened = starting.into_iter().map(|server| server.join().unwrap());
        opened.collect::<Vec<_>>()
    });
    assert!(!opened[0].epoch().is_empty());
    assert!(
        opened
            .iter()
            .all(|other| other.epoch() == opened[0].epoch())
    );
    assert_ne!(opened[0].epoch(), store().epoch());
}

#[test]
fn a_newer_layout_is_worked_on_if_it_only_adds_and_refused_otherwise() {
    let url = database();
    let adding = |works_from| Step {
        script: "CREATE TABLE added (id bigint)",
        works_from,
    };
    let taking = |works_from| Step {
        script: "DROP TABLE added",
        works_from,
    };
    let first = || Step {
        script: STEPS[0].script,
        works_from: 1,
    };
    drop(PostgresStore::open_with(&url, &[first(), adding(1)]).unwrap());
    // The version before goes on beside it.
    let before = PostgresStore::open_with(&url, &[first()]).unwrap();
    let newer = [first(), adding(1), taking(2)];
    drop(PostgresStore::open_with(&url, &newer).unwrap());
    drop(PostgresStore::open_with(&url, &newer[..2]).unwrap());
    let cause = PostgresStore::open_with(&url, &newer[..1]).map(drop);
    let cause = cause.unwrap_err();
    let is_refused = matches!(
        cause,
        PostgresError::Newer {
            found: 3,
            known: 1,
            ..
        }
    );
    assert!(is_refused, "{cause}");
    drop(before);
}
