//! The server program, killed and started again on the same port and store.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// Lines of a server's log that are kept, for a test that fails.
const KEPT_LINES: usize = 20;

/// Variables that say where a server's store is; not options, which everybody can read.
pub(crate) type Settings = Vec<(&'static str, String)>;

/// A server that dies and comes back.
pub(crate) struct ServerProcess {
    child: Child,
    /// The last lines of its log.
    log: Arc<Mutex<VecDeque<String>>>,
    settings: Settings,
    pub(crate) address: SocketAddr,
}

impl ServerProcess {
    /// Starts the program on a free port and waits until it listens.
    pub(crate) fn start(settings: Settings) -> Self {
        let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let log = Arc::default();
        let (child, address) = spawn(&settings, free, &log).expect("the server starts");
        Self {
            child,
            log,
            settings,
            address,
        }
    }

    /// SIGKILL: no chance to tidy up, or to send what it was about to.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The last lines of its log, if it has ended by itself.
    #[cfg(unix)]
    pub(crate) fn ended(&mut self) -> Option<String> {
        self.child.try_wait().unwrap()?;
        // Until its very last line is there.
        while Arc::strong_count(&self.log) > 1 {
            std::thread::yield_now();
        }
        let log = self.log.lock().unwrap();
        let lines: Vec<_> = log.iter().map(String::as_str).collect();
        Some(lines.join("\n"))
    }

    /// Starts the program again, where players look for it.
    pub(crate) fn restart(&mut self) {
        self.try_restart().expect("the server starts again");
    }

    /// As [`restart`](Self::restart), when the server may have a reason to end at once. What it
    /// said then.
    pub(crate) fn try_restart(&mut self) -> Result<(), String> {
        (self.child, _) = spawn(&self.settings, self.address, &self.log)?;
        Ok(())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Also when a test fails: nobody else would end it.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn spawn(
    settings: &Settings,
    address: SocketAddr,
    kept: &Arc<Mutex<VecDeque<String>>>,
) -> Result<(Child, SocketAddr), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_longhall-server"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LONGHALL_") {
            command.env_remove(name);
        }
    }
    let mut child = command
        .arg(format!("--listen={address}"))
        .envs(settings.iter().cloned())
        .args([
            "--packets-per-second=100000",
            "--max-repeats=0",
            "--new-account-time=0",
            "--unanswered-whispers-per-minute=1000000",
            // Players who are cut off miss more than that of whoever is not.
            "--whispers-waiting=100000",
            "--connections-per-address=1000",
            "--registrations-per-hour=100000",
            "--logins-per-minute=100000",
            "--logins-per-minute-per-name=100000",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    let address = loop {
        let mut line = String::new();
        let read = log.read_line(&mut line).unwrap();
        if read == 0 {
            child.wait().unwrap();
            return Err(seen);
        }
        seen.push_str(&line);
        if let Some((_, rest)) = line.split_once("listening address=") {
            break rest.split_whitespace().next().unwrap().parse().unwrap();
        }
    };
    // Panics and errors of the server are part of what a failing run shows.
    let kept = Arc::clone(kept);
    std::thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            if line.contains("ERROR") || line.contains("panicked") {
                eprintln!("server: {line}");
            }
            let mut kept = kept.lock().unwrap();
            if kept.len() == KEPT_LINES {
                kept.pop_front();
            }
            kept.push_back(line);
        }
    });
    Ok((child, address))
}
