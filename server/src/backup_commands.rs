//! `longhall-server backup`, `verify` and `restore`.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use longhall_server::config::StorePlaceOptions;
use longhall_server::store::backup::{self, Contents, Step, Watch};
use longhall_server::{process_limits, shutdown};

use crate::settings_file::FileOption;

/// How often it says how far it is.
const EVERY: Duration = Duration::from_secs(2);

/// Makes a backup in one file, also while the server runs, and verifies it
///
/// The file holds everything as it was at one moment: accounts, channels, lines, logins. Only its
/// owner can read it. It has its name when it is whole and on disk, not before.
#[derive(Args)]
#[command(after_help = BACKUP_EXAMPLES)]
pub(crate) struct Backup {
    /// The file to make
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Write over the file if it exists
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    settings: FileOption,

    #[command(flatten)]
    place: StorePlaceOptions,
}

const BACKUP_EXAMPLES: &str = "Examples:
  longhall-server backup monday.db
      backs up longhall.db of this folder
  longhall-server backup --database /var/lib/longhall/longhall.db /mnt/backups/monday.db
      of a server that runs as a service, as root";

/// Says whether a backup is whole, and what is in it
///
/// Looked at are its size, each page, all references between tables, and the sums that were
/// noted when it was made. Nothing is written.
#[derive(Args)]
pub(crate) struct Verify {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Print what is in it as JSON
    #[arg(long)]
    json: bool,
}

/// Puts a backup in the place of the database, with the server stopped
///
/// The backup is verified first. What was there is kept beside it, as
/// longhall.db.before-restore-TIME. Games read their history anew; who logged in since the backup
/// logs in again.
#[derive(Args)]
#[command(after_help = RESTORE_EXAMPLES)]
pub(crate) struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    settings: FileOption,

    #[command(flatten)]
    place: StorePlaceOptions,
}

const RESTORE_EXAMPLES: &str = "Examples:
  longhall-server restore monday.db
      in the place of longhall.db in this folder
  longhall-server restore --database /var/lib/longhall/longhall.db /mnt/backups/monday.db
      of a server that runs as a service, as root";

/// # Errors
/// What went wrong and what to do, in one line.
pub(crate) fn back_up(options: &Backup) -> anyhow::Result<()> {
    // A server may run on the same machine.
    process_limits::step_back();
    let place = options.place.read()?;
    let done = backup::back_up(&place, &options.file, options.force, &watch("backup")?)?;
    println!("{}: {}", options.file.display(), told(&done));
    Ok(())
}

/// # Errors
/// What is wrong with the backup, in one line.
pub(crate) fn verify(options: &Verify) -> anyhow::Result<()> {
    let found = backup::verify(&options.file, &watch("verify")?)?;
    if options.json {
        println!("{}", serde_json::to_string(&found)?);
        return Ok(());
    }
    let file = options.file.display();
    for remark in &found.remarks {
        eprintln!("verify: {file}: {remark}");
    }
    println!("{file}: {}", told(&found));
    Ok(())
}

/// # Errors
/// What went wrong and what to do, in one line.
pub(crate) fn restore(options: &Restore) -> anyhow::Result<()> {
    let place = options.place.read()?;
    let done = backup::restore(&options.file, &place, &watch("restore")?)?;
    println!("{}: {}", options.file.display(), told(&done.contents));
    if let Some(aside) = done.aside {
        println!("what was there before is kept as {}", aside.display());
    }
    println!("restored: start the server; games read their history anew");
    Ok(())
}

fn told(found: &Contents) -> String {
    let made = match &found.made {
        Some(made) => format!("made {} by {}", made.at, made.by),
        None => "without sums".to_owned(),
    };
    format!(
        "whole: {} accounts, {} channels, {} lines in {} logs, {} bytes, layout {}, {made}",
        found.accounts, found.channels, found.lines, found.logs, found.bytes, found.layout,
    )
}

/// Tells on standard error how far it is, and stops on Ctrl-C and the like.
fn watch(command: &'static str) -> anyhow::Result<Watch> {
    let is_stopped = Arc::<AtomicBool>::default();
    let stop = Arc::clone(&is_stopped);
    shutdown::call_on_signals(move || stop.store(true, Ordering::Relaxed))
        .context("cannot listen for signals")?;
    let told = Mutex::new(Instant::now());
    Ok(Arc::new(move |Step { what, done, of }| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.elapsed() > EVERY {
            *told = Instant::now();
            match of {
                0 | 1 => eprintln!("{command}: {what}"),
                of => eprintln!("{command}: {what}: {done} of {of}"),
            }
        }
        !is_stopped.load(Ordering::Relaxed)
    }))
}
