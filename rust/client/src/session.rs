//! The state machine: calls, packets and time in; actions and events out.

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;
use longhall_packet::{
    ChatText, ClientPacket, CloseReason, DenyCode, PROTOCOL_VERSION, Password, RequestId,
    ResumeToken, ServerPacket, Stage, Username, codec,
};

use crate::backoff::Backoff;
use crate::heartbeat::{Heartbeat, Pulse};
use crate::requests::{Request, Requests};
use crate::{Action, Config, DisconnectReason, Event, LogoutReason, Refusal, RefusalCode, State};

/// Events that wait for [`Session::poll_event`] at most. Further ones push out
/// the oldest, and a [`Event::Warning`] says how many were lost.
pub const MAX_EVENTS: usize = 4096;

/// Actions that wait for [`Session::poll_action`] at most; then requests are
/// refused with [`RefusalCode::TooManyPending`].
const MAX_ACTIONS: usize = 256;

/// A driver that was away longer than this may have left answers unread.
const STALL: Duration = Duration::from_secs(2);

/// What is left of every deadline, at least, after a stall.
const GRACE: Duration = Duration::from_secs(1);

/// A connection that stayed up so long is sound, and the next loss starts
/// counting tries afresh.
const PROVEN_AFTER: Duration = Duration::from_secs(10);

/// A server that asks for more patience before a resume is asked again then.
const LONGEST_RESUME_DELAY: Duration = Duration::from_secs(300);

/// The close code for a peer that fell silent (3008, "timeout", in the IANA
/// registry; endpoints may not send the codes below 3000 except 1000).
const CLOSE_TIMED_OUT: u16 = 3008;
const CLOSE_NORMAL: u16 = 1000;

/// One player's session with a server.
///
/// # The contract with a driver
///
/// A driver owns a transport and a clock. `now` is always the time since a
/// start of its choice; a clock that goes back is taken as standing still.
/// After each call into the session, and regularly, it
///
/// 1. carries out every action of [`poll_action`](Self::poll_action), in order;
/// 2. passes on every event of [`poll_event`](Self::poll_event).
///
/// It reports what happens to the transport by [`opened`](Self::opened),
/// [`received`](Self::received) and [`closed`](Self::closed), and then calls
/// [`tick`](Self::tick): once a frame, or by the time
/// [`next_deadline`](Self::next_deadline) names. Reading before ticking
/// matters: what was read can no longer time out.
///
/// There is one transport at a time, from [`Action::Open`] until `closed` is
/// reported or [`Action::Close`] is given out, whichever is first. Nothing may
/// be reported about it afterwards. (What is reported before the next
/// `Action::Open` is taken is ignored; later it would be mistaken for news of
/// the new transport.)
///
/// The address is the driver's. When it changes, call
/// [`disconnect`](Self::disconnect) before [`connect`](Self::connect):
/// otherwise the token of one server would be shown to another.
///
/// # A driver that was away
///
/// Loading a level, a closed laptop, a breakpoint: when the driver comes back
/// after more than two seconds, its absence says nothing about the server.
/// Every deadline moves by that time, and the server is asked for a sign of
/// life before the connection is given up. Being away means: no call for two
/// seconds, or no call for two seconds after the time that `next_deadline`
/// named.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use longhall_client::{Action, Config, Event, Session, State};
///
/// let now = Duration::from_millis(1);
/// let mut session = Session::new(Config::default(), 42);
/// session.connect(now);
/// assert_eq!(session.poll_action(), Some(Action::Open));
/// session.opened(now);
/// session.received(now, br#"{"type":"hello","protocol":1,"server":"longhall/0.1.0",
///     "message_of_the_day":"Well met!","limits":{"username_min_chars":3,
///     "username_max_chars":20,"password_min_chars":8,"password_max_chars":99,
///     "chat_max_chars":500,"packet_max_bytes":8192}}"#);
/// assert_eq!(session.state(), State::Connected);
///
/// session.login(now, "ada", "short");
/// let events: Vec<Event> = std::iter::from_fn(|| session.poll_event()).collect();
/// assert!(matches!(&events[..], [
///     Event::StateChanged(State::Connecting),
///     Event::StateChanged(State::Connected),
///     Event::Connected { message_of_the_day, .. },
///     Event::LoginDenied(refusal),
/// ] if message_of_the_day == "Well met!" && refusal.code.name() == "too_short"));
/// ```
#[derive(Debug)]
pub struct Session {
    config: Config,
    link: Link,
    /// Whether the driver holds a transport that it may report about.
    has_transport: bool,
    /// There from a login until [`Event::LoggedOut`].
    account: Option<Account>,
    requests: Requests,
    reconnects: Backoff,
    resumes: Backoff,
    rng: Rng,

