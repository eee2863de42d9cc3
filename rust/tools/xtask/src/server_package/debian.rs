//! Packages for Debian and what descends from it.
//!
//! A `.deb` is an archive of two tars. They are written here, and not by dpkg, so that
//! each machine makes the same bytes.

use std::fmt::Write;

use anyhow::{Context, Result, bail};
use md5::{Digest, Md5};

use super::contents::Contents;
use super::program::OLDEST_GLIBC;
use super::tarball::{self, File, Files};

/// Which package of one version of Longhall it is.
const REVISION: u32 = 1;

const CONTROL: &str = "control";
const SETTINGS: &str = "etc/longhall/longhall.toml";
const DOCUMENTS: &str = "usr/share/doc/longhall-server";

/// The package's version: sorted as Longhall's own, of which `1.0.0-rc.1` comes before
/// `1.0.0`.
pub(crate) fn version(of: &str) -> String {
    format!("{}-{REVISION}", of.replace('-', "~"))
}

/// The package's bytes.
///
/// # Errors
/// If a file that belongs into it cannot be read.
pub(crate) fn pack(contents: &Contents, architecture: &str, program: &[u8]) -> Result<Vec<u8>> {
    let data = data(contents, program)?;
    let control = control(contents, architecture, &data)?;
    let dotted = |files: Files| {
        let files = files.into_iter();
        files
            .map(|(path, file)| (format!("./{path}"), file))
            .collect()
    };
    let time = contents.commit.time;
    let mut deb = b"!<arch>\n".to_vec();
    put(&mut deb, time, "debian-binary", b"2.0\n")?;
    put(
        &mut deb,
        time,
        "control.tar.gz",
        &tarball::pack(&dotted(control), time)?,
    )?;
    put(
        &mut deb,
        time,
        "data.tar.gz",
        &tarball::pack(&dotted(data), time)?,
    )?;
    Ok(deb)
}

/// What is installed.
fn data(contents: &Contents, program: &[u8]) -> Result<Files> {
    let documents = |name: &str| format!("{DOCUMENTS}/{name}");
    let compressed = |bytes: &[u8]| tarball::compress(bytes).map(File::new);
    let mut files = Files::new();
    files.insert("usr/bin/longhall-server".into(), File::program(program));
    files.insert(SETTINGS.into(), File::new(settings(contents)?));
    files.insert(
        "lib/systemd/system/longhall-server.service".into(),
        File::new(contents.packaging("longhall-server.service")?),
    );
    let manual = contents.packaging("longhall-server.1")?;
    let manual = manual.replace("@VERSION@", &contents.version);
    files.insert(
        "usr/share/man/man1/longhall-server.1.gz".into(),
        compressed(manual.as_bytes())?,
    );
    files.insert(documents("copyright"), File::new(copyright(contents)?));
    files.insert(
        documents("changelog.Debian.gz"),
        compressed(changelog(contents)?.as_bytes())?,
    );
    files.insert(
        documents("changelog.gz"),
        compressed(contents.changelog.as_bytes())?,
    );
    // The settings as they come, beside those that an operator has changed.
    for (name, text) in [
        ("examples/longhall.example.toml", &contents.settings),
        ("examples/longhall.example.env", &contents.variables),
    ] {
        files.insert(documents(name), File::new(text.as_str()));
    }
    for (name, bytes) in contents.notices() {
        files.insert(documents(&format!("{name}.gz")), compressed(bytes)?);
    }
    Ok(files)
}

/// The settings of the service: as they come, but for where the database and backups are.
fn settings(contents: &Contents) -> Result<String> {
    let mut text = contents.settings.clone();
    for (line, here) in [
        (
            "#database = \"longhall.db\"\n",
            "database = \"/var/lib/longhall/longhall.db\"\n",
        ),
        (
            "#backup-folder = \"\"\n",
            "backup-folder = \"/var/lib/longhall/backups\"\n",
        ),
    ] {
        if !text.contains(line) {
            bail!("the settings have no line {line}");
        }
        text = text.replacen(line, here, 1);
    }
    Ok(text)
}

