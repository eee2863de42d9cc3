//! A player has read on.

use longhall_packet::{DenyCode, RequestId, ServerPacket, Target};

use super::history::log_of;
use crate::session::{Outcome, Session};

/// Answers `read` with `ok`; the account's other devices are told.
pub(crate) async fn read(session: &Session, id: RequestId, target: &Target, seq: u64) -> Outcome {
    let me = session.me()?.user.id;
    // There is a marker per conversation, none for all of them.
    if *target == Target::Inbox {
        return Err(DenyCode::UnknownUser.into());
    }
    let log = log_of(session, target).await?;
    let moved = session.server.store.set_read(me, log, seq).await;
    let (seq, unread) = moved.map_err(|cause| session.unavailable(&cause))?;
    let channel = target.to_string();
    let news = ServerPacket::Read {
        channel,
        seq,
        unread,
    };
    session.server.hub.tell(me, Some(&session.outbox), &news);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}
