//! A server inside the game's own process, for a game's tests.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use godot::classes::Time;
use godot::global::randi;
use godot::prelude::*;
use longhall_packet::{
    ClientPacket, CloseReason, Denial, DenyCode, InviteCode, MAX_PROOF_BITS, Profile,
    RegistrationMode, ResumeToken, ServerPacket, ServerRole, codec,
};
use longhall_world::fake::{Deliveries, FakeServer};

use crate::clock::now;
use crate::convert::seconds;
use crate::json;
use crate::transport::news::News;

/// A server inside your game, so that your game's own tests need no network.
///
/// Give it to [member NetworkClient.fake_server] before the node connects: then no socket is
/// opened, and everything else works as with a real server. It keeps accounts, channels and
/// lines, checks passwords and passes chat on, also between several nodes that share it; and it
/// does what your test wants to see.
///
/// ```gdscript
/// var server := LonghallFakeServer.new()
/// server.add_account("ada", "correct horse")
/// server.deny_next("login", "busy", 3.0)
/// server.close_in(2.0, "restarting")
/// client.fake_server = server
/// client.connect_to_server()
/// ```
///
/// Not for players: it keeps passwords as they are, and nothing over the end of the game.
#[derive(GodotClass)]
#[class(init, base = RefCounted)]
pub struct LonghallFakeServer {
    base: Base<RefCounted>,

    /// Whether there is somebody to connect to. Without it every try ends in
    /// [code]server_unreachable[/code]; those who are connected stay.
    #[var]
    #[init(val = true)]
    is_reachable: bool,

    /// Seconds until an answer or a line of chat arrives.
    #[var]
    answer_delay: f64,

    /// What [member NetworkClient.message_of_the_day] will be.
    #[var]
    message_of_the_day: GString,

    #[init(val = FakeServer::new(new_epoch()))]
    world: FakeServer,
    /// By the name of the request.
    scripts: HashMap<&'static str, VecDeque<Script>>,
    closings: Vec<(Duration, Option<CloseReason>)>,
    connections: BTreeMap<u64, Connection>,
    last_connection: u64,
    last_token: u64,
    said: PackedStringArray,
}

enum Script {
    Deny(Denial),
    Ignore,
}

#[derive(Default)]
struct Connection {
    /// What the client is to hear, and when.
    inbound: VecDeque<(Duration, News)>,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api]
impl LonghallFakeServer {
    /// Creates an account, or gives it another password.
    #[func]
    pub fn add_account(&mut self, username: GString, password: GString) {
        self.world
            .add_account(&username.to_string(), &password.to_string());
    }

    /// Who may register from now on, one of the values of
    /// [member NetworkClient.registration_mode], and how many bits of work an account or a guest
    /// costs, at most 22. Nodes hear of it when they connect.
    #[func]
    pub fn set_registration(&mut self, mode: GString, #[opt(default = 0)] proof_bits: i64) {
        let mode = mode.to_string();
        let bits = u32::try_from(proof_bits).ok();
        match (RegistrationMode::from_name(&mode), bits) {
            (Some(known), Some(bits)) if bits <= MAX_PROOF_BITS => {
                self.world.set_registration(known, bits);
            }
            _ => self.warn(&format!(
                "nobody registers by \"{mode}\" and {proof_bits} bits"
            )),
        }
    }

    /// Adds an invite code, for [method set_registration] with [code]"invite"[/code].
    #[func]
    pub fn add_invite(&mut self, code: GString, #[opt(default = 1)] uses: i64) {
        let uses = u32::try_from(uses).unwrap_or(1);
        match InviteCode::parse(code.to_string()) {
            Some(code) => self.world.add_invite(&code, uses),
            None => self.warn("an invite code has letters or digits"),
        }
    }

    /// How many players a hall of the lobby takes in from now on, 500 unless said; 0 for all. Who
    /// comes when all are full gets another hall: with 2, so does the third player. Nobody is moved
    /// who is online. See [method NetworkClient.list_halls].
    #[func]
    pub fn set_hall_size(&mut self, players: i64) {
        match u32::try_from(players) {
            Ok(players) => self.world.set_hall_size(players),
            Err(_) => self.warn("a hall takes in 0 players or more"),
        }
    }

