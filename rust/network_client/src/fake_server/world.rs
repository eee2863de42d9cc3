//! What a fake server knows and decides: accounts, channels, lines. Knows no
//! engine, no clock and no network.

mod channels;
mod lines;

use std::collections::{BTreeMap, HashMap, HashSet};

use longhall_packet::{
    Access, Change, ClientPacket, CloseReason, Denial, DenyCode, INBOX, Invitation, LeaveReason,
    Limits, Line, LineId, LineKind, ListedSession, PROTOCOL_VERSION, PresenceState, RequestId,
    ResumeToken, Role, Seq, ServerPacket, Stage,
};

/// The channel everybody is in.
pub(crate) const LOBBY: &str = "lobby";

/// Pages of a fake server are small, so that a test with a hundred lines turns
/// some over.
const PAGE_LINES: usize = 50;

/// Who hears what: connections by their numbers.
pub(crate) type Deliveries = Vec<(u64, ServerPacket)>;

/// Names an account: its name in lower case.
type Key = String;

/// All that is the same for everybody.
#[derive(Default)]
pub(crate) struct World {
    /// Names this world, so that nobody takes its numbers for another's.
    epoch: String,
    accounts: BTreeMap<Key, Account>,
    rooms: BTreeMap<String, Room>,
    online: BTreeMap<u64, Visitor>,
    taken: HashMap<(Key, LineId), (String, Seq, u64)>,
    read: HashMap<(Key, String), Seq>,
    last_session: u64,
    now_ms: u64,
    out: Deliveries,
    /// Connections whose session has ended or gone elsewhere.
    ended: Vec<(u64, CloseReason)>,
}

struct Account {
    username: String,
    password: String,
    sessions: Vec<Session>,
    inbox: Vec<Line>,
    blocked: HashSet<Key>,
    invitations: Vec<Invitation>,
    state: PresenceState,
    text: String,
}

impl Account {
    fn new(username: &str, password: &str) -> Self {
        Self {
            username: username.to_owned(),
            password: password.to_owned(),
            sessions: Vec::new(),
            inbox: Vec::new(),
            blocked: HashSet::new(),
            invitations: Vec::new(),
            state: PresenceState::Online,
            text: String::new(),
        }
    }
}

struct Session {
    id: u64,
    token: ResumeToken,
    /// Good until its successor is used: the answer that brought that may have been lost.
    previous: Option<ResumeToken>,
    device: String,
    created_at_ms: u64,
}

#[derive(Default)]
struct Room {
    topic: String,
    access: Option<Access>,
    password: Option<String>,
    /// Empty for the lobby: everybody who is online is in it.
    members: BTreeMap<Key, Role>,
    lines: Vec<Line>,
}

#[derive(Clone)]
struct Visitor {
    key: Key,
    session: u64,
}

impl World {
    pub(crate) fn new(epoch: String) -> Self {
        Self {
            epoch,
            ..Self::default()
        }
    }

    /// Begins anew with nobody online.
    pub(crate) fn wipe(&mut self, keeps_accounts: bool, epoch: String) {
        let mut accounts = std::mem::take(&mut self.accounts);
        accounts.retain(|_, _| keeps_accounts);
        for account in accounts.values_mut() {
            account.inbox.clear();
            account.invitations.clear();
        }
        *self = Self {
            epoch,
            accounts,
            last_session: self.last_session,
            ..Self::default()
        };
    }

    pub(crate) fn add_account(&mut self, username: &str, password: &str) {
        let key = username.to_lowercase();
        if let Some(account) = self.accounts.get_mut(&key) {
            password.clone_into(&mut account.password);
            return;
        }
        self.accounts.insert(key, Account::new(username, password));
    }

    /// Somebody who need not have an account says a line in a channel, or
    /// behind an `@` to a player.
    pub(crate) fn say(
        &mut self,
        sender: &str,
        text: &str,
        channel: &str,
        now_ms: u64,
    ) -> Deliveries {
        self.now_ms = now_ms;
        match channel.strip_prefix(INBOX) {
            Some(recipient) => {
                self.whisper(sender, &recipient.to_lowercase(), text);
            }
            None => {
                self.append(channel, sender, text, LineKind::Said, None);
            }
        }
        std::mem::take(&mut self.out)
    }

