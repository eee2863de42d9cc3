use std::fs;
use std::path::{Path, PathBuf};

use longhall_packet::Username;
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::open::{MIGRATIONS, beside};
use super::*;
use crate::store::What;

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

/// What the release before channels left: Ada, Bob and Жанна with the password
/// "correct horse", each with a session.
const V1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/v1.db");

#[tokio::test]
async fn a_file_of_the_release_before_channels_is_migrated_with_everything_in_it() {
    use argon2::password_hash::PasswordVerifier;
    use sha2::Digest;

    let (_folder, path) = folder();
    fs::write(&path, fs::read(V1).unwrap()).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let mut ids = Vec::new();
    for name in ["Ada", "Bob", "Жанна"] {
        let keys = Username::parse(name).unwrap().keys();
        let user = store.user_by_name(&keys.name).await.unwrap().unwrap();
        assert_eq!(user.username, name);
        let hash = argon2::password_hash::phc::PasswordHash::new(&user.password_hash).unwrap();
        argon2::Argon2::default()
            .verify_password(b"correct horse", &hash)
            .unwrap();
        ids.push(user.id);
    }
    let (ada, bob) = (ids[0], ids[1]);

    let listed = store.sessions(ada, 0).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].device, "");
    assert_eq!(listed[0].created_at_ms, listed[0].last_seen_at_ms);
    let token = "0123456789abcdef".repeat(4);
    let resumed = store
        .rotate_session(Rotation {
            presented: TokenHash(sha2::Sha256::digest(token).into()),
            next: TokenHash([1; 32]),
            // 2090; the session ends in 2100.
            now_ms: 3_786_912_000_000,
            expires_at_ms: 4_102_444_800_000,
        })
        .await
        .unwrap();
    let resumed = resumed.map(|(user, session)| (user.id, session));
    assert_eq!(resumed, Some((ada, listed[0].id)));

    let lobby = ChannelName::parse("lobby").unwrap();
    let lobby = store.open_lobby(&lobby, 0).await.unwrap();
    let done = store
        .append(vec![say(ada, lobby.id, 1, "we are back")])
        .await;
    assert!(matches!(&done.unwrap()[..], [Appended::Line { .. }]));
    let unread = store
        .membership(lobby.id, bob)
        .await
        .unwrap()
        .unwrap()
        .unread;
    assert_eq!(unread, 1);
    store.close().await;
    drop(store);

    let copy = Connection::open(beside(&path, "v1.backup")).unwrap();
    let count = |sql| copy.query_row(sql, [], |row| row.get(0)).unwrap();
    let counts: [i64; 3] = [
        "SELECT count(*) FROM users",
        "SELECT count(*) FROM sessions",
        "PRAGMA user_version",
    ]
    .map(count);
    assert_eq!(counts, [3, 3, 1]);
}

fn say(sender: UserId, channel: ChannelId, line_id: u64, text: &str) -> Entry {
    Entry {
        sender,
        sender_name: "Ada".to_owned(),
        what: What::Say {
            channel,
            line_id,
            text: text.to_owned(),
        },
        now_ms: 1000,
    }
}

/// A store with an account and a lobby.
async fn inhabited(path: &Path) -> (SqliteStore, UserId, ChannelId) {
    let store = SqliteStore::open(path).unwrap();
    let ada = store.insert_user(new_user("Ada")).await.unwrap().unwrap();
    let lobby = ChannelName::parse("lobby").unwrap();
    let lobby = store.open_lobby(&lobby, 0).await.unwrap();
    (store, ada, lobby.id)
}

async fn seqs(store: &SqliteStore, channel: ChannelId) -> Vec<u64> {
    let page = store.lines(
        Log::Channel(channel),
        Cursor::After(0),
        1_000_000,
        usize::MAX,
    );
    let page = page.await.unwrap();
    let seqs: Vec<_> = page.lines.iter().map(|(_, line)| line.seq).collect();
    assert_eq!(page.last_seq, seqs.last().copied().unwrap_or(0));
    seqs
}

#[tokio::test]
async fn lines_outlive_the_store_and_are_still_taken_once() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    // Of several eras.
    let lines = (1..=300).map(|id| say(ada, lobby, id, "hello"));
    store.append(lines.collect()).await.unwrap();
    store.close().await;
    drop(store);
    for more in 0..3 {
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(
            seqs(&store, lobby).await,
            (1..=300 + more).collect::<Vec<_>>()
        );
        for id in [1, 150, 300 + more] {
            let again = store.append(vec![say(ada, lobby, id, "hello")]).await;
            let before = Appended::Before {
                seq: id,
                sent_at_ms: 1000,
            };
            assert_eq!(again.unwrap(), [before]);
        }
        let next = store
            .append(vec![say(ada, lobby, 301 + more, "next")])
            .await;
        assert!(matches!(&next.unwrap()[..], [Appended::Line { line }] if line.seq == 301 + more));
        store.close().await;
    }
}

