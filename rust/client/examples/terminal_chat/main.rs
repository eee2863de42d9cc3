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

use longhall_client::tokio_driver::{self, Command, Outcome};
use longhall_client::{
    Answer, Command as Typed, Config, Event, LogoutReason, Refusal, Session, State, help,
};
use longhall_packet::{Change, DEFAULT_PORT, Line, LineKind, PresenceState};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

const HELP: &str = "\
Chat on a Longhall server.

Usage: terminal_chat [--url ws://HOST:PORT] [--device NAME] [--no-reconnect]

  --url URL        the server; ws://127.0.0.1:8081 unless given
  --device NAME    what this device is called in /sessions; terminal unless given
  --no-reconnect   leave when the connection is lost
  -h, --help       this text

Chat lines go to standard output, everything else to standard error. A line
that was said elsewhere than where you are starts with its channel, or with
@NAME when it was whispered.

In a script, write the password behind the name, one command or line at a time
is sent, and each waits for the answer to the one before:

  printf '%s\\n' '/login ada PASSWORD' 'Good morning' | terminal_chat

Leaves with 1 when something was refused. Keep such passwords in a file only you
can read: a password typed on the command line stays in the shell's history.";

/// What only a terminal needs; the rest is [`help`].
const COMMANDS: &str = "\
/register NAME  create an account      /login NAME  log in
/logout         log out                /quit        leave (so does Ctrl-D)
/to CHANNEL     talk there, or whisper: /to @NAME; /to alone is the lobby
/older          show older lines of where you are";

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
        device_name: options.device,
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
    device: String,
    reconnect: bool,
}

impl Options {
    /// `None` asks for the help text.
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Self {
            url: format!("ws://127.0.0.1:{DEFAULT_PORT}"),
            device: "terminal".to_owned(),
            reconnect: true,
        };
        while let Some(arg) = args.next() {
            let (name, value) = match arg.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (arg.as_str(), None),
            };
            let needed = |value: Option<String>| value.ok_or(format!("{name} needs a value"));
            match (name, value) {
                ("-h" | "--help", None) => return Ok(None),
                ("--no-reconnect", None) => options.reconnect = false,
                ("--url", value) => options.url = needed(value.or_else(|| args.next()))?,
                ("--device", value) => options.device = needed(value.or_else(|| args.next()))?,
                _ => return Err(format!("unknown argument {arg}")),
            }
        }
        Ok(Some(options))
    }
}

/// What somebody typed.
enum Input {
    Register {
        username: String,
        password: String,
    },
    Login {
        username: String,
        password: String,
    },
    Logout,
    Quit,
    /// Talk there from now on.
    To(String),
    /// Show older lines.
    Older,
    /// A line to say, or a command that every client has.
    Typed(String),
    Incomplete(String),
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
    let command = line.strip_prefix('/').unwrap_or_default();
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
        "to" => Input::To(rest.trim().to_owned()),
        "older" => Input::Older,
        _ => Input::Typed(line.to_owned()),
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
    /// Where what is typed goes; empty for the lobby.
    place: String,
    lobby: Option<String>,
    last_whisper_from: Option<String>,
    answers: mpsc::Sender<Outcome>,
    had_trouble: bool,
    is_leaving: bool,
    utc_offset: i64,
}

impl Terminal {
    fn new(is_interactive: bool, answers: mpsc::Sender<Outcome>) -> Self {
        Self {
            is_interactive,
            state: State::Offline,
            username: None,
            pending: 0,
            unseen_lines: 0,
            place: String::new(),
            lobby: None,
            last_whisper_from: None,
            answers,
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
            Input::Typed(line) => return self.obey_typed(&line),
            Input::To(place) => {
                self.place = place;
                tell(format_args!("you talk in {}", clean(self.here())));
                return None;
            }
            Input::Older => {
                let place = self.place.clone();
                self.ask(move |session, now| session.load_history(now, &place))
            }
            Input::Logout => {
                tell("you are not logged in");
                return None;
            }
            Input::Quit => {
                self.is_leaving = true;
                return None;
            }
            Input::Incomplete(verb) => {
                let password = if self.is_interactive { "" } else { " PASSWORD" };
                tell(format_args!("it is /{verb} NAME{password}"));
                self.had_trouble = true;
                return None;
            }
        };
        self.pending += 1;
        Some(command)
    }

