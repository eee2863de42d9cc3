//! Backups: one file that holds all of a store, made while servers go on.
//!
//! A backup is a SQLite file, whichever engine it was made from. It is written under
//! another name, verified, and gets its own only then; so what has the name of a backup is
//! a whole one.

pub(in crate::store) mod copied;
mod unfinished;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde::Serialize;

use super::StorePlace;
use super::sqlite::{self, OpenError};
use crate::process_limits;
pub(in crate::store) use unfinished::{Unfinished, give_to_owner_of, make_room, sync_folder};

/// How far a backup is, or the look at one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is being done.
    pub what: &'static str,
    /// So much of it is done.
    pub done: u64,
    /// So much there is to do.
    pub of: u64,
}

/// Hears how far it is, and says whether to go on. Called often, from the thread that does
/// the work.
pub type Watch = Arc<dyn Fn(Step) -> bool + Send + Sync>;

/// What is in a backup that was found to be whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// The version of its layout.
    pub layout: usize,
    /// Accounts.
    pub accounts: u64,
    /// Channels, the lobby among them.
    pub channels: u64,
    /// Lines and whispers.
    pub lines: u64,
    /// Logs, of channels and of whispers, that have lines.
    pub logs: u64,
    /// The size of the file.
    pub bytes: u64,
    /// When and by what it was made; without it there are no sums to hold it against.
    pub made: Option<Made>,
    /// What should be put right, though the backup is whole.
    pub remarks: Vec<String>,
}

/// Who made a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Made {
    /// When, in UTC, as `20261127T095900Z`.
    pub at: String,
    /// Name and version of the program.
    pub by: String,
}

/// What became of a database that a backup was put in the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What is there now.
    pub contents: Contents,
    /// What was there before, if anything was.
    pub aside: Option<PathBuf>,
    /// The store's new name.
    pub epoch: String,
}

/// Why there is no backup, or nothing was restored. The text is for the operator and says
/// what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The database cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// There is no database.
    #[error("there is no database {}; name it with --database", .0.display())]
    NoDatabase(PathBuf),
    /// A file of this name is there.
    #[error("{} exists already; choose another name, or --force to write over it", .0.display())]
    Exists(PathBuf),
    /// The folder is missing.
    #[error("the folder {} does not exist; create it", .0.display())]
    NoFolder(PathBuf),
    /// No file can have this name.
    #[error("{0:?} cannot be the name of a backup: {1}")]
    BadName(PathBuf, &'static str),
    /// Another backup of the same name is being made.
    #[error("another backup is being written to {}; wait for it, or choose another name", .0.display())]
    UnderWay(PathBuf),
    /// There is less room than it takes.
    #[error("no space for {}: it takes {} MiB and {} MiB are free; nothing was written", .path.display(), .needed.div_ceil(1 << 20), .free >> 20)]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that there are.
        free: u64,
    },
    /// The disk became full.
    #[error("no space left for {}; what was written of it is gone again: free some and try again", .0.display())]
    Full(PathBuf),
    /// A file cannot be read or written.
    #[error("cannot use {}: {cause}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file is no backup, or not a whole one.
    #[error("{} {what}", .path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        what: String,
    },
    /// Both are the same file.
    #[error("{} is the database itself, not a backup of it", .0.display())]
    Same(PathBuf),
    /// The engine has no backups of this kind.
    #[error("{0}")]
    Unsupported(&'static str),
    /// Something else, with what to do.
    #[error("{0}")]
    Other(String),
    /// The database failed.
    #[error("the database failed: {0}")]
    Failed(String),
    /// It was asked to stop.
    #[error("stopped; what was written is gone again, and nothing else was changed")]
    Stopped,
}

impl BackupError {
    /// What the system said of a file.
    pub(in crate::store) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full(path.clone()),
            _ => Self::Io {
                path: path.clone(),
                cause,
            },
        }
    }

    /// What SQLite said of a file that is written.
    pub(in crate::store) fn sqlite(path: &Path) -> impl Fn(rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let path = path.to_owned();
        move |cause| match cause.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(path.clone()),
            Some(ErrorCode::OperationInterrupted) => Self::Stopped,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Unsound {
                path: path.clone(),
                what: format!("is damaged ({cause}); take another backup"),
            },
            _ => Self::Failed(cause.to_string()),
        }
    }
}

