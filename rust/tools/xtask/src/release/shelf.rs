//! The folder of a release: laid out beside its place, and put there in one step.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::unchanged::files;

/// The checksums of what is published, as `sha256sum -c` reads them.
pub(crate) const SUMS: &str = "SHA256SUMS";

/// What a release consists of: paths with `/`, and bytes. Sorted by path.
#[derive(Default)]
pub(crate) struct Shelf(BTreeMap<String, Vec<u8>>);

impl Shelf {
    /// Adds a file.
    ///
    /// # Errors
    /// If there is one of that name.
    pub(crate) fn put(&mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Result<()> {
        if self.0.insert(name.to_owned(), bytes.into()).is_some() {
            bail!("{name} would be in the release twice");
        }
        Ok(())
    }

    /// Adds a file that was built; the result is its checksum.
    ///
    /// # Errors
    /// If it cannot be read, or there is one of that name.
    pub(crate) fn put_built(&mut self, file: &Path, name: &str) -> Result<String> {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let sum = sum(&bytes);
        self.put(name, bytes)?;
        Ok(sum)
    }

    /// Each file with its size.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.len()))
    }

    /// Writes everything into `folder`, with the checksums of all files that are not in a
    /// folder of their own. A release that is there already is left alone; the result is
    /// whether this one is new.
    ///
    /// # Errors
    /// If there is one with other bytes, or it cannot be written.
    pub(crate) fn finish(mut self, folder: &Path) -> Result<bool> {
        let sums = self.sums();
        self.put(SUMS, sums)?;
        if folder.join(SUMS).exists() {
            return self.compare(folder).map(|()| false);
        }
        // What an interrupted run left is no release: it has no sums.
        let fresh = beside(folder);
        for old in [&fresh, &folder.to_owned()] {
            if old.exists() {
                fs::remove_dir_all(old)
                    .with_context(|| format!("cannot remove {}", old.display()))?;
            }
        }
        for (name, bytes) in &self.0 {
            let file = fresh.join(name);
            let parent = file.parent().unwrap_or(&fresh);
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot create {}", parent.display()))?;
            fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))?;
        }
        fs::rename(&fresh, folder)
            .with_context(|| format!("cannot move the release to {}", folder.display()))?;
        Ok(true)
    }

    fn sums(&self) -> String {
        let mut text = String::new();
        for (name, bytes) in self.0.iter().filter(|(name, _)| !name.contains('/')) {
            writeln!(text, "{}  {name}", sum(bytes)).expect("a String takes everything");
        }
        text
    }

    /// # Errors
    /// If the release in `folder` is not this one.
    fn compare(&self, folder: &Path) -> Result<()> {
        let mut there: Vec<PathBuf> = files(folder)?;
        there.sort();
        let advice = "raise the version; or, if it was never published, delete the folder";
        for file in &there {
            let name = file.strip_prefix(folder).unwrap_or(file).to_string_lossy();
            let bytes =
                fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            match self.0.get(&*name.replace('\\', "/")) {
                Some(new) if *new == bytes => {}
                Some(_) => bail!(
                    "{} is finished, with another {name}: {advice}",
                    folder.display()
                ),
                None => bail!(
                    "{} has {name}, which this release has not: {advice}",
                    folder.display()
                ),
            }
        }
        if there.len() != self.0.len() {
            bail!(
                "{} has fewer files than this release: {advice}",
                folder.display()
            );
        }
        Ok(())
    }
}

/// Where a release is laid out before it is finished.
fn beside(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a String takes everything");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(word: &str) -> Shelf {
        let mut shelf = Shelf::default();
        shelf.put("b.zip", "abc").unwrap();
        shelf.put("a.txt", word).unwrap();
        shelf.put("pictures/c.png", "picture").unwrap();
        shelf
    }

    #[test]
    fn a_release_has_the_sums_of_what_is_published() {
        let folder = tempfile::tempdir().unwrap();
        let release = folder.path().join("release-1.0.0");
        shelf("one").finish(&release).unwrap();
        let sums = fs::read_to_string(release.join(SUMS)).unwrap();
        let lines: Vec<_> = sums.lines().collect();
        assert_eq!(lines.len(), 2, "a picture is not published by itself");
        assert!(lines[0].ends_with("  a.txt"));
        assert_eq!(
            lines[1],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b.zip"
        );
        assert!(release.join("pictures/c.png").exists());
        if let Some(program) = longhall_provision::process::find_on_path("sha256sum") {
            let mut check = std::process::Command::new(program);
            check.args(["-c", "--quiet", SUMS]).current_dir(&release);
            longhall_provision::process::output("sha256sum", &mut check).unwrap();
        }
    }

    #[test]
    fn a_finished_release_is_not_overwritten_with_other_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let release = folder.path().join("release-1.0.0");
        assert!(shelf("one").finish(&release).unwrap());
        assert!(!shelf("one").finish(&release).unwrap());
        let error = shelf("two").finish(&release).unwrap_err().to_string();
        assert!(error.contains("another SHA256SUMS"), "{error}");
        assert_eq!(fs::read_to_string(release.join("a.txt")).unwrap(), "one");

        let mut more = shelf("one");
        more.put("pictures/d.png", "").unwrap();
        let error = more.finish(&release).unwrap_err().to_string();
        assert!(error.contains("fewer files"), "{error}");
    }

    #[test]
    fn what_an_interrupted_run_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let release = folder.path().join("release-1.0.0");
        fs::create_dir_all(beside(&release)).unwrap();
        fs::write(beside(&release).join("half.zip"), "").unwrap();
        fs::create_dir_all(&release).unwrap();
        fs::write(release.join("half.zip"), "").unwrap();
        shelf("one").finish(&release).unwrap();
        assert!(!release.join("half.zip").exists());
    }
}
