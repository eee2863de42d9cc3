//! The gate that every packet of a connection passes: is there one too many, is it a
//! packet, is it legal now, and which handler answers it?

#[cfg(test)]
mod tests;

use longhall_packet::codec::{self, DecodeError};
use longhall_packet::{ClientPacket, CloseReason, Denial, DenyCode, ServerPacket};
use longhall_world::rules;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use crate::handlers::{self, HandlerError, Outcome, unavailable};
use crate::rate_limit::PacketLimit;
use crate::session::Session;
use crate::store::StoreError;

/// Packets that may be denied as broken, beyond the good ones, before the connection is
/// closed.
const MAX_BROKEN_PACKETS: u16 = 10;
/// Packets that may be denied as too many, beyond the admitted ones, before the
/// connection is closed.
const MAX_EXCESS_PACKETS: u16 = 200;

/// Stands before the session of one connection.
pub(crate) struct Gate {
    pub(crate) session: Session,
    limit: PacketLimit,
    broken_packets: u16,
    excess_packets: u16,
}

impl Gate {
    pub(crate) fn before(session: Session) -> Self {
        Self {
            limit: PacketLimit::new(&session.server.limits),
            session,
            broken_packets: 0,
            excess_packets: 0,
        }
    }

    /// Answers one packet that came at `now`, or gives it to the chat log, which answers later and
    /// leaves the session free to go on. May be dropped before it is done, when
    /// the connection ends: what was sent to the store still happens, the answer
    /// is lost.
    pub(crate) async fn handle(&mut self, bytes: &[u8], now: Instant) {
        // A session that was replaced must not speak on from what was read ahead.
        if self.session.outbox.is_closing() {
            return;
        }
        let decoded = codec::decode_client_packet(bytes);
        let (id, name) = match &decoded {
            Ok(packet) => (Some(packet.id()), packet.name()),
            Err(error) => (error.id, "none"),
        };
        let outcome = match self.admit(decoded, now) {
            Ok(packet) if handlers::chat_at_once(&self.session, &packet, now) => Ok(()),
            // On the heap while it lasts: the future of a connection has the size of
            // the largest answer there may be, also when nothing happens.
            Ok(packet) => Box::pin(answer_in_time(&mut self.session, packet)).await,
            Err(denial) => Err(denial.into()),
        };
        if let Err(error) = outcome {
            let denial = self.denial(error);
            let metrics = &self.session.server.metrics;
            metrics.denials.add(denial.code.name(), 1);
            self.log_denial(name, denial.code);
            self.session.reply(&ServerPacket::deny(id, denial));
        }
        if self.broken_packets > MAX_BROKEN_PACKETS {
            self.session.close_after_answer(CloseReason::ProtocolError);
        }
        if self.excess_packets > MAX_EXCESS_PACKETS {
            self.session.close_after_answer(CloseReason::Flooding);
        }
        if let Some(reason) = self.session.closing() {
            self.session.outbox.close(reason);
        }
    }

    /// Lets a packet through that is one, not one too many, and legal now.
    fn admit(
        &mut self,
        decoded: Result<ClientPacket, DecodeError>,
        now: Instant,
    ) -> Result<ClientPacket, Denial> {
        let server = &self.session.server;
        let now_ms = || server.clock.now_ms();
        if server.sanctions.is_shut_out(self.session.address, now_ms) {
            self.session.close_after_answer(CloseReason::Banned);
            return Err(Denial::new(DenyCode::Banned));
        }
        let is_page = |packet: &ClientPacket| {
            matches!(
                packet,
                ClientPacket::History { .. } | ClientPacket::Export { after: Some(_), .. }
            )
        };
        let is_history = decoded.as_ref().is_ok_and(is_page);
        let allowed = self.limit.check(is_history, now);
        let allowed = allowed.and_then(|()| self.check_line(&decoded, now));
        allowed.inspect_err(|_| self.excess_packets += 1)?;
        self.excess_packets = self.excess_packets.saturating_sub(1);
        let packet = decoded.map_err(|error| {
            if error.is_protocol_violation() {
                self.broken_packets += 1;
            }
            debug!(connection = self.session.connection, %error, "not a packet");
            error.denial
        })?;
        self.broken_packets = self.broken_packets.saturating_sub(1);
        packet.check_stage(self.session.stage())?;
        self.check_mute(&packet)?;
        if self.session.player().is_some_and(|me| me.user.is_guest) {
            rules::check_guest(&packet)?;
        }
        if self.session.server.stopping.is_cancelled() {
            return Err(Denial::new(DenyCode::Restarting));
        }
        Ok(packet)
    }

    /// Counts what the account says, on this device and others.
    fn check_line(
        &mut self,
        decoded: &Result<ClientPacket, DecodeError>,
        now: Instant,
    ) -> Result<(), Denial> {
        if !decoded.as_ref().is_ok_and(ClientPacket::is_entry) {
            return Ok(());
        }
        let speaker = self.session.speaker();
        speaker.map_or(Ok(()), |speaker| speaker.check_line(now))
    }

