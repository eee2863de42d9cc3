//! `cargo xtask screenshots`: pictures of the scenes for the documentation.
//!
//! `res://tests/screenshots.gd` runs in a real window against the real server,
//! with the arguments of the tests and `--out=FOLDER`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longhall_provision::{Display, Godot};

use crate::godot_test::Setup;
use crate::{addon, project, workspace};

const LIMIT: Duration = Duration::from_secs(300);

/// Renders `docs/pictures/*.png`, in memory when there is no display.
///
/// # Errors
/// If anything does not build, Godot reports an error, or no picture comes.
pub(crate) fn run() -> Result<()> {
    addon::build()?;
    let godot = Godot::find_or_fetch()?;
    project::import(&godot)?;
    let setup = Setup::start("screenshots")?;
    let display = Display::open()?;
    let pictures = workspace::root().join("docs/pictures");
    fs::create_dir_all(&pictures)
        .with_context(|| format!("cannot create {}", pictures.display()))?;

    let mut command = godot.windowed_command(&display);
    command.arg("--path").arg(workspace::godot_project());
    setup.run_script(&mut command, "player", "res://tests/screenshots.gd");
    command.arg(format!("--out={}", pictures.display()));
    project::run(&mut command, "screenshots", "", LIMIT)?.expect_clean("screenshots")?;

    let mut names: Vec<_> = fs::read_dir(&pictures)
        .context("cannot list the pictures")?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".png"))
        .collect();
    names.sort();
    if names.is_empty() {
        bail!(
            "tests/screenshots.gd saved no picture in {}",
            pictures.display()
        );
    }
    println!("docs/pictures: {}", names.join(", "));
    Ok(())
}
