//! Players who are online, the channels they are in, and delivery to them.
//!
//! # Order
//!
//! The order of a channel's lines is made in one place: the
//! [`chat_log`](crate::chat_log) task has the store number them, and it alone
//! calls [`Hub::publish`], batch after batch (in a cluster [`Hub::publish_in_turn`]). Publishing puts them into the
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
//! # Several servers
//!
//! In a cluster a hub holds the players of all servers, so that each shows the same: it
//! tells its [peers](Hub::in_cluster) what happens here, in the order in which it happens,
//! and [hears](Hub::hear) of them what happens there. Connections, and who listens, are
//! known where they are alone. Lines that peers have written are put in order with those
//! of the chat log here; see [`ahead`].
//!
//! The one lock is held for some map operations or one round of queueing, never
//! across an `.await`; an outbox's lock may be taken inside it, never the other
//! way round.

mod ahead;
mod arrivals;
mod blocks;
mod channel;
mod claims;
mod delivery;
mod device;
mod halls;
mod members;
mod moderators;
mod peers;
pub(crate) mod presence;
mod profiles;
mod renaming;
mod roster;
mod set_right;
mod turns;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use longhall_packet::{ChannelName, ChannelState, PresenceState, Seq, ServerPacket, ServerRole};
use tokio::time::Instant;

pub(crate) use ahead::Answer;
use arrivals::Arrivals;
pub(crate) use arrivals::{Arrival, Stale};
use channel::LiveChannel;
pub(crate) use delivery::{PublishedLine, pieces};
pub(crate) use device::HubEntry;
use device::{Device, Grace};
use halls::Coming;
pub(crate) use halls::{HallPlace, Seeker};
pub(crate) use longhall_world::records::hidden;
use peers::Peers;
pub(crate) use peers::Telling;
use profiles::NewProfiles;
pub(crate) use roster::OnlinePlayer;
pub(crate) use set_right::Known;
pub(crate) use turns::Place;

use crate::frames::encode;
use crate::outbox::Outbox;
use crate::store::{Channel, ChannelId, Membership, SessionId, UserId};

/// Everyone logged in to this process. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    /// In milliseconds. See [`Presence::grace`](crate::config::Presence::grace).
    grace_ms: AtomicU64,
    /// Until then, a player who resumes was online before the server's restart.
    restarted_until: Instant,
    is_in_cluster: bool,
    state: Mutex<State>,
}

struct State {
    players: HashMap<UserId, Player>,
    /// The players by their name keys, for finding and listing them.
    names: BTreeMap<String, UserId>,
    lobby: ChannelId,
    /// The halls of the lobby that somebody is in, and the first one, by their numbers.
    halls: BTreeMap<u32, ChannelId>,
    /// Who is on the way into a hall.
    coming: HashMap<UserId, Coming>,
    /// How many players a hall takes in; 0 for all.
    hall_size: u32,
    channels: HashMap<ChannelId, LiveChannel>,
    channel_ids: HashMap<ChannelName, ChannelId>,
    /// Players blocked by others who are online, and by whom.
    blockers: HashMap<UserId, HashSet<UserId>>,
    /// Places without a connection, in the order in which their grace ends.
    graces: VecDeque<Grace>,
    /// Who may do more than a player, on the whole server.
    staff: HashMap<UserId, ServerRole>,
    /// Channels with changes of presence to tell.
    with_changes: Vec<ChannelId>,
    new_profiles: NewProfiles,
    arrivals: Arrivals,
    /// `None` for the one server there is.
    peers: Option<Peers>,
    /// Sessions with a connection here.
    entries: usize,
    /// Lines that were given to connections here, each as often as to one.
    delivered: u64,
}

/// How many there are; see [`Hub::counts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HubCounts {
    /// Players who are online, on all servers.
    pub(crate) players: usize,
    /// Sessions with a connection here.
    pub(crate) sessions: usize,
    /// Channels with somebody in it who is online, the lobby among them.
    pub(crate) channels: usize,
    /// Halls of the lobby with somebody in it who is online, and the first one.
    pub(crate) halls: usize,
    /// Lines that were given to connections here, each as often as to one.
    pub(crate) delivered: u64,
}

/// The name of an account that is online, for its sessions here: it may change.
pub(crate) type SharedName = Arc<ArcSwap<String>>;

/// An account that is online.
struct Player {
    username: String,
    shared_name: SharedName,
    name_key: String,
    /// One for each session; never empty.
    devices: Vec<Device>,
    /// The channels it is in, the lobby among them.
    channels: Vec<ChannelId>,
    /// Known where a device of theirs is.
    blocked: Arc<HashSet<UserId>>,
    /// The newest number of the inbox that their devices here know of.
    last_whisper: Seq,
    /// Whether it has the limits of a guest.
    is_guest: bool,
}

impl Player {
    fn outboxes(&self) -> impl Iterator<Item = &Arc<Outbox>> {
        self.devices
            .iter()
            .filter_map(|device| device.place.outbox())
    }

