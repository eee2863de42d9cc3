//! `doctor`: what it finds, and what the program ends with.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;

use crate::backups::{back_up, command, with_lines};
use crate::support::{Pair, Program, Validity, database};

/// The level of each check, with what was said, and what the program ended with.
fn examine(doctor: &mut Command) -> (Vec<(String, String, String)>, i32) {
    let output = doctor.arg("--json").output().unwrap();
    let told = String::from_utf8(output.stdout.clone()).unwrap();
    let found: Value = serde_json::from_str(&told).unwrap_or_else(|_| panic!("{output:?}"));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    let findings = found["findings"].as_array().unwrap();
    let findings = findings
        .iter()
        .map(|one| (text(one, "check"), text(one, "level"), text(one, "said")));
    (findings.collect(), output.status.code().unwrap())
}

#[track_caller]
fn check(doctor: &mut Command, check: &str, level: &str, part: &str) {
    let (found, code) = examine(doctor);
    let finding = found.iter().find(|(name, ..)| name == check);
    let finding = finding.unwrap_or_else(|| panic!("{check} is not in {found:?}"));
    assert_eq!(finding.1, level, "{found:?}");
    assert!(finding.2.contains(part), "{part:?} is not in {found:?}");
    let has = |level: &str| found.iter().any(|(_, found, _)| found == level);
    let expected = match (has("fail"), has("warn")) {
        (true, _) => 1,
        (false, true) => 3,
        (false, false) => 0,
    };
    assert_eq!(code, expected, "{found:?}");
}

fn doctor(database: &Path) -> Command {
    let mut doctor = command("doctor", database);
    // What this machine lets a test open is not the matter here.
    doctor.env("LONGHALL_MAX_CONNECTIONS", "10");
    doctor
}

#[test]
fn a_database_is_found_well_whether_a_server_runs_or_not() {
    let (folder, path) = database();
    check(
        &mut doctor(&path),
        "database",
        "ok",
        "the server creates it",
    );
    let server = Program::start(&path);
    for option in ["--deep", "--max-connections=9"] {
        let mut doctor = doctor(&path);
        check(doctor.arg(option), "database", "ok", "is whole");
    }
    assert!(server.terminate().success());
    let before: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    for name in [
        "rights",
        "layout",
        "log-size",
        "clock",
        "open-files",
        "space",
        "version",
    ] {
        check(&mut doctor(&path), name, "ok", "");
    }
    let after: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    assert_eq!(before, after, "something was left beside it");
    let plain = command("doctor", &path).output().unwrap();
    let plain = String::from_utf8(plain.stdout).unwrap();
    assert!(
        plain.contains("ok   database: ") && plain.contains(env!("CARGO_PKG_VERSION")),
        "{plain}"
    );
}

