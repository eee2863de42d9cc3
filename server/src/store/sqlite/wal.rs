//! The log of changes, which SQLite writes beside the database file and folds into it
//! from time to time.
//!
//! To make a file longer and flush it costs twice as much as to flush what is written
//! over: the file system has to find room and to note it. So the log gets its room
//! beforehand, in larger steps, filled with zeros; SQLite takes what is no part of the
//! log for rubbish, as it does with what is left of an earlier round. It folds the log
//! in before that grows too long, and begins it anew at the front.

use std::cell::Cell;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Result};
use tracing::{debug, error};

/// Pages that the log may hold before it is folded in: 16 MiB. More would save little,
/// as most pages are written but once, at the end of a log of lines.
const PAGES: u64 = 4096;
/// The room made in one step.
const STEP_BYTES: u64 = 256 * 1024;
/// The room that a commit should find.
const COMMIT_BYTES: u64 = 64 * 1024;
/// What SQLite writes before each page.
const FRAME_HEADER_BYTES: u64 = 24;

thread_local! {
    /// Pages in the log after the last commit of this thread.
    static PAGES_IN_LOG: Cell<u64> = const { Cell::new(0) };
}

pub(super) struct Wal {
    path: PathBuf,
    /// Once it exists.
    file: Option<File>,
    /// How long the file is at least.
    bytes: u64,
    frame_bytes: u64,
}

impl Wal {
    /// Takes care of the log of the one connection that writes. To be called by the
    /// thread that writes.
    pub(super) fn watch(db: &Connection, database: &Path) -> Result<Self> {
        let page_bytes: u32 = db.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        // In place of SQLite's own, which would fold in before a commit is answered.
        db.wal_hook(Some(|_, pages| {
            PAGES_IN_LOG.set(u64::try_from(pages).unwrap_or(0));
            Ok(())
        }));
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        Ok(Self {
            path: path.into(),
            file: None,
            bytes: 0,
            frame_bytes: u64::from(page_bytes) + FRAME_HEADER_BYTES,
        })
    }

    /// Folds the log in when it is long, and makes room for the next commits. To be
    /// called after a commit, once everybody is answered.
    pub(super) fn tend(&mut self, db: &Connection) {
        let pages = PAGES_IN_LOG.get();
        if pages >= PAGES {
            // Says whether it could, which it will another time.
            let folded = db
                .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")
                .and_then(|mut fold| fold.query_row([], |_| Ok(())));
            if let Err(cause) = folded {
                error!(%cause, "the database could not fold in its log");
            }
        } else if let Err(cause) = self.make_room(pages) {
            // SQLite will make it, or say that the disk is full.
            debug!(%cause, "no room could be made for the log of the database");
        }
    }

    fn make_room(&mut self, pages: u64) -> io::Result<()> {
        let wanted = pages * self.frame_bytes + COMMIT_BYTES;
        if wanted <= self.bytes {
            return Ok(());
        }
        if self.file.is_none() {
            self.file = Some(OpenOptions::new().write(true).open(&self.path)?);
        }
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        // Only this thread makes it longer, here or in SQLite.
        self.bytes = file.seek(SeekFrom::End(0))?;
        let zeros = [0; 64 * 1024];
        while self.bytes < wanted.next_multiple_of(STEP_BYTES) {
            file.write_all(&zeros)?;
            self.bytes += zeros.len() as u64;
        }
        Ok(())
    }
}
