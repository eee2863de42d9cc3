//! Chat in a terminal, over the same session core that games use.
//!
//! ```text
//! cargo run -p longhall-client --example terminal_chat -- --url ws://127.0.0.1:8081
//! ```
//!
//! Three parts: a thread reads the keyboard (it may block, also while it asks
//! for a password), `tokio_driver::run` owns the socket, and `Terminal` below
//! sits between them and decides what to print.

use std::fmt::Display;
use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use longhall_client::tokio_driver::{self, Command};
use longhall_client::{Config, Event, LogoutReason, Refusal, Session, State};
use longhall_packet::DEFAULT_PORT;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

const HELP: &str = "\
Chat on a Longhall server.

Usage: terminal_chat [--url ws://HOST:PORT] [--no-reconnect]

  --url URL        the server; ws://127.0.0.1:8081 unless given
  --no-reconnect   leave when the connection is lost
  -h, --help       this text

Chat lines go to standard output, everything else to standard error.

In a script, write the password behind the name, one command or line at a time
is sent, and each waits for the answer to the one before:

  printf '%s\\n' '/login ada PASSWORD' 'Good morning' | terminal_chat

Leaves with 1 when something was refused. Keep such passwords in a file only you
can read: a password typed on the command line stays in the shell's history.";

const COMMANDS: &str = "\
/register NAME  create an account      /login NAME  log in
/logout         log out                /quit        leave (so does Ctrl-D)
/help           this list              //text       say a line that starts with /
Everything else is said to everyone logged in.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            show(HELP);
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            tell(format_args!("{problem}; --help shows how"));
            return ExitCode::from(2);
        }
    };
    let is_interactive = std::io::stdin().is_terminal();

    let config = Config {
        reconnect: options.reconnect,
        client_name: concat!("longhall-terminal/", env!("CARGO_PKG_VERSION")).to_owned(),
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

    let mut terminal = Terminal::new(is_interactive);
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
            input = inputs.recv(), if terminal.wants_input() => match input {
                Some(input) => next = terminal.obey(input),
                None => terminal.is_leaving = true,
            },
            () = sleep_until(patience_ends.unwrap_or_else(Instant::now)), if patience_ends.is_some() => {}
            _ = tokio::signal::ctrl_c() => break ExitCode::SUCCESS,
        }
    };
    drop((commands, events));
    driver.await.ok();
    if is_interactive {
        // Leaving while a password is asked for must not leave the terminal mute.
        std::process::Command::new("stty").arg("echo").status().ok();
    }
    // The keyboard thread may be waiting for a line that never comes.
    exit_now(code)
}

fn exit_now(code: ExitCode) -> ! {
    std::process::exit(i32::from(code != ExitCode::SUCCESS))
}

struct Options {
    url: String,
    reconnect: bool,
}

impl Options {
    /// `None` asks for the help text.
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Self {
            url: format!("ws://127.0.0.1:{DEFAULT_PORT}"),
            reconnect: true,
        };
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "-h" | "--help" => return Ok(None),
                "--url" => options.url = args.next().ok_or("--url needs a value")?,
                "--no-reconnect" => options.reconnect = false,
                _ => match arg.strip_prefix("--url=") {
                    Some(url) => url.clone_into(&mut options.url),
                    None => return Err(format!("unknown argument {arg}")),
                },
            }
        }
        Ok(Some(options))
    }
}

/// What somebody typed.
enum Input {
    Register { username: String, password: String },
    Login { username: String, password: String },
    Logout,
    Quit,
    Help,
    Chat(String),
    Incomplete(String),
    Unknown(String),
}

/// Runs on a thread of its own until the input ends.
fn read_inputs(is_interactive: bool, inputs: &mpsc::Sender<Input>) {
    for line in std::io::stdin().lines() {
        let Ok(line) = line else { return };
        let Some(input) = parse_line(&line, is_interactive) else {
            continue;
        };
        if inputs.blocking_send(input).is_err() {
            return;
        }
    }
}

fn parse_line(line: &str, is_interactive: bool) -> Option<Input> {
    let line = line.trim();
    if line.is_empty() {
        return None;
    }
    let Some(command) = line.strip_prefix('/') else {
        return Some(Input::Chat(line.to_owned()));
    };
    if command.starts_with('/') {
        return Some(Input::Chat(command.to_owned()));
    }
    let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
    Some(match verb {
        "register" | "login" => {
            let (username, rest) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
            if username.is_empty() || (!is_interactive && rest.is_empty()) {
                return Some(Input::Incomplete(verb.to_owned()));
            }
            let username = username.to_owned();
            let password = if rest.is_empty() {
                rpassword::prompt_password("Password: ").ok()?
            } else {
                rest.to_owned()
            };
            if verb == "login" {
                Input::Login { username, password }
            } else {
                Input::Register { username, password }
            }
        }
        "logout" => Input::Logout,
        "quit" => Input::Quit,
        "help" => Input::Help,
        _ => Input::Unknown(verb.to_owned()),
    })
}

/// What the person in front of the terminal knows.
struct Terminal {
    is_interactive: bool,
    state: State,
    username: Option<String>,
    /// Requests without an answer.
    pending: u32,
    /// Own lines that were taken but did not come back yet.
    unseen_lines: i64,
    had_trouble: bool,
    is_leaving: bool,
    utc_offset: i64,
}

impl Terminal {
    fn new(is_interactive: bool) -> Self {
        Self {
            is_interactive,
            state: State::Offline,
            username: None,
            pending: 0,
            unseen_lines: 0,
            had_trouble: false,
            is_leaving: false,
            utc_offset: utc_offset_seconds(),
        }
    }

