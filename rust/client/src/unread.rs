//! How many lines wait to be read, counted along with the server.

use std::collections::VecDeque;

use longhall_packet::Seq;

/// Nobody cares how many more there are.
const MAX_UNREAD: usize = 1000;

/// Up to where a player has read a conversation, and how much is behind.
///
/// The server counts once, with the login; from then on each line that comes by
/// is noted here. What the server counted and has not come by yet is
/// `elsewhere`: in the gap that is being filled, or above the screen.
#[derive(Debug)]
pub(crate) struct Unread {
    read_seq: Seq,
    /// Lines of others that came by, in order, the newest of them.
    noted: VecDeque<Seq>,
    elsewhere: usize,
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
            elsewhere: unread as usize,
            counted_from: read_seq,
            counted_to: last_seq,
            announced: (0, read_seq),
        }
    }

    /// The server has counted again.
    pub(crate) fn recount(&mut self, read_seq: Seq, unread: u32, last_seq: Seq) {
        self.elsewhere = (unread as usize).saturating_sub(self.behind(read_seq));
        self.read_seq = self.read_seq.max(read_seq);
        self.counted_from = read_seq;
        self.counted_to = last_seq;
        if self.read_seq >= last_seq {
            self.elsewhere = 0;
        }
    }

    pub(crate) fn read_seq(&self) -> Seq {
        self.read_seq
    }

    pub(crate) fn count(&self) -> u32 {
        let count = self.elsewhere + self.behind(self.read_seq);
        count.min(MAX_UNREAD) as u32
    }

    /// Somebody else's line came by.
    pub(crate) fn note(&mut self, seq: Seq) {
        let place = self.noted.partition_point(|noted| *noted < seq);
        if self.noted.get(place) == Some(&seq) {
            return;
        }
        if seq > self.counted_from && seq <= self.counted_to {
            self.elsewhere = self.elsewhere.saturating_sub(1);
        }
        self.noted.insert(place, seq);
        if self.noted.len() > MAX_UNREAD {
            self.noted.pop_front();
        }
    }

    /// A line is deleted.
    pub(crate) fn forget(&mut self, seq: Seq) {
        self.noted.retain(|noted| *noted != seq);
    }

    /// The player has read up to `seq`, of lines of which those from `oldest`
    /// to `shown` came by and those up to `known` exist. Whether that is news.
    pub(crate) fn mark(&mut self, seq: Seq, oldest: Seq, shown: Seq, known: Seq) -> bool {
        if seq <= self.read_seq {
            return false;
        }
        self.read_seq = seq;
        let all_came_by = shown >= self.counted_to && seq.saturating_add(1) >= oldest;
        if seq >= known || all_came_by {
            self.elsewhere = 0;
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
