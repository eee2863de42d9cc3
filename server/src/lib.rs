//! The Longhall server: accounts and chat for Godot 4 games.
//!
//! [`run`] takes everything from outside (a listener, a configuration, a store
//! and the wish to stop), so that a test starts a server as an operator does.
//! A connection's way through the modules:
//!
//! - `listener`: accepts, counts connections per address, starts a task each;
//! - `connection`: owns one socket: frames in, frames out, deadlines; knows no
//!   user;
//! - `session`: the state machine of one connection; knows no socket;
//! - `handlers`: one file per packet;
//! - `hub`: who is logged in, and delivery to them through each one's
//!   `outbox`;
//! - `password`: hashing on threads of its own;
//! - `rate_limit`: who has to wait;
//! - `bans`: who may not come in;
//! - `store`: what outlives a restart; the only place with SQL.

pub mod config;
mod listener;
mod connection;
mod session;
mod handlers;
mod hub;
mod outbox;
mod password;
mod rate_limit;
mod bans;
mod resume;
pub mod shutdown;
pub mod store;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use bans::Bans;
pub use config::Config;
use hub::Hub;
use password::Passwords;
use rate_limit::RateLimits;
use store::Store;

/// Name and version, as told to clients and printed by `--version`.
pub const SERVER_NAME: &str = concat!("longhall-server/", env!("CARGO_PKG_VERSION"));

/// What all connections share.
struct Server {
    config: Config,
    store: Arc<dyn Store>,
    hub: Hub,
    passwords: Passwords,
    limits: RateLimits,
    bans: Bans,
    /// Cancelled when the server is asked to stop.
    stopping: CancellationToken,
    next_connection: AtomicU64,
}

impl Server {
    /// A number for the log, unique for this run.
    fn connection_id(&self) -> u64 {
        self.next_connection.fetch_add(1, Ordering::Relaxed)
    }

    fn resume_lifetime_ms(&self) -> i64 {
        i64::try_from(self.config.resume_lifetime.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Serves players on `listener` until `stopping` is cancelled, then says
/// good-bye to them, lets their last packets go out and closes the store.
///
/// # Errors
/// When the password threads cannot be started, or the file of banned names
/// cannot be read. Trouble of one connection never
/// ends the server.
pub async fn run(
    listener: TcpListener,
    config: Config,
    store: Arc<dyn Store>,
    stopping: CancellationToken,
) -> io::Result<()> {
    let passwords = Passwords::start(&config)?;
    let bans = Bans::read(config.banned_names.clone())?;
    let server = Arc::new(Server {
        limits: RateLimits::new(&config),
        hub: Hub::default(),
        passwords,
        bans,
        store,
        stopping,
        next_connection: AtomicU64::new(1),
        config,
    });
    tokio::spawn(bans::watch(Arc::clone(&server)));
    let connections = listener::accept_until_stopped(&listener, &server).await;
    drop(listener);
    shutdown::drain(&server, connections).await;
    Ok(())
}