    last_call: Duration,
    /// The driver sleeps until then with good reason.
    excused_until: Duration,

    actions: VecDeque<Action>,
    events: VecDeque<Event>,
    announced: State,
    lost_events: u64,
    ignored_packets: u64,
}

#[derive(Debug)]
enum Link {
    Offline,
    /// Until the next try.
    Waiting {
        until: Duration,
        after: DisconnectReason,
    },
    /// From [`Action::Open`] to the server's greeting.
    Opening {
        deadline: Duration,
        opened: bool,
    },
    Up(Up),
}

#[derive(Debug)]
struct Up {
    since: Duration,
    logged_in: bool,
    /// Logging out was asked for; from here on the player counts as out.
    leaving: bool,
    /// Somebody logged in with a password, so this server does work.
    proven: bool,
    heartbeat: Heartbeat,
    /// When to ask again to take up the session.
    resume_at: Option<Duration>,
}

#[derive(Debug)]
struct Account {
    username: String,
    token: ResumeToken,
}

/// What the player asks for.
impl Session {
    /// A session that is offline. `seed` spreads the tries of many clients:
    /// take it from the system's randomness.
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config,
            link: Link::Offline,
            has_transport: false,
            account: None,
            requests: Requests::default(),
            reconnects: Backoff::default(),
            resumes: Backoff::default(),
            rng: Rng::with_seed(seed),
            last_call: Duration::ZERO,
            excused_until: Duration::ZERO,
            actions: VecDeque::new(),
            events: VecDeque::new(),
            announced: State::Offline,
            lost_events: 0,
            ignored_packets: 0,
        }
    }

    /// Connects. Does nothing when connected or about to be; while waiting for
    /// the next try, tries at once.
    pub fn connect(&mut self, now: Duration) {
        let now = self.arrive(now);
        match self.link {
            Link::Offline => {
                self.reconnects.reset();
                self.open(now);
            }
            Link::Waiting { .. } => self.open(now),
            Link::Opening { .. } | Link::Up(_) => {}
        }
    }

    /// While waiting for the next try, tries at once; otherwise does nothing.
    /// For when the system reports that the network is back.
    pub fn reconnect_now(&mut self, now: Duration) {
        let now = self.arrive(now);
        if matches!(self.link, Link::Waiting { .. }) {
            self.open(now);
        }
    }

    /// Ends the connection and all tries for one, and logs the player out.
    pub fn disconnect(&mut self, now: Duration) {
        let now = self.arrive(now);
        if !matches!(self.link, Link::Offline) {
            let reason = DisconnectReason::ClosedByClient;
            self.drop_transport(CLOSE_NORMAL, reason.name());
            self.lose(now, reason);
        }
    }

    /// Creates an account; ends in [`Event::Registered`] or
    /// [`Event::RegisterDenied`].
    pub fn register(&mut self, now: Duration, username: &str, password: &str) {
        let now = self.arrive(now);
        if let Err(refusal) = self.try_register(now, username, password) {
            self.announce(Event::RegisterDenied(refusal));
        }
    }

    /// Logs in; ends in [`Event::LoggedIn`] or [`Event::LoginDenied`].
    ///
    /// The password is sent and not kept. Refused with
    /// [`RefusalCode::AlreadyPending`] while another login, or taking up the
    /// session after a cut, is under way.
    pub fn login(&mut self, now: Duration, username: &str, password: &str) {
        let now = self.arrive(now);
        if let Err(refusal) = self.try_login(now, username, password) {
            self.announce(Event::LoginDenied(refusal));
        }
    }

    /// Logs out; ends in [`Event::LoggedOut`] whatever the server says. The
    /// connection stays, unless the server does not confirm: then it is opened
    /// anew. Does nothing when there is nobody to log out.
    pub fn logout(&mut self, now: Duration) {
        let now = self.arrive(now);
        if self.account.is_none() {
            return;
        }
        match &mut self.link {
            Link::Up(up) if up.leaving => {}
            Link::Up(up) if up.logged_in => {
                up.leaving = true;
                let deadline = now.saturating_add(self.config.request_timeout());
                let id = self.requests.begin(Request::Logout, deadline);
                self.send(&ClientPacket::Logout { id });
            }
            _ => {
                // Between a cut and taking the session up again. Should the
                // server take it up all the same, that is undone.
                if let Some(id) = self.requests.forget(&Request::Resume) {
                    self.requests.abandon_login(id);
                }
                self.end_session(LogoutReason::Asked);
            }
        }
    }

    /// Says a line to everyone logged in; ends in [`Event::ChatAccepted`] or
    /// [`Event::ChatDenied`], in the order of the calls: a refusal waits for the
    /// outcomes of earlier lines. Several lines may be on their way, up to
    /// [`MAX_CHATS_IN_FLIGHT`](crate::MAX_CHATS_IN_FLIGHT).
    pub fn send_chat(&mut self, now: Duration, text: &str) {
        let now = self.arrive(now);
        if let Err(refusal) = self.try_send_chat(now, text) {
            if let Some(refusal) = self.requests.refuse_chat(refusal) {
                self.announce(Event::ChatDenied(refusal));
            }
            self.announce_chat_outcomes();
        }
    }

    /// Where the session stands now. Events that say so may still be waiting.
    pub fn state(&self) -> State {
        match &self.link {
            Link::Offline => State::Offline,
            Link::Opening { .. } if self.reconnects.attempts() == 0 => State::Connecting,
            Link::Waiting { .. } | Link::Opening { .. } => State::Reconnecting,
            Link::Up(up) if up.logged_in => State::LoggedIn,
            Link::Up(_) => State::Connected,
        }
    }

    /// The account's name, from the login until the logout. Stays through cuts
    /// of the connection.
    pub fn username(&self) -> Option<&str> {
        self.account.as_ref().map(|a| a.username.as_str())
    }

    /// How many packets of the server made no sense.
    pub fn ignored_packets(&self) -> u64 {
        self.ignored_packets
    }

    /// The settings.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The settings, to change them.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }
}

