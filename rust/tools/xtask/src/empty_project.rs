//! The package unzipped into an empty project, used as the README says.
//!
//! What a designer gets must be all it needs: nothing of `godot_project/` is
//! there but what is in the zip. The script is the README's own, so its example
//! cannot rot.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longhall_provision::Godot;

use crate::godot_test::{Setup, own_home};
use crate::package::{self, archive};
use crate::{player, project, workspace};

const LIMIT: Duration = Duration::from_secs(60);

const PROJECT: &str = "config_version=5\n\n[application]\n\nconfig/name=\"Empty\"\n\
                       run/main_scene=\"res://main.tscn\"\n";

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
    let setup = Setup::start("empty-project")?;
    let folder = setup.folder().join("project");
    archive::unpack(package, &folder)?;
    let url = setup.url();
    for (name, text) in [
        ("project.godot", PROJECT.to_owned()),
        ("main.gd", readme_example()?),
        ("main.tscn", SCENE.replace("SERVER", &url)),
        ("driver.gd", DRIVER.to_owned()),
        ("three_nodes.tscn", THREE_NODES.replace("SERVER", &url)),
        (project::EXTENSION_LIST, project::EXTENSION.to_owned()),
    ] {
        workspace::write(&folder.join(name), &text)?;
    }
    let godot = |name: &str, arguments: &[&str]| {
        let mut command = godot.command();
        command.arg("--headless").arg("--path").arg(&folder);
        command.args(arguments);
        own_home(&mut command, &setup.folder().join("home"));
        let output = project::run(&mut command, name, "", LIMIT)?;
        output.expect_clean(name)?;
        Ok::<_, anyhow::Error>(output)
    };
    godot("import", &["--import"])?;
    let output = godot("the README's example", &["--max-fps", "60"])?;
    for expected in EXPECTED {
        if !output.lines.iter().any(|line| line == expected) {
            bail!("the README's example did not show `{expected}`");
        }
    }

    player::invite(&folder)?;
    let output = godot(
        "three nodes without a script",
        &["--max-fps", "60", "res://three_nodes.tscn"],
    )?;
    player::expect_done(&output, "the game of three nodes")?;
    Ok(())
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
