//! The addon's libraries, as `longhall.gdextension` lists them.
//!
//! That file is the one place that says which there can be and what they are
//! called; the rest of xtask asks here.

use std::env::consts::{ARCH, OS};
use std::fmt;
use std::fs;

use anyhow::{Context, Result, bail};

use crate::inspect::{android, wasm};
use crate::workspace;

/// Which of its two libraries the addon gives to Godot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// For the editor and for debug builds of a game: can make the connection
    /// bad on purpose.
    Debug,
    /// For what players get.
    Release,
}

impl Variant {
    /// As the manifest and Godot's feature tags call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }
}

/// A system and a processor that a library is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Platform {
    /// Godot's feature tag: `linux`, `windows`, `macos`, `android`, `web`.
    pub(crate) system: String,
    /// Godot's feature tag, such as `x86_64` and `threads.wasm32`, or `universal`: one file
    /// for all processors.
    pub(crate) architecture: String,
}

impl Platform {
    fn new(system: &str, architecture: &str) -> Self {
        Self {
            system: system.to_owned(),
            architecture: architecture.to_owned(),
        }
    }

    /// This machine.
    ///
    /// # Errors
    /// If the addon has no library for it.
    pub(crate) fn host() -> Result<Self> {
        Self::of(OS, ARCH).with_context(|| {
            format!("longhall.gdextension has no library for {OS} on the processor {ARCH}")
        })
    }

    /// What a Rust target such as `x86_64-pc-windows-gnu` is called here.
    pub(crate) fn of_target(triple: &str) -> Option<Self> {
        let (arch, rest) = triple.split_once('-')?;
        match rest {
            "linux-android" => return Self::of("android", arch),
            "unknown-emscripten" => return Self::of("web", arch),
            _ => {}
        }
        let os = ["linux", "windows", "darwin"]
            .into_iter()
            .find(|os| rest.split('-').any(|part| part == *os))?;
        // Android on 32 bits and the like have "linux" in their names too.
        if os == "linux" && !(rest.ends_with("-gnu") || rest.ends_with("-musl")) {
            return None;
        }
        Self::of(if os == "darwin" { "macos" } else { os }, arch)
    }

    fn of(os: &str, arch: &str) -> Option<Self> {
        match (os, arch) {
            ("linux" | "windows" | "android", "x86_64") => Some(Self::new(os, "x86_64")),
            ("linux" | "android", "aarch64") => Some(Self::new(os, "arm64")),
            ("web", "wasm32") => Some(Self::new(os, "wasm32")),
            // Both processors share one file; at home, the one we have will do.
            ("macos", "x86_64" | "aarch64") => Some(Self::new(os, "universal")),
            _ => None,
        }
    }

    /// The Rust targets that decide which crates such a library consists of.
    pub(crate) fn targets(&self) -> &'static [&'static str] {
        match (self.system.as_str(), self.architecture.as_str()) {
            ("linux", "arm64") => &["aarch64-unknown-linux-gnu"],
            ("windows", _) => &["x86_64-pc-windows-gnu", "x86_64-pc-windows-msvc"],
            ("macos", _) => &["aarch64-apple-darwin", "x86_64-apple-darwin"],
            ("android", "arm64") => &["aarch64-linux-android"],
            ("android", _) => &["x86_64-linux-android"],
            ("web", _) => &["wasm32-unknown-emscripten"],
            _ => &["x86_64-unknown-linux-gnu"],
        }
    }

    /// Whether xtask builds such a library. It has no linker for phones and browsers.
    pub(crate) fn is_built_here(&self) -> bool {
        !matches!(self.system.as_str(), "android" | "web")
    }

    /// How far the tests of the sources try such a library. Who gets a package shall not
    /// believe more than that.
    pub(crate) fn trial(&self) -> Trial {
        let (how_far, how) = match (self.system.as_str(), self.architecture.as_str()) {
            ("linux", "x86_64") => ("run", "in Godot, by all tests"),
            ("linux", _) => (
                "run",
                "in Godot for this processor, in an emulator: conversations with a server",
            ),
            ("windows", _) => (
                "run",
                "under Wine in a stand-in for Godot; neither in Godot itself nor on Windows",
            ),
            ("android", "arm64") | ("web", "wasm32") => (
                "checked",
                "built elsewhere and never run; the sources pass the type check for it",
            ),
            ("android" | "web", _) => ("untried", "built elsewhere and never run"),
            _ => (
                "inspected",
                "never run; what it exports, opens and needs was read, and its signature checked",
            ),
        };
        Trial { how_far, how }
    }

    /// What cargo calls the library it builds, before it is installed.
    pub(crate) fn built_name(&self) -> &'static str {
        match self.system.as_str() {
            "windows" => "longhall_network_client.dll",
            "macos" => "liblonghall_network_client.dylib",
            "web" => "longhall_network_client.wasm",
            _ => "liblonghall_network_client.so",
        }
    }
}

