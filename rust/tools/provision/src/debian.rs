//! Debian packages in a folder of our own.
//!
//! Debian's newer suites have what an older Debian lacks (Godot 4 above all).
//! Apt itself fetches and verifies the packages from the machine's own mirror,
//! with a private configuration; they are unpacked, not installed. The system
//! stays as it is, and no root rights are needed.

pub(crate) mod sources;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{self, Stream};
use crate::{interrupt, scratch_dir};
use sources::Mirror;

/// Longest time for a download over a slow line.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(60 * 60);

/// Packages to unpack, and where.
pub(crate) struct Recipe<'a> {
    /// What messages call it; also its folder below `target/`.
    pub(crate) name: &'a str,
    /// Debian suites to take the packages from: the first that has them all.
    pub(crate) suites: &'a [&'a str],
    /// The packages.
    pub(crate) packages: &'a [&'a str],
    /// Whether what they depend on comes with them.
    pub(crate) with_dependencies: bool,
    /// To be raised when `finish` changes what it does.
    pub(crate) revision: u32,
    /// Run in the unpacked folder before it counts as complete.
    pub(crate) finish: fn(&Path) -> Result<()>,
}

/// Whether this machine has what [`Recipe::ensure`] needs.
pub(crate) fn available() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
        && ["apt-get", "apt-config", "dpkg-deb"]
            .iter()
            .all(|tool| process::find_on_path(tool).is_some())
        && sources::debian_mirror().is_ok()
}

impl Recipe<'_> {
    /// The folder with the unpacked packages, fetched if it is not there yet.
    ///
    /// A cut download continues where it stopped; a half unpacked folder is
    /// never used. Two calls at once are safe: the second waits.
    ///
    /// # Errors
    /// If the packages cannot be fetched or unpacked, or on Ctrl-C.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        let folder = scratch_dir(self.name);
        let (root, stamp) = (folder.join("root"), folder.join("complete"));
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let lock = File::create(folder.join("lock")).context("cannot create a lock file")?;
        lock.lock()
            .context("cannot wait for another xtask's download")?;
        if root.is_dir() && fs::read_to_string(&stamp).is_ok_and(|text| text == self.stamp()) {
            return Ok(root);
        }

        let mirror = sources::debian_mirror()?;
        let apt = folder.join("apt");
        let mut failure = None;
        for suite in self.suites {
            interrupt::check()?;
            match self.download(&apt, &mirror, suite) {
                Ok(()) => {
                    failure = None;
                    break;
                }
                Err(error) => {
                    println!("{}: suite {suite}: {error:#}", self.name);
                    failure = Some(error);
                }
            }
        }
        if let Some(error) = failure {
            return Err(error).with_context(|| format!("cannot fetch {} from Debian", self.name));
        }

        let fresh = folder.join("root.new");
        remove_folder(&fresh)?;
        self.unpack(&apt, &fresh)?;
        (self.finish)(&fresh)?;
        if stamp.exists() {
            fs::remove_file(&stamp).context("cannot remove the old stamp file")?;
        }
        let old = folder.join("root.old");
        remove_folder(&old)?;
        if root.exists() {
            fs::rename(&root, &old).context("cannot move the old packages away")?;
        }
        fs::rename(&fresh, &root).context("cannot move the new packages in place")?;
        fs::write(&stamp, self.stamp()).context("cannot write the stamp file")?;
        remove_folder(&old)?;
        remove_folder(&apt)?;
        Ok(root)
    }

    /// Says what the folder holds, so that a changed recipe is fetched again.
    fn stamp(&self) -> String {
        let mut stamp = format!("revision {}\n", self.revision);
        for word in self.suites.iter().chain(self.packages) {
            stamp.push_str(word);
            stamp.push('\n');
        }
        stamp
    }

    fn download(&self, apt: &Path, mirror: &Mirror, suite: &str) -> Result<()> {
        let name = self.name;
        for folder in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(apt.join(folder)).context("cannot create apt's folders")?;
        }
        fs::write(apt.join("status"), "").context("cannot write apt's status file")?;
        let key = mirror.signed_by.as_ref();
        let key = key
            .map(|key| format!("Signed-By: {key}\n"))
            .unwrap_or_default();
        let source = format!(
            "Types: deb\nURIs: {}\nSuites: {suite}\nComponents: main\n{key}",
            mirror.uri
        );
        fs::write(apt.join("mirror.sources"), source).context("cannot write apt's sources")?;
        fs::write(apt.join("apt.conf"), apt_config(apt)?).context("cannot write apt's settings")?;

        println!("{name}: reading the package list of Debian {suite}");
        let mut update = apt_get(apt);
        update.arg("update");
        process::output("apt-get update", &mut update)?;

        let mut install = apt_get(apt);
        if self.with_dependencies {
            install.args(["install", "--yes", "--download-only"]);
        } else {
            println!("{name}: downloading {} packages", self.packages.len());
            install
                .arg("download")
                .current_dir(apt.join("cache/archives"));
        }
        install
            .args(["--target-release", suite])
            .args(self.packages);
        let (mut packages, mut started, mut errors) = (0, 0, Vec::new());
        let status = process::run_lines("apt-get", &mut install, DOWNLOAD_LIMIT, |line| {
            let text = line.text.trim();
            if line.stream == Stream::Err {
                errors.push(text.to_owned());
            } else if let Some(count) = newly_installed(text) {
                packages = count;
            } else if let Some(size) = download_size(text) {
                println!("{name}: downloading {packages} packages, {size}");
            } else if text.starts_with("Get:") {
                started += 1;
                if started % 20 == 0 {
                    println!("{name}: downloading {started}/{packages}");
                }
            }
            Ok(())
        })?;
        process::expect_success("apt-get", status).with_context(|| errors.join("; "))
    }

    fn unpack(&self, apt: &Path, root: &Path) -> Result<()> {
        let archives = apt.join("cache/archives");
        let mut packages: Vec<_> = fs::read_dir(&archives)
            .context("cannot list the downloaded packages")?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|file| file.extension().is_some_and(|extension| extension == "deb"))
            .collect();
        packages.sort();
        if packages.is_empty() {
            bail!("apt downloaded no packages into {}", archives.display());
        }
        fs::create_dir_all(root).with_context(|| format!("cannot create {}", root.display()))?;

        let next = AtomicUsize::new(0);
        let worker = || -> Result<()> {
            loop {
                interrupt::check()?;
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(package) = packages.get(number) else {
                    return Ok(());
                };
                if (number + 1).is_multiple_of(40) {
                    println!("{}: unpacking {}/{}", self.name, number + 1, packages.len());
                }
                let mut unpack = Command::new("dpkg-deb");
                unpack.arg("--extract").arg(package).arg(root);
                process::output("dpkg-deb", &mut unpack)?;
            }
        };
        let workers = thread::available_parallelism()
            .map_or(1, usize::from)
            .min(4);
        thread::scope(|scope| {
            let running: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
            running
                .into_iter()
                .try_for_each(|worker| match worker.join() {
                    Ok(result) => result,
                    Err(_) => bail!("unpacking stopped by a panic"),
                })
        })?;
        println!("{}: unpacked {} packages", self.name, packages.len());
        Ok(())
    }
}

