//! `cargo xtask package`: the zip file that a designer unpacks into a project.
//!
//! It holds what git tracks in `addons/longhall`, the libraries, and what has to
//! be said about them: a manifest, and the notices of the crates inside. The
//! `.gdextension` file goes in as it is, with its entries for platforms that
//! this package has no library for: exporting for one of those then fails with
//! the name of the missing file.

pub(crate) mod archive;
mod manifest;
pub(crate) mod notices;
mod servers;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use longhall_provision::process;

use crate::library::{self, Library, Platform, Variant};
use crate::{addon, inspect, workspace};
use archive::Files;
use manifest::{Manifest, Packed};
use servers::Servers;

/// Where everything lies in a game's project, and in the package.
const FOLDER: &str = "addons/longhall";

/// Names of properties that make the connection bad begin with this.
const BAD_WEATHER: &[u8] = b"bad_weather";

/// What to pack.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// Build for these machines: windows-x86_64, linux-x86_64, linux-arm64,
    /// macos-universal or all; may be given more than once. Without it, for this machine
    #[arg(long = "platform", value_name = "PLATFORM", value_parser = platform_name)]
    platforms: Vec<String>,

    /// Build for this Rust target, such as x86_64-pc-windows-gnu; may be given
    /// more than once. Without it, for this machine
    #[arg(long = "target", value_name = "TRIPLE")]
    targets: Vec<String>,

    /// Also pack this library, which another machine built; may be given more
    /// than once. Its name must be one that longhall.gdextension lists
    #[arg(long = "library", value_name = "FILE")]
    libraries: Vec<PathBuf>,

    /// Also pack the server's program for each of these machines that has one, for the dock of
    /// the editor
    #[arg(long)]
    with_server: bool,

    /// Build nothing: the libraries of other machines are all there are
    #[arg(skip)]
    libraries_only: bool,
}

impl Options {
    /// For all platforms: with these libraries of other machines, and what can be built here
    /// for the others.
    ///
    /// # Errors
    /// If a file is none of the listed libraries.
    pub(crate) fn for_release(libraries: &[PathBuf]) -> Result<Self> {
        let given = read_libraries(libraries)?;
        let platforms = chosen_platforms(&[ALL.to_owned()])?
            .into_iter()
            .filter(|platform| given.iter().all(|l| l.library.platform != *platform));
        let platforms: Vec<_> = platforms.map(|platform| platform.to_string()).collect();
        Ok(Self {
            libraries_only: platforms.is_empty(),
            platforms,
            libraries: libraries.to_vec(),
            ..Self::default()
        })
    }
}

impl Options {
    /// To build for these platforms, and to pack nothing else.
    pub(crate) fn of(platforms: &[&Platform]) -> Self {
        Self {
            platforms: platforms.iter().map(ToString::to_string).collect(),
            ..Self::default()
        }
    }
}

