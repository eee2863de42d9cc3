//! `cargo xtask play`: the server and the game, together.
//!
//! Where there is no display, two headless Godot clients play the conversation
//! of `res://tests/conversation.gd` instead, `--role=ada` and `--role=ben`. Each
//! gets `--server=ws://…` and `--control=127.0.0.1:PORT` (see [`crate::control`]:
//! a client restarts the server by it). Lines that start with `say: ` are
//! shown in the order they came; a client has played its part when it printed
//! `conversation: done`, saw no line of the conversation twice, and ended with exit
//! code 0.

use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;
use longhall_provision::{
    Display, Godot, interrupt,
    process::{Line, Process},
};

use crate::godot_test::{Setup, own_home};
use crate::server_process::Server;
use crate::{addon, project, workspace};

const POLL: Duration = Duration::from_millis(50);
const CONVERSATION_LIMIT: Duration = Duration::from_secs(120);
const ROLES: [&str; 2] = ["Ada", "Ben"];
/// What follows the name of whoever speaks.
const SAID: [&str; 2] = [SAYS, " whispers: "];
/// What follows it where everybody hears it.
pub(crate) const SAYS: &str = " says: ";
/// How Godot and the addon introduce themselves, which tells a newcomer nothing.
const GREETINGS: [&str; 2] = ["Godot Engine v", "Initialize godot-rust"];

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
    println!(
        "\nTwo players without windows meet. On the left stands who sees the line; what\n\
         follows a * is what that player does or is told.\n"
    );
    let project = workspace::godot_project();
    meet(&setup, ROLES.map(|_| godot.headless_command(&project)))?;
    println!("\nthe conversation went as it should");
    Ok(())
}

/// Two clients hold the conversation, each in the project that its command opens, and show
/// how it goes.
///
/// # Errors
/// If one of them does not come to the end of its script.
pub(crate) fn meet(setup: &Setup, projects: [Command; 2]) -> Result<()> {
    let clients = ROLES.into_iter().zip(projects);
    let clients = clients.map(|(role, mut command)| {
        command.args(["--fixed-fps", "60"]);
        setup.run_script(
            &mut command,
            &role.to_lowercase(),
            "res://tests/conversation.gd",
        );
        (role, command)
    });
    perform(clients.collect()).map(drop)
}

/// Clients with a script and its arguments talk, and show how it goes. Each is given its part.
/// The result is what each of them saw being said, in its order.
///
/// # Errors
/// If one of them does not come to the end of its script.
pub(crate) fn perform(cast: Vec<(&str, Command)>) -> Result<Vec<Vec<String>>> {
    let mut clients = Vec::new();
    for (role, mut command) in cast {
        command.arg(format!("--role={}", role.to_lowercase()));
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
        show_in_order(&mut clients);
        for client in &mut clients {
            if client.success.is_none()
                && let Some(status) = client.process.try_wait()?
            {
                client.success = Some(status.success());
            }
        }
        thread::sleep(POLL);
    }
    show_in_order(&mut clients);
    for client in &clients {
        client.expect_done()?;
    }
    Ok(clients.into_iter().map(|client| client.heard).collect())
}

/// What the clients printed since the last time, as it happened.
fn show_in_order(clients: &mut [Client]) {
    let mut lines = Vec::new();
    for (number, client) in clients.iter().enumerate() {
        lines.extend(client.lines.try_iter().map(|line| (number, line)));
    }
    lines.sort_by_key(|(_, line)| line.at);
    for (number, line) in lines {
        clients[number].show(&line.text);
    }
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
    /// What was said, as it saw it.
    heard: Vec<String>,
    heard_twice: Option<String>,
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
            heard: Vec::new(),
            heard_twice: None,
        })
    }

    fn show_lines(&mut self) {
        while let Ok(line) = self.lines.try_recv() {
            self.show(&line.text);
        }
    }

    fn show(&mut self, text: &str) {
        self.errors += usize::from(project::is_error(text));
        if text.trim() == "conversation: done" {
            self.done = true;
            return;
        }
        if text.is_empty() || GREETINGS.iter().any(|start| text.starts_with(start)) {
            return;
        }
        let text = text.strip_prefix("say: ").unwrap_or(text);
        if SAID.iter().any(|word| text.contains(word)) {
            if self.heard.iter().any(|line| line == text) {
                self.heard_twice = Some(text.to_owned());
            }
            self.heard.push(text.to_owned());
        }
        println!("{} | {text}", self.name);
    }

    fn expect_done(&self) -> Result<()> {
        let name = &self.name;
        if self.errors > 0 {
            bail!("{name} reported {} errors", self.errors);
        }
        if let Some(line) = &self.heard_twice {
            bail!("{name} saw the same line twice: {line}");
        }
        if self.success != Some(true) || !self.done {
            bail!("{name} did not come to the end of the conversation");
        }
        Ok(())
    }
}
