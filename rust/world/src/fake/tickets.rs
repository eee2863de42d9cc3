//! Tickets for a game's own servers, signed with a key of this fake server's.

use longhall_packet::{Audience, RequestId, ServerPacket, Ticket};
use longhall_ticket::{Claims, SigningKey, jwks};

use super::{Answer, FakeServer, Me};

/// Seconds that a ticket is good.
const LIFETIME_S: u64 = 60;

/// What signs tickets, and how many it has signed.
#[derive(Clone)]
pub(super) struct Tickets {
    key: SigningKey,
    signed: u64,
}

impl Tickets {
    /// A key for each world of its own. No secret: nothing of a fake server is.
    pub(super) fn of(epoch: &str) -> Self {
        let mut seed = [0; 32];
        for (byte, sign) in seed.iter_mut().zip(epoch.bytes()) {
            *byte = sign;
        }
        Self {
            key: SigningKey::from_seed(&seed),
            signed: 0,
        }
    }
}

impl FakeServer {
    /// The public key of its tickets as a JWK Set.
    pub fn ticket_keys(&self) -> String {
        jwks([&self.tickets.key])
    }

    pub(super) fn request_ticket(&mut self, me: Me, id: RequestId, audience: &Audience) -> Answer {
        self.tickets.signed += 1;
        let iat = self.now_ms / 1000;
        let exp = iat + LIFETIME_S;
        let ticket = self.tickets.key.sign(&Claims {
            iss: self.epoch.clone(),
            sub: me.user.0.to_string(),
            name: self.world.username(me.user),
            role: self.world.server_role(me.user).name().to_owned(),
            guest: self.world.is_limited(me.user),
            aud: audience.as_str().to_owned(),
            jti: format!("{}-{}", self.epoch, self.tickets.signed),
            iat,
            exp,
        });
        let answer = ServerPacket::Ticket {
            id,
            ticket: Ticket::new(ticket.as_str()),
            expires_at_ms: exp * 1000,
        };
        self.reply(me.connection, answer);
        Ok(())
    }
}
