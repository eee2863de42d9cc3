//! The channels whose lines this server hears: those that somebody listens to here, and for
//! a while those that somebody did.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::Shared;
use crate::store::ChannelId;

/// How often it is looked at who listens to what.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long a channel is heard that nobody listens to: players come back, and one on the
/// way in counts on it.
const IDLE: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(super) struct Channels {
    /// No more than players here are in, or were half a minute ago.
    subscribed: Mutex<HashMap<ChannelId, Subscribed>>,
    changed: Notify,
}

struct Subscribed {
    needed_at: Instant,
    is_confirmed: bool,
}

impl Channels {
    /// Notes that somebody needs a channel. `None` when the bus has confirmed it already,
    /// otherwise whether nobody needed it before.
    pub(super) fn need(&self, channel: ChannelId, now: Instant) -> Option<bool> {
        let mut all = self.lock();
        let known = all.len();
        let subscribed = all.entry(channel).or_insert(Subscribed {
            needed_at: now,
            is_confirmed: false,
        });
        subscribed.needed_at = now;
        let is_confirmed = subscribed.is_confirmed;
        (!is_confirmed).then_some(all.len() > known)
    }

    /// Notes that the bus has confirmed it.
    pub(super) fn confirm(&self, channel: ChannelId) {
        if let Some(subscribed) = self.lock().get_mut(&channel) {
            subscribed.is_confirmed = true;
        }
    }

    /// Notes that players here may be in more channels.
    pub(super) fn note_changed(&self) {
        self.changed.notify_one();
    }

    /// Forgets those that nobody has needed for a while. `unsubscribe` is called before
    /// anybody can need one of them again.
    fn forget_idle(&self, now: Instant, mut unsubscribe: impl FnMut(ChannelId)) {
        let is_idle = |_: &ChannelId, subscribed: &mut Subscribed| {
            now.saturating_duration_since(subscribed.needed_at) >= IDLE
        };
        for (channel, _) in self.lock().extract_if(is_idle) {
            unsubscribe(channel);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ChannelId, Subscribed>> {
        // Nothing panics while holding it.
        self.subscribed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends subscriptions that nobody needs, and begins those that are missing.
pub(super) async fn tend(shared: &Shared) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shared.channels.changed.notified() => {}
        }
        shared.hear_listened_to().await;
        let unsubscribe = |channel| shared.bus.unsubscribe(channel);
        shared.channels.forget_idle(Instant::now(), unsubscribe);
    }
}

impl Shared {
    /// Hears the channels that somebody listens to here: a peer may have made a player of
    /// ours a member of one.
    async fn hear_listened_to(&self) {
        let listened_to = self.hub.heard_channels();
        let channels: Vec<_> = listened_to.iter().map(|(channel, _)| *channel).collect();
        if self.hear(&channels).await {
            self.doubts.note_behind();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_heard_until_nobody_has_needed_it_for_a_while() {
        let (channels, begin) = (Channels::default(), Instant::now());
        let (trade, guild) = (ChannelId(1), ChannelId(2));
        let later = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(channels.need(trade, begin), Some(true));
        assert_eq!(channels.need(trade, begin), Some(false));
        channels.confirm(trade);
        assert_eq!(channels.need(guild, later(1)), Some(true));
        assert_eq!(channels.need(trade, later(20)), None);
        let forgotten = |now| {
            let mut forgotten = Vec::new();
            channels.forget_idle(now, |channel| forgotten.push(channel));
            forgotten
        };
        assert_eq!(forgotten(later(30)), []);
        assert_eq!(forgotten(later(31)), [guild]);
        assert_eq!(forgotten(later(60)), [trade]);
        assert_eq!(channels.need(trade, later(60)), Some(true));
    }
}
