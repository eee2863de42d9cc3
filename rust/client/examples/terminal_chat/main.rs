//! Chat in a terminal, over the same session core that games use.
//!
//! ```text
//! cargo run -p longhall-client --example terminal_chat -- --url ws://127.0.0.1:8081
//! ```
//!
//! Three parts: a thread reads the keyboard (`input`; it may block, also while it asks
//! for a password), `tokio_driver::run` owns the socket, and `Terminal` (in `terminal`,
//! with `text` for what is printed) sits between them and decides what to print.

mod input;
mod terminal;
mod text;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use longhall_client::tokio_driver::{self, Command};
use longhall_client::{Config, Event, Session};
use longhall_packet::DEFAULT_PORT;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::input::read_inputs;
use crate::terminal::Terminal;
use crate::text::{exit_now, tell};

/// Chat on a Longhall server.
#[derive(Parser)]
#[command(name = "terminal_chat", after_help = ABOUT)]
struct Options {
    /// The server
    #[arg(long, value_name = "URL", default_value_t = format!("ws://127.0.0.1:{DEFAULT_PORT}"))]
    url: String,
    /// What this device is called in /sessions
    #[arg(long, value_name = "NAME", default_value = "terminal")]
    device: String,
    /// Leave when the connection is lost
    #[arg(long)]
    no_reconnect: bool,
}

const ABOUT: &str = "\
Chat lines go to standard output, everything else to standard error. A line
that was said elsewhere than where you are starts with its channel, or with
@NAME when it was whispered.

In a script, write the password behind the name, one command or line at a time
is sent, and each waits for the answer to the one before:

  printf '%s\\n' '/login ada PASSWORD' 'Good morning' | terminal_chat

Leaves with 1 when something was refused. Keep such passwords in a file only you
can read: a password typed on the command line stays in the shell's history.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let is_interactive = std::io::stdin().is_terminal();

    let config = Config {
        reconnect: !options.no_reconnect,
        client_name: concat!("longhall-terminal/", env!("CARGO_PKG_VERSION")).to_owned(),
        device_name: options.device,
        ask_for_recovery_codes: true,
        ..Config::default()
    };
    let session = Session::new(config, fastrand::u64(..));
    let (commands, command_rx) = mpsc::channel(16);
    let (event_tx, mut events) = mpsc::channel(256);
    tell(format_args!("connecting to {}", options.url));
    let driver = tokio::spawn(tokio_driver::run(
        options.url,
        session,
        command_rx,
        event_tx,
    ));

    let (input_tx, mut inputs) = mpsc::channel(1);
    std::thread::spawn(move || read_inputs(is_interactive, &input_tx));

    let (answer_tx, mut answers) = mpsc::channel(16);
    let mut terminal = Terminal::new(is_interactive, answer_tx);
    let mut next = Some(Command::Connect);
    let mut patience_ends = None;
    let code = loop {
        if let Some(command) = next.take()
            && commands.send(command).await.is_err()
        {
            break ExitCode::FAILURE;
        }
        if terminal.is_leaving && (is_interactive || terminal.pending == 0) {
            // Our own lines may still be on their way back to us.
            let end = *patience_ends.get_or_insert_with(|| Instant::now() + Duration::from_secs(1));
            if is_interactive || terminal.unseen_lines <= 0 || Instant::now() >= end {
                break ExitCode::from(u8::from(terminal.had_trouble && !is_interactive));
            }
        }
        tokio::select! {
            event = events.recv() => match event {
                Some(event) => if terminal.show_event(event).is_break() {
                    break ExitCode::FAILURE;
                },
                None => break ExitCode::FAILURE,
            },
            Some(answer) = answers.recv() => terminal.show_answer(answer),
            input = inputs.recv(), if terminal.wants_input() => match input {
                Some(input) => next = terminal.take(input),
                None => terminal.is_leaving = true,
            },
            () = sleep_until(patience_ends.unwrap_or_else(Instant::now)), if patience_ends.is_some() => {}
            _ = tokio::signal::ctrl_c() => break ExitCode::SUCCESS,
        }
    };
    drop(commands);
    // An answer may overtake the lines that came with it.
    while let Some(event) = events.recv().await {
        if matches!(
            event,
            Event::ChatReceived { .. } | Event::HistoryLoaded { .. }
        ) && terminal.show_event(event).is_break()
        {
            break;
        }
    }
    driver.await.ok();
    if is_interactive {
        // Leaving while a password is asked for must not leave the terminal mute.
        std::process::Command::new("stty").arg("echo").status().ok();
    }
    // The keyboard thread may be waiting for a line that never comes.
    exit_now(code)
}
