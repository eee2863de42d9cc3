//! Players who are online, the channels they are in, and delivery to them.
//!
//! # Order
//!
//! The order of a channel's lines is made in one place: the
//! [`chat_log`](crate::chat_log) task has the store number them, and it alone
//! calls [`Hub::publish`], batch after batch. Publishing puts them into the
//! outboxes of all listeners under the hub's one lock; an outbox is a queue. So
//! everybody gets the lines of a channel by rising numbers.
//!
//! A player who logs in or joins starts to listen under the same lock that reads
//! the channel's newest number for the answer: each line with a greater number
//! arrives by itself. The store's answers before that may be out of date by then;
//! [`Arrivals`] tells, and the store is asked again.
//!
//! # Who is online
//!
//! A player has a device per session. A device whose connection was cut stays for
//! a grace time, so that the others see nothing of it when the session is resumed
//! meanwhile. A player without a device is offline and forgotten, as is a channel
//! without a player; the lobby stays.
//!
//! The one lock is held for some map operations or one round of queueing, never
//! across an `.await`; an outbox's lock may be taken inside it, never the other
//! way round.

mod arrivals;
mod blocks;
mod channel;
mod delivery;
mod device;
mod peers;
pub(crate) mod presence;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use longhall_packet::{
    ChannelName, ChannelState, CloseReason, PresenceState, PresenceText, RequestId, Role, Seq,
    ServerPacket,
};
use tokio::time::Instant;

use arrivals::Arrivals;
pub(crate) use arrivals::{Arrival, Stale};
use channel::{LiveChannel, Moved};
pub(crate) use delivery::PublishedLine;
pub(crate) use device::HubEntry;
use device::{Device, Grace};
pub(crate) use longhall_world::records::hidden;

use crate::frames::encode;
use crate::outbox::Outbox;
use crate::store::{Channel, ChannelId, Membership, SessionId, UserId};

/// Everyone logged in to this process. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    /// See [`Config::grace`](crate::Config::grace).
    grace: Duration,
    /// Until then, a player who resumes was online before the server's restart.
    restarted_until: Instant,
    state: Mutex<State>,
}

struct State {
    players: HashMap<UserId, Player>,
    /// The players by their name keys, for finding and listing them.
    names: BTreeMap<String, UserId>,
    lobby: ChannelId,
    channels: HashMap<ChannelId, LiveChannel>,
    channel_ids: HashMap<ChannelName, ChannelId>,
    /// Players blocked by others who are online, and by whom.
    blockers: HashMap<UserId, HashSet<UserId>>,
    /// Places without a connection, in the order in which their grace ends.
    graces: VecDeque<Grace>,
    /// Channels with changes of presence to tell.
    with_changes: Vec<ChannelId>,
    arrivals: Arrivals,
}

/// An account that is online.
struct Player {
    username: String,
    name_key: String,
    /// One for each session; never empty.
    devices: Vec<Device>,
    /// The channels it is in, the lobby among them.
    channels: Vec<ChannelId>,
    blocked: Arc<HashSet<UserId>>,
}

impl Player {
    fn outboxes(&self) -> impl Iterator<Item = &Arc<Outbox>> {
        self.devices
            .iter()
            .filter_map(|device| device.outbox.as_ref())
    }

    /// How others see it: at the keyboard if it is on any device.
    fn shown(&self) -> (PresenceState, &str) {
        let online = |device: &&Device| device.state == PresenceState::Online;
        let device = self.devices.iter().find(online).or(self.devices.first());
        device.map_or((PresenceState::Offline, ""), |device| {
            (device.state, device.text.as_str())
        })
    }
}

/// A player who logs in, as the store knows them.
pub(crate) struct Newcomer {
    pub(crate) user: UserId,
    pub(crate) username: String,
    pub(crate) name_key: String,
    pub(crate) session: SessionId,
    /// Its number: later connections have greater ones.
    pub(crate) connection: u64,
    pub(crate) outbox: Arc<Outbox>,
    /// The channels it is in, the lobby among them.
    pub(crate) memberships: Vec<Membership>,
    pub(crate) blocked: Vec<UserId>,
    /// Whether it came by a resume, not a login.
    pub(crate) resumed: bool,
}

/// An account as the roster of the lobby shows it.
pub(crate) struct RosterEntry {
    pub(crate) username: String,
    pub(crate) state: PresenceState,
    pub(crate) text: String,
}

impl Hub {
    pub(crate) fn new(lobby: &Channel, grace: Duration) -> Self {
        let mut state = State {
            players: HashMap::new(),
            names: BTreeMap::new(),
            lobby: lobby.id,
            channels: HashMap::new(),
            channel_ids: HashMap::new(),
            blockers: HashMap::new(),
            graces: VecDeque::new(),
            with_changes: Vec::new(),
            arrivals: Arrivals::default(),
        };
        state.open_channel(lobby, 0);
        Self {
            shared: Arc::new(Shared {
                grace,
                restarted_until: Instant::now() + grace,
                state: Mutex::new(state),
            }),
        }
    }

