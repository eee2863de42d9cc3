//! Frozen samples: what was sent by the first release is still understood, and
//! sent, byte for byte.
//!
//! A sample that must change is a change of the protocol. Raise
//! `PROTOCOL_VERSION` when an older peer could not live with it.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use longhall_packet::codec::{decode_client_packet, decode_server_packet, encode};
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
fn client_file(packet: &ClientPacket) -> &'static str {
    match packet {
        ClientPacket::Hello { .. } => include_str!("golden/client_hello.json"),
        ClientPacket::Register { .. } => include_str!("golden/client_register.json"),
        ClientPacket::Login { .. } => include_str!("golden/client_login.json"),
        ClientPacket::Resume { .. } => include_str!("golden/client_resume.json"),
        ClientPacket::Logout { .. } => include_str!("golden/client_logout.json"),
        ClientPacket::Chat { .. } => include_str!("golden/client_chat.json"),
        ClientPacket::Ping { .. } => include_str!("golden/client_ping.json"),
    }
}

/// As [`client_file`].
fn server_file(packet: &ServerPacket) -> &'static str {
    match packet {
        ServerPacket::Hello { .. } => include_str!("golden/server_hello.json"),
        ServerPacket::Ok { .. } => include_str!("golden/server_ok.json"),
        ServerPacket::Deny { .. } => include_str!("golden/server_deny.json"),
        ServerPacket::LoggedIn { .. } => include_str!("golden/server_logged_in.json"),
        ServerPacket::Chat { .. } => include_str!("golden/server_chat.json"),
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
