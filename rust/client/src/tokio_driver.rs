//! A driver over a real socket, for tests, tools and terminal programs.
//!
//! [`run`] owns the socket and the clock; the program talks to it through two
//! channels. A program that wants to know what came of a call asks by [`Command::ask`].
//!
//! ```no_run
//! use longhall_client::tokio_driver::{Command, run};
//! use longhall_client::{Config, Event, Session};
//! use tokio::sync::mpsc;
//!
//! # async fn example() {
//! let (commands, command_rx) = mpsc::channel(16);
//! let (event_tx, mut events) = mpsc::channel(256);
//! let session = Session::new(Config::default(), 42);
//! tokio::spawn(run("ws://127.0.0.1:8081".to_owned(), session, command_rx, event_tx));
//!
//! commands.send(Command::Connect).await.unwrap();
//! while let Some(event) = events.recv().await {
//!     if let Event::Connected { message_of_the_day, .. } = event {
//!         println!("{message_of_the_day}");
//!     }
//! }
//! # }
//! ```

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use longhall_packet::limits::MAX_SERVER_PACKET_BYTES;
use longhall_packet::versions;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::{Action, Answer, Call, CallError, Event, ProofWork, ServerAddress, Session};

/// What the program asks of the session; each is the [`Session`] method of the
/// same name. [`Command::call`] and [`Command::ask`] lead to all others.
pub enum Command {
    /// [`Session::connect`].
    Connect,
    /// [`Session::disconnect`].
    Disconnect,
    /// [`Session::reconnect_now`].
    ReconnectNow,
    /// [`Session::register`].
    Register {
        /// The name the account shall have.
        username: String,
        /// The password the account shall have.
        password: String,
    },
    /// [`Session::login`].
    Login {
        /// The account's name.
        username: String,
        /// The account's password.
        password: String,
    },
    /// [`Session::logout`].
    Logout,
    /// [`Session::send_chat`].
    SendChat {
        /// A channel, empty for the lobby, or `"@bob"`.
        channel: String,
        /// What to say.
        text: String,
    },
    /// [`Session::execute`].
    Execute(crate::Command),
    /// Any call, see [`Command::call`] and [`Command::ask`].
    Call(AnyCall),
}

/// How a call ends.
pub type Outcome = Result<Answer, CallError>;

type Start = Box<dyn FnOnce(&mut Session, Duration) -> Call + Send>;

/// A call of the program's choice.
pub struct AnyCall {
    start: Start,
    ended: Option<oneshot::Sender<Outcome>>,
}

impl Command {
    /// Any call into the session.
    ///
    /// ```
    /// use longhall_client::tokio_driver::Command;
    ///
    /// let join = Command::call(|session, now| session.join_channel(now, "trade", None));
    /// assert_eq!(format!("{join:?}"), "Call(***)");
    /// ```
    pub fn call(start: impl FnOnce(&mut Session, Duration) -> Call + Send + 'static) -> Self {
        Self::Call(AnyCall {
            start: Box::new(start),
            ended: None,
        })
    }

    /// Any call into the session, and how it ended. Nothing comes when the driver
    /// ends before.
    pub fn ask(
        start: impl FnOnce(&mut Session, Duration) -> Call + Send + 'static,
    ) -> (Self, oneshot::Receiver<Outcome>) {
        let (ended, outcome) = oneshot::channel();
        let call = AnyCall {
            start: Box::new(start),
            ended: Some(ended),
        };
        (Self::Call(call), outcome)
    }
}

impl fmt::Debug for Command {
    /// The name only: some hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "Connect",
            Self::Disconnect => "Disconnect",
            Self::ReconnectNow => "ReconnectNow",
            Self::Register { .. } => "Register(***)",
            Self::Login { .. } => "Login(***)",
            Self::Logout => "Logout",
            Self::SendChat { .. } => "SendChat(***)",
            Self::Execute(_) => "Execute(***)",
            Self::Call(_) => "Call(***)",
        })
    }
}

