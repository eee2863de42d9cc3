//! PostgreSQL's programs, and what it takes to run them.

use std::env;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use longhall_provision::{Engine, engines, process};

use crate::user::{self, User};

/// A folder with PostgreSQL's programs.
pub(super) struct Programs {
    folder: PathBuf,
    /// Where those that are unpacked find libraries.
    libraries: Option<Vec<PathBuf>>,
    /// As whom the server runs, if not as we do.
    user: Option<User>,
}

impl Programs {
    /// Finds them. Those in a folder that `user` may not enter are copied to `home`.
    ///
    /// # Errors
    /// If they are nowhere, or cannot be run as `user`.
    pub(super) fn find(user: Option<User>, home: &Path) -> Result<Self> {
        let mut folder = Engine::Postgres.find(&crate::target())?;
        let mut root = engines::unpacked_root(&folder);
        if user.is_some() && !user::is_open_to_all(&folder) {
            let Some(unpacked) = &root else {
                bail!(
                    "PostgreSQL does not run as root, and nobody else may enter {}",
                    folder.display()
                );
            };
            let copy = home.join("programs");
            let mut cp = Command::new("cp");
            process::output("cp", cp.arg("-a").arg(unpacked).arg(&copy))?;
            let inner = folder
                .strip_prefix(unpacked)
                .context("no unpacked program")?;
            folder = copy.join(inner);
            root = Some(copy);
        }
        Ok(Self {
            folder,
            libraries: root.map(|root| engines::libraries(&root).to_vec()),
            user,
        })
    }

    /// A program, run as we are. Variables that it would heed are left out.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        for (name, _) in env::vars_os() {
            let heeded = name.to_str().is_some_and(|name| name.starts_with("PG"));
            if heeded {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C");
        if let Some(libraries) = &self.libraries
            && let Ok(path) = env::join_paths(libraries)
        {
            command.env("LD_LIBRARY_PATH", path);
        }
        command
    }

    /// A program that refuses to be root's, run in `folder`.
    pub(super) fn unprivileged(&self, program: &str, folder: &Path) -> Command {
        let mut command = self.command(program);
        // He need not be allowed to enter ours.
        command.current_dir(folder);
        if let Some(user) = self.user {
            command.uid(user.uid).gid(user.gid);
        }
        command
    }

    /// Lets the server read a file of ours.
    ///
    /// # Errors
    /// If the system refuses.
    pub(super) fn give_away(&self, file: &Path) -> Result<()> {
        match self.user {
            Some(user) => chown(file, Some(user.uid), Some(user.gid))
                .with_context(|| format!("cannot give {} away", file.display())),
            None => Ok(()),
        }
    }
}
