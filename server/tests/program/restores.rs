//! `restore`: the old database or the new one is in place, whenever it ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Instant;

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};

use crate::backups::{back_up, check_refused, command, on_a_small_disk, run, texts, with_lines};
use crate::support::{PATIENCE, Program, TestPlayer, database};

/// The databases that were kept aside.
fn aside(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    files
        .filter(|path| {
            let name = path.to_string_lossy();
            name.contains("before-restore") && !name.contains("-wal") && !name.contains("-shm")
        })
        .collect()
}

fn epoch(database: &Path) -> String {
    let db = Connection::open(database).unwrap();
    db.query_row("SELECT epoch FROM state", [], |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_backup_comes_back_and_the_old_database_is_kept_whole() {
    let (folder, path) = database();
    let server = Program::start(&path);
    let mut ada = TestPlayer::connect(server.address).await;
    ada.register("ada").await;
    let before = ada.log_in("ada", "").await;
    ada.say("before the backup").await;
    let file = folder.path().join("backup.db");
    back_up(&path, &file);
    ada.say("after the backup").await;
    let unchanged = fs::read(&file).unwrap();
    let mut restore = command("restore", &path);
    restore.arg(&file);
    check_refused(&mut restore, &["in use by another longhall-server", "stop"]);
    server.kill();
    let told = run(&mut restore);
    assert!(
        told.contains("1 lines in 1 logs") && told.contains("start the server"),
        "{told}"
    );
    assert!(
        fs::read(&file).unwrap() == unchanged,
        "the backup was changed"
    );
    assert_ne!(epoch(&path), before.epoch);
    // What stood in its log only is in it.
    let [aside] = &aside(folder.path())[..] else {
        panic!("not one is kept: {told}")
    };
    assert_eq!(texts(aside), ["before the backup", "after the backup"]);

    let server = Program::start(&path);
    let mut ada = TestPlayer::connect(server.address).await;
    let after = ada.log_in("ada", "").await;
    assert_ne!(after.epoch, before.epoch, "games read the history anew");
    let (lines, _) = ada.history(r#""channel":"lobby","limit":9"#).await;
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["before the backup"]);
    assert!(server.terminate().success());
}

#[test]
fn a_backup_comes_back_where_there_is_nothing_or_only_rubbish() {
    let (folder, path) = database();
    with_lines(&path, 3);
    let file = folder.path().join("backup.db");
    back_up(&path, &file);
    let new = folder.path().join("new.db");
    run(command("restore", &new).arg(&file));
    assert_eq!(texts(&new).len(), 3);
    assert!(aside(folder.path()).is_empty());
    assert!(Program::start(&new).terminate().success());
    // A damaged database, and a log that nobody can fold in.
    fs::write(&path, b"rubbish".repeat(999)).unwrap();
    let log = folder.path().join("longhall.db-wal");
    fs::write(&log, "more of it").unwrap();
    run(command("restore", &path).arg(&file));
    assert_eq!(texts(&path).len(), 3);
    let [aside] = &aside(folder.path())[..] else {
        panic!("not one is kept")
    };
    assert_eq!(fs::read(aside).unwrap(), b"rubbish".repeat(999));
    let log = fs::read(format!("{}-wal", aside.display())).unwrap();
    assert_eq!(log, b"more of it");
    assert!(Program::start(&path).terminate().success());
    check_refused(
        command("restore", &path).arg(&path),
        &["is the database itself"],
    );
}

/// It is killed when there is something to be seen of it, and soon after. Wherever that
/// is, the old database or the new one is in place, and the old one is not lost.
#[test]
fn a_restore_that_is_killed_leaves_the_old_database_or_the_new_one() {
    let (folder, path) = database();
    with_lines(&path, 30_000);
    let file = folder.path().join("backup.db");
    back_up(&path, &file);
    let db = Connection::open(&path).unwrap();
    db.execute("DELETE FROM lines WHERE id % 2 = 0", [])
        .unwrap();
    db.close().unwrap();
    let size = fs::metadata(&file).unwrap().len();
    let new = folder.path().join("longhall.db.restoring");
    let has = |bytes: u64| fs::metadata(&new).is_ok_and(|file| file.len() >= bytes);
    let seen: [&dyn Fn() -> bool; 6] = [
        &|| has(0),
        &|| has(1),
        &|| has(size / 2),
        &|| has(size),
        &|| !aside(folder.path()).is_empty(),
        &|| !aside(folder.path()).is_empty() && !new.exists(),
    ];
    for (number, seen) in seen.iter().enumerate() {
        let mut child = command("restore", &path)
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + PATIENCE;
        while !seen() && child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "{number} does not come");
        }
        // It may have ended by itself.
        let _ = kill_process(Pid::from_child(&child), Signal::KILL);
        child.wait().unwrap();
        let server = Program::start(&path);
        assert!(server.terminate().success());
        let lines = texts(&path).len();
        if lines == 30_000 {
            let kept = aside(folder.path());
            assert_eq!(kept.len(), 1, "{number}: {kept:?}");
            fs::rename(&kept[0], &path).unwrap();
            // As a new place, where nothing is known of another database.
            fs::remove_file(folder.path().join("longhall.db.lock")).unwrap();
        } else {
            assert_eq!(lines, 15_000, "{number}");
            for kept in aside(folder.path()) {
                fs::remove_file(kept).unwrap();
            }
        }
        assert_eq!(texts(&path).len(), 15_000);
    }
    // What they have left is in nobody's way.
    run(command("restore", &path).arg(&file));
    assert!(!new.exists());
    assert_eq!(texts(&path).len(), 30_000);
}

#[test]
fn a_full_disk_leaves_the_database_as_it_was() {
    let (folder, path) = database();
    with_lines(&path, 20_000);
    let file = folder.path().join("backup.db");
    back_up(&path, &file);
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let kib = u32::try_from(fs::metadata(&path).unwrap().len() / 1024).unwrap();
    let script = "cp \"$2\" \"$3\"; \"$1\" restore --database \"$3/longhall.db\" \"$4\"; code=$?; \
                  ls -A \"$3\"; cmp \"$2\" \"$3/longhall.db\" || exit 7; exit $code";
    let Output {
        status,
        stdout,
        stderr,
    } = on_a_small_disk(&disk, kib + 100, script, &[&path, &disk, &file]);
    let told = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{told}");
    assert!(told.contains("are free; nothing was written"), "{told}");
    let left = String::from_utf8(stdout).unwrap();
    assert_eq!(left.trim(), "longhall.db\nlonghall.db.lock");
}
