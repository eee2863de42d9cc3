//! The node that designers drop into a scene.

mod frequent_signals;
mod login_file;

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use godot::classes::node::ProcessMode;
use godot::classes::notify::NodeNotification;
use godot::classes::{Engine, INode, Node, Os, Time, X509Certificate};
use godot::init::is_main_thread;
use godot::prelude::*;
use longhall_client::{
    Action, AddressError, Answer, Call, Command, Config, DisconnectReason, Event, LogoutReason,
    Refusal, RefusalCode, ServerAddress, Session, State,
};
use longhall_packet::text::trim_unseen;
use longhall_packet::{
    Access, Change, CloseReason, DenyCode, Limits, LineKind, Presence, PresenceState, ResumeToken,
    Role,
};

use self::frequent_signals::FrequentSignals;
use crate::clock::now;
use crate::convert::{self, int, seconds, state_constant};
use crate::fake_server::LonghallFakeServer;
use crate::network_request::NetworkRequest;
use crate::transport::Transport;
use crate::transport::address::Address;
#[cfg(feature = "bad-weather")]
use crate::transport::bad_weather::Forecast;
use crate::transport::news::News;

/// Answers that were read too slowly for the budget do not keep the session from
/// noticing a dead connection for longer than this.
const LONGEST_WITHOUT_TICK: Duration = Duration::from_secs(5);

/// Packets that are read before what they bring is told. To borrow the node costs as much
/// as to read a line; too many would make a frame longer than its budget.
const PACKETS_AT_ONCE: usize = 4;

/// What the tree calls once a frame.
const FRAME: &str = "_longhall_frame";

/// What the engine calls at the end of a frame, whatever thread asked for it.
const TELL: &str = "_longhall_tell";

/// What a request ended with, for those who wait for it.
type Outcome = (Gd<NetworkRequest>, Result<Answer, Refusal>);

/// Accounts and chat for your game: registers players, logs them in and lets them talk.
///
/// Drop this node into a scene, point [member url] at a Longhall server, connect its signals, and
/// call [method register], [method login] and [method send_chat]. It keeps the connection alive,
/// connects again by itself after a cut, and logs the player in again without asking for the
/// password. No line is lost or doubled on the way: what was said while the connection was away
/// follows in order, and lines of [method send_chat] wait for the connection to come back.
///
/// Players talk in channels, named as in [code]"lobby"[/code], and in whispers, named by the other
/// player as in [code]"@ada"[/code]. Everybody is in the lobby; other channels are for
/// [method create_channel] and [method join_channel], and kept with the account.
///
/// Every call is answered twice, by a signal of this node for all who listen and by the
/// [NetworkRequest] it returns for the one who asked, and never before the call has returned:
/// [method login] by [signal logged_in] or [signal login_denied], [method register] by
/// [signal registered] or [signal register_denied], [method send_chat] by
/// [signal chat_accepted] or [signal chat_denied].
///
/// ```gdscript
/// func _ready() -> void:
///     $NetworkClient.chat_received.connect(
///         func(_channel, sender, text, _time, _seq): print(sender, ": ", text)
///     )
///     await $NetworkClient.connect_to_server().completed
///     if $NetworkClient.is_resuming():
///         return # A remembered login: logged_in comes by itself.
///     var login: NetworkRequest = await $NetworkClient.login("ada", "correct horse").completed
///     if login.ok:
///         $NetworkClient.send_chat("Hello!")
///     else:
///         print(login.reason)
/// ```
///
/// Denials carry a stable code to translate, one of [method get_denial_codes], and an English
/// sentence to fall back on. For tests of your game without a network, see
/// [member fake_server].
///
/// A scene with this node may be loaded and instantiated in a [Thread] or by
/// [ResourceLoader]. Its methods are for the main thread: called from another, they say so in the
/// console, and their request ends with `malformed_packet`.
///
/// The node works while the tree is paused (its [member Node.process_mode] is
/// [constant Node.PROCESS_MODE_ALWAYS]) and does nothing in the editor.
#[derive(GodotClass)]
#[class(base = Node, tool)]
pub struct NetworkClient {
    base: Base<Node>,

    /// Where the server is: `ws://host:port`, or `wss://host:port` for an encrypted connection.
    /// A change takes effect at the next [method connect_to_server].
    #[export]
    #[var(set = _set_url)]
    url: GString,

    /// Connect as soon as the node is ready, and again when it was out of the tree for a while.
    /// Otherwise call [method connect_to_server].
    #[export]
    connect_automatically: bool,

    /// The certificate that a [code]wss://[/code] server must show, or that has signed what it
    /// shows: for a server with a certificate of your own making. Left empty, the engine's
    /// certificates decide, see [method Crypto.generate_self_signed_certificate] and the project
    /// setting [member ProjectSettings.network/tls/certificate_bundle_override]. There is no way
    /// to switch the check off.
    #[export]
    #[var(set = _set_tls_certificate)]
    tls_certificate: Option<Gd<X509Certificate>>,

    /// Keep logins over the end of the game: after the next [method login], and from then on,
    /// the node stores what the server allows to take the session up again in
    /// [member remember_file], and logs the player in by itself at the next start. Never the
    /// password. [method logout] forgets the login, and so does setting this to
    /// [code]false[/code]. Becomes [code]true[/code] by itself when a remembered login is found.
    /// Whoever is logged out because of a login elsewhere stays out until the next
    /// [method login].
    #[export_group(name = "Remember Me", prefix = "remember_")]
    #[export]
    #[var(set = _set_remember_login)]
    remember_login: bool,

    /// The file for [member remember_login], in [code]user://[/code]. Two players on one machine
    /// need two of them: a remembered login that is taken up twice ends with `logged_in_elsewhere`
    /// for the first. For two instances run from the editor, the command line argument
    /// [code]-- --remember-slot=2[/code] makes it another file; only debug builds look at it.
    #[export]
    #[var(set = _set_remember_file)]
    remember_file: GString,

    /// Seconds a server gets to answer a new connection. At least 1.
    #[export_group(name = "Timeouts")]
    #[export(range = (1.0, 60.0, 0.5, or_greater, suffix = "s"))]
    #[var(set = _set_connect_timeout)]
    connect_timeout: f64,

    /// Seconds until a request counts as unanswered, with code `timed_out`. At least 1.
    #[export(range = (1.0, 60.0, 0.5, or_greater, suffix = "s"))]
    #[var(set = _set_request_timeout)]
    request_timeout: f64,

    /// Seconds of silence after which the server is asked whether it is still there. 0 turns
    /// this off; a pulled cable is then noticed late or never.
    #[export(range = (0.0, 60.0, 0.5, or_greater, suffix = "s"))]
    #[var(set = _set_heartbeat_interval)]
    heartbeat_interval: f64,

    /// Connect again by itself after a cut, and log the player in again. Waits longer after each
    /// failed try, and never quite as long as others do, so that a restarted server is not
    /// overrun.
    #[export_group(name = "Reconnect", prefix = "reconnect_")]
    #[export]
    #[var(set = _set_reconnect_enabled)]
    reconnect_enabled: bool,

    /// The longest pause between two tries, in seconds.
    #[export(range = (0.5, 300.0, 0.5, or_greater, suffix = "s"))]
    #[var(set = _set_reconnect_max_delay)]
    reconnect_max_delay: f64,

    /// Lines of each channel that are fetched when the player comes in, see
    /// [signal history_received]. With 0 only what is said from then on is shown.
    #[export_group(name = "Chat")]
    #[export(range = (0.0, 500.0, 1.0))]
    #[var(set = _set_history_lines)]
    history_lines: i64,

    /// What the player's list of devices calls this one, see [method list_sessions]. Empty takes
    /// the name of the operating system.
    #[export]
    device_name: GString,

    /// Milliseconds of one frame that received packets may take. What is left waits for the next
    /// frame, so that a burst of chat does not make the game stutter.
    #[export_group(name = "Performance")]
    #[export(range = (0.1, 16.0, 0.1, or_greater, suffix = "ms"))]
    frame_budget: f64,

    /// Milliseconds by which everything is late, each way. Only in the editor and in debug
    /// builds: a release build has no bad weather, and ignores what a scene says about it.
    #[cfg(feature = "bad-weather")]
    #[export_group(name = "Bad Weather", prefix = "bad_weather_")]
    #[export(range = (0.0, 2000.0, 10.0, or_greater, suffix = "ms"))]
    #[var(set = _set_bad_weather_latency)]
    bad_weather_latency: f64,

    /// Milliseconds by which packets are late in addition, at most; drawn anew for each. Only in
    /// the editor and in debug builds.
    #[cfg(feature = "bad-weather")]
    #[export(range = (0.0, 2000.0, 10.0, or_greater, suffix = "ms"))]
    #[var(set = _set_bad_weather_jitter)]
    bad_weather_jitter: f64,

