//! A server in a few lines: logs that survive a crash, and everything else that
//! does not.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use fastrand::Rng;
use longhall_packet::{
    ChannelState, ClientPacket, CloseReason, Conversation, Denial, DenyCode, InboxState, Line,
    LineId, LineKind, PROTOCOL_VERSION, RequestId, ResumeToken, Seq, ServerPacket, Target, codec,
};

use super::player::Player;
use crate::support::{channel, hello, line};

pub(super) const CHANNELS: [&str; 2] = ["lobby", "trade"];

/// Eve's lines are hidden from bob.
pub(super) fn is_hidden_from(account: &str, line: &Line) -> bool {
    account == "bob" && line.sender == "eve"
}

pub(super) struct Server {
    rng: Rng,
    // What is on disk.
    logs: BTreeMap<String, Vec<Line>>,
    taken: HashMap<(String, LineId), Seq>,
    /// The current tokens of a session, and the one before.
    tokens: HashMap<u64, (String, ResumeToken, Option<ResumeToken>)>,
    reads: HashMap<(String, String), Seq>,
    epoch: u64,
    /// What somebody has put aside of it.
    backup: Option<Backup>,

    // What is in memory.
    pub(super) wires: Vec<Wire>,
    /// The latest connection of each session.
    newest: HashMap<u64, u64>,
    writes: VecDeque<Write>,
    commit_at: Option<Duration>,
    slow_disk_until: Duration,
    down_until: Duration,
    stops_at: Option<Duration>,

    /// What was said in lines refused for now, until the refusal arrives.
    refusals: HashMap<(u64, RequestId), String>,

    last_wire: u64,
    last_session: u64,
    page_lines: usize,
    outbox: usize,
    pub(super) crashes: u64,
    pub(super) doubles: u64,
    pub(super) gaps: u64,
    pub(super) left_out: u64,
    pub(super) pages: u64,
}

/// An older state of what is on disk.
struct Backup {
    logs: BTreeMap<String, Vec<Line>>,
    taken: HashMap<(String, LineId), Seq>,
    reads: HashMap<(String, String), Seq>,
}

/// One connection. What is sent arrives late, but in order.
pub(super) struct Wire {
    pub(super) id: u64,
    opens_at: Duration,
    opened: bool,
    up: VecDeque<(Duration, String)>,
    down: VecDeque<(Duration, Frame)>,
    pub(super) slow_until: Duration,
    pub(super) client_is_gone: bool,
    /// Nothing arrives any more on either side.
    is_silent: bool,
    /// The server has not noticed that the client is gone.
    server_is_gone: bool,
    session: Option<(u64, String)>,
    /// Answers that take their time.
    late: Vec<(Duration, ServerPacket)>,
    left_out: BTreeSet<String>,
}

pub(super) enum Frame {
    Packet(String),
    End(Option<u16>),
}

pub(super) enum News {
    Opened,
    Packet(String),
    End(Option<u16>),
}

struct Write {
    wire: u64,
    id: RequestId,
    account: String,
    what: What,
}

enum What {
    Say(Target, LineId, String),
    Change(String, Seq, LineKind, String),
}

impl Wire {
    pub(super) fn send_up(&mut self, now: Duration, text: String, rng: &mut Rng) {
        let last = self.up.back().map_or(self.opens_at, |(at, _)| *at);
        let latency = Duration::from_millis(rng.u64(1..300));
        let at = last.max(now + latency).max(self.slow_until);
        if !self.is_silent {
            self.up.push_back((at, text));
        }
    }

    fn send_down(&mut self, now: Duration, frame: Frame, rng: &mut Rng) {
        let last = self.down.back().map_or(self.opens_at, |(at, _)| *at);
        let latency = Duration::from_millis(rng.u64(1..300));
        let at = last.max(now + latency).max(self.slow_until);
        if !self.is_silent {
            self.down.push_back((at, frame));
        }
    }

    /// Some of what was on its way arrives, in both directions.
    pub(super) fn cut(&mut self, now: Duration, rng: &mut Rng) {
        self.up.truncate(rng.usize(..=self.up.len()));
        self.down.truncate(rng.usize(..=self.down.len()));
        self.send_down(now, Frame::End(None), rng);
        self.is_silent = true;
        self.slow_until = now;
    }

