use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use longhall_packet::Username;
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::open::{MIGRATIONS, beside};
use super::*;
use crate::store::{What, share};

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
    let later = M::up("CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT");
    let next: &[M<'_>] = Vec::leak([MIGRATIONS, &[later]].concat());
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path).unwrap();
    store.insert_user(new_user("ada")).await.unwrap();
    store.close().await;
    drop(store);
    let store = SqliteStore::open_with(&path, next).unwrap();
    assert!(store.user_by_name("ada").await.unwrap().is_some());
    drop(store);
    let before = MIGRATIONS.len();
    let copy = Connection::open(beside(&path, &format!("v{before}.backup"))).unwrap();
    let users: i64 = copy
        .query_row("SELECT count(*) FROM users", [], |row| row.get(0))
        .unwrap();
    let found: i64 = copy
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!((users, found), (1, i64::try_from(before).unwrap()));
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
            ended_by_ms: 3_786_912_000_000,
            expires_at_ms: 4_102_444_800_000,
            place: None,
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

/// What the release with channels left: Ada, Bob and Жанна, with lines in the lobby,
/// whispers, a channel whose lines were forgotten, and one that is gone.
const V2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/v2.db");

#[tokio::test]
async fn lines_of_the_release_before_are_migrated_with_their_numbers_and_ids() {
    let (_folder, path) = folder();
    fs::write(&path, fs::read(V2).unwrap()).unwrap();
    // What was migrated is there, and still there when it is opened once more.
    for opened in 0..2 {
        let store = SqliteStore::open(&path).unwrap();
        let ids = ["Ada", "Bob", "Жанна"].map(async |name| {
            let keys = Username::parse(name).unwrap().keys();
            store.user_by_name(&keys.name).await.unwrap().unwrap().id
        });
        let [ada, bob, zhanna] = ids;
        let (ada, bob, zhanna) = (ada.await, bob.await, zhanna.await);
        let channel = async |name| {
            let name = ChannelName::parse(name).unwrap();
            store.channel_by_name(&name).await.unwrap()
        };
        let lobby = channel("lobby").await.unwrap();
        assert_eq!((lobby.first_seq, lobby.last_seq), (1, 22));
        let page = async |log, cursor| {
            let page = store.lines(log, cursor, 100, usize::MAX).await.unwrap();
            let lines = page.lines.iter().map(|(_, line)| {
                let of = line.of.map_or(String::new(), |of| format!(" of {of}"));
                let to = line.recipient.as_ref();
                let to = to.map_or(String::new(), |to| format!(" to {to}"));
                let (seq, sender, kind) = (line.seq, &line.sender, line.kind);
                format!("{seq} {sender}{to}: {:?}{of} {}", kind, line.text)
            });
            (page.first_seq, page.last_seq, lines.collect::<Vec<_>>())
        };
        let (_, _, lines) = page(Log::Channel(lobby.id), Cursor::After(0)).await;
        assert_eq!(lines[0], "1 Bob: Said line 1");
        assert_eq!(lines[2], "3 Bob: Said line three");
        assert_eq!(lines[3], "4 Ada: Deleted ");
        assert_eq!(lines[20], "21 Bob: Edit of 3 line three");
        assert_eq!(lines[21], "22 Ada: Deletion of 4 ");
        assert_eq!(lines.len(), 22);
        let (_, _, before) = page(Log::Channel(lobby.id), Cursor::Before(3)).await;
        assert_eq!(before, lines[..2]);
        let inbox = [
            "1 Ada to Bob: Said psst!",
            "2 Bob to Ada: Deleted ",
            "3 Ada to Жанна: Said hello",
            "4 Ada to Ada: Said a note",
            "5 Ada to Bob: Edit of 1 psst!",
            "6 Bob to Ada: Deletion of 2 ",
        ];
        let (first, last, whispers) = page(Log::Inbox(ada), Cursor::Newest).await;
        assert_eq!((first, last), (1, 6));
        assert_eq!(whispers, inbox);
        let (_, _, whispers) = page(Log::Whispers(ada, zhanna), Cursor::Newest).await;
        assert_eq!(whispers, inbox[2..3]);
        let (_, _, whispers) = page(Log::Whispers(ada, bob), Cursor::After(1)).await;
        assert_eq!(whispers, [inbox[1], inbox[4], inbox[5]]);

        let bobs = store.membership(lobby.id, bob).await.unwrap().unwrap();
        assert_eq!((bobs.read_seq, bobs.unread), (7, 7));
        let bobs = store.open_inbox(bob).await.unwrap();
        let with_ada = &bobs.conversations[0];
        assert_eq!((bobs.last_seq, with_ada.read_seq), (4, 1));
        // Forgotten lines, and a channel of old, still have their numbers.
        let den = channel("den").await.unwrap();
        let den_has = (11, 10 + opened);
        assert_eq!((den.first_seq, den.last_seq), den_has);
        if opened == 0 {
            assert!(channel("ruins").await.is_none());
            let ruins = NewChannel {
                name: ChannelName::parse("ruins").unwrap(),
                topic: String::new(),
                access: Access::Open,
                password_hash: None,
                owner: ada,
                channels_per_account: 20,
                now_ms: 1000,
            };
            let Created::Channel(ruins) = store.insert_channel(ruins).await.unwrap() else {
                panic!("no channel");
            };
            assert_eq!((ruins.first_seq, ruins.last_seq), (6, 5));
        }

        // Ids are taken, except those of lines that are gone.
        let whisper = Entry {
            what: What::Whisper {
                recipient: zhanna,
                recipient_name: "Жанна".to_owned(),
                line_id: 202,
                text: "hello".to_owned(),
                kept_at_most: None,
            },
            ..say(ada, lobby.id, 202, "")
        };
        let done = store
            .append(vec![
                say(bob, lobby.id, 101, "line 1"),
                whisper,
                say(ada, den.id, 5, "forgotten, and said again"),
            ])
            .await
            .unwrap();
        assert!(matches!(
            done[0],
            Appended::Before {
                seq: 1,
                sent_at_ms: 5000
            }
        ));
        assert!(matches!(done[1], Appended::Before { seq: 3, .. }));
        match &done[2] {
            Appended::Line { line } => assert_eq!((opened, line.seq), (0, 11)),
            Appended::Before { seq, .. } => assert_eq!((opened, *seq), (1, 11)),
            other => panic!("{other:?}"),
        }
        store.close().await;
    }
    let copy = Connection::open(beside(&path, "v2.backup")).unwrap();
    let lines: i64 = copy
        .query_row("SELECT count(*) FROM lines", [], |row| row.get(0))
        .unwrap();
    assert_eq!(lines, 22 + 6 + 4 + 1);
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
            let text = if id > 300 { "next" } else { "hello" };
            let again = store.append(vec![say(ada, lobby, id, text)]).await;
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
async fn a_line_that_was_changed_before_a_restart_is_still_taken_once() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let lines = (1..=3).map(|id| say(ada, lobby, id, "hello"));
    store.append(lines.collect()).await.unwrap();
    let change = |what| Entry {
        what,
        ..say(ada, lobby, 0, "")
    };
    let edit = change(What::Edit {
        channel: Some(lobby),
        of: 1,
        text: "goodbye".to_owned(),
        not_before_ms: 0,
    });
    let delete = change(What::Delete {
        channel: Some(lobby),
        of: 2,
        not_before_ms: 0,
    });
    store.append(vec![edit, delete]).await.unwrap();
    store.close().await;
    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    let again = (1..=3).map(|id| say(ada, lobby, id, "hello"));
    let again = store.append(again.collect()).await.unwrap();
    let before = |seq| Appended::Before {
        seq,
        sent_at_ms: 1000,
    };
    assert_eq!(again, [before(1), before(2), before(3)]);
}

