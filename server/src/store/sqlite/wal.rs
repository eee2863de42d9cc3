//! The log of changes, which SQLite writes beside the database file and folds into it
//! from time to time.
//!
//! It is folded in before it grows long, once everybody is answered, and SQLite begins it
//! anew at the front.
//!
//! The log is folded in, too, when nobody has said anything for a moment, and every few
//! minutes: what is in the database file alone cannot be lost with the log. How much of
//! the log is needed is noted in the file beside the database after each commit, once
//! everybody is answered.

use std::cell::Cell;
#[cfg(unix)]
use std::fs;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Result};
use tracing::{debug, error, warn};

use super::beside_start::Soundness;
use super::lineage::{fold_in, log_of_changes, note_fold, random};
use super::mark::Mark;
use super::now_ms;
use super::open::fold_in_at_end;
use super::wal_frames::{HEADER_BYTES, salts};

/// Pages that the log may hold before it is folded in: 16 MiB. More would save little,
/// as most pages are written but once, at the end of a log of lines.
const PAGES: u64 = 4096;
/// When nothing was written for so long, it is folded in.
pub(super) const IDLE: Duration = Duration::from_secs(2);
/// It is at the latest so long after the first of it was written.
const LONGEST: Duration = Duration::from_secs(180);
/// How often it is looked whether the files are still where they were.
const LOOK: Duration = Duration::from_secs(1);

thread_local! {
    /// Pages in the log after the last commit of this thread.
    static PAGES_IN_LOG: Cell<u64> = const { Cell::new(0) };
    /// Whether there was one since it was looked.
    static IS_WRITTEN: Cell<bool> = const { Cell::new(false) };
}

/// The files that the log is written beside and into.
pub(super) struct Files {
    /// The database.
    pub(super) path: PathBuf,
    /// The same, where it can be held open.
    pub(super) database: Option<Arc<File>>,
    /// The file with the mark.
    pub(super) beside: Arc<File>,
    /// What is known of them.
    pub(super) mark: Mark,
    /// Whether the database says that a server has it open.
    pub(super) is_open: bool,
    /// Whether it is sound, where that is found out while it is written.
    pub(super) soundness: Option<Soundness>,
    /// How long after they are written lines are flushed at most; 0 for at once, by SQLite.
    pub(super) flush_within: Duration,
}

pub(super) struct Wal {
    files: Files,
    mark: Mark,
    /// Whether the database says that a server has it open, which it does from the
    /// first change on.
    is_open: bool,
    is_closing: bool,
    /// The newest line that was committed; 0 when nobody knows.
    newest_line: i64,
    /// The same when the log was folded in last.
    folded_line: i64,
    /// Pages of the log at the last commit; the most there can be when it was folded in
    /// since.
    noted_pages: u64,
    path: PathBuf,
    /// Once it exists.
    file: Option<File>,
    /// When the first was written of what is to be folded in.
    written_at: Option<Instant>,
    /// The mark could not be written, and that was said.
    is_mark_lost: bool,
    looked_at: Instant,
    is_replaced: bool,
    /// When the first of what is not flushed yet was written.
    unflushed_since: Option<Instant>,
}

impl Wal {
    /// Takes care of the log of the one connection that writes. To be called by the
    /// thread that writes.
    pub(super) fn watch(db: &Connection, files: Files) -> Self {
        // In place of SQLite's own, which would fold in before a commit is answered.
        db.wal_hook(Some(|_, pages| {
            PAGES_IN_LOG.set(u64::try_from(pages).unwrap_or(0));
            IS_WRITTEN.set(true);
            Ok(())
        }));
        Self {
            path: log_of_changes(&files.path),
            mark: files.mark.clone(),
            is_open: files.is_open,
            is_closing: false,
            files,
            newest_line: 0,
            folded_line: 0,
            noted_pages: u64::MAX,
            file: None,
            written_at: None,
            is_mark_lost: false,
            looked_at: Instant::now(),
            is_replaced: false,
            unflushed_since: None,
        }
    }

    /// After a commit, before it is answered: flushes it, unless it is of lines alone that may
    /// be flushed later, or SQLite has.
    ///
    /// # Errors
    /// When it cannot be flushed: nobody knows whether it is on disk.
    pub(super) fn flush_if_needed(&mut self, is_lines_alone: bool) -> io::Result<()> {
        if self.files.flush_within.is_zero() {
            return Ok(());
        }
        self.unflushed_since.get_or_insert_with(Instant::now);
        match is_lines_alone {
            true => Ok(()),
            false => self.flush(),
        }
    }

    /// How long what was written may still wait to be flushed.
    pub(super) fn flush_due(&self) -> Option<Duration> {
        let since = self.unflushed_since?;
        Some(self.files.flush_within.saturating_sub(since.elapsed()))
    }