    /// A connection ended. Everybody is told at once: tests do not wait.
    pub(crate) fn hang_up(&mut self, connection: u64) -> Deliveries {
        self.leave_world(connection);
        std::mem::take(&mut self.out)
    }

    /// Answers one packet.
    pub(crate) fn answer(
        &mut self,
        from: u64,
        packet: ClientPacket,
        token: ResumeToken,
        now_ms: u64,
    ) -> Deliveries {
        self.now_ms = now_ms;
        let id = packet.id();
        if let Err(denial) = self.decide(from, packet, token) {
            self.out.push((from, ServerPacket::deny(Some(id), denial)));
        }
        std::mem::take(&mut self.out)
    }

    /// Connections to close once what is delivered has arrived.
    pub(crate) fn take_ended(&mut self) -> Vec<(u64, CloseReason)> {
        std::mem::take(&mut self.ended)
    }

    pub(crate) fn hello(message_of_the_day: &str) -> ServerPacket {
        ServerPacket::Hello {
            protocol: PROTOCOL_VERSION,
            server: "fake".to_owned(),
            message_of_the_day: message_of_the_day.to_owned(),
            limits: Limits::default(),
        }
    }

    fn decide(
        &mut self,
        from: u64,
        packet: ClientPacket,
        token: ResumeToken,
    ) -> Result<(), Denial> {
        let visitor = self.online.get(&from).cloned();
        let stage = visitor
            .as_ref()
            .map_or(Stage::LoggedOut, |_| Stage::LoggedIn);
        packet.check_stage(stage)?;
        let Some(Visitor { key, session }) = visitor else {
            return self.decide_for_stranger(from, packet, token);
        };
        let id = packet.id();
        match packet {
            // Checked above.
            ClientPacket::Register { .. }
            | ClientPacket::Login { .. }
            | ClientPacket::Resume { .. } => return Err(DenyCode::AlreadyLoggedIn.into()),
            ClientPacket::Hello { .. } | ClientPacket::Ping { .. } => {}
            ClientPacket::Logout { .. } => {
                self.account(&key).sessions.retain(|s| s.id != session);
                self.leave_world(from);
            }
            ClientPacket::ChangePassword {
                password,
                new_password,
                ..
            } => {
                let account = self.account(&key);
                if account.password != password.expose() {
                    return Err(DenyCode::BadCredentials.into());
                }
                new_password.expose().clone_into(&mut account.password);
                account.sessions.retain(|s| s.id == session);
                self.end_lost_sessions(&key);
            }
            ClientPacket::Sessions { .. } => {
                let online: HashSet<u64> = self.online.values().map(|v| v.session).collect();
                let now = self.now_ms;
                let list = self.account(&key).sessions.iter().rev();
                let sessions = list
                    .map(|s| ListedSession {
                        session: s.id,
                        device: s.device.clone(),
                        created_at_ms: s.created_at_ms,
                        last_seen_at_ms: now,
                        online: online.contains(&s.id),
                        current: s.id == session,
                    })
                    .collect();
                self.out
                    .push((from, ServerPacket::Sessions { id, sessions }));
                return Ok(());
            }
            ClientPacket::CloseSession { session: other, .. } => {
                let sessions = &mut self.account(&key).sessions;
                let before = sessions.len();
                sessions.retain(|s| match other {
                    Some(other) => s.id != other,
                    None => s.id == session,
                });
                if other.is_some() && sessions.len() == before {
                    return Err(DenyCode::UnknownSession.into());
                }
                self.end_lost_sessions(&key);
            }
            ClientPacket::Chat {
                channel,
                line_id,
                text,
                ..
            } => return self.chat(from, &key, id, &channel, line_id, text.as_str()),
            ClientPacket::Edit {
                channel, seq, text, ..
            } => self.change(&key, &channel, seq, Some(text.as_str()))?,
            ClientPacket::Delete { channel, seq, .. } => self.change(&key, &channel, seq, None)?,
            ClientPacket::History {
                channel,
                after,
                before,
                limit,
                ..
            } => return self.history(from, &key, id, &channel, after, before, limit),
            ClientPacket::Read { channel, seq, .. } => {
                let place = channel.to_string().to_lowercase();
                let marker = self.read.entry((key.clone(), place.clone())).or_default();
                *marker = seq.max(*marker);
                let seq = *marker;
                let unread = self.unread(&key, &place);
                let packet = ServerPacket::Read {
                    channel: place,
                    seq,
                    unread,
                };
                self.tell_others_of(&key, from, &packet);
            }
            ClientPacket::Create {
                channel,
                topic,
                access,
                channel_password,
                ..
            } => {
                let name = channel.as_str().to_owned();
                if name == LOBBY || self.rooms.contains_key(&name) {
                    return Err(DenyCode::ChannelTaken.into());
                }
                let room = Room {
                    topic: topic.as_str().to_owned(),
                    access: Some(access),
                    password: channel_password.map(|p| p.expose().to_owned()),
                    ..Room::default()
                };
                self.rooms.insert(name.clone(), room);
                return self.join(from, &key, id, &name, Role::Owner);
            }
            ClientPacket::Join {
                channel,
                channel_password,
                ..
            } => {
                let name = channel.as_str();
                if name != LOBBY && !self.is_member(&key, name) {
                    let Some(room) = self.rooms.get(name) else {
                        return Err(DenyCode::UnknownChannel.into());
                    };
                    let given = channel_password.as_ref().map(|p| p.expose());
                    let is_right = given.is_some() && given == room.password.as_deref();
                    let (access, account) = (room.access, self.account(&key));
                    let is_invited = account.invitations.iter().any(|i| i.channel == name);
                    match access {
                        Some(Access::Invite) if !is_invited => {
                            return Err(DenyCode::InviteOnly.into());
                        }
                        Some(Access::Password) if !is_invited && !is_right => {
                            return Err(DenyCode::WrongChannelPassword.into());
                        }
                        _ => {}
                    }
                }
                return self.join(from, &key, id, name, Role::Member);
            }
            ClientPacket::Leave { channel, .. } => {
                self.need_member(&key, channel.as_str())?;
                self.remove(&key, channel.as_str(), LeaveReason::Left, None)?;
            }
            ClientPacket::Channels { .. } => {
                let mut channels = vec![self.listed(LOBBY)];
                let others = self.rooms.iter().filter(|(name, room)| {
                    *name != LOBBY
                        && (room.access != Some(Access::Invite) || room.members.contains_key(&key))
                });
                channels.extend(others.map(|(name, _)| self.listed(name)));
                let packet = ServerPacket::Channels {
                    id,
                    channels,
                    more: false,
                };
                self.out.push((from, packet));
                return Ok(());
            }
            ClientPacket::Members { channel, .. } => {
                self.need_member(&key, channel.as_str())?;
                let keys = self.keys_in(channel.as_str());
                let members = keys.iter().filter_map(|k| self.member(channel.as_str(), k));
                let packet = ServerPacket::Members {
                    id,
                    channel: channel.as_str().to_owned(),
                    members: members.collect(),
                    more: false,
                };
                self.out.push((from, packet));
                return Ok(());
            }
            ClientPacket::SetTopic { channel, topic, .. } => {
                self.need_role(&key, channel.as_str(), Role::Operator)?;
                let room = self.rooms.entry(channel.as_str().to_owned()).or_default();
                topic.as_str().clone_into(&mut room.topic);
                self.tell_changed(&key, channel.as_str());
            }
            ClientPacket::SetAccess {
                channel,
                access,
                channel_password,
                ..
            } => {
                self.need_role(&key, channel.as_str(), Role::Owner)?;
                let room = self.rooms.entry(channel.as_str().to_owned()).or_default();
                room.access = Some(access);
                room.password = channel_password.map(|p| p.expose().to_owned());
                self.tell_changed(&key, channel.as_str());
            }
            ClientPacket::SetRole {
                channel,
                username,
                role,
                ..
            } => {
                self.need_role(&key, channel.as_str(), Role::Owner)?;
                let other = username.as_str().to_lowercase();
                self.need_member(&other, channel.as_str())?;
                if role == Role::Owner {
                    self.set_role(&key, channel.as_str(), Role::Operator, &key);
                }
                self.set_role(&other, channel.as_str(), role, &key);
            }
            ClientPacket::Invite {
                channel, username, ..
            } => {
                self.need_member(&key, channel.as_str())?;
                let other = self.known(username.as_str(), &key)?;
                let by = self.account(&key).username.clone();
                let invited = self.account(&other);
                if !invited.blocked.contains(&key) {
                    let channel = channel.as_str().to_owned();
                    invited.invitations.retain(|i| i.channel != channel);
                    invited.invitations.push(Invitation {
                        channel: channel.clone(),
                        by: by.clone(),
                    });
                    self.tell(&[other], &ServerPacket::Invited { channel, by });
                }
            }
            ClientPacket::Remove {
                channel, username, ..
            } => {
                self.need_role(&key, channel.as_str(), Role::Operator)?;
                let other = username.as_str().to_lowercase();
                self.need_member(&other, channel.as_str())?;
                if self.role(&other, channel.as_str()) == Some(Role::Owner) {
                    return Err(DenyCode::NotAllowed.into());
                }
                let by = self.account(&key).username.clone();
                self.remove(&other, channel.as_str(), LeaveReason::Removed, Some(by))?;
            }
            ClientPacket::SetPresence { state, text, .. } => {
                let account = self.account(&key);
                account.state = state;
                text.as_str().clone_into(&mut account.text);
                for channel in self.channels_of(&key) {
                    self.tell_presence(&key, &channel, Change::State);
                }
            }
            ClientPacket::Block { username, .. } => {
                let other = self.known(username.as_str(), &key)?;
                self.account(&key).blocked.insert(other);
            }
            ClientPacket::Unblock { username, .. } => {
                let other = username.as_str().to_lowercase();
                self.account(&key).blocked.remove(&other);
            }
            ClientPacket::Blocks { .. } => {
                let mut blocked: Vec<_> = self.account(&key).blocked.iter().cloned().collect();
                blocked.sort();
                let usernames = blocked
                    .iter()
                    .filter_map(|k| self.accounts.get(k))
                    .map(|account| account.username.clone())
                    .collect();
                self.out
                    .push((from, ServerPacket::Blocks { id, usernames }));
                return Ok(());
            }
        }
        self.out.push((from, ServerPacket::Ok { id }));
        Ok(())
    }

