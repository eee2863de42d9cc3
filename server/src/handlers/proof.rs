//! Whether somebody is who they say: the password once more, and the second factor's code.

use longhall_packet::{DenyCode, FactorCode, NameKeys, Password};
use tracing::warn;

use super::outcome::{HandlerError, Outcome};
use crate::rate_limit::Tried;
use crate::session::Session;
use crate::store::UserId;
use crate::{recovery_codes, totp};

/// Checks the password of the account that is logged in; returns its hash. A device left
/// alone is no place to guess at, but nobody else can use up its tries.
pub(super) async fn check_own_password(
    session: &Session,
    password: Password,
) -> Result<String, HandlerError> {
    let me = session.me()?;
    let server = &session.server;
    server.count_try(Tried::PasswordChange(me.session)).await?;
    // Asked anew: it may have been changed on another device.
    let name_key = NameKeys::name_of(&me.user.username());
    let found = server.store.user_by_name(&name_key).await?;
    let known = found.filter(|user| user.id == me.user.id);
    let known = known.map(|user| user.password_hash);
    let verified = server.passwords.verify(known.clone(), password).await?;
    let known = known.filter(|_| verified.valid);
    known.ok_or_else(|| DenyCode::BadCredentials.into())
}

/// Takes the code of the account that is logged in, if it has a second factor.
pub(super) async fn check_own_factor(session: &Session, code: Option<&FactorCode>) -> Outcome {
    let me = session.me()?;
    let safety = session.server.store.safety(me.user.id).await?;
    let Some(secret) = safety.second_factor else {
        return Ok(());
    };
    let code = code.ok_or(DenyCode::CodeNeeded)?;
    let tries = [Tried::CodeOnDevice(me.session)];
    check_factor(session, me.user.id, secret, code, &tries).await
}

/// Takes a code of a second factor, an app's or a recovery code; each once. An app's counts
/// as these tries before it is looked at. A recovery code does not: nobody guesses one, and
/// who guesses at an app's keeps its owner from nothing.
pub(super) async fn check_factor(
    session: &Session,
    user: UserId,
    secret: String,
    code: &FactorCode,
    tries: &[Tried<'_>],
) -> Outcome {
    let server = &session.server;
    if let Some(code) = code.recovery() {
        let hash = recovery_codes::hash(&code);
        if server.store.use_code(user, hash).await? {
            return Ok(());
        }
    } else if let Some(digits) = code.digits() {
        for tried in tries {
            server.count_try(*tried).await?;
        }
        let step = totp::step_of(&secret, &digits, server.clock.now_ms());
        if let Some(step) = step.map_err(longhall_packet::Denial::from)?
            && server.store.use_step(user, secret, step).await?
        {
            return Ok(());
        }
    }
    warn!(
        connection = session.connection,
        user = user.0,
        "a wrong code for a second factor"
    );
    Err(DenyCode::WrongCode.into())
}