    /// Nobody reads what a muted account writes.
    fn check_mute(&self, packet: &ClientPacket) -> Result<(), Denial> {
        let Some(me) = self.session.player().map(|player| player.user.id) else {
            return Ok(());
        };
        let server = &self.session.server;
        let now_ms = || server.clock.now_ms();
        let mute = server.sanctions.mute(me, now_ms);
        if let Some(denial) = mute.filter(|_| packet.is_speech()) {
            return Err(denial);
        }
        if server.sanctions.has_channel_mutes()
            && let Some(name) = packet.spoken_in()
            && let Some(place) = server.hub.place_of(me, name)
            // Who is muted in the lobby is so in all its halls.
            && let channel = server.hub.lobby_of(place.channel).unwrap_or(place.channel)
            && let Some(denial) = server.sanctions.mute_in(me, channel, now_ms())
        {
            return Err(denial);
        }
        Ok(())
    }

    /// What a player is told. Trouble of the store is the operator's.
    fn denial(&self, error: HandlerError) -> Denial {
        match error {
            HandlerError::Deny(denial) => denial,
            // Said once for everybody, when it went away.
            HandlerError::Store(StoreError::Unavailable) => unavailable(),
            HandlerError::Store(cause) => {
                warn!(connection = self.session.connection, %cause, "the store refused");
                Denial::new(DenyCode::Unavailable)
            }
        }
    }

    /// A line for the operator, unless there were many lately.
    fn log_denial(&self, packet: &str, code: DenyCode) {
        let session = &self.session;
        let user = session.player().map(|player| player.user.id.0);
        let (connection, address) = (session.connection, session.address);
        let limits = &session.server.limits;
        if code != DenyCode::RateLimited && limits.may_log_denial(address) {
            info!(connection, %address, user, packet, %code, "denied");
        } else {
            debug!(connection, %address, user, packet, %code, "denied");
        }
    }
}

