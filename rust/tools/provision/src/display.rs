//! A display to open windows on: the desktop's, or one in memory.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::debian;
use crate::godot_root::{self, Root};
use crate::process::{self, Process};

const SCREEN: &str = "1280x720x24";
const START_LIMIT: Duration = Duration::from_secs(20);
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// Where windows open. A virtual display ends with this value.
pub struct Display {
    virtual_display: Option<(Process, String)>,
}

impl Display {
    /// Whether this machine has a display of its own.
    pub fn exists() -> bool {
        cfg!(any(windows, target_os = "macos"))
            || ["DISPLAY", "WAYLAND_DISPLAY"]
                .iter()
                .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
    }

    /// The machine's display, or a new one in memory (Xvfb).
    ///
    /// # Errors
    /// If there is neither.
    pub fn open() -> Result<Self> {
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
    pub fn is_virtual(&self) -> bool {
        self.virtual_display.is_some()
    }

    /// Makes `command` open its windows here.
    pub fn apply(&self, command: &mut Command) {
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
    godot_root::xvfb(&Root::ensure()?)
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
