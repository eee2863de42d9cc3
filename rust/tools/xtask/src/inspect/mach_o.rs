//! macOS libraries.

use anyhow::{Context, Result, bail};
use object::macho::MachHeader64;
use object::read::macho::{FatArch, MachHeader, MachOFatFile32, MachOFile64};
use object::{Architecture, LittleEndian, Object, macho};

use super::{signature, text};

/// What a library for macOS says about itself, for one processor.
pub(crate) struct Part {
    /// `arm64` or `x86_64`.
    pub(crate) processor: &'static str,
    /// The oldest macOS that loads it.
    pub(crate) macos: (u32, u32),
    /// The libraries it opens.
    pub(crate) libraries: Vec<String>,
    /// What it offers to others.
    pub(crate) exports: Vec<String>,
}

/// Reads a file with parts for several processors, and checks the signature of each.
///
/// # Errors
/// If it is damaged, not signed, or no such file.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Part>> {
    let explain = "this library for macOS cannot be read";
    let whole = MachOFatFile32::parse(bytes).context(explain)?;
    whole
        .arches()
        .iter()
        .map(|part| {
            let processor = match part.architecture() {
                Architecture::Aarch64 => "arm64",
                Architecture::X86_64 => "x86_64",
                _ => bail!("a part of it is for a processor that no Mac has any more"),
            };
            let data = part.data(bytes).context(explain)?;
            let part = read_part(processor, data).context(explain)?;
            signature::check(data).with_context(|| format!("its part for {processor}"))?;
            Ok(part)
        })
        .collect()
}

fn read_part(processor: &'static str, bytes: &[u8]) -> Result<Part> {
    let endian = LittleEndian;
    let file = MachOFile64::<LittleEndian>::parse(bytes)?;
    let (mut macos, mut libraries) = (None, Vec::new());
    let header = MachHeader64::<LittleEndian>::parse(bytes, 0)?;
    let mut commands = header.load_commands(endian, bytes, 0)?;
    while let Some(command) = commands.next()? {
        if let Some(dylib) = command.dylib()? {
            libraries.push(text(command.string(endian, dylib.dylib.name)?));
        } else if let Some(build) = command.build_version()? {
            macos = Some(version(build.minos.get(endian)));
        } else if command.cmd() == macho::LC_VERSION_MIN_MACOSX {
            let minimum: &macho::VersionMinCommand<LittleEndian> = command.data()?;
            macos = Some(version(minimum.version.get(endian)));
        }
    }
    let exports = file.exports()?;
    Ok(Part {
        processor,
        macos: macos.context("it does not say which macOS it needs")?,
        libraries,
        exports: exports.iter().map(|export| text(export.name())).collect(),
    })
}

/// `(11, 0)` of `0x000b_0000`
fn version(word: u32) -> (u32, u32) {
    (word >> 16, (word >> 8) & 0xff)
}
