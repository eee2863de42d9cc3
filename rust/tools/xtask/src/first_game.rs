//! The page `docs/first-game.md`, followed to the letter in an empty project: what it says is in the
//! files, a designer has nothing else but the package, and two players meet in the game, one of them on
//! two devices.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use longhall_provision::Godot;
use longhall_provision::process::Process;

use crate::empty_project::EmptyProject;
use crate::godot_test::{SERVER_ARGUMENTS, own_home};
use crate::package;
use crate::server_process::free_port;
use crate::{project, workspace};

const PAGE: &str = "docs/first-game.md";
/// Where the finished game is.
#[cfg(test)]
const EXAMPLE: &str = "godot_project/examples/arena";

/// The addresses on the page, which may be taken on this machine.
const GAME_LISTEN: &str = "127.0.0.1:9082";
const ARENA_PORT: &str = "7777";

const OPEN: &str = "the arena is open";
/// Ada goes on to another device in between.
const PLAYERS: [(&str, &str); 2] = [("ada", "--moves=yes"), ("bob", "--moves=no")];
const LIMIT: Duration = Duration::from_secs(120);
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(10);

const PROJECT: &str = "config_version=5\n\n[application]\n\nconfig/name=\"Arena\"\n\
                       run/main_scene=\"res://game.tscn\"\n";

/// Plays the game as its player would, beside another.
const DRIVER: &str = include_str!("first_game/driver.gd");
const DRIVER_SCENE: &str = "[gd_scene format=3]

