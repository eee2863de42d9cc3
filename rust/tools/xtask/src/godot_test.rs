//! `cargo xtask godot-test`: the scenes and the node, in headless Godot against
//! the real server, and what is to be seen of them, in a window.
//!
//! The runner is `res://tests/run_tests.gd`. It gets `--server=ws://…`,
//! `--control=127.0.0.1:PORT` (see [`crate::control`]), `--folder=res://…` and, if
//! asked for, `--filter=TEXT`; it prints `godot tests: N passed, 0 failed` at its end.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longhall_provision::{Display, Godot, OLDEST};

use crate::server_process::{Log, Server, free_port};
use crate::{addon, control, project, workspace};

/// No test may hold up the others for ever: script errors do not end Godot.
const LIMIT: Duration = Duration::from_secs(600);

/// Tests register and log in more often than a player may.
pub(crate) const SERVER_ARGUMENTS: &[&str] = &[
    "--registrations-per-hour=100000",
    "--logins-per-minute=100000",
    "--logins-per-minute-per-name=100000",
    "--packets-per-second=1000",
    "--max-repeats=0",
    "--new-account-time=0",
    "--unanswered-whispers-per-minute=1000000",
    "--log=debug",
];

/// Tests that need something to be drawn.
const WINDOW_TESTS: &str = "res://tests/window";

/// Which tests `cargo xtask godot-test` runs.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only tests whose name contains this
    filter: Option<String>,
    /// Run those that look at what is drawn, in a window
    #[arg(long)]
    window: bool,
    /// Keep what the tests with a window have seen as pictures in this folder
    #[arg(long, value_name = "FOLDER", requires = "window")]
    pictures: Option<PathBuf>,
}

/// Builds, imports, and runs the test scripts that are asked for.
///
/// # Errors
/// If anything does not build, a test fails, or Godot reports an error.
pub(crate) fn run(options: &Options) -> Result<()> {
    addon::build()?;
    let godot = Godot::find_or_fetch()?;
    project::import(&godot)?;
    let filter = options.filter.as_deref();
    if options.window {
        run_window_tests(&godot, filter, options.pictures.as_deref())
    } else {
        run_tests(&godot, filter)
    }
}

/// Runs the tests in a project that is built and imported.
///
/// # Errors
/// If a test fails or Godot reports an error.
pub(crate) fn run_tests(godot: &Godot, filter: Option<&str>) -> Result<()> {
    println!("{}", version_line(godot));
    let games = format!("127.0.0.1:{}", free_port()?);
    let listen = format!("--game-listen={games}");
    let arguments = [SERVER_ARGUMENTS, &[&*listen]].concat();
    let setup = Setup::start_with("godot-test", &arguments)?;
    run_script(
        &setup,
        godot.headless_command(&workspace::godot_project()),
        &[format!("--game-url=http://{games}")],
        filter,
    )
}

/// Runs the tests of what is drawn, in memory when there is no display.
///
/// # Errors
/// If there is no display, a test fails or Godot reports an error.
pub(crate) fn run_window_tests(
    godot: &Godot,
    filter: Option<&str>,
    pictures: Option<&Path>,
) -> Result<()> {
    let setup = Setup::start("window-test")?;
    let display = Display::open()?;
    let mut command = godot.windowed_command(&display);
    command.arg("--path").arg(workspace::godot_project());
    let mut arguments = vec![format!("--folder={WINDOW_TESTS}")];
    if let Some(pictures) = pictures {
        fs::create_dir_all(pictures)
            .with_context(|| format!("cannot create {}", pictures.display()))?;
        let folder = pictures.canonicalize().context("cannot find the folder")?;
        arguments.push(format!("--out={}", folder.display()));
    }
    run_script(&setup, command, &arguments, filter)
}

/// Says which of the versions that the addon declares is tested.
fn version_line(godot: &Godot) -> String {
    let (version, (major, minor)) = (godot.version(), OLDEST);
    if godot.is_oldest() {
        format!(
            "tests run with Godot {version}: the addon declares {major}.{minor} and newer; set \
             GODOT4_BIN for a newer one"
        )
    } else {
        format!(
            "tests run with Godot {version} and NOT with {major}.{minor}, the oldest that the \
             addon declares: set GODOT4_BIN to such a one and run them again"
        )
    }
}

