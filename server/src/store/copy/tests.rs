//! Stores that move, with everything that is in them.

use longhall_packet::{Access, ChannelName, ReportCategory, Username};

use super::*;
use crate::store::postgres::tests as postgres_tests;
use crate::store::{
    CodeHash, Created, Cursor, Log, LogAction, LogEntry, MemberLimits, NewChannel, NewReport,
    NewSession, NewUser, PostgresError, PostgresStore, SqliteStore, Store, UserId, forgotten,
};

fn new_user(name: &str) -> NewUser {
    NewUser {
        username: name.to_owned(),
        keys: Username::parse(name).unwrap().keys(),
        password_hash: format!("hash of {name}"),
        recovery_codes: Vec::new(),
    }
}

fn entry(sender: (UserId, &str), what: LogAction) -> LogEntry {
    LogEntry {
        sender: sender.0,
        sender_name: sender.1.to_owned(),
        what,
        now_ms: 1_000,
    }
}

/// Something in each table, and in `lines` enough for many pages.
async fn live_in(store: &dyn Store) {
    let lobby = ChannelName::parse("lobby").unwrap();
    let lobby = store.open_lobby(&lobby, 0).await.unwrap();
    let ada = store.insert_user(new_user("ada")).await.unwrap().unwrap();
    let ben = store.insert_user(new_user("Bén")).await.unwrap().unwrap();
    let session = NewSession {
        user: ada,
        token: crate::store::TokenHash([7; 32]),
        connected: Vec::new(),
        device: "laptop".to_owned(),
        now_ms: 5,
        expires_at_ms: i64::MAX,
        ended_by_ms: 0,
        at_most: 8,
        place: None,
        network: Some("203.0.113.0/24".to_owned()),
    };
    store.insert_session(session).await.unwrap();
    let codes = vec![CodeHash([1; 32]), CodeHash([2; 32])];
    let renewed = store.renew_codes(ada, "hash of ada".to_owned(), codes);
    assert!(renewed.await.unwrap());
    store.give_code(ben, CodeHash([3; 32]), 9).await.unwrap();
    store.begin_factor(ada, "AAAA".to_owned()).await.unwrap();
    let den = NewChannel {
        name: ChannelName::parse("den").unwrap(),
        topic: "dragons, \"quoted\"\n".to_owned(),
        access: Access::Invite,
        password_hash: None,
        owner: ada,
        channels_per_account: 20,
        now_ms: 6,
    };
    let Created::Channel(den) = store.insert_channel(den).await.unwrap() else {
        panic!("the den is taken");
    };
    store
        .insert_invitation(den.id, ben, ada, 30, 7)
        .await
        .unwrap();
    let limits = MemberLimits {
        members_per_channel: 50,
        channels_per_account: 20,
    };
    store.insert_member(den.id, ben, limits, 8).await.unwrap();
    let report = NewReport {
        reporter: ben,
        user: ada,
        line: Some(("den".to_owned(), 1)),
        category: ReportCategory::Spam,
        text: "look".to_owned(),
        lines: vec![(ada, forgotten(1).1)],
        now_ms: 9,
        at_most: 10,
        at_most_in_all: 10,
    };
    store.insert_report(report).await.unwrap();
    store.insert_block(ben, ada, 10).await.unwrap();
    store.delete_block(ben, ada).await.unwrap();
    let mut entries = Vec::new();
    for number in 0..40 {
        let (channel, text) = match number % 2 {
            0 => (lobby.id, "naïve ☃ line"),
            _ => (den.id, "in the den"),
        };
        let what = LogAction::Say {
            channel,
            line_id: number,
            text: text.to_owned(),
        };
        entries.push(entry((ben, "Bén"), what));
    }
    entries.push(entry(
        (ben, "Bén"),
        LogAction::Whisper {
            recipient: ada,
            recipient_name: "ada".to_owned(),
            line_id: 1_000,
            text: "psst".to_owned(),
            kept_at_most: Some(100),
        },
    ));
    let edit = LogAction::Edit {
        channel: Some(lobby.id),
        of: 1,
        text: "better".to_owned(),
        not_before_ms: 0,
    };
    entries.push(entry((ben, "Bén"), edit));
    let delete = LogAction::Delete {
        channel: Some(lobby.id),
        of: 2,
        not_before_ms: 0,
    };
    entries.push(entry((ben, "Bén"), delete));
    store.append(entries).await.unwrap();
    store.insert_block(ada, ben, 10).await.unwrap();
    store.set_read(ada, Log::Channel(den.id), 3).await.unwrap();
    store
        .set_read(ada, Log::Whispers(ada, ben), 1)
        .await
        .unwrap();
}

