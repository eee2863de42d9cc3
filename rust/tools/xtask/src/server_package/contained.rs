//! The test that the image starts as a container would: its root cannot be written, its
//! user is nobody else, and one folder stays.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use longhall_provision::process::{self, Process};
use serde_json::Value;

use super::image::layout::Layout;
use super::image::{PROGRAM, STATE, USER};
use super::service::Running;
use crate::server_process;

/// More than the slowest machine takes to say no.
const REFUSAL_LIMIT: Duration = Duration::from_secs(60);

/// Goes into the root with a folder of its own in the place of a volume, and writes nothing else.
/// The server gets the process, and so our signals.
const ENTER: &str = r#"
mount --bind "$1" "$1"
mount --bind "$2" "$1$3"
mount -o remount,bind,ro "$1"
root=$1 folder=$3 user=$4
shift 4
exec unshare --root="$root" --wd="$folder" --setgid "$user" --setuid "$user" "$@"
"#;

/// Mounts as [`ENTER`] does, and stays where it is.
const PROBE: &str = r#"
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
shift
exec "$@"
"#;

/// An image, unpacked.
struct Unpacked {
    config: Value,
    root: PathBuf,
    /// In place of a volume.
    state: PathBuf,
    entrance: Entrance,
}

/// How a program gets the unpacked image as its root.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entrance {
    /// With mounts of its own: nothing but the volume can be written.
    ReadOnly,
    /// Without: what is root's cannot be written.
    Plain,
    /// Not at all: the machine forbids it.
    Closed,
}

impl Entrance {
    /// Whether the machine allows it: asked without the image, which may be what is wrong.
    fn is_allowed(self, folder: &Path) -> bool {
        let mut probe = Command::new("unshare");
        if self == Entrance::ReadOnly {
            probe.args([
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-ec",
                PROBE,
                "sh",
            ]);
            probe.arg(folder).arg("unshare");
        }
        let user = USER.to_string();
        probe.args(["--root=/", "--setgid", &user, "--setuid", &user, "true"]);
        process::output("unshare", &mut probe).is_ok()
    }
}

/// Reads an image back, starts it in `folder` and has a player talk with it, as `converse` does.
/// It gets an address and whether the player has to register.
///
/// # Errors
/// If it is not what it should be.
pub(super) fn test(
    tar: &[u8],
    folder: &Path,
    converse: impl Fn(SocketAddr, bool) -> Result<()>,
) -> Result<()> {
    let layout = Layout::read(tar)?;
    println!("the image {} is what it says", layout.name);
    if process::output("id", Command::new("id").arg("-u"))?.trim() != "0" {
        println!("skipped: only root can start it, as its user");
        return Ok(());
    }
    let unpacked = Unpacked::make(&layout, folder)?;
    let how = match unpacked.entrance {
        Entrance::ReadOnly => "with a root that cannot be written",
        Entrance::Plain => "with a root that only root may write, as this machine forbids mounts",
        Entrance::Closed => {
            println!("skipped: this machine forbids chroot, so the image is not started");
            return Ok(());
        }
    };
    unpacked.expect_refusal()?;
    for is_first in [true, false] {
        let address = free_address()?;
        let admin = free_address()?.to_string();
        let mut command = unpacked.command(&[]);
        command.env("LONGHALL_LISTEN", format!("0.0.0.0:{}", address.port()));
        command.env("LONGHALL_ADMIN_LISTEN", &admin);
        command.env("LONGHALL_ALLOW_UNENCRYPTED", "true");
        let server = Running::start(&mut command, address)?;
        converse(address, is_first)?;
        unpacked.expect_health(&admin, "ready", true)?;
        unpacked.expect_closed_files()?;
        server.stop()?;
        unpacked.expect_health(&admin, "", false)?;
    }
    println!("started as its user {how}, talked with, found healthy, stopped, started again");
    Ok(())
}

