//! The addon's library for Windows, loaded as Godot loads it, without Godot.
//!
//! A stand-in for Godot loads it under Wine and prints what it registers. The same stand-in,
//! built for this machine, says of this machine's library what that has to be.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use longhall_provision::process;
use longhall_provision::{Prefix, windows_path};

/// Longer than any run takes, on the slowest machine.
const LIMIT: Duration = Duration::from_secs(180);

/// How the stand-in ends when the system does not load a library.
const NOT_LOADED: i32 = 2;

/// The stand-in for Godot, for this machine and for Windows.
pub(super) struct StandIns<'a> {
    pub(super) native: &'a Path,
    pub(super) windows: &'a Path,
    pub(super) entry_symbol: &'a str,
}

impl StandIns<'_> {
    /// Expects the library for Windows to register what the one for this machine does, to
    /// stop and to be unloaded.
    ///
    /// # Errors
    /// If it does not.
    pub(super) fn compare(&self, prefix: &Prefix, native: &Path, windows: &Path) -> Result<()> {
        let expected = self.load(Command::new(self.native), native.display().to_string())?;
        let found = self.load(prefix.command(self.windows), windows_path(windows))?;
        let name = windows.file_name().unwrap_or_default().display();
        let expected = expected.succeeded(&native.display().to_string())?;
        let found = found.succeeded(&name.to_string())?;
        if let Some(difference) = difference(&expected, &found) {
            bail!("{name} {difference}");
        }
        let [.., sum, _] = found.as_slice() else {
            bail!("the stand-in for Godot said nothing of {name}");
        };
        println!("{name}: {sum}, as on this machine; stopped and unloaded");
        Ok(())
    }

    /// Expects damaged copies of the library not to be loaded, so that a library that is
    /// loaded says something.
    ///
    /// # Errors
    /// If one is.
    pub(super) fn refuse_damaged(&self, prefix: &Prefix, windows: &Path) -> Result<()> {
        let whole =
            fs::read(windows).with_context(|| format!("cannot read {}", windows.display()))?;
        let truncated = whole[..whole.len() / 2].to_vec();
        for (what, bytes) in [
            ("cut in half", truncated),
            ("without a DLL it needs", without_import(whole)?),
        ] {
            let copy = prefix.drive().join("damaged.dll");
            fs::write(&copy, bytes).context("cannot write a damaged library")?;
            let run = self.load(prefix.command(self.windows), windows_path(&copy))?;
            if run.code != Some(NOT_LOADED) {
                bail!(
                    "a library that is {what} was not refused (exit code {:?}): {}",
                    run.code,
                    run.said.join("; ")
                );
            }
        }
        println!("libraries that are cut in half, or lack a DLL, are refused");
        Ok(())
    }

    fn load(&self, mut command: Command, library: String) -> Result<Run> {
        command.arg(library).arg(self.entry_symbol);
        let mut run = Run::default();
        let status = process::run_lines("the stand-in", &mut command, LIMIT, |line| {
            match line.stream {
                process::Stream::Out => run.registered.push(line.text),
                process::Stream::Err => run.said.push(line.text),
            }
            Ok(())
        })?;
        run.code = status.code();
        Ok(run)
    }
}

/// What the stand-in did with a library.
#[derive(Default)]
struct Run {
    code: Option<i32>,
    registered: Vec<String>,
    said: Vec<String>,
}

impl Run {
    fn succeeded(self, library: &str) -> Result<Vec<String>> {
        if self.code == Some(0) {
            // godot-rust greets on the standard output.
            return Ok(self
                .registered
                .into_iter()
                .filter(|line| !line.starts_with("Initialize"))
                .collect());
        }
        bail!(
            "{library} in the stand-in for Godot: exit code {:?}, after {} lines: {}",
            self.code,
            self.registered.len(),
            self.said.join("; ")
        );
    }
}

/// What one library does and the other does not. In which order they register what they
/// have is the linker's choice.
fn difference(expected: &[String], found: &[String]) -> Option<String> {
    let lacks = expected.iter().find(|line| !found.contains(line));
    let has = found.iter().find(|line| !expected.contains(line));
    match (lacks, has) {
        (Some(line), _) => Some(format!("lacks what this machine's library has: {line}")),
        (None, Some(line)) => Some(format!("has what this machine's library lacks: {line}")),
        (None, None) => None,
    }
}

/// The same library, needing a DLL that no Windows has.
fn without_import(mut library: Vec<u8>) -> Result<Vec<u8>> {
    let (name, missing) = (b"WS2_32.dll\0", b"WS2_99.dll\0");
    let at = library
        .windows(name.len())
        .position(|bytes| bytes.eq_ignore_ascii_case(name))
        .context("the library does not use Windows' sockets, which all of Rust's do")?;
    library[at..at + missing.len()].copy_from_slice(missing);
    Ok(library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_only_one_library_has_is_a_difference() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let (both, other_order) = (lines("class A\nclass B"), lines("class B\nclass A"));
        assert_eq!(difference(&both, &other_order), None);
        let fewer = lines("class A");
        let says =
            |expected, found, words: &str| difference(expected, found).unwrap().ends_with(words);
        assert!(says(&both, &fewer, "library has: class B"));
        assert!(says(&fewer, &both, "library lacks: class B"));
    }

    #[test]
    fn the_name_of_a_needed_dll_is_found_in_any_case() {
        let damaged = without_import(b"..ws2_32.dll\0..".to_vec()).unwrap();
        assert_eq!(damaged, b"..WS2_99.dll\0..");
        assert!(without_import(b"KERNEL32.dll\0".to_vec()).is_err());
    }
}
