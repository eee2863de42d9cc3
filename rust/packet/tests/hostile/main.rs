//! What a peer should never send: each gets the right refusal, under its
//! request's id where there is one to read, and nothing panics.

mod fields;
mod packets;
mod secrets;
mod servers;
mod texts;
#[path = "../support/mod.rs"]
mod support;

use longhall_packet::codec::{DecodeError, decode_client_packet, decode_server_packet, encode};
use longhall_packet::limits::{MAX_CLIENT_PACKET_BYTES, MAX_SERVER_PACKET_BYTES};
use longhall_packet::{
    Access, Change, ClientPacket, DenyCode, Field, LeaveReason, Limits, LineKind, PresenceState,
    RequestId, Role, ServerPacket,
};
use serde_json::{Value, json};
use support::{MAX_NUMBER, client_samples, server_samples};

use DenyCode::{
    ForbiddenCharacter, MalformedPacket, PacketTooLarge, SessionExpired, TooLong, TooShort,
    UnknownPacket,
};

#[track_caller]
fn check_denied(bytes: impl AsRef<[u8]>, id: Option<RequestId>, code: DenyCode) {
    let bytes = bytes.as_ref();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
    match decode_client_packet(bytes) {
        Ok(packet) => panic!("{shown} is taken for {packet:?}"),
        Err(error) => assert_eq!((error.id, error.denial.code), (id, code), "{shown}"),
    }
}

#[track_caller]
fn check_server_denied(bytes: impl AsRef<[u8]>, code: DenyCode) {
    let bytes = bytes.as_ref();
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
    match decode_server_packet(bytes) {
        Ok(packet) => panic!("{shown} is taken for {packet:?}"),
        Err(error) => assert_eq!(error.denial.code, code, "{shown}"),
    }
}
