//! The state of one connection: who is logged in here, and where answers go. Knows no
//! socket and no packet's meaning: `gate` decides what may be asked, `handlers` answer it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use longhall_packet::{CloseReason, Denial, DenyCode, RequestId, ServerPacket, ServerRole, Stage};
use longhall_world::own_data::ExportPlace;

use crate::chat_log::Submission;
use crate::frames::encode;
use crate::hub::{HubEntry, SharedName};
use crate::outbox::Outbox;
use crate::rate_limit::Speaker;
use crate::registration::Challenge;
use crate::store::{LogAction, LogEntry, SessionId, TokenHash, UserId};
use crate::{SERVER_NAME, Server};

/// One connection's conversation.
pub(crate) struct Session {
    pub(crate) server: Arc<Server>,
    /// Where the peer is, as whoever accepted the connection says. Nothing here asks a
    /// socket: what stands in front of the server may know better.
    pub(crate) address: IpAddr,
    /// The connection's number in the log.
    pub(crate) connection: u64,
    /// The version of the protocol that the handshake chose.
    pub(crate) protocol: u32,
    pub(crate) outbox: Arc<Outbox>,
    player: Option<Player>,
    /// The work that the next account made here has to show.
    pub(crate) challenge: Option<Box<Challenge>>,
    /// Close with this after the answer to the packet in hand.
    closing: Option<CloseReason>,
    /// Where the last page of an export ended, as long as nothing else was asked of it.
    pub(crate) export: Option<ExportPlace>,
}

/// Who is logged in here.
pub(crate) struct Player {
    pub(crate) user: Account,
    pub(crate) session: SessionId,
    /// Of the session that this login can be resumed by.
    pub(crate) token: TokenHash,
    /// Keeps the player in the hub.
    hub_entry: HubEntry,
    /// Shared with the account's other sessions, once this one says something.
    speaker: Option<Arc<Speaker>>,
}

/// What a connection keeps of the account that is logged in; not its password's
/// hash.
pub(crate) struct Account {
    pub(crate) id: UserId,
    name: SharedName,
    /// When it registered, in milliseconds since 1970.
    pub(crate) created_at_ms: i64,
    /// Whether it has the limits of a guest.
    pub(crate) is_guest: bool,
}

impl Account {
    pub(crate) fn new(id: UserId, name: SharedName, created_at_ms: i64, is_guest: bool) -> Self {
        Self {
            id,
            name,
            created_at_ms,
            is_guest,
        }
    }

    /// The name by now: it may change while the account is logged in.
    pub(crate) fn username(&self) -> String {
        String::clone(&self.name.load())
    }
}

impl Session {
    /// Starts a conversation with the server's `hello`.
    pub(crate) fn start(
        server: Arc<Server>,
        connection: u64,
        address: IpAddr,
        protocol: u32,
        outbox: Arc<Outbox>,
    ) -> Self {
        outbox.push(encode(&ServerPacket::Hello {
            protocol,
            server: SERVER_NAME.to_owned(),
            message_of_the_day: server.settings().lobby.message_of_the_day.clone(),
            limits: server.settings().limits(),
            registration: server.settings().gates.announced(),
            guests: server.settings().gates.guests,
        }));
        Self {
            server,
            address,
            connection,
            protocol,
            outbox,
            player: None,
            challenge: None,
            closing: None,
            export: None,
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

    /// Who is logged in here.
    ///
    /// # Errors
    /// `not_logged_in`.
    pub(crate) fn me(&self) -> Result<&Player, Denial> {
        self.player.as_ref().ok_or(DenyCode::NotLoggedIn.into())
    }

    /// What whoever is logged in here may do on the whole server.
    pub(crate) fn server_role(&self) -> ServerRole {
        let me = self.player.as_ref();
        me.map_or(ServerRole::Player, |me| {
            self.server.hub.server_role(me.user.id)
        })
    }

    /// Sends the answer to the request in hand.
    pub(crate) fn reply(&self, packet: &ServerPacket) {
        self.outbox.push(encode(packet));
    }

    /// Closes the connection once the request in hand is answered.
    pub(crate) fn close_after_answer(&mut self, reason: CloseReason) {
        self.closing.get_or_insert(reason);
    }

    /// The reason to close it after the answer, if there is one.
    pub(crate) fn closing(&self) -> Option<CloseReason> {
        self.closing
    }

    /// The account that is logged in, as one that says something on any device.
    pub(crate) fn speaker(&mut self) -> Option<&Speaker> {
        let me = self.player.as_mut()?;
        let server = &self.server;
        Some(me.speaker.get_or_insert_with(|| {
            let age_ms = server.clock.now_ms().saturating_sub(me.user.created_at_ms);
            let age = Duration::from_millis(u64::try_from(age_ms).unwrap_or(0));
            server.limits.speaker(me.user.id, age, me.user.is_guest)
        }))
    }

    /// The same, once it has said something.
    pub(crate) fn known_speaker(&self) -> Option<&Speaker> {
        self.player.as_ref()?.speaker.as_deref()
    }

    /// Notes that a player, who is in the hub already, is logged in here.
    pub(crate) fn log_in(
        &mut self,
        user: Account,
        session: SessionId,
        token: TokenHash,
        hub_entry: HubEntry,
    ) {
        self.player = Some(Player {
            user,
            session,
            token,
            hub_entry,
            speaker: None,
        });
    }

    /// Ends the login, not the connection. The player is offline at once.
    pub(crate) fn log_out(&mut self) {
        if let Some(player) = self.player.take() {
            player.hub_entry.leave_at_once();
            self.outbox.forget_gaps();
            self.export = None;
        }
    }

    /// The connection is over; the player stays online for the grace time. The
    /// session to note as seen now.
    pub(crate) fn end(self) -> Option<SessionId> {
        self.player.map(|player| player.session)
    }

    /// Gives an entry to the chat log, which answers request `id`.
    ///
    /// # Errors
    /// `not_logged_in`, and `restarting` when the server is about to stop.
    pub(crate) async fn write(
        &self,
        id: RequestId,
        channel: Arc<str>,
        what: LogAction,
    ) -> Result<(), Denial> {
        let request = self.request(self.me()?, id, channel, what);
        self.server.chat_log.write(request).await
    }

    /// An entry of `me` for the chat log.
    pub(crate) fn request(
        &self,
        me: &Player,
        id: RequestId,
        channel: Arc<str>,
        what: LogAction,
    ) -> Submission {
        Submission {
            id,
            connection: self.connection,
            outbox: Arc::clone(&self.outbox),
            channel,
            heard: None,
            entry: LogEntry {
                sender: me.user.id,
                sender_name: me.user.username(),
                what,
                now_ms: self.server.clock.now_ms(),
            },
        }
    }
}
