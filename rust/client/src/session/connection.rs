//! Time passes, and connections begin and end.

use std::time::Duration;

use longhall_packet::{
    ClientPacket, CloseReason, DenyCode, PROTOCOL_VERSION, ServerPacket, versions,
};

use super::Session;
use crate::requests::Request;
use crate::{Answer, Call, CallError, CallErrorCode, DisconnectReason, Event, LogoutReason, State};

/// The close code of a player who leaves.
const CLOSE_NORMAL: u16 = 1000;

/// The close code for a peer that fell silent (3008, "timeout", in the IANA
/// registry; endpoints may not send the codes below 3000 except 1000).
const CLOSE_TIMED_OUT: u16 = 3008;

/// What the player asks for.
impl Session {
    /// Connects. Does nothing when connected or about to be; while waiting for
    /// the next try, tries at once. The call ends with this try.
    pub fn connect(&mut self, now: Duration) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        if self.link.is_up() {
            self.settle(call, Ok(Answer::Done));
        } else if self.link.connect(call) {
            self.open(now);
        }
        call
    }

    /// While waiting for the next try, tries at once; otherwise does nothing.
    /// For when the system reports that the network is back.
    pub fn reconnect_now(&mut self, now: Duration) {
        let now = self.begin_call(now);
        if self.link.is_waiting() {
            self.open(now);
        }
    }

    /// For when the system gives back the time that it had taken from the game. The clock
    /// need not show it, since that of a phone stands still while it sleeps. Asks the server
    /// at once whether it is still there; while waiting for the next try, tries at once.
    pub fn resumed(&mut self, now: Duration) {
        self.link.doubt();
        self.reconnect_now(now);
    }

    /// Ends the connection and all tries for one, and logs the player out.
    pub fn disconnect(&mut self, now: Duration) {
        let now = self.begin_call(now);
        if !self.link.is_offline() {
            let reason = DisconnectReason::ClosedByClient;
            self.queues.close_transport(CLOSE_NORMAL, reason.name());
            self.lose(now, reason);
        }
    }

    /// Where the session stands now. Events that say so may still be waiting.
    pub fn state(&self) -> State {
        self.link.state()
    }

    /// Name and version of the server's program, while there is a connection:
    /// `"longhall-server/0.2.0"`.
    pub fn server(&self) -> Option<&str> {
        self.link.server()
    }

    /// The version in it. Empty without a connection, or if the server tells none.
    pub fn server_version(&self) -> &str {
        let version = self.server().and_then(|server| server.rsplit_once('/'));
        version.map_or("", |(_, version)| version)
    }

    /// How long until the next try to connect; `None` when none is waited for.
    pub fn retry_in(&self, now: Duration) -> Option<Duration> {
        self.link.retry_in(now)
    }
}

/// The greeting.
impl Session {
    /// The first packet decides whether this is a server for us, and in which version of the
    /// protocol both go on: the handshake chose it among those that we offered.
    pub(super) fn handle_first(&mut self, now: Duration, packet: Option<ServerPacket>) {
        match packet {
            Some(ServerPacket::Hello {
                protocol,
                server,
                message_of_the_day,
                limits,
                registration,
                guests,
            }) if versions::SPOKEN.contains(&protocol) => {
                let connects = self.link.came_up(now, server);
                self.greet(now, protocol);
                self.announce_state();
                if self.entrance.greeted(registration, guests) {
                    self.announce(Event::RegistrationChanged {
                        registration: self.entrance.registration(),
                        guests,
                    });
                }
                self.announce(Event::Connected {
                    message_of_the_day,
                    limits,
                });
                for call in connects {
                    self.settle(call, Ok(Answer::Done));
                }
                self.login.restart_resumes();
                self.resume(now);
            }
            Some(ServerPacket::Hello { protocol, .. }) => {
                let reason = match protocol > PROTOCOL_VERSION {
                    true => CloseReason::UpdateRequired,
                    false => CloseReason::ServerOutdated,
                };
                self.give_up(now, DisconnectReason::Server(reason));
            }
            Some(ServerPacket::Deny {
                code: DenyCode::UpdateRequired,
                ..
            }) => self.give_up(now, DisconnectReason::Server(CloseReason::UpdateRequired)),
            _ => self.give_up(now, DisconnectReason::WrongServer),
        }
    }

    /// The client's own greeting.
    fn greet(&mut self, now: Duration, protocol: u32) {
        let id = self.begin(now, Request::Hello);
        let client = self.config.client_name.clone();
        self.send(&ClientPacket::Hello {
            id,
            protocol,
            client,
        });
    }

    pub(super) fn hello_denied(&mut self, now: Duration, error: &CallError) {
        if error.code == CallErrorCode::Server(DenyCode::UpdateRequired) {
            self.give_up(now, DisconnectReason::Server(CloseReason::UpdateRequired));
        } else {
            // The server greeted us, so it will do without our greeting.
            self.ignore(&format!("the greeting was refused: {error}"));
        }
    }
}

