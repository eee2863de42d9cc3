//! A server whose store survives a crash, and everything else does not. What it knows
//! and by which rules is the fake server's; here are its disk, its wires and its faults.

mod truth;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use fastrand::Rng;
use longhall_packet::{
    Access, ChannelName, ClientPacket, CloseReason, Denial, DenyCode, Line, LineKind,
    PROTOCOL_VERSION, Password, RequestId, ResumeToken, ServerPacket, Topic, Username, codec,
};
use longhall_world::fake::{Deliveries, FakeServer};
use longhall_world::records::Cursor;

use super::wire::{Frame, Wire};
use crate::support::{PASSWORD, hello};

pub(super) const CHANNELS: [&str; 2] = ["lobby", "trade"];

/// The first has made the channel that all are in.
const ACCOUNTS: [&str; 3] = ["ada", "bob", "eve"];
/// A connection of each account that is always there and writes for all of its others,
/// in the order in which the disk gets to it. Wires have smaller numbers.
const WRITERS: u64 = 1 << 32;
/// When a life begins, in milliseconds since 1970.
const BEGIN_MS: u64 = 1_700_000_000_000;

/// Bob has blocked eve.
pub(super) fn is_hidden_from(account: &str, line: &Line) -> bool {
    account == "bob" && line.sender == "eve"
}

pub(super) struct Server {
    rng: Rng,
    /// What is on disk, and who is connected.
    fake: FakeServer,
    epoch: u64,
    /// What somebody has put aside of it.
    backup: Option<FakeServer>,
    now_ms: u64,

    pub(super) wires: Vec<Wire>,
    /// The latest connection that showed a token.
    shown: HashMap<String, u64>,
    writes: VecDeque<Write>,
    commit_at: Option<Duration>,
    slow_disk_until: Duration,
    down_until: Duration,
    stops_at: Option<Duration>,

    /// What was said in lines refused for now, until the refusal arrives.
    refusals: HashMap<(u64, RequestId), String>,

    last_wire: u64,
    page_lines: u32,
    outbox: usize,
    pub(super) crashes: u64,
    pub(super) doubles: u64,
    pub(super) gaps: u64,
    pub(super) left_out: u64,
    pub(super) pages: u64,
}

/// What waits for the disk.
struct Write {
    wire: u64,
    writer: u64,
    packet: ClientPacket,
}

impl Server {
    pub(super) fn new(mut rng: Rng) -> Self {
        let mut fake = FakeServer::new("1".to_owned());
        for account in ACCOUNTS {
            fake.add_account(account, PASSWORD);
        }
        let mut server = Self {
            fake,
            epoch: 1,
            backup: None,
            now_ms: BEGIN_MS,
            wires: Vec::new(),
            shown: HashMap::new(),
            writes: VecDeque::new(),
            commit_at: None,
            slow_disk_until: Duration::ZERO,
            down_until: Duration::ZERO,
            stops_at: None,
            refusals: HashMap::new(),
            last_wire: 0,
            page_lines: rng.u32(2..20),
            outbox: rng.usize(2..20),
            crashes: 0,
            doubles: 0,
            gaps: 0,
            left_out: 0,
            pages: 0,
            rng,
        };
        server.furnish();
        server
    }

    /// Puts everybody into a fresh database.
    fn furnish(&mut self) {
        let trade = ChannelName::parse("trade").expect("a sound name");
        for (account, writer) in ACCOUNTS.into_iter().zip(WRITERS..) {
            let login = ClientPacket::Login {
                code: None,
                id: 1,
                username: Username::parse(account).expect("a sound name"),
                password: Password::parse(PASSWORD).expect("a sound password"),
                device: String::new(),
            };
            let enter = match writer {
                WRITERS => ClientPacket::Create {
                    id: 2,
                    channel: trade.clone(),
                    topic: Topic::default(),
                    access: Access::Open,
                    channel_password: None,
                },
                _ => ClientPacket::Join {
                    id: 2,
                    channel: trade.clone(),
                    channel_password: None,
                },
            };
            self.ask(writer, login);
            self.ask(writer, enter);
        }
        let username = Username::parse("eve").expect("a sound name");
        self.ask(WRITERS + 1, ClientPacket::Block { id: 3, username });
        for n in 0..self.rng.u64(..8) {
            self.fake
                .say("old", &format!("before {n}"), "lobby", self.now_ms);
        }
    }

