// Written by `cargo xtask csharp` from what Godot says of the class: change that, not this.
using System;
using System.Threading.Tasks;
using System.Runtime.CompilerServices;
using Godot;

namespace Longhall
{
    /// <summary>What a <c>LonghallGameServer</c> was answered.</summary>
    public sealed class LonghallGameAnswer : LonghallObject
    {
        /// <summary>Around one that there is already.</summary>
        public LonghallGameAnswer(GodotObject self) : base(self) { }

        internal static LonghallGameAnswer Around(GodotObject self) =>
            self == null ? null : new LonghallGameAnswer((GodotObject)self);

        /// <summary>Whether it was done.</summary>
        public bool Ok => Self.Get("ok").AsBool();

        /// <summary>The status of HTTP; 0 when no answer came.</summary>
        public long Status => Self.Get("status").AsInt64();

        /// <summary>Why not, for programs: <c>"unknown_user"</c>, <c>"missing_scope"</c>, <c>"rate_limited"</c>… <c>"unreachable"</c> when no answer came. Empty when <c>Ok</c>. docs/game-servers.md of Longhall has a list.</summary>
        public string Code => Self.Get("code").AsString();

        /// <summary>The same as an English sentence, for the log.</summary>
        public string Reason => Self.Get("reason").AsString();

        /// <summary>Seconds to wait before the next try; 0 when nothing is said of it.</summary>
        public long RetryAfter => Self.Get("retry_after").AsInt64();

        /// <summary>What the server said, as JSON had it, with whole numbers as [int].</summary>
        public Godot.Collections.Dictionary Result => Self.Get("result").AsGodotDictionary();

        /// <summary>The players of <c>LonghallGameServer.OnlinePlayers</c>; empty for other calls.</summary>
        public Godot.Collections.Array<Godot.Collections.Dictionary> Players => Self.Get("players").AsGodotArray<Godot.Collections.Dictionary>();
    }
}
