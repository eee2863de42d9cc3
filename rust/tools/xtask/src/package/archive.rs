//! Zip files whose bytes depend on nothing but what is packed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use anyhow::{Context, Result};
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipArchive, ZipWriter};

/// What is packed: each file's path, with `/`, and its bytes. Sorted by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Packs `files`. The same files give the same bytes: their order is fixed, and
/// nothing is said about when and by whom they were written.
///
/// # Errors
/// If a path is not fit for a zip file.
pub(crate) fn pack(files: &Files) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        zip.start_file(path.as_str(), options)
            .and_then(|()| Ok(zip.write_all(bytes)?))
            .with_context(|| format!("cannot pack {path}"))?;
    }
    let packed = zip.finish().context("cannot finish the zip file")?;
    Ok(packed.into_inner())
}

/// Unpacks a zip file into `folder`.
///
/// # Errors
/// If it is none, or the files cannot be written.
pub(crate) fn unpack(zip: &Path, folder: &Path) -> Result<()> {
    let bytes = fs::read(zip).with_context(|| format!("cannot read {}", zip.display()))?;
    ZipArchive::new(Cursor::new(bytes))
        .and_then(|mut archive| archive.extract(folder))
        .with_context(|| format!("cannot unpack {}", zip.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(zip: &[u8]) -> Vec<String> {
        let archive = ZipArchive::new(Cursor::new(zip)).unwrap();
        let names = archive.file_names();
        names.map(|name| name.unwrap().into_owned()).collect()
    }

    #[test]
    fn the_same_files_give_the_same_bytes_in_whatever_order_they_come() {
        let text = b"a hall, a hall ".repeat(1000);
        let mut files = Files::new();
        files.insert("addons/b.txt".into(), text.clone());
        files.insert("addons/a/z.txt".into(), b"short".to_vec());
        let first = pack(&files).unwrap();
        assert!(first.len() < text.len(), "it is compressed");
        assert_eq!(names(&first), ["addons/a/z.txt", "addons/b.txt"]);

        let mut again = Files::new();
        again.insert("addons/a/z.txt".into(), b"short".to_vec());
        again.insert("addons/b.txt".into(), text);
        assert_eq!(pack(&again).unwrap(), first);

        again.insert("addons/b.txt".into(), b"other".to_vec());
        assert_ne!(pack(&again).unwrap(), first);
    }
}
