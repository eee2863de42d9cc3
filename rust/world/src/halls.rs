//! Halls of the lobby: a lobby of many players has several, each with its own lines and
//! members, and an account is in one of them.
//!
//! The first hall is the lobby's own channel, and an account is in it unless it has a member
//! row in another one. So a server whose players have room in one hall writes no rows.

use longhall_packet::limits::MAX_CHANNEL_CHARS;
use longhall_packet::{Access, ChannelName, Role};

use crate::World;
use crate::channels::{ChannelRow, Member};
use crate::records::{Channel, ChannelId, UserId};

/// The number of the lobby's own channel among the halls.
pub const FIRST_HALL: u32 = 1;

/// How it stands with a hall when somebody looks for a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Which one it is, from 1.
    pub hall: u32,
    /// Players who are there, or on their way.
    pub taken: usize,
    /// Those of them who share a channel with whoever looks.
    pub friends: usize,
}

/// The hall for a player who comes in; `None` when all are full, and a new one is to be
/// opened. See [`kept`] and [`best`].
pub fn place(halls: &[Seats], size: usize, remembered: Option<u32>, resumed: bool) -> Option<u32> {
    kept(halls, size, remembered, resumed).or_else(|| best(halls, size))
}

/// The hall that a player has a claim to: the one of before, or the first one.
///
/// `halls` are those with somebody in them. Each takes `size` players, 0 being no limit:
/// there is one for all then. `remembered` is the hall where they were before, `None` for
/// the first one, and `resumed` says that they come back to a session.
pub fn kept(halls: &[Seats], size: usize, remembered: Option<u32>, resumed: bool) -> Option<u32> {
    if size == 0 {
        return Some(FIRST_HALL);
    }
    // Nobody chose the first one: it is where everybody is until it is full.
    let hall = remembered.unwrap_or(FIRST_HALL);
    let taken = taken(halls, hall);
    let is_open = hall == FIRST_HALL || resumed || taken > 0;
    (is_open && taken < size).then_some(hall)
}

/// The hall with room where most friends are, or else the fullest one; `None` when all are
/// full.
pub fn best(halls: &[Seats], size: usize) -> Option<u32> {
    let first = Seats {
        hall: FIRST_HALL,
        taken: taken(halls, FIRST_HALL),
        friends: 0,
    };
    let others = halls.iter().copied().filter(|seats| seats.taken > 0);
    let open = std::iter::once(first).chain(others);
    let best = open
        .filter(|seats| seats.taken < size)
        .max_by_key(|seats| (seats.friends, seats.taken, std::cmp::Reverse(seats.hall)));
    best.map(|seats| seats.hall)
}

fn taken(halls: &[Seats], hall: u32) -> usize {
    let found = halls.iter().find(|seats| seats.hall == hall);
    found.map_or(0, |seats| seats.taken)
}

/// The name of a hall: the lobby's with the number behind it, shortened where it would be
/// too long.
pub fn name_of(lobby: &ChannelName, hall: u32) -> ChannelName {
    if hall <= FIRST_HALL {
        return lobby.clone();
    }
    let number = format!("-{hall}");
    let room = MAX_CHANNEL_CHARS.saturating_sub(number.len());
    let stem: String = lobby.as_str().chars().take(room).collect();
    let name = format!("{}{number}", stem.trim_end_matches(['-', '_']));
    // What is left of a name keeps the rules of names.
    ChannelName::parse(&name).unwrap_or_else(|_| lobby.clone())
}

/// Whether a name is one that [`name_of`] gives.
pub fn is_hall_name(lobby: &ChannelName, name: &ChannelName) -> bool {
    let number = name.as_str().rsplit_once('-').map(|(_, number)| number);
    let number = number.filter(|number| !number.starts_with('0'));
    let number = number.and_then(|number| number.parse().ok());
    number.is_some_and(|number| number > FIRST_HALL && name_of(lobby, number) == *name)
}

impl World {
    /// The halls but the first one, in the order of their numbers.
    pub fn halls(&self) -> Vec<Channel> {
        let ids = self.channels.keys();
        let all = ids.filter_map(|id| self.channel(*id));
        let mut halls: Vec<_> = all
            .filter(|channel| channel.hall.is_some_and(|hall| hall > FIRST_HALL))
            .collect();
        halls.sort_by_key(|channel| channel.hall);
        halls
    }

    /// The hall of this number, created under this name if need be, with the lobby's topic
    /// and speech. `None` when a channel of players has the name, or there is no lobby.
    ///
    /// A channel that nobody is a member of was a hall before, and becomes one again.
    pub fn open_hall(&mut self, hall: u32, name: &ChannelName) -> Option<Channel> {
        let lobby = self.channel(self.lobby()?)?;
        if hall <= FIRST_HALL {
            return Some(lobby);
        }
        if let Some(found) = self.halls().into_iter().find(|one| one.hall == Some(hall)) {
            return Some(found);
        }
        let id = match self.channel_id(name) {
            None => self.create(ChannelRow {
                name: name.clone(),
                topic: String::new(),
                access: Access::Open,
                speech: lobby.speech,
                password_hash: None,
                hall: None,
                temporary: None,
            }),
            Some(found) => {
                let row = self.channels.get(&found)?;
                let is_free = row.hall.is_none()
                    && row.temporary.is_none()
                    && row.access == Access::Open
                    && self.members_of(found) == 0;
                is_free.then_some(found)?
            }
        };
        self.invitations.retain(|i| i.channel != id);
        if let Some(row) = self.channels.get_mut(&id) {
            row.hall = Some(hall);
            row.topic = lobby.topic;
            row.speech = lobby.speech;
        }
        self.channel(id)
    }