fn run_script(
    setup: &Setup,
    mut command: Command,
    arguments: &[String],
    filter: Option<&str>,
) -> Result<()> {
    command.args(["--fixed-fps", "60"]);
    setup.run_script(&mut command, "tests", "res://tests/run_tests.gd");
    command.args(arguments);
    command.args(filter.map(|filter| format!("--filter={filter}")));

    let output = project::run(&mut command, "tests", "", LIMIT)?;
    setup.server.handle().expect_running()?;
    let passed = output
        .lines
        .iter()
        .filter_map(|line| passed_tests(line))
        .next_back();
    output.expect_clean("Godot tests")?;
    match passed {
        None => bail!("Godot ended without saying `godot tests: N passed, 0 failed`"),
        Some(0) => bail!("no Godot test ran; is the filter right?"),
        Some(_) => Ok(()),
    }
}

/// A fresh folder with a server for one run of scripts.
pub(crate) struct Setup {
    folder: PathBuf,
    server: Server,
    control: u16,
}

impl Setup {
    /// Starts a server with an empty database in `target/<name>`, and the
    /// listener that stops and restarts it.
    ///
    /// # Errors
    /// If the folder cannot be emptied or the server does not start.
    pub(crate) fn start(name: &str) -> Result<Self> {
        Self::start_with(name, SERVER_ARGUMENTS)
    }

    /// As [`start`](Self::start), with the server's arguments.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn start_with(name: &str, arguments: &[&str]) -> Result<Self> {
        let folder = workspace::scratch_dir(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let log_file = folder.join("server.log");
        println!("server log: {}", log_file.display());
        let server = Server::start(&folder.join("longhall.db"), arguments, log_to(&log_file)?)?;
        let control = control::listen(server.handle())?;
        Ok(Self {
            folder,
            server,
            control,
        })
    }

    /// The folder of this run, for what its clients need.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where clients connect to.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// The server.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Makes `command` run a script as the client called `name`, with the
    /// arguments that say where the server is and how to stop it.
    pub(crate) fn run_script(&self, command: &mut Command, name: &str, script: &str) {
        self.run_script_at(&self.server.url(), command, name, script);
    }

    /// As [`run_script`](Self::run_script), with the server under another address.
    pub(crate) fn run_script_at(&self, url: &str, command: &mut Command, name: &str, script: &str) {
        own_home(command, &self.folder.join(format!("home-{name}")));
        command.args(["--script", script, "--"]);
        command.arg(format!("--server={url}"));
        command.arg(format!("--control=127.0.0.1:{}", self.control));
    }
}

/// Keeps `user://` and the settings of this Godot apart from the developer's
/// and from those of other clients (on Linux; elsewhere they are shared).
pub(crate) fn own_home(command: &mut Command, home: &Path) {
    for (name, folder) in [
        ("XDG_DATA_HOME", "data"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_CACHE_HOME", "cache"),
    ] {
        command.env(name, home.join(folder));
    }
}

/// A log that is kept in a file.
///
/// # Errors
/// If the file cannot be created.
pub(crate) fn log_to(file: &Path) -> Result<Log> {
    let file = fs::File::create(file).context("cannot create the server's log file")?;
    let file = Mutex::new(file);
    Ok(Arc::new(move |line| {
        if let Ok(mut file) = file.lock() {
            // A full disk shows elsewhere.
            writeln!(file, "{line}").ok();
        }
    }))
}

/// 12 of `godot tests: 12 passed, 0 failed`
pub(crate) fn passed_tests(line: &str) -> Option<usize> {
    line.trim()
        .strip_prefix("godot tests: ")?
        .strip_suffix(" passed, 0 failed")?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_line_without_failures_counts_as_passed() {
        assert_eq!(passed_tests("godot tests: 12 passed, 0 failed"), Some(12));
        assert_eq!(passed_tests("godot tests: 11 passed, 1 failed"), None);
        assert_eq!(passed_tests("12 passed, 0 failed"), None);
    }
}
