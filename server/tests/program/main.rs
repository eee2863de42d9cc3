//! The program as an operator meets it: start, refusals, exit codes.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod start;
mod options;
mod settings;
#[cfg(target_os = "linux")]
mod service;
mod stop;
mod log;
#[cfg(unix)]
mod backups;
#[cfg(unix)]
mod restores;
#[cfg(unix)]
mod doctor;
mod health;
mod copy_store;
mod tls;
#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Output, Stdio};

use support::{Program, TestPlayer};

fn refused(arguments: &[&str], database: &Path) -> String {
    let Output { status, stderr, .. } = Program::command()
        .args(["--listen", "127.0.0.1:0"])
        .arg("--database")
        .arg(database)
        .args(arguments)
        .output()
        .unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert_eq!(
        stderr.trim().lines().count(),
        1,
        "one line, please: {stderr}"
    );
    stderr
}

#[track_caller]
fn check_refused(arguments: &[&str], database: &Path, parts: &[&str]) {
    let line = refused(arguments, database);
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in: {line}");
    }
}

/// A server whose log goes nowhere lets players in, tells them good-bye and ends well.
#[cfg(unix)]
async fn check_serves(server: Program) {
    for name in ["ada", "ben", "cem"] {
        let mut player = TestPlayer::connect(server.address).await;
        player.enter(name).await;
        player.say("Is anybody there?").await;
    }
    check_stops(server).await;
}

#[cfg(unix)]
async fn check_stops(server: Program) {
    let mut eve = TestPlayer::connect(server.address).await;
    eve.enter("eve").await;
    let stopping = tokio::task::spawn_blocking(|| server.terminate());
    eve.expect_closed(longhall_packet::CloseReason::Restarting)
        .await;
    let stopping = tokio::time::timeout(support::PATIENCE, stopping).await;
    assert_eq!(stopping.unwrap().unwrap().code(), Some(0));
}

/// Has `/bin/sh` start the server as the script says; `"$@"` is the server.
#[cfg(unix)]
fn in_a_shell(script: &str) -> std::process::Command {
    let server = Program::command();
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", script, "sh"]).arg(server.get_program());
    for (name, value) in server.get_envs() {
        if value.is_none() {
            shell.env_remove(name);
        }
    }
    shell
}

/// Starts the program and reads its log until it listens.
fn start_and_read(database: &Path, arguments: &[&str]) -> (Child, String) {
    let mut child = Program::command()
        .args(["--listen", "127.0.0.1:0"])
        .arg("--database")
        .arg(database)
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.as_mut().unwrap());
    let mut seen = String::new();
    while !seen.contains("listening address=") {
        let read = log.read_line(&mut seen).unwrap();
        assert!(read > 0, "the server ended: {seen}");
    }
    (child, seen)
}
