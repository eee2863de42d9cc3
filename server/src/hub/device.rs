//! A session's device in the hub, with and without a connection.

use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use longhall_packet::{CloseReason, PresenceState};
use tokio::time::Instant;

use super::{Hub, Newcomer, Player, State};
use crate::outbox::Outbox;
use crate::store::{SessionId, UserId};

/// One session of a player who is online.
pub(super) struct Device {
    pub(super) session: SessionId,
    /// `None` after a cut, while the grace lasts.
    pub(super) outbox: Option<Arc<Outbox>>,
    pub(super) state: PresenceState,
    pub(super) text: String,
    /// The number of its connection, or of the last one it had.
    connection: u64,
    /// When the grace ends, of a cut that is not over.
    grace_until: Option<Instant>,
}

/// A device whose grace ends some time.
pub(super) struct Grace {
    pub(super) until: Instant,
    user: UserId,
    session: SessionId,
}

/// Keeps a session in the hub. Dropping it means that the connection was cut:
/// the player counts as online for the grace time. After a logout, call
/// [`HubEntry::leave_at_once`] first.
pub(crate) struct HubEntry {
    hub: Hub,
    user: UserId,
    session: SessionId,
    outbox: Arc<Outbox>,
}

impl HubEntry {
    pub(super) fn new(hub: Hub, user: UserId, session: SessionId, outbox: Arc<Outbox>) -> Self {
        Self {
            hub,
            user,
            session,
            outbox,
        }
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
        let grace = self.hub.shared.grace;
        let state = &mut *self.hub.lock();
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

    /// Gives a session a device, or its old one back.
    pub(super) fn add_device(&mut self, who: &Newcomer) {
        let player = match self.players.entry(who.user) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                self.names.insert(who.name_key.clone(), who.user);
                entry.insert(Player {
                    username: who.username.clone(),
                    name_key: who.name_key.clone(),
                    // Few play on two devices at once.
                    devices: Vec::with_capacity(1),
                    channels: Vec::new(),
                    blocked: Arc::default(),
                })
            }
        };
        let outbox = Some(Arc::clone(&who.outbox));
        let devices = &mut player.devices;
        if let Some(device) = devices
            .iter_mut()
            .find(|device| device.session == who.session)
        {
            device.grace_until = None;
            device.connection = who.connection;
            if let Some(before) = std::mem::replace(&mut device.outbox, outbox) {
                before.close(CloseReason::LoggedInElsewhere);
            }
        } else {
            devices.push(Device {
                session: who.session,
                outbox,
                state: PresenceState::Online,
                text: String::new(),
                connection: who.connection,
                grace_until: None,
            });
        }
        self.set_blocked(who.user, who.blocked.iter().copied().collect());
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
        device.grace_until = Some(until);
        if let Some(outbox) = device.outbox.take() {
            for channel in &player.channels {
                if let Some(live) = self.channels.get_mut(channel) {
                    live.forget_listeners(|listener| Arc::ptr_eq(&listener.outbox, &outbox));
                }
            }
        }
        self.graces.push_back(Grace {
            until,
            user,
            session,
        });
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
        if let Some(outbox) = device.outbox {
            if let Some(reason) = reason {
                outbox.close(reason);
            }
            for channel in &player.channels {
                if let Some(live) = self.channels.get_mut(channel) {
                    live.forget_listeners(|listener| Arc::ptr_eq(&listener.outbox, &outbox));
                }
            }
        }
        if is_offline {
            self.forget_player(user, &before);
        } else {
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
            self.note_offline(channel, user, &player.username, before);
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
            let is_over = |device: &Device| device.grace_until.is_some_and(|until| until <= now);
            if cut_devices.any(is_over) {
                self.remove_device(grace.user, grace.session, None);
            }
        }
    }
}
