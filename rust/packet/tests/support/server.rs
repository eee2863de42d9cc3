//! What servers say.

use super::*;

#[expect(clippy::too_many_lines, reason = "a list, one entry after the other")]
pub(crate) fn server_samples() -> Vec<Sample<ServerPacket>> {
    samples! {
        "server_hello.json" => ServerPacket::Hello {
            protocol: 2,
            server: "longhall-server/0.2.0".into(),
            message_of_the_day: "Welcome.\nBe kind.".into(),
            limits: Limits::default(),
            registration: None,
            guests: false,
        },
        "server_hello_gates.json" => ServerPacket::Hello {
            protocol: 2,
            server: "longhall-server/0.2.0".into(),
            message_of_the_day: String::new(),
            limits: Limits::default(),
            registration: Some(Registration {
                mode: RegistrationMode::Invite,
                proof_bits: 18,
            }),
            guests: true,
        },
        "server_logged_in_guest.json" => ServerPacket::LoggedIn {
            id: 3,
            username: "zoe".into(),
            resume_token: token(),
            session: 14,
            epoch: String::new(),
            server_role: ServerRole::Player,
            second_factor: false,
            recovery_codes_left: 0,
            last_login: None,
            guest: true,
            channels: vec![lobby()],
            inbox: InboxState { first_seq: 1, ..InboxState::default() },
            invitations: vec![],
            deleted_at_ms: None,
            sanctions: vec![],
        },
        "server_members_guest.json" => ServerPacket::Members {
            id: 26,
            channel: "lobby".into(),
            members: vec![Member {
                guest: true,
                ..member("zoe", Role::Member, PresenceState::Online, "")
            }],
            more: false,
        },
        "server_challenge.json" => ServerPacket::Challenge {
            id: 2,
            challenge: "00112233445566778899aabbccddeeff".into(),
            bits: 18,
            expires_in_ms: 600_000,
        },
        "server_challenge_none.json" => ServerPacket::Challenge {
            id: 2,
            challenge: String::new(),
            bits: 0,
            expires_in_ms: 0,
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
            guest: false,
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
                    speech: Speech { slow_mode_s: 30, filter: Some(Filter::Refuse) },
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
            server_role: ServerRole::Admin,
            second_factor: false,
            recovery_codes_left: 0,
            last_login: None,
            deleted_at_ms: None,
            sanctions: vec![mute(Some("raid-1"))],
        },
        "server_logged_in_first.json" => ServerPacket::LoggedIn {
            id: 3,
            username: "Ben".into(),
            resume_token: token(),
            session: 13,
            epoch: String::new(),
            guest: false,
            channels: vec![ChannelState {
                first_seq: 1,
                last_seq: 0,
                read_seq: 0,
                unread: 0,
                ..lobby()
            }],
            inbox: InboxState { first_seq: 1, ..InboxState::default() },
            invitations: Vec::new(),
            server_role: ServerRole::Player,
            second_factor: false,
            recovery_codes_left: 0,
            sanctions: Vec::new(),
            last_login: None,
            deleted_at_ms: None,
        },
        "server_logged_in_again.json" => ServerPacket::LoggedIn {
            id: 40,
            username: "Ben".into(),
            resume_token: token(),
            session: 14,
            epoch: String::new(),
            channels: vec![lobby()],
            inbox: InboxState { first_seq: 1, ..InboxState::default() },
            invitations: Vec::new(),
            server_role: ServerRole::Player,
            guest: false,
            second_factor: true,
            recovery_codes_left: 7,
            sanctions: Vec::new(),
            last_login: Some(Box::new(LastLogin {
                at_ms: NOW,
                device: "Ada's \"Deck\" 🎮".into(),
                network: "203.0.113.0/24".into(),
            })),
            deleted_at_ms: None,
        },
        "server_registered.json" => ServerPacket::Registered {
            id: 39,
            recovery_codes: vec![
                recovery_code("ABCD-EFGH-JKMN-PQRS-TVWX"),
                recovery_code("0123-4567-89ZY-XWVT-SRQP"),
            ],
        },
        "server_recovery_codes.json" => ServerPacket::RecoveryCodes {
            id: 43,
            codes: vec![recovery_code("ABCD-EFGH-JKMN-PQRS-TVWX")],
        },
        "server_second_factor.json" => ServerPacket::SecondFactor {
            id: 45,
            secret: FactorKey::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
            uri: FactorKey::new(
                "otpauth://totp/Longhall:Ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Longhall",
            ),
        },
        "server_logged_in_leaving.json" => ServerPacket::LoggedIn {
            id: 3,
            username: "Ben".into(),
            resume_token: token(),
            session: 14,
            epoch: "9c1f0e6ab27d4853".into(),
            channels: vec![lobby()],
            inbox: InboxState { first_seq: 1, ..InboxState::default() },
            invitations: Vec::new(),
            deleted_at_ms: Some(NOW + 1_209_600_000),
            sanctions: Vec::new(),
            server_role: ServerRole::Player,
            second_factor: false,
            recovery_codes_left: 0,
            last_login: None,
            guest: false,
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
        "server_chat_system.json" => ServerPacket::Chat {
            channel: "lobby".into(),
            line: Line {
                text: "Round 3 begins".into(),
                kind: LineKind::System,
                ..hidden()
            },
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
            speech: Speech::default(),
            by: "Ada-Élan".into(),
        },
        "server_channel_changed_slow.json" => ServerPacket::ChannelChanged {
            channel: "raid-1".into(),
            topic: String::new(),
            access: Access::Invite,
            speech: Speech { slow_mode_s: 21_600, filter: Some(Filter::Off) },
            by: "Ada-Élan".into(),
        },
        "server_deny_sanction.json" => ServerPacket::deny(
            Some(11),
            Denial::of_sanction(DenyCode::Muted, mute(None), NOW - 1500),
        ),
        "server_sanctioned.json" => ServerPacket::Sanctioned { sanction: mute(Some("raid-1")) },
        "server_sanctioned_plain.json" => ServerPacket::Sanctioned {
            sanction: Sanction { until_ms: None, reason: String::new(), ..mute(None) },
        },
        "server_sanction_lifted.json" => ServerPacket::SanctionLifted {
            sanction: SanctionKind::Mute,
            channel: Some("raid-1".into()),
        },
        "server_sanction_set.json" => ServerPacket::SanctionSet {
            id: 39,
            username: "Mallory".into(),
            sanction: Sanction { sanction: SanctionKind::Ban, ..mute(None) },
        },
        "server_sanctions.json" => ServerPacket::Sanctions {
            id: 43,
            username: "Mallory".into(),
            sanctions: vec![
                PastSanction {
                    sanction: Sanction { sanction: SanctionKind::Ban, ..mute(None) },
                    since_ms: NOW,
                    by: "Ada-Élan".into(),
                    holds: true,
                },
                PastSanction {
                    sanction: Sanction {
                        sanction: SanctionKind::Kick,
                        until_ms: None,
                        reason: String::new(),
                        ..mute(Some("raid-1"))
                    },
                    since_ms: NOW,
                    by: "Ben".into(),
                    holds: false,
                },
            ],
        },
        "server_lines_deleted.json" => ServerPacket::LinesDeleted { id: 44, count: 12, more: false },
        "server_lines_deleted_more.json" => {
            ServerPacket::LinesDeleted { id: 45, count: 1000, more: true }
        },
        "server_server_role_changed.json" => ServerPacket::ServerRoleChanged {
            server_role: ServerRole::Moderator,
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
                Member {
                    server_role: ServerRole::Moderator,
                    ..member("Ben", Role::Operator, PresenceState::Online, "")
                },
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
        "server_export.json" => ServerPacket::Export {
            id: 41,
            account: Some(Box::new(ExportedAccount {
                username: "Ada-Élan".into(),
                created_at_ms: NOW,
                deleted_at_ms: Some(NOW + 1_209_600_000),
                last_login: Some(LastLogin {
                    at_ms: NOW,
                    device: "Ada's \"Deck\" 🎮".into(),
                    network: "203.0.113.0/24".into(),
                }),
                sessions: vec![ListedSession {
                    session: 12,
                    device: "Ada's \"Deck\" 🎮".into(),
                    created_at_ms: NOW,
                    last_seen_at_ms: NOW + 60_000,
                    online: true,
                    current: true,
                }],
                channels: vec![ExportedChannel {
                    channel: "raid-1".into(),
                    role: Role::Owner,
                    read_seq: 170,
                }],
                blocked: vec!["Mallory".into()],
                invitations: vec![Invitation { channel: "bücher".into(), by: "Жанна_99".into() }],
                sanctions: vec![
                    ExportedSanction {
                        kind: "mute".into(),
                        since_ms: NOW,
                        until_ms: Some(NOW + 60_000),
                        reason: "shouting".into(),
                    },
                    ExportedSanction {
                        kind: "ban".into(),
                        since_ms: NOW,
                        until_ms: None,
                        reason: String::new(),
                    },
                ],
            })),
            lines: Vec::new(),
            reports: Vec::new(),
            next: Some("lines 0".into()),
        },
        "server_export_lines.json" => ServerPacket::Export {
            id: 42,
            account: None,
            lines: vec![
                ExportedLine {
                    channel: "lobby".into(),
                    seq: 42,
                    sender: "Ada-Élan".into(),
                    recipient: None,
                    text: r#"Well "met" 👩‍🚀"#.into(),
                    sent_at_ms: NOW,
                    edited_at_ms: Some(NOW + 60_000),
                },
                ExportedLine {
                    channel: "@".into(),
                    seq: 7,
                    sender: "Жанна_99".into(),
                    recipient: Some("Ada-Élan".into()),
                    text: "psst".into(),
                    sent_at_ms: NOW,
                    edited_at_ms: None,
                },
            ],
            reports: Vec::new(),
            next: Some("reports 0".into()),
        },
        "server_export_reports.json" => ServerPacket::Export {
            id: 43,
            account: None,
            lines: Vec::new(),
            reports: vec![
                ExportedReport {
                    report: 7,
                    username: "Mallory".into(),
                    channel: Some("bücher".into()),
                    seq: Some(42),
                    category: ReportCategory::Hate,
                    text: r#"Not "funny""#.into(),
                    created_at_ms: NOW,
                    closed: Some(ExportedOutcome {
                        outcome: ReportOutcome::Acted,
                        text: "Thanks".into(),
                        at_ms: NOW + 60_000,
                    }),
                },
                ExportedReport {
                    report: 9,
                    username: "Жанна_99".into(),
                    channel: None,
                    seq: None,
                    category: ReportCategory::Name,
                    text: String::new(),
                    created_at_ms: NOW,
                    closed: None,
                },
            ],
            next: None,
        },
        "server_renamed.json" => ServerPacket::Renamed {
            username: "Ada-Élan".into(),
            new_username: "Grace-Élan".into(),
        },
        "server_blocks.json" => ServerPacket::Blocks {
            id: 38,
            usernames: vec!["Mallory".into(), "Trudy".into()],
        },
        "server_reported.json" => ServerPacket::Reported { id: 39, report: 17 },
        "server_reports.json" => ServerPacket::Reports {
            id: 43,
            reports: vec![
                ListedReport {
                    report: 17,
                    by: "Ada-Élan".into(),
                    username: "Mallory".into(),
                    channel: Some("lobby".into()),
                    seq: Some(41),
                    category: ReportCategory::Harassment,
                    text: "Threatens \"me\" 😢".into(),
                    created_at_ms: NOW,
                    closed: None,
                },
                ListedReport {
                    report: 16,
                    by: "Жанна_99".into(),
                    username: "Mallory".into(),
                    channel: None,
                    seq: None,
                    category: ReportCategory::Name,
                    text: String::new(),
                    created_at_ms: NOW - 86_400_000,
                    closed: Some(closed(ReportOutcome::Acted, "Renamed")),
                },
                ListedReport {
                    report: 15,
                    by: "Жанна_99".into(),
                    username: "Ada-Élan".into(),
                    channel: Some("@".into()),
                    seq: Some(8),
                    category: ReportCategory::Other,
                    text: String::new(),
                    created_at_ms: NOW - 86_400_000,
                    closed: Some(closed(ReportOutcome::Dismissed, "")),
                },
            ],
            more: true,
        },
        "server_report_lines.json" => ServerPacket::ReportLines {
            id: 44,
            report: 17,
            lines: vec![
                said(40, "Ada-Élan", "Well met!"),
                said(41, "Mallory", "I know where you live"),
            ],
        },
        "server_reports_waiting.json" => ServerPacket::ReportsWaiting { count: 3 },
        "server_report_closed.json" => ServerPacket::ReportClosed {
            report: 17,
            username: "Mallory".into(),
            outcome: ReportOutcome::Acted,
            text: "Muted for a day. Thank you!".into(),
        },
    }
}
