//! A test that is killed leaves neither processes nor folders. It runs itself as the one that
//! is killed, which no test harness does.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread::{park, sleep};
use std::time::{Duration, Instant};

use longhall_engines::{Nats, Postgres};

/// Longest time for all to be gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// What this program is told to be the process that is killed.
const VICTIM: &str = "wait-to-be-killed";

fn main() {
    if std::env::args().any(|argument| argument == VICTIM) {
        wait_to_be_killed();
    }
    nothing_is_left_of_a_test_that_is_killed();
    println!("test nothing_is_left_of_a_test_that_is_killed ... ok");
}

fn nothing_is_left_of_a_test_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg(VICTIM)
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ports = lines.map_while(Result::ok).find_map(|line| {
        let (postgres, nats) = line.split_once("ports ")?.1.split_once(' ')?;
        Some([postgres.parse().unwrap(), nats.parse().unwrap()])
    });
    let ports: [u16; 2] = ports.expect("both start");
    let is_open = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
    assert!(ports.iter().all(is_open));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    child.kill().unwrap();
    child.wait().unwrap();

    let deadline = Instant::now() + PATIENCE;
    while ports.iter().any(is_open) || fs::read_dir(folder.path()).unwrap().count() > 0 {
        assert!(Instant::now() < deadline, "something is left");
        sleep(Duration::from_millis(20));
    }
}

/// What the test above kills. Both stand still, so they heed no signal but the last one.
fn wait_to_be_killed() -> ! {
    let mut postgres = Postgres::quick().unwrap();
    let nats = Nats::start().unwrap();
    println!("ports {} {}", postgres.port(), nats.port());
    nats.pause().unwrap();
    postgres.pause().unwrap();
    loop {
        park();
    }
}