    /// The connection is lost once in so many seconds on average. 0 for never. Only in the editor
    /// and in debug builds.
    #[cfg(feature = "bad-weather")]
    #[export(range = (0.0, 600.0, 1.0, or_greater, suffix = "s"))]
    #[var(set = _set_bad_weather_loss_interval)]
    bad_weather_loss_interval: f64,

    /// A server inside the game, for tests without a network: from the next
    /// [method connect_to_server] on, it takes the place of whatever is at [member url], also of a
    /// connection that exists already. Logins with it are remembered in a file of their own.
    #[var]
    fake_server: Option<Gd<LonghallFakeServer>>,

    /// Where the node stands, one of the `STATE_` constants. Read-only.
    #[var(get = _get_state, no_set, hint = ENUM, hint_string = "Offline,Connecting,Reconnecting,Connected,Logged In")]
    state: PhantomVar<i64>,

    /// The player's name from the login to the logout, also through cuts of the connection;
    /// otherwise empty. Read-only.
    #[var(get = _get_username, no_set)]
    username: PhantomVar<GString>,

    /// Seconds until the next try while waiting to reconnect, otherwise 0: for a countdown.
    /// Read-only.
    #[var(get = _get_retry_in, no_set)]
    retry_in: PhantomVar<f64>,

    /// What the operator wants every player to read. Known once connected. Read-only.
    #[var(no_set)]
    message_of_the_day: GString,

    /// Fewest characters of a user name. Read-only.
    #[var(no_set)]
    username_min_length: i64,

    /// Most characters of a user name: set it as [member LineEdit.max_length]. Read-only.
    #[var(no_set)]
    username_max_length: i64,

    /// Fewest characters of a password. Read-only.
    #[var(no_set)]
    password_min_length: i64,

    /// Most characters of a password: set it as [member LineEdit.max_length]. Read-only.
    #[var(no_set)]
    password_max_length: i64,

    /// Most characters of a chat line: set it as [member LineEdit.max_length]. Read-only.
    #[var(no_set)]
    chat_max_length: i64,

    /// Most characters of a channel's name. Read-only.
    #[var(no_set)]
    channel_max_length: i64,

    /// Most characters of a channel's topic. Read-only.
    #[var(no_set)]
    topic_max_length: i64,

    /// Most characters of the text of [method set_presence]. Read-only.
    #[var(no_set)]
    presence_max_length: i64,

    /// Most channels the player may be in, the lobby not counted. Read-only.
    #[var(no_set)]
    channels_max: i64,

    /// Seconds in which the player may change a line, see [method edit_line]. Read-only.
    #[var(no_set)]
    edit_window: i64,

    /// The name of the channel that everybody is in. Read-only; empty while nobody is logged in.
    #[var(get = _get_lobby, no_set)]
    lobby: PhantomVar<GString>,

    session: Session,
    transport: Transport,
    /// Who waits for what.
    requests: HashMap<Call, Gd<NetworkRequest>>,
    /// The remembered login that lies in a file by our doing.
    kept: Option<Kept>,
    /// Whether a remembered login may be taken up: not by one that was logged
    /// out elsewhere, which would only throw out the other in turn.
    may_restore: bool,
    /// The address of the present connection and its reconnects.
    dialled: Option<Address>,
    /// Why the next try fails is to be found out.
    explains_next: bool,
    /// When the session was last told what time it is.
    ticked_at: Duration,
    is_in_tree: bool,
    /// `None` when the engine has to be asked.
    is_processed: Option<bool>,
    /// The tree was left for more than a moment.
    was_removed: bool,
    /// Logins cannot be stored, and that was told.
    is_forgetful: bool,
    /// Why not, until it is told.
    not_remembered: Option<String>,
    /// For the developer's console, once nothing is borrowed.
    warnings: Vec<String>,
    signals: Rc<FrequentSignals>,
}

#[godot_api]
impl INode for NetworkClient {
    fn init(base: Base<Node>) -> Self {
        // Chat goes on while the game is paused, unless the designer says otherwise.
        base.to_init_gd().set_process_mode(ProcessMode::ALWAYS);
        let config = Config {
            client_name: concat!("longhall-godot/", env!("CARGO_PKG_VERSION")).to_owned(),
            ..Config::default()
        };
        let mut node = Self {
            base,
            url: "ws://127.0.0.1:8081".into(),
            connect_automatically: true,
            tls_certificate: None,
            remember_login: false,
            remember_file: "user://longhall_login.cfg".into(),
            connect_timeout: config.connect_timeout.as_secs_f64(),
            request_timeout: config.request_timeout.as_secs_f64(),
            heartbeat_interval: config.heartbeat_interval.as_secs_f64(),
            reconnect_enabled: config.reconnect,
            reconnect_max_delay: config.reconnect_max_delay.as_secs_f64(),
            history_lines: config.history_lines.into(),
            device_name: GString::new(),
            frame_budget: 2.0,
            #[cfg(feature = "bad-weather")]
            bad_weather_latency: 0.0,
            #[cfg(feature = "bad-weather")]
            bad_weather_jitter: 0.0,
            #[cfg(feature = "bad-weather")]
            bad_weather_loss_interval: 0.0,
            fake_server: None,
            state: PhantomVar::default(),
            username: PhantomVar::default(),
            retry_in: PhantomVar::default(),
            message_of_the_day: GString::new(),
            username_min_length: 0,
            username_max_length: 0,
            password_min_length: 0,
            password_max_length: 0,
            chat_max_length: 0,
            channel_max_length: 0,
            topic_max_length: 0,
            presence_max_length: 0,
            channels_max: 0,
            edit_window: 0,
            lobby: PhantomVar::default(),
            session: Session::new(config, seed()),
            transport: Transport::default(),
            requests: HashMap::new(),
            kept: None,
            may_restore: true,
            dialled: None,
            explains_next: false,
            ticked_at: Duration::ZERO,
            is_in_tree: false,
            is_processed: None,
            was_removed: false,
            is_forgetful: false,
            not_remembered: None,
            warnings: Vec::new(),
            signals: Rc::new(FrequentSignals::new()),
        };
        node.take_limits(Limits::default());
        node
    }

    // Notifications instead of `ready()`, `enter_tree()` and so on: a script that
    // extends the node may have functions of those names, and they would take
    // the place of ours.
    fn on_notification(&mut self, what: NodeNotification) {
        match what {
            NodeNotification::ENTER_TREE | NodeNotification::EXIT_TREE
                if Engine::singleton().is_editor_hint() =>
            {
                for mut other in self.others_in_scene() {
                    other.call_deferred("update_configuration_warnings", &[]);
                }
            }
            _ if Engine::singleton().is_editor_hint() => {}
            NodeNotification::ENTER_TREE => self.enter(),
            NodeNotification::EXIT_TREE => self.exit(),
            NodeNotification::READY if self.connect_automatically => {
                self.connect_to_server();
            }
            NodeNotification::PAUSED
            | NodeNotification::UNPAUSED
            | NodeNotification::ENABLED
            | NodeNotification::DISABLED => self.is_processed = None,
            // A phone or laptop is back: do not sit out a long pause.
            NodeNotification::APPLICATION_RESUMED | NodeNotification::APPLICATION_FOCUS_IN => {
                self.session.reconnect_now(now());
            }
            _ => {}
        }
    }

    fn get_configuration_warnings(&self) -> PackedStringArray {
        let mut warnings = PackedStringArray::new();
        let address = ServerAddress::parse(&self.url.to_string());
        match &address {
            Ok(address) if address.is_secure() || address.is_loopback() => {}
            Ok(_) => warnings.push(
                "Passwords travel unencrypted with ws://. Use wss:// for a server that is \
                 not on this machine.",
            ),
            Err(AddressError::Empty) => {
                warnings.push("Set the url of a Longhall server, for example ws://127.0.0.1:8081.");
            }
            Err(AddressError::Scheme) => warnings.push("The url must start with ws:// or wss://."),
            Err(error @ (AddressError::UserInfo | AddressError::Host | AddressError::Port)) => {
                warnings.push(&format!("No connection can be made: {error}."));
            }
        }
        if self.tls_certificate.is_some() && !address.is_ok_and(|address| address.is_secure()) {
            warnings.push("The TLS certificate has no effect without a wss:// url.");
        }
        if self.remember_login && !login_file::is_writable(&self.remember_file) {
            warnings.push(
                "The file to remember the login in must begin with user://, where a finished \
                 game may write.",
            );
        }
        if !self.others_in_scene().is_empty() {
            warnings.push(
                "This scene has more than one NetworkClient. Each is a player of its own, with a \
                 connection of its own.",
            );
        }
        warnings
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its strings by value"
)]
#[godot_api]
impl NetworkClient {
    /// Not connected, and not trying to be.
    #[constant]
    const STATE_OFFLINE: i64 = 0;
    /// Connecting for the first time.
    #[constant]
    const STATE_CONNECTING: i64 = 1;
    /// The connection was lost or never came about; waiting for the next try, or trying.
    #[constant]
    const STATE_RECONNECTING: i64 = 2;
    /// Connected and logged out: ready for [method login] and [method register].
    #[constant]
    const STATE_CONNECTED: i64 = 3;
    /// Connected and logged in: ready for [method send_chat].
    #[constant]
    const STATE_LOGGED_IN: i64 = 4;

