//! `longhall-server copy-store`: everything of one store into another, with progress.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::{ArgGroup, Args};
use longhall_server::config::Secret;
use longhall_server::store::{Progress, StorePlace, copy};

/// How often it says how far it is.
const EVERY: Duration = Duration::from_secs(2);

/// Brings everything from one store into another: from a file into PostgreSQL, or back
///
/// Stop the servers first. Accounts and lines of the source stay as they are; if its layout is
/// of an older version, it is brought up to date first, as by a start. Nothing in the target is written
/// over: it has to be a file that does not exist, or an empty database. At the end both are read and
/// compared. A copy that was stopped goes on where it was when it is started again.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
#[command(group = ArgGroup::new("source").args(["from", "from_url_file"]).required(true))]
#[command(group = ArgGroup::new("target").args(["to", "to_url_file"]).required(true))]
pub(crate) struct CopyStore {
    /// What to copy: a SQLite file, or postgres://user:password@host/database
    #[arg(long, value_name = "STORE")]
    from: Option<Secret>,

    /// A file with the postgres://… to copy, so that nobody else on the machine sees it
    #[arg(long, value_name = "FILE")]
    from_url_file: Option<PathBuf>,

    /// Where to copy it: a SQLite file, or postgres://user:password@host/database
    #[arg(long, value_name = "STORE")]
    to: Option<Secret>,

    /// A file with the postgres://… to copy it to, so that nobody else on the machine sees it
    #[arg(long, value_name = "FILE")]
    to_url_file: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  longhall-server copy-store --from longhall.db --to-url-file /etc/longhall/store
      moves into PostgreSQL; then start servers with --store-file /etc/longhall/store
  longhall-server copy-store --from-url-file /etc/longhall/store --to longhall.db
      moves back into a file";

/// Copies, and tells on standard error how far it is. Blocks for as long as it takes.
///
/// # Errors
/// What went wrong and what to do, in one line.
pub(crate) fn run(options: &CopyStore) -> anyhow::Result<()> {
    let from = match &options.from_url_file {
        Some(file) => place_in_file("--from-url-file", file)?,
        None => place("--from", options.from.as_ref())?,
    };
    let to = match &options.to_url_file {
        Some(file) => place_in_file("--to-url-file", file)?,
        None => place("--to", options.to.as_ref())?,
    };
    let began = Instant::now();
    let mut told = (began, "");
    let copied = copy(&from, &to, |progress| {
        let (what, done, of) = match progress {
            Progress::Copied { table, done, of } => (table, done, of),
            Progress::Compared {
                is_target: false,
                done,
                of,
            } => ("reading the source again", done, of),
            Progress::Compared {
                is_target: true,
                done,
                of,
            } => ("reading the copy", done, of),
        };
        if what != told.1 || told.0.elapsed() > EVERY || done == of {
            eprintln!("copy-store: {what}: {done} of {of}");
            told = (Instant::now(), what);
        }
        true
    })?;
    eprintln!(
        "copy-store: done in {:.1} s: {} accounts, {} channels, {} lines in {} logs, the same on both sides",
        began.elapsed().as_secs_f64(),
        copied.accounts,
        copied.channels,
        copied.lines,
        copied.logs
    );
    Ok(())
}

fn place(option: &str, given: Option<&Secret>) -> anyhow::Result<StorePlace> {
    let Some(given) = given else {
        bail!("{option} is missing");
    };
    let text = given.expose();
    if is_url(text) {
        return Ok(StorePlace::Postgres(given.clone()));
    }
    if text.contains("://") || text.contains("password=") {
        bail!("{option} is neither a file nor a postgres://…");
    }
    Ok(StorePlace::File(text.into()))
}

fn place_in_file(option: &'static str, file: &Path) -> anyhow::Result<StorePlace> {
    let url = Secret::read(option, file)?;
    if !is_url(url.expose()) {
        bail!("{option}: there is no postgres://… in its only line, without quotes around it");
    }
    Ok(StorePlace::Postgres(url))
}

fn is_url(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}
