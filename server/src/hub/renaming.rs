//! A player gets another name while they are online.

use std::sync::Arc;

use arc_swap::ArcSwap;
use longhall_packet::ServerPacket;

use super::{Hub, Newcomer, SharedName, State};
use crate::frames::{Frames, encode, json};
use crate::news::News;
use crate::store::UserId;

impl Hub {
    /// Notes another name of a player, and tells everybody who is online by `packet`. All
    /// their sessions speak under it from then on.
    pub(crate) fn rename(
        &self,
        user: UserId,
        username: &str,
        name_key: &str,
        packet: &ServerPacket,
    ) {
        let frames = encode(packet);
        let state = &mut *self.lock();
        state.rename(user, username, name_key, &frames);
        state.tell_peers(|| News::Renamed {
            user,
            username: username.to_owned(),
            name_key: name_key.to_owned(),
            packet: json(packet),
        });
    }
}

impl State {
    pub(super) fn rename(&mut self, user: UserId, username: &str, name_key: &str, packet: &Frames) {
        // A session on its way in has read the old name, its own or another's.
        self.arrivals.note_user(user);
        self.note_name(user, username, name_key);
        self.announce_in_all_halls(packet);
    }

    /// Goes by another name of a player from now on.
    pub(super) fn note_name(&mut self, user: UserId, username: &str, name_key: &str) {
        let Some(player) = self.players.get_mut(&user) else {
            return;
        };
        if player.username == username {
            return;
        }
        if self.names.get(&player.name_key) == Some(&user) {
            self.names.remove(&player.name_key);
        }
        self.names.insert(name_key.to_owned(), user);
        username.clone_into(&mut player.username);
        name_key.clone_into(&mut player.name_key);
        player.shared_name.store(Arc::new(username.to_owned()));
        for channel in &player.channels {
            // What is still to be told of them is told under the new name.
            let live = self.channels.get_mut(channel);
            if let Some(delta) = live.and_then(|live| live.delta.of.get_mut(&user)) {
                username.clone_into(&mut delta.username);
            }
        }
    }

    /// The name that the sessions of a player share.
    pub(super) fn shared_name(&self, who: &Newcomer) -> SharedName {
        match self.players.get(&who.user) {
            Some(player) => Arc::clone(&player.shared_name),
            None => Arc::new(ArcSwap::from_pointee(who.username.clone())),
        }
    }
}