/// Fills a SQLite file, and returns its epoch.
async fn filled(path: &std::path::Path) -> String {
    let store = SqliteStore::open(path).unwrap();
    live_in(&store).await;
    let epoch = store.epoch().to_owned();
    store.close().await;
    epoch
}

/// Whether clients find again what they know, and go on.
async fn check_moved(store: &dyn Store, epoch: &str) {
    assert_eq!(store.epoch(), epoch, "clients would read everything anew");
    let ada = store.user_by_name("ada").await.unwrap().unwrap();
    let lobby = ChannelName::parse("lobby").unwrap();
    let lobby = store.open_lobby(&lobby, 0).await.unwrap();
    assert_eq!(lobby.last_seq, 22);
    let page = store.lines(Log::Channel(lobby.id), Cursor::After(0), 50, 1 << 20);
    let page = page.await.unwrap();
    assert_eq!(page.lines.len(), 22);
    assert_eq!(page.lines[0].1.text, "better");
    assert_eq!(store.report_lines(1).await.unwrap().len(), 1);
    assert_eq!(store.open_reports(None).await.unwrap(), 1);
    let what = LogAction::Say {
        channel: lobby.id,
        line_id: 77,
        text: "first here".to_owned(),
    };
    let said = store
        .append(vec![entry((ada.id, "ada"), what)])
        .await
        .unwrap();
    let is_next = |said: &crate::store::Appended| matches!(said, crate::store::Appended::Line { line } if line.seq == 23);
    assert!(is_next(&said[0]), "{said:?}");
    // Ids go on behind all that were ever given.
    let cleo = store.insert_user(new_user("cleo")).await.unwrap().unwrap();
    assert_eq!(cleo, UserId(3));
}

#[tokio::test]
async fn a_file_moves_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    let epoch = filled(&old).await;
    let mut told = Vec::new();
    let copied = copy_by(
        7,
        &Place::File(old),
        &Place::File(new.clone()),
        |progress| {
            told.push(progress);
            true
        },
    );
    let copied = copied.unwrap();
    assert_eq!((copied.accounts, copied.channels, copied.lines), (2, 2, 44));
    assert!(told.len() > 44 / 7, "{told:?}");
    let left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().contains("copying")),
        "{left:?}"
    );
    let store = SqliteStore::open(&new).unwrap();
    check_moved(&store, &epoch).await;
}

#[tokio::test]
async fn a_copy_that_was_stopped_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    let epoch = filled(&old).await;
    let (old, new_place) = (Place::File(old), Place::File(new.clone()));
    let mut pages = 0;
    // Stopped after each page: it comes to its end if each try brings one over.
    let copied = loop {
        let mut is_first = true;
        let copied = copy_by(5, &old, &new_place, |progress| {
            pages += 1;
            matches!(progress, Progress::Compared { .. }) || std::mem::take(&mut is_first)
        });
        match copied {
            Err(CopyError::Stopped) => assert!(!new.exists(), "a half copy looks whole"),
            other => break other.unwrap(),
        }
        assert!(pages < 100, "it does not go on");
    };
    assert_eq!(copied.lines, 44);
    check_moved(&SqliteStore::open(&new).unwrap(), &epoch).await;
}

#[tokio::test]
async fn what_was_said_meanwhile_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    filled(&old).await;
    let (old_place, new_place) = (Place::File(old.clone()), Place::File(new.clone()));
    let is_over = |progress: Progress| {
        matches!(
            progress,
            Progress::Copied {
                table: "lines",
                done: 44,
                ..
            }
        )
    };
    let stopped = copy_by(100, &old_place, &new_place, |progress| !is_over(progress));
    assert!(matches!(stopped, Err(CopyError::Stopped)), "{stopped:?}");
    let store = SqliteStore::open(&old).unwrap();
    let ada = store.user_by_name("ada").await.unwrap().unwrap();
    let lobby = store
        .open_lobby(&ChannelName::parse("lobby").unwrap(), 0)
        .await
        .unwrap();
    let what = LogAction::Say {
        channel: lobby.id,
        line_id: 5_000,
        text: "still here".to_owned(),
    };
    store
        .append(vec![entry((ada.id, "ada"), what)])
        .await
        .unwrap();
    store.close().await;
    let different = copy(&old_place, &new_place, |_| true);
    let Err(CopyError::Different(difference)) = different else {
        panic!("{different:?}");
    };
    assert_eq!((difference.table, difference.rows), ("lines", (23, 22)));
    assert!(!new.exists());
}