    /// People may type at any time; a script's next line waits for the answer
    /// to the last, and for the connection to be back.
    fn wants_input(&self) -> bool {
        let is_ready = match self.state {
            State::LoggedIn => true,
            State::Connected => self.username.is_none(),
            State::Offline | State::Connecting | State::Reconnecting => false,
        };
        !self.is_leaving && (self.is_interactive || (is_ready && self.pending == 0))
    }

    fn obey(&mut self, input: Input) -> Option<Command> {
        let command = match input {
            Input::Register { username, password } => Command::Register { username, password },
            Input::Login { username, password } => Command::Login { username, password },
            Input::Logout if self.username.is_some() => Command::Logout,
            Input::Chat(text) => Command::SendChat(text),
            Input::Logout => {
                tell("you are not logged in");
                return None;
            }
            Input::Quit => {
                self.is_leaving = true;
                return None;
            }
            Input::Help => {
                for line in COMMANDS.lines() {
                    tell(line);
                }
                return None;
            }
            Input::Incomplete(verb) => {
                let password = if self.is_interactive { "" } else { " PASSWORD" };
                tell(format_args!("it is /{verb} NAME{password}"));
                self.had_trouble = true;
                return None;
            }
            Input::Unknown(verb) => {
                tell(format_args!("there is no /{}; try /help", clean(&verb)));
                self.had_trouble = true;
                return None;
            }
        };
        self.pending += 1;
        Some(command)
    }

    /// Breaks when there is nothing more to wait for.
    fn show_event(&mut self, event: Event) -> std::ops::ControlFlow<()> {
        match event {
            Event::StateChanged(state) => self.state = state,
            Event::Connected {
                message_of_the_day, ..
            } => {
                tell("connected");
                for line in message_of_the_day.lines() {
                    tell(clean(line));
                }
                if self.is_interactive && self.username.is_none() {
                    tell("/register NAME, /login NAME, or /help");
                }
            }
            Event::Disconnected { reason, retry_in } => {
                tell(format_args!("disconnected: {reason}"));
                if retry_in.is_none() {
                    return std::ops::ControlFlow::Break(());
                }
            }
            Event::Reconnecting { attempt, delay } => {
                let seconds = delay.as_secs_f64();
                tell(format_args!("try {attempt} in {seconds:.1} s"));
            }
            Event::Registered { username } => {
                self.pending = self.pending.saturating_sub(1);
                tell(format_args!(
                    "the account {} is yours; /login {0}",
                    clean(&username)
                ));
            }
            Event::LoggedIn { username } => {
                // Also after a cut, when nobody asked.
                if self.username.is_none() {
                    self.pending = self.pending.saturating_sub(1);
                }
                tell(format_args!("logged in as {}", clean(&username)));
                self.username = Some(username);
            }
            Event::LoggedOut { reason } => {
                self.username = None;
                if reason == LogoutReason::Asked {
                    self.pending = self.pending.saturating_sub(1);
                    tell("logged out");
                } else {
                    tell(format_args!("logged out: {reason}"));
                }
            }
            Event::RegisterDenied(refusal) => self.show_refusal("not registered", &refusal),
            Event::LoginDenied(refusal) => self.show_refusal("not logged in", &refusal),
            Event::ChatDenied(refusal) => self.show_refusal("not sent", &refusal),
            Event::ChatAccepted => {
                self.pending = self.pending.saturating_sub(1);
                self.unseen_lines += 1;
            }
            Event::ChatReceived {
                sender,
                text,
                sent_at_ms,
            } => {
                if self.username.as_ref() == Some(&sender) {
                    self.unseen_lines -= 1;
                }
                let clock = clock(sent_at_ms, self.utc_offset);
                show(format_args!("{clock} {}: {}", clean(&sender), clean(&text)));
            }
            Event::Warning(text) => tell(clean(&text)),
        }
        std::ops::ControlFlow::Continue(())
    }

    fn show_refusal(&mut self, what: &str, refusal: &Refusal) {
        self.pending = self.pending.saturating_sub(1);
        self.had_trouble = true;
        let reason = clean(&refusal.reason);
        tell(format_args!("{what}: {reason} ({})", refusal.code));
    }
}

/// Strangers' text with everything taken out that could move the cursor, change
/// colours or turn the direction of what follows.
fn clean(text: &str) -> String {
    let is_harmless = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fff9}'..='\u{fffb}')
    };
    text.chars()
        .map(|c| if is_harmless(c) { c } else { '\u{fffd}' })
        .collect()
}

/// `12:03` on the wall where the terminal stands.
fn clock(sent_at_ms: u64, utc_offset: i64) -> String {
    let seconds = i64::try_from(sent_at_ms / 1000).unwrap_or(0);
    let of_day = seconds.saturating_add(utc_offset).rem_euclid(24 * 60 * 60);
    format!("{:02}:{:02}", of_day / 3600, of_day / 60 % 60)
}

/// What `date` says, or none: the standard library knows no time zones, and one
/// clock in an example is not worth a dependency.
fn utc_offset_seconds() -> i64 {
    let output = std::process::Command::new("date").arg("+%z").output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).trim().to_owned());
    text.ok().and_then(|zone| parse_zone(&zone)).unwrap_or(0)
}

/// `+0530` in seconds.
fn parse_zone(zone: &str) -> Option<i64> {
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let hours: i64 = zone.get(1..3)?.parse().ok()?;
    let minutes: i64 = zone.get(3..5)?.parse().ok()?;
    Some(sign * (hours * 60 + minutes) * 60)
}

/// Prints a chat line. A reader that went away (`| head`) ends the program.
fn show(line: impl Display) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        exit_now(ExitCode::SUCCESS);
    }
}

/// Prints news about the connection and about what was asked for.
fn tell(line: impl Display) {
    // Nowhere to complain about a broken standard error.
    writeln!(std::io::stderr(), "* {line}").ok();
}
