//! A session's device in the hub, with and without a connection.

use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use arc_swap::ArcSwap;
use longhall_packet::{CloseReason, PresenceState, PresenceText, Sanction};
use tokio::time::Instant;

use super::{Hub, Newcomer, Player, SharedName, State};
use crate::news::{Claim, News, ServerId, Shown};
use crate::outbox::Outbox;
use crate::store::{SessionId, UserId};

/// One session of a player who is online.
pub(super) struct Device {
    pub(super) session: SessionId,
    pub(super) place: Place,
    pub(super) state: PresenceState,
    pub(super) text: String,
    /// The store's number of its connection, or of the last one it had.
    pub(super) connection: i64,
}

/// Where a device is.
pub(super) enum Place {
    /// Connected to this server.
    Here(Arc<Outbox>),
    /// Cut, until its grace ends.
    Cut {
        until: Instant,
        /// It was connected here; else to a peer that is silent.
        is_ours: bool,
    },
    /// With a peer, which counts its grace as well.
    On {
        server: ServerId,
        is_connected: bool,
    },
}

impl Place {
    pub(super) fn outbox(&self) -> Option<&Arc<Outbox>> {
        match self {
            Place::Here(outbox) => Some(outbox),
            Place::Cut { .. } | Place::On { .. } => None,
        }
    }

    pub(super) fn is_connected(&self) -> bool {
        match self {
            Place::Here(_) => true,
            Place::Cut { .. } => false,
            Place::On { is_connected, .. } => *is_connected,
        }
    }

    /// Whether this server tells the others of it.
    pub(super) fn is_ours(&self) -> bool {
        match self {
            Place::Here(_) => true,
            Place::Cut { is_ours, .. } => *is_ours,
            Place::On { .. } => false,
        }
    }

    pub(super) fn is_on(&self, peer: ServerId) -> bool {
        match self {
            Place::Here(_) | Place::Cut { .. } => false,
            Place::On { server, .. } => *server == peer,
        }
    }
}

impl Device {
    pub(super) fn claim(&self, user: UserId) -> Claim {
        Claim {
            user,
            session: self.session,
            connection: self.connection,
        }
    }
}

/// A device whose grace ends some time.
pub(super) struct Grace {
    pub(super) until: Instant,
    pub(super) user: UserId,
    pub(super) session: SessionId,
}

/// Keeps a session in the hub. Dropping it means that the connection was cut:
/// the player counts as online for the grace time. After a logout, call
/// [`HubEntry::leave_at_once`] first.
pub(crate) struct HubEntry {
    hub: Hub,
    user: UserId,
    session: SessionId,
    outbox: Arc<Outbox>,
    name: SharedName,
}

impl HubEntry {
    pub(super) fn new(
        hub: Hub,
        user: UserId,
        session: SessionId,
        outbox: Arc<Outbox>,
        name: SharedName,
    ) -> Self {
        Self {
            hub,
            user,
            session,
            outbox,
            name,
        }
    }

    /// The player's name, which may change.
    pub(crate) fn name(&self) -> SharedName {
        Arc::clone(&self.name)
    }

    /// Leaves for good, without a grace time.
    pub(crate) fn leave_at_once(self) {
        let state = &mut *self.hub.lock();
        if state.holds(&self) {
            state.remove_device(self.user, self.session, None);
        }
    }
}

impl Drop for HubEntry {
    fn drop(&mut self) {
        let grace = self.hub.grace();
        let state = &mut *self.hub.lock();
        state.entries -= 1;
        // A later connection of the session may have taken the device over already.
        if !state.holds(self) {
            return;
        }
        if grace.is_zero() {
            state.remove_device(self.user, self.session, None);
        } else {
            state.begin_grace(self.user, self.session, Instant::now() + grace);
        }
    }
}

impl Hub {
    /// Notes what a player says of themselves on one device.
    pub(crate) fn set_presence(
        &self,
        user: UserId,
        session: SessionId,
        presence: PresenceState,
        text: &PresenceText,
    ) {
        let state = &mut *self.lock();
        let player = state.players.get(&user).into_iter();
        let mut devices = player.flat_map(|player| &player.devices);
        let Some(device) = devices.find(|device| device.session == session) else {
            return;
        };
        let claim = device.claim(user);
        let shown = Shown {
            state: presence,
            text: text.as_str().to_owned(),
            guest: state.is_guest(user),
        };
        state.show(claim, shown.clone());
        state.tell_peers(|| News::State { claim, shown });
    }

