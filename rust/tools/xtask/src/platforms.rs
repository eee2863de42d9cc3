//! The libraries for all platforms, built and inspected on one machine.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use longhall_provision::toolchain;

use crate::library::{self, Library};
use crate::unchanged::Stamp;
use crate::{inspect, package, workspace};

/// The package whose libraries they are.
pub(crate) const PACKAGE: &str = "longhall-network-client";

/// What the libraries are made of, beside the crates of others, and what makes and judges them.
pub(crate) const SOURCES: &[&str] = &[
    "rust-toolchain.toml",
    "rust/packet/Cargo.toml",
    "rust/packet/src",
    "rust/ticket/Cargo.toml",
    "rust/ticket/src",
    "rust/world/Cargo.toml",
    "rust/world/src",
    "rust/client/Cargo.toml",
    "rust/client/src",
    "rust/network_client",
    "rust/tools/provision/src/debian",
    "rust/tools/provision/src/debian.rs",
    "rust/tools/provision/src/toolchain.rs",
    "rust/tools/xtask/src/addon.rs",
    "rust/tools/xtask/src/cross",
    "rust/tools/xtask/src/cross.rs",
    "rust/tools/xtask/src/inspect",
    "rust/tools/xtask/src/inspect.rs",
    "rust/tools/xtask/src/library.rs",
    "rust/tools/xtask/src/package",
    "rust/tools/xtask/src/package.rs",
    "rust/tools/xtask/src/platforms.rs",
];

/// Builds and packs all libraries and installs them in `godot_project/`, unless all that
/// they are made of is as it was when they last passed.
///
/// # Errors
/// If one does not build or is not what it should be, or if damage is not noticed.
pub(crate) fn test() -> Result<()> {
    if !toolchain::available() {
        println!("skipped: only a Debian on x86_64 can build for all platforms");
        return Ok(());
    }
    let stamp = Stamp::recorded("platforms", &[PACKAGE], SOURCES.iter().copied())?;
    if stamp.is_kept() {
        println!("skipped: nothing that the libraries are made of has changed since they passed");
        return Ok(());
    }
    let mut libraries = library::listed()?;
    libraries.retain(|library| library.platform.is_built_here());
    package::check_all_platforms()?;
    for library in &libraries {
        check_damage(library)?;
    }
    stamp.keep()
}

/// Makes sure that a cut library is refused, and where it is signed, an altered one too.
fn check_damage(library: &Library) -> Result<()> {
    let file = installed(library);
    let mut bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    if inspect::check(library, &bytes[..bytes.len() / 2]).is_ok() {
        bail!("half of {} passes for the whole", library.file);
    }
    if library.platform.system == "macos" {
        let middle = bytes.len() / 4;
        bytes[middle] ^= 1;
        if inspect::check(library, &bytes).is_ok() {
            bail!("{} passes with an altered byte", library.file);
        }
    }
    Ok(())
}

fn installed(library: &Library) -> PathBuf {
    workspace::addon_dir().join("bin").join(&library.file)
}
