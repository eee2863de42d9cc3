//! Where the account is, who else is there, and what it has read.

use std::time::Duration;

use longhall_packet::{
    ChannelState, ClientPacket, Invitation, PresenceState, PresenceText, RequestId, Role, Seq,
    ServerPacket, Target,
};

use super::Session;
use crate::logs::{Difference, Log};
use crate::requests::Request;
use crate::{Event, Refusal, RefusalCode};

/// Read markers that wait to be sent at most: one a conversation.
const MAX_MARKERS: usize = 256;

/// A marker that was refused for now is sent again after this, at least.
const MARKER_PATIENCE: Duration = Duration::from_secs(2);

/// Read markers on their way to the server.
#[derive(Debug, Default)]
pub(super) struct Markers {
    waiting: Vec<Marker>,
    /// One at a time.
    under_way: Option<Marker>,
    not_before: Duration,
}

#[derive(Debug)]
struct Marker {
    target: Target,
    seq: Seq,
}

/// Channels.
impl Session {
    /// A login says where the account is.
    pub(super) fn announce_difference(&mut self, difference: Difference) {
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
        let wants_page = self.config.history_lines > 0;
        let is_new = self.logs.join(state, wants_page);
        self.announce(if is_new {
            Event::ChannelJoined { channel }
        } else {
            Event::ChannelChanged { channel }
        });
        self.announce_unread();
        self.pump_pages(now);
    }

    /// What is told of channels without being asked for. Of channels that the
    /// account is not in, only invitations are.
    pub(super) fn handle_news(&mut self, now: Duration, packet: ServerPacket) {
        match packet {
            ServerPacket::Left {
                channel,
                reason,
                by,
            } => {
                if self.logs.leave(&channel) {
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
                ..
            } => {
                if let Some(known) = self.logs.channel_mut(&channel) {
                    let state = known.state_mut();
                    (state.topic, state.access) = (topic, access);
                    self.announce(Event::ChannelChanged { channel });
                }
            }
            ServerPacket::RoleChanged {
                channel,
                username,
                role,
                by,
            } => self.handle_role(channel, username, role, by),
            ServerPacket::Invited { channel, by } => {
                self.logs.invite(Invitation {
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
                if let Some(known) = self.logs.channel_mut(&channel) {
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
        let Some(known) = self.logs.channel_mut(&channel) else {
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
    ) -> Result<(), Refusal> {
        if self.account.is_none() {
            self.require_account()?;
        }
        let (conversation, target) = self.conversation(channel)?;
        let known = self.logs.timeline(Log::of(&conversation));
        let seq = seq.min(known.map_or(0, |timeline| timeline.known()));
        let waiting = &mut self.markers.waiting;
        let same = waiting.iter().position(|marker| marker.target == target);
        if same.is_none() && waiting.len() >= MAX_MARKERS {
            return Err(RefusalCode::TooManyPending.into());
        }
        if !self.note_read(&conversation, seq) {
            return Ok(());
        }
        match same {
            Some(place) => self.markers.waiting[place].seq = seq,
            None => self.markers.waiting.push(Marker { target, seq }),
        }
        self.announce_unread();
        self.pump_markers(now);
        Ok(())
    }

    /// The account has read on, on another device.
    fn handle_read(&mut self, conversation: &str, seq: Seq, count: u32) {
        self.note_read(conversation, seq);
        let timeline = self.logs.timeline(Log::of(conversation));
        let ends = timeline.map(|timeline| (timeline.shown(), timeline.known()));
        // Up to where lines came by, they are counted here; behind that, only
        // the server knows how many of them are read now.
        if let Some((shown, known)) = ends
            && shown.is_none_or(|shown| seq > shown)
            && let Some(unread) = self.logs.unread_mut(conversation)
        {
            unread.recount(seq, count, known);
        }
        self.announce_unread();
    }

    /// Whether that is news.
    fn note_read(&mut self, conversation: &str, seq: Seq) -> bool {
        let log = Log::of(conversation);
        let Some(timeline) = self.logs.timeline(log) else {
            return false;
        };
        let known = timeline.known();
        let oldest = self.oldest_shown(log, conversation);
        let unread = self.logs.unread_mut(conversation);
        unread.is_some_and(|unread| unread.mark(seq, oldest, known))
    }

    pub(super) fn pump_markers(&mut self, now: Duration) {
        if self.markers.under_way.is_some()
            || self.markers.waiting.is_empty()
            || now < self.markers.not_before
            || !self.may_send()
        {
            return;
        }
        let marker = self.markers.waiting.remove(0);
        let (channel, seq) = (marker.target.clone(), marker.seq);
        self.markers.under_way = Some(marker);
        let id = self.begin(now, Request::Read);
        self.send(&ClientPacket::Read { id, channel, seq });
    }

    pub(super) fn next_marker_at(&self) -> Option<Duration> {
        let is_waiting = self.markers.under_way.is_none() && !self.markers.waiting.is_empty();
        (is_waiting && self.may_send()).then_some(self.markers.not_before)
    }

    pub(super) fn marker_noted(&mut self, now: Duration) {
        self.markers.under_way = None;
        self.pump_markers(now);
    }

    /// A marker was refused. One that may be good later is kept.
    pub(super) fn marker_denied(&mut self, now: Duration, refusal: &Refusal) {
        if refusal.is_for_now() {
            let asked = Duration::from_millis(refusal.retry_after_ms.unwrap_or(0).into());
            self.markers.not_before = now.saturating_add(asked.max(MARKER_PATIENCE));
            self.recall_marker();
        } else {
            self.markers.under_way = None;
        }
        self.pump_markers(now);
    }

    /// The marker that is under way waits again, unless a later one does.
    pub(super) fn recall_marker(&mut self) {
        if let Some(marker) = self.markers.under_way.take() {
            let waiting = &mut self.markers.waiting;
            if waiting.iter().all(|later| later.target != marker.target) {
                waiting.push(marker);
            }
        }
    }

    pub(super) fn restart_markers(&mut self) {
        self.recall_marker();
        self.markers.not_before = Duration::ZERO;
    }
}

/// Presence.
impl Session {
    /// Notes what the player says of themselves, to say it again after a cut.
    pub(super) fn keep_presence(&mut self, presence: Option<(PresenceState, PresenceText)>) {
        let presence = presence.filter(|(state, _)| *state != PresenceState::Offline);
        if let Some((state, text)) = presence.filter(|_| self.account.is_some()) {
            let is_plain = state != PresenceState::Away && text.as_str().is_empty();
            self.presence = (!is_plain).then_some((state, text));
        }
    }

    pub(super) fn repeat_presence(&mut self, now: Duration) {
        if let Some((state, text)) = self.presence.clone() {
            let id: RequestId = self.begin(now, Request::Presence);
            self.send(&ClientPacket::SetPresence { id, state, text });
        }
    }
}
