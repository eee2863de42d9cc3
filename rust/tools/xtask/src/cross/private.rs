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
    let version = rust.version()?;
    check_version(&version)?;
    let bin = folder().join("bin");
    fs::create_dir_all(&bin).with_context(|| format!("cannot create {}", bin.display()))?;
    // Cargo asks a compiler for its version anew when the file has changed.
    let rustc = launcher(&rust.libraries(), &rust.rustc(), "")? + &format!("# {version}\n");
    cargo.env("RUSTC", write(bin.join("rustc"), &rustc)?);
    // A stable Rust builds its own standard library with this, as Rust's makers do. It is
    // set for every target: crates that heed it would else be built anew after each change
    // of the target, and with them all others.
    cargo.env("RUSTC_BOOTSTRAP", "1");
    // The standard library's source lies below the checkout under two names.
    for (name, path) in rust.source_paths()? {
        flags.push(format!("--remap-path-prefix={}={name}", path.display()));
    }
    match target {
        Target::LinuxX86_64 => {}
        Target::LinuxArm64 => {
            let root = toolchain::aarch64_gcc()?;
            let tools = Tools::new(&bin, &root, "arm64", "aarch64-linux-gnu");
            let gcc = tools.script("cc", "gcc-12", &format!("--sysroot={}", quoted(&root)))?;
            tools.tell(cargo, target, &gcc)?;
        }
        Target::WindowsX86_64 => {
            build_std(cargo);
            // Only together with lld this leaves out what is never called.
            flags.push("-Zfunction-sections=yes".to_owned());
            prepare_windows(cargo, &rust, &bin)?;
        }
        Target::MacosArm64 | Target::MacosX86_64 => {
            build_std(cargo);
            flags.push("-Clinker-flavor=ld64.lld".to_owned());
            cargo.env(linker_variable(target), macos_linker(&rust, &bin)?);
            put_on_path(cargo, &bin);
            cargo.env("SDKROOT", toolchain::macos_stubs()?);
            cargo.env("MACOSX_DEPLOYMENT_TARGET", OLDEST_MACOS);
        }
        Target::AndroidArm64 | Target::AndroidX86_64 | Target::Web => build_std(cargo),
    }
    Ok(())
}

fn prepare_windows(cargo: &mut Command, rust: &Rust, bin: &Path) -> Result<()> {
    let root = toolchain::mingw()?;
    let tools = Tools::new(bin, &root, "windows", "x86_64-w64-mingw32");
    let gcc = tools.script("cc", "gcc-win32", "")?;
    tools.tell(cargo, Target::WindowsX86_64, &gcc)?;
    // GCC looks for `ld.lld` in the folder behind -B.
    let lld = bin.join("lld");
    let program = toolchain::llvm(rust)?.join("ld.lld");
    write(
        lld.join("ld.lld"),
        &launcher(&rust.libraries(), &program, "")?,
    )?;
    let linker = write(bin.join("windows-linker"), &windows_linker(&gcc, &lld))?;
    cargo.env(linker_variable(Target::WindowsX86_64), linker);
    // The standard library is built with the `dlltool` that is there.
    put_on_path(cargo, &root.join("usr/bin"));
    Ok(())
}

/// The linker for macOS, and beside it the program that Rust strips with.
fn macos_linker(rust: &Rust, bin: &Path) -> Result<PathBuf> {
    let (llvm, libraries) = (toolchain::llvm(rust)?, rust.libraries());
    let objcopy = launcher(&libraries, &llvm.join("llvm-objcopy"), "")?;
    write(bin.join("rust-objcopy"), &objcopy)?;
    let ld = launcher(&libraries, &llvm.join("ld64.lld"), "")?;
    let ld = write(bin.join("ld64.lld"), &ld)?;
    let linker = macos_script(&ld, &toolchain::macos_stubs()?);
    write(bin.join("macos-linker"), &linker)
}

/// Has programs found in this folder first.
fn put_on_path(cargo: &mut Command, folder: &Path) {
    let mut path = OsString::from(folder);
    if let Some(others) = env::var_os("PATH") {
        path.push(":");
        path.push(others);
    }
    cargo.env("PATH", path);
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
}

