//! The server program, killed and started again on the same port and file.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A server that dies and comes back.
pub(crate) struct ServerProcess {
    child: Child,
    database: PathBuf,
    pub(crate) address: SocketAddr,
}

impl ServerProcess {
    /// Starts the program on a free port and waits until it listens.
    pub(crate) fn start(database: &Path) -> Self {
        let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let (child, address) = spawn(database, free);
        Self {
            child,
            database: database.to_owned(),
            address,
        }
    }

    /// SIGKILL: no chance to tidy up, or to send what it was about to.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts the program again, where players look for it.
    pub(crate) fn restart(&mut self) {
        (self.child, _) = spawn(&self.database, self.address);
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Also when a test fails: nobody else would end it.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn spawn(database: &Path, address: SocketAddr) -> (Child, SocketAddr) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_longhall-server"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LONGHALL_") {
            command.env_remove(name);
        }
    }
    let mut child = command
        .arg(format!("--listen={address}"))
        .arg("--database")
        .arg(database)
        .args([
            "--packets-per-second=100000",
            "--unanswered-whispers-per-minute=1000000",
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
        assert!(read > 0, "the server ended: {seen}");
        seen.push_str(&line);
        if let Some((_, rest)) = line.split_once("listening address=") {
            break rest.split_whitespace().next().unwrap().parse().unwrap();
        }
    };
    // Panics and errors of the server are part of what a failing run shows.
    std::thread::spawn(move || {
        for line in log.lines().map_while(Result::ok) {
            if line.contains("ERROR") || line.contains("panicked") {
                eprintln!("server: {line}");
            }
        }
    });
    (child, address)
}
