//! Writing lines, whispers, edits and deletions.

use std::collections::HashMap;

use longhall_packet::{Line, LineId, LineKind, Seq};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Result};

use super::keys::{MAX_SEQ, line_key, seq_of};
use super::ledger::Ledger;
use super::recent_lines::{Identity, Place};
use super::{DELETED, DELETION, EDIT, SAID, channels, count, invitations, number, seq};
use crate::store::{
    Appended, CHANGES_WAITING, ChannelId, Entry, SHARES, UserId, WRITTEN_LATELY, What,
    share_of_waiting,
};

/// Kinds of entries up to which they are whispers, deleted or not.
const WHISPERS: i64 = DELETED;
/// And up to which they are anything.
const ANY: i64 = DELETION;

/// Applies entries in their order. Whatever fails fails all of them, so that
/// the numbers taken here come to be only together with their lines.
pub(super) fn append(
    db: &Connection,
    ledger: &mut Ledger,
    entries: Vec<Entry>,
) -> Result<Vec<Appended>> {
    let mut batch = Batch {
        db,
        ledger,
        say: db.prepare_cached(SAY)?,
        inboxes: HashMap::new(),
    };
    let mut all = Vec::with_capacity(entries.len());
    for entry in entries {
        all.push(batch.apply(entry)?);
    }
    batch.finish()?;
    Ok(all)
}

/// What most entries are: said in a channel.
const SAY: &str = "INSERT INTO lines (id, sender_id, kind, sent_at_ms, line_id, text)
    VALUES (?1, ?2, 0, ?3, ?4, ?5)";
const INSERT: &str = "INSERT INTO lines
        (id, sender_id, kind, sent_at_ms, line_id, of_id, peer_id, peer_seq, text)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

/// What one call has looked up and changed so far.
struct Batch<'db> {
    db: &'db Connection,
    ledger: &'db mut Ledger,
    say: CachedStatement<'db>,
    inboxes: HashMap<UserId, Inbox>,
}

#[derive(Clone, Copy)]
struct Inbox {
    log: i64,
    delivered_seq: i64,
    is_moved: bool,
}

/// A row of `lines` to insert.
#[derive(Default)]
struct Row<'a> {
    sender: i64,
    kind: i64,
    sent_at_ms: i64,
    line_id: Option<LineId>,
    of_id: Option<i64>,
    peer: Option<i64>,
    peer_seq: Option<i64>,
    text: &'a str,
}

/// A line to edit or delete.
struct Target {
    key: i64,
    sent_at_ms: i64,
    /// Of a whisper: to whom, and its number in that inbox.
    peer: Option<(UserId, i64)>,
}

/// The part of an [`Entry`] that all kinds have.
struct Sender {
    id: UserId,
    name: String,
    now_ms: i64,
}

