// Written by `cargo xtask csharp` from what Godot says of the class: change that, not this.
using System;
using System.Threading.Tasks;
using System.Runtime.CompilerServices;
using Godot;

namespace Longhall
{
    /// <summary>A request to the server: wait for <c>Completed</c>, then look at <c>Ok</c>.</summary>
    public sealed class NetworkRequest : LonghallObject
    {
        /// <summary>Around one that there is already.</summary>
        public NetworkRequest(GodotObject self) : base(self) { }

        internal static NetworkRequest Around(GodotObject self) =>
            self == null ? null : new NetworkRequest((GodotObject)self);

        /// <summary>The signal to wait for, or to connect to. It brings this request, so that one line can wait for it and use it: <c>var login: NetworkRequest = await client.login(name, password).completed</c>. It comes exactly once for each script that asks for it, also when the request has ended already.</summary>
        public Signal Completed => Self.Get("completed").AsSignal();

        /// <summary>Whether the request has ended. Read-only, as all properties here.</summary>
        public bool IsCompleted => Self.Get("is_completed").AsBool();

        /// <summary>Whether the server did it. <c>false</c> until <c>IsCompleted</c>.</summary>
        public bool Ok => Self.Get("ok").AsBool();

        /// <summary>Why it was not done, as a stable code for your translation: one of <c>NetworkClient.GetDenialCodes</c>, or for a connection that did not come about one of <c>NetworkClient.GetDisconnectReasons</c>. Empty when <c>Ok</c>.</summary>
        public string Code => Self.Get("code").AsString();

        /// <summary>Why it was not done, as an English sentence without a full stop. Empty when <c>Ok</c>.</summary>
        public string Reason => Self.Get("reason").AsString();

        /// <summary>Seconds after which the same request may succeed. 0 if the server did not say.</summary>
        public double RetryAfter => Self.Get("retry_after").AsDouble();

        /// <summary>The text that was at fault: <c>"username"</c>, <c>"password"</c>, <c>"new_password"</c>, <c>"text"</c>, <c>"channel"</c>, <c>"topic"</c>, <c>"channel_password"</c>, <c>"reason"</c>, <c>"profile"</c> or <c>"audience"</c>. Empty if it was none of them.</summary>
        public string Field => Self.Get("field").AsString();

        /// <summary>The limit that was not kept, in characters for the codes <c>too_short</c> and <c>too_long</c>, or in bytes for a profile; for <c>version_conflict</c> the version that the profile has. 0 if it was not about a limit.</summary>
        public long Limit => Self.Get("limit").AsInt64();

        /// <summary>The server's answer, for requests that ask for something: <c>NetworkClient.SendChat</c> gets the number of its line (<c>int</c>), <c>NetworkClient.JoinChannel</c>, <c>NetworkClient.CreateChannel</c> and <c>NetworkClient.ChangeHall</c> what <c>NetworkClient.GetChannel</c> returns (<c>Dictionary</c>), <c>NetworkClient.ListChannels</c>, <c>NetworkClient.ListHalls</c>, <c>NetworkClient.ListMembers</c>, <c>NetworkClient.ListSessions</c> and <c>NetworkClient.LoadHistory</c> a list (<c>Array</c>Dictionary<c></c>), as do <c>NetworkClient.ListReports</c> and <c>NetworkClient.ReadReport</c>, <c>NetworkClient.ReportLine</c> and <c>NetworkClient.ReportPlayer</c> get the number of the report (<c>int</c>), <c>NetworkClient.SetProfile</c> gets the version of the profile (<c>int</c>), <c>NetworkClient.PlayerInfo</c> a <c>Dictionary</c>, <c>NetworkClient.ListBlocks</c> names and <c>NetworkClient.RenewRecoveryCodes</c> codes (<c>PackedStringArray</c>), <c>NetworkClient.BeginSecondFactor</c> the key for an app (<c>Dictionary</c>), <c>NetworkClient.RequestTicket</c> the ticket (<c>String</c>). <c>null</c> for the others, and while not <c>Ok</c>.</summary>
        public Variant Result => Self.Get("result");

        /// <summary>Whether there are still older lines behind those of <c>NetworkClient.LoadHistory</c>, or reports behind those of <c>NetworkClient.ListReports</c>.</summary>
        public bool More => Self.Get("more").AsBool();

        /// <summary>The command that <c>NetworkClient.Execute</c> understood, without its slash: <c>join</c>, <c>who</c>, <c>help</c> and so on, or <c>say</c> for a line. Empty for every other request.</summary>
        public string Command => Self.Get("command").AsString();

        /// <summary>The request has ended. Emitted once; use <c>Completed</c>, which also serves a script that comes too late for this one.</summary>
        public event Action<NetworkRequest> Ended
        {
            add => Listen("ended", value, Callable.From(
                (GodotObject request) => value(NetworkRequest.Around(request))));
            remove => Unlisten("ended", value);
        }

        /// <summary>Waits until it has ended; goes on at once if it has.</summary>
        public async Task<NetworkRequest> Wait()
        {
            Signal completed = Self.Get("completed").AsSignal();
            await Self.ToSignal(completed.Owner, completed.Name);
            return this;
        }

        /// <summary>So that <c>await client.Login(…)</c> waits for its end.</summary>
        public TaskAwaiter<NetworkRequest> GetAwaiter() => Wait().GetAwaiter();
    }
}
