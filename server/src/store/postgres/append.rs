//! Writing lines, whispers, edits and deletions: a batch of any size in a few statements.
//!
//! What a batch touches is locked and read first, by arrays ([`touched`], [`facts`]).
//! Then what comes of each entry is decided in memory, in their order, as if each saw
//! what those before it had written ([`batch`]). In the end all of it is written, by
//! arrays again ([`write`]).

mod batch;
mod change;
mod facts;
mod inboxes;
mod touched;
mod whisper;
mod write;

use postgres::Error;

use super::transaction::Transaction;
use crate::store::{Appended, LogEntry};
use batch::Batch;
#[cfg(test)]
pub(super) use facts::BEFORE;
use facts::Facts;
use touched::Touched;

/// Applies entries in their order. Whatever fails fails all of them.
///
/// # Errors
/// Among others when another server locked the same in another order: the transaction is
/// to be tried again as a whole then.
pub(super) fn append(
    db: &mut Transaction<'_>,
    entries: Vec<LogEntry>,
) -> Result<Vec<Appended>, Error> {
    let touched = Touched::find(db, &entries)?;
    let logs = touched.lock(db)?;
    let facts = Facts::read(db, &entries, &touched, &logs)?;
    let mut batch = Batch::new(facts, logs);
    let done = entries
        .into_iter()
        .enumerate()
        .map(|(place, entry)| batch.apply(place, entry))
        .collect();
    write::write(db, &batch)?;
    Ok(done)
}
