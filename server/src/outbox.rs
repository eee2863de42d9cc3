//! The queue of packets waiting for one connection.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use longhall_packet::limits::MAX_SERVER_PACKET_BYTES;
use longhall_packet::{CloseReason, Seq, ServerPacket, codec};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A packet as it travels. Cloning shares the bytes.
pub(crate) type Encoded = Utf8Bytes;

/// Encodes a packet once, for however many receive it.
pub(crate) fn encode(packet: &ServerPacket) -> Encoded {
    let text = codec::encode(packet);
    // Lists and pages are bounded so that clients read every packet.
    debug_assert!(text.len() <= MAX_SERVER_PACKET_BYTES, "{}", packet.name());
    text.into()
}

/// A line's `chat` packet, and the number it has in its channel.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    pub(crate) seq: Seq,
    pub(crate) packet: Encoded,
}

/// What a queued packet costs beside its text.
const BYTES_PER_PACKET: usize = 32;

/// Packets waiting for one connection, and the order to close it.
///
/// Anyone may push; only the task that owns the socket takes. Pushing never
/// waits, so that one stalled player cannot hold up the others. The queue is
/// bounded by `max_bytes`:
///
/// - beyond half of it, lines of chat are left out. What is missing is noted per
///   channel, and told by one `gap` packet once three quarters are free again:
///   the client asks for the lines by `history`;
/// - beyond all of it the queue is dropped, and the connection ordered to close
///   as [`CloseReason::TooSlow`]. Answers and news are never left out before,
///   though news of presence may lose the names.
pub(crate) struct Outbox {
    max_bytes: usize,
    state: Mutex<State>,
    /// Wakes the owning task when there is something to take again.
    changed: Notify,
    /// Lines given to the chat log and not answered yet.
    owed: AtomicUsize,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Encoded>,
    bytes: usize,
    /// Channels with lines left out, and the newest number of each.
    gaps: Vec<(Arc<str>, Seq)>,
    closing: Option<CloseReason>,
}

impl State {
    fn queue(&mut self, packet: Encoded) {
        self.bytes += packet.len() + BYTES_PER_PACKET;
        self.waiting.push_back(packet);
    }
}

/// What the owning task should do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send this.
    Send(Encoded),
    /// Everything is sent; close.
    Close(CloseReason),
    /// Wait for [`Outbox::changed`].
    Nothing,
}

