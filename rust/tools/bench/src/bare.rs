//! The references: what the machine does with nothing of Longhall in the way.
//!
//! They run as processes of their own (`longhall-bench bare …`), on the processor
//! that the server has, so that both are measured alike. Those for chat speak
//! Longhall's frames and nothing else: no handshake, no accounts, no checks, no
//! disk. A line is encoded once and handed to every member.

mod each;
mod packets;
mod hashes;
mod inserts;
mod postgres_inserts;
mod tasks;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Subcommand;

/// A reference.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Bare {
    /// One thread, one `write` per line and member
    Each,
    /// One thread, one `write` per member for all lines that came at once
    Coalesced,
    /// A task per connection, with one `write` for all that waits for it
    Tasks,
    /// argon2 on every processor it may run on
    Hashes {
        /// For how long
        #[arg(long)]
        seconds: f64,
    },
    /// Lines into one table of a database in this folder
    Inserts {
        /// Where
        #[arg(long)]
        folder: PathBuf,
        /// Lines per transaction
        #[arg(long)]
        batch: usize,
        /// For how long
        #[arg(long)]
        seconds: f64,
    },
    /// Lines into one table of PostgreSQL, in the empty database that the variable
    /// LONGHALL_STORE says
    PostgresInserts {
        /// Connections that write
        #[arg(long)]
        writers: usize,
        /// Lines per transaction
        #[arg(long)]
        batch: usize,
        /// For how long
        #[arg(long)]
        seconds: f64,
    },
}

/// Does what a reference does. Those for chat run until they are killed, the others
/// print a figure.
///
/// # Errors
/// When the system refuses a socket or a thread.
pub(crate) fn run(bare: Bare) -> Result<()> {
    match bare {
        Bare::Each => each::run(false),
        Bare::Coalesced => each::run(true),
        Bare::Tasks => tasks::run(),
        Bare::Hashes { seconds } => {
            println!("{}", hashes::per_second(Duration::from_secs_f64(seconds))?);
            Ok(())
        }
        Bare::Inserts {
            folder,
            batch,
            seconds,
        } => {
            let time = Duration::from_secs_f64(seconds);
            println!("{}", inserts::per_second(&folder, batch, time)?);
            Ok(())
        }
        Bare::PostgresInserts {
            writers,
            batch,
            seconds,
        } => {
            let time = Duration::from_secs_f64(seconds);
            println!("{}", postgres_inserts::per_second(writers, batch, time)?);
            Ok(())
        }
    }
}

/// Tells who started it where it listens.
fn announce(address: SocketAddr) -> Result<()> {
    println!("{address}");
    std::io::stdout().flush()?;
    Ok(())
}
