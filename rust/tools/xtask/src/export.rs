//! `cargo xtask export`: the game as a player gets it.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use longhall_provision::Godot;
use longhall_provision::templates::{self, System};

use crate::godot_test::own_home;
use crate::library::{self, Platform, Variant};
use crate::{addon, package, project, workspace};

const LIMIT: Duration = Duration::from_secs(600);

/// What Godot says, without failing, when the addon has no library for a preset.
const NO_LIBRARY: &str = "library found for GDExtension";

/// Which build to make.
#[derive(Args)]
pub(crate) struct Options {
    /// Export for this kind of machine. Without it, for this one
    #[arg(long, value_enum)]
    platform: Option<Target>,
    /// Make a debug build: with Godot's checks, and bad weather on request
    #[arg(long)]
    debug: bool,
    /// Use this export template, of the same version as Godot and of the same kind of build
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
}

/// A kind of machine that a preset of `export_presets.cfg` is for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Linux on x86_64
    #[value(name = "linux-x86_64")]
    Linux,
    /// Linux on arm64
    #[value(name = "linux-arm64")]
    LinuxArm64,
    /// Windows on x86_64
    #[value(name = "windows-x86_64")]
    Windows,
}

impl Target {
    /// This machine.
    ///
    /// # Errors
    /// If no preset is for it.
    pub(crate) fn host() -> Result<Self> {
        match (OS, ARCH) {
            ("linux", "x86_64") => Ok(Self::Linux),
            ("linux", "aarch64") => Ok(Self::LinuxArm64),
            ("windows", "x86_64") => Ok(Self::Windows),
            _ => bail!(
                "there is no preset for this machine: name one with --platform, or run `cargo \
                 xtask addon --release` and export from the editor"
            ),
        }
    }

    /// The preset in `export_presets.cfg`.
    fn preset(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::LinuxArm64 => "Linux arm64",
            Self::Windows => "Windows Desktop",
        }
    }

    /// What its system calls the game's program.
    fn program(self) -> &'static str {
        match self {
            Self::Linux => "longhall.x86_64",
            Self::LinuxArm64 => "longhall.arm64",
            Self::Windows => "longhall.exe",
        }
    }

    fn system(self) -> System {
        match self {
            Self::Linux => System::Linux,
            Self::LinuxArm64 => System::LinuxArm64,
            Self::Windows => System::Windows,
        }
    }

    /// The Rust target whose library the game gets.
    fn triple(self) -> &'static str {
        match self {
            Self::Linux => "x86_64-unknown-linux-gnu",
            Self::LinuxArm64 => "aarch64-unknown-linux-gnu",
            Self::Windows => "x86_64-pc-windows-gnu",
        }
    }

    /// What the addon calls it.
    ///
    /// # Errors
    /// If it has no library for it.
    pub(crate) fn platform(self) -> Result<Platform> {
        Platform::of_target(self.triple())
            .with_context(|| format!("longhall.gdextension does not know {}", self.triple()))
    }
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
    let target = match options.platform {
        Some(target) => target,
        None => Target::host()?,
    };
    let godot = Godot::find_or_fetch()?;
    let game = export(&godot, target, variant, options.template.as_deref())?;
    println!("export: {} is ready for players", game.folder.display());
    Ok(())
}

/// Exports the game into `target/export/<platform>/<variant>`. `template` is used in
/// place of the one that is found.
///
/// # Errors
/// As [`run`].
pub(crate) fn export(
    godot: &Godot,
    target: Target,
    variant: Variant,
    template: Option<&Path>,
) -> Result<Game> {
    let platform = target.platform()?;
    // Asked first, since the builds take their time.
    let home = templates::home(godot, target.system(), variant == Variant::Debug, template)?;
    // The editor loads this machine's library, whatever it exports for.
    addon::build_both()?;
    addon::build_for_platform(&platform)?;
    project::list_extension()?;

    // What an earlier export left must not pass for this one's.
    let folder = workspace::scratch_dir("export")
        .join(platform.to_string())
        .join(variant.name());
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;

    println!(
        "exporting a {} build for {platform} with Godot {}",
        variant.name(),
        godot.version()
    );
    let mut command = godot.headless_command(&workspace::godot_project());
    command.arg(format!("--export-{}", variant.name()));
    command
        .arg(target.preset())
        .arg(folder.join(target.program()));
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
    let data = Path::new(target.program()).with_extension("pck");
    for file in [Path::new(target.program()), &data, Path::new(&library)] {
        if !folder.join(file).is_file() {
            bail!("the exported game lacks {}", folder.join(file).display());
        }
    }
    let notices = folder.join("THIRD_PARTY_NOTICES.txt");
    fs::write(&notices, package::notices_of(&platform)?)
        .with_context(|| format!("cannot write {}", notices.display()))?;
    Ok(Game {
        folder,
        program: target.program(),
    })
}
