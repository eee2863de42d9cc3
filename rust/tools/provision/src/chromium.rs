//! Chromium with the driver that tests steer it by: the machine's own, or Debian's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::debian::{Dependencies, Recipe};
use crate::engines::libraries;
use crate::process;

/// As Debian 12 has it: it runs on that C library and every later one, so it takes the
/// machine's own, and all other libraries from Debian.
const CHROMIUM: Recipe<'_> = Recipe {
    name: "chromium",
    suites: &["bookworm"],
    security: true,
    architecture: "amd64",
    packages: &[
        "chromium",
        "chromium-common",
        "chromium-driver",
        "fonts-dejavu-core",
    ],
    dependencies: Dependencies::Beginning(&["lib", "zlib1g"]),
    revision: 1,
    finish: tidy,
};

/// Where Debian's packages have them. The first is behind a script that reads the system's
/// settings.
const BROWSER: &str = "usr/lib/chromium/chromium";
const DRIVER: &str = "usr/bin/chromedriver";
/// The only fonts there are for it, beside it.
const FONTS: &str = "etc/fonts/longhall.conf";

/// A browser and its driver, which belong to each other.
#[derive(Debug)]
pub struct Chromium {
    browser: PathBuf,
    driver: PathBuf,
    /// Where both were unpacked, if they are not the machine's own.
    root: Option<PathBuf>,
}

impl Chromium {
    /// Both, fetched if the machine does not have both.
    ///
    /// # Errors
    /// If they cannot be fetched; not on Debian, above all.
    pub fn find_or_fetch() -> Result<Self> {
        let browser = process::find_on_path("chromium");
        if let (Some(browser), Some(driver)) = (browser, process::find_on_path("chromedriver")) {
            return Ok(Self {
                browser,
                driver,
                root: None,
            });
        }
        Self::fetch()
    }

    /// Debian's, fetched if they are not there yet.
    ///
    /// # Errors
    /// As [`find_or_fetch`](Self::find_or_fetch).
    pub fn fetch() -> Result<Self> {
        let root = CHROMIUM.ensure().context(
            "Chromium and its driver are not on this machine, and cannot be fetched; install them",
        )?;
        Ok(Self {
            browser: root.join(BROWSER),
            driver: root.join(DRIVER),
            root: Some(root),
        })
    }

    /// The program that the driver is to start.
    pub fn browser(&self) -> &Path {
        &self.browser
    }

    /// The driver, which starts the browser with its own variables.
    ///
    /// # Errors
    /// If the path of the checkout has a colon in it.
    pub fn driver(&self) -> Result<Command> {
        let mut command = Command::new(&self.driver);
        if let Some(root) = &self.root {
            let folders = libraries(root).into_iter().chain(private_libraries(root)?);
            let folders = std::env::join_paths(folders).context("a colon is in the path")?;
            command.env("LD_LIBRARY_PATH", folders);
            command.env("FONTCONFIG_FILE", root.join(FONTS));
        }
        Ok(command)
    }
}

/// Folders that single libraries have parts of theirs in, which they look for from the
/// system's root: those of NSS, PulseAudio and the like.
fn private_libraries(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for library_folder in libraries(root) {
        let Ok(entries) = fs::read_dir(library_folder) else {
            continue;
        };
        for entry in entries {
            let folder = entry.context("cannot list the libraries")?.path();
            // Files, and whatever cannot be read, hold none.
            let is_library = |file: fs::DirEntry| {
                let name = file.file_name();
                let name = name.to_string_lossy();
                name.starts_with("lib") && name.contains(".so")
            };
            let mut files = fs::read_dir(&folder).into_iter().flatten().flatten();
            if files.any(is_library) {
                found.push(folder);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Takes away what is not needed, and the C library, which has to be the machine's.
fn tidy(root: &Path) -> Result<()> {
    let unused = ["usr/share/doc", "usr/share/man", "usr/share/locale"];
    for folder in unused.map(|folder| root.join(folder)) {
        if folder.is_dir() {
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot remove {}", folder.display()))?;
        }
    }
    for folder in libraries(root) {
        remove_c_library(&folder)?;
    }
    let fonts = root.join(FONTS);
    if let Some(folder) = fonts.parent() {
        fs::create_dir_all(folder).context("cannot create a folder for fonts' settings")?;
    }
    let settings = "<?xml version=\"1.0\"?>\n<!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">\n\
                    <fontconfig>\n<dir prefix=\"relative\">../../usr/share/fonts</dir>\n\
                    <cachedir prefix=\"xdg\">fontconfig</cachedir>\n</fontconfig>\n";
    fs::write(&fonts, settings).context("cannot write the fonts' settings")
}

/// The parts of the C library have a common version, and one place with its loader.
fn remove_c_library(folder: &Path) -> Result<()> {
    const PARTS: &[&str] = &[
        "ld-linux",
        "libc.so",
        "libm.so",
        "libmvec.so",
        "libdl.so",
        "libpthread.so",
        "librt.so",
        "libresolv.so",
        "libutil.so",
        "libanl.so",
        "libnsl.so",
        "libnss_",
        "libthread_db.so",
        "libBrokenLocale.so",
        "libc_malloc_debug.so",
        "libmemusage.so",
        "libpcprofile.so",
    ];
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry.context("cannot list the libraries")?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if PARTS.iter().any(|part| name.starts_with(part)) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}
