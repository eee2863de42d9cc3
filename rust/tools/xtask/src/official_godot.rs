//! `cargo xtask fetch-godot`: Godot as its makers publish it, for machines without one.
//!
//! Windows, macOS and Linux on arm64 have no package that provision could fetch. Curl, which
//! all of them have, loads the release and its list of checksums from the makers' page.

use std::env;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;
use longhall_provision::process;
use sha2::{Digest, Sha512};
use zip::ZipArchive;

use crate::package::archive;
use crate::workspace;

const RELEASES: &str = "https://github.com/godotengine/godot-builds/releases/download";

/// All files of a release with their checksums, as `sha512sum` writes them.
const SUMS: &str = "SHA512-SUMS.txt";

/// Which Godot to fetch.
#[derive(Args)]
pub(crate) struct Options {
    /// A stable version, such as 4.6.3
    version: String,

    /// Also install what exports for Linux need, where this Godot looks for it (1.4 GB)
    #[arg(long)]
    templates: bool,

    /// Where releases are, if not on the makers' page
    #[arg(long, value_name = "URL", default_value = RELEASES)]
    from: String,
}

/// Fetches Godot into `target/` and says how it is used. In a workflow of GitHub the later
/// steps use it.
///
/// # Errors
/// If there is none for this machine, or the download is not what its makers say.
pub(crate) fn run(options: &Options) -> Result<()> {
    let build = Build::of(env::consts::OS, env::consts::ARCH, &options.version)?;
    let folder = workspace::scratch_dir("godot-official").join(&options.version);
    let program = fetch(&build, &options.from, &folder)?;
    if options.templates {
        let home = data_home().context("this machine has no home folder for the templates")?;
        fetch_templates(&build, &options.from, &folder, &home)?;
    }
    let setting = format!("GODOT4_BIN={}", program.display());
    if let Some(file) = env::var_os("GITHUB_ENV") {
        let file = File::options().append(true).create(true).open(file);
        writeln!(file.context("cannot open GITHUB_ENV")?, "{setting}")
            .context("cannot write GITHUB_ENV")?;
    }
    println!("{setting}");
    Ok(())
}

