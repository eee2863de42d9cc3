// Written by `cargo xtask csharp` from what Godot says of the class: change that, not this.
using System;
using System.Threading.Tasks;
using System.Runtime.CompilerServices;
using Godot;

namespace Longhall
{
    /// <summary>For the server of a game, a headless Godot beside the Longhall server: it says lines of the game's, looks up who is online, and logs players out.</summary>
    public sealed class LonghallGameServer : LonghallObject
    {
        /// <summary>Around one that there is already.</summary>
        public LonghallGameServer(Node self) : base(self) { }

        /// <summary>A new one.</summary>
        public LonghallGameServer() : base(MakeOf("res://addons/longhall/game_server/longhall_game_server.gd")) { }

        internal static LonghallGameServer Around(GodotObject self) =>
            self == null ? null : new LonghallGameServer((Node)self);

        /// <summary>The node itself, to be added to a scene.</summary>
        public Node Node => (Node)Self;

        /// <summary>Where the Longhall server has <c>--game-listen</c>.</summary>
        public string Url
        {
            get => Self.Get("url").AsString();
            set => Self.Set("url", value);
        }

        /// <summary>Seconds that an answer may take.</summary>
        public double Timeout
        {
            get => Self.Get("timeout").AsDouble();
            set => Self.Set("timeout", value);
        }

        /// <summary>The key. It is no property of the Inspector, so that no scene has it, and is printed nowhere.</summary>
        public string Key
        {
            get => Self.Get("key").AsString();
            set => Self.Set("key", value);
        }

        /// <summary>Says <c>text</c> in <c>channel</c> as the game, whoever is there: players see it as <c>NetworkClient.SystemLineReceived</c>. Scope <c>say</c>.</summary>
        public async Task<LonghallGameAnswer> Say(string channel, string text) =>
            LonghallGameAnswer.Around((await Done(Self.Call("say", channel, text))).AsGodotObject());

        /// <summary>Opens a channel for a match or a party, with these <c>members</c>, of which none owns it: <c>LonghallGameAnswer.Result</c> has its <c>channel</c>, the <c>code</c> by which others join (<c>NetworkClient.JoinByCode</c>), <c>max_members</c> and <c>ends_at_ms</c>. It has a name that the server makes up unless <c>channel</c> is given, room for <c>maxMembers</c> (2 to 500; 100 for 0), and ends after <c>lastsS</c> seconds (60 to 86400; four hours for 0), when its last member has left, or by <c>EndChannel</c>. Scope <c>channels</c>.</summary>
        public async Task<LonghallGameAnswer> CreateChannel(string[] members = null, string channel = "", long maxMembers = 0, long lastsS = 0) =>
            LonghallGameAnswer.Around((await Done(Self.Call("create_channel", members ?? System.Array.Empty<string>(), channel, maxMembers, lastsS))).AsGodotObject());

        /// <summary>Ends a channel of <c>CreateChannel</c>: its members leave it, and its lines are gone. Scope <c>channels</c>.</summary>
        public async Task<LonghallGameAnswer> EndChannel(string channel) =>
            LonghallGameAnswer.Around((await Done(Self.Call("end_channel", channel))).AsGodotObject());

        /// <summary>Sets <c>values</c> in the profile of <c>username</c>, of keys that are the game's (<c>--profile-game-keys</c> of the server): <c>null</c> takes one out, and those that are not named stay. <c>LonghallGameAnswer.Result</c> has the <c>profile</c> as it is then. Scope <c>profiles</c>.</summary>
        public async Task<LonghallGameAnswer> SetProfile(string username, Godot.Collections.Dictionary values) =>
            LonghallGameAnswer.Around((await Done(Self.Call("set_profile", username, values))).AsGodotObject());

        /// <summary>Who is online, on all servers, in the order of names: <c>{account_id, username, online, state, role, guest}</c> each, in <c>LonghallGameAnswer.Players</c>. Scope <c>players</c>.</summary>
        public async Task<LonghallGameAnswer> OnlinePlayers() =>
            LonghallGameAnswer.Around((await Done(Self.Call("online_players"))).AsGodotObject());

        /// <summary>The account <c>username</c>, online or not: what <c>OnlinePlayers</c> says of each, and <c>channels</c>, in <c>LonghallGameAnswer.Result</c>. Scope <c>players</c>.</summary>
        public async Task<LonghallGameAnswer> Player(string username) =>
            LonghallGameAnswer.Around((await Done(Self.Call("player", username))).AsGodotObject());

        /// <summary>Logs <c>username</c> out everywhere, for the reason that the player reads; they may come again. Scope <c>kick</c>.</summary>
        public async Task<LonghallGameAnswer> Kick(string username, string reason = "") =>
            LonghallGameAnswer.Around((await Done(Self.Call("kick", username, reason))).AsGodotObject());
    }
}
