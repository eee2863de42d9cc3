//! What the addon and the server are made of, crate by crate, as CycloneDX 1.6 in JSON.
//!
//! Made from `cargo metadata`, `cargo tree` and `Cargo.lock`. The time in it is the
//! commit's and its serial number is made from the commit, so it comes out the same again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::ValueEnum;
use longhall_provision::process;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use spdx::Expression;

use super::checks::Release;
use super::lock;
use crate::addon::DEBUG_FEATURE;
use crate::server_package::Platform;
use crate::{library, workspace};

/// What a list is made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    /// The addon's libraries, of all platforms and both variants.
    Addon,
    /// The server's programs.
    Server,
}

impl Product {
    fn package(self) -> &'static str {
        match self {
            Self::Addon => "longhall-network-client",
            Self::Server => "longhall-server",
        }
    }

    /// What it is published as.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Addon => "longhall",
            Self::Server => "longhall-server",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Addon => "library",
            Self::Server => "application",
        }
    }

    fn features(self) -> &'static [&'static str] {
        match self {
            Self::Addon => &["--features", DEBUG_FEATURE],
            Self::Server => &[],
        }
    }

    /// The Rust targets that it is built for.
    fn targets(self) -> Result<BTreeSet<&'static str>> {
        Ok(match self {
            Self::Addon => library::listed()?
                .iter()
                .flat_map(|library| library.platform.targets())
                .copied()
                .collect(),
            Self::Server => Platform::value_variants()
                .iter()
                .map(|platform| platform.target().triple())
                .collect(),
        })
    }
}

/// Name and version, which are enough to tell the crates of one lock file apart.
type Id = (String, String);

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    description: Option<String>,
    license: Option<String>,
    repository: Option<String>,
    source: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

/// The list for one product, as the text of a JSON file.
///
/// # Errors
/// If cargo does not tell what it is made of.
pub(crate) fn write(product: Product, release: &Release) -> Result<String> {
    let mut metadata = workspace::cargo();
    metadata.args(["metadata", "--format-version", "1", "--locked"]);
    let metadata = process::output("cargo metadata", &mut metadata)?;
    let metadata: Metadata =
        serde_json::from_str(&metadata).context("cannot read what cargo metadata says")?;
    let (linked, built_with) = crates(product)?;
    let lock = fs::read_to_string(workspace::root().join("Cargo.lock"))
        .context("cannot read Cargo.lock")?;
    let bom = compose(product, release, &metadata, &lock, &linked, &built_with)?;
    let json = serde_json::to_string_pretty(&bom).context("cannot write the list of crates")?;
    Ok(json + "\n")
}

/// The crates whose code is in the product, and those that only help to build it.
fn crates(product: Product) -> Result<(BTreeSet<Id>, BTreeSet<Id>)> {
    let linked = tree(product, "normal,no-proc-macro")?;
    let all = tree(product, "normal,build")?;
    let built_with = all.difference(&linked).cloned().collect();
    Ok((linked, built_with))
}

fn tree(product: Product, edges: &str) -> Result<BTreeSet<Id>> {
    let mut tree = workspace::cargo();
    tree.args(["tree", "--locked", "--package", product.package()]);
    tree.args(product.features());
    tree.args(["--edges", edges, "--prefix", "none", "--format", "{p}"]);
    for target in product.targets()? {
        tree.args(["--target", target]);
    }
    let tree = process::output("cargo tree", &mut tree)?;
    Ok(tree
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next()?.to_owned();
            Some((name, words.next()?.strip_prefix('v')?.to_owned()))
        })
        .collect())
}

