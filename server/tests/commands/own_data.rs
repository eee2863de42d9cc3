//! Accounts that their players delete, as the operator sees them.

use std::path::Path;
use std::time::{Duration, Instant};

use longhall_packet::{CloseReason, DenyCode};

use crate::support::{PATIENCE, credentials};
use crate::{Hall, NOT_FOUND, texts};

const PASSWORD: &str = r#""password":"correct horse""#;

/// Where an erasing is when the server is killed: what it comes to next, and what is true by
/// then.
const STAGES: [(&str, &str); 5] = [
    (
        "DELETE ON memberships",
        "NOT EXISTS (SELECT 1 FROM users WHERE username = 'Zelda_Quux')",
    ),
    (
        "UPDATE OF text ON lines",
        "NOT EXISTS (SELECT 1 FROM memberships JOIN users ON users.id = user_id
                     WHERE username != 'bob')",
    ),
    (
        "DELETE ON inboxes",
        "NOT EXISTS (SELECT 1 FROM lines WHERE text LIKE '%xylophone%')",
    ),
    (
        "INSERT ON audit",
        "NOT EXISTS (SELECT 1 FROM inboxes JOIN users ON users.id = user_id
                     WHERE username != 'bob')",
    ),
    ("DELETE ON deletions", "EXISTS (SELECT 1 FROM audit)"),
];

/// Waits until the database says that something is true.
async fn wait_until(database: &rusqlite::Connection, truth: &str) {
    let until = Instant::now() + PATIENCE;
    let question = format!("SELECT {truth}");
    while !database
        .query_row(&question, [], |row| row.get::<_, bool>(0))
        .unwrap()
    {
        assert!(Instant::now() < until, "never true: {truth}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

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

#[tokio::test]
async fn an_erasing_that_is_killed_anywhere_goes_on_at_the_next_start_and_leaves_no_byte() {
    futures_util::future::join_all(STAGES.map(killed_at)).await;
}

/// An account is erased by a server that is killed before it can do what comes `next`.
async fn killed_at((next, truth): (&str, &str)) {
    let mut hall = Hall::start_with(&["--deletion-delay", "0s"]);
    let mut zelda = hall.player("Zelda_Quux").await;
    let mut bob = hall.player("bob").await;
    zelda
        .enter_channel("create", r#""channel":"den","access":"open""#)
        .await;
    bob.enter_channel("join", r#""channel":"den""#).await;
    zelda.say("xylophone for all").await;
    zelda.say_in("den", "xylophone in the den").await;
    zelda.say_in("@bob", "xylophone for bob").await;
    bob.say_in("@Zelda_Quux", "kazoo for her").await;
    let database = rusqlite::Connection::open(&hall.database).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    let stop =
        format!("CREATE TRIGGER stop BEFORE {next} BEGIN SELECT RAISE(ABORT, 'so far'); END");
    database.execute_batch(&stop).unwrap();
    zelda.request("delete_account", PASSWORD).await;
    zelda.expect_closed(CloseReason::AccountDeleted).await;
    wait_until(&database, truth).await;
    hall.server.take().unwrap().kill();

    wait_until(&database, "EXISTS (SELECT 1 FROM deletions)").await;
    database.execute_batch("DROP TRIGGER stop").unwrap();
    hall.kill_and_start(&[]);
    wait_until(&database, "NOT EXISTS (SELECT 1 FROM deletions)").await;
    drop(database);
    let operator = hall.operator();
    // Twice is possible, and said of nobody who can be known.
    let verbs = operator.audit_verbs();
    assert!(
        !verbs.is_empty() && verbs.iter().all(|verb| verb == "delete_account"),
        "{next}: {verbs:?}"
    );
    assert_eq!(operator.does(&["channels", "show", "den"])["owner"], "bob");
    let mut bob = hall.device("bob").await;
    for place in ["lobby", "den"] {
        let lines = bob.lines_after(place, 0).await;
        assert_eq!(lines.len(), 1, "{next}");
        assert_eq!(lines[0].text, "", "{next}: {place}");
    }
    let (_, folder) = hall.stop();
    for gone in ["Zelda_Quux", "zelda_quux", "xylophone"] {
        assert_eq!(is_anywhere(folder.path(), gone), None, "{next}: {gone}");
    }
}
