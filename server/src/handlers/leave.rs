//! A player leaves a channel.

use longhall_packet::{ChannelName, DenyCode, LeaveReason, RequestId, Role, ServerPacket};

use crate::session::{Outcome, Session};
use crate::store::{ChannelId, Removed, UserId};

/// Answers `leave` with `ok`. Everybody stays in the lobby.
pub(crate) async fn leave(session: &Session, id: RequestId, name: &ChannelName) -> Outcome {
    let me = &session.me()?.user;
    let server = &session.server;
    let _change = server.change_channel(name).await;
    let membership = session.membership(name).await?;
    let channel = membership.channel.id;
    if membership.channel.is_lobby {
        return Err(DenyCode::NotAllowed.into());
    }
    let member = (me.id, me.username.as_str(), membership.role);
    take_out(session, channel, name, member, None).await?;
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Takes a member out, tells them and, when it was the owner, who owns the
/// channel now. To be called while changes of the channel are held off.
pub(super) async fn take_out(
    session: &Session,
    channel: ChannelId,
    name: &ChannelName,
    (user, username, role): (UserId, &str, Role),
    by: Option<&str>,
) -> Outcome {
    let server = &session.server;
    let removed = server.store.delete_member(channel, user).await;
    let heir = match removed.map_err(|cause| session.unavailable(&cause))? {
        Removed::NotAMember => return Err(DenyCode::NotAMember.into()),
        Removed::Out { heir } => heir,
        Removed::ChannelGone => None,
    };
    let left = ServerPacket::Left {
        channel: name.to_string(),
        reason: match by {
            None => LeaveReason::Left,
            Some(_) => LeaveReason::Removed,
        },
        by: by.map(str::to_owned),
    };
    server.hub.leave(user, username, role, channel, &left);
    if let Some((heir, heir_name)) = heir {
        let changed = ServerPacket::RoleChanged {
            channel: name.to_string(),
            username: heir_name.clone(),
            role: Role::Owner,
            by: heir_name,
        };
        server.hub.set_role(channel, heir, Role::Owner, &changed);
    }
    Ok(())
}
