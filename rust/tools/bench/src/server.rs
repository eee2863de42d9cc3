//! Servers to measure: Longhall's, and the references for chat.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use longhall_swarm::{Account, Process, Speaks};

use crate::cores::Cores;
use crate::seed::Seed;

/// Limits for players that a load generator is not held to.
pub(crate) const WITHOUT_LIMITS: &[&str] = &[
    "--log=warn",
    "--max-connections=1000000",
    "--connections-per-address=1000000",
    "--registrations-per-hour=1000000000",
    "--logins-per-minute=1000000000",
    "--logins-per-minute-per-name=1000000000",
    "--packets-per-second=1000000000",
    "--max-repeats=0",
    "--new-account-time=0",
    "--unanswered-whispers-per-minute=1000000",
];

const START_LIMIT: Duration = Duration::from_secs(20);

/// After so long a server that nobody talks to has all the memory that it needs.
const SETTLED: Duration = Duration::from_secs(3);

/// The server that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Who {
    Longhall,
    BareEach,
    BareCoalesced,
    BareTasks,
}

impl Who {
    pub(crate) const ALL: [Self; 4] = [
        Self::Longhall,
        Self::BareEach,
        Self::BareCoalesced,
        Self::BareTasks,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Longhall => "Longhall",
            Self::BareEach => "bare loop, one write each",
            Self::BareCoalesced => "bare loop, coalescing",
            Self::BareTasks => "bare tokio tasks",
        }
    }

    fn argument(self) -> Option<&'static str> {
        match self {
            Self::Longhall => None,
            Self::BareEach => Some("each"),
            Self::BareCoalesced => Some("coalesced"),
            Self::BareTasks => Some("tasks"),
        }
    }
}

/// Where and how servers are started.
pub(crate) struct Setting {
    /// The server program.
    pub(crate) program: PathBuf,
    pub(crate) cores: Cores,
    /// On a real disk.
    pub(crate) folder: PathBuf,
    pub(crate) seed: Seed,
}

/// A running server. It is killed when this value goes away.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) speaks: Speaks,
    pub(crate) process: Process,
    child: Child,
}

impl Setting {
    /// Starts a server for so many players.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start(&self, who: Who, players: usize) -> Result<(Server, Vec<Account>)> {
        match who.argument() {
            None => self.start_longhall(players),
            Some(bare) => {
                let server = self.start_bare(bare)?;
                Ok((server, Account::new_ones(players)))
            }
        }
    }

    /// Starts the real server on a fresh database.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_longhall(&self, players: usize) -> Result<(Server, Vec<Account>)> {
        self.forget_database()?;
        let accounts = self.seed.copy(&self.database(), players)?;
        let server = self.start_again(free_address()?)?;
        Ok((server, accounts))
    }

    /// As [`Setting::start_longhall`], of a server that speaks TLS. Its certificate is to be
    /// trusted.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_with_tls(&self, players: usize) -> Result<(Server, Vec<Account>, PathBuf)> {
        let folder = self.folder.join("tls");
        let (certificate, key) = (
            folder.join("longhall-dev.crt"),
            folder.join("longhall-dev.key"),
        );
        if !certificate.exists() {
            let mut make = Command::new(&self.program);
            make.arg("dev-certificate").arg("--out").arg(&folder);
            let made = make.stdin(Stdio::null()).output()?;
            let told = String::from_utf8_lossy(&made.stderr);
            anyhow::ensure!(made.status.success(), "no certificate: {told}");
        }
        self.forget_database()?;
        let accounts = self.seed.copy(&self.database(), players)?;
        let address = free_address()?;
        let mut command = self.command(address);
        command.arg("--tls-certificate").arg(&certificate);
        command.arg("--tls-key").arg(&key);
        let mut server = self.start_command(&mut command, address)?;
        server.url = format!("wss://{address}");
        Ok((server, accounts, certificate))
    }

    /// Starts the real server on the database that is there.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_again(&self, address: SocketAddr) -> Result<Server> {
        self.start_command(&mut self.command(address), address)
    }

    /// Starts the real server as a command says, and waits until it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_command(
        &self,
        command: &mut Command,
        address: SocketAddr,
    ) -> Result<Server> {
        let child = self.cores.spawn_server(command)?;
        let mut server = Server::new(child, address, Speaks::Longhall)?;
        server.wait_until_listening(address, Duration::from_millis(2))?;
        Ok(server)
    }

    /// How long the real server takes from its start with nothing there until it
    /// listens.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn time_start(&self) -> Result<Duration> {
        self.forget_database()?;
        let (_server, began) = self.start_timed()?;
        Ok(began.elapsed())
    }

    /// How long the real server takes from its start on a copy of the seed until it answers,
    /// and how much memory it has once it has settled, in bytes.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn time_first_answer(&self) -> Result<(Duration, u64)> {
        self.copy_of_seed()?;
        let (server, began) = self.start_timed()?;
        server.wait_until_answering()?;
        let answered_in = began.elapsed();
        // Until the newest lines are read, which is done beside.
        sleep(SETTLED);
        Ok((answered_in, server.process.memory()?))
    }

    /// Starts the real server on the database that is there, or on none, and waits until it
    /// listens. Also says when it was started.
    fn start_timed(&self) -> Result<(Server, Instant)> {
        let address = free_address()?;
        let mut command = self.command(address);
        let began = Instant::now();
        let child = self.cores.spawn_server(&mut command)?;
        let mut server = Server::new(child, address, Speaks::Longhall)?;
        server.wait_until_listening(address, Duration::from_micros(100))?;
        Ok((server, began))
    }

    /// Has a fresh copy of the seed where servers run.
    ///
    /// # Errors
    /// When the disk is full.
    pub(crate) fn copy_of_seed(&self) -> Result<PathBuf> {
        self.forget_database()?;
        let database = self.database();
        self.seed.copy(&database, 0)?;
        Ok(database)
    }

    /// Runs a reference that prints a figure and ends.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) fn bare_figure(&self, arguments: &[&str]) -> Result<f64> {
        let mut command = bare()?;
        self.figure_of(command.args(arguments))
    }

    /// Runs a reference, as [`bare`] begins it, that prints a figure and ends.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) fn figure_of(&self, command: &mut Command) -> Result<f64> {
        let child = self.cores.spawn_server(command.stdout(Stdio::piped()))?;
        let output = child.wait_with_output()?;
        if !output.status.success() {
            let arguments: Vec<_> = command
                .get_args()
                .map(|one| one.to_string_lossy())
                .collect();
            bail!("{} failed ({})", arguments.join(" "), output.status);
        }
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse().context("a reference printed no figure")
    }

    fn start_bare(&self, which: &str) -> Result<Server> {
        let mut command = bare()?;
        command.arg(which).stdout(Stdio::piped());
        let mut child = self.cores.spawn_server(&mut command)?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let address = line.trim().parse();
        let address = address.with_context(|| format!("bare {which} did not start"))?;
        Server::new(child, address, Speaks::BareFrames)
    }

    fn command(&self, address: SocketAddr) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(format!("--listen={address}"));
        command.arg(format!("--database={}", self.database().display()));
        command.args(WITHOUT_LIMITS).stdin(Stdio::null());
        command
    }

    fn database(&self) -> PathBuf {
        self.folder.join("longhall.db")
    }

    fn forget_database(&self) -> Result<()> {
        let database = self.database();
        for end in ["", "-wal", "-shm", ".lock"] {
            let mut file = database.clone().into_os_string();
            file.push(end);
            remove_if_there(Path::new(&file))?;
        }
        Ok(())
    }
}

