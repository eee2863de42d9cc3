//! Getting an account: registering, coming in as a guest, and keeping a guest's name. Where
//! the server wants work for it, that is done before.

use std::time::Duration;

use longhall_packet::{
    ClientPacket, DenyCode, InviteCode, Password, Registration, RequestId, Stage, Username,
};

use super::Session;
use crate::entrance::{ProofWork, What, Worked};
use crate::requests::{Asked, Request};
use crate::{Call, CallError, CallErrorCode, Event, State};

/// What the player asks for.
impl Session {
    /// Creates an account; ends in [`Event::Registered`] or
    /// [`Event::RegisterDenied`].
    pub fn register(&mut self, now: Duration, username: &str, password: &str) -> Call {
        self.register_with_invite(now, username, password, "")
    }

    /// As [`register`](Self::register), with the code that somebody got from the operator.
    /// Empty means none.
    pub fn register_with_invite(
        &mut self,
        now: Duration,
        username: &str,
        password: &str,
        invite: &str,
    ) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        let account = || {
            self.require(Stage::LoggedOut)?;
            let password = Password::parse(password)?;
            Ok(What::Account {
                username: Username::parse(username)?,
                password,
                invite: InviteCode::parse(invite),
            })
        };
        let account: Result<What, CallError> = account();
        match account.and_then(|what| self.begin_entrance(now, call, what)) {
            Ok(()) => {}
            Err(error) => self.deny_register(call, error),
        }
        call
    }

    /// Comes in without an account, under a name that is free, if the server
    /// [takes guests](Self::takes_guests); ends in [`Event::LoggedIn`] or
    /// [`Event::LoginDenied`].
    pub fn login_as_guest(&mut self, now: Duration, username: &str) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        let guest = || {
            self.require(Stage::LoggedOut)?;
            let is_resuming = self.login.has_account() && self.state() == State::Connected;
            if is_resuming || self.requests.is_login_pending() {
                return Err(CallErrorCode::AlreadyPending.into());
            }
            let username = Username::parse(username)?;
            Ok(What::Guest { username })
        };
        let guest: Result<What, CallError> = guest();
        match guest.and_then(|what| self.begin_entrance(now, call, what)) {
            Ok(()) => {}
            Err(error) => self.deny_login(call, error),
        }
        call
    }

    /// Makes an account of the guest who is logged in; an empty `username` keeps the name,
    /// an empty `invite` is none. The connection is opened anew then, and a
    /// [`Event::LoggedIn`] tells the name.
    pub fn upgrade_guest(
        &mut self,
        now: Duration,
        username: &str,
        password: &str,
        invite: &str,
    ) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        let upgrade = || {
            self.require(Stage::LoggedIn)?;
            let password = Password::parse(password)?;
            let username = (!username.is_empty()).then_some(username);
            Ok(What::Upgrade {
                username: username.map(Username::parse).transpose()?,
                password,
                invite: InviteCode::parse(invite),
            })
        };
        let upgrade: Result<What, CallError> = upgrade();
        match upgrade.and_then(|what| self.begin_entrance(now, call, what)) {
            Ok(()) => {}
            Err(error) => self.settle(call, Err(error)),
        }
        call
    }

    /// What it takes to register, as the server said when it greeted last.
    pub fn registration(&self) -> Registration {
        self.entrance.registration()
    }

    /// Whether the server takes guests, as it said when it greeted last.
    pub fn takes_guests(&self) -> bool {
        self.entrance.takes_guests()
    }

    /// Whether the player who is logged in is a guest, or waits for a moderator.
    pub fn is_guest(&self) -> bool {
        self.login.has_account() && self.entrance.is_guest()
    }
}

/// What the driver has the time for.
impl Session {
    /// Work that the server wants before it makes an account, if there is any to do. The
    /// driver does some of it where it holds nobody up, and
    /// [gives it back](Self::give_back_work).
    pub fn take_work(&mut self) -> Option<ProofWork> {
        self.entrance.take_work()
    }

    /// Takes work back, done or not. Tells how it goes by [`Event::ProofProgress`].
    pub fn give_back_work(&mut self, now: Duration, work: ProofWork) {
        let now = self.begin_call(now);
        match self.entrance.give_back(work) {
            Worked::Void | Worked::Going(None) => {}
            Worked::Going(Some(percent)) => self.announce(Event::ProofProgress { percent }),
            Worked::Done => self.send_wanted(now),
        }
    }
}

