//! A server without a network, an engine or a disk: packets of its clients come in,
//! and what each client is to hear goes out. For tests of games and of clients.
//!
//! The rules are [`World`]'s and those of [`rules`], as a real server's are, and it
//! answers as a real server does: the server's tests hold the same conversations with
//! both and compare every packet. What it does otherwise:
//!
//! - it tells at once who came and went, and knows no grace after a cut: tests do not
//!   wait;
//! - nobody is too fast but in slow mode, nobody repeats too much, no word is blocked, no
//!   name is reserved, and names are the same in another case
//!   only: what looks alike takes tables of some megabytes;
//! - a second factor's app shows [`FACTOR_CODE`], again and again;
//! - passwords are kept as they are, and pages are small.

mod accounts;
mod channels;
mod gates;
mod halls;
mod lines;
mod own_data;
mod moderation;
mod presence;
mod profiles;
mod recovery;
mod reports;
mod temporary;
mod tickets;

use std::collections::{BTreeMap, BTreeSet};

use longhall_packet::{
    Access, ChannelName, ClientPacket, CloseReason, Denial, DenyCode, INBOX, Limits, LineId,
    NameKeys, PROTOCOL_VERSION, PresenceState, RequestId, ResumeToken, Role, ServerPacket,
    ServerRole, Speech, Stage, Target, Username,
};

use crate::channels::ChannelRow;
use crate::halls::FIRST_HALL;
use crate::records::{
    Appended, ChannelId, Log, LogAction, LogEntry, Membership, NewUser, SessionId, TokenHash, User,
    UserId,
};
use crate::{World, rules};
use presence::News;

/// The channel everybody is in.
const LOBBY: &str = "lobby";

/// Players that a hall takes in, unless a test says otherwise.
const HALL_SIZE: u32 = 500;

/// The code that every app shows for a second factor here: a game's tests have no app.
pub const FACTOR_CODE: &str = "123456";

/// Packets, each behind the number of the connection that hears it.
pub type Deliveries = Vec<(u64, ServerPacket)>;

/// What came of a request: it is answered, or refused.
type Answer = Result<(), Denial>;

/// A server without a network. A clone is a copy of all that it knows.
#[derive(Clone)]
pub struct FakeServer {
    /// Names this world, so that nobody takes its numbers for another's.
    epoch: String,
    world: World,
    lobby: ChannelId,
    /// How many players a hall of the lobby takes in; 0 for all.
    hall_size: u32,
    /// Accounts that nobody made: of those who speak without one.
    guests: BTreeSet<UserId>,
    /// By the numbers of connections.
    online: BTreeMap<u64, Seat>,
    gates: gates::Gates,
    news: News,
    /// Players whose profile is to be told.
    new_profiles: Vec<UserId>,
    /// Keys of profiles that are the game's.
    game_keys: BTreeSet<String>,
    /// Recovery codes given out.
    codes: u64,
    /// Temporary channels made.
    matches: u64,
    tickets: tickets::Tickets,
    /// When somebody said their last line in a channel in slow mode, and by which id.
    turns: BTreeMap<(ChannelId, UserId), (i64, LineId)>,
    /// How many open reports each moderator was told of last.
    waiting: BTreeMap<UserId, u32>,
    now_ms: u64,
    out: Deliveries,
    /// Connections whose session has ended or gone elsewhere, why, and the text of the close
    /// frame.
    ended: Vec<(u64, CloseReason, String)>,
}

/// A connection that somebody is logged in on.
#[derive(Clone)]
struct Seat {
    user: UserId,
    session: SessionId,
    token: TokenHash,
    state: PresenceState,
    text: String,
    /// Where the last page of an export ended.
    export: Option<String>,
}

/// The account that asks, with its connection and session.
#[derive(Clone, Copy)]
struct Me {
    connection: u64,
    user: UserId,
    session: SessionId,
}

/// A connection that ends without more to say.
fn ended(connection: u64, reason: CloseReason) -> (u64, CloseReason, String) {
    (connection, reason, reason.name().to_owned())
}

impl FakeServer {
    /// A server that knows nobody yet.
    pub fn new(epoch: String) -> Self {
        Self::with(World::default(), epoch)
    }