    /// Whether players may come in by [method NetworkClient.login_as_guest] from now on. Nodes hear
    /// of it when they connect.
    #[func]
    pub fn set_guests(&mut self, takes_guests: bool) {
        self.world.set_guests(takes_guests);
    }

    /// Lets an account in that was registered with [code]"approval"[/code]. Says whether it waited.
    #[func]
    pub fn approve(&mut self, username: GString) -> bool {
        self.world.approve(&username.to_string())
    }

    /// Refuses the next request of this kind with one of
    /// [method NetworkClient.get_denial_codes]. `request` is the name of the packet that the
    /// client sends: [code]"register"[/code], [code]"login"[/code], [code]"resume"[/code] (taking
    /// up a session after a cut), [code]"logout"[/code], [code]"chat"[/code],
    /// [code]"join"[/code], [code]"history"[/code] and so on. `retry_after` seconds are passed on as
    /// [member NetworkRequest.retry_after]; 0 leaves it out. Called several times, it refuses as
    /// many requests, in that order.
    #[func]
    pub fn deny_next(
        &mut self,
        request: GString,
        code: GString,
        #[opt(default = 0.0)] retry_after: f64,
    ) {
        let code = code.to_string();
        let known = DenyCode::ALL.iter().copied().chain([DenyCode::Unknown]);
        let Some(code) = known.into_iter().find(|known| known.name() == code) else {
            return self.warn(&format!("no server refuses with \"{code}\""));
        };
        let denial = match seconds(retry_after) {
            Duration::ZERO => Denial::new(code),
            retry_after => Denial::for_now(code, retry_after),
        };
        self.script(&request, Script::Deny(denial));
    }

    /// Does not answer the next request of this kind, see [method deny_next]. It ends in
    /// [code]timed_out[/code] after [member NetworkClient.request_timeout].
    #[func]
    pub fn ignore_next(&mut self, request: GString) {
        self.script(&request, Script::Ignore);
    }

    /// Ends all connections in `seconds`, for a reason out of
    /// [method NetworkClient.get_disconnect_reasons] that a server can have, such as
    /// [code]"restarting"[/code] or [code]"logged_in_elsewhere"[/code]; or with
    /// [code]"connection_lost"[/code], without a word. Called several times, it ends them as
    /// often.
    #[func]
    pub fn close_in(&mut self, seconds: f64, reason: GString) {
        let delay = crate::convert::seconds(seconds);
        let reason = reason.to_string();
        let named = CloseReason::from_name(&reason);
        if named.is_none() && reason != "connection_lost" {
            return self.warn(&format!("no server closes with \"{reason}\""));
        }
        let at = now().saturating_add(delay);
        self.closings.push((at, named));
    }

    /// Somebody says a line, and everybody in `channel` who is logged in hears it. Behind an
    /// `@`, `channel` is a player to whisper to: [code]server.say("bob", "psst", "@ada")[/code].
    #[func]
    pub fn say(
        &mut self,
        sender: GString,
        text: GString,
        #[opt(default = &GString::from("lobby"))] channel: GString,
    ) {
        let (sender, text) = (sender.to_string(), text.to_string());
        let deliveries = self
            .world
            .say(&sender, &text, &channel.to_string(), unix_ms());
        self.deliver(deliveries);
    }

    /// The game itself says a line, as its own server would, and everybody in [param channel] who
    /// is logged in gets [signal NetworkClient.system_line_received].
    #[func]
    pub fn say_system(
        &mut self,
        text: GString,
        #[opt(default = &GString::from("lobby"))] channel: GString,
    ) {
        let (text, channel) = (text.to_string(), channel.to_string());
        let deliveries = self.world.say_as_system(&text, &channel, unix_ms());
        self.deliver(deliveries);
    }

    /// Says what an account may do on the whole server: [code]"moderator"[/code],
    /// [code]"admin"[/code], or [code]"player"[/code] again. See
    /// [method NetworkClient.get_server_role].
    #[func]
    pub fn set_server_role(&mut self, username: GString, role: GString) {
        let Some(known) = ServerRole::from_name(&role.to_string()) else {
            return self.warn(&format!(
                "\"{role}\" is no role; there are player, moderator, admin"
            ));
        };
        let deliveries = self.world.appoint(&username.to_string(), known);
        self.deliver(deliveries);
    }

