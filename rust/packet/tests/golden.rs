//! Frozen samples: what the first release of this protocol version sent is still
//! understood, and sent, byte for byte.
//!
//! A sample that must change is a change of the protocol. Raise
//! `PROTOCOL_VERSION` when an older peer could not live with it.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use longhall_packet::codec::{decode_client_packet, decode_server_packet, encode, encode_line};
use longhall_packet::{ClientPacket, ServerPacket};
use support::{client_samples, server_samples};

#[test]
fn client_samples_decode_and_encode_byte_for_byte() {
    for sample in client_samples() {
        let decoded = decode_client_packet(sample.text.as_bytes());
        assert_eq!(decoded.as_ref(), Ok(&sample.packet), "{}", sample.file);
        assert_eq!(encode(&sample.packet), sample.text, "{}", sample.file);
    }
}

#[test]
fn server_samples_decode_and_encode_byte_for_byte() {
    for sample in server_samples() {
        let decoded = decode_server_packet(sample.text.as_bytes());
        assert_eq!(decoded.as_ref(), Ok(&sample.packet), "{}", sample.file);
        assert_eq!(encode(&sample.packet), sample.text, "{}", sample.file);
    }
}

/// The sample every packet has. No `_` arm: a new packet does not compile
/// before its file exists, and `every_file_is_a_sample` asks for its meaning.
#[test]
fn lines_are_encoded_as_the_packets_they_are() {
    let mut lines = 0;
    for sample in server_samples() {
        if let ServerPacket::Chat { channel, line } = &sample.packet {
            let mut json = Vec::new();
            encode_line(channel, line, &mut json);
            assert_eq!(json, encode(&sample.packet).as_bytes());
            lines += 1;
        }
    }
    assert!(lines > 0);
}

