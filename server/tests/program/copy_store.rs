//! `copy-store` as an operator starts it: what it asks for, and what it refuses.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::support::Program;

/// What it says to these arguments, which it does not work with.
fn refused(folder: &Path, arguments: &[&str], code: i32) -> String {
    let mut program = Program::command();
    program.current_dir(folder).arg("copy-store");
    let Output { status, stderr, .. } = Program::output(program.args(arguments));
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(code), "{stderr}");
    stderr
}

#[test]
fn what_is_missing_is_named_with_both_ways_to_give_it() {
    let folder = tempfile::tempdir().unwrap();
    let told = refused(folder.path(), &[], 2);
    for option in ["--from <", "--from-url-file", "--to <", "--to-url-file"] {
        assert!(told.contains(option), "{option} is not in: {told}");
    }
    let both = ["--from", "a.db", "--from-url-file", "b", "--to", "c.db"];
    let told = refused(folder.path(), &both, 2);
    let expected = "--from-url-file cannot be used together with --from; leave all but one away";
    let turned = "--from cannot be used together with --from-url-file; leave all but one away";
    let lines: Vec<_> = told.lines().collect();
    assert!(
        [[format!("error: {expected}")], [format!("error: {turned}")]]
            .iter()
            .any(|line| lines == line.as_slice()),
        "{told}"
    );
}

#[test]
fn an_address_that_is_none_is_refused_without_being_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    for text in [
        "\"postgres://ada:s3cret@db/hall\"",
        "LONGHALL_STORE=postgres://ada:s3cret@db/hall",
        "# s3cret\npostgres://ada:s3cret@db/hall",
        "postgres://ada:s3cret@db/hall # s3cret",
    ] {
        fs::write(&file, text).unwrap();
        let arguments = ["--from-url-file", "store", "--to", "new.db"];
        let told = refused(folder.path(), &arguments, 1);
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains("postgres://"), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
    let told = refused(
        folder.path(),
        &["--from", "a.db", "--to", "mysql://s3cret"],
        1,
    );
    assert!(told.contains("--to is neither"), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
}
