//! Reading lines.

use longhall_packet::{Line, LineKind};
use rusqlite::{Connection, Result, Row, ToSql, named_params};

use super::driver::Sqlite;
use super::keys::{MAX_SEQ, line_key, seq_of};
use super::{DELETED, EDIT, SAID, SYSTEM, count, number, seq};
use crate::store::page::PageInProgress;
use crate::store::sql::{channels, reads::inbox_log, users};
use crate::store::{Cursor, Log, Page, UserId};

/// A page of the rows that meet a condition, in the order given.
macro_rules! select_lines {
    ($index:literal, $condition:literal) => {
        concat!(
            "SELECT lines.id, lines.sender_id, sender.username, lines.text, lines.sent_at_ms,
                    lines.kind, lines.edited_at_ms, lines.of_id, lines.peer_id, peer.username
             FROM lines ",
            $index,
            " CROSS JOIN users AS sender ON sender.id = lines.sender_id
             LEFT JOIN users AS peer ON peer.id = lines.peer_id
             WHERE ",
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
    let (owner, peer) = match log {
        Log::Channel(_) => (None, None),
        Log::Inbox(user) => (Some(user), None),
        Log::Whispers(user, peer) => (Some(user), Some(peer)),
    };
    let Some(log_id) = id_of(db, log)? else {
        return Ok(Page {
            first_seq: 1,
            last_seq: 0,
            lines: Vec::new(),
            more: false,
        });
    };
    let (first_seq, last_seq) = bounds(db, log_id)?;
    let owner = owner
        .map(|owner| users::by_id(&mut Sqlite(db), owner))
        .transpose()?
        .flatten()
        .map(|owner| (owner.id, owner.username));
    // All of a log's lines lie between these two, which are none themselves.
    let (front, end) = (line_key(log_id, 0)?, line_key(log_id, MAX_SEQ)?);
    let key = |number: i64| line_key(log_id, number.min(MAX_SEQ));
    let (after, before) = match cursor {
        Cursor::Newest => (front, end),
        Cursor::After(after) => (key(number(after))?, end),
        Cursor::Before(before) => (front, key(number(before))?),
    };
    let sql = match (cursor, peer) {
        (Cursor::After(_), None) => select_lines!(
            "",
            "lines.id > :after AND lines.id < :before ORDER BY lines.id"
        ),
        (Cursor::Before(_) | Cursor::Newest, None) => select_lines!(
            "",
            "lines.id > :after AND lines.id < :before ORDER BY lines.id DESC"
        ),
        (Cursor::After(_), Some(_)) => select_lines!(
            "INDEXED BY lines_by_peer",
            "lines.id >> 36 = :log AND lines.peer_id = :peer
             AND lines.id > :after AND lines.id < :before ORDER BY lines.id"
        ),
        (Cursor::Before(_) | Cursor::Newest, Some(_)) => select_lines!(
            "INDEXED BY lines_by_peer",
            "lines.id >> 36 = :log AND lines.peer_id = :peer
             AND lines.id > :after AND lines.id < :before ORDER BY lines.id DESC"
        ),
    };
    let bounds = (seq(first_seq), seq(last_seq));
    let mut page = PageInProgress::new(log, bounds, cursor, limit, max_bytes);
    let mut statement = db.prepare_cached(sql)?;
    let params = named_params! {
        ":after": after,
        ":before": before,
        ":limit": count(page.wanted()),
    };
    let peer_id = peer.map(|peer| peer.0);
    let mut all_params = params.to_vec();
    if peer.is_some() {
        all_params.extend([(":log", &log_id as &dyn ToSql), (":peer", &peer_id)]);
    }
    let mut rows = statement.query(all_params.as_slice())?;
    while let Some(row) = rows.next()? {
        let (sender, line) = line(row, owner.as_ref())?;
        if page.add(sender, line).is_break() {
            break;
        }
    }
    Ok(page.finish())
}

/// Where each of these logs stands.
pub(super) fn newest(db: &Connection, logs: &[Log]) -> Result<Vec<u64>> {
    let newest = |log: &Log| match id_of(db, *log)? {
        Some(log_id) => Ok(seq(bounds(db, log_id)?.1)),
        None => Ok(0),
    };
    logs.iter().map(newest).collect()
}

fn id_of(db: &Connection, log: Log) -> Result<Option<i64>> {
    match log {
        Log::Channel(channel) => channels::log(&mut Sqlite(db), channel),
        Log::Inbox(user) | Log::Whispers(user, _) => inbox_log(&mut Sqlite(db), user),
    }
}

/// The oldest number kept in a log and the newest given.
pub(super) fn bounds(db: &Connection, log: i64) -> Result<(i64, i64)> {
    db.prepare_cached(concat!(
        "SELECT (SELECT min(id) FROM lines WHERE id",
        of_log!("?1"),
        "), ",
        last_seq!(),
        " FROM logs WHERE logs.id = ?1"
    ))?
    .query_row([log], |row| {
        let last_seq: i64 = row.get(1)?;
        let first_key: Option<i64> = row.get(0)?;
        Ok((first_key.map_or(last_seq + 1, seq_of), last_seq))
    })
}

fn line(row: &Row<'_>, owner: Option<&(UserId, String)>) -> Result<(UserId, Line)> {
    let sender = UserId(row.get(1)?);
    let recipient = match (row.get::<_, Option<i64>>(8)?, owner) {
        (Some(_), Some((owner, name))) if *owner != sender => Some(name.clone()),
        (Some(_), _) => row.get(9)?,
        (None, _) => None,
    };
    let edited_at_ms: Option<i64> = row.get(6)?;
    let of_key: Option<i64> = row.get(7)?;
    let kind = match row.get(5)? {
        SAID => LineKind::Said,
        DELETED => LineKind::Deleted,
        EDIT => LineKind::Edit,
        SYSTEM => LineKind::System,
        _ => LineKind::Deletion,
    };
    let line = Line {
        seq: seq(seq_of(row.get(0)?)),
        sender: match kind {
            LineKind::System => String::new(),
            _ => row.get(2)?,
        },
        recipient,
        text: row.get(3)?,
        sent_at_ms: seq(row.get(4)?),
        kind,
        edited_at_ms: edited_at_ms.map(seq),
        of: of_key.map(|key| seq(seq_of(key))),
    };
    Ok((sender, line))
}
