//! What is made for Windows, tested under Wine: the addon's libraries and the server.
//!
//! `library` loads the libraries in a stand-in for Godot, as there is no Godot for Windows
//! to be had here. `server` plays with the server's program over real sockets. What either
//! does not reach is said in `docs/platforms.md`.

mod builds;
mod library;
mod programs;
mod server;
mod talk;

use anyhow::Result;
use longhall_provision::Wine;

use crate::library::entry_symbol;
use crate::unchanged::Stamp;
use builds::Builds;
use library::StandIns;
use programs::WindowsCompiler;
use server::{Bench, Programs};

/// What is built for Windows.
const PACKAGES: &[&str] = &[
    "longhall-network-client",
    "longhall-server",
    "longhall-client",
];

/// What decides how the programs behave, beside the crates of others, and how they are tested.
const COVERED: &[&str] = &[
    "godot_project/addons/longhall/longhall.gdextension",
    "server/Cargo.toml",
    "server/src",
    "rust/packet/Cargo.toml",
    "rust/packet/src",
    "rust/ticket/Cargo.toml",
    "rust/ticket/src",
    "rust/world/Cargo.toml",
    "rust/world/src",
    "rust/client/Cargo.toml",
    "rust/client/src",
    "rust/client/examples",
    "rust/network_client",
    "rust/tools/provision/src/debian.rs",
    "rust/tools/provision/src/debian",
    "rust/tools/provision/src/toolchain.rs",
    "rust/tools/provision/src/wine.rs",
    "rust/tools/xtask/src/addon.rs",
    "rust/tools/xtask/src/cross.rs",
    "rust/tools/xtask/src/cross",
    "rust/tools/xtask/src/windows.rs",
    "rust/tools/xtask/src/windows",
];

/// The step of `cargo xtask test`, unless nothing has changed since it last went well.
///
/// # Errors
/// If something is not as it should be. A machine that cannot run Wine is none; it is said.
pub(crate) fn test() -> Result<()> {
    if !Wine::available() {
        println!("not tested: Wine is fetched from Debian, and this is none on x86_64");
        return Ok(());
    }
    let stamp = Stamp::recorded("windows", PACKAGES, COVERED.iter().copied())?;
    if stamp.is_kept() {
        println!("skipped: nothing that Windows runs has changed since it went well");
        return Ok(());
    }
    run()?;
    stamp.keep()
}

fn run() -> Result<()> {
    let compiler = WindowsCompiler::ensure()?;
    let random = compiler.dll(&programs::RANDOM)?;
    let console = compiler.program(&programs::CONSOLE)?;
    let windows_stand_in = compiler.program(&programs::STAND_IN)?;
    let native_stand_in = programs::native(&programs::STAND_IN)?;
    let wine = Wine::fetch()?;
    let builds = Builds::make()?;

    let prefix = wine.prefix(&[&random])?;
    let stand_ins = StandIns {
        native: &native_stand_in,
        windows: &windows_stand_in,
        entry_symbol: &entry_symbol()?,
    };
    let libraries = builds.native_libraries.iter();
    for (native, windows) in libraries.zip(&builds.windows_libraries) {
        stand_ins.compare(&prefix, native, windows)?;
    }
    let [debug, _] = &builds.windows_libraries;
    stand_ins.refuse_damaged(&prefix, debug)?;

    let bench = Bench::new(
        &prefix,
        Programs {
            server: &builds.windows_server,
            windows_client: &builds.windows_client,
            native_client: &builds.native_client,
            console: &console,
        },
    )?;
    bench.live()?;
    bench.visit(&prefix.drive().join("native/chat.db"))
}
