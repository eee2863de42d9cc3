//! What comes in: the greeting, answers and other players' lines.

use std::time::Duration;

use longhall_packet::{
    ClientPacket, CloseReason, DenyCode, PROTOCOL_VERSION, RequestId, ResumeToken, ServerPacket,
};

use super::{Account, Link, Session, Up};
use crate::heartbeat::Heartbeat;
use crate::requests::Request;
use crate::{Call, DisconnectReason, Event, LogoutReason, Refusal, RefusalCode, State};

/// A server that asks for more patience before a resume is asked again then.
const LONGEST_RESUME_DELAY: Duration = Duration::from_secs(300);

impl Session {
    /// The client's own greeting, once per transport.
    pub(super) fn greet(&mut self, now: Duration) {
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
    pub(super) fn handle_first(&mut self, now: Duration, packet: Option<ServerPacket>) {
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
                for call in std::mem::take(&mut self.connects) {
                    self.settle(call, Ok(()));
                }
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

    pub(super) fn handle(&mut self, now: Duration, packet: ServerPacket) {
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
        let fits = |request: &Request| !matches!(request, Request::Login(_) | Request::Resume);
        match self.requests.take(id, fits) {
            Some(Request::Register(username, call)) => {
                let username = username.as_str().to_owned();
                self.announce(Event::Registered { username });
                self.settle(call, Ok(()));
            }
            Some(Request::Logout) => self.end_session(LogoutReason::Asked),
            Some(Request::Hello | Request::Login(_) | Request::Resume | Request::Undo) | None => {}
        }
    }

    fn handle_deny(&mut self, now: Duration, id: RequestId, refusal: Refusal) {
        if self.requests.settle_chat(id, Err(refusal.clone())) {
            return self.announce_chat_outcomes();
        }
        match self.requests.take(id, |_| true) {
            Some(Request::Hello) => self.hello_denied(now, &refusal),
            Some(Request::Register(_, call)) => self.deny_register(call, refusal),
            Some(Request::Login(call)) => self.deny_login(call, refusal),
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
        if refusal.code == RefusalCode::Server(DenyCode::Banned) {
            return self.give_up(now, DisconnectReason::Server(CloseReason::Banned));
        }
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
        let fits = |request: &Request| matches!(request, Request::Login(_) | Request::Resume);
        let Some(request) = self.requests.take(id, fits) else {
            if self.requests.was_abandoned(id) && self.state() == State::Connected {
                // The player was told that nothing came of it; make it true.
                let id = self.begin(now, Request::Undo);
                self.send(&ClientPacket::Logout { id });
            }
            return;
        };
        let call = match request {
            Request::Login(call) => Some(call),
            _ => None,
        };
        if call.is_some() && self.account.is_some() {
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
            up.proven |= call.is_some();
        }
        self.announce_state();
        self.announce(Event::LoggedIn { username });
        if let Some(call) = call {
            self.settle(call, Ok(()));
        }
    }

    /// Notes a packet that makes no sense. Says so ever more rarely: a broken
    /// server must not fill the developer's console.
    pub(super) fn ignore(&mut self, what: &str) {
        self.ignored_packets += 1;
        if self.ignored_packets.is_power_of_two() {
            self.announce(Event::Warning(format!("ignored a packet: {what}")));
        }
    }

    pub(super) fn announce_chat_outcomes(&mut self) {
        while let Some((call, outcome)) = self.requests.next_chat_outcome() {
            self.announce(match &outcome {
                Ok(()) => Event::ChatAccepted,
                Err(refusal) => Event::ChatDenied(refusal.clone()),
            });
            self.settle(call, outcome);
        }
    }

    pub(super) fn deny_register(&mut self, call: Call, refusal: Refusal) {
        self.announce(Event::RegisterDenied(refusal.clone()));
        self.settle(call, Err(refusal));
    }

    pub(super) fn deny_login(&mut self, call: Call, refusal: Refusal) {
        self.announce(Event::LoginDenied(refusal.clone()));
        self.settle(call, Err(refusal));
    }

    pub(super) fn settle(&mut self, call: Call, outcome: Result<(), Refusal>) {
        self.outcomes.push_back((call, outcome));
    }
}
