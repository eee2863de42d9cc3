//! Requests that are no handshake, or never end.

use std::time::Duration;

use longhall_packet::SUBPROTOCOL;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::expect_hung_up;
use crate::support::{PATIENCE, TestServer};

#[tokio::test]
async fn who_never_finishes_the_handshake_is_hung_up() {
    let server =
        TestServer::with(|config| config.timeouts.handshake = Duration::from_millis(200)).await;
    let silent = TcpStream::connect(server.address).await.unwrap();
    let mut halfway = TcpStream::connect(server.address).await.unwrap();
    halfway
        .write_all(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n")
        .await
        .unwrap();
    expect_hung_up(silent).await;
    expect_hung_up(halfway).await;
}

/// Sends bytes and returns all that comes back.
async fn answer_to(server: &TestServer, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("still connected")
        .unwrap();
    String::from_utf8(answer).unwrap()
}

/// The head of a handshake with one line of it replaced.
fn handshake_but(line: &str, other: &str) -> String {
    let head = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    );
    assert!(head.contains(line), "{line}");
    head.replace(line, other)
}

#[tokio::test]
async fn plain_http_is_told_what_this_is() {
    let server = TestServer::start().await;
    let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let old = "GET / HTTP/1.0\r\n\r\n";
    let post = "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    let other = handshake_but("Upgrade: websocket", "Upgrade: h2c");
    for request in [get, old, post, &other] {
        let answer = answer_to(&server, request.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 426 "), "{request}: {head}");
        for line in ["\r\nUpgrade: websocket", "\r\nSec-WebSocket-Version: 13"] {
            assert!(head.contains(line), "{line} is not in {head}");
        }
        assert!(head.contains(&format!("Content-Length: {}", body.len())));
        assert!(body.contains("Longhall server"), "{body}");
        assert_eq!(body.lines().count(), 1);
    }
    let head = answer_to(&server, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(
        head.starts_with("HTTP/1.1 426 ") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn another_version_of_websocket_is_told_ours() {
    let server = TestServer::start().await;
    let line = "Sec-WebSocket-Version: 13";
    for version in [
        "Sec-WebSocket-Version: 8",
        "Sec-WebSocket-Version: 14",
        "X-None: 1",
    ] {
        let answer = answer_to(&server, handshake_but(line, version).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 426 "), "{version}: {answer}");
        assert!(
            answer.contains("\r\nSec-WebSocket-Version: 13\r\n"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_refused_at_once() {
    let server = TestServer::with(|config| config.timeouts.handshake = 10 * PATIENCE).await;
    let key = handshake_but("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=");
    let cookies = handshake_but("Host: x", &format!("Cookie: {}", "x".repeat(9000)));
    let headers = handshake_but("Host: x", &"A: b\r\n".repeat(200));
    let subprotocol = handshake_but(SUBPROTOCOL, "mqtt");
    let early = format!("{}early", handshake_but("Host: x", "Host: y"));
    for (request, status) in [
        ("SSH-2.0-OpenSSH_9.2p1 Debian\r\n", "400 "),
        // The beginning of TLS.
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "400 "),
        (&key, "400 "),
        (&subprotocol, "400 "),
        (&early, "400 "),
        (&cookies, "431 "),
        (&headers, "431 "),
    ] {
        let answer = answer_to(&server, request.as_bytes()).await;
        let begin = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&begin), "{request}: {answer}");
        assert!(
            !answer.split("\r\n\r\n").nth(1).unwrap().is_empty(),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_handshake_may_come_byte_by_byte() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in handshake_but("Host: x", "Host: y").bytes() {
        stream.write_all(&[byte]).await.unwrap();
    }
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
}
