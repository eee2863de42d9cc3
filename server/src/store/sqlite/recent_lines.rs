//! The newest lines, to know one that is said again.
//!
//! A client sends a line again when a connection ends before the answer. It is known
//! again by its sender, its place, its id and its text together: two lines that merely
//! have the same id are two lines. The newest [`KEPT`] lines at least are known; an
//! older one counts as new, and is rather said twice than lost.
//!
//! They are in memory alone, as a hash each, and read from the lines at the start. What
//! a hash leads to is compared with the line itself. So a hash whose line is gone, or
//! was never committed, does no harm.

use std::collections::BinaryHeap;
use std::hash::{BuildHasher, RandomState};

use longhall_packet::LineId;
use rusqlite::{Connection, OptionalExtension, Result};
use rustc_hash::FxHashMap;

use super::keys::{line_key, log_of, seq_of};
use super::{DELETED, count, number};
use crate::store::UserId;

/// Lines that are known at least; up to twice as many are. Two tables of so many take
/// 18 MB.
const KEPT: usize = 450_000;
/// Lines read of one log in one go at the start.
const CHUNK: usize = 32;

/// The newest lines. Lives on the writing thread.
pub(super) struct RecentLines {
    kept: usize,
    /// Of a hash that nobody outside can know, so that nobody can choose lines whose
    /// hashes collide.
    hasher: RandomState,
    /// The keys of lines, by their hashes.
    newer: FxHashMap<u64, i64>,
    /// Goes as a whole when `newer` is full.
    older: FxHashMap<u64, i64>,
    /// Those that were edited or deleted before the start: nobody knows how they read
    /// at first, so their hashes are without a text.
    changed: FxHashMap<u64, i64>,
}

/// What makes a line the same line.
#[derive(Clone, Copy)]
pub(super) struct Identity<'a> {
    pub(super) sender: UserId,
    pub(super) place: Place,
    pub(super) line_id: LineId,
    pub(super) text: &'a str,
}

/// Where a line was said.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// In a channel, which has this log.
    Log(i64),
    /// To this account.
    Whisper(i64),
}

/// Where a line was found.
pub(super) struct Found {
    pub(super) seq: i64,
    pub(super) sent_at_ms: i64,
}

impl RecentLines {
    /// Reads the newest lines.
    pub(super) fn read(db: &Connection) -> Result<Self> {
        Self::read_some(db, KEPT)
    }

    fn read_some(db: &Connection, kept: usize) -> Result<Self> {
        let mut recent = Self {
            kept,
            hasher: RandomState::new(),
            newer: FxHashMap::default(),
            older: FxHashMap::default(),
            changed: FxHashMap::default(),
        };
        let mut lines = recent.read_newest(db)?;
        lines.sort_unstable();
        for (_, hash, key) in lines {
            recent.insert(hash, key);
        }
        Ok(recent)
    }

