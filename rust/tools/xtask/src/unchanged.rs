//! Steps that need not run again while what they judge stays the same.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::workspace;

/// What a step judges, as a sum over files, and what it was when the step last passed.
pub(crate) struct Stamp {
    file: PathBuf,
    sum: String,
}

impl Stamp {
    /// Sums up `covered`: files, and folders with all that is in them. `file` is where
    /// the sum of the last pass is kept.
    ///
    /// # Errors
    /// If one of them cannot be read.
    pub(crate) fn of(file: PathBuf, covered: impl IntoIterator<Item = PathBuf>) -> Result<Self> {
        let mut sum = Sha256::new();
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
                sum.update(file.to_string_lossy().as_bytes());
                sum.update((bytes.len() as u64).to_le_bytes());
                sum.update(bytes);
            }
        }
        let sum = sum.finalize();
        let sum = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { file, sum })
    }

    /// Whether nothing has changed since the step last passed.
    pub(crate) fn is_kept(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|last| last == self.sum)
    }

    /// Notes that the step has passed.
    ///
    /// # Errors
    /// If that cannot be written.
    pub(crate) fn keep(&self) -> Result<()> {
        workspace::write(&self.file, &self.sum)
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
}
