//! Presence: who is online, and who is told of it.

use std::collections::BTreeMap;

use longhall_packet::{
    Change, CloseReason, Member, Presence, PresenceState, PresenceText, Profile, RequestId, Role,
    ServerPacket,
};

use super::{Answer, FakeServer, Me, Seat, ended};
use crate::records::{ChannelId, Membership, UserId};

/// What is to be told, channel by channel in the order of happening.
pub(super) type News = Vec<(ChannelId, BTreeMap<UserId, Delta>)>;

/// How it stood with somebody before, and whether they are in the channel now.
#[derive(Clone)]
pub(super) struct Delta {
    username: String,
    role: Role,
    was_member: bool,
    is_member: bool,
    was: (PresenceState, String),
    was_guest: bool,
}

impl FakeServer {
    pub(super) fn set_presence(
        &mut self,
        me: Me,
        id: RequestId,
        state: PresenceState,
        text: &PresenceText,
    ) -> Answer {
        let before = self.shown(me.user);
        if let Some(seat) = self.online.get_mut(&me.connection) {
            seat.state = state;
            text.as_str().clone_into(&mut seat.text);
        }
        self.note_state(me.user, &before);
        self.ok(me.connection, id)
    }

    pub(super) fn seats_of(&self, user: UserId) -> impl Iterator<Item = &Seat> {
        self.online.values().filter(move |seat| seat.user == user)
    }

    pub(super) fn is_online(&self, user: UserId) -> bool {
        self.seats_of(user).next().is_some()
    }

    /// How others see a player: at the keyboard if they are on any device.
    pub(super) fn shown(&self, user: UserId) -> (PresenceState, String) {
        let is_away = |seat: &&Seat| (seat.state != PresenceState::Online, seat.session.0);
        let seat = self.seats_of(user).min_by_key(is_away);
        seat.map_or((PresenceState::Offline, String::new()), |seat| {
            (seat.state, seat.text.clone())
        })
    }

    /// How a player is shown to `reader`.
    pub(super) fn shown_to(&self, reader: UserId, user: UserId) -> (PresenceState, String) {
        match self.world.has_blocked(reader, user) {
            true => (PresenceState::Offline, String::new()),
            false => self.shown(user),
        }
    }

    /// Members of a channel, and those of them who are online.
    pub(super) fn counts(&self, channel: ChannelId) -> (u32, u32) {
        let mut online: Vec<UserId> = self.online.values().map(|seat| seat.user).collect();
        online.sort_unstable();
        online.dedup();
        online.retain(|user| self.world.is_member(channel, *user));
        let row = self.world.channels.get(&channel);
        let members = match row.is_some_and(|row| row.hall.is_some()) {
            true => online.len(),
            false => self.world.members_of(channel),
        };
        let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
        (count(members), count(online.len()))
    }

    pub(super) fn note_online(&mut self, user: UserId, memberships: &[Membership]) {
        let was = (PresenceState::Offline, String::new());
        for mine in memberships {
            let was_member = !mine.channel.is_lobby();
            self.note(mine, user, (was_member, true), was.clone());
        }
    }

    /// Notes that a player came into a channel, or with `false` left it.
    pub(super) fn note_member(&mut self, member: &Membership, user: UserId, is_member: bool) {
        let was = (PresenceState::Offline, String::new());
        self.note(member, user, (!is_member, is_member), was);
    }

    /// Notes that a player may be in another state than before.
    fn note_state(&mut self, user: UserId, before: &(PresenceState, String)) {
        if self.shown(user) != *before {
            for mine in self.world.memberships(user) {
                self.note(&mine, user, (true, true), before.clone());
            }
        }
    }

    /// Takes a connection's login away; with the last one the player is offline.
    pub(super) fn unseat(&mut self, connection: u64, reason: Option<CloseReason>) {
        let Some(user) = self.online.get(&connection).map(|seat| seat.user) else {
            return;
        };
        let before = self.shown(user);
        self.online.remove(&connection);
        self.ended
            .extend(reason.map(|reason| ended(connection, reason)));
        if self.is_online(user) {
            return self.note_state(user, &before);
        }
        for mine in self.world.memberships(user) {
            let is_member = !mine.channel.is_lobby();
            self.note(&mine, user, (true, is_member), before.clone());
        }
    }

    fn note(
        &mut self,
        member: &Membership,
        user: UserId,
        (was_member, is_member): (bool, bool),
        was: (PresenceState, String),
    ) {
        let channel = member.channel.id;
        let at = self.news.iter().position(|(of, _)| *of == channel);
        let at = at.unwrap_or_else(|| {
            self.news.push((channel, BTreeMap::new()));
            self.news.len() - 1
        });
        let delta = self.news[at].1.entry(user).or_insert_with(|| Delta {
            username: self.world.username(user),
            role: member.role,
            was_guest: self.world.is_limited(user),
            was_member,
            is_member,
            was,
        });
        delta.role = member.role;
        delta.is_member = is_member;
    }

    /// Sends each channel with news one packet of them, without those that the reader
    /// has blocked.
    pub(super) fn tell_news(&mut self) {
        for (channel, deltas) in std::mem::take(&mut self.news) {
            let Some(name) = self.world.channel(channel).map(|channel| channel.name) else {
                continue;
            };
            let (members, online) = self.counts(channel);
            let changes = deltas.into_iter();
            let changes: Vec<_> = changes
                .filter_map(|(user, delta)| Some((user, self.change(user, delta)?)))
                .collect();
            for (connection, seat) in &self.online {
                if !self.world.is_member(channel, seat.user) {
                    continue;
                }
                let seen = changes.iter();
                let seen = seen.filter(|(user, _)| !self.world.has_blocked(seat.user, *user));
                let changes: Vec<_> = seen.map(|(_, change)| change.clone()).collect();
                if changes.is_empty() {
                    continue;
                }
                let packet = ServerPacket::Presence {
                    channel: name.to_string(),
                    members,
                    online,
                    changes,
                    partial: false,
                };
                self.out.push((*connection, packet));
            }
        }
    }

    /// What is different, if anything.
    fn change(&self, user: UserId, delta: Delta) -> Option<Presence> {
        let (state, text) = self.shown(user);
        // Of who is gone it is what they were.
        let guest = match self.is_online(user) {
            true => self.world.is_limited(user),
            false => delta.was_guest,
        };
        let change = match (delta.was_member, delta.is_member) {
            (false, true) => Change::Joined,
            (true, false) => Change::Left,
            (true, true)
                if (state, &text) != (delta.was.0, &delta.was.1) || guest != delta.was_guest =>
            {
                Change::State
            }
            (true, true) | (false, false) => return None,
        };
        let member = Member {
            username: delta.username,
            role: delta.role,
            state,
            text,
            server_role: self.world.server_role(user),
            guest,
            profile: Profile::default(),
            profile_version: 0,
        };
        Some(Presence { change, member })
    }
}
