//! Time passes, and connections begin and end.

use std::time::Duration;

use longhall_packet::{ClientPacket, CloseReason};

use super::{Link, MAX_EVENTS, Session};
use crate::heartbeat::{Heartbeat, Pulse};
use crate::logs::Logs;
use crate::markers::Markers;
use crate::presence::Presence;
use crate::requests::Request;
use crate::{Action, Answer, DisconnectReason, Event, LogoutReason, Refusal, RefusalCode, State};

/// A driver that was away longer than this may have left answers unread.
const STALL: Duration = Duration::from_secs(2);

/// What is left of every deadline, at least, after a stall.
const GRACE: Duration = Duration::from_secs(1);

/// A connection that stayed up so long is sound, and the next loss starts
/// counting tries afresh.
const PROVEN_AFTER: Duration = Duration::from_secs(10);

/// The close code for a peer that fell silent (3008, "timeout", in the IANA
/// registry; endpoints may not send the codes below 3000 except 1000).
const CLOSE_TIMED_OUT: u16 = 3008;

impl Session {
    /// Notices how long the driver was away; every call starts here.
    pub(super) fn arrive(&mut self, now: Duration) -> Duration {
        let now = now.max(self.last_call);
        let away = now.saturating_sub(self.last_call.max(self.excused_until));
        self.last_call = now;
        if away > STALL {
            let earliest = now.saturating_add(GRACE);
            self.requests.postpone(away, earliest);
            self.outgoing.postpone(away, earliest);
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

    pub(super) fn tick_up(&mut self, now: Duration) {
        self.outgoing.expire(now);
        self.announce_chat_outcomes();
        while let Some(request) = self.requests.take_expired(now) {
            let refusal = Refusal::from(RefusalCode::TimedOut);
            match request {
                Request::Hello | Request::Presence => {}
                Request::Asked(call, _) => self.settle(call, Err(refusal)),
                Request::Page => self.page_denied(now, refusal),
                Request::Read => self.marker_denied(now, &refusal),
                Request::Register(_, call) => self.deny_register(call, refusal),
                Request::Login(call) => self.deny_login(call, refusal),
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
        self.pump_lines(now);
        self.pump_markers(now);
        self.pump_timelines(now);
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

    pub(super) fn open(&mut self, now: Duration) {
        self.actions.push_back(Action::Open);
        let deadline = now.saturating_add(self.config.connect_timeout());
        self.enter(Link::Opening {
            deadline,
            opened: false,
        });
    }

    /// Ends a connection that is of no use.
    pub(super) fn give_up(&mut self, now: Duration, reason: DisconnectReason) {
        if self.has_transport {
            // What waits to be sent would only linger on a dead connection.
            self.actions.clear();
        }
        let code = match reason {
            DisconnectReason::Server(reason) => reason.code(),
            DisconnectReason::WrongServer => CloseReason::ProtocolError.code(),
            _ => CLOSE_TIMED_OUT,
        };
        self.drop_transport(code, reason.name());
        self.lose(now, reason);
    }

    pub(super) fn drop_transport(&mut self, code: u16, reason: &'static str) {
        if self.has_transport {
            self.has_transport = false;
            self.actions.push_back(Action::Close { code, reason });
        } else if self.actions.back() == Some(&Action::Open) {
            self.actions.pop_back();
        }
    }

    /// Settles everything that depended on a connection, and decides whether
    /// to try again.
    pub(super) fn lose(&mut self, now: Duration, reason: DisconnectReason) {
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
        for call in std::mem::take(&mut self.connects) {
            self.settle(call, Err(RefusalCode::NoConnection(reason).into()));
        }

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
            self.announce(Event::Disconnected {
                reason,
                retry_in: delay,
            });
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
                Request::Register(_, call) => self.deny_register(call, refusal),
                Request::Login(call) => self.deny_login(call, refusal),
                Request::Asked(call, _) => self.settle(call, Err(refusal)),
                Request::Hello
                | Request::Resume
                | Request::Logout
                | Request::Undo
                | Request::Page
                | Request::Read
                | Request::Presence => {}
            }
        }
        self.end_pages(RefusalCode::ConnectionLost);
        self.markers.connection_lost();
        self.outgoing.recall();
    }

    /// Notes where the logs of an account end, for its next login.
    pub(super) fn note_ends(&mut self, username: &str) {
        if let Some(ends) = self.logs.ends(username) {
            self.ends = ends;
        }
    }

    /// Forgets the account, if there is one. Not which store its numbers are of.
    pub(super) fn end_session(&mut self, reason: LogoutReason) {
        if let Link::Up(up) = &mut self.link {
            up.logged_in = false;
            up.leaving = false;
            up.resume_at = None;
        }
        if let Some(account) = self.account.take() {
            while let Some(request) = self.requests.take_of_account() {
                if let Request::Asked(call, _) = request {
                    self.settle(call, Err(RefusalCode::ConnectionLost.into()));
                }
            }
            self.end_pages(RefusalCode::ConnectionLost);
            self.outgoing.fail();
            self.announce_chat_outcomes();
            self.note_ends(&account.username);
            self.logs = Logs::default();
            self.markers = Markers::default();
            self.presence = Presence::default();
            self.announce_state();
            self.announce(Event::LoggedOut { reason });
        }
        if let Some(call) = self.logout.take() {
            self.settle(call, Ok(Answer::Done));
        }
    }

    pub(super) fn enter(&mut self, link: Link) {
        self.link = link;
        self.announce_state();
    }

    pub(super) fn announce_state(&mut self) {
        let state = self.state();
        if state != self.announced {
            self.announced = state;
            self.announce(Event::StateChanged(state));
        }
    }

    pub(super) fn announce(&mut self, event: Event) {
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
