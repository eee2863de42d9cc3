//! The opening handshake (RFC 6455, section 4), and an answer in HTTP to anything else.

use std::io;

use longhall_packet::{CloseReason, versions};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::handshake::machine::TryParse;
use tokio_tungstenite::tungstenite::handshake::server::{
    Request, Response, create_response, write_response,
};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, header};

use crate::health::Readiness;

/// Most bytes of a request's head. Browsers with many cookies send a few KiB.
const MAX_HEAD_BYTES: usize = 8 * 1024;
/// Reads from a peer that was refused, before the server hangs up.
const MAX_REFUSED_READS: usize = 16;

/// A handshake that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// The newest version of the protocol that both sides speak.
    Version(u32),
    /// The client only speaks versions that this server does not. It is taken on
    /// to be told so in a close frame, which a game can show; a refused handshake
    /// it cannot.
    NoneInCommon(CloseReason),
}

/// Why there was no handshake.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    /// The socket broke, or the peer hung up.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It was no player, but an authority that gives certificates.
    #[error("a challenge of ACME, answered")]
    Challenge,
    /// There are too many of its address, so many that it is not even told.
    #[error("too many connections of its address")]
    Crowded,
    /// The peer was answered this and hung up on.
    #[error("{}: {}", .0.status, .0.text)]
    Answered(Reply),
}

/// The answer to a request that is no handshake, or a bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    status: &'static str,
    /// Header lines that belong to the status.
    headers: &'static str,
    /// A line for the person who looks at it.
    text: &'static str,
}

impl Reply {
    /// The code and its name.
    pub(crate) fn status(self) -> &'static str {
        self.status
    }
}

/// RFC 9110, section 15.5.22: `Upgrade` names the protocol to speak. RFC 6455, section
/// 4.4: `Sec-WebSocket-Version` names its version.
const UPGRADE: &str = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";

const NO_WEBSOCKET: Reply = Reply {
    status: "426 Upgrade Required",
    headers: UPGRADE,
    text: "This is a Longhall server: games connect to it by WebSocket, there is no web page",
};
const WRONG_VERSION: Reply = Reply {
    status: "426 Upgrade Required",
    headers: UPGRADE,
    text: "This server speaks version 13 of WebSocket (RFC 6455)",
};
const NO_HTTP: Reply = Reply {
    status: "400 Bad Request",
    headers: "",
    text: "This is no HTTP request",
};
const NO_KEY: Reply = Reply {
    status: "400 Bad Request",
    headers: "",
    text: "Sec-WebSocket-Key is missing or is not 16 bytes in base64",
};
const NO_SUBPROTOCOL: Reply = Reply {
    status: "400 Bad Request",
    headers: "",
    text: "Offer the WebSocket subprotocol longhall.v2",
};
const TOO_EARLY: Reply = Reply {
    status: "400 Bad Request",
    headers: "",
    text: "Wait for the answer to the handshake before sending more",
};
const TOO_LARGE: Reply = Reply {
    status: "431 Request Header Fields Too Large",
    headers: "",
    text: "The request is larger than 8 KiB",
};

/// For whoever speaks plainly where there is TLS.
pub(crate) const NEEDS_TLS: Reply = Reply {
    status: "400 Bad Request",
    headers: "",
    text: "This port speaks TLS: connect with wss:// (or https://)",
};

/// For a proxy that is said to speak the PROXY protocol.
pub(crate) const NEEDS_PROXY_HEADER: Reply = Reply {
    status: "400 Bad Request",
    headers: "",
    text: "This server expects the PROXY protocol from this address (--proxy-protocol)",
};
/// For a browser.
pub(crate) const FOREIGN_PAGE: Reply = Reply {
    status: "403 Forbidden",
    headers: "",
    text: "Games on this page may not connect: the server names others by --allowed-origins",
};

const LIVE: Reply = Reply {
    status: "200 OK",
    headers: "",
    text: "live",
};

