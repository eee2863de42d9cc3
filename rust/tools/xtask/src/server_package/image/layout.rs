//! Reads an image back, and believes nothing in it.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::{Context, Result, bail, ensure};
use flate2::read::GzDecoder;
use serde_json::Value;

use super::{digest, media_type, path};

/// What is in an image.
pub(crate) struct Layout {
    /// How a container is started.
    pub(crate) config: Value,
    /// Tars, to be unpacked one over the other.
    pub(crate) layers: Vec<Vec<u8>>,
    /// What the image is called.
    pub(crate) name: String,
}

impl Layout {
    /// Reads the tar of an image, and compares each file with what is told of it.
    ///
    /// # Errors
    /// If something is missing, is left over, or is not what it is told to be.
    pub(crate) fn read(tar: &[u8]) -> Result<Self> {
        let mut files = unpack(tar)?;
        let version = json(&take(&mut files, "oci-layout")?)?;
        ensure!(
            version["imageLayoutVersion"] == "1.0.0",
            "another layout: {version}"
        );
        let index = json(&take(&mut files, "index.json")?)?;
        check_kind(&index, "image.index")?;
        let [described] = &list(&index["manifests"])[..] else {
            bail!("there is not one manifest: {index}");
        };
        let manifest = json(&blob(&mut files, described, "image.manifest")?)?;
        check_kind(&manifest, "image.manifest")?;
        let for_docker = json(&take(&mut files, "manifest.json")?)?;
        let config = json(&blob(&mut files, &manifest["config"], "image.config")?)?;
        for key in ["architecture", "os"] {
            let told = &described["platform"][key];
            ensure!(*told == config[key], "two kinds of {key}: {told}");
        }
        let mut layers = Vec::new();
        for layer in list(&manifest["layers"]) {
            let mut plain = Vec::new();
            let packed = blob(&mut files, &layer, "image.layer")?;
            GzDecoder::new(&packed[..])
                .read_to_end(&mut plain)
                .context("a layer is damaged")?;
            layers.push(plain);
        }
        let sums: Vec<Value> = layers.iter().map(|layer| digest(layer).into()).collect();
        ensure!(
            list(&config["rootfs"]["diff_ids"]) == sums,
            "the sums of the layers are others"
        );
        let name = &described["annotations"]["org.opencontainers.image.ref.name"];
        let name = name.as_str().context("the image has no name")?;
        let layer_paths: Vec<Value> = list(&manifest["layers"])
            .iter()
            .map(|layer| path(layer).into())
            .collect();
        let docker = &for_docker[0];
        ensure!(
            docker["Config"] == path(&manifest["config"])
                && list(&docker["Layers"]) == layer_paths
                && docker["RepoTags"][0] == name,
            "Docker is told something else: {for_docker}"
        );
        if let Some((file, _)) = files.first_key_value() {
            bail!("{file} belongs to nothing");
        }
        Ok(Self {
            config,
            layers,
            name: name.to_owned(),
        })
    }
}

/// The files of a tar.
fn unpack(tar: &[u8]) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut tar = tar::Archive::new(tar);
    for entry in tar.entries().context("the image is no tar")? {
        let mut entry = entry.context("the image is damaged")?;
        if entry.header().entry_type().is_dir() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut bytes = Vec::new();
        entry
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot read {path}"))?;
        if files.insert(path.clone(), bytes).is_some() {
            bail!("{path} is there twice");
        }
    }
    Ok(files)
}

/// The file that is told of.
fn blob(files: &mut BTreeMap<String, Vec<u8>>, described: &Value, kind: &str) -> Result<Vec<u8>> {
    check_kind(described, kind)?;
    let bytes = take(files, &path(described))?;
    ensure!(
        described["size"] == bytes.len(),
        "another size: {described}"
    );
    ensure!(
        described["digest"] == digest(&bytes),
        "another sum: {described}"
    );
    Ok(bytes)
}

fn take(files: &mut BTreeMap<String, Vec<u8>>, name: &str) -> Result<Vec<u8>> {
    let bytes = files.remove(name);
    bytes.with_context(|| format!("the image has no {name}"))
}

fn check_kind(value: &Value, kind: &str) -> Result<()> {
    let wanted = media_type(kind);
    ensure!(value["mediaType"] == wanted, "no {wanted}: {value}");
    Ok(())
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn json(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes).context("what should be JSON is none")
}
