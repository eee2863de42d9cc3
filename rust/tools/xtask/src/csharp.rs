//! `cargo xtask csharp`: classes for C# around the node, written from what Godot says of it.
//!
//! Godot's .NET build knows the classes of an extension only by name. What is written here
//! gives them types: `res://tests/api.gd` dumps what the engine knows, the sources of the node
//! say what it means, and `addons/longhall/csharp/` gets a file for each class.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longhall_provision::Godot;

use crate::godot_test::own_home;
use crate::{addon, project, workspace};

mod api;
mod names;
mod sources;
mod writing;

const LIMIT: Duration = Duration::from_secs(60);

/// What the classes have in common; written by hand.
const BASE: &str = include_str!("csharp/LonghallObject.cs");

/// The classes, and where in the repository they are described.
const CLASSES: &[(&str, &[&str])] = &[
    (
        "NetworkClient",
        &[
            "rust/network_client/src/node.rs",
            "rust/network_client/src/node",
        ],
    ),
    (
        "NetworkRequest",
        &["rust/network_client/src/network_request.rs"],
    ),
    (
        "LonghallFakeServer",
        &["rust/network_client/src/fake_server.rs"],
    ),
    ("LonghallTicket", &["rust/network_client/src/ticket.rs"]),
    (
        "LonghallTicketKeys",
        &["godot_project/addons/longhall/ticket_keys.gd"],
    ),
    (
        "LonghallGameServer",
        &["godot_project/addons/longhall/game_server/longhall_game_server.gd"],
    ),
    (
        "LonghallGameAnswer",
        &["godot_project/addons/longhall/game_server/longhall_game_answer.gd"],
    ),
    (
        "LonghallBubble",
        &["godot_project/addons/longhall/scenes/bubble/longhall_bubble.gd"],
    ),
];

/// Builds the addon and writes the classes anew.
///
/// # Errors
/// If the addon does not build, Godot does not tell of it, or C# has no word for something.
pub(crate) fn write() -> Result<()> {
    addon::build()?;
    let godot = Godot::find_or_fetch()?;
    project::import(&godot)?;
    for (file, text) in files(&godot)? {
        workspace::write(&file, &text)?;
        println!("wrote {}", file.display());
    }
    Ok(())
}

/// Whether the classes that are checked in are those that would be written, of an addon that
/// is built and imported.
///
/// # Errors
/// If one is not, or as [`write()`].
pub(crate) fn check(godot: &Godot) -> Result<()> {
    for (file, text) in files(godot)? {
        let checked_in = fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}: run `cargo xtask csharp`", file.display()))?;
        if checked_in.replace("\r\n", "\n") != text {
            bail!(
                "{} is not what the node is: run `cargo xtask csharp`",
                file.display()
            );
        }
    }
    Ok(())
}

fn files(godot: &Godot) -> Result<Vec<(PathBuf, String)>> {
    let folder = workspace::addon_dir().join("csharp");
    let known: Vec<&str> = CLASSES.iter().map(|(name, _)| *name).collect();
    let mut files = vec![(folder.join("LonghallObject.cs"), BASE.to_owned())];
    for mut class in dump(godot, &known)? {
        if class.script.is_empty() {
            // The engine has them as they were linked, which differs from build to build.
            class
                .methods
                .sort_by(|one, other| one.name.cmp(&other.name));
        }
        let Some((_, places)) = CLASSES.iter().find(|(name, _)| *name == class.name) else {
            bail!("Godot tells of {}, which nobody asked for", class.name);
        };
        let mut texts = Vec::new();
        for place in *places {
            read_sources(&workspace::root().join(place), &mut texts)?;
        }
        let meanings = if class.script.is_empty() {
            sources::Meanings::read(&texts)
        } else {
            sources::Meanings::read_script(&class.name, &texts)
        };
        let text = writing::class(&class, &known, &meanings)
            .with_context(|| format!("cannot say {} in C#", class.name))?;
        files.push((folder.join(format!("{}.cs", class.name)), text));
    }
    Ok(files)
}

/// What the engine says of these classes.
fn dump(godot: &Godot, classes: &[&str]) -> Result<Vec<api::Class>> {
    let folder = workspace::scratch_dir("csharp");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let file = folder.join("api.json");
    let mut command = godot.headless_command(&workspace::godot_project());
    own_home(&mut command, &folder.join("home"));
    command.args(["--script", "res://tests/api.gd", "--"]);
    command.arg(format!("--out={}", file.display()));
    command.arg(format!("--classes={}", classes.join(",")));
    project::run(&mut command, "api", "", LIMIT)?.expect_clean("telling of the addon's classes")?;
    let text = fs::read_to_string(&file).context("Godot has not told of the addon's classes")?;
    serde_json::from_str(&text).context("what Godot told of the addon's classes")
}

/// Adds the text of a file, or of those in a folder.
fn read_sources(place: &Path, texts: &mut Vec<String>) -> Result<()> {
    let cannot = || format!("cannot read {}", place.display());
    if place.is_dir() {
        let mut inside = Vec::new();
        for entry in fs::read_dir(place).with_context(cannot)? {
            inside.push(entry.with_context(cannot)?.path());
        }
        inside.sort();
        for file in inside {
            read_sources(&file, texts)?;
        }
    } else {
        texts.push(fs::read_to_string(place).with_context(cannot)?);
    }
    Ok(())
}
