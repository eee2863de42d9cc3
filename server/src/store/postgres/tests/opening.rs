//! Which databases are opened, and what is said of others.

use longhall_packet::{NameKeys, Username};
use tokio::runtime::Builder;

use super::super::layout::Step;
use super::*;
use crate::store::{NewUser, Store, StoreError};

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
        // With all that opening looks at.
        script: concat!(
            include_str!("../schema/0001_tables.sql"),
            include_str!("../schema/0008_own_data.sql")
        ),
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

fn user(name: &str) -> NewUser {
    NewUser {
        username: name.to_owned(),
        keys: Username::parse(name).unwrap().keys(),
        password_hash: String::new(),
        recovery_codes: Vec::new(),
    }
}

#[tokio::test]
async fn an_older_server_leaves_the_keys_of_a_newer_rule_alone_and_registers_nobody() {
    let url = database();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let ask = |sql: &str| SERVER.query(&name, sql).unwrap().trim().to_owned();
    let running = PostgresStore::open(&url).unwrap();
    running.insert_user(user("Iris")).await.unwrap().unwrap();
    let newer = NameKeys::RULE + 1;
    ask(&format!(
        "UPDATE users SET look_key = 'newer'; UPDATE name_key_rule SET version = {newer}"
    ));
    // One that runs on, and one that starts.
    let started = PostgresStore::open(&url).unwrap();
    for older in [&running, &started] {
        let refused = older.insert_user(user("lris")).await;
        assert!(matches!(refused, Err(StoreError::Failed(_))), "{refused:?}");
        assert!(older.user_by_name("iris").await.unwrap().is_some());
    }
    let kept = "SELECT look_key, version FROM users, name_key_rule";
    assert_eq!(ask(kept), format!("newer|{newer}"));
    // What docs/operating.md says of a way back.
    ask("UPDATE name_key_rule SET version = 0");
    let back = PostgresStore::open(&url).unwrap();
    assert_eq!(back.insert_user(user("lris")).await.unwrap(), None);
    assert!(back.insert_user(user("Ada")).await.unwrap().is_some());
}

#[test]
fn keys_are_not_made_anew_beside_an_account_that_is_being_made() {
    let url = database();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let ask = |sql: &str| SERVER.query(&name, sql).unwrap().trim().to_owned();
    drop(PostgresStore::open(&url).unwrap());
    ask("UPDATE name_key_rule SET version = 0");
    // An older server that has looked at the rule, and not written yet.
    let mut older = client(&url);
    let mut making = older.transaction().unwrap();
    making
        .batch_execute(
            "SELECT pg_advisory_xact_lock(1::bigint << 56);
             INSERT INTO users (username, name_key, look_key, capitals_key, password_hash,
                                created_at_ms)
             VALUES ('Iris', 'iris', 'old', 'old', '', 0)",
        )
        .unwrap();
    let newer = std::thread::spawn(move || PostgresStore::open(&url).unwrap());
    while !is_anybody_waiting(&name) && !newer.is_finished() {}
    making.commit().unwrap();
    let newer = newer.join().unwrap();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let taken = runtime.block_on(newer.insert_user(user("lris")));
    assert_eq!(taken.unwrap(), None);
}
