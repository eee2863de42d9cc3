//! Puts a backup in the place of a database.
//!
//! The new file is made and flushed beside the old one, which gets a second name. Then one
//! rename puts the new one in its place: whenever this ends, the old or the new one is there,
//! and whole.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::{MIGRATIONS, forget_note, verify};
use crate::store::backup::{
    BackupError, Restored, Step, Watch, give_to_owner_of, make_room, sync_folder, utc_stamp,
};
use crate::store::sqlite::lineage::{Bare, Locked, log_of_changes, new_epoch, random};
use crate::store::sqlite::open::{
    OpenError, beside, folder_of, lock, open_private, refuse_what_is_no_file,
};
use crate::store::sqlite::{SqliteStore, in_transaction, now_ms};

/// Bytes that are copied between two looks at whether to go on.
const PIECE: usize = 1 << 20;

/// Verifies a backup and puts it in the place of a database, which is kept beside it.
///
/// # Errors
/// See [`BackupError`]. The database is as it was then.
pub(in crate::store) fn restore(
    file: &Path,
    database: &Path,
    watch: &Watch,
) -> Result<Restored, BackupError> {
    refuse_what_is_no_file(database)?;
    let database = locate(database)?;
    if fs::canonicalize(file).is_ok_and(|file| file == database) {
        return Err(BackupError::Same(database));
    }
    verify::refuse_in_use(file)?;
    let size = verify::look(file, file)?;
    take_in_log(&database)?;
    let place = Place::lock(database)?;
    make_room(&place.database, size)?;
    place.copy(file, size, watch)?;
    let contents = verify::verify_as(&place.new, file, watch)?;
    let epoch = place.begin_anew()?;
    let aside = place.swap()?;
    Ok(Restored {
        contents,
        aside,
        epoch,
    })
}

/// Where the database is, or is to be, behind symbolic links.
fn locate(database: &Path) -> Result<PathBuf, BackupError> {
    let folder = folder_of(database);
    let target = match fs::read_link(database) {
        Ok(target) => folder.join(target),
        Err(_) => database.to_owned(),
    };
    let is_there = fs::canonicalize(folder_of(&target));
    let folder = is_there.map_err(|_| BackupError::NoFolder(folder_of(&target).to_owned()))?;
    Ok(folder.join(target.file_name().unwrap_or_default()))
}

/// Has the log of the old database folded into it, if it is one that this program could run
/// on: then it is one file. A damaged one is kept as it is, with its log.
fn take_in_log(database: &Path) -> Result<(), BackupError> {
    if !has_bytes(&log_of_changes(database)) || !has_bytes(database) {
        return Ok(());
    }
    let is_newest = Bare::read(database).is_ok_and(|bare| bare.version == MIGRATIONS.len());
    match is_newest.then(|| SqliteStore::open(database)) {
        Some(Err(cause @ OpenError::InUse(_))) => Err(cause.into()),
        _ => Ok(()),
    }
}

fn has_bytes(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() > 0)
}

/// A database that nobody else has open, and what is to be in its place.
struct Place {
    database: PathBuf,
    /// What is to be there, until it is.
    new: PathBuf,
    /// Whether there is nothing to be kept.
    is_empty: bool,
    /// To be let go of last.
    _locked: Locked,
}

impl Drop for Place {
    fn drop(&mut self) {
        // It is not there any more when all went well.
        let _ = fs::remove_file(&self.new);
        if self.is_empty && !has_bytes(&self.database) {
            // The lock has made it.
            let _ = fs::remove_file(&self.database);
        }
    }
}

impl Place {
    fn lock(database: PathBuf) -> Result<Self, BackupError> {
        let is_empty = !has_bytes(&database) && !has_bytes(&log_of_changes(&database));
        let locked = lock(&database)?;
        let lock = beside(&database, "lock");
        let like = if is_empty {
            folder_of(&database)
        } else {
            &database
        };
        give_to_owner_of(like, &lock).map_err(BackupError::io(&lock))?;
        Ok(Self {
            new: beside(&database, "restoring"),
            database,
            is_empty,
            _locked: locked,
        })
    }

