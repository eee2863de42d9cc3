//! Builds the server's program, and looks at what came out.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use longhall_provision::{Zig, process};

use super::platform::Platform;
use crate::{addon, cross, inspect, library, package, workspace};

/// The oldest C library of Linux that the programs run with: that of Debian 11.
pub(crate) const OLDEST_GLIBC: (u32, u32) = (2, 31);

/// The libraries that come with every Linux that has this C library.
const LIBRARIES: &[&str] = &["libc", "libm", "libdl", "libpthread", "librt", "ld-linux"];

/// As the workspace has it for a release; the addon is linked in less time.
const FULL_LINK: &[&str] = &[
    "profile.release.lto='thin'",
    "profile.release.codegen-units=4",
];

/// Builds the program and checks it; the result is its bytes.
///
/// # Errors
/// If it does not build, or would not run on each machine that it is promised for.
pub(crate) fn build(platform: Platform) -> Result<Vec<u8>> {
    let mut cargo = cross::cargo("build", platform.target())?;
    cargo.args(["--locked", "--package", "longhall-server", "--release"]);
    let built = match platform.zig() {
        Some(processor) => prepare_for_linux(&mut cargo, platform, processor)?,
        None => cross::built(platform.target(), platform.program()),
    };
    let name = format!("cargo build --package longhall-server ({platform})");
    addon::make_anew(&built, || process::run(&name, &mut cargo))?;
    let bytes = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    check(platform, &bytes).with_context(|| built.display().to_string())?;
    Ok(bytes)
}

/// Has `cargo` compile C and link with Zig, for an old C library. The result is where the
/// program will be.
fn prepare_for_linux(cargo: &mut Command, platform: Platform, processor: &str) -> Result<PathBuf> {
    let zig = Zig::ensure()?;
    let (major, minor) = OLDEST_GLIBC;
    let compiler = zig.compiler(&format!("{processor}-linux-gnu.{major}.{minor}"))?;
    let triple = platform.target().triple();
    let variable = triple.replace('-', "_");
    cargo.env(format!("CC_{variable}"), &compiler);
    cargo.env(format!("AR_{variable}"), zig.archiver()?);
    let variable = variable.to_uppercase();
    cargo.env(format!("CARGO_TARGET_{variable}_LINKER"), compiler);
    for setting in FULL_LINK {
        cargo.args(["--config", setting]);
    }
    // A folder of its own: with another linker, all crates there would be built anew.
    let folder = workspace::target_dir().join("server-package");
    cargo.arg("--target-dir").arg(&folder);
    Ok(folder.join(triple).join("release").join(platform.program()))
}

/// Whether the program is for the platform, tells nothing of this machine, and needs
/// nothing that an old system lacks.
fn check(platform: Platform, bytes: &[u8]) -> Result<()> {
    if library::inspect(bytes)?.to_string() != platform.to_string() {
        bail!("this is no program for {platform}");
    }
    if let Some(path) = package::machine_paths()
        .iter()
        .find(|path| package::contains(bytes, path.as_bytes()))
    {
        bail!("the program has paths of this machine in it: {path}");
    }
    match platform {
        Platform::LinuxX86_64 | Platform::LinuxArm64 => {
            let elf = inspect::read_elf(bytes)?;
            check_needs(elf.glibc, &elf.libraries)
        }
        Platform::WindowsX86_64 => inspect::check_windows_program(bytes),
    }
}

/// Whether the oldest promised Linux has what the program needs.
fn check_needs(glibc: Option<(u32, u32)>, libraries: &[String]) -> Result<()> {
    let (major, minor) = glibc.context("the program does not say which C library it needs")?;
    if (major, minor) > OLDEST_GLIBC {
        bail!(
            "the program needs glibc {major}.{minor}, and is promised to run with {}.{}",
            OLDEST_GLIBC.0,
            OLDEST_GLIBC.1
        );
    }
    let is_known = |library: &str| {
        LIBRARIES.iter().any(|known| {
            let rest = library.strip_prefix(known);
            rest.is_some_and(|rest| rest.starts_with(['.', '-']))
        })
    };
    match libraries.iter().find(|library| !is_known(library)) {
        Some(library) => bail!("the program needs {library}, which a machine need not have"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_needs(glibc: Option<(u32, u32)>, libraries: &[&str]) -> Result<()> {
        let libraries: Vec<_> = libraries.iter().map(ToString::to_string).collect();
        super::check_needs(glibc, &libraries)
    }

    #[test]
    fn a_program_for_a_newer_c_library_is_not_packed() {
        let libraries = &["libc.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2"];
        check_needs(Some((2, 31)), libraries).unwrap();
        let error = check_needs(Some((2, 34)), libraries).unwrap_err();
        assert!(error.to_string().contains("glibc 2.34"), "{error}");
        assert!(
            check_needs(None, libraries).is_err(),
            "one that does not say"
        );
    }

    #[test]
    fn a_program_that_needs_another_library_is_not_packed() {
        let error = check_needs(Some((2, 17)), &["libc.so.6", "libgcc_s.so.1"]).unwrap_err();
        assert!(error.to_string().contains("libgcc_s.so.1"), "{error}");
        assert!(check_needs(Some((2, 17)), &["libcrypt.so.1"]).is_err());
    }

    #[test]
    fn a_program_for_another_machine_is_not_packed() {
        let mut elf = b"\x7fELF".to_vec();
        elf.resize(64, 0);
        elf[18] = 62;
        for platform in [Platform::LinuxArm64, Platform::WindowsX86_64] {
            let error = check(platform, &elf).unwrap_err();
            assert!(error.to_string().contains(&platform.to_string()), "{error}");
        }
    }
}
