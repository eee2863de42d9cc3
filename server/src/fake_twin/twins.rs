//! A real server and a fake one, with the same clients, and what those say.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use longhall_packet::{
    Access, ChannelCode, ChannelName, ChannelPassword, ChatText, ClientPacket, CloseReason,
    FactorCode, FactorKey, Filter, InviteCode, Line, LineId, Password, PresenceState, PresenceText,
    Profile, Reason, RecoveryCode, RegistrationMode, ReportCategory, ReportNumber, ReportOutcome,
    ReportText, Reported, RequestId, ResumeToken, Role, Sanction, SanctionKind, Seq, ServerPacket,
    ServerRole, Target, Ticket, Topic, Username, codec,
};
use longhall_world::fake::{FACTOR_CODE, FakeServer};

use crate::admin::Ground;
use crate::clock::now_ms;
use crate::config::Config;
use crate::handlers::test_session::TestSession;
use crate::profiles;
use crate::registration;
use crate::reports;
use crate::store::{ChannelId, LogAction, LogEntry, NewInvite, SqliteStore, Store, UserId};

/// What a client sees.
#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are packets")]
enum Seen {
    Packet(ServerPacket),
    Closed(CloseReason, String),
}

/// A client, by its place in the order of connecting.
pub(super) type Client = usize;

/// A secret of the real server's, and the one in its place at the fake one.
pub(super) type Codes = (String, String);

/// Both servers, with the same clients.
pub(super) struct Twins {
    real: Vec<Option<TestSession>>,
    fake: FakeServer,
    /// What the fake server has told each client, and they have not looked at.
    told: BTreeMap<Client, VecDeque<Seen>>,
    /// The tokens that each client got last, of either server.
    pub(super) tokens: BTreeMap<Client, (ResumeToken, ResumeToken)>,
    now_ms: u64,
    last_token: u8,
    last_id: RequestId,
    pub(super) last_line: LineId,
    /// Codes and keys that both have told and nobody has taken: the real one's, the fake's.
    told_codes: Vec<Codes>,
    /// The code that a temporary channel was told with last: the real one's, the fake's.
    channel_codes: (Option<String>, Option<String>),
    /// Names of the packets that were sent.
    pub(super) asked: BTreeSet<&'static str>,
    #[expect(dead_code, reason = "deleted when dropped")]
    folder: tempfile::TempDir,
}

impl Twins {
    /// Both servers, with one client each.
    pub(super) async fn start() -> Self {
        Self::start_with(RegistrationMode::Open, 0).await
    }

