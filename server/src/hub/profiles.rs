//! News of players who have another profile: gathered, and told to everybody who is online
//! once in a while, some at a time.

use std::collections::{HashMap, HashSet, VecDeque};

use longhall_packet::{ChangedProfile, ServerPacket};

use super::{Hub, State};
use crate::frames::{Frames, encode};
use crate::news::News;
use crate::store::{KeptProfile, UserId};

/// Bytes of profiles told at a time, about; one is told however large it is. Everybody gets
/// them, whoever is bored: what others say must not wait for them.
const MAX_BYTES: usize = 4 * 1024;

/// Profiles that are to be told.
#[derive(Default)]
pub(super) struct NewProfiles {
    /// In the order of their first change.
    order: VecDeque<UserId>,
    of: HashMap<UserId, KeptProfile>,
}

impl NewProfiles {
    fn note(&mut self, user: UserId, kept: KeptProfile) {
        match self.of.get_mut(&user) {
            // Of two servers the later news may be the earlier change.
            Some(noted) if noted.version >= kept.version => {}
            Some(noted) => *noted = kept,
            None => {
                self.of.insert(user, kept);
                self.order.push_back(user);
            }
        }
    }
}

impl Hub {
    /// Notes that a player has another profile.
    pub(crate) fn note_profile(&self, user: UserId, kept: &KeptProfile) {
        let state = &mut *self.lock();
        state.note_profile(user, kept.clone());
        state.tell_peers(|| News::Profile {
            user,
            profile: kept.profile.to_json(),
            version: kept.version,
        });
    }

    /// Whether `reader` has blocked a player.
    pub(crate) fn hides_from(&self, reader: UserId, user: UserId) -> bool {
        self.lock().has_blocked(reader, user)
    }

    /// Tells some of those that were noted.
    pub(super) fn tell_profiles(&self) {
        // Apart from the news of channels, so that lines need not wait for all of it.
        self.lock().tell_profiles();
    }
}

impl State {
    pub(super) fn note_profile(&mut self, user: UserId, kept: KeptProfile) {
        // A session on its way in has read the one before.
        self.arrivals.note_user(user);
        if self.players.contains_key(&user) {
            self.new_profiles.note(user, kept);
        }
    }

    fn tell_profiles(&mut self) {
        let mut changes: Vec<(UserId, ChangedProfile)> = Vec::new();
        let mut bytes = 0;
        while bytes < MAX_BYTES
            && let Some(user) = self.new_profiles.order.pop_front()
        {
            let kept = self.new_profiles.of.remove(&user);
            // Who is gone meanwhile is on nobody's screen.
            let (Some(kept), Some(player)) = (kept, self.players.get(&user)) else {
                continue;
            };
            bytes += kept.profile.to_json().len() + player.username.len();
            let changed = ChangedProfile {
                username: player.username.clone(),
                profile: kept.profile,
                profile_version: kept.version,
            };
            changes.push((user, changed));
        }
        if changes.is_empty() {
            return;
        }
        let packet = |changes: Vec<ChangedProfile>| encode(&ServerPacket::Profiles { changes });
        let for_all = packet(changes.iter().map(|(_, change)| change.clone()).collect());
        // For those without room for more.
        let none = packet(Vec::new());
        let blockers: HashMap<UserId, &HashSet<UserId>> = changes
            .iter()
            .filter_map(|(user, _)| Some((*user, self.blockers.get(user)?)))
            .collect();
        let mut for_some: HashMap<Vec<UserId>, Frames> = HashMap::new();
        let halls = self.halls.values();
        let halls = halls.filter_map(|hall| self.channels.get(hall));
        for listener in halls.flat_map(|hall| &hall.listeners) {
            let hides = |user: &UserId| {
                let blockers = blockers.get(user);
                blockers.is_some_and(|blockers| blockers.contains(&listener.user))
            };
            let left_out: Vec<UserId> = blockers.keys().copied().filter(hides).collect();
            if left_out.is_empty() {
                listener.outbox.push_short(&for_all, &none);
            } else if left_out.len() < changes.len() {
                let for_these = for_some.entry(left_out).or_insert_with(|| {
                    let seen = changes.iter().filter(|(user, _)| !hides(user));
                    packet(seen.map(|(_, change)| change.clone()).collect())
                });
                listener.outbox.push_short(for_these, &none);
            }
        }
    }
}
