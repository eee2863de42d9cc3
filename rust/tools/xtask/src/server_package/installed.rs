//! The test that the packages install, run, update and go away again.
//!
//! The package for amd64 is installed by the dpkg of a Debian 11 in a folder, its server
//! started as its unit says, and a player chats. There is no systemd in that Debian. The
//! image is started as a container would be. The program for arm64 is run by an emulator.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use longhall_provision::{DebianSystem, arm64_command, interrupt, process};

#[cfg(unix)]
use super::contained;
use super::contents::Contents;
use super::image::layout::Layout;
use super::platform::Platform;
use super::service::{Running, Unit};
use super::{debian, program};
use crate::unchanged::Stamp;
use crate::{server_process, workspace};

const UNIT: &str = "lib/systemd/system/longhall-server.service";
const SETTINGS: &str = "etc/longhall/longhall.toml";
const DATABASE: &str = "var/lib/longhall/longhall.db";
const BACKUPS: &str = "var/lib/longhall/backups";
/// More than a small database takes on a busy machine.
const BACKUP_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);
/// What systemd starts at its own start.
const ENABLED: &str = "etc/systemd/system/multi-user.target.wants/longhall-server.service";

/// What decides whether the packages are good, beside the crates of others.
const COVERED: &[&str] = &[
    ".cargo/config.toml",
    "rust-toolchain.toml",
    "rust/packet/Cargo.toml",
    "rust/packet/src",
    "rust/tools/provision/src/container_base.rs",
    "rust/tools/provision/src/debian",
    "rust/tools/provision/src/debian.rs",
    "rust/tools/provision/src/debian_system.rs",
    "rust/tools/provision/src/python.rs",
    "rust/tools/provision/src/qemu.rs",
    "rust/tools/provision/src/toolchain.rs",
    "rust/tools/provision/src/zig.rs",
    "rust/tools/xtask/src/addon.rs",
    "rust/tools/xtask/src/server_package",
    "rust/tools/xtask/src/server_package.rs",
    "rust/ticket/Cargo.toml",
    "rust/ticket/src",
    "rust/world/Cargo.toml",
    "rust/world/src",
    "server/Cargo.toml",
    "server/longhall.example.env",
    "server/longhall.example.toml",
    "server/packaging",
    "server/src",
];

/// The step of `cargo xtask test`, unless nothing has changed since it went well.
///
/// # Errors
/// If a package does not do what it should.
pub(crate) fn test() -> Result<()> {
    if !DebianSystem::available() {
        println!("skipped: only on Debian on x86_64 there is a Debian to install packages in");
        return Ok(());
    }
    let stamp = Stamp::recorded(
        "server-packages",
        &["longhall-server"],
        COVERED.iter().copied(),
    )?;
    if stamp.is_kept() {
        println!(
            "skipped: neither the server nor its packages have changed since they passed; \
             `cargo xtask package-server` makes them all the same"
        );
        return Ok(());
    }
    let chat = build_chat()?;
    test_amd64(&chat)?;
    test_arm64(&chat)?;
    stamp.keep()
}

/// Where the test works.
fn folder() -> PathBuf {
    workspace::scratch_dir("server-package-test")
}

