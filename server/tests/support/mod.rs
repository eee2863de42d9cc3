//! A server to test against, and a player who says and expects.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    clippy::unwrap_used,
    reason = "each test file uses a part of it"
)]

mod certificates;
mod program;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use longhall_packet::{
    ChannelState, CloseReason, DenyCode, InboxState, Line, Presence, SUBPROTOCOL, Seq,
    ServerPacket, codec,
};
use longhall_server::config::HashCost;
use longhall_server::store::SqliteStore;
use longhall_server::{Beside, Config, Settings, run_with};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

pub use certificates::{Pair, Validity};
pub use program::Program;

/// How long an expected thing may take before the test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Settings for tests that are not about limits.
pub fn generous() -> Config {
    Config::with(|config| {
        config.hashing.cost = HashCost::FOR_TESTS;
        config.capacity.max_connections_per_address = 10_000;
        config.rates.registrations_per_hour = 1_000_000;
        config.rates.logins_per_minute = 1_000_000;
        config.rates.logins_per_minute_per_name = 1_000_000;
        config.rates.max_repeats = 0;
        config.rates.new_account_time = Duration::ZERO;
        config.rates.packets_per_second = 1_000_000;
        config.rates.unanswered_whispers_per_minute = 1_000_000_000;
        config.rates.history_per_second = 1_000_000;
        config.rates.channel_passwords_per_minute = 1_000_000;
        config.rates.creations_per_hour = 1_000_000;
    })
}

/// A server on a free port with a database in a folder of its own.
pub struct TestServer {
    pub address: SocketAddr,
    /// Where it tells of itself.
    pub admin: SocketAddr,
    pub folder: Arc<TempDir>,
    pub settings: Settings,
    stopping: CancellationToken,
    running: JoinHandle<std::io::Result<()>>,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server with other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = generous();
        change(&mut config);
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, config, folder).await
    }

    /// A server on the database of a folder.
    pub async fn in_folder(folder: Arc<TempDir>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, generous(), folder).await
    }

    async fn on(listener: TcpListener, config: Config, folder: Arc<TempDir>) -> Self {
        let address = listener.local_addr().unwrap();
        let store = SqliteStore::open(&folder.path().join("longhall.db")).unwrap();
        let stopping = CancellationToken::new();
        let admin_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = admin_listener.local_addr().unwrap();
        let beside = Beside {
            admin: Some(admin_listener),
            ..Beside::default()
        };
        let (settings, store) = (Settings::from(config), Arc::new(store));
        let running = run_with(listener, settings.clone(), store, beside, stopping.clone());
        let running = tokio::spawn(running);
        Self {
            address,
            admin,
            folder,
            settings,
            stopping,
            running,
        }
    }

    /// Asks the server to stop and waits until it has.
    pub async fn stop(self) -> Arc<TempDir> {
        self.stopping.cancel();
        timeout(PATIENCE, self.running)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        self.folder
    }

    /// Stops, and starts anew with the same port and database.
    pub async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    pub async fn restart_with(self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = generous();
        change(&mut config);
        let address = self.address;
        let folder = self.stop().await;
        let listener = TcpListener::bind(address).await.unwrap();
        Self::on(listener, config, folder).await
    }

    /// Serves a database that another version of the server has written.
    pub async fn of_file(database: &std::path::Path) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        std::fs::copy(database, folder.path().join("longhall.db")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, generous(), folder).await
    }

    pub async fn player(&self) -> TestPlayer {
        TestPlayer::connect(self.address).await
    }
}

/// A client that speaks the bare protocol, over TCP unless another stream is named.
pub struct TestPlayer<S = MaybeTlsStream<TcpStream>> {
    ws: WebSocketStream<S>,
    next_id: u32,
    /// Where the line ids of this connection begin.
    first_line: u64,
}

/// No two connections of a test use the same line ids.
static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

impl TestPlayer {
    /// Connects and takes the server's `hello`.
    pub async fn connect(address: SocketAddr) -> Self {
        let mut player = Self::handshake(address, SUBPROTOCOL).await.unwrap();
        assert!(matches!(player.next().await, ServerPacket::Hello { .. }));
        player
    }

