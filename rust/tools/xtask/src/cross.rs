//! Builds any crate of the workspace for another machine than this one.
//!
//! Where rustup has the target's standard library, that is used. Else, on a Debian,
//! [`private`] brings what is missing below `target/`: a Rust with the source of its
//! standard library, and a linker.

mod private;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use longhall_provision::process;

use crate::{addon, workspace};

/// A kind of machine that something of the workspace is built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    LinuxX86_64,
    LinuxArm64,
    WindowsX86_64,
    MacosArm64,
    MacosX86_64,
    /// Can be checked only: there is no linker for it here.
    AndroidArm64,
    /// Can be checked only.
    AndroidX86_64,
    /// Can be checked only. Godot's web builds are made with Emscripten.
    Web,
}

impl Target {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::LinuxX86_64,
        Self::LinuxArm64,
        Self::WindowsX86_64,
        Self::MacosArm64,
        Self::MacosX86_64,
        Self::AndroidArm64,
        Self::AndroidX86_64,
        Self::Web,
    ];

    /// What Rust calls it.
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::LinuxX86_64 => "x86_64-unknown-linux-gnu",
            Self::LinuxArm64 => "aarch64-unknown-linux-gnu",
            Self::WindowsX86_64 => "x86_64-pc-windows-gnu",
            Self::MacosArm64 => "aarch64-apple-darwin",
            Self::MacosX86_64 => "x86_64-apple-darwin",
            Self::AndroidArm64 => "aarch64-linux-android",
            Self::AndroidX86_64 => "x86_64-linux-android",
            Self::Web => "wasm32-unknown-emscripten",
        }
    }

    /// The one with this Rust name.
    pub(crate) fn of_triple(triple: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|target| target.triple() == triple)
    }
}

/// `cargo <subcommand> --target …` for a crate of the workspace; the caller adds
/// `--package`, `--release` and the like.
///
/// What is built lies where [`built`] says, unless the caller adds a `--target-dir`. All
/// that is built for one target shares that folder, and so the standard library and the
/// crates in it; for that it must be asked for with the same profile. The profile
/// `release` is set here as for the addon: no link-time optimisation.
///
/// # Errors
/// If this machine cannot build for the target, with what to do.
pub(crate) fn cargo(subcommand: &str, target: Target) -> Result<Command> {
    let mut cargo = workspace::cargo();
    cargo.arg(subcommand).args(["--target", target.triple()]);
    for setting in addon::QUICK_LINK {
        cargo.args(["--config", setting]);
    }
    cargo.env("CARGO_TARGET_DIR", folder());
    let mut flags = addon::path_flags();
    if private::available(target) {
        private::prepare(&mut cargo, target, &mut flags)?;
    } else {
        prepare_installed(&mut cargo, target)?;
    }
    // Stronger than a variable of the caller's, which would have all built anew.
    cargo
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env_remove("RUSTFLAGS");
    Ok(cargo)
}

/// Where a release build for `target` puts `file`.
pub(crate) fn built(target: Target, file: &str) -> PathBuf {
    folder().join(target.triple()).join("release").join(file)
}

/// The terms of what comes from the fetched toolchain into a library for `target`: each
/// file's name, and its bytes.
///
/// # Errors
/// If the toolchain came without them.
pub(crate) fn notices(target: Target) -> Result<Vec<(&'static str, Vec<u8>)>> {
    if private::available(target) {
        private::notices(target)
    } else {
        Ok(Vec::new())
    }
}

/// The program that joins macOS libraries for several processors.
///
/// # Errors
/// If there is none, and none can be fetched.
pub(crate) fn lipo() -> Result<Command> {
    if cfg!(target_os = "macos") {
        return Ok(Command::new("lipo"));
    }
    private::llvm_tool("llvm-lipo")
}

/// Where builds for other machines lie.
pub(crate) fn folder() -> PathBuf {
    workspace::target_dir().join("cross")
}

/// Makes `cargo` use a standard library that rustup has installed, and a linker on PATH.
fn prepare_installed(cargo: &mut Command, target: Target) -> Result<()> {
    let triple = target.triple();
    if !is_installed(triple)? {
        bail!(
            "this Rust cannot build for {triple} yet: run `rustup target add {triple}`. Or build \
             on such a machine with `cargo xtask package`, and give its libraries to this one \
             with `cargo xtask package --library FILE`"
        );
    }
    if let Some((linker, package)) = linker(target) {
        if process::find_on_path(linker).is_none() {
            bail!("{linker} is not on PATH, which links for {triple}: on Debian install {package}");
        }
        let variable = triple.to_uppercase().replace('-', "_");
        cargo.env(format!("CARGO_TARGET_{variable}_LINKER"), linker);
    }
    Ok(())
}

/// Whether rustc has this target's standard library.
fn is_installed(triple: &str) -> Result<bool> {
    let library = process::output(
        "rustc",
        Command::new("rustc").args(["--print", "target-libdir", "--target", triple]),
    )?;
    Ok(Path::new(library.trim()).is_dir())
}

/// The program that links for a target, and Debian's package of it.
fn linker(target: Target) -> Option<(&'static str, &'static str)> {
    let cross = match target {
        Target::WindowsX86_64 => ("windows", "x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"),
        Target::LinuxArm64 => ("linux", "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
        Target::LinuxX86_64 => ("linux", "x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu"),
        Target::MacosArm64
        | Target::MacosX86_64
        | Target::AndroidArm64
        | Target::AndroidX86_64
        | Target::Web => return None,
    };
    let (system, program, package) = cross;
    let architecture = target.triple().split('-').next();
    // At home, the usual linker will do.
    let home = std::env::consts::OS == system && architecture == Some(std::env::consts::ARCH);
    (!home).then_some((program, package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_found_by_its_rust_name() {
        for target in Target::ALL {
            assert_eq!(Target::of_triple(target.triple()), Some(target));
        }
        assert_eq!(Target::of_triple("riscv64gc-unknown-linux-gnu"), None);
    }
}
