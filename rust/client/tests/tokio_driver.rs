//! The tokio driver against a few lines of server on a real socket.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use longhall_client::tokio_driver::{Command, run};
use longhall_client::{Answer, Config, DisconnectReason, Event, LogoutReason, Session};
use longhall_packet::{
    Access, ChannelState, ClientPacket, CloseReason, InboxState, Limits, Line, LineKind,
    PROTOCOL_VERSION, RequestId, ResumeToken, Role, SUBPROTOCOL, ServerPacket, ServerRole, codec,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

const PATIENCE: Duration = Duration::from_secs(10);

/// A program that uses the driver.
struct Program {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
    driver: JoinHandle<()>,
}

impl Program {
    fn start(url: String) -> Self {
        let (commands, command_rx) = mpsc::channel(16);
        let (event_tx, events) = mpsc::channel(64);
        let session = Session::new(Config::default(), 42);
        let driver = tokio::spawn(run(url, session, command_rx, event_tx));
        Self {
            commands,
            events,
            driver,
        }
    }

    async fn tell(&self, command: Command) {
        self.commands.send(command).await.expect("a driver");
    }

    /// The next event that `matches`, passing over others.
    async fn wait_for(&mut self, matches: impl Fn(&Event) -> bool) -> Event {
        let next = async {
            while let Some(event) = self.events.recv().await {
                if matches(&event) {
                    return event;
                }
            }
            panic!("the driver ended")
        };
        timeout(PATIENCE, next).await.expect("an event in time")
    }

    /// Drops both channels; the driver must come to an end.
    async fn end(self) {
        drop((self.commands, self.events));
        timeout(PATIENCE, self.driver)
            .await
            .expect("an end in time")
            .expect("no panic");
    }
}

struct Server {
    listener: TcpListener,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        Self { listener }
    }

    fn url(&self) -> String {
        format!("ws://{}", self.listener.local_addr().expect("an address"))
    }

    async fn accept(&self) -> Peer {
        let accepting = async {
            let (stream, _) = self.listener.accept().await.expect("a connection");
            #[expect(clippy::result_large_err, reason = "the type is tungstenite's")]
            let check = |request: &Request, mut response: Response| {
                let offered = request.headers()[SEC_WEBSOCKET_PROTOCOL].clone();
                assert_eq!(offered, SUBPROTOCOL);
                let headers = response.headers_mut();
                headers.insert(SEC_WEBSOCKET_PROTOCOL, offered);
                Ok(response)
            };
            let socket = tokio_tungstenite::accept_hdr_async(stream, check).await;
            Peer {
                socket: socket.expect("a handshake"),
            }
        };
        let mut peer = timeout(PATIENCE, accepting).await.expect("in time");
        peer.send(&ServerPacket::Hello {
            protocol: PROTOCOL_VERSION,
            server: "test".to_owned(),
            message_of_the_day: "Well met!".to_owned(),
            limits: Limits::default(),
            registration: None,
            guests: false,
        })
        .await;
        let id = peer.expect("hello").await.id();
        peer.send(&ServerPacket::Ok { id }).await;
        peer
    }
}

/// The server's end of a connection.
struct Peer {
    socket: WebSocketStream<TcpStream>,
}

impl Peer {
    async fn send(&mut self, packet: &ServerPacket) {
        let frame = Message::text(codec::encode(packet));
        self.socket.send(frame).await.expect("an open socket");
    }

    async fn next(&mut self) -> Message {
        let next = timeout(PATIENCE, self.socket.next()).await;
        next.expect("in time").expect("a frame").expect("no error")
    }

    async fn expect(&mut self, name: &str) -> ClientPacket {
        let frame = self.next().await;
        let packet = codec::decode_client_packet(&frame.into_data()).expect("a packet");
        assert_eq!(packet.name(), name);
        packet
    }

    async fn log_in(&mut self, id: RequestId) {
        self.send(&ServerPacket::LoggedIn {
            profile: longhall_packet::Profile::default(),
            profile_version: 0,
            id,
            username: "ada".to_owned(),
            resume_token: ResumeToken::from_bytes(&[1; 32]),
            session: 1,
            epoch: String::new(),
            channels: vec![ChannelState {
                hall: None,
                temporary: None,
                channel: "lobby".to_owned(),
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
            }],
            inbox: InboxState::default(),
            invitations: Vec::new(),
            server_role: ServerRole::Player,
            second_factor: false,
            recovery_codes_left: 0,
            last_login: None,
            deleted_at_ms: None,
            sanctions: Vec::new(),
            guest: false,
        })
        .await;
    }

