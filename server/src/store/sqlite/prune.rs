//! Forgetting what is old, a little at a time.

use rusqlite::{Connection, Result};

use super::{count, number};
use crate::store::Retention;

/// Most rows deleted in one step: some milliseconds of writing.
const ROWS: i64 = 1000;
/// Most logs looked at in one step.
const LOGS: usize = 250;

/// Forgets a part, beginning behind the log `after`. Returns behind which log
/// to go on; `None` when all were looked at.
pub(super) fn step(db: &Connection, retention: &Retention, after: i64) -> Result<Option<i64>> {
    let mut rows_left = ROWS;
    rows_left -= count(
        db.prepare_cached(
            "DELETE FROM sessions WHERE id IN
                 (SELECT id FROM sessions WHERE expires_at_ms <= ?1 LIMIT ?2)",
        )?
        .execute((retention.now_ms, ROWS))?,
    );
    let logs = db
        .prepare_cached(
            "SELECT id, last_seq, channel_name IS NULL FROM logs
             WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?
        .query_map((after, count(LOGS)), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<Vec<(i64, i64, bool)>>>()?;
    let is_end = logs.len() < LOGS;
    let mut done = after;
    for (log, last_seq, is_inbox) in logs {
        let kept = if is_inbox {
            retention.whispers_per_inbox
        } else {
            retention.lines_per_channel
        };
        let too_many = last_seq.saturating_sub(number(kept));
        rows_left -= forget(db, log, too_many, retention.not_before_ms, rows_left)?;
        if rows_left <= 0 {
            return Ok(Some(done));
        }
        done = log;
    }
    Ok(if is_end { None } else { Some(done) })
}

/// Forgets the oldest lines of a log: up to a number, and those said before a
/// time. It ends at the first that is to stay, so that those kept have no holes
/// between them even if the clock was wrong for a while.
fn forget(db: &Connection, log: i64, up_to: i64, not_before_ms: i64, at_most: i64) -> Result<i64> {
    let mut statement = db.prepare_cached(
        "SELECT seq, sent_at_ms FROM lines WHERE log_id = ?1 ORDER BY seq LIMIT ?2",
    )?;
    let mut rows = statement.query((log, at_most))?;
    let mut old = 0;
    let mut newest_old = None;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        let sent_at_ms: i64 = row.get(1)?;
        if seq > up_to && sent_at_ms >= not_before_ms {
            break;
        }
        old += 1;
        newest_old = Some(seq);
    }
    drop(rows);
    if let Some(newest_old) = newest_old {
        db.prepare_cached("DELETE FROM lines WHERE log_id = ?1 AND seq <= ?2")?
            .execute((log, newest_old))?;
    }
    Ok(old)
}
