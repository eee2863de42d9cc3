//! The program as an operator meets it: start, refusals, exit codes.

#![allow(clippy::unwrap_used, reason = "a test says what failed by failing")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Output, Stdio};

use longhall_packet::DenyCode;
use support::{Program, TestPlayer, credentials, database};

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

/// An option whose value comes from a variable.
fn with_variable(name: &str, value: &str, database: &Path) -> Output {
    let mut program = Program::command();
    program.args(["--listen", "127.0.0.1:0", "--database"]);
    Program::output(program.arg(database).env(name, value))
}

#[test]
fn a_bad_value_in_a_variable_is_blamed_on_the_variable() {
    let (folder, path) = database();
    for name in variables() {
        // What is on the command line counts, and any text is a welcome, or a file.
        if ["LISTEN", "DATABASE", "MOTD", "WELCOME"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            continue;
        }
        let Output { status, stderr, .. } = with_variable(&name, "=,=", &path);
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(!status.success());
        assert!(stderr.contains(&name), "{name}: {stderr}");
    }
    let long = "x".repeat(2000);
    let refused_by = [
        ("LONGHALL_MOTD", long.as_str()),
        ("LONGHALL_WELCOME", &long),
        ("LONGHALL_LISTEN", "everywhere"),
        ("LONGHALL_LISTEN", "192.0.2.1:1"),
        ("LONGHALL_DATABASE", ":memory:"),
        ("LONGHALL_DATABASE", "."),
    ];
    for (name, value) in refused_by {
        let mut program = Program::command();
        program.env("LONGHALL_LISTEN", "127.0.0.1:0");
        program.env("LONGHALL_DATABASE", &path).env(name, value);
        let Output { status, stderr, .. } = Program::output(program.current_dir(folder.path()));
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(!status.success());
        assert!(stderr.contains(name), "{name}: {stderr}");
    }
}

#[test]
fn a_bad_value_on_the_command_line_is_not_blamed_on_a_variable() {
    let (_folder, path) = database();
    let mut program = Program::command();
    program.arg("--database").arg(path);
    program.args(["--grace", "long"]);
    program
        .env("LONGHALL_GRACE", "5")
        .env("LONGHALL_LOG", "warn");
    let Output { status, stderr, .. } = Program::output(&mut program);
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("--grace") && !stderr.contains("LONGHALL"),
        "{stderr}"
    );
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_named() {
    use std::os::unix::ffi::OsStrExt;
    let (_folder, path) = database();
    let mut program = Program::command();
    program.arg("--database").arg(path);
    program.env("LONGHALL_WELCOME", std::ffi::OsStr::from_bytes(b"\xff"));
    let Output { status, stderr, .. } = Program::output(&mut program);
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("LONGHALL_WELCOME"), "{stderr}");
}

/// Every variable that the help tells of.
fn variables() -> Vec<String> {
    let Output { stdout, .. } = Program::command().arg("--help").output().unwrap();
    let help = String::from_utf8(stdout).unwrap();
    let names: Vec<_> = help
        .split("[env: ")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('=')?.0.to_owned()))
        .collect();
    assert!(names.len() > 20, "{names:?}");
    names
}