    pub async fn handshake(address: SocketAddr, subprotocol: &str) -> Result<Self, WsError> {
        let mut request = format!("ws://{address}").into_client_request()?;
        request.headers_mut().insert(
            "Sec-WebSocket-Protocol",
            HeaderValue::from_str(subprotocol)?,
        );
        let (ws, _) = timeout(PATIENCE, tokio_tungstenite::connect_async(request))
            .await
            .unwrap()?;
        Ok(Self::over(ws))
    }

    /// Connects with so little room for what arrives that not reading is soon
    /// noticed.
    pub async fn connect_narrow(address: SocketAddr) -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(address).await.unwrap();
        let mut request = format!("ws://{address}").into_client_request().unwrap();
        let offer = HeaderValue::from_static(SUBPROTOCOL);
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", offer);
        let stream = MaybeTlsStream::Plain(stream);
        let (ws, _) = tokio_tungstenite::client_async(request, stream)
            .await
            .unwrap();
        let mut player = Self::over(ws);
        assert!(matches!(player.next().await, ServerPacket::Hello { .. }));
        player
    }

    /// The bare connection, on which nothing answers pings.
    pub fn into_stream(self) -> TcpStream {
        match self.ws.into_inner() {
            MaybeTlsStream::Plain(stream) => stream,
            _ => unreachable!("tests use no TLS"),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TestPlayer<S> {
    fn over(ws: WebSocketStream<S>) -> Self {
        Self {
            ws,
            next_id: 1,
            first_line: CONNECTIONS.fetch_add(1, Ordering::Relaxed) << 32,
        }
    }

    /// As [`TestPlayer::connect`], over a connection that there is already, with these
    /// headers besides.
    pub async fn on(stream: S, headers: &[(&'static str, &str)]) -> Result<Self, WsError> {
        let mut player = Self::greeted_on(stream, headers).await?;
        assert!(matches!(player.next().await, ServerPacket::Hello { .. }));
        Ok(player)
    }

    /// As [`TestPlayer::on`], without what the server says first.
    pub async fn greeted_on(stream: S, headers: &[(&'static str, &str)]) -> Result<Self, WsError> {
        let mut request = "ws://localhost".into_client_request()?;
        let offer = [("Sec-WebSocket-Protocol", SUBPROTOCOL)];
        for (name, value) in headers.iter().chain(&offer) {
            request
                .headers_mut()
                .append(*name, HeaderValue::from_str(value)?);
        }
        let connecting = tokio_tungstenite::client_async(request, stream);
        let (ws, _) = timeout(PATIENCE, connecting).await.unwrap()?;
        Ok(Self::over(ws))
    }

    /// Whether the server says good-bye first, which must be for this reason, or hello.
    pub async fn is_refused(&mut self, reason: CloseReason) -> bool {
        match self.try_next().await {
            Some(Ok(Message::Close(Some(frame)))) => {
                assert_eq!(u16::from(frame.code), reason.code());
                true
            }
            Some(Ok(Message::Text(_))) => false,
            other => panic!("expected hello or good-bye, got {other:?}"),
        }
    }

    pub async fn send_raw(&mut self, text: &str) {
        self.ws.send(Message::text(text)).await.unwrap();
    }

    /// Sends a frame and does not mind if the connection is gone.
    pub async fn try_send(&mut self, message: Message) -> Result<(), WsError> {
        self.ws.send(message).await
    }

    /// Sends a request with the given type and fields; returns its id.
    pub async fn request(&mut self, kind: &str, fields: &str) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        let comma = if fields.is_empty() { "" } else { "," };
        self.send_raw(&format!(r#"{{"type":"{kind}","id":{id}{comma}{fields}}}"#))
            .await;
        id
    }

    pub async fn try_next(&mut self) -> Option<Result<Message, WsError>> {
        timeout(PATIENCE, self.ws.next())
            .await
            .expect("nothing arrived")
    }

    /// The next packet, but for news of presence, which come when they come.
    pub async fn next(&mut self) -> ServerPacket {
        loop {
            let packet = self.next_of_all().await;
            if !matches!(packet, ServerPacket::Presence { .. }) {
                return packet;
            }
        }
    }

    pub async fn next_of_all(&mut self) -> ServerPacket {
        loop {
            match self.try_next().await {
                Some(Ok(Message::Text(text))) => {
                    return codec::decode_server_packet(text.as_bytes()).unwrap();
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a packet, got {other:?}"),
            }
        }
    }

    pub async fn expect_ok(&mut self, id: u32) {
        assert_eq!(self.next().await, ServerPacket::Ok { id });
    }

    /// A refusal, maybe behind the news of what it is for.
    pub async fn expect_deny(&mut self, expected: DenyCode) {
        loop {
            match self.next().await {
                ServerPacket::Sanctioned { .. } => {}
                ServerPacket::Deny { code, .. } => return assert_eq!(code, expected),
                other => panic!("expected {expected}, got {other:?}"),
            }
        }
    }

    pub async fn register(&mut self, name: &str) {
        let id = self.request("register", &credentials(name)).await;
        self.expect_ok(id).await;
    }

    /// Logs in and returns the resume token.
    pub async fn login(&mut self, name: &str) -> String {
        self.request("login", &credentials(name)).await;
        self.expect_logged_in(name).await
    }

    pub async fn expect_logged_in(&mut self, name: &str) -> String {
        match self.next().await {
            ServerPacket::LoggedIn {
                username,
                resume_token,
                ..
            } => {
                assert_eq!(username, name);
                resume_token.expose().to_owned()
            }
            other => panic!("expected to be logged in, got {other:?}"),
        }
    }

    pub async fn enter(&mut self, name: &str) -> String {
        self.register(name).await;
        self.login(name).await
    }

    /// Logs in and returns what the server told.
    pub async fn log_in(&mut self, name: &str, device: &str) -> Welcome {
        let fields = format!(r#"{},"device":"{device}""#, credentials(name));
        self.request("login", &fields).await;
        self.expect_welcome().await
    }

    pub async fn resume(&mut self, token: &str) -> Welcome {
        let fields = format!(r#""token":"{token}""#);
        self.request("resume", &fields).await;
        self.expect_welcome().await
    }

    pub async fn expect_welcome(&mut self) -> Welcome {
        match self.next().await {
            ServerPacket::LoggedIn {
                resume_token,
                channels,
                inbox,
                session,
                epoch,
                ..
            } => Welcome {
                token: resume_token.expose().to_owned(),
                channels,
                inbox,
                session,
                epoch,
            },
            other => panic!("expected to be logged in, got {other:?}"),
        }
    }

    /// Asks to say a line; returns the request's id.
    pub async fn try_say(&mut self, channel: &str, text: &str) -> u32 {
        let line_id = self.first_line + u64::from(self.next_id);
        self.ask_to_say(line_id, channel, text).await
    }

    /// Says a line under an id and waits for the acknowledgement.
    pub async fn say_under(&mut self, line_id: u64, channel: &str, text: &str) -> Seq {
        let id = self.ask_to_say(line_id, channel, text).await;
        self.expect_posted(id).await
    }

    async fn ask_to_say(&mut self, line_id: u64, channel: &str, text: &str) -> u32 {
        let fields = format!(r#""channel":"{channel}","line_id":{line_id},"text":"{text}""#);
        self.request("chat", &fields).await
    }

    /// The text of the next line, edit or whisper, passing over other news.
    pub async fn hears(&mut self) -> String {
        loop {
            if let ServerPacket::Chat { line, .. } = self.next().await {
                return line.text;
            }
        }
    }

    /// Says a line in the lobby and waits for the acknowledgement, passing over
    /// other lines.
    pub async fn say(&mut self, text: &str) -> Seq {
        self.say_in("lobby", text).await
    }

    pub async fn say_in(&mut self, channel: &str, text: &str) -> Seq {
        let id = self.try_say(channel, text).await;
        self.expect_posted(id).await
    }

    /// Says the line many times in the lobby, without waiting for each one's
    /// acknowledgement.
    pub async fn say_often(&mut self, count: usize, text: &str) {
        const AT_ONCE: usize = 500;
        let mut said = 0;
        while said < count {
            let mut id = 0;
            for _ in 0..AT_ONCE.min(count - said) {
                id = self.try_say("lobby", text).await;
                said += 1;
            }
            self.expect_posted(id).await;
        }
    }

    /// Waits for an acknowledgement, passing over lines and earlier ones.
    pub async fn expect_posted(&mut self, id: u32) -> Seq {
        loop {
            match self.next().await {
                ServerPacket::Chat { .. } | ServerPacket::Gap { .. } => {}
                ServerPacket::Sanctioned { .. } | ServerPacket::SanctionLifted { .. } => {}
                ServerPacket::Posted { id: got, seq, .. } if got == id => return seq,
                ServerPacket::Posted { id: got, .. } if got < id => {}
                other => panic!("expected the acknowledgement, got {other:?}"),
            }
        }
    }

    /// Sends a request that is answered `ok`, passing over what comes before.
    pub async fn done(&mut self, kind: &str, fields: &str) {
        let id = self.request(kind, fields).await;
        loop {
            match self.next().await {
                ServerPacket::Ok { id: got } if got == id => return,
                ServerPacket::Deny { code, .. } => panic!("{kind}: denied {code}"),
                _ => {}
            }
        }
    }

    pub async fn expect_line(&mut self) -> Line {
        match self.next().await {
            ServerPacket::Chat { line, .. } => line,
            other => panic!("expected a line, got {other:?}"),
        }
    }

    pub async fn expect_chat(&mut self, from: &str, expected: &str) {
        let line = self.expect_line().await;
        assert_eq!((line.sender.as_str(), line.text.as_str()), (from, expected));
    }

    /// Creates a channel, or joins it if `kind` says so.
    pub async fn enter_channel(&mut self, kind: &str, fields: &str) -> ChannelState {
        let id = self.request(kind, fields).await;
        match self.next().await {
            ServerPacket::Joined { id: got, channel } if got == Some(id) => channel,
            other => panic!("expected to have joined, got {other:?}"),
        }
    }

    /// A page of history.
    pub async fn history(&mut self, fields: &str) -> (Vec<Line>, bool) {
        self.request("history", fields).await;
        match self.next().await {
            ServerPacket::History { lines, more, .. } => (lines, more),
            other => panic!("expected a page, got {other:?}"),
        }
    }

    /// All lines behind a number, page by page.
    pub async fn lines_after(&mut self, channel: &str, mut after: Seq) -> Vec<Line> {
        let mut lines = Vec::new();
        loop {
            let fields = format!(r#""channel":"{channel}","after":{after},"limit":500"#);
            let (page, more) = self.history(&fields).await;
            lines.extend(page);
            after = lines.last().map_or(after, |line: &Line| line.seq);
            if !more {
                return lines;
            }
        }
    }

    /// The next news of presence, passing over nothing else.
    pub async fn expect_presence(&mut self) -> (String, Vec<Presence>, bool) {
        match self.next_of_all().await {
            ServerPacket::Presence {
                channel,
                changes,
                partial,
                ..
            } => (channel, changes, partial),
            other => panic!("expected news of presence, got {other:?}"),
        }
    }

    /// Passes over packets until the close frame.
    pub async fn expect_closed(&mut self, reason: CloseReason) {
        loop {
            match self.try_next().await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    assert_eq!(u16::from(frame.code), reason.code());
                    // A kick or a ban says more behind its name.
                    let said = frame.reason.as_str();
                    let is_told = said == reason.name() || reason.sanction_in(said).is_some();
                    assert!(is_told, "{said}");
                    return;
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => panic!("closed without a word"),
                Some(Ok(_)) => {}
            }
        }
    }
}

/// What a login or resume is answered.
pub struct Welcome {
    pub token: String,
    pub channels: Vec<ChannelState>,
    pub inbox: InboxState,
    pub session: u64,
    pub epoch: String,
}

pub fn credentials(name: &str) -> String {
    format!(r#""username":"{name}","password":"correct horse""#)
}

/// A path in a fresh folder.
pub fn database() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("longhall.db");
    (folder, path)
}