    /// Says of each of the newest lines when it was said, its hash and its key.
    fn read_newest(&mut self, db: &Connection) -> Result<Vec<(i64, u64, i64)>> {
        // Of each log the newest line that was not read yet, by when it was said; and
        // whether none was read.
        let mut fronts: BinaryHeap<(i64, i64, bool)> = db
            .prepare(concat!(
                "SELECT lines.sent_at_ms, lines.id FROM logs JOIN lines
                 ON lines.id = (SELECT max(id) FROM lines WHERE id",
                of_log!("logs.id"),
                ")"
            ))?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, true)))?
            .collect::<Result<_>>()?;
        let mut statement = db.prepare(
            "SELECT sent_at_ms, id, sender_id, line_id, peer_id, text,
                    edited_at_ms IS NOT NULL OR kind = ?4
             FROM lines WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT ?3",
        )?;
        let mut lines = Vec::new();
        // The last lines read of each log may be older than some that were not read.
        let mut surplus = 0;
        while lines.len() < self.kept + surplus
            && let Some((_, newest, is_first)) = fronts.pop()
        {
            if is_first {
                surplus += CHUNK;
            }
            let oldest = line_key(log_of(newest), 0)?;
            let mut rows = statement.query((oldest, newest, count(CHUNK + 1), DELETED))?;
            let mut read = 0;
            while let Some(row) = rows.next()? {
                let (sent_at_ms, key) = (row.get(0)?, row.get(1)?);
                read += 1;
                if read > CHUNK {
                    fronts.push((sent_at_ms, key, false));
                    break;
                }
                let Some(line_id) = row.get::<_, Option<i64>>(3)? else {
                    continue;
                };
                let place = match row.get::<_, Option<i64>>(4)? {
                    Some(peer) => Place::Whisper(peer),
                    None => Place::Log(log_of(key)),
                };
                if row.get(6)? {
                    let hash = self.hash(row.get(2)?, place, line_id, None);
                    self.changed.insert(hash, key);
                } else {
                    let text = row.get_ref(5)?.as_str()?;
                    let hash = self.hash(row.get(2)?, place, line_id, Some(text));
                    lines.push((sent_at_ms, hash, key));
                }
            }
        }
        Ok(lines)
    }

    /// The line that this one says again.
    pub(super) fn find(
        &self,
        db: &Connection,
        line: Identity<'_>,
        hash: u64,
    ) -> Result<Option<Found>> {
        let unchanged = [(&self.newer, hash), (&self.older, hash)];
        let changed = (!self.changed.is_empty()).then(|| {
            let line_id = number(line.line_id);
            let hash = self.hash(line.sender.0, line.place, line_id, None);
            (&self.changed, hash)
        });
        for (keys, hash) in unchanged.into_iter().chain(changed) {
            if let Some(key) = keys.get(&hash)
                && let Some(found) = read(db, line, *key)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    pub(super) fn hash_of(&self, line: Identity<'_>) -> u64 {
        self.hash(
            line.sender.0,
            line.place,
            number(line.line_id),
            Some(line.text),
        )
    }

    fn hash(&self, sender: i64, place: Place, line_id: i64, text: Option<&str>) -> u64 {
        self.hasher.hash_one((sender, place, line_id, text))
    }

    /// Notes a line and its key.
    pub(super) fn insert(&mut self, hash: u64, key: i64) {
        if self.newer.len() >= self.kept {
            std::mem::swap(&mut self.newer, &mut self.older);
            self.newer.clear();
        }
        self.newer.insert(hash, key);
    }
}

/// The line of this key, if it is this one.
fn read(db: &Connection, line: Identity<'_>, key: i64) -> Result<Option<Found>> {
    let peer = match line.place {
        Place::Log(_) => None,
        Place::Whisper(peer) => Some(peer),
    };
    db.prepare_cached(
        "SELECT sent_at_ms FROM lines
         WHERE id = ?1 AND sender_id = ?2 AND line_id = ?3 AND peer_id IS ?4
           AND (text = ?5 OR edited_at_ms IS NOT NULL OR kind = ?6)",
    )?
    .query_row(
        (
            key,
            line.sender.0,
            number(line.line_id),
            peer,
            line.text,
            DELETED,
        ),
        |row| {
            Ok(Found {
                seq: seq_of(key),
                sent_at_ms: row.get(0)?,
            })
        },
    )
    .optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "hello";

    fn line(line_id: LineId) -> Identity<'static> {
        Identity {
            sender: UserId(1),
            place: Place::Log(7),
            line_id,
            text: TEXT,
        }
    }

    /// Writes a line into a log, said at this time.
    fn write(db: &Connection, log: i64, seq: i64, line_id: i64, sent_at_ms: i64) {
        db.execute(
            "INSERT INTO lines (id, sender_id, kind, sent_at_ms, line_id, text)
             VALUES (?1, 1, 0, ?2, ?3, ?4)",
            ((log << 36) + seq, sent_at_ms, line_id, TEXT),
        )
        .unwrap();
    }

    fn database() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        let migrations = rusqlite_migration::Migrations::from_slice(super::super::MIGRATIONS);
        migrations.to_latest(&mut db).unwrap();
        db
    }

    fn knows(recent: &RecentLines, db: &Connection, line: Identity<'_>) -> bool {
        let hash = recent.hash_of(line);
        recent.find(db, line, hash).unwrap().is_some()
    }

    #[test]
    fn the_newest_lines_are_known_and_not_more_than_twice_as_many() {
        let db = database();
        let mut recent = RecentLines::read_some(&db, 10).unwrap();
        for id in 1..=95 {
            write(&db, 7, id, id, id);
            let hash = recent.hash_of(line(id as u64));
            recent.insert(hash, (7 << 36) + id);
        }
        assert!((86..=95).all(|id| knows(&recent, &db, line(id))));
        assert!(!(1..=75).any(|id| knows(&recent, &db, line(id))));
    }

    #[test]
    fn the_newest_lines_of_all_logs_are_read_at_the_start() {
        let db = database();
        let mut line_id = 0;
        // A busy log, and quiet ones with one line now and then.
        for log in 2..=20 {
            let name = format!("log-{log}");
            db.execute(
                "INSERT INTO logs (id, channel_name) VALUES (?1, ?2)",
                (log, name),
            )
            .unwrap();
            for seq in 1..=if log == 7 { 2000 } else { 100 } {
                line_id += 1;
                let sent_at_ms = if log == 7 { seq } else { seq * 20 + log };
                write(&db, log, seq, line_id, sent_at_ms);
            }
        }
        let recent = RecentLines::read_some(&db, 500).unwrap();
        let mut all = db
            .prepare("SELECT id >> 36, line_id FROM lines ORDER BY sent_at_ms DESC")
            .unwrap();
        let all = all.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)));
        let is_known = |(log, line_id)| {
            let place = Place::Log(log);
            let line_id = line_id as u64;
            knows(
                &recent,
                &db,
                Identity {
                    place,
                    ..line(line_id)
                },
            )
        };
        let known: Vec<bool> = all.unwrap().map(|row| is_known(row.unwrap())).collect();
        assert!(known[..500].iter().all(|known| *known));
        assert!(!known[1500..].iter().any(|known| *known));
    }
}
