//! Halls of the lobby: who is in which, who has a place on the way there, and who changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use longhall_packet::{DenyCode, Hall, LeaveReason, RequestId, ServerPacket};
use longhall_world::halls::{self, Seats};

use super::channel::Moved;
use super::{Arrival, Hub, Stale, State};
use crate::frames::{Frames, encode, json};
use crate::news::{MemberOf, News};
use crate::outbox::Outbox;
use crate::store::{ChannelId, FIRST_HALL, Membership, UserId};

/// Halls that are told of.
const MAX_TOLD: usize = 256;
/// People looked at, of those with whom somebody shares a channel.
const MAX_LOOKED_AT: usize = 1_000;
/// Most numbers of halls.
const MAX_HALLS: u32 = 100_000;
/// Names of halls that players may have taken before it is the first one.
const MAX_UNUSABLE: usize = 64;

/// Who looks for a hall.
pub(crate) struct Seeker {
    pub(crate) user: UserId,
    /// The hall where they were before; `None` for the first one.
    pub(crate) remembered: Option<u32>,
    /// Whether they come back to a session.
    pub(crate) resumed: bool,
    /// The channels of players that they are in.
    pub(crate) channels: Vec<ChannelId>,
}

/// A place in a hall that is kept for somebody on their way there, until this is dropped.
/// Who is there meanwhile counts once.
pub(crate) struct HallPlace {
    hub: Hub,
    user: UserId,
    /// Which hall.
    pub(crate) hall: u32,
    /// Its channel; `None` when nobody is there.
    pub(crate) channel: Option<ChannelId>,
}

impl Drop for HallPlace {
    fn drop(&mut self) {
        let coming = &mut self.hub.lock().coming;
        if let Some(one) = coming.get_mut(&self.user) {
            one.places = one.places.saturating_sub(1);
            if one.places == 0 {
                coming.remove(&self.user);
            }
        }
    }
}

/// Somebody on the way into a hall, with one device or several at once.
pub(super) struct Coming {
    hall: u32,
    places: usize,
}

impl Hub {
    /// How many players a hall takes in from now on; 0 for all. Nobody is moved.
    pub(crate) fn set_hall_size(&self, size: u32) {
        self.lock().hall_size = size;
    }

    /// Finds a hall for somebody who logs in, and keeps a place there. Numbers in `unusable`
    /// cannot be opened.
    pub(crate) fn find_place(&self, seeker: &Seeker, unusable: &[u32]) -> HallPlace {
        let state = &mut *self.lock();
        let hall = state.hall_for(seeker, unusable);
        self.keep(state, seeker.user, hall)
    }

    /// Keeps a place in the hall that somebody asks for.
    ///
    /// # Errors
    /// `unknown_channel` when nobody is there, `channel_full`.
    pub(crate) fn claim_place(&self, user: UserId, hall: u32) -> Result<HallPlace, DenyCode> {
        let state = &mut *self.lock();
        let size = state.hall_size;
        let seats = state.seats();
        let found = seats.iter().find(|seats| seats.hall == hall);
        let taken = found.map_or(0, |seats| seats.taken);
        if hall != FIRST_HALL && (taken == 0 || size == 0) {
            return Err(DenyCode::UnknownChannel);
        }
        if size > 0 && u32::try_from(taken).unwrap_or(u32::MAX) >= size {
            return Err(DenyCode::ChannelFull);
        }
        Ok(self.keep(state, user, hall))
    }

    fn keep(&self, state: &mut State, user: UserId, hall: u32) -> HallPlace {
        let coming = state
            .coming
            .entry(user)
            .or_insert(Coming { hall, places: 0 });
        coming.hall = hall;
        coming.places += 1;
        HallPlace {
            hub: self.clone(),
            user,
            hall,
            channel: state.halls.get(&hall).copied(),
        }
    }

    /// The halls that somebody is in, and the first one, with the size of each.
    pub(crate) fn halls(&self) -> (Vec<Hall>, u32) {
        let state = self.lock();
        let halls = state.halls.iter().filter_map(|(hall, id)| {
            let live = state.channels.get(id)?;
            Some(Hall {
                channel: live.name.as_ref().to_owned(),
                hall: *hall,
                online: live.counts().1,
            })
        });
        (halls.take(MAX_TOLD).collect(), state.hall_size)
    }

    /// The channels of the halls that somebody is in, and of the first one.
    pub(crate) fn hall_channels(&self) -> Vec<ChannelId> {
        self.lock().halls.values().copied().collect()
    }

    /// The channel where what holds in all halls is noted, if this one is a hall.
    pub(crate) fn lobby_of(&self, channel: ChannelId) -> Option<ChannelId> {
        let state = self.lock();
        let live = state.channels.get(&channel)?;
        live.is_lobby().then_some(state.lobby)
    }

