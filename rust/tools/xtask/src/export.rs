//! `cargo xtask export`: the game as a player gets it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use longhall_provision::{Godot, templates};

use crate::godot_test::own_home;
use crate::library::{self, Platform, Variant};
use crate::{addon, package, project, workspace};

const LIMIT: Duration = Duration::from_secs(300);

/// The preset in `export_presets.cfg`, and what its system calls a game's program.
const PRESET: &str = "Linux";
const PROGRAM: &str = "longhall.x86_64";
const DATA: &str = "longhall.pck";

/// What Godot says, without failing, when the addon has no library for a preset.
const NO_LIBRARY: &str = "library found for GDExtension";

/// Which build to make.
#[derive(Args)]
pub(crate) struct Options {
    /// Make a debug build: with Godot's checks, and bad weather on request
    #[arg(long)]
    debug: bool,
}

/// An exported game.
pub(crate) struct Game {
    /// The folder that a player gets.
    pub(crate) folder: PathBuf,
    /// The program's name in it.
    pub(crate) program: &'static str,
}

/// Builds everything and exports the game.
///
/// # Errors
/// If anything does not build, there are no templates, or Godot reports an error.
pub(crate) fn run(options: &Options) -> Result<()> {
    let variant = if options.debug {
        Variant::Debug
    } else {
        Variant::Release
    };
    let game = export(&Godot::find_or_fetch()?, variant)?;
    println!("export: {} is ready for players", game.folder.display());
    Ok(())
}

/// Exports the game into `target/export/<variant>`.
///
/// # Errors
/// As [`run`].
pub(crate) fn export(godot: &Godot, variant: Variant) -> Result<Game> {
    let platform = Platform::host()?;
    if platform.to_string() != "linux-x86_64" {
        bail!(
            "this exports for Linux on x86_64, and from there only; on this machine, run `cargo \
             xtask addon --release` and export from the editor"
        );
    }
    addon::build_both()?;
    let home = templates::home(godot)?;
    project::list_extension()?;

    // What an earlier export left must not pass for this one's.
    let folder = workspace::scratch_dir("export").join(variant.name());
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;

    println!(
        "exporting a {} build with Godot {}",
        variant.name(),
        godot.version()
    );
    let mut command = godot.headless_command(&workspace::godot_project());
    command.arg(format!("--export-{}", variant.name()));
    command.arg(PRESET).arg(folder.join(PROGRAM));
    if let Some(home) = &home {
        own_home(&mut command, home);
    }
    let output = project::run(&mut command, "export", "", LIMIT)?;
    if output
        .lines
        .iter()
        .any(|line| line.contains("No export template"))
    {
        bail!(
            "Godot {} has no export templates: open it once and choose Editor > Manage Export \
             Templates > Download and Install",
            godot.version()
        );
    }
    output.expect_clean("exporting the game")?;
    if let Some(line) = output.lines.iter().find(|line| line.contains(NO_LIBRARY)) {
        bail!("exporting the game: {line}");
    }
    let library = library::find(&platform, variant)?.file;
    for file in [PROGRAM, DATA, &library] {
        if !folder.join(file).is_file() {
            bail!("the exported game lacks {}", folder.join(file).display());
        }
    }
    let notices = folder.join("THIRD_PARTY_NOTICES.txt");
    fs::write(&notices, package::notices_of_this_machine()?)
        .with_context(|| format!("cannot write {}", notices.display()))?;
    Ok(Game {
        folder,
        program: PROGRAM,
    })
}
