//! A back end in Python, which asks for all that openapi.json describes.

use std::io::Write;
use std::process::Stdio;

use longhall_packet::{LineKind, ServerPacket};
use serde_json::json;

use crate::{Hall, PAGE, python, ticket};

const CLIENT: &str = include_str!("client.py");
const SCOPES: &[&str] = &["players", "kick", "say", "channels", "tickets", "profiles"];

#[tokio::test]
async fn a_back_end_in_python_gets_all_that_is_described_and_is_refused_as_the_page_says() {
    let hall = Hall::start(&["--profile-game-keys", "level"]);
    let (mut ada, mut ben) = (hall.player("Ada").await, hall.player("Ben").await);
    let given = json!({
        "address": hall.game.to_string(),
        "key": hall.key("arena", SCOPES),
        "narrow_key": hall.key("voice", &["say"]),
        "ticket": ticket(&mut ada, "arena:eu-1").await,
        "other_ticket": ticket(&mut ada, "arena:eu-1").await,
    });
    let told = tokio::task::spawn_blocking(move || {
        let mut child = python()
            .args(["-c", CLIENT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(given.to_string().as_bytes()).unwrap();
        drop(input);
        child.wait_with_output().unwrap()
    });
    let told = told.await.unwrap();
    let errors = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success(), "{errors}");
    // Each status and code that it was refused with is on the page, in one row.
    let (_, table) = PAGE.split_once("## When it is refused").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let stdout = String::from_utf8(told.stdout).unwrap();
    let refusals = stdout.lines().filter_map(|line| line.split_once(' '));
    let mut rows = 0;
    for (status, code) in refusals.filter(|(status, _)| status.parse::<u16>().is_ok()) {
        let row = table
            .lines()
            .find(|row| row.starts_with(&format!("| {status} |")));
        let row = row.unwrap_or_else(|| panic!("the page has no {status}"));
        // Of those there are many more: of texts, and of tickets further up.
        let is_told = row.contains(&format!("`{code}`")) || PAGE.contains(&format!("`{code}`"));
        assert!(is_told, "the page does not tell of {status} {code}");
        rows += 1;
    }
    assert!(rows > 15, "{stdout}");

    ben.request("history", r#""channel":"lobby","limit":9"#)
        .await;
    let lines = loop {
        if let ServerPacket::History { lines, .. } = ben.next().await {
            break lines;
        }
    };
    assert_eq!(
        (lines[0].kind, &*lines[0].text),
        (LineKind::System, "Round 3 begins")
    );
    let audit = hall.operator(&["audit", "--json"]);
    assert!(audit.contains("left the match") && audit.contains("game key"));
}
