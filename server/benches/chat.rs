//! `cargo bench -p longhall-server --bench chat`: chat from end to end.
//!
//! A real server on a real SQLite file (`synchronous = FULL`) and real sockets,
//! all in this process and on its cores. Each figure stands beside a reference
//! of the same run, so that the ratio means the same on every machine.

mod bare;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use longhall_client::tokio_driver::{self, Command};
use longhall_client::{Config as ClientConfig, Event, Session};
use longhall_packet::{SUBPROTOCOL, ServerPacket, codec};
use longhall_server::config::HashCost;
use longhall_server::store::SqliteStore;
use longhall_server::{Config, run};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tokio_util::sync::CancellationToken;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Who talks, each in a channel of its own.
const TALKERS: usize = 16;
/// Lines of each on their way at a time.
const IN_FLIGHT: usize = 256;
/// Lines of each in all.
const LINES: usize = 10_000;
/// Lines missed while away.
const MISSED: usize = 10_000;
/// Cuts to resume from.
const CUTS: usize = 100;

fn main() -> Result<(), AnyError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(measure())
}

async fn measure() -> Result<(), AnyError> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let store = SqliteStore::open(&folder.path().join("longhall.db"))?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let config = Config::with(|config| {
        config.hashing.cost = HashCost::FOR_TESTS;
        config.rates.registrations_per_hour = u32::MAX;
        config.rates.logins_per_minute = u32::MAX;
        config.rates.logins_per_minute_per_name = u32::MAX;
        config.rates.packets_per_second = 1_000_000;
        config.rates.unanswered_whispers_per_minute = u32::MAX;
        config.capacity.max_connections_per_address = 1_000;
    });
    let stopping = CancellationToken::new();
    let server = tokio::spawn(run(listener, config, Arc::new(store), stopping.clone()));

    let texts: Vec<_> = (0..TALKERS * LINES).map(bare::text).collect();
    let mut bare_file = bare::Bare::open(&folder.path().join("bare.db"))?;
    let began = Instant::now();
    bare_file.insert(&texts, 1000)?;
    let bare = began.elapsed();
    let took = talk(address).await?;
    let per_second = |took: Duration| texts.len() as f64 / took.as_secs_f64();
    println!(
        "durable lines, {TALKERS} players     {:>9.0} lines/s   {:.2} of bare inserts ({:.0})",
        per_second(took),
        bare.as_secs_f64() / took.as_secs_f64(),
        per_second(bare)
    );

    let (core, raw) = fill_gap(address).await?;
    println!(
        "gap of {MISSED} lines filled   {:>9.1} ms        {:.2} of the pages alone ({:.1} ms)",
        core.as_secs_f64() * 1000.0,
        core.as_secs_f64() / raw.as_secs_f64(),
        raw.as_secs_f64() * 1000.0
    );

    let (resumed, connected) = resume(address).await?;
    println!(
        "resumed, median of {CUTS}        {:>9.2} ms        {:.2} of connecting alone ({:.2} ms)",
        resumed.as_secs_f64() * 1000.0,
        resumed.as_secs_f64() / connected.as_secs_f64(),
        connected.as_secs_f64() * 1000.0
    );
    stopping.cancel();
    server.await??;
    Ok(())
}

/// A connection that says just what it is told to.
struct Raw {
    ws: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u32,
}

impl Raw {
    async fn connect(address: SocketAddr) -> Result<Self, AnyError> {
        let mut request = format!("ws://{address}").into_client_request()?;
        let protocol = HeaderValue::from_static(SUBPROTOCOL);
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let (ws, _) = tokio_tungstenite::connect_async(request).await?;
        let mut raw = Self { ws, last_id: 0 };
        raw.next().await?;
        Ok(raw)
    }

