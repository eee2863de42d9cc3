//! Who may sign in to the console, as the command line says it; and what it lists of bans,
//! lines and channels.

use crate::{Hall, NOT_FOUND, REFUSED, texts};

#[test]
fn operators_are_added_changed_and_removed_on_a_running_server_and_a_stopped_one() {
    let hall = Hall::start();
    let operator = hall.operator();
    let added = operator.does(&["operators", "add", "Ann", "--role", "admin"]);
    assert_eq!(added["role"], "admin");
    let password = added["password"].as_str().unwrap().to_owned();
    let told = operator.is_told(REFUSED, &["operators", "add", "ANN", "--role", "viewer"]);
    assert!(told.contains("already"), "{told}");
    operator.is_told(REFUSED, &["operators", "add", "x", "--role", "viewer"]);
    operator.is_told(NOT_FOUND, &["operators", "reset", "Ben"]);
    let (operator, _folder) = hall.stop();
    operator.does(&["operators", "add", "Ben", "--role", "moderator"]);
    operator.does(&["operators", "set-role", "ben", "viewer"]);
    let again = operator.does(&["operators", "reset", "ann", "--reason", "lost it"]);
    assert_ne!(again["password"].as_str().unwrap(), password);
    let listed = operator.does(&["operators", "list"]);
    assert_eq!(texts(&listed["operators"], "name"), ["Ann", "Ben"]);
    assert_eq!(texts(&listed["operators"], "role"), ["admin", "viewer"]);
    assert!(!listed.to_string().contains("argon2"), "{listed}");
    let read = operator.reads(&["operators", "list"]);
    assert!(read.starts_with("NAME  ROLE "), "{read}");
    // Whoever may write the database may also leave the console without an admin.
    operator.does(&["operators", "remove", "Ann"]);
    operator.is_told(NOT_FOUND, &["operators", "set-role", "Ann", "admin"]);
    let audit = operator.reads(&["audit", "--json"]);
    assert!(!audit.contains(&password), "{audit}");
}

#[tokio::test]
async fn lines_bans_and_parts_of_names_are_listed() {
    let hall = Hall::start();
    let mut ada = hall.player("Ada").await;
    for number in 1..=5 {
        ada.say(&format!("line {number}")).await;
    }
    ada.enter_channel("create", r#""channel":"guild-of-cooks","access":"open""#)
        .await;
    let operator = hall.operator();
    operator.does(&["lines", "delete", "lobby", "2"]);
    let page = operator.does(&["lines", "list", "lobby", "--limit", "3"]);
    assert_eq!(texts(&page["lines"], "text"), ["line 4", "line 5"]);
    let before = page["before"].to_string();
    let page = operator.does(&["lines", "list", "lobby", "--before", &before]);
    assert_eq!(texts(&page["lines"], "text"), ["line 1", "", "line 3"]);
    assert_eq!(page["lines"][1]["deleted"], true);
    assert!(page["before"].is_null());
    let read = operator.reads(&["lines", "list", "lobby"]);
    assert!(read.contains("Ada") && read.contains("(deleted)"), "{read}");
    operator.is_told(NOT_FOUND, &["lines", "list", "nowhere"]);

    let found = operator.does(&["channels", "list", "--search", "OF-"]);
    assert_eq!(texts(&found["channels"], "channel"), ["guild-of-cooks"]);

    operator.does(&["mute", "Ada", "--for", "1h", "--reason", "loud"]);
    operator.does(&["ban", "203.0.113.0/24"]);
    let listed = operator.does(&["sanctions", "list"]);
    assert_eq!(
        texts(&listed["sanctions"], "whom"),
        ["Ada", "203.0.113.0/24"]
    );
    let read = operator.reads(&["sanctions", "list"]);
    assert!(read.contains("for good") && read.contains("loud"), "{read}");

    let audit = operator.does(&["audit", "--limit", "2"]);
    let oldest = audit["entries"][0]["id"].to_string();
    let older = operator.does(&["audit", "--before", &oldest, "--limit", "1"]);
    assert_eq!(texts(&older["entries"], "verb"), ["lines list"]);
}
