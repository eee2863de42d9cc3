//! Tar files whose bytes depend on nothing but what is packed.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

/// What is packed: each file's path, with `/`. Sorted by path.
pub(crate) type Files = BTreeMap<String, File>;

/// A file of a tar.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    pub(crate) is_program: bool,
}

impl File {
    /// A file to read.
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            is_program: false,
        }
    }

    /// A file to run.
    pub(crate) fn program(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            is_program: true,
        }
    }
}

/// A folder that is there without files in it, or is not root's.
#[derive(Clone, Copy)]
pub(crate) struct Folder {
    /// With `/` at its end.
    pub(crate) path: &'static str,
    pub(crate) mode: u32,
    /// The number of the user, and of the group.
    pub(crate) owner: u32,
}

/// Packs `files`, in folders that are packed too, as a compressed tar that belongs to
/// root. All of it was written at `time`, in seconds since 1970.
///
/// # Errors
/// If a path is not fit for a tar.
pub(crate) fn pack(files: &Files, time: u64) -> Result<Vec<u8>> {
    compress(&pack_plain(files, &[], time)?)
}

/// As [`pack`], but not compressed, and with folders beside those that the files need.
///
/// # Errors
/// As [`pack`].
pub(crate) fn pack_plain(files: &Files, folders: &[Folder], time: u64) -> Result<Vec<u8>> {
    let paths = files.keys().map(String::as_str);
    let paths = paths.chain(folders.iter().map(|folder| folder.path));
    let mut entries: BTreeMap<String, Option<&File>> = BTreeMap::new();
    for path in paths {
        for (end, _) in path.match_indices('/') {
            entries.insert(path[..=end].to_owned(), None);
        }
    }
    for (path, file) in files {
        entries.insert(path.clone(), Some(file));
    }
    let mut tar = Builder::new(Vec::new());
    for (path, file) in entries {
        let mut header = Header::new_gnu();
        let special = folders.iter().find(|folder| folder.path == path);
        let (kind, mode) = match file {
            None => (EntryType::Directory, special.map_or(0o755, |it| it.mode)),
            Some(file) if file.is_program => (EntryType::Regular, 0o755),
            Some(_) => (EntryType::Regular, 0o644),
        };
        let owner = special.map_or(0, |it| it.owner);
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_mtime(time);
        header.set_uid(owner.into());
        header.set_gid(owner.into());
        if owner == 0 {
            header
                .set_username("root")
                .and_then(|()| header.set_groupname("root"))
                .context("cannot name the owner in a tar")?;
        }
        let bytes = file.map_or(&[][..], |file| &file.bytes);
        header.set_size(bytes.len() as u64);
        // The crate would drop the `./` that Debian's packages begin paths with.
        put_name(&mut header, &path)?;
        header.set_cksum();
        tar.append(&header, bytes)
            .with_context(|| format!("cannot pack {path}"))?;
    }
    tar.into_inner().context("cannot finish the tar")
}

fn put_name(header: &mut Header, path: &str) -> Result<()> {
    let field = &mut header.as_old_mut().name;
    field
        .get_mut(..path.len())
        .with_context(|| format!("the path {path} is too long for a tar"))?
        .copy_from_slice(path.as_bytes());
    Ok(())
}

/// Compresses as `gzip -9n` does.
///
/// # Errors
/// Never, as far as is known: it is done in memory.
pub(crate) fn compress(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    gzip.write_all(bytes)
        .and_then(|()| gzip.finish())
        .context("cannot compress")
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;

    #[test]
    fn a_tar_has_its_folders_belongs_to_root_and_tells_no_other_time() {
        let mut files = Files::new();
        files.insert("./usr/bin/server".into(), File::program("machine code"));
        files.insert("./etc/a.env".into(), File::new("A=1\n"));
        let packed = pack(&files, 1_700_000_000).unwrap();
        let mut tar = tar::Archive::new(GzDecoder::new(&packed[..]));
        let entries = tar.entries().unwrap().map(|entry| {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!(header.mtime().unwrap(), 1_700_000_000);
            assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
            let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            (path, header.mode().unwrap())
        });
        let wanted = [
            ("./", 0o755),
            ("./etc/", 0o755),
            ("./etc/a.env", 0o644),
            ("./usr/", 0o755),
            ("./usr/bin/", 0o755),
            ("./usr/bin/server", 0o755),
        ];
        let wanted = wanted.map(|(path, mode)| (path.to_owned(), mode));
        assert_eq!(entries.collect::<Vec<_>>(), wanted);
        assert_eq!(pack(&files, 1_700_000_000).unwrap(), packed);
    }

    #[test]
    fn a_path_that_a_tar_cannot_hold_is_refused() {
        let files = Files::from([("long/".repeat(30), File::new(""))]);
        assert!(pack(&files, 0).is_err());
    }
}