    async fn enter(address: SocketAddr, name: &str) -> Result<Self, AnyError> {
        let mut raw = Self::connect(address).await?;
        let who = format!(r#""username":"{name}","password":"correct horse""#);
        raw.ask("register", &who).await?;
        raw.ask("login", &who).await?;
        Ok(raw)
    }

    async fn send(&mut self, kind: &str, fields: &str) -> Result<(), AnyError> {
        self.last_id += 1;
        let id = self.last_id;
        let packet = format!(r#"{{"type":"{kind}","id":{id},{fields}}}"#);
        self.ws.feed(Message::text(packet)).await?;
        Ok(())
    }

    async fn ask(&mut self, kind: &str, fields: &str) -> Result<ServerPacket, AnyError> {
        self.send(kind, fields).await?;
        self.ws.flush().await?;
        loop {
            match self.next().await? {
                ServerPacket::Chat { .. } | ServerPacket::Presence { .. } => {}
                ServerPacket::Deny { code, .. } => return Err(format!("{kind}: {code}").into()),
                answer => return Ok(answer),
            }
        }
    }

    async fn next(&mut self) -> Result<ServerPacket, AnyError> {
        loop {
            if let Message::Text(text) = self.ws.next().await.ok_or("closed")?? {
                return Ok(codec::decode_server_packet(text.as_bytes())?);
            }
        }
    }
}

/// Everybody talks as fast as the acknowledgements come.
async fn talk(address: SocketAddr) -> Result<Duration, AnyError> {
    let mut talkers = Vec::new();
    for number in 0..TALKERS {
        let mut talker = Raw::enter(address, &format!("talker{number}")).await?;
        let channel = format!(r#""channel":"room{number}","access":"open""#);
        talker.ask("create", &channel).await?;
        talkers.push(talker);
    }
    let began = Instant::now();
    let talking: Vec<_> = talkers
        .into_iter()
        .enumerate()
        .map(|(number, talker)| tokio::spawn(say_all(talker, format!("room{number}"), LINES)))
        .collect();
    for talker in talking {
        talker.await??;
    }
    Ok(began.elapsed())
}

async fn say_all(mut talker: Raw, channel: String, lines: usize) -> Result<(), AnyError> {
    let (mut said, mut posted) = (0, 0);
    while posted < lines {
        while said < lines && said - posted < IN_FLIGHT {
            let (text, id) = (bare::text(said), said + 1);
            let line = format!(r#""channel":"{channel}","line_id":{id},"text":"{text}""#);
            talker.send("chat", &line).await?;
            said += 1;
        }
        talker.ws.flush().await?;
        match talker.next().await? {
            ServerPacket::Posted { .. } => posted += 1,
            ServerPacket::Deny { code, .. } => return Err(format!("chat: {code}").into()),
            _ => {}
        }
    }
    Ok(())
}

/// A player of the client core, whose connection can be cut.
struct Player {
    commands: Sender<Command>,
    events: Receiver<Event>,
    gate: watch::Sender<bool>,
}

impl Player {
    async fn enter(server: SocketAddr, name: &str) -> Result<Self, AnyError> {
        let (gate, is_open) = watch::channel(true);
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(carry(listener, server, is_open));
        let (commands, command_rx) = channel(16);
        let (event_tx, events) = channel(256);
        let session = Session::new(ClientConfig::default(), 1);
        let url = format!("ws://{address}");
        tokio::spawn(tokio_driver::run(url, session, command_rx, event_tx));
        let mut player = Self {
            commands,
            events,
            gate,
        };
        let (username, password) = (name.to_owned(), "correct horse".to_owned());
        player.tell(Command::Connect).await?;
        player
            .until(|event| matches!(event, Event::Connected { .. }))
            .await?;
        let register = Command::Register {
            username: username.clone(),
            password: password.clone(),
        };
        player.tell(register).await?;
        player
            .until(|event| matches!(event, Event::Registered { .. }))
            .await?;
        let login = Command::Login { username, password };
        player.tell(login).await?;
        player
            .until(|event| matches!(event, Event::ChannelJoined { .. }))
            .await?;
        Ok(player)
    }

    async fn cut(&mut self) -> Result<(), AnyError> {
        self.gate.send(false)?;
        self.until(|event| matches!(event, Event::Disconnected { .. }))
            .await
    }

    /// Lets the connection come back, which it tries at once.
    async fn mend(&mut self) -> Result<(), AnyError> {
        self.gate.send(true)?;
        self.tell(Command::ReconnectNow).await
    }

    async fn tell(&self, command: Command) -> Result<(), AnyError> {
        let sent = self.commands.send(command).await;
        sent.map_err(|_| "the driver ended".into())
    }

    async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Result<(), AnyError> {
        while !wanted(&self.events.recv().await.ok_or("the driver ended")?) {}
        Ok(())
    }
}

/// Carries connections while the gate is open.
async fn carry(listener: TcpListener, server: SocketAddr, is_open: watch::Receiver<bool>) {
    while let Ok((mut player, _)) = listener.accept().await {
        let mut is_open = is_open.clone();
        tokio::spawn(async move {
            if !*is_open.borrow() {
                return;
            }
            let Ok(mut server) = TcpStream::connect(server).await else {
                return;
            };
            player.set_nodelay(true).ok();
            server.set_nodelay(true).ok();
            tokio::select! {
                _ = copy_bidirectional(&mut player, &mut server) => {}
                _ = is_open.wait_for(|is_open| !is_open) => {}
            }
        });
    }
}

/// A player who comes back to lines that were said meanwhile: until the last is
/// told to the game, and until the pages are here without a game to tell.
async fn fill_gap(address: SocketAddr) -> Result<(Duration, Duration), AnyError> {
    let mut player = Player::enter(address, "patient").await?;
    player.cut().await?;
    let talker = Raw::enter(address, "speaker").await?;
    say_all(talker, "lobby".to_owned(), MISSED).await?;
    let began = Instant::now();
    player.mend().await?;
    for _ in 0..MISSED {
        player
            .until(|event| matches!(event, Event::ChatReceived { .. }))
            .await?;
    }
    let core = began.elapsed();

    let mut raw = Raw::enter(address, "reader").await?;
    let began = Instant::now();
    let (mut last, mut read) = (0, 0);
    while read < MISSED {
        let page = format!(r#""channel":"lobby","after":{last},"limit":500"#);
        let ServerPacket::History { lines, .. } = raw.ask("history", &page).await? else {
            return Err("no page".into());
        };
        read += lines.len();
        last = lines.last().ok_or("an empty page")?.seq;
    }
    Ok((core, began.elapsed()))
}

/// From the connection's first packet to being logged in again.
async fn resume(address: SocketAddr) -> Result<(Duration, Duration), AnyError> {
    let mut player = Player::enter(address, "flighty").await?;
    let (mut resumed, mut connected) = (Vec::new(), Vec::new());
    for _ in 0..CUTS {
        player.cut().await?;
        let began = Instant::now();
        player.mend().await?;
        player
            .until(|event| matches!(event, Event::LoggedIn { .. }))
            .await?;
        resumed.push(began.elapsed());
        let began = Instant::now();
        Raw::connect(address).await?;
        connected.push(began.elapsed());
    }
    resumed.sort();
    connected.sort();
    Ok((resumed[CUTS / 2], connected[CUTS / 2]))
}
