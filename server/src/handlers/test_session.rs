//! A session without a socket, for the tests beside the handlers.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use longhall_packet::{
    Access, Change, ChannelState, ChatText, ClientPacket, CloseReason, DenyCode, FactorCode,
    LastLogin, Line, PROTOCOL_VERSION, Password, RecoveryCode, RequestId, ResumeToken, Seq,
    ServerPacket, ServerRole, Target, Username, codec,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::test_requests::{self, ID};
use crate::Server;
use crate::bus::Link;
use crate::config::{Config, HashCost};
use crate::gate::Gate;
use crate::hub::Hub;
use crate::outbox::{Next, Outbox};
use crate::session::Session;
use crate::store::{Cursor, MemoryStore, Store};

/// How long an expected packet may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// One visitor of a server with [`MemoryStore`]. The server's `hello` is taken
/// already.
pub(crate) struct TestSession {
    gate: Gate,
    outbox: Arc<Outbox>,
    /// Taken from it, and not looked at.
    received: VecDeque<String>,
    /// Line ids given out.
    lines: u64,
}

/// What a `logged_in` says of the account's safety.
pub(crate) struct ToldSafety {
    pub(crate) second_factor: bool,
    pub(crate) recovery_codes_left: u32,
    pub(crate) last_login: Option<LastLogin>,
}

fn exposed(codes: &[RecoveryCode]) -> Vec<String> {
    codes.iter().map(|code| code.expose().to_owned()).collect()
}

/// Settings for tests that are not about them: passwords cost little.
fn quick_config(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::with(|config| {
        config.hashing.cost = HashCost::FOR_TESTS;
        config.hashing.threads = Some(1);
        config.rates.max_repeats = 0;
        config.rates.new_account_time = Duration::ZERO;
        config.rates.packets_per_second = 1000;
        config.rates.unanswered_whispers_per_minute = 1_000_000;
    });
    change(&mut config);
    config
}

/// A server with [`MemoryStore`], without a listener.
pub(crate) fn open_server(config: Config) -> Arc<Server> {
    let store = Arc::new(MemoryStore::default());
    let opening = Server::open(config, store, None, CancellationToken::new());
    // The store in memory never waits.
    opening.now_or_never().unwrap().unwrap()
}

