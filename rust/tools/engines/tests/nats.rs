//! A real NATS starts, stands still, dies and comes back.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use longhall_engines::Nats;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it is listened for an answer that shall not come.
const A_WHILE: Duration = Duration::from_millis(300);

/// A client that knows the first words of the protocol.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(nats: &Nats) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", nats.port())).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut client = Self(BufReader::new(stream));
        assert!(client.line().unwrap().starts_with("INFO "));
        client
    }

    fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        Ok(line)
    }

    fn ask(&mut self, words: &str) -> std::io::Result<String> {
        self.0.get_mut().write_all(words.as_bytes())?;
        self.line()
    }
}

const HELLO: &str = "CONNECT {\"verbose\":false}\r\nPING\r\n";

#[test]
fn one_that_stands_still_answers_when_it_goes_on() {
    let nats = Nats::start().unwrap();
    let mut client = Client::connect(&nats);
    assert_eq!(client.ask(HELLO).unwrap(), "PONG\r\n");
    nats.pause().unwrap();
    client.0.get_ref().set_read_timeout(Some(A_WHILE)).unwrap();
    assert!(client.ask("PING\r\n").is_err(), "it stands still");
    client.0.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
    nats.go_on().unwrap();
    assert_eq!(client.line().unwrap(), "PONG\r\n");
}

#[test]
fn one_that_was_killed_comes_back_where_it_was() {
    let mut nats = Nats::start().unwrap();
    let url = nats.url();
    let mut client = Client::connect(&nats);
    nats.kill().unwrap();
    assert_eq!(
        client.line().unwrap_or_default(),
        "",
        "the connection is gone"
    );
    assert!(nats.pause().is_err());
    nats.start_again().unwrap();
    assert_eq!(nats.url(), url);
    assert_eq!(Client::connect(&nats).ask(HELLO).unwrap(), "PONG\r\n");
}

#[test]
fn one_with_a_password_lets_in_who_knows_it() {
    let nats = Nats::with_password("hall", "sesame42").unwrap();
    assert!(nats.url().starts_with("nats://hall:sesame42@127.0.0.1:"));
    let answer = Client::connect(&nats).ask(HELLO).unwrap();
    assert!(answer.contains("Authorization Violation"), "{answer}");
    let hello = HELLO.replace("{", "{\"user\":\"hall\",\"pass\":\"sesame42\",");
    assert_eq!(Client::connect(&nats).ask(&hello).unwrap(), "PONG\r\n");
}

#[test]
fn one_with_tls_says_so_and_has_an_authority_to_trust() {
    let nats = Nats::with_tls().unwrap();
    assert!(nats.url().starts_with("tls://127.0.0.1:"));
    let authority = std::fs::read_to_string(nats.authority().unwrap()).unwrap();
    assert!(authority.starts_with("-----BEGIN CERTIFICATE-----"));
    let mut stream = TcpStream::connect(("127.0.0.1", nats.port())).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"CONNECT {}\r\nPING\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert!(
        lines
            .next()
            .unwrap()
            .unwrap()
            .contains("\"tls_required\":true")
    );
    let pong = lines.map_while(Result::ok).any(|line| line == "PONG");
    assert!(!pong, "it talks without TLS");
}
