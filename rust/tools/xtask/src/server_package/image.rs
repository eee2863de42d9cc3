//! The server as an image for containers, in the format of the Open Container Initiative.
//!
//! An image is a tar with files named by their sums. They are written here, and not by Docker, so that each
//! machine makes the same bytes. There are two layers: what Debian gives, which most
//! updates leave as it is, and the server.

mod base;
pub(crate) mod layout;

use anyhow::Result;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::contents::Contents;
use super::tarball::{self, File, Files, Folder};
pub(crate) use base::Base;

/// Who the server is in a container: its user and its group. Below those that systems use
/// for what nobody owns.
pub(crate) const USER: u32 = 65532;
/// The server's folder, which outlives containers.
pub(crate) const STATE: &str = "/var/lib/longhall";
/// The program.
pub(crate) const PROGRAM: &str = "/usr/bin/longhall-server";
/// Where players come in.
const PORT: u16 = 8081;

const SECOND_NS: u64 = 1_000_000_000;

/// What the file is called.
pub(crate) fn file_name(version: &str, architecture: &str) -> String {
    format!("longhall-server-{version}-{architecture}.oci.tar")
}

/// What the image is called once it is loaded. It comes from nowhere, and says so.
pub(crate) fn name(version: &str) -> String {
    format!("localhost/longhall-server:{version}")
}

/// The image's bytes, for a processor that Debian and Go call `architecture`.
///
/// # Errors
/// If something does not fit into a tar.
pub(crate) fn pack(
    contents: &Contents,
    architecture: &str,
    program: &[u8],
    base: &Base,
) -> Result<Vec<u8>> {
    // Written when time began, so that it is the same layer with the next version.
    let base = tarball::pack_plain(&base.files, base::FOLDERS, 0)?;
    let server = tarball::pack_plain(&server(contents, program), FOLDERS, contents.commit.time)?;
    let mut blobs = Blobs::default();
    let config = config(contents, architecture, &[&base, &server]);
    let config = blobs.put("image.config", config.to_string().into_bytes());
    let mut layers = Vec::new();
    for layer in [base, server] {
        layers.push(blobs.put("image.layer", tarball::compress(&layer)?));
    }
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type("image.manifest"),
        "config": config,
        "layers": layers,
    });
    let name = name(&contents.version);
    let mut described = blobs.put("image.manifest", manifest.to_string().into_bytes());
    described["platform"] = json!({ "architecture": architecture, "os": "linux" });
    described["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": media_type("image.index"),
        "manifests": [described],
    });
    // What `docker load` reads that knows no such layout.
    let for_docker = json!([{
        "Config": path(&config),
        "RepoTags": [name],
        "Layers": layers.iter().map(path).collect::<Vec<_>>(),
    }]);
    let mut files = blobs.0;
    for (name, value) in [
        ("oci-layout", json!({ "imageLayoutVersion": "1.0.0" })),
        ("index.json", index),
        ("manifest.json", for_docker),
    ] {
        files.insert(name.to_owned(), File::new(value.to_string()));
    }
    tarball::pack_plain(&files, &[], contents.commit.time)
}

/// The folders that the server's user may write.
const FOLDERS: &[Folder] = &[
    Folder {
        path: "var/lib/longhall/",
        mode: 0o700,
        owner: USER,
    },
    // For a volume of its own, which takes the owner from here.
    Folder {
        path: "var/backups/longhall/",
        mode: 0o700,
        owner: USER,
    },
];

/// The layer of the server.
fn server(contents: &Contents, program: &[u8]) -> Files {
    let documents = |name: &str| format!("usr/share/doc/longhall-server/{name}");
    let mut files = Files::from([
        (PROGRAM[1..].to_owned(), File::program(program)),
        (documents("LICENSE"), File::new(contents.license.as_str())),
        (
            documents("longhall.example.toml"),
            File::new(contents.settings.as_str()),
        ),
    ]);
    for (name, bytes) in contents.notices() {
        files.insert(documents(name), File::new(bytes));
    }
    files
}

/// How a container is started. What the folder decides is not said again: a variable for the database would
/// forbid one for PostgreSQL. Whether to do without TLS is the operator's to say.
fn config(contents: &Contents, architecture: &str, layers: &[&[u8]]) -> Value {
    let created = &contents.commit.timestamp;
    let by = |what: &str| json!({ "created": created, "created_by": what });
    json!({
        "created": created,
        "architecture": architecture,
        "os": "linux",
        "config": {
            "User": format!("{USER}:{USER}"),
            "ExposedPorts": { format!("{PORT}/tcp"): {} },
            "Env": [
                "PATH=/usr/bin".to_owned(),
                format!("LONGHALL_LISTEN=0.0.0.0:{PORT}"),
                "LONGHALL_ADMIN_LISTEN=127.0.0.1:9081".to_owned(),
            ],
            "Entrypoint": [PROGRAM],
            "Volumes": { STATE: {} },
            "WorkingDir": STATE,
            "StopSignal": "SIGTERM",
            "Healthcheck": {
                "Test": ["CMD", PROGRAM, "health"],
                "Interval": 30 * SECOND_NS,
                "Timeout": 10 * SECOND_NS,
                "StartPeriod": 60 * SECOND_NS,
                "Retries": 3,
            },
            "Labels": {
                "org.opencontainers.image.title": "longhall-server",
                "org.opencontainers.image.description":
                    "Accounts and chat for games made with Godot",
                "org.opencontainers.image.version": contents.version,
                "org.opencontainers.image.licenses": env!("CARGO_PKG_LICENSE"),
                "org.opencontainers.image.created": created,
            },
        },
        "rootfs": {
            "type": "layers",
            "diff_ids": layers.iter().map(|layer| digest(layer)).collect::<Vec<_>>(),
        },
        "history": [by("Debian's C library and certificates"), by("longhall-server")],
    })
}

/// Files that are named by their sums.
#[derive(Default)]
struct Blobs(Files);

impl Blobs {
    /// Adds one; the result tells of it.
    fn put(&mut self, kind: &str, bytes: Vec<u8>) -> Value {
        let described = json!({
            "mediaType": media_type(kind),
            "digest": digest(&bytes),
            "size": bytes.len(),
        });
        self.0.insert(path(&described), File::new(bytes));
        described
    }
}

fn media_type(kind: &str) -> String {
    let form = match kind {
        "image.layer" => ".tar+gzip",
        _ => "+json",
    };
    format!("application/vnd.oci.{kind}.v1{form}")
}

/// Where in the layout a file is that is told of.
fn path(described: &Value) -> String {
    let digest = described["digest"].as_str().unwrap_or_default();
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

/// `sha256:` and the sum.
fn digest(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    let digits = sum.iter().map(|byte| format!("{byte:02x}"));
    format!("sha256:{}", digits.collect::<String>())
}

#[cfg(test)]
mod tests;
