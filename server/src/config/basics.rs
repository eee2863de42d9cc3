//! The address, the database and the log: options that a library user passes otherwise.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::{Admin, Bus, GameListen, Secret, SecretFileError, address_and_port};
use crate::log::Format;

/// What the program needs to start at all: its address, its file, its log.
#[derive(Args, Clone, Debug)]
pub struct Basics {
    /// Address and port to listen on. 127.0.0.1 is reachable from this machine
    /// only; 0.0.0.0 or [::] from everywhere. Port 0 picks a free one.
    ///
    /// Change it so that players on other machines can connect. Behind a TLS proxy on
    /// the same machine it may stay.
    #[arg(long, env = "LONGHALL_LISTEN", value_name = "ADDRESS:PORT")]
    #[arg(value_parser = address_and_port::<8081>)]
    #[arg(default_value = "127.0.0.1:8081")]
    #[allow(rustdoc::broken_intra_doc_links, reason = "[::] is an address")]
    pub listen: SocketAddr,

    /// The file that keeps accounts, channels and lines. Created if it does not exist; its folder
    /// must. There is no database in memory only.
    ///
    /// Change it to a folder that stays and is backed up, on a local disk. Without a
    /// folder it is in the one that the server is started in.
    #[arg(long, env = "LONGHALL_DATABASE", value_name = "FILE")]
    #[arg(default_value = "longhall.db")]
    pub database: PathBuf,

    /// Let what players say be heard before the disk has it, which has it so many milliseconds
    /// later, from 10 to 60000: should the machine lose its power, what was said and heard in
    /// these may be gone. With 0 nothing is heard, and nothing acknowledged, that is not on the
    /// disk.
    ///
    /// Set it where lines have to be heard at once and the last of them may be lost: a line is
    /// heard in a fifth of the time. Accounts, channels and settings are on the disk in any case.
    #[arg(long, env = "LONGHALL_FLUSH_LINES_AFTER", value_name = "MILLISECONDS")]
    #[arg(default_value = "0", value_parser = flush_after)]
    #[arg(conflicts_with_all = ["store", "store_file"])]
    pub flush_lines_after: Duration,

    /// A PostgreSQL database, version 15 or newer, in place of the file:
    /// postgres://user:password@host:5432/database. As an option of the program everybody
    /// on the machine can read the password: give it by this variable, or in a file.
    ///
    /// Set it when PostgreSQL is there and backed up anyway, or for several servers on one
    /// database.
    #[arg(
        long,
        env = "LONGHALL_STORE",
        value_name = "URL",
        hide_env_values = true
    )]
    #[arg(conflicts_with_all = ["database", "store_file"])]
    pub store: Option<Secret>,

    /// A file with the address of the PostgreSQL database in its only line.
    ///
    /// Set it when secrets come in files, as with systemd's LoadCredential= or in
    /// containers.
    #[arg(long, env = "LONGHALL_STORE_FILE", value_name = "FILE")]
    #[arg(conflicts_with = "database")]
    pub store_file: Option<PathBuf>,

    /// How several servers find each other.
    #[command(flatten)]
    pub bus: Bus,

    /// Where the server tells of itself.
    #[command(flatten)]
    pub admin: Admin,

    /// Where games' own servers ask.
    #[command(flatten)]
    pub game: GameListen,

    /// How much to log: error, warn, info, debug or trace; also per module, as
    /// in "info,longhall_server::connection=debug". Passwords and tokens are
    /// never logged.
    ///
    /// debug follows single connections, while you look for something; warn tells of
    /// trouble only.
    #[arg(long, env = "LONGHALL_LOG", value_name = "LEVEL")]
    #[arg(default_value = "info")]
    pub log: String,

    /// How a line of the log looks: text for people, or json for programs, one object a line.
    ///
    /// json where the log is collected and searched by a program, as by Loki or
    /// Elasticsearch.
    #[arg(long, env = "LONGHALL_LOG_FORMAT", value_name = "FORMAT")]
    #[arg(value_enum, default_value_t = Format::Text)]
    pub log_format: Format,
}

fn flush_after(text: &str) -> Result<Duration, String> {
    match text.trim().parse() {
        Ok(0) => Ok(Duration::ZERO),
        Ok(after_ms @ 10..=60_000) => Ok(Duration::from_millis(after_ms)),
        _ => Err("it must be 0, or from 10 to 60000 milliseconds".to_owned()),
    }
}

impl Basics {
    /// The PostgreSQL database to use in place of a file, if there is one.
    ///
    /// # Errors
    /// When the file that is to name it cannot be read.
    pub fn store_url(&self) -> Result<Option<Secret>, SecretFileError> {
        Self::url(self.store.as_ref(), self.store_file.as_deref())
    }

    pub(super) fn url(
        store: Option<&Secret>,
        file: Option<&Path>,
    ) -> Result<Option<Secret>, SecretFileError> {
        match file {
            Some(path) => Secret::read("--store-file", path).map(Some),
            None => Ok(store.cloned()),
        }
    }

    /// Whether several servers may have the store at once.
    pub fn is_store_shared(&self) -> bool {
        self.store.is_some() || self.store_file.is_some()
    }
}
