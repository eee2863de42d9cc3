//! A channel that somebody online is in.

use std::collections::HashMap;
use std::sync::Arc;

use longhall_packet::{ChannelName, PresenceState, Role, Seq};

use super::State;
use crate::outbox::Outbox;
use crate::store::{Channel, ChannelId, UserId};

/// Changes named in one packet of presence; of more only the counts are told.
pub(super) const MAX_NAMED: usize = 50;

pub(super) struct Room {
    pub(super) channel: ChannelName,
    /// The same, as packets have it.
    pub(super) name: Arc<str>,
    pub(super) is_lobby: bool,
    /// The newest number among the lines that were delivered.
    pub(super) last_seq: Seq,
    /// Accounts that are members. Not counted in the lobby.
    pub(super) members: u32,
    /// The members who are online.
    pub(super) present: HashMap<UserId, Role>,
    /// Their connections, in one row: delivering a line walks along it.
    pub(super) listeners: Vec<Listener>,
    pub(super) news: News,
}

/// A connection that gets the lines of a channel.
pub(super) struct Listener {
    pub(super) user: UserId,
    pub(super) outbox: Arc<Outbox>,
}

/// Who came, went or changed since it was told last.
#[derive(Default)]
pub(super) struct News {
    pub(super) of: HashMap<UserId, Tidings>,
    /// More happened than is named.
    pub(super) is_partial: bool,
    /// Whether the room is in the list of those with news.
    pub(super) is_listed: bool,
}

/// How it stood with somebody when it was told last, and whether they are in the
/// channel now.
pub(super) struct Tidings {
    pub(super) username: String,
    pub(super) role: Role,
    pub(super) was_member: bool,
    pub(super) is_member: bool,
    pub(super) was: (PresenceState, String),
}

impl Room {
    pub(super) fn new(channel: &Channel, members: u32) -> Self {
        Self {
            channel: channel.name.clone(),
            name: channel.name.as_str().into(),
            is_lobby: channel.is_lobby,
            last_seq: channel.last_seq,
            members,
            present: HashMap::new(),
            listeners: Vec::new(),
            news: News::default(),
        }
    }

    /// Members, and those of them who are online.
    pub(super) fn counts(&self) -> (u32, u32) {
        let online = u32::try_from(self.present.len()).unwrap_or(u32::MAX);
        let members = if self.is_lobby { online } else { self.members };
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
        self.note(user, username, role, true, false, was);
    }

    /// Notes a change, on top of what was noted since it was told last.
    pub(super) fn note(
        &mut self,
        user: UserId,
        username: &str,
        role: Role,
        was_member: bool,
        is_member: bool,
        was: (PresenceState, String),
    ) {
        if self.news.is_partial {
            return;
        }
        let tidings = self.news.of.entry(user).or_insert_with(|| Tidings {
            username: username.to_owned(),
            role,
            was_member,
            is_member,
            was,
        });
        tidings.role = role;
        tidings.is_member = is_member;
        if self.news.of.len() > MAX_NAMED {
            self.note_unnamed();
        }
    }

    /// Notes that more happened than will be named.
    pub(super) fn note_unnamed(&mut self) {
        self.news.is_partial = true;
        self.news.of = HashMap::new();
    }
}

impl State {
    /// The room of a channel, new if nobody was in it.
    pub(super) fn open_room(&mut self, channel: &Channel, members: u32) {
        self.room_names.insert(channel.name.clone(), channel.id);
        self.rooms
            .entry(channel.id)
            .or_insert_with(|| Room::new(channel, members));
    }

    pub(super) fn close_if_empty(&mut self, channel: ChannelId) {
        let Some(room) = self.rooms.get(&channel) else {
            return;
        };
        if channel == self.lobby || !room.present.is_empty() {
            return;
        }
        // Who is on the way may rely on what the room knew.
        self.arrivals.note_room(channel);
        if let Some(room) = self.rooms.remove(&channel)
            && self.room_names.get(&room.channel) == Some(&channel)
        {
            self.room_names.remove(&room.channel);
        }
    }

    /// Has all connections of a player listen to a channel.
    pub(super) fn enter_room(&mut self, channel: ChannelId, user: UserId, role: Role) {
        let (Some(player), Some(room)) =
            (self.players.get_mut(&user), self.rooms.get_mut(&channel))
        else {
            return;
        };
        if !player.rooms.contains(&channel) {
            player.rooms.push(channel);
        }
        room.present.insert(user, role);
        room.forget_listeners(|listener| listener.user == user);
        for outbox in player.outboxes() {
            room.listen(user, outbox);
        }
    }

    pub(super) fn leave_room(&mut self, channel: ChannelId, user: UserId) {
        if let Some(player) = self.players.get_mut(&user) {
            player.rooms.retain(|room| *room != channel);
        }
        if let Some(room) = self.rooms.get_mut(&channel) {
            room.present.remove(&user);
            room.forget_listeners(|listener| listener.user == user);
        }
    }
}
