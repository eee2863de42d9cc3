//! A player looks at the members of a channel.

use longhall_packet::{ChannelName, Member, RequestId, Role, ServerPacket, Username};

use super::lookup::membership;
use super::outcome::Outcome;
use crate::session::Session;

/// Members in one page: with the longest texts it is still a packet that clients
/// read.
pub(super) const MAX_PAGE: usize = 100;

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
    let channel = membership(session, name).await?.channel;
    let after = after.map(|username| username.name_key());
    let mut members: Vec<Member> = if channel.is_lobby {
        let online = hub.online(me, after.as_deref(), MAX_PAGE + 1);
        let listed = online.into_iter().map(|shown| Member {
            username: shown.username,
            role: Role::Member,
            state: shown.state,
            text: shown.text,
            server_role: shown.server_role,
            guest: shown.guest,
        });
        listed.collect()
    } else {
        let store = &session.server.store;
        let rows = store.members(channel.id, after.as_deref(), MAX_PAGE + 1);
        let listed = rows.await?.into_iter().map(|row| {
            let (state, text) = hub.shown_to(me, row.user);
            Member {
                username: row.username,
                role: row.role,
                state,
                text,
                server_role: hub.server_role(row.user),
                guest: row.guest,
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

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, DenyCode, Member, PresenceState, ServerPacket};

    use crate::handlers::test_requests::{block, logout, members, set_presence};
    use crate::handlers::test_session::TestSession;

    async fn roster(player: &mut TestSession, channel: &str) -> Vec<Member> {
        player.ask(members(channel, None)).await;
        match player.next() {
            ServerPacket::Members { members, .. } => members,
            other => panic!("expected a roster, got {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_roster_shows_who_is_there_and_the_lobbys_only_those() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        bob.done(set_presence(PresenceState::Away, "making tea"))
            .await;
        let listed = roster(&mut ada, "den").await;
        let seen: Vec<_> = listed
            .iter()
            .map(|m| (m.username.as_str(), m.state))
            .collect();
        assert_eq!(
            seen,
            [("ada", PresenceState::Online), ("bob", PresenceState::Away)]
        );
        assert_eq!(listed[1].text, "making tea");
        bob.done(logout()).await;
        assert_eq!(
            roster(&mut ada, "den").await[1].state,
            PresenceState::Offline
        );
        assert_eq!(roster(&mut ada, "lobby").await.len(), 1);
        ada.refused(members("nowhere", None), DenyCode::UnknownChannel)
            .await;
    }

    #[tokio::test]
    async fn blocked_players_look_offline_and_are_left_out_of_the_lobby() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        ada.done(block("bob")).await;
        assert_eq!(
            roster(&mut ada, "den").await[1].state,
            PresenceState::Offline
        );
        assert_eq!(roster(&mut ada, "lobby").await.len(), 1);
        assert_eq!(roster(&mut bob, "lobby").await.len(), 2);
    }

    #[tokio::test]
    async fn a_long_roster_comes_in_pages() {
        let mut ada = TestSession::with(|config| {
            config.rates.registrations_per_hour = 1000;
            config.rates.logins_per_minute = 1000;
        });
        ada.register_and_login("ada").await;
        let mut others = Vec::new();
        for number in 0..120 {
            let mut other = ada.another();
            other.register_and_login(&format!("zed-{number:03}")).await;
            others.push(other);
        }
        let mut names: Vec<String> = Vec::new();
        let mut after: Option<String> = None;
        loop {
            ada.ask(members("lobby", after.as_deref())).await;
            let ServerPacket::Members { members, more, .. } = ada.next() else {
                panic!("not a roster")
            };
            names.extend(members.into_iter().map(|member| member.username));
            if !more {
                break;
            }
            after = names.last().cloned();
        }
        assert_eq!(names.len(), 121);
        assert!(names.is_sorted());
    }
}
