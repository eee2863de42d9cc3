//! Why no connection came about, from what the other side answers to a plain request.
//!
//! An engine says only that a connection failed. A driver that wants to know more asks
//! once itself, with [`question`], and has the first bytes of the answer looked at.

use longhall_packet::versions;

use crate::{DisconnectReason, ServerAddress};

/// As much of an answer as is worth reading.
pub const MAX_ANSWER_BYTES: usize = 1024;

/// The first bytes of a TLS connection: what a TLS server answers, whatever the request.
pub const TLS_QUESTION: &[u8] = &[
    // A handshake record of TLS 1.0 with a ClientHello of 45 bytes, version TLS 1.2,
    0x16, 0x03, 0x01, 0x00, 0x31, 0x01, 0x00, 0x00, 0x2d, 0x03, 0x03, //
    // 32 bytes that need not be random, as nothing follows,
    b'l', b'o', b'n', b'g', b'h', b'a', b'l', b'l', b'l', b'o', b'n', b'g', b'h', b'a', b'l', b'l',
    b'l', b'o', b'n', b'g', b'h', b'a', b'l', b'l', b'l', b'o', b'n', b'g', b'h', b'a', b'l',
    b'l', //
    // no session, three cipher suites, no compression.
    0x00, 0x00, 0x06, 0xc0, 0x2f, 0xc0, 0x2b, 0x00, 0x9c, 0x01, 0x00,
];

/// What answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answerer {
    /// It speaks WebSocket, so it should have worked.
    WebSocket,
    /// A web server: its status, and where it sends the browser.
    Web {
        /// The HTTP status.
        status: u16,
        /// The `Location` of a redirect, without its query.
        location: Option<String>,
    },
    /// It waits for an encrypted connection.
    Tls,
    /// Something else; its first words.
    Other(String),
}

/// The request whose answer tells what is at `address`.
///
/// The same as every WebSocket client begins with, so that a proxy answers as it did.
pub fn question(address: &ServerAddress) -> Vec<u8> {
    let (path, host) = (address.path(), address.authority());
    let protocols = versions::offer(versions::SPOKEN);
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: bG9uZ2hhbGwgYXNrcy4uLg==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: {protocols}\r\n\r\n"
    )
    .into_bytes()
}

/// Looks at the first bytes of an answer. `None` when they are too few to tell; with
/// `is_all`, when there are none.
pub fn look(answer: &[u8], is_all: bool) -> Option<Answerer> {
    let is_tls = |first| answer.starts_with(&[first, 0x03]);
    if is_tls(0x15) || is_tls(0x16) {
        return Some(Answerer::Tls);
    }
    let text = String::from_utf8_lossy(answer);
    let has_head = text.contains("\r\n\r\n") || text.contains("\n\n");
    if text.starts_with("HTTP/") || "HTTP/".starts_with(&*text) {
        if !(has_head || is_all || answer.len() >= MAX_ANSWER_BYTES) || answer.is_empty() {
            return None;
        }
        let found = look_at_head(&text);
        // What a web server says to plain words on its encrypted port is below the head.
        let may_be_tls = matches!(found, Answerer::Web { status: 400, .. });
        let is_whole = is_all || answer.len() >= MAX_ANSWER_BYTES;
        return (is_whole || !may_be_tls).then_some(found);
    }
    if !is_all && answer.len() < MAX_ANSWER_BYTES && !text.contains('\n') {
        return None;
    }
    let words: String = text
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(40)
        .collect();
    Some(Answerer::Other(words.escape_debug().to_string()))
}

fn look_at_head(text: &str) -> Answerer {
    let mut words = text.split([' ', '\r', '\n']);
    let status = words.nth(1).and_then(|word| word.parse().ok());
    let Some(status) = status else {
        return Answerer::Other(
            text.chars()
                .take(40)
                .collect::<String>()
                .escape_debug()
                .to_string(),
        );
    };
    let lower = text.to_lowercase();
    let is_tls_port = status == 400
        && (lower.contains("https") || lower.contains("ssl-enabled") || lower.contains("tls"));
    if is_tls_port {
        return Answerer::Tls;
    }
    if status == 101 {
        return Answerer::WebSocket;
    }
    let location = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim())
    });
    let location = location.map(|url| {
        let url = url.split(['?', '#']).next().unwrap_or_default();
        url.chars()
            .take(100)
            .collect::<String>()
            .escape_debug()
            .to_string()
    });
    Answerer::Web { status, location }
}

