//! What a built library says about itself: which system it needs, and what it opens.
//!
//! Most of the libraries cannot be run where they are built. What can be read in them is
//! judged here before they are packed.

mod elf;
mod mach_o;
mod pe;
mod signature;
pub(crate) mod android;
pub(crate) mod wasm;

use anyhow::{Result, bail};

use crate::library::Library;

pub(crate) use elf::{Elf, read as read_elf};
pub(crate) use pe::Pe;

/// What Godot looks for in a library.
const ENTRY: &str = "gdext_rust_init";

/// A library that exports more is put together in another way than it should be.
const MOST_EXPORTS: usize = 8;

/// The newest glibc that a Linux library may ask for: that of 2021.
const NEWEST_GLIBC: (u32, u32) = (2, 34);

/// The newest macOS that a library may ask for.
const NEWEST_MACOS: (u32, u32) = (11, 0);

/// The API level of the newest Android that a library may ask for: Godot asks for it too.
const NEWEST_ANDROID: u32 = 24;

/// A larger one has in it what is never called. It is 7.1 MB as it should be.
const LARGEST_DLL_BYTES: usize = 9_000_000;

/// Judges a library's bytes. The result says what it needs, such as `glibc 2.34`.
///
/// # Errors
/// If it needs what players may not have, or is damaged.
pub(crate) fn check(library: &Library, bytes: &[u8]) -> Result<String> {
    match library.platform.system.as_str() {
        "linux" => check_elf(&elf::read(bytes)?),
        "windows" => check_pe(&pe::read(bytes)?, bytes.len()),
        "macos" => {
            let parts = mach_o::read(bytes)?;
            for part in &parts {
                check_mach_o(part)?;
            }
            check_processors(&parts)?;
            Ok(format!("macOS {}.{}", NEWEST_MACOS.0, NEWEST_MACOS.1))
        }
        "android" => check_android(&elf::read(bytes)?, android::api_level(bytes)),
        "web" => {
            let wasm = wasm::read(bytes)?;
            check_entry(&wasm.exports)?;
            Ok("WebAssembly".to_owned())
        }
        system => bail!("nobody has said what a library for {system} must be like"),
    }
}

/// Judges a program for Windows: it needs no DLL beside it.
///
/// # Errors
/// If it needs one, or is damaged.
pub(crate) fn check_windows_program(bytes: &[u8]) -> Result<()> {
    check_libraries(&pe::read(bytes)?.dlls, pe::is_of_windows)
}

/// What `elf` needs, if players have it.
fn check_elf(elf: &Elf) -> Result<String> {
    check_exports(&elf.exports)?;
    const KNOWN: &[&str] = &[
        "libc.",
        "libm.",
        "libdl.",
        "libpthread.",
        "librt.",
        "libgcc_s.",
        "ld-",
    ];
    check_libraries(&elf.libraries, |name| {
        KNOWN.iter().any(|known| name.starts_with(known))
    })?;
    let (major, minor) = elf.glibc.unwrap_or_default();
    if (major, minor) > NEWEST_GLIBC {
        bail!(
            "it needs glibc {major}.{minor}, and older systems than that must do: {}.{} is the \
             newest that it may need. Build it on an older system",
            NEWEST_GLIBC.0,
            NEWEST_GLIBC.1
        );
    }
    Ok(format!("glibc {major}.{minor}"))
}

fn check_android(elf: &Elf, level: Option<u32>) -> Result<String> {
    check_exports(&elf.exports)?;
    const KNOWN: &[&str] = &["libc.so", "libm.so", "libdl.so", "liblog.so"];
    check_libraries(&elf.libraries, |name| KNOWN.contains(&name))?;
    match level {
        Some(level) if level <= NEWEST_ANDROID => Ok(format!("Android API {level}")),
        Some(level) => {
            bail!("it needs Android's API {level}, and games of Godot run from {NEWEST_ANDROID} on")
        }
        None => bail!("it does not say which Android it needs"),
    }
}

fn check_pe(pe: &Pe, bytes: usize) -> Result<String> {
    check_exports(&pe.exports)?;
    check_libraries(&pe.dlls, pe::is_of_windows)?;
    if bytes > LARGEST_DLL_BYTES {
        bail!(
            "it has {:.1} MB, and {:.1} MB are enough: is what is never called left out?",
            bytes as f64 / 1e6,
            LARGEST_DLL_BYTES as f64 / 1e6
        );
    }
    Ok("Windows 10".to_owned())
}

fn check_mach_o(part: &mach_o::Part) -> Result<()> {
    check_exports(&part.exports)?;
    check_libraries(&part.libraries, |name| {
        name.starts_with("/usr/lib/") || name.starts_with("/System/Library/")
    })?;
    if part.macos > NEWEST_MACOS {
        bail!("it needs macOS {}.{}", part.macos.0, part.macos.1);
    }
    Ok(())
}

