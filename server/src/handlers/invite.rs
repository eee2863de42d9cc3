//! A member invites somebody into a channel.

use longhall_packet::{Access, ChannelName, RequestId, Role, ServerPacket, Username};

use super::now_ms;
use crate::session::{Outcome, Session};

/// Answers `invite` with `ok`, also when the player has blocked who invites and
/// hears nothing of it.
pub(crate) async fn invite(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    username: &Username,
) -> Outcome {
    let server = &session.server;
    let unavailable = |cause| session.unavailable(&cause);
    // Held, so that nobody is invited into a channel they are just joining.
    let _change = server.change_channel(name).await;
    let mut mine = session.membership_as(Role::Member, name).await?;
    if mine.channel.access != Access::Open {
        mine = session.membership_as(Role::Operator, name).await?;
    }
    let (user, _) = session.other(username).await?;
    let channel = mine.channel.id;
    let member = server.store.membership(channel, user).await;
    let is_member = member.map_err(unavailable)?.is_some();
    let me = &session.me()?.user;
    let at_most = server.config.invitations_per_account;
    let noted = !is_member
        && server
            .store
            .insert_invitation(channel, user, me.id, at_most, now_ms() as i64)
            .await
            .map_err(unavailable)?;
    if noted {
        let invited = ServerPacket::Invited {
            channel: name.to_string(),
            by: me.username.clone(),
        };
        server.hub.tell(user, None, &invited);
    }
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}
