//! The player and the channel that a request is about.

use longhall_packet::{ChannelName, DenyCode, Role, Username};
use longhall_world::rules;

use super::outcome::HandlerError;
use crate::session::Session;
use crate::store::{Membership, UserId};

/// The channel of this name, as a member.
///
/// # Errors
/// `not_a_member`; `unknown_channel` also for one that only its members may
/// know of.
pub(super) async fn membership(
    session: &Session,
    name: &ChannelName,
) -> Result<Membership, HandlerError> {
    let me = session.me()?.user.id;
    let store = &session.server.store;
    let channel = store.channel_by_name(name).await?;
    let channel = channel.ok_or(DenyCode::UnknownChannel)?;
    let membership = store.membership(channel.id, me).await?;
    Ok(membership.ok_or_else(|| rules::not_a_member(&channel))?)
}

/// As [`membership`], of a member who may do what a `role` may.
///
/// # Errors
/// As there; `not_allowed`, and for everybody in the lobby.
pub(super) async fn membership_as(
    session: &Session,
    role: Role,
    name: &ChannelName,
) -> Result<Membership, HandlerError> {
    let membership = membership(session, name).await?;
    rules::check_role(&membership, role)?;
    Ok(membership)
}

/// Another account, by its name.
///
/// # Errors
/// `unknown_user`, `not_yourself`.
pub(super) async fn other_user(
    session: &Session,
    username: &Username,
) -> Result<(UserId, String), HandlerError> {
    let me = session.me()?.user.id;
    let key = username.name_key();
    let (user, name) = if let Some((user, name, _)) = session.server.hub.player(&key) {
        (user, name)
    } else {
        let user = session.server.store.user_by_name(&key).await?;
        let user = user.ok_or(DenyCode::UnknownUser)?;
        (user.id, user.username)
    };
    if user == me {
        return Err(DenyCode::NotYourself.into());
    }
    Ok((user, name))
}
