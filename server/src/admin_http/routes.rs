//! What may be asked, and by whom.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use tokio::sync::Mutex;

use crate::console::{self, Console};
use crate::http_server::MAX_BODY_BYTES;
use crate::metrics::{self, scrape};
use crate::server::Server;

type Headers = [(HeaderName, &'static str); 3];

/// What the routes share.
#[derive(Clone)]
struct Shared {
    server: Arc<Server>,
    /// One looks at a time, however many ask.
    looking: Arc<Mutex<()>>,
}

/// All routes of a server. Where it `is_local`, pages of the web cannot ask by a name of
/// theirs that leads to this machine.
pub(super) fn of(server: Arc<Server>, console: Arc<Console>, is_local: bool) -> Router {
    let shared = Shared {
        server,
        looking: Arc::default(),
    };
    let routes = Router::new()
        .route("/metrics", get(figures))
        .route("/live", get(|| async { say(StatusCode::OK, "live") }))
        .route("/ready", get(ready))
        .fallback(|| async {
            say(
                StatusCode::NOT_FOUND,
                "there are /console, /metrics, /live and /ready",
            )
        })
        .method_not_allowed_fallback(|| async {
            say(
                StatusCode::METHOD_NOT_ALLOWED,
                "only GET and HEAD are answered here",
            )
        })
        .route(
            "/console/",
            get(|| async { Redirect::permanent("/console") }),
        )
        .with_state(shared)
        .nest("/console", console::routes(console))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    match is_local {
        true => routes.layer(from_fn(check_host)),
        false => routes,
    }
}

async fn figures(State(shared): State<Shared>) -> Response<Body> {
    let _turn = shared.looking.lock().await;
    let text = scrape(&shared.server).await;
    (headers(metrics::CONTENT_TYPE), text).into_response()
}

async fn ready(State(shared): State<Shared>) -> Response<Body> {
    let readiness = shared.server.readiness().await;
    let status = match readiness.serves() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    say(status, readiness.text())
}

/// A page of the web may have its own name lead to this machine, and then ask as if it
/// were from here. So a name has to be this machine's.
async fn check_host(request: Request, next: Next) -> Response<Body> {
    if is_of_this_machine(request.headers()) {
        return next.run(request).await;
    }
    let told = "ask by an address or as localhost";
    say(StatusCode::MISDIRECTED_REQUEST, told)
}

fn is_of_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST) else {
        // No browser leaves it out.
        return true;
    };
    let host = host.to_str().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => host.split(':').next(),
    };
    let name = name.unwrap_or_default();
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

/// The answer in place of one that took too long.
pub(super) fn too_late() -> Response<Body> {
    say(
        StatusCode::GATEWAY_TIMEOUT,
        "the server took too long to look",
    )
}

/// A line for the person who looks at it.
fn say(status: StatusCode, text: &str) -> Response<Body> {
    let headers = headers("text/plain; charset=utf-8");
    (status, headers, format!("{text}\n")).into_response()
}

fn headers(kind: &'static str) -> Headers {
    [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_web_is_not_this_machine() {
        for (host, is_ours) in [
            ("127.0.0.1:9081", true),
            ("localhost:9081", true),
            ("LOCALHOST", true),
            ("[::1]:9081", true),
            ("192.0.2.1", true),
            ("evil.example:9081", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
            ("[evil.example]", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().unwrap());
            assert_eq!(is_of_this_machine(&headers), is_ours, "{host}");
        }
        assert!(is_of_this_machine(&HeaderMap::new()));
    }
}
