//! A player looks at the members of a channel.

use longhall_packet::{ChannelName, Member, Profile, RequestId, Role, ServerPacket, Username};

use super::lookup::membership;
use super::outcome::Outcome;
use super::profile::shown_to;
use crate::session::Session;
use crate::store::UserId;

/// Members in one page: with the longest texts it is still a packet that clients
/// read.
pub(super) const MAX_PAGE: usize = 100;
/// Bytes of one page at most, about: profiles may fill it before it has so many members.
const PAGE_BYTES: usize = 50 * 1024;
/// What a member has on the wire beside name, text and profile, about.
const BYTES_PER_MEMBER: usize = 160;

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
    let mut members: Vec<(UserId, Member)> = if channel.is_lobby() {
        let online = hub.online(channel.id, me, after.as_deref(), MAX_PAGE + 1);
        let listed = online.into_iter().map(|shown| {
            let member = Member {
                username: shown.username,
                role: Role::Member,
                state: shown.state,
                text: shown.text,
                server_role: shown.server_role,
                guest: shown.guest,
                profile: Profile::default(),
                profile_version: 0,
            };
            (shown.user, member)
        });
        listed.collect()
    } else {
        let store = &session.server.store;
        let rows = store.members(channel.id, after.as_deref(), MAX_PAGE + 1);
        let listed = rows.await?.into_iter().map(|row| {
            let (state, text) = hub.shown_to(me, row.user);
            let member = Member {
                username: row.username,
                role: row.role,
                state,
                text,
                server_role: hub.server_role(row.user),
                guest: row.guest,
                profile: Profile::default(),
                profile_version: 0,
            };
            (row.user, member)
        });
        listed.collect()
    };
    let mut more = members.len() > MAX_PAGE;
    members.truncate(MAX_PAGE);
    let users = members.iter().map(|(user, _)| *user).collect();
    let profiles = shown_to(session, me, users).await?;
    let mut bytes = 0;
    let mut page = Vec::with_capacity(members.len());
    for ((_, mut member), kept) in members.into_iter().zip(profiles) {
        bytes += member.username.len() + member.text.len() + BYTES_PER_MEMBER;
        if !kept.profile.is_empty() {
            bytes += kept.profile.to_json().len();
        }
        if bytes > PAGE_BYTES && !page.is_empty() {
            more = true;
            break;
        }
        (member.profile, member.profile_version) = (kept.profile, kept.version);
        page.push(member);
    }
    let members = page;
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
    use longhall_packet::limits::MAX_SERVER_PACKET_BYTES;
    use longhall_packet::{Access, DenyCode, Member, PresenceState, ServerPacket, codec};

    use crate::handlers::test_requests::{block, logout, members, set_presence, set_profile};
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
    async fn a_roster_of_large_profiles_comes_in_pages_that_clients_read() {
        let mut ada = TestSession::with(|config| {
            config.rates.registrations_per_hour = 1000;
            config.rates.logins_per_minute = 1000;
        });
        ada.register_and_login("ada").await;
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(2040));
        let mut others = Vec::new();
        for number in 0..40 {
            let mut other = ada.another();
            other.register_and_login(&format!("zed-{number:03}")).await;
            other.ask(set_profile(&large)).await;
            others.push(other);
        }
        ada.forget_waiting();
        let (mut names, mut after) = (Vec::new(), None::<String>);
        loop {
            ada.ask(members("lobby", after.as_deref())).await;
            let text = ada.next_text();
            assert!(text.len() < MAX_SERVER_PACKET_BYTES, "{}", text.len());
            let packet = codec::decode_server_packet(text.as_bytes()).unwrap();
            let ServerPacket::Members { members, more, .. } = packet else {
                panic!("not a roster")
            };
            names.extend(members.into_iter().map(|member| member.username));
            if !more {
                break;
            }
            after = names.last().cloned();
        }
        assert_eq!(names.len(), 41);
        assert!(names.is_sorted());
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
