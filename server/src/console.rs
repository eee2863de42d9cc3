//! A console in the browser for whoever runs the server, at `/console` of the address for
//! the operator.
//!
//! Its pages are files built into the program; they ask for [JSON](api) what they show.
//! Who signs in are operators, with accounts of their own: what they want done is an
//! [`Act`](crate::admin::Act), as on the command line, and goes into the same audit log.
//!
//! - `assets`: the pages;
//! - `api`: what they ask, and `refusal`, why not;
//! - `guard`: who asks, and whether it is a page of ours that does;
//! - `sign_in`, `account`: coming and going, password and second factor;
//! - `sessions`: who is signed in, in memory; `second_factor`: its picture;
//! - `figures`: the last hour, for the charts.

mod account;
mod api;
mod assets;
mod figures;
mod guard;
mod refusal;
mod second_factor;
mod sessions;
mod sign_in;
mod tries;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, Response};
use axum::middleware::{Next, from_fn};
use axum::routing::{any, get, post};

use crate::admin::Ground;
use crate::server::Server;
use figures::Figures;
use sessions::Sessions;
use tries::Tries;

/// What a page may load, and that no other may show it. Pages have no script, style or
/// handler in their text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
/// What every answer says.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// What all requests share.
pub(crate) struct Console {
    server: Arc<Server>,
    ground: Ground,
    sessions: Sessions,
    tries: Tries,
    figures: Figures,
}

impl Console {
    pub(crate) fn of(server: &Arc<Server>) -> Arc<Self> {
        Arc::new(Self {
            server: Arc::clone(server),
            ground: Ground::running(Arc::clone(server)),
            sessions: Sessions::default(),
            tries: Tries::default(),
            figures: Figures::default(),
        })
    }

    /// Looks at the figures now and then, and forgets what is over; without end.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut looks = figures::interval();
        let mut before = figures::Totals::of(&self.server);
        loop {
            looks.tick().await;
            before = self.figures.look(&self.server, &before);
            self.tries.drop_idle();
            self.sessions.drop_over();
        }
    }
}

/// The pages, and what they ask.
pub(crate) fn routes(console: Arc<Console>) -> Router {
    let api = Router::new()
        .route("/me", get(sign_in::me))
        .route("/sign-in", post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/sign-out-everywhere", post(sign_in::sign_out_everywhere))
        .route("/password", post(account::change_password))
        .route("/totp/begin", post(account::begin_totp))
        .route("/totp/confirm", post(account::confirm_totp))
        .route("/totp/off", post(account::end_totp))
        .route("/act", post(api::act))
        .route("/figures", get(api::figures))
        .route("/{*other}", any(api::nothing))
        .method_not_allowed_fallback(api::nothing);
    Router::new()
        .route("/", get(assets::index))
        .route("/{file}", get(assets::file))
        .nest("/api", api)
        .layer(from_fn(with_headers))
        .with_state(console)
}

async fn with_headers(request: Request, next: Next) -> Response<axum::body::Body> {
    let mut answer = next.run(request).await;
    answer.headers_mut().extend(HEADERS);
    answer
}
