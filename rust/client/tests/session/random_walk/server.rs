//! A server that is slow, forgetful or out of its mind. What it knows and by which rules
//! is the fake server's.

use std::collections::HashSet;
use std::time::Duration;

use fastrand::Rng;
use longhall_packet::{
    ClientPacket, Denial, DenyCode, InboxState, LeaveReason, RequestId, ResumeToken, ServerPacket,
    ServerRole, codec,
};
use longhall_world::fake::{Deliveries, FakeServer};

use crate::support::{PASSWORD, channel, hello, line};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Answers every packet once, in order, truthfully.
    Honest,
    /// Says anything.
    Nonsense,
}

pub(crate) struct Server {
    pub(crate) manners: Manners,
    rng: Rng,
    fake: FakeServer,
    pub(crate) accepted_lines: HashSet<String>,
    /// Also by a store that is no longer there.
    pub(crate) once_accepted: HashSet<String>,
    epoch: u64,
    /// It has forgotten the sessions.
    is_forgetful: bool,
    last_connection: u64,
    now_ms: u64,
    pub(crate) is_calm: bool,
}

/// One connection, as the server sees it.
#[derive(Default)]
pub(crate) struct Conversation {
    /// Its number; 0 before anything was said.
    connection: u64,
    pub(crate) user: Option<String>,
    pub(crate) is_over: bool,
    pub(crate) slow_until: Duration,
    /// Refuses everything, and will end soon.
    pub(crate) is_restarting: bool,
    last_id: RequestId,
}

pub(crate) enum Frame {
    Packet(Vec<u8>),
    End(Option<u16>),
}

impl Frame {
    pub(crate) fn of(packet: &ServerPacket) -> Self {
        Self::Packet(codec::encode(packet).into_bytes())
    }
}

impl Server {
    pub(crate) fn new(rng: Rng, manners: Manners) -> Self {
        let mut fake = FakeServer::new("1".to_owned());
        fake.add_account("ada", PASSWORD);
        Self {
            manners,
            rng,
            fake,
            accepted_lines: HashSet::new(),
            once_accepted: HashSet::new(),
            epoch: 1,
            is_forgetful: false,
            last_connection: 0,
            now_ms: 1_700_000_000_000,
            is_calm: false,
        }
    }

    /// Another database: fresh, but for the accounts, and maybe their sessions.
    pub(crate) fn swap_store(&mut self) {
        self.epoch += 1;
        self.fake.wipe(true, self.epoch.to_string());
        self.accepted_lines.clear();
        self.is_forgetful |= self.rng.bool();
    }

    pub(crate) fn has_account(&self, username: &str) -> bool {
        self.fake.has_account(username)
    }

    pub(crate) fn answer(&mut self, conversation: &mut Conversation, text: &str) -> Vec<Frame> {
        if conversation.is_over {
            return Vec::new();
        }
        let packet = codec::decode_client_packet(text.as_bytes()).expect("a sound packet");
        let id = packet.id();
        assert!(id > conversation.last_id, "ids count up");
        conversation.last_id = id;
        if conversation.connection == 0 {
            self.last_connection += 1;
            conversation.connection = self.last_connection;
        }
        self.now_ms += 1;
        let mut told = Deliveries::new();
        if conversation.user.is_some() && self.rng.u8(..4) == 0 {
            told = self.say();
        }
        let answers = self.decide(conversation, packet);
        told.extend(answers.unwrap_or_else(|denial| {
            let denied = ServerPacket::deny(Some(id), denial);
            vec![(conversation.connection, denied)]
        }));
        told.retain(|(to, _)| *to == conversation.connection);
        let mut frames: Vec<_> = told.iter().map(|(_, packet)| Frame::of(packet)).collect();
        let (_, answer) = told.pop().expect("each packet is answered");
        if self.manners == Manners::Nonsense && !self.is_calm {
            self.garble(id, &answer, &mut frames);
        }
        frames
    }

    fn decide(
        &mut self,
        conversation: &mut Conversation,
        packet: ClientPacket,
    ) -> Result<Deliveries, Denial> {
        if conversation.is_restarting {
            return Err(DenyCode::Restarting.into());
        }
        self.be_difficult(conversation, &packet)?;
        let (said, is_logout) = match &packet {
            ClientPacket::Chat { text, .. } => (Some(text.as_str().to_owned()), false),
            ClientPacket::Logout { .. } => (None, true),
            ClientPacket::Resume { .. } if self.is_forgetful => {
                return Err(DenyCode::SessionExpired.into());
            }
            _ => (None, false),
        };
        let token = ResumeToken::from_bytes(&std::array::from_fn(|_| self.rng.u8(..)));
        let connection = conversation.connection;
        let told = self.fake.answer(connection, packet, token, self.now_ms);
        self.fake.take_ended();
        for (to, packet) in &told {
            match packet {
                ServerPacket::LoggedIn { username, .. } => {
                    conversation.user = Some(username.clone());
                    self.is_forgetful = false;
                }
                ServerPacket::Posted { .. } => {
                    self.accepted_lines.extend(said.clone());
                    self.once_accepted.extend(said.clone());
                }
                ServerPacket::Ok { .. } if is_logout && *to == connection => {
                    conversation.user = None;
                }
                _ => {}
            }
        }
        Ok(told)
    }

