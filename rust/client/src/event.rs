//! What a game is told.

use std::fmt;
use std::time::Duration;

use longhall_packet::{CloseReason, Limits};

use crate::Refusal;

/// Where a [`Session`](crate::Session) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not connected, and not trying to be.
    Offline,
    /// Connecting for the first time.
    Connecting,
    /// The connection was lost or never came about; waiting for the next try,
    /// or trying.
    Reconnecting,
    /// Connected and logged out.
    Connected,
    /// Connected and logged in.
    LoggedIn,
}

/// Something a game may want to show.
///
/// Each `register`, `login` and `send_chat` ends in exactly one event. Between
/// a [`LoggedIn`](Event::LoggedIn) and the next
/// [`LoggedOut`](Event::LoggedOut) the player has an account, also through
/// cuts of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The session entered this state. Comes before the event that says why.
    StateChanged(State),
    /// The server is there: register or log in.
    Connected {
        /// What the operator wants every player to read. May be empty.
        message_of_the_day: String,
        /// Sizes the server holds the client to.
        limits: Limits,
    },
    /// The connection is gone, or the first try failed. Not repeated for later
    /// tries, except without `retry_in` when the session gives up.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
        /// Until the session tries again by itself; `None` if it does not.
        retry_in: Option<Duration>,
    },
    /// The session tries again after `delay`.
    Reconnecting {
        /// Counts the tries from 1.
        attempt: u32,
        /// Until the try starts.
        delay: Duration,
    },
    /// The account exists now. The player is not logged in by it.
    Registered {
        /// The account's name.
        username: String,
    },
    /// `register` was refused.
    RegisterDenied(Refusal),
    /// The player is logged in: by `login`, or again after a cut.
    LoggedIn {
        /// The account's name as it was registered.
        username: String,
    },
    /// `login` was refused.
    LoginDenied(Refusal),
    /// The player is logged out for good: coming back takes the password.
    LoggedOut {
        /// Why.
        reason: LogoutReason,
    },
    /// The server took a line. One of these or of
    /// [`ChatDenied`](Event::ChatDenied) per `send_chat`, in the order sent.
    ChatAccepted,
    /// A line was refused, or nobody knows what became of it.
    ChatDenied(Refusal),
    /// Somebody said a line; the player's own lines come back this way too.
    /// Strangers' text: show it as text, never as markup.
    ChatReceived {
        /// The account that said it.
        sender: String,
        /// What was said.
        text: String,
        /// When, in milliseconds since 1970-01-01 00:00 UTC.
        sent_at_ms: u64,
    },
    /// Something odd for the developer's console, never for players.
    Warning(String),
}

/// Why a connection ended, or could not be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DisconnectReason {
    /// No connection could be had.
    ServerUnreachable,
    /// The connection was cut, or the server fell silent.
    ConnectionLost,
    /// The server said why in its close frame. A newer protocol version shows
    /// as [`CloseReason::UpdateRequired`] here too.
    Server(CloseReason),
    /// The player asked for it.
    ClosedByClient,
    /// Something answered, but it is no Longhall server, or an older one.
    WrongServer,
    /// The address is none, so there is nothing to try again.
    InvalidAddress,
}

impl DisconnectReason {
    /// The stable name, for scripts: `"connection_lost"`.
    ///
    /// ```
    /// use longhall_client::DisconnectReason;
    /// use longhall_packet::CloseReason;
    ///
    /// assert_eq!(DisconnectReason::WrongServer.name(), "wrong_server");
    /// assert_eq!(DisconnectReason::Server(CloseReason::Idle).name(), "idle");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerUnreachable => "server_unreachable",
            Self::ConnectionLost => "connection_lost",
            Self::Server(reason) => reason.name(),
            Self::ClosedByClient => "closed_by_client",
            Self::WrongServer => "wrong_server",
            Self::InvalidAddress => "invalid_address",
        }
    }

    /// An English sentence without a full stop, to fall back on.
    ///
    /// ```
    /// use longhall_client::DisconnectReason;
    ///
    /// let reason = DisconnectReason::ConnectionLost;
    /// assert_eq!(reason.sentence(), "The connection was lost");
    /// ```
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::ServerUnreachable => "The server cannot be reached",
            Self::ConnectionLost => "The connection was lost",
            Self::Server(reason) => reason.sentence(),
            Self::ClosedByClient => "The connection was closed",
            Self::WrongServer => "There is no Longhall server at this address",
            Self::InvalidAddress => "The address of the server is not valid",
        }
    }

    /// Every reason there is, to check that each has a translation.
    pub fn all() -> impl Iterator<Item = DisconnectReason> {
        let own = [
            Self::ServerUnreachable,
            Self::ConnectionLost,
            Self::ClosedByClient,
            Self::WrongServer,
            Self::InvalidAddress,
        ];
        let servers = CloseReason::ALL.iter().copied().map(Self::Server);
        own.into_iter().chain(servers)
    }

    /// Whether trying again by itself can help.
    pub const fn may_retry(self) -> bool {
        match self {
            Self::ServerUnreachable | Self::ConnectionLost => true,
            Self::Server(reason) => reason.may_retry(),
            Self::ClosedByClient | Self::WrongServer | Self::InvalidAddress => false,
        }
    }
}

impl fmt::Display for DisconnectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a player is logged out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogoutReason {
    /// The player asked for it.
    Asked,
    /// The server did not take the session up again after a cut.
    SessionExpired,
    /// The connection ended and will not be taken up again.
    Disconnected(DisconnectReason),
}

impl LogoutReason {
    /// The stable name, for scripts: `"logout"`, `"session_expired"`, or that
    /// of the [`DisconnectReason`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "logout",
            Self::SessionExpired => "session_expired",
            Self::Disconnected(reason) => reason.name(),
        }
    }
}

impl fmt::Display for LogoutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
