//! Who is online, as players see each other.

use std::collections::HashMap;

use std::ops::Bound;

use longhall_packet::{PresenceState, ServerPacket, ServerRole};

use super::{Hub, Player, State};
use crate::frames::encode;
use crate::store::{ChannelId, UserId};

/// A player who is online, for a game's own server.
pub(crate) struct OnlinePlayer {
    pub(crate) user: UserId,
    pub(crate) username: String,
    pub(crate) state: PresenceState,
    pub(crate) server_role: ServerRole,
    pub(crate) guest: bool,
}

/// An account as the roster of the lobby shows it.
pub(crate) struct RosterEntry {
    pub(crate) user: UserId,
    pub(crate) username: String,
    pub(crate) state: PresenceState,
    pub(crate) text: String,
    pub(crate) server_role: ServerRole,
    pub(crate) guest: bool,
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

    /// Players online in a hall of the lobby behind a name key, in the order of name keys,
    /// without those that `reader` has blocked.
    pub(crate) fn online(
        &self,
        hall: ChannelId,
        reader: UserId,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<RosterEntry> {
        let state = self.lock();
        let is_shown = |user: &UserId| !state.has_blocked(reader, *user);
        let there: Vec<(&UserId, &Player)> = if state.halls.len() == 1 {
            // Everybody is there, and is in the order of names already.
            let start = after.map_or(Bound::Unbounded, Bound::Excluded);
            let names = state.names.range::<str, _>((start, Bound::Unbounded));
            let users = names.map(|(_, user)| user).filter(|user| is_shown(user));
            let players = users.filter_map(|user| Some((user, state.players.get(user)?)));
            players.take(limit).collect()
        } else {
            let present = state.channels.get(&hall).into_iter();
            let users = present.flat_map(|live| live.present.keys());
            let players = users.filter_map(|user| Some((user, state.players.get(user)?)));
            let is_behind = |key: &str| after.is_none_or(|after| key > after);
            let mut there: Vec<_> = players
                .filter(|(user, player)| is_behind(&player.name_key) && is_shown(user))
                .collect();
            there.sort_unstable_by(|(_, one), (_, other)| one.name_key.cmp(&other.name_key));
            there
        };
        let players = there.into_iter();
        let shown = players.take(limit).map(|(user, player)| {
            let (presence, text) = player.shown();
            RosterEntry {
                user: *user,
                server_role: state.server_role(*user),
                username: player.username.clone(),
                state: presence,
                text: text.to_owned(),
                guest: player.is_guest,
            }
        });
        shown.collect()
    }
}

impl Hub {
    /// Players online behind a name key, in the order of name keys.
    pub(crate) fn online_players(&self, after: Option<&str>, limit: usize) -> Vec<OnlinePlayer> {
        use std::ops::Bound;
        let state = self.lock();
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let names = state.names.range::<str, _>((start, Bound::Unbounded));
        let players = names.filter_map(|(_, user)| Some((*user, state.players.get(user)?)));
        let players = players.take(limit).map(|(user, player)| OnlinePlayer {
            user,
            username: player.username.clone(),
            state: player.shown().0,
            server_role: state.server_role(user),
            guest: player.is_guest,
        });
        players.collect()
    }

    /// What an account may do on the whole server.
    pub(crate) fn server_role(&self, user: UserId) -> ServerRole {
        self.lock().server_role(user)
    }

    /// Goes by these from now on, and tells those of them who are here.
    pub(crate) fn set_staff(&self, staff: HashMap<UserId, ServerRole>) {
        let state = &mut *self.lock();
        if state.staff == staff {
            return;
        }
        let before = std::mem::replace(&mut state.staff, staff);
        let mut all: Vec<_> = before.keys().chain(state.staff.keys()).copied().collect();
        all.sort_unstable();
        all.dedup();
        for user in all {
            let server_role = state.server_role(user);
            if before.get(&user).copied().unwrap_or_default() != server_role {
                // Each server tells those who are with it.
                let packet = encode(&ServerPacket::ServerRoleChanged { server_role });
                state.tell(user, None, &packet);
            }
        }
    }
}

impl State {
    /// What an account may do on the whole server.
    pub(super) fn server_role(&self, user: UserId) -> ServerRole {
        self.staff.get(&user).copied().unwrap_or_default()
    }

    pub(super) fn is_guest(&self, user: UserId) -> bool {
        let player = self.players.get(&user);
        player.is_some_and(|player| player.is_guest)
    }

    pub(super) fn shown(&self, user: UserId) -> (PresenceState, &str) {
        self.players
            .get(&user)
            .map_or((PresenceState::Offline, ""), Player::shown)
    }
}