    /// Puts an account into a hall, in place of the one where it was; what was said there
    /// before counts as read. Says whether it is a hall.
    pub fn set_hall(&mut self, user: UserId, channel: ChannelId) -> bool {
        let Some(hall) = self.channels.get(&channel).and_then(|row| row.hall) else {
            return false;
        };
        if self.is_member(channel, user) {
            return true;
        }
        self.leave_halls(user);
        if hall > FIRST_HALL {
            self.members.push(Member {
                channel,
                user,
                role: Role::Member,
            });
        }
        self.mark_channel(user, channel, self.last_seq_of(channel));
        true
    }

    /// Takes an account to the first hall.
    pub(crate) fn leave_halls(&mut self, user: UserId) {
        if let Some(hall) = self.hall_of(user) {
            self.members.retain(|m| m.channel != hall || m.user != user);
            self.reads.remove(&(user, hall));
        }
    }

    /// Closes all halls but the first one: they are channels that nobody is in.
    pub(crate) fn close_halls(&mut self) {
        for hall in self.halls() {
            self.members.retain(|m| m.channel != hall.id);
            self.reads.retain(|(_, of), _| *of != hall.id);
            if let Some(row) = self.channels.get_mut(&hall.id) {
                row.hall = None;
            }
        }
    }

    /// The hall that an account has a row in.
    pub(crate) fn hall_of(&self, user: UserId) -> Option<ChannelId> {
        let mut theirs = self.members.iter().filter(|m| m.user == user);
        theirs.find_map(|m| {
            let row = self.channels.get(&m.channel)?;
            row.hall.map(|_| m.channel)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(halls: &[(u32, usize, usize)]) -> Vec<Seats> {
        let halls = halls.iter();
        halls
            .map(|&(hall, taken, friends)| Seats {
                hall,
                taken,
                friends,
            })
            .collect()
    }

    #[test]
    fn halls_fill_from_the_first_and_then_the_fullest() {
        for (halls, expected) in [
            (vec![], Some(1)),
            (vec![(1, 9, 0)], Some(1)),
            (vec![(1, 10, 0)], None),
            (vec![(1, 10, 0), (2, 3, 0), (3, 4, 0)], Some(3)),
            (vec![(1, 10, 0), (2, 4, 0), (3, 4, 0)], Some(2)),
            (vec![(1, 10, 0), (2, 10, 0), (4, 1, 0)], Some(4)),
            (vec![(1, 11, 0), (2, 10, 0)], None),
        ] {
            let seats = seats(&halls);
            assert_eq!(place(&seats, 10, None, false), expected, "{halls:?}");
        }
    }

    #[test]
    fn the_hall_of_before_is_kept_while_it_has_room_and_somebody_is_there() {
        let check =
            |halls: &[(u32, usize, usize)], resumed| place(&seats(halls), 10, Some(3), resumed);
        assert_eq!(check(&[(1, 2, 0), (3, 1, 0)], false), Some(3));
        assert_eq!(check(&[(1, 2, 0)], false), Some(1));
        assert_eq!(check(&[(1, 2, 0)], true), Some(3));
        assert_eq!(check(&[(1, 2, 0), (2, 5, 0), (3, 10, 0)], true), Some(2));
    }

    #[test]
    fn friends_count_for_more_than_a_full_hall_where_there_is_room() {
        let halls = seats(&[(1, 10, 9), (2, 9, 1), (3, 2, 2), (4, 10, 8)]);
        assert_eq!(place(&halls, 10, None, false), Some(3));
        // Who has room in the first one is there.
        let halls = seats(&[(1, 9, 0), (2, 9, 5)]);
        assert_eq!(place(&halls, 10, None, false), Some(1));
    }

    #[test]
    fn without_a_size_there_is_one_hall_for_all() {
        let halls = seats(&[(1, 9_000, 0), (2, 1, 1)]);
        assert_eq!(place(&halls, 0, Some(2), true), Some(1));
    }

    #[test]
    fn a_hall_has_the_name_of_the_lobby_with_a_number() {
        let name = |name: &str| ChannelName::parse(name).unwrap();
        for (lobby, hall, expected) in [
            ("lobby", 1, "lobby"),
            ("lobby", 2, "lobby-2"),
            ("lobby", 31, "lobby-31"),
            ("abcdefghijklmnopqrstuvwx", 2, "abcdefghijklmnopqrstuv-2"),
            ("abcdefghijklmnopqrst-vwx", 123, "abcdefghijklmnopqrst-123"),
        ] {
            let (lobby, expected) = (name(lobby), name(expected));
            assert_eq!(name_of(&lobby, hall), expected);
            assert_eq!(is_hall_name(&lobby, &expected), hall > 1, "{expected}");
        }
        let lobby = name("lobby");
        for other in [
            "lobby-1",
            "lobby-02",
            "lobby-x",
            "lobbies-2",
            "lobby-2x",
            "den-2",
        ] {
            assert!(!is_hall_name(&lobby, &name(other)), "{other}");
        }
    }
}
