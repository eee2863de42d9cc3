//! `cargo xtask bench`: what the node costs a game's frames.
//!
//! `res://tests/bench_frame_cost.gd` runs the node and a client written in
//! GDScript side by side, in one Godot against one server, so that the ratio
//! between them means the same on every machine. It prints a line for people,
//! and `figure: {…}` for each, which go to `target/bench/frame_cost.json`.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::godot::Godot;
use crate::godot_test::own_home;
use crate::process::{self, Stream};
use crate::server_process::Server;
use crate::{addon, project, workspace};

const LIMIT: Duration = Duration::from_secs(300);

/// The talker and the accounts of the bench are no players.
const SERVER_ARGUMENTS: &[&str] = &[
    "--registrations-per-hour=100000",
    "--logins-per-minute=100000",
    "--logins-per-minute-per-name=100000",
    "--packets-per-second=1000000",
    "--log=warn",
];

/// What a line of the bench begins with that is for programs.
const FIGURE: &str = "figure: ";

/// Measures, shows the figures and writes them to `target/bench`.
///
/// # Errors
/// If anything does not build or the bench does not come to its end.
pub(crate) fn run() -> Result<()> {
    addon::build()?;
    let godot = Godot::find_or_fetch()?;
    project::import(&godot)?;
    let folder = workspace::scratch_dir("bench");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot empty target/bench")?;
    }
    fs::create_dir_all(&folder).context("cannot create target/bench")?;
    // Unoptimised, and no part of what is measured.
    let server = Server::start(
        &folder.join("longhall.db"),
        SERVER_ARGUMENTS,
        Arc::new(|line| println!("server   | {line}")),
    )?;

    println!("bench: the node beside a client in GDScript, about half a minute");
    let mut command = godot.headless_command();
    command.args(["--fixed-fps", "60"]);
    own_home(&mut command, &folder.join("home"));
    command.args(["--script", "res://tests/bench_frame_cost.gd", "--"]);
    command.arg(format!("--server={}", server.url()));
    let mut figures: Vec<serde_json::Value> = Vec::new();
    let status = process::run_lines("the bench", &mut command, LIMIT, |line| {
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
    Ok(())
}
