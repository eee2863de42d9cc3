//! Whether what the store told a moment ago still holds.

use std::collections::{BTreeSet, HashMap};

use longhall_packet::Seq;

use super::Hub;
use crate::frames::Frames;
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
    channels: HashMap<ChannelId, u64>,
    /// Strangers can cause these as often as they like, so they make nobody read
    /// again, which would keep a player out: they are handed over instead.
    missed: HashMap<UserId, Missed>,
}

/// Whispers and invitations that came for an account.
#[derive(Default)]
struct Missed {
    /// When the last of it came.
    at: u64,
    /// The newest number of its inbox.
    last_whisper: Seq,
    invitations: Vec<Frames>,
}

/// Invitations handed over at most; the next login tells of all.
const MAX_INVITATIONS: usize = 30;

/// Somebody is on the way into the hub or a channel, until this is dropped.
pub(crate) struct Arrival {
    hub: Hub,
    since: u64,
}

/// The store's answers may not hold any more; ask it again.
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
        // The oldest arrival cleans up when it ends: younger ones need no older notes.
        let oldest = arrivals.on_the_way.first().copied();
        if oldest.is_none_or(|oldest| oldest > self.since) {
            let oldest = oldest.unwrap_or(u64::MAX);
            arrivals.users.retain(|_, changed| *changed > oldest);
            arrivals.channels.retain(|_, changed| *changed > oldest);
            arrivals.missed.retain(|_, missed| missed.at > oldest);
        }
    }
}

impl Arrivals {
    /// Notes that something about an account changed: its channels, sessions or
    /// blocks.
    pub(super) fn note_user(&mut self, user: UserId) {
        if !self.on_the_way.is_empty() {
            self.clock += 1;
            self.users.insert(user, self.clock);
        }
    }

    /// Notes a whisper in an account's inbox.
    pub(super) fn note_whisper(&mut self, user: UserId, seq: Seq) {
        if let Some(missed) = self.missed_for(user) {
            missed.last_whisper = missed.last_whisper.max(seq);
        }
    }

    /// Notes an invitation of an account.
    pub(super) fn note_invitation(&mut self, user: UserId, packet: &Frames) {
        if let Some(missed) = self.missed_for(user)
            && missed.invitations.len() < MAX_INVITATIONS
        {
            missed.invitations.push(packet.clone());
        }
    }

    fn missed_for(&mut self, user: UserId) -> Option<&mut Missed> {
        if self.on_the_way.is_empty() {
            return None;
        }
        self.clock += 1;
        let missed = self.missed.entry(user).or_default();
        missed.at = self.clock;
        Some(missed)
    }

    /// The newest whisper and the invitations that came while an account was on
    /// its way; some may have been there before.
    pub(super) fn missed_by(&self, user: UserId) -> (Seq, Vec<Frames>) {
        let missed = self.missed.get(&user);
        missed.map_or((0, Vec::new()), |missed| {
            (missed.last_whisper, missed.invitations.clone())
        })
    }

    /// Notes that something about a channel changed that the hub does not know of
    /// it, or that the hub has forgotten it.
    pub(super) fn note_channel(&mut self, channel: ChannelId) {
        if !self.on_the_way.is_empty() {
            self.clock += 1;
            self.channels.insert(channel, self.clock);
        }
    }

    #[cfg(test)]
    pub(super) fn is_forgotten(&self) -> bool {
        let notes = self.users.len() + self.channels.len() + self.missed.len();
        self.on_the_way.is_empty() && notes == 0
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
        if user_changed || channels.any(|channel| is_later(self.channels.get(&channel))) {
            return Err(Stale);
        }
        Ok(())
    }
}