    /// A pulled cable: nobody says so.
    pub(super) fn fall_silent(&mut self) {
        self.up.clear();
        self.down.clear();
        self.is_silent = true;
    }

    pub(super) fn next_news(&mut self, now: Duration) -> Option<News> {
        if now < self.opens_at {
            return None;
        }
        if !self.opened && !matches!(self.down.front(), Some((_, Frame::End(_)))) {
            self.opened = true;
            return Some(News::Opened);
        }
        let (_, frame) = self.down.pop_front_if(|(at, _)| *at <= now)?;
        Some(match frame {
            Frame::Packet(text) => News::Packet(text),
            Frame::End(code) => News::End(code),
        })
    }
}

impl Server {
    pub(super) fn new(mut rng: Rng) -> Self {
        let logs = CHANNELS.into_iter().chain(["@ada", "@bob", "@eve"]);
        let mut server = Self {
            logs: logs.map(|name| (name.to_owned(), Vec::new())).collect(),
            taken: HashMap::new(),
            tokens: HashMap::new(),
            reads: HashMap::new(),
            epoch: 1,
            backup: None,
            wires: Vec::new(),
            newest: HashMap::new(),
            writes: VecDeque::new(),
            commit_at: None,
            slow_disk_until: Duration::ZERO,
            down_until: Duration::ZERO,
            stops_at: None,
            refusals: HashMap::new(),
            last_wire: 0,
            last_session: 0,
            page_lines: rng.usize(2..20),
            outbox: rng.usize(2..20),
            crashes: 0,
            doubles: 0,
            gaps: 0,
            left_out: 0,
            pages: 0,
            rng,
        };
        server.begin_lobby();
        server
    }

    fn begin_lobby(&mut self) {
        for n in 0..self.rng.u64(..8) {
            let text = format!("before {n}");
            self.append("lobby", line(0, "old", &text));
        }
    }

    /// Stopped, and started again with a fresh database, or with an older state.
    pub(super) fn swap_store(&mut self, now: Duration) {
        self.crash(now);
        self.epoch += 1;
        match self.backup.take().filter(|_| self.rng.bool()) {
            Some(Backup { logs, taken, reads }) => {
                (self.logs, self.taken, self.reads) = (logs, taken, reads);
            }
            None => {
                self.logs.values_mut().for_each(Vec::clear);
                self.taken.clear();
                self.reads.clear();
                self.begin_lobby();
            }
        }
        if self.rng.bool() {
            self.tokens.clear();
        }
    }

    fn back_up(&mut self) {
        self.backup = Some(Backup {
            logs: self.logs.clone(),
            taken: self.taken.clone(),
            reads: self.reads.clone(),
        });
    }

    pub(super) fn wire(&mut self, id: u64) -> Option<&mut Wire> {
        self.wires.iter_mut().find(|wire| wire.id == id)
    }

    pub(super) fn open(&mut self, now: Duration, is_calm: bool) -> u64 {
        self.last_wire += 1;
        let mut wire = Wire {
            id: self.last_wire,
            opens_at: now + Duration::from_millis(self.rng.u64(1..300)),
            opened: false,
            up: VecDeque::new(),
            down: VecDeque::new(),
            slow_until: Duration::ZERO,
            client_is_gone: false,
            is_silent: false,
            server_is_gone: false,
            session: None,
            late: Vec::new(),
            left_out: BTreeSet::new(),
        };
        if now < self.down_until || (!is_calm && self.rng.u8(..10) == 0) {
            wire.send_down(now, Frame::End(None), &mut self.rng);
            wire.server_is_gone = true;
        } else {
            let greeting = codec::encode(&hello(PROTOCOL_VERSION));
            wire.send_down(now, Frame::Packet(greeting), &mut self.rng);
        }
        self.wires.push(wire);
        self.last_wire
    }