impl Batch<'_> {
    fn apply(&mut self, entry: Entry) -> Result<Appended> {
        let sender = Sender {
            id: entry.sender,
            name: entry.sender_name,
            now_ms: entry.now_ms,
        };
        match entry.what {
            What::Say {
                channel,
                line_id,
                text,
            } => self.say(sender, channel, line_id, text),
            What::Whisper {
                recipient,
                recipient_name,
                line_id,
                text,
                kept_at_most,
            } => self.whisper(
                sender,
                (recipient, recipient_name),
                line_id,
                text,
                kept_at_most,
            ),
            What::Edit {
                channel,
                of,
                text,
                not_before_ms,
            } => self.change(sender, channel, of, Some(&text), not_before_ms),
            What::Delete {
                channel,
                of,
                not_before_ms,
            } => self.change(sender, channel, of, None, not_before_ms),
        }
    }

    /// Notes how far inboxes were delivered.
    fn finish(self) -> Result<()> {
        if self.inboxes.is_empty() {
            return Ok(());
        }
        let mut delivered = self
            .db
            .prepare_cached("UPDATE inboxes SET delivered_seq = ?2 WHERE user_id = ?1")?;
        for (user, inbox) in self.inboxes {
            if inbox.is_moved {
                delivered.execute((user.0, inbox.delivered_seq))?;
            }
        }
        Ok(())
    }

    fn say(
        &mut self,
        sender: Sender,
        channel: ChannelId,
        line_id: LineId,
        text: String,
    ) -> Result<Appended> {
        let may_speak_in = self.ledger.log_to_speak_in(self.db, channel, sender.id)?;
        // Who has left may hear that a line was taken before.
        let log = match may_speak_in {
            Some(log) => Some(log),
            None => channels::log(self.db, channel)?,
        };
        let Some(log) = log else {
            return Ok(Appended::NotAMember);
        };
        let line = Identity {
            sender: sender.id,
            place: Place::Log(log),
            line_id,
            text: &text,
        };
        let hash = self.ledger.recent_lines.hash_of(line);
        if let Some(before) = self.before(line, hash)? {
            return Ok(before);
        }
        if may_speak_in.is_none() {
            return Ok(Appended::NotAMember);
        }
        let seq = self.last_seq(log)? + 1;
        let key = line_key(log, seq)?;
        self.say
            .execute((key, sender.id.0, sender.now_ms, number(line_id), &text))?;
        self.ledger.added(log, seq, key);
        self.ledger.recent_lines.insert(hash, key);
        Ok(Appended::Line {
            line: sender.line(seq, None, text, LineKind::Said, None),
        })
    }

    fn whisper(
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
        let hash = self.ledger.recent_lines.hash_of(line);
        if let Some(before) = self.before(line, hash)? {
            return Ok(before);
        }
        let to_self = recipient == sender.id;
        if !to_self && invitations::is_blocked(self.db, recipient, sender.id)? {
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
        self.ledger.recent_lines.insert(hash, key);
        // Whoever speaks is there.
        self.delivered(sender.id, sent);
        let line = sender.line(sent, Some(recipient_name), text, LineKind::Said, None);
        Ok(whispered(line, recipient, received, None))
    }

    /// Edits a line, or deletes it when there is no text.
    fn change(
        &mut self,
        sender: Sender,
        channel: Option<ChannelId>,
        of: Seq,
        text: Option<&str>,
        not_before_ms: i64,
    ) -> Result<Appended> {
        let log = match channel {
            Some(channel) => match self.ledger.log_to_speak_in(self.db, channel, sender.id)? {
                Some(log) => log,
                None => return Ok(Appended::NotAMember),
            },
            None => self.inbox(sender.id)?.log,
        };
        let Some(target) = self.target(log, of, sender.id)? else {
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
            && invitations::is_blocked(self.db, peer, sender.id)?
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
        let peer_name = super::users::by_id(self.db, peer)?
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

    /// A line of the sender's own that is not deleted.
    fn target(&self, log: i64, of: Seq, sender: UserId) -> Result<Option<Target>> {
        let of = number(of);
        if of > MAX_SEQ {
            return Ok(None);
        }
        let key = line_key(log, of)?;
        self.db
            .prepare_cached(
                "SELECT sent_at_ms, peer_id, peer_seq FROM lines
                 WHERE id = ?1 AND sender_id = ?2 AND kind = ?3",
            )?
            .query_row((key, sender.0, SAID), |row| {
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

    /// The line that is said again.
    fn before(&self, line: Identity<'_>, hash: u64) -> Result<Option<Appended>> {
        let found = self.ledger.recent_lines.find(self.db, line, hash)?;
        Ok(found.map(|found| Appended::Before {
            seq: seq(found.seq),
            sent_at_ms: found.sent_at_ms,
        }))
    }

    /// Inserts a row at the end of a log and returns its number there.
    fn insert(&mut self, log: i64, row: &Row<'_>) -> Result<i64> {
        let seq = self.last_seq(log)? + 1;
        let key = line_key(log, seq)?;
        self.db.prepare_cached(INSERT)?.execute((
            key,
            row.sender,
            row.kind,
            row.sent_at_ms,
            row.line_id.map(number),
            row.of_id,
            row.peer,
            row.peer_seq,
            row.text,
        ))?;
        self.ledger.added(log, seq, key);
        Ok(seq)
    }

    fn last_seq(&mut self, log: i64) -> Result<i64> {
        self.ledger.last_seq(self.db, log)
    }

    /// The account's inbox, made if need be.
    fn inbox(&mut self, user: UserId) -> Result<Inbox> {
        if let Some(inbox) = self.inboxes.get(&user) {
            return Ok(*inbox);
        }
        let found = self
            .db
            .prepare_cached("SELECT log_id, delivered_seq FROM inboxes WHERE user_id = ?1")?
            .query_row([user.0], |row| {
                Ok(Inbox {
                    log: row.get(0)?,
                    delivered_seq: row.get(1)?,
                    is_moved: false,
                })
            })
            .optional()?;
        let inbox = if let Some(inbox) = found {
            inbox
        } else {
            let log = self
                .db
                .prepare_cached("INSERT INTO logs DEFAULT VALUES RETURNING id")?
                .query_row([], |row| row.get(0))?;
            self.db
                .prepare_cached("INSERT INTO inboxes (user_id, log_id) VALUES (?1, ?2)")?
                .execute((user.0, log))?;
            Inbox {
                log,
                delivered_seq: 0,
                is_moved: false,
            }
        };
        self.inboxes.insert(user, inbox);
        Ok(inbox)
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
    fn waiting_from(&self, inbox: Inbox, sender: UserId, at_most: i64, kind: i64) -> Result<i64> {
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

    fn delivered(&mut self, user: UserId, seq: i64) {
        if let Some(inbox) = self.inboxes.get_mut(&user) {
            inbox.delivered_seq = seq;
            inbox.is_moved = true;
        }
    }
}

impl Sender {
    fn row(&self, kind: i64) -> Row<'static> {
        Row {
            sender: self.id.0,
            kind,
            sent_at_ms: self.now_ms,
            ..Row::default()
        }
    }

    fn line(
        self,
        number: i64,
        recipient: Option<String>,
        text: String,
        kind: LineKind,
        of: Option<i64>,
    ) -> Line {
        Line {
            seq: seq(number),
            sender: self.name,
            recipient,
            text,
            sent_at_ms: seq(self.now_ms),
            kind,
            edited_at_ms: None,
            of: of.map(seq),
        }
    }
}

/// A whisper as both sides get it. One to oneself is the same for both.
fn whispered(
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