    /// The server is there: ready for [method login] and [method register]. After a cut of a
    /// logged-in player, [signal logged_in] follows by itself.
    #[signal]
    fn connected();

    /// The connection is gone, or the first try failed. `reason` is one of
    /// [method get_disconnect_reasons]. With `will_retry` the node connects again by itself in
    /// `seconds`, announced by [signal reconnecting]; otherwise `seconds` is 0, and only the
    /// player can help.
    ///
    /// - The network: `connection_lost`, `server_unreachable`, `unknown_host` (the name has no
    ///   address), `not_secure` (the certificate is not trusted, or the server speaks without TLS),
    ///   `wrong_server` (something else answers: the log-in page of a network, a proxy whose server
    ///   is away). In debug builds a warning names the likely cause.
    /// - The server is on its way back: `restarting`, `internal_error`.
    /// - The server had enough: `idle`, `login_timeout`, `too_slow`, `flooding`,
    ///   `too_many_connections`.
    /// - Refused, for good: `update_required`, `logged_in_elsewhere`, `session_ended`, `kicked`,
    ///   `banned`, `protocol_error`, `invalid_address` (a malformed [member url]).
    /// - You asked for it: `closed_by_client`.
    #[signal]
    fn disconnected(reason: GString, will_retry: bool, seconds: f64);

    /// The node tries again in `seconds`. `attempt` counts from 1.
    #[signal]
    fn reconnecting(attempt: i64, seconds: f64);

    /// The account was created. The player is not logged in by it.
    #[signal]
    fn registered(username: GString);

    /// [method register] was refused. `code` is stable and for your translation, `reason` is an
    /// English sentence.
    #[signal]
    fn register_denied(code: GString, reason: GString);

    /// The player is logged in: after [method login], or again after a cut. `username` is the
    /// name as it was registered, which may differ in case from what was typed.
    #[signal]
    fn logged_in(username: GString);

    /// [method login] was refused. `code` is stable and for your translation, `reason` is an
    /// English sentence.
    #[signal]
    fn login_denied(code: GString, reason: GString);

    /// The player is logged out; coming back takes the password, unless the login is remembered
    /// (see [member remember_login]) and its end was not its own doing. `reason` is `logout`
    /// after [method logout], `session_expired`, or the reason of [signal disconnected] when the
    /// node does not try again.
    #[signal]
    fn logged_out(reason: GString);

    /// The login will not be there at the next start, though [member remember_login] is set: the
    /// game may not write [member remember_file], or the disk is full. Tell the player. Comes after
    /// [member remember_login] is set, and after [signal logged_in]; not again until it has worked.
    /// `reason` is English, and for the developer.
    #[signal]
    fn remember_failed(reason: GString);

    /// Somebody said a line, now or while the connection was away; the player's own lines come
    /// back this way too. Each line comes once, in the order everybody sees. `channel` is the
    /// channel's name, or for whispers the other player behind an `@`, as in [code]"@ada"[/code].
    /// The server vouches for `sender` and for `sent_at_ms`, in milliseconds since 1970 (UTC), see
    /// [method Time.get_datetime_dict_from_unix_time]; `seq` is the line's number in its channel.
    /// Show `text` with [method RichTextLabel.add_text], never as BBCode: strangers wrote it.
    #[signal]
    fn chat_received(channel: GString, sender: GString, text: GString, sent_at_ms: i64, seq: i64);

    /// Line `seq` reads `text` from now on: who said it has edited it.
    #[signal]
    fn chat_edited(channel: GString, seq: i64, text: GString);

    /// Line `seq` is deleted: show a note in its place.
    #[signal]
    fn chat_deleted(channel: GString, seq: i64);

    /// Earlier lines to show above those of `channel` that are shown already: the newest
    /// [member history_lines] when the player comes in, older ones after [method load_history].
    /// With `more` there are still older ones. Each line is a [Dictionary] of `seq`, `sender`,
    /// `text`, `sent_at_ms`, `edited_at_ms` (0 if it stands as it was said) and `deleted`.
    #[signal]
    fn history_received(channel: GString, lines: Array<VarDictionary>, more: bool);

    /// The lines from `first_seq` to `last_seq` are not shown by themselves: the player has missed
    /// very many, or the server no longer keeps them. Clear what is shown of `channel`; the newest
    /// lines follow by [signal history_received]. [code]"@"[/code] stands for all whispers.
    #[signal]
    fn history_skipped(channel: GString, first_seq: i64, last_seq: i64);

    /// Another database, or an older state of it, is behind the server than at the last login: all
    /// lines are numbered anew, and none of those that were told of exists under its number any more.
    /// Clear what is shown of all channels and whispers, and give up edits of lines on view. Comes
    /// before [signal logged_in]; then everything follows as after a first login. Lines of
    /// [method send_chat] that wait for the connection are sent as ever.
    #[signal]
    fn history_reset();

    /// Another number of lines waits to be read in `channel`, here or because the player has read
    /// on another device. Counted up to 1000. See [method mark_read].
    #[signal]
    fn unread_changed(channel: GString, unread: i64);

    /// The player is in this channel now, see [method get_channel]. After [signal logged_in] it
    /// comes for each of the player's channels, the lobby first.
    #[signal]
    fn channel_joined(channel: GString);

    /// The player is no longer in this channel. `reason` is `left` or `removed`; `by` says who
    /// removed the player.
    #[signal]
    fn channel_left(channel: GString, reason: GString, by: GString);

    /// The topic of this channel, who may join it or the player's role in it have changed, see
    /// [method get_channel].
    #[signal]
    fn channel_changed(channel: GString);

    /// A member of a channel may do more or less there: `role` is `member`, `operator` or `owner`.
    #[signal]
    fn role_changed(channel: GString, username: GString, role: GString, by: GString);

    /// Somebody invites the player into a channel, for [method join_channel].
    #[signal]
    fn invited(channel: GString, by: GString);

    /// A channel has so many members, and so many of them online. Comes at most once a second
    /// for each channel. When very many came or went at once, who they are is not told: see
    /// [method list_members].
    #[signal]
    fn members_changed(channel: GString, members: i64, online: i64);

    /// A player came into a channel the player is in; into the lobby: came online. Unless that
    /// player is simply there, [signal presence_changed] follows.
    #[signal]
    fn member_joined(channel: GString, username: GString);

    /// A player left a channel the player is in; the lobby: went offline. A player whose
    /// connection is cut stays for a moment, and coming back in time never left.
    #[signal]
    fn member_left(channel: GString, username: GString);

    /// A player in one of the player's channels is `online`, `away` or `offline` now. `text` is
    /// what that player says about it, see [method set_presence]. Strangers wrote it.
    #[signal]
    fn presence_changed(channel: GString, username: GString, state: GString, text: GString);

    /// The server took a line of [method send_chat], and keeps it. Each line ends in this signal or in
    /// [signal chat_denied], in each channel in the order sent.
    #[signal]
    fn chat_accepted();

    /// A line of [method send_chat] was refused, or its fate is unknown because the player was
    /// logged out while it was on its way. `code` is stable and for your translation, `reason` is an English sentence.
    #[signal]
    fn chat_denied(code: GString, reason: GString);

    /// [member state] has changed, to one of the `STATE_` constants. Comes before the signal that
    /// says why.
    #[signal]
    fn state_changed(state: i64);

