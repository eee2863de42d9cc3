//! Steps that need not run again while what they judge stays the same.

mod crates;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::workspace;

/// What a step judges, as a sum over files, and what it was when the step last passed.
pub(crate) struct Stamp {
    file: PathBuf,
    sum: String,
}

/// Whether steps run although nothing has changed.
static AGAIN: AtomicBool = AtomicBool::new(false);

/// Has all steps run from now on, whether what they judge has changed or not.
pub(crate) fn run_all_again() {
    AGAIN.store(true, Ordering::Relaxed);
}

impl Stamp {
    /// As [`Stamp::of`], for a step that takes many minutes. Its sum is kept in the repository,
    /// to be committed with the change, so that a fresh clone need not run it again.
    ///
    /// `built` are packages that the step builds: the crates that they are built of are covered,
    /// and the profiles, but no crate of other packages. Their own files are to be in `covered`.
    ///
    /// # Errors
    /// If one of the files cannot be read, or cargo cannot tell the crates.
    pub(crate) fn recorded<'a>(
        step: &str,
        built: &[&str],
        covered: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        let root = workspace::root();
        let covered = covered.into_iter().map(|path| root.join(path));
        let mut sum = Sum::of(&root, covered)?;
        for package in built {
            sum.add(package, crates::of(&root, package)?.as_bytes());
        }
        if !built.is_empty() {
            sum.add("profiles", crates::profiles(&root)?.as_bytes());
        }
        Ok(Self {
            file: root.join(".ci/passed").join(step),
            sum: sum.finish(),
        })
    }

    /// Sums up `covered`: files, and folders with all that is in them. `file` is where
    /// the sum of the last pass is kept.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub(crate) fn of(file: PathBuf, covered: impl IntoIterator<Item = PathBuf>) -> Result<Self> {
        let sum = Sum::of(&workspace::root(), covered)?.finish();
        Ok(Self { file, sum })
    }

    /// Whether nothing has changed since the step last passed.
    pub(crate) fn is_kept(&self) -> bool {
        let is_kept = |last: String| last.trim_end() == self.sum;
        !AGAIN.load(Ordering::Relaxed) && fs::read_to_string(&self.file).is_ok_and(is_kept)
    }

    /// Notes that the step has passed.
    ///
    /// # Errors
    /// If that cannot be written.
    pub(crate) fn keep(&self) -> Result<()> {
        workspace::write(&self.file, &format!("{}\n", self.sum))
    }
}

/// A sum over what a step judges, which is the same wherever the checkout lies.
struct Sum(Sha256);

impl Sum {
    /// Of files, and folders with all that is in them, of a checkout at `root`.
    fn of(root: &Path, covered: impl IntoIterator<Item = PathBuf>) -> Result<Self> {
        let mut sum = Self(Sha256::new());
        for path in covered {
            let mut all = if path.is_dir() {
                files(&path)?
            } else {
                vec![path]
            };
            all.sort();
            for file in all {
                let bytes =
                    fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
                let name = file.strip_prefix(root).unwrap_or(&file);
                sum.add(&name.to_string_lossy(), &bytes);
            }
        }
        Ok(sum)
    }

    fn add(&mut self, name: &str, bytes: &[u8]) {
        self.0.update(name.as_bytes());
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn finish(self) -> String {
        let sum = self.0.finalize();
        sum.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// All files in a folder and below.
///
/// # Errors
/// If a folder cannot be read.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let explain = || format!("cannot look into {}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(explain)? {
        let path = entry.with_context(explain)?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_kept_until_a_covered_file_changes() {
        let folder = workspace::scratch_dir("tmp").join("stamp-test");
        let (covered, stamp) = (folder.join("covered"), folder.join("stamp"));
        fs::create_dir_all(&folder).unwrap();
        fs::remove_file(&stamp).ok();
        let now = || Stamp::of(stamp.clone(), [covered.clone()]).unwrap();
        fs::write(&covered, "one").unwrap();
        assert!(!now().is_kept());
        now().keep().unwrap();
        assert!(now().is_kept());
        fs::write(&covered, "two").unwrap();
        assert!(!now().is_kept());
    }

    #[test]
    fn two_checkouts_of_the_same_files_have_the_same_sum() {
        let folder = workspace::scratch_dir("tmp").join("stamp-checkouts");
        let sum_in = |checkout: &str, name: &str, text: &str| {
            let root = folder.join(checkout);
            fs::remove_dir_all(&root).ok();
            fs::create_dir_all(root.join("src")).unwrap();
            fs::write(root.join("src").join(name), text).unwrap();
            Sum::of(&root, [root.join("src")]).unwrap().finish()
        };
        let first = sum_in("one", "lib.rs", "text");
        assert_eq!(sum_in("two", "lib.rs", "text"), first);
        assert_ne!(sum_in("two", "lib.rs", "other"), first);
        assert_ne!(sum_in("two", "main.rs", "text"), first);
    }

    #[test]
    fn a_recorded_step_is_skipped_only_for_the_sum_in_the_repository() {
        let stamp = Stamp::recorded("no-such-step", &[], ["rust-toolchain.toml"]).unwrap();
        assert!(!stamp.is_kept(), "a step without a record is to run");
        assert!(stamp.file.starts_with(workspace::root().join(".ci/passed")));
    }

    #[test]
    fn a_recorded_step_covers_the_crates_of_the_packages_it_builds() {
        let sum_with = |built: &[&str]| Stamp::recorded("no-such-step", built, []).unwrap().sum;
        let addon = sum_with(&["longhall-network-client"]);
        assert_eq!(sum_with(&["longhall-network-client"]), addon);
        assert_ne!(sum_with(&["longhall-server"]), addon);
        assert_ne!(sum_with(&[]), addon);
    }
}
