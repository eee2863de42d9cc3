//! The state machine of one connection. Knows no socket: packets come in as
//! bytes and go out through the outbox.

use std::net::IpAddr;
use std::sync::Arc;

use longhall_packet::codec::DecodeError;
use longhall_packet::{
    ClientPacket, CloseReason, Denial, DenyCode, Limits, PROTOCOL_VERSION, RequestId, ResumeToken,
    ServerPacket, Stage, codec,
};
use tracing::{debug, info, warn};

use crate::hub::Membership;
use crate::outbox::{Outbox, encode};
use crate::rate_limit::PacketLimit;
use crate::store::{StoreError, TokenHash, User};
use crate::{SERVER_NAME, Server, handlers, resume};

/// Packets that may be refused as broken, beyond the good ones, before the
/// connection is closed.
const MAX_VIOLATIONS: u32 = 10;
/// Packets that may be refused as too many, beyond the admitted ones, before the
/// connection is closed.
const MAX_DEAF: u32 = 200;

/// What a handler returns: it has answered the request, or why it is refused.
pub(crate) type Outcome = Result<(), Denial>;

/// One connection's conversation.
pub(crate) struct Session {
    pub(crate) server: Arc<Server>,
    pub(crate) address: IpAddr,
    /// The connection's number in the log.
    pub(crate) connection: u64,
    pub(crate) outbox: Arc<Outbox>,
    player: Option<Player>,
    packet_limit: PacketLimit,
    violations: u32,
    deaf: u32,
    /// Close with this after the answer to the packet in hand.
    farewell: Option<CloseReason>,
}

/// Who is logged in here.
pub(crate) struct Player {
    pub(crate) user: User,
    /// Of the session that this login can be resumed by.
    pub(crate) token: TokenHash,
    /// Keeps the player in the hub.
    _membership: Membership,
}

impl Session {
    /// Starts a conversation with the server's `hello`.
    pub(crate) fn start(
        server: Arc<Server>,
        connection: u64,
        address: IpAddr,
        outbox: Arc<Outbox>,
    ) -> Self {
        outbox.push(encode(&ServerPacket::Hello {
            protocol: PROTOCOL_VERSION,
            server: SERVER_NAME.to_owned(),
            message_of_the_day: server.config.message_of_the_day.clone(),
            limits: Limits::default(),
        }));
        let packet_limit = PacketLimit::new(&server.config);
        Self {
            server,
            address,
            connection,
            outbox,
            player: None,
            packet_limit,
            violations: 0,
            deaf: 0,
            farewell: None,
        }
    }

    /// Which packets are legal now.
    pub(crate) fn stage(&self) -> Stage {
        if self.player.is_some() {
            Stage::LoggedIn
        } else {
            Stage::LoggedOut
        }
    }

    /// Who is logged in here, if anyone.
    pub(crate) fn player(&self) -> Option<&Player> {
        self.player.as_ref()
    }

    /// Answers one packet. May be dropped before it is done, when the
    /// connection ends: what was sent to the store still happens, the answer is
    /// lost.
    pub(crate) async fn handle(&mut self, bytes: &[u8]) {
        // Who is about to be closed has said enough: a session that was replaced
        // must not speak on from what was read ahead.
        if self.outbox.is_closing() {
            return;
        }
        let decoded = codec::decode_client_packet(bytes);
        let (id, name) = match &decoded {
            Ok(packet) => (Some(packet.id()), packet.name()),
            Err(error) => (error.id, "none"),
        };
        if let Err(denial) = self.answer(decoded).await {
            // One line per denial, but none for what a flood is told over and over.
            if self.deaf <= 1 {
                let user = self.player.as_ref().map(|player| player.user.id.0);
                let connection = self.connection;
                info!(connection, user, packet = name, code = %denial.code, "denied");
            }
            self.reply(&ServerPacket::deny(id, denial));
        }
        if self.violations > MAX_VIOLATIONS {
            self.farewell.get_or_insert(CloseReason::ProtocolError);
        }
        if self.deaf > MAX_DEAF {
            self.farewell.get_or_insert(CloseReason::Flooding);
        }
        if let Some(reason) = self.farewell {
            self.outbox.close(reason);
        }
    }

    /// Sends the answer to the request in hand.
    pub(crate) fn reply(&self, packet: &ServerPacket) {
        self.outbox.push(encode(packet));
    }

    /// Closes the connection once the request in hand is answered.
    pub(crate) fn close_after_answer(&mut self, reason: CloseReason) {
        self.farewell.get_or_insert(reason);
    }

    /// The gate every frame passes: are there too many, is it a packet, is it
    /// legal at this stage?
    fn admit(
        &mut self,
        decoded: Result<ClientPacket, DecodeError>,
    ) -> Result<ClientPacket, Denial> {
        self.packet_limit.check().inspect_err(|_| self.deaf += 1)?;
        self.deaf = self.deaf.saturating_sub(1);
        let packet = decoded.map_err(|error| {
            if error.is_protocol_violation() {
                self.violations += 1;
            }
            debug!(connection = self.connection, %error, "not a packet");
            error.denial
        })?;
        self.violations = self.violations.saturating_sub(1);
        packet.check_stage(self.stage())?;
        if self.server.stopping.is_cancelled() {
            return Err(Denial::new(DenyCode::Restarting));
        }
        Ok(packet)
    }

    async fn answer(&mut self, decoded: Result<ClientPacket, DecodeError>) -> Outcome {
        match self.admit(decoded)? {
            ClientPacket::Hello {
                id,
                protocol,
                client,
            } => handlers::hello(self, id, protocol, &client),
            ClientPacket::Register {
                id,
                username,
                password,
            } => handlers::register(self, id, &username, password).await,
            ClientPacket::Login {
                id,
                username,
                password,
            } => handlers::login(self, id, &username, password).await,
            ClientPacket::Resume { id, token } => handlers::resume(self, id, &token).await,
            ClientPacket::Logout { id } => handlers::logout(self, id).await,
            ClientPacket::Chat { id, text } => handlers::chat(self, id, &text),
            ClientPacket::Ping { id } => {
                self.reply(&ServerPacket::Ok { id });
                Ok(())
            }
        }
    }

    /// Answers request `id`: this is the session of `user` now, in place of an
    /// earlier one. No line of chat arrives before the answer.
    pub(crate) fn enter(&mut self, id: RequestId, user: User, token: ResumeToken, how: &str) {
        info!(
            connection = self.connection,
            user = user.id.0,
            username = user.username,
            "{how}"
        );
        let token_hash = resume::hash(&token);
        let username = user.username.clone();
        let welcome = encode(&ServerPacket::LoggedIn {
            id,
            username,
            resume_token: token,
        });
        let membership = self
            .server
            .hub
            .join(user.id, Arc::clone(&self.outbox), welcome);
        self.player = Some(Player {
            user,
            token: token_hash,
            _membership: membership,
        });
    }

    /// Ends the login, not the connection.
    pub(crate) fn leave(&mut self) {
        self.player = None;
    }

    /// Turns trouble of the store into what a player may know of it.
    pub(crate) fn unavailable(&self, cause: &StoreError) -> Denial {
        warn!(connection = self.connection, %cause, "the store refused");
        Denial::new(DenyCode::Unavailable)
    }
}
