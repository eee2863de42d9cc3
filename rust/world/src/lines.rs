//! Lines: said, edited, deleted, read.

use std::collections::BTreeMap;

use longhall_packet::{ChannelName, Line, LineId, LineKind, Seq};

use crate::moderation::BY_OPERATOR;
use crate::records::{
    Appended, CHANGES_WAITING, ChannelId, Cursor, Log, LogAction, LogEntry, Page, SHARES,
    UNREAD_COUNTED, UNREAD_SEEN, UserId, forgotten,
};
use crate::{LogKey, World};

/// What a channel's name or an account has counted and kept.
#[derive(Clone, Default)]
pub(crate) struct Kept {
    pub(crate) last_seq: Seq,
    /// Of an inbox: whispers behind it wait.
    pub(crate) delivered_seq: Seq,
    pub(crate) lines: BTreeMap<Seq, Row>,
}

/// What makes a line the same line, said again: where, by whom, to whom if it is a
/// whisper, its id and its text.
pub(crate) type Identity = (LogKey, UserId, Option<UserId>, LineId, String);

#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) sender: UserId,
    pub(crate) line_id: Option<LineId>,
    /// Of a whisper: to whom.
    pub(crate) recipient: Option<UserId>,
    /// Of a whisper: the other side, as the inbox's owner sees it.
    pub(crate) peer: Option<UserId>,
    /// Of a whisper in its sender's inbox: its number in the recipient's.
    pub(crate) peer_seq: Option<Seq>,
    pub(crate) line: Line,
}

impl World {
    pub(crate) fn bounds(&self, log: &LogKey) -> (Seq, Seq) {
        let Some(kept) = self.logs.get(log) else {
            return (1, 0);
        };
        let first = kept.lines.keys().next().copied();
        (first.unwrap_or(kept.last_seq + 1), kept.last_seq)
    }

    pub(crate) fn unread(
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
            .filter(|(_, row)| match row.line.kind {
                LineKind::Said => row.sender != user && !self.blocks.contains(&(user, row.sender)),
                // No player's, and nobody's block hides it.
                LineKind::System => true,
                _ => false,
            });
        u32::try_from(unread.take(UNREAD_COUNTED as usize).count()).unwrap_or(UNREAD_COUNTED)
    }

    /// Writes an entry. Numbers count up from 1 in each channel and each inbox without
    /// holes.
    pub fn append(&mut self, entry: LogEntry) -> Appended {
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
            LogAction::Say {
                channel,
                line_id,
                text,
            } => {
                if let Some(before) = self.before(entry.sender, Ok(channel), line_id, &text) {
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
            LogAction::System { channel, text } => {
                let Some(name) = self.channels.get(&channel).map(|row| row.name.clone()) else {
                    return Appended::NotAMember;
                };
                let line = Line {
                    kind: LineKind::System,
                    sender: String::new(),
                    text,
                    ..line
                };
                let line = self.speak(&name, entry.sender, line);
                Appended::Line { line }
            }
            LogAction::Whisper {
                recipient,
                recipient_name,
                line_id,
                text,
                kept_at_most,
            } => {
                if let Some(before) = self.before(entry.sender, Err(recipient), line_id, &text) {
                    return before;
                }
                let line = Line {
                    recipient: Some(recipient_name),
                    text,
                    ..line
                };
                self.whisper(entry.sender, recipient, Some(line_id), line, kept_at_most)
            }
            LogAction::Edit {
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
            LogAction::Delete {
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

    /// The line that is said again, if it is kept.
    fn before(
        &self,
        sender: UserId,
        place: Result<ChannelId, UserId>,
        line_id: LineId,
        text: &str,
    ) -> Option<Appended> {
        let (log, recipient) = match place {
            Ok(channel) => {
                let name = self.channels.get(&channel)?.name.clone();
                (LogKey::Channel(name), None)
            }
            Err(recipient) => (LogKey::Inbox(sender), Some(recipient)),
        };
        let kept = self.logs.get(&log)?;
        let taken = (log, sender, recipient, line_id, text.to_owned());
        let row = kept.lines.get(self.taken.get(&taken)?)?;
        Some(Appended::Before {
            seq: row.line.seq,
            sent_at_ms: i64::try_from(row.line.sent_at_ms).unwrap_or(i64::MAX),
        })
    }

    pub(crate) fn log_to_speak_in(&self, channel: ChannelId, user: UserId) -> Option<LogKey> {
        let row = self.channels.get(&channel)?;
        self.is_member(channel, user)
            .then(|| LogKey::Channel(row.name.clone()))
    }

    /// Writes a line into a channel, whoever is in it.
    pub(crate) fn speak(&mut self, channel: &ChannelName, sender: UserId, line: Line) -> Line {
        let row = Row {
            sender,
            line_id: None,
            recipient: None,
            peer: None,
            peer_seq: None,
            line,
        };
        self.push(LogKey::Channel(channel.clone()), row)
    }

    /// Gives a line the next number.
    pub(crate) fn push(&mut self, log: LogKey, mut row: Row) -> Line {
        let kept = self.logs.entry(log.clone()).or_default();
        kept.last_seq += 1;
        row.line.seq = kept.last_seq;
        if let Some(line_id) = row.line_id {
            let text = row.line.text.clone();
            let taken = (log, row.sender, row.recipient, line_id, text);
            self.taken.insert(taken, kept.last_seq);
        }
        let line = row.line.clone();
        kept.lines.insert(kept.last_seq, row);
        line
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
                None if not_before_ms == BY_OPERATOR => match self.channels.get(&channel) {
                    Some(row) => LogKey::Channel(row.name.clone()),
                    None => return Appended::NotAMember,
                },
                None => return Appended::NotAMember,
            },
            None => LogKey::Inbox(sender),
        };
        let rows = self.logs.get(&log).map(|kept| &kept.lines);
        let is_edit = entry.kind == LineKind::Edit;
        let may_change = |row: &&Row| match row.line.kind {
            LineKind::Said => true,
            LineKind::System => !is_edit,
            _ => false,
        };
        let Some(target) = rows
            .and_then(|rows| rows.get(&of))
            .filter(|row| row.sender == sender && may_change(row))
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

    /// Reads a page of at most `limit` lines whose texts and names hold at most
    /// `max_bytes` bytes in all, but at least one line if there is any. In an inbox a
    /// hidden one stands for each that was forgotten from between others.
    pub fn lines(&self, log: Log, cursor: Cursor, limit: usize, max_bytes: usize) -> Page {
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
        let mut left = max_bytes;
        let mut lines: Vec<(UserId, Line)> = rows
            .into_iter()
            .take(limit.max(1))
            .enumerate()
            .take_while(|(position, (_, line))| {
                let names = [Some(&line.sender), line.recipient.as_ref()];
                let names: usize = names.into_iter().flatten().map(String::len).sum();
                let bytes = line.text.len() + names;
                let fits = *position == 0 || bytes <= left;
                // A first line that is too long leaves room for those without any text.
                left = left.saturating_sub(bytes);
                fits
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
        let sender = match row.line.kind {
            LineKind::System => String::new(),
            _ => self.username(row.sender),
        };
        Line {
            sender,
            recipient: row.recipient.map(|recipient| self.username(recipient)),
            ..row.line.clone()
        }
    }

    /// Forgets all lines of a log but not its numbers.
    pub(crate) fn forget_lines(&mut self, log: &LogKey) {
        if let Some(kept) = self.logs.get_mut(log) {
            kept.lines.clear();
        }
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
