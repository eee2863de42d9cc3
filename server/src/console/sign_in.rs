//! Coming and going.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use longhall_packet::{Password, Username};
use serde::Deserialize;
use serde_json::json;
use tracing::{info, warn};

use super::Console;
use super::guard::{actor, check_page, cookie, read};
use super::refusal::{Refusal, json};
use super::sessions::Session;
use crate::SERVER_NAME;
use crate::admin::note;
use crate::store::{Operator, OperatorChange};
use crate::totp;

/// What is typed to sign in.
#[derive(Deserialize)]
pub(super) struct Typed {
    name: String,
    password: String,
    code: Option<String>,
}

/// Who is signed in.
pub(super) async fn me(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
) -> Result<Response<Body>, Refusal> {
    let signed_in = console.signed_in(&headers).await?;
    Ok(who(&signed_in.operator, &signed_in.session))
}

fn who(operator: &Operator, session: &Session) -> Response<Body> {
    json(&json!({
        "name": operator.name,
        "role": operator.role.name(),
        "csrf": session.csrf,
        "totp": operator.totp_secret.is_some(),
        "must_change_password": operator.must_change,
        "server": SERVER_NAME,
    }))
}

/// Lets somebody in. An unknown name and a wrong password take as long, and are told alike.
pub(super) async fn sign_in(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Refusal> {
    check_page(&headers)?;
    let typed: Typed = read(&body)?;
    // What can be nobody's name is not remembered as tried.
    let name_key = Username::parse(&typed.name)
        .map_err(|_| wrong())?
        .name_key();
    console.tries.check(&name_key)?;
    let password = Password::parse(&typed.password).map_err(|_| wrong())?;
    let server = &console.server;
    let found = server.store.operator(&name_key).await?;
    let hash = found
        .as_ref()
        .map(|operator| operator.password_hash.clone());
    let verified = server.passwords.verify(hash.clone(), password).await?;
    let Some(operator) = found else {
        // What was typed as a name may be a password: the log does not have it.
        warn!("somebody unknown tries to sign in to the console");
        return Err(wrong());
    };
    if !verified.valid {
        warn!(
            operator = operator.name,
            "a wrong password at the sign-in to the console"
        );
        return Err(wrong());
    }
    console.check_code(&operator, typed.code.as_deref()).await?;
    let now_ms = server.clock.now_ms();
    let signs_in = OperatorChange::SignsIn {
        now_ms,
        was: hash.unwrap_or_default(),
        rehashed: verified.rehashed,
    };
    server.store.change_operator(operator.id, signs_in).await?;
    let (token, session) = console.sessions.begin(&operator, &name_key)?;
    info!(operator = operator.name, "signed in to the console");
    note(&console.ground, &actor(&operator), "console sign-in").await?;
    let set_cookie = [(SET_COOKIE, cookie(&token, &headers))];
    Ok((set_cookie, who(&operator, &session)).into_response())
}

fn wrong() -> Refusal {
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        "wrong",
        "The name or the password is wrong.",
    )
}

/// Ends this browser's session.
pub(super) async fn sign_out(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
) -> Result<Response<Body>, Refusal> {
    let signed_in = console.page(&headers).await?;
    console.sessions.end(&signed_in.key);
    Ok(gone(&headers))
}

/// Ends all sessions of the operator.
pub(super) async fn sign_out_everywhere(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
) -> Result<Response<Body>, Refusal> {
    let signed_in = console.page(&headers).await?;
    let id = signed_in.operator.id;
    let store = &console.server.store;
    store.change_operator(id, OperatorChange::SignedOut).await?;
    console.sessions.end(&signed_in.key);
    Ok(gone(&headers))
}

fn gone(headers: &HeaderMap) -> Response<Body> {
    ([(SET_COOKIE, cookie("", headers))], json(&json!({}))).into_response()
}

impl Console {
    /// Takes the code of an operator with a second factor. Each is taken once.
    pub(super) async fn check_code(
        &self,
        operator: &Operator,
        code: Option<&str>,
    ) -> Result<(), Refusal> {
        let Some(secret) = &operator.totp_secret else {
            return Ok(());
        };
        let needed = |text| Refusal::new(StatusCode::UNAUTHORIZED, "code_needed", text);
        let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
            return Err(needed("Type the code that your app shows."));
        };
        self.tries.check_code(operator.id)?;
        let server = &self.server;
        let step = totp::step_of(secret, code, server.clock.now_ms())?;
        let is_new = match step {
            Some(step) => {
                let used = OperatorChange::UsedStep(step);
                server.store.change_operator(operator.id, used).await?
            }
            None => false,
        };
        if !is_new {
            warn!(operator = operator.name, "a wrong code for the console");
            return Err(needed("The code is wrong, or was used already."));
        }
        Ok(())
    }
}
