//! Where things lie in the checkout.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The checkout's root folder.
pub(crate) fn root() -> PathBuf {
    // Cargo sets the variable for `cargo xtask`; the built-in value serves a
    // tool that was started by its path.
    let manifest = env::var_os("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    let mut root = PathBuf::from(manifest);
    // From rust/tools/xtask.
    for _ in 0..3 {
        root.pop();
    }
    root
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        // A relative path counts from where cargo was called, which for our
        // own cargo calls is the root.
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Where what xtask itself fetches and writes lies: always `target/` in the
/// checkout, so that a second cargo target folder does not fetch Godot twice.
pub(crate) fn scratch_dir(name: &str) -> PathBuf {
    root().join("target").join(name)
}

/// The Godot project with the addon, the example scenes and their tests.
pub(crate) fn godot_project() -> PathBuf {
    root().join("godot_project")
}

/// The part of it that a game copies.
pub(crate) fn addon_dir() -> PathBuf {
    godot_project().join("addons/longhall")
}

/// Writes a file, and the folders it is in.
///
/// # Errors
/// If they cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// The cargo that started us, working in the checkout's root.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}
