//! A client's end of a WebSocket, as lean as it can be.
//!
//! The server under test shares one encoded frame among all who get it. The
//! generator receives a hundred times as many frames and has to be leaner still, or it
//! needs more processor than the server and measures itself. So frames are not
//! taken out of a connection one by one but looked at where `read` put them: one
//! buffer for all connections of a thread, no copy, no allocation, no decoding.
//! Only what has not wholly arrived is kept apart until the rest comes.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use longhall_packet::limits::MAX_SERVER_PACKET_BYTES;
use longhall_packet::{CloseReason, SUBPROTOCOL};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::SwarmError;
use crate::frame::{CLOSE, Frame, PING, PONG, TEXT};
use crate::stream::{Roots, Stream};

/// Holds the largest frame there is.
pub(crate) const BUFFER_BYTES: usize = 64 * 1024;
const _: () = assert!(MAX_SERVER_PACKET_BYTES + MAX_HEADER_BYTES <= BUFFER_BYTES);

const MAX_HEADER_BYTES: usize = 10;

/// What all connections of a thread read into.
pub(crate) type Buffer = RefCell<Box<[u8]>>;

pub(crate) fn new_buffer() -> Buffer {
    RefCell::new(vec![0; BUFFER_BYTES].into_boxed_slice())
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// `host:port`.
    pub(crate) host: String,
    pub(crate) path: String,
    /// For TLS.
    pub(crate) roots: Option<Roots>,
}

impl Address {
    /// # Errors
    /// When `url` is no `ws://` address, nor, with `roots`, a `wss://` one.
    pub(crate) fn parse(url: &str, roots: Option<&Roots>) -> Result<Self, SwarmError> {
        let fail = |why| SwarmError::Url {
            url: url.to_owned(),
            why,
        };
        let (rest, roots, port) = match (url.strip_prefix("wss://"), roots) {
            (Some(rest), Some(roots)) => (rest, Some(roots.clone()), 443),
            (Some(_), None) => {
                return Err(fail(
                    "for TLS, say with --roots which certificates to trust; the server's own \
                     will do",
                ));
            }
            (None, _) => {
                let rest = url.strip_prefix("ws://");
                (
                    rest.ok_or_else(|| fail("it must begin with ws://"))?,
                    None,
                    80,
                )
            }
        };
        let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        if host.is_empty() {
            return Err(fail("the host is missing"));
        }
        let has_port = host
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        Ok(Self {
            host: if has_port {
                host.to_owned()
            } else {
                format!("{host}:{port}")
            },
            path: path.to_owned(),
            roots,
        })
    }
}

/// What a server sent, other than text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// To be answered by [`Wire::pong`].
    Ping,
    /// The connection ends, for this reason if it is one of Longhall's.
    Close(Option<CloseReason>),
}

/// How much a read brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    /// Something that is not for counting.
    pub(crate) control: Option<Control>,
    /// The other side will send nothing more.
    pub(crate) is_over: bool,
}

/// One connection.
pub(crate) struct Wire {
    stream: Stream,
    incoming: Frames,
    outgoing: Vec<u8>,
}

/// Finds the frames in what arrives.
#[derive(Default)]
pub(crate) struct Frames {
    /// The beginning of a frame whose rest has not arrived.
    rest: Vec<u8>,
}

impl Wire {
    /// Connects, without a handshake.
    ///
    /// # Errors
    /// [`SwarmError::Dial`].
    pub(crate) async fn dial(address: &Address) -> Result<Self, SwarmError> {
        let dial = Stream::open(&address.host, address.roots.as_ref());
        let stream = dial.await.map_err(|cause| SwarmError::Dial {
            address: address.host.clone(),
            cause,
        })?;
        Ok(Self {
            stream,
            incoming: Frames::default(),
            outgoing: Vec::new(),
        })
    }

