//! A driver whose clock and transport are in the hands of a test.

use std::time::Duration;

use longhall_client::{Action, Answer, CallErrorCode, Config, Event, Session, State};
use longhall_packet::{
    Access, ChannelState, ClientPacket, CloseReason, Denial, DenyCode, InboxState, Limits, Line,
    LineKind, PROTOCOL_VERSION, RequestId, ResumeToken, Role, Seq, ServerPacket, ServerRole, codec,
};

/// The frame of a game at 20 frames per second.
const FRAME: Duration = Duration::from_millis(50);

pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) struct Rig {
    pub(crate) session: Session,
    pub(crate) now: Duration,
    /// The newest number in the lobby.
    pub(crate) lobby_seq: Seq,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(set: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        set(&mut config);
        Self {
            session: Session::new(config, 42),
            now: Duration::from_secs(1000),
            lobby_seq: 0,
        }
    }

    /// Connected and logged out, with nothing left to poll.
    pub(crate) fn connected() -> Self {
        Self::new().connect()
    }

    /// Logged in as ada with token 1, with nothing left to poll.
    pub(crate) fn logged_in() -> Self {
        Self::new().connect().log_in()
    }

    pub(crate) fn connect(mut self) -> Self {
        self.session.connect(self.now);
        self.expect_open();
        self.come_up();
        self.events();
        self.session.poll_outcome();
        self
    }

    pub(crate) fn log_in(mut self) -> Self {
        self.session.login(self.now, "ada", PASSWORD);
        let id = self.expect_sent("login");
        self.receive_logged_in(id, 1);
        self.events();
        self.session.poll_outcome();
        self
    }

    /// The server greets, after the session asked for a transport. Nothing is polled but
    /// the session's own greeting.
    pub(crate) fn come_up(&mut self) {
        self.receive(&hello(PROTOCOL_VERSION));
        let id = self.expect_hello();
        self.ok(id);
    }

    /// The connection is cut and comes back; nothing of it is left to poll. The id of
    /// the resume.
    #[track_caller]
    pub(crate) fn cut_and_come_back(&mut self) -> RequestId {
        self.cut();
        self.come_back()
    }

    /// As [`cut_and_come_back`](Self::cut_and_come_back), after the cut.
    #[track_caller]
    pub(crate) fn come_back(&mut self) -> RequestId {
        self.wait_for_open();
        self.come_up();
        self.events();
        self.expect_sent("resume")
    }

    /// The transport is cut without a word.
    pub(crate) fn cut(&mut self) {
        self.session.closed(self.now, None, "reset by peer");
    }

    pub(crate) fn close(&mut self, reason: CloseReason) {
        self.session
            .closed(self.now, Some(reason.code()), reason.name());
    }

    /// Lets time pass frame by frame.
    pub(crate) fn pass(&mut self, seconds: f64) {
        let end = self.now + Duration::from_secs_f64(seconds);
        while self.now < end {
            self.now = end.min(self.now + FRAME);
            self.session.tick(self.now);
        }
    }

    /// Lets time pass in silence: the server answers pings and says nothing
    /// else, and everything sent is thrown away.
    pub(crate) fn pass_quietly(&mut self, seconds: f64) {
        let end = self.now + Duration::from_secs_f64(seconds);
        while self.now < end {
            self.pass(1.0_f64.min((end - self.now).as_secs_f64()));
            for packet in self.sent() {
                if let ClientPacket::Ping { id } = packet {
                    self.ok(id);
                }
            }
        }
    }

    /// Nobody calls the session for a while.
    pub(crate) fn stall(&mut self, seconds: f64) {
        self.now += Duration::from_secs_f64(seconds);
    }

    /// Lets time pass until the session asks for a transport; how long it took.
    #[track_caller]
    pub(crate) fn wait_for_open(&mut self) -> Duration {
        let start = self.now;
        while self.now < start + Duration::from_secs(60) {
            self.pass(0.01);
            match self.session.poll_action() {
                None => {}
                Some(Action::Open) => return self.now - start,
                Some(other) => panic!("{other:?} instead of Open"),
            }
        }
        panic!("no try to connect within a minute");
    }

    pub(crate) fn receive(&mut self, packet: &ServerPacket) {
        let text = codec::encode(packet);
        self.session.received(self.now, text.as_bytes());
    }

    pub(crate) fn ok(&mut self, id: RequestId) {
        self.receive(&ServerPacket::Ok { id });
    }

    pub(crate) fn deny(&mut self, id: RequestId, code: DenyCode) {
        self.receive(&ServerPacket::deny(Some(id), code.into()));
    }

    pub(crate) fn deny_for(&mut self, id: RequestId, code: DenyCode, seconds: u64) {
        let denial = Denial::for_now(code, Duration::from_secs(seconds));
        self.receive(&ServerPacket::deny(Some(id), denial));
    }

    /// The account is in the lobby alone.
    pub(crate) fn receive_logged_in(&mut self, id: RequestId, token: u8) {
        let mut packet = logged_in(id, "ada", token);
        if let ServerPacket::LoggedIn { channels, .. } = &mut packet {
            channels[0].last_seq = self.lobby_seq;
        }
        self.receive(&packet);
    }

    /// Bob says something in the lobby.
    pub(crate) fn receive_chat(&mut self, text: &str) {
        self.lobby_seq += 1;
        self.receive_line("lobby", line(self.lobby_seq, "bob", text));
    }

    pub(crate) fn receive_line(&mut self, channel: &str, line: Line) {
        self.receive(&ServerPacket::Chat {
            channel: channel.to_owned(),
            line,
        });
    }

    /// The lobby takes a line of ada's: it comes back, and its answer.
    pub(crate) fn post(&mut self, id: RequestId, text: &str) {
        self.lobby_seq += 1;
        self.receive_line("lobby", line(self.lobby_seq, "ada", text));
        self.posted(id, "lobby", self.lobby_seq);
    }

    pub(crate) fn posted(&mut self, id: RequestId, channel: &str, seq: Seq) {
        self.receive(&ServerPacket::Posted {
            id,
            channel: channel.to_owned(),
            seq,
            sent_at_ms: 1_700_000_000_000,
        });
    }

    /// A page of history.
    pub(crate) fn page(&mut self, id: RequestId, channel: &str, lines: Vec<Line>, more: bool) {
        let last_seq = lines.last().map_or(0, |line| line.seq);
        self.receive(&ServerPacket::History {
            id,
            channel: channel.to_owned(),
            first_seq: 1,
            last_seq,
            lines,
            more,
        });
    }

    /// How the calls since the last look ended: what came of them, or the code.
    pub(crate) fn outcomes(&mut self) -> Vec<String> {
        let outcomes = std::iter::from_fn(|| self.session.poll_outcome());
        let tell = |outcome: Result<Answer, _>| match outcome {
            Ok(answer) => format!("{answer:?}"),
            Err(longhall_client::CallError { code, .. }) => CallErrorCode::name(code).to_owned(),
        };
        outcomes.map(|(_, outcome)| tell(outcome)).collect()
    }

    /// Everything to do since the last look.
    pub(crate) fn actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.session.poll_action()).collect()
    }

    /// Everything to send since the last look; fails on any other action.
    #[track_caller]
    pub(crate) fn sent(&mut self) -> Vec<ClientPacket> {
        let decode = |action| match action {
            Action::Send(text) => codec::decode_client_packet(text.as_bytes()).expect("a packet"),
            other => panic!("{other:?} instead of packets"),
        };
        self.actions().into_iter().map(decode).collect()
    }

    /// Fails unless exactly this was to send; the request's id.
    #[track_caller]
    pub(crate) fn expect_sent(&mut self, name: &str) -> RequestId {
        let sent = self.sent();
        let names: Vec<&str> = sent.iter().map(ClientPacket::name).collect();
        assert_eq!(names, [name]);
        sent[0].id()
    }

    /// The id of the session's own greeting, which comes first.
    #[track_caller]
    pub(crate) fn expect_hello(&mut self) -> RequestId {
        let Some(Action::Send(text)) = self.session.poll_action() else {
            panic!("nothing is sent");
        };
        match codec::decode_client_packet(text.as_bytes()) {
            Ok(ClientPacket::Hello { id, .. }) => id,
            other => panic!("{other:?} instead of a hello"),
        }
    }

    /// The id of the resume to send, which must carry this token.
    #[track_caller]
    pub(crate) fn expect_resume(&mut self, number: u8) -> RequestId {
        match &self.sent()[..] {
            [ClientPacket::Resume { id, token: sent }] if *sent == token(number) => *id,
            other => panic!("{other:?} instead of a resume with token {number}"),
        }
    }

    #[track_caller]
    pub(crate) fn expect_open(&mut self) {
        assert_eq!(self.actions(), [Action::Open]);
    }

    #[track_caller]
    pub(crate) fn expect_close(&mut self, expected: u16) {
        match &self.actions()[..] {
            [Action::Close { code, .. }] if *code == expected => {}
            other => panic!("{other:?} instead of Close({expected})"),
        }
    }

    #[track_caller]
    pub(crate) fn expect_idle(&mut self) {
        assert_eq!(self.actions(), []);
    }

    /// Everything that happened since the last look.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    /// Fails unless exactly this happened since the last look, in the words of
    /// [`tell`]. Counts of unread lines have tests of their own.
    #[track_caller]
    pub(crate) fn expect<const N: usize>(&mut self, expected: [&str; N]) {
        let is_count = |event: &Event| matches!(event, Event::UnreadChanged { .. });
        let events = self.events().into_iter().filter(|event| !is_count(event));
        let events: Vec<String> = events.map(|event| tell(&event)).collect();
        assert_eq!(events, expected);
    }

    #[track_caller]
    pub(crate) fn expect_state(&self, state: State) {
        assert_eq!(self.session.state(), state);
    }
}

