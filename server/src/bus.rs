//! What the servers of one hall tell each other over: at most once, and it is said when
//! something may have been missed.
//!
//! A [`Bus`] carries bytes and knows nothing of what they mean; that is the
//! cluster's affair. It may lose what it carries, but not in silence: then comes a
//! [`Heard::Doubt`] or a [`Heard::Lost`], and what is missing is read from the store.

mod alone;
#[cfg(test)]
pub(crate) mod loopback;
mod nats;
mod subscriptions;
// Tests have a NATS of their own on Unix.
#[cfg(test)]
#[cfg(unix)]
mod tests;
mod url;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc::Receiver;

pub(crate) use alone::alone;
pub use nats::{BusError, NatsBus, ping};
pub use url::{BusUrl, BusUrlError};

use crate::store::ChannelId;

/// How long a subscription may take until the bus has confirmed it.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Messages heard that may wait for the cluster. When there are as many, the bus waits,
/// and what comes then may be lost: it is told as a doubt.
const MAX_HEARD: usize = 256;

/// What a message is about, by which servers choose what to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Everything but lines of channels. Every server hears it.
    All,
    /// Lines of one channel, for servers where somebody listens to it.
    Lines(ChannelId),
}

/// What comes out of a bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Another server's message.
    News(Bytes),
    /// We may have missed something of theirs.
    Doubt,
    /// They may have missed something of ours.
    Lost,
    /// Nothing comes or goes for now.
    Down,
    /// The bus is there again; a doubt and a loss follow.
    Up,
}

/// The bus did not confirm in time. It goes on trying, and tells a [`Heard::Doubt`] when it
/// has succeeded.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the bus has not confirmed a subscription")]
pub struct NotConfirmed;

/// The way to the other servers.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Whether there may be other servers to tell anything.
    fn has_others(&self) -> bool {
        true
    }

    /// Sends to all servers but this one. Never waits: what has no room, or comes while the
    /// bus is down, is dropped, and [`Heard::Lost`] comes as soon as messages flow again.
    fn publish(&self, subject: Subject, payload: Bytes);

    /// Has this server hear the lines of a channel. What is published after this has
    /// returned is heard. It may be called again for the same channel.
    ///
    /// # Errors
    /// [`NotConfirmed`], after two seconds, or at once while the bus is down.
    async fn subscribe(&self, channel: ChannelId) -> Result<(), NotConfirmed>;

    /// Ends that.
    fn unsubscribe(&self, channel: ChannelId);

    /// Whether messages come and go, as far as is known.
    fn is_up(&self) -> bool;

    /// Returns when the bus has what was published before: what another server publishes
    /// then is heard later by everybody. Waits a second at most, and not at all while the bus
    /// is down.
    async fn flush(&self);
}

/// A bus, and what comes out of it.
pub struct Link {
    /// Where to send.
    pub bus: Arc<dyn Bus>,
    /// In the order in which it came, for each subject.
    pub heard: Receiver<Heard>,
}
