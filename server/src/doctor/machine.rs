//! The machine: its disks, its limits, its clock, and who may read what.

use std::fs;
use std::path::Path;

use super::Finding;

const MIB: u64 = 1 << 20;
/// Less than this, and the next lines may find no room.
const FEW_BYTES: u64 = 64 * MIB;
/// Less than this is worth a word.
const SOME_BYTES: u64 = 1024 * MIB;
/// Files that a server has open beside its connections.
const OTHER_FILES: u64 = 64;

/// Whether there is room on the disk of a file, which may still be to be made; `more` is what
/// it has to have room for beside.
pub(super) fn space(check: &'static str, file: &Path, more: u64) -> Finding {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let shown = folder.display();
    #[cfg(unix)]
    {
        let disk = match rustix::fs::statvfs(folder) {
            Ok(disk) => disk,
            Err(cause) => {
                let said = format!("{shown} cannot be looked at ({cause}); create the folder");
                return Finding::fail(check, said);
            }
        };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let told = format!("{} MiB are free on the disk of {shown}", free / MIB);
        if free < FEW_BYTES {
            Finding::fail(check, format!("{told}; make room"))
        } else if free < SOME_BYTES.max(more) {
            Finding::warn(check, format!("{told}; make room before it is full"))
        } else {
            Finding::ok(check, told)
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (more, FEW_BYTES, SOME_BYTES);
        Finding::ok(check, format!("not looked at for {shown} on this system"))
    }
}

/// Whether so many connections may be open. The server raises its limit as far as it can.
pub(super) fn open_files(connections: usize) -> Finding {
    let check = "open-files";
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};
        let needed = u64::try_from(connections).unwrap_or(u64::MAX);
        let needed = needed.saturating_add(OTHER_FILES);
        match getrlimit(Resource::Nofile).maximum {
            Some(most) if most < needed => Finding::warn(
                check,
                format!(
                    "who runs this may open {most} files, and {connections} connections take \
                     {needed}; raise LimitNOFILE, or ulimit -Hn, or lower --max-connections"
                ),
            ),
            Some(most) => Finding::ok(check, format!("{most} files may be open")),
            None => Finding::ok(check, "any number of files may be open"),
        }
    }
    #[cfg(not(unix))]
    {
        let _ = OTHER_FILES;
        Finding::ok(
            check,
            format!("no limit known for {connections} connections"),
        )
    }
}

/// Whether the network keeps the clock right, where systemd says so. Nothing is known of
/// other programs that do.
pub(super) fn synchronised() -> Option<Finding> {
    let folder = Path::new("/run/systemd/timesync");
    if !folder.is_dir() {
        return None;
    }
    Some(if folder.join("synchronized").exists() {
        Finding::ok("clock-sync", "the network keeps the clock right")
    } else {
        Finding::warn(
            "clock-sync",
            "the clock was not set by the network since the start of the machine; see timedatectl",
        )
    })
}

/// Whether a file with something secret in it can be read by its owner only, or by a group
/// that was chosen.
pub(super) fn secret(check: &'static str, file: &Path) -> Finding {
    let shown = file.display();
    match fs::metadata(file) {
        Err(cause) => Finding::fail(check, format!("{shown} cannot be read: {cause}")),
        Ok(found) => match mode_for_others(&found, 0o007) {
            None => Finding::ok(check, format!("{shown} is closed to others")),
            Some(mode) => Finding::warn(
                check,
                format!(
                    "everybody on the machine can read {shown} (its mode is {mode:o}): chmod o= {shown}"
                ),
            ),
        },
    }
}

/// The mode, if it gives others any of these rights.
pub(super) fn mode_for_others(found: &fs::Metadata, rights: u32) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = found.permissions().mode() & 0o777;
        (mode & rights != 0).then_some(mode)
    }
    #[cfg(not(unix))]
    {
        let _ = (found, rights);
        None
    }
}
