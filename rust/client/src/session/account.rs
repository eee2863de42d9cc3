//! The account: logging in and out, coming back after a cut.

use std::time::Duration;

use longhall_packet::{
    ChannelState, ClientPacket, CloseReason, DenyCode, FactorCode, InboxState, Invitation,
    Password, Profile, RequestId, ResumeToken, Sanction, ServerRole, Stage, Username,
};

use super::Session;
use crate::conversations::Conversations;
use crate::login::Account;
use crate::markers::Markers;
use crate::presence::Presence;
use crate::requests::Request;
use crate::sanctions::ToldSanctions;
use crate::{
    Answer, Call, CallError, CallErrorCode, DisconnectReason, Event, LogoutReason, Safety, State,
};

/// What a login says of the account's logs.
pub(super) struct Whereabouts {
    pub(super) epoch: String,
    pub(super) channels: Vec<ChannelState>,
    pub(super) inbox: InboxState,
    pub(super) invitations: Vec<Invitation>,
    pub(super) safety: Safety,
    pub(super) sanctions: Vec<Sanction>,
    pub(super) guest: bool,
}

/// What the player asks for.
impl Session {
    /// Logs in; ends in [`Event::LoggedIn`] or [`Event::LoginDenied`].
    ///
    /// The password is sent and not kept. Refused with
    /// [`CallErrorCode::AlreadyPending`] while another login, or taking up the
    /// session after a cut, is under way.
    pub fn login(&mut self, now: Duration, username: &str, password: &str) -> Call {
        self.login_with_code(now, username, password, "")
    }

    /// As [`login`](Self::login), with the code of the account's second factor, or a recovery
    /// code in its place. A login without one that needs it is refused with
    /// [`DenyCode::CodeNeeded`], once the password was right.
    pub fn login_with_code(
        &mut self,
        now: Duration,
        username: &str,
        password: &str,
        code: &str,
    ) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        if let Err(error) = self.try_login(now, call, (username, password), code) {
            self.deny_login(call, error);
        }
        call
    }

    /// Logs out; ends in [`Event::LoggedOut`] whatever the server says. The
    /// connection stays, unless the server does not confirm: then it is opened
    /// anew. Only its call is refused when there is nobody to log out, or this
    /// is under way already.
    pub fn logout(&mut self, now: Duration) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        if let Err(error) = self.login.begin_logout(call) {
            self.settle(call, Err(error));
        } else if self.link.leave() {
            let id = self.begin(now, Request::Logout);
            self.send(&ClientPacket::Logout { id });
        } else {
            // Between a cut and taking the session up again. Should the
            // server take it up all the same, that is undone.
            if let Some(id) = self.requests.forget(&Request::Resume) {
                self.requests.abandon_login(id);
            }
            self.end_session(LogoutReason::Asked);
        }
        call
    }

    /// Takes up the session that a [`ticket`](Self::ticket) names, as after a
    /// cut, as soon as there is a connection: ends in [`Event::LoggedIn`] or,
    /// with [`LogoutReason::SessionExpired`], in [`Event::LoggedOut`]. Only for
    /// a session that is offline and has no account; otherwise does nothing.
    pub fn restore(&mut self, username: &str, token: ResumeToken) {
        if !self.login.has_account() && self.link.is_offline() {
            let username = username.to_owned();
            self.login.logged_in(Account {
                username,
                token,
                server_role: ServerRole::Player,
                deleted_at_ms: None,
                profile: Profile::default(),
                profile_version: 0,
            });
        }
    }

    /// What it takes to [`restore`](Self::restore) this session later: the
    /// name, and a token that changes with each [`Event::LoggedIn`]. As good as
    /// a password until it expires or the player logs out.
    pub fn ticket(&self) -> Option<(&str, &ResumeToken)> {
        let account = self.login.account()?;
        Some((&account.username, &account.token))
    }

    /// Whether there is an account whose session is not, or not yet, taken up
    /// again.
    pub fn is_resuming(&self) -> bool {
        self.login.has_account() && self.state() != State::LoggedIn
    }

    /// The account's name, from the login until the logout. Stays through cuts
    /// of the connection.
    pub fn username(&self) -> Option<&str> {
        self.login.username()
    }

    /// What the player may do on the whole server.
    pub fn server_role(&self) -> ServerRole {
        self.login.server_role()
    }

    /// When the account will be deleted, in milliseconds since 1970-01-01 00:00 UTC, if
    /// its player has asked for it; [`keep_account`](Self::keep_account) keeps it.
    pub fn deletion_at_ms(&self) -> Option<u64> {
        self.login.deleted_at_ms()
    }

    fn try_login(
        &mut self,
        now: Duration,
        call: Call,
        (name, password): (&str, &str),
        code: &str,
    ) -> Result<(), CallError> {
        self.require(Stage::LoggedOut)?;
        let code = FactorCode::parse_optional(code);
        let password = Password::parse(password)?;
        let username = Username::parse(name)?;
        let is_resuming = self.login.has_account() && self.state() == State::Connected;
        if is_resuming || self.requests.is_login_pending() || self.entrance.is_guest_coming() {
            return Err(CallErrorCode::AlreadyPending.into());
        }
        let id = self.begin(now, Request::Login(call));
        self.send(&ClientPacket::Login {
            id,
            username,
            password,
            device: self.config.device_name.clone(),
            code,
        });
        Ok(())
    }

    pub(super) fn resume(&mut self, now: Duration) {
        let Some(account) = self.login.account() else {
            return;
        };
        let token = account.token.clone();
        let id = self.begin(now, Request::Resume);
        self.send(&ClientPacket::Resume { id, token });
    }
}

