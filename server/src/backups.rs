//! Backups that the server makes by itself: when one is due, and which are kept.
//!
//! The names of the files are all there is to remember: they have the times at which they
//! were begun. A file that does not have such a name is not ours, and one whose time has not
//! come yet was made when the clock was wrong: neither counts, and neither is deleted.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{debug, info, warn};

use crate::clock::now_ms;
use crate::config::Backups;
use crate::store::Store;
use crate::store::backup::utc_stamp;

const PREFIX: &str = "longhall-";
const ENDING: &str = ".db";
/// What a backup has behind its name until it is whole.
const UNFINISHED: &str = ".unfinished";

/// Makes a backup whenever one is due. Does nothing where no folder is named.
pub(crate) async fn run(store: Arc<dyn Store>, options: Backups) {
    let Some(folder) = options.folder.clone() else {
        return;
    };
    let folder: Arc<Path> = folder.into();
    let mut looks = interval(options.look);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut not_before = Instant::now();
    loop {
        looks.tick().await;
        if Instant::now() < not_before {
            continue;
        }
        let done = make_if_due(&*store, &folder, &options).await;
        if let Err(cause) = done {
            warn!(%cause, folder = %folder.display(), "cannot make a backup for now; trying again");
            not_before = Instant::now() + options.retry;
        }
    }
}

async fn make_if_due(
    store: &dyn Store,
    folder: &Arc<Path>,
    options: &Backups,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let now = now_ms();
    let (looking, every) = (Arc::clone(folder), options.every);
    let is_due = spawn_blocking(move || is_due(&looking, now, every)).await??;
    if !is_due {
        return Ok(());
    }
    let file = folder.join(format!("{PREFIX}{}{ENDING}", utc_stamp(now)));
    let began = Instant::now();
    let made = store.backup(&file, false).await?;
    info!(
        file = %file.display(),
        bytes = made.bytes,
        lines = made.lines,
        seconds = began.elapsed().as_secs(),
        "made a backup and verified it"
    );
    let (tidying, kept) = (Arc::clone(folder), options.kept);
    let deleted = spawn_blocking(move || tidy(&tidying, kept)).await??;
    for file in deleted {
        debug!(file = %file.display(), "deleted the oldest backup");
    }
    Ok(())
}

fn is_due(folder: &Path, now_ms: i64, every: Duration) -> io::Result<bool> {
    let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX);
    let due_since = utc_stamp(now_ms.saturating_sub(every));
    let newest = made(folder, now_ms)?.pop();
    Ok(newest.is_none_or(|(stamp, _)| stamp <= due_since))
}

/// The backups in a folder, with their times, the oldest first.
pub(crate) fn made(folder: &Path, now_ms: i64) -> io::Result<Vec<(String, PathBuf)>> {
    let now = utc_stamp(now_ms);
    let mut made = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(stamp) = name.to_str().and_then(stamp_of)
            && stamp <= now.as_str()
            && entry.file_type()?.is_file()
        {
            made.push((stamp.to_owned(), entry.path()));
        }
    }
    made.sort();
    Ok(made)
}

/// `longhall-20261127T095900Z.db` gives `20261127T095900Z`.
fn stamp_of(name: &str) -> Option<&str> {
    let stamp = name.strip_prefix(PREFIX)?.strip_suffix(ENDING)?;
    let is_like = |(byte, like): (u8, u8)| match like {
        b'0' => byte.is_ascii_digit(),
        like => byte == like,
    };
    let like = b"00000000T000000Z";
    let is_stamp = stamp.len() == like.len() && stamp.bytes().zip(*like).all(is_like);
    is_stamp.then_some(stamp)
}

