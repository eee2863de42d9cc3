//! Accounts that may not come in.
//!
//! The operator keeps a text file with one user name a line. It is looked at
//! while the server runs, so that a ban works at once and without a restart.

use std::collections::HashSet;
use std::io::Error;
use std::path::PathBuf;
use std::sync::Arc;

use longhall_packet::{CloseReason, Username};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::hub::Hub;
use crate::name_list;
use crate::settings::Settings;
use crate::store::Store;
use crate::watched_file::WatchedFile;

/// The names in the operator's file; without a file, nobody is banned.
#[derive(Debug)]
pub(crate) struct Bans(WatchedFile<HashSet<String>>);

impl Bans {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read: at the start that is a slip of the operator's.
    pub(crate) fn read(file: Option<PathBuf>) -> Result<Self, Error> {
        WatchedFile::read("banned-names", file, parse).map(Self)
    }

    /// Looks at another file from now on; without one, nobody is banned any more.
    pub(crate) fn set_file(&self, file: Option<PathBuf>) {
        self.0.set_file(file);
    }

    /// Whether the account with this name key may not come in.
    pub(crate) fn contain(&self, name_key: &str) -> bool {
        self.0.now().contains(name_key)
    }

    /// Reads the file again if it has changed, and returns the name keys new in it.
    fn refresh(&self) -> Result<Vec<String>, Error> {
        let Some(before) = self.0.refresh()? else {
            return Ok(Vec::new());
        };
        let now = self.0.now();
        info!(names = now.len(), "banned names read");
        Ok(now.difference(&before).cloned().collect())
    }
}

/// Looks at the file now and then, and closes the sessions of the accounts whose names
/// are new in it.
pub(crate) async fn watch(bans: Arc<Bans>, settings: Settings, store: Arc<dyn Store>, hub: Hub) {
    let mut was_readable = true;
    loop {
        let period = settings.now().names.ban_interval;
        sleep(period).await;
        let reader = Arc::clone(&bans);
        let refreshed = tokio::task::spawn_blocking(move || reader.refresh()).await;
        let added = match refreshed {
            Ok(Ok(added)) => added,
            Ok(Err(cause)) => {
                if was_readable {
                    // Once; a file that is being replaced is there again soon.
                    warn!(%cause, "the bans stay as they were");
                }
                was_readable = false;
                continue;
            }
            Err(_) => continue,
        };
        was_readable = true;
        for name_key in added {
            match store.user_by_name(&name_key).await {
                Ok(Some(user)) => hub.close(user.id, CloseReason::Banned),
                Ok(None) => {}
                Err(cause) => warn!(%cause, "cannot look up a banned name"),
            }
        }
    }
}

/// The name keys of a file's lines.
fn parse(text: &str) -> HashSet<String> {
    let mut name_keys = HashSet::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some(name) = name_list::entry(line) else {
            continue;
        };
        match Username::parse(name) {
            Ok(name) => {
                name_keys.insert(name.name_key());
            }
            Err(denial) => warn!(line = number, reason = denial.reason(), "no user name"),
        }
    }
    name_keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_a_name_a_line_and_remarks() {
        let names =
            parse("\u{feff}# spammers\nMallory\n\n  eve  # asked twice\nx\nno spaces allowed\n");
        let keys = |name: &str| Username::parse(name).unwrap().name_key();
        assert_eq!(names, HashSet::from([keys("mallory"), keys("EVE")]));
    }

    #[test]
    fn only_who_is_new_in_the_file_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("banned.txt");
        std::fs::write(&file, "mallory").unwrap();
        let bans = Bans::read(Some(file.clone())).unwrap();
        assert!(bans.contain(&Username::parse("Mallory").unwrap().name_key()));
        std::fs::write(&file, "mallory\neve").unwrap();
        assert_eq!(bans.refresh().unwrap(), ["eve"]);
        assert!(bans.refresh().unwrap().is_empty());
    }
}
