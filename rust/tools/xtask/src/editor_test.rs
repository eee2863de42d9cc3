//! The addon in the real editor: its help pages, its nodes in the Inspector and in
//! a scene that is being edited, its dock with a server, and its library loaded anew.
//!
//! The tests are `godot_project/tests/editor`. They run as a plugin in a project of
//! their own, made of nothing but the addon and that folder, in an editor without
//! a window; it prints `editor tests: N passed, 0 failed` at its end. Two more starts of
//! the editor see that no server of the dock is left when it ends, however it does.

use std::ffi::OsString;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use anyhow::{Context, Result, bail, ensure};
use longhall_provision::process::Process;
use longhall_provision::{Display, Godot};

use crate::godot_test::own_home;
use crate::{project, server_process, workspace};

/// The editor goes on after errors and may never end.
const LIMIT: Duration = Duration::from_secs(180);
/// More than a server looks for its starter, and gives its players to take their last lines.
const LEFT_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// Has the plugin of the tests start a server, and wait or quit.
const ENDING: &str = "LONGHALL_TEST_ENDING";
/// Has it take a picture, and says where.
const PICTURE: &str = "LONGHALL_TEST_PICTURE";
/// What the plugin says of a server.
const SERVER: &str = "server: ws://";
/// What it says of each game that it plays, before that.
const GAME: &str = "game: ";

const ADDON: &str = "addons/longhall";
const TESTS: &str = "tests/editor";

const PROJECT: &str = r#"config_version=5

[application]

config/name="The addon in the editor"

[editor_plugins]

enabled=PackedStringArray("res://addons/longhall/plugin.cfg", "res://tests/editor/plugin.cfg")

"#;

const PLUGIN: &str = r#"[plugin]

name="Editor tests"
description=""
author=""
version=""
script="plugin.gd"
"#;

/// Opens the editor in a project of its own and expects all its tests to pass.
///
/// # Errors
/// If a test fails, Godot reports an error, or a server is left behind.
pub(crate) fn run(godot: &Godot) -> Result<()> {
    let editor = Editor::new(godot, workspace::scratch_dir("editor-test"))?;
    let mut output = editor.run_tests()?;
    if has_crashed_by_itself(&output.lines) {
        println!("editor: Godot crashed in code of its own; once more");
        output = editor.run_tests()?;
    }
    output.expect_clean("editor tests")?;
    if !output.lines.iter().any(|line| is_summary(line)) {
        bail!("the editor ended without saying `editor tests: N passed, 0 failed`");
    }
    editor.quit_with_a_server()?;
    editor.be_killed_with_a_server()
}

/// Has a picture taken of the dock in the editor, with our game open and a server that runs.
///
/// # Errors
/// If the editor reports an error or takes none, or somebody listens at the server's usual port.
pub(crate) fn take_picture(godot: &Godot, display: &Display, file: &Path) -> Result<()> {
    // The picture has the folder in it, which so is that of nobody.
    let editor = Editor::new(godot, env::temp_dir().join("longhall-screenshots"))?;
    let sections = ["[debug]", "[display]", "[gui]", "[rendering]"];
    editor.make_anew(&[ADDON, TESTS, "scenes", "icon.svg"], &sections)?;
    let mut command = godot.windowed_command(display);
    editor.dress(&mut command);
    command.args(["--editor", "--windowed", "--resolution", "1280x720"]);
    let output = run_godot(command.env(PICTURE, file), "editor")?;
    output.expect_clean_but_for("a picture of the dock", is_about_vulkan)?;
    fs::remove_dir_all(&editor.folder)
        .with_context(|| format!("cannot remove {}", editor.folder.display()))?;
    Ok(())
}

/// An editor with a home of its own, in a project of its own.
struct Editor<'a> {
    godot: &'a Godot,
    folder: PathBuf,
    /// With the server's program in it.
    path: OsString,
}