impl TestSession {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A visitor of a server with other settings.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::of(open_server(quick_config(change)))
    }

    /// A visitor of a server with another store and other settings.
    pub(crate) async fn over(store: Arc<dyn Store>, change: impl FnOnce(&mut Config)) -> Self {
        let opening = Server::open(quick_config(change), store, None, CancellationToken::new());
        Self::of(opening.await.unwrap())
    }

    /// A visitor of one of several servers with other settings.
    pub(crate) async fn in_cluster(
        store: Arc<dyn Store>,
        link: Link,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let stopping = CancellationToken::new();
        let opening = Server::open(quick_config(change), store, Some(link), stopping);
        Self::of(opening.await.unwrap())
    }

    /// A player of a new server, registered and logged in.
    pub(crate) async fn player(name: &str) -> Self {
        let [player] = Self::players([name]).await;
        player
    }

    /// Players of one new server.
    pub(crate) async fn players<const COUNT: usize>(names: [&str; COUNT]) -> [Self; COUNT] {
        Self::players_with(|_| {}, names).await
    }

    /// Players of a server with other settings.
    pub(crate) async fn players_with<const COUNT: usize>(
        change: impl FnOnce(&mut Config),
        names: [&str; COUNT],
    ) -> [Self; COUNT] {
        let server = Self::with(change);
        let mut players = Vec::with_capacity(COUNT);
        for name in names {
            let mut player = server.another();
            player.register_and_login(name).await;
            players.push(player);
        }
        players.try_into().ok().unwrap()
    }

    /// Another visitor of the same server.
    pub(crate) fn another(&self) -> Self {
        Self::of(Arc::clone(&self.gate.session.server))
    }

    /// A visitor of another server with the same store and settings.
    pub(crate) async fn on_another_server(&self) -> Self {
        let server = &self.gate.session.server;
        let store = Arc::clone(&server.store);
        let opening = Server::open(server.config.clone(), store, None, CancellationToken::new());
        Self::of(opening.await.unwrap())
    }

    /// Another device on which somebody of the same server is logged in.
    pub(crate) async fn another_device(&self, name: &str) -> Self {
        let mut device = self.another();
        device.try_login(name, "correct horse").await;
        device.expect_logged_in(2);
        device
    }

    /// Another visitor of the same server, from elsewhere.
    pub(crate) fn another_at(&self, address: [u8; 4]) -> Self {
        Self::at(Arc::clone(&self.gate.session.server), address.into())
    }

    fn of(server: Arc<Server>) -> Self {
        Self::at(server, Ipv4Addr::LOCALHOST.into())
    }

    fn at(server: Arc<Server>, address: IpAddr) -> Self {
        let outbox = Arc::new(Outbox::new(
            server.settings().capacity.outbox_max_bytes,
            None,
        ));
        let connection = server.connection_id();
        let session = Session::start(
            server,
            connection,
            address,
            PROTOCOL_VERSION,
            Arc::clone(&outbox),
        );
        let lines = connection << 32;
        let mut visitor = Self {
            gate: Gate::before(session),
            outbox,
            received: VecDeque::new(),
            lines,
        };
        assert!(matches!(visitor.next(), ServerPacket::Hello { .. }));
        visitor
    }

    /// As if the handshake had chosen this version.
    pub(crate) fn speaks(&mut self, protocol: u32) {
        self.gate.session.protocol = protocol;
    }

    pub(crate) async fn send(&mut self, packet: &str) {
        let now = self.gate.session.server.clock.now();
        self.gate.handle(packet.as_bytes(), now).await;
        // Lines are answered by the chat log.
        while self.outbox.expects_answers() {
            tokio::task::yield_now().await;
        }
    }

    /// The connection is cut.
    pub(crate) fn cut(self) {
        self.gate.session.end();
    }

    /// Has time pass for the server.
    pub(crate) fn step_clock(&self, by: Duration) {
        self.gate.session.server.clock.step(by);
    }

    /// Has the news of presence told now.
    pub(crate) fn tell_news(&self) {
        self.gate.session.server.hub.tell_news(Instant::now());
    }

    pub(crate) fn server(&self) -> &Arc<Server> {
        &self.gate.session.server
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.gate.session.server.hub
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.gate.session.server.store)
    }

    /// Says what an account may do on the whole server, as the operator would.
    pub(crate) async fn appoint(&self, name: &str, role: ServerRole) {
        let store = self.store();
        let user = store.user_by_name(name).await.unwrap().unwrap().id;
        store.set_server_role(user, role).await.unwrap();
        self.server().read_sanctions().await.unwrap();
    }

    pub(crate) async fn close_store(&self) {
        self.gate.session.server.store.close().await;
    }

    pub(crate) async fn try_register(&mut self, name: &str) {
        self.ask(ClientPacket::Register {
            id: 1,
            username: Username::parse(name).unwrap(),
            password: Password::parse("correct horse").unwrap(),
            recovery: false,
            invite: None,
            proof: None,
        })
        .await;
    }

    pub(crate) async fn register(&mut self, name: &str) {
        self.try_register(name).await;
        self.expect_ok(1);
    }

    pub(crate) async fn try_login(&mut self, name: &str, password: &str) {
        self.try_login_on("", name, password).await;
    }

    /// Logs in on a device that has a name.
    pub(crate) async fn try_login_on(&mut self, device: &str, name: &str, password: &str) {
        self.ask(ClientPacket::Login {
            id: 2,
            username: Username::parse(name).unwrap(),
            password: Password::parse(password).unwrap(),
            device: device.to_owned(),
            code: None,
        })
        .await;
    }

    /// Logs in with a code of a second factor.
    pub(crate) async fn try_login_with(&mut self, name: &str, password: &str, code: &str) {
        self.ask(ClientPacket::Login {
            id: 2,
            username: Username::parse(name).unwrap(),
            password: Password::parse(password).unwrap(),
            device: String::new(),
            code: FactorCode::parse_optional(code),
        })
        .await;
    }

    /// Creates an account and returns its recovery codes.
    pub(crate) async fn register_with_codes(&mut self, name: &str) -> Vec<String> {
        self.ask(ClientPacket::Register {
            id: 1,
            username: Username::parse(name).unwrap(),
            password: Password::parse("correct horse").unwrap(),
            recovery: true,
            invite: None,
            proof: None,
        })
        .await;
        match self.next() {
            ServerPacket::Registered { recovery_codes, .. } => exposed(&recovery_codes),
            other => panic!("expected codes, got {other:?}"),
        }
    }

    pub(crate) async fn renew_codes(&mut self, password: &str) -> Vec<String> {
        self.ask(test_requests::renew_recovery_codes(password, None))
            .await;
        match self.next() {
            ServerPacket::RecoveryCodes { codes, .. } => exposed(&codes),
            other => panic!("expected codes, got {other:?}"),
        }
    }

    /// Begins a second factor and returns its key.
    pub(crate) async fn begin_factor(&mut self, password: &str) -> String {
        self.ask(test_requests::begin_second_factor(password)).await;
        match self.next() {
            ServerPacket::SecondFactor { secret, uri, .. } => {
                assert!(uri.expose().contains(secret.expose()));
                secret.expose().to_owned()
            }
            other => panic!("expected a key, got {other:?}"),
        }
    }

    /// What an app with this key shows now.
    pub(crate) fn app_code(&self, secret: &str) -> String {
        crate::totp::code_at(secret, self.gate.session.server.clock.now_ms())
    }

    /// Takes a `logged_in` and returns what it says of the account's safety.
    #[track_caller]
    pub(crate) fn expect_safety(&mut self) -> ToldSafety {
        match self.next() {
            ServerPacket::LoggedIn {
                second_factor,
                recovery_codes_left,
                last_login,
                ..
            } => ToldSafety {
                second_factor,
                recovery_codes_left,
                last_login: last_login.map(|login| *login),
            },
            other => panic!("expected to be logged in, got {other:?}"),
        }
    }

    /// Creates an account, logs in and returns the resume token.
    pub(crate) async fn register_and_login(&mut self, name: &str) -> String {
        self.register(name).await;
        self.try_login(name, "correct horse").await;
        self.expect_logged_in(2).1
    }

    pub(crate) async fn try_resume(&mut self, token: &str) {
        let token = ResumeToken::parse(token).unwrap();
        self.ask(ClientPacket::Resume { id: 3, token }).await;
    }

    /// Says a line in a channel, or to `"@somebody"`, as request 6.
    pub(crate) async fn say(&mut self, channel: &str, text: &str) {
        self.lines += 1;
        self.ask(ClientPacket::Chat {
            id: 6,
            channel: Target::parse(channel).unwrap(),
            line_id: self.lines,
            text: ChatText::parse(text).unwrap(),
        })
        .await;
    }

    /// Says a line, takes it and its acknowledgement back, and returns its
    /// number.
    pub(crate) async fn chat(&mut self, channel: &str, text: &str) -> Seq {
        self.say(channel, text).await;
        let line = self.expect_line();
        assert_eq!(line.text, text);
        match self.next() {
            ServerPacket::Posted { id: 6, seq, .. } if seq == line.seq => seq,
            other => panic!("expected the acknowledgement, got {other:?}"),
        }
    }

    /// Sends a request of `test_requests`.
    pub(crate) async fn ask(&mut self, request: impl Borrow<ClientPacket>) {
        self.send(&codec::encode(request.borrow())).await;
    }

    /// Sends a request that is answered `ok`, passing over what comes before.
    pub(crate) async fn done(&mut self, request: impl Borrow<ClientPacket>) {
        let request = request.borrow();
        self.ask(request).await;
        loop {
            match self.next() {
                ServerPacket::Ok { id: ID } => return,
                ServerPacket::Deny { code, .. } => panic!("{}: denied {code}", request.name()),
                _ => {}
            }
        }
    }

    /// Sends a request that is denied.
    pub(crate) async fn refused(&mut self, request: impl Borrow<ClientPacket>, code: DenyCode) {
        self.ask(request).await;
        self.expect_deny(Some(ID), code);
    }

    /// Creates a channel, whose password is `sesame` if it has one.
    pub(crate) async fn create(&mut self, channel: &str, access: Access) -> ChannelState {
        let request = test_requests::create(channel, access, Some("sesame"));
        self.ask(request).await;
        self.expect_joined(Some(ID))
    }

    pub(crate) async fn join(&mut self, channel: &str) -> ChannelState {
        self.ask(test_requests::join(channel, None)).await;
        self.expect_joined(Some(ID))
    }

    #[track_caller]
    pub(crate) fn expect_joined(&mut self, id: Option<RequestId>) -> ChannelState {
        match self.next() {
            ServerPacket::Joined { id: got, channel } if got == id => channel,
            other => panic!("expected to have joined, got {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn expect_line(&mut self) -> Line {
        match self.next() {
            ServerPacket::Chat { line, .. } => line,
            other => panic!("expected a line, got {other:?}"),
        }
    }

    /// A page of history: its lines and whether there are more.
    pub(crate) async fn history(
        &mut self,
        channel: &str,
        cursor: Cursor,
        limit: u32,
    ) -> (Vec<Line>, bool) {
        self.ask(test_requests::history(channel, cursor, limit))
            .await;
        match self.next() {
            ServerPacket::History { lines, more, .. } => (lines, more),
            other => panic!("expected a page, got {other:?}"),
        }
    }

    /// The news of presence: channel, members, online, changes by name.
    #[track_caller]
    pub(crate) fn expect_presence(&mut self) -> (String, u32, u32, Vec<(Change, String)>) {
        match self.next() {
            ServerPacket::Presence {
                channel,
                members,
                online,
                changes,
                ..
            } => {
                let named = changes
                    .into_iter()
                    .map(|news| (news.change, news.member.username));
                (channel, members, online, named.collect())
            }
            other => panic!("expected news of presence, got {other:?}"),
        }
    }

    /// Passes over everything that waits.
    pub(crate) fn forget_waiting(&mut self) {
        while self.outbox.take().is_some() {}
        self.received.clear();
    }

    /// The next packet, which another server has to do with: waits for it.
    pub(crate) async fn await_next(&mut self) -> ServerPacket {
        let deadline = Instant::now() + PATIENCE;
        while self.is_silent() {
            assert!(Instant::now() < deadline, "no packet comes");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.next()
    }

    #[track_caller]
    pub(crate) fn next_text(&mut self) -> String {
        if self.received.is_empty() {
            let frames = self.outbox.take();
            self.received.extend(frames.expect("a packet").texts());
        }
        self.received.pop_front().unwrap()
    }

    #[track_caller]
    pub(crate) fn next(&mut self) -> ServerPacket {
        codec::decode_server_packet(self.next_text().as_bytes()).unwrap()
    }

    #[track_caller]
    pub(crate) fn expect_ok(&mut self, id: RequestId) {
        assert_eq!(self.next(), ServerPacket::Ok { id });
    }

    /// Takes a refusal and returns its `retry_after_ms`.
    #[track_caller]
    pub(crate) fn expect_deny(&mut self, id: Option<RequestId>, expected: DenyCode) -> Option<u32> {
        match self.next() {
            ServerPacket::Deny {
                id: got,
                code,
                retry_after_ms,
                ..
            } => {
                assert_eq!((got, code), (id, expected));
                retry_after_ms
            }
            other => panic!("expected {expected}, got {other:?}"),
        }
    }

    /// Takes a `logged_in` and returns its name and token.
    #[track_caller]
    pub(crate) fn expect_logged_in(&mut self, id: RequestId) -> (String, String) {
        match self.next() {
            ServerPacket::LoggedIn {
                id: got,
                username,
                resume_token,
                ..
            } if got == id => (username, resume_token.expose().to_owned()),
            other => panic!("expected to be logged in, got {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn expect_nothing(&self) {
        assert!(self.received.is_empty());
        assert_eq!(self.outbox.take(), None);
    }

    #[track_caller]
    pub(crate) fn expect_closed(&self, reason: CloseReason) {
        self.expect_nothing();
        assert_eq!(self.outbox.next(), Next::Close(reason));
    }

    /// Whether everything that was sent is taken.
    pub(crate) fn is_silent(&self) -> bool {
        self.received.is_empty() && self.outbox.is_empty()
    }

    /// Why the connection is to be closed, if it is and everything is taken.
    /// The text of the close frame.
    pub(crate) fn closing_text(&self) -> String {
        let name = self.closed().map_or("", CloseReason::name);
        let text = self.outbox.closing_text();
        text.map_or_else(|| name.to_owned(), |text| text.to_string())
    }

    pub(crate) fn closed(&self) -> Option<CloseReason> {
        match self.outbox.next() {
            Next::Close(reason) => Some(reason),
            Next::Nothing | Next::AwaitRoom | Next::Lost => None,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.outbox.is_closing()
    }
}
