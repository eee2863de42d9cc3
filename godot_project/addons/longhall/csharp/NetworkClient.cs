// Written by `cargo xtask csharp` from what Godot says of the class: change that, not this.
using System;
using System.Threading.Tasks;
using System.Runtime.CompilerServices;
using Godot;

namespace Longhall
{
    /// <summary>Accounts and chat for your game: registers players, logs them in and lets them talk.</summary>
    public sealed class NetworkClient : LonghallObject
    {
        /// <summary>Around one that there is already.</summary>
        public NetworkClient(Node self) : base(self) { }

        /// <summary>A new one.</summary>
        public NetworkClient() : base(Make("NetworkClient")) { }

        internal static NetworkClient Around(GodotObject self) =>
            self == null ? null : new NetworkClient((Node)self);

        /// <summary>The node itself, to be added to a scene.</summary>
        public Node Node => (Node)Self;

        /// <summary>Not connected, and not trying to be.</summary>
        public const long StateOffline = 0;

        /// <summary>Connecting for the first time.</summary>
        public const long StateConnecting = 1;

        /// <summary>The connection was lost or never came about; waiting for the next try, or trying.</summary>
        public const long StateReconnecting = 2;

        /// <summary>Connected and logged out: ready for <c>Login</c> and <c>Register</c>.</summary>
        public const long StateConnected = 3;

        /// <summary>Connected and logged in: ready for <c>SendChat</c>.</summary>
        public const long StateLoggedIn = 4;

        /// <summary>Where the server is: <c>ws://host:port</c>, or <c>wss://host:port</c> for an encrypted connection. A change takes effect at the next <c>ConnectToServer</c>. Android wants the permission *Internet* in the export preset. A game on a page from <c>https://</c> can connect to <c>wss://</c> only. In debug builds the command line argument <c>-- --longhall-url=ws://host:port</c> takes the place of what the scene says.</summary>
        public string Url
        {
            get => Self.Get("url").AsString();
            set => Self.Set("url", value);
        }

        /// <summary>Connect as soon as the node is ready, and again when it was out of the tree for a while. Otherwise call <c>ConnectToServer</c>.</summary>
        public bool ConnectAutomatically
        {
            get => Self.Get("connect_automatically").AsBool();
            set => Self.Set("connect_automatically", value);
        }

        /// <summary>The certificate that a <c>wss://</c> server must show, or the one that has signed the server's certificate. Set it for a server with a certificate of your own making, see <c>Crypto.GenerateSelfSignedCertificate</c>. If it is empty, the engine's certificates decide, see the project setting <c>ProjectSettings.network/tls/certificate_bundle_override</c>. There is no way to switch the check off. In a browser this has no effect: the browser decides whom it trusts.</summary>
        public X509Certificate TlsCertificate
        {
            get => Self.Get("tls_certificate").As<X509Certificate>();
            set => Self.Set("tls_certificate", value);
        }

        /// <summary>Remember the login when the game ends, and log the player in by itself at the next start. From the next <c>Login</c> on, the node stores a token in <c>RememberFile</c> with which the server lets it take the session up again. It never stores the password. <c>Logout</c> forgets the login, and so does setting this to <c>false</c>. The node sets this to <c>true</c> when it finds a remembered login. A player who is logged out because of a login elsewhere stays logged out until the next <c>Login</c>.</summary>
        public bool RememberLogin
        {
            get => Self.Get("remember_login").AsBool();
            set => Self.Set("remember_login", value);
        }

        /// <summary>The file for <c>RememberLogin</c>, in <c>user://</c>. Two players on one machine need two files: when a second game takes up the same login, the first is logged out with <c>logged_in_elsewhere</c>. When you run two instances from the editor, give one of them the command line argument <c>-- --remember-slot=2</c>, and it uses another file. Only debug builds look at this argument.</summary>
        public string RememberFile
        {
            get => Self.Get("remember_file").AsString();
            set => Self.Set("remember_file", value);
        }

        /// <summary>Seconds a server gets to answer a new connection. At least 1.</summary>
        public double ConnectTimeout
        {
            get => Self.Get("connect_timeout").AsDouble();
            set => Self.Set("connect_timeout", value);
        }

        /// <summary>Seconds until a request counts as unanswered, with code <c>timed_out</c>. At least 1.</summary>
        public double RequestTimeout
        {
            get => Self.Get("request_timeout").AsDouble();
            set => Self.Set("request_timeout", value);
        }

        /// <summary>After so many seconds of silence the node asks the server whether it is still there. 0 turns this off; then the node notices a pulled cable late or never.</summary>
        public double HeartbeatInterval
        {
            get => Self.Get("heartbeat_interval").AsDouble();
            set => Self.Set("heartbeat_interval", value);
        }

        /// <summary>Connect again by itself after a cut, and log the player in again. The node waits longer after each failed try. Each game waits a slightly different time, so that they do not overrun a server that restarts.</summary>
        public bool ReconnectEnabled
        {
            get => Self.Get("reconnect_enabled").AsBool();
            set => Self.Set("reconnect_enabled", value);
        }

        /// <summary>The longest pause between two tries, in seconds.</summary>
        public double ReconnectMaxDelay
        {
            get => Self.Get("reconnect_max_delay").AsDouble();
            set => Self.Set("reconnect_max_delay", value);
        }

        /// <summary>So many lines of each channel are fetched when the player comes in, see <c>HistoryReceived</c>. With 0, only lines said from then on come.</summary>
        public long HistoryLines
        {
            get => Self.Get("history_lines").AsInt64();
            set => Self.Set("history_lines", value);
        }

        /// <summary>The name of this device in the player's list of devices, see <c>ListSessions</c>. If it is empty, the node takes the name of the operating system.</summary>
        public string DeviceName
        {
            get => Self.Get("device_name").AsString();
            set => Self.Set("device_name", value);
        }

        /// <summary>Whether <c>Register</c> asks for recovery codes, which come by <c>RecoveryCodesReceived</c>. They are the one way back for a player who forgets the password. Switch it off if your game does not show them: a code that nobody saw is of no use.</summary>
        public bool AskForRecoveryCodes
        {
            get => Self.Get("ask_for_recovery_codes").AsBool();
            set => Self.Set("ask_for_recovery_codes", value);
        }

        /// <summary>Received packets may take so many milliseconds of one frame. The rest of them waits for the next frame, so that a burst of chat does not make the game stutter.</summary>
        public double FrameBudget
        {
            get => Self.Get("frame_budget").AsDouble();
            set => Self.Set("frame_budget", value);
        }

        /// <summary>All packets are late by so many milliseconds, each way. Only in the editor and in debug builds: a release build has no bad weather, and ignores these properties of a scene.</summary>
        public double BadWeatherLatency
        {
            get => Self.Get("bad_weather_latency").AsDouble();
            set => Self.Set("bad_weather_latency", value);
        }

        /// <summary>Each packet is late by a random time in addition, of at most so many milliseconds. Only in the editor and in debug builds.</summary>
        public double BadWeatherJitter
        {
            get => Self.Get("bad_weather_jitter").AsDouble();
            set => Self.Set("bad_weather_jitter", value);
        }

        /// <summary>The connection is lost once in so many seconds on average, and with 0 never. Only in the editor and in debug builds.</summary>
        public double BadWeatherLossInterval
        {
            get => Self.Get("bad_weather_loss_interval").AsDouble();
            set => Self.Set("bad_weather_loss_interval", value);
        }

        /// <summary>A server inside the game, for tests without a network. From the next <c>ConnectToServer</c> on it takes the place of the server at <c>Url</c>, also when the node is connected to that one already. Logins with it are remembered in another file.</summary>
        public LonghallFakeServer FakeServer
        {
            get => LonghallFakeServer.Around(Self.Get("fake_server").AsGodotObject());
            set => Self.Set("fake_server", value?.Self);
        }

        /// <summary>The state of the connection and of the login, one of the <c>STATE_</c> constants. Read-only.</summary>
        public long State => Self.Get("state").AsInt64();

        /// <summary>The player's name, from the login to the logout. It stays while the connection is cut. Empty while nobody is logged in. Read-only.</summary>
        public string Username => Self.Get("username").AsString();