/// What dpkg knows of the package, and runs.
fn control(contents: &Contents, architecture: &str, data: &Files) -> Result<Files> {
    // As dpkg reckons: whole kibibytes for each file, and one for each folder.
    let bytes = data.values().map(|file| file.bytes.len().div_ceil(1024));
    let mut folders: Vec<_> = data
        .keys()
        .flat_map(|path| path.match_indices('/').map(|(end, _)| &path[..end]))
        .collect();
    folders.sort_unstable();
    folders.dedup();
    let kibibytes = bytes.sum::<usize>() + folders.len() + 1;
    let (major, minor) = OLDEST_GLIBC;
    let text = contents
        .packaging("debian/control")?
        .replace("@VERSION@", &version(&contents.version))
        .replace("@ARCHITECTURE@", architecture)
        .replace("@KIBIBYTES@", &kibibytes.to_string())
        .replace("@GLIBC@", &format!("{major}.{minor}"));
    let mut sums = String::new();
    for (path, file) in data {
        let sum = Md5::digest(&file.bytes);
        // What dpkg keeps an eye on itself is not in the list.
        if path != SETTINGS {
            for byte in sum {
                write!(sums, "{byte:02x}").context("cannot write a sum")?;
            }
            writeln!(sums, "  {path}").context("cannot write a sum")?;
        }
    }
    let mut files = Files::from([
        (CONTROL.to_owned(), File::new(text)),
        ("conffiles".to_owned(), File::new(format!("/{SETTINGS}\n"))),
        ("md5sums".to_owned(), File::new(sums)),
    ]);
    for script in ["postinst", "prerm", "postrm"] {
        let text = contents.packaging(&format!("debian/{script}"))?;
        files.insert(script.to_owned(), File::program(text));
    }
    Ok(files)
}

fn copyright(contents: &Contents) -> Result<String> {
    let owner = contents
        .license
        .lines()
        .find(|line| line.starts_with("Copyright"))
        .context("LICENSE names no owner")?;
    let (_, terms) = contents
        .license
        .split_once(owner)
        .context("LICENSE has no terms")?;
    let mut license = String::new();
    for line in terms.trim().lines() {
        let line = if line.is_empty() { "." } else { line };
        license.push_str(&format!(" {line}\n"));
    }
    Ok(contents
        .packaging("debian/copyright")?
        .replace("@COPYRIGHT@", &owner.replacen("Copyright", "Copyright:", 1))
        .replace("@LICENSE@\n", &license))
}

fn changelog(contents: &Contents) -> Result<String> {
    let control = contents.packaging("debian/control")?;
    let maintainer = control
        .lines()
        .find_map(|line| line.strip_prefix("Maintainer: "))
        .context("debian/control has no maintainer")?;
    Ok(format!(
        "longhall-server ({}) stable; urgency=medium\n\n  * Longhall {}. What is new is in \
         changelog.gz.\n\n -- {maintainer}  {}\n",
        version(&contents.version),
        contents.version,
        contents.commit.date
    ))
}

/// Adds a member to an `ar` archive.
fn put(archive: &mut Vec<u8>, time: u64, name: &str, bytes: &[u8]) -> Result<()> {
    let header = format!(
        "{name:<16}{time:<12}0     0     100644  {:<10}`\n",
        bytes.len()
    );
    if header.len() != 60 {
        bail!("{name} does not fit into a package");
    }
    archive.extend(header.as_bytes());
    archive.extend(bytes);
    if !bytes.len().is_multiple_of(2) {
        archive.push(b'\n');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_before_a_release_is_older_for_debian_too() {
        assert_eq!(version("1.2.3"), "1.2.3-1");
        assert_eq!(version("1.2.3-rc.1"), "1.2.3~rc.1-1");
    }

    #[test]
    fn a_member_begins_at_an_even_place() {
        let mut archive = b"!<arch>\n".to_vec();
        put(&mut archive, 7, "debian-binary", b"2.0").unwrap();
        assert_eq!(archive.len(), 8 + 60 + 4);
        assert!(put(&mut archive, 7, "a name that is too long", b"").is_err());
    }

    #[test]
    fn the_package_says_what_it_needs_and_has_every_gap_filled() {
        let contents = Contents::sample();
        let data = data(&contents, b"machine code").unwrap();
        let control = control(&contents, "arm64", &data).unwrap();
        let text = String::from_utf8(control[CONTROL].bytes.clone()).unwrap();
        assert!(
            text.contains("Version: 1.2.3-1\nArchitecture: arm64\n"),
            "{text}"
        );
        assert!(text.contains("Depends: libc6 (>= 2.31)\n"), "{text}");
        let sums = String::from_utf8(control["md5sums"].bytes.clone()).unwrap();
        assert!(sums.contains("  usr/bin/longhall-server\n"), "{sums}");
        assert!(!sums.contains(SETTINGS), "{sums}");
        let texts = [&control, &data]
            .into_iter()
            .flat_map(|files| files.values());
        for file in texts {
            let text = String::from_utf8_lossy(&file.bytes);
            for gap in [
                "@VERSION@",
                "@COPYRIGHT@",
                "@LICENSE@",
                "@KIBIBYTES@",
                "@GLIBC@",
            ] {
                assert!(!text.contains(gap), "{gap} in {text}");
            }
        }
        let copyright = String::from_utf8_lossy(&data[&format!("{DOCUMENTS}/copyright")].bytes);
        assert!(copyright.contains("\nCopyright: (c) "), "{copyright}");
        assert!(
            copyright.contains("\n .\n The above copyright notice"),
            "{copyright}"
        );
    }
}
