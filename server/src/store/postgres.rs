//! The store in a PostgreSQL database, for one server or several.
//!
//! Some threads have a connection each ([`pool`], [`seat`]) and do what they are given in
//! a transaction: from the beginning, if another server came between. Nothing is kept in
//! memory, as other servers change the database as well.
//!
//! When the database is away ([`reach`]) calls fail with [`StoreError::Unavailable`]: the
//! first after five seconds at most, all others at once, until it is back.

mod address;
mod append;
mod driver;
mod error;
mod health;
mod inbox;
mod keys;
mod layout;
mod limits;
mod lines;
mod locks;
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
mod pool;
mod prune;
mod reach;
mod recovery;
mod seat;
mod shrink;
mod standings;
mod store;
mod tickets;
#[cfg(test)]
pub(super) mod tests;
mod tls;
mod transaction;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::figures::PostgresFigures;
use crate::config::Secret;

use super::{CHANNEL_WAIT, Seen, StoreError};
use address::Address;
use error::Error;
pub use health::PostgresHealth;
use layout::{STEPS, Step};
use locks::ChannelLocks;
pub(super) use moving::PostgresEnd;
use open::HalfCopy;
pub use open::PostgresError;
use pool::Pool;
use reach::Reach;
use transaction::{Purpose, Transaction};

/// Longest that a call takes. A change that is not done by then may still be.
const PATIENCE: Duration = Duration::from_secs(5);

/// Most connections of one server that are for work.
const CONNECTIONS: usize = 8;

/// Batches of lines that are written at a time: while one is committed, PostgreSQL works
/// at the next. More commit more often for the same lines.
const BATCHES_AT_ONCE: NonZeroUsize = NonZeroUsize::new(2).unwrap();

/// Most connections that a server has for long. A backup has one more.
pub(crate) const MOST_CONNECTIONS: usize = CONNECTIONS + BATCHES_AT_ONCE.get() + locks::CONNECTIONS;

/// Everything in a PostgreSQL database, which other servers may have open as well.
pub struct PostgresStore {
    pool: Pool,
    /// For lines alone: they do not wait behind everybody who logs in.
    lines: Pool,
    channel_locks: ChannelLocks,
    reach: Arc<Reach>,
    /// Where the database is, for what has a connection of its own.
    url: Secret,
    epoch: String,
    has_company: bool,
    seen: Seen,
    patience: Duration,
    /// Behind which log the next step of pruning begins.
    pruned_up_to: AtomicI64,
    /// How far it has come, while room is made.
    shrinking: Mutex<Option<shrink::Round>>,
}

impl PostgresStore {
    /// Opens the database at `postgres://…`, creating and migrating its tables as needed.
    ///
    /// Blocks on the network; meant for the start of the program.
    ///
    /// # Errors
    /// See [`PostgresError`]. Its text never contains the password.
    pub fn open(url: &str) -> Result<Self, PostgresError> {
        Self::open_with(url, STEPS)
    }

    fn open_with(url: &str, steps: &[Step]) -> Result<Self, PostgresError> {
        let address = Address::parse(url).map_err(PostgresError::BadAddress)?;
        let reach = Arc::new(Reach::new(address));
        // The library has a runtime of its own, which cannot be inside of ours.
        let opened = std::thread::scope(|scope| {
            let opening = scope.spawn(|| open::open(&reach, steps, HalfCopy::Refused));
            opening.join()
        });
        let opened = opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(Self {
            pool: Pool::new(Arc::clone(&reach), CONNECTIONS),
            lines: Pool::new(Arc::clone(&reach), BATCHES_AT_ONCE.get()),
            channel_locks: ChannelLocks::new(Arc::clone(&reach), CHANNEL_WAIT),
            reach,
            url: Secret::new(url),
            epoch: opened.epoch,
            has_company: opened.has_company,
            seen: opened.seen,
            patience: PATIENCE,
            pruned_up_to: AtomicI64::new(0),
            shrinking: Mutex::new(None),
        })
    }

    /// The database, as an operator knows it: without user and password.
    pub fn place(&self) -> String {
        self.reach.address().to_string()
    }

    /// Whether other servers had the database open when this one opened it.
    pub fn has_company(&self) -> bool {
        self.has_company
    }

    /// Has a change made, and answers when it is durable. It may be made from the
    /// beginning several times, of which one counts.
    async fn write<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.transact(&self.pool, Purpose::Change, change).await
    }

    /// As [`PostgresStore::write`], on a connection that nothing else is done on.
    async fn write_lines<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.transact(&self.lines, Purpose::Change, change).await
    }

    /// Has a question answered from one state of the database.
    async fn read<T: Send + 'static>(
        &self,
        question: impl FnMut(&mut Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.transact(&self.pool, Purpose::Question, question).await
    }

    async fn transact<T: Send + 'static>(
        &self,
        pool: &Pool,
        purpose: Purpose,
        act: impl FnMut(&mut Transaction<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let is_begun = Arc::new(AtomicBool::new(false));
        let begins = Arc::clone(&is_begun);
        let (asked_at, waits) = (Instant::now(), Arc::clone(self.reach.waits()));
        let done = async {
            pool.send(Box::new(move |seat| {
                // Nobody waits for what waited too long.
                if answer.is_closed() {
                    return;
                }
                begins.store(true, Ordering::Relaxed);
                waits.observe_time(asked_at.elapsed());
                let unheard = answer.send(seat.transact(purpose, act));
                if matches!(unheard, Err(Ok(_))) && purpose == Purpose::Change {
                    seat.note_unknown_outcome();
                }
            }))
            .await?;
            answered.await.map_err(|_| StoreError::Closed)?
        };
        match timeout(self.patience, done).await {
            Ok(done) => done,
            Err(_) => {
                // What waited for its turn says nothing of the database.
                if is_begun.load(Ordering::Relaxed) {
                    self.reach.lost("it does not answer");
                }
                Err(StoreError::Unavailable)
            }
        }
    }

    fn look(&self) -> PostgresFigures {
        let (losses, retries) = self.reach.counts();
        PostgresFigures {
            is_away: self.reach.is_away(),
            losses,
            retries,
            waits: Arc::clone(self.reach.waits()),
            pools: [
                self.pool.figures("work"),
                self.lines.figures("lines"),
                self.channel_locks.figures(),
            ],
        }
    }

    fn shrinking(&self) -> MutexGuard<'_, Option<shrink::Round>> {
        self.shrinking
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self) {
        self.lines.finish();
        self.pool.finish();
        self.channel_locks.finish();
        self.reach.close();
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.finish();
    }
}
