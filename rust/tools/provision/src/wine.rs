//! Wine, which runs Windows programs: Debian's, unpacked below `target/wine`.
//!
//! It opens no window and changes nothing of the user's: its Windows, with all that a
//! program writes there, is a [`Prefix`] that lasts as long as the value.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::debian::{self, Dependencies, Recipe};
use crate::process::{self, Process};
use crate::scratch_dir;

/// Wine as Debian 12 has it: it runs on that C library and every later one, so it takes the
/// machine's own.
const RECIPE: Recipe<'_> = Recipe {
    name: "wine",
    suites: &["bookworm"],
    security: false,
    architecture: "amd64",
    // Without what they depend on: that is for windows, sound, cameras and printers.
    packages: &[
        "wine64",
        "libwine",
        "libz-mingw-w64",
        "libunwind8",
        "liblzma5",
    ],
    dependencies: Dependencies::None,
    revision: 1,
    finish: prepare,
};

const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";
const PROGRAMS: &str = "usr/lib/wine";

/// Longest time for Windows to be set up, or to end.
const SET_UP_LIMIT: Duration = Duration::from_secs(10 * 60);
const END_LIMIT: Duration = Duration::from_secs(2 * 60);

/// Debian's Wine, unpacked.
pub struct Wine {
    root: PathBuf,
}

impl Wine {
    /// Whether [`fetch`](Self::fetch) can do it here.
    pub fn available() -> bool {
        debian::available()
    }

    /// Debian's Wine, unpacked below `target/wine`, fetched if it is not there yet.
    ///
    /// # Errors
    /// If it cannot be fetched; not on Debian, above all.
    pub fn fetch() -> Result<Self> {
        if !Self::available() {
            bail!("Wine is fetched from Debian, for processors of the kind x86_64 alone");
        }
        let root = RECIPE.ensure()?;
        Ok(Self { root })
    }

    /// A Windows of its own, newly made, in which the DLLs `added` are a part of the system.
    /// Blocks for seconds. While another xtask has one, this waits.
    ///
    /// # Errors
    /// If Wine does not run here, or on Ctrl-C.
    pub fn prefix(&self, added: &[&Path]) -> Result<Prefix> {
        let folder = scratch_dir("wine");
        let lock = File::create(folder.join("prefix.lock")).context("cannot create a lock file")?;
        lock.lock()
            .context("cannot wait for another xtask's Wine")?;
        let prefix = Prefix {
            root: self.root.clone(),
            folder: folder.join("prefix"),
            _lock: lock,
        };
        // Of a run that was cut off.
        prefix.end()?;
        fs::create_dir_all(prefix.home())
            .with_context(|| format!("cannot create {}", prefix.home().display()))?;
        // Most of Windows' own programs need zlib1.dll, which in Wine is Debian's.
        let zlib = self.root.join("usr/x86_64-w64-mingw32/lib/zlib1.dll");
        let system = prefix.drive().join("windows/system32");
        fs::create_dir_all(&system)
            .with_context(|| format!("cannot create {}", system.display()))?;
        for dll in added.iter().chain([&zlib.as_path()]) {
            let name = dll.file_name().context("a DLL without a name")?;
            fs::copy(dll, system.join(name))
                .with_context(|| format!("cannot copy {}", dll.display()))?;
        }
        let mut set_up = prefix.command(Path::new("wineboot"));
        set_up.arg("--init");
        let mut said = Vec::new();
        let status = process::run_lines("wineboot", &mut set_up, SET_UP_LIMIT, |line| {
            said.push(line.text);
            Ok(())
        })?;
        process::expect_success("wineboot", status)
            .with_context(|| format!("Wine cannot set up its Windows: {}", said.join("; ")))?;
        Ok(prefix)
    }
}

/// A Windows of its own. All its programs end and all its files go when this value goes away.
pub struct Prefix {
    root: PathBuf,
    folder: PathBuf,
    /// Held for as long as the prefix is there.
    _lock: File,
}

impl Prefix {
    /// Starts a Windows program; its argument may be one of Wine's own, by name.
    pub fn command(&self, program: &Path) -> Command {
        let programs = self.root.join(PROGRAMS);
        let mut command = Command::new(programs.join("wine64"));
        command.arg(program);
        self.set_environment(&mut command);
        command
    }

    /// The folder that programs see as drive C.
    pub fn drive(&self) -> PathBuf {
        self.folder.join("windows/drive_c")
    }

    fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    fn set_environment(&self, command: &mut Command) {
        let programs = self.root.join(PROGRAMS);
        command
            .env("WINEPREFIX", self.folder.join("windows"))
            .env("WINEARCH", "win64")
            .env("WINELOADER", programs.join("wine64"))
            .env("WINESERVER", programs.join("wineserver64"))
            .env("LD_LIBRARY_PATH", self.root.join(LIBRARIES))
            // No offers to fetch .NET and a browser, no entries in the user's menu.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml,winemenubuilder.exe=")
            .env("WINEDEBUG", "-all")
            .env("HOME", self.home())
            // Names of files are UTF-8, whatever the machine's language.
            .env("LC_ALL", "C.UTF-8")
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        for variable in ["DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"] {
            command.env_remove(variable);
        }
    }

    /// Ends all programs of the prefix and removes its files. One that is not there is fine.
    ///
    /// # Errors
    /// If they do not end or cannot be removed.
    fn end(&self) -> Result<()> {
        if !self.folder.exists() {
            return Ok(());
        }
        if self.folder.join("windows").is_dir() {
            // The first kills them, and fails where none runs; the second waits for their end.
            for order in ["--kill", "--wait"] {
                let mut server = Command::new(self.root.join(PROGRAMS).join("wineserver64"));
                self.set_environment(&mut server);
                server
                    .arg(order)
                    .stdout(Stdio::null())
                    .stderr(Stdio::null());
                Process::spawn("Wine's server", &mut server)?.end_within(END_LIMIT)?;
            }
        }
        fs::remove_dir_all(&self.folder)
            .with_context(|| format!("cannot remove {}", self.folder.display()))
    }
}

impl Drop for Prefix {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("{error:#}");
        }
    }
}

/// What programs in a [`Prefix`] call a file of this machine.
pub fn windows_path(file: &Path) -> String {
    format!("Z:{}", file.display().to_string().replace('/', "\\"))
}

/// Does what an installation of the packages would have done.
fn prepare(root: &Path) -> Result<()> {
    // Debian's is a script that names the programs of an installation.
    let script = root.join(PROGRAMS).join("wineserver");
    fs::remove_file(&script).context("cannot remove Wine's script")?;
    fs::copy(root.join(PROGRAMS).join("wineserver64"), script)
        .map(drop)
        .context("cannot put Wine's server in place")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_sees_this_machine_as_a_drive() {
        let path = windows_path(Path::new("/home/ada/a game/x.dll"));
        assert_eq!(path, "Z:\\home\\ada\\a game\\x.dll");
    }
}
