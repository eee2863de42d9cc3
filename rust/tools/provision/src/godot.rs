//! Finds Godot 4, or fetches it where that can be done without asking.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::display::Display;
use crate::godot_root::{self, Root};
use crate::{debian, process};

/// The oldest Godot the addon runs in.
pub const OLDEST: (u32, u32) = (4, 6);

/// A Godot 4 that is known to start.
pub struct Godot {
    program: PathBuf,
    /// The unpacked packages the program needs around it, if any.
    root: Option<Root>,
    version: String,
}

impl Godot {
    /// `GODOT4_BIN`, else `godot4` or `godot` on PATH, else Debian's package
    /// unpacked below `target/godot`.
    ///
    /// # Errors
    /// If there is no Godot 4 and it cannot be fetched here; the message says
    /// what to do.
    pub fn find_or_fetch() -> Result<Self> {
        if let Some(program) = env::var_os("GODOT4_BIN") {
            return Self::installed(program.into()).context("GODOT4_BIN");
        }
        for name in ["godot4", "godot"] {
            if let Some(program) = process::find_on_path(name)
                && let Ok(godot) = Self::installed(program)
            {
                return Ok(godot);
            }
        }
        if !debian::available() {
            bail!(
                "no Godot {}.{} or newer found: get it from godotengine.org/download and put it \
                 on PATH as `godot4`, or set GODOT4_BIN to its program file",
                OLDEST.0,
                OLDEST.1
            );
        }
        Self::in_root(Root::ensure()?)
    }

    /// A Godot for Linux on arm64: this machine's own where it has that processor, else
    /// Debian's, unpacked below `target/godot-arm64`. In its emulator it is a tenth as
    /// fast, and runs without a window only.
    ///
    /// # Errors
    /// If there is none, and it cannot be fetched here.
    pub fn arm64() -> Result<Self> {
        if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
            return Self::find_or_fetch();
        }
        Self::in_root(Root::ensure_arm64()?)
    }

    fn in_root(root: Root) -> Result<Self> {
        let mut godot = Self {
            program: root.godot(),
            root: Some(root),
            version: String::new(),
        };
        godot.check_version()?;
        Ok(godot)
    }

    fn installed(program: PathBuf) -> Result<Self> {
        let mut godot = Self {
            program,
            root: None,
            version: String::new(),
        };
        godot.check_version()?;
        Ok(godot)
    }

    fn check_version(&mut self) -> Result<()> {
        let output = process::output("Godot", self.command().arg("--version"))?;
        let Some((line, version)) = output
            .lines()
            .rev()
            .find_map(|l| Some((l, parse_version(l)?)))
        else {
            bail!(
                "{} does not say its version: {output:?}",
                self.program.display()
            );
        };
        if version < OLDEST {
            bail!(
                "{} is Godot {line}; Longhall needs {}.{} or newer",
                self.program.display(),
                OLDEST.0,
                OLDEST.1
            );
        }
        line.trim().clone_into(&mut self.version);
        Ok(())
    }

    /// As Godot itself says it, such as `4.6.3.stable`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether it is of the oldest version that the addon runs in.
    pub fn is_oldest(&self) -> bool {
        parse_version(&self.version) == Some(OLDEST)
    }

    /// Whether it was built by Debian, whose packages have its templates too.
    pub fn is_debians(&self) -> bool {
        self.version.contains(".debian")
    }

    /// Starts this Godot, with no arguments yet.
    pub fn command(&self) -> Command {
        self.wrap(&self.program)
    }

    /// Starts a program that needs the libraries this Godot needs, such as an
    /// exported game.
    pub fn wrap(&self, program: &Path) -> Command {
        match &self.root {
            Some(root) => root.command(&root.loader(), program),
            None => Command::new(program),
        }
    }

    /// The program that starts Godot and games with the libraries they need; `None`
    /// where the system's own does.
    pub fn loader(&self) -> Option<PathBuf> {
        Some(self.root.as_ref()?.loader())
    }

    /// Like [`wrap`](Self::wrap), but by a copy of [`loader`](Self::loader).
    pub fn wrap_by(&self, loader: &Path, program: &Path) -> Command {
        match &self.root {
            Some(root) => root.command(loader, program),
            None => Command::new(program),
        }
    }

    /// Like [`command`](Self::command), for a run that opens a window on `display`.
    pub fn windowed_command(&self, display: &Display) -> Command {
        let mut command = self.command();
        display.apply(&mut command);
        if let Some(root) = &self.root {
            command.envs(godot_root::window_environment(&root.folder));
        }
        if display.is_virtual() {
            // Nothing there has a graphics card or a loudspeaker.
            command.args([
                "--rendering-method",
                "gl_compatibility",
                "--audio-driver",
                "Dummy",
            ]);
        }
        command
    }

    /// A run of `project` without a window.
    pub fn headless_command(&self, project: &Path) -> Command {
        let mut command = self.command();
        command.arg("--headless").arg("--path").arg(project);
        command
    }
}

/// (4, 6) of `4.6.3.stable.debian4.6.3+ds-2`.
fn parse_version(line: &str) -> Option<(u32, u32)> {
    let mut numbers = line.trim().split(['.', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_godot_prints_them() {
        assert_eq!(
            parse_version("4.6.3.stable.debian4.6.3+ds-2\n"),
            Some((4, 6))
        );
        assert_eq!(parse_version("4.4-stable"), Some((4, 4)));
        assert_eq!(parse_version("3.5.2.stable"), Some((3, 5)));
        assert_eq!(parse_version("Godot Engine"), None);
    }
}
