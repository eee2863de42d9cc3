//! Whether a database file is the one that ran here last, with all of it there.
//!
//! Looked at before SQLite opens the file: it takes over what it finds of a log, and a
//! log of another database, or half of one, without a word.

mod bare;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Result};
use tracing::{info, warn};

pub(super) use bare::{Bare, immutable};

use super::keys::{log_of, seq_of};
use super::mark::Mark;
use super::open::{OpenError, beside, cannot_use, explain, open_private};
use super::wal_frames::{self, Frames};
use super::{in_transaction, now_ms, run};
use crate::store::{Doubt, Seen};

/// Pages in a log that is folded in at the start: they take no time.
const SMALL: u64 = 256;
/// Numbers of folds that a server which ends in each of them keeps: they have to find
/// room in a mark.
const FOLDS_KEPT: usize = 6;

/// The files of a database, locked.
pub(super) struct Locked {
    /// The database. To be closed after the last connection: with any descriptor of a
    /// file that it closes, a process loses SQLite's locks on it. Not on Windows, where
    /// nobody could read a file that is locked like this.
    pub(super) database: Option<Arc<File>>,
    /// The file beside it, with the [`Mark`].
    pub(super) beside: Arc<File>,
}

/// What was there before SQLite opened it.
pub(super) struct Found {
    /// What was known of it.
    mark: Option<Mark>,
    /// What is to be known of it next.
    next: Mark,
    file: Bare,
    frames: Option<Frames>,
    /// A copy of a log of which only a part can be taken over.
    copy: Option<PathBuf>,
    /// It is known and of the newest layout: nothing need be written to begin with.
    is_ready: bool,
    /// In this run lines will be heard before they are flushed.
    is_flushed_later: bool,
}

/// What a new run begins with.
pub(super) struct Begun {
    pub(super) epoch: String,
    pub(super) mark: Mark,
    /// Whether the file says that it is open.
    pub(super) is_open: bool,
    /// What the clock has shown.
    pub(super) seen: Seen,
}