    /// Starts to watch for changes. To be called before the store is asked what
    /// [`Hub::enter`] or [`Hub::join`] is given.
    pub(crate) fn arrive(&self) -> Arrival {
        Arrival::begin(self.clone(), &mut self.lock().arrivals)
    }

    /// Puts a session into the hub and sends it what `welcome` makes of its
    /// channels and of the newest number of its inbox that was delivered
    /// meanwhile, ahead of everything else. An older connection of the same
    /// session is told to close as [`CloseReason::LoggedInElsewhere`].
    ///
    /// # Errors
    /// [`Stale`] when `who` may be out of date: ask the store again. Also when a
    /// later connection of the session was here: its client has given this one up.
    /// Nothing has been changed then.
    pub(crate) fn enter(
        &self,
        arrival: &Arrival,
        who: &Newcomer,
        welcome: impl FnOnce(Vec<ChannelState>, Seq) -> ServerPacket,
    ) -> Result<HubEntry, Stale> {
        let state = &mut *self.lock();
        let channels = who.memberships.iter().map(|m| m.channel.id);
        state.arrivals.check(arrival, Some(who.user), channels)?;

        if state.is_overtaken(who) {
            return Err(Stale);
        }

        let is_new = !state.players.contains_key(&who.user);
        state.add_device(who);
        // After a restart everybody comes back; that is no news of theirs.
        let quietly = who.resumed && Instant::now() < self.shared.restarted_until;
        for membership in &who.memberships {
            state.open_channel(&membership.channel, membership.members);
            state.enter_channel(membership.channel.id, who.user, membership.role);
            if is_new {
                state.note_online(membership.channel.id, who.user, quietly);
            }
        }
        let seen = who.memberships.iter();
        let seen = seen
            .map(|membership| state.as_seen_by(membership))
            .collect();
        let (last_whisper, invitations) = state.arrivals.missed_by(who.user);
        who.outbox.push(encode(&welcome(seen, last_whisper)));
        for invitation in invitations {
            who.outbox.push(invitation);
        }
        Ok(HubEntry::new(
            self.clone(),
            who.user,
            who.session,
            Arc::clone(&who.outbox),
        ))
    }

    /// Has a player who just became a member listen to a channel. All their
    /// sessions are told, `asker` as the answer to request `id`.
    ///
    /// # Errors
    /// [`Stale`] when `membership` may be out of date: ask the store again.
    pub(crate) fn join(
        &self,
        arrival: &Arrival,
        user: UserId,
        membership: &Membership,
        asker: &Arc<Outbox>,
        id: RequestId,
    ) -> Result<(), Stale> {
        let state = &mut *self.lock();
        let channel = membership.channel.id;
        state.arrivals.check(arrival, None, [channel])?;
        // A session that is entering has read the channels without this one.
        state.arrivals.note_user(user);
        if state.players.contains_key(&user) {
            state.open_channel(&membership.channel, membership.members);
            state.enter_channel(channel, user, membership.role);
        }
        match state.channels.get_mut(&channel) {
            Some(live) => live.members = membership.members,
            None => state.arrivals.note_channel(channel),
        }
        state.note_member(channel, user, membership.role, Moved::In);
        let joined = |id| {
            let channel = state.as_seen_by(membership);
            encode(&ServerPacket::Joined { id, channel })
        };
        asker.push(joined(Some(id)));
        state.tell(user, Some(asker), &joined(None));
        Ok(())
    }

    /// A channel as one of its members sees it now.
    pub(crate) fn see(&self, membership: &Membership) -> ChannelState {
        self.lock().as_seen_by(membership)
    }

    /// Takes somebody, online or not, out of a channel; their sessions get
    /// `left`.
    pub(crate) fn leave(
        &self,
        user: UserId,
        username: &str,
        role: Role,
        channel: ChannelId,
        left: &ServerPacket,
    ) {
        let state = &mut *self.lock();
        state.arrivals.note_user(user);
        match state.channels.get_mut(&channel) {
            Some(live) => {
                live.members = live.members.saturating_sub(1);
                live.note_left(user, username, role);
            }
            None => state.arrivals.note_channel(channel),
        }
        state.leave_channel(channel, user);
        state.mark_changed(channel);
        state.tell(user, None, &encode(left));
        state.close_if_empty(channel);
    }

    /// Notes a member's role, and tells the channel.
    pub(crate) fn set_role(
        &self,
        channel: ChannelId,
        user: UserId,
        role: Role,
        packet: &ServerPacket,
    ) {
        let packet = encode(packet);
        let state = &mut *self.lock();
        state.arrivals.note_user(user);
        let live = state.channels.get_mut(&channel);
        if let Some(present) = live.and_then(|live| live.present.get_mut(&user)) {
            *present = role;
        }
        state.announce(channel, &packet);
    }

