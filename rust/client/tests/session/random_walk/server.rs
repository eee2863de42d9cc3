//! A server in a few lines: accounts, tokens, answers in order.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use fastrand::Rng;
use longhall_packet::{
    ClientPacket, Denial, DenyCode, InboxState, LeaveReason, Line, LineId, RequestId, ResumeToken,
    Seq, ServerPacket, Stage, codec,
};

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
    passwords: HashMap<String, String>,
    /// The account's current token and the one before, still good until the
    /// current one is used: its answer may have been lost.
    tokens: HashMap<String, (ResumeToken, Option<ResumeToken>)>,
    pub(crate) accepted_lines: HashSet<String>,
    /// Also by a store that is no longer there.
    pub(crate) once_accepted: HashSet<String>,
    epoch: u64,
    lobby: Vec<Line>,
    line_ids: HashMap<LineId, Seq>,
    pub(crate) is_calm: bool,
}

/// One connection, as the server sees it.
#[derive(Default)]
pub(crate) struct Conversation {
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
        Self {
            manners,
            rng,
            passwords: HashMap::from([("ada".to_owned(), PASSWORD.to_owned())]),
            tokens: HashMap::new(),
            accepted_lines: HashSet::new(),
            once_accepted: HashSet::new(),
            epoch: 1,
            lobby: Vec::new(),
            line_ids: HashMap::new(),
            is_calm: false,
        }
    }

    /// Another database: fresh, but for the accounts, and maybe their sessions.
    pub(crate) fn swap_store(&mut self) {
        self.epoch += 1;
        self.lobby.clear();
        self.line_ids.clear();
        self.accepted_lines.clear();
        if self.rng.bool() {
            self.tokens.clear();
        }
    }

    pub(crate) fn has_account(&self, username: &str) -> bool {
        self.passwords.contains_key(username)
    }

    pub(crate) fn answer(&mut self, conversation: &mut Conversation, text: &str) -> Vec<Frame> {
        if conversation.is_over {
            return Vec::new();
        }
        let packet = codec::decode_client_packet(text.as_bytes()).expect("a sound packet");
        let id = packet.id();
        assert!(id > conversation.last_id, "ids count up");
        conversation.last_id = id;
        let answer = self
            .decide(conversation, packet)
            .unwrap_or_else(|denial| ServerPacket::deny(Some(id), denial));
        let mut frames = vec![Frame::of(&answer)];
        if conversation.user.is_some() && self.rng.u8(..4) == 0 {
            let chat = self.chat();
            frames.insert(0, chat);
        }
        if self.manners == Manners::Nonsense && !self.is_calm {
            self.garble(id, &answer, &mut frames);
        }
        frames
    }

    fn decide(
        &mut self,
        conversation: &mut Conversation,
        packet: ClientPacket,
    ) -> Result<ServerPacket, Denial> {
        let stage = match conversation.user {
            Some(_) => Stage::LoggedIn,
            None => Stage::LoggedOut,
        };
        packet.check_stage(stage)?;
        if conversation.is_restarting {
            return Err(DenyCode::Restarting.into());
        }
        self.be_difficult(conversation, &packet)?;
        let ok = ServerPacket::Ok { id: packet.id() };
        match packet {
            ClientPacket::Hello { .. } | ClientPacket::Ping { .. } => {}
            ClientPacket::Register {
                username, password, ..
            } => {
                let name = username.as_str().to_lowercase();
                if self.passwords.contains_key(&name) {
                    return Err(DenyCode::UsernameTaken.into());
                }
                self.passwords.insert(name, password.expose().to_owned());
            }
            ClientPacket::Login {
                id,
                username,
                password,
                ..
            } => {
                let name = username.as_str().to_lowercase();
                if self.passwords.get(&name).map(String::as_str) != Some(password.expose()) {
                    return Err(DenyCode::BadCredentials.into());
                }
                return Ok(self.enter(conversation, id, name, None));
            }
            ClientPacket::Resume { id, token } => {
                let owner = self.tokens.iter().find_map(|(name, (current, before))| {
                    let fits = token == *current || Some(&token) == before.as_ref();
                    fits.then(|| name.clone())
                });
                let name = owner.ok_or(Denial::new(DenyCode::SessionExpired))?;
                return Ok(self.enter(conversation, id, name, Some(token)));
            }
            ClientPacket::Logout { .. } => {
                if let Some(name) = conversation.user.take() {
                    self.tokens.remove(&name);
                }
            }
            ClientPacket::Chat {
                id, line_id, text, ..
            } => {
                self.accepted_lines.insert(text.as_str().to_owned());
                self.once_accepted.insert(text.as_str().to_owned());
                let seq = match self.line_ids.get(&line_id) {
                    Some(seq) => *seq,
                    None => self.append("ada", text.as_str()).seq,
                };
                self.line_ids.insert(line_id, seq);
                return Ok(ServerPacket::Posted {
                    id,
                    channel: "lobby".to_owned(),
                    seq,
                    sent_at_ms: 0,
                });
            }
            ClientPacket::History {
                id,
                channel,
                after,
                before,
                limit,
            } => {
                let limit = limit as usize;
                let after = after.unwrap_or(0);
                let before = before.unwrap_or(u64::MAX);
                let fits = |line: &&Line| line.seq > after && line.seq < before;
                let fitting = self.lobby.iter().filter(fits).cloned();
                let mut lines: Vec<Line> = fitting.collect();
                let more = lines.len() > limit;
                if after > 0 {
                    lines.truncate(limit);
                } else {
                    lines.drain(..lines.len().saturating_sub(limit));
                }
                return Ok(ServerPacket::History {
                    id,
                    channel: channel.to_string(),
                    first_seq: 1,
                    last_seq: self.lobby.len() as u64,
                    lines,
                    more,
                });
            }
            ClientPacket::Blocks { id } => {
                return Ok(ServerPacket::Blocks {
                    id,
                    usernames: Vec::new(),
                });
            }
            ClientPacket::Channels { id, .. } => {
                return Ok(ServerPacket::Channels {
                    id,
                    channels: Vec::new(),
                    more: false,
                });
            }
            ClientPacket::Members { id, channel, .. } => {
                return Ok(ServerPacket::Members {
                    id,
                    channel: channel.to_string(),
                    members: Vec::new(),
                    more: false,
                });
            }
            ClientPacket::Sessions { id } => {
                return Ok(ServerPacket::Sessions {
                    id,
                    sessions: Vec::new(),
                });
            }
            ClientPacket::Join {
                id, channel: name, ..
            }
            | ClientPacket::Create {
                id, channel: name, ..
            } => {
                return Ok(ServerPacket::Joined {
                    id: Some(id),
                    channel: channel(name.as_str()),
                });
            }
            ClientPacket::Edit { .. }
            | ClientPacket::Delete { .. }
            | ClientPacket::Read { .. }
            | ClientPacket::Leave { .. }
            | ClientPacket::SetTopic { .. }
            | ClientPacket::SetAccess { .. }
            | ClientPacket::SetRole { .. }
            | ClientPacket::Invite { .. }
            | ClientPacket::Remove { .. }
            | ClientPacket::SetPresence { .. }
            | ClientPacket::Block { .. }
            | ClientPacket::Unblock { .. }
            | ClientPacket::ChangePassword { .. }
            | ClientPacket::CloseSession { .. } => {}
        }
        Ok(ok)
    }

    fn enter(
        &mut self,
        conversation: &mut Conversation,
        id: RequestId,
        name: String,
        used: Option<ResumeToken>,
    ) -> ServerPacket {
        let token = ResumeToken::from_bytes(&std::array::from_fn(|_| self.rng.u8(..)));
        self.tokens.insert(name.clone(), (token.clone(), used));
        conversation.user = Some(name.clone());
        let mut lobby = channel("lobby");
        lobby.last_seq = self.lobby.len() as u64;
        ServerPacket::LoggedIn {
            id,
            username: name,
            resume_token: token,
            session: 1,
            epoch: self.epoch.to_string(),
            channels: vec![lobby],
            inbox: InboxState::default(),
            invitations: Vec::new(),
        }
    }

    /// Somebody says a line in the lobby.
    fn append(&mut self, sender: &str, text: &str) -> Line {
        let line = line(self.lobby.len() as u64 + 1, sender, text);
        self.lobby.push(line.clone());
        line
    }

    fn chat(&mut self) -> Frame {
        let line = self.append("bob", "hi");
        Frame::of(&ServerPacket::Chat {
            channel: "lobby".to_owned(),
            line,
        })
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
                self.tokens.clear();
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
                id: if self.rng.bool() { id } else { other_id },
                username: "eve".to_owned(),
                resume_token: token,
                session: 1,
                epoch: self.rng.u64(..3).to_string(),
                channels: vec![channel("lobby"), channel("eves")],
                inbox: InboxState::default(),
                invitations: Vec::new(),
            }),
            10 => self.chat(),
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
