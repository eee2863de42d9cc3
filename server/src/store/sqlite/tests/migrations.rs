//! Files of older layouts.

use super::*;

#[test]
fn the_migrations_are_sound() {
    Migrations::from_slice(MIGRATIONS).validate().unwrap();
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
    let store = SqliteStore::open_with(&path, next, Duration::ZERO).unwrap();
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
    let resumed = resumed.map(|resumed| (resumed.user.id, resumed.session));
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

#[tokio::test]
async fn lines_of_the_release_before_are_migrated_with_their_numbers_and_ids() {
    let (_folder, path) = folder();
    fs::write(&path, fs::read(V2).unwrap()).unwrap();
    // The migrated lines are there, and still there when the file is opened once more.
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
        let whisper = LogEntry {
            what: LogAction::Whisper {
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