    /// Somebody says a line in the lobby.
    fn say(&mut self) -> Deliveries {
        self.fake.say("bob", "hi", "lobby", self.now_ms)
    }

    /// Busy, forgetful, broken: all within the rules.
    fn be_difficult(
        &mut self,
        conversation: &mut Conversation,
        packet: &ClientPacket,
    ) -> Result<(), Denial> {
        if self.is_calm || self.rng.u8(..10) > 0 {
            return Ok(());
        }
        let retry_after = Duration::from_millis(self.rng.u64(1..5_000));
        match packet {
            ClientPacket::Hello { .. } | ClientPacket::Ping { .. } => Ok(()),
            ClientPacket::Resume { .. } if self.rng.bool() => {
                self.is_forgetful = true;
                Ok(())
            }
            _ => match self.rng.u8(..13) {
                0..4 => Err(Denial::for_now(DenyCode::Busy, retry_after)),
                4..8 => Err(Denial::for_now(DenyCode::RateLimited, retry_after)),
                8..12 => Err(DenyCode::Unavailable.into()),
                _ => {
                    conversation.is_restarting = true;
                    Err(DenyCode::Restarting.into())
                }
            },
        }
    }

    /// Adds, doubles, reorders and withholds.
    fn garble(&mut self, id: RequestId, answer: &ServerPacket, frames: &mut Vec<Frame>) {
        let other_id = id.wrapping_sub(self.rng.u32(..20)).wrapping_add(5);
        let token = ResumeToken::from_bytes(&[self.rng.u8(..); 32]);
        let codes = DenyCode::ALL;
        let code = codes[self.rng.usize(..codes.len())];
        let extra = match self.rng.u8(..30) {
            0 => return frames.clear(),
            1 => Frame::Packet((0..self.rng.usize(..50)).map(|_| self.rng.u8(..)).collect()),
            2 => Frame::Packet(br#"{"type":"whisper","from":"eve"}"#.to_vec()),
            3 => Frame::Packet(vec![b' '; 70_000]),
            4 => Frame::of(answer),
            5 => Frame::of(&ServerPacket::Ok { id: other_id }),
            6 => Frame::of(&ServerPacket::deny(Some(other_id), code.into())),
            7 => Frame::of(&ServerPacket::deny(None, code.into())),
            8 => Frame::of(&hello(self.rng.u32(..3))),
            9 => Frame::of(&ServerPacket::LoggedIn {
                profile: longhall_packet::Profile::default(),
                profile_version: 0,
                id: if self.rng.bool() { id } else { other_id },
                username: "eve".to_owned(),
                resume_token: token,
                session: 1,
                guest: self.rng.bool(),
                epoch: self.rng.u64(..3).to_string(),
                channels: vec![channel("lobby"), channel("eves")],
                inbox: InboxState::default(),
                invitations: Vec::new(),
                server_role: ServerRole::Player,
                second_factor: true,
                recovery_codes_left: 3,
                last_login: None,
                deleted_at_ms: None,
                sanctions: Vec::new(),
            }),
            10 => Frame::of(&ServerPacket::Chat {
                channel: "lobby".to_owned(),
                line: line(self.rng.u64(..50), "bob", "hi"),
            }),
            12 => Frame::of(&ServerPacket::Gap {
                channel: "lobby".to_owned(),
                last_seq: self.rng.u64(..50),
            }),
            13 => Frame::of(&ServerPacket::Chat {
                channel: ["lobby", "@", "eves"][self.rng.usize(..3)].to_owned(),
                line: line(self.rng.u64(..50), "eve", "boo"),
            }),
            14 => Frame::of(&ServerPacket::History {
                id: if self.rng.bool() { id } else { other_id },
                channel: "lobby".to_owned(),
                first_seq: self.rng.u64(..50),
                last_seq: self.rng.u64(..50),
                lines: (0..self.rng.usize(..5))
                    .map(|_| line(self.rng.u64(..50), "eve", "boo"))
                    .collect(),
                more: self.rng.bool(),
            }),
            15 => Frame::of(&ServerPacket::Posted {
                id: if self.rng.bool() { id } else { other_id },
                channel: "lobby".to_owned(),
                seq: self.rng.u64(..50),
                sent_at_ms: 0,
            }),
            16 => Frame::of(&ServerPacket::Left {
                channel: "lobby".to_owned(),
                reason: LeaveReason::Removed,
                by: None,
            }),
            17 => Frame::of(&ServerPacket::Joined {
                id: self.rng.bool().then_some(other_id),
                channel: channel(["lobby", "eves"][self.rng.usize(..2)]),
            }),
            11 => Frame::End(Some(self.rng.u16(..))),
            _ => return,
        };
        let place = self.rng.usize(..=frames.len());
        frames.insert(place, extra);
    }
}
