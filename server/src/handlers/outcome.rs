//! How a handler ends.

use std::time::Duration;

use longhall_packet::{Denial, DenyCode};

use crate::store::StoreError;

/// How long players are told to wait while the database is away. It is looked for four
/// times a second, and players need not come all at once.
const DATABASE_BACK: Duration = Duration::from_secs(1);

/// What players are told while the database is away.
pub(crate) fn unavailable() -> Denial {
    Denial::for_now(DenyCode::Unavailable, DATABASE_BACK)
}

/// What a handler returns: it has answered the request or given it to the chat
/// log, which will, or why not.
pub(crate) type Outcome = Result<(), HandlerError>;

/// Why a handler did not do what was asked.
#[derive(Clone, Debug)]
pub(crate) enum HandlerError {
    /// A rule is against it; the player is told which.
    Deny(Denial),
    /// The store failed; the operator is told how, the player `unavailable`.
    Store(StoreError),
}

impl From<Denial> for HandlerError {
    fn from(denial: Denial) -> Self {
        Self::Deny(denial)
    }
}

impl From<DenyCode> for HandlerError {
    fn from(code: DenyCode) -> Self {
        Self::Deny(code.into())
    }
}

impl From<StoreError> for HandlerError {
    fn from(cause: StoreError) -> Self {
        Self::Store(cause)
    }
}
