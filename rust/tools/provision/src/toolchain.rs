//! Compilers and linkers for other machines, unpacked below `target/`.
//!
//! Debian builds a recent Rust for its own browsers, with the sources of the standard
//! library, and gives it to its stable release as a security update. Together with
//! Debian's linkers it builds for systems that nobody here has.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::debian::{self, Dependencies, Recipe};
use crate::{process, python, scratch_dir};

/// The Debian release whose compilers are used, whatever this machine runs: so the same
/// programs build on every machine.
const SUITES: &[&str] = &["bookworm"];

/// Where Debian's packages put libraries.
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// Whether this machine can run them: a Debian, or its like, on x86_64.
pub fn available() -> bool {
    debian::available()
}

/// A Rust with the source of its standard library.
pub struct Rust {
    root: PathBuf,
}

impl Rust {
    /// The fetched Rust, from this or an earlier run.
    ///
    /// # Errors
    /// If it cannot be fetched, or does not run here.
    pub fn ensure() -> Result<Self> {
        let root = Recipe {
            name: "cross-rust",
            suites: SUITES,
            security: true,
            architecture: "amd64",
            packages: &[
                "rustc-web",
                "rust-web-src",
                "libstd-rust-web-dev",
                "libstd-rust-web-dev:arm64",
            ],
            dependencies: Dependencies::Beginning(&[
                "libstd-rust-web-",
                "libstd-rust-web-:arm64",
                "libllvm",
                "libz3-",
                "libedit",
                "libbsd",
                "libmd0",
                "libxml2",
                "libicu",
                "liblzma",
                "libffi",
                "libtinfo",
            ]),
            revision: 2,
            finish: keep_standard_library,
        }
        .ensure()?;
        Ok(Self { root })
    }

    /// The folder that the packages are unpacked in.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The compiler. It needs [`Self::libraries`] in `LD_LIBRARY_PATH`.
    pub fn rustc(&self) -> PathBuf {
        self.root.join("usr/bin/rustc")
    }

    /// The folder of the libraries that the compiler and [`llvm`]'s programs load.
    pub fn libraries(&self) -> PathBuf {
        self.root.join(LIBRARIES)
    }

    /// The version that the compiler says it has, such as `1.96.0`.
    ///
    /// # Errors
    /// If it does not run on this machine.
    pub fn version(&self) -> Result<String> {
        let mut rustc = Command::new(self.rustc());
        rustc
            .arg("--version")
            .env("LD_LIBRARY_PATH", self.libraries());
        let text = process::output("the fetched rustc", &mut rustc)?;
        text.split_whitespace()
            .nth(1)
            .map(str::to_owned)
            .context("the fetched rustc does not say its version")
    }

