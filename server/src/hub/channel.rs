//! A channel that somebody online is in.

use std::collections::HashMap;
use std::sync::Arc;

use longhall_packet::{Access, ChannelName, PresenceState, Role, Seq, ServerPacket, Speech};

use super::State;
use super::turns::Turns;
use crate::outbox::Outbox;
use crate::store::{Channel, ChannelId, UserId};

/// Changes named in one packet of presence; of more only the counts are told.
pub(super) const MAX_NAMED: usize = 50;

pub(super) struct LiveChannel {
    pub(super) channel: ChannelName,
    /// The same, as packets have it.
    pub(super) name: Arc<str>,
    /// Which hall of the lobby it is.
    pub(super) hall: Option<u32>,
    /// The newest number among the lines that were delivered.
    pub(super) last_seq: Seq,
    /// What its members here know it to be about, and who may join. `None` where nobody
    /// knows, or nobody may miss a change: on the one server there is.
    pub(super) about: Option<(String, Access)>,
    /// How lines are held in check there.
    pub(super) speech: Speech,
    pub(super) turns: Turns,
    /// Accounts that are members. Not counted in the lobby.
    pub(super) members: u32,
    /// The members who are online.
    pub(super) present: HashMap<UserId, Role>,
    /// Their connections, in one row: delivering a line walks along it.
    pub(super) listeners: Vec<Listener>,
    pub(super) delta: PresenceDelta,
}

/// A connection that gets the lines of a channel.
pub(super) struct Listener {
    pub(super) user: UserId,
    pub(super) outbox: Arc<Outbox>,
}

/// Members who came, went or changed since it was told last.
#[derive(Default)]
pub(super) struct PresenceDelta {
    pub(super) of: HashMap<UserId, MemberDelta>,
    /// More happened than is named.
    pub(super) is_partial: bool,
    /// Whether the channel is in the list of those with changes.
    pub(super) is_listed: bool,
}

/// How it stood with somebody when it was told last, and whether they are in the
/// channel now.
pub(super) struct MemberDelta {
    pub(super) username: String,
    pub(super) role: Role,
    pub(super) was_member: bool,
    pub(super) is_member: bool,
    pub(super) was: (PresenceState, String),
    pub(super) was_guest: bool,
}

/// Where somebody went about whom something is to be told. Members of the lobby are
/// those who are online.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// They are a member now.
    In,
    /// They are no member any more.
    Out,
    /// They were a member and still are.
    Stays,
}

impl LiveChannel {
    pub(super) fn new(
        channel: ChannelName,
        hall: Option<u32>,
        last_seq: Seq,
        members: u32,
    ) -> Self {
        Self {
            name: channel.as_str().into(),
            channel,
            hall,
            last_seq,
            about: None,
            speech: Speech::default(),
            turns: Turns::default(),
            members,
            present: HashMap::new(),
            listeners: Vec::new(),
            delta: PresenceDelta::default(),
        }
    }

    /// Whether it is the lobby, in one of its halls.
    pub(super) fn is_lobby(&self) -> bool {
        self.hall.is_some()
    }

    /// What somebody may do there who is there.
    pub(super) fn role_of(&self, user: UserId) -> Role {
        self.present.get(&user).copied().unwrap_or(Role::Member)
    }

    /// Members, and those of them who are online.
    pub(super) fn counts(&self) -> (u32, u32) {
        let online = u32::try_from(self.present.len()).unwrap_or(u32::MAX);
        let members = if self.is_lobby() {
            online
        } else {
            self.members
        };
        (members, online)
    }

    pub(super) fn listen(&mut self, user: UserId, outbox: &Arc<Outbox>) {
        let outbox = Arc::clone(outbox);
        self.listeners.push(Listener { user, outbox });
    }

    pub(super) fn forget_listeners(&mut self, which: impl Fn(&Listener) -> bool) {
        self.listeners.retain(|listener| !which(listener));
        if self.listeners.is_empty() {
            self.listeners = Vec::new();
        }
    }

    /// Notes that somebody left the channel; in the lobby, that they are offline.
    pub(super) fn note_left(&mut self, user: UserId, username: &str, role: Role) {
        let was = (PresenceState::Offline, String::new());
        self.note(user, username, role, Moved::Out, (was, false));
    }

