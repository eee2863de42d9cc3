//! The program of the server, run as an operator runs it.

use std::net::SocketAddr;
use std::time::Duration;

use super::PATIENCE;

/// The server program as a process of its own.
pub struct Program {
    pub child: std::process::Child,
    pub address: SocketAddr,
}

impl Drop for Program {
    /// A test that fails leaves none behind, which would hold on to the pipe of its output.
    fn drop(&mut self) {
        // It has ended in most tests.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// Starts it on a port the system chooses; waits until it says which.
    pub fn start(database: &std::path::Path) -> Self {
        Self::start_with(database, &[])
    }

    /// The same with more options.
    pub fn start_with(database: &std::path::Path, options: &[&str]) -> Self {
        use std::io::{BufRead, BufReader};
        let mut child = Self::command()
            .args(options)
            .args([
                "--listen",
                "127.0.0.1:0",
                "--registrations-per-hour",
                "100000",
            ])
            .args([
                "--logins-per-minute",
                "100000",
                "--logins-per-minute-per-name",
                "100000",
            ])
            .arg("--database")
            .arg(database)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        let address = loop {
            let mut line = String::new();
            assert!(
                log.read_line(&mut line).unwrap() > 0,
                "the server ended: {seen}"
            );
            seen.push_str(&line);
            if let Some((_, rest)) = line.split_once("listening address=") {
                break rest.split_whitespace().next().unwrap().parse().unwrap();
            }
        };
        // Nobody reads on, but the pipe must not fill up.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { child, address }
    }

    /// Starts it where its log cannot be followed; waits until it answers.
    /// `command` is given the options.
    pub fn start_unheard(command: &mut std::process::Command, database: &std::path::Path) -> Self {
        // The system does not hand out the same port again soon.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        command
            .args(["--listen", &address.to_string(), "--database"])
            .arg(database);
        Self::wait_for(command.spawn().unwrap(), address)
    }

    /// Waits until the server answers: connections are taken before it is ready.
    pub fn wait_for(mut child: std::process::Child, address: SocketAddr) -> Self {
        let until = std::time::Instant::now() + PATIENCE;
        while !Self::answers(address) {
            assert_eq!(child.try_wait().unwrap(), None, "the server ended");
            assert!(std::time::Instant::now() < until, "the server is not there");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child, address }
    }

    fn answers(address: SocketAddr) -> bool {
        use std::io::{Read, Write};
        let Ok(mut stream) = std::net::TcpStream::connect(address) else {
            return false;
        };
        // It says that it is no web server.
        let is_sent = stream.write_all(b"GET / HTTP/1.1\r\n\r\n").is_ok();
        is_sent && stream.read(&mut [0]).is_ok_and(|count| count > 0)
    }

    /// Runs it to its end; one that starts although it should not is ended.
    pub fn output(command: &mut std::process::Command) -> std::process::Output {
        use std::process::Stdio;
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program waits while nobody reads what it says.
        let (out, err) = (read(child.stdout.take()), read(child.stderr.take()));
        let until = std::time::Instant::now() + PATIENCE;
        while child.try_wait().unwrap().is_none() && std::time::Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
        // Fails if it has ended by itself.
        let _ = child.kill();
        std::process::Output {
            status: child.wait().unwrap(),
            stdout: out.join().unwrap(),
            stderr: err.join().unwrap(),
        }
    }

    pub fn command() -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_longhall-server"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("LONGHALL_") {
                command.env_remove(name);
            }
        }
        command
    }

    /// SIGKILL: no chance to tidy up.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn wait(mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    #[cfg(unix)]
    pub fn terminate(mut self) -> std::process::ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }
}

/// Reads all that comes, on a thread of its own.
fn read(pipe: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        pipe.unwrap().read_to_end(&mut all).unwrap();
        all
    })
}
