// Written by `cargo xtask csharp` from what Godot says of the class: change that, not this.
using System;
using System.Threading.Tasks;
using System.Runtime.CompilerServices;
using Godot;

namespace Longhall
{
    /// <summary>The public keys that tickets are checked with: fetched from a Longhall server and kept up to date.</summary>
    public sealed class LonghallTicketKeys : LonghallObject
    {
        /// <summary>Around one that there is already.</summary>
        public LonghallTicketKeys(Node self) : base(self) { }

        /// <summary>A new one.</summary>
        public LonghallTicketKeys() : base(MakeOf("res://addons/longhall/ticket_keys.gd")) { }

        internal static LonghallTicketKeys Around(GodotObject self) =>
            self == null ? null : new LonghallTicketKeys((Node)self);

        /// <summary>The node itself, to be added to a scene.</summary>
        public Node Node => (Node)Self;

        /// <summary>Where the server tells its keys: <c>https://chat.example/keys</c>.</summary>
        public string Url
        {
            get => Self.Get("url").AsString();
            set => Self.Set("url", value);
        }

        /// <summary>Seconds after which they are fetched again. The next key is told an hour before it signs.</summary>
        public double FetchEvery
        {
            get => Self.Get("fetch_every").AsDouble();
            set => Self.Set("fetch_every", value);
        }

        /// <summary>The keys as a JWK Set. May be set as well, to begin with some.</summary>
        public string Text
        {
            get => Self.Get("text").AsString();
            set => Self.Set("text", value);
        }

        /// <summary>Fetches the keys, unless that was done in the last minute or is being done. Ends in <c>Fetched</c> or <c>Failed</c>. Says whether it began.</summary>
        public bool Fetch() =>
            Self.Call("fetch").AsBool();

        /// <summary>Whether the keys were not asked for in the last minute.</summary>
        public bool MayFetch() =>
            Self.Call("may_fetch").AsBool();

        /// <summary>The keys were read, and may be others than before.</summary>
        public event Action Fetched
        {
            add => Listen("fetched", value, Callable.From(
                () => value()));
            remove => Unlisten("fetched", value);
        }

        /// <summary>They could not be read; those of before stay. <c>reason</c> is English, and for your log.</summary>
        public event Action<string> Failed
        {
            add => Listen("failed", value, Callable.From(
                (string reason) => value(reason)));
            remove => Unlisten("failed", value);
        }
    }
}
