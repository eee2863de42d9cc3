//! Which line ids have been used, found without touching the whole disk.
//!
//! Ids are random, so that an index of them would be written to all over: a page of
//! the file for every line. So they go to disk era by era, an era being some ten
//! thousand lines, in a few rows that are written once. Those of the newest era are in
//! memory alone: should the server end, they are read from the lines themselves,
//! which is what `logs.settled_seq` is for.
//!
//! An id is looked for in those eras alone whose filter in memory (Bloom's) has seen
//! it, which for a new id are none, but for a rare mistake. What is found there says
//! where the line should be; only if it is there has the id been used. So an id whose
//! line is gone, or was never committed, does no harm; [`look_over`] finds such ids.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use longhall_packet::LineId;
use rusqlite::{Connection, OptionalExtension, Result};

use super::keys::{log_of, seq_of};
use super::number;
use crate::store::UserId;

/// Lines of one era. Tests see many.
const ERA: usize = if cfg!(test) { 64 } else { 16_384 };
/// Rows of one era: some thirty ids each.
const BUCKETS: i64 = 512;
/// Bytes that an id takes in a row.
const ENTRY_BYTES: usize = 24;
/// Bits of a filter: 16 a line, of which each line sets a few. One in a thousand
/// new ids is taken for one of the era.
const FILTER_BITS: u64 = 16 * ERA as u64;
const BITS_A_LINE: u64 = 6;
/// An era is written anew when less than three quarters of its ids are of use.
const USEFUL: (usize, usize) = (3, 4);

/// A sender, and what its client called a line.
type Id = (i64, i64);

/// The ids in use. Lives on the writing thread.
pub(super) struct LineIds {
    /// The newest, with the keys of their lines.
    newest: HashMap<Id, i64>,
    /// How many there are when they go to disk.
    due: usize,
    /// Those on disk, the newest last.
    eras: Vec<Era>,
    next_era: i64,
    hasher: RandomState,
}

/// An era on disk, and the filter of its ids.
pub(super) struct Era {
    number: i64,
    filter: Box<[u64]>,
}

/// Where a line was found.
pub(super) struct Found {
    pub(super) seq: i64,
    pub(super) sent_at_ms: i64,
}

