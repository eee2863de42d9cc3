//! What is in an image beside the server: Debian's C library, and whom the server trusts.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use longhall_provision::ContainerBase;

use super::{STATE, USER};
use crate::inspect;
use crate::server_package::tarball::{File, Files, Folder};

/// What programs find beside files.
pub(crate) const FOLDERS: &[Folder] = &[Folder {
    path: "tmp/",
    mode: 0o1777,
    owner: 0,
}];

/// Where authorities' certificates are looked for.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";

/// The files.
pub(crate) struct Base {
    pub(crate) files: Files,
}

impl Base {
    /// What a program needs on a processor that Debian calls `architecture`. The packages are
    /// fetched where they are missing.
    ///
    /// # Errors
    /// If they cannot be fetched, or lack something.
    pub(crate) fn gather(architecture: &str, program: &[u8]) -> Result<Self> {
        let root = ContainerBase::ensure(architecture)?;
        let mut files = libraries(&root, architecture, program)?;
        files.insert(AUTHORITIES.to_owned(), File::new(authorities(&root)?));
        for package in ContainerBase::PACKAGES {
            let terms = format!("usr/share/doc/{package}/copyright");
            files.insert(terms.clone(), File::new(read(&root, &terms)?));
            // Where those look who search images for what has known holes.
            files.insert(
                format!("var/lib/dpkg/status.d/{package}"),
                File::new(status(&root, package, architecture)?),
            );
        }
        for (file, from) in [
            ("etc/os-release", "usr/lib/os-release"),
            ("etc/debian_version", "etc/debian_version"),
        ] {
            files.insert(file.to_owned(), File::new(read(&root, from)?));
        }
        let names = [
            (
                "etc/passwd",
                format!(
                    "root:x:0:0:root:/:/usr/sbin/nologin\n\
                     longhall:x:{USER}:{USER}:longhall:{STATE}:/usr/sbin/nologin\n"
                ),
            ),
            ("etc/group", format!("root:x:0:\nlonghall:x:{USER}:\n")),
            (
                "etc/nsswitch.conf",
                "passwd: files\ngroup: files\nhosts: files dns\n".to_owned(),
            ),
        ];
        files.extend(names.map(|(file, text)| (file.to_owned(), File::new(text))));
        Ok(Self { files })
    }
}

/// The libraries that the program opens, and those that they open.
fn libraries(root: &Path, architecture: &str, program: &[u8]) -> Result<Files> {
    let (triplet, loader) = match architecture {
        "amd64" => ("x86_64-linux-gnu", "lib64/ld-linux-x86-64.so.2"),
        "arm64" => ("aarch64-linux-gnu", "lib/ld-linux-aarch64.so.1"),
        other => bail!("no image is known for {other}"),
    };
    let mut files = Files::new();
    let mut wanted: BTreeSet<_> = inspect::read_elf(program)?.libraries.into_iter().collect();
    // It is what opens all others.
    wanted.extend(loader.split('/').next_back().map(str::to_owned));
    while let Some(library) = wanted.pop_first() {
        let path = match loader.ends_with(&format!("/{library}")) {
            true => loader.to_owned(),
            false => format!("lib/{triplet}/{library}"),
        };
        if files.contains_key(&path) {
            continue;
        }
        let bytes = read(root, &format!("lib/{triplet}/{library}"))?;
        wanted.extend(inspect::read_elf(&bytes)?.libraries);
        files.insert(path, File::program(bytes));
    }
    Ok(files)
}

/// All authorities that Debian trusts, in one file.
fn authorities(root: &Path) -> Result<Vec<u8>> {
    let folder = root.join("usr/share/ca-certificates/mozilla");
    let explain = || format!("cannot look into {}", folder.display());
    let mut files = Vec::<PathBuf>::new();
    for entry in fs::read_dir(&folder).with_context(explain)? {
        files.push(entry.with_context(explain)?.path());
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        all.extend(bytes);
        if !all.ends_with(b"\n") {
            all.push(b'\n');
        }
    }
    if all.is_empty() {
        bail!("Debian's ca-certificates has none");
    }
    Ok(all)
}

/// What dpkg would note of a package.
fn status(root: &Path, package: &str, architecture: &str) -> Result<String> {
    let folder = format!("usr/share/doc/{package}");
    let changes = ["changelog.Debian.gz", "changelog.gz"]
        .iter()
        .find_map(|name| read(root, &format!("{folder}/{name}")).ok());
    let changes = changes.with_context(|| format!("{package} has no changelog"))?;
    let mut line = String::new();
    // Its first line: `glibc (2.36-9+deb12u14) bookworm; urgency=medium`.
    let mut reader = GzDecoder::new(&changes[..]).take(200);
    let read = reader.read_to_string(&mut line);
    read.with_context(|| format!("cannot read the changelog of {package}"))?;
    let version = line.split_once(" (").and_then(|(source, rest)| {
        let (version, _) = rest.split_once(')')?;
        Some((source, version))
    });
    let (source, version) =
        version.with_context(|| format!("the changelog of {package} names no version"))?;
    Ok(format!(
        "Package: {package}\nStatus: install ok installed\nSource: {source}\n\
         Architecture: {architecture}\nVersion: {version}\n\
         Maintainer: Debian <https://www.debian.org/>\nDescription: from Debian\n"
    ))
}

fn read(root: &Path, file: &str) -> Result<Vec<u8>> {
    let path = root.join(file);
    fs::read(&path).with_context(|| format!("Debian's packages have no {}", path.display()))
}
