//! An evening of five players, each a real Godot with the game, against a server that its
//! operator watches: who is reported, muted, banned, comes back and is forgotten.
//!
//! Each player's part is a file of `res://tests/evening`, run by `res://tests/run_tests.gd`.
//! They wait for each other by notes on a board, a folder that all have in common. Each comes
//! from a network of its own, by a door that says so to the server as a proxy does.

use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use longhall_provision::{Godot, interrupt};
use serde_json::Value;

use crate::godot_test::{Setup, passed_tests};
use crate::server_process::Handle;
use crate::{project, workspace};

/// As an operator starts it behind a proxy, but for the time in which a deleted account can be
/// kept.
const SERVER_ARGUMENTS: &[&str] = &[
    "--trusted-proxy=127.0.0.1",
    "--proxy-protocol",
    "--deletion-delay=10s",
    "--prune-interval=1",
    "--log=debug",
];
const PLAYERS: [&str; 5] = ["ada", "warden", "troll", "eve", "zoe"];
const LIMIT: Duration = Duration::from_secs(150);
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);

/// Who does what, as the audit log names it. The operator is whoever runs this.
const ACTS: [(&str, &str); 6] = [
    ("", "users set-role"),
    ("Warden", "mute"),
    ("Warden", "lines delete --by"),
    ("Warden", "ban"),
    ("Warden", "reports close"),
    ("player", "delete_account"),
];
/// What is forgotten with Zoe: her name and what she said.
const FORGOTTEN: [&str; 2] = ["Zoe_of_Zennor", "thrice around the old oak"];
/// What is in no log.
const SECRETS: [&str; 2] = ["correct horse", "battery staple"];

/// Plays it.
///
/// # Errors
/// If a part does not go as it should, or something is left that should not be.
pub(crate) fn play(godot: &Godot) -> Result<()> {
    let setup = Setup::start_with("evening", SERVER_ARGUMENTS)?;
    let board = setup.folder().join("board");
    fs::create_dir_all(&board).context("cannot hang up the board")?;
    let handle = setup.server().handle();
    thread::scope(|scope| {
        let operator = scope.spawn(|| make_a_moderator(&handle, &board));
        let players = (1..).zip(PLAYERS).map(|(number, name)| {
            let (setup, board) = (&setup, &board);
            scope.spawn(move || play_part(godot, setup, board, (number, name)))
        });
        let players: Vec<_> = players.collect();
        let ended = players.into_iter().map(|player| player.join());
        let ended: Vec<_> = ended.collect();
        for result in ended {
            result.map_err(|_| anyhow!("a part panicked"))??;
        }
        operator
            .join()
            .map_err(|_| anyhow!("the operator panicked"))?
    })?;
    handle.expect_running()?;
    look_at_the_audit_log(&handle)?;
    look_for_what_is_forgotten(setup.folder())?;
    look_for_secrets(setup.folder(), &board)?;
    println!("the evening went as it should");
    Ok(())
}

/// The one thing that is not done from within the game.
fn make_a_moderator(handle: &Handle, board: &Path) -> Result<()> {
    wait_for(|| Ok(board.join("the warden is in").exists()))
        .context("the warden does not come in")?;
    let told = handle.operate(&["users", "set-role", "Warden", "moderator"])?;
    print!("operator | {told}");
    Ok(())
}

fn play_part(godot: &Godot, setup: &Setup, board: &Path, (number, name): (u8, &str)) -> Result<()> {
    let url = open_door(setup.server().address(), number)?;
    let mut command = godot.headless_command(&workspace::godot_project());
    command.args(["--fixed-fps", "60"]);
    setup.run_script_at(&url, &mut command, name, "res://tests/run_tests.gd");
    command.args(["--folder=res://tests/evening", "--limit=120"]);
    command.arg(format!("--filter=test_{name}:"));
    command.arg(format!("--board={}", board.display()));
    let output = project::run(&mut command, name, &format!("{name:8} | "), LIMIT)?;
    let passed = output.lines.iter().filter_map(|line| passed_tests(line));
    let passed = passed.sum::<usize>();
    output.expect_clean(name)?;
    ensure!(passed == 1, "{name} has not played the part");
    Ok(())
}

