//! What a server tells whoever runs it, over real sockets: figures, health, and how much
//! of itself it gives to those who ask.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod counts;
mod format;
mod guide;
mod http;
#[cfg(unix)]
mod several;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use format::Figures;
use support::PATIENCE;

/// An answer over HTTP: status, head and body.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

async fn ask(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    let reading = stream.read_to_string(&mut text);
    timeout(PATIENCE, reading).await.unwrap().unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_lowercase(),
        body: body.to_owned(),
    }
}

async fn get(address: SocketAddr, path: &str) -> Answer {
    let lines = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    ask(address, &lines).await
}

/// The figures of a server, read strictly.
async fn scrape(admin: SocketAddr) -> Figures {
    let answer = get(admin, "/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let kind = "content-type: text/plain; version=0.0.4; charset=utf-8";
    assert!(answer.head.contains(kind), "{}", answer.head);
    Figures::read(&answer.body)
}

/// Asks until the figures are as they should be.
async fn wait_for(admin: SocketAddr, are_right: impl Fn(&Figures) -> bool) -> Figures {
    let until = Instant::now() + PATIENCE;
    loop {
        let figures = scrape(admin).await;
        if are_right(&figures) {
            return figures;
        }
        assert!(Instant::now() < until, "{figures:#?}");
    }
}
