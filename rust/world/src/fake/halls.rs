//! Halls of the lobby: who comes into which, and who changes.

use std::collections::{BTreeMap, BTreeSet};

use longhall_packet::{ChannelName, DenyCode, Hall, LeaveReason, RequestId, ServerPacket};

use super::{Answer, FakeServer, LOBBY, Me};
use crate::halls::{self, FIRST_HALL, Seats};
use crate::records::{Channel, ChannelId, UserId};

/// Halls that are told of.
const HALLS_LISTED: usize = 256;
/// Most numbers that are tried for a new hall.
const NUMBERS_TRIED: u32 = 10_000;

impl FakeServer {
    /// How many players a hall of the lobby takes in from now on, 500 unless said; 0 for all.
    /// Nobody is moved who is online.
    pub fn set_hall_size(&mut self, size: u32) {
        self.hall_size = size;
    }

    pub(super) fn halls(&mut self, me: Me, id: RequestId) -> Answer {
        let open = self.open_halls().into_iter().take(HALLS_LISTED);
        let halls = open.map(|channel| Hall {
            online: self.counts(channel.id).1,
            hall: channel.hall.unwrap_or(FIRST_HALL),
            channel: channel.name.to_string(),
        });
        let packet = ServerPacket::Halls {
            id,
            halls: halls.collect(),
            hall_size: self.hall_size,
        };
        self.reply(me.connection, packet);
        Ok(())
    }

    pub(super) fn change_hall(&mut self, me: Me, id: RequestId, name: &ChannelName) -> Answer {
        let target = self.world.channel_by_name(name);
        let target = target.filter(Channel::is_lobby);
        let target = target.ok_or(DenyCode::UnknownChannel)?;
        if let Some(mine) = self.world.membership(target.id, me.user) {
            let channel = self.as_seen_by(&mine);
            let id = Some(id);
            self.reply(me.connection, ServerPacket::Joined { id, channel });
            return Ok(());
        }
        let (_, online) = self.counts(target.id);
        if target.hall != Some(FIRST_HALL) && (online == 0 || self.hall_size == 0) {
            return Err(DenyCode::UnknownChannel.into());
        }
        if self.hall_size > 0 && online >= self.hall_size {
            return Err(DenyCode::ChannelFull.into());
        }
        let before = self.world.memberships(me.user).into_iter();
        let before = before.filter(|mine| mine.channel.is_lobby());
        let before: Vec<_> = before.collect();
        self.world.set_hall(me.user, target.id);
        for hall in &before {
            self.note_member(hall, me.user, false);
        }
        self.listen(me, id, target.id)?;
        for hall in &before {
            let left = ServerPacket::Left {
                channel: hall.channel.name.to_string(),
                reason: LeaveReason::Left,
                by: None,
            };
            self.tell(me.user, None, &left);
        }
        Ok(())
    }

    /// Puts somebody who comes online into the hall where they belong.
    pub(super) fn take_place(&mut self, user: UserId, resumed: bool) {
        let own = self.world.hall_of(user);
        let remembered = own.and_then(|id| self.world.channel(id)?.hall);
        let seats = self.seats(user);
        let size = usize::try_from(self.hall_size).unwrap_or(usize::MAX);
        let place = halls::place(&seats, size, remembered, resumed);
        let hall = match place {
            Some(hall) => self.hall(hall),
            None => {
                let is_free = |hall: &u32| seats.iter().all(|seats| seats.hall != *hall);
                let mut free = (FIRST_HALL + 1..NUMBERS_TRIED).filter(is_free);
                free.find_map(|hall| self.hall(hall))
            }
        };
        self.world.set_hall(user, hall.unwrap_or(self.lobby));
    }

    /// The channels of a line that the game says in one: of the lobby, all its halls.
    pub(super) fn all_halls_of(&self, channel: ChannelId) -> Vec<Channel> {
        match channel == self.lobby {
            true => self.open_halls(),
            false => self.world.channel(channel).into_iter().collect(),
        }
    }

    /// The channel where what holds in all halls is noted, if this one is a hall.
    pub(super) fn one_for_halls(&self, channel: ChannelId) -> ChannelId {
        let row = self.world.channels.get(&channel);
        match row.is_some_and(|row| row.hall.is_some()) {
            true => self.lobby,
            false => channel,
        }
    }

    /// The first hall, and those that somebody is in.
    fn open_halls(&self) -> Vec<Channel> {
        let first = self.world.channel(self.lobby).into_iter();
        let others = self.world.halls().into_iter();
        let others = others.filter(|hall| self.counts(hall.id).1 > 0);
        first.chain(others).collect()
    }

    fn hall(&mut self, hall: u32) -> Option<ChannelId> {
        let lobby = ChannelName::parse(LOBBY).ok()?;
        let name = halls::name_of(&lobby, hall);
        Some(self.world.open_hall(hall, &name)?.id)
    }

    /// Who is in which hall, as somebody sees it who looks for a place.
    fn seats(&self, user: UserId) -> Vec<Seats> {
        let mine = self.shared_channels(user);
        let mut seats: BTreeMap<u32, Seats> = BTreeMap::new();
        let online: BTreeSet<UserId> = self.online.values().map(|seat| seat.user).collect();
        for other in online {
            let hall = self.world.hall_of(other);
            let hall = hall.and_then(|id| self.world.channel(id)?.hall);
            let hall = hall.unwrap_or(FIRST_HALL);
            let seats = seats.entry(hall).or_insert(Seats {
                hall,
                taken: 0,
                friends: 0,
            });
            seats.taken += 1;
            let is_friend = !mine.is_disjoint(&self.shared_channels(other));
            seats.friends += usize::from(is_friend);
        }
        seats.into_values().collect()
    }

    /// The channels of players that somebody is in.
    fn shared_channels(&self, user: UserId) -> BTreeSet<ChannelId> {
        let theirs = self.world.memberships(user).into_iter();
        let theirs = theirs.filter(|mine| !mine.channel.is_lobby());
        theirs.map(|mine| mine.channel.id).collect()
    }
}
