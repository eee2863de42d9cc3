//! `cargo xtask test`: everything, as continuous integration runs it.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;
use longhall_provision::{Chromium, Godot, interrupt, process};

#[cfg(unix)]
use crate::three_servers;
use crate::{
    addon, arm64, check, csharp, deny, editor_test, empty_project, engines, evening, exported_game,
    first_game, fuzz, godot_test, mobile, package, platforms, play, previous_addon, project,
    server_package, tickets, unchanged, windows, windows_export, workflows, workspace,
};

/// When no slow step is begun any more: a run has 90 minutes, and the slowest step takes 25 on
/// two processors. What was not run has no sum on record, so that the next run begins with it.
const SLOW_STEPS_UNTIL: Duration = Duration::from_secs(55 * 60);

/// The steps, in the order they run: quick and likely to fail first.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Rust is formatted
    Format,
    /// GDScript is formatted and lint-free
    Gdscript,
    /// Licences and sources of all crates are allowed, where a crate has changed
    Deny,
    /// GitHub's workflows are well-formed and safe, where one has changed
    Workflows,
    /// Rust is lint-free
    Clippy,
    /// All Rust tests
    Rust,
    /// A minute of fuzzing, where a fuzzed part has changed
    Fuzz,
    /// The Rust documentation has no broken links
    Docs,
    /// The Godot addon builds
    Addon,
    /// The Godot project imports without an error line
    Import,
    /// The classes for C# are those of the node
    Csharp,
    /// Scenes and node, in headless Godot against the real server
    Godot,
    /// In a window, all that is drawn can be read, whatever theme the game has
    Window,
    /// The addon in the editor: its help, its nodes in a scene, its library loaded anew
    Editor,
    /// The package for designers; made twice, it has the same bytes
    Package,
    /// The package in an empty project, used as the README says
    EmptyProject,
    /// The game of docs/first-game.md, made from the page and the package alone, and played
    FirstGame,
    /// The exported game, as players get it, against the real server
    ExportedGame,
    /// Two headless clients talk over a server that restarts
    Conversation,
    /// An evening of five players: a troll is reported, muted and banned, one loses the
    /// password, one deletes the account
    Evening,
    /// A game's own server lets in who shows a ticket that is for it, and nobody who cheats
    Tickets,
    /// The addon of the version before talks with today's, where one of them or the server
    /// has changed
    PreviousAddon,
    /// Three clients on three servers that share a database; one server is killed. Where one of
    /// them has changed
    ThreeServers,
    /// Libraries for Windows, Linux arm64 and macOS build, where they have changed, and are
    /// what they say
    Platforms,
    /// The server's packages install, start, talk, update and go, where they have changed
    ServerPackages,
    /// The addon passes the type check for Android and the web, where it has changed
    Mobile,
    /// The Windows library and server, under Wine, where something of them has changed
    Windows,
    /// The game is exported for Windows, with a stand-in for Godot's template
    WindowsExport,
    /// A Godot on Linux arm64 talks with a native one, where the addon has changed
    Arm64,
}

impl Step {
    /// Whether it takes many minutes once its inputs have changed, on a machine that has built
    /// nothing yet.
    fn is_slow(self) -> bool {
        matches!(
            self,
            Self::Platforms
                | Self::ServerPackages
                | Self::Mobile
                | Self::Windows
                | Self::WindowsExport
                | Self::Arm64
        )
    }

