//! Godot's export templates: the engine without its editor, for players.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::debian::{self, Dependencies, Recipe};
use crate::godot::Godot;
use crate::scratch_dir;

/// What a game can be exported for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux on x86_64.
    Linux,
    /// Linux on arm64.
    LinuxArm64,
    /// Windows on x86_64.
    Windows,
}

impl System {
    /// What Godot calls the template's file.
    pub fn template(self, debug: bool) -> &'static str {
        match (self, debug) {
            (Self::Linux, false) => "linux_release.x86_64",
            (Self::Linux, true) => "linux_debug.x86_64",
            (Self::LinuxArm64, false) => "linux_release.arm64",
            (Self::LinuxArm64, true) => "linux_debug.arm64",
            (Self::Windows, false) => "windows_release_x86_64.exe",
            (Self::Windows, true) => "windows_debug_x86_64.exe",
        }
    }

    /// Debian's template, unpacked; `None` where Debian has none.
    fn debians(self, debug: bool) -> Result<Option<PathBuf>> {
        let recipe = match self {
            Self::Linux => recipe("godot-templates", "amd64"),
            Self::LinuxArm64 => recipe("godot-templates-arm64", "arm64"),
            Self::Windows => return Ok(None),
        };
        let program = if debug {
            "usr/bin/godot-template-debug"
        } else {
            "usr/bin/godot-template-release"
        };
        Ok(Some(recipe.ensure()?.join(program)))
    }
}

/// Debian's packages of them. What they depend on is what Godot depends on.
fn recipe<'a>(name: &'a str, architecture: &'a str) -> Recipe<'a> {
    Recipe {
        name,
        suites: &["forky", "sid"],
        security: false,
        architecture,
        packages: &["godot-template-release", "godot-template-debug"],
        dependencies: Dependencies::None,
        revision: 1,
        finish: |_| Ok(()),
    }
}

/// A home folder in which `godot` finds its template; `None` means its own, where the
/// editor installs them. `given` is a template to use instead.
///
/// # Errors
/// If there is no template, it cannot be fetched, or does not fit this Godot.
pub fn home(
    godot: &Godot,
    system: System,
    debug: bool,
    given: Option<&Path>,
) -> Result<Option<PathBuf>> {
    let template = match given {
        Some(file) if file.is_file() => file
            .canonicalize()
            .with_context(|| format!("cannot find {}", file.display()))?,
        Some(file) => bail!("there is no template {}", file.display()),
        None if !godot.is_debians() || !debian::available() => return Ok(None),
        None => match system.debians(debug)? {
            Some(template) => {
                check_version(godot, &template)?;
                template
            }
            None => installed(godot, system.template(debug))?,
        },
    };
    let home = scratch_dir("export").join("home");
    let folder = home.join("data").join(folder(godot));
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    link(&template, &folder.join(system.template(debug)))?;
    Ok(Some(home))
}

/// Debian's newer suites move on: a template fetched later may be newer.
fn check_version(godot: &Godot, template: &Path) -> Result<()> {
    let bytes =
        fs::read(template).with_context(|| format!("cannot read {}", template.display()))?;
    let version = godot.version().as_bytes();
    if bytes.windows(version.len()).any(|window| window == version) {
        return Ok(());
    }
    bail!(
        "the export template is not of Godot {}: remove target/godot and target/godot-templates* \
         to fetch them anew",
        godot.version()
    );
}

/// The template that this user's editor has installed.
fn installed(godot: &Godot, name: &str) -> Result<PathBuf> {
    let data = env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".local/share")))
        .context("this user has no home folder")?;
    let file = data.join(folder(godot)).join(name);
    if file.is_file() {
        return Ok(file);
    }
    bail!(
        "there is no export template {name}, and Debian has no package of it: in Godot's editor \
         choose Editor > Manage Export Templates > Download and Install, or give the file of \
         Godot {} with --template",
        short(godot.version())
    );
}

/// Where Godot looks for templates, below its user's data.
fn folder(godot: &Godot) -> PathBuf {
    Path::new("godot/export_templates").join(short(godot.version()))
}

/// `4.6.3.stable` of `4.6.3.stable.debian4.6.3+ds-2`: builds of one version
/// share their templates.
fn short(version: &str) -> String {
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
fn link(program: &Path, name: &Path) -> Result<()> {
    fs::copy(program, name)
        .map(drop)
        .with_context(|| format!("cannot create {}", name.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_lie_in_a_folder_named_after_the_version_alone() {
        assert_eq!(short("4.6.3.stable.debian4.6.3+ds-2"), "4.6.3.stable");
        assert_eq!(short("4.6.stable.official.89cea14"), "4.6.stable");
        assert_eq!(short("4.7.beta2.custom_build"), "4.7.beta2");
    }
}
