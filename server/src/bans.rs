//! Accounts that may not come in.
//!
//! The operator keeps a text file with one user name a line. It is looked at
//! while the server runs, so that a ban works at once and without a restart.

use std::collections::HashSet;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use longhall_packet::{CloseReason, Username};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::hub::Hub;
use crate::name_list;
use crate::settings::Settings;
use crate::store::Store;

/// The names in the operator's file; without a file, nobody is banned.
#[derive(Debug, Default)]
pub(crate) struct Bans {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    file: Option<PathBuf>,
    stamp: Option<Stamp>,
    name_keys: HashSet<String>,
}

/// Tells whether a file has changed.
type Stamp = (SystemTime, u64);

impl Bans {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read: at the start that is a slip of the operator's.
    pub(crate) fn read(file: Option<PathBuf>) -> Result<Self, Error> {
        let bans = Self::default();
        bans.set_file(file);
        bans.refresh()?;
        Ok(bans)
    }

    /// Looks at another file from now on; without one, nobody is banned any more.
    pub(crate) fn set_file(&self, file: Option<PathBuf>) {
        let mut known = self.known();
        if known.file == file {
            return;
        }
        known.stamp = None;
        if file.is_none() {
            known.name_keys.clear();
        }
        known.file = file;
    }

    /// Whether the account with this name key may not come in.
    pub(crate) fn contain(&self, name_key: &str) -> bool {
        self.known().name_keys.contains(name_key)
    }

    /// Reads the file again if it has changed, and returns the name keys new in it.
    fn refresh(&self) -> Result<Vec<String>, Error> {
        let (file, known_stamp) = {
            let known = self.known();
            (known.file.clone(), known.stamp)
        };
        let Some(file) = &file else {
            return Ok(Vec::new());
        };
        let explain = |cause: Error| name_list::explain(file, "banned", &cause);
        let metadata = file.metadata().map_err(explain)?;
        if !metadata.is_file() {
            return Err(explain(ErrorKind::IsADirectory.into()));
        }
        let stamp = Some((metadata.modified().map_err(explain)?, metadata.len()));
        if known_stamp == stamp {
            return Ok(Vec::new());
        }
        let text = name_list::read(file, "banned")?;
        let name_keys = parse(&text);
        info!(names = name_keys.len(), file = %file.display(), "banned names read");
        let mut known = self.known();
        if known.file.as_ref() != Some(file) {
            // It is another one by now, which comes next.
            return Ok(Vec::new());
        }
        let added = name_keys.difference(&known.name_keys).cloned().collect();
        known.stamp = stamp;
        known.name_keys = name_keys;
        Ok(added)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Whole at any time: it is replaced in one step.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn a_file_that_goes_missing_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("banned.txt");
        std::fs::write(&file, "mallory").unwrap();
        let bans = Bans::read(Some(file.clone())).unwrap();
        std::fs::remove_file(&file).unwrap();
        bans.refresh().unwrap_err();
        assert!(bans.contain(&Username::parse("Mallory").unwrap().name_key()));
        std::fs::write(&file, "mallory\neve").unwrap();
        assert_eq!(bans.refresh().unwrap(), ["eve"]);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        for file in [folder.path().join("missing.txt"), folder.path().to_owned()] {
            let error = Bans::read(Some(file.clone())).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("cannot read the banned names in"), "{text}");
            assert!(text.contains(&file.display().to_string()), "{text}");
        }
    }
}
