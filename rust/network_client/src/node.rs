//! The node that designers drop into a scene: what the Inspector and the Node dock show.
//!
//! Properties, signals and constants stand here with what F1 says of them; gdext wants the
//! signals, and the accessors of properties, in the one primary block of methods beside the
//! class, which makes the file longer than most. What a script calls is in `connection`,
//! `account`, `recovery`, `chat`, `channels`, `players` and `reporting`, and `calls` makes requests of
//! it. `lifecycle` is
//! the node in the tree, with what `export_presets` has the editor warn of, `frame` what it does in
//! each frame, `emit` how it tells of it, and `remember` the login that outlives the game.

mod connection;
mod account;
mod recovery;
mod chat;
mod channels;
mod players;
mod reporting;
mod tickets;
mod moderation;
mod calls;

mod frame;
mod emit;
mod frequent_signals;
mod remember;
mod login_file;
mod export_presets;
mod starter;

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use godot::classes::{Node, Os, X509Certificate};
use godot::prelude::*;
use longhall_client::{Call, Session};

use self::frequent_signals::FrequentSignals;
use self::remember::Kept;
use self::starter::Starter;
use crate::clock::now;
use crate::convert::{last_login as last_login_of, seconds, state_constant};
use crate::fake_server::LonghallFakeServer;
use crate::network_request::NetworkRequest;
use crate::transport::Transport;
use crate::transport::address::Address;
#[cfg(feature = "bad-weather")]
use crate::transport::bad_weather::Forecast;

/// Of the addon; all crates have one version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

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
/// Every call is answered twice: by a signal of this node, for everything that listens, and by the
/// [NetworkRequest] that the call returns, for the caller. No answer comes before the call has
/// returned. These belong together:
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
/// [ResourceLoader]. Its methods are for the main thread. A call from another thread does nothing
/// but say so in the console, and its request ends with `malformed_packet`.
///
/// The node works while the tree is paused (its [member Node.process_mode] is
/// [constant Node.PROCESS_MODE_ALWAYS]) and does nothing in the editor.
#[derive(GodotClass)]
#[class(base = Node, tool)]
pub struct NetworkClient {
    base: Base<Node>,

    /// Where the server is: `ws://host:port`, or `wss://host:port` for an encrypted connection.
    /// A change takes effect at the next [method connect_to_server]. Android wants the permission
    /// *Internet* in the export preset. A game on a page from `https://` can connect to `wss://` only.
    /// In debug builds the command line argument [code]-- --longhall-url=ws://host:port[/code] takes
    /// the place of what the scene says.
    #[export]
    #[var(set = _set_url)]
    url: GString,

    /// Connect as soon as the node is ready, and again when it was out of the tree for a while.
    /// Otherwise call [method connect_to_server].
    #[export]
    connect_automatically: bool,

    /// The certificate that a [code]wss://[/code] server must show, or the one that has signed the
    /// server's certificate. Set it for a server with a certificate of your own making, see
    /// [method Crypto.generate_self_signed_certificate]. If it is empty, the engine's certificates
    /// decide, see the project setting
    /// [member ProjectSettings.network/tls/certificate_bundle_override]. There is no way to switch
    /// the check off. In a browser this has no effect: the browser decides whom it trusts.
    #[export]
    #[var(set = _set_tls_certificate)]
    tls_certificate: Option<Gd<X509Certificate>>,

    /// Remember the login when the game ends, and log the player in by itself at the next start.
    /// From the next [method login] on, the node stores a token in [member remember_file] with
    /// which the server lets it take the session up again. It never stores the password.
    /// [method logout] forgets the login, and so does setting this to [code]false[/code]. The node
    /// sets this to [code]true[/code] when it finds a remembered login. A player who is logged out
    /// because of a login elsewhere stays logged out until the next [method login].
    #[export_group(name = "Remember Me", prefix = "remember_")]
    #[export]
    #[var(set = _set_remember_login)]
    remember_login: bool,