fn test_amd64(chat: &Path) -> Result<()> {
    let platform = Platform::LinuxX86_64;
    let program = program::build(platform)?;
    let packed = super::pack(platform, &program)?;
    if super::pack(platform, &program)? != packed {
        bail!("the packages made twice differ");
    }
    super::write_all(&packed)?;
    test_image(&packed, chat)?;

    let mut contents = Contents::gather(platform)?;
    let deb = debian::pack(&contents, "amd64", &program)?;
    contents.version.push_str(".1");
    let newer = debian::pack(&contents, "amd64", &program)?;

    let installed = Installed {
        system: DebianSystem::make(&folder().join("debian"))?,
    };
    println!(
        "a Debian with glibc {} {}",
        installed.system.libc(),
        if installed.system.is_open() {
            "installs the package"
        } else {
            "gets the package unpacked: this machine forbids chroot and user namespaces, so \
             dpkg and the package's scripts are left out"
        }
    );
    installed.install(&deb)?;
    installed.expect(&[UNIT, SETTINGS], true)?;
    if installed.system.is_open() {
        installed.expect(&[ENABLED], true)?;
    }
    let address = free_address()?;
    installed.listen_on(address)?;
    let server = installed.start(address)?;
    converse(
        chat,
        address,
        &["/register ada good-old-password"],
        "Good morning",
    )?;
    installed.expect_a_backup()?;
    server.stop()?;
    println!("installed, started by its unit, talked with, backed up, stopped");

    installed.install(&newer)?;
    let settings = installed.read(SETTINGS)?;
    if !settings.contains(&address.to_string()) {
        bail!("the update has lost the settings: {settings}");
    }
    let server = installed.start(address)?;
    converse(chat, address, &[], "Still here")?;
    server.stop()?;
    println!("updated, with settings and accounts kept");

    if installed.system.is_open() {
        installed.dpkg(&["--remove", "longhall-server"])?;
        installed.expect(&[UNIT, "usr/bin/longhall-server"], false)?;
        installed.expect(&[SETTINGS, DATABASE], true)?;
        installed.dpkg(&["--purge", "longhall-server"])?;
        let gone = [
            SETTINGS,
            DATABASE,
            ENABLED,
            "var/lib/longhall",
            "etc/longhall",
        ];
        installed.expect(&gone, false)?;
        println!("removed, which keeps settings and data; purged, which keeps nothing");
    }
    Ok(())
}

/// The image among what was packed.
fn image_in(packed: &[(String, Vec<u8>)]) -> Result<&[u8]> {
    let image = packed.iter().find(|(name, _)| name.ends_with(".oci.tar"));
    let (_, bytes) = image.context("there is no image")?;
    Ok(bytes)
}

#[cfg(unix)]
fn test_image(packed: &[(String, Vec<u8>)], chat: &Path) -> Result<()> {
    let folder = folder().join("image");
    contained::test(image_in(packed)?, &folder, |address, is_first| {
        let before: &[&str] = match is_first {
            true => &["/register ada good-old-password"],
            false => &[],
        };
        converse(chat, address, before, "Good morning")
    })
}

#[cfg(not(unix))]
fn test_image(packed: &[(String, Vec<u8>)], _: &Path) -> Result<()> {
    Layout::read(image_in(packed)?).map(drop)
}

fn test_arm64(chat: &Path) -> Result<()> {
    let platform = Platform::LinuxArm64;
    let program = program::build(platform)?;
    let packed = super::pack(platform, &program)?;
    let files = super::write_all(&packed)?;
    let image = Layout::read(image_in(&packed)?)?;
    println!(
        "the image for {} is what it says",
        image.config["architecture"]
    );
    let deb = files
        .iter()
        .find(|file| file.extension().is_some_and(|end| end == "deb"))
        .context("there is no package for arm64")?;
    let root = folder().join("arm64");
    if root.exists() {
        fs::remove_dir_all(&root).with_context(|| format!("cannot remove {}", root.display()))?;
    }
    let mut unpack = Command::new("dpkg-deb");
    process::output("dpkg-deb", unpack.arg("--extract").arg(deb).arg(&root))?;

    let address = free_address()?;
    let unit = Unit::read(&root, UNIT)?;
    let mut command = arm64_command(&root.join(unit.program.trim_start_matches('/')))?;
    command
        .args(["--listen", &address.to_string(), "--database"])
        .arg(root.join("longhall.db"));
    let server = Running::start(&mut command, address)?;
    converse(
        chat,
        address,
        &["/register ada good-old-password"],
        "Good morning",
    )?;
    server.stop()?;
    println!("the program for arm64 started in an emulator, talked with, stopped");
    Ok(())
}

/// A package in a Debian.
struct Installed {
    system: DebianSystem,
}

impl Installed {
    /// Installs or updates the package, keeping changed settings.
    fn install(&self, deb: &[u8]) -> Result<()> {
        let file = self.system.root().join("tmp/longhall-server.deb");
        fs::write(&file, deb).with_context(|| format!("cannot write {}", file.display()))?;
        if self.system.is_open() {
            self.dpkg(&["--force-confold", "--install", "/tmp/longhall-server.deb"])?;
            return Ok(());
        }
        let settings = self.read(SETTINGS).ok();
        let mut unpack = Command::new("dpkg-deb");
        unpack.arg("--extract").arg(&file).arg(self.system.root());
        process::output("dpkg-deb", &mut unpack)?;
        // What dpkg would have done.
        match settings {
            Some(settings) => workspace::write(&self.system.root().join(SETTINGS), &settings),
            None => Ok(()),
        }
    }

