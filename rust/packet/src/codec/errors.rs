//! Why bytes are not a packet.

use std::fmt;

use serde::Deserialize;

use crate::{Denial, DenyCode, RequestId};

/// Why bytes are not a packet, and which request to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// The request's id, when the packet was sound enough to have one.
    pub id: Option<RequestId>,
    /// What to answer.
    pub denial: Denial,
    /// For the log: what the parser found. Holds no part of the packet's text.
    pub detail: String,
}

impl DecodeError {
    fn too_large(len: usize, limit: usize) -> Self {
        let mut denial = Denial::new(DenyCode::PacketTooLarge);
        denial.limit = u32::try_from(limit).ok();
        Self {
            id: None,
            denial,
            detail: format!("packet is {len} bytes, limit is {limit}"),
        }
    }

    /// Whether the sender broke the protocol, rather than a rule for texts that
    /// an honest player may trip over.
    pub fn is_protocol_violation(&self) -> bool {
        matches!(
            self.denial.code,
            DenyCode::MalformedPacket | DenyCode::UnknownPacket | DenyCode::PacketTooLarge
        )
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.denial.code, self.detail)
    }
}

impl std::error::Error for DecodeError {}

/// What can be known before parsing.
pub(super) fn check_frame(bytes: &[u8], limit: usize) -> Result<(), DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::too_large(bytes.len(), limit));
    }
    // serde would also take an array for a struct, field by field.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(DecodeError {
            id: None,
            denial: Denial::new(DenyCode::MalformedPacket),
            detail: format!("{} bytes are no JSON object", bytes.len()),
        });
    }
    Ok(())
}

/// The id of a packet that may not be one otherwise.
#[derive(Deserialize)]
struct IdOnly {
    id: RequestId,
}

/// The type of a packet that may not be one otherwise.
#[derive(Deserialize)]
struct TypeOnly {
    #[serde(rename = "type")]
    name: String,
}

/// The slow path: finds out whose request it was and whether its type exists.
pub(super) fn explain(bytes: &[u8], error: &serde_json::Error, known: &[&str]) -> DecodeError {
    // Read one by one: the id may be sound where the type is not.
    let id = serde_json::from_slice::<IdOnly>(bytes).ok();
    let kind = serde_json::from_slice::<TypeOnly>(bytes).ok();
    let code = match kind {
        Some(kind) if !known.contains(&kind.name.as_str()) => DenyCode::UnknownPacket,
        _ => DenyCode::MalformedPacket,
    };
    // serde's own message may quote the packet, and so a password.
    let detail = format!(
        "{:?} error at line {} column {} of {} bytes",
        error.classify(),
        error.line(),
        error.column(),
        bytes.len()
    );
    DecodeError {
        id: id.map(|packet| packet.id),
        denial: Denial::new(code),
        detail,
    }
}
