//! Whether a checkout may become a release: its versions agree, and it is what was committed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use longhall_provision::process;

use super::{changelog, lock};

/// Pages and settings that may name the version of a file to download or of the game.
const SPEAKING: &[&str] = &[
    "README.md",
    "docs/operating.md",
    "docs/platforms.md",
    "godot_project/addons/longhall/README.md",
    "godot_project/addons/longhall/plugin.cfg",
    "godot_project/export_presets.cfg",
    "godot_project/project.godot",
];

/// How a line begins that says the version of a plugin of the editor.
const PLUGIN: &str = "version=\"";

/// What a release is.
#[derive(Debug)]
pub(crate) struct Release {
    /// As in `0.2.0`.
    pub(crate) version: String,
    /// When it is released, as the changelog says.
    pub(crate) date: String,
    /// The commit it is made from.
    pub(crate) commit: String,
    /// When that was committed, as in `2026-11-26T21:00:00Z`: the only time in a release,
    /// so that it can be made again.
    pub(crate) committed_at: String,
    /// What the changelog says of it.
    pub(crate) changes: String,
}

/// Looks at the checkout in `root`. Each problem is one line, with what to do. `tag` is one
/// that the checked-out commit must have.
///
/// # Errors
/// If files cannot be read, or git does not answer.
pub(crate) fn check(root: &Path, tag: Option<&str>) -> Result<(Release, Vec<String>)> {
    let read = |name: &str| {
        let file = root.join(name);
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
    };
    let mut problems = Vec::new();
    let cargo = read("Cargo.toml")?;
    let version = workspace_version(&cargo).context("Cargo.toml has no version")?;
    if parse(version).is_none_or(|(_, rest)| !rest.is_empty()) {
        problems.push(format!(
            "Cargo.toml has the version `{version}`: write three numbers, as in 1.2.3"
        ));
    }

    let text = read("CHANGELOG.md")?;
    let newest = changelog::newest(&text, &mut problems);
    if let Some(newest) = &newest
        && newest.version != version
    {
        problems.push(format!(
            "Cargo.toml says {version}, the newest part of CHANGELOG.md {}: correct the one that \
             is wrong",
            newest.version
        ));
    }

    for found in lock::read(&read("Cargo.lock")?) {
        if found.is_ours && found.version != version {
            problems.push(format!(
                "Cargo.lock has {} {} in place of {version}: run `cargo update --workspace` and \
                 commit",
                found.name, found.version
            ));
            break;
        }
    }
    for name in SPEAKING {
        if let Ok(page) = fs::read_to_string(root.join(name)) {
            for (line, other) in stated(&page).filter(|(_, other)| *other != version) {
                problems.push(format!(
                    "{name} says {other} in line {line}, the version is {version}: correct it"
                ));
            }
        }
    }

    tree(root, &mut problems)?;
    let commit = git(root, &["rev-parse", "HEAD"])?;
    tags(root, version, &commit, tag, &mut problems)?;
    let release = Release {
        version: version.to_owned(),
        date: newest.as_ref().map_or("", |newest| newest.date).to_owned(),
        changes: newest.as_ref().map_or("", |newest| newest.text).to_owned(),
        committed_at: commit_time(root)?,
        commit,
    };
    Ok((release, problems))
}

/// What differs from the commit, and what git does not know.
fn tree(root: &Path, problems: &mut Vec<String>) -> Result<()> {
    let status = git(root, &["status", "--porcelain", "--untracked-files=all"])?;
    let (stray, changed): (Vec<_>, Vec<_>) =
        status.lines().partition(|line| line.starts_with("??"));
    for (lines, what, to_do) in [
        (changed, "changed but not committed", "commit it or undo it"),
        (
            stray,
            "not tracked by git",
            "commit it, delete it or have it ignored",
        ),
    ] {
        if let Some(first) = lines.first() {
            let more = match lines.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            // Two letters say how it is, then comes the name.
            let name = first.get(2..).unwrap_or(first).trim();
            problems.push(format!("{name}{more}: {what}: {to_do}"));
        }
    }
    Ok(())
}

