//! The addon of the version before, on today's server.
//!
//! A server speaks the protocol of the version before as well, so games need not be updated
//! on the same day. Here the addon of that version, built from its commit and put into an
//! empty project, holds the conversation of `res://tests/conversation.gd` with today's addon:
//! it registers, logs in, talks, and sits through a restart. Each follows the script of its
//! own version, so what is said in it stays the same from one version to the next.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longhall_provision::{Godot, process};

use crate::godot_test::{Setup, own_home};
use crate::library::Platform;
use crate::unchanged::Stamp;
use crate::{addon, play, project, workspace};

/// The last commit of the version before. After each release, both become that release's.
const COMMIT: &str = "0fa526658cbe5c93c76dca7cbddab692a8a86cb7";
const VERSION: &str = "0.1.0";

/// What decides how the two understand each other.
const COVERED: &[&str] = &[
    "Cargo.lock",
    "server/src",
    "rust/packet/src",
    "rust/world/src",
    "rust/client/src",
    "rust/network_client/src",
    "godot_project/tests/conversation.gd",
    "rust/tools/xtask/src/previous_addon.rs",
];

/// How long it may take to ask where the clone is from for a commit that it lacks.
const FETCH_LIMIT: Duration = Duration::from_secs(60);
const IMPORT_LIMIT: Duration = Duration::from_secs(180);

/// The crate's library, whose name below [`workspace::target_dir`] today's has.
const LIBRARY: &str = "longhall_network_client";
const PREVIOUS_LIBRARY: &str = "longhall_previous_network_client";

/// The step of `cargo xtask test`, unless nothing has changed since it went well. A checkout
/// without that commit is no error; it is said.
///
/// # Errors
/// If the addon does not build, or the conversation does not come to its end.
pub(crate) fn test() -> Result<()> {
    if !has_commit() {
        println!(
            "skipped: the addon of {VERSION} is built from commit {}, which this checkout does \
             not have; a clone with its whole history has it",
            &COMMIT[..12]
        );
        return Ok(());
    }
    let covered = COVERED.iter().map(|path| workspace::root().join(path));
    let stamp = Stamp::of(folder().join("tested"), covered)?;
    if stamp.is_kept() {
        println!(
            "skipped: neither addon nor server has changed since the addon of {VERSION} was \
             understood"
        );
        return Ok(());
    }
    let godot = Godot::find_or_fetch()?;
    converse(&godot, &project()?)?;
    stamp.keep()
}

/// The addon of that version in `project`, and today's.
fn converse(godot: &Godot, project: &Path) -> Result<()> {
    addon::build()?;
    project::import(godot)?;
    let mut import = godot.headless_command(project);
    own_home(&mut import, &folder().join("home"));
    import.arg("--import");
    let imported = project::run(&mut import, "import", "", IMPORT_LIMIT)?;
    imported.expect_clean(&format!("importing the addon of {VERSION}"))?;
    let setup = Setup::start("previous-addon-test")?;
    println!("\nAda plays with the addon of {VERSION}, Ben with today's.\n");
    let projects = [
        godot.headless_command(project),
        godot.headless_command(&workspace::godot_project()),
    ];
    play::meet(&setup, projects)
}

/// An empty project with the addon as its package has it, and the conversation's script.
/// Made once for a commit.
fn project() -> Result<PathBuf> {
    let (source, project) = (folder().join("source"), folder().join("project"));
    let is_whole = folder().join("built");
    if is_whole.exists() {
        return Ok(project);
    }
    println!("building the addon of {VERSION}");
    extract(&source)?;
    let library = build(&source)?;
    empty(&project)?;
    for part in ["addons/longhall", "tests"] {
        let target = project.join(part);
        let parent = target.parent().unwrap_or(&project);
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
        fs::rename(source.join("godot_project").join(part), &target)
            .with_context(|| format!("cannot move {part} of {VERSION}"))?;
    }
    let addon = project.join("addons/longhall");
    let installed = addon.join(library_file(&addon.join("longhall.gdextension"))?);
    workspace::write(&installed, "")?;
    fs::copy(&library, &installed).with_context(|| format!("cannot copy {}", library.display()))?;
    workspace::write(
        &project.join("project.godot"),
        "config_version=5\n\n[application]\n\nconfig/name=\"Version before\"\n",
    )?;
    workspace::write(&project.join(project::EXTENSION_LIST), project::EXTENSION)?;
    workspace::write(&is_whole, "")?;
    Ok(project)
}

