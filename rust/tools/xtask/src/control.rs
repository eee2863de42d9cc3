//! Lets scripts in Godot stop and start the server they are connected to.
//!
//! A TCP listener on this machine, one command per line, answered with `ok` or
//! `error <why>` when it is done:
//!
//! | Command | Effect |
//! |---|---|
//! | `stop` | SIGTERM, and wait for the end |
//! | `kill` | SIGKILL: nothing is said to the players |
//! | `start` | same port, same database; waits until it listens |
//! | `restart` | `stop`, then `start` |
//! | `wipe` | `stop`, then `start` with a fresh database |
//! | `backup` | backs up the database while the server runs |
//! | `restore` | `stop`, then `start` with the database of that backup |
//! | `encrypt FOLDER` | `stop`, then `start` with a fresh `dev-certificate` from that folder |
//! | `game-key FILE` | a key for games' servers, with all scopes, is in that file |
//! | `decrypt` | `stop`, then `start` without |

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::server_process::Handle;

/// Listens for commands until xtask ends, and returns the port.
///
/// # Errors
/// If this machine has no free port.
pub(crate) fn listen(server: Handle) -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen for test commands")?;
    let port = listener
        .local_addr()
        .context("cannot find out the port")?
        .port();
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let server = server.clone();
            thread::spawn(move || serve(&connection, &server));
        }
    });
    Ok(port)
}

fn serve(mut connection: &TcpStream, server: &Handle) {
    for line in BufReader::new(connection).lines() {
        let Ok(command) = line else { return };
        let answer = match run_command(command.trim(), server) {
            Ok(()) => "ok\n".to_owned(),
            Err(error) => format!("error {error:#}\n"),
        };
        if connection.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Makes a key by which a game's server asks for everything, and puts it into a file.
fn make_game_key(server: &Handle, file: &Path) -> Result<()> {
    static KEYS: AtomicUsize = AtomicUsize::new(1);
    let name = format!("test-{}", KEYS.fetch_add(1, Ordering::Relaxed));
    let mut arguments = vec!["game-keys", "add", &name, "--json"];
    for scope in ["say", "channels", "players", "kick", "tickets", "profiles"] {
        arguments.extend(["--scope", scope]);
    }
    let told: serde_json::Value = serde_json::from_str(&server.operate(&arguments)?)
        .context("the server's answer is no JSON")?;
    let key = told["key"].as_str().context("the server tells no key")?;
    fs::write(file, key).with_context(|| format!("cannot write {}", file.display()))
}

fn run_command(command: &str, server: &Handle) -> Result<()> {
    if let Some(folder) = command.strip_prefix("encrypt ") {
        return server.encrypt(Path::new(folder));
    }
    if let Some(file) = command.strip_prefix("game-key ") {
        return make_game_key(server, Path::new(file));
    }
    match command {
        "stop" => server.stop(),
        "kill" => server.kill(),
        "start" => server.start(),
        "restart" => server.restart(),
        "wipe" => server.wipe(),
        "backup" => server.back_up(),
        "restore" => server.restore(),
        "decrypt" => server.decrypt(),
        other => bail!("no such command: {other}"),
    }
}