#[tokio::test]
async fn lines_that_are_kept_are_known_and_forgotten_ones_are_not() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let lines = (1..=500).map(|id| say(ada, lobby, id, "hello"));
    store.append(lines.collect()).await.unwrap();
    let retention = Retention {
        not_before_ms: 0,
        doubtful_ms: None,
        lines_per_channel: 150,
        whispers_per_inbox: 0,
        now_ms: 0,
    };
    while store.prune(retention).await.unwrap().is_more {}
    let done = store
        .append(vec![
            say(ada, lobby, 351, "hello"),
            say(ada, lobby, 350, "hello"),
        ])
        .await
        .unwrap();
    assert!(matches!(done[0], Appended::Before { seq: 351, .. }));
    assert!(matches!(&done[1], Appended::Line { line } if line.seq == 501));

    let retention = Retention {
        lines_per_channel: 0,
        ..retention
    };
    while store.prune(retention).await.unwrap().is_more {}
    let done = store.append(vec![say(ada, lobby, 1, "hello")]).await;
    assert!(matches!(&done.unwrap()[0], Appended::Line { line } if line.seq == 502));
}

#[tokio::test]
async fn whispers_that_are_left_of_an_inbox_are_still_taken_once() {
    let (_folder, path) = folder();
    let (store, ada, _) = inhabited(&path).await;
    let mut others = Vec::new();
    for name in ["bob", "cem"] {
        others.push(store.insert_user(new_user(name)).await.unwrap().unwrap());
    }
    let whisper = |recipient, line_id| {
        let mut entry = say(ada, ChannelId(0), line_id, "");
        entry.what = What::Whisper {
            recipient,
            recipient_name: String::new(),
            line_id,
            text: "hello".to_owned(),
            kept_at_most: None,
        };
        entry
    };
    // The first stays, and with it the oldest number of her inbox.
    let first = whisper(others[0], 1);
    let all = [first]
        .into_iter()
        .chain((2..=500).map(|id| whisper(others[1], id)));
    store.append(all.collect()).await.unwrap();
    let retention = Retention {
        not_before_ms: 0,
        doubtful_ms: None,
        lines_per_channel: 100,
        whispers_per_inbox: 50,
        now_ms: 0,
    };
    while store.prune(retention).await.unwrap().is_more {}
    let done = store.append(vec![whisper(others[0], 1), whisper(others[1], 500)]);
    let done = done.await.unwrap();
    assert!(
        matches!(done[0], Appended::Before { seq: 1, .. }),
        "{done:?}"
    );
    assert!(
        matches!(done[1], Appended::Before { seq: 500, .. }),
        "{done:?}"
    );
}