    /// Where the standard library's source lies, and what messages shall call it. The
    /// same folder has two paths, and the compiler writes now one and now the other.
    ///
    /// # Errors
    /// If the source is missing.
    pub fn source_paths(&self) -> Result<[(&'static str, PathBuf); 2]> {
        let link = self.root.join("usr/lib/rustlib/src/rust");
        let folder = fs::canonicalize(&link)
            .with_context(|| format!("the fetched Rust has no {}", link.display()))?;
        Ok([("rust", link), ("rust", folder)])
    }

    /// Whose work its standard library is, and under which terms.
    pub fn notices(&self) -> PathBuf {
        self.root
            .join("usr/share/doc/libstd-rust-web-dev/copyright")
    }

    /// The number of the LLVM that it was built with.
    fn llvm(&self) -> Result<u32> {
        fs::read_dir(self.libraries())
            .context("cannot look into the fetched Rust")?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .find_map(|name| {
                let rest = name.strip_prefix("libLLVM")?;
                let digits: String = rest
                    .chars()
                    .skip_while(|c| !c.is_ascii_digit())
                    .take_while(char::is_ascii_digit)
                    .collect();
                digits.parse().ok()
            })
            .context("the fetched Rust came without its LLVM")
    }
}

/// Of Rust's sources, only those of the standard library are needed: a fifth.
fn keep_standard_library(root: &Path) -> Result<()> {
    let sources = root.join("usr/lib/rustlib/src/rust");
    for unneeded in ["src", "compiler"] {
        let folder = sources.join(unneeded);
        fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// LLVM's linkers and tools, of the same LLVM as the Rust: `ld.lld`, `ld64.lld`,
/// `llvm-lipo` and others. They need [`Rust::libraries`] in `LD_LIBRARY_PATH`.
///
/// The result is the folder with the programs, under their plain names.
///
/// # Errors
/// If they cannot be fetched.
pub fn llvm(rust: &Rust) -> Result<PathBuf> {
    let number = rust.llvm()?;
    let root = Recipe {
        name: "cross-llvm",
        suites: SUITES,
        security: true,
        architecture: "amd64",
        packages: &[&format!("lld-{number}"), &format!("llvm-{number}")],
        dependencies: Dependencies::None,
        revision: 1,
        finish: |_| Ok(()),
    }
    .ensure()?;
    Ok(root.join(format!("usr/lib/llvm-{number}/bin")))
}

/// The C compiler and the linker for Windows, in this folder's `usr/bin`.
///
/// # Errors
/// If they cannot be fetched.
pub fn mingw() -> Result<PathBuf> {
    Recipe {
        name: "cross-windows",
        suites: SUITES,
        security: false,
        architecture: "amd64",
        packages: &[
            "gcc-mingw-w64-x86-64-win32",
            "gcc-mingw-w64-base",
            "gcc-mingw-w64-x86-64-win32-runtime",
            "binutils-mingw-w64-x86-64",
            "mingw-w64-x86-64-dev",
            "mingw-w64-common",
            "libisl23",
            "libmpc3",
            "libmpfr6",
            "libgmp10",
        ],
        dependencies: Dependencies::None,
        revision: 1,
        finish: |_| Ok(()),
    }
    .ensure()
}

/// Whose work is linked into everything for Windows, below [`mingw`]'s folder.
pub const MINGW_NOTICES: &str = "usr/share/doc/mingw-w64-common/copyright";

/// The C compiler and the linker for Linux on arm64, in this folder's `usr/bin`.
///
/// # Errors
/// If they cannot be fetched.
pub fn aarch64_gcc() -> Result<PathBuf> {
    Recipe {
        name: "cross-linux-arm64",
        suites: SUITES,
        security: false,
        architecture: "amd64",
        packages: &[
            "gcc-12-aarch64-linux-gnu",
            "gcc-12-aarch64-linux-gnu-base",
            "cpp-12-aarch64-linux-gnu",
            "binutils-aarch64-linux-gnu",
            "libc6-dev-arm64-cross",
            "libc6-arm64-cross",
            "libgcc-12-dev-arm64-cross",
            "libgcc-s1-arm64-cross",
            "linux-libc-dev-arm64-cross",
            "libisl23",
            "libmpc3",
            "libmpfr6",
            "libgmp10",
            "libjansson4",
            "libbinutils",
        ],
        dependencies: Dependencies::None,
        revision: 1,
        finish: |_| Ok(()),
    }
    .ensure()
}

/// Which of Python's packages has the list of what macOS's system library offers.
const MACOS_STUB: (&str, &str) = ("ziglang==0.17.1", "ziglang/lib/libc/darwin/libSystem.tbd");

/// A folder with stand-ins for macOS's system libraries, to link against: lists of the
/// functions they have, without code. Nothing of them gets into what is linked.
///
/// # Errors
/// If they cannot be fetched.
pub fn macos_stubs() -> Result<PathBuf> {
    let folder = scratch_dir("cross-macos");
    let (libraries, stamp) = (folder.join("lib"), folder.join("complete"));
    fs::create_dir_all(&libraries)
        .with_context(|| format!("cannot create {}", libraries.display()))?;
    let lock = File::create(folder.join("lock")).context("cannot create a lock file")?;
    lock.lock()
        .context("cannot wait for another xtask's download")?;
    let complete = format!("revision 2\n{} {}\n", MACOS_STUB.0, MACOS_STUB.1);
    if fs::read_to_string(&stamp).is_ok_and(|text| text == complete) {
        return Ok(libraries);
    }
    let file = python::file_of(MACOS_STUB.0, MACOS_STUB.1, &folder)
        .context("cannot fetch the list of macOS's functions (is there a network?)")?;
    let text = fs::read_to_string(&file).context("cannot read the list of macOS's functions")?;
    // The list tells of the system's own flavour of arm64 only, and of a newer one that
    // LLVM does not know. Programs of others use the same names on plain arm64.
    let text = text.replace("arm64e.x1-", "arm64-");
    for name in ["libSystem.tbd", "libc.tbd", "libm.tbd", "libiconv.tbd"] {
        fs::write(libraries.join(name), &text).context("cannot write macOS's stand-ins")?;
    }
    fs::remove_file(&file).context("cannot remove the list of macOS's functions")?;
    fs::write(&stamp, complete).context("cannot write the stamp file")?;
    Ok(libraries)
}
