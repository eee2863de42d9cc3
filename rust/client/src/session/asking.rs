//! What goes out: requests, checked before they are sent.

use std::time::Duration;

use longhall_packet::{ClientPacket, Denial, DenyCode, RequestId, Stage};

use super::Session;
use crate::requests::{Asked, Request};
use crate::{Call, CallError, CallErrorCode, State};

impl Session {
    /// Asks the server for something of the account's; the call ends with the
    /// answer.
    pub(super) fn ask(
        &mut self,
        now: Duration,
        asked: Asked,
        packet: impl FnOnce(&Self, RequestId) -> Result<ClientPacket, Denial>,
    ) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        if let Err(error) = self.try_ask(now, call, asked, packet) {
            self.settle(call, Err(error));
        }
        call
    }

    pub(super) fn try_ask(
        &mut self,
        now: Duration,
        call: Call,
        asked: Asked,
        packet: impl FnOnce(&Self, RequestId) -> Result<ClientPacket, Denial>,
    ) -> Result<(), CallError> {
        self.require_account()?;
        self.require(Stage::LoggedIn)?;
        let next_id = self.requests.peek_id();
        let packet = packet(self, next_id)?;
        if self.requests.is_full() {
            return Err(CallErrorCode::TooManyPending.into());
        }
        self.begin(now, Request::Asked(call, asked));
        self.send(&packet);
        Ok(())
    }

    /// Refuses what cannot be while nobody is logged in.
    pub(super) fn require_account(&self) -> Result<(), CallError> {
        // Somebody whose session is being taken up again need not log in; as
        // far as they can see, the connection is not back yet.
        if self.is_resuming() {
            return Err(CallErrorCode::NotConnected.into());
        }
        match self.state() {
            State::LoggedIn => Ok(()),
            State::Connected => Err(CallErrorCode::Server(DenyCode::NotLoggedIn).into()),
            State::Offline | State::Connecting | State::Reconnecting => {
                Err(CallErrorCode::NotConnected.into())
            }
        }
    }

    /// Refuses what the server would, without asking it.
    pub(super) fn require(&self, stage: Stage) -> Result<(), CallError> {
        if !self.link.is_up() {
            return Err(CallErrorCode::NotConnected.into());
        }
        let is_in = self.link.is_in();
        match stage {
            Stage::LoggedOut if is_in => {
                Err(CallErrorCode::Server(DenyCode::AlreadyLoggedIn).into())
            }
            Stage::LoggedIn if !is_in => Err(CallErrorCode::Server(DenyCode::NotLoggedIn).into()),
            _ if self.queues.is_full() => Err(CallErrorCode::TooManyPending.into()),
            Stage::LoggedOut | Stage::LoggedIn => Ok(()),
        }
    }

    pub(super) fn begin(&mut self, now: Duration, request: Request) -> RequestId {
        let deadline = now.saturating_add(self.config.request_timeout());
        self.requests.begin(request, deadline)
    }

    pub(super) fn send(&mut self, packet: &ClientPacket) {
        self.queues.send(packet);
    }
}