    /// Says which keys of players' profiles are the game's: players cannot change them by
    /// [method NetworkClient.set_profile], and [method set_game_keys] sets them.
    #[func]
    pub fn name_game_keys(&mut self, keys: PackedStringArray) {
        let keys = keys.as_slice().iter().map(ToString::to_string);
        self.world.set_game_keys_named(keys.collect());
    }

    /// Sets keys of a player's profile as your game's own server does; `null` takes one out. The
    /// keys must have been named by [method name_game_keys].
    #[func]
    pub fn set_game_keys(&mut self, username: GString, values: VarDictionary) {
        let profile = json::text(&values)
            .and_then(|text| Profile::from_json(&text).map_err(|denial| denial.reason()));
        let set = profile.and_then(|profile| {
            let set = self.world.set_game_keys(&username.to_string(), profile);
            set.map_err(|denial| denial.reason())
        });
        match set {
            Ok(deliveries) => self.deliver(deliveries),
            Err(why) => self.warn(&format!("cannot set keys of {username}: {why}")),
        }
    }

    /// Ends a channel of [method NetworkClient.create_temporary_channel], as your game's own server
    /// does or the time. Says whether there was one.
    #[func]
    pub fn end_channel(&mut self, channel: GString) -> bool {
        let (was_one, deliveries) = self.world.end_temporary(&channel.to_string());
        self.deliver(deliveries);
        was_one
    }

    /// The public keys of the tickets that it gives out, for [method LonghallTicket.verify]. They
    /// are others after [method wipe].
    #[func]
    pub fn ticket_keys(&self) -> GString {
        (&self.world.ticket_keys()).into()
    }

    /// Begins anew, as a server does whose database was deleted: all connections are cut, and
    /// accounts, channels and lines are gone. The next login of a node that was logged in before
    /// comes with [signal NetworkClient.history_reset]. With `keep_accounts`, accounts and their
    /// sessions stay, as when an older state of the database is put back.
    #[func]
    pub fn wipe(&mut self, #[opt(default = false)] keep_accounts: bool) {
        self.closings.clear();
        let at = now();
        for connection in self.connections.values_mut() {
            connection.close(at, None, "cut".to_owned());
        }
        self.world.wipe(keep_accounts, new_epoch());
        self.said = PackedStringArray::new();
    }

    #[func]
    fn _longhall_warn(text: GString) {
        godot_warn!("LonghallFakeServer: {text}");
    }

    /// All that was said by [method NetworkClient.send_chat], oldest first.
    #[func]
    pub fn get_said(&self) -> PackedStringArray {
        self.said.clone()
    }
}

/// What a client's transport does with it.
impl LonghallFakeServer {
    /// A new connection, by which the other calls know it.
    pub(crate) fn connect(&mut self) -> u64 {
        // A close that was due before must not end the new connection.
        self.close_what_is_due(now());
        self.last_connection += 1;
        let mut connection = Connection::default();
        let at = self.arrival();
        if self.is_reachable {
            let hello = self.world.hello(&self.message_of_the_day.to_string());
            connection.inbound.push_back((at, news(&hello)));
        } else {
            let closed = News::Closed(None, "the fake server is not reachable".to_owned());
            connection.inbound.push_back((at, closed));
        }
        self.connections.insert(self.last_connection, connection);
        self.last_connection
    }

    /// The client has gone.
    pub(crate) fn hang_up(&mut self, connection: u64) {
        self.connections.remove(&connection);
        let deliveries = self.world.hang_up(connection);
        self.deliver(deliveries);
    }

    /// The client sends one packet.
    pub(crate) fn receive(&mut self, connection: u64, text: &str) {
        match codec::decode_client_packet(text.as_bytes()) {
            Ok(packet) => self.answer(connection, packet),
            Err(error) => {
                let denial = ServerPacket::deny(error.id, error.denial);
                self.deliver(vec![(connection, denial)]);
            }
        }
    }

