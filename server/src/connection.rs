//! One socket: frames in, frames out, deadlines. Knows no user.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;

use futures_util::{FutureExt, SinkExt, StreamExt};
use longhall_packet::limits::MAX_CLIENT_PACKET_BYTES;
use longhall_packet::{CloseReason, SUBPROTOCOL, Stage};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Duration, Instant, Sleep, sleep_until, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError as WsProtocolError;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};
use tracing::{debug, error, info};

use crate::Server;
use crate::handlers::now_ms;
use crate::outbox::{Next, Outbox};
use crate::session::Session;

/// Packets read ahead while an answer is pending. Then the socket is left
/// unread, which holds the sender up by TCP's own means.
const MAX_READ_AHEAD: usize = 8;
/// Packets written before the socket is read again.
const MAX_WRITE_ROUND: usize = 64;
/// How long a peer gets to answer our close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// We end it, for this reason.
    Close(CloseReason),
    /// The peer closed it, as it should.
    ByPeer,
    /// The peer is gone without a word, or broke RFC 6455.
    Lost,
}

/// Serves one connection to its end. With `refusal`, it is told that reason and
/// closed after the handshake.
pub(crate) async fn serve<S>(
    server: Arc<Server>,
    stream: S,
    address: std::net::IpAddr,
    refusal: Option<CloseReason>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let connection = server.connection_id();
    let handshake = tokio::select! {
        handshake = timeout(server.config.handshake_timeout, accept(stream)) => handshake,
        () = server.stopping.cancelled() => return,
    };
    let (ws, outdated) = match handshake {
        Ok(Ok(accepted)) => accepted,
        Ok(Err(cause)) => {
            debug!(connection, %address, %cause, "no WebSocket handshake");
            return;
        }
        Err(_) => {
            debug!(connection, %address, "the handshake took too long");
            return;
        }
    };
    let outdated = outdated.then_some(CloseReason::UpdateRequired);
    let outbox = Arc::new(Outbox::new(server.config.outbox_max_bytes));
    let mut socket = Socket::new(ws, Arc::clone(&outbox), Arc::clone(&server));
    let (end, session) = if let Some(reason) = refusal.or(outdated) {
        info!(connection, %address, %reason, "refused");
        (End::Close(reason), None)
    } else {
        info!(connection, %address, "connected");
        let mut session = Session::start(Arc::clone(&server), connection, address, outbox);
        let end = converse(&mut socket, &mut session).await;
        let user = session.player().map(|player| player.user.id.0);
        match end {
            End::Close(reason) => info!(connection, user, %reason, "closed"),
            End::ByPeer => info!(connection, user, reason = "by_peer", "closed"),
            End::Lost => info!(connection, user, reason = "lost", "closed"),
        }
        // It leaves the hub here, before the socket's farewell.
        (end, session.depart())
    };
    // Whatever goes wrong now, it is over.
    let _ = match end {
        End::Close(reason) => timeout(CLOSE_TIMEOUT, socket.say_goodbye(reason)).await,
        // The answer to the peer's close frame is still in the buffer.
        End::ByPeer => timeout(CLOSE_TIMEOUT, socket.ws.flush()).await,
        End::Lost => Ok(Ok(())),
    };
    if let Some(session) = session
        && let Err(cause) = server.store.touch_session(session, now_ms() as i64).await
    {
        debug!(connection, %cause, "cannot note when a session was there last");
    }
}

/// Lets the socket and the session take turns. Packets are answered one after
/// the other, in order; meanwhile the socket goes on, so that pings, deadlines
/// and other players' lines never wait for a password hash.
async fn converse<S>(socket: &mut Socket<S>, session: &mut Session) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        let Some(packet) = socket.read_ahead.pop_front() else {
            socket.note_stage(session.stage());
            if let Err(end) = socket.turn().await {
                return end;
            }
            continue;
        };
        socket.answering = true;
        let mut answer = pin!(AssertUnwindSafe(session.handle(packet.as_bytes())).catch_unwind());
        let answered = loop {
            tokio::select! {
                answered = &mut answer => break answered,
                turn = socket.turn() => if let Err(end) = turn { return end },
            }
        };
        if answered.is_err() {
            error!("a handler panicked; its connection is closed, please report this");
            return End::Close(CloseReason::InternalError);
        }
        socket.answering = false;
    }
}

/// Whether the peer has to be asked for a sign of life.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ping {
    NotNeeded,
    Due,
    Sent,
}

