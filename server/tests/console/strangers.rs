//! Pages of somebody else, and what is no request of a page at all.

use serde_json::json;

use crate::{Hall, ask};

const STATUS: &str = r#"{"act":{"verb":"status"},"reason":null}"#;

#[tokio::test]
async fn a_page_of_somebody_else_has_nothing_done() {
    let (hall, ann) = Hall::with("Ann", "admin").await;
    ann.post_with(&ann.head(), "act", STATUS).await.ok();
    let (head, admin) = (ann.head(), ann.admin);
    let own = format!("Origin: http://{admin}");
    let csrf = format!("X-Longhall-Csrf: {}", ann.csrf);
    for (what, with) in [
        (own.as_str(), "Origin: http://localhost:8000"),
        (&own, "Origin: null"),
        ("Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"),
        ("Content-Type: application/json", "Content-Type: text/plain"),
        (&csrf, "X-Longhall-Csrf: guessed"),
        (&csrf, "X-Other: none"),
    ] {
        let head = head.replace(what, with);
        assert_ne!(head, ann.head());
        for path in ["act", "password", "sign-out", "totp/begin"] {
            let answer = ann.post_with(&head, path, STATUS).await;
            assert_eq!(answer.refusal(403), "foreign", "{with} {path}");
        }
    }
    // Nobody is signed in by a page elsewhere either.
    let head = hall
        .browser()
        .head()
        .replace(&own, "Origin: http://evil.example");
    let answer = ann
        .post_with(&head, "sign-in", r#"{"name":"Ann","password":"x"}"#)
        .await;
    assert_eq!(answer.refusal(403), "foreign");
    ann.get("me").await.ok();
    hall.stop().await;
}

#[tokio::test]
async fn what_is_no_request_of_a_page_is_refused_in_a_sentence() {
    let (hall, ann) = Hall::with("Ann", "admin").await;
    for (body, kind) in [
        ("", "malformed"),
        ("{}", "malformed"),
        ("[1", "malformed"),
        (r#"{"act":{"verb":"rm -rf"}}"#, "malformed"),
        (r#"{"act":{"verb":"users show"}}"#, "malformed"),
    ] {
        let answer = ann.post_with(&ann.head(), "act", body).await;
        assert_eq!(answer.refusal(400), kind, "{body}");
    }
    let long = format!(
        r#"{{"act":{{"verb":"announce","text":"{}"}}}}"#,
        "x".repeat(70_000)
    );
    assert_eq!(ann.post_with(&ann.head(), "act", &long).await.status, 413);
    assert_eq!(ann.get("act").await.refusal(404), "not_found");
    assert_eq!(ann.get("nothing").await.refusal(404), "not_found");
    let mut thief = hall.browser();
    for cookie in [
        "longhall_console=",
        "longhall_console=guessed",
        "longhall_console=é",
    ] {
        thief.cookie = cookie.to_owned();
        assert_eq!(thief.get("me").await.refusal(401), "signed_out");
    }
    hall.stop().await;
}

#[tokio::test]
async fn pages_run_nothing_but_their_own_scripts_and_are_kept_nowhere() {
    let hall = Hall::start().await;
    let admin = hall.server.admin;
    let get = async |path: &str| {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        ask(admin, &request).await
    };
    let index = get("/console").await;
    assert!(index.body.starts_with("<!doctype html>"), "{}", index.body);
    let files: Vec<_> = index
        .body
        .split(['"', '\''])
        .filter(|word| word.starts_with("/console/"))
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    for path in files.into_iter().chain(["/console"]) {
        let answer = get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        for line in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'",
            "frame-ancestors 'none'",
            "x-frame-options: DENY",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
        ] {
            assert!(answer.head.contains(line), "{path}: {}", answer.head);
        }
        for inline in ["<script>", "<style", " style=", " onclick=", "javascript:"] {
            assert!(!answer.body.contains(inline), "{path}: {inline}");
        }
    }
    assert_eq!(get("/console/").await.status, 308);
    assert_eq!(get("/console/nothing.js").await.status, 404);
    assert_eq!(get("/console/../console.rs").await.status, 404);
    // A page whose name leads here reads none of it.
    let rebound = "GET /console/api/me HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(ask(admin, rebound).await.status, 421);
    assert_eq!(
        hall.browser()
            .post("sign-in", &json!({ "name": 1 }))
            .await
            .refusal(400),
        "malformed"
    );
    hall.stop().await;
}