/// What the driver reports and takes.
impl Session {
    /// The transport is open.
    pub fn opened(&mut self, now: Duration) {
        let now = self.arrive(now);
        if self.has_transport {
            self.greet(now);
        }
    }

    /// One frame arrived, text or binary.
    pub fn received(&mut self, now: Duration, bytes: &[u8]) {
        let now = self.arrive(now);
        if !self.has_transport {
            return;
        }
        self.greet(now);
        let decoded = codec::decode_server_packet(bytes);
        if let Link::Up(up) = &mut self.link {
            up.heartbeat = Heartbeat::Heard(now);
            match decoded {
                Ok(packet) => self.handle(now, packet),
                // A newer server announces something this build cannot show.
                Err(error) if error.denial.code == DenyCode::UnknownPacket => {}
                Err(error) => self.ignore(&error.to_string()),
            }
        } else {
            self.handle_first(now, decoded.ok());
        }
    }

    /// The transport is closed, or could not be opened. `code` is that of the
    /// close frame, if one came; `reason` is for the developer's console only.
    pub fn closed(&mut self, now: Duration, code: Option<u16>, reason: &str) {
        let now = self.arrive(now);
        if !self.has_transport {
            return;
        }
        self.has_transport = false;
        self.actions.clear();
        let named = code.and_then(CloseReason::from_code);
        let reason = match (named, &self.link) {
            (Some(named), _) => DisconnectReason::Server(named),
            (None, Link::Up(_)) => DisconnectReason::ConnectionLost,
            (None, _) => {
                if self.reconnects.attempts() == 0 && !reason.is_empty() {
                    let reason = reason.escape_debug();
                    self.announce(Event::Warning(format!("could not connect: {reason}")));
                }
                DisconnectReason::ServerUnreachable
            }
        };
        self.lose(now, reason);
    }