    /// Both servers, that take guests, and let people register so.
    pub(super) async fn start_with(mode: RegistrationMode, proof_bits: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("longhall.db")).unwrap();
        let first = TestSession::over(Arc::new(store), |config| {
            // The fake server tells of a cut at once, and nobody is too fast for it.
            config.presence.grace = Duration::ZERO;
            config.gates.guests = true;
            config.gates.registration = mode;
            config.gates.registration_proof = proof_bits;
            config.rates.registrations_per_hour = 1000;
            config.rates.logins_per_minute = 1000;
            config.rates.reports_per_hour = 1000;
            config.rates.logins_per_minute_per_name = 1000;
        });
        let mut fake = FakeServer::new("epoch".to_owned());
        fake.set_guests(true);
        fake.set_registration(mode, proof_bits);
        Self {
            real: vec![Some(first.await)],
            fake,
            told: BTreeMap::new(),
            tokens: BTreeMap::new(),
            now_ms: now_ms().unsigned_abs(),
            last_token: 0,
            last_id: 0,
            last_line: 0,
            told_codes: Vec::new(),
            channel_codes: (None, None),
            asked: BTreeSet::new(),
            folder,
        }
    }

    /// An invite, on both.
    pub(super) async fn add_invite(&mut self, code: &str, uses: u32) {
        let code = InviteCode::parse(code).unwrap();
        self.fake.add_invite(&code, uses);
        let new = NewInvite {
            code: registration::hash(&code),
            uses,
            until_ms: None,
            created_at_ms: 1,
            made_by: String::new(),
            note: String::new(),
        };
        self.store().insert_invite(new).await.unwrap();
    }

    /// A moderator lets an account in, on both.
    pub(super) async fn approve(&mut self, name: &str) {
        assert!(self.fake.approve(name));
        let found = self.store().user_by_name(name).await.unwrap().unwrap();
        assert!(self.store().approve(found.id).await.unwrap());
    }

    fn store(&self) -> Arc<dyn Store> {
        self.real.iter().flatten().next().unwrap().store()
    }

    pub(super) async fn guest(&mut self, client: Client, name: &str) {
        let username = user(name);
        self.ask(client, |id| ClientPacket::Guest {
            id,
            username,
            device: "a browser".to_owned(),
            proof: None,
        })
        .await;
    }

    pub(super) async fn upgrade(&mut self, client: Client, name: Option<&str>, invite: &str) {
        let (username, password) = (name.map(user), password("correct horse"));
        let invite = InviteCode::parse(invite);
        self.ask(client, |id| ClientPacket::Upgrade {
            id,
            username,
            password,
            invite,
            proof: None,
        })
        .await;
    }

    pub(super) async fn register_with(&mut self, client: Client, name: &str, invite: &str) {
        let (username, password) = (user(name), password("correct horse"));
        let invite = InviteCode::parse(invite);
        self.ask(client, |id| ClientPacket::Register {
            id,
            username,
            password,
            recovery: false,
            invite,
            proof: None,
        })
        .await;
    }

    /// Another connection.
    pub(super) fn connect(&mut self) -> Client {
        let another = self.real.iter().flatten().next().unwrap().another();
        self.real.push(Some(another));
        self.real.len() - 1
    }

    /// Registers and logs in on a new connection, or on the first.
    pub(super) async fn player(&mut self, name: &str) -> Client {
        let client = match self.asked.is_empty() {
            true => 0,
            false => self.connect(),
        };
        self.register(client, name).await;
        self.login(client, name).await;
        client
    }

    pub(super) async fn players<const N: usize>(&mut self, names: [&str; N]) -> [Client; N] {
        let mut clients = [0; N];
        for (client, name) in clients.iter_mut().zip(names) {
            *client = self.player(name).await;
        }
        clients
    }

    pub(super) async fn register(&mut self, client: Client, name: &str) {
        let (username, password) = (user(name), password("correct horse"));
        self.ask(client, |id| ClientPacket::Register {
            id,
            username,
            password,
            recovery: false,
            invite: None,
            proof: None,
        })
        .await;
    }

    pub(super) async fn login(&mut self, client: Client, name: &str) {
        let (username, password) = (user(name), password("correct horse"));
        self.ask(client, |id| ClientPacket::Login {
            id,
            username,
            password,
            device: format!("device {client}"),
            code: None,
        })
        .await;
    }

    /// Logs in on a nameless device, with what stands for a code at either server.
    pub(super) async fn login_with(
        &mut self,
        client: Client,
        name: &str,
        text: &str,
        code: Option<&Codes>,
    ) {
        let code = code.cloned().unzip();
        self.ask_each(client, code, |id, code| ClientPacket::Login {
            id,
            username: user(name),
            password: password(text),
            device: String::new(),
            code: code.map(FactorCode::parse),
        })
        .await;
    }

    /// Creates an account; its codes at either server.
    pub(super) async fn register_with_codes(&mut self, client: Client, name: &str) -> Vec<Codes> {
        let (username, password) = (user(name), password("correct horse"));
        self.ask(client, |id| ClientPacket::Register {
            id,
            username,
            password,
            recovery: true,
            invite: None,
            proof: None,
        })
        .await;
        std::mem::take(&mut self.told_codes)
    }

    /// A code that nobody got.
    pub(super) fn codes_of_nobody(&self) -> Codes {
        let code = "ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ".to_owned();
        (code.clone(), code)
    }

    /// The same text at both.
    pub(super) fn app(&self, text: &str) -> Codes {
        (text.to_owned(), text.to_owned())
    }

    /// What an app shows that was given the key.
    pub(super) fn app_code(&self, keys: &Codes) -> Codes {
        let code = crate::totp::code_at(&keys.0, now_ms());
        (code, FACTOR_CODE.to_owned())
    }

    pub(super) async fn recover(&mut self, client: Client, name: &str, codes: &Codes) {
        let codes = (Some(codes.0.clone()), Some(codes.1.clone()));
        self.ask_each(client, codes, |id, code| ClientPacket::Recover {
            id,
            username: user(name),
            code: RecoveryCode::parse(code.unwrap()).unwrap(),
            new_password: password("correct pony"),
        })
        .await;
    }

    /// Makes new codes; those at either server, if they were made.
    pub(super) async fn renew_codes(
        &mut self,
        client: Client,
        text: &str,
        code: Option<&Codes>,
    ) -> Vec<Codes> {
        let code = code.cloned().unzip();
        self.ask_each(client, code, |id, code| ClientPacket::RenewRecoveryCodes {
            id,
            password: password(text),
            code: code.map(FactorCode::parse),
        })
        .await;
        std::mem::take(&mut self.told_codes)
    }

    /// Begins a second factor; its keys at either server, or nothing.
    pub(super) async fn begin_factor(&mut self, client: Client, text: &str) -> Codes {
        let password = password(text);
        self.ask(client, |id| ClientPacket::BeginSecondFactor {
            id,
            password,
        })
        .await;
        self.told_codes.pop().unwrap_or_default()
    }

    pub(super) async fn confirm_factor(&mut self, client: Client, codes: &Codes) {
        let codes = (Some(codes.0.clone()), Some(codes.1.clone()));
        self.ask_each(client, codes, |id, code| {
            ClientPacket::ConfirmSecondFactor {
                id,
                code: FactorCode::parse(code.unwrap()),
            }
        })
        .await;
    }

    pub(super) async fn end_factor(&mut self, client: Client, text: &str, codes: &Codes) {
        let codes = (Some(codes.0.clone()), Some(codes.1.clone()));
        self.ask_each(client, codes, |id, code| ClientPacket::EndSecondFactor {
            id,
            password: password(text),
            code: FactorCode::parse(code.unwrap()),
        })
        .await;
    }

    /// Sends a packet that has another secret for either server.
    async fn ask_each(
        &mut self,
        client: Client,
        (real, fake): (Option<String>, Option<String>),
        packet: impl Fn(RequestId, Option<String>) -> ClientPacket,
    ) {
        self.last_id += 1;
        let (real, fake) = (packet(self.last_id, real), packet(self.last_id, fake));
        self.send(client, &real, fake).await;
    }

    pub(super) async fn resume(
        &mut self,
        client: Client,
        (real, fake): (ResumeToken, ResumeToken),
    ) {
        self.last_id += 1;
        let id = self.last_id;
        let real = ClientPacket::Resume { id, token: real };
        let fake = ClientPacket::Resume { id, token: fake };
        self.send(client, &real, fake).await;
    }

    /// The connection is cut.
    pub(super) async fn cut(&mut self, client: Client) {
        self.real[client].take().unwrap().cut();
        let told = self.fake.hang_up(number(client));
        self.tell(told);
        self.compare("a cut").await;
    }

    pub(super) async fn say(&mut self, client: Client, target: &str, text: &str) {
        self.last_line += 1;
        self.say_again(client, target, text, self.last_line).await;
    }

    pub(super) async fn say_again(
        &mut self,
        client: Client,
        target: &str,
        words: &str,
        line_id: LineId,
    ) {
        let (channel, text) = (place(target), text(words));
        self.ask(client, |id| ClientPacket::Chat {
            id,
            channel,
            line_id,
            text,
        })
        .await;
    }

    pub(super) async fn edit(&mut self, client: Client, target: &str, seq: Seq, words: &str) {
        let (channel, text) = (place(target), text(words));
        self.ask(client, |id| ClientPacket::Edit {
            id,
            channel,
            seq,
            text,
        })
        .await;
    }

    pub(super) async fn delete(&mut self, client: Client, target: &str, seq: Seq) {
        let channel = place(target);
        self.ask(client, |id| ClientPacket::Delete { id, channel, seq })
            .await;
    }

    pub(super) async fn history(
        &mut self,
        client: Client,
        target: &str,
        (after, before): (Option<Seq>, Option<Seq>),
        limit: u32,
    ) {
        let channel = place(target);
        self.ask(client, |id| ClientPacket::History {
            id,
            channel,
            after,
            before,
            limit,
        })
        .await;
    }

    pub(super) async fn read(&mut self, client: Client, target: &str, seq: Seq) {
        let channel = place(target);
        self.ask(client, |id| ClientPacket::Read { id, channel, seq })
            .await;
    }

    pub(super) async fn create(&mut self, client: Client, name: &str, access: Access) {
        let channel = channel(name);
        let channel_password = (access == Access::Password).then(|| key("sesame"));
        self.ask(client, |id| ClientPacket::Create {
            id,
            channel,
            topic: Topic::parse("swords").unwrap(),
            access,
            channel_password,
        })
        .await;
    }

    pub(super) async fn join(&mut self, client: Client, name: &str, password: Option<&str>) {
        let (channel, channel_password) = (channel(name), password.map(key));
        self.ask(client, |id| ClientPacket::Join {
            id,
            channel,
            channel_password,
        })
        .await;
    }

    pub(super) async fn leave(&mut self, client: Client, name: &str) {
        let channel = channel(name);
        self.ask(client, |id| ClientPacket::Leave { id, channel })
            .await;
    }

    pub(super) async fn create_temporary(&mut self, client: Client, name: &str, max: Option<u32>) {
        let name = channel(name);
        self.ask(client, |id| ClientPacket::CreateTemporary {
            id,
            channel: Some(name),
            topic: Topic::default(),
            max_members: max,
            lasts_s: None,
        })
        .await;
    }

    /// By the code that both told last, each its own.
    pub(super) async fn join_by_code(&mut self, client: Client) {
        let codes = self.channel_codes.clone();
        self.ask_each(client, codes, |id, code| ClientPacket::JoinByCode {
            id,
            code: ChannelCode::parse(code.unwrap()).unwrap(),
        })
        .await;
    }

    pub(super) async fn join_by_nonsense(&mut self, client: Client) {
        let code = ChannelCode::parse("0000-0000").unwrap();
        self.ask(client, |id| ClientPacket::JoinByCode { id, code })
            .await;
    }

    pub(super) async fn end_channel(&mut self, client: Client, name: &str) {
        let channel = channel(name);
        self.ask(client, |id| ClientPacket::EndChannel { id, channel })
            .await;
    }

    /// A hall of the lobby takes in so many from now on, on both.
    pub(super) fn set_hall_size(&mut self, size: u32) {
        let session = self.real.iter().flatten().next().unwrap();
        let mut config = Config::clone(&session.server().settings());
        config.lobby.size = size;
        session.server().take(&config);
        session.server().settings.set(config);
        self.fake.set_hall_size(size);
    }

    /// The game says a line, at both.
    pub(super) async fn say_as_system(&mut self, name: &str, words: &str) {
        let channel = self.store().channel_by_name(&channel(name)).await.unwrap();
        let session = self.real.iter().flatten().next().unwrap();
        let ground = Ground::running(Arc::clone(session.server()));
        let said = ground.say_as_system(&channel.unwrap(), &text(words)).await;
        assert!(said.is_ok());
        let told = self.fake.say_as_system(words, name, self.now_ms);
        self.tell(told);
        self.compare(&format!("the game says {words}")).await;
    }

    pub(super) async fn halls(&mut self, client: Client) {
        self.ask(client, |id| ClientPacket::Halls { id }).await;
    }

    pub(super) async fn change_hall(&mut self, client: Client, name: &str) {
        let channel = channel(name);
        self.ask(client, |id| ClientPacket::ChangeHall { id, channel })
            .await;
    }

    /// Names the keys of profiles that are the game's, on both.
    pub(super) fn set_game_keys_named(&mut self, keys: &[&str]) {
        let keys = keys.iter().map(|key| (*key).to_owned());
        let session = self.real.iter().flatten().next().unwrap();
        let mut config = Config::clone(&session.server().settings());
        config.accounts.profile_game_keys = keys.clone().collect();
        session.server().settings.set(config);
        self.fake.set_game_keys_named(keys.collect());
    }

    /// Sets keys of a profile as the game's server does, on both.
    pub(super) async fn set_game_keys(&mut self, name: &str, json: &str) {
        let values = || Profile::from_json(json).unwrap();
        let account = self.store().user_by_name(name).await.unwrap().unwrap();
        let session = self.real.iter().flatten().next().unwrap();
        let set = profiles::set_game_keys(session.server(), account.id, values());
        assert!(set.await.is_ok());
        let told = self.fake.set_game_keys(name, values()).unwrap();
        self.tell(told);
        self.compare(&format!("the game sets {json} of {name}"))
            .await;
    }

    pub(super) async fn set_profile(
        &mut self,
        client: Client,
        json: &str,
        if_version: Option<u32>,
    ) {
        let profile = Profile::from_json(json).unwrap();
        self.ask(client, |id| ClientPacket::SetProfile {
            id,
            profile,
            if_version,
        })
        .await;
    }

    pub(super) async fn player_info(&mut self, client: Client, name: &str) {
        let username = user(name);
        self.ask(client, |id| ClientPacket::PlayerInfo { id, username })
            .await;
    }

    pub(super) async fn members(&mut self, client: Client, name: &str, after: Option<&str>) {
        let (channel, after) = (channel(name), after.map(user));
        self.ask(client, |id| ClientPacket::Members { id, channel, after })
            .await;
    }

    pub(super) async fn channels(&mut self, client: Client, after: Option<&str>) {
        let after = after.map(channel);
        self.ask(client, |id| ClientPacket::Channels { id, after })
            .await;
    }

    pub(super) async fn set_topic(&mut self, client: Client, name: &str, topic: &str) {
        let (channel, topic) = (channel(name), Topic::parse(topic).unwrap());
        self.ask(client, |id| ClientPacket::SetTopic { id, channel, topic })
            .await;
    }

    pub(super) async fn set_access(
        &mut self,
        client: Client,
        name: &str,
        access: Access,
        password: Option<&str>,
    ) {
        let (channel, channel_password) = (channel(name), password.map(key));
        self.ask(client, |id| ClientPacket::SetAccess {
            id,
            channel,
            access,
            channel_password,
        })
        .await;
    }

    pub(super) async fn set_slow_mode(&mut self, client: Client, name: &str, seconds: u32) {
        let channel = channel(name);
        self.ask(client, |id| ClientPacket::SetSlowMode {
            id,
            channel,
            seconds,
        })
        .await;
    }

    pub(super) async fn set_filter(&mut self, client: Client, name: &str, filter: Option<Filter>) {
        let channel = channel(name);
        self.ask(client, |id| ClientPacket::SetFilter {
            id,
            channel,
            filter,
        })
        .await;
    }

    pub(super) async fn set_role(&mut self, client: Client, name: &str, other: &str, role: Role) {
        let (channel, username) = (channel(name), user(other));
        self.ask(client, |id| ClientPacket::SetRole {
            id,
            channel,
            username,
            role,
        })
        .await;
    }

    pub(super) async fn invite(&mut self, client: Client, name: &str, other: &str) {
        let (channel, username) = (channel(name), user(other));
        self.ask(client, |id| ClientPacket::Invite {
            id,
            channel,
            username,
        })
        .await;
    }

    pub(super) async fn remove(&mut self, client: Client, name: &str, other: &str) {
        let (channel, username) = (channel(name), user(other));
        self.ask(client, |id| ClientPacket::Remove {
            id,
            channel,
            username,
        })
        .await;
    }

    pub(super) async fn set_presence(&mut self, client: Client, state: PresenceState, text: &str) {
        let text = PresenceText::parse(text).unwrap();
        self.ask(client, |id| ClientPacket::SetPresence { id, state, text })
            .await;
    }

    pub(super) async fn sanction(
        &mut self,
        client: Client,
        other: &str,
        sanction: SanctionKind,
        channel: Option<&str>,
        for_s: Option<u64>,
    ) {
        let (username, channel) = (user(other), channel.map(self::channel));
        self.ask(client, |id| ClientPacket::Sanction {
            id,
            username,
            sanction,
            channel,
            for_s,
            reason: Reason::parse("spam").unwrap(),
        })
        .await;
    }

    pub(super) async fn lift(
        &mut self,
        client: Client,
        other: &str,
        sanction: SanctionKind,
        channel: Option<&str>,
    ) {
        let (username, channel) = (user(other), channel.map(self::channel));
        self.ask(client, |id| ClientPacket::LiftSanction {
            id,
            username,
            sanction,
            channel,
        })
        .await;
    }

    pub(super) async fn sanctions(&mut self, client: Client, other: &str) {
        let username = user(other);
        self.ask(client, |id| ClientPacket::Sanctions { id, username })
            .await;
    }

    pub(super) async fn delete_lines(
        &mut self,
        client: Client,
        channel: Option<&str>,
        other: &str,
        since_s: Option<u64>,
    ) {
        let (username, channel) = (user(other), channel.map(self::channel));
        self.ask(client, |id| ClientPacket::DeleteLines {
            id,
            channel,
            username,
            since_s,
        })
        .await;
    }

    pub(super) async fn block(&mut self, client: Client, other: &str) {
        let username = user(other);
        self.ask(client, |id| ClientPacket::Block { id, username })
            .await;
    }

    pub(super) async fn unblock(&mut self, client: Client, other: &str) {
        let username = user(other);
        self.ask(client, |id| ClientPacket::Unblock { id, username })
            .await;
    }

    pub(super) async fn report(&mut self, client: Client, target: &str, seq: Seq) {
        let about = Reported::Line {
            channel: place(target),
            seq,
        };
        self.report_about(client, about).await;
    }

    pub(super) async fn report_player(&mut self, client: Client, other: &str) {
        let username = user(other);
        self.report_about(client, Reported::Player { username })
            .await;
    }

    async fn report_about(&mut self, client: Client, about: Reported) {
        self.ask(client, |id| ClientPacket::Report {
            id,
            about,
            category: ReportCategory::Spam,
            text: ReportText::parse("look").unwrap(),
        })
        .await;
    }

    /// Reads the queue, the open part of it, and what was kept with a report.
    pub(super) async fn reports(&mut self, client: Client, report: ReportNumber) {
        for (open, before) in [
            (None, None),
            (Some(true), None),
            (Some(false), Some(report)),
        ] {
            self.ask(client, |id| ClientPacket::Reports { id, open, before })
                .await;
        }
        self.ask(client, |id| ClientPacket::ReportLines { id, report })
            .await;
    }

    pub(super) async fn close_report(&mut self, client: Client, report: ReportNumber) {
        self.ask(client, |id| ClientPacket::CloseReport {
            id,
            report,
            outcome: ReportOutcome::Acted,
            text: ReportText::parse("thanks").unwrap(),
        })
        .await;
    }

    /// Says what an account may do on the whole server, as the operator would.
    pub(super) async fn appoint(&mut self, name: &str, role: ServerRole) {
        let session = self.real.iter().flatten().next().unwrap();
        session.appoint(name, role).await;
        reports::tell_waiting(session.server()).await.unwrap();
        let told = self.fake.appoint(name, role);
        self.tell(told);
        self.compare("an appointment").await;
    }

    pub(super) async fn logout(&mut self, client: Client) {
        self.ask(client, |id| ClientPacket::Logout { id }).await;
    }

    pub(super) async fn sessions(&mut self, client: Client) {
        self.ask(client, |id| ClientPacket::Sessions { id }).await;
    }

    pub(super) async fn close_session(&mut self, client: Client, session: Option<u64>) {
        self.ask(client, |id| ClientPacket::CloseSession { id, session })
            .await;
    }

    pub(super) async fn change_password(&mut self, client: Client, from: &str, to: &str) {
        let (password, new_password) = (password(from), password(to));
        self.ask(client, |id| ClientPacket::ChangePassword {
            id,
            password,
            new_password,
        })
        .await;
    }

    pub(super) async fn delete_account(&mut self, client: Client, text: &str) {
        self.delete_account_with(client, text, None).await;
    }

    pub(super) async fn delete_account_with(
        &mut self,
        client: Client,
        text: &str,
        code: Option<&Codes>,
    ) {
        let code = code.cloned().unzip();
        self.ask_each(client, code, |id, code| ClientPacket::DeleteAccount {
            id,
            password: password(text),
            code: code.map(FactorCode::parse),
        })
        .await;
    }

    pub(super) async fn keep_account(&mut self, client: Client) {
        self.ask(client, |id| ClientPacket::KeepAccount { id })
            .await;
    }

    pub(super) async fn rename(&mut self, client: Client, text: &str, name: &str) {
        self.rename_with(client, (text, None), name).await;
    }

    pub(super) async fn rename_with(
        &mut self,
        client: Client,
        (text, code): (&str, Option<&Codes>),
        name: &str,
    ) {
        let code = code.cloned().unzip();
        self.ask_each(client, code, |id, code| ClientPacket::Rename {
            id,
            password: password(text),
            username: user(name),
            code: code.map(FactorCode::parse),
        })
        .await;
    }

    /// Asks for the page of an export after one that ended with these words. Where lines
    /// lie is each server's own matter.
    pub(super) async fn export(&mut self, client: Client, after: Option<&str>) {
        let after = after.map(str::to_owned);
        self.ask(client, |id| ClientPacket::Export { id, after })
            .await;
    }

    /// Sends the same packet to both.
    pub(super) async fn ask(
        &mut self,
        client: Client,
        packet: impl FnOnce(RequestId) -> ClientPacket,
    ) {
        self.last_id += 1;
        let packet = packet(self.last_id);
        self.send(client, &packet.clone(), packet).await;
    }

    async fn send(&mut self, client: Client, real: &ClientPacket, fake: ClientPacket) {
        self.asked.insert(fake.name());
        let asked = format!("{client} asks {fake:?}");
        let session = self.real[client].as_mut().unwrap();
        session.send(&codec::encode(real)).await;
        self.tell_fake(client, fake);
        self.compare(&asked).await;
    }

    /// Sends a packet to the fake server alone.
    fn tell_fake(&mut self, client: Client, packet: ClientPacket) {
        self.last_token += 1;
        let token = ResumeToken::from_bytes(&[self.last_token; 32]);
        let told = self.fake.answer(number(client), packet, token, self.now_ms);
        self.tell(told);
    }

    fn tell(&mut self, told: Vec<(u64, ServerPacket)>) {
        let packets = told.into_iter();
        let packets = packets.map(|(to, packet)| (to, Seen::Packet(packet)));
        let ended = self.fake.take_ended().into_iter();
        let ended =
            ended.map(|(to, reason, text)| (to, Seen::Closed(reason, without_digits(&text))));
        for (to, seen) in packets.chain(ended) {
            let client = usize::try_from(to).unwrap() - 1;
            self.told.entry(client).or_default().push_back(seen);
        }
    }

    /// Sees that all clients have seen the same, but for times, tokens and the name of
    /// the store.
    async fn compare(&mut self, after: &str) {
        let mut real = self.real.iter().flatten();
        real.next().expect("a client that stays").tell_news();
        for client in 0..self.real.len() {
            let mut fake: Vec<Seen> = self.told.remove(&client).unwrap_or_default().into();
            let Some(session) = &mut self.real[client] else {
                assert_eq!(fake, [], "after {after}, client {client} is gone");
                continue;
            };
            let mut real = Vec::new();
            while !session.is_silent() {
                real.push(Seen::Packet(session.next()));
            }
            if let Some(reason) = session.closed() {
                let text = without_digits(&session.closing_text());
                real.push(Seen::Closed(reason, text));
                self.real[client].take().unwrap().cut();
            }
            let codes = codes(&real).into_iter().zip(codes(&fake));
            self.told_codes.extend(codes);
            if let Some((real, fake)) = channel_code(&real).zip(channel_code(&fake)) {
                self.channel_codes = (Some(real), Some(fake));
            }
            if let Some(tokens) = token(&real).zip(token(&fake)) {
                self.tokens.insert(client, tokens);
            }
            for seen in real.iter_mut().chain(&mut fake) {
                if let Seen::Packet(packet) = seen {
                    forget_what_differs(packet);
                }
            }
            assert_eq!(
                fake, real,
                "after {after}, the fake server tells client {client}"
            );
        }
    }
}

