//! What the other servers of a cluster tell, and what they are told.

use std::time::Duration;

use longhall_packet::Seq;
use tokio::sync::mpsc::Sender;

use super::Hub;
use crate::news::{News, ServerId};
use crate::store::{Channel, ChannelId, Page, UserId};

impl Hub {
    /// As [`Hub::new`], for one of several servers: what happens here is given to
    /// `news`, in this order. What does not fit into it is lost; see
    /// [`Hub::take_missed`].
    pub(crate) fn in_cluster(lobby: &Channel, grace: Duration, _news: Sender<News>) -> Self {
        Self::new(lobby, grace)
    }

    /// Whether news were lost since it was asked last: the others are to be told
    /// [`News::Missed`].
    pub(crate) fn take_missed(&self) -> bool {
        false
    }

    /// Applies what a peer tells: it has the same effects on players here as it had
    /// there. [`News::Alive`], [`News::Ask`] and [`News::Missed`] are not for the hub.
    pub(crate) fn hear(&self, _from: ServerId, _news: News) {}

    /// Queues news of all devices that are with this server: the answer to
    /// [`News::Ask`]. Waits while the queue is full, so not for the task that empties
    /// it.
    pub(crate) async fn tell_devices(&self) {}

    /// A peer is silent: its devices count as cut from now on.
    pub(crate) fn lose_server(&self, _server: ServerId) {}

    /// The channels that somebody listens to here, and the number up to which lines
    /// were delivered. To be subscribed: a player may have come into one by a peer's
    /// news.
    pub(crate) fn heard_channels(&self) -> Vec<(ChannelId, Seq)> {
        Vec::new()
    }

    /// The accounts that are connected here, and the newest number of their inboxes
    /// that they know of.
    pub(crate) fn inboxes(&self) -> Vec<(UserId, Seq)> {
        Vec::new()
    }

    /// Channels with lines that have waited for one before them for so long, and the
    /// number up to which lines were delivered.
    pub(crate) fn holes(&self, _older_than: Duration) -> Vec<(ChannelId, Seq)> {
        Vec::new()
    }

    /// Delivers lines of a channel that the store was asked for, behind the last one
    /// delivered or an earlier one. Those delivered already are left out, and what the
    /// store has forgotten is not waited for.
    pub(crate) fn publish_found(&self, _channel: ChannelId, _found: Page) {}

    /// As [`Hub::publish_found`], for an account's inbox.
    pub(crate) fn whispers_found(&self, _user: UserId, _found: Page) {}
}