/// What a release has for one kind of machine.
struct Build {
    release: String,
    archive: String,
    /// In the archive.
    program: String,
    templates: Option<[&'static str; 2]>,
}

impl Build {
    fn of(system: &str, processor: &str, version: &str) -> Result<Self> {
        let release = format!("{version}-stable");
        let name = |end: &str| format!("Godot_v{release}_{end}");
        let (archive, program, templates) = match (system, processor) {
            ("linux", "x86_64") => (
                name("linux.x86_64.zip"),
                name("linux.x86_64"),
                Some(["linux_release.x86_64", "linux_debug.x86_64"]),
            ),
            ("linux", "aarch64") => (
                name("linux.arm64.zip"),
                name("linux.arm64"),
                Some(["linux_release.arm64", "linux_debug.arm64"]),
            ),
            // The other program in it has no output that could be read.
            ("windows", "x86_64") => (name("win64.exe.zip"), name("win64_console.exe"), None),
            ("macos", _) => (
                name("macos.universal.zip"),
                "Godot.app/Contents/MacOS/Godot".to_owned(),
                None,
            ),
            _ => bail!("there is no official Godot for {system} on {processor}"),
        };
        Ok(Self {
            release,
            archive,
            program,
            templates,
        })
    }
}

/// The program in `folder`, downloaded and unpacked if it is not there yet.
fn fetch(build: &Build, from: &str, folder: &Path) -> Result<PathBuf> {
    let unpacked = folder.join("program");
    let program = unpacked.join(&build.program);
    if program.exists() {
        return Ok(program);
    }
    let archive = download(build, from, folder, &build.archive)?;
    // Put in place in one step: what an interrupted run has unpacked is no Godot.
    let fresh = folder.join("program.new");
    for old in [&fresh, &unpacked] {
        if old.exists() {
            fs::remove_dir_all(old).with_context(|| format!("cannot remove {}", old.display()))?;
        }
    }
    archive::unpack(&archive, &fresh)?;
    if !fresh.join(&build.program).is_file() {
        bail!("{} has no {} in it", build.archive, build.program);
    }
    make_executable(&fresh.join(&build.program))?;
    fs::rename(&fresh, &unpacked).context("cannot move Godot in place")?;
    fs::remove_file(&archive).context("cannot remove Godot's archive")?;
    Ok(program)
}

/// Installs the templates for this machine in Godot's own home.
fn fetch_templates(build: &Build, from: &str, folder: &Path, home: &Path) -> Result<()> {
    let Some(names) = build.templates else {
        bail!("`cargo xtask export` is for Linux only, and so are --templates");
    };
    let installed = home
        .join("godot/export_templates")
        .join(build.release.replace("-stable", ".stable"));
    if names.iter().all(|name| installed.join(name).exists()) {
        return Ok(());
    }
    let name = format!("Godot_v{}_export_templates.tpz", build.release);
    let archive = download(build, from, folder, &name)?;
    let file = File::open(&archive).with_context(|| format!("cannot read {name}"))?;
    let mut zip =
        ZipArchive::new(BufReader::new(file)).with_context(|| format!("{name} is no archive"))?;
    fs::create_dir_all(&installed)
        .with_context(|| format!("cannot create {}", installed.display()))?;
    for template in names {
        let mut packed = zip
            .by_name(&format!("templates/{template}"))
            .with_context(|| format!("{name} has no {template}"))?;
        let (fresh, place) = (installed.join("new"), installed.join(template));
        let mut file = File::create(&fresh).context("cannot write a template")?;
        io::copy(&mut packed, &mut file).with_context(|| format!("cannot unpack {template}"))?;
        make_executable(&fresh)?;
        fs::rename(&fresh, &place).with_context(|| format!("cannot write {}", place.display()))?;
    }
    fs::remove_file(&archive).context("cannot remove the archive of templates")
}

/// A file of the release, which is what its makers say.
fn download(build: &Build, from: &str, folder: &Path, name: &str) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let load = |name: &str| {
        let (url, file) = (
            format!("{from}/{}/{name}", build.release),
            folder.join(name),
        );
        println!("downloading {url}");
        let mut curl = Command::new("curl");
        curl.args(["--fail", "--location", "--silent", "--show-error"]);
        curl.args(["--retry", "5", "--connect-timeout", "60"]);
        process::run("curl", curl.arg("--output").arg(&file).arg(&url)).with_context(|| {
            format!("cannot download {url}: is the version right, and is there a network?")
        })?;
        Ok::<_, anyhow::Error>(file)
    };
    let sums = fs::read_to_string(load(SUMS)?).context("cannot read the list of checksums")?;
    let expected =
        sum_of(&sums, name).with_context(|| format!("Godot {} has no {name}", build.release))?;
    let file = load(name)?;
    if sha512(&file)? != expected {
        fs::remove_file(&file).context("cannot remove a damaged download")?;
        bail!("{name} is not what Godot's makers published: try again");
    }
    Ok(file)
}

fn sum_of<'a>(sums: &'a str, name: &str) -> Option<&'a str> {
    sums.lines().find_map(|line| {
        let (sum, file) = line.split_once(' ')?;
        (file.trim_start_matches([' ', '*']) == name).then_some(sum)
    })
}

fn sha512(file: &Path) -> Result<String> {
    let explain = || format!("cannot read {}", file.display());
    let mut from = BufReader::new(File::open(file).with_context(explain)?);
    let (mut sum, mut part) = (Sha512::new(), vec![0; 1 << 16]);
    loop {
        let length = from.read(&mut part).with_context(explain)?;
        if length == 0 {
            break;
        }
        sum.update(&part[..length]);
    }
    Ok(sum
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

/// Where programs keep their data on Linux.
fn data_home() -> Option<PathBuf> {
    env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(env::home_dir()?.join(".local/share")))
}

#[cfg(unix)]
fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", file.display()))
}

