//! What must hold whatever a server, a network and a player do.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use longhall_client::{Action, Call, CallErrorCode, DisconnectReason, Event, LogoutReason, State};
use longhall_packet::{ClientPacket, Seq, codec};

use super::server::Server;

#[derive(Default)]
pub(crate) struct Auditor {
    // What the player asked for and has no answer to.
    pub(crate) logins: u32,
    pub(crate) registrations: u32,
    lines: VecDeque<String>,
    calls: BTreeSet<Call>,

    // What the events said so far.
    state: Option<State>,
    account: Option<String>,
    shown: HashMap<String, Seq>,
    just_connected: bool,
    will_retry: bool,
    attempts_pending: bool,

    // What the actions did so far.
    pub(crate) may_open: bool,
    has_transport: bool,
    greeted: bool,
    ids: HashSet<u32>,

    pub(crate) expected_end: Option<DisconnectReason>,
}

impl Auditor {
    pub(crate) fn said(&mut self, line: &str) {
        self.lines.push_back(line.to_owned());
    }

    /// The player made this call.
    pub(crate) fn called(&mut self, call: Call) {
        assert!(self.calls.insert(call), "a call has a name of its own");
    }

    /// The call has ended.
    pub(crate) fn ended(&mut self, call: Call) {
        assert!(self.calls.remove(&call), "a call ended twice");
    }

    pub(crate) fn state(&self) -> State {
        self.state.unwrap_or(State::Offline)
    }

    pub(crate) fn check_action(&mut self, action: &Action) {
        match action {
            Action::Open => {
                assert!(!self.has_transport, "one transport at a time");
                assert!(self.may_open, "nobody asked to connect");
                self.has_transport = true;
                self.greeted = false;
            }
            Action::Close { code, .. } => {
                assert!(*code == 1000 || (3000..5000).contains(code), "{code}");
                self.has_transport = false;
            }
            Action::Send(text) => self.check_sent(text),
        }
    }

    fn check_sent(&mut self, text: &str) {
        let packet = codec::decode_client_packet(text.as_bytes()).expect("a sound packet");
        let is_hello = matches!(packet, ClientPacket::Hello { .. });
        assert_eq!(is_hello, !self.greeted, "hello first, and once");
        self.greeted = true;
        assert!(self.ids.insert(packet.id()), "an id is used once");
    }

    pub(crate) fn transport_ended(&mut self) {
        self.has_transport = false;
    }