    /// Connects to [member url]. Ends in [signal connected] or [signal disconnected]; the returned
    /// request ends with this try, also when the node goes on trying. Does nothing when already
    /// connected to that url; while waiting to reconnect, tries at once.
    #[func]
    pub fn connect_to_server(&mut self) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("connect_to_server") {
            return refused;
        }
        if Engine::singleton().is_editor_hint() {
            return NetworkRequest::refused(RefusalCode::NotConnected);
        }
        if !self.base().is_inside_tree() {
            let text = "connect_to_server() needs the node to be inside the scene tree";
            self.warnings.push(text.to_owned());
            self.tell_later();
            return NetworkRequest::refused(RefusalCode::NotConnected);
        }
        let address = self.address();
        if self.dialled.as_ref() != Some(&address) {
            // The session of one server must never be shown to another.
            self.session.disconnect(now());
            self.dialled = Some(address);
        }
        self.restore_remembered();
        self.explains_next = true;
        let call = self.session.connect(now());
        let request = self.begin(call);
        self.explains_next = false;
        request
    }

    /// While waiting to reconnect, tries at once; otherwise does nothing. For a button beside the
    /// countdown of [signal reconnecting]. The node does the same by itself when the player comes
    /// back to the game's window.
    #[func]
    pub fn retry_now(&mut self) {
        if !is_on_main_thread("retry_now") {
            return;
        }
        self.explains_next = true;
        self.session.reconnect_now(now());
        self.act();
        self.explains_next = false;
    }

    /// Ends the connection and all tries for one, and logs the player out. Ends in
    /// [signal disconnected] with reason `closed_by_client`. A remembered login stays, see
    /// [member remember_login].
    #[func]
    pub fn disconnect_from_server(&mut self) {
        if !is_on_main_thread("disconnect_from_server") {
            return;
        }
        self.session.disconnect(now());
        self.act();
        self.tell_later_if_idle();
    }

    /// Creates an account. Ends in [signal registered] or [signal register_denied]. Does not log
    /// in. A user name has 3 to 20 letters and digits of any script, `_` and `-` (what cannot be
    /// seen at its ends is taken off, and full-width letters are the ones they mean); a password
    /// has 8 to 99 characters.
    #[func]
    pub fn register(&mut self, username: GString, password: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("register") {
            return refused;
        }
        let (username, password) = (username.to_string(), password.to_string());
        let call = self.session.register(now(), &username, &password);
        self.begin(call)
    }

    /// Logs in. Ends in [signal logged_in] or [signal login_denied]. Refused with `already_pending`
    /// while the node is about to do so by itself, see [method is_resuming]. The password is sent
    /// once and not kept. The account may be logged in on several devices, see
    /// [method list_sessions].
    #[func]
    pub fn login(&mut self, username: GString, password: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("login") {
            return refused;
        }
        let (username, password) = (username.to_string(), password.to_string());
        self.session.config_mut().device_name = match self.device_name.is_empty() {
            true => Os::singleton().get_name().to_string(),
            false => self.device_name.to_string(),
        };
        let call = self.session.login(now(), &username, &password);
        self.begin(call)
    }

    /// Logs out and stays connected. Ends in [signal logged_out]. Also ends the tries to take a
    /// session up again, see [method is_resuming], and forgets a remembered login. When nobody is
    /// logged in, only the returned request ends, with `not_logged_in`. Without a connection the
    /// server does not hear of it, and forgets the session when it expires.
    #[func]
    pub fn logout(&mut self) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("logout") {
            return refused;
        }
        // Now, and not with the server's answer: the game may be gone by then.
        if self.session.username().is_some() {
            self.forget_own();
        }
        let call = self.session.logout(now());
        self.begin(call)
    }

    /// Says a line of 1 to 500 characters: in `channel`, in the lobby if that is empty, or to one
    /// player alone if it is a name behind an `@`, as in [code]"@ada"[/code]. Ends in
    /// [signal chat_accepted] or [signal chat_denied], after the line itself came back by
    /// [signal chat_received]. Control characters such as line breaks are refused.
    ///
    /// While the connection is away, the line waits and is sent when it is back: the player can go on
    /// typing. It is never said twice, whatever happens to the connection. A whisper to a player who
    /// is not there waits at the server for their next login.
    #[func]
    pub fn send_chat(
        &mut self,
        text: GString,
        #[opt(default = &GString::new())] channel: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("send_chat") {
            return refused;
        }
        let (channel, text) = (channel.to_string(), text.to_string());
        let call = self.session.send_chat(now(), &channel, &text);
        self.begin(call)
    }

    /// Gives one of the player's own lines another text, within [member edit_window] seconds. Ends
    /// with [signal chat_edited] for everybody in the channel. `seq` is the line's number.
    #[func]
    pub fn edit_line(&mut self, channel: GString, seq: i64, text: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("edit_line") {
            return refused;
        }
        let (channel, text) = (channel.to_string(), text.to_string());
        let call = self.session.edit_line(now(), &channel, seq_of(seq), &text);
        self.begin(call)
    }

    /// Deletes one of the player's own lines, within [member edit_window] seconds. Ends with
    /// [signal chat_deleted] for everybody in the channel.
    #[func]
    pub fn delete_line(&mut self, channel: GString, seq: i64) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("delete_line") {
            return refused;
        }
        let call = self
            .session
            .delete_line(now(), &channel.to_string(), seq_of(seq));
        self.begin(call)
    }

    /// Fetches the lines before the oldest that has come so far, for a player who scrolls up: they
    /// come by [signal history_received].
    ///
    /// With `before` it fetches those before that number instead, for one more view of the same
    /// channel, as the chat of the next scene is. No signal tells of them: they are in
    /// [member NetworkRequest.result], and [member NetworkRequest.more] says whether there are
    /// still older ones.
    #[func]
    pub fn load_history(
        &mut self,
        channel: GString,
        #[opt(default = 0)] before: i64,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("load_history") {
            return refused;
        }
        let channel = channel.to_string();
        let call = match seq_of(before) {
            0 => self.session.load_history(now(), &channel),
            before => self.session.read_history(now(), &channel, before),
        };
        self.begin(call)
    }

    /// Notes that the player has read `channel` up to line `seq`, on all devices. Call it as often as
    /// you like, it is told to the server now and then.
    #[func]
    pub fn mark_read(&mut self, channel: GString, seq: i64) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("mark_read") {
            return refused;
        }
        let call = self
            .session
            .mark_read(now(), &channel.to_string(), seq_of(seq));
        self.begin(call)
    }

    /// Creates a channel and joins it as its owner; its lines and members are kept while it has any
    /// members. A name has 1 to 24 letters and digits of any script, `_` and `-`, and becomes lower
    /// case. `access` says who may join: `open` for everybody, `invite` for those invited by
    /// [method invite_player], `password` for those who know `password`. Ends with
    /// [signal channel_joined].
    #[func]
    pub fn create_channel(
        &mut self,
        channel: GString,
        #[opt(default = &GString::from("open"))] access: GString,
        #[opt(default = &GString::new())] password: GString,
        #[opt(default = &GString::new())] topic: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("create_channel") {
            return refused;
        }
        let Some(access) = Access::from_name(&access.to_string()) else {
            return self.misuse(format!("\"{access}\" is no access; there are {ACCESSES}"));
        };
        let (channel, topic) = (channel.to_string(), topic.to_string());
        let password = given(&password);
        let call =
            self.session
                .create_channel(now(), &channel, &topic, access, password.as_deref());
        self.begin(call)
    }

    /// Joins a channel, for good: the player is in it at the next login, too, until
    /// [method leave_channel]. Ends with [signal channel_joined].
    #[func]
    pub fn join_channel(
        &mut self,
        channel: GString,
        #[opt(default = &GString::new())] password: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("join_channel") {
            return refused;
        }
        let password = given(&password);
        let call = self
            .session
            .join_channel(now(), &channel.to_string(), password.as_deref());
        self.begin(call)
    }

    /// Leaves a channel. Ends with [signal channel_left]. Nobody can leave the lobby.
    #[func]
    pub fn leave_channel(&mut self, channel: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("leave_channel") {
            return refused;
        }
        let call = self.session.leave_channel(now(), &channel.to_string());
        self.begin(call)
    }

    /// Asks which channels there are to join. [member NetworkRequest.result] is an
    /// `Array[Dictionary]` of `channel`, `topic`, `access` and `members`.
    #[func]
    pub fn list_channels(&mut self) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("list_channels") {
            return refused;
        }
        let call = self.session.list_channels(now());
        self.begin(call)
    }

    /// Asks who is in a channel; in the lobby, who is online. [member NetworkRequest.result] is an
    /// `Array[Dictionary]` of `username`, `role` (`member`, `operator`, `owner`), `state` (`online`,
    /// `away`, `offline`) and `text`.
    #[func]
    pub fn list_members(&mut self, channel: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("list_members") {
            return refused;
        }
        let call = self.session.list_members(now(), &channel.to_string());
        self.begin(call)
    }

    /// Sets what a channel is about. For its operators and its owner.
    #[func]
    pub fn set_topic(&mut self, channel: GString, topic: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("set_topic") {
            return refused;
        }
        let (channel, topic) = (channel.to_string(), topic.to_string());
        let call = self.session.set_topic(now(), &channel, &topic);
        self.begin(call)
    }

    /// Sets who may join a channel from now on, see [method create_channel]. For its owner.
    #[func]
    pub fn set_access(
        &mut self,
        channel: GString,
        access: GString,
        #[opt(default = &GString::new())] password: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("set_access") {
            return refused;
        }
        let Some(access) = Access::from_name(&access.to_string()) else {
            return self.misuse(format!("\"{access}\" is no access; there are {ACCESSES}"));
        };
        let password = given(&password);
        let call =
            self.session
                .set_access(now(), &channel.to_string(), access, password.as_deref());
        self.begin(call)
    }

    /// Makes a member of a channel `member`, `operator` or `owner`. For its owner, who becomes an
    /// operator by making another the owner.
    #[func]
    pub fn set_role(
        &mut self,
        channel: GString,
        username: GString,
        role: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("set_role") {
            return refused;
        }
        let Some(role) = Role::from_name(&role.to_string()) else {
            return self.misuse(format!("\"{role}\" is no role; there are {ROLES}"));
        };
        let (channel, username) = (channel.to_string(), username.to_string());
        let call = self.session.set_role(now(), &channel, &username, role);
        self.begin(call)
    }

    /// Invites a player into a channel, who may then join whatever its access is. For its members, in
    /// a channel that is not open for its operators and its owner.
    #[func]
    pub fn invite_player(&mut self, channel: GString, username: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("invite_player") {
            return refused;
        }
        let (channel, username) = (channel.to_string(), username.to_string());
        let call = self.session.invite(now(), &channel, &username);
        self.begin(call)
    }

    /// Takes a member out of a channel. For its operators and its owner.
    #[func]
    pub fn remove_member(&mut self, channel: GString, username: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("remove_member") {
            return refused;
        }
        let (channel, username) = (channel.to_string(), username.to_string());
        let call = self.session.remove_member(now(), &channel, &username);
        self.begin(call)
    }

    /// Says whether the player is at the keyboard: `state` is `online` or `away`, `text` what others
    /// read beside it, [code]"making tea"[/code]. Until the player goes offline.
    #[func]
    pub fn set_presence(
        &mut self,
        state: GString,
        #[opt(default = &GString::new())] text: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("set_presence") {
            return refused;
        }
        let known = PresenceState::from_name(&state.to_string());
        let Some(state) = known.filter(|state| *state != PresenceState::Offline) else {
            return self.misuse(format!("\"{state}\" is no state; there are online, away"));
        };
        let call = self.session.set_presence(now(), state, &text.to_string());
        self.begin(call)
    }

    /// Shuts a player out: nothing they say, whisper or do arrives any more, until
    /// [method unblock_player]. Kept with the account. They are not told.
    #[func]
    pub fn block_player(&mut self, username: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("block_player") {
            return refused;
        }
        let call = self.session.block(now(), &username.to_string());
        self.begin(call)
    }

    /// Ends a block of [method block_player].
    #[func]
    pub fn unblock_player(&mut self, username: GString) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("unblock_player") {
            return refused;
        }
        let call = self.session.unblock(now(), &username.to_string());
        self.begin(call)
    }

    /// Asks whom the player has blocked. [member NetworkRequest.result] is a `PackedStringArray`.
    #[func]
    pub fn list_blocks(&mut self) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("list_blocks") {
            return refused;
        }
        let call = self.session.list_blocks(now());
        self.begin(call)
    }

    /// Asks on which devices the account is logged in. [member NetworkRequest.result] is an
    /// `Array[Dictionary]` of `session` (a number for [method close_session]), `device` (see
    /// [member device_name]), `created_at_ms`, `last_seen_at_ms`, `online` and `current`.
    #[func]
    pub fn list_sessions(&mut self) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("list_sessions") {
            return refused;
        }
        let call = self.session.list_sessions(now());
        self.begin(call)
    }

    /// Logs the account out on another device, or with 0 on all others.
    #[func]
    pub fn close_session(&mut self, session: i64) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("close_session") {
            return refused;
        }
        let session = u64::try_from(session).ok().filter(|&session| session > 0);
        let call = self.session.close_session(now(), session);
        self.begin(call)
    }

    /// Gives the account another password and logs it out on all other devices. Refused with
    /// `bad_credentials` if `old_password` is not the present one.
    #[func]
    pub fn change_password(
        &mut self,
        old_password: GString,
        new_password: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("change_password") {
            return refused;
        }
        let (old, new) = (old_password.to_string(), new_password.to_string());
        let call = self.session.change_password(now(), &old, &new);
        self.begin(call)
    }

    /// Does what a player typed into the chat of `channel`: a line that starts with a slash is a
    /// command, as in [code]/w ada psst[/code] or [code]/join trade[/code], everything else is
    /// said there like by [method send_chat]. [member NetworkRequest.command] names the command,
    /// and [member NetworkRequest.result] is what the method behind it brings:
    /// [method list_members] for [code]/who[/code], [method list_channels] for
    /// [code]/channels[/code] and so on; the text of [code]/help[/code] is a `String`. What is no
    /// command is refused with `unknown_command`, `missing_argument`, `wrong_argument`,
    /// `not_in_whispers` or `nobody_to_answer`, and [member NetworkRequest.reason] says how it is
    /// written. [code]//[/code] starts a line with a slash.
    #[func]
    pub fn execute(
        &mut self,
        input: GString,
        #[opt(default = &GString::new())] channel: GString,
    ) -> Gd<NetworkRequest> {
        if let Some(refused) = refused_off_main_thread("execute") {
            return refused;
        }
        let channel = match channel.is_empty() {
            true => self.session.lobby().unwrap_or_default().to_owned(),
            false => channel.to_string(),
        };
        let answer_to = self.session.last_whisper_from();
        let command = match Command::parse(&input.to_string(), &channel, answer_to) {
            Ok(command) => command,
            Err(error) => return NetworkRequest::misunderstood(&error),
        };
        if let Command::Help(about) = &command {
            return match longhall_client::help(about.as_deref()) {
                Ok(text) => NetworkRequest::told("help", &text),
                Err(error) => NetworkRequest::misunderstood(&error),
            };
        }
        let call = self.session.execute(now(), &command);
        let mut request = self.begin(call);
        request.bind_mut().set_command_name(command.name());
        request
    }

    /// What may stand where the word at the end of `input` does, for a list to choose from:
    /// commands, or names of the player's channels or of `players`, as the command asks. Each is a
    /// [Dictionary] of `input` (the whole input with the word completed), `word` (the word alone)
    /// and `description` (what a command does, otherwise empty).
    #[func]
    pub fn complete(&self, input: GString, players: PackedStringArray) -> Array<VarDictionary> {
        let channels = self.session.channels();
        let channels: Vec<&str> = channels.iter().map(|c| c.channel.as_str()).collect();
        let players: Vec<String> = players.as_slice().iter().map(GString::to_string).collect();
        let players: Vec<&str> = players.iter().map(String::as_str).collect();
        longhall_client::complete(&input.to_string(), &channels, &players)
            .iter()
            .map(convert::completion)
            .collect()
    }

    /// The names of the channels the player is in, the lobby first.
    #[func]
    pub fn get_channels(&self) -> PackedStringArray {
        let channels = self.session.channels();
        let names = channels.iter().map(|state| GString::from(&state.channel));
        names.collect()
    }

    /// A channel the player is in: a [Dictionary] of `channel`, `topic`, `access`, `role`,
    /// `first_seq` and `last_seq` (the numbers of the oldest line kept and of the newest),
    /// `read_seq` and `unread` (see [method mark_read]), `members` and `online`. Empty if the
    /// player is not in it.
    #[func]
    pub fn get_channel(&self, channel: GString) -> VarDictionary {
        let state = self.session.channel(&channel.to_string());
        state.as_ref().map(convert::channel).unwrap_or_default()
    }

    /// The whispers of the player: an `Array[Dictionary]` of `channel` (as in
    /// [code]"@ada"[/code]), `last_seq`, `read_seq` and `unread`, the latest first.
    #[func]
    pub fn get_whispers(&self) -> Array<VarDictionary> {
        let conversations = self.session.conversations();
        conversations.iter().map(convert::conversation).collect()
    }

    /// Invitations the player has not taken up: an `Array[Dictionary]` of `channel` and `by`.
    #[func]
    pub fn get_invitations(&self) -> Array<VarDictionary> {
        let invitations = self.session.invitations().iter();
        invitations
            .map(|invitation| {
                vdict! { "channel" => invitation.channel.as_str(), "by" => invitation.by.as_str() }
            })
            .collect()
    }

    /// Whether a player is logged in and the connection is up.
    #[func]
    pub fn is_logged_in(&self) -> bool {
        self.session.state() == State::LoggedIn
    }

    /// Whether the node is about to log [member username] in by itself: after a cut, or at the
    /// start with a remembered login. [method logout] puts an end to it.
    #[func]
    pub fn is_resuming(&self) -> bool {
        self.session.is_resuming()
    }

    /// Whether [member remember_file] holds a login for the server at [member url].
    #[func]
    pub fn has_remembered_login(&self) -> bool {
        let address = self.address();
        login_file::load(&self.file_for(&address), &address.url).is_some()
    }

    /// Whether a login could be stored in [member remember_file]: whether the game may write
    /// there. Ask it before you offer to remember one, see [signal remember_failed].
    #[func]
    pub fn can_remember_login(&self) -> bool {
        login_file::try_out(&self.file_for(&self.address())).is_ok()
    }

    /// A user's or channel's name without what cannot be seen at its ends, such as spaces of any
    /// kind and what comes along when it is copied out of a text: so it is judged, here and by the
    /// server. For a field that counts characters.
    #[func]
    pub fn trimmed_name(name: GString) -> GString {
        GString::from(trim_unseen(&name.to_string()))
    }

    /// Every code that a request can be refused with, for a test that all have a translation.
    #[func]
    pub fn get_denial_codes() -> PackedStringArray {
        let codes = RefusalCode::all().chain([RefusalCode::Server(DenyCode::Unknown)]);
        codes.map(|code| GString::from(code.name())).collect()
    }

    /// Every reason of [signal disconnected]; [signal logged_out] has `logout` and
    /// `session_expired` besides.
    #[func]
    pub fn get_disconnect_reasons() -> PackedStringArray {
        let reasons = DisconnectReason::all();
        reasons.map(|reason| GString::from(reason.name())).collect()
    }

    /// Called by the tree once a frame.
    //
    // With `Gd<Self>`, so that nothing of the node is borrowed while signals are
    // emitted: a handler may call back into it, move it, remove it.
    #[func(gd_self)]
    fn _longhall_frame(mut this: Gd<Self>) {
        process_frame(&mut this);
    }

    #[func(gd_self)]
    fn _longhall_tell(mut this: Gd<Self>) {
        let (happened, signals) = {
            let mut node = this.bind_mut();
            (node.happened(), node.signals.clone())
        };
        tell(&mut this, &signals, happened);
    }

    #[func]
    fn _get_state(&self) -> i64 {
        state_constant(self.session.state())
    }

    #[func]
    fn _get_lobby(&self) -> GString {
        self.session.lobby().unwrap_or_default().into()
    }

    #[func]
    fn _set_history_lines(&mut self, value: i64) {
        self.history_lines = value;
        self.session.config_mut().history_lines = u32::try_from(value).unwrap_or(0);
    }

    #[func]
    fn _get_username(&self) -> GString {
        self.session.username().unwrap_or_default().into()
    }

    #[func]
    fn _get_retry_in(&self) -> f64 {
        let delay = self.session.retry_in(now());
        delay.map_or(0.0, |delay| delay.as_secs_f64())
    }

    #[func]
    fn _set_url(&mut self, url: GString) {
        self.url = url.to_string().trim().into();
        self.refresh_warnings();
    }

    #[func]
    fn _set_tls_certificate(&mut self, certificate: Option<Gd<X509Certificate>>) {
        self.tls_certificate = certificate;
        self.refresh_warnings();
    }

    #[func]
    fn _set_remember_login(&mut self, value: bool) {
        self.remember_login = value;
        self.refresh_warnings();
        if Engine::singleton().is_editor_hint() {
            return;
        }
        if value {
            let file = self.file_for(&self.address());
            match login_file::try_out(&file) {
                Ok(()) => self.remember(),
                Err(why) => self.note_not_remembered(&file, &why),
            }
        } else {
            self.is_forgetful = false;
            let address = self.dialled.clone().unwrap_or_else(|| self.address());
            let file = self.file_for(&address);
            if login_file::load(&file, &address.url).is_some() {
                self.forget(&file);
            }
        }
    }

    #[func]
    fn _set_remember_file(&mut self, value: GString) {
        self.remember_file = value;
        self.refresh_warnings();
    }

    #[func]
    fn _set_connect_timeout(&mut self, value: f64) {
        self.connect_timeout = value;
        self.session.config_mut().connect_timeout = seconds(value);
    }

    #[func]
    fn _set_request_timeout(&mut self, value: f64) {
        self.request_timeout = value;
        self.session.config_mut().request_timeout = seconds(value);
    }

    #[func]
    fn _set_heartbeat_interval(&mut self, value: f64) {
        self.heartbeat_interval = value;
        self.session.config_mut().heartbeat_interval = seconds(value);
    }

    #[func]
    fn _set_reconnect_enabled(&mut self, value: bool) {
        self.reconnect_enabled = value;
        self.session.config_mut().reconnect = value;
    }

    #[func]
    fn _set_reconnect_max_delay(&mut self, value: f64) {
        self.reconnect_max_delay = value;
        self.session.config_mut().reconnect_max_delay = seconds(value);
    }

    #[cfg(feature = "bad-weather")]
    #[func]
    fn _set_bad_weather_latency(&mut self, value: f64) {
        self.bad_weather_latency = value;
        self.forecast();
    }

    #[cfg(feature = "bad-weather")]
    #[func]
    fn _set_bad_weather_jitter(&mut self, value: f64) {
        self.bad_weather_jitter = value;
        self.forecast();
    }

    #[cfg(feature = "bad-weather")]
    #[func]
    fn _set_bad_weather_loss_interval(&mut self, value: f64) {
        self.bad_weather_loss_interval = value;
        self.forecast();
    }
}