    fn with(mut world: World, epoch: String) -> Self {
        let lobby = world.create(ChannelRow {
            name: ChannelName::parse(LOBBY).expect("a name that keeps the rules"),
            topic: String::new(),
            access: Access::Open,
            speech: Speech::default(),
            password_hash: None,
            hall: Some(FIRST_HALL),
            temporary: None,
        });
        Self {
            tickets: tickets::Tickets::of(&epoch),
            epoch,
            world,
            lobby,
            hall_size: HALL_SIZE,
            guests: BTreeSet::new(),
            online: BTreeMap::new(),
            gates: gates::Gates::default(),
            news: News::default(),
            new_profiles: Vec::new(),
            game_keys: BTreeSet::new(),
            codes: 0,
            matches: 0,
            turns: BTreeMap::new(),
            waiting: BTreeMap::new(),
            now_ms: 0,
            out: Deliveries::new(),
            ended: Vec::new(),
        }
    }

    /// Begins anew with nobody online: without channels and lines, and without accounts
    /// unless they are to be kept, with their sessions and blocks.
    pub fn wipe(&mut self, keeps_accounts: bool, epoch: String) {
        let before = std::mem::take(&mut self.world);
        let last_session = before.last_session;
        let world = match keeps_accounts {
            true => World {
                users: before.users,
                sessions: before.sessions,
                blocks: before.blocks,
                recovery: before.recovery,
                deletions: before.deletions,
                renames: before.renames,
                profiles: before.profiles,
                old_names: before.old_names,
                last_session,
                ..World::default()
            },
            false => World {
                last_session,
                ..World::default()
            },
        };
        let guests = std::mem::take(&mut self.guests);
        let gates = std::mem::take(&mut self.gates);
        let game_keys = std::mem::take(&mut self.game_keys);
        let hall_size = self.hall_size;
        *self = Self::with(world, epoch);
        self.gates = gates;
        self.game_keys = game_keys;
        self.hall_size = hall_size;
        if keeps_accounts {
            self.guests = guests;
        }
    }

    /// Renames what it knows: an older state was put back, whose numbers are not to be
    /// taken for those of before.
    pub fn set_epoch(&mut self, epoch: String) {
        self.epoch = epoch;
    }

    /// What it knows.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Whether somebody has made this account.
    pub fn has_account(&self, username: &str) -> bool {
        self.account(username).is_some()
    }

    /// Creates an account, or gives it another password.
    pub fn add_account(&mut self, username: &str, password: &str) {
        let user = self.speaker(username);
        if let Some((account, _)) = self.world.users.get_mut(&user) {
            password.clone_into(&mut account.password_hash);
            if self.guests.remove(&user) {
                username.clone_into(&mut account.username);
            }
        }
    }

    /// Says what an account may do on the whole server, as its operator would.
    pub fn appoint(&mut self, username: &str, role: ServerRole) -> Deliveries {
        let user = self.account(username).map(|user| user.id);
        if let Some(user) = user.filter(|user| self.world.server_role(*user) != role) {
            self.world.set_server_role(user, role);
            let server_role = role;
            self.tell(user, None, &ServerPacket::ServerRoleChanged { server_role });
            self.tell_waiting();
        }
        self.deliveries()
    }

    /// Somebody who need not have an account says a line in a channel, or
    /// behind an `@` to a player.
    pub fn say(&mut self, sender: &str, text: &str, channel: &str, now_ms: u64) -> Deliveries {
        self.now_ms = now_ms;
        let sender = self.speaker(sender);
        if let Some(recipient) = channel.strip_prefix(INBOX) {
            if let Some(recipient) = self.account(recipient).map(|user| user.id) {
                let line = self.line(sender, Some(recipient), text);
                let said = self.world.whisper(sender, recipient, None, line, None);
                self.deliver_whisper(sender, said);
            }
        } else if let Ok(name) = ChannelName::parse(channel) {
            let channel = self.world.channel_id(&name).unwrap_or_else(|| {
                self.world.create(ChannelRow {
                    name: name.clone(),
                    topic: String::new(),
                    access: Access::Open,
                    speech: Speech::default(),
                    password_hash: None,
                    hall: None,
                    temporary: None,
                })
            });
            let line = self.line(sender, None, text);
            let line = self.world.speak(&name, sender, line);
            self.publish(channel, &name, sender, &line);
        }
        self.deliveries()
    }

    /// The game says a line in a channel, which has to be there; in the lobby it is said in
    /// all halls.
    pub fn say_as_system(&mut self, text: &str, channel: &str, now_ms: u64) -> Deliveries {
        self.now_ms = now_ms;
        if let Ok(name) = ChannelName::parse(channel)
            && let Some(channel) = self.world.channel_id(&name)
        {
            for channel in self.all_halls_of(channel) {
                let entry = LogEntry {
                    sender: UserId(0),
                    sender_name: String::new(),
                    what: LogAction::System {
                        channel: channel.id,
                        text: text.to_owned(),
                    },
                    now_ms: self.now(),
                };
                if let Appended::Line { line } = self.world.append(entry) {
                    self.publish(channel.id, &channel.name, UserId(0), &line);
                }
            }
        }
        self.deliveries()
    }

