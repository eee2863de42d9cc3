//! The server program: arguments, logging, signals, then [`longhall_server::run`].

mod variables;

use std::io::{ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Parser;
use clap::builder::RangedU64ValueParser;
use longhall_packet::limits::MAX_CHANNELS_PER_ACCOUNT;
use longhall_packet::{ChannelName, Topic};
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
    /// Address and port to listen on. 127.0.0.1 is reachable from this machine
    /// only; 0.0.0.0 or [::] from everywhere. Port 0 picks a free one.
    #[arg(
        long,
        env = "LONGHALL_LISTEN",
        default_value = "127.0.0.1:8081",
        value_name = "ADDRESS:PORT"
    )]
    listen: SocketAddr,

    /// The file that keeps accounts, channels and lines. Created if it does not exist; its folder
    /// must. There is no database in memory only.
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

    /// Name of the channel that everybody is in. A channel of players that has
    /// the name becomes the lobby; what was said in it is deleted if not everybody
    /// could join it.
    #[arg(long, env = "LONGHALL_LOBBY", default_value = "lobby", value_name = "NAME", value_parser = parse_channel)]
    lobby: ChannelName,

    /// What the lobby is about, at most 120 characters: shown as its topic to
    /// whoever is in it. Holds from the next start on.
    #[arg(long, env = "LONGHALL_WELCOME", default_value = "", hide_default_value = true, value_name = "TEXT", value_parser = parse_topic)]
    welcome: Topic,

    /// How long a player whose connection was cut still counts as online, in
    /// seconds. Who is back by then never left, as the others see it. 0: others
    /// see every cut. At most 86400, a day.
    #[arg(long, env = "LONGHALL_GRACE", default_value_t = Config::default().grace.as_secs(), value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=MAX_GRACE_S))]
    grace: u64,

    /// Days after which lines and whispers are forgotten. Fewer keep the
    /// database small, and less of what players said.
    #[arg(long, env = "LONGHALL_HISTORY_DAYS", default_value_t = Config::default().history_days, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    history_days: u32,

    /// Lines kept per channel; the oldest make room for new ones. A line takes
    /// some 150 bytes of disk beside its text.
    #[arg(long, env = "LONGHALL_HISTORY_LINES", default_value_t = Config::default().history_lines, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    history_lines: u64,

    /// Whispers kept per account, sent and received together; beyond, the oldest
    /// of the conversations that hold the most make room for new ones.
    #[arg(long, env = "LONGHALL_WHISPERS_KEPT", default_value_t = Config::default().whispers_kept, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    whispers_kept: u64,

    /// Whispers that may wait for a player who is not there; who sends more is
    /// told that too many are waiting. One sender may fill a quarter of that, and
    /// those whom the player has not written to, half of it. 0: none wait.
    #[arg(long, env = "LONGHALL_WHISPERS_WAITING", default_value_t = Config::default().whispers_waiting, value_name = "COUNT")]
    whispers_waiting: usize,

    /// Size of the database, in MiB, beyond which the oldest lines of all channels
    /// and whispers are forgotten; the log says how many. The file does not shrink:
    /// what is freed is used again. 0: it grows until the disk is full.
    #[arg(long, env = "LONGHALL_MAX_DATABASE_SIZE", default_value_t = Config::default().max_database_bytes / MIB, value_name = "MIB")]
    max_database_size: u64,

    /// How long after it was said a line may be edited or deleted by who said
    /// it, in seconds. 0: never.
    #[arg(long, env = "LONGHALL_EDIT_WINDOW", default_value_t = Config::default().edit_window.as_secs(), value_name = "SECONDS")]
    edit_window: u64,

    /// Devices on which an account may be logged in; at a login on one more, the
    /// one not seen for the longest is logged out. At most 100.
    #[arg(long, env = "LONGHALL_SESSIONS_PER_ACCOUNT", default_value_t = Config::default().sessions_per_account, value_name = "COUNT", value_parser = parse_count::<1, 100>)]
    sessions_per_account: usize,

    /// Channels an account may be in, the lobby not counted; at most 32. 0: there
    /// is the lobby alone.
    #[arg(long, env = "LONGHALL_CHANNELS_PER_ACCOUNT", default_value_t = Config::default().channels_per_account, value_name = "COUNT", value_parser = parse_count::<0, MAX_CHANNELS_PER_ACCOUNT>)]
    channels_per_account: usize,

    /// Members a channel may have. The lobby holds everybody.
    #[arg(long, env = "LONGHALL_MEMBERS_PER_CHANNEL", default_value_t = Config::default().members_per_channel, value_name = "COUNT", value_parser = at_least_one())]
    members_per_channel: usize,

    /// Players that one account may block; at most 500.
    #[arg(long, env = "LONGHALL_BLOCKS_PER_ACCOUNT", default_value_t = Config::default().blocks_per_account, value_name = "COUNT", value_parser = parse_count::<0, 500>)]
    blocks_per_account: usize,

    /// Most connections at a time.
    #[arg(long, env = "LONGHALL_MAX_CONNECTIONS", default_value_t = Config::default().max_connections, value_name = "COUNT", value_parser = at_least_one())]
    max_connections: usize,

    /// Most connections at a time from one address (one /64 network for IPv6). It
    /// may open twice as many at once, and a quarter of it each second.
    #[arg(long, env = "LONGHALL_CONNECTIONS_PER_ADDRESS", default_value_t = Config::default().max_connections_per_address, value_name = "COUNT", value_parser = at_least_one())]
    connections_per_address: usize,

    /// Registrations allowed per address and hour.
    #[arg(long, env = "LONGHALL_REGISTRATIONS_PER_HOUR", default_value_t = Config::default().registrations_per_hour, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    registrations_per_hour: u32,

    /// Login tries allowed per address and minute.
    #[arg(long, env = "LONGHALL_LOGINS_PER_MINUTE", default_value_t = Config::default().logins_per_minute, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    logins_per_minute: u32,

    /// Login tries allowed per user name, address and minute; twice as many from
    /// all the addresses together that the account was never logged in to from.
    #[arg(long, env = "LONGHALL_LOGINS_PER_MINUTE_PER_NAME", default_value_t = Config::default().logins_per_minute_per_name, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    logins_per_minute_per_name: u32,

    /// Tries allowed per address and minute to resume a session that there is not.
    /// Players with a good one are not counted.
    #[arg(long, env = "LONGHALL_FAILED_RESUMES_PER_MINUTE", default_value_t = Config::default().failed_resumes_per_minute, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    failed_resumes_per_minute: u32,

    /// Packets allowed per connection and second, averaged over four seconds.
    /// Pages of history are counted apart.
    #[arg(long, env = "LONGHALL_PACKETS_PER_SECOND", default_value_t = Config::default().packets_per_second, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    packets_per_second: u32,

    /// Pages of history allowed per connection and second, averaged over four
    /// seconds. Fewer slow down players who come back after a while.
    #[arg(long, env = "LONGHALL_HISTORY_PER_SECOND", default_value_t = Config::default().history_per_second, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    history_per_second: u32,

    /// Lines, whispers, edits and deletions allowed per account and second, averaged
    /// over four seconds, on all its devices together. As many as packets of one
    /// connection unless set.
    #[arg(long, env = "LONGHALL_LINES_PER_SECOND", value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    lines_per_second: Option<u32>,

    /// Whispers allowed per account and minute to players who never whispered
    /// back; thirty of them at once.
    #[arg(long, env = "LONGHALL_UNANSWERED_WHISPERS_PER_MINUTE", default_value_t = Config::default().unanswered_whispers_per_minute, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    unanswered_whispers_per_minute: u32,

    /// Tries at the passwords of channels allowed per account and minute.
    #[arg(long, env = "LONGHALL_CHANNEL_PASSWORDS_PER_MINUTE", default_value_t = Config::default().channel_passwords_per_minute, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    channel_passwords_per_minute: u32,

    /// Channels an account may create per hour. A name stays in the database
    /// when its channel is gone.
    #[arg(long, env = "LONGHALL_CREATIONS_PER_HOUR", default_value_t = Config::default().creations_per_hour, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    creations_per_hour: u32,

    /// A text file with user names that nobody can register, nor what looks like
    /// them, one a line; what follows a # is a remark. They come to the lobby's
    /// name and some that are reserved anyway, like admin and server; "!admin"
    /// frees one of those. Read at the start; accounts there are stay.
    #[arg(long, env = "LONGHALL_RESERVED_NAMES", value_name = "FILE")]
    reserved_names: Option<PathBuf>,

    /// A text file with the user names that may not come in, one a line; what
    /// follows a # is a remark. Looked at every two seconds: whoever is added
    /// is logged out, and told why.
    #[arg(long, env = "LONGHALL_BANNED_NAMES", value_name = "FILE")]
    banned_names: Option<PathBuf>,
}

