//! HAProxy, which stands in front of several servers: the machine's own, or Debian's.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::debian::{Dependencies, Recipe};
use crate::engines::libraries;
use crate::process;

/// As Debian 12 has it: it runs on that C library and every later one, so it takes the
/// machine's own.
const HAPROXY: Recipe<'_> = Recipe {
    name: "haproxy",
    suites: &["bookworm"],
    security: true,
    architecture: "amd64",
    packages: &[
        "haproxy",
        // What it loads, and no more.
        "libcap2",
        "libcrypt1",
        "libgcc-s1",
        "libgcrypt20",
        "libgpg-error0",
        "liblua5.3-0",
        "liblz4-1",
        "liblzma5",
        "libopentracing-c-wrapper0",
        "libopentracing1",
        "libpcre2-8-0",
        "libssl3",
        "libstdc++6",
        "libsystemd0",
        "libzstd1",
    ],
    dependencies: Dependencies::None,
    revision: 1,
    finish: |_| Ok(()),
};

/// Debian installs it where only root's PATH leads.
const PROGRAM: &str = "usr/sbin/haproxy";

/// The program, fetched if it is nowhere.
///
/// # Errors
/// If it cannot be fetched; not on Debian, above all.
pub fn command() -> Result<Command> {
    let installed = Path::new("/").join(PROGRAM);
    if let Some(program) =
        process::find_on_path("haproxy").or(installed.is_file().then_some(installed))
    {
        return Ok(Command::new(program));
    }
    let root = HAPROXY
        .ensure()
        .context("HAProxy is not on this machine, and cannot be fetched; install it")?;
    let mut command = Command::new(root.join(PROGRAM));
    let libraries = std::env::join_paths(libraries(&root)).context("a colon is in the path")?;
    command.env("LD_LIBRARY_PATH", libraries);
    Ok(command)
}
