//! Builds the addon's libraries and puts them where Godot looks for them.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use longhall_provision::process;

use crate::cross::{self, Target};
use crate::library::{self, Platform, Variant};
use crate::workspace;

/// Link-time optimisation over all of Godot's classes takes minutes after every
/// change, and saves a third of a megabyte of four. So there is one way to
/// build, and what was tested is what is shipped.
pub(crate) const QUICK_LINK: &[&str] = &[
    "profile.release.lto=false",
    "profile.release.codegen-units=16",
];

/// Builds the library that the editor and debug builds of a game load, and
/// installs it in `godot_project/`.
///
/// It is optimised too: otherwise it would be several times slower and twenty
/// times as large.
///
/// # Errors
/// If it does not build, or the library cannot be written.
pub(crate) fn build() -> Result<()> {
    Goal::home()?.build(Variant::Debug)
}

/// Builds and installs both libraries for this machine. Their files are in the result.
///
/// # Errors
/// If they do not build, or cannot be written.
pub(crate) fn build_both() -> Result<[PathBuf; 2]> {
    Goal::home()?.build_both()
}

/// Builds and installs both libraries for one Rust target.
///
/// # Errors
/// If they do not build, or cannot be written.
pub(crate) fn build_for_target(triple: &str) -> Result<[PathBuf; 2]> {
    if triple == host_target()? {
        return build_both();
    }
    let known = Target::of_triple(triple).zip(Platform::of_target(triple));
    let Some((target, platform)) = known else {
        bail!("longhall.gdextension has no library for the target {triple}");
    };
    if !platform.is_built_here() {
        bail!("{}", built_elsewhere(&platform));
    }
    Goal::elsewhere(platform, vec![target]).build_both()
}

/// What to do for a library that cannot be linked here.
pub(crate) fn built_elsewhere(platform: &Platform) -> String {
    format!(
        "a library for {platform} is built with other tools than ours: docs/platforms.md has the \
         recipe, and --library packs what comes of it"
    )
}

/// Builds and installs both libraries for all processors of a platform.
///
/// # Errors
/// If they do not build, or cannot be written.
pub(crate) fn build_for_platform(platform: &Platform) -> Result<[PathBuf; 2]> {
    let home = Platform::host().is_ok_and(|host| host == *platform);
    let targets: Vec<_> = platform
        .targets()
        .iter()
        .filter_map(|triple| Target::of_triple(triple))
        .collect();
    if home && targets.len() == 1 {
        return build_both();
    }
    Goal::elsewhere(platform.clone(), targets).build_both()
}

/// What this run of xtask has built: asking for both variants in turns would
/// build both in turns.
static BUILT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Libraries for one platform.
struct Goal {
    platform: Platform,
    /// Each gives one part of the library. None: this machine, as cargo builds for it
    /// without being told.
    targets: Vec<Target>,
    /// Where cargo builds. Not its usual folder: the path flags below would
    /// otherwise make it rebuild what the server shares with the addon.
    folder: PathBuf,
}

impl Goal {
    fn home() -> Result<Self> {
        Ok(Self {
            platform: Platform::host()?,
            targets: Vec::new(),
            folder: folder_at_home(),
        })
    }

    fn elsewhere(platform: Platform, targets: Vec<Target>) -> Self {
        Self {
            platform,
            targets,
            folder: cross::folder(),
        }
    }

    fn build_both(&self) -> Result<[PathBuf; 2]> {
        // Cargo keeps one of the two. With that one first, only the other is built anew.
        let mut order = [Variant::Debug, Variant::Release];
        if self.is_at_hand(Variant::Release)? {
            order.reverse();
        }
        for variant in order {
            self.build(variant)?;
        }
        Ok([
            self.installed(Variant::Debug)?,
            self.installed(Variant::Release)?,
        ])
    }

    fn build(&self, variant: Variant) -> Result<()> {
        let installed = self.installed(variant)?;
        let mut done = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
        if done.contains(&installed) {
            return Ok(());
        }
        // Another xtask may be about to put the other variant in cargo's place.
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot create {}", self.folder.display()))?;
        let lock =
            File::create(self.folder.join("xtask.lock")).context("cannot create a lock file")?;
        lock.lock()
            .context("cannot wait for another xtask's build")?;

        if self.targets.is_empty() {
            self.cargo_build(cargo_at_home(), variant, &self.built())?;
        } else {
            // Left in place, it would look like a new one after a failed build.
            remove_file(&installed)?;
            for target in &self.targets {
                let cargo = cross::cargo("build", *target)?;
                self.cargo_build(cargo, variant, &self.part(*target))?;
            }
            self.join()?;
        }
        install(&self.built(), &installed)?;
        done.push(installed);
        Ok(())
    }

    fn cargo_build(&self, mut cargo: Command, variant: Variant, output: &Path) -> Result<()> {
        cargo.args(["--package", "longhall-network-client", "--release"]);
        if variant == Variant::Debug {
            cargo.args(["--features", DEBUG_FEATURE]);
        }
        let name = format!(
            "cargo build --package longhall-network-client ({}, {})",
            self.platform,
            variant.name()
        );
        make_anew(output, || process::run(&name, &mut cargo))
    }