/// `longhall.db` gives `longhall.db-wal`.
pub(super) fn log_of_changes(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// A random number.
pub(super) fn random() -> i64 {
    let mut bytes = [0; 8];
    // Without randomness the time has to do: it need not be secret.
    if getrandom::fill(&mut bytes).is_err() {
        return now_ms();
    }
    i64::from_le_bytes(bytes)
}

/// Looks a database and its log over, and changes nothing of them, unless the log is
/// damaged and of no use any more. `newest` is the layout that is to be, and with
/// `is_flushed_later` lines will be heard before they are flushed.
///
/// # Errors
/// When SQLite must not open them together.
pub(super) fn look(
    path: &Path,
    locked: &Locked,
    newest: usize,
    is_flushed_later: bool,
) -> Result<Found, OpenError> {
    let log = log_of_changes(path);
    let lock = beside(path, "lock");
    let mark = Mark::read(&locked.beside).map_err(cannot_use(&lock))?;
    let frames = wal_frames::read(&log).map_err(cannot_use(&log))?;
    let mut found = Found {
        next: Mark::default(),
        mark,
        file: Bare::read(path).map_err(cannot_use(path))?,
        frames,
        copy: None,
        is_ready: false,
        is_flushed_later: false,
    };
    if let Some(frames) = found.frames
        && frames.whole + frames.cut_off > 0
    {
        if found.is_foreign(frames) {
            return Err(OpenError::ForeignLog {
                path: path.to_owned(),
                log,
            });
        }
        // The frames left in it would bring older pages back.
        if let Some(mark) = found.known()
            && mark.salts == frames.salts
            && frames.whole < mark.folded
        {
            if mark.frames == 0 {
                info!(log = %log.display(), "the log is damaged, but all of it is in the database");
                fs::remove_file(&log).map_err(cannot_use(&log))?;
            } else {
                fs::rename(&log, beside(path, "damaged-wal")).map_err(cannot_use(&log))?;
            }
            found.frames = None;
        }
    }
    if let Some(frames) = found.frames
        && frames.cut_off > 0
        && found.is_cut_off(frames)
    {
        let copy = beside(path, "damaged-wal");
        open_private(&copy)?;
        fs::copy(&log, &copy).map_err(cannot_use(&copy))?;
        found.copy = Some(copy);
    }
    found.next = found.prepare();
    found.is_flushed_later = is_flushed_later;
    // Who only looks takes nothing from the doubt.
    found.next.is_flushed_later = is_flushed_later || found.may_lack_what_was_heard();
    // What is heard before it is flushed is heard of a file that says that it is open.
    found.is_ready = found.file.version == newest
        && found.known().is_some()
        && found.missing() == 0
        && !is_flushed_later
        && !found.may_lack_what_was_heard();
    if !found.is_ready {
        flush(&found.next, path, locked)?;
    }
    Ok(found)
}

impl Found {
    /// The number of the last fold in the file; 0 before the first.
    fn fold(&self) -> i64 {
        self.file.row.map_or(0, |row| row.fold)
    }

    /// Whether the file, without its log, is as this server left it.
    fn is_the_same(&self, mark: &Mark) -> bool {
        let is_copy = self.file.row.is_some_and(|row| !row.is_original);
        let has_fold = mark.folds.contains(&self.fold()) && (mark.is_folding() || !is_copy);
        has_fold || self.is_half_folded(mark)
    }

    /// Whether it is torn because the server ended while it folded the log in, which
    /// is still there.
    fn is_half_folded(&self, mark: &Mark) -> bool {
        let is_its_log = |frames: Frames| frames.salts == mark.salts && frames.whole > 0;
        self.file.is_torn && mark.is_folding() && self.frames.is_some_and(is_its_log)
    }

    fn known(&self) -> Option<&Mark> {
        self.mark.as_ref().filter(|mark| self.is_the_same(mark))
    }

    /// Whether a log belongs to another database than this one.
    fn is_foreign(&self, frames: Frames) -> bool {
        match &self.mark {
            Some(mark) if mark.salts == frames.salts => !self.is_the_same(mark),
            Some(mark) if self.is_the_same(mark) => false,
            // A database closed in good order has no log, nor has a copy by SQLite.
            _ => self
                .file
                .row
                .is_some_and(|row| !row.is_open || !row.is_original),
        }
    }

    /// Whether the last run ended in the midst, and lines were heard in it before they were
    /// flushed: with the power they may be gone, and their numbers are given again.
    fn may_lack_what_was_heard(&self) -> bool {
        let is_open = self.file.row.is_none_or(|row| row.is_open);
        is_open && self.known().is_some_and(|mark| mark.is_flushed_later)
    }

    /// Frames that were on disk and are not there any more.
    fn missing(&self) -> u64 {
        let Some(mark) = self.known() else {
            return 0;
        };
        let there = match self.frames {
            Some(frames) if frames.salts == mark.salts => frames.whole,
            // It was folded in and begun anew since.
            Some(frames) if frames.is_headed && mark.folds.last() == Some(&self.fold()) => {
                return 0;
            }
            _ => 0,
        };
        mark.frames.saturating_sub(there)
    }

    /// Whether something acknowledged stands behind a damaged place. Frames that a sudden
    /// end of the machine kept from being flushed were never acknowledged.
    fn is_cut_off(&self, frames: Frames) -> bool {
        match self.known() {
            Some(_) => self.missing() > 0,
            None => frames.cut_off_transactions > 0,
        }
    }

    /// What may be the state of the files from now on.
    fn prepare(&self) -> Mark {
        let mut next = self.known().cloned().unwrap_or_else(|| Mark {
            salts: self.frames.map(|frames| frames.salts).unwrap_or_default(),
            frames: self.frames.map_or(0, |frames| frames.whole),
            ..Mark::default()
        });
        if self.file.is_torn && self.known().is_some() {
            // Nobody can tell which of them it has.
            let oldest = next.folds.len().saturating_sub(FOLDS_KEPT);
            next.folds.drain(..oldest);
        } else {
            next.folds = vec![self.fold()];
        }
        next.folds.push(random());
        next
    }

    /// Begins a run: says what is not as it should be, names the store anew when it is
    /// not in the state that ran here last, and notes all this in the database.
    ///
    /// # Errors
    /// As for opening it.
    pub(super) fn begin(
        self,
        db: &Connection,
        path: &Path,
        locked: &Locked,
    ) -> Result<Begun, OpenError> {
        let explain = |cause: rusqlite::Error| explain(path, &cause);
        let is_as_left = self.tell(db, path).map_err(explain)?;
        let (epoch, seen) = state(db).map_err(explain)?;
        if self.is_ready
            && is_as_left
            && let Some(mark) = self.known()
        {
            let mut mark = mark.clone();
            mark.is_flushed_later = self.is_flushed_later;
            if let Some(frames) = self.frames {
                mark.set_salts(frames.salts);
                mark.frames = mark.frames.max(frames.whole);
            }
            return Ok(Begun {
                epoch,
                mark,
                is_open: false,
                seen,
            });
        }
        if self.is_ready {
            flush(&self.next, path, locked)?;
        }
        let epoch = if is_as_left && !epoch.is_empty() {
            epoch
        } else {
            new_epoch()
        };
        let mut mark = self.note(db, &epoch).map_err(explain)?;
        // From here on a copy of the file alone says that its log is missing.
        if (mark.frames < SMALL || self.fold() == 0)
            && let Some(frames) = fold_in(db).map_err(explain)?
        {
            mark.fold(frames);
            flush(&mark, path, locked)?;
        }
        Ok(Begun {
            epoch,
            mark,
            is_open: true,
            seen,
        })
    }

    fn note(&self, db: &Connection, epoch: &str) -> Result<Mark> {
        renew_cookie(db)?;
        let mark = Mark {
            salts: self.frames.map(|frames| frames.salts).unwrap_or_default(),
            frames: self.frames.map_or(0, |frames| frames.whole),
            folded: 0,
            line: 0,
            at_ms: now_ms(),
            is_flushed_later: self.is_flushed_later,
            ..self.next.clone()
        };
        in_transaction(db, || {
            db.execute("UPDATE state SET epoch = ?1", [epoch])?;
            note_fold(db, mark.folds.last().copied().unwrap_or(0), true)
        })?;
        Ok(mark)
    }

    /// Says in one line what is not as it should be. Whether the store is in the state
    /// that ran here last.
    fn tell(&self, db: &Connection, path: &Path) -> Result<bool> {
        let database = path.display();
        let log = log_of_changes(path);
        let log = log.display();
        let is_bare = !self.frames.is_some_and(|frames| frames.is_headed);
        if let Some(copy) = &self.copy
            && let Some(frames) = self.frames
        {
            warn!(
                %log,
                taken_over = frames.transactions,
                left_out = frames.cut_off_transactions,
                copy = %copy.display(),
                "the log of the database is damaged: of the changes that were on disk the last are LOST"
            );
            return Ok(false);
        }
        if let Some(frames) = self.frames
            && frames.transactions > 0
            && self.known().is_none_or(|mark| mark.frames > 0)
        {
            info!(
                changes = frames.transactions,
                pages = frames.whole,
                "took over what stood in the log of the database"
            );
        }
        let Some(mark) = self.known() else {
            let row = self.file.row.filter(|row| row.is_open && row.is_original);
            if self.file.is_hollow && is_bare {
                warn!(%database, %log, "the database is EMPTY though a server wrote it: it was copied without its log; copy both, or use sqlite3's .backup");
            } else if let Some(row) = row.filter(|_| is_bare) {
                warn!(%database, %log, since = utc(db, row.folded_at_ms)?, "the database was copied without its log: what was said since is MISSING, if anything was; copy both, or use sqlite3's .backup");
            } else if self.mark.is_some() && self.file.is_empty {
                warn!(%database, "the database that was here is GONE; this one is new and empty");
            } else if self.mark.is_some() {
                info!(%database, "this is not the database that ran here last but another, or a backup: players read its history anew");
            }
            return Ok(false);
        };
        let missing = self.missing();
        if missing == 0 && self.may_lack_what_was_heard() {
            info!(%database, "the server ended in the midst, and what was heard last may not have been flushed: players read the history anew");
            return Ok(false);
        }
        if missing == 0 {
            return Ok(true);
        }
        let lines = match mark.line {
            0 => None,
            line => Some(seq_of(line) - last_seq(db, log_of(line))?),
        };
        // It is emptied, too, before that is noted on disk.
        let is_emptied = mark.is_folding() && self.frames == Some(Frames::default());
        if (self.frames.is_none() || is_emptied) && lines.is_some_and(|lines| lines <= 0) {
            if !mark.is_folding() {
                // As sqlite3 does it when it is the last to close the file.
                info!(%database, "another program folded the log in");
            }
            return Ok(true);
        }
        warn!(
            %log,
            missing_pages = missing,
            missing_lines = lines.filter(|lines| *lines > 0),
            until = utc(db, mark.at_ms)?,
            "the log of the database is not as it was left: changes that were on disk are LOST; stop, put the log back and start again if you have it"
        );
        Ok(false)
    }
}

/// The store's name, and what the clock has shown.
fn state(db: &Connection) -> Result<(String, Seen)> {
    let (epoch, mut seen) = db.query_row(
        "SELECT epoch, seen_ms, doubt_from_ms, doubt_to_ms, doubt_said_ms FROM state",
        [],
        |row| {
            let doubt = match (row.get(2)?, row.get(3)?, row.get(4)?) {
                (Some(from_ms), Some(to_ms), Some(said_ms)) => Some(Doubt {
                    from_ms,
                    to_ms,
                    said_ms,
                }),
                _ => None,
            };
            let believed_ms = row.get(1)?;
            Ok((row.get(0)?, Seen { believed_ms, doubt }))
        },
    )?;
    if seen.believed_ms.is_none() {
        // A file of the release before.
        seen.believed_ms = db.query_row(
            concat!(
                "SELECT max((SELECT sent_at_ms FROM lines WHERE id",
                of_log!("logs.id"),
                "ORDER BY id DESC LIMIT 1)) FROM logs"
            ),
            [],
            |row| row.get(0),
        )?;
    }
    Ok((epoch, seen))
}

/// A name for a store.
pub(crate) fn new_epoch() -> String {
    format!("{:016x}", random())
}

/// Notes in the database that its log is about to be folded in, and whether a server
/// has it open from then on.
pub(super) fn note_fold(db: &Connection, fold: i64, is_open: bool) -> Result<()> {
    let schema: i64 = db.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
    db.prepare_cached(
        "UPDATE state SET fold = ?1, folded_at_ms = ?2, is_open = ?3, schema_cookie = ?4",
    )?
    .execute((fold, now_ms(), is_open, schema))?;
    Ok(())
}

/// Folds the log in; how many frames it has, if all of them were.
pub(super) fn fold_in(db: &Connection) -> Result<Option<u64>> {
    db.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?
        .query_row([], |row| {
            let (pages, folded): (i64, i64) = (row.get(1)?, row.get(2)?);
            Ok((pages == folded).then(|| u64::try_from(pages).unwrap_or(0)))
        })
}

/// Writes a mark so that it outlives the machine.
pub(super) fn flush(mark: &Mark, path: &Path, locked: &Locked) -> Result<(), OpenError> {
    let written = mark
        .write(&locked.beside)
        .and_then(|()| locked.beside.sync_data());
    written.map_err(cannot_use(&beside(path, "lock")))
}

/// A copy that SQLite makes begins to count its layouts anew. Counting on a little
/// tells it from copies of its own.
fn renew_cookie(db: &Connection) -> Result<()> {
    let cookie: i64 = db.query_row("PRAGMA schema_version", [], |row| row.get(0))?;
    if cookie < 4 {
        for _ in 0..2 {
            run(db, "CREATE TABLE passing (id INTEGER)")?;
            run(db, "DROP TABLE passing")?;
        }
    }
    Ok(())
}

fn last_seq(db: &Connection, log: i64) -> Result<i64> {
    let found = db
        .query_row(
            concat!("SELECT ", last_seq!(), " FROM logs WHERE logs.id = ?1"),
            [log],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.unwrap_or(0))
}

/// A time for the log of the server.
fn utc(db: &Connection, ms: i64) -> Result<String> {
    db.query_row(
        "SELECT strftime('%Y-%m-%d %H:%M UTC', ?1 / 1000, 'unixepoch')",
        [ms],
        |row| row.get(0),
    )
}
