//! What clients say.

use super::*;

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
            recovery: false,
        },
        "client_register_recovery.json" => ClientPacket::Register {
            id: 39,
            username: user("Жанна_99"),
            password: password("correct horse battery staple"),
            recovery: true,
        },
        "client_login.json" => ClientPacket::Login {
            id: 2,
            username: user("Ada-Élan"),
            password: password("correct horse battery staple"),
            device: String::new(),
            code: None,
        },
        "client_login_device.json" => ClientPacket::Login {
            id: 2,
            username: user("Ada-Élan"),
            password: password("correct horse battery staple"),
            device: "Ada's \"Deck\" 🎮".into(),
            code: None,
        },
        "client_login_code.json" => ClientPacket::Login {
            id: 40,
            username: user("Ada-Élan"),
            password: password("correct horse battery staple"),
            device: String::new(),
            code: Some(code("287082")),
        },
        "client_login_recovery_code.json" => ClientPacket::Login {
            id: 41,
            username: user("Ada-Élan"),
            password: password("correct horse battery staple"),
            device: String::new(),
            code: Some(code("ABCD-EFGH-JKMN-PQRS-TVWX")),
        },
        "client_recover.json" => ClientPacket::Recover {
            id: 42,
            username: user("Ada-Élan"),
            code: recovery_code("ABCD-EFGH-JKMN-PQRS-TVWX"),
            new_password: password("correct horse, longer staple"),
        },
        "client_renew_recovery_codes.json" => ClientPacket::RenewRecoveryCodes {
            id: 43,
            password: password("correct horse battery staple"),
            code: None,
        },
        "client_renew_recovery_codes_code.json" => ClientPacket::RenewRecoveryCodes {
            id: 44,
            password: password("correct horse battery staple"),
            code: Some(code("287082")),
        },
        "client_begin_second_factor.json" => ClientPacket::BeginSecondFactor {
            id: 45,
            password: password("correct horse battery staple"),
        },
        "client_confirm_second_factor.json" => ClientPacket::ConfirmSecondFactor {
            id: 46,
            code: code("287082"),
        },
        "client_end_second_factor.json" => ClientPacket::EndSecondFactor {
            id: 47,
            password: password("correct horse battery staple"),
            code: code("287082"),
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
        "client_delete_account.json" => ClientPacket::DeleteAccount {
            id: 39,
            password: password("correct horse battery staple"),
        },
        "client_keep_account.json" => ClientPacket::KeepAccount { id: 40 },
        "client_export.json" => ClientPacket::Export { id: 41, after: None },
        "client_export_after.json" => ClientPacket::Export {
            id: 42,
            after: Some("lines 4096".into()),
        },
        "client_rename.json" => ClientPacket::Rename {
            id: 43,
            password: password("correct horse battery staple"),
            username: user("Grace-Élan"),
        },
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
        "client_set_slow_mode.json" => ClientPacket::SetSlowMode {
            id: 37,
            channel: channel("raid-1"),
            seconds: 30,
        },
        "client_set_filter.json" => ClientPacket::SetFilter {
            id: 38,
            channel: channel("raid-1"),
            filter: Some(Filter::Refuse),
        },
        "client_set_filter_default.json" => ClientPacket::SetFilter {
            id: 39,
            channel: channel("raid-1"),
            filter: None,
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
