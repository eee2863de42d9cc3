//! A guest keeps the name, or takes another one, as an account.

use longhall_packet::{CloseReason, DenyCode, Password, RequestId, ServerPacket, Username};
use tracing::info;

use super::outcome::Outcome;
use crate::registration::{self, Paid};
use crate::session::Session;
use crate::store::{AccountKind, NewUser};

/// Answers `upgrade`. The connection ends then, on all servers, and the player resumes as
/// what they are now: everybody sees it, and no server goes by what was.
pub(crate) async fn upgrade(
    session: &mut Session,
    id: RequestId,
    username: Option<Username>,
    password: Password,
    paid: Paid,
) -> Outcome {
    let me = session.me()?;
    let user = me.user.id;
    let now = match me.user.is_guest {
        false => return Err(DenyCode::NotAllowed.into()),
        true => Username::parse(&me.user.username())?,
    };
    let username = username.unwrap_or_else(|| now.clone());
    let keys = username.keys();
    let is_renamed = keys != now.keys();
    let known = session.server.store.user_by_name(&now.name_key()).await?;
    let kind = known
        .filter(|known| known.id == user)
        .map(|known| known.kind);
    if kind == Some(AccountKind::Waiting) {
        return Err(DenyCode::ApprovalPending.into());
    }
    let terms = registration::terms(session, paid).await?;
    let server = &session.server;
    // The name it has is nobody else's.
    if is_renamed && server.is_refused(&username, &keys) {
        return Err(DenyCode::UsernameTaken.into());
    }
    let password_hash = server.passwords.hash(password).await?;
    let new = NewUser {
        username: username.to_string(),
        keys,
        password_hash,
        recovery_codes: Vec::new(),
    };
    let upgraded = server.store.upgrade_guest(user, new, terms).await?;
    registration::outcome(upgraded)?;
    info!(connection = session.connection, user = user.0, %username, "a guest has an account");
    session.reply(&ServerPacket::Ok { id });
    server.hub.close(user, CloseReason::Restarting);
    Ok(())
}