    /// Makes it a WebSocket.
    ///
    /// # Errors
    /// [`SwarmError::NotLonghall`] or [`SwarmError::Lost`].
    pub(crate) async fn shake_hands(&mut self, address: &Address) -> Result<(), SwarmError> {
        let lost = |_| SwarmError::Lost {
            doing: "connecting",
        };
        let Address { host, path, .. } = address;
        // The key keeps caches from answering; there is none on this way.
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: bG9uZ2hhbGwtc3dhcm0hIQ==\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
        );
        let stream = &mut self.stream;
        stream.write_all(request.as_bytes()).await.map_err(lost)?;
        stream.flush().await.map_err(lost)?;
        let mut answer = Vec::with_capacity(1024);
        let end = loop {
            if let Some(at) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if answer.len() > 8 * 1024 {
                return Err(SwarmError::NotLonghall("its answer does not end".into()));
            }
            if self.stream.read_buf(&mut answer).await.map_err(lost)? == 0 {
                return Err(SwarmError::HungUp);
            }
        };
        let status = answer.split(|&byte| byte == b'\r').next().unwrap_or(&[]);
        if !status.starts_with(b"HTTP/1.1 101") {
            let status = String::from_utf8_lossy(status).into_owned();
            return Err(SwarmError::NotLonghall(status));
        }
        self.incoming.rest.extend_from_slice(&answer[end..]);
        Ok(())
    }

    /// Writes what is queued, waits until something has come, reads once and shows
    /// each text frame to `on_text`. May be dropped while it waits.
    ///
    /// # Errors
    /// [`SwarmError::Broken`]. That the connection is over is no error.
    pub(crate) async fn turn(
        &mut self,
        buffer: &Buffer,
        mut on_text: impl FnMut(&[u8]),
    ) -> Result<Read, SwarmError> {
        poll_fn(|cx| self.poll_turn(cx, buffer, &mut on_text)).await
    }

    fn poll_turn(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &Buffer,
        on_text: &mut impl FnMut(&[u8]),
    ) -> Poll<Result<Read, SwarmError>> {
        self.poll_flush(cx);
        let mut buffer = buffer.borrow_mut();
        let rest = &mut self.incoming.rest;
        let kept = rest.len();
        buffer[..kept].copy_from_slice(rest);
        let mut read = Read::default();
        let mut filled = kept;
        // Frames may have come along with the handshake.
        if !holds_frame(rest) {
            let mut into = ReadBuf::new(&mut buffer[kept..]);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut into)) {
                Ok(()) => filled += into.filled().len(),
                Err(_) => read.is_over = true,
            }
            read.is_over |= filled == kept;
        }
        read.control = self.incoming.look_at(&buffer[..filled], on_text)?;
        Poll::Ready(Ok(read))
    }

    /// Queues a packet.
    pub(crate) fn queue(&mut self, text: &str) {
        self.queue_frame(TEXT, text.as_bytes());
    }

    /// Queues the answer to a ping.
    pub(crate) fn pong(&mut self) {
        self.queue_frame(PONG, b"");
    }

    /// Queues a good-bye.
    pub(crate) fn close(&mut self, code: u16) {
        self.queue_frame(CLOSE, &code.to_be_bytes());
    }

    fn queue_frame(&mut self, opcode: u8, payload: &[u8]) {
        let mask = fastrand::u32(..).to_be_bytes();
        Frame::push(&mut self.outgoing, opcode, Some(mask), payload);
    }

    /// Whether the socket did not take all of what was queued yet.
    pub(crate) fn is_behind(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Hands what is queued to the socket, as far as it takes it, without waiting. For
    /// a good-bye; everything else goes out with the next [`turn`](Self::turn).
    pub(crate) fn flush(&mut self) {
        self.poll_flush(&mut Context::from_waker(Waker::noop()));
    }

    /// That a connection is over shows when it is read.
    fn poll_flush(&mut self, cx: &mut Context<'_>) {
        while !self.outgoing.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.outgoing) {
                Poll::Ready(Ok(count)) => {
                    self.outgoing.drain(..count);
                }
                Poll::Ready(Err(_)) => self.outgoing.clear(),
                Poll::Pending => return,
            }
        }
        // TLS may have kept some of it. Whether it did shows when it is read.
        let _ = Pin::new(&mut self.stream).poll_flush(cx);
        if self.outgoing.capacity() > 4 * 1024 {
            self.outgoing = Vec::new();
        }
    }
}

