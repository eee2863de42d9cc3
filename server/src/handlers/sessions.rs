//! A player sees and closes the sessions on their devices.

use longhall_packet::{CloseReason, DenyCode, ListedSession, RequestId, ServerPacket};
use tracing::info;

use super::now_ms;
use crate::session::{Outcome, Session};
use crate::store::SessionId;

/// Answers `sessions` with where the account is logged in.
pub(crate) async fn sessions(session: &Session, id: RequestId) -> Outcome {
    let me = session.me()?;
    let server = &session.server;
    let now_ms = now_ms();
    let rows = server.store.sessions(me.user.id, now_ms as i64).await;
    let rows = rows.map_err(|cause| session.unavailable(&cause))?;
    let connected = server.hub.sessions(me.user.id);
    let mut sessions: Vec<ListedSession> = rows
        .into_iter()
        .map(|row| {
            let online = connected.contains(&row.id);
            let seen = row.last_seen_at_ms.unsigned_abs();
            ListedSession {
                session: row.id.0.unsigned_abs(),
                device: row.device,
                created_at_ms: row.created_at_ms.unsigned_abs(),
                last_seen_at_ms: if online { now_ms } else { seen },
                online,
                current: row.id == me.session,
            }
        })
        .collect();
    sessions.sort_by_key(|listed| std::cmp::Reverse(listed.last_seen_at_ms));
    session.reply(&ServerPacket::Sessions { id, sessions });
    Ok(())
}

/// Answers `close_session` with `ok`: another session, or all others, can not be
/// resumed any more, and their connections are closed with `session_ended`.
pub(crate) async fn close_session(
    session: &Session,
    id: RequestId,
    which: Option<u64>,
) -> Outcome {
    let me = session.me()?;
    let server = &session.server;
    let which = which.map(|number| SessionId(i64::try_from(number).unwrap_or(0)));
    // For that there is `logout`.
    if which == Some(me.session) {
        return Err(DenyCode::NotYourself.into());
    }
    let ended = server
        .store
        .delete_sessions(me.user.id, which, me.session)
        .await;
    let ended = ended.map_err(|cause| session.unavailable(&cause))?;
    if which.is_some() && ended.is_empty() {
        return Err(DenyCode::UnknownSession.into());
    }
    let (connection, count) = (session.connection, ended.len());
    info!(connection, user = me.user.id.0, count, "sessions closed");
    let hub = &server.hub;
    hub.end_sessions(me.user.id, &ended, CloseReason::SessionEnded);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}