    /// Checks what the player is told; with an honest server, also that it is
    /// the truth.
    pub(crate) fn check_event(&mut self, event: &Event, honest: Option<&Server>) {
        if self.attempts_pending {
            assert!(matches!(event, Event::Reconnecting { .. }), "{event:?}");
        }
        match event {
            Event::StateChanged(to) => self.check_state(*to),
            Event::Connected { .. } => {
                assert_eq!(self.state(), State::Connected);
                self.will_retry = false;
                self.just_connected = true;
            }
            Event::Disconnected { reason, retry_in } => {
                self.check_disconnected(*reason, retry_in.is_some());
            }
            Event::Reconnecting { attempt, delay } => {
                assert_eq!(self.state(), State::Reconnecting);
                assert!(*attempt >= 1 && delay.as_secs() <= 30);
                assert!(self.will_retry, "nobody gave up");
                self.attempts_pending = false;
            }
            Event::RecoveryCodes { .. } => {
                panic!("nobody asked for codes");
            }
            Event::TicketReceived { .. } => panic!("nobody asked for a ticket"),
            Event::Registered { username } => {
                self.registrations = less_one(self.registrations, "registration");
                assert!(honest.is_none_or(|s| s.has_account(&username.to_lowercase())));
            }
            Event::RegisterDenied(_) => {
                self.registrations = less_one(self.registrations, "registration");
            }
            Event::HistoryReset => self.shown.clear(),
            Event::LoggedIn { username } => {
                assert_eq!(self.state(), State::LoggedIn);
                assert!(honest.is_none_or(|server| server.has_account(username)));
                if let Some(account) = &self.account {
                    assert!(self.just_connected, "in twice without a cut");
                    assert!(honest.is_none() || account == username);
                } else {
                    self.logins = less_one(self.logins, "login");
                }
                self.just_connected = false;
                self.account = Some(username.clone());
            }
            Event::LoginDenied(_) => self.logins = less_one(self.logins, "login"),
            Event::LoggedOut { reason } => {
                assert!(self.account.take().is_some(), "out without being in");
                self.shown.clear();
                assert_ne!(self.state(), State::LoggedIn);
                if let LogoutReason::Disconnected(_) = reason {
                    assert_eq!(self.state(), State::Offline);
                }
            }
            Event::ChatAccepted { .. } => {
                let line = self.lines.pop_front().expect("an outcome too many");
                assert!(honest.is_none_or(|s| s.once_accepted.contains(&line)));
            }
            Event::ChatDenied { error, .. } => {
                let line = self.lines.pop_front().expect("an outcome too many");
                let nobody_knows = matches!(
                    error.code,
                    CallErrorCode::TimedOut | CallErrorCode::ConnectionLost
                );
                assert!(
                    nobody_knows || honest.is_none_or(|s| !s.accepted_lines.contains(&line)),
                    "{line} was said: {error}"
                );
            }
            Event::ChatReceived { channel, line } => {
                assert_eq!(self.state(), State::LoggedIn);
                if honest.is_some() {
                    self.check_shown(channel, line.seq);
                }
            }
            Event::HistoryLoaded { channel, lines, .. } => {
                assert_eq!(self.state(), State::LoggedIn);
                if let Some(newest) = lines.last() {
                    let shown = self.shown.entry(channel.clone()).or_insert(0);
                    *shown = newest.seq.max(*shown);
                }
            }
            Event::AccountRenamed { new_username, .. } => {
                assert!(self.account.is_some(), "{event:?} of nobody's");
                self.account = Some(new_username.clone());
            }
            Event::ProfileChanged { .. } => assert!(self.account.is_some()),
            Event::PlayerRenamed {
                username,
                new_username,
            } => {
                assert!(self.account.is_some(), "{event:?} of nobody's");
                let shown = self.shown.remove(&format!("@{username}"));
                if let Some(seq) = shown {
                    self.shown.insert(format!("@{new_username}"), seq);
                }
            }
            Event::ChatEdited { .. }
            | Event::ChatDeleted { .. }
            | Event::HistorySkipped { .. }
            | Event::RegistrationChanged { .. }
            | Event::ProofProgress { .. }
            | Event::UnreadChanged { .. }
            | Event::ChannelJoined { .. }
            | Event::ChannelLeft { .. }
            | Event::HallChanged { .. }
            | Event::ChannelChanged { .. }
            | Event::RoleChanged { .. }
            | Event::ServerRoleChanged { .. }
            | Event::Sanctioned { .. }
            | Event::SanctionLifted { .. }
            | Event::Invited { .. }
            | Event::PresenceChanged { .. }
            | Event::ReportClosed { .. }
            | Event::ReportsWaiting { .. } => {
                assert!(self.account.is_some(), "{event:?} of nobody's");
            }
            Event::Warning(text) => assert!(!text.contains("events were lost"), "{text}"),
        }
    }

    /// Numbers only go up.
    fn check_shown(&mut self, channel: &str, seq: Seq) {
        let shown = self.shown.entry(channel.to_owned()).or_insert(0);
        assert!(seq > *shown, "{channel} {seq} after {shown}");
        *shown = seq;
    }

    fn check_state(&mut self, to: State) {
        use State::{Connected, Connecting, LoggedIn, Offline, Reconnecting};
        let from = self.state();
        let is_legal = match from {
            Offline => to == Connecting,
            Connecting => matches!(to, Connected | Reconnecting | Offline),
            Reconnecting => matches!(to, Connected | Offline),
            Connected => matches!(to, LoggedIn | Reconnecting | Offline),
            LoggedIn => matches!(to, Connected | Reconnecting | Offline),
        };
        assert!(is_legal, "{from:?} to {to:?}");
        assert!(to != Connecting || self.account.is_none(), "an old account");
        self.state = Some(to);
    }

    fn check_disconnected(&mut self, reason: DisconnectReason, will_retry: bool) {
        let expected = if will_retry {
            State::Reconnecting
        } else {
            State::Offline
        };
        assert_eq!(self.state(), expected, "{reason}");
        assert!(!will_retry || reason.may_retry(), "{reason}");
        if let Some(end) = self.expected_end {
            assert_eq!(reason, end);
        }
        if !will_retry {
            assert_eq!(self.account, None, "{reason}");
            self.may_open = false;
        }
        self.will_retry = will_retry;
        self.attempts_pending = will_retry;
        self.just_connected = false;
    }

    pub(crate) fn check_settled(&self) {
        assert_eq!((self.logins, self.registrations), (0, 0), "without an end");
        assert_eq!(self.lines.len(), 0, "lines without an end");
        assert_eq!(self.calls.len(), 0, "calls without an end");
    }
}

fn less_one(count: u32, what: &str) -> u32 {
    count
        .checked_sub(1)
        .unwrap_or_else(|| panic!("a {what} ended twice"))
}