    /// Killed: what was not on disk is gone.
    pub(super) fn crash(&mut self, now: Duration) {
        self.crashes += 1;
        self.writes.clear();
        self.commit_at = None;
        self.stops_at = None;
        self.down_until = now + Duration::from_millis(self.rng.u64(..5_000));
        for wire in &mut self.wires {
            wire.cut(now, &mut self.rng);
            wire.server_is_gone = true;
        }
    }

    /// Stops in good order, a little later.
    pub(super) fn restart(&mut self, now: Duration) {
        self.stops_at = Some(now + Duration::from_millis(self.rng.u64(..2_000)));
    }

    pub(super) fn stall_disk(&mut self, now: Duration) {
        self.slow_disk_until = now + Duration::from_millis(self.rng.u64(..20_000));
    }

    pub(super) fn step(&mut self, now: Duration, is_difficult: bool) {
        self.wires
            .retain(|wire| !(wire.client_is_gone && (wire.server_is_gone || wire.up.is_empty())));
        for place in 0..self.wires.len() {
            while let Some(wire) = self.wires.get_mut(place)
                && !wire.server_is_gone
                && let Some((_, text)) = wire.up.pop_front_if(|(at, _)| *at <= now)
            {
                self.handle(now, place, &text, is_difficult);
            }
            self.answer_late(now, place);
        }
        if is_difficult && self.rng.u8(..50) == 0 {
            self.back_up();
        }
        if self.stops_at.is_some_and(|at| at <= now) {
            self.commit(now);
            self.stop(now);
        } else if self.commit_at.is_some_and(|at| at <= now) {
            if is_difficult && self.rng.u8(..25) == 0 {
                // On disk, and dead before telling anybody.
                let wires = std::mem::take(&mut self.wires);
                self.commit(now);
                self.wires = wires;
                self.crash(now);
            } else {
                self.commit(now);
            }
        }
        self.tell_gaps(now);
    }

    fn stop(&mut self, now: Duration) {
        self.stops_at = None;
        self.down_until = now + Duration::from_millis(self.rng.u64(..3_000));
        for wire in &mut self.wires {
            if !wire.server_is_gone {
                let code = CloseReason::Restarting.code();
                wire.send_down(now, Frame::End(Some(code)), &mut self.rng);
                wire.server_is_gone = true;
            }
        }
    }

    fn answer_late(&mut self, now: Duration, place: usize) {
        let late = std::mem::take(&mut self.wires[place].late);
        for (at, packet) in late {
            if at <= now {
                self.send(now, place, &packet);
            } else {
                self.wires[place].late.push((at, packet));
            }
        }
    }

    fn send(&mut self, now: Duration, place: usize, packet: &ServerPacket) {
        let wire = &mut self.wires[place];
        if !wire.server_is_gone {
            let frame = Frame::Packet(codec::encode(packet));
            wire.send_down(now, frame, &mut self.rng);
        }
    }

    fn handle(&mut self, now: Duration, place: usize, text: &str, is_difficult: bool) {
        let packet = codec::decode_client_packet(text.as_bytes()).expect("a sound packet");
        let id = packet.id();
        match self.decide(now, place, packet, is_difficult) {
            Ok(None) => {}
            Ok(Some(answer)) => self.send(now, place, &answer),
            Err(denial) => self.send(now, place, &ServerPacket::deny(Some(id), denial)),
        }
    }

