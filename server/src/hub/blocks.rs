//! Players who hear nothing of others.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Hub, State};
use crate::news::News;
use crate::store::UserId;

impl Hub {
    /// Hides `blocked` from a player, from now on.
    pub(crate) fn block(&self, user: UserId, blocked: UserId) {
        self.set_block(user, blocked, true);
    }

    /// Ends [`Hub::block`].
    pub(crate) fn unblock(&self, user: UserId, blocked: UserId) {
        self.set_block(user, blocked, false);
    }

    fn set_block(&self, user: UserId, other: UserId, is_blocked: bool) {
        let state = &mut *self.lock();
        state.change_block(user, other, is_blocked);
        state.tell_peers(|| News::Blocked {
            user,
            other,
            is_blocked,
        });
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
    pub(super) fn change_block(&mut self, user: UserId, other: UserId, is_blocked: bool) {
        self.arrivals.note_user(user);
        let player = self.players.get(&user);
        if let Some(player) = player.filter(|player| player.is_here()) {
            let mut blocked = HashSet::clone(&player.blocked);
            if is_blocked {
                blocked.insert(other);
            } else {
                blocked.remove(&other);
            }
            self.set_blocked(user, blocked);
        }
    }

    /// Forgets whom a player has blocked who is with peers alone: it is they who hide
    /// them.
    pub(super) fn forget_blocks_of_absent(&mut self, user: UserId) {
        let player = self.players.get(&user);
        if player.is_some_and(|player| !player.is_here() && !player.blocked.is_empty()) {
            self.set_blocked(user, HashSet::new());
        }
    }

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