    /// The sessions of an account that are connected.
    pub(crate) fn sessions(&self, user: UserId) -> Vec<SessionId> {
        let state = self.lock();
        let player = state.players.get(&user).into_iter();
        let devices = player.flat_map(|player| &player.devices);
        let connected = devices.filter(|device| device.place.is_connected());
        connected.map(|device| device.session).collect()
    }

    /// Ends sessions of an account at once, their connections with `reason`.
    pub(crate) fn end_sessions(&self, user: UserId, ended: &[SessionId], reason: CloseReason) {
        self.end(user, Some(ended.to_vec()), reason, None);
    }

    /// Ends all sessions of an account at once, their connections with `reason`.
    pub(crate) fn close(&self, user: UserId, reason: CloseReason) {
        self.end(user, None, reason, None);
    }

    /// As [`Hub::close`], for a kick or a ban, with what it says.
    pub(crate) fn close_saying(&self, user: UserId, reason: CloseReason, sanction: &Sanction) {
        let text: Arc<str> = reason.text_of(sanction).into();
        self.end(user, None, reason, Some(&text));
    }

    fn end(
        &self,
        user: UserId,
        ended: Option<Vec<SessionId>>,
        reason: CloseReason,
        text: Option<&Arc<str>>,
    ) {
        let state = &mut *self.lock();
        let numbers = |ended: &Vec<SessionId>| ended.iter().map(|session| session.0).collect();
        let sessions = ended.as_ref().map(numbers);
        state.end_sessions(user, ended, reason, text);
        state.tell_peers(|| News::Ended {
            user,
            sessions,
            reason: reason.name().to_owned(),
            text: text.map(ToString::to_string),
        });
    }
}

impl State {
    fn holds(&self, entry: &HubEntry) -> bool {
        let player = self.players.get(&entry.user);
        let outboxes = player.into_iter().flat_map(Player::outboxes);
        outboxes
            .into_iter()
            .any(|outbox| Arc::ptr_eq(outbox, &entry.outbox))
    }

    /// Whether a later connection has had the session's device.
    pub(super) fn is_overtaken(&self, who: &Newcomer) -> bool {
        let player = self.players.get(&who.user).into_iter();
        let mut devices = player.flat_map(|player| &player.devices);
        devices.any(|device| device.session == who.session && device.connection > who.connection)
    }

    pub(super) fn device_mut(&mut self, claim: Claim) -> Option<&mut Device> {
        let player = self.players.get_mut(&claim.user)?;
        let mut devices = player.devices.iter_mut();
        devices.find(|device| device.session == claim.session)
    }

    /// Shows what a player says of themselves on a device.
    pub(super) fn show(&mut self, claim: Claim, shown: Shown) {
        let (before, said) = self.shown(claim.user);
        let before = (before, said.to_owned());
        if let Some(device) = self.device_mut(claim) {
            (device.state, device.text) = (shown.state, shown.text);
        }
        self.note_state(claim.user, &before);
    }

    /// Gives a session a device, or its old one back.
    pub(super) fn add_device(&mut self, who: &Newcomer) {
        let place = Place::Here(Arc::clone(&who.outbox));
        let player = self.add_player(who.user, &who.username, &who.name_key);
        player.is_guest = who.is_guest;
        // On another device the whispers that are in the store already may be on their way.
        if player.outboxes().next().is_none() {
            player.last_whisper = player.last_whisper.max(who.last_whisper);
        }
        let mut devices = player.devices.iter_mut();
        if let Some(device) = devices.find(|device| device.session == who.session) {
            device.connection = who.connection;
            if let Place::Here(before) = std::mem::replace(&mut device.place, place) {
                before.close(CloseReason::LoggedInElsewhere);
            }
        } else {
            let device = Device {
                session: who.session,
                place,
                state: PresenceState::Online,
                text: String::new(),
                connection: who.connection,
            };
            self.push_device(who.user, device);
        }
        self.set_blocked(who.user, who.blocked.iter().copied().collect());
    }

    pub(super) fn push_device(&mut self, user: UserId, device: Device) {
        if let Some(player) = self.players.get_mut(&user) {
            player.devices.push(device);
            // Of several, servers show the same one.
            if self.peers.is_some() {
                player
                    .devices
                    .sort_unstable_by_key(|device| device.session.0);
            }
        }
    }

