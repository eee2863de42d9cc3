//! Whispers, and how far they and the lines of channels are read.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use longhall_packet::{Conversation, InboxState, Line, LineId, LineKind, Seq};

use crate::lines::Row;
use crate::records::{
    ANSWERS_SEEN, Appended, CONVERSATIONS_LISTED, Log, UNREAD_COUNTED, UserId, WRITTEN_LATELY,
    share_of_waiting,
};
use crate::{LogKey, World};

impl World {
    /// Whether account `from` has whispered to account `to`, among the newest thousand
    /// whispers between the two that are kept.
    pub fn has_whispered(&self, from: UserId, to: UserId) -> bool {
        let kept = self.logs.get(&LogKey::Inbox(to));
        let whispers = kept.into_iter().flat_map(|kept| kept.lines.values().rev());
        whispers
            .filter(|row| row.peer == Some(from))
            .take(usize::from(ANSWERS_SEEN))
            .any(|row| row.sender == from)
    }

    pub(crate) fn whisper(
        &mut self,
        sender: UserId,
        recipient: UserId,
        line_id: Option<LineId>,
        line: Line,
        kept_at_most: Option<usize>,
    ) -> Appended {
        let own = Row {
            sender,
            line_id,
            recipient: Some(recipient),
            peer: Some(recipient),
            peer_seq: None,
            line,
        };
        if recipient == sender {
            return self.whisper_to_self(sender, own);
        }
        if self.blocks.contains(&(recipient, sender)) {
            return Appended::Blocked;
        }
        if kept_at_most.is_some_and(|at_most| self.is_full(recipient, sender, at_most)) {
            return Appended::InboxFull;
        }
        let theirs = Row {
            sender,
            line_id: None,
            recipient: Some(recipient),
            peer: Some(sender),
            peer_seq: None,
            line: own.line.clone(),
        };
        let received = self.push(LogKey::Inbox(recipient), theirs);
        if kept_at_most.is_none() {
            self.delivered(recipient);
        }
        let own = Row {
            peer_seq: Some(received.seq),
            ..own
        };
        let sent = self.push(LogKey::Inbox(sender), own);
        self.delivered(sender);
        Appended::Whisper {
            sent,
            recipient,
            received,
        }
    }

    fn whisper_to_self(&mut self, user: UserId, row: Row) -> Appended {
        let sent = self.push(LogKey::Inbox(user), row);
        self.delivered(user);
        Appended::Whisper {
            received: sent.clone(),
            sent,
            recipient: user,
        }
    }

    /// Whether as many whispers wait as may, of this sender or of all.
    fn is_full(&self, user: UserId, sender: UserId, at_most: usize) -> bool {
        let whispers = self.waiting(user).filter(|row| {
            let kind = row.line.kind;
            matches!(kind, LineKind::Said | LineKind::Deleted) && row.sender != user
        });
        let waiting: Vec<_> = whispers.map(|row| row.sender).collect();
        let own = waiting.iter().filter(|other| **other == sender).count();
        let rows = self.logs.get(&LogKey::Inbox(user));
        let has_written = rows.is_some_and(|kept| {
            let with = kept.lines.values().rev().filter(|r| r.peer == Some(sender));
            let mut lately = with.take(WRITTEN_LATELY as usize);
            lately.any(|row| row.sender == user)
        });
        let all = if has_written {
            at_most
        } else {
            at_most.div_ceil(2)
        };
        own >= share_of_waiting(at_most) || waiting.len() >= all
    }

    /// Entries that an account has not been there for.
    fn waiting(&self, user: UserId) -> impl Iterator<Item = &Row> {
        let kept = self.logs.get(&LogKey::Inbox(user));
        kept.into_iter()
            .flat_map(|kept| kept.lines.range(kept.delivered_seq + 1..))
            .map(|(_, row)| row)
    }

