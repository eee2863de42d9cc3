//! What systemd is told of a server that it started, by the protocol of
//! [sd_notify(3)](https://www.freedesktop.org/software/systemd/man/sd_notify.html): that it is
//! ready, reads its settings or stops, how it is, and that it lives.
//!
//! A server that systemd did not start tells nothing, and on other systems nobody is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::server::Server;

/// How often the line about the server is made.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Whether players may come: settings may be read before.
static IS_READY: AtomicBool = AtomicBool::new(false);

/// Says that players may come.
pub(crate) fn ready() {
    IS_READY.store(true, Ordering::SeqCst);
    tell(State::Ready);
}

/// Says that settings are read, while `reading` does so.
pub fn reload(reading: impl FnOnce()) {
    let is_ready = || IS_READY.load(Ordering::SeqCst);
    if is_ready() {
        tell(State::Reloading);
    }
    reading();
    if is_ready() {
        tell(State::Ready);
    }
}

/// Says that the server is about to end.
pub(crate) fn stopping() {
    IS_READY.store(false, Ordering::SeqCst);
    tell(State::Stopping);
}

/// Tells systemd, if it wants to hear it, that the server lives and how it is.
pub(crate) async fn keep_telling(server: Arc<Server>) {
    if let Some(manager) = Manager::of_this_process() {
        tokio::join!(beat(&server, manager.watchdog), show(&server));
    }
}

/// Tells that the server lives, twice in the time after which systemd would start another
/// one. One of the server's workers does it, and asks the hub before, so it ends with either. A
/// database that is away is none of systemd's business: another start would not help.
async fn beat(server: &Server, watchdog: Option<Duration>) {
    let Some(watchdog) = watchdog.filter(|watchdog| !watchdog.is_zero()) else {
        return;
    };
    let mut ticks = interval(watchdog / 2);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Waits for who has it.
        let _ = server.hub.len();
        tell(State::Alive);
    }
}

/// Tells how the server is whenever that changes.
async fn show(server: &Server) {
    let mut ticks = interval(LOOK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = String::new();
    loop {
        ticks.tick().await;
        let line = line(server).await;
        if line != told {
            tell(State::Line(&line));
            told = line;
        }
    }
}

/// How the server is, in a line for `systemctl status`.
async fn line(server: &Server) -> String {
    let players = server.hub.players_here().len();
    let connections = server.connections.len();
    let readiness = match server.drain.stops_at_ms() {
        Some(until_ms) => {
            let seconds = (until_ms - server.clock.now_ms()).max(0) / 1000;
            let minutes = (seconds + 59) / 60;
            format!("draining, ends in {minutes} min")
        }
        None => server.readiness().await.text().to_owned(),
    };
    format!("{players} players here, {connections} connections; {readiness}")
}

/// What is told.
enum State<'a> {
    Ready,
    Reloading,
    Stopping,
    Alive,
    Line(&'a str),
}

/// Whoever started this process and wants to hear of it.
struct Manager {
    /// How long it waits to hear that the server lives.
    watchdog: Option<Duration>,
}

#[cfg(target_os = "linux")]
impl Manager {
    fn of_this_process() -> Option<Self> {
        std::env::var_os("NOTIFY_SOCKET")?;
        Some(Self {
            watchdog: sd_notify::watchdog_enabled(),
        })
    }
}

#[cfg(target_os = "linux")]
fn tell(state: State<'_>) {
    use sd_notify::NotifyState;
    let now = NotifyState::monotonic_usec_now();
    let told = match (state, now) {
        (State::Ready, _) => sd_notify::notify(&[NotifyState::Ready]),
        (State::Reloading, Ok(now)) => sd_notify::notify(&[NotifyState::Reloading, now]),
        (State::Reloading, Err(_)) => sd_notify::notify(&[NotifyState::Reloading]),
        (State::Stopping, _) => sd_notify::notify(&[NotifyState::Stopping]),
        (State::Alive, _) => sd_notify::notify(&[NotifyState::Watchdog]),
        (State::Line(line), _) => sd_notify::notify(&[NotifyState::Status(line)]),
    };
    if let Err(cause) = told {
        tracing::debug!(%cause, "systemd was not told");
    }
}

#[cfg(not(target_os = "linux"))]
impl Manager {
    fn of_this_process() -> Option<Self> {
        None
    }
}

#[cfg(not(target_os = "linux"))]
fn tell(state: State<'_>) {
    match state {
        State::Ready | State::Reloading | State::Stopping | State::Alive | State::Line(_) => {}
    }
}
