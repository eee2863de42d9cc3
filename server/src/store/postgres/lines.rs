//! What is asked about the lines of a log as a whole.

use longhall_packet::Seq;

use super::error::Error;
use super::transaction::Transaction;
use crate::store::sql::{number, seq};
use crate::store::{Log, UNREAD_COUNTED, UNREAD_SEEN, UserId};

pub(super) fn last_seq(db: &mut Transaction<'_>, log: i64) -> Result<i64, Error> {
    let found = db.first("SELECT last_seq FROM logs WHERE id = $1", &[&log])?;
    Ok(found.map_or(Ok(0), |row| row.try_get(0))?)
}

/// Where each of these logs stands, in the order asked.
pub(super) fn newest(db: &mut Transaction<'_>, logs: &[Log]) -> Result<Vec<Seq>, Error> {
    let asked = logs.iter().map(|log| match log {
        Log::Channel(channel) => (channel.0, false),
        Log::Inbox(user) | Log::Whispers(user, _) => (user.0, true),
    });
    let (ids, are_inboxes): (Vec<i64>, Vec<bool>) = asked.unzip();
    let rows = db.rows(
        "SELECT coalesce(logs.last_seq, 0)
         FROM unnest($1::bigint[], $2::bool[]) WITH ORDINALITY AS asked (id, is_inbox, place)
         LEFT JOIN channels ON NOT asked.is_inbox AND channels.id = asked.id
         LEFT JOIN inboxes ON asked.is_inbox AND inboxes.user_id = asked.id
         LEFT JOIN logs ON logs.id = coalesce(channels.log_id, inboxes.log_id)
         ORDER BY asked.place",
        &[&ids, &are_inboxes],
    )?;
    rows.iter().map(|row| Ok(seq(row.try_get(0)?))).collect()
}

/// Lines of others, and of the game, which nobody's block hides.
pub(super) fn unread(
    db: &mut Transaction<'_>,
    log: i64,
    user: UserId,
    read_seq: i64,
) -> Result<u32, Error> {
    counted(
        db,
        "SELECT count(*) FROM
             (SELECT 1 FROM lines
              WHERE id > ($1::bigint << 36)
                         + greatest($2, (SELECT last_seq FROM logs WHERE id = $1) - $5)
                AND id < ($1 + 1) << 36
                AND (kind = 4 OR kind = 0 AND sender_id != $3
                     AND NOT EXISTS (SELECT 1 FROM blocks
                                     WHERE user_id = $3 AND blocked_id = lines.sender_id))
              LIMIT $4) AS unread",
        &[
            &log,
            &read_seq,
            &user.0,
            &i64::from(UNREAD_COUNTED),
            &number(UNREAD_SEEN),
        ],
    )
}

pub(super) fn unread_whispers(
    db: &mut Transaction<'_>,
    log: i64,
    peer: UserId,
    user: UserId,
    read_seq: i64,
) -> Result<u32, Error> {
    counted(
        db,
        "SELECT count(*) FROM
             (SELECT 1 FROM lines
              WHERE id >> 36 = $1 AND peer_id = $2
                AND id > ($1::bigint << 36)
                         + greatest($3, (SELECT last_seq FROM logs WHERE id = $1) - $6)
                AND kind = 0 AND sender_id != $4
                AND NOT EXISTS (SELECT 1 FROM blocks
                                WHERE user_id = $4 AND blocked_id = lines.sender_id)
              LIMIT $5) AS unread",
        &[
            &log,
            &peer.0,
            &read_seq,
            &user.0,
            &i64::from(UNREAD_COUNTED),
            &number(UNREAD_SEEN),
        ],
    )
}

fn counted(
    db: &mut Transaction<'_>,
    sql: &'static str,
    values: &[&(dyn postgres::types::ToSql + Sync)],
) -> Result<u32, Error> {
    let found = db.first(sql, values)?;
    let counted: i64 = found.map_or(Ok(0), |row| row.try_get(0))?;
    // Counted up to a limit that fits.
    Ok(u32::try_from(counted).unwrap_or(u32::MAX))
}

pub(super) fn peers(db: &mut Transaction<'_>, log: i64) -> Result<Vec<UserId>, Error> {
    let found = db.rows(
        "SELECT DISTINCT peer_id FROM lines WHERE id >> 36 = $1 AND peer_id IS NOT NULL
         ORDER BY peer_id",
        &[&log],
    )?;
    let peers = found.iter().map(|row| Ok(UserId(row.try_get(0)?)));
    peers.collect()
}

pub(super) fn has_peer(db: &mut Transaction<'_>, log: i64, peer: UserId) -> Result<bool, Error> {
    let found = db.first(
        "SELECT 1 FROM lines WHERE id >> 36 = $1 AND peer_id = $2 LIMIT 1",
        &[&log, &peer.0],
    )?;
    Ok(found.is_some())
}

/// Deletes the lines of a log. Who writes into it now has finished before, and who comes
/// then finds the channel changed.
pub(super) fn forget(db: &mut Transaction<'_>, log: i64) -> Result<(), Error> {
    db.first("SELECT 1 FROM logs WHERE id = $1 FOR UPDATE", &[&log])?;
    db.change(
        "DELETE FROM lines WHERE id > $1::bigint << 36 AND id < ($1 + 1) << 36",
        &[&log],
    )?;
    Ok(())
}