    /// Stopped, and started again with a fresh database, or with an older state.
    pub(super) fn swap_store(&mut self, now: Duration) {
        self.crash(now);
        self.epoch += 1;
        let epoch = self.epoch.to_string();
        match self.backup.take().filter(|_| self.rng.bool()) {
            Some(backup) => {
                self.fake = backup;
                self.fake.set_epoch(epoch);
                for wire in 0..=self.last_wire {
                    self.fake.hang_up(wire);
                }
            }
            None => {
                self.fake.wipe(true, epoch);
                self.furnish();
            }
        }
        if self.rng.bool() {
            for writer in (WRITERS..).take(ACCOUNTS.len()) {
                let (id, session) = (4, None);
                self.ask(writer, ClientPacket::CloseSession { id, session });
            }
        }
    }

    /// Has the rules answer a packet.
    fn ask(&mut self, from: u64, packet: ClientPacket) -> Deliveries {
        let token = ResumeToken::from_bytes(&std::array::from_fn(|_| self.rng.u8(..)));
        self.fake.answer(from, packet, token, self.now_ms)
    }

    pub(super) fn wire(&mut self, id: u64) -> Option<&mut Wire> {
        self.wires.iter_mut().find(|wire| wire.id == id)
    }

    pub(super) fn open(&mut self, now: Duration, is_calm: bool) -> u64 {
        self.last_wire += 1;
        let opens_at = now + Duration::from_millis(self.rng.u64(1..300));
        let mut wire = Wire::opening(self.last_wire, opens_at);
        if now < self.down_until || (!is_calm && self.rng.u8(..10) == 0) {
            wire.send_down(now, Frame::End(None), &mut self.rng);
            wire.server_is_gone = true;
        } else {
            let greeting = codec::encode(&hello(PROTOCOL_VERSION));
            wire.send_down(now, Frame::Packet(greeting), &mut self.rng);
        }
        self.wires.push(wire);
        self.last_wire
    }

    /// Killed: what was not on disk is gone.
    pub(super) fn crash(&mut self, now: Duration) {
        self.crashes += 1;
        self.writes.clear();
        self.commit_at = None;
        self.stops_at = None;
        self.down_until = now + Duration::from_millis(self.rng.u64(..5_000));
        for wire in &mut self.wires {
            wire.cut(now, &mut self.rng);
            wire.server_is_gone = true;
            self.fake.hang_up(wire.id);
        }
    }

    /// Stops in good order, a little later.
    pub(super) fn restart(&mut self, now: Duration) {
        self.stops_at = Some(now + Duration::from_millis(self.rng.u64(..2_000)));
    }

    pub(super) fn stall_disk(&mut self, now: Duration) {
        self.slow_disk_until = now + Duration::from_millis(self.rng.u64(..20_000));
    }

    pub(super) fn step(&mut self, now: Duration, is_difficult: bool) {
        self.now_ms = BEGIN_MS + now.as_millis() as u64;
        self.wires.retain(|wire| {
            let is_over = wire.client_is_gone && (wire.server_is_gone || wire.up.is_empty());
            if is_over {
                self.fake.hang_up(wire.id);
            }
            !is_over
        });
        for place in 0..self.wires.len() {
            while let Some(wire) = self.wires.get_mut(place)
                && !wire.server_is_gone
                && let Some((_, text)) = wire.up.pop_front_if(|(at, _)| *at <= now)
            {
                self.handle(now, place, &text, is_difficult);
            }
            self.answer_late(now, place);
        }
        if is_difficult && self.rng.u8(..50) == 0 {
            self.backup = Some(self.fake.clone());
        }
        if self.stops_at.is_some_and(|at| at <= now) {
            self.commit(now);
            self.stop(now);
        } else if self.commit_at.is_some_and(|at| at <= now) {
            if is_difficult && self.rng.u8(..25) == 0 {
                // On disk, and dead before telling anybody.
                let wires = std::mem::take(&mut self.wires);
                self.commit(now);
                self.wires = wires;
                self.crash(now);
            } else {
                self.commit(now);
            }
        }
        self.tell_gaps(now);
    }

