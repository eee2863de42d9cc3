//! The package unzipped into an empty project, used as the README says.
//!
//! What a designer gets must be all it needs: nothing of `godot_project/` is
//! there but what is in the zip. The script is the README's own, so its example
//! cannot rot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longhall_provision::Godot;

use crate::godot_test::{SERVER_ARGUMENTS, Setup, own_home};
use crate::package::{self, archive};
use crate::server_process::Server;
use crate::{player, project, workspace};

const LIMIT: Duration = Duration::from_secs(300);

const PROJECT: &str = "config_version=5\n\n[application]\n\nconfig/name=\"Empty\"\n\
                       run/main_scene=\"res://three_nodes.tscn\"\n";

/// The designer's scene, as the README describes it, and one node that plays
/// the player.
const SCENE: &str = r#"[gd_scene load_steps=3 format=3]

[ext_resource type="Script" path="res://main.gd" id="1"]
[ext_resource type="Script" path="res://driver.gd" id="2"]

[node name="Main" type="Control"]
script = ExtResource("1")

[node name="NetworkClient" type="NetworkClient" parent="."]
url = "SERVER"

[node name="Name" type="LineEdit" parent="."]

[node name="Password" type="LineEdit" parent="."]

[node name="Register" type="Button" parent="."]

[node name="Login" type="Button" parent="."]

[node name="Say" type="LineEdit" parent="."]

[node name="Log" type="RichTextLabel" parent="."]

[node name="Driver" type="Node" parent="."]
script = ExtResource("2")
"#;

/// A whole game without a script: the scenes find the node by themselves.
const THREE_NODES: &str = r#"[gd_scene load_steps=3 format=3]

[ext_resource type="PackedScene" path="res://addons/longhall/scenes/login/login.tscn" id="1"]
[ext_resource type="PackedScene" path="res://addons/longhall/scenes/chatbox/chatbox.tscn" id="2"]

[node name="Game" type="Control"]
layout_mode = 3
anchors_preset = 15
anchor_right = 1.0
anchor_bottom = 1.0

[node name="NetworkClient" type="NetworkClient" parent="."]
url = "SERVER"

[node name="Login" parent="." instance=ExtResource("1")]
layout_mode = 1

[node name="Chatbox" parent="." instance=ExtResource("2")]
layout_mode = 1
"#;

/// Uses the README's buttons, and prints what its log shows.
const DRIVER: &str = "extends Node


