//! What is asked about the lines of a channel as a whole.

use rusqlite::{Connection, Result};

use super::keys::{MAX_SEQ, line_key};
use super::number;
use crate::store::{UNREAD_COUNTED, UNREAD_SEEN, UserId};

/// What both engines have: channels, with where their logs stand. Temporary, so that the
/// file has nothing of it.
pub(super) const CHANNEL_STATES: &str = concat!(
    "CREATE TEMP VIEW IF NOT EXISTS channel_states AS
     SELECT channels.id, logs.channel_name AS name, channels.topic, channels.access,
            channels.password_hash, channels.is_lobby, channels.log_id, ",
    last_seq!(),
    " AS last_seq, coalesce((SELECT min(lines.id) FROM lines WHERE lines.id",
    of_log!("logs.id"),
    ") & 68719476735, logs.settled_seq + 1) AS first_seq,
         channels.slow_mode_s, channels.filter, channels.code, channels.max_members,
         channels.ends_at_ms, channels.hall
     FROM logs JOIN channels ON channels.log_id = logs.id"
);

pub(super) fn last_seq(db: &Connection, log: i64) -> Result<i64> {
    db.prepare_cached(concat!(
        "SELECT ",
        last_seq!(),
        " FROM logs WHERE logs.id = ?1"
    ))?
    .query_row([log], |row| row.get(0))
}

pub(super) fn unread(db: &Connection, log: i64, user: UserId, read_seq: i64) -> Result<u32> {
    db.prepare_cached(concat!(
        "SELECT count(*) FROM
             (SELECT 1 FROM lines
              WHERE id > max(?2, (SELECT max(id) FROM lines WHERE id",
        of_log!("?1"),
        ") - ?5)
                AND id <",
        end_of_log!("?1"),
        // What players say, and what the game does, which nobody's block hides.
        "AND (kind = 4 OR kind = 0 AND sender_id != ?3
                AND sender_id NOT IN (SELECT blocked_id FROM blocks WHERE user_id = ?3))
              LIMIT ?4)"
    ))?
    .query_row(
        (
            log,
            line_key(log, read_seq.min(MAX_SEQ))?,
            user.0,
            UNREAD_COUNTED,
            number(UNREAD_SEEN),
        ),
        |row| row.get(0),
    )
}

pub(super) fn forget(db: &Connection, log: i64) -> Result<()> {
    db.execute(
        concat!(
            "UPDATE logs SET settled_seq = ",
            last_seq!(),
            " WHERE id = ?1"
        ),
        [log],
    )?;
    db.execute(concat!("DELETE FROM lines WHERE id", of_log!("?1")), [log])?;
    Ok(())
}