        /// <summary>When the account will be deleted, in milliseconds since 1970-01-01 00:00 UTC, if its player has asked for it by <c>DeleteAccount</c>; 0 otherwise. Known from <c>LoggedIn</c> on: then ask the player whether to keep it, see <c>KeepAccount</c>. Read-only.</summary>
        public long DeletionAtMs => Self.Get("deletion_at_ms").AsInt64();

        /// <summary>Seconds until the next try while waiting to reconnect, otherwise 0: for a countdown. Read-only.</summary>
        public double RetryIn => Self.Get("retry_in").AsDouble();

        /// <summary>The operator's message to every player. Known from <c>Connected</c> on. Read-only.</summary>
        public string MessageOfTheDay => Self.Get("message_of_the_day").AsString();

        /// <summary>What it takes to <c>Register</c> on this server: <c>"open"</c>, everybody may; <c>"invite"</c>, a code from the operator; <c>"approval"</c>, a moderator lets the account in, and until then <c>Login</c> is refused with <c>approval_pending</c>; <c>"closed"</c>, nobody may. Known from <c>Connected</c> on, see <c>RegistrationChanged</c>. Read-only.</summary>
        public string RegistrationMode => Self.Get("registration_mode").AsString();

        /// <summary>Whether players may come in without an account, see <c>LoginAsGuest</c>. Known from <c>Connected</c> on. Read-only.</summary>
        public bool TakesGuests => Self.Get("takes_guests").AsBool();

        /// <summary>The version of the server, such as <c>"0.2.0"</c>, for a bug report or an "About" box. Empty while there is no connection, or if the server tells none. Read-only.</summary>
        public string ServerVersion => Self.Get("server_version").AsString();

        /// <summary>Fewest characters of a user name. Read-only.</summary>
        public long UsernameMinLength => Self.Get("username_min_length").AsInt64();

        /// <summary>Most characters of a user name: set it as <c>LineEdit.MaxLength</c>. Read-only.</summary>
        public long UsernameMaxLength => Self.Get("username_max_length").AsInt64();

        /// <summary>Fewest characters of a password. Read-only.</summary>
        public long PasswordMinLength => Self.Get("password_min_length").AsInt64();

        /// <summary>Most characters of a password: set it as <c>LineEdit.MaxLength</c>. Read-only.</summary>
        public long PasswordMaxLength => Self.Get("password_max_length").AsInt64();

        /// <summary>Most characters of a chat line: set it as <c>LineEdit.MaxLength</c>. Read-only.</summary>
        public long ChatMaxLength => Self.Get("chat_max_length").AsInt64();

        /// <summary>Most characters of a channel's name. Read-only.</summary>
        public long ChannelMaxLength => Self.Get("channel_max_length").AsInt64();

        /// <summary>Most characters of a channel's topic. Read-only.</summary>
        public long TopicMaxLength => Self.Get("topic_max_length").AsInt64();

        /// <summary>Most characters of the text of <c>SetPresence</c>. Read-only.</summary>
        public long PresenceMaxLength => Self.Get("presence_max_length").AsInt64();

        /// <summary>Most channels the player may be in, the lobby not counted. Read-only.</summary>
        public long ChannelsMax => Self.Get("channels_max").AsInt64();

        /// <summary>Seconds in which the player may change a line, see <c>EditLine</c>. Read-only.</summary>
        public long EditWindow => Self.Get("edit_window").AsInt64();

        /// <summary>The name of the channel that everybody is in. When it has several halls, that of the one that the player is in, see <c>ListHalls</c>. Read-only; empty while nobody is logged in.</summary>
        public string Lobby => Self.Get("lobby").AsString();

        /// <summary>Which hall of the lobby the player is in, from 1, see <c>ListHalls</c>. Read-only; 0 while nobody is logged in, and where the lobby has one hall for all.</summary>
        public long Hall => Self.Get("hall").AsInt64();

        /// <summary>Whether <c>Login</c> asks for the code of an app, see <c>BeginSecondFactor</c>. Read-only; <c>false</c> while nobody is logged in.</summary>
        public bool HasSecondFactor => Self.Get("has_second_factor").AsBool();

        /// <summary>How many recovery codes are not used up, see <c>RenewRecoveryCodes</c>. Read-only; 0 while nobody is logged in, and with a server that knows of none.</summary>
        public long RecoveryCodesLeft => Self.Get("recovery_codes_left").AsInt64();

        /// <summary>When and from where somebody logged in to the account before, for the player to see whether that was they: a <c>Dictionary</c> of <c>at_ms</c> (milliseconds since 1970, UTC), <c>device</c> (see <c>DeviceName</c>) and <c>network</c> (such as <c>"203.0.113.0/24"</c>). Empty at the first login, for a remembered login, and while nobody is logged in. Read-only.</summary>
        public Godot.Collections.Dictionary LastLogin => Self.Get("last_login").AsGodotDictionary();

        /// <summary>As <c>KickPlayer</c>, and the player may not come again: see <c>MutePlayer</c> for how long. After a ban from the server nobody registers for a while from where the player last came.</summary>
        public NetworkRequest BanPlayer(string username, long seconds = -1, string reason = "", string channel = "") =>
            NetworkRequest.Around(Self.Call("ban_player", username, seconds, reason, channel).AsGodotObject());

        /// <summary>Begins a second factor: a code that an app on the player's phone shows, and that <c>Login</c> asks for. <c>NetworkRequest.Result</c> is a <c>Dictionary</c> of <c>secret</c>, the key to type into the app, and <c>uri</c>, the same as an <c>otpauth://</c> address. Show it to the player, and keep it nowhere. Nothing changes until <c>ConfirmSecondFactor</c>. Refused with <c>not_allowed</c> if there is a second factor already.</summary>
        public NetworkRequest BeginSecondFactor(string password) =>
            NetworkRequest.Around(Self.Call("begin_second_factor", password).AsGodotObject());

        /// <summary>Blocks a player: nothing that they say, whisper or do arrives any more, until <c>UnblockPlayer</c>. The block is kept with the account. They are not told.</summary>
        public NetworkRequest BlockPlayer(string username) =>
            NetworkRequest.Around(Self.Call("block_player", username).AsGodotObject());

        /// <summary>Whether a login could be stored in <c>RememberFile</c>: whether the game may write there. Ask it before you offer to remember one, see <c>RememberFailed</c>.</summary>
        public bool CanRememberLogin() =>
            Self.Call("can_remember_login").AsBool();

        /// <summary>Changes to another hall of the lobby, by its number: see <c>ListHalls</c>. Refused with <c>channel_full</c>, and with <c>unknown_channel</c> for one that nobody is in. Ends with <c>HallChanged</c>. <c>NetworkRequest.Result</c> is what <c>GetChannel</c> returns.</summary>
        public NetworkRequest ChangeHall(long hall) =>
            NetworkRequest.Around(Self.Call("change_hall", hall).AsGodotObject());

        /// <summary>Gives the account another password and logs it out on all other devices. Refused with <c>bad_credentials</c> if <c>old_password</c> is not the present one.</summary>
        public NetworkRequest ChangePassword(string oldPassword, string newPassword) =>
            NetworkRequest.Around(Self.Call("change_password", oldPassword, newPassword).AsGodotObject());

        /// <summary>Closes a report. For moderators. <c>outcome</c> is <c>acted</c> when something was done about it, or <c>dismissed</c>. Whoever made it is told that, and <c>note</c>: up to 300 characters, or nothing.</summary>
        public NetworkRequest CloseReport(long report, string outcome, string note = "") =>
            NetworkRequest.Around(Self.Call("close_report", report, outcome, note).AsGodotObject());

        /// <summary>Logs the account out on another device, or with 0 on all others.</summary>
        public NetworkRequest CloseSession(long session) =>
            NetworkRequest.Around(Self.Call("close_session", session).AsGodotObject());

        /// <summary>Completes the word at the end of <c>input</c>, for a list to choose from: with commands, or with names of the player's channels or of <c>players</c>, as the command asks. Each choice is a <c>Dictionary</c> of <c>input</c> (the whole input with the word completed), <c>word</c> (the word alone) and <c>description</c> (of a command; otherwise empty).</summary>
        public Godot.Collections.Array<Godot.Collections.Dictionary> Complete(string input, string[] players) =>
            Self.Call("complete", input, players).AsGodotArray<Godot.Collections.Dictionary>();

