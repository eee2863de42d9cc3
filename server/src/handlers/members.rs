//! A player looks who is in a channel.

use longhall_packet::{ChannelName, Member, RequestId, Role, ServerPacket, Username};

use crate::session::{Outcome, Session};

/// Members in one page: with the longest texts it is still a packet that clients
/// read.
const MAX_PAGE: usize = 100;

/// Answers `members` with a page of the roster, in the order of the names; in
/// the lobby, of those who are online.
pub(crate) async fn members(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    after: Option<&Username>,
) -> Outcome {
    let me = session.me()?.user.id;
    let hub = &session.server.hub;
    let channel = session.membership(name).await?.channel;
    let after = after.map(|username| username.keys().name);
    let mut members: Vec<Member> = if channel.is_lobby {
        let online = hub.online(me, after.as_deref(), MAX_PAGE + 1);
        let listed = online.into_iter().map(|shown| Member {
            username: shown.username,
            role: Role::Member,
            state: shown.state,
            text: shown.text,
        });
        listed.collect()
    } else {
        let store = &session.server.store;
        let rows = store.members(channel.id, after.as_deref(), MAX_PAGE + 1);
        let rows = rows.await.map_err(|cause| session.unavailable(&cause))?;
        let listed = rows.into_iter().map(|row| {
            let (state, text) = hub.shown_to(me, row.user);
            Member {
                username: row.username,
                role: row.role,
                state,
                text,
            }
        });
        listed.collect()
    };
    let more = members.len() > MAX_PAGE;
    members.truncate(MAX_PAGE);
    session.reply(&ServerPacket::Members {
        id,
        channel: name.to_string(),
        members,
        more,
    });
    Ok(())
}
