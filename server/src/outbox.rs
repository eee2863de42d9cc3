//! The queue of packets waiting for one connection, and the way out to its socket.
//!
//! # Who writes
//!
//! Whoever makes an empty queue non-empty sees to it that it is written: by
//! [`Outbox::flush`] at once, from whatever task it is in, or by waking the task
//! that owns the connection ([`Outbox::push`] does). What is queued meanwhile goes
//! out with it. So a line to a member whose socket has room costs one system call
//! and wakes nobody here; lines that pile up go out many in a call. A socket that
//! takes no more is left to its owning task, which waits until it does.

use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use longhall_packet::{CloseReason, Seq, ServerPacket};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

use crate::frames::{Frames, Lines, encode};

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
/// - beyond half of it, lines of chat are left out. What is missing is noted per
///   channel, and told by one `gap` packet once three quarters are free again:
///   the client asks for the lines by `history`;
/// - beyond all of it the queue is dropped, and the connection ordered to close
///   as [`CloseReason::TooSlow`]. Answers and news are never left out before,
///   though news of presence may lose the names.
pub(crate) struct Outbox {
    max_bytes: usize,
    /// `None` for a session in a test that has no socket.
    socket: Option<OwnedWriteHalf>,
    state: Mutex<State>,
    /// Wakes the owning task when there is something for it to do.
    changed: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Frames>,
    /// Bytes of the first piece that the socket has taken already.
    written: usize,
    /// What the waiting pieces count.
    bytes: usize,
    /// Channels with lines left out, and the newest number of each.
    gaps: Vec<(Arc<str>, Seq)>,
    closing: Option<CloseReason>,
    /// The close frame is queued; nothing may follow it.
    said_goodbye: bool,
    socket: SocketState,
    /// Lines given to the chat log and not answered yet.
    owed: usize,
    /// To close with, when they are.
    closing_when_paid: Option<CloseReason>,
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
        self.closing.is_some() || self.said_goodbye || self.socket == SocketState::Broken
    }

    /// Drops what waits, but for the rest of a frame that is under way.
    fn clear(&mut self) {
        self.waiting.truncate(usize::from(self.written > 0));
        let rest = self.waiting.front();
        self.bytes = rest.map_or(0, |rest| rest.len() + BYTES_PER_PIECE);
        self.gaps = Vec::new();
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
    pub(crate) fn new(max_bytes: usize, socket: Option<OwnedWriteHalf>) -> Self {
        Self {
            max_bytes,
            socket,
            state: Mutex::default(),
            changed: Notify::new(),
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

    /// Queues an answer or news. True if nobody else will write it: to be followed
    /// by [`Outbox::flush`].
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
    /// they are left out. True if nobody else will write them: to be followed by
    /// [`Outbox::flush`].
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
            }
        })
    }

    /// True if there was nothing to write before. (Who finds something there,
    /// though it be a gap to tell, knows that somebody is about to write.)
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
            Some(socket) => socket.as_ref().poll_write_ready(cx).map(drop),
            None => Poll::Pending,
        }
    }

    /// The socket may take more again. True if it did.
    pub(crate) fn resume(&self) -> bool {
        let mut state = self.lock();
        let before = state.bytes - state.written;
        if state.socket == SocketState::Full {
            state.socket = SocketState::Open;
        }
        self.write(&mut state);
        state.bytes - state.written != before
    }

    /// The one place where bytes leave: everything that waits, in as few system
    /// calls as there is room for in the socket.
    fn write(&self, state: &mut State) {
        let Some(socket) = &self.socket else {
            return;
        };
        while state.socket == SocketState::Open {
            self.tell_gaps(state);
            if state.waiting.is_empty() {
                return;
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
                Ok(count) if count > 0 => state.took(count),
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => {
                    state.socket = SocketState::Full;
                }
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => {
                    state.socket = SocketState::Broken;
                    state.written = 0;
                    state.clear();
                }
            }
        }
    }

    fn tell_gaps(&self, state: &mut State) {
        if state.gaps.is_empty() || state.bytes > self.max_bytes / 4 {
            return;
        }
        for (channel, last_seq) in std::mem::take(&mut state.gaps) {
            let channel = channel.as_ref().to_owned();
            state.queue(encode(&ServerPacket::Gap { channel, last_seq }));
        }
    }

    /// Who logged out misses nothing any more.
    pub(crate) fn forget_gaps(&self) {
        self.lock().gaps.clear();
    }

    /// Waits until there may be something for the owning task to do.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Queues a close frame, ours or the answer to the peer's, behind all else;
    /// nothing follows. For the owning task, which sends it.
    pub(crate) fn farewell(&self, close: Frames) {
        let mut state = self.lock();
        if state.socket != SocketState::Broken && !state.said_goodbye {
            state.gaps.clear();
            state.queue(close);
        }
        state.said_goodbye = true;
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

    /// Notes that an answer will come from elsewhere, by [`Outbox::pay`].
    pub(crate) fn owe(&self) {
        self.lock().owed += 1;
    }

    /// Queues so many answers that were owed. True if nobody else will write them: to
    /// be followed by [`Outbox::flush`].
    #[must_use]
    pub(crate) fn pay(&self, frames: Frames, answers: usize) -> bool {
        let mut state = self.lock();
        let is_idle = self.change(&mut state, |state| self.queue_bounded(state, frames));
        state.owed -= answers;
        if state.owed == 0
            && let Some(reason) = state.closing_when_paid
        {
            state.closing.get_or_insert(reason);
            self.changed.notify_one();
        }
        is_idle
    }

    /// As [`Outbox::close`], once all answers are queued that are owed.
    pub(crate) fn close_when_paid(&self, reason: CloseReason) {
        let mut state = self.lock();
        state.closing_when_paid = Some(reason);
        if state.owed == 0 {
            state.closing.get_or_insert(reason);
            self.changed.notify_one();
        }
    }

    /// Whether answers are still to come from elsewhere.
    #[cfg(test)]
    pub(crate) fn is_owing(&self) -> bool {
        self.lock().owed > 0
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
/// What is queued under the hub's lock is written after it. Who queues there may
/// wait for another thread that is writing just that outbox, which never blocks.
#[derive(Default)]
pub(crate) struct Mail {
    outboxes: Vec<Arc<Outbox>>,
}

impl Mail {
    /// Notes an outbox that said, when it was given something, to be flushed.
    pub(crate) fn add(&mut self, outbox: &Arc<Outbox>) {
        self.outboxes.push(Arc::clone(outbox));
    }

    /// Writes it all.
    pub(crate) fn send(&mut self) {
        for outbox in self.outboxes.drain(..) {
            outbox.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpStream;

    use super::*;

    fn lines(seq: Seq) -> Lines {
        let frames = Frames::new("x".repeat(168));
        Lines {
            frames,
            last_seq: seq,
        }
    }

    fn outbox(max_bytes: usize) -> Outbox {
        Outbox::new(max_bytes, None)
    }

    fn gap(channel: &str, last_seq: Seq) -> Option<Frames> {
        let channel = channel.to_owned();
        Some(encode(&ServerPacket::Gap { channel, last_seq }))
    }

    fn some(text: &'static str) -> Frames {
        Frames::new(text)
    }

    #[test]
    fn packets_leave_in_order_and_closing_comes_last() {
        let outbox = outbox(1000);
        outbox.push(some("a"));
        outbox.push(some("b"));
        outbox.close(CloseReason::Restarting);
        outbox.push(some("too late"));
        outbox.close(CloseReason::Idle);
        assert_eq!(outbox.take(), Some(some("a")));
        assert_eq!(outbox.take(), Some(some("b")));
        assert_eq!(outbox.take(), None);
        assert_eq!(outbox.next(), Next::Close(CloseReason::Restarting));
    }

    #[test]
    fn a_full_outbox_closes_its_connection_and_frees_its_memory() {
        let outbox = outbox(100);
        for _ in 0..1000 {
            outbox.push(some("0123456789"));
        }
        assert_eq!(outbox.take(), None);
        assert_eq!(outbox.next(), Next::Close(CloseReason::TooSlow));
    }

    #[test]
    fn lines_too_many_become_one_gap_a_channel_and_live_lines_go_on_behind_it() {
        let outbox = outbox(2000);
        let (hall, den): (Arc<str>, Arc<str>) = ("hall".into(), "den".into());
        for seq in 1..=1000 {
            let is_first = outbox.queue_lines(&hall, &lines(seq));
            assert_eq!(is_first, seq == 1);
        }
        assert!(!outbox.queue_lines(&den, &lines(2)));
        outbox.push(some("an answer"));
        let whole = Some(lines(0).frames);
        // Five lines of 200 bytes are half of the outbox.
        for _ in 0..3 {
            assert_eq!(outbox.take(), whole);
        }
        // Still no room: what is said now belongs into the gap.
        assert!(!outbox.queue_lines(&hall, &lines(1001)));
        for _ in 0..2 {
            assert_eq!(outbox.take(), whole);
        }
        assert_eq!(outbox.take(), Some(some("an answer")));
        assert_eq!(outbox.take(), gap("hall", 1001));
        assert!(!outbox.queue_lines(&hall, &lines(1002)));
        assert_eq!(outbox.take(), gap("den", 2));
        assert_eq!(outbox.take(), whole);
        assert_eq!(outbox.take(), None);
        assert!(outbox.queue_lines(&hall, &lines(1003)));
    }

    #[test]
    fn a_line_that_never_fits_is_told_as_a_gap() {
        let outbox = outbox(100);
        assert!(outbox.queue_lines(&"hall".into(), &lines(7)));
        assert_eq!(outbox.take(), gap("hall", 7));
    }

    #[test]
    fn an_outbox_that_owes_answers_closes_behind_the_last_of_them() {
        let outbox = outbox(1000);
        outbox.owe();
        outbox.owe();
        outbox.close_when_paid(CloseReason::Restarting);
        assert!(outbox.pay(some("one"), 1));
        assert!(!outbox.is_closing());
        assert!(!outbox.pay(some("two"), 1));
        assert!(outbox.is_closing());
        assert_eq!(outbox.take(), Some(some("one")));
        assert_eq!(outbox.take(), Some(some("two")));
    }

    /// An outbox that has room, and the other end of its connection.
    async fn connected(max_bytes: usize) -> (Outbox, TcpStream) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (there, _) = listener.accept().await.unwrap();
        here.writable().await.unwrap();
        let (_, writing) = here.into_split();
        (Outbox::new(max_bytes, Some(writing)), there)
    }

    #[tokio::test]
    async fn whoever_fills_an_empty_outbox_writes_all_that_is_in_it() {
        let (outbox, mut there) = connected(1000).await;
        assert!(outbox.queue(some("one ")));
        assert!(!outbox.queue(some("two")));
        outbox.flush();
        let mut heard = [0; 7];
        there.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"one two");
        assert_eq!(outbox.next(), Next::Nothing);
    }

    #[tokio::test]
    async fn a_full_socket_is_the_owners_and_no_byte_is_lost_or_doubled() {
        let (outbox, mut there) = connected(usize::MAX).await;
        let mut said = Vec::new();
        for number in 0_u32.. {
            let piece = number.to_be_bytes().repeat(1000);
            said.extend_from_slice(&piece);
            if outbox.queue(Frames::new(piece)) {
                outbox.flush();
            }
            if outbox.next() == Next::AwaitRoom {
                break;
            }
        }
        // Told, though it was not the owner who wrote.
        outbox.changed().await;
        let more = b"at last".repeat(100);
        said.extend_from_slice(&more);
        assert!(!outbox.queue(Frames::new(more)));
        let mut heard = vec![0; said.len()];
        let write = async {
            while outbox.next() == Next::AwaitRoom {
                poll_fn(|cx| outbox.poll_room(cx)).await;
                outbox.resume();
            }
        };
        let (read, ()) = tokio::join!(there.read_exact(&mut heard), write);
        read.unwrap();
        assert!(heard == said);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn many_that_write_at_once_forget_nothing_and_keep_their_order() {
        const WRITERS: u8 = 4;
        const PIECES: u32 = 20_000;
        let (outbox, mut there) = connected(usize::MAX).await;
        let outbox = Arc::new(outbox);
        for writer in 0..WRITERS {
            let outbox = Arc::clone(&outbox);
            tokio::spawn(async move {
                for number in 0..PIECES {
                    let mut piece = vec![writer; 200];
                    piece[1..5].copy_from_slice(&number.to_be_bytes());
                    if writer == 0 {
                        outbox.push(Frames::new(piece));
                    } else if outbox.queue(Frames::new(piece)) {
                        outbox.flush();
                    }
                    if number % 64 == 0 {
                        tokio::task::yield_now().await;
                    }
                }
            });
        }
        let owner = Arc::clone(&outbox);
        let owner = tokio::spawn(async move {
            loop {
                match owner.next() {
                    Next::AwaitRoom => {
                        poll_fn(|cx| owner.poll_room(cx)).await;
                        owner.resume();
                    }
                    _ => owner.changed().await,
                }
            }
        });
        let mut next = [0; WRITERS as usize];
        let mut piece = [0; 200];
        for _ in 0..PIECES * u32::from(WRITERS) {
            let read = there.read_exact(&mut piece);
            let read = tokio::time::timeout(std::time::Duration::from_secs(20), read).await;
            read.expect("nobody writes").unwrap();
            let writer = usize::from(piece[0]);
            assert_eq!(piece[1..5], u32::to_be_bytes(next[writer]));
            next[writer] += 1;
        }
        assert_eq!(next, [PIECES; WRITERS as usize]);
        owner.abort();
    }

    #[tokio::test]
    async fn what_is_dropped_leaves_no_half_frame() {
        let (outbox, mut there) = connected(20_000_000).await;
        let whole = Frames::new(vec![7; 10_000_000]);
        assert!(outbox.queue(whole));
        assert_eq!(outbox.next(), Next::AwaitRoom);
        outbox.push(Frames::new(vec![8; 10_000_000]));
        assert!(outbox.is_closing());
        let mut heard = vec![0; 10_000_000];
        let write = async {
            while outbox.next() == Next::AwaitRoom {
                poll_fn(|cx| outbox.poll_room(cx)).await;
                outbox.resume();
            }
        };
        let (read, ()) = tokio::join!(there.read_exact(&mut heard), write);
        read.unwrap();
        assert!(heard.iter().all(|byte| *byte == 7));
        assert_eq!(outbox.next(), Next::Close(CloseReason::TooSlow));
    }

    #[tokio::test]
    async fn a_broken_socket_is_told_to_the_owner() {
        let (outbox, there) = connected(1000).await;
        drop(there);
        while outbox.next() != Next::Lost {
            outbox.push(some("hello?"));
            poll_fn(|cx| outbox.poll_room(cx)).await;
        }
        assert!(outbox.is_empty());
        assert!(!outbox.queue(some("hello?")));
    }
}