const MIB: u64 = 1024 * 1024;

/// A player who is gone for longer is gone.
const MAX_GRACE_S: u64 = 24 * 60 * 60;

/// It travels in the first packet, which clients read up to a limit.
fn parse_motd(text: &str) -> Result<String, String> {
    match text.chars().count() {
        0..=1000 => Ok(text.to_owned()),
        count => Err(format!("it has {count} characters, the limit is 1000")),
    }
}

fn parse_channel(text: &str) -> Result<ChannelName, String> {
    ChannelName::parse(text).map_err(|denial| denial.reason())
}

fn parse_topic(text: &str) -> Result<Topic, String> {
    Topic::parse(text).map_err(|denial| denial.reason())
}

fn at_least_one() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..)
}

fn parse_count<const LEAST: usize, const MOST: usize>(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (LEAST..=MOST).contains(&count) => Ok(count),
        Ok(_) => Err(format!("it must be from {LEAST} to {MOST}")),
        Err(_) => Err("it is no number".to_owned()),
    }
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
    let filter = EnvFilter::try_new(&args.log)
        .with_context(|| format!("--log {} is not a log level; try info or debug", args.log))?;
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

/// The lines of the file with reserved names.
fn read_names(file: Option<&Path>) -> anyhow::Result<Vec<String>> {
    let Some(file) = file else {
        return Ok(Vec::new());
    };
    let text = std::fs::read_to_string(file).with_context(|| {
        let file = file.display();
        format!("cannot read the reserved names in {file} (--reserved-names)")
    })?;
    Ok(text.lines().map(str::to_owned).collect())
}

