//! The queue of packets waiting for one connection.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use longhall_packet::{CloseReason, ServerPacket, codec};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// A packet as it travels. Cloning shares the bytes.
pub(crate) type Encoded = Utf8Bytes;

/// Encodes a packet once, for however many receive it.
pub(crate) fn encode(packet: &ServerPacket) -> Encoded {
    codec::encode(packet).into()
}

/// What a queued packet costs beside its text.
const BYTES_PER_PACKET: usize = 32;

/// Packets waiting for one connection, and the order to close it.
///
/// Anyone may push; only the task that owns the socket takes. Pushing never
/// waits: when more than `max_bytes` are waiting, the queue is dropped and the
/// connection ordered to close as [`CloseReason::TooSlow`], so that one stalled
/// player cannot hold up the others.
pub(crate) struct Outbox {
    max_bytes: usize,
    state: Mutex<State>,
    /// Wakes the owning task after a push or an order to close.
    changed: Notify,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Encoded>,
    bytes: usize,
    closing: Option<CloseReason>,
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
        }
    }

    /// Queues a packet; dropped when the connection is closing already.
    pub(crate) fn push(&self, packet: Encoded) {
        {
            let mut state = self.lock();
            if state.closing.is_some() {
                return;
            }
            state.bytes += packet.len() + BYTES_PER_PACKET;
            if state.bytes > self.max_bytes {
                *state = State {
                    closing: Some(CloseReason::TooSlow),
                    ..State::default()
                };
            } else {
                state.waiting.push_back(packet);
            }
        }
        self.changed.notify_one();
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

    /// Waits until something may be there to take.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Has the owning task look again.
    pub(crate) fn wake(&self) {
        self.changed.notify_one();
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
}