    fn title(self) -> &'static str {
        match self {
            Self::Format => "Rust format",
            Self::Gdscript => "GDScript format and lints",
            Self::Deny => "licences and sources of crates",
            Self::Workflows => "workflows of GitHub",
            Self::Clippy => "Rust lints",
            Self::Rust => "Rust tests",
            Self::Fuzz => "fuzzing",
            Self::Docs => "Rust documentation",
            Self::Addon => "addon build",
            Self::Import => "Godot import",
            Self::Csharp => "classes for C#",
            Self::Godot => "Godot tests",
            Self::Window => "Godot tests in a window",
            Self::Editor => "addon in the editor",
            Self::Package => "package",
            Self::EmptyProject => "package in an empty project",
            Self::FirstGame => "the game of the page for designers",
            Self::ExportedGame => "exported game",
            Self::Conversation => "conversation of two clients",
            Self::Evening => "an evening of five players",
            Self::Tickets => "a game's own server, and tickets for it",
            Self::PreviousAddon => "addon of the version before",
            Self::ThreeServers => "three clients on three servers",
            Self::Platforms => "libraries for other platforms",
            Self::ServerPackages => "server programs, .debs and images install and start",
            Self::Mobile => "addon's type check for Android and the web",
            Self::Windows => "the Windows library and server, under Wine",
            Self::WindowsExport => "export for Windows",
            Self::Arm64 => "a Godot on Linux arm64 talks with a native one",
        }
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Format => check::rust_format(),
            Self::Gdscript => check::gdscript(),
            Self::Deny => deny::check(),
            Self::Workflows => workflows::check(),
            Self::Clippy => check::clippy(),
            Self::Rust => rust_tests(),
            Self::Fuzz => fuzz::test(),
            Self::Docs => {
                let mut cargo = workspace::cargo();
                cargo.args(["doc", "--workspace", "--no-deps", "--quiet"]);
                process::run("cargo doc", cargo.env("RUSTDOCFLAGS", "-D warnings"))
            }
            // Both here, since the later steps need both.
            Self::Addon => addon::build_both().map(drop),
            Self::Import => project::import(&Godot::find_or_fetch()?),
            Self::Csharp => csharp::check(&Godot::find_or_fetch()?),
            Self::Godot => godot_test::run_tests(&Godot::find_or_fetch()?, None),
            Self::Window => godot_test::run_window_tests(&Godot::find_or_fetch()?, None, None),
            Self::Editor => editor_test::run(&Godot::find_or_fetch()?),
            Self::Package => package::check(),
            Self::EmptyProject => empty_project::run(&Godot::find_or_fetch()?),
            Self::FirstGame => first_game::run(&Godot::find_or_fetch()?),
            Self::ExportedGame => exported_game::run(&Godot::find_or_fetch()?),
            Self::Conversation => play::converse(&Godot::find_or_fetch()?),
            Self::Evening => evening::play(&Godot::find_or_fetch()?),
            Self::Tickets => tickets::play(&Godot::find_or_fetch()?),
            Self::PreviousAddon => previous_addon::test(),
            #[cfg(unix)]
            Self::ThreeServers => three_servers::test(),
            #[cfg(not(unix))]
            Self::ThreeServers => {
                println!("skipped: PostgreSQL is started for tests where there are signals only");
                Ok(())
            }
            Self::Platforms => platforms::test(),
            Self::ServerPackages => server_package::installed::test(),
            Self::Mobile => mobile::check(),
            Self::Windows => windows::test(),
            Self::WindowsExport => windows_export::run(&Godot::find_or_fetch()?),
            Self::Arm64 => arm64::run(),
        }
    }
}

fn rust_tests() -> Result<()> {
    let mut cargo = workspace::cargo();
    // The node has no tests that run outside Godot, and building it for
    // none would take longer than all the others.
    cargo.args(["test", "--workspace"]);
    cargo.args(["--exclude", "longhall-network-client"]);
    engines::give_to(&mut cargo)?;
    // Fetched here, where it can be seen to be.
    if cfg!(unix) {
        Chromium::find_or_fetch()?;
    }
    process::run("cargo test", &mut cargo)
}

/// Runs the steps in `only`, or all of them; with `again` also those that would be skipped,
/// as nothing of theirs has changed. A failed step does not keep the
/// later ones from running.
///
/// # Errors
/// If a step failed.
pub(crate) fn run(only: &[Step], again: bool) -> Result<()> {
    if again {
        unchanged::run_all_again();
    }
    let steps: Vec<_> = Step::value_variants()
        .iter()
        .copied()
        .filter(|step| only.is_empty() || only.contains(step))
        .collect();
    let began = Instant::now();
    let mut results = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        println!("\n== {}/{} {}", number + 1, steps.len(), step.title());
        if only.is_empty() && !again && step.is_slow() && began.elapsed() > SLOW_STEPS_UNTIL {
            println!("NOT RUN: this run has taken too long already; the next one tries it");
            continue;
        }
        let started = Instant::now();
        let result = step.run();
        interrupt::check()?;
        if let Err(error) = &result {
            println!("{error:#}");
        }
        println!("== {} in {}", outcome(&result), seconds(started.elapsed()));
        results.push((step, result, started.elapsed()));
    }

    println!();
    for (step, result, elapsed) in &results {
        println!(
            "{:6} {:>8}  {}",
            outcome(result),
            seconds(*elapsed),
            step.title()
        );
    }
    let failed = results
        .iter()
        .filter(|(_, result, _)| result.is_err())
        .count();
    println!("{} passed, {failed} failed", results.len() - failed);
    if failed > 0 {
        bail!("not everything passed");
    }
    Ok(())
}

fn outcome(result: &Result<()>) -> &'static str {
    if result.is_ok() { "ok" } else { "FAILED" }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
