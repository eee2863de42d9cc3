//! What operators do, and who may.

use longhall_packet::CloseReason;
use serde_json::{Value, json};

use crate::support::TestPlayer;
use crate::{CHOSEN, Hall};

/// Adds one who is signed in.
macro_rules! colleague {
    ($hall:ident, $ann:ident, $name:literal, $role:literal) => {{
        let add = json!({ "verb": "operators add", "name": $name, "role": $role });
        let added = $ann.does(add).await;
        let told = added["password"].as_str().unwrap().to_owned();
        let mut browser = $hall.browser();
        browser.sign_in($name, &told).await.ok();
        browser.chooses(&told).await;
        browser
    }};
}

#[tokio::test]
async fn each_role_does_what_is_its_own_and_no_more() {
    let (hall, ann) = Hall::with("Ann", "admin").await;
    let viewer = colleague!(hall, ann, "Vic", "viewer");
    let moderator = colleague!(hall, ann, "Mod", "moderator");
    let mut ada = TestPlayer::connect(hall.server.address).await;
    ada.enter("Ada").await;
    ada.say("a secret between friends").await;
    let for_all = [
        json!({ "verb": "status" }),
        json!({ "verb": "users list", "search": "ad", "after": null, "limit": 10 }),
        json!({ "verb": "channels list", "search": null, "after": null, "limit": 10 }),
    ];
    let for_moderators = [
        json!({ "verb": "users show", "name": "Ada" }),
        json!({ "verb": "sessions list", "name": "Ada" }),
        json!({ "verb": "channels show", "channel": "lobby" }),
        json!({ "verb": "lines list", "channel": "lobby", "before": null, "limit": 10 }),
        json!({ "verb": "sanctions list" }),
        json!({ "verb": "audit", "since_s": null, "limit": 10 }),
        json!({ "verb": "announce", "text": "Hello." }),
        json!({ "verb": "mute", "name": "Ada", "for_s": 60 }),
    ];
    let for_admins = [
        json!({ "verb": "operators list" }),
        json!({ "verb": "game-keys add", "name": "arena", "scopes": ["say"], "for_s": 60 }),
        json!({ "verb": "game-keys list" }),
        json!({ "verb": "game-keys remove", "name": "arena" }),
        json!({ "verb": "users export", "name": "Ada", "after": null }),
        json!({ "verb": "users rename", "name": "Ada", "new_name": "Grace" }),
    ];
    for act in &for_all {
        viewer.act(act).await.ok();
    }
    for act in for_moderators.iter().chain(&for_admins) {
        let answer = viewer.act(act).await;
        assert_eq!(answer.refusal(403), "role", "{act}");
        assert!(!answer.body.contains("secret"), "{}", answer.body);
    }
    for act in &for_moderators {
        moderator.act(act).await.ok();
    }
    for act in &for_admins {
        assert_eq!(moderator.act(act).await.refusal(403), "role", "{act}");
    }
    for act in &for_admins {
        ann.act(act).await.ok();
    }
    // A role that is taken away is gone with the next click.
    let demoted = json!({ "verb": "operators set-role", "name": "Mod", "role": "viewer" });
    ann.act(&demoted).await.ok();
    assert_eq!(moderator.act(&for_moderators[0]).await.refusal(403), "role");
    hall.stop().await;
}

#[tokio::test]
async fn a_ban_by_the_console_is_felt_by_the_player_and_is_in_the_audit_log() {
    let (hall, ann) = Hall::with("Ann", "moderator").await;
    let mut mallory = TestPlayer::connect(hall.server.address).await;
    mallory.enter("Mallory").await;
    let row = ann
        .does(json!({ "verb": "ban", "whom": "mallory", "for_s": 3600 }))
        .await;
    assert_eq!(
        (&row["by"], &row["reason"]),
        (&json!("Ann"), &json!("because"))
    );
    mallory.expect_closed(CloseReason::Banned).await;
    let audit = ann.does(json!({ "verb": "audit", "limit": 1 })).await;
    let entry = &audit["entries"][0];
    let said = ["actor", "via", "verb", "subject", "reason", "outcome"].map(|field| &entry[field]);
    assert_eq!(
        said,
        ["Ann", "console", "ban", "mallory", "because", "done"]
    );
    assert_eq!(
        ann.act(&json!({ "verb": "unban", "whom": "nobody" }))
            .await
            .refusal(404),
        "not_found"
    );
    assert_eq!(
        ann.act(&json!({ "verb": "ban", "whom": "0.0.0.0/0" }))
            .await
            .refusal(422),
        "refused"
    );
    hall.stop().await;
}

#[tokio::test]
async fn the_only_admin_stays_one() {
    let (hall, ann) = Hall::with("Ann", "admin").await;
    let demote = json!({ "verb": "operators set-role", "name": "Ann", "role": "viewer" });
    let remove = json!({ "verb": "operators remove", "name": "Ann" });
    for act in [&demote, &remove] {
        let answer = ann.act(act).await;
        assert_eq!(answer.refusal(422), "refused");
        assert!(answer.body.contains("only admin"), "{}", answer.body);
    }
    let _ben = colleague!(hall, ann, "Ben", "admin");
    ann.act(&remove).await.ok();
    assert_eq!(ann.get("me").await.refusal(401), "signed_out");
    // A name that is given again is somebody else.
    let mut again = hall.browser();
    assert_eq!(again.sign_in("Ann", CHOSEN).await.refusal(401), "wrong");
    hall.stop().await;
}

#[tokio::test]
async fn figures_are_told_to_who_is_signed_in_alone() {
    let (hall, ann) = Hall::with("Ann", "viewer").await;
    let told = ann.get("figures").await.ok();
    let names = told["names"].as_array().unwrap();
    assert!(names.contains(&json!("players")), "{told}");
    for look in told["samples"].as_array().unwrap() {
        assert_eq!(look.as_array().unwrap().len(), names.len() + 1);
        assert!(look.as_array().unwrap().iter().all(Value::is_number));
    }
    assert_eq!(
        hall.browser().get("figures").await.refusal(401),
        "signed_out"
    );
    hall.stop().await;
}