    fn dpkg(&self, arguments: &[&str]) -> Result<String> {
        let mut dpkg = self.system.command("/usr/bin/dpkg");
        dpkg.args(arguments);
        dpkg.env("DEBIAN_FRONTEND", "noninteractive");
        process::output(&format!("dpkg {}", arguments.join(" ")), &mut dpkg)
    }

    fn listen_on(&self, address: SocketAddr) -> Result<()> {
        let settings = self.read(SETTINGS)?;
        let line = "#listen = \"127.0.0.1:8081\"";
        if !settings.contains(line) {
            bail!("the settings have no line {line}");
        }
        let settings = settings.replace(line, &format!("listen = \"{address}\""));
        workspace::write(&self.system.root().join(SETTINGS), &settings)
    }

    /// Starts the server as systemd would.
    fn start(&self, address: SocketAddr) -> Result<Running> {
        let root = self.system.root();
        let unit = Unit::read(root, UNIT)?;
        let state = root.join(&unit.state);
        fs::create_dir_all(&state).with_context(|| format!("cannot create {}", state.display()))?;
        let mut command = self.system.command(&unit.program);
        command.envs(&unit.variables);
        if !self.system.is_open() {
            command.env("LONGHALL_CONFIG", root.join(SETTINGS));
            command.env("LONGHALL_DATABASE", root.join(DATABASE));
            let backups = root.join(BACKUPS);
            fs::create_dir_all(&backups)
                .with_context(|| format!("cannot create {}", backups.display()))?;
            command.env("LONGHALL_BACKUP_FOLDER", backups);
        } else {
            for before in &unit.before {
                let (program, arguments) = before.split_first().context("an empty command")?;
                let mut before = self.system.command(program);
                process::run(program, before.args(arguments))?;
            }
        }
        Running::start(&mut command, address)
    }

    /// Waits for the backup that a first start makes.
    fn expect_a_backup(&self) -> Result<()> {
        let folder = self.system.root().join(BACKUPS);
        let explain = || format!("cannot list {}", folder.display());
        let deadline = Instant::now() + BACKUP_LIMIT;
        loop {
            for file in fs::read_dir(&folder).with_context(explain)? {
                let name = file.with_context(explain)?.file_name();
                if name.to_string_lossy().ends_with("Z.db") {
                    return Ok(());
                }
            }
            if Instant::now() >= deadline {
                bail!("the service has made no backup in /{BACKUPS}");
            }
            interrupt::check()?;
            thread::sleep(POLL);
        }
    }

    fn read(&self, file: &str) -> Result<String> {
        let path = self.system.root().join(file);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Whether the files are there, or are not.
    fn expect(&self, files: &[&str], there: bool) -> Result<()> {
        for file in files {
            if self.system.root().join(file).symlink_metadata().is_ok() != there {
                let what = if there { "lacks" } else { "still has" };
                bail!("the Debian {what} /{file}");
            }
        }
        Ok(())
    }
}

/// A player logs in, says a line and hears it.
fn converse(chat: &Path, address: SocketAddr, before: &[&str], line: &str) -> Result<()> {
    let mut input = before.join("\n");
    input.push_str(&format!("\n/login ada good-old-password\n{line}\n"));
    let script = folder().join("conversation");
    workspace::write(&script, input.trim_start())?;
    let script = fs::File::open(&script).context("cannot read the conversation")?;
    let mut command = Command::new(chat);
    command.args(["--no-reconnect", "--url", &format!("ws://{address}")]);
    let output = command
        .stdin(Stdio::from(script))
        .output()
        .with_context(|| format!("cannot start {}", chat.display()))?;
    let heard = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !heard.contains(&format!("ada: {line}")) {
        bail!(
            "the player did not hear the own line ({}): {heard}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// The terminal's client, as the Rust tests have built it.
fn build_chat() -> Result<PathBuf> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--package", "longhall-client"]);
    cargo.args(["--example", "terminal_chat", "--target-dir"]);
    cargo.arg(workspace::target_dir());
    process::run("cargo build --example terminal_chat", &mut cargo)?;
    Ok(workspace::target_dir().join("debug/examples/terminal_chat"))
}

fn free_address() -> Result<SocketAddr> {
    let port = server_process::free_port()?;
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}