impl<'a> Editor<'a> {
    fn new(godot: &'a Godot, folder: PathBuf) -> Result<Self> {
        let program = server_process::build()?;
        let folders = program.parent().map(Path::to_owned).into_iter();
        let others = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(folders.chain(env::split_paths(&others)))
            .context("the server's folder cannot be in PATH")?;
        Ok(Self {
            godot,
            folder,
            path,
        })
    }

    /// Runs the tests in an editor that has never run before.
    fn run_tests(&self) -> Result<project::Output> {
        // The same warnings count as errors as in our own project.
        self.make_anew(&[ADDON, TESTS], &["[debug]"])?;
        run_godot(self.command().arg("--editor"), "editor")
    }

    /// Makes the project anew, of parts of ours and sections of our settings, with a home that no
    /// editor has been in: one that crashed leaves half of its help behind.
    fn make_anew(&self, parts: &[&str], sections: &[&str]) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder)
                .with_context(|| format!("cannot empty {}", self.folder.display()))?;
        }
        make_project(&self.folder.join("project"), parts, sections)?;
        self.write_engine()?;
        // The editor that first writes its own help pages for later starts forgets those
        // of extensions; this is that start.
        let import = run_godot(self.command().arg("--import"), "import")?;
        import.expect_clean("importing the project of the editor tests")
    }

    /// Where the program is that the dock runs games with.
    fn engine(&self) -> PathBuf {
        self.folder.join("engine")
    }

    /// Godot itself may have to be started by a loader, of which the editor knows nothing.
    fn write_engine(&self) -> Result<()> {
        let command = self.godot.command();
        let words = [command.get_program()]
            .into_iter()
            .chain(command.get_args());
        let words: Vec<_> = words
            .map(|word| format!("'{}'", word.to_string_lossy()))
            .collect();
        let script = format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" "));
        workspace::write(&self.engine(), &script)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(self.engine(), fs::Permissions::from_mode(0o755))
                .context("cannot make a script runnable")?;
        }
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = self.godot.command();
        command.arg("--headless");
        self.dress(&mut command);
        command
    }

    /// Makes it a start of this editor, with a home of its own.
    fn dress(&self, command: &mut Command) {
        own_home(command, &self.folder.join("home"));
        command.arg("--path").arg(self.folder.join("project"));
        command.env("PATH", &self.path);
        command.env("LONGHALL_TEST_ENGINE", self.engine());
        // The tests read what the editor says, so let it be English.
        command.env("LANG", "en_US.UTF-8");
    }

    /// The editor quits while its server runs.
    fn quit_with_a_server(&self) -> Result<()> {
        let mut command = self.command();
        let output = run_godot(command.arg("--editor").env(ENDING, "quit"), "editor")?;
        output.expect_clean("an editor with a server")?;
        let address = output.lines.iter().find_map(|line| address_in(line));
        let address = address.context("the editor started no server")?;
        if TcpStream::connect(&address).is_ok() {
            bail!("the server on {address} is there after the editor has ended");
        }
        Ok(())
    }

    /// The editor is killed while its server runs, and has no say in what comes.
    fn be_killed_with_a_server(&self) -> Result<()> {
        let mut command = self.command();
        command.arg("--editor").env(ENDING, "wait");
        let (mut editor, lines) = Process::spawn_captured("the editor", &mut command)?;
        let mut games = Vec::new();
        let address = loop {
            let line = lines.recv_timeout(LIMIT).context("the editor ended")?;
            games.extend(line.text.strip_prefix(GAME).map(str::to_owned));
            if let Some(address) = address_in(&line.text) {
                break address;
            }
        };
        TcpStream::connect(&address).context("nobody listens where the editor says")?;
        editor.kill()?;
        let until = Instant::now() + LEFT_LIMIT;
        while TcpStream::connect(&address).is_ok() {
            if Instant::now() > until {
                bail!("the server on {address} outlives an editor that was killed");
            }
            thread::sleep(POLL);
        }
        ensure!(games.len() == 2, "the editor plays {} games", games.len());
        for game in games {
            while is_alive(&game) {
                if Instant::now() > until {
                    bail!("the game {game} outlives an editor that was killed");
                }
                thread::sleep(POLL);
            }
        }
        println!("editor: no server and no game is left");
        Ok(())
    }
}