    /// What the client hears next, once it is time.
    pub(crate) fn poll(&mut self, connection: u64) -> Option<News> {
        let now = now();
        self.close_what_is_due(now);
        let Some(found) = self.connections.get_mut(&connection) else {
            return Some(News::Closed(None, "gone".to_owned()));
        };
        let (at, _) = found.inbound.front()?;
        if *at > now {
            return None;
        }
        found.inbound.pop_front().map(|(_, news)| news)
    }

    fn close_what_is_due(&mut self, now: Duration) {
        let due: Vec<_> = self.closings.extract_if(.., |(at, _)| *at <= now).collect();
        for (at, reason) in due {
            for connection in self.connections.values_mut() {
                let text = reason.map_or("cut", CloseReason::name).to_owned();
                connection.close(at, reason, text);
            }
            // Nobody is left to hear of it.
            for connection in self.connections.keys() {
                self.world.hang_up(*connection);
            }
        }
    }

    fn answer(&mut self, from: u64, packet: ClientPacket) {
        let id = packet.id();
        let script = self
            .scripts
            .get_mut(packet.name())
            .and_then(VecDeque::pop_front);
        match script {
            Some(Script::Ignore) => {}
            Some(Script::Deny(denial)) => {
                self.deliver(vec![(from, ServerPacket::deny(Some(id), denial))]);
            }
            None => {
                let said = match &packet {
                    ClientPacket::Chat { text, .. } => Some(text.as_str().to_owned()),
                    _ => None,
                };
                let token = self.new_token();
                let deliveries = self.world.answer(from, packet, token, unix_ms());
                // A line that is said again after a cut is answered, but not told.
                let is_told =
                    |(_, packet): &(u64, ServerPacket)| matches!(packet, ServerPacket::Chat { .. });
                if let Some(said) = said
                    && deliveries.iter().any(is_told)
                {
                    self.said.push(&said);
                }
                self.deliver(deliveries);
            }
        }
    }

    /// Not a secret: nothing of a fake server is.
    fn new_token(&mut self) -> ResumeToken {
        self.last_token += 1;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.last_token.to_le_bytes());
        ResumeToken::from_bytes(&bytes)
    }

    fn deliver(&mut self, deliveries: Deliveries) {
        let at = self.arrival();
        for (to, packet) in deliveries {
            if let Some(connection) = self.connections.get_mut(&to) {
                connection.inbound.push_back((at, news(&packet)));
            }
        }
        for (connection, reason, text) in self.world.take_ended() {
            if let Some(connection) = self.connections.get_mut(&connection) {
                connection.close(at, Some(reason), text);
            }
        }
    }

    /// When what is sent now arrives.
    fn arrival(&self) -> Duration {
        now().saturating_add(seconds(self.answer_delay))
    }

    fn script(&mut self, request: &GString, script: Script) {
        let wanted = request.to_string();
        match ClientPacket::NAMES.iter().find(|name| **name == wanted) {
            Some(name) => self.scripts.entry(name).or_default().push_back(script),
            None => {
                let requests = ClientPacket::NAMES.join(", ");
                self.warn(&format!("\"{wanted}\" is no request; there are {requests}"));
            }
        }
    }

    /// Warns once nothing is borrowed: a game's own console may look at us.
    fn warn(&mut self, text: &str) {
        let text = text.to_variant();
        self.base_mut().call_deferred("_longhall_warn", &[text]);
    }
}

impl Connection {
    /// Ends it at that time: what would have arrived later never does.
    fn close(&mut self, at: Duration, reason: Option<CloseReason>, text: String) {
        let code = reason.map(CloseReason::code);
        self.inbound.retain(|(arrives_at, _)| *arrives_at <= at);
        let closed = News::Closed(code, text);
        self.inbound.push_back((at, closed));
    }
}

fn news(packet: &ServerPacket) -> News {
    News::Received(codec::encode(packet).as_bytes().into())
}

/// Names a store, unlike all others.
fn new_epoch() -> String {
    format!("{:08x}{:08x}", randi(), randi())
}

/// Milliseconds since 1970.
fn unix_ms() -> u64 {
    (Time::singleton().get_unix_time_from_system() * 1000.0) as u64
}
