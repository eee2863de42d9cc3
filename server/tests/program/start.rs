//! What keeps the server from starting, and what a start says.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use longhall_packet::DenyCode;

use crate::support::{Program, TestPlayer, credentials, database};
use crate::{check_refused, start_and_read};

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
fn what_is_no_file_that_stays_is_refused_as_a_database() {
    let (folder, _) = database();
    let uri = format!("file:{}?mode=memory", folder.path().join("a.db").display());
    let mut cases = vec![
        (":memory:", "in memory"),
        (":MEMORY:", "in memory"),
        ("file::memory:?cache=shared", "a URI"),
        ("FILE:longhall.db", "a URI"),
        (&uri, "a URI"),
        (" ", "no name of a file"),
        (".", "is a folder"),
        ("..", "is a folder"),
        ("longhall/", "is a folder"),
    ];
    if cfg!(unix) {
        cases.push(("/dev/null", "a device"));
        cases.push(("/dev/zero", "a device"));
        cases.push(("/dev/stdin", "a device"));
    }
    for (name, part) in cases {
        let mut program = Program::command();
        program.args(["--listen", "127.0.0.1:0", "--database", name]);
        let Output { status, stderr, .. } = Program::output(program.current_dir(folder.path()));
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1), "{name:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{name:?}: {stderr}");
        assert!(
            stderr.contains(part) && stderr.contains("--database"),
            "{name:?}: {stderr}"
        );
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "{name:?} left something behind");
    }
    let none = Program::command().args(["--database", ""]).output();
    let stderr = String::from_utf8(none.unwrap().stderr).unwrap();
    assert!(
        stderr.contains("a value is required for '--database"),
        "{stderr}"
    );
}

#[test]
fn a_database_in_use_is_named() {
    let (_folder, path) = database();
    let running = Program::start(&path);
    check_refused(&[], &path, &["in use by another longhall-server"]);
    running.kill();
}

/// What the release with channels left.
const V2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/v2.db");

fn log_of_a_start(database: &Path) -> String {
    let (mut child, log) = start_and_read(database, &[]);
    child.kill().unwrap();
    child.wait().unwrap();
    log
}

#[test]
fn an_operator_reads_once_which_accounts_look_alike_after_an_update() {
    let (_folder, path) = database();
    fs::copy(V2, &path).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    for (name, key) in [("Adi", "adi"), ("Adi\u{307}", "adi\u{307}")] {
        // As the first rule made them: it took the dot for a difference.
        db.execute(
            "INSERT INTO users
                 (username, name_key, look_key, capitals_key, password_hash, created_at_ms)
             VALUES (?1, ?2, ?2, ?2, '', 0)",
            [name, key],
        )
        .unwrap();
    }
    db.close().unwrap();
    let log = log_of_a_start(&path);
    let told: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("accounts look alike"))
        .collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(
        told[0].contains("WARN") && told[0].contains("Adi, Adi"),
        "{log}"
    );
    assert!(!log_of_a_start(&path).contains("look alike"));
}

#[test]
fn a_file_of_reserved_names_is_read_at_the_start_or_named() {
    let (folder, path) = database();
    let missing = folder.path().join("missing.txt");
    check_refused(
        &["--reserved-names", missing.to_str().unwrap()],
        &path,
        &["reserved names", "missing.txt"],
    );
    assert!(!path.exists());
}

#[tokio::test]
async fn reserved_names_of_a_file_cannot_be_registered() {
    let (folder, path) = database();
    let file = folder.path().join("reserved.txt");
    fs::write(&file, "# the house's own\nGandalf\n!admin\n").unwrap();
    let arguments = ["--reserved-names", file.to_str().unwrap()];
    let (mut child, log) = start_and_read(&path, &arguments);
    let (_, address) = log.split_once("listening address=").unwrap();
    let address = address.split_whitespace().next().unwrap();
    let mut player = TestPlayer::connect(address.parse().unwrap()).await;
    for taken in ["gandalf", "Gаndalf", "server"] {
        player.request("register", &credentials(taken)).await;
        player.expect_deny(DenyCode::UsernameTaken).await;
    }
    player.register("admin").await;
    child.kill().unwrap();
    child.wait().unwrap();
}
