//! What every request of the node returns.

use godot::prelude::*;
use longhall_client::{Answer, CallError, CallErrorCode, CommandError};
use longhall_packet::Field;

use crate::convert;

/// A request to the server: wait for [member completed], then look at [member ok].
///
/// Returned by [method NetworkClient.login], [method NetworkClient.register],
/// [method NetworkClient.send_chat], [method NetworkClient.logout] and
/// [method NetworkClient.connect_to_server]. Every request ends: with the server's answer, with
/// a time-out, with the loss of the connection, and also when the node is freed or taken out of
/// the tree. (While the node is not processed, see [member Node.process_mode], its requests wait.)
///
/// ```gdscript
/// var login := client.login("ada", "correct horse")
/// await login.completed
/// if not login.ok:
///     print(login.reason)
/// ```
///
/// It never ends before the call has returned. A script that waits for a request that has ended
/// already goes on at the end of the frame: no wait is for ever.
#[derive(GodotClass)]
#[class(base = RefCounted, no_init)]
pub struct NetworkRequest {
    base: Base<RefCounted>,

    /// The signal to wait for, or to connect to. It brings this request, so that one line can wait
    /// for it and use it:
    /// [code]var login: NetworkRequest = await client.login(name, password).completed[/code].
    /// It comes exactly once for each script that asks for it, also when the request has ended
    /// already.
    #[var(get = _get_completed, no_set)]
    completed: PhantomVar<Signal>,

    /// Whether the request has ended. Read-only, as all properties here.
    #[var(no_set)]
    is_completed: bool,

    /// Whether the server did it. [code]false[/code] until [member is_completed].
    #[var(no_set)]
    ok: bool,

    /// Why it was not done, as a stable code for your translation: one of
    /// [method NetworkClient.get_denial_codes], or for a connection that did not come about one of
    /// [method NetworkClient.get_disconnect_reasons]. Empty when [member ok].
    #[var(no_set)]
    code: GString,

    /// Why it was not done, as an English sentence without a full stop. Empty when [member ok].
    #[var(no_set)]
    reason: GString,

    /// Seconds after which the same request may succeed. 0 if the server did not say.
    #[var(no_set)]
    retry_after: f64,

    /// The text that was at fault: [code]"username"[/code], [code]"password"[/code],
    /// [code]"new_password"[/code], [code]"text"[/code], [code]"channel"[/code],
    /// [code]"topic"[/code], [code]"channel_password"[/code], [code]"reason"[/code],
    /// [code]"profile"[/code] or [code]"audience"[/code]. Empty if it was none of them.
    #[var(no_set)]
    field: GString,

    /// The limit that was not kept, in characters for the codes [code]too_short[/code] and
    /// [code]too_long[/code], or in bytes for a profile; for [code]version_conflict[/code] the version
    /// that the profile has. 0 if it was not about a limit.
    #[var(no_set)]
    limit: i64,

    /// The server's answer, for requests that ask for something:
    /// [method NetworkClient.send_chat] gets the number of its line (`int`),
    /// [method NetworkClient.join_channel], [method NetworkClient.create_channel] and
    /// [method NetworkClient.change_hall] what
    /// [method NetworkClient.get_channel] returns (`Dictionary`),
    /// [method NetworkClient.list_channels], [method NetworkClient.list_halls],
    /// [method NetworkClient.list_members],
    /// [method NetworkClient.list_sessions] and [method NetworkClient.load_history] a list
    /// (`Array[Dictionary]`), as do [method NetworkClient.list_reports] and
    /// [method NetworkClient.read_report], [method NetworkClient.report_line] and
    /// [method NetworkClient.report_player] get the number of the report (`int`),
    /// [method NetworkClient.set_profile] gets the version of the profile (`int`),
    /// [method NetworkClient.player_info] a `Dictionary`,
    /// [method NetworkClient.list_blocks] names and
    /// [method NetworkClient.renew_recovery_codes] codes (`PackedStringArray`),
    /// [method NetworkClient.begin_second_factor] the key for an app (`Dictionary`),
    /// [method NetworkClient.request_ticket] the ticket (`String`).
    /// `null` for the others, and while not [member ok].
    #[var(no_set)]
    result: Variant,

    /// Whether there are still older lines behind those of [method NetworkClient.load_history], or
    /// reports behind those of [method NetworkClient.list_reports].
    #[var(no_set)]
    more: bool,

    /// The command that [method NetworkClient.execute] understood, without its slash: `join`,
    /// `who`, `help` and so on, or `say` for a line. Empty for every other request.
    #[var(no_set)]
    command: GString,

