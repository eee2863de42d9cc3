//! Read markers: how far an account has read channels and whispers.

use longhall_packet::Seq;

use super::{Db, Engine, channels, members, number, seq};
use crate::store::{ChannelId, Log, UNREAD_COUNTED, UserId};

/// Moves a marker on; returns where it stands and the lines of others behind it.
pub(in crate::store) fn set_read<D: Engine>(
    db: &mut D,
    user: UserId,
    log: Log,
    to: Seq,
) -> Result<(Seq, u32), D::Error> {
    let log_id = match log {
        Log::Channel(channel) if members::is_member(db, channel, user)? => {
            channels::log(db, channel)?
        }
        Log::Channel(_) => None,
        Log::Whispers(..) | Log::Inbox(_) => inbox_log(db, user)?,
    };
    let Some(log_id) = log_id else {
        return Ok((0, 0));
    };
    let to = number(to).min(db.last_seq(log_id)?);
    match log {
        Log::Channel(channel) => {
            let read_seq = mark_channel(db, user, channel, to)?;
            Ok((seq(read_seq), db.unread(log_id, user, read_seq)?))
        }
        Log::Whispers(_, peer) => {
            // Where there is no conversation, the marker does not begin one.
            let read_seq = if db.has_peer(log_id, peer)? {
                mark_whispers(db, user, peer, to)?
            } else {
                0
            };
            let unread = db.unread_whispers(log_id, peer, user, read_seq)?;
            Ok((seq(read_seq), unread))
        }
        Log::Inbox(_) => {
            let mut lowest = None;
            let mut all_unread = 0;
            for peer in db.peers(log_id)? {
                let read_seq = mark_whispers(db, user, peer, to)?;
                all_unread += db.unread_whispers(log_id, peer, user, read_seq)?;
                lowest = Some(lowest.map_or(read_seq, |lowest: i64| lowest.min(read_seq)));
            }
            Ok((seq(lowest.unwrap_or(to)), all_unread.min(UNREAD_COUNTED)))
        }
    }
}

/// The log of an account's whispers, once there is one.
pub(in crate::store) fn inbox_log<D: Db>(
    db: &mut D,
    user: UserId,
) -> Result<Option<i64>, D::Error> {
    db.optional(
        "SELECT log_id FROM inboxes WHERE user_id = ?1",
        &[user.0.into()],
        |row| row.int(0),
    )
}

fn mark_channel<D: Db>(
    db: &mut D,
    user: UserId,
    channel: ChannelId,
    to: i64,
) -> Result<i64, D::Error> {
    db.one(
        "INSERT INTO channel_reads (user_id, channel_id, read_seq) VALUES (?1, ?2, ?3)
         ON CONFLICT (user_id, channel_id) DO UPDATE
             SET read_seq = CASE WHEN excluded.read_seq > channel_reads.read_seq
                                 THEN excluded.read_seq ELSE channel_reads.read_seq END
         RETURNING read_seq",
        &[user.0.into(), channel.0.into(), to.into()],
        |row| row.int(0),
    )
}

fn mark_whispers<D: Db>(db: &mut D, user: UserId, peer: UserId, to: i64) -> Result<i64, D::Error> {
    db.one(
        "INSERT INTO whisper_reads (user_id, peer_id, read_seq) VALUES (?1, ?2, ?3)
         ON CONFLICT (user_id, peer_id) DO UPDATE
             SET read_seq = CASE WHEN excluded.read_seq > whisper_reads.read_seq
                                 THEN excluded.read_seq ELSE whisper_reads.read_seq END
         RETURNING read_seq",
        &[user.0.into(), peer.0.into(), to.into()],
        |row| row.int(0),
    )
}
