//! Looks over what a server needs, and says what to put right.
//!
//! Nothing is changed, and a running server does not notice. Each look is a function of a
//! few lines that gives a [`Finding`]; what they look at is in the modules below.

mod certificate;
mod database;
mod machine;
mod network;

use std::fmt;
use std::path::Path;

use serde::Serialize;

use crate::config::{Basics, Config};
use crate::{SERVER_NAME, backups, clock::now_ms};

/// How well something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// It works, but not for ever.
    Warn,
    /// It does not work, or will not at the next start.
    Fail,
}

/// What was found, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: a short name that stays the same.
    pub check: &'static str,
    /// How well it is.
    pub level: Level,
    /// What is the matter, and what to do if something is.
    pub said: String,
}

impl Finding {
    fn ok(check: &'static str, said: impl Into<String>) -> Self {
        Self::new(check, Level::Ok, said)
    }

    fn warn(check: &'static str, said: impl Into<String>) -> Self {
        Self::new(check, Level::Warn, said)
    }

    fn fail(check: &'static str, said: impl Into<String>) -> Self {
        Self::new(check, Level::Fail, said)
    }

    fn new(check: &'static str, level: Level, said: impl Into<String>) -> Self {
        Self {
            check,
            level,
            said: said.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok  ",
            Level::Warn => "WARN",
            Level::Fail => "FAIL",
        };
        write!(f, "{level} {}: {}", self.check, self.said)
    }
}

/// Looks over what a server with these settings needs. Blocks for seconds; with `is_deep`,
/// which reads all of a SQLite file and of the newest backup, for as long as that takes.
pub fn examine(basics: &Basics, config: &Config, is_deep: bool) -> Vec<Finding> {
    let mut found = vec![Finding::ok("version", SERVER_NAME)];
    found.push(machine::open_files(config.capacity.max_connections));
    found.extend(machine::synchronised());
    match basics.store_url() {
        Err(cause) => found.push(Finding::fail("postgres", cause.to_string())),
        Ok(Some(url)) => found.extend(network::postgres(&url)),
        Ok(None) => {
            found.push(machine::space("space", &basics.database, 0));
            found.extend(database::examine(&basics.database, is_deep));
        }
    }
    found.extend(network::bus(&basics.bus));
    found.extend(certificate::examine(&config.tls));
    let secrets = [
        ("store-file", basics.store_file.as_deref()),
        ("bus-file", basics.bus.bus_file.as_deref()),
        ("tls-key", config.tls.key.as_deref()),
    ];
    for (check, file) in secrets {
        found.extend(file.map(|file| machine::secret(check, file)));
    }
    if let Some(folder) = &config.backups.folder {
        let every = config.backups.every;
        found.extend(newest_backup(folder, every.as_millis(), is_deep));
    }
    found
}

fn newest_backup(folder: &Path, every_ms: u128, is_deep: bool) -> Vec<Finding> {
    let now = now_ms();
    let made = match backups::made(folder, now) {
        Ok(made) => made,
        Err(cause) => {
            let said = format!(
                "{} cannot be read: {cause}; see --backup-folder",
                folder.display()
            );
            return vec![Finding::fail("backups", said)];
        }
    };
    let Some((at, newest)) = made.last() else {
        let said = format!(
            "there is none in {} yet; start the server",
            folder.display()
        );
        return vec![Finding::warn("backups", said)];
    };
    let late = i64::try_from(every_ms.saturating_mul(2)).unwrap_or(i64::MAX);
    let shown = newest.display();
    let mut found = vec![
        if *at < crate::store::backup::utc_stamp(now.saturating_sub(late)) {
            Finding::warn(
                "backups",
                format!(
                    "the newest, {shown}, is too old; look in the log for: cannot make a backup"
                ),
            )
        } else {
            Finding::ok(
                "backups",
                format!("the newest of {} is {shown}", made.len()),
            )
        },
    ];
    let size = std::fs::metadata(newest).map_or(0, |file| file.len());
    found.push(machine::space("backup-space", newest, size));
    if is_deep {
        let verified = crate::store::backup::verify(newest, &(std::sync::Arc::new(|_| true) as _));
        found.push(match verified {
            Ok(contents) => match contents.remarks.first() {
                None => Finding::ok("backup-whole", format!("{shown} is whole")),
                Some(remark) => Finding::warn("backup-whole", format!("{shown}: {remark}")),
            },
            Err(cause) => Finding::fail("backup-whole", cause.to_string()),
        });
    }
    found
}
