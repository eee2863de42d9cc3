//! Windows libraries and programs.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use object::read::pe::PeFile64;
use object::{Object, ObjectSection};

use super::text;

/// What a library or program for Windows says about itself.
pub(crate) struct Pe {
    /// The libraries it opens.
    pub(crate) dlls: Vec<String>,
    /// What it offers to others.
    pub(crate) exports: Vec<String>,
}

/// Reads what is needed to know from a file's bytes.
///
/// # Errors
/// If they are damaged, or no 64-bit PE file.
pub(crate) fn read(bytes: &[u8]) -> Result<Pe> {
    let explain = "this library for Windows cannot be read";
    let file = PeFile64::parse(bytes).context(explain)?;
    // A cut file may still have its lists.
    for section in file.sections() {
        section.data().context(explain)?;
    }
    let imports = file.imports().context(explain)?;
    let dlls: BTreeSet<_> = imports
        .iter()
        .map(|import| text(import.library()))
        .collect();
    let exports = file.exports().context(explain)?;
    Ok(Pe {
        dlls: dlls.into_iter().collect(),
        exports: exports.iter().map(|export| text(export.name())).collect(),
    })
}

/// Whether every Windows since 10 has this DLL.
pub(crate) fn is_of_windows(dll: &str) -> bool {
    const KNOWN: &[&str] = &[
        "advapi32.dll",
        "bcrypt.dll",
        "bcryptprimitives.dll",
        "kernel32.dll",
        "msvcrt.dll",
        "ntdll.dll",
        "ole32.dll",
        "shell32.dll",
        "ucrtbase.dll",
        "user32.dll",
        "userenv.dll",
        "ws2_32.dll",
    ];
    let dll = dll.to_ascii_lowercase();
    KNOWN.contains(&dll.as_str()) || dll.starts_with("api-ms-win-")
}
