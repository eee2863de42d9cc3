//! The lines of one channel, or of the inbox: each shown once, in order.

use std::collections::BTreeMap;

use longhall_packet::{Line, Seq};

/// Lines that wait for earlier ones at most, per timeline. Further ones are
/// asked for again.
const MAX_HELD: usize = 128;

/// Where a player stands in the numbers of one log.
///
/// Numbers have no holes, so the next line to show is always known. A line that
/// arrives with a later number waits here while the ones between are asked for;
/// one that arrives with an earlier number was shown before.
#[derive(Debug)]
pub(crate) struct Timeline {
    /// Tells this one from an earlier one of the same name.
    serial: u64,
    /// The newest number dealt with. `None` until the newest page has come.
    shown: Option<Seq>,
    /// The oldest number on the screen; older ones are asked for by
    /// `load_history`.
    oldest: Seq,
    /// The newest number that is known to exist.
    known: Seq,
    held: BTreeMap<Seq, Line>,
    /// The server no longer keeps the next line.
    is_broken: bool,
}

/// What to ask the server for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// The newest page, and nothing between it and what was shown.
    Newest,
    /// The lines behind this number.
    After(Seq),
}

/// What a page brought.
#[derive(Debug, Default)]
pub(crate) struct CaughtUp {
    /// Numbers that will not be shown, from and to.
    pub(crate) skipped: Option<(Seq, Seq)>,
    /// Lines to show, in order.
    pub(crate) lines: Vec<Line>,
    /// Lines that came as they were said and are above the page.
    pub(crate) passed: Vec<Line>,
}

impl Timeline {
    /// A timeline of a log that ends at `known`; with its newest page on the
    /// way, or without.
    pub(crate) fn new(serial: u64, known: Seq, wants_page: bool) -> Self {
        Self {
            serial,
            shown: (!wants_page || known == 0).then_some(known),
            oldest: known.saturating_add(1),
            known,
            held: BTreeMap::new(),
            is_broken: false,
        }
    }

    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    pub(crate) fn known(&self) -> Seq {
        self.known
    }

    pub(crate) fn oldest(&self) -> Seq {
        self.oldest
    }

    /// The newest number dealt with; `None` before the newest page has come.
    pub(crate) fn shown(&self) -> Option<Seq> {
        self.shown
    }

    /// Older lines down to this number are on the screen.
    pub(crate) fn extend_down(&mut self, oldest: Seq) {
        self.oldest = self.oldest.min(oldest);
    }

    /// Lines up to this number exist.
    pub(crate) fn learn(&mut self, seq: Seq) {
        self.known = self.known.max(seq);
    }

    /// The server's word on where the log ends, on a new connection.
    pub(crate) fn agree(&mut self, last_seq: Seq) {
        self.held.retain(|seq, _| *seq <= last_seq);
        self.known = last_seq;
    }

    /// A line as it is said. Given back when its turn is now, which is the rule.
    pub(crate) fn pass(&mut self, line: Line) -> Option<Line> {
        let next = self.shown.map(|shown| shown + 1);
        if next != Some(line.seq) {
            self.hold(line);
            return None;
        }
        self.learn(line.seq);
        self.held.remove(&line.seq);
        self.shown = next;
        Some(line)
    }

    /// A line as it is said. It waits here until [`next_ready`](Self::next_ready)
    /// gives it out.
    pub(crate) fn hold(&mut self, line: Line) {
        self.learn(line.seq);
        let next = self.shown.map(|shown| shown + 1);
        if next.is_some_and(|next| line.seq < next) {
            return;
        }
        if self.held.len() < MAX_HELD || next == Some(line.seq) {
            self.held.insert(line.seq, line);
        }
    }

    /// Whether nothing is missing and nothing waits.
    pub(crate) fn is_complete(&self) -> bool {
        self.shown == Some(self.known)
    }

    pub(crate) fn has_ready(&self) -> bool {
        self.shown
            .is_some_and(|shown| self.held.contains_key(&(shown + 1)))
    }

    /// The next line, if it is there.
    pub(crate) fn next_ready(&mut self) -> Option<Line> {
        let next = self.shown? + 1;
        let line = self.held.remove(&next)?;
        self.shown = Some(next);
        Some(line)
    }

    /// What is missing.
    pub(crate) fn want(&self, max_gap: u64) -> Option<Want> {
        let Some(shown) = self.shown else {
            return Some(Want::Newest);
        };
        if self.known <= shown || self.has_ready() {
            None
        } else if self.is_broken || self.known - shown > max_gap {
            Some(Want::Newest)
        } else {
            Some(Want::After(shown))
        }
    }

    /// Takes the page behind what was shown. `known` is what was known to exist
    /// when it was asked for.
    pub(crate) fn catch_up(&mut self, lines: Vec<Line>, known: Seq, last_seq: Seq) -> Vec<Line> {
        let mut fresh = Vec::new();
        let Some(mut shown) = self.shown else {
            return fresh;
        };
        let before = shown;
        for line in lines {
            if line.seq == shown + 1 {
                shown = line.seq;
                self.held.remove(&line.seq);
                fresh.push(line);
            } else if line.seq > shown {
                self.is_broken = true;
                break;
            }
        }
        // A line that was known to exist and did not come is no longer kept.
        self.is_broken |= shown == before && known > shown;
        self.shown = Some(shown);
        self.learn(shown.max(last_seq));
        fresh
    }

    /// Takes the newest page. Numbers between it and what was shown are skipped;
    /// when there are none, its lines simply follow.
    pub(crate) fn jump(&mut self, mut lines: Vec<Line>, known: Seq, last_seq: Seq) -> CaughtUp {
        let newest = lines.last().map_or(0, |line| line.seq);
        let before = self.shown;
        let shown = newest.max(known).max(last_seq).max(before.unwrap_or(0));
        let first = lines.first().map_or(shown + 1, |line| line.seq);
        let next = before.map_or(0, |before| before + 1);
        let skipped = (before.is_some() && first > next).then(|| (next, first - 1));
        lines.retain(|line| line.seq >= next);
        if before.is_none() || skipped.is_some() {
            self.oldest = first;
        }
        self.shown = Some(shown);
        self.is_broken = false;
        self.learn(shown);
        let later = self.held.split_off(&(shown + 1));
        let mut passed: Vec<Line> = std::mem::replace(&mut self.held, later)
            .into_values()
            .collect();
        passed.retain(|line| line.seq < first);
        CaughtUp {
            skipped,
            lines,
            passed,
        }
    }

    /// Goes on behind what is known to exist, when the server will not say what
    /// it is. The numbers that are skipped.
    pub(crate) fn give_up(&mut self) -> Option<(Seq, Seq)> {
        self.jump(Vec::new(), self.known, 0).skipped
    }
}