    /// Whether `ended` was emitted.
    is_told: bool,
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "Godot passes its objects by value"
)]
#[godot_api]
impl NetworkRequest {
    /// The request has ended. Emitted once; use [member completed], which also serves a script that
    /// comes too late for this one.
    #[signal]
    fn ended(request: Gd<NetworkRequest>);

    #[func]
    fn _get_completed(&self) -> Signal {
        let request = self.to_gd();
        if !self.is_told {
            return Signal::from_object_signal(&request, "ended");
        }
        // A latecomer gets a signal of its own: nobody else hears it again.
        let mut echo = Self::begin();
        let signal = Signal::from_object_signal(&echo, "ended");
        // The second argument keeps it alive until then.
        let arguments = [request.to_variant(), echo.to_variant()];
        echo.call_deferred("_longhall_echo", &arguments);
        signal
    }

    /// Called by the engine at the end of a frame.
    #[func(gd_self)]
    fn _longhall_echo(
        this: Gd<Self>,
        request: Gd<NetworkRequest>,
        _keeps_it_alive: Gd<NetworkRequest>,
    ) {
        this.signals().ended().emit(&request);
    }

    /// Called by the engine at the end of a frame.
    #[func(gd_self)]
    fn _longhall_end(mut this: Gd<Self>, _keeps_it_alive: Gd<NetworkRequest>) {
        this.bind_mut().is_told = true;
        let argument = this.clone();
        this.signals().ended().emit(&argument);
        forget_listeners(&mut this);
    }
}

/// Disconnects all handlers. A handler that holds the request, as a lambda that uses it
/// does, would keep it alive for ever.
fn forget_listeners(request: &mut Gd<NetworkRequest>) {
    for connection in request.get_signal_connection_list("ended").iter_shared() {
        let callable = connection
            .get("callable")
            .and_then(|c| c.try_to::<Callable>().ok());
        if let Some(callable) = callable
            && request.is_connected("ended", &callable)
        {
            request.disconnect("ended", &callable);
        }
    }
}

impl NetworkRequest {
    /// A request that has not ended.
    pub(crate) fn begin() -> Gd<Self> {
        Gd::from_init_fn(|base| Self {
            base,
            completed: PhantomVar::default(),
            is_completed: false,
            ok: false,
            code: GString::new(),
            reason: GString::new(),
            retry_after: 0.0,
            field: GString::new(),
            limit: 0,
            result: Variant::nil(),
            more: false,
            command: GString::new(),
            is_told: false,
        })
    }

    /// A request that is refused at once.
    pub(crate) fn refused(code: CallErrorCode) -> Gd<Self> {
        let request = Self::begin();
        Self::complete_later(request.clone(), Err(code.into()));
        request
    }

    /// A line that was typed and is no command.
    pub(crate) fn misunderstood(error: &CommandError) -> Gd<Self> {
        let mut request = Self::begin();
        {
            let mut this = request.bind_mut();
            this.is_completed = true;
            this.code = error.name().into();
            this.reason = (&error.to_string()).into();
        }
        Self::tell_later(request.clone());
        request
    }

    /// A command that needs no server.
    pub(crate) fn told(command: &str, text: &str) -> Gd<Self> {
        let mut request = Self::begin();
        {
            let mut this = request.bind_mut();
            this.is_completed = true;
            this.ok = true;
            this.command = command.into();
            this.result = text.to_variant();
        }
        Self::tell_later(request.clone());
        request
    }

    pub(crate) fn set_command_name(&mut self, name: &str) {
        self.command = name.into();
    }

    /// Ends the request. Its signal comes at the end of the frame, when nothing of the node
    /// is borrowed or under way.
    pub(crate) fn complete_later(mut request: Gd<Self>, outcome: Result<Answer, CallError>) {
        request.bind_mut().note(outcome);
        Self::tell_later(request);
    }

    fn tell_later(mut request: Gd<Self>) {
        // By the engine's own queue, which takes calls from threads; the argument keeps the
        // request alive until then.
        let argument = request.to_variant();
        request.call_deferred("_longhall_end", &[argument]);
    }

    fn note(&mut self, outcome: Result<Answer, CallError>) {
        self.is_completed = true;
        match outcome {
            Ok(answer) => {
                self.ok = true;
                self.more = matches!(
                    answer,
                    Answer::History { more: true, .. } | Answer::Reports { more: true, .. }
                );
                self.result = convert::answer(&answer);
            }
            Err(error) => {
                self.code = error.code.name().into();
                self.reason = (&error.reason).into();
                self.retry_after = f64::from(error.retry_after_ms.unwrap_or(0)) / 1000.0;
                self.field = error.field.map_or("", Field::name).into();
                self.limit = error.limit.unwrap_or(0).into();
            }
        }
    }
}
