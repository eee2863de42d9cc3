//! A session without a socket, for the tests beside the handlers.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use futures_util::FutureExt;
use longhall_packet::{CloseReason, DenyCode, RequestId, ServerPacket, codec};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::bans::Bans;
use crate::config::{Config, HashCost};
use crate::outbox::{Next, Outbox};
use crate::password::Passwords;
use crate::session::Session;
use crate::store::MemoryStore;
use crate::Server;

/// One visitor of a server with [`MemoryStore`]. The server's `hello` is taken
/// already.
pub(crate) struct TestSession {
    session: Session,
    outbox: Arc<Outbox>,
}

impl TestSession {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A visitor of a server with other settings.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            hash_cost: HashCost::FOR_TESTS,
            hash_threads: Some(1),
            packets_per_second: 1000,
            ..Config::default()
        };
        change(&mut config);
        let passwords = Passwords::start(&config).unwrap();
        let bans = Bans::read(config.banned_names.clone()).unwrap();
        let store = Arc::new(MemoryStore::default());
        let stopping = CancellationToken::new();
        let opening = Server::open(config, store, passwords, bans, stopping);
        // The store in memory never waits.
        Self::of(opening.now_or_never().unwrap().unwrap())
    }

    /// Another visitor of the same server.
    pub(crate) fn another(&self) -> Self {
        Self::of(Arc::clone(&self.session.server))
    }

    fn of(server: Arc<Server>) -> Self {
        let outbox = Arc::new(Outbox::new(server.config.outbox_max_bytes));
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let connection = server.connection_id();
        let session = Session::start(server, connection, address, Arc::clone(&outbox));
        let mut visitor = Self { session, outbox };
        assert!(matches!(visitor.next(), ServerPacket::Hello { .. }));
        visitor
    }

    pub(crate) async fn send(&mut self, packet: &str) {
        self.session.handle(packet.as_bytes()).await;
        self.session.server.chat_log.settle().await;
    }

    pub(crate) fn server(&self) -> &Server {
        &self.session.server
    }

    /// The connection is cut.
    pub(crate) fn cut(self) {
        self.session.depart();
    }

    /// Has the news of presence told now.
    pub(crate) fn tell_news(&self) {
        self.session.server.hub.tell_news(Instant::now());
    }

    pub(crate) async fn close_store(&self) {
        self.session.server.store.close().await;
    }

    pub(crate) async fn try_register(&mut self, name: &str) {
        let packet = format!(
            r#"{{"type":"register","id":1,"username":"{name}","password":"correct horse"}}"#
        );
        self.send(&packet).await;
    }

    pub(crate) async fn register(&mut self, name: &str) {
        self.try_register(name).await;
        self.expect_ok(1);
    }

    pub(crate) async fn try_login(&mut self, name: &str, password: &str) {
        let packet =
            format!(r#"{{"type":"login","id":2,"username":"{name}","password":"{password}"}}"#);
        self.send(&packet).await;
    }

    /// Creates an account, logs in and returns the resume token.
    pub(crate) async fn register_and_login(&mut self, name: &str) -> String {
        self.register(name).await;
        self.try_login(name, "correct horse").await;
        self.expect_logged_in(2).1
    }

    pub(crate) async fn try_resume(&mut self, token: &str) {
        self.send(&format!(r#"{{"type":"resume","id":3,"token":"{token}"}}"#))
            .await;
    }

    /// Says a line and takes it and its acknowledgement back.
    pub(crate) async fn chat(&mut self, text: &str) {
        self.send(&format!(r#"{{"type":"chat","id":6,"text":"{text}"}}"#))
            .await;
        assert!(matches!(self.next(), ServerPacket::Chat { .. }));
        self.expect_ok(6);
    }

    #[track_caller]
    pub(crate) fn next_text(&mut self) -> String {
        match self.outbox.take() {
            Next::Send(packet) => packet.as_str().to_owned(),
            other => panic!("expected a packet, got {other:?}"),
        }
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
            } if got == id => (username, resume_token.expose().to_owned()),
            other => panic!("expected to be logged in, got {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn expect_nothing(&self) {
        assert_eq!(self.outbox.take(), Next::Nothing);
    }

    #[track_caller]
    pub(crate) fn expect_closed(&self, reason: CloseReason) {
        assert_eq!(self.outbox.take(), Next::Close(reason));
    }

    /// Whether everything that was sent is taken.
    pub(crate) fn is_silent(&self) -> bool {
        self.outbox.is_empty()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.outbox.is_closing()
    }
}