        /// <summary>Shows that the app has the key of <c>BeginSecondFactor</c>: <c>code</c> is what it shows. From now on <c>Login</c> asks for a code, and the player is logged out on all other devices. Refused with <c>wrong_code</c>. With <c>FakeServer</c> the code is always <c>"123456"</c>.</summary>
        public NetworkRequest ConfirmSecondFactor(string code) =>
            NetworkRequest.Around(Self.Call("confirm_second_factor", code).AsGodotObject());

        /// <summary>Connects to <c>Url</c>. Ends in <c>Connected</c> or <c>Disconnected</c>. The returned request ends with this try, also when the node goes on trying. Does nothing if the node is connected to that url already. While the node waits to reconnect, it tries at once.</summary>
        public NetworkRequest ConnectToServer() =>
            NetworkRequest.Around(Self.Call("connect_to_server").AsGodotObject());

        /// <summary>Creates a channel and joins it as its owner. The server keeps the channel and its lines while it has members. A name has 1 to 24 letters and digits of any script, <c>_</c> and <c>-</c>, and becomes lower case. <c>access</c> says who may join: <c>open</c> for everybody, <c>invite</c> for players invited by <c>InvitePlayer</c>, <c>password</c> for players who know <c>password</c>. Ends with <c>ChannelJoined</c>.</summary>
        public NetworkRequest CreateChannel(string channel, string access = "open", string password = "", string topic = "") =>
            NetworkRequest.Around(Self.Call("create_channel", channel, access, password, topic).AsGodotObject());

        /// <summary>Creates a channel for a match or a party and joins it as its owner. It is in nobody's list: others join by its code, see <c>JoinByCode</c>, or are invited by its owner. It is gone after <c>lasts_s</c> seconds (60 to 86400; four hours for 0), when its last member has left, or by <c>EndChannel</c>; members get <c>ChannelLeft</c> with the reason <c>"ended"</c>. Who is offline for longer than a minute is no member any more, and no channel of this kind is kept with the account. It holds <c>max_members</c> members (2 to 500; 100 for 0). Without a <c>channel</c> the server makes up a name, like <c>"match-7f3k"</c>.</summary>
        public NetworkRequest CreateTemporaryChannel(string channel = "", long maxMembers = 0, long lastsS = 0) =>
            NetworkRequest.Around(Self.Call("create_temporary_channel", channel, maxMembers, lastsS).AsGodotObject());

        /// <summary>Has the account deleted. The player is logged out everywhere, with the reason <c>account_deleted</c>. For a time that the operator sets, two weeks unless changed, a login with the password is still possible, <c>DeletionAtMs</c> says when it will be over, and <c>KeepAccount</c> keeps the account. Then the name is free, and what the player said shows no words any more. <c>code</c> is the code of the second factor, if the account has one, see <c>HasSecondFactor</c>. Refused with <c>bad_credentials</c> if <c>password</c> is not the present one, with <c>code_needed</c> and with <c>wrong_code</c>.</summary>
        public NetworkRequest DeleteAccount(string password, string code = "") =>
            NetworkRequest.Around(Self.Call("delete_account", password, code).AsGodotObject());

        /// <summary>Deletes one of the player's own lines, within <c>EditWindow</c> seconds. Ends with <c>ChatDeleted</c> for everybody in the channel.</summary>
        public NetworkRequest DeleteLine(string channel, long seq) =>
            NetworkRequest.Around(Self.Call("delete_line", channel, seq).AsGodotObject());

        /// <summary>Deletes what a player has said in the last <c>seconds</c>, or with -1 all that is kept, in a channel, or without one in all of them: up to 1000 lines a call. For the same players as <c>MutePlayer</c>. <c>NetworkRequest.Result</c> is a <c>Dictionary</c> of <c>count</c> and <c>more</c>.</summary>
        public NetworkRequest DeleteLines(string username, string channel = "", long seconds = -1) =>
            NetworkRequest.Around(Self.Call("delete_lines", username, channel, seconds).AsGodotObject());

        /// <summary>Ends the connection and all tries for one, and logs the player out. Ends in <c>Disconnected</c> with reason <c>closed_by_client</c>. A remembered login stays, see <c>RememberLogin</c>.</summary>
        public void DisconnectFromServer() =>
            Self.Call("disconnect_from_server");

        /// <summary>Gives one of the player's own lines another text, within <c>EditWindow</c> seconds. Ends with <c>ChatEdited</c> for everybody in the channel. <c>seq</c> is the line's number.</summary>
        public NetworkRequest EditLine(string channel, long seq, string text) =>
            NetworkRequest.Around(Self.Call("edit_line", channel, seq, text).AsGodotObject());

        /// <summary>Ends a channel of <c>CreateTemporaryChannel</c>, for its owner: all members get <c>ChannelLeft</c> with the reason <c>"ended"</c>. Refused with <c>not_allowed</c> for others, and for channels that stay.</summary>
        public NetworkRequest EndChannel(string channel) =>
            NetworkRequest.Around(Self.Call("end_channel", channel).AsGodotObject());

        /// <summary>Ends the second factor. <c>code</c> is what the app shows, or one of the recovery codes, which works no more then. Refused with <c>bad_credentials</c> or <c>wrong_code</c>.</summary>
        public NetworkRequest EndSecondFactor(string password, string code) =>
            NetworkRequest.Around(Self.Call("end_second_factor", password, code).AsGodotObject());

        /// <summary>Executes the <c>input</c> that a player typed into the chat of <c>channel</c>. An input that starts with a slash is a command, as in <c>/w ada psst</c> or <c>/join trade</c>; any other is a line, and said there as by <c>SendChat</c>. <c>NetworkRequest.Command</c> names the command, and <c>NetworkRequest.Result</c> is that of the method behind it: <c>ListMembers</c> for <c>/who</c>, <c>ListChannels</c> for <c>/channels</c> and so on; the text of <c>/help</c> is a <c>String</c>. A command that cannot be understood is refused with <c>unknown_command</c>, <c>missing_argument</c>, <c>wrong_argument</c>, <c>not_in_whispers</c> or <c>nobody_to_answer</c>, and <c>NetworkRequest.Reason</c> says how it is written. <c>//</c> starts a line that begins with a slash.</summary>
        public NetworkRequest Execute(string input, string channel = "") =>
            NetworkRequest.Around(Self.Call("execute", input, channel).AsGodotObject());

        /// <summary>Asks for all that the server knows of the account: when it was made, where it is logged in, its channels, blocks and invitations, what the operator keeps from it, what it said in channels, the whispers to and from it, and the reports it made with what came of them. No secrets are in it. <c>NetworkRequest.Result</c> is JSON text, to be saved in a file. An account with many lines takes a while. Refused with <c>rate_limited</c> after five times a day, unless the operator chose otherwise.</summary>
        public NetworkRequest ExportAccount() =>
            NetworkRequest.Around(Self.Call("export_account").AsGodotObject());

        /// <summary>A channel the player is in: a <c>Dictionary</c> of <c>channel</c>, <c>topic</c>, <c>access</c>, <c>role</c>, <c>first_seq</c> and <c>last_seq</c> (the numbers of the oldest line kept and of the newest), <c>read_seq</c> and <c>unread</c> (see <c>MarkRead</c>), <c>members</c> and <c>online</c>, <c>slow_mode_s</c> (see <c>SetSlowMode</c>, 0 without) and <c>filter</c> (see <c>SetFilter</c>); of a channel of <c>CreateTemporaryChannel</c> also its <c>code</c>, <c>max_members</c> and <c>ends_at_ms</c> (in milliseconds since 1970), which are empty and 0 for others; of the lobby also <c>hall</c> (see <c>Hall</c>). Empty if the player is not in it.</summary>
        public Godot.Collections.Dictionary GetChannel(string channel) =>
            Self.Call("get_channel", channel).AsGodotDictionary();

        /// <summary>The names of the channels the player is in, the lobby first.</summary>
        public string[] GetChannels() =>
            Self.Call("get_channels").AsStringArray();

        /// <summary>Every code that a request can be refused with. For a test that each has a translation.</summary>
        public static string[] GetDenialCodes() =>
            ClassDB.ClassCallStatic("NetworkClient", "get_denial_codes").AsStringArray();

