//! What happened in the session, as signals.

use godot::global::print_verbose;
use godot::prelude::*;
use longhall_client::{CallError, Event};
use longhall_packet::{Change, Limits, LineKind, Presence, PresenceState};

use super::frequent_signals::FrequentSignals;
use super::{NetworkClient, VERSION};
use crate::convert::{self, int, state_constant};
use crate::json;

impl NetworkClient {
    fn take_greeting(&mut self, message_of_the_day: &str, limits: Limits) {
        self.message_of_the_day = message_of_the_day.into();
        self.take_limits(limits);
    }

    /// For whoever looks into something with `--verbose`. No warning: another version that
    /// speaks the same protocol is in good order.
    fn versions(&self) -> String {
        let server = self.session.server().unwrap_or_default();
        format!("NetworkClient {VERSION} is connected to {server}")
    }
}

pub(super) fn emit(node: &mut Gd<NetworkClient>, signals: &FrequentSignals, event: Event) {
    match event {
        Event::StateChanged(state) => {
            node.signals().state_changed().emit(state_constant(state));
        }
        Event::Connected {
            message_of_the_day,
            limits,
        } => {
            node.bind_mut().take_greeting(&message_of_the_day, limits);
            let note = node.bind().versions();
            print_verbose(&[note.to_variant()]);
            node.signals().connected().emit();
        }
        Event::Disconnected { reason, retry_in } => {
            let seconds = retry_in.map_or(0.0, |delay| delay.as_secs_f64());
            node.signals()
                .disconnected()
                .emit(reason.name(), retry_in.is_some(), seconds);
        }
        Event::Reconnecting { attempt, delay } => {
            node.signals()
                .reconnecting()
                .emit(i64::from(attempt), delay.as_secs_f64());
        }
        Event::RecoveryCodes { codes } => {
            let codes = convert::codes(&codes);
            node.signals().recovery_codes_received().emit(&codes);
        }
        Event::TicketReceived {
            ticket,
            expires_at_ms,
        } => {
            let mut signal = node.signals().ticket_received();
            signal.emit(ticket.expose(), expires_at_ms as f64 / 1000.0);
        }
        Event::AccountRenamed {
            username,
            new_username,
        } => {
            let mut signal = node.signals().account_renamed();
            signal.emit(&username, &new_username);
        }
        Event::PlayerRenamed {
            username,
            new_username,
        } => {
            let mut signal = node.signals().player_renamed();
            signal.emit(&username, &new_username);
        }
        Event::ProfileChanged {
            username,
            profile,
            version,
        } => {
            let profile = json::dictionary(profile.object());
            let mut signal = node.signals().profile_changed();
            signal.emit(&username, &profile, i64::from(version));
        }
        Event::RegistrationChanged { registration, .. } => {
            let mode = registration.mode.name();
            node.signals().registration_changed().emit(mode);
        }
        Event::ProofProgress { percent } => {
            let mut signal = node.signals().proof_progress();
            signal.emit(f64::from(percent) / 100.0);
        }
        Event::Registered { username } => node.signals().registered().emit(&username),
        Event::RegisterDenied(CallError { code, reason, .. }) => {
            node.signals().register_denied().emit(code.name(), &reason);
        }
        Event::LoggedIn { username } => node.signals().logged_in().emit(&username),
        Event::LoginDenied(CallError { code, reason, .. }) => {
            node.signals().login_denied().emit(code.name(), &reason);
        }
        Event::LoggedOut { reason } => {
            node.bind_mut().reports_waiting = 0;
            node.signals().logged_out().emit(reason.name());
        }
        Event::ChatReceived { channel, line } if line.kind == LineKind::System => {
            let (sent_at_ms, seq) = (int(line.sent_at_ms), int(line.seq));
            let mut signal = node.signals().system_line_received();
            signal.emit(&channel, &line.text, sent_at_ms, seq);
        }
        Event::ChatReceived { channel, line } => {
            signals.chat_received(node.upcast_mut(), &channel, &line);
            if line.kind == LineKind::Deleted && node.is_instance_valid() {
                let mut signal = node.signals().chat_deleted();
                signal.emit(&channel, int(line.seq));
            }
        }
        Event::ChatEdited {
            channel, seq, text, ..
        } => {
            node.signals().chat_edited().emit(&channel, int(seq), &text);
        }
        Event::ChatDeleted { channel, seq } => {
            node.signals().chat_deleted().emit(&channel, int(seq));
        }
        Event::HistoryLoaded {
            channel,
            lines,
            more,
        } => {
            let lines = convert::lines(&lines);
            node.signals()
                .history_received()
                .emit(&channel, &lines, more);
        }
        Event::HistorySkipped {
            channel,
            first_seq,
            last_seq,
        } => {
            let mut signal = node.signals().history_skipped();
            signal.emit(&channel, int(first_seq), int(last_seq));
        }
        Event::HistoryReset => node.signals().history_reset().emit(),
        Event::UnreadChanged {
            channel, unread, ..
        } => signals.unread_changed(node.upcast_mut(), &channel, unread),
        Event::ChannelJoined { channel } => node.signals().channel_joined().emit(&channel),
        Event::HallChanged { from, to } => node.signals().hall_changed().emit(&from, &to),
        Event::ChannelLeft {
            channel,
            reason,
            by,
        } => {
            let by = by.unwrap_or_default();
            node.signals()
                .channel_left()
                .emit(&channel, reason.name(), &by);
        }
        Event::ChannelChanged { channel } => node.signals().channel_changed().emit(&channel),
        Event::RoleChanged {
            channel,
            username,
            role,
            by,
        } => {
            let mut signal = node.signals().role_changed();
            signal.emit(&channel, &username, role.name(), &by);
        }
        Event::ServerRoleChanged { role } => {
            node.signals().server_role_changed().emit(role.name());
        }
        Event::Sanctioned { sanction } => {
            let sanction = convert::sanction(&sanction);
            node.signals().sanctioned().emit(&sanction);
        }
        Event::SanctionLifted { sanction, channel } => {
            let channel = channel.unwrap_or_default();
            node.signals()
                .sanction_lifted()
                .emit(sanction.name(), &channel);
        }
        Event::Invited { channel, by } => node.signals().invited().emit(&channel, &by),
        Event::PresenceChanged {
            channel,
            members,
            online,
            changes,
            ..
        } => emit_presence(node, &channel, members, online, changes),
        Event::ChatAccepted { .. } => node.signals().chat_accepted().emit(),
        Event::ChatDenied {
            error: CallError { code, reason, .. },
            ..
        } => {
            node.signals().chat_denied().emit(code.name(), &reason);
        }
        Event::ReportClosed {
            report,
            username,
            outcome,
            text,
        } => {
            let mut signal = node.signals().report_closed();
            signal.emit(int(report), &username, outcome.name(), &text);
        }
        Event::ReportsWaiting { count } => {
            node.bind_mut().reports_waiting = i64::from(count);
            let mut signal = node.signals().reports_waiting_changed();
            signal.emit(i64::from(count));
        }
        Event::Warning(text) => godot_warn!("NetworkClient: {text}"),
    }
}

fn emit_presence(
    node: &mut Gd<NetworkClient>,
    channel: &str,
    members: u32,
    online: u32,
    changes: Vec<Presence>,
) {
    let mut signal = node.signals().members_changed();
    signal.emit(channel, i64::from(members), i64::from(online));
    for Presence { change, member } in changes {
        // A handler may free the node.
        if !node.is_instance_valid() {
            return;
        }
        let username = &member.username;
        match change {
            Change::Joined => {
                node.signals().member_joined().emit(channel, username);
                // A player may come back to a channel and be away from the first moment.
                let is_plain = member.state == PresenceState::Online && member.text.is_empty();
                if !is_plain && node.is_instance_valid() {
                    let mut signal = node.signals().presence_changed();
                    signal.emit(channel, username, member.state.name(), &member.text);
                }
            }
            Change::Left => node.signals().member_left().emit(channel, username),
            Change::State => {
                let mut signal = node.signals().presence_changed();
                signal.emit(channel, username, member.state.name(), &member.text);
            }
        }
    }
}
