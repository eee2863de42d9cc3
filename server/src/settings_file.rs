//! The settings file: TOML, with a key for each option of the program.
//!
//! Nothing is listed here. An option's name is the key, the heading that the help shows it under
//! is the table, and the option's own parser says what is allowed. So a new option is in
//! the file, in what `print-default-config` prints and in what `check-config` knows, as soon
//! as clap knows it.

mod check;
mod keys;
mod print;
mod read;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

pub(crate) use check::{CheckConfig, advice, check, unsound};
pub(crate) use keys::{Key, Keys};
pub(crate) use print::{PrintDefaultConfig, print, print_default};
#[cfg(test)]
pub(crate) use print::{default_file, explain};

/// The option that names the file, for the program's commands: those settings that a command has
/// as options come from there.
#[derive(Args)]
pub(crate) struct FileOption {
    /// A file with the settings of the server
    #[arg(long = "config", env = "LONGHALL_CONFIG", value_name = "FILE")]
    config_file: Option<PathBuf>,
}

/// What a file sets.
pub(crate) struct SettingsFile {
    pub(crate) path: PathBuf,
    pub(crate) settings: Vec<Setting>,
    /// What is wrong in it. What it sets counts for nothing then.
    slips: Vec<Slip>,
    /// What is not wrong, and should not stay as it is.
    pub(crate) advice: Option<String>,
}

/// One setting of a file.
pub(crate) struct Setting {
    /// Of the option.
    pub(crate) id: String,
    pub(crate) name: String,
    /// Where it stands, counted from 1.
    pub(crate) line: usize,
    /// As on the command line; several where the option may be given several times.
    pub(crate) arguments: Vec<String>,
}

/// Something that is wrong in a file.
#[derive(Debug)]
pub(crate) struct Slip {
    /// `None` where it is the file itself.
    line: Option<usize>,
    text: String,
}

/// A file that cannot be taken, with all that is wrong in it: a line each.
#[derive(Debug)]
pub(crate) struct Broken {
    path: PathBuf,
    slips: Vec<Slip>,
}

impl SettingsFile {
    /// Reads a file of settings for the options with these keys.
    ///
    /// # Errors
    /// When it cannot be read or something in it is wrong.
    pub(crate) fn read(path: &Path, keys: &Keys) -> Result<Self, Broken> {
        let file = Self::look_at(path, keys)?;
        match file.slips.is_empty() {
            true => Ok(file),
            false => Err(file.broken()),
        }
    }

    /// As [`SettingsFile::read`], also where something in it is wrong.
    fn look_at(path: &Path, keys: &Keys) -> Result<Self, Broken> {
        let text = fs::read(path).map_err(|cause| Broken {
            path: path.to_owned(),
            slips: vec![Slip {
                line: None,
                text: format!("cannot be read: {cause}"),
            }],
        })?;
        let (settings, slips) = read::parse(&text, keys);
        let secret = settings.iter().find(|setting| keys.is_secret(&setting.id));
        let advice = secret.filter(|_| is_open_to_all(path)).map(|secret| {
            format!(
                "everybody on this machine can read {}, and {} in it may have a password; \
                     chmod o-r keeps them out",
                path.display(),
                secret.name
            )
        });
        Ok(Self {
            path: path.to_owned(),
            settings,
            slips,
            advice,
        })
    }

    fn broken(self) -> Broken {
        Broken {
            path: self.path,
            slips: self.slips,
        }
    }
}

#[cfg(unix)]
fn is_open_to_all(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o004 != 0)
}

/// On Windows a file has the rights of its folder, unless somebody has seen to it.
#[cfg(not(unix))]
fn is_open_to_all(_path: &Path) -> bool {
    false
}

impl Broken {
    /// Names the variable that the file comes from, where it is the file itself that is
    /// wrong.
    pub(crate) fn named_by(mut self, variable: &str) -> Self {
        for slip in self.slips.iter_mut().filter(|slip| slip.line.is_none()) {
            slip.text += &format!(" ({variable})");
        }
        self
    }

    /// A line for each slip, as compilers write them.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let path = self.path.display();
        self.slips
            .iter()
            .map(move |Slip { line, text }| match line {
                Some(line) => format!("{path}:{line}: {text}"),
                None => format!("{path}: {text}"),
            })
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().collect::<Vec<_>>().join("; "))
    }
}

impl std::error::Error for Broken {}
