//! Temporary channels: made for a match or a party, by players and by the game's server, and
//! ended when they are over.
//!
//! Who is away from one for too long is taken out by the server that sees it first. While the
//! bus is away nobody is: players of other servers look as if they were offline.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use longhall_packet::limits::MAX_CHANNELS_PER_ACCOUNT;
use longhall_packet::{
    ChannelCode, ChannelName, Denial, DenyCode, LeaveReason, Role, ServerPacket, Temporary,
};
use tokio::time::{Instant, sleep};
use tracing::{error, info, warn};

use crate::channel_locks::ChannelChange;
use crate::handlers::{HandlerError, Outcome};
use crate::server::Server;
use crate::store::{
    Channel, ChannelId, Created, MemberRow, NewTemporary, Removed, StoreError, TemporaryMember,
    UserId,
};

/// How often it is looked what is over, and who is away.
const PERIOD: Duration = Duration::from_secs(5);
/// Channels ended, and members looked at, at a time.
const STEP: usize = 100;
const MEMBERS: usize = 20_000;
/// Names made up before nobody has taken one of them.
const TRIES: usize = 20;
/// Signs of a name that is made up, beside `match-`: of the code's alphabet.
const NAME_SIGNS: usize = 4;

/// A temporary channel to create.
pub(crate) struct NewMatch {
    /// Its name; `None` for one that is made up.
    pub(crate) name: Option<ChannelName>,
    /// What it is about, as others may read it.
    pub(crate) topic: String,
    /// From the limits of the protocol.
    pub(crate) max_members: u32,
    /// From the limits of the protocol.
    pub(crate) lasts: Duration,
    /// Who owns it and may end it; `None` where the game's server makes it.
    pub(crate) owner: Option<UserId>,
    /// Who else is a member from the start.
    pub(crate) members: Vec<UserId>,
}

/// Creates a temporary channel. Changes of it are held off as long as what is returned beside
/// it lives: until those who are members have been told.
///
/// # Errors
/// `channel_taken`, `too_many_channels` of the owner, `unavailable`, and what the store says.
pub(crate) async fn create(
    server: &Server,
    new: NewMatch,
) -> Result<(Channel, ChannelChange), HandlerError> {
    let lasts_ms = u64::try_from(new.lasts.as_millis()).unwrap_or(u64::MAX);
    let channels_per_account = server.settings().capacity.channels_per_account;
    for _ in 0..TRIES {
        let random = random_code()?;
        let name = match &new.name {
            Some(name) => name.clone(),
            None => made_up(&random_code()?)?,
        };
        let now_ms = server.clock.now_ms();
        // What a clock that is ahead shows ends nothing too soon.
        let begins_ms = server.clock.lasting_from_ms().unsigned_abs();
        let change = server.change_channel(&name).await?;
        let created = server.store.insert_temporary(NewTemporary {
            name,
            topic: new.topic.clone(),
            temporary: Temporary {
                code: random,
                max_members: new.max_members,
                ends_at_ms: begins_ms.saturating_add(lasts_ms),
            },
            owner: new.owner,
            members: new.members.clone(),
            channels_per_account: channels_per_account.min(MAX_CHANNELS_PER_ACCOUNT),
            now_ms,
        });
        match created.await? {
            Created::Channel(channel) => return Ok((channel, change)),
            Created::TooManyChannels => return Err(DenyCode::TooManyChannels.into()),
            Created::Taken if new.name.is_some() => {
                let name = new.name.as_ref();
                let found = server
                    .store
                    .channel_by_name(name.ok_or(DenyCode::ChannelTaken)?);
                if found.await?.is_some() {
                    return Err(DenyCode::ChannelTaken.into());
                }
                // It was the code that is another's.
            }
            Created::Taken => {}
        }
    }
    Err(DenyCode::Unavailable.into())
}

/// Creates a temporary channel for the game's server, with nobody as its owner, and tells the
/// members who are online.
///
/// # Errors
/// As [`create`].
pub(crate) async fn create_temporary(
    server: &Server,
    new: NewMatch,
) -> Result<Channel, HandlerError> {
    let (channel, _change) = create(server, new).await?;
    let members = server.store.members(channel.id, None, MEMBERS).await?;
    server.hear(&[channel.id]).await;
    for MemberRow { user, .. } in members {
        for _ in 0..TRIES {
            let arrival = server.hub.arrive();
            let Some(membership) = server.store.membership(channel.id, user).await? else {
                break;
            };
            if server.hub.enlist(&arrival, user, &membership, None).is_ok() {
                break;
            }
        }
    }
    Ok(channel)
}

