//! Files that are not as a server left them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use longhall_packet::{ChannelName, Username};
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::store::What;

/// What a test calls the database, in a folder of its own.
struct Place {
    folder: TempDir,
    database: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("longhall.db");
        Self { folder, database }
    }

    /// `longhall.db-wal`, `longhall.db.lock` and so on.
    fn beside(&self, suffix: &str) -> PathBuf {
        self.folder.path().join(format!("longhall.db{suffix}"))
    }

    fn wal(&self) -> PathBuf {
        self.beside("-wal")
    }

    /// The files as they are now, with these endings, in another folder: as the end of
    /// the process would leave them.
    fn copied(&self, suffixes: &[&str]) -> Self {
        let copy = Self::new();
        for suffix in suffixes {
            fs::copy(self.beside(suffix), copy.beside(suffix)).unwrap();
        }
        copy
    }

    /// Has something else known of the files.
    fn change_mark(&self, change: impl FnOnce(&mut mark::Mark)) {
        let mut options = OpenOptions::new();
        let lock = options.read(true).write(true).open(self.beside(".lock"));
        let lock = lock.unwrap();
        let mut mark = mark::Mark::read(&lock).unwrap().unwrap();
        change(&mut mark);
        mark.write(&lock).unwrap();
    }

    fn put(&self, suffix: &str, from: &Self) {
        fs::copy(from.beside(suffix), self.beside(suffix)).unwrap();
    }

    /// Opens it, and says what was told about it.
    fn open(&self) -> (SqliteStore, String) {
        let told = Told::default();
        let log = told.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || log.clone())
            .with_ansi(false)
            .finish();
        let store = tracing::subscriber::with_default(subscriber, || {
            SqliteStore::open(&self.database).unwrap()
        });
        let told = told.0.lock().unwrap().clone();
        (store, String::from_utf8(told).unwrap())
    }

    fn refused(&self) -> OpenError {
        match SqliteStore::open(&self.database) {
            Ok(_) => panic!("it was opened"),
            Err(cause) => cause,
        }
    }
}

/// What an operator reads.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[track_caller]
fn check_told(told: &str, level: &str, part: &str) {
    let lines: Vec<_> = told.lines().filter(|line| line.contains(level)).collect();
    assert_eq!(lines.len(), 1, "one line, please: {told}");
    assert!(lines[0].contains(part), "{part:?} is not in: {told}");
}

const ALL: &[&str] = &["", "-wal", ".lock"];
const PAGE_BYTES: usize = 4096;

/// A store with Ada in the lobby. Its log is kept from being folded in.
struct Running {
    store: SqliteStore,
    ada: UserId,
    lobby: ChannelId,
    reader: Connection,
}

impl Running {
    async fn new(place: &Place) -> Self {
        let (store, told) = place.open();
        assert_eq!(told, "");
        let ada = NewUser {
            username: "Ada".to_owned(),
            keys: Username::parse("Ada").unwrap().keys(),
            password_hash: "hash".to_owned(),
        };
        let ada = store.insert_user(ada).await.unwrap().unwrap();
        let name = ChannelName::parse("lobby").unwrap();
        let lobby = store.open_lobby(&name, 0).await.unwrap().id;
        // With the first change the file says that it is open, before the third.
        store.set_topic(lobby, String::new()).await.unwrap();
        let reader = Connection::open(&place.database).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM state").unwrap();
        Self {
            store,
            ada,
            lobby,
            reader,
        }
    }

    async fn say(&self, count: u64) {
        for line_id in 1..=count {
            say(&self.store, self.ada, self.lobby, line_id)
                .await
                .unwrap();
        }
        // What is noted of a change is noted before the next one.
        let topic = self.store.set_topic(self.lobby, "here".to_owned());
        topic.await.unwrap();
    }
}

async fn say(
    store: &SqliteStore,
    sender: UserId,
    channel: ChannelId,
    line_id: u64,
) -> Result<Vec<Appended>, StoreError> {
    let what = What::Say {
        channel,
        line_id,
        text: "x".repeat(80),
    };
    let entry = Entry {
        sender,
        sender_name: "Ada".to_owned(),
        what,
        now_ms: 1000,
    };
    store.append(vec![entry]).await
}

