//! Locks on channels that all servers of a database respect.
//!
//! Each is an advisory lock of PostgreSQL, held by a transaction on one of a few
//! connections that do nothing else. When it ends, in whatever way, the lock is free.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use longhall_packet::ChannelName;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;
use tracing::warn;

use super::pool::Pool;
use super::reach::Reach;
use super::transaction::Purpose;
use crate::store::figures::PoolFigures;
use crate::store::{ChannelGuard, StoreError};

/// Channels that one server may be changing at the same time, on a connection each.
pub(super) const CONNECTIONS: usize = 4;
/// Longest that a lock is held. A change takes milliseconds; whoever takes longer must
/// not keep all other servers from the channel.
const LONGEST_HOLD: Duration = Duration::from_secs(10);
/// When PostgreSQL itself ends the transaction of a server that has stopped, or whose
/// machine is gone without a word.
const ENDED_AFTER: Duration = Duration::from_secs(15);
/// Says of an advisory lock that it is one of a channel. Locks with two numbers are
/// other ones than those with one.
const CHANNELS: i32 = 0x4C48_0001;

/// The connections that hold locks. Apart from those for work: who holds a lock waits
/// for one of them.
pub(super) struct ChannelLocks {
    pool: Pool,
    longest_wait: Duration,
}

impl ChannelLocks {
    /// Connects when there is something to lock. Who has waited for others longer than
    /// `longest_wait` fails.
    pub(super) fn new(reach: Arc<Reach>, longest_wait: Duration) -> Self {
        Self {
            pool: Pool::new(reach, CONNECTIONS),
            longest_wait,
        }
    }

    /// What its connections do now.
    pub(super) fn figures(&self) -> PoolFigures {
        self.pool.figures("locks")
    }

    /// Waits until no other server holds a channel, and holds it.
    ///
    /// # Errors
    /// When another holds it for too long, the database is away, or this is closed.
    pub(super) async fn lock(&self, name: &ChannelName) -> Result<ChannelGuard, StoreError> {
        let lock = format!(
            "SET LOCAL lock_timeout = {}; \
             SET LOCAL idle_in_transaction_session_timeout = {}; \
             SELECT pg_advisory_xact_lock({CHANNELS}, {})",
            self.longest_wait.as_millis(),
            ENDED_AFTER.as_millis(),
            key(name),
        );
        let (answer, answered) = oneshot::channel();
        let mut answer = Some(answer);
        let holding = self.pool.send(Box::new(move |seat| {
            let held = seat.transact(Purpose::Hold, |db| {
                // Whoever wanted it may have given up, or have had it when the
                // connection broke.
                if answer.as_ref().is_none_or(oneshot::Sender::is_closed) {
                    return Ok(());
                }
                db.run(&lock)?;
                answer.take().into_iter().for_each(hold);
                Ok(())
            });
            if let (Err(cause), Some(answer)) = (held, answer) {
                let _ = answer.send(Err(cause));
            }
        }));
        holding.await?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Lets go of what is held before long, and waits for it. Blocks.
    pub(super) fn finish(&self) {
        self.pool.finish();
    }
}

/// Gives a lock to who waits for it, until it is let go of.
fn hold(answer: oneshot::Sender<Result<ChannelGuard, StoreError>>) {
    let (held, released) = mpsc::channel::<Infallible>();
    // It comes back, and is dropped, if nobody waits for it any more.
    drop(answer.send(Ok(ChannelGuard::holding(held))));
    match released.recv_timeout(LONGEST_HOLD) {
        Err(RecvTimeoutError::Disconnected) => {}
        Err(RecvTimeoutError::Timeout) => {
            warn!("a change of a channel took too long, other servers go on");
        }
        Ok(never) => match never {},
    }
}

/// Channels that share a number by chance wait for each other.
fn key(name: &ChannelName) -> i32 {
    let digest = Sha256::digest(name.as_str());
    i32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use futures_util::FutureExt;
    use postgres::Client;
    use tokio::runtime::{Builder, Runtime};

    use super::super::address::Address;
    use super::super::tests;
    use super::*;

    const WAIT: Duration = Duration::from_secs(30);

    fn database() -> Address {
        Address::parse(&tests::database()).unwrap()
    }

    /// As one server has them.
    fn locks(address: &Address, longest_wait: Duration) -> ChannelLocks {
        let reach = Arc::new(Reach::new(address.clone()));
        ChannelLocks::new(reach, longest_wait)
    }

    fn channel(name: &str) -> ChannelName {
        ChannelName::parse(name).unwrap()
    }

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }

