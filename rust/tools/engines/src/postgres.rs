//! A database server of one's own: PostgreSQL.

mod programs;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use longhall_provision::process;
use rustix::process::{Pid, Signal, kill_process};

use crate::certificates::{self, AUTHORITY, CERTIFICATE, KEY};
use crate::home::Home;
use crate::running::Running;
use crate::{port, user};
use programs::Programs;

/// Who owns the databases, and may do no more than that.
const ROLE: &str = "longhall";
/// Who may do everything.
const SUPERUSER: &str = "postgres";

/// How many ports are tried at the first start.
const TRIES: u32 = 5;
const TAKEN: &str = "Address already in use";

/// How long a start on the same port is tried: what a crashed one has left may hold it.
const AGAIN_LIMIT: Duration = Duration::from_secs(30);

/// A PostgreSQL on a port of its own, ended and forgotten when this value goes away.
///
/// It asks for a password, which is made up for each; [`url`](Self::url) has it. The role
/// `longhall` owns all databases and is no superuser.
pub struct Postgres {
    // Before the folder that it writes to.
    engine: Option<Running>,
    home: Home,
    programs: Programs,
    port: u16,
    password: String,
    durability: Durability,
    has_tls: bool,
    /// What else stands still while it is paused.
    paused: Vec<Pid>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Durability {
    /// As an operator has it.
    Full,
    /// Nothing is waited for: a power cut would lose it, a crash of PostgreSQL does not.
    Quick,
}

impl Postgres {
    /// Starts one that keeps what it has committed, as an operator's does. Returns when it is
    /// ready, after a second or two.
    ///
    /// # Errors
    /// If the programs are not there, or do not start: with the last lines of the log.
    pub fn start() -> Result<Self> {
        Self::start_with(Durability::Full, false)
    }

    /// Starts one that does not wait for the disk: for tests that do not judge durability.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn quick() -> Result<Self> {
        Self::start_with(Durability::Quick, false)
    }

