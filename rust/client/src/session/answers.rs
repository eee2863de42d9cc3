//! What comes in: the greeting, answers and other players' lines.

use std::time::Duration;

use longhall_packet::{Line, RequestId, ServerPacket};

use super::Session;
use super::account::Whereabouts;
use crate::listing;
use crate::login::Account;
use crate::requests::{Asked, Request};
use crate::{Answer, Call, CallError, CallErrorCode, Event, LogoutReason, Safety, State};

impl Session {
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
                sanction,
            } => {
                let code = CallErrorCode::Server(code);
                let error = CallError {
                    code,
                    reason,
                    field,
                    limit,
                    retry_after_ms,
                };
                if let Some(sanction) = sanction {
                    self.announce_sanction(*sanction);
                }
                self.handle_deny(now, id, error);
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
                guest,
                server_role,
                second_factor,
                recovery_codes_left,
                last_login,
                deleted_at_ms,
                sanctions,
                profile,
                profile_version,
            } => {
                let safety = Safety {
                    second_factor,
                    recovery_codes_left,
                    last_login: last_login.map(|login| *login),
                };
                let account = Account {
                    username,
                    token,
                    server_role,
                    deleted_at_ms,
                    profile,
                    profile_version,
                };
                let whereabouts = Whereabouts {
                    epoch,
                    channels,
                    inbox,
                    invitations,
                    safety,
                    sanctions,
                    guest,
                };
                self.handle_logged_in(now, id, account, whereabouts);
            }
            ServerPacket::Registered { id, recovery_codes } => {
                self.registered_with_codes(id, recovery_codes);
            }
            ServerPacket::RecoveryCodes { id, codes } => self.codes_renewed(id, codes),
            ServerPacket::SecondFactor { id, secret, uri } => {
                let answer = Answer::SecondFactor { secret, uri };
                self.answered(id, &Asked::SecondFactor, Some(answer));
            }
            ServerPacket::Challenge {
                id,
                challenge,
                bits,
                expires_in_ms: _,
            } => self.handle_challenge(now, id, challenge, bits),
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
                        let state = self.conversations.channel(&name).map(|one| one.state());
                        self.answered(id, &Asked::Joined, state.map(Answer::Joined));
                    }
                }
            }
            ServerPacket::Channels { id, channels, more } => {
                self.handle_list(now, id, listing::Page::Channels(channels), more);
            }
            ServerPacket::Halls {
                id,
                halls,
                hall_size,
            } => self.halls_received(id, halls, hall_size),
            ServerPacket::Members {
                id, members, more, ..
            } => self.handle_list(now, id, listing::Page::Members(members), more),
            ServerPacket::Sessions { id, sessions } => {
                self.answered(id, &Asked::Sessions, Some(Answer::Sessions(sessions)));
            }
            ServerPacket::Export {
                id,
                account,
                lines,
                reports,
                next,
            } => self.handle_export(now, id, (account, lines, reports), next),
            ServerPacket::SanctionSet {
                id,
                username: _,
                sanction,
            } => {
                self.answered(id, &Asked::Sanction, Some(Answer::Sanctioned(sanction)));
            }
            ServerPacket::Sanctions { id, sanctions, .. } => {
                let answer = Answer::Sanctions(sanctions);
                self.answered(id, &Asked::Sanctions, Some(answer));
            }
            ServerPacket::LinesDeleted { id, count, more } => {
                let answer = Answer::LinesDeleted { count, more };
                self.answered(id, &Asked::LinesDeleted, Some(answer));
            }
            ServerPacket::ProfileSet {
                id,
                profile,
                profile_version,
            } => self.profile_set(id, profile, profile_version),
            ServerPacket::PlayerInfo { id, player } => {
                let answer = Answer::PlayerInfo(Box::new(player));
                self.answered(id, &Asked::PlayerInfo, Some(answer));
            }
            ServerPacket::Blocks { id, usernames } => {
                self.answered(id, &Asked::Blocks, Some(Answer::Blocks(usernames)));
            }
            ServerPacket::Reported { id, report } => {
                self.answered(id, &Asked::Reported, Some(Answer::Reported(report)));
            }
            ServerPacket::Reports { id, reports, more } => {
                let answer = Answer::Reports { reports, more };
                self.answered(id, &Asked::Reports, Some(answer));
            }
            ServerPacket::ReportLines { id, lines, .. } => {
                self.answered(id, &Asked::ReportLines, Some(Answer::ReportLines(lines)));
            }
            ServerPacket::Ticket {
                id,
                ticket,
                expires_at_ms,
            } => self.ticket_received(id, ticket, expires_at_ms),
            ServerPacket::ReportsWaiting { count } => {
                if self.state() == State::LoggedIn {
                    self.announce(Event::ReportsWaiting { count });
                }
            }
            ServerPacket::ReportClosed {
                report,
                username,
                outcome,
                text,
            } => {
                if self.state() == State::LoggedIn {
                    self.announce(Event::ReportClosed {
                        report,
                        username,
                        outcome,
                        text,
                    });
                }
            }
            news @ (ServerPacket::Chat { .. }
            | ServerPacket::Gap { .. }
            | ServerPacket::Left { .. }
            | ServerPacket::ChannelChanged { .. }
            | ServerPacket::RoleChanged { .. }
            | ServerPacket::ServerRoleChanged { .. }
            | ServerPacket::Sanctioned { .. }
            | ServerPacket::SanctionLifted { .. }
            | ServerPacket::Invited { .. }
            | ServerPacket::Presence { .. }
            | ServerPacket::Profiles { .. }
            | ServerPacket::Renamed { .. }
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
            Request::Login(_) | Request::Resume | Request::Page | Request::Challenge => false,
            Request::Asked(_, asked) => {
                matches!(asked, Asked::Done | Asked::Factor(_) | Asked::Kept)
            }
            Request::Hello
            | Request::Register(..)
            | Request::Recover(_)
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
            Some(Request::Recover(call)) => self.settle(call, Ok(Answer::Done)),
            Some(Request::Asked(call, asked)) => {
                if let Asked::Factor(has_one) = asked {
                    self.login.safety_mut().second_factor = has_one;
                }
                if asked == Asked::Kept {
                    self.login.kept();
                }
                self.note_upgrade(call);
                self.settle(call, Ok(Answer::Done));
            }
            Some(Request::Read) => self.marker_noted(now),
            Some(
                Request::Hello
                | Request::Challenge
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
    pub(super) fn answered(&mut self, id: RequestId, asked: &Asked, answer: Option<Answer>) {
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
        let shows = |line: &Line| crate::showing::is_on_screen(line);
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

    fn handle_deny(&mut self, now: Duration, id: RequestId, error: CallError) {
        if self.line_denied(now, id, &error) {
            return;
        }
        let request = self.requests.take(id, |_| true);
        if let Some(Request::Register(_, call) | Request::Login(call) | Request::Asked(call, _)) =
            request
            && self.does_work_for(now, call, &error)
        {
            return;
        }
        match request {
            Some(Request::Challenge) => self.deny_entrance(error),
            Some(Request::Hello) => self.hello_denied(now, &error),
            Some(Request::Register(_, call)) => self.deny_register(call, error),
            Some(Request::Login(call)) => self.deny_login(call, error),
            Some(Request::Recover(call)) => self.settle(call, Err(error)),
            Some(Request::Resume) => self.resume_denied(now, &error),
            Some(Request::Asked(call, _)) => self.settle(call, Err(error)),
            Some(Request::Page) => self.page_denied(now, error),
            Some(Request::Read) => self.marker_denied(now, &error),
            Some(Request::Presence) => {}
            Some(request @ (Request::Logout | Request::Undo)) => {
                self.logout_denied(now, &request, &error);
            }
            None => {}
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
}
