//! Forgetting what is old or too much, a little at a time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rusqlite::{Connection, Result};

use super::keys::{line_key, seq_of};
use super::{count, number, seq};
use crate::store::{Pruned, Retention, Shrunk, share};

/// Most rows deleted in one step: some milliseconds of writing.
const ROWS: i64 = 1000;
/// Most logs looked at in one step.
const LOGS: usize = 250;
/// Most whispers counted in one step.
const COUNTED: i64 = 50_000;
/// Rows that are looked at in one go when the oldest of all lines are looked for.
const CHUNK: i64 = 64;
/// When the database is too large, a sixteenth of it is made free.
const ROOM: u64 = 16;

/// What a step did.
pub(super) struct Step {
    /// Behind which log to go on; `None` when all were looked at.
    pub(super) next: Option<i64>,
    pub(super) done: Pruned,
}

/// Forgets a part, beginning behind the log `after`.
pub(super) fn step(db: &Connection, retention: &Retention, after: i64) -> Result<Step> {
    let sessions = db
        .prepare_cached(
            "DELETE FROM sessions WHERE id IN
                 (SELECT id FROM sessions WHERE expires_at_ms <= ?1 LIMIT ?2)",
        )?
        .execute((retention.now_ms, ROWS))?;
    let mut budget = Budget {
        rows: ROWS - count(sessions),
        counted: COUNTED,
    };
    let mut done = Pruned {
        sessions: sessions as u64,
        ..Pruned::default()
    };
    let logs = db
        .prepare_cached(concat!(
            "SELECT id, ",
            last_seq!(),
            ", channel_name IS NULL FROM logs
             WHERE id > ?1 ORDER BY id LIMIT ?2"
        ))?
        .query_map((after, count(LOGS)), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<Vec<(i64, i64, bool)>>>()?;
    let is_end = logs.len() < LOGS;
    let mut looked_at = after;
    for (log, last_seq, is_inbox) in logs {
        let kept = if is_inbox {
            // Which of them is looked at below.
            last_seq
        } else {
            number(retention.lines_per_channel)
        };
        let (old, beyond) = forget(db, log, last_seq - kept, retention, budget.rows)?;
        done.old += old as u64;
        done.beyond += beyond as u64;
        budget.rows -= old + beyond;
        if is_inbox && budget.rows > 0 {
            let kept = number(retention.whispers_per_inbox);
            done.beyond += thin_out(db, log, last_seq, kept, &mut budget)? as u64;
        }
        if budget.rows <= 0 {
            let next = Some(looked_at);
            return Ok(Step { next, done });
        }
        looked_at = log;
        if budget.counted <= 0 {
            let next = Some(looked_at);
            return Ok(Step { next, done });
        }
    }
    let next = (!is_end).then_some(looked_at);
    Ok(Step { next, done })
}

/// What is left for a step to do.
struct Budget {
    rows: i64,
    counted: i64,
}

/// Forgets the oldest lines of a log: up to a number, and those said before a time. It
/// ends at the first that is to stay, so that those kept have no holes between them
/// even if the clock was wrong for a while. Says how many were old, and how many of
/// the others too many.
fn forget(
    db: &Connection,
    log: i64,
    up_to: i64,
    retention: &Retention,
    at_most: i64,
) -> Result<(i64, i64)> {
    let mut statement = db.prepare_cached(concat!(
        "SELECT id, sent_at_ms FROM lines WHERE id",
        of_log!("?1"),
        "ORDER BY id LIMIT ?2"
    ))?;
    let mut rows = statement.query((log, at_most))?;
    let (mut old, mut beyond, mut doubtful) = (0, 0, 0);
    let mut newest = None;
    while let Some(row) = rows.next()? {
        let key: i64 = row.get(0)?;
        let sent_at_ms: i64 = row.get(1)?;
        let is_doubtful = retention
            .doubtful_ms
            .is_some_and(|(from, to)| (from..=to).contains(&sent_at_ms));
        if seq_of(key) <= up_to {
            beyond += 1;
        } else if is_doubtful {
            // Old if one behind it is.
            doubtful += 1;
            continue;
        } else if sent_at_ms < retention.not_before_ms {
            old += 1 + doubtful;
            doubtful = 0;
        } else {
            break;
        }
        newest = Some(key);
    }
    drop(rows);
    if let Some(newest) = newest {
        delete_up_to(db, log, newest)?;
    }
    Ok((old, beyond))
}

/// Deletes the oldest lines of a log, up to one with its id.
fn delete_up_to(db: &Connection, log: i64, newest: i64) -> Result<()> {
    db.prepare_cached("UPDATE logs SET settled_seq = max(settled_seq, ?2) WHERE id = ?1")?
        .execute((log, seq_of(newest)))?;
    db.prepare_cached("DELETE FROM lines WHERE id BETWEEN ?1 AND ?2")?
        .execute((line_key(log, 0)?, newest))?;
    Ok(())
}

/// Forgets the oldest entries of the conversations that hold the most, until the inbox
/// holds what it may. The newest entry of all stays, for the number it has.
fn thin_out(
    db: &Connection,
    log: i64,
    last_seq: i64,
    kept: i64,
    budget: &mut Budget,
) -> Result<i64> {
    let first: Option<i64> = db
        .prepare_cached(concat!("SELECT min(id) FROM lines WHERE id", of_log!("?1")))?
        .query_row([log], |row| row.get(0))?;
    // With no numbers left out there are no more.
    if first.is_none_or(|first| last_seq - seq_of(first) < kept) {
        return Ok(0);
    }
    let conversations = db
        .prepare_cached(
            "SELECT peer_id, count(*) FROM lines INDEXED BY lines_by_peer
             WHERE id >> 36 = ?1 AND peer_id IS NOT NULL GROUP BY peer_id",
        )?
        .query_map([log], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, i64)>>>()?;
    let all: i64 = conversations.iter().map(|(_, entries)| entries).sum();
    budget.counted -= all;
    let most = share(conversations.iter().map(|(_, entries)| *entries), kept);
    let mut deleted = 0;
    for (peer, entries) in &conversations {
        let too_many = (entries - most).min(budget.rows);
        if too_many > 0 {
            let gone = db
                .prepare_cached(
                    "DELETE FROM lines WHERE id IN
                         (SELECT id FROM lines INDEXED BY lines_by_peer
                          WHERE id >> 36 = ?1 AND peer_id = ?2 ORDER BY id LIMIT ?3)",
                )?
                .execute((log, peer, too_many))?;
            deleted += count(gone);
            budget.rows -= count(gone);
        }
    }
    // More conversations than entries that may be kept: the oldest go as a whole.
    let too_many = (count(conversations.len()) - kept.max(1)).min(budget.rows);
    if most == 1 && too_many > 0 {
        let newest: i64 = db
            .prepare_cached(concat!(
                "SELECT max(id) FROM (SELECT id FROM lines WHERE id",
                of_log!("?1"),
                "ORDER BY id LIMIT ?2)"
            ))?
            .query_row((log, too_many), |row| row.get(0))?;
        delete_up_to(db, log, newest)?;
        deleted += too_many;
        budget.rows -= too_many;
    }
    Ok(deleted)
}

/// The logs by when their oldest lines were said.
pub(super) type Fronts = BinaryHeap<Reverse<(i64, i64)>>;

/// Finds the oldest line of each log.
pub(super) fn fronts(db: &Connection) -> Result<Fronts> {
    db.prepare_cached(concat!(
        "SELECT lines.sent_at_ms, logs.id FROM logs JOIN lines
         ON lines.id = (SELECT min(id) FROM lines WHERE id",
        of_log!("logs.id"),
        ")"
    ))?
    .query_map([], |row| Ok(Reverse((row.get(0)?, row.get(1)?))))?
    .collect()
}

/// Bytes of the file that hold something.
pub(super) fn bytes_in_use(db: &Connection) -> Result<u64> {
    let pragma = |sql| -> Result<i64> { db.prepare_cached(sql)?.query_row([], |row| row.get(0)) };
    let pages = pragma("PRAGMA page_count")? - pragma("PRAGMA freelist_count")?;
    Ok(seq(pages * pragma("PRAGMA page_size")?))
}

/// Whether there is less room than is to be made.
pub(super) fn is_too_large(bytes: u64, max_bytes: u64) -> bool {
    bytes > max_bytes - max_bytes / ROOM
}

/// Forgets the oldest lines of all logs, until there is room or enough was done.
pub(super) fn shrink(db: &Connection, max_bytes: u64, fronts: &mut Fronts) -> Result<Shrunk> {
    let mut done = Shrunk {
        bytes: bytes_in_use(db)?,
        ..Shrunk::default()
    };
    while count(done.lines as usize) < ROWS && is_too_large(done.bytes, max_bytes) {
        let Some(Reverse((_, log))) = fronts.pop() else {
            return Ok(done);
        };
        // Until the oldest line of another log is older.
        let until = fronts.peek().map_or(i64::MAX, |Reverse((said, _))| *said);
        let (lines, up_to_ms, front) = delete_until(db, log, until)?;
        done.lines += lines;
        done.up_to_ms = done.up_to_ms.max(up_to_ms);
        fronts.extend(front.map(|said| Reverse((said, log))));
        done.bytes = bytes_in_use(db)?;
    }
    done.is_more = is_too_large(done.bytes, max_bytes);
    Ok(done)
}

/// Deletes the oldest lines of a log that were said up to a time, but no more than a
/// few, and the first in any case. Says how many, when the newest of them was said, and
/// when the oldest of the others.
fn delete_until(db: &Connection, log: i64, until: i64) -> Result<(u64, i64, Option<i64>)> {
    let mut statement = db.prepare_cached(concat!(
        "SELECT id, sent_at_ms FROM lines WHERE id",
        of_log!("?1"),
        "ORDER BY id LIMIT ?2"
    ))?;
    let mut rows = statement.query((log, CHUNK + 1))?;
    let (mut lines, mut up_to_ms) = (0, 0);
    let mut newest = None;
    let mut front = None;
    while let Some(row) = rows.next()? {
        let said: i64 = row.get(1)?;
        if lines > 0 && (said > until || count(lines) >= CHUNK) {
            front = Some(said);
            break;
        }
        lines += 1;
        up_to_ms = up_to_ms.max(said);
        newest = Some(row.get(0)?);
    }
    drop(rows);
    if let Some(newest) = newest {
        delete_up_to(db, log, newest)?;
    }
    Ok((lines as u64, up_to_ms, front))
}