    async fn close(&mut self, reason: CloseReason) {
        let frame = CloseFrame {
            code: reason.code().into(),
            reason: reason.name().into(),
        };
        self.socket.close(Some(frame)).await.expect("a close frame");
    }
}

async fn logged_in() -> (Program, Server, Peer) {
    let server = Server::start().await;
    let mut program = Program::start(server.url());
    program.tell(Command::Connect).await;
    let mut peer = server.accept().await;
    program
        .tell(Command::Login {
            username: "ada".to_owned(),
            password: "correct horse".to_owned(),
        })
        .await;
    let id = peer.expect("login").await.id();
    peer.log_in(id).await;
    program
        .wait_for(|event| matches!(event, Event::LoggedIn { username } if username == "ada"))
        .await;
    (program, server, peer)
}

#[tokio::test]
async fn a_player_connects_logs_in_chats_and_leaves() {
    let (mut program, _server, mut peer) = logged_in().await;
    program.tell(say("hi")).await;
    let id = peer.expect("chat").await.id();
    let line = Line {
        seq: 1,
        sender: "ada".to_owned(),
        recipient: None,
        text: "hi".to_owned(),
        sent_at_ms: 7,
        kind: LineKind::Said,
        edited_at_ms: None,
        of: None,
    };
    peer.send(&ServerPacket::Chat {
        channel: "lobby".to_owned(),
        line,
    })
    .await;
    peer.send(&ServerPacket::Posted {
        id,
        channel: "lobby".to_owned(),
        seq: 1,
        sent_at_ms: 7,
    })
    .await;
    program
        .wait_for(|event| matches!(event, Event::ChatReceived { line, .. } if line.sent_at_ms == 7))
        .await;
    program
        .wait_for(|event| matches!(event, Event::ChatAccepted { seq: 1, .. }))
        .await;

    program.tell(Command::Logout).await;
    let id = peer.expect("logout").await.id();
    peer.send(&ServerPacket::Ok { id }).await;
    let is_out = |event: &Event| {
        *event
            == Event::LoggedOut {
                reason: LogoutReason::Asked,
            }
    };
    program.wait_for(is_out).await;
    program.tell(Command::Disconnect).await;
    assert!(matches!(peer.next().await, Message::Close(Some(frame)) if frame.code == 1000.into()));
    program.end().await;
}

#[tokio::test]
async fn a_program_that_ends_says_what_it_had_to_say_and_goodbye() {
    let (program, _server, mut peer) = logged_in().await;
    for number in 0..5 {
        program.tell(say_to(&format!("room{number}"), "hi")).await;
    }
    let peer = tokio::spawn(async move {
        for _ in 0..5 {
            peer.expect("chat").await;
        }
        let last = peer.next().await;
        assert!(matches!(last, Message::Close(Some(frame)) if frame.code == 1000.into()));
    });
    // The commands are still in the channel.
    program.end().await;
    peer.await.expect("everything arrived");
}

#[tokio::test]
async fn a_cut_is_healed_and_the_player_logged_in_again() {
    let (mut program, server, peer) = logged_in().await;
    // Without a close frame.
    drop(peer);
    program
        .wait_for(is_disconnected(DisconnectReason::ConnectionLost, true))
        .await;
    let mut peer = server.accept().await;
    let id = peer.expect("resume").await.id();
    peer.log_in(id).await;
    program
        .wait_for(|event| matches!(event, Event::LoggedIn { .. }))
        .await;
    program.end().await;
}

#[tokio::test]
async fn the_reason_in_a_close_frame_is_told() {
    for reason in [CloseReason::Restarting, CloseReason::LoggedInElsewhere] {
        let (mut program, _server, mut peer) = logged_in().await;
        peer.close(reason).await;
        let reason = DisconnectReason::Server(reason);
        program
            .wait_for(is_disconnected(reason, reason.may_retry()))
            .await;
        program.end().await;
    }
}

#[tokio::test]
async fn the_reason_is_told_although_the_client_was_writing() {
    let (mut program, _server, mut peer) = logged_in().await;
    peer.close(CloseReason::TooSlow).await;
    drop(peer);
    for _ in 0..50 {
        program.tell(say(&"x".repeat(500))).await;
    }
    let told = |event: &Event| {
        matches!(event, Event::Disconnected { reason, .. }
            if *reason == DisconnectReason::Server(CloseReason::TooSlow))
    };
    program.wait_for(told).await;
    program.end().await;
}

