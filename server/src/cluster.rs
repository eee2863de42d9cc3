//! One of several servers: hears what the others tell, tells them what happens here, and
//! looks into the store for what may have been missed.
//!
//! The store is the truth, and the bus may lose anything. So whatever came over the bus
//! in vain, or not at all, is found in the store: lines by their numbers, in a moment
//! where there is a hole, at the next doubt otherwise. Who is online is asked for again.
//! A server numbers what it tells all others, so they doubt as soon as something is missing.
//!
//! A server alone has it all the same when its store may leave it in doubt
//! ([`Store::unknown_outcomes`]), with a bus that leads nowhere.
//!
//! A server subscribes to the lines of a channel before it reads where the channel
//! stands ([`Cluster::hear`]), so that each line is in what it reads or comes over the bus.

mod channels;
mod counts;
mod doubts;
mod following;
mod keeping_up;
mod listening;
mod peers;
mod setting_right;
mod telling;
#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use channels::Channels;
pub(crate) use counts::ClusterFigures;
use counts::Counts;
use doubts::Doubts;
use peers::Peers;

use crate::bus::{Bus, Heard, Link};
use crate::clock::Clock;
use crate::hub::{Hub, Telling};
use crate::news::{News, ServerId};
use crate::store::{ChannelId, Store};

/// News of the hub that may wait to be told. The hub remembers that some had no room, and
/// the others are told to look.
pub(crate) const MAX_NEWS: usize = 8192;

/// The other servers, as this one reaches them.
pub(crate) struct Cluster {
    shared: Arc<Shared>,
    stopping: CancellationToken,
    /// Says whether it ended as it should.
    task: Mutex<Option<JoinHandle<bool>>>,
}

/// What the parts of the task share.
struct Shared {
    me: ServerId,
    bus: Arc<dyn Bus>,
    hub: Hub,
    store: Arc<dyn Store>,
    clock: Arc<Clock>,
    channels: Channels,
    peers: Mutex<Peers>,
    doubts: Doubts,
    /// How much all others were told.
    told: Mutex<u64>,
    counts: Counts,
}

impl Cluster {
    /// Starts the task. Should it panic, this server would hear nothing any more: then
    /// `server` is cancelled.
    pub(crate) fn start(
        link: Link,
        hub: Hub,
        mut news: Receiver<Telling>,
        store: Arc<dyn Store>,
        clock: Arc<Clock>,
        server: CancellationToken,
    ) -> Self {
        let shared = Arc::new(Shared {
            me: ServerId(random()),
            bus: link.bus,
            hub,
            store,
            clock,
            channels: Channels::default(),
            peers: Mutex::default(),
            doubts: Doubts::default(),
            told: Mutex::default(),
            counts: Counts::default(),
        });
        if shared.bus.has_others() {
            info!(server = shared.me.0, "one of several servers");
        } else {
            // The hub need not make any.
            news.close();
        }
        let stopping = CancellationToken::new();
        let work = work(Arc::clone(&shared), link.heard, news, stopping.clone());
        Self {
            shared,
            stopping,
            task: Mutex::new(Some(tokio::spawn(guard(work, server)))),
        }
    }

    /// Has this server hear the lines of these channels. True if that is new for one of
    /// them: then what the store said of it before is too old to begin with.
    ///
    /// Waits two seconds at most, and not at all while the bus is down; lines come from
    /// the store then.
    pub(crate) async fn hear(&self, channels: &[ChannelId]) -> bool {
        self.shared.hear(channels).await
    }

    /// Whether the bus is there, as far as is known.
    pub(crate) fn is_bus_up(&self) -> bool {
        self.shared.bus.is_up()
    }

    /// For who watches.
    pub(crate) fn figures(&self) -> ClusterFigures {
        self.shared.figures()
    }

    /// Tells the hub's last news, then ends the task. False when it had panicked.
    pub(crate) async fn stop(&self) -> bool {
        self.stopping.cancel();
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match task {
            Some(task) => task.await.unwrap_or(false),
            None => true,
        }
    }
}

impl Shared {
    async fn hear(&self, channels: &[ChannelId]) -> bool {
        if !self.bus.has_others() {
            return false;
        }
        let now = Instant::now();
        let begun = channels.iter().map(|&channel| async move {
            let Some(is_first) = self.channels.need(channel, now) else {
                return false;
            };
            let is_confirmed = self.bus.subscribe(channel).await.is_ok();
            if is_confirmed {
                self.channels.confirm(channel);
            }
            is_first || is_confirmed
        });
        join_all(begun).await.contains(&true)
    }
}

/// Runs the task to its end; says whether that was a good one.
async fn guard(work: impl Future<Output = ()>, server: CancellationToken) -> bool {
    let is_sound = AssertUnwindSafe(work).catch_unwind().await.is_ok();
    if !is_sound {
        error!("the cluster's task panicked, the server stops; please report this");
        server.cancel();
    }
    is_sound
}

async fn work(
    shared: Arc<Shared>,
    heard: Receiver<Heard>,
    mut news: Receiver<Telling>,
    stopping: CancellationToken,
) {
    // Who was there before this server tells who is with them.
    shared.tell(News::Ask);
    // By turns: whoever has much to do does not keep the heartbeat from its turn.
    tokio::select! {
        () = stopping.cancelled() => {}
        () = listening::run(&shared, heard) => {}
        () = telling::run(&shared, &mut news) => {}
        () = telling::answer(&shared) => {}
        () = peers::watch(&shared) => {}
        () = channels::tend(&shared) => {}
        () = keeping_up::fill_holes(&shared) => {}
        () = keeping_up::run(&shared) => {}
        () = doubts::watch_store(&shared) => {}
        () = setting_right::run(&shared) => {}
        () = setting_right::count_members(&shared) => {}
    }
    telling::finish(&shared, &mut news).await;
}

/// Another number at each start, on each machine.
fn random() -> u64 {
    let mut bytes = [0; 8];
    if let Err(cause) = getrandom::fill(&mut bytes) {
        error!(%cause, "the operating system gives no random numbers");
        // Two servers at one nanosecond are unlikely enough.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        return now.map_or(0, |now| {
            now.as_secs().rotate_left(32) ^ u64::from(now.subsec_nanos())
        });
    }
    u64::from_ne_bytes(bytes)
}