    /// Whether a connection is there to take a whisper, on any server.
    fn is_connected(&self) -> bool {
        self.devices
            .iter()
            .any(|device| device.place.is_connected())
    }

    /// Whether this server has a device of theirs.
    fn is_here(&self) -> bool {
        self.devices.iter().any(|device| device.place.is_ours())
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
    /// See [`Store::connection_number`](crate::store::Store::connection_number).
    pub(crate) connection: i64,
    pub(crate) outbox: Arc<Outbox>,
    /// The channels it is in, the lobby among them.
    pub(crate) memberships: Vec<Membership>,
    pub(crate) blocked: Vec<UserId>,
    /// The newest number of its inbox.
    pub(crate) last_whisper: Seq,
    /// Whether it came by a resume, not a login.
    pub(crate) resumed: bool,
    /// Whether it has the limits of a guest.
    pub(crate) is_guest: bool,
}

impl Hub {
    /// The hub of the one server there is.
    pub(crate) fn new(lobby: &Channel, grace: Duration) -> Self {
        Self::with(lobby, grace, None)
    }

    fn with(lobby: &Channel, grace: Duration, peers: Option<Peers>) -> Self {
        let is_in_cluster = peers.is_some();
        let mut state = State {
            players: HashMap::new(),
            names: BTreeMap::new(),
            lobby: lobby.id,
            halls: BTreeMap::new(),
            coming: HashMap::new(),
            hall_size: 0,
            channels: HashMap::new(),
            channel_ids: HashMap::new(),
            blockers: HashMap::new(),
            graces: VecDeque::new(),
            staff: HashMap::new(),
            with_changes: Vec::new(),
            new_profiles: NewProfiles::default(),
            arrivals: Arrivals::default(),
            peers,
            entries: 0,
            delivered: 0,
        };
        state.open_channel(lobby, 0);
        Self {
            shared: Arc::new(Shared {
                grace_ms: AtomicU64::new(millis(grace)),
                restarted_until: Instant::now() + grace,
                is_in_cluster,
                state: Mutex::new(state),
            }),
        }
    }

    /// How long who is cut off from now on still counts as online. Who was cut off before
    /// may count for as long as was said then, and so may those who come right after, if
    /// it was longer: graces end in their order.
    pub(crate) fn set_grace(&self, grace: Duration) {
        self.shared.grace_ms.store(millis(grace), Ordering::Relaxed);
    }

    fn grace(&self) -> Duration {
        Duration::from_millis(self.shared.grace_ms.load(Ordering::Relaxed))
    }

    /// Whether there may be other servers.
    pub(crate) fn is_in_cluster(&self) -> bool {
        self.shared.is_in_cluster
    }

    /// Starts to watch for changes. To be called before the store is asked what
    /// [`Hub::enter`] or [`Hub::join`] is given.
    pub(crate) fn arrive(&self) -> Arrival {
        Arrival::begin(self.clone(), &mut self.lock().arrivals)
    }

    /// Puts a session into the hub and sends it what `welcome` makes of its
    /// channels and of the newest number of its inbox that was delivered
    /// meanwhile, ahead of everything else. An older connection of the same
    /// session is told to close as `logged_in_elsewhere`.
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
        // Who has asked for the account's sessions does not know of this one.
        state.arrivals.note_user(who.user);

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
        state.leave_all_but(who.user, &who.memberships);
        let halls = who.memberships.iter();
        if let Some(hall) = halls.map(|m| &m.channel).find(|channel| channel.is_lobby()) {
            for other in state.other_halls(who.user, hall.id) {
                state.drop_from_channel(other, who.user);
            }
        }
        state.tell_here(who.user, who.session, who.resumed);
        let seen = who.memberships.iter();
        let seen = seen
            .map(|membership| state.as_seen_by(membership))
            .collect();
        let (last_whisper, invitations) = state.arrivals.missed_by(who.user);
        who.outbox.push(encode(&welcome(seen, last_whisper)));
        for invitation in invitations {
            who.outbox.push(invitation);
        }
        state.entries += 1;
        let name = state.shared_name(who);
        Ok(HubEntry::new(
            self.clone(),
            who.user,
            who.session,
            Arc::clone(&who.outbox),
            name,
        ))
    }

    /// How many players are online, on all servers.
    pub(crate) fn len(&self) -> usize {
        self.lock().players.len()
    }

    /// For who watches. Costs no more with more players: everybody waits for the lock.
    pub(crate) fn counts(&self) -> HubCounts {
        let state = self.lock();
        HubCounts {
            players: state.players.len(),
            sessions: state.entries,
            channels: state.channels.len(),
            halls: state.halls.len(),
            delivered: state.delivered,
        }
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
            speech: channel.speech,
            temporary: channel.temporary.clone(),
            hall: channel.hall.filter(|_| self.hall_size > 0),
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

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
