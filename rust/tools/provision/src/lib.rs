//! Finds, fetches and runs the programs of others that a checkout needs.
//!
//! Reading order:
//!
//! - [`Godot`]: the installed one, or Debian's; [`templates`]: what its exports need;
//! - [`Display`]: the desktop's, or one in memory;
//! - [`Wine`]: Debian's, to run Windows programs;
//! - [`PythonTools`]: programs that pip installs, gdformat among them;
//! - [`toolchain`]: compilers and linkers for other machines;
//! - [`Zig`]: links for a Linux older than this machine's, and for another processor;
//! - [`DebianSystem`]: a Debian in a folder, to install packages in;
//! - [`ContainerBase`]: what an image of a container has of Debian;
//! - [`Engine`]: PostgreSQL and NATS, for several servers; [`haproxy`]: what stands in front of them;
//! - [`pebble`]: gives certificates by ACME, to tests; [`Chromium`]: shows them the console;
//! - `debian`: packages unpacked in a folder of our own; `godot_root`: Godot's;
//! - [`process`], [`interrupt`]: programs run with a time limit, and none left behind.
//!
//! The page beside this crate, `README.md`, says what is fetched from where, and why.

mod godot;
mod display;
mod wine;
mod python;
mod zig;
mod chromium;
pub mod engines;
pub mod haproxy;
pub mod pebble;
pub mod templates;
pub mod toolchain;

mod godot_root;
mod debian;
mod debian_system;
mod container_base;
mod qemu;

pub mod process;
pub mod interrupt;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

pub use chromium::Chromium;
pub use container_base::ContainerBase;
pub use debian_system::{DebianSystem, arm64_command};
pub use display::Display;
pub use engines::Engine;
pub use godot::{Godot, OLDEST};
pub use python::{CHECK_JSONSCHEMA, PythonTools};
pub use wine::{Prefix, Wine, windows_path};
pub use zig::Zig;

/// The checkout's root folder.
pub fn checkout() -> PathBuf {
    // Cargo sets the variable to the folder of whichever crate it runs; the built-in value
    // serves a tool that was started by its path.
    let manifest = env::var_os("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    let manifest = PathBuf::from(manifest);
    let mut above = manifest.ancestors();
    let root = above.find(|folder| folder.join("Cargo.lock").is_file());
    root.unwrap_or(&manifest).to_owned()
}

/// Where tools keep what they fetch and write: always `target/` in the checkout, so
/// that a second cargo target folder does not fetch Godot twice.
pub fn scratch_dir(name: &str) -> PathBuf {
    checkout().join("target").join(name)
}
