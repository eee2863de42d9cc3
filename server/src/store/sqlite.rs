//! The store in one SQLite file.
//!
//! One thread owns the writing connection. It takes every change that is
//! waiting into one transaction, commits, and only then answers all of them:
//! under load a single disk flush pays for many changes. Another thread reads.

// First: its macros are for the others.
#[macro_use]
mod keys;

mod append;
mod backup;
mod beside_start;
mod driver;
mod health;
mod inbox;
mod lineage;
mod lines;
mod mark;
mod moving;
mod open;
mod operating;
mod game_keys;
mod gates;
mod operators;
mod own_data;
mod profiles;
mod temporary;
mod halls;
mod reporting;
mod pages;
mod prune;
mod recent_lines;
mod recovery;
mod store;
mod tickets;
#[cfg(test)]
mod tests;
mod wal;
mod wal_frames;
mod worker;
mod writer_cache;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};
use tokio::sync::oneshot;
use tracing::warn;

use super::figures::SqliteFigures;
use super::sql::{count, looks, number, seq};
use super::{Seen, StoreError};
use crate::clock::now_ms;
pub(super) use backup::{back_up, finish_backup, refuse_foreign_log, restore, verify};
use beside_start::{BesideStart, Snapshot};
use driver::Sqlite;
pub use health::SqliteHealth;
pub(super) use lineage::new_epoch;
use lineage::{Locked, log_of_changes};
pub(super) use moving::SqliteEnd;
pub use open::OpenError;
use open::{MIGRATIONS, connect_for_reading, connect_to_run, explain, locate, lock, migrate};
use recent_lines::RecentLines;
use wal::Files;
use worker::{Answer, Change, Question, Worker, answer_all, classify, write_all};
use writer_cache::WriterCache;

/// What `lines.kind` holds.
const SAID: i64 = 0;
const DELETED: i64 = 1;
const EDIT: i64 = 2;
const DELETION: i64 = 3;
const SYSTEM: i64 = 4;

/// Everything in a SQLite file.
pub struct SqliteStore {
    /// The file, behind symbolic links.
    path: PathBuf,
    /// What reads a large file, until the store is closed.
    beside_start: Mutex<Option<BesideStart>>,
    writer: Worker<Change>,
    reader: Worker<Question>,
    /// Held as long as the store is open; the system lets go of it even when
    /// the process is killed.
    lock: Mutex<Option<Locked>>,
    epoch: String,
    seen: Seen,
    /// Connections that were numbered: one server alone has the file, and forgets them
    /// when it ends.
    connections: Arc<AtomicI64>,
    /// Behind which log the next step of pruning begins.
    pruned_up_to: AtomicI64,
    /// Where the oldest of all lines are, while room is made.
    shrinking: Mutex<Option<prune::Fronts>>,
}

