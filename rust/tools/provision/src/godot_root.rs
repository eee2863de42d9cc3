//! Debian's Godot with all it needs, unpacked below `target/godot`, and the one for arm64.
//!
//! Nothing in them is installed: their programs are started through their own loader, and
//! are told where their drivers, keyboard tables and fonts lie. Those for arm64 run in an
//! emulator.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::debian::{Dependencies, Recipe};
use crate::process;

/// The program's place below the unpacked packages, and that of its libraries.
const PROGRAM: &str = "usr/bin/godot";
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";
const LOADER: &str = "ld-linux-x86-64.so.2";
const LIBRARIES_ARM64: &str = "usr/lib/aarch64-linux-gnu";
const LOADER_ARM64: &str = "ld-linux-aarch64.so.1";

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
const RECIPE: Recipe<'_> = Recipe {
    name: "godot",
    suites: &["forky", "sid"],
    security: false,
    architecture: "amd64",
    packages: PACKAGES,
    dependencies: Dependencies::All,
    revision: 2,
    finish: prepare,
};

/// Debian's Godot for arm64. It is run without a window, so nothing is added for one.
const ARM64: Recipe<'_> = Recipe {
    name: "godot-arm64",
    suites: &["forky", "sid"],
    security: false,
    architecture: "arm64",
    packages: &["godot"],
    dependencies: Dependencies::All,
    revision: 1,
    finish: |_| Ok(()),
};

/// The emulator of processors, from the release that has it in one file: it needs no
/// library, so it runs on every Linux.
const QEMU: Recipe<'_> = Recipe {
    name: "qemu",
    suites: &["bookworm"],
    security: false,
    architecture: "amd64",
    packages: &["qemu-user-static"],
    dependencies: Dependencies::None,
    revision: 1,
    finish: keep_arm64,
};

/// The emulator's program for arm64, below the unpacked package.
const EMULATOR: &str = "usr/bin/qemu-aarch64-static";

/// The package has emulators of thirty other processors, 300 MB of them.
fn keep_arm64(root: &Path) -> Result<()> {
    let explain = "cannot look into the fetched qemu";
    for entry in fs::read_dir(root.join("usr/bin")).context(explain)? {
        let program = entry.context(explain)?.path();
        if program != root.join(EMULATOR) {
            fs::remove_file(&program)
                .with_context(|| format!("cannot remove {}", program.display()))?;
        }
    }
    Ok(())
}

/// Unpacked packages whose programs need the newer C library that is among them.
pub(crate) struct Root {
    /// The folder that they are unpacked in.
    pub(crate) folder: PathBuf,
    libraries: &'static str,
    loader: &'static str,
    /// Runs their programs where they are for another processor than this machine's.
    emulator: Option<PathBuf>,
}

impl Root {
    /// Debian's Godot for this machine, fetched if it is not there yet.
    ///
    /// # Errors
    /// If it cannot be fetched.
    pub(crate) fn ensure() -> Result<Self> {
        Ok(Self {
            folder: RECIPE.ensure()?,
            libraries: LIBRARIES,
            loader: LOADER,
            emulator: None,
        })
    }

    /// Debian's Godot for arm64 and what runs it here, fetched if they are not there yet.
    ///
    /// # Errors
    /// If they cannot be fetched.
    pub(crate) fn ensure_arm64() -> Result<Self> {
        Ok(Self {
            folder: ARM64.ensure()?,
            libraries: LIBRARIES_ARM64,
            loader: LOADER_ARM64,
            emulator: Some(QEMU.ensure()?.join(EMULATOR)),
        })
    }

    pub(crate) fn godot(&self) -> PathBuf {
        self.folder.join(PROGRAM)
    }

    /// What starts programs of these packages.
    pub(crate) fn loader(&self) -> PathBuf {
        self.folder.join(self.libraries).join(self.loader)
    }

    /// Starts `program` through the loader or a copy of it.
    pub(crate) fn command(&self, loader: &Path, program: &Path) -> Command {
        let libraries = self.folder.join(self.libraries);
        let mut search = OsString::from(&libraries);
        search.push(":");
        search.push(libraries.join("pulseaudio"));
        let mut command = match &self.emulator {
            Some(emulator) => {
                let mut command = Command::new(emulator);
                command.arg(loader);
                command
            }
            None => Command::new(loader),
        };
        command.arg("--library-path").arg(search).arg(program);
        command
    }
}

/// Where drivers, keyboard tables and fonts lie: compiled in as `/usr/…`.
pub(crate) fn window_environment(root: &Path) -> [(&'static str, PathBuf); 4] {
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

/// Does what an installation of the packages would have done.
fn prepare(root: &Path) -> Result<()> {
    let settings = root.join(FONT_SETTINGS);
    fs::write(&settings, FONT_SETTINGS_TEXT).context("cannot write the font settings")?;
    let folder = root.join(XKBCOMP_FOLDER);
    fs::create_dir_all(&folder).context("cannot create Xvfb's folder")?;
    let script = folder.join("xkbcomp");
    fs::write(&script, XKBCOMP).context("cannot write Xvfb's helper script")?;
    make_executable(script)
}

#[cfg(unix)]
fn make_executable(file: PathBuf) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .context("cannot make Xvfb's helper script executable")
}

#[cfg(not(unix))]
fn make_executable(_file: PathBuf) -> Result<()> {
    Ok(())
}

/// What Xvfb sees in `/usr/bin` beside the system's own programs.
const XKBCOMP_FOLDER: &str = "usr/libexec/xvfb";

/// `xkbcomp` needs the loader of its root, as all programs there do.
const XKBCOMP: &str = r#"#!/bin/sh
libraries=$LONGHALL_GODOT_ROOT/usr/lib/x86_64-linux-gnu
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" \
	"$LONGHALL_GODOT_ROOT/usr/bin/xkbcomp" "$@"
"#;

/// Xvfb of the unpacked packages, for a display in memory.
///
/// Xvfb starts `/usr/bin/xkbcomp` to read the keyboard table; no option and no variable
/// changes that path. So Xvfb runs with a view of the file system of its own, in which
/// our script lies over `/usr/bin`. The system stays as it is, and an ordinary user may
/// do that on any Debian since 12. Where the system forbids it, as most containers do,
/// Xvfb must be installed.
///
/// # Errors
/// If the system allows no such view.
pub(crate) fn xvfb(root: &Root) -> Result<Command> {
    let xvfb = root.command(&root.loader(), &root.folder.join("usr/bin/Xvfb"));
    let root = &root.folder;
    process::output("unshare", private_view(root).arg("true")).context(
        "there is no display, and this system does not let the fetched Xvfb have a file system \
         view of its own: install Xvfb (Debian: apt install xvfb), or set DISPLAY",
    )?;
    let mut command = private_view(root);
    command.arg(xvfb.get_program()).args(xvfb.get_args());
    command.arg("-xkbdir").arg(root.join("usr/share/X11/xkb"));
    Ok(command)
}

/// Runs the program that is added as an argument with our `xkbcomp` in `/usr/bin`. The
/// program takes the place of the started process, and so gets its signals.
fn private_view(root: &Path) -> Command {
    const MOUNT: &str = r#"mount -t overlay overlay -o lowerdir=.:/usr/bin /usr/bin && exec "$@""#;
    let mut command = Command::new("unshare");
    command
        .args(["--map-root-user", "--mount", "sh", "-c", MOUNT, "sh"])
        .env("LONGHALL_GODOT_ROOT", root)
        .current_dir(root.join(XKBCOMP_FOLDER));
    command
}
