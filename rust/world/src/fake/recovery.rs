//! Coming back: recovery codes and the second factor.

use longhall_packet::{
    Denial, DenyCode, FactorCode, FactorKey, LastLogin, Password, RecoveryCode, RequestId,
    ServerPacket, Username,
};

use super::{Answer, FACTOR_CODE, FakeServer, Me, key};
use crate::records::{CodeHash, LoginRow, RECOVERY_CODES, Recovery, UserId};

/// The key of every second factor.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

impl FakeServer {
    /// Codes that nobody has had yet.
    pub(super) fn new_codes(&mut self) -> Vec<RecoveryCode> {
        (0..RECOVERY_CODES)
            .map(|_| {
                self.codes += 1;
                let mut bytes = [0; RecoveryCode::CHARS];
                let mut left = self.codes;
                for byte in bytes.iter_mut().rev() {
                    *byte = left.to_le_bytes()[0] % 32;
                    left /= 32;
                }
                RecoveryCode::from_bytes(&bytes)
            })
            .collect()
    }

    pub(super) fn recover(
        &mut self,
        from: u64,
        id: RequestId,
        username: &Username,
        code: &RecoveryCode,
        new_password: &Password,
    ) -> Answer {
        let recovered = self.world.recover(Recovery {
            name_key: key(username.as_str()),
            code: code_hash(code),
            password_hash: new_password.expose().to_owned(),
            now_ms: self.now(),
            place: None,
        });
        let recovered = recovered.ok_or(DenyCode::BadCredentials)?;
        self.end_sessions(&recovered.ended);
        self.ok(from, id)
    }

    pub(super) fn renew_recovery_codes(
        &mut self,
        me: Me,
        id: RequestId,
        password: &Password,
        code: Option<&FactorCode>,
    ) -> Answer {
        self.check_password(me.user, password)?;
        self.check_factor(me.user, code)?;
        let codes = self.new_codes();
        let hashes: Vec<_> = codes.iter().map(code_hash).collect();
        self.world.set_codes(me.user, &hashes);
        self.reply(me.connection, ServerPacket::RecoveryCodes { id, codes });
        Ok(())
    }

    pub(super) fn begin_second_factor(
        &mut self,
        me: Me,
        id: RequestId,
        password: &Password,
    ) -> Answer {
        self.check_password(me.user, password)?;
        if !self.world.begin_factor(me.user, SECRET.to_owned()) {
            return Err(DenyCode::NotAllowed.into());
        }
        let name = self.world.username(me.user);
        let uri = format!("otpauth://totp/Longhall:{name}?secret={SECRET}&issuer=Longhall");
        self.reply(
            me.connection,
            ServerPacket::SecondFactor {
                id,
                secret: FactorKey::new(SECRET),
                uri: FactorKey::new(uri),
            },
        );
        Ok(())
    }

    pub(super) fn confirm_second_factor(
        &mut self,
        me: Me,
        id: RequestId,
        code: &FactorCode,
    ) -> Answer {
        let secret = self.world.begun_factor(me.user);
        let secret = secret.filter(|_| is_app_code(code));
        let secret = secret.ok_or(DenyCode::WrongCode)?;
        let confirmed = self.world.confirm_factor(me.user, &secret, 0, me.session);
        let ended = confirmed.ok_or(DenyCode::WrongCode)?;
        self.end_sessions(&ended);
        self.ok(me.connection, id)
    }

    pub(super) fn end_second_factor(
        &mut self,
        me: Me,
        id: RequestId,
        password: &Password,
        code: &FactorCode,
    ) -> Answer {
        self.check_password(me.user, password)?;
        let secret = self.world.safety(me.user).second_factor;
        let secret = secret.ok_or(DenyCode::WrongCode)?;
        self.check_factor(me.user, Some(code))?;
        self.world.end_factor(me.user, &secret);
        self.ok(me.connection, id)
    }

    /// Takes the code of an account with a second factor.
    pub(super) fn check_factor(&mut self, user: UserId, code: Option<&FactorCode>) -> Answer {
        if self.world.safety(user).second_factor.is_none() {
            return Ok(());
        }
        let code = code.ok_or(Denial::new(DenyCode::CodeNeeded))?;
        let is_right = is_app_code(code)
            || code
                .recovery()
                .is_some_and(|code| self.world.use_code(user, code_hash(&code)));
        match is_right {
            true => Ok(()),
            false => Err(DenyCode::WrongCode.into()),
        }
    }

    pub(super) fn check_password(&self, user: UserId, password: &Password) -> Answer {
        let found = self.world.users.get(&user);
        match found.is_some_and(|(user, _)| user.password_hash == password.expose()) {
            true => Ok(()),
            false => Err(DenyCode::BadCredentials.into()),
        }
    }
}

/// As packets tell of a login.
pub(super) fn told(row: LoginRow) -> LastLogin {
    LastLogin {
        at_ms: row.at_ms.unsigned_abs(),
        device: row.device,
        network: row.network,
    }
}

/// In place of an app's clock: one code is right, again and again.
fn is_app_code(code: &FactorCode) -> bool {
    code.digits().is_some_and(|digits| *digits == FACTOR_CODE)
}

/// In place of a hash: nothing of a fake server is a secret.
pub(super) fn code_hash(code: &RecoveryCode) -> CodeHash {
    let mut bytes = [0; 32];
    for (byte, sign) in bytes.iter_mut().zip(code.expose().bytes()) {
        *byte = sign;
    }
    CodeHash(bytes)
}
