//! Finds Godot 4, or fetches it where that can be done without asking.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::debian::{self, Recipe};
use crate::display::Display;
use crate::{process, workspace};

/// The oldest Godot the addon runs in.
const OLDEST: (u32, u32) = (4, 6);

/// The program's place below the unpacked packages, and that of its libraries.
const PROGRAM: &str = "usr/bin/godot";
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// Godot itself, and what a window needs on a machine without a desktop.
const PACKAGES: &[&str] = &[
    "godot",
    // A display in memory, and its keyboard tables.
    "xvfb",
    "xkb-data",
    "x11-xkb-utils",
    // OpenGL, in software where there is no graphics card.
    "libgl1",
    "libglx-mesa0",
    "libgl1-mesa-dri",
    "libegl1",
    "libegl-mesa0",
    // Libraries that Godot looks for only when it opens a window.
    "libxkbcommon-x11-0",
    "libxcursor1",
    "libxext6",
    "libxi6",
    "libxinerama1",
    "libxrandr2",
    "libxrender1",
    "libfontconfig1",
    "libdbus-1-3",
    // Players' text: letters of most scripts, and emoji.
    "fontconfig-config",
    "fonts-dejavu-core",
    "fonts-noto-color-emoji",
];

/// Debian's newest suites have Godot 4; the current and older releases do not.
pub(crate) const RECIPE: Recipe<'_> = Recipe {
    name: "godot",
    suites: &["forky", "sid"],
    packages: PACKAGES,
    with_dependencies: true,
    revision: 1,
    finish: prepare_root,
};

/// A Godot 4 that is known to start.
pub(crate) struct Godot {
    program: PathBuf,
    /// The folder of unpacked packages the program needs around it, if any.
    root: Option<PathBuf>,
    version: String,
}

impl Godot {
    /// `GODOT4_BIN`, else `godot4` or `godot` on PATH, else Debian's package
    /// unpacked below `target/godot`.
    ///
    /// # Errors
    /// If there is no Godot 4 and it cannot be fetched here; the message says
    /// what to do.
    pub(crate) fn find_or_fetch() -> Result<Self> {
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
        let root = RECIPE.ensure()?;
        let mut godot = Self {
            program: root.join(PROGRAM),
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
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Whether it was built by Debian, whose packages have its templates too.
    pub(crate) fn is_debians(&self) -> bool {
        self.version.contains(".debian")
    }

    /// Starts this Godot, with no arguments yet.
    pub(crate) fn command(&self) -> Command {
        self.wrap(&self.program)
    }

    /// Starts a program that needs the libraries this Godot needs, such as an
    /// exported game.
    pub(crate) fn wrap(&self, program: &Path) -> Command {
        match &self.root {
            Some(root) => in_root(root, program),
            None => Command::new(program),
        }
    }

    /// Like [`command`](Self::command), for a run that opens a window on `display`.
    pub(crate) fn windowed_command(&self, display: &Display) -> Command {
        let mut command = self.command();
        display.apply(&mut command);
        if let Some(root) = &self.root {
            command.envs(window_environment(root));
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

    /// A headless run of the project.
    pub(crate) fn headless_command(&self) -> Command {
        let mut command = self.command();
        command
            .arg("--headless")
            .arg("--path")
            .arg(workspace::godot_project());
        command
    }
}

/// `cargo xtask godot`: the editor, or Godot with `arguments`.
///
/// # Errors
/// If there is no Godot, or it fails.
pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    let godot = Godot::find_or_fetch()?;
    let windowless = ["--headless", "--version", "--help", "-h"];
    if arguments
        .iter()
        .any(|argument| windowless.iter().any(|word| argument == word))
    {
        return process::run("Godot", godot.command().args(arguments));
    }
    if arguments.is_empty() && !Display::exists() {
        bail!("there is no display for the editor: set DISPLAY, or pass `-- --headless …`");
    }
    let display = Display::open()?;
    let mut command = godot.windowed_command(&display);
    if arguments.is_empty() {
        command
            .arg("--editor")
            .arg("--path")
            .arg(workspace::godot_project());
    }
    process::run("Godot", command.args(arguments))
}

/// Starts `program` from unpacked packages: through their own loader, since
/// they need a newer C library than the system's.
pub(crate) fn in_root(root: &Path, program: &Path) -> Command {
    let libraries = root.join(LIBRARIES);
    let mut search = OsString::from(&libraries);
    search.push(":");
    search.push(libraries.join("pulseaudio"));
    let mut command = Command::new(libraries.join("ld-linux-x86-64.so.2"));
    command.arg("--library-path").arg(search).arg(program);
    command
}

/// Where drivers, keyboard tables and fonts lie: compiled in as `/usr/…`.
fn window_environment(root: &Path) -> [(&'static str, PathBuf); 4] {
    [
        ("LIBGL_DRIVERS_PATH", root.join(LIBRARIES).join("dri")),
        (
            "__EGL_VENDOR_LIBRARY_DIRS",
            root.join("usr/share/glvnd/egl_vendor.d"),
        ),
        ("XKB_CONFIG_ROOT", root.join("usr/share/X11/xkb")),
        ("FONTCONFIG_FILE", root.join(FONT_SETTINGS)),
    ]
}

const FONT_SETTINGS: &str = "etc/fonts/private.conf";

/// Fonts of the unpacked packages beside the system's own.
const FONT_SETTINGS_TEXT: &str = r#"<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">../../usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir prefix="xdg">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <include ignore_missing="yes" prefix="relative">conf.d</include>
</fontconfig>
"#;

/// What the packages' own installation would have done.
fn prepare_root(root: &Path) -> Result<()> {
    let settings = root.join(FONT_SETTINGS);
    fs::write(&settings, FONT_SETTINGS_TEXT).context("cannot write the font settings")?;
    crate::display::prepare_root(root)
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
    fn the_oldest_godot_is_the_same_in_every_place() {
        let (major, minor) = OLDEST;
        let oldest = format!("{major}.{minor}");
        assert_eq!(crate::library::minimum_godot().unwrap(), oldest);
        let promise = format!("Godot {oldest} or newer");
        let feature = format!("\"api-{major}-{minor}\"");
        let project = format!("config/features=PackedStringArray(\"{oldest}\"");
        for (file, text) in [
            ("README.md", &promise),
            ("godot_project/addons/longhall/README.md", &promise),
            ("Cargo.toml", &feature),
            ("godot_project/project.godot", &project),
        ] {
            let path = workspace::root().join(file);
            let content = fs::read_to_string(path).unwrap();
            assert!(
                content.contains(text.as_str()),
                "{file} does not say {text}"
            );
        }
    }

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
