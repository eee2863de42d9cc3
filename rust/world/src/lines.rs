//! Lines and whispers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use longhall_packet::{Conversation, InboxState, Line, LineId, LineKind, Seq};

use super::{LogKey, State};
use crate::store::{
    ANSWERS_SEEN, Appended, CHANGES_WAITING, CONVERSATIONS_LISTED, ChannelId, Cursor, Entry, Log,
    Page, Pruned, Retention, SHARES, Shrunk, UNREAD_COUNTED, UNREAD_SEEN, UserId, WRITTEN_LATELY,
    What, forgotten, share, share_of_waiting,
};

/// What a channel's name or an account has counted and kept.
#[derive(Default)]
pub(super) struct Kept {
    last_seq: Seq,
    /// Of an inbox: whispers behind it wait.
    delivered_seq: Seq,
    lines: BTreeMap<Seq, Row>,
}

struct Row {
    sender: UserId,
    line_id: Option<LineId>,
    /// Of a whisper: to whom.
    recipient: Option<UserId>,
    /// Of a whisper: the other side, as the inbox's owner sees it.
    peer: Option<UserId>,
    /// Of a whisper in its sender's inbox: its number in the recipient's.
    peer_seq: Option<Seq>,
    line: Line,
}

impl State {
    pub(super) fn bounds(&self, log: &LogKey) -> (Seq, Seq) {
        let Some(kept) = self.logs.get(log) else {
            return (1, 0);
        };
        let first = kept.lines.keys().next().copied();
        (first.unwrap_or(kept.last_seq + 1), kept.last_seq)
    }

    pub(super) fn unread(
        &self,
        log: &LogKey,
        user: UserId,
        peer: Option<UserId>,
        read_seq: Seq,
    ) -> u32 {
        let Some(kept) = self.logs.get(log) else {
            return 0;
        };
        let unread = kept
            .lines
            .range(read_seq.max(kept.last_seq.saturating_sub(UNREAD_SEEN)) + 1..)
            .filter(|(_, row)| peer.is_none() || row.peer == peer)
            .filter(|(_, row)| row.line.kind == LineKind::Said && row.sender != user)
            .filter(|(_, row)| !self.blocks.contains(&(user, row.sender)));
        u32::try_from(unread.take(UNREAD_COUNTED as usize).count()).unwrap_or(UNREAD_COUNTED)
    }

    pub(super) fn has_whispered(&self, from: UserId, to: UserId) -> bool {
        let kept = self.logs.get(&LogKey::Inbox(to));
        let whispers = kept.into_iter().flat_map(|kept| kept.lines.values().rev());
        whispers
            .filter(|row| row.peer == Some(from))
            .take(usize::from(ANSWERS_SEEN))
            .any(|row| row.sender == from)
    }

    pub(super) fn append(&mut self, entry: Entry) -> Appended {
        let line = Line {
            seq: 0,
            sender: entry.sender_name,
            recipient: None,
            text: String::new(),
            sent_at_ms: u64::try_from(entry.now_ms).unwrap_or(0),
            kind: LineKind::Said,
            edited_at_ms: None,
            of: None,
        };
        match entry.what {
            What::Say {
                channel,
                line_id,
                text,
            } => {
                if let Some(before) = self.before(entry.sender, line_id) {
                    return before;
                }
                let Some(log) = self.log_to_speak_in(channel, entry.sender) else {
                    return Appended::NotAMember;
                };
                let row = Row {
                    sender: entry.sender,
                    line_id: Some(line_id),
                    recipient: None,
                    peer: None,
                    peer_seq: None,
                    line: Line { text, ..line },
                };
                Appended::Line {
                    line: self.push(log, row),
                }
            }
            What::Whisper {
                recipient,
                recipient_name,
                line_id,
                text,
                kept_at_most,
            } => {
                let line = Line {
                    recipient: Some(recipient_name),
                    text,
                    ..line
                };
                self.before(entry.sender, line_id).unwrap_or_else(|| {
                    self.whisper(entry.sender, recipient, line_id, line, kept_at_most)
                })
            }
            What::Edit {
                channel,
                of,
                text,
                not_before_ms,
            } => {
                let line = Line {
                    kind: LineKind::Edit,
                    text,
                    ..line
                };
                self.change(entry.sender, channel, of, line, not_before_ms)
            }
            What::Delete {
                channel,
                of,
                not_before_ms,
            } => {
                let line = Line {
                    kind: LineKind::Deletion,
                    ..line
                };
                self.change(entry.sender, channel, of, line, not_before_ms)
            }
        }
    }

