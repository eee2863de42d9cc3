//! Zig's C compiler and linker: it brings the C libraries of Linux in all their versions.
//!
//! So a program that is linked by it runs on a Linux older than this machine's, and on
//! another processor. It comes from Python's package index, as a wheel.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{PythonTools, scratch_dir};

/// The version, so that the same sources give the same program.
const REQUIREMENT: &str = "ziglang==0.17.1";

/// A fetched Zig.
pub struct Zig {
    program: PathBuf,
}

impl Zig {
    /// The fetched Zig, from this or an earlier run; some 100 MB.
    ///
    /// # Errors
    /// If it cannot be fetched, or is not for this system.
    pub fn ensure() -> Result<Self> {
        if !cfg!(unix) {
            bail!("programs for Linux are built on Linux or macOS");
        }
        let tools = PythonTools::ensure("zig", REQUIREMENT)
            .context("cannot fetch Zig, which compiles and links C for Linux")?;
        let program = tools.file("ziglang/zig");
        if !program.is_file() {
            bail!("Python's package of Zig has no {}", program.display());
        }
        Ok(Self { program })
    }

    /// A program that compiles C and links for one of Zig's targets, such as
    /// `aarch64-linux-gnu.2.31`, and is called as any other C compiler.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn compiler(&self, target: &str) -> Result<PathBuf> {
        // Cargo's build scripts name the target in the words of Clang, which Zig does
        // not understand; it is told what is meant by its own.
        let text = format!(
            "for word do\n    shift\n    case $word in\n    --target=* | -m64) ;;\n    \
             *) set -- \"$@\" \"$word\" ;;\n    esac\ndone\nexec {} cc -target {target} \"$@\"\n",
            quoted(&self.program)
        );
        script(&format!("cc-{target}"), &text)
    }

    /// A program that makes static libraries, of whichever target.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn archiver(&self) -> Result<PathBuf> {
        let text = format!("exec {} ar \"$@\"\n", quoted(&self.program));
        script("ar", &text)
    }
}

/// A script for the shell, below `target/zig`. What Zig compiles for itself goes there too.
fn script(name: &str, text: &str) -> Result<PathBuf> {
    let folder = scratch_dir("zig");
    let cache = quoted(&folder.join("cache"));
    let text = format!(
        "#!/bin/sh\nexport ZIG_GLOBAL_CACHE_DIR={cache} ZIG_LOCAL_CACHE_DIR={cache}\n{text}"
    );
    let file = folder.join(name);
    if fs::read_to_string(&file).is_ok_and(|there| there == text) {
        return Ok(file);
    }
    // In one step: another xtask may be running it.
    let fresh = folder.join(format!("{name}.new"));
    fs::write(&fresh, text).with_context(|| format!("cannot write {}", fresh.display()))?;
    make_executable(&fresh)?;
    fs::rename(&fresh, &file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

#[cfg(unix)]
fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", file.display()))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}

/// A path as the shell reads it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_blanks_and_quotes_is_one_word_to_the_shell() {
        assert_eq!(
            quoted(Path::new("/home/ada's/a b")),
            r"'/home/ada'\''s/a b'"
        );
    }
}
