//! `cargo xtask play`: the server and the game, together.
//!
//! Where there is no display, two headless Godot clients play the conversation
//! of `res://tests/conversation.gd` instead, `--role=ada` and `--role=ben`. Each
//! gets `--server=ws://…` and `--control=127.0.0.1:PORT` (see [`crate::control`]:
//! a client restarts the server by it). Lines that start with `say: ` are
//! shown; a client has played its part when it printed `conversation: done`
//! and ended with exit code 0.

use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::display::Display;
use crate::godot::Godot;
use crate::godot_test::{Setup, own_home};
use crate::process::{Line, Process};
use crate::server_process::Server;
use crate::{addon, interrupt, project, workspace};

const POLL: Duration = Duration::from_millis(50);
const CONVERSATION_LIMIT: Duration = Duration::from_secs(120);
const ROLES: [&str; 2] = ["ada", "ben"];

/// What to play.
#[derive(Args)]
pub(crate) struct Options {
    /// How many players' windows to open
    #[arg(long, default_value_t = 1, value_name = "COUNT")]
    clients: usize,

    /// Play a scripted conversation without windows, as where there is no display
    #[arg(long)]
    headless: bool,

    /// Forget the accounts of earlier plays
    #[arg(long)]
    fresh: bool,
}

/// Plays until the windows are closed, or until the conversation is over.
///
/// # Errors
/// If anything does not build or start, or the conversation goes wrong.
pub(crate) fn run(options: &Options) -> Result<()> {
    addon::build()?;
    let godot = Godot::find_or_fetch()?;
    project::import(&godot)?;
    if options.headless || !Display::exists() {
        converse(&godot)
    } else {
        open_windows(&godot, options)
    }
}

fn open_windows(godot: &Godot, options: &Options) -> Result<()> {
    let folder = workspace::scratch_dir("play");
    if options.fresh && folder.exists() {
        std::fs::remove_dir_all(&folder).context("cannot forget the earlier plays")?;
    }
    let database = folder.join("longhall.db");
    let server = Server::start(
        &database,
        &[],
        Arc::new(|line| println!("server   | {line}")),
    )?;
    let display = Display::open()?;
    let mut clients = Vec::new();
    for number in 1..=options.clients {
        let mut command = godot.windowed_command(&display);
        command.arg("--path").arg(workspace::godot_project());
        command.arg("--").arg(format!("--url={}", server.url()));
        own_home(&mut command, &folder.join(format!("home-{number}")));
        clients.push(Client::start(format!("client {number}"), &mut command)?);
    }
    println!(
        "playing on {}; close the windows or press Ctrl-C to end",
        server.url()
    );
    while !clients.is_empty() && !interrupt::requested() {
        server.handle().expect_running()?;
        let mut open = Vec::new();
        for mut client in clients {
            let ended = client.process.try_wait()?;
            client.show_lines();
            match ended {
                None => open.push(client),
                Some(status) if status.success() => println!("{} left", client.name),
                Some(status) => bail!("{} ended badly ({status})", client.name),
            }
        }
        clients = open;
        thread::sleep(POLL);
    }
    Ok(())
}

/// Two real clients talk, by script, and say how it went.
///
/// # Errors
/// If one of them does not come to the end of its script.
pub(crate) fn converse(godot: &Godot) -> Result<()> {
    let setup = Setup::start("conversation")?;
    let mut clients = Vec::new();
    for role in ROLES {
        let mut command = godot.headless_command();
        command.args(["--fixed-fps", "60"]);
        setup.run_script(&mut command, role, "res://tests/conversation.gd");
        command.arg(format!("--role={role}"));
        clients.push(Client::start(role.to_owned(), &mut command)?);
    }
    let deadline = Instant::now() + CONVERSATION_LIMIT;
    while clients.iter().any(|client| client.success.is_none()) {
        interrupt::check()?;
        if Instant::now() >= deadline {
            bail!(
                "the conversation was not over within {} s",
                CONVERSATION_LIMIT.as_secs()
            );
        }
        for client in &mut clients {
            client.show_lines();
            if client.success.is_none()
                && let Some(status) = client.process.try_wait()?
            {
                client.success = Some(status.success());
            }
        }
        thread::sleep(POLL);
    }
    for client in &mut clients {
        client.show_lines();
        client.expect_done()?;
    }
    println!("the conversation went as it should");
    Ok(())
}

/// One player's Godot.
struct Client {
    name: String,
    process: Process,
    lines: Receiver<Line>,
    /// Whether it ended well, once it has ended.
    success: Option<bool>,
    done: bool,
    errors: usize,
}

impl Client {
    fn start(name: String, command: &mut Command) -> Result<Self> {
        let (process, lines) = Process::spawn_captured(&format!("Godot ({name})"), command)?;
        Ok(Self {
            name,
            process,
            lines,
            success: None,
            done: false,
            errors: 0,
        })
    }

    fn show_lines(&mut self) {
        for Line { text, .. } in self.lines.try_iter() {
            self.done |= text.trim() == "conversation: done";
            self.errors += usize::from(project::is_error(&text));
            if text.is_empty() {
                continue;
            }
            println!(
                "{:<8} | {}",
                self.name,
                text.strip_prefix("say: ").unwrap_or(&text)
            );
        }
    }

    fn expect_done(&self) -> Result<()> {
        let name = &self.name;
        if self.errors > 0 {
            bail!("{name} reported {} errors", self.errors);
        }
        if self.success != Some(true) || !self.done {
            bail!("{name} did not come to the end of the conversation");
        }
        Ok(())
    }
}
