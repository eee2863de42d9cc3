//! A Godot on Linux arm64 talks with one of this machine, and a game for arm64 is played.
//!
//! Where this machine has another processor, the Godot for arm64 is a real one in an
//! emulator. It takes ten times as long, so the step runs only when what it judges has
//! changed.

use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use longhall_provision::{Godot, toolchain};

use crate::empty_project::EmptyProject;
use crate::export::{self, Target};
use crate::library::Variant;
use crate::unchanged::Stamp;
use crate::{exported_game, package, platforms, player, project};

/// How long a run in the emulator may take.
const LIMIT: Duration = Duration::from_secs(900);
/// How long a player waits for anything, in seconds: the other may start meanwhile.
const PATIENCE: &str = "--patience=600";

/// What the two say to each other.
const QUESTION: &str = "Does anybody read this on x86?";
const ANSWER: &str = "Every word of it.";

/// What decides how it goes, beside what the libraries are made of. Not the server that they
/// talk over: other steps judge it.
const COVERED: &[&str] = &[
    "godot_project/addons/longhall/scenes",
    "godot_project/addons/longhall/themes",
    "godot_project/addons/longhall/translations",
    "godot_project/addons/longhall/longhall.gdextension",
    "godot_project/scenes",
    "godot_project/project.godot",
    "godot_project/export_presets.cfg",
    "godot_project/tests/player_input.gd",
    "rust/tools/provision/src/godot_root.rs",
    "rust/tools/xtask/src/arm64.rs",
    "rust/tools/xtask/src/empty_project.rs",
    "rust/tools/xtask/src/export.rs",
    "rust/tools/xtask/src/exported_game.rs",
    "rust/tools/xtask/src/player",
];

/// Unzips the package into an empty project, in which a player on arm64 asks and one on
/// this machine answers. Then exports the example game for arm64, and plays it.
///
/// The player on arm64 runs what an editor loads, the game what players get: so both
/// libraries are tried.
///
/// # Errors
/// If a Godot reports an error, or a player does not come to the end of its part.
pub(crate) fn run() -> Result<()> {
    let systems = [Target::host()?.platform()?, Target::LinuxArm64.platform()?];
    if systems[0] != systems[1] && !toolchain::available() {
        println!("skipped: only a Debian on x86_64 can build and run what is for arm64");
        return Ok(());
    }
    let covered = COVERED.iter().chain(platforms::SOURCES).copied();
    let stamp = Stamp::recorded("arm64", &[platforms::PACKAGE], covered)?;
    if stamp.is_kept() {
        println!("skipped: neither the addon nor what it is tried with has changed");
        return Ok(());
    }
    let package = package::run(&package::Options::of(&[&systems[0], &systems[1]]))?;
    let (native, arm64) = (Godot::find_or_fetch()?, Godot::arm64()?);
    println!("Godot {} for arm64", arm64.version());

    let project = EmptyProject::unpack("arm64-project", &package)?;
    // An import takes minutes in an emulator, and is the same on every machine.
    project.import(&native)?;
    project.invite_player()?;
    converse(&project, &native, &arm64)?;

    let game = export::export(&native, Target::LinuxArm64, Variant::Release, None)?;
    exported_game::play(&arm64, &game, Variant::Release)?;
    stamp.keep()
}

/// The one on this machine goes in first, so that it hears all that is said.
fn converse(project: &EmptyProject, native: &Godot, arm64: &Godot) -> Result<()> {
    let (say, hear) = (
        |line| format!("--say={line}"),
        |line| format!("--hear={line}"),
    );
    let mut asks = play(project, arm64, "ada", [say(QUESTION), hear(ANSWER)]);
    let mut answers = play(project, native, "ben", [hear(QUESTION), say(ANSWER)]);
    let (entered, wait) = channel();
    thread::scope(|scope| {
        let answering = scope.spawn(move || {
            let output = project::run_watched(&mut answers, "ben", "ben | ", LIMIT, |line| {
                if line == player::IS_IN {
                    entered.send(()).ok();
                }
            })?;
            judge(&output, "ben on this machine")
        });
        // Without an answer it has ended, and says why below.
        if wait.recv().is_ok() {
            let output = project::run(&mut asks, "ada", "ada | ", LIMIT)?;
            judge(&output, "ada on arm64")?;
        }
        match answering.join() {
            Ok(result) => result,
            Err(_) => bail!("waiting for the Godot of this machine stopped by a panic"),
        }
    })
}

/// A Godot in which a player does this.
fn play(project: &EmptyProject, godot: &Godot, name: &str, part: [String; 2]) -> Command {
    let arguments = ["--max-fps", "60", "--", PATIENCE];
    let mut command = project.command(godot, name, &arguments);
    command.arg(format!("--name={name}")).args(part);
    command
}

fn judge(output: &project::Output, what: &str) -> Result<()> {
    output.expect_clean(what)?;
    player::expect_done(output, what)
}
