//! A player sees and closes the sessions on their devices.

use longhall_packet::{CloseReason, DenyCode, ListedSession, RequestId, ServerPacket};
use tracing::info;

use super::outcome::{HandlerError, Outcome};
use crate::session::Session;
use crate::store::SessionId;

/// Answers `sessions` with where the account is logged in.
pub(crate) async fn sessions(session: &Session, id: RequestId) -> Outcome {
    let sessions = listed(session).await?;
    session.reply(&ServerPacket::Sessions { id, sessions });
    Ok(())
}

/// Where the account is logged in, seen latest first.
pub(super) async fn listed(session: &Session) -> Result<Vec<ListedSession>, HandlerError> {
    let me = session.me()?;
    let server = &session.server;
    let now_ms = server.clock.now_ms();
    let ended_by_ms = server.clock.ended_by_ms();
    let rows = server.store.sessions(me.user.id, ended_by_ms).await?;
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
                last_seen_at_ms: if online { now_ms.unsigned_abs() } else { seen },
                online,
                current: row.id == me.session,
            }
        })
        .collect();
    sessions.sort_by_key(|listed| std::cmp::Reverse(listed.last_seen_at_ms));
    Ok(sessions)
}

/// Answers `close_session` with `ok`: another session, or all others, can not be
/// resumed any more, and their connections are closed with `session_ended`.
pub(crate) async fn close_session(session: &Session, id: RequestId, which: Option<u64>) -> Outcome {
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
        .await?;
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

#[cfg(test)]
mod tests {
    use longhall_packet::{CloseReason, DenyCode, ListedSession, ServerPacket};

    use crate::handlers::test_requests::{close_session, sessions};
    use crate::handlers::test_session::TestSession;

    async fn listed(player: &mut TestSession) -> Vec<ListedSession> {
        player.ask(sessions()).await;
        match player.next() {
            ServerPacket::Sessions { sessions, .. } => sessions,
            other => panic!("expected the sessions, got {other:?}"),
        }
    }

    async fn login(player: &mut TestSession, device: &str) -> String {
        player.try_login_on(device, "ada", "correct horse").await;
        player.expect_logged_in(2).1
    }

    #[tokio::test]
    async fn sessions_are_listed_and_closed_one_by_one() {
        let mut here = TestSession::new();
        here.register("ada").await;
        let (mut deck, mut phone) = (here.another(), here.another());
        login(&mut here, "desk").await;
        let token = login(&mut deck, "Steam Deck").await;
        login(&mut phone, "phone").await;
        phone.cut();
        let all = listed(&mut here).await;
        let mut seen: Vec<_> = all
            .iter()
            .map(|one| (one.device.as_str(), one.online, one.current))
            .collect();
        seen.sort_unstable();
        let expected = [
            ("Steam Deck", true, false),
            ("desk", true, true),
            ("phone", false, false),
        ];
        assert_eq!(seen, expected);

        let number = all
            .iter()
            .find(|one| one.device == "Steam Deck")
            .unwrap()
            .session;
        here.done(close_session(Some(number))).await;
        deck.expect_closed(CloseReason::SessionEnded);
        let mut back = here.another();
        back.try_resume(&token).await;
        back.expect_deny(Some(3), DenyCode::SessionExpired);
        assert_eq!(listed(&mut here).await.len(), 2);
        here.refused(close_session(Some(number)), DenyCode::UnknownSession)
            .await;
    }

    #[tokio::test]
    async fn all_others_are_closed_at_once_but_not_the_own() {
        let mut here = TestSession::new();
        here.register("ada").await;
        let (mut deck, mut eve) = (here.another(), here.another());
        login(&mut here, "desk").await;
        login(&mut deck, "Steam Deck").await;
        eve.register_and_login("eve").await;
        here.done(close_session(None)).await;
        deck.expect_closed(CloseReason::SessionEnded);
        let own = listed(&mut here).await[0].session;
        let own = close_session(Some(own));
        here.refused(&own, DenyCode::NotYourself).await;
        // Another's session is none of ours.
        eve.refused(&own, DenyCode::UnknownSession).await;
        here.chat("lobby", "still here").await;
    }
}
