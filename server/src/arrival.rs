//! What comes before a connection is one: whose it is, TLS, and the handshake of WebSocket.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::sync::Arc;

use longhall_packet::CloseReason;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server};
use tokio_tungstenite::tungstenite::http::HeaderMap;
use tracing::info;

use crate::Server;
use crate::handshake::{
    self, FOREIGN_PAGE, HandshakeError, NEEDS_PROXY_HEADER, NEEDS_TLS, Opened, Reply,
};
use crate::listener::{Found, Permit, Visitor};
use crate::origins;
use crate::proxies::proxy_protocol;
use crate::tls::{self, Tls};
use crate::wire::{IntoWire, WireReader, WireWriter};

/// As much of a page's name as goes into the log: it is the peer's to choose.
const MAX_ORIGIN_LOGGED: usize = 100;
/// The first byte of a TLS connection: a record of its handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// A connection that can be spoken over.
pub(crate) struct Arrival {
    pub(crate) reader: WireReader,
    pub(crate) writer: WireWriter,
    pub(crate) address: IpAddr,
    pub(crate) permit: Permit,
    /// The version of the protocol to speak, or why to say good-bye at once.
    pub(crate) protocol: Result<u32, CloseReason>,
}

/// Takes the visitor in. Takes as long as the peer likes: to be called with a deadline.
///
/// # Errors
/// [`HandshakeError`]; the peer was told as far as it can be, and the connection is over.
pub(crate) async fn arrive(server: &Server, visitor: Visitor) -> Result<Arrival, HandshakeError> {
    let Visitor {
        mut stream,
        mut address,
        mut permit,
        mut refusal,
    } = visitor;
    if server.proxies.speak_proxy_protocol && server.proxies.believe(address) {
        address = match proxy_protocol::read(&mut stream).await {
            Ok(named) => named.unwrap_or(address),
            Err(cause) if cause.kind() == ErrorKind::InvalidData => {
                return Err(handshake::refuse(stream, NEEDS_PROXY_HEADER).await?);
            }
            Err(cause) => return Err(cause.into()),
        };
    }
    // Before it costs anything, if it is known; otherwise when the headers are.
    if permit.is_nobodys() && !server.proxies.believe(address) {
        refusal = refusal.or(count(server, &mut permit, address)?);
    }
    let look = |headers: &HeaderMap| {
        address = server.proxies.player(address, headers);
        check_origin(server, address, headers)
    };
    let (wire, opened) = match &server.tls {
        None => shake_hands(server, stream, look).await?,
        Some(tls) => shake_hands(server, encrypt(stream, tls).await?, look).await?,
    };
    if permit.is_nobodys() {
        refusal = refusal.or(count(server, &mut permit, address)?);
    }
    let protocol = match (refusal, opened) {
        (Some(reason), _) | (None, Opened::NoneInCommon(reason)) => Err(reason),
        (None, Opened::Version(protocol)) => Ok(protocol),
    };
    let (reader, writer) = wire;
    Ok(Arrival {
        reader,
        writer,
        address,
        permit,
        protocol,
    })
}

/// Counts what a proxy passes on for whom it is, and says whether that is too much.
fn count(
    server: &Server,
    permit: &mut Permit,
    address: IpAddr,
) -> Result<Option<CloseReason>, HandshakeError> {
    let is_slow_enough = server.limits.check_connection(address).is_ok();
    match permit.count_for(address, is_slow_enough, &server.settings().capacity) {
        Found::Room => Ok(None),
        Found::Refused => Ok(Some(CloseReason::TooManyConnections)),
        Found::Dropped => Err(HandshakeError::Crowded),
    }
}

fn check_origin(server: &Server, address: IpAddr, headers: &HeaderMap) -> Result<(), Reply> {
    origins::check(headers, &server.config.proxy.allowed_origins).map_err(|origin| {
        if server.limits.may_log_denial(address) {
            let origin = &origin[..origin.len().min(MAX_ORIGIN_LOGGED)];
            let origin = String::from_utf8_lossy(origin);
            info!(%address, ?origin, "a page of another host may not connect (--allowed-origins)");
        }
        FOREIGN_PAGE
    })
}

/// The handshake of TLS. Who speaks anything else is told so, as browsers and load
/// balancers do by mistake.
async fn encrypt(
    stream: TcpStream,
    settings: &Tls,
) -> Result<server::TlsStream<TcpStream>, HandshakeError> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
        _ if first[0] == TLS_HANDSHAKE => {
            let acceptor = TlsAcceptor::from(Arc::clone(&settings.config));
            let mut stream = acceptor.accept(stream).await?;
            if tls::is_challenge(stream.get_ref().1) {
                stream.shutdown().await?;
                return Err(HandshakeError::Challenge);
            }
            Ok(stream)
        }
        _ => Err(handshake::refuse(stream, NEEDS_TLS).await?),
    }
}

/// The handshake of WebSocket.
async fn shake_hands<S>(
    server: &Server,
    stream: S,
    look: impl FnOnce(&HeaderMap) -> Result<(), Reply>,
) -> Result<((WireReader, WireWriter), Opened), HandshakeError>
where
    S: AsyncRead + AsyncWrite + IntoWire + Unpin,
{
    let (stream, opened) = handshake::accept(stream, look, || server.readiness()).await?;
    Ok((stream.into_wire(), opened))
}
