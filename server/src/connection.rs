//! One socket: frames in, frames out, deadlines. Knows no user.

mod end;
mod peer;
#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::io::ErrorKind;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;

use futures_util::FutureExt;
use longhall_packet::limits::MAX_CLIENT_PACKET_BYTES;
use longhall_packet::{CloseReason, Stage};
use tokio::task::{consume_budget, yield_now};
use tokio::time::{Duration, Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{
    CloseFrame, Role, WebSocketConfig, WebSocketContext,
};
use tokio_tungstenite::tungstenite::{Error as WsError, Message, Utf8Bytes};
use tracing::{debug, error, info};

use end::{End, count_no_handshake};
use peer::{Peer, Unread};

use crate::Server;
use crate::arrival::{Arrival, arrive};
use crate::frames::{Frames, ping};
use crate::gate::Gate;
use crate::intake::{Intake, Verdict};
use crate::listener::Visitor;
use crate::metrics;
use crate::outbox::{Next, Outbox};
use crate::session::Session;
use crate::wire::WireReader;

/// Most bytes taken from a socket at a time. What they hold is answered before
/// more is read, which holds a sender up by TCP's own means.
const MAX_READ: usize = 8 * 1024;
/// Memory in which the WebSocket crate puts the frames of a connection together.
/// It grows with a packet that needs more.
const FRAME_BUFFER: usize = 128;
/// How long a peer gets to answer our close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Reads of what a peer still says after our close frame. A peer that says more is
/// hung up on.
const MAX_CLOSING_READS: usize = 64;

/// Serves one connection to its end.
pub(crate) fn serve(server: Arc<Server>, visitor: Visitor) -> impl Future<Output = ()> {
    let peer = visitor.address;
    let connection = server.connection_id();
    // What is needed once is on the heap, and not moved around: an idle connection is small.
    let serving = Arc::clone(&server);
    let arriving = Box::pin(async move { arrive(&serving, visitor).await });
    async move {
        let patience = server.settings().timeouts.handshake;
        let arrived = tokio::select! {
            arrived = timeout(patience, arriving) => arrived,
            () = server.stopping.cancelled() => return,
        };
        let Arrival {
            reader,
            writer,
            address,
            permit,
            protocol,
        } = match arrived {
            Ok(Ok(arrival)) => {
                server.metrics.count_handshake("101");
                arrival
            }
            Ok(Err(cause)) => {
                count_no_handshake(&server.metrics, &cause);
                debug!(connection, address = %peer, %cause, "no WebSocket handshake");
                return;
            }
            Err(_) => {
                server.metrics.count_handshake(metrics::handshake::TIMEOUT);
                debug!(connection, address = %peer, "the handshake took too long");
                return;
            }
        };
        let room = server.settings().capacity.outbox_max_bytes;
        let outbox = Outbox::new(room, Some(writer)).counted_by(&server.metrics);
        let outbox = Arc::new(outbox);
        let mut socket = Socket::new(reader, Arc::clone(&outbox), Arc::clone(&server));
        let (end, session) = match protocol {
            Err(reason) => {
                debug!(connection, %address, %reason, "refused");
                (End::Close(reason), None)
            }
            Ok(protocol) => {
                debug!(connection, %address, protocol, "connected");
                let session =
                    Session::start(Arc::clone(&server), connection, address, protocol, outbox);
                let mut gate = Gate::before(session);
                let end = converse(&mut socket, &mut gate).await;
                let session = gate.session;
                let user = session.player().map(|player| player.user.id.0);
                let reason = end.name();
                // Strangers come and go as often as they like; the log is not theirs to fill.
                match user {
                    Some(user) => info!(connection, user, reason, "closed"),
                    None => debug!(connection, %address, reason, "closed"),
                }
                // It leaves the hub here, before the socket's close frame.
                (end, session.end())
            }
        };
        server.metrics.closes.add(end.name(), 1);
        // Whatever goes wrong now, it is over.
        let closing = async {
            match end {
                End::Close(reason) => socket.send_close_frame(reason).await,
                // The answer to the peer's close frame.
                End::ByPeer => socket.drain().await,
                End::Lost => {}
            }
        };
        let _ = timeout(CLOSE_TIMEOUT, Box::pin(closing)).await;
        if let Some(session) = session {
            let noted = server
                .store
                .touch_session(session, server.clock.now_ms())
                .await;
            if let Err(cause) = noted {
                debug!(connection, %cause, "cannot note when a session was there last");
            }
        }
        drop(permit);
    }
}

/// Lets the socket and the gate take turns. Packets are answered one after
/// the other, in order; meanwhile the socket goes on, so that pings, deadlines
/// and other players' lines never wait for a password hash.
async fn converse(socket: &mut Socket, gate: &mut Gate) -> End {
    loop {
        // A peer that does not read its answers gets no further ones for the moment: a
        // slow peer that asks for much shall have it page by page.
        let next = match socket.outbox.has_room() {
            true => socket.next_packet(),
            false => Ok(None),
        };
        let packet = match next {
            Ok(Some(packet)) => packet,
            Ok(None) => {
                socket.note_stage(gate.session.stage());
                if let Err(end) = socket.turn().await {
                    return end;
                }
                continue;
            }
            Err(end) => return end,
        };
        // However many packets are answered at once, other connections get their turn.
        consume_budget().await;
        socket.answering = true;
        let answer = gate.handle(packet.as_bytes(), socket.now());
        let mut answer = pin!(AssertUnwindSafe(answer).catch_unwind());
        let answered = loop {
            tokio::select! {
                biased;
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
    NotSent,
    Sent,
}

/// The socket of one connection with what came in on it. What goes out is in the
/// outbox, which also writes.
///
/// [`Socket::turn`] may be dropped at any point and called again.
struct Socket {
    wire: WireReader,
    outbox: Arc<Outbox>,
    server: Arc<Server>,
    /// Puts frames together into packets, and knows what to answer to a ping or a
    /// close frame.
    frames: WebSocketContext,
    /// Read and not put together yet. Empty, and without memory, most of the time.
    unread: Unread,
    /// Counts what is read.
    intake: Intake,
    /// Nothing is read until then: the peer had us read too often.
    rests_until: Option<Instant>,
    /// The next packet, or the end, found while another packet was being answered.
    ahead: Option<Result<Utf8Bytes, End>>,
    /// A packet is being answered; stopping waits for it, as for answers that
    /// the outbox expects.
    answering: bool,
    /// The server stops, and the outbox knows.
    stopping: bool,
    /// When the socket, taking nothing more, is given up.
    stuck_until: Option<Instant>,
    last_heard: Instant,
    /// The clock is read once for all packets of a read, unless an answer has to be
    /// waited for in between.
    now: Option<Instant>,
    /// Whether a WebSocket ping was sent and not answered yet.
    ping: Ping,
    /// The peer sent bytes that cannot be read on as WebSocket frames.
    unreadable: bool,
    logged_out_since: Option<Instant>,
    /// Fires no later than the next deadline.
    alarm: Pin<Box<Sleep>>,
}

impl Socket {
    fn new(wire: WireReader, outbox: Arc<Outbox>, server: Arc<Server>) -> Self {
        let now = Instant::now();
        let alarm = {
            let timeouts = &server.settings().timeouts;
            now + (timeouts.idle / 2).min(timeouts.login)
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(FRAME_BUFFER)
            // A packet a little too large is told so; a huge one is not even read.
            .max_message_size(Some(2 * MAX_CLIENT_PACKET_BYTES))
            .max_frame_size(Some(2 * MAX_CLIENT_PACKET_BYTES));
        Self {
            wire,
            outbox,
            frames: WebSocketContext::new(Role::Server, Some(config)),
            unread: Unread::default(),
            intake: Intake::new(&server.limits),
            rests_until: None,
            ahead: None,
            answering: false,
            stopping: false,
            stuck_until: None,
            last_heard: now,
            now: None,
            ping: Ping::NotSent,
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

    /// Writes what waits, then does the next thing there is to do: reads, writes
    /// on, notices a deadline or that the server stops.
    async fn turn(&mut self) -> Result<(), End> {
        self.now = None;
        let is_stuck = match self.outbox.next() {
            Next::Nothing => false,
            Next::AwaitRoom => true,
            Next::Close(reason) => return Err(End::Close(reason)),
            Next::Lost => return Err(End::Lost),
        };
        self.note_stuck(is_stuck);
        if self.answering && !is_stuck && self.ahead.is_none() {
            // Pings do not wait for the answer; the next packet does.
            self.ahead = self.next_packet().transpose();
        }
        tokio::select! {
            () = self.outbox.changed() => Ok(()),
            // The futures of `readable` and `writable` are five times as large.
            readable = poll_fn(|cx| self.wire.poll_ready(cx)), if self.may_read() => {
                readable.map_err(|_| End::Lost)?;
                self.read()
            }
            () = poll_fn(|cx| self.outbox.poll_room(cx)), if is_stuck => {
                if self.outbox.resume() {
                    // It moves; the time starts anew.
                    self.stuck_until = None;
                }
                Ok(())
            }
            () = self.server.stopping.cancelled(), if !self.stopping && !self.answering => {
                self.stopping = true;
                self.outbox.close_when_answered(CloseReason::Restarting);
                Ok(())
            }
            () = &mut self.alarm => self.check_deadlines(),
        }
    }

    /// When the packet in hand is taken up, nearly.
    fn now(&mut self) -> Instant {
        *self.now.get_or_insert_with(|| self.server.clock.now())
    }

    fn note_stuck(&mut self, is_stuck: bool) {
        if !is_stuck {
            self.stuck_until = None;
        } else if self.stuck_until.is_none() {
            let until = Instant::now() + self.server.settings().timeouts.write;
            self.stuck_until = Some(until);
            self.wake_by(until);
        }
    }

    /// Has [`Socket::check_deadlines`] called by then.
    fn wake_by(&mut self, deadline: Instant) {
        if deadline < self.alarm.deadline() {
            self.alarm.as_mut().reset(deadline);
        }
    }

    /// Whether more is taken from the peer: what there is has been put together,
    /// and there was not too much of it.
    fn may_read(&self) -> bool {
        self.unread.is_empty() && self.ahead.is_none() && self.rests_until.is_none()
    }

    /// Takes what the peer sent.
    fn read(&mut self) -> Result<(), End> {
        let mut bytes = Vec::with_capacity(MAX_READ);
        match self.wire.try_read(&mut bytes) {
            // Gone without a close frame.
            Some(Err(_)) => return Err(End::Lost),
            Some(Ok(())) => {
                let now = self.server.clock.now();
                self.now = Some(now);
                self.last_heard = now;
                self.ping = Ping::NotSent;
                match self.intake.count(&bytes, now) {
                    Verdict::Fine => {}
                    Verdict::Rest(wait) => {
                        let until = now + wait;
                        self.rests_until = Some(until);
                        self.wake_by(until);
                    }
                    Verdict::Flood => {
                        // The bytes are not put together any more, nor what follows.
                        self.unreadable = true;
                        return Err(End::Close(CloseReason::Flooding));
                    }
                }
                self.unread = Unread { bytes, at: 0 };
            }
            // There was nothing after all.
            None => {}
        }
        Ok(())
    }

    /// The next packet out of what was read. `None` when more must be read.
    fn next_packet(&mut self) -> Result<Option<Utf8Bytes>, End> {
        if let Some(ahead) = self.ahead.take() {
            return ahead.map(Some);
        }
        loop {
            // Even with nothing unread: a pong may have to be made yet.
            if self.unread.is_empty() && self.unread.bytes.capacity() == 0 {
                return Ok(None);
            }
            let mut answers = Vec::new();
            let mut peer = Peer {
                unread: &mut self.unread,
                answers: &mut answers,
            };
            let message = self.frames.read(&mut peer);
            if let Ok(Message::Close(_)) = message {
                // Has it answer; all it says is that the connection is closed.
                let _ = self.frames.flush(&mut peer);
            }
            if !answers.is_empty() {
                let answers = Frames::new(answers);
                match message {
                    Ok(Message::Close(_)) => self.outbox.queue_close_frame(answers),
                    // A peer that pings without reading has its socket full soon,
                    // and is not read any more.
                    _ => self.outbox.push(answers),
                }
            }
            match message {
                Ok(Message::Text(packet)) => return Ok(Some(packet)),
                // Not a packet either way; the session says so and counts it.
                Ok(Message::Binary(_)) => return Ok(Some(Utf8Bytes::default())),
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                Ok(Message::Close(_)) | Err(WsError::ConnectionClosed) => {
                    return Err(End::ByPeer);
                }
                Err(WsError::Io(cause)) if cause.kind() == ErrorKind::WouldBlock => {
                    self.unread = Unread::default();
                    return Ok(None);
                }
                Err(WsError::Capacity(_) | WsError::Utf8(_) | WsError::Protocol(_)) => {
                    self.unreadable = true;
                    return Err(End::Close(CloseReason::ProtocolError));
                }
                Err(_) => return Err(End::Lost),
            }
        }
    }

    fn check_deadlines(&mut self) -> Result<(), End> {
        let timeouts = self.server.settings().timeouts.clone();
        let now = Instant::now();
        self.rests_until = self.rests_until.filter(|until| now < *until);
        if !self.unread.is_empty() || self.rests_until.is_some() {
            // It is not the peer who keeps silent.
            self.last_heard = now;
        }
        let idle = self.last_heard + timeouts.idle;
        let login = self.logged_out_since.map(|since| since + timeouts.login);
        if now >= idle {
            return Err(End::Close(CloseReason::Idle));
        }
        if login.is_some_and(|login| now >= login) {
            return Err(End::Close(CloseReason::LoginTimeout));
        }
        if self.stuck_until.is_some_and(|until| now >= until) {
            return Err(End::Close(CloseReason::TooSlow));
        }
        // Half-way to the end, ask: most libraries answer a WebSocket ping by
        // themselves, so that a player who only listens stays.
        let half = self.last_heard + timeouts.idle / 2;
        if now >= half && self.ping == Ping::NotSent {
            self.ping = Ping::Sent;
            self.outbox.push(ping());
        }
        let heard = if now >= half { idle } else { half };
        let next = [login, self.stuck_until, self.rests_until]
            .into_iter()
            .flatten();
        self.alarm.as_mut().reset(next.fold(heard, Instant::min));
        Ok(())
    }

    /// Sends the close frame and waits for the peer's, for a while: to be called with
    /// a deadline.
    async fn send_close_frame(&mut self, reason: CloseReason) {
        let text = self.outbox.closing_text();
        let frame = CloseFrame {
            code: CloseCode::from(reason.code()),
            reason: match text {
                Some(text) => Utf8Bytes::from(&*text),
                None => Utf8Bytes::from_static(reason.name()),
            },
        };
        let mut answers = Vec::new();
        let mut peer = Peer {
            unread: &mut self.unread,
            answers: &mut answers,
        };
        // Nothing here can fail: it goes to memory.
        let _ = self.frames.close(&mut peer, Some(frame));
        self.outbox.queue_close_frame(Frames::new(answers));
        self.drain().await;
        // Hanging up with data unread would make TCP reset the connection, and
        // the peer might never see why it ended.
        for _ in 0..MAX_CLOSING_READS {
            // Packets before that are passed over.
            while !self.unreadable {
                match self.next_packet() {
                    Ok(Some(_)) => {}
                    Ok(None) => break,
                    Err(End::ByPeer | End::Lost) => return,
                    // Unreadable from now on.
                    Err(End::Close(_)) => break,
                }
            }
            self.unread = Unread::default();
            // Not `readable()`, which is ready at once, and without end, where a read
            // finds that the task has had its turn: the two would never let go.
            let readable = poll_fn(|cx| self.wire.poll_ready(cx)).await;
            if readable.is_err() || matches!(self.read(), Err(End::Lost | End::ByPeer)) {
                return;
            }
            yield_now().await;
        }
    }

    /// Sends what waits, however long it takes.
    async fn drain(&mut self) {
        while self.outbox.next() == Next::AwaitRoom {
            poll_fn(|cx| self.outbox.poll_room(cx)).await;
            self.outbox.resume();
        }
    }
}
