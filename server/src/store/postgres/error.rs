//! What goes wrong in a transaction, and what is to be done about it.

use std::error::Error as _;

use postgres::error::SqlState;

use super::address::ConnectError;
use crate::store::StoreError;
use crate::store::sql::NotUnderstood;

/// Why a transaction came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Database(#[from] postgres::Error),
    #[error(transparent)]
    NotUnderstood(#[from] NotUnderstood),
    /// A rule of the store's own.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Remedy {
    /// It met another transaction: the whole of it is tried again, until that is enough.
    Again(StoreError),
    /// The connection is of no use any more, or the server does not write now.
    Reconnect {
        /// What happened.
        cause: String,
    },
    /// Nothing, the caller is told.
    Tell(StoreError),
}

impl Error {
    pub(super) fn remedy(self) -> Remedy {
        let cause = match self {
            Self::Database(cause) => cause,
            Self::NotUnderstood(cause) => {
                return Remedy::Tell(StoreError::Failed(cause.to_string()));
            }
            Self::Store(cause) => return Remedy::Tell(cause),
        };
        let Some(state) = cause.code() else {
            // Nothing that the server said: the connection broke, or what came over it
            // was no answer. Only a value of a wrong type is our own fault.
            return if cause.is_closed() || is_io(&cause) {
                Remedy::Reconnect {
                    cause: text_of(&cause),
                }
            } else {
                Remedy::Tell(StoreError::Failed(text_of(&cause)))
            };
        };
        let text = text_of(&cause);
        match *state {
            SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
                Remedy::Again(StoreError::Unavailable)
            }
            // What was looked at first was gone, or there, when it was to be changed.
            SqlState::FOREIGN_KEY_VIOLATION | SqlState::UNIQUE_VIOLATION => {
                Remedy::Again(StoreError::Failed(text))
            }
            SqlState::ADMIN_SHUTDOWN
            | SqlState::CRASH_SHUTDOWN
            | SqlState::CANNOT_CONNECT_NOW
            | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
            // Another machine took over, and this one only reads.
            | SqlState::READ_ONLY_SQL_TRANSACTION => Remedy::Reconnect { cause: text },
            // It took too long, for instance behind somebody else's lock.
            SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => {
                Remedy::Tell(StoreError::Unavailable)
            }
            SqlState::DISK_FULL => Remedy::Tell(StoreError::Full),
            _ if state.code().starts_with("08") => Remedy::Reconnect { cause: text },
            _ => Remedy::Tell(StoreError::Failed(text)),
        }
    }
}

fn is_io(cause: &postgres::Error) -> bool {
    cause
        .source()
        .is_some_and(|source| source.is::<std::io::Error>())
}

/// What happened, in one line. The library puts the reason one level down.
pub(super) fn text_of(cause: &postgres::Error) -> String {
    if let Some(said) = cause.as_db_error() {
        return said.message().to_owned();
    }
    let mut text = cause.to_string();
    let mut deeper = cause.source();
    while let Some(cause) = deeper {
        text = cause.to_string();
        deeper = cause.source();
    }
    text
}

/// The same of a connection that did not come about.
pub(super) fn reason(cause: &ConnectError) -> String {
    match cause {
        ConnectError::Database(cause) => text_of(cause),
        ConnectError::Tls(detail) => detail.clone(),
    }
}
