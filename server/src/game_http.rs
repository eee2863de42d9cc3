//! The address for games' own servers: HTTP, apart from the players' port.
//!
//! Whoever asks shows a key that the operator has made, and gets what its scopes allow. It is
//! described in `openapi.json` beside this, which is what `/openapi.json` answers, and by
//! example in docs/game-servers.md.
//!
//! - `guard`: whose key it is, and what it is good for;
//! - `refusal`: why not, in JSON;
//! - `players`, and other files beside it: one for each theme.

mod channels;
mod guard;
mod lines;
mod players;
mod refusal;
mod tickets;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse;
use axum::routing::{delete, get, patch, post};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::admin::Ground;
use crate::http_server::{self, Limits, MAX_BODY_BYTES, Site};
use crate::server::Server;
use guard::Guard;
use refusal::Refusal;

/// The description of all this, for programs that make programs of it.
const OPENAPI: &str = include_str!("game_http/openapi.json");
/// Between looks for addresses and keys that need not be remembered.
const TIDYING: Duration = Duration::from_secs(60);

/// What a game's server may take. It may have a pool of connections, and there may be several
/// behind one address.
pub(crate) const LIMITS: Limits = Limits {
    connections: 256,
    per_address: 64,
    head: Duration::from_secs(20),
    answer: Duration::from_secs(10),
    longest: Duration::from_secs(300),
    last_answer: Duration::from_secs(15),
};

/// What all requests share.
pub(crate) struct GameHttp {
    server: Arc<Server>,
    ground: Ground,
    guard: Guard,
}

/// Answers requests on `listener`, without end. All connections end when this is dropped.
pub(crate) async fn run(listener: TcpListener, server: Arc<Server>, limits: Limits) {
    let shared = Arc::new(GameHttp {
        ground: Ground::running(Arc::clone(&server)),
        guard: Guard::default(),
        server,
    });
    let _tidying = AbortOnDropHandle::new(tokio::spawn(tidy(Arc::clone(&shared))));
    let site = Site {
        routes: routes(shared),
        whose: "a game's server",
        too_late: || Refusal::too_late().into_response(),
    };
    http_server::run(listener, site, limits).await;
}

async fn tidy(shared: Arc<GameHttp>) {
    loop {
        tokio::time::sleep(TIDYING).await;
        shared.guard.drop_idle();
    }
}

/// All there is. What needs a key asks the guard first, with the scope that it takes.
fn routes(shared: Arc<GameHttp>) -> Router {
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/v1/channels", post(channels::open))
        .route("/v1/channels/{channel}", delete(channels::end))
        .route("/v1/channels/{channel}/lines", post(lines::say))
        .route("/keys", get(tickets::keys))
        .route("/v1/tickets/redeem", post(tickets::redeem))
        .route("/v1/players", get(players::online))
        .route("/v1/players/{name}", get(players::one))
        .route("/v1/players/{name}/kick", post(players::kick))
        .route("/v1/players/{name}/profile", patch(players::set_profile))
        .fallback(async || Refusal::no_such_route())
        .method_not_allowed_fallback(async || Refusal::no_such_method())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(with_headers))
        .with_state(shared)
}

async fn openapi() -> Response<Body> {
    let mut answer = Response::new(Body::from(OPENAPI));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

async fn with_headers(request: Request, next: Next) -> Response<Body> {
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// An answer in JSON.
fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    let text = serde_json::to_string(body).unwrap_or_default();
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}

/// What a request's body says.
///
/// # Errors
/// When it is too large, did not come whole, or is not what is asked for.
fn read<T: DeserializeOwned>(
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<T, Refusal> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refusal::too_large(),
        _ => Refusal::malformed("the body did not come whole"),
    })?;
    // A list would be read as the fields in their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::malformed("the body is no JSON object"));
    }
    serde_json::from_slice(&body).map_err(|cause| Refusal::malformed(&cause.to_string()))
}
