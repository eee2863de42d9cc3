//! A player asks for a ticket, by which a game's own server knows who they are.

use longhall_packet::{Audience, RequestId, ServerPacket};

use super::outcome::Outcome;
use crate::session::Session;

/// Answers `request_ticket` with `ticket`. It counts as any packet of the connection: to sign
/// one costs less than to read it.
pub(crate) async fn request_ticket(
    session: &Session,
    id: RequestId,
    audience: &Audience,
) -> Outcome {
    let me = session.me()?;
    let role = session.server_role();
    let tickets = &session.server.tickets;
    let (ticket, expires_at_ms) = tickets.sign(&me.user, role, audience).await?;
    session.reply(&ServerPacket::Ticket {
        id,
        ticket,
        expires_at_ms,
    });
    Ok(())
}