/// Builds the libraries and packs them; the result is the zip file's path.
///
/// # Errors
/// If anything does not build, a library is not what its name says, a machine's
/// path is in one, or the licence of a crate is not known.
pub(crate) fn run(options: &Options) -> Result<PathBuf> {
    let version = notices::version()?;
    // Said before the builds, which take their time.
    let given = read_libraries(&options.libraries)?;
    let chosen = chosen_platforms(&options.platforms)?;
    let mut platforms: BTreeSet<_> = given.iter().map(|l| l.library.platform.clone()).collect();
    platforms.extend(chosen.iter().cloned());
    platforms.extend(
        options
            .targets
            .iter()
            .filter_map(|t| Platform::of_target(t)),
    );
    let home =
        options.targets.is_empty() && options.platforms.is_empty() && !options.libraries_only;
    if home {
        platforms.insert(Platform::host()?);
    }
    let file = file_name(&version, &platforms, options.with_server);
    // After a build that fails, an older package would look like what it made.
    remove(&file)?;

    let mut files = Vec::new();
    if home {
        files.extend(addon::build_both()?);
    }
    for platform in &chosen {
        files.extend(addon::build_for_platform(platform)?);
    }
    for target in &options.targets {
        files.extend(addon::build_for_target(target)?);
    }
    let built: BTreeSet<_> = read_libraries(&files)?
        .into_iter()
        .map(|l| l.library.platform)
        .collect();
    files.extend(options.libraries.iter().cloned());
    let libraries = read_libraries(&files)?;

    let mut manifest = Manifest::new(version, &libraries)?;
    let servers = match options.with_server {
        true => servers::build(&platforms)?,
        false => Servers::default(),
    };
    manifest.server_programs = servers.programs;
    let targets = platforms
        .iter()
        .flat_map(|p| p.targets())
        .copied()
        .collect();
    let mut files = tracked_files()?;
    add(
        &mut files,
        "manifest.json",
        manifest.to_json()?.into_bytes(),
    )?;
    let third_parties = notices::write(&notices::ADDON, &targets)?;
    add(&mut files, notices::FILE, third_parties.into_bytes())?;
    match notices::standard_library() {
        Some(html) => add(&mut files, notices::STANDARD_LIBRARY_FILE, html)?,
        None => println!("package: this Rust comes without its own notices, so they are left out"),
    }
    for (name, bytes) in notices::fetched(&built)? {
        add(&mut files, name, bytes)?;
    }
    for (name, bytes) in servers.files {
        add(&mut files, &name, bytes)?;
    }
    for packed in libraries {
        let name = format!("bin/{}", packed.library.file);
        add(&mut files, &name, packed.bytes)?;
    }
    let count = files.len();
    let zip = archive::pack(&files)?;

    write(&file, &zip)?;
    let names: Vec<_> = platforms.iter().map(ToString::to_string).collect();
    println!(
        "package: {}, {count} files, {:.1} MB, for {}",
        file.display(),
        zip.len() as f64 / 1e6,
        names.join(", ")
    );
    if !manifest.not_included.is_empty() {
        println!(
            "package: games cannot be exported for {} with it; libraries from such machines are \
             added with --library",
            manifest.not_included.join(", ")
        );
    }
    Ok(file)
}

/// Where a package for these platforms is written.
fn file_name(version: &str, platforms: &BTreeSet<Platform>, with_server: bool) -> PathBuf {
    let mut names: Vec<_> = platforms.iter().map(ToString::to_string).collect();
    names.extend(with_server.then(|| "with-server".to_owned()));
    let name = format!("longhall-{version}-{}.zip", names.join("-"));
    workspace::scratch_dir("package").join(name)
}

/// Writes the file in one step, so that nobody finds half of it.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    let explain = || format!("cannot write {}", file.display());
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(explain)?;
    }
    let fresh = file.with_extension("new");
    fs::write(&fresh, bytes).with_context(explain)?;
    fs::rename(&fresh, file).with_context(explain)
}

fn remove(file: &Path) -> Result<()> {
    if file.exists() {
        fs::remove_file(file).with_context(|| format!("cannot remove {}", file.display()))?;
    }
    Ok(())
}

/// Means all that can be built here.
const ALL: &str = "all";

/// Checks a `--platform` before anything is built.
fn platform_name(name: &str) -> Result<String> {
    chosen_platforms(&[name.to_owned()])?;
    Ok(name.to_owned())
}

/// The platforms with these names that xtask builds for, each once and in the order of `longhall.gdextension`.
fn chosen_platforms(names: &[String]) -> Result<Vec<Platform>> {
    let mut listed: Vec<_> = library::listed()?.into_iter().map(|l| l.platform).collect();
    listed.dedup();
    if let Some(platform) = listed
        .iter()
        .find(|platform| !platform.is_built_here() && names.contains(&platform.to_string()))
    {
        bail!("{}", addon::built_elsewhere(platform));
    }
    listed.retain(Platform::is_built_here);
    for name in names {
        if name != ALL && !listed.iter().any(|platform| platform.to_string() == *name) {
            let known: Vec<_> = listed.iter().map(ToString::to_string).collect();
            bail!(
                "there is no platform {name}; the names are {}, {ALL}",
                known.join(", ")
            );
        }
    }
    let is_chosen = |platform: &Platform| {
        names
            .iter()
            .any(|name| name == ALL || *name == platform.to_string())
    };
    listed.retain(is_chosen);
    Ok(listed)
}