    fn stop(&mut self, now: Duration) {
        self.stops_at = None;
        self.down_until = now + Duration::from_millis(self.rng.u64(..3_000));
        for wire in &mut self.wires {
            if !wire.server_is_gone {
                let code = CloseReason::Restarting.code();
                wire.send_down(now, Frame::End(Some(code)), &mut self.rng);
                wire.server_is_gone = true;
            }
            self.fake.hang_up(wire.id);
        }
    }

    fn answer_late(&mut self, now: Duration, place: usize) {
        let late = std::mem::take(&mut self.wires[place].late);
        for (at, packet) in late {
            if at <= now {
                self.send(now, self.wires[place].id, &packet);
            } else {
                self.wires[place].late.push((at, packet));
            }
        }
    }

    fn send(&mut self, now: Duration, to: u64, packet: &ServerPacket) {
        let wire = self.wires.iter_mut().find(|wire| wire.id == to);
        if let Some(wire) = wire.filter(|wire| !wire.server_is_gone) {
            let frame = Frame::Packet(codec::encode(packet));
            wire.send_down(now, frame, &mut self.rng);
        }
    }

    fn handle(&mut self, now: Duration, place: usize, text: &str, is_difficult: bool) {
        let packet = codec::decode_client_packet(text.as_bytes()).expect("a sound packet");
        let (wire, id) = (self.wires[place].id, packet.id());
        if let Err(denial) = self.decide(now, place, packet, is_difficult) {
            self.send(now, wire, &ServerPacket::deny(Some(id), denial));
        }
    }

    fn decide(
        &mut self,
        now: Duration,
        place: usize,
        packet: ClientPacket,
        is_difficult: bool,
    ) -> Result<(), Denial> {
        let wire = self.wires[place].id;
        let is_asked = !matches!(
            packet,
            ClientPacket::Hello { .. } | ClientPacket::Ping { .. } | ClientPacket::Login { .. }
        );
        if is_difficult && is_asked && self.rng.u8(..12) == 0 {
            let codes = [DenyCode::RateLimited, DenyCode::Busy];
            let code = codes[self.rng.usize(..codes.len())];
            let wait = Duration::from_millis(self.rng.u64(..3_000));
            if let ClientPacket::Chat { id, text, .. } = &packet {
                self.refusals.insert((wire, *id), text.as_str().to_owned());
            }
            return Err(Denial::for_now(code, wait));
        }
        // From now on to the end of each connection.
        if self.stops_at.is_some() {
            return Err(DenyCode::Restarting.into());
        }
        match packet {
            packet if packet.is_entry() => {
                let account = self.wires[place].account.as_deref();
                let at = ACCOUNTS.iter().position(|name| Some(*name) == account);
                let writer = WRITERS + at.ok_or(DenyCode::NotLoggedIn)? as u64;
                let write = Write {
                    wire,
                    writer,
                    packet,
                };
                self.writes.push_back(write);
                let at = now + Duration::from_millis(self.rng.u64(..200));
                let at = at.max(self.slow_disk_until);
                self.commit_at = Some(self.commit_at.map_or(at, |other| other.min(at)));
                return Ok(());
            }
            ClientPacket::History {
                id,
                channel,
                after,
                before,
                limit,
            } => {
                self.pages += 1;
                let packet = ClientPacket::History {
                    id,
                    channel,
                    after,
                    before,
                    limit: limit.min(self.page_lines),
                };
                for (_, page) in self.ask(wire, packet) {
                    // Lines said meanwhile may be sent first.
                    let at = now + Duration::from_millis(self.rng.u64(..500));
                    self.wires[place].late.push((at, page));
                }
                return Ok(());
            }
            packet => {
                if let ClientPacket::Resume { token, .. } = &packet {
                    // Sent on a connection that the client has long given up, and
                    // overtaken by its next one.
                    let newest = self.shown.entry(token.expose().to_owned()).or_default();
                    if wire < *newest {
                        return Err(DenyCode::SessionExpired.into());
                    }
                    *newest = wire;
                }
                if let ClientPacket::Logout { .. } = packet {
                    self.wires[place].account = None;
                }
                let told = self.ask(wire, packet);
                self.deliver(now, told);
            }
        }
        Ok(())
    }

