//! `cargo xtask package-server`: the server for machines without a Rust.
//!
//! For Linux, a program that runs with the C library of Debian 11 and every newer one, in
//! a tar, as a package for Debian with a unit for systemd and as an image for containers; for
//! Windows, a program in a zip. The same sources give the same bytes; those of an image are of its
//! Debian as well.

mod platform;
mod program;

mod contents;
mod tarball;
mod debian;
mod image;

mod service;
#[cfg(unix)]
mod contained;
pub(crate) mod installed;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};
use longhall_provision::ContainerBase;

use crate::package::{self, archive};
use crate::workspace;
use contents::Contents;
use image::Base;
pub(crate) use platform::Platform;
use tarball::File;

/// What to pack.
#[derive(Args)]
pub(crate) struct Options {
    /// Pack for these machines: linux-x86_64, linux-arm64, windows-x86_64 or all; may be
    /// given more than once. Without it, for Linux on x86_64
    #[arg(long = "platform", value_name = "PLATFORM", value_parser = chosen)]
    platforms: Vec<Chosen>,
}

/// What one `--platform` means.
#[derive(Clone)]
struct Chosen(Vec<Platform>);

fn chosen(name: &str) -> Result<Chosen, String> {
    if name == "all" {
        return Ok(Chosen(Platform::value_variants().to_vec()));
    }
    Platform::from_str(name, false)
        .map(|platform| Chosen(vec![platform]))
        .map_err(|_| {
            let names: Vec<_> = Platform::value_variants()
                .iter()
                .map(ToString::to_string)
                .collect();
            format!("the names are {}, all", names.join(", "))
        })
}

/// Builds the programs and packs them.
///
/// # Errors
/// As [`make`].
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut platforms: Vec<_> = options
        .platforms
        .iter()
        .flat_map(|chosen| chosen.0.clone())
        .collect();
    if platforms.is_empty() {
        platforms.push(Platform::LinuxX86_64);
    }
    platforms.sort();
    platforms.dedup();
    make(&platforms).map(drop)
}

/// Builds and packs the programs for some platforms; the result is the files' paths.
///
/// # Errors
/// If a program does not build or would not run where it is promised to, or the licence
/// of a crate is not known.
pub(crate) fn make(platforms: &[Platform]) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for platform in platforms {
        let program = program::build(*platform)?;
        written.extend(write_all(&pack(*platform, &program)?)?);
    }
    Ok(written)
}

/// Builds the program for one platform and checks it; the result is its bytes.
///
/// # Errors
/// If it does not build, or would not run where it is promised to.
pub(crate) fn build(platform: Platform) -> Result<Vec<u8>> {
    program::build(platform)
}

/// Writes packages to where they are looked for.
fn write_all(packed: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for (name, bytes) in packed {
        let file = workspace::scratch_dir("package").join(name);
        package::write(&file, bytes)?;
        println!(
            "package-server: {}, {:.2} MB",
            file.display(),
            bytes.len() as f64 / 1e6
        );
        written.push(file);
    }
    Ok(written)
}

/// What there is for a platform: the files' names and bytes.
fn pack(platform: Platform, program: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let contents = Contents::gather(platform)?;
    let mut packed = vec![match platform {
        Platform::LinuxX86_64 | Platform::LinuxArm64 => tar(platform, &contents, program)?,
        Platform::WindowsX86_64 => zip(platform, &contents, program)?,
    }];
    if let Some(architecture) = platform.debian() {
        let version = debian::version(&contents.version);
        packed.push((
            format!("longhall-server_{version}_{architecture}.deb"),
            debian::pack(&contents, architecture, program)?,
        ));
        if ContainerBase::available() {
            let base = Base::gather(architecture, program)?;
            packed.push((
                image::file_name(&contents.version, architecture),
                image::pack(&contents, architecture, program, &base)?,
            ));
        } else {
            println!(
                "package-server: no image for {platform}: only Debian on x86_64 fetches what it needs"
            );
        }
    }
    Ok(packed)
}

fn tar(platform: Platform, contents: &Contents, program: &[u8]) -> Result<(String, Vec<u8>)> {
    let folder = folder(platform, contents);
    let mut files = vec![
        ("longhall-server", File::program(program)),
        (
            "longhall-server.service",
            File::new(contents.packaging("longhall-server.service")?),
        ),
        (
            "README.txt",
            File::new(contents.packaging("README-linux.txt")?),
        ),
    ];
    files.extend(common(contents));
    let files = files
        .into_iter()
        .map(|(name, file)| (format!("{folder}/{name}"), file))
        .collect();
    let tar = tarball::pack(&files, contents.commit.time)?;
    Ok((format!("{folder}.tar.gz"), tar))
}

fn zip(platform: Platform, contents: &Contents, program: &[u8]) -> Result<(String, Vec<u8>)> {
    let folder = folder(platform, contents);
    let mut files = vec![
        ("longhall-server.exe", File::program(program)),
        (
            "README.txt",
            File::new(
                contents
                    .packaging("README-windows.txt")?
                    .replace('\n', "\r\n"),
            ),
        ),
    ];
    files.extend(common(contents));
    let files = files
        .into_iter()
        .map(|(name, file)| (format!("{folder}/{name}"), file.bytes))
        .collect();
    Ok((format!("{folder}.zip"), archive::pack(&files)?))
}

/// What every operator gets.
fn common(contents: &Contents) -> Vec<(&'static str, File)> {
    let mut files = vec![
        (
            "longhall.example.toml",
            File::new(contents.settings.as_str()),
        ),
        (
            "longhall.example.env",
            File::new(contents.variables.as_str()),
        ),
        ("LICENSE", File::new(contents.license.as_str())),
    ];
    let notices = contents.notices();
    files.extend(notices.map(|(name, bytes)| (name, File::new(bytes))));
    files
}

fn folder(platform: Platform, contents: &Contents) -> String {
    format!("longhall-server-{}-{platform}", contents.version)
}