    fn decide_for_stranger(
        &mut self,
        from: u64,
        packet: ClientPacket,
        token: ResumeToken,
    ) -> Result<(), Denial> {
        let id = packet.id();
        match packet {
            ClientPacket::Hello { .. } | ClientPacket::Ping { .. } => {}
            ClientPacket::Register {
                username, password, ..
            } => {
                if self
                    .accounts
                    .contains_key(&username.as_str().to_lowercase())
                {
                    return Err(DenyCode::UsernameTaken.into());
                }
                self.add_account(username.as_str(), password.expose());
            }
            ClientPacket::Login {
                username,
                password,
                device,
                ..
            } => {
                let key = username.as_str().to_lowercase();
                let account = self.accounts.get(&key);
                if account.is_none_or(|account| account.password != password.expose()) {
                    return Err(DenyCode::BadCredentials.into());
                }
                self.last_session += 1;
                let session = Session {
                    id: self.last_session,
                    token,
                    previous: None,
                    device,
                    created_at_ms: self.now_ms,
                };
                let number = session.id;
                self.account(&key).sessions.push(session);
                self.enter(from, id, &key, number);
                return Ok(());
            }
            ClientPacket::Resume {
                token: presented, ..
            } => {
                let mut sessions = self.accounts.iter_mut().flat_map(|(key, account)| {
                    let sessions = account.sessions.iter_mut();
                    sessions.map(move |session| (key.clone(), session))
                });
                let found = sessions.find(|(_, session)| {
                    session.token == presented || session.previous.as_ref() == Some(&presented)
                });
                let (key, session) = found.ok_or(Denial::new(DenyCode::SessionExpired))?;
                session.token = token;
                session.previous = Some(presented);
                let number = session.id;
                self.enter(from, id, &key, number);
                return Ok(());
            }
            // All others are for those who are logged in.
            _ => return Err(DenyCode::NotLoggedIn.into()),
        }
        self.out.push((from, ServerPacket::Ok { id }));
        Ok(())
    }