async fn lines_of(store: &SqliteStore) -> u64 {
    let name = ChannelName::parse("lobby").unwrap();
    let lobby = store.channel_by_name(&name).await.unwrap();
    lobby.map_or(0, |lobby| lobby.last_seq)
}

fn damage(path: &Path, part: f64) {
    let mut bytes = fs::read(path).unwrap();
    let at = (bytes.len() as f64 * part) as usize;
    for byte in &mut bytes[at..at + 64] {
        *byte ^= 255;
    }
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn what_a_killed_server_left_is_taken_over_and_told() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(100).await;
    let killed = place.copied(ALL);
    let (store, told) = killed.open();
    assert_eq!(lines_of(&store).await, 100);
    assert_eq!(store.epoch(), running.store.epoch());
    check_told(&told, "INFO", "took over");
    assert!(!told.contains("WARN"), "{told}");
    store.close().await;
    // After an end in good order there is nothing to tell.
    let (again, told) = killed.open();
    assert_eq!((again.epoch(), &*told), (store.epoch(), ""));
}

#[tokio::test]
async fn damage_in_the_log_is_told_and_a_copy_kept() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(200).await;
    // In the first bytes; in the first pages, too, nothing is left to take over.
    for (part, has_mark) in [(0.0, true), (0.3, true), (0.3, false), (0.0, false)] {
        let killed = place.copied(ALL);
        if !has_mark {
            fs::remove_file(killed.beside(".lock")).unwrap();
        }
        damage(&killed.wal(), part);
        let damaged = fs::read(killed.wal()).unwrap();
        let (store, told) = killed.open();
        let lines = lines_of(&store).await;
        assert!(lines < 200, "{lines}");
        check_told(&told, "WARN", "LOST");
        assert!(fs::read(killed.beside(".damaged-wal")).unwrap() == damaged);
        assert_ne!(store.epoch(), running.store.epoch());
        store.close().await;
        let (_store, told) = killed.open();
        assert_eq!(told, "", "it is told once");
    }
}

#[tokio::test]
async fn a_log_that_is_gone_or_cut_off_is_told_with_the_lines_that_are_missing() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(100).await;
    for cut_to in [None, Some(0), Some(20_000), Some(200_000)] {
        let killed = place.copied(ALL);
        match cut_to {
            None => fs::remove_file(killed.wal()).unwrap(),
            Some(bytes) => {
                let log = OpenOptions::new().write(true).open(killed.wal()).unwrap();
                log.set_len(bytes).unwrap();
            }
        }
        let (store, told) = killed.open();
        let missing = 100 - lines_of(&store).await;
        assert!(missing > 0);
        check_told(&told, "WARN", "LOST");
        assert!(
            told.contains(&format!("missing_lines={missing} ")),
            "{told}"
        );
        assert_ne!(store.epoch(), running.store.epoch());
    }
}

#[tokio::test]
async fn a_log_without_its_database_is_refused_and_nothing_changed() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let whole = place.copied(ALL);
    for is_empty in [false, true] {
        let killed = place.copied(&["-wal", ".lock"]);
        if is_empty {
            fs::write(&killed.database, "").unwrap();
        }
        let log = fs::read(killed.wal()).unwrap();
        assert!(matches!(
            killed.refused(),
            OpenError::LogWithoutDatabase { .. }
        ));
        assert!(fs::read(killed.wal()).unwrap() == log);
        assert_eq!(killed.database.exists(), is_empty);
        killed.put("", &whole);
        let (store, told) = killed.open();
        assert_eq!(lines_of(&store).await, 10);
        assert!(!told.contains("WARN"), "{told}");
        assert_eq!(store.epoch(), running.store.epoch());
    }
}

#[tokio::test]
async fn a_database_that_is_gone_with_its_log_is_told() {
    let place = Place::new();
    Running::new(&place).await.store.close().await;
    fs::remove_file(&place.database).unwrap();
    let _ = fs::remove_file(place.wal());
    let (_store, told) = place.open();
    check_told(&told, "WARN", "GONE");
}

