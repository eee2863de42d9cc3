//! The state machine: calls, packets and time in; actions and events out.
//!
//! This file holds what a driver does. Each theme has a file of its own, from the calls
//! of the player to what comes of them: `connection` (time, beginnings and ends),
//! `account` (logging in and out), `entering` (registering, guests), `chatting` (the
//! player's own lines), `history` (everybody's lines), `channels` (where the account is),
//! `halls` (which hall of the lobby), `own_data` (what becomes of the account),
//! `reporting` (what goes to moderators, and what they do). `calls` holds the
//! other calls of a player who is logged in, `asking` what goes out for them, and
//! `answers` what comes in.
//!
//! The session conducts. What it knows, it knows by its parts, each with fields and rules
//! of its own that no file here can touch.

mod account;
mod answers;
mod asking;
mod calls;
mod channels;
mod chatting;
mod connection;
mod entering;
mod halls;
mod history;
mod recovery;
mod own_data;
mod profiles;
mod reporting;
mod tickets;
mod moderation;

use std::time::Duration;

use fastrand::Rng;
use longhall_packet::{ClientPacket, CloseReason, DenyCode, codec};

use crate::clock::Clock;
use crate::conversations::Conversations;
use crate::entrance::Entrance;
use crate::link::{Link, LinkAction};
use crate::login::Login;
use crate::markers::Markers;
use crate::outgoing::Outgoing;
use crate::pages::Pages;
use crate::presence::Presence;
use crate::queues::Queues;
use crate::requests::Requests;
use crate::sanctions::ToldSanctions;
use crate::{Action, Answer, Call, CallError, Config, DisconnectReason, Event, State};

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
/// It reports what happens to the transport by [`received`](Self::received)
/// and [`closed`](Self::closed), and then calls
/// [`tick`](Self::tick): once a frame, or by the time
/// [`next_deadline`](Self::next_deadline) names. Reading before ticking
/// matters: what was read can no longer time out.
///
/// There is one transport at a time, from [`Action::Open`] until `closed` is
/// reported or [`Action::Close`] is given out, whichever is first. Nothing may
/// be reported about it afterwards. (The session ignores such a report until the
/// next `Action::Open` is taken; later it would take it for news of the new
/// transport.)
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
/// session.received(now, br#"{"type":"hello","protocol":2,"server":"longhall-server/0.2.0",
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
///     Event::LoginDenied(error),
/// ] if message_of_the_day == "Well met!" && error.code.name() == "too_short"));
/// ```
#[derive(Debug)]
pub struct Session {
    config: Config,
    rng: Rng,
    clock: Clock,
    link: Link,
    login: Login,
    entrance: Entrance,
    requests: Requests,
    outgoing: Outgoing,
    conversations: Conversations,
    pages: Pages,
    markers: Markers,
    presence: Presence,
    sanctions: ToldSanctions,
    queues: Queues,
    ignored_packets: u64,
}

impl Session {
    /// A session that is offline. `seed` spreads the tries of many clients:
    /// take it from the system's randomness.
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            config,
            rng: Rng::with_seed(seed),
            clock: Clock::default(),
            link: Link::default(),
            login: Login::default(),
            entrance: Entrance::default(),
            requests: Requests::default(),
            outgoing: Outgoing::default(),
            conversations: Conversations::default(),
            pages: Pages::default(),
            markers: Markers::default(),
            presence: Presence::default(),
            sanctions: ToldSanctions::default(),
            queues: Queues::default(),
            ignored_packets: 0,
        }
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
    /// One frame arrived, text or binary.
    pub fn received(&mut self, now: Duration, bytes: &[u8]) {
        let now = self.begin_call(now);
        if !self.queues.has_transport() {
            return;
        }
        if self.link.heard(now) {
            // By far the most of all packets: see `handle_chat`.
            if let Some((channel, line)) = codec::decode_chat(bytes) {
                if self.state() == State::LoggedIn {
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
        let now = self.begin_call(now);
        if !self.queues.transport_gone() {
            return;
        }
        let reason = match code.and_then(CloseReason::from_code) {
            Some(named) => {
                if let Some(sanction) = named.sanction_in(reason) {
                    self.announce_sanction(sanction);
                }
                DisconnectReason::Server(named)
            }
            None if self.link.is_up() => DisconnectReason::ConnectionLost,
            None => {
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
        let now = self.begin_call(now);
        if self.queues.transport_gone() {
            self.tell_cause(cause);
            self.lose(now, reason);
        }
    }

    fn tell_cause(&mut self, cause: &str) {
        if !cause.is_empty() && self.link.is_watched() {
            self.announce(Event::Warning(cause.to_owned()));
        }
    }

    /// There is no transport to the address that [`Action::Open`] was for, now
    /// or ever: it is malformed.
    pub fn unusable(&mut self, now: Duration) {
        let now = self.begin_call(now);
        if self.queues.transport_gone() {
            self.lose(now, DisconnectReason::InvalidAddress);
        }
    }

    /// Time has passed: asks, gives up or tries again where it is due.
    pub fn tick(&mut self, now: Duration) {
        let now = self.begin_call(now);
        if self.link.is_up() {
            self.expire(now);
        }
        // The server may have been given up.
        if self.link.is_up() {
            self.pump(now);
        }
        match self.link.tick(now, &self.config) {
            None => {}
            Some(LinkAction::Open) => self.open(now),
            Some(LinkAction::Ping) => {
                let id = self.requests.next_id();
                self.send(&ClientPacket::Ping { id });
            }
            Some(LinkAction::Lose(reason)) => self.lose(now, reason),
            Some(LinkAction::GiveUp(reason)) => self.give_up(now, reason),
        }
        self.tell_counts();
    }

    /// Tells how many lines wait to be read, as [`tick`](Self::tick) does: one
    /// [`Event::UnreadChanged`] for all the lines of a conversation since the last
    /// time. For a driver that may not tick yet, because packets lie unread.
    pub fn tell_counts(&mut self) {
        if self.conversations.has_untold_counts() {
            self.announce_unread();
        }
    }

    /// The next thing to do, oldest first.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.queues.poll_action()
    }

    /// The next thing to tell the game, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.queues.poll_event()
    }

    /// How a call ended, oldest first: each ends exactly once. To be asked
    /// after [`poll_event`](Self::poll_event), whose events tell the same to
    /// those who did not call. Holds one outcome per call however many wait.
    pub fn poll_outcome(&mut self) -> Option<(Call, Result<Answer, CallError>)> {
        self.queues.poll_outcome()
    }

    /// When [`tick`](Self::tick) is due next, for a driver that sleeps; `None`
    /// when only the player can start something. The driver counts as present
    /// until then.
    pub fn next_deadline(&mut self) -> Option<Duration> {
        let last_call = self.clock.last_call();
        let deadline = if self.conversations.has_untold_counts() {
            Some(last_call)
        } else {
            let link = self.link.next_deadline(last_call, &self.config);
            let parts = self.link.is_up().then(|| self.next_due()).flatten();
            link.into_iter().chain(parts).min()
        };
        if let Some(deadline) = deadline {
            self.clock.sleep_until(deadline);
        }
        deadline
    }
}
