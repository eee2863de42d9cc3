//! Tickets, by which games' own servers know who the player is.

use godot::prelude::*;

use super::NetworkClient;
use crate::network_request::NetworkRequest;

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api(secondary)]
impl NetworkClient {
    /// Asks for a ticket for one of your game's own servers, by which that server knows who the
    /// player is: it has the ticket checked by [method LonghallTicket.verify]. `audience` is the name
    /// that it goes by: 1 to 64 letters `A` to `Z`, digits, `.`, `_`, `:` and `-`. Guests get one as
    /// well.
    ///
    /// [member NetworkRequest.result] is the ticket (`String`); [signal ticket_received] brings it
    /// too. It is good for one use within a minute or so: ask just before you connect. Send it to
    /// that server and to nobody else, and never print it: whoever has it is the player there.
    ///
    /// ```gdscript
    /// var request := client.request_ticket("arena:eu-1")
    /// await request.completed
    /// if request.ok:
    ///     join(request.result)
    /// ```
    #[func]
    pub fn request_ticket(&mut self, audience: GString) -> Gd<NetworkRequest> {
        self.call("request_ticket", |session, now| {
            session.request_ticket(now, &audience.to_string())
        })
    }
}