/// What a request wants that gets a reply and no handshake.
enum Instead {
    /// To be told this.
    Reply(Reply),
    /// To know whether this server is to be sent players.
    Readiness,
}

/// Answers the peer's handshake, or tells it why not and waits until it has read
/// that; also what it asks for instead, in a few words. `look` may refuse a good one. Takes as long as the peer likes:
/// to be called with a deadline.
///
/// # Errors
/// [`HandshakeError`]; the connection is of no use then.
pub(crate) async fn accept<S, R>(
    mut stream: S,
    look: impl FnOnce(&HeaderMap) -> Result<(), Reply>,
    readiness: impl FnOnce() -> R,
) -> Result<(S, Opened), HandshakeError>
where
    S: AsyncRead + AsyncWrite + Unpin,
    R: Future<Output = Readiness>,
{
    let mut head = Vec::with_capacity(1024);
    match read_request(&mut stream, &mut head, look).await? {
        Ok((answer, opened)) => {
            stream.write_all(&answer).await?;
            // TLS may hold on to a part of it.
            stream.flush().await?;
            Ok((stream, opened))
        }
        Err(instead) => {
            let reply = match instead {
                Instead::Reply(reply) => reply,
                Instead::Readiness => told(readiness().await),
            };
            let wants_body = !head.starts_with(b"HEAD ");
            send(&mut stream, reply, wants_body).await?;
            Err(HandshakeError::Answered(reply))
        }
    }
}

/// Tells the peer why its first bytes are not even looked at. The error says the same.
///
/// # Errors
/// When it has hung up before.
pub(crate) async fn refuse(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    reply: Reply,
) -> io::Result<HandshakeError> {
    send(&mut stream, reply, true).await?;
    Ok(HandshakeError::Answered(reply))
}

fn told(readiness: Readiness) -> Reply {
    let status = match readiness.serves() {
        true => "200 OK",
        false => "503 Service Unavailable",
    };
    Reply {
        status,
        headers: "",
        text: readiness.text(),
    }
}

/// The answer to send, or why there is none.
type Answer = Result<(Vec<u8>, Opened), Instead>;

