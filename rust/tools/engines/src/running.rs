//! An engine's process, and waiting until it is ready.

use std::fs::{self, File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use longhall_provision::process;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// Longest time for an engine to be ready, on a machine that has much else to do.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Longest time for it to end when it is told to; then it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(5);

/// Lines of the log that an error shows.
const SHOWN_LINES: usize = 12;

/// An engine's process, killed when this value goes away.
pub(crate) struct Running {
    name: &'static str,
    child: Child,
    log: Log,
}

/// What an engine writes, from one start on.
pub(crate) struct Log {
    file: PathBuf,
    from: usize,
}

impl Running {
    /// Starts `command`, which writes to the end of the file `log`.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn start(name: &'static str, command: &mut Command, log: &Path) -> Result<Self> {
        let explain = || format!("cannot write {}", log.display());
        let file: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .with_context(explain)?;
        let from = file.metadata().with_context(explain)?.len();
        let errors = file.try_clone().with_context(explain)?;
        command.stdin(Stdio::null()).stdout(file).stderr(errors);
        // A Ctrl-C in the terminal is for the test alone, which ends us in good order.
        command.process_group(0);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self {
            name,
            child,
            log: Log {
                file: log.to_owned(),
                from: usize::try_from(from).unwrap_or(usize::MAX),
            },
        })
    }

    /// Waits until the engine is ready as `is_ready` sees it.
    ///
    /// # Errors
    /// If it ends before, or takes too long: with the last lines of its log.
    pub(crate) fn wait_until(&mut self, is_ready: impl Fn(&Self) -> bool) -> Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        while !is_ready(self) {
            let name = self.name;
            if let Some(status) = self.try_wait()? {
                bail!("{name} ended ({status}): {}", self.log.last_lines());
            }
            if Instant::now() >= deadline {
                let limit = START_LIMIT.as_secs();
                bail!(
                    "{name} is not ready after {limit} s: {}",
                    self.log.last_lines()
                );
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// If the process is gone.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(Pid::from_child(&self.child), signal)
            .with_context(|| format!("cannot send a signal to {}", self.name))
    }

    /// Has the process stand still, and waits until it does.
    ///
    /// # Errors
    /// If it is gone, or goes on for too long.
    pub(crate) fn pause(&self) -> Result<()> {
        self.signal(Signal::STOP)?;
        // The signal is sent, but some of its threads may have a while to run yet.
        let deadline = Instant::now() + STOP_LIMIT;
        let id = Pid::from_child(&self.child);
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        while waitid(WaitId::Pid(id), options)
            .context("no process to pause")?
            .is_none()
        {
            if Instant::now() >= deadline {
                bail!("{} does not stand still", self.name);
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// The processes it has started.
    ///
    /// # Errors
    /// If the system does not tell.
    pub(crate) fn children(&self) -> Result<Vec<Pid>> {
        let mut ps = Command::new("ps");
        let listed = process::output("ps", ps.args(["-A", "-o", "ppid=,pid="]))?;
        let own = self.id().to_string();
        let children = listed.lines().filter_map(|line| {
            let (parent, child) = line.trim().split_once(char::is_whitespace)?;
            let child = child.trim().parse().ok().filter(|_| parent == own)?;
            Pid::from_raw(child)
        });
        Ok(children.collect())
    }

    /// Has the process end by a signal, or be killed if it does not, and waits for that.
    ///
    /// # Errors
    /// If it had to be killed, or was gone.
    pub(crate) fn stop(mut self, signal: Signal) -> Result<ExitStatus> {
        self.signal(signal)?;
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            thread::sleep(POLL);
        }
        bail!("{} did not end: {}", self.name, self.log.last_lines())
    }

    fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        let name = self.name;
        self.child
            .try_wait()
            .with_context(|| format!("cannot ask how {name} is"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing can be done about an error here, and the usual one is that it has ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Log {
    /// Whether one of these words is in it.
    pub(crate) fn has(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    fn last_lines(&self) -> String {
        let text = self.text();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
    }

    fn text(&self) -> String {
        let bytes = fs::read(&self.file).unwrap_or_default();
        String::from_utf8_lossy(bytes.get(self.from..).unwrap_or_default()).into_owned()
    }
}
