//! The socket that commands go by: who gets through, and what it bears.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Program, database};
use crate::{Hall, Operator};

fn socket(hall: &Hall) -> PathBuf {
    let mut name = hall.database.clone().into_os_string();
    name.push(".sock");
    name.into()
}

/// Asks, and reads a line.
fn ask(hall: &Hall, line: &[u8]) -> Value {
    let mut stream = UnixStream::connect(socket(hall)).unwrap();
    // It may have been answered before all of it was read.
    let _ = stream.write_all(line);
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    serde_json::from_str(&answer).unwrap()
}

#[test]
fn nobody_else_may_enter_it_and_it_goes_with_the_server() {
    let hall = Hall::start();
    let socket = socket(&hall);
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let left: Vec<_> = fs::read_dir(socket.parent().unwrap()).unwrap().collect();
    assert!(
        left.iter()
            .all(|file| file.as_ref().unwrap().metadata().unwrap().is_file()
                || file.as_ref().unwrap().path() == socket)
    );
    hall.stop();
    assert!(!socket.exists());
}

#[test]
fn the_file_of_a_server_that_was_killed_is_replaced_and_a_living_one_is_not() {
    let (_folder, path) = database();
    let server = Program::start(&path);
    let socket = path.with_file_name("longhall.db.sock");
    let first = fs::metadata(&socket).unwrap().ino();
    server.kill();
    assert!(socket.exists());
    let server = Program::start(&path);
    assert_ne!(fs::metadata(&socket).unwrap().ino(), first);
    let operator = Operator::on(&["--admin-socket", socket.to_str().unwrap()]);
    operator.does(&["status"]);

    // Another server that is told to take its name.
    let (_other_folder, other) = database();
    let mut command = Program::command();
    command.args(["--listen", "127.0.0.1:0", "--admin-socket"]);
    let output = Program::output(command.arg(&socket).arg("--database").arg(other));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("another longhall-server listens there"),
        "{said}"
    );
    operator.does(&["status"]);
    server.terminate();

    // Nor is a file that is none of ours.
    fs::write(&socket, "a diary").unwrap();
    let mut command = Program::command();
    command.args(["--listen", "127.0.0.1:0", "--admin-socket"]);
    let output = Program::output(command.arg(&socket).arg("--database").arg(&path));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("there is a file of this name"), "{said}");
    assert_eq!(fs::read(&socket).unwrap(), b"a diary");
}

#[test]
fn rubbish_is_answered_in_a_line_and_does_no_harm() {
    let hall = Hall::start();
    for (line, words) in [
        (&b"hello\n"[..], "not understood"),
        (b"{}\n", "not understood"),
        (b"{\"version\":2}\n", "version 1"),
        (
            b"{\"version\":1,\"order\":{\"act\":{\"verb\":\"dance\"}}}\n",
            "not understood",
        ),
        (b"\xff\xfe\n", "not understood"),
        (&[b'x'; 70_000], "at most"),
    ] {
        let answer = ask(&hall, line);
        let text = answer["outcome"]["error"]["text"].as_str().unwrap();
        assert!(text.contains(words), "{text}");
    }
    let status = br#"{"version":1,"order":{"act":{"verb":"status"}},"news":"of a later version"}"#;
    let answer = ask(&hall, &[&status[..], b"\n"].concat());
    assert!(
        answer["outcome"]["done"]["report"]["running"].is_object(),
        "{answer}"
    );
}

#[test]
fn those_who_say_nothing_do_not_keep_others_away_for_long() {
    let hall = Hall::start();
    let idle: Vec<_> = (0..8)
        .map(|_| UnixStream::connect(socket(&hall)).unwrap())
        .collect();
    let mut told = String::new();
    let ninth = UnixStream::connect(socket(&hall)).unwrap();
    BufReader::new(ninth).read_line(&mut told).unwrap();
    assert!(told.contains("too many commands at once"), "{told}");
    // They are hung up on in a while.
    for mut stream in idle {
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }
    hall.operator().does(&["status"]);
}

#[test]
fn a_socket_that_does_not_answer_is_said_so() {
    let (_folder, path) = database();
    let socket = path.with_file_name("admin.sock");
    let operator = Operator::on(&["--admin-socket", socket.to_str().unwrap()]);
    let told = operator.is_told(1, &["status"]);
    assert!(told.contains("no server listens on"), "{told}");
    let listener = UnixListener::bind(&socket).unwrap();
    let hangs_up = std::thread::spawn(move || drop(listener.accept()));
    let told = operator.is_told(1, &["status"]);
    assert!(told.contains("cannot be asked"), "{told}");
    hangs_up.join().unwrap();
}
