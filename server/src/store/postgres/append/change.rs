//! Edits and deletions of lines.

use longhall_packet::{LineKind, Seq};

use super::super::keys::{
    DELETED, DELETION, EDIT, MAX_SEQ, SAID, SYSTEM, line_key, number, seq_of,
};
use super::batch::{Batch, Changed, Row, Sender, whispered};
use super::facts::{Target, said_hash};
use crate::store::{Appended, BY_OPERATOR, ChannelId};

impl Batch {
    /// Edits a line, or deletes it when there is no text.
    pub(super) fn change(
        &mut self,
        sender: Sender,
        channel: Option<ChannelId>,
        of: Seq,
        text: Option<String>,
        not_before_ms: i64,
    ) -> Appended {
        let log = match channel {
            Some(channel) => match self.facts.speakers.get(&(channel.0, sender.id)) {
                Some((log, true)) => *log,
                Some((log, false)) if not_before_ms == BY_OPERATOR => *log,
                Some((_, false)) | None => return Appended::NotAMember,
            },
            None => match self.facts.inboxes.of(sender.id) {
                Some(inbox) => inbox.log,
                None => return Appended::UnknownLine,
            },
        };
        let key = line_key(log, number(of).min(MAX_SEQ));
        let Some(target) = self.target(key, sender.id, text.is_some()) else {
            return Appended::UnknownLine;
        };
        // The clock may have been ahead.
        let not_after_ms = sender
            .now_ms
            .saturating_add(sender.now_ms.saturating_sub(not_before_ms));
        if !(not_before_ms..=not_after_ms).contains(&target.sent_at_ms) {
            return Appended::TooLate;
        }
        let kind = if text.is_some() { EDIT } else { DELETION };
        let shown_kind = if text.is_some() {
            LineKind::Edit
        } else {
            LineKind::Deletion
        };
        let of_seq = Some(seq_of(key));
        let Some(peer) = target.peer else {
            self.change_row(key, text.as_deref(), sender.now_ms);
            let number = self.push_to_channel(log);
            let text = text.unwrap_or_default();
            let row = Row {
                of_key: Some(key),
                text: text.clone(),
                ..sender.row(kind)
            };
            self.insert(log, number, row);
            return Appended::Line {
                line: sender.line(number, None, text, shown_kind, of_seq),
            };
        };

        let inboxes = &self.facts.inboxes;
        let name = inboxes.name_of(peer).cloned();
        let Some((theirs, name)) = inboxes.of(peer).map(|inbox| inbox.log).zip(name) else {
            // It came to be after the batch was looked through.
            return Appended::UnknownLine;
        };
        let to_self = peer == sender.id;
        // An edit is a way to say something; a deletion is not.
        if text.is_some() && !to_self {
            if inboxes.is_blocked(peer, sender.id) {
                return Appended::Blocked;
            }
            // Edits make older whispers go, as all that is in an inbox.
            if inboxes.is_full_of_changes(peer, sender.id) {
                return Appended::InboxFull;
            }
        }
        // A whisper to oneself is there once.
        let peer_seq = target.peer_seq.unwrap_or(seq_of(key));
        let their_key = line_key(theirs, peer_seq);
        self.change_row(key, text.as_deref(), sender.now_ms);
        let sent = self.facts.inboxes.push(sender.id, sender.id, peer, false);
        let received = (!to_self).then(|| {
            self.change_row(their_key, text.as_deref(), sender.now_ms);
            self.facts.inboxes.push(peer, sender.id, sender.id, false)
        });
        self.facts.inboxes.deliver(sender.id);
        let text = text.unwrap_or_default();
        let row = |of_key, peer| Row {
            of_key: Some(of_key),
            peer: Some(peer),
            text: text.clone(),
            ..sender.row(kind)
        };
        let (own, copy) = (row(key, peer), row(their_key, sender.id));
        self.insert(log, sent, own);
        if let Some(received) = received {
            self.insert(theirs, received, copy);
        }
        let line = sender.line(sent, Some(name), text, shown_kind, of_seq);
        whispered(line, peer, received, Some(peer_seq))
    }

    /// A line of the sender's own that is not deleted. One of the game's is not edited.
    fn target(&self, key: i64, sender: i64, is_edit: bool) -> Option<Target> {
        let target = match self.row(key) {
            Some(row) => Target {
                sender: row.sender,
                kind: row.kind,
                sent_at_ms: row.sent_at_ms,
                peer: row.peer,
                peer_seq: row.peer_seq,
            },
            None => *self.facts.targets.get(&key)?,
        };
        let may_change = target.kind == SAID || target.kind == SYSTEM && !is_edit;
        (target.sender == sender && may_change).then_some(target)
    }

    /// Changes a line in place. Of one that is deleted no text stays anywhere: its edits
    /// become deletions, too.
    fn change_row(&mut self, key: i64, text: Option<&str>, now_ms: i64) {
        let kind = if text.is_some() { SAID } else { DELETED };
        let edited_at_ms = text.map(|_| now_ms);
        let text = text.unwrap_or_default().to_owned();
        if let Some(row) = self.row_mut(key) {
            row.said_hash = row.said_hash.or(Some(said_hash(&row.text)));
            row.kind = kind;
            row.edited_at_ms = edited_at_ms;
            row.text = text;
        } else {
            if let Some(target) = self.facts.targets.get_mut(&key) {
                target.kind = kind;
            }
            if kind == DELETED {
                self.deleted.push(key);
            }
            let changed = Changed {
                kind,
                edited_at_ms,
                text,
            };
            self.changed.insert(key, changed);
        }
        if kind == DELETED {
            for row in &mut self.rows {
                if row.of_key == Some(key) {
                    row.kind = DELETION;
                    row.text.clear();
                }
            }
        }
    }
}
