//! The WebSocket crate's side of a connection, in place of a socket.

use std::io::{self, ErrorKind, Read, Write};

/// Bytes from the peer that are not put together into packets yet.
#[derive(Default)]
pub(super) struct Unread {
    pub(super) bytes: Vec<u8>,
    pub(super) at: usize,
}

impl Unread {
    pub(super) fn is_empty(&self) -> bool {
        self.at == self.bytes.len()
    }
}

/// The WebSocket crate reads from here and writes to here, never to the socket itself.
pub(super) struct Peer<'a> {
    pub(super) unread: &'a mut Unread,
    /// Pongs and close frames.
    pub(super) answers: &'a mut Vec<u8>,
}

impl Read for Peer<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.unread.bytes[self.unread.at..];
        if rest.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.unread.at += count;
        Ok(count)
    }
}

impl Write for Peer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.answers.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
