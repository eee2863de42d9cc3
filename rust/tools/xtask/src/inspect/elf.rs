//! Linux libraries and programs.

use anyhow::{Context, Result};
use object::read::elf::{Dyn, ElfFile64};
use object::{LittleEndian, Object, elf};

use super::text;

/// What a library or program for Linux says about itself.
pub(crate) struct Elf {
    /// The oldest glibc that has all it asks for; none, if it asks for none.
    pub(crate) glibc: Option<(u32, u32)>,
    /// The libraries it opens.
    pub(crate) libraries: Vec<String>,
    /// What it offers to others.
    pub(crate) exports: Vec<String>,
}

/// Reads what is needed to know from a file's bytes.
///
/// # Errors
/// If they are damaged, or no 64-bit ELF file.
pub(crate) fn read(bytes: &[u8]) -> Result<Elf> {
    parse(bytes).context("this library for Linux cannot be read")
}

fn parse(bytes: &[u8]) -> Result<Elf> {
    let file = ElfFile64::<LittleEndian>::parse(bytes)?;
    let sections = file.elf_section_table();
    let (endian, mut glibc, mut libraries) = (LittleEndian, None, Vec::new());

    if let Some((mut needs, link)) = sections.gnu_verneed(endian, bytes)? {
        let strings = sections.strings(endian, bytes, link)?;
        while let Some((_, mut versions)) = needs.next()? {
            while let Some(version) = versions.next()? {
                // A weak one is looked up, and done without where it is missing.
                if version.vna_flags.get(endian) & elf::VER_FLG_WEAK == 0 {
                    glibc = glibc.max(glibc_version(&text(version.name(endian, strings)?)));
                }
            }
        }
    }
    if let Some((entries, link)) = sections.dynamic(endian, bytes)? {
        let strings = sections.strings(endian, bytes, link)?;
        for entry in entries {
            if entry.tag(endian) == elf::DT_NEEDED {
                libraries.push(text(entry.string(endian, strings)?));
            }
        }
    }
    let exports = file.exports()?;
    Ok(Elf {
        glibc,
        libraries,
        exports: exports.iter().map(|export| text(export.name())).collect(),
    })
}

/// `(2, 34)` of `GLIBC_2.34`, and of `GLIBC_2.2.5` as much as counts.
fn glibc_version(name: &str) -> Option<(u32, u32)> {
    let mut numbers = name.strip_prefix("GLIBC_")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glibc_symbols_version_is_compared_by_number() {
        assert_eq!(glibc_version("GLIBC_2.34"), Some((2, 34)));
        assert_eq!(glibc_version("GLIBC_2.2.5"), Some((2, 2)));
        assert!(glibc_version("GLIBC_2.4") < glibc_version("GLIBC_2.34"));
        assert_eq!(glibc_version("GCC_3.0"), None);
    }

    #[cfg(all(target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
    #[test]
    fn this_test_itself_needs_a_glibc() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let elf = read(&bytes).unwrap();
        assert!(elf.libraries.iter().any(|name| name.starts_with("libc.")));
        assert!(elf.glibc.unwrap() >= (2, 2));
        assert!(read(&bytes[..bytes.len() / 2]).is_err());
    }
}
