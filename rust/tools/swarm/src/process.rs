//! What another process costs, by the operating system's own accounting.

use std::time::Duration;

use crate::SwarmError;

/// A process to look at; usually the server.
#[derive(Clone, Copy, Debug)]
pub struct Process {
    pid: u32,
    #[cfg(target_os = "linux")]
    clock: nix::time::ClockId,
}

impl Process {
    /// Looks for a process.
    ///
    /// # Errors
    /// [`SwarmError::Process`] when there is none, or the system does not tell.
    #[cfg(target_os = "linux")]
    pub fn find(pid: u32) -> Result<Self, SwarmError> {
        let fail = |why: String| SwarmError::Process { pid, why };
        let raw = i32::try_from(pid).map_err(|_| fail("no such process".to_owned()))?;
        let clock = nix::time::clock_getcpuclockid(nix::unistd::Pid::from_raw(raw))
            .map_err(|cause| fail(cause.desc().to_owned()))?;
        Ok(Self { pid, clock })
    }

    /// Looks for a process.
    ///
    /// # Errors
    /// Always: only Linux tells about other processes this way.
    #[cfg(not(target_os = "linux"))]
    pub fn find(pid: u32) -> Result<Self, SwarmError> {
        let why = "only known how to on Linux".to_owned();
        Err(SwarmError::Process { pid, why })
    }

    /// The processor time it has used, its own and the system's on its behalf, by
    /// all its threads.
    ///
    /// # Errors
    /// [`SwarmError::Process`] when it is gone.
    pub fn cpu_time(&self) -> Result<Duration, SwarmError> {
        #[cfg(target_os = "linux")]
        {
            let time = nix::time::clock_gettime(self.clock);
            time.map(Duration::from)
                .map_err(|_| self.fail("it is gone"))
        }
        #[cfg(not(target_os = "linux"))]
        Err(self.fail("only known how to on Linux"))
    }

    /// The memory it holds, in bytes: what `/proc/PID/smaps_rollup` calls Rss.
    ///
    /// # Errors
    /// [`SwarmError::Process`] when it is gone, or the system does not tell.
    pub fn memory(&self) -> Result<u64, SwarmError> {
        let path = format!("/proc/{}/smaps_rollup", self.pid);
        let text = std::fs::read_to_string(path).map_err(|_| self.fail("it is gone"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("Rss:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.map(|kib| kib * 1024)
            .ok_or_else(|| self.fail("its memory is not told"))
    }

    fn fail(&self, why: &str) -> SwarmError {
        SwarmError::Process {
            pid: self.pid,
            why: why.to_owned(),
        }
    }
}