    /// Flushes what has waited long enough.
    pub(super) fn flush_if_due(&mut self) {
        if self.flush_due() == Some(Duration::ZERO)
            && let Err(cause) = self.flush()
        {
            error!(%cause, "lines that were heard could not be flushed to the disk");
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // It is not tried for the same lines again: the system may have dropped them.
        self.unflushed_since = None;
        self.open()?.sync_data()
    }

    /// Folds the log in when it is long. To be called after a commit, once everybody is
    /// answered, with the id of the newest line; 0 when there is none or nobody knows.
    /// Returns whether anything was written.
    pub(super) fn checkpoint_if_long(&mut self, db: &Connection, newest_line: i64) -> bool {
        if !IS_WRITTEN.replace(false) {
            return false;
        }
        let pages = PAGES_IN_LOG.get();
        self.newest_line = newest_line;
        self.note_commit(pages);
        let written_at = *self.written_at.get_or_insert_with(Instant::now);
        if pages >= PAGES || written_at.elapsed() >= LONGEST || !self.is_open {
            self.checkpoint(db);
        }
        true
    }

    /// Folds the log in and begins an empty one, unless it is. To be called when nothing
    /// was written for a while.
    pub(super) fn checkpoint_when_idle(&mut self, db: &Connection) {
        let is_folded = self.mark.frames == 0 && !self.mark.is_folding();
        // To empty the log folds it in as well.
        if is_folded || !self.is_known_good() {
            return;
        }
        self.checkpoint(db);
        if !self.mark.is_folding() {
            self.flush_mark();
            self.empty(db);
        }
    }

    /// The last of all: folds the log in and notes that the server ends in good order.
    pub(super) fn close(&mut self, db: &Connection) {
        if self.is_replaced {
            return;
        }
        if self.is_damaged() {
            // Nor by SQLite, when it closes the file.
            if let Err(cause) = fold_in_at_end(db, false) {
                error!(%cause, "the log may be folded into the damaged database");
            }
            return;
        }
        self.is_closing = true;
        self.checkpoint(db);
        self.flush_mark();
    }

    fn is_damaged(&self) -> bool {
        let soundness = self.files.soundness.as_ref();
        soundness.is_some_and(Soundness::is_damaged)
    }

    fn is_known_good(&self) -> bool {
        let soundness = self.files.soundness.as_ref();
        soundness.is_none_or(Soundness::is_known_good)
    }

    /// Whether nothing may be acknowledged any more.
    pub(super) fn is_given_up(&mut self, db: &Connection) -> bool {
        self.is_damaged() || self.is_replaced(db)
    }

    /// Whether the files that are written are no longer those that the next server
    /// would open: then nothing may be acknowledged any more. Looks at most every
    /// second.
    fn is_replaced(&mut self, db: &Connection) -> bool {
        if self.is_replaced || self.looked_at.elapsed() < LOOK {
            return self.is_replaced;
        }
        self.looked_at = Instant::now();
        let database = self.files.database.as_deref();
        if database.is_some_and(|file| !is_at(file, &self.files.path)) {
            self.is_replaced = true;
        } else if self
            .file
            .as_ref()
            .is_some_and(|file| !is_at(file, &self.path))
        {
            // The frames in it can still be saved.
            self.checkpoint(db);
            self.is_replaced = true;
        }
        if self.is_replaced {
            error!(
                database = %self.files.path.display(),
                "the database or its log was moved, deleted or replaced while the server runs: nothing is taken any more; stop the server, put the files right and start again"
            );
        }
        self.is_replaced
    }

    fn note_commit(&mut self, pages: u64) {
        // It was folded in, maybe by another program, and SQLite may have begun it anew.
        if pages <= self.noted_pages {
            match self.read_salts() {
                Ok(salts) => self.mark.set_salts(salts),
                Err(cause) => debug!(%cause, "the log of the database cannot be read"),
            }
        }
        self.noted_pages = pages;
        self.mark.frames = pages;
        self.mark.line = if self.newest_line == self.folded_line {
            0
        } else {
            self.newest_line
        };
        self.mark.at_ms = now_ms();
        let written = self.mark.write(&self.files.beside);
        self.tell_of_mark(written);
    }

    fn read_salts(&mut self) -> io::Result<[u8; 8]> {
        let mut header = [0; HEADER_BYTES];
        let mut file = self.open()?;
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut header)?;
        Ok(salts(&header))
    }

    fn open(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            // Windows flushes what may be written alone.
            let mut options = File::options();
            options.read(true).write(!self.files.flush_within.is_zero());
            self.file = Some(options.open(&self.path)?);
        }
        self.file
            .as_ref()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Folds the log in. If something is in the way, another time will do.
    fn checkpoint(&mut self, db: &Connection) {
        if !self.is_closing && !self.is_known_good() {
            return;
        }
        match self.try_checkpoint(db) {
            Ok(Some(frames)) => {
                self.mark.fold(frames);
                let written = self.mark.write(&self.files.beside);
                self.tell_of_mark(written);
                self.folded_line = self.newest_line;
                self.noted_pages = u64::MAX;
            }
            Ok(None) => debug!("somebody reads what is to be folded in"),
            Err(cause) => error!(%cause, "the database could not fold in its log"),
        }
        // If it was not, there is another time.
        self.written_at = None;
    }