/// How a try to connect ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The host has no address, as far as this machine can find out.
    UnknownHost,
    /// Nobody listens there.
    Refused,
    /// Nobody answers there.
    Silent,
    /// Somebody listens there and hangs up at once.
    HungUp,
    /// Something answered an unencrypted request.
    Plain(Answerer),
    /// The encrypted connection did not come about: the certificate is not trusted, or
    /// for another name.
    Certificate,
    /// Something answered a request through an encrypted connection.
    Encrypted(Answerer),
}

impl Failure {
    /// What a player is to be told.
    pub fn reason(&self, address: &ServerAddress) -> DisconnectReason {
        match self {
            Self::UnknownHost => DisconnectReason::UnknownHost,
            Self::Refused | Self::Silent | Self::HungUp => DisconnectReason::ServerUnreachable,
            Self::Certificate => DisconnectReason::NotSecure,
            Self::Plain(Answerer::WebSocket | Answerer::Web { .. }) if address.is_secure() => {
                DisconnectReason::NotSecure
            }
            // It should have worked, and may the next time.
            Self::Plain(Answerer::WebSocket) | Self::Encrypted(Answerer::WebSocket) => {
                DisconnectReason::ServerUnreachable
            }
            Self::Plain(_) | Self::Encrypted(_) => DisconnectReason::WrongServer,
        }
    }

    /// What a developer is to be told: the url, and the likely cause.
    pub fn cause(&self, address: &ServerAddress) -> String {
        let (host, port) = (address.host(), address.port());
        let cause = match self {
            Self::UnknownHost => format!(
                "the name \"{host}\" has no address: is it spelt right, and is this machine online?"
            ),
            Self::Refused => format!(
                "nothing listens on port {port} of {host}: does the server run, and is this its port?"
            ),
            Self::Silent => format!(
                "{host} does not answer on port {port}: a firewall, another host, or no network"
            ),
            Self::HungUp => format!(
                "something on port {port} of {host} takes connections and hangs up without a word"
            ),
            Self::Plain(answerer) if address.is_secure() => match answerer {
                Answerer::WebSocket | Answerer::Web { .. } => format!(
                    "the server speaks without TLS: use ws://{} to try it, or put a TLS proxy in \
                     front of it",
                    address.authority()
                ),
                other => what(other),
            },
            Self::Plain(Answerer::Tls) => {
                format!("the server speaks TLS: use wss://{}", address.authority())
            }
            Self::Plain(answerer) | Self::Encrypted(answerer) => what(answerer),
            Self::Certificate => format!(
                "the server's certificate is not trusted, or is not for \"{host}\": see \
                 tls_certificate"
            ),
        };
        format!("cannot connect to {}: {cause}", address.shown())
    }
}

