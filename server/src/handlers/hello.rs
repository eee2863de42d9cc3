//! A client says which protocol it speaks.

use longhall_packet::{CloseReason, DenyCode, PROTOCOL_VERSION, RequestId, ServerPacket};
use tracing::info;

use super::outcome::Outcome;
use crate::session::Session;

/// Answers `hello`. A client of another protocol version is told to update and
/// closed.
pub(crate) fn hello(session: &mut Session, id: RequestId, protocol: u32, client: &str) -> Outcome {
    info!(connection = session.connection, client, protocol, "hello");
    if protocol != PROTOCOL_VERSION {
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
    async fn a_client_of_this_version_is_welcome() {
        let mut visitor = TestSession::new();
        visitor.done(hello(PROTOCOL_VERSION)).await;
    }
}
