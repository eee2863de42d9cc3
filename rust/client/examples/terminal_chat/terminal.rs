//! What the person in front of the terminal knows, and what they are told.

use std::ops::ControlFlow;
use std::time::Duration;

use longhall_client::tokio_driver::{Command, Outcome};
use longhall_client::{
    Answer, CallError, CallErrorCode, Command as Typed, Event, LogoutReason, Session, State, help,
};
use longhall_packet::{Change, DenyCode, Line, LineKind, PresenceState};
use tokio::sync::mpsc;

use crate::input::Input;
use crate::text::{clean, clock, counted, show, tell, tell_all, topic_of, utc_offset_seconds};

/// What only a terminal needs; the rest is [`help`].
const COMMANDS: &str = "\
/register NAME  create an account      /login NAME  log in
/logout         log out                /quit        leave (so does Ctrl-D)
/guest NAME     come in without one, where guests are taken
/code CODE NAME log in with the code that your app shows
/recover CODE NAME  choose another password, by a recovery code
/to CHANNEL     talk there, or whisper: /to @NAME; /to alone is the lobby
/older          show older lines of where you are";

/// What the person in front of the terminal knows.
pub(crate) struct Terminal {
    is_interactive: bool,
    state: State,
    username: Option<String>,
    /// Requests without an answer.
    pub(crate) pending: u32,
    /// Own lines that were taken but did not come back yet.
    pub(crate) unseen_lines: i64,
    /// Where what is typed goes; empty for the lobby.
    place: String,
    lobby: Option<String>,
    last_whisper_from: Option<String>,
    answers: mpsc::Sender<Outcome>,
    pub(crate) had_trouble: bool,
    pub(crate) is_leaving: bool,
    utc_offset: i64,
}

impl Terminal {
    pub(crate) fn new(is_interactive: bool, answers: mpsc::Sender<Outcome>) -> Self {
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
    pub(crate) fn wants_input(&self) -> bool {
        let is_ready = match self.state {
            State::LoggedIn => true,
            State::Connected => self.username.is_none(),
            State::Offline | State::Connecting | State::Reconnecting => false,
        };
        !self.is_leaving && (self.is_interactive || (is_ready && self.pending == 0))
    }

    /// What the driver is to do about what was typed.
    pub(crate) fn take(&mut self, input: Input) -> Option<Command> {
        let command = match input {
            Input::Register { username, password } => Command::Register { username, password },
            Input::Login {
                username,
                password,
                code,
            } => Command::call(move |session, now| {
                session.login_with_code(now, &username, &password, &code)
            }),
            Input::Recover {
                username,
                password,
                code,
            } => self.ask(move |session, now| session.recover(now, &username, &code, &password)),
            Input::Guest(name) => {
                Command::call(move |session, now| session.login_as_guest(now, &name))
            }
            Input::Logout if self.username.is_some() => Command::Logout,
            Input::Typed(line) => return self.take_typed(&line),
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
                let is_plain = self.is_interactive || verb == "guest";
                let password = if is_plain { "" } else { " PASSWORD" };
                let code = match verb.as_str() {
                    "code" | "recover" => "CODE ",
                    _ => "",
                };
                tell(format_args!("it is /{verb} {code}NAME{password}"));
                self.had_trouble = true;
                return None;
            }
        };
        self.pending += 1;
        Some(command)
    }

