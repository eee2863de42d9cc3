//! Forgetting what is old or too much, a little at a time, by one server at a time.

use super::error::Error;
use super::keys::{MAX_SEQ, count, line_key, number, seq, seq_of};
use super::transaction::Transaction;
use crate::store::{Pruned, Retention, share};

/// Most rows deleted in one step: some milliseconds of writing.
pub(super) const ROWS: i64 = 1000;
/// Most logs looked at in one step.
const LOGS: i64 = 5000;
/// Most whispers counted in one step.
const COUNTED: i64 = 50_000;

/// What a step did.
pub(super) struct Step {
    /// Behind which log to go on; `None` when all were looked at.
    pub(super) next: Option<i64>,
    pub(super) done: Pruned,
    /// When the newest line that went was said, in milliseconds since 1970.
    pub(super) up_to_ms: i64,
}

/// Forgets a part, beginning behind the log `after`. When another server is at it there
/// is nothing to do.
pub(super) fn step(
    db: &mut Transaction<'_>,
    retention: &Retention,
    after: i64,
) -> Result<Step, Error> {
    let mut step = Step {
        next: None,
        done: Pruned::default(),
        up_to_ms: 0,
    };
    if !is_ours(db)? {
        return Ok(step);
    }
    let sessions = db.change(SESSIONS, &[&retention.now_ms, &ROWS])?;
    step.done.sessions = sessions;
    forget_lines(db, retention, after, ROWS - number(sessions), &mut step)?;
    Ok(step)
}

/// Whether this server is the one that forgets, until the transaction ends.
pub(super) fn is_ours(db: &mut Transaction<'_>) -> Result<bool, Error> {
    // A number of our own: see the locks in driver.rs.
    let key: i64 = 5 << 56;
    let found = db.first("SELECT pg_try_advisory_xact_lock($1)", &[&key])?;
    Ok(found.map_or(Ok(false), |row| row.try_get(0))?)
}

/// Where a log stands.
struct LogState {
    id: i64,
    last_seq: i64,
    is_inbox: bool,
    first_seq: i64,
    /// When its oldest line was said.
    first_ms: i64,
}

/// What is left for a step to do.
struct Budget {
    rows: i64,
    counted: i64,
}

/// Forgets lines of the logs behind `after`, at most so many.
pub(super) fn forget_lines(
    db: &mut Transaction<'_>,
    retention: &Retention,
    after: i64,
    rows: i64,
    step: &mut Step,
) -> Result<(), Error> {
    let mut budget = Budget {
        rows,
        counted: COUNTED,
    };
    // By all logs, with lines or without, it is known where the next step begins.
    let Some(found) = db.first(LAST_LOOKED_AT, &[&after, &LOGS])? else {
        return Ok(());
    };
    let (up_to, logs): (Option<i64>, i64) = (found.try_get(0)?, found.try_get(1)?);
    let mut looked_at = after;
    step.next = up_to.filter(|_| logs >= LOGS);
    for row in db.rows(STATES, &[&after, &up_to.unwrap_or(after)])? {
        let log = LogState {
            id: row.try_get(0)?,
            last_seq: row.try_get(1)?,
            is_inbox: row.try_get(2)?,
            first_seq: seq_of(row.try_get(3)?),
            first_ms: row.try_get(4)?,
        };
        forget_some(db, &log, retention, &mut budget, step)?;
        if budget.rows <= 0 {
            step.next = Some(looked_at);
            return Ok(());
        }
        looked_at = log.id;
        if budget.counted <= 0 {
            step.next = Some(looked_at);
            return Ok(());
        }
    }
    Ok(())
}

/// Forgets what is to be forgotten of a log.
fn forget_some(
    db: &mut Transaction<'_>,
    log: &LogState,
    retention: &Retention,
    budget: &mut Budget,
    step: &mut Step,
) -> Result<(), Error> {
    let up_to = if log.is_inbox {
        // Which of them is looked at below.
        0
    } else {
        log.last_seq
            .saturating_sub(number(retention.lines_per_channel))
    };
    if log.first_seq <= up_to
        || log.first_ms < retention.not_before_ms
        || is_doubtful(retention, log.first_ms)
    {
        forget(db, log.id, up_to, retention, budget, step)?;
    }
    let kept = number(retention.whispers_per_inbox);
    // With no numbers left out there are no more.
    if log.is_inbox && budget.rows > 0 && log.last_seq - log.first_seq >= kept {
        step.done.beyond += thin_out(db, log.id, kept, budget)?;
    }
    Ok(())
}

fn is_doubtful(retention: &Retention, sent_at_ms: i64) -> bool {
    retention
        .doubtful_ms
        .is_some_and(|(from, to)| (from..=to).contains(&sent_at_ms))
}

