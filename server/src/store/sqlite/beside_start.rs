//! What is read at the start of a large file while the server runs already: the newest lines,
//! which the first line waits for, and whether the file is sound.
//!
//! Both read one state of the file, that of the start. Until it is known to be sound nothing
//! is folded into it: a file that turns out to be damaged is still as it was found, with all
//! changes since in the log beside it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, InterruptHandle, Result};
use tracing::{debug, error, info};

use super::open::{connect_for_reading, find_damage};
use super::recent_lines::RecentLines;

/// The thread that reads.
pub(super) struct BesideStart {
    interrupt: InterruptHandle,
    soundness: Soundness,
    thread: JoinHandle<()>,
}

/// Whether the file is sound, as far as it is known. Cloning shares it.
#[derive(Clone)]
pub(super) struct Soundness(Arc<AtomicU8>);

/// Steps of SQLite between two rests while it looks for damage: some milliseconds at most.
const STEPS: i32 = 1000;
/// How much longer than the work before it a rest is.
const RESTS: u32 = 9;

const UNKNOWN: u8 = 0;
pub(super) const GOOD: u8 = 1;
const DAMAGED: u8 = 2;

impl Soundness {
    pub(super) fn unknown() -> Self {
        Self(Arc::new(AtomicU8::new(UNKNOWN)))
    }

    pub(super) fn is_known_good(&self) -> bool {
        self.0.load(Ordering::Relaxed) == GOOD
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.0.load(Ordering::Relaxed) == DAMAGED
    }

    pub(super) fn note(&self, state: u8) {
        self.0.store(state, Ordering::Relaxed);
    }
}

/// The newest lines, once they are read.
pub(super) type Coming = mpsc::Receiver<Result<RecentLines>>;

/// A reader of the file as it is now.
pub(super) struct Snapshot {
    db: Connection,
    path: PathBuf,
}

impl Snapshot {
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn take(path: &Path) -> Result<Self> {
        let db = connect_for_reading(path)?;
        // It reads each page but once.
        db.execute_batch("PRAGMA cache_size = -2048; BEGIN")?;
        // The state is taken with the first look.
        db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(Self {
            db,
            path: path.to_owned(),
        })
    }

    /// Reads it on a thread of its own.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(super) fn read(self) -> io::Result<(BesideStart, Coming)> {
        let (lines, coming) = mpsc::sync_channel(1);
        let interrupt = self.db.get_interrupt_handle();
        let soundness = Soundness::unknown();
        let found = soundness.clone();
        let thread = thread::Builder::new()
            .name("store-start".to_owned())
            .spawn(move || {
                let began = Instant::now();
                let read = RecentLines::read(&self.db);
                debug!(took = ?began.elapsed(), "the newest lines are known");
                // Nobody waits for them any more when the store is closed.
                let _ = lines.send(read);
                self.look_for_damage(&found);
            })?;
        let beside = BesideStart {
            interrupt,
            soundness,
            thread,
        };
        Ok((beside, coming))
    }

    fn look_for_damage(&self, soundness: &Soundness) {
        if let Err(cause) = rest_between_steps(&self.db) {
            debug!(%cause, "reading the database through takes what it can get");
        }
        let database = self.path.display();
        let what = match find_damage(&self.db) {
            Ok(None) => {
                info!(%database, "the database was read through and is sound");
                return soundness.note(GOOD);
            }
            Ok(Some(what)) => what,
            Err(cause) => match cause.sqlite_error_code() {
                Some(ErrorCode::OperationInterrupted) => return,
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => cause.to_string(),
                _ => {
                    error!(%database, %cause, "the database could not be read through");
                    return soundness.note(GOOD);
                }
            },
        };
        soundness.note(DAMAGED);
        error!(
            %database,
            what,
            "the database is damaged: nothing is taken any more; stop the server, restore the database from a backup and start again"
        );
    }
}

/// Has what runs on a connection take a tenth of a core: nobody waits for it, but for the core
/// everybody who has just come back.
fn rest_between_steps(db: &Connection) -> Result<()> {
    let mut worked_since = Instant::now();
    let rest = move || {
        thread::sleep(RESTS * worked_since.elapsed());
        worked_since = Instant::now();
        false
    };
    db.progress_handler(STEPS, Some(rest))
}

impl BesideStart {
    pub(super) fn soundness(&self) -> Soundness {
        self.soundness.clone()
    }

    /// Ends it, at once. Blocks until it is over.
    pub(super) fn stop(self) {
        while !self.thread.is_finished() {
            // Again: between two statements there is nothing to interrupt.
            self.interrupt.interrupt();
            thread::sleep(Duration::from_millis(1));
        }
        if self.thread.join().is_err() {
            error!("a store thread panicked");
        }
    }
}