#[tokio::test]
async fn a_database_copied_without_its_log_is_told() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let copy = place.copied(&[""]);
    let (store, told) = copy.open();
    check_told(&told, "WARN", "MISSING");
    assert_ne!(store.epoch(), running.store.epoch());
    store.close().await;
    // The same in the place of another one that ran here.
    let other = Place::new();
    other.open().0.close().await;
    other.put("", &place);
    let (_store, told) = other.open();
    check_told(&told, "WARN", "MISSING");
}

#[tokio::test]
async fn a_start_after_an_end_in_good_order_writes_nothing_before_the_first_change() {
    let place = Place::new();
    place.open().0.close().await;
    let files = || [place.beside(""), place.beside(".lock")].map(|path| fs::read(path).unwrap());
    let before = files();
    let (store, told) = place.open();
    assert!(files() == before);
    assert_eq!(told, "");
    // From the first change on, a copy without its log is told from a whole one.
    let name = ChannelName::parse("lobby").unwrap();
    let lobby = store.open_lobby(&name, 0).await.unwrap().id;
    store.set_topic(lobby, "here".to_owned()).await.unwrap();
    let (_store, told) = place.copied(&[""]).open();
    check_told(&told, "WARN", "MISSING");
}

#[tokio::test]
async fn an_empty_copy_of_a_young_database_of_the_release_before_is_told() {
    let place = Place::new();
    let young = Connection::open(&place.database).unwrap();
    young
        .query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
        .unwrap();
    young
        .execute_batch("CREATE TABLE users (id INTEGER)")
        .unwrap();
    let copy = place.copied(&[""]);
    let (_store, told) = copy.open();
    check_told(&told, "WARN", "EMPTY");
}

#[tokio::test]
async fn a_backup_is_whole_and_begins_another_epoch() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let mut epochs = vec![running.store.epoch().to_owned()];
    let mut from = place.database.clone();
    // A backup of a backup of a backup, each put where there was nothing.
    for _ in 0..3 {
        let restored = Place::new();
        back_up(&from, &restored.database);
        let (store, told) = restored.open();
        assert!(!told.contains("WARN"), "{told}");
        assert_eq!(lines_of(&store).await, 10);
        assert!(!epochs.contains(&store.epoch().to_owned()), "{epochs:?}");
        epochs.push(store.epoch().to_owned());
        let next = Place::new();
        from = next.folder.keep().join("longhall.db");
        back_up(&restored.database, &from);
    }
}

fn back_up(from: &Path, to: &Path) {
    let from = Connection::open(from).unwrap();
    let mut to = Connection::open(to).unwrap();
    rusqlite::backup::Backup::new(&from, &mut to)
        .unwrap()
        .run_to_completion(1000, Duration::ZERO, None)
        .unwrap();
}

#[tokio::test]
async fn an_older_state_put_back_begins_another_epoch() {
    let place = Place::new();
    let (store, _) = place.open();
    let first = store.epoch().to_owned();
    store.close().await;
    let older = place.copied(&[""]);
    let running = Running::new(&place).await;
    assert_eq!(running.store.epoch(), first);
    running.say(10).await;
    drop(running);
    place.put("", &older);
    let (store, told) = place.open();
    assert_ne!(store.epoch(), first);
    check_told(&told, "INFO", "not the database that ran here last");
    assert!(!told.contains("WARN"), "{told}");
}

