//! Players who hear nothing of others.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Hub, State};
use crate::store::UserId;

impl Hub {
    /// Hides `blocked` from a player, from now on.
    pub(crate) fn block(&self, user: UserId, blocked: UserId) {
        self.change_blocks(user, |blocks| {
            blocks.insert(blocked);
        });
    }

    /// Ends [`Hub::block`].
    pub(crate) fn unblock(&self, user: UserId, blocked: UserId) {
        self.change_blocks(user, |blocks| {
            blocks.remove(&blocked);
        });
    }

    fn change_blocks(&self, user: UserId, change: impl FnOnce(&mut HashSet<UserId>)) {
        let state = &mut *self.lock();
        state.arrivals.note_user(user);
        if let Some(player) = state.players.get(&user) {
            let mut blocked = HashSet::clone(&player.blocked);
            change(&mut blocked);
            state.set_blocked(user, blocked);
        }
    }

    /// The accounts that a player has blocked.
    pub(crate) fn blocked(&self, user: UserId) -> Arc<HashSet<UserId>> {
        let state = self.lock();
        let player = state.players.get(&user);
        player
            .map(|player| Arc::clone(&player.blocked))
            .unwrap_or_default()
    }
}

impl State {
    pub(super) fn set_blocked(&mut self, user: UserId, blocked: HashSet<UserId>) {
        let Some(player) = self.players.get_mut(&user) else {
            return;
        };
        let before = std::mem::replace(&mut player.blocked, Arc::new(blocked));
        for gone in before.difference(&player.blocked) {
            if let Some(blockers) = self.blockers.get_mut(gone) {
                blockers.remove(&user);
                if blockers.is_empty() {
                    self.blockers.remove(gone);
                }
            }
        }
        for new in player.blocked.difference(&before) {
            self.blockers.entry(*new).or_default().insert(user);
        }
    }

    pub(super) fn has_blocked(&self, user: UserId, other: UserId) -> bool {
        let blockers = self.blockers.get(&other);
        blockers.is_some_and(|blockers| blockers.contains(&user))
    }
}
