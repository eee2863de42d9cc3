//! The queue of packets waiting for one connection, and the way out to its socket.
//!
//! # Who writes
//!
//! The task that makes an empty queue non-empty sees to it that it is written: it
//! calls [`Outbox::flush`] itself, or wakes the task that owns the connection
//! ([`Outbox::push`] does). Pieces queued meanwhile go out with it. So a line to a member whose socket has room costs one system call
//! and wakes nobody here; lines that pile up go out many in a call. A socket that
//! takes no more is left to its owning task, which waits until it does.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use longhall_packet::{CloseReason, Seq, ServerPacket};
use tokio::sync::Notify;

use crate::frames::{Frames, Lines, encode};
use crate::metrics::Metrics;
use crate::wire::WireWriter;

/// What a queued piece costs beside its bytes.
const BYTES_PER_PIECE: usize = 32;
/// Room for so many pieces stays when all are sent.
const IDLE_PIECES: usize = 4;
/// Pieces handed to the socket in one call.
const MAX_PIECES: usize = 32;

/// Packets waiting for one connection, and the order to close it.
///
/// Anyone may queue. Queueing never waits, so that one stalled player cannot hold
/// up the others. The queue is bounded by `max_bytes`:
///
/// - beyond half of it, lines of chat are left out. The gap is noted per
///   channel, and told by one `gap` packet once three quarters are free again:
///   the client asks for the lines by `history`;
/// - beyond all of it the queue is dropped, and the connection ordered to close
///   as [`CloseReason::TooSlow`]. Answers and news are never left out before,
///   though news of presence may lose the names.
pub(crate) struct Outbox {
    max_bytes: usize,
    /// `None` for a session in a test that has no socket.
    socket: Option<WireWriter>,
    /// Counts what is written and what is left out; `None` in tests that do not look.
    metrics: Option<Arc<Metrics>>,
    state: Mutex<State>,
    /// Wakes the owning task when there is something for it to do.
    changed: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Frames>,
    /// Bytes of the first piece that the socket has taken already.
    written: usize,
    /// The bytes that the waiting pieces count.
    bytes: usize,
    /// Channels with lines left out, and the newest number of each.
    gaps: Vec<(Arc<str>, Seq)>,
    closing: Option<CloseReason>,
    /// The text of the close frame, if it says more than the reason's name.
    closing_text: Option<Arc<str>>,
    /// The close frame is queued; nothing may follow it.
    close_frame_queued: bool,
    socket: SocketState,
    /// Lines given to the chat log and not answered yet.
    expected_answers: usize,
    /// To close with, when they are.
    closing_when_answered: Option<CloseReason>,
}

/// What the last write found.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum SocketState {
    #[default]
    Open,
    /// It takes no more for the moment.
    Full,
    /// It is gone.
    Broken,
}

/// What is left for the task that owns the connection to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing, until [`Outbox::changed`].
    Nothing,
    /// Wait until the socket takes more, then call [`Outbox::resume`].
    AwaitRoom,
    /// All is sent; close.
    Close(CloseReason),
    /// The socket is gone.
    Lost,
}

impl State {
    fn queue(&mut self, frames: Frames) {
        self.bytes += frames.len() + BYTES_PER_PIECE;
        self.waiting.push_back(frames);
    }

    /// Whether nothing more will be sent than what waits.
    fn is_over(&self) -> bool {
        self.closing.is_some() || self.close_frame_queued || self.socket == SocketState::Broken
    }

    /// Drops what waits, but for the rest of a frame that is under way.
    fn clear(&mut self) {
        self.waiting.truncate(usize::from(self.written > 0));
        let rest = self.waiting.front();
        self.bytes = rest.map_or(0, |rest| rest.len() + BYTES_PER_PIECE);
        self.gaps = Vec::new();
    }

    /// Notes that the socket takes no more for the moment, or ever.
    fn note_failure(&mut self, cause: &io::Error) {
        match cause.kind() {
            ErrorKind::WouldBlock => self.socket = SocketState::Full,
            ErrorKind::Interrupted => {}
            _ => {
                self.socket = SocketState::Broken;
                self.written = 0;
                self.clear();
            }
        }
    }

    /// Notes that so many bytes are on their way.
    fn took(&mut self, mut count: usize) {
        while let Some(first) = self.waiting.front() {
            let rest = first.len() - self.written;
            if count < rest {
                self.written += count;
                return;
            }
            count -= rest;
            self.bytes -= first.len() + BYTES_PER_PIECE;
            self.written = 0;
            self.waiting.pop_front();
        }
        // An idle connection holds little memory, but enough for the next line.
        if self.waiting.capacity() > IDLE_PIECES {
            self.waiting = VecDeque::new();
        }
    }
}

