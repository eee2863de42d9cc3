//! What is tested, built: for Windows, and what it is held against, for this machine.

use std::path::PathBuf;

use anyhow::Result;
use longhall_provision::process;

use crate::cross::{self, Target};
use crate::{addon, workspace};

const TARGET: Target = Target::WindowsX86_64;

/// The terminal client, which drives the same session core as the addon over a socket.
const CLIENT: &[&str] = &["--package", "longhall-client", "--example", "terminal_chat"];

/// Programs and libraries.
pub(super) struct Builds {
    /// The debug library and the release one.
    pub(super) windows_libraries: [PathBuf; 2],
    pub(super) native_libraries: [PathBuf; 2],
    pub(super) windows_server: PathBuf,
    pub(super) windows_client: PathBuf,
    pub(super) native_client: PathBuf,
}

impl Builds {
    /// Builds them all.
    ///
    /// # Errors
    /// If one does not build.
    pub(super) fn make() -> Result<Self> {
        let windows_libraries = addon::build_for_target(TARGET.triple())?;
        let native_libraries = addon::build_both()?;
        let windows_server = for_windows(&["--package", "longhall-server"], "longhall-server.exe")?;
        let windows_client = for_windows(CLIENT, "examples/terminal_chat.exe")?;
        // As the Rust tests build it.
        let mut cargo = workspace::cargo();
        cargo.arg("build").args(CLIENT).arg("--target-dir");
        cargo.arg(workspace::target_dir());
        process::run("cargo build --example terminal_chat", &mut cargo)?;
        Ok(Self {
            windows_libraries,
            native_libraries,
            windows_server,
            windows_client,
            native_client: workspace::target_dir().join("debug/examples/terminal_chat"),
        })
    }
}

fn for_windows(what: &[&str], file: &str) -> Result<PathBuf> {
    let mut cargo = cross::cargo("build", TARGET)?;
    cargo.arg("--release").args(what);
    let built = cross::built(TARGET, file);
    let name = format!("cargo build {} (Windows)", what.join(" "));
    addon::make_anew(&built, || process::run(&name, &mut cargo))?;
    Ok(built)
}