    /// The file for [member remember_login], in [code]user://[/code]. Two players on one machine
    /// need two files: when a second game takes up the same login, the first is logged out with
    /// `logged_in_elsewhere`. When you run two instances from the editor, give one of them the
    /// command line argument [code]-- --remember-slot=2[/code], and it uses another file. Only debug
    /// builds look at this argument.
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

    /// After so many seconds of silence the node asks the server whether it is still there. 0 turns
    /// this off; then the node notices a pulled cable late or never.
    #[export(range = (0.0, 60.0, 0.5, or_greater, suffix = "s"))]
    #[var(set = _set_heartbeat_interval)]
    heartbeat_interval: f64,

    /// Connect again by itself after a cut, and log the player in again. The node waits longer after
    /// each failed try. Each game waits a slightly different time, so that they do not overrun a
    /// server that restarts.
    #[export_group(name = "Reconnect", prefix = "reconnect_")]
    #[export]
    #[var(set = _set_reconnect_enabled)]
    reconnect_enabled: bool,

    /// The longest pause between two tries, in seconds.
    #[export(range = (0.5, 300.0, 0.5, or_greater, suffix = "s"))]
    #[var(set = _set_reconnect_max_delay)]
    reconnect_max_delay: f64,

    /// So many lines of each channel are fetched when the player comes in, see
    /// [signal history_received]. With 0, only lines said from then on come.
    #[export_group(name = "Chat")]
    #[export(range = (0.0, 500.0, 1.0))]
    #[var(set = _set_history_lines)]
    history_lines: i64,

    /// The name of this device in the player's list of devices, see [method list_sessions]. If it
    /// is empty, the node takes the name of the operating system.
    #[export]
    device_name: GString,

    /// Whether [method register] asks for recovery codes, which come by
    /// [signal recovery_codes_received]. They are the one way back for a player who forgets the
    /// password. Switch it off if your game does not show them: a code that nobody saw is of no use.
    #[export_group(name = "Recovery")]
    #[export]
    #[var(set = _set_ask_for_recovery_codes)]
    ask_for_recovery_codes: bool,

    /// Received packets may take so many milliseconds of one frame. The rest of them waits for the
    /// next frame, so that a burst of chat does not make the game stutter.
    #[export_group(name = "Performance")]
    #[export(range = (0.1, 16.0, 0.1, or_greater, suffix = "ms"))]
    frame_budget: f64,

    /// All packets are late by so many milliseconds, each way. Only in the editor and in debug
    /// builds: a release build has no bad weather, and ignores these properties of a scene.
    #[cfg(feature = "bad-weather")]
    #[export_group(name = "Bad Weather", prefix = "bad_weather_")]
    #[export(range = (0.0, 2000.0, 10.0, or_greater, suffix = "ms"))]
    #[var(set = _set_bad_weather_latency)]
    bad_weather_latency: f64,

    /// Each packet is late by a random time in addition, of at most so many milliseconds. Only in
    /// the editor and in debug builds.
    #[cfg(feature = "bad-weather")]
    #[export(range = (0.0, 2000.0, 10.0, or_greater, suffix = "ms"))]
    #[var(set = _set_bad_weather_jitter)]
    bad_weather_jitter: f64,

    /// The connection is lost once in so many seconds on average, and with 0 never. Only in the
    /// editor and in debug builds.
    #[cfg(feature = "bad-weather")]
    #[export(range = (0.0, 600.0, 1.0, or_greater, suffix = "s"))]
    #[var(set = _set_bad_weather_loss_interval)]
    bad_weather_loss_interval: f64,

    /// A server inside the game, for tests without a network. From the next
    /// [method connect_to_server] on it takes the place of the server at [member url], also when
    /// the node is connected to that one already. Logins with it are remembered in another file.
    #[var]
    fake_server: Option<Gd<LonghallFakeServer>>,

