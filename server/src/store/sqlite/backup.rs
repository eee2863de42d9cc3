//! Backups of a SQLite database: made by `VACUUM INTO` from one snapshot, which leaves
//! nothing of erased text behind, with a sum of each log noted inside.

mod restore;
mod sums;
mod verify;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, thread};

use rusqlite::{Connection, OpenFlags, params};

use super::open::{MIGRATIONS, OpenError, locate, lock};
use super::{in_transaction, lineage, now_ms};
use crate::SERVER_NAME;
use crate::store::backup::{
    BackupError, Contents, Step, Unfinished, Watch, give_to_owner_of, make_room, utc_stamp,
};
pub(in crate::store) use restore::restore;
use sums::Sum;
pub(super) use verify::refuse_what_is_not_ours;
pub(in crate::store) use verify::verify;

/// Steps of SQLite's between two looks at how far it is: a fraction of a millisecond.
const LOOK: i32 = 2_000;
/// So much is written before it is flushed: the server flushes each commit to the same
/// disk, and would wait behind it.
const FLUSH_BYTES: u64 = 4 << 20;

/// Refuses a database that nobody has open and that would be read wrong: with the log of
/// another one, for instance. A running server has looked already.
///
/// # Errors
/// As its start would.
pub(in crate::store) fn refuse_foreign_log(path: &Path) -> Result<(), BackupError> {
    if !path.exists() {
        return Err(BackupError::NoDatabase(path.to_owned()));
    }
    let path = locate(path)?;
    match lock(&path) {
        Err(OpenError::InUse(_)) => Ok(()),
        Err(cause) => Err(cause.into()),
        Ok(locked) => {
            let beside = super::open::beside(&path, "lock");
            give_to_owner_of(&path, &beside).map_err(BackupError::io(&beside))?;
            lineage::look(&path, &locked, MIGRATIONS.len(), false)?;
            Ok(())
        }
    }
}

/// Makes a backup, with a connection of its own. Servers and others may write meanwhile.
///
/// # Errors
/// See [`BackupError`]. Nothing is left behind then.
pub(in crate::store) fn back_up(
    database: &Path,
    file: &Path,
    is_forced: bool,
    watch: &Watch,
) -> Result<Contents, BackupError> {
    let new = Unfinished::begin(file, is_forced)?;
    finish_backup(database, new, file, watch)
}

/// The same where the file was begun already.
///
/// # Errors
/// See [`BackupError`]. Nothing is left behind then.
pub(in crate::store) fn finish_backup(
    database: &Path,
    new: Unfinished,
    file: &Path,
    watch: &Watch,
) -> Result<Contents, BackupError> {
    let database =
        fs::canonicalize(database).map_err(|_| BackupError::NoDatabase(database.to_owned()))?;
    write(&database, &new, watch)?;
    note_sums(new.path(), watch)?;
    new.sync()?;
    new.forget_cached();
    let contents = verify::verify_as(new.path(), file, watch)?;
    new.finish()?;
    Ok(contents)
}

fn write(database: &Path, new: &Unfinished, watch: &Watch) -> Result<(), BackupError> {
    let explain = |cause: rusqlite::Error| match BackupError::sqlite(new.path())(cause) {
        // What is read is damaged, not what is written.
        BackupError::Unsound { what, .. } => BackupError::Unsound {
            path: database.to_owned(),
            what,
        },
        other => other,
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(database, flags).map_err(explain)?;
    db.busy_timeout(Duration::from_secs(5)).map_err(explain)?;
    refuse_what_is_not_ours(&db, database)?;
    let bytes: i64 = db
        .query_row(
            "SELECT (page_count - freelist_count) * page_size
                 FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
            [],
            |row| row.get(0),
        )
        .map_err(explain)?;
    let bytes = bytes.unsigned_abs();
    make_room(new.path(), bytes)?;
    let (handle, watching) = (new.handle()?, Arc::clone(watch));
    let (mut flushed, mut worked) = (0, Instant::now());
    let look = move || {
        let done = handle.metadata().map_or(0, |file| file.len());
        if done >= flushed + FLUSH_BYTES {
            flushed = done;
            // Whether it could be is found out at the end.
            let _ = handle.sync_data();
            // The server is to get on as well.
            thread::sleep(worked.elapsed().min(REST));
            worked = Instant::now();
        }
        let what = "writing";
        !watching(Step {
            what,
            done,
            of: bytes.max(done),
        })
    };
    db.progress_handler(LOOK, Some(look)).map_err(explain)?;
    let to = new.path().to_string_lossy();
    let done = db.execute("VACUUM INTO ?1", [to]).map_err(explain);
    // With it goes the other handle of the file.
    db.progress_handler(0, None::<fn() -> bool>)
        .map_err(explain)?;
    done.map(drop)
}

/// Longest rest between two flushes.
const REST: Duration = Duration::from_millis(100);

/// Notes in a backup when it was made, by what, and what it holds.
fn note_sums(path: &Path, watch: &Watch) -> Result<(), BackupError> {
    let explain = BackupError::sqlite(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(&explain)?;
    // It is thrown away unless all of this is done.
    let set_up = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;";
    db.execute_batch(set_up).map_err(&explain)?;
    in_transaction(&db, || forget_note(&db)).map_err(&explain)?;
    let sums = sums::sums(&db, "summing up", watch)?;
    let note = || {
        db.execute_batch(
            "CREATE TABLE backup (
                 id      INTEGER PRIMARY KEY CHECK (id = 1),
                 -- When it was made, and by which program.
                 made_at TEXT NOT NULL,
                 made_by TEXT NOT NULL
             ) STRICT;
             -- What each table holds, and of the lines each log.
             CREATE TABLE backup_sums (
                 id         INTEGER PRIMARY KEY,
                 table_name TEXT NOT NULL,
                 log_id     INTEGER,
                 row_count  INTEGER NOT NULL,
                 sha256     BLOB NOT NULL
             ) STRICT;",
        )?;
        let made_at = utc_stamp(now_ms());
        let made = "INSERT INTO backup VALUES (1, ?1, ?2)";
        db.execute(made, params![made_at, SERVER_NAME])?;
        let mut insert = db.prepare(
            "INSERT INTO backup_sums (table_name, log_id, row_count, sha256)
             VALUES (?1, ?2, ?3, ?4)",
        )?;
        for Sum {
            table,
            log,
            rows,
            sha256,
        } in &sums
        {
            insert.execute(params![table, log, rows, sha256])?;
        }
        Ok(())
    };
    in_transaction(&db, note).map_err(&explain)?;
    db.close().map_err(|(_, cause)| explain(cause))
}

/// Forgets what is noted in a backup: it is about to be a database again, and to change.
pub(super) fn forget_note(db: &Connection) -> rusqlite::Result<()> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name IN ('backup', 'backup_sums')";
    let is_noted: i64 = db.query_row(sql, [], |row| row.get(0))?;
    if is_noted > 0 {
        db.execute_batch("DROP TABLE IF EXISTS backup; DROP TABLE IF EXISTS backup_sums")?;
    }
    Ok(())
}
