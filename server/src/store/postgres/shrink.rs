//! Making room: how many bytes are in use, and the oldest lines of all logs go.
//!
//! PostgreSQL gives no disk space back when rows are deleted; it writes new rows there. So
//! what counts is what the rows weigh that there are, not how large the files are. That
//! is estimated from pages of the table `lines` that are picked at random; a small table
//! is looked at as a whole. Its indexes count in proportion, and other tables as they
//! are.

use super::error::Error;
use super::prune::{self, Step};
use super::transaction::Transaction;
use crate::store::{Pruned, Retention, Shrunk};

/// When the database is too large, a sixteenth of it is made free.
const ROOM: u64 = 16;
/// Pages looked at, of eight thousand bytes each.
const PAGES: f64 = 4096.0;

/// A round of making room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    /// Behind which log to go on.
    after: i64,
    /// Lines said before then go.
    not_before_ms: i64,
    /// Bytes in use by now, as far as we know.
    bytes: u64,
    /// Of a line.
    bytes_per_line: f64,
}

/// How many bytes are in use, and how to begin if that is too many.
pub(super) fn measure(
    db: &mut Transaction<'_>,
    max_bytes: u64,
) -> Result<(u64, Option<Round>), Error> {
    let Some(found) = db.first(SIZES, &[])? else {
        return Ok((0, None));
    };
    let (others, all_of_lines, heap): (i64, i64, i64) =
        (found.try_get(0)?, found.try_get(1)?, found.try_get(2)?);
    let files = bytes(others) + bytes(all_of_lines);
    if files <= max_bytes || heap == 0 {
        return Ok((files, None));
    }
    let percent = (100.0 * PAGES * 8192.0 / heap as f64).min(100.0) as f32;
    let part = 100.0 / f64::from(percent);
    // Indexes are as full as the table.
    let weight = part * all_of_lines as f64 / heap as f64;
    let room_for = max_bytes - max_bytes / ROOM;
    let kept = (room_for.saturating_sub(bytes(others)) as f64 / weight) as i64;
    let Some(found) = db.first(LOOK, &[&percent, &kept])? else {
        return Ok((files, None));
    };
    let (rows, weighs, not_before_ms): (i64, i64, Option<i64>) =
        (found.try_get(0)?, found.try_get(1)?, found.try_get(2)?);
    let in_use = (bytes(others) + (weighs as f64 * weight) as u64).min(files);
    if in_use <= max_bytes || rows == 0 {
        return Ok((in_use, None));
    }
    let round = Round {
        after: 0,
        // When not even the newest has room, all go.
        not_before_ms: not_before_ms.unwrap_or(i64::MAX),
        bytes: in_use,
        bytes_per_line: weighs as f64 * weight / part / rows as f64,
    };
    Ok((in_use, Some(round)))
}

/// Forgets a part of the oldest lines of all logs, and says how to go on.
pub(super) fn shrink(
    db: &mut Transaction<'_>,
    mut round: Round,
) -> Result<(Shrunk, Option<Round>), Error> {
    let mut done = Shrunk {
        bytes: round.bytes,
        ..Shrunk::default()
    };
    if !prune::is_ours(db)? {
        return Ok((done, None));
    }
    let retention = Retention {
        not_before_ms: round.not_before_ms,
        doubtful_ms: None,
        lines_per_channel: u64::MAX,
        whispers_per_inbox: u64::MAX,
        now_ms: i64::MIN,
    };
    let mut step = Step {
        next: None,
        done: Pruned::default(),
        up_to_ms: 0,
    };
    prune::forget_lines(db, &retention, round.after, prune::ROWS, &mut step)?;
    done.lines = step.done.old;
    done.up_to_ms = step.up_to_ms;
    let made_free = (done.lines as f64 * round.bytes_per_line) as u64;
    done.bytes = round.bytes.saturating_sub(made_free);
    done.is_more = step.next.is_some();
    round.bytes = done.bytes;
    let next = step.next.map(|after| Round { after, ..round });
    Ok((done, next))
}

fn bytes(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The other tables, all of `lines`, and that without its indexes.
const SIZES: &str = "SELECT
        (SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
           AND oid <> 'lines'::regclass),
        pg_total_relation_size('lines'), pg_relation_size('lines')";

/// Of the picked lines: how many there are, what they weigh, and when the oldest was said
/// for which there is room. Before a line go those before it in its log, so it counts as
/// said when the latest of these was.
const LOOK: &str = "WITH picked AS
        (SELECT max(sent_at_ms) OVER (PARTITION BY id >> 36 ORDER BY id) AS said_ms,
                pg_column_size(lines.*) + 4 AS weighs
         FROM lines TABLESAMPLE SYSTEM ($1)),
    newest_first AS
        (SELECT said_ms, weighs, sum(weighs) OVER (ORDER BY said_ms DESC) AS in_all
         FROM picked)
    SELECT count(*), coalesce(sum(weighs), 0)::bigint,
           min(said_ms) FILTER (WHERE in_all <= $2)
    FROM newest_first";