        /// <summary>Every reason of <c>Disconnected</c>. <c>LoggedOut</c> has these and <c>logout</c> and <c>session_expired</c>.</summary>
        public static string[] GetDisconnectReasons() =>
            ClassDB.ClassCallStatic("NetworkClient", "get_disconnect_reasons").AsStringArray();

        /// <summary>Invitations the player has not taken up: an <c>Array</c>Dictionary<c></c> of <c>channel</c> and <c>by</c>.</summary>
        public Godot.Collections.Array<Godot.Collections.Dictionary> GetInvitations() =>
            Self.Call("get_invitations").AsGodotArray<Godot.Collections.Dictionary>();

        /// <summary>The profile of the player who is logged in, with the game's keys in it, as others see it. Empty without a login. A copy: changing it changes nothing, see <c>SetProfile</c>.</summary>
        public Godot.Collections.Dictionary GetProfile() =>
            Self.Call("get_profile").AsGodotDictionary();

        /// <summary>How often the player's profile has changed; 0 for one that was never set.</summary>
        public long GetProfileVersion() =>
            Self.Call("get_profile_version").AsInt64();

        /// <summary>What a player may be reported for: <c>harassment</c>, <c>hate</c>, <c>sexual</c>, <c>violence</c>, <c>spam</c>, <c>cheating</c>, <c>name</c> and <c>other</c>.</summary>
        public static string[] GetReportCategories() =>
            ClassDB.ClassCallStatic("NetworkClient", "get_report_categories").AsStringArray();

        /// <summary>How many reports are open, for moderators; 0 for others. See <c>ReportsWaitingChanged</c>.</summary>
        public long GetReportsWaiting() =>
            Self.Call("get_reports_waiting").AsInt64();

        /// <summary>What the player may do on the whole server: <c>player</c>, <c>moderator</c> or <c>admin</c>, as the server's operator said. See <c>ServerRoleChanged</c>.</summary>
        public string GetServerRole() =>
            Self.Call("get_server_role").AsString();

        /// <summary>The version of the addon, such as <c>"0.2.0"</c>; also known without a connection. The server reads it in its log. Its own is <c>ServerVersion</c>.</summary>
        public static string GetVersion() =>
            ClassDB.ClassCallStatic("NetworkClient", "get_version").AsString();

        /// <summary>The whispers of the player: an <c>Array</c>Dictionary<c></c> of <c>channel</c> (as in <c>"@ada"</c>), <c>last_seq</c>, <c>read_seq</c> and <c>unread</c>, the latest first.</summary>
        public Godot.Collections.Array<Godot.Collections.Dictionary> GetWhispers() =>
            Self.Call("get_whispers").AsGodotArray<Godot.Collections.Dictionary>();

        /// <summary>Whether <c>RememberFile</c> holds a login for the server at <c>Url</c>.</summary>
        public bool HasRememberedLogin() =>
            Self.Call("has_remembered_login").AsBool();

        /// <summary>Invites a player into a channel. The player may then join, whatever the channel's access is. Every member of an open channel may invite; in any other channel, only its operators and its owner.</summary>
        public NetworkRequest InvitePlayer(string channel, string username) =>
            NetworkRequest.Around(Self.Call("invite_player", channel, username).AsGodotObject());

        /// <summary>Whether the player who is logged in is a guest, or an account that a moderator has not let in yet: show <c>UpgradeGuest</c> then.</summary>
        public bool IsGuest() =>
            Self.Call("is_guest").AsBool();

        /// <summary>Whether a player is logged in and the connection is up.</summary>
        public bool IsLoggedIn() =>
            Self.Call("is_logged_in").AsBool();

        /// <summary>Whether the node is about to log <c>Username</c> in by itself: after a cut, or at the start with a remembered login. <c>Logout</c> stops it.</summary>
        public bool IsResuming() =>
            Self.Call("is_resuming").AsBool();

        /// <summary>Joins a channel of <c>CreateTemporaryChannel</c> by its code, which its members read in <c>GetChannel</c>. Case, spaces and dashes do not matter, and O is as good as 0. Refused with <c>unknown_code</c> and <c>channel_full</c>, and with <c>rate_limited</c> for who guesses. Ends with <c>ChannelJoined</c>.</summary>
        public NetworkRequest JoinByCode(string code) =>
            NetworkRequest.Around(Self.Call("join_by_code", code).AsGodotObject());

        /// <summary>Joins a channel. The player stays in it, also over the next logins, until <c>LeaveChannel</c>. Ends with <c>ChannelJoined</c>.</summary>
        public NetworkRequest JoinChannel(string channel, string password = "") =>
            NetworkRequest.Around(Self.Call("join_channel", channel, password).AsGodotObject());

        /// <summary>Keeps the account that is to be deleted, see <c>DeleteAccount</c> and <c>DeletionAtMs</c>. Refused with <c>too_late</c> once the time is over.</summary>
        public NetworkRequest KeepAccount() =>
            NetworkRequest.Around(Self.Call("keep_account").AsGodotObject());

        /// <summary>Logs a player out everywhere, as a moderator of the server, or with a <c>channel</c> takes them out of it, as its operator; they may come again. The player reads the <c>reason</c>.</summary>
        public NetworkRequest KickPlayer(string username, string reason = "", string channel = "") =>
            NetworkRequest.Around(Self.Call("kick_player", username, reason, channel).AsGodotObject());

        /// <summary>Leaves a channel. Ends with <c>ChannelLeft</c>. Nobody can leave the lobby.</summary>
        public NetworkRequest LeaveChannel(string channel) =>
            NetworkRequest.Around(Self.Call("leave_channel", channel).AsGodotObject());

        /// <summary>Asks whom the player has blocked. <c>NetworkRequest.Result</c> is a <c>PackedStringArray</c>.</summary>
        public NetworkRequest ListBlocks() =>
            NetworkRequest.Around(Self.Call("list_blocks").AsGodotObject());

        /// <summary>Asks which channels there are to join. <c>NetworkRequest.Result</c> is an <c>Array</c>Dictionary<c></c> of <c>channel</c>, <c>topic</c>, <c>access</c> and <c>members</c>.</summary>
        public NetworkRequest ListChannels() =>
            NetworkRequest.Around(Self.Call("list_channels").AsGodotObject());

        /// <summary>Asks which halls the lobby has. A lobby of many players has several, so that its chat can be read: each has its own lines and members, and a player is in one of them. <c>NetworkRequest.Result</c> is an <c>Array</c>Dictionary<c></c> of <c>hall</c> (its number, from 1), <c>channel</c> (its name), <c>online</c>, <c>max_online</c> (how many players it takes in, 0 for all) and <c>here</c> (<c>true</c> for the one that the player is in, see <c>Hall</c>).</summary>
        public NetworkRequest ListHalls() =>
            NetworkRequest.Around(Self.Call("list_halls").AsGodotObject());

        /// <summary>Asks who is in a channel; in the lobby, who is online. <c>NetworkRequest.Result</c> is an <c>Array</c>Dictionary<c></c> of <c>username</c>, <c>role</c> (<c>member</c>, <c>operator</c>, <c>owner</c>), <c>state</c> (<c>online</c>, <c>away</c>, <c>offline</c>), <c>text</c>, <c>guest</c> (<c>true</c> for who has no account), <c>profile</c> and <c>profile_version</c> (see <c>SetProfile</c>).</summary>
        public NetworkRequest ListMembers(string channel) =>
            NetworkRequest.Around(Self.Call("list_members", channel).AsGodotObject());

        /// <summary>Asks for reports, the newest first, without those about the player: the open ones, or with <c>open</c> <c>false</c> those that are closed. For moderators; others are refused as <c>not_allowed</c>.</summary>
        public NetworkRequest ListReports(bool open = true, long beforeReport = 0) =>
            NetworkRequest.Around(Self.Call("list_reports", open, beforeReport).AsGodotObject());

        /// <summary>Asks what sanctions were ever set on a player, for moderators of the server. <c>NetworkRequest.Result</c> is an <c>Array</c>Dictionary<c></c>, the newest first: each as of <c>Sanctioned</c>, with <c>since_ms</c>, <c>by</c> and <c>holds</c>.</summary>
        public NetworkRequest ListSanctions(string username) =>
            NetworkRequest.Around(Self.Call("list_sanctions", username).AsGodotObject());

