//! What comes in: the greeting, answers and other players' lines.

use std::time::Duration;

use longhall_packet::{
    ChannelState, ClientPacket, CloseReason, DenyCode, InboxState, Invitation, Line, LineKind,
    PROTOCOL_VERSION, RequestId, ServerPacket,
};

use super::Session;
use crate::listing;
use crate::login::Account;
use crate::markers::Markers;
use crate::requests::{Asked, Request};
use crate::{Answer, Call, DisconnectReason, Event, LogoutReason, Refusal, RefusalCode, State};

/// What a login says of the account's logs.
struct Whereabouts {
    epoch: String,
    channels: Vec<ChannelState>,
    inbox: InboxState,
    invitations: Vec<Invitation>,
}

impl Session {
    /// The client's own greeting, once per transport.
    pub(super) fn greet(&mut self, now: Duration) {
        if self.link.greets() {
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
                let connects = self.link.came_up(now);
                self.announce_state();
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
            ServerPacket::Ok { id } => self.handle_ok(now, id),
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
                resume_token: token,
                session: _,
                epoch,
                channels,
                inbox,
                invitations,
            } => {
                let account = Account { username, token };
                let logs = Whereabouts {
                    epoch,
                    channels,
                    inbox,
                    invitations,
                };
                self.handle_logged_in(now, id, account, logs);
            }
            ServerPacket::Posted {
                id, channel, seq, ..
            } => self.line_posted(now, id, &channel, seq),
            ServerPacket::History {
                id,
                last_seq,
                lines,
                more,
                ..
            } => {
                if let Some((call, channel)) = self.take_asked_page(id) {
                    self.handle_asked_page(now, call, channel, lines, more);
                } else {
                    self.handle_page(now, id, last_seq, lines, more);
                }
            }
            ServerPacket::Joined { id, channel } => {
                if self.state() == State::LoggedIn {
                    let name = channel.channel.clone();
                    self.handle_joined(now, channel);
                    if let Some(id) = id {
                        let state = self.logs.channel(&name).map(|one| one.state());
                        self.answered(id, &Asked::Joined, state.map(Answer::Joined));
                    }
                }
            }
            ServerPacket::Channels { id, channels, more } => {
                self.handle_list(now, id, listing::Page::Channels(channels), more);
            }
            ServerPacket::Members {
                id, members, more, ..
            } => self.handle_list(now, id, listing::Page::Members(members), more),
            ServerPacket::Sessions { id, sessions } => {
                self.answered(id, &Asked::Sessions, Some(Answer::Sessions(sessions)));
            }
            ServerPacket::Blocks { id, usernames } => {
                self.answered(id, &Asked::Blocks, Some(Answer::Blocks(usernames)));
            }
            news @ (ServerPacket::Chat { .. }
            | ServerPacket::Gap { .. }
            | ServerPacket::Left { .. }
            | ServerPacket::ChannelChanged { .. }
            | ServerPacket::RoleChanged { .. }
            | ServerPacket::Invited { .. }
            | ServerPacket::Presence { .. }
            | ServerPacket::Read { .. }) => {
                if self.state() == State::LoggedIn {
                    self.handle_news(now, news);
                }
            }
        }
    }

    fn handle_ok(&mut self, now: Duration, id: RequestId) {
        // What asks for more than a bare `ok` is not answered by one: a login
        // would bring no token.
        let fits = |request: &Request| match request {
            Request::Login(_) | Request::Resume | Request::Page => false,
            Request::Asked(_, asked) => *asked == Asked::Done,
            Request::Hello
            | Request::Register(..)
            | Request::Logout
            | Request::Undo
            | Request::Read
            | Request::Presence => true,
        };
        match self.requests.take(id, fits) {
            Some(Request::Register(username, call)) => {
                let username = username.as_str().to_owned();
                self.announce(Event::Registered { username });
                self.settle(call, Ok(Answer::Done));
            }
            Some(Request::Logout) => self.end_session(LogoutReason::Asked),
            Some(Request::Asked(call, _)) => self.settle(call, Ok(Answer::Done)),
            Some(Request::Read) => self.marker_noted(now),
            Some(
                Request::Hello
                | Request::Login(_)
                | Request::Resume
                | Request::Undo
                | Request::Page
                | Request::Presence,
            )
            | None => {}
        }
    }

    /// Ends a call by the answer it waits for.
    fn answered(&mut self, id: RequestId, asked: &Asked, answer: Option<Answer>) {
        let fits = |request: &Request| matches!(request, Request::Asked(_, kind) if kind == asked);
        if let Some(Request::Asked(call, _)) = self.requests.take(id, fits) {
            self.settle(call, Ok(answer.unwrap_or(Answer::Done)));
        }
    }

    fn take_asked_page(&mut self, id: RequestId) -> Option<(Call, String)> {
        let fits = |request: &Request| matches!(request, Request::Asked(_, Asked::Page(_)));
        match self.requests.take(id, fits)? {
            Request::Asked(call, Asked::Page(channel)) => Some((call, channel)),
            _ => None,
        }
    }

    fn handle_asked_page(
        &mut self,
        now: Duration,
        call: Call,
        channel: String,
        lines: Vec<Line>,
        more: bool,
    ) {
        let shows = |line: &Line| matches!(line.kind, LineKind::Said | LineKind::Deleted);
        let oldest = lines.first().map(|line| line.seq);
        if let Some(before) = oldest.filter(|_| more && !lines.iter().any(shows)) {
            // Nothing but traces of edits and of people who are blocked.
            self.ask_history(now, call, &channel, before);
            return;
        }
        let answer = Answer::History {
            channel,
            lines,
            more,
        };
        self.settle(call, Ok(answer));
    }

    fn handle_list(&mut self, now: Duration, id: RequestId, page: listing::Page, more: bool) {
        let fits = |request: &Request| matches!(request, Request::Asked(_, Asked::List(list)) if list.fits(&page));
        let Some(Request::Asked(call, Asked::List(mut list))) = self.requests.take(id, fits) else {
            return;
        };
        let wants_more = list.add(page, more);
        let next_id = self.requests.peek_id();
        match list.packet(next_id) {
            Ok(packet) if wants_more => {
                self.begin(now, Request::Asked(call, Asked::List(list)));
                self.send(&packet);
            }
            Ok(_) | Err(_) => self.settle(call, Ok(list.into_answer())),
        }
    }

    fn handle_deny(&mut self, now: Duration, id: RequestId, refusal: Refusal) {
        if self.line_denied(now, id, &refusal) {
            return;
        }
        match self.requests.take(id, |_| true) {
            Some(Request::Hello) => self.hello_denied(now, &refusal),
            Some(Request::Register(_, call)) => self.deny_register(call, refusal),
            Some(Request::Login(call)) => self.deny_login(call, refusal),
            Some(Request::Resume) => self.resume_denied(now, &refusal),
            Some(Request::Asked(call, _)) => self.settle(call, Err(refusal)),
            Some(Request::Page) => self.page_denied(now, refusal),
            Some(Request::Read) => self.marker_denied(now, &refusal),
            Some(Request::Presence) => {}
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
        if refusal.code == RefusalCode::Server(DenyCode::Banned) {
            return self.give_up(now, DisconnectReason::Server(CloseReason::Banned));
        }
        if !refusal.is_for_now() {
            return self.end_session(LogoutReason::SessionExpired);
        }
        let cap = self.config.reconnect_max_delay;
        self.login.resume_denied(now, refusal, &mut self.rng, cap);
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
        account: Account,
        logs: Whereabouts,
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
        if call.is_some() && self.login.has_account() {
            // Out and in again at once, and the first answer is missing.
            self.requests.forget(&Request::Logout);
            self.end_session(LogoutReason::Asked);
        }
        let username = account.username.clone();
        let (channels, inbox) = (&logs.channels, &logs.inbox);
        let is_of_other_store =
            self.login
                .is_of_other_store(&logs.epoch, &username, channels, inbox, &self.logs);
        let channels_before = if is_of_other_store {
            self.begin_anew()
        } else {
            Vec::new()
        };
        self.login.logged_in(account);
        self.link.logged_in(call.is_some());
        self.announce_state();
        self.announce(Event::LoggedIn { username });
        if let Some(call) = call {
            self.settle(call, Ok(Answer::Done));
        }
        let wants_pages = self.config.history_lines > 0;
        let mut difference =
            self.logs
                .come_in(logs.channels, logs.inbox, logs.invitations, wants_pages);
        let gone = channels_before.into_iter();
        difference
            .left
            .extend(gone.filter(|name| self.logs.channel(name).is_none()));
        self.announce_difference(difference);
        if let Some(lobby) = self.logs.lobby() {
            self.outgoing.name_lobby(lobby);
        }
        // Lines first: what they become is part of the history.
        self.pump_lines(now);
        self.repeat_presence(now);
        self.pump_markers(now);
        self.pump_pages(now);
    }

    /// Everything known of the logs is void. Lines that wait to be said are not: nobody
    /// has heard them. The channels that the account was in.
    fn begin_anew(&mut self) -> Vec<String> {
        let text = "the server has another store than before, or an older state of it: \
                    all lines begin anew";
        self.announce(Event::Warning(text.to_owned()));
        self.announce(Event::HistoryReset);
        self.login.forget_ends();
        self.markers = Markers::default();
        self.end_pages();
        self.outgoing.begin_anew();
        self.logs.reset()
    }

    /// Notes a packet that makes no sense. Says so ever more rarely: a broken
    /// server must not fill the developer's console.
    pub(super) fn ignore(&mut self, what: &str) {
        self.ignored_packets += 1;
        if self.ignored_packets.is_power_of_two() {
            self.announce(Event::Warning(format!("ignored a packet: {what}")));
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
}
