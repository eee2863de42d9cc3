//! What a channel is about, who may join it, and who may do what there.

use longhall_packet::{
    Access, ChannelName, ChannelPassword, Denial, DenyCode, Field, Filter, RequestId, Role,
    ServerPacket, Speech, Topic, Username,
};
use longhall_world::rules;

use super::listen::hash_for;
use super::lookup::{membership, membership_as, other_user};
use super::outcome::Outcome;
use crate::session::Session;
use crate::store::Membership;

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
    let filter = channel.speech.filter;
    let topic = server
        .fit_to_read(topic.as_str(), filter, Field::Topic)?
        .text;
    server.store.set_topic(channel.id, topic.clone()).await?;
    let changed = ServerPacket::ChannelChanged {
        channel: name.to_string(),
        topic,
        access: channel.access,
        speech: channel.speech,
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
        speech: channel.speech,
        by: session.me()?.user.username(),
    };
    server.hub.announce(channel.id, &changed);
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

/// Answers `set_slow_mode` with `ok`, behind the news to all members.
pub(crate) async fn set_slow_mode(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    seconds: u32,
) -> Outcome {
    let server_role = session.server_role();
    set_speech(session, id, name, |mine| {
        rules::check_slow_mode(mine, server_role)?;
        Ok(Speech {
            slow_mode_s: seconds,
            ..mine.channel.speech
        })
    })
    .await
}

/// Answers `set_filter` with `ok`, behind the news to all members.
pub(crate) async fn set_filter(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    filter: Option<Filter>,
) -> Outcome {
    let server_role = session.server_role();
    let default = session.server.settings().names.blocked_words_default;
    set_speech(session, id, name, |mine| {
        rules::check_filter(mine, server_role, filter, default)?;
        Ok(Speech {
            filter,
            ..mine.channel.speech
        })
    })
    .await
}

/// Has lines held in check as `next` says, if that may be.
async fn set_speech(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    next: impl Fn(&Membership) -> Result<Speech, Denial>,
) -> Outcome {
    let server = &session.server;
    let _change = server.change_channel(name).await?;
    let mine = membership(session, name).await?;
    let speech = next(&mine)?;
    let channel = mine.channel;
    server.store.set_speech(channel.id, speech).await?;
    let changed = ServerPacket::ChannelChanged {
        channel: name.to_string(),
        topic: channel.topic,
        access: channel.access,
        speech,
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
    use longhall_packet::{Access, DenyCode, Role, ServerPacket, Speech};

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
            speech: Speech::default(),
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
