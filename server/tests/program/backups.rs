//! `backup` and `verify`: whole files, and nothing left behind where there is none.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{PATIENCE, Program, TestPlayer, database};

/// What the release before lean lines left.
const V2: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/v2.db");

pub(crate) fn command(name: &str, database: &Path) -> Command {
    let mut command = Program::command();
    command.arg(name).env("LONGHALL_DATABASE", database);
    command
}

#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let told = String::from_utf8(stderr).unwrap();
    assert!(status.success(), "{told}");
    String::from_utf8(stdout).unwrap()
}

/// Without the lines that tell how far it is, which come on a machine that is slow.
pub(crate) fn without_progress(told: &str) -> String {
    let is_progress = |line: &&str| {
        ["backup: ", "verify: ", "restore: "]
            .iter()
            .any(|by| line.starts_with(by))
    };
    let lines = told.lines().filter(|line| !is_progress(line));
    lines.map(|line| format!("{line}\n")).collect()
}

/// It says why in one line, and ends with 1.
#[track_caller]
pub(crate) fn check_refused(command: &mut Command, parts: &[&str]) {
    let Output { status, stderr, .. } = command.output().unwrap();
    let line = without_progress(&String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(1), "{line}");
    assert_eq!(line.lines().count(), 1, "one line, please: {line}");
    for part in parts {
        assert!(line.contains(part), "{part:?} is not in: {line}");
    }
}

pub(crate) fn back_up(database: &Path, file: &Path) -> String {
    run(command("backup", database).arg(file))
}

fn verify(file: &Path) -> Command {
    let mut command = Program::command();
    command.arg("verify").arg(file);
    command
}

