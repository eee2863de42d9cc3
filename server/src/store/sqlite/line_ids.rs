//! Which line ids have been used, found without touching the whole disk.
//!
//! Ids are random, so that an index of all of them would be written to all over:
//! a page of the file for every line. They are indexed era by era instead, an
//! era being some ten thousand lines, and only the newest era's few pages are
//! written to. An id is looked for in those eras alone whose filter in memory
//! (Bloom's) has seen it, which for a new id are none, but for a rare mistake.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use longhall_packet::LineId;
use rusqlite::{Connection, OptionalExtension, Result};

use super::number;
use crate::store::UserId;

/// Lines of one era. Tests see many.
const ERA: usize = if cfg!(test) { 64 } else { 32_768 };
/// Bits of a filter: 16 a line, of which each line sets a few. One in a thousand
/// new ids is taken for one of the era.
const FILTER_BITS: u64 = 16 * ERA as u64;
const BITS_A_LINE: u64 = 6;

/// The eras that there are lines of. Lives with the writing connection.
///
/// Lines that were rolled back may stay in the filters: it costs a look at the
/// index.
pub(super) struct LineIds {
    /// The newest last; their numbers are without holes.
    filters: VecDeque<Filter>,
    first_era: i64,
    hasher: RandomState,
}

struct Filter {
    bits: Box<[u64]>,
    lines: usize,
}

/// Where a line was found.
pub(super) struct Found {
    pub(super) seq: i64,
    pub(super) sent_at_ms: i64,
}

impl LineIds {
    /// Reads all ids in use.
    pub(super) fn read(db: &Connection) -> Result<Self> {
        let mut ids = Self {
            filters: VecDeque::from([Filter::new()]),
            first_era: oldest(db)?.unwrap_or(1),
            hasher: RandomState::new(),
        };
        let mut statement = db.prepare(
            "SELECT era, sender_id, line_id FROM lines INDEXED BY lines_by_line_id
             WHERE line_id IS NOT NULL ORDER BY era",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let era: i64 = row.get(0)?;
            while ids.newest() < era {
                ids.filters.push_back(Filter::new());
            }
            let key = (row.get(1)?, row.get(2)?);
            ids.note(key);
        }
        Ok(ids)
    }

    /// The line that a sender has used an id for.
    pub(super) fn find(
        &self,
        db: &Connection,
        sender: UserId,
        line_id: LineId,
    ) -> Result<Option<Found>> {
        let key = (sender.0, number(line_id));
        let bits = self.bits(key);
        // What is said again was mostly said just now.
        for (position, filter) in self.filters.iter().enumerate().rev() {
            if !filter.has(bits) {
                continue;
            }
            let era = self.first_era + super::count(position);
            let found = db
                .prepare_cached(
                    "SELECT seq, sent_at_ms FROM lines INDEXED BY lines_by_line_id
                     WHERE era = ?1 AND sender_id = ?2 AND line_id = ?3",
                )?
                .query_row((era, key.0, key.1), |row| {
                    Ok(Found {
                        seq: row.get(0)?,
                        sent_at_ms: row.get(1)?,
                    })
                })
                .optional()?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Takes an id into the newest era, which the line is to be inserted with.
    pub(super) fn take(&mut self, sender: UserId, line_id: LineId) -> i64 {
        if self.filters.back().is_none_or(|newest| newest.lines >= ERA) {
            self.filters.push_back(Filter::new());
        }
        self.note((sender.0, number(line_id)));
        self.newest()
    }

    /// Lets go of the eras that no line is left of, `oldest` being the first that
    /// has some. That must be on disk: an era that comes back by a roll-back
    /// would be searched no more.
    pub(super) fn forget_before(&mut self, oldest: i64) {
        while self.first_era < oldest && self.filters.len() > 1 {
            self.filters.pop_front();
            self.first_era += 1;
        }
    }

    fn newest(&self) -> i64 {
        self.first_era + super::count(self.filters.len()) - 1
    }

    fn note(&mut self, key: (i64, i64)) {
        let bits = self.bits(key);
        if let Some(newest) = self.filters.back_mut() {
            newest.add(bits);
        }
    }

    /// Two numbers that a key's bits are made of.
    fn bits(&self, key: (i64, i64)) -> (u64, u64) {
        let hash = self.hasher.hash_one(key);
        (hash, hash.rotate_left(32) | 1)
    }
}

impl Filter {
    fn new() -> Self {
        Self {
            bits: vec![0; (FILTER_BITS / 64) as usize].into(),
            lines: 0,
        }
    }

    fn add(&mut self, key: (u64, u64)) {
        for (word, bit) in places(key) {
            self.bits[word] |= bit;
        }
        self.lines += 1;
    }

    fn has(&self, key: (u64, u64)) -> bool {
        places(key).all(|(word, bit)| self.bits[word] & bit != 0)
    }
}

fn places((start, step): (u64, u64)) -> impl Iterator<Item = (usize, u64)> {
    (0..BITS_A_LINE).map(move |n| {
        let bit = start.wrapping_add(n.wrapping_mul(step)) % FILTER_BITS;
        ((bit / 64) as usize, 1 << (bit % 64))
    })
}

/// The first era that there are lines of.
pub(super) fn oldest(db: &Connection) -> Result<Option<i64>> {
    db.prepare_cached(
        "SELECT era FROM lines INDEXED BY lines_by_line_id
         WHERE line_id IS NOT NULL ORDER BY era LIMIT 1",
    )?
    .query_row([], |row| row.get(0))
    .optional()
}
