//! Builds the addon's library and puts it where Godot looks for it.

use std::env::consts::{ARCH, DLL_PREFIX, DLL_SUFFIX, OS};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{process, workspace};

/// Link-time optimisation over all of Godot's classes takes minutes after every
/// change, and saves half a megabyte of four.
const QUICK_LINK: &[&str] = &[
    "profile.release.lto=false",
    "profile.release.codegen-units=16",
];

/// Builds the optimised library and installs it in `godot_project/`.
///
/// The editor loads the same library as a shipped game: an unoptimised one is
/// several times slower and twenty times as large.
///
/// # Errors
/// If it does not build, or the library cannot be written.
pub(crate) fn build() -> Result<()> {
    let name = library_name(OS, ARCH)?;
    // A folder of its own: the path flags below would otherwise make cargo
    // rebuild what the server's release build shares with the addon.
    let target = workspace::target_dir().join("addon");
    let mut cargo = workspace::cargo();
    cargo.args([
        "build",
        "--package",
        "longhall-godot",
        "--release",
        "--target-dir",
    ]);
    cargo.arg(&target).arg("--config").arg(path_flags());
    for setting in QUICK_LINK {
        cargo.args(["--config", setting]);
    }
    process::run("cargo build --package longhall-godot", &mut cargo)?;
    let built = target
        .join("release")
        .join(format!("{DLL_PREFIX}longhall{DLL_SUFFIX}"));
    install(
        &built,
        &workspace::godot_project().join("addons/longhall/bin"),
        &name,
    )
}

/// The library's file name, as `longhall.gdextension` lists it.
fn library_name(os: &str, arch: &str) -> Result<String> {
    let arch = match arch {
        "x86_64" => "x86_64",
        "aarch64" => "arm64",
        other => bail!("longhall.gdextension has no library for the processor {other}"),
    };
    Ok(match os {
        "linux" => format!("liblonghall.linux.{arch}.so"),
        "windows" => format!("longhall.windows.{arch}.dll"),
        // One file for both processors; at home, the one we have will do.
        "macos" => "liblonghall.macos.universal.dylib".to_owned(),
        other => bail!("longhall.gdextension has no library for {other}"),
    })
}

/// Keeps this machine's folders out of the library: panic messages hold the
/// paths of source files.
fn path_flags() -> String {
    let mut flags = vec![format!(
        "--remap-path-prefix={}=longhall",
        workspace::root().display()
    )];
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    if let Some(home) = home {
        flags.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    let flags: Vec<_> = flags.iter().map(|flag| format!("'{flag}'")).collect();
    format!("build.rustflags=[{}]", flags.join(", "))
}

/// Puts the library in place in one step. Writing into a library that an
/// editor has loaded would crash the editor.
fn install(built: &Path, folder: &Path, name: &str) -> Result<()> {
    let bytes = fs::read(built).with_context(|| format!("cannot read {}", built.display()))?;
    let library = folder.join(name);
    if fs::read(&library).is_ok_and(|installed| installed == bytes) {
        return Ok(());
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let fresh = folder.join(format!("{name}.new"));
    fs::write(&fresh, &bytes).with_context(|| format!("cannot write {}", fresh.display()))?;
    fs::rename(&fresh, &library).with_context(|| {
        format!(
            "cannot replace {}; close the editor if it holds the file",
            library.display()
        )
    })?;
    println!(
        "addon: installed {name}, {:.1} MB",
        bytes.len() as f64 / 1e6
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_built_library_is_one_that_godot_looks_for() {
        let extension = fs::read_to_string(
            workspace::godot_project().join("addons/longhall/longhall.gdextension"),
        )
        .unwrap();
        for (os, arch) in [
            ("linux", "x86_64"),
            ("linux", "aarch64"),
            ("windows", "x86_64"),
            ("macos", "aarch64"),
        ] {
            let path = format!("\"bin/{}\"", library_name(os, arch).unwrap());
            assert_eq!(
                extension.matches(&path).count(),
                2,
                "{path}: debug and release"
            );
        }
    }
}
