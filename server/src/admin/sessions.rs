//! Logins of an account: listed and ended.

use longhall_packet::CloseReason;

use super::ground::Ground;
use super::report::{ActError, Report, Session};
use crate::store::{Account, SessionId};

/// No session has this number.
pub(super) const NONE: SessionId = SessionId(0);

pub(super) async fn list(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let account = ground.account(name).await?;
    Ok(Report::Sessions {
        sessions: of(ground, &account).await?,
        username: account.username,
    })
}

pub(super) async fn of(ground: &Ground, account: &Account) -> Result<Vec<Session>, ActError> {
    let rows = ground
        .store
        .sessions(account.user, ground.ended_by_ms())
        .await?;
    let connected = ground
        .server
        .as_ref()
        .map(|server| server.hub.sessions(account.user));
    let sessions = rows.into_iter().map(|row| Session {
        session: row.id.0,
        device: row.device,
        created_at_ms: row.created_at_ms,
        last_seen_at_ms: row.last_seen_at_ms,
        online: connected.as_ref().map(|all| all.contains(&row.id)),
    });
    Ok(sessions.collect())
}

pub(super) async fn close(ground: &Ground, session: i64) -> Result<Report, ActError> {
    let session = SessionId(session);
    let missing = || ActError::NotFound(format!("there is no session {}", session.0));
    let owner = ground.store.session_owner(session).await?;
    let (user, username) = owner.ok_or_else(missing)?;
    let ended = ground
        .store
        .delete_sessions(user, Some(session), NONE)
        .await?;
    if ended.is_empty() {
        return Err(missing());
    }
    ground.close_sessions(user, &ended, CloseReason::SessionEnded);
    Ok(Report::SessionsClosed {
        username,
        count: ended.len(),
    })
}

pub(super) async fn close_all(ground: &Ground, name: &str) -> Result<Report, ActError> {
    let (account, count) = end_all(ground, name, CloseReason::SessionEnded).await?;
    Ok(Report::SessionsClosed {
        username: account.username,
        count,
    })
}

async fn end_all(
    ground: &Ground,
    name: &str,
    reason: CloseReason,
) -> Result<(Account, usize), ActError> {
    let account = ground.account(name).await?;
    let ended = ground
        .store
        .delete_sessions(account.user, None, NONE)
        .await?;
    ground.close(account.user, reason);
    Ok((account, ended.len()))
}
