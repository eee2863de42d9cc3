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

use super::super::*;
use crate::store::*;

mod copies;
mod damage;
mod folding;
mod power;

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
        let (ada, lobby) = settle(&store).await;
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
        // The writer notes a change in the mark before it takes the next one.
        let topic = self.store.set_topic(self.lobby, "here".to_owned());
        topic.await.unwrap();
    }
}

/// Ada, and the lobby, on a new store.
async fn settle(store: &SqliteStore) -> (UserId, ChannelId) {
    let ada = NewUser {
        username: "Ada".to_owned(),
        keys: Username::parse("Ada").unwrap().keys(),
        password_hash: "hash".to_owned(),
        recovery_codes: Vec::new(),
    };
    let ada = store.insert_user(ada).await.unwrap().unwrap();
    let name = ChannelName::parse("lobby").unwrap();
    (ada, store.open_lobby(&name, 0).await.unwrap().id)
}

async fn say(
    store: &SqliteStore,
    sender: UserId,
    channel: ChannelId,
    line_id: u64,
) -> Result<Vec<Appended>, StoreError> {
    let what = LogAction::Say {
        channel,
        line_id,
        text: "x".repeat(80),
    };
    let entry = LogEntry {
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
