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
    use longhall_packet::{CloseReason, DenyCode};

    use crate::handlers::test_session::TestSession;

    #[tokio::test]
    async fn a_client_of_another_version_is_told_to_update_and_closed() {
        let mut visitor = TestSession::new();
        visitor
            .send(r#"{"type":"hello","id":1,"protocol":99,"client":"old"}"#)
            .await;
        visitor.expect_deny(Some(1), DenyCode::UpdateRequired);
        visitor.expect_closed(CloseReason::UpdateRequired);
    }

    #[tokio::test]
    async fn a_client_of_this_version_is_welcome() {
        let mut visitor = TestSession::new();
        visitor
            .send(r#"{"type":"hello","id":1,"protocol":2,"client":"test"}"#)
            .await;
        visitor.expect_ok(1);
    }
}
