//! The address for whoever runs the server: HTTP, apart from the players' port.
//!
//! It is for this machine, or for a network that strangers are kept out of. Still nobody
//! may hold anything open, fill anything up or be waited for: see [`Limits`].

mod routes;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
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
use tokio_util::task::AbortOnDropHandle;
use tower_service::Service;
use tracing::{debug, warn};

use crate::console::Console;
use crate::server::Server;

/// Bytes of a request's head.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Header lines of a request.
const MAX_HEADERS: usize = 64;
/// Bytes of a request's body.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// Between tries after the system could not accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What a peer may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// At a time; others wait in the system's queue until one ends. Whoever watches has
    /// one, and a browser six.
    connections: usize,
    /// How long the head of a request may take, counted from the last answer.
    head: Duration,
    /// How long an answer may take to be made.
    answer: Duration,
    /// When a connection is ended with its next answer.
    longest: Duration,
    /// How long that answer may take to go out.
    last_answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 32,
            head: Duration::from_secs(20),
            answer: Duration::from_secs(10),
            longest: Duration::from_secs(300),
            last_answer: Duration::from_secs(15),
        }
    }
}

/// Answers requests on `listener`, without end. All connections end when this is dropped.
pub(crate) async fn run(listener: TcpListener, server: Arc<Server>, limits: Limits) {
    let is_local = listener
        .local_addr()
        .is_ok_and(|address| address.ip().is_loopback());
    let console = Console::of(&server);
    let _looking = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&console).run()));
    let routes = routes::of(server, console, is_local);
    let places = Arc::new(Semaphore::new(limits.connections));
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
                let routes = routes.clone();
                connections.spawn(async move {
                    serve(stream, routes, limits, address).await;
                    drop(place);
                });
            }
            Err(cause) => {
                if !is_failing {
                    warn!(%cause, "cannot accept connections of the operator for the moment");
                }
                is_failing = true;
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves one connection to its end.
async fn serve(stream: TcpStream, routes: Router, limits: Limits, address: SocketAddr) {
    let service = service_fn(|request: Request<Incoming>| {
        answer(routes.clone(), request.map(Body::new), limits.answer)
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
        debug!(%address, %cause, "a connection of the operator broke");
    }
}

/// Serves one connection, for `longhall-fuzz`.
#[cfg(feature = "fuzzing")]
pub(crate) async fn serve_one(stream: TcpStream, server: Arc<Server>) {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let console = Console::of(&server);
    let routes = routes::of(server, console, true);
    serve(stream, routes, Limits::default(), address).await;
}

async fn answer(
    mut routes: Router,
    request: Request<Body>,
    patience: Duration,
) -> Result<Response<Body>, Infallible> {
    // It is always ready.
    match timeout(patience, routes.call(request)).await {
        Ok(answer) => answer,
        Err(_) => Ok(routes::too_late()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::handlers::test_session::TestSession;

    const PATIENCE: Duration = Duration::from_secs(20);

    async fn start(limits: Limits) -> (SocketAddr, AbortOnDropHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Arc::clone(TestSession::new().server());
        let running = tokio::spawn(run(listener, server, limits));
        (address, AbortOnDropHandle::new(running))
    }

    async fn connect(address: SocketAddr, words: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(words).await.unwrap();
        stream
    }

    /// All that comes until the server hangs up.
    async fn rest(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        // It may be cut off with words of ours unread.
        let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes))
            .await
            .expect("the server hangs up");
        String::from_utf8(bytes).unwrap()
    }

    const LIVE: &[u8] = b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n";

    #[tokio::test]
    async fn who_never_ends_a_request_is_hung_up_on_and_others_get_their_turn() {
        let limits = Limits {
            connections: 2,
            head: Duration::from_millis(200),
            ..Limits::default()
        };
        let (address, _running) = start(limits).await;
        let mut slow = Vec::new();
        for words in [&b""[..], b"G", b"GET /live HTTP/1.1\r\nHost: a", b"\r\n"] {
            slow.push(connect(address, words).await);
        }
        let mut honest = connect(address, LIVE).await;
        // A place was free once the slow ones were gone, and the idle one goes, too.
        let told = rest(&mut honest).await;
        assert!(
            told.starts_with("HTTP/1.1 200 OK") && told.ends_with("live\n"),
            "{told}"
        );
        for mut slow in slow {
            rest(&mut slow).await;
        }
    }

    #[tokio::test]
    async fn no_connection_is_for_ever() {
        let limits = Limits {
            longest: Duration::from_millis(200),
            ..Limits::default()
        };
        let (address, _running) = start(limits).await;
        let mut idle = connect(address, LIVE).await;
        assert!(rest(&mut idle).await.ends_with("live\n"));
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_not_waited_for() {
        let stuck = axum::routing::get(std::future::pending::<()>);
        let routes = Router::new().route("/", stuck);
        let request = Request::new(Body::empty());
        let told = answer(routes, request, Duration::from_millis(1))
            .await
            .unwrap();
        assert_eq!(told.status(), 504);
    }
}
