//! The server's programs in a package, which the dock of the editor starts.
//!
//! They lie in a folder that Godot neither imports nor exports: no game has them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::notices;
use crate::library;
use crate::server_package::{self, Platform};

/// Below the addon's folder; the dock looks there.
const FOLDER: &str = "bin/server";
/// Has Godot leave a folder alone.
const IGNORE: &str = ".gdignore";

/// A program that goes into a package, for its manifest.
#[derive(Serialize)]
pub(crate) struct Program {
    file: String,
    platform: String,
    bytes: usize,
    sha256: String,
}

/// What a package has of the server.
#[derive(Default)]
pub(crate) struct Servers {
    /// What the manifest says of it.
    pub(crate) programs: Vec<Program>,
    /// By their names below the addon's folder.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

/// Builds the programs for those of `platforms` that have one.
///
/// # Errors
/// If a program does not build or would not run where it is promised to, or the licence
/// of a crate is not known.
pub(crate) fn build(platforms: &BTreeSet<library::Platform>) -> Result<Servers> {
    let names: Vec<_> = platforms.iter().map(ToString::to_string).collect();
    let chosen = |platform: &&Platform| names.contains(&platform.to_string());
    let mut built = Vec::new();
    for platform in Platform::value_variants().iter().filter(chosen) {
        built.push((*platform, server_package::build(*platform)?));
    }
    if built.is_empty() {
        println!(
            "package: there is no server program for {}",
            names.join(", ")
        );
        return Ok(Servers::default());
    }
    let targets = built.iter().map(|(platform, _)| platform.target().triple());
    let third_parties = notices::write(&notices::SERVER, &targets.collect())?;
    Ok(gather(built, third_parties))
}

fn gather(built: Vec<(Platform, Vec<u8>)>, third_parties: String) -> Servers {
    let mut servers = Servers::default();
    for (platform, bytes) in built {
        servers.programs.push(Program {
            file: file(platform),
            platform: platform.to_string(),
            bytes: bytes.len(),
            sha256: sum(&bytes),
        });
        servers.files.insert(file(platform), bytes);
    }
    let beside = |name| format!("{FOLDER}/{name}");
    servers.files.insert(beside(IGNORE), Vec::new());
    servers
        .files
        .insert(beside(notices::FILE), third_parties.into_bytes());
    servers
}

/// As the dock makes the name, of what Godot calls the machine.
fn file(platform: Platform) -> String {
    let machine = platform.to_string().replace('-', ".");
    let ending = match platform {
        Platform::WindowsX86_64 => ".exe",
        Platform::LinuxX86_64 | Platform::LinuxArm64 => "",
    };
    format!("{FOLDER}/longhall-server.{machine}{ending}")
}

fn sum(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_called_as_the_dock_looks_for_them_and_godot_leaves_them_alone() {
        let built = Platform::value_variants()
            .iter()
            .map(|platform| (*platform, b"abc".to_vec()));
        let servers = gather(built.collect(), String::new());
        let names: Vec<_> = servers.files.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "bin/server/.gdignore",
                "bin/server/THIRD_PARTY_NOTICES.txt",
                "bin/server/longhall-server.linux.arm64",
                "bin/server/longhall-server.linux.x86_64",
                "bin/server/longhall-server.windows.x86_64.exe",
            ]
        );
        let manifest = serde_json::to_value(&servers.programs).unwrap();
        assert_eq!(
            manifest[0]["file"],
            "bin/server/longhall-server.linux.x86_64"
        );
        assert_eq!(manifest[0]["bytes"], 3);
        assert_eq!(
            manifest[0]["sha256"],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