fn apt_get(apt: &Path) -> Command {
    let mut command = Command::new("apt-get");
    // The answers are read by us, so they must come in English.
    command
        .arg("--quiet")
        .env("APT_CONFIG", apt.join("apt.conf"))
        .env("LC_ALL", "C");
    command.stdin(Stdio::null());
    command
}

/// Settings that keep apt within `apt`, but with the machine's own way to the
/// network (proxies, time-outs).
fn apt_config(apt: &Path) -> Result<String> {
    let mut dump = Command::new("apt-config");
    dump.arg("dump").env("LC_ALL", "C");
    let mut config: String = process::output("apt-config", &mut dump)?
        .lines()
        .filter(|line| line.starts_with("Acquire::") && !line.starts_with("Acquire::IndexTargets"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let inside = |file: &str| apt.join(file).display().to_string();
    let nowhere = || "/dev/null".to_owned();
    for (name, value) in [
        ("Dir::State", inside("state")),
        ("Dir::State::lists", inside("lists")),
        ("Dir::State::status", inside("status")),
        ("Dir::Cache", inside("cache")),
        ("Dir::Log", inside("log")),
        ("Dir::Etc::main", nowhere()),
        ("Dir::Etc::parts", nowhere()),
        ("Dir::Etc::sourcelist", inside("mirror.sources")),
        ("Dir::Etc::sourceparts", nowhere()),
        ("Dir::Etc::preferences", nowhere()),
        ("Dir::Etc::preferencesparts", nowhere()),
        ("APT::Install-Recommends", "false".to_owned()),
        ("APT::Update::Error-Mode", "any".to_owned()),
        // As root, apt would download as another user, who may not enter here.
        ("APT::Sandbox::User", "root".to_owned()),
        ("Acquire::Languages", "none".to_owned()),
        ("Acquire::Retries", "3".to_owned()),
        // Another xtask is kept out by our own lock; the system's is not ours.
        ("Debug::NoLocking", "true".to_owned()),
    ] {
        config.push_str(&format!("{name} \"{value}\";\n"));
    }
    Ok(config)
}

/// 155 of `0 upgraded, 155 newly installed, 0 to remove and 0 not upgraded.`
fn newly_installed(line: &str) -> Option<usize> {
    let (before, _) = line.split_once(" newly installed")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// `176 MB` of `Need to get 176 MB of archives.`
fn download_size(line: &str) -> Option<&str> {
    line.strip_prefix("Need to get ")?
        .strip_suffix(" of archives.")
}

fn remove_folder(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apt_says_how_much_it_will_fetch() {
        let line = "0 upgraded, 155 newly installed, 0 to remove and 0 not upgraded.";
        assert_eq!(newly_installed(line), Some(155));
        assert_eq!(newly_installed("Reading package lists..."), None);
        assert_eq!(
            download_size("Need to get 12 MB/176 MB of archives."),
            Some("12 MB/176 MB")
        );
    }
}
