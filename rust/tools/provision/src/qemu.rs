//! The emulator of processors.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::debian::{Dependencies, Recipe};

/// From the release that has it in one file: it needs no library, so it runs on every
/// Linux.
const QEMU: Recipe<'_> = Recipe {
    name: "qemu",
    suites: &["bookworm"],
    security: false,
    architecture: "amd64",
    packages: &["qemu-user-static"],
    dependencies: Dependencies::None,
    revision: 1,
    finish: keep_arm64,
};

/// The emulator's program for arm64, below the unpacked package.
const EMULATOR: &str = "usr/bin/qemu-aarch64-static";

/// The program that runs those of Linux on arm64, fetched if it is not there yet.
///
/// # Errors
/// If it cannot be fetched.
pub(crate) fn arm64() -> Result<PathBuf> {
    Ok(QEMU.ensure()?.join(EMULATOR))
}

/// The package has emulators of thirty other processors, 300 MB of them.
fn keep_arm64(root: &Path) -> Result<()> {
    let explain = "cannot look into the fetched qemu";
    for entry in fs::read_dir(root.join("usr/bin")).context(explain)? {
        let program = entry.context(explain)?.path();
        if program != root.join(EMULATOR) {
            fs::remove_file(&program)
                .with_context(|| format!("cannot remove {}", program.display()))?;
        }
    }
    Ok(())
}
