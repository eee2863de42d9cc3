//! The state machine: calls, packets and time in; actions and events out.
//!
//! This file holds what a player may call at any time, and what a driver does;
//! `calls` holds what a player may ask for once logged in. What follows from it
//! is in `asking` (requests that go out), `answers` (packets that come in),
//! `chatting` (the player's own lines), `history` (everybody's lines),
//! `channels` (where the account is) and `connection` (time, beginnings and
//! ends).

mod answers;
mod asking;
mod calls;
mod channels;
mod chatting;
mod connection;
mod history;

use std::collections::VecDeque;
use std::time::Duration;

use fastrand::Rng;
use longhall_packet::{ClientPacket, CloseReason, DenyCode, ResumeToken, codec};

use crate::backoff::Backoff;
use crate::heartbeat::Heartbeat;
use crate::logs::{Ends, Logs};
use crate::markers::Markers;
use crate::outgoing::Outgoing;
use crate::presence::Presence;
use crate::requests::{Request, Requests};
use crate::{
    Action, Answer, Call, Config, DisconnectReason, Event, LogoutReason, Refusal, RefusalCode,
    State,
};

/// Events that wait for [`Session::poll_event`] at most. Further ones push out
/// the oldest, and a [`Event::Warning`] says how many were lost.
pub const MAX_EVENTS: usize = 4096;

/// Most entries of a list that is asked for; a longer one is cut off.
pub const MAX_LISTED: usize = 1000;

