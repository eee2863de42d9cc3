//! The game exported for Windows, with a stand-in for Godot's export template.
//!
//! No package has the template, so nobody can play what comes out. But Godot really
//! exports: it puts the game's name and icon into the program, packs the project, and lays
//! the addon's library beside it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use longhall_provision::{Godot, process, toolchain};

use crate::export::{self, Game, Target};
use crate::library::{self, Variant};
use crate::unchanged::Stamp;
use crate::workspace;

/// A program with a section of resources, in which Godot changes the icon and the name.
const PROGRAM: &str = "int main(void) { return 0; }\n";
const RESOURCE: &str = "1 RCDATA { \"stand-in\" }\n";

/// What decides which files lie where.
const COVERED: &[&str] = &[
    "godot_project/addons/longhall/longhall.gdextension",
    "godot_project/export_presets.cfg",
    "godot_project/project.godot",
    "rust/tools/xtask/src/export.rs",
    "rust/tools/xtask/src/library.rs",
    "rust/tools/xtask/src/windows_export.rs",
];

/// Exports both builds, unless nothing has changed since it went well, and looks whether the right files lie together.
///
/// # Errors
/// If Godot reports an error, or a file is missing or another than it should be.
pub(crate) fn run(godot: &Godot) -> Result<()> {
    if !toolchain::available() {
        println!("skipped: only a Debian on x86_64 can build for Windows");
        return Ok(());
    }
    let stamp = Stamp::recorded("windows-export", &[], COVERED.iter().copied())?;
    if stamp.is_kept() {
        println!("skipped: nothing that an export is made of has changed since it passed");
        return Ok(());
    }
    let folder = workspace::scratch_dir("windows-export");
    workspace::write(&folder.join("program.c"), PROGRAM)?;
    workspace::write(&folder.join("resource.rc"), RESOURCE)?;
    let mingw = toolchain::mingw()?;
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(mingw.join("usr/bin").join(program));
        command
            .args(arguments)
            .current_dir(&folder)
            .env("LD_LIBRARY_PATH", mingw.join("usr/lib/x86_64-linux-gnu"));
        process::run(program, &mut command)
    };
    run(
        "x86_64-w64-mingw32-windres",
        &["--preprocessor=cat", "resource.rc", "resource.o"],
    )?;
    let root = format!("--sysroot={}", mingw.display());
    run(
        "x86_64-w64-mingw32-gcc-win32",
        &[&root, "-s", "-o", "template.exe", "program.c", "resource.o"],
    )?;

    let template = folder.join("template.exe");
    for variant in [Variant::Release, Variant::Debug] {
        let game = export::export(godot, Target::Windows, variant, Some(&template))?;
        check(&game, variant)?;
    }
    stamp.keep()
}

/// The library must be the one for this build, to the last byte.
fn check(game: &Game, variant: Variant) -> Result<()> {
    let read =
        |file: PathBuf| fs::read(&file).with_context(|| format!("cannot read {}", file.display()));
    let library = library::find(&Target::Windows.platform()?, variant)?.file;
    let built = read(workspace::addon_dir().join("bin").join(&library))?;
    if read(game.folder.join(&library))? != built {
        bail!("the exported {library} is not the one that was built");
    }
    if !read(game.folder.join(game.program))?.starts_with(b"MZ") {
        bail!("the exported {} is no program for Windows", game.program);
    }
    let mut names: Vec<_> = fs::read_dir(&game.folder)
        .context("cannot list the exported game")?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    println!("exported for Windows: {}", names.join(", "));
    // Nobody shall take it for a game.
    fs::remove_dir_all(&game.folder).context("cannot remove the exported stand-in")
}