#[tokio::test]
async fn nobody_there_and_no_such_address_are_told_and_retried() {
    // A port that was free a moment ago.
    let free = Server::start().await.url();
    for url in [free.as_str(), "ws://", "not a url", "http://127.0.0.1:1"] {
        let mut program = Program::start(url.to_owned());
        program.tell(Command::Connect).await;
        program
            .wait_for(is_disconnected(DisconnectReason::ServerUnreachable, true))
            .await;
        program
            .wait_for(|event| matches!(event, Event::Reconnecting { attempt: 2, .. }))
            .await;
        program.end().await;
    }
}

#[tokio::test]
async fn a_url_is_understood_however_it_is_typed() {
    let server = Server::start().await;
    let url = server.url().replace("ws://", " WS:/");
    let mut program = Program::start(url);
    program.tell(Command::Connect).await;
    let _peer = server.accept().await;
    program
        .wait_for(|event| {
            matches!(
                event,
                Event::StateChanged(longhall_client::State::Connecting)
            )
        })
        .await;
    program.end().await;
}

#[tokio::test]
async fn something_that_never_answers_is_left_in_time() {
    let mute = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("ws://{}", mute.local_addr().expect("an address"));
    let (commands, command_rx) = mpsc::channel(16);
    let (event_tx, events) = mpsc::channel(64);
    let config = Config {
        connect_timeout: Duration::from_secs(1),
        ..Config::default()
    };
    let session = Session::new(config, 42);
    let driver = tokio::spawn(run(url, session, command_rx, event_tx));
    let mut program = Program {
        commands,
        events,
        driver,
    };
    program.tell(Command::Connect).await;
    program
        .wait_for(|event| matches!(event, Event::Disconnected { .. }))
        .await;
    program.end().await;
}

#[tokio::test]
async fn a_packet_beyond_the_limit_ends_the_connection_not_the_program() {
    let (mut program, server, mut peer) = logged_in().await;
    let huge = Message::text("x".repeat(1 << 20));
    // The client may hang up before it has taken all of it.
    peer.socket.send(huge).await.ok();
    program
        .wait_for(|event| matches!(event, Event::Disconnected { .. }))
        .await;
    server.accept().await;
    program.end().await;
}

#[test]
fn commands_do_not_show_what_they_hold() {
    let login = Command::Login {
        username: "ada".to_owned(),
        password: "correct horse".to_owned(),
    };
    let chat = say("psst");
    assert_eq!(format!("{login:?} {chat:?}"), "Login(***) SendChat(***)");
}

#[tokio::test]
async fn whoever_asks_is_told_how_it_ended() {
    let (program, _server, mut peer) = logged_in().await;
    let (command, blocks) = Command::ask(|session, now| session.list_blocks(now));
    program.tell(command).await;
    let id = peer.expect("blocks").await.id();
    let usernames = vec!["eve".to_owned()];
    peer.send(&ServerPacket::Blocks { id, usernames }).await;
    let answer = timeout(PATIENCE, blocks).await.expect("in time");
    let answer = answer.expect("an outcome").expect("no error");
    assert_eq!(answer, Answer::Blocks(vec!["eve".to_owned()]));

    // Nobody need wait for it.
    let (command, outcome) = Command::ask(|session, now| session.block(now, "x"));
    drop(outcome);
    program.tell(command).await;
    let who = longhall_client::Command::parse("/who", "lobby", None).expect("a command");
    program.tell(Command::Execute(who)).await;
    peer.expect("members").await;
    let (command, outcome) = Command::ask(|session, now| session.block(now, "eve"));
    program.tell(command).await;
    peer.expect("block").await;
    program.end().await;
    assert!(outcome.await.is_err());
}

fn say(text: &str) -> Command {
    say_to("", text)
}

fn say_to(channel: &str, text: &str) -> Command {
    Command::SendChat {
        channel: channel.to_owned(),
        text: text.to_owned(),
    }
}

fn is_disconnected(expected: DisconnectReason, will_retry: bool) -> impl Fn(&Event) -> bool {
    move |event| {
        matches!(event, Event::Disconnected { reason, retry_in }
            if *reason == expected && retry_in.is_some() == will_retry)
    }
}