    /// A connection ended.
    pub fn hang_up(&mut self, connection: u64) -> Deliveries {
        self.gates.forget(connection);
        if let Some(seat) = self.online.get(&connection) {
            self.world.touch_session(seat.session, self.now());
        }
        self.unseat(connection, None);
        self.deliveries()
    }

    /// Answers one packet. A login or a resume by it gets `token`.
    pub fn answer(
        &mut self,
        from: u64,
        packet: ClientPacket,
        token: ResumeToken,
        now_ms: u64,
    ) -> Deliveries {
        self.now_ms = now_ms;
        let id = packet.id();
        if let Err(denial) = self.decide(from, packet, token) {
            self.reply(from, ServerPacket::deny(Some(id), denial));
        }
        self.deliveries()
    }

    /// Connections to close once what is delivered has arrived, with the text of the close
    /// frame.
    pub fn take_ended(&mut self) -> Vec<(u64, CloseReason, String)> {
        std::mem::take(&mut self.ended)
    }

    /// What a server says first.
    pub fn hello(&self, message_of_the_day: &str) -> ServerPacket {
        ServerPacket::Hello {
            protocol: PROTOCOL_VERSION,
            server: concat!("longhall-fake/", env!("CARGO_PKG_VERSION")).to_owned(),
            message_of_the_day: message_of_the_day.to_owned(),
            limits: Limits::default(),
            registration: self.registration(),
            guests: self.takes_guests(),
        }
    }

