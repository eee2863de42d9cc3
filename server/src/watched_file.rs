//! A text file of the operator's that holds while the server runs: looked at now and then,
//! and read again when it has changed.

use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use arc_swap::{ArcSwap, Guard};

use crate::name_list;

/// What is in such a file; without one, nothing.
#[derive(Debug)]
pub(crate) struct WatchedFile<T> {
    /// What the file is of, and its option begins with.
    kind: &'static str,
    parse: fn(&str) -> T,
    now: ArcSwap<T>,
    file: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    file: Option<PathBuf>,
    stamp: Option<Stamp>,
}

/// Tells whether a file has changed.
type Stamp = (SystemTime, u64);

impl<T: Default> WatchedFile<T> {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read: at the start that is a slip of the operator's.
    pub(crate) fn read(
        kind: &'static str,
        file: Option<PathBuf>,
        parse: fn(&str) -> T,
    ) -> Result<Self, Error> {
        let watched = Self {
            kind,
            parse,
            now: ArcSwap::default(),
            file: Mutex::default(),
        };
        watched.set_file(file);
        watched.refresh()?;
        Ok(watched)
    }

    /// Looks at another file from now on; without one, there is nothing any more.
    pub(crate) fn set_file(&self, file: Option<PathBuf>) {
        let mut known = self.known();
        if known.file == file {
            return;
        }
        known.stamp = None;
        if file.is_none() {
            self.now.store(Arc::default());
        }
        known.file = file;
    }

    /// What is in it.
    pub(crate) fn now(&self) -> Guard<Arc<T>> {
        self.now.load()
    }

    /// Reads the file again if it has changed; returns what was in it before then.
    ///
    /// # Errors
    /// When it cannot be read; then all stays as it was.
    pub(crate) fn refresh(&self) -> Result<Option<Arc<T>>, Error> {
        let (file, known_stamp) = {
            let known = self.known();
            (known.file.clone(), known.stamp)
        };
        let Some(file) = &file else {
            return Ok(None);
        };
        let explain = |cause: Error| name_list::explain(file, self.kind, &cause);
        let metadata = file.metadata().map_err(explain)?;
        if !metadata.is_file() {
            return Err(explain(ErrorKind::IsADirectory.into()));
        }
        let stamp = Some((metadata.modified().map_err(explain)?, metadata.len()));
        if known_stamp == stamp {
            return Ok(None);
        }
        let text = name_list::read(file, self.kind)?;
        let next = Arc::new((self.parse)(&text));
        let mut known = self.known();
        if known.file.as_ref() != Some(file) {
            // It is another one by now, which comes next.
            return Ok(None);
        }
        known.stamp = stamp;
        Ok(Some(self.now.swap(next)))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Whole at any time.
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: PathBuf) -> Result<WatchedFile<String>, Error> {
        WatchedFile::read("banned-names", Some(file), str::to_owned)
    }

    #[test]
    fn a_file_that_goes_missing_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("banned.txt");
        std::fs::write(&file, "mallory").unwrap();
        let watched = read(file.clone()).unwrap();
        std::fs::remove_file(&file).unwrap();
        watched.refresh().unwrap_err();
        assert_eq!(**watched.now(), "mallory");
        std::fs::write(&file, "mallory\neve").unwrap();
        assert_eq!(*watched.refresh().unwrap().unwrap(), "mallory");
        assert!(watched.refresh().unwrap().is_none());
        assert_eq!(**watched.now(), "mallory\neve");
        watched.set_file(None);
        assert_eq!(**watched.now(), "");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        for file in [folder.path().join("missing.txt"), folder.path().to_owned()] {
            let text = read(file.clone()).unwrap_err().to_string();
            assert!(text.contains("--banned-names"), "{text}");
            assert!(text.contains(&file.display().to_string()), "{text}");
        }
    }
}
