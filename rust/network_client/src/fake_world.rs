//! What a fake server knows and decides: accounts, channels, lines. Knows no
//! engine, no clock and no network.

use std::collections::{BTreeMap, HashMap, HashSet};

use longhall_packet::limits::MAX_PAGE_LINES;
use longhall_packet::{
    Access, Change, ChannelState, ClientPacket, CloseReason, Conversation, Denial, DenyCode, INBOX,
    InboxState, Invitation, LeaveReason, Limits, Line, LineId, LineKind, ListedChannel,
    ListedSession, Member, PROTOCOL_VERSION, Presence, PresenceState, RequestId, ResumeToken, Role,
    Seq, ServerPacket, Stage, Target,
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

struct Session {
    id: u64,
    token: ResumeToken,
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
    pub(crate) fn add_account(&mut self, username: &str, password: &str) {
        let key = username.to_lowercase();
        if let Some(account) = self.accounts.get_mut(&key) {
            password.clone_into(&mut account.password);
            return;
        }
        self.accounts.insert(
            key,
            Account {
                username: username.to_owned(),
                password: password.to_owned(),
                sessions: Vec::new(),
                inbox: Vec::new(),
                blocked: HashSet::new(),
                invitations: Vec::new(),
                state: PresenceState::Online,
                text: String::new(),
            },
        );
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
                let found = sessions.find(|(_, session)| session.token == presented);
                let (key, session) = found.ok_or(Denial::new(DenyCode::SessionExpired))?;
                session.token = token;
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

    fn chat(
        &mut self,
        from: u64,
        key: &Key,
        id: RequestId,
        target: &Target,
        line_id: LineId,
        text: &str,
    ) -> Result<(), Denial> {
        let before = self.taken.get(&(key.clone(), line_id)).cloned();
        let (channel, seq, sent_at_ms) = match before {
            Some(before) => before,
            None => {
                let sender = self.account(key).username.clone();
                let (place, seq) = match target {
                    Target::Channel(channel) => {
                        self.need_member(key, channel.as_str())?;
                        let name = channel.as_str().to_owned();
                        let seq = self.append(&name, &sender, text, LineKind::Said, None);
                        (name, seq)
                    }
                    Target::Whispers(username) => {
                        let other = self.known(username.as_str(), key)?;
                        if self.account(&other).blocked.contains(key) {
                            return Err(DenyCode::Blocked.into());
                        }
                        (INBOX.to_owned(), self.whisper(&sender, &other, text))
                    }
                    Target::Inbox => return Err(DenyCode::UnknownUser.into()),
                };
                let taken = (place, seq, self.now_ms);
                self.taken.insert((key.clone(), line_id), taken.clone());
                taken
            }
        };
        let posted = ServerPacket::Posted {
            id,
            channel,
            seq,
            sent_at_ms,
        };
        self.out.push((from, posted));
        Ok(())
    }

    /// Writes a line into a channel and tells its members. Returns its number.
    fn append(
        &mut self,
        channel: &str,
        sender: &str,
        text: &str,
        kind: LineKind,
        of: Option<Seq>,
    ) -> Seq {
        let now_ms = self.now_ms;
        let lines = &mut self.rooms.entry(channel.to_owned()).or_default().lines;
        let line = line(lines, sender, None, text, now_ms, kind, of);
        lines.push(line.clone());
        let seq = line.seq;
        let sender = sender.to_lowercase();
        for (connection, visitor) in &self.online {
            if channel != LOBBY && !self.is_member(&visitor.key, channel) {
                continue;
            }
            let account = self.accounts.get(&visitor.key);
            let line = match account {
                Some(account) if account.blocked.contains(&sender) => hidden(&line),
                _ => line.clone(),
            };
            let packet = ServerPacket::Chat {
                channel: channel.to_owned(),
                line,
            };
            self.out.push((*connection, packet));
        }
        seq
    }

    /// Writes a whisper into both inboxes. Returns its number in the sender's.
    fn whisper(&mut self, sender: &str, recipient: &Key, text: &str) -> Seq {
        let sender_key = sender.to_lowercase();
        let Some(name) = self.accounts.get(recipient).map(|a| a.username.clone()) else {
            return 0;
        };
        let mut seq = 0;
        for key in [sender_key.clone(), recipient.clone()] {
            let now_ms = self.now_ms;
            let Some(account) = self.accounts.get_mut(&key) else {
                continue;
            };
            let recipient = Some(name.clone());
            let line = line(
                &account.inbox,
                sender,
                recipient,
                text,
                now_ms,
                LineKind::Said,
                None,
            );
            account.inbox.push(line.clone());
            if key == sender_key {
                seq = line.seq;
            }
            let packet = ServerPacket::Chat {
                channel: INBOX.to_owned(),
                line,
            };
            self.tell(&[key], &packet);
        }
        seq
    }

    /// Edits a line, or with `None` deletes it.
    fn change(
        &mut self,
        key: &Key,
        target: &Target,
        of: Seq,
        text: Option<&str>,
    ) -> Result<(), Denial> {
        let username = self.account(key).username.clone();
        let kind = match text {
            Some(_) => LineKind::Edit,
            None => LineKind::Deletion,
        };
        let now_ms = self.now_ms;
        if let Target::Channel(channel) = target {
            self.need_member(key, channel.as_str())?;
            let room = self.rooms.entry(channel.as_str().to_owned()).or_default();
            change_in(&mut room.lines, &username, of, text, now_ms)?;
            let text = text.unwrap_or_default();
            self.append(channel.as_str(), &username, text, kind, Some(of));
            return Ok(());
        }
        let changed = change_in(&mut self.account(key).inbox, &username, of, text, now_ms)?;
        let other = changed.recipient.clone().unwrap_or_default().to_lowercase();
        for reader in [key.clone(), other] {
            let Some(account) = self.accounts.get_mut(&reader) else {
                continue;
            };
            // The same whisper has another number in the other inbox.
            let same = |line: &&Line| {
                line.kind == LineKind::Said
                    && line.sent_at_ms == changed.sent_at_ms
                    && line.sender == username
                    && line.text == changed.text
            };
            let of = match reader == *key {
                true => Some(of),
                false => account.inbox.iter().find(same).map(|line| line.seq),
            };
            let Some(of) = of else { continue };
            if reader != *key {
                change_in(&mut account.inbox, &username, of, text, now_ms)?;
            }
            let entry = line(
                &account.inbox,
                &username,
                changed.recipient.clone(),
                text.unwrap_or_default(),
                now_ms,
                kind,
                Some(of),
            );
            account.inbox.push(entry.clone());
            let packet = ServerPacket::Chat {
                channel: INBOX.to_owned(),
                line: entry,
            };
            self.tell(&[reader], &packet);
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one packet")]
    fn history(
        &mut self,
        from: u64,
        key: &Key,
        id: RequestId,
        target: &Target,
        after: Option<Seq>,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<(), Denial> {
        let lines = match target {
            Target::Channel(channel) => {
                self.need_member(key, channel.as_str())?;
                let room = self.rooms.get(channel.as_str());
                room.map(|room| room.lines.clone()).unwrap_or_default()
            }
            Target::Whispers(_) | Target::Inbox => self.account(key).inbox.clone(),
        };
        let last_seq = lines.last().map_or(0, |line| line.seq);
        let blocked = &self.account(key).blocked;
        let limit = (limit as usize).clamp(1, PAGE_LINES.min(MAX_PAGE_LINES));
        let asked = lines.iter().filter(|line| match target {
            Target::Whispers(username) => is_between(line, username.as_str()),
            Target::Channel(_) | Target::Inbox => true,
        });
        let fits = |line: &&Line| {
            after.is_none_or(|after| line.seq > after)
                && before.is_none_or(|before| line.seq < before)
        };
        let found: Vec<Line> = asked
            .filter(fits)
            .map(|line| match blocked.contains(&line.sender.to_lowercase()) {
                true => hidden(line),
                false => line.clone(),
            })
            .collect();
        let more = found.len() > limit;
        let page = match after {
            Some(_) => &found[..found.len().min(limit)],
            None => &found[found.len().saturating_sub(limit)..],
        };
        let packet = ServerPacket::History {
            id,
            channel: target.to_string(),
            first_seq: 1,
            last_seq,
            lines: page.to_vec(),
            more,
        };
        self.out.push((from, packet));
        Ok(())
    }

    fn join(
        &mut self,
        from: u64,
        key: &Key,
        id: RequestId,
        name: &str,
        role: Role,
    ) -> Result<(), Denial> {
        if name != LOBBY && !self.is_member(key, name) {
            let room = self.rooms.entry(name.to_owned()).or_default();
            room.members.insert(key.clone(), role);
            self.account(key).invitations.retain(|i| i.channel != name);
            self.tell_presence(key, name, Change::Joined);
        }
        let state = self.state(key, name);
        let others = ServerPacket::Joined {
            id: None,
            channel: state.clone(),
        };
        self.tell_others_of(key, from, &others);
        let answer = ServerPacket::Joined {
            id: Some(id),
            channel: state,
        };
        self.out.push((from, answer));
        Ok(())
    }

    fn remove(
        &mut self,
        key: &Key,
        name: &str,
        reason: LeaveReason,
        by: Option<String>,
    ) -> Result<(), Denial> {
        if name == LOBBY {
            return Err(DenyCode::NotAllowed.into());
        }
        let Some(room) = self.rooms.get_mut(name) else {
            return Err(DenyCode::UnknownChannel.into());
        };
        let role = room.members.remove(key);
        let heir = room.members.keys().next().cloned();
        let left = ServerPacket::Left {
            channel: name.to_owned(),
            reason,
            by,
        };
        self.tell(std::slice::from_ref(key), &left);
        self.tell_presence(key, name, Change::Left);
        if role == Some(Role::Owner)
            && let Some(heir) = heir
        {
            self.set_role(&heir, name, Role::Owner, &heir);
        }
        Ok(())
    }

    fn set_role(&mut self, key: &Key, name: &str, role: Role, by: &Key) {
        if let Some(room) = self.rooms.get_mut(name) {
            room.members.insert(key.clone(), role);
        }
        let packet = ServerPacket::RoleChanged {
            channel: name.to_owned(),
            username: self.account(key).username.clone(),
            role,
            by: self.account(by).username.clone(),
        };
        self.tell(&self.keys_in(name), &packet);
    }

    fn tell_changed(&mut self, by: &Key, name: &str) {
        let by = self.account(by).username.clone();
        let Some(room) = self.rooms.get(name) else {
            return;
        };
        let packet = ServerPacket::ChannelChanged {
            channel: name.to_owned(),
            topic: room.topic.clone(),
            access: room.access.unwrap_or(Access::Open),
            by,
        };
        self.tell(&self.keys_in(name), &packet);
    }

    fn tell_presence(&mut self, key: &Key, name: &str, change: Change) {
        let member = self.member(name, key).or_else(|| {
            let account = self.accounts.get(key)?;
            Some(Member {
                username: account.username.clone(),
                role: Role::Member,
                state: PresenceState::Offline,
                text: String::new(),
            })
        });
        let Some(member) = member else { return };
        let keys = self.keys_in(name);
        let packet = ServerPacket::Presence {
            channel: name.to_owned(),
            members: count(keys.len()),
            online: count(keys.iter().filter(|key| self.is_online(key)).count()),
            changes: vec![Presence { change, member }],
            partial: false,
        };
        let others: Vec<_> = keys.into_iter().filter(|other| other != key).collect();
        self.tell(&others, &packet);
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
        self.add_if_missing(key);
        self.accounts.get_mut(key).expect("was just added")
    }

    fn add_if_missing(&mut self, key: &Key) {
        if !self.accounts.contains_key(key) {
            self.add_account(key, "");
        }
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

    fn role(&self, key: &Key, name: &str) -> Option<Role> {
        match name {
            LOBBY => Some(Role::Member),
            _ => self.rooms.get(name)?.members.get(key).copied(),
        }
    }

    fn is_member(&self, key: &Key, name: &str) -> bool {
        self.role(key, name).is_some()
    }

    fn need_member(&self, key: &Key, name: &str) -> Result<(), Denial> {
        match self.is_member(key, name) {
            true => Ok(()),
            false if name != LOBBY && !self.rooms.contains_key(name) => {
                Err(DenyCode::UnknownChannel.into())
            }
            false => Err(DenyCode::NotAMember.into()),
        }
    }

    fn need_role(&self, key: &Key, name: &str, least: Role) -> Result<(), Denial> {
        self.need_member(key, name)?;
        let rank = |role| Role::ALL.iter().position(|other| *other == role);
        match self.role(key, name).and_then(rank) >= rank(least) {
            true => Ok(()),
            false => Err(DenyCode::NotAllowed.into()),
        }
    }

    fn channels_of(&self, key: &Key) -> Vec<String> {
        let rooms = self.rooms.keys().filter(|name| *name != LOBBY);
        let joined = rooms.filter(|name| self.is_member(key, name)).cloned();
        std::iter::once(LOBBY.to_owned()).chain(joined).collect()
    }

    fn keys_in(&self, name: &str) -> Vec<Key> {
        match name {
            LOBBY => {
                let keys: HashSet<_> = self.online.values().map(|v| v.key.clone()).collect();
                let mut keys: Vec<_> = keys.into_iter().collect();
                keys.sort();
                keys
            }
            _ => {
                let room = self.rooms.get(name);
                room.map(|room| room.members.keys().cloned().collect())
                    .unwrap_or_default()
            }
        }
    }

    fn member(&self, name: &str, key: &Key) -> Option<Member> {
        let account = self.accounts.get(key)?;
        let is_online = self.is_online(key);
        Some(Member {
            username: account.username.clone(),
            role: self.role(key, name)?,
            state: match is_online {
                true => account.state,
                false => PresenceState::Offline,
            },
            text: account.text.clone(),
        })
    }

    fn listed(&self, name: &str) -> ListedChannel {
        let room = self.rooms.get(name);
        ListedChannel {
            channel: name.to_owned(),
            topic: room.map(|room| room.topic.clone()).unwrap_or_default(),
            access: room.and_then(|room| room.access).unwrap_or(Access::Open),
            members: count(self.keys_in(name).len()),
        }
    }

    fn state(&self, key: &Key, name: &str) -> ChannelState {
        let listed = self.listed(name);
        let keys = self.keys_in(name);
        let room = self.rooms.get(name);
        ChannelState {
            channel: listed.channel,
            topic: listed.topic,
            access: listed.access,
            role: self.role(key, name).unwrap_or(Role::Member),
            first_seq: 1,
            last_seq: room.map_or(0, |room| count(room.lines.len()).into()),
            read_seq: self.read_seq(key, name),
            unread: self.unread(key, name),
            members: listed.members,
            online: count(keys.iter().filter(|key| self.is_online(key)).count()),
        }
    }

    fn read_seq(&self, key: &Key, place: &str) -> Seq {
        let marker = self.read.get(&(key.clone(), place.to_owned()));
        marker.copied().unwrap_or_default()
    }

    fn unread(&self, key: &Key, place: &str) -> u32 {
        let Some(account) = self.accounts.get(key) else {
            return 0;
        };
        let read = self.read_seq(key, place);
        let is_new = |line: &&Line| {
            line.seq > read && line.kind == LineKind::Said && line.sender != account.username
        };
        match place.strip_prefix(INBOX) {
            Some(other) => {
                let whispers = account.inbox.iter().filter(|line| is_between(line, other));
                count(whispers.filter(is_new).count())
            }
            None => {
                let lines = self.rooms.get(place).map(|room| room.lines.iter());
                count(lines.map_or(0, |lines| lines.filter(is_new).count()))
            }
        }
    }

    fn inbox_state(&self, key: &Key) -> InboxState {
        let Some(account) = self.accounts.get(key) else {
            return InboxState::default();
        };
        let mut conversations: Vec<Conversation> = Vec::new();
        for line in account.inbox.iter().rev() {
            let recipient = line.recipient.clone().unwrap_or_default();
            let other = match line.sender == account.username {
                true => recipient,
                false => line.sender.clone(),
            };
            if conversations.iter().all(|found| found.username != other) {
                let place = format!("{INBOX}{}", other.to_lowercase());
                conversations.push(Conversation {
                    last_seq: line.seq,
                    read_seq: self.read_seq(key, &place),
                    unread: self.unread(key, &place),
                    username: other,
                });
            }
        }
        InboxState {
            first_seq: 1,
            last_seq: count(account.inbox.len()).into(),
            conversations,
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Whether a whisper was exchanged with this player.
fn is_between(line: &Line, username: &str) -> bool {
    let is = |name: &str| name.to_lowercase() == username.to_lowercase();
    is(&line.sender) || line.recipient.as_deref().is_some_and(is)
}

fn line(
    lines: &[Line],
    sender: &str,
    recipient: Option<String>,
    text: &str,
    sent_at_ms: u64,
    kind: LineKind,
    of: Option<Seq>,
) -> Line {
    Line {
        seq: lines.last().map_or(0, |line| line.seq) + 1,
        sender: sender.to_owned(),
        recipient,
        text: text.to_owned(),
        sent_at_ms,
        kind,
        edited_at_ms: None,
        of,
    }
}

fn hidden(line: &Line) -> Line {
    Line {
        sender: String::new(),
        recipient: None,
        text: String::new(),
        kind: LineKind::Hidden,
        edited_at_ms: None,
        of: None,
        ..line.clone()
    }
}

/// Changes a line in place, and returns it as it was.
fn change_in(
    lines: &mut [Line],
    sender: &str,
    of: Seq,
    text: Option<&str>,
    now_ms: u64,
) -> Result<Line, Denial> {
    let own =
        |line: &&mut Line| line.seq == of && line.kind == LineKind::Said && line.sender == sender;
    let line = lines.iter_mut().find(own);
    let line = line.ok_or(Denial::new(DenyCode::UnknownLine))?;
    let before = line.clone();
    match text {
        Some(text) => {
            text.clone_into(&mut line.text);
            line.edited_at_ms = Some(now_ms);
        }
        None => {
            line.text.clear();
            line.kind = LineKind::Deleted;
        }
    }
    Ok(before)
}
