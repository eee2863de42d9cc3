//! The frozen samples in `tests/golden/` and the packets they stand for.

#![allow(dead_code, reason = "no test file needs every field")]

use longhall_packet::{
    Access, Change, ChannelName, ChannelPassword, ChannelState, ChatText, ClientPacket,
    Conversation, Denial, DenyCode, Field, InboxState, Invitation, LeaveReason, Limits, Line,
    LineKind, ListedChannel, ListedSession, Member, Password, Presence, PresenceState,
    PresenceText, ResumeToken, Role, ServerPacket, Target, Topic, Username,
};

/// A file of `tests/golden/` without its last line feed, and what it means.
pub(crate) struct Sample<P> {
    pub(crate) file: &'static str,
    pub(crate) text: &'static str,
    pub(crate) packet: P,
}

macro_rules! samples {
    ($($file:literal => $packet:expr,)*) => {
        vec![$(Sample {
            file: $file,
            text: include_str!(concat!("../golden/", $file)).trim_end_matches('\n'),
            packet: $packet,
        }),*]
    };
}

/// The most a number of a line may be.
pub(crate) const MAX_NUMBER: u64 = (1 << 53) - 1;

/// The present, in the samples.
const NOW: u64 = 1_735_689_600_000;

#[expect(clippy::too_many_lines, reason = "a list, one entry after the other")]
pub(crate) fn client_samples() -> Vec<Sample<ClientPacket>> {
    samples! {
        "client_hello.json" => ClientPacket::Hello {
            id: 0,
            protocol: 2,
            client: "longhall-godot/0.2.0".into(),
        },
        "client_ping.json" => ClientPacket::Ping { id: u32::MAX },
        "client_register.json" => ClientPacket::Register {
            id: 1,
            username: user("Жанна_99"),
            password: password(r#"correct horse "battery" \ staple 🔑"#),
        },
        "client_login.json" => ClientPacket::Login {
            id: 2,
            username: user("Ada-Élan"),
            password: password("correct horse battery staple"),
            device: String::new(),
        },
        "client_login_device.json" => ClientPacket::Login {
            id: 2,
            username: user("Ada-Élan"),
            password: password("correct horse battery staple"),
            device: "Ada's \"Deck\" 🎮".into(),
        },
        "client_resume.json" => ClientPacket::Resume { id: 3, token: token() },
        "client_logout.json" => ClientPacket::Logout { id: 4 },
        "client_change_password.json" => ClientPacket::ChangePassword {
            id: 5,
            password: password("correct horse battery staple"),
            new_password: password("correct horse, longer staple"),
        },
        "client_sessions.json" => ClientPacket::Sessions { id: 6 },
        "client_close_session.json" => ClientPacket::CloseSession { id: 7, session: Some(12) },
        "client_close_session_others.json" => ClientPacket::CloseSession { id: 8, session: None },
        "client_chat.json" => ClientPacket::Chat {
            id: 9,
            channel: place("lobby"),
            line_id: MAX_NUMBER,
            text: words(r#"Well "met", [b]Жанна[/b] 👩‍🚀 \o/"#),
        },
        "client_chat_whisper.json" => ClientPacket::Chat {
            id: 10,
            channel: place("@Жанна_99"),
            line_id: 0,
            text: words("psst"),
        },
        "client_edit.json" => ClientPacket::Edit {
            id: 11,
            channel: place("lobby"),
            seq: 41,
            text: words("Well met, Жанна!"),
        },
        "client_edit_whisper.json" => ClientPacket::Edit {
            id: 12,
            channel: Target::Inbox,
            seq: 7,
            text: words("Psst!"),
        },
        "client_delete.json" => ClientPacket::Delete {
            id: 13,
            channel: place("lobby"),
            seq: MAX_NUMBER,
        },
        "client_history.json" => ClientPacket::History {
            id: 14,
            channel: place("lobby"),
            after: None,
            before: None,
            limit: 50,
        },
        "client_history_after.json" => ClientPacket::History {
            id: 15,
            channel: Target::Inbox,
            after: Some(0),
            before: None,
            limit: 500,
        },
        "client_history_before.json" => ClientPacket::History {
            id: 16,
            channel: place("@Жанна_99"),
            after: None,
            before: Some(41),
            limit: 50,
        },
        "client_read.json" => ClientPacket::Read {
            id: 17,
            channel: place("lobby"),
            seq: 42,
        },
        "client_read_whispers.json" => ClientPacket::Read {
            id: 18,
            channel: place("@Жанна_99"),
            seq: 7,
        },
        "client_create.json" => ClientPacket::Create {
            id: 19,
            channel: channel("bücher"),
            topic: Topic::default(),
            access: Access::Open,
            channel_password: None,
        },
        "client_create_password.json" => ClientPacket::Create {
            id: 20,
            channel: channel("raid-1"),
            topic: topic("Sundays, [b]eight[/b] o'clock"),
            access: Access::Password,
            channel_password: Some(key()),
        },
        "client_join.json" => ClientPacket::Join {
            id: 21,
            channel: channel("bücher"),
            channel_password: None,
        },
        "client_join_password.json" => ClientPacket::Join {
            id: 22,
            channel: channel("raid-1"),
            channel_password: Some(key()),
        },
        "client_leave.json" => ClientPacket::Leave { id: 23, channel: channel("raid-1") },
        "client_channels.json" => ClientPacket::Channels { id: 24, after: None },
        "client_channels_after.json" => ClientPacket::Channels {
            id: 25,
            after: Some(channel("raid-1")),
        },
        "client_members.json" => ClientPacket::Members {
            id: 26,
            channel: channel("lobby"),
            after: None,
        },
        "client_members_after.json" => ClientPacket::Members {
            id: 27,
            channel: channel("lobby"),
            after: Some(user("Ada-Élan")),
        },
        "client_set_topic.json" => ClientPacket::SetTopic {
            id: 28,
            channel: channel("raid-1"),
            topic: Topic::default(),
        },
        "client_set_access.json" => ClientPacket::SetAccess {
            id: 29,
            channel: channel("raid-1"),
            access: Access::Invite,
            channel_password: None,
        },
        "client_set_access_password.json" => ClientPacket::SetAccess {
            id: 30,
            channel: channel("raid-1"),
            access: Access::Password,
            channel_password: Some(key()),
        },
        "client_set_role.json" => ClientPacket::SetRole {
            id: 31,
            channel: channel("raid-1"),
            username: user("Жанна_99"),
            role: Role::Operator,
        },
        "client_invite.json" => ClientPacket::Invite {
            id: 32,
            channel: channel("raid-1"),
            username: user("Жанна_99"),
        },
        "client_remove.json" => ClientPacket::Remove {
            id: 33,
            channel: channel("raid-1"),
            username: user("Жанна_99"),
        },
        "client_set_presence.json" => ClientPacket::SetPresence {
            id: 34,
            state: PresenceState::Away,
            text: PresenceText::parse("making tea ☕").expect("a valid text"),
        },
        "client_set_presence_plain.json" => ClientPacket::SetPresence {
            id: 35,
            state: PresenceState::Online,
            text: PresenceText::default(),
        },
        "client_block.json" => ClientPacket::Block { id: 36, username: user("Mallory") },
        "client_unblock.json" => ClientPacket::Unblock { id: 37, username: user("Mallory") },
        "client_blocks.json" => ClientPacket::Blocks { id: 38 },
    }
}

#[expect(clippy::too_many_lines, reason = "a list, one entry after the other")]
pub(crate) fn server_samples() -> Vec<Sample<ServerPacket>> {
    samples! {
        "server_hello.json" => ServerPacket::Hello {
            protocol: 2,
            server: "longhall-server/0.2.0".into(),
            message_of_the_day: "Welcome.\nBe kind.".into(),
            limits: Limits::default(),
        },
        "server_ok.json" => ServerPacket::Ok { id: 1 },
        "server_deny.json" => ServerPacket::deny(
            Some(2),
            Denial::for_now(DenyCode::RateLimited, std::time::Duration::from_millis(1500)),
        ),
        "server_deny_field.json" => ServerPacket::deny(
            Some(5),
            Denial::of_field(DenyCode::TooLong, Field::NewPassword, Some(99)),
        ),
        "server_deny_unread.json" => {
            ServerPacket::deny(None, Denial::new(DenyCode::MalformedPacket))
        },
        "server_logged_in.json" => ServerPacket::LoggedIn {
            id: 3,
            username: "Ada-Élan".into(),
            resume_token: token(),
            session: 12,
            epoch: "9c1f0e6ab27d4853".into(),
            channels: vec![
                lobby(),
                ChannelState {
                    channel: "raid-1".into(),
                    topic: "Sundays".into(),
                    access: Access::Password,
                    role: Role::Owner,
                    first_seq: 100,
                    last_seq: 180,
                    read_seq: 170,
                    unread: 9,
                    members: 5,
                    online: 1,
                },
            ],
            inbox: InboxState {
                first_seq: 1,
                last_seq: 8,
                conversations: vec![Conversation {
                    username: "Жанна_99".into(),
                    last_seq: 8,
                    read_seq: 6,
                    unread: 1,
                }],
            },
            invitations: vec![Invitation {
                channel: "bücher".into(),
                by: "Жанна_99".into(),
            }],
        },
        "server_logged_in_first.json" => ServerPacket::LoggedIn {
            id: 3,
            username: "Ben".into(),
            resume_token: token(),
            session: 13,
            epoch: String::new(),
            channels: vec![ChannelState {
                first_seq: 1,
                last_seq: 0,
                read_seq: 0,
                unread: 0,
                ..lobby()
            }],
            inbox: InboxState { first_seq: 1, ..InboxState::default() },
            invitations: Vec::new(),
        },
        "server_chat.json" => ServerPacket::Chat {
            channel: "lobby".into(),
            line: said(42, "Жанна_99", r#"Well "met", [b]Ada[/b] 👩‍🚀 \o/"#),
        },
        "server_chat_whisper.json" => ServerPacket::Chat {
            channel: "@".into(),
            line: whisper(),
        },
        "server_chat_edit.json" => ServerPacket::Chat {
            channel: "lobby".into(),
            line: edit(),
        },
        "server_chat_edit_whisper.json" => ServerPacket::Chat {
            channel: "@".into(),
            line: Line {
                seq: 9,
                kind: LineKind::Edit,
                of: Some(8),
                ..whisper()
            },
        },
        "server_chat_deletion.json" => ServerPacket::Chat {
            channel: "lobby".into(),
            line: deletion(),
        },
        "server_chat_hidden.json" => ServerPacket::Chat {
            channel: "lobby".into(),
            line: hidden(),
        },
        "server_posted.json" => ServerPacket::Posted {
            id: 9,
            channel: "lobby".into(),
            seq: 41,
            sent_at_ms: NOW,
        },
        "server_posted_whisper.json" => ServerPacket::Posted {
            id: 10,
            channel: "@".into(),
            seq: MAX_NUMBER,
            sent_at_ms: NOW,
        },
        "server_gap.json" => ServerPacket::Gap { channel: "lobby".into(), last_seq: 1042 },
        "server_history.json" => ServerPacket::History {
            id: 14,
            channel: "lobby".into(),
            first_seq: 1,
            last_seq: 45,
            lines: vec![
                Line {
                    edited_at_ms: Some(NOW + 5000),
                    ..said(41, "Ada-Élan", "Well met, Жанна!")
                },
                Line {
                    kind: LineKind::Deleted,
                    ..said(42, "Жанна_99", "")
                },
                edit(),
                deletion(),
                hidden(),
            ],
            more: true,
        },
        "server_history_inbox.json" => ServerPacket::History {
            id: 15,
            channel: "@".into(),
            first_seq: 1,
            last_seq: 8,
            lines: vec![whisper()],
            more: false,
        },
        "server_history_empty.json" => ServerPacket::History {
            id: 16,
            channel: "@Жанна_99".into(),
            first_seq: 1,
            last_seq: 0,
            lines: Vec::new(),
            more: false,
        },
        "server_joined.json" => ServerPacket::Joined { id: Some(21), channel: lobby() },
        "server_joined_elsewhere.json" => ServerPacket::Joined { id: None, channel: lobby() },
        "server_left.json" => ServerPacket::Left {
            channel: "raid-1".into(),
            reason: LeaveReason::Left,
            by: None,
        },
        "server_left_removed.json" => ServerPacket::Left {
            channel: "raid-1".into(),
            reason: LeaveReason::Removed,
            by: Some("Жанна_99".into()),
        },
        "server_channel_changed.json" => ServerPacket::ChannelChanged {
            channel: "raid-1".into(),
            topic: String::new(),
            access: Access::Invite,
            by: "Ada-Élan".into(),
        },
        "server_role_changed.json" => ServerPacket::RoleChanged {
            channel: "raid-1".into(),
            username: "Жанна_99".into(),
            role: Role::Operator,
            by: "Ada-Élan".into(),
        },
        "server_invited.json" => ServerPacket::Invited {
            channel: "bücher".into(),
            by: "Жанна_99".into(),
        },
        "server_presence.json" => ServerPacket::Presence {
            channel: "lobby".into(),
            members: 41,
            online: 41,
            changes: vec![
                presence(Change::Joined, "Жанна_99", PresenceState::Online, ""),
                presence(Change::Left, "Ben", PresenceState::Offline, ""),
                presence(Change::State, "Ada-Élan", PresenceState::Away, "making tea ☕"),
            ],
            partial: false,
        },
        "server_presence_partial.json" => ServerPacket::Presence {
            channel: "lobby".into(),
            members: 1041,
            online: 1041,
            changes: Vec::new(),
            partial: true,
        },
        "server_read.json" => ServerPacket::Read {
            channel: "@Жанна_99".into(),
            seq: 8,
            unread: 0,
        },
        "server_channels.json" => ServerPacket::Channels {
            id: 24,
            channels: vec![
                ListedChannel {
                    channel: "bücher".into(),
                    topic: String::new(),
                    access: Access::Open,
                    members: 3,
                },
                ListedChannel {
                    channel: "raid-1".into(),
                    topic: "Sundays".into(),
                    access: Access::Password,
                    members: 5,
                },
            ],
            more: false,
        },
        "server_members.json" => ServerPacket::Members {
            id: 26,
            channel: "raid-1".into(),
            members: vec![
                member("Ada-Élan", Role::Owner, PresenceState::Away, "making tea ☕"),
                member("Ben", Role::Operator, PresenceState::Online, ""),
                member("Жанна_99", Role::Member, PresenceState::Offline, ""),
            ],
            more: true,
        },
        "server_sessions.json" => ServerPacket::Sessions {
            id: 6,
            sessions: vec![
                ListedSession {
                    session: 12,
                    device: "Ada's \"Deck\" 🎮".into(),
                    created_at_ms: NOW,
                    last_seen_at_ms: NOW + 60_000,
                    online: true,
                    current: true,
                },
                ListedSession {
                    session: 4,
                    device: String::new(),
                    created_at_ms: NOW - 86_400_000,
                    last_seen_at_ms: NOW - 3_600_000,
                    online: false,
                    current: false,
                },
            ],
        },
        "server_blocks.json" => ServerPacket::Blocks {
            id: 38,
            usernames: vec!["Mallory".into(), "Trudy".into()],
        },
    }
}

fn user(name: &str) -> Username {
    Username::parse(name).expect("a valid name")
}

fn password(text: &str) -> Password {
    Password::parse(text).expect("a valid password")
}

fn key() -> ChannelPassword {
    ChannelPassword::parse("correct horse key 🔑").expect("a valid password")
}

fn token() -> ResumeToken {
    ResumeToken::parse("0123456789abcdef".repeat(4)).expect("a valid token")
}

fn place(text: &str) -> Target {
    Target::parse(text).expect("a valid target")
}

fn channel(name: &str) -> ChannelName {
    ChannelName::parse(name).expect("a valid name")
}

fn words(text: &str) -> ChatText {
    ChatText::parse(text).expect("a valid line")
}

fn topic(text: &str) -> Topic {
    Topic::parse(text).expect("a valid topic")
}

fn lobby() -> ChannelState {
    ChannelState {
        channel: "lobby".into(),
        topic: "Be kind".into(),
        access: Access::Open,
        role: Role::Member,
        first_seq: 1,
        last_seq: 42,
        read_seq: 40,
        unread: 2,
        members: 41,
        online: 41,
    }
}

/// A line in a channel. The lines below are made from it.
pub(crate) fn said(seq: u64, sender: &str, text: &str) -> Line {
    Line {
        seq,
        sender: sender.into(),
        recipient: None,
        text: text.into(),
        sent_at_ms: NOW,
        kind: LineKind::Said,
        edited_at_ms: None,
        of: None,
    }
}

fn whisper() -> Line {
    Line {
        recipient: Some("Ada-Élan".into()),
        ..said(8, "Жанна_99", "psst")
    }
}

fn edit() -> Line {
    Line {
        kind: LineKind::Edit,
        of: Some(41),
        ..said(43, "Ada-Élan", "Well met, Жанна!")
    }
}

fn deletion() -> Line {
    Line {
        kind: LineKind::Deletion,
        of: Some(42),
        ..said(44, "Жанна_99", "")
    }
}

fn hidden() -> Line {
    Line {
        kind: LineKind::Hidden,
        ..said(45, "", "")
    }
}

fn member(name: &str, role: Role, state: PresenceState, text: &str) -> Member {
    Member {
        username: name.into(),
        role,
        state,
        text: text.into(),
    }
}

fn presence(change: Change, name: &str, state: PresenceState, text: &str) -> Presence {
    Presence {
        change,
        member: member(name, Role::Member, state, text),
    }
}
