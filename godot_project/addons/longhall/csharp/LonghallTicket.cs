// Written by `cargo xtask csharp` from what Godot says of the class: change that, not this.
using System;
using System.Threading.Tasks;
using System.Runtime.CompilerServices;
using Godot;

namespace Longhall
{
    /// <summary>Who a player is, as a game's own server finds out.</summary>
    public sealed class LonghallTicket : LonghallObject
    {
        /// <summary>Around one that there is already.</summary>
        public LonghallTicket(GodotObject self) : base(self) { }

        internal static LonghallTicket Around(GodotObject self) =>
            self == null ? null : new LonghallTicket((GodotObject)self);

        /// <summary>Whether the player is who the ticket says. If not, all but <c>Code</c> and <c>Reason</c> is empty. Read-only, as all properties here.</summary>
        public bool Valid => Self.Get("valid").AsBool();

        /// <summary>Why the ticket is no good, as a stable code; empty when <c>Valid</c>:</summary>
        public string Code => Self.Get("code").AsString();

        /// <summary>The same as an English sentence without a full stop, for your log.</summary>
        public string Reason => Self.Get("reason").AsString();

        /// <summary>The account's number, as text. It stays when the player takes another name: keep what belongs to a player under it.</summary>
        public string AccountId => Self.Get("account_id").AsString();

        /// <summary>The account's name.</summary>
        public string Username => Self.Get("username").AsString();

        /// <summary>What the account may do on the whole Longhall server: <c>player</c>, <c>moderator</c> or <c>admin</c>.</summary>
        public string Role => Self.Get("role").AsString();

        /// <summary>Whether it is a guest, or an account that waits to be let in: nobody knows them by a password.</summary>
        public bool Guest => Self.Get("guest").AsBool();

        /// <summary>Names this one ticket.</summary>
        public string Id => Self.Get("id").AsString();

        /// <summary>From when on the ticket is good no more, in seconds since 1970, as <c>Time.GetUnixTimeFromSystem</c> counts. The player may stay for longer.</summary>
        public long ExpiresAt => Self.Get("expires_at").AsInt64();

        /// <summary>Checks a ticket, and uses it up: the same one is refused from then on, by the whole process. Never <c>null</c>, whatever a stranger sends.</summary>
        public static LonghallTicket Verify(string token, string keys, string audience) =>
            LonghallTicket.Around(ClassDB.ClassCallStatic("LonghallTicket", "verify", token, keys, audience).AsGodotObject());

        /// <summary>As <c>Verify</c>, for what a peer has sent, which may be anything. It is the one to use in <c>SceneMultiplayer.AuthCallback</c>.</summary>
        public static LonghallTicket VerifyBytes(byte[] data, string keys, string audience) =>
            LonghallTicket.Around(ClassDB.ClassCallStatic("LonghallTicket", "verify_bytes", data, keys, audience).AsGodotObject());
    }
}
