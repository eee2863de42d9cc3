// Written by `cargo xtask csharp` from what Godot says of the class: change that, not this.
using System;
using System.Threading.Tasks;
using System.Runtime.CompilerServices;
using Godot;

namespace Longhall
{
    /// <summary>A server inside your game, so that your game's own tests need no network.</summary>
    public sealed class LonghallFakeServer : LonghallObject
    {
        /// <summary>Around one that there is already.</summary>
        public LonghallFakeServer(GodotObject self) : base(self) { }

        /// <summary>A new one.</summary>
        public LonghallFakeServer() : base(Make("LonghallFakeServer")) { }

        internal static LonghallFakeServer Around(GodotObject self) =>
            self == null ? null : new LonghallFakeServer((GodotObject)self);

        /// <summary>Whether there is somebody to connect to. Without it every try ends in <c>server_unreachable</c>; those who are connected stay.</summary>
        public bool IsReachable
        {
            get => Self.Get("is_reachable").AsBool();
            set => Self.Set("is_reachable", value);
        }

        /// <summary>Seconds until an answer or a line of chat arrives.</summary>
        public double AnswerDelay
        {
            get => Self.Get("answer_delay").AsDouble();
            set => Self.Set("answer_delay", value);
        }

        /// <summary>What <c>NetworkClient.MessageOfTheDay</c> will be.</summary>
        public string MessageOfTheDay
        {
            get => Self.Get("message_of_the_day").AsString();
            set => Self.Set("message_of_the_day", value);
        }

        /// <summary>Creates an account, or gives it another password.</summary>
        public void AddAccount(string username, string password) =>
            Self.Call("add_account", username, password);

        /// <summary>Adds an invite code, for <c>SetRegistration</c> with <c>"invite"</c>.</summary>
        public void AddInvite(string code, long uses = 1) =>
            Self.Call("add_invite", code, uses);

        /// <summary>Lets an account in that was registered with <c>"approval"</c>. Says whether it waited.</summary>
        public bool Approve(string username) =>
            Self.Call("approve", username).AsBool();

        /// <summary>Ends all connections in <c>seconds</c>, for a reason out of <c>NetworkClient.GetDisconnectReasons</c> that a server can have, such as <c>"restarting"</c> or <c>"logged_in_elsewhere"</c>; or with <c>"connection_lost"</c>, without a word. Called several times, it ends them as often.</summary>
        public void CloseIn(double seconds, string reason) =>
            Self.Call("close_in", seconds, reason);

        /// <summary>Refuses the next request of this kind with one of <c>NetworkClient.GetDenialCodes</c>. <c>request</c> is the name of the packet that the client sends: <c>"register"</c>, <c>"login"</c>, <c>"resume"</c> (taking up a session after a cut), <c>"logout"</c>, <c>"chat"</c>, <c>"join"</c>, <c>"history"</c> and so on. <c>retry_after</c> seconds are passed on as <c>NetworkRequest.RetryAfter</c>; 0 leaves it out. Called several times, it refuses as many requests, in that order.</summary>
        public void DenyNext(string request, string code, double retryAfter = 0.0) =>
            Self.Call("deny_next", request, code, retryAfter);

        /// <summary>Ends a channel of <c>NetworkClient.CreateTemporaryChannel</c>, as your game's own server does or the time. Says whether there was one.</summary>
        public bool EndChannel(string channel) =>
            Self.Call("end_channel", channel).AsBool();

        /// <summary>All that was said by <c>NetworkClient.SendChat</c>, oldest first.</summary>
        public string[] GetSaid() =>
            Self.Call("get_said").AsStringArray();

        /// <summary>Does not answer the next request of this kind, see <c>DenyNext</c>. It ends in <c>timed_out</c> after <c>NetworkClient.RequestTimeout</c>.</summary>
        public void IgnoreNext(string request) =>
            Self.Call("ignore_next", request);

        /// <summary>Says which keys of players' profiles are the game's: players cannot change them by <c>NetworkClient.SetProfile</c>, and <c>SetGameKeys</c> sets them.</summary>
        public void NameGameKeys(string[] keys) =>
            Self.Call("name_game_keys", keys);

        /// <summary>Somebody says a line, and everybody in <c>channel</c> who is logged in hears it. Behind an <c>@</c>, <c>channel</c> is a player to whisper to: <c>server.say("bob", "psst", "@ada")</c>.</summary>
        public void Say(string sender, string text, string channel = "lobby") =>
            Self.Call("say", sender, text, channel);

        /// <summary>The game itself says a line, as its own server would, and everybody in <c>channel</c> who is logged in gets <c>NetworkClient.SystemLineReceived</c>.</summary>
        public void SaySystem(string text, string channel = "lobby") =>
            Self.Call("say_system", text, channel);

        /// <summary>Sets keys of a player's profile as your game's own server does; <c>null</c> takes one out. The keys must have been named by <c>NameGameKeys</c>.</summary>
        public void SetGameKeys(string username, Godot.Collections.Dictionary values) =>
            Self.Call("set_game_keys", username, values);

        /// <summary>Whether players may come in by <c>NetworkClient.LoginAsGuest</c> from now on. Nodes hear of it when they connect.</summary>
        public void SetGuests(bool takesGuests) =>
            Self.Call("set_guests", takesGuests);

        /// <summary>How many players a hall of the lobby takes in from now on, 500 unless said; 0 for all. Who comes when all are full gets another hall: with 2, so does the third player. Nobody is moved who is online. See <c>NetworkClient.ListHalls</c>.</summary>
        public void SetHallSize(long players) =>
            Self.Call("set_hall_size", players);

        /// <summary>Who may register from now on, one of the values of <c>NetworkClient.RegistrationMode</c>, and how many bits of work an account or a guest costs, at most 22. Nodes hear of it when they connect.</summary>
        public void SetRegistration(string mode, long proofBits = 0) =>
            Self.Call("set_registration", mode, proofBits);

        /// <summary>Says what an account may do on the whole server: <c>"moderator"</c>, <c>"admin"</c>, or <c>"player"</c> again. See <c>NetworkClient.GetServerRole</c>.</summary>
        public void SetServerRole(string username, string role) =>
            Self.Call("set_server_role", username, role);

        /// <summary>The public keys of the tickets that it gives out, for <c>LonghallTicket.Verify</c>. They are others after <c>Wipe</c>.</summary>
        public string TicketKeys() =>
            Self.Call("ticket_keys").AsString();

        /// <summary>Begins anew, as a server does whose database was deleted: all connections are cut, and accounts, channels and lines are gone. The next login of a node that was logged in before comes with <c>NetworkClient.HistoryReset</c>. With <c>keep_accounts</c>, accounts and their sessions stay, as when an older state of the database is put back.</summary>
        public void Wipe(bool keepAccounts = false) =>
            Self.Call("wipe", keepAccounts);
    }
}
