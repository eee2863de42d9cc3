//! HTTP apart from the players' port: for whoever runs the server, and for games' own
//! servers.
//!
//! Nobody may hold anything open, fill anything up or be waited for: see [`Limits`].

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_service::Service;
use tracing::{debug, warn};

use crate::rate_limit::network;

/// Bytes of a request's head.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Header lines of a request.
const MAX_HEADERS: usize = 64;
/// Bytes of a request's body.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;
/// Between tries after the system could not accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What a peer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// At a time; others wait in the system's queue until one ends. Whoever watches has
    /// one, and a browser six.
    pub(crate) connections: usize,
    /// Of these, from one address; more are hung up on.
    pub(crate) per_address: usize,
    /// How long the head of a request may take, counted from the last answer.
    pub(crate) head: Duration,
    /// How long an answer may take to be made.
    pub(crate) answer: Duration,
    /// When a connection is ended with its next answer.
    pub(crate) longest: Duration,
    /// How long that answer may take to go out.
    pub(crate) last_answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 32,
            per_address: usize::MAX,
            head: Duration::from_secs(20),
            answer: Duration::from_secs(10),
            longest: Duration::from_secs(300),
            last_answer: Duration::from_secs(15),
        }
    }
}

/// What is answered, and how it is spoken of.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) routes: Router,
    /// Whose connections they are, for the log.
    pub(crate) whose: &'static str,
    /// The answer in place of one that took too long.
    pub(crate) too_late: fn() -> Response<Body>,
}

/// Who asks, for handlers.
#[derive(Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Answers requests on `listener`, without end. All connections end when this is dropped.
pub(crate) async fn run(listener: TcpListener, site: Site, limits: Limits) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let crowd = Arc::new(Crowd::default());
    let mut connections = JoinSet::new();
    let mut is_failing = false;
    loop {
        // It is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, address)) => {
                is_failing = false;
                let Some(counted) = crowd.enter(address.ip(), limits.per_address) else {
                    debug!(%address, "too many connections of {} from there", site.whose);
                    continue;
                };
                let site = site.clone();
                connections.spawn(async move {
                    serve(stream, site, limits, address).await;
                    drop((place, counted));
                });
            }
            Err(cause) => {
                if !is_failing {
                    let whose = site.whose;
                    warn!(%cause, whose, "cannot accept connections beside the players'");
                }
                is_failing = true;
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// How many connections there are from each address.
#[derive(Default)]
struct Crowd(Mutex<HashMap<IpAddr, usize>>);

impl Crowd {
    /// Counts one more, until what is returned is dropped; `None` when there are as many as
    /// there may be.
    fn enter(self: &Arc<Self>, address: IpAddr, at_most: usize) -> Option<Counted> {
        let address = network(address);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.get(&address).copied().unwrap_or(0);
        if count >= at_most {
            return None;
        }
        all.insert(address, count + 1);
        Some(Counted(Arc::clone(self), address))
    }
}

/// A connection that is counted.
struct Counted(Arc<Crowd>, IpAddr);

impl Drop for Counted {
    fn drop(&mut self) {
        let mut all = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&self.1) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                all.remove(&self.1);
            }
        }
    }
}

/// Serves one connection to its end.
pub(crate) async fn serve(stream: TcpStream, site: Site, limits: Limits, address: SocketAddr) {
    let whose = site.whose;
    let service = service_fn(|mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(address.ip()));
        answer(site.clone(), request.map(Body::new), limits.answer)
    });
    let mut connection = Box::pin(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head)
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(TokioIo::new(stream), service),
    );
    let ended = match timeout(limits.longest, connection.as_mut()).await {
        Ok(ended) => ended,
        Err(_) => {
            connection.as_mut().graceful_shutdown();
            let last = timeout(limits.last_answer, connection.as_mut()).await;
            last.unwrap_or(Ok(()))
        }
    };
    if let Err(cause) = ended {
        debug!(%address, %cause, "a connection of {whose} broke");
    }
}

async fn answer(
    mut site: Site,
    request: Request<Body>,
    patience: Duration,
) -> Result<Response<Body>, Infallible> {
    // It is always ready.
    match timeout(patience, site.routes.call(request)).await {
        Ok(answer) => answer,
        Err(_) => Ok((site.too_late)()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty() -> Response<Body> {
        let mut answer = Response::new(Body::empty());
        *answer.status_mut() = axum::http::StatusCode::GATEWAY_TIMEOUT;
        answer
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_not_waited_for() {
        let stuck = axum::routing::get(std::future::pending::<()>);
        let site = Site {
            routes: Router::new().route("/", stuck),
            whose: "nobody",
            too_late: empty,
        };
        let request = Request::new(Body::empty());
        let told = answer(site, request, Duration::from_millis(1))
            .await
            .unwrap();
        assert_eq!(told.status(), 504);
    }

    #[test]
    fn one_address_takes_no_more_places_than_it_may_and_gives_them_back() {
        let crowd = Arc::new(Crowd::default());
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let first = crowd.enter(one, 2).unwrap();
        let _second = crowd.enter(one, 2).unwrap();
        assert!(crowd.enter(one, 2).is_none());
        assert!(crowd.enter(other, 2).is_some());
        drop(first);
        assert!(crowd.enter(one, 2).is_some());
        let left = crowd.0.lock().unwrap();
        assert!(!left.contains_key(&other));
    }
}