    /// Time has passed: asks, gives up or tries again where it is due.
    pub fn tick(&mut self, now: Duration) {
        let now = self.arrive(now);
        match self.link {
            Link::Offline => {}
            Link::Waiting { after, .. } if !self.config.reconnect => self.lose(now, after),
            Link::Waiting { until, .. } if now >= until => self.open(now),
            Link::Opening { deadline, .. } if now >= deadline => {
                self.give_up(now, DisconnectReason::ServerUnreachable);
            }
            Link::Waiting { .. } | Link::Opening { .. } => {}
            Link::Up(_) => self.tick_up(now),
        }
    }

    /// The next thing to do, oldest first.
    pub fn poll_action(&mut self) -> Option<Action> {
        let action = self.actions.pop_front()?;
        if action == Action::Open {
            self.has_transport = true;
        }
        Some(action)
    }

    /// The next thing to tell the game, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        if self.lost_events > 0 {
            let lost = std::mem::take(&mut self.lost_events);
            return Some(Event::Warning(format!(
                "{lost} events were lost because more than {MAX_EVENTS} waited"
            )));
        }
        self.events.pop_front()
    }

    /// When [`tick`](Self::tick) is due next, for a driver that sleeps; `None`
    /// when only the player can start something. The driver counts as present
    /// until then.
    pub fn next_deadline(&mut self) -> Option<Duration> {
        let deadline = match &self.link {
            Link::Offline => None,
            Link::Waiting { .. } if !self.config.reconnect => Some(self.last_call),
            Link::Waiting { until, .. } => Some(*until),
            Link::Opening { deadline, .. } => Some(*deadline),
            Link::Up(up) => {
                let heartbeat = up.heartbeat.deadline(self.config.heartbeat_interval());
                let times = [heartbeat, up.resume_at, self.requests.next_deadline()];
                times.into_iter().flatten().min()
            }
        };
        if let Some(deadline) = deadline {
            self.excused_until = deadline;
        }
        deadline
    }
}

/// Requests.
impl Session {
    fn try_register(&mut self, now: Duration, name: &str, password: &str) -> Result<(), Refusal> {
        self.require(Stage::LoggedOut)?;
        let password = Password::parse(password)?;
        let username = Username::parse(name)?;
        if self.requests.is_register_pending() {
            return Err(RefusalCode::AlreadyPending.into());
        }
        let id = self.begin(now, Request::Register(username.clone()));
        self.send(&ClientPacket::Register {
            id,
            username,
            password,
        });
        Ok(())
    }

    fn try_login(&mut self, now: Duration, name: &str, password: &str) -> Result<(), Refusal> {
        self.require(Stage::LoggedOut)?;
        let password = Password::parse(password)?;
        let username = Username::parse(name)?;
        let is_resuming = self.account.is_some() && self.state() == State::Connected;
        if is_resuming || self.requests.is_login_pending() {
            return Err(RefusalCode::AlreadyPending.into());
        }
        let id = self.begin(now, Request::Login);
        self.send(&ClientPacket::Login {
            id,
            username,
            password,
        });
        Ok(())
    }

