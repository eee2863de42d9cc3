//! How a connection ends, as it is told and counted.

use longhall_packet::CloseReason;

use crate::handshake::HandshakeError;
use crate::metrics::{self, Metrics};

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// We end it, for this reason.
    Close(CloseReason),
    /// The peer closed it, as it should.
    ByPeer,
    /// The peer is gone without a word, or broke RFC 6455.
    Lost,
}

impl End {
    /// For the log and the figures.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Close(reason) => reason.name(),
            Self::ByPeer => metrics::closed::BY_PEER,
            Self::Lost => metrics::closed::LOST,
        }
    }
}

/// Counts one that ended before it began.
pub(super) fn count_no_handshake(metrics: &Metrics, cause: &HandshakeError) {
    match cause {
        HandshakeError::Challenge => {}
        HandshakeError::Io(_) | HandshakeError::Crowded => {
            metrics.count_handshake(metrics::handshake::LOST);
        }
        HandshakeError::Answered(reply) => metrics.count_handshake(reply.status()),
    }
}
