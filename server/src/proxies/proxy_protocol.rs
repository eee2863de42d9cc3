//! The PROXY protocol: a proxy that does not read what it passes on tells whose connection
//! it is before everything else.

use std::io::{self, ErrorKind};
use std::net::IpAddr;

use proxy_header::{ParseConfig, ProxyHeader};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How version 2 begins.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Shorter than every header of version 1.
const BEGINNING: usize = SIGNATURE.len();
/// The head of version 2, whose last two bytes say how much follows.
const HEAD: usize = 16;
/// The longest header of version 1.
const MAX_LINE: usize = 107;
/// A header of version 2 may tell much more than the address.
const MAX_HEADER: usize = 4096;

/// Reads the header and not a byte more. `None` for a connection of the proxy's own, as to
/// ask how we are.
///
/// # Errors
/// `InvalidData` for what is no such header; and when the peer hangs up.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let mut header = vec![0; BEGINNING];
    stream.read_exact(&mut header).await?;
    if header == SIGNATURE {
        header.resize(HEAD, 0);
        stream.read_exact(&mut header[BEGINNING..]).await?;
        let length = usize::from(u16::from_be_bytes([header[HEAD - 2], header[HEAD - 1]]));
        if length > MAX_HEADER {
            return Err(invalid());
        }
        header.resize(HEAD + length, 0);
        stream.read_exact(&mut header[HEAD..]).await?;
    } else if header.starts_with(b"PROXY ") {
        // Nothing says how long it is, and what follows is not ours to read here.
        while header.last() != Some(&b'\n') {
            if header.len() == MAX_LINE {
                return Err(invalid());
            }
            header.push(stream.read_u8().await?);
        }
    }
    parse(&header)
}

/// The address in a whole header.
fn parse(header: &[u8]) -> io::Result<Option<IpAddr>> {
    let parsed = ProxyHeader::parse(header, ParseConfig::default());
    let (parsed, _) = parsed.map_err(|_| invalid())?;
    let address = parsed.proxied_address();
    Ok(address.map(|address| address.source.ip().to_canonical()))
}

fn invalid() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "no header of the PROXY protocol")
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proxy_header::ProxiedAddress;

    use super::*;

    /// What is read of the bytes, and how many are left.
    fn read_of(mut bytes: &[u8]) -> (io::Result<Option<String>>, usize) {
        let found = read(&mut bytes)
            .now_or_never()
            .expect("memory does not wait");
        (
            found.map(|found| found.map(|ip| ip.to_string())),
            bytes.len(),
        )
    }

    fn header(source: &str, version: u8) -> Vec<u8> {
        let source = source.parse().unwrap();
        let header = ProxyHeader::with_address(ProxiedAddress::stream(source, source));
        let mut bytes = [0; 300];
        let length = match version {
            1 => header.encode_to_slice_v1(&mut bytes),
            _ => header.encode_to_slice_v2(&mut bytes),
        };
        bytes[..length.unwrap()].to_vec()
    }

    #[test]
    fn the_address_is_found_and_what_follows_is_left() {
        for source in ["203.0.113.9:4711", "[2001:db8::1]:1"] {
            for version in [1, 2] {
                let mut bytes = header(source, version);
                bytes.extend_from_slice(b"GET / ");
                let (found, left) = read_of(&bytes);
                let ip = source.parse::<std::net::SocketAddr>().unwrap().ip();
                assert_eq!(found.unwrap(), Some(ip.to_string()));
                assert_eq!(left, 6);
            }
        }
        for own in [&b"PROXY UNKNOWN\r\n"[..], b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"] {
            assert_eq!(read_of(own).0.unwrap(), None);
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let long = [&b"PROXY TCP4 "[..], &[b'1'; 200]].concat();
        let huge = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff";
        let short = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04aaaa";
        for wrong in [
            &b"GET /ready HTTP/1.0\r\n\r\n"[..],
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\0\0",
            b"PROXY TCP4 a b c d\r\n",
            b"PROXY TCP4 1.1.1.1\n",
            b"PROXY         \n",
            b"PROXY UNKNOWN\n",
            &long,
            huge,
            short,
        ] {
            let error = read_of(wrong).0.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "{wrong:?}");
        }
    }
}
