//! Where the account is, who else is there, and what it has read.

use std::time::Duration;

use longhall_packet::{ChannelState, ClientPacket, Invitation, Role, Seq, ServerPacket};

use super::Session;
use crate::conversations::Difference;
use crate::log::Log;
use crate::markers::Marker;
use crate::requests::Request;
use crate::{CallError, Event};

/// Channels.
impl Session {
    /// A login says where the account is.
    pub(super) fn announce_difference(
        &mut self,
        mut difference: Difference,
        lobby_before: Option<String>,
    ) {
        // As while the player is in: the new hall, the change, and then the old hall's end.
        let lobby = self.conversations.lobby();
        if lobby_before.is_some() && lobby_before.as_deref() != lobby {
            let mut joined = difference.joined.iter();
            if let Some(place) = joined.position(|name| Some(name.as_str()) == lobby) {
                let channel = difference.joined.remove(place);
                self.announce(Event::ChannelJoined { channel });
            }
            self.announce_hall(lobby_before);
        }
        for channel in difference.left {
            self.announce(Event::ChannelLeft {
                channel,
                reason: longhall_packet::LeaveReason::Left,
                by: None,
            });
        }
        for channel in difference.joined {
            self.announce(Event::ChannelJoined { channel });
        }
        for channel in difference.changed {
            self.announce(Event::ChannelChanged { channel });
        }
        self.announce_unread();
    }

    pub(super) fn handle_joined(&mut self, now: Duration, state: ChannelState) {
        let channel = state.channel.clone();
        let lobby_before = self.conversations.lobby().map(str::to_owned);
        let wants_page = self.config.history_lines > 0;
        let is_new = self.conversations.join(state, wants_page);
        self.announce(if is_new {
            Event::ChannelJoined { channel }
        } else {
            Event::ChannelChanged { channel }
        });
        self.announce_hall(lobby_before);
        self.announce_unread();
        self.pump_pages(now);
    }

    /// The server tells of channels unasked. Of channels that the account is not
    /// in, only invitations come.
    pub(super) fn handle_news(&mut self, now: Duration, packet: ServerPacket) {
        match packet {
            ServerPacket::Left {
                channel,
                reason,
                by,
            } => {
                if self.conversations.leave(&channel) {
                    self.announce(Event::ChannelLeft {
                        channel,
                        reason,
                        by,
                    });
                }
            }
            ServerPacket::ChannelChanged {
                channel,
                topic,
                access,
                speech,
                by: _,
            } => {
                if let Some(known) = self.conversations.channel_mut(&channel) {
                    let state = known.state_mut();
                    (state.topic, state.access, state.speech) = (topic, access, speech);
                    self.announce(Event::ChannelChanged { channel });
                }
            }
            ServerPacket::RoleChanged {
                channel,
                username,
                role,
                by,
            } => self.handle_role(channel, username, role, by),
            ServerPacket::ServerRoleChanged { server_role: role } => {
                if role != self.login.server_role() {
                    self.login.set_server_role(role);
                    self.announce(Event::ServerRoleChanged { role });
                }
            }
            ServerPacket::Profiles { changes } => self.handle_profiles(changes),
            ServerPacket::Renamed {
                username,
                new_username,
            } => self.handle_renamed(username, new_username),
            ServerPacket::Sanctioned { sanction } => self.announce_sanction(sanction),
            ServerPacket::SanctionLifted { sanction, channel } => {
                self.sanctions.lifted(sanction, channel.as_deref());
                self.announce(Event::SanctionLifted { sanction, channel });
            }
            ServerPacket::Invited { channel, by } => {
                self.conversations.invite(Invitation {
                    channel: channel.clone(),
                    by: by.clone(),
                });
                self.announce(Event::Invited { channel, by });
            }
            ServerPacket::Presence {
                channel,
                members,
                online,
                changes,
                partial,
            } => {
                if let Some(known) = self.conversations.channel_mut(&channel) {
                    let state = known.state_mut();
                    (state.members, state.online) = (members, online);
                    self.announce(Event::PresenceChanged {
                        channel,
                        members,
                        online,
                        changes,
                        partial,
                    });
                }
            }
            ServerPacket::Read {
                channel,
                seq,
                unread,
            } => self.handle_read(&channel, seq, unread),
            ServerPacket::Chat { channel, line } => self.handle_chat(now, &channel, line),
            ServerPacket::Gap { channel, last_seq } => self.learn(now, &channel, last_seq),
            other => self.ignore(other.name()),
        }
    }

