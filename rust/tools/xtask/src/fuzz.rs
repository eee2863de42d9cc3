//! `cargo xtask fuzz`: looks for bytes that a decoder, or the server, does not bear.
//!
//! The targets are those of the crate `longhall-fuzz`. libFuzzer runs them, on the
//! stable toolchain: what it needs to know which ways an input takes are plain options
//! of code generation. It is built by a C++ compiler; where there is none, nothing is
//! looked for, and that is said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use longhall_provision::{interrupt, process};

use crate::unchanged::{Stamp, files};
use crate::{addon, workspace};

/// All there are in `longhall-fuzz`, with what they feed.
const TARGETS: &[(&str, &str)] = &[
    ("client-packets", "the server's decoder"),
    ("server-packets", "the game's decoder"),
    ("names", "names, texts and the keys of names"),
    ("frames", "the load generator's frame reader"),
    ("connection", "a whole connection to the server"),
    ("admin", "the server's address for the operator"),
    ("proxies", "what proxies tell of whose connection it is"),
    (
        "tickets",
        "what games' servers are shown, and the keys for it",
    ),
];

/// Has the compiler note which ways an input takes, and what it is compared with.
const INSTRUMENT: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
];

/// What else decides how inputs are borne.
const COVERED: &[&str] = &[
    "Cargo.lock",
    "rust/tools/fuzz",
    "rust/packet/src",
    "rust/ticket/src",
    "rust/world/src",
    "Cargo.toml",
    "server/Cargo.toml",
    "rust/tools/swarm/src/frame.rs",
    "rust/tools/swarm/src/wire.rs",
    "server/src",
];

/// Longer than any input the server would take in one frame.
const MAX_INPUT_BYTES: u32 = 20_000;
/// An input that takes longer, in seconds, hangs.
const INPUT_LIMIT_S: u32 = 15;
/// More memory than any input may cost, in megabytes.
const MEMORY_LIMIT_MB: u32 = 1024;
/// What a target takes beside its time: to run what is kept, and to end.
const SLACK: Duration = Duration::from_secs(120);

/// How long, and what.
#[derive(Args)]
pub(crate) struct Options {
    /// Seconds to look for inputs, in all; each target gets its share
    #[arg(default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Fuzz only this target; may be given more than once
    #[arg(long, value_name = "TARGET", value_parser = TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>())]
    only: Vec<String>,
    /// Add the fewest of the inputs found to the kept ones that take all ways found
    #[arg(long)]
    update_corpora: bool,
}

/// Fuzzes.
///
/// # Errors
/// If an input is not borne, which is kept and named; or where the machine cannot fuzz.
pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(why) = obstacle() {
        bail!("{why}");
    }
    let targets: Vec<_> = TARGETS
        .iter()
        .filter(|(name, _)| options.only.is_empty() || options.only.iter().any(|one| one == name))
        .collect();
    let program = build()?;
    let share = (options.seconds / targets.len() as u64).max(1);
    for (name, what) in targets {
        println!("{name}: {what}, for {share} s");
        let fuzzing = Fuzzing::prepare(&program, name)?;
        fuzzing.run(share)?;
        if options.update_corpora {
            fuzzing.update_corpus()?;
        }
    }
    Ok(())
}

/// The step of `cargo xtask test`: a minute, unless nothing has changed since the last
/// one that went well.
///
/// # Errors
/// As [`run`]. A machine that cannot fuzz is none; it is said.
pub(crate) fn test() -> Result<()> {
    if let Some(why) = obstacle() {
        println!("not fuzzed: {why}; the kept inputs are run by the Rust tests");
        return Ok(());
    }
    let covered = COVERED.iter().map(|path| workspace::root().join(path));
    let stamp = Stamp::of(folder().join("fuzzed"), covered)?;
    if stamp.is_kept() {
        println!(
            "skipped: no fuzzed part has changed since it went well; `cargo xtask fuzz` fuzzes \
             all the same"
        );
        return Ok(());
    }
    run(&Options {
        seconds: 60,
        only: Vec::new(),
        update_corpora: false,
    })?;
    stamp.keep()
}

/// Why this machine cannot fuzz, if it cannot.
fn obstacle() -> Option<String> {
    if !cfg!(all(
        any(target_os = "linux", target_os = "macos"),
        any(target_arch = "x86_64", target_arch = "aarch64")
    )) {
        return Some("libFuzzer runs on Linux and macOS alone".to_owned());
    }
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    let found = Command::new(&compiler).arg("--version").output();
    match found {
        Ok(output) if output.status.success() => None,
        _ => Some(format!(
            "libFuzzer needs a C++ compiler, and there is no `{compiler}` (Debian: apt install g++)"
        )),
    }
}

