//! Certificates as an operator gives them, and listening without one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Output};

use crate::support::{Pair, Program, TestPlayer, Validity, database};
use crate::{check_refused, start_and_read};

#[test]
fn a_certificate_that_cannot_be_used_is_named_with_what_is_wrong() {
    let (folder, path) = database();
    let pair = Pair::write(folder.path(), Validity::Year);
    let [certificate, key] = [&pair.certificate, &pair.key].map(|file| file.to_str().unwrap());
    let check = |certificate: &str, key: &str, parts: &[&str]| {
        let options = ["--tls-certificate", certificate, "--tls-key", key];
        check_refused(&options, &path, parts);
    };
    check(
        "nowhere.crt",
        key,
        &["--tls-certificate nowhere.crt", "No such file"],
    );
    check(
        certificate,
        "nowhere.key",
        &["--tls-key nowhere.key", "No such file"],
    );
    check(
        certificate,
        folder.path().to_str().unwrap(),
        &["--tls-key", "no file"],
    );
    check(key, key, &["--tls-certificate", "no certificate in PEM"]);
    check(
        certificate,
        certificate,
        &["--tls-key", "no private key in PEM"],
    );
    check_refused(&["--tls-key", key], &path, &["needs --tls-certificate"]);
    check_refused(
        &["--tls-certificate", certificate],
        &path,
        &["needs --tls-key"],
    );

    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    let other = Pair::write(&other, Validity::Year);
    let other_key = other.key.to_str().unwrap();
    check(
        certificate,
        other_key,
        &[other_key, "is not the key of", certificate],
    );

    let rubbish = folder.path().join("rubbish.crt");
    let text = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    fs::write(&rubbish, text).unwrap();
    check(
        rubbish.to_str().unwrap(),
        key,
        &["rubbish.crt", "holds what is no certificate"],
    );
    fs::write(&rubbish, text.replace("aGVsbG8=", "=#=")).unwrap();
    check(
        rubbish.to_str().unwrap(),
        key,
        &["rubbish.crt", "cannot be read as PEM"],
    );

    let ended = Pair::write(folder.path(), Validity::Ended);
    check_refused(
        &ended.options(),
        &path,
        &["chat.crt ended 3 days ago", "renew it"],
    );
    let early = Pair::write(folder.path(), Validity::NotYet);
    check_refused(&early.options(), &path, &["is not good before", "clock"]);
    assert!(!path.exists(), "nothing is created before");
}

#[test]
fn listening_beyond_this_machine_without_tls_is_refused_with_a_way_out() {
    let (_folder, path) = database();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8081"] {
        let mut program = Program::command();
        program.args(["--listen", address, "--database"]).arg(&path);
        let Output { status, stderr, .. } = Program::output(&mut program);
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(1), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        for part in [
            address,
            "--tls-certificate",
            "dev-certificate",
            "--allow-unencrypted",
        ] {
            assert!(stderr.contains(part), "{part} is not in: {stderr}");
        }
        // An address that nobody here has: it gets as far as that.
        let allowed = Program::output(program.arg("--allow-unencrypted"));
        let allowed = String::from_utf8(allowed.stderr).unwrap();
        if address.starts_with("192.0.2.1") {
            assert!(allowed.contains("does not have that address"), "{allowed}");
        }
    }
}

/// Reads the log on until a line has the part.
fn read_until(child: &mut Child, part: &str) -> String {
    let mut log = BufReader::new(child.stderr.as_mut().unwrap());
    loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "the server ended");
        if line.contains(part) {
            return line;
        }
    }
}

#[test]
fn a_bad_new_certificate_is_told_once_and_the_old_one_stays() {
    let (folder, path) = database();
    let pair = Pair::write(folder.path(), Validity::EndsInDays(13));
    let (mut child, log) = start_and_read(&path, &pair.options());
    if !log.contains("ends soon") {
        let line = read_until(&mut child, "ends soon");
        assert!(line.contains("WARN") && line.contains("days=13"), "{line}");
    }
    fs::write(&pair.key, "torn").unwrap();
    let line = read_until(&mut child, "the TLS certificate stays as it was");
    assert!(line.contains("no private key in PEM"), "{line}");
    // The next line is of the next change: the bad one is not told again.
    Pair::write(folder.path(), Validity::Year);
    let line = read_until(&mut child, "TLS certificate");
    assert!(line.contains("took the new TLS certificate"), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_certificate_for_a_try_is_made_and_used_as_it_says() {
    let (folder, path) = database();
    let mut program = Program::command();
    program.args([
        "dev-certificate",
        "--out",
        "try",
        "chat.local",
        "192.168.1.7",
    ]);
    let Output {
        status,
        stdout,
        stderr,
    } = Program::output(program.current_dir(folder.path()));
    let told = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    for part in [
        "chat.local, 192.168.1.7, localhost, 127.0.0.1, ::1",
        "--tls-certificate try/longhall-dev.crt --tls-key try/longhall-dev.key",
        "url = \"wss://chat.local:8081\"",
        "tls_certificate = preload(\"res://longhall-dev.crt\")",
    ] {
        assert!(told.contains(part), "{part} is not in: {told}");
    }
    let pair = Pair::of(&folder.path().join("try/longhall-dev.crt"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&pair.key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let (mut child, log) = start_and_read(&path, &pair.options());
    let (_, address) = log.split_once("listening address=").unwrap();
    let address = address.split_whitespace().next().unwrap();
    let stream = pair.connect(address.parse().unwrap()).await.unwrap();
    TestPlayer::on(stream, &[])
        .await
        .unwrap()
        .enter("ada")
        .await;
    child.kill().unwrap();
    child.wait().unwrap();

    let key = fs::read(&pair.key).unwrap();
    let again = Program::output(program.current_dir(folder.path()));
    let text = String::from_utf8(again.stderr).unwrap();
    assert_eq!(again.status.code(), Some(1), "{text}");
    assert!(
        text.contains("is there already") && text.lines().count() == 1,
        "{text}"
    );
    assert_eq!(fs::read(&pair.key).unwrap(), key);

    let mut program = Program::command();
    program.args(["dev-certificate", "--out", "other", "wss://chat.local"]);
    let wrong = Program::output(program.current_dir(folder.path()));
    let text = String::from_utf8(wrong.stderr).unwrap();
    assert!(
        text.contains("wss://chat.local") && !wrong.status.success(),
        "{text}"
    );
    assert!(!folder.path().join("other").exists());
}
