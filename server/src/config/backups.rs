//! Backups that the server makes by itself.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::at_least_one;

/// Backups that are made while the server runs, and how many are kept.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Backups")]
pub struct Backups {
    /// A folder for backups that the server makes by itself, each in a file of its own
    /// that is named by its time in UTC. The folder must exist, and is for one server's
    /// backups alone.
    ///
    /// Set it, best to a folder on another disk, unless something else makes backups. It
    /// needs room for one more than are kept.
    #[arg(
        long = "backup-folder",
        env = "LONGHALL_BACKUP_FOLDER",
        value_name = "FOLDER"
    )]
    pub folder: Option<PathBuf>,

    /// How often a backup is made: a number with m, h or d behind it, for minutes, hours
    /// or days. A start makes one if the newest is older than that.
    ///
    /// As much as this of what was said may be lost with the disk.
    #[arg(
        long = "backup-every",
        env = "LONGHALL_BACKUP_EVERY",
        value_name = "TIME"
    )]
    #[arg(default_value = "1d", value_parser = time)]
    pub every: Duration,

    /// Backups that are kept; beyond, the oldest are deleted once a new one is there and
    /// verified.
    ///
    /// More to be able to go back further, as long as the disk has room.
    #[arg(
        long = "backups-kept",
        env = "LONGHALL_BACKUPS_KEPT",
        value_name = "COUNT"
    )]
    #[arg(default_value_t = 7, value_parser = at_least_one())]
    pub kept: usize,

    /// How often it is looked whether one is due.
    #[arg(skip = Duration::from_secs(60))]
    pub look: Duration,
    /// How long after a failure the next is tried.
    #[arg(skip = Duration::from_secs(10 * 60))]
    pub retry: Duration,
}

impl Backups {
    /// Refuses a folder that is none: that is a slip of the operator's.
    ///
    /// # Errors
    /// When the folder is named and cannot be used.
    pub fn check(&self) -> io::Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        if folder.is_dir() {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "--backup-folder {} is not a folder; create it",
            folder.display()
        )))
    }
}

fn time(text: &str) -> Result<Duration, String> {
    let explain = || format!("{text:?} is no time like 30m, 6h or 1d");
    let unit = text.chars().last().ok_or_else(explain)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(explain()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| explain())?;
    if number == 0 {
        return Err(explain());
    }
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_number_and_a_unit() {
        assert_eq!(time("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(time("6h"), Ok(Duration::from_secs(21_600)));
        assert_eq!(time("1d"), Ok(Duration::from_secs(86_400)));
        for wrong in [
            "",
            "m",
            "0h",
            "1",
            "1w",
            "-1d",
            "1.5h",
            "1 d",
            "9999999999d",
            "5é",
        ] {
            let told = time(wrong).unwrap_err();
            assert!(told.contains("30m"), "{told}");
        }
    }
}
