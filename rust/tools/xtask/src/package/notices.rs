//! `THIRD_PARTY_NOTICES.txt`: whose work is in the libraries, under which terms.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use longhall_provision::process;
use serde::Deserialize;
use spdx::{Expression, ParseMode};

use crate::addon::DEBUG_FEATURE;
use crate::cross::{self, Target};
use crate::library::Platform;
use crate::workspace;

/// What the notices are called where they are packed.
pub(crate) const FILE: &str = "THIRD_PARTY_NOTICES.txt";
pub(crate) const STANDARD_LIBRARY_FILE: &str = "RUST_STANDARD_LIBRARY_NOTICES.html";

/// Something that is passed on, with others' work in it.
pub(crate) struct Product {
    package: &'static str,
    features: &'static [&'static str],
    introduction: &'static str,
}

/// The addon's libraries.
pub(crate) const ADDON: Product = Product {
    package: "longhall-network-client",
    features: &[DEBUG_FEATURE],
    introduction: ADDONS_INTRODUCTION,
};

/// The server's program.
pub(crate) const SERVER: Product = Product {
    package: "longhall-server",
    features: &[],
    introduction: SERVERS_INTRODUCTION,
};

/// How the names of files with terms begin.
const TERMS: &[&str] = &[
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "UNLICENSE",
];

const RULE: &str =
    "--------------------------------------------------------------------------------";

/// A crate as `cargo metadata` describes it.
#[derive(Debug, Clone, Deserialize)]
struct Crate {
    name: String,
    version: String,
    license: Option<String>,
    license_file: Option<PathBuf>,
    repository: Option<String>,
    manifest_path: PathBuf,
    /// Where it comes from; our own crates come from nowhere.
    source: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Crate>,
}

/// A text that crates come with: what it is called there, and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Terms {
    title: String,
    text: String,
}

/// The version of the `longhall-network-client` package, which is all crates'.
///
/// # Errors
/// If cargo does not say.
pub(crate) fn version() -> Result<String> {
    let mut cargo = workspace::cargo();
    cargo.args(["metadata", "--format-version", "1", "--no-deps"]);
    let metadata: Metadata = serde_json::from_str(&process::output("cargo metadata", &mut cargo)?)
        .context("cannot read what cargo metadata says")?;
    metadata
        .packages
        .into_iter()
        .find(|package| package.name == "longhall-network-client")
        .map(|package| package.version)
        .context("this workspace has no package longhall-network-client")
}

/// The notices for a package with a product built for these Rust targets.
///
/// # Errors
/// If the terms of a crate cannot be found out: better no package than one that
/// may not be passed on.
pub(crate) fn write(product: &Product, targets: &BTreeSet<&str>) -> Result<String> {
    let mut crates = BTreeMap::new();
    for target in targets {
        for found in linked_crates(product, target)? {
            crates.insert((found.name.clone(), found.version.clone()), found);
        }
    }
    let mut with_terms = Vec::new();
    for found in crates.into_values() {
        let terms = terms(&found).with_context(|| format!("{} {}", found.name, found.version))?;
        with_terms.push((found, terms));
    }
    Ok(compose(product.introduction, &with_terms))
}

/// The Rust standard library's own notices, if this Rust came with them.
pub(crate) fn standard_library() -> Option<Vec<u8>> {
    let mut rustc = Command::new("rustc");
    let sysroot = process::output("rustc", rustc.args(["--print", "sysroot"])).ok()?;
    fs::read(Path::new(sysroot.trim()).join("share/doc/rust/COPYRIGHT-library.html")).ok()
}

/// The crates of others whose code is in the product for `target`.
fn linked_crates(product: &Product, target: &str) -> Result<Vec<Crate>> {
    // The tree knows which features, and so which crates, the product alone
    // turns on; the metadata, which is for the whole workspace, has the terms.
    let mut tree = workspace::cargo();
    tree.args(["tree", "--package", product.package]);
    tree.args(["--features", &product.features.join(",")]);
    tree.args(["--edges", "normal,no-proc-macro", "--prefix", "none"]);
    tree.args(["--format", "{p}", "--target", target]);
    let tree = process::output("cargo tree", &mut tree)?;
    let linked: BTreeSet<_> = tree.lines().filter_map(name_and_version).collect();

    let mut metadata = workspace::cargo();
    metadata.args([
        "metadata",
        "--format-version",
        "1",
        "--filter-platform",
        target,
    ]);
    let metadata: Metadata =
        serde_json::from_str(&process::output("cargo metadata", &mut metadata)?)
            .context("cannot read what cargo metadata says")?;
    let mut found = Vec::new();
    for (name, version) in linked {
        let package = metadata
            .packages
            .iter()
            .find(|package| package.name == name && package.version == version)
            .with_context(|| format!("cargo metadata does not know {name} {version}"))?;
        if package.source.is_some() {
            found.push(package.clone());
        }
    }
    Ok(found)
}