/// Deletes the oldest beyond those that are kept, and what a server that was killed has left
/// of one. Returns what is gone.
fn tidy(folder: &Path, kept: usize) -> io::Result<Vec<PathBuf>> {
    let mut made = made(folder, now_ms())?;
    made.truncate(made.len().saturating_sub(kept));
    let mut gone: Vec<_> = made.into_iter().map(|(_, path)| path).collect();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_left = name
            .to_str()
            .and_then(|name| name.strip_suffix(UNFINISHED))
            .is_some_and(|name| stamp_of(name).is_some());
        // Whoever writes one has it locked.
        if is_left && entry.file_type()?.is_file() && File::open(entry.path())?.try_lock().is_ok() {
            gone.push(entry.path());
        }
    }
    for path in &gone {
        fs::remove_file(path)?;
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SqliteStore;

    fn folder_with(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            fs::write(folder.path().join(name), "").unwrap();
        }
        folder
    }

    fn names_in(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn the_oldest_beyond_the_number_are_deleted_and_nothing_of_others() {
        let others = [
            "longhall-20200101T000000Z.db.bak",
            "longhall-20200101T00000Z.db",
            "longhall-2020-1-1T000000Z.db",
            "longhall-99990101T000000Z.db",
            "longhall.db",
            "my-longhall-20200101T000000Z.db",
            "notes.unfinished",
        ];
        let folder = folder_with(&others);
        for day in 1..=5 {
            let name = format!("longhall-2020010{day}T000000Z.db");
            fs::write(folder.path().join(name), "").unwrap();
        }
        let left = folder
            .path()
            .join("longhall-20200101T000000Z.db.unfinished");
        fs::write(&left, "").unwrap();
        let written = folder
            .path()
            .join("longhall-20200102T000000Z.db.unfinished");
        let lock = File::create(&written).unwrap();
        lock.try_lock().unwrap();
        fs::create_dir(folder.path().join("longhall-20190101T000000Z.db")).unwrap();
        assert_eq!(tidy(folder.path(), 2).unwrap().len(), 4);
        let mut expected: Vec<_> = others.iter().map(|name| (*name).to_owned()).collect();
        expected.extend(
            [
                "longhall-20190101T000000Z.db",
                "longhall-20200102T000000Z.db.unfinished",
                "longhall-20200104T000000Z.db",
                "longhall-20200105T000000Z.db",
            ]
            .map(str::to_owned),
        );
        expected.sort();
        assert_eq!(names_in(folder.path()), expected);
    }

    #[test]
    fn a_backup_is_due_when_the_newest_is_old_enough() {
        let hour = Duration::from_secs(3600);
        let newest = 1_600_000_000_000;
        let name = format!("longhall-{}.db", utc_stamp(newest));
        // When the clock was wrong.
        let folder = folder_with(&[&name, "longhall-99990101T000000Z.db"]);
        let is_due = |now_ms| is_due(folder.path(), now_ms, hour).unwrap();
        assert!(!is_due(newest));
        assert!(!is_due(newest + 3_599_000));
        assert!(is_due(newest + 3_600_000));
        // As if there were none.
        assert!(is_due(newest - 1000));
    }

    #[tokio::test]
    async fn a_failure_is_tried_again_and_then_a_backup_is_made() {
        let place = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&place.path().join("longhall.db")).unwrap();
        let lobby = longhall_packet::ChannelName::parse("lobby").unwrap();
        store.open_lobby(&lobby, 0).await.unwrap();
        let folder = place.path().join("backups");
        let mut options = crate::Config::default().backups;
        options.folder = Some(folder.clone());
        options.look = Duration::from_millis(1);
        options.retry = Duration::from_millis(1);
        let running = run(Arc::new(store), options);
        let is_made = async {
            while !names_in(&folder)
                .iter()
                .any(|name| stamp_of(name).is_some())
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let looking = async {
            // Some tries come to nothing first.
            tokio::time::sleep(Duration::from_millis(20)).await;
            fs::create_dir(&folder).unwrap();
            is_made.await;
        };
        tokio::select! {
            () = running => panic!("it has ended"),
            () = looking => {}
        }
        let names = names_in(&folder);
        assert_eq!(names.len(), 1, "{names:?}");
    }
}