        /// <summary>Asks on which devices the account is logged in. <c>NetworkRequest.Result</c> is an <c>Array</c>Dictionary<c></c> of <c>session</c> (a number for <c>CloseSession</c>), <c>device</c> (see <c>DeviceName</c>), <c>created_at_ms</c>, <c>last_seen_at_ms</c>, <c>online</c> and <c>current</c>.</summary>
        public NetworkRequest ListSessions() =>
            NetworkRequest.Around(Self.Call("list_sessions").AsGodotObject());

        /// <summary>Fetches the lines before the oldest one that has come so far, for a player who scrolls up. They come by <c>HistoryReceived</c>.</summary>
        public NetworkRequest LoadHistory(string channel, long before = 0) =>
            NetworkRequest.Around(Self.Call("load_history", channel, before).AsGodotObject());

        /// <summary>Logs in. Ends in <c>LoggedIn</c> or <c>LoginDenied</c>. Refused with <c>already_pending</c> while the node is about to log in by itself, see <c>IsResuming</c>. The node sends the password once and does not keep it. The account may be logged in on several devices, see <c>ListSessions</c>.</summary>
        public NetworkRequest Login(string username, string password, string code = "") =>
            NetworkRequest.Around(Self.Call("login", username, password, code).AsGodotObject());

        /// <summary>Lets the player in without an account, under a name that is free, where <c>TakesGuests</c> is <c>true</c>. Ends in <c>LoggedIn</c> or <c>LoginDenied</c>. A guest chats and joins channels, but creates none, invites nobody, whispers only to players who have whispered before, and says a line a second. After a cut the node takes the session up again as always, and <c>RememberLogin</c> works as well. Who logs out, or was away for about a day, is forgotten, unless <c>UpgradeGuest</c> made an account of them.</summary>
        public NetworkRequest LoginAsGuest(string username) =>
            NetworkRequest.Around(Self.Call("login_as_guest", username).AsGodotObject());

        /// <summary>Logs out and stays connected. Ends in <c>LoggedOut</c>. Also ends the tries to take a session up again, see <c>IsResuming</c>, and forgets a remembered login. If nobody is logged in, only the returned request ends, with <c>not_logged_in</c>. Without a connection the server does not hear of it, and the session ends there when it expires.</summary>
        public NetworkRequest Logout() =>
            NetworkRequest.Around(Self.Call("logout").AsGodotObject());

        /// <summary>Notes that the player has read <c>channel</c> up to line <c>seq</c>, on all devices. Call it as often as you like: the node tells the server only now and then.</summary>
        public NetworkRequest MarkRead(string channel, long seq) =>
            NetworkRequest.Around(Self.Call("mark_read", channel, seq).AsGodotObject());

        /// <summary>Mutes a player: they read on, and nothing they write reaches anybody. On the whole server for its moderators, see <c>GetServerRole</c>; with a <c>channel</c>, there alone, also for the channel's operators and owner. For <c>seconds</c>; 0 is for good, and -1 for as long as the server thinks fit, which is longer each time. The player reads the <c>reason</c>.</summary>
        public NetworkRequest MutePlayer(string username, long seconds = -1, string reason = "", string channel = "") =>
            NetworkRequest.Around(Self.Call("mute_player", username, seconds, reason, channel).AsGodotObject());

        /// <summary>Asks who a player is, online or not. <c>NetworkRequest.Result</c> is a <c>Dictionary</c> of <c>username</c>, <c>online</c>, <c>state</c> and <c>text</c> (see <c>SetPresence</c>), <c>server_role</c>, <c>guest</c>, <c>profile</c> and <c>profile_version</c>. Refused with <c>unknown_user</c> if there is no such player. Of somebody whom the player has blocked there is no profile, and they look offline. Texts in a profile are a stranger's: show them as text, never as BBCode.</summary>
        public NetworkRequest PlayerInfo(string username) =>
            NetworkRequest.Around(Self.Call("player_info", username).AsGodotObject());

        /// <summary>Asks for the lines that were kept with a report, as they were when it was made. For moderators. <c>NetworkRequest.Result</c> is a list (<c>Array</c>Dictionary<c></c>) as of <c>HistoryReceived</c>.</summary>
        public NetworkRequest ReadReport(long report) =>
            NetworkRequest.Around(Self.Call("read_report", report).AsGodotObject());

        /// <summary>Sets a new password for a player who has lost the old one, by one of the account's recovery codes, see <c>RecoveryCodesReceived</c>. Only while nobody is logged in; call <c>Login</c> with the new password next. The code works once. It is read in upper and lower case, with or without dashes and spaces. Refused with <c>bad_credentials</c> if there is no such account, or it has no such code.</summary>
        public NetworkRequest Recover(string username, string code, string newPassword) =>
            NetworkRequest.Around(Self.Call("recover", username, code, newPassword).AsGodotObject());

        /// <summary>Creates an account. Ends in <c>Registered</c> or <c>RegisterDenied</c>. Does not log in. With <c>AskForRecoveryCodes</c> the account's recovery codes come just before, by <c>RecoveryCodesReceived</c>. Where <c>RegistrationMode</c> is <c>"invite"</c>, <c>invite</c> is the code that the player has from the operator; case, spaces and dashes in it do not matter. A user name has 3 to 20 letters and digits of any script, <c>_</c> and <c>-</c>. Characters that cannot be seen are taken off its ends, and full-width letters become plain ones. A password has 8 to 99 characters.</summary>
        public NetworkRequest Register(string username, string password, string invite = "") =>
            NetworkRequest.Around(Self.Call("register", username, password, invite).AsGodotObject());

        /// <summary>Takes a member out of a channel. For its operators and its owner.</summary>
        public NetworkRequest RemoveMember(string channel, string username) =>
            NetworkRequest.Around(Self.Call("remove_member", channel, username).AsGodotObject());

        /// <summary>Gives the account another name, by the rules of <c>Register</c>. Ends in <c>AccountRenamed</c> as well. Everybody who is online is told, see <c>PlayerRenamed</c>. Nobody else can take the old name for a while. <c>code</c> is the code of the second factor, if the account has one, see <c>HasSecondFactor</c>. Refused with <c>bad_credentials</c> if <c>password</c> is not the present one, with <c>code_needed</c>, <c>wrong_code</c> and <c>username_taken</c>, and with <c>rate_limited</c> if the last new name is not old enough: 30 days, unless the operator chose otherwise.</summary>
        public NetworkRequest RenameAccount(string password, string newName, string code = "") =>
            NetworkRequest.Around(Self.Call("rename_account", password, newName, code).AsGodotObject());

        /// <summary>Makes eight new recovery codes; the codes from before work no more. They come by <c>RecoveryCodesReceived</c> and as <c>NetworkRequest.Result</c> (<c>PackedStringArray</c>). <c>code</c> is the code of the second factor, if the account has one, see <c>HasSecondFactor</c>.</summary>
        public NetworkRequest RenewRecoveryCodes(string password, string code = "") =>
            NetworkRequest.Around(Self.Call("renew_recovery_codes", password, code).AsGodotObject());

        /// <summary>Reports line <c>seq</c> of <c>channel</c> (or of the whispers with a player, as in <c>"@ada"</c>) to the moderators. What could be read around it goes with it: up to ten lines before and five after. <c>category</c> is one of <c>GetReportCategories</c>, <c>note</c> what the player says of it: up to 300 characters, or nothing.</summary>
        public NetworkRequest ReportLine(string channel, long seq, string category, string note = "") =>
            NetworkRequest.Around(Self.Call("report_line", channel, seq, category, note).AsGodotObject());

        /// <summary>Reports a player to the moderators, for a name, a status text or what they do in the game. Otherwise as <c>ReportLine</c>.</summary>
        public NetworkRequest ReportPlayer(string username, string category, string note = "") =>
            NetworkRequest.Around(Self.Call("report_player", username, category, note).AsGodotObject());

        /// <summary>Asks for a ticket for one of your game's own servers, by which that server knows who the player is: it has the ticket checked by <c>LonghallTicket.Verify</c>. <c>audience</c> is the name that it goes by: 1 to 64 letters <c>A</c> to <c>Z</c>, digits, <c>.</c>, <c>_</c>, <c>:</c> and <c>-</c>. Guests get one as well.</summary>
        public NetworkRequest RequestTicket(string audience) =>
            NetworkRequest.Around(Self.Call("request_ticket", audience).AsGodotObject());

