//! A player, a session, and what stands on the screen.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use fastrand::Rng;
use longhall_client::{Answer, Call, CallErrorCode, Config, Event, LogoutReason, Session, State};
use longhall_packet::{Line, LineKind, Seq};

use super::server::{CHANNELS, Server, is_hidden_from};
use super::wire::Frame;
use crate::support::PASSWORD;

pub(super) struct Player {
    pub(super) name: &'static str,
    /// Tells the lines of this player's from those of others.
    mark: String,
    pub(super) session: Session,
    pub(super) wire: Option<u64>,
    starts_at: Duration,
    last_number: u32,
    /// Lines without an end, and where.
    said: HashMap<Call, String>,
    others: Vec<Call>,
    posted: Vec<(String, Seq, String)>,
    refused: Vec<(String, CallErrorCode)>,
    screens: BTreeMap<String, Screen>,
    /// Everything behind these is to be on the screen.
    floors: BTreeMap<String, Seq>,
    pub(super) skips: u64,
    pub(super) resets: u64,
    /// Another store may know nothing of the session.
    pub(super) may_expire: bool,
    has_news: bool,
    pub(super) deletions: u64,
}

#[derive(Default)]
struct Screen {
    lines: Vec<Line>,
    newest: Seq,
    more: Option<bool>,
}

impl Player {
    pub(super) fn new(name: &'static str, rng: &mut Rng) -> Self {
        let config = Config {
            history_lines: [0, 3, 50][rng.usize(..3)],
            max_gap: [3, 10_000, 10_000, 10_000][rng.usize(..4)],
            ..Config::default()
        };
        Self {
            name,
            mark: format!("{:08x}", rng.u32(..)),
            session: Session::new(config, rng.u64(..)),
            wire: None,
            starts_at: Duration::from_millis(rng.u64(..5_000)),
            last_number: 0,
            said: HashMap::new(),
            others: Vec::new(),
            posted: Vec::new(),
            refused: Vec::new(),
            screens: BTreeMap::new(),
            floors: BTreeMap::new(),
            skips: 0,
            resets: 0,
            may_expire: false,
            has_news: false,
            deletions: 0,
        }
    }

    pub(super) fn play(&mut self, now: Duration, rng: &mut Rng) {
        if now < self.starts_at {
            return;
        }
        let choice = rng.u8(..40);
        if self.session.username().is_none() {
            self.come_in(now);
        } else if choice < 8 {
            let places = ["", "", "trade", "@ada", "@bob", "@eve"];
            let place = places[rng.usize(..places.len())];
            if place.strip_prefix('@') != Some(self.name) {
                for _ in 0..rng.usize(1..=3) {
                    self.say(now, place);
                }
            }
        } else if choice == 8 {
            let place = self.some_conversation(rng);
            let call = self.session.load_history(now, &place);
            self.others.push(call);
        } else if choice == 9 {
            let place = self.some_conversation(rng);
            let lines = self.screens.get(&place).map(|screen| &screen.lines[..]);
            if let Some([first, .., last]) = lines {
                let seq = rng.u64(first.seq..=last.seq);
                let call = self.session.mark_read(now, &place, seq);
                self.others.push(call);
            }
        } else if choice == 10 {
            self.change_a_line(now, rng);
        }
    }

    fn come_in(&mut self, now: Duration) {
        match self.session.state() {
            State::Offline => {
                let call = self.session.connect(now);
                self.others.push(call);
            }
            State::Connected => {
                let call = self.session.login(now, self.name, PASSWORD);
                self.others.push(call);
            }
            State::Connecting | State::Reconnecting | State::LoggedIn => {}
        }
    }

    fn say(&mut self, now: Duration, place: &str) {
        self.last_number += 1;
        let text = format!("{} {}", self.mark, self.last_number);
        let call = self.session.send_chat(now, place, &text);
        self.said.insert(call, text);
    }

    fn some_conversation(&self, rng: &mut Rng) -> String {
        let names: Vec<&String> = self.screens.keys().collect();
        match names.len() {
            0 => String::new(),
            len => names[rng.usize(..len)].clone(),
        }
    }