    fn try_checkpoint(&mut self, db: &Connection) -> Result<Option<u64>> {
        if self.mark.is_folding() {
            let Some(frames) = fold_in(db)? else {
                return Ok(None);
            };
            self.mark.fold(frames);
            if self.is_open && !self.is_closing {
                return Ok(Some(frames));
            }
        }
        let fold = random();
        self.mark.folds.push(fold);
        // Before any of it is in the file: should the machine end now, either is right.
        let written = self
            .mark
            .write(&self.files.beside)
            .and_then(|()| self.files.beside.sync_data());
        if written.is_err() {
            // The file keeps the number that is known of it.
            self.mark.folds.pop();
            self.tell_of_mark(written);
            return fold_in(db);
        }
        if let Err(cause) = note_fold(db, fold, !self.is_closing) {
            self.mark.folds.pop();
            return Err(cause);
        }
        self.is_open = !self.is_closing;
        IS_WRITTEN.set(false);
        self.mark.frames = PAGES_IN_LOG.get();
        fold_in(db)
    }

    /// Makes the log empty, once it is folded in: what is damaged in it later does no
    /// harm then. Not while somebody reads.
    fn empty(&mut self, db: &Connection) {
        let emptied = db.busy_timeout(Duration::ZERO).and_then(|()| {
            db.prepare_cached("PRAGMA wal_checkpoint(TRUNCATE)")?
                .query_row([], |_| Ok(()))
        });
        if let Err(cause) = emptied.and_then(|()| db.busy_timeout(Duration::from_secs(5))) {
            debug!(%cause, "the log of the database could not be emptied");
        }
    }

    /// Before the log is emptied or deleted: should the machine end then, nobody is to
    /// look for what was in it.
    fn flush_mark(&mut self) {
        let flushed = self.files.beside.sync_data();
        if flushed.is_err() {
            self.tell_of_mark(flushed);
        }
    }

    fn tell_of_mark(&mut self, written: io::Result<()>) {
        match written {
            Ok(()) => self.is_mark_lost = false,
            Err(cause) if !self.is_mark_lost => {
                self.is_mark_lost = true;
                warn!(%cause, "the state of the database cannot be noted beside it; should its log be damaged, the next start may not tell");
            }
            Err(_) => {}
        }
    }
}

/// Whether a file that is open is the one of this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |file: fs::Metadata| (file.dev(), file.ino());
    match (
        file.metadata().map(identity),
        fs::metadata(path).map(identity),
    ) {
        (Ok(own), Ok(found)) => own == found,
        (_, Err(cause)) => cause.kind() != io::ErrorKind::NotFound,
        (Err(_), _) => true,
    }
}

/// Nobody can move or delete a file that is open.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::fs::read;

    use super::super::beside_start::GOOD;
    use super::*;

    #[test]
    fn lines_wait_for_their_flush_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("longhall.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE some (thing)")
            .unwrap();
        let watch = |flush_within| {
            let files = Files {
                path: path.clone(),
                database: None,
                beside: Arc::new(tempfile::tempfile().unwrap()),
                mark: Mark::default(),
                is_open: true,
                soundness: None,
                flush_within,
            };
            Wal::watch(&db, files)
        };
        let mut wal = watch(Duration::from_secs(60));
        wal.flush_if_needed(true).unwrap();
        assert!(
            wal.flush_due()
                .is_some_and(|due| due > Duration::from_secs(50))
        );
        // It is not due.
        wal.flush_if_due();
        assert!(wal.flush_due().is_some());
        wal.flush_if_needed(false).unwrap();
        assert_eq!(wal.flush_due(), None);

        let mut wal = watch(Duration::from_nanos(1));
        wal.flush_if_needed(true).unwrap();
        wal.flush_if_due();
        assert_eq!(wal.flush_due(), None);

        // A log that cannot be flushed is told of.
        let mut wal = watch(Duration::from_secs(60));
        wal.path = folder.path().join("gone");
        assert!(wal.flush_if_needed(false).is_err());

        let mut wal = watch(Duration::ZERO);
        wal.flush_if_needed(true).unwrap();
        assert_eq!(wal.flush_due(), None);
    }

    #[test]
    fn nothing_is_folded_into_a_file_that_may_be_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("longhall.db");
        let mut db = Connection::open(&path).unwrap();
        db.execute_batch("PRAGMA journal_mode = WAL").unwrap();
        let migrations = rusqlite_migration::Migrations::from_slice(super::super::MIGRATIONS);
        migrations.to_latest(&mut db).unwrap();
        fold_in(&db).unwrap();
        let soundness = Soundness::unknown();
        let files = Files {
            path: path.clone(),
            database: None,
            beside: Arc::new(tempfile::tempfile().unwrap()),
            mark: Mark::default(),
            is_open: false,
            soundness: Some(soundness.clone()),
            flush_within: Duration::ZERO,
        };
        let mut wal = Wal::watch(&db, files);
        let before = read(&path).unwrap();
        let mut change = || {
            db.execute("INSERT INTO logs DEFAULT VALUES", []).unwrap();
            wal.checkpoint_if_long(&db, 0);
            wal.checkpoint_when_idle(&db);
            read(&path).unwrap() == before
        };
        assert!(change(), "it was folded in");
        soundness.note(GOOD);
        assert!(!change(), "it is never folded in");
    }
}