        /// <summary>While waiting to reconnect, tries at once; otherwise does nothing. For a button beside the countdown of <c>Reconnecting</c>. The node does the same by itself when the player comes back to the game's window.</summary>
        public void RetryNow() =>
            Self.Call("retry_now");

        /// <summary>Says a line of 1 to 500 characters in <c>channel</c>. If <c>channel</c> is empty, the line goes to the lobby; if it is a name behind an <c>@</c>, as in <c>"@ada"</c>, to that player alone. Ends in <c>ChatAccepted</c> or <c>ChatDenied</c>, after the line itself came back by <c>ChatReceived</c>. Control characters such as line breaks are refused.</summary>
        public NetworkRequest SendChat(string text, string channel = "") =>
            NetworkRequest.Around(Self.Call("send_chat", text, channel).AsGodotObject());

        /// <summary>Sets who may join a channel from now on, see <c>CreateChannel</c>. For its owner.</summary>
        public NetworkRequest SetAccess(string channel, string access, string password = "") =>
            NetworkRequest.Around(Self.Call("set_access", channel, access, password).AsGodotObject());

        /// <summary>Sets what becomes of lines with words that the operator of the server blocks: <c>refuse</c> (denied as <c>blocked_words</c>), <c>mask</c> (stars), <c>flag</c> (said, and the operator is told), <c>off</c>, or empty for what the server does everywhere. For the channel's owner, who may be stricter than the server, not looser, and for moderators.</summary>
        public NetworkRequest SetFilter(string channel, string filter) =>
            NetworkRequest.Around(Self.Call("set_filter", channel, filter).AsGodotObject());

        /// <summary>Says whether the player is at the keyboard: <c>state</c> is <c>online</c> or <c>away</c>. Others read <c>text</c> beside it, as in <c>"making tea"</c>. Both last until the player goes offline.</summary>
        public NetworkRequest SetPresence(string state, string text = "") =>
            NetworkRequest.Around(Self.Call("set_presence", state, text).AsGodotObject());

        /// <summary>Sets what the player shows to others for the game's sake: a level, an avatar, a colour. The whole profile is replaced by <c>profile</c>, but for keys that the server's operator has named as the game's, which only the game's server sets. Refused with <c>kept_by_game</c> if one of them is to have another value. <c>NetworkRequest.Result</c> is the profile's new version, an <c>int</c>, and <c>ProfileChanged</c> tells everybody.</summary>
        public NetworkRequest SetProfile(Godot.Collections.Dictionary profile, long ifVersion = -1) =>
            NetworkRequest.Around(Self.Call("set_profile", profile, ifVersion).AsGodotObject());

        /// <summary>Gives a member of a channel another role: <c>member</c>, <c>operator</c> or <c>owner</c>. For its owner, who becomes an operator when another becomes the owner.</summary>
        public NetworkRequest SetRole(string channel, string username, string role) =>
            NetworkRequest.Around(Self.Call("set_role", channel, username, role).AsGodotObject());

        /// <summary>Sets slow mode in a channel: <c>seconds</c> have to pass between two lines of a member, at most 21600 (six hours); 0 ends it. For its operators and its owner, who are free of it, and for moderators, also in the lobby. A line that comes too early is denied <c>slow_mode</c>, and <c>NetworkRequest.RetryAfter</c> says how many seconds are left.</summary>
        public NetworkRequest SetSlowMode(string channel, long seconds) =>
            NetworkRequest.Around(Self.Call("set_slow_mode", channel, seconds).AsGodotObject());

        /// <summary>Sets the topic of a channel: what it is about. For its operators and its owner.</summary>
        public NetworkRequest SetTopic(string channel, string topic) =>
            NetworkRequest.Around(Self.Call("set_topic", channel, topic).AsGodotObject());

        /// <summary>The name of a user or channel without the characters at its ends that cannot be seen, such as spaces of any kind and marks that come along when it is copied out of a text. The node and the server judge a name in this form. For a field that counts characters.</summary>
        public static string TrimmedName(string name) =>
            ClassDB.ClassCallStatic("NetworkClient", "trimmed_name", name).AsString();

        /// <summary>Lets a player come in again, on the server or with a <c>channel</c> into that.</summary>
        public NetworkRequest UnbanPlayer(string username, string channel = "") =>
            NetworkRequest.Around(Self.Call("unban_player", username, channel).AsGodotObject());

        /// <summary>Ends a block of <c>BlockPlayer</c>.</summary>
        public NetworkRequest UnblockPlayer(string username) =>
            NetworkRequest.Around(Self.Call("unblock_player", username).AsGodotObject());

        /// <summary>Lets a player speak again, on the whole server or with a <c>channel</c> in that.</summary>
        public NetworkRequest UnmutePlayer(string username, string channel = "") =>
            NetworkRequest.Around(Self.Call("unmute_player", username, channel).AsGodotObject());

        /// <summary>Makes an account of the guest who is logged in: the player keeps channels, lines, whispers and blocks. An empty <c>username</c> keeps the name. <c>invite</c> is as in <c>Register</c>. The connection is opened anew for a moment; <c>LoggedIn</c> tells the name then, and <c>IsGuest</c> is <c>false</c>, unless a moderator has to let the account in first.</summary>
        public NetworkRequest UpgradeGuest(string username, string password, string invite = "") =>
            NetworkRequest.Around(Self.Call("upgrade_guest", username, password, invite).AsGodotObject());

        /// <summary>The node is connected: ready for <c>Login</c> and <c>Register</c>. If a player was logged in before a cut, <c>LoggedIn</c> follows by itself.</summary>
        public event Action Connected
        {
            add => Listen("connected", value, Callable.From(
                () => value()));
            remove => Unlisten("connected", value);
        }

        /// <summary>The connection is gone, or the first try failed. <c>reason</c> is one of <c>GetDisconnectReasons</c>. With <c>will_retry</c> the node connects again by itself in <c>seconds</c>, announced by <c>Reconnecting</c>; otherwise <c>seconds</c> is 0, and only the player can help.</summary>
        public event Action<string, bool, double> Disconnected
        {
            add => Listen("disconnected", value, Callable.From(
                (string reason, bool willRetry, double seconds) => value(reason, willRetry, seconds)));
            remove => Unlisten("disconnected", value);
        }

        /// <summary>The node tries again in <c>seconds</c>. <c>attempt</c> counts from 1.</summary>
        public event Action<long, double> Reconnecting
        {
            add => Listen("reconnecting", value, Callable.From(
                (long attempt, double seconds) => value(attempt, seconds)));
            remove => Unlisten("reconnecting", value);
        }

        /// <summary>The account was created. The player is not logged in yet.</summary>
        public event Action<string> Registered
        {
            add => Listen("registered", value, Callable.From(
                (string username) => value(username)));
            remove => Unlisten("registered", value);
        }

        /// <summary>The player's recovery codes: of a new account, just before <c>Registered</c>, or of <c>RenewRecoveryCodes</c>. Each sets a new password once, see <c>Recover</c>, or stands in for the code of an app at a <c>Login</c>. The server tells them this once and keeps no copy: show them, let the player copy or save them, and keep them nowhere else.</summary>
        public event Action<string[]> RecoveryCodesReceived
        {
            add => Listen("recovery_codes_received", value, Callable.From(
                (string[] codes) => value(codes)));
            remove => Unlisten("recovery_codes_received", value);
        }

        /// <summary>The ticket of <c>RequestTicket</c>, for the server it was asked for and nobody else. It is good until <c>expires_at</c>, in seconds since 1970 by the server's clock.</summary>
        public event Action<string, double> TicketReceived
        {
            add => Listen("ticket_received", value, Callable.From(
                (string ticket, double expiresAt) => value(ticket, expiresAt)));
            remove => Unlisten("ticket_received", value);
        }

        /// <summary><c>Register</c> was refused. <c>code</c> is stable and for your translation, <c>reason</c> is an English sentence.</summary>
        public event Action<string, string> RegisterDenied
        {
            add => Listen("register_denied", value, Callable.From(
                (string code, string reason) => value(code, reason)));
            remove => Unlisten("register_denied", value);
        }