/// Opens a door to the server, through which whoever comes has an address of the documentation's
/// network (RFC 5737) with this number. Returns its url. It is open until the program ends.
fn open_door(server: SocketAddr, number: u8) -> Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for a door")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for inside in listener.incoming().flatten() {
            // Who cannot be let through sees the connection end.
            let _ = let_through(inside, server, number);
        }
    });
    Ok(format!("ws://{address}"))
}

fn let_through(player: TcpStream, server: SocketAddr, number: u8) -> io::Result<()> {
    let mut hall = TcpStream::connect(server)?;
    let port = player.peer_addr()?.port();
    let told = format!(
        "PROXY TCP4 203.0.113.{number} 127.0.0.1 {port} {}\r\n",
        server.port()
    );
    hall.write_all(told.as_bytes())?;
    let (back_from, back_to) = (hall.try_clone()?, player.try_clone()?);
    thread::spawn(move || pass_on(player, hall));
    thread::spawn(move || pass_on(back_from, back_to));
    Ok(())
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    // An end is passed on as one, whatever its cause.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
}

fn look_at_the_audit_log(handle: &Handle) -> Result<()> {
    let audit = handle.operate(&["audit", "--json"])?;
    let read: Value = serde_json::from_str(&audit).context("the audit log is no JSON")?;
    let entries = read["entries"].as_array().context("no audit log")?;
    for (actor, verb) in ACTS {
        let is_told = entries.iter().any(|entry| {
            entry["verb"] == verb
                && entry["outcome"] == "done"
                && (actor.is_empty() || entry["actor"] == actor)
        });
        ensure!(is_told, "no {verb} by {actor} in the audit log: {audit}");
    }
    let open = handle.operate(&["reports", "list", "--json"])?;
    ensure!(!open.contains("Mallory"), "a report is open: {open}");
    Ok(())
}

/// In the database, and in whatever stands beside it.
fn look_for_what_is_forgotten(folder: &Path) -> Result<()> {
    let mut kept = Vec::new();
    let found = wait_for(|| {
        kept.clear();
        for file in database_files(folder)? {
            let bytes = fs::read(&file).unwrap_or_default();
            let found = FORGOTTEN.into_iter().filter(|text| contains(&bytes, text));
            kept.extend(found.map(|text| format!("{text} in {}", file.display())));
        }
        Ok(kept.is_empty())
    });
    found.with_context(|| format!("not forgotten: {}", kept.join(", ")))
}

fn database_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let files = fs::read_dir(folder).context("cannot list the folder")?;
    let files = files.flatten().map(|file| file.path());
    let is_of_it = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("longhall.db") && file.is_file()
    };
    let files: Vec<_> = files.filter(is_of_it).collect();
    ensure!(!files.is_empty(), "there is no database");
    Ok(files)
}

/// In the server's log; and the codes that Eve has saved on the board not in the database either.
fn look_for_secrets(folder: &Path, board: &Path) -> Result<()> {
    let log = folder.join("server.log");
    let text = fs::read(&log).context("cannot read the server's log")?;
    for secret in SECRETS.into_iter().chain(["panicked"]) {
        ensure!(!contains(&text, secret), "“{secret}” in the server's log");
    }
    let codes = saved_codes(board)?;
    ensure!(codes.len() == 16, "{} codes are saved, not 16", codes.len());
    for file in database_files(folder)?.into_iter().chain([log]) {
        let bytes = fs::read(&file).unwrap_or_default();
        for code in &codes {
            let is_there = contains(&bytes, code) || contains(&bytes, &code.replace('-', ""));
            ensure!(!is_there, "a code is in {}", file.display());
        }
    }
    Ok(())
}

/// What is written like a code on the board.
fn saved_codes(board: &Path) -> Result<Vec<String>> {
    let mut codes = Vec::new();
    for note in fs::read_dir(board)
        .context("cannot read the board")?
        .flatten()
    {
        let text = fs::read_to_string(note.path()).context("cannot read a note")?;
        let lines = text.lines().filter(|line| line.contains('-'));
        codes.extend(lines.map(str::to_owned));
    }
    Ok(codes)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    let mut windows = bytes.windows(text.len());
    windows.any(|window| window == text.as_bytes())
}

fn wait_for(mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !is_so()? {
        interrupt::check()?;
        if Instant::now() >= deadline {
            bail!("not within {} s", PATIENCE.as_secs());
        }
        thread::sleep(POLL);
    }
    Ok(())
}