/// `("serde", "1.0.0")` of `serde v1.0.0 (*)`
fn name_and_version(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next()?.strip_prefix('v')?))
}

/// The texts in the crate's own folder, else the standard texts of its licence.
fn terms(of: &Crate) -> Result<Vec<Terms>> {
    let folder = of.manifest_path.parent().unwrap_or(Path::new("."));
    let mut files: Vec<_> = fs::read_dir(folder)
        .with_context(|| format!("cannot list {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let name = name.to_uppercase();
            file.is_file() && TERMS.iter().any(|start| name.starts_with(start))
        })
        .collect();
    if let Some(file) = &of.license_file {
        files.push(folder.join(file));
    }
    files.sort();
    files.dedup();
    let mut terms = Vec::new();
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        terms.push(Terms {
            title: file.file_name().unwrap_or_default().display().to_string(),
            text: tidy(&String::from_utf8_lossy(&bytes)),
        });
    }
    if terms.is_empty() {
        let license = of.license.as_deref();
        let license =
            license.context("the crate names no licence and comes with no text of one")?;
        terms = standard_terms(license)?;
    }
    Ok(terms)
}

/// The standard texts of all licences in an SPDX expression.
fn standard_terms(expression: &str) -> Result<Vec<Terms>> {
    let parsed = Expression::parse_mode(expression, ParseMode::LAX)
        .map_err(|error| anyhow::anyhow!("cannot read the licence `{expression}`: {error}"))?;
    let mut terms = Vec::new();
    for requirement in parsed.requirements() {
        let Some(license) = requirement.req.license.id() else {
            bail!("there is no standard text of the licence `{expression}`");
        };
        terms.push(Terms {
            title: format!("the standard text of {}", license.name),
            text: tidy(license.text()),
        });
    }
    Ok(terms)
}

