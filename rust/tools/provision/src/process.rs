//! Running other programs: line by line, with a time limit, none left behind.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::interrupt;

/// How often a wait looks up whether Ctrl-C was pressed.
const POLL: Duration = Duration::from_millis(50);

/// How often a stop looks up whether the process is gone.
const STOP_POLL: Duration = Duration::from_millis(5);

/// Longer than anybody waits, and still a time the clock can count to.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// How long output may trail behind the end of its process.
const TRAILING_OUTPUT: Duration = Duration::from_millis(500);

/// Which of its two outputs a process wrote a line to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// One line a process wrote.
pub struct Line {
    /// Which output it came from.
    pub stream: Stream,
    /// The line without its end.
    pub text: String,
    /// When it was read.
    pub at: Instant,
}

/// A child process that is killed when this value goes away.
pub struct Process {
    name: String,
    child: Child,
}

impl Process {
    /// Starts `command`; `name` is what messages call it.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {name}: {}", describe(command)))?;
        Ok(Self {
            name: name.to_owned(),
            child,
        })
    }

    /// Starts `command` with its output captured, line by line.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub fn spawn_captured(name: &str, command: &mut Command) -> Result<(Self, Receiver<Line>)> {
        command.stdin(Stdio::null());
        Self::capture(name, command)
    }

    /// Starts `command` with its output captured, line by line, and an input to write to.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub fn spawn_conversing(
        name: &str,
        command: &mut Command,
    ) -> Result<(Self, ChildStdin, Receiver<Line>)> {
        command.stdin(Stdio::piped());
        let (mut process, lines) = Self::capture(name, command)?;
        let input = process.child.stdin.take();
        let input = input.with_context(|| format!("{name} has no input"))?;
        Ok((process, input, lines))
    }

    fn capture(name: &str, command: &mut Command) -> Result<(Self, Receiver<Line>)> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Self::spawn(name, command)?;
        let (lines, received) = channel();
        if let Some(out) = process.child.stdout.take() {
            read_lines(Stream::Out, out, lines.clone());
        }
        if let Some(err) = process.child.stderr.take() {
            read_lines(Stream::Err, err, lines);
        }
        Ok((process, received))
    }

    /// The process's standard output, if it was asked for and not taken yet.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// The exit status, if the process has ended.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        self.child
            .try_wait()
            .with_context(|| format!("cannot ask how {} is", self.name))
    }

    /// Waits for the end, for at most `limit`.
    ///
    /// # Errors
    /// If the time is up (the process still runs then) or on Ctrl-C.
    pub fn wait(&mut self, limit: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                bail!("{} did not end within {} s", self.name, limit.as_secs());
            }
            interrupt::check()?;
            thread::sleep(POLL.min(limit));
        }
    }

    /// Asks the process to end (SIGTERM) and waits, for at most `limit`, for it
    /// to do so; then kills it. Ctrl-C does not cut this short. Where there are
    /// no signals, kills it at once.
    ///
    /// # Errors
    /// If it had to be killed, or the system refuses.
    pub fn stop(&mut self, limit: Duration) -> Result<ExitStatus> {
        if let Some(status) = self.try_wait()? {
            return Ok(status);
        }
        self.terminate()?;
        self.end_within(limit)
    }

    /// Waits for the end, for at most `limit`, and then kills the process. Ctrl-C does not
    /// cut this short.
    ///
    /// # Errors
    /// If it had to be killed, or the system refuses.
    pub fn end_within(&mut self, limit: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            thread::sleep(STOP_POLL);
        }
        self.kill()?;
        bail!(
            "{} did not stop within {} s and was killed",
            self.name,
            limit.as_secs()
        );
    }

    #[cfg(unix)]
    fn terminate(&self) -> Result<()> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .context("the system gave a process id out of range")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)
            .with_context(|| format!("cannot send SIGTERM to {}", self.name))
    }

    #[cfg(not(unix))]
    fn terminate(&mut self) -> Result<()> {
        self.kill()
    }

    /// Ends the process at once (SIGKILL) and waits for its end.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        self.child
            .kill()
            .with_context(|| format!("cannot kill {}", self.name))?;
        self.child
            .wait()
            .with_context(|| format!("cannot wait for {}", self.name))?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nothing can be done about an error here, and the usual one is that
        // the process is gone already.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// Runs `command` with the terminal as its output and waits for success.
///
/// # Errors
/// If it cannot be started, fails, or on Ctrl-C.
pub fn run(name: &str, command: &mut Command) -> Result<()> {
    let mut process = Process::spawn(name, command)?;
    let status = process.wait(FOR_EVER)?;
    expect_success(name, status)
}

/// Runs `command`, hands each line of its output to `on_line`, and returns how
/// it ended. It is killed when `limit` is over.
///
/// # Errors
/// If it cannot be started, takes too long, `on_line` fails, or on Ctrl-C.
pub fn run_lines(
    name: &str,
    command: &mut Command,
    limit: Duration,
    mut on_line: impl FnMut(Line) -> Result<()>,
) -> Result<ExitStatus> {
    let deadline = Instant::now() + limit;
    let (mut process, lines) = Process::spawn_captured(name, command)?;
    let mut ended_at = None;
    loop {
        match lines.recv_timeout(POLL) {
            Ok(line) => on_line(line)?,
            Err(RecvTimeoutError::Timeout) => {}
            // Both outputs are closed: all that is left is the exit status.
            Err(RecvTimeoutError::Disconnected) => {
                return process.wait(deadline.saturating_duration_since(Instant::now()));
            }
        }
        interrupt::check()?;
        if ended_at.is_none() && process.try_wait()?.is_some() {
            ended_at = Some(Instant::now());
        }
        // A grandchild may keep the outputs open for ever.
        if ended_at.is_some_and(|ended| ended.elapsed() > TRAILING_OUTPUT) {
            return process.wait(POLL);
        }
        if Instant::now() >= deadline {
            bail!(
                "{name} did not end within {} s and was killed",
                limit.as_secs()
            );
        }
    }
}

/// What `command` prints on its standard output when it succeeds.
///
/// # Errors
/// If it cannot be started or fails.
pub fn output(name: &str, command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {name}: {}", describe(command)))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        bail!("{name} failed ({}): {}", output.status, errors.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// # Errors
/// If `status` is not success.
pub fn expect_success(name: &str, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    // A Ctrl-C in the terminal reaches the child as well as us.
    interrupt::check()?;
    bail!("{name} failed ({status})")
}

/// The program file called `name` on PATH.
pub fn find_on_path(name: &str) -> Option<std::path::PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(&file))
        .find(|candidate| candidate.is_file())
}

fn describe(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(
        command
            .get_args()
            .map(|argument| argument.to_string_lossy()),
    );
    words.join(" ")
}

fn read_lines(stream: Stream, from: impl Read + Send + 'static, to: Sender<Line>) {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut bytes = Vec::new();
        // A line need not be UTF-8: players' text passes through here.
        while matches!(from.read_until(b'\n', &mut bytes), Ok(1..)) {
            let text = String::from_utf8_lossy(&bytes)
                .trim_end_matches(['\r', '\n'])
                .to_owned();
            bytes.clear();
            let at = Instant::now();
            if to.send(Line { stream, text, at }).is_err() {
                return;
            }
        }
    });
}
