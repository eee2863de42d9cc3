//! What is forgotten: for its age, or to make room.

use std::collections::BTreeMap;

use longhall_packet::Seq;

use crate::lines::{Kept, Row};
use crate::records::{Pruned, Retention, Shrunk, UserId, share};
use crate::{LogKey, World};

impl World {
    /// Forgets what is to be forgotten.
    pub fn prune(&mut self, retention: Retention) -> Pruned {
        let sessions = self.sessions.len();
        self.sessions.retain(|s| s.expires_at_ms > retention.now_ms);
        let mut done = Pruned {
            sessions: (sessions - self.sessions.len()) as u64,
            ..Pruned::default()
        };
        for (key, kept) in &mut self.logs {
            let at_most = match key {
                LogKey::Channel(_) => retention.lines_per_channel,
                LogKey::Inbox(_) => kept.last_seq,
            };
            let up_to = kept.last_seq.saturating_sub(at_most);
            kept.forget(up_to, &retention, &mut done);
            if matches!(key, LogKey::Inbox(_)) {
                let lines = kept.lines.len();
                kept.thin_out(retention.whispers_per_inbox);
                done.beyond += (lines - kept.lines.len()) as u64;
            }
        }
        done
    }

    /// When more than `max_bytes` are in use, forgets the oldest lines of all logs until
    /// there is some room.
    pub fn shrink(&mut self, max_bytes: u64) -> Shrunk {
        let mut done = Shrunk::default();
        let mut all: Vec<(u64, LogKey, Seq, u64)> = Vec::new();
        for (key, kept) in &self.logs {
            // Before a line go those before it in its log.
            let mut said = 0;
            for (seq, row) in &kept.lines {
                said = row.line.sent_at_ms.max(said);
                let bytes = (150 + row.line.text.len()) as u64;
                done.bytes += bytes;
                all.push((said, key.clone(), *seq, bytes));
            }
        }
        if done.bytes <= max_bytes {
            return done;
        }
        all.sort_by_key(|(said, ..)| *said);
        for (said, key, seq, bytes) in all {
            if done.bytes <= max_bytes - max_bytes / 16 {
                break;
            }
            if let Some(kept) = self.logs.get_mut(&key) {
                kept.lines.remove(&seq);
            }
            done.bytes -= bytes;
            done.lines += 1;
            done.up_to_ms = i64::try_from(said).unwrap_or(i64::MAX);
        }
        done
    }
}

impl Kept {
    /// Forgets the oldest lines, up to the first that is to stay.
    fn forget(&mut self, up_to: Seq, retention: &Retention, done: &mut Pruned) {
        let not_before = u64::try_from(retention.not_before_ms).unwrap_or(0);
        let is_doubtful = |row: &Row| {
            let said = i64::try_from(row.line.sent_at_ms).unwrap_or(i64::MAX);
            let doubtful = retention.doubtful_ms;
            doubtful.is_some_and(|(from, to)| (from..=to).contains(&said))
        };
        let newest = self
            .lines
            .iter()
            .take_while(|(seq, row)| {
                **seq <= up_to || is_doubtful(row) || row.line.sent_at_ms < not_before
            })
            .filter(|(seq, row)| **seq <= up_to || !is_doubtful(row))
            .map(|(seq, _)| *seq)
            .last();
        let Some(newest) = newest else {
            return;
        };
        self.lines.retain(|seq, _| {
            let goes = *seq <= newest;
            done.beyond += u64::from(goes && *seq <= up_to);
            done.old += u64::from(goes && *seq > up_to);
            !goes
        });
    }

    /// Has the conversations that hold the most give their oldest.
    fn thin_out(&mut self, at_most: u64) {
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        let mut conversations: BTreeMap<UserId, i64> = BTreeMap::new();
        for row in self.lines.values() {
            if let Some(peer) = row.peer {
                *conversations.entry(peer).or_default() += 1;
            }
        }
        let most = share(conversations.values().copied(), at_most);
        self.lines.retain(|_, row| {
            let held = row.peer.and_then(|peer| conversations.get_mut(&peer));
            held.is_none_or(|held| {
                let stays = *held <= most;
                *held -= i64::from(!stays);
                stays
            })
        });
        while most == 1 && self.lines.len() as i64 > at_most.max(1) {
            self.lines.pop_first();
        }
    }
}
