//! Whether what the store told a moment ago still holds.

use std::collections::{BTreeSet, HashMap};

use super::Hub;
use crate::store::{ChannelId, UserId};

/// What changed while sessions are on their way into the hub.
///
/// A session reads its account's channels from the store, which takes a while,
/// and then enters. What happens to the account or the channels in between is
/// noted here, and makes it read again. Nothing is noted while nobody is on the
/// way.
#[derive(Default)]
pub(super) struct Arrivals {
    /// Counts arrivals and changes.
    clock: u64,
    on_the_way: BTreeSet<u64>,
    users: HashMap<UserId, u64>,
    rooms: HashMap<ChannelId, u64>,
}

/// Somebody is on the way into the hub or a channel, until this is dropped.
pub(crate) struct Arrival {
    hub: Hub,
    since: u64,
}

/// What the store told may not hold any more; ask it again.
#[derive(Debug)]
pub(crate) struct Stale;

impl Arrival {
    pub(super) fn begin(hub: Hub, arrivals: &mut Arrivals) -> Self {
        arrivals.clock += 1;
        let since = arrivals.clock;
        arrivals.on_the_way.insert(since);
        Self { hub, since }
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let arrivals = &mut self.hub.lock().arrivals;
        arrivals.on_the_way.remove(&self.since);
        // Who left last cleans up; who is older still needs it.
        let oldest = arrivals.on_the_way.first().copied();
        if oldest.is_none_or(|oldest| oldest > self.since) {
            let oldest = oldest.unwrap_or(u64::MAX);
            arrivals.users.retain(|_, changed| *changed > oldest);
            arrivals.rooms.retain(|_, changed| *changed > oldest);
        }
    }
}

impl Arrivals {
    /// Notes that something about an account changed: its channels, sessions,
    /// blocks or whispers.
    pub(super) fn note_user(&mut self, user: UserId) {
        if !self.on_the_way.is_empty() {
            self.clock += 1;
            self.users.insert(user, self.clock);
        }
    }

    /// Notes that something about a channel changed that its room in memory does
    /// not know, or that it has no room any more.
    pub(super) fn note_room(&mut self, channel: ChannelId) {
        if !self.on_the_way.is_empty() {
            self.clock += 1;
            self.rooms.insert(channel, self.clock);
        }
    }

    #[cfg(test)]
    pub(super) fn is_forgotten(&self) -> bool {
        self.on_the_way.is_empty() && self.users.is_empty() && self.rooms.is_empty()
    }

    pub(super) fn check(
        &self,
        arrival: &Arrival,
        user: Option<UserId>,
        channels: impl IntoIterator<Item = ChannelId>,
    ) -> Result<(), Stale> {
        let is_later = |changed: Option<&u64>| changed.is_some_and(|&at| at > arrival.since);
        let user_changed = user.is_some_and(|user| is_later(self.users.get(&user)));
        let mut channels = channels.into_iter();
        if user_changed || channels.any(|channel| is_later(self.rooms.get(&channel))) {
            return Err(Stale);
        }
        Ok(())
    }
}
