//! Inboxes.

use longhall_packet::{Conversation, InboxState};
use rusqlite::{Connection, Result};

use super::driver::Sqlite;
use super::keys::{MAX_SEQ, line_key, seq_of};
use super::pages::bounds;
use super::{number, seq};
use crate::store::sql::reads::inbox_log;
use crate::store::{ANSWERS_SEEN, CONVERSATIONS_LISTED, UNREAD_COUNTED, UNREAD_SEEN, UserId};

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
    let Some(log) = inbox_log(&mut Sqlite(db), to)? else {
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
    let Some(log) = inbox_log(&mut Sqlite(db), user)? else {
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
pub(super) fn unread(
    db: &Connection,
    log: i64,
    peer: UserId,
    user: UserId,
    read_seq: i64,
) -> Result<u32> {
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

/// With whom there are whispers in an inbox.
pub(super) fn peers(db: &Connection, log: i64) -> Result<Vec<UserId>> {
    db.prepare_cached(
        "SELECT DISTINCT peer_id FROM lines INDEXED BY lines_by_peer
         WHERE id >> 36 = ?1 AND peer_id IS NOT NULL",
    )?
    .query_map([log], |row| row.get(0).map(UserId))?
    .collect()
}

/// Whether there are whispers with an account in an inbox.
pub(super) fn has_peer(db: &Connection, log: i64, peer: UserId) -> Result<bool> {
    db.prepare_cached(
        "SELECT 1 FROM lines INDEXED BY lines_by_peer WHERE id >> 36 = ?1 AND peer_id = ?2",
    )?
    .exists((log, peer.0))
}