impl Unpacked {
    fn make(layout: &Layout, folder: &Path) -> Result<Self> {
        let (root, state) = (folder.join("root"), folder.join("state"));
        if folder.exists() {
            fs::remove_dir_all(folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        for folder in [&root, &state] {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot create {}", folder.display()))?;
        }
        for layer in &layout.layers {
            let mut tar = tar::Archive::new(&layer[..]);
            tar.set_preserve_permissions(true);
            tar.set_preserve_ownerships(true);
            tar.unpack(&root).context("cannot unpack a layer")?;
        }
        // A new volume takes owner and mode from what is in its place.
        let place = root.join(&STATE[1..]);
        let explain = || format!("cannot look at {}", place.display());
        let there = fs::metadata(&place).with_context(explain)?;
        ensure!(
            (there.uid(), there.gid(), there.mode() & 0o7777) == (USER, USER, 0o700),
            "{STATE} is not the server's alone"
        );
        give(&state, &there).with_context(|| format!("cannot give away {}", state.display()))?;
        let entrances = [Entrance::ReadOnly, Entrance::Plain];
        let allowed = entrances
            .into_iter()
            .find(|entrance| entrance.is_allowed(&state));
        Ok(Self {
            config: layout.config["config"].clone(),
            root,
            state,
            entrance: allowed.unwrap_or(Entrance::Closed),
        })
    }

    /// The image's program, started as its configuration says.
    fn command(&self, arguments: &[&str]) -> Command {
        let text = |key: &str| self.config[key].as_str().unwrap_or_default().to_owned();
        let list = |key: &str| {
            let values = self.config[key].as_array().into_iter().flatten();
            let texts = values.filter_map(Value::as_str).map(str::to_owned);
            texts.collect::<Vec<_>>()
        };
        let user = text("User");
        let user = user.split(':').next().unwrap_or_default();
        let mut command = Command::new("unshare");
        match self.entrance {
            Entrance::ReadOnly => {
                command.args([
                    "--mount",
                    "--propagation",
                    "private",
                    "sh",
                    "-ec",
                    ENTER,
                    "sh",
                ]);
                command.arg(&self.root).arg(&self.state);
                command.args([&text("WorkingDir"), user]);
            }
            Entrance::Plain | Entrance::Closed => {
                command.arg("--root").arg(&self.root);
                command.args(["--wd", &text("WorkingDir")]);
                command.args(["--setgid", user, "--setuid", user]);
            }
        }
        command.args(list("Entrypoint")).args(arguments);
        command.env_clear();
        let variables = list("Env");
        command.envs(variables.iter().filter_map(|it| it.split_once('=')));
        command
    }

    /// As it comes, it does not let passwords travel in the clear.
    fn expect_refusal(&self) -> Result<()> {
        let (mut server, log) = Process::spawn_captured("the server", &mut self.command(&[]))?;
        let status = server.wait(REFUSAL_LIMIT)?;
        let said: Vec<_> = log.iter().map(|line| line.text).collect();
        let wanted = "LONGHALL_LISTEN 0.0.0.0:8081 reaches beyond this machine";
        ensure!(
            status.code() == Some(1) && said.len() == 1 && said[0].contains(wanted),
            "without a certificate the server says ({status}): {}",
            said.join("\n")
        );
        Ok(())
    }

    fn expect_health(&self, admin: &str, line: &str, is_well: bool) -> Result<()> {
        let check = self.config["Healthcheck"]["Test"][2].as_str();
        let mut command = self.command(&[check.context("the image has no health check")?]);
        let told = command.env("LONGHALL_ADMIN_LISTEN", admin).output();
        let told = told.with_context(|| format!("cannot start {PROGRAM}"))?;
        let said = String::from_utf8_lossy(&told.stdout);
        ensure!(
            told.status.success() == is_well && said.trim_end() == line,
            "its health is told to be ({}): {said}{}",
            told.status,
            String::from_utf8_lossy(&told.stderr)
        );
        Ok(())
    }

    /// What the server keeps is its own, and nobody else reads it.
    fn expect_closed_files(&self) -> Result<()> {
        let state = match self.entrance {
            Entrance::ReadOnly => self.state.clone(),
            Entrance::Plain | Entrance::Closed => self.root.join(&STATE[1..]),
        };
        let explain = || format!("cannot look into {}", state.display());
        let mut has_database = false;
        for file in fs::read_dir(&state).with_context(explain)? {
            let file = file.with_context(explain)?;
            let is = file.metadata().with_context(explain)?;
            let name = file.file_name();
            has_database |= name == "longhall.db";
            if is.uid() != USER || is.mode() & 0o077 != 0 {
                bail!(
                    "{} is user {}'s, mode {:o}",
                    name.display(),
                    is.uid(),
                    is.mode()
                );
            }
        }
        ensure!(has_database, "there is no database in {STATE}");
        Ok(())
    }
}

fn give(folder: &Path, like: &fs::Metadata) -> io::Result<()> {
    chown(folder, Some(like.uid()), Some(like.gid()))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(like.mode()))
}

fn free_address() -> Result<SocketAddr> {
    let port = server_process::free_port()?;
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}
