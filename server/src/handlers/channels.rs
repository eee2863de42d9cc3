//! A player looks for channels.

use longhall_packet::{ChannelName, ListedChannel, RequestId, ServerPacket};

use crate::session::{Outcome, Session};

/// Channels in one page: with the longest topics it is still a packet that
/// clients read.
const MAX_PAGE: usize = 50;

/// Answers `channels` with a page of those that this player may join, in the
/// order of their names.
pub(crate) async fn channels(
    session: &Session,
    id: RequestId,
    after: Option<&ChannelName>,
) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let found = server.store.channels(me, after, MAX_PAGE + 1).await;
    let mut found = found.map_err(|cause| session.unavailable(&cause))?;
    let more = found.len() > MAX_PAGE;
    found.truncate(MAX_PAGE);
    let online = u32::try_from(server.hub.len()).unwrap_or(u32::MAX);
    let channels = found.into_iter().map(|(channel, members)| ListedChannel {
        channel: channel.name.to_string(),
        topic: channel.topic,
        access: channel.access,
        members: if channel.is_lobby { online } else { members },
    });
    session.reply(&ServerPacket::Channels {
        id,
        channels: channels.collect(),
        more,
    });
    Ok(())
}
