//! What a thread counts, for the others to read while it goes on.

use std::ops::Sub;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::count::Batch;

/// One thread's counts. It alone writes, once for all that a read brought, so this
/// costs it next to nothing.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) entered: AtomicU64,
    pub(crate) left: AtomicU64,
    pub(crate) visitors: AtomicU64,
    pub(crate) visits: AtomicU64,
    pub(crate) said: AtomicU64,
    posted: AtomicU64,
    delivered: AtomicU64,
    bytes: AtomicU64,
    gaps: AtomicU64,
    left_out: AtomicU64,
    lost: AtomicU64,
    doubled: AtomicU64,
}

impl Tally {
    pub(crate) fn add(&self, batch: &Batch) {
        add(&self.delivered, batch.delivered);
        add(&self.bytes, batch.bytes);
        for (to, count) in [
            (&self.posted, batch.posted),
            (&self.gaps, batch.gaps),
            (&self.left_out, batch.left_out),
            (&self.lost, batch.lost),
            (&self.doubled, batch.doubled),
        ] {
            if count > 0 {
                add(to, count);
            }
        }
    }
}

pub(crate) fn add(to: &AtomicU64, count: u64) {
    to.fetch_add(count, Ordering::Relaxed);
}

/// Counts of all threads at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Times that a player came in.
    pub entered: u64,
    /// Times that a player's connection ended.
    pub left: u64,
    /// Visitors who are ready.
    pub visitors: u64,
    /// Logins or registrations of theirs.
    pub visits: u64,
    /// Lines sent.
    pub said: u64,
    /// Lines acknowledged.
    pub posted: u64,
    /// Lines delivered, to all players together.
    pub delivered: u64,
    /// Bytes of their packets.
    pub bytes: u64,
    /// Announcements that lines were left out because a player was too slow.
    pub gaps: u64,
    /// Lines so left out.
    pub left_out: u64,
    /// Lines that were due and did not come.
    pub lost: u64,
    /// Lines that came again.
    pub doubled: u64,
}

impl Counts {
    /// Players who are in.
    pub fn present(&self) -> u64 {
        // Read one after the other, they may not fit for a moment.
        self.entered.saturating_sub(self.left)
    }

    pub(crate) fn of<'a>(tallies: impl Iterator<Item = &'a Tally>) -> Self {
        let mut sum = Self::default();
        for tally in tallies {
            let read = |from: &AtomicU64| from.load(Ordering::Relaxed);
            sum.entered += read(&tally.entered);
            sum.left += read(&tally.left);
            sum.visitors += read(&tally.visitors);
            sum.visits += read(&tally.visits);
            sum.said += read(&tally.said);
            sum.posted += read(&tally.posted);
            sum.delivered += read(&tally.delivered);
            sum.bytes += read(&tally.bytes);
            sum.gaps += read(&tally.gaps);
            sum.left_out += read(&tally.left_out);
            sum.lost += read(&tally.lost);
            sum.doubled += read(&tally.doubled);
        }
        sum
    }
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            entered: self.entered - before.entered,
            left: self.left - before.left,
            visitors: self.visitors - before.visitors,
            visits: self.visits - before.visits,
            said: self.said - before.said,
            posted: self.posted - before.posted,
            delivered: self.delivered - before.delivered,
            bytes: self.bytes - before.bytes,
            gaps: self.gaps - before.gaps,
            left_out: self.left_out - before.left_out,
            lost: self.lost - before.lost,
            doubled: self.doubled - before.doubled,
        }
    }
}
