//! Thousands of short lives with a bad network and an impatient player, each
//! from a seed. Whatever happens, the rules in `auditor.rs` hold.
//!
//! Two kinds of server: an honest one that may be slow, busy, restarted and
//! cut off at any moment, about which the session must never be wrong; and one
//! that talks nonsense, which must not break anything.

mod auditor;
mod server;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use fastrand::Rng;
use longhall_client::{Action, Config, DisconnectReason, Session, State};
use longhall_packet::{CloseReason, PROTOCOL_VERSION};

use crate::support::{PASSWORD, hello, tell};
use auditor::Auditor;
use server::{Conversation, Frame, Manners, Server};

const LIVES: u64 = 600;
const STEPS: usize = 250;

#[test]
fn an_honest_server_is_never_misunderstood() {
    let mut seen = BTreeSet::new();
    for seed in 0..LIVES {
        World::new(seed, Manners::Honest).live(&mut seen);
    }
    // The walk is worth nothing if it never goes where it is dangerous.
    for event in [
        "state Connecting",
        "state Reconnecting",
        "state Connected",
        "state LoggedIn",
        "state Offline",
        "registered bob",
        "register denied: username_taken",
        "register denied: already_logged_in",
        "register denied: already_pending",
        "register denied: timed_out",
        "register denied: connection_lost",
        "logged in ada",
        "logged in bob",
        "login denied: bad_credentials",
        "login denied: busy",
        "login denied: restarting",
        "login denied: already_pending",
        "login denied: already_logged_in",
        "login denied: not_connected",
        "login denied: timed_out",
        "login denied: connection_lost",
        "logged out: logout",
        "logged out: session_expired",
        "logged out: closed_by_client",
        "logged out: logged_in_elsewhere",
        "chat accepted",
        "chat denied: too_short",
        "chat denied: not_connected",
        "chat denied: not_logged_in",
        "chat denied: rate_limited",
        "chat denied: timed_out",
        "chat denied: connection_lost",
        "bob: hi",
        "history reset",
        "disconnected: server_unreachable, will retry",
        "disconnected: server_unreachable, for good",
        "disconnected: connection_lost, will retry",
        "disconnected: restarting, will retry",
        "disconnected: update_required, for good",
        "disconnected: server_outdated, will retry",
        "try 1",
        "try 5",
    ] {
        assert!(seen.contains(event), "{event} never came about");
    }
}

#[test]
fn a_server_that_talks_nonsense_breaks_no_rule() {
    for seed in 0..LIVES {
        World::new(seed, Manners::Nonsense).live(&mut BTreeSet::new());
    }
}

struct World {
    rng: Rng,
    now: Duration,
    session: Session,
    server: Server,
    wire: Option<Wire>,
    auditor: Auditor,
    /// Asks when to tick, instead of ticking every frame.
    sleeps: bool,
    lines: u32,
    seen: BTreeSet<String>,
    _seed: TellSeed,
}

/// One transport. Packets arrive late, but in order.
struct Wire {
    opens_at: Duration,
    up: VecDeque<(Duration, String)>,
    down: VecDeque<(Duration, Frame)>,
    conversation: Conversation,
}

impl World {
    fn new(seed: u64, manners: Manners) -> Self {
        let mut rng = Rng::with_seed(seed);
        let config = Config {
            reconnect: rng.u8(..10) > 0,
            heartbeat_interval: Duration::from_secs([0, 4, 15][rng.usize(..3)]),
            ..Config::default()
        };
        let mut world = Self {
            now: Duration::from_secs(rng.u64(..1000)),
            session: Session::new(config, rng.u64(..)),
            server: Server::new(rng.fork(), manners),
            wire: None,
            auditor: Auditor::default(),
            sleeps: rng.bool(),
            lines: 0,
            seen: BTreeSet::new(),
            rng,
            _seed: TellSeed(seed, manners),
        };
        let call = world.session.connect(world.now);
        world.auditor.called(call);
        world.auditor.may_open = true;
        world
    }

    fn live(mut self, seen: &mut BTreeSet<String>) {
        for _ in 0..STEPS {
            self.pass_time();
            self.play();
            self.meddle();
            self.carry();
            self.drive();
        }
        seen.append(&mut self.seen);
        self.calm_down();
    }

    fn pass_time(&mut self) {
        let millis = match self.rng.u8(..40) {
            0 => self.rng.u64(2_000..200_000),
            1..=3 => self.rng.u64(300..2_000),
            4..=12 => self.rng.u64(50..300),
            _ => self.rng.u64(..50),
        };
        let end = self.now + Duration::from_millis(millis);
        if self.sleeps && self.rng.u8(..20) > 0 {
            // Awake for each deadline and each frame on the way.
            for _ in 0..100 {
                let arrivals = self.wire.iter().flat_map(Wire::next_arrival);
                let wake = arrivals.chain(self.session.next_deadline()).min();
                let Some(wake) = wake.filter(|wake| *wake < end) else {
                    break;
                };
                self.now = self.now.max(wake);
                self.carry();
                self.drive();
            }
        }
        self.now = end;
    }