    fn change_a_line(&mut self, now: Duration, rng: &mut Rng) {
        let place = CHANNELS[rng.usize(..CHANNELS.len())];
        let Some(screen) = self.screens.get(place) else {
            return;
        };
        let is_mine =
            |line: &&Line| line.text.starts_with(&self.mark) && line.edited_at_ms.is_none();
        let mine: Vec<&Line> = screen.lines.iter().filter(is_mine).collect();
        if mine.is_empty() {
            return;
        }
        let line = mine[rng.usize(..mine.len())];
        let call = if rng.u8(..3) == 0 {
            self.deletions += 1;
            self.session.delete_line(now, place, line.seq)
        } else {
            let text = format!("{} (edited)", line.text);
            self.session.edit_line(now, place, line.seq, &text)
        };
        self.others.push(call);
    }

    /// What a driver does once a frame.
    pub(super) fn drive(&mut self, now: Duration, server: &mut Server, rng: &mut Rng) {
        while let Some(wire) = self.wire.and_then(|id| server.wire(id)) {
            match wire.next_frame(now) {
                None => break,
                Some(Frame::Packet(text)) => {
                    let id = wire.id;
                    server.arrived(id, &text);
                    self.session.received(now, text.as_bytes());
                }
                Some(Frame::End(code)) => {
                    wire.client_is_gone = true;
                    self.wire = None;
                    self.session.closed(now, code, "");
                }
            }
            if rng.u8(..20) == 0 {
                break;
            }
        }
        self.session.tick(now);
    }

    /// Puts on the screen what the events say, as a game does.
    pub(super) fn show(&mut self) {
        while let Some(event) = self.session.poll_event() {
            self.has_news = true;
            self.show_event(event);
        }
        while let Some((call, outcome)) = self.session.poll_outcome() {
            if let Some(text) = self.said.remove(&call) {
                match outcome {
                    Ok(Answer::Posted { channel, seq }) => self.posted.push((channel, seq, text)),
                    Ok(other) => panic!("{other:?} for a line"),
                    Err(error) => self.refused.push((text, error.code)),
                }
            } else {
                let place = self.others.iter().position(|other| *other == call);
                self.others.swap_remove(place.expect("a call ends once"));
            }
        }
    }

    fn show_event(&mut self, event: Event) {
        match event {
            Event::LoggedIn { .. } => {
                let has_pages = self.session.config().history_lines > 0;
                for state in self.session.channels() {
                    if !has_pages || state.last_seq == 0 {
                        let floor = self.floors.entry(state.channel.clone());
                        floor.or_insert(state.last_seq);
                    }
                    self.screens.entry(state.channel).or_default();
                }
                if self.session.conversations().is_empty() {
                    self.floors.entry("@".to_owned()).or_insert(0);
                }
            }
            Event::LoggedOut { reason } => {
                let is_lost = reason == LogoutReason::SessionExpired && self.may_expire;
                assert!(is_lost, "out because of {reason}");
                // What this store has taken went with it.
                self.posted.clear();
            }
            Event::HistoryReset => {
                self.resets += 1;
                self.screens.clear();
                self.floors.clear();
                self.posted.clear();
            }
            Event::ChatReceived { channel, line } => {
                let screen = self.screens.entry(channel).or_default();
                assert!(line.seq > screen.newest, "{} again", line.seq);
                screen.newest = line.seq;
                screen.lines.push(line);
            }
            Event::HistoryLoaded {
                channel,
                lines,
                more,
            } => {
                let screen = self.screens.entry(channel.clone()).or_default();
                let first = screen.lines.first().map_or(Seq::MAX, |line| line.seq);
                assert!(lines.last().is_none_or(|last| last.seq < first), "again");
                assert!(lines.is_sorted_by(|one, next| one.seq < next.seq));
                let newest = lines.last().map_or(0, |line| line.seq);
                screen.newest = screen.newest.max(newest);
                if let Some(line) = lines.first() {
                    let floor = self.floors.entry(channel);
                    floor.or_insert(line.seq - 1);
                }
                screen.lines.splice(0..0, lines);
                screen.more = Some(more);
            }
            Event::HistorySkipped {
                channel,
                first_seq,
                last_seq,
            } => {
                assert!(first_seq <= last_seq);
                self.skips += 1;
                for (name, screen) in &mut self.screens {
                    if *name == channel || (channel == "@" && name.starts_with('@')) {
                        assert!(screen.newest < first_seq, "{} was shown", screen.newest);
                        screen.lines.clear();
                        screen.more = None;
                    }
                }
                self.floors.insert(channel, last_seq);
            }
            Event::ChatEdited {
                channel, seq, text, ..
            } => {
                let line = self.line_mut(&channel, seq);
                line.text = text;
                line.edited_at_ms = Some(1);
            }
            Event::ChatDeleted { channel, seq } => {
                let line = self.line_mut(&channel, seq);
                line.kind = LineKind::Deleted;
                line.text.clear();
            }
            _ => {}
        }
    }

