//! Connections over the worst of networks.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use fastrand::Rng;
use longhall_packet::ServerPacket;

/// One connection. Packets arrive late, but in order.
pub(super) struct Wire {
    pub(super) id: u64,
    pub(super) opens_at: Duration,
    pub(super) up: VecDeque<(Duration, String)>,
    pub(super) down: VecDeque<(Duration, Frame)>,
    pub(super) slow_until: Duration,
    pub(super) client_is_gone: bool,
    /// Nothing arrives any more on either side.
    pub(super) is_silent: bool,
    /// The server has not noticed that the client is gone.
    pub(super) server_is_gone: bool,
    /// The account that is logged in on it.
    pub(super) account: Option<String>,
    /// Answers that take their time.
    pub(super) late: Vec<(Duration, ServerPacket)>,
    pub(super) left_out: BTreeSet<String>,
}

pub(super) enum Frame {
    Packet(String),
    End(Option<u16>),
}

impl Wire {
    pub(super) fn opening(id: u64, opens_at: Duration) -> Self {
        Self {
            id,
            opens_at,
            up: VecDeque::new(),
            down: VecDeque::new(),
            slow_until: Duration::ZERO,
            client_is_gone: false,
            is_silent: false,
            server_is_gone: false,
            account: None,
            late: Vec::new(),
            left_out: BTreeSet::new(),
        }
    }

    pub(super) fn send_up(&mut self, now: Duration, text: String, rng: &mut Rng) {
        let last = self.up.back().map_or(self.opens_at, |(at, _)| *at);
        let latency = Duration::from_millis(rng.u64(1..300));
        let at = last.max(now + latency).max(self.slow_until);
        if !self.is_silent {
            self.up.push_back((at, text));
        }
    }

    pub(super) fn send_down(&mut self, now: Duration, frame: Frame, rng: &mut Rng) {
        let last = self.down.back().map_or(self.opens_at, |(at, _)| *at);
        let latency = Duration::from_millis(rng.u64(1..300));
        let at = last.max(now + latency).max(self.slow_until);
        if !self.is_silent {
            self.down.push_back((at, frame));
        }
    }

    /// Some of what was on its way arrives, in both directions.
    pub(super) fn cut(&mut self, now: Duration, rng: &mut Rng) {
        self.up.truncate(rng.usize(..=self.up.len()));
        self.down.truncate(rng.usize(..=self.down.len()));
        self.send_down(now, Frame::End(None), rng);
        self.is_silent = true;
        self.slow_until = now;
    }

    /// A pulled cable: nobody says so.
    pub(super) fn fall_silent(&mut self) {
        self.up.clear();
        self.down.clear();
        self.is_silent = true;
    }

    pub(super) fn next_frame(&mut self, now: Duration) -> Option<Frame> {
        if now < self.opens_at {
            return None;
        }
        let (_, frame) = self.down.pop_front_if(|(at, _)| *at <= now)?;
        Some(frame)
    }

    /// Nothing takes its time, and the wire is not dead.
    pub(super) fn is_quiet(&self, now: Duration) -> bool {
        let up = self.up.iter().map(|(at, _)| *at);
        let down = self.down.iter().map(|(at, _)| *at);
        let is_soon = |at: Duration| at < now + Duration::from_secs(2);
        up.chain(down).all(is_soon) && !self.is_silent && !self.server_is_gone
    }
}
