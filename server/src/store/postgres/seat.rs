//! A thread's place at the database: its connection, made when it is needed, and made
//! again when it broke.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use postgres::Client;
use postgres::error::{DbError, Severity};

use super::error::{Error, Remedy, reason};
use super::reach::Reach;
use super::transaction::{Purpose, Statements, Transaction};
use crate::store::StoreError;

/// How often a transaction is tried that meets others.
const TRIES: u32 = 20;
/// For every connection: who locks something and is gone does not hold up the others.
///
/// Every statement has its index. But how a prepared one is done is decided once, and by
/// what the tables were like then: of a small one it would read all rows for each row it
/// looks for, and go on so when they have become millions. A plan without an index counts
/// as dear beyond all measure then, and would be compiled first.
const SETTINGS: &str = "SET statement_timeout = '30s';
    SET idle_in_transaction_session_timeout = '5s';
    SET enable_seqscan = off;
    SET jit = off;";

/// One connection, or none for now.
pub(super) struct Seat {
    reach: Arc<Reach>,
    connection: Option<(Client, Statements)>,
}

/// How far an attempt came.
enum Failure {
    /// Nothing was changed.
    Before(Error),
    /// The end was asked for, and nobody knows.
    AtCommit(postgres::Error),
}

impl Seat {
    pub(super) fn new(reach: Arc<Reach>) -> Self {
        Self {
            reach,
            connection: None,
        }
    }

    /// Does something in a transaction, from the beginning if others come between. Blocks.
    /// Whether a change was made whose end was not heard, nobody knows: that is
    /// [noted](Reach::note_unknown_outcome).
    pub(super) fn transact<T>(
        &mut self,
        purpose: Purpose,
        mut act: impl FnMut(&mut Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let mut tries = 0;
        let mut reconnected = false;
        loop {
            if self.reach.is_away() {
                return Err(StoreError::Unavailable);
            }
            let (client, statements) = self.connection()?;
            let cause = match attempt(client, statements, purpose, &mut act) {
                Ok(done) => return Ok(done),
                Err(Failure::AtCommit(cause))
                    if purpose == Purpose::Change && !is_refusal(&cause) =>
                {
                    self.connection = None;
                    self.note_unknown_outcome();
                    // Whether it is really away, the next one finds out.
                    return Err(StoreError::Unavailable);
                }
                Err(Failure::AtCommit(cause)) => cause.into(),
                Err(Failure::Before(cause)) => cause,
            };
            match cause.remedy() {
                Remedy::Again(cause) => {
                    tries += 1;
                    if tries > TRIES {
                        return Err(cause);
                    }
                    self.reach.count_retry();
                    thread::sleep(pause(tries));
                }
                Remedy::Reconnect { cause } => {
                    self.connection = None;
                    if reconnected {
                        self.reach.lost(&cause);
                    }
                    reconnected = true;
                }
                Remedy::Tell(cause) => return Err(cause),
            }
        }
    }

    /// See [`Reach::note_unknown_outcome`].
    pub(super) fn note_unknown_outcome(&self) {
        self.reach.note_unknown_outcome();
    }

    /// Connects, unless it is connected or the database is known to be away. True if the
    /// database is there but has no connection for us. Blocks.
    pub(super) fn is_refused(&mut self) -> bool {
        !self.reach.is_away() && self.connection().is_err() && !self.reach.is_away()
    }

    fn connection(&mut self) -> Result<(&mut Client, &mut Statements), StoreError> {
        if self
            .connection
            .as_ref()
            .is_none_or(|(client, _)| client.is_closed())
        {
            self.connection = None;
            let connected = self.reach.address().connect();
            let connected = connected.and_then(|mut client| {
                client.batch_execute(SETTINGS)?;
                Ok(client)
            });
            match connected {
                Ok(client) => self.connection = Some((client, Statements::default())),
                // The connections that there are go on.
                Err(cause) if cause.is_full() => {}
                Err(cause) => self.reach.lost(&reason(&cause)),
            }
        }
        let connection = self.connection.as_mut().ok_or(StoreError::Unavailable)?;
        Ok((&mut connection.0, &mut connection.1))
    }
}

fn attempt<T>(
    client: &mut Client,
    statements: &mut Statements,
    purpose: Purpose,
    act: &mut impl FnMut(&mut Transaction<'_>) -> Result<T, Error>,
) -> Result<T, Failure> {
    let begun = Transaction::begin(client, statements, purpose);
    let mut transaction = begun.map_err(|cause| Failure::Before(cause.into()))?;
    let done = act(&mut transaction).map_err(Failure::Before)?;
    transaction.commit().map_err(Failure::AtCommit)?;
    Ok(done)
}

/// Whether the database said that it did not commit. One that ends the connection, or a
/// pooler before it, says nothing of that.
fn is_refusal(cause: &postgres::Error) -> bool {
    let severity = cause.as_db_error().map(DbError::parsed_severity);
    severity == Some(Some(Severity::Error))
}

/// Longer each time, and not the same for two threads that met.
fn pause(tries: u32) -> Duration {
    let own = getrandom::u32().unwrap_or_default() % 1000;
    Duration::from_micros(u64::from(tries) * 500 + u64::from(own))
}