fn build() -> Result<PathBuf> {
    let host = addon::host_target()?;
    // A folder of its own, as everything is instrumented; and the target is named, so
    // that build scripts are not.
    let target_dir = folder().join("build");
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--quiet", "--package", "longhall-fuzz"]);
    cargo.args(["--features", "libfuzzer", "--profile", "fuzz"]);
    cargo.args(["--target", &host, "--target-dir"]);
    cargo.arg(&target_dir);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENT.join("\u{1f}"));
    println!("building what is fuzzed, instrumented (minutes, the first time)");
    process::run("cargo build --package longhall-fuzz", &mut cargo)?;
    Ok(target_dir.join(host).join("fuzz/longhall-fuzz"))
}

/// One target with its folders.
struct Fuzzing<'a> {
    program: &'a Path,
    name: &'a str,
    /// In the checkout: few inputs, each of which takes a way of its own.
    kept: PathBuf,
    /// All that were ever found here.
    found: PathBuf,
    failures: PathBuf,
}

impl<'a> Fuzzing<'a> {
    fn prepare(program: &'a Path, name: &'a str) -> Result<Self> {
        let fuzzing = Self {
            program,
            name,
            kept: workspace::root().join("rust/tools/fuzz/corpora").join(name),
            found: folder().join("found").join(name),
            failures: folder().join("failures").join(name),
        };
        for dir in [&fuzzing.found, &fuzzing.failures] {
            fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        }
        Ok(fuzzing)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command
            .env("LONGHALL_FUZZ_TARGET", self.name)
            .env("RUST_BACKTRACE", "1")
            .arg(format!("-max_len={MAX_INPUT_BYTES}"))
            .arg(format!("-timeout={INPUT_LIMIT_S}"))
            .arg(format!("-rss_limit_mb={MEMORY_LIMIT_MB}"))
            // With its last separator: it is put before a name.
            .arg(format!("-artifact_prefix={}/", self.failures.display()));
        command
    }

    fn run(&self, seconds: u64) -> Result<()> {
        let mut command = self.command();
        command.arg(format!("-max_total_time={seconds}"));
        command.args(["-print_final_stats=1"]);
        // New ones go to the first.
        command.arg(&self.found).arg(&self.kept);
        let (mut lines, mut ways, mut inputs) = (Vec::new(), String::new(), String::new());
        let started = Instant::now();
        let limit = Duration::from_secs(seconds) + SLACK;
        let status = process::run_lines("libFuzzer", &mut command, limit, |line| {
            if let Some((_, rest)) = line.text.split_once(" cov: ") {
                ways = rest.split(' ').next().unwrap_or_default().to_owned();
            }
            if let Some(count) = line.text.strip_prefix("stat::number_of_executed_units:") {
                inputs = count.trim().to_owned();
            }
            lines.push(line.text);
            Ok(())
        })?;
        interrupt::check()?;
        if !status.success() {
            // What libFuzzer says about itself comes before, and is long.
            for line in &lines[lines.len().saturating_sub(60)..] {
                println!("{line}");
            }
            bail!(
                "{} does not bear an input; it is in {}. Mend the cause, and put the input \
                 into {}, where it stays a test",
                self.name,
                self.failures.display(),
                self.kept.display()
            );
        }
        println!(
            "{}: {inputs} inputs took {ways} ways in {:.0} s, all borne",
            self.name,
            started.elapsed().as_secs_f64()
        );
        Ok(())
    }

    fn update_corpus(&self) -> Result<()> {
        let before = files(&self.kept)?.len();
        let mut command = self.command();
        // As few of those found as it takes to go all ways, however often.
        command.args(["-set_cover_merge=1", "-use_counters=0"]);
        command.arg(&self.kept).arg(&self.found);
        let status = process::run_lines("libFuzzer", &mut command, 10 * SLACK, |_| Ok(()))?;
        process::expect_success("libFuzzer", status)?;
        let added = files(&self.kept)?.len() - before;
        println!("{}: {added} inputs more are kept", self.name);
        Ok(())
    }
}

fn folder() -> PathBuf {
    workspace::scratch_dir("fuzz")
}