    fn try_send_chat(&mut self, now: Duration, text: &str) -> Result<(), Refusal> {
        // Somebody whose session is being taken up again need not log in; as
        // far as they can see, the connection is not back yet.
        if self.account.is_some() && self.state() != State::LoggedIn {
            return Err(RefusalCode::NotConnected.into());
        }
        self.require(Stage::LoggedIn)?;
        let text = ChatText::parse(text)?;
        let deadline = now.saturating_add(self.config.request_timeout());
        let Some(id) = self.requests.begin_chat(deadline) else {
            return Err(RefusalCode::TooManyPending.into());
        };
        self.send(&ClientPacket::Chat { id, text });
        Ok(())
    }

    /// Refuses what the server would, without asking it.
    fn require(&self, stage: Stage) -> Result<(), Refusal> {
        let Link::Up(up) = &self.link else {
            return Err(RefusalCode::NotConnected.into());
        };
        // The stage the server will be in once it has read all that was sent.
        let is_in = up.logged_in && !up.leaving;
        match stage {
            Stage::LoggedOut if is_in => Err(RefusalCode::Server(DenyCode::AlreadyLoggedIn).into()),
            Stage::LoggedIn if !is_in => Err(RefusalCode::Server(DenyCode::NotLoggedIn).into()),
            _ if self.actions.len() >= MAX_ACTIONS => Err(RefusalCode::TooManyPending.into()),
            Stage::LoggedOut | Stage::LoggedIn => Ok(()),
        }
    }

    fn begin(&mut self, now: Duration, request: Request) -> RequestId {
        let deadline = now.saturating_add(self.config.request_timeout());
        self.requests.begin(request, deadline)
    }

    fn send(&mut self, packet: &ClientPacket) {
        self.actions.push_back(Action::Send(codec::encode(packet)));
    }

    fn resume(&mut self, now: Duration) {
        let Some(account) = &self.account else { return };
        let token = account.token.clone();
        let id = self.begin(now, Request::Resume);
        self.send(&ClientPacket::Resume { id, token });
    }
}

/// Answers and announcements.
impl Session {
    /// The client's own greeting, once per transport.
    fn greet(&mut self, now: Duration) {
        if let Link::Opening { opened, .. } = &mut self.link
            && !*opened
        {
            *opened = true;
            let id = self.begin(now, Request::Hello);
            let client = self.config.client_name.clone();
            self.send(&ClientPacket::Hello {
                id,
                protocol: PROTOCOL_VERSION,
                client,
            });
        }
    }

    /// The first packet decides whether this is a server for us.
    fn handle_first(&mut self, now: Duration, packet: Option<ServerPacket>) {
        match packet {
            Some(ServerPacket::Hello {
                protocol: PROTOCOL_VERSION,
                message_of_the_day,
                limits,
                ..
            }) => {
                self.enter(Link::Up(Up {
                    since: now,
                    logged_in: false,
                    leaving: false,
                    proven: false,
                    heartbeat: Heartbeat::Heard(now),
                    resume_at: None,
                }));
                self.announce(Event::Connected {
                    message_of_the_day,
                    limits,
                });
                self.resumes.reset();
                self.resume(now);
            }
            Some(ServerPacket::Hello { protocol, .. }) if protocol > PROTOCOL_VERSION => {
                self.give_up(now, DisconnectReason::Server(CloseReason::UpdateRequired));
            }
            Some(ServerPacket::Deny {
                code: DenyCode::UpdateRequired,
                ..
            }) => self.give_up(now, DisconnectReason::Server(CloseReason::UpdateRequired)),
            _ => self.give_up(now, DisconnectReason::WrongServer),
        }
    }

