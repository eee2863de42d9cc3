//! Apt with a configuration of our own: it asks, fetches and verifies, and installs nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::sources::Mirror;
use crate::process::{self, Stream};

/// Longest time for a download over a slow line.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(60 * 60);

/// How many packages are downloaded between two lines of progress, where they are many.
const PROGRESS: usize = 20;

/// An apt that knows of nothing installed and keeps within its folder.
pub(super) struct Apt<'a> {
    /// What messages call what is fetched.
    name: &'a str,
    folder: &'a Path,
}

impl<'a> Apt<'a> {
    /// For packages of one processor, and beside them those of `foreign` ones.
    ///
    /// # Errors
    /// If its folder or settings cannot be written.
    pub(super) fn new(
        name: &'a str,
        folder: &'a Path,
        architecture: &str,
        foreign: &[&str],
    ) -> Result<Self> {
        for inside in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(inside)).context("cannot create apt's folders")?;
        }
        fs::write(folder.join("status"), "").context("cannot write apt's status file")?;
        let settings = settings(folder, architecture, foreign)?;
        fs::write(folder.join("apt.conf"), settings).context("cannot write apt's settings")?;
        Ok(Self { name, folder })
    }

    /// Reads the lists of packages of these suites.
    ///
    /// # Errors
    /// If there is no network, or no such suite.
    pub(super) fn update(&self, mirrors: &[(Mirror, String)]) -> Result<()> {
        let sources: Vec<_> = mirrors.iter().map(|(m, suite)| source(m, suite)).collect();
        fs::write(self.folder.join("mirror.sources"), sources.join("\n"))
            .context("cannot write apt's sources")?;
        self.output("update", &[])
            .map(drop)
            .context("apt cannot read the package lists (is there a network?)")
    }

    /// The names of the packages and of all that they depend on; those of a foreign
    /// processor end with it, as in `libc6:arm64`.
    ///
    /// # Errors
    /// If there is no such package.
    pub(super) fn with_dependencies(&self, packages: &[&str]) -> Result<Vec<String>> {
        Ok(archives(&self.output("install", packages)?)
            .into_iter()
            .filter_map(|archive| archive.package())
            .collect())
    }

    /// Fetches the packages and all that they depend on. The result is their files.
    ///
    /// # Errors
    /// If there is no such package, or no network.
    pub(super) fn download_with_dependencies(&self, packages: &[&str]) -> Result<Vec<PathBuf>> {
        let archives = archives(&self.output("install", packages)?);
        let mut command = self.command();
        command.args(["install", "--yes", "--download-only"]);
        self.fetch(archives, command.args(packages))
    }

    /// Fetches these packages and no others. The result is their files.
    ///
    /// # Errors
    /// If there is no such package, or no network.
    pub(super) fn download(&self, packages: &[String]) -> Result<Vec<PathBuf>> {
        let names: Vec<_> = packages.iter().map(String::as_str).collect();
        let archives = archives(&self.output("download", &names)?);
        let mut command = self.command();
        command.arg("download").current_dir(self.archives());
        self.fetch(archives, command.args(packages))
    }

    fn fetch(&self, archives: Vec<Archive>, command: &mut Command) -> Result<Vec<PathBuf>> {
        let (name, count) = (self.name, archives.len());
        let size: u64 = archives.iter().map(|archive| archive.bytes).sum();
        println!(
            "{name}: downloading {count} packages, {:.0} MB",
            size as f64 / 1e6
        );
        let (mut started, mut errors) = (0, Vec::new());
        let status = process::run_lines("apt-get", command, DOWNLOAD_LIMIT, |line| {
            let text = line.text.trim();
            if line.stream == Stream::Err {
                errors.push(text.to_owned());
            } else if text.starts_with("Get:") {
                started += 1;
                if count < PROGRESS || started % PROGRESS == 0 {
                    println!("{name}: downloading {started}/{count}");
                }
            }
            Ok(())
        })?;
        process::expect_success("apt-get", status)
            .with_context(|| format!("apt cannot download {name}: {}", complaint(&errors)))?;

        let mut files = Vec::new();
        for archive in archives {
            let file = self.archives().join(&archive.file);
            let bytes = fs::metadata(&file).map(|data| data.len());
            if !bytes.is_ok_and(|bytes| bytes == archive.bytes) {
                bail!("apt downloaded {} in part only; try again", archive.file);
            }
            files.push(file);
        }
        Ok(files)
    }

    fn archives(&self) -> PathBuf {
        self.folder.join("cache/archives")
    }

    /// What apt says to a request. Nothing is downloaded but by `update`.
    fn output(&self, request: &str, packages: &[&str]) -> Result<String> {
        let mut command = self.command();
        command.arg(request).args(packages);
        if request != "update" {
            command.args(["--yes", "--print-uris"]);
        }
        let output = command
            .output()
            .context("cannot start apt-get, which fetches Debian's packages")?;
        if !output.status.success() {
            crate::interrupt::check()?;
            let errors = String::from_utf8_lossy(&output.stderr);
            let errors: Vec<_> = errors.lines().map(str::to_owned).collect();
            bail!("apt says: {}", complaint(&errors));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        // The answers are read by us, so they must come in English.
        command
            .arg("--quiet")
            .env("APT_CONFIG", self.folder.join("apt.conf"))
            .env("LC_ALL", "C");
        command.stdin(Stdio::null());
        command
    }
}

