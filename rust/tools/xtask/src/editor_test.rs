//! The addon in the real editor: its help pages, its nodes in the Inspector and in
//! a scene that is being edited, and its library loaded anew.
//!
//! The tests are `godot_project/tests/editor`. They run as a plugin in a project of
//! their own, made of nothing but the addon and that folder, in an editor without
//! a window; it prints `editor tests: N passed, 0 failed` at its end.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longhall_provision::Godot;

use crate::godot_test::own_home;
use crate::{project, workspace};

/// The editor goes on after errors and may never end.
const LIMIT: Duration = Duration::from_secs(120);

const ADDON: &str = "addons/longhall";
const TESTS: &str = "tests/editor";

const PROJECT: &str = r#"config_version=5

[application]

config/name="The addon in the editor"

[editor_plugins]

enabled=PackedStringArray("res://tests/editor/plugin.cfg")

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
/// If a test fails, or Godot reports an error.
pub(crate) fn run(godot: &Godot) -> Result<()> {
    let mut output = edit(godot)?;
    if has_crashed_by_itself(&output.lines) {
        println!("editor: Godot crashed in code of its own; once more");
        output = edit(godot)?;
    }
    output.expect_clean("editor tests")?;
    if !output.lines.iter().any(|line| is_summary(line)) {
        bail!("the editor ended without saying `editor tests: N passed, 0 failed`");
    }
    Ok(())
}

/// Makes the project anew, with a home that no editor has been in (one that crashed
/// leaves half of its help behind), and runs the tests in the editor.
fn edit(godot: &Godot) -> Result<project::Output> {
    let folder = workspace::scratch_dir("editor-test");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    let project = folder.join("project");
    make_project(&project)?;

    let godot = || {
        let mut command = godot.command();
        command.arg("--headless").arg("--path").arg(&project);
        own_home(&mut command, &folder.join("home"));
        // The tests read what the editor says, so let it be English.
        command.env("LANG", "en_US.UTF-8");
        command
    };
    // The editor that first writes its own help pages for later starts forgets those
    // of extensions; this is that start.
    let import = run_godot(godot().arg("--import"), "import")?;
    import.expect_clean("importing the project of the editor tests")?;
    run_godot(godot().arg("--editor"), "editor")
}

fn make_project(folder: &Path) -> Result<()> {
    let source = workspace::godot_project();
    for part in [ADDON, TESTS] {
        copy_folder(&source.join(part), &folder.join(part))?;
    }
    let settings = fs::read_to_string(source.join("project.godot"))
        .context("cannot read the settings of godot_project")?;
    // The same warnings count as errors as in our own project.
    let settings = PROJECT.to_owned() + section(&settings, "[debug]").unwrap_or_default();
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

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let context = || format!("cannot copy {}", from.display());
    fs::create_dir_all(to).with_context(context)?;
    for entry in fs::read_dir(from).with_context(context)? {
        let entry = entry.with_context(context)?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target).with_context(context)?;
        }
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
