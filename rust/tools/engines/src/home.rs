//! The folder of an engine, which goes with everything in it whatever ends the test.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::Pid;
use tempfile::TempDir;

use crate::running::Running;
use crate::user::User;

/// Reads the engine's process id, a line each time it changes, until the test's process is
/// gone: then ends the engine and removes the folder. Behind the id are those of its children
/// that stand still, which would outlive it.
const WATCH: &str = "
while read -r line rest; do pid=$line; children=$rest; done
if [ -n \"$pid\" ] && kill -\"$2\" \"$pid\"; then
    kill -CONT \"$pid\" $children
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        kill -0 \"$pid\" || break
        sleep 0.2
    done
    kill -KILL \"$pid\"
fi
rm -rf \"$1\"
";

/// A temporary folder, and a process that outlives ours to remove it: no destructor runs in a
/// test that is killed, and none for a `static`.
pub(crate) struct Home {
    watcher: Child,
    folder: TempDir,
}

impl Home {
    /// Makes the folder, as `owner`'s if there is one. `end` is the name of the signal that ends
    /// the engine for good.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn make(name: &str, owner: Option<User>, end: &str) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(&format!("longhall-{name}-"))
            // Passwords are in it.
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .context("cannot make a temporary folder")?;
        if let Some(user) = owner {
            chown(folder.path(), Some(user.uid), Some(user.gid))
                .with_context(|| format!("cannot give {} away", folder.path().display()))?;
        }
        let watcher = Command::new("sh")
            .args(["-c", WATCH, "sh"])
            .arg(folder.path())
            .arg(end)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A Ctrl-C that ends the test must not end it.
            .process_group(0)
            .spawn()
            .context("cannot start a shell")?;
        Ok(Self { watcher, folder })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Has the engine ended with us from now on; none: it has ended.
    ///
    /// # Errors
    /// If the watching process is gone.
    pub(crate) fn watch(&mut self, engine: Option<&Running>) -> Result<()> {
        self.watch_standing(engine, &[])
    }

    /// The same while these children of the engine stand still.
    ///
    /// # Errors
    /// As [`watch`](Self::watch).
    pub(crate) fn watch_standing(
        &mut self,
        engine: Option<&Running>,
        children: &[Pid],
    ) -> Result<()> {
        let mut line = engine.map_or_else(String::new, |engine| engine.id().to_string());
        for child in children {
            line += &format!(" {child}");
        }
        line += "\n";
        let input = self.watcher.stdin.as_mut();
        input
            .context("the watching shell has no input")?
            .write_all(line.as_bytes())
            .context("the watching shell is gone")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // The folder is removed right after this.
        self.watcher.kill().ok();
        self.watcher.wait().ok();
    }
}