impl LineIds {
    /// Reads all ids in use, and says which logs the newest are from.
    pub(super) fn read(db: &Connection) -> Result<(Self, HashSet<i64>)> {
        let mut ids = Self {
            newest: HashMap::new(),
            due: ERA,
            eras: Vec::new(),
            next_era: 1,
            hasher: RandomState::new(),
        };
        let mut rows = db.prepare("SELECT id, ids FROM line_ids ORDER BY id")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let number = row.get::<_, i64>(0)? / BUCKETS;
            if ids.eras.last().is_none_or(|era| era.number != number) {
                ids.eras.push(Era::new(number));
                ids.next_era = number + 1;
            }
            if let Some(era) = ids.eras.last_mut() {
                for (id, _) in entries(row.get_ref(1)?.as_blob()?) {
                    era.add(bits(&ids.hasher, id));
                }
            }
        }
        let mut logs = HashSet::new();
        let mut rows = db.prepare(concat!(
            "SELECT lines.id, lines.sender_id, lines.line_id
             FROM logs CROSS JOIN lines
             ON lines.id > (logs.id << 36) + logs.settled_seq AND lines.id <",
            end_of_log!("logs.id")
        ))?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let key = row.get(0)?;
            logs.insert(log_of(key));
            if let Some(line_id) = row.get(2)? {
                ids.newest.insert((row.get(1)?, line_id), key);
            }
        }
        Ok((ids, logs))
    }

    /// The line that a sender has used an id for.
    pub(super) fn find(
        &self,
        db: &Connection,
        sender: UserId,
        line_id: LineId,
    ) -> Result<Option<Found>> {
        let id = (sender.0, number(line_id));
        // What is said again was mostly said just now.
        if let Some(key) = self.newest.get(&id)
            && let Some(found) = line(db, id, *key)?
        {
            return Ok(Some(found));
        }
        let bits = bits(&self.hasher, id);
        for era in self.eras.iter().rev().filter(|era| era.may_have(bits)) {
            let row = era.number * BUCKETS + bucket(id);
            let ids: Option<Vec<u8>> = db
                .prepare_cached("SELECT ids FROM line_ids WHERE id = ?1")?
                .query_row([row], |row| row.get(0))
                .optional()?;
            for (other, key) in entries(ids.as_deref().unwrap_or_default()) {
                if other == id
                    && let Some(found) = line(db, id, key)?
                {
                    return Ok(Some(found));
                }
            }
        }
        Ok(None)
    }

    /// Notes an id and the key of its line.
    pub(super) fn take(&mut self, sender: UserId, line_id: LineId, key: i64) {
        self.newest.insert((sender.0, number(line_id)), key);
    }

    /// Whether the newest ids are to be written.
    pub(super) fn are_due(&self) -> bool {
        self.newest.len() >= self.due
    }

    /// Puts the newest ids on disk as soon as the transaction is committed, which
    /// [`Self::written`] or [`Self::not_written`] tells.
    pub(super) fn write(&self, db: &Connection) -> Result<Vec<Era>> {
        let mut insert = db.prepare_cached("INSERT INTO line_ids (id, ids) VALUES (?1, ?2)")?;
        let mut eras = Vec::new();
        let mut ids = self.newest.iter().peekable();
        while ids.peek().is_some() {
            let mut era = Era::new(self.next_era + super::count(eras.len()));
            let mut buckets = vec![Vec::new(); BUCKETS as usize];
            for (id, key) in ids.by_ref().take(ERA) {
                era.add(bits(&self.hasher, *id));
                push(&mut buckets[bucket(*id) as usize], *id, *key);
            }
            for (bucket, ids) in (0..).zip(buckets) {
                if !ids.is_empty() {
                    insert.execute((era.number * BUCKETS + bucket, ids))?;
                }
            }
            eras.push(era);
        }
        Ok(eras)
    }

    /// The newest ids are on disk, as these eras.
    pub(super) fn written(&mut self, eras: Vec<Era>) {
        self.newest.clear();
        self.next_era += super::count(eras.len());
        self.eras.extend(eras);
        self.due = ERA;
    }

    /// The newest ids could not be written. It is tried again when there are more.
    pub(super) fn not_written(&mut self) {
        self.due = self.newest.len() + ERA / 4;
    }

    /// Whether, with so many lines gone, it is worth while to look for their ids.
    pub(super) fn are_to_be_looked_over(&self, lines_gone: i64) -> bool {
        lines_gone > super::count(self.eras.len() * ERA / 8)
    }
}

impl Era {
    fn new(number: i64) -> Self {
        Self {
            number,
            filter: vec![0; (FILTER_BITS / 64) as usize].into(),
        }
    }

    fn add(&mut self, id: (u64, u64)) {
        for (word, bit) in places(id) {
            self.filter[word] |= bit;
        }
    }

    fn may_have(&self, id: (u64, u64)) -> bool {
        places(id).all(|(word, bit)| self.filter[word] & bit != 0)
    }
}

/// Two numbers that an id's bits in a filter are made of. Nobody outside can know
/// them, so that nobody can choose ids that fill it.
fn bits(hasher: &RandomState, id: Id) -> (u64, u64) {
    let hash = hasher.hash_one(id);
    (hash, hash.rotate_left(32) | 1)
}

fn places((start, step): (u64, u64)) -> impl Iterator<Item = (usize, u64)> {
    (0..BITS_A_LINE).map(move |n| {
        let bit = start.wrapping_add(n.wrapping_mul(step)) % FILTER_BITS;
        ((bit / 64) as usize, 1 << (bit % 64))
    })
}

/// In which row of its era an id is. The same for ever.
fn bucket((sender, line_id): Id) -> i64 {
    const SPREAD: i64 = 0x9e37_79b9_7f4a_7c15_u64 as i64;
    let spread = (sender.wrapping_mul(SPREAD) ^ line_id).wrapping_mul(SPREAD);
    (spread >> 32) & (BUCKETS - 1)
}

