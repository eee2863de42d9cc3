//! How a server stops.
//!
//! Somebody cancels the token given to [`run`](crate::run). The listener stops
//! accepting. Each connection finishes the requests in hand, sends what waits
//! and a close frame that says `restarting`. When all are gone, or
//! [`Config::shutdown_timeout`](crate::Config::shutdown_timeout) is over, the
//! chat log and the store write what is outstanding and close.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::Server;

/// Waits for the connections to end and closes the store.
///
/// # Errors
/// When the chat log had panicked, which is why the server stops.
pub(crate) async fn drain(server: &Arc<Server>, connections: TaskTracker) -> io::Result<()> {
    info!(
        connections = connections.len(),
        players = server.hub.len(),
        "stopping"
    );
    connections.close();
    if timeout(server.config.shutdown_timeout, connections.wait())
        .await
        .is_err()
    {
        warn!(
            connections = connections.len(),
            "gave up waiting for the last connections"
        );
    }
    let is_sound = server.chat_log.stop().await;
    server.store.close().await;
    info!("stopped");
    if is_sound {
        Ok(())
    } else {
        Err(io::Error::other("the chat log panicked"))
    }
}

/// Cancels `stopping` on SIGINT (Ctrl-C) or SIGTERM. A second signal, a second or
/// more after the first, ends the process at once.
///
/// # Errors
/// When the system does not let us listen for signals.
pub fn on_signals(stopping: CancellationToken) -> io::Result<()> {
    let mut signals = Signals::listen()?;
    tokio::spawn(async move {
        signals.next().await;
        stopping.cancel();
        // One Ctrl-C may arrive twice: from the terminal, and passed on by the
        // program that started us.
        sleep(Duration::from_secs(1)).await;
        let Ok(mut signals) = Signals::listen() else {
            return;
        };
        signals.next().await;
        warn!("second signal: not waiting any longer");
        std::process::exit(1);
    });
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
