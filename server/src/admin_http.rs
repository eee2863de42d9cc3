//! The address for whoever runs the server: HTTP, apart from the players' port.
//!
//! It is for this machine, or for a network that strangers are kept out of. What a peer may
//! take of it is in [`http_server`](crate::http_server).

mod routes;

use std::sync::Arc;

use tokio::net::TcpListener;
#[cfg(feature = "fuzzing")]
use tokio::net::TcpStream;
use tokio_util::task::AbortOnDropHandle;

use crate::console::Console;
use crate::http_server::{self, Limits, Site};
use crate::server::Server;

/// Answers requests on `listener`, without end. All connections end when this is dropped.
pub(crate) async fn run(listener: TcpListener, server: Arc<Server>, limits: Limits) {
    let is_local = listener
        .local_addr()
        .is_ok_and(|address| address.ip().is_loopback());
    let console = Console::of(&server);
    let _looking = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&console).run()));
    http_server::run(listener, site(server, console, is_local), limits).await;
}

fn site(server: Arc<Server>, console: Arc<Console>, is_local: bool) -> Site {
    Site {
        routes: routes::of(server, console, is_local),
        whose: "the operator",
        too_late: routes::too_late,
    }
}

/// Serves one connection, for `longhall-fuzz`.
#[cfg(feature = "fuzzing")]
pub(crate) async fn serve_one(stream: TcpStream, server: Arc<Server>) {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let console = Console::of(&server);
    let site = site(server, console, true);
    http_server::serve(stream, site, Limits::default(), address).await;
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::time::timeout;

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
}