#[cfg(unix)]
#[test]
fn an_empty_variable_is_as_good_as_none() {
    let (folder, _) = database();
    // Port 8081 may be taken.
    let mut command = Program::command();
    for name in variables() {
        command.env(name, "");
    }
    let server = Program::start_unheard(
        command.stderr(Stdio::null()),
        Path::new(&folder.path().join("longhall.db")),
    );
    assert_eq!(server.terminate().code(), Some(0));
    // The two that are on the command line above.
    let mut command = Program::command();
    command.current_dir(folder.path());
    command
        .env("LONGHALL_DATABASE", "")
        .env("LONGHALL_LISTEN", "");
    let Output { stderr, .. } = Program::output(command.args(["--grace", "long"]));
    let stderr = String::from_utf8(stderr).unwrap();
    assert!(
        stderr.contains("--grace") && !stderr.contains("LONGHALL"),
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
            "--failed-resumes-per-minute",
            "--lines-per-second",
            "--unanswered-whispers-per-minute",
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
        .stderr(Stdio::piped())
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
    ada.expect_deny(DenyCode::MalformedPacket).await;
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

/// A server whose log goes nowhere lets players in, tells them good-bye and ends well.
#[cfg(unix)]
async fn check_serves(server: Program) {
    for name in ["ada", "ben", "cem"] {
        let mut player = TestPlayer::connect(server.address).await;
        player.enter(name).await;
        player.say("Is anybody there?").await;
    }
    check_stops(server).await;
}

#[cfg(unix)]
async fn check_stops(server: Program) {
    let mut eve = TestPlayer::connect(server.address).await;
    eve.enter("eve").await;
    let stopping = tokio::task::spawn_blocking(|| server.terminate());
    eve.expect_closed(longhall_packet::CloseReason::Restarting)
        .await;
    let stopping = tokio::time::timeout(support::PATIENCE, stopping).await;
    assert_eq!(stopping.unwrap().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn a_log_whose_reader_died_does_not_keep_players_out() {
    let (_folder, path) = database();
    let (reader, writer) = std::io::pipe().unwrap();
    let server = Program::start_unheard(Program::command().stderr(writer), &path);
    drop(reader);
    check_serves(server).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_log_that_nobody_reads_does_not_keep_players_out() {
    let (_folder, path) = database();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut command = Program::command();
    command.stderr(writer.try_clone().unwrap());
    // Keeps it full until the reader is gone.
    std::thread::spawn(move || {
        use std::io::Write;
        while writer.write(&[b'.'; 4096]).is_ok() {}
    });
    let server = Program::start_unheard(&mut command, &path);
    check_serves(server).await;
    drop(reader);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_log_on_a_full_disk_does_not_keep_the_server_from_starting() {
    let (_folder, path) = database();
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = Program::command();
    check_serves(Program::start_unheard(
        command.stderr(full()).stdout(full()),
        &path,
    ))
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_without_a_log_serves() {
    let (_folder, path) = database();
    let mut command = in_a_shell("exec \"$@\" <&- >&- 2>&-");
    check_serves(Program::start_unheard(&mut command, &path)).await;
}

/// Has `/bin/sh` start the server as the script says; `"$@"` is the server.
#[cfg(unix)]
fn in_a_shell(script: &str) -> std::process::Command {
    let server = Program::command();
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", script, "sh"]).arg(server.get_program());
    for (name, value) in server.get_envs() {
        if value.is_none() {
            shell.env_remove(name);
        }
    }
    shell
}

#[cfg(unix)]
#[tokio::test]
async fn a_log_that_can_be_written_again_says_how_much_is_missing() {
    let (folder, path) = database();
    let log = folder.path().join("log");
    // As large as the server may make a file, whether the shell counts in blocks of
    // 512 or 1,024 bytes: the system refuses every line.
    let file = fs::File::create(&log).unwrap();
    file.set_len(20 * 1024 * 1024).unwrap();
    let mut command = in_a_shell("ulimit -f 20480; exec \"$@\" 2>>\"$LOG\"");
    command.env("LOG", &log);
    let server = Program::start_unheard(&mut command, &path);
    TestPlayer::connect(server.address).await.enter("ada").await;
    file.set_len(0).unwrap();
    check_stops(server).await;
    let text = fs::read_to_string(&log).unwrap();
    let told: Vec<_> = text.lines().filter(|line| line.contains("lost=")).collect();
    let [told] = told[..] else {
        panic!("not told once: {text}");
    };
    let lost: u32 = told.rsplit_once('=').unwrap().1.parse().unwrap();
    // It listened, and ada logged in, at the least.
    assert!(lost >= 2, "{text}");
    assert!(text.ends_with("stopped\n"), "{text}");
}

/// What the release with channels left.
const V2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/v2.db");

/// Starts the program and reads its log until it listens.
fn start_and_read(database: &Path, arguments: &[&str]) -> (Child, String) {
    let mut child = Program::command()
        .args(["--listen", "127.0.0.1:0"])
        .arg("--database")
        .arg(database)
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.as_mut().unwrap());
    let mut seen = String::new();
    while !seen.contains("listening address=") {
        let read = log.read_line(&mut seen).unwrap();
        assert!(read > 0, "the server ended: {seen}");
    }
    (child, seen)
}

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
