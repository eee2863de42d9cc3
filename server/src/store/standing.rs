//! Where accounts and channels stand: what is to be looked at when something may have been
//! missed.

use std::collections::HashMap;

use longhall_packet::{Access, Role, Speech};

use super::{ChannelId, FIRST_HALL, SessionId, Store, StoreError, UserId};

/// Some accounts, and the channels that they are members of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    /// As they were asked for.
    pub accounts: Vec<(UserId, Standing)>,
    /// In no order, without the first hall of the lobby.
    pub channels: Vec<ChannelStanding>,
}

/// What others may change of an account. In no order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The channels that it is a member of, without the first hall of the lobby, and what it may do there.
    pub roles: Vec<(ChannelId, Role)>,
    /// The accounts that it has blocked.
    pub blocked: Vec<UserId>,
    /// Its sessions that have not ended.
    pub sessions: Vec<SessionId>,
}

/// What may change of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelStanding {
    /// Which one.
    pub channel: ChannelId,
    /// What it is about.
    pub topic: String,
    /// Who may join.
    pub access: Access,
    /// How lines are held in check there.
    pub speech: Speech,
    /// How many members it has.
    pub members: u32,
}

/// Asks three questions for each account.
pub(super) async fn one_by_one(
    store: &(impl Store + ?Sized),
    users: Vec<UserId>,
    ended_by_ms: i64,
) -> Result<Standings, StoreError> {
    let mut accounts = Vec::with_capacity(users.len());
    let mut channels = HashMap::new();
    for user in users {
        let mut standing = Standing::default();
        for membership in store.memberships(user).await? {
            let channel = membership.channel;
            if channel.hall == Some(FIRST_HALL) {
                continue;
            }
            standing.roles.push((channel.id, membership.role));
            let stands = ChannelStanding {
                channel: channel.id,
                topic: channel.topic,
                access: channel.access,
                speech: channel.speech,
                members: membership.members,
            };
            channels.insert(channel.id, stands);
        }
        let blocks = store.blocks(user).await?.into_iter();
        standing.blocked = blocks.map(|(user, _)| user).collect();
        let sessions = store.sessions(user, ended_by_ms).await?.into_iter();
        standing.sessions = sessions.map(|session| session.id).collect();
        accounts.push((user, standing));
    }
    Ok(Standings {
        accounts,
        channels: channels.into_values().collect(),
    })
}
