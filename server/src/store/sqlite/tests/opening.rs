//! Files that are opened, and those that are refused.

use super::*;

#[track_caller]
fn refused(path: &Path) -> OpenError {
    match SqliteStore::open(path) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

#[tokio::test]
async fn accounts_outlive_the_store() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let id = store.insert_user(new_user("ada")).await.unwrap();
    store.close().await;
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(
        store.user_by_name("ada").await.unwrap().map(|user| user.id),
        id
    );
}

#[test]
fn a_second_server_on_the_same_file_is_refused() {
    let (_folder, path) = folder();
    let first = SqliteStore::open(&path).unwrap();
    assert!(matches!(refused(&path), OpenError::InUse(_)));
    drop(first);
    SqliteStore::open(&path).unwrap();
}

#[test]
fn a_damaged_or_foreign_file_is_refused_and_left_as_it_is() {
    let (_folder, path) = folder();
    fs::write(
        &path,
        "this is not a database, it is somebody's diary ".repeat(100),
    )
    .unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(refused(&path), OpenError::Corrupt { .. }));
    assert!(fs::read(&path).unwrap() == before, "the file was changed");

    let (_folder, path) = folder();
    let foreign = Connection::open(&path).unwrap();
    foreign
        .execute_batch("CREATE TABLE recipes (name TEXT); PRAGMA user_version = 1")
        .unwrap();
    drop(foreign);
    let before = fs::read(&path).unwrap();
    assert!(matches!(refused(&path), OpenError::Corrupt { .. }));
    assert!(fs::read(&path).unwrap() == before, "the file was changed");
}

#[tokio::test]
async fn a_file_with_a_damaged_page_is_refused() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    for number in 0..500 {
        store
            .insert_user(new_user(&format!("user-{number}")))
            .await
            .unwrap();
    }
    store.close().await;
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x5a);
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(refused(&path), OpenError::Corrupt { .. }));
}

#[test]
fn a_file_of_a_newer_server_is_refused_and_left_as_it_is() {
    let (_folder, path) = folder();
    drop(SqliteStore::open(&path).unwrap());
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 1000).unwrap();
    newer.close().unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(
        refused(&path),
        OpenError::Newer { found: 1000, .. }
    ));
    assert!(fs::read(&path).unwrap() == before, "the file was changed");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder();
    let _store = SqliteStore::open(&path).unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn a_missing_folder_and_a_folder_in_place_of_a_file_are_named() {
    let (folder, _) = folder();
    let missing = folder.path().join("no/such/longhall.db");
    assert!(matches!(refused(&missing), OpenError::NoFolder(_)));
    assert!(matches!(refused(folder.path()), OpenError::IsFolder(_)));
}

/// Adds accounts as the first rule for looks made their keys.
fn insert_by_the_first_rule(path: &Path, accounts: &[(&str, &str, &str, &str)]) {
    let db = Connection::open(path).unwrap();
    for (username, name_key, look_key, capitals_key) in accounts {
        db.execute(
            "INSERT INTO users
                 (username, name_key, look_key, capitals_key, password_hash, created_at_ms)
             VALUES (?1, ?2, ?3, ?4, 'hash of ' || ?1, 0)",
            (username, name_key, look_key, capitals_key),
        )
        .unwrap();
    }
    db.close().unwrap();
}

