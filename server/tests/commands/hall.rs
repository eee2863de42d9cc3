//! What concerns everybody: status, announcements, the end.

use std::time::{Duration, Instant};

use longhall_packet::{CloseReason, LineKind};

use crate::support::{PATIENCE, Program, TestPlayer};
use crate::{Hall, NOT_FOUND, REFUSED, texts};

#[tokio::test]
async fn the_status_tells_how_many_are_there() {
    let hall = Hall::start();
    let _ada = hall.player("Ada").await;
    let _visitor = hall.visitor().await;
    let status = hall.operator().does(&["status"]);
    let running = &status["running"];
    assert_eq!(
        (&running["connections"], &running["players"]),
        (&2.into(), &1.into())
    );
    assert_eq!(
        (&status["accounts"], &status["channels"]),
        (&1.into(), &1.into())
    );
    let text = hall.operator().reads(&["status"]);
    assert!(
        text.contains("running since") && text.contains("players here"),
        "{text}"
    );
    let (operator, _folder) = hall.stop();
    let status = operator.does(&["status"]);
    assert!(status["running"].is_null());
    assert_eq!(status["accounts"], 1);
}

#[tokio::test]
async fn an_announcement_is_a_line_of_the_server_that_stays() {
    let hall = Hall::start();
    let mut ada = hall.player("Ada").await;
    let operator = hall.operator();
    operator.does(&["announce", "Free pizza!"]);
    let line = ada.expect_line().await;
    assert_eq!(
        (line.kind, &*line.sender, &*line.text),
        (LineKind::System, "", "Free pizza!")
    );
    operator.does(&["announce", "All gone."]);
    ada.expect_chat("", "All gone.").await;
    // A game of before there were such lines reads one that `server` said.
    ada.request("history", r#""channel":"lobby","limit":9"#)
        .await;
    let page = ada.try_next().await.unwrap().unwrap();
    let page: serde_json::Value = serde_json::from_str(page.to_text().unwrap()).unwrap();
    let last = &page["lines"][1];
    assert_eq!(
        (&last["sender"], &last["kind"], &last["text"]),
        (
            &"server".into(),
            &serde_json::Value::Null,
            &"All gone.".into()
        )
    );
    let listed = operator.does(&["lines", "list", "lobby"]);
    assert_eq!(texts(&listed["lines"], "sender"), ["server", "server"]);
    let mut bob = hall.player("bob").await;
    assert_eq!(bob.lines_after("lobby", 0).await.len(), 2);
    operator.is_told(REFUSED, &["announce", "  "]);
    // Nobody can log in to that account, with whatever password.
    let fields = r#""username":"server","password":"!!!!!!!!!!!!""#;
    let mut thief = hall.visitor().await;
    thief.request("login", fields).await;
    thief
        .expect_deny(longhall_packet::DenyCode::BadCredentials)
        .await;
}

#[tokio::test]
async fn a_server_that_drains_takes_nobody_new_and_then_ends() {
    let mut hall = Hall::start();
    let mut ada = hall.player("Ada").await;
    let operator = hall.operator();
    operator.is_told(NOT_FOUND, &["drain", "--cancel"]);
    operator.does(&["drain", "--in", "10m"]);
    ada.expect_chat("", "The server restarts in 10m.").await;
    assert!(operator.reads(&["status"]).contains("draining"));
    let subprotocol = longhall_packet::SUBPROTOCOL;
    let address = hall.address;
    let mut late = TestPlayer::handshake(address, subprotocol).await.unwrap();
    late.expect_closed(CloseReason::Restarting).await;
    ada.say("I am still here").await;
    operator.does(&["drain", "--cancel"]);
    ada.expect_chat("", "The server does not restart now after all.")
        .await;
    hall.player("bob").await;
    operator.does(&["drain", "--in", "0s"]);
    ada.expect_closed(CloseReason::Restarting).await;
    let until = Instant::now() + PATIENCE;
    let ended = loop {
        match hall.server.as_mut().unwrap().child.try_wait().unwrap() {
            Some(ended) => break ended,
            None => assert!(Instant::now() < until, "it goes on"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert_eq!(ended.code(), Some(0));
    operator.is_told(REFUSED, &["drain", "--in", "5m"]);
    assert_eq!(operator.audit().len(), 5);
}

/// All there are.
const VERBS: &[&str] = &[
    "users list",
    "users keep",
    "users approve",
    "users decline",
    "invites add",
    "invites list",
    "invites remove",
    "users show",
    "users rename",
    "users reset-password",
    "users reset-code",
    "users set-role",
    "users staff",
    "users erase",
    "users export",
    "sessions list",
    "sessions close",
    "channels list",
    "channels show",
    "channels delete",
    "channels give",
    "channels slow",
    "channels filter",
    "reports list",
    "reports show",
    "reports close",
    "lines list",
    "lines delete",
    "lines purge",
    "ban",
    "unban",
    "mute",
    "unmute",
    "kick",
    "announce",
    "drain",
    "status",
    "lockdown",
    "sanctions list",
    "sanctions history",
    "audit",
    "operators list",
    "operators add",
    "operators set-role",
    "operators reset",
    "operators remove",
    "game-keys add",
    "game-keys list",
    "game-keys remove",
    "tickets keys",
    "tickets rotate",
    "completions",
];

fn help(words: &[&str]) -> String {
    let output = Program::output(Program::command().args(words).arg("--help"));
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help lists.
fn listed(words: &[&str]) -> Vec<String> {
    let text = help(words);
    let (_, commands) = text.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    // What is indented further goes on with what is said of the one before.
    let lines = commands.lines().filter_map(|line| line.strip_prefix("  "));
    let names = lines.filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn each_verb_explains_itself_with_an_example_and_is_in_the_guide() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operating.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    for words in VERBS {
        let text = help(&words.split(' ').collect::<Vec<_>>());
        let example = format!("Examples:\n  longhall-server {words}");
        assert!(text.contains(&example), "{words}: {text}");
        let rows = ["`", " ", "-"].map(|end| format!("| `{words}{end}"));
        assert!(rows.iter().any(|row| guide.contains(row)), "{words}");
    }
    let known = |name: &String| {
        let family = format!("{name} ");
        VERBS
            .iter()
            .any(|verb| verb == name || verb.starts_with(&family))
    };
    let families = [
        "users",
        "sessions",
        "channels",
        "lines",
        "sanctions",
        "operators",
        "invites",
        "game-keys",
        "tickets",
    ];
    for family in families {
        for verb in listed(&[family]) {
            assert!(known(&format!("{family} {verb}")), "{family} {verb}");
        }
    }
    for name in listed(&[]) {
        // What is not the operators' daily work has pages of its own.
        assert!(
            known(&name) || guide.contains(&format!("longhall-server {name}")),
            "{name}"
        );
    }
}

#[test]
fn shells_complete_verbs_and_slips_end_with_two() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = Program::output(Program::command().args(["completions", shell]));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("reset-password"), "{shell}");
    }
    for wrong in [
        &["users"][..],
        &["kick"],
        &["ban", "x", "--for", "long"],
        &["drain"],
        &["sessions", "close"],
    ] {
        let output = Program::output(Program::command().args(wrong));
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}
