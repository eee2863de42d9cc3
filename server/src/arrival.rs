//! What comes before a connection is one: TLS, and the handshake of WebSocket.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::sync::Arc;

use longhall_packet::CloseReason;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server};

use crate::Server;
use crate::handshake::{self, HandshakeError, NEEDS_TLS, Opened};
use crate::listener::{Permit, Visitor};
use crate::tls::Tls;
use crate::wire::{IntoWire, WireReader, WireWriter};

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
        stream,
        address,
        permit,
        refusal,
    } = visitor;
    let (wire, opened) = match &server.tls {
        None => shake_hands(server, stream).await?,
        Some(tls) => shake_hands(server, encrypt(stream, tls).await?).await?,
    };
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

/// The handshake of TLS. Who speaks anything else is told so, as browsers and load
/// balancers do by mistake.
async fn encrypt(
    stream: TcpStream,
    tls: &Tls,
) -> Result<server::TlsStream<TcpStream>, HandshakeError> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Err(io::Error::from(ErrorKind::UnexpectedEof).into()),
        _ if first[0] == TLS_HANDSHAKE => {
            let acceptor = TlsAcceptor::from(Arc::clone(&tls.config));
            Ok(acceptor.accept(stream).await?)
        }
        _ => Err(handshake::refuse(stream, NEEDS_TLS).await?),
    }
}

/// The handshake of WebSocket.
async fn shake_hands<S>(
    server: &Server,
    stream: S,
) -> Result<((WireReader, WireWriter), Opened), HandshakeError>
where
    S: AsyncRead + AsyncWrite + IntoWire + Unpin,
{
    let (stream, opened) = handshake::accept(stream, || server.readiness()).await?;
    Ok((stream.into_wire(), opened))
}
