//! A client says which protocol it speaks.

use longhall_packet::{CloseReason, DenyCode, RequestId, ServerPacket};
use tracing::info;

use super::outcome::Outcome;
use crate::session::Session;

/// Answers `hello`. A client that speaks another version of the protocol than the handshake
/// chose is told to update and closed.
pub(crate) fn hello(session: &mut Session, id: RequestId, protocol: u32, client: &str) -> Outcome {
    info!(connection = session.connection, client, protocol, "hello");
    if protocol != session.protocol {
        session.close_after_answer(CloseReason::UpdateRequired);
        return Err(DenyCode::UpdateRequired.into());
    }
    session.reply(&ServerPacket::Ok { id });
    Ok(())
}

#[cfg(test)]
mod tests {
    use longhall_packet::{CloseReason, DenyCode, PROTOCOL_VERSION};

    use crate::handlers::test_requests::hello;
    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn a_client_of_another_version_is_told_to_update_and_closed() {
        let mut visitor = TestSession::new();
        visitor.refused(hello(99), DenyCode::UpdateRequired).await;
        visitor.expect_closed(CloseReason::UpdateRequired);
    }

    #[tokio::test]
    async fn a_client_says_the_version_that_the_handshake_chose() {
        let mut visitor = TestSession::new();
        visitor.speaks(PROTOCOL_VERSION + 1);
        visitor.done(hello(PROTOCOL_VERSION + 1)).await;
        let refused = hello(PROTOCOL_VERSION);
        visitor.refused(refused, DenyCode::UpdateRequired).await;
        visitor.expect_closed(CloseReason::UpdateRequired);
    }

    #[tokio::test]
    async fn a_client_of_this_version_is_welcome() {
        let mut visitor = TestSession::new();
        visitor.done(hello(PROTOCOL_VERSION)).await;
    }
}