    /// Notes a change, on top of what was noted since it was told last.
    pub(super) fn note(
        &mut self,
        user: UserId,
        username: &str,
        role: Role,
        moved: Moved,
        (was, was_guest): ((PresenceState, String), bool),
    ) {
        if self.delta.is_partial {
            return;
        }
        let delta = self.delta.of.entry(user).or_insert_with(|| MemberDelta {
            username: username.to_owned(),
            role,
            was_member: moved != Moved::In,
            is_member: moved != Moved::Out,
            was,
            was_guest,
        });
        delta.role = role;
        delta.is_member = moved != Moved::Out;
        if self.delta.of.len() > MAX_NAMED {
            self.note_unnamed();
        }
    }

    /// Notes that more happened than will be named.
    pub(super) fn note_unnamed(&mut self) {
        self.delta.is_partial = true;
        self.delta.of = HashMap::new();
    }
}

impl State {
    /// Keeps a channel while somebody is in it.
    pub(super) fn open_channel(&mut self, channel: &Channel, members: u32) {
        self.channel_ids.insert(channel.name.clone(), channel.id);
        if let Some(hall) = channel.hall {
            self.halls.insert(hall, channel.id);
        }
        self.channels.entry(channel.id).or_insert_with(|| {
            let name = channel.name.clone();
            let mut live = LiveChannel::new(name, channel.hall, channel.last_seq, members);
            live.speech = channel.speech;
            live
        });
        if let Some(live) = self.channels.get_mut(&channel.id)
            && live.listeners.is_empty()
            && self.peers.is_some()
        {
            // Known from peers alone, or new.
            live.members = members;
            live.about = Some((channel.topic.clone(), channel.access));
            live.speech = channel.speech;
        }
        self.stand_at(channel.id, channel.last_seq);
    }

    /// Notes that a channel's members here are told what it is about.
    pub(super) fn note_about(&mut self, channel: ChannelId, packet: &ServerPacket) {
        if let ServerPacket::ChannelChanged {
            topic,
            access,
            speech,
            ..
        } = packet
            && let Some(live) = self.channels.get_mut(&channel)
        {
            live.speech = *speech;
            live.turns.set(*speech);
            if self.peers.is_some() {
                live.about = Some((topic.clone(), *access));
            }
        }
    }

    /// Notes the newest number that the store knew, for a channel that nobody listens
    /// to yet: the lines up to there will not be delivered.
    pub(super) fn stand_at(&mut self, channel: ChannelId, last_seq: Seq) {
        if let Some(live) = self.channels.get_mut(&channel)
            && live.listeners.is_empty()
        {
            live.last_seq = live.last_seq.max(last_seq);
        }
    }

    /// Takes somebody out of a channel who turns out not to be in it.
    pub(super) fn drop_from_channel(&mut self, channel: ChannelId, user: UserId) {
        self.leave_channel(channel, user);
        if let Some(live) = self.channels.get_mut(&channel) {
            live.note_unnamed();
        }
        self.mark_changed(channel);
        self.close_if_empty(channel);
    }

    pub(super) fn close_if_empty(&mut self, channel: ChannelId) {
        let Some(live) = self.channels.get(&channel) else {
            return;
        };
        if channel == self.lobby || !live.present.is_empty() {
            return;
        }
        // A session on its way may rely on what was known here.
        self.arrivals.note_channel(channel);
        if let Some(live) = self.channels.remove(&channel)
            && self.channel_ids.get(&live.channel) == Some(&channel)
        {
            self.channel_ids.remove(&live.channel);
        }
        self.halls.retain(|_, hall| *hall != channel);
    }

    /// Has all connections of a player listen to a channel.
    pub(super) fn enter_channel(&mut self, channel: ChannelId, user: UserId, role: Role) {
        let (Some(player), Some(live)) =
            (self.players.get_mut(&user), self.channels.get_mut(&channel))
        else {
            return;
        };
        if !player.channels.contains(&channel) {
            player.channels.push(channel);
        }
        live.present.insert(user, role);
        live.forget_listeners(|listener| listener.user == user);
        for outbox in player.outboxes() {
            live.listen(user, outbox);
        }
    }

    pub(super) fn leave_channel(&mut self, channel: ChannelId, user: UserId) {
        if let Some(player) = self.players.get_mut(&user) {
            player.channels.retain(|listed| *listed != channel);
        }
        if let Some(live) = self.channels.get_mut(&channel) {
            live.present.remove(&user);
            live.forget_listeners(|listener| listener.user == user);
        }
    }
}
