//! The log: what is never in it, and what a log that cannot be written does not stop.

use std::fs;

use longhall_packet::DenyCode;

use crate::support::{Program, TestPlayer, database};
use crate::{check_serves, check_stops, in_a_shell, refused};

#[cfg(unix)]
#[tokio::test]
async fn no_secret_reaches_the_log() {
    check_keeps_secrets("text").await;
    let log = check_keeps_secrets("json").await;
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for part in ["timestamp", "level", "target", "fields"] {
            assert!(!line[part].is_null(), "no {part} in {line}");
        }
        assert!(line["fields"]["message"].is_string(), "{line}");
    }
}

/// What is in the log after a player was there.
#[cfg(unix)]
async fn check_keeps_secrets(format: &str) -> String {
    let (folder, path) = database();
    let log = folder.path().join("log");
    let mut command = Program::command();
    command.args(["--log", "trace", "--log-format", format]);
    command.stderr(fs::File::create(&log).unwrap());
    let server = Program::start_unheard(&mut command, &path);
    let mut ada = TestPlayer::connect(server.address).await;
    let token = ada.enter("ada").await;
    ada.send_raw(r#"{"type":"login","id":7,"username":"ada","password":"correct horse" oops}"#)
        .await;
    ada.expect_deny(DenyCode::MalformedPacket).await;
    ada.say("a line").await;
    drop(ada);
    // Killed, it would leave a part of its log unwritten.
    let stopping = tokio::task::spawn_blocking(|| server.terminate());
    assert_eq!(stopping.await.unwrap().code(), Some(0));
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("logged in"), "{log}");
    for secret in ["correct horse", &token, "a line"] {
        assert!(!log.contains(secret), "{secret:?} is in the log");
    }
    log
}

#[test]
fn the_line_that_says_why_the_server_ends_is_for_programs_as_well() {
    let (folder, _) = database();
    let missing = folder.path().join("nowhere/longhall.db");
    for arguments in [
        &["--log-format", "json"][..],
        &["--log-format", "json", "--log", "=nonsense="],
    ] {
        let line = refused(arguments, &missing);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["level"], "ERROR");
        let told = line["fields"]["message"].as_str().unwrap();
        assert!(told.contains("--"), "says what to do: {told}");
    }
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