    fn decide(
        &mut self,
        now: Duration,
        place: usize,
        packet: ClientPacket,
        is_difficult: bool,
    ) -> Result<Option<ServerPacket>, Denial> {
        let account = self.wires[place].session.clone();
        let name = account.map(|(_, name)| name).unwrap_or_default();
        let is_asked = !matches!(
            packet,
            ClientPacket::Hello { .. } | ClientPacket::Ping { .. } | ClientPacket::Login { .. }
        );
        if is_difficult && is_asked && self.rng.u8(..12) == 0 {
            let codes = [DenyCode::RateLimited, DenyCode::Busy];
            let code = codes[self.rng.usize(..codes.len())];
            let wait = Duration::from_millis(self.rng.u64(..3_000));
            if let ClientPacket::Chat { id, text, .. } = &packet {
                let key = (self.wires[place].id, *id);
                self.refusals.insert(key, text.as_str().to_owned());
            }
            return Err(Denial::for_now(code, wait));
        }
        // From now on to the end of each connection.
        if self.stops_at.is_some() {
            return Err(DenyCode::Restarting.into());
        }
        let request = packet.id();
        match packet {
            ClientPacket::Login { id, username, .. } => {
                self.last_session += 1;
                let session = self.last_session;
                let name = username.as_str().to_owned();
                return Ok(Some(self.enter(now, place, id, session, &name, None)));
            }
            ClientPacket::Resume { id, token } => {
                let found = self.tokens.iter().find(|(_, (_, current, before))| {
                    token == *current || Some(&token) == before.as_ref()
                });
                let (session, name) = found
                    .map(|(session, (name, ..))| (*session, name.clone()))
                    .ok_or(DenyCode::SessionExpired)?;
                // Sent on a connection that the client has long given up, and
                // overtaken by its next one.
                let newest = self.newest.get(&session).copied().unwrap_or(0);
                if self.wires[place].id < newest {
                    return Err(DenyCode::SessionExpired.into());
                }
                let answer = self.enter(now, place, id, session, &name, Some(token));
                return Ok(Some(answer));
            }
            ClientPacket::Chat {
                id,
                channel,
                line_id,
                text,
            } => {
                let what = What::Say(channel, line_id, text.as_str().to_owned());
                self.write(now, place, id, name, what);
                return Ok(None);
            }
            ClientPacket::Edit {
                id,
                channel,
                seq,
                text,
            } => {
                let text = text.as_str().to_owned();
                let what = What::Change(channel.to_string(), seq, LineKind::Edit, text);
                self.write(now, place, id, name, what);
                return Ok(None);
            }
            ClientPacket::Delete { id, channel, seq } => {
                let log = channel.to_string();
                let what = What::Change(log, seq, LineKind::Deletion, String::new());
                self.write(now, place, id, name, what);
                return Ok(None);
            }
            ClientPacket::History {
                id,
                channel,
                after,
                before,
                limit,
            } => {
                self.pages += 1;
                let page = self.page(id, &name, &channel, after, before, limit as usize);
                // What is said meanwhile may be sent first.
                let at = now + Duration::from_millis(self.rng.u64(..500));
                self.wires[place].late.push((at, page));
                return Ok(None);
            }
            ClientPacket::Read { channel, seq, .. } => {
                self.set_read(now, place, &name, &channel.to_string(), seq);
            }
            ClientPacket::Logout { .. } => {
                if let Some((session, _)) = self.wires[place].session.take() {
                    self.tokens.remove(&session);
                }
            }
            ClientPacket::Hello { .. } | ClientPacket::Ping { .. } => {}
            other => panic!("nobody asks for {}", other.name()),
        }
        Ok(Some(ServerPacket::Ok { id: request }))
    }

    fn set_read(&mut self, now: Duration, place: usize, name: &str, channel: &str, seq: Seq) {
        let key = (name.to_owned(), channel.to_owned());
        let read = self.reads.entry(key).or_insert(0);
        if seq <= *read {
            return;
        }
        *read = seq;
        let news = ServerPacket::Read {
            channel: channel.to_owned(),
            seq,
            unread: self.unread(name, channel),
        };
        for other in 0..self.wires.len() {
            let is_mine = self.wires[other]
                .session
                .as_ref()
                .is_some_and(|(_, one)| one == name);
            if is_mine && other != place {
                self.send(now, other, &news);
            }
        }
    }

