//! WebAssembly libraries, for games in browsers.

use anyhow::{Context, Result, bail};

/// What every module begins with: its magic, and the only version there is.
const MAGIC: &[u8; 8] = b"\0asm\x01\0\0\0";

/// The first section of what is linked while a page loads.
const SIDE_MODULE: &[u8] = b"dylink.0";

/// What a module says about itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wasm {
    /// Whether it shares its memory with threads: then it can be loaded only into a game
    /// that has threads, and otherwise only into one that has none.
    pub(crate) has_threads: bool,
    /// What it offers to others.
    pub(crate) exports: Vec<String>,
}

/// Whether these are the bytes of a module.
pub(crate) fn is_wasm(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Reads what is needed to know from a side module's bytes.
///
/// # Errors
/// If they are damaged, or those of a module that cannot be linked while a page loads.
pub(crate) fn read(bytes: &[u8]) -> Result<Wasm> {
    let module = bytes.strip_prefix(MAGIC).and_then(parse);
    let (is_side_module, wasm) = module.context("this library for the web cannot be read")?;
    if !is_side_module {
        bail!("no page can link it while it loads: it has to be built with -sSIDE_MODULE=2");
    }
    Ok(wasm)
}

/// Whether it is a side module, and the rest. `None` if the bytes are damaged.
fn parse(bytes: &[u8]) -> Option<(bool, Wasm)> {
    let mut module = Reader(bytes);
    let mut wasm = Wasm {
        has_threads: false,
        exports: Vec::new(),
    };
    let mut is_side_module = false;
    while !module.0.is_empty() {
        let (kind, mut section) = (module.byte()?, module.part().map(Reader)?);
        match kind {
            0 => is_side_module |= section.part()? == SIDE_MODULE,
            2 => wasm.has_threads = imports_shared_memory(&mut section)?,
            7 => wasm.exports = exports(&mut section)?,
            _ => {}
        }
    }
    Some((is_side_module, wasm))
}

fn imports_shared_memory(section: &mut Reader) -> Option<bool> {
    let mut is_shared = false;
    for _ in 0..section.number()? {
        section.part()?;
        section.part()?;
        match section.byte()? {
            // A function, by the number of its type.
            0 => drop(section.number()?),
            // A table: what it holds, and its size.
            1 => {
                section.byte()?;
                section.limits()?;
            }
            2 => is_shared |= section.limits()? & 2 != 0,
            // A variable: its type, and whether it can be set.
            3 => drop((section.byte()?, section.byte()?)),
            // An exception.
            4 => drop((section.byte()?, section.number()?)),
            _ => return None,
        }
    }
    Some(is_shared)
}

fn exports(section: &mut Reader) -> Option<Vec<String>> {
    let mut exports = Vec::new();
    for _ in 0..section.number()? {
        exports.push(super::text(section.part()?));
        section.byte()?;
        section.number()?;
    }
    Some(exports)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Seven bits in each byte, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// Bytes with their number in front.
    fn part(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    /// The size of a table or memory; the result says of what kind it is.
    fn limits(&mut self) -> Option<u8> {
        let flags = self.byte()?;
        self.number()?;
        if flags & 1 != 0 {
            self.number()?;
        }
        Some(flags)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn section(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let mut section = vec![kind, 0x80 | content.len() as u8, 0];
        section.extend(content);
        section
    }

    /// A side module with Godot's entry, with or without threads.
    pub(crate) fn side_module(has_threads: bool) -> Vec<u8> {
        let memory: &[u8] = if has_threads {
            b"\x03env\x06memory\x02\x03\x01\x80\x02"
        } else {
            b"\x03env\x06memory\x02\x00\x01"
        };
        let mut module = MAGIC.to_vec();
        module.extend(section(0, &[b"\x08dylink.0", b"\x01\x04\0\0\0\0"]));
        module.extend(section(
            2,
            &[
                b"\x05",
                b"\x03env\x04puts\x00\x07",
                b"\x03env\x05table\x01\x70\x00\x01",
                b"\x03env\x03top\x03\x7f\x01",
                b"\x03env\x05error\x04\x00\x02",
                memory,
            ],
        ));
        module.extend(section(7, &[b"\x01", b"\x0fgdext_rust_init\x00\x09"]));
        module
    }

    #[test]
    fn a_module_with_threads_is_told_from_one_without() {
        for has_threads in [true, false] {
            let wasm = read(&side_module(has_threads)).unwrap();
            assert_eq!(wasm.has_threads, has_threads);
            assert_eq!(wasm.exports, ["gdext_rust_init"]);
        }
    }

    #[test]
    fn what_no_page_can_link_is_refused() {
        let module = side_module(false);
        for length in 9..module.len() {
            // Some end between two sections, but never as a whole library.
            let cut = read(&module[..length]);
            assert!(cut.is_err() || cut.unwrap().exports.is_empty(), "{length}");
        }
        let error = read(MAGIC).unwrap_err().to_string();
        assert!(error.contains("SIDE_MODULE"), "{error}");
        assert!(read(b"\0asm").is_err());
        assert!(read(&[MAGIC, &[2, 5, 0xff, 0xff, 0xff, 0xff, 0xff][..]].concat()).is_err());
    }
}