/// The socket of one connection with what is in flight on it.
///
/// [`Socket::turn`] may be dropped at any point and called again: what is
/// half-way written stays in the WebSocket's buffer, nothing is taken from the
/// outbox before there is room for it.
struct Socket<S> {
    ws: WebSocketStream<S>,
    outbox: Arc<Outbox>,
    server: Arc<Server>,
    read_ahead: VecDeque<Utf8Bytes>,
    /// A packet is being answered; stopping waits for it, as for answers that
    /// the outbox is owed.
    answering: bool,
    /// Something may be left to write, and by when it must be out.
    write_deadline: Option<Instant>,
    last_heard: Instant,
    /// A WebSocket ping is due, or was sent and not answered yet.
    ping: Ping,
    /// What the peer sent cannot be read on as WebSocket frames.
    unreadable: bool,
    logged_out_since: Option<Instant>,
    /// Fires no later than the next deadline.
    alarm: Pin<Box<Sleep>>,
}

impl<S> Socket<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    fn new(ws: WebSocketStream<S>, outbox: Arc<Outbox>, server: Arc<Server>) -> Self {
        let now = Instant::now();
        let alarm = now + (server.config.idle_timeout / 2).min(server.config.login_timeout);
        Self {
            ws,
            outbox,
            read_ahead: VecDeque::new(),
            answering: false,
            write_deadline: None,
            last_heard: now,
            ping: Ping::NotNeeded,
            unreadable: false,
            logged_out_since: Some(now),
            alarm: Box::pin(sleep_until(alarm)),
            server,
        }
    }

    fn note_stage(&mut self, stage: Stage) {
        match stage {
            Stage::LoggedIn => self.logged_out_since = None,
            Stage::LoggedOut => {
                self.logged_out_since.get_or_insert_with(Instant::now);
            }
        }
    }

    /// Does the next thing there is to do: read a frame, write what waits,
    /// notice a deadline or that the server stops.
    async fn turn(&mut self) -> Result<(), End> {
        if self.write_deadline.is_some() {
            return self.write().await;
        }
        tokio::select! {
            () = self.outbox.changed() => self.write().await,
            frame = self.ws.next(), if self.read_ahead.len() < MAX_READ_AHEAD => self.take(frame),
            () = self.server.stopping.cancelled(), if !self.answering && !self.outbox.is_owing() => {
                self.outbox.close(CloseReason::Restarting);
                self.write().await
            }
            () = &mut self.alarm => self.check_deadlines(),
        }
    }

    fn take(&mut self, frame: Option<Result<Message, WsError>>) -> Result<(), End> {
        self.last_heard = Instant::now();
        self.ping = Ping::NotNeeded;
        match frame {
            Some(Ok(Message::Text(packet))) => self.read_ahead.push_back(packet),
            // Not a packet either way; the session says so and counts it.
            Some(Ok(Message::Binary(_))) => self.read_ahead.push_back(Utf8Bytes::default()),
            // The answer is in the buffer already. It must be out before more is
            // read: a peer that pings without reading would fill our memory.
            Some(Ok(Message::Ping(_))) => {
                self.start_write();
            }
            Some(Ok(Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Close(_)) | Err(WsError::ConnectionClosed)) | None => {
                return Err(End::ByPeer);
            }
            Some(Err(WsError::Protocol(WsProtocolError::ResetWithoutClosingHandshake))) => {
                return Err(End::Lost);
            }
            Some(Err(WsError::Capacity(_) | WsError::Utf8(_) | WsError::Protocol(_))) => {
                self.unreadable = true;
                return Err(End::Close(CloseReason::ProtocolError));
            }
            Some(Err(_)) => return Err(End::Lost),
        }
        Ok(())
    }

    /// Makes the next turn a write, and says by when it must be done.
    fn start_write(&mut self) -> Instant {
        let timeout = self.server.config.write_timeout;
        *self
            .write_deadline
            .get_or_insert_with(|| Instant::now() + timeout)
    }

    /// Sends what waits, in as few writes as the buffer allows.
    async fn write(&mut self) -> Result<(), End> {
        let deadline = self.start_write();
        let closing = match timeout_at(deadline, self.write_round()).await {
            Ok(Ok(closing)) => closing,
            Ok(Err(_)) => return Err(End::Lost),
            Err(_) => return Err(End::Close(CloseReason::TooSlow)),
        };
        self.write_deadline = None;
        closing.map_or(Ok(()), |reason| Err(End::Close(reason)))
    }

    async fn write_round(&mut self) -> Result<Option<CloseReason>, WsError> {
        let mut closing = None;
        for sent in 0.. {
            if sent == MAX_WRITE_ROUND {
                // Come back after a look at the other side.
                self.outbox.wake();
                break;
            }
            poll_fn(|cx| self.ws.poll_ready_unpin(cx)).await?;
            if self.ping == Ping::Due {
                self.ping = Ping::Sent;
                self.ws
                    .start_send_unpin(Message::Ping(Default::default()))?;
                continue;
            }
            match self.outbox.take() {
                Next::Send(packet) => self.ws.start_send_unpin(Message::Text(packet))?,
                Next::Close(reason) => {
                    closing = Some(reason);
                    break;
                }
                Next::Nothing => break,
            }
        }
        self.ws.flush().await?;
        Ok(closing)
    }

    fn check_deadlines(&mut self) -> Result<(), End> {
        let config = &self.server.config;
        let now = Instant::now();
        let idle = self.last_heard + config.idle_timeout;
        let login = self
            .logged_out_since
            .map(|since| since + config.login_timeout);
        if now >= idle {
            return Err(End::Close(CloseReason::Idle));
        }
        if login.is_some_and(|login| now >= login) {
            return Err(End::Close(CloseReason::LoginTimeout));
        }
        // Half-way to the end, ask: most libraries answer a WebSocket ping by
        // themselves, so that a player who only listens stays.
        let half = self.last_heard + config.idle_timeout / 2;
        if now >= half && self.ping == Ping::NotNeeded {
            self.ping = Ping::Due;
            self.start_write();
        }
        let heard = if now >= half { idle } else { half };
        let next = login.map_or(heard, |login| login.min(heard));
        self.alarm.as_mut().reset(next);
        Ok(())
    }

    /// Sends the close frame and waits for the peer's.
    async fn say_goodbye(&mut self, reason: CloseReason) -> Result<(), WsError> {
        let frame = CloseFrame {
            code: CloseCode::from(reason.code()),
            reason: Utf8Bytes::from_static(reason.name()),
        };
        self.ws.close(Some(frame)).await?;
        // Hanging up with data unread would make TCP reset the connection, and
        // the peer might never see why it ended.
        if self.unreadable {
            tokio::io::copy(self.ws.get_mut(), &mut tokio::io::sink()).await?;
        }
        while let Some(Ok(_)) = self.ws.next().await {}
        Ok(())
    }
}

