//! The state machine of one connection. Knows no socket: packets come in as
//! bytes and go out through the outbox.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use longhall_packet::codec::DecodeError;
use longhall_packet::{
    ChannelName, ClientPacket, CloseReason, Denial, DenyCode, InboxState, NameKeys,
    PROTOCOL_VERSION, RequestId, ResumeToken, Role, ServerPacket, Stage, Username, codec,
};
use tracing::{debug, info, warn};

use crate::chat_log::Request;
use crate::frames::encode;
use crate::hub::{Arrival, Newcomer, Place, Stale};
use crate::outbox::Outbox;
use crate::rate_limit::{PacketLimit, Speaker};
use crate::store::{Entry, Membership, SessionId, StoreError, TokenHash, User, UserId, What};
use crate::{SERVER_NAME, Server, handlers, resume_token};

/// Packets that may be refused as broken, beyond the good ones, before the
/// connection is closed.
const MAX_VIOLATIONS: u16 = 10;
/// Packets that may be refused as too many, beyond the admitted ones, before the
/// connection is closed.
const MAX_DEAF: u16 = 200;

/// How often what a session enters with is read again, when it changed while
/// being read.
const MAX_TRIES: u32 = 8;

/// What a handler returns: it has answered the request or given it to the chat
/// log, which will, or why it is refused.
pub(crate) type Outcome = Result<(), Denial>;

/// One connection's conversation.
pub(crate) struct Session {
    pub(crate) server: Arc<Server>,
    /// Where the peer is, as whoever accepted the connection says. Nothing here asks a
    /// socket: what stands in front of the server may know better.
    pub(crate) address: IpAddr,
    /// The connection's number in the log.
    pub(crate) connection: u64,
    pub(crate) outbox: Arc<Outbox>,
    player: Option<Player>,
    packet_limit: PacketLimit,
    violations: u16,
    deaf: u16,
    /// Close with this after the answer to the packet in hand.
    farewell: Option<CloseReason>,
}

/// Who is logged in here.
pub(crate) struct Player {
    pub(crate) user: Account,
    pub(crate) session: SessionId,
    /// Of the session that this login can be resumed by.
    pub(crate) token: TokenHash,
    /// Keeps the player in the hub.
    place: Place,
    /// What the account's sessions have in common, once this one says something.
    speaker: Option<Arc<Speaker>>,
}

/// What a connection keeps of the account that is logged in; not its password's
/// hash.
pub(crate) struct Account {
    pub(crate) id: UserId,
    pub(crate) username: String,
}

/// A session of the store that is about to enter.
pub(crate) struct Entering {
    pub(crate) user: User,
    pub(crate) session: SessionId,
    pub(crate) token: ResumeToken,
    pub(crate) resumed: bool,
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
            limits: server.config.limits(),
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

    /// Who is logged in here.
    ///
    /// # Errors
    /// `not_logged_in`.
    pub(crate) fn me(&self) -> Result<&Player, Denial> {
        self.player.as_ref().ok_or(DenyCode::NotLoggedIn.into())
    }

    /// Answers one packet, or gives it to the chat log, which answers later and
    /// leaves the session free to go on. May be dropped before it is done, when
    /// the connection ends: what was sent to the store still happens, the answer
    /// is lost.
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
            self.log_denial(name, denial.code);
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

