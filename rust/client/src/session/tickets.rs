//! Tickets, by which games' own servers know who the player is.

use std::time::Duration;

use longhall_packet::{Audience, ClientPacket, RequestId, Ticket};

use super::Session;
use crate::requests::{Asked, Request};
use crate::{Answer, Call, Event};

impl Session {
    /// Asks for a ticket for a game's own server, which goes by the name `audience`: 1 to 64
    /// letters, digits, `.`, `_`, `:` and `-`. Ends with [`Answer::Ticket`], and in
    /// [`Event::TicketReceived`].
    pub fn request_ticket(&mut self, now: Duration, audience: &str) -> Call {
        self.ask(now, Asked::Ticket, |_, id| {
            let audience = Audience::parse(audience)?;
            Ok(ClientPacket::RequestTicket { id, audience })
        })
    }

    pub(super) fn ticket_received(&mut self, id: RequestId, ticket: Ticket, expires_at_ms: u64) {
        let fits = |request: &Request| matches!(request, Request::Asked(_, Asked::Ticket));
        if let Some(Request::Asked(call, _)) = self.requests.take(id, fits) {
            self.announce(Event::TicketReceived {
                ticket: ticket.clone(),
                expires_at_ms,
            });
            let answer = Answer::Ticket {
                ticket,
                expires_at_ms,
            };
            self.settle(call, Ok(answer));
        }
    }
}
