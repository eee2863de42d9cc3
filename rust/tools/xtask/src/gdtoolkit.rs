//! gdformat and gdlint, the formatter and the linter of GDScript.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use longhall_provision::{PythonTools, process};

use crate::workspace;

const REQUIREMENT: &str = "gdtoolkit==4.5.*";

/// Whether gdformat may change files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Say what is wrong.
    Check,
    /// Put it right.
    Write,
}

/// Formats all scripts of the project, or checks their format.
///
/// # Errors
/// If a script does not parse or, when checking, is not formatted.
pub(crate) fn format(mode: Mode) -> Result<()> {
    let mut command = tool("gdtoolkit.formatter")?;
    if mode == Mode::Check {
        command.arg("--check");
    }
    process::run("gdformat", command.args(scripts()))
        .context("GDScript is not formatted: run `cargo xtask fmt`")
}

/// Lints all scripts of the project.
///
/// # Errors
/// If the linter finds something.
pub(crate) fn lint() -> Result<()> {
    process::run("gdlint", tool("gdtoolkit.linter")?.args(scripts()))
}

/// Runs one of the tools in the Godot project.
fn tool(module: &str) -> Result<Command> {
    let mut command = PythonTools::ensure("gdtoolkit", REQUIREMENT)?.module(module);
    command.current_dir(workspace::godot_project());
    Ok(command)
}

/// The project, and the script outside it that plays finished games.
fn scripts() -> [PathBuf; 2] {
    [
        PathBuf::from("."),
        workspace::root().join("rust/tools/xtask/src/player"),
    ]
}
