//! The routes, asked over a socket as a game's server asks.

mod two_servers;

use std::sync::Arc;

use longhall_packet::{DenyCode, LineKind, ServerPacket};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Duration, timeout};

use super::*;
use crate::game_key;
use crate::handlers::test_requests::request_ticket;
use crate::handlers::test_requests::{block, delete, edit};
use crate::handlers::test_session::TestSession;
use crate::store::{Cursor, NewGameKey, Scope};

const PATIENCE: Duration = Duration::from_secs(20);

struct Site {
    address: std::net::SocketAddr,
    server: Arc<Server>,
    _running: AbortOnDropHandle<()>,
}

struct Answered {
    status: u16,
    head: String,
    body: Value,
}

impl Site {
    async fn of(server: &Arc<Server>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let running = tokio::spawn(run(listener, Arc::clone(server), LIMITS));
        Self {
            address,
            server: Arc::clone(server),
            _running: AbortOnDropHandle::new(running),
        }
    }

    /// Makes a key.
    async fn key(&self, name: &str, scopes: &[Scope], until_ms: Option<i64>) -> String {
        let text = format!("lhk_of_{name}");
        let new = NewGameKey {
            name: name.to_owned(),
            hash: game_key::hash(&text),
            scopes: scopes.to_vec(),
            created_at_ms: 1,
            until_ms,
        };
        assert!(self.server.store.insert_game_key(new).await.unwrap());
        text
    }

    async fn ask(&self, key: &str, what: &str, body: &str) -> Answered {
        let key = match key {
            "" => String::new(),
            key => format!("Authorization: Bearer {key}\r\n"),
        };
        self.send(what, &key, body).await
    }

