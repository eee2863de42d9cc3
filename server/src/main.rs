//! The server program: arguments, logging, signals, then [`longhall_server::run`].

mod variables;

use std::io::{ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Parser;
use longhall_server::config::Basics;
use longhall_server::log::{self, Log};
use longhall_server::store::SqliteStore;
use longhall_server::{Config, SERVER_NAME, run, shutdown};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};
use tracing_subscriber::EnvFilter;

/// The Longhall server: accounts and chat for Godot 4 games.
///
/// Starts with nothing present and needs no set-up: accounts and what is said are kept in
/// one SQLite file, created on the first start. Stop it with Ctrl-C, SIGTERM or by
/// closing its terminal; players are told and come back by themselves when it runs
/// again. An empty variable is as good as none.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    basics: Basics,
    #[command(flatten)]
    config: Config,
}

const EXAMPLES: &str = "Examples:
  longhall-server
      for playing on this machine
  longhall-server --listen 0.0.0.0:8081 --database /var/lib/longhall/longhall.db
      for everyone who can reach this machine; put a TLS proxy in front on
      the open internet, or passwords travel in the clear";

fn main() -> ExitCode {
    let (args, variables) = variables::parse::<Args>();
    let Ok(log) = Log::start() else {
        return ExitCode::FAILURE;
    };
    let code = match start(args, log.clone()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let text = variables.name_in(&format!("{error:#}"));
            log.write_line(format!("longhall-server: {text}\n"));
            ExitCode::FAILURE
        }
    };
    log::finish();
    code
}

fn start(args: Args, log: Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.basics.log).with_context(|| {
        format!(
            "--log {} is not a log level; try info or debug",
            args.basics.log
        )
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(log)
        .with_ansi(std::io::stderr().is_terminal())
        // What it has to say about itself would go to standard error, and panic
        // where that cannot be written.
        .log_internal_errors(false)
        .init();
    // Standard error itself would be waited for.
    std::panic::set_hook(Box::new(|panic| {
        error!("{}", panic.to_string().replace('\n', " "));
    }));
    allow_many_connections();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(serve(args))
}

async fn serve(Args { basics, mut config }: Args) -> anyhow::Result<()> {
    // First, so that a stop is one in good order however long the database takes.
    let stopping = CancellationToken::new();
    let patience = config.timeouts.shutdown + Duration::from_secs(1);
    shutdown::on_signals(stopping.clone(), patience).context("cannot listen for signals")?;
    outlive_file_size_limits().context("cannot listen for signals")?;
    config.names.read_reserved()?;
    let listener = TcpListener::bind(basics.listen)
        .await
        .map_err(|cause| explain_bind(basics.listen, &cause))?;
    let store = SqliteStore::open(&basics.database)?;
    let address = listener.local_addr().context("cannot find out the port")?;
    info!(%address, database = %basics.database.display(), server = SERVER_NAME, "listening");
    run(listener, config, Arc::new(store), stopping)
        .await
        .context("stopped")
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

/// A log file as large as the system allows is one that cannot be written, and no
/// reason to end, as the signal would have it that comes with the error.
fn outlive_file_size_limits() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        // Once it is listened for, it stays so, whether anybody waits for it or not.
        let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?;
    }
    Ok(())
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
