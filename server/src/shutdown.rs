//! How a server stops.
//!
//! Somebody cancels the token given to [`run`](crate::run). The listener stops
//! accepting. Each connection finishes the requests in hand, sends what waits
//! and a close frame that says `restarting`. When all are gone, or
//! [`Timeouts::shutdown`](crate::config::Timeouts::shutdown) is over, the
//! chat log and the store write what is outstanding and close. Should the workers be
//! stuck, [`on_signals`] ends the process from outside of them.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::chat_log::ChatLog;
use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::hub::Hub;
use crate::log;
use crate::signals::{self, Asked};
use crate::store::Store;

/// A second signal within this time is the first one, told twice.
const SAME_SIGNAL: Duration = Duration::from_secs(1);
/// How long the workers may be busy while the server stops.
const STANDSTILL: Duration = Duration::from_secs(2);

/// Waits so long for the connections to end, then closes the chat log, the way to other
/// servers and the store.
///
/// # Errors
/// When one of the first two had panicked, which is why the server stops.
pub(crate) async fn drain(
    connections: &TaskTracker,
    patience: Duration,
    hub: &Hub,
    chat_log: &ChatLog,
    cluster: Option<&Cluster>,
    clock: &Clock,
    store: &dyn Store,
) -> io::Result<()> {
    info!(
        connections = connections.len(),
        players = hub.players_here().len(),
        "stopping"
    );
    connections.close();
    if timeout(patience, connections.wait()).await.is_err() {
        warn!(
            connections = connections.len(),
            "gave up waiting for the last connections"
        );
    }
    let is_log_sound = chat_log.stop().await;
    // After the last line, which the other servers are told of.
    let is_cluster_sound = match cluster {
        Some(cluster) => cluster.stop().await,
        None => true,
    };
    if let Err(cause) = store.set_seen(clock.look()).await {
        warn!(%cause, "cannot note what the clock has shown");
    }
    store.close().await;
    info!("stopped");
    match (is_log_sound, is_cluster_sound) {
        (true, true) => Ok(()),
        (false, _) => Err(io::Error::other("the chat log panicked")),
        (true, false) => Err(io::Error::other("the cluster's task panicked")),
    }
}

/// Cancels `stopping` when the system asks the server to stop: on SIGINT (Ctrl-C),
/// SIGTERM and SIGHUP. With `reload`, that is called on SIGHUP instead, and has to return
/// soon. Ends the process on a second signal, a second or more after the
/// first, and where the runtime no longer gets on with stopping, `patience` after the
/// first. Every acknowledged change is on disk in either case.
///
/// A thread of its own waits for signals, so that a stop does not depend on the
/// workers: were all of them stuck, nothing else would notice. To be called within
/// the runtime.
///
/// # Errors
/// When the system does not let us listen for signals.
pub fn on_signals(
    stopping: CancellationToken,
    patience: Duration,
    reload: Option<impl Fn() + Send + 'static>,
) -> io::Result<()> {
    let runtime = Handle::current();
    let mut first: Option<Instant> = None;
    signals::on_each(reload.is_some(), move |asked| match first {
        _ if asked == Asked::Reload => {
            if let Some(reload) = &reload {
                reload();
            }
        }
        None => {
            first = Some(Instant::now());
            stopping.cancel();
            let runtime = runtime.clone();
            thread::spawn(move || {
                thread::sleep(patience);
                await_standstill(&runtime);
                end_process("nothing gets on any more: not waiting any longer");
            });
        }
        // One Ctrl-C may arrive twice: from the terminal, and passed on by the
        // program that started us. So may the end of a terminal.
        Some(first) if first.elapsed() < SAME_SIGNAL => {}
        Some(_) => end_process("second signal: not waiting any longer"),
    })
}

/// Calls `handler` on each of the same signals, from a thread of its own: for commands, which
/// have nobody to say good-bye to.
///
/// # Errors
/// When the system does not let us listen for signals.
pub fn call_on_signals(mut handler: impl FnMut() + Send + 'static) -> io::Result<()> {
    signals::on_each(false, move |_| handler())
}

/// Returns when the workers of `runtime` no longer do anything: a disk may be slow
/// to close, but a worker that has no time is stuck.
fn await_standstill(runtime: &Handle) {
    loop {
        let (answer, answered) = mpsc::channel();
        runtime.spawn(async move { answer.send(()) });
        // The runtime drops the task where it is being ended, which a stuck worker
        // keeps from being done.
        if answered.recv_timeout(STANDSTILL).is_err() {
            thread::sleep(STANDSTILL);
            return;
        }
        thread::sleep(STANDSTILL);
    }
}

fn end_process(why: &str) -> ! {
    warn!("{why}");
    log::finish();
    std::process::exit(1);
}
