//! How large the longest lists get that the server sends.

use longhall_packet::limits::{
    MAX_CHANNEL_CHARS, MAX_CHANNELS_PER_ACCOUNT, MAX_CHAT_CHARS, MAX_DEVICE_CHARS,
    MAX_PRESENCE_CHARS, MAX_PROFILE_BYTES, MAX_REASON_CHARS, MAX_REPORT_CHARS,
    MAX_SERVER_PACKET_BYTES, MAX_SLOW_MODE_S, MAX_TOPIC_CHARS, MAX_USERNAME_CHARS,
};
use longhall_packet::{
    Access, Change, ChannelState, ClosedReport, Conversation, ExportedAccount, ExportedChannel,
    ExportedSanction, Filter, InboxState, Invitation, LastLogin, Line, LineKind, ListedChannel,
    ListedReport, ListedSession, Member, PastSanction, Presence, PresenceState, Profile,
    ReportCategory, ReportOutcome, ResumeToken, Role, Sanction, SanctionKind, ServerPacket,
    ServerRole, Speech, codec,
};
use longhall_world::reports::{LINES_AFTER, LINES_BEFORE};

use super::sanctions::MAX_TOLD;
use super::{channels, members, reports};
use crate::config::Config;
use crate::sanctions::MAX_MUTES_TOLD;

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
    // Of the player's own keys, and of the game's.
    let half = "x".repeat(MAX_PROFILE_BYTES);
    let profile = Profile::from_kept(&format!("{{\"a\":\"{half}\",\"b\":\"{half}\"}}")).unwrap();
    let member = Member {
        username: username.clone(),
        role: Role::Operator,
        state: PresenceState::Offline,
        text: text(MAX_PRESENCE_CHARS),
        server_role: ServerRole::Moderator,
        guest: false,
        profile: Profile::default(),
        profile_version: 0,
    };
    let change = Presence {
        change: Change::Joined,
        member: member.clone(),
    };
    let state = ChannelState {
        hall: None,
        temporary: None,
        channel: channel.clone(),
        topic: topic.clone(),
        access: Access::Password,
        speech: Speech {
            slow_mode_s: MAX_SLOW_MODE_S,
            filter: Some(Filter::Refuse),
        },
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
    let reported = ListedReport {
        report: MOST,
        by: username.clone(),
        username: username.clone(),
        channel: Some(channel.clone()),
        seq: Some(MOST),
        category: ReportCategory::Harassment,
        text: text(MAX_REPORT_CHARS),
        created_at_ms: MOST,
        closed: Some(ClosedReport {
            outcome: ReportOutcome::Dismissed,
            by: username.clone(),
            text: text(MAX_REPORT_CHARS),
            at_ms: MOST,
        }),
    };
    let line = Line {
        seq: MOST,
        sender: username.clone(),
        recipient: Some(username.clone()),
        text: text(MAX_CHAT_CHARS),
        sent_at_ms: MOST,
        kind: LineKind::Deleted,
        edited_at_ms: Some(MOST),
        of: None,
    };
    let sanction = Sanction {
        sanction: SanctionKind::Mute,
        channel: Some(channel.clone()),
        until_ms: Some(MOST),
        reason: text(MAX_REASON_CHARS),
    };
    let past = PastSanction {
        sanction: sanction.clone(),
        since_ms: MOST,
        by: username.clone(),
        holds: false,
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
            invitations: vec![invitation.clone(); config.capacity.invitations_per_account],
            deleted_at_ms: Some(MOST),
            server_role: ServerRole::Moderator,
            second_factor: true,
            recovery_codes_left: 8,
            last_login: Some(Box::new(LastLogin {
                at_ms: MOST,
                device: text(MAX_DEVICE_CHARS),
                network: "2001:db8:ffff::/48".to_owned(),
            })),
            sanctions: vec![sanction; MAX_MUTES_TOLD],
            guest: true,
            profile: profile.clone(),
            profile_version: u32::MAX,
        },
        ServerPacket::Sanctions {
            id,
            username: username.clone(),
            sanctions: vec![past; MAX_TOLD],
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
        ServerPacket::Export {
            id,
            account: Some(Box::new(ExportedAccount {
                profile,
                profile_version: u32::MAX,
                username: username.clone(),
                created_at_ms: MOST,
                deleted_at_ms: Some(MOST),
                last_login: Some(LastLogin {
                    at_ms: MOST,
                    device: text(MAX_DEVICE_CHARS),
                    network: "2001:db8:ffff::/48".to_owned(),
                }),
                sessions: vec![session.clone(); config.capacity.sessions_per_account],
                channels: vec![
                    ExportedChannel {
                        channel: text(MAX_CHANNEL_CHARS),
                        role: Role::Operator,
                        read_seq: MOST,
                    };
                    MAX_CHANNELS_PER_ACCOUNT + 1
                ],
                blocked: vec![username.clone(); config.capacity.blocks_per_account],
                invitations: vec![invitation; config.capacity.invitations_per_account],
                sanctions: vec![
                    ExportedSanction {
                        kind: "mute".to_owned(),
                        since_ms: MOST,
                        until_ms: Some(MOST),
                        reason: text(500),
                    };
                    2
                ],
            })),
            lines: Vec::new(),
            reports: Vec::new(),
            next: Some("lines 9223372036854775807".to_owned()),
        },
        ServerPacket::Sessions {
            id,
            sessions: vec![session; 100],
        },
        ServerPacket::Blocks {
            id,
            usernames: vec![username; 500],
        },
        ServerPacket::Reports {
            id,
            reports: vec![reported; reports::MAX_REPORTS],
            more: true,
        },
        ServerPacket::ReportLines {
            id,
            report: MOST,
            lines: vec![line; LINES_BEFORE + 1 + LINES_AFTER],
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