    fn handle_role(&mut self, channel: String, username: String, role: Role, by: String) {
        let is_me = self.username() == Some(&username);
        let Some(known) = self.conversations.channel_mut(&channel) else {
            return;
        };
        let state = known.state_mut();
        let before = state.role;
        if is_me {
            state.role = role;
        } else if role == Role::Owner && before == Role::Owner {
            // There is one owner.
            state.role = Role::Operator;
        }
        let is_changed = state.role != before;
        self.announce(Event::RoleChanged {
            channel: channel.clone(),
            username,
            role,
            by,
        });
        if is_changed {
            self.announce(Event::ChannelChanged { channel });
        }
    }
}

/// Read markers.
impl Session {
    pub(super) fn try_mark_read(
        &mut self,
        now: Duration,
        channel: &str,
        seq: Seq,
    ) -> Result<(), CallError> {
        if !self.login.has_account() {
            self.require_account()?;
        }
        let (conversation, target) = self.conversation(channel)?;
        let known = self.conversations.timeline(Log::of(&conversation));
        let seq = seq.min(known.map_or(0, |timeline| timeline.known()));
        self.markers.check_room(&target)?;
        if !self.note_read(&conversation, seq) {
            return Ok(());
        }
        self.markers.push(Marker { target, seq });
        self.announce_unread();
        self.pump_markers(now);
        Ok(())
    }

    /// The account has read on, on another device.
    fn handle_read(&mut self, conversation: &str, seq: Seq, count: u32) {
        self.note_read(conversation, seq);
        let timeline = self.conversations.timeline(Log::of(conversation));
        let ends = timeline.map(|timeline| (timeline.shown(), timeline.known()));
        // Up to where lines came by, they are counted here; behind that, only
        // the server knows how many of them are read now.
        if let Some((shown, known)) = ends
            && shown.is_none_or(|shown| seq > shown)
            && let Some(unread) = self.conversations.unread_mut(conversation)
        {
            unread.recount(seq, count, known);
        }
        self.announce_unread();
    }

    /// Whether that is news.
    fn note_read(&mut self, conversation: &str, seq: Seq) -> bool {
        let log = Log::of(conversation);
        let Some(timeline) = self.conversations.timeline(log) else {
            return false;
        };
        let known = timeline.known();
        let oldest = self.conversations.oldest_shown(log, conversation);
        let unread = self.conversations.unread_mut(conversation);
        unread.is_some_and(|unread| unread.mark(seq, oldest, known))
    }

    pub(super) fn pump_markers(&mut self, now: Duration) {
        if self.may_send()
            && let Some(Marker { target, seq }) = self.markers.next(now)
        {
            let id = self.begin(now, Request::Read);
            self.send(&ClientPacket::Read {
                id,
                channel: target,
                seq,
            });
        }
    }

    /// When [`pump_markers`](Self::pump_markers) has something to do.
    pub(super) fn next_marker_at(&self) -> Option<Duration> {
        self.markers.next_due().filter(|_| self.may_send())
    }

    pub(super) fn marker_noted(&mut self, now: Duration) {
        self.markers.noted();
        self.pump_markers(now);
    }

    pub(super) fn marker_denied(&mut self, now: Duration, error: &CallError) {
        self.markers.denied(now, error);
        self.pump_markers(now);
    }
}

/// Presence.
impl Session {
    pub(super) fn repeat_presence(&mut self, now: Duration) {
        if let Some((state, text)) = self.presence.to_repeat() {
            let id = self.begin(now, Request::Presence);
            self.send(&ClientPacket::SetPresence { id, state, text });
        }
    }
}