/// Forgets the oldest lines of a log: up to a number, and those said before a time. It
/// ends at the first that is to stay, so that those kept have no holes between them even
/// if the clock was wrong for a while.
fn forget(
    db: &mut Transaction<'_>,
    log: i64,
    up_to: i64,
    retention: &Retention,
    budget: &mut Budget,
    step: &mut Step,
) -> Result<(), Error> {
    let (mut old, mut beyond, mut doubtful) = (0, 0, 0);
    let (mut newest, mut up_to_ms) = (None, 0);
    let ends = (line_key(log, 0), line_key(log, MAX_SEQ));
    for row in db.rows(OLDEST, &[&ends.0, &ends.1, &budget.rows])? {
        let (key, sent_at_ms): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        if seq_of(key) <= up_to {
            beyond += 1;
        } else if is_doubtful(retention, sent_at_ms) {
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
        up_to_ms = up_to_ms.max(sent_at_ms);
    }
    if let Some(newest) = newest {
        db.change(DELETE, &[&ends.0, &newest])?;
        step.done.old += seq(old);
        step.done.beyond += seq(beyond);
        step.up_to_ms = step.up_to_ms.max(up_to_ms);
        budget.rows -= old + beyond;
    }
    Ok(())
}

/// Forgets the oldest entries of the conversations that hold the most, until the inbox
/// holds what it may. Says how many.
fn thin_out(
    db: &mut Transaction<'_>,
    log: i64,
    kept: i64,
    budget: &mut Budget,
) -> Result<u64, Error> {
    let mut conversations: Vec<(i64, i64)> = Vec::new();
    for row in db.rows(CONVERSATIONS, &[&log])? {
        conversations.push((row.try_get(0)?, row.try_get(1)?));
    }
    budget.counted -= conversations
        .iter()
        .map(|(_, entries)| entries)
        .sum::<i64>();
    let most = share(conversations.iter().map(|(_, entries)| *entries), kept);
    let mut deleted = 0;
    for (peer, entries) in &conversations {
        let too_many = (entries - most).min(budget.rows);
        if too_many > 0 {
            let gone = db.change(DELETE_OLDEST_WITH, &[&log, peer, &too_many])?;
            deleted += gone;
            budget.rows -= number(gone);
        }
    }
    // More conversations than entries that may be kept: the oldest go as a whole.
    let too_many = (count(conversations.len()) - kept.max(1)).min(budget.rows);
    if most == 1 && too_many > 0 {
        let ends = (line_key(log, 0), line_key(log, MAX_SEQ));
        let gone = db.change(DELETE_OLDEST, &[&ends.0, &ends.1, &too_many])?;
        deleted += gone;
        budget.rows -= number(gone);
    }
    Ok(deleted)
}

const SESSIONS: &str = "DELETE FROM sessions WHERE id IN
    (SELECT id FROM sessions WHERE expires_at_ms <= $1 LIMIT $2)";

const LAST_LOOKED_AT: &str = "SELECT max(id), count(*)
    FROM (SELECT id FROM logs WHERE id > $1 ORDER BY id LIMIT $2) AS next";

/// Logs with lines, and the oldest line of each.
const STATES: &str = "SELECT logs.id, logs.last_seq, logs.channel_name IS NULL,
        first.id, first.sent_at_ms
    FROM logs CROSS JOIN LATERAL
        (SELECT lines.id, lines.sent_at_ms FROM lines
         WHERE lines.id BETWEEN logs.id << 36 AND (logs.id << 36) + 68719476735
         ORDER BY lines.id LIMIT 1) AS first
    WHERE logs.id > $1 AND logs.id <= $2 ORDER BY logs.id";

const OLDEST: &str = "SELECT id, sent_at_ms FROM lines
    WHERE id BETWEEN $1 AND $2 ORDER BY id LIMIT $3";

const DELETE: &str = "DELETE FROM lines WHERE id BETWEEN $1 AND $2";

const DELETE_OLDEST: &str = "DELETE FROM lines WHERE id IN
    (SELECT id FROM lines WHERE id BETWEEN $1 AND $2 ORDER BY id LIMIT $3)";

const DELETE_OLDEST_WITH: &str = "DELETE FROM lines WHERE id IN
    (SELECT id FROM lines WHERE id >> 36 = $1 AND peer_id = $2 ORDER BY id LIMIT $3)";

const CONVERSATIONS: &str = "SELECT peer_id, count(*) FROM lines
    WHERE id >> 36 = $1 AND peer_id IS NOT NULL GROUP BY peer_id";
