//! Moving house: everything of one store into another, whichever engine each has.
//!
//! Rows go over table by table in the order of their keys, a page at a time, each page with
//! the note of how far it is in one transaction. So a copy that was stopped goes on where
//! it was. At the end both sides are read once more and compared. Until then no server
//! starts on the new store.

pub(super) mod end;
mod sums;
pub(super) mod tables;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use super::postgres::{PostgresEnd, PostgresError};
use super::sqlite::{OpenError, SqliteEnd};
use crate::config::Secret;
use end::{Begun, End, Reached};
pub use sums::Difference;
use tables::TABLES;
pub(in crate::store) use tables::log_of;

/// Rows that go over in one transaction: few enough to be stopped at once, enough not to
/// wait for the disk.
const PAGE: usize = 5_000;

/// A store to copy from or to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL database.
    Postgres(Secret),
}

/// Why a copy was not made. The text is for the operator and says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The file cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database cannot be used.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// There is no file to copy from.
    #[error("there is no {}; give --from the database of the server that is to move", .0.display())]
    NoSource(PathBuf),
    /// There is no Longhall in the database to copy from.
    #[error("{0} holds no Longhall; give --from the store of the servers that are to move")]
    NothingThere(String),
    /// Both are the same.
    #[error("--from and --to are the same")]
    Same,
    /// The target has something in it already.
    #[error(
        "{0} has accounts or channels in it already, and is no copy that was stopped; nothing was changed: choose an empty one with --to"
    )]
    NotEmpty(String),
    /// The target has the beginning of another copy.
    #[error(
        "{0} holds the beginning of a copy of another store; nothing was changed: choose an empty one with --to"
    )]
    OtherCopy(String),
    /// A server has one of the databases open.
    #[error(
        "a longhall-server is running on {0}; stop it, so that nothing is said meanwhile, and start again"
    )]
    InUse(String),
    /// A database failed.
    #[error("{place}: {detail}; start again, and the copy goes on where it was")]
    Failed {
        /// Which one.
        place: String,
        /// What it said, without secrets.
        detail: String,
    },
    /// The two do not hold the same.
    #[error(
        "the copy is not the same: {0}; nothing starts on it: empty it and start again, and see that no server runs on the source meanwhile"
    )]
    Different(Difference),
    /// It was asked to stop.
    #[error("stopped; start again, and the copy goes on where it was")]
    Stopped,
}

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Rows of a table that are over, of all it has.
    Copied {
        /// The table's name.
        table: &'static str,
        /// Rows that are over.
        done: u64,
        /// Rows there are.
        of: u64,
    },
    /// Lines that were compared on one side, of all there are.
    Compared {
        /// Which side: the source or the target.
        is_target: bool,
        /// Rows that were read.
        done: u64,
        /// Rows there are.
        of: u64,
    },
}

/// What a finished copy holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Accounts.
    pub accounts: u64,
    /// Channels.
    pub channels: u64,
    /// Lines and whispers.
    pub lines: u64,
    /// Logs, of channels and of whispers, whose sums were compared.
    pub logs: u64,
}

/// Copies everything from one store to another, an empty one or a copy that was stopped.
///
/// `tell` hears how far it is after each page, and says whether to go on. Blocks for as long
/// as it takes; both stores are locked meanwhile.
///
/// # Errors
/// See [`CopyError`]. The source is never changed, beyond what a server's start does.
pub fn copy(
    from: &Place,
    to: &Place,
    tell: impl FnMut(Progress) -> bool,
) -> Result<Copied, CopyError> {
    copy_by(PAGE, from, to, tell)
}

fn copy_by(
    rows: usize,
    from: &Place,
    to: &Place,
    mut tell: impl FnMut(Progress) -> bool,
) -> Result<Copied, CopyError> {
    if from == to {
        return Err(CopyError::Same);
    }
    let mut source = open(from, false)?;
    let mut target = open(to, true)?;
    run_by(
        rows,
        &mut *source,
        &mut *target,
        &Label::default(),
        &mut tell,
    )
}

/// What a copy is called, where it is not what the source says.
#[derive(Default)]
pub(in crate::store) struct Label {
    /// Names the source, so that no copy of another one goes on.
    pub(in crate::store) source: Option<String>,
    /// The epoch that the copy gets.
    pub(in crate::store) epoch: Option<String>,
}

/// Copies from one end to the other, and compares both.
pub(in crate::store) fn run(
    source: &mut dyn End,
    target: &mut dyn End,
    label: &Label,
    tell: &mut dyn FnMut(Progress) -> bool,
) -> Result<Copied, CopyError> {
    run_by(PAGE, source, target, label, tell)
}

fn run_by(
    rows: usize,
    source: &mut dyn End,
    target: &mut dyn End,
    label: &Label,
    tell: &mut dyn FnMut(Progress) -> bool,
) -> Result<Copied, CopyError> {
    let mut state = source.state()?;
    let name = label.source.as_ref().unwrap_or(&state.epoch);
    let reached = match target.begun()? {
        Begun::Empty => {
            target.begin(name)?;
            None
        }
        Begun::Copy { source, reached } if source == *name => reached,
        Begun::Copy { .. } => return Err(CopyError::OtherCopy(target.name())),
        Begun::Other => return Err(CopyError::NotEmpty(target.name())),
    };
    let at = reached.as_ref().map_or(0, |reached| reached.table);
    let mut after = reached.map(|reached| reached.key);
    for (number, table) in TABLES.iter().enumerate().skip(at) {
        let of = source.count(table)?;
        let mut done = match after {
            Some(_) => target.count(table)?,
            None => 0,
        };
        loop {
            let rows = source.page(table, after.as_deref(), rows)?;
            let Some(last) = rows.last() else {
                break;
            };
            let key = table.key_of(last);
            target.put(
                table,
                &rows,
                &Reached {
                    table: number,
                    key: key.clone(),
                },
            )?;
            done += rows.len() as u64;
            after = Some(key);
            let go_on = tell(Progress::Copied {
                table: table.name,
                done,
                of,
            });
            if !go_on {
                return Err(CopyError::Stopped);
            }
        }
        after = None;
    }
    if let Some(epoch) = &label.epoch {
        state.epoch.clone_from(epoch);
    }
    target.settle(&state)?;
    let copied = sums::compare(source, target, tell)?;
    target.finish()?;
    Ok(copied)
}

fn open(place: &Place, is_target: bool) -> Result<Box<dyn End>, CopyError> {
    Ok(match place {
        Place::File(path) if is_target => Box::new(SqliteEnd::create(path)?),
        Place::File(path) => Box::new(SqliteEnd::open(path)?),
        Place::Postgres(url) => Box::new(PostgresEnd::open(url, is_target)?),
    })
}
