//! Accepts connections and starts a task for each.

mod counts;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use longhall_packet::CloseReason;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::task::TaskTracker;
use tracing::{debug, error, warn};

use crate::metrics::Metrics;
use crate::proxies::Proxies;
use crate::rate_limit::RateLimits;
use crate::settings::Settings;
use counts::Counts;
pub(crate) use counts::{Found, Permit};

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
                format!("another program uses this port, or another option of this one; choose another with {option}")
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

/// Somebody who has connected.
pub(crate) struct Visitor {
    pub(crate) stream: TcpStream,
    pub(crate) address: IpAddr,
    pub(crate) permit: Permit,
    /// The reason to close the connection, if there are too many.
    pub(crate) refusal: Option<CloseReason>,
}

#[cfg(any(test, feature = "fuzzing"))]
impl Visitor {
    /// The only one there is.
    pub(crate) fn alone(stream: TcpStream, address: IpAddr) -> Self {
        let counts = Counts::default();
        let entered = counts.enter(Some(address), true, &crate::Config::default().capacity);
        Self {
            stream,
            address,
            permit: entered.unwrap_or_else(|_| panic!("there is room for one")),
            refusal: None,
        }
    }
}

/// Accepts connections and has each served by a task in `connections`.
pub(crate) async fn run<Serving>(
    listener: &TcpListener,
    settings: &Settings,
    limits: &RateLimits,
    metrics: &Arc<Metrics>,
    proxies: &Proxies,
    connections: &TaskTracker,
    serve: impl Fn(Visitor) -> Serving,
) where
    Serving: Future<Output = ()> + Send + 'static,
{
    let counts = Counts::told_to(Arc::clone(metrics));
    let mut failing = false;
    let mut minutes = interval(MINUTE);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let accepted = tokio::select! {
            _ = minutes.tick() => {
                counts.sum_up();
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
        // What a proxy passes on counts when it is known whose it is.
        let counted = (!proxies.believe(address)).then_some(address);
        let is_slow_enough = counted.is_none_or(|address| limits.check_connection(address).is_ok());
        let entered = counts.enter(counted, is_slow_enough, &settings.now().capacity);
        let (permit, refusal) = match entered {
            Ok(permit) => (permit, None),
            Err(Some(permit)) => (permit, Some(CloseReason::TooManyConnections)),
            Err(None) => continue,
        };
        if let Err(cause) = set_up(&stream) {
            debug!(%address, %cause, "cannot set up the socket");
        }
        connections.spawn(guard(serve(Visitor {
            stream,
            address,
            permit,
            refusal,
        })));
    }
}

/// Serves a connection to its end, whatever that is. Not an `async` block, which would
/// have room for `serving` twice: each connection has one.
fn guard(serving: impl Future<Output = ()>) -> impl Future<Output = ()> {
    AssertUnwindSafe(serving).catch_unwind().map(|served| {
        if served.is_err() {
            error!("a connection panicked; it is closed, please report this");
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guarded_connection_takes_room_once() {
        let serving = async {
            let room = [0_u8; 4096];
            std::future::pending::<()>().await;
            std::hint::black_box(room);
        };
        let bytes = size_of_val(&serving);
        let guarded = size_of_val(&guard(serving));
        assert!(guarded < bytes + 128, "{guarded} for {bytes}");
    }
}