impl NetworkClient {
    /// Starts to wait for the end of `call`.
    fn begin(&mut self, call: Call) -> Gd<NetworkRequest> {
        let request = NetworkRequest::begin();
        self.requests.insert(call, request.clone());
        self.act();
        self.tell_later_if_idle();
        request
    }

    /// A call that no server needs to see: the script is wrong.
    fn misuse(&mut self, text: String) -> Gd<NetworkRequest> {
        self.warnings.push(text);
        self.tell_later();
        NetworkRequest::refused(RefusalCode::Server(DenyCode::MalformedPacket))
    }

    /// A node that is not processed hears of nothing by itself, but what is
    /// refused at once can be told all the same.
    fn tell_later_if_idle(&mut self) {
        let is_processed = self.base().is_inside_tree()
            && self.base().can_process()
            && !Engine::singleton().is_editor_hint();
        if !is_processed {
            self.tell_later();
        }
    }

    fn tell_later(&mut self) {
        self.base_mut().call_deferred(TELL, &[]);
    }

    /// Has the editor ask for the warnings of the node again.
    fn refresh_warnings(&mut self) {
        if Engine::singleton().is_editor_hint() {
            self.base_mut().update_configuration_warnings();
        }
    }

    /// Where to connect to as things stand.
    fn address(&self) -> Address {
        // In one spelling, so that another one is no other server.
        let url = ServerAddress::parse(&self.url.to_string());
        Address {
            url: url.map_or_else(|_| self.url.clone(), |url| (&url.to_string()).into()),
            certificate: self.tls_certificate.clone(),
            fake_server: self.fake_server.clone(),
        }
    }