#[tokio::test]
async fn forgotten_eras_are_searched_no_more_and_those_left_are() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let lines = (1..=500).map(|id| say(ada, lobby, id, "hello"));
    store.append(lines.collect()).await.unwrap();
    let retention = Retention {
        not_before_ms: 0,
        lines_per_channel: 150,
        whispers_per_inbox: 0,
        now_ms: 0,
    };
    while store.prune(retention).await.unwrap() {}
    let done = store
        .append(vec![
            say(ada, lobby, 351, "kept"),
            say(ada, lobby, 350, "new"),
        ])
        .await
        .unwrap();
    assert!(matches!(done[0], Appended::Before { seq: 351, .. }));
    assert!(matches!(&done[1], Appended::Line { line } if line.seq == 501));
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_half_written_and_no_number_is_lost() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let limit_pages = async |more: i64| {
        store
            .write(move |db| {
                let pages: i64 = db.query_row("PRAGMA page_count", [], |row| row.get(0))?;
                db.pragma_update_and_check(None, "max_page_count", pages + more, |_| Ok(()))
            })
            .await
            .unwrap();
    };
    limit_pages(20).await;
    let (mut taken, mut refused) = (0, 0);
    let mut id = 0;
    for round in 0..60 {
        // Several calls share a transaction; each stands or falls as a whole.
        let batches: Vec<Vec<_>> = (0..3)
            .map(|_| {
                let lines = (0..5).map(|_| {
                    id += 1;
                    say(ada, lobby, id, &"long ".repeat(round))
                });
                lines.collect()
            })
            .collect();
        let [a, b, c] = <[_; 3]>::try_from(batches).unwrap();
        let (a, b, c) = tokio::join!(store.append(a), store.append(b), store.append(c));
        for answer in [a, b, c] {
            match answer {
                Ok(all) => {
                    let lines = all
                        .iter()
                        .filter(|one| matches!(one, Appended::Line { .. }));
                    assert_eq!(lines.count(), 5);
                    taken += 5;
                }
                Err(StoreError::Full) => refused += 5,
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(seqs(&store, lobby).await, (1..=taken).collect::<Vec<_>>());
    }
    assert!(taken > 0 && refused > 0, "{taken} taken, {refused} refused");
    limit_pages(100_000).await;
    // What was refused may be said again.
    let again: Vec<_> = (1..=id).map(|id| say(ada, lobby, id, "again")).collect();
    let done = store.append(again).await.unwrap();
    let new = done
        .iter()
        .filter(|one| matches!(one, Appended::Line { .. }));
    assert_eq!(new.count() as u64, refused);
    assert_eq!(seqs(&store, lobby).await, (1..=id).collect::<Vec<_>>());
    store.close().await;
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(seqs(&store, lobby).await, (1..=id).collect::<Vec<_>>());
}

/// What lies on the disk at a moment of writing is what a crash leaves.
#[tokio::test]
async fn after_a_crash_all_that_was_answered_is_there_and_nothing_by_half() {
    const BATCH: u64 = 7;
    let (folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let store = Arc::new(store);
    let (answers, mut answered) = tokio::sync::mpsc::unbounded_channel();
    let writers: Vec<_> = (0..4u64)
        .map(|writer| {
            let (store, answers) = (Arc::clone(&store), answers.clone());
            tokio::spawn(async move {
                for batch in 0..60 {
                    let first = (writer * 1000 + batch) * BATCH;
                    let lines = (first..first + BATCH).map(|id| say(ada, lobby, id, "hello"));
                    for done in store.append(lines.collect()).await.unwrap() {
                        let Appended::Line { line } = done else {
                            panic!("{done:?}");
                        };
                        answers.send(line.seq).unwrap();
                    }
                }
            })
        })
        .collect();
    drop(answers);
    let mut newest = 0;
    let mut crashes = 0;
    while let Some(seq) = answered.recv().await {
        newest = newest.max(seq);
        if seq % 200 != 0 {
            continue;
        }
        crashes += 1;
        let copy = folder.path().join(format!("crash-{crashes}.db"));
        // In the order in which nothing is missed: the log only grows here.
        for suffix in ["", "-wal"] {
            let mut from = path.clone().into_os_string();
            from.push(suffix);
            let mut to = copy.clone().into_os_string();
            to.push(suffix);
            fs::copy(from, to).unwrap();
        }
        let crashed = SqliteStore::open(&copy).unwrap();
        let there = seqs(&crashed, lobby).await;
        let last = there.len() as u64;
        assert_eq!(there, (1..=last).collect::<Vec<_>>());
        assert!(last >= newest, "{newest} was answered, {last} are there");
        assert_eq!(last % BATCH, 0, "a batch was written by half");
        crashed.close().await;
    }
    assert!(crashes > 3);
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn a_deleted_text_is_nowhere_in_the_file() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let bob = store.insert_user(new_user("bob")).await.unwrap().unwrap();
    // Longer than a page, and short.
    let long = "unspeakable ".repeat(900);
    let change = |channel, of, text: Option<&str>| Entry {
        what: match text {
            Some(text) => What::Edit {
                channel,
                of,
                text: text.to_owned(),
                not_before_ms: 0,
            },
            None => What::Delete {
                channel,
                of,
                not_before_ms: 0,
            },
        },
        ..say(ada, lobby, 0, "")
    };
    let whisper = Entry {
        what: What::Whisper {
            recipient: bob,
            recipient_name: "bob".to_owned(),
            line_id: 9,
            text: "unspeakable".to_owned(),
            kept_at_most: None,
        },
        ..say(ada, lobby, 0, "")
    };
    let all = store
        .append(vec![
            say(ada, lobby, 1, &long),
            say(ada, lobby, 2, "unspeakable"),
            say(ada, lobby, 3, "harmless"),
            change(Some(lobby), 2, Some(&long)),
            change(Some(lobby), 1, Some("quite unspeakable")),
            whisper,
            change(None, 1, Some("very unspeakable")),
        ])
        .await
        .unwrap();
    assert_eq!(all.len(), 7);
    let deletions = vec![
        change(Some(lobby), 1, None),
        change(Some(lobby), 2, None),
        change(None, 1, None),
    ];
    for done in store.append(deletions).await.unwrap() {
        assert!(
            matches!(done, Appended::Line { .. } | Appended::Whisper { .. }),
            "{done:?}"
        );
    }
    store.close().await;
    let bytes = fs::read(&path).unwrap();
    let holds = |text: &[u8]| bytes.windows(text.len()).any(|window| window == text);
    assert!(holds(b"harmless"));
    assert!(!holds(b"unspeakable"));
}
