//! What systemd is told by the program that it started.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{PATIENCE, Program, TestPlayer, database};

/// A socket as systemd has it.
struct Manager {
    socket: UnixDatagram,
    path: std::path::PathBuf,
}

impl Manager {
    fn in_folder(folder: &std::path::Path) -> Self {
        let path = folder.join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        Self { socket, path }
    }

    fn command(&self) -> Command {
        let mut command = Program::command();
        command.env("NOTIFY_SOCKET", &self.path);
        command.env("WATCHDOG_USEC", "200000");
        command
    }

    /// Everything up to a message that `is_it`, which is the last.
    fn hear_until(&self, is_it: impl Fn(&str) -> bool) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        let mut heard = Vec::new();
        let mut bytes = [0; 4096];
        loop {
            if let Ok(length) = self.socket.recv(&mut bytes) {
                let message = String::from_utf8(bytes[..length].to_vec()).unwrap();
                heard.push(message.clone());
                if is_it(&message) {
                    return heard;
                }
            }
            assert!(
                Instant::now() < deadline,
                "it does not come; heard {heard:?}"
            );
        }
    }
}

#[tokio::test]
async fn systemd_is_told_when_the_server_is_ready_how_it_is_and_when_it_stops() {
    let (folder, path) = database();
    let manager = Manager::in_folder(folder.path());
    let settings = folder.path().join("longhall.toml");
    std::fs::write(&settings, "").unwrap();
    let mut command = manager.command();
    command.arg("--config").arg(&settings);
    let server = Program::start_unheard(&mut command, &path);
    let pid = Pid::from_child(&server.child);
    let first = manager.hear_until(|message| message.contains("READY=1"));
    assert_eq!(first.len(), 1, "nothing comes before: {first:?}");
    manager.hear_until(|message| message.contains("STATUS=0 players here, "));
    for _ in 0..3 {
        manager.hear_until(|message| message.contains("WATCHDOG=1"));
    }

    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("ada").await;
    manager.hear_until(|message| message.contains("STATUS=1 players here, 1 connections; ready"));

    kill_process(pid, Signal::HUP).unwrap();
    let reading = manager.hear_until(|message| message.contains("RELOADING=1"));
    assert!(reading.last().unwrap().contains("MONOTONIC_USEC="));
    manager.hear_until(|message| message.contains("READY=1"));

    kill_process(pid, Signal::TERM).unwrap();
    manager.hear_until(|message| message.contains("STOPPING=1"));
    assert!(
        tokio::task::spawn_blocking(|| server.wait())
            .await
            .unwrap()
            .success()
    );
}

#[tokio::test]
async fn a_server_that_stands_still_no_longer_says_that_it_lives() {
    let (folder, path) = database();
    let manager = Manager::in_folder(folder.path());
    let server = Program::start_unheard(&mut manager.command(), &path);
    let pid = Pid::from_child(&server.child);
    manager.hear_until(|message| message.contains("WATCHDOG=1"));
    kill_process(pid, Signal::STOP).unwrap();
    // What was on its way.
    let mut bytes = [0; 4096];
    while manager.socket.recv(&mut bytes).is_ok() {}
    // No beat within the socket's patience, which is as long as one takes: it has ended.
    assert!(manager.socket.recv(&mut bytes).is_err());
    kill_process(pid, Signal::CONT).unwrap();
    manager.hear_until(|message| message.contains("WATCHDOG=1"));
    assert!(server.terminate().success());
}
