//! Limits that the system sets to the process.

use std::io;

/// Raises the number of files that may be open as far as the system lets us: each
/// connection takes one, and many systems allow a program 1,024 until it asks for more.
pub fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Failing leaves the limit as it was; the listener copes with it.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// Lets everybody else have ten times as much of the processor. On Linux that is for the calling thread alone,
/// and for good.
pub fn step_back() {
    #[cfg(target_os = "linux")]
    {
        const A_TENTH: i32 = 10;
        // Where it is not allowed, the work is done as any other.
        let _ = rustix::process::setpriority_process(None, A_TENTH);
    }
}

/// Has the process go on where a file may not grow any further, as the log may not: a
/// signal comes with that error, and would end it. To be called within the runtime.
///
/// # Errors
/// When the system does not let us listen for signals.
pub fn outlive_file_size_limit() -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        // Once it is listened for, it stays so, whether anybody waits for it or not.
        let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?;
    }
    Ok(())
}
