//! Players come into channels, leave them, and get another role there.

use std::collections::HashSet;
use std::sync::Arc;

use longhall_packet::{ChannelName, ChannelState, RequestId, Role, ServerPacket};

use super::channel::{LiveChannel, Moved};
use super::{Arrival, Hub, Stale, State};
use crate::frames::{Frames, encode, json};
use crate::news::{MemberOf, News};
use crate::outbox::Outbox;
use crate::store::{ChannelId, Membership, UserId};

impl Hub {
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
        self.enlist(arrival, user, membership, Some((asker, id)))
    }

    /// As [`Hub::join`], of a player who may not have asked for it.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn enlist(
        &self,
        arrival: &Arrival,
        user: UserId,
        membership: &Membership,
        asker: Option<(&Arc<Outbox>, RequestId)>,
    ) -> Result<(), Stale> {
        let state = &mut *self.lock();
        let channel = &membership.channel;
        state.arrivals.check(arrival, None, [channel.id])?;
        // A session that is entering has read the channels without this one.
        state.arrivals.note_user(user);
        if state.players.contains_key(&user) {
            state.open_channel(channel, membership.members);
            state.enter_channel(channel.id, user, membership.role);
        }
        match state.channels.get_mut(&channel.id) {
            Some(live) => live.members = membership.members,
            None => state.arrivals.note_channel(channel.id),
        }
        state.note_member(channel.id, user, membership.role, Moved::In);
        let joined = |id| {
            let channel = state.as_seen_by(membership);
            ServerPacket::Joined { id, channel }
        };
        if let Some((asker, id)) = asker {
            asker.push(encode(&joined(Some(id))));
        }
        let packet = joined(None);
        state.count_later(channel.id);
        state.tell(user, asker.map(|(asker, _)| asker), &encode(&packet));
        if state.peers.is_some() {
            let live = state.channels.get(&channel.id);
            let members = live.map_or(membership.members, |live| live.members);
            let channel = MemberOf::new(channel, membership.role, members);
            state.tell_peers(|| News::Joined {
                user,
                channel,
                last_seq: membership.channel.last_seq,
                packet: json(&packet),
            });
        }
        Ok(())
    }

    /// Those of `users` who are not online on any server.
    pub(crate) fn absent(&self, users: impl Iterator<Item = UserId>) -> HashSet<UserId> {
        let state = self.lock();
        users
            .filter(|user| !state.players.contains_key(user))
            .collect()
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
        state.leave(user, username, role, channel, &encode(left));
        state.tell_peers(|| News::Left {
            user,
            username: username.to_owned(),
            role,
            channel,
            packet: json(left),
        });
    }

    /// Notes how many members a channel has, as the store says.
    pub(crate) fn set_members(&self, channel: ChannelId, members: u32) {
        let state = &mut *self.lock();
        if let Some(live) = state.channels.get_mut(&channel)
            && live.members != members
        {
            live.members = members;
            live.note_unnamed();
            state.mark_changed(channel);
        }
    }

    /// Notes a member's role, and tells the channel.
    pub(crate) fn set_role(
        &self,
        channel: ChannelId,
        user: UserId,
        role: Role,
        packet: &ServerPacket,
    ) {
        let frames = encode(packet);
        let state = &mut *self.lock();
        state.set_role(channel, user, role, &frames);
        state.tell_peers(|| News::Role {
            channel,
            user,
            role,
            packet: json(packet),
        });
    }
}

impl State {
    /// A player joined on a peer.
    pub(super) fn hear_joined(
        &mut self,
        user: UserId,
        channel: &MemberOf,
        last_seq: u64,
        packet: &Frames,
    ) {
        self.arrivals.note_user(user);
        let id = channel.id;
        if let Some(live) = self.channels.get_mut(&id)
            && !live.present.contains_key(&user)
        {
            live.members = live.members.saturating_add(1);
        }
        self.count_later(id);
        if self.players.contains_key(&user) && self.open_heard(channel) {
            self.stand_at(id, last_seq);
            self.enter_channel(id, user, channel.role);
        }
        if !self.channels.contains_key(&id) {
            self.arrivals.note_channel(id);
        }
        self.note_member(id, user, channel.role, Moved::In);
        self.mark_changed(id);
        self.tell(user, None, packet);
    }

    pub(super) fn leave(
        &mut self,
        user: UserId,
        username: &str,
        role: Role,
        channel: ChannelId,
        left: &Frames,
    ) {
        self.arrivals.note_user(user);
        self.count_later(channel);
        match self.channels.get_mut(&channel) {
            Some(live) => {
                live.members = live.members.saturating_sub(1);
                live.note_left(user, username, role);
            }
            None => self.arrivals.note_channel(channel),
        }
        self.leave_channel(channel, user);
        self.mark_changed(channel);
        self.tell(user, None, left);
        self.close_if_empty(channel);
    }

    pub(super) fn set_role(
        &mut self,
        channel: ChannelId,
        user: UserId,
        role: Role,
        packet: &Frames,
    ) {
        self.arrivals.note_user(user);
        let live = self.channels.get_mut(&channel);
        if let Some(present) = live.and_then(|live| live.present.get_mut(&user)) {
            *present = role;
        }
        self.announce(channel, packet);
    }

    /// Opens a channel that a peer tells of. False when its name is none.
    pub(super) fn open_heard(&mut self, channel: &MemberOf) -> bool {
        let id = channel.id;
        if self.channels.contains_key(&id) {
            return true;
        }
        let Ok(name) = ChannelName::parse(&channel.name) else {
            return false;
        };
        self.channel_ids.insert(name.clone(), id);
        let hall = channel.hall();
        if let Some(hall) = hall {
            self.halls.insert(hall, id);
        }
        let live = LiveChannel::new(name, hall, 0, channel.members);
        self.channels.insert(id, live);
        true
    }

    /// Takes a player out of channels that the store does not know them in: of what a
    /// peer told, the last word may have been lost.
    pub(super) fn leave_all_but(&mut self, user: UserId, memberships: &[Membership]) {
        if self.peers.is_none() {
            return;
        }
        for channel in self.wrong_channels(user, memberships) {
            self.drop_from_channel(channel, user);
        }
    }

    /// In a cluster, changes are heard of late and in no order, and the store may have
    /// counted them already.
    fn count_later(&mut self, channel: ChannelId) {
        if let Some(peers) = &mut self.peers
            && let Some(live) = self.channels.get(&channel)
            && !live.is_lobby()
        {
            peers.uncounted.insert(channel);
        }
    }
}