/// Time, beginnings and ends.
impl Session {
    /// Notices how long the driver was away; every call starts here.
    pub(super) fn begin_call(&mut self, now: Duration) -> Duration {
        let (now, stall) = self.clock.begin_call(now);
        if let Some(stall) = stall {
            self.requests.postpone(stall);
            self.outgoing.postpone(stall);
            self.link.postpone(stall);
        }
        now
    }

    /// Ends what waited too long for its answer.
    pub(super) fn expire(&mut self, now: Duration) {
        self.outgoing.expire(now);
        self.announce_chat_outcomes();
        while let Some(request) = self.requests.take_expired(now) {
            let error = CallError::from(CallErrorCode::TimedOut);
            match request {
                Request::Hello | Request::Presence => {}
                Request::Challenge => self.deny_entrance(error),
                Request::Asked(call, _) => self.settle(call, Err(error)),
                Request::Page => self.page_denied(now, error),
                Request::Read => self.marker_denied(now, &error),
                Request::Register(_, call) => self.deny_register(call, error),
                Request::Login(call) => self.deny_login(call, error),
                Request::Recover(call) => self.settle(call, Err(error)),
                // A server that cannot answer these is better tried afresh.
                Request::Resume | Request::Logout | Request::Undo => {
                    return self.give_up(now, DisconnectReason::ConnectionLost);
                }
            }
        }
    }

    /// Sends what may be sent now.
    pub(super) fn pump(&mut self, now: Duration) {
        if self.login.is_resume_due(now) {
            self.resume(now);
        }
        self.pump_lines(now);
        self.pump_markers(now);
        self.pump_timelines(now);
    }

    /// When [`expire`](Self::expire) or [`pump`](Self::pump) has something to do.
    pub(super) fn next_due(&self) -> Option<Duration> {
        let times = [
            self.login.next_deadline(),
            self.requests.next_deadline(),
            self.next_line_at(),
            self.next_page_at(),
            self.next_marker_at(),
        ];
        times.into_iter().flatten().min()
    }

    pub(super) fn open(&mut self, now: Duration) {
        self.queues.open_transport();
        self.link
            .opening(now.saturating_add(self.config.connect_timeout()));
        self.announce_state();
    }

    /// Ends a connection that is of no use.
    pub(super) fn give_up(&mut self, now: Duration, reason: DisconnectReason) {
        let code = match reason {
            DisconnectReason::Server(reason) => reason.code(),
            DisconnectReason::WrongServer => CloseReason::ProtocolError.code(),
            _ => CLOSE_TIMED_OUT,
        };
        self.queues.abandon_transport(code, reason.name());
        self.lose(now, reason);
    }

    /// Settles everything that depended on a connection, and decides whether
    /// to try again.
    pub(super) fn lose(&mut self, now: Duration, reason: DisconnectReason) {
        self.fail_requests();
        let lost = self.link.lose(now, reason, &self.config, &mut self.rng);
        for call in lost.connects {
            self.settle(call, Err(CallErrorCode::NoConnection(reason).into()));
        }
        self.announce_state();
        if lost.was_leaving {
            self.end_session(LogoutReason::Asked);
        } else if lost.retry_in.is_none() {
            self.end_session(LogoutReason::Disconnected(reason));
        }
        if lost.is_news {
            self.announce(Event::Disconnected {
                reason,
                retry_in: lost.retry_in,
            });
        }
        if let Some(delay) = lost.retry_in {
            let attempt = self.link.attempts();
            self.announce(Event::Reconnecting { attempt, delay });
            if self.entrance.take_rejoin() {
                self.open(now);
            }
        }
    }

    fn fail_requests(&mut self) {
        while let Some(request) = self.requests.take_any() {
            let error = CallError::from(CallErrorCode::ConnectionLost);
            match request {
                Request::Register(_, call) => self.deny_register(call, error),
                Request::Login(call) => self.deny_login(call, error),
                Request::Recover(call) => self.settle(call, Err(error)),
                Request::Asked(call, _) => self.settle(call, Err(error)),
                Request::Hello
                | Request::Challenge
                | Request::Resume
                | Request::Logout
                | Request::Undo
                | Request::Page
                | Request::Read
                | Request::Presence => {}
            }
        }
        self.deny_entrance(CallErrorCode::ConnectionLost.into());
        self.end_pages();
        self.markers.connection_lost();
        self.outgoing.recall();
        self.login.restart_resumes();
    }

    pub(super) fn announce_state(&mut self) {
        self.queues.announce_state(self.link.state());
    }

    pub(super) fn announce(&mut self, event: Event) {
        self.queues.announce(event);
    }

    pub(super) fn settle(&mut self, call: Call, outcome: Result<Answer, CallError>) {
        self.entrance.forget(call);
        self.queues.settle(call, outcome);
    }
}