#[tokio::test]
async fn the_log_of_another_database_is_refused_and_nothing_changed() {
    let place = Place::new();
    place.open().0.close().await;
    let older = place.copied(&[""]);
    let running = Running::new(&place).await;
    running.say(10).await;
    for by_sqlite in [false, true] {
        let killed = place.copied(ALL);
        if by_sqlite {
            let vacuumed = Place::new();
            let source = Connection::open(&place.database).unwrap();
            let to = vacuumed.database.to_str().unwrap();
            source.execute("VACUUM INTO ?1", [to]).unwrap();
            killed.put("", &vacuumed);
        } else {
            killed.put("", &older);
        }
        let files = || [&killed.database, &killed.wal()].map(|path| fs::read(path).unwrap());
        let before = files();
        assert!(matches!(killed.refused(), OpenError::ForeignLog { .. }));
        assert!(files() == before);
        // Also when it cannot be looked up, and a copy that SQLite made has no log.
        if by_sqlite {
            fs::remove_file(killed.beside(".lock")).unwrap();
            assert!(matches!(killed.refused(), OpenError::ForeignLog { .. }));
            assert!(files() == before);
        }
        // The way out that is named.
        fs::remove_file(killed.wal()).unwrap();
        let (store, told) = killed.open();
        assert!(!told.contains("WARN"), "{told}");
        assert_ne!(store.epoch(), running.store.epoch());
    }
}

#[tokio::test]
async fn damage_in_a_log_that_was_folded_in_does_no_harm() {
    let place = Place::new();
    let running = Running::new(&place).await;
    let topic = |number| format!("topic {number}");
    for number in 1..=30 {
        let changed = running.store.set_topic(running.lobby, topic(number));
        changed.await.unwrap();
    }
    let killed = place.copied(ALL);
    // As it is when the fold has just ended.
    let log = wal_frames::read(&killed.wal()).unwrap().unwrap();
    let folding = Connection::open(&killed.database).unwrap();
    folding
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        .unwrap();
    let folded = killed.copied(ALL);
    folded.change_mark(|mark| mark.fold(log.whole));
    let name = ChannelName::parse("lobby").unwrap();
    for is_cut_off in [false, true] {
        let after = folded.copied(ALL);
        // Before it, the log holds older pages than the database.
        if is_cut_off {
            let log = OpenOptions::new().write(true).open(after.wal()).unwrap();
            log.set_len(80_000).unwrap();
        } else {
            damage(&after.wal(), 0.2);
        }
        let (again, told) = after.open();
        assert!(!told.contains("WARN"), "{told}");
        let lobby = again.channel_by_name(&name).await.unwrap().unwrap();
        assert_eq!(lobby.topic, topic(30));
        assert_eq!(again.epoch(), running.store.epoch());
    }
}

#[tokio::test]
async fn a_log_that_sqlite_itself_folded_in_is_not_missing() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let killed = place.copied(ALL);
    // As sqlite3 does at its end.
    let other = Connection::open(&killed.database).unwrap();
    other
        .query_row("SELECT count(*) FROM lines", [], |_| Ok(()))
        .unwrap();
    other.close().unwrap();
    assert!(!killed.wal().exists());
    let (store, told) = killed.open();
    assert!(!told.contains("WARN"), "{told}");
    assert_eq!(lines_of(&store).await, 10);
    assert_eq!(store.epoch(), running.store.epoch());
}

#[tokio::test]
async fn without_the_file_beside_it_a_database_begins_another_epoch() {
    let place = Place::new();
    let (store, _) = place.open();
    store.close().await;
    fs::remove_file(place.beside(".lock")).unwrap();
    let (again, told) = place.open();
    assert_ne!(again.epoch(), store.epoch());
    assert_eq!(told, "");
}

#[tokio::test]
async fn a_second_server_is_refused_by_whatever_name_it_comes() {
    let place = Place::new();
    let (store, _) = place.open();
    let other = Place::new();
    symlink(&place.database, &other.database).unwrap();
    assert!(matches!(other.refused(), OpenError::InUse(_)));
    fs::remove_file(&other.database).unwrap();
    fs::hard_link(&place.database, &other.database).unwrap();
    assert!(matches!(other.refused(), OpenError::InUse(_)));
    fs::remove_file(place.beside(".lock")).unwrap();
    assert!(matches!(place.refused(), OpenError::InUse(_)));
    let folder = Place::new();
    let link = folder.folder.path().join("folder");
    symlink(place.folder.path(), &link).unwrap();
    let by_folder = SqliteStore::open(&link.join("longhall.db"));
    assert!(matches!(by_folder.err(), Some(OpenError::InUse(_))));
    // Nor is the first one disturbed: it locks and writes as before.
    let name = ChannelName::parse("lobby").unwrap();
    store.open_lobby(&name, 0).await.unwrap();
    store.close().await;
    let (store, told) = place.open();
    assert!(store.channel_by_name(&name).await.unwrap().is_some());
    assert!(!told.contains("WARN"), "{told}");
}

