//! The program as an operator meets it: start, refusals, exit codes.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use support::{Program, TestPlayer, database};

fn refused(arguments: &[&str], database: &Path) -> String {
    let Output { status, stderr, .. } = Program::command()
        .args(["--listen", "127.0.0.1:0"])
        .arg("--database")
        .arg(database)
        .args(arguments)
        .output()
        .unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert_eq!(
        stderr.trim().lines().count(),
        1,
        "one line, please: {stderr}"
    );
    stderr
}

#[track_caller]
fn check_refused(arguments: &[&str], database: &Path, parts: &[&str]) {
    let line = refused(arguments, database);
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in: {line}");
    }
}

#[test]
fn a_port_in_use_is_named_with_a_way_out() {
    let (_folder, path) = database();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let Output { status, stderr, .. } = Program::command()
        .args(["--listen", &address])
        .arg("--database")
        .arg(&path)
        .output()
        .unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(
        stderr.contains(&address) && stderr.contains("--listen"),
        "{stderr}"
    );
    assert!(
        !path.exists(),
        "nothing is created before the port is there"
    );
}

#[test]
fn databases_that_cannot_be_used_are_named_with_a_way_out() {
    let (folder, path) = database();
    let missing = folder.path().join("nowhere/longhall.db");
    check_refused(&[], &missing, &["nowhere", "does not exist", "--database"]);
    check_refused(&[], folder.path(), &["is a folder", "--database"]);

    fs::write(&path, "a diary".repeat(1000)).unwrap();
    check_refused(
        &[],
        &path,
        &[
            "longhall.db",
            "damaged or not a Longhall database",
            "backup",
        ],
    );
    assert_eq!(fs::read(&path).unwrap(), "a diary".repeat(1000).as_bytes());
}

#[test]
fn a_database_in_use_is_named() {
    let (_folder, path) = database();
    let running = Program::start(&path);
    check_refused(&[], &path, &["in use by another longhall-server"]);
    running.kill();
}

#[test]
fn a_log_level_that_does_not_exist_is_named() {
    let (_folder, path) = database();
    check_refused(&["--log", "=,="], &path, &["--log", "try info or debug"]);
}