        /// <summary>The player is logged in: after <c>Login</c>, or again after a cut. <c>username</c> is the name as it was registered, which may differ in case from what was typed.</summary>
        public event Action<string> LoggedIn
        {
            add => Listen("logged_in", value, Callable.From(
                (string username) => value(username)));
            remove => Unlisten("logged_in", value);
        }

        /// <summary>The player has another name, by <c>RenameAccount</c> here or on another device. Comes for the player alone, in place of <c>PlayerRenamed</c>. <c>Username</c> is the new one.</summary>
        public event Action<string, string> AccountRenamed
        {
            add => Listen("account_renamed", value, Callable.From(
                (string oldName, string newName) => value(oldName, newName)));
            remove => Unlisten("account_renamed", value);
        }

        /// <summary>Another player has another name. Their lines on the screen and their place in a roster go by the new one from now on, and so does the conversation with them: <c>channel</c> is <c>"@"</c> and <c>new_name</c> in what comes next.</summary>
        public event Action<string, string> PlayerRenamed
        {
            add => Listen("player_renamed", value, Callable.From(
                (string oldName, string newName) => value(oldName, newName)));
            remove => Unlisten("player_renamed", value);
        }

        /// <summary>A player who is online, maybe the one who is logged in, has another profile: by <c>SetProfile</c>, or from the game's server. <c>version</c> counts its changes; of two the greater one is later. Comes about a second after the change at the earliest, and later where very many change theirs. Who was not connected sees it in <c>ListMembers</c> and <c>PlayerInfo</c>.</summary>
        public event Action<string, Godot.Collections.Dictionary, long> ProfileChanged
        {
            add => Listen("profile_changed", value, Callable.From(
                (string username, Godot.Collections.Dictionary profile, long version) => value(username, profile, version)));
            remove => Unlisten("profile_changed", value);
        }

        /// <summary><c>Login</c> was refused. <c>code</c> is stable and for your translation, <c>reason</c> is an English sentence. With <c>code_needed</c> the password was right, and the account has a second factor: ask for the code of the player's app, and log in again with it.</summary>
        public event Action<string, string> LoginDenied
        {
            add => Listen("login_denied", value, Callable.From(
                (string code, string reason) => value(code, reason)));
            remove => Unlisten("login_denied", value);
        }

        /// <summary>The player is logged out, and needs the password to come back. A remembered login (see <c>RememberLogin</c>) brings the player back without it, unless the session itself has ended. <c>reason</c> is <c>logout</c> after <c>Logout</c>, <c>session_expired</c>, or the reason of <c>Disconnected</c> when the node does not try again.</summary>
        public event Action<string> LoggedOut
        {
            add => Listen("logged_out", value, Callable.From(
                (string reason) => value(reason)));
            remove => Unlisten("logged_out", value);
        }

        /// <summary>The login cannot be remembered, though <c>RememberLogin</c> is set: the game may not write <c>RememberFile</c>, or the disk is full. Tell the player. This comes after <c>RememberLogin</c> is set and after <c>LoggedIn</c>, and not again until a login has been stored. <c>reason</c> is English, and for the developer.</summary>
        public event Action<string> RememberFailed
        {
            add => Listen("remember_failed", value, Callable.From(
                (string reason) => value(reason)));
            remove => Unlisten("remember_failed", value);
        }

        /// <summary>The game itself said a line in a channel: its own server does, see <c>LonghallGameServer</c>, or the operator. No player can make one, so show it unlike theirs. It comes once, in order with the lines of <c>ChatReceived</c>, and has a number among them; a page of history has it with <c>system</c> set and no sender. <c>sent_at_ms</c> and <c>seq</c> are as there.</summary>
        public event Action<string, string, long, long> SystemLineReceived
        {
            add => Listen("system_line_received", value, Callable.From(
                (string channel, string text, long sentAtMs, long seq) => value(channel, text, sentAtMs, seq)));
            remove => Unlisten("system_line_received", value);
        }

        /// <summary>Somebody said a line, now or while the connection was away; the player's own lines come back this way too. Each line comes once, in the order everybody sees. <c>channel</c> is the channel's name, or for whispers the other player behind an <c>@</c>, as in <c>"@ada"</c>. The server vouches for <c>sender</c> and for <c>sent_at_ms</c>, in milliseconds since 1970 (UTC), see <c>Time.GetDatetimeDictFromUnixTime</c>; <c>seq</c> is the line's number in its channel. Show <c>text</c> with <c>RichTextLabel.AddText</c>, never as BBCode: strangers wrote it.</summary>
        public event Action<string, string, string, long, long> ChatReceived
        {
            add => Listen("chat_received", value, Callable.From(
                (string channel, string sender, string text, long sentAtMs, long seq) => value(channel, sender, text, sentAtMs, seq)));
            remove => Unlisten("chat_received", value);
        }

        /// <summary>The player who said line <c>seq</c> has edited it: it reads <c>text</c> from now on.</summary>
        public event Action<string, long, string> ChatEdited
        {
            add => Listen("chat_edited", value, Callable.From(
                (string channel, long seq, string text) => value(channel, seq, text)));
            remove => Unlisten("chat_edited", value);
        }

        /// <summary>Line <c>seq</c> is deleted: show a note in its place.</summary>
        public event Action<string, long> ChatDeleted
        {
            add => Listen("chat_deleted", value, Callable.From(
                (string channel, long seq) => value(channel, seq)));
            remove => Unlisten("chat_deleted", value);
        }

        /// <summary>Earlier lines of <c>channel</c>, to show above the lines that are shown already: the newest <c>HistoryLines</c> when the player comes in, older ones after <c>LoadHistory</c>. <c>more</c> says whether there are still older ones. Each line is a <c>Dictionary</c> of <c>seq</c>, <c>sender</c>, <c>text</c>, <c>sent_at_ms</c>, <c>edited_at_ms</c> (0 if it stands as it was said) and <c>deleted</c>.</summary>
        public event Action<string, Godot.Collections.Array<Godot.Collections.Dictionary>, bool> HistoryReceived
        {
            add => Listen("history_received", value, Callable.From(
                (string channel, Godot.Collections.Array<Godot.Collections.Dictionary> lines, bool more) => value(channel, lines, more)));
            remove => Unlisten("history_received", value);
        }

        /// <summary>The lines from <c>first_seq</c> to <c>last_seq</c> do not come: the player has missed very many, or the server no longer keeps them. Clear the lines of <c>channel</c> that are shown; the newest follow by <c>HistoryReceived</c>. <c>"@"</c> stands for all whispers.</summary>
        public event Action<string, long, long> HistorySkipped
        {
            add => Listen("history_skipped", value, Callable.From(
                (string channel, long firstSeq, long lastSeq) => value(channel, firstSeq, lastSeq)));
            remove => Unlisten("history_skipped", value);
        }

        /// <summary>The server has another database than at the last login, or an older state of it. All lines are numbered anew, and the old numbers mean nothing any more. Clear the lines of all channels and whispers that are shown, and give up edits of them. This comes before <c>LoggedIn</c>; then everything follows as after a first login. Lines of <c>SendChat</c> that wait for the connection are still sent.</summary>
        public event Action HistoryReset
        {
            add => Listen("history_reset", value, Callable.From(
                () => value()));
            remove => Unlisten("history_reset", value);
        }

        /// <summary>The number of unread lines in <c>channel</c> has changed: lines have come, or the player has read some, here or on another device. It is counted up to 1000. See <c>MarkRead</c>.</summary>
        public event Action<string, long> UnreadChanged
        {
            add => Listen("unread_changed", value, Callable.From(
                (string channel, long unread) => value(channel, unread)));
            remove => Unlisten("unread_changed", value);
        }

        /// <summary>The player is in this channel now, see <c>GetChannel</c>. After <c>LoggedIn</c> this comes for each of the player's channels, for the lobby first.</summary>
        public event Action<string> ChannelJoined
        {
            add => Listen("channel_joined", value, Callable.From(
                (string channel) => value(channel)));
            remove => Unlisten("channel_joined", value);
        }