/// An entry of a log.
pub(crate) fn line(seq: Seq, sender: &str, text: &str) -> Line {
    Line {
        seq,
        sender: sender.to_owned(),
        recipient: None,
        text: text.to_owned(),
        sent_at_ms: 1_700_000_000_000,
        kind: LineKind::Said,
        edited_at_ms: None,
        of: None,
    }
}

pub(crate) fn whisper(seq: Seq, sender: &str, recipient: &str, text: &str) -> Line {
    Line {
        recipient: Some(recipient.to_owned()),
        ..line(seq, sender, text)
    }
}

/// A channel in which nobody said anything yet.
pub(crate) fn channel(name: &str) -> ChannelState {
    ChannelState {
        hall: None,
        temporary: None,
        channel: name.to_owned(),
        topic: String::new(),
        access: Access::Open,
        speech: longhall_packet::Speech::default(),
        role: Role::Member,
        first_seq: 1,
        last_seq: 0,
        read_seq: 0,
        unread: 0,
        members: 1,
        online: 1,
    }
}

/// An event in a few words.
pub(crate) fn tell(event: &Event) -> String {
    match event {
        Event::StateChanged(state) => format!("state {state:?}"),
        Event::Connected { .. } => "connected".to_owned(),
        Event::Disconnected { reason, retry_in } => {
            let next = if retry_in.is_some() {
                "will retry"
            } else {
                "for good"
            };
            format!("disconnected: {reason}, {next}")
        }
        Event::Reconnecting { attempt, .. } => format!("try {attempt}"),
        Event::RecoveryCodes { .. } => "recovery codes".to_owned(),
        Event::TicketReceived { .. } => "ticket".to_owned(),
        Event::Registered { username } => format!("registered {username}"),
        Event::RegisterDenied(error) => format!("register denied: {}", error.code),
        Event::HistoryReset => "history reset".to_owned(),
        Event::LoggedIn { username } => format!("logged in {username}"),
        Event::LoginDenied(error) => format!("login denied: {}", error.code),
        Event::LoggedOut { reason } => format!("logged out: {reason}"),
        Event::ChatAccepted { .. } => "chat accepted".to_owned(),
        Event::ChatDenied { error, .. } => format!("chat denied: {}", error.code),
        Event::ChatReceived { channel, line } => {
            let (sender, text) = (&line.sender, &line.text);
            match (channel.as_str(), line.kind) {
                (_, LineKind::Deleted) => format!("{sender}: (deleted)"),
                ("lobby", _) => format!("{sender}: {text}"),
                _ => format!("{channel} {sender}: {text}"),
            }
        }
        Event::ChatEdited {
            channel, seq, text, ..
        } => format!("{channel} {seq} now: {text}"),
        Event::ChatDeleted { channel, seq } => format!("{channel} {seq} deleted"),
        Event::HistoryLoaded {
            channel,
            lines,
            more,
        } => {
            let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            let more = if *more { "..." } else { "" };
            format!("{channel} before: {more}{}", texts.join(" "))
        }
        Event::HistorySkipped {
            channel,
            first_seq,
            last_seq,
        } => format!("{channel} without {first_seq} to {last_seq}"),
        Event::UnreadChanged {
            channel,
            unread,
            read_seq,
        } => format!("{channel} unread {unread} after {read_seq}"),
        Event::ChannelJoined { channel } => format!("joined {channel}"),
        Event::HallChanged { from, to } => format!("hall {from} to {to}"),
        Event::ChannelLeft {
            channel,
            reason,
            by,
        } => format!("left {channel}: {reason} {}", by.as_deref().unwrap_or("")),
        Event::ChannelChanged { channel } => format!("{channel} changed"),
        Event::Sanctioned { sanction } => format!(
            "{} until {:?}: {}",
            sanction.sanction, sanction.until_ms, sanction.reason
        ),
        Event::SanctionLifted { sanction, .. } => format!("{sanction} lifted"),
        Event::ServerRoleChanged { role } => format!("server role {role}"),
        Event::RoleChanged {
            channel,
            username,
            role,
            by,
        } => format!("{channel}: {by} made {username} {role}"),
        Event::AccountRenamed {
            username,
            new_username,
        } => format!("account {username} is {new_username}"),
        Event::PlayerRenamed {
            username,
            new_username,
        } => format!("player {username} is {new_username}"),
        Event::Invited { channel, by } => format!("invited to {channel} by {by}"),
        Event::PresenceChanged {
            channel,
            members,
            online,
            ..
        } => format!("{channel}: {online} of {members} online"),
        Event::ReportClosed { report, .. } => format!("report {report} closed"),
        Event::ReportsWaiting { count } => format!("{count} reports waiting"),
        Event::RegistrationChanged {
            registration,
            guests,
        } => format!("registration {}, guests {guests}", registration.mode),
        Event::ProofProgress { .. } => "working".to_owned(),
        Event::ProfileChanged {
            username,
            profile,
            version,
        } => format!("profile {version} of {username}: {}", profile.to_json()),
        Event::Warning(_) => "warning".to_owned(),
    }
}

pub(crate) fn token(number: u8) -> ResumeToken {
    ResumeToken::from_bytes(&[number; 32])
}

pub(crate) fn hello(protocol: u32) -> ServerPacket {
    ServerPacket::Hello {
        protocol,
        server: "test/1.2".to_owned(),
        message_of_the_day: "Well met!".to_owned(),
        limits: Limits::default(),
        registration: None,
        guests: false,
    }
}

pub(crate) fn logged_in(id: RequestId, username: &str, number: u8) -> ServerPacket {
    ServerPacket::LoggedIn {
        profile: longhall_packet::Profile::default(),
        profile_version: 0,
        id,
        username: username.to_owned(),
        resume_token: token(number),
        session: 1,
        epoch: String::new(),
        channels: vec![channel("lobby")],
        inbox: InboxState::default(),
        invitations: Vec::new(),
        server_role: ServerRole::Player,
        second_factor: false,
        recovery_codes_left: 0,
        last_login: None,
        deleted_at_ms: None,
        sanctions: Vec::new(),
        guest: false,
    }
}