    /// The state of the connection and of the login, one of the `STATE_` constants. Read-only.
    #[var(get = _get_state, no_set, hint = ENUM, hint_string = "Offline,Connecting,Reconnecting,Connected,Logged In")]
    state: PhantomVar<i64>,

    /// The player's name, from the login to the logout. It stays while the connection is cut.
    /// Empty while nobody is logged in. Read-only.
    #[var(get = _get_username, no_set)]
    username: PhantomVar<GString>,

    /// When the account will be deleted, in milliseconds since 1970-01-01 00:00 UTC, if its player
    /// has asked for it by [method delete_account]; 0 otherwise. Known from [signal logged_in] on:
    /// then ask the player whether to keep it, see [method keep_account]. Read-only.
    #[var(get = _get_deletion_at_ms, no_set)]
    deletion_at_ms: PhantomVar<i64>,

    /// Seconds until the next try while waiting to reconnect, otherwise 0: for a countdown.
    /// Read-only.
    #[var(get = _get_retry_in, no_set)]
    retry_in: PhantomVar<f64>,

    /// The operator's message to every player. Known from [signal connected] on. Read-only.
    #[var(no_set)]
    message_of_the_day: GString,

    /// What it takes to [method register] on this server: [code]"open"[/code], everybody may;
    /// [code]"invite"[/code], a code from the operator; [code]"approval"[/code], a moderator lets the
    /// account in, and until then [method login] is refused with `approval_pending`;
    /// [code]"closed"[/code], nobody may. Known from [signal connected] on, see
    /// [signal registration_changed]. Read-only.
    #[var(get = _get_registration_mode, no_set)]
    registration_mode: PhantomVar<GString>,

    /// Whether players may come in without an account, see [method login_as_guest]. Known from
    /// [signal connected] on. Read-only.
    #[var(get = _get_takes_guests, no_set)]
    takes_guests: PhantomVar<bool>,

    /// The version of the server, such as [code]"0.2.0"[/code], for a bug report or an "About"
    /// box. Empty while there is no connection, or if the server tells none. Read-only.
    ///
    /// The server's version need not be the addon's ([method get_version]): what counts is that
    /// both speak the same protocol, and [signal disconnected] tells if they do not.
    #[var(get = _get_server_version, no_set)]
    server_version: PhantomVar<GString>,

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

    /// The name of the channel that everybody is in. When it has several halls, that of the one
    /// that the player is in, see [method list_halls]. Read-only; empty while nobody is logged in.
    #[var(get = _get_lobby, no_set)]
    lobby: PhantomVar<GString>,

    /// Which hall of the lobby the player is in, from 1, see [method list_halls]. Read-only; 0 while
    /// nobody is logged in, and where the lobby has one hall for all.
    #[var(get = _get_hall, no_set)]
    hall: PhantomVar<i64>,

    /// Whether [method login] asks for the code of an app, see [method begin_second_factor].
    /// Read-only; [code]false[/code] while nobody is logged in.
    #[var(get = _get_has_second_factor, no_set)]
    has_second_factor: PhantomVar<bool>,

    /// How many recovery codes are not used up, see [method renew_recovery_codes]. Read-only; 0
    /// while nobody is logged in, and with a server that knows of none.
    #[var(get = _get_recovery_codes_left, no_set)]
    recovery_codes_left: PhantomVar<i64>,

    /// When and from where somebody logged in to the account before, for the player to see
    /// whether that was they: a [Dictionary] of `at_ms` (milliseconds since 1970, UTC), `device`
    /// (see [member device_name]) and `network` (such as [code]"203.0.113.0/24"[/code]). Empty at
    /// the first login, for a remembered login, and while nobody is logged in. Read-only.
    #[var(get = _get_last_login, no_set)]
    last_login: PhantomVar<VarDictionary>,

