//! A file that is being written, and has its name only when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::BackupError;

/// `FILE.unfinished`, gone again unless it becomes `FILE`.
pub(in crate::store) struct Unfinished {
    /// What is written.
    path: PathBuf,
    /// What it becomes.
    becomes: PathBuf,
    /// Holds a lock, so that there is one at a time. To be closed after SQLite's
    /// connections: with any descriptor of a file that it closes, a process loses SQLite's
    /// locks on it.
    file: File,
    is_finished: bool,
}

impl Unfinished {
    /// Begins to write, over what a writer that was killed has left.
    ///
    /// # Errors
    /// When there is a file of that name, somebody writes it, or it cannot be written.
    pub(in crate::store) fn begin(becomes: &Path, is_forced: bool) -> Result<Self, BackupError> {
        let bad = |what| Err(BackupError::BadName(becomes.to_owned(), what));
        let Some(name) = becomes.file_name().and_then(|name| name.to_str()) else {
            return bad("it is no name of a file, or not in UTF-8");
        };
        if becomes
            .as_os_str()
            .to_string_lossy()
            .ends_with(std::path::is_separator)
        {
            return bad("it is a folder");
        }
        let folder = match becomes.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let Ok(folder) = fs::canonicalize(folder) else {
            return Err(BackupError::NoFolder(folder.to_owned()));
        };
        let becomes = folder.join(name);
        match fs::symlink_metadata(&becomes) {
            Ok(found) if found.is_dir() => {
                return Err(BackupError::BadName(becomes, "it is a folder"));
            }
            Ok(_) if !is_forced => return Err(BackupError::Exists(becomes)),
            _ => {}
        }
        let path = folder.join(format!("{name}.unfinished"));
        if path.to_str().is_none() {
            return Err(BackupError::BadName(path, "its folder is not in UTF-8"));
        }
        let file = open_private(&path).map_err(BackupError::io(&path))?;
        // A locked file cannot be written on Windows, not even by SQLite.
        if cfg!(unix) && file.try_lock().is_err() {
            return Err(BackupError::UnderWay(becomes));
        }
        file.set_len(0).map_err(BackupError::io(&path))?;
        Ok(Self {
            path,
            becomes,
            file,
            is_finished: false,
        })
    }

    /// What is to be written.
    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }

    /// Has what was written so far outlive the machine, and returns how much that is.
    pub(in crate::store) fn sync(&self) -> Result<u64, BackupError> {
        let synced = self.file.sync_all().and_then(|()| self.file.metadata());
        Ok(synced.map_err(BackupError::io(&self.becomes))?.len())
    }

    /// A handle for [`File::sync_data`] from elsewhere. To be closed before this.
    pub(in crate::store) fn handle(&self) -> Result<File, BackupError> {
        self.file.try_clone().map_err(BackupError::io(&self.path))
    }

    /// Has the next reader read what is on the disk, not what is still in memory.
    pub(in crate::store) fn forget_cached(&self) {
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Advice, fadvise};
            // It is a wish: nothing is wrong where it is not heard.
            let _ = fadvise(&self.file, 0, None, Advice::DontNeed);
        }
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// When the system does not let us. It is gone then.
    pub(in crate::store) fn finish(mut self) -> Result<PathBuf, BackupError> {
        self.sync()?;
        fs::rename(&self.path, &self.becomes).map_err(BackupError::io(&self.becomes))?;
        self.is_finished = true;
        sync_folder(&self.becomes).map_err(BackupError::io(&self.becomes))?;
        Ok(self.becomes.clone())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        // Not through a link that somebody else has put there.
        options.mode(0o600);
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
        let file = options.open(path)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

/// Refuses to begin what there is no room for: the database may be on the same disk, and
/// would be the next that there is none for.
pub(in crate::store) fn make_room(path: &Path, needed: u64) -> Result<(), BackupError> {
    #[cfg(unix)]
    if let Ok(disk) = rustix::fs::statvfs(path.parent().unwrap_or(Path::new("."))) {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < needed {
            let path = path.to_owned();
            return Err(BackupError::NoRoom { path, needed, free });
        }
    }
    let _ = (path, needed);
    Ok(())
}

/// Makes new names in the folder of a file outlive the machine.
pub(in crate::store) fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Gives a file that root has made to whoever owns `like`: the server runs as somebody else.
pub(in crate::store) fn give_to_owner_of(like: &Path, path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        if !rustix::process::geteuid().is_root() {
            return Ok(());
        }
        let (owner, found) = (fs::metadata(like)?, fs::metadata(path)?);
        if (owner.uid(), owner.gid()) != (found.uid(), found.gid()) {
            chown(path, Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    let _ = (like, path);
    Ok(())
}
