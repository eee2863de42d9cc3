//! What the tests for Windows run: small programs in C beside this file, for Windows and
//! for this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use longhall_provision::{process, toolchain};

use crate::workspace;

/// A program in C, or a DLL.
pub(super) struct Source {
    /// What is built is called so too.
    name: &'static str,
    text: &'static str,
}

/// See `stand_in.c`.
pub(super) const STAND_IN: Source = Source {
    name: "stand_in",
    text: include_str!("stand_in.c"),
};
/// See `console.c`.
pub(super) const CONSOLE: Source = Source {
    name: "console",
    text: include_str!("console.c"),
};
/// See `bcryptprimitives.c`.
pub(super) const RANDOM: Source = Source {
    name: "bcryptprimitives",
    text: include_str!("bcryptprimitives.c"),
};

/// Debian's compiler for Windows.
pub(super) struct WindowsCompiler {
    root: PathBuf,
}

impl WindowsCompiler {
    /// # Errors
    /// If it cannot be fetched.
    pub(super) fn ensure() -> Result<Self> {
        toolchain::mingw().map(|root| Self { root })
    }

    /// # Errors
    /// If the program does not compile.
    pub(super) fn program(&self, source: &Source) -> Result<PathBuf> {
        self.compile(source, "exe", &[], &[])
    }

    /// # Errors
    /// If the DLL does not compile.
    pub(super) fn dll(&self, source: &Source) -> Result<PathBuf> {
        self.compile(source, "dll", &["-shared"], &["-ladvapi32"])
    }

    fn compile(
        &self,
        source: &Source,
        end: &str,
        kind: &[&str],
        libraries: &[&str],
    ) -> Result<PathBuf> {
        let mut command = Command::new(self.root.join("usr/bin/x86_64-w64-mingw32-gcc-win32"));
        command.env(
            "LD_LIBRARY_PATH",
            self.root.join("usr/lib/x86_64-linux-gnu"),
        );
        command.args(kind);
        compile(
            command,
            source,
            &format!("{}.{end}", source.name),
            libraries,
        )
    }
}

/// Builds a program for this machine.
///
/// # Errors
/// If there is no C compiler, or the program does not compile.
pub(super) fn native(source: &Source) -> Result<PathBuf> {
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    if process::find_on_path(&compiler.to_string_lossy()).is_none()
        && !Path::new(&compiler).is_file()
    {
        bail!(
            "there is no C compiler called {} (Debian: apt install gcc)",
            compiler.display()
        );
    }
    compile(Command::new(compiler), source, source.name, &["-ldl"])
}

fn compile(
    mut command: Command,
    source: &Source,
    file: &str,
    libraries: &[&str],
) -> Result<PathBuf> {
    let folder = workspace::target_dir().join("windows");
    let (text, built) = (folder.join(format!("{}.c", source.name)), folder.join(file));
    workspace::write(&text, source.text)?;
    // An old one never passes for a new one.
    if built.exists() {
        fs::remove_file(&built).with_context(|| format!("cannot remove {}", built.display()))?;
    }
    command
        .arg("-O1")
        .arg(&text)
        .arg("-o")
        .arg(&built)
        .args(libraries);
    process::output(
        &format!("the C compiler on {}.c", source.name),
        &mut command,
    )?;
    Ok(built)
}
