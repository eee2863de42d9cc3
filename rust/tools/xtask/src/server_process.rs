//! The real server, as a child process for tests and play.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use longhall_provision::{
    interrupt,
    process::{self, Process},
};

use crate::workspace;

const START_LIMIT: Duration = Duration::from_secs(20);
/// More than the server gives its connections to take their last packets.
const STOP_LIMIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(10);

/// Where the server's log lines go.
pub(crate) type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// A running server. It stops when this value goes away.
pub(crate) struct Server(Arc<Mutex<Child>>);

/// Starts and stops a [`Server`] from elsewhere.
#[derive(Clone)]
pub(crate) struct Handle(Arc<Mutex<Child>>);

/// Where a server keeps what is said.
pub(crate) enum Database {
    /// In a file of its own.
    File(PathBuf),
    /// Where the others of its hall do.
    Shared {
        /// Where PostgreSQL is, with the password.
        store: String,
        /// Where NATS is.
        bus: String,
    },
}

struct Child {
    program: PathBuf,
    arguments: Vec<String>,
    address: SocketAddr,
    database: Database,
    /// The folder with its certificate and key, if it has any.
    certificate: Option<PathBuf>,
    log: Log,
    process: Option<Process>,
}

impl Server {
    /// Builds the server and starts it on a free port of this machine.
    ///
    /// `arguments` are added to `--listen` and `--database`. The port and the
    /// database stay the same over [restarts](Handle::start).
    ///
    /// # Errors
    /// If it does not build or does not start to listen.
    pub(crate) fn start(database: &Path, arguments: &[&str], log: Log) -> Result<Self> {
        if let Some(folder) = database.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        Self::start_on(Database::File(database.to_owned()), arguments, log)
    }

    /// As [`start`](Self::start), with another database perhaps.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn start_on(database: Database, arguments: &[&str], log: Log) -> Result<Self> {
        let child = Child {
            program: build()?,
            arguments: arguments.iter().copied().map(str::to_owned).collect(),
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)),
            database,
            certificate: None,
            log,
            process: None,
        };
        let server = Self(Arc::new(Mutex::new(child)));
        server.handle().start()?;
        Ok(server)
    }

    /// Where clients connect to.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address())
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        lock(&self.0).address
    }

    /// For whoever starts and stops it.
    pub(crate) fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.0))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.handle().stop() {
            eprintln!("{error:#}");
        }
    }
}

impl Handle {
    /// Starts the server and waits until it listens.
    ///
    /// # Errors
    /// If it runs already, ends at once, or does not listen in time.
    pub(crate) fn start(&self) -> Result<()> {
        lock(&self.0).start()
    }

