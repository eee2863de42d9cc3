//! What there is to know of a database from outside, for whoever looks after it.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::backup::{refuse_foreign_log, refuse_what_is_not_ours};
use super::lineage::{immutable, log_of_changes};
use super::open::MIGRATIONS;
use crate::store::backup::BackupError;

/// A SQLite database that was found to be whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteHealth {
    /// The version of its layout.
    pub layout: usize,
    /// The newest that this program knows.
    pub newest_layout: usize,
    /// The size of the log beside it.
    pub log_bytes: u64,
    /// What the clock has shown to the server, in milliseconds since 1970.
    pub seen_ms: Option<i64>,
}

impl SqliteHealth {
    /// Looks at a database, also while a server has it open; all of it with `is_deep`. Blocks.
    ///
    /// # Errors
    /// What a start, or a backup, would say.
    pub fn look(database: &Path, is_deep: bool) -> Result<Self, BackupError> {
        let explain = BackupError::sqlite(database);
        let database = &*fs::canonicalize(database).map_err(BackupError::io(database))?;
        let log_bytes = fs::metadata(log_of_changes(database)).map_or(0, |log| log.len());
        let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = if is_in_use(database) {
            Connection::open_with_flags(database, read_only)
        } else if log_bytes > 0 {
            refuse_foreign_log(database)?;
            Connection::open_with_flags(database, read_only)
        } else {
            // So that nothing is made beside it.
            let flags = read_only | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(immutable(database), flags)
        };
        let db = db.map_err(&explain)?;
        let layout = refuse_what_is_not_ours(&db, database)?;
        let check = match is_deep {
            true => "PRAGMA integrity_check(1)",
            false => "PRAGMA quick_check(1)",
        };
        let found: String = db
            .query_row(check, [], |row| row.get(0))
            .map_err(&explain)?;
        if found != "ok" {
            let found = found.lines().last().unwrap_or_default();
            return Err(BackupError::Unsound {
                path: database.to_owned(),
                what: format!("is damaged ({found}); restore it from a backup"),
            });
        }
        let state = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'state')";
        let has_state: bool = db
            .query_row(state, [], |row| row.get(0))
            .map_err(&explain)?;
        let seen_ms = match has_state {
            true => db
                .query_row("SELECT seen_ms FROM state", [], |row| row.get(0))
                .map_err(&explain)?,
            false => None,
        };
        Ok(Self {
            layout,
            newest_layout: MIGRATIONS.len(),
            log_bytes,
            seen_ms,
        })
    }
}

/// Whether a server has the file locked, as all do on Unix.
pub(super) fn is_in_use(file: &Path) -> bool {
    cfg!(unix)
        && File::open(file)
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}