    fn handle(&mut self, now: Duration, packet: ServerPacket) {
        match packet {
            ServerPacket::Hello { .. } => self.ignore("a second hello"),
            ServerPacket::Ok { id } => self.handle_ok(id),
            ServerPacket::Deny {
                id: Some(id),
                code,
                reason,
                field,
                limit,
                retry_after_ms,
            } => {
                let code = RefusalCode::Server(code);
                let refusal = Refusal {
                    code,
                    reason,
                    field,
                    limit,
                    retry_after_ms,
                };
                self.handle_deny(now, id, refusal);
            }
            ServerPacket::Deny { id: None, code, .. } => {
                let text = format!("the server did not understand a packet: {code}");
                self.ignore(&text);
            }
            ServerPacket::LoggedIn {
                id,
                username,
                resume_token,
            } => self.handle_logged_in(now, id, username, resume_token),
            ServerPacket::Chat {
                sender,
                text,
                sent_at_ms,
            } => {
                if self.state() == State::LoggedIn {
                    self.announce(Event::ChatReceived {
                        sender,
                        text,
                        sent_at_ms,
                    });
                }
            }
        }
    }

    fn handle_ok(&mut self, id: RequestId) {
        if self.requests.settle_chat(id, Ok(())) {
            return self.announce_chat_outcomes();
        }
        // A login is never answered by a bare `ok`: it would bring no token.
        let fits = |request: &Request| !matches!(request, Request::Login | Request::Resume);
        match self.requests.take(id, fits) {
            Some(Request::Register(username)) => {
                let username = username.as_str().to_owned();
                self.announce(Event::Registered { username });
            }
            Some(Request::Logout) => self.end_session(LogoutReason::Asked),
            Some(Request::Hello | Request::Login | Request::Resume | Request::Undo) | None => {}
        }
    }

    fn handle_deny(&mut self, now: Duration, id: RequestId, refusal: Refusal) {
        if self.requests.settle_chat(id, Err(refusal.clone())) {
            return self.announce_chat_outcomes();
        }
        match self.requests.take(id, |_| true) {
            Some(Request::Hello) => self.hello_denied(now, &refusal),
            Some(Request::Register(_)) => self.announce(Event::RegisterDenied(refusal)),
            Some(Request::Login) => self.announce(Event::LoginDenied(refusal)),
            Some(Request::Resume) => self.resume_denied(now, &refusal),
            Some(request @ (Request::Logout | Request::Undo)) => {
                self.logout_denied(now, &request, &refusal);
            }
            None => {}
        }
    }

    fn hello_denied(&mut self, now: Duration, refusal: &Refusal) {
        if refusal.code == RefusalCode::Server(DenyCode::UpdateRequired) {
            self.give_up(now, DisconnectReason::Server(CloseReason::UpdateRequired));
        } else {
            // The server greeted us, so it will do without our greeting.
            self.ignore(&format!("the greeting was refused: {refusal}"));
        }
    }

    fn resume_denied(&mut self, now: Duration, refusal: &Refusal) {
        let is_for_now = refusal.retry_after_ms.is_some()
            || matches!(
                refusal.code,
                RefusalCode::Server(
                    DenyCode::RateLimited
                        | DenyCode::Busy
                        | DenyCode::Unavailable
                        | DenyCode::Restarting
                )
            );
        if !is_for_now {
            return self.end_session(LogoutReason::SessionExpired);
        }
        let asked = Duration::from_millis(refusal.retry_after_ms.unwrap_or(0).into());
        let cap = self.config.reconnect_max_delay;
        let spread = self.resumes.next_delay(&mut self.rng, Duration::ZERO, cap);
        let delay = asked.min(LONGEST_RESUME_DELAY).saturating_add(spread);
        if let Link::Up(up) = &mut self.link {
            up.resume_at = Some(now.saturating_add(delay));
        }
    }

    fn logout_denied(&mut self, now: Duration, request: &Request, refusal: &Refusal) {
        if refusal.code != RefusalCode::Server(DenyCode::NotLoggedIn) {
            // The player is to be out, and on a fresh connection is.
            self.give_up(now, DisconnectReason::ConnectionLost);
        } else if *request == Request::Logout {
            self.end_session(LogoutReason::Asked);
        }
    }

