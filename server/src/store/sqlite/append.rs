//! Writing lines, whispers, edits and deletions.

mod change;
mod whisper;

use std::collections::HashMap;

use longhall_packet::{Line, LineId, LineKind};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Result};

use super::driver::Sqlite;
use super::keys::line_key;
use super::recent_lines::{Identity, Place};
use super::writer_cache::WriterCache;
use super::{SYSTEM, number, seq};
use crate::store::sql::channels;
use crate::store::{Appended, ChannelId, LogAction, LogEntry, UserId};

/// Applies entries in their order. Whatever fails fails all of them, so that
/// the numbers taken here come to be only together with their lines.
pub(super) fn append(
    db: &Connection,
    cache: &mut WriterCache,
    entries: Vec<LogEntry>,
) -> Result<Vec<Appended>> {
    cache.wait_for_recent_lines(db)?;
    let mut batch = Batch {
        db,
        cache,
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
    cache: &'db mut WriterCache,
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

/// The part of an [`LogEntry`] that all kinds have.
struct Sender {
    id: UserId,
    name: String,
    now_ms: i64,
}

impl Batch<'_> {
    fn apply(&mut self, entry: LogEntry) -> Result<Appended> {
        let sender = Sender {
            id: entry.sender,
            name: entry.sender_name,
            now_ms: entry.now_ms,
        };
        match entry.what {
            LogAction::Say {
                channel,
                line_id,
                text,
            } => self.say(sender, channel, line_id, text),
            LogAction::System { channel, text } => self.say_as_system(&sender, channel, &text),
            LogAction::Whisper {
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
            LogAction::Edit {
                channel,
                of,
                text,
                not_before_ms,
            } => self.change(sender, channel, of, Some(&text), not_before_ms),
            LogAction::Delete {
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
        let may_speak_in = self.cache.log_to_speak_in(self.db, channel, sender.id)?;
        // A member who has left may hear that a line was taken before.
        let log = match may_speak_in {
            Some(log) => Some(log),
            None => channels::log(&mut Sqlite(self.db), channel)?,
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
        let hash = self.cache.recent_lines.hash_of(line);
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
        self.cache.added(log, seq, key);
        self.cache.recent_lines.insert(hash, key);
        Ok(Appended::Line {
            line: sender.line(seq, None, text, LineKind::Said, None),
        })
    }

    /// A line of the game's: no player's, and so nobody's to be in the channel.
    fn say_as_system(
        &mut self,
        sender: &Sender,
        channel: ChannelId,
        text: &str,
    ) -> Result<Appended> {
        let Some(log) = channels::log(&mut Sqlite(self.db), channel)? else {
            return Ok(Appended::NotAMember);
        };
        let row = Row {
            text,
            ..sender.row(SYSTEM)
        };
        let seq = self.insert(log, &row)?;
        let nobody = Sender {
            id: sender.id,
            name: String::new(),
            now_ms: sender.now_ms,
        };
        let line = nobody.line(seq, None, text.to_owned(), LineKind::System, None);
        Ok(Appended::Line { line })
    }

    /// The line that is said again.
    fn before(&self, line: Identity<'_>, hash: u64) -> Result<Option<Appended>> {
        let found = self.cache.recent_lines.find(self.db, line, hash)?;
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
        self.cache.added(log, seq, key);
        Ok(seq)
    }

    fn last_seq(&mut self, log: i64) -> Result<i64> {
        self.cache.last_seq(self.db, log)
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