    fn take_typed(&mut self, line: &str) -> Option<Command> {
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

    pub(crate) fn show_answer(&mut self, outcome: Outcome) {
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
            Ok(Answer::Halls {
                halls,
                hall_size,
                here,
            }) => {
                for one in halls {
                    let of = match hall_size {
                        0 => String::new(),
                        size => format!(" of {size}"),
                    };
                    let here = if one.channel == here { ", here" } else { "" };
                    tell(format_args!("hall {}: {}{of}{here}", one.hall, one.online));
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
            Ok(Answer::Sanctioned(sanction)) => {
                tell(format_args!("{} is set", sanction.sanction));
            }
            Ok(Answer::Sanctions(past)) if past.is_empty() => tell("nothing was ever set"),
            Ok(Answer::Sanctions(past)) => {
                for one in past {
                    let (what, by) = (one.sanction.sanction, clean(&one.by));
                    let reason = clean(&one.sanction.reason);
                    tell(format_args!("{what} by {by}: {reason}"));
                }
            }
            Ok(Answer::LinesDeleted { count, .. }) => {
                tell(format_args!("{count} messages deleted"));
            }
            Ok(Answer::Blocks(names)) if names.is_empty() => tell("you have blocked nobody"),
            Ok(Answer::Blocks(names)) => tell(clean(&names.join(" "))),
            Ok(Answer::History { lines, more, .. }) => {
                if lines.is_empty() && !more {
                    tell("there are no older lines");
                }
            }
            Ok(Answer::Reported(number)) => {
                tell(format_args!("the moderators have it as report {number}"));
            }
            Ok(
                Answer::Done
                | Answer::Posted { .. }
                // Told as an event, or never asked for here.
                | Answer::ProfileSet { .. }
                | Answer::PlayerInfo(_)
                | Answer::RecoveryCodes(_)
                | Answer::Ticket { .. }
                | Answer::Export(_)
                | Answer::SecondFactor { .. }
                | Answer::Reports { .. }
                | Answer::ReportLines(_),
            ) => {}
            Err(error) => {
                self.had_trouble = true;
                let reason = clean(&error.reason);
                tell(format_args!("not done: {reason} ({})", error.code));
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
        if line.kind == LineKind::System {
            return show(format_args!("{clock} {place}*** {text}"));
        }
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
    pub(crate) fn show_event(&mut self, event: Event) -> ControlFlow<()> {
        match event {
            Event::StateChanged(state) => self.state = state,
            // A game's, not a chat's.
            Event::ProfileChanged { .. } | Event::TicketReceived { .. } => {}
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
            Event::ReportClosed {
                username,
                outcome,
                text,
                ..
            } => {
                let (name, text) = (clean(&username), topic_of(&text));
                tell(format_args!(
                    "your report of {name} is closed: {outcome}{text}"
                ));
            }
            Event::ReportsWaiting { count } => {
                tell(format_args!("reports that are open: {count}"));
            }
            Event::Disconnected { reason, retry_in } => {
                tell(format_args!("disconnected: {reason}"));
                if retry_in.is_none() {
                    return ControlFlow::Break(());
                }
            }
            Event::Reconnecting { attempt, delay } => {
                let seconds = delay.as_secs_f64();
                tell(format_args!("try {attempt} in {seconds:.1} s"));
            }
            Event::RecoveryCodes { codes } => {
                tell(
                    "keep these: each replaces a lost password once, and they are shown this once",
                );
                for code in codes {
                    tell(code.expose());
                }
            }
            Event::RegistrationChanged {
                registration,
                guests,
            } => {
                let guests = if guests { "; /guest NAME" } else { "" };
                let mode = registration.mode;
                tell(format_args!("registration is {mode} here{guests}"));
            }
            // It takes no longer than a terminal is patient.
            Event::ProofProgress { percent: 0 } => tell("working for it"),
            Event::ProofProgress { .. } => {}
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
            Event::RegisterDenied(error) => self.show_error("not registered", &error),
            Event::LoginDenied(error) => {
                self.show_error("not logged in", &error);
                if error.code == CallErrorCode::Server(DenyCode::CodeNeeded) {
                    tell("it is /code CODE NAME for this account");
                }
            }
            Event::ChatDenied { error, .. } => self.show_error("not sent", &error),
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
            Event::HallChanged { to, .. } => {
                tell(format_args!("your hall of the lobby is {} now", clean(&to)));
                self.lobby = Some(to);
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
            Event::ServerRoleChanged { role } => {
                tell(format_args!("you are {role} on this server now"));
            }
            Event::AccountRenamed { new_username, .. } => {
                tell(format_args!("your name is {} now", clean(&new_username)));
            }
            Event::PlayerRenamed {
                username,
                new_username,
            } => {
                let (was, name) = (clean(&username), clean(&new_username));
                if self.place == format!("@{username}") {
                    self.place = format!("@{new_username}");
                }
                tell(format_args!("{was} is called {name} now"));
            }
            Event::Sanctioned { sanction } => {
                let place = sanction.channel.as_deref().unwrap_or("this server");
                let why = match sanction.reason.as_str() {
                    "" => String::new(),
                    reason => format!(": {}", clean(reason)),
                };
                tell(format_args!(
                    "{} on {}{why}",
                    sanction.sanction,
                    clean(place)
                ));
            }
            Event::SanctionLifted { sanction, channel } => {
                let place = channel.as_deref().unwrap_or("this server");
                tell(format_args!("{sanction} lifted on {}", clean(place)));
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
        ControlFlow::Continue(())
    }

    fn show_error(&mut self, what: &str, error: &CallError) {
        self.pending = self.pending.saturating_sub(1);
        self.had_trouble = true;
        let reason = clean(&error.reason);
        tell(format_args!("{what}: {reason} ({})", error.code));
    }
}
