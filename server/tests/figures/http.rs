//! The address for whoever runs the server, as HTTP: what is answered, and to whom.

use std::process::Output;

use crate::support::{Program, TestServer, database};
use crate::{ask, get};

#[tokio::test]
async fn health_is_told_on_both_ports() {
    let server = TestServer::start().await;
    for (path, text) in [("/live", "live"), ("/ready", "ready")] {
        for address in [server.address, server.admin] {
            let answer = get(address, path).await;
            assert_eq!(
                (answer.status, answer.body.trim_end()),
                (200, text),
                "{path}"
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn whatever_else_is_asked_is_refused_in_one_line() {
    let server = TestServer::start().await;
    let fields =
        |host: &str, more: &str| format!("Host: {host}\r\n{more}Connection: close\r\n\r\n");
    let plain = fields("localhost", "");
    let huge = fields("localhost", "Content-Length: 10000000000\r\n");
    for (request, status) in [
        (format!("GET / HTTP/1.1\r\n{plain}"), 404),
        (format!("GET /metrics/ HTTP/1.1\r\n{plain}"), 404),
        (format!("GET /../etc/passwd HTTP/1.1\r\n{plain}"), 404),
        (format!("GET /%00 HTTP/1.1\r\n{plain}"), 404),
        (format!("POST /metrics HTTP/1.1\r\n{plain}"), 405),
        // The body is not waited for.
        (format!("POST /metrics HTTP/1.1\r\n{huge}"), 405),
        (format!("BREW /live HTTP/1.1\r\n{plain}"), 405),
        // A page of the web whose name leads here.
        (
            format!("GET /metrics HTTP/1.1\r\n{}", fields("evil.example", "")),
            421,
        ),
    ] {
        let answer = ask(server.admin, &request).await;
        assert_eq!(answer.status, status, "{request:?}");
        assert_eq!(answer.body.matches('\n').count(), 1, "{:?}", answer.body);
        assert!(answer.head.contains("x-content-type-options: nosniff"));
    }
    let head = format!("HEAD /metrics HTTP/1.1\r\n{plain}");
    let answer = ask(server.admin, &head).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n{plain}", "x".repeat(20_000));
    assert_eq!(ask(server.admin, &long).await.status, 431);
    assert_eq!(get(server.admin, "/live").await.status, 200);
    server.stop().await;
}

#[test]
fn an_address_for_the_operator_that_cannot_be_had_is_named_with_a_way_out() {
    let (_folder, path) = database();
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    for (address, advice) in [
        (taken.as_str(), "choose another with --admin-listen"),
        ("192.0.2.1:9081", "--admin-allow-remote"),
        ("0.0.0.0:0", "--admin-allow-remote"),
    ] {
        let mut program = Program::command();
        program.args(["--listen", "127.0.0.1:0", "--admin-listen", address]);
        let Output { status, stderr, .. } = Program::output(program.arg("--database").arg(&path));
        let told = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains(address) && told.contains(advice), "{told}");
        assert!(
            !path.exists(),
            "nothing is created before the port is there"
        );
    }
}
