//! A text that may hold a password, from an option or from a file.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{fmt, fs, io};

/// A text that may hold a password, as the address of a database or a bus: no message shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why there is no such text in a file.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {option} {}: {cause}", .path.display())]
pub struct SecretFileError {
    option: &'static str,
    path: PathBuf,
    cause: io::Error,
}

impl Secret {
    /// Reads it from the file that an option names, where it is all there is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(option: &'static str, path: &Path) -> Result<Self, SecretFileError> {
        let text = fs::read_to_string(path).map_err(|cause| SecretFileError {
            option,
            path: path.to_owned(),
            cause,
        })?;
        // Some editors of Windows put a mark before the first line.
        Ok(Self::new(text.trim_start_matches('\u{feff}')))
    }

    /// Any text: what is wrong with it is said when it is used.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// As it was given.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Whatever it is: what is wrong with it is said later, without repeating it.
impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::new(text))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_from_an_option_or_a_file_and_is_never_shown() {
        let Ok(given) = " s3cret\n".parse::<Secret>();
        assert_eq!(
            (given.expose(), &*format!("{given:?}")),
            ("s3cret", "(hidden)")
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let told = Secret::read("--bus-file", &file).unwrap_err().to_string();
        assert!(told.starts_with("cannot read --bus-file "), "{told}");
        for text in ["s3cret", "s3cret\r\n", "\u{feff}s3cret\n"] {
            fs::write(&file, text).unwrap();
            assert_eq!(Secret::read("--bus-file", &file).unwrap(), given);
        }
    }
}
