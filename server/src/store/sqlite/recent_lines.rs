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
/// Entries looked at for each line that is known, at the start, before fewer will do:
/// received whispers, edits and deletions are entries as well.
const ENTRIES_A_LINE: usize = 4;

/// The newest lines. Lives on the writing thread.
#[derive(Default)]
pub(super) struct RecentLines {
    kept: usize,
    /// Of a hash that nobody outside can know, so that nobody can choose lines whose
    /// hashes collide.
    hasher: RandomState,
    /// The keys of lines, by their hashes.
    newer: FxHashMap<u64, i64>,
    /// Goes as a whole when `newer` is full.
    older: FxHashMap<u64, i64>,
    /// Those of the newest at the start that were edited or deleted before it: nobody
    /// knows how they read at first, so their hashes are without a text.
    changed: FxHashMap<u64, i64>,
}

/// An entry of a log as it is read at the start. The newest is the greatest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Read {
    sent_at_ms: i64,
    key: i64,
    /// Of one that a player said.
    line: Option<ReadLine>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ReadLine {
    hash: u64,
    is_changed: bool,
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
        let hasher = recent.hasher.clone();
        // Of lines with one hash the newest is known: it comes first.
        read_newest(db, &hasher, kept, |Read { key, line, .. }| match line {
            Some(line) if line.is_changed => {
                recent.changed.entry(line.hash).or_insert(key);
            }
            Some(line) => {
                recent.newer.entry(line.hash).or_insert(key);
            }
            None => {}
        })?;
        Ok(recent)
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
            Some(line.text.as_bytes()),
        )
    }

    fn hash(&self, sender: i64, place: Place, line_id: i64, text: Option<&[u8]>) -> u64 {
        hash(&self.hasher, sender, place, line_id, text)
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

/// Gives the newest entries of all logs to `take`, the newest first, until there are enough
/// lines.
fn read_newest(
    db: &Connection,
    hasher: &RandomState,
    kept: usize,
    mut take: impl FnMut(Read),
) -> Result<()> {
    // Of each log the newest entry that was not read yet, by when it was written.
    let mut fronts: BinaryHeap<(i64, i64)> = db
        .prepare(concat!(
            "SELECT lines.sent_at_ms, lines.id FROM logs JOIN lines
             ON lines.id = (SELECT max(id) FROM lines WHERE id",
            of_log!("logs.id"),
            ")"
        ))?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let mut statement = db.prepare(
        "SELECT sent_at_ms, id, sender_id, line_id, peer_id, text,
                edited_at_ms IS NOT NULL OR kind = ?4
         FROM lines WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT ?3",
    )?;
    // Those that were read, but may be older than some that were not.
    let mut waiting: BinaryHeap<Read> = BinaryHeap::new();
    let (mut entries, mut lines) = (0, 0);
    loop {
        let front = fronts.pop();
        let unread_ms = front.map_or(i64::MIN, |(sent_at_ms, _)| sent_at_ms);
        while lines < kept
            && entries < ENTRIES_A_LINE * kept
            && waiting
                .peek()
                .is_some_and(|read| read.sent_at_ms >= unread_ms)
            && let Some(read) = waiting.pop()
        {
            entries += 1;
            lines += usize::from(read.line.is_some());
            take(read);
        }
        let is_enough = lines >= kept || entries >= ENTRIES_A_LINE * kept;
        let Some((_, front)) = front.filter(|_| !is_enough) else {
            return Ok(());
        };
        let oldest = line_key(log_of(front), 0)?;
        let mut rows = statement.query((oldest, front, count(CHUNK + 1), DELETED))?;
        let mut read = 0;
        while let Some(row) = rows.next()? {
            let (sent_at_ms, key) = (row.get(0)?, row.get(1)?);
            read += 1;
            if read > CHUNK {
                fronts.push((sent_at_ms, key));
                break;
            }
            let place = match row.get::<_, Option<i64>>(4)? {
                Some(peer) => Place::Whisper(peer),
                None => Place::Log(log_of(key)),
            };
            let (sender, is_changed): (i64, bool) = (row.get(2)?, row.get(6)?);
            // Not as a text: a disk may have damaged it.
            let text = row.get_ref(5)?.as_bytes()?;
            let line = row.get::<_, Option<i64>>(3)?.map(|line_id| ReadLine {
                hash: hash(
                    hasher,
                    sender,
                    place,
                    line_id,
                    (!is_changed).then_some(text),
                ),
                is_changed,
            });
            waiting.push(Read {
                sent_at_ms,
                key,
                line,
            });
        }
    }
}

fn hash(hasher: &RandomState, sender: i64, place: Place, line_id: i64, text: Option<&[u8]>) -> u64 {
    hasher.hash_one((sender, place, line_id, text))
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

    /// A log of its own for each of so many.
    fn logs(db: &Connection, ids: std::ops::RangeInclusive<i64>) {
        for id in ids {
            let name = format!("log-{id}");
            db.execute(
                "INSERT INTO logs (id, channel_name) VALUES (?1, ?2)",
                (id, name),
            )
            .unwrap();
        }
    }

    #[test]
    fn a_start_with_many_small_logs_takes_no_more_than_are_kept() {
        let db = database();
        logs(&db, 2..=301);
        for log in 2..=300 {
            for seq in 1..=3 {
                write(&db, log, seq, log * 10 + seq, log * 10 + seq);
            }
        }
        for seq in 1..=900 {
            write(&db, 301, seq, 100_000 + seq, 10_000 + seq);
        }
        let read = |kept| {
            let mut times = Vec::new();
            let hasher = RandomState::new();
            read_newest(&db, &hasher, kept, |read| times.push(read.sent_at_ms)).unwrap();
            times
        };
        assert_eq!(read(50), (10_851..=10_900).rev().collect::<Vec<i64>>());
        assert_eq!(read(1000).len(), 1000);
    }

    #[test]
    fn lines_that_were_changed_count_like_others() {
        let db = database();
        logs(&db, 7..=7);
        for seq in 1..=100 {
            write(&db, 7, seq, seq, seq);
        }
        db.execute("UPDATE lines SET kind = 1, text = ''", [])
            .unwrap();
        let recent = RecentLines::read_some(&db, 10).unwrap();
        assert_eq!(recent.changed.len(), 10);
        assert!(knows(&recent, &db, line(100)) && !knows(&recent, &db, line(1)));
    }

    #[test]
    fn a_text_that_a_disk_has_damaged_keeps_no_server_from_starting() {
        let db = database();
        logs(&db, 7..=7);
        write(&db, 7, 1, 1, 1);
        write(&db, 7, 2, 2, 2);
        db.execute(
            "UPDATE lines SET text = CAST(x'68ff6f' AS TEXT) WHERE line_id = 1",
            [],
        )
        .unwrap();
        let recent = RecentLines::read_some(&db, 10).unwrap();
        assert!(knows(&recent, &db, line(2)));
    }

    #[test]
    fn the_newest_lines_of_all_logs_are_read_at_the_start() {
        let db = database();
        let mut line_id = 0;
        // A busy log, and quiet ones with one line now and then.
        logs(&db, 2..=20);
        for log in 2..=20 {
            for seq in 1..=if log == 7 { 2000 } else { 100 } {
                line_id += 1;
                let sent_at_ms = if log == 7 { seq } else { seq * 20 + log };
                write(&db, log, seq, line_id, sent_at_ms);
            }
        }
        let recent = RecentLines::read_some(&db, 500).unwrap();
        let mut all = db
            .prepare("SELECT id >> 36, line_id FROM lines ORDER BY sent_at_ms DESC, id DESC")
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
        assert!(!known[500..].iter().any(|known| *known));
    }
}