    /// Notes what a player says of themselves on one device.
    pub(crate) fn set_presence(
        &self,
        user: UserId,
        session: SessionId,
        presence: PresenceState,
        text: &PresenceText,
    ) {
        let state = &mut *self.lock();
        let Some(player) = state.players.get_mut(&user) else {
            return;
        };
        let (before, said) = player.shown();
        let before = (before, said.to_owned());
        if let Some(device) = player
            .devices
            .iter_mut()
            .find(|device| device.session == session)
        {
            device.state = presence;
            device.text = text.as_str().to_owned();
        }
        state.note_state(user, &before);
    }

    /// The channel of this name, if the player is in it. Does not ask the store.
    pub(crate) fn channel_of(
        &self,
        user: UserId,
        name: &ChannelName,
    ) -> Option<(ChannelId, Arc<str>)> {
        let state = self.lock();
        let id = state.channel_ids.get(name)?;
        let live = state.channels.get(id)?;
        live.present
            .contains_key(&user)
            .then(|| (*id, Arc::clone(&live.name)))
    }

    /// The player of this name, if there is one online, and whether a connection
    /// of theirs is there to take a whisper.
    pub(crate) fn player(&self, name_key: &str) -> Option<(UserId, String, bool)> {
        let state = self.lock();
        let user = *state.names.get(name_key)?;
        let player = state.players.get(&user)?;
        let is_there = player.outboxes().next().is_some();
        Some((user, player.username.clone(), is_there))
    }

    /// How an account is shown to `reader`.
    pub(crate) fn shown_to(&self, reader: UserId, user: UserId) -> (PresenceState, String) {
        let state = self.lock();
        if state.has_blocked(reader, user) {
            return (PresenceState::Offline, String::new());
        }
        let (presence, text) = state.shown(user);
        (presence, text.to_owned())
    }

    /// Players online behind a name key, in the order of name keys, without those
    /// that `reader` has blocked.
    pub(crate) fn online(
        &self,
        reader: UserId,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<RosterEntry> {
        use std::ops::Bound;
        let state = self.lock();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let names = state.names.range::<str, _>((start, Bound::Unbounded));
        let players = names.filter(|(_, user)| !state.has_blocked(reader, **user));
        let players = players.filter_map(|(_, user)| state.players.get(user));
        let shown = players.take(limit).map(|player| {
            let (presence, text) = player.shown();
            RosterEntry {
                username: player.username.clone(),
                state: presence,
                text: text.to_owned(),
            }
        });
        shown.collect()
    }

    /// The sessions of an account that are connected.
    pub(crate) fn sessions(&self, user: UserId) -> Vec<SessionId> {
        let state = self.lock();
        let player = state.players.get(&user).into_iter();
        let devices = player.flat_map(|player| &player.devices);
        let connected = devices.filter(|device| device.outbox.is_some());
        connected.map(|device| device.session).collect()
    }

    /// Ends sessions of an account at once, their connections with `reason`.
    pub(crate) fn end_sessions(&self, user: UserId, ended: &[SessionId], reason: CloseReason) {
        let state = &mut *self.lock();
        state.arrivals.note_user(user);
        for &session in ended {
            state.remove_device(user, session, Some(reason));
        }
    }

    /// Ends all sessions of an account at once, their connections with `reason`.
    pub(crate) fn close(&self, user: UserId, reason: CloseReason) {
        let state = &mut *self.lock();
        state.arrivals.note_user(user);
        let player = state.players.get(&user).into_iter();
        let sessions: Vec<_> = player.flat_map(|p| &p.devices).map(|s| s.session).collect();
        for session in sessions {
            state.remove_device(user, session, Some(reason));
        }
    }

    /// How many players are online.
    pub(crate) fn len(&self) -> usize {
        self.lock().players.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding it; the maps are sound in any case.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn shown(&self, user: UserId) -> (PresenceState, &str) {
        self.players
            .get(&user)
            .map_or((PresenceState::Offline, ""), Player::shown)
    }

    /// What a member is told of a channel. The newest number is that of the
    /// lines delivered already if the store, asked a moment ago, knew fewer.
    fn as_seen_by(&self, membership: &Membership) -> ChannelState {
        let Membership {
            channel,
            role,
            read_seq,
            unread,
            members,
        } = membership;
        let mut seen = ChannelState {
            channel: channel.name.to_string(),
            topic: channel.topic.clone(),
            access: channel.access,
            role: *role,
            first_seq: channel.first_seq,
            last_seq: channel.last_seq,
            read_seq: *read_seq,
            unread: *unread,
            members: *members,
            online: 0,
        };
        if let Some(live) = self.channels.get(&channel.id) {
            seen.last_seq = seen.last_seq.max(live.last_seq);
            (seen.members, seen.online) = live.counts();
        }
        seen
    }
}