/// One kind of line end, and no empty lines around the text.
fn tidy(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// The whole text. One that several crates share is printed once.
fn compose(introduction: &str, crates: &[(Crate, Vec<Terms>)]) -> String {
    // Each different text, with the crates that come with it.
    let mut texts: Vec<(&Terms, Vec<String>)> = Vec::new();
    let mut list = String::new();
    for (found, terms) in crates {
        let name = format!("{} {}", found.name, found.version);
        let mut numbers = Vec::new();
        for terms in terms {
            let place = texts.iter().position(|(known, _)| known.text == terms.text);
            let place = place.unwrap_or_else(|| {
                texts.push((terms, Vec::new()));
                texts.len() - 1
            });
            texts[place].1.push(name.clone());
            numbers.push(format!("[{}]", place + 1));
        }
        let license = found.license.as_deref().unwrap_or("see its text");
        list.push_str(&format!("{name}\n    Licence: {license}\n"));
        if let Some(repository) = &found.repository {
            list.push_str(&format!("    Source:  {repository}\n"));
        }
        list.push_str(&format!("    Texts:   {}\n", numbers.join(" ")));
    }
    let mut notices = format!("{introduction}\n{list}\n");
    for (number, (terms, names)) in texts.iter().enumerate() {
        notices.push_str(&format!(
            "{RULE}\n[{}] {}, for {}\n{RULE}\n\n{}\n\n",
            number + 1,
            terms.title,
            names.join(", "),
            terms.text
        ));
    }
    notices
}

const ADDONS_INTRODUCTION: &str = "\
Work of others in Longhall's libraries
======================================

The files in bin/ contain the Rust crates listed here, unchanged, under the terms
below. A game that ships one of these files passes this work on too: put this text
into its credits or beside it.

The crates under the Mozilla Public License 2.0 (godot and those with names that
begin with godot-) may be used in games of any licence. Their source, in exactly
the listed version, is free for everyone: in the repository named here, and in
the Rust community's package registry under the crate's name and version.

The libraries also contain parts of the Rust standard library, which is licensed
under MIT or Apache-2.0. RUST_STANDARD_LIBRARY_NOTICES.html and, for libraries built
with Debian's Rust, RUST_STANDARD_LIBRARY_NOTICES_DEBIAN.txt, where they are beside this
file, name its authors and their terms. MINGW_W64_NOTICES.txt does so for the first
functions that run in a library for Windows.
";

const SERVERS_INTRODUCTION: &str = "\
Work of others in Longhall's server
===================================

The program contains the Rust crates listed here, unchanged, under the terms below.
Who passes it on passes this work on too, and this text with it.

It also contains SQLite, which is in the public domain; parts of the Rust standard
library, which is licensed under MIT or Apache-2.0, and whose authors and terms
RUST_STANDARD_LIBRARY_NOTICES.html names where it is beside this file; and on Linux
the unwinder of the LLVM project, under the Apache License 2.0 with its exceptions.
";

/// The terms of what toolchains for other machines put into their libraries.
///
/// # Errors
/// If one of them cannot be read.
pub(crate) fn fetched(built: &BTreeSet<Platform>) -> Result<BTreeMap<&'static str, Vec<u8>>> {
    let mut notices = BTreeMap::new();
    for platform in built {
        for target in platform
            .targets()
            .iter()
            .filter_map(|t| Target::of_triple(t))
        {
            notices.extend(cross::notices(target)?);
        }
    }
    Ok(notices)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str, license: Option<&str>) -> Crate {
        Crate {
            name: name.into(),
            version: "1.0.0".into(),
            license: license.map(str::to_owned),
            license_file: None,
            repository: Some(format!("https://example.org/{name}")),
            manifest_path: "/nowhere/Cargo.toml".into(),
            source: Some("registry".into()),
        }
    }

    fn text(title: &str, text: &str) -> Terms {
        Terms {
            title: title.into(),
            text: text.into(),
        }
    }

    #[test]
    fn a_shared_text_is_printed_once_and_names_its_crates() {
        let mit = text("LICENSE-MIT", "Do as you like.");
        let crates = [
            (sample("ale", Some("MIT")), vec![mit.clone()]),
            (sample("bread", Some("MIT")), vec![mit]),
            (
                sample("cheese", Some("Zlib")),
                vec![text("LICENSE", "Be honest.")],
            ),
        ];
        let notices = compose("Thanks.\n", &crates);
        assert_eq!(notices.matches("Do as you like.").count(), 1);
        assert!(notices.contains("[1] LICENSE-MIT, for ale 1.0.0, bread 1.0.0\n"));
        assert!(notices.contains(
            "cheese 1.0.0\n    Licence: Zlib\n    Source:  https://example.org/cheese\n    \
             Texts:   [2]\n"
        ));
    }

    #[test]
    fn a_crate_without_a_text_gets_the_standard_one() {
        let terms = standard_terms("MPL-2.0").unwrap();
        assert_eq!(terms.len(), 1);
        assert_eq!(terms[0].title, "the standard text of MPL-2.0");
        assert!(terms[0].text.contains("Mozilla Public License Version 2.0"));
        assert_eq!(standard_terms("MIT/Apache-2.0").unwrap().len(), 2);
    }

    #[test]
    fn the_terms_of_the_crates_for_all_platforms_are_known() {
        let libraries = crate::library::listed().unwrap();
        let targets = libraries.iter().flat_map(|l| l.platform.targets());
        let notices = write(&ADDON, &targets.copied().collect()).unwrap();
        assert!(notices.contains("\ngodot-core "));
    }

    #[test]
    fn unknown_terms_are_an_error() {
        assert!(standard_terms("LicenseRef-Mine").is_err());
        assert!(standard_terms("No Such Licence").is_err());
    }

    #[test]
    fn the_addons_own_crates_are_not_third_parties_and_macros_are_not_linked() {
        let names: Vec<_> = linked_crates(&ADDON, "x86_64-unknown-linux-gnu")
            .unwrap()
            .into_iter()
            .map(|found| found.name)
            .collect();
        assert!(names.contains(&"godot-core".to_owned()));
        assert!(!names.iter().any(|name| name.starts_with("longhall")));
        assert!(!names.contains(&"syn".to_owned()));
    }
}
