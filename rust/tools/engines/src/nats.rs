//! A bus of one's own: NATS.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use longhall_provision::Engine;
use rustix::process::Signal;

use crate::certificates::{self, CERTIFICATE, KEY};
use crate::home::Home;
use crate::port;
use crate::running::Running;

/// How many ports are tried at the first start.
const TRIES: u32 = 5;

const READY: &str = "Server is ready";
const TAKEN: &str = "address already in use";

/// A NATS server on a port of its own, ended and forgotten when this value goes away.
pub struct Nats {
    // Before the folder that it writes to.
    engine: Option<Running>,
    home: Home,
    program: PathBuf,
    port: u16,
    access: Access,
}

/// Who gets in.
enum Access {
    /// Everybody.
    Open,
    /// Who knows this.
    Password { user: String, password: String },
    /// Who speaks TLS.
    Tls,
}

impl Nats {
    /// Starts one that lets everybody in. Returns when it is ready.
    ///
    /// # Errors
    /// If the program is not there, or does not start: with the last lines of its log.
    pub fn start() -> Result<Self> {
        Self::start_for(Access::Open)
    }

    /// Starts one that lets in who knows a user's password; [`url`](Self::url) has both.
    /// Letters and digits only.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn with_password(user: &str, password: &str) -> Result<Self> {
        Self::start_for(Access::Password {
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }

    /// Starts one that asks for TLS, with a certificate for 127.0.0.1 that whoever trusts
    /// [`authority`](Self::authority) believes.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn with_tls() -> Result<Self> {
        Self::start_for(Access::Tls)
    }

    fn start_for(access: Access) -> Result<Self> {
        let program = Engine::Nats.find(&crate::target())?;
        let mut nats = Self {
            engine: None,
            home: Home::make("nats", None, "KILL")?,
            program,
            port: 0,
            access,
        };
        match nats.access {
            Access::Tls => certificates::write(nats.home.path())?,
            Access::Open | Access::Password { .. } => {}
        }
        for _ in 1..TRIES {
            nats.port = port::free()?;
            match nats.try_start()? {
                Started::Ready => return Ok(nats),
                Started::PortTaken(_) => {}
            }
        }
        nats.port = port::free()?;
        nats.start_again()?;
        Ok(nats)
    }

    /// Where it is, as clients want it said; with the password, if it asks for one.
    pub fn url(&self) -> String {
        let port = self.port;
        match &self.access {
            Access::Open => format!("nats://127.0.0.1:{port}"),
            Access::Password { user, password } => {
                format!("nats://{user}:{password}@127.0.0.1:{port}")
            }
            Access::Tls => format!("tls://127.0.0.1:{port}"),
        }
    }

    /// The file with the certificate to trust, if it asks for TLS.
    pub fn authority(&self) -> Option<PathBuf> {
        match self.access {
            Access::Tls => Some(self.home.path().join(certificates::AUTHORITY)),
            Access::Open | Access::Password { .. } => None,
        }
    }

    /// The port of this machine on which it listens, for whoever stands between.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once (SIGKILL): what it was about to send is lost. One that has ended
    /// stays so.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn kill(&mut self) -> Result<()> {
        let Some(engine) = self.engine.take() else {
            return Ok(());
        };
        engine.stop(Signal::KILL)?;
        self.home.watch(None)
    }

    /// Starts it again on the same port. One that runs goes on.
    ///
    /// # Errors
    /// As [`start`](Self::start); also if another program has taken the port.
    pub fn start_again(&mut self) -> Result<()> {
        if self.engine.is_some() {
            return Ok(());
        }
        match self.try_start()? {
            Started::Ready => Ok(()),
            Started::PortTaken(error) => Err(error),
        }
    }

    /// Has it stand still (SIGSTOP): connections stay open, and nothing goes through.
    ///
    /// # Errors
    /// If it does not run, or goes on all the same.
    pub fn pause(&self) -> Result<()> {
        self.running()?.pause()
    }

    /// Has it go on after [`pause`](Self::pause).
    ///
    /// # Errors
    /// If it does not run.
    pub fn go_on(&self) -> Result<()> {
        self.running()?.signal(Signal::CONT)
    }

    fn running(&self) -> Result<&Running> {
        self.engine.as_ref().context("NATS does not run")
    }

    fn try_start(&mut self) -> Result<Started> {
        // In a file: anybody on this machine may read what a program was started with.
        let settings = self.home.path().join("nats.conf");
        fs::write(&settings, self.settings()).context("cannot write NATS' settings")?;
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(settings);
        let mut engine = Running::start("NATS", &mut command, &self.home.path().join("log"))?;
        self.home.watch(Some(&engine))?;
        if let Err(error) = engine.wait_until(|engine| engine.log().has(READY)) {
            self.home.watch(None)?;
            return match engine.log().has(TAKEN) {
                true => Ok(Started::PortTaken(error)),
                false => Err(error),
            };
        }
        self.engine = Some(engine);
        Ok(Started::Ready)
    }

    fn settings(&self) -> String {
        let mut settings = format!("listen: \"127.0.0.1:{}\"\n", self.port);
        match &self.access {
            Access::Open => {}
            Access::Password { user, password } => settings.push_str(&format!(
                "authorization {{ user: \"{user}\", password: \"{password}\" }}\n"
            )),
            Access::Tls => settings.push_str(&format!(
                "tls {{ cert_file: \"{}\", key_file: \"{}\" }}\n",
                self.home.path().join(CERTIFICATE).display(),
                self.home.path().join(KEY).display()
            )),
        }
        settings
    }
}

enum Started {
    Ready,
    PortTaken(anyhow::Error),
}
