//! `manifest.json`: what a package is and which libraries are in it.

use std::fs;

use anyhow::{Context, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::servers::Program;
use crate::library::{self, Library};
use crate::workspace;

/// Says what a package is, for people and for programs.
#[derive(Serialize)]
pub(crate) struct Manifest {
    name: &'static str,
    pub(crate) version: String,
    minimum_godot: String,
    protocol_version: u32,
    libraries: Vec<Entry>,
    /// For the dock of the editor, if they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) server_programs: Vec<Program>,
    /// The platforms whose libraries the package does not have.
    pub(crate) not_included: Vec<String>,
}

/// A library that goes into a package.
pub(crate) struct Packed {
    pub(crate) library: Library,
    pub(crate) bytes: Vec<u8>,
    /// The oldest system it runs on, such as `glibc 2.34`.
    pub(crate) needs: String,
}

#[derive(Serialize)]
struct Entry {
    file: String,
    platform: String,
    architecture: String,
    build: &'static str,
    needs: String,
    tested: &'static str,
    tested_how: &'static str,
    bytes: usize,
    sha256: String,
}

impl Manifest {
    /// Describes a package with these libraries.
    ///
    /// # Errors
    /// If the sources do not say what they should.
    pub(crate) fn new(version: String, libraries: &[Packed]) -> Result<Self> {
        Ok(Self {
            name: "longhall",
            version,
            minimum_godot: library::minimum_godot()?,
            protocol_version: protocol_version()?,
            libraries: libraries.iter().map(Entry::new).collect(),
            server_programs: Vec::new(),
            not_included: missing(
                &library::listed()?,
                libraries.iter().map(|packed| &packed.library),
            ),
        })
    }

    /// The file's text.
    ///
    /// # Errors
    /// Never, as far as is known: everything in it can be said in JSON.
    pub(crate) fn to_json(&self) -> Result<String> {
        let json = serde_json::to_string_pretty(self).context("cannot write the manifest")?;
        Ok(json + "\n")
    }
}

impl Entry {
    fn new(packed: &Packed) -> Self {
        let (library, bytes) = (&packed.library, &packed.bytes);
        let trial = library.platform.trial();
        Self {
            file: format!("bin/{}", library.file),
            platform: library.platform.system.clone(),
            architecture: library.platform.architecture.clone(),
            build: library.variant.name(),
            needs: packed.needs.clone(),
            tested: trial.how_far,
            tested_how: trial.how,
            bytes: bytes.len(),
            sha256: Sha256::digest(bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }
}

/// The platforms of `listed` that not both libraries are there for.
fn missing<'a>(listed: &[Library], there: impl Iterator<Item = &'a Library>) -> Vec<String> {
    let there: Vec<_> = there.collect();
    let mut platforms: Vec<_> = listed
        .iter()
        .filter(|library| !there.contains(library))
        .map(|library| library.platform.to_string())
        .collect();
    platforms.sort();
    platforms.dedup();
    platforms
}

/// Read from the source: a dependency on the crate would keep xtask from
/// running whenever that does not build.
fn protocol_version() -> Result<u32> {
    let file = workspace::root().join("rust/packet/src/lib.rs");
    let source =
        fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    source
        .lines()
        .find_map(|line| {
            line.strip_prefix("pub const PROTOCOL_VERSION: u32 = ")?
                .strip_suffix(';')?
                .parse()
                .ok()
        })
        .with_context(|| format!("{} has no PROTOCOL_VERSION", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::{Platform, Variant};

    #[test]
    fn a_manifest_names_each_library_with_its_sum() {
        let platform = Platform::of_target("x86_64-unknown-linux-gnu").unwrap();
        let library = library::find(&platform, Variant::Release).unwrap();
        let packed = Packed {
            library,
            bytes: b"abc".to_vec(),
            needs: "glibc 2.34".into(),
        };
        let manifest = Manifest::new("1.2.3".into(), &[packed]).unwrap();
        let json: serde_json::Value = serde_json::from_str(&manifest.to_json().unwrap()).unwrap();
        assert_eq!(json["version"], "1.2.3");
        assert_eq!(json["minimum_godot"], "4.6");
        assert!(json["protocol_version"].as_u64().unwrap() > 0);
        let entry = &json["libraries"][0];
        assert_eq!(entry["file"], "bin/liblonghall.linux.release.x86_64.so");
        assert_eq!(entry["build"], "release");
        assert_eq!(entry["bytes"], 3);
        assert_eq!(entry["needs"], "glibc 2.34");
        assert_eq!(entry["tested"], "run");
        assert_eq!(
            entry["sha256"],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_platform_with_one_of_its_two_libraries_counts_as_missing() {
        let listed = library::listed().unwrap();
        let linux = Platform::of_target("x86_64-unknown-linux-gnu").unwrap();
        let both: Vec<_> = listed
            .iter()
            .filter(|library| library.platform == linux)
            .collect();
        let name = linux.to_string();
        assert!(!missing(&listed, both.iter().copied()).contains(&name));
        assert!(missing(&listed, both.iter().copied().take(1)).contains(&name));
        assert!(missing(&listed, listed.iter()).is_empty());
    }
}
