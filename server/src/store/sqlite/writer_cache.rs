//! What the writing thread keeps in memory, so that a line needs no questions.
//!
//! Nobody else changes the file, so all of this stays true until the thread itself
//! changes it. After a transaction that came to nothing it is forgotten and read
//! again.

use std::collections::hash_map::Entry;

use rusqlite::{Connection, Result};
use rustc_hash::FxHashMap;

use super::beside_start::Coming;
use super::driver::Sqlite;
use super::lines;
use super::recent_lines::RecentLines;
use crate::store::sql::{channels, members};
use crate::store::{ChannelId, UserId};

/// Logs and members known at a time: some hundred bytes for each.
const KNOWN: usize = 16_384;

/// Its keys are numbers that this server has given, so nobody can choose them to collide.
pub(super) struct WriterCache {
    /// Until the newest lines are known.
    coming: Option<Coming>,
    pub(super) recent_lines: RecentLines,
    /// The newest number of a log.
    tails: FxHashMap<i64, i64>,
    /// The log of a channel that an account may speak in.
    speakers: FxHashMap<(ChannelId, UserId), i64>,
    /// The id of the line that was added last; 0 when that may not be committed.
    newest_line: i64,
}

impl WriterCache {
    /// Knows nothing yet but where the newest lines come from.
    pub(super) fn awaiting(coming: Coming) -> Self {
        Self {
            coming: Some(coming),
            ..Self::with(RecentLines::default())
        }
    }

    /// Knows nothing yet but the newest lines.
    pub(super) fn with(recent_lines: RecentLines) -> Self {
        Self {
            coming: None,
            recent_lines,
            tails: FxHashMap::default(),
            speakers: FxHashMap::default(),
            newest_line: 0,
        }
    }

    /// Waits until the newest lines are known. Due before one is asked for.
    ///
    /// # Errors
    /// When they cannot be read, not here either: another time may do.
    pub(super) fn wait_for_recent_lines(&mut self, db: &Connection) -> Result<()> {
        if let Some(coming) = &self.coming {
            self.recent_lines = match coming.recv() {
                Ok(Ok(lines)) => lines,
                _ => RecentLines::read(db)?,
            };
            self.coming = None;
        }
        Ok(())
    }

    /// The newest number of a log.
    pub(super) fn last_seq(&mut self, db: &Connection, log: i64) -> Result<i64> {
        if self.tails.len() >= KNOWN {
            self.tails.clear();
        }
        match self.tails.entry(log) {
            Entry::Occupied(tail) => Ok(*tail.get()),
            Entry::Vacant(place) => Ok(*place.insert(lines::last_seq(db, log)?)),
        }
    }

    /// Notes that a log has a new line.
    pub(super) fn added(&mut self, log: i64, seq: i64, key: i64) {
        self.tails.insert(log, seq);
        self.newest_line = key;
    }

    /// The log of a channel, if the account may speak in it.
    pub(super) fn log_to_speak_in(
        &mut self,
        db: &Connection,
        channel: ChannelId,
        user: UserId,
    ) -> Result<Option<i64>> {
        if let Some(log) = self.speakers.get(&(channel, user)) {
            return Ok(Some(*log));
        }
        if !members::is_member(&mut Sqlite(db), channel, user)? {
            return Ok(None);
        }
        let log = channels::log(&mut Sqlite(db), channel)?;
        if let Some(log) = log {
            if self.speakers.len() >= KNOWN {
                self.speakers.clear();
            }
            self.speakers.insert((channel, user), log);
        }
        Ok(log)
    }

    /// Forgets who may speak where. Due whenever somebody may no longer.
    pub(super) fn forget_speakers(&mut self) {
        self.speakers.clear();
    }

    /// Forgets where an account may speak.
    pub(super) fn forget_speaker(&mut self, user: UserId) {
        self.speakers.retain(|(_, speaker), _| *speaker != user);
    }

    /// Forgets what a transaction that came to nothing may have changed.
    pub(super) fn forget(&mut self) {
        self.tails.clear();
        self.speakers.clear();
        self.newest_line = 0;
    }

    /// The id of the line that was added last, once it is committed; 0 when there is
    /// none or nobody knows.
    pub(super) fn newest_line(&self) -> i64 {
        self.newest_line
    }
}
