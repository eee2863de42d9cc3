//! Whether a file is a whole backup.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::sums::{self, Sum};
use super::{LOOK, MIGRATIONS};
use crate::store::backup::{BackupError, Contents, Made, Step, Watch};
use crate::store::sqlite::health::is_in_use;
use crate::store::sqlite::lineage::{immutable, log_of_changes};
use crate::store::sqlite::open::APPLICATION_ID;

const HEADER_BYTES: usize = 100;
const TITLE: &[u8] = b"SQLite format 3\0";

/// Looks a backup over. Nothing is written, not even beside it.
///
/// # Errors
/// [`BackupError::Unsound`] with the first thing that is wrong.
pub(in crate::store) fn verify(file: &Path, watch: &Watch) -> Result<Contents, BackupError> {
    refuse_in_use(file)?;
    verify_as(file, file, watch)
}

/// Refuses what changes while it is read.
pub(super) fn refuse_in_use(file: &Path) -> Result<(), BackupError> {
    if !is_in_use(file) {
        return Ok(());
    }
    Err(BackupError::Unsound {
        path: file.to_owned(),
        what: "is in use, by a server or by a backup that is not finished; make a backup of it \
               by: longhall-server backup"
            .to_owned(),
    })
}

/// The same of a file that the operator knows by another name.
pub(super) fn verify_as(file: &Path, shown: &Path, watch: &Watch) -> Result<Contents, BackupError> {
    let unsound = |what: String| BackupError::Unsound {
        path: shown.to_owned(),
        what,
    };
    let bytes = look(file, shown)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let explain = BackupError::sqlite(shown);
    let db = Connection::open_with_flags(immutable(file), flags).map_err(&explain)?;
    let layout = refuse_what_is_not_ours(&db, shown)?;
    let watching = Arc::clone(watch);
    let look = move || {
        let what = "looking at each page";
        !watching(Step {
            what,
            done: 0,
            of: 1,
        })
    };
    db.progress_handler(LOOK, Some(look)).map_err(&explain)?;
    let found: String = db
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(&explain)?;
    if found != "ok" {
        // SQLite may take more than one line for it.
        let found = found.lines().last().unwrap_or_default();
        return Err(unsound(format!(
            "is damaged ({found}); take another backup"
        )));
    }
    let dangling: Option<String> = db
        .query_row("PRAGMA foreign_key_check", [], |row| row.get(0))
        .optional()
        .map_err(&explain)?;
    if let Some(table) = dangling {
        return Err(unsound(format!(
            "is damaged (a row of {table} refers to what is not there); take another backup"
        )));
    }
    db.progress_handler(0, None::<fn() -> bool>)
        .map_err(&explain)?;
    let found = sums::sums(&db, "comparing sums", watch)?;
    let made = noted(&db).map_err(&explain)?;
    if let Some((_, noted)) = &made
        && let Some(what) = difference(noted, &found)
    {
        return Err(unsound(format!("is damaged ({what}); take another backup")));
    }
    let rows = |table: &str| {
        let rows = found.iter().filter(|sum| sum.table == table);
        rows.map(|sum| sum.rows.unsigned_abs()).sum()
    };
    let logs = found.iter().filter(|sum| sum.log.is_some());
    let mut remarks = Vec::new();
    if made.is_none() {
        remarks
            .push("no sums are noted in it, so only its structure could be looked at".to_owned());
    }
    remarks.extend(open_to_others(file));
    Ok(Contents {
        layout,
        accounts: rows("users"),
        channels: rows("channels"),
        lines: rows("lines"),
        logs: logs.count() as u64,
        bytes,
        made: made.map(|(made, _)| made),
        remarks,
    })
}