/// What the server says.
impl Session {
    pub(super) fn handle_logged_in(
        &mut self,
        now: Duration,
        id: RequestId,
        account: Account,
        whereabouts: Whereabouts,
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
        let (channels, inbox) = (&whereabouts.channels, &whereabouts.inbox);
        let is_of_other_store = self.login.is_of_other_store(
            &whereabouts.epoch,
            &username,
            channels,
            inbox,
            &self.conversations,
        );
        let lobby_before = self.conversations.lobby().map(str::to_owned);
        let channels_before = if is_of_other_store {
            self.begin_anew()
        } else {
            Vec::new()
        };
        let profile_before = self.login.profile().map(|(_, version)| version);
        let (role_before, role) = (self.login.server_role(), account.server_role);
        self.login.logged_in(account);
        self.login.take_safety(whereabouts.safety);
        self.entrance.set_guest(whereabouts.guest);
        self.link.logged_in(call.is_some());
        self.announce_state();
        self.announce(Event::LoggedIn { username });
        if role != role_before {
            self.announce(Event::ServerRoleChanged { role });
        }
        self.announce_profile_since(profile_before);
        self.sanctions.keep(&whereabouts.sanctions);
        for sanction in whereabouts.sanctions {
            self.announce_sanction(sanction);
        }
        if let Some(call) = call {
            self.settle(call, Ok(Answer::Done));
        }
        let wants_pages = self.config.history_lines > 0;
        let mut difference = self.conversations.logged_in(
            whereabouts.channels,
            whereabouts.inbox,
            whereabouts.invitations,
            wants_pages,
        );
        let gone = channels_before.into_iter();
        difference
            .left
            .extend(gone.filter(|name| self.conversations.channel(name).is_none()));
        // Lines that were said before any lobby was known are for the one there is now.
        if let (None, Some(lobby)) = (&lobby_before, self.conversations.lobby()) {
            let is_meant = |name: &str| self.conversations.is_lobby(name);
            self.outgoing.name_lobby(lobby, is_meant);
        }
        self.announce_difference(difference, lobby_before);
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
        self.conversations.reset()
    }

    pub(super) fn resume_denied(&mut self, now: Duration, error: &CallError) {
        if error.code == CallErrorCode::Server(DenyCode::Banned) {
            return self.give_up(now, DisconnectReason::Server(CloseReason::Banned));
        }
        if !error.is_for_now() {
            return self.end_session(LogoutReason::SessionExpired);
        }
        let cap = self.config.reconnect_max_delay;
        self.login.resume_denied(now, error, &mut self.rng, cap);
    }

    pub(super) fn logout_denied(&mut self, now: Duration, request: &Request, error: &CallError) {
        if error.code != CallErrorCode::Server(DenyCode::NotLoggedIn) {
            // The player is to be out, and on a fresh connection is.
            self.give_up(now, DisconnectReason::ConnectionLost);
        } else if *request == Request::Logout {
            self.end_session(LogoutReason::Asked);
        }
    }

    pub(super) fn deny_register(&mut self, call: Call, error: CallError) {
        self.announce(Event::RegisterDenied(error.clone()));
        self.settle(call, Err(error));
    }

    pub(super) fn deny_login(&mut self, call: Call, error: CallError) {
        self.announce(Event::LoginDenied(error.clone()));
        self.settle(call, Err(error));
    }

    /// Forgets the account, if there is one. Not which store its numbers are of.
    pub(super) fn end_session(&mut self, reason: LogoutReason) {
        self.link.logged_out();
        self.login.restart_resumes();
        if self.login.has_account() {
            while let Some(request) = self.requests.take_of_account() {
                if let Request::Asked(call, _) = request {
                    self.settle(call, Err(CallErrorCode::ConnectionLost.into()));
                }
            }
            self.end_upgrade();
            self.end_pages();
            self.outgoing.fail();
            self.announce_chat_outcomes();
            self.login.forget_account(&self.conversations);
            self.conversations = Conversations::default();
            self.markers = Markers::default();
            self.presence = Presence::default();
            self.sanctions = ToldSanctions::default();
            self.announce_state();
            self.announce(Event::LoggedOut { reason });
        }
        if let Some(call) = self.login.end_logout() {
            self.settle(call, Ok(Answer::Done));
        }
    }
}
