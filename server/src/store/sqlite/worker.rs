//! The threads that the connections live on.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::error;

use super::run;
use super::wal::{Files, IDLE, Wal};
use super::writer_cache::WriterCache;
use crate::store::StoreError;

/// Changes or questions waiting for their thread. The next caller waits for
/// a place; hashing and rate limits keep that from happening.
const QUEUE: usize = 1024;
/// Most changes in one transaction, so that the first never waits long. A batch of lines
/// is one change; how large it is the chat log decides.
const MOST_CHANGES_PER_COMMIT: usize = 512;
/// Longest that changes are taken into one transaction, for the same reason.
const LONGEST_COMMIT: Duration = Duration::from_millis(20);

/// A change, applied inside a transaction and kept unless it fails.
pub(super) struct Change {
    pub(super) apply: Apply,
    /// Whether it is a batch of lines. All else may fail for a reason of its own, and is then
    /// undone by itself. Undoing costs, even when nothing is undone: a copy of each page.
    /// Lines fail with the disk alone, and take the whole transaction with them. They may be
    /// [flushed later](Wal::flush_if_needed).
    pub(super) is_lines: bool,
}
/// Returns the answer, too, sent once the fate of the transaction is known.
type Apply = Box<dyn FnOnce(&Connection, &mut WriterCache) -> (Outcome, Answer) + Send>;
pub(super) type Answer = Box<dyn FnOnce(Outcome) + Send>;
type Outcome = Result<(), StoreError>;
/// A question, answered from a snapshot.
pub(super) type Question = Box<dyn FnOnce(&Connection) + Send>;

pub(super) struct Worker<J> {
    /// Taken by [`Store::close`](crate::store::Store::close), which ends the thread.
    jobs: Mutex<Option<mpsc::Sender<J>>>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl<J: Send + 'static> Worker<J> {
    pub(super) fn start(
        name: &str,
        work: impl FnOnce(mpsc::Receiver<J>) + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(queue))?;
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) async fn send(&self, job: J) -> Result<(), StoreError> {
        let jobs = self
            .jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        jobs.ok_or(StoreError::Closed)?
            .send(job)
            .await
            .map_err(|_| StoreError::Closed)
    }

    /// Jobs that wait for the thread.
    pub(super) fn waiting(&self) -> usize {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.as_ref().map_or(0, |jobs| QUEUE - jobs.capacity())
    }

    /// Lets the thread finish what is waiting and ends it. Blocks.
    pub(super) fn finish(&self) {
        drop(
            self.jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            error!("a store thread panicked");
        }
    }
}

/// The writer thread: group commit.
pub(super) fn write_all(
    connection: &Connection,
    files: Files,
    mut cache: WriterCache,
    mut jobs: mpsc::Receiver<Change>,
) {
    let timer = match runtime::Builder::new_current_thread().enable_time().build() {
        Ok(timer) => timer,
        Err(cause) => return error!(%cause, "the store has no timer"),
    };
    let mut wal = Wal::watch(connection, files);
    // What changes nothing, as a look for what is too old, keeps nothing in the log.
    let mut written_at = Instant::now();
    loop {
        let first = match jobs.try_recv() {
            Ok(first) => first,
            Err(_) => {
                let idle = IDLE.saturating_sub(written_at.elapsed());
                let patience = wal.flush_due().unwrap_or(idle).min(idle);
                match timer.block_on(async { timeout(patience, jobs.recv()).await }) {
                    Ok(Some(first)) => first,
                    Ok(None) => break,
                    Err(_) => {
                        wal.flush_if_due();
                        if written_at.elapsed() < IDLE {
                            continue;
                        }
                        wal.checkpoint_when_idle(connection);
                        wal.is_given_up(connection);
                        written_at = Instant::now();
                        continue;
                    }
                }
            }
        };
        if wal.is_given_up(connection) {
            // A caller that waits for an answer is told that the store is closed.
            continue;
        }
        let mut answers = Vec::new();
        let committed = commit(connection, &mut cache, first, &mut jobs, &mut answers);
        if let Err(cause) = &committed {
            error!(%cause, "the database could not commit");
            undo(connection, &mut cache);
        }
        let committed = committed.and_then(|is_lines_alone| {
            let flushed = wal.flush_if_needed(is_lines_alone);
            flushed.map_err(|cause| StoreError::Failed(format!("cannot flush: {cause}")))
        });
        for answer in answers {
            answer(committed.clone());
        }
        wal.flush_if_due();
        if wal.checkpoint_if_long(connection, cache.newest_line()) {
            written_at = Instant::now();
        }
    }
    wal.close(connection);
}

/// Commits what waits. Says whether it was lines alone.
fn commit(
    connection: &Connection,
    cache: &mut WriterCache,
    first: Change,
    jobs: &mut mpsc::Receiver<Change>,
    answers: &mut Vec<Answer>,
) -> Result<bool, StoreError> {
    let mut next = Some(first);
    let mut is_lines_alone = true;
    let began = Instant::now();
    run(connection, "BEGIN IMMEDIATE").map_err(classify)?;
    while let Some(change) = next {
        // A change that fails half-way leaves nothing behind and does not take the
        // others with it.
        is_lines_alone &= change.is_lines;
        if !change.is_lines {
            run(connection, "SAVEPOINT change").map_err(classify)?;
        }
        let (outcome, answer) = (change.apply)(connection, cache);
        answers.push(answer);
        // Unless SQLite has rolled all of it back, as it does when the disk is
        // full: then they all fail for that reason.
        if connection.is_autocommit() {
            outcome?;
            return Err(StoreError::Failed("rolled back".to_owned()));
        }
        if !change.is_lines {
            if outcome.is_err() {
                run(connection, "ROLLBACK TO change").map_err(classify)?;
            }
            run(connection, "RELEASE change").map_err(classify)?;
        } else {
            outcome?;
        }
        next = if answers.len() < MOST_CHANGES_PER_COMMIT && began.elapsed() < LONGEST_COMMIT {
            jobs.try_recv().ok()
        } else {
            None
        };
    }
    run(connection, "COMMIT").map_err(classify)?;
    Ok(is_lines_alone)
}

/// Back to what is on disk.
fn undo(connection: &Connection, cache: &mut WriterCache) {
    if !connection.is_autocommit()
        && let Err(cause) = run(connection, "ROLLBACK")
    {
        error!(%cause, "the database could not roll back");
    }
    cache.forget();
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn classify(cause: rusqlite::Error) -> StoreError {
    match cause.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        _ => StoreError::Failed(cause.to_string()),
    }
}

/// The reader thread: each question sees one state of the database.
pub(super) fn answer_all(connection: &Connection, mut jobs: mpsc::Receiver<Question>) {
    while let Some(question) = jobs.blocking_recv() {
        // It is answered as well as it can be, with an error at worst.
        if let Err(cause) = run(connection, "BEGIN") {
            error!(%cause, "the database could not begin to read");
        }
        question(connection);
        if let Err(cause) = run(connection, "COMMIT") {
            error!(%cause, "the database could not end reading");
        }
    }
}
