//! What a driver does for a session.

use std::fmt;

/// Something for the driver to do, in the order given out.
#[derive(Clone, PartialEq, Eq)]
pub enum Action {
    /// Open a new transport: a WebSocket that offers the subprotocols of
    /// [`longhall_packet::versions::SPOKEN`]. Report `closed` when it fails.
    Open,
    /// Send this as one text frame. Holds passwords and tokens: never log it.
    Send(String),
    /// Send a close frame and let go of the transport, without waiting for the
    /// other side. The session has forgotten it already: report nothing about
    /// it any more, not even `closed`.
    Close {
        /// The close code.
        code: u16,
        /// The close frame's text.
        reason: &'static str,
    },
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("Open"),
            Self::Send(text) => write!(f, "Send(*** {} bytes)", text.len()),
            Self::Close { code, reason } => write!(f, "Close({code} {reason})"),
        }
    }
}
