//! `cargo xtask bench`: how fast everything is, beside references of the same run.
//!
//! `longhall-bench` measures the server and prints the table. The node is measured
//! in Godot: `res://tests/bench_frame_cost.gd` runs it and a client written in
//! GDScript side by side, in one Godot against one server, so that the ratio between
//! them means the same on every machine. It prints a line for people, and
//! `figure: {…}` for each, which join the table.
//!
//! With `--cluster` it is several servers instead, on a PostgreSQL and a NATS that are
//! found or fetched first.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use longhall_provision::{
    Godot,
    process::{self, Process, Stream},
};

use crate::godot_test::own_home;
use crate::server_process::Server;
use crate::{addon, engines, project, workspace};

/// For the bench in Godot.
const FRAMES_LIMIT: Duration = Duration::from_secs(300);
/// For all others.
const LIMIT: Duration = Duration::from_secs(3600);
/// How long they get to end what they started.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// The talker and the accounts of the bench in Godot are no players.
const SERVER_ARGUMENTS: &[&str] = &[
    "--registrations-per-hour=100000",
    "--logins-per-minute=100000",
    "--logins-per-minute-per-name=100000",
    "--packets-per-second=1000000",
    "--max-repeats=0",
    "--new-account-time=0",
    "--unanswered-whispers-per-minute=1000000",
    "--log=warn",
];

/// Lines of the bench in Godot that are for programs begin with this.
const FIGURE: &str = "figure: ";

/// What to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// One short round of each, in about two minutes instead of ten
    #[arg(long)]
    quick: bool,
    /// What several servers on PostgreSQL and NATS do, instead of all of the above
    #[arg(long)]
    cluster: bool,
    /// Run only this bench; may be given more than once
    #[arg(long, value_enum, value_name = "NAME")]
    only: Vec<Name>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// One channel: what delivering a line costs the server
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
    /// What the node costs a game's frames, in Godot
    Frames,
    /// From the server's start to listening, and its size
    Start,
    /// All that lives on the database, when it is young and when a week's talk is in it
    LongLife,
    /// With --cluster: a line that goes from one server to another
    Crossing,
    /// With --cluster: one of three servers is killed
    Kill,
}

impl Options {
    fn wants(&self, name: Name) -> bool {
        self.only.is_empty() || self.only.contains(&name)
    }
}

/// Measures and prints the table. Figures as JSON go to `target/bench`.
///
/// # Errors
/// If anything does not build or a bench does not come to its end.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = workspace::scratch_dir("bench");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot empty target/bench")?;
    }
    fs::create_dir_all(&folder).context("cannot create target/bench")?;
    if options.cluster && options.only.contains(&Name::Frames) {
        bail!("the node's frames are only measured without --cluster");
    }
    // Several servers are all the same to the node.
    let frames = (options.wants(Name::Frames) && !options.cluster)
        .then(|| measure_frames(&folder))
        .transpose()?;
    if options.only == [Name::Frames] {
        return Ok(());
    }
    measure_server(options, &folder, frames.as_deref())
}

fn measure_server(options: &Options, folder: &Path, frames: Option<&Path>) -> Result<()> {
    println!("bench: building the server and the load generator for release");
    let packages = [
        "build",
        "--release",
        "-p",
        "longhall-server",
        "-p",
        "longhall-bench",
    ];
    process::run("cargo build", workspace::cargo().args(packages))?;
    let json = folder.join("bench.json");
    let mut bench = Command::new(program("longhall-bench"));
    bench.arg("--server").arg(program("longhall-server"));
    bench.arg("--folder").arg(folder);
    bench.arg("--json").arg(&json);
    if options.quick {
        bench.arg("--quick");
    }
    if options.cluster {
        bench.arg("--cluster");
        engines::give_to(&mut bench)?;
    }
    if let Some(frames) = frames {
        bench.arg("--frames").arg(frames);
    }
    for name in &options.only {
        let value = name.to_possible_value();
        let value = value.context("every bench has a name")?;
        if *name != Name::Frames {
            bench.arg("--only").arg(value.get_name());
        }
    }
    let mut bench = Process::spawn("longhall-bench", &mut bench)?;
    let ended = bench.wait(LIMIT);
    if ended.is_err() {
        // So that it takes its servers along.
        bench.stop(STOP_LIMIT).ok();
    }
    process::expect_success("longhall-bench", ended?)?;
    println!("bench: {}", json.display());
    Ok(())
}

fn program(name: &str) -> PathBuf {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    workspace::target_dir().join("release").join(file)
}

/// Measures the node. Returns the file with the figures.
fn measure_frames(folder: &Path) -> Result<PathBuf> {
    addon::build()?;
    let godot = Godot::find_or_fetch()?;
    project::import(&godot)?;
    // Unoptimised, and no part of what is measured.
    let server = Server::start(
        &folder.join("frames.db"),
        SERVER_ARGUMENTS,
        Arc::new(|line| println!("server   | {line}")),
    )?;

    println!("bench: the node beside a client in GDScript, about half a minute");
    let mut command = godot.headless_command(&workspace::godot_project());
    command.args(["--fixed-fps", "60"]);
    own_home(&mut command, &folder.join("home"));
    command.args(["--script", "res://tests/bench_frame_cost.gd", "--"]);
    command.arg(format!("--server={}", server.url()));
    let mut figures: Vec<serde_json::Value> = Vec::new();
    let status = process::run_lines("the bench", &mut command, FRAMES_LIMIT, |line| {
        if let Some(figure) = line.text.strip_prefix(FIGURE) {
            figures.push(serde_json::from_str(figure).context("a figure is not JSON")?);
        } else if line.stream == Stream::Err || !line.text.is_empty() {
            println!("{}", line.text);
        }
        Ok(())
    })?;
    process::expect_success("the bench", status)?;
    if figures.is_empty() {
        bail!("the bench ended without a figure");
    }
    let file = folder.join("frame_cost.json");
    let text = serde_json::to_string_pretty(&figures).context("cannot write JSON")?;
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    println!("bench: {}", file.display());
    Ok(file)
}
