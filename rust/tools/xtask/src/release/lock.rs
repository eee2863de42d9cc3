//! `Cargo.lock`: which crates were chosen, and their checksums.

/// A crate of the lock file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Locked<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    /// SHA-256 of the archive that the registry serves; our own crates have none.
    pub(crate) checksum: Option<&'a str>,
    /// Whether it is one of this workspace.
    pub(crate) is_ours: bool,
}

/// Reads the file, which cargo writes one `key = "value"` a line.
pub(crate) fn read(lock: &str) -> Vec<Locked<'_>> {
    lock.split("[[package]]")
        .skip(1)
        .filter_map(|block| {
            let value = |key: &str| {
                block.lines().find_map(|line| {
                    let (name, value) = line.split_once(" = ")?;
                    (name == key).then(|| value.trim_matches('"'))
                })
            };
            Some(Locked {
                name: value("name")?,
                version: value("version")?,
                checksum: value("checksum"),
                is_ours: value("source").is_none(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_others_have_checksums_and_ours_have_none() {
        let lock = std::fs::read_to_string(crate::workspace::root().join("Cargo.lock")).unwrap();
        let crates = read(&lock);
        assert!(crates.len() > 100);
        for found in &crates {
            assert_eq!(found.is_ours, found.checksum.is_none(), "{found:?}");
            assert!(
                found.checksum.is_none_or(|sum| sum.len() == 64),
                "{found:?}"
            );
        }
        let ours: Vec<_> = crates.iter().filter(|found| found.is_ours).collect();
        assert!(ours.iter().any(|found| found.name == "longhall-server"));
    }
}