    fn enter(&mut self, from: u64, id: RequestId, key: &Key, session: u64) {
        let was_online = self.is_online(key);
        let same = self.online.iter().filter(|(_, v)| v.session == session);
        let same: Vec<u64> = same.map(|(connection, _)| *connection).collect();
        for connection in same {
            self.online.remove(&connection);
            self.ended
                .push((connection, CloseReason::LoggedInElsewhere));
        }
        let visitor = Visitor {
            key: key.clone(),
            session,
        };
        self.online.insert(from, visitor);
        let names = self.channels_of(key);
        let channels = names.iter().map(|name| self.state(key, name)).collect();
        let inbox = self.inbox_state(key);
        let epoch = self.epoch.clone();
        let account = self.account(key);
        let token = account.sessions.iter().find(|s| s.id == session);
        let Some(resume_token) = token.map(|s| s.token.clone()) else {
            return;
        };
        let packet = ServerPacket::LoggedIn {
            id,
            username: account.username.clone(),
            resume_token,
            session,
            epoch,
            channels,
            inbox,
            invitations: account.invitations.clone(),
        };
        self.out.push((from, packet));
        if !was_online {
            for channel in names {
                let change = match &*channel {
                    LOBBY => Change::Joined,
                    _ => Change::State,
                };
                self.tell_presence(key, &channel, change);
            }
        }
    }

