//! Measures a Longhall server against bare references: processes of their own, the
//! same load generator, the same run.
//!
//! - `chat`, `idle`, `logins`, `durable`, `restart`, `start`, `long_life`: the benches;
//! - `bench`: what they share; `figure`: medians, targets, the table;
//! - `server`, `seed`, `cores`: what is measured, and where it runs;
//! - `bare`: the references;
//! - `cluster`: the benches of several servers, which have a table of their own.

mod chat;
mod idle;
mod logins;
mod durable;
mod restart;
mod start;
mod long_life;
mod frames;

mod bench;
mod figure;

mod cores;
mod seed;
mod server;

mod bare;

#[cfg(unix)]
mod cluster;
mod cluster_run;

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand, ValueEnum};
use serde_json::json;

use bench::Bench;
use cores::Cores;
use seed::Seed;
use server::Setting;

/// Measures a Longhall server against bare references of the same run.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Args {
    /// The server program, built for release
    #[arg(long, value_name = "PROGRAM", required = true)]
    server: Option<PathBuf>,
    /// Everything in about a minute: one short round
    #[arg(long)]
    quick: bool,
    /// What several servers do on PostgreSQL and NATS, instead of what one does
    #[arg(long)]
    cluster: bool,
    /// Only this bench; may be given more than once
    #[arg(long, value_enum, value_name = "NAME")]
    only: Vec<Name>,
    /// Lines of each sender without an answer at a time, when senders push
    #[arg(long, value_name = "LINES", default_value_t = 256)]
    window: usize,
    /// What the bench in Godot measured, for the table (from `cargo xtask bench`)
    #[arg(long, value_name = "FILE")]
    frames: Option<PathBuf>,
    /// Writes all figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where databases are written while it runs; should be on a real disk
    #[arg(long, value_name = "FOLDER", default_value = "target/bench")]
    folder: PathBuf,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Be a reference (for this program itself)
    #[command(subcommand, hide = true)]
    Bare(bare::Bare),
}

/// A bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// One channel: what delivering a line costs
    FanOut,
    /// A thousand players in a hundred channels
    Channels,
    /// Fifteen thousand players in thirty halls of the lobby
    Halls,
    /// Memory of connections that say nothing
    Idle,
    /// Logins and registrations, and chat meanwhile
    Logins,
    /// Lines that are on disk before they are acknowledged
    Durable,
    /// Everybody comes back at once after a restart
    #[value(alias = "storm")]
    Restart,
    /// From the program's start to listening
    Start,
    /// All that lives on the database, when it is young and when a week's talk is in it
    LongLife,
    /// With --cluster: a line that goes from one server to another
    Crossing,
    /// With --cluster: one of three servers is killed
    Kill,
}

impl Name {
    /// Whether it is among the benches of one server, or of a cluster; some are of both.
    fn is_of(self, cluster: bool) -> bool {
        match self {
            Self::Durable | Self::Idle | Self::Logins => true,
            Self::Crossing | Self::Kill => cluster,
            Self::FanOut
            | Self::Channels
            | Self::Halls
            | Self::Restart
            | Self::Start
            | Self::LongLife => !cluster,
        }
    }
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("longhall-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<()> {
    if let Some(Task::Bare(bare)) = args.task {
        return bare::run(bare);
    }
    let program = args.server.context("which server?")?;
    let program = program
        .canonicalize()
        .with_context(|| format!("there is no {}", program.display()))?;
    let wanted = |name| args.only.is_empty() || args.only.contains(&name);
    if let Some(other) = args.only.iter().find(|name| !name.is_of(args.cluster)) {
        let with = if args.cluster { "without" } else { "with" };
        bail!("{other:?} is only measured {with} --cluster");
    }
    std::fs::create_dir_all(&args.folder)
        .with_context(|| format!("cannot create {}", args.folder.display()))?;
    let folder = tempfile::tempdir_in(&args.folder)?;
    server::leave_nothing_behind(folder.path().to_owned())?;
    let cores = if args.cluster {
        Cores::together()?
    } else {
        Cores::share_out()?
    };
    if !cores.are_apart() && !args.cluster {
        eprintln!("one processor for server and load generator: they disturb each other");
    }
    let most = if args.cluster {
        // They are in PostgreSQL.
        0
    } else if args.quick || !(wanted(Name::Idle) || wanted(Name::Halls)) {
        5000
    } else {
        15_001
    };
    let seed = Seed::create(folder.path(), most)?;
    let mut bench = Bench::new(
        Setting {
            program,
            cores,
            folder: folder.path().to_owned(),
            seed,
        },
        args.quick,
        args.window,
    );
    if args.cluster {
        #[cfg(not(unix))]
        bail!("PostgreSQL and NATS are only started on Unix");
        #[cfg(unix)]
        cluster::run(&mut bench, wanted)?;
    } else {
        run_alone(&mut bench, wanted)?;
    }
    if let Some(file) = &args.frames {
        bench.figures.extend(frames::read(file)?);
    }
    let machine = machine();
    println!("{machine}\n\n{}", figure::table(&bench.figures));
    for disturbed in bench.disturbed() {
        println!("{disturbed}: the latencies are theirs, too.\n");
    }
    if let Some(file) = &args.json {
        let all = json!({
            "machine": machine,
            "quick": bench.quick,
            "rounds": bench.rounds,
            "figures": figure::as_json(&bench.figures)?,
            "runs": bench.runs,
            "cluster_runs": bench.cluster_runs,
            "memory": bench.memory,
        });
        std::fs::write(file, format!("{all:#}\n"))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// The benches of one server.
fn run_alone(bench: &mut Bench, wanted: impl Fn(Name) -> bool) -> Result<()> {
    for (name, run) in [
        (Name::FanOut, chat::fan_out as fn(&mut Bench) -> Result<()>),
        (Name::Channels, chat::channels),
        (Name::Halls, chat::halls),
        (Name::Idle, idle::idle),
        (Name::Logins, logins::logins),
        (Name::Durable, durable::durable),
        (Name::Restart, restart::restart),
        (Name::Start, start::start),
        (Name::LongLife, long_life::long_life),
    ] {
        if wanted(name) {
            run(bench)?;
        }
    }
    Ok(())
}

/// The machine that it was all measured on.
fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| {
        let (_, model) = line.strip_prefix("model name")?.split_once(':')?;
        Some(model.trim())
    });
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let system = read("/proc/sys/kernel/osrelease");
    format!(
        "{}, Linux {}, {} for the load generator",
        model.unwrap_or("unknown processor"),
        system.trim(),
        if cores == 1 {
            "1 core".to_owned()
        } else {
            format!("{cores} cores")
        }
    )
}