/// How far a library was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trial {
    /// `run`, `inspected`, `checked` or `untried`.
    pub(crate) how_far: &'static str,
    /// In what, and in what not.
    pub(crate) how: &'static str,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.system, self.architecture)
    }
}

/// One library that the addon can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Library {
    /// The file's name below `addons/longhall/bin/`.
    pub(crate) file: String,
    /// Where it runs.
    pub(crate) platform: Platform,
    /// For whom it is.
    pub(crate) variant: Variant,
}

/// All libraries that Godot looks for.
///
/// # Errors
/// If `longhall.gdextension` cannot be read or understood.
pub(crate) fn listed() -> Result<Vec<Library>> {
    parse(&gdextension()?)
}

/// The listed library for this platform.
///
/// # Errors
/// If there is none.
pub(crate) fn find(platform: &Platform, variant: Variant) -> Result<Library> {
    listed()?
        .into_iter()
        .find(|library| library.platform == *platform && library.variant == variant)
        .with_context(|| {
            format!(
                "longhall.gdextension lists no {} library for {platform}",
                variant.name()
            )
        })
}

/// The oldest Godot that loads the addon.
///
/// # Errors
/// If `longhall.gdextension` does not say.
pub(crate) fn minimum_godot() -> Result<String> {
    gdextension()?
        .lines()
        .find_map(|line| Some(entry(line, "compatibility_minimum")?.to_owned()))
        .context("longhall.gdextension has no compatibility_minimum")
}

/// The function by which Godot enters a library.
///
/// # Errors
/// If `longhall.gdextension` does not say.
pub(crate) fn entry_symbol() -> Result<String> {
    gdextension()?
        .lines()
        .find_map(|line| Some(entry(line, "entry_symbol")?.to_owned()))
        .context("longhall.gdextension has no entry_symbol")
}

fn gdextension() -> Result<String> {
    let file = workspace::addon_dir().join("longhall.gdextension");
    fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))
}

/// `4.6` of `compatibility_minimum = "4.6"`
fn entry<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let (name, value) = line.split_once('=')?;
    (name.trim() == key).then(|| value.trim().trim_matches('"'))
}

fn parse(gdextension: &str) -> Result<Vec<Library>> {
    gdextension
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "[libraries]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with(';'))
        .map(|line| {
            library(line).with_context(|| format!("longhall.gdextension: cannot read `{line}`"))
        })
        .collect()
}

/// Reads `linux.debug.x86_64 = "bin/liblonghall.linux.debug.x86_64.so"`.
fn library(line: &str) -> Option<Library> {
    let (tags, path) = line.split_once('=')?;
    let mut tags = tags.trim().split('.');
    let system = tags.next()?;
    let variant = match tags.next()? {
        "debug" => Variant::Debug,
        "release" => Variant::Release,
        _ => return None,
    };
    Some(Library {
        file: path
            .trim()
            .trim_matches('"')
            .strip_prefix("bin/")?
            .to_owned(),
        platform: match tags.collect::<Vec<_>>().join(".").as_str() {
            "" => Platform::new(system, "universal"),
            architecture => Platform::new(system, architecture),
        },
        variant,
    })
}