impl Outbox {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            state: Mutex::default(),
            changed: Notify::new(),
            owed: AtomicUsize::new(0),
        }
    }

    /// Queues an answer or news; dropped when the connection is closing already.
    pub(crate) fn push(&self, packet: Encoded) {
        self.change(|state| {
            state.queue(packet);
            if state.bytes > self.max_bytes {
                *state = State {
                    closing: Some(CloseReason::TooSlow),
                    ..State::default()
                };
            }
        });
    }

    /// Queues news, or what is said `instead` in fewer words when half of the queue
    /// is taken. See [`Outbox::push`].
    pub(crate) fn push_short(&self, packet: &Encoded, instead: &Encoded) {
        let room = self.max_bytes / 2;
        let is_tight = self.lock().bytes + packet.len() > room;
        self.push(if is_tight { instead } else { packet }.clone());
    }

    /// Queues lines of one channel, in the order of their numbers, or notes that
    /// they are left out.
    pub(crate) fn push_lines(&self, channel: &Arc<str>, lines: &[Numbered]) {
        self.change(|state| {
            for line in lines {
                // Behind a line left out, the rest of the channel waits for the
                // gap to be told: lines arrive in order.
                if let Some(gap) = state.gaps.iter_mut().find(|gap| gap.0 == *channel) {
                    gap.1 = gap.1.max(line.seq);
                } else if state.bytes + line.packet.len() > self.max_bytes / 2 {
                    state.gaps.push((Arc::clone(channel), line.seq));
                } else {
                    state.queue(line.packet.clone());
                }
            }
        });
    }

    /// Wakes the owning task if it may be asleep, which it is only when nothing
    /// was there to take: else it has been woken and takes all there is.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        if state.closing.is_some() {
            return;
        }
        let asleep = state.waiting.is_empty();
        change(&mut state);
        drop(state);
        if asleep {
            self.changed.notify_one();
        }
    }

    /// Orders the connection to close once everything waiting is sent. The
    /// first order stands.
    pub(crate) fn close(&self, reason: CloseReason) {
        self.lock().closing.get_or_insert(reason);
        self.changed.notify_one();
    }

    /// Takes the next packet, or the order to close behind the last one.
    pub(crate) fn take(&self) -> Next {
        let mut state = self.lock();
        if !state.gaps.is_empty() && state.bytes <= self.max_bytes / 4 {
            for (channel, last_seq) in std::mem::take(&mut state.gaps) {
                let channel = channel.as_ref().to_owned();
                state.queue(encode(&ServerPacket::Gap { channel, last_seq }));
            }
        }
        if let Some(packet) = state.waiting.pop_front() {
            state.bytes -= packet.len() + BYTES_PER_PACKET;
            if state.waiting.is_empty() {
                // An idle connection holds no queue memory.
                state.waiting = VecDeque::new();
            }
            return Next::Send(packet);
        }
        state.closing.map_or(Next::Nothing, Next::Close)
    }

    /// Who logged out misses nothing any more.
    pub(crate) fn forget_gaps(&self) {
        self.lock().gaps.clear();
    }

    /// Waits until something may be there to take.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Has the owning task look again.
    pub(crate) fn wake(&self) {
        self.changed.notify_one();
    }

    /// Notes that an answer will come from elsewhere, by [`Outbox::pay`].
    pub(crate) fn owe(&self) {
        self.owed.fetch_add(1, Ordering::Relaxed);
    }

    /// Queues an answer that was owed.
    pub(crate) fn pay(&self, packet: Encoded) {
        self.push(packet);
        self.owed.fetch_sub(1, Ordering::Relaxed);
        // Who waits for the last one of them looks when woken.
        self.wake();
    }

    /// Whether answers are still to come from elsewhere.
    pub(crate) fn is_owing(&self) -> bool {
        self.owed.load(Ordering::Relaxed) > 0
    }

    /// Whether nothing waits to be sent.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seq: Seq) -> Numbered {
        Numbered {
            seq,
            packet: "x".repeat(168).into(),
        }
    }

    fn gap(channel: &str, last_seq: Seq) -> Next {
        let channel = channel.to_owned();
        Next::Send(encode(&ServerPacket::Gap { channel, last_seq }))
    }

    #[test]
    fn packets_leave_in_order_and_closing_comes_last() {
        let outbox = Outbox::new(1000);
        outbox.push("a".into());
        outbox.push("b".into());
        outbox.close(CloseReason::Restarting);
        outbox.push("too late".into());
        outbox.close(CloseReason::Idle);
        assert_eq!(outbox.take(), Next::Send("a".into()));
        assert_eq!(outbox.take(), Next::Send("b".into()));
        assert_eq!(outbox.take(), Next::Close(CloseReason::Restarting));
    }

    #[test]
    fn a_full_outbox_closes_its_connection_and_frees_its_memory() {
        let outbox = Outbox::new(100);
        for _ in 0..1000 {
            outbox.push("0123456789".into());
        }
        assert_eq!(outbox.take(), Next::Close(CloseReason::TooSlow));
    }

    #[test]
    fn lines_too_many_become_one_gap_a_channel_and_live_lines_go_on_behind_it() {
        let outbox = Outbox::new(2000);
        let (hall, den): (Arc<str>, Arc<str>) = ("hall".into(), "den".into());
        for seq in 1..=1000 {
            outbox.push_lines(&hall, &[line(seq)]);
        }
        outbox.push_lines(&den, &[line(1), line(2)]);
        outbox.push("an answer".into());
        let whole = Next::Send(line(0).packet);
        // Five lines of 200 bytes are half of the outbox.
        for _ in 0..3 {
            assert_eq!(outbox.take(), whole);
        }
        // Still no room: what is said now belongs into the gap.
        outbox.push_lines(&hall, &[line(1001)]);
        for _ in 0..2 {
            assert_eq!(outbox.take(), whole);
        }
        assert_eq!(outbox.take(), Next::Send("an answer".into()));
        assert_eq!(outbox.take(), gap("hall", 1001));
        outbox.push_lines(&hall, &[line(1002)]);
        assert_eq!(outbox.take(), gap("den", 2));
        assert_eq!(outbox.take(), whole);
        assert_eq!(outbox.take(), Next::Nothing);
    }

    #[test]
    fn a_line_that_never_fits_is_told_as_a_gap() {
        let outbox = Outbox::new(100);
        outbox.push_lines(&"hall".into(), &[line(7)]);
        assert_eq!(outbox.take(), gap("hall", 7));
    }

    #[tokio::test]
    async fn whoever_waits_is_woken_by_a_gap_too() {
        let outbox = Outbox::new(100);
        outbox.push_lines(&"hall".into(), &[line(7)]);
        outbox.changed().await;
    }
}
