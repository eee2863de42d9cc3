//! What a server answers and announces.

use serde::{Deserialize, Serialize};

use crate::{Denial, DenyCode, Field, Limits, RequestId, ResumeToken};

/// A packet from server to client.
///
/// Text in it is plain `String`: the server has checked it, and a client built
/// against stricter rules must still show every line. Show it as text, never as
/// markup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerPacket {
    /// The first packet on every connection.
    Hello {
        /// The protocol version this connection speaks.
        protocol: u32,
        /// Name and version of the server program.
        server: String,
        /// What the operator wants every player to read. May be empty.
        message_of_the_day: String,
        /// Sizes the server will hold the client to.
        limits: Limits,
    },
    /// The request succeeded.
    Ok {
        /// The request's id.
        id: RequestId,
    },
    /// The request was refused.
    Deny {
        /// The request's id; absent when the packet was too broken to have one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        id: Option<RequestId>,
        /// Why, as a stable code.
        code: DenyCode,
        /// Why, as an English sentence.
        reason: String,
        /// The field it is about.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        field: Option<Field>,
        /// The limit that was not kept.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        limit: Option<u32>,
        /// Milliseconds after which the same request may succeed.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        retry_after_ms: Option<u32>,
    },
    /// A login or resume succeeded.
    LoggedIn {
        /// The request's id.
        id: RequestId,
        /// The account's name as it was registered.
        username: String,
        /// Logs in again after a cut, instead of the password. Worth as much
        /// as one: never show or log it.
        resume_token: ResumeToken,
    },
    /// Somebody said a line; sender and time are the server's word.
    Chat {
        /// The account that said it.
        sender: String,
        /// What was said.
        text: String,
        /// When, in milliseconds since 1970-01-01 00:00 UTC.
        sent_at_ms: u64,
    },
}

impl ServerPacket {
    /// The packet that answers request `id` with `denial`.
    pub fn deny(id: Option<RequestId>, denial: Denial) -> Self {
        Self::Deny {
            id,
            code: denial.code,
            reason: denial.reason(),
            field: denial.field,
            limit: denial.limit,
            retry_after_ms: denial.retry_after_ms,
        }
    }

    /// The name in the `type` field. Safe to log, unlike the packet.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Ok { .. } => "ok",
            Self::Deny { .. } => "deny",
            Self::LoggedIn { .. } => "logged_in",
            Self::Chat { .. } => "chat",
        }
    }
}