fn compose(
    product: Product,
    release: &Release,
    metadata: &Metadata,
    lock: &str,
    linked: &BTreeSet<Id>,
    built_with: &BTreeSet<Id>,
) -> Result<Value> {
    let sums: BTreeMap<_, _> = lock::read(lock)
        .into_iter()
        .filter_map(|found| Some(((found.name, found.version), found.checksum?)))
        .collect();
    let mut packages: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| {
            let id = (package.name.clone(), package.version.clone());
            linked.contains(&id) || built_with.contains(&id)
        })
        .collect();
    packages.sort_by_key(|package| (&package.name, &package.version));
    let found = packages.len();
    anyhow::ensure!(
        found == linked.len() + built_with.len(),
        "cargo metadata knows {found} of the {} crates that cargo tree names",
        linked.len() + built_with.len()
    );
    let by_id: BTreeMap<_, _> = packages
        .iter()
        .map(|package| (&package.id, *package))
        .collect();

    let (mut components, mut dependencies) = (Vec::new(), BTreeMap::new());
    let mut main = Value::Null;
    for package in &packages {
        let is_linked = linked.contains(&(package.name.clone(), package.version.clone()));
        let sum = sums.get(&(package.name.as_str(), package.version.as_str()));
        let mut component = describe(package, is_linked, sum.copied());
        if package.name == product.package() {
            component["type"] = product.kind().into();
            component["name"] = product.name().into();
            if let Some(component) = component.as_object_mut() {
                component.remove("scope");
            }
            main = component;
        } else {
            components.push(component);
        }
        dependencies.insert(reference(package), BTreeSet::new());
    }
    for node in &metadata.resolve.nodes {
        if let Some(package) = by_id.get(&node.id) {
            let needed = node.dependencies.iter().filter_map(|id| by_id.get(id));
            dependencies.insert(reference(package), needed.map(|p| reference(p)).collect());
        }
    }
    if let Some(package) = packages
        .iter()
        .find(|package| package.name == "libsqlite3-sys")
    {
        let sqlite = sqlite(package)?;
        let name = sqlite["bom-ref"].as_str().unwrap_or_default().to_owned();
        dependencies
            .entry(reference(package))
            .or_default()
            .insert(name.clone());
        dependencies.insert(name, BTreeSet::new());
        components.push(sqlite);
    }
    let dependencies: Vec<_> = dependencies
        .into_iter()
        .map(|(name, needed)| json!({"ref": name, "dependsOn": needed}))
        .collect();
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial_number(product, release),
        "version": 1,
        "metadata": {
            "timestamp": release.committed_at,
            "tools": {"components": [{
                "type": "application", "name": "cargo xtask release", "version": release.version,
            }]},
            "component": main,
            "properties": [{"name": "longhall:commit", "value": release.commit}],
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

fn describe(package: &Package, is_linked: bool, sum: Option<&str>) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": package.name,
        "version": package.version,
        // What only helps to build it is not in it.
        "scope": if is_linked { "required" } else { "excluded" },
    });
    if let Some(description) = &package.description {
        // Some are written over several lines.
        let words: Vec<_> = description.split_whitespace().collect();
        component["description"] = words.join(" ").into();
    }
    if let Some(license) = &package.license {
        component["licenses"] = json!([licence(license)]);
    }
    if package.source.is_some() {
        component["purl"] = reference(package).into();
    }
    if let Some(sum) = sum {
        component["hashes"] = json!([{"alg": "SHA-256", "content": sum}]);
    }
    if let Some(repository) = &package.repository {
        component["externalReferences"] = json!([{"type": "vcs", "url": repository}]);
    }
    component
}

/// As SPDX writes it; older crates put a slash between the licences to choose from.
fn licence(written: &str) -> Value {
    let expression = written.replace('/', " OR ");
    match Expression::parse(&expression) {
        Ok(_) => json!({"expression": expression}),
        Err(_) => json!({"license": {"name": written}}),
    }
}

/// The crate's package URL; ours have the form of one, but lie in no registry.
fn reference(package: &Package) -> String {
    // A `+` is a space in an address.
    let version = package.version.replace('+', "%2B");
    format!("pkg:cargo/{}@{version}", package.name)
}

/// SQLite itself, whose source lies in the crate that binds it.
fn sqlite(binding: &Package) -> Result<Value> {
    let header = binding
        .manifest_path
        .with_file_name("sqlite3")
        .join("sqlite3.h");
    let text =
        fs::read_to_string(&header).with_context(|| format!("cannot read {}", header.display()))?;
    let version = text
        .lines()
        .find_map(|line| line.strip_prefix("#define SQLITE_VERSION "))
        .with_context(|| format!("{} does not say its version", header.display()))?;
    let version = version.trim().trim_matches('"');
    Ok(json!({
        "type": "library",
        "bom-ref": format!("pkg:generic/sqlite@{version}"),
        "name": "sqlite",
        "version": version,
        "scope": "required",
        "purl": format!("pkg:generic/sqlite@{version}"),
        "cpe": format!("cpe:2.3:a:sqlite:sqlite:{version}:*:*:*:*:*:*:*"),
        "licenses": [{"license": {"id": "blessing"}}],
    }))
}

