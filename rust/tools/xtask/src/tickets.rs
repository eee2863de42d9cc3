//! A game's own server and those who come to it, each a real Godot: who proves to be somebody is
//! let in, and who cheats is not.
//!
//! Each one's part is a file of `res://tests/tickets`. They play with the scenes of
//! `res://examples/tickets`, and wait for each other by notes on a board, a folder that all have
//! in common.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use longhall_provision::{Godot, interrupt};

use crate::godot_test::{SERVER_ARGUMENTS, Setup, passed_tests};
use crate::server_process::Handle;
use crate::{project, workspace};

/// The game's server, who is let in, and who is not.
const PARTS: [&str; 7] = ["server", "ada", "bob", "mallory", "eve", "rosa", "zoe"];
const LIMIT: Duration = Duration::from_secs(150);
const PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);
/// What every ticket begins with, and nothing else: `{"alg":"EdDSA"` in base64url.
const TICKET: &str = "eyJhbGciOiJFZERTQSIs";

/// Plays it.
///
/// # Errors
/// If somebody is let in who should not be, or the other way round.
pub(crate) fn play(godot: &Godot) -> Result<()> {
    // Whoever comes too late does not have to wait for long.
    let short = ["--ticket-lifetime=10"];
    let arguments: Vec<_> = SERVER_ARGUMENTS.iter().copied().chain(short).collect();
    let setup = Setup::start_with("tickets", &arguments)?;
    let board = setup.folder().join("board");
    fs::create_dir_all(&board).context("cannot hang up the board")?;
    let handle = setup.server().handle();
    let keys = keys(&handle)?;
    ensure!(keys.contains(r#""crv":"Ed25519""#), "no keys: {keys}");
    ensure!(
        !keys.contains(r#""d":"#),
        "the secret half of a key: {keys}"
    );
    fs::write(board.join("keys.json"), keys).context("cannot pin the keys")?;
    thread::scope(|scope| {
        let parts = PARTS.map(|name| {
            let (setup, board) = (&setup, &board);
            scope.spawn(move || play_part(godot, setup, board, name))
        });
        let ended = parts.map(thread::ScopedJoinHandle::join);
        for result in ended {
            result.map_err(|_| anyhow!("a part panicked"))??;
        }
        anyhow::Ok(())
    })?;
    handle.expect_running()?;
    let log = fs::read_to_string(setup.folder().join("server.log"));
    let log = log.context("cannot read the server's log")?;
    for secret in [TICKET, "correct horse", "panicked"] {
        ensure!(!log.contains(secret), "“{secret}” in the server's log");
    }
    println!("two were let in, and nobody who cheated");
    Ok(())
}

/// What the operator hands to the game's server. A server that has just started listens to players
/// before it does to its operator.
fn keys(handle: &Handle) -> Result<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        interrupt::check()?;
        match handle.operate(&["tickets", "keys"]) {
            Err(_) if Instant::now() < deadline => thread::sleep(POLL),
            told => return told,
        }
    }
}

fn play_part(godot: &Godot, setup: &Setup, board: &Path, name: &str) -> Result<()> {
    let mut command = godot.headless_command(&workspace::godot_project());
    command.args(["--fixed-fps", "60"]);
    setup.run_script(&mut command, name, "res://tests/run_tests.gd");
    command.args(["--folder=res://tests/tickets", "--limit=120"]);
    command.arg(format!("--filter=test_{name}:"));
    command.arg(format!("--board={}", board.display()));
    let output = project::run(&mut command, name, &format!("{name:8} | "), LIMIT)?;
    let passed = output.lines.iter().filter_map(|line| passed_tests(line));
    let passed = passed.sum::<usize>();
    let is_told = output.lines.iter().any(|line| line.contains(TICKET));
    ensure!(!is_told, "{name} shows a ticket");
    output.expect_clean(name)?;
    ensure!(passed == 1, "{name} has not played the part");
    Ok(())
}