    /// Starts a [`quick`](Self::quick) one that offers TLS, with a certificate for 127.0.0.1 that
    /// whoever trusts [`authority`](Self::authority) believes.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn with_tls() -> Result<Self> {
        Self::start_with(Durability::Quick, true)
    }

    fn start_with(durability: Durability, has_tls: bool) -> Result<Self> {
        let user = user::unprivileged()?;
        let home = Home::make("postgres", user, "QUIT")?;
        let programs = Programs::find(user, home.path())?;
        let mut postgres = Self {
            engine: None,
            home,
            programs,
            port: 0,
            password: password(),
            durability,
            has_tls,
            paused: Vec::new(),
        };
        postgres.init()?;
        if has_tls {
            certificates::write(postgres.home.path())?;
            let key = postgres.home.path().join(KEY);
            // It takes no key that others can read.
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600))
                .context("cannot keep a key to oneself")?;
            postgres.programs.give_away(&key)?;
        }
        postgres.start_on_free_port()?;
        let role = format!(
            "CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{}'",
            postgres.password
        );
        postgres.psql(SUPERUSER, "postgres", &role)?;
        Ok(postgres)
    }

    /// Where a database is, as clients want it said, with the role's password.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://{ROLE}:{}@127.0.0.1:{}/{database}",
            self.password, self.port
        )
    }

    /// The file with the certificate to trust, if it has TLS.
    pub fn authority(&self) -> Option<PathBuf> {
        self.has_tls.then(|| self.home.path().join(AUTHORITY))
    }

    /// The port of this machine on which it listens, for whoever stands between.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database, which the role owns. Lower-case letters, digits and `_` only.
    ///
    /// # Errors
    /// If it does not run, or has that database.
    pub fn create_database(&self, name: &str) -> Result<()> {
        let sql = format!("CREATE DATABASE {name}");
        self.psql(ROLE, "postgres", &sql).map(drop)
    }

    /// Runs statements in a database as the role; the result is what they return, a row a line
    /// and a `|` between columns. Blocks.
    ///
    /// # Errors
    /// If it does not run, or one of the statements fails.
    pub fn query(&self, database: &str, sql: &str) -> Result<String> {
        self.psql(ROLE, database, sql)
    }

    /// Keeps everybody out of a database by the rules of `pg_hba.conf`, from the next start on.
    ///
    /// # Errors
    /// If the rules cannot be written.
    pub fn close_database(&self, name: &str) -> Result<()> {
        let file = self.home.path().join("data/pg_hba.conf");
        let rules = fs::read_to_string(&file).context("there are no rules")?;
        fs::write(&file, format!("host {name} all all reject\n{rules}"))
            .context("cannot write the rules")
    }

    /// Has it crash and come back as a standby that follows nobody: it answers and takes no
    /// changes, until [`promote`](Self::promote).
    ///
    /// # Errors
    /// As [`start_again`](Self::start_again).
    pub fn become_standby(&mut self) -> Result<()> {
        self.stop_immediately()?;
        let signal = self.home.path().join("data/standby.signal");
        fs::write(&signal, "").context("cannot write standby.signal")?;
        self.programs.give_away(&signal)?;
        self.start_again()
    }

    /// Has a standby take changes. Returns when it does.
    ///
    /// # Errors
    /// If it is none, or does not run.
    pub fn promote(&self) -> Result<()> {
        self.psql(SUPERUSER, "postgres", "SELECT pg_promote()")
            .map(drop)
    }

    /// Has it stand still with all its processes (SIGSTOP): connections stay open, and nothing is
    /// answered.
    ///
    /// # Errors
    /// If it does not run, or goes on all the same.
    pub fn pause(&mut self) -> Result<()> {
        let engine = self.engine.as_ref().context("PostgreSQL does not run")?;
        // It first: from then on it starts no more.
        engine.pause()?;
        self.paused = engine.children()?;
        self.home.watch_standing(Some(engine), &self.paused)?;
        for child in &self.paused {
            // One that has ended meanwhile stands still as well.
            kill_process(*child, Signal::STOP).ok();
        }
        Ok(())
    }

    /// Has it go on after [`pause`](Self::pause).
    ///
    /// # Errors
    /// If it does not run.
    pub fn go_on(&mut self) -> Result<()> {
        let engine = self.engine.as_ref().context("PostgreSQL does not run")?;
        for child in self.paused.drain(..) {
            kill_process(child, Signal::CONT).ok();
        }
        engine.signal(Signal::CONT)?;
        self.home.watch(Some(engine))
    }

    /// Has it crash: nothing is finished, nobody is told, and it will have to recover, as after
    /// `pg_ctl stop -m immediate`. One that does not run stays so.
    ///
    /// # Errors
    /// If it does not end.
    pub fn stop_immediately(&mut self) -> Result<()> {
        let Some(engine) = self.engine.take() else {
            return Ok(());
        };
        engine.stop(Signal::QUIT)?;
        self.home.watch(None)
    }

    /// Starts it again on the same port, and waits until it has recovered. One that runs goes
    /// on.
    ///
    /// # Errors
    /// If it does not start: with the last lines of the log.
    pub fn start_again(&mut self) -> Result<()> {
        if self.engine.is_some() {
            return Ok(());
        }
        let deadline = Instant::now() + AGAIN_LIMIT;
        loop {
            match self.try_start()? {
                Started::Ready => return Ok(()),
                Started::PortTaken(error) if Instant::now() >= deadline => return Err(error),
                Started::PortTaken(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// Makes the folder of its data.
    fn init(&self) -> Result<()> {
        let file = self.home.path().join("password");
        fs::write(&file, &self.password).context("cannot write a password file")?;
        self.programs.give_away(&file)?;
        let mut initdb = self.programs.unprivileged("initdb", self.home.path());
        initdb
            .arg("--pgdata")
            .arg(self.home.path().join("data"))
            .arg("--pwfile")
            .arg(&file)
            .args(["--username", SUPERUSER, "--auth", "scram-sha-256"])
            .args(["--encoding", "UTF8", "--no-sync", "--locale"])
            .arg(if cfg!(target_os = "linux") {
                "C.UTF-8"
            } else {
                "C"
            });
        process::output("initdb", &mut initdb)?;
        fs::remove_file(&file).context("cannot remove the password file")
    }

    fn start_on_free_port(&mut self) -> Result<()> {
        for _ in 0..TRIES {
            self.port = port::free()?;
            match self.try_start()? {
                Started::Ready => return Ok(()),
                Started::PortTaken(_) => {}
            }
        }
        bail!("PostgreSQL found {TRIES} ports taken that were free before")
    }

    fn try_start(&mut self) -> Result<Started> {
        let mut command = self.programs.unprivileged("postgres", self.home.path());
        command.arg("-D").arg(self.home.path().join("data"));
        let port = format!("port={}", self.port);
        let always = [
            port.as_str(),
            "listen_addresses=127.0.0.1",
            // Sockets in the file system: everybody could use them.
            "unix_socket_directories=",
            "max_connections=200",
            "shared_buffers=32MB",
            "timezone=GMT",
            "log_timezone=GMT",
            "lc_messages=C",
        ];
        let quick: &[_] = match self.durability {
            Durability::Full => &[],
            Durability::Quick => &["fsync=off", "full_page_writes=off"],
        };
        for setting in always.iter().chain(quick) {
            command.args(["-c", setting]);
        }
        if self.has_tls {
            let path = |name| self.home.path().join(name).display().to_string();
            command.args(["-c", "ssl=on"]);
            command.args(["-c", &format!("ssl_cert_file={}", path(CERTIFICATE))]);
            command.args(["-c", &format!("ssl_key_file={}", path(KEY))]);
        }
        let log = self.home.path().join("log");
        let mut engine = Running::start("PostgreSQL", &mut command, &log)?;
        self.home.watch(Some(&engine))?;
        let status = self.home.path().join("data/postmaster.pid");
        let is_ready = |engine: &Running| {
            fs::read_to_string(&status).is_ok_and(|text| says_ready(&text, engine.id()))
        };
        if let Err(error) = engine.wait_until(is_ready) {
            self.home.watch(None)?;
            return match engine.log().has(TAKEN) {
                true => Ok(Started::PortTaken(error)),
                false => Err(error),
            };
        }
        self.engine = Some(engine);
        Ok(Started::Ready)
    }

    fn psql(&self, role: &str, database: &str, sql: &str) -> Result<String> {
        let mut psql = self.programs.command("psql");
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
            .args(["--set", "ON_ERROR_STOP=1", "--host", "127.0.0.1"])
            .args(["--port", &self.port.to_string(), "--username", role])
            .args(["--dbname", database])
            .env("PGPASSWORD", &self.password)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = psql.spawn().context("cannot start psql")?;
        // By its input, since the statement may have a password in it.
        let mut input = child.stdin.take().context("psql has no input")?;
        // One that cannot connect does not read; it says why below.
        input.write_all(sql.as_bytes()).ok();
        drop(input);
        let output = child.wait_with_output().context("cannot wait for psql")?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            bail!("PostgreSQL says: {}", errors.trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned())
    }
}

enum Started {
    Ready,
    PortTaken(anyhow::Error),
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if !self.paused.is_empty() {
            self.go_on().ok();
        }
        // Else its children would find out by themselves, after the folder is gone.
        self.stop_immediately().ok();
    }
}

/// Whether PostgreSQL's file about itself is of the process `id`, and says that clients may
/// come, if only to read.
fn says_ready(text: &str, id: u32) -> bool {
    let mut lines = text.lines();
    lines.next() == Some(&id.to_string())
        && lines
            .nth(6)
            .is_some_and(|status| matches!(status.trim(), "ready" | "standby"))
}

fn password() -> String {
    (0..24).map(|_| fastrand::alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_file_of_this_start_says_that_it_is_ready() {
        let text = "42\n/tmp/data\n1795000000\n15001\n\n127.0.0.1\n  1234  5\nready   \n";
        assert!(says_ready(text, 42));
        assert!(!says_ready(text, 43));
        assert!(!says_ready(&text.replace("ready", "starting"), 42));
        assert!(!says_ready("42\n", 42));
    }
}
