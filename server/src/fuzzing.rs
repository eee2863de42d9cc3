//! For `longhall-fuzz`: what cannot be reached from outside otherwise.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use longhall_packet::{CloseReason, SUBPROTOCOL};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::yield_now;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue};
use tokio_util::sync::CancellationToken;

use crate::Server;
use crate::admin_http::serve_one;
use crate::config::{Config, HashCost};
use crate::connection::serve;
use crate::listener::Visitor;
use crate::proxies;
use crate::store::MemoryStore;

/// Longer than any connection lasts whose peer has hung up.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a peer has done before it sends what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing: the handshake is what it sends.
    Nothing,
    /// The handshake.
    Handshake,
    /// Registered and logged in.
    Login,
}

/// Serves one connection of a server of its own, whose peer sends the pieces, one after
/// the other, and hangs up.
///
/// # Panics
/// If the server does not bear it: panics, or goes on when the peer has hung up.
pub fn converse<'a>(before: Before, pieces: impl Iterator<Item = &'a [u8]>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system has room for a runtime");
    let received = runtime.block_on(async {
        tokio::time::timeout(PATIENCE, run(before, pieces))
            .await
            .expect("the connection ends when its peer has hung up")
    });
    // Panics of handlers are caught, and told in the close frame.
    let told = CloseReason::InternalError.name().as_bytes();
    assert!(
        !received.windows(told.len()).any(|part| part == told),
        "a handler panicked"
    );
}

/// Has the headers read by which a proxy tells whose request it passes on; each line is one
/// header line. What the proxy itself adds counts, whatever the player has written before it.
///
/// # Panics
/// If somebody else is found.
pub fn forwarded(name: &'static str, lines: &[u8]) {
    let player = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
    let is_trusted = |address: IpAddr| address == Ipv4Addr::LOCALHOST;
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name, value);
        }
    }
    let _ = proxies::forwarded::player(&headers, is_trusted);
    let entry = match name {
        "forwarded" => "for=203.0.113.9, for=127.0.0.1",
        _ => "203.0.113.9, 127.0.0.1",
    };
    headers.append(name, HeaderValue::from_static(entry));
    let found = proxies::forwarded::player(&headers, is_trusted);
    assert_eq!(found, Some(player));
}

/// Has the bytes read as the header of the PROXY protocol, which may be cut anywhere.
pub fn proxy_protocol(mut bytes: &[u8]) {
    let found = proxies::proxy_protocol::read(&mut bytes).now_or_never();
    let _ = found.expect("memory does not wait");
}

/// Serves one connection to the operator's address of a server of its own, whose peer
/// sends the pieces and hangs up.
///
/// # Panics
/// If the server does not bear it: panics, goes on when the peer has hung up, or says what
/// is no HTTP.
pub fn ask_admin<'a>(pieces: impl Iterator<Item = &'a [u8]>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system has room for a runtime");
    let received = runtime.block_on(async {
        tokio::time::timeout(PATIENCE, ask(pieces))
            .await
            .expect("the connection ends when its peer has hung up")
    });
    assert!(
        received.is_empty() || received.starts_with(b"HTTP/1."),
        "the answer is no HTTP"
    );
}

async fn ask<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let stopping = CancellationToken::new();
    let server = open(stopping.clone()).await;
    let (here, mut peer) = connect().await.expect("this machine can be connected to");
    let asking = async {
        let mut received = Vec::new();
        let (mut reading, mut writing) = peer.split();
        let sending = async {
            for piece in pieces {
                say(&mut writing, piece).await;
                yield_now().await;
            }
            let _ = writing.shutdown().await;
        };
        let _ = tokio::join!(sending, reading.read_to_end(&mut received));
        let _ = peer.set_zero_linger();
        received
    };
    let ((), received) = tokio::join!(serve_one(here, server), asking);
    stopping.cancel();
    received
}

async fn open(stopping: CancellationToken) -> Arc<Server> {
    let config = Config::with(|config| {
        config.hashing.cost = HashCost::FOR_TESTS;
        config.hashing.threads = Some(1);
    });
    let store = Arc::new(MemoryStore::default());
    Server::open(config, store, None, stopping)
        .await
        .expect("the store in memory does not fail")
}

async fn run<'a>(before: Before, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let stopping = CancellationToken::new();
    let server = open(stopping.clone()).await;
    let (here, mut peer) = connect().await.expect("this machine can be connected to");
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let serving = serve(Arc::clone(&server), Visitor::alone(here, address));
    let talking = async {
        let mut received = Vec::new();
        if before != Before::Nothing {
            say(&mut peer, handshake().as_bytes()).await;
            await_text(&mut peer, &mut received, r#""type":"hello""#).await;
        }
        if before == Before::Login {
            let account = r#""username":"ada","password":"correct horse""#;
            let register = format!(r#"{{"type":"register","id":1,{account}}}"#);
            let login = format!(r#"{{"type":"login","id":2,{account}}}"#);
            say(
                &mut peer,
                &[text_frame(&register), text_frame(&login)].concat(),
            )
            .await;
            await_text(&mut peer, &mut received, r#""type":"logged_in""#).await;
        }
        let (mut reading, mut writing) = peer.split();
        let sending = async {
            for piece in pieces {
                say(&mut writing, piece).await;
                // Whatever is to be done for it is done now, most of the time.
                for _ in 0..4 {
                    yield_now().await;
                }
            }
            let _ = writing.shutdown().await;
        };
        // A reset is the end of the connection as well.
        let _ = tokio::join!(sending, reading.read_to_end(&mut received));
        // Nothing of it stays in the system.
        let _ = peer.set_zero_linger();
        received
    };
    let ((), received) = tokio::join!(serving, talking);
    stopping.cancel();
    received
}

async fn connect() -> std::io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let peer = TcpStream::connect(listener.local_addr()?);
    let (peer, accepted) = tokio::join!(peer, listener.accept());
    let (peer, here) = (peer?, accepted?.0);
    // As the listener does; otherwise most of the time would be spent waiting.
    peer.set_nodelay(true)?;
    here.set_nodelay(true)?;
    Ok((here, peer))
}

/// The server may have hung up already.
async fn say(peer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    let _ = peer.write_all(bytes).await;
}

async fn await_text(peer: &mut TcpStream, received: &mut Vec<u8>, text: &str) {
    let text = text.as_bytes();
    while !received.windows(text.len()).any(|part| part == text) {
        let count = peer.read_buf(received).await.expect("it is answered");
        assert_ne!(count, 0, "the connection ends before it has begun");
    }
}

fn handshake() -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: bG9uZ2hhbGwtZnV6eiEhIQ==\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    )
}

/// With a mask that changes nothing.
fn text_frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short packet");
    assert!(length < 126, "a short packet");
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
}