    session: Session,
    transport: Transport,
    /// The requests that have not ended.
    requests: HashMap<Call, Gd<NetworkRequest>>,
    /// The remembered login, if this node has written or read its file.
    kept: Option<Kept>,
    /// Whether a remembered login may be taken up. A node that was logged out by a login
    /// elsewhere may not, since it would log out the other in turn.
    may_restore: bool,
    /// The address of the present connection and its reconnects.
    dialled: Option<Address>,
    /// Whether to find out why the next try fails.
    explains_next: bool,
    /// See [method get_reports_waiting].
    reports_waiting: i64,
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
    /// With whom the game ends, if it does with anybody.
    starter: Option<Starter>,
    signals: Rc<FrequentSignals>,
}

// Below the class: it needs a macro that the derive above defines.
mod lifecycle;

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

    /// The node is connected: ready for [method login] and [method register]. If a player was
    /// logged in before a cut, [signal logged_in] follows by itself.
    #[signal]
    fn connected();

    /// The connection is gone, or the first try failed. `reason` is one of
    /// [method get_disconnect_reasons]. With `will_retry` the node connects again by itself in
    /// `seconds`, announced by [signal reconnecting]; otherwise `seconds` is 0, and only the
    /// player can help.
    ///
    /// - The network is at fault: `connection_lost`, `server_unreachable`, `unknown_host` (the name
    ///   has no address), `not_secure` (the certificate is not trusted, or the server has no TLS),
    ///   `wrong_server` (something else answers: the log-in page of a network, a proxy whose server
    ///   is away). In debug builds a warning names the likely cause.
    /// - The server comes back soon: `restarting`, `internal_error`.
    /// - The server is too old for this version of the addon, and may be updated soon:
    ///   `server_outdated`.
    /// - The server ended this connection alone: `idle`, `login_timeout`, `too_slow`, `flooding`,
    ///   `too_many_connections`.
    /// - The node does not try again: `update_required` (the addon in this version of the game is
    ///   too old for the server), `logged_in_elsewhere`, `session_ended`,
    ///   `account_deleted` (see [method delete_account]), `kicked`, `banned`, `protocol_error`, `invalid_address` (a malformed [member url]).
    /// - The game asked for it: `closed_by_client`.
    #[signal]
    fn disconnected(reason: GString, will_retry: bool, seconds: f64);

    /// The node tries again in `seconds`. `attempt` counts from 1.
    #[signal]
    fn reconnecting(attempt: i64, seconds: f64);

    /// The account was created. The player is not logged in yet.
    #[signal]
    fn registered(username: GString);

    /// The player's recovery codes: of a new account, just before [signal registered], or of
    /// [method renew_recovery_codes]. Each sets a new password once, see [method recover], or stands
    /// in for the code of an app at a [method login]. The server tells them this once and keeps no
    /// copy: show them, let the player copy or save them, and keep them nowhere else.
    #[signal]
    fn recovery_codes_received(codes: PackedStringArray);

    /// The ticket of [method request_ticket], for the server it was asked for and nobody else. It is
    /// good until `expires_at`, in seconds since 1970 by the server's clock.
    #[signal]
    fn ticket_received(ticket: GString, expires_at: f64);

    /// [method register] was refused. `code` is stable and for your translation, `reason` is an
    /// English sentence.
    #[signal]
    fn register_denied(code: GString, reason: GString);

    /// The player is logged in: after [method login], or again after a cut. `username` is the
    /// name as it was registered, which may differ in case from what was typed.
    #[signal]
    fn logged_in(username: GString);

    /// The player has another name, by [method rename_account] here or on another device. Comes for
    /// the player alone, in place of [signal player_renamed]. [member username] is the new one.
    #[signal]
    fn account_renamed(old_name: GString, new_name: GString);

    /// Another player has another name. Their lines on the screen and their place in a roster go by
    /// the new one from now on, and so does the conversation with them: `channel` is `"@"` and
    /// `new_name` in what comes next.
    #[signal]
    fn player_renamed(old_name: GString, new_name: GString);

    /// A player who is online, maybe the one who is logged in, has another profile: by
    /// [method set_profile], or from the game's server. `version` counts its changes; of two
    /// the greater one is later. Comes about a second after the change at the earliest, and
    /// later where very many change theirs. Who was not connected sees it in
    /// [method list_members] and [method player_info].
    #[signal]
    fn profile_changed(username: GString, profile: VarDictionary, version: i64);

    /// [method login] was refused. `code` is stable and for your translation, `reason` is an
    /// English sentence. With `code_needed` the password was right, and the account has a second
    /// factor: ask for the code of the player's app, and log in again with it.
    #[signal]
    fn login_denied(code: GString, reason: GString);

    /// The player is logged out, and needs the password to come back. A remembered login (see
    /// [member remember_login]) brings the player back without it, unless the session itself has
    /// ended. `reason` is `logout` after [method logout], `session_expired`, or the reason of
    /// [signal disconnected] when the node does not try again.
    #[signal]
    fn logged_out(reason: GString);

    /// The login cannot be remembered, though [member remember_login] is set: the game may not write
    /// [member remember_file], or the disk is full. Tell the player. This comes after
    /// [member remember_login] is set and after [signal logged_in], and not again until a login has
    /// been stored. `reason` is English, and for the developer.
    #[signal]
    fn remember_failed(reason: GString);

    /// The game itself said a line in a channel: its own server does, see
    /// [LonghallGameServer], or the operator. No player can make one, so show it unlike theirs.
    /// It comes once, in order with the lines of [signal chat_received], and has a number among
    /// them; a page of history has it with `system` set and no sender. `sent_at_ms` and `seq` are
    /// as there.
    #[signal]
    fn system_line_received(channel: GString, text: GString, sent_at_ms: i64, seq: i64);

    /// Somebody said a line, now or while the connection was away; the player's own lines come
    /// back this way too. Each line comes once, in the order everybody sees. `channel` is the
    /// channel's name, or for whispers the other player behind an `@`, as in [code]"@ada"[/code].
    /// The server vouches for `sender` and for `sent_at_ms`, in milliseconds since 1970 (UTC), see
    /// [method Time.get_datetime_dict_from_unix_time]; `seq` is the line's number in its channel.
    /// Show `text` with [method RichTextLabel.add_text], never as BBCode: strangers wrote it.
    #[signal]
    fn chat_received(channel: GString, sender: GString, text: GString, sent_at_ms: i64, seq: i64);

    /// The player who said line `seq` has edited it: it reads `text` from now on.
    #[signal]
    fn chat_edited(channel: GString, seq: i64, text: GString);

    /// Line `seq` is deleted: show a note in its place.
    #[signal]
    fn chat_deleted(channel: GString, seq: i64);

    /// Earlier lines of `channel`, to show above the lines that are shown already: the newest
    /// [member history_lines] when the player comes in, older ones after [method load_history].
    /// `more` says whether there are still older ones. Each line is a [Dictionary] of `seq`, `sender`,
    /// `text`, `sent_at_ms`, `edited_at_ms` (0 if it stands as it was said) and `deleted`.
    #[signal]
    fn history_received(channel: GString, lines: Array<VarDictionary>, more: bool);

    /// The lines from `first_seq` to `last_seq` do not come: the player has missed very many, or the
    /// server no longer keeps them. Clear the lines of `channel` that are shown; the newest follow by
    /// [signal history_received]. [code]"@"[/code] stands for all whispers.
    #[signal]
    fn history_skipped(channel: GString, first_seq: i64, last_seq: i64);

    /// The server has another database than at the last login, or an older state of it. All lines
    /// are numbered anew, and the old numbers mean nothing any more. Clear the lines of all channels
    /// and whispers that are shown, and give up edits of them. This comes before
    /// [signal logged_in]; then everything follows as after a first login. Lines of
    /// [method send_chat] that wait for the connection are still sent.
    #[signal]
    fn history_reset();

    /// The number of unread lines in `channel` has changed: lines have come, or the player has read
    /// some, here or on another device. It is counted up to 1000. See [method mark_read].
    #[signal]
    fn unread_changed(channel: GString, unread: i64);

    /// The player is in this channel now, see [method get_channel]. After [signal logged_in] this
    /// comes for each of the player's channels, for the lobby first.
    #[signal]
    fn channel_joined(channel: GString);

    /// The player is no longer in this channel. `reason` is `left`, `removed`, or `ended` for a
    /// channel of [method NetworkClient.create_temporary_channel] that is over, or that the player
    /// was away from for too long; `by` says who removed the player.
    #[signal]
    fn channel_left(channel: GString, reason: GString, by: GString);

    /// The player is in another hall of the lobby, see [method change_hall]; [member lobby] is `to`
    /// from now on, and was `from`. Show the lines and members of `to` where you showed those of
    /// `from`. It comes between [signal channel_joined] for the one and [signal channel_left] for the
    /// other, also when another device of the player changes, and after a reconnect that leads into
    /// another hall than before.
    #[signal]
    fn hall_changed(from: GString, to: GString);

    /// The topic of this channel, its access or the player's role in it has changed, see
    /// [method get_channel].
    #[signal]
    fn channel_changed(channel: GString);

    /// A member of a channel may do more or less there: `role` is `member`, `operator` or `owner`.
    #[signal]
    fn role_changed(channel: GString, username: GString, role: GString, by: GString);

    /// A sanction is on the player: a mute that was just set or that stands at a login, a kick or a
    /// ban in a channel, or what a refusal or the end of the connection was for. It is a
    /// `Dictionary` of `sanction` (`mute`, `kick` or `ban`), `channel` (empty for the whole server),
    /// `until_ms` (0 for good, and for a kick) and `reason`, the text of whoever set it: show it as
    /// text, never as markup. A mute, or a ban in a channel, comes once while it stands as it is,
    /// however many lines are refused for it.
    #[signal]
    fn sanctioned(sanction: VarDictionary);

    /// A mute, or a ban in a channel, was lifted before its time: `sanction` is `mute` or `ban`,
    /// `channel` is empty for the whole server. One that is over by its time ends without a word.
    #[signal]
    fn sanction_lifted(sanction: GString, channel: GString);

    /// The player may do more or less on the whole server: `server_role` is `player`, `moderator`
    /// or `admin`. Comes after [signal logged_in] for who is more than a player, and whenever the
    /// server's operator changes it. See [method get_server_role].
    #[signal]
    fn server_role_changed(server_role: GString);

    /// Somebody invites the player into a channel, for [method join_channel].
    #[signal]
    fn invited(channel: GString, by: GString);

    /// A channel has so many `members`, and so many of them are `online`. This comes at most once a
    /// second for each channel. When very many came or went at once, [signal member_joined] and
    /// [signal member_left] do not come for them: see [method list_members].
    #[signal]
    fn members_changed(channel: GString, members: i64, online: i64);

    /// Somebody came into one of the player's channels; in the lobby: came online. If they are away
    /// or have a text, [signal presence_changed] follows.
    #[signal]
    fn member_joined(channel: GString, username: GString);

    /// Somebody left one of the player's channels; in the lobby: went offline. Players whose
    /// connection is cut stay for a moment, and do not leave if they come back in time.
    #[signal]
    fn member_left(channel: GString, username: GString);

    /// Somebody in one of the player's channels is `online`, `away` or `offline` now. `text` is
    /// their own, see [method set_presence]: strangers wrote it.
    #[signal]
    fn presence_changed(channel: GString, username: GString, state: GString, text: GString);

    /// The server has taken a line of [method send_chat], and keeps it. Each line ends in this signal
    /// or in [signal chat_denied], in each channel in the order sent.
    #[signal]
    fn chat_accepted();

    /// A line of [method send_chat] was refused. Or the player was logged out while the line was on
    /// its way, and nobody knows whether the server took it. `code` is stable and for your
    /// translation, `reason` is an English sentence.
    #[signal]
    fn chat_denied(code: GString, reason: GString);

    /// The moderators have closed a report that the player made by [method report_line] or
    /// [method report_player]. This comes once, now or after the next login. `username` is whom the
    /// report was about, `outcome` is `acted` when a moderator did something, or `dismissed`, and
    /// `text` is what the moderator says of it; it may be empty. Show it as text.
    #[signal]
    fn report_closed(report: i64, username: GString, outcome: GString, text: GString);

    /// So many reports are open, without those about the player. This comes to moderators only (see
    /// [member server_role]): after each [signal logged_in], and when the number changes. See
    /// [method list_reports].
    #[signal]
    fn reports_waiting_changed(count: i64);

    /// [member registration_mode] or [member takes_guests] is known now, or is another. Comes before
    /// [signal connected], and not at all from a server that lets everybody register and takes no
    /// guests.
    #[signal]
    fn registration_changed(mode: GString);

    /// The server wants some work from the game before it makes an account or lets a guest in, so
    /// that nobody makes them by the thousand. The node does it, 2 milliseconds of each frame, and
    /// tells how it goes: `progress` from 0 to below 1 is how likely it was to be done by now, since
    /// nobody knows beforehand how long it takes. The request ends as usual.
    #[signal]
    fn proof_progress(progress: f64);

    /// [member state] has changed, to one of the `STATE_` constants. This comes before the signal
    /// that says why.
    #[signal]
    fn state_changed(state: i64);

    #[func]
    fn _get_state(&self) -> i64 {
        state_constant(self.session.state())
    }

    #[func]
    fn _get_registration_mode(&self) -> GString {
        self.session.registration().mode.name().into()
    }

    #[func]
    fn _get_takes_guests(&self) -> bool {
        self.session.takes_guests()
    }

    #[func]
    fn _get_server_version(&self) -> GString {
        self.session.server_version().into()
    }

    #[func]
    fn _get_lobby(&self) -> GString {
        self.session.lobby().unwrap_or_default().into()
    }

    #[func]
    fn _get_hall(&self) -> i64 {
        i64::from(self.session.hall().unwrap_or(0))
    }

    #[func]
    fn _get_has_second_factor(&self) -> bool {
        self.session.safety().second_factor
    }

    #[func]
    fn _get_recovery_codes_left(&self) -> i64 {
        i64::from(self.session.safety().recovery_codes_left)
    }

    #[func]
    fn _get_last_login(&self) -> VarDictionary {
        let last_login = self.session.safety().last_login.as_ref();
        last_login.map(last_login_of).unwrap_or_default()
    }

    #[func]
    fn _set_ask_for_recovery_codes(&mut self, value: bool) {
        self.ask_for_recovery_codes = value;
        self.session.config_mut().ask_for_recovery_codes = value;
    }

    #[func]
    fn _set_history_lines(&mut self, value: i64) {
        self.history_lines = value;
        self.session.config_mut().history_lines = u32::try_from(value).unwrap_or(0);
    }

    #[func]
    fn _get_deletion_at_ms(&self) -> i64 {
        self.session.deletion_at_ms().map_or(0, crate::convert::int)
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
        self.remember_or_forget();
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

#[cfg(feature = "bad-weather")]
impl NetworkClient {
    fn forecast(&mut self) {
        self.transport.set_weather(Forecast {
            latency: seconds(self.bad_weather_latency / 1000.0),
            jitter: seconds(self.bad_weather_jitter / 1000.0),
            loss_interval: seconds(self.bad_weather_loss_interval),
        });
    }
}

/// In the editor and in debug builds: somebody reads the console.
fn is_debug() -> bool {
    Os::singleton().is_debug_build()
}