/// Makes a backup of a store, beside running servers or without, and verifies it. Blocks for
/// as long as it takes.
///
/// # Errors
/// See [`BackupError`]. Nothing is left behind then.
pub fn back_up(
    store: &StorePlace,
    file: &Path,
    is_forced: bool,
    watch: &Watch,
) -> Result<Contents, BackupError> {
    match store {
        StorePlace::File(database) => {
            sqlite::refuse_foreign_log(database)?;
            sqlite::back_up(database, file, is_forced, watch)
        }
        StorePlace::Postgres(url) => copied::back_up(url, file, is_forced, watch),
    }
}

/// Whether a backup is whole: its size, its structure, its references and the sums that were
/// noted when it was made. Blocks for as long as it takes, and changes nothing.
///
/// # Errors
/// [`BackupError::Unsound`] with the first thing that is wrong.
pub fn verify(file: &Path, watch: &Watch) -> Result<Contents, BackupError> {
    sqlite::verify(file, watch)
}

/// Puts a backup in the place of a SQLite database, which is kept beside it, or into an empty
/// PostgreSQL, and gives the store another epoch. Blocks for as long as it takes.
///
/// # Errors
/// See [`BackupError`]. The store is as it was then.
pub fn restore(file: &Path, store: &StorePlace, watch: &Watch) -> Result<Restored, BackupError> {
    match store {
        StorePlace::File(database) => sqlite::restore(file, database, watch),
        StorePlace::Postgres(url) => copied::restore(file, url, watch),
    }
}

/// Does the work of a backup on a thread of its own. It stops when nobody waits for it any
/// more.
pub(in crate::store) async fn on_a_thread(
    work: impl FnOnce(&Watch) -> Result<Contents, BackupError> + Send + 'static,
) -> Result<Contents, BackupError> {
    struct Waiting(Arc<AtomicBool>);
    impl Drop for Waiting {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let is_over = Arc::<AtomicBool>::default();
    let _waiting = Waiting(Arc::clone(&is_over));
    // Within a task that waits for it, so that the end of the program does as well: what it has
    // begun to write is to be gone by then. And not on that task's own thread, whose turn it
    // would be to serve players next.
    let working = tokio::task::spawn_blocking(move || {
        let working = thread::Builder::new().name("backup".to_owned());
        let working = working.spawn(move || {
            process_limits::step_back();
            let watch: Watch = Arc::new(move |_| !is_over.load(Ordering::Relaxed));
            work(&watch)
        });
        let working = working.map_err(|cause| BackupError::Other(cause.to_string()))?;
        let panicked = |_| {
            Err(BackupError::Other(
                "it panicked; please report this".to_owned(),
            ))
        };
        working.join().unwrap_or_else(panicked)
    });
    let failed = |cause: tokio::task::JoinError| Err(BackupError::Other(cause.to_string()));
    working.await.unwrap_or_else(failed)
}

/// A time as part of a file's name: `20261127T095900Z`. Later ones are greater as texts.
pub(crate) fn utc_stamp(ms: i64) -> String {
    let (days, second) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000) / 1000);
    // Years from March on end with the day that not all of them have, and come in eras of
    // 400 that are all alike.
    let from_march = days + 719_468;
    let (era, day) = (
        from_march.div_euclid(146_097),
        from_march.rem_euclid(146_097),
    );
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 400 * era + year + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_stamped_as_the_calendar_has_them() {
        let db = rusqlite::Connection::open_in_memory().unwrap();
        let (mut seconds, mut last) = (0i64, String::new());
        while seconds < 8_000_000_000 {
            let expected: String = db
                .query_row(
                    "SELECT strftime('%Y%m%dT%H%M%SZ', ?1, 'unixepoch')",
                    [seconds],
                    |row| row.get(0),
                )
                .unwrap();
            assert_eq!(utc_stamp(seconds * 1000 + 999), expected);
            assert!(expected > last);
            last = expected;
            seconds += 86_000;
        }
    }
}