    fn handle_logged_in(
        &mut self,
        now: Duration,
        id: RequestId,
        username: String,
        token: ResumeToken,
    ) {
        let fits = |request: &Request| matches!(request, Request::Login | Request::Resume);
        let Some(request) = self.requests.take(id, fits) else {
            if self.requests.was_abandoned(id) && self.state() == State::Connected {
                // The player was told that nothing came of it; make it true.
                let id = self.begin(now, Request::Undo);
                self.send(&ClientPacket::Logout { id });
            }
            return;
        };
        if request == Request::Login && self.account.is_some() {
            // Out and in again at once, and the first answer is missing.
            self.requests.forget(&Request::Logout);
            self.end_session(LogoutReason::Asked);
        }
        self.account = Some(Account {
            username: username.clone(),
            token,
        });
        if let Link::Up(up) = &mut self.link {
            up.logged_in = true;
            up.proven |= request == Request::Login;
        }
        self.announce_state();
        self.announce(Event::LoggedIn { username });
    }

    /// Notes a packet that makes no sense. Says so ever more rarely: a broken
    /// server must not fill the developer's console.
    fn ignore(&mut self, what: &str) {
        self.ignored_packets += 1;
        if self.ignored_packets.is_power_of_two() {
            self.announce(Event::Warning(format!("ignored a packet: {what}")));
        }
    }

    fn announce_chat_outcomes(&mut self) {
        while let Some(outcome) = self.requests.next_chat_outcome() {
            self.announce(match outcome {
                Ok(()) => Event::ChatAccepted,
                Err(refusal) => Event::ChatDenied(refusal),
            });
        }
    }
}

/// Time, beginnings and ends.
impl Session {
    /// Notices how long the driver was away; every call starts here.
    fn arrive(&mut self, now: Duration) -> Duration {
        let now = now.max(self.last_call);
        let away = now.saturating_sub(self.last_call.max(self.excused_until));
        self.last_call = now;
        if away > STALL {
            let earliest = now.saturating_add(GRACE);
            self.requests.postpone(away, earliest);
            match &mut self.link {
                Link::Opening { deadline, .. } => {
                    *deadline = deadline.saturating_add(away).max(earliest);
                }
                Link::Up(up) => up.heartbeat = Heartbeat::AskNow,
                Link::Offline | Link::Waiting { .. } => {}
            }
        }
        now
    }

    fn tick_up(&mut self, now: Duration) {
        self.requests.expire_chats(now);
        self.announce_chat_outcomes();
        while let Some(request) = self.requests.take_expired(now) {
            let refusal = Refusal::from(RefusalCode::TimedOut);
            match request {
                Request::Hello => {}
                Request::Register(_) => self.announce(Event::RegisterDenied(refusal)),
                Request::Login => self.announce(Event::LoginDenied(refusal)),
                // A server that cannot answer these is better tried afresh.
                Request::Resume | Request::Logout | Request::Undo => {
                    return self.give_up(now, DisconnectReason::ConnectionLost);
                }
            }
        }
        let interval = self.config.heartbeat_interval();
        let Link::Up(up) = &mut self.link else { return };
        let is_resume_due = up.resume_at.take_if(|at| now >= *at).is_some();
        let pulse = up.heartbeat.check(now, interval);
        if is_resume_due {
            self.resume(now);
        }
        match pulse {
            Pulse::Fine => {}
            Pulse::Ask => {
                // Whatever is received next is the answer.
                let id = self.requests.next_id();
                self.send(&ClientPacket::Ping { id });
            }
            Pulse::Lost => self.give_up(now, DisconnectReason::ConnectionLost),
        }
    }

    fn open(&mut self, now: Duration) {
        self.requests.start_over();
        self.actions.push_back(Action::Open);
        let deadline = now.saturating_add(self.config.connect_timeout());
        self.enter(Link::Opening {
            deadline,
            opened: false,
        });
    }

    /// Ends a connection that is of no use.
    fn give_up(&mut self, now: Duration, reason: DisconnectReason) {
        // What waits to be sent would only linger on a dead connection.
        self.actions
            .retain(|action| !matches!(action, Action::Send(_)) || !self.has_transport);
        let code = match reason {
            DisconnectReason::Server(reason) => reason.code(),
            DisconnectReason::WrongServer => CloseReason::ProtocolError.code(),
            _ => CLOSE_TIMED_OUT,
        };
        self.drop_transport(code, reason.name());
        self.lose(now, reason);
    }