pub(crate) fn texts(database: &Path) -> Vec<String> {
    let db = Connection::open(database).unwrap();
    let mut lines = db.prepare("SELECT text FROM lines ORDER BY id").unwrap();
    let lines = lines.query_map([], |row| row.get(0)).unwrap();
    lines.map(Result::unwrap).collect()
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// A database of a server that has stopped, with so many lines.
pub(crate) fn with_lines(path: &Path, count: u32) {
    let server = Program::start(path);
    assert!(server.terminate().success());
    let db = Connection::open(path).unwrap();
    db.execute_batch(&format!(
        "INSERT INTO users (username, name_key, look_key, capitals_key, password_hash, created_at_ms)
         VALUES ('ada', 'ada', 'ada', 'ada', '', 1);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         INSERT INTO lines (id, sender_id, kind, sent_at_ms, line_id, text)
         SELECT (1 << 36) + i, 1, 0, strftime('%s', 'now') * 1000, i,
                'Of sixty letters or so is what people say at a time: ' || i FROM n;"
    ))
    .unwrap();
    db.close().unwrap();
}

#[tokio::test]
async fn a_backup_of_a_running_server_is_whole_and_private() {
    let (folder, path) = database();
    let server = Program::start(&path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("ada").await;
    ada.say("said before").await;
    let file = folder.path().join("backup.db");
    let told = back_up(&path, &file);
    for part in ["whole", "1 accounts", "1 channels", "1 lines in 1 logs"] {
        assert!(told.contains(part), "{told}");
    }
    // The server has noticed nothing.
    ada.say("said behind").await;
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(run(&mut verify(&file)).contains("1 lines in 1 logs"));
    assert_eq!(texts(&file), ["said before"]);
    check_refused(
        command("backup", &path).arg(&file),
        &["exists already", "--force"],
    );
    let told = run(command("backup", &path).args(["--force"]).arg(&file));
    assert!(told.contains("2 lines"), "{told}");
    server.kill();
    // Nobody has folded the log in.
    let killed = folder.path().join("killed.db");
    assert!(back_up(&path, &killed).contains("2 lines"));
    let names = names_in(folder.path());
    let left: Vec<_> = names
        .iter()
        .filter(|name| name.contains("unfinished"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    // Nor does the backup keep the next server from it.
    let server = Program::start(&path);
    assert!(server.terminate().success());
    assert_eq!(texts(&path), ["said before", "said behind"]);
}

#[tokio::test]
async fn text_that_was_erased_is_in_no_backup() {
    let (folder, path) = database();
    let server = Program::start(&path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.enter("ada").await;
    let secret = "a secret of forty-two letters, or thereabouts";
    for number in 0..30 {
        ada.say(&format!("{secret}, {number}")).await;
    }
    server.kill();
    // Erased without being written over, as by a tool that knows no better.
    let db = Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA secure_delete = OFF; DELETE FROM lines; PRAGMA wal_checkpoint(FULL)")
        .unwrap();
    let holds = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes())
    };
    assert!(holds(&path), "there is nothing to be found");
    drop(db);
    let file = folder.path().join("backup.db");
    back_up(&path, &file);
    assert!(!holds(&file));
}

#[test]
fn a_backup_of_an_older_layout_is_that_layout() {
    let (folder, path) = database();
    fs::copy(V2, &path).unwrap();
    let before = fs::read(&path).unwrap();
    let file = folder.path().join("backup.db");
    assert!(back_up(&path, &file).contains("layout 2"));
    assert!(
        fs::read(&path).unwrap() == before,
        "the database was changed"
    );
    assert!(run(&mut verify(&file)).contains("layout 2"));
}

#[test]
fn what_is_no_whole_backup_is_said_in_one_line() {
    let (folder, path) = database();
    with_lines(&path, 2000);
    let file = folder.path().join("backup.db");
    back_up(&path, &file);
    let whole = fs::read(&file).unwrap();
    let bad = folder.path().join("bad.db");
    let check = |bytes: &[u8], parts: &[&str]| {
        fs::write(&bad, bytes).unwrap();
        fs::set_permissions(&bad, fs::Permissions::from_mode(0o600)).unwrap();
        check_refused(&mut verify(&bad), parts);
        check_refused(command("restore", &path).arg(&bad), parts);
    };
    let another = "take another backup";
    check(&[], &["is empty", another]);
    for bytes in [1, 50, 4096, whole.len() / 2, whole.len() - 1] {
        check(&whole[..bytes], &["is cut short", another]);
    }
    check(&b"a diary".repeat(1000), &["another kind of file"]);
    // One letter of one line, which SQLite does not notice.
    let mut flipped = whole.clone();
    let line = b"what people say at a time: 1234";
    let at = whole.windows(line.len()).position(|part| part == line);
    flipped[at.unwrap()] = b'W';
    check(&flipped, &["log 1 has other contents", another]);
    // A whole page of nonsense.
    for page in [1, 5, whole.len() / 4096 - 1] {
        let mut nonsense = whole.clone();
        nonsense[page * 4096..(page + 1) * 4096].fill(0xa5);
        check(&nonsense, &["is damaged", another]);
    }
    let changed = |sql: &str| {
        fs::write(&bad, &whole).unwrap();
        let db = Connection::open(&bad).unwrap();
        db.execute_batch(sql).unwrap();
        db.close().unwrap();
        fs::read(&bad).unwrap()
    };
    check(
        &changed("DELETE FROM lines WHERE id % 1000 = 1"),
        &["log 1 has 199", " rows of 2000"],
    );
    check(
        &changed("PRAGMA user_version = 99"),
        &["newer longhall-server", "version 99"],
    );
    check(&changed("PRAGMA application_id = 7"), &["another program"]);
    check_refused(&mut verify(folder.path()), &["is not a file"]);
    check_refused(&mut verify(Path::new("nowhere.db")), &["nowhere.db"]);
}

#[test]
fn others_who_can_read_a_backup_are_told_of() {
    let (folder, path) = database();
    with_lines(&path, 1);
    let file = folder.path().join("backup.db");
    back_up(&path, &file);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let Output { status, stderr, .. } = verify(&file).output().unwrap();
    let told = String::from_utf8(stderr).unwrap();
    assert!(status.success() && told.contains("chmod 600"), "{told}");
}

#[test]
fn places_that_cannot_be_are_named() {
    let (folder, path) = database();
    let file = folder.path().join("backup.db");
    check_refused(
        command("backup", &path).arg(&file),
        &["no database", "LONGHALL_DATABASE"],
    );
    assert!(names_in(folder.path()).is_empty());
    with_lines(&path, 1);
    let nowhere = folder.path().join("nowhere/backup.db");
    check_refused(
        command("backup", &path).arg(nowhere),
        &["nowhere does not exist"],
    );
    check_refused(
        command("backup", &path).arg(folder.path()),
        &["it is a folder"],
    );
    check_refused(
        command("backup", &path).arg("--force").arg(folder.path()),
        &["it is a folder"],
    );
}

#[test]
fn a_backup_that_is_stopped_leaves_nothing_behind() {
    let (folder, path) = database();
    with_lines(&path, 60_000);
    let file = folder.path().join("backup.db");
    let unfinished = folder.path().join("backup.db.unfinished");
    for signal in [Signal::TERM, Signal::KILL] {
        let mut child = command("backup", &path)
            .arg(&file)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let until = Instant::now() + PATIENCE;
        while !fs::metadata(&unfinished).is_ok_and(|file| file.len() > 0) {
            assert!(Instant::now() < until && child.try_wait().unwrap().is_none());
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let Output { status, stderr, .. } = child.wait_with_output().unwrap();
        let told = String::from_utf8(stderr).unwrap();
        assert!(!file.exists(), "{told}");
        if signal == Signal::TERM {
            assert_eq!(status.code(), Some(1), "{told}");
            assert!(told.ends_with("nothing else was changed\n"), "{told}");
            assert!(!unfinished.exists());
        }
    }
    // What the killed one has left is written over.
    back_up(&path, &file);
    assert!(!unfinished.exists());
}

/// A disk of so many KiB, on which a script is run as `sh -c` does it.
pub(crate) fn on_a_small_disk(disk: &Path, kib: u32, script: &str, args: &[&Path]) -> Output {
    let mount = format!(
        "mount -t tmpfs -o size={kib}k tmpfs {} && {{ {script}; }}",
        disk.display()
    );
    let program = PathBuf::from(Program::command().get_program());
    let mut shell = Command::new("unshare");
    shell.args([
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        &mount,
        "sh",
    ]);
    shell.arg(program).args(args);
    shell.env_remove("LONGHALL_DATABASE").output().unwrap()
}

#[test]
fn a_full_disk_is_told_and_nothing_is_left_on_it() {
    let (folder, path) = database();
    with_lines(&path, 20_000);
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    // There is room for the lines, and none for the sums behind them.
    let bytes = fs::metadata(&path).unwrap().len();
    let enough = u32::try_from(bytes.div_ceil(4096) * 4).unwrap();
    for (kib, part) in [
        (enough / 2, "are free; nothing was written"),
        (enough, "no space left"),
    ] {
        let script =
            "\"$1\" backup --database \"$2\" \"$3/backup.db\"; code=$?; ls -A \"$3\"; exit $code";
        let Output {
            status,
            stdout,
            stderr,
        } = on_a_small_disk(&disk, kib, script, &[&path, &disk]);
        let told = without_progress(&String::from_utf8(stderr).unwrap());
        assert_eq!(status.code(), Some(1), "{told}");
        assert!(told.contains(part) && told.lines().count() == 1, "{told}");
        assert_eq!(String::from_utf8(stdout).unwrap(), "");
    }
}

/// A server that makes backups into a folder, once it has said so in its log.
fn start_until(path: &Path, folder: &Path, said: &str) -> (std::process::Child, String) {
    use std::io::{BufRead, BufReader};
    let mut child = Program::command()
        .args(["--listen", "127.0.0.1:0", "--backups-kept", "2"])
        .arg("--database")
        .arg(path)
        .env("LONGHALL_BACKUP_FOLDER", folder)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.as_mut().unwrap());
    let mut seen = String::new();
    while !seen.contains(said) {
        assert!(
            log.read_line(&mut seen).unwrap() > 0,
            "the server ended: {seen}"
        );
    }
    (child, seen)
}

#[test]
fn a_server_backs_itself_up_when_the_newest_backup_is_too_old() {
    let (folder, path) = database();
    let backups = folder.path().join("backups");
    let mut refused = Program::command();
    refused
        .args(["--listen", "127.0.0.1:0"])
        .arg("--database")
        .arg(&path);
    refused.env("LONGHALL_BACKUP_FOLDER", &backups);
    check_refused(&mut refused, &["LONGHALL_BACKUP_FOLDER", "create it"]);
    fs::create_dir(&backups).unwrap();
    let old = [
        "longhall-20200101T000000Z.db",
        "longhall-20200102T000000Z.db",
    ];
    for name in old.iter().chain(&["diary.db"]) {
        fs::write(backups.join(name), "").unwrap();
    }
    let (mut child, log) = start_until(&path, &backups, "made a backup and verified it");
    // The oldest goes as soon as the new one is there.
    let until = Instant::now() + PATIENCE;
    while backups.join(old[0]).exists() {
        assert!(Instant::now() < until, "{log}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let names = names_in(&backups);
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names.contains(&old[1].to_owned()) && names.contains(&"diary.db".to_owned()));
    let made = names
        .iter()
        .find(|name| name.starts_with("longhall-20") && *name != old[1]);
    let told = run(&mut verify(&backups.join(made.unwrap())));
    assert!(told.contains("1 channels"), "{told}");
    // The next start finds it new enough.
    let server = Program::start(&path);
    assert!(server.terminate().success());
    assert_eq!(names_in(&backups), names);
}

#[test]
fn a_backup_that_cannot_be_made_is_one_line_of_the_log() {
    let (folder, path) = database();
    let backups = folder.path().join("backups");
    fs::create_dir(&backups).unwrap();
    // Another one has just this second's name, and the next, for a while.
    fs::set_permissions(&backups, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(backups.join("x"), "").is_ok() {
        // Root may write anywhere, but not into a folder that is gone.
        fs::remove_file(backups.join("x")).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("/proc/self", &link).unwrap();
        check_cannot(&path, &link);
        return;
    }
    check_cannot(&path, &backups);
}

fn check_cannot(path: &Path, folder: &Path) {
    let (mut child, log) = start_until(path, folder, "cannot make a backup for now");
    child.kill().unwrap();
    child.wait().unwrap();
    let told: Vec<_> = log.lines().filter(|line| line.contains("backup")).collect();
    assert_eq!(told.len(), 1, "{log}");
    assert!(
        told[0].contains("WARN") && told[0].contains("longhall-20"),
        "{log}"
    );
}

#[test]
fn the_settings_file_says_which_database_is_meant() {
    let (folder, path) = database();
    with_lines(&path, 10);
    let file = folder.path().join("longhall.toml");
    let text = format!("database = {path:?}\n[lobby]\nmotd = 'hello'\nwelcome = 'hi'\n");
    fs::write(&file, text).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let commanded = |name: &str| {
        let mut command = Program::command();
        command.current_dir(elsewhere.path()).arg(name);
        command.env("LONGHALL_CONFIG", &file);
        command
    };
    assert!(run(commanded("backup").arg("backup.db")).contains("10 lines in 1 logs"));
    fs::remove_file(&path).unwrap();
    run(commanded("restore").arg("backup.db"));
    assert_eq!(texts(&path).len(), 10);
    let store = [
        "restore",
        "--store",
        "postgres://hall@127.0.0.1:1/none",
        "backup.db",
    ];
    let mut other = Program::command();
    other.current_dir(elsewhere.path()).args(store);
    check_refused(other.env("LONGHALL_CONFIG", &file), &["127.0.0.1:1"]);
}