        /// <summary>The player is no longer in this channel. <c>reason</c> is <c>left</c>, <c>removed</c>, or <c>ended</c> for a channel of <c>NetworkClient.CreateTemporaryChannel</c> that is over, or that the player was away from for too long; <c>by</c> says who removed the player.</summary>
        public event Action<string, string, string> ChannelLeft
        {
            add => Listen("channel_left", value, Callable.From(
                (string channel, string reason, string by) => value(channel, reason, by)));
            remove => Unlisten("channel_left", value);
        }

        /// <summary>The player is in another hall of the lobby, see <c>ChangeHall</c>; <c>Lobby</c> is <c>to</c> from now on, and was <c>from</c>. Show the lines and members of <c>to</c> where you showed those of <c>from</c>. It comes between <c>ChannelJoined</c> for the one and <c>ChannelLeft</c> for the other, also when another device of the player changes, and after a reconnect that leads into another hall than before.</summary>
        public event Action<string, string> HallChanged
        {
            add => Listen("hall_changed", value, Callable.From(
                (string from, string to) => value(from, to)));
            remove => Unlisten("hall_changed", value);
        }

        /// <summary>The topic of this channel, its access or the player's role in it has changed, see <c>GetChannel</c>.</summary>
        public event Action<string> ChannelChanged
        {
            add => Listen("channel_changed", value, Callable.From(
                (string channel) => value(channel)));
            remove => Unlisten("channel_changed", value);
        }

        /// <summary>A member of a channel may do more or less there: <c>role</c> is <c>member</c>, <c>operator</c> or <c>owner</c>.</summary>
        public event Action<string, string, string, string> RoleChanged
        {
            add => Listen("role_changed", value, Callable.From(
                (string channel, string username, string role, string by) => value(channel, username, role, by)));
            remove => Unlisten("role_changed", value);
        }

        /// <summary>A sanction is on the player: a mute that was just set or that stands at a login, a kick or a ban in a channel, or what a refusal or the end of the connection was for. It is a <c>Dictionary</c> of <c>sanction</c> (<c>mute</c>, <c>kick</c> or <c>ban</c>), <c>channel</c> (empty for the whole server), <c>until_ms</c> (0 for good, and for a kick) and <c>reason</c>, the text of whoever set it: show it as text, never as markup. A mute, or a ban in a channel, comes once while it stands as it is, however many lines are refused for it.</summary>
        public event Action<Godot.Collections.Dictionary> Sanctioned
        {
            add => Listen("sanctioned", value, Callable.From(
                (Godot.Collections.Dictionary sanction) => value(sanction)));
            remove => Unlisten("sanctioned", value);
        }

        /// <summary>A mute, or a ban in a channel, was lifted before its time: <c>sanction</c> is <c>mute</c> or <c>ban</c>, <c>channel</c> is empty for the whole server. One that is over by its time ends without a word.</summary>
        public event Action<string, string> SanctionLifted
        {
            add => Listen("sanction_lifted", value, Callable.From(
                (string sanction, string channel) => value(sanction, channel)));
            remove => Unlisten("sanction_lifted", value);
        }

        /// <summary>The player may do more or less on the whole server: <c>server_role</c> is <c>player</c>, <c>moderator</c> or <c>admin</c>. Comes after <c>LoggedIn</c> for who is more than a player, and whenever the server's operator changes it. See <c>GetServerRole</c>.</summary>
        public event Action<string> ServerRoleChanged
        {
            add => Listen("server_role_changed", value, Callable.From(
                (string serverRole) => value(serverRole)));
            remove => Unlisten("server_role_changed", value);
        }

        /// <summary>Somebody invites the player into a channel, for <c>JoinChannel</c>.</summary>
        public event Action<string, string> Invited
        {
            add => Listen("invited", value, Callable.From(
                (string channel, string by) => value(channel, by)));
            remove => Unlisten("invited", value);
        }

        /// <summary>A channel has so many <c>members</c>, and so many of them are <c>online</c>. This comes at most once a second for each channel. When very many came or went at once, <c>MemberJoined</c> and <c>MemberLeft</c> do not come for them: see <c>ListMembers</c>.</summary>
        public event Action<string, long, long> MembersChanged
        {
            add => Listen("members_changed", value, Callable.From(
                (string channel, long members, long online) => value(channel, members, online)));
            remove => Unlisten("members_changed", value);
        }

        /// <summary>Somebody came into one of the player's channels; in the lobby: came online. If they are away or have a text, <c>PresenceChanged</c> follows.</summary>
        public event Action<string, string> MemberJoined
        {
            add => Listen("member_joined", value, Callable.From(
                (string channel, string username) => value(channel, username)));
            remove => Unlisten("member_joined", value);
        }

        /// <summary>Somebody left one of the player's channels; in the lobby: went offline. Players whose connection is cut stay for a moment, and do not leave if they come back in time.</summary>
        public event Action<string, string> MemberLeft
        {
            add => Listen("member_left", value, Callable.From(
                (string channel, string username) => value(channel, username)));
            remove => Unlisten("member_left", value);
        }

        /// <summary>Somebody in one of the player's channels is <c>online</c>, <c>away</c> or <c>offline</c> now. <c>text</c> is their own, see <c>SetPresence</c>: strangers wrote it.</summary>
        public event Action<string, string, string, string> PresenceChanged
        {
            add => Listen("presence_changed", value, Callable.From(
                (string channel, string username, string state, string text) => value(channel, username, state, text)));
            remove => Unlisten("presence_changed", value);
        }

        /// <summary>The server has taken a line of <c>SendChat</c>, and keeps it. Each line ends in this signal or in <c>ChatDenied</c>, in each channel in the order sent.</summary>
        public event Action ChatAccepted
        {
            add => Listen("chat_accepted", value, Callable.From(
                () => value()));
            remove => Unlisten("chat_accepted", value);
        }

        /// <summary>A line of <c>SendChat</c> was refused. Or the player was logged out while the line was on its way, and nobody knows whether the server took it. <c>code</c> is stable and for your translation, <c>reason</c> is an English sentence.</summary>
        public event Action<string, string> ChatDenied
        {
            add => Listen("chat_denied", value, Callable.From(
                (string code, string reason) => value(code, reason)));
            remove => Unlisten("chat_denied", value);
        }

        /// <summary>The moderators have closed a report that the player made by <c>ReportLine</c> or <c>ReportPlayer</c>. This comes once, now or after the next login. <c>username</c> is whom the report was about, <c>outcome</c> is <c>acted</c> when a moderator did something, or <c>dismissed</c>, and <c>text</c> is what the moderator says of it; it may be empty. Show it as text.</summary>
        public event Action<long, string, string, string> ReportClosed
        {
            add => Listen("report_closed", value, Callable.From(
                (long report, string username, string outcome, string text) => value(report, username, outcome, text)));
            remove => Unlisten("report_closed", value);
        }

        /// <summary>So many reports are open, without those about the player. This comes to moderators only (see <c>ServerRole</c>): after each <c>LoggedIn</c>, and when the number changes. See <c>ListReports</c>.</summary>
        public event Action<long> ReportsWaitingChanged
        {
            add => Listen("reports_waiting_changed", value, Callable.From(
                (long count) => value(count)));
            remove => Unlisten("reports_waiting_changed", value);
        }

        /// <summary><c>RegistrationMode</c> or <c>TakesGuests</c> is known now, or is another. Comes before <c>Connected</c>, and not at all from a server that lets everybody register and takes no guests.</summary>
        public event Action<string> RegistrationChanged
        {
            add => Listen("registration_changed", value, Callable.From(
                (string mode) => value(mode)));
            remove => Unlisten("registration_changed", value);
        }

        /// <summary>The server wants some work from the game before it makes an account or lets a guest in, so that nobody makes them by the thousand. The node does it, 2 milliseconds of each frame, and tells how it goes: <c>progress</c> from 0 to below 1 is how likely it was to be done by now, since nobody knows beforehand how long it takes. The request ends as usual.</summary>
        public event Action<double> ProofProgress
        {
            add => Listen("proof_progress", value, Callable.From(
                (double progress) => value(progress)));
            remove => Unlisten("proof_progress", value);
        }

        /// <summary><c>State</c> has changed, to one of the <c>STATE_</c> constants. This comes before the signal that says why.</summary>
        public event Action<long> StateChanged
        {
            add => Listen("state_changed", value, Callable.From(
                (long state) => value(state)));
            remove => Unlisten("state_changed", value);
        }
    }
}