fn what(answerer: &Answerer) -> String {
    match answerer {
        Answerer::WebSocket => "the connection was cut while it was made".to_owned(),
        Answerer::Tls => "the server speaks TLS where it should not".to_owned(),
        Answerer::Web {
            status: status @ 502..=504,
            ..
        } => format!(
            "a proxy answers with HTTP {status}: the server behind it does not run, or is elsewhere"
        ),
        Answerer::Web {
            status,
            location: Some(location),
        } => format!(
            "a web server answers with HTTP {status} and sends browsers to {location}: the log-in \
             page of a network, or another path or scheme"
        ),
        Answerer::Web { status, .. } => format!(
            "a web server answers with HTTP {status}, and no Longhall server: is the url's port or \
             path another one?"
        ),
        Answerer::Other(words) => format!(
            "something else answers there, with \"{words}\": is the url's port another one?"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> ServerAddress {
        ServerAddress::parse(url).expect("an address")
    }

    fn web(status: u16) -> Answerer {
        Answerer::Web {
            status,
            location: None,
        }
    }

    #[test]
    fn each_kind_of_server_is_known_by_its_answer() {
        let redirect = Answerer::Web {
            status: 302,
            location: Some("https://portal.example.org/login".to_owned()),
        };
        for (answer, expected) in [
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html",
                web(200),
            ),
            (
                "HTTP/1.1 302 Found\r\nlocation: https://portal.example.org/login?mac=00\r\n\r\n",
                redirect,
            ),
            (
                "HTTP/1.1 502 Bad Gateway\r\nServer: nginx\r\n\r\n",
                web(502),
            ),
            ("HTTP/1.0 426 Upgrade Required\r\n\r\n", web(426)),
            (
                "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                Answerer::WebSocket,
            ),
            (
                "HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port",
                Answerer::Tls,
            ),
            ("HTTP/1.1 400 Bad Request\r\n\r\n", web(400)),
            ("\x15\x03\x01\x00\x02\x02\x46", Answerer::Tls),
            ("\x16\x03\x03\x00\x7a", Answerer::Tls),
            (
                "SSH-2.0-OpenSSH_9.2\r\n",
                Answerer::Other("SSH-2.0-OpenSSH_9.2".to_owned()),
            ),
            (
                "220 mail ready\r\n",
                Answerer::Other("220 mail ready".to_owned()),
            ),
        ] {
            assert_eq!(look(answer.as_bytes(), true), Some(expected), "{answer:?}");
        }
    }

    #[test]
    fn a_beginning_is_not_judged_before_it_tells() {
        for answer in [
            "",
            "H",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 400 Bad\r\n\r\n",
            "SSH-2.0",
        ] {
            assert_eq!(look(answer.as_bytes(), false), None, "{answer:?}");
        }
        assert_eq!(look(b"", true), None);
        assert_eq!(look(b"HTTP/1.1 200 OK\r\n", true), Some(web(200)));
        let endless = vec![b'x'; MAX_ANSWER_BYTES];
        assert!(matches!(look(&endless, false), Some(Answerer::Other(words)) if words.len() == 40));
    }

    #[test]
    fn nothing_an_answer_says_can_move_the_cursor() {
        let answer = b"HTTP/1.1 302 Found\r\nLocation: http://a/\x1b[2J\r\n\r\n";
        let failure = Failure::Plain(look(answer, true).expect("an answerer"));
        assert!(!failure.cause(&address("ws://a")).contains('\x1b'));
        let failure = Failure::Plain(look(b"\x1b[31mred\r\n", true).expect("an answerer"));
        assert!(!failure.cause(&address("ws://a")).contains('\x1b'));
    }

    #[test]
    fn every_failure_has_its_reason_and_a_cause_with_the_url() {
        let (plain, secure) = (
            address("ws://chat.example.org?t=1"),
            address("wss://chat.example.org"),
        );
        let unreachable = DisconnectReason::ServerUnreachable;
        for (failure, address, reason, word) in [
            (
                Failure::UnknownHost,
                &plain,
                DisconnectReason::UnknownHost,
                "no address",
            ),
            (Failure::Refused, &plain, unreachable, "port 80"),
            (Failure::Silent, &secure, unreachable, "port 443"),
            (Failure::HungUp, &plain, unreachable, "hangs up"),
            (
                Failure::Plain(Answerer::Tls),
                &plain,
                DisconnectReason::WrongServer,
                "use wss://chat.example.org",
            ),
            (
                Failure::Plain(web(426)),
                &secure,
                DisconnectReason::NotSecure,
                "use ws://chat.example.org",
            ),
            (
                Failure::Certificate,
                &secure,
                DisconnectReason::NotSecure,
                "certificate",
            ),
            (
                Failure::Plain(web(200)),
                &plain,
                DisconnectReason::WrongServer,
                "HTTP 200",
            ),
            (
                Failure::Encrypted(web(502)),
                &secure,
                DisconnectReason::WrongServer,
                "does not run",
            ),
            (
                Failure::Plain(Answerer::Other("SSH-2.0".to_owned())),
                &secure,
                DisconnectReason::WrongServer,
                "SSH-2.0",
            ),
            (
                Failure::Encrypted(Answerer::WebSocket),
                &secure,
                unreachable,
                "cut",
            ),
        ] {
            assert_eq!(failure.reason(address), reason, "{failure:?}");
            assert!(failure.reason(address).may_retry(), "{failure:?}");
            let cause = failure.cause(address);
            assert!(cause.contains(word), "{cause}");
            assert!(cause.starts_with(&format!("cannot connect to {}: ", address.shown())));
        }
    }

    #[test]
    fn the_question_to_a_tls_server_is_a_whole_record() {
        let length = usize::from(TLS_QUESTION[4]);
        assert_eq!(TLS_QUESTION.len(), 5 + length);
        assert_eq!(TLS_QUESTION[8], TLS_QUESTION[4] - 4);
    }
}
