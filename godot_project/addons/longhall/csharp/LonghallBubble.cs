// Written by `cargo xtask csharp` from what Godot says of the class: change that, not this.
using System;
using System.Threading.Tasks;
using System.Runtime.CompilerServices;
using Godot;

namespace Longhall
{
    /// <summary>Shows over an avatar what its player said last.</summary>
    public sealed class LonghallBubble : LonghallObject
    {
        /// <summary>Around one that there is already.</summary>
        public LonghallBubble(Node self) : base(self) { }

        /// <summary>A new one.</summary>
        public LonghallBubble() : base(MakeOf("res://addons/longhall/scenes/bubble/longhall_bubble.gd")) { }

        internal static LonghallBubble Around(GodotObject self) =>
            self == null ? null : new LonghallBubble((Node)self);

        /// <summary>The node itself, to be added to a scene.</summary>
        public Node Node => (Node)Self;

        /// <summary>Whose words are shown.</summary>
        public string Username
        {
            get => Self.Get("username").AsString();
            set => Self.Set("username", value);
        }

        /// <summary>The channel whose lines are shown; those of all channels if empty.</summary>
        public string Channel
        {
            get => Self.Get("channel").AsString();
            set => Self.Set("channel", value);
        }

        /// <summary>Seconds that a text stays.</summary>
        public double Seconds
        {
            get => Self.Get("seconds").AsDouble();
            set => Self.Set("seconds", value);
        }

        /// <summary>Characters that are shown at most; an ellipsis stands for the rest.</summary>
        public long MaxChars
        {
            get => Self.Get("max_chars").AsInt64();
            set => Self.Set("max_chars", value);
        }

        /// <summary>The greatest width, in pixels. A longer text has more rows.</summary>
        public double MaxWidth
        {
            get => Self.Get("max_width").AsDouble();
            set => Self.Set("max_width", value);
        }

        /// <summary>Where the bubble ends, from the avatar's own place, for an avatar in two dimensions.</summary>
        public Vector2 Offset2d
        {
            get => Self.Get("offset_2d").AsVector2();
            set => Self.Set("offset_2d", value);
        }

        /// <summary>Where the bubble ends, from the avatar's own place, for an avatar in three dimensions.</summary>
        public Vector3 Offset3d
        {
            get => Self.Get("offset_3d").AsVector3();
            set => Self.Set("offset_3d", value);
        }

        /// <summary>The layer it is drawn in, see <c>CanvasLayer.Layer</c>: above the game and below what has a higher one.</summary>
        public long Layer
        {
            get => Self.Get("layer").AsInt64();
            set => Self.Set("layer", value);
        }

        /// <summary>The theme that ground and letters are taken from. When empty, that of the project, else ours.</summary>
        public Theme Theme
        {
            get => Self.Get("theme").As<Theme>();
            set => Self.Set("theme", value);
        }

        /// <summary>The node that connects. When empty, the nearest one in the tree is taken.</summary>
        public NetworkClient Client
        {
            get => NetworkClient.Around(Self.Get("client").AsGodotObject());
            set => Self.Set("client", value?.Self);
        }

        /// <summary>Whether the bubble listens to the <c>NetworkClient</c> itself. Switch it off to tell it by <c>ShowText</c>.</summary>
        public bool WireToClient
        {
            get => Self.Get("wire_to_client").AsBool();
            set => Self.Set("wire_to_client", value);
        }

        /// <summary>What is shown now; empty if nothing is.</summary>
        public string Text
        {
            get => Self.Get("text").AsString();
            set => Self.Set("text", value);
        }

        /// <summary>Shows <c>said</c> from now on, in place of what there was.</summary>
        public void ShowText(string said) =>
            Self.Call("show_text", said);

        /// <summary>Shows what <c>sender</c> said in <c>inChannel</c>, if it is meant for this bubble.</summary>
        public void ShowLine(string inChannel, string sender, string said) =>
            Self.Call("show_line", inChannel, sender, said);

        /// <summary>Shows nothing any more.</summary>
        public void Clear() =>
            Self.Call("clear");

        /// <summary>Lets so many <c>passed</c> seconds pass. The bubble does so by itself in each frame.</summary>
        public void LetPass(double passed) =>
            Self.Call("let_pass", passed);
    }
}
