//! One file per packet, or per family of packets. Each reads as the story of its
//! request.

mod blocks;
mod change;
mod channel_roles;
mod channels;
mod chat;
mod create;
mod hello;
mod history;
mod invite;
mod join;
mod leave;
mod login;
mod logout;
mod members;
mod password;
mod presence;
mod read;
mod register;
mod remove;
mod resume;
mod sessions;

pub(crate) use blocks::{block, blocks, unblock};
pub(crate) use change::{delete, edit};
pub(crate) use channel_roles::{set_access, set_role, set_topic};
pub(crate) use channels::channels;
pub(crate) use chat::chat;
pub(crate) use create::create;
pub(crate) use hello::hello;
pub(crate) use history::history;
pub(crate) use invite::invite;
pub(crate) use join::join;
pub(crate) use leave::leave;
pub(crate) use login::login;
pub(crate) use logout::logout;
pub(crate) use members::members;
pub(crate) use password::change_password;
pub(crate) use presence::set_presence;
pub(crate) use read::read;
pub(crate) use register::register;
pub(crate) use remove::remove;
pub(crate) use resume::resume;
pub(crate) use sessions::{close_session, sessions};

use std::time::{SystemTime, UNIX_EPOCH};

use longhall_packet::{Access, Denial, DenyCode, Role};

use crate::store::Channel;

#[cfg(test)]
pub(crate) mod test_session;

/// Milliseconds since 1970-01-01 00:00 UTC, by the system's clock.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// What somebody who is not in a channel is told: one by invitation is not to be
/// known of.
pub(crate) fn not_a_member(channel: &Channel) -> Denial {
    match channel.access {
        Access::Open | Access::Password => DenyCode::NotAMember.into(),
        Access::Invite => DenyCode::UnknownChannel.into(),
    }
}

/// Roles in their order: each may do what the ones below may.
pub(crate) fn rank(role: Role) -> u8 {
    match role {
        Role::Member => 0,
        Role::Operator => 1,
        Role::Owner => 2,
    }
}
