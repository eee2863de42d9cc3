//! Tickets: the keys to check them with, and one checked and used up.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Extension, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;

use super::refusal::Refusal;
use super::{GameHttp, json as answer, read};
use crate::http_server::Peer;
use crate::store::Scope;

/// How long whoever has the keys need not ask again: much less than the hour for which the next
/// one is told ahead, so that a cache in between does no harm.
const KEYS_KEPT: &str = "public, max-age=300";

/// `GET /keys`: the public keys that tickets are checked with. For everybody.
pub(super) async fn keys(State(shared): State<Arc<GameHttp>>) -> Result<Response<Body>, Refusal> {
    let keys = shared.server.tickets.jwks().await?;
    let fields = [
        (CONTENT_TYPE, "application/jwk-set+json"),
        (CACHE_CONTROL, KEYS_KEPT),
    ];
    Ok((StatusCode::OK, fields, keys).into_response())
}

/// A ticket that a game's server was shown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    ticket: String,
    /// The name that the game's server goes by.
    audience: String,
}

/// `POST /v1/tickets/redeem`: says whose a ticket is, and uses it up.
pub(super) async fn redeem(
    State(shared): State<Arc<GameHttp>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response<Body>, Refusal> {
    shared.allowed(peer, &headers, Scope::Tickets).await?;
    let Shown { ticket, audience } = read(body)?;
    let claims = shared.server.tickets.redeem(&ticket, &audience).await??;
    let body = json!({
        "account_id": claims.sub.parse::<i64>().ok(),
        "username": claims.name,
        "role": claims.role,
        "guest": claims.guest,
        "id": claims.jti,
        "expires_at": claims.exp,
    });
    Ok(answer(StatusCode::OK, &body))
}
