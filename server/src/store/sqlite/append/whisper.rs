//! Whispers: a line in two inboxes, and how many may wait in one.

use longhall_packet::{Line, LineId, LineKind};
use rusqlite::Result;

use super::super::driver::Sqlite;
use super::super::recent_lines::{Identity, Place};
use super::super::{DELETED, DELETION, SAID, count, number, seq};
use super::{Batch, Inbox, Row, Sender, line_key};
use crate::store::sql::invitations;
use crate::store::{Appended, UserId, WRITTEN_LATELY, share_of_waiting};

/// Kinds of entries up to which they are whispers, deleted or not.
const WHISPERS: i64 = DELETED;
/// And up to which they are anything.
pub(super) const ANY: i64 = DELETION;

impl Batch<'_> {
    pub(super) fn whisper(
        &mut self,
        sender: Sender,
        (recipient, recipient_name): (UserId, String),
        line_id: LineId,
        text: String,
        kept_at_most: Option<usize>,
    ) -> Result<Appended> {
        let line = Identity {
            sender: sender.id,
            place: Place::Whisper(recipient.0),
            line_id,
            text: &text,
        };
        let hash = self.cache.recent_lines.hash_of(line);
        if let Some(before) = self.before(line, hash)? {
            return Ok(before);
        }
        let to_self = recipient == sender.id;
        if !to_self && invitations::is_blocked(&mut Sqlite(self.db), recipient, sender.id)? {
            return Ok(Appended::Blocked);
        }
        let theirs = self.inbox(recipient)?;
        if let Some(at_most) = kept_at_most
            && !to_self
            && self.is_full(recipient, theirs, sender.id, at_most)?
        {
            return Ok(Appended::InboxFull);
        }
        let received = if to_self {
            None
        } else {
            let row = Row {
                peer: Some(sender.id.0),
                text: &text,
                ..sender.row(SAID)
            };
            let received = self.insert(theirs.log, &row)?;
            if kept_at_most.is_none() {
                self.delivered(recipient, received);
            }
            Some(received)
        };
        let own = self.inbox(sender.id)?;
        let row = Row {
            line_id: Some(line_id),
            peer: Some(recipient.0),
            peer_seq: received,
            text: &text,
            ..sender.row(SAID)
        };
        let sent = self.insert(own.log, &row)?;
        let key = line_key(own.log, sent)?;
        self.cache.recent_lines.insert(hash, key);
        // The sender is there.
        self.delivered(sender.id, sent);
        let line = sender.line(sent, Some(recipient_name), text, LineKind::Said, None);
        Ok(whispered(line, recipient, received, None))
    }

    /// Whether as many whispers wait as may, of this sender or of all.
    fn is_full(
        &mut self,
        user: UserId,
        inbox: Inbox,
        sender: UserId,
        at_most: usize,
    ) -> Result<bool> {
        let share = count(share_of_waiting(at_most));
        // Edits and the like have numbers, too: only with enough of these it is
        // worth counting.
        let entries = self.last_seq(inbox.log)? - inbox.delivered_seq;
        if entries < share {
            return Ok(false);
        }
        if self.waiting_from(inbox, sender, share, WHISPERS)? >= share {
            return Ok(true);
        }
        let half = count(at_most.div_ceil(2));
        if entries < half {
            return Ok(false);
        }
        let at_most = if self.has_written_to(user, inbox, sender)? {
            count(at_most)
        } else {
            half
        };
        let waiting: i64 = self
            .db
            .prepare_cached(concat!(
                "SELECT count(*) FROM
                     (SELECT 1 FROM lines
                      WHERE id > ?2 AND id <",
                end_of_log!("?1"),
                "AND kind IN (?3, ?4) AND sender_id != ?5
                      LIMIT ?6)"
            ))?
            .query_row(
                (
                    inbox.log,
                    line_key(inbox.log, inbox.delivered_seq)?,
                    SAID,
                    DELETED,
                    user.0,
                    at_most,
                ),
                |row| row.get(0),
            )?;
        Ok(waiting >= at_most)
    }

    /// Entries of a sender that wait, up to a number; of kinds up to one.
    pub(super) fn waiting_from(
        &self,
        inbox: Inbox,
        sender: UserId,
        at_most: i64,
        kind: i64,
    ) -> Result<i64> {
        self.db
            .prepare_cached(
                "SELECT count(*) FROM
                     (SELECT 1 FROM lines INDEXED BY lines_by_peer
                      WHERE id >> 36 = ?1 AND peer_id = ?2 AND id > ?3
                        AND sender_id = ?2 AND kind <= ?4
                      LIMIT ?5)",
            )?
            .query_row(
                (
                    inbox.log,
                    sender.0,
                    line_key(inbox.log, inbox.delivered_seq)?,
                    kind,
                    at_most,
                ),
                |row| row.get(0),
            )
    }

    /// Whether the owner of an inbox has written to somebody lately.
    fn has_written_to(&self, owner: UserId, inbox: Inbox, other: UserId) -> Result<bool> {
        self.db
            .prepare_cached(
                "SELECT 1 FROM
                     (SELECT sender_id FROM lines INDEXED BY lines_by_peer
                      WHERE id >> 36 = ?1 AND peer_id = ?2 ORDER BY id DESC LIMIT ?4)
                 WHERE sender_id = ?3",
            )?
            .exists((inbox.log, other.0, owner.0, number(WRITTEN_LATELY)))
    }
}

/// A whisper as both sides get it. One to oneself is the same for both.
pub(super) fn whispered(
    sent: Line,
    recipient: UserId,
    received: Option<i64>,
    received_of: Option<i64>,
) -> Appended {
    let mut copy = sent.clone();
    if let Some(received) = received {
        copy.seq = seq(received);
        copy.of = received_of.map(seq);
    }
    Appended::Whisper {
        sent,
        recipient,
        received: copy,
    }
}