    /// A line for the operator, unless there were many lately.
    fn log_denial(&self, packet: &str, code: DenyCode) {
        let user = self.player.as_ref().map(|player| player.user.id.0);
        let (connection, address) = (self.connection, self.address);
        let limits = &self.server.limits;
        if code != DenyCode::RateLimited && limits.may_log_denial(address) {
            info!(connection, %address, user, packet, %code, "denied");
        } else {
            debug!(connection, %address, user, packet, %code, "denied");
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
        let is_history = matches!(decoded, Ok(ClientPacket::History { .. }));
        let allowed = self.packet_limit.check(is_history);
        let allowed = allowed.and_then(|()| self.check_line(&decoded));
        allowed.inspect_err(|_| self.deaf += 1)?;
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

    /// Counts what the account says, on this device and others.
    fn check_line(&mut self, decoded: &Result<ClientPacket, DecodeError>) -> Result<(), Denial> {
        let (Ok(packet), Some(me)) = (decoded, &mut self.player) else {
            return Ok(());
        };
        if !packet.is_entry() {
            return Ok(());
        }
        let limits = &self.server.limits;
        let speaker = me.speaker.get_or_insert_with(|| limits.speaker(me.user.id));
        speaker.check_line()
    }

    async fn answer(&mut self, decoded: Result<ClientPacket, DecodeError>) -> Outcome {
        let packet = self.admit(decoded)?;
        if handlers::say(self, &packet) {
            return Ok(());
        }
        // On the heap while it lasts: the future of a connection has the size of
        // the largest answer there may be, also when nothing happens.
        Box::pin(self.answer_in_time(packet)).await
    }

    async fn answer_in_time(&mut self, packet: ClientPacket) -> Outcome {
        match packet {
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
                device,
            } => handlers::login(self, id, &username, password, device).await,
            ClientPacket::Resume { id, token } => handlers::resume(self, id, &token).await,
            ClientPacket::Logout { id } => handlers::logout(self, id).await,
            ClientPacket::ChangePassword {
                id,
                password,
                new_password,
            } => handlers::change_password(self, id, password, new_password).await,
            ClientPacket::Sessions { id } => handlers::sessions(self, id).await,
            ClientPacket::CloseSession { id, session } => {
                handlers::close_session(self, id, session).await
            }
            ClientPacket::Chat {
                id,
                channel,
                line_id,
                text,
            } => handlers::chat(self, id, &channel, line_id, &text).await,
            ClientPacket::Edit {
                id,
                channel,
                seq,
                text,
            } => handlers::edit(self, id, &channel, seq, &text).await,
            ClientPacket::Delete { id, channel, seq } => {
                handlers::delete(self, id, &channel, seq).await
            }
            ClientPacket::History {
                id,
                channel,
                after,
                before,
                limit,
            } => handlers::history(self, id, &channel, after, before, limit).await,
            ClientPacket::Read { id, channel, seq } => {
                handlers::read(self, id, &channel, seq).await
            }
            ClientPacket::Create {
                id,
                channel,
                topic,
                access,
                channel_password,
            } => handlers::create(self, id, channel, &topic, access, channel_password).await,
            ClientPacket::Join {
                id,
                channel,
                channel_password,
            } => handlers::join(self, id, &channel, channel_password).await,
            ClientPacket::Leave { id, channel } => handlers::leave(self, id, &channel).await,
            ClientPacket::Channels { id, after } => {
                handlers::channels(self, id, after.as_ref()).await
            }
            ClientPacket::Members { id, channel, after } => {
                handlers::members(self, id, &channel, after.as_ref()).await
            }
            ClientPacket::SetTopic { id, channel, topic } => {
                handlers::set_topic(self, id, &channel, &topic).await
            }
            ClientPacket::SetAccess {
                id,
                channel,
                access,
                channel_password,
            } => handlers::set_access(self, id, &channel, access, channel_password).await,
            ClientPacket::SetRole {
                id,
                channel,
                username,
                role,
            } => handlers::set_role(self, id, &channel, &username, role).await,
            ClientPacket::Invite {
                id,
                channel,
                username,
            } => handlers::invite(self, id, &channel, &username).await,
            ClientPacket::Remove {
                id,
                channel,
                username,
            } => handlers::remove(self, id, &channel, &username).await,
            ClientPacket::SetPresence { id, state, text } => {
                handlers::set_presence(self, id, state, &text)
            }
            ClientPacket::Block { id, username } => handlers::block(self, id, &username).await,
            ClientPacket::Unblock { id, username } => handlers::unblock(self, id, &username).await,
            ClientPacket::Blocks { id } => handlers::blocks(self, id).await,
            ClientPacket::Ping { id } => {
                self.reply(&ServerPacket::Ok { id });
                Ok(())
            }
        }
    }

    /// Answers request `id`: this connection is the session's now, in place of an
    /// earlier one. No line of chat arrives before the answer, and each with a
    /// number the answer does not count arrives after it.
    ///
    /// `arrival` is to be made before the account and its ban were looked up.
    ///
    /// # Errors
    /// `session_expired` when the session was ended in the meantime, `banned`,
    /// `unavailable`, or `busy`.
    pub(crate) async fn enter(
        &mut self,
        arrival: Arrival,
        id: RequestId,
        entering: Entering,
    ) -> Outcome {
        let mut arrival = arrival;
        for _ in 0..MAX_TRIES {
            if let Ok(place) = self.try_enter(&arrival, id, &entering).await? {
                let Entering { user, session, .. } = entering;
                let how = if entering.resumed {
                    "resumed"
                } else {
                    "logged in"
                };
                let (connection, name) = (self.connection, &user.username);
                info!(
                    connection,
                    user = user.id.0,
                    username = name,
                    session = session.0,
                    "{how}"
                );
                self.player = Some(Player {
                    user: Account {
                        id: user.id,
                        username: user.username,
                    },
                    session,
                    token: resume_token::hash(&entering.token),
                    place,
                    speaker: None,
                });
                return Ok(());
            }
            // Something changed while it was read.
            arrival = self.server.hub.arrive();
            self.check_still_good(&entering).await?;
        }
        Err(try_again())
    }

    /// Whether a session may still enter after the account was changed.
    async fn check_still_good(&self, entering: &Entering) -> Result<(), Denial> {
        let Entering { user, session, .. } = entering;
        let key = name_key(&user.username);
        if self.server.bans.contain(&key) {
            return Err(DenyCode::Banned.into());
        }
        let store = &self.server.store;
        let (rows, now) = tokio::try_join!(
            store.sessions(user.id, self.server.clock.ended_by_ms()),
            store.user_by_name(&key),
        )
        .map_err(|cause| self.unavailable(&cause))?;
        if !rows.iter().any(|row| row.id == *session) {
            return Err(DenyCode::SessionExpired.into());
        }
        // The password that was right may not be any more.
        let is_same = now.is_some_and(|now| now.password_hash == user.password_hash);
        if !entering.resumed && !is_same {
            return Err(try_again());
        }
        Ok(())
    }

    async fn try_enter(
        &self,
        arrival: &Arrival,
        id: RequestId,
        entering: &Entering,
    ) -> Result<Result<Place, Stale>, Denial> {
        let user = &entering.user;
        let store = &self.server.store;
        let (memberships, blocks, inbox, mut invitations) = tokio::try_join!(
            store.memberships(user.id),
            store.blocks(user.id),
            store.open_inbox(user.id),
            store.invitations(user.id),
        )
        .map_err(|cause| self.unavailable(&cause))?;
        invitations.retain(|invitation| blocks.iter().all(|(_, name)| *name != invitation.by));
        let who = Newcomer {
            user: user.id,
            username: user.username.clone(),
            name_key: name_key(&user.username),
            session: entering.session,
            connection: self.connection,
            outbox: Arc::clone(&self.outbox),
            memberships,
            blocked: blocks.into_iter().map(|(user, _)| user).collect(),
            resumed: entering.resumed,
        };
        let welcome = |channels, last_whisper| ServerPacket::LoggedIn {
            id,
            username: user.username.clone(),
            resume_token: entering.token.clone(),
            session: entering.session.0.unsigned_abs(),
            epoch: store.epoch().to_owned(),
            channels,
            inbox: InboxState {
                last_seq: inbox.last_seq.max(last_whisper),
                ..inbox
            },
            invitations,
        };
        Ok(self.server.hub.enter(arrival, &who, welcome))
    }

    /// Ends the login, not the connection. The player is offline at once.
    pub(crate) fn leave(&mut self) {
        if let Some(player) = self.player.take() {
            player.place.give_up();
            self.outbox.forget_gaps();
        }
    }

    /// The connection is over; the player stays online for the grace time. The
    /// session to note as seen now.
    pub(crate) fn depart(self) -> Option<SessionId> {
        self.player.map(|player| player.session)
    }

    /// Gives an entry to the chat log, which answers request `id`.
    pub(crate) async fn write(&self, id: RequestId, channel: Arc<str>, what: What) -> Outcome {
        let request = self.request(self.me()?, id, channel, what);
        self.server.chat_log.write(request).await
    }

    /// An entry of `me` for the chat log.
    pub(crate) fn request(
        &self,
        me: &Player,
        id: RequestId,
        channel: Arc<str>,
        what: What,
    ) -> Request {
        Request {
            id,
            connection: self.connection,
            outbox: Arc::clone(&self.outbox),
            channel,
            entry: Entry {
                sender: me.user.id,
                sender_name: me.user.username.clone(),
                what,
                now_ms: self.server.clock.now_ms(),
            },
        }
    }

    /// The channel of this name, as a member.
    ///
    /// # Errors
    /// `not_a_member`; `unknown_channel` also for one that only its members may
    /// know of.
    pub(crate) async fn membership(&self, name: &ChannelName) -> Result<Membership, Denial> {
        let me = self.me()?.user.id;
        let store = &self.server.store;
        let found = store.channel_by_name(name).await;
        let channel = found
            .map_err(|cause| self.unavailable(&cause))?
            .ok_or(DenyCode::UnknownChannel)?;
        let membership = store.membership(channel.id, me).await;
        membership
            .map_err(|cause| self.unavailable(&cause))?
            .ok_or_else(|| handlers::not_a_member(&channel))
    }

    /// As [`Session::membership`], of who may do what a `role` may.
    ///
    /// # Errors
    /// As there; `not_allowed`, and for everybody in the lobby.
    pub(crate) async fn membership_as(
        &self,
        role: Role,
        name: &ChannelName,
    ) -> Result<Membership, Denial> {
        let membership = self.membership(name).await?;
        if membership.channel.is_lobby || handlers::rank(membership.role) < handlers::rank(role) {
            return Err(DenyCode::NotAllowed.into());
        }
        Ok(membership)
    }

    /// Another account, by its name.
    ///
    /// # Errors
    /// `unknown_user`, `not_yourself`.
    pub(crate) async fn other(&self, username: &Username) -> Result<(UserId, String), Denial> {
        let me = self.me()?.user.id;
        let key = username.name_key();
        let (user, name) = if let Some((user, name, _)) = self.server.hub.player(&key) {
            (user, name)
        } else {
            let found = self.server.store.user_by_name(&key).await;
            let found = found.map_err(|cause| self.unavailable(&cause))?;
            let user = found.ok_or(DenyCode::UnknownUser)?;
            (user.id, user.username)
        };
        if user == me {
            return Err(DenyCode::NotYourself.into());
        }
        Ok((user, name))
    }

    /// Turns trouble of the store into what a player may know of it.
    pub(crate) fn unavailable(&self, cause: &StoreError) -> Denial {
        warn!(connection = self.connection, %cause, "the store refused");
        Denial::new(DenyCode::Unavailable)
    }
}

/// What changed while a request was under way makes it worth another try.
pub(crate) fn try_again() -> Denial {
    Denial::for_now(DenyCode::Busy, Duration::from_millis(500))
}

/// The key that finds an account by its name as registered.
fn name_key(username: &str) -> String {
    NameKeys::name_of(username)
}
