//! Reads the machine's own apt sources, in both of their formats.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Where this machine gets its Debian packages from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mirror {
    /// The mirror's address, as the machine's sources give it.
    pub(crate) uri: String,
    /// A keyring file, or a key itself with its indented lines, if given.
    pub(crate) signed_by: Option<String>,
    /// The Debian releases this machine takes from it, such as `bookworm`.
    pub(crate) suites: Vec<String>,
}

/// The mirror of Debian itself among this machine's apt sources.
///
/// # Errors
/// If there is none: another distribution, or sources without Debian.
pub(crate) fn debian_mirror() -> Result<Mirror> {
    let codename = debian_codename();
    machine_sources()
        .find(|mirror| is_debian(mirror, codename.as_deref()))
        .context("this machine's apt sources name no Debian mirror with component main")
}

/// Where this machine gets Debian's security updates from: what its sources say, else
/// the place beside the main mirror where nearly every mirror has them.
///
/// # Errors
/// If the machine has no source of Debian at all.
pub(crate) fn security_mirror() -> Result<Mirror> {
    match machine_sources().find(is_security) {
        Some(mirror) => Ok(mirror),
        None => Ok(beside(debian_mirror()?)),
    }
}

fn machine_sources() -> impl Iterator<Item = Mirror> {
    source_files(Path::new("/etc/apt"))
        .into_iter()
        .filter_map(|file| Some((fs::read_to_string(&file).ok()?, file)))
        .flat_map(|(text, file)| parse(&text, file.extension().is_some_and(|e| e == "sources")))
}

/// Apt's source files below `etc`, the main one first.
fn source_files(etc: &Path) -> Vec<PathBuf> {
    let mut parts: Vec<_> = fs::read_dir(etc.join("sources.list.d"))
        .map(|folder| {
            folder
                .filter_map(|entry| Some(entry.ok()?.path()))
                .collect()
        })
        .unwrap_or_default();
    parts.retain(|file| {
        file.extension()
            .is_some_and(|e| e == "sources" || e == "list")
    });
    parts.sort();
    parts.insert(0, etc.join("sources.list"));
    parts
}

/// The name of this machine's Debian release, such as `bookworm`.
pub(crate) fn debian_codename() -> Option<String> {
    let release = fs::read_to_string("/etc/os-release").ok()?;
    let value = |key: &str| {
        release
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(|value| value.trim_matches('"').to_owned())
    };
    if value("ID").as_deref() == Some("debian") {
        value("VERSION_CODENAME")
    } else {
        None
    }
}

fn is_debian(mirror: &Mirror, codename: Option<&str>) -> bool {
    mirror.uri.trim_end_matches('/').ends_with("/debian")
        || mirror
            .suites
            .iter()
            .any(|suite| Some(suite.as_str()) == codename)
}

fn is_security(mirror: &Mirror) -> bool {
    let mut suites = mirror.suites.iter();
    mirror.uri.contains("debian-security") || suites.any(|suite| suite.ends_with("-security"))
}

/// `http://m/debian-security` of `http://m/debian/`
fn beside(mut main: Mirror) -> Mirror {
    main.uri = format!("{}-security", main.uri.trim_end_matches('/'));
    main.suites.clear();
    main
}

/// The binary sources with component `main` in one file.
fn parse(text: &str, deb822: bool) -> Vec<Mirror> {
    if deb822 {
        parse_deb822(text)
    } else {
        text.lines().filter_map(parse_line).collect()
    }
}

/// `deb [signed-by=/key.gpg arch=amd64] http://mirror/debian bookworm main`
fn parse_line(line: &str) -> Option<Mirror> {
    let line = line.split('#').next()?.trim();
    let mut rest = line
        .strip_prefix("deb")?
        .strip_prefix([' ', '\t'])?
        .trim_start();
    let mut signed_by = None;
    if let Some(options) = rest.strip_prefix('[') {
        let (options, after) = options.split_once(']')?;
        signed_by = options
            .split_whitespace()
            .find_map(|option| option.strip_prefix("signed-by="))
            .map(str::to_owned);
        rest = after;
    }
    let mut words = rest.split_whitespace();
    let (uri, suite) = (words.next()?, words.next()?);
    words.any(|component| component == "main").then(|| Mirror {
        uri: uri.to_owned(),
        signed_by,
        suites: vec![suite.to_owned()],
    })
}