#[tokio::test]
async fn accounts_that_look_alike_by_a_new_rule_keep_their_names_and_are_told_to_the_operator() {
    let (_folder, path) = folder();
    fs::write(&path, fs::read(V2).unwrap()).unwrap();
    insert_by_the_first_rule(
        &path,
        &[
            ("jim", "jim", "jirn", "jlrn"),
            ("j\u{307}im", "j\u{307}im", "j\u{307}irn", "j\u{307}lrn"),
            ("Zoe", "zoe", "zoe", "zoe"),
            ("ji\u{307}m", "ji\u{307}m", "ji\u{307}rn", "jl\u{307}rn"),
            ("bo\u{358}b", "bo\u{358}b", "bo\u{358}b", "bo\u{358}b"),
            ("b\u{22f}b", "b\u{22f}b", "b\u{22f}b", "b\u{22f}b"),
        ],
    );
    let expected: Vec<Vec<String>> = [
        &["jim", "j\u{307}im", "ji\u{307}m"][..],
        &["bo\u{358}b", "b\u{22f}b"],
    ]
    .map(|names| names.iter().map(|&name| name.to_owned()).collect())
    .into();
    let mut opened = connect(&path).unwrap();
    let migrations = Migrations::from_slice(MIGRATIONS);
    migrate(&mut opened, &path, &migrations, MIGRATIONS.len()).unwrap();
    let renew = || looks::renew(&mut Sqlite(&opened)).unwrap();
    assert_eq!(renew(), expected);
    // Told once.
    assert_eq!(renew(), Vec::<Vec<String>>::new());
    opened.close().unwrap();

    let store = SqliteStore::open(&path).unwrap();
    for name in ["jim", "j\u{307}im", "ji\u{307}m", "Zoe", "Ada", "Жанна"] {
        let keys = Username::parse(name).unwrap().keys();
        let user = store.user_by_name(&keys.name).await.unwrap().unwrap();
        assert_eq!(user.username, name);
        assert!(store.is_name_taken(&keys).await.unwrap());
    }
    for name in [
        "JIM",
        "jïm\u{307}",
        "ȷim",
        "j\u{307}i\u{307}m",
        "Zoe\u{307}",
        "b\u{f3}\u{301}b",
    ] {
        let is_new = name.contains('ï') || name.contains('Z') || name.contains('\u{f3}');
        let inserted = store.insert_user(new_user(name)).await.unwrap();
        assert_eq!(inserted.is_some(), is_new, "{name}");
    }
    // What refers to accounts still does.
    let dangling = store.read(|db| db.0.prepare("PRAGMA foreign_key_check")?.exists([]));
    assert!(!dangling.await.unwrap());
    let ada = store.user_by_name("ada").await.unwrap().unwrap().id;
    assert!(!store.memberships(ada).await.unwrap().is_empty());
}

#[tokio::test]
async fn keys_of_another_rule_are_made_anew_without_a_new_layout() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.insert_user(new_user("Iris")).await.unwrap();
    store.close().await;
    drop(store);
    for version in [1, NameKeys::RULE + 1] {
        let db = Connection::open(&path).unwrap();
        db.execute(
            "UPDATE users SET look_key = 'old', capitals_key = 'old'",
            [],
        )
        .unwrap();
        db.execute("UPDATE name_key_rule SET version = ?1", [version])
            .unwrap();
        db.close().unwrap();
        let store = SqliteStore::open(&path).unwrap();
        let keys = Username::parse("lri\u{307}s").unwrap().keys();
        assert!(store.is_name_taken(&keys).await.unwrap(), "{version}");
    }
}

#[tokio::test]
async fn an_operator_may_set_right_how_far_the_clock_was_believed() {
    const NOW_MS: i64 = 1_800_000_000_000;
    let decisions = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/decisions.md");
    let decisions = fs::read_to_string(decisions).unwrap();
    let (_, sql) = decisions.split_once("sqlite3 longhall.db \"").unwrap();
    let (sql, _) = sql.split_once('"').unwrap();
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let seen = Seen {
        believed_ms: Some(2 * NOW_MS),
        doubt: None,
    };
    store.set_seen(seen).await.unwrap();
    let epoch = store.epoch().to_owned();
    store.close().await;
    Connection::open(&path).unwrap().execute(sql, []).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let believed_ms = store.seen().believed_ms.unwrap();
    assert!((now_ms() - believed_ms).abs() < 60_000, "{believed_ms}");
    assert_eq!(store.epoch(), epoch);
}
