//! `cargo xtask release`: everything that is published with a version, in one folder.
//!
//! First the checkout is judged, then everything is built, then laid out in
//! `target/release-VERSION/`. The same commit gives the same bytes.

pub(crate) mod asset_library;
pub(crate) mod changelog;
pub(crate) mod checks;
pub(crate) mod lock;
mod sbom;
mod shelf;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::server_package::{self, Platform};
use crate::{package, unchanged, workspace};
use asset_library::Download;
use checks::Release;
use sbom::Product;
use shelf::Shelf;

/// How a release is made.
#[derive(Args)]
pub(crate) struct Options {
    /// Only say what is not ready, and what would be made; build nothing
    #[arg(long)]
    dry_run: bool,

    /// The tag that this commit must have, such as v1.2.3; none if it is empty
    #[arg(long, value_name = "TAG", env = "LONGHALL_TAG")]
    tag: Option<String>,

    /// Pack this library, which another machine built, in place of one built here; a folder
    /// stands for all in it. May be given more than once
    #[arg(long = "library", value_name = "FILE")]
    libraries: Vec<PathBuf>,

    /// Where the project is on the web, for the addresses in the asset library's entry
    #[arg(long, value_name = "URL", env = "LONGHALL_REPOSITORY")]
    repository: Option<String>,
}

/// Checks, builds and lays out a release.
///
/// # Errors
/// If the checkout is not ready, something does not build, or a finished release with other
/// bytes is there.
pub(crate) fn run(options: &Options) -> Result<()> {
    let tag = options.tag.as_deref().filter(|tag| !tag.is_empty());
    let (release, problems) = checks::check(&workspace::root(), tag)?;
    for problem in &problems {
        println!("not ready: {problem}");
    }
    if !problems.is_empty() && !options.dry_run {
        bail!("{} things to do before the release", problems.len());
    }
    let repository = options.repository.as_deref().map(tidy_address);
    let mut shelf = Shelf::default();
    described(&mut shelf, &release)?;
    if options.dry_run {
        let download = Download {
            file: package_name(&release),
            sha256: String::new(),
        };
        asset_library::lay_out(&mut shelf, &release, repository, &download)?;
        println!(
            "release: {} would have, besides what is built:",
            folder(&release).display()
        );
        list(&shelf);
        return match problems.len() {
            0 => Ok(()),
            count => bail!("{count} things to do before the release"),
        };
    }
    let mut libraries = Vec::new();
    for path in &options.libraries {
        if path.is_dir() {
            libraries.extend(unchanged::files(path)?);
        } else {
            libraries.push(path.clone());
        }
    }
    let package = package::run(&package::Options::for_release(&libraries)?)?;
    let file = package_name(&release);
    let sha256 = shelf.put_built(&package, &file)?;
    for file in server_package::make(Platform::value_variants())? {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        shelf.put_built(&file, &name)?;
    }
    let download = Download { file, sha256 };
    asset_library::lay_out(&mut shelf, &release, repository, &download)?;
    let folder = folder(&release);
    list(&shelf);
    if repository.is_none() {
        println!("release: without --repository, asset-library/asset.json has no addresses");
    }
    if shelf.finish(&folder)? {
        println!(
            "release: {} is ready in {}",
            release.version,
            folder.display()
        );
    } else {
        println!(
            "release: {} was finished before, with the same bytes",
            folder.display()
        );
    }
    Ok(())
}

/// What is said about a release: notes, and what everything is made of.
fn described(shelf: &mut Shelf, release: &Release) -> Result<()> {
    shelf.put("RELEASE_NOTES.md", notes(release))?;
    for product in [Product::Addon, Product::Server] {
        let name = format!("{}-{}.cdx.json", product.name(), release.version);
        shelf.put(&name, sbom::write(product, release)?)?;
    }
    Ok(())
}

fn notes(release: &Release) -> String {
    format!(
        "# Longhall {}\n\n{}\n\n{}\n",
        release.version, release.date, release.changes
    )
}

fn list(shelf: &Shelf) {
    for (name, size) in shelf.sizes() {
        println!("  {name} ({:.1} kB)", size as f64 / 1e3);
    }
}

fn folder(release: &Release) -> PathBuf {
    workspace::scratch_dir(&format!("release-{}", release.version))
}

/// What the addon's zip is called: it is for all machines, so it names none.
fn package_name(release: &Release) -> String {
    format!("longhall-{}.zip", release.version)
}

/// As in `https://github.com/ada/longhall`.
fn tidy_address(address: &str) -> &str {
    let address = address.trim_end_matches('/');
    address.strip_suffix(".git").unwrap_or(address)
}