    #[track_caller]
    fn line_mut(&mut self, channel: &str, seq: Seq) -> &mut Line {
        let lines = &mut self.screens.get_mut(channel).expect("a screen").lines;
        let line = lines.iter_mut().find(|line| line.seq == seq);
        line.unwrap_or_else(|| panic!("{channel} {seq} is not on the screen"))
    }

    /// Whether anything happened since the last look.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.has_news)
    }

    /// Everything has come to an end.
    pub(super) fn is_content(&self) -> bool {
        let is_in = self.session.state() == State::LoggedIn || self.session.username().is_none();
        is_in && self.said.is_empty() && self.others.is_empty()
    }

    /// Asks for older lines where there are some. False when there are none.
    pub(super) fn scroll_up(&mut self, now: Duration) -> bool {
        if !self.others.is_empty() {
            return true;
        }
        if self.session.state() != State::LoggedIn {
            return false;
        }
        let open = self.screens.iter().find(|(_, one)| one.more != Some(false));
        let Some(place) = open.map(|(place, _)| place.clone()) else {
            return false;
        };
        let call = self.session.load_history(now, &place);
        self.others.push(call);
        true
    }

    /// The number of a line of this player's.
    pub(super) fn number_of(&self, text: &str) -> Option<u32> {
        let rest = text.strip_prefix(&self.mark)?.trim_start();
        rest.trim_end_matches(" (edited)").parse().ok()
    }

    /// Nothing since coming in is missing on the screen.
    pub(super) fn check_screens(&self, server: &Server) {
        if self.session.username().is_none() {
            return;
        }
        for (channel, screen) in &self.screens {
            let log = if channel.starts_with('@') {
                "@"
            } else {
                channel
            };
            let floor = self.floors.get(log).copied();
            let first = screen.lines.first().map_or(Seq::MAX, |line| line.seq);
            let floor = floor.map_or(first, |floor| first.min(floor + 1));
            let all = server.screen(self.name, channel);
            let expected: Vec<&Line> = all.iter().filter(|line| line.seq >= floor).collect();
            check_same(channel, &screen.lines, &expected);
        }
    }

    /// After scrolling up to the top, everything is on the screen.
    pub(super) fn check_whole(&self, server: &Server) {
        if self.session.username().is_none() {
            return;
        }
        for (channel, screen) in &self.screens {
            let all = server.screen(self.name, channel);
            check_same(channel, &screen.lines, &all.iter().collect::<Vec<_>>());
        }
    }

    /// The same count as the server's.
    pub(super) fn check_unread(&self, server: &Server) {
        for state in self.session.channels() {
            assert_eq!(
                state.unread,
                server.unread(self.name, &state.channel),
                "unread in {} of {}",
                state.channel,
                self.name
            );
        }
    }

    /// Acknowledged lines are there, and refused ones are not.
    pub(super) fn check_answers(&self, server: &Server) {
        for (channel, seq, text) in &self.posted {
            let log = match channel.strip_prefix('@') {
                Some(_) => format!("@{}", self.name),
                None => channel.clone(),
            };
            let line = server.line(&log, *seq).expect("a line");
            assert_eq!(line.sender, self.name);
            let is_it = line.text.trim_end_matches(" (edited)") == text;
            assert!(is_it || line.kind == LineKind::Deleted, "{line:?}");
            assert!(!is_hidden_from(self.name, &line));
        }
        for (text, code) in &self.refused {
            let nobody_knows = matches!(
                code,
                CallErrorCode::TimedOut | CallErrorCode::ConnectionLost
            );
            assert!(
                nobody_knows || !server.was_taken(text),
                "{text} was taken and refused: {code}"
            );
        }
    }
}

#[track_caller]
fn check_same(channel: &str, shown: &[Line], expected: &[&Line]) {
    let tell = |line: &Line| (line.seq, line.text.clone());
    let shown: Vec<_> = shown.iter().map(tell).collect();
    let expected: Vec<_> = expected.iter().map(|line| tell(line)).collect();
    assert_eq!(shown, expected, "in {channel}");
}
