//! What a load balancer asks, over a real socket.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

use std::net::SocketAddr;

use support::{PATIENCE, Program, TestServer, database};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The answer's first line, and its last.
async fn ask(address: SocketAddr, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let reading = stream.read_to_string(&mut answer);
    timeout(PATIENCE, reading).await.unwrap().unwrap();
    let line = |line: Option<&str>| line.unwrap_or_default().to_owned();
    (line(answer.lines().next()), line(answer.lines().last()))
}

#[tokio::test]
async fn a_load_balancer_is_told_whether_the_server_lives_and_is_ready() {
    let server = TestServer::start().await;
    let ok = "HTTP/1.1 200 OK";
    for (request, text) in [
        ("GET /live HTTP/1.1\r\nHost: a\r\n\r\n", "live"),
        ("GET /ready HTTP/1.1\r\nHost: a\r\n\r\n", "ready"),
        ("GET /ready HTTP/1.0\r\n\r\n", "ready"),
        ("HEAD /live HTTP/1.1\r\nHost: a\r\n\r\n", ""),
    ] {
        let told = ask(server.address, request).await;
        assert_eq!(told, (ok.to_owned(), text.to_owned()), "{request:?}");
    }
    let (status, _) = ask(server.address, "GET /lively HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(status, "HTTP/1.1 426 Upgrade Required");
    server.stop().await;
}

#[tokio::test]
async fn a_game_may_connect_where_a_load_balancer_asks() {
    let server = TestServer::start().await;
    let url = format!("ws://{}/ready", server.address);
    let mut request =
        tokio_tungstenite::tungstenite::client::IntoClientRequest::into_client_request(url)
            .unwrap();
    let name = longhall_packet::SUBPROTOCOL.parse().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", name);
    let (_, answer) = tokio_tungstenite::connect_async(request).await.unwrap();
    assert_eq!(answer.status().as_u16(), 101);
    server.stop().await;
}

#[test]
fn a_bus_without_a_store_for_several_servers_is_refused_in_one_line_without_its_password() {
    let (_folder, path) = database();
    for bus in ["nats://hall:s3cret@localhost", "nats://hall:s3cret@"] {
        let mut program = Program::command();
        program
            .arg("--database")
            .arg(&path)
            .env("LONGHALL_BUS", bus);
        let ended = program.args(["--listen", "127.0.0.1:0"]).output().unwrap();
        let told = String::from_utf8(ended.stderr).unwrap();
        assert!(!ended.status.success() && !path.exists(), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains("LONGHALL_BUS"), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
    let mut help = Program::command();
    help.arg("--help").env("LONGHALL_BUS", "nats://a:s3cret@b");
    let help = String::from_utf8(help.output().unwrap().stdout).unwrap();
    assert!(
        help.contains("[env: LONGHALL_BUS]") && !help.contains("s3cret"),
        "{help}"
    );
}
