//! The server program: arguments, logging, signals, then [`longhall_server::run`].

use std::io::{ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::Parser;
use longhall_server::store::SqliteStore;
use longhall_server::{Config, SERVER_NAME, run, shutdown};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;
use tracing_subscriber::EnvFilter;

/// The Longhall server: accounts and chat for Godot 4 games.
///
/// Starts with nothing present and needs no set-up: accounts are kept in one
/// SQLite file, created on the first start. Stop it with Ctrl-C or SIGTERM;
/// players are told and come back by themselves when it runs again.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Address and port to listen on. 127.0.0.1 is reachable from this machine
    /// only; 0.0.0.0 or [::] from everywhere. Port 0 picks a free one.
    #[arg(
        long,
        env = "LONGHALL_LISTEN",
        default_value = "127.0.0.1:8081",
        value_name = "ADDRESS:PORT"
    )]
    listen: SocketAddr,

    /// The file that keeps accounts. Created if it does not exist; its folder
    /// must.
    #[arg(
        long,
        env = "LONGHALL_DATABASE",
        default_value = "longhall.db",
        value_name = "FILE"
    )]
    database: PathBuf,

    /// How much to log: error, warn, info, debug or trace; also per module, as
    /// in "info,longhall_server::connection=debug". Passwords and tokens are
    /// never logged.
    #[arg(
        long,
        env = "LONGHALL_LOG",
        default_value = "info",
        value_name = "LEVEL"
    )]
    log: String,

    /// What every client is shown on connecting, at most 1,000 characters.
    #[arg(
        long,
        env = "LONGHALL_MOTD",
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT",
        value_parser = parse_motd
    )]
    motd: String,

    /// Most connections at a time.
    #[arg(long, env = "LONGHALL_MAX_CONNECTIONS", default_value_t = Config::default().max_connections, value_name = "COUNT")]
    max_connections: usize,

    /// Most connections at a time from one address (one /64 network for IPv6).
    #[arg(long, env = "LONGHALL_CONNECTIONS_PER_ADDRESS", default_value_t = Config::default().max_connections_per_address, value_name = "COUNT")]
    connections_per_address: usize,

    /// Registrations allowed per address and hour.
    #[arg(long, env = "LONGHALL_REGISTRATIONS_PER_HOUR", default_value_t = Config::default().registrations_per_hour, value_name = "COUNT")]
    registrations_per_hour: u32,

    /// Login tries allowed per address and minute.
    #[arg(long, env = "LONGHALL_LOGINS_PER_MINUTE", default_value_t = Config::default().logins_per_minute, value_name = "COUNT")]
    logins_per_minute: u32,

    /// Login tries allowed per user name and minute, from all addresses
    /// together.
    #[arg(long, env = "LONGHALL_LOGINS_PER_MINUTE_PER_NAME", default_value_t = Config::default().logins_per_minute_per_name, value_name = "COUNT")]
    logins_per_minute_per_name: u32,

    /// Packets allowed per connection and second, averaged over four seconds.
    #[arg(long, env = "LONGHALL_PACKETS_PER_SECOND", default_value_t = Config::default().packets_per_second, value_name = "COUNT")]
    packets_per_second: u32,

    /// A text file with the user names that may not come in, one a line; what
    /// follows a # is a remark. Looked at every two seconds: whoever is added
    /// is logged out, and told why.
    #[arg(long, env = "LONGHALL_BANNED_NAMES", value_name = "FILE")]
    banned_names: Option<PathBuf>,
}

/// It travels in the first packet, which clients read up to a limit.
fn parse_motd(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0..=1000 => Ok(text.to_owned()),
        count => Err(format!("it has {count} characters, the limit is 1000")),
    }
}

const EXAMPLES: &str = "Examples:
  longhall-server
      for playing on this machine
  longhall-server --listen 0.0.0.0:8081 --database /var/lib/longhall/longhall.db
      for everyone who can reach this machine; put a TLS proxy in front on
      the open internet, or passwords travel in the clear";

fn main() -> ExitCode {
    let args = Args::parse();
    match start(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("longhall-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(args: Args) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.log)
        .with_context(|| format!("--log {} is not a log level; try info or debug", args.log))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    allow_many_connections();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(serve(args))
}

async fn serve(args: Args) -> anyhow::Result<()> {
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|cause| explain_bind(args.listen, &cause))?;
    let store = SqliteStore::open(&args.database)?;
    let stopping = CancellationToken::new();
    shutdown::on_signals(stopping.clone()).context("cannot listen for signals")?;
    let address = listener.local_addr().context("cannot find out the port")?;
    info!(%address, database = %args.database.display(), server = SERVER_NAME, "listening");
    let config = Config {
        message_of_the_day: args.motd,
        max_connections: args.max_connections,
        max_connections_per_address: args.connections_per_address,
        registrations_per_hour: args.registrations_per_hour,
        logins_per_minute: args.logins_per_minute,
        logins_per_minute_per_name: args.logins_per_minute_per_name,
        packets_per_second: args.packets_per_second,
        banned_names: args.banned_names,
        ..Config::default()
    };
    run(listener, config, Arc::new(store), stopping)
        .await
        .context("cannot start")
}

fn explain_bind(address: SocketAddr, cause: &std::io::Error) -> anyhow::Error {
    let advice = match cause.kind() {
        ErrorKind::AddrInUse => {
            "another program uses this port; stop it, or choose another port with --listen"
        }
        ErrorKind::PermissionDenied => {
            "ports below 1024 need special rights; choose a higher one with --listen"
        }
        ErrorKind::AddrNotAvailable => {
            "this machine does not have that address; choose another with --listen"
        }
        _ => return anyhow!("cannot listen on {address}: {cause}"),
    };
    anyhow!("cannot listen on {address}: {advice}")
}

/// Each connection takes a file descriptor, and many systems allow a program
/// 1,024 until it asks for more.
fn allow_many_connections() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Failing leaves the limit as it was; the listener copes with it.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}