    fn enter(
        &mut self,
        now: Duration,
        place: usize,
        id: RequestId,
        session: u64,
        name: &str,
        used: Option<ResumeToken>,
    ) -> ServerPacket {
        let token = ResumeToken::from_bytes(&std::array::from_fn(|_| self.rng.u8(..)));
        let tokens = (name.to_owned(), token.clone(), used);
        self.tokens.insert(session, tokens);
        self.newest.insert(session, self.wires[place].id);
        for wire in &mut self.wires {
            if wire.session.as_ref().is_some_and(|(s, _)| *s == session) {
                let code = CloseReason::LoggedInElsewhere.code();
                wire.send_down(now, Frame::End(Some(code)), &mut self.rng);
                wire.server_is_gone = true;
            }
        }
        self.wires[place].session = Some((session, name.to_owned()));
        let channels = CHANNELS.map(|name_of| self.state(name, name_of)).to_vec();
        ServerPacket::LoggedIn {
            id,
            username: name.to_owned(),
            resume_token: token,
            session,
            epoch: self.epoch.to_string(),
            channels,
            inbox: self.inbox(name),
            invitations: Vec::new(),
        }
    }

    fn state(&self, account: &str, name: &str) -> ChannelState {
        let read_seq = self.read(account, name);
        ChannelState {
            last_seq: self.logs[name].len() as Seq,
            read_seq,
            unread: self.unread(account, name),
            ..channel(name)
        }
    }

    fn inbox(&self, account: &str) -> InboxState {
        let log = &self.logs[&format!("@{account}")];
        let mut names: Vec<String> = log.iter().map(|line| other_side(line, account)).collect();
        names.sort();
        names.dedup();
        let conversations = names.into_iter().map(|name| {
            let key = format!("@{name}");
            let mut theirs = log.iter().filter(|line| other_side(line, account) == name);
            Conversation {
                last_seq: theirs.next_back().map_or(0, |line| line.seq),
                read_seq: self.read(account, &key),
                unread: self.unread(account, &key),
                username: name,
            }
        });
        InboxState {
            first_seq: 1,
            last_seq: log.len() as Seq,
            conversations: conversations.collect(),
        }
    }

    fn read(&self, account: &str, conversation: &str) -> Seq {
        let key = (account.to_owned(), conversation.to_owned());
        self.reads.get(&key).copied().unwrap_or(0)
    }

    /// Lines of others that the account has not read.
    pub(super) fn unread(&self, account: &str, conversation: &str) -> u32 {
        let read = self.read(account, conversation);
        let is_unread =
            |line: &&Line| line.seq > read && line.sender != account && line.kind == LineKind::Said;
        self.screen(account, conversation)
            .iter()
            .filter(is_unread)
            .count() as u32
    }

    /// All that an account may see of a conversation.
    pub(super) fn screen(&self, account: &str, conversation: &str) -> Vec<Line> {
        let (log, other) = match conversation.strip_prefix('@') {
            Some(other) => (format!("@{account}"), Some(other)),
            None => (conversation.to_owned(), None),
        };
        let fits = |line: &&Line| {
            matches!(line.kind, LineKind::Said | LineKind::Deleted)
                && !is_hidden_from(account, line)
                && other.is_none_or(|other| other_side(line, account) == other)
        };
        self.logs[&log].iter().filter(fits).cloned().collect()
    }

    fn page(
        &mut self,
        id: RequestId,
        account: &str,
        target: &Target,
        after: Option<Seq>,
        before: Option<Seq>,
        limit: usize,
    ) -> ServerPacket {
        let (log, other) = match target {
            Target::Channel(name) => (name.to_string(), None),
            Target::Inbox => (format!("@{account}"), None),
            Target::Whispers(name) => (format!("@{account}"), Some(name.to_string())),
        };
        let limit = limit.min(self.page_lines);
        let all = &self.logs[&log];
        let (from, to) = (after.unwrap_or(0), before.unwrap_or(Seq::MAX));
        let fits = |line: &&Line| {
            let is_theirs = |other| other_side(line, account) == other;
            line.seq > from && line.seq < to && other.clone().is_none_or(is_theirs)
        };
        let fitting = all.iter().filter(fits).map(|line| seen_by(account, line));
        let mut lines: Vec<Line> = fitting.collect();
        let more = lines.len() > limit;
        if after.is_some() {
            lines.truncate(limit);
        } else {
            lines.drain(..lines.len().saturating_sub(limit));
        }
        ServerPacket::History {
            id,
            channel: target.to_string(),
            first_seq: 1,
            last_seq: all.len() as Seq,
            lines,
            more,
        }
    }

