//! gdformat and gdlint, the formatter and the linter of GDScript.
//!
//! They are Python programs; pip puts them in `target/gdtoolkit`, without
//! touching the system's Python. Where Python or pip is missing and the system
//! is a Debian, those come from its own packages, unpacked below `target/` too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::debian::{self, Recipe};
use crate::{process, workspace};

const REQUIREMENT: &str = "gdtoolkit==4.5.*";

/// Whether gdformat may change files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Say what is wrong.
    Check,
    /// Put it right.
    Write,
}

/// Formats all scripts of the project, or checks their format.
///
/// # Errors
/// If a script does not parse or, when checking, is not formatted.
pub(crate) fn format(mode: Mode) -> Result<()> {
    let mut command = Toolkit::ensure()?.tool("gdtoolkit.formatter");
    if mode == Mode::Check {
        command.arg("--check");
    }
    process::run("gdformat", command.args(scripts()))
        .context("GDScript is not formatted: run `cargo xtask fmt`")
}

/// Lints all scripts of the project.
///
/// # Errors
/// If the linter finds something.
pub(crate) fn lint() -> Result<()> {
    process::run(
        "gdlint",
        Toolkit::ensure()?.tool("gdtoolkit.linter").args(scripts()),
    )
}

/// The project, and the script outside it that plays finished games.
fn scripts() -> [PathBuf; 2] {
    [
        PathBuf::from("."),
        workspace::root().join("rust/tools/xtask/src/player"),
    ]
}

struct Toolkit {
    python: Python,
    packages: PathBuf,
}

impl Toolkit {
    /// The tools, installed on the first call.
    fn ensure() -> Result<Self> {
        let folder = workspace::scratch_dir("gdtoolkit");
        let (packages, stamp) = (folder.join("packages"), folder.join("complete"));
        let python = Python::find_or_fetch()?;
        let complete = format!("{REQUIREMENT}\n{}\n", python.version);
        if fs::read_to_string(&stamp).is_ok_and(|text| text == complete) {
            return Ok(Self { python, packages });
        }
        println!("gdtoolkit: installing {REQUIREMENT}");
        if folder.exists() {
            fs::remove_dir_all(&folder).context("cannot remove the old gdtoolkit")?;
        }
        let mut install = python.pip()?;
        install.args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--target",
        ]);
        // It warns of installing as root into the system, which this is not.
        install.env("PIP_ROOT_USER_ACTION", "ignore");
        process::run("pip install", install.arg(&packages).arg(REQUIREMENT))?;
        fs::write(&stamp, complete).context("cannot write the stamp file")?;
        Ok(Self { python, packages })
    }

    /// Runs one tool in the Godot project.
    fn tool(&self, module: &str) -> Command {
        let mut command = self.python.command();
        command
            .arg("-c")
            .arg(format!("from {module}.__main__ import main; main()"));
        command
            .env("PYTHONPATH", &self.packages)
            .current_dir(workspace::godot_project());
        command
    }
}

/// The system's Python, or one unpacked from Debian's packages.
struct Python {
    program: PathBuf,
    root: Option<PathBuf>,
    version: String,
}

impl Python {
    fn find_or_fetch() -> Result<Self> {
        for name in ["python3", "python"] {
            if let Some(program) = process::find_on_path(name) {
                let mut python = Self {
                    program,
                    root: None,
                    version: String::new(),
                };
                if python.read_version().is_ok() {
                    return Ok(python);
                }
            }
        }
        let root = debian_python().context(
            "no Python 3 found, which checks and formats GDScript: install python3 with pip",
        )?;
        let mut python = Self {
            program: root.join("usr/bin/python3"),
            root: Some(root),
            version: String::new(),
        };
        python.read_version()?;
        Ok(python)
    }

    fn read_version(&mut self) -> Result<()> {
        // The packages belong to one Python: with another they are installed anew.
        let script = "import sys; assert sys.version_info >= (3, 8); print(sys.version)";
        self.version = process::output("Python", self.command().args(["-c", script]))?;
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(root) = &self.root {
            command.env("PYTHONHOME", root.join("usr"));
            command.env("LD_LIBRARY_PATH", root.join("usr/lib/x86_64-linux-gnu"));
        }
        command
    }

    /// `python -m pip`, or Debian's pip run straight from its archive.
    fn pip(&self) -> Result<Command> {
        let mut command = self.command();
        if process::output("pip", command.args(["-m", "pip", "--version"])).is_ok() {
            let mut pip = self.command();
            pip.args(["-m", "pip"]);
            return Ok(pip);
        }
        let root = debian_python()
            .context("this Python has no pip, which installs gdformat and gdlint: install it")?;
        let wheel = find_pip_wheel(&root.join("usr/share/python-wheels"))?;
        let mut pip = self.command();
        pip.arg(wheel.join("pip"));
        Ok(pip)
    }
}

/// Python and pip of this machine's own Debian release, so that they fit its
/// libraries.
fn debian_python() -> Result<PathBuf> {
    let suite = debian::sources::debian_codename();
    let Some(suite) = suite.filter(|_| debian::available()) else {
        bail!("only on Debian it can be fetched");
    };
    Recipe {
        name: "python",
        suites: &[&suite],
        packages: &["python3", "python3-pip-whl", "ca-certificates"],
        with_dependencies: true,
        revision: 1,
        finish: |_| Ok(()),
    }
    .ensure()
}

fn find_pip_wheel(folder: &Path) -> Result<PathBuf> {
    fs::read_dir(folder)
        .context("Debian's package of pip is empty")?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|file| {
            file.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with("pip-") && name.ends_with(".whl"))
        })
        .context("Debian's package of pip has no wheel in it")
}
