//! What servers send: newer than this build, and as much as there can be.

use super::*;

#[test]
fn the_name_of_a_servers_program_is_one_short_line() {
    for (server, kept) in [
        ("longhall-server/0.2.0", "longhall-server/0.2.0".to_owned()),
        ("\u{1b}[31mred\r\n\u{202e}/1\0", "[31mred/1".to_owned()),
        (&"x".repeat(10_000), "x".repeat(64)),
        ("", String::new()),
    ] {
        let hello = ServerPacket::Hello {
            protocol: 2,
            server: server.to_owned(),
            message_of_the_day: String::new(),
            limits: Limits::default(),
            registration: None,
            guests: false,
        };
        match decode_server_packet(encode(&hello).as_bytes()) {
            Ok(ServerPacket::Hello { server, .. }) => assert_eq!(server, kept),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_word_of_a_newer_server_costs_no_packet() {
    for sample in server_samples() {
        let mut newer = sample.text.to_owned();
        for (field, names) in [
            (
                "access",
                Access::ALL.iter().map(|one| one.name()).collect::<Vec<_>>(),
            ),
            ("role", Role::ALL.iter().map(|one| one.name()).collect()),
            (
                "state",
                PresenceState::ALL.iter().map(|one| one.name()).collect(),
            ),
            ("change", Change::ALL.iter().map(|one| one.name()).collect()),
            (
                "reason",
                LeaveReason::ALL.iter().map(|one| one.name()).collect(),
            ),
            ("kind", vec!["deleted", "hidden", "edit", "deletion"]),
        ] {
            for name in names {
                newer = newer.replace(
                    &format!("\"{field}\":\"{name}\""),
                    &format!("\"{field}\":\"starlit\""),
                );
            }
        }
        // As if there were more in every object, too.
        newer = newer.replace('{', r#"{"starlit":[{"x":null}],"#);
        let packet = decode_server_packet(newer.as_bytes());
        let packet = packet.unwrap_or_else(|error| panic!("{error}: {newer}"));
        assert_eq!(packet.name(), sample.packet.name());
        match packet {
            ServerPacket::LoggedIn { channels, .. } => {
                for channel in channels {
                    assert_eq!(channel.access, Access::Invite);
                    assert_eq!(channel.role, Role::Member);
                }
            }
            ServerPacket::Members { members, .. } => {
                for member in members {
                    assert_eq!(member.role, Role::Member);
                    assert_eq!(member.state, PresenceState::Away);
                }
            }
            ServerPacket::Presence { changes, .. } => {
                assert!(changes.iter().all(|one| one.change == Change::State));
            }
            ServerPacket::Left { reason, .. } => assert_eq!(reason, LeaveReason::Removed),
            ServerPacket::Chat { line, .. } => {
                assert!(matches!(
                    line.kind,
                    LineKind::Said | LineKind::System | LineKind::Unknown
                ));
            }
            _ => {}
        }
    }
}

#[test]
fn the_fullest_login_fits_a_clients_buffer() {
    use longhall_packet::codec::encode;
    use longhall_packet::limits::{
        MAX_CHANNEL_CHARS, MAX_CHANNELS_PER_ACCOUNT, MAX_TOPIC_CHARS, MAX_USERNAME_CHARS,
    };

    let fullest = server_samples()
        .into_iter()
        .find_map(|sample| match sample.packet {
            ServerPacket::LoggedIn {
                id,
                resume_token,
                session,
                mut channels,
                mut inbox,
                mut invitations,
                server_role,
                sanctions,
                guest: false,
                ..
            } => {
                let wide = |chars: usize| "𐐨".repeat(chars);
                let mut channel = channels.remove(0);
                channel.channel = wide(MAX_CHANNEL_CHARS);
                channel.topic = wide(MAX_TOPIC_CHARS);
                (channel.first_seq, channel.last_seq) = (MAX_NUMBER, MAX_NUMBER);
                channel.read_seq = MAX_NUMBER;
                let mut whispers = inbox.conversations.remove(0);
                whispers.username = wide(MAX_USERNAME_CHARS);
                (whispers.last_seq, whispers.read_seq) = (MAX_NUMBER, MAX_NUMBER);
                let mut invitation = invitations.remove(0);
                invitation.channel = wide(MAX_CHANNEL_CHARS);
                invitation.by = wide(MAX_USERNAME_CHARS);
                inbox.conversations = vec![whispers; 50];
                let half = "x".repeat(longhall_packet::limits::MAX_PROFILE_BYTES);
                let full = format!("{{\"a\":\"{half}\",\"b\":\"{half}\"}}");
                Some(ServerPacket::LoggedIn {
                    profile: longhall_packet::Profile::from_kept(&full).expect("JSON"),
                    profile_version: u32::MAX,
                    id,
                    username: wide(MAX_USERNAME_CHARS),
                    resume_token,
                    session,
                    epoch: "f".repeat(16),
                    guest: true,
                    channels: vec![channel; MAX_CHANNELS_PER_ACCOUNT + 1],
                    inbox,
                    invitations: vec![invitation; 50],
                    server_role,
                    second_factor: true,
                    recovery_codes_left: 8,
                    last_login: Some(Box::new(longhall_packet::LastLogin {
                        at_ms: MAX_NUMBER,
                        device: wide(longhall_packet::limits::MAX_DEVICE_CHARS),
                        network: "2001:db8:ffff::/48".into(),
                    })),
                    deleted_at_ms: Some(MAX_NUMBER),
                    sanctions: vec![sanctions[0].clone(); 10],
                })
            }
            _ => None,
        });
    let text = encode(&fullest.expect("there is such a sample"));
    assert!(text.len() < MAX_SERVER_PACKET_BYTES, "{}", text.len());
    assert!(decode_server_packet(text.as_bytes()).is_ok());
}