    fn write(&mut self, now: Duration, place: usize, id: RequestId, account: String, what: What) {
        self.writes.push_back(Write {
            wire: self.wires[place].id,
            id,
            account,
            what,
        });
        let at = now + Duration::from_millis(self.rng.u64(..200));
        let at = at.max(self.slow_disk_until);
        self.commit_at = Some(self.commit_at.map_or(at, |other| other.min(at)));
    }

    /// Everything that waits goes to disk; then everybody is told.
    fn commit(&mut self, now: Duration) {
        self.commit_at = None;
        for Write {
            wire,
            id,
            account,
            what,
        } in std::mem::take(&mut self.writes)
        {
            let answer = match what {
                What::Say(target, line_id, text) => {
                    self.commit_line(now, id, &account, &target, line_id, &text)
                }
                What::Change(log, of, kind, text) => {
                    self.commit_change(now, &account, &log, of, kind, &text);
                    ServerPacket::Ok { id }
                }
            };
            if let Some(place) = self.wires.iter().position(|one| one.id == wire) {
                self.send(now, place, &answer);
            }
        }
    }

    fn commit_line(
        &mut self,
        now: Duration,
        id: RequestId,
        account: &str,
        target: &Target,
        line_id: LineId,
        text: &str,
    ) -> ServerPacket {
        let said = line(0, account, text);
        let key = (account.to_owned(), line_id);
        let (channel, seq) = match (target, self.taken.get(&key)) {
            (Target::Channel(name), Some(seq)) => (name.to_string(), *seq),
            (_, Some(seq)) => ("@".to_owned(), *seq),
            (Target::Channel(name), None) => {
                let seq = self.append(name.as_str(), said);
                self.deliver(now, name.as_str(), seq);
                (name.to_string(), seq)
            }
            (Target::Whispers(_) | Target::Inbox, None) => {
                let other = target.to_string();
                let recipient = Some(other.trim_start_matches('@').to_owned());
                let whisper = Line { recipient, ..said };
                let own = format!("@{account}");
                let seq = self.append(&own, whisper.clone());
                self.deliver(now, &own, seq);
                let received = self.append(&other, whisper);
                self.deliver(now, &other, received);
                ("@".to_owned(), seq)
            }
        };
        if self.taken.insert(key, seq).is_some() {
            self.doubles += 1;
        }
        ServerPacket::Posted {
            id,
            channel,
            seq,
            sent_at_ms: 0,
        }
    }

    fn commit_change(
        &mut self,
        now: Duration,
        account: &str,
        log: &str,
        of: Seq,
        kind: LineKind,
        text: &str,
    ) {
        let lines = self.logs.get_mut(log).expect("a channel");
        let target = &mut lines[of as usize - 1];
        if target.kind != LineKind::Said || target.sender != account {
            return;
        }
        let base = |text: &str| text.trim_end_matches(" (edited)").to_owned();
        let is_meant = kind == LineKind::Deletion || base(text) == base(&target.text);
        assert!(is_meant, "{text} in the place of {}", target.text);
        text.clone_into(&mut target.text);
        if kind == LineKind::Deletion {
            target.kind = LineKind::Deleted;
        } else {
            target.edited_at_ms = Some(1);
        }
        let entry = Line {
            kind,
            of: Some(of),
            ..line(0, account, text)
        };
        let seq = self.append(log, entry);
        self.deliver(now, log, seq);
    }

    fn append(&mut self, log: &str, line: Line) -> Seq {
        let lines = self.logs.get_mut(log).expect("a log");
        let seq = lines.len() as Seq + 1;
        lines.push(Line { seq, ..line });
        seq
    }

    fn deliver(&mut self, now: Duration, log: &str, seq: Seq) {
        let line = self.logs[log][seq as usize - 1].clone();
        let channel = if log.starts_with('@') { "@" } else { log };
        for wire in &mut self.wires {
            let Some((_, account)) = &wire.session else {
                continue;
            };
            if wire.server_is_gone || (channel == "@" && *account != log[1..]) {
                continue;
            }
            if wire.down.len() > self.outbox {
                wire.left_out.insert(channel.to_owned());
                self.left_out += 1;
                continue;
            }
            let packet = ServerPacket::Chat {
                channel: channel.to_owned(),
                line: seen_by(account, &line),
            };
            let frame = Frame::Packet(codec::encode(&packet));
            wire.send_down(now, frame, &mut self.rng);
        }
    }