    /// Makes one file for all processors out of the parts.
    fn join(&self) -> Result<()> {
        let [_, _, ..] = self.targets.as_slice() else {
            return Ok(());
        };
        let whole = self.built();
        if let Some(folder) = whole.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let mut lipo = cross::lipo()?;
        lipo.arg("-create").arg("-output").arg(&whole);
        lipo.args(self.targets.iter().map(|target| self.part(*target)));
        make_anew(&whole, || process::run("lipo", &mut lipo))
    }

    /// Where cargo puts the library, or a part of it, of whichever variant.
    fn part(&self, target: Target) -> PathBuf {
        cross::built(target, self.platform.built_name())
    }

    /// Where the whole library is built, of whichever variant.
    fn built(&self) -> PathBuf {
        match self.targets.as_slice() {
            [] => self.folder.join("release").join(self.platform.built_name()),
            [target] => self.part(*target),
            _ => self
                .folder
                .join(self.platform.to_string())
                .join(self.platform.built_name()),
        }
    }

    /// Where Godot looks for the library.
    fn installed(&self, variant: Variant) -> Result<PathBuf> {
        let library = library::find(&self.platform, variant)?;
        Ok(workspace::addon_dir().join("bin").join(library.file))
    }

    /// Whether this variant is the one that cargo has built last.
    fn is_at_hand(&self, variant: Variant) -> Result<bool> {
        let (built, installed) = (fs::read(self.built()), fs::read(self.installed(variant)?));
        Ok(built.is_ok_and(|built| installed.is_ok_and(|installed| installed == built)))
    }
}

/// Where cargo builds the addon for this machine.
pub(crate) fn folder_at_home() -> PathBuf {
    workspace::target_dir().join("addon")
}

/// `cargo build` as the addon is built for this machine, there.
pub(crate) fn cargo_at_home() -> Command {
    let mut cargo = workspace::cargo();
    cargo.arg("build").arg("--target-dir").arg(folder_at_home());
    let flags: Vec<_> = path_flags()
        .iter()
        .map(|flag| format!("'{flag}'"))
        .collect();
    let flags = format!("build.rustflags=[{}]", flags.join(", "));
    cargo.arg("--config").arg(flags);
    for setting in QUICK_LINK {
        cargo.args(["--config", setting]);
    }
    cargo
}

/// Has `make` write `output`, and makes sure that it did: an older file is removed first.
///
/// # Errors
/// If `make` fails, or writes no such file.
pub(crate) fn make_anew(output: &Path, make: impl FnOnce() -> Result<()>) -> Result<()> {
    remove_file(output)?;
    make()?;
    if !output.is_file() {
        bail!("the build ended well, but there is no {}", output.display());
    }
    Ok(())
}

fn remove_file(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).with_context(|| {
            format!(
                "cannot remove the old {}; does a program use it?",
                file.display()
            )
        }),
        _ => Ok(()),
    }
}

/// The feature of `longhall-network-client` that makes its debug library.
pub(crate) const DEBUG_FEATURE: &str = "bad-weather";

/// What rustc calls this machine, such as `x86_64-unknown-linux-gnu`.
pub(crate) fn host_target() -> Result<String> {
    let version = process::output("rustc", Command::new("rustc").arg("-vV"))?;
    version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc does not say which machine it runs on")
}

/// Keeps this machine's folders out of the library: panic messages hold the
/// paths of source files.
pub(crate) fn path_flags() -> Vec<String> {
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
    flags
}

/// Puts the library in place in one step. Writing into a library that an
/// editor has loaded would crash the editor.
fn install(built: &Path, library: &Path) -> Result<()> {
    let bytes = fs::read(built).with_context(|| format!("cannot read {}", built.display()))?;
    if fs::read(library).is_ok_and(|installed| installed == bytes) {
        return Ok(());
    }
    if let Some(folder) = library.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let mut fresh = library.as_os_str().to_owned();
    fresh.push(".new");
    fs::write(&fresh, &bytes)
        .with_context(|| format!("cannot write {}", Path::new(&fresh).display()))?;
    fs::rename(&fresh, library).with_context(|| {
        format!(
            "cannot replace {}; close the editor if it holds the file",
            library.display()
        )
    })?;
    let name = library.file_name().unwrap_or_default().display();
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
    fn an_old_library_is_never_taken_for_a_new_one() {
        let folder = workspace::scratch_dir("tmp").join("old-library");
        fs::create_dir_all(&folder).unwrap();
        let output = folder.join("library.so");
        fs::write(&output, "old").unwrap();
        let error = make_anew(&output, || Ok(())).unwrap_err();
        assert!(error.to_string().contains("there is no"), "{error:#}");

        fs::write(&output, "old").unwrap();
        assert!(make_anew(&output, || bail!("the linker failed")).is_err());
        assert!(!output.exists());

        make_anew(&output, || Ok(fs::write(&output, "new")?)).unwrap();
        assert_eq!(fs::read(&output).unwrap(), b"new");
    }
}