#[tokio::test]
async fn a_link_to_a_database_that_is_still_to_be_made_is_followed() {
    let place = Place::new();
    let other = Place::new();
    symlink(&place.database, &other.database).unwrap();
    let (store, _) = other.open();
    assert!(place.beside(".lock").exists() && !other.beside(".lock").exists());
    store.close().await;
    let (again, _) = place.open();
    assert_eq!(again.epoch(), store.epoch());
}

#[tokio::test]
async fn nothing_is_acknowledged_once_the_file_was_replaced() {
    for what in ["", "-wal"] {
        let place = Place::new();
        let running = Running::new(&place).await;
        running.say(10).await;
        let Running {
            store,
            ada,
            lobby,
            reader,
        } = running;
        drop(reader);
        let aside = place.beside(".aside");
        fs::rename(place.beside(what), &aside).unwrap();
        if what.is_empty() {
            fs::write(&place.database, "").unwrap();
        }
        let began = Instant::now();
        let mut line_id = 10;
        let refused = loop {
            line_id += 1;
            match say(&store, ada, lobby, line_id).await {
                Ok(_) => assert!(began.elapsed() < Duration::from_secs(20), "{what}"),
                Err(cause) => break cause,
            }
        };
        assert!(matches!(refused, StoreError::Closed));
        // Another one may not take its place before this one has ended.
        if what.is_empty() {
            fs::remove_file(&place.database).unwrap();
            fs::rename(&aside, &place.database).unwrap();
        }
        assert!(matches!(place.refused(), OpenError::InUse(_)));
        store.close().await;
        let (store, told) = place.open();
        // All that was acknowledged is there: the log was folded in at once.
        assert_eq!(lines_of(&store).await, line_id - 1, "{what}: {told}");
    }
}

