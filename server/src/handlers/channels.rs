//! A player looks for channels.

use longhall_packet::{ChannelName, ListedChannel, RequestId, ServerPacket};

use super::outcome::Outcome;
use crate::session::Session;

/// Channels in one page: with the longest topics it is still a packet that
/// clients read.
pub(super) const MAX_PAGE: usize = 50;

/// Answers `channels` with a page of those that this player may join, in the
/// order of their names.
pub(crate) async fn channels(
    session: &Session,
    id: RequestId,
    after: Option<&ChannelName>,
) -> Outcome {
    let me = session.me()?.user.id;
    let server = &session.server;
    let mut found = server.store.channels(me, after, MAX_PAGE + 1).await?;
    let more = found.len() > MAX_PAGE;
    found.truncate(MAX_PAGE);
    let online = u32::try_from(server.hub.len()).unwrap_or(u32::MAX);
    let channels = found.into_iter().map(|(channel, members)| ListedChannel {
        channel: channel.name.to_string(),
        members: if channel.is_lobby() { online } else { members },
        topic: channel.topic,
        access: channel.access,
    });
    session.reply(&ServerPacket::Channels {
        id,
        channels: channels.collect(),
        more,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, ServerPacket};

    use crate::handlers::test_requests::channels;
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn channels_are_listed_page_by_page_without_those_by_invitation() {
        let mut ada = TestSession::with(|config| {
            config.capacity.channels_per_account = 32;
            config.rates.creations_per_hour = 100;
        });
        ada.register_and_login("ada").await;
        let mut bob = ada.another();
        bob.register_and_login("bob").await;
        for number in 0..60 {
            let creator = if number < 30 { &mut ada } else { &mut bob };
            let access = if number == 7 {
                Access::Invite
            } else {
                Access::Open
            };
            creator.create(&format!("room-{number:02}"), access).await;
        }
        let mut names = Vec::new();
        let mut after: Option<String> = None;
        let mut pages = 0;
        loop {
            bob.ask(channels(after.as_deref())).await;
            let ServerPacket::Channels { channels, more, .. } = bob.next() else {
                panic!("not a list")
            };
            pages += 1;
            names.extend(channels.into_iter().map(|listed| listed.channel));
            if !more {
                break;
            }
            after = names.last().cloned();
        }
        assert_eq!((names.len(), pages), (60, 2));
        assert!(names.is_sorted());
        assert!(names.contains(&"lobby".to_owned()));
        assert!(!names.contains(&"room-07".to_owned()));
    }
}
