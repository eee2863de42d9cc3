//! Signals, and the end of the terminal: players are told, and the exit code is right.

use std::net::TcpListener;
use std::process::Stdio;

use crate::support::{self, Program, TestPlayer, database};
use crate::{check_stops, in_a_shell};

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
async fn a_closed_terminal_is_a_stop_in_good_order() {
    use rustix::process::{Pid, Signal, kill_process};
    let (_folder, path) = database();
    let server = Program::start(&path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("ada").await;
    kill_process(Pid::from_child(&server.child), Signal::HUP).unwrap();
    ada.expect_closed(longhall_packet::CloseReason::Restarting)
        .await;
    let stopping = tokio::task::spawn_blocking(|| server.wait());
    assert_eq!(stopping.await.unwrap().code(), Some(0));
}

/// The log is lost at the same moment, and what is left to say must not end it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_whose_terminal_vanishes_tells_its_players() {
    let (_folder, path) = database();
    let server = Program::command();
    let mut terminal = std::process::Command::new("script");
    // A port of its own, as `script` takes the server's options in one text.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let line = format!(
        "exec {} --listen {address} --database {}",
        server.get_program().to_string_lossy(),
        path.display()
    );
    terminal.args(["-qec", &line, "/dev/null"]);
    terminal.env("SHELL", "/bin/sh");
    terminal.stdout(Stdio::null());
    let server = Program::wait_for(terminal.spawn().unwrap(), address);
    let mut ada = TestPlayer::connect(address).await;
    ada.enter("ada").await;
    // Nothing of the terminal is left, not even somebody to say so.
    server.kill();
    ada.expect_closed(longhall_packet::CloseReason::Restarting)
        .await;
    // It ends in good order: nothing of its log is left to be folded in.
    let until = std::time::Instant::now() + support::PATIENCE;
    let wal = path.with_file_name("longhall.db-wal");
    while wal.exists() {
        assert!(std::time::Instant::now() < until, "it does not end");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// As `nohup` starts it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_that_was_told_to_outlive_its_terminal_does() {
    use rustix::process::{Pid, Signal, kill_process};
    let (_folder, path) = database();
    let mut command = in_a_shell("trap '' HUP; exec \"$@\"");
    command.stderr(Stdio::null());
    let server = Program::start_unheard(&mut command, &path);
    let mut ada = TestPlayer::connect(server.address).await;
    kill_process(Pid::from_child(&server.child), Signal::HUP).unwrap();
    ada.enter("ada").await;
    check_stops(server).await;
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

/// A server that stops with its starter. Its log is not read.
fn with_starter(mut command: std::process::Command, path: &std::path::Path) -> Program {
    command.arg("--stop-with-starter");
    command.stdin(Stdio::piped()).stderr(Stdio::null());
    Program::start_unheard(&mut command, path)
}

#[tokio::test]
async fn a_server_stops_in_good_order_when_its_starter_says_so() {
    use std::io::Write;
    let (_folder, path) = database();
    let mut server = with_starter(Program::command(), &path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("ada").await;
    let mut input = server.child.stdin.take().unwrap();
    input.write_all(b"\n").unwrap();
    ada.expect_closed(longhall_packet::CloseReason::Restarting)
        .await;
    let stopping = tokio::task::spawn_blocking(|| server.wait());
    assert_eq!(stopping.await.unwrap().code(), Some(0));
    drop(input);
}

#[tokio::test]
async fn a_server_stops_in_good_order_when_its_input_ends() {
    let (_folder, path) = database();
    let mut server = with_starter(Program::command(), &path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("ada").await;
    drop(server.child.stdin.take());
    ada.expect_closed(longhall_packet::CloseReason::Restarting)
        .await;
    let stopping = tokio::task::spawn_blocking(|| server.wait());
    assert_eq!(stopping.await.unwrap().code(), Some(0));
}

/// Something else may hold the other end of the input: programs that the starter started later.
#[cfg(unix)]
#[tokio::test]
async fn a_server_stops_when_its_starter_is_killed() {
    let (_folder, path) = database();
    // The shell is the starter; it would give the server no input of its own.
    let shell = in_a_shell("exec 3<&0; \"$@\" <&3 & wait");
    let mut starter = with_starter(shell, &path);
    let mut ada = TestPlayer::connect(starter.address).await;
    ada.enter("ada").await;
    let input = starter.child.stdin.take().unwrap();
    starter.kill();
    ada.expect_closed(longhall_packet::CloseReason::Restarting)
        .await;
    drop(input);
}

#[tokio::test]
async fn a_server_by_itself_does_not_mind_the_end_of_its_input() {
    let (_folder, path) = database();
    let mut command = Program::command();
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let server = Program::start_unheard(&mut command, &path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("ada").await;
}

/// What it has to tell, and the one that is on its way, are given up at once.
#[cfg(unix)]
#[tokio::test]
async fn a_back_end_that_never_answers_does_not_hold_up_a_stop() {
    use std::io::Read;
    let back_end = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
    let (_folder, path) = database();
    let url = format!("http://{}/", back_end.local_addr().unwrap());
    let options = [
        "--webhook-allow-http",
        "--webhook-url",
        &url,
        "--webhook-secret-file",
        secret.to_str().unwrap(),
    ];
    let server = Program::start_with(&path, &options);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("ada").await;
    // One of the events has come, and is never answered.
    let (mut telling, _) = back_end.accept().unwrap();
    let mut head = [0; 5];
    telling.read_exact(&mut head).unwrap();
    assert_eq!(&head, b"POST ");
    let begin = std::time::Instant::now();
    let stopping = tokio::task::spawn_blocking(|| server.terminate());
    ada.expect_closed(longhall_packet::CloseReason::Restarting)
        .await;
    assert_eq!(stopping.await.unwrap().code(), Some(0));
    // Less than --shutdown-timeout, which is for players, and a third of what a telling may take.
    let took = begin.elapsed();
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
}
