//! The least Debian that packages can be installed in: a folder with dpkg and a shell.
//!
//! It is unpacked, not installed. Its programs run with the folder as their root, as root
//! or, where the system allows that, as an ordinary user.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::debian::{self, Dependencies, Recipe};
use crate::{process, qemu};

/// Debian 11, which has the oldest C library that server programs run with; where the
/// mirror has dropped it, the next ones.
const SUITES: &[&str] = &["bullseye", "bookworm", "trixie"];

/// Where a system's C library lies, and what loads programs.
const LIBRARIES: &str = "lib/x86_64-linux-gnu";
const LOADER: &str = "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2";

/// All that programs find in variables.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A Debian in a folder, to install packages in.
pub struct DebianSystem {
    root: PathBuf,
    libc: String,
    entrance: Entrance,
}

/// How its programs get it as their root.
enum Entrance {
    /// As root can.
    Chroot,
    /// In a user namespace, in which an ordinary user is root.
    Namespace,
    /// Not at all: the machine forbids both.
    Closed,
}

impl DebianSystem {
    /// Whether this machine can fetch one.
    pub fn available() -> bool {
        debian::available()
    }

    /// A fresh one in `folder`; what was there is deleted.
    ///
    /// # Errors
    /// If its packages cannot be fetched, or the folder cannot be written.
    pub fn make(folder: &Path) -> Result<Self> {
        let unpacked = fetch()?;
        if folder.exists() {
            fs::remove_dir_all(folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        if let Some(above) = folder.parent() {
            fs::create_dir_all(above)
                .with_context(|| format!("cannot create {}", above.display()))?;
        }
        // With its links and permissions, which the standard library does not copy.
        let mut copy = Command::new("cp");
        copy.arg("--archive").arg(&unpacked).arg(folder);
        process::output("cp", &mut copy)?;
        let mut system = Self {
            root: folder.to_owned(),
            libc: String::new(),
            entrance: Entrance::Closed,
        };
        system.libc = system.read_libc()?;
        system.register_libc()?;
        for entrance in [Entrance::Chroot, Entrance::Namespace] {
            system.entrance = entrance;
            let mut probe = system.command("/bin/true");
            if process::output("true", &mut probe).is_ok() {
                return Ok(system);
            }
        }
        system.entrance = Entrance::Closed;
        Ok(system)
    }

    /// Its root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The version of its C library, as Debian has it.
    pub fn libc(&self) -> &str {
        &self.libc
    }

    /// Whether its programs get it as their root. Where not, [`command`](Self::command)
    /// still runs them with its C library.
    pub fn is_open(&self) -> bool {
        match self.entrance {
            Entrance::Chroot | Entrance::Namespace => true,
            Entrance::Closed => false,
        }
    }

    /// Runs one of its programs, with none of this machine's variables. The process is
    /// the program's own, so that it gets our signals.
    pub fn command(&self, program: &str) -> Command {
        let mut command = match self.entrance {
            Entrance::Chroot => Command::new(starter("chroot")),
            Entrance::Namespace => {
                let mut command = Command::new(starter("unshare"));
                command.args(["--user", "--map-root-user"]);
                command.arg(starter("chroot"));
                command
            }
            Entrance::Closed => {
                let mut command = Command::new(self.root.join(LOADER));
                command
                    .arg("--library-path")
                    .arg(self.root.join(LIBRARIES))
                    .arg(self.root.join(program.trim_start_matches('/')));
                command.env_clear();
                return command;
            }
        };
        command.arg(&self.root).arg(program);
        command.env_clear().env("PATH", PATH).env("LC_ALL", "C");
        command
    }

    fn read_libc(&self) -> Result<String> {
        let mut command = Command::new(self.root.join(LOADER));
        let library = self.root.join(LIBRARIES).join("libc.so.6");
        let said = process::output("Debian's C library", command.arg(library))?;
        // "GNU C Library (Debian GLIBC 2.31-13+deb11u11) stable release version 2.31."
        let version = said
            .split_once("(Debian GLIBC ")
            .and_then(|(_, rest)| Some(rest.split_once(')')?.0));
        let version = version.context("Debian's C library does not say its version")?;
        Ok(version.to_owned())
    }

    /// Has dpkg know of the C library, which packages depend on, and of nothing else.
    fn register_libc(&self) -> Result<()> {
        let dpkg = self.root.join("var/lib/dpkg");
        for folder in ["info", "updates", "triggers"] {
            let folder = dpkg.join(folder);
            fs::create_dir_all(&folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let status = format!(
            "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\n\
             Maintainer: Debian <debian@packages.invalid>\nDescription: C library\n\n",
            self.libc
        );
        fs::write(dpkg.join("status"), status).context("cannot write dpkg's list of packages")
    }
}

/// A program of this machine, also for a user whose PATH lacks what is root's.
fn starter(name: &str) -> PathBuf {
    process::find_on_path(name)
        .or_else(|| {
            let mut folders = ["/usr/sbin", "/sbin"].iter();
            folders.find_map(|folder| {
                let file = Path::new(folder).join(name);
                file.is_file().then_some(file)
            })
        })
        .unwrap_or_else(|| name.into())
}

/// The packages, unpacked in a folder that is copied before it is changed.
fn fetch() -> Result<PathBuf> {
    Recipe {
        name: "debian-system",
        suites: SUITES,
        security: false,
        architecture: "amd64",
        packages: &[
            "dpkg",
            "init-system-helpers",
            "perl-base",
            "dash",
            "coreutils",
            "diffutils",
            "sed",
            "grep",
            "libc-bin",
        ],
        dependencies: Dependencies::All,
        revision: 1,
        finish: prepare,
    }
    .ensure()
    .context("no Debian to install packages in")
}

/// Runs a program of Linux on arm64, in an emulator, with the C library of Debian 11. The
/// process gets our signals.
///
/// # Errors
/// If emulator or library cannot be fetched.
pub fn arm64_command(program: &Path) -> Result<Command> {
    let library = Recipe {
        name: "debian-libc-arm64",
        suites: SUITES,
        security: false,
        architecture: "arm64",
        packages: &["libc6"],
        dependencies: Dependencies::None,
        revision: 1,
        finish: join_folders,
    };
    let mut command = Command::new(qemu::arm64()?);
    command.arg("-L").arg(library.ensure()?).arg(program);
    command.env_clear();
    Ok(command)
}

/// Does what the packages' scripts would do, as far as it is needed.
fn prepare(root: &Path) -> Result<()> {
    join_folders(root)?;
    let shell = root.join("bin/sh");
    if shell.symlink_metadata().is_err() {
        link("dash", &shell)?;
    }
    for folder in ["dev", "tmp", "run", "etc"] {
        let folder = root.join(folder);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    // A file, since a device needs rights that most have not. It does for scripts.
    fs::write(root.join("dev/null"), "").context("cannot write dev/null")?;
    if !root.join(LOADER).exists() {
        bail!("Debian's C library has no loader at {LOADER}");
    }
    Ok(())
}

/// Newer releases have all programs and libraries below `usr` alone.
fn join_folders(root: &Path) -> Result<()> {
    for name in ["bin", "sbin", "lib", "lib64"] {
        let (outer, inner) = (root.join(name), root.join("usr").join(name));
        if !outer.exists() && inner.exists() {
            link(&format!("usr/{name}"), &outer)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(to: &str, at: &Path) -> Result<()> {
    std::os::unix::fs::symlink(to, at).with_context(|| format!("cannot link {}", at.display()))
}

#[cfg(not(unix))]
fn link(_: &str, at: &Path) -> Result<()> {
    bail!("no link {} on this system", at.display())
}
