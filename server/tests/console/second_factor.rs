//! The second factor.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::time::sleep;
use totp_rs::{Builder, Secret, Totp};

use crate::{CHOSEN, Hall};

/// What an app shows, so many steps from now.
fn code(secret: &str, steps: i64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp: Totp = Builder::new().with_secret(secret).build().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let time = i64::try_from(now.as_secs()).unwrap() + 30 * steps;
    totp.generate(u64::try_from(time).unwrap()).to_string()
}

/// Waits for a moment from which the code of the step before will be good for a while.
async fn early_in_a_step() {
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        if now.as_secs() % 30 < 20 {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

fn typed(code: Option<&str>) -> Value {
    json!({ "name": "Ann", "password": CHOSEN, "code": code })
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_is_taken_once() {
    let (hall, browser) = Hall::with("Ann", "admin").await;
    let begun = browser.post("totp/begin", &json!({})).await.ok();
    let secret = begun["secret"].as_str().unwrap().to_owned();
    assert!(begun["qr"].as_str().unwrap().contains("<svg"));
    assert!(begun["uri"].as_str().unwrap().contains(&secret));
    // It does not hold yet.
    let mut other = hall.browser();
    other.sign_in_with(&typed(None)).await.ok();
    let confirm = |code: &str| json!({ "code": code });
    assert_eq!(
        browser
            .post("totp/confirm", &confirm("000"))
            .await
            .refusal(422),
        "refused"
    );
    early_in_a_step().await;
    let first = code(&secret, -1);
    browser.post("totp/confirm", &confirm(&first)).await.ok();
    assert_eq!(other.get("me").await.refusal(401), "signed_out");
    assert_eq!(browser.get("me").await.ok()["totp"], true);

    assert_eq!(
        other.sign_in_with(&typed(None)).await.refusal(401),
        "code_needed"
    );
    // The one that it was confirmed with is used up.
    assert_eq!(
        other.sign_in_with(&typed(Some(&first))).await.refusal(401),
        "code_needed"
    );
    let fresh = code(&secret, 0);
    let mut wrong = typed(Some(&fresh));
    wrong["password"] = json!("not her password");
    assert_eq!(other.sign_in_with(&wrong).await.refusal(401), "wrong");
    other.sign_in_with(&typed(Some(&fresh))).await.ok();
    assert_eq!(
        other.sign_in_with(&typed(Some(&fresh))).await.refusal(401),
        "code_needed"
    );

    let off = |password: &str, code: String| json!({ "password": password, "code": code });
    let next = code(&secret, 1);
    let refused = browser
        .post("totp/off", &off("not hers", next.clone()))
        .await;
    assert_eq!(refused.refusal(403), "wrong");
    let refused = browser
        .post("totp/off", &off(CHOSEN, "000000".to_owned()))
        .await;
    assert_eq!(refused.refusal(401), "code_needed");
    browser.post("totp/off", &off(CHOSEN, next)).await.ok();
    other.sign_in_with(&typed(None)).await.ok();
    hall.stop().await;
}

#[tokio::test]
async fn a_reset_takes_the_second_factor_away_and_signs_out() {
    let (hall, ann) = Hall::with("Ann", "admin").await;
    let added = ann
        .does(json!({ "verb": "operators add", "name": "Ben", "role": "viewer" }))
        .await;
    let told = added["password"].as_str().unwrap();
    let mut ben = hall.browser();
    ben.sign_in("Ben", told).await.ok();
    ben.chooses(told).await;
    let begun = ben.post("totp/begin", &json!({})).await.ok();
    let first = code(begun["secret"].as_str().unwrap(), 0);
    ben.post("totp/confirm", &json!({ "code": first }))
        .await
        .ok();
    let reset = ann
        .does(json!({ "verb": "operators reset", "name": "Ben" }))
        .await;
    assert_eq!(ben.get("me").await.refusal(401), "signed_out");
    assert_eq!(ben.sign_in("Ben", CHOSEN).await.refusal(401), "wrong");
    let me = ben
        .sign_in("Ben", reset["password"].as_str().unwrap())
        .await
        .ok();
    assert_eq!(
        (&me["totp"], &me["must_change_password"]),
        (&json!(false), &json!(true))
    );
    hall.stop().await;
}
