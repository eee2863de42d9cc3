//! Pebble, a small authority for tests of ACME: the machine's own, or Debian's.

use std::process::Command;

use anyhow::{Context, Result};

use crate::debian::{Dependencies, Recipe};
use crate::process;

/// As Debian 12 has it: one program that needs nothing but the C library.
const PEBBLE: Recipe<'_> = Recipe {
    name: "pebble",
    suites: &["bookworm"],
    security: false,
    architecture: "amd64",
    packages: &["pebble"],
    dependencies: Dependencies::None,
    revision: 1,
    finish: |_| Ok(()),
};

/// The program, fetched if it is nowhere.
///
/// # Errors
/// If it cannot be fetched; not on Debian, above all.
pub fn command() -> Result<Command> {
    if let Some(program) = process::find_on_path("pebble") {
        return Ok(Command::new(program));
    }
    let root = PEBBLE
        .ensure()
        .context("Pebble is not on this machine, and cannot be fetched; install it")?;
    Ok(Command::new(root.join("usr/bin/pebble")))
}