[ext_resource type=\"Script\" path=\"res://driver.gd\" id=\"1\"]

[node name=\"Driver\" type=\"Node\"]
script = ExtResource(\"1\")
";

/// Makes the package, follows the page, and plays.
///
/// # Errors
/// If the page says something that does not work.
pub(crate) fn run(godot: &Godot) -> Result<()> {
    let package = package::run(&package::Options::default())?;
    let (hall, arena) = (free_port()?, free_port()?.to_string());
    let game_listen = format!("127.0.0.1:{hall}");
    let option = format!("--game-listen={game_listen}");
    let arguments: Vec<_> = SERVER_ARGUMENTS
        .iter()
        .copied()
        .chain([option.as_str()])
        .collect();
    let project = EmptyProject::unpack_with("first-game", &package, &arguments)?;
    let folder = project.folder();
    workspace::write(&folder.join("project.godot"), PROJECT)?;
    for (name, text) in files(&read_page()?, folder, "res://")? {
        let text = text
            .replace(GAME_LISTEN, &game_listen)
            .replace(ARENA_PORT, &arena);
        workspace::write(&folder.join(name), &text)?;
    }
    workspace::write(&folder.join("driver.gd"), DRIVER)?;
    workspace::write(&folder.join("driver.tscn"), DRIVER_SCENE)?;
    project.import(godot)?;

    let handle = project.server().handle();
    let made = handle.operate(&[
        "game-keys",
        "add",
        "arena",
        "--scope",
        "say",
        "--scope",
        "channels",
    ])?;
    let key = made
        .split_whitespace()
        .find(|word| word.starts_with("lhk_"));
    let key = key.context("no key was shown")?.to_owned();
    let mut server = open_arena(godot, &project, &key)?;
    thread::scope(|scope| {
        let players = PLAYERS.map(|(name, moves)| {
            let project = &project;
            scope.spawn(move || play(godot, project, name, moves))
        });
        for ended in players.map(thread::ScopedJoinHandle::join) {
            ended.map_err(|_| anyhow!("a player panicked"))??;
        }
        anyhow::Ok(())
    })?;
    ensure!(server.try_wait()?.is_none(), "the arena ended by itself");
    server.stop(STOP_LIMIT)?;
    handle.expect_running()?;
    println!("two players met in the game of the page");
    Ok(())
}

/// Starts the game's own server.
fn open_arena(godot: &Godot, project: &EmptyProject, key: &str) -> Result<Process> {
    let mut command = project.command(godot, "arena", &["server.tscn"]);
    command.env("LONGHALL_GAME_KEY", key);
    let (process, lines) = Process::spawn_captured("the arena", &mut command)?;
    let end = Instant::now() + START_LIMIT;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let line = lines.recv_timeout(left).context("the arena is not open")?;
        println!("arena    | {}", line.text);
        if line.text == OPEN {
            break;
        }
    }
    let key = key.to_owned();
    thread::spawn(move || {
        for line in lines {
            // What goes wrong in it shows by what the players miss.
            println!("arena    | {}", line.text.replace(&key, "THE KEY"));
        }
    });
    Ok(process)
}

fn play(godot: &Godot, project: &EmptyProject, name: &str, moves: &str) -> Result<()> {
    let mut command = project.command(godot, name, &["--max-fps", "60", "driver.tscn", "--"]);
    let home = project.folder().with_file_name(format!("home-{name}"));
    own_home(&mut command, &home);
    command.args([&format!("--name={name}"), moves]);
    command.arg(format!("--server={}", project.server().url()));
    let output = project::run(&mut command, name, &format!("{name:8} | "), LIMIT)?;
    output.expect_clean(name)?;
    let has_played = output.lines.iter().any(|line| line == "played");
    ensure!(has_played, "{name} has not played to the end");
    Ok(())
}

fn read_page() -> Result<String> {
    let page = workspace::root().join(PAGE);
    fs::read_to_string(&page).with_context(|| format!("cannot read {PAGE}"))
}

/// The files that the page names, each in bold before its block. Scenes are made of their trees,
/// for a project with the addon in `folder`, and lie in `home`.
fn files(page: &str, folder: &Path, home: &str) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut rest = page;
    while let Some((_, behind)) = rest.split_once("**`") {
        let (name, behind) = behind
            .split_once("`**\n\n```")
            .context("no block behind a name")?;
        let (_, behind) = behind.split_once('\n').context("an empty block")?;
        let (block, behind) = behind
            .split_once("```\n")
            .context("a block without an end")?;
        let text = match name.ends_with(".tscn") {
            true => scene(block, folder, home).with_context(|| format!("the tree of {name}"))?,
            false => block.to_owned(),
        };
        files.push((name.to_owned(), text));
        rest = behind;
    }
    ensure!(!files.is_empty(), "{PAGE} names no file");
    Ok(files)
}

/// A scene out of a tree, which has a row for each node:
/// `Name: Type or scene, script.gd, property = value`, two spaces deeper than its parent.
fn scene(tree: &str, folder: &Path, home: &str) -> Result<String> {
    let mut resources = String::new();
    let mut nodes = String::new();
    let mut path: Vec<&str> = Vec::new();
    let mut resource = |kind: &str, path: &str| {
        let id = format!("{}", resources.lines().count() + 1);
        let _ = writeln!(
            resources,
            "[ext_resource type=\"{kind}\" path=\"{path}\" id=\"{id}\"]"
        );
        format!("ExtResource(\"{id}\")")
    };
    for row in tree.lines() {
        let depth = (row.len() - row.trim_start().len()) / 2;
        let (name, rest) = row
            .trim()
            .split_once(": ")
            .context("a row without a colon")?;
        let mut parts = rest.split(", ");
        let kind = parts.next().unwrap_or_default();
        path.truncate(depth);
        let parent = match path.len() {
            0 => String::new(),
            1 => " parent=\".\"".to_owned(),
            _ => format!(" parent=\"{}\"", path[1..].join("/")),
        };
        path.push(name);
        let _ = write!(nodes, "\n[node name=\"{name}\"");
        if kind.ends_with(".tscn") {
            let found = find(folder, |file| file.ends_with(kind))?;
            let _ = writeln!(
                nodes,
                "{parent} instance={}]",
                resource("PackedScene", &found)
            );
        } else if let Ok(script) = find(folder, |file| declares(&folder.join(file), kind)) {
            let _ = writeln!(nodes, " type=\"Node\"{parent}]");
            let _ = writeln!(nodes, "script = {}", resource("Script", &script));
        } else {
            let _ = writeln!(nodes, " type=\"{kind}\"{parent}]");
        }
        for part in parts {
            if let Some((property, value)) = part.split_once(" = ") {
                let _ = match (property, value) {
                    ("anchors_preset", "Center") => nodes.write_str(CENTER),
                    _ => writeln!(nodes, "{property} = {value}"),
                };
            } else {
                let script = resource("Script", &format!("{home}{part}"));
                let _ = writeln!(nodes, "script = {script}");
            }
        }
    }
    Ok(format!("[gd_scene format=3]\n\n{resources}{nodes}"))
}

/// What the editor writes for the preset.
const CENTER: &str = "anchors_preset = 8\nanchor_left = 0.5\nanchor_top = 0.5\nanchor_right = 0.5\n\
                      anchor_bottom = 0.5\ngrow_horizontal = 2\ngrow_vertical = 2\n";

/// The addon's file that is looked for, as `res://` has it.
fn find(folder: &Path, is_it: impl Fn(&str) -> bool) -> Result<String> {
    let mut folders = vec!["addons/longhall".to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(folder.join(&at)).context("cannot list the addon")? {
            let entry = entry?;
            let name = format!("{at}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                folders.push(name);
            } else if is_it(&name) {
                return Ok(format!("res://{name}"));
            }
        }
    }
    bail!("there is no such file in the addon")
}

fn declares(file: &Path, class: &str) -> bool {
    let is_script = file.extension().is_some_and(|extension| extension == "gd");
    let line = format!("class_name {class}");
    is_script && fs::read_to_string(file).is_ok_and(|text| text.lines().any(|own| own == line))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `UPDATE_EXAMPLE=1 cargo test -p xtask first_game` writes the scenes anew, and takes the
    /// scripts into the page.
    #[test]
    fn the_page_has_the_files_of_the_example() {
        let folder = workspace::godot_project();
        let home = EXAMPLE.replace("godot_project/", "res://") + "/";
        let page = read_page().unwrap();
        let mut new_page = page.clone();
        for (name, text) in files(&page, &folder, &home).unwrap() {
            let file = workspace::root().join(EXAMPLE).join(&name);
            if std::env::var_os("UPDATE_EXAMPLE").is_some() {
                match name.ends_with(".tscn") {
                    true => fs::write(&file, &text).unwrap(),
                    false => {
                        new_page = new_page.replace(&text, &fs::read_to_string(&file).unwrap());
                    }
                }
                continue;
            }
            let example = fs::read_to_string(&file).unwrap();
            assert_eq!(example, text, "{name} of the example and of {PAGE}");
        }
        if new_page != page {
            fs::write(workspace::root().join(PAGE), new_page).unwrap();
        }
    }
}