    /// The player does something.
    fn play(&mut self) {
        let name = ["ada", "bob", "Ada", "x", "nobody"][self.rng.usize(..5)];
        let password = [PASSWORD, PASSWORD, "battery staple", "short"][self.rng.usize(..4)];
        match self.rng.u8(..60) {
            0..=9 => {
                self.lines += 1;
                let line = format!("line {}", self.lines);
                self.auditor.said(&line);
                let call = self.session.send_chat(self.now, "", &line);
                self.auditor.called(call);
            }
            10 => {
                for _ in 0..100 {
                    self.auditor.said("");
                    let call = self.session.send_chat(self.now, "", "");
                    self.auditor.called(call);
                }
            }
            11..=17 => {
                self.auditor.logins += 1;
                let call = self.session.login(self.now, name, password);
                self.auditor.called(call);
            }
            18..=20 => {
                self.auditor.registrations += 1;
                let call = self.session.register(self.now, name, password);
                self.auditor.called(call);
            }
            21 => {
                let call = self.session.logout(self.now);
                self.auditor.called(call);
            }
            22 if self.rng.bool() => self.session.disconnect(self.now),
            23..=26 => {
                self.show();
                self.auditor.may_open = true;
                let call = self.session.connect(self.now);
                self.auditor.called(call);
            }
            27 => self.session.reconnect_now(self.now),
            28 => self.session.config_mut().reconnect ^= self.rng.u8(..4) == 0,
            29 => {
                let seconds = self.rng.u64(..20);
                self.session.config_mut().request_timeout = Duration::from_secs(seconds);
            }
            choice @ 30..=34 => {
                let (now, session) = (self.now, &mut self.session);
                let call = match choice {
                    30 => session.list_blocks(now),
                    31 => session.load_history(now, ""),
                    32 => session.mark_read(now, "", self.rng.u64(..50)),
                    33 => session.list_channels(now),
                    _ => session.join_channel(now, "trade", None),
                };
                self.auditor.called(call);
            }
            _ => {}
        }
    }

    /// The network and the operator do something.
    fn meddle(&mut self) {
        let now = self.now;
        let Some(wire) = &mut self.wire else { return };
        match self.rng.u8(..100) {
            0 => {
                // A cut. Some of what was on its way is lost.
                let arrived = self.rng.usize(..=wire.down.len());
                wire.down.truncate(arrived);
                wire.end(now, None);
            }
            1 => {
                let reasons = CloseReason::ALL;
                let mut reason = reasons[self.rng.usize(..reasons.len())];
                if !reason.may_retry() && self.rng.bool() {
                    reason = CloseReason::Restarting;
                }
                wire.end(now, Some(reason.code()));
            }
            2 => {
                // A pulled cable: nothing comes any more, and nobody says so.
                wire.down.clear();
                wire.conversation.is_over = true;
            }
            3 => wire.conversation.slow_until = now + Duration::from_secs(self.rng.u64(..40)),
            4 if self.rng.u8(..3) == 0 => {
                wire.end(now, None);
                self.server.swap_store();
            }
            _ => {}
        }
    }

    /// Sent packets arrive, and are answered.
    fn carry(&mut self) {
        let Some(wire) = &mut self.wire else { return };
        while let Some((at, _)) = wire.up.front()
            && *at <= self.now
            && let Some((_, text)) = wire.up.pop_front()
        {
            let answers = self.server.answer(&mut wire.conversation, &text);
            for frame in answers {
                let latency = Duration::from_millis(self.rng.u64(1..400));
                let at = (self.now + latency).max(wire.conversation.slow_until);
                wire.push_down(at, frame);
            }
        }
        if wire.conversation.is_restarting && (self.server.is_calm || self.rng.u8(..20) == 0) {
            wire.end(self.now, Some(CloseReason::Restarting.code()));
        }
    }

    /// What a driver does once a frame: read, tick, act, show.
    fn drive(&mut self) {
        let now = self.now;
        // A driver may stop reading for this frame at any point.
        let most = if self.rng.u8(..10) == 0 { 1 } else { 1000 };
        for _ in 0..most {
            let Some(wire) = &mut self.wire else { break };
            match wire.next_frame(now) {
                None => break,
                Some(Frame::Packet(bytes)) => self.session.received(now, &bytes),
                Some(Frame::End(code)) => {
                    self.wire = None;
                    self.auditor.transport_ended();
                    self.session.closed(now, code, "");
                }
            }
            if self.rng.u8(..4) == 0 {
                self.act();
            }
        }
        self.session.tick(now);
        if self.sleeps {
            let deadline = self.session.next_deadline();
            assert!(deadline.is_none_or(|d| d > now), "{deadline:?} at {now:?}");
        }
        // Now and then the driver is late with everything.
        if self.rng.u8(..20) > 0 {
            self.act();
        }
        if self.rng.u8(..20) > 0 {
            self.show();
        }
    }