async fn read_request(
    stream: &mut (impl AsyncRead + Unpin),
    head: &mut Vec<u8>,
    look: impl FnOnce(&HeaderMap) -> Result<(), Reply>,
) -> io::Result<Answer> {
    loop {
        let looked_at = head.len();
        let room = MAX_HEAD_BYTES - looked_at;
        if (&mut *stream).take(room as u64).read_buf(head).await? == 0 {
            return match room {
                0 => Ok(Err(Instead::Reply(TOO_LARGE))),
                _ => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
        // Parsed at its first bytes, so that another protocol is refused at once, and
        // when it is whole. A peer that sends byte after byte costs little in between.
        if looked_at == 0 || has_end(&head[looked_at.saturating_sub(3)..]) {
            let parsed = match Request::try_parse(head) {
                Ok(None) => continue,
                Ok(Some((length, _))) if length < head.len() => Err(TOO_EARLY),
                Ok(Some((_, request))) => answer(&request, look),
                Err(cause) => Err(refusal(&cause)),
            };
            return Ok(parsed.map_err(|refusal| instead(head).unwrap_or(Instead::Reply(refusal))));
        }
    }
}

/// What a request that is no handshake asks for, if it is something we tell.
fn instead(head: &[u8]) -> Option<Instead> {
    let path = [&b"GET "[..], b"HEAD "]
        .iter()
        .find_map(|method| head.strip_prefix(*method))?;
    if path.starts_with(b"/live ") {
        return Some(Instead::Reply(LIVE));
    }
    path.starts_with(b"/ready ").then_some(Instead::Readiness)
}

/// Whether a request's head ends in here: by an empty line.
fn has_end(bytes: &[u8]) -> bool {
    let ends = |window: &[u8]| window == b"\n\r\n" || window.starts_with(b"\n\n");
    bytes.windows(3).any(ends) || bytes.ends_with(b"\n\n")
}

fn answer(
    request: &Request,
    look: impl FnOnce(&HeaderMap) -> Result<(), Reply>,
) -> Result<(Vec<u8>, Opened), Reply> {
    let mut response = create_response(request).map_err(|cause| refusal(&cause))?;
    look(request.headers())?;
    let opened = choose_subprotocol(request, &mut response)?;
    let mut bytes = Vec::new();
    write_response(&mut bytes, &response).map_err(|cause| refusal(&cause))?;
    Ok((bytes, opened))
}

fn refusal(cause: &WsError) -> Reply {
    let cause = match cause {
        WsError::Protocol(cause) => cause,
        WsError::Capacity(_) => return TOO_LARGE,
        // A header or path that is none.
        _ => return NO_HTTP,
    };
    match cause {
        ProtocolError::WrongHttpMethod
        | ProtocolError::WrongHttpVersion
        | ProtocolError::MissingConnectionUpgradeHeader
        | ProtocolError::MissingUpgradeWebSocketHeader => NO_WEBSOCKET,
        ProtocolError::MissingSecWebSocketVersionHeader => WRONG_VERSION,
        ProtocolError::MissingSecWebSocketKey | ProtocolError::InvalidSecWebSocketKey => NO_KEY,
        _ => NO_HTTP,
    }
}

fn choose_subprotocol(request: &Request, response: &mut Response) -> Result<Opened, Reply> {
    let offered: Vec<&str> = request
        .headers()
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let (name, opened) = choose(&offered, versions::SPOKEN).ok_or(NO_SUBPROTOCOL)?;
    let value = HeaderValue::from_str(name).map_err(|_| NO_SUBPROTOCOL)?;
    response
        .headers_mut()
        .insert(header::SEC_WEBSOCKET_PROTOCOL, value);
    Ok(opened)
}

/// Chooses among the subprotocols that a client offers, given the versions that the server
/// speaks, newest first. `None` if there is none of ours. The name that is answered is one of
/// the offered, since a client hangs up on any other.
fn choose<'a>(offered: &[&'a str], spoken: &[u32]) -> Option<(&'a str, Opened)> {
    let named = |version| {
        let mut names = offered.iter().copied();
        names.find(|name| versions::version(name) == Some(version))
    };
    let common = |&version: &u32| Some((named(version)?, Opened::Version(version)));
    spoken.iter().find_map(common).or_else(|| {
        // What cannot be read as a version is of a time to come.
        let age = |name: &str| versions::version(name).unwrap_or(u32::MAX);
        let ours = offered
            .iter()
            .copied()
            .filter(|name| versions::is_ours(name));
        let newest = ours.max_by_key(|name| age(name))?;
        let reason = if spoken.iter().all(|&version| age(newest) < version) {
            CloseReason::UpdateRequired
        } else {
            CloseReason::ServerOutdated
        };
        Some((newest, Opened::NoneInCommon(reason)))
    })
}