/// Says for which platform a library's bytes are.
///
/// # Errors
/// If they are no library, or one for a platform the addon does not know.
pub(crate) fn inspect(bytes: &[u8]) -> Result<Platform> {
    let half = |at: usize| Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    if bytes.starts_with(b"\x7fELF") {
        let system = match android::api_level(bytes) {
            Some(_) => "android",
            None => "linux",
        };
        return match half(18) {
            Some(62) => Ok(Platform::new(system, "x86_64")),
            Some(183) => Ok(Platform::new(system, "arm64")),
            _ => bail!("a library for {system} and an unknown processor"),
        };
    }
    if wasm::is_wasm(bytes) {
        let architecture = match wasm::read(bytes)?.has_threads {
            true => "threads.wasm32",
            false => "wasm32",
        };
        return Ok(Platform::new("web", architecture));
    }
    if bytes.starts_with(b"MZ") {
        let header = word(60).and_then(|at| usize::try_from(at).ok());
        return match header.and_then(|at| half(at.checked_add(4)?)) {
            Some(0x8664) => Ok(Platform::new("windows", "x86_64")),
            _ => bail!("a Windows library for an unknown processor"),
        };
    }
    if bytes.starts_with(&[0xca, 0xfe, 0xba, 0xbe]) {
        return Ok(Platform::new("macos", "universal"));
    }
    if bytes.starts_with(&[0xcf, 0xfa, 0xed, 0xfe]) {
        bail!("a macOS library for one processor only: join two with `lipo -create`");
    }
    bail!("no library of any system the addon knows");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_godot_is_the_same_in_every_place() {
        let (major, minor) = longhall_provision::OLDEST;
        let oldest = format!("{major}.{minor}");
        assert_eq!(minimum_godot().unwrap(), oldest);
        let promise = format!("Godot {oldest} or newer");
        let feature = format!("\"api-{major}-{minor}\"");
        let project = format!("config/features=PackedStringArray(\"{oldest}\"");
        for (file, text) in [
            ("README.md", &promise),
            ("godot_project/addons/longhall/README.md", &promise),
            ("Cargo.toml", &feature),
            ("godot_project/project.godot", &project),
        ] {
            let path = workspace::root().join(file);
            let content = fs::read_to_string(path).unwrap();
            assert!(
                content.contains(text.as_str()),
                "{file} does not say {text}"
            );
        }
    }

    #[test]
    fn the_page_of_platforms_has_each_with_how_far_it_was_tried() {
        let page = fs::read_to_string(workspace::root().join("docs/platforms.md")).unwrap();
        let rows = page
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
        let rows: Vec<_> = rows
            .map(|(name, rest)| {
                (
                    name.to_owned(),
                    rest.split(" | ").next().unwrap().to_owned(),
                )
            })
            .collect();
        let mut listed: Vec<_> = listed().unwrap().into_iter().map(|l| l.platform).collect();
        listed.dedup();
        for platform in &listed {
            let row = (platform.to_string(), platform.trial().how_far.to_owned());
            assert!(rows.contains(&row), "docs/platforms.md has no row {row:?}");
        }
        assert_eq!(rows.len(), listed.len(), "a row for no platform: {rows:?}");
    }

    #[test]
    fn debug_and_release_are_two_files_for_each_platform() {
        let libraries = listed().unwrap();
        let mut files: Vec<_> = libraries.iter().map(|library| &library.file).collect();
        files.sort();
        files.dedup();
        assert_eq!(files.len(), libraries.len(), "each file is listed once");
        for library in &libraries {
            let other = match library.variant {
                Variant::Debug => Variant::Release,
                Variant::Release => Variant::Debug,
            };
            find(&library.platform, other).unwrap();
        }
    }

    #[test]
    fn each_target_builds_a_listed_library() {
        for triple in [
            "x86_64-unknown-linux-gnu",
            "aarch64-unknown-linux-gnu",
            "x86_64-pc-windows-gnu",
            "x86_64-pc-windows-msvc",
            "x86_64-apple-darwin",
            "aarch64-apple-darwin",
            "aarch64-linux-android",
            "x86_64-linux-android",
            "wasm32-unknown-emscripten",
        ] {
            let platform = Platform::of_target(triple).unwrap();
            assert!(platform.targets().contains(&triple));
            find(&platform, Variant::Release).unwrap();
        }
        assert_eq!(Platform::of_target("armv7-linux-androideabi"), None);
        assert_eq!(Platform::of_target("i686-pc-windows-gnu"), None);
    }

    #[test]
    fn the_list_is_read_up_to_the_next_section() {
        let text = "[configuration]\n\n[libraries]\n\n; a remark\n\
                    linux.debug.x86_64 = \"bin/a.so\"\nmacos.release = \"bin/b.dylib\"\n\
                    web.release.threads.wasm32 = \"bin/c.wasm\"\n\
                    \n[icons]\n\nNode = \"c.svg\"\n";
        assert_eq!(
            parse(text).unwrap(),
            [
                Library {
                    file: "a.so".into(),
                    platform: Platform::new("linux", "x86_64"),
                    variant: Variant::Debug,
                },
                Library {
                    file: "b.dylib".into(),
                    platform: Platform::new("macos", "universal"),
                    variant: Variant::Release,
                },
                Library {
                    file: "c.wasm".into(),
                    platform: Platform::new("web", "threads.wasm32"),
                    variant: Variant::Release,
                },
            ]
        );
        assert!(parse("[libraries]\nlinux.x86_64 = \"bin/a.so\"\n").is_err());
    }

    #[test]
    fn a_library_tells_its_platform_itself() {
        let mut elf = b"\x7fELF".to_vec();
        elf.resize(64, 0);
        elf[18] = 62;
        assert_eq!(inspect(&elf).unwrap().to_string(), "linux-x86_64");
        elf[18] = 183;
        assert_eq!(inspect(&elf).unwrap().to_string(), "linux-arm64");
        elf.extend(android::tests::note(24));
        assert_eq!(inspect(&elf).unwrap().to_string(), "android-arm64");

        for (has_threads, name) in [(false, "web-wasm32"), (true, "web-threads.wasm32")] {
            let module = wasm::tests::side_module(has_threads);
            assert_eq!(inspect(&module).unwrap().to_string(), name);
        }

        let mut pe = b"MZ".to_vec();
        pe.resize(128, 0);
        pe[60] = 0x40;
        pe[0x44..0x46].copy_from_slice(&[0x64, 0x86]);
        assert_eq!(inspect(&pe).unwrap().to_string(), "windows-x86_64");
        pe[60..64].copy_from_slice(&[0xff; 4]);
        assert!(inspect(&pe).is_err());

        let fat = [0xca, 0xfe, 0xba, 0xbe, 0, 0];
        assert_eq!(inspect(&fat).unwrap().to_string(), "macos-universal");
        assert!(inspect(&[0xcf, 0xfa, 0xed, 0xfe]).is_err());
        assert!(inspect(b"").is_err());
    }
}