/// What can be seen from outside: whether it is a file of SQLite's, and all of it there.
/// Returns its size.
pub(super) fn look(file: &Path, shown: &Path) -> Result<u64, BackupError> {
    let unsound = |what: &str| BackupError::Unsound {
        path: shown.to_owned(),
        what: what.to_owned(),
    };
    let cannot = BackupError::io(shown);
    let found = fs::metadata(file).map_err(&cannot)?;
    if !found.is_file() {
        return Err(unsound("is not a file; give the backup itself"));
    }
    if fs::metadata(log_of_changes(file)).is_ok_and(|log| log.len() > 0) {
        return Err(unsound(
            "is a database with a log beside it, not a backup; make one by: longhall-server backup",
        ));
    }
    if found.len() == 0 {
        return Err(unsound("is empty; take another backup"));
    }
    let mut header = Vec::new();
    File::open(file)
        .and_then(|file| file.take(HEADER_BYTES as u64).read_to_end(&mut header))
        .map_err(&cannot)?;
    if !header.starts_with(&TITLE[..TITLE.len().min(header.len())]) {
        return Err(unsound(
            "is no backup of Longhall's but another kind of file; give the right one",
        ));
    }
    let cut_short = unsound("is cut short; take another backup");
    let Ok(header) = <[u8; HEADER_BYTES]>::try_from(header) else {
        return Err(cut_short);
    };
    // Its number of pages is right only if these two are the same.
    let pages = if header[24..28] == header[92..96] {
        word(&header[28..32])
    } else {
        1
    };
    let page = match word(&header[16..18]) {
        // It has no room in two bytes.
        1 => 65_536,
        bytes => bytes,
    };
    if pages * page > found.len() {
        return Err(cut_short);
    }
    Ok(found.len())
}

fn word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Refuses files of other programs, and layouts that this one does not know. Returns the
/// layout.
pub(in crate::store::sqlite) fn refuse_what_is_not_ours(
    db: &Connection,
    shown: &Path,
) -> Result<usize, BackupError> {
    let explain = BackupError::sqlite(shown);
    let (mark, layout): (i64, u32) = db
        .query_row(
            "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .map_err(explain)?;
    let layout = usize::try_from(layout).unwrap_or(usize::MAX);
    let what = if mark != APPLICATION_ID || layout == 0 {
        "is a file of another program, not of Longhall's; give the right one".to_owned()
    } else if layout > MIGRATIONS.len() {
        format!(
            "was written by a newer longhall-server (its layout is version {layout}, this program \
             knows up to {}); use that newer program",
            MIGRATIONS.len()
        )
    } else {
        return Ok(layout);
    };
    let path = shown.to_owned();
    Err(BackupError::Unsound { path, what })
}

/// What was noted when it was made.
fn noted(db: &Connection) -> rusqlite::Result<Option<(Made, Vec<Sum>)>> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name IN ('backup', 'backup_sums')";
    if db.query_row(sql, [], |row| row.get::<_, i64>(0))? < 2 {
        return Ok(None);
    }
    let made = db.query_row("SELECT made_at, made_by FROM backup", [], |row| {
        Ok(Made {
            at: row.get(0)?,
            by: row.get(1)?,
        })
    })?;
    let mut sums =
        db.prepare("SELECT table_name, log_id, row_count, sha256 FROM backup_sums ORDER BY id")?;
    let sums = sums.query_map([], |row| {
        Ok(Sum {
            table: row.get(0)?,
            log: row.get(1)?,
            rows: row.get(2)?,
            sha256: row.get(3)?,
        })
    })?;
    Ok(Some((made, sums.collect::<rusqlite::Result<_>>()?)))
}

/// Where what is there is not what was noted.
fn difference(noted: &[Sum], found: &[Sum]) -> Option<String> {
    let at = |sum: &Sum| match sum.log {
        Some(log) => format!("log {log}"),
        None => sum.table.clone(),
    };
    let first = noted
        .iter()
        .zip(found)
        .find(|(noted, found)| noted != found);
    match first {
        Some((noted, found)) if (&noted.table, noted.log) == (&found.table, found.log) => {
            Some(if noted.rows == found.rows {
                format!("{} has other contents than were backed up", at(noted))
            } else {
                format!("{} has {} rows of {}", at(noted), found.rows, noted.rows)
            })
        }
        Some((noted, _)) => Some(format!("{} is not what was backed up", at(noted))),
        None if noted.len() == found.len() => None,
        None => Some("it does not have the logs that were backed up".to_owned()),
    }
}

/// A remark if others than its owner can read it: it has hashes of passwords.
fn open_to_others(file: &Path) -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(file).ok()?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Some(format!(
                "others can read it (its mode is {mode:o}): chmod 600"
            ));
        }
    }
    let _ = file;
    None
}
