//! The Godot project: made ready to run, and its output judged.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longhall_provision::{Godot, process};

use crate::workspace;

const IMPORT_LIMIT: Duration = Duration::from_secs(180);

/// What Godot keeps beside the project; made anew when missing.
pub(crate) const EXTENSION_LIST: &str = ".godot/extension_list.cfg";
pub(crate) const EXTENSION: &str = "res://addons/longhall/longhall.gdextension";

/// Imports the project without a window: resources, class names, the addon.
///
/// # Errors
/// If Godot reports anything as an error, or does not end.
pub(crate) fn import(godot: &Godot) -> Result<()> {
    list_extension()?;
    println!("importing with Godot {}", godot.version());
    let output = run(
        godot
            .headless_command(&workspace::godot_project())
            .arg("--import"),
        "import",
        "",
        IMPORT_LIMIT,
    )?;
    output.expect_clean("importing the Godot project")
}

/// Godot reads the list before it looks for extensions itself; without it the
/// first import knows no `NetworkClient` and crashes at its end.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn list_extension() -> Result<()> {
    let list = workspace::godot_project().join(EXTENSION_LIST);
    if fs::read_to_string(&list).is_ok_and(|text| text.lines().any(|line| line == EXTENSION)) {
        return Ok(());
    }
    if let Some(folder) = list.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    fs::write(&list, EXTENSION).with_context(|| format!("cannot write {}", list.display()))
}

/// How a run of Godot went.
pub(crate) struct Output {
    /// All lines it printed.
    pub(crate) lines: Vec<String>,
    /// Whether it ended with exit code 0.
    pub(crate) success: bool,
    /// How it ended, for people.
    pub(crate) status: String,
}

impl Output {
    /// # Errors
    /// If the exit code or any line says that something went wrong.
    pub(crate) fn expect_clean(&self, what: &str) -> Result<()> {
        self.expect_clean_but_for(what, |_| false)
    }

    /// Like [`expect_clean`](Self::expect_clean), for a Godot that is known to
    /// report an error that means nothing.
    ///
    /// # Errors
    /// If the exit code or any other line says that something went wrong.
    pub(crate) fn expect_clean_but_for(
        &self,
        what: &str,
        meaningless: impl Fn(&str) -> bool,
    ) -> Result<()> {
        let errors: Vec<_> = self
            .lines
            .iter()
            .filter(|line| is_error(line) && !meaningless(line))
            .collect();
        match errors.first() {
            Some(first) => bail!("{what}: {} error lines, the first: {first}", errors.len()),
            None if !self.success => bail!("{what}: Godot failed ({})", self.status),
            None => Ok(()),
        }
    }
}

/// Runs Godot and prints its lines after `prefix`. Godot goes on after script
/// errors and may never end, hence the limit and [`Output::expect_clean`].
///
/// # Errors
/// If Godot cannot be started, does not end within `limit`, or on Ctrl-C.
pub(crate) fn run(
    command: &mut Command,
    name: &str,
    prefix: &str,
    limit: Duration,
) -> Result<Output> {
    run_watched(command, name, prefix, limit, |_| {})
}

/// Like [`run`]; `watch` sees each line as it comes.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_watched(
    command: &mut Command,
    name: &str,
    prefix: &str,
    limit: Duration,
    mut watch: impl FnMut(&str),
) -> Result<Output> {
    let mut lines = Vec::new();
    let status = process::run_lines(&format!("Godot ({name})"), command, limit, |line| {
        if !is_progress(&line.text) {
            println!("{prefix}{}", line.text);
        }
        watch(&line.text);
        lines.push(line.text);
        Ok(())
    })?;
    Ok(Output {
        lines,
        success: status.success(),
        status: status.to_string(),
    })
}

/// Whether the editor says with this line how far it is, as in `[  64% ] …`:
/// hundreds of lines that nobody reads.
fn is_progress(line: &str) -> bool {
    const END_OF_COLOR: &str = "\u{1b}[0m";
    (line.starts_with('[') && line.contains("% ]"))
        || line.contains("[ DONE ]")
        || line == END_OF_COLOR
}

/// Whether Godot reports an error with this line. Script errors and failed
/// assertions do not change its exit code.
pub(crate) fn is_error(line: &str) -> bool {
    ["ERROR:", "SCRIPT ERROR", "Parse Error"]
        .iter()
        .any(|mark| line.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_from_the_rest() {
        assert!(is_progress("[  64% ] \u{1b}[90mreimport | a.svg\u{1b}[39m"));
        assert!(!is_progress("godot tests: 64% of them"));
    }

    #[test]
    fn errors_are_told_from_warnings_and_talk() {
        for line in [
            "ERROR: Failed to open 'res://x'.",
            "SCRIPT ERROR: Parse Error: Identifier \"x\" not declared",
            "\u{1b}[1;31mERROR:\u{1b}[0m GDExtension library not found",
        ] {
            assert!(is_error(line), "{line}");
        }
        for line in ["WARNING: Could not set V-Sync mode", "say: no errors here"] {
            assert!(!is_error(line), "{line}");
        }
    }
}
