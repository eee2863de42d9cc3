//! Godot's export templates: the engine without its editor, for players.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::debian::{self, Dependencies, Recipe};
use crate::godot::Godot;
use crate::{process, scratch_dir};

/// Debian's packages of them. What they depend on is what Godot depends on.
const RECIPE: Recipe<'_> = Recipe {
    name: "godot-templates",
    suites: &["forky", "sid"],
    security: false,
    architecture: "amd64",
    packages: &["godot-template-release", "godot-template-debug"],
    dependencies: Dependencies::None,
    revision: 1,
    finish: |_| Ok(()),
};

/// Each template below Debian's root, and the name Godot looks for.
const TEMPLATES: [(&str, &str); 2] = [
    ("usr/bin/godot-template-release", "linux_release.x86_64"),
    ("usr/bin/godot-template-debug", "linux_debug.x86_64"),
];

/// A home folder in which `godot` finds its templates; `None` means its own,
/// where the editor installs them.
///
/// # Errors
/// If the templates cannot be fetched, or do not fit this Godot.
pub fn home(godot: &Godot) -> Result<Option<PathBuf>> {
    if !godot.is_debians() || !debian::available() {
        return Ok(None);
    }
    let root = RECIPE.ensure()?;
    let home = scratch_dir("export").join("home");
    let folder = home
        .join("data/godot/export_templates")
        .join(folder_name(godot.version()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for (program, name) in TEMPLATES {
        let program = root.join(program);
        check_version(godot, &program)?;
        link(&program, &folder.join(name))?;
    }
    Ok(Some(home))
}

/// Debian's newer suites move on: a template fetched later may be newer.
fn check_version(godot: &Godot, program: &Path) -> Result<()> {
    let version = process::output("the export template", godot.wrap(program).arg("--version"))?;
    if version.lines().any(|line| line.trim() == godot.version()) {
        return Ok(());
    }
    bail!(
        "the export template is {}, but Godot is {}: remove target/godot and \
         target/godot-templates to fetch both anew",
        version.trim(),
        godot.version()
    );
}

/// `4.6.3.stable` of `4.6.3.stable.debian4.6.3+ds-2`: builds of one version
/// share their templates.
fn folder_name(version: &str) -> String {
    let words: Vec<_> = version.split('.').collect();
    let stable = words
        .iter()
        .position(|word| word.parse::<u32>().is_err())
        .map_or(words.len(), |place| place + 1);
    words[..stable].join(".")
}

#[cfg(unix)]
fn link(program: &Path, name: &Path) -> Result<()> {
    if name.symlink_metadata().is_ok() {
        fs::remove_file(name).with_context(|| format!("cannot remove {}", name.display()))?;
    }
    std::os::unix::fs::symlink(program, name)
        .with_context(|| format!("cannot create {}", name.display()))
}

#[cfg(not(unix))]
fn link(_program: &Path, _name: &Path) -> Result<()> {
    bail!("Debian's export templates are for Linux")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_lie_in_a_folder_named_after_the_version_alone() {
        assert_eq!(folder_name("4.6.3.stable.debian4.6.3+ds-2"), "4.6.3.stable");
        assert_eq!(folder_name("4.6.stable.official.89cea14"), "4.6.stable");
        assert_eq!(folder_name("4.7.beta2.custom_build"), "4.7.beta2");
    }
}