/// Sends the reply, and reads on for a little: hanging up with data unread
/// would make TCP take the answer back.
async fn send(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    reply: Reply,
    wants_body: bool,
) -> io::Result<()> {
    let Reply {
        status,
        headers,
        text,
    } = reply;
    let length = text.len() + 1;
    let connection = match headers.contains("Upgrade:") {
        true => "Upgrade, close",
        false => "close",
    };
    let mut answer = format!(
        "HTTP/1.1 {status}\r\nConnection: {connection}\r\n{headers}\
         Content-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\n\r\n"
    );
    if wants_body {
        answer.push_str(text);
        answer.push('\n');
    }
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = Vec::with_capacity(4096);
    for _ in 0..MAX_REFUSED_READS {
        rest.clear();
        if stream.read_buf(&mut rest).await? == 0 {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subprotocol_to_offer_is_named() {
        assert!(NO_SUBPROTOCOL.text.ends_with(longhall_packet::SUBPROTOCOL));
    }

    #[test]
    fn the_newest_version_that_both_speak_is_chosen() {
        for (offered, spoken, version) in [
            (&["longhall.v2"][..], &[2][..], 2),
            (&["longhall.v3", "longhall.v2"], &[2], 2),
            (&["longhall.v2"], &[3, 2], 2),
            (&["longhall.v2", "longhall.v3"], &[3, 2], 3),
            (&["longhall.v4", "longhall.v3"], &[3, 2], 3),
            (
                &["mqtt", "longhall.v1", "longhall.v2", "longhall.vx"],
                &[2],
                2,
            ),
            (&["longhall.v3", "longhall.v3", "longhall.v03"], &[3, 2], 3),
        ] {
            let name = versions::subprotocol(version);
            let expected = Some((name.as_str(), Opened::Version(version)));
            assert_eq!(choose(offered, spoken), expected, "{offered:?} {spoken:?}");
        }
    }

    #[test]
    fn without_a_version_in_common_the_side_that_is_too_old_is_named() {
        use CloseReason::{ServerOutdated, UpdateRequired};
        for (offered, spoken, answered, reason) in [
            (
                &["longhall.v1"][..],
                &[2][..],
                "longhall.v1",
                UpdateRequired,
            ),
            (
                &["longhall.v2", "longhall.v1"],
                &[4, 3],
                "longhall.v2",
                UpdateRequired,
            ),
            (
                &["longhall.v5", "longhall.v4"],
                &[3, 2],
                "longhall.v5",
                ServerOutdated,
            ),
            (
                &["longhall.v1", "longhall.v9"],
                &[3, 2],
                "longhall.v9",
                ServerOutdated,
            ),
            (
                &["longhall.v4294967296"],
                &[2],
                "longhall.v4294967296",
                ServerOutdated,
            ),
            (&["longhall.json"], &[2], "longhall.json", ServerOutdated),
            (&["longhall.v02"], &[2], "longhall.v02", ServerOutdated),
        ] {
            let expected = Some((answered, Opened::NoneInCommon(reason)));
            assert_eq!(choose(offered, spoken), expected, "{offered:?} {spoken:?}");
        }
    }

    #[test]
    fn it_is_chosen_as_the_page_of_the_protocol_says() {
        let page = include_str!("../../docs/protocol.md");
        let (_, table) = page.split_once("| Client offers |").expect("the table");
        let rows = table
            .lines()
            .skip(2)
            .take_while(|line| line.starts_with('|'));
        let mut checked = 0;
        for row in rows {
            let cells: Vec<_> = row
                .split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect();
            let offered: Vec<_> = cells[1].split(", ").collect();
            let spoken: Vec<u32> = cells[2]
                .split(", ")
                .map(|version| version.parse().unwrap())
                .collect();
            let told = match choose(&offered, &spoken).expect("an answer").1 {
                Opened::Version(version) => format!("the connection speaks version {version}"),
                Opened::NoneInCommon(reason) => format!("closed with {} `{reason}", reason.code()),
            };
            assert_eq!(cells[3], told, "{row}");
            checked += 1;
        }
        assert_eq!(checked, 5);
    }

    #[test]
    fn what_is_no_subprotocol_of_ours_is_not_answered() {
        for offered in [
            &[][..],
            &[""],
            &["mqtt"],
            &["longhall"],
            &["longhallx.v2"],
            &["v2"],
            &["LONGHALL.V2"],
        ] {
            assert_eq!(choose(offered, &[2]), None, "{offered:?}");
        }
        let crowd = vec!["longhall.v"; 4000];
        assert_eq!(
            choose(&crowd, &[3, 2]).map(|(name, _)| name),
            Some("longhall.v")
        );
    }

    #[test]
    fn the_end_of_a_head_is_found_wherever_it_was_cut() {
        for text in ["a: b\r\n\r\n", "a: b\n\n", "a: b\n\r\n"] {
            for cut in 0..text.len() {
                let from = cut.saturating_sub(3);
                assert!(has_end(&text.as_bytes()[from..]), "{text:?} {cut}");
            }
        }
        assert!(!has_end(b"a: b\r\nc: d\r\n"));
    }
}