    fn obey_typed(&mut self, line: &str) -> Option<Command> {
        let answer_to = self.last_whisper_from.as_deref();
        let command = match Typed::parse(line, &self.place, answer_to) {
            Ok(Typed::Help(name)) => {
                match help(name.as_deref()) {
                    Ok(text) if name.is_none() => tell_all(&format!("{text}\n{COMMANDS}")),
                    Ok(text) => tell(text),
                    Err(error) => self.show_trouble(&error.to_string()),
                }
                return None;
            }
            Ok(Typed::Say { channel, text }) => Command::SendChat { channel, text },
            Ok(command) => self.ask(move |session, now| session.execute(now, &command)),
            Err(error) => {
                self.show_trouble(&error.to_string());
                return None;
            }
        };
        self.pending += 1;
        Some(command)
    }

    /// A call whose end comes back as an answer.
    fn ask(
        &self,
        start: impl FnOnce(&mut Session, Duration) -> longhall_client::Call + Send + 'static,
    ) -> Command {
        let (command, outcome) = Command::ask(start);
        let answers = self.answers.clone();
        tokio::spawn(async move {
            // Nothing comes when the driver has ended, and then nobody waits.
            if let Ok(outcome) = outcome.await {
                answers.send(outcome).await.ok();
            }
        });
        command
    }

    /// The conversation that what is typed goes to.
    fn here(&self) -> &str {
        match (self.place.as_str(), &self.lobby) {
            ("", Some(lobby)) => lobby,
            ("", None) => "the lobby",
            (place, _) => place,
        }
    }

    fn show_answer(&mut self, outcome: Outcome) {
        self.pending = self.pending.saturating_sub(1);
        match outcome {
            Ok(Answer::Joined(state)) => {
                tell(format_args!(
                    "you talk in {} now ({}){}",
                    clean(&state.channel),
                    counted(state.members, "member"),
                    topic_of(&state.topic)
                ));
                self.place = state.channel;
            }
            Ok(Answer::Channels(channels)) => {
                for one in channels {
                    let (name, topic) = (clean(&one.channel), topic_of(&one.topic));
                    let members = counted(one.members, "member");
                    tell(format_args!("{name} ({}, {members}){topic}", one.access));
                }
            }
            Ok(Answer::Members(members)) => {
                for one in members {
                    let text = topic_of(&one.text);
                    let (name, state, role) = (clean(&one.username), one.state, one.role);
                    tell(format_args!("{name} ({role}, {state}){text}"));
                }
            }
            Ok(Answer::Sessions(sessions)) => {
                for one in sessions {
                    let here = if one.current { ", this one" } else { "" };
                    let online = if one.online { ", online" } else { "" };
                    let device = match one.device.trim() {
                        "" => "unnamed device".to_owned(),
                        device => clean(device),
                    };
                    tell(format_args!("{}: {device}{online}{here}", one.session));
                }
            }
            Ok(Answer::Blocks(names)) if names.is_empty() => tell("you have blocked nobody"),
            Ok(Answer::Blocks(names)) => tell(clean(&names.join(" "))),
            Ok(Answer::History { lines, more, .. }) => {
                if lines.is_empty() && !more {
                    tell("there are no older lines");
                }
            }
            Ok(Answer::Done | Answer::Posted { .. }) => {}
            Err(refusal) => {
                self.had_trouble = true;
                let reason = clean(&refusal.reason);
                tell(format_args!("not done: {reason} ({})", refusal.code));
            }
        }
    }

    /// Prints a line of a conversation.
    fn show_line(&self, channel: &str, line: &Line) {
        let clock = clock(line.sent_at_ms, self.utc_offset);
        let place = if channel.to_lowercase() == self.here().to_lowercase() {
            String::new()
        } else {
            format!("[{}] ", clean(channel))
        };
        let sender = clean(&line.sender);
        if line.kind == LineKind::Deleted {
            return show(format_args!("{clock} {place}{sender} deleted a line"));
        }
        let text = clean(&line.text);
        match text.strip_prefix("/me ") {
            Some(deed) => show(format_args!("{clock} {place}* {sender} {deed}")),
            None => show(format_args!("{clock} {place}{sender}: {text}")),
        }
    }

