//! What a client may say.

use serde::Serialize;

use crate::{ChatText, Denial, DenyCode, Password, ResumeToken, Username};

/// Chosen by the client for each request and repeated in its answer. Unique
/// among the requests that still wait for one; counting up is the usual way.
pub type RequestId = u32;

/// A packet from client to server. Each is a request, answered exactly once:
/// by [`ServerPacket::Ok`](crate::ServerPacket::Ok), by
/// [`ServerPacket::LoggedIn`](crate::ServerPacket::LoggedIn), or by
/// [`ServerPacket::Deny`](crate::ServerPacket::Deny).
///
/// There is no sender anywhere: who speaks is what the server knows from the
/// login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientPacket {
    /// Says which protocol the client speaks, before anything else. A server
    /// that no longer speaks it answers `update_required`.
    Hello {
        /// Repeated in the answer.
        id: RequestId,
        /// The client's [`PROTOCOL_VERSION`](crate::PROTOCOL_VERSION).
        protocol: u32,
        /// Name and version of the program, for the operator's log:
        /// `"longhall-godot/0.1.0"`. At most 64 characters are kept.
        client: String,
    },
    /// Creates an account. Does not log in.
    Register {
        /// Repeated in the answer.
        id: RequestId,
        /// The name the account shall have.
        username: Username,
        /// The password the account shall have.
        password: Password,
    },
    /// Logs in with a password. Replaces the account's earlier session.
    Login {
        /// Repeated in the answer.
        id: RequestId,
        /// The account's name, in any case and Unicode form.
        username: Username,
        /// The account's password.
        password: Password,
    },
    /// Logs in again after a cut, with the token of the last `logged_in`.
    Resume {
        /// Repeated in the answer.
        id: RequestId,
        /// The token; the answer brings the next one.
        token: ResumeToken,
    },
    /// Ends the session: the resume token is worthless from then on. The
    /// connection stays.
    Logout {
        /// Repeated in the answer.
        id: RequestId,
    },
    /// Says a line to everyone logged in.
    Chat {
        /// Repeated in the answer.
        id: RequestId,
        /// What to say.
        text: ChatText,
    },
    /// Asks whether the server is still there.
    Ping {
        /// Repeated in the answer.
        id: RequestId,
    },
}

/// Where a connection stands: the LOGIN and PLAY states of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Nobody yet: may say hello, register, log in.
    LoggedOut,
    /// Somebody: may chat and log out.
    LoggedIn,
}

impl ClientPacket {
    /// The id its answer will carry.
    pub const fn id(&self) -> RequestId {
        match self {
            Self::Hello { id, .. }
            | Self::Register { id, .. }
            | Self::Login { id, .. }
            | Self::Resume { id, .. }
            | Self::Logout { id }
            | Self::Chat { id, .. }
            | Self::Ping { id } => *id,
        }
    }

    /// The name in the `type` field. Safe to log, unlike the packet.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Register { .. } => "register",
            Self::Login { .. } => "login",
            Self::Resume { .. } => "resume",
            Self::Logout { .. } => "logout",
            Self::Chat { .. } => "chat",
            Self::Ping { .. } => "ping",
        }
    }

    /// The stage in which this packet is legal; `None` means in both.
    pub const fn stage(&self) -> Option<Stage> {
        match self {
            Self::Hello { .. } | Self::Ping { .. } => None,
            Self::Register { .. } | Self::Login { .. } | Self::Resume { .. } => {
                Some(Stage::LoggedOut)
            }
            Self::Logout { .. } | Self::Chat { .. } => Some(Stage::LoggedIn),
        }
    }

    /// Whether this packet is legal in stage `now`.
    ///
    /// # Errors
    /// The refusal to answer with: `not_logged_in` or `already_logged_in`.
    pub const fn check_stage(&self, now: Stage) -> Result<(), Denial> {
        match (self.stage(), now) {
            (None, _)
            | (Some(Stage::LoggedOut), Stage::LoggedOut)
            | (Some(Stage::LoggedIn), Stage::LoggedIn) => Ok(()),
            (Some(Stage::LoggedOut), Stage::LoggedIn) => {
                Err(Denial::new(DenyCode::AlreadyLoggedIn))
            }
            (Some(Stage::LoggedIn), Stage::LoggedOut) => Err(Denial::new(DenyCode::NotLoggedIn)),
        }
    }
}
