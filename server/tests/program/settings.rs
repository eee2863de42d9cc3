//! The settings file: what a start makes of it, and what a running server does.

use std::fs;
use std::process::Output;

use crate::support::{Program, database};

/// Runs the program with a file of this text, and returns its exit code and what it says.
fn run_with(text: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let (folder, path) = database();
    let file = folder.path().join("longhall.toml");
    fs::write(&file, text).unwrap();
    let mut program = Program::command();
    program.current_dir(folder.path()).args(arguments);
    let Output {
        status,
        stdout,
        stderr,
    } = Program::output(&mut program);
    assert!(!path.exists(), "a database was made");
    let said = [stdout, stderr].concat();
    (status.code(), String::from_utf8(said).unwrap())
}

const BROKEN: &str = "lissen = '127.0.0.1:0'\nlog = '=,='\n[rates]\nlogins-per-minute = 0\n\
                      [lobby]\nmotd = 5\n[names]\nbanned-names = 'nix'\n";

#[test]
fn all_that_is_wrong_in_a_file_is_said_and_nothing_is_started() {
    let (code, said) = run_with(BROKEN, &["check-config", "longhall.toml"]);
    assert_eq!(code, Some(2), "{said}");
    for line in [
        "longhall-server: longhall.toml:1: there is no key lissen; did you mean listen?\n",
        "longhall.toml:2: log =,= is not a log level; try info or debug\n",
        "longhall.toml:4: logins-per-minute: 0 is not in 1..=4294967295\n",
        "longhall.toml:6: motd: it is a text, as in motd = \"…\"\n",
        "longhall.toml:8: cannot read the banned names in nix (banned-names): ",
    ] {
        assert!(said.contains(line), "{line:?} is not in {said}");
    }
    assert_eq!(said.lines().count(), 5, "{said}");

    let (code, said) = run_with(BROKEN, &["--config", "longhall.toml"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("longhall.toml:6: motd: "), "{said}");
    let (code, said) = run_with("", &["--config", "elsewhere.toml"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("elsewhere.toml: cannot be read: "), "{said}");
}

#[test]
fn what_only_the_whole_file_shows_is_said_with_a_line() {
    let file = "[hashing]\nhash-memory = 64\nhash-lanes = 60\n";
    let (code, said) = run_with(file, &["check-config", "longhall.toml"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("longhall.toml:2: hash-memory must be 480 or more"),
        "{said}"
    );
    let file = "admin-listen = '0.0.0.0:9081'\n[backups]\nbackup-folder = 'nowhere'\n";
    let (code, said) = run_with(file, &["check-config", "longhall.toml"]);
    assert_eq!(code, Some(2), "{said}");
    for line in [
        "longhall.toml:1: admin-listen 0.0.0.0:9081 can be",
        "longhall.toml:3: backup-folder nowhere is not a folder",
    ] {
        assert!(said.contains(line), "{line:?} is not in {said}");
    }
}

#[test]
fn a_secret_is_never_shown_and_a_file_that_all_can_read_is_warned_of() {
    let secret = "postgres://hall:secret@127.0.0.1:1/hall";
    let file = format!("store = '{secret}'\nbus = 'nats://hall:secret@127.0.0.1:1'\n");
    let (code, said) = run_with(&file, &["check-config", "longhall.toml"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("2 settings, none wrong"), "{said}");
    #[cfg(unix)]
    assert!(
        said.contains("everybody on this machine can read longhall.toml"),
        "{said}"
    );
    assert!(!said.contains("secret"), "{said}");
    let file = format!("{file}database = 'hall:secret'\nstore-file = 7\n");
    let (code, said) = run_with(&file, &["check-config", "longhall.toml"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("database cannot be set beside store in line 1"),
        "{said}"
    );
    assert!(!said.contains("secret"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_file_that_only_its_owner_reads_may_have_secrets() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("longhall.toml");
    fs::write(&file, "store = 'postgres://hall:secret@127.0.0.1:1/hall'\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let said = Program::output(Program::command().arg("check-config").arg(&file));
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.ends_with("1 settings, none wrong\n"), "{said}");
}

fn printed() -> String {
    let output = Program::output(Program::command().arg("print-default-config"));
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_printed_file_is_the_one_in_the_guide_and_sets_nothing() {
    let text = printed();
    assert_eq!(text, include_str!("../../longhall.example.toml"));
    let (code, said) = run_with(&text, &["check-config", "longhall.toml"]);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "longhall.toml: 0 settings, none wrong\n")
    );
}

#[test]
fn the_printed_file_with_every_remark_sign_taken_away_is_right() {
    let text = printed();
    let is_setting = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && *line != "#";
    let count = text.lines().filter(is_setting).count();
    assert!(count > 50, "{count}");
    let whole: Vec<_> = text
        .lines()
        .map(|line| match is_setting(&line) {
            true => &line[1..],
            false => line,
        })
        .collect();
    let (code, said) = run_with(&whole.join("\n"), &["check-config", "longhall.toml"]);
    assert_eq!(code, Some(0), "{said}");
    let set = whole
        .iter()
        .filter(|line| line.contains(" = ") && !line.starts_with('#'));
    // An empty text or list sets nothing, and neither does a switch that is off.
    let empty = ["\"\"", "= []", "= false"];
    let is_set = |line: &&&str| !empty.iter().any(|end| line.ends_with(end));
    let set = set.filter(is_set).count();
    assert!(
        said.contains(&format!("{set} settings, none wrong")),
        "{set}: {said}"
    );
}

#[cfg(unix)]
mod running {
    use std::io::{BufRead, BufReader};
    use std::path::{Path, PathBuf};
    use std::process::Stdio;
    use std::sync::mpsc::{Receiver, channel};

    use longhall_packet::{DenyCode, SUBPROTOCOL, ServerPacket};
    use rustix::process::{Pid, Signal, kill_process};
    use tempfile::TempDir;

    use super::*;
    use crate::support::{PATIENCE, TestPlayer};
    use crate::{check_stops, in_a_shell};

    /// A server with a settings file, whose log is followed.
    struct Configured {
        server: Program,
        file: PathBuf,
        log: Receiver<String>,
        _folder: TempDir,
    }

    const QUICK: &str = "[hashing]\nhash-memory = 8\nhash-passes = 1\n";

    impl Configured {
        fn start(text: &str) -> Self {
            Self::start_by(Program::command(), text, &[])
        }

        fn start_by(mut command: std::process::Command, text: &str, arguments: &[&str]) -> Self {
            let (folder, path) = database();
            let file = folder.path().join("longhall.toml");
            write(&file, text);
            command.args(["--listen", "127.0.0.1:0", "--database"]);
            command.arg(path).arg("--config").arg(&file).args(arguments);
            let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
            let (tell, log) = channel();
            let lines = BufReader::new(child.stderr.take().unwrap()).lines();
            std::thread::spawn(move || {
                for line in lines.map_while(Result::ok) {
                    // The test may be over.
                    let _ = tell.send(line);
                }
            });
            let line = wait_for(&log, "listening address=");
            let (_, address) = line.split_once("address=").unwrap();
            let address = address.trim().parse().unwrap();
            Self {
                server: Program { child, address },
                file,
                log,
                _folder: folder,
            }
        }

        /// Puts another text into the file, and has the server read it.
        fn reload(&self, text: &str) {
            write(&self.file, text);
            let pid = Pid::from_child(&self.server.child);
            kill_process(pid, Signal::HUP).unwrap();
        }

        #[track_caller]
        fn expect_log(&self, words: &str) -> String {
            wait_for(&self.log, words)
        }

        async fn motd(&self) -> String {
            let player = TestPlayer::handshake(self.server.address, SUBPROTOCOL).await;
            match player.unwrap().next().await {
                ServerPacket::Hello {
                    message_of_the_day, ..
                } => message_of_the_day,
                other => panic!("{other:?}"),
            }
        }
    }

    fn write(file: &Path, text: &str) {
        fs::write(file, format!("{text}\n{QUICK}")).unwrap();
    }

    #[track_caller]
    fn wait_for(log: &Receiver<String>, words: &str) -> String {
        let mut seen = Vec::new();
        loop {
            let line = log.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{words:?} is not in {seen:?}"));
            if line.contains(words) {
                return line;
            }
            seen.push(line);
        }
    }

    /// Whether there was room for one more channel.
    async fn creates(player: &mut TestPlayer, name: &str) -> bool {
        player
            .request("create", &format!(r#""channel":"{name}","access":"open""#))
            .await;
        match player.next().await {
            ServerPacket::Joined { .. } => true,
            ServerPacket::Deny { code, .. } => {
                assert_eq!(code, DenyCode::RateLimited);
                false
            }
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_changed_file_is_taken_over_and_felt_by_who_is_there() {
        let hall = Configured::start(
            "[lobby]\nmotd = 'one'\nwelcome = 'old'\n[rates]\ncreations-per-hour = 1",
        );
        let mut ada = TestPlayer::connect(hall.server.address).await;
        ada.enter("ada").await;
        assert!(creates(&mut ada, "first").await);
        assert!(!creates(&mut ada, "second").await);
        assert_eq!(hall.motd().await, "one");

        hall.reload(
            "log = 'debug'\n[lobby]\nmotd = 'two'\nwelcome = 'new'\nlobby = 'hall'\n\
             [rates]\ncreations-per-hour = 2\n[capacity]\nmax-connections = 3",
        );
        let line = hall.expect_log("read the settings again");
        assert!(
            line.contains("taken=\"motd, welcome, max-connections, creations-per-hour\"")
                && line.contains("waiting_for_a_restart=\"log, lobby\""),
            "{line}"
        );
        match ada.next().await {
            ServerPacket::ChannelChanged {
                channel, topic, by, ..
            } => assert_eq!(
                (channel.as_str(), topic.as_str(), by.as_str()),
                ("lobby", "new", "server")
            ),
            other => panic!("{other:?}"),
        }
        assert_eq!(hall.motd().await, "two");
        assert!(creates(&mut ada, "second").await);
        assert!(creates(&mut ada, "third").await);
        assert!(!creates(&mut ada, "fourth").await);

        // A limit that did not change has forgotten nothing.
        hall.reload("[lobby]\nmotd = 'three'\nwelcome = 'new'\n[rates]\ncreations-per-hour = 2");
        let line = hall.expect_log("read the settings again");
        assert!(line.contains("taken=\"motd, max-connections\""), "{line}");
        assert!(line.contains("waiting_for_a_restart=\"nothing\""), "{line}");
        assert!(!creates(&mut ada, "fourth").await);
        check_stops(hall.server).await;
    }

    #[tokio::test]
    async fn lines_are_slowed_down_for_who_speaks_already() {
        let hall = Configured::start("[rates]\nlines-per-second = 1000");
        let mut ada = TestPlayer::connect(hall.server.address).await;
        ada.enter("ada").await;
        for number in 0..8 {
            ada.say(&format!("hello {number}")).await;
        }
        hall.reload("[rates]\nlines-per-second = 1");
        hall.expect_log("read the settings again");
        // Four at once at the most, and those before may count.
        let mut denied = 0;
        for number in 8..16 {
            let id = ada.try_say("lobby", &format!("hello {number}")).await;
            loop {
                match ada.next().await {
                    ServerPacket::Posted { id: got, .. } if got == id => break,
                    ServerPacket::Deny { code, .. } => {
                        assert_eq!(code, DenyCode::RateLimited);
                        denied += 1;
                        break;
                    }
                    _ => {}
                }
            }
        }
        assert!(denied > 0, "a changed limit is not felt");
        hall.server.kill();
    }

    #[tokio::test]
    async fn a_broken_file_changes_nothing_and_is_told() {
        let hall = Configured::start("[lobby]\nmotd = 'one'");
        hall.reload("[lobby]\nmotd = 'two'\nwelcom = 'x'\n[rates]\nlogins-per-minute = 0");
        let line = hall.expect_log("nothing is changed");
        for part in [
            "longhall.toml:3: there is no key welcom; did you mean welcome?",
            "longhall.toml:5: logins-per-minute: 0 is not in",
        ] {
            assert!(line.contains(part), "{part:?} is not in {line}");
        }
        assert_eq!(hall.motd().await, "one");
        hall.reload("[lobby]\nmotd = 'two'\n[names]\nbanned-names = 'nix'");
        let line = hall.expect_log("nothing is changed");
        assert!(line.contains("cannot read the banned names"), "{line}");
        fs::remove_file(&hall.file).unwrap();
        let pid = Pid::from_child(&hall.server.child);
        kill_process(pid, Signal::HUP).unwrap();
        let line = hall.expect_log("nothing is changed");
        assert!(line.contains("cannot be read"), "{line}");
        assert_eq!(hall.motd().await, "one");
        hall.reload("[lobby]\nmotd = 'two'");
        hall.expect_log("read the settings again");
        assert_eq!(hall.motd().await, "two");
        check_stops(hall.server).await;
    }

    #[tokio::test]
    async fn files_that_the_settings_name_are_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let (reserved, banned) = (folder.path().join("reserved"), folder.path().join("banned"));
        fs::write(&reserved, "").unwrap();
        fs::write(&banned, "mallory\n").unwrap();
        let names = |banned: &str| {
            format!("[names]\nban-interval = 1\nreserved-names = {reserved:?}\n{banned}")
        };
        let hall = Configured::start(&names(""));
        let mut mallory = TestPlayer::connect(hall.server.address).await;
        mallory.enter("mallory").await;
        fs::write(&reserved, "gandalf\n").unwrap();
        hall.reload(&names(&format!("banned-names = {banned:?}")));
        let line = hall.expect_log("read the settings again");
        assert!(
            line.contains("taken=\"banned-names, reserved-names\""),
            "{line}"
        );
        mallory
            .expect_closed(longhall_packet::CloseReason::Banned)
            .await;
        let mut eve = TestPlayer::connect(hall.server.address).await;
        eve.request("register", &crate::support::credentials("gandalf"))
            .await;
        match eve.next().await {
            ServerPacket::Deny { .. } => {}
            other => panic!("{other:?}"),
        }
        hall.server.kill();
    }

    #[tokio::test]
    async fn a_variable_counts_more_than_the_file_and_an_option_more_than_its_variable() {
        let file = "[lobby]\nmotd = 'file'";
        let hall = Configured::start(file);
        assert_eq!(hall.motd().await, "file");
        hall.server.kill();
        let with_variable = || {
            let mut command = Program::command();
            command.env("LONGHALL_MOTD", "variable");
            command
        };
        let hall = Configured::start_by(with_variable(), file, &[]);
        assert_eq!(hall.motd().await, "variable");
        // Also when the file is read again.
        hall.reload("[lobby]\nmotd = 'another'");
        let line = hall.expect_log("read the settings again");
        assert!(line.contains("taken=\"nothing\""), "{line}");
        assert_eq!(hall.motd().await, "variable");
        hall.server.kill();
        let hall = Configured::start_by(with_variable(), file, &["--motd", "option"]);
        assert_eq!(hall.motd().await, "option");
        hall.server.kill();
        // What cannot be set beside an option counts less as well: --database is given.
        let hall = Configured::start("store = 'postgres://hall@127.0.0.1:1/hall'");
        assert_eq!(hall.motd().await, "");
        hall.server.kill();
        // An empty variable names no file.
        let mut command = Program::command();
        command
            .env("LONGHALL_CONFIG", "")
            .args(["--lobby", "no name"]);
        let Output { stderr, .. } = Program::output(&mut command);
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(stderr.contains("--lobby"), "{stderr}");
    }

    #[tokio::test]
    async fn sighup_is_for_the_file_also_where_it_was_ignored_at_the_start() {
        let hall = Configured::start_by(in_a_shell("trap '' HUP; exec \"$@\""), "", &[]);
        hall.reload("[lobby]\nmotd = 'two'");
        hall.expect_log("read the settings again");
        assert_eq!(hall.motd().await, "two");
        check_stops(hall.server).await;
    }
}
