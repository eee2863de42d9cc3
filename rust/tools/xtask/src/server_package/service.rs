//! Runs an installed server as systemd would, by its unit.

use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use longhall_provision::interrupt;
use longhall_provision::process::{self, Line, Process};

/// More than the slowest machine, or an emulated one, takes.
const START_LIMIT: Duration = Duration::from_secs(120);
/// As the unit has it.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// What of the unit decides how the program is started.
pub(crate) struct Unit {
    /// The program, as the installed system calls it.
    pub(crate) program: String,
    /// Variables, those of the settings' file last.
    pub(crate) variables: BTreeMap<String, String>,
    /// The folder that systemd makes for the service.
    pub(crate) state: String,
    /// What is run before it, as words.
    pub(crate) before: Vec<Vec<String>>,
}

impl Unit {
    /// Reads the unit that was installed below `root`, and its settings.
    ///
    /// # Errors
    /// If there is none, or a thing is missing in it.
    pub(crate) fn read(root: &Path, file: &str) -> Result<Self> {
        let text = read(root, file)?;
        let values = |key: &str| -> Vec<&str> {
            let lines = text.lines().filter_map(|line| line.split_once('='));
            lines
                .filter(|(name, _)| *name == key)
                .map(|(_, value)| value)
                .collect()
        };
        let one = |key: &str| {
            let value = values(key).first().copied();
            value.with_context(|| format!("{file} has no {key}"))
        };
        let program = one("ExecStart")?;
        let folders = ["usr/local/bin", "usr/bin"];
        let program = folders
            .into_iter()
            .map(|folder| format!("{folder}/{program}"))
            .find(|path| root.join(path).is_file())
            .with_context(|| format!("{program}, which {file} starts, is not installed"))?;
        let mut variables = BTreeMap::new();
        for setting in values("Environment") {
            set(&mut variables, setting)?;
        }
        for file in values("EnvironmentFile") {
            let path = file.trim_start_matches(['-', '/']);
            if file.starts_with('-') && !root.join(path).exists() {
                continue;
            }
            let settings = read(root, path)?;
            let settings = settings.lines().map(str::trim);
            for setting in settings.filter(|line| !line.is_empty() && !line.starts_with('#')) {
                set(&mut variables, setting)?;
            }
        }
        Ok(Self {
            program: format!("/{program}"),
            variables,
            state: format!("var/lib/{}", one("StateDirectory")?),
            before: values("ExecStartPre")
                .into_iter()
                .map(|line| line.split(' ').map(str::to_owned).collect())
                .collect(),
        })
    }
}

fn set(variables: &mut BTreeMap<String, String>, setting: &str) -> Result<()> {
    let (name, value) = setting
        .split_once('=')
        .with_context(|| format!("`{setting}` is no variable"))?;
    variables.insert(name.to_owned(), value.trim_matches('\'').to_owned());
    Ok(())
}

fn read(root: &Path, file: &str) -> Result<String> {
    let path = root.join(file);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// A server that runs, and is stopped when this value goes away.
pub(crate) struct Running {
    process: Process,
    log: Receiver<Line>,
}

impl Running {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// If it ends, or does not listen in time; with what it says.
    pub(crate) fn start(command: &mut Command, address: SocketAddr) -> Result<Self> {
        let (process, log) = Process::spawn_captured("the server", command)?;
        let mut running = Self { process, log };
        let deadline = Instant::now() + START_LIMIT;
        while TcpStream::connect_timeout(&address, POLL).is_err() {
            if let Some(status) = running.process.try_wait()? {
                bail!(
                    "the server ended at its start ({status}): {}",
                    running.said()
                );
            }
            if Instant::now() >= deadline {
                bail!("the server does not listen in time: {}", running.said());
            }
            interrupt::check()?;
            thread::sleep(POLL);
        }
        Ok(running)
    }

    /// Stops it by SIGTERM.
    ///
    /// # Errors
    /// If it does not end in good order.
    pub(crate) fn stop(mut self) -> Result<()> {
        let status = self.process.stop(STOP_LIMIT)?;
        process::expect_success("the server", status).with_context(|| self.said())
    }

    fn said(&self) -> String {
        let lines: Vec<_> = self.log.try_iter().map(|line| line.text).collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn settings_count_more_than_what_the_unit_says() {
        let root = workspace::scratch_dir("tmp").join("unit-test");
        let write = |file: &str, text: &str| workspace::write(&root.join(file), text).unwrap();
        write("usr/bin/hall", "");
        write(
            "hall.service",
            "[Service]\nExecStart=hall\nEnvironment=A=1\nEnvironment=B=2\n\
             EnvironmentFile=-/etc/hall.env\nEnvironmentFile=-/etc/none.env\n\
             StateDirectory=hall\nExecStartPre=/bin/mkdir -p /old\n",
        );
        write("etc/hall.env", "# a remark\n#A=3\nB='two words'\n");
        let unit = Unit::read(&root, "hall.service").unwrap();
        assert_eq!(unit.program, "/usr/bin/hall");
        assert_eq!(unit.state, "var/lib/hall");
        assert_eq!(unit.before, [["/bin/mkdir", "-p", "/old"]]);
        let variables = [("A", "1"), ("B", "two words")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(unit.variables, BTreeMap::from(variables));
        fs::remove_file(root.join("usr/bin/hall")).unwrap();
        assert!(Unit::read(&root, "hall.service").is_err());
    }
}