    /// Connections that have drained are told what was left out.
    fn tell_gaps(&mut self, now: Duration) {
        for place in 0..self.wires.len() {
            let wire = &mut self.wires[place];
            if wire.left_out.is_empty() || wire.down.len() * 2 > self.outbox {
                continue;
            }
            let Some((_, account)) = wire.session.clone() else {
                continue;
            };
            for channel in std::mem::take(&mut wire.left_out) {
                self.gaps += 1;
                let log = if channel == "@" {
                    format!("@{account}")
                } else {
                    channel.clone()
                };
                let last_seq = self.logs[&log].len() as Seq;
                self.send(now, place, &ServerPacket::Gap { channel, last_seq });
            }
        }
    }

    /// Nothing takes its time, and nobody listens to a dead wire.
    pub(super) fn is_quiet(&self, now: Duration) -> bool {
        let is_quiet = |wire: &Wire| {
            let up = wire.up.iter().map(|(at, _)| *at);
            let down = wire.down.iter().map(|(at, _)| *at);
            let is_soon = |at: Duration| at < now + Duration::from_secs(2);
            up.chain(down).all(is_soon) && !wire.is_silent && !wire.server_is_gone
        };
        let mut used = self.wires.iter().filter(|wire| !wire.client_is_gone);
        self.writes.is_empty() && used.all(is_quiet)
    }

    pub(super) fn lines(&self) -> u64 {
        self.logs.values().map(|log| log.len() as u64).sum()
    }

    /// The line of this number, as it was taken.
    pub(super) fn line(&self, log: &str, seq: Seq) -> Option<&Line> {
        self.logs[log].get(seq as usize - 1)
    }

    pub(super) fn was_taken(&self, said: &str) -> bool {
        self.logs
            .values()
            .flatten()
            .any(|line| line.text == said || line.text == format!("{said} (edited)"))
    }

    /// This has come to a client.
    pub(super) fn arrived(&mut self, wire: u64, text: &str) {
        if let Ok(ServerPacket::Deny { id: Some(id), .. }) =
            codec::decode_server_packet(text.as_bytes())
        {
            self.refusals.remove(&(wire, id));
        }
    }

    /// Each line is there once, and those of each player in the order said.
    ///
    /// Except lines that were refused for now where the refusal was lost: the
    /// client could not know, and says them again behind others that were taken.
    pub(super) fn check_order(&self, players: &[Player]) {
        let refused: HashSet<&str> = self.refusals.values().map(String::as_str).collect();
        for (name, log) in &self.logs {
            for player in players {
                let mut numbers: BTreeMap<Option<&str>, Vec<u32>> = BTreeMap::new();
                let mut seen = HashSet::new();
                for line in log.iter().filter(|line| line.kind == LineKind::Said) {
                    let Some(number) = player.number_of(&line.text) else {
                        continue;
                    };
                    assert!(seen.insert(number), "{name}: {number} twice");
                    if !refused.contains(line.text.trim_end_matches(" (edited)")) {
                        let to = line.recipient.as_deref();
                        numbers.entry(to).or_default().push(number);
                    }
                }
                for (to, numbers) in numbers {
                    let is_in_order = numbers.is_sorted_by(|one, next| one < next);
                    assert!(is_in_order, "{name} {to:?}: {numbers:?}");
                }
            }
        }
    }
}

fn other_side(line: &Line, account: &str) -> String {
    if line.sender == account {
        line.recipient.clone().unwrap_or_default()
    } else {
        line.sender.clone()
    }
}

fn seen_by(account: &str, line: &Line) -> Line {
    let mut seen = line.clone();
    if is_hidden_from(account, line) {
        seen.sender.clear();
        seen.text.clear();
        (seen.recipient, seen.of) = (None, None);
        seen.kind = LineKind::Hidden;
    }
    seen
}
