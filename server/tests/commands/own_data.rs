//! Accounts that their players delete, as the operator sees them.

use std::path::Path;
use std::time::{Duration, Instant};

use longhall_packet::{CloseReason, DenyCode};

use crate::support::{PATIENCE, credentials};
use crate::{Hall, NOT_FOUND, texts};

const PASSWORD: &str = r#""password":"correct horse""#;

/// Whether a file of the database, or of what it writes beside it, holds a text.
fn is_anywhere(folder: &Path, text: &str) -> Option<String> {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_type().unwrap().is_file() {
            continue;
        }
        let bytes = std::fs::read(entry.path()).unwrap();
        if bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
        {
            return Some(entry.file_name().to_string_lossy().into_owned());
        }
    }
    None
}

#[tokio::test]
async fn an_account_that_its_player_deletes_at_once_leaves_no_byte_of_its_name_or_words() {
    let mut hall = Hall::start_with(&["--deletion-delay", "0s"]);
    let mut zelda = hall.player("Zelda_Quux").await;
    let mut bob = hall.player("bob").await;
    zelda
        .enter_channel("create", r#""channel":"den","access":"open""#)
        .await;
    bob.enter_channel("join", r#""channel":"den""#).await;
    zelda.say_in("den", "xylophone in the den").await;
    zelda.say_in("@bob", "xylophone for bob").await;
    bob.say_in("@Zelda_Quux", "kazoo for her").await;
    zelda.request("delete_account", PASSWORD).await;
    zelda.expect_closed(CloseReason::AccountDeleted).await;

    let operator = hall.operator();
    let until = Instant::now() + PATIENCE;
    while operator
        .audit_verbs()
        .iter()
        .all(|verb| verb != "delete_account")
    {
        assert!(Instant::now() < until, "it is not erased");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut back = hall.visitor().await;
    back.request("login", &credentials("Zelda_Quux")).await;
    back.expect_deny(DenyCode::BadCredentials).await;
    assert_eq!(operator.does(&["channels", "show", "den"])["owner"], "bob");
    // Bob keeps what he was whispered by nobody any more, without the words.
    let mut bob = hall.device("bob").await;
    let whispers = bob.lines_after("@", 0).await;
    assert_eq!(whispers[0].text, "");
    // Killed, it finds nothing to put back.
    hall.kill_and_start(&[]);
    let (_, folder) = hall.stop();
    for gone in ["Zelda_Quux", "zelda_quux", "xylophone"] {
        assert_eq!(is_anywhere(folder.path(), gone), None, "{gone}");
    }
    assert!(is_anywhere(folder.path(), "kazoo").is_some(), "bob said it");
}

#[tokio::test]
async fn an_operator_lists_and_keeps_the_accounts_that_are_to_be_deleted() {
    let hall = Hall::start();
    for name in ["Ada", "Mallory"] {
        let mut player = hall.player(name).await;
        player.request("delete_account", PASSWORD).await;
        player.expect_closed(CloseReason::AccountDeleted).await;
    }
    let _bob = hall.player("bob").await;
    let operator = hall.operator();
    let listed = operator.does(&["users", "list", "--deleting"]);
    assert_eq!(texts(&listed["users"], "username"), ["Ada", "Mallory"]);
    let due_ms = listed["users"][0]["deleted_at_ms"].as_i64().unwrap();
    let left = due_ms - listed["users"][0]["created_at_ms"].as_i64().unwrap();
    assert!(left >= 14 * 24 * 60 * 60 * 1000, "{left}");
    operator.does(&["users", "keep", "ada"]);
    operator.is_told(NOT_FOUND, &["users", "keep", "ada"]);
    operator.is_told(NOT_FOUND, &["users", "keep", "bob"]);
    let listed = operator.does(&["users", "list", "--deleting"]);
    assert_eq!(texts(&listed["users"], "username"), ["Mallory"]);
    // The operator's own erasing ends the wait.
    operator.does(&["users", "erase", "Mallory", "--yes"]);
    let (operator, _folder) = hall.stop();
    let listed = operator.does(&["users", "list", "--deleting"]);
    assert!(listed["users"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_due_while_the_server_is_stopped_is_erased_when_it_starts() {
    let mut hall = Hall::start_with(&["--deletion-delay", "1s"]);
    let mut ada = hall.player("Ada").await;
    ada.say("a word of hers").await;
    ada.request("delete_account", PASSWORD).await;
    ada.expect_closed(CloseReason::AccountDeleted).await;
    hall.kill_and_start(&[]);
    let operator = hall.operator();
    let until = Instant::now() + PATIENCE;
    while operator.output(&["users", "show", "Ada"]).status.success() {
        assert!(Instant::now() < until, "it is not erased");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut visitor = hall.visitor().await;
    visitor.register("Ada").await;
}