impl Frames {
    /// The beginning of a frame, to be put before the bytes that arrive next.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// Shows whole frames, and keeps what is left. `bytes` begin with
    /// [`rest`](Self::rest).
    pub(crate) fn look_at(
        &mut self,
        bytes: &[u8],
        on_text: &mut impl FnMut(&[u8]),
    ) -> Result<Option<Control>, SwarmError> {
        self.rest.clear();
        let (mut at, mut control) = (0, None);
        while let Some(frame) = server_frame(&bytes[at..])? {
            let Some(payload) = bytes[at..].get(frame.from..frame.to) else {
                break;
            };
            match frame.opcode {
                TEXT => on_text(payload),
                CLOSE => control = Some(Control::Close(close_reason(payload))),
                PING => control = Some(Control::Ping),
                _ => {}
            }
            at += frame.to;
        }
        if at < bytes.len() {
            self.rest.extend_from_slice(&bytes[at..]);
        } else if self.rest.capacity() > 4 * 1024 {
            self.rest = Vec::new();
        }
        Ok(control)
    }
}

/// Whether a frame begins here and ends here.
fn holds_frame(bytes: &[u8]) -> bool {
    match server_frame(bytes) {
        Ok(Some(frame)) => frame.to <= bytes.len(),
        Ok(None) => false,
        Err(_) => true,
    }
}

/// A frame as Longhall servers send them: without a mask, and no larger than a packet.
///
/// # Errors
/// For all others.
#[inline]
fn server_frame(bytes: &[u8]) -> Result<Option<Frame>, SwarmError> {
    let frame = Frame::parse(bytes).map_err(|what| SwarmError::Broken(what.to_owned()))?;
    if let Some(frame) = &frame
        && (frame.mask.is_some() || frame.to - frame.from > MAX_SERVER_PACKET_BYTES)
    {
        return Err(SwarmError::Broken("a frame no server sends".to_owned()));
    }
    Ok(frame)
}

fn close_reason(payload: &[u8]) -> Option<CloseReason> {
    let [high, low, ..] = payload else {
        return None;
    };
    CloseReason::from_code(u16::from_be_bytes([*high, *low]))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        Frame::push(&mut frame, opcode, None, payload);
        frame
    }

    #[test]
    fn urls_lead_to_a_host_and_a_path() {
        for (url, host, path) in [
            ("ws://127.0.0.1:8081", "127.0.0.1:8081", "/"),
            ("ws://example.org/chat", "example.org:80", "/chat"),
            ("ws://[::1]:9000/", "[::1]:9000", "/"),
        ] {
            let address = Address::parse(url, None).unwrap();
            assert_eq!((address.host.as_str(), address.path.as_str()), (host, path));
        }
        for url in ["http://example.org", "wss://example.org", "ws://", "x"] {
            assert!(Address::parse(url, None).is_err(), "{url}");
        }
    }

    #[test]
    fn what_no_server_sends_is_refused() {
        let mut masked = Vec::new();
        Frame::push(&mut masked, TEXT, Some([1, 2, 3, 4]), b"hello");
        let huge = vec![0x81, 126, 0xff, 0xff];
        for bad in [&masked, &huge, &vec![0x01, 5]] {
            assert!(server_frame(bad).is_err(), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn frames_are_seen_once_and_whole_wherever_the_network_cuts_them() {
        let texts = ["short", &"x".repeat(200), "", &"y".repeat(60_000), "last"];
        let mut bytes = Vec::new();
        for text in texts {
            bytes.extend(frame(TEXT, text.as_bytes()));
        }
        bytes.extend(frame(PING, b"?"));
        for piece in [1, 3, 1000, 40_000, bytes.len()] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = Address::parse(&format!("ws://{}", listener.local_addr().unwrap()), None);
            let mut wire = Wire::dial(&address.unwrap()).await.unwrap();
            let (mut server, _) = listener.accept().await.unwrap();
            let bytes = bytes.clone();
            // Byte by byte would take long for all; the first kilobyte shows it.
            tokio::spawn(async move {
                let (first, rest) = bytes.split_at(1000);
                for some in first.chunks(piece).chain(rest.chunks(piece.max(1000))) {
                    server.write_all(some).await.unwrap();
                    tokio::task::yield_now().await;
                }
            });
            let (buffer, mut seen, mut pinged) = (new_buffer(), Vec::new(), false);
            loop {
                let turn = wire.turn(&buffer, |text| seen.push(text.to_vec()));
                let read = turn.await.unwrap();
                pinged |= read.control == Some(Control::Ping);
                if read.is_over {
                    break;
                }
            }
            assert!(pinged);
            assert_eq!(seen, texts.map(|text| text.as_bytes().to_vec()));
        }
    }
}