    /// Takes up a remembered login, if nobody is in or about to be.
    fn restore_remembered(&mut self) {
        let Some(address) = &self.dialled else { return };
        if !self.may_restore || self.session.state() != State::Offline {
            return;
        }
        let (file, url) = (self.file_for(address), address.url.clone());
        if let Some((username, token)) = login_file::load(&file, &url) {
            self.remember_login = true;
            self.session.restore(&username, token.clone());
            self.kept = Some(Kept { file, url, token });
        }
    }

    fn enter(&mut self) {
        self.is_in_tree = true;
        self.is_processed = None;
        let frame = self.to_gd().callable(FRAME);
        self.base().get_tree().connect("process_frame", &frame);
        if std::mem::take(&mut self.was_removed) && self.connect_automatically {
            self.connect_to_server();
        }
    }

    fn exit(&mut self) {
        self.is_in_tree = false;
        let frame = self.to_gd().callable(FRAME);
        self.base().get_tree().disconnect("process_frame", &frame);
        // Moving the node elsewhere leaves and enters the tree at once; only a
        // node that stays out hangs up.
        self.run_deferred_gd(hang_up_if_removed);
    }

    /// Lets the engine move data, and takes the first step of a frame. `None` for a node
    /// that is not processed.
    fn start_frame(&mut self, now: Duration) -> Option<(Duration, Rc<FrequentSignals>, Step)> {
        // The tree may still call a node that has left it in this very frame.
        if !self.is_in_tree || !self.may_process() {
            return None;
        }
        self.transport.poll();
        let budget = seconds(self.frame_budget / 1000.0);
        Some((budget, self.signals.clone(), self.step(now)))
    }

