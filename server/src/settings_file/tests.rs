use clap::CommandFactory;

use super::keys::Keys;
use super::read;
use crate::variables;

fn keys() -> Keys {
    Keys::of(&crate::Args::command())
}

/// All slips of a text, each with its line.
fn slips(text: &str) -> Vec<(usize, String)> {
    let (_, slips) = read::parse(text.as_bytes(), &keys());
    let slips = slips.into_iter();
    slips.map(|slip| (slip.line.unwrap(), slip.text)).collect()
}

#[track_caller]
fn check_slip(text: &str, line: usize, words: &str) {
    let found = slips(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, line, "{found:?}");
    assert!(found[0].1.contains(words), "{words:?} is not in {found:?}");
}

fn arguments(text: &str) -> Vec<String> {
    let (settings, slips) = read::parse(text.as_bytes(), &keys());
    assert!(slips.is_empty(), "{slips:?}");
    settings.into_iter().flat_map(|it| it.arguments).collect()
}

#[test]
fn each_option_has_one_name_in_all_places() {
    for key in keys().iter() {
        let variable = key.option.get_env().unwrap().to_str().unwrap();
        let expected = format!("LONGHALL_{}", key.name.to_uppercase().replace('-', "_"));
        assert_eq!(variable, expected);
        assert!(
            !keys().has_table(&key.name) || key.table == key.name,
            "{}",
            key.name
        );
    }
}

#[test]
fn what_is_in_a_file_is_as_if_on_the_command_line() {
    let file = "\u{feff}listen = '[::]:7'\nmotd-of = 0";
    assert_eq!(slips(file).len(), 1, "{:?}", slips(file));
    let file = "listen = '[::]:7' # everywhere\nrates.lines-per-second = 0x2\n\
                [lobby]\nmotd = \"\"\"\nTwo\nlines\"\"\"\nwelcome = \"\"\n\
                [history]\nhistory-lines = 1_000\n";
    let expected = [
        "--listen=[::]:7",
        "--lines-per-second=2",
        "--motd=Two\nlines",
        "--history-lines=1000",
    ];
    assert_eq!(arguments(file), expected);
}

#[test]
fn a_slip_is_told_with_its_line_and_what_is_near() {
    for (file, line, words) in [
        ("\n\nlissen = 'x'", 3, "did you mean listen?"),
        ("[rates]\n[lobyb]\nx = 1", 2, "did you mean [lobby]?"),
        ("[history]\ndays = 3", 2, "did you mean history-days?"),
        ("[rates]\nmtod = 'x'", 2, "did you mean motd under [lobby]?"),
        ("LONGHALL_MOTD = 'x'", 1, "did you mean motd under [lobby]?"),
        ("[lobby]\nlog = 'info'", 2, "log above all tables"),
        ("motd = 'x'", 1, "motd under [lobby]"),
        ("qqq = 1", 1, "print-default-config"),
        ("config = 'x.toml'", 1, "there is no key config"),
        ("rates = 5", 1, "rates is a table"),
        ("[[rates]]\nx = 1", 1, "rates is a table"),
        ("[motd]\nx = 1", 1, "motd is no table, but a key"),
    ] {
        check_slip(file, line, words);
    }
}

#[test]
fn a_wrong_value_is_told_with_what_is_allowed() {
    for (file, line, words) in [
        ("listen = 7", 1, "a text, as in listen = \"127.0.0.1:8081\""),
        (
            "listen = 'everywhere'",
            1,
            "listen: it is no address with a port",
        ),
        ("[rates]\nlogins-per-minute = 0", 2, "0 is not in 1..="),
        (
            "[rates]\nlogins-per-minute = '3'",
            2,
            "a number, without quotes, as in logins-per-minute = 30",
        ),
        ("[rates]\nlogins-per-minute = 1.5", 2, "logins-per-minute: "),
        ("[rates]\nlogins-per-minute = [1]", 2, "a number"),
        ("[rates]\nlogins-per-minute = true", 2, "a number"),
        ("[lobby]\nmotd = 5", 2, "a text"),
        ("[lobby]\nmotd = 1979-05-27", 2, "a text"),
        ("[lobby]\nlobby = 'a b'", 2, "lobby: "),
        ("[capacity]\nsessions-per-account = 101", 2, "from 1 to 100"),
        ("[hashing]\nhash-memory = 7", 2, "not in 8..=1048576"),
        (
            "[hashing]\nhash-memory = 1_048_577",
            2,
            "not in 8..=1048576",
        ),
        (
            "[timeouts]\nidle-timeout = 9",
            2,
            "from 10 to 86400 seconds",
        ),
        (
            "database = 'x'\nstore = 'y'",
            2,
            "store cannot be set beside database in line 1",
        ),
        ("log = 'info\n", 1, "no TOML"),
        ("log = 'info'\nlog = 'warn'", 2, "no TOML: duplicate key"),
    ] {
        check_slip(file, line, words);
    }
    let (_, slips) = read::parse(b"log = 'info'\n# \xff", &keys());
    assert_eq!(slips[0].line, Some(2));
    assert_eq!(slips[0].text, "this is no text in UTF-8");
}

#[test]
fn all_slips_are_told_in_their_order() {
    let file = "nix = 1\n[rates]\npackets-per-second = 0\nx = 'y\n[lobby]\nmotd = 1\nlobby = 'b c'";
    let lines: Vec<_> = slips(file).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [1, 3, 4, 6, 7]);
}

#[test]
fn no_slip_shows_a_secret() {
    for file in [
        "store = 'postgres://hall:secret@a\nb'",
        "store = ['postgres://hall:secret@a/b']",
        "bus = { url = 'nats://hall:secret@a' }",
        "bus = 'nats://hall:secret@a'\nbus-file = 'b'",
        "buss = 'nats://hall:secret@a'",
        "store = postgres://hall:secret@a/b",
    ] {
        let slips = slips(file);
        assert!(!slips.is_empty(), "{file}");
        assert!(!format!("{slips:?}").contains("secret"), "{slips:?}");
    }
    for secret in ["store", "bus"] {
        assert!(keys().is_secret(secret), "{secret}");
    }
}

#[test]
fn an_option_is_named_as_it_was_given() {
    let named = variables::replace_word("--log and --log-x", "--log", "log");
    assert_eq!(named, "log and --log-x");
}