impl Outbox {
    pub(crate) fn new(max_bytes: usize, socket: Option<WireWriter>) -> Self {
        Self {
            max_bytes,
            socket,
            metrics: None,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Has what happens here counted.
    pub(crate) fn counted_by(self, metrics: &Arc<Metrics>) -> Self {
        Self {
            metrics: Some(Arc::clone(metrics)),
            ..self
        }
    }

    /// Queues an answer or news, which the owning task sends; dropped when the
    /// connection is closing already.
    pub(crate) fn push(&self, frames: Frames) {
        if self.queue(frames) {
            self.changed.notify_one();
        }
    }

    /// Queues news, or what is said `instead` in fewer words when half of the queue
    /// is taken. See [`Outbox::push`].
    pub(crate) fn push_short(&self, frames: &Frames, instead: &Frames) {
        let room = self.max_bytes / 2;
        let is_tight = self.lock().bytes + frames.len() > room;
        self.push(if is_tight { instead } else { frames }.clone());
    }

    /// Queues an answer or news. True if the caller must call
    /// [`Outbox::flush`].
    #[must_use]
    pub(crate) fn queue(&self, frames: Frames) -> bool {
        let state = &mut self.lock();
        self.change(state, |state| self.queue_bounded(state, frames))
    }

    fn queue_bounded(&self, state: &mut State, frames: Frames) {
        state.queue(frames);
        if state.bytes > self.max_bytes {
            state.clear();
            state.closing = Some(CloseReason::TooSlow);
            self.changed.notify_one();
        }
    }

    /// Queues lines of one channel, in the order of their numbers, or notes that
    /// they are left out. True if the caller must call [`Outbox::flush`].
    #[must_use]
    pub(crate) fn queue_lines(&self, channel: &Arc<str>, lines: &Lines) -> bool {
        self.change(&mut self.lock(), |state| {
            // Behind a line left out, the rest of the channel waits for the gap to
            // be told: lines arrive in order.
            if let Some(gap) = state.gaps.iter_mut().find(|gap| gap.0 == *channel) {
                gap.1 = gap.1.max(lines.last_seq);
            } else if state.bytes + lines.frames.len() > self.max_bytes / 2 {
                state.gaps.push((Arc::clone(channel), lines.last_seq));
            } else {
                state.queue(lines.frames.clone());
                return;
            }
            if let Some(metrics) = &self.metrics {
                metrics.left_out.add(lines.count);
            }
        })
    }

    /// True if there was nothing to write before, so that the caller must call
    /// [`Outbox::flush`]. (Where there was something, though it be a gap to tell,
    /// another task is about to write.)
    fn change(&self, state: &mut State, change: impl FnOnce(&mut State)) -> bool {
        if state.is_over() {
            return false;
        }
        let is_idle = state.waiting.is_empty() && state.gaps.is_empty();
        change(state);
        is_idle
    }

    /// Orders the connection to close once everything waiting is sent. The
    /// first order stands.
    pub(crate) fn close(&self, reason: CloseReason) {
        self.lock().closing.get_or_insert(reason);
        self.changed.notify_one();
    }

    /// As [`Outbox::close`], with more to say than the reason's name.
    pub(crate) fn close_saying(&self, reason: CloseReason, text: &Arc<str>) {
        let state = &mut *self.lock();
        if state.closing.is_none() {
            (state.closing, state.closing_text) = (Some(reason), Some(Arc::clone(text)));
        }
        self.changed.notify_one();
    }

    /// The text of the close frame, if it says more than the reason's name.
    pub(crate) fn closing_text(&self) -> Option<Arc<str>> {
        self.lock().closing_text.clone()
    }

    /// Writes what waits, as far as the socket takes it; what is left is the
    /// owning task's, which is woken.
    pub(crate) fn flush(&self) {
        let mut state = self.lock();
        let before = state.socket;
        self.write(&mut state);
        if state.socket != before {
            self.changed.notify_one();
        }
    }

    /// As [`Outbox::flush`], for the owning task: what is there to do besides?
    pub(crate) fn next(&self) -> Next {
        let mut state = self.lock();
        self.write(&mut state);
        match (state.socket, state.closing) {
            (SocketState::Broken, _) => Next::Lost,
            (SocketState::Full, _) => Next::AwaitRoom,
            (SocketState::Open, Some(reason)) => Next::Close(reason),
            (SocketState::Open, None) => Next::Nothing,
        }
    }

    /// Ready when the socket may take more, or is found broken by the next write.
    /// For the owning task alone.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.socket {
            Some(socket) => socket.poll_room(cx),
            None => Poll::Pending,
        }
    }

    /// The socket may take more again. True if it did.
    pub(crate) fn resume(&self) -> bool {
        let mut state = self.lock();
        let sent = || self.socket.as_ref().map_or(0, WireWriter::sent);
        let before = (state.bytes - state.written, sent());
        if state.socket == SocketState::Full {
            state.socket = SocketState::Open;
        }
        self.write(&mut state);
        (state.bytes - state.written, sent()) != before
    }