async fn serve(args: Args) -> anyhow::Result<()> {
    // First, so that a stop is one in good order however long the database takes.
    let stopping = CancellationToken::new();
    let patience = Config::default().shutdown_timeout + Duration::from_secs(1);
    shutdown::on_signals(stopping.clone(), patience).context("cannot listen for signals")?;
    outlive_file_size_limits().context("cannot listen for signals")?;
    let reserved_names = read_names(args.reserved_names.as_deref())?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|cause| explain_bind(args.listen, &cause))?;
    let store = SqliteStore::open(&args.database)?;
    let address = listener.local_addr().context("cannot find out the port")?;
    info!(%address, database = %args.database.display(), server = SERVER_NAME, "listening");
    let config = Config {
        message_of_the_day: args.motd,
        max_connections: args.max_connections,
        max_connections_per_address: args.connections_per_address,
        registrations_per_hour: args.registrations_per_hour,
        logins_per_minute: args.logins_per_minute,
        logins_per_minute_per_name: args.logins_per_minute_per_name,
        failed_resumes_per_minute: args.failed_resumes_per_minute,
        packets_per_second: args.packets_per_second,
        history_per_second: args.history_per_second,
        lines_per_second: args.lines_per_second,
        unanswered_whispers_per_minute: args.unanswered_whispers_per_minute,
        channel_passwords_per_minute: args.channel_passwords_per_minute,
        creations_per_hour: args.creations_per_hour,
        lobby: args.lobby,
        welcome: args.welcome,
        grace: Duration::from_secs(args.grace),
        history_days: args.history_days,
        history_lines: args.history_lines,
        whispers_kept: args.whispers_kept,
        whispers_waiting: args.whispers_waiting,
        max_database_bytes: args.max_database_size.saturating_mul(MIB),
        edit_window: Duration::from_secs(args.edit_window),
        sessions_per_account: args.sessions_per_account,
        channels_per_account: args.channels_per_account,
        members_per_channel: args.members_per_channel,
        blocks_per_account: args.blocks_per_account,
        reserved_names,
        banned_names: args.banned_names,
        ..Config::default()
    };
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
