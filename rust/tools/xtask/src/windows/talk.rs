//! A program that is talked with: it is given lines, and what it prints is waited for.

use std::io::Write;
use std::process::{ChildStdin, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use longhall_provision::interrupt;
use longhall_provision::process::{self, Line, Process};

/// Longer than anything that is waited for takes, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(50);

/// A running program. It is killed when this value goes away.
pub(super) struct Talk {
    name: String,
    process: Process,
    input: Option<ChildStdin>,
    lines: Receiver<Line>,
    said: Vec<String>,
}

impl Talk {
    /// Starts `command`; `name` is what messages call it.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(super) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let (process, input, lines) = Process::spawn_conversing(name, command)?;
        Ok(Self {
            name: name.to_owned(),
            process,
            input: Some(input),
            lines,
            said: Vec::new(),
        })
    }

    /// Gives the program a line.
    ///
    /// # Errors
    /// If it takes none.
    pub(super) fn tell(&mut self, line: &str) -> Result<()> {
        let Some(input) = &mut self.input else {
            bail!("the input of {} is closed", self.name);
        };
        writeln!(input, "{line}")
            .and_then(|()| input.flush())
            .with_context(|| format!("{} takes no line: {}", self.name, self.all()))
    }

    /// Waits for a line that contains `words`, and hands it out. Lines before it are passed
    /// over.
    ///
    /// # Errors
    /// If the program ends without one, or none comes in time; or on Ctrl-C.
    pub(super) fn wait_for(&mut self, words: &str) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let line = self
                .next_line(deadline)
                .with_context(|| format!("waiting for `{words}` of {}", self.name))?;
            match line {
                Some(line) if line.contains(words) => return Ok(line),
                Some(_) => {}
                None => bail!("{} never said `{words}`: {}", self.name, self.all()),
            }
        }
    }

    /// Whether a line so far ended with `words`.
    pub(super) fn has_said(&self, words: &str) -> bool {
        self.said.iter().any(|line| line.ends_with(words))
    }

    /// Closes the input and waits for the end. Hands out all that the program said from the
    /// first line on.
    ///
    /// # Errors
    /// If it does not end in time, or fails; or on Ctrl-C.
    pub(super) fn finish(mut self) -> Result<Vec<String>> {
        let status = self.end()?;
        process::expect_success(&self.name, status).with_context(|| self.all())?;
        Ok(self.said)
    }

    /// Closes the input and waits for the end, whichever it is.
    ///
    /// # Errors
    /// If it does not end in time; or on Ctrl-C.
    pub(super) fn end(&mut self) -> Result<ExitStatus> {
        self.input = None;
        let deadline = Instant::now() + PATIENCE;
        while self.next_line(deadline)?.is_some() {}
        self.process.wait(PATIENCE)
    }

    /// The next line; `None` when the program has closed its output.
    fn next_line(&mut self, deadline: Instant) -> Result<Option<String>> {
        loop {
            match self.lines.recv_timeout(POLL) {
                Ok(line) => {
                    self.said.push(line.text.clone());
                    return Ok(Some(line.text));
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) if Instant::now() >= deadline => {
                    bail!(
                        "{} did nothing for {} s: {}",
                        self.name,
                        PATIENCE.as_secs(),
                        self.all()
                    );
                }
                Err(RecvTimeoutError::Timeout) => interrupt::check()?,
            }
        }
    }

    /// What it said, for whoever has to find out what went wrong.
    fn all(&self) -> String {
        match self.said.is_empty() {
            true => "it said nothing".to_owned(),
            false => format!("it said\n    {}", self.said.join("\n    ")),
        }
    }
}