#[tokio::test]
async fn the_log_is_folded_in_and_emptied_when_nobody_writes() {
    let place = Place::new();
    let (store, _) = place.open();
    let name = ChannelName::parse("lobby").unwrap();
    store.open_lobby(&name, 0).await.unwrap();
    let began = Instant::now();
    while fs::read(place.wal()).unwrap().iter().any(|byte| *byte != 0) {
        assert!(began.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let killed = place.copied(&["", ".lock"]);
    let (again, told) = killed.open();
    assert!(again.channel_by_name(&name).await.unwrap().is_some());
    assert_eq!((again.epoch(), &*told), (store.epoch(), ""));
    // And the log goes on from there.
    let name = ChannelName::parse("hall").unwrap();
    store.open_lobby(&name, 0).await.unwrap();
    let killed = place.copied(ALL);
    let (again, _) = killed.open();
    assert!(again.channel_by_name(&name).await.unwrap().is_some());
    assert_eq!(again.epoch(), store.epoch());
}

#[tokio::test]
async fn a_server_that_was_killed_while_the_log_was_folded_in_starts_again() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(200).await;
    let killed = place.copied(ALL);
    // Another number is noted before, and stands in the log as well or not yet.
    killed.change_mark(|mark| mark.folds.push(7));
    let folded = place.copied(ALL);
    Connection::open(&folded.database)
        .unwrap()
        .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        .unwrap();
    let (before, after) = (fs::read(&killed.database), fs::read(&folded.database));
    let (before, after) = (before.unwrap(), after.unwrap());
    assert!(before.len() < after.len());
    // Page by page, as SQLite writes them.
    for pages in 1..=after.len() / PAGE_BYTES {
        let torn = killed.copied(ALL);
        let mut bytes = before.clone();
        let done = pages * PAGE_BYTES;
        bytes.resize(done.max(bytes.len()), 0);
        bytes[..done].copy_from_slice(&after[..done]);
        fs::write(&torn.database, bytes).unwrap();
        if pages == 1 {
            // The first fold of all, with a log that was begun with the layout.
            let first = torn.copied(ALL);
            first.change_mark(|mark| {
                *mark = mark::Mark {
                    folds: vec![0, 7],
                    ..mark::Mark::default()
                };
            });
            assert_eq!(first.open().0.epoch(), running.store.epoch());
        }
        let (store, told) = torn.open();
        assert!(!told.contains("WARN"), "after {pages} pages: {told}");
        assert_eq!(lines_of(&store).await, 200);
        assert_eq!(store.epoch(), running.store.epoch());
    }
}

#[tokio::test]
async fn a_log_that_was_folded_in_and_emptied_is_not_missing_after_a_power_cut() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let topic = running.store.set_topic(running.lobby, "away".to_owned());
    topic.await.unwrap();
    running.reader.execute_batch("COMMIT").unwrap();
    let mark = || {
        let lock = fs::File::open(place.beside(".lock")).unwrap();
        mark::Mark::read(&lock).unwrap().unwrap()
    };
    let before = mark();
    let until = Instant::now() + Duration::from_secs(30);
    while mark().frames > 0 {
        assert!(Instant::now() < until, "it is not folded in");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let after = mark();
    // Room is made in it at once.
    let is_emptied = || {
        let log = fs::read(place.wal()).unwrap();
        log.len() >= 256 * 1024 && log[..32] == [0; 32]
    };
    while !is_emptied() {
        assert!(Instant::now() < until, "it is not emptied");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let cut = place.copied(ALL);
    // The last that was flushed of the mark is from before the fold.
    cut.change_mark(|mark| {
        *mark = before.clone();
        mark.folds.extend(&after.folds);
    });
    let (store, told) = cut.open();
    assert!(!told.contains("WARN"), "{told}");
    assert_eq!(store.epoch(), running.store.epoch());
}

#[tokio::test]
async fn a_damaged_database_is_refused_and_its_log_left_beside_it() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    let pages = fs::read(&place.database).unwrap().len() / PAGE_BYTES;
    let mut refused = 0;
    for page in 0..pages {
        let killed = place.copied(ALL);
        damage(&killed.database, page as f64 / pages as f64);
        let files = || [&killed.database, &killed.wal()].map(|path| fs::read(path).ok());
        let before = files();
        if SqliteStore::open(&killed.database).is_err() {
            refused += 1;
            assert!(files() == before, "page {page}");
        }
    }
    // Some pages are in the log as well.
    assert!(refused > pages / 2, "{refused} of {pages}");
}

#[tokio::test]
async fn what_is_said_behind_what_was_folded_in_is_taken_over() {
    let place = Place::new();
    let running = Running::new(&place).await;
    running.say(10).await;
    // Who reads from the end of the log keeps it from being begun anew.
    let again = "COMMIT; BEGIN; SELECT * FROM state";
    running.reader.execute_batch(again).unwrap();
    let mark = || {
        let lock = fs::File::open(place.beside(".lock")).unwrap();
        mark::Mark::read(&lock).unwrap().unwrap()
    };
    let until = Instant::now() + Duration::from_secs(30);
    while mark().frames > 0 {
        assert!(Instant::now() < until, "it is not folded in");
        running.reader.execute_batch(again).unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let folded = place.copied(ALL);
    let log = wal_frames::read(&folded.wal()).unwrap().unwrap();
    assert_eq!((log.salts, log.whole), (mark().salts, mark().folded));
    say(&running.store, running.ada, running.lobby, 11)
        .await
        .unwrap();
    let topic = running.store.set_topic(running.lobby, "there".to_owned());
    topic.await.unwrap();
    assert_eq!(mark().salts, log.salts);
    for (copy, lines) in [(folded, 10), (place.copied(ALL), 11)] {
        let (store, told) = copy.open();
        assert!(!told.contains("WARN"), "{told}");
        assert_eq!(lines_of(&store).await, lines);
        assert_eq!(store.epoch(), running.store.epoch());
    }
}
