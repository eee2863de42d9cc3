//! Forgetting what is old, a little at a time.

use rusqlite::{Connection, Result};

use super::keys::{line_key, seq_of};
use super::{count, number};
use crate::store::Retention;

/// Most rows deleted in one step: some milliseconds of writing.
const ROWS: i64 = 1000;
/// Most logs looked at in one step.
const LOGS: usize = 250;

/// Forgets a part, beginning behind the log `after`. Returns behind which log
/// to go on, `None` when all were looked at, and how many lines are gone.
pub(super) fn step(
    db: &Connection,
    retention: &Retention,
    after: i64,
) -> Result<(Option<i64>, i64)> {
    let mut rows_left = ROWS;
    rows_left -= count(
        db.prepare_cached(
            "DELETE FROM sessions WHERE id IN
                 (SELECT id FROM sessions WHERE expires_at_ms <= ?1 LIMIT ?2)",
        )?
        .execute((retention.now_ms, ROWS))?,
    );
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
    let mut done = after;
    let mut forgotten = 0;
    for (log, last_seq, is_inbox) in logs {
        let kept = if is_inbox {
            retention.whispers_per_inbox
        } else {
            retention.lines_per_channel
        };
        let too_many = last_seq.saturating_sub(number(kept));
        forgotten += forget(
            db,
            log,
            too_many,
            retention.not_before_ms,
            rows_left - forgotten,
        )?;
        if forgotten >= rows_left {
            return Ok((Some(done), forgotten));
        }
        done = log;
    }
    Ok((if is_end { None } else { Some(done) }, forgotten))
}

/// Forgets the oldest lines of a log: up to a number, and those said before a
/// time. It ends at the first that is to stay, so that those kept have no holes
/// between them even if the clock was wrong for a while.
fn forget(db: &Connection, log: i64, up_to: i64, not_before_ms: i64, at_most: i64) -> Result<i64> {
    let mut statement = db.prepare_cached(concat!(
        "SELECT id, sent_at_ms FROM lines WHERE id",
        of_log!("?1"),
        "ORDER BY id LIMIT ?2"
    ))?;
    let mut rows = statement.query((log, at_most))?;
    let mut old = 0;
    let mut newest_old = None;
    while let Some(row) = rows.next()? {
        let key: i64 = row.get(0)?;
        let sent_at_ms: i64 = row.get(1)?;
        if seq_of(key) > up_to && sent_at_ms >= not_before_ms {
            break;
        }
        old += 1;
        newest_old = Some(key);
    }
    drop(rows);
    if let Some(newest_old) = newest_old {
        db.prepare_cached("UPDATE logs SET settled_seq = max(settled_seq, ?2) WHERE id = ?1")?
            .execute((log, seq_of(newest_old)))?;
        db.prepare_cached("DELETE FROM lines WHERE id BETWEEN ?1 AND ?2")?
            .execute((line_key(log, 0)?, newest_old))?;
    }
    Ok(old)
}
