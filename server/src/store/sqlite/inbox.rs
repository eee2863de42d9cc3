//! Inboxes and read markers.

use longhall_packet::{Conversation, InboxState, Seq};
use rusqlite::{Connection, OptionalExtension, Result};

use super::keys::{MAX_SEQ, line_key, seq_of};
use super::pages::{bounds, inbox_log};
use super::{channels, number, seq};
use crate::store::{ANSWERS_SEEN, CONVERSATIONS_LISTED, Log, UNREAD_COUNTED, UNREAD_SEEN, UserId};

/// Counts all whispers in an inbox as delivered.
pub(super) fn deliver(db: &Connection, user: UserId) -> Result<()> {
    db.prepare_cached(concat!(
        "UPDATE inboxes
         SET delivered_seq = (SELECT ",
        last_seq!(),
        " FROM logs WHERE logs.id = inboxes.log_id)
         WHERE user_id = ?1"
    ))?
    .execute([user.0])?;
    Ok(())
}

/// Whether an account is among those that have whispered to another, as far back as
/// [`ANSWERS_SEEN`] whispers between the two.
pub(super) fn has_whispered(db: &Connection, from: UserId, to: UserId) -> Result<bool> {
    let Some(log) = inbox_log(db, to)? else {
        return Ok(false);
    };
    db.prepare_cached(
        "SELECT 1 FROM (SELECT sender_id FROM lines INDEXED BY lines_by_peer
                        WHERE id >> 36 = ?1 AND peer_id = ?2 ORDER BY id DESC LIMIT ?3)
         WHERE sender_id = ?2",
    )?
    .exists((log, from.0, ANSWERS_SEEN))
}

pub(super) fn state(db: &Connection, user: UserId) -> Result<InboxState> {
    let Some(log) = inbox_log(db, user)? else {
        return Ok(InboxState {
            first_seq: 1,
            ..InboxState::default()
        });
    };
    let (first_seq, last_seq) = bounds(db, log)?;
    let conversations = db
        .prepare_cached(
            "SELECT users.id, users.username, newest.id, coalesce(whisper_reads.read_seq, 0)
             FROM (SELECT peer_id, max(id) AS id FROM lines INDEXED BY lines_by_peer
                   WHERE id >> 36 = ?1 AND peer_id IS NOT NULL
                   GROUP BY peer_id ORDER BY max(id) DESC LIMIT ?3) AS newest
             JOIN users ON users.id = newest.peer_id
             LEFT JOIN whisper_reads
                 ON whisper_reads.user_id = ?2 AND whisper_reads.peer_id = newest.peer_id
             ORDER BY newest.id DESC",
        )?
        .query_map((log, user.0, CONVERSATIONS_LISTED), |row| {
            let peer = UserId(row.get(0)?);
            let read_seq = row.get(3)?;
            Ok(Conversation {
                username: row.get(1)?,
                last_seq: seq(seq_of(row.get(2)?)),
                read_seq: seq(read_seq),
                unread: unread(db, log, peer, user, read_seq)?,
            })
        })?
        .collect::<Result<_>>()?;
    Ok(InboxState {
        first_seq: seq(first_seq),
        last_seq: seq(last_seq),
        conversations,
    })
}

/// Whispers of `peer` behind a number of the inbox of `user`.
fn unread(db: &Connection, log: i64, peer: UserId, user: UserId, read_seq: i64) -> Result<u32> {
    db.prepare_cached(concat!(
        "SELECT count(*) FROM
             (SELECT 1 FROM lines INDEXED BY lines_by_peer
              WHERE id >> 36 = ?1 AND peer_id = ?2
                AND id > max(?3, (SELECT max(id) FROM lines WHERE id",
        of_log!("?1"),
        ") - ?6)
                AND kind = 0 AND sender_id != ?4
                AND sender_id NOT IN (SELECT blocked_id FROM blocks WHERE user_id = ?4)
              LIMIT ?5)"
    ))?
    .query_row(
        (
            log,
            peer.0,
            line_key(log, read_seq.min(MAX_SEQ))?,
            user.0,
            UNREAD_COUNTED,
            number(UNREAD_SEEN),
        ),
        |row| row.get(0),
    )
}

pub(super) fn set_read(db: &Connection, user: UserId, log: Log, to: Seq) -> Result<(Seq, u32)> {
    match log {
        Log::Channel(channel) => {
            let Some(log) = channels::log(db, channel)? else {
                return Ok((0, 0));
            };
            if !channels::is_member(db, channel, user)? {
                return Ok((0, 0));
            }
            let to = number(to).min(bounds(db, log)?.1);
            let read_seq = db
                .prepare_cached(
                    "INSERT INTO channel_reads (user_id, channel_id, read_seq) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET read_seq = max(read_seq, excluded.read_seq)
                     RETURNING read_seq",
                )?
                .query_row((user.0, channel.0, to), |row| row.get(0))?;
            Ok((seq(read_seq), channels::unread(db, log, user, read_seq)?))
        }
        Log::Whispers(_, peer) => {
            let Some(log) = inbox_log(db, user)? else {
                return Ok((0, 0));
            };
            let to = number(to).min(bounds(db, log)?.1);
            let read_seq = mark(db, log, user, peer, to)?;
            Ok((seq(read_seq), unread(db, log, peer, user, read_seq)?))
        }
        Log::Inbox(_) => {
            let Some(log) = inbox_log(db, user)? else {
                return Ok((0, 0));
            };
            let to = number(to).min(bounds(db, log)?.1);
            let peers = db
                .prepare_cached(
                    "SELECT DISTINCT peer_id FROM lines INDEXED BY lines_by_peer
                     WHERE id >> 36 = ?1 AND peer_id IS NOT NULL",
                )?
                .query_map([log], |row| row.get(0).map(UserId))?
                .collect::<Result<Vec<_>>>()?;
            let mut lowest = None;
            let mut all_unread = 0;
            for peer in peers {
                let read_seq = mark(db, log, user, peer, to)?;
                all_unread += unread(db, log, peer, user, read_seq)?;
                lowest = Some(lowest.map_or(read_seq, |lowest: i64| lowest.min(read_seq)));
            }
            Ok((seq(lowest.unwrap_or(to)), all_unread.min(UNREAD_COUNTED)))
        }
    }
}

/// Moves the marker of a conversation on; where there is none, it does not
/// begin one.
fn mark(db: &Connection, log: i64, user: UserId, peer: UserId, to: i64) -> Result<i64> {
    db.prepare_cached(
        "INSERT INTO whisper_reads (user_id, peer_id, read_seq)
         SELECT ?1, ?2, ?3
         WHERE EXISTS (SELECT 1 FROM lines INDEXED BY lines_by_peer
                       WHERE id >> 36 = ?4 AND peer_id = ?2)
         ON CONFLICT DO UPDATE SET read_seq = max(read_seq, excluded.read_seq)
         RETURNING read_seq",
    )?
    .query_row((user.0, peer.0, to, log), |row| row.get(0))
    .optional()
    .map(Option::unwrap_or_default)
}