    fn before(&self, sender: UserId, line_id: LineId) -> Option<Appended> {
        let rows = self.logs.values().flat_map(|kept| kept.lines.values());
        let mut taken = rows.filter(|row| row.sender == sender && row.line_id == Some(line_id));
        taken.next().map(|row| Appended::Before {
            seq: row.line.seq,
            sent_at_ms: i64::try_from(row.line.sent_at_ms).unwrap_or(i64::MAX),
        })
    }

    fn log_to_speak_in(&self, channel: ChannelId, user: UserId) -> Option<LogKey> {
        let row = self.channels.get(&channel)?;
        self.is_member(channel, user)
            .then(|| LogKey::Channel(row.name.clone()))
    }

    /// Gives a line the next number.
    fn push(&mut self, log: LogKey, mut row: Row) -> Line {
        let kept = self.logs.entry(log).or_default();
        kept.last_seq += 1;
        row.line.seq = kept.last_seq;
        let line = row.line.clone();
        kept.lines.insert(kept.last_seq, row);
        line
    }

    fn whisper(
        &mut self,
        sender: UserId,
        recipient: UserId,
        line_id: LineId,
        line: Line,
        kept_at_most: Option<usize>,
    ) -> Appended {
        let own = Row {
            sender,
            line_id: Some(line_id),
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
    fn undelivered(&self, user: UserId) -> Seq {
        let kept = self.logs.get(&LogKey::Inbox(user));
        kept.map_or(0, |kept| kept.last_seq - kept.delivered_seq)
    }

    fn waiting_from(&self, user: UserId, sender: UserId) -> u64 {
        self.waiting(user)
            .filter(|row| row.sender == sender)
            .count() as u64
    }

    fn delivered(&mut self, user: UserId) {
        if let Some(kept) = self.logs.get_mut(&LogKey::Inbox(user)) {
            kept.delivered_seq = kept.last_seq;
        }
    }

    /// Edits or deletes a line by `entry`, which says which.
    fn change(
        &mut self,
        sender: UserId,
        channel: Option<ChannelId>,
        of: Seq,
        entry: Line,
        not_before_ms: i64,
    ) -> Appended {
        let log = match channel {
            Some(channel) => match self.log_to_speak_in(channel, sender) {
                Some(log) => log,
                None => return Appended::NotAMember,
            },
            None => LogKey::Inbox(sender),
        };
        let rows = self.logs.get(&log).map(|kept| &kept.lines);
        let Some(target) = rows
            .and_then(|rows| rows.get(&of))
            .filter(|row| row.sender == sender && row.line.kind == LineKind::Said)
        else {
            return Appended::UnknownLine;
        };
        let said_ms = i64::try_from(target.line.sent_at_ms).unwrap_or(i64::MAX);
        let now_ms = i64::try_from(entry.sent_at_ms).unwrap_or(i64::MAX);
        // The clock may have been ahead.
        let not_after_ms = now_ms.saturating_add(now_ms.saturating_sub(not_before_ms));
        if !(not_before_ms..=not_after_ms).contains(&said_ms) {
            return Appended::TooLate;
        }
        let (peer, peer_seq) = (target.peer, target.peer_seq);
        let recipient = peer.filter(|peer| *peer != sender);
        let is_edit = entry.kind == LineKind::Edit;
        if let Some(recipient) = recipient
            && is_edit
            && self.blocks.contains(&(recipient, sender))
        {
            return Appended::Blocked;
        }
        if let Some(recipient) = recipient
            && is_edit
            && (self.undelivered(recipient) >= CHANGES_WAITING
                || self.waiting_from(recipient, sender) >= CHANGES_WAITING / SHARES as u64)
        {
            return Appended::InboxFull;
        }
        let whispered_to = peer;
        let row = |peer: Option<UserId>, of: Seq, entry: Line| Row {
            sender,
            line_id: None,
            recipient: whispered_to,
            peer,
            peer_seq: None,
            line: Line {
                of: Some(of),
                ..entry
            },
        };
        let entry = Line {
            recipient: peer.map(|peer| self.username(peer)),
            ..entry
        };
        self.change_row(&log, of, &entry);
        let sent = self.push(log, row(peer, of, entry.clone()));
        let received = recipient.zip(peer_seq).map(|(recipient, peer_seq)| {
            let theirs = LogKey::Inbox(recipient);
            self.change_row(&theirs, peer_seq, &entry);
            self.push(theirs, row(Some(sender), peer_seq, entry))
        });
        match peer {
            None => Appended::Line { line: sent },
            Some(recipient) => {
                self.delivered(sender);
                Appended::Whisper {
                    received: received.unwrap_or_else(|| sent.clone()),
                    sent,
                    recipient,
                }
            }
        }
    }

    fn change_row(&mut self, log: &LogKey, of: Seq, entry: &Line) {
        let Some(kept) = self.logs.get_mut(log) else {
            return;
        };
        let is_edit = entry.kind == LineKind::Edit;
        if let Some(row) = kept.lines.get_mut(&of) {
            row.line.text.clone_from(&entry.text);
            row.line.edited_at_ms = is_edit.then_some(entry.sent_at_ms);
            if !is_edit {
                row.line.kind = LineKind::Deleted;
            }
        }
        if !is_edit {
            for row in kept.lines.values_mut().filter(|r| r.line.of == Some(of)) {
                row.line.text.clear();
                row.line.kind = LineKind::Deletion;
            }
        }
    }

    pub(super) fn lines(&self, log: Log, cursor: Cursor, limit: usize, max_bytes: usize) -> Page {
        let (key, peer) = match log {
            Log::Channel(channel) => match self.channels.get(&channel) {
                Some(row) => (LogKey::Channel(row.name.clone()), None),
                None => (LogKey::Inbox(UserId(0)), None),
            },
            Log::Inbox(user) => (LogKey::Inbox(user), None),
            Log::Whispers(user, peer) => (LogKey::Inbox(user), Some(peer)),
        };
        let (first_seq, last_seq) = self.bounds(&key);
        let rows = self.logs.get(&key).into_iter().flat_map(|kept| &kept.lines);
        let mut rows: Vec<(UserId, Line)> = rows
            .filter(|(_, row)| peer.is_none() || row.peer == peer)
            .map(|(_, row)| (row.sender, self.named(row)))
            .collect();
        if matches!(log, Log::Inbox(_)) {
            fill(&mut rows);
        }
        rows.retain(|(_, line)| match cursor {
            Cursor::Newest => true,
            Cursor::After(after) => line.seq > after,
            Cursor::Before(before) => line.seq < before,
        });
        let is_forward = matches!(cursor, Cursor::After(_));
        if !is_forward {
            rows.reverse();
        }
        let all = rows.len();
        let mut bytes = 0;
        let mut lines: Vec<(UserId, Line)> = rows
            .into_iter()
            .take(limit.max(1))
            .enumerate()
            .take_while(|(position, (_, line))| {
                let names = [Some(&line.sender), line.recipient.as_ref()];
                let names: usize = names.into_iter().flatten().map(String::len).sum();
                bytes += line.text.len() + names;
                *position == 0 || bytes <= max_bytes
            })
            .map(|(_, row)| row)
            .collect();
        let more = lines.len() < all;
        if !is_forward {
            lines.reverse();
        }
        Page {
            first_seq,
            last_seq,
            lines,
            more,
        }
    }

    /// A line with the names of today.
    fn named(&self, row: &Row) -> Line {
        Line {
            sender: self.username(row.sender),
            recipient: row.recipient.map(|recipient| self.username(recipient)),
            ..row.line.clone()
        }
    }

    pub(super) fn open_inbox(&mut self, user: UserId) -> InboxState {
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

    pub(super) fn set_read(&mut self, user: UserId, log: Log, to: Seq) -> (Seq, u32) {
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

    /// Forgets all lines of a log but not its numbers.
    pub(super) fn forget_lines(&mut self, log: &LogKey) {
        if let Some(kept) = self.logs.get_mut(log) {
            kept.lines.clear();
        }
    }

    pub(super) fn prune(&mut self, retention: Retention) -> Pruned {
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

    pub(super) fn shrink(&mut self, max_bytes: u64) -> Shrunk {
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

/// Puts a hidden entry in the place of each that is missing between others.
fn fill(rows: &mut Vec<(UserId, Line)>) {
    let mut filled: Vec<(UserId, Line)> = Vec::new();
    for (sender, line) in rows.drain(..) {
        let next = filled.last().map_or(line.seq, |(_, before)| before.seq + 1);
        filled.extend((next..line.seq).map(forgotten));
        filled.push((sender, line));
    }
    *rows = filled;
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