impl Session {
    fn begin_entrance(&mut self, now: Duration, call: Call, what: What) -> Result<(), CallError> {
        if self.entrance.is_busy() {
            return Err(CallErrorCode::AlreadyPending.into());
        }
        self.entrance.begin(call, what);
        if self.entrance.registration().proof_bits > 0 {
            self.ask_challenge(now);
        } else {
            self.send_wanted(now);
        }
        Ok(())
    }

    /// Asks what work there is to do, unless that was done too often in vain.
    fn ask_challenge(&mut self, now: Duration) {
        if self.entrance.begin_round() {
            let id = self.begin(now, Request::Challenge);
            self.send(&ClientPacket::Challenge { id });
        } else {
            let code = CallErrorCode::Server(DenyCode::ProofNeeded);
            self.deny_entrance(code.into());
        }
    }

    /// Asks for the account, with the proof if there is one.
    fn send_wanted(&mut self, now: Duration) {
        let Some((call, what, proof)) = self.entrance.wanted() else {
            return;
        };
        let what = what.clone();
        match what {
            What::Account {
                username,
                password,
                invite,
            } => {
                let id = self.begin(now, Request::Register(username.clone(), call));
                self.send(&ClientPacket::Register {
                    id,
                    username,
                    password,
                    recovery: self.config.ask_for_recovery_codes,
                    invite,
                    proof,
                });
            }
            What::Guest { username } => {
                let id = self.begin(now, Request::Login(call));
                let device = self.config.device_name.clone();
                self.send(&ClientPacket::Guest {
                    id,
                    username,
                    device,
                    proof,
                });
            }
            What::Upgrade {
                username,
                password,
                invite,
            } => {
                let id = self.begin(now, Request::Asked(call, Asked::Done));
                self.send(&ClientPacket::Upgrade {
                    id,
                    username,
                    password,
                    invite,
                    proof,
                });
            }
        }
    }

    pub(super) fn handle_challenge(
        &mut self,
        now: Duration,
        id: RequestId,
        challenge: String,
        bits: u32,
    ) {
        let fits = |request: &Request| *request == Request::Challenge;
        if self.requests.take(id, fits).is_none() {
            return;
        }
        if !self.entrance.challenged(challenge, bits) {
            self.ignore("more work than anybody does for an account");
            let code = CallErrorCode::Server(DenyCode::ProofNeeded);
            return self.deny_entrance(code.into());
        }
        if self.entrance.has_work() {
            self.announce(Event::ProofProgress { percent: 0 });
        } else {
            // None by now.
            self.send_wanted(now);
        }
    }

    /// Whether a denial means no more than that there is work to do, or to do again.
    pub(super) fn does_work_for(&mut self, now: Duration, call: Call, error: &CallError) -> bool {
        let is_so =
            error.code == CallErrorCode::Server(DenyCode::ProofNeeded) && self.entrance.is_of(call);
        if is_so {
            self.ask_challenge(now);
        }
        is_so
    }

    /// Nothing comes of the account that was about to be made.
    pub(super) fn deny_entrance(&mut self, error: CallError) {
        let Some((call, what, _)) = self.entrance.wanted() else {
            return;
        };
        match what {
            What::Account { .. } => self.deny_register(call, error),
            What::Guest { .. } => self.deny_login(call, error),
            What::Upgrade { .. } => self.settle(call, Err(error)),
        }
    }

    /// Ends an upgrade of a guest who is no longer there.
    pub(super) fn end_upgrade(&mut self) {
        if let Some((_, What::Upgrade { .. }, _)) = self.entrance.wanted() {
            self.deny_entrance(CallErrorCode::ConnectionLost.into());
        }
    }

    /// A call went well; if it was an upgrade, the server closes and is there all the same.
    pub(super) fn note_upgrade(&mut self, call: Call) {
        if self.entrance.is_of(call)
            && let Some((_, What::Upgrade { .. }, _)) = self.entrance.wanted()
        {
            self.entrance.rejoin();
        }
    }
}
