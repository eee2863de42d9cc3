//! What a channel is about, who may join it, and who may do what there.

use longhall_packet::{
    Access, ChannelName, ChannelPassword, DenyCode, RequestId, Role, ServerPacket, Topic, Username,
};

use super::create::hash_for;
use crate::session::{Outcome, Session};

/// Answers `set_topic` with `ok`, behind the news to all members.
pub(crate) async fn set_topic(
    session: &Session,
    id: RequestId,
    name: &ChannelName,
    topic: &Topic,
) -> Outcome {
    let server = &session.server;
    let _change = server.change_channel(name).await;
    let channel = session.membership_as(Role::Operator, name).await?.channel;
    let topic = topic.as_str().to_owned();
    let set = server.store.set_topic(channel.id, topic.clone()).await;
    set.map_err(|cause| session.unavailable(&cause))?;
    let changed = ServerPacket::ChannelChanged {
        channel: name.to_string(),
        topic,
        access: channel.access,
        by: session.me()?.user.username.clone(),
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
    session.membership_as(Role::Owner, name).await?;
    let hash = hash_for(session, access, password).await?;

    let server = &session.server;
    let _change = server.change_channel(name).await;
    let channel = session.membership_as(Role::Owner, name).await?.channel;
    let set = server.store.set_access(channel.id, access, hash).await;
    set.map_err(|cause| session.unavailable(&cause))?;
    let changed = ServerPacket::ChannelChanged {
        channel: name.to_string(),
        topic: channel.topic,
        access,
        by: session.me()?.user.username.clone(),
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
    let _change = server.change_channel(name).await;
    let channel = session.membership_as(Role::Owner, name).await?.channel;
    let (user, username) = session.other(username).await?;
    let set = server.store.set_role(channel.id, user, role).await;
    if !set.map_err(|cause| session.unavailable(&cause))? {
        return Err(DenyCode::UnknownUser.into());
    }
    let me = &session.me()?.user;
    let mut changes = vec![(user, username, role)];
    if role == Role::Owner {
        changes.push((me.id, me.username.clone(), Role::Operator));
    }
    for (user, username, role) in changes {
        let changed = ServerPacket::RoleChanged {
            channel: name.to_string(),
            username,
            role,
            by: me.username.clone(),
        };
        server.hub.set_role(channel.id, user, role, &changed);
    }
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}