fn number(client: Client) -> u64 {
    u64::try_from(client).unwrap() + 1
}

fn token(seen: &[Seen]) -> Option<ResumeToken> {
    seen.iter().find_map(|seen| match seen {
        Seen::Packet(ServerPacket::LoggedIn { resume_token, .. }) => Some(resume_token.clone()),
        Seen::Packet(_) | Seen::Closed(..) => None,
    })
}

fn channel_code(seen: &[Seen]) -> Option<String> {
    seen.iter().find_map(|seen| match seen {
        Seen::Packet(ServerPacket::Joined { channel, .. }) => {
            let temporary = channel.temporary.as_ref()?;
            Some(temporary.code.expose().to_owned())
        }
        Seen::Packet(_) | Seen::Closed(..) => None,
    })
}

/// Without the time in it.
fn without_digits(text: &str) -> String {
    text.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// Recovery codes, and keys of second factors.
fn codes(seen: &[Seen]) -> Vec<String> {
    let mut told = Vec::new();
    for seen in seen {
        match seen {
            Seen::Packet(ServerPacket::Registered { recovery_codes, .. }) => {
                told.extend(recovery_codes.iter().map(|code| code.expose().to_owned()));
            }
            Seen::Packet(ServerPacket::RecoveryCodes { codes, .. }) => {
                told.extend(codes.iter().map(|code| code.expose().to_owned()));
            }
            Seen::Packet(ServerPacket::SecondFactor { secret, .. }) => {
                told.push(secret.expose().to_owned());
            }
            Seen::Packet(_) | Seen::Closed(..) => {}
        }
    }
    told
}

/// What a ticket says, without what differs.
fn said_by(ticket: &Ticket) -> String {
    let claims = ticket.expose().split('.').nth(1).unwrap();
    let claims = Base64UrlUnpadded::decode_vec(claims).unwrap();
    let mut claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    let claims = claims.as_object_mut().unwrap();
    for differs in ["iss", "jti", "iat", "exp"] {
        claims.remove(differs).unwrap();
    }
    serde_json::to_string(claims).unwrap()
}

/// Times, tokens, codes, places, and names of stores.
fn forget_what_differs(packet: &mut ServerPacket) {
    let forget_times = |line: &mut Line| {
        line.sent_at_ms = line.sent_at_ms.min(1);
        line.edited_at_ms = line.edited_at_ms.map(|at| at.min(1));
    };
    let forget_end = |sanction: &mut Sanction| {
        sanction.until_ms = sanction.until_ms.map(|_| 1);
    };
    match packet {
        ServerPacket::Joined {
            channel:
                longhall_packet::ChannelState {
                    temporary: Some(temporary),
                    ..
                },
            ..
        } => {
            temporary.code = ChannelCode::from_bytes(&[0; ChannelCode::CHARS]);
            temporary.ends_at_ms = temporary.ends_at_ms.min(1);
        }
        ServerPacket::LoggedIn {
            resume_token,
            epoch,
            last_login,
            deleted_at_ms,
            sanctions,
            ..
        } => {
            *resume_token = ResumeToken::from_bytes(&[0; 32]);
            epoch.clear();
            *deleted_at_ms = deleted_at_ms.map(|at| at.min(1));
            sanctions.iter_mut().for_each(forget_end);
            if let Some(last_login) = last_login {
                last_login.at_ms = last_login.at_ms.min(1);
                last_login.network.clear();
            }
        }
        ServerPacket::Registered {
            recovery_codes: codes,
            ..
        }
        | ServerPacket::RecoveryCodes { codes, .. } => {
            codes.fill(RecoveryCode::from_bytes(&[0; RecoveryCode::CHARS]));
        }
        ServerPacket::Ticket {
            ticket,
            expires_at_ms,
            ..
        } => {
            *ticket = Ticket::new(said_by(ticket));
            *expires_at_ms = 1;
        }
        ServerPacket::SecondFactor { secret, uri, .. } => {
            *uri = FactorKey::new(uri.expose().split('?').next().unwrap_or_default());
            *secret = FactorKey::new("");
        }
        ServerPacket::Deny {
            retry_after_ms,
            sanction,
            ..
        } => {
            sanction.iter_mut().for_each(|one| forget_end(one));
            *retry_after_ms = retry_after_ms.map(|ms| ms.min(1));
        }
        ServerPacket::Export {
            account,
            lines,
            reports,
            ..
        } => {
            if let Some(account) = account {
                account.created_at_ms = 1;
                account.deleted_at_ms = account.deleted_at_ms.map(|at| at.min(1));
                if let Some(last_login) = &mut account.last_login {
                    last_login.at_ms = 1;
                    last_login.network.clear();
                }
                for listed in &mut account.sessions {
                    (listed.created_at_ms, listed.last_seen_at_ms) = (1, 1);
                }
            }
            for line in lines {
                line.sent_at_ms = 1;
                line.edited_at_ms = line.edited_at_ms.map(|at| at.min(1));
            }
            for report in reports {
                report.created_at_ms = 1;
                if let Some(closed) = &mut report.closed {
                    closed.at_ms = 1;
                }
            }
        }
        ServerPacket::Sanctioned { sanction } | ServerPacket::SanctionSet { sanction, .. } => {
            forget_end(sanction);
        }
        ServerPacket::Sanctions { sanctions, .. } => {
            for past in sanctions {
                past.since_ms = 1;
                forget_end(&mut past.sanction);
            }
        }
        ServerPacket::Posted { sent_at_ms, .. } => *sent_at_ms = 1,
        ServerPacket::Chat { line, .. } => forget_times(line),
        ServerPacket::History { lines, .. } => lines.iter_mut().for_each(forget_times),
        ServerPacket::ReportLines { lines, .. } => lines.iter_mut().for_each(forget_times),
        ServerPacket::Reports { reports, .. } => {
            for listed in reports {
                listed.created_at_ms = 1;
                if let Some(closed) = &mut listed.closed {
                    closed.at_ms = 1;
                }
            }
        }
        ServerPacket::Sessions { sessions, .. } => {
            for listed in sessions {
                (listed.created_at_ms, listed.last_seen_at_ms) = (1, 1);
            }
        }
        // The fake server makes them by counting.
        ServerPacket::Challenge { challenge, .. } => challenge.truncate(0),
        ServerPacket::Hello { .. }
        | ServerPacket::Ok { .. }
        | ServerPacket::Joined { .. }
        | ServerPacket::Left { .. }
        | ServerPacket::Channels { .. }
        | ServerPacket::Halls { .. }
        | ServerPacket::Members { .. }
        | ServerPacket::ChannelChanged { .. }
        | ServerPacket::RoleChanged { .. }
        | ServerPacket::ServerRoleChanged { .. }
        | ServerPacket::SanctionLifted { .. }
        | ServerPacket::LinesDeleted { .. }
        | ServerPacket::Presence { .. }
        | ServerPacket::Invited { .. }
        | ServerPacket::Read { .. }
        | ServerPacket::Renamed { .. }
        | ServerPacket::Blocks { .. }
        | ServerPacket::ProfileSet { .. }
        | ServerPacket::PlayerInfo { .. }
        | ServerPacket::Profiles { .. }
        | ServerPacket::Reported { .. }
        | ServerPacket::ReportsWaiting { .. }
        | ServerPacket::ReportClosed { .. }
        | ServerPacket::Gap { .. } => {}
    }
}

pub(super) fn user(name: &str) -> Username {
    Username::parse(name).unwrap()
}

pub(super) fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

fn key(text: &str) -> ChannelPassword {
    ChannelPassword::parse(text).unwrap()
}

pub(super) fn channel(name: &str) -> ChannelName {
    ChannelName::parse(name).unwrap()
}

fn place(target: &str) -> Target {
    Target::parse(target).unwrap()
}

fn text(words: &str) -> ChatText {
    ChatText::parse(words).unwrap()
}

impl Twins {
    /// Both have a line that an account said an hour ago.
    pub(super) async fn long_ago(
        &mut self,
        client: Client,
        name: &str,
        sender: UserId,
        sender_name: &str,
    ) {
        self.last_line += 1;
        let (line_id, words) = (self.last_line, "long ago");
        let then_ms = self.now_ms - 60 * 60 * 1000;
        let store = self.real[client].as_ref().unwrap().store();
        let entry = LogEntry {
            sender,
            sender_name: sender_name.to_owned(),
            what: LogAction::Say {
                channel: ChannelId(1),
                line_id,
                text: words.to_owned(),
            },
            now_ms: i64::try_from(then_ms).unwrap(),
        };
        store.append(vec![entry]).await.unwrap();
        let now_ms = std::mem::replace(&mut self.now_ms, then_ms);
        self.last_id += 1;
        let said = ClientPacket::Chat {
            id: self.last_id,
            channel: place(name),
            line_id,
            text: text(words),
        };
        self.tell_fake(client, said);
        self.now_ms = now_ms;
        // Nobody was there.
        self.told.clear();
    }
}
