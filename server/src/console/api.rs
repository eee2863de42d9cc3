//! What the pages ask of the server: to have an act done, and the figures.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use tracing::warn;

use super::Console;
use super::guard::read;
use super::refusal::{Refusal, json};
use crate::admin::{Act, Order, run};

/// An act that a page wants done.
#[derive(Deserialize)]
pub(super) struct Wanted {
    act: Act,
    reason: Option<String>,
}

/// Has an act done, if it is for the role of who is signed in. It goes on if nobody waits
/// for it any more.
pub(super) async fn act(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, Refusal> {
    let signed_in = console.with_own_password(&headers).await?;
    let Wanted { act, reason } = read(&body)?;
    // Pages ask for it by themselves.
    if !matches!(act, Act::Status) {
        console.sessions.touch(&signed_in.key);
    }
    let least = act.least_role();
    if signed_in.operator.role < least {
        warn!(
            operator = signed_in.operator.name,
            verb = act.verb(),
            "an operator of the console may not do that"
        );
        return Err(Refusal::role(least));
    }
    let order = Order { act, reason };
    let doing = tokio::spawn(async move {
        let actor = signed_in.actor();
        run(&console.ground, &actor, order).await
    });
    let broken = |_| Refusal::failed("The server could not finish it.");
    let answer = doing.await.map_err(broken)??;
    Ok(json(&answer))
}

/// The last hour.
pub(super) async fn figures(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
) -> Result<Response<Body>, Refusal> {
    console.signed_in(&headers).await?;
    Ok(json(&console.figures.told()))
}

/// There is nothing else.
pub(super) async fn nothing() -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "The console does not know that request.",
    )
}
