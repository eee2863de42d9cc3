//! Where things lie in the checkout.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

pub(crate) use longhall_provision::{checkout as root, scratch_dir};

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        // A relative path counts from where cargo was called, which for our
        // own cargo calls is the root.
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
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