/// The notices for a game with a library for this platform in it.
///
/// # Errors
/// If the licence of a crate is not known.
pub(crate) fn notices_of(platform: &Platform) -> Result<String> {
    notices::write(
        &notices::ADDON,
        &platform.targets().iter().copied().collect(),
    )
}

/// Reads and checks the libraries, and puts them in the order of
/// `longhall.gdextension`.
fn read_libraries(files: &[PathBuf]) -> Result<Vec<Packed>> {
    let listed = library::listed()?;
    let mut libraries: Vec<(usize, Packed)> = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default();
        let place = listed.iter().position(|library| *library.file == *name);
        let Some(place) = place else {
            let names: Vec<_> = listed.iter().map(|library| library.file.as_str()).collect();
            bail!(
                "longhall.gdextension lists no {}; the names it knows are {}",
                name.display(),
                names.join(", ")
            );
        };
        if libraries.iter().any(|(known, ..)| *known == place) {
            bail!("{} was given twice", name.display());
        }
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let library = listed[place].clone();
        let needs = check_library(&library, &bytes, &machine_paths())
            .and_then(|()| inspect::check(&library, &bytes))
            .with_context(|| file.display().to_string())?;
        let packed = Packed {
            library,
            bytes,
            needs,
        };
        libraries.push((place, packed));
    }
    libraries.sort_by_key(|(place, _)| *place);
    Ok(libraries.into_iter().map(|(_, packed)| packed).collect())
}

/// What the node tells servers about itself; all crates have one version.
const CLIENT_NAME: &[u8] = concat!("longhall-godot/", env!("CARGO_PKG_VERSION")).as_bytes();

fn check_library(library: &Library, bytes: &[u8], private: &[String]) -> Result<()> {
    let platform = library::inspect(bytes)?;
    if platform != library.platform {
        bail!("this is a library for {platform}");
    }
    if !contains(bytes, CLIENT_NAME) {
        bail!(
            "this is not a library of version {}",
            env!("CARGO_PKG_VERSION")
        );
    }
    match (library.variant, contains(bytes, BAD_WEATHER)) {
        (Variant::Debug, false) => bail!("this is a release library, without bad weather"),
        (Variant::Release, true) => bail!("this is a debug library, which players must not get"),
        _ => {}
    }
    if let Some(path) = private.iter().find(|path| contains(bytes, path.as_bytes())) {
        bail!("the library has paths of this machine in it: {path}");
    }
    Ok(())
}

/// Folders that a library would tell about if it was built carelessly.
pub(crate) fn machine_paths() -> Vec<String> {
    let mut folders = vec![workspace::root()];
    for (variable, below_home) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let home = || Some(std::env::home_dir()?.join(below_home));
        folders.extend(std::env::var_os(variable).map(PathBuf::from).or_else(home));
    }
    let folders = folders.iter().map(|folder| folder.display().to_string());
    // A checkout in `/src` is no secret, and too short to look for.
    folders.filter(|folder| folder.len() > 4).collect()
}

pub(crate) fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}

/// The files that git tracks in the addon's folder, as they are now.
fn tracked_files() -> Result<Files> {
    let folder = workspace::addon_dir();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(&folder)
            .args(["ls-files", "-z"])
            .args(arguments);
        process::output("git", &mut git)
            .context("git tells which files belong into the package; is this a clone?")
    };
    for stray in git(&["--others", "--exclude-standard"])?.split_terminator('\0') {
        println!("package: left out, since git does not track it: {FOLDER}/{stray}");
    }
    let mut files = Files::new();
    for name in git(&[])?.split_terminator('\0') {
        let file = folder.join(name);
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        add(&mut files, name, bytes)?;
    }
    for needed in ["longhall.gdextension", "LICENSE", "README.md"] {
        if !files.contains_key(&format!("{FOLDER}/{needed}")) {
            bail!("git tracks no {}", folder.join(needed).display());
        }
    }
    Ok(files)
}

fn add(files: &mut Files, name: &str, bytes: Vec<u8>) -> Result<()> {
    if files.insert(format!("{FOLDER}/{name}"), bytes).is_some() {
        bail!("{FOLDER}/{name} would be packed twice");
    }
    Ok(())
}

/// Packs twice and compares.
///
/// # Errors
/// If the two are not the same to the last byte.
pub(crate) fn check() -> Result<()> {
    check_twice(&Options::default())
}

