//! A player changes their password.

use longhall_packet::{CloseReason, DenyCode, Password, RequestId, ServerPacket, Username};
use tracing::info;

use crate::session::{Outcome, Session};

/// Answers `change_password` with `ok`. Who else is logged in to the account is
/// no more.
pub(crate) async fn change_password(
    session: &Session,
    id: RequestId,
    password: Password,
    new_password: Password,
) -> Outcome {
    let me = session.me()?;
    let server = &session.server;
    let unavailable = |cause| session.unavailable(&cause);
    // As for a login: a device left alone is no place to guess at.
    let name_key = Username::parse(&me.user.username)?.keys().name;
    server.limits.check_login(session.address, &name_key)?;

    // Asked anew: it may have been changed on another device.
    let found = server.store.user_by_name(&name_key).await;
    let stored = found.map_err(unavailable)?.map(|user| user.password_hash);
    let verified = server.passwords.verify(stored, password).await?;
    if !verified.valid {
        return Err(DenyCode::BadCredentials.into());
    }
    let hash = server.passwords.hash(new_password).await?;
    let changed = server
        .store
        .change_password(me.user.id, hash, me.session)
        .await;
    let ended = changed.map_err(unavailable)?;

    info!(connection = session.connection, user = me.user.id.0, "password changed");
    let hub = &server.hub;
    hub.end_sessions(me.user.id, &ended, CloseReason::SessionEnded);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}