/// The fetched Rust moves on with Debian; it must not be older than the workspace asks.
fn check_version(version: &str) -> Result<()> {
    let needed = env!("CARGO_PKG_RUST_VERSION");
    if numbers(version) < numbers(needed) {
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

    /// A script that starts one of the programs.
    fn script(&self, name: &str, program: &str, arguments: &str) -> Result<PathBuf> {
        let program = self.root.join(format!("usr/bin/{}-{program}", self.prefix));
        let libraries = self.root.join("usr/lib/x86_64-linux-gnu");
        let file = self.bin.join(format!("{}-{name}", self.name));
        write(file, &launcher(&libraries, &program, arguments)?)
    }

    /// Tells cargo of the linker, and build scripts of the C compiler.
    fn tell(&self, cargo: &mut Command, target: Target, gcc: &Path) -> Result<()> {
        let triple = target.triple().replace('-', "_");
        cargo.env(linker_variable(target), gcc);
        cargo.env(format!("CC_{triple}"), gcc);
        cargo.env(format!("AR_{triple}"), self.script("ar", "ar", "")?);
        Ok(())
    }
}

fn linker_variable(target: Target) -> String {
    let triple = target.triple().to_uppercase().replace('-', "_");
    format!("CARGO_TARGET_{triple}_LINKER")
}

/// Links with lld, which does not know an argument that Rust passes to GNU's linker, and
/// else writes the time into the file.
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
         exec {} -fuse-ld=lld -B{} \"$@\" -Wl,--no-insert-timestamp\n",
        quoted(gcc),
        quoted(lld)
    )
}

/// Links against stand-ins for the system's libraries, and signs for both processors. Rust
/// says first which of lld's linkers it means, as if there were one program for all. The
/// path that a library gives for itself would else be where it was built.
fn macos_script(ld: &Path, stubs: &Path) -> String {
    format!(
        "#!/bin/sh\n\
         if [ \"$1\" = -flavor ]; then shift 2; fi\n\
         case \" $* \" in\n\
         *' -dylib '*) set -- \"$@\" -install_name @rpath/liblonghall.dylib ;;\n\
         esac\n\
         exec {} -adhoc_codesign -L{} \"$@\"\n",
        quoted(ld),
        quoted(stubs)
    )
}

/// A script that starts `program` with its libraries.
fn launcher(libraries: &Path, program: &Path, arguments: &str) -> Result<String> {
    if !program.is_file() {
        bail!("the fetched packages have no {}", program.display());
    }
    let (libraries, program) = (quoted(libraries), quoted(program));
    Ok(format!(
        "#!/bin/sh\nexport LD_LIBRARY_PATH={libraries}\nexec {program} {arguments} \"$@\"\n"
    ))
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Writes a script, unless it is there already. In one step, for another xtask may be
/// about to start it.
fn write(file: PathBuf, text: &str) -> Result<PathBuf> {
    if !fs::read_to_string(&file).is_ok_and(|there| there == text) {
        let fresh = file.with_extension(format!("new{}", std::process::id()));
        workspace::write(&fresh, text)?;
        make_executable(&fresh)?;
        fs::rename(&fresh, &file).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(file)
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
    fn the_linker_for_macos_is_not_told_what_it_is_and_names_libraries_only() {
        let folder = workspace::scratch_dir("tmp").join("macos-linker");
        fs::create_dir_all(&folder).unwrap();
        let text = macos_script(Path::new("/bin/echo"), &folder);
        let linker = write(folder.join("linker"), &text).unwrap();
        let said =
            |words: &[&str]| process::output("linker", Command::new(&linker).args(words)).unwrap();
        let always = format!("-adhoc_codesign -L{}", folder.display());
        assert_eq!(
            said(&["-flavor", "darwin", "a b.o", "-dylib"]),
            format!("{always} a b.o -dylib -install_name @rpath/liblonghall.dylib\n")
        );
        assert_eq!(said(&["a.o"]), format!("{always} a.o\n"));
    }

    #[cfg(unix)]
    #[test]
    fn the_linker_for_windows_gets_all_words_but_the_one_it_does_not_know() {
        let folder = workspace::scratch_dir("tmp").join("windows-linker");
        fs::create_dir_all(&folder).unwrap();
        let text = windows_linker(Path::new("/bin/echo"), &folder);
        let linker = write(folder.join("linker"), &text).unwrap();
        let words = [
            "-o",
            "a b.dll",
            "-Wl,-soname=x.dll",
            "-Wl,--x",
            "-Wl,-soname,y",
        ];
        let said = process::output("linker", Command::new(&linker).args(words)).unwrap();
        let expected = format!(
            "-fuse-ld=lld -B{} -o a b.dll -Wl,--x -Wl,--no-insert-timestamp\n",
            folder.display()
        );
        assert_eq!(said, expected);
    }
}