/// The same with the libraries for all platforms.
///
/// # Errors
/// If one does not build or is not what it should be, or the two packages differ.
pub(crate) fn check_all_platforms() -> Result<()> {
    check_twice(&Options {
        platforms: vec![ALL.to_owned()],
        ..Options::default()
    })
}

fn check_twice(options: &Options) -> Result<()> {
    let read = |file: &Path| fs::read(file).context("cannot read the package again");
    let first = read(&run(options)?)?;
    if read(&run(options)?)? != first {
        bail!("packing the same files again gave another package");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variant: Variant, extra: &[u8]) -> Result<()> {
        let platform = Platform::of_target("x86_64-unknown-linux-gnu").unwrap();
        let mut bytes = b"\x7fELF".to_vec();
        bytes.resize(64, 0);
        bytes[18] = 62;
        bytes.extend(CLIENT_NAME);
        bytes.extend(extra);
        let library = library::find(&platform, variant).unwrap();
        check_library(&library, &bytes, &["/home/ada/longhall".to_owned()])
    }

    #[test]
    fn debug_and_release_libraries_do_not_pass_for_each_other() {
        check(Variant::Debug, b"..bad_weather_loss..").unwrap();
        check(Variant::Release, b"..fine..").unwrap();
        assert!(check(Variant::Release, b"..bad_weather_loss..").is_err());
        assert!(check(Variant::Debug, b"..fine..").is_err());
    }

    #[test]
    fn a_library_that_tells_where_it_was_built_is_not_packed() {
        assert!(check(Variant::Release, b"/home/ada/longhall/rust/lib.rs").is_err());
    }

    #[test]
    fn a_library_of_another_version_is_not_packed() {
        let linux = Platform::of_target("x86_64-unknown-linux-gnu").unwrap();
        let library = library::find(&linux, Variant::Release).unwrap();
        let mut elf = b"\x7fELF".to_vec();
        elf.resize(64, 0);
        elf[18] = 62;
        elf.extend(b"longhall-godot/0.0.1");
        let error = check_library(&library, &elf, &[]).unwrap_err();
        assert!(error.to_string().contains("version"), "{error}");
    }

    #[test]
    fn a_library_under_another_ones_name_is_not_packed() {
        let windows = Platform::of_target("x86_64-pc-windows-gnu").unwrap();
        let library = library::find(&windows, Variant::Debug).unwrap();
        let mut elf = b"\x7fELF".to_vec();
        elf.resize(64, 0);
        elf[18] = 62;
        assert!(check_library(&library, &elf, &[]).is_err());
        assert!(read_libraries(&["liblonghall.so".into()]).is_err());
    }

    #[test]
    fn platforms_are_chosen_by_name_and_built_once() {
        let chosen = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            let chosen = chosen_platforms(&names)?;
            Ok::<_, anyhow::Error>(chosen.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert!(chosen(&[]).unwrap().is_empty());
        let two = ["windows-x86_64", "linux-arm64", "windows-x86_64"];
        assert_eq!(chosen(&two).unwrap(), ["linux-arm64", "windows-x86_64"]);
        let all = chosen(&[ALL]).unwrap();
        assert!(all.contains(&"macos-universal".to_owned()), "{all:?}");
        let error = chosen(&["linux-riscv64"]).unwrap_err().to_string();
        assert!(
            error.contains("linux-riscv64") && error.contains("macos-universal"),
            "{error}"
        );
    }

    #[test]
    fn a_release_is_for_every_machine_that_can_be_built_for() {
        let platforms = Options::for_release(&[]).unwrap().platforms;
        for platform in [
            "linux-x86_64",
            "linux-arm64",
            "windows-x86_64",
            "macos-universal",
        ] {
            assert!(platforms.iter().any(|name| name == platform), "{platform}");
        }
        assert!(Options::for_release(&["liblonghall.so".into()]).is_err());
    }

    #[test]
    fn the_addons_own_files_are_packed_and_its_built_ones_are_not() {
        let files = tracked_files().unwrap();
        assert!(files.contains_key("addons/longhall/longhall.gdextension.uid"));
        assert!(files.keys().all(|name| !name.contains("/bin/")));
    }
}
