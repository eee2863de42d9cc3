//! `longhall-server copy-store`: everything of one store into another, with progress.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use longhall_server::config::Secret;
use longhall_server::store::{Progress, StorePlace, copy};

/// How often it says how far it is.
const EVERY: Duration = Duration::from_secs(2);

/// Brings everything from one store into another: from a file into PostgreSQL, or back
///
/// Stop the servers first. The source is not changed, and nothing in the target is written
/// over: it has to be a file that does not exist, or an empty database. At the end both are read and
/// compared. A copy that was stopped goes on where it was when it is started again.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CopyStore {
    /// What to copy: a SQLite file, or postgres://user:password@host/database
    #[arg(long, value_name = "STORE", required_unless_present = "from_url_file")]
    #[arg(conflicts_with = "from_url_file")]
    from: Option<String>,

    /// A file with the postgres://… to copy, so that nobody else on the machine sees it
    #[arg(long, value_name = "FILE")]
    from_url_file: Option<PathBuf>,

    /// Where to copy it: a SQLite file, or postgres://user:password@host/database
    #[arg(long, value_name = "STORE", required_unless_present = "to_url_file")]
    #[arg(conflicts_with = "to_url_file")]
    to: Option<String>,

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
    let from = place(
        "--from",
        options.from.as_deref(),
        options.from_url_file.as_ref(),
    )?;
    let to = place("--to", options.to.as_deref(), options.to_url_file.as_ref())?;
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

fn place(option: &str, text: Option<&str>, file: Option<&PathBuf>) -> anyhow::Result<StorePlace> {
    let is_url = |text: &str| text.starts_with("postgres://") || text.starts_with("postgresql://");
    let (text, is_named) = match (text, file) {
        (Some(text), _) => (text.to_owned(), false),
        (None, Some(file)) => {
            let read = std::fs::read_to_string(file);
            let text = read.with_context(|| format!("{option}-url-file {}", file.display()))?;
            (text.trim().to_owned(), true)
        }
        (None, None) => bail!("{option} is missing"),
    };
    if is_url(&text) {
        let Ok(url) = text.parse::<Secret>();
        return Ok(StorePlace::Postgres(url));
    }
    if is_named {
        bail!("{option}-url-file has no postgres://… in its only line");
    }
    if text.contains("://") || text.contains("password=") {
        bail!("{option} is neither a file nor a postgres://…");
    }
    Ok(StorePlace::File(text.into()))
}
