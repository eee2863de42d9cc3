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
//! | `decrypt` | `stop`, then `start` without |

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
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

fn run_command(command: &str, server: &Handle) -> Result<()> {
    if let Some(folder) = command.strip_prefix("encrypt ") {
        return server.encrypt(Path::new(folder));
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
