//! The addon's type check for Android and the web.
//!
//! Nothing here links for them or runs them, so this is all that is known of them: no crate of the
//! addon asks for what they lack. What a library needs is in `docs/platforms.md`.

use anyhow::Result;
use longhall_provision::{process, toolchain};

use crate::addon::DEBUG_FEATURE;
use crate::cross::{self, Target};
use crate::platforms::PACKAGE;
use crate::unchanged::Stamp;

/// One processor for each system: the sources do not ask which it is.
const TARGETS: [Target; 2] = [Target::AndroidArm64, Target::Web];

/// What the addon is made of, beside the crates of others.
const SOURCES: &[&str] = &[
    "rust/packet/Cargo.toml",
    "rust/packet/src",
    "rust/ticket/Cargo.toml",
    "rust/ticket/src",
    "rust/world/Cargo.toml",
    "rust/world/src",
    "rust/client/Cargo.toml",
    "rust/client/src",
    "rust/network_client",
    "rust/tools/xtask/src/cross",
    "rust/tools/xtask/src/cross.rs",
    "rust/tools/xtask/src/mobile.rs",
];

/// Checks the addon, unless nothing of it has changed since it passed.
///
/// # Errors
/// If it does not compile for one of them.
pub(crate) fn check() -> Result<()> {
    if !toolchain::available() {
        println!("skipped: only a Debian on x86_64 has the source of the standard library");
        return Ok(());
    }
    let stamp = Stamp::recorded("mobile", &[PACKAGE], SOURCES.iter().copied())?;
    if stamp.is_kept() {
        println!("skipped: nothing of the addon has changed since it passed");
        return Ok(());
    }
    for target in TARGETS {
        // The debug library has all that the other one has. Released, since what the builds
        // for other systems have made for this machine serves here as well.
        let mut cargo = cross::cargo("check", target)?;
        cargo.args(["--locked", "--package", PACKAGE, "--release"]);
        cargo.args(["--features", DEBUG_FEATURE]);
        process::run(&format!("cargo check for {}", target.triple()), &mut cargo)?;
    }
    stamp.keep()
}