    fn drop_transport(&mut self, code: u16, reason: &'static str) {
        if self.has_transport {
            self.has_transport = false;
            self.actions.push_back(Action::Close { code, reason });
        } else if self.actions.back() == Some(&Action::Open) {
            self.actions.pop_back();
        }
    }

    /// Settles everything that depended on a connection, and decides whether
    /// to try again.
    fn lose(&mut self, now: Duration, reason: DisconnectReason) {
        let was_first_try = self.state() == State::Connecting;
        let (was_up, was_leaving) = match &self.link {
            Link::Up(up) => {
                // A server that says it restarts is in good order, too.
                let is_orderly = reason == DisconnectReason::Server(CloseReason::Restarting);
                let is_sound = now.saturating_sub(up.since) >= PROVEN_AFTER;
                if up.proven || is_sound || is_orderly {
                    self.reconnects.reset();
                }
                (true, up.leaving)
            }
            Link::Offline | Link::Waiting { .. } | Link::Opening { .. } => (false, false),
        };
        self.fail_requests();

        let will_retry = self.config.reconnect && reason.may_retry();
        let delay = will_retry.then(|| {
            let cap = self.config.reconnect_max_delay;
            let window = least_window(reason);
            self.reconnects.next_delay(&mut self.rng, window, cap)
        });
        self.enter(match delay {
            Some(delay) => Link::Waiting {
                until: now.saturating_add(delay),
                after: reason,
            },
            None => Link::Offline,
        });
        if was_leaving {
            self.end_session(LogoutReason::Asked);
        } else if !will_retry {
            self.end_session(LogoutReason::Disconnected(reason));
        }
        if was_up || was_first_try || !will_retry {
            self.announce(Event::Disconnected { reason, will_retry });
        }
        if let Some(delay) = delay {
            let attempt = self.reconnects.attempts();
            self.announce(Event::Reconnecting { attempt, delay });
        }
    }

    fn fail_requests(&mut self) {
        while let Some(request) = self.requests.take_any() {
            let refusal = Refusal::from(RefusalCode::ConnectionLost);
            match request {
                Request::Register(_) => self.announce(Event::RegisterDenied(refusal)),
                Request::Login => self.announce(Event::LoginDenied(refusal)),
                Request::Hello | Request::Resume | Request::Logout | Request::Undo => {}
            }
        }
        self.requests.fail_chats(RefusalCode::ConnectionLost);
        self.announce_chat_outcomes();
    }

    /// Forgets the account, if there is one.
    fn end_session(&mut self, reason: LogoutReason) {
        if let Link::Up(up) = &mut self.link {
            up.logged_in = false;
            up.leaving = false;
            up.resume_at = None;
        }
        if self.account.take().is_some() {
            self.announce_state();
            self.announce(Event::LoggedOut { reason });
        }
    }

    fn enter(&mut self, link: Link) {
        self.link = link;
        self.announce_state();
    }

    fn announce_state(&mut self) {
        let state = self.state();
        if state != self.announced {
            self.announced = state;
            self.announce(Event::StateChanged(state));
        }
    }

    fn announce(&mut self, event: Event) {
        if self.events.len() >= MAX_EVENTS {
            self.events.pop_front();
            self.lost_events += 1;
        }
        self.events.push_back(event);
    }
}

/// How widely to spread the first tries of clients that lost a connection for
/// the same reason at the same time.
fn least_window(reason: DisconnectReason) -> Duration {
    match reason {
        DisconnectReason::Server(CloseReason::Restarting) => Duration::from_secs(4),
        DisconnectReason::Server(
            CloseReason::Flooding | CloseReason::TooManyConnections | CloseReason::TooSlow,
        ) => Duration::from_secs(10),
        _ => Duration::ZERO,
    }
}