/// Paragraphs of `Types:`, `URIs:`, `Suites:`, `Components:`, `Signed-By:`.
fn parse_deb822(text: &str) -> Vec<Mirror> {
    let mut mirrors = Vec::new();
    let mut paragraph = Vec::new();
    for line in text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .chain([""])
    {
        if line.trim().is_empty() {
            mirrors.extend(parse_paragraph(&paragraph));
            paragraph.clear();
        } else {
            paragraph.push(line);
        }
    }
    mirrors
}

fn parse_paragraph(lines: &[&str]) -> Option<Mirror> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines {
        if line.starts_with([' ', '\t']) {
            let (_, value) = fields.last_mut()?;
            value.push('\n');
            value.push_str(line);
        } else {
            let (name, value) = line.split_once(':')?;
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    };
    let has = |name: &str, word: &str| {
        field(name).is_some_and(|value| value.split_whitespace().any(|w| w == word))
    };
    if !has("types", "deb") || !has("components", "main") || has("enabled", "no") {
        return None;
    }
    Some(Mirror {
        uri: field("uris")?.split_whitespace().next()?.to_owned(),
        signed_by: field("signed-by").cloned(),
        suites: field("suites")?
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEB822: &str = "\
Types: deb
# a remark
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb
URIs: http://mirror.example/other
Suites: stable
Components: contrib

Enabled: no
Types: deb
URIs: http://mirror.example/off
Suites: stable
Components: main
";

    #[test]
    fn deb822_sources_keep_main_and_drop_the_rest() {
        assert_eq!(
            parse(DEB822, true),
            [Mirror {
                uri: "http://mirror.example/debian".into(),
                signed_by: Some("/usr/share/keyrings/debian.gpg".into()),
                suites: vec!["bookworm".into(), "bookworm-updates".into()],
            }]
        );
    }

    #[test]
    fn a_key_inside_the_file_keeps_its_lines() {
        let text = "Types: deb\nURIs: http://m/debian\nSuites: sid\nComponents: main\n\
                    Signed-By:\n -----BEGIN\n .\n abc\n";
        assert_eq!(
            parse(text, true)[0].signed_by.as_deref(),
            Some("\n -----BEGIN\n .\n abc")
        );
    }

    #[test]
    fn one_line_sources_with_and_without_options() {
        let text = "# deb http://off/debian bookworm main\n\
                    deb-src http://source/debian bookworm main\n\
                    deb http://plain/debian bookworm main contrib # remark\n\
                    deb [arch=amd64 signed-by=/key.gpg] http://signed/debian bookworm main\n\
                    deb http://no-main/debian bookworm contrib\n";
        let mirrors = parse(text, false);
        let uris: Vec<_> = mirrors.iter().map(|mirror| mirror.uri.as_str()).collect();
        assert_eq!(uris, ["http://plain/debian", "http://signed/debian"]);
        assert_eq!(mirrors[0].signed_by, None);
        assert_eq!(mirrors[1].signed_by.as_deref(), Some("/key.gpg"));
    }

    #[test]
    fn debian_is_known_by_its_address_or_its_release() {
        let mirror = |uri: &str, suite: &str| Mirror {
            uri: uri.into(),
            signed_by: None,
            suites: vec![suite.into()],
        };
        assert!(is_debian(
            &mirror("http://m/debian/", "stable"),
            Some("bookworm")
        ));
        assert!(is_debian(
            &mirror("mirror+file:/m.list", "bookworm"),
            Some("bookworm")
        ));
        assert!(!is_debian(
            &mirror("http://m/debian-security", "bookworm-security"),
            Some("bookworm")
        ));
        assert!(!is_debian(&mirror("http://m/ubuntu", "noble"), None));
    }

    #[test]
    fn security_updates_come_from_their_own_source_or_from_beside_the_main_one() {
        let mirrors = parse(
            "deb http://m/debian bookworm main\n\
             deb [signed-by=/key.gpg] http://s/debian-security bookworm-security main\n\
             deb http://other/updates bookworm-security main\n",
            false,
        );
        let found: Vec<_> = mirrors.iter().map(is_security).collect();
        assert_eq!(found, [false, true, true]);
        let beside = beside(mirrors[0].clone());
        assert_eq!(beside.uri, "http://m/debian-security");
        assert!(is_security(&beside));
    }
}
