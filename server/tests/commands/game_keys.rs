//! Keys for games' own servers: made, used, taken back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use longhall_packet::CloseReason;
use serde_json::Value;

use crate::{Hall, NOT_FOUND, REFUSED, texts};

/// What a game's server is answered: the status and the JSON.
fn ask(address: SocketAddr, key: &str, what: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let request = format!(
        "{what} HTTP/1.1\r\nHost: game\r\nAuthorization: Bearer {key}\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

fn free_address() -> SocketAddr {
    // The system does not hand out the same port again soon.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap()
}

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

#[tokio::test]
async fn a_game_logs_somebody_out_by_its_key_and_the_audit_log_has_it() {
    let address = free_address();
    let hall = Hall::start_with(&["--game-listen", &address.to_string()]);
    let mut ada = hall.player("Ada").await;
    let operator = hall.operator();
    let added = operator.does(&["game-keys", "add", "arena", "--scope", "kick"]);
    let key = added["key"].as_str().unwrap().to_owned();
    let (status, told) = ask(address, &key, "GET /v1/players", "");
    assert_eq!(
        (status, told["code"].as_str()),
        (403, Some("missing_scope"))
    );
    let (status, told) = ask(address, &key, "POST /v1/players/nobody/kick", "");
    assert_eq!((status, told["code"].as_str()), (404, Some("unknown_user")));
    let body = r#"{"reason":"left the match"}"#;
    let (status, told) = ask(address, &key, "POST /v1/players/ada/kick", body);
    assert_eq!(status, 200, "{told}");
    ada.expect_closed(CloseReason::Kicked).await;
    let audit = operator.does(&["audit"]);
    let entries = audit["entries"].as_array().unwrap();
    let kick = entries
        .iter()
        .rfind(|entry| entry["verb"] == "kick")
        .unwrap();
    assert_eq!(
        (&kick["actor"], &kick["via"], &kick["reason"]),
        (
            &"arena".into(),
            &"game key".into(),
            &"left the match".into()
        )
    );
    operator.does(&["game-keys", "remove", "arena"]);
    let (status, told) = ask(address, &key, "POST /v1/players/ada/kick", "");
    assert_eq!((status, told["code"].as_str()), (401, Some("bad_key")));
}
