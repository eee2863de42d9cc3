//! A display to open windows on: the desktop's, or one in memory.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{self, Process};
use crate::{debian, godot};

const SCREEN: &str = "1280x720x24";
const START_LIMIT: Duration = Duration::from_secs(20);
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// Where Xvfb of the unpacked packages looks for `xkbcomp` (see [`prepare_root`]).
const XKB_FOLDER: &str = "usr/libexec/xvfb";

/// Where windows open. A virtual display ends with this value.
pub(crate) struct Display {
    virtual_display: Option<(Process, String)>,
}

impl Display {
    /// Whether this machine has a display of its own.
    pub(crate) fn exists() -> bool {
        cfg!(any(windows, target_os = "macos"))
            || ["DISPLAY", "WAYLAND_DISPLAY"]
                .iter()
                .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
    }

    /// The machine's display, or a new one in memory (Xvfb).
    ///
    /// # Errors
    /// If there is neither.
    pub(crate) fn open() -> Result<Self> {
        if Self::exists() {
            return Ok(Self {
                virtual_display: None,
            });
        }
        let mut command = xvfb()?;
        command.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            SCREEN,
            "-nolisten",
            "tcp",
            "-noreset",
        ]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut xvfb = Process::spawn("Xvfb", &mut command)?;
        let number = read_display_number(&mut xvfb)?;
        Ok(Self {
            virtual_display: Some((xvfb, format!(":{number}"))),
        })
    }

    /// Whether this display is one in memory, which nobody looks at.
    pub(crate) fn is_virtual(&self) -> bool {
        self.virtual_display.is_some()
    }

    /// Makes `command` open its windows here.
    pub(crate) fn apply(&self, command: &mut Command) {
        if let Some((_, name)) = &self.virtual_display {
            command.env("DISPLAY", name).env_remove("WAYLAND_DISPLAY");
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some((xvfb, _)) = &mut self.virtual_display {
            // A killed Xvfb would leave its lock and socket files behind.
            xvfb.stop(STOP_LIMIT).ok();
        }
    }
}

/// The system's Xvfb, or the one unpacked beside Godot.
fn xvfb() -> Result<Command> {
    if let Some(program) = process::find_on_path("Xvfb") {
        return Ok(Command::new(program));
    }
    if !debian::available() {
        bail!(
            "there is no display, and no Xvfb to make one in memory: install Xvfb, or set DISPLAY"
        );
    }
    let root = godot::RECIPE.ensure()?;
    let mut command = godot::in_root(&root, &root.join("usr/bin/Xvfb"));
    command.arg("-xkbdir").arg(root.join("usr/share/X11/xkb"));
    command.current_dir(root.join(XKB_FOLDER));
    Ok(command)
}

/// Xvfb chooses a free display and writes its number to its standard output.
fn read_display_number(xvfb: &mut Process) -> Result<u32> {
    let out = xvfb.take_stdout().context("Xvfb has no output")?;
    let (send, receive) = channel();
    thread::spawn(move || {
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).ok();
        send.send(line).ok();
    });
    let line = receive
        .recv_timeout(START_LIMIT)
        .context("Xvfb does not start")?;
    line.trim()
        .parse()
        .context("Xvfb ended without opening a display")
}

/// Lets Xvfb work without being installed.
///
/// Xvfb starts `/usr/bin/xkbcomp` to read the keyboard table, and no option
/// changes that path. In our copy the folder is replaced by a relative one of
/// the same length, and a script in the folder Xvfb runs in takes its place.
pub(crate) fn prepare_root(root: &Path) -> Result<()> {
    const INSTALLED: &[u8] = b"\0/usr/bin\0";
    const RELATIVE: &[u8] = b"\0./././.\0";
    let program = root.join("usr/bin/Xvfb");
    let mut bytes = fs::read(&program).context("cannot read the unpacked Xvfb")?;
    let place = bytes
        .windows(INSTALLED.len())
        .position(|window| window == INSTALLED)
        .context("this Xvfb does not name its folder of programs")?;
    bytes[place..place + RELATIVE.len()].copy_from_slice(RELATIVE);
    fs::write(&program, bytes).context("cannot write the unpacked Xvfb")?;

    let folder = root.join(XKB_FOLDER);
    fs::create_dir_all(&folder).context("cannot create Xvfb's folder")?;
    let script = folder.join("xkbcomp");
    fs::write(&script, XKBCOMP).context("cannot write Xvfb's helper script")?;
    make_executable(script)
}

const XKBCOMP: &str = r#"#!/bin/sh
root=$(cd "$(dirname "$0")/../../.." && pwd)
libraries=$root/usr/lib/x86_64-linux-gnu
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$root/usr/bin/xkbcomp" "$@"
"#;

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
