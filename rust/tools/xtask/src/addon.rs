//! Builds the addon's libraries and puts them where Godot looks for them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use longhall_provision::process;

use crate::library::{self, Platform, Variant};
use crate::workspace;

/// Link-time optimisation over all of Godot's classes takes minutes after every
/// change, and saves a third of a megabyte of four. So there is one way to
/// build, and what was tested is what is shipped.
const QUICK_LINK: &[&str] = &[
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
    Goal::new(None)?.build(Variant::Debug)
}

/// Builds and installs both libraries for one Rust target; `None` is this machine.
/// Their files are in the result.
///
/// # Errors
/// If they do not build, or cannot be written.
pub(crate) fn build_both(target: Option<&str>) -> Result<[PathBuf; 2]> {
    let goal = Goal::new(target)?;
    // Cargo keeps one of the two. With that one first, only the other is built anew.
    let mut order = [Variant::Debug, Variant::Release];
    if goal.is_at_hand(Variant::Release)? {
        order.reverse();
    }
    for variant in order {
        goal.build(variant)?;
    }
    Ok([
        goal.installed(Variant::Debug)?,
        goal.installed(Variant::Release)?,
    ])
}

/// What this run of xtask has built: asking for both variants in turns would
/// build both in turns.
static BUILT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Libraries for one kind of machine.
struct Goal<'a> {
    /// `None` is this machine, which shares its builds with no target's.
    target: Option<&'a str>,
    platform: Platform,
    /// Where cargo builds. A folder of its own: the path flags below would
    /// otherwise make it rebuild what the server shares with the addon.
    folder: PathBuf,
}

impl<'a> Goal<'a> {
    fn new(target: Option<&'a str>) -> Result<Self> {
        let target = match target {
            Some(triple) if triple != host_target()? => Some(triple),
            _ => None,
        };
        let platform = match target {
            None => Platform::host()?,
            Some(triple) => Platform::of_target(triple).with_context(|| {
                format!("longhall.gdextension has no library for the target {triple}")
            })?,
        };
        Ok(Self {
            target,
            platform,
            folder: workspace::target_dir().join("addon"),
        })
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

        let mut cargo = workspace::cargo();
        cargo.args(["build", "--package", "longhall-network-client", "--release"]);
        cargo.arg("--target-dir").arg(&self.folder);
        cargo.arg("--config").arg(path_flags());
        for setting in QUICK_LINK {
            cargo.args(["--config", setting]);
        }
        if variant == Variant::Debug {
            cargo.args(["--features", DEBUG_FEATURE]);
        }
        if let Some(triple) = self.target {
            prepare_cross_build(&mut cargo, triple)?;
        }
        let name = format!(
            "cargo build --package longhall-network-client ({}, {})",
            self.platform,
            variant.name()
        );
        process::run(&name, &mut cargo)?;
        install(&self.built(), &installed)?;
        done.push(installed);
        Ok(())
    }

    /// Where cargo puts the library, of whichever variant.
    fn built(&self) -> PathBuf {
        let folder = match self.target {
            None => self.folder.clone(),
            Some(triple) => self.folder.join(triple),
        };
        folder.join("release").join(self.platform.built_name())
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

/// The feature of `longhall-network-client` that makes its debug library.
pub(crate) const DEBUG_FEATURE: &str = "bad-weather";

/// Makes `cargo` build for another machine.
fn prepare_cross_build(cargo: &mut Command, triple: &str) -> Result<()> {
    let library = process::output(
        "rustc",
        Command::new("rustc").args(["--print", "target-libdir", "--target", triple]),
    )?;
    if !Path::new(library.trim()).is_dir() {
        bail!(
            "this Rust cannot build for {triple} yet: run `rustup target add {triple}`. Or build \
             on such a machine with `cargo xtask package`, and give its libraries to this one \
             with `cargo xtask package --library FILE`"
        );
    }
    if let Some((linker, package)) = cross_linker(triple) {
        if process::find_on_path(linker).is_none() {
            bail!("{linker} is not on PATH, which links for {triple}: on Debian install {package}");
        }
        let variable = triple.to_uppercase().replace('-', "_");
        cargo.env(format!("CARGO_TARGET_{variable}_LINKER"), linker);
    }
    cargo.args(["--target", triple]);
    Ok(())
}

/// The program that links for a target, and Debian's package of it.
fn cross_linker(triple: &str) -> Option<(&'static str, &'static str)> {
    match triple {
        "x86_64-pc-windows-gnu" => Some(("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64")),
        "aarch64-unknown-linux-gnu" => Some(("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu")),
        "x86_64-unknown-linux-gnu" => Some(("x86_64-linux-gnu-gcc", "gcc-x86-64-linux-gnu")),
        _ => None,
    }
}

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