    /// Sends what the rules have to tell.
    fn deliver(&mut self, now: Duration, told: Deliveries) {
        for (connection, reason, _) in self.fake.take_ended() {
            if let Some(wire) = self.wires.iter_mut().find(|wire| wire.id == connection) {
                wire.send_down(now, Frame::End(Some(reason.code())), &mut self.rng);
                wire.server_is_gone = true;
            }
        }
        for (to, packet) in told {
            if let Some(wire) = self.wires.iter_mut().find(|wire| wire.id == to) {
                if let ServerPacket::LoggedIn { username, .. } = &packet {
                    wire.account = Some(username.clone());
                }
                if let ServerPacket::Chat { channel, .. } = &packet
                    && wire.down.len() > self.outbox
                {
                    wire.left_out.insert(channel.clone());
                    self.left_out += 1;
                    continue;
                }
            }
            self.send(now, to, &packet);
        }
    }

    /// Everything that waits goes to disk; then everybody is told.
    fn commit(&mut self, now: Duration) {
        self.commit_at = None;
        for Write {
            wire,
            writer,
            packet,
        } in std::mem::take(&mut self.writes)
        {
            self.check_meaning(&packet);
            let is_line = matches!(packet, ClientPacket::Chat { .. });
            let mut told = self.ask(writer, packet);
            let (_, answer) = told.pop().expect("each request is answered");
            let is_taken = matches!(
                answer,
                ServerPacket::Posted { .. } | ServerPacket::Ok { .. }
            );
            self.doubles += u64::from(is_line && is_taken && told.is_empty());
            self.deliver(now, told);
            self.send(now, wire, &answer);
        }
    }

    /// A change is of the line that was meant.
    fn check_meaning(&self, packet: &ClientPacket) {
        if let ClientPacket::Edit {
            channel, seq, text, ..
        } = packet
        {
            let target = self.line(&channel.to_string(), *seq).expect("a line");
            let base = |text: &str| text.trim_end_matches(" (edited)").to_owned();
            let is_meant = base(text.as_str()) == base(&target.text);
            assert!(
                is_meant || target.kind != LineKind::Said,
                "{text:?} in the place of {}",
                target.text
            );
        }
    }

    /// Connections that have drained are told what was left out.
    fn tell_gaps(&mut self, now: Duration) {
        for place in 0..self.wires.len() {
            let wire = &mut self.wires[place];
            if wire.left_out.is_empty() || wire.down.len() * 2 > self.outbox {
                continue;
            }
            let Some(account) = wire.account.clone() else {
                continue;
            };
            let id = wire.id;
            for channel in std::mem::take(&mut wire.left_out) {
                self.gaps += 1;
                let log = self.log_of(&account, &channel);
                let last_seq = self.fake.world().lines(log, Cursor::Newest, 1, 1).last_seq;
                self.send(now, id, &ServerPacket::Gap { channel, last_seq });
            }
        }
    }

    /// Nothing takes its time, and nobody listens to a dead wire.
    pub(super) fn is_quiet(&self, now: Duration) -> bool {
        let mut used = self.wires.iter().filter(|wire| !wire.client_is_gone);
        self.writes.is_empty() && used.all(|wire| wire.is_quiet(now))
    }

    /// This has come to a client.
    pub(super) fn arrived(&mut self, wire: u64, text: &str) {
        if let Ok(ServerPacket::Deny { id: Some(id), .. }) =
            codec::decode_server_packet(text.as_bytes())
        {
            self.refusals.remove(&(wire, id));
        }
    }
}
