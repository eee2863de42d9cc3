//! Accepts connections and starts a task for each.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use longhall_packet::CloseReason;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::task::TaskTracker;
use tracing::{debug, error, info, warn};

use crate::config::Capacity;
use crate::metrics::{Metrics, refused};
use crate::rate_limit::{RateLimits, network};
use crate::settings::Settings;

/// Connections being told that there are too many. Beyond, they are just dropped.
const MAX_REFUSALS: usize = 64;
/// Between tries after the system could not accept, usually for want of file
/// descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
const MINUTE: Duration = Duration::from_secs(60);
/// What the system may keep for us of one connection, each way. Left to itself it
/// keeps up to some megabytes of what a peer does not read, out of the sight of the
/// outbox. Linux counts its own book-keeping in, and doubles the number.
const SOCKET_BUFFER_BYTES: usize = 128 * 1024;

/// Takes the address that `option` says. Connections wait from then on, until the server
/// accepts them.
///
/// # Errors
/// When it cannot be had; the text is for the operator and says what to do.
pub fn bind(address: SocketAddr, option: &str) -> io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address).and_then(|listener| {
        // As the runtime wants it.
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|cause| {
        let advice = match cause.kind() {
            ErrorKind::AddrInUse => {
                format!("another program uses this port; stop it, or choose another port with {option}")
            }
            // Windows sets whole ranges of ports aside, for itself and for virtual machines.
            ErrorKind::PermissionDenied if cfg!(windows) => {
                format!("another program, or Windows, keeps this port for itself; choose another with {option}")
            }
            ErrorKind::PermissionDenied => {
                format!("ports below 1024 need special rights; choose a higher one with {option}")
            }
            ErrorKind::AddrNotAvailable => {
                format!("this machine does not have that address; choose another with {option}")
            }
            _ => cause.to_string(),
        };
        let text = format!("cannot listen on {address}: {advice}");
        io::Error::new(cause.kind(), text)
    })
}

/// Accepts connections and has each served by a task in `connections`, with the reason
/// to close it if there are too many.
pub(crate) async fn run<Serving>(
    listener: &TcpListener,
    settings: &Settings,
    limits: &RateLimits,
    metrics: &Arc<Metrics>,
    connections: &TaskTracker,
    serve: impl Fn(TcpStream, IpAddr, Option<CloseReason>) -> Serving,
) where
    Serving: Future<Output = ()> + Send + 'static,
{
    let counts = Counts::default();
    let mut failing = false;
    let mut refused = Refused::default();
    let mut minutes = interval(MINUTE);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let accepted = tokio::select! {
            _ = minutes.tick() => {
                refused.sum_up();
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
        metrics.accepted.add(1);
        let address = address.ip();
        let is_slow_enough = limits.check_connection(address).is_ok();
        let entered = counts.enter(address, is_slow_enough, &settings.now().capacity);
        let (permit, refusal) = match entered {
            Ok(permit) => (permit, None),
            Err((permit, why)) => {
                metrics.refused.add(why, 1);
                refused.note(address);
                match permit {
                    Some(permit) => (permit, Some(CloseReason::TooManyConnections)),
                    None => continue,
                }
            }
        };
        if let Err(cause) = set_up(&stream) {
            debug!(%address, %cause, "cannot set up the socket");
        }
        connections.spawn(guard(serve(stream, address, refusal), permit));
    }
}

/// Serves a connection to its end, whatever that is, and gives its permit back. Not an
/// `async` block, which would have room for `serving` twice: each connection has one.
fn guard(serving: impl Future<Output = ()>, permit: Permit) -> impl Future<Output = ()> {
    AssertUnwindSafe(serving).catch_unwind().map(move |served| {
        if served.is_err() {
            error!("a connection panicked; it is closed, please report this");
        }
        drop(permit);
    })
}

/// Sets the options of every socket. Players are served even where the system refuses
/// one.
fn set_up(stream: &TcpStream) -> io::Result<()> {
    // Nagle's algorithm would hold lines back for up to 40 ms.
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_send_buffer_size(SOCKET_BUFFER_BYTES)?;
    socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES)
}

/// Connections refused lately. The log gets a line when it begins and one a minute
/// while it goes on, however many there are.
#[derive(Default)]
struct Refused {
    since_last_line: u64,
    is_going_on: bool,
}

impl Refused {
    fn note(&mut self, address: IpAddr) {
        if !self.is_going_on {
            self.is_going_on = true;
            info!(%address, "too many connections; refusing what is too much");
        }
        self.since_last_line += 1;
    }

    fn sum_up(&mut self) {
        let count = std::mem::take(&mut self.since_last_line);
        self.is_going_on = count > 0;
        if self.is_going_on {
            info!(count, "connections refused in the last minute");
        }
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

/// A connection's leave to be there, counted in [`Counts`]; given back when dropped.
struct Permit {
    counts: Counts,
    /// `None` for one that is being refused.
    address: Option<IpAddr>,
}

impl Counts {
    /// Takes a permit. `Err` means that there is none, or that the address takes them
    /// too fast; it brings a permit to be refused under, if there is one of those, and why.
    fn enter(
        &self,
        address: IpAddr,
        is_slow_enough: bool,
        capacity: &Capacity,
    ) -> Result<Permit, (Option<Permit>, &'static str)> {
        let address = network(address);
        let mut state = self.lock();
        let here = state.per_address.get(&address).copied().unwrap_or(0);
        let why = if state.total >= capacity.max_connections {
            refused::SERVER_FULL
        } else if here >= capacity.max_connections_per_address {
            refused::ADDRESS_FULL
        } else if !is_slow_enough {
            refused::TOO_FAST
        } else {
            state.total += 1;
            state.per_address.insert(address, here + 1);
            return Ok(Permit {
                counts: self.clone(),
                address: Some(address),
            });
        };
        let has_room = state.refusals < MAX_REFUSALS;
        state.refusals += usize::from(has_room);
        let permit = has_room.then(|| Permit {
            counts: self.clone(),
            address: None,
        });
        Err((permit, why))
    }

    fn lock(&self) -> MutexGuard<'_, CountState> {
        // Nothing panics while holding it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_guarded_connection_takes_room_once() {
        let serving = async {
            let room = [0_u8; 4096];
            std::future::pending::<()>().await;
            std::hint::black_box(room);
        };
        let bytes = size_of_val(&serving);
        let capacity = Config::default().capacity;
        let permit = Counts::default().enter([127, 0, 0, 1].into(), true, &capacity);
        let permit = permit.unwrap_or_else(|_| panic!("there is room"));
        let guarded = size_of_val(&guard(serving, permit));
        assert!(guarded < bytes + 128, "{guarded} for {bytes}");
    }
}
