//! Where a server is, as people type it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The address of a server, read from a url: `ws://host:port`, or `wss://` for an
/// encrypted connection.
///
/// Forgives what a url is typed with: spaces around it, a scheme in capitals, a slash
/// too few or too many, no port.
///
/// ```
/// use longhall_client::ServerAddress;
///
/// let address = ServerAddress::parse(" WS://Chat.Example.org:8081/ ")?;
/// assert_eq!(address.to_string(), "ws://chat.example.org:8081");
/// assert_eq!(address.port(), 8081);
/// assert!(ServerAddress::parse("chat.example.org").is_err());
/// # Ok::<(), longhall_client::AddressError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    is_secure: bool,
    /// Without the brackets of an IPv6 address.
    host: String,
    port: Option<u16>,
    /// With the query; empty, or begins with a slash.
    path: String,
}

/// Why a text is no [`ServerAddress`]. Never quotes the text: a url may hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// There is nothing.
    Empty,
    /// It does not begin with `ws://` or `wss://`.
    Scheme,
    /// It holds a name or a password in front of the host.
    UserInfo,
    /// There is no host in it, or one that cannot be.
    Host,
    /// The port is no number from 1 to 65535.
    Port,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the url is empty",
            Self::Scheme => "the url does not begin with ws:// or wss://",
            Self::UserInfo => "the url holds a name or a password, which no server is sent",
            Self::Host => "the url names no host that could be",
            Self::Port => "the url's port is no number from 1 to 65535",
        })
    }
}

impl std::error::Error for AddressError {}

impl ServerAddress {
    /// Reads a url.
    ///
    /// # Errors
    /// If it is none that a connection could be made to.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let url = url.trim_matches(is_blank);
        if url.is_empty() {
            return Err(AddressError::Empty);
        }
        let (scheme, rest) = url.split_once(':').ok_or(AddressError::Scheme)?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            _ => return Err(AddressError::Scheme),
        };
        let rest = rest.trim_start_matches('/');
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(AddressError::UserInfo);
        }
        let (host, port) = read_authority(authority)?;
        let port = port.filter(|port| *port != default_port(is_secure));
        let path = path.split('#').next().unwrap_or_default();
        let path = match path {
            "/" => String::new(),
            path if path.starts_with('?') => format!("/{path}"),
            path => path.to_owned(),
        };
        if path.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(AddressError::Host);
        }
        Ok(Self {
            is_secure,
            host,
            port,
            path,
        })
    }

    /// Whether the connection is encrypted.
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// The host's name or address, in lower case; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also when the url leaves it out.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(default_port(self.is_secure))
    }

    /// What a request asks for, with the query: `/` unless the url says more.
    pub fn path(&self) -> &str {
        if self.path.is_empty() {
            "/"
        } else {
            &self.path
        }
    }

    /// The host, and the port where it is not the scheme's own, as in a url.
    pub fn authority(&self) -> String {
        let host = match self.host.parse::<Ipv6Addr>() {
            Ok(_) => format!("[{}]", self.host),
            Err(_) => self.host.clone(),
        };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host,
        }
    }

    /// Whether it is this very machine.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// For logs: without the query, in which there may be secrets.
    pub fn shown(&self) -> String {
        let url = self.to_string();
        url.split('?').next().unwrap_or_default().to_owned()
    }
}

/// The url, always in the same spelling.
impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

fn default_port(is_secure: bool) -> u16 {
    if is_secure { 443 } else { 80 }
}

/// Whether `c` is not seen at the ends of a url.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn read_authority(authority: &str) -> Result<(String, Option<u16>), AddressError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(AddressError::Host)?;
            let address: Ipv6Addr = host.parse().map_err(|_| AddressError::Host)?;
            let port = match rest {
                "" => "",
                rest => rest.strip_prefix(':').ok_or(AddressError::Port)?,
            };
            (address.to_string(), port)
        }
        None => {
            let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
            (host.to_lowercase(), port)
        }
    };
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"\\^`{|}%[]".contains(c);
    if host.is_empty() || host.contains(is_odd) {
        return Err(AddressError::Host);
    }
    if port.is_empty() {
        return Ok((host, None));
    }
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|port| is_number && *port > 0);
    Ok((host, Some(port.ok_or(AddressError::Port)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: &str) {
        let address = ServerAddress::parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(address.to_string(), expected, "{url}");
        assert_eq!(ServerAddress::parse(expected), Ok(address), "{expected}");
    }

    #[test]
    fn a_url_is_understood_however_it_is_typed() {
        for (url, expected) in [
            ("ws://127.0.0.1:8081", "ws://127.0.0.1:8081"),
            ("WS://127.0.0.1:8081", "ws://127.0.0.1:8081"),
            ("Wss://Chat.Example.ORG", "wss://chat.example.org"),
            (" \tws://a:8081\n", "ws://a:8081"),
            ("\u{feff}ws://a:8081\u{a0}\u{200b}", "ws://a:8081"),
            ("ws://a:8081/", "ws://a:8081"),
            ("ws://a", "ws://a"),
            ("ws://a:", "ws://a"),
            ("ws://a:80", "ws://a"),
            ("ws://a:443", "ws://a:443"),
            ("wss://a:443/", "wss://a"),
            ("ws:a:8081", "ws://a:8081"),
            ("ws:/a:8081", "ws://a:8081"),
            ("ws:///a:8081", "ws://a:8081"),
            ("ws://a/chat", "ws://a/chat"),
            ("ws://a/Chat/", "ws://a/Chat/"),
            ("ws://a?room=1#top", "ws://a/?room=1"),
            ("ws://[::1]:8081", "ws://[::1]:8081"),
            ("ws://[0:0:0:0:0:0:0:1]", "ws://[::1]"),
        ] {
            check(url, expected);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        for (url, error) in [
            ("", AddressError::Empty),
            (" \u{feff} ", AddressError::Empty),
            ("127.0.0.1:8081", AddressError::Scheme),
            ("chat.example.org", AddressError::Scheme),
            ("http://a", AddressError::Scheme),
            ("wsx://a", AddressError::Scheme),
            ("ws://", AddressError::Host),
            ("ws://:8081", AddressError::Host),
            ("ws://a b:8081", AddressError::Host),
            ("ws://[::1", AddressError::Host),
            ("ws://[nonsense]", AddressError::Host),
            ("ws://a:0", AddressError::Port),
            ("ws://a:65536", AddressError::Port),
            ("ws://a:+80", AddressError::Port),
            ("ws://a:8081x", AddressError::Port),
            ("ws://ada:secret@a", AddressError::UserInfo),
        ] {
            assert_eq!(ServerAddress::parse(url), Err(error), "{url}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let address = ServerAddress::parse("ws://a/chat?token=secret").expect("an address");
        assert_eq!(address.shown(), "ws://a/chat");
        assert_eq!(address.path(), "/chat?token=secret");
    }

    #[test]
    fn this_machine_is_known_by_all_its_names() {
        for url in [
            "ws://localhost",
            "ws://127.0.0.1:1",
            "ws://[::1]",
            "ws://127.1.2.3/x",
        ] {
            let address = ServerAddress::parse(url).expect("an address");
            assert!(address.is_loopback(), "{url}");
        }
        let address = ServerAddress::parse("ws://localhost.example.org").expect("an address");
        assert!(!address.is_loopback());
    }
}
