//! What a channel is about, who may join it, and who may do what there.

use longhall_packet::{
    Access, ChannelName, ChannelPassword, DenyCode, RequestId, Role, ServerPacket, Topic, Username,
};

use super::listen::hash_for;
use super::lookup::{membership_as, other_user};
use super::outcome::Outcome;
use crate::session::Session;

/// Answers `set_topic` with `ok`, behind the news to all members.
pub(crate) async fn set_topic(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    topic: &Topic,
) -> Outcome {
    let server = &session.server;
    let _change = server.change_channel(name).await?;
    let channel = membership_as(session, Role::Operator, name).await?.channel;
    let topic = server.fit_to_read(topic.as_str());
    server.store.set_topic(channel.id, topic.clone()).await?;
    let changed = ServerPacket::ChannelChanged {
        channel: name.to_string(),
        topic,
        access: channel.access,
        by: session.me()?.user.username(),
    };
    server.hub.announce(channel.id, &changed);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Answers `set_access` with `ok`, behind the news to all members.
pub(crate) async fn set_access(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    access: Access,
    password: Option<ChannelPassword>,
) -> Outcome {
    // Before a password is hashed for nothing.
    membership_as(session, Role::Owner, name).await?;
    let hash = hash_for(session, access, password).await?;

    let server = &session.server;
    let _change = server.change_channel(name).await?;
    let channel = membership_as(session, Role::Owner, name).await?.channel;
    server.store.set_access(channel.id, access, hash).await?;
    let changed = ServerPacket::ChannelChanged {
        channel: name.to_string(),
        topic: channel.topic,
        access,
        by: session.me()?.user.username(),
    };
    server.hub.announce(channel.id, &changed);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Answers `set_role` with `ok`, behind the news to all members. An owner who
/// makes another one owner becomes an operator.
pub(crate) async fn set_role(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    username: &Username,
    role: Role,
) -> Outcome {
    let server = &session.server;
    let _change = server.change_channel(name).await?;
    let channel = membership_as(session, Role::Owner, name).await?.channel;
    let (user, username) = other_user(session, username).await?;
    if !server.store.set_role(channel.id, user, role).await? {
        return Err(DenyCode::UnknownUser.into());
    }
    let me = &session.me()?.user;
    let mut changes = vec![(user, username, role)];
    if role == Role::Owner {
        changes.push((me.id, me.username(), Role::Operator));
    }
    for (user, username, role) in changes {
        let changed = ServerPacket::RoleChanged {
            channel: name.to_string(),
            username,
            role,
            by: me.username(),
        };
        server.hub.set_role(channel.id, user, role, &changed);
    }
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{Access, DenyCode, Role, ServerPacket};

    use crate::handlers::test_requests::{join, set_access, set_role, set_topic};
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn operators_set_the_topic_and_everybody_is_told() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        let topic = set_topic("den", "cake");
        bob.refused(&topic, DenyCode::NotAllowed).await;
        ada.done(set_role("den", "bob", Role::Operator)).await;
        assert!(matches!(bob.next(), ServerPacket::RoleChanged { .. }));
        bob.done(&topic).await;
        let changed = ServerPacket::ChannelChanged {
            channel: "den".to_owned(),
            topic: "cake".to_owned(),
            access: Access::Open,
            by: "bob".to_owned(),
        };
        assert_eq!(ada.next(), changed);
        assert_eq!(ada.join("den").await.topic, "cake");
    }

    #[tokio::test]
    async fn an_owner_changes_who_may_join() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        ada.done(set_access("den", Access::Invite, None)).await;
        bob.refused(join("den", None), DenyCode::InviteOnly).await;
        let no_key = set_access("den", Access::Password, None);
        ada.refused(&no_key, DenyCode::TooShort).await;
        let key = set_access("den", Access::Password, Some("x"));
        ada.done(&key).await;
        bob.ask(join("den", Some("x"))).await;
        bob.expect_joined(Some(5));
        bob.refused(&key, DenyCode::NotAllowed).await;
    }

    #[tokio::test]
    async fn an_owner_who_gives_the_channel_away_becomes_an_operator() {
        let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
        ada.create("den", Access::Open).await;
        bob.join("den").await;
        let give = set_role("den", "bob", Role::Owner);
        ada.done(&give).await;
        let mut changes = Vec::new();
        while let ServerPacket::RoleChanged { username, role, .. } = bob.next() {
            changes.push((username, role.name()));
            if changes.len() == 2 {
                break;
            }
        }
        let expected = [("bob", "owner"), ("ada", "operator")];
        assert_eq!(
            changes,
            expected.map(|(name, role)| (name.to_owned(), role))
        );
        ada.refused(&give, DenyCode::NotAllowed).await;
        let eve = set_role("den", "eve", Role::Owner);
        bob.refused(&eve, DenyCode::UnknownUser).await;
    }

    #[tokio::test]
    async fn nobody_rules_the_lobby() {
        let [mut ada, bob] = TestSession::players(["ada", "bob"]).await;
        let topic = set_topic("lobby", "mine");
        ada.refused(&topic, DenyCode::NotAllowed).await;
        let role = set_role("lobby", "bob", Role::Operator);
        ada.refused(&role, DenyCode::NotAllowed).await;
        bob.expect_nothing();
    }
}