impl SqliteStore {
    /// Opens a database, creating and migrating it as needed. Before a file of
    /// an older layout is migrated, a copy is kept beside it.
    ///
    /// Blocks on the disk; meant for the start of the program.
    ///
    /// # Errors
    /// See [`OpenError`]. The file is left as it was.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with(path, MIGRATIONS, Duration::ZERO)
    }

    /// As [`SqliteStore::open`], with lines that count as written before the disk has them,
    /// and are flushed so long after at most. Everything else is on disk when it is answered.
    /// Not even a line is lost with the program, but with the power the last may be; the
    /// store then has another [epoch](crate::store::Store::epoch).
    ///
    /// # Errors
    /// See [`OpenError`]. The file is left as it was.
    pub fn open_flushing_lines_within(path: &Path, most: Duration) -> Result<Self, OpenError> {
        Self::open_with(path, MIGRATIONS, most)
    }

    fn open_with(
        path: &Path,
        migrations: &'static [M<'static>],
        flush_within: Duration,
    ) -> Result<Self, OpenError> {
        let path = &*locate(path)?;
        let lock = lock(path)?;
        let is_flushed_later = !flush_within.is_zero();
        let found = lineage::look(path, &lock, migrations.len(), is_flushed_later)?;
        let (mut writing, is_checked) = connect_to_run(path, migrations.len())?;
        migrate(
            &mut writing,
            path,
            &Migrations::from_slice(migrations),
            migrations.len(),
        )?;
        in_transaction(&writing, || backup::forget_note(&writing))
            .map_err(|cause| explain(path, &cause))?;
        // Also those that a newer program has left: nobody else has the file.
        let alike = in_transaction(&writing, || looks::renew(&mut Sqlite(&writing)))
            .map_err(|cause| explain(path, &cause))?;
        for names in alike {
            warn!(
                names = names.join(", "),
                "accounts look alike by the rules of this version; each is still logged in \
                 to by its own name, and no further one like them can be registered"
            );
        }
        let begun = found.begin(&writing, path, &lock)?;
        if is_flushed_later {
            // The writing thread flushes what SQLite does not.
            run(&writing, "PRAGMA synchronous = NORMAL").map_err(|cause| explain(path, &cause))?;
        }
        let cannot_start = |cause: io::Error| OpenError::Other {
            path: path.to_owned(),
            detail: format!("cannot start a thread: {cause}"),
        };
        let explained = |cause: rusqlite::Error| explain(path, &cause);
        // A small file is read at once, and a large one beside the running server.
        let (cache, beside) = if is_checked {
            let lines = RecentLines::read(&writing).map_err(explained)?;
            (WriterCache::with(lines), None)
        } else {
            let snapshot = Snapshot::take(path).map_err(explained)?;
            let (beside, coming) = snapshot.read().map_err(cannot_start)?;
            (WriterCache::awaiting(coming), Some(beside))
        };
        let reading = connect_for_reading(path).map_err(|cause| explain(path, &cause))?;
        let files = Files {
            path: path.to_owned(),
            database: lock.database.clone(),
            beside: Arc::clone(&lock.beside),
            mark: begun.mark,
            is_open: begun.is_open,
            soundness: beside.as_ref().map(BesideStart::soundness),
            flush_within,
        };
        Ok(Self {
            path: path.to_owned(),
            beside_start: Mutex::new(beside),
            writer: Worker::start("store-writer", move |jobs| {
                write_all(&writing, files, cache, jobs);
            })
            .map_err(cannot_start)?,
            reader: Worker::start("store-reader", move |jobs| answer_all(&reading, jobs))
                .map_err(cannot_start)?,
            lock: Mutex::new(Some(lock)),
            epoch: begun.epoch,
            seen: begun.seen,
            connections: Arc::default(),
            pruned_up_to: AtomicI64::new(0),
            shrinking: Mutex::new(None),
        })
    }

    /// Ends both threads. The writer comes last: only it can fold the log of
    /// changes back into the database file.
    fn finish(&self) {
        let mut beside = self
            .beside_start
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(beside) = beside.take() {
            beside.stop();
        }
        self.reader.finish();
        self.writer.finish();
    }

    /// Has `change` applied and answers when it is on disk.
    async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Sqlite<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.write_knowing(false, move |db, _| change(&mut Sqlite(db)))
            .await
    }

    /// Has `change` applied by what the writing thread knows, and answers when it is
    /// on disk.
    async fn write_knowing<T: Send + 'static>(
        &self,
        is_lines: bool,
        change: impl FnOnce(&Connection, &mut WriterCache) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let apply = Box::new(move |connection: &Connection, cache: &mut WriterCache| {
            let result = change(connection, cache).map_err(classify);
            let outcome = result.as_ref().map(|_| ()).map_err(StoreError::clone);
            let answer: Answer = Box::new(move |committed| {
                // Nobody waits for the answer of a connection that is gone.
                let _ = answer.send(committed.and(result));
            });
            (outcome, answer)
        });
        let change = Change { apply, is_lines };
        self.writer.send(change).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    fn look(&self) -> SqliteFigures {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        SqliteFigures {
            database_bytes: size(&self.path),
            log_bytes: size(&log_of_changes(&self.path)),
            waiting_changes: self.writer.waiting(),
            waiting_questions: self.reader.waiting(),
        }
    }

    fn shrinking(&self) -> MutexGuard<'_, Option<prune::Fronts>> {
        self.shrinking
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Has `question` answered from what is committed.
    async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Sqlite<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let question: Question = Box::new(move |connection| {
            let _ = answer.send(question(&mut Sqlite(connection)).map_err(classify));
        });
        self.reader.send(question).await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Runs a statement that neither takes nor gives anything, and keeps it prepared.
fn run(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    db.prepare_cached(sql)?.execute([]).map(drop)
}

/// Does something as a whole or not at all.
fn in_transaction<T>(
    db: &Connection,
    change: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    run(db, "BEGIN IMMEDIATE")?;
    let done = change().and_then(|done| run(db, "COMMIT").map(|()| done));
    if done.is_err() && !db.is_autocommit() {
        run(db, "ROLLBACK")?;
    }
    done
}