#[test]
fn the_end_of_the_certificate_is_told() {
    let (folder, path) = database();
    for (validity, level, part) in [
        (Validity::Year, "ok", "is good for 36"),
        (Validity::EndsInDays(3), "warn", "3 days; renew it"),
        (Validity::Ended, "fail", "ended"),
    ] {
        let pair = Pair::write(folder.path(), validity);
        fs::set_permissions(&pair.key, fs::Permissions::from_mode(0o600)).unwrap();
        for (name, level, part) in [
            ("certificate", level, part),
            ("tls-key", "ok", "closed to others"),
        ] {
            let mut doctor = doctor(&path);
            doctor.arg("--tls-certificate").arg(&pair.certificate);
            doctor.arg("--tls-key").arg(&pair.key);
            check(&mut doctor, name, level, part);
        }
    }
    let mut by_acme = doctor(&path);
    by_acme.args(["--acme-domain", "chat.example", "--acme-state"]);
    by_acme.arg(folder.path().join("acme"));
    check(&mut by_acme, "certificate", "warn", "start the server");
    assert!(!folder.path().join("acme").exists(), "nothing is changed");
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    let (folder, path) = database();
    with_lines(&path, 2000);
    check(
        doctor(&path).args(["--max-connections", "99999999"]),
        "open-files",
        "warn",
        "LimitNOFILE",
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    check(&mut doctor(&path), "rights", "warn", "chmod 600");
    let secret = folder.path().join("bus");
    fs::write(&secret, "nats://hall:s3cret@127.0.0.1:1").unwrap();
    let mut asking = doctor(&path);
    asking.arg("--bus-file").arg(&secret);
    check(&mut asking, "bus", "fail", "127.0.0.1:1");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    check(
        doctor(&path).arg("--bus-file").arg(&secret),
        "bus-file",
        "warn",
        "chmod o=",
    );
    let told = asking.output().unwrap();
    assert!(!String::from_utf8(told.stdout).unwrap().contains("s3cret"));

    let db = Connection::open(&path).unwrap();
    db.execute(
        "UPDATE state SET seen_ms = 1000 * (strftime('%s', 'now') + 400 * 24 * 60 * 60)",
        [],
    )
    .unwrap();
    db.close().unwrap();
    check(&mut doctor(&path), "clock", "fail", "days behind");
    let whole = fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    damaged[4096 * 5..4096 * 30].fill(0xa5);
    fs::write(&path, &damaged).unwrap();
    check(&mut doctor(&path), "database", "fail", "damaged");
    fs::write(&path, &whole).unwrap();
    let db = Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA user_version = 99").unwrap();
    db.close().unwrap();
    check(
        &mut doctor(&path),
        "database",
        "fail",
        "newer longhall-server",
    );
}

#[test]
fn backups_that_are_missing_old_or_damaged_are_told() {
    let (folder, path) = database();
    with_lines(&path, 200);
    let backups = folder.path().join("backups");
    let doctor = || {
        let mut doctor = doctor(&path);
        doctor.env("LONGHALL_BACKUP_FOLDER", &backups);
        doctor
    };
    check(&mut doctor(), "backups", "fail", "LONGHALL_BACKUP_FOLDER");
    fs::create_dir(&backups).unwrap();
    check(&mut doctor(), "backups", "warn", "there is none");
    let old = backups.join("longhall-20200101T000000Z.db");
    back_up(&path, &old);
    check(&mut doctor(), "backups", "warn", "too old");
    check(doctor().arg("--deep"), "backup-whole", "ok", "is whole");
    let whole = fs::read(&old).unwrap();
    fs::write(&old, &whole[..whole.len() / 2]).unwrap();
    check(doctor().arg("--deep"), "backup-whole", "fail", "cut short");
}

#[test]
fn the_settings_file_is_read_and_blamed_by_its_line() {
    let (folder, path) = database();
    with_lines(&path, 10);
    let file = folder.path().join("longhall.toml");
    let write = |text: &str| {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    };
    let doctor = || {
        let mut doctor = Program::command();
        doctor.current_dir(folder.path());
        doctor.args(["doctor", "--config", "longhall.toml"]);
        doctor
    };
    write(&format!(
        "database = {path:?}\n[backups]\nbackup-folder = 'nowhere'\n"
    ));
    check(
        &mut doctor(),
        "settings",
        "fail",
        "backup-folder (longhall.toml:3) nowhere",
    );
    check(&mut doctor(), "database", "ok", "is whole");
    let mut other = doctor();
    other.arg("--database").arg(folder.path().join("other.db"));
    check(&mut other, "database", "ok", "the server creates it");
    write("[lobby]\nmotd = 'hello'\nwelcome = 'hi'\n");
    check(
        doctor().args(["--grace", "5"]),
        "settings",
        "ok",
        "none wrong",
    );
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    check(&mut doctor(), "settings", "ok", "none wrong");
    write("bus = 'nats://hall:s3cret@127.0.0.1:1'\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    check(&mut doctor(), "settings", "warn", "chmod o-r");
    write("data-base = 'longhall.db'\n");
    let output = doctor().output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("longhall.toml:1: there is no key data-base"),
        "{told}"
    );
}