/// The editor looks whether there is Vulkan, and complains where there is none.
fn is_about_vulkan(line: &str) -> bool {
    line.contains("VK_KHR_surface") || line.contains(r#"Condition "err != OK" is true"#)
}

/// Whether there is a process, other than one that only waits to be forgotten. Told on Linux
/// only.
fn is_alive(id: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{id}/stat"));
    state.is_ok_and(|state| !state.contains(") Z "))
}

/// Where the server is that the plugin of the tests has started.
fn address_in(line: &str) -> Option<String> {
    line.strip_prefix(SERVER).map(str::to_owned)
}

fn make_project(folder: &Path, parts: &[&str], sections: &[&str]) -> Result<()> {
    let source = workspace::godot_project();
    for part in parts {
        copy(&source.join(part), &folder.join(part))?;
    }
    let ours = fs::read_to_string(source.join("project.godot"))
        .context("cannot read the settings of godot_project")?;
    let taken = sections
        .iter()
        .filter_map(|heading| section(&ours, heading));
    let settings = PROJECT.to_owned() + &taken.collect::<String>();
    for (name, text) in [
        ("project.godot", settings.as_str()),
        ("tests/editor/plugin.cfg", PLUGIN),
        (project::EXTENSION_LIST, project::EXTENSION),
    ] {
        workspace::write(&folder.join(name), text)?;
    }
    Ok(())
}

fn run_godot(command: &mut Command, name: &str) -> Result<project::Output> {
    project::run(command, name, "", LIMIT)
}

/// The section of `settings` that begins with the line `heading`.
fn section<'a>(settings: &'a str, heading: &str) -> Option<&'a str> {
    let start = settings.find(&format!("\n{heading}\n"))? + 1;
    let rest = &settings[start..];
    let end = rest.find("\n[").map_or(rest.len(), |end| end + 1);
    Some(&rest[..end])
}

/// Rarely (one start in a dozen, seen with Godot 4.6.3) the editor crashes in a
/// thread that no extension has a part in, while it makes its help pages. A crash
/// with our library in its backtrace, or after a test has failed, is ours.
fn has_crashed_by_itself(lines: &[String]) -> bool {
    let says = |what: &str| lines.iter().any(|line| line.contains(what));
    says("handle_crash")
        && !says("liblonghall")
        && !lines.iter().any(|line| line.starts_with("FAIL"))
}

fn is_summary(line: &str) -> bool {
    line.starts_with("editor tests: ") && line.ends_with(" passed, 0 failed")
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot copy {}", from.display());
    if from.is_file() {
        return fs::copy(from, to).map(drop).with_context(context);
    }
    fs::create_dir_all(to).with_context(context)?;
    for entry in fs::read_dir(from).with_context(context)? {
        let entry = entry.with_context(context)?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_where_the_next_begins() {
        let settings = "a=1\n\n[debug]\n\nb=2\nc={\n\"[x]\": 1\n}\n\n[display]\n\nd=3\n";
        assert_eq!(
            section(settings, "[debug]"),
            Some("[debug]\n\nb=2\nc={\n\"[x]\": 1\n}\n\n")
        );
        assert_eq!(section(settings, "[display]"), Some("[display]\n\nd=3\n"));
        assert_eq!(section(settings, "[input]"), None);
    }

    #[test]
    fn only_a_summary_without_failures_counts() {
        assert!(is_summary("editor tests: 12 passed, 0 failed"));
        assert!(!is_summary("editor tests: 11 passed, 1 failed"));
        assert!(!is_summary("ok    editor tests"));
    }
}
