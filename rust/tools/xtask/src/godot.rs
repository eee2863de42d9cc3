//! `cargo xtask godot`: Godot as the other commands run it.

use std::ffi::OsString;

use anyhow::{Result, bail};
use longhall_provision::{Display, Godot, process};

use crate::workspace;

/// Runs the editor, or Godot with `arguments`.
///
/// # Errors
/// If there is no Godot, or it fails.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    let godot = Godot::find_or_fetch()?;
    let windowless = ["--headless", "--version", "--help", "-h"];
    if arguments
        .iter()
        .any(|argument| windowless.iter().any(|word| argument == word))
    {
        return process::run("Godot", godot.command().args(arguments));
    }
    if arguments.is_empty() && !Display::exists() {
        bail!("there is no display for the editor: set DISPLAY, or pass `-- --headless …`");
    }
    let display = Display::open()?;
    let mut command = godot.windowed_command(&display);
    if arguments.is_empty() {
        command
            .arg("--editor")
            .arg("--path")
            .arg(workspace::godot_project());
    }
    process::run("Godot", command.args(arguments))
}
