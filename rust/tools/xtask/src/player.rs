//! A player from outside, for games that have no tests in them.
//!
//! `player.gd` registers, logs in and talks by mouse and keyboard, as its arguments say.
//! A release build of Godot takes no script from the command line, but every game reads
//! `override.cfg` beside its program or project, and that can name an autoload.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::project::Output;
use crate::workspace;

const PLAYER: &str = include_str!("player/player.gd");
/// The tests' own mouse and keyboard.
const INPUT: &str = "tests/player_input.gd";

/// The argument, behind `--`, of a player who only says something.
pub(crate) const SPEAK: &str = "--say=Is anybody in?";

/// What the player prints once it is logged in.
pub(crate) const IS_IN: &str = "player: is in";

/// Puts the player into the folder of a game's program or project.
///
/// # Errors
/// If that cannot be written to.
pub(crate) fn invite(folder: &Path) -> Result<()> {
    let input = workspace::godot_project().join(INPUT);
    let input =
        fs::read_to_string(&input).with_context(|| format!("cannot read {}", input.display()))?;
    let player = folder.join("player.gd");
    let settings = format!("[autoload]\n\nPlayer=\"*{}\"\n", player.display());
    for (name, text) in [
        ("player.gd", PLAYER),
        ("player_input.gd", &input),
        ("override.cfg", &settings),
    ] {
        let file = folder.join(name);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// # Errors
/// If a game that the player was in ended before the player was done.
pub(crate) fn expect_done(output: &Output, what: &str) -> Result<()> {
    if !output.lines.iter().any(|line| line == "player: done") {
        bail!("{what} ended before the player was done");
    }
    Ok(())
}

/// How many properties of the game's node make the connection bad.
///
/// # Errors
/// If the player did not say.
pub(crate) fn bad_weather_properties(output: &Output, what: &str) -> Result<usize> {
    let count = |line: &String| {
        line.strip_prefix("player: bad weather properties: ")?
            .parse()
            .ok()
    };
    let counted = output.lines.iter().find_map(count);
    counted.with_context(|| format!("{what} does not say which properties its node has"))
}
