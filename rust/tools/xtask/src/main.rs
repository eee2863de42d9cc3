//! Longhall's developer commands: `cargo xtask <command>`.
//!
//! One file per command; what several of them use lies beside them.

mod play;
mod evening;
mod tickets;
mod previous_addon;
#[cfg(unix)]
mod three_servers;

mod bench;
mod check;
mod deny;
mod editor_test;
mod empty_project;
mod exported_game;
mod first_game;
mod arm64;
mod windows_export;
mod player;
mod godot_test;
mod screenshots;
mod csharp;
mod soak;
mod fuzz;
mod engines;
mod platforms;
mod mobile;
mod windows;
mod test;

mod package;
mod server_package;
mod export;
mod release;

mod addon;
mod cross;
mod inspect;
mod library;
mod project;

mod control;
#[cfg(unix)]
mod front;
mod server_process;

mod gdtoolkit;
mod workflows;
mod godot;
mod official_godot;

mod unchanged;
mod workspace;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use longhall_provision::{Godot, interrupt};

/// Longhall's developer commands.
///
/// Nothing needs to be installed but Rust and a C compiler. Godot 4 is taken from
/// GODOT4_BIN or PATH; on Debian it is fetched into target/ where it is missing.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build everything, start a server and open the game
    ///
    /// The server listens on a free port of this machine only, and keeps its
    /// accounts in target/play. Without a display, two clients without windows
    /// play a scripted conversation instead.
    Play(play::Options),
    /// Run every check and test, as continuous integration does
    Test {
        /// Run only this step; may be given more than once
        #[arg(long, value_enum, value_name = "STEP")]
        only: Vec<test::Step>,
        /// Also run steps of which nothing has changed since they passed
        #[arg(long)]
        again: bool,
    },
    /// Check format, lints and licences, for the moment before a commit
    ///
    /// Those of Rust, GDScript and GitHub's workflows. Builds no program.
    Check,
    /// Format Rust and GDScript
    Fmt,
    /// Build the addon into godot_project/, where the editor loads it
    ///
    /// This is the library for the editor and for debug builds of a game. It is
    /// optimised, and can make the connection bad on purpose.
    Addon {
        /// Also build the library that release exports load, for an export from the editor
        #[arg(long)]
        release: bool,
    },
    /// Make target/package/longhall-VERSION-PLATFORM.zip, to unpack into a game's project
    ///
    /// The zip holds addons/longhall with both libraries, a manifest and the
    /// notices of all crates in them. The same sources give the same bytes.
    /// `--platform all` builds for Windows, Linux and macOS at once; on a Debian on x86_64
    /// all it needs is fetched into target/. Elsewhere, make a package on each machine, and
    /// give the other machines' godot_project/addons/longhall/bin/* to one with --library.
    Package(package::Options),
    /// Make the server's programs, Debian packages and images in target/package/
    ///
    /// For Linux, a program that runs with every glibc from Debian 11's 2.31 on: in a
    /// .tar.gz, as a .deb with a service of systemd, and as an image for containers, which takes
    /// its C library from Debian 12. For Windows, a .zip. The same sources give the same bytes.
    PackageServer(server_package::Options),
    /// Make everything that is published with a version, in target/release-VERSION/
    ///
    /// Checks first that version, changelog and tag agree and that nothing is left
    /// uncommitted. Then come the addon for all platforms, the server's programs,
    /// checksums, lists of all crates (CycloneDX), notes, and what Godot's asset library
    /// asks for. The same commit gives the same bytes.
    Release(release::Options),
    /// Make a player's build of the game in target/export/
    ///
    /// Godot's export templates for Linux are fetched where Godot comes from Debian;
    /// otherwise, and for Windows, those that the editor has installed are used, or
    /// the one given with --template.
    Export(export::Options),
    /// Run the scenes' and the node's tests in Godot against a real server
    ///
    /// Most of them need no window; those that look at what is drawn run with
    /// `--window`, in memory where there is no display. GODOT4_BIN has them run in
    /// another version of Godot.
    GodotTest(godot_test::Options),
    /// Measure how fast everything is, beside references of the same run
    ///
    /// Each bench starts a server of its own, on a core apart from the load
    /// generator where there are two. Prints one table; figures as JSON go to
    /// target/bench. What is measured and how is in docs/performance.md.
    Bench(bench::Options),
    /// Prove at length that no chat line is lost or doubled, whatever the network does
    ///
    /// Players chat through a line that cuts, stalls and half-closes their
    /// connections in the middle of packets, while the server is killed with
    /// SIGKILL over and over. In the end all must have heard the same, once.
    /// With --cluster there are three servers, PostgreSQL crashes and NATS dies as well.
    /// A quick version of both is part of `test`.
    Soak(soak::Options),
    /// Find PostgreSQL and NATS, for tests of several servers, and say where they are
    ///
    /// Those of this machine, else Debian's, which are fetched into target/. Nothing is
    /// installed and nothing started. `test`, `soak` and `bench` do the same by themselves;
    /// `cargo test` finds what was fetched. LONGHALL_POSTGRES_BIN (the folder with PostgreSQL's
    /// programs) and LONGHALL_NATS_SERVER (the program) name others.
    Engines(engines::Options),
    /// Look for bytes that make the server or a game panic, hang or eat memory
    ///
    /// LibFuzzer makes up inputs for the decoders of both directions, the keys of names,
    /// the frame reader and a whole connection to the server. An input that breaks one is
    /// kept in target/fuzz/failures; those worth keeping lie in rust/tools/fuzz/corpora,
    /// which the tests run. Needs a C++ compiler, and the stable toolchain only. A minute
    /// of it is part of `test` when a fuzzed part has changed.
    Fuzz(fuzz::Options),
    /// Render docs/pictures from the scenes and the editor
    Screenshots {
        /// Render every screen instead, to look at: as on a desktop and as on a phone, in
        /// English and German, into target/screens
        #[arg(long)]
        screens: bool,
    },
    /// Write addons/longhall/csharp: classes for games in C#, from what Godot says of the node
    Csharp,
    /// Play the README's examples in an empty project with this package in it
    ///
    /// As a designer unpacks it, with the Godot of this machine and a server that is
    /// started for it. The package may come from another machine.
    TryPackage {
        /// The zip that `cargo xtask package` or a release made
        #[arg(value_name = "FILE")]
        package: PathBuf,
    },
    /// Fetch an official Godot into target/, checked against its makers' checksums
    ///
    /// Prints what GODOT4_BIN has to be for the other commands to use it. Where Debian has
    /// packages, nobody needs it. Needs curl.
    FetchGodot(official_godot::Options),
    /// Run Godot: alone it opens the project in the editor, `-- <ARGS>` passes arguments
    Godot {
        /// Arguments for Godot
        #[arg(last = true)]
        arguments: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    interrupt::install()?;
    match task {
        Task::Play(options) => play::run(&options),
        Task::Test { only, again } => test::run(&only, again),
        Task::Check => check::run(),
        Task::Fmt => check::format(),
        Task::Addon { release: false } => addon::build(),
        Task::Addon { release: true } => addon::build_both().map(drop),
        Task::Package(options) => package::run(&options).map(drop),
        Task::PackageServer(options) => server_package::run(&options),
        Task::Release(options) => release::run(&options),
        Task::Export(options) => export::run(&options),
        Task::GodotTest(options) => godot_test::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Soak(options) => soak::run(&options),
        Task::Engines(options) => engines::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Csharp => csharp::write(),
        Task::Screenshots { screens: false } => screenshots::run(),
        Task::Screenshots { screens: true } => screenshots::render_screens(),
        Task::TryPackage { package } => {
            empty_project::try_package(&Godot::find_or_fetch()?, &package)
        }
        Task::FetchGodot(options) => official_godot::run(&options),
        Task::Godot { arguments } => godot::run(&arguments),
    }
}
