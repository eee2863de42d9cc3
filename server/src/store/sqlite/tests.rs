use std::fs;
use std::path::{Path, PathBuf};

use longhall_packet::Username;
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::open::{MIGRATIONS, beside};
use super::*;

fn new_user(name: &str) -> NewUser {
    NewUser {
        username: name.to_owned(),
        keys: Username::parse(name).unwrap().keys(),
        password_hash: "hash".to_owned(),
    }
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("longhall.db");
    (folder, path)
}

#[track_caller]
fn refused(path: &Path) -> OpenError {
    match SqliteStore::open(path) {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

#[test]
fn the_migrations_are_sound() {
    Migrations::from_slice(MIGRATIONS).validate().unwrap();
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

#[tokio::test]
async fn changes_of_many_at_once_are_all_answered() {
    let (_folder, path) = folder();
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let tasks: Vec<_> = (0..2000)
        .map(|number| {
            let store = Arc::clone(&store);
            // Each name is tried twice.
            let user = new_user(&format!("user-{}", number / 2));
            tokio::spawn(async move { store.insert_user(user).await.unwrap() })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        created += usize::from(task.await.unwrap().is_some());
    }
    assert_eq!(created, 1000);
}

#[tokio::test]
async fn a_change_that_fails_half_way_leaves_nothing_behind() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    let failed = store.write(|db| {
        db.execute(
            "INSERT INTO users
                 (username, name_key, look_key, capitals_key, password_hash, created_at_ms)
             VALUES ('ghost', 'ghost', 'ghost', 'ghost', '', 0)",
            [],
        )?;
        db.execute("INSERT INTO nowhere VALUES (1)", [])
    });
    let kept = store.insert_user(new_user("ada"));
    let (failed, kept) = tokio::join!(failed, kept);
    assert!(matches!(failed, Err(StoreError::Failed(_))));
    assert!(kept.unwrap().is_some());
    assert!(store.user_by_name("ghost").await.unwrap().is_none());
    assert!(store.user_by_name("ada").await.unwrap().is_some());
}

#[tokio::test]
async fn a_full_disk_refuses_changes_and_damages_nothing() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    // SQLite reports its own size limit as it does a full disk.
    store
        .write(|db| {
            let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
        })
        .await
        .unwrap();
    let mut refused = 0;
    for number in 0..200 {
        match store.insert_user(new_user(&format!("user-{number}"))).await {
            Ok(created) => assert!(created.is_some()),
            Err(StoreError::Full) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0);
    store
        .write(|db| db.pragma_update_and_check(None, "max_page_count", 1_000_000, |_| Ok(())))
        .await
        .unwrap();
    assert!(store.insert_user(new_user("ada")).await.unwrap().is_some());
    store.close().await;
    SqliteStore::open(&path).unwrap();
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

#[tokio::test]
async fn an_older_file_is_migrated_with_a_copy_kept() {
    const NEXT: &[M<'_>] = &[
        M::up(include_str!("../migrations/0001_users_and_sessions.sql")),
        M::up(include_str!("../migrations/0002_channels.sql")),
        M::up("CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT"),
    ];
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.insert_user(new_user("ada")).await.unwrap();
    store.close().await;
    drop(store);
    let store = SqliteStore::open_with(&path, NEXT).unwrap();
    assert!(store.user_by_name("ada").await.unwrap().is_some());
    drop(store);
    let copy = Connection::open(beside(&path, "v2.backup")).unwrap();
    let users: i64 = copy
        .query_row("SELECT count(*) FROM users", [], |row| row.get(0))
        .unwrap();
    let version: i64 = copy
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!((users, version), (1, 2));
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
