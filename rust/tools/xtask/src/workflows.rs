//! The workflows of GitHub, judged on this machine: their form, and what strangers could do
//! with them.
//!
//! Nobody sees them run before they are pushed, so what can be known before is checked here:
//! check-jsonschema knows which keys there are, zizmor what is dangerous.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use longhall_provision::{CHECK_JSONSCHEMA, PythonTools, process};

use crate::unchanged::{Stamp, files};
use crate::workspace;

/// A Python wheel with the program itself; check-jsonschema is one with GitHub's schema.
const ZIZMOR: &str = "zizmor==1.32.0";

/// Judges the workflows, unless they have not changed since they passed.
///
/// # Errors
/// If one has a key that GitHub does not know, or a stranger could misuse it.
pub(crate) fn check() -> Result<()> {
    let stamp = workspace::scratch_dir("workflows").join("passed");
    let mut covered = all()?;
    covered.push(workspace::root().join("rust/tools/xtask/src/workflows.rs"));
    let stamp = Stamp::of(stamp, covered)?;
    if stamp.is_kept() {
        println!("skipped: no workflow has changed since all passed");
        return Ok(());
    }
    judge(&all()?)?;
    stamp.keep()
}

/// All workflows of this repository.
fn all() -> Result<Vec<PathBuf>> {
    let mut found = files(&workspace::root().join(".github/workflows"))?;
    found.sort();
    Ok(found)
}

fn judge(workflows: &[PathBuf]) -> Result<()> {
    let mut schema = PythonTools::ensure("check-jsonschema", CHECK_JSONSCHEMA)
        .context("no check-jsonschema, which knows what a workflow may say")?
        .module("check_jsonschema");
    schema.args(["--builtin-schema", "vendor.github-workflows"]);
    process::run("check-jsonschema", schema.args(workflows))?;

    let tools = PythonTools::ensure("zizmor", ZIZMOR)
        .context("no zizmor, which knows what is dangerous in a workflow")?;
    let mut zizmor = Command::new(tools.program("zizmor"));
    // Without a network: a test that passed yesterday would fail today.
    zizmor.args([
        "--offline",
        "--no-progress",
        "--strict-collection",
        "--quiet",
    ]);
    zizmor.args(workflows).current_dir(workspace::root());
    process::run("zizmor", &mut zizmor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::collections::BTreeSet;
    use std::fs;

    fn texts() -> Vec<(PathBuf, String)> {
        let all = all().unwrap();
        assert!(!all.is_empty(), "there are workflows");
        all.into_iter()
            .map(|file| {
                let text = fs::read_to_string(&file).unwrap();
                (file, text)
            })
            .collect()
    }

    /// The commands of ours in a workflow, word by word.
    fn commands(text: &str) -> Vec<Vec<String>> {
        text.replace("\\\n", " ")
            .lines()
            .filter_map(|line| line.split_once("cargo xtask "))
            .map(|(_, rest)| {
                let end = rest
                    .find([';', '|', '>', '&', ')', '`'])
                    .unwrap_or(rest.len());
                rest[..end].split_whitespace().map(str::to_owned).collect()
            })
            .collect()
    }

    #[test]
    fn every_command_of_ours_in_a_workflow_exists() {
        for (file, text) in texts() {
            for words in commands(&text) {
                // A word that the workflow fills in stands for one that fits.
                let words = words.iter().map(|word| word.trim_matches('"'));
                let arguments = std::iter::once("xtask").chain(words);
                if let Err(error) = crate::Arguments::try_parse_from(arguments) {
                    panic!("{}: {error}", file.display());
                }
            }
        }
    }

    /// The jobs of a workflow, and those that its jobs wait for.
    fn jobs(text: &str) -> (BTreeSet<&str>, BTreeSet<&str>) {
        let (_, text) = text.split_once("\njobs:\n").unwrap();
        let names = text
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
            .filter(|name| !name.starts_with([' ', '#']));
        let needed = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("needs: "))
            .flat_map(|list| list.trim_matches(['[', ']']).split(", "));
        (names.collect(), needed.collect())
    }

    #[test]
    fn every_job_that_another_waits_for_exists() {
        for (file, text) in texts() {
            let (names, needed) = jobs(&text);
            assert!(!names.is_empty(), "{}", file.display());
            assert!(needed.is_subset(&names), "{}: {needed:?}", file.display());
        }
        let (names, needed) = jobs("\njobs:\n  a:\n    needs: [b, c]\n  b:\n    runs-on: x\n");
        assert_eq!(names, BTreeSet::from(["a", "b"]));
        assert_eq!(needed, BTreeSet::from(["b", "c"]));
    }
}