fn check_processors(parts: &[mach_o::Part]) -> Result<()> {
    let mut processors: Vec<_> = parts.iter().map(|part| part.processor).collect();
    processors.sort_unstable();
    if processors != ["arm64", "x86_64"] {
        bail!(
            "it is for {}, and has to be for arm64 and x86_64: join both with `lipo -create`",
            processors.join(" and ")
        );
    }
    Ok(())
}

fn check_entry(exports: &[String]) -> Result<()> {
    let entry = exports
        .iter()
        .any(|name| name.trim_start_matches('_') == ENTRY);
    if !entry {
        bail!("it does not export {ENTRY}, which Godot looks for");
    }
    Ok(())
}

fn check_exports(exports: &[String]) -> Result<()> {
    check_entry(exports)?;
    if exports.len() > MOST_EXPORTS {
        bail!(
            "it exports {} functions, and Godot needs one",
            exports.len()
        );
    }
    Ok(())
}

/// Refuses a library that opens another one which players may not have.
fn check_libraries(names: &[String], is_known: impl Fn(&str) -> bool) -> Result<()> {
    match names.iter().find(|name| !is_known(name)) {
        Some(name) => bail!("it needs {name}, which is not part of the system"),
        None => Ok(()),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_linux_library_may_not_ask_for_a_newer_glibc_or_for_other_libraries() {
        let elf = |glibc, libraries: &[&str]| Elf {
            glibc: Some(glibc),
            libraries: names(libraries),
            exports: names(&[ENTRY]),
        };
        let usual = ["libc.so.6", "libgcc_s.so.1", "ld-linux-aarch64.so.1"];
        assert_eq!(check_elf(&elf((2, 34), &usual)).unwrap(), "glibc 2.34");
        assert!(check_elf(&elf((2, 35), &usual)).is_err());
        assert!(check_elf(&elf((2, 17), &["libssl.so.3"])).is_err());
    }

    #[test]
    fn an_android_library_may_not_ask_for_a_newer_android_or_for_other_libraries() {
        let elf = |libraries: &[&str]| Elf {
            glibc: None,
            libraries: names(libraries),
            exports: names(&[ENTRY]),
        };
        let usual = elf(&["libc.so", "libdl.so"]);
        assert_eq!(check_android(&usual, Some(24)).unwrap(), "Android API 24");
        assert!(check_android(&usual, Some(34)).is_err());
        assert!(check_android(&usual, None).is_err());
        assert!(check_android(&elf(&["libc++_shared.so"]), Some(24)).is_err());
    }

    #[test]
    fn a_windows_library_stands_alone() {
        let pe = |dlls: &[&str]| Pe {
            dlls: names(dlls),
            exports: names(&[ENTRY]),
        };
        let usual = [
            "KERNEL32.dll",
            "api-ms-win-core-synch-l1-2-0.dll",
            "msvcrt.dll",
        ];
        check_pe(&pe(&usual), 4_800_000).unwrap();
        assert!(check_pe(&pe(&usual), 12_700_000).is_err());
        for stranger in [
            "libgcc_s_seh-1.dll",
            "libwinpthread-1.dll",
            "VCRUNTIME140.dll",
        ] {
            let error = check_pe(&pe(&["KERNEL32.dll", stranger]), 1).unwrap_err();
            assert!(error.to_string().contains(stranger), "{error}");
        }
    }

    #[test]
    fn a_macos_library_is_for_both_processors_and_for_older_systems() {
        let part = |processor, macos, library| mach_o::Part {
            processor,
            macos,
            libraries: names(&[library]),
            exports: names(&["_gdext_rust_init"]),
        };
        let system = "/usr/lib/libSystem.B.dylib";
        check_mach_o(&part("arm64", (11, 0), system)).unwrap();
        assert!(check_mach_o(&part("arm64", (15, 0), system)).is_err());
        assert!(check_mach_o(&part("arm64", (11, 0), "@rpath/other.dylib")).is_err());
        let both = [
            part("x86_64", (11, 0), system),
            part("arm64", (11, 0), system),
        ];
        check_processors(&both).unwrap();
        assert!(check_processors(&both[..1]).is_err());
    }

    #[test]
    fn a_library_opens_one_door_and_that_is_godots() {
        assert!(check_exports(&names(&["other"])).is_err());
        check_exports(&names(&["other", ENTRY])).unwrap();
        let mut many = names(&[ENTRY]);
        many.resize(MOST_EXPORTS + 1, "other".to_owned());
        assert!(check_exports(&many).is_err());
    }
}
