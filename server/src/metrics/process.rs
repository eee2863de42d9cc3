//! What the system says of the process, as far as it does.

/// Known on Linux alone; where something cannot be read, it is left out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Process {
    /// Time of processors taken so far.
    pub(super) cpu_seconds: Option<f64>,
    /// Memory that is in RAM.
    pub(super) resident_bytes: Option<f64>,
    /// Files and sockets.
    pub(super) open_files: Option<f64>,
    /// How many there may be.
    pub(super) max_open_files: Option<f64>,
}

#[cfg(not(target_os = "linux"))]
impl Process {
    pub(super) fn look() -> Self {
        Self::default()
    }
}

#[cfg(target_os = "linux")]
impl Process {
    /// Reads some small files that are none on a disk.
    pub(super) fn look() -> Self {
        use rustix::process::{Resource, getrlimit};
        Self {
            cpu_seconds: Some(cpu_seconds()),
            resident_bytes: resident_bytes(),
            // The one through which they are counted is open as well.
            open_files: std::fs::read_dir("/proc/self/fd")
                .ok()
                .map(|files| files.count().saturating_sub(1) as f64),
            max_open_files: getrlimit(Resource::Nofile).current.map(|most| most as f64),
        }
    }
}

#[cfg(target_os = "linux")]
fn cpu_seconds() -> f64 {
    use rustix::time::{ClockId, clock_gettime};
    let taken = clock_gettime(ClockId::ProcessCPUTime);
    taken.tv_sec as f64 + taken.tv_nsec as f64 / 1e9
}

#[cfg(target_os = "linux")]
fn resident_bytes() -> Option<f64> {
    let sizes = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = sizes.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as f64)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_what_the_process_takes() {
        let before = Process::look();
        let file = tempfile::tempfile().unwrap();
        let after = Process::look();
        assert!(before.cpu_seconds > Some(0.0) && after.cpu_seconds >= before.cpu_seconds);
        // A test program takes a few megabytes, and is not allowed a terabyte.
        let resident = before.resident_bytes.unwrap();
        assert!((1e6..1e12).contains(&resident), "{resident}");
        // Other tests open files at the same time.
        assert!(after.open_files.unwrap() >= 4.0);
        assert!(after.max_open_files.unwrap() >= after.open_files.unwrap());
        drop(file);
    }
}
