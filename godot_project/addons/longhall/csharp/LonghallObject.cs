using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Godot;

namespace Longhall
{
    /// <summary>What the classes of the addon have in common: each is around an object of Godot's,
    /// whose signals are its events.</summary>
    public abstract class LonghallObject
    {
        // By which Godot calls each handler, so that the same one can be taken off again.
        private readonly Dictionary<(string, Delegate), Callable> _listeners =
            new Dictionary<(string, Delegate), Callable>();

        /// <summary>The object itself, as Godot knows it.</summary>
        public GodotObject Self { get; }

        private protected LonghallObject(GodotObject self)
        {
            Self = self ?? throw new ArgumentNullException(nameof(self));
        }

        private protected static GodotObject Make(string name) =>
            ClassDB.Instantiate(name).AsGodotObject();

        // Of a class that is a script of the addon.
        private protected static GodotObject MakeOf(string script) =>
            GD.Load<GDScript>(script).New().AsGodotObject();

        // What a function of a script returns that may have to wait for something itself.
        private protected async Task<Variant> Done(Variant called)
        {
            GodotObject state = called.AsGodotObject();
            if (state == null || !state.HasSignal("completed"))
                return called;
            Variant[] results = await Self.ToSignal(state, "completed");
            return results[0];
        }

        private protected void Listen(string signal, Delegate handler, Callable callable)
        {
            if (_listeners.ContainsKey((signal, handler)))
                return;
            _listeners.Add((signal, handler), callable);
            Self.Connect(signal, callable);
        }

        private protected void Unlisten(string signal, Delegate handler)
        {
            if (!_listeners.TryGetValue((signal, handler), out Callable callable))
                return;
            _listeners.Remove((signal, handler));
            Self.Disconnect(signal, callable);
        }
    }
}
