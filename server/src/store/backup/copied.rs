//! Backups of PostgreSQL, which are SQLite files as well: everything is copied from one
//! snapshot, and back into an empty database.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{BackupError, Contents, Restored, Step, Unfinished, Watch};
use crate::config::Secret;
use crate::store::copy::{CopyError, Label, Progress, run};
use crate::store::postgres::PostgresEnd;
use crate::store::sqlite::{self, SqliteEnd, new_epoch};

/// Makes a backup of a PostgreSQL database. Servers may write meanwhile. Blocks.
///
/// # Errors
/// See [`BackupError`]. Nothing is left behind then.
pub(in crate::store) fn back_up(
    url: &Secret,
    file: &Path,
    is_forced: bool,
    watch: &Watch,
) -> Result<Contents, BackupError> {
    let new = Unfinished::begin(file, is_forced)?;
    // Under a name of its own, so that the last step is the same as for a SQLite database: it
    // looks at each row again, and leaves no room free.
    let copy = Copy::beside(new.path());
    let mut source = PostgresEnd::snapshot(url)?;
    let mut target = SqliteEnd::create(&copy.path)?;
    run(
        &mut source,
        &mut target,
        &Label::default(),
        &mut tell(watch),
    )?;
    drop((source, target));
    sqlite::finish_backup(&copy.path, new, file, watch)
}

/// Copies a backup into an empty PostgreSQL database, which begins another epoch. Blocks.
///
/// # Errors
/// See [`BackupError`].
pub(in crate::store) fn restore(
    file: &Path,
    url: &Secret,
    watch: &Watch,
) -> Result<Restored, BackupError> {
    let contents = super::verify(file, watch)?;
    let mut source = SqliteEnd::frozen(file)?;
    if !source.is_newest_layout()? {
        return Err(BackupError::Unsound {
            path: file.to_owned(),
            what:
                "has an older layout; restore it into a file with --database, and bring that over \
                   by: longhall-server copy-store"
                    .to_owned(),
        });
    }
    let epoch = new_epoch();
    let label = Label {
        // Of another backup no copy goes on.
        source: contents
            .made
            .as_ref()
            .map(|made| format!("the backup of {}", made.at)),
        epoch: Some(epoch.clone()),
    };
    let mut target = PostgresEnd::open(url, true)?;
    run(&mut source, &mut target, &label, &mut tell(watch))?;
    Ok(Restored {
        contents,
        aside: None,
        epoch,
    })
}

fn tell(watch: &Watch) -> impl FnMut(Progress) -> bool {
    let watch = Arc::clone(watch);
    move |progress| {
        let (what, done, of) = match progress {
            Progress::Copied { table, done, of } => (table, done, of),
            Progress::Compared { done, of, .. } => ("comparing", done, of),
        };
        watch(Step { what, done, of })
    }
}

/// A copy on the way, gone at the end with all that is beside it.
struct Copy {
    path: PathBuf,
}

impl Copy {
    /// Whoever has `unfinished` is alone: what is there is what somebody left who was killed.
    fn beside(unfinished: &Path) -> Self {
        let mut path = unfinished.as_os_str().to_owned();
        path.push(".copy");
        let copy = Self { path: path.into() };
        copy.remove();
        copy
    }

    fn remove(&self) {
        for file in ["", ".copying"] {
            for beside in ["", ".lock", "-wal", "-shm"] {
                let mut path = self.path.as_os_str().to_owned();
                path.push(file);
                path.push(beside);
                let _ = fs::remove_file(path);
            }
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.remove();
    }
}

impl From<CopyError> for BackupError {
    fn from(cause: CopyError) -> Self {
        match cause {
            CopyError::Open(cause) => Self::Open(cause),
            CopyError::Stopped => Self::Stopped,
            CopyError::Failed { place, detail } => Self::Other(format!("{place}: {detail}")),
            CopyError::Different(difference) => Self::Other(format!(
                "the copy is not the same: {difference}; nothing starts on it: try again"
            )),
            CopyError::NotEmpty(name) | CopyError::OtherCopy(name) => Self::Other(format!(
                "{name} is not empty; nothing was changed: create an empty database, and name it \
                 with --store or --store-file"
            )),
            CopyError::NothingThere(name) => Self::Other(format!("{name} holds no Longhall")),
            cause @ (CopyError::Postgres(_)
            | CopyError::NoSource(_)
            | CopyError::Same
            | CopyError::InUse(_)) => Self::Other(cause.to_string()),
        }
    }
}
