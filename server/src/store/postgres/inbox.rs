//! Inboxes, as their owners open them.

use longhall_packet::{Conversation, InboxState};

use super::error::Error;
use super::keys::{number, seq, seq_of};
use super::transaction::Transaction;
use crate::store::{ANSWERS_SEEN, CONVERSATIONS_LISTED, UNREAD_COUNTED, UNREAD_SEEN, UserId};

/// Counts all whispers in an inbox as delivered.
pub(super) fn deliver(db: &mut Transaction<'_>, user: UserId) -> Result<(), Error> {
    // Somebody may be writing into it: what they have delivered stays delivered.
    db.change(
        "UPDATE inboxes SET delivered_seq = greatest(delivered_seq, logs.last_seq)
         FROM logs WHERE logs.id = inboxes.log_id AND inboxes.user_id = $1",
        &[&user.0],
    )?;
    Ok(())
}

/// Whether an account is among those that have whispered to another, as far back as
/// [`ANSWERS_SEEN`] whispers between the two.
pub(super) fn has_whispered(
    db: &mut Transaction<'_>,
    from: UserId,
    to: UserId,
) -> Result<bool, Error> {
    let found = db.first(
        "SELECT 1 FROM
             (SELECT sender_id FROM lines
              WHERE id >> 36 = (SELECT log_id FROM inboxes WHERE user_id = $2)
                AND peer_id = $1
              ORDER BY id DESC LIMIT $3) AS newest
         WHERE sender_id = $1 LIMIT 1",
        &[&from.0, &to.0, &i64::from(ANSWERS_SEEN)],
    )?;
    Ok(found.is_some())
}

/// How an inbox stands, with its conversations.
pub(super) fn state(db: &mut Transaction<'_>, user: UserId) -> Result<InboxState, Error> {
    let found = db.first(
        "SELECT log_id, first_seq, last_seq FROM inbox_states WHERE user_id = $1",
        &[&user.0],
    )?;
    let Some(found) = found else {
        return Ok(InboxState {
            first_seq: 1,
            ..InboxState::default()
        });
    };
    let (log, first_seq, last_seq): (i64, i64, i64) =
        (found.try_get(0)?, found.try_get(1)?, found.try_get(2)?);
    let rows = db.rows(
        CONVERSATIONS,
        &[
            &log,
            &user.0,
            &i64::from(CONVERSATIONS_LISTED),
            &last_seq.saturating_sub(number(UNREAD_SEEN)),
            &i64::from(UNREAD_COUNTED),
        ],
    )?;
    let mut conversations = Vec::with_capacity(rows.len());
    for row in rows {
        conversations.push(Conversation {
            username: row.try_get(0)?,
            last_seq: seq(seq_of(row.try_get(1)?)),
            read_seq: seq(row.try_get(2)?),
            unread: u32::try_from(row.try_get::<_, i64>(3)?).unwrap_or(UNREAD_COUNTED),
        });
    }
    Ok(InboxState {
        first_seq: seq(first_seq),
        last_seq: seq(last_seq),
        conversations,
    })
}

/// The conversations of an inbox with what is unread of each, the newest first.
const CONVERSATIONS: &str = "SELECT users.username, newest.id, read.seq,
        (SELECT count(*) FROM
             (SELECT 1 FROM lines
              WHERE id >> 36 = $1 AND peer_id = newest.peer_id
                AND id > ($1::bigint << 36) + greatest(read.seq, $4)
                AND kind = 0 AND sender_id <> $2
                AND NOT EXISTS (SELECT 1 FROM blocks
                                WHERE user_id = $2 AND blocked_id = lines.sender_id)
              LIMIT $5) AS unread)
    FROM (SELECT peer_id, max(id) AS id FROM lines
          WHERE id >> 36 = $1 AND peer_id IS NOT NULL
          GROUP BY peer_id ORDER BY max(id) DESC LIMIT $3) AS newest
    JOIN users ON users.id = newest.peer_id
    CROSS JOIN LATERAL
        (SELECT coalesce((SELECT read_seq FROM whisper_reads
                          WHERE user_id = $2 AND peer_id = newest.peer_id), 0) AS seq) AS read
    ORDER BY newest.id DESC";