fn client_file(packet: &ClientPacket) -> &'static str {
    match packet {
        ClientPacket::Hello { .. } => include_str!("golden/client_hello.json"),
        ClientPacket::Ping { .. } => include_str!("golden/client_ping.json"),
        ClientPacket::Register { .. } => include_str!("golden/client_register.json"),
        ClientPacket::Challenge { .. } => include_str!("golden/client_challenge.json"),
        ClientPacket::Guest { .. } => include_str!("golden/client_guest.json"),
        ClientPacket::Upgrade { .. } => include_str!("golden/client_upgrade.json"),
        ClientPacket::Login { .. } => include_str!("golden/client_login.json"),
        ClientPacket::Resume { .. } => include_str!("golden/client_resume.json"),
        ClientPacket::Logout { .. } => include_str!("golden/client_logout.json"),
        ClientPacket::ChangePassword { .. } => include_str!("golden/client_change_password.json"),
        ClientPacket::Recover { .. } => include_str!("golden/client_recover.json"),
        ClientPacket::RenewRecoveryCodes { .. } => {
            include_str!("golden/client_renew_recovery_codes.json")
        }
        ClientPacket::BeginSecondFactor { .. } => {
            include_str!("golden/client_begin_second_factor.json")
        }
        ClientPacket::ConfirmSecondFactor { .. } => {
            include_str!("golden/client_confirm_second_factor.json")
        }
        ClientPacket::EndSecondFactor { .. } => {
            include_str!("golden/client_end_second_factor.json")
        }
        ClientPacket::Sessions { .. } => include_str!("golden/client_sessions.json"),
        ClientPacket::CloseSession { .. } => include_str!("golden/client_close_session.json"),
        ClientPacket::DeleteAccount { .. } => include_str!("golden/client_delete_account.json"),
        ClientPacket::KeepAccount { .. } => include_str!("golden/client_keep_account.json"),
        ClientPacket::Export { .. } => include_str!("golden/client_export.json"),
        ClientPacket::Rename { .. } => include_str!("golden/client_rename.json"),
        ClientPacket::Chat { .. } => include_str!("golden/client_chat.json"),
        ClientPacket::Edit { .. } => include_str!("golden/client_edit.json"),
        ClientPacket::Delete { .. } => include_str!("golden/client_delete.json"),
        ClientPacket::History { .. } => include_str!("golden/client_history.json"),
        ClientPacket::Read { .. } => include_str!("golden/client_read.json"),
        ClientPacket::Create { .. } => include_str!("golden/client_create.json"),
        ClientPacket::Join { .. } => include_str!("golden/client_join.json"),
        ClientPacket::Leave { .. } => include_str!("golden/client_leave.json"),
        ClientPacket::Channels { .. } => include_str!("golden/client_channels.json"),
        ClientPacket::Members { .. } => include_str!("golden/client_members.json"),
        ClientPacket::SetTopic { .. } => include_str!("golden/client_set_topic.json"),
        ClientPacket::SetAccess { .. } => include_str!("golden/client_set_access.json"),
        ClientPacket::SetSlowMode { .. } => include_str!("golden/client_set_slow_mode.json"),
        ClientPacket::SetFilter { .. } => include_str!("golden/client_set_filter.json"),
        ClientPacket::SetRole { .. } => include_str!("golden/client_set_role.json"),
        ClientPacket::Invite { .. } => include_str!("golden/client_invite.json"),
        ClientPacket::Remove { .. } => include_str!("golden/client_remove.json"),
        ClientPacket::SetPresence { .. } => include_str!("golden/client_set_presence.json"),
        ClientPacket::CreateTemporary { .. } => {
            include_str!("golden/client_create_temporary.json")
        }
        ClientPacket::JoinByCode { .. } => include_str!("golden/client_join_by_code.json"),
        ClientPacket::EndChannel { .. } => include_str!("golden/client_end_channel.json"),
        ClientPacket::Halls { .. } => include_str!("golden/client_halls.json"),
        ClientPacket::ChangeHall { .. } => include_str!("golden/client_change_hall.json"),
        ClientPacket::SetProfile { .. } => include_str!("golden/client_set_profile.json"),
        ClientPacket::PlayerInfo { .. } => include_str!("golden/client_player_info.json"),
        ClientPacket::Sanction { .. } => include_str!("golden/client_sanction.json"),
        ClientPacket::LiftSanction { .. } => include_str!("golden/client_lift_sanction.json"),
        ClientPacket::Sanctions { .. } => include_str!("golden/client_sanctions.json"),
        ClientPacket::DeleteLines { .. } => include_str!("golden/client_delete_lines.json"),
        ClientPacket::Block { .. } => include_str!("golden/client_block.json"),
        ClientPacket::Unblock { .. } => include_str!("golden/client_unblock.json"),
        ClientPacket::Blocks { .. } => include_str!("golden/client_blocks.json"),
        ClientPacket::Report { .. } => include_str!("golden/client_report.json"),
        ClientPacket::Reports { .. } => include_str!("golden/client_reports.json"),
        ClientPacket::ReportLines { .. } => include_str!("golden/client_report_lines.json"),
        ClientPacket::CloseReport { .. } => include_str!("golden/client_close_report.json"),
        ClientPacket::RequestTicket { .. } => include_str!("golden/client_request_ticket.json"),
    }
}