func _ready() -> void:
\tvar game: Node = get_parent()
\tvar client: NetworkClient = game.get_node(\"NetworkClient\")
\tawait client.connected
\tgame.get_node(\"Name\").text = \"ada\"
\tgame.get_node(\"Password\").text = \"battery staple\"
\tgame.get_node(\"Login\").pressed.emit()
\tawait client.login_denied
\tgame.get_node(\"Password\").text = \"correct horse\"
\tgame.get_node(\"Register\").pressed.emit()
\tawait client.registered
\tgame.get_node(\"Login\").pressed.emit()
\tawait client.logged_in
\tgame.get_node(\"Say\").text_submitted.emit(\"Hello!\")
\tawait client.chat_received
\tawait get_tree().process_frame
\tprint(game.get_node(\"Log\").get_parsed_text())
\tget_tree().quit()
";

/// What the README's log shows after that.
const EXPECTED: [&str; 3] = ["Username or password incorrect", "Hello ada", "ada: Hello!"];

/// A project with nothing in it but the package and a scene, and a server for it.
pub(crate) struct EmptyProject {
    setup: Setup,
    folder: PathBuf,
}

impl EmptyProject {
    /// Unzips `package` into an empty project below `target/<name>`, with the scene
    /// of three nodes as its game.
    ///
    /// # Errors
    /// If that cannot be written, or the server does not start.
    pub(crate) fn unpack(name: &str, package: &Path) -> Result<Self> {
        Self::unpack_with(name, package, SERVER_ARGUMENTS)
    }

    /// As [`unpack`](Self::unpack), with the server's arguments.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn unpack_with(name: &str, package: &Path, arguments: &[&str]) -> Result<Self> {
        let setup = Setup::start_with(name, arguments)?;
        let folder = setup.folder().join("project");
        archive::unpack(package, &folder)?;
        let project = Self { setup, folder };
        project.write("project.godot", PROJECT)?;
        project.write("three_nodes.tscn", THREE_NODES)?;
        project.write(project::EXTENSION_LIST, project::EXTENSION)?;
        Ok(project)
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server.
    pub(crate) fn server(&self) -> &Server {
        self.setup.server()
    }

    /// Adds a file. `SERVER` in it becomes the server's address.
    fn write(&self, name: &str, text: &str) -> Result<()> {
        let text = text.replace("SERVER", &self.setup.url());
        workspace::write(&self.folder.join(name), &text)
    }

    /// Has `godot` look at all that is in the project.
    ///
    /// # Errors
    /// If it reports an error.
    pub(crate) fn import(&self, godot: &Godot) -> Result<()> {
        self.run(godot, "import", &["--import"]).map(drop)
    }

    /// Puts the player into all games of the project.
    ///
    /// # Errors
    /// If that cannot be written.
    pub(crate) fn invite_player(&self) -> Result<()> {
        player::invite(&self.folder)
    }

    /// A run of Godot in the project without a window, as the client called `name`.
    pub(crate) fn command(&self, godot: &Godot, name: &str, arguments: &[&str]) -> Command {
        let mut command = godot.headless_command(&self.folder);
        command.args(arguments);
        own_home(
            &mut command,
            &self.setup.folder().join(format!("home-{name}")),
        );
        command
    }

    /// The same, to its end.
    fn run(&self, godot: &Godot, name: &str, arguments: &[&str]) -> Result<project::Output> {
        let mut command = self.command(godot, "one", arguments);
        let output = project::run(&mut command, name, "", LIMIT)?;
        output.expect_clean(name)?;
        Ok(output)
    }
}

/// Makes the package and tries it.
///
/// # Errors
/// As [`try_package`], and if the package cannot be made.
pub(crate) fn run(godot: &Godot) -> Result<()> {
    try_package(godot, &package::run(&package::Options::default())?)
}

/// Unzips a package into an empty project, plays the README's example in it, and then a scene
/// that has no script at all.
///
/// # Errors
/// If Godot reports an error, or they do not come to their end.
pub(crate) fn try_package(godot: &Godot, package: &Path) -> Result<()> {
    let project = EmptyProject::unpack("empty-project", package)?;
    project.write("main.gd", &readme_example()?)?;
    project.write("main.tscn", SCENE)?;
    project.write("driver.gd", DRIVER)?;
    project.import(godot)?;
    let example = ["--max-fps", "60", "res://main.tscn"];
    let output = project.run(godot, "the README's example", &example)?;
    for expected in EXPECTED {
        if !output.lines.iter().any(|line| line == expected) {
            bail!("the README's example did not show `{expected}`");
        }
    }

    project.invite_player()?;
    let output = project.run(
        godot,
        "three nodes without a script",
        &["--max-fps", "60", "--", player::SPEAK],
    )?;
    player::expect_done(&output, "the game of three nodes")
}

/// The first GDScript of the README.
fn readme_example() -> Result<String> {
    let readme = workspace::root().join("README.md");
    let text = fs::read_to_string(&readme).context("cannot read README.md")?;
    first_gdscript(&text).context("README.md has no GDScript example")
}

fn first_gdscript(markdown: &str) -> Option<String> {
    let (before, rest) = markdown.split_once("```gdscript\n")?;
    // Inside a list the block is indented as its fence is.
    let indent = before.rsplit('\n').next()?;
    let (code, _) = rest.split_once("```")?;
    let lines = code.trim_end().lines();
    let lines: Vec<_> = lines
        .map(|line| line.strip_prefix(indent).unwrap_or(line))
        .collect();
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_inside_a_list_loses_its_indent() {
        let markdown = "1. Do:\n\n   ```gdscript\n   func f():\n   \tpass\n   ```\n\nMore";
        assert_eq!(first_gdscript(markdown).unwrap(), "func f():\n\tpass\n");
    }
}