#[tokio::test]
async fn lines_make_room_and_as_many_stay_as_there_is_room_for() {
    const MAX_BYTES: u64 = 500_000;
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    for thousand in 0..20 {
        let ids = thousand * 1000 + 1..=(thousand + 1) * 1000;
        let lines = ids.map(|id| say(ada, lobby, id, "hello"));
        store.append(lines.collect()).await.unwrap();
    }
    let mut done = store.shrink(MAX_BYTES).await.unwrap();
    while done.is_more {
        done = store.shrink(MAX_BYTES).await.unwrap();
    }
    assert!(done.bytes <= MAX_BYTES, "{done:?}");
    let left = seqs(&store, lobby).await.len();
    assert!(left > 1000, "{left}");
}

#[tokio::test]
async fn ids_of_lines_that_were_undone_may_be_used_again() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let undone = store.write_knowing(false, move |db, ledger| {
        let lines = (1..=200).map(|id| say(ada, lobby, id, "undone"));
        append::append(db, ledger, lines.collect())?;
        db.execute("INSERT INTO nowhere VALUES (1)", [])
    });
    assert!(undone.await.is_err());
    // Under other numbers, and with ids beside those of before.
    for ids in [101..=300, 1..=100] {
        let lines = ids.map(|id| say(ada, lobby, id, "said"));
        for done in store.append(lines.collect()).await.unwrap() {
            assert!(matches!(done, Appended::Line { .. }), "{done:?}");
        }
    }
    let again = (1..=300).map(|id| say(ada, lobby, id, "said"));
    for done in store.append(again.collect()).await.unwrap() {
        assert!(matches!(done, Appended::Before { .. }), "{done:?}");
    }
    assert_eq!(seqs(&store, lobby).await, (1..=300).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_is_out_of_a_channel_speaks_there_no_more() {
    let (_folder, path) = folder();
    let (store, ada, _) = inhabited(&path).await;
    let bob = store.insert_user(new_user("bob")).await.unwrap().unwrap();
    let den = NewChannel {
        name: ChannelName::parse("den").unwrap(),
        topic: String::new(),
        access: Access::Open,
        password_hash: None,
        owner: ada,
        channels_per_account: 20,
        now_ms: 1000,
    };
    let Created::Channel(den) = store.insert_channel(den).await.unwrap() else {
        panic!("no channel");
    };
    let limits = MemberLimits {
        members_per_channel: 10,
        channels_per_account: 10,
    };
    let mut id = 0;
    let mut says = async |who| {
        id += 1;
        let done = store.append(vec![say(who, den.id, id, "hello")]).await;
        done.unwrap().remove(0)
    };
    for _ in 0..2 {
        assert_eq!(says(bob).await, Appended::NotAMember);
        let joined = store.insert_member(den.id, bob, limits, 1000).await;
        assert_eq!(joined.unwrap(), Added::Member);
        assert!(matches!(says(bob).await, Appended::Line { .. }));
        store.delete_member(den.id, bob).await.unwrap();
    }
    assert!(matches!(says(ada).await, Appended::Line { .. }));
    store.delete_member(den.id, ada).await.unwrap();
    assert_eq!(says(ada).await, Appended::NotAMember);
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
    let text_of = |id: u64| "long ".repeat(id as usize / 15);
    for _ in 0..60 {
        // Several calls share a transaction; each stands or falls as a whole.
        let batches: Vec<Vec<_>> = (0..3)
            .map(|_| {
                let lines = (0..5).map(|_| {
                    id += 1;
                    say(ada, lobby, id, &text_of(id))
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
    let again = (1..=id).map(|id| say(ada, lobby, id, &text_of(id)));
    let again = again.collect();
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
                    let lines =
                        (first..first + BATCH).map(|id| say(ada, lobby, id, &id.to_string()));
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
        // And none of it is taken twice.
        let log = Log::Channel(lobby);
        let page = crashed.lines(log, Cursor::After(0), 10_000, usize::MAX);
        let lines = page.await.unwrap().lines;
        let again = lines.iter().map(|(_, line)| {
            let id = line.text.parse().unwrap();
            say(ada, lobby, id, &line.text)
        });
        let again = crashed.append(again.collect()).await.unwrap();
        for (line, again) in lines.iter().zip(again) {
            let seq = line.1.seq;
            let sent_at_ms = 1000;
            assert_eq!(again, Appended::Before { seq, sent_at_ms });
        }
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

#[tokio::test]
async fn commits_write_over_room_that_the_log_has() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let log = path.with_file_name("longhall.db-wal");
    let mut lengths = std::collections::BTreeSet::new();
    for id in 0..200 {
        store
            .append(vec![say(ada, lobby, id, "hello")])
            .await
            .unwrap();
        lengths.insert(fs::metadata(&log).unwrap().len());
    }
    // Some 300 pages in pieces of 16, which may be seen coming, and not one by one.
    assert!(lengths.len() <= 24, "{lengths:?}");
    assert!(lengths.last().unwrap() > &(200 * 4096), "{lengths:?}");
}

#[tokio::test]
async fn the_log_is_folded_in_before_it_grows_long() {
    let (_folder, path) = folder();
    let (store, ada, lobby) = inhabited(&path).await;
    let long = "x".repeat(4096);
    // Three times what the log may hold.
    for batch in 0..60 {
        let lines = (0..200).map(|id| say(ada, lobby, batch * 200 + id, &long));
        store.append(lines.collect()).await.unwrap();
    }
    // Who is answered is not yet who has tended the log.
    store.set_topic(lobby, "calm".to_owned()).await.unwrap();
    let log = fs::metadata(path.with_file_name("longhall.db-wal")).unwrap();
    assert!(log.len() < 25 << 20, "{} bytes", log.len());
    assert_eq!(seqs(&store, lobby).await.len(), 12_000);
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
    assert_eq!(looks::renew(&mut opened).unwrap(), expected);
    // Told once.
    assert_eq!(
        looks::renew(&mut opened).unwrap(),
        Vec::<Vec<String>>::new()
    );
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
    let dangling = store.read(|db| db.prepare("PRAGMA foreign_key_check")?.exists([]));
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
async fn an_id_of_an_account_is_never_given_again_after_the_migration() {
    let (_folder, path) = folder();
    fs::write(&path, fs::read(V2).unwrap()).unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute(
        "UPDATE sqlite_sequence SET seq = 500 WHERE name = 'users'",
        [],
    )
    .unwrap();
    db.close().unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let id = store.insert_user(new_user("Zoe")).await.unwrap().unwrap();
    assert_eq!(id, UserId(501));
}
#[test]
fn who_holds_the_most_gives() {
    for (conversations, kept, expected) in [
        (&[5, 310][..], 300, 295),
        (&[5, 310], 315, i64::MAX),
        (&[100, 100, 100], 200, 66),
        (&[1, 1, 1], 2, 1),
        (&[1, 9, 9], 1, 1),
        (&[3, 4, 9], 10, 3),
        (&[], 0, i64::MAX),
        (&[7], 0, 1),
    ] {
        let found = share(conversations.iter().copied(), kept);
        assert_eq!(found, expected, "{conversations:?} {kept}");
    }
}
