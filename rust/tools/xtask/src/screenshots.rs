//! `cargo xtask screenshots`: pictures of the scenes for the documentation.
//!
//! `res://tests/screenshots.gd` runs in a real window against the real server,
//! with the arguments of the tests and `--out=FOLDER`; with `--screens` it is
//! `res://tests/screens.gd`, without a server.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longhall_provision::{Display, Godot};

use crate::godot_test::{Setup, own_home};
use crate::{addon, editor_test, project, workspace};

const LIMIT: Duration = Duration::from_secs(300);

/// Renders `docs/pictures/*.png`, that of the console apart, in memory when there is no display.
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
    editor_test::take_picture(&godot, &display, &pictures.join("dock.png"))?;

    list(&pictures)
}

/// Renders every screen of the addon into `target/screens`, with a server inside the game.
///
/// # Errors
/// As [`run`].
pub(crate) fn render_screens() -> Result<()> {
    addon::build()?;
    let godot = Godot::find_or_fetch()?;
    project::import(&godot)?;
    let display = Display::open()?;
    let pictures = workspace::scratch_dir("screens");
    fs::create_dir_all(&pictures)
        .with_context(|| format!("cannot create {}", pictures.display()))?;

    let mut command = godot.windowed_command(&display);
    own_home(&mut command, &pictures.join("home"));
    command.args(["--fixed-fps", "60", "--path"]);
    command.arg(workspace::godot_project());
    command.args(["--script", "res://tests/screens.gd", "--"]);
    command.arg(format!("--out={}", pictures.display()));
    project::run(&mut command, "screens", "", LIMIT)?.expect_clean("screens")?;
    list(&pictures)
}

/// Says which pictures are in a folder.
fn list(folder: &Path) -> Result<()> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .context("cannot list the pictures")?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".png"))
        .collect();
    names.sort();
    if names.is_empty() {
        bail!("Godot saved no picture in {}", folder.display());
    }
    println!("{}: {}", folder.display(), names.join(", "));
    Ok(())
}