    /// Which method answers which packet.
    fn decide(&mut self, from: u64, packet: ClientPacket, token: ResumeToken) -> Answer {
        use ClientPacket as P;
        let me = self.me(from);
        let stage = me.map_or(Stage::LoggedOut, |_| Stage::LoggedIn);
        packet.check_stage(stage)?;
        if me.is_some_and(|me| self.world.is_limited(me.user)) {
            rules::check_guest(&packet)?;
        }
        let me = me.ok_or(Denial::new(DenyCode::NotLoggedIn));
        let id = packet.id();
        if let Ok(me) = &me {
            self.check_mute(*me, &packet)?;
        }
        match packet {
            P::Hello { protocol, .. } => self.greet(from, id, protocol),
            P::Ping { .. } => self.ok(from, id),
            P::Register {
                username,
                password,
                recovery,
                invite,
                proof,
                ..
            } => {
                self.register(from, &username, &password, (invite, proof))?;
                self.answer_register(from, id, &username, recovery)
            }
            P::Challenge { .. } => self.challenge(from, id),
            P::Guest {
                username,
                device,
                proof,
                ..
            } => self.guest(from, id, &username, device, proof, token),
            P::Upgrade {
                username,
                password,
                invite,
                proof,
                ..
            } => self.upgrade(me?, id, username.as_ref(), &password, (invite, proof)),
            P::Login {
                username,
                password,
                device,
                code,
                ..
            } => {
                let user = self.check_login(&username, &password, code.as_ref())?;
                self.login(from, id, user, device, token);
                Ok(())
            }
            P::Recover {
                username,
                code,
                new_password,
                ..
            } => self.recover(from, id, &username, &code, &new_password),
            P::RenewRecoveryCodes { password, code, .. } => {
                self.renew_recovery_codes(me?, id, &password, code.as_ref())
            }
            P::BeginSecondFactor { password, .. } => self.begin_second_factor(me?, id, &password),
            P::ConfirmSecondFactor { code, .. } => self.confirm_second_factor(me?, id, &code),
            P::EndSecondFactor { password, code, .. } => {
                self.end_second_factor(me?, id, &password, &code)
            }
            P::Resume {
                token: presented, ..
            } => self.resume(from, id, &presented, token),
            P::Logout { .. } => self.logout(me?, id),
            P::ChangePassword {
                password,
                new_password,
                ..
            } => self.change_password(me?, id, &password, &new_password),
            P::Sessions { .. } => self.sessions(me?, id),
            P::CloseSession { session, .. } => self.close_session(me?, id, session),
            P::DeleteAccount { password, code, .. } => {
                self.delete_account(me?, id, &password, code.as_ref())
            }
            P::KeepAccount { .. } => self.keep_account(me?, id),
            P::Export { after, .. } => self.export(me?, id, after.as_deref()),
            P::Rename {
                password,
                username,
                code,
                ..
            } => self.rename(me?, id, (&password, code.as_ref()), &username),
            P::Chat {
                channel,
                line_id,
                text,
                ..
            } => self.chat(me?, id, &channel, line_id, &text),
            P::Edit {
                channel, seq, text, ..
            } => self.edit(me?, id, &channel, seq, &text),
            P::Delete { channel, seq, .. } => self.delete(me?, id, &channel, seq),
            P::History {
                channel,
                after,
                before,
                limit,
                ..
            } => self.history(me?, id, &channel, (after, before), limit),
            P::Read { channel, seq, .. } => self.read(me?, id, &channel, seq),
            P::Create {
                channel,
                topic,
                access,
                channel_password,
                ..
            } => self.create(me?, id, channel, &topic, access, channel_password),
            P::CreateTemporary {
                channel,
                topic,
                max_members,
                lasts_s,
                ..
            } => self.create_temporary(me?, id, channel, &topic, (max_members, lasts_s)),
            P::JoinByCode { code, .. } => self.join_by_code(me?, id, &code),
            P::EndChannel { channel, .. } => self.end_channel(me?, id, &channel),
            P::Halls { .. } => self.halls(me?, id),
            P::ChangeHall { channel, .. } => self.change_hall(me?, id, &channel),
            P::Join {
                channel,
                channel_password,
                ..
            } => self.join(me?, id, &channel, channel_password.as_ref()),
            P::Leave { channel, .. } => self.leave(me?, id, &channel),
            P::Channels { after, .. } => self.channels(me?, id, after.as_ref()),
            P::Members { channel, after, .. } => self.members(me?, id, &channel, after.as_ref()),
            P::SetTopic { channel, topic, .. } => self.set_topic(me?, id, &channel, &topic),
            P::SetAccess {
                channel,
                access,
                channel_password,
                ..
            } => self.set_access(me?, id, &channel, access, channel_password),
            P::SetSlowMode {
                channel, seconds, ..
            } => self.set_slow_mode(me?, id, &channel, seconds),
            P::SetFilter {
                channel, filter, ..
            } => self.set_filter(me?, id, &channel, filter),
            P::SetRole {
                channel,
                username,
                role,
                ..
            } => self.set_role(me?, id, &channel, &username, role),
            P::Invite {
                channel, username, ..
            } => self.invite(me?, id, &channel, &username),
            P::Remove {
                channel, username, ..
            } => self.remove(me?, id, &channel, &username),
            P::Sanction {
                username,
                sanction,
                channel,
                for_s,
                reason,
                ..
            } => {
                let channel = channel.as_ref();
                self.sanction(me?, id, &username, sanction, channel, for_s, &reason)
            }
            P::LiftSanction {
                username,
                sanction,
                channel,
                ..
            } => self.lift_sanction(me?, id, &username, sanction, channel.as_ref()),
            P::Sanctions { username, .. } => self.sanctions(me?, id, &username),
            P::DeleteLines {
                channel,
                username,
                since_s,
                ..
            } => self.delete_lines(me?, id, channel.as_ref(), &username, since_s),
            P::SetPresence { state, text, .. } => self.set_presence(me?, id, state, &text),
            P::SetProfile {
                profile,
                if_version,
                ..
            } => self.set_profile(me?, id, profile, if_version),
            P::PlayerInfo { username, .. } => self.player_info(me?, id, &username),
            P::Block { username, .. } => self.block(me?, id, &username),
            P::Unblock { username, .. } => self.unblock(me?, id, &username),
            P::Blocks { .. } => self.blocks(me?, id),
            P::Report {
                about,
                category,
                text,
                ..
            } => self.report(me?, id, &about, category, &text),
            P::Reports { open, before, .. } => self.reports(me?, id, open, before),
            P::ReportLines { report, .. } => self.report_lines(me?, id, report),
            P::CloseReport {
                report,
                outcome,
                text,
                ..
            } => self.close_report(me?, id, report, outcome, &text),
            P::RequestTicket { audience, .. } => self.request_ticket(me?, id, &audience),
        }
    }

    fn me(&self, connection: u64) -> Option<Me> {
        let seat = self.online.get(&connection)?;
        Some(Me {
            connection,
            user: seat.user,
            session: seat.session,
        })
    }