#[tokio::test]
async fn nothing_that_is_there_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let place = |name: &str| Place::File(path(name));
    filled(&path("old.db")).await;
    filled(&path("other.db")).await;
    let copy_to = |from: &str, to: &str| copy(&place(from), &place(to), |_| true);
    assert!(matches!(
        copy_to("old.db", "other.db"),
        Err(CopyError::NotEmpty(_))
    ));
    assert!(matches!(copy_to("old.db", "old.db"), Err(CopyError::Same)));
    assert!(matches!(
        copy_to("none.db", "new.db"),
        Err(CopyError::NoSource(_))
    ));
    let stopped = copy_by(5, &place("old.db"), &place("new.db"), |_| false);
    assert!(matches!(stopped, Err(CopyError::Stopped)));
    // Nor does a server begin anew beside it.
    let refused = SqliteStore::open(&path("new.db")).err();
    assert!(
        matches!(refused, Some(OpenError::HalfCopy { .. })),
        "{refused:?}"
    );
    assert!(matches!(
        copy_to("other.db", "new.db"),
        Err(CopyError::OtherCopy(_))
    ));
    let running = SqliteStore::open(&path("other.db")).unwrap();
    let in_use = copy_to("other.db", "third.db");
    assert!(
        matches!(in_use, Err(CopyError::Open(OpenError::InUse(_)))),
        "{in_use:?}"
    );
    drop(running);
}

/// Copies as the program does it, on a thread without a runtime.
fn copy_on_thread(
    rows: usize,
    from: &Place,
    to: &Place,
    tell: impl FnMut(Progress) -> bool + Send,
) -> Result<Copied, CopyError> {
    std::thread::scope(|scope| {
        let copying = scope.spawn(|| copy_by(rows, from, to, tell));
        copying.join().unwrap()
    })
}

fn url(url: &str) -> Place {
    Place::Postgres(url.parse().unwrap())
}

#[tokio::test]
async fn a_file_moves_into_postgresql_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let (old, back) = (folder.path().join("old.db"), folder.path().join("back.db"));
    let epoch = filled(&old).await;
    let database = postgres_tests::database();
    let there = copy_on_thread(7, &Place::File(old), &url(&database), |_| true).unwrap();
    assert_eq!((there.accounts, there.channels, there.lines), (2, 2, 44));
    let again = copy_on_thread(7, &url(&database), &Place::File(back.clone()), |_| true).unwrap();
    assert_eq!(again, there);
    let store = PostgresStore::open(&database).unwrap();
    check_moved(&store, &epoch).await;
    store.close().await;
    check_moved(&SqliteStore::open(&back).unwrap(), &epoch).await;
}

#[tokio::test]
async fn no_server_starts_on_half_a_copy_in_postgresql_and_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.db");
    let epoch = filled(&old).await;
    let database = postgres_tests::database();
    let (old, new) = (Place::File(old), url(&database));
    let mut pages = 0;
    let stopped = copy_on_thread(5, &old, &new, |_| {
        pages += 1;
        pages < 9
    });
    assert!(matches!(stopped, Err(CopyError::Stopped)), "{stopped:?}");
    let refused = PostgresStore::open(&database).err();
    assert!(
        matches!(refused, Some(PostgresError::HalfCopy { .. })),
        "{refused:?}"
    );
    let copied = copy_on_thread(5, &old, &new, |_| true).unwrap();
    assert_eq!(copied.lines, 44);
    check_moved(&PostgresStore::open(&database).unwrap(), &epoch).await;
}

#[tokio::test]
async fn a_database_with_a_server_on_it_or_with_accounts_is_not_copied_to() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.db");
    filled(&old).await;
    let database = postgres_tests::database();
    let (old, new) = (Place::File(old), url(&database));
    let running = PostgresStore::open(&database).unwrap();
    running.insert_user(new_user("ada")).await.unwrap();
    let in_use = copy_on_thread(5, &old, &new, |_| true);
    assert!(matches!(in_use, Err(CopyError::InUse(_))), "{in_use:?}");
    running.close().await;
    let nothing = copy_on_thread(5, &url(&postgres_tests::database()), &old, |_| true);
    assert!(
        matches!(nothing, Err(CopyError::NothingThere(_))),
        "{nothing:?}"
    );
    let not_empty = copy_on_thread(5, &old, &new, |_| true);
    assert!(
        matches!(not_empty, Err(CopyError::NotEmpty(_))),
        "{not_empty:?}"
    );
    // And it still is a database for servers.
    assert!(PostgresStore::open(&database).is_ok());
}

#[tokio::test]
async fn a_copy_that_was_ended_in_its_last_moment_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let epoch = filled(&path("old.db")).await;
    let (old, new) = (Place::File(path("old.db")), Place::File(path("new.db")));
    copy(&old, &new, |_| true).unwrap();
    // Whole, and without a note, but not yet what it is called.
    std::fs::rename(path("new.db"), path("new.db.copying")).unwrap();
    std::fs::rename(path("new.db.lock"), path("new.db.copying.lock")).unwrap();
    copy(&old, &new, |_| true).unwrap();
    check_moved(&SqliteStore::open(&path("new.db")).unwrap(), &epoch).await;
}
