//! `health`: what it says of a server, and what it ends with.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Output};
use std::thread;

use crate::start_and_read;
use crate::support::{Program, database};

/// What is printed as the answer, what is said of trouble, and the exit code.
fn told(health: &mut Command) -> (String, String, i32) {
    let Output {
        status,
        stdout,
        stderr,
    } = Program::output(health);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(stdout), text(stderr), status.code().unwrap())
}

fn health(arguments: &[&str]) -> Command {
    let mut command = Program::command();
    command.arg("health").args(arguments);
    command
}

#[track_caller]
fn check(health: &mut Command, line: &str, code: i32) {
    let expected = (format!("{line}\n"), String::new(), code);
    assert_eq!(told(health), expected);
}

#[track_caller]
fn check_failed(health: &mut Command, parts: &[&str]) {
    let (answer, trouble, code) = told(health);
    assert_eq!((answer.as_str(), code), ("", 1), "{trouble}");
    assert_eq!(trouble.lines().count(), 1, "{trouble}");
    for part in parts {
        assert!(trouble.contains(part), "{part:?} is not in {trouble}");
    }
}

/// A server that does not outlive its test.
struct Running(Child);

impl Running {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails if it has ended.
        let _ = self.0.kill();
    }
}

/// A server with an address for the operator, both addresses, and the database's folder.
fn start() -> (Running, SocketAddr, SocketAddr, tempfile::TempDir) {
    let (folder, path) = database();
    let (child, log) = start_and_read(&path, &["--admin-listen", "127.0.0.1:0"]);
    let address = |words: &str| {
        let (_, rest) = log.split_once(words).unwrap();
        rest.split_whitespace().next().unwrap().parse().unwrap()
    };
    let admin = address("for the operator address=");
    (Running(child), admin, address("listening address="), folder)
}

#[test]
fn a_server_that_serves_is_told_from_one_that_does_not() {
    let (mut server, admin, players, folder) = start();
    let admin = admin.to_string();
    check(&mut health(&["--admin-listen", &admin]), "ready", 0);
    let mut by_variable = health(&[]);
    by_variable.env("LONGHALL_ADMIN_LISTEN", &admin);
    check(&mut by_variable, "ready", 0);
    let file = folder.path().join("longhall.toml");
    fs::write(
        &file,
        format!("admin-listen = '{admin}'\n[lobby]\nmotd = 'hello'\n"),
    )
    .unwrap();
    let mut by_file = health(&["--config"]);
    check(by_file.arg(&file), "ready", 0);
    let everywhere = admin.replace("127.0.0.1", "0.0.0.0");
    check(&mut health(&["--admin-listen", &everywhere]), "ready", 0);
    for (url, line, code) in [
        (format!("http://{players}/ready"), "ready", 0),
        (format!("http://{admin}/live"), "live", 0),
        (
            format!("http://{admin}/lively"),
            "not ready: 404 there are /console, /metrics, /live and /ready",
            1,
        ),
    ] {
        check(&mut health(&["--url", &url]), line, code);
    }
    #[cfg(unix)]
    {
        let mut drain = Program::command();
        drain.args(["drain", "--in", "5m", "--database"]);
        let drained = Program::output(drain.arg(folder.path().join("longhall.db")));
        assert!(drained.status.success(), "{drained:?}");
        let asked = &["--admin-listen", &admin];
        check(&mut health(asked), "not ready: the server stops", 1);
    }
    server.kill();
    let gone = &mut health(&["--admin-listen", &admin]);
    check_failed(gone, &["not ready", &admin, "whether the server runs"]);
}

#[test]
fn who_does_not_say_whom_to_ask_is_told_how() {
    check_failed(
        &mut health(&[]),
        &[
            "--admin-listen 127.0.0.1:9081",
            "LONGHALL_ADMIN_LISTEN",
            "--url http://",
        ],
    );
    let mut any_port = health(&[]);
    any_port.env("LONGHALL_ADMIN_LISTEN", "127.0.0.1:0");
    check_failed(
        &mut any_port,
        &["LONGHALL_ADMIN_LISTEN 127.0.0.1:0", "--url"],
    );
    for wrong in ["https://127.0.0.1:9081/ready", "127.0.0.1:9081"] {
        let (_, trouble, code) = told(&mut health(&["--url", wrong]));
        assert_eq!(code, 2, "{trouble}");
        assert!(trouble.contains("like http://"), "{trouble}");
    }
}

/// A port whose first visitor gets these bytes, and then waits for more in vain.
fn answers(bytes: &'static [u8], is_ended: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 512];
        let _ = stream.read(&mut request);
        stream.write_all(bytes).unwrap();
        if !is_ended {
            // Until the visitor goes.
            let _ = stream.read(&mut request);
        }
    });
    address.to_string()
}

#[test]
fn an_answer_that_does_not_come_or_makes_no_sense_is_not_ready() {
    let silent = answers(b"HTTP/1.0 200 OK\r\n\r\nrea", false);
    let asked = &["--timeout", "1", "--admin-listen", &silent];
    check_failed(&mut health(asked), &["not ready", &silent, "in 1 s"]);
    let other = answers(b"220 mail.example ESMTP\r\n", true);
    check_failed(&mut health(&["--admin-listen", &other]), &["not HTTP"]);
    let degraded = answers(b"HTTP/1.1 200 OK\r\n\r\ndegraded: the bus is away\n", true);
    let asked = &["--admin-listen", &degraded];
    check(&mut health(asked), "degraded: the bus is away", 0);
}
