//! An operator's own password and second factor. Each change signs out all other browsers.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use longhall_packet::Password;
use serde::Deserialize;
use serde_json::json;

use super::guard::{SignedIn, read};
use super::refusal::{Refusal, json};
use super::{Console, second_factor};
use crate::admin::note;
use crate::store::OperatorChange;
use crate::totp;

/// Shortest password that an operator may choose, in characters: it opens more than a
/// player's does.
const MIN_PASSWORD_CHARS: usize = 12;

/// What is typed for another password.
#[derive(Deserialize)]
pub(super) struct Passwords {
    old: String,
    new: String,
}

/// A code that an app shows.
#[derive(Deserialize)]
pub(super) struct Code {
    code: String,
}

/// What is typed to do without a second factor.
#[derive(Deserialize)]
pub(super) struct PasswordAndCode {
    password: String,
    code: String,
}

/// Takes another password.
pub(super) async fn change_password(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Refusal> {
    let signed_in = console.page(&headers).await?;
    let Passwords { old, new } = read(&body)?;
    console.check_password(&signed_in, &old).await?;
    let refused = |text: String| Refusal::refused(text);
    if new == old {
        return Err(refused("That is the password you have.".to_owned()));
    }
    if new.chars().count() < MIN_PASSWORD_CHARS {
        let text = format!("It needs {MIN_PASSWORD_CHARS} characters or more.");
        return Err(refused(text));
    }
    let new = Password::parse(&new).map_err(|denial| refused(denial.reason()))?;
    let hash = console.server.passwords.hash(new).await?;
    let was = signed_in.operator.password_hash.clone();
    let change = OperatorChange::Password { was, hash };
    console.change(&signed_in, change, "console password").await
}

/// Makes the secret of a second factor, which holds once a code of it was typed.
pub(super) async fn begin_totp(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
) -> Result<Response<Body>, Refusal> {
    let signed_in = console.with_own_password(&headers).await?;
    if signed_in.operator.totp_secret.is_some() {
        return Err(Refusal::refused("There is a second factor already."));
    }
    let secret = totp::new_secret()?;
    let uri = totp::uri(&secret, &signed_in.operator.name)?;
    let picture = second_factor::picture(&uri)?;
    console.sessions.change(&signed_in.key, |session| {
        session.new_secret = Some(secret.clone());
    });
    Ok(json(
        &json!({ "secret": secret, "uri": uri, "qr": picture }),
    ))
}

/// Takes the first code of a second factor.
pub(super) async fn confirm_totp(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Refusal> {
    let signed_in = console.with_own_password(&headers).await?;
    let Code { code } = read(&body)?;
    console.tries.check_code(signed_in.operator.id)?;
    let Some(secret) = signed_in.session.new_secret.clone() else {
        return Err(Refusal::refused("Begin with the code's picture."));
    };
    let now_ms = console.server.clock.now_ms();
    let Some(step) = totp::step_of(&secret, &code, now_ms)? else {
        return Err(Refusal::refused(
            "The code is wrong. Is the clock of your phone right?",
        ));
    };
    let used = OperatorChange::UsedStep(step);
    let store = &console.server.store;
    store.change_operator(signed_in.operator.id, used).await?;
    let change = OperatorChange::Totp(Some(secret));
    console
        .change(&signed_in, change, "console second factor on")
        .await
}

/// Does without a second factor.
pub(super) async fn end_totp(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Refusal> {
    let signed_in = console.with_own_password(&headers).await?;
    let PasswordAndCode { password, code } = read(&body)?;
    console.check_password(&signed_in, &password).await?;
    console.check_code(&signed_in.operator, Some(&code)).await?;
    let change = OperatorChange::Totp(None);
    console
        .change(&signed_in, change, "console second factor off")
        .await
}

impl Console {
    /// A page of somebody who has chosen a password.
    pub(super) async fn with_own_password(&self, headers: &HeaderMap) -> Result<SignedIn, Refusal> {
        let signed_in = self.page(headers).await?;
        match signed_in.operator.must_change {
            true => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "change_password",
                "Choose a password of your own first.",
            )),
            false => Ok(signed_in),
        }
    }

    async fn check_password(&self, signed_in: &SignedIn, typed: &str) -> Result<(), Refusal> {
        self.tries.check(&signed_in.session.name_key)?;
        let wrong = || Refusal::new(StatusCode::FORBIDDEN, "wrong", "The password is wrong.");
        let password = Password::parse(typed).map_err(|_| wrong())?;
        let hash = Some(signed_in.operator.password_hash.clone());
        let verified = self.server.passwords.verify(hash, password).await?;
        verified.valid.then_some(()).ok_or_else(wrong)
    }

    /// Changes an operator; this browser stays signed in.
    async fn change(
        &self,
        signed_in: &SignedIn,
        change: OperatorChange,
        verb: &'static str,
    ) -> Result<Response<Body>, Refusal> {
        let (store, id) = (&self.server.store, signed_in.operator.id);
        if !store.change_operator(id, change).await? {
            return Err(Refusal::signed_out());
        }
        self.sessions.change(&signed_in.key, |session| {
            // One more than it was: if somebody else changed it as well, this one ends.
            session.version += 1;
            session.new_secret = None;
        });
        note(&self.ground, &signed_in.actor(), verb).await?;
        Ok(json(&json!({})))
    }
}
