//! The two ways over a player's socket, with TLS or without.
//!
//! A connection's task reads; whoever has something for the player writes, at once and
//! without waiting, see [`Outbox`](crate::outbox::Outbox). So TLS is driven by hand here,
//! once its handshake is done: both ways share its state under a lock that is held for
//! as long as it takes to encrypt or decrypt what there is.

#[cfg(test)]
mod tests;

use std::io::{self, BufRead, ErrorKind, IoSlice, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::FutureExt;
use rustls::ServerConnection;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_rustls::server::TlsStream;

/// What TLS encrypts at a time at most, and so what it holds for a socket that is full.
const MAX_ENCRYPTED: usize = 16 * 1024;

/// A connection whose handshakes are done.
pub(crate) trait IntoWire {
    /// The way in and the way out.
    fn into_wire(self) -> (WireReader, WireWriter);
}

/// The way in. Only the connection's own task has it.
pub(crate) struct WireReader {
    tcp: OwnedReadHalf,
    tls: Option<Arc<Encryption>>,
}

/// The way out, on which nothing waits.
pub(crate) struct WireWriter {
    tcp: OwnedWriteHalf,
    tls: Option<Arc<Encryption>>,
}

/// The state of TLS that both ways share.
struct Encryption {
    connection: Mutex<ServerConnection>,
    /// Encrypted bytes that the socket has taken.
    sent: AtomicU64,
}

impl IntoWire for TcpStream {
    fn into_wire(self) -> (WireReader, WireWriter) {
        wire(self, None)
    }
}

impl IntoWire for TlsStream<TcpStream> {
    fn into_wire(self) -> (WireReader, WireWriter) {
        let (tcp, mut connection) = self.into_inner();
        connection.set_buffer_limit(Some(MAX_ENCRYPTED));
        let encryption = Encryption {
            connection: Mutex::new(connection),
            sent: AtomicU64::new(0),
        };
        wire(tcp, Some(Arc::new(encryption)))
    }
}

/// Takes what is decrypted already.
///
/// # Errors
/// When the peer has said that this was all, or is gone.
fn take_decrypted(connection: &mut ServerConnection, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut reader = connection.reader();
    loop {
        let count = match reader.fill_buf() {
            Ok([]) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(chunk) => {
                bytes.extend_from_slice(chunk);
                chunk.len()
            }
            Err(cause) if cause.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(cause) => return Err(cause),
        };
        reader.consume(count);
    }
}

fn wire(tcp: TcpStream, tls: Option<Arc<Encryption>>) -> (WireReader, WireWriter) {
    let (reading, writing) = tcp.into_split();
    let reader = WireReader {
        tcp: reading,
        tls: tls.clone(),
    };
    (reader, WireWriter { tcp: writing, tls })
}

impl WireReader {
    /// Ready when there may be something to read.
    pub(crate) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(tls) = &self.tls
            && !tls.lock().wants_read()
        {
            // Decrypted before anybody wanted it, or the end.
            return Poll::Ready(Ok(()));
        }
        self.tcp.as_ref().poll_read_ready(cx)
    }

    /// Takes what there is, as much as `bytes` has room for or a little more. `None` if there
    /// is nothing after all; with TLS there may be nothing for us in what is read.
    ///
    /// # Errors
    /// When the peer is gone, or sends what is no TLS.
    pub(crate) fn try_read(&mut self, bytes: &mut Vec<u8>) -> Option<io::Result<()>> {
        match &self.tls {
            None => {
                // Not `try_read`: this one knows that a socket which gave less than it was
                // asked for is empty, and spares the call that finds nothing.
                let read = self.tcp.read_buf(bytes).now_or_never()?;
                Some(read.and_then(|count| match count {
                    0 => Err(ErrorKind::UnexpectedEof.into()),
                    _ => Ok(()),
                }))
            }
            Some(tls) => tls.read(&mut self.tcp, bytes),
        }
    }
}