    /// Whether the node is processed. The engine is asked again when it says that this has
    /// changed, since asking costs a tenth of an idle frame.
    fn may_process(&mut self) -> bool {
        match self.is_processed {
            Some(is_processed) => is_processed,
            None => *self.is_processed.insert(self.base().can_process()),
        }
    }

    /// Passes some packets, or one other piece of news, to the session; when there is no
    /// more, ends the frame.
    fn step(&mut self, now: Duration) -> Step {
        for _ in 0..PACKETS_AT_ONCE {
            match self.transport.next(now) {
                Some(News::Received(packet)) => {
                    self.session.received(now, packet.as_slice());
                    continue;
                }
                Some(News::Opened) => self.session.opened(now),
                Some(News::Closed(code, reason)) => self.session.closed(now, code, &reason),
                Some(News::Failed(reason, cause)) => {
                    let cause = if is_debug() { cause.as_str() } else { "" };
                    self.session.failed(now, reason, cause);
                }
                None => return Step::Last(self.finish_frame(now, true)),
            }
            break;
        }
        Step::More(self.happened())
    }

    /// Lets the session notice what time it is. Not while answers lie unread,
    /// because then requests would time out that are answered; but in the end.
    fn finish_frame(&mut self, now: Duration, is_all_read: bool) -> Happened {
        if is_all_read || now.saturating_sub(self.ticked_at) > LONGEST_WITHOUT_TICK {
            self.ticked_at = now;
            self.session.tick(now);
        } else {
            self.session.tell_counts();
        }
        self.happened()
    }

    /// What handlers of these events cause waits for the next time: a handler
    /// that tries again at every denial must not keep the frame from ending.
    fn happened(&mut self) -> Happened {
        self.act();
        let events: Vec<_> = std::iter::from_fn(|| self.session.poll_event()).collect();
        let mut outcomes = Vec::new();
        while let Some((call, outcome)) = self.session.poll_outcome() {
            outcomes.extend(
                self.requests
                    .remove(&call)
                    .map(|request| (request, outcome)),
            );
        }
        for event in &events {
            match event {
                Event::LoggedIn { .. } => {
                    self.may_restore = true;
                    self.remember();
                }
                Event::LoggedOut { reason } if is_final(*reason) => {
                    self.may_restore = false;
                    self.warn_of_twins(*reason);
                    self.forget_own();
                }
                _ => {}
            }
        }
        let warnings = std::mem::take(&mut self.warnings);
        Happened {
            events,
            outcomes,
            not_remembered: self.not_remembered.take(),
            warnings,
        }
    }

    /// Does what the session asks for.
    fn act(&mut self) {
        while let Some(action) = self.session.poll_action() {
            match action {
                Action::Open => {
                    // The first try, or one that the player asked for.
                    let explains = std::mem::take(&mut self.explains_next)
                        || self.session.state() == State::Connecting;
                    let opened = match &self.dialled {
                        Some(address) => {
                            let timeout = self.session.config().connect_timeout;
                            self.transport
                                .open(address, explains.then_some(timeout / 3))
                        }
                        None => Err("there is no address".to_owned()),
                    };
                    if let Err(reason) = opened {
                        self.warnings.push(reason);
                        self.session.unusable(now());
                    }
                }
                Action::Send(text) => {
                    if !self.transport.send(&text) {
                        // The link takes nothing any more.
                        self.transport.close(1000, "stalled");
                        self.session.closed(now(), None, "stalled");
                    }
                }
                Action::Close { code, reason } => {
                    self.warnings
                        .extend(self.transport.suspicion().filter(|_| is_debug()));
                    self.transport.close(code, reason);
                }
            }
        }
    }

    /// Keeps the present login, if that is wanted.
    fn remember(&mut self) {
        let (Some((username, token)), Some(address)) = (self.session.ticket(), &self.dialled)
        else {
            return;
        };
        if !self.remember_login || !self.is_logged_in() {
            return;
        }
        let kept = Kept {
            file: self.file_for(address),
            url: address.url.clone(),
            token: token.clone(),
        };
        match login_file::save(&kept.file, &kept.url, username, token) {
            Ok(()) => {
                self.kept = Some(kept);
                self.is_forgetful = false;
            }
            Err(why) => self.note_not_remembered(&kept.file, &why),
        }
    }

    /// Says once that logins are not remembered.
    fn note_not_remembered(&mut self, file: &GString, why: &str) {
        if !std::mem::replace(&mut self.is_forgetful, true) {
            let text = format!("cannot remember the login in \"{file}\": {why}");
            self.not_remembered = Some(text.clone());
            self.warnings.push(text);
            self.tell_later();
        }
    }

    /// Two games on one machine that remember one login throw each other out.
    fn warn_of_twins(&mut self, reason: LogoutReason) {
        let elsewhere = DisconnectReason::Server(CloseReason::LoggedInElsewhere);
        if reason == LogoutReason::Disconnected(elsewhere)
            && let Some(kept) = &self.kept
            && is_debug()
        {
            self.warnings.push(format!(
                "another instance of the game has taken up the login remembered in \"{}\", so \
                 this one is logged out. Give each a file of its own: start them with the \
                 arguments -- --remember-slot=1 and -- --remember-slot=2 (Debug > Customize Run \
                 Instances), or set remember_file",
                kept.file
            ));
        }
    }

    /// Forgets the login that this node has kept. Another game of this player
    /// may have put its own into the file since.
    fn forget_own(&mut self) {
        let Some(kept) = self.kept.take() else { return };
        let present = login_file::load(&kept.file, &kept.url);
        if present.is_some_and(|(_, token)| token == kept.token) {
            self.forget(&kept.file);
        }
    }

    fn forget(&mut self, file: &GString) {
        if let Err(why) = login_file::forget(file) {
            let text = format!("cannot forget the login in \"{file}\": {why}");
            self.warnings.push(text);
        }
    }

    /// The file for logins at this address: a fake server's must not take the
    /// place of real ones.
    fn file_for(&self, address: &Address) -> GString {
        let mut file = self.remember_file.to_string();
        if let Some(slot) = login_file::slot().filter(|_| is_debug()) {
            file = format!("{file}.{slot}");
        }
        if address.fake_server.is_some() {
            file.push_str(".fake");
        }
        GString::from(&file)
    }

    /// The other nodes of this kind in the scene that is open in the editor.
    fn others_in_scene(&self) -> Vec<Gd<Node>> {
        if !Engine::singleton().is_editor_hint() || !self.base().is_inside_tree() {
            return Vec::new();
        }
        let scene = self.base().get_tree().get_edited_scene_root();
        let Some(scene) = scene else {
            return Vec::new();
        };
        let found = scene
            .find_children_ex("*")
            .type_("NetworkClient")
            .owned(false)
            .done();
        let this = self.base().instance_id();
        let mut nodes: Vec<_> = found.iter_shared().collect();
        nodes.push(scene);
        nodes.retain(|node| node.is_class("NetworkClient") && node.instance_id() != this);
        nodes
    }

    #[cfg(feature = "bad-weather")]
    fn forecast(&mut self) {
        self.transport.set_weather(Forecast {
            latency: seconds(self.bad_weather_latency / 1000.0),
            jitter: seconds(self.bad_weather_jitter / 1000.0),
            loss_interval: seconds(self.bad_weather_loss_interval),
        });
    }

    fn take_greeting(&mut self, message_of_the_day: &str, limits: Limits) {
        self.message_of_the_day = message_of_the_day.into();
        self.take_limits(limits);
    }

    fn take_limits(&mut self, limits: Limits) {
        self.username_min_length = limits.username_min_chars.into();
        self.username_max_length = limits.username_max_chars.into();
        self.password_min_length = limits.password_min_chars.into();
        self.password_max_length = limits.password_max_chars.into();
        self.chat_max_length = limits.chat_max_chars.into();
        self.channel_max_length = limits.channel_max_chars.into();
        self.topic_max_length = limits.topic_max_chars.into();
        self.presence_max_length = limits.presence_max_chars.into();
        self.channels_max = limits.channels_per_account.into();
        self.edit_window = limits.edit_window_s.into();
    }
}

impl Drop for NetworkClient {
    fn drop(&mut self) {
        // Whoever waits must not wait for ever. Later, because no script should
        // meet a node that is half gone.
        for (_, request) in self.requests.drain() {
            NetworkRequest::complete_later(request, Err(RefusalCode::Cancelled.into()));
        }
    }
}

/// A login in a file, and the server it is for.
struct Kept {
    file: GString,
    url: GString,
    token: ResumeToken,
}

/// What happened in the session since the last look.
struct Happened {
    events: Vec<Event>,
    outcomes: Vec<Outcome>,
    /// Why the login cannot be stored.
    not_remembered: Option<String>,
    warnings: Vec<String>,
}

