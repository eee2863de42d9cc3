//! Bytes to packets and back. The length is checked before anything is parsed.

mod chat_line;
mod client;
mod errors;
mod server;

use serde::Serialize;

pub use client::decode_client_packet;
pub use errors::DecodeError;
pub use server::{decode_chat, decode_server_packet, encode_line};

/// Writes a packet as JSON. The result holds whatever secrets the packet held.
#[expect(clippy::missing_panics_doc, reason = "our packets always serialise")]
pub fn encode<P: Serialize>(packet: &P) -> String {
    serde_json::to_string(packet).expect("packets have string keys and no failing serialisers")
}

/// As [`encode`], appended to what is there.
#[expect(clippy::missing_panics_doc, reason = "our packets always serialise")]
pub fn encode_to<P: Serialize>(packet: &P, json: &mut Vec<u8>) {
    serde_json::to_writer(json, packet).expect("memory takes it, and packets serialise");
}