fn push(ids: &mut Vec<u8>, (sender, line_id): Id, key: i64) {
    for number in [sender, line_id, key] {
        ids.extend_from_slice(&number.to_le_bytes());
    }
}

/// The ids of a row, with the keys of their lines.
fn entries(ids: &[u8]) -> impl Iterator<Item = (Id, i64)> {
    let (entries, _) = ids.as_chunks::<ENTRY_BYTES>();
    entries.iter().map(|entry| {
        let (numbers, _) = entry.as_chunks::<8>();
        let number = |n: usize| i64::from_le_bytes(numbers[n]);
        ((number(0), number(1)), number(2))
    })
}

/// The line of this key, if it was said under this id.
fn line(db: &Connection, (sender, line_id): Id, key: i64) -> Result<Option<Found>> {
    db.prepare_cached(
        "SELECT sent_at_ms FROM lines WHERE id = ?1 AND sender_id = ?2 AND line_id = ?3",
    )?
    .query_row((key, sender, line_id), |row| {
        Ok(Found {
            seq: seq_of(key),
            sent_at_ms: row.get(0)?,
        })
    })
    .optional()
}

/// An era that was looked over, and its rows without the ids of lines that are gone,
/// if these are many.
pub(super) struct Thinned {
    era: i64,
    rows: Vec<(i64, Vec<u8>)>,
}

/// Looks over the first era behind another one; `None` when there is none.
pub(super) fn look_over(db: &Connection, after: i64) -> Result<Option<Thinned>> {
    let era: Option<i64> = db
        .prepare_cached("SELECT id / ?2 FROM line_ids WHERE id >= (?1 + 1) * ?2 ORDER BY id")?
        .query_row([after, BUCKETS], |row| row.get(0))
        .optional()?;
    let Some(era) = era else {
        return Ok(None);
    };
    let mut oldest =
        db.prepare_cached(concat!("SELECT min(id) FROM lines WHERE id", of_log!("?1")))?;
    // Lines go from the oldest on, so that a log's oldest says which are gone.
    let mut first_keys: HashMap<i64, i64> = HashMap::new();
    let (mut all, mut useful) = (0, 0);
    let mut thinned = Vec::new();
    let mut rows =
        db.prepare_cached("SELECT id, ids FROM line_ids WHERE id >= ?1 AND id < ?1 + ?2")?;
    let mut rows = rows.query([era * BUCKETS, BUCKETS])?;
    while let Some(row) = rows.next()? {
        let mut left = Vec::new();
        for (id, key) in entries(row.get_ref(1)?.as_blob()?) {
            let first_key = match first_keys.entry(log_of(key)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(place) => {
                    let first: Option<i64> = oldest.query_row([log_of(key)], |row| row.get(0))?;
                    *place.insert(first.unwrap_or(i64::MAX))
                }
            };
            all += 1;
            if key >= first_key {
                useful += 1;
                push(&mut left, id, key);
            }
        }
        thinned.push((row.get(0)?, left));
    }
    if useful * USEFUL.1 >= all * USEFUL.0 {
        thinned.clear();
    }
    Ok(Some(Thinned { era, rows: thinned }))
}

impl Thinned {
    /// Which era it is.
    pub(super) fn number(&self) -> i64 {
        self.era
    }

    /// Whether enough of its ids are of no use.
    pub(super) fn is_worth_writing(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Writes the rows.
    pub(super) fn write(&self, db: &Connection, line_ids: &mut LineIds) -> Result<()> {
        let mut update = db.prepare_cached("UPDATE line_ids SET ids = ?2 WHERE id = ?1")?;
        let mut delete = db.prepare_cached("DELETE FROM line_ids WHERE id = ?1")?;
        let mut is_gone = true;
        for (row, ids) in &self.rows {
            if ids.is_empty() {
                delete.execute([row])?;
            } else {
                update.execute((row, ids))?;
                is_gone = false;
            }
        }
        if is_gone {
            // Right even if this is rolled back: no line that is gone comes back.
            line_ids.eras.retain(|era| era.number != self.era);
        }
        Ok(())
    }
}
