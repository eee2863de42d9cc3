//! A session's place in the hub, with and without a connection.

use std::collections::HashSet;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use longhall_packet::{CloseReason, PresenceState};
use tokio::time::Instant;

use super::{Hub, Newcomer, Player, State};
use crate::outbox::Outbox;
use crate::store::{SessionId, UserId};

/// One session of a player who is online.
pub(super) struct Seat {
    pub(super) session: SessionId,
    /// `None` after a cut, while the grace lasts.
    pub(super) outbox: Option<Arc<Outbox>>,
    pub(super) state: PresenceState,
    pub(super) text: String,
    /// The number of its connection, or of the last one it had.
    connection: u64,
    /// When the grace ends, of a cut that is not over.
    cut_until: Option<Instant>,
}

/// A seat whose grace ends some time.
pub(super) struct Cut {
    pub(super) until: Instant,
    user: UserId,
    session: SessionId,
}

/// Keeps a session in the hub. Dropping it means that the connection was cut:
/// the player counts as online for the grace time. After a logout, call
/// [`Place::give_up`] first.
pub(crate) struct Place {
    hub: Hub,
    user: UserId,
    session: SessionId,
    outbox: Arc<Outbox>,
}

impl Place {
    pub(super) fn new(hub: Hub, user: UserId, session: SessionId, outbox: Arc<Outbox>) -> Self {
        Self {
            hub,
            user,
            session,
            outbox,
        }
    }

    /// Leaves for good, without a grace time.
    pub(crate) fn give_up(self) {
        let state = &mut *self.hub.lock();
        if state.holds(&self) {
            state.unseat(self.user, self.session, None);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let grace = self.hub.shared.grace;
        let state = &mut *self.hub.lock();
        // A later connection of the session may have taken the place already.
        if !state.holds(self) {
            return;
        }
        if grace.is_zero() {
            state.unseat(self.user, self.session, None);
        } else {
            state.cut(self.user, self.session, Instant::now() + grace);
        }
    }
}

impl State {
    fn holds(&self, place: &Place) -> bool {
        let player = self.players.get(&place.user);
        let outboxes = player.into_iter().flat_map(Player::outboxes);
        outboxes
            .into_iter()
            .any(|outbox| Arc::ptr_eq(outbox, &place.outbox))
    }

    /// Whether a later connection has had the session's seat.
    pub(super) fn is_overtaken(&self, who: &Newcomer) -> bool {
        let player = self.players.get(&who.user).into_iter();
        let mut seats = player.flat_map(|player| &player.seats);
        seats.any(|seat| seat.session == who.session && seat.connection > who.connection)
    }

    /// Gives a session a seat, or its old one back.
    pub(super) fn seat(&mut self, who: &Newcomer) {
        let player = match self.players.entry(who.user) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                self.names.insert(who.name_key.clone(), who.user);
                entry.insert(Player {
                    username: who.username.clone(),
                    name_key: who.name_key.clone(),
                    // Few play on two devices at once.
                    seats: Vec::with_capacity(1),
                    rooms: Vec::new(),
                    blocked: Arc::default(),
                })
            }
        };
        let outbox = Some(Arc::clone(&who.outbox));
        let seats = &mut player.seats;
        if let Some(seat) = seats.iter_mut().find(|seat| seat.session == who.session) {
            seat.cut_until = None;
            seat.connection = who.connection;
            if let Some(before) = std::mem::replace(&mut seat.outbox, outbox) {
                before.close(CloseReason::LoggedInElsewhere);
            }
        } else {
            seats.push(Seat {
                session: who.session,
                outbox,
                state: PresenceState::Online,
                text: String::new(),
                connection: who.connection,
                cut_until: None,
            });
        }
        self.set_blocked(who.user, who.blocked.iter().copied().collect());
    }

    /// Takes the connection from a seat and keeps the seat for a while.
    fn cut(&mut self, user: UserId, session: SessionId, until: Instant) {
        let Some(player) = self.players.get_mut(&user) else {
            return;
        };
        let mut seats = player.seats.iter_mut();
        let Some(seat) = seats.find(|seat| seat.session == session) else {
            return;
        };
        seat.cut_until = Some(until);
        if let Some(outbox) = seat.outbox.take() {
            for room in &player.rooms {
                if let Some(room) = self.rooms.get_mut(room) {
                    room.forget_listeners(|listener| Arc::ptr_eq(&listener.outbox, &outbox));
                }
            }
        }
        self.cuts.push_back(Cut {
            until,
            user,
            session,
        });
    }

    /// Takes a seat away at once; with the last one the player is offline.
    pub(super) fn unseat(&mut self, user: UserId, session: SessionId, reason: Option<CloseReason>) {
        let Some(player) = self.players.get_mut(&user) else {
            return;
        };
        let Some(at) = player.seats.iter().position(|seat| seat.session == session) else {
            return;
        };
        let (before, said) = player.shown();
        let before = (before, said.to_owned());
        let seat = player.seats.remove(at);
        let is_offline = player.seats.is_empty();
        if let Some(outbox) = seat.outbox {
            if let Some(reason) = reason {
                outbox.close(reason);
            }
            for room in &player.rooms {
                if let Some(room) = self.rooms.get_mut(room) {
                    room.forget_listeners(|listener| Arc::ptr_eq(&listener.outbox, &outbox));
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
        for channel in player.rooms {
            self.note_offline(channel, user, &player.username, before);
            self.leave_room(channel, user);
            self.close_if_empty(channel);
        }
    }

    /// Takes the seats away whose grace is over.
    pub(super) fn end_graces(&mut self, now: Instant) {
        while self.cuts.front().is_some_and(|cut| cut.until <= now) {
            let Some(cut) = self.cuts.pop_front() else {
                return;
            };
            // It may have been taken again, and even cut again, meanwhile.
            let player = self.players.get(&cut.user);
            let seats = player.into_iter().flat_map(|player| &player.seats);
            let mut cut_seats = seats.filter(|seat| seat.session == cut.session);
            let is_over = |seat: &Seat| seat.cut_until.is_some_and(|until| until <= now);
            if cut_seats.any(is_over) {
                self.unseat(cut.user, cut.session, None);
            }
        }
    }
}
