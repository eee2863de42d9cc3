//! A player who talks all the time and writes down what is heard.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use longhall_client::tokio_driver::{self, Command};
use longhall_client::{Answer, Call, Config, Event, Session};
use longhall_packet::{Line, LineKind, Seq};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

/// How long an expected thing may take before the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "correct horse";

/// A line as a player heard it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Heard {
    pub(crate) seq: Seq,
    pub(crate) sender: String,
    pub(crate) text: String,
}

/// What one player wrote down.
#[derive(Default)]
pub(crate) struct Notes {
    /// By conversation, in the order heard.
    pub(crate) heard: BTreeMap<String, Vec<Heard>>,
    /// Lines said before, by conversation: what scrolling up has brought.
    pub(crate) older: BTreeMap<String, Vec<Heard>>,
    /// What the server acknowledged: conversation, number and text.
    pub(crate) posted: Vec<(String, Seq, String)>,
    /// Lines that the server did not take for the moment: conversation and text. They may have
    /// been written all the same.
    pub(crate) doubtful: Vec<(String, String)>,
    /// Lines that wait for their acknowledgement, by conversation.
    pub(crate) waiting: HashMap<String, VecDeque<String>>,
    /// Times the player was back after a cut.
    pub(crate) resumes: u64,
}

impl Notes {
    pub(crate) fn waiting_count(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    /// The line that was answered: in each conversation, the first that waits.
    fn answered(&mut self, name: &str, channel: &str) -> String {
        let waiting = self.waiting.get_mut(channel).and_then(VecDeque::pop_front);
        waiting.unwrap_or_else(|| panic!("{name}: an answer in {channel} to nothing"))
    }

    fn take(&mut self, name: &str, event: Event) {
        match event {
            Event::ChatReceived { channel, line } => {
                assert_eq!(line.kind, LineKind::Said, "nobody deletes here");
                self.heard.entry(channel).or_default().push(heard(line));
            }
            Event::ChatAccepted { channel, seq, .. } => {
                let text = self.answered(name, &channel);
                self.posted.push((channel, seq, text));
            }
            Event::ChatDenied { channel, error, .. } if error.is_for_now() => {
                let text = self.answered(name, &channel);
                self.doubtful.push((channel, text));
            }
            Event::LoggedIn { .. } => self.resumes += 1,
            // All of these would lose lines: the proof allows for none.
            Event::ChatDenied { .. }
            | Event::LoggedOut { .. }
            | Event::LoginDenied(_)
            | Event::RegisterDenied(_)
            | Event::HistorySkipped { .. }
            | Event::ChannelLeft { .. }
            | Event::Warning(_) => panic!("{name}: {event:?}"),
            Event::HistoryLoaded { channel, lines, .. } => {
                let older = self.older.entry(channel).or_default();
                older.splice(..0, lines.into_iter().map(heard));
            }
            _ => {}
        }
    }
}

fn heard(line: Line) -> Heard {
    Heard {
        seq: line.seq,
        sender: line.sender,
        text: line.text,
    }
}

/// A player with a connection of its own.
pub(crate) struct Player {
    pub(crate) name: String,
    pub(crate) notes: Notes,
    commands: Sender<Command>,
    events: Receiver<Event>,
}

impl Player {
    /// Creates an account, logs in and comes into `channels`.
    pub(crate) async fn enter(name: &str, address: SocketAddr, seed: u64) -> Self {
        let config = Config {
            // Lively: a test does not sit out half a minute.
            reconnect_max_delay: Duration::from_millis(500),
            heartbeat_interval: Duration::from_secs(1),
            request_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(2),
            ..Config::default()
        };
        let (commands, command_rx) = channel(16);
        let (event_tx, events) = channel(256);
        let session = Session::new(config, seed);
        let url = format!("ws://{address}");
        tokio::spawn(tokio_driver::run(url, session, command_rx, event_tx));
        let mut player = Self {
            name: name.to_owned(),
            notes: Notes::default(),
            commands,
            events,
        };
        player.command(Command::Connect).await;
        player
            .until(|event| matches!(event, Event::Connected { .. }))
            .await;
        let own = name.to_owned();
        player
            .call(move |session, now| session.register(now, &own, PASSWORD))
            .await;
        player
            .until(|event| matches!(event, Event::Registered { .. }))
            .await;
        let own = name.to_owned();
        player
            .call(move |session, now| session.login(now, &own, PASSWORD))
            .await;
        player
            .until(|event| matches!(event, Event::ChannelJoined { .. }))
            .await;
        player.notes.resumes = 0;
        player
    }

    /// Joins a channel, or creates it.
    pub(crate) async fn join(&mut self, channel: &str, creates: bool) {
        let name = channel.to_owned();
        self.call(move |session, now| match creates {
            true => session.create_channel(now, &name, "", longhall_packet::Access::Open, None),
            false => session.join_channel(now, &name, None),
        })
        .await;
        let wanted = channel.to_owned();
        self.until(|event| matches!(event, Event::ChannelJoined { channel } if *channel == wanted))
            .await;
    }

    /// Scrolls up to the first line there is.
    pub(crate) async fn scroll_up(&mut self, channel: &str) {
        loop {
            let name = channel.to_owned();
            let (ask, outcome) = Command::ask(move |session, now| session.load_history(now, &name));
            self.command(ask).await;
            let outcome = timeout(PATIENCE, outcome).await.expect("a page in time");
            while self.listen(Duration::from_millis(10)).await {}
            match outcome.expect("the driver runs") {
                Ok(Answer::History { more: true, .. }) => {}
                Ok(_) => return,
                Err(refusal) => panic!("{}: {refusal}", self.name),
            }
        }
    }

    /// Says a line; what becomes of it is noted when it is known.
    pub(crate) async fn say(&mut self, channel: &str, text: String) {
        let waiting = self.notes.waiting.entry(channel.to_owned()).or_default();
        waiting.push_back(text.clone());
        let channel = channel.to_owned();
        self.call(move |session, now| session.send_chat(now, &channel, &text))
            .await;
    }

    /// Notes one event, if there is one within `pause`.
    pub(crate) async fn listen(&mut self, pause: Duration) -> bool {
        match timeout(pause, self.events.recv()).await {
            Ok(Some(event)) => {
                self.notes.take(&self.name, event);
                true
            }
            Ok(None) => panic!("{}: the driver has ended", self.name),
            Err(_) => false,
        }
    }

    async fn until(&mut self, wanted: impl Fn(&Event) -> bool) {
        loop {
            let event = timeout(PATIENCE, self.events.recv()).await;
            let event = event.unwrap_or_else(|_| panic!("{}: it takes too long", self.name));
            let event = event.expect("the driver runs");
            let is_it = wanted(&event);
            self.notes.take(&self.name, event);
            if is_it {
                return;
            }
        }
    }

    async fn call(&self, call: impl FnOnce(&mut Session, Duration) -> Call + Send + 'static) {
        self.command(Command::call(call)).await;
    }

    async fn command(&self, command: Command) {
        let sent = self.commands.send(command).await;
        assert!(sent.is_ok(), "{}: the driver has ended", self.name);
    }
}
