//! Accepts connections and starts a task for each.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use longhall_packet::CloseReason;
use tokio::net::TcpListener;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::task::TaskTracker;
use tracing::{debug, error, warn};

use crate::rate_limit::network;
use crate::{Server, connection};

/// Connections being told that there are too many. Beyond, they are just dropped.
const MAX_REFUSALS: usize = 64;
/// Between tries after the system could not accept, usually for want of file
/// descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// Between clean-ups of the rate limits.
const CLEANUP_PERIOD: Duration = Duration::from_secs(60);

/// Accepts until the server is asked to stop. Returns the connections that are
/// still open then.
pub(crate) async fn accept_until_stopped(
    listener: &TcpListener,
    server: &Arc<Server>,
) -> TaskTracker {
    let connections = TaskTracker::new();
    let counts = Counts::default();
    let mut failing = false;
    let mut cleanup = interval(CLEANUP_PERIOD);
    cleanup.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let accepted = tokio::select! {
            () = server.stopping.cancelled() => return connections,
            _ = cleanup.tick() => {
                server.limits.forget_the_patient();
                // Twice as long as a connection may stay logged out.
                server.shown.forget_older_than(2 * server.config.login_timeout);
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(cause) => {
                // One line per burst, and no busy loop.
                if !failing {
                    warn!(%cause, "cannot accept connections for the moment");
                }
                failing = true;
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        failing = false;
        // Nagle's algorithm would hold lines back for up to 40 ms.
        if let Err(cause) = stream.set_nodelay(true) {
            debug!(%cause, "cannot set TCP_NODELAY");
        }
        let address = address.ip();
        let (place, refusal) = match counts.enter(address, &server.config) {
            Ok(place) => (place, None),
            Err(Some(place)) => (place, Some(CloseReason::TooManyConnections)),
            Err(None) => continue,
        };
        let server = Arc::clone(server);
        connections.spawn(async move {
            let serving = connection::serve(server, stream, address, refusal);
            if AssertUnwindSafe(serving).catch_unwind().await.is_err() {
                error!("a connection panicked; it is closed, please report this");
            }
            drop(place);
        });
    }
}

/// How many connections there are, in all and per address.
#[derive(Clone, Default)]
struct Counts {
    state: Arc<Mutex<CountState>>,
}

#[derive(Default)]
struct CountState {
    total: usize,
    refusals: usize,
    per_address: HashMap<IpAddr, usize>,
}

/// A connection's place in [`Counts`]; given back when dropped.
struct Place {
    counts: Counts,
    /// `None` for one that is being refused.
    address: Option<IpAddr>,
}

impl Counts {
    /// Takes a place. `Err` means there is none; with a place to be refused in
    /// if there is one of those.
    fn enter(&self, address: IpAddr, config: &crate::Config) -> Result<Place, Option<Place>> {
        let address = network(address);
        let mut state = self.lock();
        let here = state.per_address.get(&address).copied().unwrap_or(0);
        if state.total < config.max_connections && here < config.max_connections_per_address {
            state.total += 1;
            state.per_address.insert(address, here + 1);
            return Ok(Place {
                counts: self.clone(),
                address: Some(address),
            });
        }
        if state.refusals < MAX_REFUSALS {
            state.refusals += 1;
            return Err(Some(Place {
                counts: self.clone(),
                address: None,
            }));
        }
        Err(None)
    }

    fn lock(&self) -> MutexGuard<'_, CountState> {
        // Nothing panics while holding it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.counts.lock();
        let Some(address) = self.address else {
            state.refusals -= 1;
            return;
        };
        state.total -= 1;
        if let Entry::Occupied(mut entry) = state.per_address.entry(address) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}