    async fn send(&self, what: &str, fields: &str, body: &str) -> Answered {
        let length = body.len();
        let request = format!(
            "{what} HTTP/1.1\r\nHost: game\r\n{fields}Content-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // It may be cut off before all of a body is taken.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut bytes = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes))
            .await
            .expect("it is answered");
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answered {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: serde_json::from_str(body).unwrap_or(Value::Null),
        }
    }
}

impl Answered {
    #[track_caller]
    fn is(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status, self.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.body
        );
        assert!(!self.body["reason"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn only_a_good_key_with_the_scope_is_answered() {
    let ada = TestSession::player("ada").await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", &[Scope::Players], None).await;
    let over = site.key("old", Scope::ALL, Some(5)).await;
    for wrong in ["", "lhk_guess", "arena", &over] {
        let told = site.ask(wrong, "GET /v1/players", "").await;
        told.is(401, "bad_key");
        assert!(told.head.contains("www-authenticate: bearer"));
    }
    let told = site.ask(&key, "POST /v1/players/ada/kick", "{}").await;
    told.is(403, "missing_scope");
    let told = site.ask(&key, "GET /v1/players?online", "").await;
    assert_eq!(told.status, 200);
    assert_eq!(told.body["players"][0]["username"], "ada");
    let used = &site.server.store.game_keys().await.unwrap()[0];
    assert!(used.last_used_at_ms > 0 && used.last_used_at_ms % 3_600_000 == 0);
    site.server.store.delete_game_key("arena").await.unwrap();
    let told = site.ask(&key, "GET /v1/players", "").await;
    told.is(401, "bad_key");
}

#[tokio::test]
async fn who_shows_two_keys_shows_none() {
    let ada = TestSession::player("ada").await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", &[Scope::Players], None).await;
    let two = format!("Authorization: Bearer {key}\r\nAuthorization: Bearer lhk_other\r\n");
    let told = site.send("GET /v1/players", &two, "").await;
    told.is(401, "bad_key");
}

#[tokio::test]
async fn who_guesses_keys_waits_and_a_key_that_is_good_does_not() {
    let ada = TestSession::player("ada").await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", &[Scope::Players], None).await;
    assert_eq!(site.ask(&key, "GET /v1/players", "").await.status, 200);
    let mut last = None;
    for guess in 0..12 {
        let guess = format!("lhk_{guess}");
        last = Some(site.ask(&guess, "GET /v1/players", "").await);
    }
    let last = last.unwrap();
    last.is(429, "rate_limited");
    assert!(last.head.contains("retry-after: "));
    assert_eq!(site.ask(&key, "GET /v1/players", "").await.status, 200);
}

#[tokio::test]
async fn players_come_in_pages_and_one_by_name() {
    let [ada, bob, eve] = TestSession::players(["ada", "bob", "eve"]).await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", &[Scope::Players], None).await;
    let first = site.ask(&key, "GET /v1/players?limit=2", "").await.body;
    assert_eq!(first["after"], "bob");
    let second = site.ask(&key, "GET /v1/players?after=bob", "").await.body;
    assert_eq!(second["players"].as_array().unwrap().len(), 1);
    assert_eq!(second["players"][0]["username"], "eve");
    assert!(second["after"].is_null());
    let one = site.ask(&key, "GET /v1/players/BOB", "").await.body;
    assert_eq!(
        (&one["username"], &one["online"]),
        (&"bob".into(), &true.into())
    );
    assert_eq!(one["channels"], serde_json::json!(["lobby"]));
    assert!(one["account_id"].is_i64());
    for path in ["nobody", "b%2Fob", "%2e%2e"] {
        let told = site.ask(&key, &format!("GET /v1/players/{path}"), "").await;
        told.is(404, "unknown_user");
    }
    for query in ["limit=0", "limit=x", "online=false", "all"] {
        let told = site
            .ask(&key, &format!("GET /v1/players?{query}"), "")
            .await;
        told.is(400, "malformed");
    }
    drop((ada, bob, eve));
}

#[tokio::test]
async fn whatever_else_is_asked_is_refused_in_json() {
    let ada = TestSession::player("ada").await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", Scope::ALL, None).await;
    site.ask(&key, "GET /", "").await.is(404, "not_found");
    let told = site.ask(&key, "DELETE /v1/players", "").await;
    told.is(405, "method_not_allowed");
    let huge = format!("{{\"reason\":\"{}\"}}", "x".repeat(100_000));
    let told = site.ask(&key, "POST /v1/players/ada/kick", &huge).await;
    told.is(413, "packet_too_large");
    for wrong in ["[]", "{\"why\":1}", "{", "\u{0}"] {
        let told = site.ask(&key, "POST /v1/players/ada/kick", wrong).await;
        told.is(400, "malformed");
    }
}

#[tokio::test]
async fn the_description_has_each_route_and_no_other() {
    let ada = TestSession::player("ada").await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", Scope::ALL, None).await;
    let told = site.ask("", "GET /openapi.json", "").await;
    assert_eq!(told.body["openapi"], "3.1.0");
    let source = include_str!("../game_http.rs");
    let routes = source.matches(".route(\"").count();
    let paths = told.body["paths"].as_object().unwrap();
    assert_eq!(paths.len(), routes);
    for (path, operations) in paths {
        assert!(source.contains(&format!(".route(\"{path}\"")), "{path}");
        for (method, operation) in operations.as_object().unwrap() {
            if method == "parameters" {
                continue;
            }
            // What is described is there, by this method.
            let path = path.replace(['{', '}'], "");
            let what = format!("{} {path}", method.to_uppercase());
            let asked = site.ask(&key, &what, "").await;
            assert!(![404, 405].contains(&asked.status) || asked.body["code"] != "not_found");
            assert_ne!(asked.status, 405, "{what}");
            assert!(operation["operationId"].is_string(), "{path}");
        }
    }
}

#[tokio::test]
async fn a_line_of_the_games_reaches_everybody_and_no_player_makes_or_changes_one() {
    let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", &[Scope::Say], None).await;
    let say = "POST /v1/channels/LOBBY/lines";
    let said = site.ask(&key, say, r#"{"text":"Ada: I am Ada"}"#).await;
    assert_eq!(said.status, 201, "{}", said.body);
    assert_eq!(
        (&said.body["channel"], &said.body["seq"]),
        (&"lobby".into(), &1.into())
    );
    for player in [&mut ada, &mut bob] {
        let line = player.expect_line();
        assert_eq!((line.seq, line.kind), (1, LineKind::System));
        assert_eq!(
            (line.sender.as_str(), line.text.as_str()),
            ("", "Ada: I am Ada")
        );
    }
    // A kind that a client makes up is passed over.
    ada.send(r#"{"type":"chat","id":7,"channel":"lobby","line_id":1,"text":"x","system":true}"#)
        .await;
    assert_eq!(bob.expect_line().kind, LineKind::Said);
    ada.expect_line();
    ada.next();
    for change in [edit("lobby", 1, "mine"), delete("lobby", 1)] {
        ada.ask(&change).await;
        let denied = matches!(
            ada.next(),
            ServerPacket::Deny {
                code: DenyCode::UnknownLine,
                ..
            }
        );
        assert!(denied, "{change:?}");
    }
    // To block the account that announces keeps nothing of the game's away.
    bob.done(block("server")).await;
    site.ask(&key, say, r#"{"text":"round 3"}"#).await;
    assert_eq!(bob.expect_line().text, "round 3");
    let (lines, _) = bob.history("lobby", Cursor::After(0), 10).await;
    assert_eq!(lines[0].kind, LineKind::System);
    assert_eq!(lines[2].text, "round 3");
}

#[tokio::test]
async fn what_the_game_may_not_say_reaches_nobody() {
    let ada = TestSession::player("ada").await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", &[Scope::Say], None).await;
    let say = "POST /v1/channels/lobby/lines";
    let long = format!(r#"{{"text":"{}"}}"#, "x".repeat(501));
    site.ask(&key, say, &long).await.is(422, "too_long");
    let turned = r#"{"text":"a\u0007b"}"#;
    site.ask(&key, say, turned)
        .await
        .is(422, "forbidden_character");
    site.ask(&key, say, r#"{"text":""}"#)
        .await
        .is(422, "too_short");
    let fields = r#"{"text":"x","sender":"ada"}"#;
    site.ask(&key, say, fields).await.is(400, "malformed");
    for path in ["nowhere", "a%2Fb", "@ada", "@"] {
        let what = format!("POST /v1/channels/{path}/lines");
        site.ask(&key, &what, r#"{"text":"x"}"#)
            .await
            .is(404, "unknown_channel");
    }
    ada.expect_nothing();
}

#[tokio::test]
async fn everybody_gets_the_keys_and_who_has_the_scope_redeems_a_ticket_once() {
    let mut ada = TestSession::player("ada").await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", &[Scope::Tickets], None).await;
    let other = site.key("other", &[Scope::Players], None).await;
    let keys = site.ask("", "GET /keys", "").await;
    assert_eq!(keys.status, 200);
    assert!(keys.head.contains("cache-control: public, max-age=300"));
    assert!(keys.head.contains("content-type: application/jwk-set+json"));
    assert_eq!(keys.body["keys"][0]["crv"], "Ed25519");
    assert!(keys.body["keys"][0]["d"].is_null());
    ada.ask(request_ticket("arena:1")).await;
    let ServerPacket::Ticket { ticket, .. } = ada.next() else {
        panic!("no ticket")
    };
    let redeem = async |key: &str, audience: &str| {
        let body = serde_json::json!({"ticket": ticket.expose(), "audience": audience});
        let what = "POST /v1/tickets/redeem";
        site.ask(key, what, &body.to_string()).await
    };
    redeem("", "arena:1").await.is(401, "bad_key");
    redeem(&other, "arena:1").await.is(403, "missing_scope");
    redeem(&key, "arena:").await.is(422, "wrong_audience");
    let told = redeem(&key, "arena:1").await;
    assert_eq!((told.status, &told.body["username"]), (200, &"ada".into()));
    assert!(told.body["account_id"].is_u64() && told.body["role"] == "player");
    redeem(&key, "arena:1").await.is(422, "used");
    let told = site
        .ask(&key, "POST /v1/tickets/redeem", r#"{"ticket":"x"}"#)
        .await;
    told.is(400, "malformed");
    let body = r#"{"ticket":"a.b.c","audience":"arena:1"}"#;
    let told = site.ask(&key, "POST /v1/tickets/redeem", body).await;
    told.is(422, "malformed_ticket");
}

#[tokio::test]
async fn a_match_has_a_channel_as_long_as_the_game_says() {
    let [mut ada, mut bob] = TestSession::players(["ada", "bob"]).await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", &[Scope::Channels], None).await;
    for wrong in [
        r#"{"max_members":1}"#,
        r#"{"lasts_s":59}"#,
        r#"{"owner":"ada"}"#,
        r#"{"max_members":2,"members":["ada","bob","ada"]}"#,
    ] {
        let told = site.ask(&key, "POST /v1/channels", wrong).await;
        told.is(400, "malformed");
    }
    let told = site
        .ask(&key, "POST /v1/channels", r#"{"members":["nobody"]}"#)
        .await;
    told.is(404, "unknown_user");
    let body = r#"{"members":["Ada"],"max_members":2,"lasts_s":60}"#;
    let opened = site.ask(&key, "POST /v1/channels", body).await;
    assert_eq!(opened.status, 201, "{}", opened.body);
    let name = opened.body["channel"].as_str().unwrap().to_owned();
    assert!(name.starts_with("match-"), "{name}");
    let ServerPacket::Joined { channel, .. } = ada.next() else {
        panic!("ada is not told");
    };
    assert_eq!(channel.channel, name);
    let code = opened.body["code"].as_str().unwrap();
    bob.send(&format!(
        r#"{{"type":"join_by_code","id":3,"code":"{code}"}}"#
    ))
    .await;
    assert!(matches!(bob.next(), ServerPacket::Joined { .. }));
    let taken = format!(r#"{{"channel":"{name}"}}"#);
    let told = site.ask(&key, "POST /v1/channels", &taken).await;
    told.is(409, "channel_taken");
    ada.forget_waiting();
    bob.forget_waiting();
    let end = format!("DELETE /v1/channels/{name}");
    assert_eq!(site.ask(&key, &end, "").await.status, 200);
    for player in [&mut ada, &mut bob] {
        assert!(matches!(player.next(), ServerPacket::Left { .. }));
    }
    site.ask(&key, &end, "").await.is(404, "unknown_channel");
    // What stays is not the game's to end.
    let lobby = site.ask(&key, "DELETE /v1/channels/lobby", "").await;
    lobby.is(404, "unknown_channel");
}

#[tokio::test]
async fn the_game_sets_its_own_keys_of_a_profile_and_no_other() {
    let players = TestSession::players_with(
        |config| config.accounts.profile_game_keys = vec!["level".parse().unwrap()],
        ["ada"],
    );
    let [ada] = players.await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", &[Scope::Profiles], None).await;
    let path = "PATCH /v1/players/ADA/profile";
    let told = site.ask(&key, path, r#"{"level":7}"#).await;
    assert_eq!(told.status, 200, "{}", told.body);
    assert_eq!(told.body["profile"]["level"], 7);
    assert_eq!(told.body["version"], 1);
    let told = site.ask(&key, path, r#"{"colour":"teal"}"#).await;
    told.is(422, "kept_by_game");
    let told = site
        .ask(&key, "PATCH /v1/players/nobody/profile", "{}")
        .await;
    told.is(404, "unknown_user");
}

/// By whom the game's lines are kept: no player can be reached by its name.
#[tokio::test]
async fn the_account_that_speaks_for_the_game_is_nobody() {
    let ada = TestSession::player("ada").await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", Scope::ALL, None).await;
    let say = "POST /v1/channels/lobby/lines";
    assert_eq!(site.ask(&key, say, r#"{"text":"hi"}"#).await.status, 201);
    for (what, body) in [
        ("GET /v1/players/server", ""),
        ("PATCH /v1/players/server/profile", "{}"),
        ("POST /v1/channels", r#"{"members":["server"]}"#),
        ("POST /v1/players/server/kick", ""),
    ] {
        site.ask(&key, what, body).await.is(404, "unknown_user");
    }
}

#[tokio::test]
async fn texts_of_a_game_obey_the_rules_of_players_texts() {
    let players = TestSession::players_with(
        |config| config.accounts.profile_game_keys = vec!["level".to_owned()],
        ["ada"],
    );
    let [ada] = players.await;
    let site = Site::of(ada.server()).await;
    let key = site.key("arena", Scope::ALL, None).await;
    let long = "x".repeat(3000);
    for (what, body, code) in [
        (
            "POST /v1/players/ada/kick",
            format!(r#"{{"reason":"{long}"}}"#),
            "too_long",
        ),
        (
            "POST /v1/channels",
            format!(r#"{{"topic":"{long}"}}"#),
            "too_long",
        ),
        (
            "POST /v1/channels",
            r#"{"topic":"a\u0007b"}"#.to_owned(),
            "forbidden_character",
        ),
        (
            "PATCH /v1/players/ada/profile",
            r#"{"level":"a\u0007b"}"#.to_owned(),
            "forbidden_character",
        ),
        (
            "PATCH /v1/players/ada/profile",
            r#"{"level":[[[[[[1]]]]]]}"#.to_owned(),
            "invalid_profile",
        ),
        (
            "PATCH /v1/players/ada/profile",
            format!(r#"{{"level":"{long}"}}"#),
            "too_long",
        ),
    ] {
        site.ask(&key, what, &body).await.is(422, code);
    }
    assert!(!ada.is_closed(), "nobody was logged out");
}
