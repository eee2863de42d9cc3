//! The server program: options, log, signals, then [`longhall_server::run`].

mod backup_commands;
mod copy_store;
mod dev_certificate;
mod doctor_command;
#[cfg(test)]
mod example;
mod health_command;
mod reload;
mod settings_file;
mod starter;
mod variables;
mod verbs;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::{ArgMatches, CommandFactory, Parser, Subcommand};
use longhall_server::bus::NatsBus;
use longhall_server::config::{Basics, while_running};
use longhall_server::log::{self, Log};
use longhall_server::store::{PostgresStore, SqliteStore, Store};
use longhall_server::{
    Beside, Config, SERVER_NAME, Settings, listener, process_limits, run_with, shutdown, tls,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use settings_file::{Broken, CheckConfig, PrintDefaultConfig};
use variables::{Given, Refused};

/// The Longhall server: accounts and chat for Godot 4 games.
///
/// Starts with nothing present and needs no set-up: accounts and what is said are kept in
/// one SQLite file, created on the first start, or in PostgreSQL. Stop it with Ctrl-C, SIGTERM or by
/// closing its terminal; players are told and come back by themselves when it runs
/// again. An empty variable is as good as none.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
#[command(group = while_running())]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    /// A file with settings, as "longhall-server print-default-config" prints it. A variable counts
    /// more than the file, and an option more than its variable.
    ///
    /// For settings that are kept in one place, with remarks, and that a running server
    /// takes over on SIGHUP.
    #[arg(long = "config", env = "LONGHALL_CONFIG", value_name = "FILE")]
    config_file: Option<PathBuf>,

    /// Stop in good order when the program that started the server has ended, and when
    /// something comes on the standard input, or that is closed.
    ///
    /// For programs that start a server of their own, such as an editor: whatever becomes of
    /// them, no server is left.
    #[arg(long, hide_short_help = true)]
    stop_with_starter: bool,

    #[command(flatten)]
    basics: Basics,
    #[command(flatten)]
    config: Config,
}

#[derive(Subcommand)]
enum Command {
    Backup(backup_commands::Backup),
    Verify(backup_commands::Verify),
    Restore(backup_commands::Restore),
    Doctor(Box<doctor_command::Doctor>),
    Health(health_command::Health),
    CopyStore(copy_store::CopyStore),
    PrintDefaultConfig(PrintDefaultConfig),
    CheckConfig(CheckConfig),
    DevCertificate(dev_certificate::DevCertificate),
    #[command(flatten)]
    Operate(verbs::Verb),
}

const EXAMPLES: &str = "Examples:
  longhall-server
      for playing on this machine
  longhall-server dev-certificate
      makes a certificate for a try on the local network
  longhall-server --listen 0.0.0.0:8081 --database /var/lib/longhall/longhall.db
      --tls-certificate chat.pem --tls-key chat.key
      for everyone who can reach this machine";

fn main() -> ExitCode {
    let Ok(log) = Log::start() else {
        return ExitCode::FAILURE;
    };
    let code = match variables::parse() {
        Ok(given) => run_command(given, &log),
        Err(Refused::Options(error)) => error.exit(),
        Err(Refused::File(broken)) => refuse(&broken, &log),
    };
    log::finish();
    code
}