    /// Has a player who is in another hall now, as the store says, listen there and not where
    /// they were. All their sessions are told, `asker` as the answer to request `id`.
    ///
    /// # Errors
    /// [`Stale`] when `membership` may be out of date: ask the store again.
    pub(crate) fn change_hall(
        &self,
        arrival: &Arrival,
        user: UserId,
        membership: &Membership,
        asker: &Arc<Outbox>,
        id: RequestId,
    ) -> Result<(), Stale> {
        let state = &mut *self.lock();
        let channel = &membership.channel;
        state.arrivals.check(arrival, Some(user), [channel.id])?;
        // A session that is entering has read the hall before.
        state.arrivals.note_user(user);
        let before = state.other_halls(user, channel.id);
        if state.players.contains_key(&user) {
            state.open_channel(channel, membership.members);
            state.enter_channel(channel.id, user, membership.role);
        } else {
            state.arrivals.note_channel(channel.id);
        }
        state.note_member(channel.id, user, membership.role, Moved::In);
        let joined = |id| {
            let channel = state.as_seen_by(membership);
            ServerPacket::Joined { id, channel }
        };
        asker.push(encode(&joined(Some(id))));
        let packet = joined(None);
        state.tell(user, Some(asker), &encode(&packet));
        state.tell_peers(|| News::Joined {
            user,
            channel: MemberOf::new(channel, membership.role, 0),
            last_seq: channel.last_seq,
            packet: json(&packet),
        });
        for hall in before {
            state.leave_hall(user, hall);
        }
        Ok(())
    }
}

impl State {
    /// The hall where somebody is who is online.
    fn hall_of(&self, user: UserId) -> Option<u32> {
        let channels = &self.players.get(&user)?.channels;
        channels.iter().find_map(|id| self.channels.get(id)?.hall)
    }

    fn hall_for(&self, seeker: &Seeker, unusable: &[u32]) -> u32 {
        // All devices of an account are in one hall.
        let there = self.hall_of(seeker.user);
        let coming = self.coming.get(&seeker.user).map(|one| one.hall);
        let coming = coming.filter(|hall| !unusable.contains(hall));
        if let Some(hall) = there.or(coming) {
            return hall;
        }
        if unusable.len() >= MAX_UNUSABLE {
            return FIRST_HALL;
        }
        let size = usize::try_from(self.hall_size).unwrap_or(usize::MAX);
        let mut seats = self.seats();
        let kept = halls::kept(&seats, size, seeker.remembered, seeker.resumed);
        let found = kept.or_else(|| {
            self.count_friends(seeker, &mut seats);
            halls::best(&seats, size)
        });
        found.unwrap_or_else(|| {
            let is_free = |hall: &u32| {
                let is_taken = seats.iter().any(|seats| seats.hall == *hall);
                !is_taken && !unusable.contains(hall)
            };
            let mut free = (FIRST_HALL + 1..MAX_HALLS).filter(is_free);
            free.next().unwrap_or(FIRST_HALL)
        })
    }

    /// Who is in which hall, those on their way counted.
    fn seats(&self) -> Vec<Seats> {
        let there = self.halls.iter().map(|(hall, id)| {
            let live = self.channels.get(id);
            (*hall, live.map_or(0, |live| live.present.len()))
        });
        let mut taken: BTreeMap<u32, usize> = there.collect();
        for (user, coming) in &self.coming {
            if self.hall_of(*user) != Some(coming.hall) {
                *taken.entry(coming.hall).or_default() += 1;
            }
        }
        let seats = taken.into_iter().map(|(hall, taken)| Seats {
            hall,
            taken,
            friends: 0,
        });
        seats.collect()
    }

    /// Counts those in each hall with whom somebody shares a channel.
    fn count_friends(&self, seeker: &Seeker, seats: &mut [Seats]) {
        let mut friends: HashMap<UserId, u32> = HashMap::new();
        let live = seeker.channels.iter();
        let live = live.filter_map(|channel| self.channels.get(channel));
        let others = live.flat_map(|live| live.present.keys());
        for other in others.take(MAX_LOOKED_AT) {
            if let Some(hall) = self.hall_of(*other) {
                friends.insert(*other, hall);
            }
        }
        for seats in seats {
            let here = friends.values().filter(|hall| **hall == seats.hall);
            seats.friends = here.count();
        }
    }

    /// The halls where a player is known to be, but for this one.
    pub(super) fn other_halls(&self, user: UserId, hall: ChannelId) -> Vec<ChannelId> {
        let player = self.players.get(&user).into_iter();
        let channels = player.flat_map(|player| &player.channels).copied();
        let is_hall = |id: &ChannelId| self.channels.get(id).is_some_and(|live| live.is_lobby());
        channels.filter(|id| *id != hall && is_hall(id)).collect()
    }

    fn leave_hall(&mut self, user: UserId, hall: ChannelId) {
        let (Some(player), Some(live)) = (self.players.get(&user), self.channels.get(&hall)) else {
            return;
        };
        let (username, role) = (player.username.clone(), live.role_of(user));
        let left = ServerPacket::Left {
            channel: live.name.as_ref().to_owned(),
            reason: LeaveReason::Left,
            by: None,
        };
        self.leave(user, &username, role, hall, &encode(&left));
        self.tell_peers(|| News::Left {
            user,
            username,
            role,
            channel: hall,
            packet: json(&left),
        });
    }

    /// Tells everybody who is online.
    pub(super) fn announce_in_all_halls(&mut self, packet: &Frames) {
        let halls: Vec<ChannelId> = self.halls.values().copied().collect();
        for hall in halls {
            self.announce(hall, packet);
        }
    }
}