fn remove_if_there(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(cause).with_context(|| format!("cannot remove {}", file.display()))
        }
        _ => Ok(()),
    }
}

/// This program again, as a reference.
pub(crate) fn bare() -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare").stdin(Stdio::null());
    Ok(command)
}

impl Server {
    fn new(mut child: Child, address: SocketAddr, speaks: Speaks) -> Result<Self> {
        children().push(child.id());
        let process = match Process::find(child.id()) {
            Ok(process) => process,
            Err(error) => {
                end(&mut child);
                return Err(error.into());
            }
        };
        Ok(Self {
            url: format!("ws://{address}"),
            speaks,
            process,
            child,
        })
    }

    fn wait_until_listening(&mut self, address: SocketAddr, poll: Duration) -> Result<()> {
        let give_up = Instant::now() + START_LIMIT;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended ({status})");
            }
            if Instant::now() > give_up {
                bail!("the server does not listen");
            }
            sleep(poll);
        }
        Ok(())
    }

    /// Waits until it answers: it listens before it has opened its store.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn wait_until_answering(&self) -> Result<()> {
        let mut stream = TcpStream::connect(self.address()?)?;
        stream.set_read_timeout(Some(START_LIMIT))?;
        // Whatever the answer is.
        let asked = stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let read = asked.and_then(|()| stream.read(&mut [0; 64]));
        match read {
            Ok(1..) => Ok(()),
            Ok(0) | Err(_) => bail!("the server does not answer"),
        }
    }

    /// Kills it, as a power cut would.
    pub(crate) fn kill(mut self) {
        end(&mut self.child);
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When its URL holds no address, which it does.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        Ok(self.url.trim_start_matches("ws://").parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    children().retain(|id| *id != child.id());
    // It may be gone already.
    child.kill().ok();
    child.wait().ok();
}

/// Servers that run.
static CHILDREN: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn children() -> MutexGuard<'static, Vec<u32>> {
    // Nothing panics while holding it.
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has Ctrl-C and SIGTERM end this program with the servers it started and what they
/// wrote into `folder`.
///
/// # Errors
/// When the system does not let it.
pub(crate) fn leave_nothing_behind(folder: PathBuf) -> Result<()> {
    ctrlc::set_handler(move || {
        for id in children().iter() {
            kill(*id);
        }
        std::fs::remove_dir_all(&folder).ok();
        std::process::exit(130);
    })
    .context("cannot listen for Ctrl-C")
}

#[cfg(unix)]
fn kill(id: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // It may be gone already.
        kill_process(id, Signal::KILL).ok();
    }
}

#[cfg(not(unix))]
fn kill(_: u32) {}

/// Where nobody listens at the moment.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
