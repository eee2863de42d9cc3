//! Debian packages in a folder of our own.
//!
//! Debian's newer suites have what an older Debian lacks (Godot 4 above all), and its
//! security updates have newer compilers. Apt itself fetches and verifies the packages
//! from the machine's own mirrors, with a private configuration; they are unpacked, not
//! installed. The system stays as it is, and no root rights are needed.

mod apt;
pub(crate) mod sources;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::{interrupt, process, scratch_dir};
use apt::Apt;

/// Packages to unpack, and where.
pub(crate) struct Recipe<'a> {
    /// What messages call it; also its folder below `target/`.
    pub(crate) name: &'a str,
    /// Debian suites to take the packages from: the first that has them all.
    pub(crate) suites: &'a [&'a str],
    /// Whether a suite's security updates belong to it.
    pub(crate) security: bool,
    /// Debian's name of the processor that the packages are for, such as `amd64`.
    pub(crate) architecture: &'a str,
    /// The packages. One for another processor has its name behind a colon:
    /// `libstd-rust-web-dev:arm64`.
    pub(crate) packages: &'a [&'a str],
    /// What comes with them.
    pub(crate) dependencies: Dependencies<'a>,
    /// To be raised when `finish` changes what it does.
    pub(crate) revision: u32,
    /// Run in the unpacked folder before it counts as complete.
    pub(crate) finish: fn(&Path) -> Result<()>,
}

/// Which of the packages that the named ones depend on are unpacked too.
pub(crate) enum Dependencies<'a> {
    /// All of them: nothing of the machine is needed.
    All,
    /// Those whose names begin so, for their versions change with the named packages. As
    /// with packages, `:arm64` at the end asks for another processor's.
    Beginning(&'a [&'a str]),
    /// None: the machine has the rest.
    None,
}

/// Whether this machine has what [`Recipe::ensure`] needs.
pub(crate) fn available() -> bool {
    require().is_ok()
}

/// Says what this machine lacks for [`Recipe::ensure`].
fn require() -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("Debian's packages run on Linux on x86_64 only");
    }
    for tool in ["apt-get", "apt-config", "dpkg-deb"] {
        if process::find_on_path(tool).is_none() {
            bail!("this is no Debian: {tool} is not on PATH");
        }
    }
    sources::debian_mirror().map(drop)
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

        require().with_context(|| format!("cannot fetch {}", self.name))?;
        let archives = self.fetch(&folder.join("apt"))?;
        let fresh = folder.join("root.new");
        remove_folder(&fresh)?;
        self.unpack(&archives, &fresh)?;
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
        remove_folder(&folder.join("apt"))?;
        Ok(root)
    }

    /// Says what the folder holds, so that a changed recipe is fetched again.
    fn stamp(&self) -> String {
        let mut stamp = format!("revision {}\n", self.revision);
        let beginnings: &[&str] = match self.dependencies {
            Dependencies::Beginning(beginnings) => beginnings,
            Dependencies::All | Dependencies::None => &[],
        };
        for word in self.suites.iter().chain(self.packages).chain(beginnings) {
            stamp.push_str(word);
            stamp.push('\n');
        }
        stamp
    }

    /// The packages' archives, of the first suite that has them all.
    fn fetch(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let explain = || format!("cannot fetch {} from Debian", self.name);
        let (last, earlier) = self.suites.split_last().with_context(explain)?;
        for suite in earlier {
            interrupt::check()?;
            match self.fetch_from(folder, suite) {
                Ok(archives) => return Ok(archives),
                Err(error) => println!("{}: suite {suite}: {error:#}", self.name),
            }
        }
        interrupt::check()?;
        self.fetch_from(folder, last).with_context(explain)
    }

    fn fetch_from(&self, folder: &Path, suite: &str) -> Result<Vec<PathBuf>> {
        let name = self.name;
        let mut mirrors = vec![(sources::debian_mirror()?, suite.to_owned())];
        if self.security {
            mirrors.push((sources::security_mirror()?, format!("{suite}-security")));
        }
        let apt = Apt::new(name, folder, self.architecture, &self.foreign())?;
        println!("{name}: reading the package list of Debian {suite}");
        apt.update(&mirrors)?;
        let chosen = match self.dependencies {
            Dependencies::None => self.packages.iter().map(|p| (*p).to_owned()).collect(),
            Dependencies::All => return apt.download_with_dependencies(self.packages),
            Dependencies::Beginning(beginnings) => apt
                .with_dependencies(self.packages)?
                .into_iter()
                .filter(|package| {
                    let package = package.trim_end_matches(&format!(":{}", self.architecture));
                    self.packages.contains(&package)
                        || beginnings.iter().any(|start| begins(package, start))
                })
                .collect::<Vec<_>>(),
        };
        apt.download(&chosen)
    }

    /// The processors behind the colons.
    fn foreign(&self) -> Vec<&str> {
        let mut foreign: Vec<_> = self
            .packages
            .iter()
            .filter_map(|package| Some(package.split_once(':')?.1))
            .collect();
        foreign.sort_unstable();
        foreign.dedup();
        foreign
    }

    fn unpack(&self, packages: &[PathBuf], root: &Path) -> Result<()> {
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
                if let Err(error) = process::output("dpkg-deb", &mut unpack) {
                    interrupt::check()?;
                    // The next run fetches it again, instead of failing here for ever.
                    fs::remove_file(package).ok();
                    return Err(error).with_context(|| {
                        format!(
                            "{} cannot be unpacked: it was damaged, or the disk is full; try again",
                            package.display()
                        )
                    });
                }
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

/// Whether `package` is one of those that `beginning` means: the same processor, and a
/// name that begins so.
fn begins(package: &str, beginning: &str) -> bool {
    let (name, of) = package.split_once(':').unwrap_or((package, ""));
    let (start, wanted) = beginning.split_once(':').unwrap_or((beginning, ""));
    of == wanted && name.starts_with(start)
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
    fn a_damaged_package_is_thrown_away_so_that_the_next_run_fetches_it_again() {
        if !available() {
            return;
        }
        let folder = scratch_dir("tmp").join("damaged-package");
        fs::create_dir_all(&folder).unwrap();
        let package = folder.join("cut_1_amd64.deb");
        fs::write(&package, b"!<arch>\ndebian-binary   ").unwrap();
        let recipe = Recipe {
            name: "damaged",
            suites: &["bookworm"],
            security: false,
            architecture: "amd64",
            packages: &["cut"],
            dependencies: Dependencies::None,
            revision: 1,
            finish: |_| Ok(()),
        };
        let error = recipe
            .unpack(std::slice::from_ref(&package), &folder.join("root"))
            .unwrap_err();
        assert!(error.to_string().contains("try again"), "{error:#}");
        assert!(!package.exists());
    }

    #[test]
    fn dependencies_are_chosen_by_the_beginning_of_their_names_and_their_processor() {
        assert!(begins("libllvm22", "libllvm"));
        assert!(!begins("libllvm22:arm64", "libllvm"));
        assert!(begins(
            "libstd-rust-web-1.96:arm64",
            "libstd-rust-web-:arm64"
        ));
        assert!(!begins("libstd-rust-web-1.96", "libstd-rust-web-:arm64"));
        assert!(!begins("libc6", "libllvm"));
    }
}
