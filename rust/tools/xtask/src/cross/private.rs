//! Debian's Rust and linkers below `target/`, for machines that rustup does not know here.
//!
//! Their programs need libraries that lie beside them, so each is started by a small
//! script in `target/cross/bin`, which says where.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use longhall_provision::process;
use longhall_provision::toolchain::{self, Rust};

use super::{Target, folder};
use crate::workspace;

/// Whether the fetched Rust is the way to build for `target` on this machine.
pub(super) fn available(target: Target) -> bool {
    // This machine's own Rust builds for this machine.
    target != Target::LinuxX86_64 && toolchain::available()
}

/// Makes `cargo` build with the fetched Rust.
pub(super) fn prepare(cargo: &mut Command, target: Target, flags: &mut Vec<String>) -> Result<()> {
    let rust = Rust::ensure()?;
    check_version(&rust)?;
    let bin = folder().join("bin");
    fs::create_dir_all(&bin).with_context(|| format!("cannot create {}", bin.display()))?;
    cargo.env(
        "RUSTC",
        script(&bin, "rustc", &rust.libraries(), &rust.rustc(), "")?,
    );
    // The standard library's source lies below the checkout under two names.
    for (name, path) in rust.source_paths()? {
        flags.push(format!("--remap-path-prefix={}={name}", path.display()));
    }
    match target {
        Target::LinuxX86_64 => {}
        Target::LinuxArm64 => {
            let root = toolchain::aarch64_gcc()?;
            let tools = Tools::new(&bin, &root, "arm64", "aarch64-linux-gnu");
            let gcc = tools.gcc("gcc-12", &format!("--sysroot={}", quoted(&root)))?;
            tools.set(cargo, target, &gcc, "ar")?;
        }
        Target::WindowsX86_64 => {
            build_std(cargo);
            // Both are needed to leave out what is never called: half of the library.
            flags.push("-Zfunction-sections=yes".to_owned());
            let root = toolchain::mingw()?;
            let llvm = toolchain::llvm(&rust)?;
            let tools = Tools::new(&bin, &root, "windows", "x86_64-w64-mingw32");
            let gcc = tools.gcc("gcc-win32", "")?;
            // GCC looks for `ld.lld` in the folder behind -B.
            let lld = bin.join("lld");
            fs::create_dir_all(&lld).with_context(|| format!("cannot create {}", lld.display()))?;
            script(&lld, "ld.lld", &rust.libraries(), &llvm.join("ld.lld"), "")?;
            tools.set(cargo, target, &gcc, "ar")?;
            let linker = tools.write("linker", &windows_linker(&gcc, &lld))?;
            cargo.env(linker_variable(target), linker);
            // The standard library is built with a `dlltool` from PATH.
            let mut path = OsString::from(root.join("usr/bin"));
            path.push(":");
            path.push(env::var_os("PATH").unwrap_or_default());
            cargo.env("PATH", path);
        }
        Target::MacosArm64 | Target::MacosX86_64 => {
            build_std(cargo);
            flags.push("-Clinker-flavor=ld64.lld".to_owned());
            let stubs = toolchain::macos_stubs()?;
            let llvm = toolchain::llvm(&rust)?;
            let ld = script(
                &bin,
                "ld64.lld",
                &rust.libraries(),
                &llvm.join("ld64.lld"),
                "",
            )?;
            let linker = bin.join("macos-linker");
            write(&linker, &macos_linker(&ld, &stubs))?;
            cargo.env(linker_variable(target), linker);
            // Rust strips with this program from PATH.
            let objcopy = llvm.join("llvm-objcopy");
            script(&bin, "rust-objcopy", &rust.libraries(), &objcopy, "")?;
            let mut path = OsString::from(&bin);
            path.push(":");
            path.push(env::var_os("PATH").unwrap_or_default());
            cargo.env("PATH", path);
            cargo.env("SDKROOT", &stubs);
            cargo.env("MACOSX_DEPLOYMENT_TARGET", OLDEST_MACOS);
        }
        Target::AndroidArm64 | Target::AndroidX86_64 | Target::Web => build_std(cargo),
    }
    Ok(())
}

/// The terms of the standard library, and of what every program for Windows begins with.
pub(super) fn notices(target: Target) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let read =
        |file: PathBuf| fs::read(&file).with_context(|| format!("cannot read {}", file.display()));
    let rust = read(Rust::ensure()?.notices())?;
    let mut notices = vec![("RUST_STANDARD_LIBRARY_NOTICES_DEBIAN.txt", rust)];
    if target == Target::WindowsX86_64 {
        let mingw = read(toolchain::mingw()?.join(toolchain::MINGW_NOTICES))?;
        notices.push(("MINGW_W64_NOTICES.txt", mingw));
    }
    Ok(notices)
}

/// The oldest macOS that the libraries load on.
pub(super) const OLDEST_MACOS: &str = "11.0";

/// One of LLVM's programs.
pub(super) fn llvm_tool(name: &str) -> Result<Command> {
    if !toolchain::available() {
        let Some(program) = process::find_on_path(name) else {
            bail!("{name} is not on PATH: install LLVM");
        };
        return Ok(Command::new(program));
    }
    let rust = Rust::ensure()?;
    let mut command = Command::new(toolchain::llvm(&rust)?.join(name));
    command.env("LD_LIBRARY_PATH", rust.libraries());
    Ok(command)
}

/// Has cargo build the standard library from its source, for the fetched Rust has none
/// for this target.
fn build_std(cargo: &mut Command) {
    cargo.arg("-Zbuild-std=std,panic_unwind");
    // A stable Rust builds its own standard library with this, as Rust's makers do.
    cargo.env("RUSTC_BOOTSTRAP", "1");
}