/// One step of a frame.
enum Step {
    /// There may be more to read.
    More(Happened),
    Last(Happened),
}

/// What a node does in a frame. Borrows the node once for each step, and the clock
/// is read once: this is all that most frames of a game cost, and most lines.
fn process_frame(node: &mut Gd<NetworkClient>) {
    let started = now();
    let begun = node.bind_mut().start_frame(started);
    let Some((budget, signals, mut step)) = begun else {
        return;
    };
    loop {
        let happened = match step {
            Step::More(happened) => happened,
            Step::Last(happened) => {
                tell(node, &signals, happened);
                return;
            }
        };
        if !tell(node, &signals, happened) {
            return;
        }
        let now = now();
        step = if now.saturating_sub(started) < budget {
            node.bind_mut().step(now)
        } else {
            Step::Last(node.bind_mut().finish_frame(now, false))
        };
    }
}

/// Only for a node that stays out of the tree.
fn hang_up_if_removed(mut node: Gd<NetworkClient>) {
    if !node.is_instance_valid() || node.is_inside_tree() {
        return;
    }
    let mut this = node.bind_mut();
    this.was_removed = true;
    for (_, request) in this.requests.drain() {
        NetworkRequest::complete_later(request, Err(RefusalCode::Cancelled.into()));
    }
    this.disconnect_from_server();
}

/// Whether a session that ended so cannot be taken up again, now or later.
fn is_final(reason: LogoutReason) -> bool {
    match reason {
        LogoutReason::Asked | LogoutReason::SessionExpired => true,
        LogoutReason::Disconnected(DisconnectReason::Server(reason)) => matches!(
            reason,
            CloseReason::LoggedInElsewhere
                | CloseReason::Kicked
                | CloseReason::Banned
                | CloseReason::SessionEnded
        ),
        LogoutReason::Disconnected(_) => false,
    }
}

/// Emits what happened, then ends the requests. `false`: a handler has freed
/// the node.
fn tell(node: &mut Gd<NetworkClient>, signals: &FrequentSignals, happened: Happened) -> bool {
    for warning in happened.warnings {
        godot_warn!("NetworkClient: {warning}");
    }
    let mut is_alive = true;
    for event in happened.events {
        emit(node, signals, event);
        is_alive = node.is_instance_valid();
        if !is_alive {
            break;
        }
    }
    if let Some(why) = happened.not_remembered.filter(|_| is_alive) {
        node.signals().remember_failed().emit(&why);
        is_alive = node.is_instance_valid();
    }
    // At the end of the frame, and not from here: whoever waits may free() the
    // node, which the engine does not survive while it processes it.
    for (request, outcome) in happened.outcomes {
        NetworkRequest::complete_later(request, outcome);
    }
    is_alive
}

fn emit(node: &mut Gd<NetworkClient>, signals: &FrequentSignals, event: Event) {
    match event {
        Event::StateChanged(state) => {
            node.signals().state_changed().emit(state_constant(state));
        }
        Event::Connected {
            message_of_the_day,
            limits,
        } => {
            node.bind_mut().take_greeting(&message_of_the_day, limits);
            node.signals().connected().emit();
        }
        Event::Disconnected { reason, retry_in } => {
            let seconds = retry_in.map_or(0.0, |delay| delay.as_secs_f64());
            node.signals()
                .disconnected()
                .emit(reason.name(), retry_in.is_some(), seconds);
        }
        Event::Reconnecting { attempt, delay } => {
            node.signals()
                .reconnecting()
                .emit(i64::from(attempt), delay.as_secs_f64());
        }
        Event::Registered { username } => node.signals().registered().emit(&username),
        Event::RegisterDenied(Refusal { code, reason, .. }) => {
            node.signals().register_denied().emit(code.name(), &reason);
        }
        Event::LoggedIn { username } => node.signals().logged_in().emit(&username),
        Event::LoginDenied(Refusal { code, reason, .. }) => {
            node.signals().login_denied().emit(code.name(), &reason);
        }
        Event::LoggedOut { reason } => node.signals().logged_out().emit(reason.name()),
        Event::ChatReceived { channel, line } => {
            signals.chat_received(node.upcast_mut(), &channel, &line);
            if line.kind == LineKind::Deleted && node.is_instance_valid() {
                let mut signal = node.signals().chat_deleted();
                signal.emit(&channel, int(line.seq));
            }
        }
        Event::ChatEdited {
            channel, seq, text, ..
        } => {
            node.signals().chat_edited().emit(&channel, int(seq), &text);
        }
        Event::ChatDeleted { channel, seq } => {
            node.signals().chat_deleted().emit(&channel, int(seq));
        }
        Event::HistoryLoaded {
            channel,
            lines,
            more,
        } => {
            let lines = convert::lines(&lines);
            node.signals()
                .history_received()
                .emit(&channel, &lines, more);
        }
        Event::HistorySkipped {
            channel,
            first_seq,
            last_seq,
        } => {
            let mut signal = node.signals().history_skipped();
            signal.emit(&channel, int(first_seq), int(last_seq));
        }
        Event::HistoryReset => node.signals().history_reset().emit(),
        Event::UnreadChanged {
            channel, unread, ..
        } => signals.unread_changed(node.upcast_mut(), &channel, unread),
        Event::ChannelJoined { channel } => node.signals().channel_joined().emit(&channel),
        Event::ChannelLeft {
            channel,
            reason,
            by,
        } => {
            let by = by.unwrap_or_default();
            node.signals()
                .channel_left()
                .emit(&channel, reason.name(), &by);
        }
        Event::ChannelChanged { channel } => node.signals().channel_changed().emit(&channel),
        Event::RoleChanged {
            channel,
            username,
            role,
            by,
        } => {
            let mut signal = node.signals().role_changed();
            signal.emit(&channel, &username, role.name(), &by);
        }
        Event::Invited { channel, by } => node.signals().invited().emit(&channel, &by),
        Event::PresenceChanged {
            channel,
            members,
            online,
            changes,
            ..
        } => emit_presence(node, &channel, members, online, changes),
        Event::ChatAccepted { .. } => node.signals().chat_accepted().emit(),
        Event::ChatDenied {
            refusal: Refusal { code, reason, .. },
            ..
        } => {
            node.signals().chat_denied().emit(code.name(), &reason);
        }
        Event::Warning(text) => godot_warn!("NetworkClient: {text}"),
    }
}

fn emit_presence(
    node: &mut Gd<NetworkClient>,
    channel: &str,
    members: u32,
    online: u32,
    changes: Vec<Presence>,
) {
    let mut signal = node.signals().members_changed();
    signal.emit(channel, i64::from(members), i64::from(online));
    for Presence { change, member } in changes {
        // A handler may free the node.
        if !node.is_instance_valid() {
            return;
        }
        let username = &member.username;
        match change {
            Change::Joined => {
                node.signals().member_joined().emit(channel, username);
                // Who comes back to a channel may be away from the first moment.
                let is_plain = member.state == PresenceState::Online && member.text.is_empty();
                if !is_plain && node.is_instance_valid() {
                    let mut signal = node.signals().presence_changed();
                    signal.emit(channel, username, member.state.name(), &member.text);
                }
            }
            Change::Left => node.signals().member_left().emit(channel, username),
            Change::State => {
                let mut signal = node.signals().presence_changed();
                signal.emit(channel, username, member.state.name(), &member.text);
            }
        }
    }
}

/// What a misused method may be given.
const ACCESSES: &str = "open, invite, password";
const ROLES: &str = "member, operator, owner";

/// An argument that may be left out.
fn given(text: &GString) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}

/// No line has a negative number.
fn seq_of(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}

/// Spreads the reconnects of many players.
fn seed() -> u64 {
    godot::global::randi() as u64 ^ Time::singleton().get_ticks_usec()
}

/// A level may be loaded, instantiated and set up in a thread. What a node does is done
/// on the main thread, as with every node in the tree.
fn is_on_main_thread(method: &str) -> bool {
    let is_main = is_main_thread();
    if !is_main {
        godot_error!(
            "NetworkClient.{method}() was called from a thread, and does nothing there. Call it \
             on the main thread: client.{method}.call_deferred(...)"
        );
    }
    is_main
}

/// The end of a request that was made from a thread.
fn refused_off_main_thread(method: &str) -> Option<Gd<NetworkRequest>> {
    let refused = RefusalCode::Server(DenyCode::MalformedPacket);
    (!is_on_main_thread(method)).then(|| NetworkRequest::refused(refused))
}

/// In the editor and in debug builds: somebody reads the console.
fn is_debug() -> bool {
    Os::singleton().is_debug_build()
}
