//! Why something a player asked for did not happen.

use std::fmt;

use longhall_packet::{Denial, DenyCode, Field};

use crate::DisconnectReason;

/// The code of a [`CallError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallErrorCode {
    /// A code of the protocol. Mostly the server's word; rules that both sides
    /// know, such as those for texts, are applied here first.
    Server(DenyCode),
    /// There is no connection; nothing was sent.
    NotConnected,
    /// No answer came in time. The server may have done it all the same.
    TimedOut,
    /// The connection ended before the answer came. The server may have done
    /// it all the same.
    ConnectionLost,
    /// The same request is under way already; nothing was sent.
    AlreadyPending,
    /// Too many chat lines wait for their answers; nothing was sent.
    TooManyPending,
    /// [`Session::connect`](crate::Session::connect) did not lead to a connection.
    NoConnection(DisconnectReason),
    /// The asker is gone, or has no way to be told: given by drivers, never
    /// by a session. The server may have done it all the same.
    Cancelled,
}

impl CallErrorCode {
    /// The codes that no server sends, without those of a connection that did
    /// not come about.
    pub const LOCAL: [CallErrorCode; 6] = [
        Self::NotConnected,
        Self::TimedOut,
        Self::ConnectionLost,
        Self::AlreadyPending,
        Self::TooManyPending,
        Self::Cancelled,
    ];

    /// Every code there is, to check that each has a translation;
    /// [`DisconnectReason::all`] has the rest.
    pub fn all() -> impl Iterator<Item = CallErrorCode> {
        let servers = DenyCode::ALL.iter().copied().map(Self::Server);
        Self::LOCAL.into_iter().chain(servers)
    }

    /// The stable name, for scripts: `"bad_credentials"`, `"timed_out"`.
    ///
    /// ```
    /// use longhall_client::CallErrorCode;
    /// use longhall_packet::DenyCode;
    ///
    /// assert_eq!(CallErrorCode::NotConnected.name(), "not_connected");
    /// assert_eq!(CallErrorCode::Server(DenyCode::Busy).name(), "busy");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server(code) => code.name(),
            Self::NotConnected => "not_connected",
            Self::TimedOut => "timed_out",
            Self::ConnectionLost => "connection_lost",
            Self::AlreadyPending => "already_pending",
            Self::TooManyPending => "too_many_pending",
            Self::NoConnection(reason) => reason.name(),
            Self::Cancelled => "cancelled",
        }
    }

    /// The English fallback, shown when a game has no translation.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Server(code) => code.reason(),
            Self::NotConnected => "Not connected to the server",
            Self::TimedOut => "The server did not answer in time",
            Self::ConnectionLost => "The connection was lost before the server answered",
            Self::AlreadyPending => "This is already under way",
            Self::TooManyPending => "Too many messages at once, wait a moment",
            Self::NoConnection(reason) => reason.sentence(),
            Self::Cancelled => "This was cancelled",
        }
    }
}

impl fmt::Display for CallErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why something a player asked for did not happen, with all they need to do
/// better next time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// Why, as a stable code.
    pub code: CallErrorCode,
    /// Why, as an English sentence without a full stop.
    pub reason: String,
    /// The field it is about.
    pub field: Option<Field>,
    /// The limit that was not kept.
    pub limit: Option<u32>,
    /// Milliseconds after which the same request may succeed.
    pub retry_after_ms: Option<u32>,
}

impl CallError {
    /// Whether the same may succeed a little later, whoever asks. What an account may not say
    /// yet, for slow mode or as it said it before, is not meant: a server that takes a line
    /// knows it again, so such a line was never taken.
    pub fn is_for_now(&self) -> bool {
        if let CallErrorCode::Server(DenyCode::SlowMode | DenyCode::Repeated) = self.code {
            return false;
        }
        self.retry_after_ms.is_some()
            || matches!(
                self.code,
                CallErrorCode::TimedOut
                    | CallErrorCode::Server(
                        DenyCode::RateLimited
                            | DenyCode::Busy
                            | DenyCode::Unavailable
                            | DenyCode::Restarting
                    )
            )
    }
}

impl From<CallErrorCode> for CallError {
    fn from(code: CallErrorCode) -> Self {
        Self {
            code,
            reason: code.reason().to_owned(),
            field: None,
            limit: None,
            retry_after_ms: None,
        }
    }
}

impl From<Denial> for CallError {
    fn from(denial: Denial) -> Self {
        Self {
            code: CallErrorCode::Server(denial.code),
            reason: denial.reason(),
            field: denial.field,
            limit: denial.limit,
            retry_after_ms: denial.retry_after_ms,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_codes_differ_from_each_other_and_from_the_servers() {
        let names: Vec<&str> = CallErrorCode::all().map(CallErrorCode::name).collect();
        let distinct: std::collections::HashSet<&str> = names.iter().copied().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
    }

    #[test]
    fn every_code_reads_as_a_sentence_without_full_stop() {
        for code in CallErrorCode::LOCAL {
            let error = CallError::from(code);
            let reason = &error.reason;
            assert!(reason.contains(' ') && !reason.ends_with('.'), "{reason}");
            assert!(reason.starts_with(|c: char| c.is_uppercase()), "{reason}");
            assert_eq!(error.to_string(), format!("{}: {reason}", code.name()));
        }
        assert_eq!(
            CallErrorCode::Server(DenyCode::Busy).reason(),
            DenyCode::Busy.reason()
        );
    }
}
