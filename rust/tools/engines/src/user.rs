//! As whom PostgreSQL runs: it refuses to be root.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Who may do nothing on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// `nobody` if we are root; none if we need not be another.
///
/// # Errors
/// If we are root and this system has no `nobody`.
pub(crate) fn unprivileged() -> Result<Option<User>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    let nobody = users.lines().find_map(parse_nobody);
    nobody
        .map(Some)
        .context("PostgreSQL does not run as root, and this system has no user `nobody`")
}

/// Whether everybody may enter the folder, and all that it lies in.
pub(crate) fn is_open_to_all(folder: &Path) -> bool {
    folder
        .ancestors()
        .all(|part| fs::metadata(part).is_ok_and(|found| found.mode() & 0o001 != 0))
}

/// Reads `nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin`.
fn parse_nobody(line: &str) -> Option<User> {
    let mut words = line.strip_prefix("nobody:")?.split(':').skip(1);
    Some(User {
        uid: words.next()?.parse().ok()?,
        gid: words.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn nobody_is_found_among_the_users() {
        let line = "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin";
        let nobody = User {
            uid: 65534,
            gid: 65533,
        };
        assert_eq!(parse_nobody(line), Some(nobody));
        assert_eq!(parse_nobody("root:x:0:0:root:/root:/bin/bash"), None);
    }

    #[test]
    fn a_folder_in_a_closed_folder_is_not_open_to_all() {
        let closed = tempfile::tempdir().unwrap();
        let inner = closed.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let set = |folder: &Path, mode| {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        };
        set(&inner, 0o755);
        set(closed.path(), 0o700);
        assert!(!is_open_to_all(&inner));
        set(closed.path(), 0o755);
        assert!(is_open_to_all(&inner));
    }
}