    /// Waits until so many locks of channels are held and waited for.
    fn await_locks(db: &mut Client, expected: (i64, i64)) {
        let sql = "SELECT count(*) FILTER (WHERE granted), count(*) FILTER (WHERE NOT granted)
            FROM pg_locks
            WHERE locktype = 'advisory' AND database IN
                (SELECT oid FROM pg_database WHERE datname = current_database())";
        let deadline = Instant::now() + WAIT;
        loop {
            let row = db.query_one(sql, &[]).unwrap();
            let found = (row.get(0), row.get(1));
            if found == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{found:?}, not {expected:?}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn another_server_waits_for_the_same_channel_and_not_for_another() {
        let database = database();
        let (here, there) = (locks(&database, WAIT), locks(&database, WAIT));
        let (db, runtime) = (&mut database.connect().unwrap(), runtime());
        let (den, guild) = (channel("den"), channel("guild"));
        let held = runtime.block_on(here.lock(&den)).unwrap();
        let mut waiting = Box::pin(there.lock(&den));
        assert!(waiting.as_mut().now_or_never().is_none());
        await_locks(db, (1, 1));
        let other = runtime.block_on(there.lock(&guild)).unwrap();
        await_locks(db, (2, 1));
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(held);
        let held = runtime.block_on(waiting).unwrap();
        await_locks(db, (2, 0));
        drop((held, other));
        await_locks(db, (0, 0));
    }

    #[test]
    fn more_channels_than_connections_are_changed_one_after_the_other() {
        let database = database();
        let (here, runtime) = (locks(&database, WAIT), runtime());
        let names: Vec<_> = (0..=CONNECTIONS)
            .map(|n| channel(&format!("den-{n}")))
            .collect();
        let mut held = Vec::new();
        for name in &names[1..] {
            held.push(runtime.block_on(here.lock(name)).unwrap());
        }
        let mut waiting = Box::pin(here.lock(&names[0]));
        assert!(waiting.as_mut().now_or_never().is_none());
        held.pop();
        drop(runtime.block_on(waiting).unwrap());
    }

    #[test]
    fn what_a_dead_server_held_is_free_and_a_cut_connection_is_replaced() {
        let database = database();
        let (here, there) = (locks(&database, WAIT), locks(&database, WAIT));
        let (db, runtime, den) = (&mut database.connect().unwrap(), runtime(), channel("den"));
        let held = runtime.block_on(here.lock(&den)).unwrap();
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND database IN
                (SELECT oid FROM pg_database WHERE datname = current_database())";
        db.query_one(sql, &[]).unwrap();
        drop(runtime.block_on(there.lock(&den)).unwrap());
        drop(held);
        for _ in 0..2 * CONNECTIONS {
            drop(runtime.block_on(here.lock(&den)).unwrap());
        }
        await_locks(db, (0, 0));
    }

    #[test]
    fn who_waits_too_long_fails_and_may_try_again() {
        let database = database();
        let here = locks(&database, WAIT);
        let there = locks(&database, Duration::from_millis(10));
        let (runtime, den) = (runtime(), channel("den"));
        let held = runtime.block_on(here.lock(&den)).unwrap();
        for _ in 0..2 * CONNECTIONS {
            let failed = runtime.block_on(there.lock(&den)).unwrap_err();
            assert!(matches!(failed, StoreError::Unavailable), "{failed}");
        }
        drop(held);
        runtime.block_on(async {
            // Let go of a moment later.
            while there.lock(&den).await.is_err() {}
        });
    }

    #[test]
    fn who_gives_up_leaves_nothing_locked() {
        let database = database();
        let (here, there) = (locks(&database, WAIT), locks(&database, WAIT));
        let (db, runtime, den) = (&mut database.connect().unwrap(), runtime(), channel("den"));
        let held = runtime.block_on(here.lock(&den)).unwrap();
        let mut waiting = Box::pin(there.lock(&den));
        assert!(waiting.as_mut().now_or_never().is_none());
        await_locks(db, (1, 1));
        drop(waiting);
        drop(held);
        await_locks(db, (0, 0));
    }

    #[test]
    fn a_database_that_is_away_and_locks_that_are_closed_are_errors() {
        let nowhere = Address::parse("postgres://hall:secret@127.0.0.1:1/hall").unwrap();
        let (runtime, den) = (runtime(), channel("den"));
        let locks = locks(&nowhere, WAIT);
        let failed = runtime.block_on(locks.lock(&den)).unwrap_err();
        assert!(matches!(failed, StoreError::Unavailable), "{failed}");
        locks.finish();
        let closed = runtime.block_on(locks.lock(&den)).unwrap_err();
        assert!(matches!(closed, StoreError::Closed), "{closed}");
    }
}