/// Which handler answers which packet.
async fn answer_in_time(session: &mut Session, packet: ClientPacket) -> Outcome {
    match packet {
        ClientPacket::Hello {
            id,
            protocol,
            client,
        } => handlers::hello(session, id, protocol, &client),
        ClientPacket::Register {
            id,
            username,
            password,
            recovery,
            invite,
            proof,
        } => {
            let paid = (invite, proof);
            handlers::register(session, id, &username, password, recovery, paid).await
        }
        ClientPacket::Challenge { id } => handlers::challenge(session, id),
        ClientPacket::Guest {
            id,
            username,
            device,
            proof,
        } => handlers::guest(session, id, &username, device, proof).await,
        ClientPacket::Upgrade {
            id,
            username,
            password,
            invite,
            proof,
        } => handlers::upgrade(session, id, username, password, (invite, proof)).await,
        ClientPacket::Login {
            id,
            username,
            password,
            device,
            code,
        } => handlers::login(session, id, &username, password, device, code).await,
        ClientPacket::Recover {
            id,
            username,
            code,
            new_password,
        } => handlers::recover(session, id, &username, &code, new_password).await,
        ClientPacket::RenewRecoveryCodes { id, password, code } => {
            handlers::renew_recovery_codes(session, id, password, code.as_ref()).await
        }
        ClientPacket::BeginSecondFactor { id, password } => {
            handlers::begin_second_factor(session, id, password).await
        }
        ClientPacket::ConfirmSecondFactor { id, code } => {
            handlers::confirm_second_factor(session, id, &code).await
        }
        ClientPacket::EndSecondFactor { id, password, code } => {
            handlers::end_second_factor(session, id, password, &code).await
        }
        ClientPacket::Resume { id, token } => handlers::resume(session, id, &token).await,
        ClientPacket::Logout { id } => handlers::logout(session, id).await,
        ClientPacket::ChangePassword {
            id,
            password,
            new_password,
        } => handlers::change_password(session, id, password, new_password).await,
        ClientPacket::Sessions { id } => handlers::sessions(session, id).await,
        ClientPacket::CloseSession { id, session: which } => {
            handlers::close_session(session, id, which).await
        }
        ClientPacket::DeleteAccount { id, password, code } => {
            handlers::delete_account(session, id, password, code.as_ref()).await
        }
        ClientPacket::KeepAccount { id } => handlers::keep_account(session, id).await,
        ClientPacket::Export { id, after } => handlers::export(session, id, after.as_deref()).await,
        ClientPacket::Rename {
            id,
            password,
            username,
            code,
        } => handlers::rename(session, id, (password, code.as_ref()), &username).await,
        ClientPacket::Chat {
            id,
            channel,
            line_id,
            text,
        } => handlers::chat(session, id, &channel, line_id, &text).await,
        ClientPacket::Edit {
            id,
            channel,
            seq,
            text,
        } => handlers::edit(session, id, &channel, seq, &text).await,
        ClientPacket::Delete { id, channel, seq } => {
            handlers::delete(session, id, &channel, seq).await
        }
        ClientPacket::History {
            id,
            channel,
            after,
            before,
            limit,
        } => handlers::history(session, id, &channel, after, before, limit).await,
        ClientPacket::Read { id, channel, seq } => handlers::read(session, id, &channel, seq).await,
        ClientPacket::Create {
            id,
            channel,
            topic,
            access,
            channel_password,
        } => handlers::create(session, id, channel, &topic, access, channel_password).await,
        ClientPacket::Join {
            id,
            channel,
            channel_password,
        } => handlers::join(session, id, &channel, channel_password).await,
        ClientPacket::Leave { id, channel } => handlers::leave(session, id, &channel).await,
        ClientPacket::Channels { id, after } => {
            handlers::channels(session, id, after.as_ref()).await
        }
        ClientPacket::Members { id, channel, after } => {
            handlers::members(session, id, &channel, after.as_ref()).await
        }
        ClientPacket::SetTopic { id, channel, topic } => {
            handlers::set_topic(session, id, &channel, &topic).await
        }
        ClientPacket::SetAccess {
            id,
            channel,
            access,
            channel_password,
        } => handlers::set_access(session, id, &channel, access, channel_password).await,
        ClientPacket::SetSlowMode {
            id,
            channel,
            seconds,
        } => handlers::set_slow_mode(session, id, &channel, seconds).await,
        ClientPacket::SetFilter {
            id,
            channel,
            filter,
        } => handlers::set_filter(session, id, &channel, filter).await,
        ClientPacket::SetRole {
            id,
            channel,
            username,
            role,
        } => handlers::set_role(session, id, &channel, &username, role).await,
        ClientPacket::Invite {
            id,
            channel,
            username,
        } => handlers::invite(session, id, &channel, &username).await,
        ClientPacket::Remove {
            id,
            channel,
            username,
        } => handlers::remove(session, id, &channel, &username).await,
        ClientPacket::SetPresence { id, state, text } => {
            handlers::set_presence(session, id, state, &text)
        }
        ClientPacket::Sanction {
            id,
            username,
            sanction,
            channel,
            for_s,
            reason,
        } => {
            let channel = channel.as_ref();
            handlers::sanction(session, id, &username, sanction, channel, for_s, &reason).await
        }
        ClientPacket::LiftSanction {
            id,
            username,
            sanction,
            channel,
        } => handlers::lift_sanction(session, id, &username, sanction, channel.as_ref()).await,
        ClientPacket::Sanctions { id, username } => {
            handlers::sanctions(session, id, &username).await
        }
        ClientPacket::DeleteLines {
            id,
            channel,
            username,
            since_s,
        } => handlers::delete_lines(session, id, channel.as_ref(), &username, since_s).await,
        ClientPacket::CreateTemporary {
            id,
            channel,
            topic,
            max_members,
            lasts_s,
        } => {
            let how = (max_members, lasts_s);
            handlers::create_temporary(session, id, channel, &topic, how).await
        }
        ClientPacket::JoinByCode { id, code } => handlers::join_by_code(session, id, &code).await,
        ClientPacket::EndChannel { id, channel } => {
            handlers::end_channel(session, id, &channel).await
        }
        ClientPacket::Halls { id } => handlers::halls(session, id),
        ClientPacket::ChangeHall { id, channel } => {
            handlers::change_hall(session, id, &channel).await
        }
        ClientPacket::SetProfile {
            id,
            profile,
            if_version,
        } => handlers::set_profile(session, id, profile, if_version).await,
        ClientPacket::PlayerInfo { id, username } => {
            handlers::player_info(session, id, &username).await
        }
        ClientPacket::Block { id, username } => handlers::block(session, id, &username).await,
        ClientPacket::Unblock { id, username } => handlers::unblock(session, id, &username).await,
        ClientPacket::Blocks { id } => handlers::blocks(session, id).await,
        ClientPacket::Report {
            id,
            about,
            category,
            text,
        } => handlers::report(session, id, &about, category, &text).await,
        ClientPacket::Reports { id, open, before } => {
            handlers::reports(session, id, open, before).await
        }
        ClientPacket::ReportLines { id, report } => {
            handlers::report_lines(session, id, report).await
        }
        ClientPacket::CloseReport {
            id,
            report,
            outcome,
            text,
        } => handlers::close_report(session, id, report, outcome, &text).await,
        ClientPacket::RequestTicket { id, audience } => {
            handlers::request_ticket(session, id, &audience).await
        }
        ClientPacket::Ping { id } => {
            session.reply(&ServerPacket::Ok { id });
            Ok(())
        }
    }
}
