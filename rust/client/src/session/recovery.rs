//! Coming back without the password, and what makes that possible: recovery codes and a
//! second factor.

use std::time::Duration;

use longhall_packet::{
    ClientPacket, Denial, DenyCode, FactorCode, Field, Password, RecoveryCode, RequestId, Stage,
    Username,
};

use super::Session;
use crate::requests::{Asked, Request};
use crate::{Answer, Call, CallError, CallErrorCode, Event, Safety};

impl Session {
    /// Sets a new password by one of the account's recovery codes, for who has lost the old
    /// one. Only while logged out; does not log in. The code and the password are sent and not
    /// kept. Refused with `bad_credentials` when there is no such account, or it has no such
    /// code (any more).
    pub fn recover(
        &mut self,
        now: Duration,
        username: &str,
        code: &str,
        new_password: &str,
    ) -> Call {
        let now = self.begin_call(now);
        let call = self.requests.next_call();
        if let Err(error) = self.try_recover(now, call, username, code, new_password) {
            self.settle(call, Err(error));
        }
        call
    }

    /// Makes new recovery codes; those from before are void. `code` is that of the second
    /// factor, and empty without one. Ends with [`Answer::RecoveryCodes`], and in
    /// [`Event::RecoveryCodes`].
    pub fn renew_recovery_codes(&mut self, now: Duration, password: &str, code: &str) -> Call {
        self.ask(now, Asked::RecoveryCodes, |_, id| {
            Ok(ClientPacket::RenewRecoveryCodes {
                id,
                password: Password::parse(password)?,
                code: FactorCode::parse_optional(code),
            })
        })
    }

    /// Begins a second factor; ends with [`Answer::SecondFactor`], the key for an app. Nothing
    /// is asked for until it is [confirmed](Self::confirm_second_factor).
    pub fn begin_second_factor(&mut self, now: Duration, password: &str) -> Call {
        self.ask(now, Asked::SecondFactor, |_, id| {
            Ok(ClientPacket::BeginSecondFactor {
                id,
                password: Password::parse(password)?,
            })
        })
    }

    /// Shows that the app has the key: from now on logins ask for its code. Logs all other
    /// devices out.
    pub fn confirm_second_factor(&mut self, now: Duration, code: &str) -> Call {
        self.ask(now, Asked::Factor(true), |_, id| {
            let code = FactorCode::parse_optional(code);
            Ok(ClientPacket::ConfirmSecondFactor {
                id,
                code: code.ok_or(Denial::new(DenyCode::WrongCode))?,
            })
        })
    }

    /// Ends the second factor. `code` is that of the app, or a recovery code.
    pub fn end_second_factor(&mut self, now: Duration, password: &str, code: &str) -> Call {
        self.ask(now, Asked::Factor(false), |_, id| {
            let code = FactorCode::parse_optional(code);
            Ok(ClientPacket::EndSecondFactor {
                id,
                password: Password::parse(password)?,
                code: code.ok_or(Denial::new(DenyCode::WrongCode))?,
            })
        })
    }

    /// What keeps the account safe, as far as it is known.
    pub fn safety(&self) -> &Safety {
        self.login.safety()
    }

    fn try_recover(
        &mut self,
        now: Duration,
        call: Call,
        name: &str,
        code: &str,
        new_password: &str,
    ) -> Result<(), CallError> {
        self.require(Stage::LoggedOut)?;
        let new_password = Password::parse(new_password).map_err(|denial| Denial {
            field: Some(Field::NewPassword),
            ..denial
        })?;
        let code = RecoveryCode::parse(code)?;
        let username = Username::parse(name)?;
        if self
            .requests
            .is_pending(|one| matches!(one, Request::Recover(_)))
        {
            return Err(CallErrorCode::AlreadyPending.into());
        }
        let id = self.begin(now, Request::Recover(call));
        self.send(&ClientPacket::Recover {
            id,
            username,
            code,
            new_password,
        });
        Ok(())
    }

    /// The account exists, and these are its codes.
    pub(super) fn registered_with_codes(&mut self, id: RequestId, codes: Vec<RecoveryCode>) {
        let fits = |request: &Request| matches!(request, Request::Register(..));
        if let Some(Request::Register(username, call)) = self.requests.take(id, fits) {
            let username = username.as_str().to_owned();
            self.announce(Event::RecoveryCodes { codes });
            self.announce(Event::Registered { username });
            self.settle(call, Ok(Answer::Done));
        }
    }

    pub(super) fn codes_renewed(&mut self, id: RequestId, codes: Vec<RecoveryCode>) {
        let fits = |request: &Request| matches!(request, Request::Asked(_, Asked::RecoveryCodes));
        if let Some(Request::Asked(call, _)) = self.requests.take(id, fits) {
            let left = u32::try_from(codes.len()).unwrap_or(u32::MAX);
            self.login.safety_mut().recovery_codes_left = left;
            self.announce(Event::RecoveryCodes {
                codes: codes.clone(),
            });
            self.settle(call, Ok(Answer::RecoveryCodes(codes)));
        }
    }
}
