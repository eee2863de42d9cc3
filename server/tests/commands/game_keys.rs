//! Keys for games' own servers: made, used, taken back.

use crate::{Hall, NOT_FOUND, REFUSED, texts};

#[test]
fn a_key_is_told_once_and_kept_as_a_hash() {
    let hall = Hall::start();
    let operator = hall.operator();
    let added = operator.does(&[
        "game-keys",
        "add",
        "arena",
        "--scope",
        "say",
        "--scope",
        "players",
        "--scope",
        "say",
        "--expires",
        "90d",
    ]);
    let key = added["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("lhk_") && key.len() == 36, "{key}");
    assert_eq!(added["scopes"], serde_json::json!(["say", "players"]));
    operator.is_told(REFUSED, &["game-keys", "add", "arena", "--scope", "say"]);
    operator.is_told(REFUSED, &["game-keys", "add", "A b", "--scope", "say"]);
    let soon = &[
        "game-keys",
        "add",
        "soon",
        "--scope",
        "say",
        "--expires",
        "0s",
    ];
    operator.is_told(REFUSED, soon);
    let listed = operator.does(&["game-keys", "list"]);
    assert_eq!(texts(&listed["keys"], "name"), ["arena"]);
    assert_eq!(listed["keys"][0]["good"], true);
    assert!(
        operator
            .reads(&["game-keys", "list"])
            .contains("say players")
    );
    let bytes = std::fs::read(&hall.database).unwrap();
    let wal = std::fs::read(hall.database.with_extension("db-wal")).unwrap_or_default();
    let needle = key.as_bytes();
    let holds = |bytes: &[u8]| bytes.windows(needle.len()).any(|part| part == needle);
    assert!(!holds(&bytes) && !holds(&wal));
    let audit = operator.does(&["audit"]).to_string();
    assert!(audit.contains("game-keys add") && !audit.contains(&key));
    operator.does(&["game-keys", "remove", "arena"]);
    operator.is_told(NOT_FOUND, &["game-keys", "remove", "arena"]);
    let (operator, _folder) = hall.stop();
    operator.does(&["game-keys", "add", "later", "--scope", "kick"]);
    assert_eq!(
        texts(&operator.does(&["game-keys", "list"])["keys"], "name"),
        ["later"]
    );
}