/// Puts the sources of the commit into an empty folder.
fn extract(source: &Path) -> Result<()> {
    empty(source)?;
    let archive = folder().join("source.tar");
    process::run(
        "git archive",
        git(&["archive", "--output"]).arg(&archive).arg(COMMIT),
    )?;
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(&archive).arg("-C").arg(source);
    process::run("tar", &mut tar)?;
    fs::remove_file(&archive).with_context(|| format!("cannot delete {}", archive.display()))?;
    // Cargo would put today's library and this one in the same place, and take one for the
    // other.
    let manifest = source.join("rust/network_client/Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .with_context(|| format!("cannot read {}", manifest.display()))?;
    let name = |library| format!("name = \"{library}\"");
    if !text.contains(&name(LIBRARY)) {
        bail!("the library of {VERSION} has another name: change LIBRARY here");
    }
    workspace::write(
        &manifest,
        &text.replace(&name(LIBRARY), &name(PREVIOUS_LIBRARY)),
    )
}

/// Builds the library that the editor loads, beside today's and with the same settings: what
/// both are built of is built once.
fn build(source: &Path) -> Result<PathBuf> {
    let mut cargo = addon::cargo_at_home();
    cargo.current_dir(source);
    cargo.args([
        "--locked",
        "--package",
        "longhall-network-client",
        "--release",
    ]);
    cargo.args(["--features", addon::DEBUG_FEATURE]);
    process::run(&format!("cargo build (the addon of {VERSION})"), &mut cargo)?;
    let built = Platform::host()?
        .built_name()
        .replace(LIBRARY, PREVIOUS_LIBRARY);
    Ok(addon::folder_at_home().join("release").join(built))
}

/// Where that version's addon has the library for the editor on this machine.
fn library_file(gdextension: &Path) -> Result<String> {
    let text = fs::read_to_string(gdextension)
        .with_context(|| format!("cannot read {}", gdextension.display()))?;
    let Platform {
        system,
        architecture,
    } = Platform::host()?;
    let keys = [
        format!("{system}.debug.{architecture}"),
        format!("{system}.debug"),
    ];
    let file = text.lines().find_map(|line| {
        let (key, file) = line.split_once('=')?;
        let is_ours = keys.iter().any(|ours| ours == key.trim());
        is_ours.then(|| file.trim().trim_matches('"').to_owned())
    });
    file.with_context(|| format!("the addon of {VERSION} has no library for this machine"))
}

/// Where everything of that version is kept, by its commit.
fn folder() -> PathBuf {
    workspace::scratch_dir("previous-addon").join(COMMIT)
}

/// Makes an empty folder.
fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))
}

/// Whether git has the commit, or gets it from where a shallow clone is from.
fn has_commit() -> bool {
    let has = || {
        let object = format!("{COMMIT}^{{commit}}");
        let found = git(&["cat-file", "-e"]).arg(object).output();
        found.is_ok_and(|found| found.status.success())
    };
    has() || (fetch().is_ok() && has())
}

fn fetch() -> Result<()> {
    let shallow = process::output("git", &mut git(&["rev-parse", "--is-shallow-repository"]))?;
    if shallow.trim() != "true" {
        bail!("there is nothing more to fetch");
    }
    process::output("git", &mut git(&["remote", "get-url", "origin"]))?;
    let mut fetch = git(&["fetch", "--quiet", "--depth=1", "origin", COMMIT]);
    // Nobody is there to type a password.
    fetch.env("GIT_TERMINAL_PROMPT", "0");
    fetch.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
    process::run_lines("git fetch", &mut fetch, FETCH_LIMIT, |_| Ok(())).map(drop)
}

fn git(arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.current_dir(workspace::root()).args(arguments);
    git
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_goes_where_the_addon_of_that_version_looks_for_it() {
        let file = workspace::scratch_dir("tmp").join("previous.gdextension");
        let host = Platform::host().unwrap();
        let key = format!("{}.debug.{}", host.system, host.architecture);
        let other = "plan9.debug.x86_64 = \"bin/other.so\"";
        workspace::write(&file, &format!("{other}\n{key} = \"bin/ours.so\"\n")).unwrap();
        assert_eq!(library_file(&file).unwrap(), "bin/ours.so");
        workspace::write(&file, other).unwrap();
        assert!(library_file(&file).is_err());
    }
}
