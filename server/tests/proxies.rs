//! Players behind a proxy, and games on pages of other hosts.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Stdio};
use std::time::Duration;

use longhall_packet::{CloseReason, SUBPROTOCOL};
use longhall_server::Config;
use proxy_header::{ProxiedAddress, ProxyHeader};
use support::{PATIENCE, Pair, TestPlayer, TestServer, Validity};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

const HERE: &str = "127.0.0.1";
/// Of addresses that mean nothing.
const ADA: &str = "203.0.113.1";
const BEN: &str = "2001:db8::2";

/// Two connections of an address are enough; this machine's is a proxy's.
fn two_each(config: &mut Config) {
    config.capacity.max_connections_per_address = 2;
    config.proxy.trusted_proxy = vec![HERE.parse::<IpAddr>().unwrap().into()];
}

async fn with(change: impl FnOnce(&mut Config)) -> TestServer {
    TestServer::with(|config| {
        two_each(config);
        change(config);
    })
    .await
}

/// Connects with these headers. `None` if there are too many of the address.
async fn come(
    server: SocketAddr,
    headers: &[(&'static str, &str)],
) -> Option<TestPlayer<TcpStream>> {
    let stream = TcpStream::connect(server).await.unwrap();
    come_over(stream, headers).await
}

async fn come_over(
    stream: TcpStream,
    headers: &[(&'static str, &str)],
) -> Option<TestPlayer<TcpStream>> {
    let mut player = TestPlayer::greeted_on(stream, headers).await.unwrap();
    match player.is_refused(CloseReason::TooManyConnections).await {
        true => None,
        false => Some(player),
    }
}

#[tokio::test]
async fn limits_go_by_the_player_whom_a_trusted_proxy_names() {
    let server = with(|_| {}).await;
    let at = server.address;
    for (name, [ada, ben]) in [
        ("X-Forwarded-For", [ADA, BEN]),
        (
            "Forwarded",
            ["for=203.0.113.3", "for=\"[2001:db8:0:3::2]:4711\""],
        ),
    ] {
        let adas = (
            come(at, &[(name, ada)]).await,
            come(at, &[(name, ada)]).await,
        );
        assert!(adas.0.is_some() && adas.1.is_some());
        assert!(come(at, &[(name, ada)]).await.is_none(), "{name}");
        // What she writes herself stands before what the proxy adds.
        let invented = format!("198.51.100.1, {ada}");
        if name == "X-Forwarded-For" {
            assert!(come(at, &[(name, &invented)]).await.is_none());
        }
        assert!(
            come(at, &[(name, "198.51.100.1"), (name, ada)])
                .await
                .is_none()
        );
        assert!(come(at, &[(name, ben)]).await.is_some());
        drop(adas);
        // The places are free once the server has noticed, and lets her try again.
        let again = async { while come(at, &[(name, ada)]).await.is_none() {} };
        timeout(PATIENCE, again)
            .await
            .expect("the places were not given back");
    }
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let elsewhere = "10.0.0.0/24".parse().unwrap();
    let server = with(|config| config.proxy.trusted_proxy = vec![elsewhere]).await;
    let at = server.address;
    let one = come(at, &[("X-Forwarded-For", ADA)]).await;
    let two = come(at, &[("Forwarded", "for=203.0.113.7")]).await;
    assert!(one.is_some() && two.is_some());
    assert!(come(at, &[("X-Forwarded-For", BEN)]).await.is_none());
}

#[tokio::test]
async fn what_cannot_be_understood_counts_for_the_proxy() {
    let server = with(|_| {}).await;
    let at = server.address;
    let one = come(at, &[("X-Forwarded-For", "unknown")]).await;
    let two = come(at, &[]).await;
    assert!(one.is_some() && two.is_some());
    for rubbish in ["_hidden", ",,,", "[::1", "1.2.3.4:x", "\u{e9}"] {
        assert!(
            come(at, &[("X-Forwarded-For", rubbish)]).await.is_none(),
            "{rubbish}"
        );
    }
    // A proxy that adds the one header passes the other on as the player wrote it.
    let both = [("Forwarded", "for=198.51.100.1"), ("X-Forwarded-For", ADA)];
    assert!(come(at, &both).await.is_none());
    assert!(come(at, &[("X-Forwarded-For", ADA)]).await.is_some());
}

fn proxy_header(player: &str) -> Vec<u8> {
    let source = SocketAddr::new(player.parse().unwrap(), 4711);
    let header = ProxyHeader::with_address(ProxiedAddress::stream(source, source));
    let mut bytes = [0; 200];
    let length = header.encode_to_slice_v2(&mut bytes).unwrap();
    bytes[..length].to_vec()
}

#[tokio::test]
async fn limits_go_by_the_player_whom_the_proxy_protocol_names() {
    let server = with(|config| config.proxy.proxy_protocol = true).await;
    let come = async |player: &str| {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(&proxy_header(player)).await.unwrap();
        // In the player's own words, which count nothing then.
        come_over(stream, &[("X-Forwarded-For", "198.51.100.1")]).await
    };
    let (one, two) = (come(ADA).await, come(ADA).await);
    assert!(one.is_some() && two.is_some());
    assert!(come(ADA).await.is_none());
    assert!(come(BEN).await.is_some());
}

#[tokio::test]
async fn the_proxy_protocol_comes_before_tls_and_the_player_is_greeted() {
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::write(folder.path(), Validity::Year);
    let server = with(|config| {
        config.proxy.proxy_protocol = true;
        config.tls.certificate = Some(pair.certificate.clone());
        config.tls.key = Some(pair.key.clone());
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(&proxy_header(BEN)).await.unwrap();
    let stream = pair.over(stream).await.unwrap();
    TestPlayer::on(stream, &[])
        .await
        .unwrap()
        .enter("ben")
        .await;
}

async fn answer_to(stream: &mut TcpStream, request: &[u8]) -> String {
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // Closed or reset, as long as it ends.
    let _ = read.expect("still connected");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_proxy_that_does_not_speak_the_proxy_protocol_is_told_so() {
    let server = with(|config| {
        config.proxy.proxy_protocol = true;
        config.timeouts.handshake = Duration::from_millis(300);
    })
    .await;
    for request in ["GET /ready HTTP/1.0\r\n\r\n", "PROXY TCP4 who knows\r\n"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let answer = answer_to(&mut stream, request.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 ") && answer.contains("--proxy-protocol"),
            "{answer}"
        );
    }
    // The proxy's own question, and one that stalls.
    let own = [&b"PROXY UNKNOWN\r\n"[..], b"GET /live HTTP/1.0\r\n\r\n"].concat();
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    assert!(answer_to(&mut stream, &own).await.contains("live"));
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(answer_to(&mut stream, b"PROXY TC").await, "");
}

fn handshake(origin: &str) -> String {
    format!(
        "GET / HTTP/1.1\r\nHost: chat.example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Origin: {origin}\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
    )
}

#[tokio::test]
async fn games_on_pages_of_other_hosts_are_let_in_if_they_are_named() {
    let named = "https://game.example.org";
    let server = TestServer::with(|config| {
        config.proxy.allowed_origins = vec![named.to_owned()];
    })
    .await;
    for (origin, status) in [
        ("https://chat.example.org", "101 "),
        (named, "101 "),
        ("https://evil.example", "403 "),
        ("null", "403 "),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream
            .write_all(handshake(origin).as_bytes())
            .await
            .unwrap();
        let mut answer = [0; 13];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(
            String::from_utf8_lossy(&answer),
            format!("HTTP/1.1 {status}"),
            "{origin}"
        );
    }
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let answer = answer_to(&mut stream, handshake("https://evil.example").as_bytes()).await;
    assert!(answer.contains("--allowed-origins"), "{answer}");
}

/// HAProxy, in front of two servers; it ends with this value.
struct Front(Child);

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts HAProxy with the two ways to tell whose connection it is: `mode tcp` with the PROXY
/// protocol, and `mode http` with a header.
async fn start_haproxy(
    folder: &std::path::Path,
    tcp: SocketAddr,
    http: SocketAddr,
) -> (Front, [SocketAddr; 2]) {
    let free = || std::net::TcpListener::bind((HERE, 0)).unwrap();
    let (one, two) = (free(), free());
    let addresses = [one.local_addr().unwrap(), two.local_addr().unwrap()];
    drop((one, two));
    let [front_tcp, front_http] = addresses;
    let settings = format!(
        "defaults\n timeout connect 5s\n timeout client 1m\n timeout server 1m\n\
         listen tcp\n mode tcp\n bind {front_tcp}\n server a {tcp} send-proxy-v2\n\
         listen http\n mode http\n option forwardfor\n bind {front_http}\n server a {http}\n"
    );
    let file = folder.join("haproxy.cfg");
    std::fs::write(&file, settings).unwrap();
    let mut command = longhall_provision::haproxy::command().unwrap();
    command.arg("-db").arg("-f").arg(&file);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let front = Front(child.unwrap());
    for address in addresses {
        let listening = async {
            while TcpStream::connect(address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, listening)
            .await
            .expect("HAProxy does not listen");
    }
    (front, addresses)
}

/// Every address of 127.0.0.0/8 is this machine's, on Linux.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn behind_haproxy_each_player_has_an_own_limit() {
    let folder = tempfile::tempdir().unwrap();
    let tcp = with(|config| config.proxy.proxy_protocol = true).await;
    let http = with(|_| {}).await;
    let (_front, fronts) = start_haproxy(folder.path(), tcp.address, http.address).await;
    for front in fronts {
        let come = async |from: &str| {
            let socket = TcpSocket::new_v4().unwrap();
            socket
                .bind(SocketAddr::new(from.parse().unwrap(), 0))
                .unwrap();
            let stream = socket.connect(front).await.unwrap();
            let invented = [
                ("X-Forwarded-For", "198.51.100.1"),
                ("X-Real-IP", "198.51.100.2"),
            ];
            come_over(stream, &invented).await
        };
        let (mut ada, mut other) = (
            come("127.0.0.5").await.unwrap(),
            come("127.0.0.5").await.unwrap(),
        );
        ada.enter("ada").await;
        other.enter("other").await;
        ada.say("Is anybody there?").await;
        assert!(come("127.0.0.5").await.is_none(), "{front}");
        assert!(come("127.0.0.6").await.is_some(), "{front}");
    }
}

/// A test runs in the folder of its crate, which is not as deep as that of others.
#[test]
fn programs_of_others_are_fetched_into_the_checkout() {
    let checkout = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    assert_eq!(Some(longhall_provision::checkout().as_path()), checkout);
}
