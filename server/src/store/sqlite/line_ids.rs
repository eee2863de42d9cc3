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
use std::collections::{BTreeMap, HashMap, HashSet};
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
/// Bits of an era's filter: 24 a line, of which each line sets a few. One in some
/// twenty thousand new ids is taken for one of the era.
const FILTER_BITS: usize = 24 * ERA;
const BITS_A_LINE: u64 = 8;
/// Eras whose filters lie together.
const ERAS_A_BLOCK: i64 = u64::BITS as i64;
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
    /// Those on disk, by the numbers of their eras divided by that of a block.
    blocks: BTreeMap<i64, Block>,
    next_era: i64,
    hasher: RandomState,
}

/// The filters of some eras, side by side: a word holds a bit of each, so that all of
/// them are asked at once.
struct Block {
    words: Box<[u64]>,
    /// Eras that are on disk.
    eras: u64,
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
            blocks: BTreeMap::new(),
            next_era: 1,
            hasher: RandomState::new(),
        };
        let mut rows = db.prepare("SELECT id, ids FROM line_ids ORDER BY id")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let era = row.get::<_, i64>(0)? / BUCKETS;
            for (id, _) in entries(row.get_ref(1)?.as_blob()?) {
                ids.add(era, id);
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
        let hash = self.hasher.hash_one(id);
        for era in self.eras_that_may_have(hash) {
            let row = era * BUCKETS + bucket(id);
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
    /// [`Self::written`] or [`Self::not_written`] tells. Says by era what is written.
    pub(super) fn write(&self, db: &Connection) -> Result<Vec<Vec<Id>>> {
        let mut insert = db.prepare_cached("INSERT INTO line_ids (id, ids) VALUES (?1, ?2)")?;
        let mut eras = Vec::new();
        let mut ids = self.newest.iter().peekable();
        for era in self.next_era.. {
            if ids.peek().is_none() {
                break;
            }
            let mut written = Vec::with_capacity(ERA);
            let mut buckets = vec![Vec::new(); BUCKETS as usize];
            for (id, key) in ids.by_ref().take(ERA) {
                written.push(*id);
                push(&mut buckets[bucket(*id) as usize], *id, *key);
            }
            for (bucket, ids) in (0..).zip(buckets) {
                if !ids.is_empty() {
                    insert.execute((era * BUCKETS + bucket, ids))?;
                }
            }
            eras.push(written);
        }
        Ok(eras)
    }

    /// The newest ids are on disk.
    pub(super) fn written(&mut self, eras: Vec<Vec<Id>>) {
        for (era, ids) in (self.next_era..).zip(eras) {
            for id in ids {
                self.add(era, id);
            }
        }
        self.newest.clear();
        self.due = ERA;
    }

    /// The newest ids could not be written. It is tried again when there are more.
    pub(super) fn not_written(&mut self) {
        self.due = self.newest.len() + ERA / 4;
    }

    /// Whether, with so many lines gone, it is worth while to look for their ids.
    pub(super) fn are_to_be_looked_over(&self, lines_gone: i64) -> bool {
        let eras = self.blocks.values().map(|block| block.eras.count_ones());
        lines_gone > i64::from(eras.sum::<u32>()) * super::count(ERA / 8)
    }

    /// Adds an id of an era on disk to its filter.
    fn add(&mut self, era: i64, id: Id) {
        let hash = self.hasher.hash_one(id);
        let block = self.blocks.entry(era / ERAS_A_BLOCK);
        let block = block.or_insert_with(|| Block {
            words: vec![0; FILTER_BITS].into(),
            eras: 0,
        });
        let bit = 1 << (era % ERAS_A_BLOCK);
        block.eras |= bit;
        for word in places(hash) {
            block.words[word] |= bit;
        }
        self.next_era = self.next_era.max(era + 1);
    }

    /// The eras whose filter has seen an id, the newest first.
    fn eras_that_may_have(&self, hash: u64) -> impl Iterator<Item = i64> {
        self.blocks.iter().rev().flat_map(move |(number, block)| {
            let mut eras = block.eras;
            for word in places(hash) {
                eras &= block.words[word];
                if eras == 0 {
                    break;
                }
            }
            std::iter::from_fn(move || {
                let newest = eras.checked_ilog2()?;
                eras &= !(1 << newest);
                Some(number * ERAS_A_BLOCK + i64::from(newest))
            })
        })
    }

    /// Lets go of an era that is no longer on disk.
    fn forget(&mut self, era: i64) {
        let number = era / ERAS_A_BLOCK;
        if let Some(block) = self.blocks.get_mut(&number) {
            block.eras &= !(1 << (era % ERAS_A_BLOCK));
            if block.eras == 0 {
                self.blocks.remove(&number);
            }
        }
    }
}

/// The bits of an id in a filter. Its hash is one that nobody outside can know, so
/// that nobody can choose ids that fill the filters.
fn places(hash: u64) -> impl Iterator<Item = usize> {
    let step = hash.rotate_left(32) | 1;
    (0..BITS_A_LINE).map(move |n| {
        // The highest bits, scaled to the filter's length.
        let place = hash.wrapping_add(n.wrapping_mul(step)) >> 32;
        ((place * FILTER_BITS as u64) >> 32) as usize
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
    let mut log = db.prepare_cached(concat!(
        "SELECT (SELECT min(id) FROM lines WHERE id",
        of_log!("?1"),
        "), (SELECT channel_name IS NULL FROM logs WHERE id = ?1)"
    ))?;
    let mut line = db.prepare_cached("SELECT 1 FROM lines WHERE id = ?1")?;
    // Lines of channels go from the oldest on, so that a log's oldest says which are
    // gone. Whispers may go from between others.
    let mut logs: HashMap<i64, (i64, bool)> = HashMap::new();
    let (mut all, mut useful) = (0, 0);
    let mut thinned = Vec::new();
    let mut rows =
        db.prepare_cached("SELECT id, ids FROM line_ids WHERE id >= ?1 AND id < ?1 + ?2")?;
    let mut rows = rows.query([era * BUCKETS, BUCKETS])?;
    while let Some(row) = rows.next()? {
        let mut left = Vec::new();
        for (id, key) in entries(row.get_ref(1)?.as_blob()?) {
            let (first_key, is_inbox) = match logs.entry(log_of(key)) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(place) => {
                    let (first, is_inbox): (Option<i64>, Option<bool>) =
                        log.query_row([log_of(key)], |row| Ok((row.get(0)?, row.get(1)?)))?;
                    *place.insert((first.unwrap_or(i64::MAX), is_inbox.unwrap_or(false)))
                }
            };
            all += 1;
            if key >= first_key && (!is_inbox || line.exists([key])?) {
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
            line_ids.forget(self.era);
        }
        Ok(())
    }
}