    /// The one place where bytes leave: everything that waits, in as few system
    /// calls as there is room for in the socket.
    fn write(&self, state: &mut State) {
        let Some(socket) = &self.socket else {
            return;
        };
        let mut taken = 0;
        while state.socket == SocketState::Open {
            self.tell_gaps(state);
            if state.waiting.is_empty() {
                match socket.try_flush() {
                    Ok(()) => break,
                    Err(cause) => state.note_failure(&cause),
                }
                continue;
            }
            let mut slices = [IoSlice::new(&[]); MAX_PIECES];
            let mut count = 0;
            for (slice, frames) in slices.iter_mut().zip(&state.waiting) {
                let begin = if count == 0 { state.written } else { 0 };
                *slice = IoSlice::new(&frames.as_bytes()[begin..]);
                count += 1;
            }
            let written = match &slices[..count] {
                // The cheaper call, and the common case.
                [one] => socket.try_write(one),
                many => socket.try_write_vectored(many),
            };
            match written {
                Ok(count) if count > 0 => {
                    taken += count as u64;
                    state.took(count);
                }
                Ok(_) => state.note_failure(&ErrorKind::WriteZero.into()),
                Err(cause) => state.note_failure(&cause),
            }
        }
        if let Some(metrics) = &self.metrics
            && taken > 0
        {
            metrics.bytes_out.add(taken);
        }
    }

    fn tell_gaps(&self, state: &mut State) {
        if state.gaps.is_empty() || state.bytes > self.max_bytes / 4 {
            return;
        }
        if let Some(metrics) = &self.metrics {
            metrics.gaps.add(state.gaps.len() as u64);
        }
        for (channel, last_seq) in std::mem::take(&mut state.gaps) {
            let channel = channel.as_ref().to_owned();
            state.queue(encode(&ServerPacket::Gap { channel, last_seq }));
        }
    }

    /// Forgets gaps that were not told: a player who logged out misses nothing.
    pub(crate) fn forget_gaps(&self) {
        self.lock().gaps.clear();
    }

    /// Waits until there may be something for the owning task to do.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Queues a close frame, ours or the answer to the peer's, behind all else;
    /// nothing follows. For the owning task, which sends it.
    pub(crate) fn queue_close_frame(&self, close: Frames) {
        let mut state = self.lock();
        if state.socket != SocketState::Broken && !state.close_frame_queued {
            state.gaps.clear();
            state.queue(close);
        }
        state.close_frame_queued = true;
    }

    /// Whether there is room for more answers: writes what waits when it is much.
    /// False while the socket takes no more. For the owning task, which does not
    /// write between answers that are ready at once.
    pub(crate) fn has_room(&self) -> bool {
        let mut state = self.lock();
        if state.bytes > self.max_bytes / 8 {
            self.write(&mut state);
        }
        state.socket != SocketState::Full
    }

    /// Notes that an answer will come from elsewhere, by [`Outbox::deliver_answers`].
    pub(crate) fn expect_answer(&self) {
        self.lock().expected_answers += 1;
    }

    /// Queues so many answers that were expected. True if the caller must
    /// call [`Outbox::flush`].
    #[must_use]
    pub(crate) fn deliver_answers(&self, frames: Frames, answers: usize) -> bool {
        let mut state = self.lock();
        let is_idle = self.change(&mut state, |state| self.queue_bounded(state, frames));
        state.expected_answers -= answers;
        if state.expected_answers == 0
            && let Some(reason) = state.closing_when_answered
        {
            state.closing.get_or_insert(reason);
            self.changed.notify_one();
        }
        is_idle
    }

    /// As [`Outbox::close`], once all answers are queued that are expected.
    pub(crate) fn close_when_answered(&self, reason: CloseReason) {
        let mut state = self.lock();
        state.closing_when_answered = Some(reason);
        if state.expected_answers == 0 {
            state.closing.get_or_insert(reason);
            self.changed.notify_one();
        }
    }

    /// Whether answers are still to come from elsewhere.
    #[cfg(test)]
    pub(crate) fn expects_answers(&self) -> bool {
        self.lock().expected_answers > 0
    }

    /// Whether nothing waits to be sent.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// Takes the next piece as the socket of a real connection would; `None` when
    /// there is none.
    #[cfg(test)]
    pub(crate) fn take(&self) -> Option<Frames> {
        let mut state = self.lock();
        self.tell_gaps(&mut state);
        let first = state.waiting.front().cloned()?;
        state.took(first.len());
        Some(first)
    }

    /// Whether the connection has been ordered to close.
    pub(crate) fn is_closing(&self) -> bool {
        self.lock().closing.is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while holding it; a poisoned lock would be harmless.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Outboxes whose waiting packets nobody but us will write.
///
/// Packets are queued under the hub's lock and written after it. The hub may wait
/// for another thread that is writing just that outbox, which never blocks.
#[derive(Default)]
pub(crate) struct Unflushed {
    outboxes: Vec<Arc<Outbox>>,
}

impl Unflushed {
    /// Notes an outbox that said, when it was given something, to be flushed.
    pub(crate) fn add(&mut self, outbox: &Arc<Outbox>) {
        self.outboxes.push(Arc::clone(outbox));
    }

    /// Writes it all.
    pub(crate) fn flush(&mut self) {
        for outbox in self.outboxes.drain(..) {
            outbox.flush();
        }
    }
}