    /// The player of an account, who has no device yet if they were not online.
    pub(super) fn add_player(
        &mut self,
        user: UserId,
        username: &str,
        name_key: &str,
    ) -> &mut Player {
        match self.players.entry(user) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                self.names.insert(name_key.to_owned(), user);
                entry.insert(Player {
                    username: username.to_owned(),
                    shared_name: Arc::new(ArcSwap::from_pointee(username.to_owned())),
                    name_key: name_key.to_owned(),
                    // Few play on two devices at once.
                    devices: Vec::with_capacity(1),
                    channels: Vec::new(),
                    blocked: Arc::default(),
                    last_whisper: 0,
                    is_guest: false,
                })
            }
        }
    }

    /// Takes the connection from a device and keeps the device for a while.
    fn begin_grace(&mut self, user: UserId, session: SessionId, until: Instant) {
        let Some(player) = self.players.get_mut(&user) else {
            return;
        };
        let mut devices = player.devices.iter_mut();
        let Some(device) = devices.find(|device| device.session == session) else {
            return;
        };
        let cut = Place::Cut {
            until,
            is_ours: true,
        };
        let before = std::mem::replace(&mut device.place, cut);
        let claim = device.claim(user);
        if let Place::Here(outbox) = before {
            self.forget_outbox(user, &outbox);
        }
        self.graces.push_back(Grace {
            until,
            user,
            session,
        });
        self.tell_peers(|| News::Cut(claim));
    }

    /// Delivers nothing more to a connection.
    pub(super) fn forget_outbox(&mut self, user: UserId, outbox: &Arc<Outbox>) {
        let player = self.players.get(&user).into_iter();
        for channel in player.flat_map(|player| &player.channels) {
            if let Some(live) = self.channels.get_mut(channel) {
                live.forget_listeners(|listener| Arc::ptr_eq(&listener.outbox, outbox));
            }
        }
    }

    /// Ends sessions of an account, or all of them.
    pub(super) fn end_sessions(
        &mut self,
        user: UserId,
        ended: Option<Vec<SessionId>>,
        reason: CloseReason,
        text: Option<&Arc<str>>,
    ) {
        self.arrivals.note_user(user);
        let ended = ended.unwrap_or_else(|| {
            let player = self.players.get(&user).into_iter();
            let devices = player.flat_map(|player| &player.devices);
            devices.map(|device| device.session).collect()
        });
        for session in ended {
            if let Some(text) = text {
                let player = self.players.get(&user).into_iter();
                let mut devices = player.flat_map(|player| &player.devices);
                let device = devices.find(|device| device.session == session);
                if let Some(outbox) = device.and_then(|device| device.place.outbox()) {
                    outbox.close_saying(reason, text);
                }
            }
            self.remove_device(user, session, Some(reason));
        }
    }

    /// Takes a device away at once; with the last one the player is offline.
    pub(super) fn remove_device(
        &mut self,
        user: UserId,
        session: SessionId,
        reason: Option<CloseReason>,
    ) {
        let Some(player) = self.players.get_mut(&user) else {
            return;
        };
        let Some(at) = player
            .devices
            .iter()
            .position(|device| device.session == session)
        else {
            return;
        };
        let (before, said) = player.shown();
        let before = (before, said.to_owned());
        let device = player.devices.remove(at);
        let is_offline = player.devices.is_empty();
        if let Some(outbox) = device.place.outbox() {
            if let Some(reason) = reason {
                outbox.close(reason);
            }
            self.forget_outbox(user, outbox);
        }
        if device.place.is_ours() {
            self.tell_peers(|| News::Gone(device.claim(user)));
        }
        if is_offline {
            self.forget_player(user, &before);
        } else {
            self.forget_blocks_of_absent(user);
            self.note_state(user, &before);
        }
    }

    fn forget_player(&mut self, user: UserId, before: &(PresenceState, String)) {
        self.set_blocked(user, HashSet::new());
        let Some(player) = self.players.remove(&user) else {
            return;
        };
        self.names.remove(&player.name_key);
        for channel in player.channels {
            let who = (player.username.as_str(), player.is_guest);
            self.note_offline(channel, user, who, before);
            self.leave_channel(channel, user);
            self.close_if_empty(channel);
        }
    }

    /// Takes the devices away whose grace is over.
    pub(super) fn end_graces(&mut self, now: Instant) {
        while self.graces.front().is_some_and(|grace| grace.until <= now) {
            let Some(grace) = self.graces.pop_front() else {
                return;
            };
            // It may have been taken again, and even cut again, meanwhile.
            let player = self.players.get(&grace.user);
            let devices = player.into_iter().flat_map(|player| &player.devices);
            let mut cut_devices = devices.filter(|device| device.session == grace.session);
            let is_over = |device: &Device| match device.place {
                Place::Cut { until, .. } => until <= now,
                Place::Here(_) | Place::On { .. } => false,
            };
            if cut_devices.any(is_over) {
                self.remove_device(grace.user, grace.session, None);
            }
        }
    }
}