#[test]
fn numbers_that_make_no_sense_are_named_with_their_bounds() {
    let (_folder, path) = database();
    // A day is the longest grace time; without a bound, the clock would overflow.
    let mut wrong = vec![("--grace", "86401"), ("--sessions-per-account", "101")];
    let zero = |option| (option, "0");
    wrong.extend(
        [
            "--history-days",
            "--history-lines",
            "--whispers-kept",
            "--members-per-channel",
            "--max-connections",
            "--connections-per-address",
            "--registrations-per-hour",
            "--logins-per-minute",
            "--logins-per-minute-per-name",
            "--packets-per-second",
            "--history-per-second",
            "--channel-passwords-per-minute",
            "--creations-per-hour",
        ]
        .map(zero),
    );
    for (option, value) in wrong {
        let mut program = Program::command();
        // A folder is no database: whatever happens, it does not start.
        program.arg("--database").arg(path.parent().unwrap());
        let Output { status, stderr, .. } = program.args([option, value]).output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{option} {value}: {stderr}");
        assert!(stderr.contains(option), "{stderr}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn sigterm_says_good_bye_and_exits_with_0() {
    let (_folder, path) = database();
    let server = Program::start(&path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("ada").await;
    let stopping = tokio::task::spawn_blocking(|| server.terminate());
    ada.expect_closed(longhall_packet::CloseReason::Restarting)
        .await;
    assert_eq!(stopping.await.unwrap().code(), Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn one_ctrl_c_that_arrives_twice_is_one() {
    use rustix::process::{Pid, Signal, kill_process};
    let (_folder, path) = database();
    let server = Program::start(&path);
    let pid = Pid::from_child(&server.child);
    let mut ada = TestPlayer::connect(server.address).await;
    kill_process(pid, Signal::INT).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let stopping = tokio::task::spawn_blocking(|| server.wait());
    ada.expect_closed(longhall_packet::CloseReason::Restarting)
        .await;
    assert_eq!(stopping.await.unwrap().code(), Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn floods_through_the_farewell_hang_neither_the_server_nor_its_stop() {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    let (_folder, path) = database();
    let server = Program::start(&path);
    let address = server.address;
    let flooders: Vec<_> = (0..8)
        .map(|_| {
            std::thread::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                let mut reading = stream.try_clone().unwrap();
                // What it is told it reads, so that it is never too slow.
                std::thread::spawn(move || {
                    let mut heard = [0; 4096];
                    while matches!(reading.read(&mut heard), Ok(1..)) {}
                });
                let head = format!(
                    "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Protocol: {}\r\n\r\n",
                    longhall_packet::SUBPROTOCOL
                );
                stream.write_all(head.as_bytes()).unwrap();
                let ping = br#"{"type":"ping","id":1}"#;
                let frame = [&[0x81, 0x80 | 22, 0, 0, 0, 0], &ping[..]].concat();
                let frames = frame.repeat(1000);
                // Until the server has had enough.
                while stream.write_all(&frames).is_ok() {}
            })
        })
        .collect();
    let flooding = tokio::task::spawn_blocking(|| {
        for flooder in flooders {
            flooder.join().unwrap();
        }
    });
    tokio::time::timeout(support::PATIENCE, flooding)
        .await
        .expect("the floods are let in on and on")
        .unwrap();
    let mut ada = TestPlayer::connect(address).await;
    ada.enter("ada").await;
    let stopping = tokio::task::spawn_blocking(|| server.terminate());
    ada.expect_closed(longhall_packet::CloseReason::Restarting)
        .await;
    assert_eq!(stopping.await.unwrap().code(), Some(0));
}

#[test]
fn help_names_every_option_with_its_variable_and_default() {
    let Output { status, stdout, .. } = Program::command().arg("--help").output().unwrap();
    assert!(status.success());
    let help = String::from_utf8(stdout).unwrap();
    for part in [
        "--listen",
        "LONGHALL_LISTEN",
        "127.0.0.1:8081",
        "--database",
        "LONGHALL_DATABASE",
        "longhall.db",
        "--log",
        "LONGHALL_LOG",
        "info",
    ] {
        assert!(help.contains(part), "{part} is not in the help");
    }
}

#[tokio::test]
async fn no_secret_reaches_the_log() {
    use std::io::Read;
    let (_folder, path) = database();
    let mut child = Program::command()
        .args(["--listen", "127.0.0.1:0", "--log", "trace"])
        .arg("--database")
        .arg(&path)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let (found, address) = tokio::sync::oneshot::channel();
    let reading = std::thread::spawn(move || {
        let (mut log, mut found) = (Vec::new(), Some(found));
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stderr.read(&mut buffer) {
            log.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&log);
            if let Some((_, rest)) = text.split_once("listening address=")
                && let Some((address, _)) = rest.split_once(' ')
                && let Some(found) = found.take()
            {
                found.send(address.parse().unwrap()).unwrap();
            }
        }
        String::from_utf8(log).unwrap()
    });
    let mut ada = TestPlayer::connect(address.await.unwrap()).await;
    let token = ada.enter("ada").await;
    ada.send_raw(r#"{"type":"login","id":7,"username":"ada","password":"correct horse" oops}"#)
        .await;
    ada.expect_deny(longhall_packet::DenyCode::MalformedPacket)
        .await;
    ada.say("a line").await;
    drop(ada);
    child.kill().unwrap();
    child.wait().unwrap();
    let log = reading.join().unwrap();
    assert!(log.contains("logged in"), "{log}");
    for secret in ["correct horse", &token, "a line"] {
        assert!(!log.contains(secret), "{secret:?} is in the log");
    }
}
