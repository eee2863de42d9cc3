//! The Longhall server: accounts and chat for Godot 4 games.
//!
//! [`run`] takes everything from outside (a listener, a configuration, a store
//! and the wish to stop), so that a test starts a server as an operator does.
//! A connection's way through the modules:
//!
//! - `listener`: accepts, counts connections per address, starts a task each;
//! - `handshake`: makes a WebSocket of a TCP connection, or says why not;
//! - `connection`: owns one socket: frames in, frames out, deadlines; knows no
//!   user;
//! - `intake`: counts what a peer makes us read;
//! - `gate`: what each packet has to pass before a handler answers it;
//! - `session`: the state of one connection; knows no socket;
//! - `handlers`: one file per packet, or per family of packets;
//! - `chat_log`: takes what is said, has it kept and numbered, delivers it;
//! - `hub`: who is online and in which channels, and delivery to them through
//!   each connection's `outbox`, as `frames`;
//! - `password`: hashing on threads of its own;
//! - `rate_limit`: who has to wait;
//! - `bans`: who may not come in;
//! - `reserved`: which names nobody can register;
//! - `clock`: how far the system's clock is believed;
//! - `store`: what outlives a restart; the only place with SQL;
//! - `retention`: forgets what is too old;
//! - [`shutdown`]: how it ends, by `signals` of the system's.
//!
//! [`log`] is for the program: where its log goes, without anybody waiting for it.

pub mod config;
pub mod log;
mod listener;
mod handshake;
mod connection;
mod intake;
mod gate;
mod session;
mod handlers;
mod chat_log;
mod hub;
mod frames;
mod outbox;
mod password;
mod rate_limit;
mod bans;
mod reserved;
mod clock;
mod resume_token;
pub mod shutdown;
mod signals;
pub mod store;
mod retention;
#[doc(hidden)]
pub mod fuzzing;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use longhall_packet::ChannelName;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

use bans::Bans;
use chat_log::ChatLog;
use clock::Clock;
pub use config::Config;
use hub::Hub;
use password::Passwords;
use rate_limit::RateLimits;
use reserved::Reserved;
use resume_token::Shown;
use store::{Store, StoreError};

/// Name and version, as told to clients and printed by `--version`.
pub const SERVER_NAME: &str = concat!("longhall-server/", env!("CARGO_PKG_VERSION"));

/// What all connections share.
struct Server {
    config: Config,
    store: Arc<dyn Store>,
    hub: Hub,
    chat_log: ChatLog,
    /// See [`Server::change_channel`].
    channel_changes: [Mutex<()>; 64],
    passwords: Passwords,
    limits: RateLimits,
    bans: Bans,
    reserved: Reserved,
    clock: Clock,
    shown: Shown,
    /// Cancelled when the server is asked to stop.
    stopping: CancellationToken,
    next_connection: AtomicU64,
}

impl Server {
    /// Opens the lobby and starts the chat log.
    async fn open(
        config: Config,
        store: Arc<dyn Store>,
        passwords: Passwords,
        bans: Bans,
        stopping: CancellationToken,
    ) -> Result<Arc<Self>, StoreError> {
        let clock = Clock::start(store.seen(), config.clock_wait);
        let mut lobby = store.open_lobby(&config.lobby, clock.now_ms()).await?;
        if lobby.topic != config.welcome.as_str() {
            lobby.topic = config.welcome.as_str().to_owned();
            store.set_topic(lobby.id, lobby.topic.clone()).await?;
        }
        let hub = Hub::new(&lobby, config.grace);
        Ok(Arc::new(Self {
            limits: RateLimits::new(&config),
            chat_log: ChatLog::start(Arc::clone(&store), hub.clone(), stopping.clone()),
            hub,
            channel_changes: std::array::from_fn(|_| Mutex::new(())),
            passwords,
            bans,
            reserved: Reserved::of(&config),
            clock,
            shown: Shown::default(),
            store,
            stopping,
            next_connection: AtomicU64::new(1),
            config,
        }))
    }

    /// To be held while the store and then the hub are told who is in a channel
    /// and what they may do there: two changes in a row must reach both in the
    /// same order.
    async fn change_channel(&self, name: &ChannelName) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let count = self.channel_changes.len() as u64;
        let which = usize::try_from(hasher.finish() % count).unwrap_or(0);
        self.channel_changes[which].lock().await
    }

    /// A number for the log, unique for this run.
    fn connection_id(&self) -> u64 {
        self.next_connection.fetch_add(1, Ordering::Relaxed)
    }

    /// When a session ends that begins or goes on now.
    fn session_end_ms(&self) -> i64 {
        let lifetime = i64::try_from(self.config.resume_lifetime.as_millis());
        let from = self.clock.lasting_from_ms();
        from.saturating_add(lifetime.unwrap_or(i64::MAX))
    }
}

/// Serves players on `listener` until `stopping` is cancelled, then says
/// good-bye to them, lets their last packets go out and closes the store.
///
/// # Errors
/// When the password threads cannot be started, the file of banned names cannot
/// be read, or the store does not open the lobby; and when the server had to stop
/// by itself. Trouble of one connection never ends it.
pub async fn run(
    listener: TcpListener,
    config: Config,
    store: Arc<dyn Store>,
    stopping: CancellationToken,
) -> io::Result<()> {
    let passwords = Passwords::start(&config)?;
    let bans = Bans::read(config.banned_names.clone())?;
    let server = Server::open(config, store, passwords, bans, stopping)
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(bans::watch(Arc::clone(&server)));
    tokio::spawn(hub::tell_presence(Arc::clone(&server)));
    tokio::spawn(retention::forget_the_old(Arc::clone(&server)));
    let connections = listener::accept_until_stopped(&listener, &server).await;
    drop(listener);
    shutdown::drain(&server, connections).await
}