/// Drives `session` over WebSockets to `url` (`ws://` only) until the program
/// drops either channel's other end; then says goodbye and returns.
///
/// Starts offline: send [`Command::Connect`]. While `events` is full nothing
/// is read from the socket, so a program that stops listening is soon too slow
/// for the server.
pub async fn run(
    url: String,
    mut session: Session,
    mut commands: Receiver<Command>,
    events: Sender<Event>,
) {
    let start = Instant::now();
    let mut transport = Transport::new(url);
    let mut asked = HashMap::new();
    let mut working = None;
    loop {
        transport.carry_out(&mut session);
        tell_outcomes(&mut session, &mut asked);
        while let Some(event) = session.poll_event() {
            if events.send(event).await.is_err() {
                return say_goodbye(start, session, transport, &events).await;
            }
        }
        if working.is_none()
            && let Some(work) = session.take_work()
        {
            working = Some(tokio::task::spawn_blocking(|| do_some(work)));
        }
        let deadline = session.next_deadline().map(|deadline| start + deadline);
        tokio::select! {
            command = commands.recv() => match command {
                Some(command) => obey(&mut session, start.elapsed(), command, &mut asked),
                None => return say_goodbye(start, session, transport, &events).await,
            },
            news = poll_fn(|cx| transport.poll_news(cx)) => match news {
                News::Received(frame) => session.received(start.elapsed(), &frame.into_data()),
                News::Closed { code, reason } => session.closed(start.elapsed(), code, &reason),
            },
            work = done(&mut working) => {
                working = None;
                // Given up only if it panicked, or the runtime ends.
                if let Some(work) = work {
                    session.give_back_work(start.elapsed(), work);
                }
            }
            () = sleep_or_wait(deadline) => {}
        }
        session.tick(start.elapsed());
    }
}

/// Hashes of a proof between two looks at it: some tens of milliseconds.
const HASHES_AT_ONCE: u32 = 50_000;

/// Off the threads that the sockets are on.
fn do_some(mut work: ProofWork) -> ProofWork {
    work.run(HASHES_AT_ONCE);
    work
}

/// Waits for the work that is being done, or for ever.
async fn done(working: &mut Option<JoinHandle<ProofWork>>) -> Option<ProofWork> {
    match working {
        Some(working) => working.await.ok(),
        None => pending().await,
    }
}

/// Those who wait to hear how their calls end.
type Asked = HashMap<Call, oneshot::Sender<Outcome>>;

fn tell_outcomes(session: &mut Session, asked: &mut Asked) {
    while let Some((call, outcome)) = session.poll_outcome() {
        if let Some(ended) = asked.remove(&call) {
            // The program may no longer wait for the answer.
            ended.send(outcome).ok();
        }
    }
}

fn obey(session: &mut Session, now: Duration, command: Command, asked: &mut Asked) {
    match command {
        Command::Connect => {
            session.connect(now);
        }
        Command::Disconnect => session.disconnect(now),
        Command::ReconnectNow => session.reconnect_now(now),
        Command::Register { username, password } => {
            session.register(now, &username, &password);
        }
        Command::Login { username, password } => {
            session.login(now, &username, &password);
        }
        Command::Logout => {
            session.logout(now);
        }
        Command::SendChat { channel, text } => {
            session.send_chat(now, &channel, &text);
        }
        Command::Execute(command) => {
            session.execute(now, &command);
        }
        Command::Call(AnyCall { start, ended }) => {
            let call = start(session, now);
            if let Some(ended) = ended {
                asked.insert(call, ended);
            }
        }
    }
}

async fn say_goodbye(
    start: Instant,
    mut session: Session,
    mut transport: Transport,
    events: &Sender<Event>,
) {
    session.disconnect(start.elapsed());
    transport.carry_out(&mut session);
    while let Some(event) = session.poll_event() {
        // A program that still listens may miss some, but never holds us up.
        if events.try_send(event).is_err() {
            break;
        }
    }
    if let Some(farewell) = transport.farewell {
        // It ends by itself within a second; a panic in it is not ours to tell.
        farewell.await.ok();
    }
}

async fn sleep_or_wait(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => pending().await,
    }
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Dialing = Pin<Box<dyn Future<Output = Result<Socket, tungstenite::Error>> + Send>>;

struct Transport {
    url: String,
    wire: Wire,
    /// Sends the last frames of the transport before.
    farewell: Option<JoinHandle<()>>,
}

enum Wire {
    None,
    Dialing(Dialing),
    Open {
        socket: Box<Socket>,
        /// Bounded by what a session may have under way.
        outgoing: VecDeque<Message>,
    },
}

enum News {
    Received(Message),
    Closed { code: Option<u16>, reason: String },
}