    /// Entries of all kinds that an account has not been there for.
    pub(crate) fn undelivered(&self, user: UserId) -> Seq {
        let kept = self.logs.get(&LogKey::Inbox(user));
        kept.map_or(0, |kept| kept.last_seq - kept.delivered_seq)
    }

    pub(crate) fn waiting_from(&self, user: UserId, sender: UserId) -> u64 {
        self.waiting(user)
            .filter(|row| row.sender == sender)
            .count() as u64
    }

    pub(crate) fn delivered(&mut self, user: UserId) {
        if let Some(kept) = self.logs.get_mut(&LogKey::Inbox(user)) {
            kept.delivered_seq = kept.last_seq;
        }
    }

    /// The account's inbox. Every whisper in it counts as delivered from now on.
    pub fn open_inbox(&mut self, user: UserId) -> InboxState {
        self.delivered(user);
        let log = LogKey::Inbox(user);
        let (first_seq, last_seq) = self.bounds(&log);
        let mut newest: BTreeMap<UserId, Seq> = BTreeMap::new();
        if let Some(kept) = self.logs.get(&log) {
            for (seq, row) in &kept.lines {
                newest.extend(row.peer.map(|peer| (peer, *seq)));
            }
        }
        let mut newest: Vec<_> = newest.into_iter().collect();
        newest.sort_unstable_by_key(|(_, seq)| Reverse(*seq));
        let conversations = newest
            .into_iter()
            .take(CONVERSATIONS_LISTED as usize)
            .map(|(peer, last_seq)| {
                let read_seq = self.whisper_read_seq(user, peer);
                Conversation {
                    username: self.username(peer),
                    last_seq,
                    read_seq,
                    unread: self.unread(&log, user, Some(peer), read_seq),
                }
            })
            .collect();
        InboxState {
            first_seq,
            last_seq,
            conversations,
        }
    }

    fn whisper_read_seq(&self, user: UserId, peer: UserId) -> Seq {
        let marker = self.whisper_reads.get(&(user, peer));
        marker.copied().unwrap_or(0)
    }

    /// Moves a read marker on to `seq`, never back and never beyond the last line.
    /// Returns where it stands and the lines of others behind it, up to 1000.
    pub fn set_read(&mut self, user: UserId, log: Log, to: Seq) -> (Seq, u32) {
        match log {
            Log::Channel(channel) => {
                let Some(log) = self.log_to_speak_in(channel, user) else {
                    return (0, 0);
                };
                let to = to.min(self.bounds(&log).1);
                let read_seq = self.mark_channel(user, channel, to);
                (read_seq, self.unread(&log, user, None, read_seq))
            }
            Log::Whispers(_, peer) => self.mark_whispers(user, peer, to),
            Log::Inbox(_) => {
                let log = LogKey::Inbox(user);
                let rows = self.logs.get(&log).into_iter().flat_map(|kept| &kept.lines);
                let peers: BTreeSet<UserId> = rows.filter_map(|(_, row)| row.peer).collect();
                let to = to.min(self.bounds(&log).1);
                let marked: Vec<_> = peers
                    .into_iter()
                    .map(|peer| self.mark_whispers(user, peer, to))
                    .collect();
                let lowest = marked.iter().map(|(read_seq, _)| *read_seq).min();
                let unread: u32 = marked.iter().map(|(_, unread)| unread).sum();
                (lowest.unwrap_or(to), unread.min(UNREAD_COUNTED))
            }
        }
    }

    fn mark_whispers(&mut self, user: UserId, peer: UserId, to: Seq) -> (Seq, u32) {
        let log = LogKey::Inbox(user);
        let Some(kept) = self.logs.get(&log) else {
            return (0, 0);
        };
        let to = to.min(kept.last_seq);
        if !kept.lines.values().any(|row| row.peer == Some(peer)) {
            return (0, 0);
        }
        let marker = self.whisper_reads.entry((user, peer)).or_default();
        *marker = to.max(*marker);
        let read_seq = *marker;
        (read_seq, self.unread(&log, user, Some(peer), read_seq))
    }
}