    fn act(&mut self) {
        while let Some(action) = self.session.poll_action() {
            self.auditor.check_action(&action);
            match action {
                Action::Open => self.open(),
                Action::Send(text) => {
                    if let Some(wire) = &mut self.wire {
                        let latency = Duration::from_millis(self.rng.u64(1..200));
                        let last = wire.up.back().map_or(Duration::ZERO, |(at, _)| *at);
                        wire.up.push_back((last.max(self.now + latency), text));
                    }
                }
                Action::Close { .. } => self.wire = None,
            }
        }
    }

    fn open(&mut self) {
        let mut wire = Wire {
            opens_at: self.now + Duration::from_millis(self.rng.u64(1..500)),
            up: VecDeque::new(),
            down: VecDeque::new(),
            conversation: Conversation::default(),
        };
        let fate = if self.server.is_calm {
            19
        } else {
            self.rng.u8(..20)
        };
        match fate {
            0..=2 => wire.end(self.now, None),
            3 => wire.opens_at += Duration::from_secs(60),
            _ => {
                let greeting = match self.rng.u16(..2000) {
                    0 => hello(PROTOCOL_VERSION + 1),
                    1 => hello(PROTOCOL_VERSION - 1),
                    _ => hello(PROTOCOL_VERSION),
                };
                let latency = Duration::from_millis(self.rng.u64(..400));
                wire.push_down(wire.opens_at + latency, Frame::of(&greeting));
            }
        }
        self.wire = Some(wire);
    }

    fn show(&mut self) {
        let waiting: Vec<_> = std::iter::from_fn(|| self.session.poll_event()).collect();
        let honest = (self.server.manners == Manners::Honest).then_some(&self.server);
        for event in waiting {
            self.seen.insert(tell(&event));
            self.auditor.check_event(&event, honest);
        }
        while let Some((call, _)) = self.session.poll_outcome() {
            self.auditor.ended(call);
        }
    }

    /// The network heals, the player leaves the keyboard: now everything must
    /// come to a good end.
    fn calm_down(mut self) {
        self.server.is_calm = true;
        let end = self.now + Duration::from_secs(150);
        let mut busy_until = self.now;
        while self.now < end {
            self.now += Duration::from_millis(200);
            self.carry();
            self.drive();
            if self.wire.is_none() {
                busy_until = self.now;
            }
        }
        self.act();
        self.show();
        self.auditor.check_settled();
        let state = self.session.state();
        assert_eq!(state, self.auditor.state());
        if self.server.manners == Manners::Nonsense {
            return;
        }
        let has_heartbeat = !self.session.config().heartbeat_interval.is_zero();
        assert!(
            matches!(state, State::Offline | State::Connected | State::LoggedIn),
            "{state:?} since {busy_until:?}"
        );
        let is_alive = |wire: &Wire| !wire.conversation.is_over;
        if let Some(wire) = self
            .wire
            .take()
            .filter(|wire| has_heartbeat || is_alive(wire))
        {
            assert!(is_alive(&wire), "a dead wire was not noticed");
            let user = wire.conversation.user.as_deref();
            let expected = user.filter(|_| state == State::LoggedIn);
            assert_eq!(user, expected, "in state {state:?}");
            assert_eq!(user, self.session.username());
        }
        self.session.disconnect(end);
        self.auditor.expected_end = Some(DisconnectReason::ClosedByClient);
        self.wire = None;
        self.show();
        assert_eq!(self.session.state(), State::Offline);
        assert_eq!(self.session.next_deadline(), None);
    }
}

impl Wire {
    fn push_down(&mut self, at: Duration, frame: Frame) {
        let last = self.down.back().map_or(self.opens_at, |(at, _)| *at);
        self.down.push_back((last.max(at), frame));
    }

    fn end(&mut self, now: Duration, code: Option<u16>) {
        if !self.conversation.is_over {
            self.conversation.is_over = true;
            self.push_down(now, Frame::End(code));
        }
    }

    fn next_arrival(&self) -> Option<Duration> {
        let down = self.down.front().map(|(at, _)| *at);
        let up = self.up.front().map(|(at, _)| *at);
        [down, up].into_iter().flatten().min()
    }

    fn next_frame(&mut self, now: Duration) -> Option<Frame> {
        if now < self.opens_at {
            return None;
        }
        let (_, frame) = self.down.pop_front_if(|(at, _)| *at <= now)?;
        Some(frame)
    }
}

/// Names the seed of a life that failed.
struct TellSeed(u64, Manners);

impl Drop for TellSeed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {} with {:?} server", self.0, self.1);
        }
    }
}