    fn show_trouble(&mut self, what: &str) {
        tell(clean(what));
        self.had_trouble = true;
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
            Event::HistoryReset => {
                self.unseen_lines = 0;
                self.last_whisper_from = None;
                tell("the server begins anew: the lines above are no longer there");
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
                self.lobby = None;
                self.place.clear();
                if reason == LogoutReason::Asked {
                    self.pending = self.pending.saturating_sub(1);
                    tell("logged out");
                } else {
                    tell(format_args!("logged out: {reason}"));
                }
            }
            Event::RegisterDenied(refusal) => self.show_refusal("not registered", &refusal),
            Event::LoginDenied(refusal) => self.show_refusal("not logged in", &refusal),
            Event::ChatDenied { refusal, .. } => self.show_refusal("not sent", &refusal),
            Event::ChatAccepted { .. } => {
                self.pending = self.pending.saturating_sub(1);
                self.unseen_lines += 1;
            }
            Event::ChatReceived { channel, line } => {
                if self.username.as_ref() == Some(&line.sender) {
                    self.unseen_lines -= 1;
                } else if channel.starts_with('@') {
                    self.last_whisper_from = Some(line.sender.clone());
                }
                self.show_line(&channel, &line);
            }
            Event::HistoryLoaded { channel, lines, .. } => {
                for line in &lines {
                    if channel.starts_with('@') && self.username.as_ref() != Some(&line.sender) {
                        self.last_whisper_from = Some(line.sender.clone());
                    }
                    self.show_line(&channel, line);
                }
            }
            Event::HistorySkipped {
                channel,
                first_seq,
                last_seq,
            } => {
                let lines = counted(last_seq - first_seq + 1, "line");
                tell(format_args!("left out: {lines} of {}", clean(&channel)));
            }
            Event::ChatEdited { channel, text, .. } => {
                tell(format_args!(
                    "a line in {} now reads: {}",
                    clean(&channel),
                    clean(&text)
                ));
            }
            Event::ChatDeleted { channel, .. } => {
                tell(format_args!("a line in {} was deleted", clean(&channel)));
            }
            Event::ChannelJoined { channel } => {
                self.lobby.get_or_insert_with(|| channel.clone());
                tell(format_args!("you are in {}", clean(&channel)));
            }
            Event::ChannelLeft {
                channel,
                reason,
                by,
            } => {
                if self.place == channel {
                    self.place.clear();
                }
                let by = by.map_or_else(String::new, |by| format!(" by {}", clean(&by)));
                tell(format_args!(
                    "you are out of {}: {reason}{by}",
                    clean(&channel)
                ));
            }
            Event::RoleChanged {
                channel,
                username,
                role,
                ..
            } => {
                let (channel, username) = (clean(&channel), clean(&username));
                tell(format_args!("{username} is {role} of {channel} now"));
            }
            Event::Invited { channel, by } => {
                let (channel, by) = (clean(&channel), clean(&by));
                tell(format_args!("{by} invites you: /join {channel}"));
            }
            Event::PresenceChanged {
                channel, changes, ..
            } => {
                for one in changes {
                    let news = match (one.change, one.member.state) {
                        (Change::Joined, _) => "is here",
                        (Change::Left, _) => "is gone",
                        (Change::State, PresenceState::Online) => "is back",
                        (Change::State, PresenceState::Away) => "is away",
                        (Change::State, PresenceState::Offline) => "is offline",
                    };
                    let (name, text) = (clean(&one.member.username), topic_of(&one.member.text));
                    tell(format_args!("{}: {name} {news}{text}", clean(&channel)));
                }
            }
            Event::ChannelChanged { .. } | Event::UnreadChanged { .. } => {}
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

/// A topic, or what somebody says of themselves, behind something else.
fn topic_of(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {}", clean(text))
    }
}

/// `1 member`, `2 members`.
fn counted(count: impl Into<u64>, what: &str) -> String {
    match count.into() {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
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

/// Prints several lines.
fn tell_all(lines: &str) {
    for line in lines.lines() {
        tell(line);
    }
}

/// Prints news about the connection and about what was asked for.
fn tell(line: impl Display) {
    // Nowhere to complain about a broken standard error.
    writeln!(std::io::stderr(), "* {line}").ok();
}
