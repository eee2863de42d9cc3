//! Coming and going.

use serde_json::json;

use crate::{Browser, CHOSEN, Hall};

#[tokio::test]
async fn an_operator_signs_in_chooses_a_password_and_is_somebody() {
    let (hall, told) = Hall::start().await.add("Ann", "moderator").await;
    let mut browser = hall.browser();
    assert_eq!(browser.get("me").await.refusal(401), "signed_out");
    let signed_in = browser.sign_in("ANN", &told).await;
    let cookie = signed_in
        .head
        .lines()
        .find(|line| line.starts_with("set-cookie"));
    let cookie = cookie.unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/console"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let me = signed_in.ok();
    assert_eq!(
        (&me["name"], &me["role"]),
        (&json!("Ann"), &json!("moderator"))
    );
    assert_eq!(
        (&me["totp"], &me["must_change_password"]),
        (&json!(false), &json!(true))
    );
    // Until then nothing else is answered.
    let status = json!({ "verb": "status" });
    assert_eq!(browser.act(&status).await.refusal(403), "change_password");
    assert_eq!(
        browser.post("totp/begin", &json!({})).await.refusal(403),
        "change_password"
    );
    let change = |old: &str, new: &str| json!({ "old": old, "new": new });
    for (typed, status) in [
        (change("wrong one", CHOSEN), 403),
        (change(&told, "elevenchars"), 422),
        (change(&told, &told), 422),
    ] {
        browser.post("password", &typed).await.refusal(status);
    }
    let mut elsewhere = hall.browser();
    elsewhere.sign_in("Ann", &told).await.ok();
    browser.chooses(&told).await;
    // The other browser is out, this one is not.
    assert_eq!(elsewhere.get("me").await.refusal(401), "signed_out");
    assert_eq!(browser.get("me").await.ok()["must_change_password"], false);
    assert_eq!(browser.does(status).await["report"], "status");
    assert_eq!(elsewhere.sign_in("Ann", &told).await.refusal(401), "wrong");
    elsewhere.sign_in("Ann", CHOSEN).await.ok();
    let audit = browser.does(json!({ "verb": "audit", "limit": 100 })).await;
    let verbs = audit["entries"].as_array().unwrap().iter();
    let verbs: Vec<_> = verbs.map(|entry| entry["verb"].as_str().unwrap()).collect();
    let expected = [
        "operators add",
        "console sign-in",
        "console sign-in",
        "console password",
    ];
    assert_eq!(verbs[..4], expected);
    assert_eq!(audit["entries"][3]["via"], "console");
    hall.stop().await;
}

#[tokio::test]
async fn who_is_unknown_and_who_is_wrong_are_told_the_same() {
    let (hall, browser) = Hall::with("Ann", "admin").await;
    let mut stranger = hall.browser();
    let wrong = stranger.sign_in("Ann", "not her password").await;
    let unknown = stranger.sign_in("Eve", "not her password").await;
    assert_eq!(wrong.refusal(401), "wrong");
    assert_eq!(wrong.body, unknown.body);
    for name in ["", "x", &"x".repeat(60_000), "\u{202e}nnA"] {
        let answer = stranger.sign_in(name, "not her password").await;
        assert_eq!(answer.refusal(401), "wrong");
        assert_eq!(answer.body, wrong.body);
    }
    assert_eq!(stranger.sign_in("Ann", "").await.body, wrong.body);
    assert_eq!(browser.get("me").await.status, 200);
    hall.stop().await;
}

#[tokio::test]
async fn guesses_are_slowed_down_for_one_name_and_for_all() {
    let (hall, _) = Hall::with("Ann", "admin").await;
    let mut stranger = hall.browser();
    let mut waits = 0;
    for _ in 0..25 {
        let answer = stranger.sign_in("Ann", "not her password").await;
        if answer.status == 429 {
            assert_eq!(answer.refusal(429), "wait");
            let seconds = answer.json()["error"]["seconds"].as_u64().unwrap();
            assert!((1..=4).contains(&seconds), "{seconds}");
            waits += 1;
        }
    }
    assert!(waits >= 4, "{waits}");
    // Another name is another matter, until there are too many.
    assert_eq!(
        stranger
            .sign_in("Ben", "not his password")
            .await
            .refusal(401),
        "wrong"
    );
    let mut last = 0;
    for number in 0..80 {
        last = stranger
            .sign_in(&format!("name{number}"), "a password")
            .await
            .status;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429);
    hall.stop().await;
}

#[tokio::test]
async fn a_session_ends_here_or_everywhere() {
    let (hall, browser) = Hall::with("Ann", "admin").await;
    let mut others = [hall.browser(), hall.browser()];
    for other in &mut others {
        other.sign_in("Ann", CHOSEN).await.ok();
    }
    let gone = others[0].post("sign-out", &json!({})).await;
    gone.ok();
    assert!(gone.head.contains("Max-Age=0"), "{}", gone.head);
    assert_eq!(others[0].get("me").await.refusal(401), "signed_out");
    others[1].get("me").await.ok();
    browser.post("sign-out-everywhere", &json!({})).await.ok();
    for browser in [&others[1], &browser] {
        assert_eq!(browser.get("me").await.refusal(401), "signed_out");
    }
    hall.stop().await;
}

#[tokio::test]
async fn a_restart_signs_everybody_out_and_forgets_nobody() {
    let (hall, browser) = Hall::with("Ann", "admin").await;
    let server = hall.server.restart().await;
    let mut again = Browser {
        admin: server.admin,
        ..browser
    };
    assert_eq!(again.get("me").await.refusal(401), "signed_out");
    again.sign_in("Ann", CHOSEN).await.ok();
    server.stop().await;
}
