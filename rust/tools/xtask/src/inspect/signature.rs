//! The signature inside a macOS library.
//!
//! A Mac with an Apple processor loads no unsigned code. A linker's own signature names
//! nobody ("ad hoc"); it is a list of the sums of all pages, so that damage is noticed.

use anyhow::{Context, Result, bail};
use object::macho::{self, MachHeader64};
use object::read::macho::MachHeader;
use object::{LittleEndian, U32};
use sha2::{Digest, Sha256};

/// Begins the list of a signature's parts; all its numbers have their first byte first.
const LIST: u32 = 0xfade_0cc0;

/// Begins the part with the sums of the pages.
const CODE_DIRECTORY: u32 = 0xfade_0c02;

/// The number of SHA-256 among kinds of sums.
const SHA256: u8 = 2;

/// Checks the signature of a library for one processor: the sum of every page.
///
/// # Errors
/// If there is none, or a page has changed since it was signed.
pub(super) fn check(library: &[u8]) -> Result<()> {
    let (start, size) = place(library)?.context("it is not signed")?;
    let signature = start
        .checked_add(size)
        .and_then(|end| library.get(start..end))
        .context("its signature is cut off")?;
    if word(signature, 0) != Some(LIST) {
        bail!("its signature begins in an unknown way");
    }
    let parts = number(signature, 8).context("its signature is cut off")?;
    let mut found = false;
    // Each entry of the list takes 8 bytes; more cannot be in it.
    for part in 0..parts.min(signature.len() / 8) {
        let place = number(signature, 12 + 8 * part + 4);
        let blob = place.and_then(|place| signature.get(place..));
        let blob = blob.context("its signature is cut off")?;
        if word(blob, 0) == Some(CODE_DIRECTORY) {
            check_pages(library, blob, start)?;
            found = true;
        }
    }
    if !found {
        bail!("its signature has no sums of pages");
    }
    Ok(())
}

/// Where the signature lies: its first byte and its length.
fn place(library: &[u8]) -> Result<Option<(usize, usize)>> {
    let header = MachHeader64::<LittleEndian>::parse(library, 0)?;
    let mut commands = header.load_commands(LittleEndian, library, 0)?;
    while let Some(command) = commands.next()? {
        if command.cmd() == macho::LC_CODE_SIGNATURE {
            let data: &macho::LinkeditDataCommand<LittleEndian> = command.data()?;
            let read = |word: U32<LittleEndian>| usize::try_from(word.get(LittleEndian));
            return Ok(Some((read(data.dataoff)?, read(data.datasize)?)));
        }
    }
    Ok(None)
}

fn check_pages(library: &[u8], directory: &[u8], signature: usize) -> Result<()> {
    let cut = "its list of sums is cut off";
    let sums = number(directory, 16).context(cut)?;
    let count = number(directory, 28).context(cut)?;
    let limit = number(directory, 32).context(cut)?;
    let (length, kind) = (directory.get(36), directory.get(37));
    let length = usize::from(*length.context(cut)?);
    let shift = u32::from(*directory.get(39).context(cut)?);
    if kind != Some(&SHA256) || length != 32 {
        bail!("its pages are summed up in an unknown way");
    }
    let page = 1_usize
        .checked_shl(shift)
        .filter(|page| (1 << 10..1 << 20).contains(page));
    let page = page.context("its pages have an odd size")?;
    // Whatever is not signed could have been changed.
    if limit != signature || count != limit.div_ceil(page) {
        bail!("its signature does not cover all of it");
    }
    let sums = directory.get(sums..).context(cut)?;
    let pages = library.get(..limit).context(cut)?.chunks(page);
    for (number, (bytes, sum)) in pages.zip(sums.chunks(length)).enumerate() {
        if Sha256::digest(bytes).as_slice() != sum {
            bail!("page {number} has changed since it was signed");
        }
    }
    if sums.len() / length < count {
        bail!("{cut}");
    }
    Ok(())
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    word(bytes, at)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A library that consists of a header, some bytes, and a signature for them.
    fn signed(code: &[u8]) -> Vec<u8> {
        let page = 1 << 12;
        let mut library = Vec::new();
        let start = 32 + 16 + code.len();
        let pages = start.div_ceil(page);
        let size = 20 + 44 + 32 * pages;
        for word in [0xfeed_facf, 0x0100_000c, 0, 6, 1, 16, 0, 0] {
            library.extend(u32::to_le_bytes(word));
        }
        for word in [macho::LC_CODE_SIGNATURE, 16, start as u32, size as u32] {
            library.extend(u32::to_le_bytes(word));
        }
        library.extend(code);
        let sums: Vec<_> = library.chunks(page).map(Sha256::digest).collect();
        let directory = (44 + 32 * pages) as u32;
        for word in [LIST, size as u32, 1, 0, 20] {
            library.extend(u32::to_be_bytes(word));
        }
        let (count, limit) = (pages as u32, start as u32);
        for word in [
            CODE_DIRECTORY,
            directory,
            0x20400,
            2,
            44,
            0,
            0,
            count,
            limit,
        ] {
            library.extend(u32::to_be_bytes(word));
        }
        library.extend([32, SHA256, 0, 12, 0, 0, 0, 0]);
        for sum in sums {
            library.extend(sum);
        }
        library
    }

    #[test]
    fn one_altered_byte_anywhere_is_noticed() {
        let library = signed(&[7; 9000]);
        check(&library).unwrap();
        // In the header, in each page, in the last byte before the signature.
        for at in [9, 100, 5000, 9047] {
            let mut altered = library.clone();
            altered[at] ^= 1;
            assert!(check(&altered).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_library_without_a_whole_signature_is_refused() {
        let library = signed(&[7; 9000]);
        assert!(check(&library[..library.len() - 1]).is_err());
        assert!(check(&library[..9100]).is_err());
        let mut unsigned = library.clone();
        unsigned[32] = 0x1b;
        assert!(
            check(&unsigned)
                .unwrap_err()
                .to_string()
                .contains("not signed")
        );
        // One sum less than there are pages.
        let mut short = library;
        let count = 9048 + 20 + 28;
        short[count..count + 4].copy_from_slice(&2_u32.to_be_bytes());
        assert!(check(&short).is_err());
        // The last page left out of the list and of what it is said to cover.
        short[count + 4..count + 8].copy_from_slice(&8192_u32.to_be_bytes());
        assert!(check(&short).is_err());
    }
}