impl Transport {
    fn new(url: String) -> Self {
        // However it is spelt; what cannot be read, the library refuses.
        let address = ServerAddress::parse(&url);
        Self {
            url: address.map_or(url, |address| address.to_string()),
            wire: Wire::None,
            farewell: None,
        }
    }

    fn carry_out(&mut self, session: &mut Session) {
        while let Some(action) = session.poll_action() {
            match action {
                Action::Open => self.wire = Wire::Dialing(Box::pin(dial(self.url.clone()))),
                Action::Send(text) => {
                    if let Wire::Open { outgoing, .. } = &mut self.wire {
                        outgoing.push_back(Message::text(text));
                    }
                }
                Action::Close { code, reason } => self.part(Some(CloseFrame {
                    code: code.into(),
                    reason: reason.into(),
                })),
            }
        }
    }

    /// What happens next on the wire. Loses nothing when dropped in between.
    fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<News> {
        match &mut self.wire {
            Wire::None => Poll::Pending,
            Wire::Dialing(dialing) => match ready!(dialing.as_mut().poll(cx)) {
                Ok(socket) => {
                    self.wire = Wire::Open {
                        socket: Box::new(socket),
                        outgoing: VecDeque::new(),
                    };
                    self.poll_news(cx)
                }
                Err(error) => {
                    self.wire = Wire::None;
                    Poll::Ready(News::Closed {
                        code: None,
                        reason: error.to_string(),
                    })
                }
            },
            Wire::Open { socket, outgoing } => {
                if poll_write(socket, outgoing, cx).is_err() {
                    // Reading goes on: the other side may have said why it
                    // closed.
                    outgoing.clear();
                }
                let (code, reason) = match ready!(socket.poll_next_unpin(cx)) {
                    Some(Ok(Message::Close(Some(frame)))) => {
                        (Some(frame.code.into()), frame.reason.to_string())
                    }
                    Some(Ok(Message::Close(None))) | None => (None, String::new()),
                    Some(Ok(frame)) if frame.is_text() || frame.is_binary() => {
                        return Poll::Ready(News::Received(frame));
                    }
                    Some(Ok(_)) => {
                        // A ping or pong of the WebSocket itself; come again.
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    Some(Err(error)) => (None, error.to_string()),
                };
                self.part(None);
                Poll::Ready(News::Closed { code, reason })
            }
        }
    }

    /// Lets go of the wire, after sending what is left.
    fn part(&mut self, frame: Option<CloseFrame>) {
        if let Wire::Open { socket, outgoing } = std::mem::replace(&mut self.wire, Wire::None) {
            let mut socket = *socket;
            let farewell = async move {
                for message in outgoing {
                    socket.feed(message).await?;
                }
                socket.close(frame).await?;
                // The other side's close frame; a socket dropped before that
                // may take our last frames with it.
                while let Some(frame) = socket.next().await {
                    frame?;
                }
                Ok::<(), tungstenite::Error>(())
            };
            self.farewell = Some(tokio::spawn(async {
                // Failing, or taking too long, both mean that nobody listens.
                timeout(Duration::from_secs(1), farewell).await.ok();
            }));
        }
    }
}

/// Moves frames towards the socket, as far as it takes them.
fn poll_write(
    socket: &mut Socket,
    outgoing: &mut VecDeque<Message>,
    cx: &mut Context<'_>,
) -> Result<(), tungstenite::Error> {
    while !outgoing.is_empty() {
        match socket.poll_ready_unpin(cx)? {
            Poll::Ready(()) => {
                if let Some(message) = outgoing.pop_front() {
                    socket.start_send_unpin(message)?;
                }
            }
            Poll::Pending => return Ok(()),
        }
    }
    match socket.poll_flush_unpin(cx) {
        Poll::Ready(result) => result,
        Poll::Pending => Ok(()),
    }
}

async fn dial(url: String) -> Result<Socket, tungstenite::Error> {
    let mut request = url.into_client_request()?;
    // The library hangs up on a server that chooses none of them.
    let offer = HeaderValue::try_from(versions::offer(versions::SPOKEN))?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, offer);
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_SERVER_PACKET_BYTES))
        .max_frame_size(Some(MAX_SERVER_PACKET_BYTES))
        // Packets are small, and a load generator has many connections.
        .read_buffer_size(8 * 1024)
        .write_buffer_size(0);
    let disable_nagle = true;
    let (socket, _response) =
        connect_async_with_config(request, Some(config), disable_nagle).await?;
    Ok(socket)
}
