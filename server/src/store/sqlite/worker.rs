//! The threads that the connections live on.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::mpsc;
use tracing::error;

use crate::store::StoreError;

/// Changes or questions waiting for their thread. Whoever comes next waits for
/// a place; hashing and rate limits keep that from happening.
const QUEUE: usize = 1024;
/// Most changes in one transaction, so that the first never waits long.
const MOST_CHANGES_PER_COMMIT: usize = 512;
/// Longest that changes are taken into one transaction, for the same reason.
const LONGEST_COMMIT: Duration = Duration::from_millis(20);

/// A change, applied inside a transaction and kept unless it fails. Returns its
/// answer, too, sent once the fate of the transaction is known.
pub(super) type Change = Box<dyn FnOnce(&Connection) -> (Outcome, Answer) + Send>;
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
pub(super) fn write_all(connection: &mut Connection, mut jobs: mpsc::Receiver<Change>) {
    while let Some(first) = jobs.blocking_recv() {
        let mut answers = Vec::new();
        let committed = commit(connection, first, &mut jobs, &mut answers).map_err(|cause| {
            error!(%cause, "the database could not commit");
            cause
        });
        for answer in answers {
            answer(committed.clone());
        }
    }
}

fn commit(
    connection: &mut Connection,
    first: Change,
    jobs: &mut mpsc::Receiver<Change>,
    answers: &mut Vec<Answer>,
) -> Outcome {
    let mut transaction = connection.transaction().map_err(sort)?;
    let mut next = Some(first);
    let began = Instant::now();
    while let Some(change) = next {
        // A savepoint each: a change that fails half-way leaves nothing behind
        // and does not take the others with it.
        let savepoint = transaction.savepoint().map_err(sort)?;
        let (outcome, answer) = change(&savepoint);
        answers.push(answer);
        // Unless SQLite has rolled all of it back, as it does when the disk is
        // full: then they all fail for that reason.
        if savepoint.is_autocommit() {
            return outcome.and(Err(StoreError::Failed("rolled back".to_owned())));
        }
        match outcome {
            Ok(()) => savepoint.commit(),
            Err(_) => savepoint.finish(),
        }
        .map_err(sort)?;
        next = if answers.len() < MOST_CHANGES_PER_COMMIT && began.elapsed() < LONGEST_COMMIT {
            jobs.try_recv().ok()
        } else {
            None
        };
    }
    transaction.commit().map_err(sort)
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn sort(cause: rusqlite::Error) -> StoreError {
    match cause.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        _ => StoreError::Failed(cause.to_string()),
    }
}

/// The reader thread: each question sees one state of the database.
pub(super) fn answer_all(connection: &Connection, mut jobs: mpsc::Receiver<Question>) {
    while let Some(question) = jobs.blocking_recv() {
        match connection.unchecked_transaction() {
            Ok(snapshot) => question(&snapshot),
            // It is answered as well as it can be, with an error at worst.
            Err(cause) => {
                error!(%cause, "the database could not begin to read");
                question(connection);
            }
        }
    }
}