/// The WebSocket handshake. The flag says that the client only speaks protocol
/// versions that this server does not.
async fn accept<S>(stream: S) -> Result<(WebSocketStream<S>, bool), WsError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        // Most connections say little; the default of 128 KiB each would be
        // most of the server's memory.
        .read_buffer_size(2 * 1024)
        .write_buffer_size(16 * 1024)
        // A packet a little too large is told so; a huge one is not even read.
        .max_message_size(Some(2 * MAX_CLIENT_PACKET_BYTES))
        .max_frame_size(Some(2 * MAX_CLIENT_PACKET_BYTES));
    let mut outdated = false;
    #[expect(clippy::result_large_err, reason = "the type is tungstenite's")]
    let choose = |request: &Request, response: Response| {
        choose_subprotocol(request, response).map(|(response, too_old)| {
            outdated = too_old;
            response
        })
    };
    let ws = tokio_tungstenite::accept_hdr_async_with_config(stream, choose, Some(config)).await?;
    Ok((ws, outdated))
}

#[expect(clippy::result_large_err, reason = "the type is tungstenite's")]
fn choose_subprotocol(
    request: &Request,
    mut response: Response,
) -> Result<(Response, bool), ErrorResponse> {
    let offered: Vec<&str> = request
        .headers()
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let family = SUBPROTOCOL
        .split_once('.')
        .map_or(SUBPROTOCOL, |(family, _)| family);
    let chosen = offered
        .iter()
        .find(|name| **name == SUBPROTOCOL)
        .or_else(|| {
            // Another version of ours: taken on, only to be told to update in a
            // close frame, which a game can show. A refused handshake it cannot.
            offered
                .iter()
                .find(|name| name.split('.').next() == Some(family))
        });
    match chosen.and_then(|name| Some((*name, HeaderValue::from_str(name).ok()?))) {
        Some((name, value)) => {
            response
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_PROTOCOL, value);
            Ok((response, name != SUBPROTOCOL))
        }
        None => {
            let mut refusal = ErrorResponse::new(Some(format!(
                "offer the WebSocket subprotocol {SUBPROTOCOL}\n"
            )));
            *refusal.status_mut() = StatusCode::BAD_REQUEST;
            Err(refusal)
        }
    }
}