/// The fetched Rust moves on with Debian; it must not be older than the workspace asks.
fn check_version(rust: &Rust) -> Result<()> {
    let version = rust.version()?;
    let needed = env!("CARGO_PKG_RUST_VERSION");
    if numbers(&version) < numbers(needed) {
        bail!(
            "Debian's Rust for other machines is {version}, and this workspace needs {needed}: \
             remove target/cross-rust to fetch it anew, or wait for Debian's next security update"
        );
    }
    Ok(())
}

/// `[1, 96, 0]` of `1.96.0`.
fn numbers(version: &str) -> Vec<u32> {
    version
        .split(['.', '-', '+'])
        .map_while(|word| word.parse().ok())
        .collect()
}

/// A GCC and the programs of its binutils for one kind of machine.
struct Tools<'a> {
    bin: &'a Path,
    root: &'a Path,
    /// What the scripts' names begin with.
    name: &'a str,
    /// What the programs' names begin with.
    prefix: &'a str,
}

impl<'a> Tools<'a> {
    fn new(bin: &'a Path, root: &'a Path, name: &'a str, prefix: &'a str) -> Self {
        Self {
            bin,
            root,
            name,
            prefix,
        }
    }

    fn gcc(&self, program: &str, arguments: &str) -> Result<PathBuf> {
        self.script("cc", program, arguments)
    }

    fn script(&self, name: &str, program: &str, arguments: &str) -> Result<PathBuf> {
        let program = self.root.join(format!("usr/bin/{}-{program}", self.prefix));
        let name = format!("{}-{name}", self.name);
        script(self.bin, &name, &self.libraries(), &program, arguments)
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let file = self.bin.join(format!("{}-{name}", self.name));
        write(&file, text)?;
        Ok(file)
    }

    fn libraries(&self) -> PathBuf {
        self.root.join("usr/lib/x86_64-linux-gnu")
    }

    /// Tells cargo of the linker, and build scripts of the C compiler.
    fn set(&self, cargo: &mut Command, target: Target, gcc: &Path, ar: &str) -> Result<()> {
        let triple = target.triple().replace('-', "_");
        cargo.env(linker_variable(target), gcc);
        cargo.env(format!("CC_{triple}"), gcc);
        cargo.env(format!("AR_{triple}"), self.script("ar", ar, "")?);
        Ok(())
    }
}

fn linker_variable(target: Target) -> String {
    let triple = target.triple().to_uppercase().replace('-', "_");
    format!("CARGO_TARGET_{triple}_LINKER")
}

/// Links with lld, which does not know an argument that Rust passes to GNU's linker.
fn windows_linker(gcc: &Path, lld: &Path) -> String {
    format!(
        "#!/bin/sh\n\
         for word; do\n\
         \tshift\n\
         \tcase $word in\n\
         \t-Wl,-soname=* | -Wl,-soname,*) ;;\n\
         \t*) set -- \"$@\" \"$word\" ;;\n\
         \tesac\n\
         done\n\
         exec {} -fuse-ld=lld -B{} \"$@\"\n",
        quoted(gcc),
        quoted(lld)
    )
}

/// Links against stand-ins for the system's libraries, and signs for both processors.
/// The path that a library gives
/// for itself would else be where it was built.
fn macos_linker(ld: &Path, stubs: &Path) -> String {
    format!(
        "#!/bin/sh\n\
         case \" $* \" in\n\
         *' -dylib '*) set -- \"$@\" -install_name @rpath/liblonghall.dylib ;;\n\
         esac\n\
         exec {} -adhoc_codesign -L{} \"$@\"\n",
        quoted(ld),
        quoted(stubs)
    )
}

/// Writes a script that starts `program` with its libraries.
fn script(
    bin: &Path,
    name: &str,
    libraries: &Path,
    program: &Path,
    arguments: &str,
) -> Result<PathBuf> {
    if !program.is_file() {
        bail!("the fetched packages have no {}", program.display());
    }
    let file = bin.join(name);
    let text = format!(
        "#!/bin/sh\nexport LD_LIBRARY_PATH={}\nexec {} {arguments} \"$@\"\n",
        quoted(libraries),
        quoted(program)
    );
    write(&file, &text)?;
    Ok(file)
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Writes a script, if it is not there already: cargo builds anew after a newer compiler.
fn write(file: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(file).is_ok_and(|there| there == text) {
        return Ok(());
    }
    workspace::write(file, text)?;
    make_executable(file)
}

#[cfg(unix)]
fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make {} executable", file.display()))
}

#[cfg(not(unix))]
fn make_executable(_file: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        assert!(numbers("1.100.0") > numbers("1.95"));
        assert!(numbers("1.95.0") >= numbers("1.95"));
        assert!(numbers("1.85.0") < numbers("1.95"));
        assert_eq!(numbers("1.96.0-nightly"), [1, 96, 0]);
    }

    #[cfg(unix)]
    #[test]
    fn the_linker_for_windows_gets_all_words_but_the_one_it_does_not_know() {
        let folder = workspace::scratch_dir("tmp").join("windows-linker");
        fs::create_dir_all(&folder).unwrap();
        let linker = folder.join("linker");
        write(&linker, &windows_linker(Path::new("/bin/echo"), &folder)).unwrap();
        let words = [
            "-o",
            "a b.dll",
            "-Wl,-soname=x.dll",
            "-Wl,--x",
            "-Wl,-soname,y",
        ];
        let said = process::output("linker", Command::new(&linker).args(words)).unwrap();
        let expected = format!("-fuse-ld=lld -B{} -o a b.dll -Wl,--x\n", folder.display());
        assert_eq!(said, expected);
    }
}