/// Ends a temporary channel, for its owner or the game's server: members get
/// `left` with the reason `ended`. False if there is none of this name, or it is one that
/// stays.
///
/// # Errors
/// What the store says.
pub(crate) async fn end_channel(server: &Server, name: &ChannelName) -> Result<bool, StoreError> {
    let _change = server.change_channel(name).await?;
    let Some(channel) = server.store.channel_by_name(name).await? else {
        return Ok(false);
    };
    let Some(members) = server.store.end_channel(channel.id).await? else {
        return Ok(false);
    };
    let left = ended(name);
    for member in &members {
        let (user, username, role) = (member.user, &member.username, member.role);
        server.hub.leave(user, username, role, channel.id, &left);
    }
    info!(channel = %name, members = members.len(), "ended");
    Ok(true)
}

/// Ends what is over and takes out who is away, again and again.
pub(crate) async fn run(server: Arc<Server>) {
    let mut away = Away::default();
    loop {
        sleep(PERIOD).await;
        match look(&server, &mut away, Instant::now()).await {
            // Said once for everybody, when it went away.
            Ok(()) | Err(StoreError::Unavailable) => {}
            Err(cause) => warn!(%cause, "temporary channels are not ended yet"),
        }
    }
}

/// Since when members of temporary channels are not online.
#[derive(Default)]
pub(crate) struct Away(HashMap<(ChannelId, UserId), Instant>);

/// Ends what is over, and takes out who was away for too long.
///
/// # Errors
/// What the store says.
pub(crate) async fn look(server: &Server, away: &mut Away, now: Instant) -> Result<(), StoreError> {
    loop {
        // What only a clock that is ahead would end is not over.
        let ended_by_ms = server.clock.ended_by_ms();
        let over = server.store.ended_channels(ended_by_ms, STEP).await?;
        for channel in &over {
            end_channel(server, &channel.name).await?;
        }
        if over.len() < STEP {
            break;
        }
    }
    if server
        .cluster
        .as_ref()
        .is_some_and(|cluster| !cluster.is_bus_up())
    {
        away.0.clear();
        return Ok(());
    }
    let members = server.store.temporary_members(MEMBERS).await?;
    let absent = server.hub.absent(members.iter().map(|member| member.user));
    let key = |member: &TemporaryMember| (member.channel, member.user);
    let still: HashSet<_> = members
        .iter()
        .filter(|member| absent.contains(&member.user))
        .map(key)
        .collect();
    away.0.retain(|one, _| still.contains(one));
    let grace = server.settings().presence.temporary_grace;
    for member in members {
        if !absent.contains(&member.user) {
            continue;
        }
        let since = *away.0.entry(key(&member)).or_insert(now);
        if now.duration_since(since) >= grace {
            take_out(server, &member).await?;
            away.0.remove(&key(&member));
        }
    }
    Ok(())
}

async fn take_out(server: &Server, member: &TemporaryMember) -> Result<(), StoreError> {
    let _change = server.change_channel(&member.name).await?;
    if !server
        .hub
        .absent(std::iter::once(member.user))
        .contains(&member.user)
    {
        // Back in the meantime.
        return Ok(());
    }
    let (channel, user) = (member.channel, member.user);
    let heir = match server.store.delete_member(channel, user).await? {
        Removed::NotAMember => return Ok(()),
        Removed::Out { heir } => heir,
        Removed::ChannelGone => None,
    };
    let left = ended(&member.name);
    server
        .hub
        .leave(user, &member.username, member.role, channel, &left);
    if let Some((heir, username)) = heir.filter(|_| member.role == Role::Owner) {
        let changed = ServerPacket::RoleChanged {
            channel: member.name.to_string(),
            username: username.clone(),
            role: Role::Owner,
            by: username,
        };
        server.hub.set_role(channel, heir, Role::Owner, &changed);
    }
    Ok(())
}

/// What members are told of a temporary channel that is over.
pub(crate) fn ended(name: &ChannelName) -> ServerPacket {
    ServerPacket::Left {
        channel: name.to_string(),
        reason: LeaveReason::Ended,
        by: None,
    }
}

fn random_code() -> Result<ChannelCode, Denial> {
    let mut bytes = [0; ChannelCode::CHARS];
    getrandom::fill(&mut bytes).map_err(|cause| {
        error!(%cause, "the operating system gives no random numbers");
        Denial::new(DenyCode::Unavailable)
    })?;
    Ok(ChannelCode::from_bytes(&bytes))
}

/// A name out of a code that is good for nothing else.
fn made_up(random: &ChannelCode) -> Result<ChannelName, Denial> {
    let signs: String = random.expose().chars().take(NAME_SIGNS).collect();
    ChannelName::parse(&format!("match-{signs}"))
}

/// Whether a player may give a channel this name.
///
/// # Errors
/// `channel_taken`.
pub(crate) fn check_name(server: &Server, name: &ChannelName) -> Outcome {
    let is_like_lobby = server.reserved.load().is_like_lobby(name);
    match is_like_lobby || server.words.now().is_in_name(name.as_str()) {
        true => Err(DenyCode::ChannelTaken.into()),
        false => Ok(()),
    }
}