fn run_command(mut given: Given<Args>, log: &Log) -> ExitCode {
    let origins = given.origins.clone();
    log.set_format(given.options.basics.log_format);
    let done = match given.options.command.take() {
        Some(Command::Backup(options)) => backup_commands::back_up(&options),
        Some(Command::Verify(options)) => backup_commands::verify(&options),
        Some(Command::Restore(options)) => backup_commands::restore(&options),
        Some(Command::Doctor(options)) => {
            return doctor_command::run(&options, given.advice, &origins);
        }
        Some(Command::Health(options)) => match health_command::run(&options) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Some(Command::CopyStore(options)) => copy_store::run(&options),
        Some(Command::DevCertificate(options)) => dev_certificate::run(&options),
        Some(Command::PrintDefaultConfig(_)) => settings_file::print_default(&Args::command()),
        Some(Command::CheckConfig(options)) => match settings_file::check(&options) {
            Ok(answer) => settings_file::print(&answer),
            Err(broken) => return refuse(&broken, log),
        },
        Some(Command::Operate(verb)) => {
            let Args { basics, config, .. } = given.options;
            return verbs::run(verb, &basics, config);
        }
        None => start(given, log),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.write_fault(&origins.name_in(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

/// Says all that is wrong in a settings file. As with options, the code is 2.
fn refuse(broken: &Broken, log: &Log) -> ExitCode {
    for line in broken.lines() {
        log.write_line(format!("longhall-server: {line}\n"));
    }
    ExitCode::from(2)
}

fn start(given: Given<Args>, log: &Log) -> anyhow::Result<()> {
    let args = given.options;
    let levels = &args.basics.log;
    log.take_events(levels)
        .with_context(|| not_a_level(levels))?;
    let advice = given
        .advice
        .into_iter()
        .chain(settings_file::advice(&args.config));
    advice.for_each(|advice| warn!("{}", given.origins.name_in(&advice)));
    args.config.hashing.cost.check()?;
    tls::check(&args.config.tls, args.basics.listen)?;
    // Early, so that players who come now wait a little and are not refused.
    let listener = listener::bind(args.basics.listen, "--listen")?;
    let admin = args.basics.admin.bind()?;
    let game = args.basics.game.bind()?;
    process_limits::allow_many_files();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let running = args.config_file.is_some().then_some(given.matches);
    let served = runtime.block_on(serve(args, running, listener, [admin, game]));
    // A backup on a disk that does not answer is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(2));
    served
}

fn not_a_level(levels: &str) -> String {
    format!("--log {levels} is not a log level; try info or debug")
}

async fn serve(
    Args {
        basics,
        mut config,
        stop_with_starter,
        ..
    }: Args,
    running: Option<ArgMatches>,
    listener: std::net::TcpListener,
    [admin, game]: [Option<std::net::TcpListener>; 2],
) -> anyhow::Result<()> {
    let patience = config.timeouts.shutdown + Duration::from_secs(1);
    config.names.read_reserved()?;
    config.backups.check()?;
    config.webhooks.check()?;
    config.admin.default_socket = basics.default_socket();
    let settings = Settings::from(config);
    let reload = running.map(|running| reload::on_request(running, settings.clone()));
    let reload = reload.transpose().context("cannot start a thread")?;
    // Before the database, so that a stop is in good order however long that takes.
    let stopping = CancellationToken::new();
    shutdown::on_signals(stopping.clone(), patience, reload)
        .context("cannot listen for signals")?;
    if stop_with_starter {
        starter::watch(stopping.clone()).context("cannot start a thread")?;
    }
    process_limits::outlive_file_size_limit().context("cannot listen for signals")?;
    let listener = TcpListener::from_std(listener).context("cannot wait for connections")?;
    let bus = basics.bus.read()?;
    let option = basics.bus.option();
    ensure!(
        bus.is_none() || basics.is_store_shared(),
        "{option} is for several servers on one PostgreSQL, and a SQLite file has one server: \
         leave {option} away, or give a PostgreSQL with --store"
    );
    let (store, database) = open_store(&basics, bus.is_some())?;
    info!(database, server = SERVER_NAME, "starting");
    let run = async {
        let mut beside = Beside::default();
        if let Some(url) = bus {
            let link = NatsBus::connect(&url, store.epoch()).await;
            beside.link = Some(link.map_err(io::Error::other)?);
        }
        beside.admin = admin.map(TcpListener::from_std).transpose()?;
        beside.game = game.map(TcpListener::from_std).transpose()?;
        run_with(listener, settings, store, beside, stopping).await
    };
    run.await.context("stopped")
}

/// Opens the store that the options name, and says where it is.
fn open_store(basics: &Basics, has_bus: bool) -> anyhow::Result<(Arc<dyn Store>, String)> {
    let Some(url) = basics.store_url()? else {
        ensure!(
            !basics.database.to_string_lossy().contains("://"),
            "--database is for a file; give the address of a PostgreSQL by --store"
        );
        let flush_after = basics.flush_lines_after;
        let store = SqliteStore::open_flushing_lines_within(&basics.database, flush_after)?;
        if !flush_after.is_zero() {
            info!(
                ms = flush_after.as_millis(),
                "lines are heard before the disk has them: with the power the last may be lost"
            );
        }
        return Ok((Arc::new(store), basics.database.display().to_string()));
    };
    let option = if basics.store_file.is_some() {
        "--store-file"
    } else {
        "--store"
    };
    let store = PostgresStore::open(url.expose()).with_context(|| option.to_owned())?;
    let place = store.place();
    if store.has_company() && !has_bus {
        warn!(
            database = place,
            "other servers have this database open and this one has no --bus: its players \
             and theirs do not hear each other"
        );
    }
    Ok((Arc::new(store), place))
}
