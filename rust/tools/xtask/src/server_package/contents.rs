//! What goes with the program: settings, licence, notices, the unit for systemd.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use longhall_provision::process;

use super::platform::Platform;
use crate::package::notices;
use crate::{cross, workspace};

/// Where they lie that are the server's alone.
const PACKAGING: &str = "server/packaging";

/// All of it, for one platform.
pub(crate) struct Contents {
    pub(crate) version: String,
    pub(crate) commit: Commit,
    pub(crate) license: String,
    pub(crate) changelog: String,
    /// `longhall.example.toml`.
    pub(crate) settings: String,
    /// `longhall.example.env`.
    pub(crate) variables: String,
    third_parties: String,
    /// Further files with terms: of the standard library, and of a fetched toolchain.
    others: Vec<(&'static str, Vec<u8>)>,
}

/// When what is packed was written: the same on each machine.
pub(crate) struct Commit {
    /// In seconds since 1970.
    pub(crate) time: u64,
    /// As mail and Debian's changelogs write it.
    pub(crate) date: String,
    /// As JSON has it (RFC 3339).
    pub(crate) timestamp: String,
}

impl Contents {
    /// Gathers it.
    ///
    /// # Errors
    /// If a file is missing, the licence of a crate is not known, or this is no clone.
    pub(crate) fn gather(platform: Platform) -> Result<Self> {
        let mut others = cross::notices(platform.target())?;
        let standard_library = notices::standard_library();
        others.extend(standard_library.map(|html| (notices::STANDARD_LIBRARY_FILE, html)));
        Ok(Self {
            version: notices::version()?,
            commit: Commit::checked_out()?,
            license: read("LICENSE")?,
            changelog: read("CHANGELOG.md")?,
            settings: read("server/longhall.example.toml")?,
            variables: read("server/longhall.example.env")?,
            third_parties: notices::write(
                &notices::SERVER,
                &BTreeSet::from([platform.target().triple()]),
            )?,
            others,
        })
    }

    /// A file of `server/packaging`.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn packaging(&self, name: &str) -> Result<String> {
        read(&format!("{PACKAGING}/{name}"))
    }

    /// Whose work is in the program: files and their text.
    pub(crate) fn notices(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let third_parties = (notices::FILE, self.third_parties.as_bytes());
        let others = self.others.iter().map(|(name, bytes)| (*name, &bytes[..]));
        [third_parties].into_iter().chain(others)
    }

    #[cfg(test)]
    pub(crate) fn sample() -> Self {
        Self {
            version: "1.2.3".into(),
            commit: Commit {
                time: 1_700_000_000,
                date: "Tue, 14 Nov 2023 22:13:20 +0000".into(),
                timestamp: "2023-11-14T22:13:20+00:00".into(),
            },
            license: read("LICENSE").unwrap(),
            changelog: "# Changelog\n".into(),
            settings: "#database = \"longhall.db\"\n#backup-folder = \"\"\n".into(),
            variables: "#LONGHALL_DATABASE=longhall.db\n".into(),
            third_parties: "Everybody's work\n".into(),
            others: Vec::new(),
        }
    }
}

impl Commit {
    fn checked_out() -> Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(workspace::root());
        git.args(["log", "-1", "--format=%ct %cI %cD"]);
        let said = process::output("git", &mut git)
            .context("git tells how old the files in a package are; is this a clone?")?;
        let mut words = said.trim().splitn(3, ' ');
        let mut next = || {
            let word = words.next();
            word.context("git does not say when the last commit was made")
        };
        let (time, timestamp, date) = (next()?, next()?, next()?);
        Ok(Self {
            time: time.parse().context("git gives a time that is no number")?,
            date: date.to_owned(),
            timestamp: timestamp.to_owned(),
        })
    }
}

fn read(file: &str) -> Result<String> {
    let path = workspace::root().join(Path::new(file));
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}
