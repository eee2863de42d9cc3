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
pub(crate) use chat::{chat, say};
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

use longhall_packet::{Access, Denial, DenyCode, Role};

use crate::store::Channel;

#[cfg(test)]
pub(crate) mod test_session;

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

#[cfg(test)]
mod tests {
    use longhall_packet::limits::{
        MAX_CHANNEL_CHARS, MAX_CHANNELS_PER_ACCOUNT, MAX_DEVICE_CHARS, MAX_PRESENCE_CHARS,
        MAX_SERVER_PACKET_BYTES, MAX_TOPIC_CHARS, MAX_USERNAME_CHARS,
    };
    use longhall_packet::{
        Change, ChannelState, Conversation, InboxState, Invitation, ListedChannel, ListedSession,
        Member, Presence, PresenceState, ResumeToken, ServerPacket, codec,
    };

    use super::*;
    use crate::config::Config;

    const MOST: u64 = (1 << 53) - 1;

    /// The text of so many characters that takes most bytes.
    fn text(chars: usize) -> String {
        "\u{1f600}".repeat(chars)
    }

    #[test]
    fn no_list_makes_a_packet_that_clients_do_not_read() {
        let config = Config::default();
        let username = text(MAX_USERNAME_CHARS);
        let channel = text(MAX_CHANNEL_CHARS);
        let topic = text(MAX_TOPIC_CHARS);
        let member = Member {
            username: username.clone(),
            role: Role::Operator,
            state: PresenceState::Offline,
            text: text(MAX_PRESENCE_CHARS),
        };
        let change = Presence {
            change: Change::Joined,
            member: member.clone(),
        };
        let state = ChannelState {
            channel: channel.clone(),
            topic: topic.clone(),
            access: Access::Password,
            role: Role::Operator,
            first_seq: MOST,
            last_seq: MOST,
            read_seq: MOST,
            unread: 1000,
            members: u32::MAX,
            online: u32::MAX,
        };
        let conversation = Conversation {
            username: username.clone(),
            last_seq: MOST,
            read_seq: MOST,
            unread: 1000,
        };
        let invitation = Invitation {
            channel: channel.clone(),
            by: username.clone(),
        };
        let listed = ListedChannel {
            channel: channel.clone(),
            topic,
            access: Access::Password,
            members: u32::MAX,
        };
        let session = ListedSession {
            session: MOST,
            device: text(MAX_DEVICE_CHARS),
            created_at_ms: MOST,
            last_seen_at_ms: MOST,
            online: false,
            current: false,
        };
        let id = u32::MAX;
        let packets = [
            ServerPacket::LoggedIn {
                id,
                username: username.clone(),
                resume_token: ResumeToken::from_bytes(&[0; 32]),
                session: MOST,
                epoch: "f".repeat(16),
                channels: vec![state; MAX_CHANNELS_PER_ACCOUNT + 1],
                inbox: InboxState {
                    first_seq: MOST,
                    last_seq: MOST,
                    conversations: vec![conversation; 50],
                },
                invitations: vec![invitation; config.invitations_per_account],
            },
            ServerPacket::Presence {
                channel: channel.clone(),
                members: u32::MAX,
                online: u32::MAX,
                changes: vec![change; 50],
                partial: false,
            },
            ServerPacket::Members {
                id,
                channel,
                members: vec![member; members::MAX_PAGE],
                more: true,
            },
            ServerPacket::Channels {
                id,
                channels: vec![listed; channels::MAX_PAGE],
                more: true,
            },
            ServerPacket::Sessions {
                id,
                sessions: vec![session; 100],
            },
            ServerPacket::Blocks {
                id,
                usernames: vec![username; 500],
            },
        ];
        for packet in packets {
            let bytes = codec::encode(&packet).len();
            assert!(
                bytes <= MAX_SERVER_PACKET_BYTES,
                "{}: {bytes}",
                packet.name()
            );
        }
    }
}
