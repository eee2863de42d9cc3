//! `cargo xtask check` and `cargo xtask fmt`: the fast loop before a commit.

use anyhow::{Context, Result};
use longhall_provision::process;

use crate::addon::DEBUG_FEATURE;
use crate::gdtoolkit::{self, Mode};
use crate::{deny, workflows, workspace};

/// Format and lints of Rust, GDScript and workflows, and licences of crates; builds no
/// program.
///
/// # Errors
/// If anything is found.
pub(crate) fn run() -> Result<()> {
    rust_format()?;
    gdscript()?;
    deny::check()?;
    workflows::check()?;
    clippy()
}

/// Formats Rust and GDScript in place.
///
/// # Errors
/// If a file does not parse.
pub(crate) fn format() -> Result<()> {
    process::run("cargo fmt", workspace::cargo().args(["fmt", "--all"]))?;
    gdtoolkit::format(Mode::Write)
}

/// # Errors
/// If a Rust file is not formatted.
pub(crate) fn rust_format() -> Result<()> {
    process::run(
        "cargo fmt",
        workspace::cargo().args(["fmt", "--all", "--check"]),
    )
    .context("Rust is not formatted: run `cargo xtask fmt`")
}

/// # Errors
/// If a script is not formatted, or the linter finds something.
pub(crate) fn gdscript() -> Result<()> {
    gdtoolkit::format(Mode::Check)?;
    gdtoolkit::lint()
}

/// # Errors
/// If there is any warning.
pub(crate) fn clippy() -> Result<()> {
    clippy_of(&["--workspace"])?;
    // What only the addon's debug library has.
    clippy_of(&[
        "--package",
        "longhall-network-client",
        "--features",
        DEBUG_FEATURE,
    ])
}

fn clippy_of(packages: &[&str]) -> Result<()> {
    let mut cargo = workspace::cargo();
    cargo.arg("clippy").args(packages);
    cargo.args(["--all-targets", "--quiet", "--", "-D", "warnings"]);
    process::run("cargo clippy", &mut cargo)
}
