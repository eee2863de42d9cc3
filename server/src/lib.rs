//! The Longhall server: accounts and chat for Godot 4 games.
//!
//! [`run`] takes everything from outside (a listener, a configuration, a store
//! and the wish to stop), so that a test starts a server as an operator does.
//! A connection's way through the modules:
//!
//! - `server`: what all connections share, `channel_locks` among it;
//! - [`listener`]: accepts, counts connections per address, starts a task each;
//! - `arrival`: what comes before a connection is one: who it is, TLS, the handshake;
//! - [`tls`]: the certificate that players are shown;
//! - `wire`: the two ways over a socket, with TLS or without;
//! - `proxies`: who is believed about whose connection it is;
//! - `handshake`: makes a WebSocket of a connection, or says why not;
//! - `origins`: which pages' games may connect from a browser;
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
//! - `bans`: who may not come in, by the operator's `name_list`;
//! - `sanctions`: who may not come in or not speak, by the operator's commands;
//! - `reserved`: which names nobody can register, by another one;
//! - `tickets`: by which games' own servers know who a player is;
//! - `clock`: how far the system's clock is believed;
//! - `cluster`: the other servers of the same hall, over a [`bus`];
//! - `store`: what outlives a restart; the only place with SQL;
//! - `health`: what a load balancer is told;
//! - `metrics`: what is counted, and `admin_http`, where whoever watches asks for it, over
//!   `http_server`;
//! - `game_http`: where games' own servers ask for things, by a `game_key`;
//! - `webhooks`: what a game's own back end is told;
//! - `retention`: forgets what is too old;
//! - `backups`: makes backups when they are due;
//! - `set_back`: ends a server whose database somebody has put an older state back into;
//! - [`admin`]: what operators do, and what came of it;
//! - `drain`: how it takes no more connections before it ends;
//! - [`shutdown`]: how it ends, by `signals` of the system's;
//! - [`service_manager`]: what systemd is told of all this.
//!
//! [`config`] has all settings, and [`settings`] those of a server that runs. For the program
//! are [`log`], where its log goes without anybody waiting for it, [`process_limits`], which it
//! raises or outlives, and [`doctor`], which looks over what a server needs.

pub mod admin;
pub mod config;
mod deletions;
mod drain;
pub mod log;
mod server;
pub mod settings;
mod channel_locks;
pub mod listener;
mod arrival;
mod temporary;
pub mod tls;
mod wire;
mod profiles;
mod proxies;
mod handshake;
mod origins;
mod connection;
mod intake;
mod gate;
mod session;
mod handlers;
mod chat_log;
mod hub;
mod news;
mod frames;
mod outbox;
pub mod bus;
mod cluster;
mod health;
mod metrics;
mod http_server;
mod admin_http;
mod game_http;
mod console;
mod watched_file;
mod word_filter;
mod flagged;
mod password;
mod rate_limit;
mod name_list;
mod bans;
mod sanctions;
mod reports;
mod reserved;
mod registration;
mod guests;
mod game_key;
mod webhooks;
mod clock;
mod resume_token;
mod recovery_codes;
mod totp;
mod tickets;
mod last_login;
pub mod shutdown;
mod signals;
pub mod service_manager;
pub mod process_limits;
pub mod store;
mod retention;
mod backups;
mod set_back;
pub mod doctor;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(test)]
mod fake_twin;

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::info;

use bus::Link;
pub use config::Config;
use server::Server;
pub use settings::Settings;
use store::Store;

/// Name and version, as told to clients and printed by `--version`.
pub const SERVER_NAME: &str = concat!("longhall-server/", env!("CARGO_PKG_VERSION"));

/// Serves players on `listener` until `stopping` is cancelled, then says
/// good-bye to them, lets their last packets go out and closes the store. Settings of which
/// the caller keeps a clone may be changed meanwhile, a [`Config`] is as good as any.
///
/// # Errors
/// When the password threads cannot be started, a file of names cannot be read, or the
/// store does not open the lobby; and when the server had to stop by itself. Trouble of
/// one connection never ends it.
pub async fn run(
    listener: TcpListener,
    settings: impl Into<Settings>,
    store: Arc<dyn Store>,
    stopping: CancellationToken,
) -> io::Result<()> {
    run_with(listener, settings, store, Beside::default(), stopping).await
}

/// As [`run`], as one of several servers that have the store in common and hear of each
/// other over a bus.
///
/// # Errors
/// See [`run`].
pub async fn run_in_cluster(
    listener: TcpListener,
    settings: impl Into<Settings>,
    store: Arc<dyn Store>,
    link: Link,
    stopping: CancellationToken,
) -> io::Result<()> {
    let beside = Beside {
        link: Some(link),
        ..Beside::default()
    };
    run_with(listener, settings, store, beside, stopping).await
}

/// What a server may have beside its players' address.
#[derive(Default)]
pub struct Beside {
    /// The way to the other servers of the store.
    pub link: Option<Link>,
    /// Where whoever runs the server is told of it: figures and health, without a sign-in.
    pub admin: Option<TcpListener>,
    /// Where games' own servers ask for things, each by a key.
    pub game: Option<TcpListener>,
}

/// As [`run`], with more beside.
///
/// # Errors
/// See [`run`].
pub async fn run_with(
    listener: TcpListener,
    settings: impl Into<Settings>,
    store: Arc<dyn Store>,
    beside: Beside,
    stopping: CancellationToken,
) -> io::Result<()> {
    let server = Server::open(settings.into(), store, beside.link, stopping).await?;
    server.start_tasks();
    // Until the end, so that it can be watched as well.
    let mut admin = JoinSet::new();
    if let Some(listener) = beside.admin {
        info!(address = %listener.local_addr()?, "figures and health for the operator");
        admin.spawn(admin_http::run(
            listener,
            Arc::clone(&server),
            http_server::Limits::default(),
        ));
    }
    // Until the end as well: it says itself that the server stops.
    let mut game = JoinSet::new();
    if let Some(listener) = beside.game {
        info!(address = %listener.local_addr()?, "routes for games' servers");
        let server = Arc::clone(&server);
        game.spawn(game_http::run(listener, server, game_http::LIMITS));
    }
    #[cfg(unix)]
    if let Some(socket) = admin::socket::listen(&server.config.admin)? {
        tokio::spawn(admin::socket::serve(Arc::clone(&server), socket));
    }
    info!(address = %listener.local_addr()?, "listening");
    service_manager::ready();
    server.spawn(service_manager::keep_telling(Arc::clone(&server)));
    let accepting = listener::run(
        &listener,
        &server.settings,
        &server.limits,
        &server.metrics,
        &server.proxies,
        &server.connections,
        |mut visitor| {
            visitor.refusal = visitor.refusal.or_else(|| server.drain.refusal());
            connection::serve(Arc::clone(&server), visitor)
        },
    );
    server.stopping.run_until_cancelled(accepting).await;
    drop(listener);
    service_manager::stopping();
    shutdown::drain(
        &server.connections,
        server.config.timeouts.shutdown,
        &server.hub,
        &server.chat_log,
        server.cluster.as_ref(),
        &server.clock,
        &*server.store,
    )
    .await?;
    set_back::check(&server)
}
