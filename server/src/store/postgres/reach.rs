//! Whether the database can be reached, as all threads of a store know it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::Notify;
use tracing::{info, warn};

use super::address::Address;
use crate::metrics::{Counter, Histogram};

/// Bounds of the times that what is to be done waits for a connection, in microseconds.
const WAIT_US: &[u64] = &[
    100, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000,
];
/// Between two looks whether the database is back.
const LOOK: Duration = Duration::from_millis(250);

/// Shared by who finds the database away, who looks for it, and who asks.
pub(super) struct Reach {
    address: Address,
    state: Mutex<State>,
    closed: Condvar,
    unknown_outcomes: Arc<Notify>,
    losses: Counter,
    retries: Counter,
    waits: Arc<Histogram>,
}

#[derive(Default)]
struct State {
    is_away: bool,
    is_closed: bool,
}

impl Reach {
    /// A database that is there.
    pub(super) fn new(address: Address) -> Self {
        Self {
            address,
            state: Mutex::default(),
            closed: Condvar::new(),
            unknown_outcomes: Arc::default(),
            losses: Counter::default(),
            retries: Counter::default(),
            waits: Arc::new(Histogram::of_times(WAIT_US)),
        }
    }

    /// How long what is to be done waits for a connection.
    pub(super) fn waits(&self) -> &Arc<Histogram> {
        &self.waits
    }

    /// How often the database went away, and transactions were begun anew.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.losses.get(), self.retries.get())
    }

    /// Notes that a transaction begins anew, since others came between.
    pub(super) fn count_retry(&self) {
        self.retries.add(1);
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// Whether it is known to be away. Who asks then need not try.
    pub(super) fn is_away(&self) -> bool {
        self.state().is_away
    }

    /// Notes that the database is away, and looks for it from now on: one line in the
    /// log, and one when it is back.
    pub(super) fn lost(self: &Arc<Self>, cause: &str) {
        let mut state = self.state();
        if state.is_away || state.is_closed {
            return;
        }
        state.is_away = true;
        drop(state);
        self.losses.add(1);
        warn!(
            database = %self.address,
            cause,
            "the database is away: players are denied until it is back"
        );
        let reach = Arc::clone(self);
        let looking = thread::Builder::new()
            .name("store-look".to_owned())
            .spawn(move || reach.look());
        if looking.is_err() {
            // Nobody would notice that it is back: let everybody try.
            self.state().is_away = false;
        }
    }

    /// Notes that a change may have been made of which whoever asked for it does not know.
    pub(super) fn note_unknown_outcome(&self) {
        self.unknown_outcomes.notify_one();
    }

    /// Tells of each such note, or of several at once.
    pub(super) fn unknown_outcomes(&self) -> Arc<Notify> {
        Arc::clone(&self.unknown_outcomes)
    }

    /// Ends the looking.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.closed.notify_all();
    }

    fn look(&self) {
        loop {
            let state = self.state();
            let (state, _) = self
                .closed
                .wait_timeout_while(state, LOOK, |state| !state.is_closed)
                .unwrap_or_else(PoisonError::into_inner);
            if state.is_closed {
                return;
            }
            drop(state);
            if self.is_back() {
                break;
            }
        }
        self.state().is_away = false;
        info!(database = %self.address, "the database is back");
    }

    /// Whether it takes changes, and not only connections.
    fn is_back(&self) -> bool {
        match self.address.connect() {
            Ok(mut client) => {
                // On for a standby as well.
                let asked = "SELECT current_setting('transaction_read_only')";
                let asked = client.query_one(asked, &[]);
                asked.is_ok_and(|row| matches!(row.try_get(0), Ok("off")))
            }
            // Then it is there, and those who have a connection go on.
            Err(cause) => cause.is_full(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