/// The first thing that apt calls an error, without its mark.
fn complaint(lines: &[String]) -> String {
    let error = lines.iter().find_map(|line| line.strip_prefix("E: "));
    match error {
        Some(error) => error.split_whitespace().collect::<Vec<_>>().join(" "),
        None => lines.join("; "),
    }
}

/// A package's file, as apt will name it.
#[derive(Debug, PartialEq, Eq)]
struct Archive {
    file: String,
    bytes: u64,
}

impl Archive {
    /// `libllvm22:amd64` of `libllvm22_1%3a22.1.8-1_amd64.deb`
    fn package(&self) -> Option<String> {
        let mut words = self.file.strip_suffix(".deb")?.split('_');
        let name = words.next()?;
        Some(match words.next_back()? {
            "all" => name.to_owned(),
            architecture => format!("{name}:{architecture}"),
        })
    }
}

/// Reads `'http://mirror/pool/a.deb' a_1_amd64.deb 123 SHA256:…`, one a line.
fn archives(uris: &str) -> Vec<Archive> {
    uris.lines()
        .filter(|line| line.starts_with('\''))
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            Some(Archive {
                file: words.next()?.to_owned(),
                bytes: words.next()?.parse().ok()?,
            })
        })
        .collect()
}

fn source(mirror: &Mirror, suite: &str) -> String {
    let key = mirror.signed_by.as_ref();
    let key = key
        .map(|key| format!("Signed-By: {key}\n"))
        .unwrap_or_default();
    format!(
        "Types: deb\nURIs: {}\nSuites: {suite}\nComponents: main\n{key}",
        mirror.uri
    )
}

/// Settings that keep apt within `folder`, but with the machine's own way to the
/// network (proxies, time-outs).
fn settings(folder: &Path, architecture: &str, foreign: &[&str]) -> Result<String> {
    let mut dump = Command::new("apt-config");
    dump.arg("dump").env("LC_ALL", "C");
    let mut config: String = process::output("apt-config", &mut dump)?
        .lines()
        .filter(|line| line.starts_with("Acquire::") && !line.starts_with("Acquire::IndexTargets"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let inside = |file: &str| folder.join(file).display().to_string();
    let nowhere = || "/dev/null".to_owned();
    for (name, value) in [
        ("APT::Architecture", architecture.to_owned()),
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
    // Without this list, apt asks dpkg, which knows the machine's own.
    let all: Vec<_> = [architecture]
        .iter()
        .chain(foreign)
        .map(|a| format!("\"{a}\"; "))
        .collect();
    config.push_str(&format!("APT::Architectures {{ {}}};\n", all.concat()));
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apt_says_which_files_it_will_fetch() {
        let text = "Reading package lists...\n\
                    'http://m/pool/lld_22_amd64.deb' lld-22_1%3a22.1-1_amd64.deb 1487860 SHA256:1\n\
                    'http://m/pool/src_1_all.deb' rust-src_1_all.deb 4501 SHA256:2\n";
        let archives = archives(text);
        assert_eq!(
            archives.iter().map(|a| a.bytes).collect::<Vec<_>>(),
            [1_487_860, 4501]
        );
        let names: Vec<_> = archives.iter().filter_map(Archive::package).collect();
        assert_eq!(names, ["lld-22:amd64", "rust-src"]);
    }

    #[test]
    fn apts_first_error_is_passed_on_in_one_line() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(
            complaint(&lines("W: old\nE: Unable to locate  package gdot\nE: two")),
            "Unable to locate package gdot"
        );
        assert_eq!(complaint(&lines("Killed")), "Killed");
    }
}
