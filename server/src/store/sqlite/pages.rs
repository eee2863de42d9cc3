//! Reading lines.

use std::ops::ControlFlow;

use longhall_packet::{Line, LineKind};
use rusqlite::{Connection, OptionalExtension, Result, Row, named_params};

use super::{DELETED, EDIT, SAID, channels, count, number, seq};
use crate::store::{Cursor, Log, Page, UserId};

/// A page of the rows that meet a condition, in the order given.
macro_rules! select_lines {
    ($condition:literal) => {
        concat!(
            "SELECT lines.seq, lines.sender_id, sender.username, lines.text, lines.sent_at_ms,
                    lines.kind, lines.edited_at_ms, lines.of_seq, lines.peer_id, peer.username
             FROM lines
             CROSS JOIN users AS sender ON sender.id = lines.sender_id
             LEFT JOIN users AS peer ON peer.id = lines.peer_id
             WHERE lines.log_id = :log AND ",
            $condition,
            " LIMIT :limit"
        )
    };
}

pub(super) fn lines(
    db: &Connection,
    log: Log,
    cursor: Cursor,
    limit: usize,
    max_bytes: usize,
) -> Result<Page> {
    let (log_id, owner, peer) = match log {
        Log::Channel(channel) => (channels::log(db, channel)?, None, None),
        Log::Inbox(user) => (inbox_log(db, user)?, Some(user), None),
        Log::Whispers(user, peer) => (inbox_log(db, user)?, Some(user), Some(peer)),
    };
    let Some(log_id) = log_id else {
        return Ok(Page {
            first_seq: 1,
            last_seq: 0,
            lines: Vec::new(),
            more: false,
        });
    };
    let (first_seq, last_seq) = bounds(db, log_id)?;
    let owner = owner
        .map(|owner| super::users::by_id(db, owner))
        .transpose()?
        .flatten()
        .map(|owner| (owner.id, owner.username));
    let (from, sql) = match (cursor, peer) {
        (Cursor::After(after), None) => (
            number(after),
            select_lines!("lines.seq > :from ORDER BY lines.seq"),
        ),
        (Cursor::After(after), Some(_)) => (
            number(after),
            select_lines!("lines.peer_id = :peer AND lines.seq > :from ORDER BY lines.seq"),
        ),
        (Cursor::Before(_) | Cursor::Newest, None) => (
            before(cursor),
            select_lines!("lines.seq < :from ORDER BY lines.seq DESC"),
        ),
        (Cursor::Before(_) | Cursor::Newest, Some(_)) => (
            before(cursor),
            select_lines!("lines.peer_id = :peer AND lines.seq < :from ORDER BY lines.seq DESC"),
        ),
    };
    let mut page = Budget {
        lines: Vec::new(),
        limit: limit.max(1),
        bytes_left: max_bytes,
    };
    let mut statement = db.prepare_cached(sql)?;
    let params = named_params! {
        ":log": log_id,
        ":from": from,
        // One more, to know whether there are more.
        ":limit": count(page.limit).saturating_add(1),
    };
    let peer_id = peer.map(|peer| peer.0);
    let mut all_params = params.to_vec();
    if peer.is_some() {
        all_params.push((":peer", &peer_id));
    }
    let mut rows = statement.query(all_params.as_slice())?;
    let mut more = false;
    while let Some(row) = rows.next()? {
        if page.take(line(row, owner.as_ref())?).is_break() {
            more = true;
            break;
        }
    }
    let mut lines = page.lines;
    if !matches!(cursor, Cursor::After(_)) {
        lines.reverse();
    }
    Ok(Page {
        first_seq: seq(first_seq),
        last_seq: seq(last_seq),
        lines,
        more,
    })
}

fn before(cursor: Cursor) -> i64 {
    match cursor {
        Cursor::Before(before) => number(before),
        Cursor::Newest | Cursor::After(_) => i64::MAX,
    }
}

/// What fits on a page.
struct Budget {
    lines: Vec<(UserId, Line)>,
    limit: usize,
    bytes_left: usize,
}

impl Budget {
    fn take(&mut self, (user, line): (UserId, Line)) -> ControlFlow<()> {
        let names = line.sender.len() + line.recipient.as_ref().map_or(0, String::len);
        let bytes = line.text.len() + names;
        let is_first = self.lines.is_empty();
        if self.lines.len() >= self.limit || (bytes > self.bytes_left && !is_first) {
            return ControlFlow::Break(());
        }
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.lines.push((user, line));
        ControlFlow::Continue(())
    }
}

/// The oldest number kept in a log and the newest given.
pub(super) fn bounds(db: &Connection, log: i64) -> Result<(i64, i64)> {
    db.prepare_cached(
        "SELECT (SELECT min(seq) FROM lines WHERE log_id = ?1), last_seq FROM logs WHERE id = ?1",
    )?
    .query_row([log], |row| {
        let last_seq: i64 = row.get(1)?;
        let first_seq: Option<i64> = row.get(0)?;
        Ok((first_seq.unwrap_or(last_seq + 1), last_seq))
    })
}

pub(super) fn inbox_log(db: &Connection, user: UserId) -> Result<Option<i64>> {
    db.prepare_cached("SELECT log_id FROM inboxes WHERE user_id = ?1")?
        .query_row([user.0], |row| row.get(0))
        .optional()
}

fn line(row: &Row<'_>, owner: Option<&(UserId, String)>) -> Result<(UserId, Line)> {
    let sender = UserId(row.get(1)?);
    let recipient = match (row.get::<_, Option<i64>>(8)?, owner) {
        (Some(_), Some((owner, name))) if *owner != sender => Some(name.clone()),
        (Some(_), _) => row.get(9)?,
        (None, _) => None,
    };
    let edited_at_ms: Option<i64> = row.get(6)?;
    let of: Option<i64> = row.get(7)?;
    let line = Line {
        seq: seq(row.get(0)?),
        sender: row.get(2)?,
        recipient,
        text: row.get(3)?,
        sent_at_ms: seq(row.get(4)?),
        kind: match row.get(5)? {
            SAID => LineKind::Said,
            DELETED => LineKind::Deleted,
            EDIT => LineKind::Edit,
            _ => LineKind::Deletion,
        },
        edited_at_ms: edited_at_ms.map(seq),
        of: of.map(seq),
    };
    Ok((sender, line))
}