fn tags(
    root: &Path,
    version: &str,
    commit: &str,
    asked: Option<&str>,
    problems: &mut Vec<String>,
) -> Result<()> {
    let right = format!("v{version}");
    let here = git(root, &["tag", "--points-at", "HEAD", "--list", "v*"])?;
    for other in here.lines().filter(|tag| *tag != right) {
        problems.push(format!(
            "this commit has the tag {other}, but its version is {version}: correct the version, \
             or delete the tag if nothing was published"
        ));
    }
    let name = format!("refs/tags/{right}^{{commit}}");
    let tagged = git(
        root,
        &[
            "for-each-ref",
            "--format=%(refname)",
            &format!("refs/tags/{right}"),
        ],
    )?;
    if !tagged.is_empty() {
        let tagged = git(root, &["rev-parse", &name])?;
        if tagged != commit {
            problems.push(format!(
                "the tag {right} is on another commit, {}: check that one out, or raise the \
                 version",
                tagged.get(..12).unwrap_or(&tagged)
            ));
        }
    }
    if let Some(asked) = asked {
        if asked != right {
            problems.push(format!(
                "the tag should be {asked}, but the version is {version}: tag {right} or correct \
                 the version"
            ));
        } else if !here.lines().any(|tag| tag == right) {
            problems.push(format!(
                "this commit does not have the tag {right}: run `git tag {right}`, or fetch tags"
            ));
        }
    }
    Ok(())
}

/// In UTC, whatever the committer's clock was set to.
fn commit_time(root: &Path) -> Result<String> {
    let mut log = git_command(root);
    log.args([
        "log",
        "-1",
        "--date=format-local:%Y-%m-%dT%H:%M:%SZ",
        "--format=%cd",
    ]);
    Ok(process::output("git log", log.env("TZ", "UTC"))?
        .trim()
        .to_owned())
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let mut git = git_command(root);
    let output = process::output("git", git.args(arguments))
        .context("git tells what belongs into a release; is this a clone?")?;
    Ok(output.trim_end().to_owned())
}

fn git_command(root: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(root);
    git
}

/// `0.2.0` of the manifest's part `[workspace.package]`.
fn workspace_version(manifest: &str) -> Option<&str> {
    let (_, part) = manifest.split_once("[workspace.package]")?;
    part.lines()
        .take_while(|line| !line.starts_with('['))
        .find_map(|line| Some(line.strip_prefix("version = \"")?.trim_end_matches('"')))
}

/// The versions of Longhall that a page names, with their lines: those of files, as in
/// `longhall-server_0.2.0_amd64.deb`, of programs, as in `longhall-server/0.2.0`, of images, as
/// in `longhall-server:0.2.0`, and of the game, as in `config/version="0.2.0"`.
fn stated(page: &str) -> impl Iterator<Item = (usize, &str)> {
    page.lines().enumerate().flat_map(|(number, line)| {
        let lower = line.to_ascii_lowercase();
        let mut ends: Vec<_> = ["longhall", "config/version=\""]
            .iter()
            .flat_map(|mark| lower.match_indices(mark).map(|(at, mark)| at + mark.len()))
            .collect();
        // As a plugin of the editor has it.
        ends.extend(lower.starts_with(PLUGIN).then_some(PLUGIN.len()));
        ends.into_iter().filter_map(move |end| {
            let rest = line.get(end..)?.trim_start_matches(|letter: char| {
                letter.is_ascii_alphabetic() || "-_/: ".contains(letter)
            });
            let (length, _) = parse(rest)?;
            Some((number + 1, &rest[..length]))
        })
    })
}

/// How long the version is that a text begins with, and what comes after it.
fn parse(text: &str) -> Option<(usize, &str)> {
    let mut rest = text;
    for number in 0..3 {
        if number > 0 {
            rest = rest.strip_prefix('.')?;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        rest = &rest[digits..];
    }
    Some((text.len() - rest.len(), rest))
}

#[cfg(test)]
mod tests;