impl WireWriter {
    /// Takes some of the bytes, never waiting.
    ///
    /// # Errors
    /// `WouldBlock` if the socket is full.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match &self.tls {
            // The cheaper call, and the common case.
            None => self.tcp.try_write(bytes),
            Some(tls) => tls.write(self.tcp.as_ref(), &[IoSlice::new(bytes)]),
        }
    }

    /// As [`WireWriter::try_write`], of several pieces.
    pub(crate) fn try_write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        match &self.tls {
            None => self.tcp.try_write_vectored(pieces),
            Some(tls) => tls.write(self.tcp.as_ref(), pieces),
        }
    }

    /// Hands on what was taken and is not in the socket yet; without TLS that is nothing.
    ///
    /// # Errors
    /// `WouldBlock` if the socket is full.
    pub(crate) fn try_flush(&self) -> io::Result<()> {
        match &self.tls {
            None => Ok(()),
            Some(tls) => tls.flush(&mut tls.lock(), self.tcp.as_ref()),
        }
    }

    /// How many bytes the socket has taken in all, where that is not what was written.
    pub(crate) fn sent(&self) -> u64 {
        let sent = |tls: &Arc<Encryption>| tls.sent.load(Ordering::Relaxed);
        self.tls.as_ref().map_or(0, sent)
    }

    /// Ready when the socket may take more, or is found broken by the next write.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.tcp.as_ref().poll_write_ready(cx).map(drop)
    }
}

impl Drop for WireWriter {
    fn drop(&mut self) {
        if let Some(tls) = &self.tls {
            // What ends without this may have been cut by somebody else.
            let mut connection = tls.lock();
            connection.send_close_notify();
            let _ = tls.flush(&mut connection, self.tcp.as_ref());
        }
    }
}

impl Encryption {
    fn lock(&self) -> MutexGuard<'_, ServerConnection> {
        // If it panicked, nothing can be read or written any more; that is an error then.
        let connection = self.connection.lock();
        connection.unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, tcp: &mut OwnedReadHalf, bytes: &mut Vec<u8>) -> Option<io::Result<()>> {
        let enough = bytes.capacity();
        let mut connection = self.lock();
        let mut has_read = !connection.wants_read();
        let end = loop {
            if let Err(cause) = take_decrypted(&mut connection, bytes) {
                break Err(cause);
            }
            if bytes.len() >= enough {
                break Ok(());
            }
            match connection.read_tls(&mut Incoming(tcp)) {
                Ok(_) => has_read = true,
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => break Ok(()),
                Err(cause) => break Err(cause),
            }
            let processed = connection.process_new_packets();
            // New keys are confirmed, what is no TLS is complained of.
            let _ = self.flush(&mut connection, tcp.as_ref());
            if let Err(cause) = processed {
                return Some(Err(io::Error::new(ErrorKind::InvalidData, cause)));
            }
        };
        match end {
            // What the peer said last counts; that it is gone is found by the next read.
            Err(cause) if bytes.is_empty() => Some(Err(cause)),
            _ => has_read.then_some(Ok(())),
        }
    }

    fn write(&self, tcp: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut connection = self.lock();
        self.flush(&mut connection, tcp)?;
        let count = connection.writer().write_vectored(pieces)?;
        match self.flush(&mut connection, tcp) {
            // They are taken, and the next call finds out.
            Err(cause) if cause.kind() == ErrorKind::WouldBlock => Ok(count),
            flushed => flushed.map(|()| count),
        }
    }

    fn flush(&self, connection: &mut ServerConnection, tcp: &TcpStream) -> io::Result<()> {
        while connection.wants_write() {
            let count = connection.write_tls(&mut Outgoing(tcp))?;
            if count == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
            self.sent.fetch_add(count as u64, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The socket as TLS reads from it.
struct Incoming<'a>(&'a mut OwnedReadHalf);

impl Read for Incoming<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // For the same reason as without TLS.
        let read = self.0.read(buffer).now_or_never();
        read.unwrap_or_else(|| Err(ErrorKind::WouldBlock.into()))
    }
}

/// The socket as TLS writes to it.
struct Outgoing<'a>(&'a TcpStream);

impl Write for Outgoing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
