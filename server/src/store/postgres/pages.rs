//! Reading lines.

use longhall_packet::{Line, LineKind};
use postgres::Row;
use postgres::types::ToSql;

use super::error::Error;
use super::keys::{DELETED, EDIT, MAX_SEQ, SAID, SYSTEM, count, line_key, number, seq, seq_of};
use super::transaction::Transaction;
use crate::store::page::PageInProgress;
use crate::store::{Cursor, Log, Page, UserId};

/// Reads a page.
pub(super) fn lines(
    db: &mut Transaction<'_>,
    log: Log,
    cursor: Cursor,
    limit: usize,
    max_bytes: usize,
) -> Result<Page, Error> {
    let found = match log {
        Log::Channel(channel) => db.first(CHANNEL, &[&channel.0])?,
        Log::Inbox(user) | Log::Whispers(user, _) => db.first(INBOX, &[&user.0])?,
    };
    let Some(found) = found else {
        return Ok(Page {
            first_seq: 1,
            last_seq: 0,
            lines: Vec::new(),
            more: false,
        });
    };
    let (log_id, first_seq, last_seq): (i64, i64, i64) =
        (found.try_get(0)?, found.try_get(1)?, found.try_get(2)?);
    let owner = match log {
        Log::Channel(_) => None,
        Log::Inbox(user) | Log::Whispers(user, _) => Some((user, found.try_get(3)?)),
    };
    let bounds = (seq(first_seq), seq(last_seq));
    let mut page = PageInProgress::new(log, bounds, cursor, limit, max_bytes);

    // All of a log's lines lie between these two, which are none themselves.
    let (front, end) = (line_key(log_id, 0), line_key(log_id, MAX_SEQ));
    let key = |seq: u64| line_key(log_id, number(seq).min(MAX_SEQ));
    let (after, before) = match cursor {
        Cursor::Newest => (front, end),
        Cursor::After(after) => (key(after), end),
        Cursor::Before(before) => (front, key(before)),
    };
    let wanted = count(page.wanted());
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&after, &before, &wanted];
    let peer = match &log {
        Log::Whispers(_, peer) => Some(&peer.0),
        Log::Channel(_) | Log::Inbox(_) => None,
    };
    if let Some(peer) = peer {
        values.extend([&log_id as &(dyn ToSql + Sync), peer]);
    }
    let sql = match (cursor, peer) {
        (Cursor::After(_), None) => AFTER,
        (Cursor::Before(_) | Cursor::Newest, None) => BEFORE,
        (Cursor::After(_), Some(_)) => WHISPERS_AFTER,
        (Cursor::Before(_) | Cursor::Newest, Some(_)) => WHISPERS_BEFORE,
    };
    for row in db.rows(sql, &values)? {
        let (sender, line) = line(&row, owner.as_ref())?;
        if page.add(sender, line).is_break() {
            break;
        }
    }
    Ok(page.finish())
}

fn line(row: &Row, owner: Option<&(UserId, String)>) -> Result<(UserId, Line), Error> {
    let sender = UserId(row.try_get(1)?);
    let recipient = match (row.try_get::<_, Option<i64>>(8)?, owner) {
        (Some(_), Some((owner, name))) if *owner != sender => Some(name.clone()),
        (Some(_), _) => row.try_get(9)?,
        (None, _) => None,
    };
    let edited_at_ms: Option<i64> = row.try_get(6)?;
    let of_key: Option<i64> = row.try_get(7)?;
    let kind = match row.try_get(5)? {
        SAID => LineKind::Said,
        DELETED => LineKind::Deleted,
        EDIT => LineKind::Edit,
        SYSTEM => LineKind::System,
        _ => LineKind::Deletion,
    };
    let line = Line {
        seq: seq(seq_of(row.try_get(0)?)),
        sender: match kind {
            LineKind::System => String::new(),
            _ => row.try_get(2)?,
        },
        recipient,
        text: row.try_get(3)?,
        sent_at_ms: seq(row.try_get(4)?),
        kind,
        edited_at_ms: edited_at_ms.map(seq),
        of: of_key.map(|key| seq(seq_of(key))),
    };
    Ok((sender, line))
}

const CHANNEL: &str = "SELECT log_id, first_seq, last_seq FROM channel_states WHERE id = $1";

const INBOX: &str = "SELECT log_id, first_seq, last_seq, username
    FROM inbox_states JOIN users ON users.id = user_id WHERE user_id = $1";

/// A page of the rows that meet a condition, in an order. Names are looked up one by one:
/// joined, they might be looked for in all accounts.
macro_rules! select_lines {
    ($condition:literal) => {
        concat!(
            "SELECT id, sender_id,
                    (SELECT username FROM users WHERE users.id = sender_id), text, sent_at_ms,
                    kind, edited_at_ms, of_id, peer_id,
                    (SELECT username FROM users WHERE users.id = peer_id)
             FROM lines WHERE id > $1 AND id < $2 ",
            $condition,
            " LIMIT $3"
        )
    };
}

const AFTER: &str = select_lines!("ORDER BY id");
const BEFORE: &str = select_lines!("ORDER BY id DESC");
const WHISPERS_AFTER: &str = select_lines!("AND id >> 36 = $4 AND peer_id = $5 ORDER BY id");
const WHISPERS_BEFORE: &str = select_lines!("AND id >> 36 = $4 AND peer_id = $5 ORDER BY id DESC");
