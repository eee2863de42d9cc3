//! Options and their variables: which one is blamed, what counts as none.

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

use crate::support::{Program, database};
use crate::{check_refused, in_a_shell};

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
        // Options on the command line count, and any text is a welcome, or a file.
        if [
            "LISTEN",
            "DATABASE",
            "MOTD",
            "WELCOME",
            "ACME_STATE",
            "SOCKET",
            "SECRET_FILE",
        ]
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

#[test]
fn two_that_exclude_each_other_are_named_as_they_were_written() {
    let cases: [(&[&str], &[&str], [&str; 2]); 7] = [
        (
            &["--bus", "nats://a", "--bus-file", "b"],
            &[],
            ["--bus", "--bus-file"],
        ),
        (
            &["--bus-file=b"],
            &["LONGHALL_BUS"],
            ["LONGHALL_BUS", "--bus-file"],
        ),
        (
            &["--store", "postgres://a"],
            &["LONGHALL_DATABASE"],
            ["--store", "LONGHALL_DATABASE"],
        ),
        (
            &[],
            &["LONGHALL_DATABASE", "LONGHALL_STORE"],
            ["LONGHALL_STORE", "LONGHALL_DATABASE"],
        ),
        (
            &["--database", "a.db"],
            &["LONGHALL_DATABASE", "LONGHALL_STORE_FILE"],
            ["LONGHALL_STORE_FILE", "--database"],
        ),
        (
            &[],
            &["LONGHALL_STORE", "LONGHALL_STORE_FILE"],
            ["LONGHALL_STORE", "LONGHALL_STORE_FILE"],
        ),
        // What has nothing to do with it is not named.
        (
            &["--bus-file", "b", "--bus", "c"],
            &["LONGHALL_MOTD", "LONGHALL_STORE"],
            ["--bus", "--bus-file"],
        ),
    ];
    for (options, variables, [one, other]) in cases {
        let mut program = Program::command();
        program.args(options);
        for variable in variables {
            program.env(variable, "s3cret");
        }
        let Output { status, stderr, .. } = Program::output(&mut program);
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        let named = [(one, other), (other, one)]
            .map(|(one, other)| format!("error: {one} cannot be used together with {other}; "));
        assert!(
            named.iter().any(|named| stderr.starts_with(named)),
            "{one} and {other}: {stderr}"
        );
        assert!(!stderr.contains("s3cret"), "{stderr}");
    }
}

#[test]
fn what_is_wrong_is_blamed_and_not_what_is_beside_it() {
    for (options, part) in [
        (["--bus-file", "b", "--grace", "long"], "'--grace"),
        (["--listen", "127.0.0.1:0", "--bus-file", ""], "'--bus-file"),
    ] {
        let mut program = Program::command();
        program.args(options).env("LONGHALL_BUS", "nats://a");
        let Output { status, stderr, .. } = Program::output(&mut program);
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains(part) && !stderr.contains("LONGHALL"),
            "{stderr}"
        );
    }
    // The bus is refused beside a file, by the name that it was given by.
    let (folder, path) = database();
    let bus = folder.path().join("bus");
    fs::write(&bus, "nats://a").unwrap();
    let bus = bus.to_str().unwrap();
    check_refused(&["--bus-file", bus], &path, &["leave --bus-file away"]);
    check_refused(&["--bus", "nats://a"], &path, &["leave --bus away"]);
}

