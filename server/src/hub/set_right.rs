//! Sets right what is known of a player here, when news of peers may have been lost.
//!
//! What is said of players elsewhere is told again by their servers. For those here the
//! store is asked: who was taken out of a channel hears nothing more of it, and who was
//! logged out is, though nobody got the word through.

use longhall_packet::{CloseReason, LeaveReason, Role, ServerPacket};

use super::channel::LiveChannel;
use super::device::Device;
use super::{Arrival, Hub, Stale, State};
use crate::frames::encode;
use crate::store::{
    ChannelId, ChannelStanding, Membership, SessionId, Standing, Standings, UserId,
};

/// What the store knows of an account.
pub(crate) struct Known {
    pub(crate) memberships: Vec<Membership>,
    pub(crate) blocked: Vec<UserId>,
    /// Those that have not ended.
    pub(crate) sessions: Vec<SessionId>,
}

impl Hub {
    /// The accounts that have a device here: those to ask the store about after a doubt.
    pub(crate) fn players_here(&self) -> Vec<UserId> {
        let state = self.lock();
        let here = state.players.iter().filter(|(_, player)| player.is_here());
        here.map(|(user, _)| *user).collect()
    }

    /// Compares what is known here with what the store says; `arrival` is to begin before it
    /// is asked. Returns the accounts of which something else is known here: those to give to
    /// [`Hub::set_right`]. Channels are told what they are about where they do not know.
    pub(crate) fn compare(&self, arrival: &Arrival, known: Standings) -> Vec<UserId> {
        let state = &mut *self.lock();
        for channel in known.channels {
            state.set_channel_right(arrival, channel);
        }
        let accounts = known.accounts.iter();
        let wrong = accounts.filter(|(user, standing)| state.is_wrong(*user, standing));
        wrong.map(|(user, _)| *user).collect()
    }

    /// Makes what is known of a player here what the store says, and tells their
    /// sessions of each channel that they are in or out of. `arrival` is to begin before
    /// the store is asked.
    ///
    /// # Errors
    /// [`Stale`] when `known` may be out of date: ask the store again.
    pub(crate) fn set_right(
        &self,
        arrival: &Arrival,
        user: UserId,
        known: Known,
    ) -> Result<(), Stale> {
        let state = &mut *self.lock();
        let channels = known.memberships.iter().map(|m| m.channel.id);
        state.arrivals.check(arrival, Some(user), channels)?;
        state.end_all_but(user, &known.sessions);
        if !state
            .players
            .get(&user)
            .is_some_and(|player| player.is_here())
        {
            return Ok(());
        }
        state.set_blocked(user, known.blocked.into_iter().collect());
        let wrong = state.wrong_channels(user, &known.memberships);
        // Of halls one hears where one is, and then where one is no more.
        let is_hall = |id: &ChannelId| state.channels.get(id).is_some_and(LiveChannel::is_lobby);
        let (halls, wrong): (Vec<_>, Vec<_>) = wrong.into_iter().partition(is_hall);
        for channel in wrong {
            state.take_out(user, channel);
        }
        for membership in &known.memberships {
            state.put_in(user, membership);
        }
        for hall in halls {
            state.take_out(user, hall);
        }
        Ok(())
    }
}

impl State {
    fn set_channel_right(&mut self, arrival: &Arrival, known: ChannelStanding) {
        let channel = known.channel;
        let Some(live) = self.channels.get(&channel) else {
            return;
        };
        if live.members != known.members
            && !live.is_lobby()
            && let Some(peers) = &mut self.peers
        {
            peers.uncounted.insert(channel);
        }
        let about = Some((known.topic, known.access));
        let is_new = self.arrivals.check(arrival, None, [channel]).is_ok();
        if (live.about != about || live.speech != known.speech)
            && is_new
            && !live.listeners.is_empty()
            && let Some((topic, access)) = about
        {
            let changed = ServerPacket::ChannelChanged {
                channel: live.name.as_ref().to_owned(),
                topic,
                access,
                speech: known.speech,
                // Nobody knows any more.
                by: String::new(),
            };
            self.note_about(channel, &changed);
            self.announce(channel, &encode(&changed));
        }
    }

    /// Whether the store says something else of a player here.
    fn is_wrong(&self, user: UserId, known: &Standing) -> bool {
        let player = self.players.get(&user);
        let Some(player) = player.filter(|player| player.is_here()) else {
            return false;
        };
        let ours = |device: &&Device| device.place.is_ours();
        let mut sessions = player.devices.iter().filter(ours);
        let is_over = sessions.any(|device| !known.sessions.contains(&device.session));
        let has_blocked = |user| player.blocked.contains(user);
        let are_blocks_known =
            player.blocked.len() == known.blocked.len() && known.blocked.iter().all(has_blocked);
        let channels = player.channels.iter();
        let channels = channels.filter(|channel| **channel != self.lobby).count();
        let has_role = |(channel, role): &(ChannelId, Role)| {
            let live = self.channels.get(channel);
            live.and_then(|live| live.present.get(&user)) == Some(role)
        };
        let are_channels_known = channels == known.roles.len() && known.roles.iter().all(has_role);
        is_over || !are_blocks_known || !are_channels_known
    }

    /// Ends the devices here whose sessions are over.
    fn end_all_but(&mut self, user: UserId, sessions: &[SessionId]) {
        let player = self.players.get(&user).into_iter();
        let devices = player.flat_map(|player| &player.devices);
        let ours = devices.filter(|device| device.place.is_ours());
        let over = ours.map(|device| device.session);
        let over: Vec<SessionId> = over.filter(|session| !sessions.contains(session)).collect();
        for session in over {
            self.remove_device(user, session, Some(CloseReason::SessionEnded));
        }
    }

    /// The channels that a player is in here, and not in the store.
    pub(super) fn wrong_channels(
        &self,
        user: UserId,
        memberships: &[Membership],
    ) -> Vec<ChannelId> {
        let player = self.players.get(&user).into_iter();
        let channels = player.flat_map(|player| &player.channels).copied();
        let is_member = |channel: &ChannelId| memberships.iter().any(|m| m.channel.id == *channel);
        channels.filter(|channel| !is_member(channel)).collect()
    }

    fn take_out(&mut self, user: UserId, channel: ChannelId) {
        if let Some(live) = self.channels.get(&channel) {
            let left = ServerPacket::Left {
                channel: live.name.as_ref().to_owned(),
                reason: LeaveReason::Left,
                by: None,
            };
            self.tell(user, None, &encode(&left));
        }
        self.drop_from_channel(channel, user);
    }

    fn put_in(&mut self, user: UserId, membership: &Membership) {
        let channel = membership.channel.id;
        let player = self.players.get(&user);
        let is_in = player.is_some_and(|player| player.channels.contains(&channel));
        self.open_channel(&membership.channel, membership.members);
        let Some(live) = self.channels.get_mut(&channel) else {
            return;
        };
        let role = live.present.insert(user, membership.role);
        let is_same = role == Some(membership.role)
            && (live.is_lobby() || live.members == membership.members);
        live.members = membership.members;
        if !is_same {
            live.note_unnamed();
            self.mark_changed(channel);
        }
        if !is_in {
            self.enter_channel(channel, user, membership.role);
            let channel = self.as_seen_by(membership);
            let joined = ServerPacket::Joined { id: None, channel };
            self.tell(user, None, &encode(&joined));
        }
    }
}
