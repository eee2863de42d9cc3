//! Text files of the operator's with one name or word a line.

use std::io;
use std::path::Path;

/// Reads a file of this kind, which the option is called by: `banned-names`.
///
/// # Errors
/// When it cannot be read; the text is for the operator.
pub(crate) fn read(file: &Path, kind: &str) -> io::Result<String> {
    std::fs::read_to_string(file).map_err(|cause| explain(file, kind, &cause))
}

/// What the operator is told about a file that cannot be read.
pub(crate) fn explain(file: &Path, kind: &str, cause: &io::Error) -> io::Error {
    let file = file.display();
    let what = kind.replace('-', " ");
    let text = format!("cannot read the {what} in {file} (--{kind}): {cause}");
    io::Error::new(cause.kind(), text)
}

/// The entry of a line. A blank line has none, nor has a remark, which begins with a `#`.
pub(crate) fn entry(line: &str) -> Option<&str> {
    let text = line.split('#').next().unwrap_or_default();
    // An editor's mark at the start of the file is no part of it.
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    (!text.is_empty()).then_some(text)
}