    /// Copies the backup beside the database, over what a restore that was killed has left.
    fn copy(&self, file: &Path, size: u64, watch: &Watch) -> Result<(), BackupError> {
        let cannot_read = BackupError::io(file);
        let cannot_write = BackupError::io(&self.new);
        let mut from = File::open(file).map_err(&cannot_read)?;
        let mut to = open_private(&self.new)?;
        to.set_len(0).map_err(&cannot_write)?;
        let (mut piece, mut done) = (vec![0; PIECE], 0);
        loop {
            let read = match from.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => read,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
                Err(cause) => return Err(cannot_read(cause)),
            };
            to.write_all(&piece[..read]).map_err(&cannot_write)?;
            done += read as u64;
            let what = "copying";
            if !watch(Step {
                what,
                done,
                of: size.max(done),
            }) {
                return Err(BackupError::Stopped);
            }
        }
        to.sync_all().map_err(&cannot_write)
    }

    /// Makes a database of the copy: one whose lines are not those that games have seen.
    fn begin_anew(&self) -> Result<String, BackupError> {
        let explain = BackupError::sqlite(&self.new);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.new, flags).map_err(&explain)?;
        let epoch = new_epoch();
        // It has no log from here on, whoever made the backup.
        db.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY")
            .map_err(&explain)?;
        in_transaction(&db, || {
            forget_note(&db)?;
            let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'state')";
            if db.query_row(sql, [], |row| row.get(0))? {
                let state = "UPDATE state SET epoch = ?1, fold = ?2, is_open = 0";
                db.execute(state, (&epoch, random()))?;
            }
            Ok(())
        })
        .map_err(&explain)?;
        db.close().map_err(|(_, cause)| explain(cause))?;
        let new = open_private(&self.new)?;
        let like = if self.is_empty {
            folder_of(&self.database)
        } else {
            &self.database
        };
        give_to_owner_of(like, &self.new)
            .and_then(|()| new.sync_all())
            .map_err(BackupError::io(&self.new))?;
        Ok(epoch)
    }

    /// A name for the old database that no file has: there may have been another restore within
    /// the same second.
    fn name_aside(&self) -> PathBuf {
        let name = format!("before-restore-{}", utc_stamp(now_ms()));
        let mut aside = beside(&self.database, &name);
        let mut number = 2;
        while aside.exists() || log_of_changes(&aside).exists() {
            aside = beside(&self.database, &format!("{name}-{number}"));
            number += 1;
        }
        aside
    }

    /// Gives the old database another name, and the new one its own.
    fn swap(&self) -> Result<Option<PathBuf>, BackupError> {
        let log = log_of_changes(&self.database);
        let aside = self.name_aside();
        let synced = || sync_folder(&self.database).map_err(BackupError::io(&self.database));
        if !self.is_empty {
            keep(&self.database, &aside)?;
            if has_bytes(&log) {
                keep(&log, &log_of_changes(&aside))?;
            }
            synced()?;
        }
        fs::rename(&self.new, &self.database).map_err(BackupError::io(&self.database))?;
        // Were this to end here, no server would start with the log of another database.
        let shared = with_ending(&self.database, "-shm");
        for left in [log, shared] {
            match fs::remove_file(&left) {
                Err(cause) if cause.kind() != ErrorKind::NotFound => {
                    return Err(BackupError::io(&left)(cause));
                }
                _ => {}
            }
        }
        synced()?;
        Ok((!self.is_empty).then_some(aside))
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Gives a file a second name; on a disk that has none, makes a copy.
fn keep(file: &Path, aside: &Path) -> Result<(), BackupError> {
    let cannot = BackupError::io(aside);
    match fs::hard_link(file, aside) {
        Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Err(cannot(cause)),
        Err(_) => fs::copy(file, aside)
            .and_then(|_| File::open(aside)?.sync_all())
            .map_err(cannot),
        Ok(()) => Ok(()),
    }
}