    fn now(&self) -> i64 {
        i64::try_from(self.now_ms).unwrap_or(i64::MAX)
    }

    fn ok(&mut self, to: u64, id: RequestId) -> Answer {
        self.reply(to, ServerPacket::Ok { id });
        Ok(())
    }

    fn reply(&mut self, to: u64, packet: ServerPacket) {
        self.out.push((to, packet));
    }

    /// Tells all connections of an account, except one.
    fn tell(&mut self, user: UserId, except: Option<u64>, packet: &ServerPacket) {
        for (connection, seat) in &self.online {
            if seat.user == user && Some(*connection) != except {
                self.out.push((*connection, packet.clone()));
            }
        }
    }

    /// Tells everybody in a channel who is online.
    fn announce(&mut self, channel: ChannelId, packet: &ServerPacket) {
        for (connection, seat) in &self.online {
            if self.world.is_member(channel, seat.user) {
                self.out.push((*connection, packet.clone()));
            }
        }
    }

    fn deliveries(&mut self) -> Deliveries {
        self.tell_news();
        self.tell_profiles();
        std::mem::take(&mut self.out)
    }

    /// The channel of this name, as a member.
    fn membership(&self, me: Me, name: &ChannelName) -> Result<Membership, Denial> {
        let channel = self.world.channel_by_name(name);
        let channel = channel.ok_or(DenyCode::UnknownChannel)?;
        let mine = self.world.membership(channel.id, me.user);
        mine.ok_or_else(|| rules::not_a_member(&channel))
    }

    /// As [`Self::membership`], of who may do what a `role` may.
    fn membership_as(&self, role: Role, me: Me, name: &ChannelName) -> Result<Membership, Denial> {
        let mine = self.membership(me, name)?;
        rules::check_role(&mine, role)?;
        Ok(mine)
    }

    /// Another account, by its name.
    fn other(&self, me: Me, username: &Username) -> Result<User, Denial> {
        match self.account(username.as_str()) {
            Some(user) if user.id == me.user => Err(DenyCode::NotYourself.into()),
            Some(user) => Ok(user.clone()),
            None => Err(DenyCode::UnknownUser.into()),
        }
    }

    /// The log that a target means. A player who has whispered has a conversation, also
    /// without an account.
    fn log_of(&self, me: Me, target: &Target) -> Result<Log, Denial> {
        Ok(match target {
            Target::Channel(name) => Log::Channel(self.membership(me, name)?.channel.id),
            Target::Whispers(username) => {
                let guest = self.world.user_by_name(&key(username.as_str()));
                match guest.filter(|user| self.guests.contains(&user.id)) {
                    Some(guest) => Log::Whispers(me.user, guest.id),
                    None => Log::Whispers(me.user, self.other(me, username)?.id),
                }
            }
            Target::Inbox => Log::Inbox(me.user),
        })
    }

    /// An account that somebody made.
    fn account(&self, username: &str) -> Option<&User> {
        let user = self.world.user_by_name(&key(username));
        user.filter(|user| !self.guests.contains(&user.id))
    }

    /// The account of this name, of a guest if there is no other.
    fn speaker(&mut self, username: &str) -> UserId {
        let name = key(username);
        if let Some(user) = self.world.user_by_name(&name) {
            return user.id;
        }
        let keys = keys(username);
        // A test has its reasons.
        self.world.give_up_old_name(&keys);
        let new = NewUser {
            username: username.to_owned(),
            keys,
            password_hash: String::new(),
            recovery_codes: Vec::new(),
        };
        let id = self.world.insert_user(new, self.now());
        let id = id.expect("no account has this key");
        self.guests.insert(id);
        id
    }

    /// Delivers what came of a whisper, or of a change of one.
    fn deliver_whisper(&mut self, sender: UserId, said: Appended) {
        if let Appended::Whisper {
            sent,
            recipient,
            received,
        } = said
        {
            let received = match self.world.has_blocked(recipient, sender) {
                true => crate::records::hidden(&received),
                false => received,
            };
            for (user, line) in [(sender, sent), (recipient, received)] {
                let channel = INBOX.to_owned();
                self.tell(user, None, &ServerPacket::Chat { channel, line });
            }
        }
    }
}

/// Names are the same in another case only.
fn keys(username: &str) -> NameKeys {
    let name = key(username);
    NameKeys {
        look: name.clone(),
        capitals: name.clone(),
        name,
    }
}

/// The key that finds an account.
fn key(username: &str) -> String {
    username.to_lowercase()
}
