//! Every input that is kept. What once broke something is among them.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

use std::fs;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use longhall_fuzz::{TARGETS, Target};

/// For one input. What hangs would otherwise hang the tests.
const PATIENCE: Duration = Duration::from_secs(30);

#[track_caller]
fn check_borne(target: &'static Target, what: &str, bytes: Vec<u8>) {
    let (done, is_done) = channel();
    let running = thread::spawn(move || {
        (target.run)(&bytes);
        done.send(()).unwrap();
    });
    match is_done.recv_timeout(PATIENCE) {
        Ok(()) => running.join().unwrap(),
        Err(RecvTimeoutError::Disconnected) => panic!("{}: {what} is not borne", target.name),
        Err(RecvTimeoutError::Timeout) => panic!("{}: {what} takes for ever", target.name),
    }
}

#[track_caller]
fn run_all(name: &str) {
    let target = Target::by_name(name).unwrap();
    let mut count = 0;
    for input in fs::read_dir(target.corpus()).unwrap() {
        let path = input.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        check_borne(target, &path.display().to_string(), bytes);
        count += 1;
    }
    assert!(count >= 10, "{count} inputs for {name}");
}

#[test]
fn the_decoder_of_the_server_bears_what_is_kept() {
    run_all("client-packets");
}

#[test]
fn the_decoder_of_games_bears_what_is_kept() {
    run_all("server-packets");
}

#[test]
fn names_bear_what_is_kept() {
    run_all("names");
}

#[test]
fn the_frame_reader_bears_what_is_kept() {
    run_all("frames");
}

#[test]
fn a_connection_bears_what_is_kept() {
    run_all("connection");
}

#[test]
fn what_proxies_tell_is_borne_as_it_is_kept() {
    run_all("proxies");
}

#[test]
fn tickets_and_keys_are_borne_as_they_are_kept() {
    run_all("tickets");
}

#[test]
fn every_target_bears_nothing_at_all_and_long_rubbish() {
    let rubbish: Vec<u8> = (0..100_000_u32)
        .map(|at| (at.wrapping_mul(at) >> 7) as u8)
        .collect();
    for target in TARGETS {
        for bytes in [&[][..], &[0], &[0, 0], &[1, 1], &rubbish] {
            check_borne(target, &format!("{} bytes", bytes.len()), bytes.to_vec());
        }
    }
}

#[test]
fn the_address_for_the_operator_bears_what_is_kept() {
    run_all("admin");
}
