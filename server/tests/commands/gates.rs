//! Who gets an account: invites, and accounts that wait to be let in.

use longhall_packet::{CloseReason, DenyCode};

use crate::support::credentials;
use crate::{Hall, NOT_FOUND, REFUSED, texts};

#[tokio::test]
async fn an_invite_lets_in_as_many_as_it_is_for_and_its_code_is_nowhere_else() {
    let hall = Hall::start_with(&["--registration", "invite"]);
    let operator = hall.operator();
    operator.is_told(REFUSED, &["invites", "add", "--uses", "0"]);
    operator.is_told(REFUSED, &["invites", "add", "--for", "0s"]);
    let added = operator.does(&[
        "invites",
        "add",
        "--uses",
        "2",
        "--for",
        "7d",
        "--note",
        "the guild",
    ]);
    let code = added["code"].as_str().unwrap().to_owned();
    let number = added["invite"].to_string();
    let mut visitor = hall.visitor().await;
    visitor.request("register", &credentials("Ada")).await;
    visitor.expect_deny(DenyCode::InviteNeeded).await;
    for name in ["Ada", "Bob", "Eve"] {
        let fields = format!(
            r#"{},"invite":"{}""#,
            credentials(name),
            code.to_uppercase()
        );
        let id = visitor.request("register", &fields).await;
        match name {
            "Eve" => visitor.expect_deny(DenyCode::InviteNeeded).await,
            _ => visitor.expect_ok(id).await,
        }
    }
    let listed = operator.does(&["invites", "list"]);
    assert_eq!(texts(&listed["invites"], "note"), ["the guild"]);
    let row = &listed["invites"][0];
    assert_eq!((&row["uses_left"], &row["uses"]), (&0.into(), &2.into()));
    assert_eq!(row["good"], false);
    assert!(!listed.to_string().contains(&code));
    assert!(operator.reads(&["invites", "list"]).contains("the guild"));
    operator.does(&["invites", "remove", &number]);
    operator.is_told(NOT_FOUND, &["invites", "remove", &number]);
    let audit = operator.does(&["audit"]).to_string();
    assert!(
        audit.contains("invites add") && !audit.contains(&code),
        "{audit}"
    );
}

#[tokio::test]
async fn a_moderator_lets_accounts_in_and_declines_others() {
    let hall = Hall::start_with(&["--registration", "approval"]);
    let operator = hall.operator();
    let mut visitor = hall.visitor().await;
    for name in ["Ada", "Mallory"] {
        visitor.register(name).await;
    }
    visitor.request("login", &credentials("Ada")).await;
    visitor.expect_deny(DenyCode::ApprovalPending).await;
    let waiting = operator.does(&["users", "list", "--waiting"]);
    assert_eq!(texts(&waiting["users"], "username"), ["Ada", "Mallory"]);
    assert_eq!(texts(&waiting["users"], "kind"), ["waiting", "waiting"]);
    operator.does(&["users", "approve", "ada"]);
    operator.is_told(NOT_FOUND, &["users", "approve", "ada"]);
    operator.is_told(NOT_FOUND, &["users", "decline", "ada"]);
    operator.does(&["users", "decline", "Mallory", "--reason", "a bot"]);
    operator.is_told(NOT_FOUND, &["users", "show", "Mallory"]);
    let waiting = operator.does(&["users", "list", "--waiting"]);
    assert!(waiting["users"].as_array().unwrap().is_empty());
    visitor.login("Ada").await;
    let mut other = hall.visitor().await;
    other.request("login", &credentials("Mallory")).await;
    other.expect_deny(DenyCode::BadCredentials).await;
    other.register("Mallory").await;
}

#[tokio::test]
async fn a_guest_who_waits_plays_on_and_is_let_in() {
    let hall = Hall::start_with(&["--registration", "approval", "--guests"]);
    let mut zoe = hall.visitor().await;
    zoe.request("guest", r#""username":"Zoe""#).await;
    let token = zoe.expect_logged_in("Zoe").await;
    zoe.say("hello").await;
    let fields = r#""password":"correct horse battery staple""#;
    let id = zoe.request("upgrade", fields).await;
    zoe.expect_ok(id).await;
    zoe.expect_closed(CloseReason::Restarting).await;
    let mut back = hall.visitor().await;
    back.request("resume", &format!(r#""token":"{token}""#))
        .await;
    let token = back.expect_logged_in("Zoe").await;
    back.request("create", r#""channel":"den","access":"open""#)
        .await;
    back.expect_deny(DenyCode::AccountNeeded).await;
    hall.operator().does(&["users", "approve", "zoe"]);
    back.expect_closed(CloseReason::Restarting).await;
    let mut again = hall.visitor().await;
    again
        .request("resume", &format!(r#""token":"{token}""#))
        .await;
    again.expect_logged_in("Zoe").await;
    again
        .enter_channel("create", r#""channel":"den","access":"open""#)
        .await;
}
