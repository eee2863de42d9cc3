//! Edits and deletions of lines.

use longhall_packet::{LineKind, Seq};
use rusqlite::{OptionalExtension, Result};

use super::super::driver::Sqlite;
use super::super::keys::{MAX_SEQ, line_key, seq_of};
use super::super::{DELETED, DELETION, EDIT, SAID, SYSTEM, count, number};
use super::whisper::{ANY, whispered};
use super::{Batch, Row, Sender};
use crate::store::sql::{channels, invitations, users};
use crate::store::{Appended, BY_OPERATOR, CHANGES_WAITING, ChannelId, SHARES, UserId};

/// A line to edit or delete.
struct Target {
    key: i64,
    sent_at_ms: i64,
    /// Of a whisper: to whom, and its number in that inbox.
    peer: Option<(UserId, i64)>,
}

impl Batch<'_> {
    /// Edits a line, or deletes it when there is no text.
    pub(super) fn change(
        &mut self,
        sender: Sender,
        channel: Option<ChannelId>,
        of: Seq,
        text: Option<&str>,
        not_before_ms: i64,
    ) -> Result<Appended> {
        let log = match channel {
            Some(channel) => {
                let log = match self.cache.log_to_speak_in(self.db, channel, sender.id)? {
                    None if not_before_ms == BY_OPERATOR => {
                        channels::log(&mut Sqlite(self.db), channel)?
                    }
                    log => log,
                };
                match log {
                    Some(log) => log,
                    None => return Ok(Appended::NotAMember),
                }
            }
            None => self.inbox(sender.id)?.log,
        };
        let is_edit = text.is_some();
        let Some(target) = self.target(log, of, sender.id, is_edit)? else {
            return Ok(Appended::UnknownLine);
        };
        // The clock may have been ahead.
        let not_after_ms = sender
            .now_ms
            .saturating_add(sender.now_ms.saturating_sub(not_before_ms));
        if !(not_before_ms..=not_after_ms).contains(&target.sent_at_ms) {
            return Ok(Appended::TooLate);
        }
        // An edit is a way to say something; a deletion is not.
        if let Some((peer, _)) = target.peer
            && text.is_some()
            && peer != sender.id
            && invitations::is_blocked(&mut Sqlite(self.db), peer, sender.id)?
        {
            return Ok(Appended::Blocked);
        }
        // Edits make older whispers go, as all that is in an inbox.
        if let Some((peer, _)) = target.peer
            && text.is_some()
            && peer != sender.id
        {
            let theirs = self.inbox(peer)?;
            let waiting = self.last_seq(theirs.log)? - theirs.delivered_seq;
            let share = number(CHANGES_WAITING) / count(SHARES);
            if waiting >= number(CHANGES_WAITING)
                || waiting >= share && self.waiting_from(theirs, sender.id, share, ANY)? >= share
            {
                return Ok(Appended::InboxFull);
            }
        }
        let kind = if text.is_some() {
            LineKind::Edit
        } else {
            LineKind::Deletion
        };
        let new_text = text.unwrap_or_default();
        let row = |of_id, peer: Option<UserId>| Row {
            of_id: Some(of_id),
            peer: peer.map(|peer| peer.0),
            text: new_text,
            ..sender.row(if text.is_some() { EDIT } else { DELETION })
        };

        self.change_row(target.key, text, sender.now_ms)?;
        let peer = target.peer.map(|(peer, _)| peer);
        let number = self.insert(log, &row(target.key, peer))?;
        let of_seq = Some(seq_of(target.key));
        let Some((peer, peer_seq)) = target.peer else {
            let line = sender.line(number, None, new_text.to_owned(), kind, of_seq);
            return Ok(Appended::Line { line });
        };
        let received = if peer == sender.id {
            None
        } else {
            let theirs = self.inbox(peer)?;
            let their_key = line_key(theirs.log, peer_seq)?;
            self.change_row(their_key, text, sender.now_ms)?;
            Some(self.insert(theirs.log, &row(their_key, Some(sender.id)))?)
        };
        self.delivered(sender.id, number);
        let peer_name = users::by_id(&mut Sqlite(self.db), peer)?
            .ok_or(rusqlite::Error::QueryReturnedNoRows)?
            .username;
        let line = sender.line(number, Some(peer_name), new_text.to_owned(), kind, of_seq);
        Ok(whispered(line, peer, received, Some(peer_seq)))
    }

    /// Changes a line in place. Of one that is deleted no text stays anywhere:
    /// its edits become deletions, too.
    fn change_row(&self, key: i64, text: Option<&str>, now_ms: i64) -> Result<()> {
        if let Some(text) = text {
            self.db
                .prepare_cached("UPDATE lines SET text = ?2, edited_at_ms = ?3 WHERE id = ?1")?
                .execute((key, text, now_ms))?;
            return Ok(());
        }
        self.db
            .prepare_cached(
                "UPDATE lines SET text = '', edited_at_ms = NULL, kind = ?2 WHERE id = ?1",
            )?
            .execute((key, DELETED))?;
        self.db
            .prepare_cached("UPDATE lines SET text = '', kind = ?2 WHERE of_id = ?1")?
            .execute((key, DELETION))?;
        Ok(())
    }

    /// A line of the sender's own that is not deleted. One of the game's is not edited.
    fn target(&self, log: i64, of: Seq, sender: UserId, is_edit: bool) -> Result<Option<Target>> {
        let other = if is_edit { SAID } else { SYSTEM };
        let of = number(of);
        if of > MAX_SEQ {
            return Ok(None);
        }
        let key = line_key(log, of)?;
        self.db
            .prepare_cached(
                "SELECT sent_at_ms, peer_id, peer_seq FROM lines
                 WHERE id = ?1 AND sender_id = ?2 AND kind IN (?3, ?4)",
            )?
            .query_row((key, sender.0, SAID, other), |row| {
                let peer: Option<i64> = row.get(1)?;
                let peer_seq: Option<i64> = row.get(2)?;
                Ok(Target {
                    key,
                    sent_at_ms: row.get(0)?,
                    // A whisper to oneself is there once.
                    peer: peer.map(|peer| (UserId(peer), peer_seq.unwrap_or(of))),
                })
            })
            .optional()
    }
}
