//! How many lines wait to be read, counted along with the server.

use std::collections::VecDeque;

use longhall_packet::Seq;

/// Nobody cares how many more there are.
const MAX_UNREAD: usize = 1000;

/// Up to where a player has read a conversation, and how much is behind.
///
/// The server counts once, with the login; from then on each line that comes by
/// is noted here. Lines that the server counted and that have not come by yet are
/// ahead, in the gap that is being filled, or above the screen.
#[derive(Debug)]
pub(crate) struct Unread {
    read_seq: Seq,
    /// Lines of others that came by, in order, the newest of them.
    noted: VecDeque<Seq>,
    ahead: usize,
    above: usize,
    /// The player has read on the screen, and so all above it.
    is_above_read: bool,
    /// The server counted behind this number,
    counted_from: Seq,
    /// and up to this one.
    counted_to: Seq,
    announced: (u32, Seq),
}

impl Unread {
    pub(crate) fn new(read_seq: Seq, unread: u32, last_seq: Seq) -> Self {
        Self {
            read_seq,
            noted: VecDeque::new(),
            ahead: unread as usize,
            above: 0,
            is_above_read: false,
            counted_from: read_seq,
            counted_to: last_seq,
            announced: (0, read_seq),
        }
    }

    /// The server has counted again.
    pub(crate) fn recount(&mut self, read_seq: Seq, unread: u32, last_seq: Seq) {
        let elsewhere = (unread as usize).saturating_sub(self.behind(read_seq));
        if self.is_above_read && read_seq >= self.read_seq {
            // The server knows of it by now, and no longer counts them.
            (self.above, self.is_above_read) = (0, false);
        }
        self.above = self.above.min(elsewhere);
        self.ahead = elsewhere - self.above;
        self.read_seq = self.read_seq.max(read_seq);
        self.counted_from = read_seq;
        self.counted_to = last_seq;
        if self.read_seq >= last_seq {
            self.ahead = 0;
        }
    }

    pub(crate) fn read_seq(&self) -> Seq {
        self.read_seq
    }

    pub(crate) fn count(&self) -> u32 {
        let above = if self.is_above_read { 0 } else { self.above };
        let count = self.ahead + above + self.behind(self.read_seq);
        count.min(MAX_UNREAD) as u32
    }

    /// Somebody else's line came by, or was found above the screen.
    pub(crate) fn note(&mut self, seq: Seq, is_above: bool) {
        let place = match self.noted.back() {
            Some(newest) if *newest >= seq => self.noted.partition_point(|noted| *noted < seq),
            _ => self.noted.len(),
        };
        if self.noted.get(place) == Some(&seq) {
            return;
        }
        if seq > self.counted_from && seq <= self.counted_to {
            let counted = if is_above {
                &mut self.above
            } else {
                &mut self.ahead
            };
            *counted = counted.saturating_sub(1);
        }
        self.noted.insert(place, seq);
        if self.noted.len() > MAX_UNREAD {
            self.noted.pop_front();
        }
    }

    /// All lines up to `shown` came by, or are above the screen.
    pub(crate) fn reach(&mut self, shown: Seq) {
        if shown >= self.counted_to {
            let found_above = std::mem::take(&mut self.ahead);
            if !self.is_above_read {
                self.above += found_above;
            }
        }
    }

    /// A line is deleted.
    pub(crate) fn forget(&mut self, seq: Seq) {
        self.noted.retain(|noted| *noted != seq);
    }

    /// The player has read up to `seq`, of lines of which those from `oldest` on
    /// are on the screen, and those up to `known` exist. Whether that is news.
    pub(crate) fn mark(&mut self, seq: Seq, oldest: Seq, known: Seq) -> bool {
        if seq <= self.read_seq {
            return false;
        }
        self.read_seq = seq;
        if seq.saturating_add(1) >= oldest {
            self.is_above_read = true;
        }
        if seq >= known {
            self.ahead = 0;
        }
        true
    }

    /// The count and the marker, when they are not what was told last.
    pub(crate) fn news(&mut self) -> Option<(u32, Seq)> {
        let now = (self.count(), self.read_seq);
        (std::mem::replace(&mut self.announced, now) != now).then_some(now)
    }

    fn behind(&self, seq: Seq) -> usize {
        self.noted.len() - self.noted.partition_point(|noted| *noted <= seq)
    }
}
