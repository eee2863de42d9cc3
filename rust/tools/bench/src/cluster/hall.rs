//! A PostgreSQL and a NATS, and servers on a fresh database of theirs.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use longhall_engines::{Nats, Postgres};
use longhall_swarm::Account;

use super::seed;
use crate::bench::Bench;
use crate::server::{Server, Setting, WITHOUT_LIMITS, free_address};

/// The database of the servers, made anew for each measurement.
pub(crate) const DATABASE: &str = "hall";
/// What it is copied from.
const TEMPLATE: &str = "seed";
/// The database of the bare inserts.
const BARE: &str = "bare";

/// How long a database may be in use that is to go.
const DROP_LIMIT: Duration = Duration::from_secs(30);

/// What all servers share.
pub(crate) struct Cluster {
    pub(crate) postgres: Postgres,
    pub(crate) nats: Nats,
    accounts: Vec<Account>,
}

/// Whether servers have a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bus {
    Nats,
    None,
}

/// Servers on one database, and accounts that are logged in there.
pub(crate) struct Hall {
    pub(crate) servers: Vec<Server>,
    pub(crate) accounts: Vec<Account>,
}

impl Cluster {
    /// Starts both engines, and makes the database that all others are copied from.
    ///
    /// # Errors
    /// When one of them does not start.
    pub(crate) fn start(bench: &Bench) -> Result<Self> {
        let mut cluster = Self {
            postgres: Postgres::start()?,
            nats: Nats::start()?,
            accounts: Account::new_ones(bench.pick(1100, 5100)),
        };
        cluster.postgres.create_database(TEMPLATE)?;
        // The server makes its tables.
        drop(cluster.start_server(&bench.setting, TEMPLATE, Bus::None)?);
        seed::insert(&cluster.postgres, TEMPLATE, &mut cluster.accounts)?;
        bench.say("engines      PostgreSQL and NATS run");
        Ok(cluster)
    }

    /// Starts so many servers on a fresh database, for so many players.
    ///
    /// # Errors
    /// When one does not start, or there are too few accounts.
    pub(crate) fn open(
        &self,
        setting: &Setting,
        servers: usize,
        bus: Bus,
        players: usize,
    ) -> Result<Hall> {
        self.replace(DATABASE, &format!("TEMPLATE {TEMPLATE}"))?;
        let accounts = self.accounts.get(..players);
        let accounts = accounts.context("too few accounts were made")?.to_vec();
        let servers = (0..servers).map(|_| self.start_server(setting, DATABASE, bus));
        Ok(Hall {
            servers: servers.collect::<Result<_>>()?,
            accounts,
        })
    }

    /// Lines per second that so many writers put into a table, in transactions of
    /// `batch`.
    ///
    /// # Errors
    /// When PostgreSQL does not take them.
    pub(crate) fn bare_inserts(
        &self,
        setting: &Setting,
        writers: usize,
        batch: usize,
        seconds: &str,
    ) -> Result<f64> {
        self.replace(BARE, "")?;
        let (writers, batch) = (writers.to_string(), batch.to_string());
        let mut command = crate::server::bare()?;
        command.env("LONGHALL_STORE", self.postgres.url(BARE));
        command.args(["postgres-inserts", "--writers", &writers, "--batch", &batch]);
        command.args(["--seconds", seconds]);
        let rate = setting.figure_of(&mut command)?;
        self.drop_database(BARE)?;
        Ok(rate)
    }

    fn start_server(&self, setting: &Setting, database: &str, bus: Bus) -> Result<Server> {
        let address = free_address()?;
        let mut command = Command::new(&setting.program);
        command.arg(format!("--listen={address}"));
        command.args(WITHOUT_LIMITS).stdin(Stdio::null());
        // Anybody on this machine may read what a program was started with.
        command.env("LONGHALL_STORE", self.postgres.url(database));
        if bus == Bus::Nats {
            command.env("LONGHALL_BUS", self.nats.url());
        }
        let server = setting.start_command(&mut command, address)?;
        server.wait_until_answering()?;
        Ok(server)
    }

    fn replace(&self, database: &str, how: &str) -> Result<()> {
        self.drop_database(database)?;
        let sql = format!("CREATE DATABASE {database} {how}");
        self.postgres.query("postgres", &sql).map(drop)
    }

    fn drop_database(&self, database: &str) -> Result<()> {
        let sql = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        let until = Instant::now() + DROP_LIMIT;
        // PostgreSQL tidies the tables up by itself, and ends nobody of its own for us.
        while let Err(cause) = self.postgres.query("postgres", &sql) {
            if Instant::now() > until {
                return Err(cause);
            }
            sleep(Duration::from_millis(200));
        }
        Ok(())
    }
}

impl Hall {
    pub(crate) fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|one| one.url.clone()).collect()
    }
}
