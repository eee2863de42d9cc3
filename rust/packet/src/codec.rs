//! Bytes to packets and back. The length is checked before anything is parsed.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::limits::{MAX_CLIENT_PACKET_BYTES, MAX_SERVER_PACKET_BYTES};
use crate::{
    ChatText, ClientPacket, Denial, DenyCode, Password, RequestId, ResumeToken, ServerPacket,
    Username,
};

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

/// The wire form of [`ClientPacket`], with texts not yet checked: a text that
/// breaks a rule must still be answered under its request's id.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum RawClientPacket {
    Hello {
        id: RequestId,
        protocol: u32,
        client: String,
    },
    Register {
        id: RequestId,
        username: String,
        password: String,
    },
    Login {
        id: RequestId,
        username: String,
        password: String,
    },
    Resume {
        id: RequestId,
        token: String,
    },
    Logout {
        id: RequestId,
    },
    Chat {
        id: RequestId,
        text: String,
    },
    Ping {
        id: RequestId,
    },
}

impl RawClientPacket {
    fn check(self) -> Result<ClientPacket, DecodeError> {
        // Taken apart first: an error must say which request it answers.
        let refuse = |id| {
            move |denial: Denial| DecodeError {
                id: Some(id),
                denial,
                detail: "a text breaks a rule".to_owned(),
            }
        };
        Ok(match self {
            Self::Hello {
                id,
                protocol,
                client,
            } => ClientPacket::Hello {
                id,
                protocol,
                client: client
                    .chars()
                    .filter(|c| !c.is_control())
                    .take(64)
                    .collect(),
            },
            Self::Register {
                id,
                username,
                password,
            } => {
                let password = Password::parse(password).map_err(refuse(id))?;
                let username = Username::parse(&username).map_err(refuse(id))?;
                ClientPacket::Register {
                    id,
                    username,
                    password,
                }
            }
            Self::Login {
                id,
                username,
                password,
            } => {
                let password = Password::parse(password).map_err(refuse(id))?;
                let username = Username::parse(&username).map_err(refuse(id))?;
                ClientPacket::Login {
                    id,
                    username,
                    password,
                }
            }
            Self::Resume { id, token } => ClientPacket::Resume {
                id,
                token: ResumeToken::parse(token).map_err(refuse(id))?,
            },
            Self::Logout { id } => ClientPacket::Logout { id },
            Self::Chat { id, text } => ClientPacket::Chat {
                id,
                text: ChatText::parse(&text).map_err(refuse(id))?,
            },
            Self::Ping { id } => ClientPacket::Ping { id },
        })
    }
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

const CLIENT_PACKETS: &[&str] = &[
    "hello", "register", "login", "resume", "logout", "chat", "ping",
];
const SERVER_PACKETS: &[&str] = &["hello", "ok", "deny", "logged_in", "chat"];

/// Reads one packet from a client. Fields it does not know are passed over, so
/// that a newer client may say more.
///
/// # Errors
/// [`DecodeError`] with the answer to send: `packet_too_large`,
/// `malformed_packet`, `unknown_packet`, or what a text type refuses.
pub fn decode_client_packet(bytes: &[u8]) -> Result<ClientPacket, DecodeError> {
    check_frame(bytes, MAX_CLIENT_PACKET_BYTES)?;
    match serde_json::from_slice::<RawClientPacket>(bytes) {
        Ok(raw) => raw.check(),
        Err(error) => Err(explain(bytes, &error, CLIENT_PACKETS)),
    }
}

/// Reads one packet from a server. Fields it does not know are passed over, so
/// that a newer server may say more.
///
/// # Errors
/// [`DecodeError`]; `unknown_packet` means a newer server announced something
/// this build cannot show, which is no reason to hang up.
pub fn decode_server_packet(bytes: &[u8]) -> Result<ServerPacket, DecodeError> {
    check_frame(bytes, MAX_SERVER_PACKET_BYTES)?;
    if let Some(chat) = decode_chat(bytes) {
        return Ok(chat);
    }
    serde_json::from_slice(bytes).map_err(|error| explain(bytes, &error, SERVER_PACKETS))
}

/// The packet that comes by the thousand, without the detour over a tree of
/// values that serde takes to find out its type. `None` leaves it to serde.
fn decode_chat(bytes: &[u8]) -> Option<ServerPacket> {
    // With any field more than these, serde decides.
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Chat {
        #[serde(rename = "type")]
        _name: IgnoredAny,
        sender: String,
        text: String,
        sent_at_ms: u64,
    }
    // As servers write it: the type comes first.
    if !bytes.starts_with(br#"{"type":"chat","#) {
        return None;
    }
    let Chat {
        sender,
        text,
        sent_at_ms,
        ..
    } = serde_json::from_slice(bytes).ok()?;
    Some(ServerPacket::Chat {
        sender,
        text,
        sent_at_ms,
    })
}

/// Writes a packet as JSON. The result holds whatever secrets the packet held.
#[expect(clippy::missing_panics_doc, reason = "our packets always serialise")]
pub fn encode<P: Serialize>(packet: &P) -> String {
    serde_json::to_string(packet).expect("packets have string keys and no failing serialisers")
}

/// What can be known before parsing.
fn check_frame(bytes: &[u8], limit: usize) -> Result<(), DecodeError> {
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

/// The slow path: finds out whose request it was and whether its type exists.
fn explain(bytes: &[u8], error: &serde_json::Error, known: &[&str]) -> DecodeError {
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
