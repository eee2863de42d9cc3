//! The exported game, played against the real server as players get it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use longhall_provision::Godot;

use crate::export::{self, Game, Target};
use crate::godot_test::{Setup, own_home};
use crate::library::Variant;
use crate::{package, player, project};

/// Long enough for a slow machine, and for an emulator that is a tenth as fast.
const LIMIT: Duration = Duration::from_secs(600);
/// How long a player waits for anything, in seconds.
const PATIENCE: &str = "--patience=120";

/// Exports a release and a debug build; registers, logs in and talks in each.
///
/// # Errors
/// If that fails, Godot reports an error, or a build has properties that it
/// should not have.
pub(crate) fn run(godot: &Godot) -> Result<()> {
    for variant in [Variant::Release, Variant::Debug] {
        let game = export::export(godot, Target::host()?, variant, None)?;
        expect_without_editor(&game)?;
        play(godot, &game, variant)?;
    }
    Ok(())
}

/// Nothing of the dock's is in what players get, although no preset excludes it.
fn expect_without_editor(game: &Game) -> Result<()> {
    let data = game.folder.join(game.program).with_extension("pck");
    let data = fs::read(&data).with_context(|| format!("cannot read {}", data.display()))?;
    let has = |path: &str| package::contains(&data, path.as_bytes());
    ensure!(
        has("addons/longhall/scenes/"),
        "the game lacks the addon's scenes"
    );
    ensure!(
        !has("addons/longhall/editor/"),
        "the game has scripts of the dock"
    );
    Ok(())
}

/// Plays the game to its end, with the libraries of `godot`.
///
/// # Errors
/// If it does not get there, reports an error, or has properties that it should not have.
pub(crate) fn play(godot: &Godot, game: &Game, variant: Variant) -> Result<()> {
    let what = format!("the {} build", variant.name());
    let properties = play_to_end(godot, game, &what)?;
    match variant {
        Variant::Release if properties > 0 => {
            bail!("{what} can make the connection bad on purpose; players must not get that")
        }
        Variant::Debug if properties == 0 => {
            bail!("{what} cannot make the connection bad: is its library the release one?")
        }
        Variant::Release | Variant::Debug => Ok(()),
    }
}

/// The result is how many of its properties make the connection bad.
fn play_to_end(godot: &Godot, game: &Game, what: &str) -> Result<usize> {
    let setup = Setup::start("exported-game")?;
    let folder = setup.folder().join("game");
    let mut command = prepare(godot, game, &folder)?;
    own_home(&mut command, &setup.folder().join("home"));
    // From elsewhere, so that nothing is found by being in the right folder.
    command.current_dir(setup.folder());
    command.args(["--headless", "--max-fps", "60", "--"]);
    command.arg(format!("--url={}", setup.url()));
    command.args([PATIENCE, player::SPEAK]);
    let output = project::run(&mut command, what, "", LIMIT)?;
    output.expect_clean_but_for(what, is_debians_farewell)?;
    player::expect_done(&output, what)?;
    player::bad_weather_properties(&output, what)
}

/// Debian's build of the engine says this when any game ends, even an empty one:
/// it frees a control whose container has let go of it already.
fn is_debians_farewell(line: &str) -> bool {
    line.contains("ERROR: Attempt to disconnect a nonexistent connection from")
}

/// Copies the game to where it may be changed, puts the player in, and says how
/// it is started.
fn prepare(godot: &Godot, game: &Game, folder: &Path) -> Result<Command> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for entry in fs::read_dir(&game.folder).context("cannot list the exported game")? {
        let entry = entry.context("cannot list the exported game")?;
        copy(&entry.path(), &folder.join(entry.file_name()))?;
    }
    player::invite(folder)?;
    start_command(godot, &folder.join(game.program))
}

/// Debian's template needs the libraries that came with Debian's Godot, hence
/// their loader. The game looks for its files beside the running program, which
/// then is the loader: so a copy of it takes the game's place.
fn start_command(godot: &Godot, program: &Path) -> Result<Command> {
    let Some(loader) = godot.loader() else {
        return Ok(godot.wrap(program));
    };
    let game = program.with_extension("game");
    fs::rename(program, &game).context("cannot make room for the loader")?;
    copy(&loader, program)?;
    Ok(godot.wrap_by(program, &game))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}
