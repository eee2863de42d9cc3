//! An operator takes a member out of a channel.

use longhall_packet::{ChannelName, DenyCode, RequestId, Role, ServerPacket, Username};

use super::leave::take_out;
use super::rank;
use crate::session::{Outcome, Session};

/// Answers `remove` with `ok`: for operators and the owner, on members below
/// them. In an open channel nothing keeps the member from coming back.
pub(crate) async fn remove(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    username: &Username,
) -> Outcome {
    let _change = session.server.change_channel(name).await;
    let mine = session.membership_as(Role::Operator, name).await?;
    let (user, username) = session.other(username).await?;
    let channel = mine.channel.id;
    let theirs = session.server.store.membership(channel, user).await;
    let theirs = theirs
        .map_err(|cause| session.unavailable(&cause))?
        .ok_or(DenyCode::UnknownUser)?;
    if rank(theirs.role) >= rank(mine.role) {
        return Err(DenyCode::NotAllowed.into());
    }
    let me = session.me()?.user.username.as_str();
    let member = (user, username.as_str(), theirs.role);
    take_out(session, channel, name, member, Some(me)).await?;
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}