/// As [`client_file`].
fn server_file(packet: &ServerPacket) -> &'static str {
    match packet {
        ServerPacket::Hello { .. } => include_str!("golden/server_hello.json"),
        ServerPacket::Ok { .. } => include_str!("golden/server_ok.json"),
        ServerPacket::Deny { .. } => include_str!("golden/server_deny.json"),
        ServerPacket::LoggedIn { .. } => include_str!("golden/server_logged_in.json"),
        ServerPacket::Registered { .. } => include_str!("golden/server_registered.json"),
        ServerPacket::RecoveryCodes { .. } => include_str!("golden/server_recovery_codes.json"),
        ServerPacket::SecondFactor { .. } => include_str!("golden/server_second_factor.json"),
        ServerPacket::Challenge { .. } => include_str!("golden/server_challenge.json"),
        ServerPacket::Chat { .. } => include_str!("golden/server_chat.json"),
        ServerPacket::Posted { .. } => include_str!("golden/server_posted.json"),
        ServerPacket::Gap { .. } => include_str!("golden/server_gap.json"),
        ServerPacket::History { .. } => include_str!("golden/server_history.json"),
        ServerPacket::Joined { .. } => include_str!("golden/server_joined.json"),
        ServerPacket::Left { .. } => include_str!("golden/server_left.json"),
        ServerPacket::ChannelChanged { .. } => include_str!("golden/server_channel_changed.json"),
        ServerPacket::RoleChanged { .. } => include_str!("golden/server_role_changed.json"),
        ServerPacket::Sanctioned { .. } => include_str!("golden/server_sanctioned.json"),
        ServerPacket::SanctionLifted { .. } => include_str!("golden/server_sanction_lifted.json"),
        ServerPacket::SanctionSet { .. } => include_str!("golden/server_sanction_set.json"),
        ServerPacket::Sanctions { .. } => include_str!("golden/server_sanctions.json"),
        ServerPacket::LinesDeleted { .. } => include_str!("golden/server_lines_deleted.json"),
        ServerPacket::ServerRoleChanged { .. } => {
            include_str!("golden/server_server_role_changed.json")
        }
        ServerPacket::Invited { .. } => include_str!("golden/server_invited.json"),
        ServerPacket::Presence { .. } => include_str!("golden/server_presence.json"),
        ServerPacket::ProfileSet { .. } => include_str!("golden/server_profile_set.json"),
        ServerPacket::PlayerInfo { .. } => include_str!("golden/server_player_info.json"),
        ServerPacket::Profiles { .. } => include_str!("golden/server_profiles.json"),
        ServerPacket::Read { .. } => include_str!("golden/server_read.json"),
        ServerPacket::Halls { .. } => include_str!("golden/server_halls.json"),
        ServerPacket::Channels { .. } => include_str!("golden/server_channels.json"),
        ServerPacket::Members { .. } => include_str!("golden/server_members.json"),
        ServerPacket::Sessions { .. } => include_str!("golden/server_sessions.json"),
        ServerPacket::Export { .. } => include_str!("golden/server_export.json"),
        ServerPacket::Renamed { .. } => include_str!("golden/server_renamed.json"),
        ServerPacket::Blocks { .. } => include_str!("golden/server_blocks.json"),
        ServerPacket::Reported { .. } => include_str!("golden/server_reported.json"),
        ServerPacket::Reports { .. } => include_str!("golden/server_reports.json"),
        ServerPacket::ReportLines { .. } => include_str!("golden/server_report_lines.json"),
        ServerPacket::ReportsWaiting { .. } => include_str!("golden/server_reports_waiting.json"),
        ServerPacket::ReportClosed { .. } => include_str!("golden/server_report_closed.json"),
        ServerPacket::Ticket { .. } => include_str!("golden/server_ticket.json"),
    }
}

#[test]
fn every_packet_names_its_own_sample() {
    for sample in client_samples() {
        let name = sample.packet.name();
        assert!(
            client_file(&sample.packet).contains(&format!("\"type\":\"{name}\"")),
            "{name}"
        );
        assert!(
            sample.file.starts_with(&format!("client_{name}")),
            "{}",
            sample.file
        );
    }
    for sample in server_samples() {
        let name = sample.packet.name();
        assert!(
            server_file(&sample.packet).contains(&format!("\"type\":\"{name}\"")),
            "{name}"
        );
        assert!(
            sample.file.starts_with(&format!("server_{name}")),
            "{}",
            sample.file
        );
    }
}

#[test]
fn every_file_is_a_sample() {
    let files: BTreeSet<String> = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let client_files = client_samples()
        .into_iter()
        .map(|sample| sample.file.to_owned());
    let server_files = server_samples()
        .into_iter()
        .map(|sample| sample.file.to_owned());
    assert_eq!(
        client_files.chain(server_files).collect::<BTreeSet<_>>(),
        files
    );
}