#[test]
fn the_help_is_there_whatever_variables_are_set() {
    let mut program = Program::command();
    program.arg("--help").env("LONGHALL_LOG", "warn");
    let Output { status, stdout, .. } = Program::output(&mut program);
    let help = String::from_utf8(stdout).unwrap();
    assert!(status.success() && help.contains("--listen"), "{help}");
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
        // Those that may hold a secret have no value there.
        .filter_map(|rest| Some(rest.split(['=', ']']).next()?.to_owned()))
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
fn a_log_level_that_does_not_exist_is_named() {
    let (_folder, path) = database();
    check_refused(&["--log", "=,="], &path, &["--log", "try info or debug"]);
}

/// As an operator who uncomments everything has it read.
#[cfg(unix)]
#[test]
fn a_shell_and_systemd_read_the_example_of_all_options_alike() {
    let (folder, path) = database();
    let example = include_str!("../../longhall.example.env");
    let settings: Vec<_> = example
        .lines()
        .filter_map(|line| {
            line.strip_prefix('#')
                .filter(|line| line.starts_with("LONGHALL_"))
        })
        .collect();
    let names = settings.iter().filter_map(|line| line.split_once('='));
    assert_eq!(names.map(|(name, _)| name).collect::<Vec<_>>(), variables());
    for line in example.lines() {
        // Each has its own quotes, escapes and remarks: they agree on plain text.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_=.:/,-".contains(c);
        assert!(line.is_empty() || line.starts_with('#'), "{line}");
        assert!(
            !line.starts_with("#L") || line[1..].chars().all(is_plain),
            "{line}"
        );
    }
    let file = folder.path().join("longhall.env");
    fs::write(&file, settings.join("\n")).unwrap();
    let mut command = in_a_shell("set -a; . \"$EXAMPLE\"; exec \"$@\"");
    command.env("EXAMPLE", file).stderr(Stdio::null());
    let server = Program::start_unheard(&mut command, &path);
    assert_eq!(server.terminate().code(), Some(0));
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

#[test]
fn wrong_words_for_games_servers_are_told_by_what_is_wrong_with_them() {
    let (folder, path) = database();
    let secret = folder.path().join("secret.txt");
    fs::write(&secret, "whsec_c2hvcnQ=\n").unwrap();
    let secret = secret.to_str().unwrap();
    let url = "https://example.com/longhall";
    for (arguments, parts) in [
        (
            &["--game-listen", "9082"][..],
            &["--game-listen", "as in 127.0.0.1:9082"][..],
        ),
        (
            &["--game-listen", "localhost:9082"],
            &["no address with a port", "a name is none"],
        ),
        (
            &["--game-listen", "0.0.0.0:9082"],
            &["from other machines", "--game-allow-remote"],
        ),
        (
            &["--webhook-url", "example.com"],
            &["--webhook-url does not begin with https://"],
        ),
        (
            &[
                "--webhook-url",
                "http://93.184.216.34/",
                "--webhook-allow-http",
            ],
            &["--webhook-url leads beyond this machine"],
        ),
        (&["--webhook-url", url], &["needs a --webhook-secret-file"]),
        (
            &["--webhook-secret-file", secret],
            &["of no use without --webhook-url"],
        ),
        (
            &["--webhook-url", url, "--webhook-secret-file", secret],
            &["whsec_ and base64 of 24 to 64 bytes"],
        ),
        (
            &["--webhook-events", "joined"],
            &["registered, logged_in, logged_out, reported"],
        ),
        (
            &["--ticket-lifetime", "1m"],
            &["no number of seconds", "the unit is left out"],
        ),
        (
            &["--ticket-lifetime", "5"],
            &["it must be from 10 to 600 seconds"],
        ),
        (
            &["--ticket-key-lifetime", "30"],
            &["a number and a unit, as in 30d"],
        ),
        (
            &["--profile-game-keys", "le vel"],
            &["a to z, 0 to 9 and _"],
        ),
    ] {
        let mut program = Program::command();
        program.args(["--listen", "127.0.0.1:0", "--database"]);
        let Output { status, stderr, .. } = Program::output(program.arg(&path).args(arguments));
        let stderr = String::from_utf8(stderr).unwrap();
        assert!(!status.success(), "{arguments:?}");
        for part in parts {
            assert!(stderr.contains(part), "{part:?} is not in: {stderr}");
        }
        assert!(!stderr.contains("example.com"), "{stderr}");
    }
}
