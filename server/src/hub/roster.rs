//! Who is online, as players see each other.

use longhall_packet::PresenceState;

use super::{Hub, Player, State};
use crate::store::UserId;

/// An account as the roster of the lobby shows it.
pub(crate) struct RosterEntry {
    pub(crate) username: String,
    pub(crate) state: PresenceState,
    pub(crate) text: String,
}

impl Hub {
    /// The player of this name, if there is one online, and whether a connection
    /// of theirs is there to take a whisper.
    pub(crate) fn player(&self, name_key: &str) -> Option<(UserId, String, bool)> {
        let state = self.lock();
        let user = *state.names.get(name_key)?;
        let player = state.players.get(&user)?;
        let is_there = player.is_connected();
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
}

impl State {
    pub(super) fn shown(&self, user: UserId) -> (PresenceState, &str) {
        self.players
            .get(&user)
            .map_or((PresenceState::Offline, ""), Player::shown)
    }
}