/// A UUID of version 8, made from what the list is about.
fn serial_number(product: Product, release: &Release) -> String {
    let sum = Sha256::digest(format!("{} {}", product.name(), release.commit));
    let mut hex: Vec<char> = sum
        .iter()
        .take(16)
        .flat_map(|byte| format!("{byte:02x}").chars().collect::<Vec<_>>())
        .collect();
    hex[12] = '8';
    hex[16] = 'a';
    let hex: String = hex.into_iter().collect();
    format!(
        "urn:uuid:{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release() -> Release {
        Release {
            version: "0.2.0".into(),
            date: "2026-11-26".into(),
            commit: "0123456789012345678901234567890123456789".into(),
            committed_at: "2026-11-26T21:30:00Z".into(),
            changes: String::new(),
        }
    }

    /// What the schema asks for, and what a reader of the list relies on.
    fn check(product: Product) -> Value {
        let text = write(product, &release()).unwrap();
        assert_eq!(
            text,
            write(product, &release()).unwrap(),
            "made twice, it is the same"
        );
        let root = workspace::root().display().to_string();
        assert!(!text.contains(&root), "it does not tell where it was made");

        let bom: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(bom["bomFormat"], "CycloneDX");
        assert_eq!(bom["specVersion"], "1.6");
        assert_eq!(bom["metadata"]["timestamp"], "2026-11-26T21:30:00Z");
        assert_eq!(bom["metadata"]["component"]["name"], product.name());
        let serial = bom["serialNumber"].as_str().unwrap();
        assert_eq!(serial.len(), "urn:uuid:".len() + 36);

        let components = bom["components"].as_array().unwrap();
        let mut names = BTreeSet::from([bom["metadata"]["component"]["bom-ref"].as_str().unwrap()]);
        for component in components {
            let name = component["bom-ref"].as_str().unwrap();
            assert!(names.insert(name), "{name} is listed once");
            assert!(
                component["version"].is_string() && component["type"] == "library",
                "{name}"
            );
            assert!(component["licenses"][0].is_object(), "{name} has a licence");
            if component["purl"]
                .as_str()
                .is_some_and(|purl| purl.starts_with("pkg:cargo/"))
            {
                let sum = component["hashes"][0]["content"].as_str().unwrap();
                assert_eq!(sum.len(), 64, "{name}");
            }
        }
        for entry in bom["dependencies"].as_array().unwrap() {
            assert!(names.contains(entry["ref"].as_str().unwrap()));
            for needed in entry["dependsOn"].as_array().unwrap() {
                assert!(names.contains(needed.as_str().unwrap()), "{entry}");
            }
        }
        assert_eq!(bom["dependencies"].as_array().unwrap().len(), names.len());
        bom
    }

    /// Whether a crate is listed, and if so in what part.
    fn scope<'a>(bom: &'a Value, name: &str) -> Option<&'a str> {
        let components = bom["components"].as_array().unwrap();
        components
            .iter()
            .find(|component| component["name"] == name)?["scope"]
            .as_str()
    }

    #[test]
    fn the_addon_lists_what_its_libraries_are_made_of() {
        let bom = check(Product::Addon);
        assert_eq!(scope(&bom, "godot"), Some("required"));
        assert_eq!(scope(&bom, "longhall-client"), Some("required"));
        assert_eq!(
            scope(&bom, "syn"),
            Some("excluded"),
            "it only helps to build"
        );
        assert_eq!(scope(&bom, "rusqlite"), None, "that is the server's");
    }

    #[test]
    fn the_server_lists_sqlite_and_what_only_windows_needs() {
        let bom = check(Product::Server);
        assert_eq!(scope(&bom, "tokio"), Some("required"));
        assert_eq!(scope(&bom, "sqlite"), Some("required"));
        assert_eq!(scope(&bom, "windows-sys"), Some("required"));
        assert_eq!(scope(&bom, "godot"), None, "that is the addon's");
    }

    #[test]
    fn licences_are_written_as_spdx_does() {
        assert_eq!(
            licence("MIT/Apache-2.0"),
            json!({"expression": "MIT OR Apache-2.0"})
        );
        assert_eq!(licence("MIT"), json!({"expression": "MIT"}));
        assert_eq!(licence("Beer"), json!({"license": {"name": "Beer"}}));
    }
}