    /// Closes the connections of sessions that are no more.
    fn end_lost_sessions(&mut self, key: &Key) {
        let sessions: HashSet<u64> = self.account(key).sessions.iter().map(|s| s.id).collect();
        let lost = self
            .online
            .iter()
            .filter(|(_, visitor)| visitor.key == *key && !sessions.contains(&visitor.session));
        let lost: Vec<u64> = lost.map(|(connection, _)| *connection).collect();
        for connection in lost {
            self.online.remove(&connection);
            self.ended.push((connection, CloseReason::SessionEnded));
        }
    }

    fn leave_world(&mut self, connection: u64) {
        let Some(Visitor { key, .. }) = self.online.remove(&connection) else {
            return;
        };
        if !self.is_online(&key) {
            self.account(&key).state = PresenceState::Online;
            for channel in self.channels_of(&key) {
                let change = match &*channel {
                    LOBBY => Change::Left,
                    _ => Change::State,
                };
                self.tell_presence(&key, &channel, change);
            }
        }
    }

    fn tell(&mut self, keys: &[Key], packet: &ServerPacket) {
        for (connection, visitor) in &self.online {
            if keys.contains(&visitor.key) {
                self.out.push((*connection, packet.clone()));
            }
        }
    }

    fn tell_others_of(&mut self, key: &Key, from: u64, packet: &ServerPacket) {
        for (connection, visitor) in &self.online {
            if visitor.key == *key && *connection != from {
                self.out.push((*connection, packet.clone()));
            }
        }
    }

    fn account(&mut self, key: &Key) -> &mut Account {
        // Whoever is online has one; nobody else gets here.
        let key = key.clone();
        let missing = key.clone();
        self.accounts
            .entry(key)
            .or_insert_with(|| Account::new(&missing, ""))
    }

    fn known(&self, username: &str, me: &Key) -> Result<Key, Denial> {
        let key = username.to_lowercase();
        if key == *me {
            return Err(DenyCode::NotYourself.into());
        }
        match self.accounts.contains_key(&key) {
            true => Ok(key),
            false => Err(DenyCode::UnknownUser.into()),
        }
    }

    fn is_online(&self, key: &Key) -> bool {
        self.online.values().any(|visitor| visitor.key == *key)
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