    /// Asks the server to stop and waits for its end. A stopped server is fine.
    ///
    /// # Errors
    /// If it had to be killed, or reports that it failed.
    pub(crate) fn stop(&self) -> Result<()> {
        match lock(&self.0).process.take() {
            Some(mut process) => {
                let status = process.stop(STOP_LIMIT)?;
                // Where there are no signals it is killed, which is no success.
                if cfg!(unix) {
                    process::expect_success("the server", status)?;
                }
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Stops the server and starts it again.
    ///
    /// # Errors
    /// As [`stop`](Self::stop) and [`start`](Self::start).
    pub(crate) fn restart(&self) -> Result<()> {
        self.stop()?;
        self.start()
    }

    /// Stops the server, deletes its database and starts it again.
    ///
    /// # Errors
    /// As [`restart`](Self::restart), and if a file cannot be deleted.
    pub(crate) fn wipe(&self) -> Result<()> {
        self.stop()?;
        lock(&self.0).delete_database()?;
        self.start()
    }

    /// Backs its database up, in the place of an earlier backup.
    ///
    /// # Errors
    /// If the program refuses, or the database is not this server's alone.
    pub(crate) fn back_up(&self) -> Result<()> {
        let child = lock(&self.0);
        let backup = child.backup()?;
        if backup.exists() {
            fs::remove_file(&backup).context("cannot delete the earlier backup")?;
        }
        child.run("backup", &backup)
    }

    /// Stops the server, puts the last backup in its database's place, and starts it.
    ///
    /// # Errors
    /// As [`restart`](Self::restart), and if the program refuses.
    pub(crate) fn restore(&self) -> Result<()> {
        self.stop()?;
        let child = lock(&self.0);
        child.run("restore", &child.backup()?)?;
        drop(child);
        self.start()
    }

    /// Starts the server anew with a certificate that it makes in a folder, as for a try on the
    /// local network.
    ///
    /// # Errors
    /// As [`restart`](Self::restart), and if the program refuses.
    pub(crate) fn encrypt(&self, folder: &Path) -> Result<()> {
        self.stop()?;
        lock(&self.0).make_certificate(folder)?;
        self.start()
    }

    /// Starts the server anew without a certificate.
    ///
    /// # Errors
    /// As [`restart`](Self::restart).
    pub(crate) fn decrypt(&self) -> Result<()> {
        self.stop()?;
        lock(&self.0).certificate = None;
        self.start()
    }

    /// Ends the server without a warning, as a power cut would.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn kill(&self) -> Result<()> {
        lock(&self.0)
            .process
            .take()
            .map_or(Ok(()), |mut process| process.kill())
    }

    /// Runs a command of the operator's on its database, and returns what it prints.
    ///
    /// # Errors
    /// If the program refuses, or the database is not this server's alone.
    pub(crate) fn operate(&self, arguments: &[&str]) -> Result<String> {
        let child = lock(&self.0);
        let Database::File(database) = &child.database else {
            bail!("the database is not this server's alone");
        };
        let mut program = Command::new(&child.program);
        program.args(arguments).arg("--database").arg(database);
        drop(child);
        process::output(&arguments.join(" "), &mut program)
    }

    /// Whether the server ended although nobody stopped it.
    ///
    /// # Errors
    /// If it did.
    pub(crate) fn expect_running(&self) -> Result<()> {
        if let Some(process) = &mut lock(&self.0).process
            && let Some(status) = process.try_wait()?
        {
            bail!("the server ended by itself ({status})");
        }
        Ok(())
    }
}

impl Child {
    /// The file itself and whatever stands beside it under its name.
    fn delete_database(&self) -> Result<()> {
        let Database::File(database) = &self.database else {
            bail!("the database is not this server's alone");
        };
        let (Some(folder), Some(name)) = (database.parent(), database.file_name()) else {
            bail!("{} is no file", database.display());
        };
        let name = name.to_string_lossy();
        let files =
            fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for file in files.flatten() {
            if file.file_name().to_string_lossy().starts_with(&*name) {
                fs::remove_file(file.path())
                    .with_context(|| format!("cannot delete {}", file.path().display()))?;
            }
        }
        Ok(())
    }

    fn backup(&self) -> Result<PathBuf> {
        match &self.database {
            Database::File(database) => Ok(database.with_extension("db.backup")),
            Database::Shared { .. } => bail!("the database is not this server's alone"),
        }
    }

    /// Runs a command of the program's that makes or takes a backup.
    fn run(&self, command: &str, backup: &Path) -> Result<()> {
        let Database::File(database) = &self.database else {
            bail!("the database is not this server's alone");
        };
        let mut program = Command::new(&self.program);
        program.arg(command).arg("--database").arg(database);
        process::run(command, program.arg(backup))
    }

    /// In the place of an earlier one.
    fn make_certificate(&mut self, folder: &Path) -> Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder).context("cannot delete the earlier certificate")?;
        }
        let mut program = Command::new(&self.program);
        program.args(["dev-certificate", "127.0.0.1", "--out"]);
        process::run("dev-certificate", program.arg(folder))?;
        self.certificate = Some(folder.to_owned());
        Ok(())
    }

    fn start(&mut self) -> Result<()> {
        if self.process.is_some() {
            bail!("the server runs already");
        }
        let mut command = Command::new(&self.program);
        command.arg("--listen").arg(self.address.to_string());
        match &self.database {
            Database::File(file) => command.arg("--database").arg(file),
            // Everybody on the machine may read arguments, and there is a password in these.
            Database::Shared { store, bus } => command
                .env("LONGHALL_STORE", store)
                .env("LONGHALL_BUS", bus),
        };
        command.args(&self.arguments);
        if let Some(folder) = &self.certificate {
            let certificate = folder.join("longhall-dev.crt");
            command.arg("--tls-certificate").arg(certificate);
            command
                .arg("--tls-key")
                .arg(folder.join("longhall-dev.key"));
        }
        let (mut process, lines) = Process::spawn_captured("the server", &mut command)?;
        let log = Arc::clone(&self.log);
        thread::spawn(move || lines.iter().for_each(|line| log(&line.text)));

        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(status) = process.try_wait()? {
                bail!("the server ended at its start ({status}); its log says why");
            }
            if TcpStream::connect_timeout(&self.address, POLL).is_ok() {
                self.process = Some(process);
                return Ok(());
            }
            if Instant::now() >= deadline {
                bail!("the server does not listen on {} in time", self.address);
            }
            interrupt::check()?;
            thread::sleep(POLL);
        }
    }
}

/// Builds the server and says where its program is.
///
/// # Errors
/// If it does not build.
pub(crate) fn build() -> Result<PathBuf> {
    // Unoptimised, since that is what a developer has built already; hashing
    // and the like are optimised in that profile too.
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--package", "longhall-server", "--target-dir"]);
    cargo.arg(workspace::target_dir());
    process::run("cargo build --package longhall-server", &mut cargo)?;
    let file = format!("longhall-server{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::target_dir().join("debug").join(file))
}

/// A port that nobody listens on. The system does not hand out the same one
/// again soon, so it stays free until the server takes it.
///
/// # Errors
/// If there is none.
pub(crate) fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")?;
    Ok(listener
        .local_addr()
        .context("cannot find a free port")?
        .port())
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    // A panic elsewhere leaves the child as usable as it was.
    child.lock().unwrap_or_else(PoisonError::into_inner)
}