/// The close code of a player who leaves.
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
/// 2. passes on every event of [`poll_event`](Self::poll_event), and every
///    outcome of [`poll_outcome`](Self::poll_outcome).
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
/// session.received(now, br#"{"type":"hello","protocol":2,"server":"longhall/0.1.0",
///     "message_of_the_day":"Well met!","limits":{"username_min_chars":3,
///     "username_max_chars":20,"password_min_chars":8,"password_max_chars":99,
///     "chat_max_chars":500,"packet_max_bytes":8192,"channel_max_chars":24,
///     "topic_max_chars":120,"presence_max_chars":60,"page_max_lines":500,
///     "channels_per_account":20,"edit_window_s":900}}"#);
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
    /// End with the present try to connect.
    connects: Vec<Call>,
    /// Ends with the account.
    logout: Option<Call>,
    requests: Requests,
    outgoing: Outgoing,
    logs: Logs,
    /// The store that all numbers belong to, as far as a server has said. Outlives the
    /// account, as what is on the screen does.
    epoch: String,
    /// Where the logs of the last account ended.
    ends: Ends,
    pages: history::Pages,
    markers: Markers,
    presence: Presence,
    reconnects: Backoff,
    resumes: Backoff,
    rng: Rng,

    last_call: Duration,
    /// The driver sleeps until then with good reason.
    excused_until: Duration,

    actions: VecDeque<Action>,
    events: VecDeque<Event>,
    outcomes: VecDeque<(Call, Result<Answer, Refusal>)>,
    announced: State,
    lost_events: u64,
    /// Lines have come since the counts of unread ones were told.
    has_untold_counts: bool,
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
            connects: Vec::new(),
            logout: None,
            requests: Requests::default(),
            outgoing: Outgoing::default(),
            logs: Logs::default(),
            epoch: String::new(),
            ends: Ends::default(),
            pages: history::Pages::default(),
            markers: Markers::default(),
            presence: Presence::default(),
            reconnects: Backoff::default(),
            resumes: Backoff::default(),
            rng: Rng::with_seed(seed),
            last_call: Duration::ZERO,
            excused_until: Duration::ZERO,
            actions: VecDeque::new(),
            events: VecDeque::new(),
            outcomes: VecDeque::new(),
            announced: State::Offline,
            lost_events: 0,
            has_untold_counts: false,
            ignored_packets: 0,
        }
    }

    /// Connects. Does nothing when connected or about to be; while waiting for
    /// the next try, tries at once. The call ends with this try.
    pub fn connect(&mut self, now: Duration) -> Call {
        let now = self.arrive(now);
        let call = self.requests.next_call();
        if let Link::Up(_) = self.link {
            self.settle(call, Ok(Answer::Done));
            return call;
        }
        self.connects.push(call);
        match self.link {
            Link::Offline => {
                self.reconnects.reset();
                self.open(now);
            }
            Link::Waiting { .. } => self.open(now),
            Link::Opening { .. } | Link::Up(_) => {}
        }
        call
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
    pub fn register(&mut self, now: Duration, username: &str, password: &str) -> Call {
        let now = self.arrive(now);
        let call = self.requests.next_call();
        if let Err(refusal) = self.try_register(now, call, username, password) {
            self.deny_register(call, refusal);
        }
        call
    }

    /// Logs in; ends in [`Event::LoggedIn`] or [`Event::LoginDenied`].
    ///
    /// The password is sent and not kept. Refused with
    /// [`RefusalCode::AlreadyPending`] while another login, or taking up the
    /// session after a cut, is under way.
    pub fn login(&mut self, now: Duration, username: &str, password: &str) -> Call {
        let now = self.arrive(now);
        let call = self.requests.next_call();
        if let Err(refusal) = self.try_login(now, call, username, password) {
            self.deny_login(call, refusal);
        }
        call
    }

    /// Logs out; ends in [`Event::LoggedOut`] whatever the server says. The
    /// connection stays, unless the server does not confirm: then it is opened
    /// anew. Only its call is refused when there is nobody to log out, or this
    /// is under way already.
    pub fn logout(&mut self, now: Duration) -> Call {
        let now = self.arrive(now);
        let call = self.requests.next_call();
        if self.account.is_none() {
            let refusal = RefusalCode::Server(DenyCode::NotLoggedIn).into();
            self.settle(call, Err(refusal));
            return call;
        }
        if self.logout.is_some() {
            self.settle(call, Err(RefusalCode::AlreadyPending.into()));
            return call;
        }
        self.logout = Some(call);
        match &mut self.link {
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
        call
    }

    /// Takes up the session that a [`ticket`](Self::ticket) names, as after a
    /// cut, as soon as there is a connection: ends in [`Event::LoggedIn`] or,
    /// with [`LogoutReason::SessionExpired`], in [`Event::LoggedOut`]. Only for
    /// a session that is offline and has no account; otherwise does nothing.
    pub fn restore(&mut self, username: &str, token: ResumeToken) {
        if self.account.is_none() && matches!(self.link, Link::Offline) {
            self.account = Some(Account {
                username: username.to_owned(),
                token,
            });
        }
    }

    /// What it takes to [`restore`](Self::restore) this session later: the
    /// name, and a token that changes with each [`Event::LoggedIn`]. As good as
    /// a password until it expires or the player logs out.
    pub fn ticket(&self) -> Option<(&str, &ResumeToken)> {
        let account = self.account.as_ref()?;
        Some((&account.username, &account.token))
    }

    /// Whether there is an account whose session is not, or not yet, taken up
    /// again.
    pub fn is_resuming(&self) -> bool {
        self.account.is_some() && self.state() != State::LoggedIn
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

    /// How long until the next try to connect; `None` when none is waited for.
    pub fn retry_in(&self, now: Duration) -> Option<Duration> {
        match &self.link {
            Link::Waiting { until, .. } => Some(until.saturating_sub(now)),
            Link::Offline | Link::Opening { .. } | Link::Up(_) => None,
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
        if let Link::Up(up) = &mut self.link {
            up.heartbeat = Heartbeat::Heard(now);
            // By far the most of all packets: see `handle_chat`.
            if let Some((channel, line)) = codec::decode_chat(bytes) {
                if up.logged_in {
                    self.handle_chat(now, channel, line);
                }
                return;
            }
            match codec::decode_server_packet(bytes) {
                Ok(packet) => self.handle(now, packet),
                // A newer server announces something this build cannot show.
                Err(error) if error.denial.code == DenyCode::UnknownPacket => {}
                Err(error) => self.ignore(&error.to_string()),
            }
        } else {
            self.handle_first(now, codec::decode_server_packet(bytes).ok());
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
                if !reason.is_empty() {
                    let reason = reason.escape_debug();
                    self.tell_cause(&format!("could not connect: {reason}"));
                }
                DisconnectReason::ServerUnreachable
            }
        };
        self.lose(now, reason);
    }

    /// The transport could not be opened, and the driver has found out why: see
    /// [`diagnosis`](crate::diagnosis). `cause` is for the developer's console only, and
    /// told of a first try; it may be empty.
    pub fn failed(&mut self, now: Duration, reason: DisconnectReason, cause: &str) {
        let now = self.arrive(now);
        if !self.has_transport {
            return;
        }
        self.has_transport = false;
        self.actions.clear();
        self.tell_cause(cause);
        self.lose(now, reason);
    }

    fn tell_cause(&mut self, cause: &str) {
        if !cause.is_empty() && (self.reconnects.attempts() == 0 || !self.connects.is_empty()) {
            self.announce(Event::Warning(cause.to_owned()));
        }
    }

    /// There is no transport to the address that [`Action::Open`] was for, now
    /// or ever: it is malformed.
    pub fn unusable(&mut self, now: Duration) {
        let now = self.arrive(now);
        if self.has_transport {
            self.has_transport = false;
            self.actions.clear();
            self.lose(now, DisconnectReason::InvalidAddress);
        }
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
        self.tell_counts();
    }

    /// Tells how many lines wait to be read, as [`tick`](Self::tick) does: one
    /// [`Event::UnreadChanged`] for all the lines of a conversation since the last
    /// time. For a driver that may not tick yet, because packets lie unread.
    pub fn tell_counts(&mut self) {
        if self.has_untold_counts {
            self.announce_unread();
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

    /// How a call ended, oldest first: each ends exactly once. To be asked
    /// after [`poll_event`](Self::poll_event), whose events tell the same to
    /// those who did not call. Holds one outcome per call however many wait.
    pub fn poll_outcome(&mut self) -> Option<(Call, Result<Answer, Refusal>)> {
        self.outcomes.pop_front()
    }

    /// When [`tick`](Self::tick) is due next, for a driver that sleeps; `None`
    /// when only the player can start something. The driver counts as present
    /// until then.
    pub fn next_deadline(&mut self) -> Option<Duration> {
        let deadline = match &self.link {
            _ if self.has_untold_counts => Some(self.last_call),
            Link::Offline => None,
            Link::Waiting { .. } if !self.config.reconnect => Some(self.last_call),
            Link::Waiting { until, .. } => Some(*until),
            Link::Opening { deadline, .. } => Some(*deadline),
            Link::Up(up) => {
                let heartbeat = up.heartbeat.deadline(self.config.heartbeat_interval());
                let times = [
                    heartbeat,
                    up.resume_at,
                    self.requests.next_deadline(),
                    self.next_line_at(),
                    self.next_page_at(),
                    self.next_marker_at(),
                ];
                times.into_iter().flatten().min()
            }
        };
        if let Some(deadline) = deadline {
            self.excused_until = deadline;
        }
        deadline
    }
}