#[cfg(not(unix))]
fn make_executable(_file: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::archive::{Files, pack};

    /// A page with a release, in a folder; and where Godot goes.
    struct Page {
        folder: tempfile::TempDir,
        build: Build,
    }

    impl Page {
        /// None where there is no curl, as on a bare Debian.
        fn new() -> Option<Self> {
            process::find_on_path("curl")?;
            let page = Self {
                folder: tempfile::tempdir().unwrap(),
                build: Build::of("linux", "x86_64", "4.6.3").unwrap(),
            };
            fs::create_dir_all(page.path("4.6.3-stable")).unwrap();
            page.publish(&page.build.archive, &page.build.program);
            page.publish(
                "Godot_v4.6.3-stable_export_templates.tpz",
                "templates/linux_release.x86_64",
            );
            let sums: String = [
                &*page.build.archive,
                "Godot_v4.6.3-stable_export_templates.tpz",
            ]
            .map(|name| format!("{}  {name}\n", sha512(&page.published(name)).unwrap()))
            .concat();
            fs::write(page.published(SUMS), sums).unwrap();
            Some(page)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn published(&self, name: &str) -> PathBuf {
            self.path("4.6.3-stable").join(name)
        }

        fn publish(&self, name: &str, program: &str) {
            let mut files = Files::new();
            files.insert(program.to_owned(), b"a program".to_vec());
            files.insert("templates/linux_debug.x86_64".into(), b"another".to_vec());
            fs::write(self.published(name), pack(&files).unwrap()).unwrap();
        }

        fn fetch(&self) -> Result<PathBuf> {
            let from = format!("file://{}", self.folder.path().display());
            fetch(&self.build, &from, &self.path("fetched"))
        }
    }

    #[test]
    fn the_program_is_fetched_once_and_can_be_started() {
        let Some(page) = Page::new() else { return };
        let program = page.fetch().unwrap();
        assert_eq!(fs::read(&program).unwrap(), b"a program");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(&program).unwrap().permissions().mode() & 0o111,
                0o111
            );
        }
        fs::remove_dir_all(page.path("4.6.3-stable")).unwrap();
        page.fetch().unwrap();
    }

    #[test]
    fn what_its_makers_did_not_publish_is_not_unpacked() {
        let Some(page) = Page::new() else { return };
        let mut half = fs::read(page.published(&page.build.archive)).unwrap();
        half.pop();
        fs::write(page.published(&page.build.archive), half).unwrap();
        let error = page.fetch().unwrap_err().to_string();
        assert!(
            error.contains("not what Godot's makers published"),
            "{error}"
        );
        assert!(!page.path("fetched/program").exists());

        fs::write(page.published(SUMS), "").unwrap();
        assert!(
            page.fetch()
                .unwrap_err()
                .to_string()
                .contains("has no Godot_v4.6.3")
        );
        fs::remove_file(page.published(SUMS)).unwrap();
        assert!(
            page.fetch()
                .unwrap_err()
                .to_string()
                .contains("cannot download")
        );
    }

    #[test]
    fn templates_come_where_godot_looks_for_them() {
        let Some(page) = Page::new() else { return };
        let from = format!("file://{}", page.folder.path().display());
        let home = page.path("home");
        fetch_templates(&page.build, &from, &page.path("fetched"), &home).unwrap();
        let folder = home.join("godot/export_templates/4.6.3.stable");
        assert_eq!(
            fs::read(folder.join("linux_release.x86_64")).unwrap(),
            b"a program"
        );
        assert_eq!(
            fs::read(folder.join("linux_debug.x86_64")).unwrap(),
            b"another"
        );
    }

    #[test]
    fn each_system_has_its_archive() {
        let archive = |system, processor| Build::of(system, processor, "4.6").unwrap().archive;
        assert_eq!(
            archive("windows", "x86_64"),
            "Godot_v4.6-stable_win64.exe.zip"
        );
        assert_eq!(
            archive("macos", "aarch64"),
            "Godot_v4.6-stable_macos.universal.zip"
        );
        assert_eq!(
            archive("linux", "aarch64"),
            "Godot_v4.6-stable_linux.arm64.zip"
        );
        assert!(Build::of("freebsd", "x86_64", "4.6").is_err());
    }
}
